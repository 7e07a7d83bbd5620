// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <onnx/onnx.pb-c.h>

#include "lower.h"
#include "onnx_load.h"
#include "ops.h"
#include "widths.h"

struct form *lower_in(const struct lowering *lowering, const struct node *node,
		      unsigned int index)
{
	if (index >= node->n_in || node->in[index] < 0)
		return NULL;
	return &lowering->forms[node->in[index]];
}

struct form *lower_out(const struct lowering *lowering, const struct node *node)
{
	return &lowering->forms[node->out[0]];
}

static int shape_to_dims(const struct lowering *lowering,
			 const struct value *value, uint32_t dims[3])
{
	/* Rank 3 is one row of columns. */
	static const int place[5][3] = {
		{ 0 }, { 0 }, { 1 }, { 1, 0, 2 }, { 1, 2, 3 },
	};
	int i;

	if (!value->rank || value->rank > 4 ||
	    value->dims[0] != lowering->graph->batch)
		return -EINVAL;
	for (i = 0; i < 3; i++) {
		int at = place[value->rank][i];

		if (at && value->dims[at] > PROGRAM_DIM_MAX)
			return -EINVAL;
		dims[i] = at ? (uint32_t)value->dims[at] : 1;
	}
	return 0;
}

int lower_dims(const struct lowering *lowering, const struct node *node,
	       const struct value *value, uint32_t dims[3])
{
	char text[SHAPE_TEXT], name[DIAG_NAME];

	if (!shape_to_dims(lowering, value, dims))
		return 0;
	return diag_node(lowering->graph->diag, node,
			 "shape %s of '%s' is not supported: the batch (%" PRIu32
			 ") and at most three dimensions of at most %d are",
			 shape_text(text, value->dims, value->rank),
			 diag_clean(name, value->name), lowering->graph->batch,
			 PROGRAM_DIM_MAX);
}

int lower_grid(const struct lowering *lowering, const struct node *node,
	       unsigned int index, struct operand *out)
{
	const struct form *form = lower_in(lowering, node, index);
	char name[DIAG_NAME];

	if (form && form->kind == FORM_GRID) {
		*out = form->grid;
		return 0;
	}
	return diag_node(lowering->graph->diag, node,
			 "input '%s' is not quantised; QuantizeLinear and DequantizeLinear are needed in front of it",
			 diag_clean(name, node_in(lowering->graph, node, index)->name));
}

void lower_set_tensor(struct lowering *lowering, const struct node *node,
		      int index)
{
	const struct tensor *tensor = &lowering->program->tensors[index];
	struct form *form = lower_out(lowering, node);

	form->kind = FORM_GRID;
	form->grid.tensor = index;
	form->grid.scale = tensor->scale;
	form->grid.zero_point = tensor->zero_point;
}

struct expr *lower_expr(struct lowering *lowering, const struct node *node,
			enum expr_kind kind)
{
	struct expr *expr = arena_alloc(lowering->graph->arena, 1, sizeof(*expr));
	struct form *form = lower_out(lowering, node);

	if (!expr) {
		diag_no_memory(lowering->graph->diag);
		return NULL;
	}
	expr->kind = kind;
	expr->node = node;
	expr->a.tensor = -1;
	expr->b.tensor = -1;
	expr->low = -__builtin_inf();
	expr->high = __builtin_inf();
	form->kind = FORM_EXPR;
	form->expr = expr;
	return expr;
}

int lower_scale(const struct lowering *lowering, const struct node *node,
		unsigned int index, float *scale)
{
	const struct value *value = node_in(lowering->graph, node, index);
	const struct constant *constant = value ? value->constant : NULL;

	if (!constant || !constant->f || constant->index ||
	    constant->elements != 1)
		return diag_node(lowering->graph->diag, node,
				 "input %u, a scale, must be one constant float",
				 index);
	if (!(constant->f[0] > 0) || !__builtin_isfinite(constant->f[0]))
		return diag_node(lowering->graph->diag, node,
				 "scale %g is not a positive number",
				 (double)constant->f[0]);
	*scale = constant->f[0];
	return 0;
}

