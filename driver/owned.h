/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * LUT-NA driver: queues that processes own, and the doorbells they ring
 */
#ifndef LUTNA_OWNED_H
#define LUTNA_OWNED_H

#include "lutna_drv.h"

/**
 * struct lutna_owned - what a queue has that a process owns
 * @bo: ring and progress; holds a reference
 * @progress: where the kernel sees it
 * @progress_at: where in @bo
 *
 * Protected by the queue's lock:
 *
 * @armed: sequence number for which the device was last asked for an interrupt
 * @want: lowest one that a waiter waits for, while waiters are being woken
 * @looked: LUTNA_Q_HEAD at the timer's last look
 * @pending: there was a job then that had not ended
 * @suspect: it is the same one at this look
 */
struct lutna_owned {
	struct lutna_bo *bo;
	struct lutna_progress *progress;
	u64 progress_at;
	u64 armed;
	u64 want;
	u32 looked;
	bool pending;
	bool suspect;
};

/* owned.c */

/** lutna_owned_supported() - can this device have such queues here? */
bool lutna_owned_supported(const struct lutna_device *ldev);

/**
 * lutna_owned_new() - memory for the ring of a queue that a process owns
 * @q: queue that is being made; hw_sem is not held
 *
 * Return: 0 or -errno.
 */
int lutna_owned_new(struct lutna_queue *q);
/** lutna_owned_free() - undo it, if it was done; hw_sem is not held */
void lutna_owned_free(struct lutna_queue *q);

/**
 * lutna_owned_ring() - find the ring on the bus; hw_sem held, device not dead
 *
 * Return: 0, or -ENOMEM if it is not in one piece.
 */
int lutna_owned_ring(struct lutna_queue *q);
/** lutna_owned_begin() - it runs: look at it now and then */
void lutna_owned_begin(struct lutna_queue *q);

/**
 * lutna_owned_publish() - give the creator his answer, and the ring a handle
 * @q: queue
 * @call: the ioctl that made it
 *
 * Return: 0; or -errno, and the ring has none.
 */
int lutna_owned_publish(struct lutna_queue *q, struct lutna_call *call);

/** lutna_owned_drain() - learn what has ended; any queue; hw_sem is not held */
void lutna_owned_drain(struct lutna_queue *q);
/**
 * lutna_owned_rung() - how many jobs were rung for; as lutna_owned_drain()
 *
 * Return: 0 if that does not say more than @submitted.
 */
u64 lutna_owned_rung(struct lutna_queue *q);
/** lutna_owned_timer() - timer function of such a queue */
void lutna_owned_timer(struct timer_list *timer);
/** lutna_owned_late() - as lutna_queue_late(); hw_sem held, device not dead */
u64 lutna_owned_late(struct lutna_queue *q);

/*
 * All that follow: with the queue's lock held
 */

/**
 * lutna_owned_seqno() - which job a completion is of
 *
 * What a process has written there says nothing: completions are counted.
 *
 * Return: its sequence number; 0 if the device cannot have meant it.
 */
u64 lutna_owned_seqno(struct lutna_queue *q, const struct lutna_completion *rec);
/** lutna_owned_expect() - all jobs that may have been rung for are to end */
void lutna_owned_expect(struct lutna_queue *q);
/** lutna_owned_tell() - let the process see the queue's state */
void lutna_owned_tell(struct lutna_queue *q);
/** lutna_owned_wake() - wake those whose job has ended, of whoever waits */
void lutna_owned_wake(struct lutna_queue *q);
/** lutna_owned_arm() - somebody who is in done_wait waits for @seqno */
void lutna_owned_arm(struct lutna_queue *q, u64 seqno);

/**
 * lutna_owned_want() - a waiter was not woken, for @seqno has not ended
 *
 * For functions in done_wait.  Of other queues each job interrupts.
 */
static inline void lutna_owned_want(struct lutna_queue *q, u64 seqno)
{
	if (q->owned && seqno < q->owned->want)
		q->owned->want = seqno;
}

/** lutna_queue_newest() - the last sequence number that may be waited for */
static inline u64 lutna_queue_newest(const struct lutna_queue *q)
{
	/* Nobody has told of jobs; as long as they run there may be a ring full. */
	if (q->owned && q->completed == q->ended)
		return q->completed + q->depth;
	return q->submitted;
}

/** lutna_queue_ended() - last job that has ended, also by the queue's end */
static inline u64 lutna_queue_ended(const struct lutna_queue *q)
{
	/* The number of jobs that were canceled with it nobody knows. */
	return q->owned ? q->ended : q->completed;
}

/* doorbell.c */

/** lutna_doorbell_offset() - offset for mmap() of the context's doorbells */
u64 lutna_doorbell_offset(const struct lutna_context *ctx);
/** lutna_doorbell_is() - is this page offset one of doorbells? */
bool lutna_doorbell_is(unsigned long pgoff);
int lutna_doorbell_mmap(struct file *file, struct vm_area_struct *vma);
/** lutna_doorbell_zap() - processes have to ask again; hw_sem for writing */
void lutna_doorbell_zap(struct lutna_context *ctx);
/** lutna_doorbell_free() - the file is closed */
void lutna_doorbell_free(struct lutna_context *ctx);

#endif /* LUTNA_OWNED_H */
