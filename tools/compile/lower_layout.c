// SPDX-License-Identifier: GPL-2.0-only
/* Operators that move numbers and compute none. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include <onnx/onnx.pb-c.h>

#include "attr.h"
#include "lower.h"
#include "requant.h"
#include "shape.h"

static int check_training(const struct lowering *lowering,
			  const struct node *node)
{
	const struct value *training = node_in(lowering->graph, node, 2);

	if (!training)
		return 0;
	if (!training->constant || !training->constant->i ||
	    training->constant->index || training->constant->elements != 1 ||
	    training->constant->i[0])
		return diag_node(lowering->graph->diag, node,
				 "training_mode must be constant and false");
	return 0;
}

int lower_identity(struct lowering *lowering, const struct node *node)
{
	const struct value *in = node_in(lowering->graph, node, 0);
	struct value *out = node_out(lowering->graph, node, 0);
	int err;

	err = check_training(lowering, node);
	if (err)
		return err;
	out->constant = in->constant;
	out->quant = in->quant;
	if (in->constant || in->quant)
		return 0;
	if (lower_in(lowering, node, 0)->kind == FORM_NONE) {
		struct operand grid;

		return lower_grid(lowering, node, 0, &grid);
	}
	*lower_out(lowering, node) = *lower_in(lowering, node, 0);
	return 0;
}

/* The bytes of every value lie in one piece; only slices do not, and have no name. */
static int view_grid(struct lowering *lowering, const struct node *node,
		     const struct operand *grid, const uint32_t dims[3])
{
	struct program *program = lowering->program;
	struct form *out = lower_out(lowering, node);
	struct tensor *tensor;
	int index;

	index = program_clone(program, grid->tensor);
	if (index < 0)
		return index;
	tensor = &program->tensors[index];
	tensor->name = node_out(lowering->graph, node, 0)->name;
	tensor->c = dims[0];
	tensor->h = dims[1];
	tensor->w = dims[2];
	tensor->step_c = (uint64_t)dims[1] * dims[2];
	tensor->step_h = dims[2];
	tensor->step_w = 1;
	tensor->scale = grid->scale;
	tensor->zero_point = grid->zero_point;
	out->kind = FORM_GRID;
	out->grid = *grid;
	out->grid.tensor = index;
	return 0;
}

static int view_expr(struct lowering *lowering, const struct node *node,
		     const struct expr *from, const uint32_t dims[3])
{
	struct form *out = lower_out(lowering, node);
	struct expr *expr;

	expr = arena_alloc(lowering->graph->arena, 1, sizeof(*expr));
	if (!expr)
		return diag_no_memory(lowering->graph->diag);
	*expr = *from;
	expr->viewed = true;
	expr->view_c = dims[0];
	expr->view_h = dims[1];
	expr->view_w = dims[2];
	out->kind = FORM_EXPR;
	out->expr = expr;
	return 0;
}

int lower_view(struct lowering *lowering, const struct node *node)
{
	const struct value *in = node_in(lowering->graph, node, 0);
	const struct value *out = node_out(lowering->graph, node, 0);
	const struct form *form = lower_in(lowering, node, 0);
	struct operand grid;
	uint32_t dims[3];
	int err;

	if (in->constant)
		return 0;
	if (in->quant)
		return diag_node(lowering->graph->diag, node,
				 "reshaping a constant behind its DequantizeLinear is not supported");
	err = lower_dims(lowering, node, out, dims);
	if (err)
		return err;
	if (form->kind == FORM_EXPR)
		return view_expr(lowering, node, form->expr, dims);
	err = lower_grid(lowering, node, 0, &grid);
	if (err)
		return err;
	return view_grid(lowering, node, &grid, dims);
}

/* Index in [c, h, w] of a dimension of a value, or -1 for the batch. */
static int tensor_axis(unsigned int rank, unsigned int axis)
{
	if (!axis)
		return -1;
	return rank == 3 && axis == 2 ? 2 : (int)axis - 1;
}

static int gather_pieces(struct lowering *lowering, const struct node *node,
			 struct form *pieces)
{
	unsigned int i;

