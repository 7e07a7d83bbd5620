/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Netlists of the arithmetic units: built gate by gate from a spec, counted by
 * walking them, simulated.
 *
 * A netlist does not change once it is built, so any number of threads may read
 * it.  A simulator has state and belongs to one thread at a time.
 */
#ifndef LUTNA_CORE_COST_NETLIST_H
#define LUTNA_CORE_COST_NETLIST_H

#include <stddef.h>
#include <stdint.h>

#include "../cost.h"
#include "gate.h"

struct lutna_netlist;
struct lutna_netsim;

/* The two nodes that are tied; activation bits and gate outputs follow. */
#define LUTNA_NODE_ZERO		0
#define LUTNA_NODE_ONE		1

/* Widest product: 8 activation bits and 9 weight bits. */
#define LUTNA_PRODUCT_BITS_MAX	17

/**
 * struct lutna_gate - one gate of a netlist
 * @kind: enum lutna_gate_kind
 * @bit: of a cell: which bit of the stored word it holds; of a line: which bit
 *	of the product it is
 * @multiple: of a cell: the stored word is this multiple of the weight; of a
 *	line: how many rows it has
 * @in: nodes, as many as lutna_gate_info() says.  Of a line: those of the first
 *	row's cell and word line; the nodes after them are the other rows'.
 * @out: nodes, each driven by this gate alone
 */
struct lutna_gate {
	uint8_t kind;
	uint8_t bit;
	uint16_t multiple;
	uint32_t in[LUTNA_GATE_MAX_IN];
	uint32_t out[LUTNA_GATE_MAX_OUT];
};

enum lutna_port_kind {
	LUTNA_PORT_ACTIVATION,	/* "x", input, act_bits wide */
	LUTNA_PORT_STORAGE,	/* "s", output of the cells, in gate order */
	LUTNA_PORT_PRODUCT,	/* "p", output, act_bits + weight_bits wide */
	LUTNA_PORT_COUNT,
};

/**
 * struct lutna_port - a named bundle of nodes
 * @name: a C and Verilog identifier
 * @width: bits
 * @node: of each bit, lowest first; lives as long as the netlist
 *
 * Without its cells a netlist is a combinational circuit from "x" and "s" to
 * "p" (if none of its gates is a line, which can hold a value).  Bits of "p" may
 * be tied or may be the node of an input.
 */
struct lutna_port {
	const char *name;
	uint32_t width;
	const uint32_t *node;
};

/**
 * struct lutna_netlist_counts - what walking a netlist finds
 * @gate: gates of each kind
 * @transistors: of all of them
 * @depth: gate delays from an activation bit to the last product bit
 */
struct lutna_netlist_counts {
	uint32_t gate[LUTNA_GATE_KIND_COUNT];
	uint32_t transistors;
	uint32_t depth;
};

/**
 * lutna_spec_check() - check a spec and fill in what it leaves open
 * @spec: what was asked for
 * @out: set on success: digit_bits is never 0, and what does not apply to the
 *	unit (digits, approximation, join and tables of a multiplier) is cleared
 *
 * Return: 0 or -EINVAL.
 */
int lutna_spec_check(const struct lutna_unit_spec *spec,
		     struct lutna_unit_spec *out);

/**
 * lutna_netlist_build() - build a unit
 * @out: set on success; free with lutna_netlist_free()
 * @spec: the unit
 *
 * Return: 0, -EINVAL for a spec out of range, -ENOMEM.
 */
int lutna_netlist_build(struct lutna_netlist **out,
			const struct lutna_unit_spec *spec);

/** lutna_netlist_free() - @nl may be NULL */
void lutna_netlist_free(struct lutna_netlist *nl);

/** lutna_netlist_spec() - the spec as lutna_spec_check() completed it */
const struct lutna_unit_spec *
lutna_netlist_spec(const struct lutna_netlist *nl);

/**
 * lutna_netlist_gates() - all gates, every one after those that drive it
 * @nl: netlist
 * @count: set to their number
 *
 * Return: an array that lives as long as the netlist.
 */
const struct lutna_gate *lutna_netlist_gates(const struct lutna_netlist *nl,
					     size_t *count);

/** lutna_netlist_nodes() - nodes are numbered from 0 to below this */
uint32_t lutna_netlist_nodes(const struct lutna_netlist *nl);

/** lutna_netlist_port() - a port; its name is fixed, its width may be 0 */
struct lutna_port lutna_netlist_port(const struct lutna_netlist *nl,
				     enum lutna_port_kind kind);

/**
 * lutna_netlist_count() - walk the netlist
 * @nl: netlist
 * @out: set on success
 *
 * Return: 0 or -ENOMEM.
 */
int lutna_netlist_count(const struct lutna_netlist *nl,
			struct lutna_netlist_counts *out);

/**
 * lutna_netsim_new() - a simulator of a netlist
 * @out: set on success; free with lutna_netsim_free()
 * @nl: must outlive the simulator
 *
 * Return: 0 or -ENOMEM.
 */
int lutna_netsim_new(struct lutna_netsim **out, const struct lutna_netlist *nl);

/** lutna_netsim_free() - @sim may be NULL */
void lutna_netsim_free(struct lutna_netsim *sim);

/**
 * lutna_netsim_products() - let the netlist multiply
 * @sim: simulator
 * @x: @count activations, of which the unit sees the low act_bits
 * @w: @count weights, of which the unit sees the low weight_bits
 * @product: set to @count products, sign-extended where the unit is signed
 * @count: operations; runs of one weight are quick
 */
void lutna_netsim_products(struct lutna_netsim *sim, const uint8_t *x,
			   const int16_t *w, int32_t *product, size_t count);

/**
 * enum lutna_reading - what happens to the weights between two operations
 * @LUTNA_READING_HELD: a step to another weight is a reload and not counted
 * @LUTNA_READING_CHANGING: a step to another weight moves the outputs of the
 *	weight's cells at the moment the activation moves.  Of a multiplier only;
 *	a table would have to be programmed anew, so there it means HELD.
 */
enum lutna_reading {
	LUTNA_READING_HELD,
	LUTNA_READING_CHANGING,
};

/**
 * struct lutna_netsim_energy - result of lutna_netsim_energy()
 * @toggles: sum over nodes of changes times transistor terminals, glitches
 *	included
 * @settled: the same without glitches: first against last value of each
 *	operation
 * @operations: steps from one operation to the next that were counted
 */
struct lutna_netsim_energy {
	uint64_t toggles;
	uint64_t settled;
	uint64_t operations;
};

/**
 * lutna_netsim_energy() - simulate a sequence of operations with unit delays
 * @sim: simulator
 * @reading: of the weights
 * @x: @count activations
 * @w: @count weights
 * @count: length of the sequence: one more than its steps
 * @out: set
 */
void lutna_netsim_energy(struct lutna_netsim *sim, enum lutna_reading reading,
			 const uint8_t *x, const int16_t *w, size_t count,
			 struct lutna_netsim_energy *out);

#endif /* LUTNA_CORE_COST_NETLIST_H */
