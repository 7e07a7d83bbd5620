// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onnx_model.h"

static void *take(struct onnx_model *model, size_t count, size_t size)
{
	void *p = arena_alloc(&model->arena, count, size);

	if (!p)
		abort();
	return p;
}

static char *copy(struct onnx_model *model, const char *text)
{
	return memcpy(take(model, strlen(text) + 1, 1), text, strlen(text) + 1);
}

#define NEW(model, type, init) \
	({ type *message = take(model, 1, sizeof(*message)); \
	   init(message); message; })

/* Lists have room for MODEL_MOST from the start. */
#define PUSH(list, count, item) \
	do { \
		if ((count) == MODEL_MOST) \
			abort(); \
		(list)[(count)++] = (item); \
	} while (0)

void onnx_model_init(struct onnx_model *model)
{
	Onnx__OperatorSetIdProto *opset;
	Onnx__GraphProto *graph;

	memset(model, 0, sizeof(*model));
	model->proto = NEW(model, Onnx__ModelProto, onnx__model_proto__init);
	graph = NEW(model, Onnx__GraphProto, onnx__graph_proto__init);
	model->graph = graph;
	model->proto->graph = graph;
	model->proto->has_ir_version = 1;
	model->proto->ir_version = 7;
	opset = NEW(model, Onnx__OperatorSetIdProto, onnx__operator_set_id_proto__init);
	opset->domain = copy(model, "");
	opset->has_version = 1;
	opset->version = 13;
	model->proto->opset_import = take(model, 1, sizeof(void *));
	model->proto->opset_import[0] = opset;
	model->proto->n_opset_import = 1;
	model->proto->metadata_props = take(model, MODEL_MOST, sizeof(void *));
	graph->name = copy(model, "test");
	graph->node = take(model, MODEL_MOST, sizeof(void *));
	graph->initializer = take(model, MODEL_MOST, sizeof(void *));
	graph->sparse_initializer = take(model, MODEL_MOST, sizeof(void *));
	graph->input = take(model, MODEL_MOST, sizeof(void *));
	graph->output = take(model, MODEL_MOST, sizeof(void *));
}

void onnx_model_free(struct onnx_model *model)
{
	arena_free(&model->arena);
}

uint8_t *onnx_model_pack(const struct onnx_model *model, size_t *size)
{
	uint8_t *data;

	*size = onnx__model_proto__get_packed_size(model->proto);
	data = malloc(*size ? *size : 1);
	if (!data)
		abort();
	onnx__model_proto__pack(model->proto, data);
	return data;
}

static Onnx__ValueInfoProto *value_info(struct onnx_model *model,
					const char *name, int elem)
{
	Onnx__ValueInfoProto *info =
		NEW(model, Onnx__ValueInfoProto, onnx__value_info_proto__init);
	Onnx__TypeProto *type = NEW(model, Onnx__TypeProto, onnx__type_proto__init);
	Onnx__TypeProto__Tensor *tensor =
		NEW(model, Onnx__TypeProto__Tensor, onnx__type_proto__tensor__init);

	info->name = copy(model, name);
	info->type = type;
	type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
	type->tensor_type = tensor;
	tensor->has_elem_type = 1;
	tensor->elem_type = elem;
	return info;
}

void onnx_input(struct onnx_model *model, const char *name, int elem,
		unsigned int rank, const int64_t *dims)
{
	Onnx__ValueInfoProto *info = value_info(model, name, elem);
	Onnx__TensorShapeProto *shape =
		NEW(model, Onnx__TensorShapeProto, onnx__tensor_shape_proto__init);
	unsigned int i;

	info->type->tensor_type->shape = shape;
	shape->n_dim = rank;
	shape->dim = take(model, rank, sizeof(void *));
	for (i = 0; i < rank; i++) {
		Onnx__TensorShapeProto__Dimension *dim =
			NEW(model, Onnx__TensorShapeProto__Dimension,
			    onnx__tensor_shape_proto__dimension__init);

		shape->dim[i] = dim;
		if (dims[i] == -2)
			continue;
		if (dims[i] == -1) {
			dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
			dim->dim_param = copy(model, "N");
		} else {
			dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
			dim->dim_value = dims[i];
		}
	}
	PUSH(model->graph->input, model->graph->n_input, info);
}

