// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "canvas.h"
#include "command.h"
#include "uapi/lutna_isa.h"

#define COMMANDS	128
#define BYTES_OF_PIXEL	4
/* Blue, green and red of a pixel, in the order of its bytes */
#define COLORS		3
#define TABLE_BYTES	256

/**
 * struct canvas - a frame and what is to be drawn there
 * @frame: the caller's
 * @queue: where it is drawn
 * @commands: COMMANDS of them
 * @tables: a table for each palette and colour
 * @small: a picture in its colours, three bytes for each of its own
 * @count: commands so far
 */
struct canvas {
	struct canvas_frame frame;
	struct lutna_queue *queue;
	struct lutna_buffer *commands;
	struct lutna_buffer *tables;
	struct lutna_buffer *small;
	unsigned int count;
};

/* Each colour rises through its own third of the range: red first. */
static uint8_t glow(unsigned int value, unsigned int color)
{
	int rise = 3 * (int)value - 255 * (COLORS - 1 - (int)color);

	return (uint8_t)(rise < 0 ? 0 : rise > 255 ? 255 : rise);
}

static uint64_t table_address(const struct canvas *canvas,
			      enum canvas_palette palette, unsigned int color)
{
	return lutna_buffer_address(canvas->tables) +
	       (palette * COLORS + color) * TABLE_BYTES;
}

static void write_tables(struct canvas *canvas)
{
	uint8_t *table = lutna_buffer_data(canvas->tables);
	unsigned int color, value;

	for (color = 0; color < COLORS; color++) {
		uint8_t *grey = table + (CANVAS_GREY * COLORS + color) * TABLE_BYTES;
		uint8_t *warm = table + (CANVAS_GLOW * COLORS + color) * TABLE_BYTES;

		for (value = 0; value < TABLE_BYTES; value++) {
			grey[value] = (uint8_t)value;
			warm[value] = glow(value, color);
		}
	}
}

int canvas_new(struct canvas **out, struct lutna_device *dev,
	       const struct canvas_frame *frame)
{
	struct canvas *canvas = calloc(1, sizeof(*canvas));
	int err;

	if (!canvas)
		return complain("out of memory");
	canvas->frame = *frame;
	err = lutna_queue_new(&canvas->queue, dev, LUTNA_QUEUE_NORMAL, 2, 0);
	if (!err)
		err = lutna_buffer_new(&canvas->commands, dev,
				       COMMANDS * LUTNA_CMD_SIZE,
				       LUTNA_BUFFER_DEVICE_READ);
	if (!err)
		err = lutna_buffer_new(&canvas->tables, dev, CANVAS_PALETTES *
				       COLORS * TABLE_BYTES,
				       LUTNA_BUFFER_DEVICE_READ);
	if (!err)
		err = lutna_buffer_new(&canvas->small, dev,
				       COLORS * CANVAS_PICTURE_BYTES,
				       LUTNA_BUFFER_DEVICE_READ |
				       LUTNA_BUFFER_DEVICE_WRITE);
	if (err) {
		complain("drawing: %s", lutna_last_error());
		canvas_free(canvas);
		return STATUS_FAILURE;
	}
	write_tables(canvas);
	*out = canvas;
	return 0;
}

/* The queue first: it ends what still uses the buffers. */
void canvas_free(struct canvas *canvas)
{
	if (!canvas)
		return;
	if (canvas->queue)
		lutna_queue_free(canvas->queue);
	lutna_buffer_free(canvas->small);
	lutna_buffer_free(canvas->tables);
	lutna_buffer_free(canvas->commands);
	free(canvas);
}

/* NULL if there are not @count commands left */
static void *next_commands(struct canvas *canvas, unsigned int count)
{
	char *at = lutna_buffer_data(canvas->commands);

	if (count > COMMANDS - canvas->count)
		return NULL;
	at += (size_t)canvas->count * LUTNA_CMD_SIZE;
	canvas->count += count;
	return memset(at, 0, (size_t)count * LUTNA_CMD_SIZE);
}

static struct lutna_cmd_hdr header(enum lutna_opcode opcode)
{
	return (struct lutna_cmd_hdr){
		.opcode = htole16((uint16_t)opcode),
		.version = LUTNA_ISA_VERSION,
	};
}

