// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * AVX2: as AVX-512, with multiplication and addition apart.
 */
#ifdef __x86_64__
#include <immintrin.h>

#include "kernel.h"

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
static INLINE void add_lanes(uint32_t *acc, __m256i lo, __m256i hi)
{
	__m256i a = _mm256_permute2x128_si256(lo, hi, 0x20);
	__m256i b = _mm256_permute2x128_si256(lo, hi, 0x31);

	_mm256_storeu_si256((void *)acc, _mm256_add_epi32(load(acc), a));
	_mm256_storeu_si256((void *)(acc + 8),
			    _mm256_add_epi32(load(acc + 8), b));
}

static INLINE __m256i mac(__m256i acc, __m256i x, __m256i w)
{
	return _mm256_add_epi32(acc, _mm256_madd_epi16(x, w));
}

/* @v vectors of lanes, accumulators in registers over all pairs */
static INLINE void sparse_strip(uint32_t *acc, const int16_t *block,
				const struct lutna_pair *pair, size_t n,
				const int v)
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
		add_lanes(acc + i * LANES, lo[i], hi[i]);
}

static TARGET void sparse(uint32_t *acc, const int16_t *block,
			  const struct lutna_pair *pair, size_t n, size_t lanes)
{
	size_t l = 0;

	for (; l + 4 * LANES <= lanes; l += 4 * LANES)
		sparse_strip(acc + l, block + l, pair, n, 4);
	for (; l < lanes; l += 2 * LANES)
		sparse_strip(acc + l, block + l, pair, n, 2);
}

/* One vector of lanes times @c output channels */
static INLINE void dense_strip(uint32_t *acc, size_t acc_pitch,
			       const int16_t *block, size_t pitch,
			       const int16_t *w, size_t w_pitch, size_t rows,
			       const int c)
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
		add_lanes(acc + j * acc_pitch, lo[j], hi[j]);
}

static TARGET void dense(uint32_t *acc, size_t acc_pitch, const int16_t *block,
			 size_t pitch, const int16_t *w, size_t w_pitch,
			 size_t rows, size_t channels, size_t lanes)
{
	size_t c = 0;

	for (; c + 4 <= channels; c += 4)
		for (size_t l = 0; l < lanes; l += LANES)
			dense_strip(acc + c * acc_pitch + l, acc_pitch,
				    block + l, pitch, w + c * w_pitch, w_pitch,
				    rows, 4);
	for (; c < channels; c++)
		for (size_t l = 0; l < lanes; l += LANES)
			dense_strip(acc + c * acc_pitch + l, acc_pitch,
				    block + l, pitch, w + c * w_pitch, w_pitch,
				    rows, 1);
}

/* AVX2 compares 64-bit integers, but has no minimum of them. */
static INLINE __m256i clamp64(__m256i v, __m256i min, __m256i max)
{
	v = _mm256_blendv_epi8(v, min, _mm256_cmpgt_epi64(min, v));
	return _mm256_blendv_epi8(v, max, _mm256_cmpgt_epi64(v, max));
}

static TARGET void requant(uint8_t *dst, const uint32_t *acc, size_t n,
			   const struct lutna_requant *channel,
			   const struct lutna_clamp *clamp)
{
	/*
	 * Nor has it an arithmetic shift: 2^63 makes the product positive and
	 * is taken away again, shifted too.
	 */
	const uint64_t bias = 1ULL << 63;
	const __m256i mult = _mm256_set1_epi64x(channel->mult);
	const __m256i before = _mm256_set1_epi64x(
		bias + (1ULL << (channel->shift - 1)));
	const __m256i after = _mm256_set1_epi64x(
		clamp->zero_point - (int64_t)(bias >> channel->shift));
	const __m128i shift = _mm_cvtsi32_si128(channel->shift);
	const __m256i min = _mm256_set1_epi64x(clamp->min);
	const __m256i max = _mm256_set1_epi64x(clamp->max);
	const __m256i pick = _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6);

	for (size_t i = 0; i < n; i += 4) {
		__m256i v = _mm256_cvtepi32_epi64(
			_mm_loadu_si128((const void *)(acc + i)));
		__m128i q;
		uint32_t four;

		v = _mm256_add_epi64(_mm256_mul_epi32(v, mult), before);
		v = _mm256_add_epi64(_mm256_srl_epi64(v, shift), after);
		v = clamp64(v, min, max);
		q = _mm256_castsi256_si128(
			_mm256_permutevar8x32_epi32(v, pick));
		q = _mm_packus_epi16(_mm_packus_epi32(q, q), q);
		four = _mm_cvtsi128_si32(q);
		memcpy(dst + i, &four, n - i < 4 ? n - i : 4);
	}
}

const struct lutna_kernels lutna_kernels_avx2 = {
	.name = "avx2",
	.sparse = sparse,
	.dense = dense,
	.requant = requant,
};
#endif
