// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "emit.h"
#include "plan.h"

/* An address for each tensor, weights, channels or table of a command */
#define RELOCATIONS_MAX	4
#define CONSTANT_BYTES_MAX	((size_t)1 << 30)

struct emitter {
	struct program *program;
	struct image *image;
	enum weights_form form;
	size_t index;		/* of the command being written */
};

/* Room at the end of the constants; NULL after a message */
static uint8_t *add_constants(struct emitter *e, size_t bytes, uint64_t *offset)
{
	struct image *image = e->image;
	size_t start = (image->constant_bytes + PLAN_ALIGN - 1) / PLAN_ALIGN *
		       PLAN_ALIGN;
	size_t room = image->constant_room ? image->constant_room : 65536;
	uint8_t *grown;

	if (bytes > CONSTANT_BYTES_MAX || start + bytes > CONSTANT_BYTES_MAX) {
		diag_file(e->program->diag, -EOPNOTSUPP,
			  "more than 1 GiB of constants");
		return NULL;
	}
	while (room < start + bytes)
		room *= 2;
	if (room != image->constant_room) {
		grown = realloc(image->constants, room);
		if (!grown) {
			diag_no_memory(e->program->diag);
			return NULL;
		}
		image->constants = grown;
		image->constant_room = room;
	}
	memset(image->constants + image->constant_bytes, 0,
	       start + bytes - image->constant_bytes);
	image->constant_bytes = start + bytes;
	*offset = start;
	return image->constants + start;
}

static void relocate(struct emitter *e, size_t field, enum place place)
{
	struct relocation *relocation =
		&e->image->relocations[e->image->n_relocations++];

	relocation->offset = (uint32_t)(e->index * LUTNA_CMD_SIZE + field);
	relocation->place = place;
}

/* Constants that are operands of commands are written when first used. */
static int place_constant(struct emitter *e, struct storage *storage)
{
	uint64_t offset;
	uint8_t *to;

	if (!storage->data)
		return 0;
	to = add_constants(e, storage->elements, &offset);
	if (!to)
		return -ENOMEM;
	memcpy(to, storage->data, storage->elements);
	storage->data = NULL;
	storage->offset = offset;
	return 0;
}

struct strides {
	uint64_t n;
	uint64_t unit;	/* from one element of an image to the next */
};

/* How a place interleaves the images of a batch */
static struct strides strides_of(const struct program *program,
				 const struct storage *root)
{
	uint64_t bytes = root->type == LUTNA_TYPE_S32 ? 4 : 1;

	switch (root->place) {
	case PLACE_WORKSPACE:
		return (struct strides){ bytes, bytes * program->batch };
	case PLACE_CONSTANT:
		return (struct strides){ 0, bytes };
	default:
		return (struct strides){ root->elements * bytes, bytes };
	}
}

/*
 * One tensor of a command.  @like is the shape that the command works on: a
 * dimension in which the tensor has 1 and @like has more is repeated.
 */
static int put_tensor(struct emitter *e, struct lutna_tensor *out, size_t field,
		      int index, int zero_point, const struct tensor *like)
{
	const struct tensor *tensor = &e->program->tensors[index];
	uint64_t at = tensor->at;
	int root = program_root(e->program, tensor->storage, &at);
	struct storage *storage = &e->program->storages[root];
	struct strides strides = strides_of(e->program, storage);
	int err;

	err = place_constant(e, storage);
	if (err)
		return err;
	/* All strides fit: no storage is larger than 2^32 bytes (plan.c). */
	out->addr = htole64(storage->offset + at * strides.unit);
	out->n = htole16((uint16_t)e->program->batch);
	out->c = htole16((uint16_t)like->c);
	out->h = htole16((uint16_t)like->h);
	out->w = htole16((uint16_t)like->w);
	out->stride_n = htole32((uint32_t)strides.n);
	out->stride_c = htole32(tensor->c == 1 && like->c > 1 ? 0 :
				(uint32_t)(tensor->step_c * strides.unit));
	out->stride_h = htole32(tensor->h == 1 && like->h > 1 ? 0 :
				(uint32_t)(tensor->step_h * strides.unit));
	out->stride_w = htole32(tensor->w == 1 && like->w > 1 ? 0 :
				(uint32_t)(tensor->step_w * strides.unit));
	out->type = (uint8_t)storage->type;
	out->zero_point = (uint8_t)zero_point;
	relocate(e, field + offsetof(struct lutna_tensor, addr), storage->place);
	return 0;
}

