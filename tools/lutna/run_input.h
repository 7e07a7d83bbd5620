/* SPDX-License-Identifier: GPL-2.0-only */
/* What goes into a model that is run on images. */
#ifndef LUTNA_TOOL_RUN_INPUT_H
#define LUTNA_TOOL_RUN_INPUT_H

#include <lutna/lutna.h>

#include "idx.h"

/**
 * struct run_files - where it comes from
 * @model: path, for messages
 * @images: path
 * @labels: path; NULL: the images' companion, if there is one
 * @count: only the first so many images; 0: all
 */
struct run_files {
	const char *model;
	const char *images;
	const char *labels;
	unsigned long count;
};

/**
 * struct run_input - what goes in
 * @in: the model's input
 * @out: the model's output
 * @images: as many bytes each as @in has
 * @labels: as many as images, or none
 */
struct run_input {
	struct lutna_tensor_info in;
	struct lutna_tensor_info out;
	struct idx images;
	struct idx labels;
};

/**
 * run_input_read() - read images and labels and see that they fit a model
 * @files: where they are
 * @model: what is to be run; must outlive @input
 * @input: zeroed; run_input_free(), also after a failure
 *
 * Return: exit status, after a message
 */
int run_input_read(const struct run_files *files,
		   const struct lutna_model *model, struct run_input *input);
void run_input_free(struct run_input *input);

#endif
