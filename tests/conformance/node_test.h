/* SPDX-License-Identifier: GPL-2.0-only */
/* One test of ONNX's own: a model, its inputs and its output. */
#ifndef CONFORMANCE_NODE_TEST_H
#define CONFORMANCE_NODE_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <onnx/onnx.pb-c.h>

#define INPUTS_MOST	16

/**
 * struct node_test - what a directory holds
 * @name: of the directory
 * @file: the model's bytes
 * @size: how many
 * @model: the same, unpacked
 * @inputs: in the graph's order
 * @n_inputs: how many
 * @output: the first one expected
 */
struct node_test {
	const char *name;
	uint8_t *file;
	size_t size;
	Onnx__ModelProto *model;
	Onnx__TensorProto *inputs[INPUTS_MOST];
	size_t n_inputs;
	Onnx__TensorProto *output;
};

/* The file alone; false if it cannot be read.  node_test_free() in any case. */
bool node_test_read(struct node_test *test, const char *dir);

/* Model, inputs and output too; false if they are not all there. */
bool node_test_unpack(struct node_test *test, const char *dir);

void node_test_free(struct node_test *test);

/**
 * tensor_numbers() - a tensor as real numbers
 * @tensor: of float, uint8, int8, int32 or int64
 * @count: set to how many
 *
 * Return: numbers, to be freed; NULL for another type
 */
double *tensor_numbers(const Onnx__TensorProto *tensor, size_t *count);

#endif
