/* SPDX-License-Identifier: GPL-2.0-only */
/* Biases, counted in steps of a layer's accumulator. */
#ifndef LUTNA_COMPILE_BIAS_H
#define LUTNA_COMPILE_BIAS_H

#include "graph.h"
#include "weights.h"

/**
 * bias_add() - add a constant to each output channel's bias
 * @graph: for messages
 * @node: for messages
 * @value: real numbers, or integers with their scales; one for all channels or
 *	one each
 * @unit: real value of one step of the accumulator, without the weights' scale
 * @factor: the numbers count this often
 * @weights: of the layer
 * @bias: one an output channel, raised on success
 *
 * Return: 0 or -EINVAL after a message
 */
int bias_add(const struct graph *graph, const struct node *node,
	     const struct value *value, double unit, double factor,
	     const struct weights *weights, int64_t *bias);

#endif
