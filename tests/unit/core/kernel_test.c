// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernels by themselves: requantisation at the ends of every range, sums that
 * wrap, every number of lanes, pairs and channels; and transposition.
 */
#include <string.h>

#include "check.h"
#include "core/conv.h"
#include "core/transpose.h"
#include "rng.h"

#define MAX_LANES	LUTNA_BLOCK_LANES
#define MAX_ROWS	64
#define MAX_CHANNELS	9
#define GUARD		0xa5

static struct rng rng;

/* As lutna_isa.h has it, in more bits than can be needed */
static uint8_t want_requant(uint32_t acc, const struct lutna_requant *q,
			    const struct lutna_clamp *c)
{
	__int128 v = (__int128)(int32_t)(acc + q->bias) * q->mult;
	__int128 half = (__int128)1 << (q->shift - 1), floor;

	v += half;
	floor = v / (2 * half);
	if (v < 0 && v % (2 * half))
		floor--;
	floor += c->zero_point;
	return floor < c->min ? c->min : floor > c->max ? c->max : floor;
}

static void try_requant(const struct lutna_kernels *k,
			const struct lutna_requant *q,
			const struct lutna_clamp *c)
{
	static const uint32_t ends[] = {
		0, 1, UINT32_MAX, 0x7fffffff, 0x80000000, 0x80000001, 0x7ffffffe,
		128, -128u, 0x40000000, 0xc0000000,
	};
	uint32_t acc[64 + 16];
	uint8_t got[64 + 16];
	size_t n = rng_range(&rng, 1, 64);
	bool good = true;

	for (size_t i = 0; i < 80; i++) {
		acc[i] = rng_next(&rng) >> rng_range(&rng, 32, 50);
		if (rng_one_in(&rng, 2))
			acc[i] = -acc[i];
		if (rng_one_in(&rng, 3))
			acc[i] = ends[rng_below(&rng, 11)] - q->bias;
	}
	memset(got, GUARD, sizeof(got));
	k->requant(got, acc, n, q, c);
	for (size_t i = 0; i < n; i++)
		good &= got[i] == want_requant(acc[i], q, c);
	for (size_t i = n; i < 80; i++)
		good &= got[i] == GUARD;
	check(good, "%s: %zu values, bias %#x mult %#x shift %u zero %u clamp %u-%u",
	      k->name, n, q->bias, q->mult, q->shift, c->zero_point, c->min,
	      c->max);
}

static void test_requant(const struct lutna_kernels *k)
{
	static const uint32_t mults[] = { 0, 1, 2, 0x40000000, 0x7fffffff };
	static const uint32_t biases[] = { 0, 1, 0x7fffffff, 0x80000000 };

	for (int shift = 1; shift <= 62; shift++) {
		for (int i = 0; i < 200; i++) {
			struct lutna_requant q = {
				rng_next(&rng), rng_next(&rng) >> 33, shift,
			};
			struct lutna_clamp c = { rng_next(&rng), 0, 255 };

			if (i & 1)
				q.mult = mults[rng_below(&rng, 5)];
			if (i & 2)
				q.bias = biases[rng_below(&rng, 4)];
			if (i & 4) {
				c.min = rng_next(&rng);
				c.max = rng_range(&rng, c.min, 255);
			}
			if (i & 8)
				c.zero_point = i & 16 ? 0 : 255;
			try_requant(k, &q, &c);
		}
	}
	point("%s: requantisation with every shift", k->name);
}

struct block {
	int16_t act[(MAX_ROWS + 1) * MAX_LANES] __attribute__((aligned(64)));
	uint32_t acc[MAX_CHANNELS * MAX_LANES] __attribute__((aligned(64)));
	uint32_t want[MAX_CHANNELS * MAX_LANES];
	int16_t w[MAX_CHANNELS * MAX_ROWS];
	struct lutna_pair pair[MAX_ROWS];
};

static void fill_block(struct block *b)
{
	bool ends = rng_one_in(&rng, 3);

	for (size_t i = 0; i < sizeof(b->act) / 2; i++)
		b->act[i] = ends ? 255 : rng_below(&rng, 256);
	for (size_t i = 0; i < sizeof(b->w) / 2; i++)
		b->w[i] = ends ? -256 : rng_range(&rng, -256, 255);
	for (size_t i = 0; i < sizeof(b->acc) / 4; i++)
		b->acc[i] = b->want[i] = rng_one_in(&rng, 8) ? 0x80000000
							     : rng_next(&rng);
}

