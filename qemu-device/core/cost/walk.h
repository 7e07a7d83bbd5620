/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When nodes can move; shared by counting and simulation. */
#ifndef LUTNA_CORE_COST_WALK_H
#define LUTNA_CORE_COST_WALK_H

#include <stdbool.h>
#include <stdint.h>

struct lutna_netlist;

/**
 * struct lutna_arrival - gate delays after which a node can move
 * @moves: whether it can at all
 * @first: by the shortest path from what moves at 0
 * @last: by the longest
 */
struct lutna_arrival {
	bool moves;
	uint16_t first;
	uint16_t last;
};

/**
 * lutna_walk_arrivals() - arrival of every node
 * @nl: netlist
 * @cells_move: cells move at 0 as activation bits do, or not at all
 * @at: set, one a node
 */
void lutna_walk_arrivals(const struct lutna_netlist *nl, bool cells_move,
			 struct lutna_arrival *at);

#endif /* LUTNA_CORE_COST_WALK_H */
