/* SPDX-License-Identifier: GPL-2.0-only */
/* Models that must be refused, each for a reason. */
#ifndef COMPILE_TEST_REFUSAL_H
#define COMPILE_TEST_REFUSAL_H

#include <stddef.h>

#include "onnx_model.h"

/**
 * struct refusal - one way to spoil the tiny model
 * @name: of the test
 * @spoil: changes the model
 * @says: what the message must hold: two strings, of node or tensor and of the
 *	reason; NULL: any
 */
struct refusal {
	const char *name;
	void (*spoil)(struct onnx_model *model);
	const char *says[2];
};

extern const struct refusal refusals[];
extern const size_t refusal_count;

#endif
