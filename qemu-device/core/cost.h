/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an arithmetic unit costs.  Every figure is counted from a netlist that
 * is built gate by gate and simulated; none is fitted or typed in.
 */
#ifndef LUTNA_CORE_COST_H
#define LUTNA_CORE_COST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "uapi/lutna_isa.h"

/**
 * enum lutna_lut_order - which activation bit selects at the leaves of a
 *	traditional table's multiplexer tree, where most multiplexers are
 */
enum lutna_lut_order {
	LUTNA_LUT_ORDER_LOW,		/* the lowest; the highest at the root */
	LUTNA_LUT_ORDER_HIGH,		/* the highest; the lowest at the root */
	LUTNA_LUT_ORDER_COUNT,
};

/** enum lutna_lut_read - how a word of a traditional table is read */
enum lutna_lut_read {
	LUTNA_LUT_READ_TREE,		/* a tree of multiplexers for each bit */
	LUTNA_LUT_READ_ROWS,		/* as a memory: row decoder, bit lines */
	LUTNA_LUT_READ_COUNT,
};

/** enum lutna_join - how the products of a unit's digits are added up */
enum lutna_join {
	LUTNA_JOIN_CHAIN,		/* one after the other, lowest first */
	LUTNA_JOIN_TREE,		/* neighbours in pairs, again and again */
	LUTNA_JOIN_COUNT,
};

/** enum lutna_tables - whose the stored multiples of a weight are */
enum lutna_tables {
	LUTNA_TABLES_SHARED,		/* all digits read the same cells */
	LUTNA_TABLES_PRIVATE,		/* each digit has cells of its own */
	LUTNA_TABLES_COUNT,
};

/**
 * struct lutna_unit_spec - which unit
 * @unit: enum lutna_unit
 * @act_bits: 2..8
 * @weight_bits: 2..9
 * @digit_bits: bits of a digit of D&C and LUT-NA: 1, 2 or 4; 0 means 2
 * @approx: enum lutna_approx (LUTNA_UNIT_DNC and LUTNA_UNIT_LUTNA only; the
 *	others are always exact, whatever is asked for)
 * @approx_digits: low 2-bit digits approximated, whatever @digit_bits is, as
 *	in struct lutna_cmd_conv
 * @is_signed: two's complement weight; activations are unsigned
 * @lut_order: enum lutna_lut_order (LUTNA_UNIT_LUT only)
 * @join: enum lutna_join (LUTNA_UNIT_DNC and LUTNA_UNIT_LUTNA only)
 * @tables: enum lutna_tables (the same units)
 *
 * @lut_read: enum lutna_lut_read (LUTNA_UNIT_LUT only); rows have no order
 *
 * The last four are variants to compare with: 0 is what the device accounts
 * for.  Where one does not apply it is checked and then ignored.
 */
struct lutna_unit_spec {
	uint8_t unit;
	uint8_t act_bits;
	uint8_t weight_bits;
	uint8_t digit_bits;
	uint8_t approx;
	uint8_t approx_digits;
	bool is_signed;
	uint8_t lut_order;
	uint8_t join;
	uint8_t tables;
	uint8_t lut_read;
};

/* Order of the operations' operands for energy; see the manual. */
enum lutna_stimulus {
	LUTNA_STIMULUS_UNIFORM,		/* activations uniform */
	LUTNA_STIMULUS_RELU,		/* half zero, half of a half-normal */
	LUTNA_STIMULUS_COUNT,
};

/**
 * struct lutna_unit_cost - what it is made of and what an operation toggles
 * @sram: storage cells
 * @mux: 2:1 multiplexers, one bit each
 * @gates: AND and NAND gates of one bit, and inverters
 * @half_adders: half adders, with those that add a one as well
 * @full_adders: full adders
 * @transistors: 6T cell, 6T multiplexer, 6T AND, 4T NAND, 2T inverter, 14T half
 *	adder, 28T full adder
 * @depth: gate delays from an activation bit to the product
 * @toggles: toggle units of all operations simulated, by stimulus, while each
 *	weight is held for a run of activations
 * @settled: the same without glitches: first against last value of each
 *	operation
 * @toggles_changing: @toggles with another weight at every operation, of a
 *	multiplier.  A table would have to be programmed anew each time, which
 *	no one does: there it equals @toggles.
 * @operations: operations simulated; mean energy is @toggles / @operations
 */
struct lutna_unit_cost {
	uint32_t sram;
	uint32_t mux;
	uint32_t gates;
	uint32_t half_adders;
	uint32_t full_adders;
	uint32_t transistors;
	uint32_t depth;
	uint64_t toggles[LUTNA_STIMULUS_COUNT];
	uint64_t settled[LUTNA_STIMULUS_COUNT];
	uint64_t toggles_changing[LUTNA_STIMULUS_COUNT];
	uint64_t operations;
};

/**
 * lutna_unit_cost() - cost of a unit, computed once and kept
 * @spec: the unit
 * @out: set on success
 *
 * Thread-safe; threads that ask for different units work at once.  The first
 * call for a unit simulates it, which takes milliseconds (for the traditional
 * table tens of them).
 *
 * Return: 0, -EINVAL for a spec out of range, -ENOMEM.
 */
int lutna_unit_cost(const struct lutna_unit_spec *spec,
		    struct lutna_unit_cost *out);

/**
 * lutna_unit_energy() - toggle units of @macs operations
 * @cost: of the unit
 * @stimulus: which mean
 * @macs: operations
 *
 * The device is weight-stationary, so every unit is accounted with its weight
 * held: @toggles, not @toggles_changing.
 *
 * Return: floor(@macs * toggles / operations), saturated.
 */
uint64_t lutna_unit_energy(const struct lutna_unit_cost *cost,
			   enum lutna_stimulus stimulus, uint64_t macs);

/**
 * struct lutna_unit_measure - what a unit toggles on given activations
 * @toggles: as in struct lutna_unit_cost
 * @settled: the same
 * @toggles_changing: the same
 * @operations: the same
 */
struct lutna_unit_measure {
	uint64_t toggles;
	uint64_t settled;
	uint64_t toggles_changing;
	uint64_t operations;
};

/* Activations to measure with: as many as one weight meets, and 256 of them. */
#define LUTNA_MEASURE_MIN	65
#define LUTNA_MEASURE_MAX	(256 * LUTNA_MEASURE_MIN)

/**
 * lutna_unit_measure() - what a unit toggles on activations of the caller's
 * @spec: the unit
 * @x: activations in the order in which a weight meets them, of which the unit
 *	sees the low act_bits
 * @count: at least LUTNA_MEASURE_MIN.  256 pieces of so many are taken from
 *	all over @x, evenly spaced; they overlap if @count is less than
 *	LUTNA_MEASURE_MAX.
 * @out: set on success
 *
 * Weights are those of lutna_unit_cost().  Nothing is kept.
 *
 * Return: 0, -EINVAL for a spec out of range or too few activations, -ENOMEM.
 */
int lutna_unit_measure(const struct lutna_unit_spec *spec, const uint8_t *x,
		       size_t count, struct lutna_unit_measure *out);

/** lutna_unit_name() - "lut", "dnc", "lutna", …; NULL if there is none */
const char *lutna_unit_name(unsigned int unit);

#endif /* LUTNA_CORE_COST_H */
