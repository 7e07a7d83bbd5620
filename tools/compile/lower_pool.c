// SPDX-License-Identifier: GPL-2.0-only
/* Pooling.  The greatest of some bytes is on their grid; their mean is not. */
#include <errno.h>
#include <inttypes.h>

#include "attr.h"
#include "lower.h"

static int check_window(const struct lowering *lowering, const struct node *node,
			const struct window *window)
{
	int dim;

	for (dim = 0; dim < WINDOW_DIMS; dim++) {
		if (window->dilation[dim] != 1)
			return diag_node(lowering->graph->diag, node,
					 "dilations are not supported");
		/* Or a window could see nothing of the image. */
		if (window->pad[dim] >= window->kernel[dim] ||
		    window_pad_end(window, dim) >= window->kernel[dim])
			return diag_node(lowering->graph->diag, node,
					 "padding must be smaller than the kernel");
	}
	return 0;
}

static int whole_image(struct lowering *lowering, const struct node *node,
		       struct window *window)
{
	const struct value *in = node_in(lowering->graph, node, 0);
	uint32_t dims[3];
	int err;

	err = lower_dims(lowering, node, in, dims);
	if (err)
		return err;
	*window = (struct window){
		.kernel = { dims[1], dims[2] }, .stride = { 1, 1 },
		.dilation = { 1, 1 }, .in = { dims[1], dims[2] },
		.out = { 1, 1 },
	};
	return 0;
}

static int window_of(struct lowering *lowering, const struct node *node,
		     bool global, struct window *window)
{
	int err;

	if (global)
		return whole_image(lowering, node, window);
	err = window_read(lowering->graph, node,
			  node_in(lowering->graph, node, 0), NULL,
			  PROGRAM_DIM_MAX, window);
	if (err)
		return err;
	return check_window(lowering, node, window);
}

static int max_pool(struct lowering *lowering, const struct node *node,
		    bool global)
{
	struct program *program = lowering->program;
	const struct value *out = node_out(lowering->graph, node, 0);
	struct command *command;
	struct window window;
	struct operand in;
	uint32_t dims[3];
	int tensor, err;

	err = lower_grid(lowering, node, 0, &in);
	if (!err)
		err = window_of(lowering, node, global, &window);
	if (!err)
		err = lower_dims(lowering, node, out, dims);
	if (err)
		return err;
	tensor = program_tensor(program, out->name, -1, dims[0], dims[1], dims[2]);
	if (tensor < 0)
		return tensor;
	program->tensors[tensor].scale = in.scale;
	program->tensors[tensor].zero_point = in.zero_point;
	program->tensors[tensor].bits = program->tensors[in.tensor].bits;
	program->tensors[tensor].shift = program->tensors[in.tensor].shift;
	command = program_command(program, LUTNA_OP_POOL, node->name, node->op);
	if (!command)
		return -ENOMEM;
	command->a = in;
	command->out = tensor;
	command->out_max = 255;
	command->pool.mode = LUTNA_POOL_MAX;
	command->pool.window = window;
	lower_set_tensor(lowering, node, tensor);
	return 0;
}

int lower_max_pool(struct lowering *lowering, const struct node *node)
{
	return max_pool(lowering, node, false);
}

int lower_global_max_pool(struct lowering *lowering, const struct node *node)
{
	return max_pool(lowering, node, true);
}

static int average_pool(struct lowering *lowering, const struct node *node,
			bool global, bool count_padding)
{
	const struct value *out = node_out(lowering->graph, node, 0);
	struct window window;
	struct operand in;
	struct expr *expr;
	uint32_t dims[3];
	int err;

	err = lower_grid(lowering, node, 0, &in);
	if (!err)
		err = window_of(lowering, node, global, &window);
	if (!err)
		err = lower_dims(lowering, node, out, dims);
	if (err)
		return err;
	if (count_padding && window.ceil)
		return diag_node(lowering->graph->diag, node,
				 "count_include_pad together with ceil_mode is not supported");
	expr = lower_expr(lowering, node, EXPR_POOL);
	if (!expr)
		return -ENOMEM;
	expr->a = in;
	expr->c = dims[0];
	expr->h = dims[1];
	expr->w = dims[2];
	expr->pool.mode = count_padding ? LUTNA_POOL_AVG_PAD : LUTNA_POOL_AVG;
	expr->pool.window = window;
	return 0;
}

int lower_average_pool(struct lowering *lowering, const struct node *node)
{
	int64_t count_padding;
	int err;

	err = attr_int(lowering->graph, node, "count_include_pad", 0,
		       &count_padding);
	if (err)
		return err;
	return average_pool(lowering, node, false, count_padding);
}

int lower_global_average_pool(struct lowering *lowering,
			      const struct node *node)
{
	return average_pool(lowering, node, true, false);
}
