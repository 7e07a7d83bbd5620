// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "show.h"

/* Of inputs in a buffer, as struct lutna_session_options wants it */
#define INPUT_ALIGN	64

/**
 * struct show - one show
 * @settings: choices
 * @input: what goes in
 * @place: where, and with what
 * @title: line above each frame
 * @dev: device
 * @kms: screen
 * @memory: all of the screen's memory: the frame, and behind it the inputs
 * @session: the model, which reads its inputs there
 * @canvas: the frame
 * @surface: the frame, for the processor
 * @batch: images of one run
 * @pixels: device address of the first image of a run
 */
struct show {
	const struct show_settings *settings;
	const struct run_input *input;
	struct show_place place;
	char title[128];
	struct lutna_device *dev;
	struct kms *kms;
	struct lutna_buffer *memory;
	struct lutna_session *session;
	struct canvas *canvas;
	struct font_surface surface;
	size_t batch;
	uint64_t pixels;
};

static int open_device(struct show *show)
{
	if (lutna_device_open(&show->dev, show->settings->device) ||
	    lutna_device_info(show->dev, &show->place.device))
		return complain("%s", lutna_last_error());
	return STATUS_OK;
}

/* The screen's memory becomes the device's too. */
static int import_memory(struct show *show, int fd)
{
	if (lutna_buffer_import(&show->memory, show->dev, fd,
				LUTNA_BUFFER_DEVICE_READ |
				LUTNA_BUFFER_DEVICE_WRITE))
		return complain("%s for %s: %s", show->place.frame.card,
				show->place.device.name, lutna_last_error());
	if (!lutna_buffer_data(show->memory))
		return complain("%s: its driver lets nobody map its memory by a dma-buf",
				show->place.frame.card);
	return STATUS_OK;
}

static int open_screen(struct show *show)
{
	const struct run_input *input = show->input;
	struct show_place *place = &show->place;
	size_t classes = answer_classes(&input->out);
	int status, fd;

	status = kms_open(&show->kms, show->settings->card);
	if (!status)
		status = kms_create(show->kms, INPUT_ALIGN +
				    lutna_model_input_bytes(place->model),
				    &place->frame, &fd);
	if (status)
		return status;
	status = import_memory(show, fd);
	close(fd);
	if (status)
		return status;
	show->surface = (struct font_surface){
		.pixels = kms_pixels(show->kms), .width = place->frame.width,
		.height = place->frame.height, .pitch = place->frame.pitch,
	};
	if (show_layout(place->frame.width, place->frame.height,
			input->images.dims[1], input->images.dims[0],
			classes < SHOW_BARS ? (unsigned int)classes : SHOW_BARS,
			&place->layout))
		return complain("%s: %s: %ux%u is too small for images of %ux%u",
				place->frame.card, place->frame.output,
				place->frame.width, place->frame.height,
				input->images.dims[1], input->images.dims[0]);
	return STATUS_OK;
}

static int open_session(struct show *show)
{
	struct lutna_session_options options = LUTNA_SESSION_OPTIONS_INIT;
	const struct show_place *place = &show->place;

	options.slots = 1;
	options.input = show->memory;
	options.input_offset = (place->frame.bytes + INPUT_ALIGN - 1) /
			       INPUT_ALIGN * INPUT_ALIGN;
	if (lutna_session_new(&show->session, show->dev, place->model, &options))
		return complain("%s", lutna_last_error());
	show->batch = lutna_model_batch(place->model);
	show->pixels = lutna_buffer_address(show->memory) +
		       (size_t)((char *)lutna_session_input(show->session, 0, 0) -
				(char *)lutna_buffer_data(show->memory));
	return STATUS_OK;
}

static int open_canvas(struct show *show)
{
	const struct kms_frame *frame = &show->place.frame;
	const struct canvas_frame target = {
		.address = lutna_buffer_address(show->memory),
		.width = frame->width, .height = frame->height,
		.pitch = frame->pitch,
	};

	return canvas_new(&show->canvas, show->dev, &target);
}

/* The device first: it may still draw on the screen. */
static void close_all(struct show *show)
{
	canvas_free(show->canvas);
	lutna_session_free(show->session);
	lutna_buffer_free(show->memory);
	if (show->kms)
		kms_close(show->kms);
	lutna_device_close(show->dev);
}

