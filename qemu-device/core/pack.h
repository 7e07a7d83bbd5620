/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From dense activations to the rows of a block.  Every kernel compiles this
 * for its own instruction set.
 *
 * Loops run over in steps of LUTNA_PACK_CHUNK lanes: what is written too far is
 * overwritten by the segment or row that follows, because both ascend.
 */
#ifndef LUTNA_CORE_PACK_H
#define LUTNA_CORE_PACK_H

#include "conv.h"

#define LUTNA_PACK_CHUNK	32
#define LUTNA_PACK_INLINE	static inline __attribute__((always_inline))

LUTNA_PACK_INLINE size_t lutna_min(size_t a, size_t b)
{
	return a < b ? a : b;
}

LUTNA_PACK_INLINE void lutna_pack_fill(int16_t *dst, size_t n, int16_t value)
{
	for (size_t i = 0; i < n; i += LUTNA_PACK_CHUNK)
		for (int j = 0; j < LUTNA_PACK_CHUNK; j++)
			dst[i + j] = value;
}

LUTNA_PACK_INLINE void lutna_pack_widen(int16_t *restrict dst, const uint8_t *restrict src,
			 size_t n, uint8_t keep, uint8_t put)
{
	for (size_t i = 0; i < n; i += LUTNA_PACK_CHUNK)
		for (int j = 0; j < LUTNA_PACK_CHUNK; j++)
			dst[i + j] = (src[i + j] & keep) | put;
}

/* Lanes of a row of the output, one image: neighbours are @step apart. */
LUTNA_PACK_INLINE void lutna_pack_x(int16_t *dst, const uint8_t *line, int64_t x,
			 size_t width, size_t len, size_t step, uint8_t keep,
			 uint8_t put, int16_t pad)
{
	size_t from = 0, to = 0;

	if (x < 0)
		from = lutna_min(len, step == 1 ? (size_t)-x
					       : ((size_t)-x + step - 1) / step);
	if (x < (int64_t)width)
		to = lutna_min(len, step == 1 ? (size_t)(width - x)
					     : (size_t)(width - 1 - x) / step + 1);

	if (from)
		lutna_pack_fill(dst, from, pad);
	if (step == 1) {
		if (to > from)
			lutna_pack_widen(dst + from, line + x + (int64_t)from, to - from,
			      keep, put);
	} else {
		for (size_t i = from; i < to; i++)
			dst[i] = (line[x + (int64_t)(i * step)] & keep) | put;
	}
	if (len > to)
		lutna_pack_fill(dst + to, len - to, pad);
}

/**
 * lutna_pack_row() - activations that meet one weight position
 * @g: geometry
 * @seg: segments of the block
 * @segs: how many
 * @in: first input channel of the group; LUTNA_SCRATCH_SLACK bytes behind the
 *	input are readable
 * @k: weight position
 * @row: lanes of the block; up to LUTNA_PACK_CHUNK more are written
 */
LUTNA_PACK_INLINE void
lutna_pack_row(const struct lutna_lanes *g, const struct lutna_segment *seg,
	       size_t segs, const uint8_t *in, uint32_t k, int16_t *row)
{
	const struct lutna_conv *c = g->conv;
	uint32_t ky = k / c->kernel_w, kx = k % c->kernel_w;
	int64_t dx = kx * c->dilation_w, dy;
	uint8_t keep = g->keep, put = g->put;
	int16_t pad = (c->pad_value & keep) | put;

	in += ky / c->kernel_h * g->in_plane;
	dy = ky % c->kernel_h * c->dilation_h;

	for (size_t i = 0; i < segs; i++) {
		int16_t *dst = row + seg[i].lane;
		int64_t y = seg[i].y + dy, x = seg[i].x + dx;
		bool outside = y < 0 || y >= (int64_t)g->h;

		if (g->n_inner && (x < 0 || x >= (int64_t)g->w))
			outside = true;
		if (outside)
			lutna_pack_fill(dst, seg[i].len, pad);
		else if (g->n_inner)
			lutna_pack_widen(dst, in + (y * g->w + x) * g->n + seg[i].base,
			      seg[i].len, keep, put);
		else
			lutna_pack_x(dst, in + seg[i].base + y * g->w, x, g->w,
			      seg[i].len, c->stride_w, keep, put, pad);
	}
}

#endif /* LUTNA_CORE_PACK_H */
