// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <onnx/onnx.pb-c.h>

#include "attr.h"
#include "ops.h"
#include "shape.h"
#include "window.h"

/* Far beyond any tensor, and small enough that sums of some do not overflow. */
#define SHAPE_ELEMENTS_MAX	(INT64_C(1) << 40)

int shape_batch(struct graph *graph, uint32_t requested)
{
	int64_t fixed = 0;
	size_t i;
	unsigned int k;

	for (i = 0; i < graph->n_inputs; i++) {
		const struct value *input = &graph->values[graph->inputs[i]];

		if (!input->rank)
			return diag_tensor(graph->diag, input->name,
					   "an input that is not a constant needs a batch dimension");
		if (!input->dims[0])
			continue;
		if (fixed && input->dims[0] != fixed)
			return diag_tensor(graph->diag, input->name,
					   "its batch of %" PRId64
					   " is not the %" PRId64 " of another input",
					   input->dims[0], fixed);
		fixed = input->dims[0];
	}
	if (fixed > SHAPE_BATCH_MAX)
		return diag_file(graph->diag, -EINVAL,
				 "a batch of %" PRId64 " is not supported (at most %d)",
				 fixed, SHAPE_BATCH_MAX);
	if (fixed && requested && requested != fixed)
		return diag_file(graph->diag, -EINVAL,
				 "the model fixes its batch at %" PRId64
				 ", so it cannot be %" PRIu32, fixed, requested);
	graph->batch = fixed ? (uint32_t)fixed :
		       requested ? requested : SHAPE_BATCH_DEFAULT;
	for (i = 0; i < graph->n_inputs; i++) {
		struct value *input = &graph->values[graph->inputs[i]];

		input->dims[0] = graph->batch;
		for (k = 1; k < input->rank; k++)
			if (!input->dims[k])
				return diag_tensor(graph->diag, input->name,
						   "dimension %u is not fixed; only the first, the batch, may be open",
						   k);
		input->shaped = true;
	}
	return 0;
}

static int check_node(struct graph *graph, struct node *node)
{
	const struct op *op = ops_find(node->domain, node->op);
	char name[DIAG_NAME];
	unsigned int i;

	if (!op)
		return diag_node(graph->diag, node, node->domain[0] ?
				 "operators of domain '%s' are not supported" :
				 "the operator is not supported%.0s",
				 diag_clean(name, node->domain));
	for (i = 0; i < op->min_in; i++)
		if (!node_in(graph, node, i))
			return diag_node(graph->diag, node,
					 "input %u is missing", i);
	for (i = op->max_in; i < node->n_in; i++)
		if (node_in(graph, node, i))
			return diag_node(graph->diag, node,
					 "%u inputs are not supported (at most %u)",
					 node->n_in, op->max_in);
	for (i = 0; i < node->n_in; i++) {
		const struct value *value = node_in(graph, node, i);

		if (value && !value->shaped)
			return diag_node(graph->diag, node,
					 "input '%s' is a result that is not supported",
					 diag_clean(name, value->name));
	}
	if (!node_out(graph, node, 0))
		return diag_node(graph->diag, node, "its result has no name");
	node->def = op;
	return attr_check_known(graph, node, op->attributes);
}

int shape_infer(struct graph *graph)
{
	size_t i;
	int err;

	for (i = 0; i < graph->n_order; i++) {
		struct node *node = &graph->nodes[graph->order[i]];
		const struct value *out;
		int64_t elements;

		err = check_node(graph, node);
		if (err)
			return err;
		err = node->def->shape(graph, node);
		if (err)
			return err;
		out = node_out(graph, node, 0);
		elements = shape_elements(out->dims, out->rank);
		if (elements < 1 || elements > SHAPE_ELEMENTS_MAX) {
			char text[SHAPE_TEXT];

			return diag_node(graph->diag, node,
					 "a result of shape %s is not supported",
					 shape_text(text, out->dims, out->rank));
		}
	}
	return 0;
}

