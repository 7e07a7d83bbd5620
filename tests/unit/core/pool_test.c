// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pooling against the definition in lutna_isa.h, window by window.
 */
#include <endian.h>
#include <string.h>

#include "machine.h"

static struct machine m;
static struct rng rng;

struct pool_case {
	struct shape in, out;
	uint32_t kh, kw, mult;
	uint8_t sh, sw, pt, pl, mode, shift, zi, zo, min, max;
};

static const char *describe(const struct pool_case *p)
{
	static char text[300];

	snprintf(text, sizeof(text),
		 "mode %u in %ux%ux%ux%u out %ux%u kernel %ux%u stride %ux%u pad %u,%u mult %u shift %u",
		 p->mode, p->in.dim[0], p->in.dim[1], p->in.dim[2],
		 p->in.dim[3], p->out.dim[2], p->out.dim[3], p->kh, p->kw,
		 p->sh, p->sw, p->pt, p->pl, p->mult, p->shift);
	return text;
}

static uint8_t oracle_at(const struct pool_case *p, uint32_t n, uint32_t c,
			 uint32_t oy, uint32_t ox)
{
	__int128 sum = 0, count = 0;
	int best = 0;

	/* Over the input rather than the window, which may be far larger */
	for (int y = 0; y < (int)p->in.dim[2]; y++) {
		int ky = y + p->pt - (int)(oy * p->sh);

		if (ky < 0 || ky >= (int)p->kh)
			continue;
		for (int x = 0; x < (int)p->in.dim[3]; x++) {
			int kx = x + p->pl - (int)(ox * p->sw);
			uint8_t v;

			if (kx < 0 || kx >= (int)p->kw)
				continue;
			v = m.g->mem[shape_addr(&p->in, n, c, y, x) - GUEST_BASE];
			best = v > best ? v : best;
			sum += v - p->zi;
			count++;
		}
	}
	if (p->mode == LUTNA_POOL_MAX)
		return clamp(best, p->min, p->max);
	if (p->mode == LUTNA_POOL_AVG_PAD)
		count = (__int128)p->kh * p->kw;
	/* floor((S * mult + count * 2^(shift-1)) / (count * 2^shift)) */
	sum = sum * p->mult + count * ((__int128)1 << (p->shift - 1));
	count <<= p->shift;
	return clamp(sum / count - (sum % count < 0) + p->zo, p->min, p->max);
}

static void oracle(const struct pool_case *p)
{
	for (uint32_t n = 0; n < p->out.dim[0]; n++)
		for (uint32_t c = 0; c < p->out.dim[1]; c++)
			for (uint32_t y = 0; y < p->out.dim[2]; y++)
				for (uint32_t x = 0; x < p->out.dim[3]; x++)
					m.want[shape_addr(&p->out, n, c, y, x) -
					       GUEST_BASE] =
						oracle_at(p, n, c, y, x);
}

static struct lutna_cmd_pool command(const struct pool_case *p)
{
	return (struct lutna_cmd_pool) {
		.hdr = header(LUTNA_OP_POOL),
		.in = shape_tensor(&p->in, p->zi),
		.out = shape_tensor(&p->out, p->zo),
		.mode = p->mode,
		.out_min = p->min, .out_max = p->max,
		.shift = p->shift, .mult = htole32(p->mult),
		.kernel_h = htole16(p->kh), .kernel_w = htole16(p->kw),
		.stride_h = p->sh, .stride_w = p->sw,
		.pad_top = p->pt, .pad_left = p->pl,
	};
}

static uint32_t most_windows(uint32_t in, unsigned int stride, unsigned int pad)
{
	return (in + pad - 1) / stride + 1;
}

static void choose_numbers(struct pool_case *p)
{
	p->mode = rng_below(&rng, 3);
	p->zi = p->zo = rng_next(&rng);
	p->min = rng_one_in(&rng, 2) ? 0 : rng_next(&rng);
	p->max = rng_range(&rng, p->min, 255);
	if (p->mode == LUTNA_POOL_MAX)
		return;
	p->zo = rng_next(&rng);
	p->shift = rng_range(&rng, 1, 62);
	p->mult = rng_next(&rng) >> 33;
	/* Mostly near a factor of one, so that results are not all clamped */
	if (!rng_one_in(&rng, 3)) {
		p->shift = rng_range(&rng, 8, 30);
		p->mult = (1u << p->shift) - rng_below(&rng, 1 << p->shift);
	}
}

