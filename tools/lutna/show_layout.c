// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "show.h"

/* "100.0 %" and a gap */
#define PERCENT_CELLS	8
#define CELL_W		(FONT_WIDTH + 1)
#define CELL_H		(FONT_HEIGHT + 1)

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* The left half: as large as a whole number of pixels for one of its allows */
static int place_picture(struct show_layout *l, struct canvas_rect room)
{
	l->scale = least(least(room.w / l->picture.w, room.h / l->picture.h), 255);
	if (!l->scale)
		return -ERANGE;
	l->picture.x = room.x + (room.w - l->picture.w * l->scale) / 2;
	l->picture.y = room.y;
	return 0;
}

/* The rows of the right half, below the label */
static int place_bars(struct show_layout *l, struct canvas_rect room,
		      unsigned int scale)
{
	unsigned int names = (SHOW_NAME + 1) * CELL_W * scale;
	unsigned int percents = PERCENT_CELLS * CELL_W * scale;
	unsigned int row = room.h / l->bars, i, bar_h, text_y;

	if (row < CELL_H * scale || room.w < names + percents + SHOW_BARS)
		return -ERANGE;
	bar_h = row * 3 / 5;
	text_y = (bar_h - least(bar_h, FONT_HEIGHT * scale)) / 2;
	for (i = 0; i < l->bars; i++) {
		unsigned int y = room.y + i * row;

		l->tracks[i] = (struct canvas_rect){
			.x = room.x + names, .y = y,
			.w = room.w - names - percents, .h = bar_h,
		};
		l->names[i] = (struct show_text){ room.x, y + text_y, scale };
		l->percents[i] = (struct show_text){
			room.x + room.w - percents + CELL_W * scale, y + text_y,
			scale,
		};
	}
	return 0;
}

int show_layout(unsigned int width, unsigned int height, unsigned int image_w,
		unsigned int image_h, unsigned int bars, struct show_layout *out)
{
	unsigned int margin = width / 40, half = width / 2;
	unsigned int big = least(width / 200, height / 160);
	unsigned int scale = big * 2 / 5 ? big * 2 / 5 : 1;
	unsigned int top = margin + 2 * CELL_H * scale;
	unsigned int below = top + (CELL_H + 2) * big;
	unsigned int rows = below + 3 * CELL_H * scale;
	struct show_layout l = {
		.picture = { .w = image_w, .h = image_h },
		.title = { margin, margin, scale },
		.label = { half + margin / 2, top, big },
		.truth = { half + margin / 2, below, scale },
		.bars = bars,
	};
	int err;

	if (!big || rows + margin >= height)
		return -ERANGE;
	l.label_room = half - margin * 3 / 2;
	err = place_picture(&l, (struct canvas_rect){
		margin, top, l.label_room, height - margin - top });
	if (!err)
		err = place_bars(&l, (struct canvas_rect){
			l.label.x, rows, l.label_room, height - margin - rows },
			scale);
	if (!err)
		*out = l;
	return err;
}
