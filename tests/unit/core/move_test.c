// SPDX-License-Identifier: GPL-2.0-only
/*
 * Element-wise commands, tables, copies, fills and timestamps against their
 * definitions in lutna_isa.h.
 */
#include <endian.h>
#include <string.h>

#include "machine.h"

static struct machine m;
static struct rng rng;

struct place {
	uint32_t n, c, h, w;
};

/* Calls @fn for each element of @dim. */
static void for_each(const uint32_t *dim,
		     void (*fn)(const struct place *p, void *arg), void *arg)
{
	struct place p;

	for (p.n = 0; p.n < dim[0]; p.n++)
		for (p.c = 0; p.c < dim[1]; p.c++)
			for (p.h = 0; p.h < dim[2]; p.h++)
				for (p.w = 0; p.w < dim[3]; p.w++)
					fn(&p, arg);
}

static size_t offset(const struct shape *s, const struct place *p)
{
	return shape_addr(s, p->n, p->c, p->h, p->w) - GUEST_BASE;
}

static void choose_dims(struct shape *s)
{
	do {
		for (int i = 0; i < 4; i++)
			s->dim[i] = rng_range(&rng, 1,
					      rng_one_in(&rng, 3) ? 20 : 5);
		if (rng_one_in(&rng, 10))
			s->dim[rng_below(&rng, 4)] = rng_range(&rng, 1, 2000);
	} while (shape_count(s) > 20000);
	s->elem = 1;
}

static enum layout in_layout(void)
{
	return rng_below(&rng, LAYOUT_RANDOM_INPUT + 1);
}

static enum layout out_layout(void)
{
	return rng_below(&rng, LAYOUT_RANDOM_INPUT);
}

struct eltwise_case {
	struct shape a, b, out;
	uint8_t za, zb, zo;
	struct lutna_cmd_eltwise cmd;
};

static void eltwise_oracle(const struct place *p, void *arg)
{
	const struct eltwise_case *e = arg;
	__int128 a = m.g->mem[offset(&e->a, p)] - e->za;
	__int128 b = m.g->mem[offset(&e->b, p)] - e->zb;
	__int128 v = (__int128)1 << (e->cmd.shift - 1);

	if (e->cmd.mode == LUTNA_ELTWISE_ADD)
		v += a * le32toh(e->cmd.mult_a) + b * le32toh(e->cmd.mult_b);
	else
		v += a * b * le32toh(e->cmd.mult_a);
	m.want[offset(&e->out, p)] = clamp(e->zo + floor_shift(v, e->cmd.shift),
					   e->cmd.out_min, e->cmd.out_max);
}

static void test_eltwise(unsigned int mode)
{
	for (int i = 0; i < CASES(1500); i++) {
		bool ends = rng_one_in(&rng, 5);
		struct eltwise_case e = {
			.za = rng_next(&rng), .zb = rng_next(&rng),
			.zo = rng_next(&rng),
		};

		guest_reset(m.g);
		choose_dims(&e.a);
		e.b = e.out = e.a;
		shape_place(&e.a, m.g, in_layout(), &rng);
		shape_place(&e.b, m.g, in_layout(), &rng);
		shape_place(&e.out, m.g, out_layout(), &rng);
		e.cmd = (struct lutna_cmd_eltwise) {
			.hdr = header(LUTNA_OP_ELTWISE),
			.a = shape_tensor(&e.a, e.za),
			.b = shape_tensor(&e.b, e.zb),
			.out = shape_tensor(&e.out, e.zo),
			.mode = mode,
			.shift = ends ? rng_range(&rng, 1, 62)
				      : rng_range(&rng, 24, 40),
			.mult_a = htole32(ends ? INT32_MAX
					       : rng_next(&rng) >> 33),
			.mult_b = htole32(ends ? INT32_MAX
					       : rng_next(&rng) >> 33),
		};
		if (mode == LUTNA_ELTWISE_MUL)
			e.cmd.mult_b = 0;
		e.cmd.out_min = rng_one_in(&rng, 2) ? 0 : rng_next(&rng);
		e.cmd.out_max = rng_range(&rng, e.cmd.out_min, 255);
		machine_begin(&m);
		for_each(e.out.dim, eltwise_oracle, &e);
		machine_expect(&m, &e.cmd, mode ? "multiply" : "add");
	}
	point(mode ? "element-wise multiplication" : "element-wise addition");
}

