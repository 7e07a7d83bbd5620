// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA driver: jobs that are not to execute after all
 *
 * The device is not asked.  Until it has copied a job's entry the entry can be
 * made that of an empty job; whether that was in time the completion tells, by
 * the number of commands that were executed.
 */
#include "owned.h"

static u32 lutna_jobs_cancel(struct lutna_queue *q, u64 first, u64 last)
{
	u32 cancelled = 0;
	u64 seqno;

	first = max(first, q->completed + 1);
	last = min(last, q->submitted);
	for (seqno = first; seqno <= last; seqno++) {
		struct lutna_slot *slot = lutna_queue_slot(q, seqno);

		if (slot->cancelled)
			continue;
		slot->cancelled = true;
		WRITE_ONCE(q->ring[slot - q->slots].count, 0);
		cancelled++;
	}
	return cancelled;
}

int lutna_ioctl_queue_cancel(struct lutna_call *call)
{
	struct lutna_queue_cancel *arg = call->arg;
	struct lutna_queue *q;
	int ret;

	if (!arg->first || arg->first > arg->last)
		return -EINVAL;
	/* As for jobs: what is done cannot be undone if the answer has no place. */
	ret = lutna_reply(call);
	if (ret)
		return ret;
	q = lutna_queue_get(call->ctx, arg->queue);
	if (!q)
		return -ENOENT;
	spin_lock_irq(&q->lock);
	/* The entries of such a queue are the process's to change. */
	ret = q->owned ? -EOPNOTSUPP : lutna_queue_error(q);
	if (!ret)
		arg->cancelled = lutna_jobs_cancel(q, arg->first, arg->last);
	spin_unlock_irq(&q->lock);
	lutna_queue_put(q);
	return ret ?: lutna_reply(call);
}
