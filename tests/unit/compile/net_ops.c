// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net.h"

static void numbered(struct net *net, char *buf, size_t size, const char *what)
{
	snprintf(buf, size, "%s%d", what, net->count);
}

/* A node named after its output, with one attribute function after the other */
static Onnx__NodeProto *add_node(struct net *net, const char *op,
				 const char *inputs, int out)
{
	char name[40];

	snprintf(name, sizeof(name), "n%d", out);
	return onnx_node(&net->model, op, name, inputs, net->values[out].name);
}

/**
 * struct matrix - random weights
 * @w: integers, zero point taken off
 * @scale: one a row
 * @rows: output channels
 * @columns: weights of each
 */
struct matrix {
	int32_t *w;
	float *scale;
	size_t rows;
	size_t columns;
};

static void draw_matrix(struct net *net, struct matrix *m, int low, int high,
			unsigned int zeros, bool per_channel)
{
	size_t i;

	m->w = calloc(m->rows * m->columns, sizeof(*m->w));
	m->scale = calloc(m->rows, sizeof(*m->scale));
	if (!m->w || !m->scale)
		abort();
	for (i = 0; i < m->rows * m->columns; i++)
		if (net_random(net, 100) >= zeros)
			m->w[i] = low + (int32_t)net_random(net,
							    (uint32_t)(high - low + 1));
	for (i = 0; i < m->rows; i++)
		m->scale[i] = i && !per_channel ? m->scale[0] :
						  net_scale(net, 0.003f);
}

static void free_matrix(struct matrix *m)
{
	free(m->w);
	free(m->scale);
}

/* As an initialiser of any kind behind a DequantizeLinear called @name */
static void put_weights(struct net *net, const char *name,
			const struct matrix *m, int elem, int sparse,
			bool per_channel, unsigned int rank, const int64_t *dims,
			int64_t axis)
{
	char q[48], s[48], z[48], in[160];
	size_t count = m->rows * m->columns, i;
	int32_t *stored = calloc(count, sizeof(*stored));
	const int64_t rows[] = { (int64_t)m->rows };
	Onnx__NodeProto *node;

	if (!stored)
		abort();
	for (i = 0; i < count; i++)
		stored[i] = m->w[i] + (elem == UINT8 ? 131 : 0);
	snprintf(q, sizeof(q), "%s.q", name);
	snprintf(s, sizeof(s), "%s.scale", name);
	snprintf(z, sizeof(z), "%s.zero", name);
	snprintf(in, sizeof(in), "%s %s %s", q, s, elem == UINT8 ? z : "");
	if (sparse)
		onnx_sparse(&net->model, q, rank, dims, stored, sparse == 2);
	else
		onnx_ints(&net->model, q, elem, rank, dims, stored);
	onnx_floats(&net->model, s, per_channel ? 1 : 0, rows, m->scale);
	if (elem == UINT8) {
		for (i = 0; i < m->rows; i++)
			stored[i] = 131;
		onnx_ints(&net->model, z, UINT8, per_channel ? 1 : 0, rows, stored);
	}
	node = onnx_node(&net->model, "DequantizeLinear", "", in, name);
	onnx_attr_int(&net->model, node, "axis", axis);
	free(stored);
}

/* Real biases, as int32 with the accumulator's scale or as floats */
static double *put_bias(struct net *net, const char *name,
			const struct matrix *m, double in_scale, int kind)
{
	double *bias = calloc(m->rows, sizeof(*bias));
	int32_t *ints = calloc(m->rows, sizeof(*ints));
	float *floats = calloc(m->rows, sizeof(*floats));
	const int64_t rows[] = { (int64_t)m->rows };
	char q[48], s[48], in[112];
	size_t i;

	if (!bias || !ints || !floats)
		abort();
	for (i = 0; i < m->rows; i++) {
		double unit = in_scale * (double)m->scale[i];

		ints[i] = (int32_t)net_random(net, 40001) - 20000;
		bias[i] = ints[i] * unit;
		/* The nearest float is nearest to no other integer. */
		floats[i] = (float)(kind == 2 ? bias[i] : unit);
	}
	if (kind == 2) {
		onnx_floats(&net->model, name, 1, rows, floats);
	} else if (kind == 1) {
		Onnx__NodeProto *node;

		snprintf(q, sizeof(q), "%s.q", name);
		snprintf(s, sizeof(s), "%s.scale", name);
		snprintf(in, sizeof(in), "%s %s", q, s);
		onnx_ints(&net->model, q, INT32, 1, rows, ints);
		onnx_floats(&net->model, s, 1, rows, floats);
		node = onnx_node(&net->model, "DequantizeLinear", "", in, name);
		onnx_attr_int(&net->model, node, "axis", 0);
	}
	free(ints);
	free(floats);
	return bias;
}

