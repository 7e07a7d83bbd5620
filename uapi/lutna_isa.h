/* SPDX-License-Identifier: (GPL-2.0-only WITH Linux-syscall-note) OR MIT */
/*
 * LUT-NA command lists: what the compiler and the library write and the device
 * executes.  The kernel driver does not include this file: it never parses a
 * command list.
 *
 * qemu-device/README.md is the manual; this header is its machine-readable
 * half.  Every multi-byte field is little-endian.  Every reserved byte must be
 * zero, and every address is a device virtual address of the job's context.
 */
#ifndef LUTNA_ISA_H
#define LUTNA_ISA_H

#include <linux/types.h>

#define LUTNA_ISA_VERSION	1

/* Every command has this size; a list is an array of them. */
#define LUTNA_CMD_SIZE		256
/* Alignment of a command list, of a profile and of channel records. */
#define LUTNA_LIST_ALIGN	64

/**
 * enum lutna_opcode - what a command does
 *
 * Numbers are never reused; new ones go at the end.
 */
enum lutna_opcode {
	LUTNA_OP_NOP		= 0,	/* struct lutna_cmd_nop */
	LUTNA_OP_CONV		= 1,	/* struct lutna_cmd_conv */
	LUTNA_OP_POOL		= 2,	/* struct lutna_cmd_pool */
	LUTNA_OP_ELTWISE	= 3,	/* struct lutna_cmd_eltwise */
	LUTNA_OP_TABLE		= 4,	/* struct lutna_cmd_table */
	LUTNA_OP_COPY		= 5,	/* struct lutna_cmd_copy */
	LUTNA_OP_FILL		= 6,	/* struct lutna_cmd_fill */
	LUTNA_OP_TIMESTAMP	= 7,	/* struct lutna_cmd_timestamp */
};

/**
 * struct lutna_cmd_hdr - the first 16 bytes of every command
 * @opcode: enum lutna_opcode
 * @version: LUTNA_ISA_VERSION
 * @flags: none defined, must be zero
 * @tag: the caller's, copied into the command's profile record
 * @reserved: must be zero
 */
struct lutna_cmd_hdr {
	__le16 opcode;
	__u8 version;
	__u8 flags;
	__le32 tag;
	__le64 reserved;
};

enum lutna_type {
	LUTNA_TYPE_U8	= 0,	/* activation, one byte */
	LUTNA_TYPE_S32	= 1,	/* accumulator, four bytes, 4-byte aligned */
};

/**
 * struct lutna_tensor - a four-dimensional array in device virtual memory
 * @addr: address of element (0, 0, 0, 0)
 * @n: batch, 1..65535
 * @c: channels, 1..65535
 * @h: rows, 1..65535
 * @w: columns, 1..65535
 * @stride_n: bytes from one image to the next
 * @stride_c: bytes from one channel to the next
 * @stride_h: bytes from one row to the next
 * @stride_w: bytes from one column to the next
 * @type: enum lutna_type
 * @zero_point: the quantised value that means 0.0 (LUTNA_TYPE_U8 only, else 0)
 * @reserved: must be zero
 *
 * Any layout is a choice of strides.  A stride of an input may be 0, which
 * repeats the same elements (broadcast).  Elements of an output must not
 * overlap: sorted by stride, each dimension of size > 1 must step over all of
 * the smaller ones.  A stride of a dimension of size 1 is ignored.
 */
struct lutna_tensor {
	__le64 addr;
	__le16 n;
	__le16 c;
	__le16 h;
	__le16 w;
	__le32 stride_n;
	__le32 stride_c;
	__le32 stride_h;
	__le32 stride_w;
	__u8 type;
	__u8 zero_point;
	__u8 reserved[6];
};

/**
 * struct lutna_channel - bias and requantisation of one output channel
 * @bias: added to the 32-bit accumulator, modulo 2^32
 * @mult: multiplier, 0..2^31-1
 * @shift: right shift, 1..62
 * @reserved: must be zero
 *
 * y = clamp(zero_point + floor((acc * mult + 2^(shift-1)) / 2^shift),
 *	     out_min, out_max), with a 64-bit product.
 */
struct lutna_channel {
	__le32 bias;
	__le32 mult;
	__u8 shift;
	__u8 reserved[7];
};

enum lutna_weight_format {
	LUTNA_WEIGHT_S8		= 0,	/* dense, one byte; weight_bits <= 8 */
	LUTNA_WEIGHT_S16	= 1,	/* dense, two bytes, sign-extended */
	LUTNA_WEIGHT_COMPRESSED	= 2,	/* only those that are not zero */
};

