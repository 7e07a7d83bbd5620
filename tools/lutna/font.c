// SPDX-License-Identifier: GPL-2.0-only
#include <stdbool.h>

#include "font.h"

/* A place of the picture below: a glyph and a column to the next one */
#define CELL	(FONT_WIDTH + 1)
#define IN_LINE	12
#define FIRST	0x20
/* What stands for all else */
#define OTHER	0x7f

/* From the space to '~' and OTHER, IN_LINE glyphs beside one another. */
static const char picture[(OTHER + 1 - FIRST) / IN_LINE][FONT_HEIGHT][IN_LINE * CELL + 1] = {
	{
		"        #    # #   # #    #   ##     ##     #      #   #                ",
		"        #    # #  #####  #### ##  # #  #    #     #     #   # # #   #   ",
		"        #          # #  #        #  # #          #       #   ###    #   ",
		"        #          # #   ###    #    #           #       #  ##### ##### ",
		"                   # #      #  #    # # #        #       #   ###    #   ",
		"                  ##### ####  #  ## #  #          #     #   # # #   #   ",
		"        #          # #    #      ##  ## #          #   #                ",
	},
	{
		"                      #  ###    #    ###  ####     #  #####  ###  ##### ",
		"                      # #   #  ##   #   #     #   ##  #     #         # ",
		"                     #  #  ## # #       #     #  # #  #     #        #  ",
		"      ####          #   # # #   #     ##   ###  #  #  ####  ####     #  ",
		"  #                #    ##  #   #    #        # #####     # #   #   #   ",
		"  #          ##   #     #   #   #   #         #    #      # #   #   #   ",
		" #           ##   #      ###  ##### ##### ####     #  ####   ###    #   ",
	},
	{
		" ###   ###                 #         #     ###   ###    #   ####   ###  ",
		"#   # #   #  ##    ##     #           #   #   # #   #  # #  #   # #   # ",
		"#   # #   #  ##    ##    #    ####     #      # # ### #   # #   # #     ",
		" ###   ####             #               #    #  # # # #   # ####  #     ",
		"#   #     #  ##    ##    #    ####     #    #   # ### ##### #   # #     ",
		"#   #     #  ##     #     #           #         #     #   # #   # #   # ",
		" ###   ###         #       #         #      #    ###  #   # ####   ###  ",
	},
	{
		"###   ##### #####  ###  #   #  ###    ### #   # #     #   # #   #  ###  ",
		"#  #  #     #     #   # #   #   #      #  #  #  #     ## ## ##  # #   # ",
		"#   # #     #     #     #   #   #      #  # #   #     # # # ##  # #   # ",
		"#   # ####  ####  #  ## #####   #      #  ##    #     # # # # # # #   # ",
		"#   # #     #     #   # #   #   #      #  # #   #     #   # #  ## #   # ",
		"#  #  #     #     #   # #   #   #   #  #  #  #  #     #   # #  ## #   # ",
		"###   ##### #      ###  #   #  ###   ##   #   # ##### #   # #   #  ###  ",
	},
	{
		"####   ###  ####   ###  ##### #   # #   # #   # #   # #   # #####  ###  ",
		"#   # #   # #   # #   #   #   #   # #   # #   # #   # #   #     #  #    ",
		"#   # #   # #   # #       #   #   # #   # #   #  # #   # #     #   #    ",
		"####  #   # ####   ###    #   #   # #   # # # #   #     #     #    #    ",
		"#     # # # # #       #   #   #   #  # #  # # #  # #    #    #     #    ",
		"#     #  #  #  #  #   #   #   #   #  # #  ## ## #   #   #   #      #    ",
		"#      ## # #   #  ###    #    ###    #   #   # #   #   #   #####  ###  ",
	},
	{
		"#      ###    #          #          #               #         ##        ",
		"#        #   # #          #         #               #        #          ",
		" #       #  #   #              ###  ####   ####  ####  ###   #     #### ",
		"  #      #                        # #   # #     #   # #   # ####  #   # ",
		"   #     #                     #### #   # #     #   # #####  #     #### ",
		"    #    #                    #   # #   # #     #   # #      #        # ",
		"    #  ###        #####        #### ####   ####  ####  ###   #     ###  ",
	},
	{
		"#       #      #  #      ##                                             ",
		"#                 #       #                                             ",
		"####   ##     ##  #  #    #   ## #  ####   ###  ####   #### # ##   #### ",
		"#   #   #      #  # #     #   # # # #   # #   # #   # #   # ##    #     ",
		"#   #   #      #  ##      #   # # # #   # #   # ####   #### #      ###  ",
		"#   #   #   #  #  # #     #   # # # #   # #   # #         # #         # ",
		"#   #  ###   ##   #  #   ###  #   # #   #  ###  #         # #     ####  ",
	},
	{
		" #                                           ##   #   ##          ##### ",
		" #                                          #     #     #         #   # ",
		"####  #   # #   # #   # #   # #   # #####   #     #     #    #    #   # ",
		" #    #   # #   # # # #  # #  #   #    #   #      #      #  # # # #   # ",
		" #    #   #  # #  # # #   #    ####   #     #     #     #      #  #   # ",
		" #    #   #  # #  # # #  # #      #  #      #     #     #         #   # ",
		"  ##   ####   #    # #  #   #  ###  #####    ##   #   ##          ##### ",
	},
};

static bool is_ink(unsigned char c, unsigned int x, unsigned int y)
{
	unsigned int glyph;

	if (c < FIRST || c > OTHER)
		c = OTHER;
	glyph = c - FIRST;
	return picture[glyph / IN_LINE][y][glyph % IN_LINE * CELL + x] == '#';
}

/* A continuation of a UTF-8 character, whose first byte has stood for all. */
static bool is_continuation(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

unsigned int font_length(const char *text)
{
	unsigned int n = 0;

	for (; *text; text++)
		n += !is_continuation((unsigned char)*text);
	return n;
}

void font_cut(char *text, unsigned int length)
{
	unsigned int n = 0;

	for (; *text; text++) {
		n += !is_continuation((unsigned char)*text);
		if (n > length) {
			*text = '\0';
			return;
		}
	}
}

unsigned int font_text_width(const char *text, unsigned int scale)
{
	return font_length(text) * CELL * scale;
}

static void draw_square(const struct font_surface *to, unsigned int x,
			unsigned int y, unsigned int size, uint32_t color)
{
	unsigned int i, j;

	for (j = y; j < y + size && j < to->height; j++) {
		uint32_t *row = (uint32_t *)((char *)to->pixels +
					     (size_t)j * to->pitch);

		for (i = x; i < x + size && i < to->width; i++)
			row[i] = color;
	}
}

static void draw_glyph(const struct font_surface *to, unsigned int x,
		       unsigned int y, unsigned int scale, unsigned char c,
		       uint32_t color)
{
	unsigned int i, j;

	for (j = 0; j < FONT_HEIGHT; j++)
		for (i = 0; i < FONT_WIDTH; i++)
			if (is_ink(c, i, j))
				draw_square(to, x + i * scale, y + j * scale,
					    scale, color);
}

void font_draw(const struct font_surface *to, unsigned int x, unsigned int y,
	       unsigned int scale, uint32_t color, const char *text)
{
	for (; *text && x < to->width; text++) {
		if (is_continuation((unsigned char)*text))
			continue;
		draw_glyph(to, x, y, scale, (unsigned char)*text, color);
		x += CELL * scale;
	}
}
