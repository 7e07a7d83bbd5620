/* SPDX-License-Identifier: GPL-2.0-only */
/* TAP for the compiler's tests. */
#ifndef COMPILE_TEST_TAP_H
#define COMPILE_TEST_TAP_H

#include <stdbool.h>
#include <stdio.h>

/* One test point; returns @good. */
bool ok(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A test point that could not be looked at */
void skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The plan; returns the exit status. */
int tap_done(void);

#endif
