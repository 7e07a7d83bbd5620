// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tiles of 16 x 16 bytes stay in registers; what is too narrow for that goes by
 * bytes.
 */
#include "transpose.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define TILE	16

static void edge(uint8_t *dst, size_t dst_pitch, const uint8_t *src,
		 size_t src_pitch, size_t rows, size_t cols)
{
	for (size_t c = 0; c < cols; c++)
		for (size_t r = 0; r < rows; r++)
			dst[c * dst_pitch + r] = src[r * src_pitch + c];
}

#ifdef __SSE2__
/*
 * Four rounds of interleaving the first half with the second half move bit b
 * of an element's place to bit b + 1, and so exchange row and column.
 */
static void tile(uint8_t *dst, size_t dst_pitch, const uint8_t *src,
		 size_t src_pitch)
{
	__m128i a[TILE], b[TILE];

	for (int i = 0; i < TILE; i++)
		a[i] = _mm_loadu_si128((const void *)(src + i * src_pitch));
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < TILE / 2; i++) {
			b[2 * i] = _mm_unpacklo_epi8(a[i], a[i + TILE / 2]);
			b[2 * i + 1] = _mm_unpackhi_epi8(a[i], a[i + TILE / 2]);
		}
		for (int i = 0; i < TILE / 2; i++) {
			a[2 * i] = _mm_unpacklo_epi8(b[i], b[i + TILE / 2]);
			a[2 * i + 1] = _mm_unpackhi_epi8(b[i], b[i + TILE / 2]);
		}
	}
	for (int i = 0; i < TILE; i++)
		_mm_storeu_si128((void *)(dst + i * dst_pitch), a[i]);
}
#else
static void tile(uint8_t *dst, size_t dst_pitch, const uint8_t *src,
		 size_t src_pitch)
{
	edge(dst, dst_pitch, src, src_pitch, TILE, TILE);
}
#endif

void lutna_transpose(uint8_t *dst, size_t dst_pitch, const uint8_t *src,
		     size_t src_pitch, size_t rows, size_t cols)
{
	if (rows < TILE || cols < TILE) {
		edge(dst, dst_pitch, src, src_pitch, rows, cols);
		return;
	}

	/* The last tile of a row or column overlaps the one before it. */
	for (size_t c = 0; c < cols; c += TILE) {
		if (c > cols - TILE)
			c = cols - TILE;
		for (size_t r = 0; r < rows; r += TILE) {
			if (r > rows - TILE)
				r = rows - TILE;
			tile(dst + c * dst_pitch + r, dst_pitch,
			     src + r * src_pitch + c, src_pitch);
		}
	}
}
