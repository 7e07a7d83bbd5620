/* SPDX-License-Identifier: MIT */
/*
 * A loaded model, inside the library.
 */
#ifndef LUTNA_MODEL_H
#define LUTNA_MODEL_H

#include "export.h"
#include "model.pb-c.h"

#define LUTNA_SEGMENTS	4

/**
 * struct lutna_model - a container whose content was verified
 * @msg: the message; every index, offset and size in it holds
 * @segment_bytes: size of each lutna.Segment
 * @commands: commands in it
 */
struct lutna_model {
	Lutna__Model *msg;
	uint64_t segment_bytes[LUTNA_SEGMENTS];
	uint32_t commands;
};

/**
 * lutna_model_check() - verify a message
 * @model: @msg set; the rest is set on success
 * @where: name of the file, for the error text
 *
 * Return: 0 or -EINVAL.
 */
int lutna_model_check(struct lutna_model *model, const char *where);

/**
 * lutna_model_check_commands() - verify relocations and the memory that they
 *	make commands use
 * @model: all but @msg's relocations and commands verified
 * @where: name of the file, for the error text
 *
 * Every address of every command has exactly one relocation, and what the
 * command reads or writes there lies inside the segment.  What is left to the
 * device is whether the commands make sense.
 *
 * Return: 0 or -EINVAL, -ENOMEM.
 */
int lutna_model_check_commands(const struct lutna_model *model,
			       const char *where);

/** lutna_tensor_bytes() - bytes of one image; the tensor was verified */
size_t lutna_tensor_bytes(const Lutna__Tensor *tensor);

/**
 * lutna_text_ok() - is a string of the container fit to be shown?
 *
 * Valid UTF-8 without control characters (a terminal may obey them).
 */
int lutna_text_ok(const char *text);

#endif /* LUTNA_MODEL_H */
