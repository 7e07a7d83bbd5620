// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include "build.h"

static unsigned int digits_of(unsigned int act_bits)
{
	return (act_bits + 1) / 2;
}

static int check_approx(const struct lutna_unit_spec *spec)
{
	switch (spec->approx) {
	case LUTNA_APPROX_EXACT:
		return spec->approx_digits ? -EINVAL : 0;
	case LUTNA_APPROX_DROP:
	case LUTNA_APPROX_W:
		if (spec->approx_digits < 1 || spec->approx_digits > 3 ||
		    spec->approx_digits >= digits_of(spec->act_bits))
			return -EINVAL;
		return 0;
	}
	return -EINVAL;
}

int lutna_spec_check(const struct lutna_unit_spec *spec,
		     struct lutna_unit_spec *out)
{
	struct lutna_unit_spec s = *spec;

	if (s.unit >= LUTNA_UNIT_COUNT)
		return -EINVAL;
	if (s.act_bits < 2 || s.act_bits > 8)
		return -EINVAL;
	if (s.weight_bits < 2 || s.weight_bits > 9)
		return -EINVAL;
	if (!s.digit_bits)
		s.digit_bits = 2;
	if (s.digit_bits != 1 && s.digit_bits != 2 && s.digit_bits != 4)
		return -EINVAL;
	if (s.lut_order >= LUTNA_LUT_ORDER_COUNT ||
	    s.lut_read >= LUTNA_LUT_READ_COUNT ||
	    s.join >= LUTNA_JOIN_COUNT || s.tables >= LUTNA_TABLES_COUNT)
		return -EINVAL;
	if (check_approx(&s))
		return -EINVAL;
	if (s.unit != LUTNA_UNIT_LUT)
		s.lut_read = LUTNA_LUT_READ_TREE;
	if (s.unit != LUTNA_UNIT_LUT || s.lut_read == LUTNA_LUT_READ_ROWS)
		s.lut_order = LUTNA_LUT_ORDER_LOW;
	if (s.unit != LUTNA_UNIT_DNC && s.unit != LUTNA_UNIT_LUTNA) {
		s.digit_bits = 2;
		s.approx = LUTNA_APPROX_EXACT;
		s.approx_digits = 0;
		s.join = LUTNA_JOIN_CHAIN;
		s.tables = LUTNA_TABLES_SHARED;
	}
	*out = s;
	return 0;
}

static struct lutna_gate *add_gate(struct lutna_netlist *nl,
				   enum lutna_gate_kind kind)
{
	const struct lutna_gate_info *info = lutna_gate_info(kind);
	struct lutna_gate *gate;
	unsigned int i;

	if (nl->failed)
		return NULL;
	if (nl->gate_count == nl->gate_room) {
		size_t room = nl->gate_room ? 2 * nl->gate_room : 256;

		gate = realloc(nl->gates, room * sizeof(*gate));
		if (!gate) {
			nl->failed = true;
			return NULL;
		}
		nl->gates = gate;
		nl->gate_room = room;
	}
	gate = &nl->gates[nl->gate_count++];
	*gate = (struct lutna_gate){ .kind = kind };
	for (i = 0; i < info->outputs; i++)
		gate->out[i] = nl->node_count++;
	return gate;
}

uint32_t lutna_build_cell(struct lutna_netlist *nl, unsigned int multiple,
			  unsigned int bit)
{
	struct lutna_gate *gate = add_gate(nl, LUTNA_GATE_CELL);

	if (!gate)
		return LUTNA_NODE_ZERO;
	gate->multiple = multiple;
	gate->bit = bit;
	nl->storage_width++;
	return gate->out[0];
}

static uint32_t add_simple(struct lutna_netlist *nl, enum lutna_gate_kind kind,
			   uint32_t a, uint32_t b, uint32_t c)
{
	struct lutna_gate *gate = add_gate(nl, kind);

	if (!gate)
		return LUTNA_NODE_ZERO;
	gate->in[0] = a;
	gate->in[1] = b;
	gate->in[2] = c;
	return gate->out[0];
}

uint32_t lutna_build_mux(struct lutna_netlist *nl, uint32_t low, uint32_t high,
			 uint32_t select)
{
	return add_simple(nl, LUTNA_GATE_MUX, low, high, select);
}

uint32_t lutna_build_and(struct lutna_netlist *nl, uint32_t a, uint32_t b)
{
	return add_simple(nl, LUTNA_GATE_AND, a, b, 0);
}

