// SPDX-License-Identifier: GPL-2.0-only
/*
 * How core treats guest memory: exact faults, all input before any output,
 * updates in place, and giving up when it is told to.
 */
#include <endian.h>
#include <string.h>

#include "conv_case.h"
#include "core/exec_internal.h"
#include "machine.h"

#define READ	1
#define WRITTEN	2

static struct machine machines[3];
static const char *const names[] = { "fast", "portable", "literal" };
static struct rng rng;
static uint8_t *before, *map;

static void mark(const struct shape *s, uint8_t bit)
{
	for (uint32_t n = 0; n < s->dim[0]; n++)
		for (uint32_t c = 0; c < s->dim[1]; c++)
			for (uint32_t h = 0; h < s->dim[2]; h++)
				for (uint32_t w = 0; w < s->dim[3]; w++)
					for (int i = 0; i < s->elem; i++)
						map[shape_addr(s, n, c, h, w) -
						    GUEST_BASE + i] |= bit;
}

static void mark_range(uint64_t addr, size_t len, uint8_t bit)
{
	for (size_t i = 0; i < len; i++)
		map[addr - GUEST_BASE + i] |= bit;
}

/* @cmd with one byte that cannot be read, then with one that cannot be written */
static void try_bad_byte(struct machine *m, const void *cmd, size_t at,
			 const char *what)
{
	uint64_t addr = GUEST_BASE + at;
	int rc;

	m->g->bad_read = addr;
	if (map[at] & READ) {
		machine_refused(m, cmd, LUTNA_FAULT_TRANSLATION, 1, addr, what);
		check(!m->g->writes, "%s: a write before all was read", what);
		check(!memcmp(before, m->g->mem, m->g->used), "%s: memory", what);
	} else {
		rc = machine_run(m, cmd);
		check(!rc, "%s: a byte that it does not need", what);
	}
	m->g->bad_read = NOWHERE;
	memcpy(m->g->mem, before, m->g->used);

	m->g->bad_write = addr;
	if (map[at] & WRITTEN) {
		machine_refused(m, cmd, LUTNA_FAULT_PERMISSION, 2, addr, what);
	} else {
		rc = machine_run(m, cmd);
		check(!rc, "%s: a byte that it does not write", what);
	}
	m->g->bad_write = NOWHERE;
	memcpy(m->g->mem, before, m->g->used);
}

/* Bytes near the borders of what is used, and some others */
static void try_bad_bytes(struct machine *m, const void *cmd, const char *what)
{
	memcpy(before, m->g->mem, m->g->used);
	for (int i = 0; i < 24; i++) {
		size_t at = rng_below(&rng, m->g->used);

		while (i & 3 && at + 1 < m->g->used && map[at] == map[at + 1])
			at++;
		try_bad_byte(m, cmd, at + (i & 4 && at + 1 < m->g->used), what);
	}
}

static void test_conv_faults(struct machine *m, const char *name)
{
	for (int i = 0; i < CASES(150); i++) {
		struct conv_case cc;

		conv_choose(&cc, 3000, &rng);
		conv_build(&cc, m->g, &rng);
		memset(map, 0, m->g->used);
		mark(&cc.in, READ);
		mark(&cc.out, WRITTEN);
		mark_range(le64toh(cc.cmd.weights),
			   le32toh(cc.cmd.weights_size), READ);
		mark_range(le64toh(cc.cmd.channels), 16 * cc.oc, READ);
		try_bad_bytes(m, &cc.cmd, conv_describe(&cc));
		conv_free(&cc);
	}
	point("%s: exact faults of convolutions", name);
}

