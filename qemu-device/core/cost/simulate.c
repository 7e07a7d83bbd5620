// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * 64 operations are simulated at a time, one in each bit of a word.  For energy
 * a lane holds the step from one operation to the next: all nodes settle on the
 * first, then the inputs change and gates are evaluated delay by delay.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "walk.h"

#define LANES	64

/*
 * @value: of each node, a bit a lane
 * @before: the same before a step
 * @moved: of inputs only, the values they move to
 * @sum: of each full adder, what its sum becomes one delay from now
 * @load: of each node, transistor terminals
 * @first: of each delay, where its gates start in @order; [ticks + 1] ends it
 * @order: gates that may move at a delay, drivers after what they drive, so
 *	that each one reads values of the delay before
 */
struct lutna_netsim {
	const struct lutna_netlist *nl;
	bool cells_move;
	uint64_t *value;
	uint64_t *before;
	uint64_t *moved;
	uint64_t *sum;
	uint32_t *load;
	unsigned int ticks;
	uint32_t *first;
	uint32_t *order;
};

static bool is_multiplier(const struct lutna_unit_spec *s)
{
	return s->unit >= LUTNA_UNIT_ARRAY;
}

static void add_loads(struct lutna_netsim *sim)
{
	const struct lutna_netlist *nl = sim->nl;
	unsigned int i;
	size_t g;

	for (g = 0; g < nl->gate_count; g++) {
		const struct lutna_gate *gate = &nl->gates[g];
		const struct lutna_gate_info *info =
			lutna_gate_info(gate->kind);

		if (gate->kind == LUTNA_GATE_LINE) {
			for (i = 0; i < gate->multiple; i++)
				sim->load[gate->in[1] + i] += info->load_in[1];
			sim->load[gate->out[0]] += gate->multiple *
						   info->load_out[0];
			continue;
		}
		for (i = 0; i < info->inputs; i++)
			sim->load[gate->in[i]] += info->load_in[i];
		for (i = 0; i < info->outputs; i++)
			sim->load[gate->out[i]] += info->load_out[i];
	}
}

/* The delays at which a gate must be evaluated: from @first up to @last. */
static bool gate_window(const struct lutna_gate *gate,
			const struct lutna_arrival *at, unsigned int *first,
			unsigned int *last)
{
	const struct lutna_gate_info *info = lutna_gate_info(gate->kind);
	unsigned int i;

	if (gate->kind == LUTNA_GATE_CELL || !at[gate->out[0]].moves)
		return false;
	*first = at[gate->out[0]].first;
	*last = at[gate->out[0]].last;
	for (i = 1; i < info->outputs; i++) {
		if (at[gate->out[i]].first < *first)
			*first = at[gate->out[i]].first;
		if (at[gate->out[i]].last > *last)
			*last = at[gate->out[i]].last;
	}
	return true;
}

static int schedule(struct lutna_netsim *sim)
{
	const struct lutna_netlist *nl = sim->nl;
	struct lutna_arrival *at;
	unsigned int first, last, t;
	uint32_t *fill;
	int ret = -ENOMEM;
	size_t g;

	at = malloc(nl->node_count * sizeof(*at));
	if (!at)
		return -ENOMEM;
	lutna_walk_arrivals(nl, sim->cells_move, at);
	for (g = 0; g < nl->gate_count; g++)
		if (gate_window(&nl->gates[g], at, &first, &last) &&
		    last > sim->ticks)
			sim->ticks = last;

	sim->first = calloc(sim->ticks + 2, sizeof(*sim->first));
	fill = calloc(sim->ticks + 2, sizeof(*fill));
	if (!sim->first || !fill)
		goto out;
	for (g = 0; g < nl->gate_count; g++)
		if (gate_window(&nl->gates[g], at, &first, &last))
			for (t = first; t <= last; t++)
				sim->first[t + 1]++;
	for (t = 0; t <= sim->ticks; t++)
		sim->first[t + 1] += sim->first[t];
	memcpy(fill, sim->first, (sim->ticks + 2) * sizeof(*fill));

	sim->order = malloc((sim->first[sim->ticks + 1] + 1) *
			    sizeof(*sim->order));
	if (!sim->order)
		goto out;
	for (g = nl->gate_count; g-- > 0;)
		if (gate_window(&nl->gates[g], at, &first, &last))
			for (t = first; t <= last; t++)
				sim->order[fill[t]++] = g;
	ret = 0;
out:
	free(fill);
	free(at);
	return ret;
}

int lutna_netsim_new(struct lutna_netsim **out, const struct lutna_netlist *nl)
{
	struct lutna_netsim *sim = calloc(1, sizeof(*sim));

	if (!sim)
		return -ENOMEM;
	sim->nl = nl;
	sim->cells_move = is_multiplier(&nl->spec);
	sim->value = calloc(nl->node_count, sizeof(*sim->value));
	sim->before = calloc(nl->node_count, sizeof(*sim->before));
	sim->moved = calloc(nl->node_count, sizeof(*sim->moved));
	sim->sum = calloc(nl->gate_count, sizeof(*sim->sum));
	sim->load = calloc(nl->node_count, sizeof(*sim->load));
	if (!sim->value || !sim->before || !sim->moved || !sim->sum ||
	    !sim->load || schedule(sim)) {
		lutna_netsim_free(sim);
		return -ENOMEM;
	}
	sim->value[LUTNA_NODE_ONE] = ~UINT64_C(0);
	add_loads(sim);
	*out = sim;
	return 0;
}

