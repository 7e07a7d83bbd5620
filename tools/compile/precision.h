/* SPDX-License-Identifier: GPL-2.0-only */
/* How many bits each layer computes with, where that is not left to the model. */
#ifndef LUTNA_COMPILE_PRECISION_H
#define LUTNA_COMPILE_PRECISION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diag.h"

#define PRECISION_ACT_MIN	2
#define PRECISION_ACT_MAX	8
#define PRECISION_WEIGHT_MIN	2
#define PRECISION_WEIGHT_MAX	9

/* Room for any approximation's name: "drop3+bias" */
#define PRECISION_APPROX_TEXT	16

/**
 * struct precision - of one layer
 * @act_bits: of its input; 0: 8
 * @weight_bits: 0: as the model has them
 * @approx: enum lutna_approx
 * @approx_digits: low digits that are approximated; 0 if exact
 * @fold_bias: the mean error of the approximation is taken off by the bias
 */
struct precision {
	uint8_t act_bits;
	uint8_t weight_bits;
	uint8_t approx;
	uint8_t approx_digits;
	bool fold_bias;
};

/* A layer, by the name of its node */
struct precision_layer {
	char *name;
	struct precision precision;
};

/**
 * struct precision_table - of a whole model
 * @rest: layers that are not named
 * @layers: in the order of their names
 * @count: how many
 */
struct precision_table {
	struct precision rest;
	struct precision_layer *layers;
	size_t count;
};

/**
 * precision_read() - read a precision file
 * @path: lines of "NAME ACT_BITS WEIGHT_BITS APPROX"; empty ones and those that
 *	begin with '#' do not count.  The name "*" means all layers that are
 *	not named.
 * @diag: its @file is set to @path; says what is wrong
 * @out: set on success; precision_free()
 *
 * Return: 0, -EINVAL, -ENOMEM or what a system call said
 */
int precision_read(const char *path, struct diag *diag,
		   struct precision_table *out);

void precision_free(struct precision_table *table);

/**
 * precision_add() - add a layer at the end; precision_sort() follows
 * @table: grows
 * @name: copied
 * @precision: of the layer
 *
 * Return: 0 or -ENOMEM
 */
int precision_add(struct precision_table *table, const char *name,
		  const struct precision *precision);

/**
 * precision_sort() - make a table that was added to fit for precision_find()
 * Return: NULL, or a name that is there twice
 */
const char *precision_sort(struct precision_table *table);

/* Index in @layers, or -1; in proportion to the logarithm of @count */
long precision_find(const struct precision_table *table, const char *name);

/**
 * precision_approx() - "exact", "drop1" to "drop3", "w1" to "w3", with "+bias"
 * @text: any string
 * @out: approximation set on success
 *
 * Return: 0 or -EINVAL
 */
int precision_approx(const char *text, struct precision *out);

/* The opposite; returns @buf. */
const char *precision_approx_text(const struct precision *precision,
				  char buf[PRECISION_APPROX_TEXT]);

/* Low digits that may be approximated: one must be left. */
static inline unsigned int precision_digits_most(unsigned int act_bits)
{
	return (act_bits + 1) / 2 - 1;
}

#endif
