/* SPDX-License-Identifier: GPL-2.0-only */
/* One line that says why a model cannot be compiled. */
#ifndef LUTNA_COMPILE_DIAG_H
#define LUTNA_COMPILE_DIAG_H

#include <stddef.h>

struct node;

#define DIAG_TEXT	768
/* Names come from the file; more of one than this is not worth a line. */
#define DIAG_NAME	80

/**
 * struct diag - the first thing that went wrong
 * @file: how the user named the model; not owned
 * @text: "file: node 'name' (Op): reason", without a line end; "" if nothing
 *	went wrong.  Holds printable characters only, whatever the model's
 *	names are made of (@file is shown as it was given).
 */
struct diag {
	const char *file;
	char text[DIAG_TEXT];
};

/**
 * diag_file() - refuse the file as a whole
 * @diag: where to; a reason that stands there already is kept
 * @error: negative errno that becomes the return value
 * @format: reason, as printf(); names in it must have gone through
 *	diag_clean() first
 *
 * Return: @error
 */
int diag_file(struct diag *diag, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for one node; returns -EINVAL. */
int diag_node(struct diag *diag, const struct node *node,
	      const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same for a tensor; returns -EINVAL. */
int diag_tensor(struct diag *diag, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Memory or the model's share of it is used up; returns -ENOMEM */
int diag_no_memory(struct diag *diag);

/**
 * diag_clean() - make a name from a model fit to be printed
 * @buf: DIAG_NAME bytes
 * @name: any string, or NULL
 *
 * Control characters (terminal escapes among them) and what is not ASCII become
 * '?', long names end in "...".
 *
 * Return: @buf
 */
const char *diag_clean(char buf[DIAG_NAME], const char *name);

#endif