/*
 * Dense weights are [out channel][in channel / groups][kernel row][kernel
 * column].  The position of a weight inside its output channel is
 *	k = (ic * kernel_h + ky) * kernel_w + kx,  0 <= k < K.
 *
 * Compressed weights are (out channels + 1) row indices of type __le32,
 * followed by entries of type __le16.  Row r owns the entries [row[r],
 * row[r + 1]); row[0] is 0, rows do not decrease, and the size of the whole is
 * exactly 4 * (out channels + 1) + 2 * row[out channels].  An entry holds a
 * weight in bits 8:0 (two's complement) and in bits 15:9 the number of zero
 * weights between the previous entry and this one.  A weight of zero is
 * allowed only with a skip of LUTNA_SKIP_MAX: it carries the position on by
 * LUTNA_SKIP_MAX + 1 without a weight.
 */
#define LUTNA_ENTRY_WEIGHT_MASK	0x01ff
#define LUTNA_ENTRY_WEIGHT_BITS	9
#define LUTNA_ENTRY_SKIP_SHIFT	9
#define LUTNA_SKIP_MAX		127

/* What the unit does with the low digits of an activation. */
enum lutna_approx {
	LUTNA_APPROX_EXACT	= 0,	/* approx_digits must be 0 */
	LUTNA_APPROX_DROP	= 1,	/* low digits' products are 0 */
	LUTNA_APPROX_W		= 2,	/* each low digit's product is W */
};

/**
 * struct lutna_cmd_conv - convolution and, with a kernel of the whole input,
 *			   fully connected layer
 * @hdr: opcode LUTNA_OP_CONV
 * @in: activations, LUTNA_TYPE_U8.  The unit sees the low @act_bits bits.
 * @out: LUTNA_TYPE_U8 (requantised) or LUTNA_TYPE_S32 (accumulator plus bias,
 *	@out_min and @out_max 0, mult and shift of the channels still checked)
 * @weights: address of the weights
 * @weights_size: their size in bytes, exact for the format and shape
 * @weight_format: enum lutna_weight_format
 * @act_bits: 2..8
 * @weight_bits: 2..9; every weight must fit
 * @approx: enum lutna_approx
 * @approx_digits: low 2-bit digits that are approximated, 1..3 and less than
 *	the number of digits of @act_bits (0 when exact)
 * @pad_value: activation that stands outside the input
 * @out_min: lower clamp of the output
 * @out_max: upper clamp, >= @out_min
 * @kernel_h: 1..255
 * @kernel_w: 1..255
 * @stride_h: 1..255
 * @stride_w: 1..255
 * @dilation_h: 1..255
 * @dilation_w: 1..255
 * @pad_top: 0..255; padding below follows from the shape of @out and is at
 *	most 255 too
 * @pad_left: 0..255; the same on the right
 * @groups: divides in.c and out.c; in.c of a depthwise convolution
 * @reserved0: must be zero
 * @channels: address of out.c records of struct lutna_channel
 * @reserved: must be zero
 *
 * acc(n, oc, oy, ox) = sum over k of W(oc, k) * f(x), modulo 2^32, where x is
 * the activation at row oy * stride_h - pad_top + ky * dilation_h and so on,
 * or @pad_value outside, and f replaces the low digits as @approx says
 * (see the manual).  The zero point of @in plays no part: the compiler folds
 * it into the bias.
 */
struct lutna_cmd_conv {
	struct lutna_cmd_hdr hdr;
	struct lutna_tensor in;
	struct lutna_tensor out;
	__le64 weights;
	__le32 weights_size;
	__u8 weight_format;
	__u8 act_bits;
	__u8 weight_bits;
	__u8 approx;
	__u8 approx_digits;
	__u8 pad_value;
	__u8 out_min;
	__u8 out_max;
	__u8 kernel_h;
	__u8 kernel_w;
	__u8 stride_h;
	__u8 stride_w;
	__u8 dilation_h;
	__u8 dilation_w;
	__u8 pad_top;
	__u8 pad_left;
	__le16 groups;
	__le16 reserved0;
	__le64 channels;
	__u8 reserved[120];
};

enum lutna_pool_mode {
	LUTNA_POOL_MAX		= 0,	/* positions outside do not count */
	LUTNA_POOL_AVG		= 1,	/* divides by the positions inside */
	LUTNA_POOL_AVG_PAD	= 2,	/* divides by the whole kernel */
};

