// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "onnx_load.h"

/* Bytes of an element in raw_data; 0 for types that no operator here takes. */
static size_t element_bytes(int elem)
{
	switch (elem) {
	case ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT:
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT32:
		return 4;
	case ONNX__TENSOR_PROTO__DATA_TYPE__UINT8:
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT8:
	case ONNX__TENSOR_PROTO__DATA_TYPE__BOOL:
		return 1;
	case ONNX__TENSOR_PROTO__DATA_TYPE__INT64:
		return 8;
	default:
		return 0;
	}
}

static int read_dims(struct graph *graph, const char *name, size_t rank,
		     const int64_t *dims, struct constant *constant)
{
	int64_t elements;

	if (rank > GRAPH_RANK)
		return diag_tensor(graph->diag, name,
				   "%zu dimensions, at most %d are supported",
				   rank, GRAPH_RANK);
	constant->rank = (unsigned int)rank;
	if (rank)
		memcpy(constant->dims, dims, rank * sizeof(*dims));
	elements = shape_elements(constant->dims, constant->rank);
	if (elements < 0 || (uint64_t)elements > GRAPH_CONSTANT_ELEMENTS) {
		char text[SHAPE_TEXT];

		return diag_tensor(graph->diag, name,
				   "shape %s is negative or has more than %" PRIu64
				   " elements",
				   shape_text(text, constant->dims, constant->rank),
				   GRAPH_CONSTANT_ELEMENTS);
	}
	constant->elements = (uint64_t)elements;
	return 0;
}

static void unpack_raw(const struct constant *constant, void *out,
		       const uint8_t *raw)
{
	uint64_t i;

	for (i = 0; i < constant->stored; i++) {
		uint32_t half;
		uint64_t whole;

		switch (constant->elem) {
		case ONNX__TENSOR_PROTO__DATA_TYPE__UINT8:
		case ONNX__TENSOR_PROTO__DATA_TYPE__BOOL:
			((int32_t *)out)[i] = raw[i];
			break;
		case ONNX__TENSOR_PROTO__DATA_TYPE__INT8:
			((int32_t *)out)[i] = (int8_t)raw[i];
			break;
		case ONNX__TENSOR_PROTO__DATA_TYPE__INT64:
			memcpy(&whole, raw + i * 8, 8);
			((uint64_t *)out)[i] = le64toh(whole);
			break;
		default:	/* FLOAT and INT32 differ in meaning alone */
			memcpy(&half, raw + i * 4, 4);
			((uint32_t *)out)[i] = le32toh(half);
		}
	}
}

/* A typed field holds 32 bits an element even where the type has 8. */
static int check_range(struct graph *graph, const char *name, int elem,
		       const int32_t *values, size_t count)
{
	int32_t low = INT32_MIN, high = INT32_MAX;
	size_t i;

	if (elem == ONNX__TENSOR_PROTO__DATA_TYPE__UINT8 ||
	    elem == ONNX__TENSOR_PROTO__DATA_TYPE__BOOL) {
		low = 0;
		high = UINT8_MAX;
	} else if (elem == ONNX__TENSOR_PROTO__DATA_TYPE__INT8) {
		low = INT8_MIN;
		high = INT8_MAX;
	}
	for (i = 0; i < count; i++)
		if (values[i] < low || values[i] > high)
			return diag_tensor(graph->diag, name,
					   "element %zu is %" PRId32
					   ", which its type cannot hold",
					   i, values[i]);
	return 0;
}

/* Sets the pointer that belongs to the element type. */
static void set_numbers(struct constant *constant, const void *numbers)
{
	constant->f = NULL;
	constant->i = NULL;
	constant->l = NULL;
	if (constant->elem == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT)
		constant->f = numbers;
	else if (constant->elem == ONNX__TENSOR_PROTO__DATA_TYPE__INT64)
		constant->l = numbers;
	else
		constant->i = numbers;
}

static int read_raw(struct graph *graph, const char *name,
		    const Onnx__TensorProto *proto, struct constant *constant)
{
	size_t bytes = element_bytes(constant->elem);
	void *numbers;

	if (proto->raw_data.len != constant->stored * bytes)
		return diag_tensor(graph->diag, name,
				   "%zu bytes of data, its shape needs %" PRIu64,
				   proto->raw_data.len, constant->stored * bytes);
	numbers = arena_alloc(graph->arena, constant->stored,
			      bytes < 4 ? 4 : bytes);
	if (!numbers)
		return diag_no_memory(graph->diag);
	unpack_raw(constant, numbers, proto->raw_data.data);
	set_numbers(constant, numbers);
	return 0;
}

static int read_typed(struct graph *graph, const char *name,
		      const Onnx__TensorProto *proto, struct constant *constant)
{
	static const int64_t nothing;
	const void *numbers = proto->int32_data;
	size_t have = proto->n_int32_data;

	if (constant->elem == ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT) {
		numbers = proto->float_data;
		have = proto->n_float_data;
	} else if (constant->elem == ONNX__TENSOR_PROTO__DATA_TYPE__INT64) {
		numbers = proto->int64_data;
		have = proto->n_int64_data;
	}
	if (have != constant->stored)
		return diag_tensor(graph->diag, name,
				   "%zu elements of data, its shape needs %" PRIu64,
				   have, constant->stored);
	set_numbers(constant, have ? numbers : &nothing);
	if (constant->i)
		return check_range(graph, name, constant->elem, constant->i, have);
	return 0;
}

