// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pooling.  Images and channels all go the same way, so they are the lanes of
 * the dense copy: [row][column][lane].
 */
#include "ops.h"
#include "tensor.h"

/* Lanes that are worked on at once; loops run over into what comes later. */
#define CHUNK		32
/*
 * How often an input may be looked at before lutna_pool_wide() is cheaper.  With
 * strides of at most 255 a window has no more than 16 * 255^2 inputs then, so
 * that sums fit 32 bits.
 */
#define MAX_OVERLAP	16

struct window {
	size_t y, y_end, x, x_end;
};

/*
 * floor((S * mult + count * 2^(shift-1)) / (count * 2^shift)), all in 64 bits:
 * dividing by count first and by 2^shift then is the same, because both round
 * down; S / count is below 256 in magnitude.
 */
uint8_t lutna_pool_average(const struct lutna_pool *p, uint64_t sum,
			   uint64_t inside)
{
	int64_t count = p->mode == LUTNA_POOL_AVG_PAD ?
			(int64_t)p->kernel_h * p->kernel_w : (int64_t)inside;
	int64_t s = (int64_t)sum - (int64_t)(inside * p->in.zero_point);
	int64_t whole = s / count, rest = s % count, v;

	if (rest < 0) {
		rest += count;
		whole--;
	}
	v = whole * p->mult + (int64_t)((uint64_t)rest * p->mult / count);
	v = (v + (1LL << (p->shift - 1))) >> p->shift;
	v += p->out.zero_point;
	if (v < p->out_min)
		return p->out_min;
	if (v > p->out_max)
		return p->out_max;
	return v;
}

static size_t clip(int64_t v, size_t end)
{
	return v < 0 ? 0 : (size_t)v < end ? (size_t)v : end;
}

static struct window window_at(const struct lutna_pool *p, size_t oy, size_t ox)
{
	int64_t y = (int64_t)(oy * p->stride_h) - p->pad_top;
	int64_t x = (int64_t)(ox * p->stride_w) - p->pad_left;
	size_t h = p->in.dim[LUTNA_DIM_H], w = p->in.dim[LUTNA_DIM_W];

	return (struct window) {
		clip(y, h), clip(y + p->kernel_h, h),
		clip(x, w), clip(x + p->kernel_w, w),
	};
}

/* The largest of each lane over a row of the window */
static void max_row(uint8_t *restrict best, const uint8_t *restrict src,
		    size_t n, size_t pitch)
{
	for (; n--; src += pitch)
		for (int i = 0; i < CHUNK; i++)
			best[i] = src[i] > best[i] ? src[i] : best[i];
}

static void sum_row(uint32_t *restrict sum, const uint8_t *restrict src,
		    size_t n, size_t pitch)
{
	for (; n--; src += pitch)
		for (int i = 0; i < CHUNK; i++)
			sum[i] += src[i];
}

static int max_chunk(struct lutna_run *run, const struct lutna_pool *p,
		     const struct window *win, const uint8_t *in, size_t pitch,
		     uint8_t *dst)
{
	size_t n = win->x_end - win->x, width = p->in.dim[LUTNA_DIM_W];
	uint8_t best[CHUNK] = { 0 };

	for (size_t y = win->y; y < win->y_end; y++) {
		int rc = lutna_run_tick(run, 2 * n + 4);

		if (rc)
			return rc;
		max_row(best, in + (y * width + win->x) * pitch, n, pitch);
	}
	for (int i = 0; i < CHUNK; i++) {
		uint8_t v = best[i] > p->out_min ? best[i] : p->out_min;

		dst[i] = v < p->out_max ? v : p->out_max;
	}
	return 0;
}

static int average_chunk(struct lutna_run *run, const struct lutna_pool *p,
			 const struct window *win, const uint8_t *in,
			 size_t pitch, uint8_t *dst, size_t lanes)
{
	size_t n = win->x_end - win->x, width = p->in.dim[LUTNA_DIM_W];
	size_t inside = n * (win->y_end - win->y);
	uint32_t sum[CHUNK] = { 0 };

	for (size_t y = win->y; y < win->y_end; y++) {
		int rc = lutna_run_tick(run, 4 * n + 4);

		if (rc)
			return rc;
		sum_row(sum, in + (y * width + win->x) * pitch, n, pitch);
	}
	for (size_t i = 0; i < CHUNK && i < lanes; i++)
		dst[i] = lutna_pool_average(p, sum[i], inside);
	return lutna_run_tick(run, 20 * CHUNK);
}

static int pool_lanes(struct lutna_run *run, const struct lutna_pool *p,
		      const uint8_t *in, uint8_t *out, size_t lanes)
{
	size_t oh = p->out.dim[LUTNA_DIM_H], ow = p->out.dim[LUTNA_DIM_W];
	bool max = p->mode == LUTNA_POOL_MAX;

	for (size_t oy = 0; oy < oh; oy++) {
		for (size_t ox = 0; ox < ow; ox++, out += lanes) {
			struct window win = window_at(p, oy, ox);
			int rc = 0;

			for (size_t l = 0; l < lanes && !rc; l += CHUNK)
				rc = max ? max_chunk(run, p, &win, in + l,
						     lanes, out + l)
					 : average_chunk(run, p, &win, in + l,
							 lanes, out + l,
							 lanes - l);
			if (rc)
				return rc;
		}
	}
	return 0;
}

static bool is_wide(const struct lutna_pool *p)
{
	uint64_t h = p->in.dim[LUTNA_DIM_H], w = p->in.dim[LUTNA_DIM_W];
	uint32_t kh = p->kernel_h < h ? p->kernel_h : h;
	uint32_t kw = p->kernel_w < w ? p->kernel_w : w;
	uint64_t overlap = (uint64_t)((kh - 1) / p->stride_h + 1) *
			   ((kw - 1) / p->stride_w + 1);

	return overlap > MAX_OVERLAP;
}

static int pool_direct(struct lutna_run *run, const struct lutna_pool *p)
{
	bool n_outer = p->in.stride[LUTNA_DIM_N] >= p->in.stride[LUTNA_DIM_C];
	uint8_t order[LUTNA_DIMS] = {
		LUTNA_DIM_H, LUTNA_DIM_W,
		n_outer ? LUTNA_DIM_N : LUTNA_DIM_C,
		n_outer ? LUTNA_DIM_C : LUTNA_DIM_N,
	};
	size_t in_stride[LUTNA_DIMS], out_stride[LUTNA_DIMS];
	uint8_t *in, *out;
	int rc;

	in = lutna_run_scratch(run, LUTNA_SCRATCH_IN, p->in.count);
	out = lutna_run_scratch(run, LUTNA_SCRATCH_OUT, p->out.count);
	if (!in || !out)
		return LUTNA_FAULT_INTERNAL;
	lutna_tensor_dense(&p->in, order, in_stride);
	lutna_tensor_dense(&p->out, order, out_stride);
	rc = lutna_tensor_gather(run, &p->in, in, in_stride);
	if (!rc)
		rc = pool_lanes(run, p, in, out, (size_t)p->in.dim[LUTNA_DIM_N] *
						 p->in.dim[LUTNA_DIM_C]);
	return rc ? rc : lutna_tensor_scatter(run, &p->out, out, out_stride);
}

int lutna_op_pool(struct lutna_run *run, const struct lutna_pool *p)
{
	return is_wide(p) ? lutna_pool_wide(run, p) : pool_direct(run, p);
}
