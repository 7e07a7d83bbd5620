// SPDX-License-Identifier: GPL-2.0-only
/*
 * QuantizeLinear and DequantizeLinear: the nodes that are no work at all, but
 * say on which grid the work around them is done.
 */
#include <errno.h>
#include <inttypes.h>
#include <math.h>

#include <onnx/onnx.pb-c.h>

#include "attr.h"
#include "lower.h"
#include "requant.h"
#include "widths.h"

static const struct constant *constant_input(const struct lowering *lowering,
					     const struct node *node,
					     unsigned int index)
{
	const struct value *value = node_in(lowering->graph, node, index);

	return value ? value->constant : NULL;
}

/* The axis that scales belong to, of a tensor of this many dimensions. */
static int read_axis(const struct lowering *lowering, const struct node *node,
		     unsigned int rank, unsigned int *out)
{
	int64_t axis;
	int err;

	err = attr_int(lowering->graph, node, "axis", 1, &axis);
	if (err)
		return err;
	if (axis < 0)
		axis += rank;
	/* Of no meaning, hence of no harm, when there is one scale for all. */
	*out = axis >= 0 && axis < rank ? (unsigned int)axis : GRAPH_RANK;
	return 0;
}

static int dequantize_constant(struct lowering *lowering,
			       const struct node *node,
			       const struct constant *values)
{
	struct graph *graph = lowering->graph;
	struct value *out = node_out(graph, node, 0);
	struct quant *quant;
	int err;

	quant = arena_alloc(graph->arena, 1, sizeof(*quant));
	if (!quant)
		return diag_no_memory(graph->diag);
	quant->values = values;
	quant->scale = constant_input(lowering, node, 1);
	quant->zero_point = constant_input(lowering, node, 2);
	if (!values->i || !quant->scale || !quant->scale->f ||
	    (node_in(graph, node, 2) && !quant->zero_point))
		return diag_node(graph->diag, node,
				 "a constant needs integers, a constant float scale and a constant zero point");
	err = read_axis(lowering, node, values->rank, &quant->axis);
	if (err)
		return err;
	out->quant = quant;
	return 0;
}

/* What the caller gives has 8 bits; a copy has those that layers want. */
static int narrow_input(struct lowering *lowering, const struct node *node,
			unsigned int bits)
{
	const struct form form = *lower_out(lowering, node);
	const struct grid grid = widths_grid(form.grid.scale,
					     form.grid.zero_point, bits);
	int tensor;

	tensor = lower_quantise(lowering, node,
				node_out(lowering->graph, node, 0)->name, &form,
				&grid, -1);
	if (tensor < 0)
		return tensor;
	lower_set_tensor(lowering, node, tensor);
	return 0;
}

int lower_dequantize(struct lowering *lowering, const struct node *node)
{
	const struct constant *values = constant_input(lowering, node, 0);
	const struct value *in = node_in(lowering->graph, node, 0);
	struct form *out = lower_out(lowering, node);
	struct operand grid;
	struct tensor *tensor;
	unsigned int want;
	int err;

	if (values)
		return dequantize_constant(lowering, node, values);
	err = lower_grid(lowering, node, 0, &grid);
	if (!err)
		err = lower_scale(lowering, node, 1, &grid.scale);
	if (!err)
		err = lower_zero_point(lowering, node, 2, in->elem,
				       &grid.zero_point);
	if (err)
		return err;
	tensor = &lowering->program->tensors[grid.tensor];
	if (tensor->raw) {
		tensor->raw = false;
		tensor->scale = grid.scale;
		tensor->zero_point = grid.zero_point;
	}
	lower_read_grid(lowering, &grid);
	out->kind = FORM_GRID;
	out->grid = grid;
	want = lowering->wants[node->out[0]];
	if (want && want < tensor->bits &&
	    lowering->program->storages[tensor->storage].place == PLACE_INPUT)
		return narrow_input(lowering, node, want);
	return 0;
}

/* Index along @axis of the element at row-major position @at. */
static uint64_t along(const struct constant *values, unsigned int axis,
		      uint64_t at)
{
	uint64_t behind = 1;
	unsigned int i;

	for (i = axis + 1; i < values->rank; i++)
		behind *= (uint64_t)values->dims[i];
	return at / behind % (uint64_t)values->dims[axis];
}

