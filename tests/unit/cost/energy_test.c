// SPDX-License-Identifier: GPL-2.0-only
/*
 * Energy against a second simulator that is as plain as can be: one operation
 * at a time, every node at every delay kept.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/cost/netlist.h"
#include "core/cost/stimulus.h"
#include "tap.h"

#define TICKS	64	/* beyond the depth of any unit */

#define SPEC(u, a, w, ...)	{ .unit = LUTNA_UNIT_##u, .act_bits = (a), \
				  .weight_bits = (w), __VA_ARGS__ }

struct plain {
	const struct lutna_netlist *nl;
	uint32_t nodes;
	unsigned char *at[TICKS];	/* of each delay, of each node */
	unsigned int *load;
};

static unsigned int total(const struct lutna_gate *g, const unsigned char *v)
{
	return v[g->in[0]] + v[g->in[1]] +
	       (g->kind == LUTNA_GATE_FA ? v[g->in[2]] : 0) +
	       (g->kind == LUTNA_GATE_HA1 ? 1 : 0);
}

static unsigned int plain_line(const struct lutna_gate *g,
			       const unsigned char *v)
{
	unsigned int open = 0, high = 0, row;

	for (row = 0; row < g->multiple; row++) {
		if (!v[g->in[1] + row])
			continue;
		open++;
		high += v[g->in[0] + row];
	}
	return open ? high > 0 : v[g->out[0]];
}

static unsigned int plain_output(const struct lutna_gate *g, unsigned int out,
				 const unsigned char *v)
{
	switch (g->kind) {
	case LUTNA_GATE_MUX:
		return v[g->in[2]] ? v[g->in[1]] : v[g->in[0]];
	case LUTNA_GATE_AND:
		return v[g->in[0]] && v[g->in[1]];
	case LUTNA_GATE_NAND:
		return !(v[g->in[0]] && v[g->in[1]]);
	case LUTNA_GATE_INV:
		return !v[g->in[0]];
	case LUTNA_GATE_LINE:
		return plain_line(g, v);
	default:
		return out ? total(g, v) > 1 : total(g, v) % 2;
	}
}

static void plain_free(struct plain *p)
{
	unsigned int t;

	for (t = 0; t < TICKS; t++)
		free(p->at[t]);
	free(p->load);
}

static bool plain_new(struct plain *p, const struct lutna_netlist *nl)
{
	const struct lutna_gate *gates;
	bool good = true;
	unsigned int t, i;
	size_t count, g;

	*p = (struct plain){ .nl = nl, .nodes = lutna_netlist_nodes(nl) };
	for (t = 0; t < TICKS; t++)
		good &= !!(p->at[t] = calloc(p->nodes, 1));
	p->load = calloc(p->nodes, sizeof(*p->load));
	if (!good || !p->load) {
		plain_free(p);
		return false;
	}
	gates = lutna_netlist_gates(nl, &count);
	for (g = 0; g < count; g++) {
		const struct lutna_gate_info *info =
			lutna_gate_info(gates[g].kind);

		/* Each row of a line: 2 on its word line, 2 on the pair. */
		for (i = 0; gates[g].kind == LUTNA_GATE_LINE &&
			    i < gates[g].multiple; i++) {
			p->load[gates[g].in[1] + i] += 2;
			p->load[gates[g].out[0]] += 2;
		}
		if (gates[g].kind == LUTNA_GATE_LINE)
			continue;
		for (i = 0; i < info->inputs; i++)
			p->load[gates[g].in[i]] += info->load_in[i];
		for (i = 0; i < info->outputs; i++)
			p->load[gates[g].out[i]] += info->load_out[i];
	}
	return true;
}

