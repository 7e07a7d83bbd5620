// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>

#include "onnx_load.h"

/*
 * A graph in a graph costs three levels.  No model that can be compiled has
 * even one, but one that has a few deserves a better answer than "too deep".
 */
#define MAX_DEPTH	64
/*
 * The parser allocates for each of these, however few bytes it has.  A network
 * of GRAPH_NODES nodes stays well below.
 */
#define MAX_PARTS	(4u << 20)

/**
 * struct span - bytes of a message that is being walked
 * @type: of the message; NULL: it is no message
 * @is_part: it is a message or a string
 * @at: where the walk is
 * @end: of the message
 */
struct span {
	const ProtobufCMessageDescriptor *type;
	bool is_part;
	const uint8_t *at;
	const uint8_t *end;
};

static bool read_varint(struct span *span, uint64_t *value)
{
	unsigned int shift;

	*value = 0;
	for (shift = 0; shift < 64 && span->at < span->end; shift += 7) {
		uint8_t byte = *span->at++;

		*value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

static bool skip(struct span *span, uint64_t bytes)
{
	if (bytes > (uint64_t)(span->end - span->at))
		return false;
	span->at += bytes;
	return true;
}

/*
 * Steps over one field.  A nested message is returned in @inner, not entered.
 * False at the end or where the bytes make no sense, which the parser reports.
 */
static bool next_field(struct span *span, struct span *inner)
{
	const ProtobufCFieldDescriptor *field;
	uint64_t key, length;

	inner->type = NULL;
	inner->is_part = false;
	if (!read_varint(span, &key))
		return false;
	switch (key & 7) {
	case PROTOBUF_C_WIRE_TYPE_VARINT:
		return read_varint(span, &length);
	case PROTOBUF_C_WIRE_TYPE_64BIT:
		return skip(span, 8);
	case PROTOBUF_C_WIRE_TYPE_32BIT:
		return skip(span, 4);
	case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
		break;
	default:
		return false;
	}
	if (!read_varint(span, &length))
		return false;
	inner->at = span->at;
	if (!skip(span, length))
		return false;
	inner->end = span->at;
	field = protobuf_c_message_descriptor_get_field(span->type,
							(unsigned int)(key >> 3));
	if (!field)
		return true;
	inner->is_part = field->type == PROTOBUF_C_TYPE_MESSAGE ||
			 field->type == PROTOBUF_C_TYPE_STRING ||
			 field->type == PROTOBUF_C_TYPE_BYTES;
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		inner->type = field->descriptor;
	return true;
}

int onnx_check_nesting(const void *data, size_t size)
{
	struct span stack[MAX_DEPTH];
	unsigned int depth = 1, parts = 0;

	stack[0].type = &onnx__model_proto__descriptor;
	stack[0].at = data;
	stack[0].end = stack[0].at + size;
	while (depth) {
		struct span inner;

		if (!next_field(&stack[depth - 1], &inner)) {
			depth--;
			continue;
		}
		if (inner.is_part && ++parts > MAX_PARTS)
			return -E2BIG;
		if (!inner.type)
			continue;
		if (depth == MAX_DEPTH)
			return -ELOOP;
		stack[depth++] = inner;
	}
	return 0;
}
