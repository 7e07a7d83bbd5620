// SPDX-License-Identifier: GPL-2.0-only
/* Weights of fewer bits than the model has. */
#include <math.h>

#include "weights.h"

/* Steps that are tried, in sixteenths of the one that reaches all weights */
#define TRIES		13
#define PARTS		16

struct range {
	double low;
	double high;
};

static struct range range_of(unsigned int bits)
{
	return (struct range){
		.low = -(double)(1 << (bits - 1)),
		.high = (double)((1 << (bits - 1)) - 1),
	};
}

/* The nearest code, halves away from 0, clamped */
static double code_of(int16_t value, double step, const struct range *range)
{
	return fmin(fmax(round(value / step), range->low), range->high);
}

static double error_of(const struct weights *weights, uint64_t from, uint64_t to,
		       double step, const struct range *range)
{
	double sum = 0;
	uint64_t i;

	for (i = from; i < to; i++) {
		double off = weights->value[i] -
			     step * code_of(weights->value[i], step, range);

		sum += off * off;
	}
	return sum;
}

/* The greatest step of least squared error; 1 if the weights fit as they are */
static double best_step(const struct weights *weights, uint64_t from,
			uint64_t to, const struct range *range)
{
	double whole = 0, best = 1, least = INFINITY;
	uint64_t i;
	int try;

	for (i = from; i < to; i++) {
		double value = weights->value[i];

		whole = fmax(whole, value / (value < 0 ? range->low : range->high));
	}
	if (whole <= 1)
		return 1;
	for (try = 0; try < TRIES; try++) {
		double step = whole * (PARTS - try) / PARTS;
		double error = error_of(weights, from, to, step, range);

		if (error < least) {
			least = error;
			best = step;
		}
	}
	return best;
}

static bool one_scale(const struct weights *weights)
{
	uint32_t row;

	for (row = 1; row < weights->rows; row++)
		if (weights->scale[row] != weights->scale[0])
			return false;
	return true;
}

static void write_row(const struct weights *from, uint32_t row, double step,
		      const struct range *range, uint64_t *at, uint32_t *column,
		      int16_t *value)
{
	uint64_t i;

	for (i = from->first[row]; i < from->first[row + 1]; i++) {
		double code = code_of(from->value[i], step, range);

		if (code == 0)
			continue;
		column[*at] = from->column[i];
		value[(*at)++] = (int16_t)code;
	}
}

int weights_narrow(struct arena *arena, struct weights *weights,
		   unsigned int bits)
{
	const struct range range = range_of(bits);
	uint64_t count = weights_nonzero(weights), at = 0;
	uint64_t *first = arena_alloc(arena, weights->rows + 1ull, sizeof(*first));
	uint32_t *column = arena_alloc(arena, count, sizeof(*column));
	int16_t *value = arena_alloc(arena, count, sizeof(*value));
	float *scale = arena_alloc(arena, weights->rows, sizeof(*scale));
	bool together = one_scale(weights);
	double step = 1;
	uint32_t row;

	if (!first || !column || !value || !scale)
		return -1;
	if (together)
		step = best_step(weights, 0, count, &range);
	for (row = 0; row < weights->rows; row++) {
		if (!together)
			step = best_step(weights, weights->first[row],
					 weights->first[row + 1], &range);
		write_row(weights, row, step, &range, &at, column, value);
		first[row + 1] = at;
		scale[row] = (float)((double)weights->scale[row] * step);
	}
	weights->first = first;
	weights->column = column;
	weights->value = value;
	weights->scale = scale;
	weights->bits = bits;
	return 0;
}
