/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two ways to compute a convolution, and the parts of the fast one.
 */
#ifndef LUTNA_CORE_CONV_H
#define LUTNA_CORE_CONV_H

#include "decode.h"
#include "kernel.h"
#include "run.h"
#include "weights.h"

/* Lanes of a block: with LUTNA_BLOCK_ROWS rows it stays in a L2 cache. */
#define LUTNA_BLOCK_LANES	256
#define LUTNA_BLOCK_ROWS	1024
/* Output channels that share one packed block */
#define LUTNA_BLOCK_CHANNELS	256

/**
 * lutna_conv_fast() - read activations, convolve by @kernels, write the result
 * @run: command
 * @c: convolution
 * @w: its weights
 * @channels: one for each output channel
 * @kernels: inner loops
 *
 * Return: 0 or the fault that is in @run->fault too.
 */
int lutna_conv_fast(struct lutna_run *run, const struct lutna_conv *c,
		    const struct lutna_weights *w,
		    const struct lutna_requant *channels,
		    const struct lutna_kernels *kernels);

/**
 * lutna_conv_literal() - the same by digits looked up in stored words
 *
 * Shares nothing with lutna_conv_fast() behind this interface.
 */
int lutna_conv_literal(struct lutna_run *run, const struct lutna_conv *c,
		       const struct lutna_weights *w,
		       const struct lutna_requant *channels);

/**
 * struct lutna_lanes - the order of lanes, and where their activations are
 * @n_inner: lanes are (oy, ox, n), else (n, oy, ox); the dense input and output
 *	have the channel outside that
 * @n: images
 * @h: input rows
 * @w: input columns
 * @oh: output rows
 * @ow: output columns
 * @in_plane: activations of an input channel
 * @count: lanes of an output channel
 * @conv: the rest; its shapes are not those above where a convolution could
 *	be simplified
 * @keep: activation bits that a unit looks at exactly
 * @put: what stands in the low bits instead
 */
struct lutna_lanes {
	bool n_inner;
	size_t n;
	size_t h;
	size_t w;
	size_t oh;
	size_t ow;
	size_t in_plane;
	size_t count;
	const struct lutna_conv *conv;
	uint8_t keep;
	uint8_t put;
};

/**
 * struct lutna_segment - lanes of a block whose activations are neighbours
 * @lane: first, counted from the block's first
 * @len: lanes
 * @y: input row for kernel row 0; may lie outside
 * @x: input column of the first lane for kernel column 0; may lie outside
 * @base: of the image (n_inner: the first image) in a plane
 */
struct lutna_segment {
	uint32_t lane;
	uint32_t len;
	int64_t y;
	int64_t x;
	size_t base;
};

/** lutna_pack_segments() - cut @lanes lanes from @first on; returns how many */
size_t lutna_pack_segments(const struct lutna_lanes *g, size_t first,
			   size_t lanes, struct lutna_segment *seg);

/**
 * struct lutna_tile - weights of some output channels at up to
 *		       LUTNA_BLOCK_ROWS positions
 * @row: first of its positions in lutna_plan.row
 * @rows: positions that meet a weight
 * @index: compressed: where in lutna_plan.index its channels' pairs begin
 * @dense: dense: where in lutna_plan.dense its weights begin
 * @pitch: dense: from one channel to the next
 */
struct lutna_tile {
	uint32_t row;
	uint32_t rows;
	uint32_t index;
	uint32_t dense;
	uint32_t pitch;
};

#define LUTNA_PLAN_TILES	64

/**
 * struct lutna_plan - weights of up to LUTNA_BLOCK_CHANNELS output channels in
 *		       the kernels' order
 * @w: weights
 * @conv: convolution
 * @first: output channel
 * @channels: how many
 * @lane_pitch: activations from one row of the block to the next
 * @row: position of each row
 * @index: first pair of each channel in each tile, and the end
 * @pair: compressed weights
 * @dense: dense weights
 * @tile: tiles, ascending by position
 * @tiles: how many there are
 * @fresh: nothing was built since lutna_plan_begin()
 * @whole: the part at hand is all that there is
 * @k: position where the next part begins
 * @rows: rows used
 * @indices: indices used
 * @used: pairs used, or dense weights
 * @map: from a position of the tile under construction to its row
 * @cursor: each channel's place in the compressed weights
 *
 * Memory is bounded whatever the number of weights: a plan that does not fit
 * comes in parts.
 */
struct lutna_plan {
	const struct lutna_weights *w;
	const struct lutna_conv *conv;
	uint32_t first;
	uint32_t channels;
	size_t lane_pitch;
	uint32_t *row;
	uint32_t *index;
	struct lutna_pair *pair;
	int16_t *dense;
	struct lutna_tile tile[LUTNA_PLAN_TILES];
	uint32_t tiles;
	bool fresh;
	bool whole;
	uint32_t k;
	uint32_t rows;
	uint32_t indices;
	uint32_t used;
	uint16_t map[LUTNA_BLOCK_ROWS];
	struct lutna_cursor cursor[LUTNA_BLOCK_CHANNELS];
};

/** lutna_plan_init() - allocate for @c; returns 0 or a fault */
int lutna_plan_init(struct lutna_plan *p, struct lutna_run *run,
		    const struct lutna_conv *c, const struct lutna_weights *w,
		    size_t lane_pitch);

/**
 * lutna_plan_begin() - start again, with @channels channels from @first on
 *
 * Return: 0 or LUTNA_FAULT_ABORTED.
 */
int lutna_plan_begin(struct lutna_plan *p, struct lutna_run *run,
		     uint32_t first, uint32_t channels);

/**
 * lutna_plan_next() - build the next part
 * @p: plan
 * @run: command
 * @more: set to whether there was one
 *
 * Return: 0 or LUTNA_FAULT_ABORTED.
 */
int lutna_plan_next(struct lutna_plan *p, struct lutna_run *run, bool *more);

#endif /* LUTNA_CORE_CONV_H */
