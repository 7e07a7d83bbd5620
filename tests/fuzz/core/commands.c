// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hostile commands.  Each begins as one that makes sense, in a small guest, and
 * is then damaged: fields get values from the ends of ranges, bits flip, in the
 * command and in the weights and records that it names.  Whatever comes of it,
 * no implementation may crash, touch what it should not, go on for ever or
 * disagree with another one.
 *
 *	core-fuzz [RUNS]	LUTNA_SEED=N chooses others, and a failure
 *				prints what LUTNA_SEED and RUNS=1 repeat it
 */
#include <endian.h>
#include <stddef.h>
#include <string.h>

#include "conv_case.h"
#include "core/exec_internal.h"
#include "machine.h"

#define GUEST_SIZE	(256u << 10)
#define MAX_TENSOR	(64u << 10)
#define RUNS		20000
#define POINT		2000	/* runs that make a line of TAP */
/* Questions whether to go on; more work than that is not waited for. */
#define PATIENCE	4
#define IMPLS		5
/* Executors keep no buffer of more than 4 MiB, and have 11 of them. */
#define MOST_MEMORY	(IMPLS * (44u << 20))

static struct lutna_exec *exec[IMPLS];
static int impls;
static struct machine m;
static struct rng rng;
static uint64_t run_seed;
static uint8_t before[GUEST_SIZE], after[GUEST_SIZE];
static unsigned long ended[256];

union command {
	uint8_t raw[LUTNA_CMD_SIZE];
	struct lutna_cmd_hdr hdr;
	struct lutna_cmd_conv conv;
	struct lutna_cmd_pool pool;
	struct lutna_cmd_eltwise eltwise;
	struct lutna_cmd_table table;
	struct lutna_cmd_copy copy;
	struct lutna_cmd_fill fill;
	struct lutna_cmd_timestamp timestamp;
};

#ifdef __SANITIZE_ADDRESS__
void __sanitizer_set_death_callback(void (*callback)(void));

static void last_words(void)
{
	fprintf(stderr, "# repeat with LUTNA_SEED=%llu and 1 run\n",
		(unsigned long long)run_seed);
}
#endif

static struct lutna_tensor tensor(struct shape *s, bool output)
{
	shape_place(s, m.g, output ? LAYOUT_RANDOM_OUTPUT : LAYOUT_RANDOM_INPUT,
		    &rng);
	return shape_tensor(s, rng_next(&rng));
}

static struct shape small_shape(void)
{
	struct shape s = { .elem = 1 };

	for (int i = 0; i < 4; i++)
		s.dim[i] = rng_range(&rng, 1, 6);
	return s;
}

static void make_conv(union command *cmd)
{
	/* Some are more work than anybody has the patience for. */
	bool large = rng_one_in(&rng, 50);
	struct conv_case cc;

	do
		conv_choose(&cc, large ? 5000000 : 2000, &rng);
	while ((uint64_t)cc.n * cc.c * cc.h * cc.w > (large ? 20000 : 1000) ||
	       (uint64_t)cc.n * cc.oc * cc.oh * cc.ow > 10000 ||
	       (uint64_t)cc.oc * cc.c * cc.kh * cc.kw > 5000);
	conv_build(&cc, m.g, &rng);
	cmd->conv = cc.cmd;
	conv_free(&cc);
}

static void make_pool(union command *cmd)
{
	struct shape in = small_shape(), out = in;

	out.dim[2] = rng_range(&rng, 1, in.dim[2]);
	out.dim[3] = rng_range(&rng, 1, in.dim[3]);
	cmd->pool.in = tensor(&in, false);
	cmd->pool.out = tensor(&out, true);
	cmd->pool.mode = rng_below(&rng, 3);
	cmd->pool.out_max = 255;
	if (cmd->pool.mode) {
		cmd->pool.shift = rng_range(&rng, 1, 62);
		cmd->pool.mult = htole32(rng_next(&rng) >> 33);
	} else {
		cmd->pool.out.zero_point = cmd->pool.in.zero_point;
	}
	cmd->pool.kernel_h = htole16(rng_range(&rng, 1, 9));
	cmd->pool.kernel_w = htole16(rng_range(&rng, 1, 9));
	cmd->pool.stride_h = cmd->pool.stride_w = 1;
}

