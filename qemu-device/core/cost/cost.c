// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "netlist.h"
#include "stimulus.h"

/* Energy is the mean over this many weights, each held for as many steps. */
#define HELD_WEIGHTS	256
#define HELD_STEPS	64
#define OPERATIONS	(HELD_WEIGHTS * HELD_STEPS)

const char *lutna_unit_name(unsigned int unit)
{
	static const char *const names[LUTNA_UNIT_COUNT] = {
		[LUTNA_UNIT_LUT] = "lut",
		[LUTNA_UNIT_DNC] = "dnc",
		[LUTNA_UNIT_LUTNA] = "lutna",
		[LUTNA_UNIT_ARRAY] = "array",
		[LUTNA_UNIT_WALLACE] = "wallace",
		[LUTNA_UNIT_DADDA] = "dadda",
	};

	return unit < LUTNA_UNIT_COUNT ? names[unit] : NULL;
}

/* A weight's first operation is the state that its first step starts from. */
static uint64_t simulate_held(struct lutna_netsim *sim,
			      const struct lutna_unit_spec *s,
			      enum lutna_stimulus stimulus)
{
	struct lutna_netsim_energy energy;
	uint8_t x[HELD_STEPS + 1];
	int16_t w[HELD_STEPS + 1];
	uint64_t toggles = 0;
	uint32_t i, j;

	for (i = 0; i < HELD_WEIGHTS; i++) {
		for (j = 0; j <= HELD_STEPS; j++) {
			x[j] = lutna_stimulus_activation(stimulus, s->act_bits,
							 i * (HELD_STEPS + 1) +
							 j);
			w[j] = lutna_stimulus_weight(s->weight_bits,
						     s->is_signed, i);
		}
		lutna_netsim_energy(sim, LUTNA_READING_HELD, x, w,
				    HELD_STEPS + 1, &energy);
		toggles += energy.toggles;
	}
	return toggles;
}

static uint64_t simulate_changing(struct lutna_netsim *sim,
				  const struct lutna_unit_spec *s,
				  enum lutna_stimulus stimulus)
{
	struct lutna_netsim_energy energy;
	uint8_t x[HELD_STEPS + 1];
	int16_t w[HELD_STEPS + 1];
	uint64_t toggles = 0;
	uint32_t i, j;

	for (i = 0; i < OPERATIONS; i += HELD_STEPS) {
		for (j = 0; j <= HELD_STEPS; j++) {
			x[j] = lutna_stimulus_activation(stimulus, s->act_bits,
							 i + j);
			w[j] = lutna_stimulus_weight(s->weight_bits,
						     s->is_signed, i + j);
		}
		lutna_netsim_energy(sim, LUTNA_READING_CHANGING, x, w,
				    HELD_STEPS + 1, &energy);
		toggles += energy.toggles;
	}
	return toggles;
}

static int count_unit(const struct lutna_netlist *nl,
		      struct lutna_unit_cost *cost)
{
	struct lutna_netlist_counts counts;
	int ret = lutna_netlist_count(nl, &counts);

	if (ret)
		return ret;
	cost->sram = counts.gate[LUTNA_GATE_CELL];
	cost->mux = counts.gate[LUTNA_GATE_MUX];
	cost->gates = counts.gate[LUTNA_GATE_AND] +
		      counts.gate[LUTNA_GATE_NAND];
	cost->half_adders = counts.gate[LUTNA_GATE_HA] +
			    counts.gate[LUTNA_GATE_HA1];
	cost->full_adders = counts.gate[LUTNA_GATE_FA];
	cost->transistors = counts.transistors;
	cost->depth = counts.depth;
	return 0;
}

static int compute(const struct lutna_unit_spec *s,
		   struct lutna_unit_cost *cost)
{
	struct lutna_netlist *nl;
	struct lutna_netsim *sim;
	unsigned int i;
	int ret;

	ret = lutna_netlist_build(&nl, s);
	if (ret)
		return ret;
	ret = count_unit(nl, cost);
	if (ret)
		goto free_netlist;
	ret = lutna_netsim_new(&sim, nl);
	if (ret)
		goto free_netlist;

	cost->operations = OPERATIONS;
	for (i = 0; i < LUTNA_STIMULUS_COUNT; i++) {
		cost->toggles[i] = simulate_held(sim, s, i);
		if (s->unit >= LUTNA_UNIT_ARRAY)
			cost->toggles_changing[i] =
				simulate_changing(sim, s, i);
		else
			cost->toggles_changing[i] = cost->toggles[i];
	}
	lutna_netsim_free(sim);
free_netlist:
	lutna_netlist_free(nl);
	return ret;
}

/*
 * Results by spec.  An entry is published once, complete, and never changes or
 * goes away, so that readers need no lock.
 */
#define SLOTS	(LUTNA_UNIT_COUNT * 7 * 8 * 3 * 7 * 2 * \
		 LUTNA_LUT_ORDER_COUNT)
static _Atomic(struct lutna_unit_cost *) slots[SLOTS];
/* Held while a unit is simulated, so that no two threads simulate the same. */
static pthread_mutex_t slots_lock = PTHREAD_MUTEX_INITIALIZER;

static size_t slot_of(const struct lutna_unit_spec *s)
{
	size_t slot = s->unit;

	slot = slot * 7 + s->act_bits - 2;
	slot = slot * 8 + s->weight_bits - 2;
	slot = slot * 3 + s->digit_bits / 2;
	/* Exact, three times dropped, three times the weight. */
	slot = slot * 7 + s->approx_digits +
	       (s->approx == LUTNA_APPROX_W ? 3 : 0);
	slot = slot * 2 + s->is_signed;
	return slot * LUTNA_LUT_ORDER_COUNT + s->lut_order;
}

int lutna_unit_cost(const struct lutna_unit_spec *spec,
		    struct lutna_unit_cost *out)
{
	struct lutna_unit_cost *cost;
	struct lutna_unit_spec s;
	size_t slot;
	int ret;

	ret = lutna_spec_check(spec, &s);
	if (ret)
		return ret;
	slot = slot_of(&s);
	cost = atomic_load_explicit(&slots[slot], memory_order_acquire);
	if (!cost) {
		pthread_mutex_lock(&slots_lock);
		cost = atomic_load_explicit(&slots[slot], memory_order_relaxed);
		if (!cost) {
			cost = calloc(1, sizeof(*cost));
			ret = cost ? compute(&s, cost) : -ENOMEM;
			if (ret) {
				free(cost);
				cost = NULL;
			} else {
				atomic_store_explicit(&slots[slot], cost,
						      memory_order_release);
			}
		}
		pthread_mutex_unlock(&slots_lock);
	}
	if (!cost)
		return ret;
	*out = *cost;
	return 0;
}

/* floor(@macs * @toggles / @operations), in two steps that cannot overflow. */
uint64_t lutna_unit_energy(const struct lutna_unit_cost *cost,
			   enum lutna_stimulus stimulus, uint64_t macs)
{
	uint64_t whole, part, energy;

	if (!cost->operations)
		return 0;
	whole = cost->toggles[stimulus] / cost->operations;
	part = cost->toggles[stimulus] % cost->operations;
	part = macs / cost->operations * part +
	       macs % cost->operations * part / cost->operations;
	if (__builtin_mul_overflow(macs, whole, &energy) ||
	    __builtin_add_overflow(energy, part, &energy))
		return UINT64_MAX;
	return energy;
}