	for (i = 0; i < node->n_in; i++) {
		const struct form *form = lower_in(lowering, node, i);
		struct operand grid;

		if (form->kind == FORM_NONE)
			return lower_grid(lowering, node, i, &grid);
		/* Unlimited nesting would be unlimited recursion. */
		if (form->kind == FORM_EXPR && form->expr->kind == EXPR_CONCAT)
			return diag_node(lowering->graph->diag, node,
					 "a concatenation of another one that is not quantised is not supported");
		pieces[i] = *form;
	}
	return 0;
}

static bool one_grid(const struct form *pieces, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (pieces[i].kind != FORM_GRID ||
		    pieces[i].grid.scale != pieces[0].grid.scale ||
		    pieces[i].grid.zero_point != pieces[0].grid.zero_point)
			return false;
	return true;
}

/*
 * Pieces that the model has on one grid, some of them with fewer bits than it
 * says: the index of one that has most; -1 if they are not of that kind.
 */
static int widest_piece(const struct lowering *lowering,
			const struct form *pieces, unsigned int count)
{
	const struct tensor *tensors = lowering->program->tensors;
	unsigned int i;
	int widest = 0;

	for (i = 0; i < count; i++) {
		int shift, least;

		if (pieces[i].kind != FORM_GRID)
			return -1;
		shift = tensors[pieces[i].grid.tensor].shift;
		least = tensors[pieces[widest].grid.tensor].shift;
		if (ldexpf(pieces[i].grid.scale, -shift) !=
		    ldexpf(pieces[0].grid.scale,
			   -tensors[pieces[0].grid.tensor].shift))
			return -1;
		if (shift < least)
			widest = (int)i;
	}
	if (one_grid(pieces, count))
		return widest;
	/* The model's own grids differ if no bits were taken away. */
	for (i = 0; i < count; i++)
		if (tensors[pieces[i].grid.tensor].shift)
			return widest;
	return -1;
}

int lower_concat(struct lowering *lowering, const struct node *node)
{
	const struct value *out = node_out(lowering->graph, node, 0);
	struct form *pieces, whole = { .kind = FORM_EXPR };
	struct expr *expr;
	uint32_t dims[3];
	int axis, err, tensor, widest;
	const struct tensor *like;
	struct grid grid;
	int64_t wanted;

	err = lower_dims(lowering, node, out, dims);
	if (!err)
		err = attr_int(lowering->graph, node, "axis", 1, &wanted);
	if (err)
		return err;
	if (wanted < 0)
		wanted += out->rank;
	axis = tensor_axis(out->rank, (unsigned int)wanted);
	if (axis < 0)
		return diag_node(lowering->graph->diag, node,
				 "concatenating batches is not supported");
	pieces = arena_alloc(lowering->graph->arena, node->n_in, sizeof(*pieces));
	if (!pieces)
		return diag_no_memory(lowering->graph->diag);
	err = gather_pieces(lowering, node, pieces);
	if (err)
		return err;
	expr = lower_expr(lowering, node, EXPR_CONCAT);
	if (!expr)
		return -ENOMEM;
	expr->c = dims[0];
	expr->h = dims[1];
	expr->w = dims[2];
	expr->pieces = pieces;
	expr->n_pieces = node->n_in;
	expr->axis = axis;
	widest = widest_piece(lowering, pieces, node->n_in);
	if (widest < 0)
		return 0;
	whole.expr = expr;
	like = &lowering->program->tensors[pieces[widest].grid.tensor];
	grid = (struct grid){
		.scale = pieces[widest].grid.scale,
		.zero_point = pieces[widest].grid.zero_point,
		.bits = like->bits, .shift = like->shift,
	};
	tensor = lower_quantise(lowering, node, out->name, &whole, &grid, -1);
	if (tensor < 0)
		return tensor;
	lower_set_tensor(lowering, node, tensor);
	return 0;
}