static void plain_inputs(struct plain *p, unsigned char *v, unsigned int x,
			 int w)
{
	struct lutna_port port = lutna_netlist_port(p->nl,
						    LUTNA_PORT_ACTIVATION);
	const struct lutna_gate *gates;
	size_t count, g;
	unsigned int i;

	v[LUTNA_NODE_ONE] = 1;
	for (i = 0; i < port.width; i++)
		v[port.node[i]] = x >> i & 1;
	gates = lutna_netlist_gates(p->nl, &count);
	for (g = 0; g < count; g++)
		if (gates[g].kind == LUTNA_GATE_CELL)
			v[gates[g].out[0]] = (unsigned int)(gates[g].multiple *
							    w) >>
					     gates[g].bit & 1;
}

static void plain_settle(struct plain *p, unsigned char *v)
{
	const struct lutna_gate *gates;
	unsigned int i;
	size_t count, g;

	gates = lutna_netlist_gates(p->nl, &count);
	for (g = 0; g < count; g++)
		for (i = 0; i < lutna_gate_info(gates[g].kind)->outputs &&
			    gates[g].kind != LUTNA_GATE_CELL; i++)
			v[gates[g].out[i]] = plain_output(&gates[g], i, v);
}

/* Value at a delay, the first being that before the inputs changed. */
static const unsigned char *plain_at(struct plain *p, int t)
{
	return p->at[t < 0 ? 0 : t + 1];
}

/* Adds one step to @toggles, its first against its last values to @settled. */
static void plain_step(struct plain *p, unsigned int x0, int w0,
		       unsigned int x1, int w1, unsigned long long *toggles,
		       unsigned long long *settled)
{
	const struct lutna_gate *gates;
	size_t count, g;
	unsigned int i;
	uint32_t n;
	int t;

	gates = lutna_netlist_gates(p->nl, &count);
	plain_inputs(p, p->at[0], x0, w0);
	plain_settle(p, p->at[0]);
	for (t = 0; t + 1 < TICKS; t++) {
		memcpy(p->at[t + 1], p->at[t], p->nodes);
		plain_inputs(p, p->at[t + 1], x1, w1);
		for (g = 0; g < count; g++) {
			const struct lutna_gate_info *info =
				lutna_gate_info(gates[g].kind);

			for (i = 0; t && gates[g].kind != LUTNA_GATE_CELL &&
				    i < info->outputs; i++)
				p->at[t + 1][gates[g].out[i]] =
					plain_output(&gates[g], i,
						     plain_at(p, t -
							      info->delay[i]));
		}
		for (n = 0; n < p->nodes; n++)
			*toggles += p->at[t][n] != p->at[t + 1][n] ?
				    p->load[n] : 0;
	}
	for (n = 0; n < p->nodes; n++)
		*settled += p->at[0][n] != p->at[TICKS - 1][n] ?
			    p->load[n] : 0;
}

static void check_simulator(const struct lutna_unit_spec *s,
			    enum lutna_reading reading)
{
	struct lutna_netsim_energy energy = { .toggles = 1 };
	unsigned long long want = 0, settled = 0, steps = 0;
	struct lutna_netlist *nl = NULL;
	struct lutna_netsim *sim = NULL;
	struct plain plain;
	uint8_t x[200];
	int16_t w[200];
	int i;

	for (i = 0; i < 200; i++) {
		x[i] = lutna_stimulus_activation(LUTNA_STIMULUS_UNIFORM,
						 s->act_bits, i);
		w[i] = lutna_stimulus_weight(s->weight_bits, s->is_signed,
					     reading == LUTNA_READING_HELD ?
					     i / 90 : i);
	}
	if (!lutna_netlist_build(&nl, s) && !lutna_netsim_new(&sim, nl) &&
	    plain_new(&plain, nl)) {
		lutna_netsim_energy(sim, reading, x, w, 200, &energy);
		for (i = 0; i + 1 < 200; i++) {
			if (reading == LUTNA_READING_HELD && w[i] != w[i + 1])
				continue;
			plain_step(&plain, x[i], w[i], x[i + 1], w[i + 1],
				   &want, &settled);
			steps++;
		}
		plain_free(&plain);
	}
	lutna_netsim_free(sim);
	lutna_netlist_free(nl);
	tap_result(steps && energy.toggles == want &&
		   energy.operations == steps &&
		   energy.settled == settled,
		   "%s %ux%u %s: %llu units in %llu steps",
		   lutna_unit_name(s->unit), s->act_bits, s->weight_bits,
		   reading == LUTNA_READING_HELD ? "held" : "changing", want,
		   steps);
	if (energy.toggles != want)
		printf("# got %llu in %llu\n",
		       (unsigned long long)energy.toggles,
		       (unsigned long long)energy.operations);
}