void lutna_netsim_free(struct lutna_netsim *sim)
{
	if (!sim)
		return;
	free(sim->order);
	free(sim->first);
	free(sim->load);
	free(sim->sum);
	free(sim->moved);
	free(sim->before);
	free(sim->value);
	free(sim);
}

static int32_t weight_value(const struct lutna_unit_spec *s, int16_t w)
{
	int32_t top = INT32_C(1) << (s->weight_bits - 1);
	int32_t value = w & (2 * top - 1);

	return s->is_signed && value >= top ? value - 2 * top : value;
}

static void set_activations(struct lutna_netsim *sim, const uint8_t *x,
			    unsigned int lanes, uint64_t *value)
{
	unsigned int i, lane;
	uint64_t bits;

	for (i = 0; i < sim->nl->spec.act_bits; i++) {
		bits = 0;
		for (lane = 0; lane < lanes; lane++)
			bits |= (uint64_t)((x[lane] >> i) & 1) << lane;
		value[sim->nl->x[i]] = bits;
	}
}

/* Program the cells.  Unsigned arithmetic: products wrap as two's complement. */
static void set_weights(struct lutna_netsim *sim, const int16_t *w,
			unsigned int lanes, uint64_t *value)
{
	const struct lutna_netlist *nl = sim->nl;
	uint32_t weight[LANES], bits;
	unsigned int lane;
	bool same = true;
	size_t g;

	for (lane = 0; lane < lanes; lane++) {
		weight[lane] = weight_value(&nl->spec, w[lane]);
		same &= weight[lane] == weight[0];
	}
	for (g = 0; g < nl->gate_count; g++) {
		const struct lutna_gate *gate = &nl->gates[g];
		uint64_t lanes_value = 0;

		if (gate->kind != LUTNA_GATE_CELL)
			continue;
		if (same) {
			bits = gate->multiple * weight[0] >> gate->bit;
			lanes_value = bits & 1 ? ~UINT64_C(0) : 0;
		} else {
			for (lane = 0; lane < lanes; lane++) {
				bits = gate->multiple * weight[lane];
				bits = bits >> gate->bit & 1;
				lanes_value |= (uint64_t)bits << lane;
			}
		}
		value[gate->out[0]] = lanes_value;
	}
}

static inline uint64_t majority(uint64_t a, uint64_t b, uint64_t c)
{
	return (a & b) | (c & (a ^ b));
}

static uint64_t read_line(const struct lutna_gate *gate, const uint64_t *value)
{
	const uint64_t *cell = &value[gate->in[0]], *word = &value[gate->in[1]];
	uint64_t open = 0, high = 0;
	unsigned int i;

	for (i = 0; i < gate->multiple; i++) {
		open |= word[i];
		high |= word[i] & cell[i];
	}
	return high | (value[gate->out[0]] & ~open);
}

/* Outputs of a gate without delay. */
static inline void evaluate(const struct lutna_gate *gate,
			    const uint64_t *value, uint64_t out[2])
{
	uint64_t a = value[gate->in[0]];
	uint64_t b = value[gate->in[1]];
	uint64_t c = value[gate->in[2]];

	switch ((enum lutna_gate_kind)gate->kind) {
	case LUTNA_GATE_MUX:
		out[0] = a ^ (c & (a ^ b));
		break;
	case LUTNA_GATE_AND:
		out[0] = a & b;
		break;
	case LUTNA_GATE_NAND:
		out[0] = ~(a & b);
		break;
	case LUTNA_GATE_INV:
		out[0] = ~a;
		break;
	case LUTNA_GATE_LINE:
		out[0] = read_line(gate, value);
		break;
	case LUTNA_GATE_HA:
		out[0] = a ^ b;
		out[1] = a & b;
		break;
	case LUTNA_GATE_HA1:
		out[0] = ~(a ^ b);
		out[1] = a | b;
		break;
	case LUTNA_GATE_FA:
		out[0] = a ^ b ^ c;
		out[1] = majority(a, b, c);
		break;
	case LUTNA_GATE_CELL:
	case LUTNA_GATE_KIND_COUNT:
		break;
	}
}

static void settle(struct lutna_netsim *sim)
{
	const struct lutna_netlist *nl = sim->nl;
	uint64_t *value = sim->value;
	uint64_t out[2] = { 0, 0 };
	size_t g;

	for (g = 0; g < nl->gate_count; g++) {
		const struct lutna_gate *gate = &nl->gates[g];

		if (gate->kind == LUTNA_GATE_CELL)
			continue;
		evaluate(gate, value, out);
		value[gate->out[0]] = out[0];
		if (gate->kind >= LUTNA_GATE_HA)
			value[gate->out[1]] = out[1];
		if (gate->kind == LUTNA_GATE_FA)
			sim->sum[g] = out[0];
	}
}

