// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "onnx_load.h"
#include "ops.h"

/*
 * Where a value comes from.  In models of old an initialiser was listed among
 * the inputs too, as their default; it is a constant then.
 */
enum origin { FROM_INPUT, FROM_INITIALIZER, FROM_SPARSE, FROM_NODE };

struct definition {
	const char *name;
	enum origin origin;
	const void *proto;
	int producer;
};

static int by_name(const void *a, const void *b)
{
	const struct definition *x = a, *y = b;
	int way = strcmp(x->name, y->name);

	return way ? way : (int)y->origin - (int)x->origin;
}

static const char *text(const char *string)
{
	return string ? string : "";
}

static size_t count_definitions(const Onnx__GraphProto *proto)
{
	size_t count = proto->n_input + proto->n_initializer +
		       proto->n_sparse_initializer;
	size_t i;

	for (i = 0; i < proto->n_node; i++)
		count += proto->node[i]->n_output;
	return count;
}

static void add(struct definition *all, size_t *count, const char *name,
		enum origin origin, const void *proto, int producer)
{
	struct definition *one = &all[(*count)++];

	one->name = name;
	one->origin = origin;
	one->proto = proto;
	one->producer = producer;
}

/* Everything that gives a value a name; "" is no name. */
static size_t list_definitions(const Onnx__GraphProto *proto,
			       struct definition *all)
{
	size_t count = 0, i, k;

	for (i = 0; i < proto->n_input; i++)
		if (text(proto->input[i]->name)[0])
			add(all, &count, proto->input[i]->name, FROM_INPUT,
			    proto->input[i], -1);
	for (i = 0; i < proto->n_initializer; i++)
		if (text(proto->initializer[i]->name)[0])
			add(all, &count, proto->initializer[i]->name,
			    FROM_INITIALIZER, proto->initializer[i], -1);
	for (i = 0; i < proto->n_sparse_initializer; i++) {
		const Onnx__TensorProto *values =
			proto->sparse_initializer[i]->values;

		if (values && text(values->name)[0])
			add(all, &count, values->name, FROM_SPARSE,
			    proto->sparse_initializer[i], -1);
	}
	for (i = 0; i < proto->n_node; i++)
		for (k = 0; k < proto->node[i]->n_output; k++)
			if (text(proto->node[i]->output[k])[0])
				add(all, &count, proto->node[i]->output[k],
				    FROM_NODE, proto->node[i], (int)i);
	return count;
}

static int read_input(struct graph *graph, struct value *value,
		      const Onnx__ValueInfoProto *proto)
{
	const Onnx__TypeProto__Tensor *type;
	size_t i;

	if (!proto->type ||
	    proto->type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE)
		return diag_tensor(graph->diag, value->name,
				   "an input must be a tensor");
	type = proto->type->tensor_type;
	if (!type->shape)
		return diag_tensor(graph->diag, value->name,
				   "an input must have a shape");
	if (type->shape->n_dim > GRAPH_RANK)
		return diag_tensor(graph->diag, value->name,
				   "%zu dimensions, at most %d are supported",
				   type->shape->n_dim, GRAPH_RANK);
	value->elem = type->elem_type;
	value->rank = (unsigned int)type->shape->n_dim;
	for (i = 0; i < type->shape->n_dim; i++) {
		const Onnx__TensorShapeProto__Dimension *dim =
			type->shape->dim[i];

		/* Not a number: 0 here, which shape.c gives a meaning. */
		if (dim->value_case ==
		    ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE) {
			if (dim->dim_value < 1)
				return diag_tensor(graph->diag, value->name,
						   "dimension %zu is %" PRId64,
						   i, dim->dim_value);
			value->dims[i] = dim->dim_value;
		}
	}
	value->is_input = true;
	return 0;
}

