// SPDX-License-Identifier: GPL-2.0-only
/* Shapes of the operators that move numbers and compute none. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include <onnx/onnx.pb-c.h>

#include "attr.h"
#include "onnx_load.h"
#include "shape.h"

/* A new shape for the same numbers. */
static int set_result(struct graph *graph, const struct node *node,
		      unsigned int rank, const int64_t *dims)
{
	const struct value *in = node_in(graph, node, 0);
	struct value *out = node_out(graph, node, 0);
	struct constant *constant;

	if (shape_elements(dims, rank) != shape_elements(in->dims, in->rank)) {
		char from[SHAPE_TEXT], to[SHAPE_TEXT];

		return diag_node(graph->diag, node,
				 "shape %s cannot become %s",
				 shape_text(from, in->dims, in->rank),
				 shape_text(to, dims, rank));
	}
	out->elem = in->elem;
	out->rank = rank;
	if (rank)
		memcpy(out->dims, dims, rank * sizeof(*dims));
	out->shaped = true;
	if (!in->constant)
		return 0;
	constant = arena_alloc(graph->arena, 1, sizeof(*constant));
	if (!constant)
		return diag_no_memory(graph->diag);
	*constant = *in->constant;
	constant->rank = rank;
	memcpy(constant->dims, out->dims, sizeof(constant->dims));
	out->constant = constant;
	return 0;
}

/* Counts from the end if negative; -1 after a message. */
static int resolve_axis(const struct graph *graph, const struct node *node,
			int64_t axis, unsigned int rank)
{
	int64_t resolved = axis < 0 ? axis + rank : axis;

	if (resolved >= 0 && resolved < rank)
		return (int)resolved;
	diag_node(graph->diag, node, "axis %" PRId64 " of %u dimensions",
		  axis, rank);
	return -1;
}

/* Whole numbers from an input that must be known now. */
static int read_list(const struct graph *graph, const struct node *node,
		     unsigned int index, const int64_t **list, size_t *count)
{
	const struct value *value = node_in(graph, node, index);

	if (!value->constant || !value->constant->l || value->constant->index ||
	    value->constant->rank > 1)
		return diag_node(graph->diag, node,
				 "input %u must be a constant list of int64", index);
	*list = value->constant->l;
	*count = value->constant->elements;
	return 0;
}

int shape_flatten(struct graph *graph, const struct node *node)
{
	const struct value *in = node_in(graph, node, 0);
	int64_t axis, dims[2];
	int err;

	err = attr_int(graph, node, "axis", 1, &axis);
	if (err)
		return err;
	if (axis < 0)
		axis += in->rank;
	if (axis < 0 || axis > in->rank)
		return diag_node(graph->diag, node,
				 "axis %" PRId64 " of %u dimensions", axis, in->rank);
	dims[0] = shape_elements(in->dims, (unsigned int)axis);
	dims[1] = shape_elements(in->dims + axis, in->rank - (unsigned int)axis);
	return set_result(graph, node, 2, dims);
}

int shape_reshape(struct graph *graph, const struct node *node)
{
	const struct value *in = node_in(graph, node, 0);
	int64_t dims[GRAPH_RANK], allow_zero, known = 1;
	const int64_t *list;
	int open = -1, err;
	size_t count, i;

	err = attr_int(graph, node, "allowzero", 0, &allow_zero);
	if (!err)
		err = read_list(graph, node, 1, &list, &count);
	if (err)
		return err;
	if (count > GRAPH_RANK)
		return diag_node(graph->diag, node,
				 "%zu dimensions, at most %d are supported",
				 count, GRAPH_RANK);
	for (i = 0; i < count; i++) {
		dims[i] = list[i];
		if (!dims[i] && !allow_zero && i < in->rank)
			dims[i] = in->dims[i];
		if (dims[i] == -1 && open < 0) {
			open = (int)i;
			continue;
		}
		if (dims[i] < 1 || __builtin_mul_overflow(known, dims[i], &known))
			return diag_node(graph->diag, node,
					 "dimension %zu of the new shape is %" PRId64,
					 i, list[i]);
	}
	if (open >= 0)
		dims[open] = shape_elements(in->dims, in->rank) / known;
	return set_result(graph, node, (unsigned int)count, dims);
}

