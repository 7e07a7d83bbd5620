// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "lower.h"
#include "ops.h"
#include "shape.h"

#define WINDOW	"auto_pad kernel_shape pads strides dilations"

static const struct op ops[] = {
	/* name, inputs, attributes, shape, lower */
	{ "QuantizeLinear", 2, 3, "axis saturate", shape_quantize, lower_quantize },
	{ "DequantizeLinear", 2, 3, "axis", shape_dequantize, lower_dequantize },

	{ "Conv", 2, 3, WINDOW " group", shape_conv, lower_conv },
	{ "QLinearConv", 8, 9, WINDOW " group", shape_qlinear_conv, lower_qlinear_conv },
	{ "ConvInteger", 2, 4, WINDOW " group", shape_conv_integer, lower_conv_integer },
	{ "Gemm", 2, 3, "alpha beta transA transB", shape_gemm, lower_gemm },
	{ "MatMul", 2, 2, "", shape_matmul, lower_matmul },
	{ "QLinearMatMul", 8, 8, "", shape_qlinear_matmul, lower_qlinear_matmul },
	{ "MatMulInteger", 2, 4, "", shape_matmul_integer, lower_matmul_integer },

	{ "MaxPool", 1, 1, WINDOW " ceil_mode storage_order", shape_pool, lower_max_pool },
	{ "AveragePool", 1, 1, WINDOW " ceil_mode count_include_pad", shape_pool,
	  lower_average_pool },
	{ "GlobalMaxPool", 1, 1, "", shape_global_pool, lower_global_max_pool },
	{ "GlobalAveragePool", 1, 1, "", shape_global_pool, lower_global_average_pool },

	{ "Add", 2, 2, "", shape_broadcast, lower_add },
	{ "Mul", 2, 2, "", shape_broadcast, lower_mul },

	{ "Relu", 1, 1, "", shape_same, lower_relu },
	{ "Clip", 1, 3, "min max", shape_same, lower_clip },
	{ "Abs", 1, 1, "", shape_same, lower_unary },
	{ "Elu", 1, 1, "alpha", shape_same, lower_unary },
	{ "Exp", 1, 1, "", shape_same, lower_unary },
	{ "HardSigmoid", 1, 1, "alpha beta", shape_same, lower_unary },
	{ "HardSwish", 1, 1, "", shape_same, lower_unary },
	{ "LeakyRelu", 1, 1, "alpha", shape_same, lower_unary },
	{ "Neg", 1, 1, "", shape_same, lower_unary },
	{ "Sigmoid", 1, 1, "", shape_same, lower_unary },
	{ "Softplus", 1, 1, "", shape_same, lower_unary },
	{ "Sqrt", 1, 1, "", shape_same, lower_unary },
	{ "Tanh", 1, 1, "", shape_same, lower_unary },

	{ "Identity", 1, 1, "", shape_same, lower_identity },
	{ "Dropout", 1, 3, "ratio seed", shape_same, lower_identity },
	{ "Flatten", 1, 1, "axis", shape_flatten, lower_view },
	{ "Reshape", 2, 2, "allowzero", shape_reshape, lower_view },
	{ "Squeeze", 1, 2, "axes", shape_squeeze, lower_view },
	{ "Unsqueeze", 1, 2, "axes", shape_unsqueeze, lower_view },
	{ "Concat", 1, GRAPH_NODES, "axis", shape_concat, lower_concat },
	{ "Pad", 1, 3, "mode pads value", shape_pad, lower_pad },
	{ "Resize", 1, 4, "mode coordinate_transformation_mode nearest_mode cubic_coeff_a",
	  shape_resize, lower_resize },
	{ "Constant", 0, 0, "value value_float value_floats value_int value_ints",
	  shape_constant, lower_nothing },
};

const struct op *ops_find(const char *domain, const char *name)
{
	size_t i;

	if (domain[0])
		return NULL;
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (!strcmp(ops[i].name, name))
			return &ops[i];
	return NULL;
}
