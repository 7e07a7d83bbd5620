/* SPDX-License-Identifier: GPL-2.0-only */
/* lutna run: from what the user wants (cmd_run.c) to what happens (run.c). */
#ifndef LUTNA_TOOL_RUN_H
#define LUTNA_TOOL_RUN_H

#include <stdbool.h>

#include <lutna/lutna.h>

#include "run_input.h"

/*
 * As the options of the command say; unset strings are NULL, numbers 0.
 * @model_path is where @model is loaded from, changed or not; @digits are not
 * those of the device.
 */
struct run_settings {
	const char *model;
	const char *model_path;
	const char *approx;
	const char *images;
	const char *device;
	const char *labels;
	const char *expect;
	const char *save;
	unsigned long count;
	unsigned long show;
	unsigned long slots;
	unsigned long columns;
	unsigned long digits;
	int digit_choice;
	int unit;
	int color;
	int progress;
	bool verify;
	bool profile;
	bool json;
};

/**
 * run_model() - run, compare, print
 * @settings: choices
 * @model: loaded from @settings->model
 * @input: images that fit it
 *
 * Return: exit status
 */
int run_model(const struct run_settings *settings,
	      const struct lutna_model *model, const struct run_input *input);

#endif
