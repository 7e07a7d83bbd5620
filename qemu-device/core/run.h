/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One command on its way: guest memory, scratch memory, and giving up.
 */
#ifndef LUTNA_CORE_RUN_H
#define LUTNA_CORE_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "memory.h"

/* Buffers of an executor; each has one user at a time. */
enum lutna_scratch {
	LUTNA_SCRATCH_IN,	/* first input, dense */
	LUTNA_SCRATCH_IN2,	/* second input, dense */
	LUTNA_SCRATCH_OUT,	/* output, dense */
	LUTNA_SCRATCH_WEIGHTS,	/* as they stand in guest memory */
	LUTNA_SCRATCH_CHANNELS,
	LUTNA_SCRATCH_STAGE,	/* tensor.c */
	LUTNA_SCRATCH_BLOCK,	/* packed activations; pooling's rows */
	LUTNA_SCRATCH_ACC,	/* accumulators */
	LUTNA_SCRATCH_PLAN,	/* weights in the kernel's order */
	LUTNA_SCRATCH_ROWS,	/* which activations the kernel needs */
	LUTNA_SCRATCH_INDEX,	/* where each channel's weights begin */
	LUTNA_SCRATCH_COUNT,
};

/* Past the end of every buffer, so that vector loops may run over. */
#define LUTNA_SCRATCH_SLACK	128

struct lutna_scratch_buf {
	void *mem;
	size_t size;
};

/**
 * struct lutna_run - a command in execution
 * @mem: memory of its context
 * @fault: what it failed with
 * @scratch: LUTNA_SCRATCH_COUNT buffers of the executor
 * @max_read: most bytes of one access of memory
 * @work: done since @mem->aborted was last asked, see lutna_run_tick()
 */
struct lutna_run {
	const struct lutna_memory *mem;
	struct lutna_fault_info *fault;
	struct lutna_scratch_buf *scratch;
	size_t max_read;
	size_t work;
};

/**
 * lutna_run_read() - copy guest memory
 * @run: command
 * @addr: first byte; the range must not wrap
 * @dst: @len bytes
 * @len: any; split into accesses that memory.h allows
 *
 * Return: 0 or the fault that is in @run->fault too.
 */
int lutna_run_read(struct lutna_run *run, uint64_t addr, void *dst,
		   size_t len);

/** lutna_run_write() - the same the other way */
int lutna_run_write(struct lutna_run *run, uint64_t addr, const void *src,
		    size_t len);

/**
 * lutna_run_scratch() - a buffer of at least @size bytes
 * @run: command
 * @which: its name; what an earlier call of the same command put there is lost
 *	when it grows
 * @size: bytes; LUTNA_SCRATCH_SLACK more may be touched
 *
 * The contents are whatever they are.  Aligned to 64.
 *
 * Return: the buffer, or NULL with LUTNA_FAULT_INTERNAL in @run->fault.
 */
void *lutna_run_scratch(struct lutna_run *run, enum lutna_scratch which,
			size_t size);

/** lutna_run_scratch_trim() - free buffers that are too big to keep */
void lutna_run_scratch_trim(struct lutna_scratch_buf *scratch, size_t keep);

/** lutna_run_aborted() - ask now; returns 0 or LUTNA_FAULT_ABORTED */
int lutna_run_aborted(struct lutna_run *run);

/* About a quarter of a millisecond at the speed of plain C. */
#define LUTNA_TICK_WORK		(256 * 1024)

/**
 * lutna_run_tick() - account for work, and ask whether to go on
 * @run: command
 * @work: about as many nanoseconds as was done since the last call
 *
 * Return: 0 or LUTNA_FAULT_ABORTED, which is in @run->fault then.
 */
static inline int lutna_run_tick(struct lutna_run *run, size_t work)
{
	run->work += work;
	if (run->work < LUTNA_TICK_WORK)
		return 0;
	return lutna_run_aborted(run);
}

#endif /* LUTNA_CORE_RUN_H */