static int put_in(struct emitter *e, struct lutna_tensor *out, size_t field,
		  const struct operand *operand)
{
	return put_tensor(e, out, field, operand->tensor, operand->zero_point,
			  &e->program->tensors[operand->tensor]);
}

static int put_out(struct emitter *e, struct lutna_tensor *out, size_t field,
		   const struct command *command)
{
	const struct tensor *tensor = &e->program->tensors[command->out];

	return put_tensor(e, out, field, command->out, tensor->zero_point, tensor);
}

static struct lutna_cmd_hdr header(const struct emitter *e,
				   const struct command *command)
{
	return (struct lutna_cmd_hdr){
		.opcode = htole16(command->opcode),
		.version = LUTNA_ISA_VERSION,
		.tag = htole32((uint32_t)e->index),
	};
}

/* Layers made from one node share what was written. */
static int emit_weights(struct emitter *e, struct weights *weights)
{
	uint64_t dense = weights_dense_size(weights);
	uint64_t compressed = weights_compressed_size(weights);
	bool compress = e->form == WEIGHTS_COMPRESSED ||
			(e->form == WEIGHTS_AUTO && compressed < dense);
	uint64_t size = compress ? compressed : dense;
	uint8_t *to;

	if (weights->emitted)
		return 0;
	to = add_constants(e, size, &weights->offset);
	if (!to)
		return -ENOMEM;
	if (compress) {
		weights_write_compressed(weights, to);
		weights->format = LUTNA_WEIGHT_COMPRESSED;
	} else {
		weights_write_dense(weights, to);
		weights->format = weights->bits > 8 ? LUTNA_WEIGHT_S16 :
						      LUTNA_WEIGHT_S8;
	}
	weights->size = (uint32_t)size;
	weights->emitted = true;
	return 0;
}

static int emit_channels(struct emitter *e, const struct conv_params *conv,
			 uint64_t *offset)
{
	uint32_t rows = conv->weights->rows, i;
	uint8_t *to = add_constants(e, rows * sizeof(struct lutna_channel),
				    offset);

	if (!to)
		return -ENOMEM;
	for (i = 0; i < rows; i++) {
		struct lutna_channel channel = {
			.bias = htole32((uint32_t)conv->bias[i]),
			.mult = htole32(conv->requant[i].mult),
			.shift = conv->requant[i].shift,
		};

		memcpy(to + i * sizeof(channel), &channel, sizeof(channel));
	}
	return 0;
}

