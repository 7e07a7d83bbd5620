// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "answer.h"

size_t answer_classes(const struct lutna_tensor_info *out)
{
	size_t classes = out->bytes / (out->type == LUTNA_ELEMENT_S32 ? 4 : 1);

	return classes < 2 || classes > CLASSES_MAX || out->rank != 1 ? 0 : classes;
}

static int64_t output_at(const struct lutna_tensor_info *out,
			 const void *outputs, size_t image, size_t index)
{
	const char *at = (const char *)outputs + image * out->bytes;
	int32_t value;

	if (out->type != LUTNA_ELEMENT_S32)
		return (uint8_t)at[index];
	memcpy(&value, at + index * sizeof(value), sizeof(value));
	return value;
}

uint32_t answer_best(const struct lutna_tensor_info *out, const void *outputs,
		     size_t image)
{
	size_t classes = answer_classes(out), i;
	uint32_t best = 0;

	for (i = 1; i < classes; i++)
		if (output_at(out, outputs, image, i) >
		    output_at(out, outputs, image, best))
			best = (uint32_t)i;
	return best;
}

/* Relative to the greatest, which makes a zero point vanish and e^x small. */
void answer_probabilities(const struct lutna_tensor_info *out,
			  const void *outputs, size_t image,
			  double *probabilities)
{
	int64_t greatest = output_at(out, outputs, image,
				     answer_best(out, outputs, image));
	size_t classes = answer_classes(out), i;
	double sum = 0;

	for (i = 0; i < classes; i++) {
		int64_t value = output_at(out, outputs, image, i);

		probabilities[i] = exp((double)out->scale *
				       (double)(value - greatest));
		sum += probabilities[i];
	}
	for (i = 0; i < classes; i++)
		probabilities[i] /= sum;
}

const char *answer_name(const struct lutna_model *model, uint32_t class,
			char buf[16])
{
	if (class < lutna_model_class_count(model))
		return lutna_model_class(model, class);
	snprintf(buf, 16, "%u", class);
	return buf;
}
