// SPDX-License-Identifier: GPL-2.0-only
/*
 * What commands are said to cost, against the manual's formulas worked out
 * anew, and against figures worked out by hand.
 */
#include <endian.h>
#include <string.h>

#include "conv_case.h"
#include "core/cost.h"
#include "machine.h"

#define UNITS	100	/* of machine.c */

static struct machine m;
static struct rng rng;

struct want {
	uint64_t load, compute, stall, macs, skipped, lookups, tables;
	uint64_t read, written;
};

static uint64_t div_up(uint64_t a, uint64_t b)
{
	return (a + b - 1) / b;
}

static uint64_t stall(const struct want *w)
{
	uint64_t bus = div_up(w->read + w->written, 32);
	uint64_t busy = w->load + w->compute;

	return bus > busy ? bus - busy : 0;
}

static void compare(const struct want *w, const char *what)
{
	const struct lutna_profile *p = &m.profile;

	check(le64toh(p->cycles_load) == w->load, "%s: load %llu", what,
	      (unsigned long long)le64toh(p->cycles_load));
	check(le64toh(p->cycles_compute) == w->compute, "%s: compute %llu",
	      what, (unsigned long long)le64toh(p->cycles_compute));
	check(le64toh(p->cycles_stall) == w->stall, "%s: stall %llu", what,
	      (unsigned long long)le64toh(p->cycles_stall));
	check(le64toh(p->macs) == w->macs, "%s: macs", what);
	check(le64toh(p->macs_skipped) == w->skipped, "%s: skipped", what);
	check(le64toh(p->lookups) == w->lookups, "%s: lookups", what);
	check(le64toh(p->table_loads) == w->tables, "%s: tables", what);
	check(le64toh(p->bytes_read) == w->read, "%s: read %llu", what,
	      (unsigned long long)le64toh(p->bytes_read));
	check(le64toh(p->bytes_written) == w->written, "%s: written %llu",
	      what, (unsigned long long)le64toh(p->bytes_written));
}

/* A dimension that repeats its elements is read once. */
static uint64_t distinct(const struct shape *s)
{
	uint64_t n = s->elem;

	for (int i = 0; i < 4; i++)
		if (s->dim[i] > 1 && s->stride[i])
			n *= s->dim[i];
	return n;
}

static void check_costs(const struct conv_case *cc, uint64_t macs)
{
	for (int u = 0; u < 8; u++) {
		struct lutna_unit_spec spec = {
			.unit = u, .act_bits = cc->act_bits,
			.weight_bits = cc->weight_bits, .is_signed = true,
		};
		struct lutna_unit_cost cost;
		uint64_t want = 0;
		uint32_t area = 0;

		if (u == LUTNA_UNIT_LUTNA || u == LUTNA_UNIT_DNC) {
			spec.approx = cc->approx;
			spec.approx_digits = cc->approx_digits;
		}
		if (u < LUTNA_UNIT_COUNT) {
			if (lutna_unit_cost(&spec, &cost))
				bail("no cost of unit %d", u);
			want = lutna_unit_energy(&cost, LUTNA_STIMULUS_RELU,
						 macs);
			check(!macs || want, "unit %d for nothing", u);
			area = cost.transistors;
		}
		if (u < (int)(sizeof(m.profile.area) / sizeof(area)))
			check(le32toh(m.profile.area[u]) == area,
			      "area of %d: %s", u, conv_describe(cc));
		check(le64toh(m.profile.energy[u]) == want, "energy of %d: %s",
		      u, conv_describe(cc));
	}
}

static void test_conv(void)
{
	for (int i = 0; i < CASES(300); i++) {
		const struct lutna_profile *p = &m.profile;
		struct conv_case cc;
		struct want w;
		uint64_t places, all;

		conv_choose(&cc, 5000, &rng);
		conv_build(&cc, m.g, &rng);
		check(!machine_run(&m, &cc.cmd), "fault");
		places = (uint64_t)cc.n * cc.oh * cc.ow;
		all = (uint64_t)cc.oc * cc.k;
		w.tables = cc.stored;
		w.macs = cc.stored * places;
		w.skipped = all * places - w.macs;
		w.lookups = w.macs * ((cc.act_bits + 1) / 2 - cc.approx_digits);
		w.load = div_up(cc.stored * (2 * cc.weight_bits + 2), 256);
		w.compute = div_up(cc.stored, UNITS) * places;
		w.read = distinct(&cc.in) + le32toh(cc.cmd.weights_size) +
			 16 * cc.oc;
		w.written = shape_count(&cc.out) * cc.out.elem;
		w.stall = stall(&w);
		compare(&w, conv_describe(&cc));
		check_costs(&cc, w.macs);
		check(le32toh(p->tag) == 0x12345678 &&
		      le16toh(p->opcode) == LUTNA_OP_CONV &&
		      p->act_bits == cc.act_bits &&
		      p->weight_bits == cc.weight_bits &&
		      p->approx == cc.approx &&
		      p->approx_digits == cc.approx_digits, "what it was");
		conv_free(&cc);
	}
	point("convolutions");
}

