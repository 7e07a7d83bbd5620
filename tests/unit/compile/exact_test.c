// SPDX-License-Identifier: GPL-2.0-only
/*
 * Small networks from ONNX to the simulator's bytes, against plain arithmetic.
 */
#include <stdio.h>

#include "net.h"
#include "tap.h"

#define SEEDS		3
#define TRIES		40

#define DIMS(...)	((const int64_t[]){ __VA_ARGS__ })

static int image(struct net *net, int64_t c, int64_t h, int64_t w)
{
	return net_input(net, 3, DIMS(c, h, w), net_scale(net, 0.01f), UINT8,
			 (int)net_random(net, 256));
}

static int quantised(struct net *net, int x, float low)
{
	return net_qdq(net, x, net_scale(net, low), UINT8,
		       (int)net_random(net, 256));
}

static int conv_plain(struct net *net)
{
	const struct net_conv conv = {
		.out = 4, .kernel = { 3, 3 }, .pads = { 1, 1, 1, 1 },
		.elem = INT8, .bias = 1,
	};

	return quantised(net, net_conv(net, image(net, 3, 7, 6), &conv), 0.02f);
}

static int conv_nine_bits(struct net *net)
{
	const struct net_conv conv = {
		.out = 5, .kernel = { 3, 2 }, .pads = { 2, 0, 1, 1 },
		.elem = INT32, .per_channel = true, .bias = 1,
	};

	return quantised(net, net_conv(net, image(net, 2, 5, 8), &conv), 0.03f);
}

static int conv_sparse(struct net *net)
{
	const struct net_conv conv = {
		.out = 6, .kernel = { 5, 5 }, .pads = { 2, 2, 2, 2 },
		.elem = INT32, .sparse = 1, .zeros = 93, .per_channel = true,
		.bias = 1,
	};

	return quantised(net, net_conv(net, image(net, 4, 9, 9), &conv), 0.02f);
}

static int conv_sparse_2d(struct net *net)
{
	const struct net_conv conv = {
		.out = 3, .kernel = { 3, 3 }, .elem = INT32, .sparse = 2,
		.zeros = 80, .bias = 2,
	};

	return quantised(net, net_conv(net, image(net, 3, 6, 5), &conv), 0.02f);
}

/* Gaps longer than an entry's skip can say, and rows without any weight */
static int conv_very_sparse(struct net *net)
{
	const struct net_conv conv = {
		.out = 9, .kernel = { 7, 7 }, .pads = { 3, 3, 3, 3 },
		.elem = INT32, .sparse = 1, .zeros = 99, .bias = 1,
	};

	return quantised(net, net_conv(net, image(net, 16, 8, 7), &conv), 0.01f);
}

static int conv_uint8_weights(struct net *net)
{
	const struct net_conv conv = {
		.out = 3, .kernel = { 2, 2 }, .elem = UINT8, .per_channel = true,
	};

	return quantised(net, net_conv(net, image(net, 3, 5, 5), &conv), 0.02f);
}

static int conv_strides(struct net *net)
{
	const struct net_conv conv = {
		.out = 4, .kernel = { 3, 3 }, .stride = { 2, 3 },
		.pads = { 1, 0, 0, 2 }, .elem = INT8, .bias = 2,
	};

	return quantised(net, net_conv(net, image(net, 2, 9, 11), &conv), 0.02f);
}

static int conv_dilated(struct net *net)
{
	const struct net_conv conv = {
		.out = 4, .kernel = { 3, 3 }, .dilation = { 2, 3 },
		.pads = { 2, 3, 2, 3 }, .elem = INT8, .bias = 1,
	};

	return quantised(net, net_conv(net, image(net, 2, 9, 10), &conv), 0.02f);
}

static int conv_groups(struct net *net)
{
	const struct net_conv conv = {
		.out = 6, .kernel = { 3, 3 }, .pads = { 1, 1, 1, 1 },
		.groups = 2, .elem = INT32, .per_channel = true, .bias = 1,
	};

	return quantised(net, net_conv(net, image(net, 4, 6, 6), &conv), 0.02f);
}

