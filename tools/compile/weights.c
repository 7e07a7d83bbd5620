// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "uapi/lutna_isa.h"
#include "weights.h"

#define VALUE_MIN	(-(1 << (WEIGHTS_BITS_MAX - 1)))
#define VALUE_MAX	((1 << (WEIGHTS_BITS_MAX - 1)) - 1)

/**
 * struct source - where one weight after the other comes from
 * @values: as the model has them
 * @zero_point: one a row or one for all; NULL: 0
 * @zero_count: how many
 * @rows: output channels
 * @columns: weights of each
 * @transposed: columns outermost
 */
struct source {
	const struct constant *values;
	const int32_t *zero_point;
	uint64_t zero_count;
	uint32_t rows;
	uint32_t columns;
	bool transposed;
};

static int32_t row_zero(const struct source *source, uint32_t row)
{
	if (!source->zero_point)
		return 0;
	return source->zero_point[source->zero_count > 1 ? row : 0];
}

/* Row, column and weight of the number stored at place @i. */
static int64_t fetch(const struct source *source, uint64_t i, uint32_t *row,
		     uint32_t *column)
{
	uint64_t at = source->values->index ? source->values->index[i] : i;

	if (source->transposed) {
		*row = (uint32_t)(at % source->rows);
		*column = (uint32_t)(at / source->rows);
	} else {
		*row = (uint32_t)(at / source->columns);
		*column = (uint32_t)(at % source->columns);
	}
	return (int64_t)source->values->i[i] - row_zero(source, *row);
}

static int check_scale(struct graph *graph, const struct node *node,
		       const struct quant *quant, uint64_t rows, bool transposed)
{
	const struct constant *scale = quant->scale;
	const struct constant *zero = quant->zero_point;
	uint64_t i;

	if (!scale->f || scale->index)
		return diag_node(graph->diag, node,
				 "the scale of the weights must be float");
	if (scale->elements != 1 &&
	    (scale->elements != rows || quant->axis != (transposed ? 1u : 0u)))
		return diag_node(graph->diag, node,
				 "the scales of the weights must be one, or one an output channel");
	for (i = 0; i < scale->elements; i++)
		if (!(scale->f[i] > 0) || !isfinite(scale->f[i]))
			return diag_node(graph->diag, node,
					 "scale %" PRIu64 " of the weights is not a positive number",
					 i);
	if (!zero)
		return 0;
	if (!zero->i || zero->index ||
	    (zero->elements != 1 && zero->elements != rows))
		return diag_node(graph->diag, node,
				 "the zero points of the weights do not fit their scales");
	return 0;
}

/*
 * A sparse tensor whose missing numbers stand for something else than 0.0
 * would have to be filled in; nobody writes such a file.
 */
static int check_sparse(struct graph *graph, const struct node *node,
			const struct source *source)
{
	uint64_t i;

	if (!source->values->index)
		return 0;
	for (i = 0; i < source->zero_count; i++)
		if (source->zero_point[i])
			return diag_node(graph->diag, node,
					 "sparse weights need a zero point of 0");
	return 0;
}

/* Counts the weights of each row and looks how wide they are. */
static int measure(struct graph *graph, const struct node *node,
		   const struct source *source, uint64_t *first,
		   unsigned int *bits)
{
	int64_t low = 0, high = 0;
	uint32_t row, column;
	uint64_t i;

	for (i = 0; i < source->values->stored; i++) {
		int64_t value = fetch(source, i, &row, &column);

		if (value < VALUE_MIN || value > VALUE_MAX)
			return diag_node(graph->diag, node,
					 "weight %" PRIu64 " is %" PRId64
					 ", which %d bits cannot hold (%d to %d)",
					 i, value, WEIGHTS_BITS_MAX, VALUE_MIN,
					 VALUE_MAX);
		if (!value)
			continue;
		first[row + 1]++;
		low = value < low ? value : low;
		high = value > high ? value : high;
	}
	for (row = 0; row < source->rows; row++)
		first[row + 1] += first[row];
	*bits = WEIGHTS_BITS_MIN;
	while (low < -(1 << (*bits - 1)) || high > (1 << (*bits - 1)) - 1)
		(*bits)++;
	return 0;
}

/* In order of columns in each row, since both layouts are read in theirs. */
static int fill(struct graph *graph, const struct source *source,
		const uint64_t *first, struct weights *weights)
{
	uint64_t count = first[source->rows], *next, i;
	uint32_t row, column, *columns;
	int16_t *values;

	next = arena_alloc(graph->arena, source->rows, sizeof(*next));
	columns = arena_alloc(graph->arena, count, sizeof(*columns));
	values = arena_alloc(graph->arena, count, sizeof(*values));
	if (!next || !columns || !values)
		return diag_no_memory(graph->diag);
	memcpy(next, first, source->rows * sizeof(*next));
	for (i = 0; i < source->values->stored; i++) {
		int64_t value = fetch(source, i, &row, &column);

		if (!value)
			continue;
		columns[next[row]] = column;
		values[next[row]++] = (int16_t)value;
	}
	weights->column = columns;
	weights->value = values;
	return 0;
}

static int spread_scale(struct graph *graph, const struct constant *scale,
			struct weights *weights)
{
	float *out = arena_alloc(graph->arena, weights->rows, sizeof(*out));
	uint32_t row;

	if (!out)
		return diag_no_memory(graph->diag);
	for (row = 0; row < weights->rows; row++)
		out[row] = scale->f[scale->elements > 1 ? row : 0];
	weights->scale = out;
	weights->model_scale = out;
	return 0;
}

