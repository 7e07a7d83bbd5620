// SPDX-License-Identifier: GPL-2.0-only
/* Pooling, and what moves numbers without computing any */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "net.h"

static Onnx__NodeProto *add_node(struct net *net, const char *op,
				 const char *inputs, int out)
{
	char name[40];

	snprintf(name, sizeof(name), "n%d", out);
	return onnx_node(&net->model, op, name, inputs, net->values[out].name);
}

static void keep_grid(struct net *net, int from, int to)
{
	net->values[to].scale = net->values[from].scale;
	net->values[to].zero_point = net->values[from].zero_point;
	net->values[to].table = net->values[from].table;
	net->values[to].unit = net->values[from].unit;
}

struct window {
	int64_t kernel;
	int64_t stride;
	int64_t pad[2];
	bool max;
	bool count_padding;
};

static double pool_at(const struct window *window, const struct net_value *x,
		      size_t plane, int64_t oy, int64_t ox)
{
	const double *from = x->v + plane * (size_t)(x->dims[2] * x->dims[3]);
	double best = -INFINITY, sum = 0;
	int64_t ky, kx;
	int inside = 0;

	for (ky = 0; ky < window->kernel; ky++) {
		for (kx = 0; kx < window->kernel; kx++) {
			int64_t y = oy * window->stride - window->pad[0] + ky;
			int64_t c = ox * window->stride - window->pad[1] + kx;

			if (y < 0 || y >= x->dims[2] || c < 0 || c >= x->dims[3])
				continue;
			best = fmax(best, from[y * x->dims[3] + c]);
			sum += round(from[y * x->dims[3] + c] / (double)x->scale);
			inside++;
		}
	}
	if (window->max)
		return best;
	sum /= window->count_padding ? (double)(window->kernel * window->kernel) :
				       (double)inside;
	return sum * (double)x->scale;
}

static int64_t pool_size(int64_t in, int64_t kernel, int64_t stride,
			 int64_t begin, int64_t end, bool ceil)
{
	int64_t room = in + begin + end - kernel;
	int64_t out = room / stride + 1;

	if (ceil && room % stride && out * stride < in + begin)
		out++;
	return out;
}

int net_pool(struct net *net, const char *op, int x, int64_t kernel,
	     int64_t stride, const int64_t *pads, bool ceil, bool count_padding)
{
	static const int64_t none[4];
	const int64_t kernels[] = { kernel, kernel }, strides[] = { stride, stride };
	const int64_t *p = pads ? pads : none;
	struct window window = {
		.kernel = kernel, .stride = stride, .pad = { p[0], p[1] },
		.max = !strcmp(op, "MaxPool"), .count_padding = count_padding,
	};
	int64_t dims[4];
	Onnx__NodeProto *node;
	size_t i;
	int y;

	memcpy(dims, net->values[x].dims, sizeof(dims));
	dims[2] = pool_size(dims[2], kernel, stride, p[0], p[2], ceil);
	dims[3] = pool_size(dims[3], kernel, stride, p[1], p[3], ceil);
	y = net_value(net, 4, dims);
	for (i = 0; i < net_elements(&net->values[y]); i++)
		net->values[y].v[i] =
			pool_at(&window, &net->values[x],
				i / (size_t)(dims[2] * dims[3]),
				(int64_t)i / dims[3] % dims[2],
				(int64_t)i % dims[3]);
	if (window.max)
		keep_grid(net, x, y);
	node = add_node(net, op, net->values[x].name, y);
	onnx_attr_ints(&net->model, node, "kernel_shape", 2, kernels);
	onnx_attr_ints(&net->model, node, "strides", 2, strides);
	if (pads)
		onnx_attr_ints(&net->model, node, "pads", 4, pads);
	if (ceil)
		onnx_attr_int(&net->model, node, "ceil_mode", 1);
	if (count_padding)
		onnx_attr_int(&net->model, node, "count_include_pad", 1);
	return y;
}

int net_global_pool(struct net *net, const char *op, int x)
{
	struct net_value *from = &net->values[x];
	const int64_t dims[] = { from->dims[0], from->dims[1], 1, 1 };
	size_t inner = (size_t)(from->dims[2] * from->dims[3]), i, k;
	bool max = !strcmp(op, "GlobalMaxPool");
	int y = net_value(net, 4, dims);

	for (i = 0; i < net_elements(&net->values[y]); i++) {
		double best = -INFINITY, sum = 0;

		for (k = 0; k < inner; k++) {
			best = fmax(best, from->v[i * inner + k]);
			sum += round(from->v[i * inner + k] / (double)from->scale);
		}
		net->values[y].v[i] = max ? best :
			sum / (double)inner * (double)from->scale;
	}
	if (max)
		keep_grid(net, x, y);
	add_node(net, op, from->name, y);
	return y;
}

/* Elements in front of an axis, and behind it with the axis */
static void around(const struct net_value *value, int axis, size_t *before,
		   size_t *behind)
{
	unsigned int i;

	*before = 1;
	*behind = 1;
	for (i = 0; i < value->rank; i++)
		*((int)i < axis ? before : behind) *= (size_t)value->dims[i];
}

