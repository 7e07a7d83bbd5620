// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "variant.h"

/* Names that no test uses */
#define QUANTISED	"made_over_"

enum kind {
	KIND_INTEGER,	/* has quantised operands already: exact */
	KIND_CHOICE,	/* numbers are chosen or moved */
	KIND_MEAN,
	KIND_SUM,
	KIND_PRODUCT,
	KIND_MATRIX,	/* sums of products with the second input */
	KIND_FUNCTION,	/* of one number */
};

static const struct operator {
	const char *name;
	enum kind kind;
	size_t data;	/* inputs that remain inputs; 0: all */
	double slope;	/* KIND_FUNCTION: the steepest there is */
} operators[] = {
	{ "QLinearConv", KIND_INTEGER, 1, 0 },
	{ "QLinearMatMul", KIND_INTEGER, 1, 0 },
	{ "ConvInteger", KIND_INTEGER, 1, 0 },
	{ "MatMulInteger", KIND_INTEGER, 1, 0 },
	{ "DequantizeLinear", KIND_INTEGER, 1, 0 },
	{ "QuantizeLinear", KIND_INTEGER, 1, 0 },
	{ "MaxPool", KIND_CHOICE, 1, 0 },
	{ "GlobalMaxPool", KIND_CHOICE, 1, 0 },
	{ "Relu", KIND_CHOICE, 1, 0 },
	{ "Clip", KIND_CHOICE, 1, 0 },
	{ "Concat", KIND_CHOICE, 0, 0 },
	{ "Flatten", KIND_CHOICE, 1, 0 },
	{ "Reshape", KIND_CHOICE, 1, 0 },
	{ "Squeeze", KIND_CHOICE, 1, 0 },
	{ "Unsqueeze", KIND_CHOICE, 1, 0 },
	{ "Identity", KIND_CHOICE, 1, 0 },
	{ "Dropout", KIND_CHOICE, 1, 0 },
	{ "Pad", KIND_CHOICE, 1, 0 },
	{ "Resize", KIND_CHOICE, 1, 0 },
	{ "Abs", KIND_FUNCTION, 1, 1 },
	{ "Neg", KIND_FUNCTION, 1, 1 },
	{ "AveragePool", KIND_MEAN, 1, 0 },
	{ "GlobalAveragePool", KIND_MEAN, 1, 0 },
	{ "Add", KIND_SUM, 0, 0 },
	{ "Mul", KIND_PRODUCT, 0, 0 },
	{ "Conv", KIND_MATRIX, 1, 0 },
	{ "Gemm", KIND_MATRIX, 1, 0 },
	{ "MatMul", KIND_MATRIX, 1, 0 },
	{ "Sigmoid", KIND_FUNCTION, 1, 0.25 },
	{ "Tanh", KIND_FUNCTION, 1, 1 },
	{ "Softplus", KIND_FUNCTION, 1, 1 },
	{ "HardSigmoid", KIND_FUNCTION, 1, 0.5 },
	{ "HardSwish", KIND_FUNCTION, 1, 1.5 },
	{ "LeakyRelu", KIND_FUNCTION, 1, 1 },
	{ "Elu", KIND_FUNCTION, 1, 2 },
	{ "Exp", KIND_FUNCTION, 1, 0 },		/* depends on the numbers */
	{ "Sqrt", KIND_FUNCTION, 1, 0 },	/* the same */
};

static const struct operator *find_operator(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
		if (!strcmp(operators[i].name, name))
			return &operators[i];
	return NULL;
}

static double largest(const double *numbers, size_t count)
{
	double most = 0;

	while (count--)
		most = fmax(most, fabs(numbers[count]));
	return most;
}

/* Whole numbers of a small range stay as they are. */
static struct grid choose_grid(const double *numbers, size_t count)
{
	double low = 0, high = 0;
	bool whole = true;
	struct grid grid;
	size_t i;

	for (i = 0; i < count; i++) {
		low = fmin(low, numbers[i]);
		high = fmax(high, numbers[i]);
		whole &= numbers[i] == floor(numbers[i]);
	}
	if (whole && high - low <= 255) {
		grid.scale = 1;
		grid.error = 0;
	} else {
		grid.scale = (float)((high - low) / 254);
		grid.error = (double)grid.scale * 0.5001;
	}
	grid.zero_point = (int)ceil(-low / (double)grid.scale);
	return grid;
}

static struct grid tensor_grid(const Onnx__TensorProto *tensor)
{
	struct grid grid = { .scale = 1 };
	size_t count;
	double *numbers = tensor_numbers(tensor, &count);

	if (numbers)
		grid = choose_grid(numbers, count);
	free(numbers);
	return grid;
}

static bool same_shape(const Onnx__TensorProto *a, const Onnx__TensorProto *b)
{
	return a->n_dims == b->n_dims &&
	       !memcmp(a->dims, b->dims, a->n_dims * sizeof(*a->dims));
}

