// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "diag.h"
#include "graph.h"

const char *diag_clean(char buf[DIAG_NAME], const char *name)
{
	size_t i;

	for (i = 0; name && name[i]; i++) {
		if (i == DIAG_NAME - 4) {
			memcpy(buf + i, "...", 3);
			i += 3;
			break;
		}
		buf[i] = name[i] < 0x20 || name[i] > 0x7e ? '?' : name[i];
	}
	buf[i] = '\0';
	return buf;
}

static void put(struct diag *diag, const char *where, const char *format,
		va_list args)
{
	int used;

	if (diag->text[0])
		return;
	/* A path that is too long must not push the reason out. */
	used = snprintf(diag->text, sizeof(diag->text), "%.256s: %s",
			diag->file ? diag->file : "model", where);
	if (used > 0 && (size_t)used < sizeof(diag->text))
		vsnprintf(diag->text + used, sizeof(diag->text) - (size_t)used,
			  format, args);
}

int diag_file(struct diag *diag, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put(diag, "", format, args);
	va_end(args);
	return error;
}

int diag_node(struct diag *diag, const struct node *node,
	      const char *format, ...)
{
	char name[DIAG_NAME], op[DIAG_NAME], where[2 * DIAG_NAME + 32];
	va_list args;

	snprintf(where, sizeof(where), "node '%s' (%s): ",
		 diag_clean(name, node->name), diag_clean(op, node->op));
	va_start(args, format);
	put(diag, where, format, args);
	va_end(args);
	return -EINVAL;
}

int diag_tensor(struct diag *diag, const char *tensor, const char *format, ...)
{
	char name[DIAG_NAME], where[DIAG_NAME + 32];
	va_list args;

	snprintf(where, sizeof(where), "tensor '%s': ",
		 diag_clean(name, tensor));
	va_start(args, format);
	put(diag, where, format, args);
	va_end(args);
	return -EINVAL;
}

int diag_no_memory(struct diag *diag)
{
	return diag_file(diag, -ENOMEM, "out of memory, or more than its size allows");
}