/* n 2, 10 channels of 4x4, 30 channels of 4x4, 1x1, 9-bit weights, dense */
static void test_by_hand(void)
{
	struct conv_case cc;
	struct want w = {
		.tables = 300, .macs = 300 * 32, .lookups = 4 * 300 * 32,
		.load = 24,		/* 6000 cells */
		.compute = 3 * 32,	/* three tiles */
		.read = 2 * 160 + 600 + 480, .written = 2 * 480,
		.stall = 0,		/* 74 of 120 cycles */
	};

	conv_choose(&cc, 1000, &rng);
	cc.n = 2;
	cc.c = 10;
	cc.oc = 30;
	cc.h = cc.w = cc.oh = cc.ow = 4;
	cc.kh = cc.kw = cc.sh = cc.sw = cc.dh = cc.dw = cc.groups = 1;
	cc.pt = cc.pl = 0;
	cc.s32 = false;
	cc.in_layout = cc.out_layout = LAYOUT_NCHW;
	conv_bits(&cc, 8, 9, LUTNA_WEIGHT_S16, LUTNA_APPROX_EXACT, 0);
	conv_build(&cc, m.g, &rng);
	check(!machine_run(&m, &cc.cmd), "fault");
	compare(&w, "by hand");
	conv_free(&cc);
	point("a convolution by hand");
}

static void test_others(void)
{
	struct shape s = { .dim = { 2, 3, 10, 11 }, .elem = 1 };	/* 660 */
	struct shape half = { .dim = { 2, 3, 5, 5 }, .elem = 1 };	/* 150 */
	struct lutna_cmd_eltwise add = { .hdr = header(LUTNA_OP_ELTWISE) };
	struct lutna_cmd_table tab = { .hdr = header(LUTNA_OP_TABLE) };
	struct lutna_cmd_copy copy = { .hdr = header(LUTNA_OP_COPY) };
	struct lutna_cmd_fill fill = { .hdr = header(LUTNA_OP_FILL) };
	struct lutna_cmd_pool pool = { .hdr = header(LUTNA_OP_POOL) };
	struct lutna_cmd_timestamp ts = { .hdr = header(LUTNA_OP_TIMESTAMP) };
	struct lutna_cmd_nop nop = { .hdr = header(LUTNA_OP_NOP) };
	struct shape wide = { .dim = { 2, 3, 10, 11 }, .elem = 4 };
	struct want w;

	guest_reset(m.g);
	shape_place(&s, m.g, LAYOUT_NCHW, &rng);
	shape_place(&half, m.g, LAYOUT_NCHW, &rng);
	shape_place(&wide, m.g, LAYOUT_NCHW, &rng);

	add.a = add.b = add.out = shape_tensor(&s, 0);
	add.b.stride_n = add.b.stride_c = 0;	/* 110 elements of 660 */
	add.shift = 1;
	add.out_max = 255;
	check(!machine_run(&m, &add), "fault");
	w = (struct want) { .compute = 11, .read = 770, .written = 660,
			    .stall = 45 - 11 };
	compare(&w, "add");

	tab.in = tab.out = shape_tensor(&s, 0);
	tab.table = htole64(s.addr);
	check(!machine_run(&m, &tab), "fault");
	w = (struct want) { .load = 8, .compute = 11, .read = 916,
			    .written = 660, .stall = 50 - 19 };
	compare(&w, "table");

	copy.in = copy.out = shape_tensor(&wide, 0);
	copy.repeat_h = copy.repeat_w = 1;
	check(!machine_run(&m, &copy), "fault");
	w = (struct want) { .compute = 11, .read = 2640, .written = 2640,
			    .stall = 165 - 11 };
	compare(&w, "copy");

	fill.out = shape_tensor(&s, 0);
	check(!machine_run(&m, &fill), "fault");
	w = (struct want) { .compute = 11, .written = 660, .stall = 10 };
	compare(&w, "fill");

	pool.in = shape_tensor(&s, 0);
	pool.out = shape_tensor(&half, 0);
	pool.kernel_h = pool.kernel_w = htole16(2);
	pool.stride_h = pool.stride_w = 2;
	check(!machine_run(&m, &pool), "fault");
	w = (struct want) { .compute = 3, .read = 660, .written = 150,
			    .stall = 26 - 3 };
	compare(&w, "pool");

	ts.addr = htole64(guest_alloc(m.g, 8, 8));
	check(!machine_run(&m, &ts), "fault");
	w = (struct want) { .written = 8, .stall = 1 };
	compare(&w, "timestamp");

	check(!machine_run(&m, &nop), "fault");
	w = (struct want) { 0 };
	compare(&w, "nop");
	point("other commands by hand");
}

