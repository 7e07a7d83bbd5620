// SPDX-License-Identifier: GPL-2.0-or-later
#include "gate.h"

/*
 * Terminals are counted from these circuits; a node in the middle of a series
 * stack is left out, it is never a whole swing's worth of load.
 *
 * MUX	two transmission gates and an inverter for the complement of the
 *	select: data 2 terminals; select 2 gates of the inverter and 2 of the
 *	transmission gates, its complement 2 drains and 2 gates; output 4.
 * NAND	input 2 gates, output 3 drains (the stack has one at the output).
 * AND	NAND and inverter: the inner node has 3 drains and 2 gates and moves
 *	with the output's 2 drains.
 * INV	input 2 gates, output 2 drains.
 * LINE	both access transistors of a cell, which the cell counts: 2 gates on the
 *	word line, a drain on each line of the pair, which move together.
 * HA	AND for the carry; for the sum a multiplexer that in[0] selects, from
 *	in[1] and its complement (one more inverter).  in[0]: 2 + 8.  in[1]:
 *	2 for AND, 2 for the inverter, 2 for the multiplexer, and 2 drains and
 *	2 terminals of the multiplexer on the complement.
 * HA1	OR for AND, the complement picked for the true value: the same counts.
 * FA	mirror adder.  in[0], in[1]: 4 gates of the carry stage, 4 of the sum
 *	stage; in[2]: 2 and 4.  The complement of the carry has 4 drains and 4
 *	gates (2 in the sum stage, 2 of the inverter), the carry 2 drains; the
 *	complement of the sum 4 drains and 2 gates, the sum 2.
 * CELL	storage nodes never move while a weight is held.
 */
static const struct lutna_gate_info infos[LUTNA_GATE_KIND_COUNT] = {
	[LUTNA_GATE_CELL] = {
		.name = "cell", .inputs = 0, .outputs = 1, .transistors = 6,
	},
	[LUTNA_GATE_MUX] = {
		.name = "mux", .inputs = 3, .outputs = 1, .transistors = 6,
		.delay = { 1 }, .load_in = { 2, 2, 8 }, .load_out = { 4 },
	},
	[LUTNA_GATE_AND] = {
		.name = "and", .inputs = 2, .outputs = 1, .transistors = 6,
		.delay = { 1 }, .load_in = { 2, 2 }, .load_out = { 7 },
	},
	[LUTNA_GATE_NAND] = {
		.name = "nand", .inputs = 2, .outputs = 1, .transistors = 4,
		.delay = { 1 }, .load_in = { 2, 2 }, .load_out = { 3 },
	},
	[LUTNA_GATE_INV] = {
		.name = "inv", .inputs = 1, .outputs = 1, .transistors = 2,
		.delay = { 1 }, .load_in = { 2 }, .load_out = { 2 },
	},
	[LUTNA_GATE_LINE] = {
		.name = "line", .inputs = 2, .outputs = 1, .transistors = 0,
		.delay = { 1 }, .load_in = { 0, 2 }, .load_out = { 2 },
	},
	[LUTNA_GATE_HA] = {
		.name = "ha", .inputs = 2, .outputs = 2, .transistors = 14,
		.delay = { 1, 1 }, .load_in = { 10, 10 }, .load_out = { 4, 7 },
	},
	[LUTNA_GATE_HA1] = {
		.name = "ha1", .inputs = 2, .outputs = 2, .transistors = 14,
		.delay = { 1, 1 }, .load_in = { 10, 10 }, .load_out = { 4, 7 },
	},
	[LUTNA_GATE_FA] = {
		.name = "fa", .inputs = 3, .outputs = 2, .transistors = 28,
		.delay = { 2, 1 }, .load_in = { 8, 8, 6 },
		.load_out = { 8, 10 },
	},
};

const struct lutna_gate_info *lutna_gate_info(enum lutna_gate_kind kind)
{
	return &infos[kind];
}
