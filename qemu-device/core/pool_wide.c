// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pooling in time that does not depend on the size of the window.  Sums slide:
 * what enters is added, what leaves is subtracted.  Maxima are van Herk's: the
 * line is cut into pieces as long as the window, and any window is the end of
 * one piece and the beginning of the next.
 */
#include <string.h>

#include "ops.h"
#include "tensor.h"

/* Sliding along one axis of a plane */
struct axis {
	size_t n;	/* inputs */
	size_t out;	/* windows */
	size_t kernel;
	size_t stride;
	size_t pad;
};

struct span {
	size_t from;
	size_t to;	/* behind the last */
};

static struct span window_of(const struct axis *a, size_t i)
{
	size_t at = i * a->stride, end = at + a->kernel - a->pad;

	return (struct span) {
		at > a->pad ? at - a->pad : 0, end < a->n ? end : a->n,
	};
}

/* What a plane's rows need while they slide */
struct plane {
	struct lutna_run *run;
	const struct lutna_pool *pool;
	struct axis x;
	struct axis y;
	uint64_t *sum;		/* of each column's window; x.out */
	uint8_t *line;		/* horizontal maxima; y.n rows of x.out */
	uint8_t *prefix;	/* as many */
	uint8_t *edge;		/* prefix of one input row; x.n */
	uint8_t *row;		/* one input row; x.n */
};

/* Adds (or takes away) the horizontal sums of input row @src. */
static int slide_row(struct plane *p, const uint8_t *src, bool add)
{
	size_t from = 0, to = 0;
	uint32_t sum = 0;

	for (size_t i = 0; i < p->x.out; i++) {
		struct span w = window_of(&p->x, i);

		while (to < w.to)
			sum += src[to++];
		while (from < w.from)
			sum -= src[from++];
		p->sum[i] += add ? sum : -(uint64_t)sum;
	}
	return lutna_run_tick(p->run, 2 * (p->x.n + p->x.out));
}

static int average_plane(struct plane *p, const uint8_t *in, uint8_t *out)
{
	size_t from = 0, to = 0;
	int rc = 0;

	memset(p->sum, 0, p->x.out * sizeof(*p->sum));
	for (size_t oy = 0; oy < p->y.out && !rc; oy++) {
		struct span w = window_of(&p->y, oy);

		for (; to < w.to && !rc; to++)
			rc = slide_row(p, in + to * p->x.n, true);
		for (; from < w.from && !rc; from++)
			rc = slide_row(p, in + from * p->x.n, false);
		for (size_t ox = 0; ox < p->x.out; ox++) {
			struct span c = window_of(&p->x, ox);

			*out++ = lutna_pool_average(p->pool, p->sum[ox],
						    (w.to - w.from) *
						    (c.to - c.from));
		}
		if (!rc)
			rc = lutna_run_tick(p->run, 20 * p->x.out);
	}
	return rc;
}

static void max_into(uint8_t *dst, const uint8_t *a, const uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		dst[i] = a[i] > b[i] ? a[i] : b[i];
}

/*
 * Turns @line, @a->n vectors of @lanes bytes, into maxima up to the end of each
 * piece, and @prefix into those from its beginning.
 */
static int cut(struct lutna_run *run, const struct axis *a, size_t lanes,
	       uint8_t *line, uint8_t *prefix)
{
	size_t left = 0;
	int rc = 0;

	for (size_t i = 0; i < a->n && !rc; i++) {
		uint8_t *to = prefix + i * lanes;

		if (left--) {
			max_into(to, to - lanes, line + i * lanes, lanes);
		} else {
			memcpy(to, line + i * lanes, lanes);
			left = a->kernel - 1;
		}
		rc = lutna_run_tick(run, lanes);
	}
	for (size_t i = a->n - 1; i-- > 0 && !rc;) {
		if ((i + 1) % a->kernel)
			max_into(line + i * lanes, line + i * lanes,
				 line + (i + 1) * lanes, lanes);
		rc = lutna_run_tick(run, lanes);
	}
	return rc;
}

