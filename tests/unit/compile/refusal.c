// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <string.h>

#include "refusal.h"

static Onnx__NodeProto *node_named(struct onnx_model *model, const char *name)
{
	size_t i;

	for (i = 0; i < model->graph->n_node; i++)
		if (!strcmp(model->graph->node[i]->name, name))
			return model->graph->node[i];
	return NULL;
}

static Onnx__TensorProto *tensor_named(struct onnx_model *model, const char *name)
{
	size_t i;

	for (i = 0; i < model->graph->n_initializer; i++)
		if (!strcmp(model->graph->initializer[i]->name, name))
			return model->graph->initializer[i];
	return NULL;
}

static Onnx__SparseTensorProto *sparse(struct onnx_model *model)
{
	return model->graph->sparse_initializer[0];
}

static Onnx__TensorShapeProto__Dimension *input_dim(struct onnx_model *model,
						    int i)
{
	return model->graph->input[0]->type->tensor_type->shape->dim[i];
}

static void set_dim(struct onnx_model *model, int i, int64_t value)
{
	Onnx__TensorShapeProto__Dimension *dim = input_dim(model, i);

	dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
	dim->dim_value = value;
}

static void unknown_operator(struct onnx_model *m)
{
	node_named(m, "relu")->op_type = "FancyOp";
}

static void foreign_operator(struct onnx_model *m)
{
	node_named(m, "relu")->domain = "com.example";
}

static void escape_in_name(struct onnx_model *m)
{
	node_named(m, "relu")->name = "re\033[2Jlu\nx";
	node_named(m, "re\033[2Jlu\nx")->op_type = "Fancy\rOp";
}

static void cycle(struct onnx_model *m)
{
	node_named(m, "pool")->input[0] = "flat";
}

static void self_cycle(struct onnx_model *m)
{
	node_named(m, "relu")->input[0] = "relu.out";
}

static void missing_initializer(struct onnx_model *m)
{
	node_named(m, "conv")->input[1] = "nowhere";
}

static void missing_input(struct onnx_model *m)
{
	node_named(m, "conv")->n_input = 1;
}

static void no_result_name(struct onnx_model *m)
{
	node_named(m, "flatten")->n_output = 0;
}

static void defined_twice(struct onnx_model *m)
{
	node_named(m, "relu")->output[0] = "conv.out";
}

static void weight_too_wide(struct onnx_model *m)
{
	sparse(m)->values->int32_data[3] = 256;
}

static void weight_too_negative(struct onnx_model *m)
{
	sparse(m)->values->int32_data[0] = -257;
}

static void index_outside(struct onnx_model *m)
{
	Onnx__TensorProto *indices = sparse(m)->indices;

	indices->int64_data[indices->n_int64_data - 1] = 54;
}

static void index_negative(struct onnx_model *m)
{
	sparse(m)->indices->int64_data[0] = -1;
}

static void index_order(struct onnx_model *m)
{
	sparse(m)->indices->int64_data[1] = sparse(m)->indices->int64_data[0];
}

static void index_count(struct onnx_model *m)
{
	sparse(m)->indices->dims[0]--;
	sparse(m)->indices->n_int64_data--;
}

static void index_oversized(struct onnx_model *m)
{
	sparse(m)->indices->dims[0] = INT64_C(1) << 40;
}

static void index_width(struct onnx_model *m)
{
	Onnx__TensorProto *indices = sparse(m)->indices;

	indices->n_dims = 2;
	indices->dims[1] = 3;
}

static void sparse_crowded(struct onnx_model *m)
{
	sparse(m)->dims[0] = 1;
	sparse(m)->dims[1] = 1;
	sparse(m)->dims[2] = 1;
}

static void sparse_huge(struct onnx_model *m)
{
	sparse(m)->dims[0] = 65535;
	sparse(m)->dims[1] = 65535;
}

static void sparse_negative(struct onnx_model *m)
{
	sparse(m)->dims[0] = -3;
}

static void sparse_without_values(struct onnx_model *m)
{
	sparse(m)->indices = NULL;
}

static void short_data(struct onnx_model *m)
{
	tensor_named(m, "fc.w.q")->n_int32_data--;
}

static void short_raw_data(struct onnx_model *m)
{
	static uint8_t bytes[107];
	Onnx__TensorProto *t = tensor_named(m, "fc.w.q");

	t->n_int32_data = 0;
	t->has_raw_data = 1;
	t->raw_data.data = bytes;
	t->raw_data.len = sizeof(bytes);
}

