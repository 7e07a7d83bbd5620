/* SPDX-License-Identifier: GPL-2.0-only */
/* What a model's output says of an image: its class. */
#ifndef LUTNA_TOOL_ANSWER_H
#define LUTNA_TOOL_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include <lutna/lutna.h>

/* A class is a byte in a label file. */
#define CLASSES_MAX	256

/* Classes that there are, 0 if the output is not one number a class */
size_t answer_classes(const struct lutna_tensor_info *out);

/**
 * answer_best() - the class of the greatest output, the first of equal ones
 * @out: of the model; it has classes
 * @outputs: of all images
 * @image: which of them
 */
uint32_t answer_best(const struct lutna_tensor_info *out, const void *outputs,
		     size_t image);

/**
 * answer_probabilities() - softmax of what an image's outputs stand for
 * @out: as answer_best()
 * @outputs: as answer_best()
 * @image: as answer_best()
 * @probabilities: one for each class, 1 in all
 */
void answer_probabilities(const struct lutna_tensor_info *out,
			  const void *outputs, size_t image,
			  double *probabilities);

/* The model's name for it, else its number, in @buf */
const char *answer_name(const struct lutna_model *model, uint32_t class,
			char buf[16]);

#endif