void onnx_output(struct onnx_model *model, const char *name, int elem)
{
	PUSH(model->graph->output, model->graph->n_output,
	     value_info(model, name, elem));
}

static Onnx__TensorProto *tensor(struct onnx_model *model, const char *name,
				 int elem, unsigned int rank, const int64_t *dims)
{
	Onnx__TensorProto *proto =
		NEW(model, Onnx__TensorProto, onnx__tensor_proto__init);

	proto->name = copy(model, name);
	proto->has_data_type = 1;
	proto->data_type = elem;
	proto->n_dims = rank;
	proto->dims = take(model, rank, sizeof(*dims));
	if (rank)
		memcpy(proto->dims, dims, rank * sizeof(*dims));
	return proto;
}

static size_t elements(unsigned int rank, const int64_t *dims)
{
	size_t count = 1;

	while (rank--)
		count *= (size_t)dims[rank];
	return count;
}

static void set_ints(struct onnx_model *model, Onnx__TensorProto *proto,
		     size_t count, const int32_t *values)
{
	proto->n_int32_data = count;
	proto->int32_data = take(model, count, sizeof(*values));
	memcpy(proto->int32_data, values, count * sizeof(*values));
}

Onnx__TensorProto *onnx_floats(struct onnx_model *model, const char *name,
			       unsigned int rank, const int64_t *dims,
			       const float *values)
{
	Onnx__TensorProto *proto = tensor(model, name, FLOAT, rank, dims);

	proto->n_float_data = elements(rank, dims);
	proto->float_data = take(model, proto->n_float_data, sizeof(*values));
	memcpy(proto->float_data, values, proto->n_float_data * sizeof(*values));
	PUSH(model->graph->initializer, model->graph->n_initializer, proto);
	return proto;
}

Onnx__TensorProto *onnx_ints(struct onnx_model *model, const char *name,
			     int elem, unsigned int rank, const int64_t *dims,
			     const int32_t *values)
{
	Onnx__TensorProto *proto = tensor(model, name, elem, rank, dims);

	set_ints(model, proto, elements(rank, dims), values);
	PUSH(model->graph->initializer, model->graph->n_initializer, proto);
	return proto;
}

static Onnx__TensorProto *longs(struct onnx_model *model, const char *name,
				unsigned int rank, const int64_t *dims,
				const int64_t *values)
{
	Onnx__TensorProto *proto = tensor(model, name, INT64, rank, dims);

	proto->n_int64_data = elements(rank, dims);
	proto->int64_data = take(model, proto->n_int64_data, sizeof(*values));
	memcpy(proto->int64_data, values, proto->n_int64_data * sizeof(*values));
	return proto;
}

Onnx__TensorProto *onnx_longs(struct onnx_model *model, const char *name,
			      size_t count, const int64_t *values)
{
	const int64_t dims[] = { (int64_t)count };
	Onnx__TensorProto *proto = longs(model, name, 1, dims, values);

	PUSH(model->graph->initializer, model->graph->n_initializer, proto);
	return proto;
}

Onnx__TensorProto *onnx_raw(struct onnx_model *model, const char *name,
			    int elem, unsigned int rank, const int64_t *dims,
			    const void *data, size_t bytes)
{
	Onnx__TensorProto *proto = tensor(model, name, elem, rank, dims);

	proto->has_raw_data = 1;
	proto->raw_data.len = bytes;
	proto->raw_data.data = take(model, bytes, 1);
	memcpy(proto->raw_data.data, data, bytes);
	PUSH(model->graph->initializer, model->graph->n_initializer, proto);
	return proto;
}

void onnx_scalar(struct onnx_model *model, const char *name, float value)
{
	onnx_floats(model, name, 0, NULL, &value);
}

void onnx_scalar_int(struct onnx_model *model, const char *name, int elem,
		     int32_t value)
{
	onnx_ints(model, name, elem, 0, NULL, &value);
}

