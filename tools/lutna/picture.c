// SPDX-License-Identifier: GPL-2.0-only
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "picture.h"

#define GAP		2
#define COLUMNS_MISSING	80
/* The grey ramp of the 256 colours */
#define GREY_FIRST	232
#define GREYS		24

static unsigned int terminal_columns(void)
{
	const char *text = getenv("COLUMNS");
	struct winsize size;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	return text && atoi(text) > 0 ? (unsigned int)atoi(text) : COLUMNS_MISSING;
}

static bool terminal_has_color(void)
{
	const char *none = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(none && none[0]) && term &&
	       strcmp(term, "dumb") && !strcmp(nl_langinfo(CODESET), "UTF-8");
}

struct picture_style picture_style(int when, unsigned int columns)
{
	return (struct picture_style){
		.color = when == WHEN_ALWAYS ||
			 (when == WHEN_AUTO && terminal_has_color()),
		.columns = columns ? columns : terminal_columns(),
	};
}

static unsigned int pixel(const struct picture *picture, unsigned int x,
			  unsigned int y)
{
	if (x >= picture->width || y >= picture->height)
		return 0;
	return picture->pixels[(size_t)y * picture->width + x];
}

/* One line of characters: two rows of pixels, by colours of front and back. */
static void draw_blocks(const struct picture *picture, unsigned int line)
{
	unsigned int x, before = ~0u;

	for (x = 0; x < picture->width; x++) {
		unsigned int top = pixel(picture, x, 2 * line) * GREYS / 256;
		unsigned int bottom = pixel(picture, x, 2 * line + 1) * GREYS / 256;

		if (before != (top << 8 | bottom))
			printf("\033[38;5;%u;48;5;%um", GREY_FIRST + top,
			       GREY_FIRST + bottom);
		before = top << 8 | bottom;
		fputs("\xe2\x96\x80", stdout);	/* upper half block */
	}
	fputs("\033[0m", stdout);
}

/* The same by the mean of the two rows */
static void draw_letters(const struct picture *picture, unsigned int line)
{
	static const char ramp[] = " .:-=+*#%@";
	unsigned int x;

	for (x = 0; x < picture->width; x++) {
		unsigned int mean = (pixel(picture, x, 2 * line) +
				     pixel(picture, x, 2 * line + 1)) / 2;

		putchar(ramp[mean * (sizeof(ramp) - 1) / 256]);
	}
}

static void draw_caption(const struct picture *picture, int which,
			 const struct picture_style *style)
{
	const char *text = picture->captions[which];
	int width = (int)picture->width, length = (int)strlen(text);

	if (length > width)
		length = width;
	if (style->color && which)
		fputs(picture->good ? "\033[32m" : "\033[31m", stdout);
	printf("%.*s", length, text);
	if (style->color && which)
		fputs("\033[0m", stdout);
	printf("%*s", width - length, "");
}

static void draw_row(const struct picture *pictures, size_t count,
		     const struct picture_style *style)
{
	unsigned int lines = (pictures[0].height + 1) / 2, line;
	size_t i;
	int which;

	for (line = 0; line < lines; line++) {
		for (i = 0; i < count; i++) {
			if (i)
				printf("%*s", GAP, "");
			if (style->color)
				draw_blocks(&pictures[i], line);
			else
				draw_letters(&pictures[i], line);
		}
		putchar('\n');
	}
	for (which = 0; which < 2; which++) {
		for (i = 0; i < count; i++) {
			if (i)
				printf("%*s", GAP, "");
			draw_caption(&pictures[i], which, style);
		}
		putchar('\n');
	}
}

void picture_draw(const struct picture *pictures, size_t count,
		  const struct picture_style *style)
{
	size_t row, done;

	if (!count || !pictures[0].width)
		return;
	row = (style->columns + GAP) / (pictures[0].width + GAP);
	if (!row)
		row = 1;
	for (done = 0; done < count; done += row)
		draw_row(pictures + done, count - done < row ? count - done : row,
			 style);
}
