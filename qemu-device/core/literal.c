// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The convolution as the hardware does it: a unit holds one weight as the
 * stored words W and 3W, sees an activation two bits at a time, selects 0, W,
 * 2W or 3W for each digit and adds what it selected, shifted.  This is the
 * reference for everything else, so it stays plain.
 */
#include <endian.h>

#include "conv.h"

#define DIGIT_BITS	2

/* A unit's storage cells: @w has w bits, @w3 bits 1 to w + 1 of 3W. */
struct unit {
	uint16_t w;
	uint16_t w3;
};

/*
 * What its multiplexers select from, read out of the cells; and what the digits
 * that are not looked up always add
 */
struct words {
	int32_t multiple[1 << DIGIT_BITS];
	int32_t constant;
};

static int32_t sign_extend(uint32_t bits, unsigned int width)
{
	uint32_t sign = 1U << (width - 1);

	return (int32_t)((bits & (2 * sign - 1)) ^ sign) - (int32_t)sign;
}

static struct unit program(int weight, unsigned int bits)
{
	struct unit u;

	u.w = (uint32_t)weight & ((1U << bits) - 1);
	/* Bit 0 of 3W is bit 0 of W: it has no cell of its own. */
	u.w3 = ((uint32_t)(weight + weight + weight) >> 1) &
	       ((1U << (bits + 1)) - 1);
	return u;
}

static struct words read_cells(struct unit u, const struct lutna_conv *c)
{
	unsigned int bits = c->weight_bits;
	struct words t = { 0 };

	t.multiple[1] = sign_extend(u.w, bits);
	t.multiple[2] = sign_extend((uint32_t)u.w << 1, bits + 1);
	t.multiple[3] = sign_extend(((uint32_t)u.w3 << 1) | (u.w & 1),
				    bits + 2);
	for (unsigned int d = 0; d < c->approx_digits; d++)
		if (c->approx == LUTNA_APPROX_W)
			t.constant += t.multiple[1] * (1 << (DIGIT_BITS * d));
	return t;
}

/* One product: look up digit by digit, shift and add. */
static inline int32_t look_up(const struct words *t, unsigned int activation,
			      unsigned int low, unsigned int bits)
{
	int32_t sum = t->constant;

	/* The top digit of an odd number of bits is one bit wide. */
	activation &= (1U << bits) - 1;
	for (unsigned int shift = low; shift < bits; shift += DIGIT_BITS)
		sum += t->multiple[activation >> shift & 3] * (1 << shift);
	return sum;
}

/* Where the dense copies have an element: (n, c, h, w) */
static size_t element(const struct lutna_view *v, size_t n, size_t c, size_t h,
		      size_t w)
{
	return ((n * v->dim[LUTNA_DIM_C] + c) * v->dim[LUTNA_DIM_H] + h) *
	       v->dim[LUTNA_DIM_W] + w;
}

/* One row of a tensor to or from guest memory, element by element if need be */
static int move_row(struct lutna_run *run, const struct lutna_view *v,
		    uint64_t addr, uint8_t *host, bool write)
{
	uint32_t w = v->dim[LUTNA_DIM_W], step = v->stride[LUTNA_DIM_W];
	size_t len = step == v->elem ? (size_t)w * v->elem : v->elem;
	uint32_t times = step == v->elem ? 1 : w;
	int rc = 0;

	for (uint32_t i = 0; i < times && !rc; i++) {
		uint64_t at = addr + (uint64_t)i * step;

		rc = write ? lutna_run_write(run, at, host + i * len, len)
			   : lutna_run_read(run, at, host + i * len, len);
		if (!rc)
			rc = lutna_run_tick(run, 50);
	}
	return rc;
}

static int move_tensor(struct lutna_run *run, const struct lutna_view *v,
		       uint8_t *host, bool write)
{
	int rc = 0;

	for (uint32_t n = 0; n < v->dim[LUTNA_DIM_N] && !rc; n++)
		for (uint32_t c = 0; c < v->dim[LUTNA_DIM_C] && !rc; c++)
			for (uint32_t h = 0; h < v->dim[LUTNA_DIM_H] && !rc; h++)
				rc = move_row(run, v, v->addr +
					      (uint64_t)n * v->stride[LUTNA_DIM_N] +
					      (uint64_t)c * v->stride[LUTNA_DIM_C] +
					      (uint64_t)h * v->stride[LUTNA_DIM_H],
					      host + element(v, n, c, h, 0) * v->elem,
					      write);
	return rc;
}

/* A weight and where it stands in the kernel */
struct tap {
	uint32_t ic;
	uint8_t ky;
	uint8_t kx;
	int16_t weight;
};

/* What is known while one output channel is computed */
struct channel {
	struct lutna_run *run;
	const struct lutna_conv *conv;
	const uint8_t *in;
	uint32_t oc;
	uint32_t *acc;		/* n, oy, ox */
};