static int64_t or_one(int64_t value)
{
	return value ? value : 1;
}

/* Rows or columns of padding that auto_pad asks for, and the size of the result */
static int64_t conv_size(const struct net_conv *conv, int64_t in, int dim,
			 int64_t *pad)
{
	int64_t extent = (conv->kernel[dim] - 1) * or_one(conv->dilation[dim]) + 1;
	int64_t stride = or_one(conv->stride[dim]), out, total;

	if (!conv->auto_pad || !strcmp(conv->auto_pad, "VALID")) {
		*pad = conv->pads[dim];
		return (in + conv->pads[dim] + conv->pads[dim + 2] - extent) /
		       stride + 1;
	}
	out = (in + stride - 1) / stride;
	total = (out - 1) * stride + extent - in;
	total = total > 0 ? total : 0;
	*pad = strcmp(conv->auto_pad, "SAME_LOWER") ? total / 2 :
						      total - total / 2;
	return out;
}

static void compute_conv(const struct net_conv *conv, const struct matrix *m,
			 const double *bias, const struct net_value *x,
			 const struct net_value *y, const int64_t *pad)
{
	int64_t per = x->dims[1] / or_one(conv->groups);
	int64_t each = y->dims[1] / or_one(conv->groups);
	size_t i, k;

	for (i = 0; i < net_elements(y); i++) {
		int64_t ox = (int64_t)i % y->dims[3];
		int64_t oy = (int64_t)i / y->dims[3] % y->dims[2];
		int64_t oc = (int64_t)i / y->dims[3] / y->dims[2] % y->dims[1];
		int64_t n = (int64_t)i / y->dims[3] / y->dims[2] / y->dims[1];
		double sum = 0;

		for (k = 0; k < m->columns; k++) {
			int64_t kx = (int64_t)k % conv->kernel[1];
			int64_t ky = (int64_t)k / conv->kernel[1] % conv->kernel[0];
			int64_t c = (int64_t)k / conv->kernel[1] / conv->kernel[0] +
				    oc / each * per;
			int64_t iy = oy * or_one(conv->stride[0]) - pad[0] +
				     ky * or_one(conv->dilation[0]);
			int64_t ix = ox * or_one(conv->stride[1]) - pad[1] +
				     kx * or_one(conv->dilation[1]);

			if (iy < 0 || iy >= x->dims[2] || ix < 0 || ix >= x->dims[3])
				continue;
			/* Whole steps, so that the sum is exact. */
			sum += m->w[(size_t)oc * m->columns + k] *
			       round(x->v[((n * x->dims[1] + c) * x->dims[2] + iy) *
					  x->dims[3] + ix] / (double)x->scale);
		}
		y->v[i] = sum * ((double)x->scale * (double)m->scale[oc]) + bias[oc];
	}
}

int net_conv(struct net *net, int x, const struct net_conv *conv)
{
	int64_t dims[4] = { NET_IMAGES, conv->out }, pad[2], w_dims[4];
	struct matrix m;
	char w[32], b[32], in[128];
	Onnx__NodeProto *node;
	double *bias;
	int y, low = -128, high = 127;

	dims[2] = conv_size(conv, net->values[x].dims[2], 0, &pad[0]);
	dims[3] = conv_size(conv, net->values[x].dims[3], 1, &pad[1]);
	y = net_value(net, 4, dims);
	w_dims[0] = conv->out;
	w_dims[1] = net->values[x].dims[1] / or_one(conv->groups);
	w_dims[2] = conv->kernel[0];
	w_dims[3] = conv->kernel[1];
	if (conv->elem == INT32) {
		low = -256;
		high = 255;
	} else if (conv->elem == UINT8) {
		low = -131;
		high = 124;
	}
	m.rows = (size_t)conv->out;
	m.columns = (size_t)(w_dims[1] * w_dims[2] * w_dims[3]);
	draw_matrix(net, &m, low, high, conv->zeros, conv->per_channel);
	numbered(net, w, sizeof(w), "w");
	numbered(net, b, sizeof(b), "b");
	put_weights(net, w, &m, conv->elem, conv->sparse, conv->per_channel, 4,
		    w_dims, 0);
	bias = put_bias(net, b, &m, (double)net->values[x].scale, conv->bias);
	if (!conv->bias)
		memset(bias, 0, m.rows * sizeof(*bias));
	compute_conv(conv, &m, bias, &net->values[x], &net->values[y], pad);
	net->values[y].unit = (double)net->values[x].scale * (double)m.scale[0];

	snprintf(in, sizeof(in), "%s %s %s", net->values[x].name, w,
		 conv->bias ? b : "");
	node = add_node(net, "Conv", in, y);
	if (conv->auto_pad)
		onnx_attr_string(&net->model, node, "auto_pad", conv->auto_pad);
	else
		onnx_attr_ints(&net->model, node, "pads", 4, conv->pads);
	if (conv->stride[0])
		onnx_attr_ints(&net->model, node, "strides", 2, conv->stride);
	if (conv->dilation[0])
		onnx_attr_ints(&net->model, node, "dilations", 2, conv->dilation);
	if (conv->groups)
		onnx_attr_int(&net->model, node, "group", conv->groups);
	free(bias);
	free_matrix(&m);
	return y;
}