static int read_value(struct graph *graph, struct value *value,
		      const struct definition *from)
{
	int err = 0;

	value->name = from->name;
	value->producer = from->producer;
	switch (from->origin) {
	case FROM_INPUT:
		return read_input(graph, value, from->proto);
	case FROM_INITIALIZER:
		err = onnx_constant(graph, value->name, from->proto,
				    &value->constant);
		break;
	case FROM_SPARSE:
		err = onnx_sparse_constant(graph, value->name, from->proto,
					   &value->constant);
		break;
	case FROM_NODE:
		return 0;
	}
	if (err)
		return err;
	value->elem = value->constant->elem;
	value->rank = value->constant->rank;
	memcpy(value->dims, value->constant->dims, sizeof(value->dims));
	value->shaped = true;
	return 0;
}

static int read_values(struct graph *graph, const Onnx__GraphProto *proto)
{
	size_t count = count_definitions(proto), i;
	struct definition *all;
	int err;

	all = arena_alloc(graph->arena, count, sizeof(*all));
	graph->values = arena_alloc(graph->arena, count, sizeof(*graph->values));
	if (!all || !graph->values)
		return diag_no_memory(graph->diag);
	count = list_definitions(proto, all);
	qsort(all, count, sizeof(*all), by_name);
	for (i = 0; i < count; i++) {
		const struct definition *before = i ? &all[i - 1] : NULL;

		if (before && !strcmp(before->name, all[i].name)) {
			if (all[i].origin == FROM_INPUT &&
			    (before->origin == FROM_INITIALIZER ||
			     before->origin == FROM_SPARSE))
				continue;
			return diag_tensor(graph->diag, all[i].name,
					   "is defined more than once");
		}
		err = read_value(graph, &graph->values[graph->n_values], &all[i]);
		if (err)
			return err;
		graph->n_values++;
	}
	return 0;
}

static int *read_names(struct graph *graph, const struct node *node,
		       char *const *names, size_t count)
{
	int *list = arena_alloc(graph->arena, count, sizeof(*list));
	size_t i;

	if (!list) {
		diag_no_memory(graph->diag);
		return NULL;
	}
	for (i = 0; i < count; i++) {
		const struct value *value;
		char name[DIAG_NAME];

		list[i] = -1;
		if (!text(names[i])[0])
			continue;
		value = graph_find(graph, names[i]);
		if (!value) {
			diag_node(graph->diag, node,
				  "input '%s' is neither an initializer nor an input nor another node's output",
				  diag_clean(name, names[i]));
			return NULL;
		}
		list[i] = (int)(value - graph->values);
	}
	return list;
}

static int read_node(struct graph *graph, struct node *node,
		     const Onnx__NodeProto *proto)
{
	node->proto = proto;
	node->op = text(proto->op_type);
	node->domain = text(proto->domain);
	if (!strcmp(node->domain, "ai.onnx"))
		node->domain = "";
	node->name = text(proto->name);
	if (!node->name[0] && proto->n_output)
		node->name = text(proto->output[0]);
	if (proto->n_input > GRAPH_NODES || proto->n_output > GRAPH_NODES)
		return diag_node(graph->diag, node, "too many inputs or outputs");
	node->n_in = (unsigned int)proto->n_input;
	node->n_out = (unsigned int)proto->n_output;
	node->in = read_names(graph, node, proto->input, proto->n_input);
	if (!node->in)
		return -EINVAL;
	node->out = read_names(graph, node, proto->output, proto->n_output);
	if (!node->out)
		return -EINVAL;
	return 0;
}

static int read_nodes(struct graph *graph, const Onnx__GraphProto *proto)
{
	size_t i;
	int err;

	if (proto->n_node > GRAPH_NODES)
		return diag_file(graph->diag, -EOPNOTSUPP,
				 "%zu nodes, at most %d are supported",
				 proto->n_node, GRAPH_NODES);
	graph->nodes = arena_alloc(graph->arena, proto->n_node,
				   sizeof(*graph->nodes));
	if (!graph->nodes)
		return diag_no_memory(graph->diag);
	for (i = 0; i < proto->n_node; i++) {
		err = read_node(graph, &graph->nodes[i], proto->node[i]);
		if (err)
			return err;
		graph->n_nodes++;
	}
	return 0;
}

