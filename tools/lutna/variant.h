/* SPDX-License-Identifier: GPL-2.0-only */
/* A compiled model on arithmetic that is not the one it was compiled for. */
#ifndef LUTNA_TOOL_VARIANT_H
#define LUTNA_TOOL_VARIANT_H

#include <lutna/lutna.h>

#include "compile/precision.h"

struct lutna_profile;

/**
 * variant_approximate() - make all arithmetic commands of a model approximate
 * @model: changed
 * @approx: approximation; @approx->fold_bias plays no part, since biases belong
 *	to the compiler
 * @path: of the model, for messages
 *
 * Return: 0, or an exit status after a message (a layer has too few digits)
 */
int variant_approximate(struct lutna_model *model,
			const struct precision *approx, const char *path);

/**
 * variant_write() - a changed model as a file that others can load
 * @model: model
 * @fd: set on success; close() makes the file go away
 *
 * Return: 0, or an exit status after a message
 */
int variant_write(const struct lutna_model *model, int *fd);

/**
 * variant_digits() - energy and area with digits of another size
 * @layer: sum of a layer's records in the host's byte order, those of D&C and
 *	LUT-NA of which are replaced; one without arithmetic is left alone
 * @digit_bits: 1, 2 or 4
 *
 * The device accounts for digits of two bits alone; this asks its cost model
 * for others, with the multiplications that the device has counted.
 *
 * Return: 0, or an exit status after a message
 */
int variant_digits(struct lutna_profile *layer, unsigned int digit_bits);

#endif