struct unary_case {
	struct shape in, out;
	const uint8_t *table;
	uint32_t pad_top, pad_left, repeat_h, repeat_w, pad_value;
};

static void table_oracle(const struct place *p, void *arg)
{
	const struct unary_case *u = arg;

	m.want[offset(&u->out, p)] = u->table[m.g->mem[offset(&u->in, p)]];
}

static void test_table(void)
{
	for (int i = 0; i < CASES(1000); i++) {
		struct lutna_cmd_table cmd = { .hdr = header(LUTNA_OP_TABLE) };
		struct unary_case u;
		uint64_t table;

		guest_reset(m.g);
		choose_dims(&u.in);
		u.out = u.in;
		table = guest_alloc(m.g, 256, 1);
		u.table = guest_at(m.g, table);
		shape_place(&u.in, m.g, in_layout(), &rng);
		shape_place(&u.out, m.g, out_layout(), &rng);
		for (int j = 0; j < 256; j++)
			((uint8_t *)guest_at(m.g, table))[j] = rng_next(&rng);
		cmd.in = shape_tensor(&u.in, rng_next(&rng));
		cmd.out = shape_tensor(&u.out, rng_next(&rng));
		cmd.table = htole64(table);
		machine_begin(&m);
		for_each(u.out.dim, table_oracle, &u);
		machine_expect(&m, &cmd, "table");
	}
	point("tables");
}

static void copy_oracle(const struct place *p, void *arg)
{
	const struct unary_case *u = arg;
	int64_t y = (int64_t)p->h - u->pad_top, x = (int64_t)p->w - u->pad_left;
	struct place from = {
		p->n, p->c, y / u->repeat_h, x / u->repeat_w,
	};
	uint32_t pad = htole32(u->pad_value);
	bool inside = y >= 0 && x >= 0 && from.h < u->in.dim[2] &&
		      from.w < u->in.dim[3];

	memcpy(m.want + offset(&u->out, p),
	       inside ? m.g->mem + offset(&u->in, &from)
		      : (uint8_t *)&pad, u->in.elem);
}

static void try_copy(bool plain)
{
	struct lutna_cmd_copy cmd = { .hdr = header(LUTNA_OP_COPY) };
	struct unary_case u = { .repeat_h = 1, .repeat_w = 1 };

	guest_reset(m.g);
	choose_dims(&u.in);
	if (!plain && shape_count(&u.in) > 2000)
		return;
	u.in.elem = rng_one_in(&rng, 3) ? 4 : 1;
	u.out = u.in;
	u.pad_value = u.in.elem == 4 ? rng_next(&rng) : rng_below(&rng, 256);
	if (!plain) {
		u.repeat_h = rng_range(&rng, 1, 4);
		u.repeat_w = rng_range(&rng, 1, 4);
		u.pad_top = rng_below(&rng, 5);
		u.pad_left = rng_below(&rng, 5);
		if (rng_one_in(&rng, 20))
			u.pad_left = 65535 - rng_below(&rng, 2);
		u.out.dim[2] = rng_range(&rng, 1, 30);
		u.out.dim[3] = rng_range(&rng, 1, 60);
	}
	/* But for one thing it would be a plain copy. */
	if (!plain && rng_one_in(&rng, 4)) {
		u.out = u.in;
		u.repeat_h = u.repeat_w = 1;
		u.pad_top = u.pad_left = 0;
		*(rng_one_in(&rng, 2) ? &u.pad_top : &u.pad_left) = 1;
		if (rng_one_in(&rng, 2)) {
			u.pad_top = u.pad_left = 0;
			*(rng_one_in(&rng, 2) ? &u.repeat_h : &u.repeat_w) = 2;
		}
	}
	shape_place(&u.in, m.g, in_layout(), &rng);
	shape_place(&u.out, m.g, out_layout(), &rng);
	cmd.in = shape_tensor(&u.in, rng_next(&rng));
	cmd.out = shape_tensor(&u.out, rng_next(&rng));
	cmd.repeat_h = u.repeat_h;
	cmd.repeat_w = u.repeat_w;
	cmd.pad_top = htole16(u.pad_top);
	cmd.pad_left = htole16(u.pad_left);
	cmd.pad_value = htole32(u.pad_value);
	machine_begin(&m);
	for_each(u.out.dim, copy_oracle, &u);
	machine_expect(&m, &cmd, plain ? "copy" : "padded copy");
}

