// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include "build.h"
#include "walk.h"

/* @in: of all inputs so far */
static void merge(struct lutna_arrival *in, const struct lutna_arrival *at)
{
	if (!at->moves)
		return;
	if (!in->moves || at->first < in->first)
		in->first = at->first;
	if (!in->moves || at->last > in->last)
		in->last = at->last;
	in->moves = true;
}

void lutna_walk_arrivals(const struct lutna_netlist *nl, bool cells_move,
			 struct lutna_arrival *at)
{
	uint32_t n;
	size_t g;

	for (n = 0; n < nl->node_count; n++)
		at[n] = (struct lutna_arrival){ .moves = false };
	for (n = 0; n < nl->spec.act_bits; n++)
		at[nl->x[n]].moves = true;

	for (g = 0; g < nl->gate_count; g++) {
		const struct lutna_gate *gate = &nl->gates[g];
		const struct lutna_gate_info *info =
			lutna_gate_info(gate->kind);
		struct lutna_arrival in = { .moves = false };
		unsigned int i;

		if (gate->kind == LUTNA_GATE_CELL) {
			at[gate->out[0]].moves = cells_move;
			continue;
		}
		if (gate->kind == LUTNA_GATE_LINE)
			for (i = 0; i < gate->multiple; i++)
				merge(&in, &at[gate->in[1] + i]);
		else
			for (i = 0; i < info->inputs; i++)
				merge(&in, &at[gate->in[i]]);
		if (!in.moves)
			continue;
		for (i = 0; i < info->outputs; i++)
			at[gate->out[i]] = (struct lutna_arrival){
				.moves = true,
				.first = in.first + info->delay[i],
				.last = in.last + info->delay[i],
			};
	}
}

int lutna_netlist_count(const struct lutna_netlist *nl,
			struct lutna_netlist_counts *out)
{
	struct lutna_netlist_counts counts = { .depth = 0 };
	unsigned int i, bits = nl->spec.act_bits + nl->spec.weight_bits;
	struct lutna_arrival *at;
	size_t g;

	at = malloc(nl->node_count * sizeof(*at));
	if (!at)
		return -ENOMEM;
	lutna_walk_arrivals(nl, false, at);
	for (i = 0; i < bits; i++)
		if (at[nl->product[i]].last > counts.depth)
			counts.depth = at[nl->product[i]].last;
	free(at);

	for (g = 0; g < nl->gate_count; g++) {
		counts.gate[nl->gates[g].kind]++;
		counts.transistors +=
			lutna_gate_info(nl->gates[g].kind)->transistors;
	}
	*out = counts;
	return 0;
}