/**
 * struct lutna_cmd_pool - max, average and (kernel = input) global pooling
 * @hdr: opcode LUTNA_OP_POOL
 * @in: LUTNA_TYPE_U8
 * @out: LUTNA_TYPE_U8, same n and c
 * @mode: enum lutna_pool_mode
 * @out_min: lower clamp
 * @out_max: upper clamp
 * @shift: average: 1..62; max: 0
 * @mult: average: 0..2^31-1; max: 0
 * @kernel_h: 1..65535
 * @kernel_w: 1..65535
 * @stride_h: 1..255
 * @stride_w: 1..255
 * @pad_top: 0..255, less than @kernel_h
 * @pad_left: 0..255, less than @kernel_w
 * @reserved: must be zero
 *
 * max: y = clamp(max x, out_min, out_max); zero points must be equal.
 * average: y = clamp(out.zero_point + floor((S * mult + count * 2^(shift-1)) /
 * (count * 2^shift))), S being the sum of x - in.zero_point over the positions
 * inside.  Every window must hold at least one position inside the input.
 */
struct lutna_cmd_pool {
	struct lutna_cmd_hdr hdr;
	struct lutna_tensor in;
	struct lutna_tensor out;
	__u8 mode;
	__u8 out_min;
	__u8 out_max;
	__u8 shift;
	__le32 mult;
	__le16 kernel_h;
	__le16 kernel_w;
	__u8 stride_h;
	__u8 stride_w;
	__u8 pad_top;
	__u8 pad_left;
	__u8 reserved[144];
};

enum lutna_eltwise_mode {
	LUTNA_ELTWISE_ADD	= 0,
	LUTNA_ELTWISE_MUL	= 1,
};

/**
 * struct lutna_cmd_eltwise - element-wise addition and multiplication
 * @hdr: opcode LUTNA_OP_ELTWISE
 * @a: LUTNA_TYPE_U8
 * @b: LUTNA_TYPE_U8, same shape as @a (broadcast by stride 0)
 * @out: LUTNA_TYPE_U8, same shape
 * @mode: enum lutna_eltwise_mode
 * @out_min: lower clamp
 * @out_max: upper clamp
 * @shift: 1..62
 * @mult_a: 0..2^31-1
 * @mult_b: 0..2^31-1; must be 0 for LUTNA_ELTWISE_MUL
 * @reserved: must be zero
 *
 * add: y = clamp(zo + floor(((a - za) * mult_a + (b - zb) * mult_b +
 *	2^(shift-1)) / 2^shift));
 * mul: y = clamp(zo + floor(((a - za) * (b - zb) * mult_a + 2^(shift-1)) /
 *	2^shift)).
 */
struct lutna_cmd_eltwise {
	struct lutna_cmd_hdr hdr;
	struct lutna_tensor a;
	struct lutna_tensor b;
	struct lutna_tensor out;
	__u8 mode;
	__u8 out_min;
	__u8 out_max;
	__u8 shift;
	__le32 mult_a;
	__le32 mult_b;
	__u8 reserved[108];
};

/**
 * struct lutna_cmd_table - any unary function: out = table[in]
 * @hdr: opcode LUTNA_OP_TABLE
 * @in: LUTNA_TYPE_U8
 * @out: LUTNA_TYPE_U8, same shape
 * @table: address of 256 bytes
 * @reserved: must be zero
 */
struct lutna_cmd_table {
	struct lutna_cmd_hdr hdr;
	struct lutna_tensor in;
	struct lutna_tensor out;
	__le64 table;
	__u8 reserved[152];
};

/**
 * struct lutna_cmd_copy - strided copy, padding, nearest upsampling
 * @hdr: opcode LUTNA_OP_COPY
 * @in: any type
 * @out: the same type, same n and c
 * @repeat_h: how often each row is written, 1..255
 * @repeat_w: how often each column is written, 1..255
 * @pad_top: 0..65535
 * @pad_left: 0..65535
 * @reserved0: must be zero
 * @pad_value: element that stands outside @in (its low byte for U8; the
 *	upper ones must be zero then)
 * @reserved: must be zero
 *
 * out(n, c, y, x) = in(n, c, (y - pad_top) / repeat_h, (x - pad_left) /
 * repeat_w) where that is inside @in, else @pad_value.
 */
struct lutna_cmd_copy {
	struct lutna_cmd_hdr hdr;
	struct lutna_tensor in;
	struct lutna_tensor out;
	__u8 repeat_h;
	__u8 repeat_w;
	__le16 pad_top;
	__le16 pad_left;
	__le16 reserved0;
	__le32 pad_value;
	__u8 reserved[148];
};

/**
 * struct lutna_cmd_fill - write one value to every element
 * @hdr: opcode LUTNA_OP_FILL
 * @out: any type
 * @value: as @pad_value of struct lutna_cmd_copy
 * @reserved: must be zero
 */
struct lutna_cmd_fill {
	struct lutna_cmd_hdr hdr;
	struct lutna_tensor out;
	__le32 value;
	__u8 reserved[196];
};

/**
 * struct lutna_cmd_timestamp - write the device's time
 * @hdr: opcode LUTNA_OP_TIMESTAMP
 * @addr: address of an 8-byte aligned __le64: nanoseconds, as LUTNA_REG_TIME
 * @reserved: must be zero
 */