/* @size: largest kernel */
static void try_case(uint32_t size)
{
	struct pool_case p = { 0 };

	for (int i = 0; i < 4; i++)
		p.in.dim[i] = rng_range(&rng, 1, i < 2 ? 9 : 24);
	if (rng_one_in(&rng, 4))
		p.in.dim[1] = rng_range(&rng, 30, 70);
	p.kh = rng_range(&rng, 1, size);
	p.kw = rng_range(&rng, 1, size);
	p.sh = rng_range(&rng, 1, 4);
	p.sw = rng_range(&rng, 1, 4);
	p.pt = rng_below(&rng, p.kh < 256 ? p.kh : 256);
	p.pl = rng_below(&rng, p.kw < 256 ? p.kw : 256);
	if (rng_one_in(&rng, 2))
		p.pt = p.pl = 0;
	choose_numbers(&p);
	p.out.dim[0] = p.in.dim[0];
	p.out.dim[1] = p.in.dim[1];
	p.out.dim[2] = rng_range(&rng, 1, most_windows(p.in.dim[2], p.sh, p.pt));
	p.out.dim[3] = rng_range(&rng, 1, most_windows(p.in.dim[3], p.sw, p.pl));
	p.in.elem = p.out.elem = 1;

	guest_reset(m.g);
	shape_place(&p.in, m.g, rng_below(&rng, LAYOUT_RANDOM_INPUT + 1), &rng);
	shape_place(&p.out, m.g, rng_below(&rng, LAYOUT_RANDOM_INPUT), &rng);
	machine_begin(&m);
	oracle(&p);
	struct lutna_cmd_pool cmd = command(&p);

	machine_expect(&m, &cmd, describe(&p));
}

/* The largest window over the longest line, where a wrong slope would show */
static void test_long(void)
{
	for (int mode = 0; mode < 3; mode++) {
		for (int across = 0; across < 2; across++) {
			struct pool_case p = {
				.in = { .dim = { 1, 1, 1, 1 }, .elem = 1 },
				.out = { .dim = { 1, 1, 1, 1 }, .elem = 1 },
				.kh = 1, .kw = 1, .sh = 1, .sw = 1, .max = 255,
				.mode = mode,
				.shift = mode ? 31 : 0, .mult = mode ? INT32_MAX : 0,
			};

			p.in.dim[2 + across] = 65535;
			p.out.dim[2 + across] = 60;
			*(across ? &p.kw : &p.kh) = 65000;
			*(across ? &p.sw : &p.sh) = 13;
			*(across ? &p.pl : &p.pt) = 255;
			guest_reset(m.g);
			shape_place(&p.in, m.g, LAYOUT_NCHW, &rng);
			shape_place(&p.out, m.g, LAYOUT_NCHW, &rng);
			for (int i = 0; i < 65535; i++)
				m.g->mem[p.in.addr - GUEST_BASE + i] = i >> 9;
			machine_begin(&m);
			oracle(&p);
			struct lutna_cmd_pool cmd = command(&p);

			m.g->asked = 0;
			machine_expect(&m, &cmd, describe(&p));
			/* Window by window there would be thirty questions. */
			check(m.g->asked < 10, "%lu times asked: %s",
			      m.g->asked, describe(&p));
		}
	}
	point("windows of 65000");
}

/* One sum of more than 2^32 */
static void test_heavy(void)
{
	struct pool_case p = {
		.in = { .dim = { 1, 1, 4200, 4200 }, .elem = 1 },
		.out = { .dim = { 1, 1, 1, 1 }, .elem = 1 },
		.kh = 65535, .kw = 65535, .sh = 1, .sw = 1,
		.mode = LUTNA_POOL_AVG, .shift = 20, .mult = 1 << 20,
		.max = 255,
	};

	for (; p.mode <= LUTNA_POOL_AVG_PAD; p.mode++) {
		guest_reset(m.g);
		shape_place(&p.in, m.g, LAYOUT_NCHW, &rng);
		shape_place(&p.out, m.g, LAYOUT_NCHW, &rng);
		memset(guest_at(m.g, p.in.addr), 254, 4200 * 4200);
		p.mult = p.mode == LUTNA_POOL_AVG ? 1 << 20 : INT32_MAX;
		machine_begin(&m);
		/* 254 * 17640000 * (2^31 - 1) / (65535^2 * 2^20) = 2136.7 */
		m.want[p.out.addr - GUEST_BASE] =
			p.mode == LUTNA_POOL_AVG ? 254 : 255;
		struct lutna_cmd_pool cmd = command(&p);

		machine_expect(&m, &cmd, describe(&p));
		if (p.mode == LUTNA_POOL_AVG)
			continue;
		cmd.shift = 25;
		m.want[p.out.addr - GUEST_BASE] = 67;	/* 66.77 */
		machine_expect(&m, &cmd, describe(&p));
	}
	point("a sum beyond 32 bits");
}

int main(void)
{
	rng = rng_init(3);
	machine_init(&m, 64u << 20, LUTNA_IMPL_FAST, &rng);
	for (int i = 0; i < CASES(1500); i++)
		try_case(4);
	point("small windows");
	for (int i = 0; i < CASES(800); i++)
		try_case(40);
	point("windows as large as the input");
	for (int i = 0; i < CASES(100); i++)
		try_case(2000);
	point("windows far larger than the input");
	test_long();
	test_heavy();
	machine_fini(&m);
	return check_done();
}
