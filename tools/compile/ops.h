/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of operators that the compiler knows. */
#ifndef LUTNA_COMPILE_OPS_H
#define LUTNA_COMPILE_OPS_H

#include "graph.h"

/*
 * Versions of ONNX's operator set.  What an operator gained in between is an
 * attribute or an input, and unknown ones are refused.
 */
#define OPS_OPSET_MIN	7
#define OPS_OPSET_MAX	21

struct lowering;

/**
 * struct op - an operator
 * @name: of the operator, in ONNX's own domain
 * @min_in: inputs that must be given
 * @max_in: inputs that are understood
 * @attributes: names of those that are understood, separated by spaces
 * @shape: gives the outputs their type and shape, and their numbers if they
 *	are known; inputs have theirs.  0 or -EINVAL/-ENOMEM after a message
 * @lower: turns the node into commands (lower.h)
 */
struct op {
	const char *name;
	unsigned int min_in;
	unsigned int max_in;
	const char *attributes;
	int (*shape)(struct graph *graph, const struct node *node);
	int (*lower)(struct lowering *lowering, const struct node *node);
};

/* NULL if there is none */
const struct op *ops_find(const char *domain, const char *name);

#endif