Onnx__SparseTensorProto *onnx_sparse(struct onnx_model *model, const char *name,
				     unsigned int rank, const int64_t *dims,
				     const int32_t *dense, int two_d)
{
	Onnx__SparseTensorProto *proto =
		NEW(model, Onnx__SparseTensorProto, onnx__sparse_tensor_proto__init);
	size_t all = elements(rank, dims), stored = 0, i;
	int32_t *values = take(model, all, sizeof(*values));
	int64_t *index = take(model, all * rank, sizeof(*index));
	unsigned int k;

	for (i = 0; i < all; i++) {
		size_t at = i;

		if (!dense[i])
			continue;
		for (k = rank; two_d && k--; at /= (size_t)dims[k])
			index[stored * rank + k] = (int64_t)(at % (size_t)dims[k]);
		if (!two_d)
			index[stored] = (int64_t)i;
		values[stored++] = dense[i];
	}
	proto->n_dims = rank;
	proto->dims = take(model, rank, sizeof(*dims));
	memcpy(proto->dims, dims, rank * sizeof(*dims));
	proto->values = tensor(model, name, INT32, 1,
			       (const int64_t[]){ (int64_t)stored });
	set_ints(model, proto->values, stored, values);
	proto->indices = longs(model, "", two_d ? 2 : 1,
			       (const int64_t[]){ (int64_t)stored, rank }, index);
	PUSH(model->graph->sparse_initializer,
	     model->graph->n_sparse_initializer, proto);
	return proto;
}

static size_t split(struct onnx_model *model, const char *names, char ***list)
{
	char *text = copy(model, names), *word;
	size_t count = 0;

	*list = take(model, MODEL_MOST, sizeof(char *));
	while ((word = strsep(&text, " "))) {
		if (!word[0])
			continue;
		PUSH(*list, count, strcmp(word, "-") ? word : copy(model, ""));
	}
	return count;
}

Onnx__NodeProto *onnx_node(struct onnx_model *model, const char *op,
			   const char *name, const char *inputs,
			   const char *outputs)
{
	Onnx__NodeProto *node = NEW(model, Onnx__NodeProto, onnx__node_proto__init);

	node->op_type = copy(model, op);
	node->name = copy(model, name);
	node->n_input = split(model, inputs, &node->input);
	node->n_output = split(model, outputs, &node->output);
	node->attribute = take(model, 32, sizeof(void *));
	PUSH(model->graph->node, model->graph->n_node, node);
	return node;
}

static Onnx__AttributeProto *attribute(struct onnx_model *model,
				       Onnx__NodeProto *node, const char *name,
				       Onnx__AttributeProto__AttributeType type)
{
	Onnx__AttributeProto *proto =
		NEW(model, Onnx__AttributeProto, onnx__attribute_proto__init);

	proto->name = copy(model, name);
	proto->has_type = 1;
	proto->type = type;
	node->attribute[node->n_attribute++] = proto;
	return proto;
}

void onnx_attr_int(struct onnx_model *model, Onnx__NodeProto *node,
		   const char *name, int64_t value)
{
	Onnx__AttributeProto *proto = attribute(model, node, name,
		ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);

	proto->has_i = 1;
	proto->i = value;
}

void onnx_attr_float(struct onnx_model *model, Onnx__NodeProto *node,
		     const char *name, float value)
{
	Onnx__AttributeProto *proto = attribute(model, node, name,
		ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);

	proto->has_f = 1;
	proto->f = value;
}

void onnx_attr_ints(struct onnx_model *model, Onnx__NodeProto *node,
		    const char *name, size_t count, const int64_t *values)
{
	Onnx__AttributeProto *proto = attribute(model, node, name,
		ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);

	proto->n_ints = count;
	proto->ints = take(model, count, sizeof(*values));
	memcpy(proto->ints, values, count * sizeof(*values));
}

void onnx_attr_string(struct onnx_model *model, Onnx__NodeProto *node,
		      const char *name, const char *value)
{
	Onnx__AttributeProto *proto = attribute(model, node, name,
		ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING);

	proto->has_s = 1;
	proto->s.len = strlen(value);
	proto->s.data = (uint8_t *)copy(model, value);
}

