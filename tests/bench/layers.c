// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layers.h"
#include "model.pb-c.h"
#include "uapi/lutna_isa.h"
#include "userlib/container.h"

static void *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rbe");
	void *data = NULL;
	long end;

	if (!file)
		return NULL;
	if (!fseek(file, 0, SEEK_END) && (end = ftell(file)) > 0 &&
	    !fseek(file, 0, SEEK_SET)) {
		*size = (size_t)end;
		data = malloc(*size);
		if (data && fread(data, 1, *size, file) != *size) {
			free(data);
			data = NULL;
		}
	}
	fclose(file);
	return data;
}

/* What the command does not say, since it follows from the shapes */
static long pad_end(const struct conv_shape *shape, int i)
{
	return (shape->out[i + 1] - 1) * shape->stride[i] +
	       (shape->kernel[i] - 1) * shape->dilation[i] + 1 -
	       shape->in[i + 1] - shape->pad[i];
}

static void take(const struct lutna_cmd_conv *cmd, struct conv_shape *shape)
{
	*shape = (struct conv_shape){
		.batch = le16toh(cmd->in.n),
		.in = { le16toh(cmd->in.c), le16toh(cmd->in.h), le16toh(cmd->in.w) },
		.out = { le16toh(cmd->out.c), le16toh(cmd->out.h),
			 le16toh(cmd->out.w) },
		.groups = le16toh(cmd->groups),
		.kernel = { cmd->kernel_h, cmd->kernel_w },
		.stride = { cmd->stride_h, cmd->stride_w },
		.dilation = { cmd->dilation_h, cmd->dilation_w },
		.pad = { cmd->pad_top, cmd->pad_left },
		.accumulators = cmd->out.type == LUTNA_TYPE_S32,
	};
	shape->pad_end[0] = pad_end(shape, 0);
	shape->pad_end[1] = pad_end(shape, 1);
}

static int list(const Lutna__Model *model, struct conv_shape **shapes,
		size_t *count)
{
	size_t commands = model->commands.len / LUTNA_CMD_SIZE, i;
	struct conv_shape *all = calloc(commands, sizeof(*all));

	if (!all)
		return -1;
	*count = 0;
	for (i = 0; i < commands; i++) {
		struct lutna_cmd_conv cmd;

		memcpy(&cmd, model->commands.data + i * LUTNA_CMD_SIZE, sizeof(cmd));
		if (le16toh(cmd.hdr.opcode) == LUTNA_OP_CONV)
			take(&cmd, &all[(*count)++]);
	}
	*shapes = all;
	return 0;
}

int layers_read(const char *path, struct conv_shape **shapes, size_t *count)
{
	const char *reason = "cannot be read";
	Lutna__Model *model = NULL;
	const uint8_t *message;
	size_t size, length;
	void *data = read_file(path, &size);
	int err = -1;

	if (data && !lutna_container_decode(data, size, &message, &length, &reason))
		model = lutna__model__unpack(NULL, length, message);
	if (model)
		err = list(model, shapes, count);
	if (err)
		fprintf(stderr, "%s: %s\n", path, reason);
	if (model)
		lutna__model__free_unpacked(model, NULL);
	free(data);
	return err;
}
