// SPDX-License-Identifier: GPL-2.0-only
/*
 * Both forms of weights, read back as lutna_isa.h describes them, and the
 * factors of requantisation.
 */
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <onnx/onnx.pb-c.h>

#include "compile/graph.h"
#include "compile/program.h"
#include "compile/requant.h"
#include "compile/weights.h"
#include "tap.h"

#define ROWS	7

static uint64_t state = 99;

static uint32_t random_below(uint32_t limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32) % limit;
}

static struct weights *read_dense(struct graph *graph, const int32_t *values,
				  uint32_t columns)
{
	static const float one = 1;
	static const struct constant scale = {
		.elem = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT,
		.elements = 1, .stored = 1, .f = &one,
	};
	struct constant constant = {
		.elem = ONNX__TENSOR_PROTO__DATA_TYPE__INT32, .rank = 2,
		.dims = { ROWS, columns }, .elements = (uint64_t)ROWS * columns,
		.stored = (uint64_t)ROWS * columns, .i = values,
	};
	const struct quant quant = { .values = &constant, .scale = &scale };
	const struct node node = { .name = "n", .op = "Conv" };
	struct weights *weights;

	return weights_read(graph, &node, &quant, false, &weights) ? NULL : weights;
}

/* By the words of the header alone */
static bool expand(const uint8_t *from, size_t size, int32_t *values,
		   uint32_t columns)
{
	uint32_t row[ROWS + 1], r, i;

	for (r = 0; r <= ROWS; r++) {
		memcpy(&row[r], from + 4 * r, 4);
		row[r] = le32toh(row[r]);
	}
	if (row[0] || size != 4 * (ROWS + 1) + 2 * row[ROWS])
		return false;
	memset(values, 0, sizeof(*values) * ROWS * columns);
	for (r = 0; r < ROWS; r++) {
		uint32_t at = 0;

		if (row[r] > row[r + 1])
			return false;
		for (i = row[r]; i < row[r + 1]; i++) {
			uint16_t entry;
			int32_t weight;

			memcpy(&entry, from + 4 * (ROWS + 1) + 2 * i, 2);
			entry = le16toh(entry);
			weight = entry & LUTNA_ENTRY_WEIGHT_MASK;
			weight -= weight & 0x100 ? 0x200 : 0;
			at += entry >> LUTNA_ENTRY_SKIP_SHIFT;
			if (at >= columns ||
			    (!weight && entry >> LUTNA_ENTRY_SKIP_SHIFT !=
			     LUTNA_SKIP_MAX))
				return false;
			values[r * columns + at++] = weight;
		}
	}
	return true;
}

static bool same_dense(const struct weights *weights, const uint8_t *from,
		       const int32_t *values)
{
	uint32_t count = weights->rows * weights->columns, i;

	for (i = 0; i < count; i++) {
		int16_t two;

		memcpy(&two, from + 2 * (weights->bits > 8 ? i : 0), 2);
		if (values[i] != (weights->bits > 8 ? (int16_t)le16toh((uint16_t)two) :
						      (int8_t)from[i]))
			return false;
	}
	return true;
}

static void check(const int32_t *values, uint32_t columns, unsigned int bits,
		  const char *name)
{
	struct arena arena = ARENA_INIT;
	struct diag diag = { .file = "weights" };
	struct graph graph = { .arena = &arena, .diag = &diag };
	struct weights *weights = read_dense(&graph, values, columns);
	int32_t *back = calloc((size_t)ROWS * columns, sizeof(*back));
	uint8_t *compressed, *dense;
	bool good;

	if (!weights || !back)
		abort();
	compressed = calloc(weights_compressed_size(weights), 1);
	dense = calloc(weights_dense_size(weights), 1);
	if (!compressed || !dense)
		abort();
	weights_write_compressed(weights, compressed);
	weights_write_dense(weights, dense);
	good = expand(compressed, weights_compressed_size(weights), back, columns) &&
	       !memcmp(back, values, sizeof(*back) * ROWS * columns);
	ok(good && same_dense(weights, dense, values) && weights->bits == bits,
	   "%s", name);
	free(back);
	free(compressed);
	free(dense);
	arena_free(&arena);
}

static void test_gaps(void)
{
	static const uint32_t gaps[] = { 0, 1, 126, 127, 128, 129, 255, 256, 257,
					 383, 384, 1000 };
	uint32_t i;

	for (i = 0; i < sizeof(gaps) / sizeof(gaps[0]); i++) {
		uint32_t columns = gaps[i] * 2 + 2 + i % 2;
		int32_t *values = calloc((size_t)ROWS * columns, sizeof(*values));
		char name[64];

		if (!values)
			abort();
		/* At the start of a row, between two, and rows without any */
		values[columns + gaps[i]] = -256;
		values[3 * columns + 0] = 255;
		values[3 * columns + gaps[i] + 1] = 1;
		values[6 * columns + columns - 1] = -1;
		snprintf(name, sizeof(name), "gaps of %u", gaps[i]);
		check(values, columns, 9, name);
		free(values);
	}
}

static void test_widths(void)
{
	unsigned int bits;

	for (bits = 2; bits <= 9; bits++) {
		int32_t values[ROWS * 20], high = (1 << (bits - 1)) - 1;
		char name[64];
		int i;

		for (i = 0; i < ROWS * 20; i++)
			values[i] = (int32_t)random_below(2 * (uint32_t)high + 2) -
				    high - 1;
		values[3] = high;
		values[9] = -high - 1;
		snprintf(name, sizeof(name), "weights of %u bits", bits);
		check(values, 20, bits, name);
	}
}

static void test_factors(void)
{
	static const double limits[] = { 0, -1, NAN, INFINITY, 2147483648.0 };
	struct requant requant;
	int i, bad = 0;

	for (i = 0; i < 20000; i++) {
		double factor = ldexp(0.5 + random_below(1u << 30) / 2147483648.0,
				      (int)random_below(60) - 30);
		double back;

		if (requant_factor(factor, &requant)) {
			bad++;
			continue;
		}
		back = ldexp(requant.mult, -requant.shift);
		if (requant.mult < 1u << 30 || requant.mult > INT32_MAX ||
		    requant.shift < 1 || requant.shift > 62 ||
		    fabs(back / factor - 1) > ldexp(1, -31))
			bad++;
	}
	ok(!bad, "20000 factors to within a part in 2^31");
	ok(!requant_factor(ldexp(1, -40), &requant) && requant.shift == 62 &&
	   requant.mult == 1u << 22, "a factor that is small");
	ok(!requant_factor(1e-30, &requant) && requant.shift == 62 &&
	   !requant.mult, "a factor that is as good as 0");
	ok(!requant_factor(1 - ldexp(1, -40), &requant) &&
	   requant.mult == 1u << 30 && requant.shift == 30,
	   "a factor that rounds to the next power of two");
	for (i = 0; i < 5; i++)
		ok(requant_factor(limits[i], &requant) == -ERANGE,
		   "a factor of %g is refused", limits[i]);
}

int main(void)
{
	test_gaps();
	test_widths();
	test_factors();
	return tap_done();
}
