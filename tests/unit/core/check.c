// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"

#define SHOWN	5

static unsigned long checks, bad;
static unsigned int points, failed;

bool check_at(bool good, const char *file, int line, const char *fmt, ...)
{
	va_list args;

	checks++;
	if (good || bad++ >= SHOWN)
		return good;
	printf("# %s:%d: ", file, line);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	return good;
}

void point(const char *fmt, ...)
{
	bool good = checks && !bad;
	va_list args;

	printf("%sok %u - ", good ? "" : "not ", ++points);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf(" (%lu checks)\n", checks);
	if (bad > SHOWN)
		printf("# and %lu more\n", bad - SHOWN);
	fflush(stdout);
	failed += !good;
	checks = bad = 0;
}

int check_done(void)
{
	if (checks)
		point("what was left");
	printf("1..%u\n", points);
	return failed || !points;
}

void bail(const char *fmt, ...)
{
	va_list args;

	printf("Bail out! ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	exit(1);
}
