// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From raw bytes to a checked command.
 */
#include <assert.h>
#include <endian.h>
#include <string.h>

#include "decode.h"

static_assert(sizeof(struct lutna_cmd_nop) == LUTNA_CMD_SIZE, "nop");
static_assert(sizeof(struct lutna_cmd_conv) == LUTNA_CMD_SIZE, "conv");
static_assert(sizeof(struct lutna_cmd_pool) == LUTNA_CMD_SIZE, "pool");
static_assert(sizeof(struct lutna_cmd_eltwise) == LUTNA_CMD_SIZE, "eltwise");
static_assert(sizeof(struct lutna_cmd_table) == LUTNA_CMD_SIZE, "table");
static_assert(sizeof(struct lutna_cmd_copy) == LUTNA_CMD_SIZE, "copy");
static_assert(sizeof(struct lutna_cmd_fill) == LUTNA_CMD_SIZE, "fill");
static_assert(sizeof(struct lutna_cmd_timestamp) == LUTNA_CMD_SIZE, "timestamp");

#define MULT_MAX	0x7fffffff
#define SHIFT_MIN	1
#define SHIFT_MAX	62
#define PAD_MAX		255

struct decoder {
	uint64_t max_tensor;
	struct lutna_fault_info *fault;
};

static int refuse(struct decoder *d, int code, size_t at)
{
	return lutna_refuse(d->fault, code, at);
}

static bool all_zero(const void *p, size_t len)
{
	const uint8_t *byte = p;
	uint64_t any = 0, word;

	for (; len >= sizeof(word); byte += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, byte, sizeof(word));
		any |= word;
	}
	while (len--)
		any |= *byte++;
	return !any;
}

/*
 * The rest of these checks read like the tables of the manual: one line a
 * field.  @raw is the command's struct in each function.
 */