/* A copy shows the tensors' own paths: any layout, gaps and broadcasts. */
static void test_copy_faults(struct machine *m)
{
	for (int i = 0; i < CASES(1000); i++) {
		struct lutna_cmd_copy cmd = { .hdr = header(LUTNA_OP_COPY) };
		struct shape in = { .elem = rng_one_in(&rng, 3) ? 4 : 1 }, out;

		guest_reset(m->g);
		for (int j = 0; j < 4; j++)
			in.dim[j] = rng_range(&rng, 1, rng_one_in(&rng, 4) ? 30
									 : 5);
		out = in;
		shape_place(&in, m->g, rng_below(&rng, LAYOUT_RANDOM_INPUT + 1),
			    &rng);
		shape_place(&out, m->g, rng_below(&rng, LAYOUT_RANDOM_INPUT),
			    &rng);
		cmd.in = shape_tensor(&in, 0);
		cmd.out = shape_tensor(&out, 0);
		cmd.repeat_h = cmd.repeat_w = 1;
		memset(map, 0, m->g->used);
		mark(&in, READ);
		mark(&out, WRITTEN);
		try_bad_bytes(m, &cmd, "copy");
		/* What is read along is bounded, whatever the strides. */
		check(!machine_run(m, &cmd) && m->g->read_bytes <=
		      (64 + 4) * shape_count(&in) * in.elem,
		      "copy: %llu bytes read for %llu elements",
		      (unsigned long long)m->g->read_bytes,
		      (unsigned long long)shape_count(&in));
	}
	point("exact faults of copies");
}

static void test_other_faults(struct machine *m)
{
	for (int i = 0; i < CASES(200); i++) {
		struct lutna_cmd_eltwise add = {
			.hdr = header(LUTNA_OP_ELTWISE), .shift = 1,
			.out_max = 255,
		};
		struct lutna_cmd_table tab = { .hdr = header(LUTNA_OP_TABLE) };
		struct shape a = { .dim = { 2, 3, 5, 7 }, .elem = 1 };
		struct shape b = a, out = a;
		uint64_t table;

		guest_reset(m->g);
		shape_place(&a, m->g, LAYOUT_RANDOM_INPUT, &rng);
		shape_place(&b, m->g, LAYOUT_RANDOM_INPUT, &rng);
		shape_place(&out, m->g, LAYOUT_RANDOM_OUTPUT, &rng);
		table = guest_alloc(m->g, 256, 1);
		add.a = tab.in = shape_tensor(&a, 3);
		add.b = shape_tensor(&b, 4);
		add.out = tab.out = shape_tensor(&out, 5);
		tab.table = htole64(table);
		memset(map, 0, m->g->used);
		mark(&a, READ);
		mark(&b, READ);
		mark(&out, WRITTEN);
		try_bad_bytes(m, &add, "add");
		memset(map, 0, m->g->used);
		mark(&a, READ);
		mark_range(table, 256, READ);
		mark(&out, WRITTEN);
		try_bad_bytes(m, &tab, "table");
	}
	point("exact faults of element-wise commands and tables");
}

static void test_pool_faults(struct machine *m)
{
	for (int i = 0; i < CASES(200); i++) {
		bool wide = i & 1;
		struct lutna_cmd_pool cmd = {
			.hdr = header(LUTNA_OP_POOL), .out_max = 255,
			.kernel_h = htole16(wide ? 9 : 2),
			.kernel_w = htole16(wide ? 9 : 2),
			.stride_h = wide ? 1 : 2, .stride_w = wide ? 1 : 2,
		};
		struct shape in = { .dim = { 2, 3, 10, 12 }, .elem = 1 };
		struct shape out = { .dim = { 2, 3, 5, 6 }, .elem = 1 };

		guest_reset(m->g);
		shape_place(&in, m->g, LAYOUT_RANDOM_INPUT, &rng);
		shape_place(&out, m->g, LAYOUT_RANDOM_OUTPUT, &rng);
		cmd.in = shape_tensor(&in, 3);
		cmd.out = shape_tensor(&out, 3);
		memset(map, 0, m->g->used);
		mark(&in, READ);
		mark(&out, WRITTEN);
		try_bad_bytes(m, &cmd, "pool");
	}
	point("exact faults of pooling");
}

