/* SPDX-License-Identifier: GPL-2.0-only */
/* Images for people who have nothing but a terminal. */
#ifndef LUTNA_TOOL_PICTURE_H
#define LUTNA_TOOL_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct picture - an image and what stands below it
 * @pixels: one byte each, rows from the top, 0 is black
 * @width: columns
 * @height: rows
 * @captions: two lines of text; those that are longer than @width are cut
 * @good: the second one is good news
 */
struct picture {
	const uint8_t *pixels;
	unsigned int width;
	unsigned int height;
	char captions[2][64];
	bool good;
};

/* Values of an option that says when */
enum { WHEN_AUTO, WHEN_ALWAYS, WHEN_NEVER };

/**
 * struct picture_style - what the terminal can do
 * @color: 24 levels of grey and half blocks; else characters that look darker
 *	or brighter
 * @columns: its width
 */
struct picture_style {
	bool color;
	unsigned int columns;
};

/**
 * picture_style() - find out
 * @when: WHEN_*; by default colour needs a terminal, UTF-8 and no NO_COLOR
 * @columns: width to assume; 0: ask the terminal
 */
struct picture_style picture_style(int when, unsigned int columns);

/* Draws pictures side by side, in as many rows as it takes. */
void picture_draw(const struct picture *pictures, size_t count,
		  const struct picture_style *style);

#endif
