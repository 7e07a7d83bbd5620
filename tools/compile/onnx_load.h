/* SPDX-License-Identifier: GPL-2.0-only */
/* From the bytes of an ONNX file to a graph. */
#ifndef LUTNA_COMPILE_ONNX_LOAD_H
#define LUTNA_COMPILE_ONNX_LOAD_H

#include <stddef.h>
#include <stdint.h>

#include <onnx/onnx.pb-c.h>

#include "graph.h"

/**
 * onnx_check_nesting() - refuse messages that the parser would choke on
 * @data: bytes of an onnx.ModelProto
 * @size: how many
 *
 * protobuf-c's parser recurses once for each level of nesting without a limit,
 * so a small file could exhaust the stack; and it allocates for each part of a
 * message, so a file of many empty ones could exhaust memory.  This looks at
 * depth and number alone and leaves all other checks to the parser.
 *
 * Return: 0, -ELOOP (too deep) or -E2BIG (too many parts)
 */
int onnx_check_nesting(const void *data, size_t size);

/**
 * onnx_load() - read a model
 * @graph: filled in; its arena and diag must be set.  Whether it succeeds or
 *	not, onnx_unload() follows.
 * @data: bytes of the file
 * @size: how many
 *
 * Every count, index and size in the file has been checked on success.  The
 * graph does not point into @data.
 *
 * Return: 0; -EINVAL not a model; -EOPNOTSUPP; -ENOMEM; see the diag
 */
int onnx_load(struct graph *graph, const void *data, size_t size);

/* A string of the model's metadata; NULL if there is no such key. */
const char *onnx_metadata(const struct graph *graph, const char *key);

/* Gives back what the arena does not own. */
void onnx_unload(struct graph *graph);

/**
 * onnx_constant() - read a dense tensor
 * @graph: owner of the result
 * @name: for messages
 * @proto: tensor; must outlive the result
 * @out: set on success
 *
 * Return: 0, -EINVAL or -ENOMEM; see the graph's diag
 */
int onnx_constant(struct graph *graph, const char *name,
		  const Onnx__TensorProto *proto, const struct constant **out);

/* The same for a sparse one; indices linear or one a dimension. */
int onnx_sparse_constant(struct graph *graph, const char *name,
			 const Onnx__SparseTensorProto *proto,
			 const struct constant **out);

#endif
