/* SPDX-License-Identifier: GPL-2.0-only */
/* A line on stderr that says how far things are. */
#ifndef LUTNA_TOOL_PROGRESS_H
#define LUTNA_TOOL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct progress - the line
 * @shown: whether there is one at all
 * @what: its first word
 * @start_ns: when the work began
 * @last_ns: when the line was last drawn
 */
struct progress {
	bool shown;
	const char *what;
	uint64_t start_ns;
	uint64_t last_ns;
};

/* CLOCK_MONOTONIC in nanoseconds */
uint64_t now_ns(void);

/* @when is WHEN_AUTO (if stderr is a terminal), WHEN_ALWAYS or WHEN_NEVER */
void progress_start(struct progress *progress, const char *what, int when);
/* Fits lutna_session_run(); draws a few times a second at most. */
void progress_step(void *progress, size_t done, size_t count);
/* Takes the line away. */
void progress_end(struct progress *progress);

#endif
