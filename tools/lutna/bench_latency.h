/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_LATENCY_H
#define BENCH_LATENCY_H

#include <stdint.h>

#include "print.h"

/**
 * latency_of() - sum up what something took
 * @name: what
 * @ns: nanoseconds of each time; sorted on return
 * @count: how many, at least 1
 */
struct latency latency_of(const char *name, uint64_t *ns, size_t count);

#endif