int lower_zero_point(const struct lowering *lowering, const struct node *node,
		     unsigned int index, int elem, int *zero_point)
{
	const struct value *value = node_in(lowering->graph, node, index);
	int shift = elem == ONNX__TENSOR_PROTO__DATA_TYPE__INT8 ? 128 : 0;

	if (!shift && elem != ONNX__TENSOR_PROTO__DATA_TYPE__UINT8)
		return diag_node(lowering->graph->diag, node,
				 "only uint8 and int8 are supported as quantised types");
	*zero_point = shift;
	if (!value)
		return 0;
	if (!value->constant || !value->constant->i || value->constant->index ||
	    value->constant->elements != 1 || value->constant->elem != elem)
		return diag_node(lowering->graph->diag, node,
				 "input %u, a zero point, must be one constant of the quantised type",
				 index);
	*zero_point = shift + value->constant->i[0];
	return 0;
}

int lower_copy(struct lowering *lowering, const struct node *node, int from,
	       int into)
{
	struct command *command = program_command(lowering->program, LUTNA_OP_COPY,
						  node->name, node->op);

	if (!command)
		return -ENOMEM;
	command->a.tensor = from;
	command->out = into;
	command->copy.repeat[WINDOW_H] = 1;
	command->copy.repeat[WINDOW_W] = 1;
	return 0;
}

struct precision lower_precision(struct lowering *lowering,
				 const struct node *node)
{
	long index;

	if (!lowering->precision)
		return (struct precision){ .act_bits = 0 };
	index = precision_find(lowering->precision, node->name);
	if (index < 0)
		return lowering->precision->rest;
	lowering->named[index] = true;
	return lowering->precision->layers[index].precision;
}

void lower_read_grid(const struct lowering *lowering, struct operand *operand)
{
	const struct tensor *tensor =
		&lowering->program->tensors[operand->tensor];
	const struct grid grid = widths_grid(operand->scale, operand->zero_point,
					     8u - tensor->shift);

	operand->scale = grid.scale;
	operand->zero_point = grid.zero_point;
}

struct grid lower_result_grid(const struct lowering *lowering,
			      const struct value *value, const struct form *form,
			      float scale, int zero_point)
{
	unsigned int bits = lowering->wants[value - lowering->graph->values];
	const struct tensor *from;

	/* Bits that are gone do not come back on the same grid. */
	if (form->kind == FORM_GRID) {
		from = &lowering->program->tensors[form->grid.tensor];
		if (form->grid.scale == ldexpf(scale, from->shift) &&
		    (!bits || bits > 8u - from->shift))
			bits = 8u - from->shift;
	}
	return widths_grid(scale, zero_point, bits ? bits : PRECISION_ACT_MAX);
}

int lower_nothing(struct lowering *lowering, const struct node *node)
{
	return 0;
}

static void set_port(struct port *port, const struct value *value, int tensor)
{
	unsigned int i;

	port->name = value->name;
	port->tensor = tensor;
	port->rank = value->rank - 1;
	for (i = 1; i < value->rank; i++)
		port->dims[i - 1] = (uint32_t)value->dims[i];
}

int lower_bind_input(struct lowering *lowering, const struct value *value)
{
	struct program *program = lowering->program;
	struct port *port = &program->inputs[value->input_index];
	uint32_t dims[3];
	int storage, tensor;

	if (port->name)
		return port->tensor;
	if (shape_to_dims(lowering, value, dims))
		return diag_tensor(lowering->graph->diag, value->name,
				   "an input must have the batch and at most three dimensions of at most %d",
				   PROGRAM_DIM_MAX);
	storage = program_storage(program, PLACE_INPUT, LUTNA_TYPE_U8,
				  (uint64_t)dims[0] * dims[1] * dims[2]);
	if (storage < 0)
		return storage;
	tensor = program_tensor(program, value->name, storage, dims[0], dims[1],
				dims[2]);
	if (tensor < 0)
		return tensor;
	program->tensors[tensor].raw = true;
	set_port(port, value, tensor);
	return tensor;
}