#define AT(field)	offsetof(__typeof__(*raw), field)
#define REQUIRE(cond, code, field)					\
	do {								\
		if (!(cond))						\
			return refuse(d, LUTNA_FAULT_##code, AT(field));\
	} while (0)
#define REQUIRE_ZERO(field)						\
	REQUIRE(all_zero(&raw->field, sizeof(raw->field)), BAD_FIELD, field)
#define TENSOR(field, flags, view)					\
	do {								\
		int rc_ = lutna_decode_tensor(&raw->field, AT(field),	\
					      flags, d->max_tensor,	\
					      view, d->fault);		\
		if (rc_)						\
			return rc_;					\
	} while (0)
#define SAME_DIM(x, y, i, field)					\
	REQUIRE((x)->dim[i] == (y)->dim[i], BAD_SHAPE, field)

static bool is_u8(const struct lutna_view *v)
{
	return v->type == LUTNA_TYPE_U8;
}

static int decode_nop(struct decoder *d, const struct lutna_cmd_nop *raw)
{
	REQUIRE_ZERO(reserved);
	return 0;
}

static int conv_arithmetic(struct decoder *d, const struct lutna_cmd_conv *raw)
{
	unsigned int digits = (raw->act_bits + 1) / 2;

	REQUIRE(raw->weight_format <= LUTNA_WEIGHT_COMPRESSED, BAD_FIELD,
		weight_format);
	REQUIRE(raw->act_bits >= 2 && raw->act_bits <= 8, BAD_FIELD, act_bits);
	REQUIRE(raw->weight_bits >= 2 &&
		raw->weight_bits <=
		(raw->weight_format == LUTNA_WEIGHT_S8 ? 8 : 9),
		BAD_FIELD, weight_bits);
	REQUIRE(raw->approx <= LUTNA_APPROX_W, BAD_FIELD, approx);
	if (raw->approx == LUTNA_APPROX_EXACT)
		REQUIRE(!raw->approx_digits, BAD_FIELD, approx_digits);
	else
		REQUIRE(raw->approx_digits >= 1 && raw->approx_digits < digits,
			BAD_FIELD, approx_digits);
	return 0;
}

static int conv_window(struct decoder *d, const struct lutna_cmd_conv *raw)
{
	REQUIRE(raw->kernel_h, BAD_FIELD, kernel_h);
	REQUIRE(raw->kernel_w, BAD_FIELD, kernel_w);
	REQUIRE(raw->stride_h, BAD_FIELD, stride_h);
	REQUIRE(raw->stride_w, BAD_FIELD, stride_w);
	REQUIRE(raw->dilation_h, BAD_FIELD, dilation_h);
	REQUIRE(raw->dilation_w, BAD_FIELD, dilation_w);
	REQUIRE(raw->groups, BAD_FIELD, groups);
	REQUIRE_ZERO(reserved0);
	REQUIRE_ZERO(reserved);
	return 0;
}

/* Rows (or columns) of padding that an output of @out ones needs behind @in. */
static int64_t pad_behind(uint32_t in, uint32_t out, unsigned int kernel,
			  unsigned int stride, unsigned int dilation,
			  unsigned int pad)
{
	return (int64_t)(out - 1) * stride + (int64_t)(kernel - 1) * dilation +
	       1 - pad - in;
}

static int conv_shape(struct decoder *d, const struct lutna_cmd_conv *raw,
		      const struct lutna_conv *c)
{
	REQUIRE(c->in.dim[LUTNA_DIM_C] % c->groups == 0 &&
		c->out.dim[LUTNA_DIM_C] % c->groups == 0, BAD_SHAPE, groups);
	SAME_DIM(&c->in, &c->out, LUTNA_DIM_N, out.n);
	REQUIRE(pad_behind(c->in.dim[LUTNA_DIM_H], c->out.dim[LUTNA_DIM_H],
			   c->kernel_h, c->stride_h, c->dilation_h,
			   c->pad_top) <= PAD_MAX, BAD_SHAPE, out.h);
	REQUIRE(pad_behind(c->in.dim[LUTNA_DIM_W], c->out.dim[LUTNA_DIM_W],
			   c->kernel_w, c->stride_w, c->dilation_w,
			   c->pad_left) <= PAD_MAX, BAD_SHAPE, out.w);
	return 0;
}

/* Sizes that are known without a look at the weights themselves. */
static int conv_weights(struct decoder *d, const struct lutna_cmd_conv *raw,
			const struct lutna_conv *c)
{
	uint64_t dense = (uint64_t)c->k * c->out.dim[LUTNA_DIM_C];
	uint64_t index = 4 * ((uint64_t)c->out.dim[LUTNA_DIM_C] + 1);
	uint64_t end;

	if (c->weight_format == LUTNA_WEIGHT_COMPRESSED)
		REQUIRE(c->weights_size >= index && c->weights_size % 2 == 0,
			BAD_WEIGHTS, weights_size);
	else
		REQUIRE(c->weights_size ==
			dense << (c->weight_format == LUTNA_WEIGHT_S16),
			BAD_WEIGHTS, weights_size);
	REQUIRE(c->weights_size <= d->max_tensor, TOO_LARGE, weights_size);
	REQUIRE(!__builtin_add_overflow(c->weights, c->weights_size - 1, &end),
		BAD_FIELD, weights);
	REQUIRE(c->channels % LUTNA_LIST_ALIGN == 0, BAD_ALIGN, channels);
	REQUIRE(!__builtin_add_overflow(c->channels,
					c->out.dim[LUTNA_DIM_C] *
					sizeof(struct lutna_channel) - 1, &end),
		BAD_FIELD, channels);
	return 0;
}

static void conv_load(struct lutna_conv *c, const struct lutna_cmd_conv *raw)
{
	c->weights = le64toh(raw->weights);
	c->weights_size = le32toh(raw->weights_size);
	c->weight_format = raw->weight_format;
	c->act_bits = raw->act_bits;
	c->weight_bits = raw->weight_bits;
	c->approx = raw->approx;
	c->approx_digits = raw->approx_digits;
	c->pad_value = raw->pad_value;
	c->out_min = raw->out_min;
	c->out_max = raw->out_max;
	c->kernel_h = raw->kernel_h;
	c->kernel_w = raw->kernel_w;
	c->stride_h = raw->stride_h;
	c->stride_w = raw->stride_w;
	c->dilation_h = raw->dilation_h;
	c->dilation_w = raw->dilation_w;
	c->pad_top = raw->pad_top;
	c->pad_left = raw->pad_left;
	c->groups = le16toh(raw->groups);
	c->channels = le64toh(raw->channels);
}

static int decode_conv(struct decoder *d, const struct lutna_cmd_conv *raw,
		       struct lutna_conv *c)
{
	int rc;

	TENSOR(in, LUTNA_TENSOR_U8, &c->in);
	TENSOR(out, LUTNA_TENSOR_OUTPUT, &c->out);
	rc = conv_arithmetic(d, raw);
	if (rc)
		return rc;
	if (is_u8(&c->out)) {
		REQUIRE(raw->out_max >= raw->out_min, BAD_FIELD, out_max);
	} else {
		REQUIRE(!raw->out_min, BAD_FIELD, out_min);
		REQUIRE(!raw->out_max, BAD_FIELD, out_max);
	}
	rc = conv_window(d, raw);
	if (rc)
		return rc;
	conv_load(c, raw);
	rc = conv_shape(d, raw, c);
	if (rc)
		return rc;
	c->in_per_group = c->in.dim[LUTNA_DIM_C] / c->groups;
	c->out_per_group = c->out.dim[LUTNA_DIM_C] / c->groups;
	/* At most 65535 * 255 * 255, which is below 2^32 */
	c->k = c->in_per_group * c->kernel_h * c->kernel_w;
	return conv_weights(d, raw, c);
}

static int pool_fields(struct decoder *d, const struct lutna_cmd_pool *raw,
		       const struct lutna_pool *p)
{
	REQUIRE(raw->mode <= LUTNA_POOL_AVG_PAD, BAD_FIELD, mode);
	REQUIRE(raw->out_max >= raw->out_min, BAD_FIELD, out_max);
	if (raw->mode == LUTNA_POOL_MAX) {
		REQUIRE(!raw->shift, BAD_FIELD, shift);
		REQUIRE(!p->mult, BAD_FIELD, mult);
		REQUIRE(p->in.zero_point == p->out.zero_point, BAD_FIELD,
			out.zero_point);
	} else {
		REQUIRE(raw->shift >= SHIFT_MIN && raw->shift <= SHIFT_MAX,
			BAD_FIELD, shift);
		REQUIRE(p->mult <= MULT_MAX, BAD_FIELD, mult);
	}
	REQUIRE(p->kernel_h, BAD_FIELD, kernel_h);
	REQUIRE(p->kernel_w, BAD_FIELD, kernel_w);
	REQUIRE(raw->stride_h, BAD_FIELD, stride_h);
	REQUIRE(raw->stride_w, BAD_FIELD, stride_w);
	REQUIRE(raw->pad_top < p->kernel_h, BAD_FIELD, pad_top);
	REQUIRE(raw->pad_left < p->kernel_w, BAD_FIELD, pad_left);
	REQUIRE_ZERO(reserved);
	return 0;
}

static int decode_pool(struct decoder *d, const struct lutna_cmd_pool *raw,
		       struct lutna_pool *p)
{
	int rc;

	TENSOR(in, LUTNA_TENSOR_U8, &p->in);
	TENSOR(out, LUTNA_TENSOR_OUTPUT | LUTNA_TENSOR_U8, &p->out);
	p->mult = le32toh(raw->mult);
	p->kernel_h = le16toh(raw->kernel_h);
	p->kernel_w = le16toh(raw->kernel_w);
	p->mode = raw->mode;
	p->out_min = raw->out_min;
	p->out_max = raw->out_max;
	p->shift = raw->shift;
	p->stride_h = raw->stride_h;
	p->stride_w = raw->stride_w;
	p->pad_top = raw->pad_top;
	p->pad_left = raw->pad_left;
	rc = pool_fields(d, raw, p);
	if (rc)
		return rc;

	SAME_DIM(&p->in, &p->out, LUTNA_DIM_N, out.n);
	SAME_DIM(&p->in, &p->out, LUTNA_DIM_C, out.c);
	/* The first window holds the origin; the last one must begin inside. */
	REQUIRE((p->out.dim[LUTNA_DIM_H] - 1) * p->stride_h <
		p->in.dim[LUTNA_DIM_H] + p->pad_top, BAD_SHAPE, out.h);
	REQUIRE((p->out.dim[LUTNA_DIM_W] - 1) * p->stride_w <
		p->in.dim[LUTNA_DIM_W] + p->pad_left, BAD_SHAPE, out.w);
	return 0;
}

#define SAME_SHAPE(x, y, field)						\
	do {								\
		SAME_DIM(x, y, LUTNA_DIM_N, field.n);			\
		SAME_DIM(x, y, LUTNA_DIM_C, field.c);			\
		SAME_DIM(x, y, LUTNA_DIM_H, field.h);			\
		SAME_DIM(x, y, LUTNA_DIM_W, field.w);			\
	} while (0)

static int decode_eltwise(struct decoder *d,
			  const struct lutna_cmd_eltwise *raw,
			  struct lutna_eltwise *e)
{
	TENSOR(a, LUTNA_TENSOR_U8, &e->a);
	TENSOR(b, LUTNA_TENSOR_U8, &e->b);
	TENSOR(out, LUTNA_TENSOR_OUTPUT | LUTNA_TENSOR_U8, &e->out);
	e->mode = raw->mode;
	e->out_min = raw->out_min;
	e->out_max = raw->out_max;
	e->shift = raw->shift;
	e->mult_a = le32toh(raw->mult_a);
	e->mult_b = le32toh(raw->mult_b);
	REQUIRE(e->mode <= LUTNA_ELTWISE_MUL, BAD_FIELD, mode);
	REQUIRE(e->out_max >= e->out_min, BAD_FIELD, out_max);
	REQUIRE(e->shift >= SHIFT_MIN && e->shift <= SHIFT_MAX, BAD_FIELD,
		shift);
	REQUIRE(e->mult_a <= MULT_MAX, BAD_FIELD, mult_a);
	REQUIRE(e->mult_b <= (e->mode == LUTNA_ELTWISE_MUL ? 0 : MULT_MAX),
		BAD_FIELD, mult_b);
	REQUIRE_ZERO(reserved);
	SAME_SHAPE(&e->a, &e->b, b);
	SAME_SHAPE(&e->a, &e->out, out);
	return 0;
}

static int decode_table(struct decoder *d, const struct lutna_cmd_table *raw,
			struct lutna_table *t)
{
	uint64_t end;

	TENSOR(in, LUTNA_TENSOR_U8, &t->in);
	TENSOR(out, LUTNA_TENSOR_OUTPUT | LUTNA_TENSOR_U8, &t->out);
	t->table = le64toh(raw->table);
	REQUIRE(!__builtin_add_overflow(t->table, 255, &end), BAD_FIELD, table);
	REQUIRE_ZERO(reserved);
	SAME_SHAPE(&t->in, &t->out, out);
	return 0;
}

static int decode_copy(struct decoder *d, const struct lutna_cmd_copy *raw,
		       struct lutna_copy *c)
{
	TENSOR(in, 0, &c->in);
	TENSOR(out, LUTNA_TENSOR_OUTPUT, &c->out);
	REQUIRE(c->in.type == c->out.type, BAD_FIELD, out.type);
	c->repeat_h = raw->repeat_h;
	c->repeat_w = raw->repeat_w;
	c->pad_top = le16toh(raw->pad_top);
	c->pad_left = le16toh(raw->pad_left);
	c->pad_value = le32toh(raw->pad_value);
	REQUIRE(c->repeat_h, BAD_FIELD, repeat_h);
	REQUIRE(c->repeat_w, BAD_FIELD, repeat_w);
	REQUIRE_ZERO(reserved0);
	REQUIRE(!is_u8(&c->out) || c->pad_value <= UINT8_MAX, BAD_FIELD,
		pad_value);
	REQUIRE_ZERO(reserved);
	SAME_DIM(&c->in, &c->out, LUTNA_DIM_N, out.n);
	SAME_DIM(&c->in, &c->out, LUTNA_DIM_C, out.c);
	return 0;
}

static int decode_fill(struct decoder *d, const struct lutna_cmd_fill *raw,
		       struct lutna_fill *f)
{
	TENSOR(out, LUTNA_TENSOR_OUTPUT, &f->out);
	f->value = le32toh(raw->value);
	REQUIRE(!is_u8(&f->out) || f->value <= UINT8_MAX, BAD_FIELD, value);
	REQUIRE_ZERO(reserved);
	return 0;
}

static int decode_timestamp(struct decoder *d,
			    const struct lutna_cmd_timestamp *raw,
			    uint64_t *addr)
{
	*addr = le64toh(raw->addr);
	REQUIRE(*addr % sizeof(uint64_t) == 0, BAD_ALIGN, addr);
	REQUIRE_ZERO(reserved);
	return 0;
}

static int decode_hdr(struct decoder *d, const struct lutna_cmd_hdr *raw)
{
	/* What an opcode means depends on the version: that comes first. */
	REQUIRE(raw->version == LUTNA_ISA_VERSION, BAD_VERSION, version);
	REQUIRE(le16toh(raw->opcode) <= LUTNA_OP_TIMESTAMP, BAD_OPCODE, opcode);
	REQUIRE(!raw->flags, BAD_FIELD, flags);
	REQUIRE_ZERO(reserved);
	return 0;
}

int lutna_decode(const void *bytes, uint64_t max_tensor,
		 struct lutna_command *out, struct lutna_fault_info *fault)
{
	struct decoder d = { .max_tensor = max_tensor, .fault = fault };
	union {
		struct lutna_cmd_hdr hdr;
		struct lutna_cmd_nop nop;
		struct lutna_cmd_conv conv;
		struct lutna_cmd_pool pool;
		struct lutna_cmd_eltwise eltwise;
		struct lutna_cmd_table table;
		struct lutna_cmd_copy copy;
		struct lutna_cmd_fill fill;
		struct lutna_cmd_timestamp timestamp;
	} raw;
	int rc;

	memcpy(&raw, bytes, sizeof(raw));
	rc = decode_hdr(&d, &raw.hdr);
	if (rc)
		return rc;

	out->opcode = le16toh(raw.hdr.opcode);
	out->tag = le32toh(raw.hdr.tag);
	switch (out->opcode) {
	case LUTNA_OP_CONV:
		return decode_conv(&d, &raw.conv, &out->conv);
	case LUTNA_OP_POOL:
		return decode_pool(&d, &raw.pool, &out->pool);
	case LUTNA_OP_ELTWISE:
		return decode_eltwise(&d, &raw.eltwise, &out->eltwise);
	case LUTNA_OP_TABLE:
		return decode_table(&d, &raw.table, &out->table);
	case LUTNA_OP_COPY:
		return decode_copy(&d, &raw.copy, &out->copy);
	case LUTNA_OP_FILL:
		return decode_fill(&d, &raw.fill, &out->fill);
	case LUTNA_OP_TIMESTAMP:
		return decode_timestamp(&d, &raw.timestamp, &out->timestamp);
	default:
		return decode_nop(&d, &raw.nop);
	}
}
