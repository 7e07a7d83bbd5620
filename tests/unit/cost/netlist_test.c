// SPDX-License-Identifier: GPL-2.0-only
/* What a reader of netlists may rely on, the library's cells, bad specs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/cost/netlist.h"
#include "tap.h"

/* Of a line, the nodes of all rows. */
static bool driven_before(const struct lutna_gate *gate, uint32_t first,
			  uint32_t nodes, const unsigned char *driven)
{
	uint32_t n, count = gate->kind == LUTNA_GATE_LINE ? gate->multiple : 1;

	for (n = first; n < first + count; n++)
		if (n >= nodes || driven[n] != 1)
			return false;
	return true;
}

/* Every node driven once, before it is read; ports name driven nodes. */
static bool well_formed(const struct lutna_netlist *nl)
{
	const struct lutna_unit_spec *s = lutna_netlist_spec(nl);
	uint32_t nodes = lutna_netlist_nodes(nl), n, cells = 0;
	const struct lutna_gate *gates;
	struct lutna_port port;
	unsigned char *driven;
	bool good = true;
	size_t count, g;
	unsigned int i;

	driven = calloc(nodes, 1);
	if (!driven)
		return false;
	driven[LUTNA_NODE_ZERO] = 1;
	driven[LUTNA_NODE_ONE] = 1;
	port = lutna_netlist_port(nl, LUTNA_PORT_ACTIVATION);
	good &= !strcmp(port.name, "x") && port.width == s->act_bits;
	for (i = 0; i < port.width; i++)
		good &= !driven[port.node[i]]++;

	gates = lutna_netlist_gates(nl, &count);
	for (g = 0; good && g < count; g++) {
		const struct lutna_gate_info *info =
			lutna_gate_info(gates[g].kind);

		for (i = 0; i < info->inputs; i++)
			good &= driven_before(&gates[g], gates[g].in[i], nodes,
					      driven);
		for (i = 0; i < info->outputs; i++)
			good &= gates[g].out[i] < nodes &&
				!driven[gates[g].out[i]]++;
		cells += gates[g].kind == LUTNA_GATE_CELL;
	}
	for (n = 0; good && n < nodes; n++)
		good &= driven[n] == 1;

	port = lutna_netlist_port(nl, LUTNA_PORT_STORAGE);
	good &= !strcmp(port.name, "s") && port.width == cells;
	port = lutna_netlist_port(nl, LUTNA_PORT_PRODUCT);
	good &= !strcmp(port.name, "p") &&
		port.width == s->act_bits + s->weight_bits;
	for (i = 0; good && i < port.width; i++)
		good &= port.node[i] < nodes;
	free(driven);
	return good;
}

/* The cells of a line are those of its column, its rows in order. */
static void check_lines(void)
{
	struct lutna_unit_spec s = { .unit = LUTNA_UNIT_LUT, .act_bits = 5,
				     .weight_bits = 4,
				     .lut_read = LUTNA_LUT_READ_ROWS };
	struct lutna_netlist *nl;
	const struct lutna_gate *gates;
	struct lutna_port storage;
	unsigned int lines = 0, i;
	bool good;
	size_t count, g;

	if (lutna_netlist_build(&nl, &s)) {
		tap_result(false, "a table in rows");
		return;
	}
	good = well_formed(nl);
	storage = lutna_netlist_port(nl, LUTNA_PORT_STORAGE);
	gates = lutna_netlist_gates(nl, &count);
	for (g = 0; g < count; g++) {
		if (gates[g].kind != LUTNA_GATE_LINE)
			continue;
		good &= gates[g].multiple == 32 && gates[g].bit == lines;
		for (i = 0; i < 32; i++)
			good &= storage.node[32 * lines + i] ==
				gates[g].in[0] + i;
		lines++;
	}
	lutna_netlist_free(nl);
	tap_result(good && lines == 9, "a table in rows: a line for each bit");
}

static void check_structure(void)
{
	struct lutna_unit_spec s = { .unit = 0 };
	struct lutna_netlist *nl;
	unsigned int good, all, variant;

	for (; s.unit < LUTNA_UNIT_COUNT; s.unit++) {
		good = 0;
		all = 0;
		for (variant = 0; variant < 12 * 4; variant++) {
			s.join = variant / 12 & 1;
			s.tables = variant / 24;
			s.is_signed = variant & 1;
			s.digit_bits = 1 << (variant / 2 % 3);
			s.approx = variant / 6 % 2 ? LUTNA_APPROX_W : 0;
			s.approx_digits = variant / 6 % 2;
			for (s.act_bits = 3; s.act_bits <= 8; s.act_bits++) {
				for (s.weight_bits = 2; s.weight_bits <= 9;
				     s.weight_bits++) {
					all++;
					if (lutna_netlist_build(&nl, &s))
						continue;
					good += well_formed(nl);
					lutna_netlist_free(nl);
				}
			}
		}
		tap_equal(good, all, "%s: well formed",
			  lutna_unit_name(s.unit));
	}
}

/*
 * A transistor has three terminals.  Of a cell's those on the supply and those
 * inside a series stack carry no load; the others must all be somewhere.
 */
