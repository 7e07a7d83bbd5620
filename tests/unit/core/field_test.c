// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every field of every command at the ends of its range and beyond them: what
 * is refused, with which code, and which field the fault names.
 */
#include <endian.h>
#include <stddef.h>
#include <string.h>

#include "check.h"
#include "core/decode.h"
#include "rng.h"

#define LIMIT	(1u << 20)

union command {
	uint8_t raw[LUTNA_CMD_SIZE];
	struct lutna_cmd_hdr hdr;
	struct lutna_cmd_nop nop;
	struct lutna_cmd_conv conv;
	struct lutna_cmd_pool pool;
	struct lutna_cmd_eltwise eltwise;
	struct lutna_cmd_table table;
	struct lutna_cmd_copy copy;
	struct lutna_cmd_fill fill;
	struct lutna_cmd_timestamp timestamp;
};

static struct lutna_tensor tensor(unsigned int c, unsigned int h,
				  unsigned int w)
{
	return (struct lutna_tensor) {
		.addr = htole64(0x10000), .n = htole16(2), .c = htole16(c),
		.h = htole16(h), .w = htole16(w),
		.stride_n = htole32(c * h * w), .stride_c = htole32(h * w),
		.stride_h = htole32(w), .stride_w = htole32(1),
	};
}

/* A valid command of each kind */
static union command base(unsigned int opcode)
{
	union command cmd;

	memset(&cmd, 0, sizeof(cmd));
	cmd.hdr.opcode = htole16(opcode);
	cmd.hdr.version = LUTNA_ISA_VERSION;
	switch (opcode) {
	case LUTNA_OP_CONV:
		cmd.conv.in = tensor(4, 8, 8);
		cmd.conv.out = tensor(6, 6, 6);
		cmd.conv.weights_size = htole32(6 * 2 * 3 * 3);
		cmd.conv.act_bits = 8;
		cmd.conv.weight_bits = 8;
		cmd.conv.out_max = 255;
		cmd.conv.kernel_h = cmd.conv.kernel_w = 3;
		cmd.conv.stride_h = cmd.conv.stride_w = 1;
		cmd.conv.dilation_h = cmd.conv.dilation_w = 1;
		cmd.conv.groups = htole16(2);
		break;
	case LUTNA_OP_POOL:
		cmd.pool.in = tensor(4, 8, 8);
		cmd.pool.out = tensor(4, 4, 4);
		cmd.pool.out_max = 255;
		cmd.pool.kernel_h = cmd.pool.kernel_w = htole16(2);
		cmd.pool.stride_h = cmd.pool.stride_w = 2;
		break;
	case LUTNA_OP_ELTWISE:
		cmd.eltwise.a = cmd.eltwise.b = cmd.eltwise.out =
			tensor(4, 8, 8);
		cmd.eltwise.out_max = 255;
		cmd.eltwise.shift = 1;
		break;
	case LUTNA_OP_TABLE:
		cmd.table.in = cmd.table.out = tensor(4, 8, 8);
		break;
	case LUTNA_OP_COPY:
		cmd.copy.in = cmd.copy.out = tensor(4, 8, 8);
		cmd.copy.repeat_h = cmd.copy.repeat_w = 1;
		break;
	case LUTNA_OP_FILL:
		cmd.fill.out = tensor(4, 8, 8);
		break;
	}
	return cmd;
}

static void put(union command *cmd, size_t at, size_t size, uint64_t value)
{
	for (size_t i = 0; i < size; i++)
		cmd->raw[at + i] = value >> (8 * i);
}

static void expect_with(const union command *cmd, uint64_t limit, int code,
			size_t at, const char *what)
{
	struct lutna_fault_info fault = { 0 };
	struct lutna_command out;
	int rc = lutna_decode(cmd, limit, &out, &fault);

	check(rc == code && (!code || (fault.code == code && fault.addr == at &&
				       !fault.access)),
	      "%s: %#x at %llu, want %#x at %zu", what, rc,
	      (unsigned long long)fault.addr, code, at);
}