/* Integers come as they are; real numbers wait for their QuantizeLinear. */
static int lower_input(struct lowering *lowering, size_t index)
{
	int at = lowering->graph->inputs[index];
	const struct value *value = &lowering->graph->values[at];
	struct form *form = &lowering->forms[at];
	int tensor;

	if (value->elem != ONNX__TENSOR_PROTO__DATA_TYPE__UINT8)
		return 0;
	tensor = lower_bind_input(lowering, value);
	if (tensor < 0)
		return tensor;
	form->kind = FORM_GRID;
	form->grid = (struct operand){ .tensor = tensor, .scale = 1 };
	return 0;
}

/* An input that no quantised path starts from has no tensor. */
static int drop_unused_inputs(struct lowering *lowering)
{
	struct program *program = lowering->program;
	size_t i;

	for (i = 0; i < lowering->graph->n_inputs; i++)
		if (program->inputs[i].name)
			program->inputs[program->n_inputs++] = program->inputs[i];
	if (!program->n_inputs)
		return diag_file(lowering->graph->diag, -EINVAL,
				 "no output depends on an input");
	return 0;
}

/*
 * A tensor can be the output itself, and be written in the caller's order, when
 * it is all of its storage and nobody reads it inside.
 */
static bool can_be_output(const struct program *program, int index,
			  const bool *is_read)
{
	const struct tensor *tensor = &program->tensors[index];
	const struct storage *storage = &program->storages[tensor->storage];

	return storage->place == PLACE_WORKSPACE && !tensor->at &&
	       tensor_is_linear(tensor) &&
	       tensor_elements(tensor) == storage->elements &&
	       !is_read[tensor->storage];
}

static int output_tensor(struct lowering *lowering, const struct value *value,
			 const struct operand *grid, const bool *is_read)
{
	struct program *program = lowering->program;
	struct tensor from = program->tensors[grid->tensor];
	const struct node *node = value->producer < 0 ? NULL :
				  &lowering->graph->nodes[value->producer];
	int storage, tensor, err;

	if (!node)
		return diag_tensor(lowering->graph->diag, value->name,
				   "an output that is an input, too, is not supported");
	if (can_be_output(program, grid->tensor, is_read)) {
		program->storages[from.storage].place = PLACE_OUTPUT;
		tensor = program_clone(program, grid->tensor);
		if (tensor < 0)
			return tensor;
	} else {
		storage = program_storage(program, PLACE_OUTPUT, LUTNA_TYPE_U8,
					  tensor_elements(&from));
		if (storage < 0)
			return storage;
		tensor = program_tensor(program, value->name, storage, from.c,
					from.h, from.w);
		if (tensor < 0)
			return tensor;
		err = lower_copy(lowering, node, grid->tensor, tensor);
		if (err)
			return err;
	}
	program->tensors[tensor].scale = grid->scale;
	program->tensors[tensor].zero_point = grid->zero_point;
	program->tensors[tensor].bits = from.bits;
	return tensor;
}

static int lower_output(struct lowering *lowering, const struct value *value,
			const bool *is_read)
{
	struct program *program = lowering->program;
	const struct form *form =
		&lowering->forms[value - lowering->graph->values];
	int tensor;

	if (form->kind == FORM_GRID)
		tensor = output_tensor(lowering, value, &form->grid, is_read);
	else if (form->kind == FORM_EXPR && form->expr->kind == EXPR_CONV)
		tensor = lower_accumulate(lowering, value->name, form->expr);
	else
		return diag_tensor(lowering->graph->diag, value->name,
				   "an output must be quantised, or the result of a convolution or matrix product of something that is");
	if (tensor < 0)
		return tensor;
	set_port(&program->outputs[program->n_outputs++], value, tensor);
	return 0;
}