static int check_parameters(struct lowering *lowering, const struct node *node,
			    const struct constant *values,
			    const struct constant *scale,
			    const struct constant *zero, unsigned int axis)
{
	uint64_t count, i;

	if (!values->f || !scale || !scale->f || scale->index ||
	    (zero && (!zero->i || zero->index)) ||
	    (node_in(lowering->graph, node, 2) && !zero))
		return diag_node(lowering->graph->diag, node,
				 "a constant needs floats, a constant float scale and a constant zero point");
	count = scale->elements;
	if ((count != 1 && (axis >= values->rank ||
			    count != (uint64_t)values->dims[axis])) ||
	    (zero && zero->elements != count))
		return diag_node(lowering->graph->diag, node,
				 "scales and zero points must be one, or one for each index of the axis");
	for (i = 0; i < count; i++) {
		if (!(scale->f[i] > 0) || !isfinite(scale->f[i]))
			return diag_node(lowering->graph->diag, node,
					 "scale %" PRIu64 " is not a positive number", i);
		if (values->index && zero && zero->i[i])
			return diag_node(lowering->graph->diag, node,
					 "sparse weights need a zero point of 0");
	}
	return 0;
}

/* Weights that were left as real numbers for the compiler to quantise. */
static int quantize_constant(struct lowering *lowering, const struct node *node,
			     const struct constant *values)
{
	const struct constant *scale = constant_input(lowering, node, 1);
	const struct constant *zero = constant_input(lowering, node, 2);
	struct graph *graph = lowering->graph;
	struct value *out = node_out(graph, node, 0);
	int shift = out->elem == ONNX__TENSOR_PROTO__DATA_TYPE__INT8 ? 128 : 0;
	struct constant *result;
	unsigned int axis;
	int32_t *codes;
	uint64_t i;
	int err;

	err = read_axis(lowering, node, values->rank, &axis);
	if (!err)
		err = check_parameters(lowering, node, values, scale, zero, axis);
	if (err)
		return err;
	result = arena_alloc(graph->arena, 1, sizeof(*result));
	codes = arena_alloc(graph->arena, values->stored, sizeof(*codes));
	if (!result || !codes)
		return diag_no_memory(graph->diag);
	for (i = 0; i < values->stored; i++) {
		uint64_t at = values->index ? values->index[i] : i;
		uint64_t k = scale->elements > 1 ? along(values, axis, at) : 0;

		codes[i] = requant_code((double)values->f[i], scale->f[k],
					(zero ? zero->i[k] : 0) + shift) - shift;
	}
	*result = *values;
	result->elem = out->elem;
	result->f = NULL;
	result->i = codes;
	out->constant = result;
	return 0;
}

/* The grid of an input is the caller's business from here on. */
static int quantize_input(struct lowering *lowering, const struct node *node,
			  const struct value *value, float scale, int zero_point)
{
	struct tensor *tensor;
	unsigned int bits;
	int index;

	index = lower_bind_input(lowering, value);
	if (index < 0)
		return index;
	tensor = &lowering->program->tensors[index];
	if (tensor->raw) {
		tensor->raw = false;
		tensor->scale = scale;
		tensor->zero_point = zero_point;
	} else if (tensor->scale != scale || tensor->zero_point != zero_point) {
		return diag_node(lowering->graph->diag, node,
				 "the input has been quantised with another scale or zero point");
	}
	lower_set_tensor(lowering, node, index);
	bits = lowering->wants[node->out[0]];
	return bits && bits < 8 ? narrow_input(lowering, node, bits) : 0;
}

int lower_quantize(struct lowering *lowering, const struct node *node)
{
	const struct value *in = node_in(lowering->graph, node, 0);
	const struct value *out = node_out(lowering->graph, node, 0);
	const struct form *form = lower_in(lowering, node, 0);
	int zero_point, err, tensor;
	char name[DIAG_NAME];
	struct grid grid;
	float scale;

	if (in->constant)
		return quantize_constant(lowering, node, in->constant);
	err = lower_scale(lowering, node, 1, &scale);
	if (!err)
		err = lower_zero_point(lowering, node, 2, out->elem, &zero_point);
	if (err)
		return err;
	if (in->is_input && in->elem == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT)
		return quantize_input(lowering, node, in, scale, zero_point);
	if (form->kind == FORM_NONE ||
	    in->elem != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT)
		return diag_node(lowering->graph->diag, node,
				 "input '%s' is not a result that can be quantised",
				 diag_clean(name, in->name));
	grid = lower_result_grid(lowering, out, form, scale, zero_point);
	tensor = lower_quantise(lowering, node, out->name, form, &grid, -1);
	if (tensor < 0)
		return tensor;
	lower_set_tensor(lowering, node, tensor);
	return 0;
}
