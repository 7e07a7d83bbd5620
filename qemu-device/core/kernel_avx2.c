// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * AVX2: as AVX-512, with multiplication and addition apart.
 */
#ifdef __x86_64__
#include <immintrin.h>

#include "kernel.h"
#include "pack.h"

#define TARGET	__attribute__((target("avx2")))
#define INLINE	TARGET inline __attribute__((always_inline))
#define LANES	16	/* 16-bit activations of a vector */

static INLINE __m256i load(const void *p)
{
	return _mm256_loadu_si256(p);
}

static INLINE __m256i two_weights(const int16_t *w)
{
	int32_t both;

	memcpy(&both, w, sizeof(both));
	return _mm256_set1_epi32(both);
}

/* Interleaving works on halves: @lo holds lanes 0-3 and 8-11, @hi the others. */
static INLINE void put_lanes(uint32_t *acc, __m256i lo, __m256i hi, bool add)
{
	__m256i a = _mm256_permute2x128_si256(lo, hi, 0x20);
	__m256i b = _mm256_permute2x128_si256(lo, hi, 0x31);

	if (add) {
		a = _mm256_add_epi32(a, load(acc));
		b = _mm256_add_epi32(b, load(acc + 8));
	}
	_mm256_storeu_si256((void *)acc, a);
	_mm256_storeu_si256((void *)(acc + 8), b);
}

static INLINE __m256i mac(__m256i acc, __m256i x, __m256i w)
{
	return _mm256_add_epi32(acc, _mm256_madd_epi16(x, w));
}

/* @v vectors of lanes, accumulators in registers over all pairs */
static INLINE void sparse_strip(uint32_t *acc, const int16_t *block,
				const struct lutna_pair *pair, size_t n,
				bool add, const int v)
{
	__m256i lo[4], hi[4];

	for (int i = 0; i < v; i++)
		lo[i] = hi[i] = _mm256_setzero_si256();
	for (; n--; pair++) {
		const int16_t *a = block + pair->row[0];
		const int16_t *b = block + pair->row[1];
		__m256i w = two_weights(pair->w);

		for (int i = 0; i < v; i++) {
			__m256i x = load(a + i * LANES), y = load(b + i * LANES);

			lo[i] = mac(lo[i], _mm256_unpacklo_epi16(x, y), w);
			hi[i] = mac(hi[i], _mm256_unpackhi_epi16(x, y), w);
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

	for (; l + 4 * LANES <= lanes; l += 4 * LANES)
		sparse_strip(acc + l, block + l, pair, n, add, 4);
	for (; l < lanes; l += 2 * LANES)
		sparse_strip(acc + l, block + l, pair, n, add, 2);
}

/* One vector of lanes times @c output channels */
static INLINE void dense_strip(uint32_t *acc, size_t acc_pitch,
			       const int16_t *block, size_t pitch,
			       const int16_t *w, size_t w_pitch, size_t rows,
			       bool add, const int c)
{
	__m256i lo[4], hi[4];

	for (int j = 0; j < c; j++)
		lo[j] = hi[j] = _mm256_setzero_si256();
	for (size_t k = 0; k < rows; k += 2, block += 2 * pitch) {
		__m256i a = load(block), b = load(block + pitch);
		__m256i x = _mm256_unpacklo_epi16(a, b);
		__m256i y = _mm256_unpackhi_epi16(a, b);

		for (int j = 0; j < c; j++) {
			__m256i both = two_weights(w + j * w_pitch + k);

			lo[j] = mac(lo[j], x, both);
			hi[j] = mac(hi[j], y, both);
		}
	}
	for (int j = 0; j < c; j++)
		put_lanes(acc + j * acc_pitch, lo[j], hi[j], add);
}

static TARGET void dense(uint32_t *acc, size_t acc_pitch, const int16_t *block,
			 size_t pitch, const int16_t *w, size_t w_pitch,
			 size_t rows, size_t channels, size_t lanes, bool add)
{
	size_t c = 0;

	for (; c + 4 <= channels; c += 4)
		for (size_t l = 0; l < lanes; l += LANES)
			dense_strip(acc + c * acc_pitch + l, acc_pitch,
				    block + l, pitch, w + c * w_pitch, w_pitch,
				    rows, add, 4);
	for (; c < channels; c++)
		for (size_t l = 0; l < lanes; l += LANES)
			dense_strip(acc + c * acc_pitch + l, acc_pitch,
				    block + l, pitch, w + c * w_pitch, w_pitch,
				    rows, add, 1);
}

/*
 * 8 accumulators, bias included, to values before the clamp, for a shift of 32
 * or more: then the upper half of a product is enough.
 */
static INLINE __m256i scale_short(__m256i v, __m256i mult, __m256i half,
				  __m128i shift)
{
	__m256i a = _mm256_add_epi64(_mm256_mul_epi32(v, mult), half);
	__m256i b = _mm256_add_epi64(
		_mm256_mul_epi32(_mm256_srli_epi64(v, 32), mult), half);
	__m256i high = _mm256_blend_epi32(_mm256_srli_epi64(a, 32), b, 0xaa);

	return _mm256_sra_epi32(high, shift);
}

static TARGET void requant(uint8_t *dst, const uint32_t *acc, size_t n,
			   const struct lutna_requant *channel,
			   const struct lutna_clamp *clamp)
{
	const __m256i mult = _mm256_set1_epi64x(channel->mult);
	const __m256i half = _mm256_set1_epi64x(1LL << (channel->shift - 1));
	const __m256i bias = _mm256_set1_epi32(channel->bias);
	const __m256i zero = _mm256_set1_epi32(clamp->zero_point);
	/* Before the zero point is added, so that nothing can overflow */
	const __m256i min = _mm256_set1_epi32(clamp->min - clamp->zero_point);
	const __m256i max = _mm256_set1_epi32(clamp->max - clamp->zero_point);
	const __m128i shift = _mm_cvtsi32_si128(channel->shift - 32);
	size_t i = 0;

	for (; channel->shift >= 32 && i + 8 <= n; i += 8) {
		__m256i v = _mm256_add_epi32(load(acc + i), bias);
		__m128i q;

		v = scale_short(v, mult, half, shift);
		v = _mm256_min_epi32(_mm256_max_epi32(v, min), max);
		v = _mm256_add_epi32(v, zero);
		q = _mm_packus_epi32(_mm256_castsi256_si128(v),
				     _mm256_extracti128_si256(v, 1));
		_mm_storel_epi64((void *)(dst + i), _mm_packus_epi16(q, q));
	}
	/* A shift of less is a multiplier of little precision, and rare. */
	for (; i < n; i++)
		dst[i] = lutna_requant_one(acc[i], channel, clamp);
}

const struct lutna_kernels lutna_kernels_avx2 = {
	.name = "avx2",
	.pack = pack,
	.sparse = sparse,
	.dense = dense,
	.requant = requant,
};
#endif
