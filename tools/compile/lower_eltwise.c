// SPDX-License-Identifier: GPL-2.0-only
/* Sums and products, element by element. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>

#include <onnx/onnx.pb-c.h>

#include "bias.h"
#include "lower.h"

static bool is_constant(const struct value *value)
{
	return value->constant || value->quant;
}

/* A constant that is one real number */
static bool scalar_of(const struct value *value, double *out)
{
	const struct quant *quant = value->quant;
	const struct constant *zero;

	if (!quant) {
		if (!value->constant || !value->constant->f ||
		    value->constant->index || value->constant->elements != 1)
			return false;
		*out = (double)value->constant->f[0];
		return isfinite(*out);
	}
	zero = quant->zero_point;
	if (!quant->values->i || quant->values->index ||
	    quant->values->elements != 1 || quant->scale->elements != 1 ||
	    quant->scale->index || (zero && (!zero->i || zero->index ||
					     zero->elements != 1)))
		return false;
	*out = (double)quant->scale->f[0] *
	       ((double)quant->values->i[0] - (zero ? zero->i[0] : 0));
	return isfinite(*out);
}

/*
 * Whether a constant, seen from the result's shape, differs from channel to
 * channel alone, so that it is a bias.
 */
static bool is_per_channel(const struct value *constant,
			   const struct value *result)
{
	unsigned int i;

	if (constant->rank > result->rank)
		return false;
	for (i = 0; i < constant->rank; i++) {
		unsigned int at = i + result->rank - constant->rank;

		if (constant->dims[i] != 1 &&
		    (at != 1 || constant->dims[i] != result->dims[1]))
			return false;
	}
	return true;
}

/* A sum of a convolution and a constant is a convolution with another bias. */
static int add_bias(struct lowering *lowering, const struct node *node,
		    const struct expr *from, const struct value *constant)
{
	const struct weights *weights = from->conv.weights;
	struct form *out = lower_out(lowering, node);
	struct expr *expr;
	int64_t *bias;
	uint32_t row;

	expr = arena_alloc(lowering->graph->arena, 1, sizeof(*expr));
	bias = arena_alloc(lowering->graph->arena, weights->rows, sizeof(*bias));
	if (!expr || !bias)
		return diag_no_memory(lowering->graph->diag);
	*expr = *from;
	for (row = 0; row < weights->rows; row++)
		bias[row] = from->bias[row];
	expr->bias = bias;
	out->kind = FORM_EXPR;
	out->expr = expr;
	return bias_add(lowering->graph, node, constant,
			(double)from->a.scale, 1, weights, bias);
}

static bool takes_bias(const struct form *form, const struct value *constant,
		       const struct value *result)
{
	return form->kind == FORM_EXPR && form->expr->kind == EXPR_CONV &&
	       !form->expr->viewed && form->expr->low == -INFINITY &&
	       form->expr->high == INFINITY && is_per_channel(constant, result);
}

/* One byte and a number: a function of the byte. */
static int with_scalar(struct lowering *lowering, const struct node *node,
		       enum expr_kind kind, const struct operand *grid,
		       double number)
{
	const struct tensor *tensor = &lowering->program->tensors[grid->tensor];
	double *table;
	struct expr *expr;
	int i;

	table = arena_alloc(lowering->graph->arena, 256, sizeof(*table));
	if (!table)
		return diag_no_memory(lowering->graph->diag);
	for (i = 0; i < 256; i++) {
		double value = (double)grid->scale * (i - grid->zero_point);

		table[i] = kind == EXPR_ADD ? value + number : value * number;
	}
	expr = lower_expr(lowering, node, EXPR_TABLE);
	if (!expr)
		return -ENOMEM;
	expr->a = *grid;
	expr->c = tensor->c;
	expr->h = tensor->h;
	expr->w = tensor->w;
	expr->table = table;
	return 0;
}

static int read_grid(const struct lowering *lowering, const struct node *node,
		     const struct quant *quant, float *scale, int *zero_point)
{
	const struct constant *values = quant->values;
	const struct constant *zero = quant->zero_point;
	int shift = values->elem == ONNX__TENSOR_PROTO__DATA_TYPE__INT8 ? 128 : 0;

	if ((!shift && values->elem != ONNX__TENSOR_PROTO__DATA_TYPE__UINT8) ||
	    values->index || quant->scale->elements != 1 ||
	    quant->scale->index || !(quant->scale->f[0] > 0) ||
	    (zero && (!zero->i || zero->index || zero->elements != 1 ||
		      zero->elem != values->elem)))
		return diag_node(lowering->graph->diag, node,
				 "a constant operand must be uint8 or int8 with one scale and one zero point");
	*scale = quant->scale->f[0];
	*zero_point = shift + (zero ? zero->i[0] : 0);
	return 0;
}

