// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define STATUS_VM	125

#define TAIL_BYTES	16384
#define TAIL_LINES	50

void report_die(const char *fmt, ...)
{
	va_list ap;

	fputs("vm: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(STATUS_VM);
}

/* Reads at most the last @size bytes; 0 when there are none. */
static size_t read_tail(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "re");
	size_t n = 0;
	long end;

	if (!f)
		return 0;
	if (!fseek(f, 0, SEEK_END)) {
		end = ftell(f);
		if (end >= 0 && !fseek(f, end > (long)size ? end - (long)size : 0,
				       SEEK_SET))
			n = fread(buf, 1, size, f);
	}
	fclose(f);
	return n;
}

/* A guest's words may hold anything: only what is text reaches the terminal. */
static void print_tail(const char *title, const char *path)
{
	static char buf[TAIL_BYTES];
	size_t n = read_tail(path, buf, sizeof(buf));
	size_t start = n;
	int lines = 0;
	size_t i;

	if (!n)
		return;
	while (start && lines <= TAIL_LINES)
		if (buf[--start] == '\n' && start + 1 < n)
			lines++;
	if (lines > TAIL_LINES)
		start++;
	fprintf(stderr, "---- %s\n", title);
	for (i = start; i < n; i++)
		if (buf[i] == '\n' || buf[i] == '\t' || (buf[i] >= ' ' && buf[i] < 127))
			fputc(buf[i], stderr);
	if (buf[n - 1] != '\n')
		fputc('\n', stderr);
}

void report_console(const struct report_files *f)
{
	print_tail("the end of the guest's console", f->console);
	fprintf(stderr, "---- all of it: %s\n", f->kept_as);
}

void report_failure(const struct report_files *f, const char *fmt, ...)
{
	va_list ap;

	fputs("vm: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	print_tail("QEMU said", f->qemu_log);
	report_console(f);
}

static bool panicked(const struct report_files *f)
{
	static char buf[TAIL_BYTES];
	size_t n = read_tail(f->console, buf, sizeof(buf));

	return memmem(buf, n, "Kernel panic", strlen("Kernel panic"));
}

void report_qemu_end(const struct report_files *f, int status, bool ready)
{
	if (WIFSIGNALED(status))
		report_failure(f, "QEMU was ended by signal %d (%s)",
			       WTERMSIG(status), strsignal(WTERMSIG(status)));
	else if (panicked(f))
		report_failure(f, "the guest's kernel panicked");
	else if (WEXITSTATUS(status))
		report_failure(f, "QEMU ended with status %d", WEXITSTATUS(status));
	else
		report_failure(f, "the guest powered off %s",
			       ready ? "before the command had ended" : "while it booted");
}
