/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Drawing by the device: it writes the pixels of a frame itself, wherever that
 * lies in its address space.
 */
#ifndef LUTNA_TOOL_CANVAS_H
#define LUTNA_TOOL_CANVAS_H

#include <stdint.h>

#include <lutna/lutna.h>

struct canvas;

/* What becomes of a picture's bytes */
enum canvas_palette {
	CANVAS_GREY,	/* 0 black, 255 white */
	CANVAS_GLOW,	/* from black by red and yellow to white */
	CANVAS_PALETTES,
};

/**
 * struct canvas_frame - where pixels are
 * @address: device address of the first
 * @width: pixels of a row
 * @height: rows
 * @pitch: bytes from one row to the next
 */
struct canvas_frame {
	uint64_t address;
	unsigned int width;
	unsigned int height;
	uint32_t pitch;
};

/**
 * struct canvas_rect - pixels of a frame
 * @x: first column
 * @y: first row
 * @w: columns
 * @h: rows
 */
struct canvas_rect {
	unsigned int x;
	unsigned int y;
	unsigned int w;
	unsigned int h;
};

/**
 * canvas_new() - get ready to draw
 * @out: set on success; canvas_free()
 * @dev: device; must outlive the canvas
 * @frame: where to; the device may write there
 *
 * Return: exit status, after a message
 */
int canvas_new(struct canvas **out, struct lutna_device *dev,
	       const struct canvas_frame *frame);
void canvas_free(struct canvas *canvas);

/**
 * canvas_fill() - one colour
 * @canvas: canvas
 * @rect: where; what is outside of the frame is left out
 * @color: 0x00RRGGBB
 *
 * Is drawn by canvas_draw(), in the order of the calls, as all that follows.
 *
 * Return: 0, or -ENOSPC: too much for one drawing
 */
int canvas_fill(struct canvas *canvas, struct canvas_rect rect, uint32_t color);

/**
 * canvas_picture() - bytes, each a square of pixels
 * @canvas: canvas
 * @at: first pixel; @w and @h are the picture's own, in bytes
 * @scale: width of a square, 1..255
 * @pixels: device address of @w * @h bytes, rows without a gap
 * @palette: their colours
 *
 * Return: 0; -ENOSPC as above; -ERANGE: does not fit into the frame; -E2BIG:
 * more bytes than CANVAS_PICTURE_BYTES
 */
int canvas_picture(struct canvas *canvas, struct canvas_rect at,
		   unsigned int scale, uint64_t pixels,
		   enum canvas_palette palette);

#define CANVAS_PICTURE_BYTES	65536

/**
 * canvas_draw() - draw what was asked for, and wait until it is there
 *
 * Return: exit status, after a message
 */
int canvas_draw(struct canvas *canvas);

#endif