static void check_simulators(void)
{
	static const struct lutna_unit_spec specs[] = {
		SPEC(LUT, 4, 4,),
		SPEC(LUT, 5, 3, .is_signed = true,
		     .lut_order = LUTNA_LUT_ORDER_HIGH),
		SPEC(LUT, 4, 4, .lut_read = LUTNA_LUT_READ_ROWS),
		SPEC(LUT, 7, 6, .is_signed = true,
		     .lut_read = LUTNA_LUT_READ_ROWS),
		SPEC(DNC, 7, 5, .is_signed = true),
		SPEC(LUTNA, 4, 4,),
		SPEC(LUTNA, 8, 9, .is_signed = true),
		SPEC(LUTNA, 8, 9, .is_signed = true, .digit_bits = 1),
		SPEC(LUTNA, 7, 6, .digit_bits = 4),
		SPEC(LUTNA, 8, 9, .is_signed = true, .approx = LUTNA_APPROX_W,
		     .approx_digits = 2),
		SPEC(LUTNA, 7, 6, .is_signed = true, .digit_bits = 1,
		     .join = LUTNA_JOIN_TREE, .tables = LUTNA_TABLES_PRIVATE),
		SPEC(ARRAY, 8, 9, .is_signed = true),
		SPEC(WALLACE, 8, 9, .is_signed = true),
		SPEC(DADDA, 6, 5,),
	};
	unsigned int i;

	for (i = 0; i < sizeof(specs) / sizeof(*specs); i++) {
		check_simulator(&specs[i], LUTNA_READING_HELD);
		if (specs[i].unit >= LUTNA_UNIT_ARRAY)
			check_simulator(&specs[i], LUTNA_READING_CHANGING);
	}
}

/*
 * 2 x 2 table, W = 1, from x = 0 to x = 1 by hand.  x0 has 2 leaves a bit: 8
 * multiplexers' selects of 8 units.  Product bit 0 is x0 in both halves of the
 * table: two leaves (4, and 2 at the root's input) and the root (4) move.
 */
static void check_by_hand(void)
{
	struct lutna_unit_spec s = SPEC(LUT, 2, 2,);
	static const uint8_t x[] = { 0, 1, 1 };
	static const int16_t w[] = { 1, 1, 1 };
	struct lutna_netsim_energy energy = { .toggles = 0 };
	struct lutna_netlist *nl = NULL;
	struct lutna_netsim *sim = NULL;

	if (!lutna_netlist_build(&nl, &s) && !lutna_netsim_new(&sim, nl))
		lutna_netsim_energy(sim, LUTNA_READING_HELD, x, w, 3, &energy);
	tap_equal(energy.toggles, 8 * 8 + 2 * (4 + 2) + 4, "a step by hand");
	tap_equal(energy.operations, 2, "the same operands again cost nothing");
	if (sim)
		lutna_netsim_energy(sim, LUTNA_READING_HELD, x, w, 1, &energy);
	tap_result(!energy.toggles && !energy.operations,
		   "one operation has no step");
	lutna_netsim_free(sim);
	lutna_netlist_free(nl);
}

