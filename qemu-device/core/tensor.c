// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A tensor moves in blocks.  A block is the dimensions of the smallest strides
 * of guest memory, as many as lie close together, times one more dimension
 * (rows), and passes through a stage that is laid out like guest memory.  So
 * guest memory sees few long accesses, and a change of layout happens between
 * the stage and the dense copy, in caches.
 */
#include <string.h>

#include "tensor.h"
#include "transpose.h"

/* Gaps up to this are read along; an access of its own would cost more. */
#define GAP		64
#define BLOCK_ELEMS	4096
#define BLOCK_BYTES	16384
#define BLOCK_ROWS	64
/* One dimension that is dense on both sides needs no stage. */
#define DIRECT_MIN	256
#define DIRECT_BYTES	(1024 * 1024)
/* Keeps the stage's rows off one another's cache sets. */
#define ROW_PAD		64

/* Strides in bytes: @g of guest memory, @h of the dense copy */
struct dim {
	size_t size;
	size_t g;
	size_t h;
};

/* A dimension outside the block, walked @step elements at a time */
struct outer {
	struct dim dim;
	size_t step;
	size_t at;
};

struct block {
	struct dim dim[LUTNA_DIMS + 1];	/* in the stage: @g of the stage */
	int dims;
	struct outer outer[LUTNA_DIMS + 1];
	int outers;
	struct outer *cut;		/* the outer part of dim[dims - 1] */
	struct outer *row_cut;		/* the outer part of the rows */
	struct dim row;			/* @g of guest memory */
	size_t elem;
	size_t span;			/* bytes of a row, uncut */
	size_t pitch;			/* of rows in the stage */
	bool gaps;			/* there are bytes between elements */
	bool direct;			/* no stage */
};

/* Sorted by guest stride and merged where both sides allow it. */
static int collect(const struct lutna_view *v, const size_t *stride,
		   struct dim *d)
{
	int n = 0, m = 0;

	for (int i = LUTNA_DIMS - 1; i >= 0; i--) {
		struct dim x = {
			v->dim[i], v->stride[i], stride[i] * v->elem
		};
		int j = n;

		if (x.size == 1)
			continue;
		for (; j && d[j - 1].g > x.g; j--)
			d[j] = d[j - 1];
		d[j] = x;
		n++;
	}
	if (!n)
		d[n++] = (struct dim){ 1, v->elem, v->elem };

	for (int i = 1; i < n; i++) {
		if (d[i].g == d[m].size * d[m].g &&
		    d[i].h == d[m].size * d[m].h)
			d[m].size *= d[i].size;
		else
			d[++m] = d[i];
	}
	return m + 1;
}

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

static struct outer *add_outer(struct block *b, struct dim d, size_t step)
{
	struct outer *o = &b->outer[b->outers++];

	o->dim = d;
	o->step = step;
	o->at = 0;
	return o;
}

/* Takes dimensions from @d into the block; returns how many. */
static int fill_block(struct block *b, const struct dim *d, int n, bool gather)
{
	size_t elems = 1, limit_elems = BLOCK_ELEMS, limit_bytes = BLOCK_BYTES;
	int i;

	b->direct = d[0].g == b->elem && d[0].h == b->elem &&
		    (n == 1 || d[0].size * b->elem >= DIRECT_MIN);
	if (b->direct) {
		limit_bytes = DIRECT_BYTES;
		limit_elems = DIRECT_BYTES / b->elem;
		n = 1;
	}

	b->span = b->elem;
	for (i = 0; i < n; i++) {
		size_t take = d[i].size;

		if (gather ? d[i].g > b->span + GAP : d[i].g != b->span)
			break;
		/* Better as rows, of which all 64 come before the next run. */
		if (d[i].h == b->elem && b->span >= DIRECT_MIN)
			break;
		if (d[i].g)
			take = min_size(take,
					(limit_bytes - b->span) / d[i].g + 1);
		take = min_size(take, limit_elems / elems);
		if (take < 2 && d[i].size > 1)
			break;
		if (d[i].g > b->span)
			b->gaps = true;
		b->dim[b->dims] = d[i];
		b->dim[b->dims++].size = take;
		b->span += (take - 1) * d[i].g;
		elems *= take;
		if (take < d[i].size) {
			b->cut = add_outer(b, d[i], take);
			i++;
			break;
		}
	}
	return i;
}

