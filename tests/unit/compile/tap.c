// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>

#include "tap.h"

static int count;
static int failed;

bool ok(bool good, const char *format, ...)
{
	va_list args;

	printf("%sok %d - ", good ? "" : "not ", ++count);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	failed += !good;
	return good;
}

void skip(const char *format, ...)
{
	va_list args;

	printf("ok %d # SKIP ", ++count);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

int tap_done(void)
{
	printf("1..%d\n", count);
	return failed ? 1 : 0;
}
