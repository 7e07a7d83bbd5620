// SPDX-License-Identifier: GPL-2.0-only
/* Convolutions and matrix products. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>

#include <onnx/onnx.pb-c.h>

#include "attr.h"
#include "bias.h"
#include "lower.h"

/* Integers of a node whose scales and zero points are inputs of their own */
static int quant_inputs(struct lowering *lowering, const struct node *node,
			unsigned int values, int scale, int zero_point,
			struct quant *out)
{
	static const float one = 1;
	static const struct constant no_scale = {
		.elem = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT,
		.elements = 1, .stored = 1, .f = &one,
	};
	const struct graph *graph = lowering->graph;
	const struct value *zero = zero_point < 0 ? NULL :
		node_in(graph, node, (unsigned int)zero_point);
	const struct value *s = scale < 0 ? NULL :
		node_in(graph, node, (unsigned int)scale);

	out->values = node_in(graph, node, values)->constant;
	out->scale = s ? s->constant : &no_scale;
	out->zero_point = zero ? zero->constant : NULL;
	out->axis = 0;
	if (!out->values || !out->scale || (zero && !out->zero_point))
		return diag_node(graph->diag, node,
				 "weights, their scale and their zero point must be constant");
	return 0;
}

static int set_weights(struct lowering *lowering, const struct node *node,
		       const struct quant *quant, bool transposed,
		       struct weights **out)
{
	struct precision precision;
	struct weights *weights;
	int err;

	err = weights_read(lowering->graph, node, quant, transposed, &weights);
	if (err)
		return err;
	precision = lower_precision(lowering, node);
	if (precision.weight_bits) {
		if (weights_narrow(lowering->graph->arena, weights,
				   precision.weight_bits))
			return diag_no_memory(lowering->graph->diag);
	} else if (lowering->weight_bits) {
		if (weights->bits > lowering->weight_bits)
			return diag_node(lowering->graph->diag, node,
					 "weights need %u bits, metadata lutna.weight_bits says %u",
					 weights->bits, lowering->weight_bits);
		weights->bits = lowering->weight_bits;
	}
	*out = weights;
	return 0;
}

/* Weights of an operator on real numbers: a constant behind DequantizeLinear. */
static int real_weights(struct lowering *lowering, const struct node *node,
			bool transposed, struct weights **out)
{
	const struct value *value = node_in(lowering->graph, node, 1);
	char name[DIAG_NAME];

	if (!value->quant)
		return diag_node(lowering->graph->diag, node,
				 "weights '%s' are not quantised constants",
				 diag_clean(name, value->name));
	return set_weights(lowering, node, value->quant, transposed, out);
}

/* The expression without its window; @weights with as many rows as channels. */
static struct expr *new_product(struct lowering *lowering,
				const struct node *node,
				const struct operand *in,
				const struct weights *weights, int64_t **bias)
{
	const struct value *value = node_out(lowering->graph, node, 0);
	uint32_t dims[3];
	struct expr *expr;

	if (lower_dims(lowering, node, value, dims))
		return NULL;
	*bias = arena_alloc(lowering->graph->arena, weights->rows, sizeof(**bias));
	if (!*bias) {
		diag_no_memory(lowering->graph->diag);
		return NULL;
	}
	expr = lower_expr(lowering, node, EXPR_CONV);
	if (!expr)
		return NULL;
	expr->a = *in;
	expr->c = dims[0];
	expr->h = dims[1];
	expr->w = dims[2];
	expr->conv.weights = weights;
	expr->conv.groups = 1;
	expr->conv.precision = lower_precision(lowering, node);
	expr->conv.window = (struct window){
		.kernel = { 1, 1 }, .stride = { 1, 1 }, .dilation = { 1, 1 },
		.in = { 1, 1 }, .out = { 1, 1 },
	};
	expr->bias = *bias;
	return expr;
}

