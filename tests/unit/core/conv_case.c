// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <string.h>

#include "check.h"
#include "conv_case.h"

uint32_t conv_out_size(uint32_t in, unsigned int kernel, unsigned int stride,
		       unsigned int dilation, unsigned int pad_before,
		       unsigned int pad_behind)
{
	int room = (int)(in + pad_before + pad_behind) -
		   (int)(dilation * (kernel - 1) + 1);

	return room < 0 ? 1 : room / stride + 1;
}

static uint32_t skewed(struct rng *r, uint32_t max)
{
	return rng_one_in(r, 3) ? rng_range(r, 1, max)
				: rng_range(r, 1, max < 4 ? max : 4);
}

static void choose_channels(struct conv_case *cc, struct rng *r)
{
	cc->groups = rng_one_in(r, 3) ? skewed(r, 8) : 1;
	cc->c = cc->groups * (rng_one_in(r, 4) ? 1 : skewed(r, 40));
	cc->oc = cc->groups * (rng_one_in(r, 4) ? 1 : skewed(r, 40));
}

static void choose_window(struct conv_case *cc, struct rng *r)
{
	bool pointwise = rng_one_in(r, 6);

	cc->kh = pointwise ? 1 : rng_range(r, 1, rng_one_in(r, 5) ? 7 : 3);
	cc->kw = pointwise ? 1 : rng_range(r, 1, rng_one_in(r, 5) ? 7 : 3);
	cc->sh = rng_one_in(r, 3) ? rng_range(r, 1, 4) : 1;
	cc->sw = rng_one_in(r, 3) ? rng_range(r, 1, 4) : 1;
	cc->dh = rng_one_in(r, 4) ? rng_range(r, 1, 3) : 1;
	cc->dw = rng_one_in(r, 4) ? rng_range(r, 1, 3) : 1;
	cc->pt = pointwise || rng_one_in(r, 3) ? 0 : rng_range(r, 0, 5);
	cc->pl = pointwise || rng_one_in(r, 3) ? 0 : rng_range(r, 0, 5);
	cc->oh = conv_out_size(cc->h, cc->kh, cc->sh, cc->dh, cc->pt,
			       rng_below(r, 3));
	cc->ow = conv_out_size(cc->w, cc->kw, cc->sw, cc->dw, cc->pl,
			       rng_below(r, 3));
	/* Less than what would fit, too */
	if (rng_one_in(r, 8))
		cc->oh = rng_range(r, 1, cc->oh);
	if (rng_one_in(r, 8))
		cc->ow = rng_range(r, 1, cc->ow);
}

static uint64_t macs_of(const struct conv_case *cc)
{
	return (uint64_t)cc->n * cc->oh * cc->ow * cc->oc *
	       (cc->c / cc->groups) * cc->kh * cc->kw;
}

void conv_bits(struct conv_case *cc, unsigned int act_bits,
	       unsigned int weight_bits, unsigned int format,
	       unsigned int approx, unsigned int approx_digits)
{
	unsigned int most = (act_bits + 1) / 2 - 1;

	cc->act_bits = act_bits;
	cc->weight_bits = weight_bits;
	cc->format = format;
	if (format == LUTNA_WEIGHT_S8 && weight_bits == 9)
		cc->format = LUTNA_WEIGHT_S16;
	cc->approx = most ? approx : LUTNA_APPROX_EXACT;
	cc->approx_digits = approx_digits < most ? approx_digits : most;
	if (cc->approx == LUTNA_APPROX_EXACT)
		cc->approx_digits = 0;
	else if (!cc->approx_digits)
		cc->approx_digits = 1;
}

void conv_choose(struct conv_case *cc, uint32_t macs, struct rng *r)
{
	do {
		memset(cc, 0, sizeof(*cc));
		cc->n = skewed(r, rng_one_in(r, 3) ? 70 : 8);
		cc->h = skewed(r, 20);
		cc->w = skewed(r, 40);
		choose_channels(cc, r);
		choose_window(cc, r);
	} while (macs_of(cc) > macs);

	conv_bits(cc, rng_range(r, 2, 8), rng_range(r, 2, 9), rng_below(r, 3),
		  rng_below(r, 3), rng_range(r, 1, 3));
	cc->pad_value = rng_one_in(r, 3) ? 0 : rng_next(r);
	cc->zero_point = rng_next(r);
	cc->out_min = rng_one_in(r, 2) ? 0 : rng_next(r);
	cc->out_max = rng_range(r, cc->out_min, 255);
	cc->s32 = rng_one_in(r, 4);
	cc->zeros = rng_one_in(r, 2) ? 240 : rng_below(r, 257);
	cc->values = rng_one_in(r, 8) ? VALUES_EXTREME : VALUES_RANDOM;
	cc->in_layout = rng_below(r, LAYOUT_RANDOM_INPUT + 1);
	cc->out_layout = rng_below(r, LAYOUT_RANDOM_INPUT);
}

