/* SPDX-License-Identifier: MIT */
/*
 * The text behind lutna_last_error().
 */
#ifndef LUTNA_ERROR_H
#define LUTNA_ERROR_H

#include <stddef.h>

#define LUTNA_ERROR_SIZE	512

/**
 * lutna_fail() - keep a line for lutna_last_error()
 * @err: negative errno
 * @fmt: the line, without an end
 *
 * Bytes that would break the line are replaced, for names come from files.
 *
 * Return: @err.
 */
int lutna_fail(int err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** lutna_fail_errno() - as lutna_fail(), ": " and the text of @err follow */
int lutna_fail_errno(int err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/** lutna_error_save(), lutna_error_restore() - around calls that clean up */
void lutna_error_save(char text[LUTNA_ERROR_SIZE]);
void lutna_error_restore(const char *text);

#endif /* LUTNA_ERROR_H */