static struct expr *new_conv(struct lowering *lowering, const struct node *node,
			     const struct operand *in, unsigned int weight_input,
			     const struct weights *weights, int64_t **bias)
{
	const struct graph *graph = lowering->graph;
	const struct value *w = node_in(graph, node, weight_input);
	struct window window;
	struct expr *expr;
	int64_t groups;

	if (window_read(graph, node, node_in(graph, node, 0), &w->dims[2], 255,
			&window) ||
	    attr_int(graph, node, "group", 1, &groups))
		return NULL;
	expr = new_product(lowering, node, in, weights, bias);
	if (!expr)
		return NULL;
	expr->conv.window = window;
	expr->conv.groups = (uint32_t)groups;
	return expr;
}

int lower_conv(struct lowering *lowering, const struct node *node)
{
	const struct value *b = node_in(lowering->graph, node, 2);
	struct weights *weights;
	struct operand in;
	int64_t *bias;
	int err;

	err = lower_grid(lowering, node, 0, &in);
	if (!err)
		err = real_weights(lowering, node, false, &weights);
	if (err)
		return err;
	if (!new_conv(lowering, node, &in, 1, weights, &bias))
		return -EINVAL;
	if (!b)
		return 0;
	return bias_add(lowering->graph, node, b, (double)in.scale, 1, weights,
			bias);
}

/* Scales of weights, multiplied by a number */
static int scale_weights(struct lowering *lowering, const struct node *node,
			 struct weights *weights, float factor)
{
	float *scale;
	uint32_t row;

	if (factor == 1)
		return 0;
	if (!(factor > 0) || !__builtin_isfinite(factor))
		return diag_node(lowering->graph->diag, node,
				 "alpha must be a positive number");
	scale = arena_alloc(lowering->graph->arena, weights->rows, sizeof(*scale));
	if (!scale)
		return diag_no_memory(lowering->graph->diag);
	for (row = 0; row < weights->rows; row++)
		scale[row] = weights->scale[row] * factor;
	weights->scale = scale;
	return 0;
}

int lower_gemm(struct lowering *lowering, const struct node *node)
{
	const struct value *c = node_in(lowering->graph, node, 2);
	struct weights *weights;
	float alpha, beta;
	int64_t trans_b, *bias;
	struct operand in;
	int err;

	err = lower_grid(lowering, node, 0, &in);
	if (!err)
		err = attr_int(lowering->graph, node, "transB", 0, &trans_b);
	if (!err)
		err = attr_float(lowering->graph, node, "alpha", 1, &alpha);
	if (!err)
		err = attr_float(lowering->graph, node, "beta", 1, &beta);
	if (!err)
		err = real_weights(lowering, node, !trans_b, &weights);
	if (!err)
		err = scale_weights(lowering, node, weights, alpha);
	if (err)
		return err;
	if (!new_product(lowering, node, &in, weights, &bias))
		return -EINVAL;
	if (!c)
		return 0;
	if (c->rank == 2 && c->dims[0] != 1)
		return diag_node(lowering->graph->diag, node,
				 "a bias that differs from image to image is not supported");
	return bias_add(lowering->graph, node, c, (double)in.scale,
			(double)beta, weights, bias);
}

int lower_matmul(struct lowering *lowering, const struct node *node)
{
	struct weights *weights;
	struct operand in;
	int64_t *bias;
	int err;

	err = lower_grid(lowering, node, 0, &in);
	if (!err)
		err = real_weights(lowering, node, true, &weights);
	if (err)
		return err;
	return new_product(lowering, node, &in, weights, &bias) ? 0 : -EINVAL;
}

/* The first input as bytes, with scale and zero point from other inputs */
static int integer_grid(struct lowering *lowering, const struct node *node,
			int scale, unsigned int zero_point, struct operand *in)
{
	const struct value *x = node_in(lowering->graph, node, 0);
	int err;

	err = lower_grid(lowering, node, 0, in);
	if (err)
		return err;
	in->scale = 1;
	if (scale >= 0)
		err = lower_scale(lowering, node, (unsigned int)scale, &in->scale);
	if (!err)
		err = lower_zero_point(lowering, node, zero_point, x->elem,
				       &in->zero_point);
	if (!err)
		lower_read_grid(lowering, in);
	return err;
}