static void choose_weights(struct conv_case *cc, struct rng *r)
{
	int min = -(1 << (cc->weight_bits - 1)), max = -min - 1;
	size_t n = (size_t)cc->oc * cc->k;

	cc->weight = malloc(n * sizeof(*cc->weight));
	if (!cc->weight)
		bail("no memory");
	cc->stored = 0;
	for (size_t i = 0; i < n; i++) {
		int w = rng_range(r, min, max);

		if (cc->values == VALUES_EXTREME)
			w = rng_one_in(r, 4) ? max : min;
		if (rng_below(r, 256) < cc->zeros)
			w = 0;
		cc->weight[i] = w;
		cc->stored += w != 0;
	}
	if (cc->format != LUTNA_WEIGHT_COMPRESSED)
		cc->stored = n;
}

static size_t put16(uint8_t *to, size_t at, uint16_t v)
{
	if (to) {
		to[at] = v;
		to[at + 1] = v >> 8;
	}
	return at + 2;
}

/* Into @to, or only counted when that is NULL; returns the size. */
static size_t compress(const struct conv_case *cc, uint8_t *to)
{
	size_t index = 4 * ((size_t)cc->oc + 1), at = index;

	for (uint32_t oc = 0; oc <= cc->oc; oc++) {
		uint32_t row = (at - index) / 2, skip = 0;

		if (to) {
			put16(to, 4 * oc, row);
			put16(to, 4 * oc + 2, row >> 16);
		}
		for (uint32_t k = 0; oc < cc->oc && k < cc->k; k++) {
			int w = cc->weight[(size_t)oc * cc->k + k];

			if (w) {
				at = put16(to, at, skip << 9 | (w & 0x1ff));
				skip = 0;
			} else if (skip == 127) {
				at = put16(to, at, 127 << 9);
				skip = 0;
			} else {
				skip++;
			}
		}
	}
	return at;
}

static uint64_t place_weights(struct conv_case *cc, struct guest *g,
			      uint32_t *size)
{
	size_t n = (size_t)cc->oc * cc->k;
	uint64_t addr;
	uint8_t *to;

	if (cc->format == LUTNA_WEIGHT_COMPRESSED)
		*size = compress(cc, NULL);
	else
		*size = n << (cc->format == LUTNA_WEIGHT_S16);
	addr = guest_alloc(g, *size, 1);
	to = guest_at(g, addr);
	if (cc->format == LUTNA_WEIGHT_COMPRESSED) {
		compress(cc, to);
		return addr;
	}
	for (size_t i = 0; i < n; i++) {
		if (cc->format == LUTNA_WEIGHT_S8)
			to[i] = cc->weight[i];
		else
			put16(to, 2 * i, cc->weight[i]);
	}
	return addr;
}

static void choose_channel(struct conv_case *cc, struct lutna_channel *ch,
			   struct rng *r)
{
	uint32_t bias = rng_range(r, -5000, 5000), mult = rng_next(r) >> 33;
	uint8_t shift = rng_range(r, 30, 45);

	if (cc->values == VALUES_EXTREME) {
		static const uint32_t mults[] = { 0, 1, INT32_MAX };
		static const uint32_t biases[] = { INT32_MAX, 0x80000000 };

		bias = biases[rng_below(r, 2)];
		mult = mults[rng_below(r, 3)];
		shift = rng_one_in(r, 2) ? 62 : rng_range(r, 1, 62);
	}
	memset(ch, 0, sizeof(*ch));
	ch->bias = htole32(bias);
	ch->mult = htole32(mult);
	ch->shift = shift;
}

static uint64_t place_channels(struct conv_case *cc, struct guest *g,
			       struct rng *r)
{
	uint64_t addr = guest_alloc(g, cc->oc * sizeof(*cc->channel),
				    LUTNA_LIST_ALIGN);

	cc->channel = malloc(cc->oc * sizeof(*cc->channel));
	if (!cc->channel)
		bail("no memory");
	for (uint32_t i = 0; i < cc->oc; i++)
		choose_channel(cc, &cc->channel[i], r);
	memcpy(guest_at(g, addr), cc->channel, cc->oc * sizeof(*cc->channel));
	return addr;
}

static void fill_input(const struct conv_case *cc, struct guest *g,
		       struct rng *r)
{
	for (size_t i = 0; i < g->used; i++)
		g->mem[i] = cc->values == VALUES_EXTREME
			    ? (rng_one_in(r, 4) ? 0 : 255) : rng_next(r);
}

