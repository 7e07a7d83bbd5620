// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "options.h"
#include "print.h"
#include "run.h"
#include "variant.h"

static int parse(struct run_settings *s, int argc, char **argv, int *first)
{
	const struct option_spec options[] = {
		{ .name = "device", .letter = 'd', .kind = OPTION_STRING,
		  .value = &s->device, .argument = "NAME",
		  .help = "lutna0, a path, sim or sim-literal (default: the first device)" },
		{ .name = "labels", .letter = 'l', .kind = OPTION_STRING,
		  .value = &s->labels, .argument = "FILE",
		  .help = "true classes, IDX (default: IMAGES' companion, if there is one)" },
		{ .name = "count", .letter = 'n', .kind = OPTION_NUMBER,
		  .value = &s->count, .argument = "N", .low = 1, .high = 1ul << 31,
		  .help = "only the first N images" },
		{ .name = "verify", .letter = 'v', .kind = OPTION_FLAG,
		  .value = &s->verify,
		  .help = "compare every output with the literal simulator's" },
		{ .name = "expect", .kind = OPTION_STRING, .value = &s->expect,
		  .argument = "FILE",
		  .help = "compare every output with those saved there" },
		{ .name = "save-outputs", .kind = OPTION_STRING, .value = &s->save,
		  .argument = "FILE", .help = "save all outputs" },
		{ .name = "show", .letter = 's', .kind = OPTION_NUMBER,
		  .value = &s->show, .argument = "N", .low = 0, .high = 1000,
		  .help = "draw the first N images (default 4)" },
		{ .name = "profile", .letter = 'p', .kind = OPTION_FLAG,
		  .value = &s->profile, .help = "say what each layer cost" },
		{ .name = "unit", .kind = OPTION_CHOICE, .value = &s->unit,
		  .choices = "lut|dnc|lutna|array|wallace|dadda",
		  .help = "arithmetic that layers are accounted for" },
		{ .name = "digits", .kind = OPTION_CHOICE, .value = &s->digit_choice,
		  .choices = "1|2|4",
		  .help = "bits of a digit of dnc and lutna (default 2)" },
		{ .name = "approx", .kind = OPTION_STRING, .value = &s->approx,
		  .argument = "MODE",
		  .help = "exact, drop1 to drop3 or w1 to w3, in place of what was compiled" },
		{ .name = "slots", .kind = OPTION_NUMBER, .value = &s->slots,
		  .argument = "N", .low = 1, .high = 1024,
		  .help = "batches in flight at once (default 2)" },
		{ .name = "color", .kind = OPTION_CHOICE, .value = &s->color,
		  .choices = "auto|always|never", .help = "for the images" },
		{ .name = "columns", .kind = OPTION_NUMBER, .value = &s->columns,
		  .argument = "N", .low = 20, .high = 1000,
		  .help = "width of the terminal" },
		{ .name = "progress", .kind = OPTION_CHOICE, .value = &s->progress,
		  .choices = "auto|always|never",
		  .help = "a line on standard error" },
	};
	const struct option_usage usage = {
		.command = "run",
		.arguments = "MODEL.lutna IMAGES",
		.summary = "Runs a compiled model on images (IDX, plain or gzip) and says what came out and\n"
			   "what it cost. With --verify or --expect, status 0 means that every output byte\n"
			   "equals the reference's.",
		.options = options,
		.count = sizeof(options) / sizeof(options[0]),
		.least = 2,
		.most = 2,
	};

	return options_parse(&usage, argc, argv, &s->json, first);
}

static int wrong_usage(const char *text)
{
	complain("run: %s", text);
	return STATUS_USAGE;
}

/* What options mean together; @approx is set if there is one. */
static int check_settings(struct run_settings *s, struct precision *approx)
{
	/* Of two bits the device knows itself. */
	static const unsigned long digits[] = { 1, 0, 4 };
	bool digital = s->unit == LUTNA_UNIT_DNC || s->unit == LUTNA_UNIT_LUTNA;

	if (s->verify && s->expect)
		return wrong_usage("--verify and --expect exclude one another");
	if (s->digit_choice >= 0) {
		if (!digital)
			return wrong_usage("--digits: only the units dnc and lutna have digits");
		s->digits = digits[s->digit_choice];
	}
	if (!s->approx)
		return STATUS_OK;
	if (precision_approx(s->approx, approx) || approx->fold_bias)
		return wrong_usage("--approx: must be exact, drop1 to drop3 or w1 to w3; biases are the compiler's");
	if (approx->approx != LUTNA_APPROX_EXACT && !digital)
		return wrong_usage("--approx: only the units dnc and lutna can be approximate");
	return STATUS_OK;
}

/* A changed model lives in memory, and has a path there for who reads it again. */
static int change_model(struct run_settings *s, struct lutna_model *model,
			const struct precision *approx, char path[32], int *fd)
{
	int status;

	s->model_path = s->model;
	if (!s->approx)
		return STATUS_OK;
	status = variant_approximate(model, approx, s->model);
	if (status || !s->verify)
		return status;
	status = variant_write(model, fd);
	if (status)
		return status;
	snprintf(path, 32, "/proc/self/fd/%d", *fd);
	s->model_path = path;
	return STATUS_OK;
}

int cmd_run(int argc, char **argv)
{
	struct run_settings s = {
		.show = 4, .unit = LUTNA_UNIT_LUTNA, .digit_choice = -1,
	};
	struct run_input input = { .images.data = NULL };
	struct precision approx = { .act_bits = 0 };
	struct lutna_model *model;
	struct run_files files;
	int first, status, fd = -1;
	char path[32];

	status = parse(&s, argc, argv, &first);
	if (status != OPTIONS_GO_ON)
		return status;
	s.model = argv[first];
	s.images = argv[first + 1];
	status = check_settings(&s, &approx);
	if (status)
		return status;
	files = (struct run_files){
		.model = s.model, .images = s.images, .labels = s.labels,
		.count = s.count,
	};
	if (lutna_model_load(&model, s.model))
		return complain("%s", lutna_last_error());
	status = change_model(&s, model, &approx, path, &fd);
	if (!status)
		status = run_input_read(&files, model, &input);
	if (!status)
		status = run_model(&s, model, &input);
	run_input_free(&input);
	if (fd >= 0)
		close(fd);
	lutna_model_free(model);
	return status;
}
