// SPDX-License-Identifier: GPL-2.0-only
/* Making commands out of expressions, once the grid of the result is known. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>

#include "lower.h"
#include "requant.h"

static int too_far(const struct lowering *lowering, const struct node *node)
{
	return diag_node(lowering->graph->diag, node,
			 "its scales and that of its result are too far apart");
}

/* Code of a real number in a tensor, clamped to its bits */
static uint8_t code_of(double real, const struct tensor *tensor)
{
	uint8_t code = requant_code(real, tensor->scale, tensor->zero_point);
	unsigned int most = (1u << tensor->bits) - 1;

	return code < most ? code : (uint8_t)most;
}

static struct command *new_command(struct lowering *lowering,
				   enum lutna_opcode opcode,
				   const struct expr *expr, int out)
{
	struct command *command = program_command(lowering->program, opcode,
						  expr->node->name,
						  expr->node->op);
	const struct tensor *tensor = &lowering->program->tensors[out];

	if (!command)
		return NULL;
	command->a = expr->a;
	command->b = expr->b;
	command->out = out;
	command->out_min = code_of(expr->low, tensor);
	command->out_max = code_of(expr->high, tensor);
	return command;
}

/*
 * What an approximation takes away from a product by W on average, in twelfths
 * of W, for what LUTNA_STIMULUS_RELU is: half of the activations are zero, the
 * low digits of the others are anything.  With m the greatest value of those
 * digits and z the zero point, they are worth (z & m) / 2 + m / 4; LUTNA_APPROX_W
 * puts m / 3 in their place.
 */
static int64_t mean_error(const struct precision *precision, int zero_point)
{
	int64_t m = (1 << (2 * precision->approx_digits)) - 1;

	if (precision->approx == LUTNA_APPROX_EXACT || !precision->fold_bias)
		return 0;
	return 6 * (zero_point & m) + 3 * m -
	       (precision->approx == LUTNA_APPROX_W ? 4 * m : 0);
}

static int check_digits(const struct lowering *lowering,
			const struct expr *expr, unsigned int bits)
{
	if (expr->conv.precision.approx_digits <= precision_digits_most(bits))
		return 0;
	return diag_node(lowering->graph->diag, expr->node,
			 "its activations have %u bits, too few to approximate %u digits",
			 bits, expr->conv.precision.approx_digits);
}

/*
 * Bias with the zero point of the input folded in, and the mean error of an
 * approximation if that is wanted.  The device's accumulator has 32 bits and
 * wraps; a layer that could make it do so is refused.
 */
static int fold_bias(const struct lowering *lowering, const struct expr *expr,
		     int32_t *bias)
{
	const struct weights *weights = expr->conv.weights;
	unsigned int bits = lowering->program->tensors[expr->a.tensor].bits;
	int64_t most = (1 << bits) - 1;
	int64_t error = mean_error(&expr->conv.precision, expr->a.zero_point);
	uint32_t row;

	if (check_digits(lowering, expr, bits))
		return -EINVAL;
	for (row = 0; row < weights->rows; row++) {
		int64_t sum = weights_sum(weights, row);
		int64_t value = expr->bias[row] - expr->a.zero_point * sum +
				llround((double)(error * sum) / 12);
		int64_t low = value + most * weights_sum_sign(weights, row, -1);
		int64_t high = value + most * weights_sum_sign(weights, row, 1);

		if (low < INT32_MIN || high > INT32_MAX)
			return diag_node(lowering->graph->diag, expr->node,
					 "the accumulator of output channel %" PRIu32
					 " could go beyond 32 bits", row);
		bias[row] = (int32_t)value;
	}
	return 0;
}

static int quantise_conv(struct lowering *lowering, const struct expr *expr,
			 int out)
{
	const struct weights *weights = expr->conv.weights;
	double scale = lowering->program->tensors[out].scale;
	struct command *command;
	struct requant *requant;
	int32_t *bias;
	uint32_t row;
	int err;

	bias = arena_alloc(lowering->graph->arena, weights->rows, sizeof(*bias));
	requant = arena_alloc(lowering->graph->arena, weights->rows,
			      sizeof(*requant));
	if (!bias || !requant)
		return diag_no_memory(lowering->graph->diag);
	err = fold_bias(lowering, expr, bias);
	if (err)
		return err;
	for (row = 0; row < weights->rows; row++)
		if (requant_factor((double)expr->a.scale *
				   (double)weights->scale[row] / scale,
				   &requant[row]))
			return too_far(lowering, expr->node);
	command = new_command(lowering, LUTNA_OP_CONV, expr, out);
	if (!command)
		return -ENOMEM;
	command->conv = expr->conv;
	command->conv.bias = bias;
	command->conv.requant = requant;
	return 0;
}