static void try_sparse(const struct lutna_kernels *k, struct block *b,
		       size_t lanes, size_t pairs, bool add)
{
	fill_block(b);
	for (size_t i = 0; i < pairs; i++)
		for (int j = 0; j < 2; j++) {
			b->pair[i].row[j] = rng_below(&rng, MAX_ROWS) * MAX_LANES;
			b->pair[i].w[j] = b->w[2 * i + j];
		}
	for (size_t l = 0; l < lanes; l++) {
		uint32_t sum = add ? b->acc[l] : 0;

		for (size_t i = 0; i < pairs; i++)
			for (int j = 0; j < 2; j++)
				sum += (uint32_t)(b->act[b->pair[i].row[j] + l] *
						  b->pair[i].w[j]);
		b->want[l] = sum;
	}
	k->sparse(b->acc, b->act, b->pair, pairs, lanes, add);
	check(!memcmp(b->acc, b->want, sizeof(b->acc)),
	      "%s: %zu pairs, %zu lanes, add %d", k->name, pairs, lanes, add);
}

static void try_dense(const struct lutna_kernels *k, struct block *b,
		      size_t lanes, size_t rows, size_t channels, bool add)
{
	fill_block(b);
	for (size_t c = 0; c < channels; c++)
		for (size_t l = 0; l < lanes; l++) {
			uint32_t *to = &b->want[c * MAX_LANES + l];

			if (!add)
				*to = 0;
			for (size_t i = 0; i < rows; i++)
				*to += (uint32_t)(b->act[i * MAX_LANES + l] *
						  b->w[c * MAX_ROWS + i]);
		}
	k->dense(b->acc, MAX_LANES, b->act, MAX_LANES, b->w, MAX_ROWS, rows,
		 channels, lanes, add);
	check(!memcmp(b->acc, b->want, sizeof(b->acc)),
	      "%s: %zu channels of %zu rows, %zu lanes, add %d", k->name,
	      channels, rows, lanes, add);
}

static void test_sums(const struct lutna_kernels *k)
{
	static struct block b;

	for (size_t lanes = LUTNA_LANE_UNIT; lanes <= MAX_LANES;
	     lanes += LUTNA_LANE_UNIT)
		for (size_t pairs = 0; pairs <= MAX_ROWS / 2; pairs++)
			try_sparse(k, &b, lanes, pairs, pairs & 1 || !pairs);
	point("%s: sparse sums", k->name);
	for (size_t lanes = LUTNA_LANE_UNIT; lanes <= MAX_LANES;
	     lanes += LUTNA_LANE_UNIT)
		for (size_t channels = 1; channels <= MAX_CHANNELS; channels++)
			for (size_t rows = 2; rows <= MAX_ROWS; rows += 6)
				try_dense(k, &b, lanes, rows, channels,
					  rng_one_in(&rng, 2));
	point("%s: dense sums", k->name);
}

static void try_transpose(size_t rows, size_t cols)
{
	size_t from = cols + rng_below(&rng, 5), to = rows + rng_below(&rng, 5);
	uint8_t src[80 * 80], dst[80 * 80], want[80 * 80];

	for (size_t i = 0; i < sizeof(src); i++)
		src[i] = rng_next(&rng);
	memset(dst, GUARD, sizeof(dst));
	memset(want, GUARD, sizeof(want));
	for (size_t r = 0; r < rows; r++)
		for (size_t c = 0; c < cols; c++)
			want[c * to + r] = src[r * from + c];
	lutna_transpose(dst, to, src, from, rows, cols);
	check(!memcmp(dst, want, sizeof(dst)), "%zu rows, %zu columns", rows,
	      cols);
}

int main(void)
{
	const struct lutna_kernels *k;

	rng = rng_init(2);
	for (unsigned int i = 0; (k = lutna_kernels_list(i)); i++) {
		test_requant(k);
		test_sums(k);
	}
	for (size_t rows = 1; rows < 70; rows++)
		for (size_t cols = 1; cols < 70; cols++)
			try_transpose(rows, cols);
	point("transposition of every small matrix");
	return check_done();
}
