/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ONNX's node tests are about single operators on real numbers that all come
 * from outside.  A variant is the same node as the compiler wants it: weights
 * and parameters are constants, and what is real goes through QuantizeLinear
 * and DequantizeLinear.
 */
#ifndef CONFORMANCE_VARIANT_H
#define CONFORMANCE_VARIANT_H

#include "node_test.h"
#include "onnx_model.h"

#define DATA_MOST	8

/**
 * struct grid - how bytes stand for real numbers
 * @scale: of a step
 * @zero_point: byte for 0.0
 * @error: how far a number that was on no grid may have moved
 */
struct grid {
	float scale;
	int zero_point;
	double error;
};

/**
 * struct variant - a node test made over
 * @model: what is compiled
 * @data: inputs that remain inputs, as indices into the test's
 * @n_data: how many
 * @wanted: the output, real numbers
 * @count: how many
 * @most: the largest of them
 * @error: how far each may be off, since what goes in and what comes out is
 *	rounded to grids
 */
struct variant {
	struct onnx_model model;
	size_t data[DATA_MOST];
	size_t n_data;
	double *wanted;
	size_t count;
	double most;
	double error;
};

/**
 * variant_make() - make a node test over
 * @test: unpacked
 * @variant: set on success; variant_free()
 *
 * Return: whether the operator is one that this knows how to
 */
bool variant_make(const struct node_test *test, struct variant *variant);

void variant_free(struct variant *variant);

#endif