static void make_other(union command *cmd, unsigned int opcode)
{
	struct shape a = small_shape(), b, out;

	if (opcode >= LUTNA_OP_COPY && rng_one_in(&rng, 2))
		a.elem = 4;
	b = out = a;
	switch (opcode) {
	case LUTNA_OP_ELTWISE:
		cmd->eltwise.a = tensor(&a, false);
		cmd->eltwise.b = tensor(&b, false);
		cmd->eltwise.out = tensor(&out, true);
		cmd->eltwise.mode = rng_below(&rng, 2);
		cmd->eltwise.shift = rng_range(&rng, 1, 62);
		cmd->eltwise.mult_a = htole32(rng_next(&rng) >> 33);
		cmd->eltwise.out_max = 255;
		break;
	case LUTNA_OP_TABLE:
		cmd->table.table = htole64(guest_alloc(m.g, 256, 1));
		cmd->table.in = tensor(&a, false);
		cmd->table.out = tensor(&out, true);
		break;
	case LUTNA_OP_COPY:
		out.dim[2] = rng_range(&rng, 1, 20);
		out.dim[3] = rng_range(&rng, 1, 20);
		cmd->copy.in = tensor(&a, false);
		cmd->copy.out = tensor(&out, true);
		cmd->copy.repeat_h = rng_range(&rng, 1, 3);
		cmd->copy.repeat_w = rng_range(&rng, 1, 3);
		break;
	case LUTNA_OP_FILL:
		cmd->fill.out = tensor(&out, true);
		cmd->fill.value = htole32(rng_below(&rng, 256));
		break;
	case LUTNA_OP_TIMESTAMP:
		cmd->timestamp.addr = htole64(guest_alloc(m.g, 8, 8));
		break;
	}
}

static void make(union command *cmd)
{
	unsigned int opcode = rng_one_in(&rng, 2)
			      ? LUTNA_OP_CONV
			      : rng_below(&rng, LUTNA_OP_TIMESTAMP + 1);

	memset(cmd, 0, sizeof(*cmd));
	/* Nothing of an earlier run, so that each can be repeated alone */
	memset(m.g->mem, 0x5a, GUEST_SIZE);
	guest_reset(m.g);
	if (opcode == LUTNA_OP_CONV)
		make_conv(cmd);
	else if (opcode == LUTNA_OP_POOL)
		make_pool(cmd);
	else
		make_other(cmd, opcode);
	for (size_t i = 0; opcode != LUTNA_OP_CONV && i < m.g->used; i++)
		m.g->mem[i] = rng_next(&rng);
	cmd->hdr = header(opcode);
}

/* A value that is likely to be one too many or one too few */
static uint64_t nasty(uint64_t old)
{
	static const uint64_t values[] = {
		0, 1, 2, 3, 7, 8, 9, 62, 63, 64, 127, 128, 254, 255, 256, 257,
		1023, 1024, 1025, 4095, 4096, 32767, 32768, 65534, 65535, 65536,
		0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
		0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff,
		GUEST_BASE, GUEST_BASE + GUEST_SIZE - 1, GUEST_BASE + GUEST_SIZE,
	};

	switch (rng_below(&rng, 4)) {
	case 0:
		return values[rng_below(&rng, sizeof(values) / 8)];
	case 1:
		return old + rng_range(&rng, -2, 2);
	case 2:
		return old ^ 1ull << rng_below(&rng, 64);
	default:
		return rng_next(&rng) >> rng_below(&rng, 64);
	}
}

static void damage(uint8_t *mem, size_t size)
{
	size_t width = 1u << rng_below(&rng, 4);
	size_t at = rng_below(&rng, size / width) * width;
	uint64_t v = 0;

	memcpy(&v, mem + at, width);
	v = htole64(nasty(le64toh(v)));
	memcpy(mem + at, &v, width);
}

/* Reserved bytes are most of a command, and dull: the front part is used. */
static void damage_command(union command *cmd)
{
	damage(cmd->raw, rng_one_in(&rng, 20) ? LUTNA_CMD_SIZE : 152);
}