static void set_shape(struct value *value, int elem, unsigned int rank,
		      const int64_t *dims)
{
	value->elem = elem;
	value->rank = rank;
	if (rank)
		memmove(value->dims, dims, rank * sizeof(*dims));
	value->shaped = true;
}

static void set_like(struct value *value, const struct value *like, int elem)
{
	set_shape(value, elem, like->rank, like->dims);
}

int shape_same(struct graph *graph, const struct node *node)
{
	const struct value *in = node_in(graph, node, 0);
	struct value *out = node_out(graph, node, 0);

	set_like(out, in, in->elem);
	return 0;
}

/* The type that a zero point gives to the result; uint8 without one. */
static int quantized_type(struct graph *graph, const struct node *node,
			  unsigned int zero_point, int *elem)
{
	const struct value *value = node_in(graph, node, zero_point);

	*elem = value ? value->elem : ONNX__TENSOR_PROTO__DATA_TYPE__UINT8;
	if (*elem != ONNX__TENSOR_PROTO__DATA_TYPE__UINT8 &&
	    *elem != ONNX__TENSOR_PROTO__DATA_TYPE__INT8)
		return diag_node(graph->diag, node,
				 "only uint8 and int8 are supported as quantised types");
	return 0;
}

int shape_quantize(struct graph *graph, const struct node *node)
{
	int elem, err;

	err = quantized_type(graph, node, 2, &elem);
	if (err)
		return err;
	set_like(node_out(graph, node, 0), node_in(graph, node, 0), elem);
	return 0;
}

