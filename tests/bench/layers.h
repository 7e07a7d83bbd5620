/* SPDX-License-Identifier: GPL-2.0-only */
/* The convolutions of a compiled model, as another library wants them. */
#ifndef LUTNA_BENCH_LAYERS_H
#define LUTNA_BENCH_LAYERS_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct conv_shape - one convolution of a whole batch
 * @batch: images
 * @in: channels, rows, columns
 * @out: channels, rows, columns
 * @groups: of channels
 * @kernel: rows, columns
 * @stride: rows, columns
 * @dilation: rows, columns; 1: none
 * @pad: rows above, columns on the left
 * @pad_end: rows below, columns on the right; may be negative
 * @accumulators: the result has 32 bits
 */
struct conv_shape {
	long batch;
	long in[3];
	long out[3];
	long groups;
	long kernel[2];
	long stride[2];
	long dilation[2];
	long pad[2];
	long pad_end[2];
	bool accumulators;
};

/**
 * layers_read() - list a container's convolutions
 * @path: container, which the library has accepted
 * @shapes: set on success; free()
 * @count: set on success
 *
 * Return: 0 or -1 after a message
 */
int layers_read(const char *path, struct conv_shape **shapes, size_t *count);

#endif