void lutna_netsim_products(struct lutna_netsim *sim, const uint8_t *x,
			   const int16_t *w, int32_t *product, size_t count)
{
	const struct lutna_unit_spec *s = &sim->nl->spec;
	unsigned int i, lane, lanes, bits = s->act_bits + s->weight_bits;
	uint32_t p;

	while (count) {
		lanes = count < LANES ? count : LANES;
		set_activations(sim, x, lanes, sim->value);
		set_weights(sim, w, lanes, sim->value);
		settle(sim);
		for (lane = 0; lane < lanes; lane++) {
			p = 0;
			for (i = 0; i < bits; i++)
				p |= (uint32_t)(sim->value[sim->nl->product[i]]
						>> lane & 1) << i;
			product[lane] = p;
			if (s->is_signed && p >> (bits - 1))
				product[lane] -= INT32_C(1) << bits;
		}
		x += lanes;
		w += lanes;
		product += lanes;
		count -= lanes;
	}
}

static inline unsigned int ones(uint64_t v)
{
	v -= v >> 1 & UINT64_C(0x5555555555555555);
	v = (v & UINT64_C(0x3333333333333333)) +
	    (v >> 2 & UINT64_C(0x3333333333333333));
	v = (v + (v >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return v * UINT64_C(0x0101010101010101) >> 56;
}

static inline uint64_t move(struct lutna_netsim *sim, uint32_t node,
			    uint64_t to, uint64_t mask)
{
	uint64_t moved = (sim->value[node] ^ to) & mask;

	if (!moved)
		return 0;
	sim->value[node] = to;
	return (uint64_t)ones(moved) * sim->load[node];
}

/* Move the inputs from one operation to the next. */
static uint64_t move_inputs(struct lutna_netsim *sim, const uint8_t *x,
			    const int16_t *w, unsigned int steps, uint64_t mask)
{
	const struct lutna_netlist *nl = sim->nl;
	uint64_t toggles = 0;
	uint32_t n;

	set_activations(sim, x, steps, sim->moved);
	for (n = 0; n < nl->spec.act_bits; n++)
		toggles += move(sim, nl->x[n], sim->moved[nl->x[n]], mask);
	if (!sim->cells_move)
		return toggles;
	set_weights(sim, w, steps, sim->moved);
	for (n = 0; n < nl->storage_width; n++)
		toggles += move(sim, nl->storage[n], sim->moved[nl->storage[n]],
				mask);
	return toggles;
}

/* Up to LANES steps: from @x[i] to @x[i + 1], i below @steps. */
static void run_steps(struct lutna_netsim *sim, const uint8_t *x,
		      const int16_t *w, unsigned int steps,
		      struct lutna_netsim_energy *sum)
{
	const struct lutna_netlist *nl = sim->nl;
	uint64_t mask = steps < LANES ? (UINT64_C(1) << steps) - 1 :
					~UINT64_C(0);
	uint64_t out[2] = { 0, 0 }, toggles;
	unsigned int t;
	uint32_t k, n;

	set_activations(sim, x, steps, sim->value);
	set_weights(sim, w, steps, sim->value);
	settle(sim);
	memcpy(sim->before, sim->value, nl->node_count * sizeof(*sim->before));

	toggles = move_inputs(sim, x + 1, w + 1, steps, mask);
	for (t = 1; t <= sim->ticks; t++) {
		for (k = sim->first[t]; k < sim->first[t + 1]; k++) {
			uint32_t g = sim->order[k];
			const struct lutna_gate *gate = &nl->gates[g];

			evaluate(gate, sim->value, out);
			if (gate->kind == LUTNA_GATE_FA) {
				uint64_t later = out[0];

				out[0] = sim->sum[g];
				sim->sum[g] = later;
			}
			toggles += move(sim, gate->out[0], out[0], mask);
			if (gate->kind >= LUTNA_GATE_HA)
				toggles += move(sim, gate->out[1], out[1],
						mask);
		}
	}
	for (n = 0; n < nl->node_count; n++) {
		uint64_t moved = (sim->value[n] ^ sim->before[n]) & mask;

		if (moved)
			sum->settled += (uint64_t)sim->load[n] * ones(moved);
	}
	sum->toggles += toggles;
	sum->operations += steps;
}

void lutna_netsim_energy(struct lutna_netsim *sim, enum lutna_reading reading,
			 const uint8_t *x, const int16_t *w, size_t count,
			 struct lutna_netsim_energy *out)
{
	bool changing = reading == LUTNA_READING_CHANGING && sim->cells_move;
	struct lutna_netsim_energy sum = { .toggles = 0 };
	unsigned int steps;
	size_t i = 0;

	while (i + 1 < count) {
		for (steps = 0; steps < LANES && i + steps + 1 < count; steps++)
			if (!changing && w[i + steps + 1] != w[i + steps])
				break;
		if (steps)
			run_steps(sim, x + i, w + i, steps, &sum);
		i += steps ? steps : 1;
	}
	*out = sum;
}
