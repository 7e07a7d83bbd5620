/* SPDX-License-Identifier: GPL-2.0-only */
/* oneDNN's convolutions of bytes */
#ifndef LUTNA_BENCH_ONEDNN_H
#define LUTNA_BENCH_ONEDNN_H

#include "layers.h"

struct onednn;

/**
 * onednn_new() - prepare all layers, in whatever layout the library likes best
 * @shapes: layers
 * @count: how many
 * @threads: that share a layer; the library cuts the work when it prepares it
 *
 * Activations are u8, weights s8, results u8 (scaled, with ReLU) or s32.
 *
 * Return: the layers, or NULL after a message
 */
struct onednn *onednn_new(const struct conv_shape *shapes, size_t count,
			  int threads);

/* Runs each layer once; 0 or -1 after a message. */
int onednn_run(struct onednn *layers);

void onednn_free(struct onednn *layers);

/* "2.6.3" */
const char *onednn_version(void);

#endif