/* An input as an initialiser of the variant */
static void bake(struct variant *variant, const Onnx__TensorProto *tensor,
		 const char *name)
{
	Onnx__TensorProto *copy = arena_alloc(&variant->model.arena, 1,
					      sizeof(*copy));

	if (!copy)
		abort();
	*copy = *tensor;
	copy->name = (char *)name;
	variant->model.graph->initializer[variant->model.graph->n_initializer++] =
		copy;
}

/* Weights as bytes of one scale; how far each may have moved. */
static double bake_weights(struct variant *variant,
			   const Onnx__TensorProto *tensor, const char *made)
{
	size_t count, i;
	double *numbers = tensor_numbers(tensor, &count);
	int32_t *codes = calloc(count + 1, sizeof(*codes));
	char q[96], s[96], in[200];
	double most;
	float scale;

	if (!numbers || !codes)
		abort();
	most = largest(numbers, count);
	scale = 1;
	for (i = 0; i < count; i++)
		if (numbers[i] != floor(numbers[i]) || most > 127)
			scale = (float)(most / 127);
	for (i = 0; i < count; i++)
		codes[i] = (int32_t)lround(numbers[i] / (double)scale);
	snprintf(q, sizeof(q), "%s.q", made);
	snprintf(s, sizeof(s), "%s.scale", made);
	snprintf(in, sizeof(in), "%s %s", q, s);
	onnx_ints(&variant->model, q, INT8, (unsigned int)tensor->n_dims,
		  tensor->dims, codes);
	onnx_scalar(&variant->model, s, scale);
	onnx_node(&variant->model, "DequantizeLinear", "", in, made);
	free(numbers);
	free(codes);
	return scale == 1 ? 0 : (double)scale * 0.5001;
}

/* An operand that is not as large as the result: a constant of bytes */
static double bake_operand(struct variant *variant,
			   const Onnx__TensorProto *tensor, const char *made)
{
	size_t count, i;
	double *numbers = tensor_numbers(tensor, &count);
	int32_t *codes = calloc(count + 1, sizeof(*codes));
	struct grid grid;
	char q[96], s[96], z[96], in[300];

	if (!numbers || !codes)
		abort();
	grid = choose_grid(numbers, count);
	for (i = 0; i < count; i++)
		codes[i] = (int32_t)lround(numbers[i] / (double)grid.scale) +
			   grid.zero_point;
	snprintf(q, sizeof(q), "%s.q", made);
	snprintf(s, sizeof(s), "%s.scale", made);
	snprintf(z, sizeof(z), "%s.zero", made);
	snprintf(in, sizeof(in), "%s %s %s", q, s, z);
	onnx_ints(&variant->model, q, UINT8, (unsigned int)tensor->n_dims,
		  tensor->dims, codes);
	onnx_scalar(&variant->model, s, grid.scale);
	onnx_scalar_int(&variant->model, z, UINT8, grid.zero_point);
	onnx_node(&variant->model, "DequantizeLinear", "", in, made);
	free(numbers);
	free(codes);
	return grid.error;
}

static double tensor_largest(const Onnx__TensorProto *tensor)
{
	size_t count = 0;
	double *numbers = tensor_numbers(tensor, &count);
	double most = numbers ? largest(numbers, count) : 0;

	free(numbers);
	return most;
}

/* How far the steepest place of a function can move its result */
static double function_error(const struct operator *op,
			     const Onnx__TensorProto *input, double error)
{
	if (!strcmp(op->name, "Exp"))
		return error * exp(tensor_largest(input) + error);
	if (!strcmp(op->name, "Sqrt"))
		return sqrt(error);
	return error * op->slope;
}

/**
 * struct bounds - what is known of two operands
 * @error: how far each number may have moved
 * @most: the largest of each
 */
struct bounds {
	double error[2];
	double most[2];
};

static double result_error(const struct operator *op,
			   const struct node_test *test,
			   const struct bounds *bounds)
{
	double product = bounds->most[0] * bounds->error[1] +
			 bounds->most[1] * bounds->error[0] +
			 bounds->error[0] * bounds->error[1];
	size_t terms = 1, i;

	switch (op->kind) {
	case KIND_SUM:
		return bounds->error[0] + bounds->error[1];
	case KIND_PRODUCT:
		return product;
	case KIND_MATRIX:
		/* Those of a convolution are a row each. */
		for (i = 1; i < test->inputs[1]->n_dims; i++)
			terms *= (size_t)test->inputs[1]->dims[i];
		if (test->inputs[1]->n_dims == 2)
			terms = (size_t)test->inputs[0]->dims[1];
		return product * (double)terms;
	case KIND_FUNCTION:
		return function_error(op, test->inputs[0], bounds->error[0]);
	default:
		return fmax(bounds->error[0], bounds->error[1]);
	}
}

static const char *input_name(const struct node_test *test, size_t i)
{
	return test->model->graph->input[i]->name;
}

