// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * AVX-512 with VNNI.  Two rows of 16-bit activations are interleaved, so that
 * one vpdpwssd does both weights of a pair for 16 lanes.
 */
#ifdef __x86_64__
#include <assert.h>
#include <immintrin.h>

#include "kernel.h"
#include "pack.h"

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
static INLINE void put_lanes(uint32_t *acc, __m512i lo, __m512i hi, bool add)
{
	const __m512i first = _mm512_setr_epi64(0, 1, 8, 9, 2, 3, 10, 11);
	const __m512i second = _mm512_setr_epi64(4, 5, 12, 13, 6, 7, 14, 15);
	__m512i a = _mm512_permutex2var_epi64(lo, first, hi);
	__m512i b = _mm512_permutex2var_epi64(lo, second, hi);

	if (add) {
		a = _mm512_add_epi32(a, _mm512_loadu_si512(acc));
		b = _mm512_add_epi32(b, _mm512_loadu_si512(acc + 16));
	}
	_mm512_storeu_si512(acc, a);
	_mm512_storeu_si512(acc + 16, b);
}

/* @v vectors of lanes, accumulators in registers over all pairs */
static INLINE void sparse_strip(uint32_t *acc, const int16_t *block,
				const struct lutna_pair *pair, size_t n,
				bool add, const int v)
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
		put_lanes(acc + i * LANES, lo[i], hi[i], add);
}

static TARGET void pack(const struct lutna_lanes *g,
			const struct lutna_segment *seg, size_t segs,
			const uint8_t *in, uint32_t k, int16_t *row)
{
	lutna_pack_row(g, seg, segs, in, k, row);
}

static TARGET void sparse(uint32_t *acc, const int16_t *block,
			  const struct lutna_pair *pair, size_t n, size_t lanes,
			  bool add)
{
	size_t l = 0;

	for (; l + 8 * LANES <= lanes; l += 8 * LANES)
		sparse_strip(acc + l, block + l, pair, n, add, 8);
	for (; l + 4 * LANES <= lanes; l += 4 * LANES)
		sparse_strip(acc + l, block + l, pair, n, add, 4);
	for (; l + 2 * LANES <= lanes; l += 2 * LANES)
		sparse_strip(acc + l, block + l, pair, n, add, 2);
	if (l < lanes)
		sparse_strip(acc + l, block + l, pair, n, add, 1);
}

/* @v vectors of lanes times @c output channels */
static INLINE void dense_strip(uint32_t *acc, size_t acc_pitch,
			       const int16_t *block, size_t pitch,
			       const int16_t *w, size_t w_pitch, size_t rows,
			       bool add, const int v, const int c)
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
			put_lanes(acc + j * acc_pitch + i * LANES, lo[i][j],
				  hi[i][j], add);
}

static TARGET void dense(uint32_t *acc, size_t acc_pitch, const int16_t *block,
			 size_t pitch, const int16_t *w, size_t w_pitch,
			 size_t rows, size_t channels, size_t lanes, bool add)
{
	size_t c = 0;

	for (; c + 4 <= channels; c += 4) {
		uint32_t *to = acc + c * acc_pitch;
		const int16_t *from = w + c * w_pitch;
		size_t l = 0;

		for (; l + 2 * LANES <= lanes; l += 2 * LANES)
			dense_strip(to + l, acc_pitch, block + l, pitch, from,
				    w_pitch, rows, add, 2, 4);
		if (l < lanes)
			dense_strip(to + l, acc_pitch, block + l, pitch, from,
				    w_pitch, rows, add, 1, 4);
	}
	for (; c < channels; c++)
		for (size_t l = 0; l < lanes; l += LANES)
			dense_strip(acc + c * acc_pitch + l, acc_pitch,
				    block + l, pitch, w + c * w_pitch, w_pitch,
				    rows, add, 1, 1);
}

/* 16 accumulators, bias included, to values before the clamp */
static INLINE __m512i scale_short(__m512i v, __m512i mult, __m512i half,
				  __m128i shift)
{
	/* With a shift of 32 or more the upper half of a product is enough. */
	const __mmask16 odd = 0xaaaa;
	__m512i a = _mm512_add_epi64(_mm512_mul_epi32(v, mult), half);
	__m512i b = _mm512_add_epi64(
		_mm512_mul_epi32(_mm512_srli_epi64(v, 32), mult), half);
	__m512i high = _mm512_mask_blend_epi32(odd, _mm512_srli_epi64(a, 32),
					       b);

	return _mm512_sra_epi32(high, shift);
}

static INLINE __m256i scale_long(__m256i v, __m512i mult, __m512i half,
				 __m128i shift)
{
	__m512i a = _mm512_mul_epi32(_mm512_cvtepi32_epi64(v), mult);

	a = _mm512_sra_epi64(_mm512_add_epi64(a, half), shift);
	return _mm512_cvtsepi64_epi32(a);
}

static TARGET void requant(uint8_t *dst, const uint32_t *acc, size_t n,
			   const struct lutna_requant *channel,
			   const struct lutna_clamp *clamp)
{
	const __m512i mult = _mm512_set1_epi64(channel->mult);
	const __m512i half = _mm512_set1_epi64(1LL << (channel->shift - 1));
	const __m512i bias = _mm512_set1_epi32(channel->bias);
	const __m512i zero = _mm512_set1_epi32(clamp->zero_point);
	/* Before the zero point is added, so that nothing can overflow */
	const __m512i min = _mm512_set1_epi32(clamp->min - clamp->zero_point);
	const __m512i max = _mm512_set1_epi32(clamp->max - clamp->zero_point);
	const bool is_short = channel->shift >= 32;
	const __m128i shift = _mm_cvtsi32_si128(channel->shift -
						(is_short ? 32 : 0));

	for (size_t i = 0; i < n; i += 16) {
		size_t left = n - i;
		__mmask16 some = left < 16 ? (1U << left) - 1 : 0xffff;
		__m512i v = _mm512_add_epi32(_mm512_loadu_si512(acc + i), bias);

		if (is_short) {
			v = scale_short(v, mult, half, shift);
		} else {
			__m256i lo = _mm512_castsi512_si256(v);
			__m256i hi = _mm512_extracti64x4_epi64(v, 1);

			lo = scale_long(lo, mult, half, shift);
			hi = scale_long(hi, mult, half, shift);
			v = _mm512_inserti64x4(_mm512_castsi256_si512(lo), hi,
					       1);
		}
		v = _mm512_min_epi32(_mm512_max_epi32(v, min), max);
		_mm512_mask_cvtepi32_storeu_epi8(dst + i, some,
						 _mm512_add_epi32(v, zero));
	}
}

const struct lutna_kernels lutna_kernels_avx512 = {
	.name = "avx512",
	.pack = pack,
	.sparse = sparse,
	.dense = dense,
	.requant = requant,
};
#endif
