/* SPDX-License-Identifier: GPL-2.0-only */
/* Figures of units, out of the list that lutna cost printed. */
#ifndef LUTNA_PAPER_UNIT_H
#define LUTNA_PAPER_UNIT_H

#include <stdbool.h>

#include "input.h"

/**
 * struct unit_key - which unit
 * @unit: as lutna cost names it
 * @digit_bits: of units that have digits; 0 is 2
 * @approx: NULL is exact
 * @read: of a traditional table; NULL is what the device accounts for
 * @join: NULL is the chain
 * @tables: NULL is shared
 * @is_unsigned: the weight
 * @act_bits: 2 to 8
 * @weight_bits: 3 to 9
 */
struct unit_key {
	const char *unit;
	int digit_bits;
	const char *approx;
	const char *read;
	const char *join;
	const char *tables;
	bool is_unsigned;
	int act_bits;
	int weight_bits;
};

/* The comparisons that the publications make */
#define UNIT_8X9(...)	((struct unit_key){ __VA_ARGS__, .act_bits = 8, .weight_bits = 9 })
#define UNIT_4X4(...)	((struct unit_key){ __VA_ARGS__, .is_unsigned = true, \
					    .act_bits = 4, .weight_bits = 4 })

/** unit_find() - the object of a unit; NULL if the list has none */
json *unit_find(json *units, struct unit_key key);

/**
 * unit_figure() - a figure of a unit
 * @units: the list
 * @key: which
 * @figure: its name, such as transistors or energy.relu
 *
 * A unit that is not in the list ends the program, with its name.
 */
double unit_figure(json *units, struct unit_key key, const char *figure);

#endif