/* A tensor with one row a row of pixels; strides are in bytes */
static struct lutna_tensor tensor(uint64_t address, unsigned int channels,
				  unsigned int h, unsigned int w,
				  uint32_t stride_c, uint32_t stride_h,
				  uint32_t stride_w, enum lutna_type type)
{
	return (struct lutna_tensor){
		.addr = htole64(address),
		.n = htole16(1),
		.c = htole16((uint16_t)channels),
		.h = htole16((uint16_t)h),
		.w = htole16((uint16_t)w),
		.stride_c = htole32(stride_c),
		.stride_h = htole32(stride_h),
		.stride_w = htole32(stride_w),
		.type = (uint8_t)type,
	};
}

static uint64_t pixel_address(const struct canvas_frame *frame, unsigned int x,
			      unsigned int y)
{
	return frame->address + (uint64_t)y * frame->pitch +
	       (uint64_t)x * BYTES_OF_PIXEL;
}

int canvas_fill(struct canvas *canvas, struct canvas_rect rect, uint32_t color)
{
	const struct canvas_frame *frame = &canvas->frame;
	struct lutna_cmd_fill *fill;

	if (rect.x >= frame->width || rect.y >= frame->height)
		return 0;
	if (rect.w > frame->width - rect.x)
		rect.w = frame->width - rect.x;
	if (rect.h > frame->height - rect.y)
		rect.h = frame->height - rect.y;
	if (!rect.w || !rect.h)
		return 0;
	fill = next_commands(canvas, 1);
	if (!fill)
		return -ENOSPC;
	fill->hdr = header(LUTNA_OP_FILL);
	fill->out = tensor(pixel_address(frame, rect.x, rect.y), 1, rect.h,
			   rect.w, 0, frame->pitch, BYTES_OF_PIXEL,
			   LUTNA_TYPE_S32);
	fill->value = htole32(color);
	return 0;
}

/*
 * A table for each colour makes a small picture of three planes; one copy
 * enlarges it into the frame, where the planes are a byte apart.
 */
int canvas_picture(struct canvas *canvas, struct canvas_rect at,
		   unsigned int scale, uint64_t pixels,
		   enum canvas_palette palette)
{
	const struct canvas_frame *frame = &canvas->frame;
	uint64_t small = lutna_buffer_address(canvas->small);
	uint32_t plane = at.w * at.h;
	struct lutna_cmd_table *table;
	struct lutna_cmd_copy *copy;
	unsigned int color;

	if (at.w > CANVAS_PICTURE_BYTES || at.h > CANVAS_PICTURE_BYTES ||
	    (uint64_t)at.w * at.h > CANVAS_PICTURE_BYTES)
		return -E2BIG;
	if (!plane || !scale || scale > 255 || at.x > frame->width ||
	    at.y > frame->height || at.w > (frame->width - at.x) / scale ||
	    at.h > (frame->height - at.y) / scale)
		return -ERANGE;
	table = next_commands(canvas, COLORS + 1);
	if (!table)
		return -ENOSPC;
	for (color = 0; color < COLORS; color++, table++) {
		table->hdr = header(LUTNA_OP_TABLE);
		table->in = tensor(pixels, 1, at.h, at.w, 0, at.w, 1,
				   LUTNA_TYPE_U8);
		table->out = tensor(small + (uint64_t)color * plane, 1, at.h,
				    at.w, 0, at.w, 1, LUTNA_TYPE_U8);
		table->table = htole64(table_address(canvas, palette, color));
	}
	copy = (struct lutna_cmd_copy *)table;
	copy->hdr = header(LUTNA_OP_COPY);
	copy->in = tensor(small, COLORS, at.h, at.w, plane, at.w, 1,
			  LUTNA_TYPE_U8);
	copy->out = tensor(pixel_address(frame, at.x, at.y), COLORS,
			   at.h * scale, at.w * scale, 1, frame->pitch,
			   BYTES_OF_PIXEL, LUTNA_TYPE_U8);
	copy->repeat_h = (uint8_t)scale;
	copy->repeat_w = (uint8_t)scale;
	return 0;
}

int canvas_draw(struct canvas *canvas)
{
	struct lutna_job_desc job = {
		.list = lutna_buffer_address(canvas->commands),
		.count = canvas->count,
		.unit = LUTNA_UNIT_LUTNA,
	};
	struct lutna_result result;
	char text[256];
	uint64_t seqno;
	int err;

	if (!job.count)
		return STATUS_OK;
	canvas->count = 0;
	err = lutna_queue_submit(canvas->queue, &job, &seqno);
	if (!err)
		err = lutna_queue_wait(canvas->queue, seqno, -1, &result);
	if (err)
		return complain("drawing: %s", lutna_last_error());
	if (!result.error)
		return STATUS_OK;
	lutna_result_string(&result, text, sizeof(text));
	return complain("drawing: %s", text);
}