static void plan(struct block *b, const struct lutna_view *v,
		 const size_t *stride, bool gather)
{
	struct dim d[LUTNA_DIMS];
	int n = collect(v, stride, d), used, row;

	memset(b, 0, sizeof(*b));
	b->elem = v->elem;
	used = fill_block(b, d, n, gather);

	/* Rows along the copy's innermost dimension make long runs there. */
	row = used;
	for (int i = used; i < n; i++)
		if (d[i].h == b->elem)
			row = i;
	b->row = (struct dim){ 1, 0, 0 };
	for (int i = used; i < n; i++) {
		if (i != row || b->direct) {
			add_outer(b, d[i], 1);
			continue;
		}
		b->row = d[i];
		b->row.size = min_size(d[i].size, BLOCK_ROWS);
		b->row_cut = add_outer(b, d[i], b->row.size);
	}
	b->pitch = ((b->span + 63) & ~(size_t)63) + ROW_PAD;
}

/* One element at a time: only ever on the way to a fault. */
static int read_exact(struct lutna_run *run, const struct block *b,
		      uint64_t addr, uint8_t *dst)
{
	size_t at[LUTNA_DIMS + 1] = { 0 };
	int i;

	do {
		size_t off = 0;
		int rc;

		for (i = 0; i < b->dims; i++)
			off += at[i] * b->dim[i].g;
		rc = lutna_run_read(run, addr + off, dst + off, b->elem);
		if (!rc)
			rc = lutna_run_tick(run, 50);
		if (rc)
			return rc;
		for (i = 0; i < b->dims && ++at[i] == b->dim[i].size; i++)
			at[i] = 0;
	} while (i < b->dims);
	return 0;
}

static int read_row(struct lutna_run *run, const struct block *b,
		    uint64_t addr, uint8_t *dst, size_t len)
{
	int rc = lutna_run_read(run, addr, dst, len);

	if (rc && b->gaps && rc != LUTNA_FAULT_ABORTED)
		rc = read_exact(run, b, addr, dst);
	return rc;
}

/* The dimension in which neighbours touch, on one side or the other; or -1 */
static int find_unit(const struct dim *d, int n, size_t elem, bool host)
{
	for (int i = 0; i < n; i++)
		if ((host ? d[i].h : d[i].g) == elem)
			return i;
	return -1;
}

static void move_run(uint8_t *dst, size_t ds, const uint8_t *src, size_t ss,
		     size_t n, size_t elem)
{
	if (ds == elem && ss == elem) {
		memcpy(dst, src, n * elem);
	} else if (elem == 1) {
		for (size_t i = 0; i < n; i++)
			dst[i * ds] = src[i * ss];
	} else {
		for (size_t i = 0; i < n; i++)
			memcpy(dst + i * ds, src + i * ss, 4);
	}
}

/* @d: @g is the source's stride here and @h the destination's */
static int place(struct lutna_run *run, uint8_t *dst, const uint8_t *src,
		 const struct dim *d, int n, size_t elem)
{
	int to = find_unit(d, n, elem, true);
	int from = find_unit(d, n, elem, false);
	struct dim a, b = { 1, 0, 0 }, rest[LUTNA_DIMS + 1];
	size_t at[LUTNA_DIMS + 1] = { 0 };
	int rests = 0, i;

	if (to < 0)
		to = from < 0 ? 0 : from;
	a = d[to];
	if (from >= 0 && from != to && elem == 1)
		b = d[from];
	else
		from = to;
	for (i = 0; i < n; i++)
		if (i != to && i != from)
			rest[rests++] = d[i];

	do {
		const uint8_t *s = src;
		uint8_t *p = dst;
		int rc;

		for (i = 0; i < rests; i++) {
			s += at[i] * rest[i].g;
			p += at[i] * rest[i].h;
		}
		if (from != to)
			lutna_transpose(p, b.h, s, a.g, a.size, b.size);
		else
			move_run(p, a.h, s, a.g, a.size, elem);
		rc = lutna_run_tick(run, a.size * b.size / 2 + 4);
		if (rc)
			return rc;
		for (i = 0; i < rests && ++at[i] == rest[i].size; i++)
			at[i] = 0;
	} while (i < rests);
	return 0;
}

/* The block's dimensions and rows as the stage has them. */
static int stage_dims(const struct block *b, struct dim *d, bool gather)
{
	int n = 0;

	for (int i = 0; i < b->dims; i++)
		d[n++] = b->dim[i];
	if (b->row.size > 1)
		d[n++] = (struct dim){ b->row.size, b->pitch, b->row.h };
	if (!n)
		d[n++] = (struct dim){ 1, b->elem, b->elem };
	for (int i = 0; i < n && !gather; i++) {
		size_t t = d[i].g;

		d[i].g = d[i].h;
		d[i].h = t;
	}
	return n;
}