uint32_t lutna_build_nand(struct lutna_netlist *nl, uint32_t a, uint32_t b)
{
	return add_simple(nl, LUTNA_GATE_NAND, a, b, 0);
}

uint32_t lutna_build_inv(struct lutna_netlist *nl, uint32_t a)
{
	return add_simple(nl, LUTNA_GATE_INV, a, 0, 0);
}

uint32_t lutna_build_line(struct lutna_netlist *nl, unsigned int bit,
			  uint32_t cell, uint32_t word, unsigned int rows)
{
	struct lutna_gate *gate = add_gate(nl, LUTNA_GATE_LINE);

	if (!gate)
		return LUTNA_NODE_ZERO;
	gate->bit = bit;
	gate->multiple = rows;
	gate->in[0] = cell;
	gate->in[1] = word;
	return gate->out[0];
}

struct lutna_sum lutna_build_add(struct lutna_netlist *nl, const uint32_t *bit,
				 unsigned int count)
{
	enum lutna_gate_kind kind = count == 3 ? LUTNA_GATE_FA : LUTNA_GATE_HA;
	struct lutna_gate *gate;
	unsigned int i, used = 0;
	uint32_t in[3] = { 0 };

	for (i = 0; i < count; i++) {
		if (count == 3 && bit[i] == LUTNA_NODE_ONE)
			kind = LUTNA_GATE_HA1;
		else
			in[used++] = bit[i];
	}
	gate = add_gate(nl, kind);
	if (!gate)
		return (struct lutna_sum){ LUTNA_NODE_ZERO, LUTNA_NODE_ZERO };
	for (i = 0; i < used; i++)
		gate->in[i] = in[i];
	return (struct lutna_sum){ gate->out[0], gate->out[1] };
}

static int list_storage(struct lutna_netlist *nl)
{
	uint32_t width = 0;
	size_t i;

	nl->storage = malloc(nl->storage_width * sizeof(*nl->storage));
	if (!nl->storage)
		return -ENOMEM;
	for (i = 0; i < nl->gate_count; i++)
		if (nl->gates[i].kind == LUTNA_GATE_CELL)
			nl->storage[width++] = nl->gates[i].out[0];
	return 0;
}

int lutna_netlist_build(struct lutna_netlist **out,
			const struct lutna_unit_spec *spec)
{
	struct lutna_unit_spec checked;
	struct lutna_netlist *nl;
	unsigned int i;

	if (lutna_spec_check(spec, &checked))
		return -EINVAL;
	nl = calloc(1, sizeof(*nl));
	if (!nl)
		return -ENOMEM;
	nl->spec = checked;
	nl->node_count = LUTNA_NODE_ONE + 1;
	for (i = 0; i < checked.act_bits; i++)
		nl->x[i] = nl->node_count++;

	switch (checked.unit) {
	case LUTNA_UNIT_LUT:
		if (checked.lut_read == LUTNA_LUT_READ_ROWS)
			lutna_build_rows(nl);
		else
			lutna_build_lut(nl);
		break;
	case LUTNA_UNIT_DNC:
	case LUTNA_UNIT_LUTNA:
		lutna_build_digits(nl);
		break;
	default:
		lutna_build_multiplier(nl);
	}

	if (nl->failed || list_storage(nl)) {
		lutna_netlist_free(nl);
		return -ENOMEM;
	}
	*out = nl;
	return 0;
}

void lutna_netlist_free(struct lutna_netlist *nl)
{
	if (!nl)
		return;
	free(nl->storage);
	free(nl->gates);
	free(nl);
}

const struct lutna_unit_spec *
lutna_netlist_spec(const struct lutna_netlist *nl)
{
	return &nl->spec;
}

const struct lutna_gate *lutna_netlist_gates(const struct lutna_netlist *nl,
					     size_t *count)
{
	*count = nl->gate_count;
	return nl->gates;
}

uint32_t lutna_netlist_nodes(const struct lutna_netlist *nl)
{
	return nl->node_count;
}

struct lutna_port lutna_netlist_port(const struct lutna_netlist *nl,
				     enum lutna_port_kind kind)
{
	const struct lutna_unit_spec *s = &nl->spec;

	switch (kind) {
	case LUTNA_PORT_ACTIVATION:
		return (struct lutna_port){ "x", s->act_bits, nl->x };
	case LUTNA_PORT_STORAGE:
		return (struct lutna_port){ "s", nl->storage_width,
					    nl->storage };
	default:
		return (struct lutna_port){ "p", s->act_bits + s->weight_bits,
					    nl->product };
	}
}