/* Bytes of a constant operand, in memory for all images at once. */
static int constant_tensor(struct lowering *lowering, const struct node *node,
			   const struct value *value, unsigned int rank,
			   struct operand *out)
{
	/* Sizes of channels, rows, columns from the result's dimensions */
	static const int place[5][3] = {
		{ 0 }, { 0 }, { 1 }, { 1, 0, 2 }, { 1, 2, 3 },
	};
	struct program *program = lowering->program;
	const struct quant *quant = value->quant;
	const struct constant *values;
	uint32_t dims[3] = { 1, 1, 1 };
	int storage, err, i;
	uint8_t *bytes;
	uint64_t k;

	if (!quant)
		return diag_node(lowering->graph->diag, node,
				 "a constant operand must be quantised or a single number");
	values = quant->values;
	err = read_grid(lowering, node, quant, &out->scale, &out->zero_point);
	if (err)
		return err;
	if (value->rank > rank ||
	    (value->rank == rank && rank && value->dims[0] != 1))
		return diag_node(lowering->graph->diag, node,
				 "a constant that differs from image to image is not supported");
	for (i = 0; i < 3; i++) {
		int at = place[rank][i] + (int)value->rank - (int)rank;

		if (place[rank][i] && at >= 0)
			dims[i] = (uint32_t)value->dims[at];
	}
	bytes = arena_alloc(lowering->graph->arena, values->elements, 1);
	if (!bytes)
		return diag_no_memory(lowering->graph->diag);
	for (k = 0; k < values->elements; k++)
		bytes[k] = (uint8_t)(values->elem == ONNX__TENSOR_PROTO__DATA_TYPE__INT8 ?
				     values->i[k] + 128 : values->i[k]);
	storage = program_storage(program, PLACE_CONSTANT, LUTNA_TYPE_U8,
				  values->elements);
	if (storage < 0)
		return storage;
	program->storages[storage].data = bytes;
	out->tensor = program_tensor(program, value->name, storage, dims[0],
				     dims[1], dims[2]);
	return out->tensor < 0 ? out->tensor : 0;
}

static int operand(struct lowering *lowering, const struct node *node,
		   unsigned int index, unsigned int rank, struct operand *out)
{
	const struct value *value = node_in(lowering->graph, node, index);

	if (is_constant(value))
		return constant_tensor(lowering, node, value, rank, out);
	if (value->rank != rank)
		return diag_node(lowering->graph->diag, node,
				 "operands of %u and %u dimensions are not supported",
				 value->rank, rank);
	return lower_grid(lowering, node, index, out);
}

static int two_operands(struct lowering *lowering, const struct node *node,
			enum expr_kind kind)
{
	const struct value *out = node_out(lowering->graph, node, 0);
	struct operand a, b;
	struct expr *expr;
	uint32_t dims[3];
	int err;

	err = lower_dims(lowering, node, out, dims);
	if (!err)
		err = operand(lowering, node, 0, out->rank, &a);
	if (!err)
		err = operand(lowering, node, 1, out->rank, &b);
	if (err)
		return err;
	expr = lower_expr(lowering, node, kind);
	if (!expr)
		return -ENOMEM;
	expr->a = a;
	expr->b = b;
	expr->c = dims[0];
	expr->h = dims[1];
	expr->w = dims[2];
	return 0;
}

static int eltwise(struct lowering *lowering, const struct node *node,
		   enum expr_kind kind)
{
	const struct graph *graph = lowering->graph;
	const struct value *out = node_out(graph, node, 0);
	unsigned int i;

	if (out->elem != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT)
		return diag_node(graph->diag, node,
				 "only real numbers are supported, not integers that wrap");
	if (is_constant(node_in(graph, node, 0)) &&
	    is_constant(node_in(graph, node, 1)))
		return diag_node(graph->diag, node, "both operands are constant");
	for (i = 0; i < 2; i++) {
		const struct value *constant = node_in(graph, node, !i);
		const struct form *form = lower_in(lowering, node, i);
		double number;

		if (!is_constant(constant))
			continue;
		if (kind == EXPR_ADD && takes_bias(form, constant, out))
			return add_bias(lowering, node, form->expr, constant);
		if (form->kind == FORM_GRID && scalar_of(constant, &number) &&
		    constant->rank <= node_in(graph, node, i)->rank)
			return with_scalar(lowering, node, kind, &form->grid,
					   number);
	}
	return two_operands(lowering, node, kind);
}

int lower_add(struct lowering *lowering, const struct node *node)
{
	return eltwise(lowering, node, EXPR_ADD);
}

int lower_mul(struct lowering *lowering, const struct node *node)
{
	return eltwise(lowering, node, EXPR_MUL);
}
