// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA driver: waiting for jobs
 */
#include <linux/hrtimer.h>
#include <linux/sched/signal.h>

#include "lutna_drv.h"

/**
 * struct lutna_waiter - someone who sleeps until a job has ended
 * @entry: in done_wait of the queue
 * @q: queue
 * @seqno: the job
 */
struct lutna_waiter {
	struct wait_queue_entry entry;
	struct lutna_queue *q;
	u64 seqno;
};

/* Called with the queue's lock held: wakes those only whose job has ended. */
static int lutna_waiter_wake(struct wait_queue_entry *entry, unsigned int mode,
			     int flags, void *key)
{
	struct lutna_waiter *waiter = container_of(entry, struct lutna_waiter, entry);

	if (waiter->q->completed < waiter->seqno)
		return 0;
	return autoremove_wake_function(entry, mode, flags, key);
}

static bool lutna_job_ended(struct lutna_queue *q, u64 seqno)
{
	bool ended;

	spin_lock_irq(&q->lock);
	ended = q->completed >= seqno;
	spin_unlock_irq(&q->lock);
	return ended;
}

/* Return: 0 if the job has ended, -ETIMEDOUT or -ERESTARTSYS. */
static int lutna_wait_sleep(struct lutna_queue *q, u64 seqno, ktime_t deadline)
{
	struct lutna_waiter waiter = { .q = q, .seqno = seqno };
	int ret = 0;

	init_waitqueue_func_entry(&waiter.entry, lutna_waiter_wake);
	waiter.entry.private = current;
	INIT_LIST_HEAD(&waiter.entry.entry);

	for (;;) {
		prepare_to_wait(&q->done_wait, &waiter.entry, TASK_INTERRUPTIBLE);
		if (lutna_job_ended(q, seqno))
			break;
		if (signal_pending(current)) {
			ret = -ERESTARTSYS;
			break;
		}
		if (!schedule_hrtimeout_range(&deadline, current->timer_slack_ns,
					      HRTIMER_MODE_ABS)) {
			ret = lutna_job_ended(q, seqno) ? 0 : -ETIMEDOUT;
			break;
		}
	}
	finish_wait(&q->done_wait, &waiter.entry);
	return ret;
}

static int lutna_queue_wait(struct lutna_queue *q, struct lutna_wait *arg)
{
	bool exists, ended;
	int ret;

	spin_lock_irq(&q->lock);
	exists = arg->seqno && arg->seqno <= q->submitted;
	ended = q->completed >= arg->seqno;
	spin_unlock_irq(&q->lock);
	if (!exists)
		return -ENOENT;
	if (!ended) {
		if (arg->deadline_ns <= ktime_get())
			return -ETIMEDOUT;
		ret = lutna_wait_sleep(q, arg->seqno, arg->deadline_ns);
		if (ret)
			return ret;
	}
	spin_lock_irq(&q->lock);
	arg->known = lutna_queue_result(q, arg->seqno, &arg->result);
	spin_unlock_irq(&q->lock);
	return 0;
}

int lutna_ioctl_wait(struct lutna_call *call)
{
	struct lutna_wait *arg = call->arg;
	struct lutna_queue *q;
	int ret;

	q = lutna_queue_get(call->ctx, arg->queue);
	if (!q)
		return -ENOENT;
	ret = lutna_queue_wait(q, arg);
	lutna_queue_put(q);
	return ret ?: lutna_reply(call);
}
