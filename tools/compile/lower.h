/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a graph of real numbers to a program of bytes.
 *
 * Every value of the graph takes one of three forms while its node is lowered:
 * bytes on a grid (what a DequantizeLinear gives, and what max pooling or a
 * reshape makes of it), an expression (a convolution, a sum, … whose result
 * nobody has put on a grid yet), or a constant.  Activation functions and
 * biases change the expression; the QuantizeLinear behind it says the grid, and
 * only then is a command made.
 */
#ifndef LUTNA_COMPILE_LOWER_H
#define LUTNA_COMPILE_LOWER_H

#include "graph.h"
#include "precision.h"
#include "program.h"

enum form_kind {
	FORM_NONE,	/* a constant, or an input that is real numbers */
	FORM_GRID,
	FORM_EXPR,
};

struct expr;

/**
 * struct form - what a value is on the device
 * @kind: which
 * @grid: FORM_GRID: bytes and how this value reads them
 * @expr: FORM_EXPR: what to compute
 */
struct form {
	enum form_kind kind;
	struct operand grid;
	const struct expr *expr;
};

enum expr_kind {
	EXPR_CONV,	/* @conv, @bias, @unit; a */
	EXPR_POOL,	/* @pool; a: average pooling */
	EXPR_ADD,	/* a + b */
	EXPR_MUL,	/* a * b */
	EXPR_TABLE,	/* @table; a: any function of one byte */
	EXPR_CONCAT,	/* @pieces */
};

/**
 * struct expr - a command that waits for its output's grid
 * @kind: which
 * @node: node that it came from
 * @a: operand
 * @b: operand
 * @c: channels of the result
 * @h: rows
 * @w: columns
 * @low: the result is clamped to at least this
 * @high: and at most this
 * @conv: EXPR_CONV: @conv.bias and @conv.requant not set
 * @bias: EXPR_CONV: one an output channel, counted in units of
 *	a.scale * weight scale; zero point of the input not folded in
 * @pool: EXPR_POOL: @pool.requant not set
 * @table: EXPR_TABLE: result for each of 256 bytes
 * @pieces: EXPR_CONCAT: forms, none of them a concatenation
 * @n_pieces: EXPR_CONCAT: how many
 * @axis: EXPR_CONCAT: 1 channels, 2 rows, 3 columns
 * @viewed: a reshape followed: @view_c, @view_h and @view_w are what it gave
 */
struct expr {
	enum expr_kind kind;
	const struct node *node;
	struct operand a;
	struct operand b;
	uint32_t c;
	uint32_t h;
	uint32_t w;
	double low;
	double high;
	struct conv_params conv;
	const int64_t *bias;
	struct pool_params pool;
	const double *table;
	const struct form *pieces;
	unsigned int n_pieces;
	int axis;
	bool viewed;
	uint32_t view_c;
	uint32_t view_h;
	uint32_t view_w;
};

/**
 * struct lowering - the pass at work
 * @graph: with shapes
 * @program: grows
 * @forms: one a value of the graph
 * @weight_bits: width to account weights with; 0: as narrow as each layer is
 * @precision: what the user wants; NULL: what the model says
 * @named: one a layer of @precision: it was found in the graph
 * @wants: bits that each value is to have (widths.h); 0: nobody minds
 */
struct lowering {
	struct graph *graph;
	struct program *program;
	struct form *forms;
	unsigned int weight_bits;
	const struct precision_table *precision;
	bool *named;
	uint8_t *wants;
};

/**
 * struct grid - what the codes of a result stand for
 * @scale: real = @scale * (code - @zero_point)
 * @zero_point: see @scale
 * @bits: codes are below 2^@bits
 * @shift: low bits of the model's codes that these do without
 */
struct grid {
	float scale;
	int zero_point;
	uint8_t bits;
	uint8_t shift;
};

/**
 * lower_graph() - turn a graph into a program
 * @graph: with shapes
 * @program: its arena, diag and batch set; filled in
 * @precision: of its layers; NULL: as the model says
 *
 * Return: 0, or -EINVAL, -EOPNOTSUPP or -ENOMEM after a message
 */
int lower_graph(struct graph *graph, struct program *program,
		const struct precision_table *precision);

/* What the user wants of a layer, all 0 if nothing. */
struct precision lower_precision(struct lowering *lowering,
				 const struct node *node);

/* How a reader of the model's codes has to read a tensor that has fewer bits. */
void lower_read_grid(const struct lowering *lowering, struct operand *operand);

/**
 * lower_bind_input() - the bytes that the caller gives for an input
 * @lowering: at work
 * @value: input of the graph
 *
 * Return: index of a tensor, @raw until somebody says its grid, or a negative
 * errno after a message
 */
