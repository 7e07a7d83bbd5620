// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Commands that move bytes and compute little: table, copy, fill, timestamp.
 */
#include <endian.h>
#include <string.h>

#include "ops.h"
#include "tensor.h"

/* Elements between two ticks */
#define CHUNK	65536

int lutna_op_table(struct lutna_run *run, const struct lutna_table *t)
{
	uint8_t order[LUTNA_DIMS], table[256], *data;
	size_t stride[LUTNA_DIMS];
	int rc;

	data = lutna_run_scratch(run, LUTNA_SCRATCH_IN, t->in.count);
	if (!data)
		return LUTNA_FAULT_INTERNAL;
	lutna_tensor_order(&t->out, order);
	lutna_tensor_dense(&t->out, order, stride);
	rc = lutna_run_read(run, t->table, table, sizeof(table));
	if (!rc)
		rc = lutna_tensor_gather(run, &t->in, data, stride);
	for (size_t i = 0; i < t->in.count && !rc; i += CHUNK) {
		size_t end = t->in.count - i < CHUNK ? t->in.count : i + CHUNK;

		for (size_t j = i; j < end; j++)
			data[j] = table[data[j]];
		rc = lutna_run_tick(run, end - i);
	}
	return rc ? rc : lutna_tensor_scatter(run, &t->out, data, stride);
}

static bool same_shape(const struct lutna_view *a, const struct lutna_view *b)
{
	return a->dim[LUTNA_DIM_H] == b->dim[LUTNA_DIM_H] &&
	       a->dim[LUTNA_DIM_W] == b->dim[LUTNA_DIM_W];
}

static int copy_plain(struct lutna_run *run, const struct lutna_copy *c)
{
	size_t stride[LUTNA_DIMS];
	uint8_t order[LUTNA_DIMS];
	void *data;
	int rc;

	data = lutna_run_scratch(run, LUTNA_SCRATCH_IN,
				 c->in.count * c->in.elem);
	if (!data)
		return LUTNA_FAULT_INTERNAL;
	lutna_tensor_order(&c->out, order);
	lutna_tensor_dense(&c->out, order, stride);
	rc = lutna_tensor_gather(run, &c->in, data, stride);
	return rc ? rc : lutna_tensor_scatter(run, &c->out, data, stride);
}

static void set(uint8_t *dst, size_t n, uint32_t value, size_t elem)
{
	if (elem == 1) {
		memset(dst, value, n);
		return;
	}
	value = htole32(value);
	for (size_t i = 0; i < n; i++)
		memcpy(dst + i * sizeof(value), &value, sizeof(value));
}

/* One row of the output from one of the input, or (NULL) from none */
static void expand_row(const struct lutna_copy *c, uint8_t *dst,
		       const uint8_t *src)
{
	size_t ow = c->out.dim[LUTNA_DIM_W], iw = c->in.dim[LUTNA_DIM_W];
	size_t elem = c->in.elem, rep = c->repeat_w;
	size_t at = c->pad_left < ow && src ? c->pad_left : ow;

	set(dst, at, c->pad_value, elem);
	if (rep == 1) {
		size_t n = ow - at < iw ? ow - at : iw;

		if (n)
			memcpy(dst + at * elem, src, n * elem);
		at += n;
	} else {
		for (size_t end = ow - at < iw * rep ? ow : at + iw * rep, i = 0;
		     at < end; at++, i++)
			memcpy(dst + at * elem, src + i / rep * elem, elem);
	}
	set(dst + at * elem, ow - at, c->pad_value, elem);
}

static int expand(struct lutna_run *run, const struct lutna_copy *c,
		  uint8_t *out, const uint8_t *in)
{
	size_t planes = (size_t)c->in.dim[LUTNA_DIM_N] * c->in.dim[LUTNA_DIM_C];
	size_t oh = c->out.dim[LUTNA_DIM_H], ih = c->in.dim[LUTNA_DIM_H];
	size_t line_in = (size_t)c->in.dim[LUTNA_DIM_W] * c->in.elem;
	size_t line_out = (size_t)c->out.dim[LUTNA_DIM_W] * c->out.elem;
	int rc;

	for (size_t p = 0; p < planes; p++, in += ih * line_in) {
		for (size_t y = 0; y < oh; y++, out += line_out) {
			size_t from = (y - c->pad_top) / c->repeat_h;
			bool inside = y >= c->pad_top && from < ih;

			expand_row(c, out, inside ? in + from * line_in : NULL);
			rc = lutna_run_tick(run, line_out + 10);
			if (rc)
				return rc;
		}
	}
	return 0;
}

int lutna_op_copy(struct lutna_run *run, const struct lutna_copy *c)
{
	static const uint8_t order[LUTNA_DIMS] = {
		LUTNA_DIM_N, LUTNA_DIM_C, LUTNA_DIM_H, LUTNA_DIM_W,
	};
	size_t in_stride[LUTNA_DIMS], out_stride[LUTNA_DIMS];
	uint8_t *in, *out;
	int rc;

	if (c->repeat_h == 1 && c->repeat_w == 1 && !c->pad_top &&
	    !c->pad_left && same_shape(&c->in, &c->out))
		return copy_plain(run, c);

	in = lutna_run_scratch(run, LUTNA_SCRATCH_IN, c->in.count * c->in.elem);
	out = lutna_run_scratch(run, LUTNA_SCRATCH_OUT,
				c->out.count * c->out.elem);
	if (!in || !out)
		return LUTNA_FAULT_INTERNAL;
	lutna_tensor_dense(&c->in, order, in_stride);
	lutna_tensor_dense(&c->out, order, out_stride);
	rc = lutna_tensor_gather(run, &c->in, in, in_stride);
	if (!rc)
		rc = expand(run, c, out, in);
	return rc ? rc : lutna_tensor_scatter(run, &c->out, out, out_stride);
}

int lutna_op_fill(struct lutna_run *run, const struct lutna_fill *f)
{
	size_t stride[LUTNA_DIMS], n = f->out.count, elem = f->out.elem;
	uint8_t order[LUTNA_DIMS], *data;
	int rc = 0;

	data = lutna_run_scratch(run, LUTNA_SCRATCH_OUT, n * elem);
	if (!data)
		return LUTNA_FAULT_INTERNAL;
	for (size_t i = 0; i < n && !rc; i += CHUNK) {
		size_t len = n - i < CHUNK ? n - i : CHUNK;

		set(data + i * elem, len, f->value, elem);
		rc = lutna_run_tick(run, len);
	}
	if (rc)
		return rc;
	lutna_tensor_order(&f->out, order);
	lutna_tensor_dense(&f->out, order, stride);
	return lutna_tensor_scatter(run, &f->out, data, stride);
}

int lutna_op_timestamp(struct lutna_run *run, uint64_t addr)
{
	const struct lutna_memory *mem = run->mem;
	uint64_t now = htole64(mem->now_ns ? mem->now_ns(mem->opaque) : 0);

	return lutna_run_write(run, addr, &now, sizeof(now));
}
