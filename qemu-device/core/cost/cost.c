// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "netlist.h"
#include "stimulus.h"

/* Energy is the mean over this many weights, each held for as many steps. */
#define HELD_WEIGHTS	256
#define HELD_STEPS	64

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

/*
 * struct source - where activations come from
 * @x: the caller's, NULL for those of @stimulus
 * @count: of them
 * @stimulus: otherwise
 */
struct source {
	const uint8_t *x;
	size_t count;
	enum lutna_stimulus stimulus;
};

/* A run's first operation is the state that its first step starts from. */
static void take_run(const struct source *from, const struct lutna_unit_spec *s,
		     enum lutna_reading reading, uint32_t run,
		     uint8_t x[HELD_STEPS + 1])
{
	uint32_t first, i;

	if (from->x) {
		uint64_t span = from->count - (HELD_STEPS + 1);

		memcpy(x, from->x + run * (span / (HELD_WEIGHTS - 1)) +
		       run * (span % (HELD_WEIGHTS - 1)) / (HELD_WEIGHTS - 1),
		       HELD_STEPS + 1);
		return;
	}
	/* Steps to another weight count if the weight is to change. */
	first = run * (reading == LUTNA_READING_HELD ? HELD_STEPS + 1 :
						       HELD_STEPS);
	for (i = 0; i <= HELD_STEPS; i++)
		x[i] = lutna_stimulus_activation(from->stimulus, s->act_bits,
						 first + i);
}

static struct lutna_netsim_energy simulate(struct lutna_netsim *sim,
					   const struct lutna_unit_spec *s,
					   const struct source *from,
					   enum lutna_reading reading)
{
	struct lutna_netsim_energy sum = { .toggles = 0 }, energy;
	bool held = reading == LUTNA_READING_HELD;
	uint8_t x[HELD_STEPS + 1];
	int16_t w[HELD_STEPS + 1];
	uint32_t run, i;

	for (run = 0; run < HELD_WEIGHTS; run++) {
		take_run(from, s, reading, run, x);
		for (i = 0; i <= HELD_STEPS; i++)
			w[i] = lutna_stimulus_weight(s->weight_bits,
						     s->is_signed, held ? run :
						     run * HELD_STEPS + i);
		lutna_netsim_energy(sim, reading, x, w, HELD_STEPS + 1,
				    &energy);
		sum.toggles += energy.toggles;
		sum.settled += energy.settled;
		sum.operations += energy.operations;
	}
	return sum;
}

static void measure(struct lutna_netsim *sim, const struct lutna_unit_spec *s,
		    const struct source *from, struct lutna_unit_measure *out)
{
	struct lutna_netsim_energy held, changing;

	held = simulate(sim, s, from, LUTNA_READING_HELD);
	changing = held;
	if (s->unit >= LUTNA_UNIT_ARRAY)
		changing = simulate(sim, s, from, LUTNA_READING_CHANGING);
	*out = (struct lutna_unit_measure){
		.toggles = held.toggles,
		.settled = held.settled,
		.toggles_changing = changing.toggles,
		.operations = held.operations,
	};
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
		      counts.gate[LUTNA_GATE_NAND] +
		      counts.gate[LUTNA_GATE_INV];
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
	struct source from = { .x = NULL };
	struct lutna_unit_measure m;
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

	for (i = 0; i < LUTNA_STIMULUS_COUNT; i++) {
		from.stimulus = i;
		measure(sim, s, &from, &m);
		cost->toggles[i] = m.toggles;
		cost->settled[i] = m.settled;
		cost->toggles_changing[i] = m.toggles_changing;
		cost->operations = m.operations;
	}
	lutna_netsim_free(sim);
free_netlist:
	lutna_netlist_free(nl);
	return ret;
}

int lutna_unit_measure(const struct lutna_unit_spec *spec, const uint8_t *x,
		       size_t count, struct lutna_unit_measure *out)
{
	struct source from = { .x = x, .count = count };
	struct lutna_unit_spec s;
	struct lutna_netlist *nl;
	struct lutna_netsim *sim;
	int ret;

	_Static_assert(LUTNA_MEASURE_MIN == HELD_STEPS + 1 &&
		       LUTNA_MEASURE_MAX ==
		       HELD_WEIGHTS * LUTNA_MEASURE_MIN, "see cost.h");

	ret = lutna_spec_check(spec, &s);
	if (ret)
		return ret;
	if (count < LUTNA_MEASURE_MIN)
		return -EINVAL;
	ret = lutna_netlist_build(&nl, &s);
	if (ret)
		return ret;
	ret = lutna_netsim_new(&sim, nl);
	if (!ret) {
		measure(sim, &s, &from, out);
		lutna_netsim_free(sim);
	}
	lutna_netlist_free(nl);
	return ret;
}

/*
 * Results by spec.  An entry is published once, complete, and never changes or
 * goes away, so that readers need no lock.
 */
#define VARIANTS	(LUTNA_JOIN_COUNT * LUTNA_TABLES_COUNT)
#define SLOTS		(LUTNA_UNIT_COUNT * 7 * 8 * 3 * 7 * 2 * VARIANTS)
static _Atomic(struct lutna_unit_cost *) slots[SLOTS];
/*
 * A slot's is held while its unit is simulated, so that no two threads simulate
 * the same; there are enough for threads not to wait for other units.
 */
#define LOCKS		31
static pthread_mutex_t slot_locks[LOCKS] = {
	[0 ... LOCKS - 1] = PTHREAD_MUTEX_INITIALIZER,
};

/* What does not apply to the unit is 0. */
static size_t variant_of(const struct lutna_unit_spec *s)
{
	_Static_assert(LUTNA_LUT_ORDER_COUNT < VARIANTS, "slots overlap");

	if (s->lut_read == LUTNA_LUT_READ_ROWS)
		return LUTNA_LUT_ORDER_COUNT;
	if (s->unit == LUTNA_UNIT_LUT)
		return s->lut_order;
	return s->join * LUTNA_TABLES_COUNT + s->tables;
}

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
	return slot * VARIANTS + variant_of(s);
}

int lutna_unit_cost(const struct lutna_unit_spec *spec,
		    struct lutna_unit_cost *out)
{
	struct lutna_unit_cost *cost;
	struct lutna_unit_spec s;
	pthread_mutex_t *lock;
	size_t slot;
	int ret;

	ret = lutna_spec_check(spec, &s);
	if (ret)
		return ret;
	slot = slot_of(&s);
	cost = atomic_load_explicit(&slots[slot], memory_order_acquire);
	if (!cost) {
		lock = &slot_locks[slot % LOCKS];
		pthread_mutex_lock(lock);
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
		pthread_mutex_unlock(lock);
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