void onnx_metadata_entry(struct onnx_model *model, const char *key,
			 const char *value)
{
	Onnx__StringStringEntryProto *entry =
		NEW(model, Onnx__StringStringEntryProto,
		    onnx__string_string_entry_proto__init);

	entry->key = copy(model, key);
	entry->value = copy(model, value);
	PUSH(model->proto->metadata_props, model->proto->n_metadata_props, entry);
}

void onnx_qdq(struct onnx_model *model, const char *from, const char *name,
	      float scale, int elem, int zero_point)
{
	char s[64], z[64], q[64], in[192];

	snprintf(s, sizeof(s), "%.48s.scale", name);
	snprintf(z, sizeof(z), "%.48s.zero", name);
	snprintf(q, sizeof(q), "%.48s.q", name);
	onnx_scalar(model, s, scale);
	onnx_scalar_int(model, z, elem, zero_point);
	snprintf(in, sizeof(in), "%.60s %s %s", from, s, z);
	onnx_node(model, "QuantizeLinear", "", in, q);
	snprintf(in, sizeof(in), "%s %s %s", q, s, z);
	onnx_node(model, "DequantizeLinear", "", in, name);
}

void onnx_tiny(struct onnx_model *model)
{
	static const int64_t image[] = { -1, 2, 6, 6 };
	static const int64_t conv_dims[] = { 3, 2, 3, 3 };
	static const int64_t fc_dims[] = { 4, 27 };
	static const int64_t three[] = { 3 };
	static const int64_t pads[] = { 1, 1, 1, 1 };
	static const int64_t two[] = { 2, 2 };
	static const int32_t bias[] = { 10, -20, 30 };
	static const float scales[] = { 0.01f, 0.02f, 0.03f };
	static const float bias_scales[] = { 0.0005f, 0.001f, 0.0015f };
	Onnx__NodeProto *node;
	int32_t weights[108];
	int i;

	onnx_model_init(model);
	onnx_input(model, "image", FLOAT, 4, image);
	onnx_qdq(model, "image", "x", 0.05f, UINT8, 3);

	for (i = 0; i < 54; i++)
		weights[i] = i % 3 ? 0 : i * 7 % 400 - 200;
	onnx_sparse(model, "conv.w.q", 4, conv_dims, weights, 0);
	onnx_floats(model, "conv.w.scale", 1, three, scales);
	node = onnx_node(model, "DequantizeLinear", "conv.w",
			 "conv.w.q conv.w.scale", "conv.w");
	onnx_attr_int(model, node, "axis", 0);
	onnx_ints(model, "conv.b.q", INT32, 1, three, bias);
	onnx_floats(model, "conv.b.scale", 1, three, bias_scales);
	node = onnx_node(model, "DequantizeLinear", "conv.b",
			 "conv.b.q conv.b.scale", "conv.b");
	onnx_attr_int(model, node, "axis", 0);
	node = onnx_node(model, "Conv", "conv", "x conv.w conv.b", "conv.out");
	onnx_attr_ints(model, node, "pads", 4, pads);
	onnx_node(model, "Relu", "relu", "conv.out", "relu.out");
	onnx_qdq(model, "relu.out", "y", 0.1f, UINT8, 0);
	node = onnx_node(model, "MaxPool", "pool", "y", "pool.out");
	onnx_attr_ints(model, node, "kernel_shape", 2, two);
	onnx_attr_ints(model, node, "strides", 2, two);
	onnx_node(model, "Flatten", "flatten", "pool.out", "flat");

	for (i = 0; i < 108; i++)
		weights[i] = i * 11 % 255 - 127;
	onnx_ints(model, "fc.w.q", INT8, 2, fc_dims, weights);
	onnx_scalar(model, "fc.w.scale", 0.02f);
	onnx_node(model, "DequantizeLinear", "fc.w", "fc.w.q fc.w.scale", "fc.w");
	node = onnx_node(model, "Gemm", "fc", "flat fc.w", "logits");
	onnx_attr_int(model, node, "transB", 1);
	onnx_output(model, "logits", FLOAT);
	onnx_metadata_entry(model, "lutna.classes", "a,b,c,d");
}