static int conv_depthwise(struct net *net)
{
	const struct net_conv conv = {
		.out = 10, .kernel = { 3, 3 }, .pads = { 1, 1, 1, 1 },
		.groups = 5, .elem = INT8, .per_channel = true, .bias = 1,
	};

	return quantised(net, net_conv(net, image(net, 5, 6, 6), &conv), 0.01f);
}

static int conv_same_upper(struct net *net)
{
	const struct net_conv conv = {
		.out = 3, .kernel = { 4, 3 }, .stride = { 2, 1 },
		.auto_pad = "SAME_UPPER", .elem = INT8,
	};

	return quantised(net, net_conv(net, image(net, 2, 7, 7), &conv), 0.02f);
}

static int conv_same_lower(struct net *net)
{
	const struct net_conv conv = {
		.out = 3, .kernel = { 4, 2 }, .auto_pad = "SAME_LOWER",
		.elem = INT8,
	};

	return quantised(net, net_conv(net, image(net, 2, 6, 7), &conv), 0.02f);
}

static int conv_valid(struct net *net)
{
	const struct net_conv conv = {
		.out = 3, .kernel = { 2, 4 }, .auto_pad = "VALID", .elem = INT8,
	};

	return quantised(net, net_conv(net, image(net, 2, 6, 7), &conv), 0.02f);
}

static const struct net_conv small = {
	.out = 4, .kernel = { 3, 3 }, .pads = { 1, 1, 1, 1 }, .elem = INT8,
	.bias = 1,
};

static int conv_relu(struct net *net)
{
	int x = net_conv(net, image(net, 3, 5, 5), &small);

	return quantised(net, net_unary(net, "Relu", x, 0, 0), 0.02f);
}

static int conv_clip(struct net *net)
{
	int x = net_conv(net, image(net, 3, 5, 5), &small);

	return quantised(net, net_unary(net, "Clip", x, -0.37f, 1.41f), 0.01f);
}

/* The activation function stands behind a pair of its own. */
static int conv_qdq_relu(struct net *net)
{
	int x = net_conv(net, image(net, 3, 5, 5), &small), y;

	x = quantised(net, x, 0.02f);
	y = net_unary(net, "Relu", x, 0, 0);
	return net_qdq(net, y, net->values[x].scale, UINT8,
		       net->values[x].zero_point);
}

/* No clamp, though it leaves most bytes alone */
static int conv_qdq_leaky(struct net *net)
{
	int x = net_conv(net, image(net, 3, 5, 5), &small), y;

	x = net_qdq(net, x, net_scale(net, 0.02f), UINT8, 100);
	y = net_unary(net, "LeakyRelu", x, 0.994f, 0);
	return net_qdq(net, y, net->values[x].scale, UINT8,
		       net->values[x].zero_point);
}

static int conv_bias_node(struct net *net)
{
	const struct net_conv conv = {
		.out = 5, .kernel = { 1, 1 }, .elem = INT32,
	};
	int x = net_conv(net, image(net, 3, 4, 5), &conv);

	return quantised(net, net_add_channels(net, x), 0.02f);
}

static int int8_activations(struct net *net)
{
	int x = net_input(net, 3, DIMS(3, 5, 5), net_scale(net, 0.01f), INT8,
			  (int)net_random(net, 256) - 128);

	x = net_conv(net, x, &small);
	x = net_unary(net, "Relu", x, 0, 0);
	return net_qdq(net, x, net_scale(net, 0.02f), INT8, -128);
}

static int byte_input(struct net *net)
{
	int x = net_input(net, 3, DIMS(3, 5, 5), net_scale(net, 0.01f), 0, 17);

	return quantised(net, net_conv(net, x, &small), 0.02f);
}

static int max_pool(struct net *net)
{
	return net_pool(net, "MaxPool", image(net, 3, 7, 9), 2, 2, NULL, false,
			false);
}

