// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "show.h"

/* 0x00RRGGBB */
enum {
	COLOR_GROUND	= 0x101418,
	COLOR_TRACK	= 0x2a3038,
	COLOR_BAR	= 0x5b8dd9,
	COLOR_RIGHT	= 0x4caf50,
	COLOR_WRONG	= 0xe05050,
	COLOR_TEXT	= 0xe8e8e8,
	COLOR_DIM	= 0x9aa0a8,
};

static uint32_t verdict_color(const struct show_answer *answer)
{
	return answer->right ? COLOR_RIGHT : COLOR_WRONG;
}

static int draw_bar(const struct show_layout *layout, struct canvas *canvas,
		    const struct show_answer *answer, unsigned int bar)
{
	struct canvas_rect rect = layout->tracks[bar];
	int err;

	err = canvas_fill(canvas, rect, COLOR_TRACK);
	rect.w = show_bar_width(layout, answer, bar);
	if (err)
		return err;
	return canvas_fill(canvas, rect, answer->classes[bar] == answer->said ?
			   verdict_color(answer) : COLOR_BAR);
}

/* By the device: also what wipes out the frame before this one */
static int draw_areas(const struct show_layout *layout, struct canvas *canvas,
		      const struct canvas_rect *all, uint64_t pixels,
		      int palette, const struct show_answer *answer)
{
	unsigned int i;
	int err;

	err = canvas_fill(canvas, *all, COLOR_GROUND);
	if (!err)
		err = canvas_picture(canvas, layout->picture, layout->scale,
				     pixels, (enum canvas_palette)palette);
	for (i = 0; i < answer->bars && !err; i++)
		err = draw_bar(layout, canvas, answer, i);
	if (err)
		return complain("drawing: %s", strerror(-err));
	return canvas_draw(canvas);
}

static void write_at(const struct font_surface *surface, struct show_text at,
		     uint32_t color, const char *text)
{
	font_draw(surface, at.x, at.y, at.scale, color, text);
}

/* As large as it may be and still fits */
static void write_label(const struct show_layout *layout,
			const struct font_surface *surface,
			const struct show_answer *answer)
{
	struct show_text at = layout->label;

	while (at.scale > 1 &&
	       font_text_width(answer->said_name, at.scale) > layout->label_room)
		at.scale--;
	write_at(surface, at, verdict_color(answer), answer->said_name);
}

static void write_bar(const struct show_layout *layout,
		      const struct font_surface *surface,
		      const struct show_answer *answer, unsigned int bar)
{
	uint32_t color = answer->classes[bar] == answer->said ? COLOR_TEXT :
								COLOR_DIM;
	char text[4 * SHOW_NAME + 1];

	snprintf(text, sizeof(text), "%s", answer->names[bar]);
	font_cut(text, SHOW_NAME);
	write_at(surface, layout->names[bar], color, text);
	snprintf(text, sizeof(text), "%5.1f %%", 100 * answer->probabilities[bar]);
	write_at(surface, layout->percents[bar], color, text);
}

static void write_texts(const struct show_layout *layout,
			const struct font_surface *surface, const char *title,
			const struct show_answer *answer)
{
	char text[128];
	unsigned int i;

	write_at(surface, layout->title, COLOR_DIM, title);
	write_label(layout, surface, answer);
	if (answer->truth_name)
		snprintf(text, sizeof(text), "image %zu, labelled %s", answer->image,
			 answer->truth_name);
	else
		snprintf(text, sizeof(text), "image %zu", answer->image);
	write_at(surface, layout->truth, COLOR_DIM, text);
	for (i = 0; i < answer->bars; i++)
		write_bar(layout, surface, answer, i);
}

int show_draw(const struct show_layout *layout, struct canvas *canvas,
	      const struct font_surface *surface, const char *title,
	      uint64_t pixels, int palette, const struct show_answer *answer)
{
	const struct canvas_rect all = {
		.w = surface->width, .h = surface->height,
	};
	int status;

	status = draw_areas(layout, canvas, &all, pixels, palette, answer);
	if (!status)
		write_texts(layout, surface, title, answer);
	return status;
}
