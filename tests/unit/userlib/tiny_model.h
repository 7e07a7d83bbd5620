/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model of three layers whose answers fit on a page, for tests to run, to
 * change and to damage.
 *
 *   'flip'  workspace = 255 - input			4 channels
 *   'fc'    output = clamp(sum of w * x + bias)	4 -> 2 channels
 *   'nap'   nothing
 */
#ifndef USERLIB_TEST_TINY_MODEL_H
#define USERLIB_TEST_TINY_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include "model.pb-c.h"
#include "uapi/lutna_isa.h"

#define TINY_BATCH	3
#define TINY_IN		4
#define TINY_OUT	2
#define TINY_LAYERS	3
#define TINY_RELOCS	7

/**
 * tiny_model_new() - free with tiny_model_free()
 *
 * All that it holds is from malloc() and may be replaced by other such memory.
 */
Lutna__Model *tiny_model_new(void);
void tiny_model_free(Lutna__Model *msg);

/* A command of it, to be changed; the pointer is good until it is freed */
void *tiny_model_command(Lutna__Model *msg, unsigned int index);

/* The bytes of a container; malloc()ed */
void *tiny_model_pack(const Lutna__Model *msg, size_t *bytes);

/* What the model answers, computed by hand's rules. */
void tiny_model_answer(const uint8_t in[TINY_IN], uint8_t out[TINY_OUT]);

#endif /* USERLIB_TEST_TINY_MODEL_H */
