/* SPDX-License-Identifier: GPL-2.0-only */
/* The compiler: an ONNX model in, a container for the device out. */
#ifndef LUTNA_COMPILE_H
#define LUTNA_COMPILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "diag.h"
#include "precision.h"
#include "weights.h"

/* Largest ONNX file that is read; protobuf has the same limit. */
#define COMPILE_FILE_MAX	((size_t)0x7fffffff)

/**
 * struct compile_layer - a layer with arithmetic, as it was compiled
 * @name: of its node
 * @precision: what it computes with, which may be more activation bits than
 *	were asked for: other layers may want more of the same input
 * @weights: in all
 * @nonzero: that are not zero
 * @multiplied: that the device multiplies with: zeros are left out where they are
 *	stored compressed
 * @positions: outputs of one image that each weight takes part in
 */
struct compile_layer {
	char *name;
	struct precision precision;
	uint64_t weights;
	uint64_t nonzero;
	uint64_t multiplied;
	uint64_t positions;
};

/* All of them, in the order of execution; compile_layers_free() */
struct compile_layers {
	struct compile_layer *layers;
	size_t count;
};

void compile_layers_free(struct compile_layers *layers);

/**
 * struct compile_options - what the user may choose
 * @batch: images that one run takes; 0: what the model fixes, or
 *	SHAPE_BATCH_DEFAULT
 * @weights: their form
 * @name: of the model; NULL: the graph's
 * @until: value that the network ends at; NULL: its own outputs
 * @dump: where a listing of the program goes; NULL: nowhere
 * @precision: of the layers, for which the model's own widths count no longer;
 *	NULL: as the model says
 * @layers: set on success; NULL: nobody wants them
 */
struct compile_options {
	uint32_t batch;
	enum weights_form weights;
	const char *name;
	const char *until;
	FILE *dump;
	const struct precision_table *precision;
	struct compile_layers *layers;
};

/**
 * struct compile_report - what became of it
 * @nodes: of the graph, those that matter
 * @commands: that it takes
 * @constant_bytes: weights, channel records and tables
 * @workspace_bytes: activations
 * @workspace_unshared: what they would take side by side
 * @file_bytes: the container
 */
struct compile_report {
	size_t nodes;
	size_t commands;
	uint64_t constant_bytes;
	uint64_t workspace_bytes;
	uint64_t workspace_unshared;
	size_t file_bytes;
};

/**
 * compile_memory() - compile a model that is in memory
 * @data: bytes of an ONNX file
 * @size: how many
 * @options: choices
 * @diag: @diag->file names the model in messages; @diag->text says what is
 *	wrong on failure
 * @out: set on success: bytes of a container; free()
 * @out_size: set on success
 * @report: set on success; may be NULL
 *
 * Time and memory grow in proportion to @size, up to the size of the tensors
 * that it describes.
 *
 * Return: 0; -EINVAL a broken model; -EOPNOTSUPP beyond what is supported
 * (nodes that are not give -EINVAL too); -ENOMEM
 */
int compile_memory(const void *data, size_t size,
		   const struct compile_options *options, struct diag *diag,
		   uint8_t **out, size_t *out_size,
		   struct compile_report *report);

/**
 * compile_read() - read a model's file
 * @path: ONNX model; @diag->file is set to it
 * @diag: says what is wrong on failure
 * @data: set on success; free()
 * @size: set on success
 *
 * Return: 0, -ENOMEM, -EFBIG or what a system call said
 */
int compile_read(const char *path, struct diag *diag, uint8_t **data,
		 size_t *size);

/**
 * compile_file() - compile a file into another
 * @path: ONNX model; diag->file is set to it
 * @out_path: container; replaced as a whole, and left alone on failure
 * @options: choices; without a name it is @path's last part without ".onnx"
 * @diag: says what is wrong on failure
 * @report: set on success; may be NULL
 *
 * Return: as compile_memory(), or what a system call said
 */
int compile_file(const char *path, const char *out_path,
		 const struct compile_options *options, struct diag *diag,
		 struct compile_report *report);

#endif