static int lower_outputs(struct lowering *lowering)
{
	struct graph *graph = lowering->graph;
	struct program *program = lowering->program;
	bool *is_read;
	size_t i;
	int err;

	is_read = arena_alloc(graph->arena, program->n_storages, sizeof(*is_read));
	if (!is_read)
		return diag_no_memory(graph->diag);
	for (i = 0; i < program->n_commands; i++) {
		const struct command *command = &program->commands[i];

		is_read[program->tensors[command->a.tensor].storage] = true;
		if (command->b.tensor >= 0)
			is_read[program->tensors[command->b.tensor].storage] = true;
	}
	for (i = 0; i < graph->n_outputs; i++) {
		err = lower_output(lowering, &graph->values[graph->outputs[i]],
				   is_read);
		if (err)
			return err;
	}
	return 0;
}

/* Widths that the model's author wants accounted, whatever a layer would need. */
static int read_widths(struct lowering *lowering)
{
	const char *weight = onnx_metadata(lowering->graph, "lutna.weight_bits");
	const char *act = onnx_metadata(lowering->graph, "lutna.act_bits");

	if (act && strcmp(act, "8"))
		return diag_file(lowering->graph->diag, -EOPNOTSUPP,
				 "metadata lutna.act_bits: only 8 is supported");
	if (!weight)
		return 0;
	if (strlen(weight) != 1 || weight[0] < '0' + WEIGHTS_BITS_MIN ||
	    weight[0] > '0' + WEIGHTS_BITS_MAX)
		return diag_file(lowering->graph->diag, -EINVAL,
				 "metadata lutna.weight_bits: must be %d to %d",
				 WEIGHTS_BITS_MIN, WEIGHTS_BITS_MAX);
	lowering->weight_bits = (unsigned int)(weight[0] - '0');
	return 0;
}

/* A name that nothing in the model has is a mistake, not a wish. */
static int check_names(const struct lowering *lowering)
{
	const struct precision_table *table = lowering->precision;
	char name[DIAG_NAME];
	size_t i;

	for (i = 0; table && i < table->count; i++)
		if (!lowering->named[i])
			return diag_file(lowering->graph->diag, -EINVAL,
					 "precision is given for layer '%s', which is none",
					 diag_clean(name, table->layers[i].name));
	return 0;
}

static int prepare_precision(struct lowering *lowering)
{
	if (lowering->precision) {
		lowering->named = arena_alloc(lowering->graph->arena,
					      lowering->precision->count,
					      sizeof(*lowering->named));
		if (!lowering->named)
			return diag_no_memory(lowering->graph->diag);
	}
	return widths_find(lowering);
}

int lower_graph(struct graph *graph, struct program *program,
		const struct precision_table *precision)
{
	struct lowering lowering = {
		.graph = graph, .program = program, .precision = precision,
	};
	size_t i;
	int err;

	lowering.forms = arena_alloc(graph->arena, graph->n_values,
				     sizeof(*lowering.forms));
	program->inputs = arena_alloc(graph->arena, graph->n_inputs,
				      sizeof(*program->inputs));
	program->outputs = arena_alloc(graph->arena, graph->n_outputs,
				       sizeof(*program->outputs));
	if (!lowering.forms || !program->inputs || !program->outputs)
		return diag_no_memory(graph->diag);
	err = read_widths(&lowering);
	if (!err)
		err = prepare_precision(&lowering);
	if (!err)
		err = check_names(&lowering);
	for (i = 0; !err && i < graph->n_inputs; i++)
		err = lower_input(&lowering, i);
	for (i = 0; !err && i < graph->n_order; i++) {
		const struct node *node = &graph->nodes[graph->order[i]];

		err = node->def->lower(&lowering, node);
	}
	if (!err)
		err = lower_outputs(&lowering);
	if (!err)
		err = drop_unused_inputs(&lowering);
	return err;
}
