// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The schedule of the modelled device; README.md has the formulas in words.
 * What an implementation really does plays no part here.
 */
#include <endian.h>
#include <string.h>

#include "ops.h"

#define BUS_BYTES	32	/* a cycle */
#define LOAD_CELLS	256	/* table cells written in a cycle */
#define LANES		64	/* of what is not arithmetic */
#define TABLE_BITS	(256 * 8)

struct traffic {
	uint64_t read;
	uint64_t written;
};

static uint64_t div_up(uint64_t a, uint64_t b)
{
	return a / b + (a % b != 0);
}

static uint64_t sat_mul(uint64_t a, uint64_t b)
{
	uint64_t v;

	return __builtin_mul_overflow(a, b, &v) ? UINT64_MAX : v;
}

static uint64_t sat_add(uint64_t a, uint64_t b)
{
	uint64_t v;

	return __builtin_add_overflow(a, b, &v) ? UINT64_MAX : v;
}

/* What a broadcast repeats is read once. */
static uint64_t bytes_of(const struct lutna_view *v)
{
	uint64_t bytes = v->elem;

	for (int i = 0; i < LUTNA_DIMS; i++)
		if (v->stride[i])
			bytes *= v->dim[i];
	return bytes;
}

static void set_cycles(struct lutna_profile *p, uint64_t load,
		       uint64_t compute, const struct traffic *t)
{
	uint64_t busy = sat_add(load, compute);
	uint64_t bus = div_up(t->read + t->written, BUS_BYTES);

	p->cycles_load = htole64(load);
	p->cycles_compute = htole64(compute);
	p->cycles_stall = htole64(bus > busy ? bus - busy : 0);
	p->bytes_read = htole64(t->read);
	p->bytes_written = htole64(t->written);
}

static void account_conv(const struct lutna_conv *c, uint32_t units,
			 uint64_t stored, struct lutna_profile *p)
{
	uint64_t places = c->out.count / c->out.dim[LUTNA_DIM_C];
	uint64_t all = (uint64_t)c->k * c->out.dim[LUTNA_DIM_C];
	uint64_t macs = sat_mul(stored, places);
	uint64_t exact = (c->act_bits + 1) / 2 - c->approx_digits;
	struct traffic t = {
		.read = bytes_of(&c->in) + c->weights_size +
			c->out.dim[LUTNA_DIM_C] * sizeof(struct lutna_channel),
		.written = bytes_of(&c->out),
	};

	set_cycles(p, div_up(stored * (2 * c->weight_bits + 2), LOAD_CELLS),
		   sat_mul(div_up(stored, units), places), &t);
	p->act_bits = c->act_bits;
	p->weight_bits = c->weight_bits;
	p->approx = c->approx;
	p->approx_digits = c->approx_digits;
	p->macs = htole64(macs);
	p->macs_skipped = htole64(sat_mul(all - stored, places));
	p->lookups = htole64(sat_mul(macs, exact));
	p->table_loads = htole64(stored);
}

static void account_moves(const struct lutna_command *cmd,
			  struct lutna_profile *p)
{
	struct traffic t = { 0 };
	uint64_t out = 0, load = 0;

	switch (cmd->opcode) {
	case LUTNA_OP_POOL:
		out = cmd->pool.out.count;
		t.read = bytes_of(&cmd->pool.in);
		t.written = out;
		break;
	case LUTNA_OP_ELTWISE:
		out = cmd->eltwise.out.count;
		t.read = bytes_of(&cmd->eltwise.a) + bytes_of(&cmd->eltwise.b);
		t.written = out;
		break;
	case LUTNA_OP_TABLE:
		out = cmd->table.out.count;
		load = TABLE_BITS / LOAD_CELLS;
		t.read = bytes_of(&cmd->table.in) + 256;
		t.written = out;
		break;
	case LUTNA_OP_COPY:
		out = cmd->copy.out.count;
		t.read = bytes_of(&cmd->copy.in);
		t.written = out * cmd->copy.out.elem;
		break;
	case LUTNA_OP_FILL:
		out = cmd->fill.out.count;
		t.written = out * cmd->fill.out.elem;
		break;
	case LUTNA_OP_TIMESTAMP:
		t.written = sizeof(uint64_t);
		break;
	}
	set_cycles(p, load, div_up(out, LANES), &t);
}

void lutna_account(const struct lutna_command *cmd, uint32_t units,
		   uint64_t stored, struct lutna_profile *profile)
{
	struct lutna_profile p = {
		.index = profile->index,
		.tag = htole32(cmd->tag),
		.opcode = htole16(cmd->opcode),
		.start_ns = profile->start_ns,
		.end_ns = profile->end_ns,
	};

	if (cmd->opcode == LUTNA_OP_CONV)
		account_conv(&cmd->conv, units, stored, &p);
	else if (cmd->opcode != LUTNA_OP_NOP)
		account_moves(cmd, &p);
	*profile = p;
}
