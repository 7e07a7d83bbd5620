/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

#include "print.h"

/**
 * bench_memory() - what 64 MiB cost to give to the device and to take back
 * @dev: device
 * @rounds: how often each way is taken; they take turns
 * @report: set on success
 *
 * Beside it the same memory from the kernel alone: mmap(), a write to every
 * page, munmap().
 *
 * Return: an exit status of the command.
 */
int bench_memory(struct lutna_device *dev, unsigned long rounds,
		 struct bench_report *report);

#endif
