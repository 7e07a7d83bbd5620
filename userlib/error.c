// SPDX-License-Identifier: MIT
/*
 * The last error of a thread.
 */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "export.h"
#include "error.h"

static _Thread_local char last_error[LUTNA_ERROR_SIZE];

const char *lutna_last_error(void)
{
	return last_error;
}

static void keep(const char *text)
{
	size_t i;

	for (i = 0; text[i] && i < sizeof(last_error) - 1; i++) {
		unsigned char c = (unsigned char)text[i];

		last_error[i] = c < 0x20 || c == 0x7f ? '?' : text[i];
	}
	last_error[i] = '\0';
}

int lutna_fail(int err, const char *fmt, ...)
{
	char text[LUTNA_ERROR_SIZE];
	va_list args;

	/* The arguments may point into the last error. */
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	keep(text);
	return err;
}

int lutna_fail_errno(int err, const char *fmt, ...)
{
	char text[LUTNA_ERROR_SIZE];
	char reason[128];
	va_list args;
	size_t len;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	len = strlen(text);
	snprintf(text + len, sizeof(text) - len, ": %s",
		 strerror_r(-err, reason, sizeof(reason)));
	keep(text);
	return err;
}

void lutna_error_save(char text[LUTNA_ERROR_SIZE])
{
	memcpy(text, last_error, LUTNA_ERROR_SIZE);
}

void lutna_error_restore(const char *text)
{
	memcpy(last_error, text, LUTNA_ERROR_SIZE);
}
