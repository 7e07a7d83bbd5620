/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Weights of one layer, kept as those that are not zero, whatever form the
 * model has them in.  A pruned layer thus costs what is left of it.
 */
#ifndef LUTNA_COMPILE_WEIGHTS_H
#define LUTNA_COMPILE_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "graph.h"

/* Bits that a command can name */
#define WEIGHTS_BITS_MIN	2
#define WEIGHTS_BITS_MAX	9

/**
 * enum weights_form - how they are written
 * @WEIGHTS_AUTO: whichever is smaller
 * @WEIGHTS_DENSE: all of them, one or two bytes each
 * @WEIGHTS_COMPRESSED: those that are not zero
 */
enum weights_form { WEIGHTS_AUTO, WEIGHTS_DENSE, WEIGHTS_COMPRESSED };

/**
 * struct weights - rows of weights that are not zero
 * @rows: output channels
 * @columns: weights of one, zeros included (K of lutna_isa.h)
 * @first: @rows + 1 indices into @column and @value
 * @column: position in its row, increasing
 * @value: weight, never 0, zero point taken off
 * @scale: real value of one step, for each row
 * @model_scale: what it was in the model, before weights_narrow()
 * @bits: width that holds all of them
 * @emitted: set by emit.c: the next three are valid
 * @offset: in the constants
 * @size: bytes there
 * @format: enum lutna_weight_format
 */
struct weights {
	uint32_t rows;
	uint32_t columns;
	const uint64_t *first;
	const uint32_t *column;
	const int16_t *value;
	const float *scale;
	const float *model_scale;
	unsigned int bits;
	bool emitted;
	uint64_t offset;
	uint32_t size;
	int format;
};

/**
 * weights_read() - collect the weights of a node
 * @graph: owner of the result
 * @node: for messages
 * @quant: integers, scales and zero points
 * @transposed: the second dimension counts output channels, not the first
 * @out: set on success
 *
 * Return: 0; -EINVAL after a message (not nine bits, an axis that is not the
 * output channels', …); -ENOMEM
 */
int weights_read(struct graph *graph, const struct node *node,
		 const struct quant *quant, bool transposed,
		 struct weights **out);

/**
 * weights_narrow() - make weights do with fewer bits
 * @arena: owner of the result
 * @weights: changed; a weight that becomes 0 is gone
 * @bits: WEIGHTS_BITS_MIN to WEIGHTS_BITS_MAX
 *
 * A row whose weights fit is left as it is.  Else its step becomes the one of
 * 16/16, 15/16 … 4/16 of the least that reaches all of its weights whose squared
 * error is least (the greatest of equal ones); weights are rounded to the
 * nearest multiple, halves away from 0, and clamped.  A layer whose rows all
 * have one scale keeps one for all, since its accumulators may be compared.
 *
 * Return: 0 or -1 (no memory)
 */
int weights_narrow(struct arena *arena, struct weights *weights,
		   unsigned int bits);

/* Sum of a row's weights, and of those of one sign */
int64_t weights_sum(const struct weights *weights, uint32_t row);
int64_t weights_sum_sign(const struct weights *weights, uint32_t row, int sign);

static inline uint64_t weights_nonzero(const struct weights *weights)
{
	return weights->first[weights->rows];
}

/* Bytes that a form takes; dense: by @bits */
uint64_t weights_dense_size(const struct weights *weights);
uint64_t weights_compressed_size(const struct weights *weights);

/* Writes exactly that many zeroed bytes' worth. */
void weights_write_dense(const struct weights *weights, uint8_t *to);
void weights_write_compressed(const struct weights *weights, uint8_t *to);

#endif
