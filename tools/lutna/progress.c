// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "picture.h"
#include "progress.h"

#define REDRAW_NS	100000000ull

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void progress_start(struct progress *progress, const char *what, int when)
{
	progress->shown = when == WHEN_ALWAYS ||
			  (when == WHEN_AUTO && isatty(STDERR_FILENO));
	progress->what = what;
	progress->start_ns = now_ns();
	progress->last_ns = 0;
}

void progress_step(void *opaque, size_t done, size_t count)
{
	struct progress *progress = opaque;
	uint64_t now = now_ns();
	double seconds = (double)(now - progress->start_ns) / 1e9;

	if (!progress->shown ||
	    (now - progress->last_ns < REDRAW_NS && done < count))
		return;
	progress->last_ns = now;
	fprintf(stderr, "\r%s: %zu of %zu images, %.0f/s ", progress->what, done,
		count, seconds > 0 ? (double)done / seconds : 0);
	fflush(stderr);
}

void progress_end(struct progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
}