/* Everything but the shape, which a sparse tensor has elsewhere. */
static int read_numbers(struct graph *graph, const char *name,
			const Onnx__TensorProto *proto,
			struct constant *constant)
{
	if (!proto->has_data_type || !element_bytes(proto->data_type))
		return diag_tensor(graph->diag, name,
				   "element type %" PRId32
				   " is not supported (float, uint8, int8, bool, int32 and int64 are)",
				   proto->data_type);
	if (proto->has_data_location &&
	    proto->data_location != ONNX__TENSOR_PROTO__DATA_LOCATION__DEFAULT)
		return diag_tensor(graph->diag, name,
				   "data in another file is not supported; save the model as one file");
	if (proto->segment)
		return diag_tensor(graph->diag, name,
				   "data in segments is not supported");
	constant->elem = proto->data_type;
	if (proto->has_raw_data)
		return read_raw(graph, name, proto, constant);
	return read_typed(graph, name, proto, constant);
}

int onnx_constant(struct graph *graph, const char *name,
		  const Onnx__TensorProto *proto, const struct constant **out)
{
	struct constant *constant;
	int err;

	constant = arena_alloc(graph->arena, 1, sizeof(*constant));
	if (!constant)
		return diag_no_memory(graph->diag);
	err = read_dims(graph, name, proto->n_dims, proto->dims, constant);
	if (err)
		return err;
	constant->stored = constant->elements;
	err = read_numbers(graph, name, proto, constant);
	if (err)
		return err;
	*out = constant;
	return 0;
}

/* Row-major position of one index tuple; false if it is outside. */
static bool position(const struct constant *constant, const int64_t *tuple,
		     uint64_t *out)
{
	uint64_t at = 0;
	unsigned int i;

	for (i = 0; i < constant->rank; i++) {
		if (tuple[i] < 0 || tuple[i] >= constant->dims[i])
			return false;
		at = at * (uint64_t)constant->dims[i] + (uint64_t)tuple[i];
	}
	*out = at;
	return true;
}

static int read_indices(struct graph *graph, const char *name,
			const Onnx__TensorProto *proto,
			struct constant *constant)
{
	const struct constant *indices;
	uint64_t *index, i;
	bool linear;
	int err;

	err = onnx_constant(graph, name, proto, &indices);
	if (err)
		return err;
	linear = indices->rank == 1;
	if (!indices->l || indices->dims[0] != (int64_t)constant->stored ||
	    (!linear && (indices->rank != 2 ||
			 indices->dims[1] != (int64_t)constant->rank)))
		return diag_tensor(graph->diag, name,
				   "indices must be int64, one or one a dimension for each of the %"
				   PRIu64 " values", constant->stored);
	index = arena_alloc(graph->arena, constant->stored, sizeof(*index));
	if (!index)
		return diag_no_memory(graph->diag);
	for (i = 0; i < constant->stored; i++) {
		bool inside;

		if (linear) {
			index[i] = (uint64_t)indices->l[i];
			inside = index[i] < constant->elements;
		} else {
			inside = position(constant, indices->l + i * constant->rank,
					  &index[i]);
		}
		if (!inside)
			return diag_tensor(graph->diag, name,
					   "index %" PRIu64 " is outside its shape", i);
		if (i && index[i] <= index[i - 1])
			return diag_tensor(graph->diag, name,
					   "index %" PRIu64 " is not above the one before it",
					   i);
	}
	constant->index = index;
	return 0;
}

int onnx_sparse_constant(struct graph *graph, const char *name,
			 const Onnx__SparseTensorProto *proto,
			 const struct constant **out)
{
	struct constant *constant;
	int err;

	if (!proto->values || !proto->indices)
		return diag_tensor(graph->diag, name,
				   "a sparse tensor needs values and indices");
	if (proto->values->n_dims != 1 || proto->values->dims[0] < 0)
		return diag_tensor(graph->diag, name,
				   "the values of a sparse tensor must have one dimension");
	constant = arena_alloc(graph->arena, 1, sizeof(*constant));
	if (!constant)
		return diag_no_memory(graph->diag);
	err = read_dims(graph, name, proto->n_dims, proto->dims, constant);
	if (err)
		return err;
	constant->stored = (uint64_t)proto->values->dims[0];
	if (constant->stored > constant->elements)
		return diag_tensor(graph->diag, name,
				   "%" PRIu64 " values in a shape of %" PRIu64
				   " elements", constant->stored,
				   constant->elements);
	err = read_numbers(graph, name, proto->values, constant);
	if (err)
		return err;
	err = read_indices(graph, name, proto->indices, constant);
	if (err)
		return err;
	*out = constant;
	return 0;
}
