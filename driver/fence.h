/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * LUT-NA driver: fences that jobs signal (fence.c) and wait for (gate.c)
 */
#ifndef LUTNA_FENCE_H
#define LUTNA_FENCE_H

#include <linux/dma-fence.h>

#include "lutna_drv.h"

struct lutna_gate;
struct sync_file;

/**
 * struct lutna_out - the fence that a caller of SUBMIT asked for
 * @fence: the fence, NULL if he asked for none
 * @file: what he gets
 * @fd: its number, reserved; -1 once it is his
 */
struct lutna_out {
	struct dma_fence *fence;
	struct sync_file *file;
	int fd;
};

/* fence.c */

/**
 * lutna_out_open() - all that a fence needs, before jobs are taken
 * @out: set
 * @q: the queue whose job will signal it
 *
 * Return: 0, -EMFILE or -ENOMEM.
 */
int lutna_out_open(struct lutna_out *out, const struct lutna_queue *q);
/** lutna_out_install() - the caller knows of it: from now on it is his */
void lutna_out_install(struct lutna_out *out);
/** lutna_out_close() - drop it, or what is left here after it was installed */
void lutna_out_close(struct lutna_out *out);

/**
 * lutna_fence_attach() - a job signals a fence when it ends
 * @q: queue, locked
 * @seqno: the job, which was taken; if it has ended this is done at once
 * @fence: fence of this queue, attached nowhere yet
 */
void lutna_fence_attach(struct lutna_queue *q, u64 seqno, struct dma_fence *fence);

/** lutna_fence_signal() - lutna_slot_signal() for a slot that has a fence */
void lutna_fence_signal(struct lutna_slot *slot, int error);

/**
 * lutna_slot_signal() - a job has ended: signal its fence, if it has one
 * @slot: its slot; the queue is locked
 * @error: 0 or a negative errno
 */
static inline void lutna_slot_signal(struct lutna_slot *slot, int error)
{
	if (slot->fence)
		lutna_fence_signal(slot, error);
}

/** lutna_fence_exit() - no code of the module is left in any fence */
void lutna_fence_exit(void);

/* gate.c */

/**
 * lutna_gate_new() - a gate that fences open
 * @q: queue
 * @user: file descriptors of the caller
 * @count: how many, up to LUTNA_SUBMIT_FENCES_MAX
 * @gate: set to the gate, or to NULL if all are signalled
 * @failed: set if one of them was signalled with an error
 *
 * Return: 0 or -errno.
 */
int lutna_gate_new(struct lutna_queue *q, const s32 __user *user, u32 count,
		   struct lutna_gate **gate, bool *failed);
/** lutna_gate_free() - let go of the fences; NULL is none; sleeps not */
void lutna_gate_free(struct lutna_gate *gate);

/**
 * lutna_gate_place() - let a gate stand before jobs that are to come
 * @q: queue, locked
 * @gate: not placed yet
 * @first: sequence number of the first job that stands behind it
 * @failed: as above, if the gate was opened meanwhile
 *
 * Return: NULL: the gate is the queue's; or @gate: it is open, and the caller's.
 */
struct lutna_gate *lutna_gate_place(struct lutna_queue *q, struct lutna_gate *gate,
				    u64 first, bool *failed);

/**
 * lutna_gate_settle() - a submission is over: what stands behind its gate?
 * @q: queue, locked; it has gates
 * @first: sequence number that the first job of the submission has, or would have
 *
 * Return: the gate if it stands before nothing, for the caller to free; or NULL.
 */
struct lutna_gate *lutna_gate_settle(struct lutna_queue *q, u64 first);

/**
 * lutna_gates_pass() - how far the device may go
 * @q: queue, locked and active; it has gates
 *
 * Return: sequence number of the last job that stands behind no closed gate.
 */
u64 lutna_gates_pass(struct lutna_queue *q);

/** lutna_gates_init() - a new queue has none */
void lutna_gates_init(struct lutna_queue *q);
/** lutna_gates_drop() - the queue is locked and takes no more jobs: free them */
void lutna_gates_drop(struct lutna_queue *q);
/** lutna_gates_end() - the same at once; not locked, nobody comes any more */
void lutna_gates_end(struct lutna_queue *q);
/** lutna_gates_sync() - nothing of them is under way; no gate is left */
void lutna_gates_sync(struct lutna_queue *q);

#endif /* LUTNA_FENCE_H */