static int max_pool_padded(struct net *net)
{
	return net_pool(net, "MaxPool", image(net, 3, 7, 6), 3, 2,
			DIMS(1, 1, 0, 2), false, false);
}

static int max_pool_ceil(struct net *net)
{
	return net_pool(net, "MaxPool", image(net, 2, 7, 8), 3, 2, NULL, true,
			false);
}

static int max_pool_regrid(struct net *net)
{
	int x = net_pool(net, "MaxPool", image(net, 3, 6, 6), 2, 2, NULL, false,
			 false);

	return quantised(net, x, 0.013f);
}

static int average_pool(struct net *net)
{
	int x = net_pool(net, "AveragePool", image(net, 3, 7, 9), 3, 2, NULL,
			 false, false);

	return quantised(net, x, 0.01f);
}

static int average_pool_padded(struct net *net)
{
	int x = net_pool(net, "AveragePool", image(net, 3, 6, 7), 3, 1,
			 DIMS(1, 1, 1, 1), false, false);

	return quantised(net, x, 0.01f);
}

static int average_pool_counted(struct net *net)
{
	int x = net_pool(net, "AveragePool", image(net, 3, 6, 7), 3, 1,
			 DIMS(1, 1, 1, 1), false, true);

	return quantised(net, x, 0.01f);
}

static int global_pools(struct net *net)
{
	int x = image(net, 5, 6, 7), pools[2];

	pools[0] = net_global_pool(net, "GlobalAveragePool", x);
	pools[1] = net_global_pool(net, "GlobalMaxPool", x);
	return quantised(net, net_concat(net, pools, 2, 1), 0.012f);
}

static int gemm_accumulators(struct net *net)
{
	return net_gemm(net, net_flatten(net, image(net, 3, 4, 5)), 7, true, 1, 1);
}

static int gemm_plain(struct net *net)
{
	int x = net_input(net, 1, DIMS(33), net_scale(net, 0.01f), UINT8, 9);

	return quantised(net, net_gemm(net, x, 6, false, 0.5f, 2), 0.05f);
}

static int matmul_bias(struct net *net)
{
	int x = net_input(net, 1, DIMS(20), net_scale(net, 0.01f), UINT8, 100);

	x = net_matmul(net, x, 5);
	return net_add_channels(net, x);
}

static int add(struct net *net)
{
	int x = image(net, 3, 5, 4), y;

	y = quantised(net, net_conv(net, x, &(struct net_conv){
		.out = 3, .kernel = { 3, 3 }, .pads = { 1, 1, 1, 1 },
		.elem = INT8 }), 0.02f);
	return quantised(net, net_eltwise(net, "Add", x, y), 0.03f);
}

static int add_relu(struct net *net)
{
	int x = image(net, 3, 5, 4), y = net_constant(net, 3, DIMS(3, 5, 4),
						      net_scale(net, 0.02f), 77);

	y = net_eltwise(net, "Add", x, y);
	return quantised(net, net_unary(net, "Relu", y, 0, 0), 0.02f);
}

/* Factors so far apart that the lesser one has few bits left */
static int add_unequal(struct net *net)
{
	int x = image(net, 2, 4, 4);
	int y = net_constant(net, 3, DIMS(2, 1, 1), net_scale(net, 1e-5f), 3);

	return quantised(net, net_eltwise(net, "Add", x, y), 0.01f);
}

static int mul(struct net *net)
{
	int x = image(net, 4, 5, 4), y;

	y = net_global_pool(net, "GlobalAveragePool", x);
	y = net_unary(net, "Sigmoid", quantised(net, y, 0.01f), 0, 0);
	y = net_qdq(net, y, net_scale(net, 0.003f), UINT8, 0);
	return quantised(net, net_eltwise(net, "Mul", x, y), 0.01f);
}

static int mul_constant(struct net *net)
{
	int x = image(net, 4, 5, 4);
	int y = net_constant(net, 4, DIMS(1, 4, 1, 4), net_scale(net, 0.01f), 128);

	return quantised(net, net_eltwise(net, "Mul", x, y), 0.02f);
}

