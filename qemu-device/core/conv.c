// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fast convolution: blocks of lanes are packed and then met with the
 * weights of up to LUTNA_BLOCK_CHANNELS output channels.
 */
#include <endian.h>

#include "conv.h"
#include "tensor.h"

/* Channels that one call of the dense kernel serves, between two ticks */
#define DENSE_CHANNELS	4
/* Rows of an image that are this long pack well by themselves. */
#define LONG_ROW	32

struct job {
	struct lutna_run *run;
	const struct lutna_conv *conv;
	const struct lutna_kernels *kernels;
	const struct lutna_requant *channels;
	struct lutna_lanes lanes;
	struct lutna_clamp clamp;
	struct lutna_plan plan;
	size_t lane_pitch;
	const uint8_t *in;
	uint8_t *out;
	int16_t *block;
	uint32_t *acc;
};

/* The dense copies of input and output have the same order. */
static const uint8_t order_n_inner[LUTNA_DIMS] = {
	LUTNA_DIM_C, LUTNA_DIM_H, LUTNA_DIM_W, LUTNA_DIM_N,
};

static const uint8_t order_x_inner[LUTNA_DIMS] = {
	LUTNA_DIM_C, LUTNA_DIM_N, LUTNA_DIM_H, LUTNA_DIM_W,
};

static bool is_pointwise(const struct lutna_conv *c)
{
	return c->kernel_h == 1 && c->kernel_w == 1 && c->stride_h == 1 &&
	       c->stride_w == 1 && !c->pad_top && !c->pad_left &&
	       c->in.dim[LUTNA_DIM_H] == c->out.dim[LUTNA_DIM_H] &&
	       c->in.dim[LUTNA_DIM_W] == c->out.dim[LUTNA_DIM_W];
}

/* Packing copies what lies together: images of one place, or places of a row. */
static bool want_n_inner(const struct lutna_conv *c)
{
	uint32_t n = c->in.dim[LUTNA_DIM_N], ow = c->out.dim[LUTNA_DIM_W];

	if (ow >= LONG_ROW && c->stride_w == 1 &&
	    c->in.stride[LUTNA_DIM_N] != 1)
		return false;
	return n > ow || n >= LONG_ROW;
}

static void set_lanes(struct lutna_lanes *g, const struct lutna_conv *c)
{
	uint8_t seen = 0xff >> (8 - c->act_bits);
	uint8_t low = (1 << (2 * c->approx_digits)) - 1;

	g->conv = c;
	g->n_inner = want_n_inner(c);
	g->n = c->in.dim[LUTNA_DIM_N];
	g->h = c->in.dim[LUTNA_DIM_H];
	g->w = c->in.dim[LUTNA_DIM_W];
	g->oh = c->out.dim[LUTNA_DIM_H];
	g->ow = c->out.dim[LUTNA_DIM_W];
	g->in_plane = g->n * g->h * g->w;
	g->count = g->n * g->oh * g->ow;
	if (is_pointwise(c)) {
		g->n_inner = false;
		g->n = 1;
		g->h = 1;
		g->oh = 1;
		g->w = g->in_plane;
		g->ow = g->in_plane;
	}
	g->keep = seen & ~low;
	g->put = c->approx == LUTNA_APPROX_W ? low / 3 : 0;
}

static int read_input(struct job *j, const uint8_t *order)
{
	const struct lutna_view *v = &j->conv->in;
	size_t stride[LUTNA_DIMS];
	uint8_t *in;

	in = lutna_run_scratch(j->run, LUTNA_SCRATCH_IN, v->count);
	if (!in)
		return LUTNA_FAULT_INTERNAL;
	j->in = in;
	lutna_tensor_dense(v, order, stride);
	return lutna_tensor_gather(j->run, v, in, stride);
}

static int allocate(struct job *j)
{
	const struct lutna_view *v = &j->conv->out;
	size_t block = LUTNA_BLOCK_ROWS * j->lane_pitch * sizeof(*j->block);
	size_t acc = LUTNA_BLOCK_CHANNELS * j->lane_pitch * sizeof(*j->acc);

	j->out = lutna_run_scratch(j->run, LUTNA_SCRATCH_OUT,
				   v->count * v->elem);
	j->block = lutna_run_scratch(j->run, LUTNA_SCRATCH_BLOCK, block);
	j->acc = lutna_run_scratch(j->run, LUTNA_SCRATCH_ACC, acc);
	return j->out && j->block && j->acc ? 0 : LUTNA_FAULT_INTERNAL;
}

static int pack(struct job *j, const struct lutna_tile *t,
		const struct lutna_segment *seg, size_t segs, uint32_t group)
{
	const uint8_t *in = j->in +
			    group * j->conv->in_per_group * j->lanes.in_plane;
	int rc = 0;

	for (uint32_t i = 0; i < t->rows && !rc; i++) {
		j->kernels->pack(&j->lanes, seg, segs, in,
				 j->plan.row[t->row + i],
				 j->block + i * j->lane_pitch);
		rc = lutna_run_tick(j->run, j->lane_pitch / 4 + 8 * segs);
	}
	return rc;
}

static int multiply_sparse(struct job *j, const struct lutna_tile *t,
			   size_t lanes, uint32_t c, uint32_t *acc, bool add)
{
	const uint32_t *index = j->plan.index + t->index + c;

	if (index[0] == index[1] && add)
		return 0;
	j->kernels->sparse(acc, j->block, j->plan.pair + index[0],
			   index[1] - index[0], lanes, add);
	return lutna_run_tick(j->run, (index[1] - index[0]) * lanes);
}