static void value_beyond_type(struct onnx_model *m)
{
	tensor_named(m, "fc.w.q")->int32_data[5] = 200;
}

static void element_type(struct onnx_model *m)
{
	tensor_named(m, "fc.w.q")->data_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16;
}

static void external_data(struct onnx_model *m)
{
	Onnx__TensorProto *t = tensor_named(m, "fc.w.q");

	t->has_data_location = 1;
	t->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
}

static void too_many_dims(struct onnx_model *m)
{
	static int64_t dims[] = { 1, 1, 1, 1, 1, 1, 1, 4, 27 };
	Onnx__TensorProto *t = tensor_named(m, "fc.w.q");

	t->n_dims = 9;
	t->dims = dims;
}

static void channels_do_not_fit(struct onnx_model *m)
{
	set_dim(m, 1, 3);
}

static void matrix_does_not_fit(struct onnx_model *m)
{
	set_dim(m, 2, 8);
}

static void kernel_too_large(struct onnx_model *m)
{
	set_dim(m, 2, 1);
	node_named(m, "conv")->n_attribute = 0;
}

static void open_dimension(struct onnx_model *m)
{
	input_dim(m, 3)->value_case =
		ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE__NOT_SET;
}

static void zero_dimension(struct onnx_model *m)
{
	set_dim(m, 2, 0);
}

static void negative_dimension(struct onnx_model *m)
{
	set_dim(m, 2, -5);
}

static void giant_dimension(struct onnx_model *m)
{
	set_dim(m, 2, INT64_MAX);
}

static void large_image(struct onnx_model *m)
{
	set_dim(m, 2, 65535);
	set_dim(m, 3, 65535);
}

static void batch_too_large(struct onnx_model *m)
{
	set_dim(m, 0, 70000);
}

static void fixed_batch(struct onnx_model *m)
{
	set_dim(m, 0, 7);
}

static void no_shape(struct onnx_model *m)
{
	m->graph->input[0]->type->tensor_type->shape = NULL;
}

static void not_a_tensor(struct onnx_model *m)
{
	m->graph->input[0]->type = NULL;
}

static void not_quantised(struct onnx_model *m)
{
	node_named(m, "conv")->input[0] = "image";
}

static void float_weights(struct onnx_model *m)
{
	node_named(m, "fc")->input[1] = "fc.w.scale";
}

static void weights_not_constant(struct onnx_model *m)
{
	static const int64_t dims[] = { -1, 27 };

	onnx_input(m, "given", UINT8, 2, dims);
	node_named(m, "fc.w")->input[0] = "given";
}

static void output_behind_relu(struct onnx_model *m)
{
	node_named(m, "fc")->output[0] = "before";
	onnx_node(m, "Relu", "last", "before", "logits");
}

static void no_such_output(struct onnx_model *m)
{
	m->graph->output[0]->name = "elsewhere";
}

static void no_output(struct onnx_model *m)
{
	m->graph->n_output = 0;
}

static void output_is_input(struct onnx_model *m)
{
	m->graph->output[0]->name = "image";
}

static void no_graph(struct onnx_model *m)
{
	m->proto->graph = NULL;
}

static void no_opset(struct onnx_model *m)
{
	m->proto->n_opset_import = 0;
}

static void future_opset(struct onnx_model *m)
{
	m->proto->opset_import[0]->version = 99;
}

static void unknown_attribute(struct onnx_model *m)
{
	onnx_attr_int(m, node_named(m, "conv"), "turbo", 1);
}

static void attribute_type(struct onnx_model *m)
{
	Onnx__AttributeProto *a = node_named(m, "conv")->attribute[0];

	a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
	a->n_ints = 0;
	a->has_f = 1;
}

static void pads_count(struct onnx_model *m)
{
	node_named(m, "conv")->attribute[0]->n_ints = 3;
}

static void pads_negative(struct onnx_model *m)
{
	node_named(m, "conv")->attribute[0]->ints[2] = -1;
}

static void stride_zero(struct onnx_model *m)
{
	node_named(m, "pool")->attribute[1]->ints[0] = 0;
}

static void groups_zero(struct onnx_model *m)
{
	onnx_attr_int(m, node_named(m, "conv"), "group", 0);
}

static void groups_do_not_divide(struct onnx_model *m)
{
	onnx_attr_int(m, node_named(m, "conv"), "group", 2);
}

static void scale_zero(struct onnx_model *m)
{
	tensor_named(m, "x.scale")->float_data[0] = 0;
}

static void scale_nan(struct onnx_model *m)
{
	tensor_named(m, "y.scale")->float_data[0] = NAN;
}