int lower_bind_input(struct lowering *lowering, const struct value *value);

/* Form of a node's input or output; NULL if it is left out. */
struct form *lower_in(const struct lowering *lowering, const struct node *node,
		      unsigned int index);
struct form *lower_out(const struct lowering *lowering,
		       const struct node *node);

/**
 * lower_dims() - a value's shape as channels, rows and columns
 * @lowering: for messages
 * @node: for messages
 * @value: with a shape
 * @dims: set on success
 *
 * Return: 0, or -EINVAL after a message (not the batch in front, more than four
 * dimensions, too large)
 */
int lower_dims(const struct lowering *lowering, const struct node *node,
	       const struct value *value, uint32_t dims[3]);

/* The node's input as bytes on a grid; -EINVAL after a message if it is not. */
int lower_grid(const struct lowering *lowering, const struct node *node,
	       unsigned int index, struct operand *out);

/* Output of a node := a tensor, read on its own grid */
void lower_set_tensor(struct lowering *lowering, const struct node *node,
		      int tensor);

/* A new expression for the node's output, clamped to nothing; NULL: no memory */
struct expr *lower_expr(struct lowering *lowering, const struct node *node,
			enum expr_kind kind);

/**
 * lower_quantise() - put a form on a grid (quantise.c)
 * @lowering: at work
 * @node: the node that names the grid, for messages
 * @name: of the result
 * @form: grid or expression
 * @grid: the grid
 * @into: tensor to write; -1: whatever is best, which may be no command at all
 *
 * Return: index of the tensor, or a negative errno after a message
 */
int lower_quantise(struct lowering *lowering, const struct node *node,
		   const char *name, const struct form *form,
		   const struct grid *grid, int into);

/**
 * lower_result_grid() - the grid that a QuantizeLinear is carried out on
 * @lowering: at work
 * @value: result
 * @form: what is quantised
 * @scale: of the model
 * @zero_point: of the model
 */
struct grid lower_result_grid(const struct lowering *lowering,
			      const struct value *value, const struct form *form,
			      float scale, int zero_point);

/**
 * lower_accumulate() - the accumulators of a convolution as 32-bit numbers
 * @lowering: at work
 * @name: of the result
 * @expr: EXPR_CONV
 *
 * Return: index of the tensor, or a negative errno after a message
 */
int lower_accumulate(struct lowering *lowering, const char *name,
		     const struct expr *expr);

/**
 * lower_copy() - copy bytes, as they are, into another tensor
 * Return: 0 or -EINVAL/-ENOMEM after a message
 */
int lower_copy(struct lowering *lowering, const struct node *node, int from,
	       int into);

/* A scalar quantisation parameter; -EINVAL after a message. */
int lower_scale(const struct lowering *lowering, const struct node *node,
		unsigned int index, float *scale);
/*
 * The same for a zero point, 0 if it is left out.  The device's bytes have no
 * sign: int8 is kept as the value plus 128, and this adds 128 then.
 */
int lower_zero_point(const struct lowering *lowering, const struct node *node,
		     unsigned int index, int elem, int *zero_point);

/* One function an operator (ops.h) */
int lower_quantize(struct lowering *lowering, const struct node *node);
int lower_dequantize(struct lowering *lowering, const struct node *node);
int lower_conv(struct lowering *lowering, const struct node *node);
int lower_qlinear_conv(struct lowering *lowering, const struct node *node);
int lower_conv_integer(struct lowering *lowering, const struct node *node);
int lower_gemm(struct lowering *lowering, const struct node *node);
int lower_matmul(struct lowering *lowering, const struct node *node);
int lower_qlinear_matmul(struct lowering *lowering, const struct node *node);
int lower_matmul_integer(struct lowering *lowering, const struct node *node);
int lower_max_pool(struct lowering *lowering, const struct node *node);
int lower_average_pool(struct lowering *lowering, const struct node *node);
int lower_global_max_pool(struct lowering *lowering, const struct node *node);
int lower_global_average_pool(struct lowering *lowering,
			      const struct node *node);
int lower_add(struct lowering *lowering, const struct node *node);
int lower_mul(struct lowering *lowering, const struct node *node);
int lower_relu(struct lowering *lowering, const struct node *node);
int lower_clip(struct lowering *lowering, const struct node *node);
int lower_unary(struct lowering *lowering, const struct node *node);
int lower_identity(struct lowering *lowering, const struct node *node);
int lower_view(struct lowering *lowering, const struct node *node);
int lower_concat(struct lowering *lowering, const struct node *node);
int lower_pad(struct lowering *lowering, const struct node *node);
int lower_resize(struct lowering *lowering, const struct node *node);
int lower_nothing(struct lowering *lowering, const struct node *node);

#endif