static void expect(const union command *cmd, int code, size_t at,
		   const char *what)
{
	expect_with(cmd, LIMIT, code, at, what);
}

/* Sets a field of @cmd (a variable of the caller) for one decode. */
#define TRY(kind, field, value, code, refused)				\
	do {								\
		union command try_ = cmd;				\
		put(&try_, offsetof(struct lutna_cmd_##kind, field),	\
		    sizeof(try_.kind.field), (value));			\
		expect(&try_, LUTNA_FAULT_##code,			\
		       offsetof(struct lutna_cmd_##kind, refused),	\
		       #kind "." #field " = " #value);			\
	} while (0)
#define OK(kind, field, value)	TRY(kind, field, value, NONE, field)
#define BAD(kind, field, value, code)	TRY(kind, field, value, code, field)

static void test_header(void)
{
	for (int op = 0; op <= LUTNA_OP_TIMESTAMP; op++) {
		union command cmd = base(op);

		expect(&cmd, 0, 0, "the base command");
		BAD(nop, hdr.version, 0, BAD_VERSION);
		BAD(nop, hdr.version, 2, BAD_VERSION);
		BAD(nop, hdr.version, 255, BAD_VERSION);
		BAD(nop, hdr.opcode, LUTNA_OP_TIMESTAMP + 1, BAD_OPCODE);
		BAD(nop, hdr.opcode, 0xffff, BAD_OPCODE);
		BAD(nop, hdr.opcode, 0x100 | op, BAD_OPCODE);
		BAD(nop, hdr.flags, 1, BAD_FIELD);
		BAD(nop, hdr.flags, 0x80, BAD_FIELD);
		OK(nop, hdr.tag, 0xffffffff);
	}
	point("header");
}

/* What may not be set anywhere */
struct reserved {
	int op;
	size_t at;
	size_t size;
};

#define RESERVED(op, kind, field)					\
	{ op, offsetof(struct lutna_cmd_##kind, field),			\
	  sizeof(((struct lutna_cmd_##kind *)0)->field) }

static const struct reserved reserved[] = {
	RESERVED(LUTNA_OP_NOP, nop, hdr.reserved),
	RESERVED(LUTNA_OP_NOP, nop, reserved),
	RESERVED(LUTNA_OP_CONV, conv, hdr.reserved),
	RESERVED(LUTNA_OP_CONV, conv, in.reserved),
	RESERVED(LUTNA_OP_CONV, conv, out.reserved),
	RESERVED(LUTNA_OP_CONV, conv, reserved0),
	RESERVED(LUTNA_OP_CONV, conv, reserved),
	RESERVED(LUTNA_OP_POOL, pool, hdr.reserved),
	RESERVED(LUTNA_OP_POOL, pool, in.reserved),
	RESERVED(LUTNA_OP_POOL, pool, out.reserved),
	RESERVED(LUTNA_OP_POOL, pool, reserved),
	RESERVED(LUTNA_OP_ELTWISE, eltwise, hdr.reserved),
	RESERVED(LUTNA_OP_ELTWISE, eltwise, a.reserved),
	RESERVED(LUTNA_OP_ELTWISE, eltwise, b.reserved),
	RESERVED(LUTNA_OP_ELTWISE, eltwise, out.reserved),
	RESERVED(LUTNA_OP_ELTWISE, eltwise, reserved),
	RESERVED(LUTNA_OP_TABLE, table, hdr.reserved),
	RESERVED(LUTNA_OP_TABLE, table, in.reserved),
	RESERVED(LUTNA_OP_TABLE, table, out.reserved),
	RESERVED(LUTNA_OP_TABLE, table, reserved),
	RESERVED(LUTNA_OP_COPY, copy, hdr.reserved),
	RESERVED(LUTNA_OP_COPY, copy, in.reserved),
	RESERVED(LUTNA_OP_COPY, copy, out.reserved),
	RESERVED(LUTNA_OP_COPY, copy, reserved0),
	RESERVED(LUTNA_OP_COPY, copy, reserved),
	RESERVED(LUTNA_OP_FILL, fill, hdr.reserved),
	RESERVED(LUTNA_OP_FILL, fill, out.reserved),
	RESERVED(LUTNA_OP_FILL, fill, reserved),
	RESERVED(LUTNA_OP_TIMESTAMP, timestamp, hdr.reserved),
	RESERVED(LUTNA_OP_TIMESTAMP, timestamp, reserved),
};

static void test_reserved(void)
{
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		const struct reserved *r = &reserved[i];

		for (size_t bit = 0; bit < 8 * r->size; bit++) {
			union command cmd = base(r->op);

			cmd.raw[r->at + bit / 8] ^= 1 << bit % 8;
			expect(&cmd, LUTNA_FAULT_BAD_FIELD, r->at,
			       "a reserved bit");
		}
	}
	point("every reserved bit");
}

/* Where tensors stand */
struct place {
	int op;
	size_t at;
	bool output;
	bool only_u8;
};

#define PLACE(op, kind, field, output, only_u8)				\
	{ op, offsetof(struct lutna_cmd_##kind, field), output, only_u8 }

static const struct place places[] = {
	PLACE(LUTNA_OP_CONV, conv, in, false, true),
	PLACE(LUTNA_OP_CONV, conv, out, true, false),
	PLACE(LUTNA_OP_POOL, pool, in, false, true),
	PLACE(LUTNA_OP_POOL, pool, out, true, true),
	PLACE(LUTNA_OP_ELTWISE, eltwise, a, false, true),
	PLACE(LUTNA_OP_ELTWISE, eltwise, b, false, true),
	PLACE(LUTNA_OP_ELTWISE, eltwise, out, true, true),
	PLACE(LUTNA_OP_TABLE, table, in, false, true),
	PLACE(LUTNA_OP_TABLE, table, out, true, true),
	PLACE(LUTNA_OP_COPY, copy, in, false, false),
	PLACE(LUTNA_OP_COPY, copy, out, true, false),
	PLACE(LUTNA_OP_FILL, fill, out, true, false),
};

static void try_tensor(const struct place *p, size_t at, size_t size,
		       uint64_t value, int code, size_t refused,
		       const char *what)
{
	union command cmd = base(p->op);

	put(&cmd, p->at + at, size, value);
	expect(&cmd, code, p->at + refused, what);
}

#define T(field)	offsetof(struct lutna_tensor, field)
#define TENSOR(field, value, code)					\
	try_tensor(p, T(field), sizeof(((struct lutna_tensor *)0)->field),\
		   value, code, T(field), #field " = " #value)

/* Fields of a tensor that can be wrong by themselves */
static void test_tensor(const struct place *p)
{
	union command cmd = base(p->op);
	struct lutna_tensor t;
	uint64_t extent, top;

	memcpy(&t, cmd.raw + p->at, sizeof(t));
	extent = 2ull * le32toh(t.stride_n);
	top = -extent;		/* the last byte is the last of all */
	TENSOR(n, 0, LUTNA_FAULT_BAD_FIELD);
	TENSOR(c, 0, LUTNA_FAULT_BAD_FIELD);
	TENSOR(h, 0, LUTNA_FAULT_BAD_FIELD);
	TENSOR(w, 0, LUTNA_FAULT_BAD_FIELD);
	TENSOR(type, 2, LUTNA_FAULT_BAD_FIELD);
	TENSOR(type, 255, LUTNA_FAULT_BAD_FIELD);
	TENSOR(addr, top, 0);
	TENSOR(addr, top + 1, LUTNA_FAULT_BAD_FIELD);
	TENSOR(addr, UINT64_MAX, LUTNA_FAULT_BAD_FIELD);
	TENSOR(n, 65535, LUTNA_FAULT_TOO_LARGE);
	if (p->only_u8)
		TENSOR(type, LUTNA_TYPE_S32, LUTNA_FAULT_BAD_FIELD);
	if (p->output) {
		TENSOR(stride_n, 0, LUTNA_FAULT_BAD_SHAPE);
		TENSOR(stride_n, le32toh(t.stride_n) - 1, LUTNA_FAULT_BAD_SHAPE);
		TENSOR(stride_n, le32toh(t.stride_n), 0);
		TENSOR(stride_n, 0xffffffff, 0);
		TENSOR(stride_w, 0, LUTNA_FAULT_BAD_SHAPE);
	} else {
		TENSOR(stride_n, 0, 0);
		TENSOR(stride_n, 1, 0);
		TENSOR(stride_w, 0, 0);
		TENSOR(stride_w, 0xffffffff, 0);
	}
}

/* As many bytes as @n images of 2^16 S32 elements take; the limit is four */
static struct lutna_tensor sized(unsigned int n, unsigned int type)
{
	unsigned int elem = type == LUTNA_TYPE_S32 ? 4 : 1;

	return (struct lutna_tensor) {
		.addr = htole64(0x10000), .n = htole16(n),
		.c = htole16(256), .h = htole16(256), .w = htole16(4 / elem),
		.stride_n = htole32(1 << 18), .stride_c = htole32(1 << 10),
		.stride_h = htole32(4), .stride_w = htole32(elem),
		.type = type,
	};
}

/* @h rows of @w bytes, with a limit of as many and of one less */
static void test_limit(unsigned int h, unsigned int w)
{
	union command cmd = base(LUTNA_OP_FILL);
	uint64_t bytes = (uint64_t)h * w;

	cmd.fill.out = tensor(1, h, w);
	cmd.fill.out.n = htole16(1);
	expect_with(&cmd, bytes, 0, 0, "a limit that is met");
	expect_with(&cmd, bytes - 1, LUTNA_FAULT_TOO_LARGE,
		    offsetof(struct lutna_cmd_fill, out.n), "one less");
}

static void test_limits(void)
{
	static const uint8_t types[] = { LUTNA_TYPE_U8, LUTNA_TYPE_S32 };
	union command cmd;

	for (int i = 0; i < 2; i++) {
		cmd = base(LUTNA_OP_FILL);
		cmd.fill.out = sized(4, types[i]);
		expect(&cmd, 0, 0, "a tensor of the largest size");
		cmd.fill.out.n = htole16(5);
		expect(&cmd, LUTNA_FAULT_TOO_LARGE,
		       offsetof(struct lutna_cmd_fill, out.n), "a larger one");
		/* 65535^4 elements do not fit 64 bits. */
		cmd = base(LUTNA_OP_COPY);
		cmd.copy.in = sized(0xffff, types[i]);
		cmd.copy.in.c = cmd.copy.in.h = cmd.copy.in.w = htole16(0xffff);
		expect(&cmd, LUTNA_FAULT_TOO_LARGE,
		       offsetof(struct lutna_cmd_copy, in.n), "the largest");
	}
	test_limit(1, 1);
	test_limit(1, 4097);
	test_limit(1023, 1025);
	test_limit(65535, 1001);
	/* 4 * 65534 * 64949 * 64949 * 16682 is 2^64 + 794796336. */
	cmd = base(LUTNA_OP_COPY);
	cmd.copy.in = sized(65534, LUTNA_TYPE_S32);
	cmd.copy.in.c = cmd.copy.in.h = htole16(64949);
	cmd.copy.in.w = htole16(16682);
	expect_with(&cmd, 1ull << 32, LUTNA_FAULT_TOO_LARGE,
		    offsetof(struct lutna_cmd_copy, in.n), "64 bits");
	point("tensor limit");
}

static void test_alignment(void)
{
	for (unsigned int off = 1; off < 4; off++) {
		union command cmd = base(LUTNA_OP_FILL);

		cmd.fill.out = sized(4, LUTNA_TYPE_S32);
		BAD(fill, out.addr, 0x10000 + off, BAD_ALIGN);
		BAD(fill, out.stride_n, (1 << 18) + off, BAD_ALIGN);
		BAD(fill, out.stride_c, (1 << 10) + off, BAD_ALIGN);
		BAD(fill, out.stride_h, 8 + off, BAD_ALIGN);
		OK(fill, out.stride_w, 8 + off);	/* of size 1: ignored */
		BAD(fill, out.zero_point, off, BAD_FIELD);
		cmd = base(LUTNA_OP_CONV);
		BAD(conv, channels, off, BAD_ALIGN);
		BAD(conv, channels, 64 - off, BAD_ALIGN);
		OK(conv, weights, off);
		cmd = base(LUTNA_OP_TIMESTAMP);
		BAD(timestamp, addr, off, BAD_ALIGN);
		BAD(timestamp, addr, 8 - off, BAD_ALIGN);
		OK(timestamp, addr, 0xfffffffffffffff8);
	}
	point("alignment");
}

static void test_conv_arithmetic(void)
{
	union command cmd = base(LUTNA_OP_CONV);

	BAD(conv, act_bits, 0, BAD_FIELD);
	BAD(conv, act_bits, 1, BAD_FIELD);
	OK(conv, act_bits, 2);
	OK(conv, act_bits, 8);
	BAD(conv, act_bits, 9, BAD_FIELD);
	BAD(conv, act_bits, 255, BAD_FIELD);
	BAD(conv, weight_bits, 0, BAD_FIELD);
	BAD(conv, weight_bits, 1, BAD_FIELD);
	OK(conv, weight_bits, 2);
	OK(conv, weight_bits, 8);
	BAD(conv, weight_bits, 9, BAD_FIELD);	/* of a byte */
	BAD(conv, weight_format, 3, BAD_FIELD);
	BAD(conv, weight_format, 255, BAD_FIELD);
	BAD(conv, approx, 3, BAD_FIELD);
	BAD(conv, approx_digits, 1, BAD_FIELD);	/* exact */
	OK(conv, pad_value, 255);
	cmd.conv.weight_format = LUTNA_WEIGHT_S16;
	cmd.conv.weights_size = htole32(2 * 108);
	OK(conv, weight_bits, 9);
	BAD(conv, weight_bits, 10, BAD_FIELD);
	for (int approx = LUTNA_APPROX_DROP; approx <= LUTNA_APPROX_W; approx++) {
		cmd.conv.approx = approx;
		for (int bits = 2; bits <= 8; bits++) {
			int digits = (bits + 1) / 2;

			cmd.conv.act_bits = bits;
			BAD(conv, approx_digits, 0, BAD_FIELD);
			if (digits > 1) {
				OK(conv, approx_digits, 1);
				OK(conv, approx_digits, digits - 1);
			}
			BAD(conv, approx_digits, digits, BAD_FIELD);
			BAD(conv, approx_digits, 255, BAD_FIELD);
		}
	}
	cmd = base(LUTNA_OP_CONV);
	cmd.conv.out_min = cmd.conv.out_max = 100;
	OK(conv, out_max, 255);
	BAD(conv, out_max, 99, BAD_FIELD);
	TRY(conv, out_min, 101, BAD_FIELD, out_max);
	cmd.conv.out.type = LUTNA_TYPE_S32;
	for (int i = 0; i < 4; i++)
		put(&cmd, offsetof(struct lutna_cmd_conv, out.stride_n) + 4 * i,
		    4, 0x40 << (4 * (3 - i)));
	cmd.conv.out_min = cmd.conv.out_max = 0;
	OK(conv, out_min, 0);
	BAD(conv, out_min, 1, BAD_FIELD);
	BAD(conv, out_max, 1, BAD_FIELD);
	point("arithmetic of a convolution");
}

static void test_conv_window(void)
{
	union command cmd = base(LUTNA_OP_CONV);

	/* 8 inputs, 3 of kernel, 6 outputs: no padding */
	BAD(conv, kernel_h, 0, BAD_FIELD);
	BAD(conv, kernel_w, 0, BAD_FIELD);
	BAD(conv, stride_h, 0, BAD_FIELD);
	BAD(conv, stride_w, 0, BAD_FIELD);
	BAD(conv, dilation_h, 0, BAD_FIELD);
	BAD(conv, dilation_w, 0, BAD_FIELD);
	OK(conv, pad_top, 255);
	OK(conv, pad_left, 255);
	OK(conv, stride_h, 52);				/* 255 behind */
	TRY(conv, stride_h, 53, BAD_SHAPE, out.h);
	OK(conv, stride_w, 52);
	TRY(conv, stride_w, 53, BAD_SHAPE, out.w);
	OK(conv, dilation_h, 128);			/* 254 */
	TRY(conv, dilation_h, 129, BAD_SHAPE, out.h);
	OK(conv, dilation_w, 128);
	TRY(conv, dilation_w, 129, BAD_SHAPE, out.w);
	TRY(conv, dilation_w, 255, BAD_SHAPE, out.w);
	/* Rows of 2^31 bytes leave room for any number of them. */
	cmd.conv.out.stride_n = htole32(1);
	cmd.conv.out.stride_c = htole32(2);
	cmd.conv.out.stride_h = htole32(1u << 31);
	cmd.conv.out.stride_w = htole32(1 << 16);
	OK(conv, out.h, 6 + 255);
	TRY(conv, out.h, 6 + 256, BAD_SHAPE, out.h);
	OK(conv, out.w, 6 + 255);
	TRY(conv, out.w, 6 + 256, BAD_SHAPE, out.w);
	OK(conv, out.h, 1);
	cmd.conv.stride_h = cmd.conv.stride_w = 255;
	cmd.conv.dilation_h = cmd.conv.dilation_w = 255;
	TRY(conv, out.h, 65535 / 12, BAD_SHAPE, out.h);
	cmd.conv.out.h = cmd.conv.out.w = htole16(1);
	TRY(conv, dilation_h, 255, BAD_SHAPE, out.h);	/* 511 - 8 behind */
	cmd.conv.pad_top = cmd.conv.pad_left = 248;
	OK(conv, dilation_h, 255);
	TRY(conv, pad_top, 247, BAD_SHAPE, out.h);
	point("window of a convolution");
}

static void test_conv_shape(void)
{
	union command cmd = base(LUTNA_OP_CONV);

	BAD(conv, out.n, 1, BAD_SHAPE);
	BAD(conv, out.n, 3, BAD_SHAPE);
	BAD(conv, groups, 0, BAD_FIELD);
	BAD(conv, groups, 3, BAD_SHAPE);	/* of 4 and 6 channels */
	BAD(conv, groups, 4, BAD_SHAPE);
	BAD(conv, groups, 65535, BAD_SHAPE);
	BAD(conv, weights_size, 107, BAD_WEIGHTS);
	BAD(conv, weights_size, 109, BAD_WEIGHTS);
	BAD(conv, weights_size, 0, BAD_WEIGHTS);
	BAD(conv, weights_size, 0xffffffff, BAD_WEIGHTS);
	OK(conv, weights, UINT64_MAX - 107);
	BAD(conv, weights, UINT64_MAX - 106, BAD_FIELD);
	OK(conv, channels, -64ull * 2);		/* six records of 16 bytes */
	BAD(conv, channels, -64ull, BAD_FIELD);
	cmd.conv.weight_format = LUTNA_WEIGHT_COMPRESSED;
	BAD(conv, weights_size, 4 * 7 - 1, BAD_WEIGHTS);
	BAD(conv, weights_size, 4 * 7 - 2, BAD_WEIGHTS);
	OK(conv, weights_size, 4 * 7);
	BAD(conv, weights_size, 4 * 7 + 1, BAD_WEIGHTS);
	OK(conv, weights_size, 4 * 7 + 2);
	OK(conv, weights_size, LIMIT);
	BAD(conv, weights_size, LIMIT + 2, TOO_LARGE);
	/* A size that is right and too large: 16 * 1023 * 64 and 65 bytes */
	cmd = base(LUTNA_OP_CONV);
	cmd.conv.in = tensor(64, 4, 4);
	cmd.conv.out = tensor(1024, 1, 1);
	cmd.conv.kernel_h = cmd.conv.kernel_w = 4;
	cmd.conv.groups = htole16(1);
	OK(conv, weights_size, 64 * 16 * 1024);
	cmd.conv.in = tensor(65, 4, 4);
	BAD(conv, weights_size, 65 * 16 * 1024, TOO_LARGE);
	/* What would fit 32 bits only once cut off */
	cmd.conv.in = tensor(1, 1, 1);
	cmd.conv.in.c = htole16(65535);
	cmd.conv.in.stride_n = htole32(65535);
	cmd.conv.out = tensor(1024, 1, 1);
	cmd.conv.kernel_h = cmd.conv.kernel_w = 255;
	cmd.conv.pad_top = cmd.conv.pad_left = 127;
	BAD(conv, weights_size, (uint32_t)(65535ull * 255 * 255 * 1024),
	    BAD_WEIGHTS);
	point("shapes and weights of a convolution");
}

static void test_pool(void)
{
	union command cmd = base(LUTNA_OP_POOL);

	BAD(pool, mode, 3, BAD_FIELD);
	BAD(pool, shift, 1, BAD_FIELD);
	BAD(pool, mult, 1, BAD_FIELD);
	BAD(pool, out.zero_point, 1, BAD_FIELD);
	TRY(pool, in.zero_point, 1, BAD_FIELD, out.zero_point);
	BAD(pool, out.n, 1, BAD_SHAPE);
	BAD(pool, out.c, 3, BAD_SHAPE);
	BAD(pool, kernel_h, 0, BAD_FIELD);
	BAD(pool, kernel_w, 0, BAD_FIELD);
	OK(pool, kernel_h, 65535);
	OK(pool, kernel_w, 65535);
	BAD(pool, stride_h, 0, BAD_FIELD);
	BAD(pool, stride_w, 0, BAD_FIELD);
	OK(pool, pad_top, 1);
	BAD(pool, pad_top, 2, BAD_FIELD);
	OK(pool, pad_left, 1);
	BAD(pool, pad_left, 2, BAD_FIELD);
	/* The fourth window must begin at 7 at the latest, at 8 with padding. */
	TRY(pool, stride_h, 3, BAD_SHAPE, out.h);
	TRY(pool, stride_w, 3, BAD_SHAPE, out.w);
	TRY(pool, stride_w, 255, BAD_SHAPE, out.w);
	cmd.pool.out = tensor(4, 5, 4);
	BAD(pool, out.h, 5, BAD_SHAPE);
	cmd.pool.stride_h = cmd.pool.stride_w = 1;
	cmd.pool.out = tensor(4, 8, 8);
	OK(pool, out.h, 8);
	cmd.pool.out = tensor(4, 9, 9);
	BAD(pool, out.h, 9, BAD_SHAPE);
	cmd.pool.pad_top = 1;
	TRY(pool, out.h, 9, BAD_SHAPE, out.w);
	cmd.pool.pad_left = 1;
	OK(pool, out.w, 9);
	for (int mode = LUTNA_POOL_AVG; mode <= LUTNA_POOL_AVG_PAD; mode++) {
		cmd = base(LUTNA_OP_POOL);
		cmd.pool.mode = mode;
		cmd.pool.shift = 1;
		OK(pool, in.zero_point, 7);
		BAD(pool, shift, 0, BAD_FIELD);
		OK(pool, shift, 62);
		BAD(pool, shift, 63, BAD_FIELD);
		OK(pool, mult, 0x7fffffff);
		BAD(pool, mult, 0x80000000, BAD_FIELD);
	}
	cmd.pool.out_min = cmd.pool.out_max = 9;
	OK(pool, out_max, 255);
	BAD(pool, out_max, 8, BAD_FIELD);
	point("pooling");
}

static void test_eltwise(void)
{
	union command cmd = base(LUTNA_OP_ELTWISE);

	BAD(eltwise, mode, 2, BAD_FIELD);
	BAD(eltwise, shift, 0, BAD_FIELD);
	OK(eltwise, shift, 62);
	BAD(eltwise, shift, 63, BAD_FIELD);
	OK(eltwise, mult_a, 0x7fffffff);
	BAD(eltwise, mult_a, 0x80000000, BAD_FIELD);
	OK(eltwise, mult_b, 0x7fffffff);
	BAD(eltwise, mult_b, 0x80000000, BAD_FIELD);
	OK(eltwise, out_min, 255);
	BAD(eltwise, b.n, 1, BAD_SHAPE);
	BAD(eltwise, b.c, 3, BAD_SHAPE);
	BAD(eltwise, b.h, 7, BAD_SHAPE);
	BAD(eltwise, b.w, 7, BAD_SHAPE);
	BAD(eltwise, out.n, 1, BAD_SHAPE);
	BAD(eltwise, out.c, 3, BAD_SHAPE);
	BAD(eltwise, out.h, 7, BAD_SHAPE);
	BAD(eltwise, out.w, 7, BAD_SHAPE);
	cmd.eltwise.mode = LUTNA_ELTWISE_MUL;
	OK(eltwise, mult_a, 0x7fffffff);
	BAD(eltwise, mult_b, 1, BAD_FIELD);
	cmd.eltwise.out_min = 5;
	BAD(eltwise, out_max, 4, BAD_FIELD);
	point("element-wise commands");
}

static void test_moves(void)
{
	union command cmd = base(LUTNA_OP_TABLE);

	BAD(table, out.n, 1, BAD_SHAPE);
	BAD(table, out.c, 3, BAD_SHAPE);
	BAD(table, out.h, 7, BAD_SHAPE);
	BAD(table, out.w, 7, BAD_SHAPE);
	OK(table, table, UINT64_MAX - 255);
	BAD(table, table, UINT64_MAX - 254, BAD_FIELD);
	cmd = base(LUTNA_OP_COPY);
	BAD(copy, out.n, 1, BAD_SHAPE);
	BAD(copy, out.c, 3, BAD_SHAPE);
	OK(copy, out.h, 7);
	BAD(copy, repeat_h, 0, BAD_FIELD);
	BAD(copy, repeat_w, 0, BAD_FIELD);
	OK(copy, repeat_h, 255);
	OK(copy, repeat_w, 255);
	OK(copy, pad_top, 65535);
	OK(copy, pad_left, 65535);
	OK(copy, pad_value, 255);
	BAD(copy, pad_value, 256, BAD_FIELD);
	BAD(copy, pad_value, 0x80000000, BAD_FIELD);
	cmd.copy.out = sized(2, LUTNA_TYPE_S32);
	BAD(copy, out.type, LUTNA_TYPE_S32, BAD_FIELD);
	cmd.copy.in = cmd.copy.out;
	OK(copy, pad_value, 0xffffffff);
	cmd = base(LUTNA_OP_FILL);
	OK(fill, value, 255);
	BAD(fill, value, 256, BAD_FIELD);
	cmd.fill.out = sized(2, LUTNA_TYPE_S32);
	OK(fill, value, 0xffffffff);
	point("tables, copies, fills");
}

int main(void)
{
	test_header();
	test_reserved();
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		test_tensor(&places[i]);
	point("tensors");
	test_limits();
	test_alignment();
	test_conv_arithmetic();
	test_conv_window();
	test_conv_shape();
	test_pool();
	test_eltwise();
	test_moves();
	return check_done();
}