static int quantise_pool(struct lowering *lowering, const struct expr *expr,
			 int out)
{
	double scale = lowering->program->tensors[out].scale;
	struct command *command;
	struct requant requant;

	if (requant_factor((double)expr->a.scale / scale, &requant))
		return too_far(lowering, expr->node);
	command = new_command(lowering, LUTNA_OP_POOL, expr, out);
	if (!command)
		return -ENOMEM;
	command->pool = expr->pool;
	command->pool.requant = requant;
	return 0;
}

/* Both factors share a shift, which the greater one decides. */
static int quantise_add(struct lowering *lowering, const struct expr *expr,
			int out)
{
	double scale = lowering->program->tensors[out].scale;
	double a = (double)expr->a.scale / scale;
	double b = (double)expr->b.scale / scale;
	struct requant greater, lesser;
	struct command *command;
	bool swapped = b > a;

	if (requant_factor(swapped ? b : a, &greater))
		return too_far(lowering, expr->node);
	lesser.mult = (uint32_t)floor(ldexp(swapped ? a : b, greater.shift) + 0.5);
	command = new_command(lowering, LUTNA_OP_ELTWISE, expr, out);
	if (!command)
		return -ENOMEM;
	command->eltwise.mode = LUTNA_ELTWISE_ADD;
	command->eltwise.shift = greater.shift;
	command->eltwise.mult_a = swapped ? lesser.mult : greater.mult;
	command->eltwise.mult_b = swapped ? greater.mult : lesser.mult;
	return 0;
}

static int quantise_mul(struct lowering *lowering, const struct expr *expr,
			int out)
{
	double scale = lowering->program->tensors[out].scale;
	struct command *command;
	struct requant requant;

	if (requant_factor((double)expr->a.scale * (double)expr->b.scale / scale,
			   &requant))
		return too_far(lowering, expr->node);
	command = new_command(lowering, LUTNA_OP_ELTWISE, expr, out);
	if (!command)
		return -ENOMEM;
	command->eltwise.mode = LUTNA_ELTWISE_MUL;
	command->eltwise.shift = requant.shift;
	command->eltwise.mult_a = requant.mult;
	return 0;
}

static int emit_table(struct lowering *lowering, const struct expr *expr,
		      int out)
{
	const struct tensor *tensor = &lowering->program->tensors[out];
	struct command *command;
	uint8_t *table;
	int i;

	table = arena_alloc(lowering->graph->arena, 256, 1);
	if (!table)
		return diag_no_memory(lowering->graph->diag);
	for (i = 0; i < 256; i++)
		table[i] = code_of(fmin(fmax(expr->table[i], expr->low),
					expr->high), tensor);
	command = new_command(lowering, LUTNA_OP_TABLE, expr, out);
	if (!command)
		return -ENOMEM;
	command->table = table;
	return 0;
}

/*
 * Fewer bits of the same codes: rounded as requantisation rounds, halves up, and
 * in integers, since half of all codes of a bit less are halves.
 */
static int take_bits(struct lowering *lowering, const struct node *node,
		     const struct operand *from, int out)
{
	const struct tensor *source = &lowering->program->tensors[from->tensor];
	const struct tensor *tensor = &lowering->program->tensors[out];
	int shift = tensor->shift - source->shift;
	int most = (1 << tensor->bits) - 1, i;
	struct command *command;
	uint8_t *table;

	table = arena_alloc(lowering->graph->arena, 256, 1);
	if (!table)
		return diag_no_memory(lowering->graph->diag);
	for (i = 0; i < 256; i++) {
		int code = ((i - from->zero_point + ((1 << shift) >> 1)) >> shift) +
			   tensor->zero_point;

		table[i] = (uint8_t)(code < 0 ? 0 : code > most ? most : code);
	}
	command = program_command(lowering->program, LUTNA_OP_TABLE, node->name,
				  node->op);
	if (!command)
		return -ENOMEM;
	command->a = *from;
	command->out = out;
	command->table = table;
	return 0;
}