static void check_loads(void)
{
	static const struct {
		enum lutna_gate_kind kind;
		unsigned int transistors, supply, stack;
	} cells[] = {
		{ LUTNA_GATE_MUX, 6, 2, 0 },
		{ LUTNA_GATE_NAND, 4, 3, 2 },
		{ LUTNA_GATE_INV, 2, 2, 0 },
		{ LUTNA_GATE_AND, 6, 5, 2 },
		/* AND, inverter, multiplexer */
		{ LUTNA_GATE_HA, 14, 5 + 2 + 2, 2 },
		{ LUTNA_GATE_HA1, 14, 5 + 2 + 2, 2 },
		/* carry 3 and 5 a side, sum 4 and 8, two inverters */
		{ LUTNA_GATE_FA, 28, 2 * (3 + 4) + 4, 2 * (5 + 8) },
	};
	unsigned int i, j, sum;

	for (i = 0; i < sizeof(cells) / sizeof(*cells); i++) {
		const struct lutna_gate_info *info =
			lutna_gate_info(cells[i].kind);

		sum = 0;
		for (j = 0; j < info->inputs; j++)
			sum += info->load_in[j];
		for (j = 0; j < info->outputs; j++)
			sum += info->load_out[j];
		tap_equal(info->transistors, cells[i].transistors,
			  "%s: transistors", info->name);
		tap_equal(sum, 3 * cells[i].transistors - cells[i].supply -
			  cells[i].stack, "%s: terminals", info->name);
	}
}

static void check_refused(const char *what, struct lutna_unit_spec s)
{
	struct lutna_unit_cost cost, before;
	struct lutna_netlist *nl = NULL;

	memset(&cost, 0x5a, sizeof(cost));
	before = cost;
	tap_result(lutna_unit_cost(&s, &cost) == -EINVAL &&
		   !memcmp(&cost, &before, sizeof(cost)) &&
		   lutna_netlist_build(&nl, &s) == -EINVAL && !nl,
		   "refused: %s", what);
}

static void check_specs(void)
{
	struct lutna_unit_spec s, out;

#define REFUSE(what, ...) do {						\
	s = (struct lutna_unit_spec){ .unit = LUTNA_UNIT_LUTNA,		\
				      .act_bits = 8, .weight_bits = 9 };	\
	__VA_ARGS__;							\
	check_refused(what, s);						\
} while (0)
	REFUSE("unit", s.unit = LUTNA_UNIT_COUNT);
	REFUSE("unit 255", s.unit = 255);
	REFUSE("1 activation bit", s.act_bits = 1);
	REFUSE("9 activation bits", s.act_bits = 9);
	REFUSE("1 weight bit", s.weight_bits = 1);
	REFUSE("10 weight bits", s.weight_bits = 10);
	REFUSE("digits of 3", s.digit_bits = 3);
	REFUSE("digits of 8", s.digit_bits = 8);
	REFUSE("approximation 3", s.approx = 3, s.approx_digits = 1);
	REFUSE("exact with a digit", s.approx_digits = 1);
	REFUSE("no digit dropped", s.approx = LUTNA_APPROX_DROP);
	REFUSE("all digits dropped", s.approx = LUTNA_APPROX_DROP,
	       s.approx_digits = 4);
	REFUSE("all digits of 3 bits", s.act_bits = 3,
	       s.approx = LUTNA_APPROX_W, s.approx_digits = 2);
	REFUSE("digits of a multiplier", s.unit = LUTNA_UNIT_ARRAY,
	       s.digit_bits = 3);
	REFUSE("order of a table", s.lut_order = LUTNA_LUT_ORDER_COUNT);
	REFUSE("how a table is read", s.lut_read = LUTNA_LUT_READ_COUNT);
	REFUSE("join", s.join = LUTNA_JOIN_COUNT);
	REFUSE("tables", s.tables = LUTNA_TABLES_COUNT);
	REFUSE("join of a multiplier", s.unit = LUTNA_UNIT_WALLACE,
	       s.join = LUTNA_JOIN_COUNT);

	s = (struct lutna_unit_spec){ .unit = LUTNA_UNIT_DADDA, .act_bits = 8,
				      .weight_bits = 9, .digit_bits = 4,
				      .approx = LUTNA_APPROX_W,
				      .approx_digits = 3,
				      .join = LUTNA_JOIN_TREE,
				      .lut_read = LUTNA_LUT_READ_ROWS,
				      .tables = LUTNA_TABLES_PRIVATE };
	tap_result(!lutna_spec_check(&s, &out) && out.digit_bits == 2 &&
		   out.approx == LUTNA_APPROX_EXACT && !out.approx_digits &&
		   !out.join && !out.tables && !out.lut_read,
		   "a multiplier's spec loses what does not apply");
	s = (struct lutna_unit_spec){ .unit = LUTNA_UNIT_LUT, .act_bits = 4,
				      .weight_bits = 4,
				      .lut_order = LUTNA_LUT_ORDER_HIGH,
				      .lut_read = LUTNA_LUT_READ_ROWS };
	tap_result(!lutna_spec_check(&s, &out) && !out.lut_order &&
		   out.lut_read == LUTNA_LUT_READ_ROWS,
		   "rows have no order");
}

static void check_names(void)
{
	static const char *const names[] = { "lut", "dnc", "lutna", "array",
					     "wallace", "dadda" };
	unsigned int i, wrong = 0;

	for (i = 0; i < LUTNA_UNIT_COUNT; i++)
		wrong += !lutna_unit_name(i) ||
			 strcmp(lutna_unit_name(i), names[i]);
	tap_result(!wrong && !lutna_unit_name(LUTNA_UNIT_COUNT) &&
		   !lutna_unit_name(~0u), "names");
}

int main(void)
{
	lutna_netlist_free(NULL);
	lutna_netsim_free(NULL);
	check_structure();
	check_lines();
	check_loads();
	check_specs();
	check_names();
	return tap_done();
}
