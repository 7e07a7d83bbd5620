/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TAP for tests that make thousands of comparisons: a test point sums up as
 * many checks as were made since the last one, and fails if it saw none.
 */
#ifndef CORE_TEST_CHECK_H
#define CORE_TEST_CHECK_H

#include <stdbool.h>

/*
 * A test with random cases tries @n of them, and with sanitizers, which are
 * slow, a quarter of that.
 */
#ifdef __SANITIZE_ADDRESS__
#define CASES(n)	(((n) + 3) / 4)
#else
#define CASES(n)	(n)
#endif

/**
 * check() - one comparison
 * @good: its outcome; the first few bad ones of a test point are printed
 *
 * Return: @good
 */
#define check(good, ...)	check_at((good), __FILE__, __LINE__, __VA_ARGS__)

bool check_at(bool good, const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/** point() - sums up the checks since the last point as a line of TAP */
void point(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/** check_done() - the plan; returns the program's exit status */
int check_done(void);

/** bail() - for what a test needs and does not test; does not return */
void bail(const char *fmt, ...)
	__attribute__((format(printf, 1, 2), noreturn));

#endif /* CORE_TEST_CHECK_H */