static int scalars(struct net *net)
{
	int x = image(net, 2, 4, 4);

	x = quantised(net, net_scalar(net, "Mul", x, 0.731f), 0.01f);
	return quantised(net, net_scalar(net, "Add", x, -0.412f), 0.01f);
}

static int tables(struct net *net)
{
	static const struct {
		const char *op;
		float alpha;
		float beta;
	} list[] = {
		{ "Sigmoid", 0, 0 }, { "Tanh", 0, 0 }, { "LeakyRelu", 0.13f, 0 },
		{ "HardSigmoid", 0.23f, 0.41f }, { "HardSwish", 0, 0 },
		{ "Elu", 0.7f, 0 }, { "Abs", 0, 0 }, { "Neg", 0, 0 },
		{ "Relu", 0, 0 }, { "Clip", -0.3f, 0.9f },
	};
	int x = image(net, 2, 4, 4), parts[10];
	unsigned int i;

	for (i = 0; i < 10; i++)
		parts[i] = net_unary(net, list[i].op, x, list[i].alpha,
				     list[i].beta);
	return quantised(net, net_concat(net, parts, 10, 1), 0.011f);
}

static int tables_in_a_row(struct net *net)
{
	int x = image(net, 2, 4, 4);

	x = net_unary(net, "Clip", x, -0.9f, 1.3f);
	x = net_unary(net, "LeakyRelu", x, 0.2f, 0);
	x = net_unary(net, "Sigmoid", x, 0, 0);
	return quantised(net, x, 0.003f);
}

/* Pieces of one grid, one of which is needed elsewhere too */
static int concat(struct net *net)
{
	int x = image(net, 3, 6, 6), parts[3];

	parts[0] = net_pool(net, "MaxPool", x, 3, 1, DIMS(1, 1, 1, 1), false, false);
	parts[1] = x;
	parts[2] = net_pool(net, "MaxPool", parts[0], 3, 1, DIMS(1, 1, 1, 1),
			    false, false);
	return net_concat(net, parts, 3, 1);
}

static int concat_rows(struct net *net)
{
	int x = image(net, 3, 4, 6), parts[2];

	parts[0] = net_pool(net, "MaxPool", x, 3, 1, DIMS(1, 1, 1, 1), false, false);
	parts[1] = x;
	return net_concat(net, parts, 2, 2);
}

static int concat_columns(struct net *net)
{
	int x = image(net, 3, 4, 6), parts[2];

	parts[0] = net_conv(net, x, &(struct net_conv){
		.out = 3, .kernel = { 1, 1 }, .elem = INT8 });
	parts[1] = x;
	return quantised(net, net_concat(net, parts, 2, 3), 0.02f);
}

/* Convolutions that nobody has quantised before they are joined */
static int concat_convs(struct net *net)
{
	const struct net_conv other = {
		.out = 2, .kernel = { 1, 1 }, .elem = INT32, .bias = 1,
	};
	int x = image(net, 3, 6, 6), parts[3];

	parts[0] = net_conv(net, x, &small);
	parts[1] = net_conv(net, x, &other);
	parts[2] = net_unary(net, "Relu", parts[0], 0, 0);
	x = quantised(net, net_concat(net, parts, 3, 1), 0.02f);
	return net_pool(net, "MaxPool", x, 2, 2, NULL, false, false);
}

/* Joined, joined again, and read on the way */
static int concat_dense(struct net *net)
{
	int x = image(net, 2, 5, 5), i;

	for (i = 0; i < 3; i++) {
		const struct net_conv conv = {
			.out = 2, .kernel = { 3, 3 }, .pads = { 1, 1, 1, 1 },
			.elem = INT8,
		};
		int parts[2] = { x };

		parts[1] = net_qdq(net, net_conv(net, x, &conv),
				   net->values[x].scale, UINT8,
				   net->values[x].zero_point);
		x = net_concat(net, parts, 2, 1);
	}
	return x;
}

static int pad(struct net *net)
{
	return net_pad(net, image(net, 3, 4, 5), DIMS(1, 2, 3, 0), 200);
}