void conv_build(struct conv_case *cc, struct guest *g, struct rng *r)
{
	uint32_t size;

	guest_reset(g);
	cc->k = cc->c / cc->groups * cc->kh * cc->kw;
	cc->in = (struct shape) {
		.dim = { cc->n, cc->c, cc->h, cc->w }, .elem = 1,
	};
	cc->out = (struct shape) {
		.dim = { cc->n, cc->oc, cc->oh, cc->ow },
		.elem = cc->s32 ? 4 : 1,
	};
	shape_place(&cc->in, g, cc->in_layout, r);
	shape_place(&cc->out, g, cc->out_layout, r);
	fill_input(cc, g, r);
	choose_weights(cc, r);
	cc->cmd = (struct lutna_cmd_conv) {
		.hdr = { .opcode = htole16(LUTNA_OP_CONV),
			 .version = LUTNA_ISA_VERSION,
			 .tag = htole32(0x12345678) },
		.in = shape_tensor(&cc->in, rng_next(r)),
		.out = shape_tensor(&cc->out, cc->zero_point),
		.weight_format = cc->format,
		.act_bits = cc->act_bits,
		.weight_bits = cc->weight_bits,
		.approx = cc->approx,
		.approx_digits = cc->approx_digits,
		.pad_value = cc->pad_value,
		.out_min = cc->s32 ? 0 : cc->out_min,
		.out_max = cc->s32 ? 0 : cc->out_max,
		.kernel_h = cc->kh, .kernel_w = cc->kw,
		.stride_h = cc->sh, .stride_w = cc->sw,
		.dilation_h = cc->dh, .dilation_w = cc->dw,
		.pad_top = cc->pt, .pad_left = cc->pl,
		.groups = htole16(cc->groups),
	};
	cc->cmd.weights = htole64(place_weights(cc, g, &size));
	cc->cmd.weights_size = htole32(size);
	cc->cmd.channels = htole64(place_channels(cc, g, r));
}

void conv_free(struct conv_case *cc)
{
	free(cc->weight);
	free(cc->channel);
}

/* The manual: x and not m, and for W that plus m / 3. */
static int seen(const struct conv_case *cc, uint8_t x)
{
	int m = 1, v = x & ((1 << cc->act_bits) - 1);

	for (int i = 0; i < cc->approx_digits; i++)
		m *= 4;
	m -= 1;
	v &= ~m;
	return cc->approx == LUTNA_APPROX_W ? v + m / 3 : v;
}

static uint32_t accumulate(const struct conv_case *cc, const struct guest *g,
			   uint32_t n, uint32_t oc, uint32_t oy, uint32_t ox)
{
	uint32_t icg = cc->c / cc->groups, group = oc / (cc->oc / cc->groups);
	const int16_t *w = cc->weight + (size_t)oc * cc->k;
	int64_t acc = 0;

	for (uint32_t ic = 0; ic < icg; ic++) {
		for (int ky = 0; ky < cc->kh; ky++) {
			for (int kx = 0; kx < cc->kw; kx++, w++) {
				int y = (int)oy * cc->sh - cc->pt + ky * cc->dh;
				int x = (int)ox * cc->sw - cc->pl + kx * cc->dw;
				uint8_t v = cc->pad_value;

				if (!*w)
					continue;
				if (y >= 0 && y < (int)cc->h && x >= 0 &&
				    x < (int)cc->w)
					v = g->mem[shape_addr(&cc->in, n,
							      group * icg + ic,
							      y, x) - GUEST_BASE];
				acc += seen(cc, v) * *w;
			}
		}
	}
	return (uint32_t)acc + le32toh(cc->channel[oc].bias);
}

static uint8_t requantise(const struct conv_case *cc, uint32_t oc, uint32_t acc)
{
	const struct lutna_channel *ch = &cc->channel[oc];
	__int128 v = (__int128)(int32_t)acc * le32toh(ch->mult);
	__int128 unit = (__int128)1 << ch->shift;

	v += unit / 2;
	/* Floor, by making it positive */
	v = (v + unit * ((__int128)1 << 63)) / unit - ((__int128)1 << 63);
	v += cc->zero_point;
	return v < cc->out_min ? cc->out_min : v > cc->out_max ? cc->out_max : v;
}

void conv_oracle(const struct conv_case *cc, const struct guest *g,
		 uint8_t *mem)
{
	for (uint32_t n = 0; n < cc->n; n++)
		for (uint32_t oc = 0; oc < cc->oc; oc++)
			for (uint32_t i = 0; i < cc->oh * cc->ow; i++) {
				uint32_t y = i / cc->ow, x = i % cc->ow;
				uint32_t acc = accumulate(cc, g, n, oc, y, x);
				size_t at = shape_addr(&cc->out, n, oc, y, x) -
					    GUEST_BASE;

				if (cc->s32) {
					put16(mem, at, acc);
					put16(mem, at + 2, acc >> 16);
				} else {
					mem[at] = requantise(cc, oc, acc);
				}
			}
}

const char *conv_describe(const struct conv_case *cc)
{
	static char text[400];

	snprintf(text, sizeof(text),
		 "n %u c %u h %u w %u oc %u oh %u ow %u kernel %ux%u stride %ux%u dilation %ux%u pad %u,%u groups %u format %u bits %u,%u approx %u/%u s32 %d layouts %d,%d values %d",
		 cc->n, cc->c, cc->h, cc->w, cc->oc, cc->oh, cc->ow, cc->kh,
		 cc->kw, cc->sh, cc->sw, cc->dh, cc->dw, cc->pt, cc->pl,
		 cc->groups, cc->format, cc->act_bits, cc->weight_bits,
		 cc->approx, cc->approx_digits, cc->s32, cc->in_layout,
		 cc->out_layout, cc->values);
	return text;
}
