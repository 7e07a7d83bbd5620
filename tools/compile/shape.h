/* SPDX-License-Identifier: GPL-2.0-only */
/* Types and shapes of all values. */
#ifndef LUTNA_COMPILE_SHAPE_H
#define LUTNA_COMPILE_SHAPE_H

#include "graph.h"

#define SHAPE_BATCH_DEFAULT	50
#define SHAPE_BATCH_MAX		65535

/**
 * shape_batch() - settle how many images a run takes
 * @graph: its batch and the open dimensions of its inputs are set
 * @requested: 0: what the model fixes, or SHAPE_BATCH_DEFAULT
 *
 * Return: 0 or -EINVAL after a message
 */
int shape_batch(struct graph *graph, uint32_t requested);

/**
 * shape_infer() - find the operator, type and shape of every wanted node
 * @graph: ordered and with its batch set
 *
 * Return: 0, -EINVAL or -ENOMEM after a message
 */
int shape_infer(struct graph *graph);

/* Shape functions for the table of operators. */
int shape_quantize(struct graph *graph, const struct node *node);
int shape_dequantize(struct graph *graph, const struct node *node);
int shape_same(struct graph *graph, const struct node *node);
int shape_broadcast(struct graph *graph, const struct node *node);
int shape_conv(struct graph *graph, const struct node *node);
int shape_qlinear_conv(struct graph *graph, const struct node *node);
int shape_conv_integer(struct graph *graph, const struct node *node);
int shape_gemm(struct graph *graph, const struct node *node);
int shape_matmul(struct graph *graph, const struct node *node);
int shape_qlinear_matmul(struct graph *graph, const struct node *node);
int shape_matmul_integer(struct graph *graph, const struct node *node);
int shape_pool(struct graph *graph, const struct node *node);
int shape_global_pool(struct graph *graph, const struct node *node);
int shape_concat(struct graph *graph, const struct node *node);
int shape_pad(struct graph *graph, const struct node *node);
int shape_resize(struct graph *graph, const struct node *node);
int shape_flatten(struct graph *graph, const struct node *node);
int shape_reshape(struct graph *graph, const struct node *node);
int shape_squeeze(struct graph *graph, const struct node *node);
int shape_unsqueeze(struct graph *graph, const struct node *node);
int shape_constant(struct graph *graph, const struct node *node);

/**
 * shape_pads() - padding of a Pad node
 * @graph: for messages
 * @node: node; its first input has a shape
 * @begin: rows before, for each dimension of the input
 * @end: rows behind
 * @value: real number that stands there
 *
 * Return: 0 or -EINVAL after a message
 */
int shape_pads(const struct graph *graph, const struct node *node,
	       int64_t begin[GRAPH_RANK], int64_t end[GRAPH_RANK],
	       float *value);

#endif