/* Axes came to be an input in version 13. */
static int read_axes(struct graph *graph, const struct node *node,
		     unsigned int rank, bool *marked, size_t *count)
{
	const int64_t *axes;
	size_t i;
	int err;

	if (node_in(graph, node, 1))
		err = read_list(graph, node, 1, &axes, count);
	else
		err = attr_int_list(graph, node, "axes", &axes, count);
	if (err)
		return err;
	memset(marked, 0, GRAPH_RANK * sizeof(*marked));
	for (i = 0; i < *count; i++) {
		int axis = resolve_axis(graph, node, axes[i], rank);

		if (axis < 0)
			return -EINVAL;
		if (marked[axis])
			return diag_node(graph->diag, node,
					 "axis %d is named twice", axis);
		marked[axis] = true;
	}
	return 0;
}

int shape_squeeze(struct graph *graph, const struct node *node)
{
	const struct value *in = node_in(graph, node, 0);
	bool marked[GRAPH_RANK];
	int64_t dims[GRAPH_RANK];
	unsigned int rank = 0, i;
	size_t count;
	int err;

	err = read_axes(graph, node, in->rank, marked, &count);
	if (err)
		return err;
	for (i = 0; i < in->rank; i++)
		if (count ? !marked[i] : in->dims[i] != 1)
			dims[rank++] = in->dims[i];
	return set_result(graph, node, rank, dims);
}

int shape_unsqueeze(struct graph *graph, const struct node *node)
{
	const struct value *in = node_in(graph, node, 0);
	bool marked[GRAPH_RANK];
	int64_t dims[GRAPH_RANK];
	unsigned int next = 0, i;
	size_t count;
	int err;

	if (node_in(graph, node, 1) && node_in(graph, node, 1)->constant)
		count = node_in(graph, node, 1)->constant->elements;
	else
		count = 0;
	if (!count) {
		const int64_t *axes;

		err = attr_int_list(graph, node, "axes", &axes, &count);
		if (err)
			return err;
	}
	if (count > GRAPH_RANK || in->rank + count > GRAPH_RANK)
		return diag_node(graph->diag, node,
				 "more than %d dimensions", GRAPH_RANK);
	err = read_axes(graph, node, in->rank + (unsigned int)count, marked,
			&count);
	if (err)
		return err;
	for (i = 0; i < in->rank + count; i++)
		dims[i] = marked[i] ? 1 : in->dims[next++];
	return set_result(graph, node, in->rank + (unsigned int)count, dims);
}

int shape_concat(struct graph *graph, const struct node *node)
{
	const struct value *first = node_in(graph, node, 0);
	struct value *out = node_out(graph, node, 0);
	unsigned int i, k;
	int64_t wanted;
	int axis, err;

	err = attr_int(graph, node, "axis", 1, &wanted);
	if (err)
		return err;
	axis = resolve_axis(graph, node, wanted, first->rank);
	if (axis < 0)
		return -EINVAL;
	out->elem = first->elem;
	out->rank = first->rank;
	memcpy(out->dims, first->dims, sizeof(out->dims));
	out->shaped = true;
	for (i = 1; i < node->n_in; i++) {
		const struct value *in = node_in(graph, node, i);

		if (!in || in->rank != first->rank || in->elem != first->elem)
			return diag_node(graph->diag, node,
					 "input %u does not fit the first", i);
		for (k = 0; k < in->rank; k++)
			if ((int)k != axis && in->dims[k] != first->dims[k])
				return diag_node(graph->diag, node,
						 "input %u does not fit the first", i);
		if (__builtin_add_overflow(out->dims[axis], in->dims[axis],
					   &out->dims[axis]))
			return diag_node(graph->diag, node, "the result is too large");
	}
	return 0;
}

int shape_pads(const struct graph *graph, const struct node *node,
	       int64_t begin[GRAPH_RANK], int64_t end[GRAPH_RANK],
	       float *value)
{
	const struct value *in = node_in(graph, node, 0);
	const struct value *given = node_in(graph, node, 1);
	const struct value *filled = node_in(graph, node, 2);
	const int64_t *pads;
	size_t count;
	unsigned int i;
	int err;

	if (!attr_is(node, "mode", "constant", "constant"))
		return diag_node(graph->diag, node,
				 "only mode 'constant' is supported");
	if (given)
		err = read_list(graph, node, 1, &pads, &count);
	else
		err = attr_int_list(graph, node, "pads", &pads, &count);
	if (!err)
		err = attr_float(graph, node, "value", 0, value);
	if (err)
		return err;
	if (filled) {
		if (!filled->constant || !filled->constant->f ||
		    filled->constant->index || filled->constant->elements != 1)
			return diag_node(graph->diag, node,
					 "the value that stands outside must be a constant number");
		*value = filled->constant->f[0];
	}
	if (count != 2 * (size_t)in->rank)
		return diag_node(graph->diag, node,
				 "%zu pads for %u dimensions", count, in->rank);
	for (i = 0; i < in->rank; i++) {
		begin[i] = pads[i];
		end[i] = pads[i + in->rank];
		if (begin[i] < 0 || end[i] < 0 || begin[i] > 65535 ||
		    end[i] > 65535)
			return diag_node(graph->diag, node,
					 "pads must be 0 to 65535");
	}
	return 0;
}