/* A copy into a new tensor of the node's shape, on the input's grid */
static struct command *copy_command(struct lowering *lowering,
				    const struct node *node,
				    const struct operand *in)
{
	struct program *program = lowering->program;
	const struct value *out = node_out(lowering->graph, node, 0);
	struct command *command;
	uint32_t dims[3];
	int tensor;

	if (lower_dims(lowering, node, out, dims))
		return NULL;
	tensor = program_tensor(program, out->name, -1, dims[0], dims[1], dims[2]);
	if (tensor < 0)
		return NULL;
	program->tensors[tensor].scale = in->scale;
	program->tensors[tensor].zero_point = in->zero_point;
	program->tensors[tensor].bits = program->tensors[in->tensor].bits;
	program->tensors[tensor].shift = program->tensors[in->tensor].shift;
	command = program_command(program, LUTNA_OP_COPY, node->name, node->op);
	if (!command)
		return NULL;
	command->a = *in;
	command->out = tensor;
	command->copy.repeat[WINDOW_H] = 1;
	command->copy.repeat[WINDOW_W] = 1;
	command->copy.pad_value = (uint8_t)in->zero_point;
	lower_set_tensor(lowering, node, tensor);
	return command;
}

int lower_pad(struct lowering *lowering, const struct node *node)
{
	const struct value *value = node_in(lowering->graph, node, 0);
	int64_t begin[GRAPH_RANK], end[GRAPH_RANK];
	struct command *command;
	struct operand in;
	unsigned int i;
	uint8_t code;
	float outside;
	int err;

	err = lower_grid(lowering, node, 0, &in);
	if (!err)
		err = shape_pads(lowering->graph, node, begin, end, &outside);
	if (err)
		return err;
	for (i = 0; i < value->rank && i < 2; i++)
		if (begin[i] || end[i])
			return diag_node(lowering->graph->diag, node,
					 "padding of images and channels is not supported");
	code = requant_code((double)outside, in.scale, in.zero_point);
	if (!lowering->program->tensors[in.tensor].shift &&
	    in.scale * (float)(code - in.zero_point) != outside)
		return diag_node(lowering->graph->diag, node,
				 "the number outside, %g, is not on the grid of the input",
				 (double)outside);
	command = copy_command(lowering, node, &in);
	if (!command)
		return -EINVAL;
	command->copy.pad_value = code;
	if (value->rank == 4)
		command->copy.pad[WINDOW_H] = (uint32_t)begin[2];
	if (value->rank > 2)
		command->copy.pad[WINDOW_W] = (uint32_t)begin[value->rank - 1];
	return 0;
}

/*
 * With a whole scale, both of these give each pixel to the block that it lies
 * in, which is what the device does.
 */
static bool repeats_pixels(const struct node *node)
{
	bool asymmetric = attr_is(node, "coordinate_transformation_mode",
				  "asymmetric", "half_pixel");
	bool half_pixel = attr_is(node, "coordinate_transformation_mode",
				  "half_pixel", "half_pixel");
	bool down = attr_is(node, "nearest_mode", "floor", "round_prefer_floor");
	bool nearest = attr_is(node, "nearest_mode", "round_prefer_floor",
			       "round_prefer_floor") ||
		       attr_is(node, "nearest_mode", "round_prefer_ceil",
			       "round_prefer_floor");

	return attr_is(node, "mode", "nearest", "nearest") &&
	       ((asymmetric && down) || (half_pixel && nearest));
}

int lower_resize(struct lowering *lowering, const struct node *node)
{
	const struct value *value = node_in(lowering->graph, node, 0);
	const struct value *out = node_out(lowering->graph, node, 0);
	struct command *command;
	struct operand in;
	unsigned int i;
	int err;

	err = lower_grid(lowering, node, 0, &in);
	if (err)
		return err;
	if (!repeats_pixels(node))
		return diag_node(lowering->graph->diag, node,
				 "only mode 'nearest' is supported, asymmetric with floor or half_pixel with round_prefer_*");
	for (i = 0; i < value->rank; i++)
		if (out->dims[i] < value->dims[i] ||
		    out->dims[i] % value->dims[i] ||
		    out->dims[i] / value->dims[i] > (i < 2 ? 1 : 255))
			return diag_node(lowering->graph->diag, node,
					 "only rows and columns can be enlarged, by whole factors up to 255");
	command = copy_command(lowering, node, &in);
	if (!command)
		return -EINVAL;
	if (value->rank == 4)
		command->copy.repeat[WINDOW_H] =
			(uint32_t)(out->dims[2] / value->dims[2]);
	if (value->rank > 2)
		command->copy.repeat[WINDOW_W] =
			(uint32_t)(out->dims[value->rank - 1] /
				   value->dims[value->rank - 1]);
	return 0;
}
