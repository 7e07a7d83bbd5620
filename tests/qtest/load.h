/* SPDX-License-Identifier: GPL-2.0-only */
/* Work that keeps the device busy with memory, and a look at what it does. */
#ifndef LUTNA_LOAD_H
#define LUTNA_LOAD_H

#include "rig.h"

#define LOAD_CTX	0
#define LOAD_VA		0x40000000ULL
#define LOAD_BYTES	(1U << 20)
#define LOAD_QUEUES	8
#define LOAD_JOBS	(LOAD_QUEUES * 16)

/**
 * load_start() - jobs that read and write memory most of the time
 *
 * Each copies a megabyte at LOAD_VA to itself, over and over.  Enables context
 * LOAD_CTX and queues 0 to LOAD_QUEUES - 1 on ring 0, each full of jobs.
 *
 * Return: the megabyte, in guest memory.
 */
uint64_t load_start(struct rig *rig);

/**
 * load_expect_still() - nothing of it reaches memory any more
 * @bus: the megabyte
 *
 * Neither data, which a late write would bring back to what was read before,
 * nor completions.
 */
void load_expect_still(struct rig *rig, uint64_t bus);

#endif /* LUTNA_LOAD_H */