static int pad_conv(struct net *net)
{
	int x = image(net, 3, 4, 5);

	x = net_pad(net, x, DIMS(1, 2, 3, 0), net->values[x].zero_point);
	return quantised(net, net_conv(net, x, &small), 0.02f);
}

/* Other numbers than 0.0 outside, which the convolution's own padding is not */
static int pad_value_conv(struct net *net)
{
	int x = image(net, 3, 4, 5);

	x = net_pad(net, x, DIMS(1, 2, 3, 0), net->values[x].zero_point ^ 16);
	return quantised(net, net_conv(net, x, &small), 0.02f);
}

static int pad_twice_used(struct net *net)
{
	int x = image(net, 3, 5, 5), parts[2];

	x = net_pad(net, x, DIMS(1, 1, 1, 1), net->values[x].zero_point);
	parts[0] = net_pool(net, "MaxPool", x, 3, 1, NULL, false, false);
	parts[1] = net_conv(net, x, &(struct net_conv){
		.out = 2, .kernel = { 3, 3 }, .elem = INT8 });
	return quantised(net, net_concat(net, parts, 2, 1), 0.02f);
}

static int resize(struct net *net)
{
	return net_resize(net, image(net, 3, 4, 5), 3, 2);
}

static int reshape(struct net *net)
{
	int x = net_reshape(net, image(net, 4, 3, 6), 3, DIMS(6, 4, 3));

	return quantised(net, net_conv(net, x, &small), 0.02f);
}

/* A reshape in front of the node that says the grid */
static int reshape_expression(struct net *net)
{
	int x = net_conv(net, image(net, 3, 4, 5), &small);

	x = net_reshape(net, x, 3, DIMS(5, 4, 4));
	return quantised(net, net_unary(net, "Relu", x, 0, 0), 0.02f);
}

/* Reshaped before they become slices of rows */
static int reshape_slice(struct net *net)
{
	int x = image(net, 3, 4, 5), y, parts[2];

	y = net_pool(net, "MaxPool", x, 3, 1, DIMS(1, 1, 1, 1), false, false);
	parts[0] = y;
	parts[1] = x;
	x = net_concat(net, parts, 2, 2);
	parts[0] = net_reshape(net, y, 3, DIMS(3, 4, 5));
	parts[1] = net_reshape(net, x, 3, DIMS(3, 8, 5));
	return net_concat(net, parts, 2, 2);
}

static int identity(struct net *net)
{
	return net_unary(net, "Identity", image(net, 2, 3, 4), 0, 0);
}

static int residual(struct net *net)
{
	const struct net_conv conv = {
		.out = 4, .kernel = { 3, 3 }, .pads = { 1, 1, 1, 1 },
		.elem = INT32, .sparse = 1, .zeros = 70, .per_channel = true,
		.bias = 1,
	};
	int x = image(net, 4, 6, 6), y;
	int i;

	for (i = 0; i < 3; i++) {
		y = net_unary(net, "Relu", net_conv(net, x, &conv), 0, 0);
		y = net_qdq(net, y, net_scale(net, 0.02f), UINT8, 0);
		y = quantised(net, net_conv(net, y, &conv), 0.04f);
		y = net_unary(net, "Relu", net_eltwise(net, "Add", x, y), 0, 0);
		x = net_qdq(net, y, net_scale(net, 0.03f), UINT8, 0);
	}
	y = net_global_pool(net, "GlobalAveragePool", x);
	y = net_qdq(net, y, net_scale(net, 0.02f), UINT8, 0);
	return net_gemm(net, net_flatten(net, y), 10, true, 1, 1);
}