static void scale_negative(struct onnx_model *m)
{
	tensor_named(m, "conv.w.scale")->float_data[1] = -1;
}

static void scales_far_apart(struct onnx_model *m)
{
	tensor_named(m, "y.scale")->float_data[0] = 1e-20f;
}

static void bias_too_large(struct onnx_model *m)
{
	tensor_named(m, "conv.b.q")->int32_data[1] = INT32_MAX;
}

/* All is well but for images that are white all over. */
static void sum_too_large(struct onnx_model *m)
{
	tensor_named(m, "conv.b.q")->int32_data[1] = INT32_MAX - 5000;
}

static void sum_too_small(struct onnx_model *m)
{
	tensor_named(m, "conv.b.q")->int32_data[1] = INT32_MIN + 20000;
}

static void bias_scale_tiny(struct onnx_model *m)
{
	tensor_named(m, "conv.b.scale")->float_data[0] = 1e30f;
}

static void bias_length(struct onnx_model *m)
{
	Onnx__TensorProto *t = tensor_named(m, "conv.b.q");

	t->dims[0] = 2;
	t->n_int32_data = 2;
}

static void weight_scales_length(struct onnx_model *m)
{
	Onnx__TensorProto *t = tensor_named(m, "conv.w.scale");

	t->dims[0] = 2;
	t->n_float_data = 2;
}

static void zero_point_type(struct onnx_model *m)
{
	tensor_named(m, "y.zero")->data_type = INT32;
}

static void mixed_batch(struct onnx_model *m)
{
	static const int64_t shape[] = { -1, 27 };
	Onnx__NodeProto *node = node_named(m, "pool");

	onnx_longs(m, "shape", 2, shape);
	node->op_type = "Reshape";
	node->n_attribute = 0;
	node->n_input = 2;
	node->input[1] = "shape";
}

static void metadata_bits(struct onnx_model *m)
{
	onnx_metadata_entry(m, "lutna.weight_bits", "4");
}

