// SPDX-License-Identifier: GPL-2.0-only
#include "command.h"
#include "dataset.h"
#include "options.h"
#include "show.h"

static int parse(struct show_settings *s, int argc, char **argv, int *first)
{
	const struct option_spec options[] = {
		{ .name = "device", .letter = 'd', .kind = OPTION_STRING,
		  .value = &s->device, .argument = "NAME",
		  .help = "lutna0, or a path (default: the first device)" },
		{ .name = "card", .kind = OPTION_STRING, .value = &s->card,
		  .argument = "PATH",
		  .help = "/dev/dri/cardN (default: the first with a screen)" },
		{ .name = "images", .letter = 'i', .kind = OPTION_STRING,
		  .value = &s->files.images, .argument = "FILE",
		  .help = "what to classify, IDX (default: Fashion-MNIST's test images)" },
		{ .name = "labels", .letter = 'l', .kind = OPTION_STRING,
		  .value = &s->files.labels, .argument = "FILE",
		  .help = "true classes, IDX (default: the images' companion, if there is one)" },
		{ .name = "first", .letter = 'f', .kind = OPTION_NUMBER,
		  .value = &s->first, .argument = "N", .low = 0, .high = 1ul << 31,
		  .help = "image to begin with (default 0)" },
		{ .name = "count", .letter = 'n', .kind = OPTION_NUMBER,
		  .value = &s->count, .argument = "N", .low = 1, .high = 1ul << 31,
		  .help = "images to show (default 10)" },
		{ .name = "delay", .kind = OPTION_NUMBER,
		  .value = &s->delay_ms, .argument = "MS", .low = 0,
		  .high = 86400000,
		  .help = "how long each stays (default 2000)" },
		{ .name = "step", .letter = 's', .kind = OPTION_FLAG,
		  .value = &s->step,
		  .help = "each stays until a line is read from standard input" },
		{ .name = "palette", .kind = OPTION_CHOICE, .value = &s->palette,
		  .choices = "grey|glow", .help = "colours of the images" },
	};
	const struct option_usage usage = {
		.command = "show",
		.arguments = "MODEL.lutna",
		.summary = "Classifies images and shows them on the screen of a graphics card, each with its\n"
			   "class and the probabilities. The device reads the images from the screen's own\n"
			   "memory and draws there. In the VM: tools/vm --gpu.",
		.options = options,
		.count = sizeof(options) / sizeof(options[0]),
		.least = 1,
		.most = 1,
	};

	return options_parse(&usage, argc, argv, &s->json, first);
}

/* Any model can be run, but not of any is there something to be shown. */
static int check_input(const struct show_settings *s,
		       const struct run_input *input)
{
	const struct idx *images = &input->images;

	if (!answer_classes(&input->out))
		return complain("%s: does not classify: its output is not 2 to %d numbers",
				s->files.model, CLASSES_MAX);
	if (images->rank != 2 || images->item_bytes > CANVAS_PICTURE_BYTES)
		return complain("%s: not pictures of rows and columns, %d bytes at most",
				s->files.images, CANVAS_PICTURE_BYTES);
	if (images->count < s->files.count)
		return complain("%s: there is no image %lu, only %zu images",
				s->files.images, s->files.count - 1,
				images->count);
	return STATUS_OK;
}

int cmd_show(int argc, char **argv)
{
	struct show_settings s = {
		.files.images = DATASET_TEST, .count = 10, .delay_ms = 2000,
		.palette = CANVAS_GREY,
	};
	struct run_input input = { .images.data = NULL };
	struct lutna_model *model;
	int first, status;

	status = parse(&s, argc, argv, &first);
	if (status != OPTIONS_GO_ON)
		return status;
	s.files.model = argv[first];
	s.files.count = s.first + s.count;
	status = dataset_missing(s.files.images);
	if (status)
		return status;
	if (lutna_model_load(&model, s.files.model))
		return complain("%s", lutna_last_error());
	status = run_input_read(&s.files, model, &input);
	if (!status)
		status = check_input(&s, &input);
	if (!status)
		status = show(&s, model, &input);
	run_input_free(&input);
	lutna_model_free(model);
	return status;
}