static int gather_block(struct lutna_run *run, const struct block *b,
			uint64_t addr, uint8_t *host, size_t span,
			uint8_t *stage)
{
	struct dim d[LUTNA_DIMS + 1];
	int rc;

	if (b->direct)
		return lutna_run_read(run, addr, host, span);
	for (size_t r = 0; r < b->row.size; r++) {
		rc = read_row(run, b, addr + r * b->row.g,
			      stage + r * b->pitch, span);
		if (rc)
			return rc;
	}
	return place(run, host, stage, d, stage_dims(b, d, true), b->elem);
}

static int scatter_block(struct lutna_run *run, const struct block *b,
			 uint64_t addr, const uint8_t *host, size_t span,
			 uint8_t *stage)
{
	struct dim d[LUTNA_DIMS + 1];
	int rc;

	if (b->direct)
		return lutna_run_write(run, addr, host, span);
	rc = place(run, stage, host, d, stage_dims(b, d, false), b->elem);
	for (size_t r = 0; r < b->row.size && !rc; r++) {
		rc = lutna_run_write(run, addr + r * b->row.g,
				     stage + r * b->pitch, span);
		if (!rc)
			rc = lutna_run_tick(run, 50);
	}
	return rc;
}

/* Cuts the block at its outer dimensions' ends; returns bytes of a row. */
static size_t trim(struct block *b)
{
	size_t span = b->span;

	if (b->cut) {
		struct dim *last = &b->dim[b->dims - 1];

		last->size = min_size(b->cut->step,
				      b->cut->dim.size - b->cut->at);
		span -= (b->cut->step - last->size) * last->g;
	}
	if (b->row_cut)
		b->row.size = min_size(b->row_cut->step,
				       b->row_cut->dim.size - b->row_cut->at);
	return span;
}

static int walk(struct lutna_run *run, const struct lutna_view *v,
		uint8_t *host, const size_t *stride, bool gather)
{
	uint8_t *stage = NULL;
	struct block b;
	int i;

	plan(&b, v, stride, gather);
	if (!b.direct) {
		stage = lutna_run_scratch(run, LUTNA_SCRATCH_STAGE,
					  b.pitch * b.row.size);
		if (!stage)
			return LUTNA_FAULT_INTERNAL;
	}

	do {
		size_t span = trim(&b), h = 0;
		uint64_t addr = v->addr;
		int rc;

		for (i = 0; i < b.outers; i++) {
			addr += (uint64_t)b.outer[i].at * b.outer[i].dim.g;
			h += b.outer[i].at * b.outer[i].dim.h;
		}
		rc = gather ? gather_block(run, &b, addr, host + h, span, stage)
			    : scatter_block(run, &b, addr, host + h, span, stage);
		if (!rc)
			rc = lutna_run_tick(run, 50);
		if (rc)
			return rc;
		for (i = 0; i < b.outers; i++) {
			b.outer[i].at += b.outer[i].step;
			if (b.outer[i].at < b.outer[i].dim.size)
				break;
			b.outer[i].at = 0;
		}
	} while (i < b.outers);
	return 0;
}

int lutna_tensor_gather(struct lutna_run *run, const struct lutna_view *v,
			void *host, const size_t stride[LUTNA_DIMS])
{
	return walk(run, v, host, stride, true);
}

int lutna_tensor_scatter(struct lutna_run *run, const struct lutna_view *v,
			 const void *host, const size_t stride[LUTNA_DIMS])
{
	/* walk() does not write to @host in this direction */
	return walk(run, v, (uint8_t *)host, stride, false);
}

void lutna_tensor_dense(const struct lutna_view *v,
			const uint8_t order[LUTNA_DIMS],
			size_t stride[LUTNA_DIMS])
{
	size_t s = 1;

	for (int i = LUTNA_DIMS - 1; i >= 0; i--) {
		stride[order[i]] = s;
		s *= v->dim[order[i]];
	}
}

void lutna_tensor_order(const struct lutna_view *v, uint8_t order[LUTNA_DIMS])
{
	int n = 0;

	for (int i = 0; i < LUTNA_DIMS; i++) {
		int j = n++;

		for (; j && v->stride[order[j - 1]] < v->stride[i]; j--)
			order[j] = order[j - 1];
		order[j] = i;
	}
}