static void compute_product(const struct matrix *m, const struct net_value *x,
			    const struct net_value *y, double alpha,
			    double beta, const double *bias)
{
	size_t i, k;

	for (i = 0; i < net_elements(y); i++) {
		size_t n = i / m->rows, o = i % m->rows;
		double sum = 0;

		for (k = 0; k < m->columns; k++)
			sum += m->w[o * m->columns + k] *
			       round(x->v[n * m->columns + k] / (double)x->scale);
		y->v[i] = sum * ((double)x->scale *
				 (double)(m->scale[o] * (float)alpha)) +
			  beta * bias[o];
	}
}

static struct matrix transpose(const struct matrix *m)
{
	struct matrix t = { .rows = m->rows, .columns = m->columns };
	size_t r, c;

	t.w = calloc(m->rows * m->columns, sizeof(*t.w));
	if (!t.w)
		abort();
	t.scale = m->scale;
	for (r = 0; r < m->rows; r++)
		for (c = 0; c < m->columns; c++)
			t.w[c * m->rows + r] = m->w[r * m->columns + c];
	return t;
}

static int product(struct net *net, const char *op, int x, int64_t out,
		   bool transposed, float alpha, float beta)
{
	const int64_t dims[] = { NET_IMAGES, out };
	const int64_t plain[] = { out, net->values[x].dims[1] };
	const int64_t turned[] = { net->values[x].dims[1], out };
	bool gemm = !strcmp(op, "Gemm");
	struct matrix m = {
		.rows = (size_t)out, .columns = (size_t)net->values[x].dims[1],
	}, t;
	int y = net_value(net, 2, dims);
	char w[32], b[32], in[128];
	Onnx__NodeProto *node;
	double *bias;

	/* One scale, so that the accumulators can be an output. */
	draw_matrix(net, &m, -256, 255, 30, false);
	t = transpose(&m);
	numbered(net, w, sizeof(w), "w");
	numbered(net, b, sizeof(b), "b");
	put_weights(net, w, transposed ? &m : &t, INT32, 0, false, 2,
		    transposed ? plain : turned, transposed ? 0 : 1);
	bias = put_bias(net, b, &m, (double)net->values[x].scale, gemm ? 2 : 0);
	if (!gemm)
		memset(bias, 0, m.rows * sizeof(*bias));
	compute_product(&m, &net->values[x], &net->values[y], (double)alpha,
			(double)beta, bias);
	net->values[y].unit = (double)net->values[x].scale *
			      (double)(m.scale[0] * alpha);

	snprintf(in, sizeof(in), "%s %s %s", net->values[x].name, w,
		 gemm ? b : "");
	node = add_node(net, op, in, y);
	if (gemm && transposed)
		onnx_attr_int(&net->model, node, "transB", 1);
	if (gemm && (alpha != 1 || beta != 1)) {
		onnx_attr_float(&net->model, node, "alpha", alpha);
		onnx_attr_float(&net->model, node, "beta", beta);
	}
	free(bias);
	free(t.w);
	free_matrix(&m);
	return y;
}

int net_gemm(struct net *net, int x, int64_t out, bool transposed, float alpha,
	     float beta)
{
	return product(net, "Gemm", x, out, transposed, alpha, beta);
}

int net_matmul(struct net *net, int x, int64_t out)
{
	return product(net, "MatMul", x, out, false, 1, 1);
}

static double unary(const char *op, double v, double alpha, double beta)
{
	if (!strcmp(op, "Relu"))
		return fmax(v, 0);
	if (!strcmp(op, "Clip"))
		return fmin(fmax(v, alpha), beta);
	if (!strcmp(op, "Sigmoid"))
		return 1 / (1 + exp(-v));
	if (!strcmp(op, "Tanh"))
		return tanh(v);
	if (!strcmp(op, "LeakyRelu"))
		return v < 0 ? alpha * v : v;
	if (!strcmp(op, "HardSigmoid"))
		return fmax(0, fmin(1, alpha * v + beta));
	if (!strcmp(op, "HardSwish"))
		return v * fmax(0, fmin(1, v / 6 + 0.5));
	if (!strcmp(op, "Elu"))
		return v < 0 ? alpha * (exp(v) - 1) : v;
	if (!strcmp(op, "Neg"))
		return -v;
	if (!strcmp(op, "Abs"))
		return fabs(v);
	if (!strcmp(op, "Identity"))
		return v;
	abort();
}