/* The caller's own members stay; all others are written. */
static void test_members(void)
{
	struct lutna_cmd_nop nop = { .hdr = header(LUTNA_OP_NOP) };
	struct lutna_memory mem = guest_memory(m.g);
	struct lutna_profile p, want = {
		.tag = htole32(0xcafe), .opcode = htole16(LUTNA_OP_NOP),
	};

	memset(&p, 0x77, sizeof(p));
	want.index = p.index;
	want.start_ns = p.start_ns;
	want.end_ns = p.end_ns;
	check(!lutna_exec_command(m.exec, &mem, &nop, &p, &m.fault), "fault");
	check(!memcmp(&p, &want, sizeof(p)), "members");
	nop.hdr.flags = 1;
	memset(&p, 0x77, sizeof(p));
	want = p;
	check(lutna_exec_command(m.exec, &mem, &nop, &p, &m.fault) ==
	      LUTNA_FAULT_BAD_FIELD, "flags");
	check(!memcmp(&p, &want, sizeof(p)), "a profile of a failure");
	point("members of a profile");
}

/* Positions beyond 2^31, and products beyond 2^47 */
static void test_largest(void)
{
	struct lutna_exec_params params = {
		.units = 1, .max_tensor = 1ULL << 32,
	};
	struct lutna_exec *small = m.exec;
	struct lutna_cmd_conv *c;
	struct conv_case cc;

	conv_choose(&cc, 1000, &rng);
	cc.n = cc.groups = cc.sh = cc.sw = cc.dh = cc.dw = 1;
	cc.oc = 1;
	cc.h = cc.w = 1;
	cc.kh = cc.kw = 255;
	cc.pt = cc.pl = 255;
	cc.oh = cc.ow = 257;
	cc.zeros = 256;
	conv_bits(&cc, 8, 9, LUTNA_WEIGHT_COMPRESSED, LUTNA_APPROX_EXACT, 0);
	cc.c = 1;
	cc.in_layout = cc.out_layout = LAYOUT_NCHW;
	conv_build(&cc, m.g, &rng);
	/* No weights, and as many inputs as there can be: 65535 of one byte */
	c = &cc.cmd;
	c->in.c = htole16(65535);
	c->in.stride_c = 0;
	c->weights_size = htole32(8);
	memset(guest_at(m.g, le64toh(c->weights)), 0, 8);
	if (lutna_exec_new(&m.exec, &params))
		bail("no executor");
	check(!machine_run(&m, c), "fault %#x at %llu", m.fault.code,
	      (unsigned long long)m.fault.addr);
	check(le64toh(m.profile.macs_skipped) == 65535ull * 65025 * 257 * 257,
	      "skipped %llu",
	      (unsigned long long)le64toh(m.profile.macs_skipped));
	check(!m.profile.macs, "none");
	lutna_exec_free(m.exec);
	m.exec = small;
	conv_free(&cc);
	point("the largest kernel");
}

int main(void)
{
	rng = rng_init(7);
	machine_init(&m, 32u << 20, LUTNA_IMPL_FAST, &rng);
	test_conv();
	test_by_hand();
	test_others();
	test_members();
	test_largest();
	machine_fini(&m);
	return check_done();
}