int net_concat(struct net *net, const int *xs, int count, int axis)
{
	int64_t dims[NET_RANK];
	char in[512] = "";
	size_t before, behind, all, at = 0, k;
	Onnx__NodeProto *node;
	bool same = true;
	int i, y;

	memcpy(dims, net->values[xs[0]].dims, sizeof(dims));
	for (i = 1; i < count; i++)
		dims[axis] += net->values[xs[i]].dims[axis];
	y = net_value(net, net->values[xs[0]].rank, dims);
	around(&net->values[y], axis, &before, &all);
	for (i = 0; i < count; i++) {
		const struct net_value *x = &net->values[xs[i]];

		around(x, axis, &before, &behind);
		for (k = 0; k < before; k++)
			memcpy(net->values[y].v + k * all + at, x->v + k * behind,
			       behind * sizeof(double));
		at += behind;
		same &= x->scale > 0 && x->scale == net->values[xs[0]].scale &&
			x->zero_point == net->values[xs[0]].zero_point;
		net->values[y].table |= x->scale > 0 || x->table;
		snprintf(in + strlen(in), sizeof(in) - strlen(in), "%s ", x->name);
	}
	if (same)
		keep_grid(net, xs[0], y);
	node = add_node(net, "Concat", in, y);
	onnx_attr_int(&net->model, node, "axis", axis);
	return y;
}

int net_pad(struct net *net, int x, const int64_t *pads, int code)
{
	struct net_value *from = &net->values[x];
	const int64_t dims[] = {
		from->dims[0], from->dims[1],
		from->dims[2] + pads[0] + pads[2],
		from->dims[3] + pads[1] + pads[3],
	};
	const int64_t all[] = { 0, 0, pads[0], pads[1], 0, 0, pads[2], pads[3] };
	float outside = from->scale * (float)(code - from->zero_point);
	int y = net_value(net, 4, dims);
	char p[32], o[32], in[96];
	size_t i;

	for (i = 0; i < net_elements(&net->values[y]); i++) {
		int64_t c = (int64_t)i % dims[3] - pads[1];
		int64_t r = (int64_t)i / dims[3] % dims[2] - pads[0];
		size_t plane = i / (size_t)(dims[2] * dims[3]);

		net->values[y].v[i] = (double)from->scale *
				      (code - from->zero_point);
		if (r >= 0 && r < from->dims[2] && c >= 0 && c < from->dims[3])
			net->values[y].v[i] =
				from->v[plane * (size_t)(from->dims[2] * from->dims[3]) +
					(size_t)(r * from->dims[3] + c)];
	}
	keep_grid(net, x, y);
	snprintf(p, sizeof(p), "p%d", y);
	snprintf(o, sizeof(o), "o%d", y);
	onnx_longs(&net->model, p, 8, all);
	onnx_scalar(&net->model, o, outside);
	snprintf(in, sizeof(in), "%s %s %s", from->name, p, o);
	add_node(net, "Pad", in, y);
	return y;
}

int net_resize(struct net *net, int x, int rows, int columns)
{
	struct net_value *from = &net->values[x];
	const int64_t dims[] = { from->dims[0], from->dims[1],
				 from->dims[2] * rows, from->dims[3] * columns };
	const float scales[] = { 1, 1, (float)rows, (float)columns };
	const int64_t four[] = { 4 };
	int y = net_value(net, 4, dims);
	Onnx__NodeProto *node;
	char s[32], in[80];
	size_t i;

	for (i = 0; i < net_elements(&net->values[y]); i++) {
		int64_t c = (int64_t)i % dims[3] / columns;
		int64_t r = (int64_t)i / dims[3] % dims[2] / rows;
		size_t plane = i / (size_t)(dims[2] * dims[3]);

		net->values[y].v[i] =
			from->v[plane * (size_t)(from->dims[2] * from->dims[3]) +
				(size_t)(r * from->dims[3] + c)];
	}
	keep_grid(net, x, y);
	snprintf(s, sizeof(s), "s%d", y);
	onnx_floats(&net->model, s, 1, four, scales);
	snprintf(in, sizeof(in), "%s - %s", from->name, s);
	node = add_node(net, "Resize", in, y);
	onnx_attr_string(&net->model, node, "mode", "nearest");
	onnx_attr_string(&net->model, node, "coordinate_transformation_mode",
			 "asymmetric");
	onnx_attr_string(&net->model, node, "nearest_mode", "floor");
	return y;
}

static int same_numbers(struct net *net, int x, unsigned int rank,
			const int64_t *dims)
{
	int y = net_value(net, rank, dims);

	memcpy(net->values[y].v, net->values[x].v,
	       net_elements(&net->values[x]) * sizeof(double));
	keep_grid(net, x, y);
	return y;
}

int net_flatten(struct net *net, int x)
{
	const struct net_value *from = &net->values[x];
	const int64_t dims[] = {
		from->dims[0], (int64_t)net_elements(from) / from->dims[0],
	};
	int y = same_numbers(net, x, 2, dims);

	add_node(net, "Flatten", net->values[x].name, y);
	return y;
}

int net_reshape(struct net *net, int x, unsigned int rank, const int64_t *dims)
{
	int64_t all[NET_RANK] = { NET_IMAGES }, given[NET_RANK] = { 0 };
	char s[32], in[80];
	int y;

	memcpy(&all[1], dims, rank * sizeof(*dims));
	memcpy(&given[1], dims, rank * sizeof(*dims));
	y = same_numbers(net, x, rank + 1, all);
	snprintf(s, sizeof(s), "shape%d", y);
	onnx_longs(&net->model, s, rank + 1, given);
	snprintf(in, sizeof(in), "%s %s", net->values[x].name, s);
	add_node(net, "Reshape", in, y);
	return y;
}
