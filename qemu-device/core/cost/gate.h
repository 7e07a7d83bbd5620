/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gate library: every cell that a unit may be built of, at the level of
 * its transistors.  README.md draws them.
 */
#ifndef LUTNA_CORE_COST_GATE_H
#define LUTNA_CORE_COST_GATE_H

#include <stdint.h>

/**
 * enum lutna_gate_kind - what a gate is
 * @LUTNA_GATE_CELL: a static storage cell; it has no inputs
 * @LUTNA_GATE_MUX: out[0] = in[2] ? in[1] : in[0]
 * @LUTNA_GATE_AND: out[0] = in[0] & in[1]
 * @LUTNA_GATE_NAND: out[0] = ~(in[0] & in[1])
 * @LUTNA_GATE_INV: out[0] = ~in[0]
 * @LUTNA_GATE_LINE: a pair of bit lines of a memory, see struct lutna_gate:
 *	out[0] is what the cells of open rows hold, or, if none is open, what
 *	it was
 * @LUTNA_GATE_HA: half adder, (out[1], out[0]) = in[0] + in[1]
 * @LUTNA_GATE_HA1: half adder that adds a one as well, (out[1], out[0]) =
 *	in[0] + in[1] + 1: what is left of a full adder with an input tied high
 * @LUTNA_GATE_FA: full adder, (out[1], out[0]) = in[0] + in[1] + in[2]
 */
enum lutna_gate_kind {
	LUTNA_GATE_CELL,
	LUTNA_GATE_MUX,
	LUTNA_GATE_AND,
	LUTNA_GATE_NAND,
	LUTNA_GATE_INV,
	LUTNA_GATE_LINE,
	LUTNA_GATE_HA,
	LUTNA_GATE_HA1,
	LUTNA_GATE_FA,
	LUTNA_GATE_KIND_COUNT,
};

#define LUTNA_GATE_MAX_IN	3
#define LUTNA_GATE_MAX_OUT	2

/**
 * struct lutna_gate_info - a cell of the library
 * @name: of the cell, a C identifier
 * @inputs: used elements of lutna_gate.in
 * @outputs: used elements of lutna_gate.out
 * @transistors: in the cell
 * @delay: of each output, in gate delays
 * @load_in: transistor terminals on each input, with those of internal nodes
 *	that change exactly when the input does
 * @load_out: the same of each output
 *
 * Of a line, loads are those that each row adds.
 */
struct lutna_gate_info {
	const char *name;
	uint8_t inputs;
	uint8_t outputs;
	uint8_t transistors;
	uint8_t delay[LUTNA_GATE_MAX_OUT];
	uint8_t load_in[LUTNA_GATE_MAX_IN];
	uint8_t load_out[LUTNA_GATE_MAX_OUT];
};

/** lutna_gate_info() - the cell of a kind, which must be below the count */
const struct lutna_gate_info *lutna_gate_info(enum lutna_gate_kind kind);

#endif /* LUTNA_CORE_COST_GATE_H */