/* The output lies on the input, the weights or the channel records. */
static void test_in_place(struct machine *m, const char *name)
{
	for (int i = 0; i < CASES(300); i++) {
		struct conv_case cc;
		uint64_t low, at;
		size_t span;

		conv_choose(&cc, 5000, &rng);
		conv_build(&cc, m->g, &rng);
		span = cc.out.elem;
		for (int j = 0; j < 4; j++)
			if (cc.out.dim[j] > 1)
				span += (size_t)(cc.out.dim[j] - 1) *
					cc.out.stride[j];
		if (span > m->g->used)
			m->g->used = span;
		low = rng_below(&rng, m->g->used - span + 1);
		at = GUEST_BASE + low / cc.out.elem * cc.out.elem;
		cc.out.addr = at;
		cc.cmd.out.addr = htole64(at);
		machine_begin(m);
		conv_oracle(&cc, m->g, m->want);
		machine_expect(m, &cc.cmd, conv_describe(&cc));
		conv_free(&cc);
	}
	point("%s: output over whatever is input", name);
}

/* @least: how often to ask whether to go on */
static void try_abort(struct machine *m, const void *cmd, uint64_t least,
		      const char *what)
{
	unsigned long asked;
	int rc;

	m->g->asked = 0;
	rc = machine_run(m, cmd);
	asked = m->g->asked;
	check(!rc, "%s: fault %#x", what, rc);
	check(asked >= least && asked, "%s: asked %lu times", what, asked);
	for (int i = 0; i < 12 && asked; i++) {
		m->g->asked = 0;
		m->g->abort_at = i < 2 ? (i ? asked : 1)
				       : 1 + rng_below(&rng, asked);
		machine_refused(m, cmd, LUTNA_FAULT_ABORTED, 0, 0, what);
	}
	m->g->abort_at = 0;
}

static void abort_conv(struct machine *m, unsigned int n, unsigned int format,
		       unsigned int kernel, const char *what)
{
	struct conv_case cc;

	conv_choose(&cc, 1000, &rng);
	cc.n = n;
	cc.c = 64;
	cc.oc = 32;
	cc.h = cc.w = cc.oh = cc.ow = 14;
	cc.kh = cc.kw = kernel;
	cc.pt = cc.pl = kernel / 2;
	cc.sh = cc.sw = cc.dh = cc.dw = cc.groups = 1;
	cc.zeros = 20;
	cc.in_layout = cc.out_layout = LAYOUT_NCHW;
	conv_bits(&cc, 8, 9, format, LUTNA_APPROX_EXACT, 0);
	conv_build(&cc, m->g, &rng);
	/* A million products are less than a millisecond of anything. */
	try_abort(m, &cc.cmd, (uint64_t)n * 14 * 14 * cc.oc * cc.k / 1000000,
		  what);
	conv_free(&cc);
}

static void test_abort(void)
{
	struct lutna_cmd_copy copy = { .hdr = header(LUTNA_OP_COPY) };
	struct lutna_cmd_pool pool = { .hdr = header(LUTNA_OP_POOL) };
	struct machine *m = &machines[0];
	struct shape in = { .dim = { 64, 16, 32, 32 }, .elem = 1 }, out = in;
	uint64_t bytes = shape_count(&in);

	for (int i = 0; i < 3; i++) {
		abort_conv(&machines[i], 3, LUTNA_WEIGHT_COMPRESSED, 3, names[i]);
		abort_conv(&machines[i], 2, LUTNA_WEIGHT_S16, 5, names[i]);
	}
	guest_reset(m->g);
	shape_place(&in, m->g, LAYOUT_NCHW, &rng);
	shape_place(&out, m->g, LAYOUT_CHWN, &rng);
	copy.in = pool.in = shape_tensor(&in, 0);
	copy.out = pool.out = shape_tensor(&out, 0);
	copy.repeat_h = copy.repeat_w = 1;
	try_abort(m, &copy, bytes / 1000000, "copy");
	pool.out_max = 255;
	pool.kernel_h = pool.kernel_w = htole16(32);
	pool.stride_h = pool.stride_w = 1;
	try_abort(m, &pool, 4 * bytes / 1000000, "max pool");
	pool.mode = LUTNA_POOL_AVG;
	pool.shift = 1;
	try_abort(m, &pool, 4 * bytes / 1000000, "average pool");
	point("giving up");
}