static const struct {
	const char *name;
	int (*build)(struct net *net);
	int commands;	/* that it must take; 0: any number */
} cases[] = {
	{ "convolution", conv_plain, 1 },
	{ "convolution, nine bits", conv_nine_bits, 1 },
	{ "convolution, sparse", conv_sparse, 1 },
	{ "convolution, sparse by two-dimensional indices", conv_sparse_2d, 1 },
	{ "convolution, very sparse", conv_very_sparse, 1 },
	{ "convolution, uint8 weights", conv_uint8_weights, 1 },
	{ "convolution, strides", conv_strides, 1 },
	{ "convolution, dilation", conv_dilated, 1 },
	{ "convolution, groups", conv_groups, 1 },
	{ "convolution, depthwise", conv_depthwise, 1 },
	{ "convolution, SAME_UPPER", conv_same_upper, 1 },
	{ "convolution, SAME_LOWER", conv_same_lower, 1 },
	{ "convolution, VALID", conv_valid, 1 },
	{ "convolution and ReLU", conv_relu, 1 },
	{ "convolution and Clip", conv_clip, 1 },
	{ "convolution, then ReLU behind its grid", conv_qdq_relu, 1 },
	{ "convolution, then LeakyRelu behind its grid", conv_qdq_leaky, 2 },
	{ "convolution and a bias node", conv_bias_node, 1 },
	{ "int8 activations", int8_activations, 1 },
	{ "input of bytes", byte_input, 1 },
	{ "max pooling", max_pool, 1 },
	{ "max pooling, padded", max_pool_padded, 1 },
	{ "max pooling, ceil mode", max_pool_ceil, 1 },
	{ "max pooling to another grid", max_pool_regrid, 2 },
	{ "average pooling", average_pool, 1 },
	{ "average pooling, padded", average_pool_padded, 1 },
	{ "average pooling that counts padding", average_pool_counted, 1 },
	{ "global pooling", global_pools, 0 },
	{ "Gemm to accumulators", gemm_accumulators, 1 },
	{ "Gemm with factors", gemm_plain, 1 },
	{ "MatMul and a bias", matmul_bias, 1 },
	{ "sum", add, 2 },
	{ "sum and ReLU", add_relu, 1 },
	{ "sum of unequal grids", add_unequal, 1 },
	{ "product with a broadcast", mul, 0 },
	{ "product with a constant", mul_constant, 1 },
	{ "with single numbers", scalars, 2 },
	{ "functions by table", tables, 10 },
	{ "functions in a row are one table", tables_in_a_row, 1 },
	{ "concatenation", concat, 4 },
	{ "concatenation of rows", concat_rows, 0 },
	{ "concatenation of columns", concat_columns, 2 },
	{ "concatenation of convolutions", concat_convs, 4 },
	{ "concatenation again and again", concat_dense, 0 },
	{ "padding", pad, 1 },
	{ "padding in front of a convolution", pad_conv, 1 },
	{ "padding of another number and a convolution", pad_value_conv, 2 },
	{ "padding that two use", pad_twice_used, 4 },
	{ "enlarging", resize, 1 },
	{ "reshape", reshape, 1 },
	{ "reshape before the grid is known", reshape_expression, 1 },
	{ "reshape of slices", reshape_slice, 0 },
	{ "nothing at all", identity, 1 },
	{ "residual network", residual, 0 },
};

static void check_commands(struct net *net, int x, const char *name, int wanted)
{
	int commands;

	if (!wanted)
		return;
	commands = net_commands(net, x);
	if (!ok(commands == wanted, "%s: takes %d commands", name, wanted))
		printf("# takes %d\n", commands);
}

/* A few seeds for which nothing is near a tie */
static void run_case(unsigned int i)
{
	int done = 0, seed;

	for (seed = 1; seed <= TRIES && done < SEEDS; seed++) {
		struct net net;
		char name[96];
		int x;

		net_begin(&net, (uint64_t)(seed * 64) + i);
		x = cases[i].build(&net);
		if (!net.uncertain) {
			snprintf(name, sizeof(name), "%s (seed %d)",
				 cases[i].name, seed);
			net_check(&net, x, name);
			if (!done)
				check_commands(&net, x, cases[i].name,
					       cases[i].commands);
			done++;
		}
		net_end(&net);
	}
	if (done < SEEDS)
		ok(false, "%s: no seed without ties", cases[i].name);
}

int main(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		run_case(i);
	return tap_done();
}