const struct refusal refusals[] = {
	{ "an unknown operator", unknown_operator,
	  { "node 'relu' (FancyOp)", "not supported" } },
	{ "an operator of another domain", foreign_operator,
	  { "node 'relu' (Relu)", "com.example" } },
	{ "a name with terminal escapes", escape_in_name,
	  { "node 're?[2Jlu?x' (Fancy?Op)", "not supported" } },
	{ "nodes in a circle", cycle, { "node '", "depends on its own result" } },
	{ "a node that feeds itself", self_cycle,
	  { "node 'relu' (Relu)", "depends on its own result" } },
	{ "a missing initialiser", missing_initializer,
	  { "node 'conv' (Conv)", "'nowhere'" } },
	{ "a missing input", missing_input, { "node 'conv' (Conv)", "missing" } },
	{ "a node without a result", no_result_name, { NULL, "'flat'" } },
	{ "a value defined twice", defined_twice, { "'conv.out'", "more than once" } },
	{ "a weight of 256", weight_too_wide, { "node 'conv' (Conv)", "256" } },
	{ "a weight of -257", weight_too_negative, { "node 'conv' (Conv)", "-257" } },
	{ "a sparse index outside", index_outside, { "'conv.w.q'", "outside" } },
	{ "a negative sparse index", index_negative, { "'conv.w.q'", "outside" } },
	{ "sparse indices that do not increase", index_order,
	  { "'conv.w.q'", "not above" } },
	{ "too few sparse indices", index_count, { "'conv.w.q'", "indices" } },
	{ "an oversized list of sparse indices", index_oversized,
	  { "'conv.w.q'", "1099511627776" } },
	{ "sparse indices of the wrong width", index_width, { "'conv.w.q'", NULL } },
	{ "more sparse values than elements", sparse_crowded,
	  { "'conv.w.q'", "values in a shape of" } },
	{ "a sparse tensor that is huge", sparse_huge, { "'conv.w.q'", "more than" } },
	{ "a sparse tensor of a negative size", sparse_negative,
	  { "'conv.w.q'", "negative" } },
	{ "a sparse tensor without indices", sparse_without_values,
	  { "'conv.w.q'", "indices" } },
	{ "data that is too short", short_data, { "'fc.w.q'", "107" } },
	{ "raw data that is too short", short_raw_data, { "'fc.w.q'", "107 bytes" } },
	{ "a value that its type cannot hold", value_beyond_type,
	  { "'fc.w.q'", "200" } },
	{ "an element type that is not supported", element_type,
	  { "'fc.w.q'", "element type" } },
	{ "data in another file", external_data, { "'fc.w.q'", "another file" } },
	{ "a tensor of nine dimensions", too_many_dims, { "'fc.w.q'", "9 dimensions" } },
	{ "channels that do not fit", channels_do_not_fit,
	  { "node 'conv' (Conv)", "channels" } },
	{ "a matrix that does not fit", matrix_does_not_fit,
	  { "node 'fc' (Gemm)", "matrices" } },
	{ "a kernel larger than its input", kernel_too_large,
	  { "node 'conv' (Conv)", "larger than" } },
	{ "a dimension that is open", open_dimension, { "'image'", "dimension 3" } },
	{ "a dimension of 0", zero_dimension, { "'image'", "dimension 2 is 0" } },
	{ "a negative dimension", negative_dimension, { "'image'", "dimension 2 is -5" } },
	{ "a dimension of 2^63 - 1", giant_dimension, { NULL, NULL } },
	{ "an image of 4 gigapixels", large_image, { NULL, NULL } },
	{ "a batch of 70000", batch_too_large, { NULL, "70000" } },
	{ "another batch than the fixed one", fixed_batch, { NULL, "fixes its batch at 7" } },
	{ "an input without a shape", no_shape, { "'image'", "shape" } },
	{ "an input that is no tensor", not_a_tensor, { "'image'", "tensor" } },
	{ "a convolution of what is not quantised", not_quantised,
	  { "node 'conv' (Conv)", "'image' is not quantised" } },
	{ "weights that are not quantised", float_weights,
	  { "node 'fc' (Gemm)", NULL } },
	{ "weights that are not constant", weights_not_constant,
	  { "node 'fc' (Gemm)", "'fc.w' are not quantised constants" } },
	{ "an output behind an activation function", output_behind_relu,
	  { "'logits'", "activation function" } },
	{ "an output that nobody gives", no_such_output, { "'elsewhere'", NULL } },
	{ "a graph without an output", no_output, { NULL, "no output" } },
	{ "an output that is an input", output_is_input, { "'image'", NULL } },
	{ "a model without a graph", no_graph, { NULL, "no graph" } },
	{ "a model without an operator set", no_opset, { NULL, "operator set" } },
	{ "an operator set of the future", future_opset, { NULL, "operator set 99" } },
	{ "an unknown attribute", unknown_attribute,
	  { "node 'conv' (Conv)", "'turbo'" } },
	{ "an attribute of the wrong type", attribute_type,
	  { "node 'conv' (Conv)", "pads" } },
	{ "too few pads", pads_count, { "node 'conv' (Conv)", "pads has 3" } },
	{ "negative pads", pads_negative, { "node 'conv' (Conv)", "pads -1" } },
	{ "a stride of 0", stride_zero, { "node 'pool' (MaxPool)", "strides 0" } },
	{ "no groups at all", groups_zero, { "node 'conv' (Conv)", "groups" } },
	{ "groups that do not divide", groups_do_not_divide,
	  { "node 'conv' (Conv)", "groups" } },
	{ "a scale of 0", scale_zero, { "(QuantizeLinear)", "scale" } },
	{ "a scale that is not a number", scale_nan, { "(QuantizeLinear)", "scale" } },
	{ "a negative scale of weights", scale_negative,
	  { "node 'conv' (Conv)", "scale 1" } },
	{ "scales too far apart", scales_far_apart,
	  { "node 'conv' (Conv)", "too far apart" } },
	{ "a bias that could overflow", bias_too_large,
	  { "node 'conv' (Conv)", "32 bits" } },
	{ "a sum that could overflow", sum_too_large,
	  { "node 'conv' (Conv)", "32 bits" } },
	{ "a sum that could overflow downwards", sum_too_small,
	  { "node 'conv' (Conv)", "32 bits" } },
	{ "a bias beyond the accumulator", bias_scale_tiny,
	  { "node 'conv' (Conv)", "32 bits" } },
	{ "a bias of the wrong length", bias_length, { "node 'conv' (Conv)", "bias" } },
	{ "scales of the wrong number", weight_scales_length,
	  { "node 'conv' (Conv)", "scales" } },
	{ "a zero point of another type", zero_point_type, { "(QuantizeLinear)", "uint8" } },
	{ "a reshape across images", mixed_batch, { "node 'pool' (Reshape)", "batch" } },
	{ "weights wider than the metadata says", metadata_bits,
	  { "node 'conv' (Conv)", "lutna.weight_bits" } },
};

const size_t refusal_count = sizeof(refusals) / sizeof(refusals[0]);
