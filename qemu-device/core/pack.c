// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From dense activations to the rows of a block.
 *
 * Loops run over in steps of CHUNK lanes: what is written too far is
 * overwritten by the segment or row that follows, because both ascend.
 */
#include "conv.h"

#define CHUNK	16

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t lutna_pack_segments(const struct lutna_lanes *g, size_t first,
			   size_t lanes, struct lutna_segment *seg)
{
	const struct lutna_conv *c = g->conv;
	size_t run = g->n_inner ? g->n : g->ow;
	size_t rows = g->n_inner ? g->ow : g->oh;
	size_t at = first % run, row = first / run;
	size_t inner = row % rows, outer = row / rows, n = 0;

	for (size_t lane = 0; lane < lanes; n++) {
		size_t len = min_size(run - at, lanes - lane);
		size_t oy = g->n_inner ? outer : inner;
		size_t ox = g->n_inner ? inner : at;

		seg[n].lane = lane;
		seg[n].len = len;
		seg[n].y = (int64_t)(oy * c->stride_h) - c->pad_top;
		seg[n].x = (int64_t)(ox * c->stride_w) - c->pad_left;
		seg[n].base = g->n_inner ? at : outer * g->h * g->w;
		lane += len;
		at = 0;
		if (++inner == rows) {
			inner = 0;
			outer++;
		}
	}
	return n;
}

static inline void fill(int16_t *dst, size_t n, int16_t value)
{
	for (size_t i = 0; i < n; i += CHUNK)
		for (int j = 0; j < CHUNK; j++)
			dst[i + j] = value;
}

static inline void widen(int16_t *restrict dst, const uint8_t *restrict src,
			 size_t n, uint8_t keep, uint8_t put)
{
	for (size_t i = 0; i < n; i += CHUNK)
		for (int j = 0; j < CHUNK; j++)
			dst[i + j] = (src[i + j] & keep) | put;
}

/* Lanes of a row of the output, one image: neighbours are @step apart. */
static inline void row_x(int16_t *dst, const uint8_t *line, int64_t x,
			 size_t width, size_t len, size_t step, uint8_t keep,
			 uint8_t put, int16_t pad)
{
	size_t from = 0, to = 0;

	if (x < 0)
		from = min_size(len, step == 1 ? (size_t)-x
					       : ((size_t)-x + step - 1) / step);
	if (x < (int64_t)width)
		to = min_size(len, step == 1 ? (size_t)(width - x)
					     : (size_t)(width - 1 - x) / step + 1);
	if (to < from)
		to = from;

	if (from)
		fill(dst, from, pad);
	if (step == 1) {
		if (to > from)
			widen(dst + from, line + x + (int64_t)from, to - from,
			      keep, put);
	} else {
		for (size_t i = from; i < to; i++)
			dst[i] = (line[x + (int64_t)(i * step)] & keep) | put;
	}
	if (len > to)
		fill(dst + to, len - to, pad);
}

void lutna_pack_row(const struct lutna_lanes *g,
		    const struct lutna_segment *seg, size_t segs,
		    const uint8_t *in, uint32_t k, int16_t *row)
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
			fill(dst, seg[i].len, pad);
		else if (g->n_inner)
			widen(dst, in + (y * g->w + x) * g->n + seg[i].base,
			      seg[i].len, keep, put);
		else
			row_x(dst, in + seg[i].base + y * g->w, x, g->w,
			      seg[i].len, c->stride_w, keep, put, pad);
	}
}