/* From one grid to another: a table too. */
static int regrid(struct lowering *lowering, const struct node *node,
		  const struct operand *from, int out)
{
	struct expr expr = {
		.kind = EXPR_TABLE, .node = node, .a = *from, .b.tensor = -1,
		.low = -INFINITY, .high = INFINITY,
	};
	const struct tensor *source = &lowering->program->tensors[from->tensor];
	const struct tensor *to = &lowering->program->tensors[out];
	double values[256];
	int i;

	if (to->shift > source->shift &&
	    to->scale == ldexpf(from->scale, to->shift - source->shift))
		return take_bits(lowering, node, from, out);
	for (i = 0; i < 256; i++)
		values[i] = (double)from->scale * (i - from->zero_point);
	expr.table = values;
	return emit_table(lowering, &expr, out);
}

/* Each piece goes straight to its place in the whole. */
static int quantise_concat(struct lowering *lowering, const struct expr *expr,
			   int out)
{
	struct program *program = lowering->program;
	struct tensor whole = program->tensors[out];
	const uint64_t steps[] = { whole.step_c, whole.step_h, whole.step_w };
	const struct grid grid = {
		.scale = whole.scale, .zero_point = whole.zero_point,
		.bits = whole.bits, .shift = whole.shift,
	};
	uint64_t at = whole.at;
	unsigned int i;

	for (i = 0; i < expr->n_pieces; i++) {
		const struct form *form = &expr->pieces[i];
		uint32_t sizes[3] = { whole.c, whole.h, whole.w };
		int slice, done;

		if (form->kind == FORM_EXPR) {
			const struct expr *e = form->expr;
			const uint32_t plain[] = { e->c, e->h, e->w };
			const uint32_t viewed[] = { e->view_c, e->view_h, e->view_w };

			sizes[expr->axis] =
				(e->viewed ? viewed : plain)[expr->axis];
		} else {
			const struct tensor *t =
				&program->tensors[form->grid.tensor];
			const uint32_t plain[] = { t->c, t->h, t->w };

			sizes[expr->axis] = plain[expr->axis];
		}
		slice = program_clone(program, out);
		if (slice < 0)
			return slice;
		program->tensors[slice].at = at;
		program->tensors[slice].c = sizes[0];
		program->tensors[slice].h = sizes[1];
		program->tensors[slice].w = sizes[2];
		done = lower_quantise(lowering, expr->node, whole.name, form,
				      &grid, slice);
		if (done < 0)
			return done;
		at += sizes[expr->axis] * steps[expr->axis];
	}
	return 0;
}

static int quantise_expr(struct lowering *lowering, const struct expr *expr,
			 int out)
{
	switch (expr->kind) {
	case EXPR_CONV:
		return quantise_conv(lowering, expr, out);
	case EXPR_POOL:
		return quantise_pool(lowering, expr, out);
	case EXPR_ADD:
		return quantise_add(lowering, expr, out);
	case EXPR_MUL:
		return quantise_mul(lowering, expr, out);
	case EXPR_TABLE:
		return emit_table(lowering, expr, out);
	case EXPR_CONCAT:
		return quantise_concat(lowering, expr, out);
	}
	return -EINVAL;
}

/* A linear tensor under another shape */
static int view(struct program *program, int tensor, uint32_t c, uint32_t h,
		uint32_t w)
{
	int index = program_clone(program, tensor);
	struct tensor *t;

	if (index < 0)
		return index;
	t = &program->tensors[index];
	t->c = c;
	t->h = h;
	t->w = w;
	t->step_c = (uint64_t)h * w;
	t->step_h = w;
	t->step_w = 1;
	return index;
}

static int new_tensor(struct lowering *lowering, const char *name,
		      const uint32_t dims[3], const struct grid *grid)
{
	struct program *program = lowering->program;
	int index = program_tensor(program, name, -1, dims[0], dims[1], dims[2]);

	if (index < 0)
		return index;
	program->tensors[index].scale = grid->scale;
	program->tensors[index].zero_point = grid->zero_point;
	program->tensors[index].bits = grid->bits;
	program->tensors[index].shift = grid->shift;
	return index;
}

