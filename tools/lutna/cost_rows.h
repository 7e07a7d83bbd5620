/* SPDX-License-Identifier: GPL-2.0-only */
/* lutna cost: which units, their figures, and how these look. */
#ifndef LUTNA_TOOL_COST_ROWS_H
#define LUTNA_TOOL_COST_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "qemu-device/core/cost.h"

/* Widths that a sweep covers and an option takes */
#define COST_ACT_BITS_MIN	2
#define COST_ACT_BITS_MAX	8
#define COST_WEIGHT_BITS_MIN	3
#define COST_WEIGHT_BITS_MAX	9

/* What an option does not ask for */
#define COST_ANY		(-1)

struct cost_range {
	unsigned int low;
	unsigned int high;
};

/**
 * struct cost_filter - which units are asked for
 * @unit: enum lutna_unit or COST_ANY, as all that follow
 * @digits: index in 1, 2, 4
 * @approx: index in exact, drop1, drop2, drop3, w1, w2, w3
 * @read: enum cost_read
 * @join: enum lutna_join
 * @tables: enum lutna_tables
 * @act_bits: 0 in @low: not asked for
 * @weight_bits: the same
 * @is_unsigned: unsigned weights only
 * @all: every width there is, both kinds of weight
 */
struct cost_filter {
	int unit;
	int digits;
	int approx;
	int read;
	int join;
	int tables;
	struct cost_range act_bits;
	struct cost_range weight_bits;
	bool is_unsigned;
	bool all;
};

/* How a traditional table is read */
enum cost_read {
	COST_READ_LOW,	/* multiplexers, the lowest activation bit at the leaves */
	COST_READ_HIGH,	/* the highest there */
	COST_READ_ROWS,	/* row decoder and bit lines */
	COST_READ_COUNT,
};

/* As --read, --join, --tables and JSON call them */
extern const char *const cost_read_names[COST_READ_COUNT];
extern const char *const cost_join_names[LUTNA_JOIN_COUNT];
extern const char *const cost_table_names[LUTNA_TABLES_COUNT];

/**
 * struct cost_row - a unit and its figures
 * @spec: the unit, complete
 * @base: index of the row that ratios are to: LUT-NA of these widths
 * @shown: it was asked for; else it is there as a base only
 * @cost: of the unit
 * @file: on the activations of a file, if there are any
 */
struct cost_row {
	struct lutna_unit_spec spec;
	size_t base;
	bool shown;
	struct lutna_unit_cost cost;
	struct lutna_unit_measure file;
};

/**
 * struct cost_report - all that there is to say
 * @rows: units by width, of each the usual one before its variants
 * @count: of them
 * @has_file: @rows have figures on the activations of a file
 */
struct cost_report {
	struct cost_row *rows;
	size_t count;
	bool has_file;
};

/**
 * struct cost_activations - activations of a file
 * @data: of 8 bits; pieces from all over the file, as lutna_unit_measure()
 *	takes them
 * @count: of them, from LUTNA_MEASURE_MIN to LUTNA_MEASURE_MAX
 */
struct cost_activations {
	uint8_t data[LUTNA_MEASURE_MAX];
	size_t count;
};

/**
 * cost_rows_list() - the units that a filter leaves, without figures
 * @filter: what is asked for
 * @report: set on success; @rows to be freed; no row if nothing is left
 *
 * Return: 0 or -ENOMEM
 */
int cost_rows_list(const struct cost_filter *filter,
		   struct cost_report *report);

/**
 * cost_rows_compute() - fill in the figures, on all processors
 * @report: rows to fill in
 * @activations: of a file, or NULL
 *
 * Return: 0 or a negative errno
 */
int cost_rows_compute(struct cost_report *report,
		      const struct cost_activations *activations);

/** cost_has_digits() - whether a unit has digits, a join and stored multiples */
bool cost_has_digits(unsigned int unit);

/** cost_read_of() - enum cost_read of a traditional table */
enum cost_read cost_read_of(const struct lutna_unit_spec *spec);

/** cost_approx_name() - of a unit: exact, drop1 to drop3, w1 to w3 */
const char *cost_approx_name(const struct lutna_unit_spec *spec);

/**
 * cost_activations_read() - read activations
 * @path: bytes, or an IDX file of bytes; plain or gzip
 * @out: set on success
 *
 * No more than the first 64 MiB are read.
 *
 * Return: 0 or a negative errno after a message on stderr
 */
int cost_activations_read(const char *path, struct cost_activations *out);

/** cost_print_table() - for a person */
void cost_print_table(const struct cost_report *report);

/** cost_print_json() - a list of objects, one a unit; 0 or -ENOMEM */
int cost_print_json(const struct cost_report *report);

#endif