static int emit_conv(struct emitter *e, const struct command *command, void *to)
{
	const struct conv_params *conv = &command->conv;
	const struct window *window = &conv->window;
	struct weights *weights = (struct weights *)conv->weights;
	struct lutna_cmd_conv cmd = { .hdr = header(e, command) };
	uint64_t channels;
	int err;

	err = emit_weights(e, weights);
	if (!err)
		err = emit_channels(e, conv, &channels);
	if (!err)
		err = put_in(e, &cmd.in, offsetof(typeof(cmd), in), &command->a);
	if (!err)
		err = put_out(e, &cmd.out, offsetof(typeof(cmd), out), command);
	if (err)
		return err;
	cmd.weights = htole64(weights->offset);
	relocate(e, offsetof(typeof(cmd), weights), PLACE_CONSTANT);
	cmd.weights_size = htole32(weights->size);
	cmd.weight_format = (uint8_t)weights->format;
	cmd.act_bits = e->program->tensors[command->a.tensor].bits;
	cmd.weight_bits = (uint8_t)weights->bits;
	cmd.approx = conv->precision.approx;
	cmd.approx_digits = conv->precision.approx_digits;
	cmd.pad_value = (uint8_t)command->a.zero_point;
	cmd.out_min = command->out_min;
	cmd.out_max = command->out_max;
	cmd.kernel_h = (uint8_t)window->kernel[WINDOW_H];
	cmd.kernel_w = (uint8_t)window->kernel[WINDOW_W];
	cmd.stride_h = (uint8_t)window->stride[WINDOW_H];
	cmd.stride_w = (uint8_t)window->stride[WINDOW_W];
	cmd.dilation_h = (uint8_t)window->dilation[WINDOW_H];
	cmd.dilation_w = (uint8_t)window->dilation[WINDOW_W];
	cmd.pad_top = (uint8_t)window->pad[WINDOW_H];
	cmd.pad_left = (uint8_t)window->pad[WINDOW_W];
	cmd.groups = htole16((uint16_t)conv->groups);
	cmd.channels = htole64(channels);
	relocate(e, offsetof(typeof(cmd), channels), PLACE_CONSTANT);
	memcpy(to, &cmd, sizeof(cmd));
	return 0;
}

static int emit_pool(struct emitter *e, const struct command *command, void *to)
{
	const struct pool_params *pool = &command->pool;
	const struct window *window = &pool->window;
	struct lutna_cmd_pool cmd = { .hdr = header(e, command) };
	int err;

	err = put_in(e, &cmd.in, offsetof(typeof(cmd), in), &command->a);
	if (!err)
		err = put_out(e, &cmd.out, offsetof(typeof(cmd), out), command);
	if (err)
		return err;
	cmd.mode = (uint8_t)pool->mode;
	cmd.out_min = command->out_min;
	cmd.out_max = command->out_max;
	cmd.shift = pool->requant.shift;
	cmd.mult = htole32(pool->requant.mult);
	cmd.kernel_h = htole16((uint16_t)window->kernel[WINDOW_H]);
	cmd.kernel_w = htole16((uint16_t)window->kernel[WINDOW_W]);
	cmd.stride_h = (uint8_t)window->stride[WINDOW_H];
	cmd.stride_w = (uint8_t)window->stride[WINDOW_W];
	cmd.pad_top = (uint8_t)window->pad[WINDOW_H];
	cmd.pad_left = (uint8_t)window->pad[WINDOW_W];
	memcpy(to, &cmd, sizeof(cmd));
	return 0;
}

static int emit_eltwise(struct emitter *e, const struct command *command,
			void *to)
{
	const struct tensor *like = &e->program->tensors[command->out];
	struct lutna_cmd_eltwise cmd = { .hdr = header(e, command) };
	int err;

	err = put_tensor(e, &cmd.a, offsetof(typeof(cmd), a), command->a.tensor,
			 command->a.zero_point, like);
	if (!err)
		err = put_tensor(e, &cmd.b, offsetof(typeof(cmd), b),
				 command->b.tensor, command->b.zero_point, like);
	if (!err)
		err = put_out(e, &cmd.out, offsetof(typeof(cmd), out), command);
	if (err)
		return err;
	cmd.mode = (uint8_t)command->eltwise.mode;
	cmd.out_min = command->out_min;
	cmd.out_max = command->out_max;
	cmd.shift = command->eltwise.shift;
	cmd.mult_a = htole32(command->eltwise.mult_a);
	cmd.mult_b = htole32(command->eltwise.mult_b);
	memcpy(to, &cmd, sizeof(cmd));
	return 0;
}