int net_unary(struct net *net, const char *op, int x, float alpha, float beta)
{
	int y = net_value(net, net->values[x].rank, net->values[x].dims);
	struct net_value *from = &net->values[x], *to = &net->values[y];
	char low[32], high[32], in[112];
	Onnx__NodeProto *node;
	size_t i;

	for (i = 0; i < net_elements(to); i++)
		to->v[i] = unary(op, from->v[i], (double)alpha, (double)beta);
	to->table = from->scale > 0 || from->table;
	to->unit = from->unit;
	if (!strcmp(op, "Identity")) {
		to->scale = from->scale;
		to->zero_point = from->zero_point;
	}
	snprintf(in, sizeof(in), "%s", from->name);
	if (!strcmp(op, "Clip")) {
		numbered(net, low, sizeof(low), "low");
		numbered(net, high, sizeof(high), "high");
		onnx_scalar(&net->model, low, alpha);
		onnx_scalar(&net->model, high, beta);
		snprintf(in, sizeof(in), "%s %s %s", from->name, low, high);
	}
	node = add_node(net, op, in, y);
	if (!strcmp(op, "LeakyRelu") || !strcmp(op, "Elu") ||
	    !strcmp(op, "HardSigmoid"))
		onnx_attr_float(&net->model, node, "alpha", alpha);
	if (!strcmp(op, "HardSigmoid"))
		onnx_attr_float(&net->model, node, "beta", beta);
	return y;
}

static double combine(const char *op, double a, double b)
{
	return !strcmp(op, "Add") ? a + b : a * b;
}

int net_eltwise(struct net *net, const char *op, int x, int y)
{
	const struct net_value *a = &net->values[x], *b = &net->values[y];
	int64_t dims[NET_RANK];
	char in[80];
	unsigned int i;
	size_t k;
	int z;

	/* The first has all dimensions; one of 1 is repeated. */
	for (i = 0; i < a->rank; i++) {
		unsigned int skip = a->rank - b->rank;
		int64_t other = i < skip ? 1 : b->dims[i - skip];

		dims[i] = a->dims[i] == 1 ? other : a->dims[i];
	}
	z = net_value(net, a->rank, dims);
	for (k = 0; k < net_elements(&net->values[z]); k++)
		net->values[z].v[k] =
			combine(op, a->v[net_broadcast(a, &net->values[z], k)],
				b->v[net_broadcast(b, &net->values[z], k)]);
	snprintf(in, sizeof(in), "%s %s", a->name, b->name);
	add_node(net, op, in, z);
	return z;
}

int net_scalar(struct net *net, const char *op, int x, float number)
{
	int y = net_value(net, net->values[x].rank, net->values[x].dims);
	struct net_value *from = &net->values[x], *to = &net->values[y];
	char s[32], in[80];
	size_t i;

	for (i = 0; i < net_elements(to); i++)
		to->v[i] = combine(op, from->v[i], (double)number);
	to->table = true;
	numbered(net, s, sizeof(s), "s");
	onnx_scalar(&net->model, s, number);
	snprintf(in, sizeof(in), "%s %s", s, from->name);
	add_node(net, op, in, y);
	return y;
}

int net_add_channels(struct net *net, int x)
{
	int y = net_value(net, net->values[x].rank, net->values[x].dims);
	struct net_value *from = &net->values[x], *to = &net->values[y];
	int64_t dims[NET_RANK] = { from->dims[1], 1, 1 };
	struct matrix m = { .rows = (size_t)from->dims[1] };
	size_t inner = net_elements(from) / (size_t)(from->dims[0] * from->dims[1]);
	float *bias = calloc(m.rows, sizeof(*bias));
	char b[32], in[80];
	size_t i;

	if (!bias)
		abort();
	for (i = 0; i < m.rows; i++)
		bias[i] = (float)(((int)net_random(net, 20001) - 10000) * from->unit);
	for (i = 0; i < net_elements(to); i++) {
		double steps = (double)bias[i / inner % m.rows] / from->unit;

		to->v[i] = from->v[i] + round(steps) * from->unit;
	}
	to->unit = from->unit;
	numbered(net, b, sizeof(b), "b");
	onnx_floats(&net->model, b, from->rank - 1, dims, bias);
	snprintf(in, sizeof(in), "%s %s", from->name, b);
	add_node(net, "Add", in, y);
	free(bias);
	return y;
}
