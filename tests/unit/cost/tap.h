/* SPDX-License-Identifier: GPL-2.0-only */
/* Test Anything Protocol, as much as the tests of this folder print. */
#ifndef COST_TAP_H
#define COST_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static unsigned int tap_run, tap_failed;

/* One result; @ok is returned, so that details can follow. */
static inline bool __attribute__((format(printf, 2, 3)))
tap_result(bool ok, const char *format, ...)
{
	va_list args;

	printf("%s %u - ", ok ? "ok" : "not ok", ++tap_run);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	tap_failed += !ok;
	return ok;
}

/* @got and @want in full when they differ. */
static inline bool __attribute__((format(printf, 3, 4)))
tap_equal(unsigned long long got, unsigned long long want, const char *format,
	  ...)
{
	char name[160];
	va_list args;

	va_start(args, format);
	vsnprintf(name, sizeof(name), format, args);
	va_end(args);
	if (tap_result(got == want, "%s", name))
		return true;
	printf("# got %llu, want %llu\n", got, want);
	return false;
}

/* The plan, last; exit status of the program. */
static inline int tap_done(void)
{
	printf("1..%u\n", tap_run);
	return tap_failed || !tap_run;
}

#endif /* COST_TAP_H */
