// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which activations the lanes of a block need.
 */
#include "pack.h"

size_t lutna_pack_segments(const struct lutna_lanes *g, size_t first,
			   size_t lanes, struct lutna_segment *seg)
{
	const struct lutna_conv *c = g->conv;
	size_t run = g->n_inner ? g->n : g->ow;
	size_t rows = g->n_inner ? g->ow : g->oh;
	size_t at = first % run, row = first / run;
	size_t inner = row % rows, outer = row / rows, n = 0;

	for (size_t lane = 0; lane < lanes; n++) {
		size_t len = lutna_min(run - at, lanes - lane);
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
