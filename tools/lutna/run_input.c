// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "dataset.h"
#include "run_input.h"

static int read_labels(const struct run_files *files, struct run_input *input)
{
	char *found = files->labels ? NULL : dataset_labels(files->images);
	const char *path = files->labels ? files->labels : found;
	int err;

	if (!path)
		return STATUS_OK;
	err = idx_read(path, input->images.count, &input->labels);
	if (!err && input->labels.item_bytes != 1)
		err = complain("%s: a label must be one byte", path);
	else if (!err && input->labels.count < input->images.count)
		err = complain("%s: %zu labels for %zu images", path,
			       input->labels.count, input->images.count);
	free(found);
	return err ? STATUS_FAILURE : STATUS_OK;
}

static int check_model(const struct run_files *files,
		       const struct lutna_model *model, struct run_input *input)
{
	if (lutna_model_input_count(model) != 1 ||
	    lutna_model_output_count(model) != 1)
		return complain("%s: only models of one input and one output can be run on images",
				files->model);
	if (lutna_model_input(model, 0, &input->in) ||
	    lutna_model_output(model, 0, &input->out))
		return complain("%s", lutna_last_error());
	if (input->in.type != LUTNA_ELEMENT_U8)
		return complain("%s: its input is not bytes", files->model);
	return STATUS_OK;
}

static void size_text(char *buf, size_t size, const uint32_t *dims,
		      unsigned int rank)
{
	size_t used = 0;
	unsigned int i;

	snprintf(buf, size, "1 byte");
	for (i = 0; i < rank && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s%u",
					 i ? "x" : "", dims[i]);
}

static int read_images(const struct run_files *files, struct run_input *input)
{
	char have[96], want[96];

	if (idx_read(files->images, files->count, &input->images))
		return STATUS_FAILURE;
	if (input->images.item_bytes == input->in.bytes)
		return STATUS_OK;
	size_text(have, sizeof(have), input->images.dims, input->images.rank);
	size_text(want, sizeof(want), input->in.dims, input->in.rank);
	return complain("%s: images of %s, but %s takes %s", files->images, have,
			files->model, want);
}

int run_input_read(const struct run_files *files,
		   const struct lutna_model *model, struct run_input *input)
{
	int status = check_model(files, model, input);

	if (!status)
		status = read_images(files, input);
	if (!status)
		status = read_labels(files, input);
	return status;
}

void run_input_free(struct run_input *input)
{
	idx_free(&input->labels);
	idx_free(&input->images);
}