/* Puts images behind the frame and has the device classify them there. */
static int classify(struct show *show, size_t from, size_t count)
{
	const struct idx *images = &show->input->images;
	char *at = lutna_session_input(show->session, 0, 0);

	memcpy(at, images->data + from * images->item_bytes,
	       count * images->item_bytes);
	memset(at + count * images->item_bytes, 0,
	       (show->batch - count) * images->item_bytes);
	if (lutna_session_start(show->session, 0) ||
	    lutna_session_finish(show->session, 0, -1, NULL))
		return complain("%s", lutna_last_error());
	return STATUS_OK;
}

/* @taken: bars that classes have; all have one if there are not more of them. */
static void pick_bars(const double *probabilities, size_t classes,
		      struct show_answer *answer)
{
	bool taken[CLASSES_MAX] = { false };
	size_t i, bar, best;

	answer->bars = classes < SHOW_BARS ? (unsigned int)classes : SHOW_BARS;
	for (bar = 0; bar < answer->bars; bar++) {
		for (i = 0, best = classes; i < classes; i++)
			if (!taken[i] && (best == classes ||
					  probabilities[i] > probabilities[best]))
				best = i;
		taken[best] = true;
	}
	for (i = 0, bar = 0; i < classes; i++)
		if (taken[i])
			answer->classes[bar++] = (uint32_t)i;
}

/* @slot is the image's in its run; names without one are put in @numbers. */
static void answer(const struct show *show, size_t image, size_t slot,
		   char numbers[SHOW_BARS + 2][16], struct show_answer *out)
{
	const struct lutna_model *model = show->place.model;
	const struct run_input *input = show->input;
	const void *outputs = lutna_session_output(show->session, 0, 0);
	double probabilities[CLASSES_MAX];
	unsigned int i;

	*out = (struct show_answer){ .image = image, .right = true };
	out->said = answer_best(&input->out, outputs, slot);
	out->said_name = answer_name(model, out->said, numbers[SHOW_BARS]);
	if (input->labels.data) {
		uint8_t label = input->labels.data[image];

		out->truth_name = answer_name(model, label,
					      numbers[SHOW_BARS + 1]);
		out->right = label == out->said;
	}
	answer_probabilities(&input->out, outputs, slot, probabilities);
	pick_bars(probabilities, answer_classes(&input->out), out);
	for (i = 0; i < out->bars; i++) {
		out->names[i] = answer_name(model, out->classes[i], numbers[i]);
		out->probabilities[i] = probabilities[out->classes[i]];
	}
}

/* False when the user has seen enough: the end of standard input */
static bool stay(const struct show_settings *settings)
{
	struct timespec delay = {
		.tv_sec = (time_t)(settings->delay_ms / 1000),
		.tv_nsec = (long)(settings->delay_ms % 1000) * 1000000,
	};
	int c;

	if (!settings->step) {
		while (nanosleep(&delay, &delay) && errno == EINTR)
			;
		return true;
	}
	while ((c = getchar()) != EOF && c != '\n')
		;
	return c != EOF;
}

static int show_image(struct show *show, size_t image, size_t slot)
{
	const struct idx *images = &show->input->images;
	char numbers[SHOW_BARS + 2][16];
	struct show_answer said;
	int status;

	answer(show, image, slot, numbers, &said);
	status = show_draw(&show->place.layout, show->canvas, &show->surface,
			   show->title, show->pixels + slot * images->item_bytes,
			   show->settings->palette, &said);
	if (!status)
		status = kms_present(show->kms);
	if (!status)
		show_print_answer(&show->place, &said);
	return status;
}

static int show_all(struct show *show)
{
	size_t image = show->settings->first;
	size_t end = image + show->settings->count, count, slot;
	int status = STATUS_OK;
	bool more = true;

	while (more && !status && image < end) {
		count = end - image < show->batch ? end - image : show->batch;
		status = classify(show, image, count);
		for (slot = 0; more && !status && slot < count; slot++) {
			status = show_image(show, image + slot, slot);
			more = !status && stay(show->settings);
		}
		image += count;
	}
	return status;
}

int show(const struct show_settings *settings, const struct lutna_model *model,
	 const struct run_input *input)
{
	struct show show = {
		.settings = settings, .input = input,
		.place = { .model = model, .json = settings->json },
	};
	int status;

	status = open_device(&show);
	if (!status)
		status = open_screen(&show);
	if (!status)
		status = open_session(&show);
	if (!status)
		status = open_canvas(&show);
	if (!status) {
		snprintf(show.title, sizeof(show.title), "%s on %s",
			 lutna_model_name(model), show.place.device.name);
		show_print_place(&show.place);
		status = show_all(&show);
	}
	close_all(&show);
	return status;
}
