/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small quantised networks that know their own result.
 *
 * Each function adds nodes to an ONNX model and at once computes, in plain
 * double arithmetic on real numbers as ONNX defines the operators, what they
 * give for random images.  net_check() compiles the model, runs it on the
 * simulator and compares.
 */
#ifndef COMPILE_TEST_NET_H
#define COMPILE_TEST_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "onnx_model.h"

#define NET_VALUES	64
#define NET_RANK	4
/* Images: more than a batch, and no multiple of it */
#define NET_IMAGES	5
#define NET_BATCH	3

/**
 * struct net_value - a tensor of real numbers
 * @name: in the model
 * @rank: dimensions
 * @dims: their sizes; the first is NET_IMAGES, or 1 for a constant
 * @v: numbers
 * @unit: real value of a step of the accumulator, for results of convolutions
 * @scale: of the grid that the numbers are on; 0: none
 * @zero_point: of that grid, as the device counts (int8 plus 128)
 * @table: comes out of a table, which rounds ties to even
 */
struct net_value {
	char name[32];
	unsigned int rank;
	int64_t dims[NET_RANK];
	double *v;
	double unit;
	float scale;
	int zero_point;
	bool table;
};

/**
 * struct net - a network under construction
 * @model: ONNX
 * @values: what it has so far
 * @count: how many
 * @state: of the random numbers
 * @images: bytes of the input
 * @image_bytes: of one image
 * @uncertain: some number is so near to a tie that nobody can say which way the
 *	device rounds; another seed must be tried
 */
struct net {
	struct onnx_model model;
	struct net_value values[NET_VALUES];
	int count;
	uint64_t state;
	uint8_t *images;
	size_t image_bytes;
	bool uncertain;
};

void net_begin(struct net *net, uint64_t seed);
void net_end(struct net *net);

/* 0 to limit - 1 */
uint32_t net_random(struct net *net, uint32_t limit);
/* A scale that is no neat number, from low to twice that */
float net_scale(struct net *net, float low);

/* A new value of that shape and nothing in it; for the functions below */
int net_value(struct net *net, unsigned int rank, const int64_t *dims);
size_t net_elements(const struct net_value *value);
/* Index into a value that is broadcast, for an index of the result */
size_t net_broadcast(const struct net_value *value,
		     const struct net_value *result, size_t at);

/* All of these return the index of a value. */

/* The input: float and QuantizeLinear, or (elem 0) bytes and DequantizeLinear */
int net_input(struct net *net, unsigned int rank, const int64_t *dims,
	      float scale, int elem, int zero_point);
/* A quantised constant, without a batch */
int net_constant(struct net *net, unsigned int rank, const int64_t *dims,
		 float scale, int zero_point);
int net_qdq(struct net *net, int x, float scale, int elem, int zero_point);

/**
 * struct net_conv - a convolution
 * @out: output channels
 * @kernel: rows, columns
 * @stride: rows, columns; 0: 1
 * @dilation: rows, columns; 0: 1
 * @pads: above, left, below, right
 * @auto_pad: NULL or "SAME_UPPER", …
 * @groups: 0: 1
 * @elem: INT8, UINT8 (zero point 131) or INT32 (nine bits)
 * @sparse: INT32: 1 linear, 2 two-dimensional indices
 * @zeros: percent of weights that are 0
 * @per_channel: scales
 * @bias: 0: none, 1: int32, 2: float
 */
struct net_conv {
	int64_t out;
	int64_t kernel[2];
	int64_t stride[2];
	int64_t dilation[2];
	int64_t pads[4];
	const char *auto_pad;
	int64_t groups;
	int elem;
	int sparse;
	unsigned int zeros;
	bool per_channel;
	int bias;
};
int net_conv(struct net *net, int x, const struct net_conv *conv);

/* A matrix product; with Gemm: alpha 1 and a bias */
int net_gemm(struct net *net, int x, int64_t out, bool transposed, float alpha,
	     float beta);
int net_matmul(struct net *net, int x, int64_t out);
/* One of "Relu", "Sigmoid", …; Clip has its bounds in alpha and beta. */
int net_unary(struct net *net, const char *op, int x, float alpha, float beta);
/* "Add" or "Mul" */
int net_eltwise(struct net *net, const char *op, int x, int y);
int net_scalar(struct net *net, const char *op, int x, float number);
/* Adds a float to each channel, as a bias that is a node of its own */
int net_add_channels(struct net *net, int x);
/* "MaxPool" or "AveragePool"; 0 pads if NULL */
int net_pool(struct net *net, const char *op, int x, int64_t kernel,
	     int64_t stride, const int64_t *pads, bool ceil, bool count_padding);
int net_global_pool(struct net *net, const char *op, int x);
int net_concat(struct net *net, const int *xs, int count, int axis);
/* @code: byte that stands outside */
int net_pad(struct net *net, int x, const int64_t *pads, int code);
int net_resize(struct net *net, int x, int rows, int columns);
int net_flatten(struct net *net, int x);
int net_reshape(struct net *net, int x, unsigned int rank, const int64_t *dims);

/**
 * net_check() - compile, run, compare
 * @net: network
 * @x: its output
 * @name: of the test point
 *
 * All three forms of weights; every output must be what the network says.
 */
void net_check(struct net *net, int x, const char *name);

/* Commands that the compiled network takes; -1 if it is refused */
int net_commands(struct net *net, int x);

#endif