/*
 * The same table in rows: 4 bits.  A word line has 7 units of its AND and 2 of
 * each bit, 15; an activation bit 2 of its inverter and 4 of two ANDs, 6, as
 * many as its complement has; a bit line 2 of each row, 8.
 *
 * 0 to 1: x0, its complement, word lines 0 and 1, bit 0.  1 to 3 and back: the
 * same of x1; bit 0 holds its value while no row is open, on the way back, and
 * while both are.
 */
static void check_rows_by_hand(void)
{
	struct lutna_unit_spec s = SPEC(LUT, 2, 2,
					.lut_read = LUTNA_LUT_READ_ROWS);
	static const uint8_t x[] = { 0, 1, 3, 1, 1 };
	static const int16_t w[] = { 1, 1, 1, 1, 1 };
	struct lutna_netsim_energy energy;
	struct lutna_netlist *nl = NULL;
	struct lutna_netsim *sim = NULL;
	unsigned int i;

	if (lutna_netlist_build(&nl, &s) || lutna_netsim_new(&sim, nl)) {
		tap_result(false, "memory");
		goto out;
	}
	for (i = 0; i < 4; i++) {
		lutna_netsim_energy(sim, LUTNA_READING_HELD, x + i, w + i, 2,
				    &energy);
		tap_equal(energy.toggles, i < 3 ? 6 + 6 + 2 * 15 + 8 : 0,
			  "rows by hand: from %u to %u", x[i], x[i + 1]);
		tap_equal(energy.settled, energy.toggles, "without a glitch");
	}
out:
	lutna_netsim_free(sim);
	lutna_netlist_free(nl);
}

static struct lutna_unit_cost cost_of(struct lutna_unit_spec s)
{
	struct lutna_unit_cost cost = { .sram = 0 };

	if (lutna_unit_cost(&s, &cost))
		tap_result(false, "cost of a good spec");
	return cost;
}

/* What must hold because one netlist contains the other. */
static void check_order(void)
{
	struct lutna_unit_spec s = SPEC(LUTNA, 8, 9, .is_signed = true);
	struct lutna_unit_cost exact = cost_of(s), last = exact, cost;
	unsigned int k, i;
	bool good = true;

	s.unit = LUTNA_UNIT_DNC;
	cost = cost_of(s);
	tap_result(!memcmp(cost.toggles, exact.toggles, sizeof(cost.toggles)),
		   "where a multiple is stored does not change what toggles");
	s.unit = LUTNA_UNIT_LUTNA;
	s.tables = LUTNA_TABLES_PRIVATE;
	cost = cost_of(s);
	tap_result(!memcmp(cost.toggles, exact.toggles, sizeof(cost.toggles)) &&
		   cost.sram > exact.sram,
		   "nor does it change with a table for each digit");
	s.tables = LUTNA_TABLES_SHARED;
	tap_result(!memcmp(exact.toggles_changing, exact.toggles,
			   sizeof(exact.toggles)),
		   "a table has no changing weight");

	s.unit = LUTNA_UNIT_LUTNA;
	s.approx = LUTNA_APPROX_DROP;
	for (k = 1; k <= 3; k++) {
		s.approx_digits = k;
		cost = cost_of(s);
		for (i = 0; i < LUTNA_STIMULUS_COUNT; i++)
			good &= cost.toggles[i] < last.toggles[i];
		last = cost;
	}
	tap_result(good, "fewer digits, fewer toggles");

	s = (struct lutna_unit_spec)SPEC(LUT, 4, 3, .is_signed = true);
	last = cost_of(s);
	good = last.operations > 0;
	for (s.act_bits = 5; s.act_bits <= 8; s.act_bits++) {
		cost = cost_of(s);
		for (i = 0; i < LUTNA_STIMULUS_COUNT; i++)
			good &= cost.toggles[i] > last.toggles[i];
		last = cost;
	}
	tap_result(good, "a larger table, more toggles");
}

