// SPDX-License-Identifier: MIT
/*
 * Verification of what a model's commands do to memory.
 */
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "model.h"
#include "uapi/lutna_isa.h"

#define MAX_ADDRESSES	4

enum target {
	TARGET_NONE,
	TARGET_IN,		/* a tensor that is read */
	TARGET_OUT,		/* a tensor that is written */
	TARGET_WEIGHTS,
	TARGET_CHANNELS,
	TARGET_TABLE,
	TARGET_TIME,
};

/**
 * struct address - an address field of a command
 * @offset: in the command
 * @target: what is there
 */
struct address {
	uint16_t offset;
	uint16_t target;
};

#define ADDRESS(type, field, what) \
	{ offsetof(struct type, field), TARGET_##what }
#define TENSOR(type, field, what) \
	{ offsetof(struct type, field) + offsetof(struct lutna_tensor, addr), \
	  TARGET_##what }

static const struct address addresses[][MAX_ADDRESSES] = {
	[LUTNA_OP_NOP] = { { 0 } },
	[LUTNA_OP_CONV] = {
		TENSOR(lutna_cmd_conv, in, IN),
		TENSOR(lutna_cmd_conv, out, OUT),
		ADDRESS(lutna_cmd_conv, weights, WEIGHTS),
		ADDRESS(lutna_cmd_conv, channels, CHANNELS),
	},
	[LUTNA_OP_POOL] = {
		TENSOR(lutna_cmd_pool, in, IN),
		TENSOR(lutna_cmd_pool, out, OUT),
	},
	[LUTNA_OP_ELTWISE] = {
		TENSOR(lutna_cmd_eltwise, a, IN),
		TENSOR(lutna_cmd_eltwise, b, IN),
		TENSOR(lutna_cmd_eltwise, out, OUT),
	},
	[LUTNA_OP_TABLE] = {
		TENSOR(lutna_cmd_table, in, IN),
		TENSOR(lutna_cmd_table, out, OUT),
		ADDRESS(lutna_cmd_table, table, TABLE),
	},
	[LUTNA_OP_COPY] = {
		TENSOR(lutna_cmd_copy, in, IN),
		TENSOR(lutna_cmd_copy, out, OUT),
	},
	[LUTNA_OP_FILL] = {
		TENSOR(lutna_cmd_fill, out, OUT),
	},
	[LUTNA_OP_TIMESTAMP] = {
		ADDRESS(lutna_cmd_timestamp, addr, TIME),
	},
};

#define OPCODES	(sizeof(addresses) / sizeof(addresses[0]))

static uint64_t tensor_bytes(const uint8_t *field)
{
	struct lutna_tensor tensor;
	uint64_t bytes;

	/* At most 4 * 65534 * 2^32 and a little: cannot overflow. */
	memcpy(&tensor, field, sizeof(tensor));
	bytes = tensor.type == LUTNA_TYPE_S32 ? 4 : 1;
	if (tensor.n)
		bytes += (le16toh(tensor.n) - 1ULL) * le32toh(tensor.stride_n);
	if (tensor.c)
		bytes += (le16toh(tensor.c) - 1ULL) * le32toh(tensor.stride_c);
	if (tensor.h)
		bytes += (le16toh(tensor.h) - 1ULL) * le32toh(tensor.stride_h);
	if (tensor.w)
		bytes += (le16toh(tensor.w) - 1ULL) * le32toh(tensor.stride_w);
	return bytes;
}

/* How far the device goes from the address on */
static uint64_t target_bytes(const uint8_t *cmd, const struct address *address)
{
	struct lutna_cmd_conv conv;

	switch (address->target) {
	case TARGET_WEIGHTS:
		memcpy(&conv, cmd, sizeof(conv));
		return le32toh(conv.weights_size);
	case TARGET_CHANNELS:
		memcpy(&conv, cmd, sizeof(conv));
		return le16toh(conv.out.c) * sizeof(struct lutna_channel);
	case TARGET_TABLE:
		return 256;
	case TARGET_TIME:
		return sizeof(uint64_t);
	default:
		return tensor_bytes(cmd + address->offset);
	}
}

static bool is_written(const struct address *address)
{
	return address->target == TARGET_OUT || address->target == TARGET_TIME;
}

static unsigned int opcode_of(const uint8_t *cmd)
{
	struct lutna_cmd_hdr hdr;

	memcpy(&hdr, cmd, sizeof(hdr));
	return le16toh(hdr.opcode);
}

/* Index of the address at a byte of a command, or -1 */
static int find_address(const uint8_t *cmd, uint32_t offset)
{
	const struct address *list = addresses[opcode_of(cmd)];
	int i;

	for (i = 0; i < MAX_ADDRESSES && list[i].target; i++) {
		if (list[i].offset == offset)
			return i;
	}
	return -1;
}

static int refuse(const struct lutna_model *model, const char *where,
		  uint32_t command, const char *reason)
{
	return lutna_fail(-EINVAL, "%s: layer '%s' (command %" PRIu32 "): %s",
			  where, model->msg->layers[command]->name, command,
			  reason);
}

static int check_relocation(const struct lutna_model *model, size_t index,
			    uint8_t *seen, const char *where)
{
	const Lutna__Relocation *reloc = model->msg->relocations[index];
	uint32_t command = reloc->offset / LUTNA_CMD_SIZE;
	const struct address *address;
	uint64_t value, end;
	const uint8_t *cmd;
	int field;

	if (command >= model->commands)
		return lutna_fail(-EINVAL,
				  "%s: relocation %zu: beyond the commands",
				  where, index);
	if ((unsigned int)reloc->segment >= LUTNA_SEGMENTS)
		return lutna_fail(-EINVAL,
				  "%s: relocation %zu: no such segment: %d",
				  where, index, (int)reloc->segment);

	cmd = model->msg->commands.data + (size_t)command * LUTNA_CMD_SIZE;
	field = find_address(cmd, reloc->offset % LUTNA_CMD_SIZE);
	if (field < 0)
		return refuse(model, where, command,
			      "relocation of what is not an address");
	if (seen[command] & 1U << field)
		return refuse(model, where, command,
			      "address is relocated twice");
	seen[command] |= (uint8_t)(1U << field);

	address = &addresses[opcode_of(cmd)][field];
	if (is_written(address) &&
	    reloc->segment != LUTNA__SEGMENT__SEGMENT_WORKSPACE &&
	    reloc->segment != LUTNA__SEGMENT__SEGMENT_OUTPUT)
		return refuse(model, where, command,
			      "writes to a segment that is read-only");
	memcpy(&value, cmd + address->offset, sizeof(value));
	if (__builtin_add_overflow(le64toh(value), target_bytes(cmd, address),
				   &end) ||
	    end > model->segment_bytes[reloc->segment])
		return refuse(model, where, command,
			      "address goes beyond its segment");
	return 0;
}

static int check_opcodes(const struct lutna_model *model, const char *where)
{
	uint32_t i;

	for (i = 0; i < model->commands; i++) {
		if (opcode_of(model->msg->commands.data +
			      (size_t)i * LUTNA_CMD_SIZE) >= OPCODES)
			return refuse(model, where, i, "unknown opcode");
	}
	return 0;
}

/* An address that nothing relocates would point anywhere. */
static int check_complete(const struct lutna_model *model, const uint8_t *seen,
			  const char *where)
{
	uint32_t i;
	int field;

	for (i = 0; i < model->commands; i++) {
		const struct address *list =
			addresses[opcode_of(model->msg->commands.data +
					    (size_t)i * LUTNA_CMD_SIZE)];

		for (field = 0; field < MAX_ADDRESSES; field++) {
			if (list[field].target && !(seen[i] & 1U << field))
				return refuse(model, where, i,
					      "address is not relocated");
		}
	}
	return 0;
}

int lutna_model_check_commands(const struct lutna_model *model,
			       const char *where)
{
	uint8_t *seen;
	int err;
	size_t i;

	err = check_opcodes(model, where);
	if (err)
		return err;
	seen = calloc(model->commands, 1);
	if (!seen)
		return lutna_fail_errno(-ENOMEM, "%s", where);
	for (i = 0; !err && i < model->msg->n_relocations; i++)
		err = check_relocation(model, i, seen, where);
	if (!err)
		err = check_complete(model, seen, where);
	free(seen);
	return err;
}
