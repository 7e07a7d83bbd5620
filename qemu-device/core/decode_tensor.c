// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Checks of a tensor in a command.
 */
#include <assert.h>
#include <endian.h>
#include <stddef.h>

#include "decode.h"

static_assert(sizeof(struct lutna_tensor) == 40, "layout of a tensor");

/* Offset in the command of a field of the tensor that stands at @at. */
#define AT(field)	(at + offsetof(struct lutna_tensor, field))

static const uint8_t dim_offset[LUTNA_DIMS] = {
	offsetof(struct lutna_tensor, n), offsetof(struct lutna_tensor, c),
	offsetof(struct lutna_tensor, h), offsetof(struct lutna_tensor, w),
};

static const uint8_t stride_offset[LUTNA_DIMS] = {
	offsetof(struct lutna_tensor, stride_n),
	offsetof(struct lutna_tensor, stride_c),
	offsetof(struct lutna_tensor, stride_h),
	offsetof(struct lutna_tensor, stride_w),
};

static void load(struct lutna_view *v, const struct lutna_tensor *raw)
{
	v->addr = le64toh(raw->addr);
	v->dim[LUTNA_DIM_N] = le16toh(raw->n);
	v->dim[LUTNA_DIM_C] = le16toh(raw->c);
	v->dim[LUTNA_DIM_H] = le16toh(raw->h);
	v->dim[LUTNA_DIM_W] = le16toh(raw->w);
	v->stride[LUTNA_DIM_N] = le32toh(raw->stride_n);
	v->stride[LUTNA_DIM_C] = le32toh(raw->stride_c);
	v->stride[LUTNA_DIM_H] = le32toh(raw->stride_h);
	v->stride[LUTNA_DIM_W] = le32toh(raw->stride_w);
	v->type = raw->type;
	v->zero_point = raw->zero_point;
}

static int check_fields(struct lutna_view *v, const struct lutna_tensor *raw,
			size_t at, unsigned int flags,
			struct lutna_fault_info *fault)
{
	for (int i = 0; i < LUTNA_DIMS; i++)
		if (!v->dim[i])
			return lutna_refuse(fault, LUTNA_FAULT_BAD_FIELD,
					    at + dim_offset[i]);

	if (v->type != LUTNA_TYPE_U8 &&
	    (v->type != LUTNA_TYPE_S32 || flags & LUTNA_TENSOR_U8))
		return lutna_refuse(fault, LUTNA_FAULT_BAD_FIELD, AT(type));
	if (v->type == LUTNA_TYPE_S32 && v->zero_point)
		return lutna_refuse(fault, LUTNA_FAULT_BAD_FIELD,
				    AT(zero_point));
	for (size_t i = 0; i < sizeof(raw->reserved); i++)
		if (raw->reserved[i])
			return lutna_refuse(fault, LUTNA_FAULT_BAD_FIELD,
					    AT(reserved));

	v->elem = v->type == LUTNA_TYPE_S32 ? 4 : 1;
	if (v->addr & (v->elem - 1))
		return lutna_refuse(fault, LUTNA_FAULT_BAD_ALIGN, AT(addr));
	for (int i = 0; i < LUTNA_DIMS; i++) {
		if (v->dim[i] == 1)
			v->stride[i] = 0;
		if (v->stride[i] & (v->elem - 1))
			return lutna_refuse(fault, LUTNA_FAULT_BAD_ALIGN,
					    at + stride_offset[i]);
	}
	return 0;
}

static int check_size(struct lutna_view *v, size_t at, uint64_t max_tensor,
		      struct lutna_fault_info *fault)
{
	uint64_t last = v->elem - 1, bytes = v->elem, end;

	v->count = 1;
	for (int i = 0; i < LUTNA_DIMS; i++) {
		if (__builtin_mul_overflow(bytes, v->dim[i], &bytes))
			bytes = UINT64_MAX;
		v->count *= v->dim[i];
		/* Four products below 2^48 */
		last += (uint64_t)(v->dim[i] - 1) * v->stride[i];
	}
	if (bytes > max_tensor)
		return lutna_refuse(fault, LUTNA_FAULT_TOO_LARGE, AT(n));
	if (__builtin_add_overflow(v->addr, last, &end))
		return lutna_refuse(fault, LUTNA_FAULT_BAD_FIELD, AT(addr));
	return 0;
}

/* Sorted by stride, each dimension must step over all of the smaller ones. */
static int check_overlap(const struct lutna_view *v, size_t at,
			 struct lutna_fault_info *fault)
{
	uint64_t extent = v->elem;
	int order[LUTNA_DIMS], n = 0;

	for (int i = LUTNA_DIMS - 1; i >= 0; i--) {
		int j = n++;

		for (; j && v->stride[order[j - 1]] > v->stride[i]; j--)
			order[j] = order[j - 1];
		order[j] = i;
	}

	for (int j = 0; j < LUTNA_DIMS; j++) {
		int i = order[j];

		if (v->dim[i] == 1)
			continue;
		if (v->stride[i] < extent)
			return lutna_refuse(fault, LUTNA_FAULT_BAD_SHAPE,
					    at + stride_offset[i]);
		extent += (uint64_t)(v->dim[i] - 1) * v->stride[i];
	}
	return 0;
}

int lutna_decode_tensor(const struct lutna_tensor *raw, size_t at,
			unsigned int flags, uint64_t max_tensor,
			struct lutna_view *out, struct lutna_fault_info *fault)
{
	struct lutna_view v = { 0 };
	int rc;

	load(&v, raw);
	rc = check_fields(&v, raw, at, flags, fault);
	if (!rc)
		rc = check_size(&v, at, max_tensor, fault);
	if (!rc && flags & LUTNA_TENSOR_OUTPUT)
		rc = check_overlap(&v, at, fault);
	if (!rc)
		*out = v;
	return rc;
}
