/* SPDX-License-Identifier: GPL-2.0-only */
/* What a run's outputs should be. */
#ifndef LUTNA_TOOL_REFERENCE_H
#define LUTNA_TOOL_REFERENCE_H

#include <pthread.h>
#include <stddef.h>

struct run_report;
struct lutna_tensor_info;

/**
 * struct reference - the literal simulator at work beside the device
 * @model_path: container; the thread loads it for itself
 * @images: input
 * @count: images
 * @outputs: filled in, @bytes
 * @bytes: of all outputs
 * @problem: why it failed; "" if it did not
 * @thread: the thread
 */
struct reference {
	const char *model_path;
	const void *images;
	size_t count;
	void *outputs;
	size_t bytes;
	char problem[512];
	pthread_t thread;
};

#define REFERENCE_NAME	"the literal simulator"

/**
 * reference_start() - compute on "sim-literal" in a thread
 * @reference: @model_path, @images, @count and @bytes set, which must stay
 *
 * Return: 0, or an exit status after a message
 */
int reference_start(struct reference *reference);

/* Waits for it; 0, or an exit status after a message.  Frees nothing. */
int reference_finish(struct reference *reference);

/**
 * expectation_read() - outputs that were saved before
 * @path: file
 * @bytes: size that it must have
 * @out: set on success; free()
 *
 * Return: 0, or an exit status after a message
 */
int expectation_read(const char *path, size_t bytes, void **out);

/* Writes outputs for expectation_read(), whole or not at all. */
int expectation_write(const char *path, const void *data, size_t bytes);

/**
 * reference_compare() - set the verdict of a report
 * @report: @count set; verdict and what belongs to it are filled in
 * @output: tensor that the numbers are of
 * @got: from the device
 * @wanted: from the reference
 * @name: of the reference
 */
void reference_compare(struct run_report *report,
		       const struct lutna_tensor_info *output,
		       const void *got, const void *wanted, const char *name);

#endif