int shape_pad(struct graph *graph, const struct node *node)
{
	const struct value *in = node_in(graph, node, 0);
	struct value *out = node_out(graph, node, 0);
	int64_t begin[GRAPH_RANK], end[GRAPH_RANK];
	unsigned int i;
	float value;
	int err;

	err = shape_pads(graph, node, begin, end, &value);
	if (err)
		return err;
	out->elem = in->elem;
	out->rank = in->rank;
	for (i = 0; i < in->rank; i++)
		out->dims[i] = in->dims[i] + begin[i] + end[i];
	out->shaped = true;
	return 0;
}

int shape_resize(struct graph *graph, const struct node *node)
{
	const struct value *in = node_in(graph, node, 0);
	const struct value *scales = node_in(graph, node, 2);
	const struct value *sizes = node_in(graph, node, 3);
	struct value *out = node_out(graph, node, 0);
	const int64_t *list = NULL;
	size_t count;
	unsigned int i;
	int err;

	if (sizes) {
		err = read_list(graph, node, 3, &list, &count);
		if (err)
			return err;
	} else {
		if (!scales || !scales->constant || !scales->constant->f ||
		    scales->constant->index)
			return diag_node(graph->diag, node,
					 "scales or sizes must be constant");
		count = scales->constant->elements;
	}
	if (count != in->rank)
		return diag_node(graph->diag, node,
				 "%zu scales or sizes for %u dimensions",
				 count, in->rank);
	out->elem = in->elem;
	out->rank = in->rank;
	for (i = 0; i < in->rank; i++) {
		float scale = list ? 1 : scales->constant->f[i];

		if (!(scale >= 1 && scale <= 255) || scale != floorf(scale))
			return diag_node(graph->diag, node,
					 "only whole scales from 1 to 255 are supported");
		out->dims[i] = list ? list[i] : in->dims[i] * (int64_t)scale;
	}
	out->shaped = true;
	return 0;
}

/* A number or a list of numbers that is not wrapped in a tensor. */
static int plain_constant(struct graph *graph, const struct node *node,
			  const Onnx__AttributeProto *attribute,
			  struct constant *constant)
{
	bool list = attribute->n_ints || attribute->n_floats;
	bool whole = attribute->n_ints || (!list && attribute->has_i);
	const void *source;
	size_t size;
	void *copy;

	if (!list && !attribute->has_i && !attribute->has_f)
		return diag_node(graph->diag, node, "it holds no numbers");
	constant->rank = list;
	constant->elements = !list ? 1 :
			     whole ? attribute->n_ints : attribute->n_floats;
	constant->dims[0] = (int64_t)constant->elements;
	constant->stored = constant->elements;
	if (whole) {
		source = list ? attribute->ints : &attribute->i;
		size = sizeof(*attribute->ints);
		constant->elem = ONNX__TENSOR_PROTO__DATA_TYPE__INT64;
	} else {
		source = list ? attribute->floats : &attribute->f;
		size = sizeof(*attribute->floats);
		constant->elem = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
	}
	copy = arena_alloc(graph->arena, constant->elements, size);
	if (!copy)
		return diag_no_memory(graph->diag);
	memcpy(copy, source, constant->elements * size);
	if (whole)
		constant->l = copy;
	else
		constant->f = copy;
	return 0;
}

int shape_constant(struct graph *graph, const struct node *node)
{
	const Onnx__NodeProto *proto = node->proto;
	struct value *out = node_out(graph, node, 0);
	struct constant *constant;
	int err;

	if (proto->n_attribute != 1)
		return diag_node(graph->diag, node, "one attribute is needed");
	if (proto->attribute[0]->t) {
		err = onnx_constant(graph, out->name, proto->attribute[0]->t,
				    &out->constant);
		if (err)
			return err;
	} else {
		constant = arena_alloc(graph->arena, 1, sizeof(*constant));
		if (!constant)
			return diag_no_memory(graph->diag);
		err = plain_constant(graph, node, proto->attribute[0], constant);
		if (err)
			return err;
		out->constant = constant;
	}
	out->elem = out->constant->elem;
	out->rank = out->constant->rank;
	memcpy(out->dims, out->constant->dims, sizeof(out->dims));
	out->shaped = true;
	return 0;
}
