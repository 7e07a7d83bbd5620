// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <stdlib.h>

#include "bench_latency.h"

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

struct latency latency_of(const char *name, uint64_t *ns, size_t count)
{
	qsort(ns, count, sizeof(*ns), by_size);
	return (struct latency){
		.name = name,
		.samples = count,
		.median = (double)(ns[(count - 1) / 2] + ns[count / 2]) / 2,
		.p99 = (double)ns[(size_t)ceil(0.99 * (double)count) - 1],
		.least = (double)ns[0],
	};
}