static int emit_table(struct emitter *e, const struct command *command,
		      void *to)
{
	struct lutna_cmd_table cmd = { .hdr = header(e, command) };
	uint64_t offset;
	uint8_t *table;
	int err;

	table = add_constants(e, 256, &offset);
	if (!table)
		return -ENOMEM;
	memcpy(table, command->table, 256);
	err = put_in(e, &cmd.in, offsetof(typeof(cmd), in), &command->a);
	if (!err)
		err = put_out(e, &cmd.out, offsetof(typeof(cmd), out), command);
	if (err)
		return err;
	cmd.table = htole64(offset);
	relocate(e, offsetof(typeof(cmd), table), PLACE_CONSTANT);
	memcpy(to, &cmd, sizeof(cmd));
	return 0;
}

static int emit_copy(struct emitter *e, const struct command *command, void *to)
{
	const struct copy_params *copy = &command->copy;
	struct lutna_cmd_copy cmd = { .hdr = header(e, command) };
	int err;

	err = put_in(e, &cmd.in, offsetof(typeof(cmd), in), &command->a);
	if (!err)
		err = put_out(e, &cmd.out, offsetof(typeof(cmd), out), command);
	if (err)
		return err;
	cmd.repeat_h = (uint8_t)copy->repeat[WINDOW_H];
	cmd.repeat_w = (uint8_t)copy->repeat[WINDOW_W];
	cmd.pad_top = htole16((uint16_t)copy->pad[WINDOW_H]);
	cmd.pad_left = htole16((uint16_t)copy->pad[WINDOW_W]);
	cmd.pad_value = htole32(copy->pad_value);
	memcpy(to, &cmd, sizeof(cmd));
	return 0;
}

static int emit_command(struct emitter *e, const struct command *command,
			void *to)
{
	switch (command->opcode) {
	case LUTNA_OP_CONV:
		return emit_conv(e, command, to);
	case LUTNA_OP_POOL:
		return emit_pool(e, command, to);
	case LUTNA_OP_ELTWISE:
		return emit_eltwise(e, command, to);
	case LUTNA_OP_TABLE:
		return emit_table(e, command, to);
	case LUTNA_OP_COPY:
		return emit_copy(e, command, to);
	default:
		return -EINVAL;
	}
}

static void describe(const struct program *program,
		     const struct command *command, struct layer *layer)
{
	layer->name = command->name;
	layer->op = command->op;
	if (command->opcode != LUTNA_OP_CONV)
		return;
	layer->weights = (uint64_t)command->conv.weights->rows *
			 command->conv.weights->columns;
	layer->nonzero = weights_nonzero(command->conv.weights);
	layer->multiplied = command->conv.weights->format == LUTNA_WEIGHT_COMPRESSED ?
			    layer->nonzero : layer->weights;
	layer->macs = tensor_elements(&program->tensors[command->out]) *
		      command->conv.weights->columns * program->batch;
	layer->precision = command->conv.precision;
	layer->precision.act_bits = program->tensors[command->a.tensor].bits;
	layer->precision.weight_bits = (uint8_t)command->conv.weights->bits;
	layer->positions = tensor_elements(&program->tensors[command->out]) /
			   command->conv.weights->rows;
}

int emit(struct program *program, enum weights_form form, struct image *image)
{
	struct emitter e = { .program = program, .image = image, .form = form };
	size_t n = program->n_commands;
	int err;

	if (!n)
		return diag_file(program->diag, -EOPNOTSUPP,
				 "the model computes nothing");
	image->commands = arena_alloc(program->arena, n, LUTNA_CMD_SIZE);
	image->layers = arena_alloc(program->arena, n, sizeof(*image->layers));
	image->relocations = arena_alloc(program->arena, n * RELOCATIONS_MAX,
					 sizeof(*image->relocations));
	if (!image->commands || !image->layers || !image->relocations)
		return diag_no_memory(program->diag);
	image->n_commands = n;
	for (e.index = 0; e.index < n; e.index++) {
		err = emit_command(&e, &program->commands[e.index],
				   image->commands + e.index * LUTNA_CMD_SIZE);
		if (err)
			return err;
		describe(program, &program->commands[e.index],
			 &image->layers[e.index]);
	}
	return 0;
}

void image_free(struct image *image)
{
	free(image->constants);
	image->constants = NULL;
}