/* How many inputs remain inputs: second operands only if they are as large */
static size_t count_data(const struct node_test *test, const struct operator *op)
{
	size_t i;

	if (op->data)
		return op->data;
	if (op->kind != KIND_CHOICE)
		for (i = 1; i < test->n_inputs; i++)
			if (!same_shape(test->inputs[0], test->inputs[i]))
				return 1;
	return test->n_inputs;
}

/* Each input of the test as what the variant needs; @names: how the node calls them */
static void make_inputs(const struct node_test *test, const struct operator *op,
			struct variant *variant, struct bounds *bounds,
			char names[][64])
{
	size_t data = count_data(test, op), i;

	for (i = 0; i < test->n_inputs; i++) {
		const Onnx__TensorProto *tensor = test->inputs[i];
		bool real = tensor->data_type == FLOAT;
		double error = 0;

		snprintf(names[i], 64, "%.60s", input_name(test, i));
		if (i < data) {
			onnx_input(&variant->model, input_name(test, i),
				   tensor->data_type,
				   (unsigned int)tensor->n_dims, tensor->dims);
			variant->data[variant->n_data++] = i;
		}
		if (i < data && real && op->kind != KIND_INTEGER) {
			struct grid grid = tensor_grid(tensor);

			snprintf(names[i], 64, QUANTISED "%zu", i);
			onnx_qdq(&variant->model, input_name(test, i), names[i],
				 grid.scale, UINT8, grid.zero_point);
			error = grid.error;
		} else if (i == 1 && real && op->kind == KIND_MATRIX) {
			snprintf(names[i], 64, QUANTISED "%zu", i);
			error = bake_weights(variant, tensor, names[i]);
		} else if (i >= data && real && (op->kind == KIND_SUM ||
						 op->kind == KIND_PRODUCT)) {
			snprintf(names[i], 64, QUANTISED "%zu", i);
			error = bake_operand(variant, tensor, names[i]);
		} else if (i >= data) {
			bake(variant, tensor, input_name(test, i));
		}
		if (i < 2) {
			bounds->error[i] = error;
			bounds->most[i] = tensor_largest(tensor);
		}
		/* A concatenation may have many. */
		if (i >= 2 && op->kind == KIND_CHOICE && error > bounds->error[1])
			bounds->error[1] = error;
	}
}

static void make_node(const struct node_test *test, const struct operator *op,
		      struct variant *variant, char names[][64])
{
	const Onnx__NodeProto *from = test->model->graph->node[0];
	bool exact = op->kind == KIND_INTEGER || test->output->data_type != FLOAT;
	char in[1100] = "", out[64];
	Onnx__NodeProto *node;
	struct grid grid;
	size_t i, k;

	for (i = 0; i < from->n_input; i++) {
		const char *name = from->input[i][0] ? from->input[i] : "-";

		for (k = 0; k < test->n_inputs; k++)
			if (!strcmp(name, input_name(test, k)))
				name = names[k];
		snprintf(in + strlen(in), sizeof(in) - strlen(in), "%s ", name);
	}
	snprintf(out, sizeof(out), exact ? "%.60s" : QUANTISED "%.40s",
		 from->output[0]);
	node = onnx_node(&variant->model, from->op_type, "node", in, out);
	node->attribute = from->attribute;
	node->n_attribute = from->n_attribute;
	onnx_output(&variant->model, from->output[0], test->output->data_type);
	if (exact)
		return;
	grid = choose_grid(variant->wanted, variant->count);
	onnx_qdq(&variant->model, out, "made_over_result", grid.scale, UINT8,
		 grid.zero_point);
	/* The DequantizeLinear gives what the test calls its output. */
	node = variant->model.graph->node[variant->model.graph->n_node - 1];
	node->output[0] = (char *)from->output[0];
	variant->error += grid.error;
}

bool variant_make(const struct node_test *test, struct variant *variant)
{
	const Onnx__GraphProto *graph = test->model->graph;
	char names[INPUTS_MOST][64];
	const struct operator *op;
	struct bounds bounds = { .error = { 0 } };

	if (graph->n_node != 1 || !test->n_inputs ||
	    test->n_inputs > DATA_MOST || !graph->node[0]->n_output)
		return false;
	op = find_operator(graph->node[0]->op_type);
	if (!op)
		return false;
	memset(variant, 0, sizeof(*variant));
	variant->wanted = tensor_numbers(test->output, &variant->count);
	if (!variant->wanted)
		return false;
	onnx_model_init(&variant->model);
	if (test->model->opset_import[0]->version > 13)
		variant->model.proto->opset_import[0]->version =
			test->model->opset_import[0]->version;
	make_inputs(test, op, variant, &bounds, names);
	variant->error = result_error(op, test, &bounds);
	make_node(test, op, variant, names);
	/* Numbers in float on ONNX's side, and integers that are exact */
	variant->most = largest(variant->wanted, variant->count);
	variant->error += 1e-5 * (1 + variant->most);
	return true;
}

void variant_free(struct variant *variant)
{
	free(variant->wanted);
	onnx_model_free(&variant->model);
}