/* Pieces of 65 as close together as @x allows: @x[0], …, the last 65. */
static void check_few(const struct lutna_unit_spec *s, const uint8_t *x,
		      size_t count)
{
	struct lutna_unit_measure got = { .toggles = 0 };
	struct lutna_netsim_energy part;
	struct lutna_netlist *nl = NULL;
	struct lutna_netsim *sim = NULL;
	uint64_t want = 0;
	int16_t w[65];
	size_t i, j;

	if (!lutna_netlist_build(&nl, s) && !lutna_netsim_new(&sim, nl)) {
		for (i = 0; i < 256; i++) {
			for (j = 0; j < 65; j++)
				w[j] = lutna_stimulus_weight(s->weight_bits,
							     s->is_signed, i);
			lutna_netsim_energy(sim, LUTNA_READING_HELD,
					    x + i * (count - 65) / 255, w, 65,
					    &part);
			want += part.toggles;
		}
	}
	lutna_netsim_free(sim);
	lutna_netlist_free(nl);
	tap_result(!lutna_unit_measure(s, x, count, &got) && got.toggles &&
		   got.toggles == want && got.operations == 256 * 64,
		   "measured: %zu activations in overlapping pieces", count);
}

/* @x: the 256 pieces that @cost was simulated with. */
static void check_measure(const struct lutna_unit_spec *s, const uint8_t *x,
			  const struct lutna_unit_cost *cost)
{
	struct lutna_unit_spec bad = *s;
	struct lutna_unit_measure m = { .toggles = 1 };

	tap_result(!lutna_unit_measure(s, x, LUTNA_MEASURE_MAX, &m) &&
		   m.toggles == cost->toggles[LUTNA_STIMULUS_RELU] &&
		   m.settled == cost->settled[LUTNA_STIMULUS_RELU] &&
		   m.operations == cost->operations &&
		   m.toggles_changing > m.toggles,
		   "measured on the same activations: the same");
	check_few(s, x, LUTNA_MEASURE_MIN + 1);
	check_few(s, x, 1000);
	check_few(s, x, LUTNA_MEASURE_MAX - 1);

	m.toggles = 12345;
	bad.act_bits = 9;
	tap_result(lutna_unit_measure(s, x, LUTNA_MEASURE_MIN - 1, &m) ==
		   -EINVAL &&
		   lutna_unit_measure(&bad, x, LUTNA_MEASURE_MAX, &m) ==
		   -EINVAL && m.toggles == 12345,
		   "measured: refused with too few, or of no unit");
}

/* The figures of cost.h anew, with operands laid out as README.md says. */
static void check_repeatable(void)
{
	struct lutna_unit_spec s = SPEC(ARRAY, 8, 9, .is_signed = true);
	struct lutna_unit_cost cost = cost_of(s);
	struct lutna_netsim_energy held, changing;
	uint8_t *x = malloc(256 * 65);
	int16_t *w = malloc(256 * 65 * sizeof(*w));
	struct lutna_netlist *nl = NULL;
	struct lutna_netsim *sim = NULL;
	int i;

	if (!x || !w || lutna_netlist_build(&nl, &s) ||
	    lutna_netsim_new(&sim, nl)) {
		tap_result(false, "memory");
		goto out;
	}
	for (i = 0; i < 256 * 65; i++) {
		x[i] = lutna_stimulus_activation(LUTNA_STIMULUS_RELU, 8, i);
		w[i] = lutna_stimulus_weight(9, true, i / 65);
	}
	held = (struct lutna_netsim_energy){ .toggles = 0 };
	for (i = 0; i < 256; i++) {
		struct lutna_netsim_energy part;

		lutna_netsim_energy(sim, LUTNA_READING_HELD, x + 65 * i,
				    w + 65 * i, 65, &part);
		held.toggles += part.toggles;
		held.settled += part.settled;
		held.operations += part.operations;
	}
	tap_equal(held.toggles, cost.toggles[LUTNA_STIMULUS_RELU],
		  "held again: the same units");
	tap_equal(held.settled, cost.settled[LUTNA_STIMULUS_RELU],
		  "and without glitches");
	tap_equal(held.operations, cost.operations, "and operations");
	check_measure(&s, x, &cost);
	for (i = 0; i < 256 * 64 + 1; i++)
		w[i] = lutna_stimulus_weight(9, true, i);
	lutna_netsim_energy(sim, LUTNA_READING_CHANGING, x, w, 256 * 64 + 1,
			    &changing);
	tap_equal(changing.toggles, cost.toggles_changing[LUTNA_STIMULUS_RELU],
		  "changing again, in one piece: the same units");
out:
	lutna_netsim_free(sim);
	lutna_netlist_free(nl);
	free(w);
	free(x);
}