int weights_read(struct graph *graph, const struct node *node,
		 const struct quant *quant, bool transposed,
		 struct weights **out)
{
	const struct constant *values = quant->values;
	struct source source = { .values = values, .transposed = transposed };
	struct weights *weights;
	uint64_t *first;
	int64_t rows;
	int err;

	if (!values || !values->i || values->rank < 2 || !values->elements)
		return diag_node(graph->diag, node,
				 "the weights must be constant integers");
	rows = values->dims[transposed ? 1 : 0];
	if (rows > UINT16_MAX)
		return diag_node(graph->diag, node,
				 "%" PRId64 " output channels are not supported (at most %d)",
				 rows, UINT16_MAX);
	err = check_scale(graph, node, quant, (uint64_t)rows, transposed);
	if (err)
		return err;
	source.rows = (uint32_t)rows;
	source.columns = (uint32_t)(values->elements / (uint64_t)rows);
	if (quant->zero_point) {
		source.zero_point = quant->zero_point->i;
		source.zero_count = quant->zero_point->elements;
	}
	err = check_sparse(graph, node, &source);
	if (err)
		return err;
	weights = arena_alloc(graph->arena, 1, sizeof(*weights));
	first = arena_alloc(graph->arena, source.rows + 1, sizeof(*first));
	if (!weights || !first)
		return diag_no_memory(graph->diag);
	weights->rows = source.rows;
	weights->columns = source.columns;
	weights->first = first;
	err = measure(graph, node, &source, first, &weights->bits);
	if (!err)
		err = fill(graph, &source, first, weights);
	if (!err)
		err = spread_scale(graph, quant->scale, weights);
	if (err)
		return err;
	*out = weights;
	return 0;
}

int64_t weights_sum(const struct weights *weights, uint32_t row)
{
	int64_t sum = 0;
	uint64_t i;

	for (i = weights->first[row]; i < weights->first[row + 1]; i++)
		sum += weights->value[i];
	return sum;
}

int64_t weights_sum_sign(const struct weights *weights, uint32_t row, int sign)
{
	int64_t sum = 0;
	uint64_t i;

	for (i = weights->first[row]; i < weights->first[row + 1]; i++)
		if ((weights->value[i] < 0) == (sign < 0))
			sum += weights->value[i];
	return sum;
}

static size_t dense_bytes(const struct weights *weights)
{
	return weights->bits > 8 ? 2 : 1;
}

uint64_t weights_dense_size(const struct weights *weights)
{
	return (uint64_t)weights->rows * weights->columns * dense_bytes(weights);
}

void weights_write_dense(const struct weights *weights, uint8_t *to)
{
	size_t bytes = dense_bytes(weights);
	uint32_t row;
	uint64_t i;

	for (row = 0; row < weights->rows; row++) {
		uint8_t *start = to + (uint64_t)row * weights->columns * bytes;

		for (i = weights->first[row]; i < weights->first[row + 1]; i++) {
			uint16_t value = htole16((uint16_t)weights->value[i]);

			if (bytes == 2)
				memcpy(start + weights->column[i] * 2ull, &value, 2);
			else
				start[weights->column[i]] =
					(uint8_t)weights->value[i];
		}
	}
}

/* Zero weights in front of entry @i of a row. */
static uint32_t gap(const struct weights *weights, uint32_t row, uint64_t i)
{
	if (i == weights->first[row])
		return weights->column[i];
	return weights->column[i] - weights->column[i - 1] - 1;
}

/* Entries without a weight that a gap needs: each takes SKIP_MAX + 1 of it. */
static uint32_t carries(uint32_t zeros)
{
	return zeros / (LUTNA_SKIP_MAX + 1);
}

uint64_t weights_compressed_size(const struct weights *weights)
{
	uint64_t entries = 0, i;
	uint32_t row;

	for (row = 0; row < weights->rows; row++)
		for (i = weights->first[row]; i < weights->first[row + 1]; i++)
			entries += 1 + carries(gap(weights, row, i));
	return 4 * (weights->rows + 1ull) + 2 * entries;
}

static void put_entry(uint8_t *to, uint64_t *at, uint32_t skip, int16_t weight)
{
	uint16_t entry = (uint16_t)(skip << LUTNA_ENTRY_SKIP_SHIFT |
				    ((uint16_t)weight & LUTNA_ENTRY_WEIGHT_MASK));

	entry = htole16(entry);
	memcpy(to + 2 * (*at)++, &entry, sizeof(entry));
}

void weights_write_compressed(const struct weights *weights, uint8_t *to)
{
	uint8_t *entries = to + 4 * (weights->rows + 1ull);
	uint64_t at = 0, i;
	uint32_t row, index;

	for (row = 0; row < weights->rows; row++) {
		index = htole32((uint32_t)at);
		memcpy(to + 4ull * row, &index, sizeof(index));
		for (i = weights->first[row]; i < weights->first[row + 1]; i++) {
			uint32_t zeros = gap(weights, row, i);
			uint32_t n = carries(zeros);

			zeros -= n * (LUTNA_SKIP_MAX + 1);
			while (n--)
				put_entry(entries, &at, LUTNA_SKIP_MAX, 0);
			put_entry(entries, &at, zeros, weights->value[i]);
		}
	}
	index = htole32((uint32_t)at);
	memcpy(to + 4ull * row, &index, sizeof(index));
}
