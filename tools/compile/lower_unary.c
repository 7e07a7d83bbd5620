// SPDX-License-Identifier: GPL-2.0-only
/* Functions of one number: clamps, which any command does, and tables. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include <onnx/onnx.pb-c.h>

#include "attr.h"
#include "lower.h"

/* The input as an expression of the node's own that may be changed. */
static struct expr *take(struct lowering *lowering, const struct node *node,
			 bool as_table)
{
	const struct form *in = lower_in(lowering, node, 0);
	struct operand grid;
	struct tensor *tensor;
	struct expr *expr;
	double *table;
	int i;

	if (in->kind == FORM_EXPR &&
	    (!as_table || in->expr->kind == EXPR_TABLE)) {
		expr = lower_expr(lowering, node, in->expr->kind);
		if (expr)
			*expr = *in->expr;
		return expr;
	}
	if (lower_grid(lowering, node, 0, &grid))
		return NULL;
	table = arena_alloc(lowering->graph->arena, 256, sizeof(*table));
	if (!table) {
		diag_no_memory(lowering->graph->diag);
		return NULL;
	}
	for (i = 0; i < 256; i++)
		table[i] = (double)grid.scale * (i - grid.zero_point);
	expr = lower_expr(lowering, node, EXPR_TABLE);
	if (!expr)
		return NULL;
	tensor = &lowering->program->tensors[grid.tensor];
	expr->a = grid;
	expr->c = tensor->c;
	expr->h = tensor->h;
	expr->w = tensor->w;
	expr->table = table;
	return expr;
}

static int clamp(struct lowering *lowering, const struct node *node,
		 double low, double high)
{
	struct expr *expr;

	if (node_in(lowering->graph, node, 0)->elem !=
	    ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT)
		return diag_node(lowering->graph->diag, node,
				 "only real numbers are supported");
	expr = take(lowering, node, false);
	if (!expr)
		return -EINVAL;
	expr->low = fmin(fmax(expr->low, low), high);
	expr->high = fmin(fmax(expr->high, low), high);
	return 0;
}

int lower_relu(struct lowering *lowering, const struct node *node)
{
	return clamp(lowering, node, 0, INFINITY);
}

/* Bounds are attributes up to version 10 and inputs since. */
static int read_bound(struct lowering *lowering, const struct node *node,
		      const char *name, unsigned int index, float missing,
		      float *out)
{
	const struct value *value = node_in(lowering->graph, node, index);

	if (!value)
		return attr_float(lowering->graph, node, name, missing, out);
	if (!value->constant || !value->constant->f || value->constant->index ||
	    value->constant->elements != 1 || isnan(value->constant->f[0]))
		return diag_node(lowering->graph->diag, node,
				 "%s must be one constant number", name);
	*out = value->constant->f[0];
	return 0;
}

int lower_clip(struct lowering *lowering, const struct node *node)
{
	float low, high;
	int err;

	err = read_bound(lowering, node, "min", 1, -INFINITY, &low);
	if (!err)
		err = read_bound(lowering, node, "max", 2, INFINITY, &high);
	if (err)
		return err;
	return clamp(lowering, node, (double)low, (double)high);
}

/* Functions with their attributes alpha and beta, as ONNX defines them. */
static double f_abs(double x, double alpha, double beta)
{
	return fabs(x);
}

static double f_elu(double x, double alpha, double beta)
{
	return x < 0 ? alpha * expm1(x) : x;
}

static double f_exp(double x, double alpha, double beta)
{
	return exp(x);
}

static double f_hard_sigmoid(double x, double alpha, double beta)
{
	return fmax(0, fmin(1, alpha * x + beta));
}

static double f_hard_swish(double x, double alpha, double beta)
{
	return x * fmax(0, fmin(1, x / 6 + 0.5));
}

static double f_leaky_relu(double x, double alpha, double beta)
{
	return x < 0 ? alpha * x : x;
}

static double f_neg(double x, double alpha, double beta)
{
	return -x;
}

static double f_sigmoid(double x, double alpha, double beta)
{
	return 1 / (1 + exp(-x));
}

static double f_softplus(double x, double alpha, double beta)
{
	return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static double f_sqrt(double x, double alpha, double beta)
{
	/* Not a number below 0, which no grid can say: 0 there. */
	return x < 0 ? 0 : sqrt(x);
}

static double f_tanh(double x, double alpha, double beta)
{
	return tanh(x);
}

static const struct function {
	const char *op;
	double (*f)(double x, double alpha, double beta);
	float alpha;
	float beta;
} functions[] = {
	{ "Abs", f_abs, 0, 0 },
	{ "Elu", f_elu, 1, 0 },
	{ "Exp", f_exp, 0, 0 },
	{ "HardSigmoid", f_hard_sigmoid, 0.2f, 0.5f },
	{ "HardSwish", f_hard_swish, 0, 0 },
	{ "LeakyRelu", f_leaky_relu, 0.01f, 0 },
	{ "Neg", f_neg, 0, 0 },
	{ "Sigmoid", f_sigmoid, 0, 0 },
	{ "Softplus", f_softplus, 0, 0 },
	{ "Sqrt", f_sqrt, 0, 0 },
	{ "Tanh", f_tanh, 0, 0 },
};

static const struct function *find_function(const char *op)
{
	size_t i;

	for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (!strcmp(functions[i].op, op))
			return &functions[i];
	return NULL;
}

int lower_unary(struct lowering *lowering, const struct node *node)
{
	const struct function *function = find_function(node->op);
	struct expr *expr;
	float alpha, beta;
	double *table;
	int err, i;

	if (!function)
		return -EINVAL;
	err = attr_float(lowering->graph, node, "alpha", function->alpha, &alpha);
	if (!err)
		err = attr_float(lowering->graph, node, "beta", function->beta,
				 &beta);
	if (err)
		return err;
	expr = take(lowering, node, true);
	if (!expr)
		return -EINVAL;
	table = arena_alloc(lowering->graph->arena, 256, sizeof(*table));
	if (!table)
		return diag_no_memory(lowering->graph->diag);
	for (i = 0; i < 256; i++)
		table[i] = function->f(fmin(fmax(expr->table[i], expr->low),
					    expr->high),
				       (double)alpha, (double)beta);
	expr->table = table;
	expr->low = -INFINITY;
	expr->high = INFINITY;
	return 0;
}
