/* SPDX-License-Identifier: GPL-2.0-only */
/* ONNX models made by hand, well formed or not. */
#ifndef COMPILE_TEST_ONNX_MODEL_H
#define COMPILE_TEST_ONNX_MODEL_H

#include <stddef.h>
#include <stdint.h>

#include <onnx/onnx.pb-c.h>

#include "compile/arena.h"

#define MODEL_MOST	512

/**
 * struct onnx_model - a model under construction
 * @arena: owns everything
 * @proto: may be changed by a test at will before onnx_model_pack()
 * @graph: of @proto
 */
struct onnx_model {
	struct arena arena;
	Onnx__ModelProto *proto;
	Onnx__GraphProto *graph;
};

/* Element types, shorter */
#define FLOAT	ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT
#define UINT8	ONNX__TENSOR_PROTO__DATA_TYPE__UINT8
#define INT8	ONNX__TENSOR_PROTO__DATA_TYPE__INT8
#define INT32	ONNX__TENSOR_PROTO__DATA_TYPE__INT32
#define INT64	ONNX__TENSOR_PROTO__DATA_TYPE__INT64

void onnx_model_init(struct onnx_model *model);
void onnx_model_free(struct onnx_model *model);

/* Bytes of the file; free() */
uint8_t *onnx_model_pack(const struct onnx_model *model, size_t *size);

/* A dimension of -1 is written as the name "N", one of -2 as nothing. */
void onnx_input(struct onnx_model *model, const char *name, int elem,
		unsigned int rank, const int64_t *dims);
void onnx_output(struct onnx_model *model, const char *name, int elem);

/* Initialisers: typed fields, except _raw, which is raw_data. */
Onnx__TensorProto *onnx_floats(struct onnx_model *model, const char *name,
			       unsigned int rank, const int64_t *dims,
			       const float *values);
Onnx__TensorProto *onnx_ints(struct onnx_model *model, const char *name,
			     int elem, unsigned int rank, const int64_t *dims,
			     const int32_t *values);
Onnx__TensorProto *onnx_longs(struct onnx_model *model, const char *name,
			      size_t count, const int64_t *values);
Onnx__TensorProto *onnx_raw(struct onnx_model *model, const char *name,
			    int elem, unsigned int rank, const int64_t *dims,
			    const void *data, size_t bytes);
/* One number, without dimensions */
void onnx_scalar(struct onnx_model *model, const char *name, float value);
void onnx_scalar_int(struct onnx_model *model, const char *name, int elem,
		     int32_t value);
/* A sparse initialiser of int32 from a dense array; two_d: an index a dimension. */
Onnx__SparseTensorProto *onnx_sparse(struct onnx_model *model, const char *name,
				     unsigned int rank, const int64_t *dims,
				     const int32_t *dense, int two_d);

/* @inputs and @outputs: names separated by spaces, "-" for one left out */
Onnx__NodeProto *onnx_node(struct onnx_model *model, const char *op,
			   const char *name, const char *inputs,
			   const char *outputs);
void onnx_attr_int(struct onnx_model *model, Onnx__NodeProto *node,
		   const char *name, int64_t value);
void onnx_attr_float(struct onnx_model *model, Onnx__NodeProto *node,
		     const char *name, float value);
void onnx_attr_ints(struct onnx_model *model, Onnx__NodeProto *node,
		    const char *name, size_t count, const int64_t *values);
void onnx_attr_string(struct onnx_model *model, Onnx__NodeProto *node,
		      const char *name, const char *value);
void onnx_metadata_entry(struct onnx_model *model, const char *key,
			 const char *value);

/* QuantizeLinear NAME.q and DequantizeLinear NAME of a value */
void onnx_qdq(struct onnx_model *model, const char *from, const char *name,
	      float scale, int elem, int zero_point);

/* A small model of every kind of thing: convolution, pooling, matrix product */
void onnx_tiny(struct onnx_model *model);

#endif