static int finish_qlinear(struct lowering *lowering, const struct node *node,
			  const struct expr *expr)
{
	const struct value *out = node_out(lowering->graph, node, 0);
	const struct form form = { .kind = FORM_EXPR, .expr = expr };
	int zero_point, tensor, err;
	struct grid grid;
	float scale;

	err = lower_scale(lowering, node, 6, &scale);
	if (!err)
		err = lower_zero_point(lowering, node, 7, out->elem, &zero_point);
	if (err)
		return err;
	grid = lower_result_grid(lowering, out, &form, scale, zero_point);
	tensor = lower_quantise(lowering, node, out->name, &form, &grid, -1);
	if (tensor < 0)
		return tensor;
	lower_set_tensor(lowering, node, tensor);
	return 0;
}

/*
 * Its bias is integers without a scale: they count the model's steps, of which
 * one of fewer bits is worth several.
 */
static int integer_bias(struct lowering *lowering, const struct node *node,
			const struct operand *in, const struct weights *weights,
			int64_t *bias)
{
	unsigned int shift = lowering->program->tensors[in->tensor].shift;
	const struct value *value = node_in(lowering->graph, node, 8);
	uint32_t row;

	if (!value)
		return 0;
	if (!value->constant || !value->constant->i || value->constant->index ||
	    value->constant->elements != weights->rows)
		return diag_node(lowering->graph->diag, node,
				 "the bias must be constant integers, one an output channel");
	for (row = 0; row < weights->rows; row++)
		bias[row] = llrint(value->constant->i[row] *
				   ((double)weights->model_scale[row] /
				    (double)weights->scale[row]) /
				   (1 << shift));
	return 0;
}

int lower_qlinear_conv(struct lowering *lowering, const struct node *node)
{
	struct weights *weights;
	struct operand in;
	struct quant quant;
	struct expr *expr;
	int64_t *bias;
	int err;

	err = integer_grid(lowering, node, 1, 2, &in);
	if (!err)
		err = quant_inputs(lowering, node, 3, 4, 5, &quant);
	if (!err)
		err = set_weights(lowering, node, &quant, false, &weights);
	if (err)
		return err;
	expr = new_conv(lowering, node, &in, 3, weights, &bias);
	if (!expr)
		return -EINVAL;
	err = integer_bias(lowering, node, &in, weights, bias);
	if (err)
		return err;
	return finish_qlinear(lowering, node, expr);
}

int lower_conv_integer(struct lowering *lowering, const struct node *node)
{
	struct weights *weights;
	struct operand in;
	struct quant quant;
	int64_t *bias;
	int err;

	err = integer_grid(lowering, node, -1, 2, &in);
	if (!err)
		err = quant_inputs(lowering, node, 1, -1, 3, &quant);
	if (!err)
		err = set_weights(lowering, node, &quant, false, &weights);
	if (err)
		return err;
	return new_conv(lowering, node, &in, 1, weights, &bias) ? 0 : -EINVAL;
}

int lower_qlinear_matmul(struct lowering *lowering, const struct node *node)
{
	struct weights *weights;
	struct operand in;
	struct quant quant;
	struct expr *expr;
	int64_t *bias;
	int err;

	err = integer_grid(lowering, node, 1, 2, &in);
	if (!err)
		err = quant_inputs(lowering, node, 3, 4, 5, &quant);
	if (err)
		return err;
	quant.axis = 1;
	err = set_weights(lowering, node, &quant, true, &weights);
	if (err)
		return err;
	expr = new_product(lowering, node, &in, weights, &bias);
	if (!expr)
		return -EINVAL;
	return finish_qlinear(lowering, node, expr);
}

int lower_matmul_integer(struct lowering *lowering, const struct node *node)
{
	struct weights *weights;
	struct operand in;
	struct quant quant;
	int64_t *bias;
	int err;

	err = integer_grid(lowering, node, -1, 2, &in);
	if (!err)
		err = quant_inputs(lowering, node, 1, -1, 3, &quant);
	if (err)
		return err;
	quant.axis = 1;
	err = set_weights(lowering, node, &quant, true, &weights);
	if (err)
		return err;
	return new_product(lowering, node, &in, weights, &bias) ? 0 : -EINVAL;
}
