/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the builders of units share; nobody outside this folder includes it. */
#ifndef LUTNA_CORE_COST_BUILD_H
#define LUTNA_CORE_COST_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "netlist.h"

/**
 * struct lutna_netlist - a netlist under construction, later fixed
 * @spec: checked
 * @gates: in the order they were built, drivers first
 * @gate_count: of them
 * @gate_room: allocated
 * @node_count: next node to be handed out
 * @x: nodes of the activation
 * @storage: nodes of the cells, once built
 * @storage_width: of them
 * @product: nodes of the product; what no builder sets is LUTNA_NODE_ZERO
 * @failed: sticky; once memory ran out every gate is dropped and its outputs
 *	are LUTNA_NODE_ZERO, so that builders need not check each one
 */
struct lutna_netlist {
	struct lutna_unit_spec spec;
	struct lutna_gate *gates;
	size_t gate_count;
	size_t gate_room;
	uint32_t node_count;
	uint32_t x[8];
	uint32_t *storage;
	uint32_t storage_width;
	uint32_t product[LUTNA_PRODUCT_BITS_MAX];
	bool failed;
};

/** struct lutna_sum - output nodes of an adder */
struct lutna_sum {
	uint32_t sum;
	uint32_t carry;
};

/** lutna_build_cell() - a cell with a bit of a multiple; return its node */
uint32_t lutna_build_cell(struct lutna_netlist *nl, unsigned int multiple,
			  unsigned int bit);

/** lutna_build_mux() - @high where @select is 1, else @low */
uint32_t lutna_build_mux(struct lutna_netlist *nl, uint32_t low, uint32_t high,
			 uint32_t select);

uint32_t lutna_build_and(struct lutna_netlist *nl, uint32_t a, uint32_t b);
uint32_t lutna_build_nand(struct lutna_netlist *nl, uint32_t a, uint32_t b);

uint32_t lutna_build_inv(struct lutna_netlist *nl, uint32_t a);

/**
 * lutna_build_line() - a pair of bit lines
 * @nl: netlist
 * @bit: of the product
 * @cell: node of the first row's cell, those of the others after it
 * @word: the same of word lines
 * @rows: how many
 */
uint32_t lutna_build_line(struct lutna_netlist *nl, unsigned int bit,
			  uint32_t cell, uint32_t word, unsigned int rows);

/**
 * lutna_build_add() - add two or three bits with the smallest adder
 * @nl: netlist
 * @bit: their nodes; one of three may be LUTNA_NODE_ONE
 * @count: 2 or 3
 *
 * Return: nodes of sum and carry.
 */
struct lutna_sum lutna_build_add(struct lutna_netlist *nl, const uint32_t *bit,
				 unsigned int count);

/* One builder a family of units; they fill in the product from @spec. */

/** lutna_build_lut() - the traditional table */
void lutna_build_lut(struct lutna_netlist *nl);

/** lutna_build_rows() - the traditional table, read as a memory */
void lutna_build_rows(struct lutna_netlist *nl);

/** lutna_build_digits() - divide and conquer, and LUT-NA */
void lutna_build_digits(struct lutna_netlist *nl);

/** lutna_build_multiplier() - array, Wallace, Dadda */
void lutna_build_multiplier(struct lutna_netlist *nl);

#endif /* LUTNA_CORE_COST_BUILD_H */