static int multiply_dense(struct job *j, const struct lutna_tile *t,
			  size_t lanes, uint32_t c, uint32_t n, uint32_t *acc,
			  bool add)
{
	j->kernels->dense(acc, j->lane_pitch, j->block, j->lane_pitch,
			  j->plan.dense + t->dense + c * t->pitch, t->pitch,
			  t->pitch, n, lanes, add);
	return lutna_run_tick(j->run, (size_t)n * t->pitch * lanes / 2);
}

static int multiply(struct job *j, const struct lutna_tile *t, size_t lanes,
		    bool add)
{
	bool sparse = j->plan.w->format == LUTNA_WEIGHT_COMPRESSED;
	uint32_t n, channels = j->plan.channels;
	int rc = 0;

	for (uint32_t c = 0; c < channels && !rc; c += n) {
		uint32_t *acc = j->acc + c * j->lane_pitch;

		n = sparse ? 1 : DENSE_CHANNELS;
		if (n > channels - c)
			n = channels - c;
		rc = sparse ? multiply_sparse(j, t, lanes, c, acc, add)
			    : multiply_dense(j, t, lanes, c, n, acc, add);
	}
	return rc;
}

/* What no weight is added to */
static void clear_acc(struct job *j, size_t lanes)
{
	for (uint32_t c = 0; c < j->plan.channels; c++)
		memset(j->acc + c * j->lane_pitch, 0, lanes * sizeof(*j->acc));
}

static void store(struct job *j, size_t first, size_t used)
{
	for (uint32_t c = 0; c < j->plan.channels; c++) {
		const struct lutna_requant *q = &j->channels[j->plan.first + c];
		const uint32_t *acc = j->acc + c * j->lane_pitch;
		size_t at = (j->plan.first + c) * j->lanes.count + first;

		if (j->conv->out.type == LUTNA_TYPE_U8) {
			j->kernels->requant(j->out + at, acc, used, q,
					    &j->clamp);
			continue;
		}
		for (size_t l = 0; l < used; l++) {
			uint32_t v = htole32(acc[l] + q->bias);

			memcpy(j->out + 4 * (at + l), &v, sizeof(v));
		}
	}
}

/* One block of lanes for the channels of the plan */
static int convolve_block(struct job *j, size_t first, uint32_t group)
{
	struct lutna_segment seg[LUTNA_BLOCK_LANES];
	size_t used = j->lanes.count - first, lanes, segs;
	bool more = true, add = false;
	int rc = 0;

	if (used > j->lane_pitch)
		used = j->lane_pitch;
	lanes = (used + LUTNA_LANE_UNIT - 1) & ~(LUTNA_LANE_UNIT - 1UL);
	segs = lutna_pack_segments(&j->lanes, first, used, seg);

	if (!j->plan.whole) {
		rc = lutna_plan_begin(&j->plan, j->run, j->plan.first,
				      j->plan.channels);
		if (!rc)
			rc = lutna_plan_next(&j->plan, j->run, &more);
	}
	while (more && !rc) {
		for (uint32_t t = 0; t < j->plan.tiles && !rc; t++) {
			rc = pack(j, &j->plan.tile[t], seg, segs, group);
			if (!rc)
				rc = multiply(j, &j->plan.tile[t], lanes, add);
			add = true;
		}
		if (j->plan.whole || rc)
			break;
		rc = lutna_plan_next(&j->plan, j->run, &more);
	}
	if (rc)
		return rc;
	if (!add)
		clear_acc(j, lanes);
	store(j, first, used);
	return lutna_run_tick(j->run, used * j->plan.channels * 2);
}

static int convolve(struct job *j)
{
	const struct lutna_conv *c = j->conv;
	uint32_t n;
	int rc = 0;

	for (uint32_t oc = 0; oc < c->out.dim[LUTNA_DIM_C] && !rc; oc += n) {
		uint32_t group = oc / c->out_per_group;
		bool more;

		n = (group + 1) * c->out_per_group - oc;
		if (n > LUTNA_BLOCK_CHANNELS)
			n = LUTNA_BLOCK_CHANNELS;
		rc = lutna_plan_begin(&j->plan, j->run, oc, n);
		if (!rc)
			rc = lutna_plan_next(&j->plan, j->run, &more);
		for (size_t l = 0; l < j->lanes.count && !rc;
		     l += j->lane_pitch)
			rc = convolve_block(j, l, group);
	}
	return rc;
}

int lutna_conv_fast(struct lutna_run *run, const struct lutna_conv *c,
		    const struct lutna_weights *w,
		    const struct lutna_requant *channels,
		    const struct lutna_kernels *kernels)
{
	struct job j = {
		.run = run, .conv = c, .kernels = kernels,
		.channels = channels,
		.clamp = { c->out.zero_point, c->out_min, c->out_max },
	};
	size_t stride[LUTNA_DIMS];
	const uint8_t *order;
	int rc;

	set_lanes(&j.lanes, c);
	j.lane_pitch = (j.lanes.count + LUTNA_LANE_UNIT - 1) &
		       ~(LUTNA_LANE_UNIT - 1UL);
	if (j.lane_pitch > LUTNA_BLOCK_LANES)
		j.lane_pitch = LUTNA_BLOCK_LANES;
	order = j.lanes.n_inner ? order_n_inner : order_x_inner;

	rc = read_input(&j, order);
	if (!rc)
		rc = allocate(&j);
	if (!rc)
		rc = lutna_plan_init(&j.plan, run, c, w, j.lane_pitch);
	if (!rc)
		rc = convolve(&j);
	if (rc)
		return rc;
	lutna_tensor_dense(&c->out, order, stride);
	return lutna_tensor_scatter(run, &c->out, j.out, stride);
}
