/* SPDX-License-Identifier: GPL-2.0-only */
/* What the steps of make paper have left, as JSON. */
#ifndef LUTNA_PAPER_INPUT_H
#define LUTNA_PAPER_INPUT_H

#include <json-c/json.h>
#include <stdbool.h>

typedef struct json_object json;

/**
 * input_read() - a step's result
 * @dir: where the results are
 * @name: file in it
 *
 * Return: the value, which lives as long as the program; NULL if there is no
 * such file.  One that cannot be read ends the program, with the reason.
 */
json *input_read(const char *dir, const char *name);

/**
 * input_get() - a member, or a member of a member
 * @from: object
 * @path: keys with dots between them
 *
 * Return: the value; a missing one ends the program, with its name.
 */
json *input_get(json *from, const char *path);

/** input_has() - as input_get(), whether there is one */
bool input_has(json *from, const char *path);

/** input_number(), input_text() - as input_get() */
double input_number(json *from, const char *path);
const char *input_text(json *from, const char *path);

#endif
