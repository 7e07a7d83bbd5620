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

/* What becomes of an activation, and what stands outside the input */
struct lutna_digits {
	uint8_t keep;
	uint8_t put;
	int16_t pad;
};

LUTNA_PACK_INLINE void lutna_pack_fill(int16_t *dst, size_t n, int16_t value)
{
	for (size_t i = 0; i < n; i += LUTNA_PACK_CHUNK)
		for (int j = 0; j < LUTNA_PACK_CHUNK; j++)
			dst[i + j] = value;
}

LUTNA_PACK_INLINE void
lutna_pack_widen(int16_t *restrict dst, const uint8_t *restrict src, size_t n,
		 struct lutna_digits d)
{
	for (size_t i = 0; i < n; i += LUTNA_PACK_CHUNK)
		for (int j = 0; j < LUTNA_PACK_CHUNK; j++)
			dst[i + j] = (src[i + j] & d.keep) | d.put;
}

/*
 * @len lanes of a row of one image.  The first has its activation at @line[@x],
 * inside or outside of the @width ones that there are; neighbours are @step
 * apart.
 */
LUTNA_PACK_INLINE void
lutna_pack_x(int16_t *dst, const uint8_t *line, int64_t x, int64_t width,
	     size_t len, int64_t step, struct lutna_digits d)
{
	/* A division is as long as a short row. */
	int64_t first = step == 1 ? -x : (-x + step - 1) / step;
	int64_t end = step == 1 ? width - x : (width - 1 - x) / step + 1;
	size_t from = x < 0 ? lutna_min(len, first) : 0;
	size_t to = x < width ? lutna_min(len, end) : 0;

	if (from)
		lutna_pack_fill(dst, from, d.pad);
	if (step != 1) {
		for (size_t i = from; i < to; i++)
			dst[i] = (line[x + (int64_t)i * step] & d.keep) | d.put;
	} else if (to > from) {
		lutna_pack_widen(dst + from, line + x + (int64_t)from,
				 to - from, d);
	}
	if (len > to)
		lutna_pack_fill(dst + to, len - to, d.pad);
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
	struct lutna_digits d = { g->keep, g->put, 0 };

	d.pad = (c->pad_value & d.keep) | d.put;
	in += ky / c->kernel_h * g->in_plane;
	dy = ky % c->kernel_h * c->dilation_h;

	for (size_t i = 0; i < segs; i++) {
		int16_t *dst = row + seg[i].lane;
		int64_t y = seg[i].y + dy, x = seg[i].x + dx;
		bool outside = y < 0 || y >= (int64_t)g->h ||
			       (g->n_inner && (x < 0 || x >= (int64_t)g->w));

		if (outside)
			lutna_pack_fill(dst, seg[i].len, d.pad);
		else if (g->n_inner)
			lutna_pack_widen(dst, in + (y * g->w + x) * g->n +
					 seg[i].base, seg[i].len, d);
		else
			lutna_pack_x(dst, in + seg[i].base + y * g->w, x, g->w,
				     seg[i].len, c->stride_w, d);
	}
}

#endif /* LUTNA_CORE_PACK_H */