static void test_copy(void)
{
	for (int i = 0; i < CASES(2500); i++)
		try_copy(true);
	point("strided copies");
	for (int i = 0; i < CASES(2500); i++)
		try_copy(false);
	point("padding, cropping and upsampling");
}

static void fill_oracle(const struct place *p, void *arg)
{
	const struct unary_case *u = arg;
	uint32_t value = htole32(u->pad_value);

	memcpy(m.want + offset(&u->out, p), &value, u->out.elem);
}

static void test_fill(void)
{
	for (int i = 0; i < CASES(1000); i++) {
		struct lutna_cmd_fill cmd = { .hdr = header(LUTNA_OP_FILL) };
		struct unary_case u;

		guest_reset(m.g);
		choose_dims(&u.out);
		u.out.elem = rng_one_in(&rng, 2) ? 4 : 1;
		u.pad_value = u.out.elem == 4 ? rng_next(&rng)
					      : rng_below(&rng, 256);
		shape_place(&u.out, m.g, out_layout(), &rng);
		cmd.out = shape_tensor(&u.out, rng_next(&rng));
		cmd.value = htole32(u.pad_value);
		machine_begin(&m);
		for_each(u.out.dim, fill_oracle, &u);
		machine_expect(&m, &cmd, "fill");
		check(!m.g->reads, "a fill that reads");
	}
	point("fills");
}

static void test_timestamp(void)
{
	struct lutna_cmd_timestamp cmd = { .hdr = header(LUTNA_OP_TIMESTAMP) };
	struct lutna_memory mem;
	uint64_t now;

	guest_reset(m.g);
	cmd.addr = htole64(guest_alloc(m.g, 8, 8));
	m.g->now = 0x0123456789abcdef;
	now = htole64(m.g->now);
	machine_begin(&m);
	memcpy(m.want + (le64toh(cmd.addr) - GUEST_BASE), &now, 8);
	machine_expect(&m, &cmd, "timestamp");

	/* Callbacks that may be missing */
	mem = guest_memory(m.g);
	mem.now_ns = NULL;
	mem.aborted = NULL;
	check(!lutna_exec_command(m.exec, &mem, &cmd, &m.profile, &m.fault),
	      "no clock");
	memcpy(&now, guest_at(m.g, le64toh(cmd.addr)), 8);
	check(!now, "time without a clock");
	point("timestamps");
}

static void test_nop(void)
{
	struct lutna_cmd_nop cmd = { .hdr = header(LUTNA_OP_NOP) };

	guest_reset(m.g);
	machine_begin(&m);
	machine_expect(&m, &cmd, "nop");
	check(!m.g->reads && !m.g->writes && !m.g->asked,
	      "a NOP that touches something");
	check(le16toh(m.profile.opcode) == LUTNA_OP_NOP &&
	      le32toh(m.profile.tag) == 0xcafe, "its profile");
	point("nop");
}

int main(void)
{
	rng = rng_init(4);
	machine_init(&m, 64u << 20, LUTNA_IMPL_FAST, &rng);
	test_eltwise(LUTNA_ELTWISE_ADD);
	test_eltwise(LUTNA_ELTWISE_MUL);
	test_table();
	test_copy();
	test_fill();
	test_timestamp();
	test_nop();
	machine_fini(&m);
	return check_done();
}
