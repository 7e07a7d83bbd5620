// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Element-wise addition and multiplication.
 */
#include "ops.h"
#include "tensor.h"

/* Elements between two ticks */
#define CHUNK	65536

static inline uint8_t clamp(const struct lutna_eltwise *e, int64_t v)
{
	v += e->out.zero_point;
	if (v < e->out_min)
		return e->out_min;
	if (v > e->out_max)
		return e->out_max;
	return v;
}

/* Each operand has 256 values, so its product is looked up, rounding and all. */
static void add(const struct lutna_eltwise *e, uint8_t *a, const uint8_t *b,
		size_t n, const int64_t (*table)[256])
{
	for (size_t i = 0; i < n; i++)
		a[i] = clamp(e, (table[0][a[i]] + table[1][b[i]]) >> e->shift);
}

static void multiply(const struct lutna_eltwise *e, uint8_t *a,
		     const uint8_t *b, size_t n)
{
	int64_t half = 1LL << (e->shift - 1);

	for (size_t i = 0; i < n; i++) {
		int64_t v = (a[i] - e->a.zero_point) * (b[i] - e->b.zero_point);

		a[i] = clamp(e, (v * e->mult_a + half) >> e->shift);
	}
}

static int compute(struct lutna_run *run, const struct lutna_eltwise *e,
		   uint8_t *a, const uint8_t *b)
{
	int64_t table[2][256], half = 1LL << (e->shift - 1);
	size_t n = e->out.count;

	for (int i = 0; i < 256; i++) {
		table[0][i] = (i - e->a.zero_point) * (int64_t)e->mult_a + half;
		table[1][i] = (i - e->b.zero_point) * (int64_t)e->mult_b;
	}
	for (size_t i = 0; i < n; i += CHUNK) {
		size_t len = n - i < CHUNK ? n - i : CHUNK;
		int rc = lutna_run_tick(run, 2 * len);

		if (rc)
			return rc;
		if (e->mode == LUTNA_ELTWISE_ADD)
			add(e, a + i, b + i, len, table);
		else
			multiply(e, a + i, b + i, len);
	}
	return 0;
}

int lutna_op_eltwise(struct lutna_run *run, const struct lutna_eltwise *e)
{
	uint8_t order[LUTNA_DIMS], *a, *b;
	size_t stride[LUTNA_DIMS];
	int rc;

	a = lutna_run_scratch(run, LUTNA_SCRATCH_IN, e->a.count);
	b = lutna_run_scratch(run, LUTNA_SCRATCH_IN2, e->b.count);
	if (!a || !b)
		return LUTNA_FAULT_INTERNAL;
	lutna_tensor_order(&e->out, order);
	lutna_tensor_dense(&e->out, order, stride);
	rc = lutna_tensor_gather(run, &e->a, a, stride);
	if (!rc)
		rc = lutna_tensor_gather(run, &e->b, b, stride);
	if (!rc)
		rc = compute(run, e, a, b);
	return rc ? rc : lutna_tensor_scatter(run, &e->out, a, stride);
}
