/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attributes of nodes.  Each reader returns 0, or -EINVAL after a message when
 * the attribute is there in another type or out of its range; the value is set
 * on success only.
 */
#ifndef LUTNA_COMPILE_ATTR_H
#define LUTNA_COMPILE_ATTR_H

#include <stdint.h>

#include "graph.h"

/**
 * attr_check_known() - refuse what the compiler would otherwise ignore
 * @graph: for messages
 * @node: node
 * @known: names of attributes, separated by spaces
 */
int attr_check_known(const struct graph *graph, const struct node *node,
		     const char *known);

/* @missing is the value without the attribute. */
int attr_int(const struct graph *graph, const struct node *node,
	     const char *name, int64_t missing, int64_t *value);
int attr_float(const struct graph *graph, const struct node *node,
	       const char *name, float missing, float *value);

/**
 * attr_ints() - a list of a known length
 * @graph: for messages
 * @node: node
 * @name: of the attribute
 * @count: how many there must be
 * @low: least value of each
 * @high: greatest value of each
 * @missing: each of them without the attribute
 * @values: room for @count
 */
int attr_ints(const struct graph *graph, const struct node *node,
	      const char *name, unsigned int count, int64_t low, int64_t high,
	      int64_t missing, int64_t *values);

/* A list of any length; *values NULL and *count 0 without the attribute. */
int attr_int_list(const struct graph *graph, const struct node *node,
		  const char *name, const int64_t **values, size_t *count);

/* Whether a string attribute (@missing if it is not there) is @wanted. */
bool attr_is(const struct node *node, const char *name, const char *wanted,
	     const char *missing);

#endif
