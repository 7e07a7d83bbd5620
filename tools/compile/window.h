/* SPDX-License-Identifier: GPL-2.0-only */
/* Kernel, stride, dilation and padding of convolutions and pooling. */
#ifndef LUTNA_COMPILE_WINDOW_H
#define LUTNA_COMPILE_WINDOW_H

#include "graph.h"

/* Index of the rows and of the columns in each pair */
enum { WINDOW_H, WINDOW_W, WINDOW_DIMS };

/**
 * struct window - how a kernel moves over an image
 * @kernel: its size
 * @stride: steps
 * @dilation: distance of its positions
 * @pad: rows above and columns on the left; what is below and on the right
 *	follows from @out
 * @in: size of the image
 * @out: size of the result
 * @ceil: a last window may go beyond the padding
 */
struct window {
	int64_t kernel[WINDOW_DIMS];
	int64_t stride[WINDOW_DIMS];
	int64_t dilation[WINDOW_DIMS];
	int64_t pad[WINDOW_DIMS];
	int64_t in[WINDOW_DIMS];
	int64_t out[WINDOW_DIMS];
	bool ceil;
};

/**
 * window_read() - take a window from a node's attributes
 * @graph: for messages
 * @node: node whose first input has the shape [N, C, (H,) W]
 * @input: that input
 * @kernel: size of the kernel if it is known from weights, in @input's
 *	dimensions after the second; NULL if only from the attribute
 * @kernel_limit: greatest size
 * @out: set on success; for one dimension the rows are 1
 *
 * Return: 0 or -EINVAL after a message
 */
int window_read(const struct graph *graph, const struct node *node,
		const struct value *input, const int64_t *kernel,
		int64_t kernel_limit, struct window *out);

/* Rows of padding that @out implies below, or columns on the right; may be negative. */
int64_t window_pad_end(const struct window *window, int dim);

#endif