static int add_tap_row(struct channel *ch, const struct tap *tap,
		       const struct words *words, uint32_t n, uint32_t oy)
{
	const struct lutna_conv *c = ch->conv;
	int32_t y = (int32_t)oy * c->stride_h - c->pad_top +
		    tap->ky * c->dilation_h;
	bool inside_y = y >= 0 && y < (int32_t)c->in.dim[LUTNA_DIM_H];
	uint32_t ow = c->out.dim[LUTNA_DIM_W];
	uint32_t *acc = ch->acc +
			((size_t)n * c->out.dim[LUTNA_DIM_H] + oy) * ow;
	unsigned int low = c->approx_digits * DIGIT_BITS;
	const uint8_t *line = ch->in;

	if (inside_y)
		line += element(&c->in, n, tap->ic, y, 0);
	for (uint32_t ox = 0; ox < ow; ox++) {
		int32_t x = (int32_t)ox * c->stride_w - c->pad_left +
			    tap->kx * c->dilation_w;
		bool inside = inside_y && x >= 0 &&
			      x < (int32_t)c->in.dim[LUTNA_DIM_W];

		acc[ox] += look_up(words, inside ? line[x] : c->pad_value,
				   low, c->act_bits);
	}
	return lutna_run_tick(ch->run, 4 * ow);
}

static int add_tap(struct channel *ch, const struct tap *tap)
{
	const struct lutna_conv *c = ch->conv;
	struct words words = read_cells(program(tap->weight, c->weight_bits), c);
	int rc = 0;

	for (uint32_t n = 0; n < c->out.dim[LUTNA_DIM_N] && !rc; n++)
		for (uint32_t oy = 0; oy < c->out.dim[LUTNA_DIM_H] && !rc; oy++)
			rc = add_tap_row(ch, tap, &words, n, oy);
	return rc;
}

static int add_position(struct channel *ch, uint64_t k, int weight)
{
	const struct lutna_conv *c = ch->conv;
	uint32_t area = c->kernel_h * c->kernel_w;
	struct tap tap = {
		.ic = ch->oc / c->out_per_group * c->in_per_group + k / area,
		.ky = k % area / c->kernel_w,
		.kx = k % c->kernel_w,
		.weight = weight,
	};

	return add_tap(ch, &tap);
}

static int add_channel(struct channel *ch, const struct lutna_weights *w)
{
	const struct lutna_conv *c = ch->conv;
	uint64_t k = 0;
	int rc = 0;

	if (c->weight_format != LUTNA_WEIGHT_COMPRESSED) {
		for (; k < c->k && !rc; k++)
			rc = add_position(ch, k, lutna_weights_dense(w,
						 (uint64_t)ch->oc * c->k + k));
		return rc;
	}
	for (uint32_t i = lutna_weights_row(w, ch->oc);
	     i < lutna_weights_row(w, ch->oc + 1) && !rc; i++) {
		uint32_t skip;
		int weight = lutna_weights_entry(w, i, &skip);

		k += skip;
		rc = weight ? add_position(ch, k, weight)
			    : lutna_run_tick(ch->run, 2);
		k++;
	}
	return rc;
}

static int clear_acc(struct channel *ch, size_t plane)
{
	int rc = 0;

	for (size_t i = 0; i < plane && !rc; i++) {
		ch->acc[i] = 0;
		rc = lutna_run_tick(ch->run, 1);
	}
	return rc;
}

static uint8_t requantise(const struct lutna_conv *c,
			  const struct lutna_requant *q, uint32_t acc)
{
	int64_t half = (int64_t)1 << (q->shift - 1);
	int64_t v = (int64_t)(int32_t)acc * (int64_t)q->mult + half;
	int64_t unit = (int64_t)1 << q->shift;
	int64_t y = v / unit;

	/* Division rounds towards zero; the floor is wanted. */
	if (v % unit < 0)
		y--;
	y += c->out.zero_point;
	return y < c->out_min ? c->out_min : y > c->out_max ? c->out_max : y;
}

static int store_channel(struct channel *ch, const struct lutna_requant *q,
			 uint8_t *out)
{
	const struct lutna_conv *c = ch->conv;
	size_t plane = (size_t)c->out.dim[LUTNA_DIM_H] *
		       c->out.dim[LUTNA_DIM_W];
	int rc = 0;

	for (uint32_t n = 0; n < c->out.dim[LUTNA_DIM_N] && !rc; n++) {
		size_t at = element(&c->out, n, ch->oc, 0, 0);

		for (size_t i = 0; i < plane && !rc; i++) {
			uint32_t acc = ch->acc[n * plane + i] + q->bias;

			if (c->out.type == LUTNA_TYPE_U8)
				out[at + i] = requantise(c, q, acc);
			else
				((uint32_t *)out)[at + i] = htole32(acc);
			rc = lutna_run_tick(ch->run, 4);
		}
	}
	return rc;
}

int lutna_conv_literal(struct lutna_run *run, const struct lutna_conv *c,
		       const struct lutna_weights *w,
		       const struct lutna_requant *channels)
{
	size_t plane = c->out.count / c->out.dim[LUTNA_DIM_C];
	struct channel ch = { .run = run, .conv = c };
	uint8_t *in, *out;
	int rc;

	in = lutna_run_scratch(run, LUTNA_SCRATCH_IN, c->in.count);
	out = lutna_run_scratch(run, LUTNA_SCRATCH_OUT,
				c->out.count * c->out.elem);
	ch.acc = lutna_run_scratch(run, LUTNA_SCRATCH_ACC,
				   plane * sizeof(*ch.acc));
	if (!in || !out || !ch.acc)
		return LUTNA_FAULT_INTERNAL;

	rc = move_tensor(run, &c->in, in, false);
	ch.in = in;
	for (; ch.oc < c->out.dim[LUTNA_DIM_C] && !rc; ch.oc++) {
		rc = clear_acc(&ch, plane);
		if (!rc)
			rc = add_channel(&ch, w);
		if (!rc)
			rc = store_channel(&ch, &channels[ch.oc], out);
	}
	return rc ? rc : move_tensor(run, &c->out, out, true);
}
