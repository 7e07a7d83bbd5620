/* SPDX-License-Identifier: GPL-2.0-only */
/* Letters of five by seven squares, drawn for this program. */
#ifndef LUTNA_TOOL_FONT_H
#define LUTNA_TOOL_FONT_H

#include <stddef.h>
#include <stdint.h>

#define FONT_WIDTH	5
#define FONT_HEIGHT	7

/**
 * struct font_surface - pixels that the processor can write
 * @pixels: the first; each is 0x00RRGGBB
 * @width: pixels of a row
 * @height: rows
 * @pitch: bytes from one row to the next
 */
struct font_surface {
	void *pixels;
	unsigned int width;
	unsigned int height;
	size_t pitch;
};

/* Characters of a text in UTF-8; what is not ASCII is drawn as a box. */
unsigned int font_length(const char *text);

/* Leaves so many characters of a text, at most. */
void font_cut(char *text, unsigned int length);

/* Pixels, with the gap behind the last character */
unsigned int font_text_width(const char *text, unsigned int scale);

/**
 * font_draw() - write a line of text
 * @to: where; what is outside of it is left out
 * @x: left edge of the first character
 * @y: upper edge
 * @scale: pixels of a square
 * @color: of the letters; between them nothing is changed
 * @text: UTF-8
 */
void font_draw(const struct font_surface *to, unsigned int x, unsigned int y,
	       unsigned int scale, uint32_t color, const char *text);

#endif