/* Skipping entries are work too, and there may be many of them. */
static void test_abort_skips(struct machine *m)
{
	struct conv_case cc;
	uint32_t entries;
	uint8_t *w;

	conv_choose(&cc, 1000, &rng);
	cc.n = cc.oc = cc.groups = cc.oh = cc.ow = 1;
	cc.c = 1000;
	cc.h = cc.w = 1;
	cc.kh = cc.kw = 255;
	cc.pt = cc.pl = 127;
	cc.sh = cc.sw = cc.dh = cc.dw = 1;
	cc.zeros = 256;
	conv_bits(&cc, 8, 9, LUTNA_WEIGHT_COMPRESSED, LUTNA_APPROX_EXACT, 0);
	conv_build(&cc, m->g, &rng);
	entries = cc.k / 128;
	w = guest_at(m->g, le64toh(cc.cmd.weights));
	check(le32toh(cc.cmd.weights_size) == 8 + 2 * entries &&
	      entries > 500000 && !w[8] && w[9] == 254, "skips");
	/* They are looked at twice, to be checked and to be planned with. */
	try_abort(m, &cc.cmd, 2 * entries / 150000, "skips");
	conv_free(&cc);
	point("giving up among entries that only skip");
}

/* Accesses are no longer than memory.h says, whatever they are for. */
static void test_longest(void)
{
	struct lutna_exec_params params = { .units = 1, .max_tensor = 4096 };
	struct machine *m = &machines[0];
	struct lutna_exec *big = m->exec;
	struct conv_case cc;

	conv_choose(&cc, 1000, &rng);
	cc.n = cc.c = cc.h = cc.w = cc.oh = cc.ow = cc.kh = cc.kw = 1;
	cc.pt = cc.pl = 0;
	cc.sh = cc.sw = cc.dh = cc.dw = cc.groups = 1;
	cc.oc = 4096;
	cc.s32 = false;
	conv_bits(&cc, 8, 8, LUTNA_WEIGHT_S8, LUTNA_APPROX_EXACT, 0);
	conv_build(&cc, m->g, &rng);
	if (lutna_exec_new(&m->exec, &params))
		bail("no executor");
	machine_begin(m);
	conv_oracle(&cc, m->g, m->want);
	machine_expect(m, &cc.cmd, conv_describe(&cc));
	check(m->g->longest <= 4096, "an access of %zu bytes", m->g->longest);
	conv_free(&cc);
	lutna_exec_free(m->exec);
	m->exec = big;
	point("length of accesses");
}

#ifndef __SANITIZE_ADDRESS__
#define LIMIT		(32u << 20)

/* Peak while it runs, and what is kept, against what core's README.md says */
static void try_memory(struct machine *m, size_t base, const void *cmd,
		       unsigned int limits, const char *what)
{
	int rc;

	m->g->watch = true;
	m->g->peak = 0;
	rc = machine_run(m, cmd);
	m->g->watch = false;
	check(!rc, "%s: fault %#x at %llu", what, rc,
	      (unsigned long long)m->fault.addr);
	check(m->g->peak <= base + (size_t)limits * LIMIT + (80u << 20),
	      "%s: %zu bytes at most", what, m->g->peak - base);
	check(memory_used() <= base + (44u << 20), "%s: %zu bytes kept", what,
	      memory_used() - base);
}

