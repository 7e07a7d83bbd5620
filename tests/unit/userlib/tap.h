/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TAP for the library's tests.
 */
#ifndef USERLIB_TEST_TAP_H
#define USERLIB_TEST_TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lutna/lutna.h>

static int tap_count, tap_failed;

/* One test point; says what the library's last error was when it fails. */
#define ok(cond, ...) tap_ok((cond), #cond, __LINE__, __VA_ARGS__)

__attribute__((format(printf, 4, 5)))
static inline bool tap_ok(bool good, const char *cond, int line,
			  const char *fmt, ...)
{
	__builtin_va_list args;

	printf("%sok %d - ", good ? "" : "not ", ++tap_count);
	__builtin_va_start(args, fmt);
	vprintf(fmt, args);
	__builtin_va_end(args);
	putchar('\n');
	if (!good) {
		tap_failed++;
		printf("# line %d: %s\n# last error: %s\n", line, cond,
		       lutna_last_error());
	}
	fflush(stdout);
	return good;
}

/* For what the test needs and does not test */
#define need(cond) \
	do { \
		if (!(cond)) { \
			printf("Bail out! line %d: %s: %s\n", __LINE__, #cond, \
			       lutna_last_error()); \
			exit(1); \
		} \
	} while (0)

static inline int tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed ? 1 : 0;
}

#endif /* USERLIB_TEST_TAP_H */
