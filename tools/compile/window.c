// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "attr.h"
#include "window.h"

/* Fields of a command have eight bits for these. */
#define STEP_MAX	255

/* A file's numbers in their own order: one or two of each, twice that for pads. */
struct raw_window {
	unsigned int dims;
	int64_t kernel[WINDOW_DIMS];
	int64_t stride[WINDOW_DIMS];
	int64_t dilation[WINDOW_DIMS];
	int64_t pads[2 * WINDOW_DIMS];
};

static int read_kernel(const struct graph *graph, const struct node *node,
		       const int64_t *known, int64_t limit,
		       struct raw_window *raw)
{
	const int64_t *list;
	size_t length;
	unsigned int i;
	int err;

	err = attr_int_list(graph, node, "kernel_shape", &list, &length);
	if (err)
		return err;
	if (!list) {
		list = known;
		length = raw->dims;
	}
	if (!list || length != raw->dims)
		return diag_node(graph->diag, node,
				 "kernel_shape must have %u numbers", raw->dims);
	for (i = 0; i < raw->dims; i++) {
		if (known && list[i] != known[i])
			return diag_node(graph->diag, node,
					 "kernel_shape is not that of the weights");
		if (list[i] < 1 || list[i] > limit)
			return diag_node(graph->diag, node,
					 "a kernel of %" PRId64
					 " is not supported (1 to %" PRId64 " are)",
					 list[i], limit);
		raw->kernel[i] = list[i];
	}
	return 0;
}

static int read_raw(const struct graph *graph, const struct node *node,
		    const int64_t *known, int64_t limit,
		    struct raw_window *raw)
{
	int err;

	err = read_kernel(graph, node, known, limit, raw);
	if (err)
		return err;
	err = attr_ints(graph, node, "strides", raw->dims, 1, STEP_MAX, 1,
			raw->stride);
	if (err)
		return err;
	err = attr_ints(graph, node, "dilations", raw->dims, 1, STEP_MAX, 1,
			raw->dilation);
	if (err)
		return err;
	return attr_ints(graph, node, "pads", 2 * raw->dims, 0, STEP_MAX, 0,
			 raw->pads);
}

static int64_t extent(const struct window *window, int dim)
{
	return (window->kernel[dim] - 1) * window->dilation[dim] + 1;
}

int64_t window_pad_end(const struct window *window, int dim)
{
	return (window->out[dim] - 1) * window->stride[dim] +
	       extent(window, dim) - window->in[dim] - window->pad[dim];
}

/* Output size for given padding; 0 or less if not even one window fits. */
static int64_t output_size(const struct window *window, int dim, int64_t end)
{
	int64_t stride = window->stride[dim];
	int64_t room = window->in[dim] + window->pad[dim] + end -
		       extent(window, dim);
	int64_t out;

	if (room < 0)
		return 0;
	out = room / stride + 1;
	if (window->ceil && room % stride &&
	    out * stride < window->in[dim] + window->pad[dim])
		out++;
	return out;
}

/* SAME_*: as many windows as strides, what is missing is padded. */
static void pad_same(struct window *window, int dim, bool upper)
{
	int64_t stride = window->stride[dim];
	int64_t total;

	window->out[dim] = (window->in[dim] + stride - 1) / stride;
	total = (window->out[dim] - 1) * stride + extent(window, dim) -
		window->in[dim];
	if (total < 0)
		total = 0;
	window->pad[dim] = upper ? total / 2 : total - total / 2;
}

static int set_output(const struct graph *graph, const struct node *node,
		      struct window *window, const struct raw_window *raw)
{
	bool upper = attr_is(node, "auto_pad", "SAME_UPPER", "NOTSET");
	bool lower = attr_is(node, "auto_pad", "SAME_LOWER", "NOTSET");
	bool valid = attr_is(node, "auto_pad", "VALID", "NOTSET");
	int dim;

	if (!upper && !lower && !valid &&
	    !attr_is(node, "auto_pad", "NOTSET", "NOTSET"))
		return diag_node(graph->diag, node,
				 "auto_pad must be NOTSET, SAME_UPPER, SAME_LOWER or VALID");
	for (dim = 0; dim < WINDOW_DIMS; dim++) {
		int skip = WINDOW_DIMS - (int)raw->dims;
		int64_t end = 0;

		if (upper || lower) {
			pad_same(window, dim, upper);
			continue;
		}
		if (!valid && dim >= skip) {
			window->pad[dim] = raw->pads[dim - skip];
			end = raw->pads[dim - skip + (int)raw->dims];
		}
		window->out[dim] = output_size(window, dim, end);
		if (window->out[dim] < 1)
			return diag_node(graph->diag, node,
					 "the kernel is larger than its padded input");
	}
	return 0;
}

int window_read(const struct graph *graph, const struct node *node,
		const struct value *input, const int64_t *kernel,
		int64_t kernel_limit, struct window *out)
{
	struct raw_window raw = { .dims = input->rank - 2 };
	struct window window = {
		.kernel = { 1, 1 }, .stride = { 1, 1 }, .dilation = { 1, 1 },
		.in = { 1, 1 },
	};
	unsigned int i, at;
	int64_t ceil;
	int err, dim;

	if (input->rank != 3 && input->rank != 4)
		return diag_node(graph->diag, node,
				 "input has %u dimensions, 3 and 4 are supported",
				 input->rank);
	err = read_raw(graph, node, kernel, kernel_limit, &raw);
	if (!err)
		err = attr_int(graph, node, "ceil_mode", 0, &ceil);
	if (err)
		return err;
	window.ceil = ceil;
	for (i = 0; i < raw.dims; i++) {
		at = WINDOW_DIMS - raw.dims + i;
		window.kernel[at] = raw.kernel[i];
		window.stride[at] = raw.stride[i];
		window.dilation[at] = raw.dilation[i];
		window.in[at] = input->dims[2 + i];
	}
	err = set_output(graph, node, &window, &raw);
	if (err)
		return err;
	for (dim = 0; dim < WINDOW_DIMS; dim++)
		if (window.pad[dim] > STEP_MAX ||
		    window_pad_end(&window, dim) > STEP_MAX)
			return diag_node(graph->diag, node,
					 "more than %d rows or columns of padding are not supported",
					 STEP_MAX);
	*out = window;
	return 0;
}
