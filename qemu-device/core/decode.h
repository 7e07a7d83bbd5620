/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checked commands: what is left of 256 raw bytes once every field has been
 * looked at.  Nothing behind this header checks a field of a command again.
 */
#ifndef LUTNA_CORE_DECODE_H
#define LUTNA_CORE_DECODE_H

#include <stdint.h>

#include "memory.h"
#include "uapi/lutna_isa.h"

/* Indices of struct lutna_view's dimensions */
enum {
	LUTNA_DIM_N,
	LUTNA_DIM_C,
	LUTNA_DIM_H,
	LUTNA_DIM_W,
	LUTNA_DIMS,
};

/**
 * struct lutna_view - a checked struct lutna_tensor
 * @addr: device virtual address of element (0, 0, 0, 0)
 * @count: elements; @count * @elem is within the tensor limit
 * @dim: sizes, each 1..65535
 * @stride: bytes; 0 for a dimension of size 1
 * @elem: bytes of an element
 * @type: enum lutna_type
 * @zero_point: as in the command
 *
 * The last byte lies below 2^64, and elements of an output do not overlap.
 */
struct lutna_view {
	uint64_t addr;
	uint64_t count;
	uint32_t dim[LUTNA_DIMS];
	uint32_t stride[LUTNA_DIMS];
	uint8_t elem;
	uint8_t type;
	uint8_t zero_point;
};

/**
 * struct lutna_conv - a checked struct lutna_cmd_conv
 * @in_per_group: input channels of a group
 * @out_per_group: output channels of a group
 * @k: weights of an output channel
 *
 * The other members are the command's.
 */
struct lutna_conv {
	struct lutna_view in;
	struct lutna_view out;
	uint64_t weights;
	uint64_t channels;
	uint32_t weights_size;
	uint32_t groups;
	uint32_t in_per_group;
	uint32_t out_per_group;
	uint32_t k;
	uint8_t weight_format;
	uint8_t act_bits;
	uint8_t weight_bits;
	uint8_t approx;
	uint8_t approx_digits;
	uint8_t pad_value;
	uint8_t out_min;
	uint8_t out_max;
	uint8_t kernel_h;
	uint8_t kernel_w;
	uint8_t stride_h;
	uint8_t stride_w;
	uint8_t dilation_h;
	uint8_t dilation_w;
	uint8_t pad_top;
	uint8_t pad_left;
};

/** struct lutna_pool - a checked struct lutna_cmd_pool */
struct lutna_pool {
	struct lutna_view in;
	struct lutna_view out;
	uint32_t mult;
	uint32_t kernel_h;
	uint32_t kernel_w;
	uint8_t mode;
	uint8_t out_min;
	uint8_t out_max;
	uint8_t shift;
	uint8_t stride_h;
	uint8_t stride_w;
	uint8_t pad_top;
	uint8_t pad_left;
};

/** struct lutna_eltwise - a checked struct lutna_cmd_eltwise */
struct lutna_eltwise {
	struct lutna_view a;
	struct lutna_view b;
	struct lutna_view out;
	uint32_t mult_a;
	uint32_t mult_b;
	uint8_t mode;
	uint8_t out_min;
	uint8_t out_max;
	uint8_t shift;
};

/** struct lutna_table - a checked struct lutna_cmd_table */
struct lutna_table {
	struct lutna_view in;
	struct lutna_view out;
	uint64_t table;
};

/** struct lutna_copy - a checked struct lutna_cmd_copy */
struct lutna_copy {
	struct lutna_view in;
	struct lutna_view out;
	uint32_t pad_value;
	uint32_t pad_top;
	uint32_t pad_left;
	uint8_t repeat_h;
	uint8_t repeat_w;
};

/** struct lutna_fill - a checked struct lutna_cmd_fill */
struct lutna_fill {
	struct lutna_view out;
	uint32_t value;
};

/**
 * struct lutna_command - any checked command
 * @opcode: enum lutna_opcode: which member of the union is set
 * @tag: of the header
 * @timestamp: address of a LUTNA_OP_TIMESTAMP
 */
struct lutna_command {
	uint16_t opcode;
	uint32_t tag;
	union {
		struct lutna_conv conv;
		struct lutna_pool pool;
		struct lutna_eltwise eltwise;
		struct lutna_table table;
		struct lutna_copy copy;
		struct lutna_fill fill;
		uint64_t timestamp;
	};
};

/**
 * lutna_decode() - check every field of a command
 * @raw: LUTNA_CMD_SIZE bytes, any alignment
 * @max_tensor: limit of a tensor's bytes, and of a command's weights
 * @out: set on success
 * @fault: set on failure; @addr is the offset of the field that was refused
 *
 * Reads no guest memory.
 *
 * Return: 0 or the enum lutna_fault that is in @fault too.
 */
int lutna_decode(const void *raw, uint64_t max_tensor,
		 struct lutna_command *out, struct lutna_fault_info *fault);

#define LUTNA_TENSOR_OUTPUT	(1U << 0)	/* must not overlap itself */
#define LUTNA_TENSOR_U8		(1U << 1)	/* no other type */

/**
 * lutna_decode_tensor() - check one tensor of a command
 * @raw: the tensor
 * @at: its offset in the command
 * @flags: LUTNA_TENSOR_*
 * @max_tensor: limit of its bytes
 * @out: set on success
 * @fault: set on failure
 *
 * Return: 0 or the enum lutna_fault that is in @fault too.
 */
int lutna_decode_tensor(const struct lutna_tensor *raw, size_t at,
			unsigned int flags, uint64_t max_tensor,
			struct lutna_view *out,
			struct lutna_fault_info *fault);

/**
 * lutna_refuse() - fill in a fault that is not one of memory
 * @fault: set
 * @code: enum lutna_fault
 * @at: offset of the field that was refused
 *
 * Return: @code
 */
static inline int lutna_refuse(struct lutna_fault_info *fault, int code,
			       size_t at)
{
	fault->code = code;
	fault->access = 0;
	fault->addr = at;
	return code;
}

#endif /* LUTNA_CORE_DECODE_H */