static int quantise_grid(struct lowering *lowering, const struct node *node,
			 const char *name, const struct operand *operand,
			 const struct grid *grid, int into)
{
	struct program *program = lowering->program;
	const struct tensor from = program->tensors[operand->tensor];
	bool same = operand->scale == grid->scale &&
		    operand->zero_point == grid->zero_point &&
		    from.bits <= grid->bits;
	int err;

	if (same && into >= 0) {
		err = lower_copy(lowering, node, operand->tensor, into);
		return err ? err : into;
	}
	if (same) {
		if (from.scale == grid->scale &&
		    from.zero_point == grid->zero_point &&
		    from.shift == grid->shift)
			return operand->tensor;
		into = program_clone(program, operand->tensor);
		if (into < 0)
			return into;
		program->tensors[into].scale = grid->scale;
		program->tensors[into].zero_point = grid->zero_point;
		program->tensors[into].shift = grid->shift;
		return into;
	}
	if (into < 0)
		into = new_tensor(lowering, name,
				  (const uint32_t[]){ from.c, from.h, from.w },
				  grid);
	if (into < 0)
		return into;
	err = regrid(lowering, node, operand, into);
	return err ? err : into;
}

/*
 * The command writes the shape that it computes; a reshape behind it is another
 * view of the same bytes.  Where those are not to lie in one piece (a slice
 * along rows or columns), a copy puts them there.
 */
static int quantise_viewed(struct lowering *lowering, const char *name,
			   const struct expr *expr, const struct grid *grid,
			   int into)
{
	struct program *program = lowering->program;
	const uint32_t dims[] = { expr->c, expr->h, expr->w };
	int plain, viewed, err;

	if (into >= 0 && tensor_is_linear(&program->tensors[into]))
		plain = view(program, into, expr->c, expr->h, expr->w);
	else
		plain = new_tensor(lowering, name, dims, grid);
	if (plain < 0)
		return plain;
	err = quantise_expr(lowering, expr, plain);
	if (err)
		return err;
	if (into >= 0 && tensor_is_linear(&program->tensors[into]))
		return into;
	viewed = view(program, plain, expr->view_c, expr->view_h, expr->view_w);
	if (viewed < 0 || into < 0)
		return viewed;
	err = lower_copy(lowering, expr->node, viewed, into);
	return err ? err : into;
}

int lower_quantise(struct lowering *lowering, const struct node *node,
		   const char *name, const struct form *form,
		   const struct grid *grid, int into)
{
	const struct expr *expr = form->expr;
	int err;

	if (form->kind == FORM_GRID)
		return quantise_grid(lowering, node, name, &form->grid, grid,
				     into);
	if (expr->viewed)
		return quantise_viewed(lowering, name, expr, grid, into);
	if (into < 0)
		into = new_tensor(lowering, name,
				  (const uint32_t[]){ expr->c, expr->h, expr->w },
				  grid);
	if (into < 0)
		return into;
	err = quantise_expr(lowering, expr, into);
	return err ? err : into;
}

int lower_accumulate(struct lowering *lowering, const char *name,
		     const struct expr *expr)
{
	struct program *program = lowering->program;
	const struct weights *weights = expr->conv.weights;
	struct requant *requant;
	struct command *command;
	int storage, tensor, err;
	int32_t *bias;
	uint32_t row;

	if (expr->low != -INFINITY || expr->high != INFINITY)
		return diag_tensor(lowering->graph->diag, name,
				   "an output behind an activation function must be quantised");
	for (row = 1; row < weights->rows; row++)
		if (weights->scale[row] != weights->scale[0])
			return diag_tensor(lowering->graph->diag, name,
					   "an output that is not quantised needs one scale for all weights");
	bias = arena_alloc(lowering->graph->arena, weights->rows, sizeof(*bias));
	requant = arena_alloc(lowering->graph->arena, weights->rows,
			      sizeof(*requant));
	if (!bias || !requant)
		return diag_no_memory(lowering->graph->diag);
	err = fold_bias(lowering, expr, bias);
	if (err)
		return err;
	/* Not used for such an output, yet checked by the device. */
	for (row = 0; row < weights->rows; row++)
		requant[row] = (struct requant){ .mult = 0, .shift = 1 };
	storage = program_storage(program, PLACE_OUTPUT, LUTNA_TYPE_S32,
				  (uint64_t)expr->c * expr->h * expr->w);
	if (storage < 0)
		return storage;
	tensor = program_tensor(program, name, storage, expr->c, expr->h, expr->w);
	if (tensor < 0)
		return tensor;
	program->tensors[tensor].scale = expr->a.scale * weights->scale[0];
	if (!isnormal(program->tensors[tensor].scale))
		return too_far(lowering, expr->node);
	command = new_command(lowering, LUTNA_OP_CONV, expr, tensor);
	if (!command)
		return -ENOMEM;
	command->out_min = 0;
	command->out_max = 0;
	command->conv = expr->conv;
	command->conv.bias = bias;
	command->conv.requant = requant;
	return tensor;
}