static void check_energy(void)
{
	struct lutna_unit_cost c = { .toggles = { 29, 1 }, .operations = 10 };

	tap_equal(lutna_unit_energy(&c, 0, 0), 0, "no operation");
	tap_equal(lutna_unit_energy(&c, 0, 7), 20, "rounded down");
	tap_equal(lutna_unit_energy(&c, 1, 9), 0, "less than a unit");
	tap_equal(lutna_unit_energy(&c, 1, UINT64_MAX),
		  UINT64_MAX / 10, "small mean, all operations there are");
	tap_equal(lutna_unit_energy(&c, 0, UINT64_MAX), UINT64_MAX,
		  "saturated");
	c.toggles[0] = 16384 + 16383;
	c.operations = 16384;
	tap_equal(lutna_unit_energy(&c, 0, UINT64_C(1) << 60),
		  (UINT64_C(1) << 60) + (UINT64_C(16383) << 46),
		  "no step overflows");
	c.operations = 0;
	tap_equal(lutna_unit_energy(&c, 0, 5), 0, "nothing simulated");
}

/* Specs that differ in anything that matters are kept apart. */
static void check_kept_apart(void)
{
	struct lutna_unit_spec s = SPEC(DNC, 0, 0,), order = SPEC(LUT, 6, 3,);
	struct lutna_unit_cost low = cost_of(order), high;
	struct lutna_netlist_counts counts;
	unsigned int v, k, pass, wrong = 0;
	struct lutna_netlist *nl;

	/* Twice: what the cache has been given, and what it gives back. */
	for (pass = 0; pass < 2; pass++) {
		for (v = 0; v < 2 * 2 * 2 * 2 * 3 * 7 * 4; v++) {
			s.unit = v & 1 ? LUTNA_UNIT_LUTNA : LUTNA_UNIT_DNC;
			s.is_signed = v >> 1 & 1;
			s.act_bits = 7 + (v >> 2 & 1);
			s.weight_bits = 3 + (v >> 3 & 1);
			s.digit_bits = 1 << (v / 16 % 3);
			k = v / 48 % 7;
			s.approx = (k + 2) / 3;
			s.approx_digits = k ? 1 + (k + 2) % 3 : 0;
			s.join = v / 336 & 1;
			s.tables = v / 672;
			if (lutna_netlist_build(&nl, &s)) {
				wrong++;
				continue;
			}
			wrong += lutna_netlist_count(nl, &counts) ||
				 counts.depth != cost_of(s).depth ||
				 counts.transistors != cost_of(s).transistors;
			lutna_netlist_free(nl);
		}
	}
	tap_equal(wrong, 0, "every spec gets its own cost");
	order.lut_order = LUTNA_LUT_ORDER_HIGH;
	high = cost_of(order);
	tap_result(low.transistors == high.transistors &&
		   low.toggles[LUTNA_STIMULUS_RELU] >
		   high.toggles[LUTNA_STIMULUS_RELU],
		   "small activations leave the high leaves alone");
	order.lut_read = LUTNA_LUT_READ_ROWS;
	high = cost_of(order);
	order.lut_order = LUTNA_LUT_ORDER_LOW;
	tap_result(high.transistors < low.transistors && !high.mux &&
		   cost_of(order).toggles[0] == high.toggles[0] &&
		   cost_of(order).depth == high.depth,
		   "rows cost the same whatever their order");
}