/* Tensors, weights and windows as large as they can be made */
static void test_growth(enum lutna_impl impl, const char *name)
{
	struct lutna_exec_params params = {
		.units = 1, .max_tensor = LIMIT, .impl = impl,
	};
	struct lutna_cmd_pool pool = { .hdr = header(LUTNA_OP_POOL) };
	struct shape in = { .dim = { 1, 16, 32768, 64 }, .elem = 1 };
	struct shape out = { .dim = { 1, 16, 8192, 256 }, .elem = 1 };
	struct conv_case cc;
	struct machine m = { .g = guest_new(160u << 20, &rng) };
	size_t base = memory_used();

	if (lutna_exec_new(&m.exec, &params))
		bail("no executor");
	shape_place(&in, m.g, LAYOUT_NCHW, &rng);
	shape_place(&out, m.g, LAYOUT_NCHW, &rng);
	pool.in = shape_tensor(&in, 0);
	pool.out = shape_tensor(&out, 0);
	pool.kernel_h = pool.kernel_w = htole16(256);
	pool.stride_h = 4;
	pool.stride_w = 1;
	pool.pad_left = 255;
	try_memory(&m, base, &pool, 4, "pool");

	conv_choose(&cc, 1000, &rng);
	cc.n = cc.groups = cc.sh = cc.sw = cc.dh = cc.dw = 1;
	cc.c = 1;
	cc.oc = 1;
	cc.h = cc.oh = 4096;
	cc.w = cc.ow = 8192;
	cc.kh = cc.kw = 1;
	cc.pt = cc.pl = 0;
	cc.s32 = false;
	cc.in_layout = LAYOUT_NCHW;
	cc.out_layout = LAYOUT_CHWN;
	conv_build(&cc, m.g, &rng);
	/* As many weights, though they count nothing */
	cc.cmd.weight_format = LUTNA_WEIGHT_COMPRESSED;
	cc.cmd.weights = htole64(guest_alloc(m.g, 8, 1));
	cc.cmd.weights_size = htole32(8);
	memset(guest_at(m.g, le64toh(cc.cmd.weights)), 0, 8);
	try_memory(&m, base, &cc.cmd, impl == LUTNA_IMPL_LITERAL ? 7 : 4,
		   "convolution");
	conv_free(&cc);
	lutna_exec_free(m.exec);
	guest_free(m.g);
	point("%s: growth", name);
}
#endif

static void test_params(void)
{
	static const struct lutna_exec_params bad[] = {
		{ .units = 0, .max_tensor = 1 << 20 },
		{ .units = 1, .max_tensor = 0 },
		{ .units = 1, .max_tensor = 4095 },
		{ .units = 1, .max_tensor = (1ULL << 32) + 1 },
		{ .units = 1, .max_tensor = 1 << 20, .impl = 3 },
	};
	struct lutna_exec *exec = NULL;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check(lutna_exec_new(&exec, &bad[i]) == -22 && !exec,
		      "parameters %zu", i);
	lutna_exec_free(NULL);
	check(lutna_exec_simd() && *lutna_exec_simd(), "a name");
	point("executors that cannot be");
}

int main(void)
{
	rng = rng_init(5);
	for (int i = 0; i < 3; i++)
		machine_init(&machines[i], 32u << 20, (enum lutna_impl)i, &rng);
	before = malloc(32u << 20);
	map = malloc(32u << 20);
	if (!before || !map)
		bail("no memory");
	for (int i = 0; i < 3; i++) {
		test_conv_faults(&machines[i], names[i]);
		test_in_place(&machines[i], names[i]);
	}
	test_copy_faults(&machines[0]);
	test_other_faults(&machines[0]);
	test_pool_faults(&machines[0]);
	test_abort();
	test_abort_skips(&machines[0]);
	test_longest();
#ifndef __SANITIZE_ADDRESS__
	for (int i = 0; i < 3; i++)
		test_growth((enum lutna_impl)i, names[i]);
#endif
	test_params();
	free(map);
	free(before);
	for (int i = 0; i < 3; i++)
		machine_fini(&machines[i]);
	return check_done();
}