/* The maxima of window @w, from what cut() left */
static void look(const struct axis *a, struct span w, size_t lanes,
		 const uint8_t *line, const uint8_t *prefix, uint8_t *dst)
{
	const uint8_t *end = line + w.from * lanes;
	const uint8_t *begin = prefix + (w.to - 1) * lanes;

	if (w.from / a->kernel != (w.to - 1) / a->kernel)
		max_into(dst, end, begin, lanes);
	else
		/* A window inside a piece is clipped at one of its ends. */
		memcpy(dst, w.from % a->kernel ? end : begin, lanes);
}

static int max_plane(struct plane *p, const uint8_t *in, uint8_t *out)
{
	const struct lutna_pool *pool = p->pool;
	int rc = 0;

	for (size_t y = 0; y < p->y.n && !rc; y++) {
		memcpy(p->row, in + y * p->x.n, p->x.n);
		rc = cut(p->run, &p->x, 1, p->row, p->edge);
		for (size_t i = 0; i < p->x.out; i++)
			look(&p->x, window_of(&p->x, i), 1, p->row, p->edge,
			     p->line + y * p->x.out + i);
		if (!rc)
			rc = lutna_run_tick(p->run, 4 * p->x.out);
	}
	if (!rc)
		rc = cut(p->run, &p->y, p->x.out, p->line, p->prefix);
	for (size_t oy = 0; oy < p->y.out && !rc; oy++, out += p->x.out) {
		look(&p->y, window_of(&p->y, oy), p->x.out, p->line, p->prefix,
		     out);
		for (size_t i = 0; i < p->x.out; i++) {
			if (out[i] < pool->out_min)
				out[i] = pool->out_min;
			if (out[i] > pool->out_max)
				out[i] = pool->out_max;
		}
		rc = lutna_run_tick(p->run, 2 * p->x.out);
	}
	return rc;
}

static int allocate(struct plane *p)
{
	size_t lines = p->y.n * p->x.out;
	bool max = p->pool->mode == LUTNA_POOL_MAX;

	p->sum = lutna_run_scratch(p->run, LUTNA_SCRATCH_ACC,
				   p->x.out * sizeof(*p->sum));
	p->row = lutna_run_scratch(p->run, LUTNA_SCRATCH_BLOCK,
				   max ? 2 * p->x.n + 2 * lines : 1);
	if (!p->sum || !p->row)
		return LUTNA_FAULT_INTERNAL;
	p->edge = p->row + p->x.n;
	p->line = p->edge + p->x.n;
	p->prefix = p->line + lines;
	return 0;
}

static int pool_planes(struct plane *p, const uint8_t *in, uint8_t *out)
{
	size_t planes = (size_t)p->pool->in.dim[LUTNA_DIM_N] *
			p->pool->in.dim[LUTNA_DIM_C];
	int rc = 0;

	for (size_t i = 0; i < planes && !rc; i++) {
		if (p->pool->mode == LUTNA_POOL_MAX)
			rc = max_plane(p, in, out);
		else
			rc = average_plane(p, in, out);
		in += p->y.n * p->x.n;
		out += p->y.out * p->x.out;
	}
	return rc;
}

int lutna_pool_wide(struct lutna_run *run, const struct lutna_pool *p)
{
	static const uint8_t order[LUTNA_DIMS] = {
		LUTNA_DIM_N, LUTNA_DIM_C, LUTNA_DIM_H, LUTNA_DIM_W,
	};
	struct plane plane = {
		.run = run, .pool = p,
		.x = { p->in.dim[LUTNA_DIM_W], p->out.dim[LUTNA_DIM_W],
		       p->kernel_w, p->stride_w, p->pad_left },
		.y = { p->in.dim[LUTNA_DIM_H], p->out.dim[LUTNA_DIM_H],
		       p->kernel_h, p->stride_h, p->pad_top },
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
		rc = allocate(&plane);
	if (!rc)
		rc = pool_planes(&plane, in, out);
	return rc ? rc : lutna_tensor_scatter(run, &p->out, out, out_stride);
}