#define THREADS	4

static void *ask(void *arg)
{
	struct lutna_unit_cost *cost = arg;
	struct lutna_unit_spec s = { .act_bits = 7, .weight_bits = 8,
				     .is_signed = true };

	for (s.unit = 0; s.unit < LUTNA_UNIT_COUNT; s.unit++)
		if (lutna_unit_cost(&s, &cost[s.unit]))
			cost[s.unit].operations = 0;
	return NULL;
}

static void check_threads(void)
{
	static struct lutna_unit_cost cost[THREADS][LUTNA_UNIT_COUNT];
	pthread_t thread[THREADS];
	unsigned int i, started;
	bool good = true;

	for (started = 0; started < THREADS; started++)
		if (pthread_create(&thread[started], NULL, ask, cost[started]))
			break;
	for (i = 0; i < started; i++)
		pthread_join(thread[i], NULL);
	for (i = 1; i < started; i++)
		good &= !memcmp(cost[0], cost[i], sizeof(cost[0]));
	for (i = 0; i < LUTNA_UNIT_COUNT; i++)
		good &= cost[0][i].operations && cost[0][i].toggles[0];
	tap_result(started == THREADS && good,
		   "threads that ask at once get the same");
}

static void show_ratios(unsigned int a, unsigned int w, bool is_signed)
{
	static const char *const name[] = { "uniform", "relu" };
	struct lutna_unit_spec s = SPEC(LUTNA, a, w, .is_signed = is_signed);
	struct lutna_unit_cost own = cost_of(s), cost;
	unsigned int i;

	for (i = 0; i < LUTNA_STIMULUS_COUNT; i++)
		printf("# energy %ux%u %s: lutna %.1f units\n", a, w, name[i],
		       (double)own.toggles[i] / own.operations);
	for (s.unit = 0; s.unit < LUTNA_UNIT_COUNT; s.unit++) {
		cost = cost_of(s);
		for (i = 0; i < LUTNA_STIMULUS_COUNT; i++)
			printf("# energy %ux%u %s: %s / lutna %.2f held, %.2f changing\n",
			       a, w, name[i], lutna_unit_name(s.unit),
			       (double)cost.toggles[i] / own.toggles[i],
			       (double)cost.toggles_changing[i] /
			       own.toggles[i]);
	}
}

static void show_order(void)
{
	struct lutna_unit_spec s = SPEC(LUT, 8, 9, .is_signed = true,
					.lut_order = LUTNA_LUT_ORDER_HIGH);
	struct lutna_unit_spec own = SPEC(LUTNA, 8, 9, .is_signed = true);
	struct lutna_unit_cost high = cost_of(s), base = cost_of(own);

	printf("# energy 8x9 lut, highest bit at the leaves: %.2f uniform, %.2f relu\n",
	       (double)high.toggles[0] / base.toggles[0],
	       (double)high.toggles[1] / base.toggles[1]);
	s.lut_read = LUTNA_LUT_READ_ROWS;
	high = cost_of(s);
	printf("# energy 8x9 lut, rows: %.1f uniform, %.1f relu: %.2f, %.2f\n",
	       (double)high.toggles[0] / high.operations,
	       (double)high.toggles[1] / high.operations,
	       (double)high.toggles[0] / base.toggles[0],
	       (double)high.toggles[1] / base.toggles[1]);
}

int main(void)
{
	check_by_hand();
	check_rows_by_hand();
	check_simulators();
	check_threads();
	check_repeatable();
	check_order();
	check_energy();
	check_kept_apart();
	printf("# published: lut / lutna 2.38 at 4x4, 3.34 at 8x9; mac / lutna 1.80 at 8x9\n");
	show_ratios(4, 4, false);
	show_ratios(8, 9, true);
	show_order();
	return tap_done();
}
