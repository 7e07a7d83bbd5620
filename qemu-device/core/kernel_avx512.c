// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * AVX-512 with VNNI.  Two rows of 16-bit activations are interleaved, so that
 * one vpdpwssd does both weights of a pair for 16 lanes.
 */
#ifdef __x86_64__
#include <assert.h>
#include <immintrin.h>

#include "kernel.h"

#define TARGET	__attribute__((target("avx512f,avx512bw,avx512vnni")))
#define INLINE	TARGET inline __attribute__((always_inline))
#define LANES	32	/* 16-bit activations of a vector */

static_assert(LANES == LUTNA_LANE_UNIT, "a vector is the unit of lanes");

/* Both weights of a pair for every lane */
static INLINE __m512i two_weights(const int16_t *w)
{
	int32_t both;

	memcpy(&both, w, sizeof(both));
	return _mm512_set1_epi32(both);
}

/*
 * Interleaving works on quarters of a vector: @lo holds lanes 0-3, 8-11, 16-19
 * and 24-27, @hi the others.
 */
static INLINE void add_lanes(uint32_t *acc, __m512i lo, __m512i hi)
{
	const __m512i first = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
	const __m512i second = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
	__m512i a = _mm512_permutex2var_epi64(lo, first, hi);
	__m512i b = _mm512_permutex2var_epi64(lo, second, hi);

	_mm512_storeu_si512(acc, _mm512_add_epi32(_mm512_loadu_si512(acc), a));
	_mm512_storeu_si512(acc + 16,
			    _mm512_add_epi32(_mm512_loadu_si512(acc + 16), b));
}

/* @v vectors of lanes, accumulators in registers over all pairs */
static INLINE void sparse_strip(uint32_t *acc, const int16_t *block,
				const struct lutna_pair *pair, size_t n,
				const int v)
{
	__m512i lo[8], hi[8];

	for (int i = 0; i < v; i++)
		lo[i] = hi[i] = _mm512_setzero_si512();
	for (; n--; pair++) {
		const int16_t *a = block + pair->row[0];
		const int16_t *b = block + pair->row[1];
		__m512i w = two_weights(pair->w);

		for (int i = 0; i < v; i++) {
			__m512i x = _mm512_loadu_si512(a + i * LANES);
			__m512i y = _mm512_loadu_si512(b + i * LANES);

			lo[i] = _mm512_dpwssd_epi32(lo[i],
					_mm512_unpacklo_epi16(x, y), w);
			hi[i] = _mm512_dpwssd_epi32(hi[i],
					_mm512_unpackhi_epi16(x, y), w);
		}
	}
	for (int i = 0; i < v; i++)
		add_lanes(acc + i * LANES, lo[i], hi[i]);
}

static TARGET void sparse(uint32_t *acc, const int16_t *block,
			  const struct lutna_pair *pair, size_t n, size_t lanes)
{
	size_t l = 0;

	for (; l + 8 * LANES <= lanes; l += 8 * LANES)
		sparse_strip(acc + l, block + l, pair, n, 8);
	for (; l + 4 * LANES <= lanes; l += 4 * LANES)
		sparse_strip(acc + l, block + l, pair, n, 4);
	for (; l + 2 * LANES <= lanes; l += 2 * LANES)
		sparse_strip(acc + l, block + l, pair, n, 2);
	if (l < lanes)
		sparse_strip(acc + l, block + l, pair, n, 1);
}

/* @v vectors of lanes times @c output channels */
static INLINE void dense_strip(uint32_t *acc, size_t acc_pitch,
			       const int16_t *block, size_t pitch,
			       const int16_t *w, size_t w_pitch, size_t rows,
			       const int v, const int c)
{
	__m512i lo[2][8], hi[2][8];

	for (int i = 0; i < v; i++)
		for (int j = 0; j < c; j++)
			lo[i][j] = hi[i][j] = _mm512_setzero_si512();
	for (size_t k = 0; k < rows; k += 2, block += 2 * pitch) {
		__m512i x[2], y[2];

		for (int i = 0; i < v; i++) {
			__m512i a = _mm512_loadu_si512(block + i * LANES);
			__m512i b = _mm512_loadu_si512(block + pitch +
						       i * LANES);

			x[i] = _mm512_unpacklo_epi16(a, b);
			y[i] = _mm512_unpackhi_epi16(a, b);
		}
		for (int j = 0; j < c; j++) {
			__m512i both = two_weights(w + j * w_pitch + k);

			for (int i = 0; i < v; i++) {
				lo[i][j] = _mm512_dpwssd_epi32(lo[i][j], x[i],
							       both);
				hi[i][j] = _mm512_dpwssd_epi32(hi[i][j], y[i],
							       both);
			}
		}
	}
	for (int j = 0; j < c; j++)
		for (int i = 0; i < v; i++)
			add_lanes(acc + j * acc_pitch + i * LANES, lo[i][j],
				  hi[i][j]);
}

static TARGET void dense(uint32_t *acc, size_t acc_pitch, const int16_t *block,
			 size_t pitch, const int16_t *w, size_t w_pitch,
			 size_t rows, size_t channels, size_t lanes)
{
	size_t c = 0;

	for (; c + 4 <= channels; c += 4) {
		uint32_t *to = acc + c * acc_pitch;
		const int16_t *from = w + c * w_pitch;
		size_t l = 0;

		for (; l + 2 * LANES <= lanes; l += 2 * LANES)
			dense_strip(to + l, acc_pitch, block + l, pitch, from,
				    w_pitch, rows, 2, 4);
		if (l < lanes)
			dense_strip(to + l, acc_pitch, block + l, pitch, from,
				    w_pitch, rows, 1, 4);
	}
	for (; c < channels; c++)
		for (size_t l = 0; l < lanes; l += LANES)
			dense_strip(acc + c * acc_pitch + l, acc_pitch,
				    block + l, pitch, w + c * w_pitch, w_pitch,
				    rows, 1, 1);
}

static TARGET void requant(uint8_t *dst, const uint32_t *acc, size_t n,
			   const struct lutna_requant *channel,
			   const struct lutna_clamp *clamp)
{
	const __m512i mult = _mm512_set1_epi64(channel->mult);
	const __m512i half = _mm512_set1_epi64(1LL << (channel->shift - 1));
	const __m128i shift = _mm_cvtsi32_si128(channel->shift);
	const __m512i zero = _mm512_set1_epi64(clamp->zero_point);
	const __m512i min = _mm512_set1_epi64(clamp->min);
	const __m512i max = _mm512_set1_epi64(clamp->max);

	for (size_t i = 0; i < n; i += 8) {
		size_t left = n - i;
		__mmask8 some = left < 8 ? (1U << left) - 1 : 0xff;
		__m512i v = _mm512_cvtepi32_epi64(
			_mm256_loadu_si256((const void *)(acc + i)));

		v = _mm512_add_epi64(_mm512_mul_epi32(v, mult), half);
		v = _mm512_add_epi64(_mm512_sra_epi64(v, shift), zero);
		v = _mm512_min_epi64(_mm512_max_epi64(v, min), max);
		_mm512_mask_cvtepi64_storeu_epi8(dst + i, some, v);
	}
}

const struct lutna_kernels lutna_kernels_avx512 = {
	.name = "avx512",
	.sparse = sparse,
	.dense = dense,
	.requant = requant,
};
#endif
