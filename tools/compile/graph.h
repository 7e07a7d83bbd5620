/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model as ONNX describes it: nodes that take and give named values.  What
 * the numbers of the device are is no concern of this level (program.h is).
 */
#ifndef LUTNA_COMPILE_GRAPH_H
#define LUTNA_COMPILE_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "diag.h"

/* Dimensions that a value may have, constants (weights, shapes) included */
#define GRAPH_RANK	8
/* More than any network has; bounds the work that a small file can ask for. */
#define GRAPH_NODES	65536
/* Elements of one constant, dense or not */
#define GRAPH_CONSTANT_ELEMENTS	(UINT64_C(1) << 28)

/* Element types: TensorProto.DataType of onnx.proto, 0 if not known */

/**
 * struct constant - numbers that are known when the model is compiled
 * @elem: ONNX__TENSOR_PROTO__DATA_TYPE__*: FLOAT, UINT8, INT8, BOOL,
 *	INT32 or INT64
 * @rank: dimensions
 * @dims: their sizes
 * @elements: product of @dims; 1 for a scalar
 * @stored: numbers in @f or @i: @elements, or fewer when @index is set
 * @index: NULL if dense; else @stored positions (row-major) in increasing
 *	order, all other elements being 0
 * @f: numbers of FLOAT, else NULL
 * @i: numbers of UINT8, INT8, BOOL and INT32, else NULL
 * @l: numbers of INT64, else NULL
 */
struct constant {
	int elem;
	unsigned int rank;
	int64_t dims[GRAPH_RANK];
	uint64_t elements;
	uint64_t stored;
	const uint64_t *index;
	const float *f;
	const int32_t *i;
	const int64_t *l;
};

/**
 * struct quant - how integers stand for real numbers
 * @values: integers, or NULL if only @scale and @zero_point matter
 * @scale: one, or one for each index of @axis
 * @zero_point: of the same shape; NULL: all 0
 * @axis: of @values, if @scale holds more than one
 */
struct quant {
	const struct constant *values;
	const struct constant *scale;
	const struct constant *zero_point;
	unsigned int axis;
};

/**
 * struct value - what an edge of the graph carries
 * @name: unique in the graph
 * @elem: element type, 0 until known
 * @shaped: @rank and @dims are set
 * @rank: dimensions, the batch included
 * @dims: their sizes; the first is the batch for anything but a constant
 * @constant: the numbers, if they are known
 * @quant: a real constant that was given as integers; NULL if not.  @constant
 *	need not be set then.
 * @producer: index of the node that gives it; -1: an input or a constant
 * @is_input: the caller gives it
 * @input_index: which of the graph's inputs it is, if it is one
 * @is_output: the caller wants it
 */
struct value {
	const char *name;
	int elem;
	bool shaped;
	unsigned int rank;
	int64_t dims[GRAPH_RANK];
	const struct constant *constant;
	const struct quant *quant;
	int producer;
	bool is_input;
	bool is_output;
	size_t input_index;
};

struct op;
struct attribute_list;

/**
 * struct node - one operation
 * @name: of the node; the name of its first output if it has none
 * @op: operator
 * @domain: "" for ONNX's own
 * @in: indices of values; -1: left out
 * @out: the same
 * @n_in: inputs
 * @n_out: outputs
 * @proto: Onnx__NodeProto that it was read from, for attributes
 * @def: what the compiler knows about the operator
 * @wanted: an output of the model depends on it
 */
struct node {
	const char *name;
	const char *op;
	const char *domain;
	int *in;
	int *out;
	unsigned int n_in;
	unsigned int n_out;
	const void *proto;
	const struct op *def;
	bool wanted;
};

/**
 * struct graph - a model
 * @arena: owns everything here but what @proto owns
 * @diag: where refusals go
 * @proto: Onnx__ModelProto, which names and numbers still point into
 * @name: of the graph; "" if it has none
 * @opset: version of ONNX's own operators
 * @values: all of them, ordered by name
 * @nodes: in the file's order
 * @order: indices of the wanted nodes, each after those it depends on
 * @inputs: indices of values, in the file's order, constants left out
 * @outputs: the same
 * @n_values: how many
 * @n_nodes: how many
 * @n_order: how many
 * @n_inputs: how many
 * @n_outputs: how many
 * @batch: images that one run takes
 */
struct graph {
	struct arena *arena;
	struct diag *diag;
	void *proto;
	const char *name;
	int64_t opset;
	struct value *values;
	struct node *nodes;
	unsigned int *order;
	int *inputs;
	int *outputs;
	size_t n_values;
	size_t n_nodes;
	size_t n_order;
	size_t n_inputs;
	size_t n_outputs;
	uint32_t batch;
};

/* The value of that name, or NULL; in proportion to the logarithm of all. */
struct value *graph_find(const struct graph *graph, const char *name);

/* The node's input, or NULL if it is left out. */
struct value *node_in(const struct graph *graph, const struct node *node,
		      unsigned int index);
/* The node's output, or NULL if it is left out. */
struct value *node_out(const struct graph *graph, const struct node *node,
		       unsigned int index);

/**
 * graph_end_at() - leave out what comes behind a value
 * @graph: @outputs becomes that value alone
 * @name: of the value
 *
 * Return: 0; -EINVAL when no node gives such a value, with the reason said
 */
int graph_end_at(struct graph *graph, const char *name);

/**
 * graph_order() - find the nodes that matter and an order to go through them
 * @graph: fills in @order and the nodes' @wanted
 *
 * Return: 0; -EINVAL when nodes depend on one another in a circle, with the
 * name of one of them
 */
int graph_order(struct graph *graph);

/* Elements of a shape; -1 if more than fit. */
int64_t shape_elements(const int64_t *dims, unsigned int rank);

/* "2x3x4" in a buffer of the caller's; "scalar" without dimensions. */
#define SHAPE_TEXT	96
const char *shape_text(char buf[SHAPE_TEXT], const int64_t *dims,
		       unsigned int rank);

#endif