struct lutna_cmd_timestamp {
	struct lutna_cmd_hdr hdr;
	__le64 addr;
	__u8 reserved[232];
};

/**
 * struct lutna_cmd_nop - nothing, but counted and profiled as a command
 * @hdr: opcode LUTNA_OP_NOP
 * @reserved: must be zero
 */
struct lutna_cmd_nop {
	struct lutna_cmd_hdr hdr;
	__u8 reserved[240];
};

/**
 * enum lutna_unit - arithmetic units that energy is accounted for
 *
 * All of them compute the same exact product; LUTNA_UNIT_LUTNA is what this
 * device is, the others are what it is compared with.
 */
enum lutna_unit {
	LUTNA_UNIT_LUT		= 0,	/* traditional: 2^a stored products */
	LUTNA_UNIT_DNC		= 1,	/* divide and conquer, whole table */
	LUTNA_UNIT_LUTNA	= 2,	/* divide and conquer, W and 3W stored */
	LUTNA_UNIT_ARRAY	= 3,	/* array multiplier */
	LUTNA_UNIT_WALLACE	= 4,	/* Wallace tree */
	LUTNA_UNIT_DADDA	= 5,	/* Dadda tree */
	LUTNA_UNIT_COUNT	= 6,
};

/**
 * struct lutna_profile - what one command cost, written by the device
 * @index: the command's place in its list
 * @tag: hdr.tag of the command
 * @opcode: hdr.opcode
 * @act_bits: of an arithmetic command, else 0
 * @weight_bits: of an arithmetic command, else 0
 * @approx: of an arithmetic command, else 0
 * @approx_digits: of an arithmetic command, else 0
 * @reserved0: zero
 * @start_ns: device time when it began
 * @end_ns: device time when it ended
 * @cycles_load: modelled cycles spent on loading tables
 * @cycles_compute: modelled cycles in which units compute
 * @cycles_stall: modelled cycles that wait for memory
 * @macs: multiply-accumulates that were executed
 * @macs_skipped: those that a zero weight of a compressed form saved
 * @lookups: digit look-ups
 * @table_loads: weights whose tables were programmed
 * @bytes_read: bytes of guest memory read
 * @bytes_written: bytes of guest memory written
 * @energy: toggle units for @macs operations on each unit (enum lutna_unit);
 *	stimulus and read style as the manual says
 * @area: transistors of one unit (enum lutna_unit) of an arithmetic command's
 *	precision and approximation, its storage included; else 0
 */
struct lutna_profile {
	__le32 index;
	__le32 tag;
	__le16 opcode;
	__u8 act_bits;
	__u8 weight_bits;
	__u8 approx;
	__u8 approx_digits;
	__le16 reserved0;
	__le64 start_ns;
	__le64 end_ns;
	__le64 cycles_load;
	__le64 cycles_compute;
	__le64 cycles_stall;
	__le64 macs;
	__le64 macs_skipped;
	__le64 lookups;
	__le64 table_loads;
	__le64 bytes_read;
	__le64 bytes_written;
	__le64 energy[8];
	__le32 area[6];
};

/**
 * enum lutna_fault - why a job ended
 *
 * Carried by completion records, queue registers and the driver's job results.
 */
enum lutna_fault {
	LUTNA_FAULT_NONE	= 0x00,
	LUTNA_FAULT_ABORTED	= 0x01,	/* the driver stopped the queue */

	LUTNA_FAULT_TRANSLATION	= 0x10,	/* address not mapped */
	LUTNA_FAULT_PERMISSION	= 0x11,	/* mapped without this access */
	LUTNA_FAULT_PT_FORMAT	= 0x12,	/* reserved bits in a table entry */
	LUTNA_FAULT_DMA		= 0x13,	/* the bus refused the access */

	LUTNA_FAULT_BAD_ENTRY	= 0x20,	/* job entry */
	LUTNA_FAULT_BAD_OPCODE	= 0x21,
	LUTNA_FAULT_BAD_VERSION	= 0x22,
	LUTNA_FAULT_BAD_FIELD	= 0x23,	/* reserved, or out of its range */
	LUTNA_FAULT_BAD_SHAPE	= 0x24,	/* tensors do not fit one another */
	LUTNA_FAULT_BAD_ALIGN	= 0x25,
	LUTNA_FAULT_BAD_WEIGHTS	= 0x26,	/* size, order or value of weights */
	LUTNA_FAULT_TOO_LARGE	= 0x27,	/* beyond a limit of the device */

	LUTNA_FAULT_DOORBELL	= 0x30,	/* tail beyond the ring */
	LUTNA_FAULT_INTERNAL	= 0x3f,	/* the device ran out of something */
};

#endif /* LUTNA_ISA_H */