int shape_dequantize(struct graph *graph, const struct node *node)
{
	set_like(node_out(graph, node, 0), node_in(graph, node, 0),
		 ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
	return 0;
}

int shape_broadcast(struct graph *graph, const struct node *node)
{
	const struct value *a = node_in(graph, node, 0);
	const struct value *b = node_in(graph, node, 1);
	unsigned int rank = a->rank > b->rank ? a->rank : b->rank;
	int64_t dims[GRAPH_RANK];
	unsigned int i;

	for (i = 0; i < rank; i++) {
		unsigned int skip_a = rank - a->rank, skip_b = rank - b->rank;
		int64_t x = i < skip_a ? 1 : a->dims[i - skip_a];
		int64_t y = i < skip_b ? 1 : b->dims[i - skip_b];

		if (x != y && x != 1 && y != 1) {
			char ta[SHAPE_TEXT], tb[SHAPE_TEXT];

			return diag_node(graph->diag, node,
					 "shapes %s and %s do not fit one another",
					 shape_text(ta, a->dims, a->rank),
					 shape_text(tb, b->dims, b->rank));
		}
		dims[i] = x == 1 ? y : x;
	}
	set_shape(node_out(graph, node, 0), a->elem, rank, dims);
	return 0;
}

static int conv_like(struct graph *graph, const struct node *node,
		     const struct value *x, const struct value *w, int elem)
{
	struct value *out = node_out(graph, node, 0);
	int64_t dims[GRAPH_RANK], groups;
	struct window window;
	int err;

	if (x->rank < 3 || w->rank != x->rank) {
		char tx[SHAPE_TEXT], tw[SHAPE_TEXT];

		return diag_node(graph->diag, node,
				 "input %s and weights %s do not fit one another",
				 shape_text(tx, x->dims, x->rank),
				 shape_text(tw, w->dims, w->rank));
	}
	err = attr_int(graph, node, "group", 1, &groups);
	if (err)
		return err;
	if (groups < 1 || x->dims[1] % groups || w->dims[0] % groups ||
	    w->dims[1] != x->dims[1] / groups)
		return diag_node(graph->diag, node,
				 "%" PRId64 " channels in %" PRId64
				 " groups do not fit weights for %" PRId64
				 " in and %" PRId64 " out",
				 x->dims[1], groups, w->dims[1], w->dims[0]);
	err = window_read(graph, node, x, &w->dims[2], 255, &window);
	if (err)
		return err;
	dims[0] = x->dims[0];
	dims[1] = w->dims[0];
	dims[2] = window.out[WINDOW_H];
	dims[x->rank - 1] = window.out[WINDOW_W];
	set_shape(out, elem, x->rank, dims);
	return 0;
}

int shape_conv(struct graph *graph, const struct node *node)
{
	return conv_like(graph, node, node_in(graph, node, 0),
			 node_in(graph, node, 1),
			 ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
}

int shape_qlinear_conv(struct graph *graph, const struct node *node)
{
	int elem, err;

	err = quantized_type(graph, node, 7, &elem);
	if (err)
		return err;
	return conv_like(graph, node, node_in(graph, node, 0),
			 node_in(graph, node, 3), elem);
}

int shape_conv_integer(struct graph *graph, const struct node *node)
{
	return conv_like(graph, node, node_in(graph, node, 0),
			 node_in(graph, node, 1),
			 ONNX__TENSOR_PROTO__DATA_TYPE__INT32);
}

static int matrix_like(struct graph *graph, const struct node *node,
		       const struct value *a, const struct value *b,
		       bool transpose, int elem)
{
	unsigned int k = transpose ? 1 : 0;
	int64_t dims[2];

	if (a->rank != 2 || b->rank != 2 || a->dims[1] != b->dims[k]) {
		char ta[SHAPE_TEXT], tb[SHAPE_TEXT];

		return diag_node(graph->diag, node,
				 "matrices %s and %s are not supported%s",
				 shape_text(ta, a->dims, a->rank),
				 shape_text(tb, b->dims, b->rank),
				 transpose ? " (the second transposed)" : "");
	}
	dims[0] = a->dims[0];
	dims[1] = b->dims[!k];
	set_shape(node_out(graph, node, 0), elem, 2, dims);
	return 0;
}

int shape_gemm(struct graph *graph, const struct node *node)
{
	int64_t trans_a, trans_b;
	int err;

	err = attr_int(graph, node, "transA", 0, &trans_a);
	if (!err)
		err = attr_int(graph, node, "transB", 0, &trans_b);
	if (err)
		return err;
	if (trans_a)
		return diag_node(graph->diag, node,
				 "transA is not supported: it would mix the images of a batch");
	return matrix_like(graph, node, node_in(graph, node, 0),
			   node_in(graph, node, 1), trans_b,
			   ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
}

int shape_matmul(struct graph *graph, const struct node *node)
{
	return matrix_like(graph, node, node_in(graph, node, 0),
			   node_in(graph, node, 1), false,
			   ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT);
}

int shape_qlinear_matmul(struct graph *graph, const struct node *node)
{
	int elem, err;

	err = quantized_type(graph, node, 7, &elem);
	if (err)
		return err;
	return matrix_like(graph, node, node_in(graph, node, 0),
			   node_in(graph, node, 3), false, elem);
}

int shape_matmul_integer(struct graph *graph, const struct node *node)
{
	return matrix_like(graph, node, node_in(graph, node, 0),
			   node_in(graph, node, 1), false,
			   ONNX__TENSOR_PROTO__DATA_TYPE__INT32);
}

int shape_pool(struct graph *graph, const struct node *node)
{
	const struct value *in = node_in(graph, node, 0);
	struct value *out = node_out(graph, node, 0);
	struct window window;
	int64_t dims[GRAPH_RANK];
	int err;

	err = window_read(graph, node, in, NULL, 65535, &window);
	if (err)
		return err;
	memcpy(dims, in->dims, sizeof(dims));
	dims[2] = window.out[WINDOW_H];
	dims[in->rank - 1] = window.out[WINDOW_W];
	set_shape(out, in->elem, in->rank, dims);
	return 0;
}

int shape_global_pool(struct graph *graph, const struct node *node)
{
	const struct value *in = node_in(graph, node, 0);
	int64_t dims[GRAPH_RANK];
	unsigned int i;

	if (in->rank != 3 && in->rank != 4)
		return diag_node(graph->diag, node,
				 "input has %u dimensions, 3 and 4 are supported",
				 in->rank);
	for (i = 0; i < in->rank; i++)
		dims[i] = i < 2 ? in->dims[i] : 1;
	set_shape(node_out(graph, node, 0), in->elem, in->rank, dims);
	return 0;
}
