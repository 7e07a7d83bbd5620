/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lutna show: from what the user wants (cmd_show.c) to what happens (show.c),
 * where it is on the screen (show_layout.c), how it is drawn (show_draw.c) and
 * what is said of it (show_print.c).
 */
#ifndef LUTNA_TOOL_SHOW_H
#define LUTNA_TOOL_SHOW_H

#include <stdbool.h>

#include "answer.h"
#include "canvas.h"
#include "font.h"
#include "kms.h"
#include "run_input.h"

/* Bars beside an image */
#define SHOW_BARS	10
/* Of a name beside its bar; what is longer is cut */
#define SHOW_NAME	14

/**
 * struct show_settings - as the options of the command say
 * @files: model, images and labels
 * @device: name; NULL: the first
 * @card: path of the graphics card; NULL: the first with a screen
 * @first: image to begin with
 * @count: images to show
 * @delay_ms: how long each stays
 * @step: each stays until a line is read from standard input instead
 * @palette: enum canvas_palette
 * @json: say it in JSON
 */
struct show_settings {
	struct run_files files;
	const char *device;
	const char *card;
	unsigned long first;
	unsigned long count;
	unsigned long delay_ms;
	bool step;
	int palette;
	bool json;
};

/**
 * struct show_text - where a line of text is
 * @x: left edge
 * @y: upper edge
 * @scale: as of font_draw()
 */
struct show_text {
	unsigned int x;
	unsigned int y;
	unsigned int scale;
};

/**
 * struct show_layout - where all of it is, in pixels of the frame
 * @title: model and device
 * @picture: the image; @w and @h are its own
 * @scale: pixels of a pixel of its
 * @label: the class that the model says, in at most @label_room pixels
 * @label_room: see @label
 * @truth: the true class
 * @bars: how many
 * @names: of classes
 * @tracks: where a bar of probability 1 would be
 * @percents: behind the bars
 */
struct show_layout {
	struct show_text title;
	struct canvas_rect picture;
	unsigned int scale;
	struct show_text label;
	unsigned int label_room;
	struct show_text truth;
	unsigned int bars;
	struct show_text names[SHOW_BARS];
	struct canvas_rect tracks[SHOW_BARS];
	struct show_text percents[SHOW_BARS];
};

/**
 * show_layout() - arrange a frame
 * @width: of the frame
 * @height: of the frame
 * @image_w: columns of an image
 * @image_h: rows of an image
 * @bars: 1..SHOW_BARS
 * @out: set on success
 *
 * Nothing overlaps, and all is inside the frame.
 *
 * Return: 0, or -ERANGE: the frame is too small
 */
int show_layout(unsigned int width, unsigned int height, unsigned int image_w,
		unsigned int image_h, unsigned int bars, struct show_layout *out);

/**
 * struct show_answer - what is shown of an image
 * @image: its number
 * @said: the class that the model says
 * @said_name: its name
 * @truth_name: of the true class; NULL if it is not known
 * @right: what is said is true, or it is not known
 * @bars: how many
 * @classes: one each, in their order
 * @names: of @classes
 * @probabilities: of @classes
 */
struct show_answer {
	size_t image;
	uint32_t said;
	const char *said_name;
	const char *truth_name;
	bool right;
	unsigned int bars;
	uint32_t classes[SHOW_BARS];
	const char *names[SHOW_BARS];
	double probabilities[SHOW_BARS];
};

/* Pixels of a bar */
static inline unsigned int show_bar_width(const struct show_layout *layout,
					  const struct show_answer *answer,
					  unsigned int bar)
{
	return (unsigned int)(answer->probabilities[bar] *
			      layout->tracks[bar].w + 0.5);
}

/**
 * show_draw() - draw a frame: areas and image by the device, text by the
 *	processor
 * @layout: where
 * @canvas: the frame as the device sees it
 * @surface: the same as the processor sees it
 * @title: line above it
 * @pixels: device address of the image
 * @palette: enum canvas_palette
 * @answer: what was found out
 *
 * Return: exit status, after a message
 */
int show_draw(const struct show_layout *layout, struct canvas *canvas,
	      const struct font_surface *surface, const char *title,
	      uint64_t pixels, int palette, const struct show_answer *answer);

/**
 * struct show_place - where it happens
 * @device: device
 * @model: model
 * @frame: screen
 * @layout: of the frame
 * @json: as the user wants it
 */
struct show_place {
	struct lutna_device_info device;
	const struct lutna_model *model;
	struct kms_frame frame;
	struct show_layout layout;
	bool json;
};

/* Says it on standard output, at once. */
void show_print_place(const struct show_place *place);
void show_print_answer(const struct show_place *place,
		       const struct show_answer *answer);

/**
 * show() - classify images and show them, one after another
 * @settings: choices
 * @model: loaded from @settings->files.model
 * @input: images that fit it, and are pictures
 *
 * Return: exit status, after a message
 */
int show(const struct show_settings *settings, const struct lutna_model *model,
	 const struct run_input *input);

#endif