static int read_interface(struct graph *graph, const Onnx__GraphProto *proto)
{
	size_t i;

	graph->inputs = arena_alloc(graph->arena, proto->n_input,
				    sizeof(*graph->inputs));
	graph->outputs = arena_alloc(graph->arena, proto->n_output,
				     sizeof(*graph->outputs));
	if (!graph->inputs || !graph->outputs)
		return diag_no_memory(graph->diag);
	for (i = 0; i < proto->n_input; i++) {
		struct value *value = graph_find(graph,
						 text(proto->input[i]->name));

		if (!value || !value->is_input)
			continue;
		value->input_index = graph->n_inputs;
		graph->inputs[graph->n_inputs++] = (int)(value - graph->values);
	}
	for (i = 0; i < proto->n_output; i++) {
		struct value *value = graph_find(graph,
						 text(proto->output[i]->name));

		if (!value)
			return diag_tensor(graph->diag,
					   text(proto->output[i]->name),
					   "no node gives this output");
		if (value->is_output)
			return diag_tensor(graph->diag, value->name,
					   "is listed as an output twice");
		value->is_output = true;
		graph->outputs[graph->n_outputs++] = (int)(value - graph->values);
	}
	if (!graph->n_outputs)
		return diag_file(graph->diag, -EINVAL, "the graph has no output");
	return 0;
}

static int read_opset(struct graph *graph, const Onnx__ModelProto *model)
{
	size_t i;

	for (i = 0; i < model->n_opset_import; i++) {
		const char *domain = text(model->opset_import[i]->domain);

		if (!domain[0] || !strcmp(domain, "ai.onnx"))
			graph->opset = model->opset_import[i]->version;
	}
	if (graph->opset < OPS_OPSET_MIN || graph->opset > OPS_OPSET_MAX)
		return diag_file(graph->diag, -EOPNOTSUPP,
				 "operator set %" PRId64
				 " is not supported (%d to %d are)",
				 graph->opset, OPS_OPSET_MIN, OPS_OPSET_MAX);
	return 0;
}

static int read_model(struct graph *graph, const Onnx__ModelProto *model)
{
	int err;

	if (!model->graph)
		return diag_file(graph->diag, -EINVAL,
				 "not an ONNX model: it has no graph");
	graph->name = text(model->graph->name);
	err = read_opset(graph, model);
	if (err)
		return err;
	err = read_values(graph, model->graph);
	if (err)
		return err;
	err = read_nodes(graph, model->graph);
	if (err)
		return err;
	return read_interface(graph, model->graph);
}

int onnx_load(struct graph *graph, const void *data, size_t size)
{
	switch (onnx_check_nesting(data, size)) {
	case 0:
		break;
	case -ELOOP:
		return diag_file(graph->diag, -EINVAL,
				 "not an ONNX model that can be read: nested too deeply");
	default:
		return diag_file(graph->diag, -EINVAL,
				 "not an ONNX model that can be read: too many parts");
	}
	graph->proto = onnx__model_proto__unpack(NULL, size, data);
	if (!graph->proto)
		return diag_file(graph->diag, -EINVAL,
				 "not an ONNX model, or cut short");
	return read_model(graph, graph->proto);
}

const char *onnx_metadata(const struct graph *graph, const char *key)
{
	const Onnx__ModelProto *model = graph->proto;
	size_t i;

	for (i = 0; i < model->n_metadata_props; i++)
		if (!strcmp(text(model->metadata_props[i]->key), key))
			return text(model->metadata_props[i]->value);
	return NULL;
}

void onnx_unload(struct graph *graph)
{
	if (graph->proto)
		onnx__model_proto__free_unpacked(graph->proto, NULL);
	graph->proto = NULL;
}