static int execute(int i, const union command *cmd, struct lutna_profile *p)
{
	struct lutna_memory mem = guest_memory(m.g);
	struct lutna_fault_info fault = { 0 };
	int rc;

	memcpy(m.g->mem, before, GUEST_SIZE);
	memset(p, 0, sizeof(*p));
	m.g->asked = m.g->writes = m.g->read_after_write = 0;
	m.g->abort_at = PATIENCE;
	rc = lutna_exec_command(exec[i], &mem, cmd, p, &fault);
	check(rc == (rc ? fault.code : 0), "%llu: %#x, but %#x in the fault",
	      (unsigned long long)run_seed, rc, fault.code);
	check(!m.g->read_after_write, "%llu: read after write",
	      (unsigned long long)run_seed);
	check(m.g->asked <= PATIENCE, "%llu: went on",
	      (unsigned long long)run_seed);
	check(m.g->longest <= MAX_TENSOR, "%llu: an access of %zu bytes",
	      (unsigned long long)run_seed, m.g->longest);
	return rc;
}

static void one_run(void)
{
	struct lutna_profile first, other;
	union command cmd;
	int rc;

	make(&cmd);
	for (int n = rng_below(&rng, 5); n; n--)
		damage_command(&cmd);
	for (int n = rng_below(&rng, 3); n && m.g->used; n--)
		damage(m.g->mem, m.g->used);
	memcpy(before, m.g->mem, GUEST_SIZE);

	rc = execute(0, &cmd, &first);
	ended[rc & 0xff]++;
	memcpy(after, m.g->mem, GUEST_SIZE);
	for (int i = 1; i < impls && rc != LUTNA_FAULT_ABORTED; i++) {
		int rc2 = execute(i, &cmd, &other);

		if (rc2 == LUTNA_FAULT_ABORTED)
			continue;
		check(rc == rc2, "%llu: %#x of one, %#x of another",
		      (unsigned long long)run_seed, rc, rc2);
		if (rc || rc2)
			continue;
		check(!memcmp(after, m.g->mem, GUEST_SIZE), "%llu: memory of %d",
		      (unsigned long long)run_seed, i);
		check(!memcmp(&first, &other, sizeof(first)),
		      "%llu: profile of %d", (unsigned long long)run_seed, i);
	}
}

static void add(enum lutna_impl which, const struct lutna_kernels *kernels)
{
	struct lutna_exec_params params = {
		.units = 3, .max_tensor = MAX_TENSOR, .impl = which,
	};

	if (impls == IMPLS || lutna_exec_new(&exec[impls], &params))
		bail("no executor");
	if (kernels)
		lutna_exec_set_kernels(exec[impls], kernels);
	impls++;
}

static void check_ends(void)
{
	static const uint8_t codes[] = {
		LUTNA_FAULT_NONE, LUTNA_FAULT_ABORTED, LUTNA_FAULT_TRANSLATION,
		LUTNA_FAULT_BAD_OPCODE, LUTNA_FAULT_BAD_VERSION,
		LUTNA_FAULT_BAD_FIELD, LUTNA_FAULT_BAD_SHAPE,
		LUTNA_FAULT_BAD_ALIGN, LUTNA_FAULT_BAD_WEIGHTS,
		LUTNA_FAULT_TOO_LARGE,
	};

	for (size_t i = 0; i < sizeof(codes); i++) {
		printf("# %lu runs ended with %#x\n", ended[codes[i]], codes[i]);
		check(ended[codes[i]], "no run ended with %#x", codes[i]);
	}
	check(!ended[LUTNA_FAULT_INTERNAL], "out of memory");
	point("all ends that a command can come to");
}

int main(int argc, char **argv)
{
	unsigned long runs = argc > 1 ? strtoul(argv[1], NULL, 0) : RUNS;
	const struct lutna_kernels *k;
	uint64_t seed;

	rng = rng_init(8);
	seed = rng.state;
#ifdef __SANITIZE_ADDRESS__
	__sanitizer_set_death_callback(last_words);
#endif
	m.g = guest_new(GUEST_SIZE, &rng);
	add(LUTNA_IMPL_LITERAL, NULL);
	for (unsigned int i = 0; (k = lutna_kernels_list(i)); i++)
		add(LUTNA_IMPL_FAST, k);

	for (unsigned long i = 0; i < runs; i++) {
		rng.state = run_seed = seed + i;
		one_run();
		if (i % POINT == POINT - 1 || i == runs - 1) {
#ifndef __SANITIZE_ADDRESS__
			check(memory_used() < MOST_MEMORY,
			      "%zu bytes of memory", memory_used());
#endif
			point("%lu commands", i % POINT + 1);
		}
	}
	if (runs >= RUNS)
		check_ends();
	while (impls)
		lutna_exec_free(exec[--impls]);
	guest_free(m.g);
	return check_done();
}
