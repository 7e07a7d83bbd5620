// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA driver: the end of jobs, by completion, by failure of their queue, by
 * time
 *
 * A queue has one timer, for its oldest job.  It is not touched when a job ends:
 * when it fires it looks at what the oldest job is by then, and sets itself
 * again or not.  So a queue that is never late costs one timer in its time
 * limit, however many jobs pass.
 */
#include <linux/jiffies.h>

#include "event.h"
#include "fence.h"
#include "owned.h"
#include "trace.h"

unsigned long lutna_timeout(u64 ns)
{
	/* Far below what time_after() takes for the past, where longs are short. */
	return min_t(u64, nsecs_to_jiffies64(ns) + 1, MAX_JIFFY_OFFSET / 2);
}

unsigned long lutna_queue_expiry(struct lutna_queue *q)
{
	return q->oldest_since + lutna_queue_slot(q, q->completed + 1)->timeout;
}

void lutna_queue_arm(struct lutna_queue *q)
{
	unsigned long expiry;

	q->oldest_since = jiffies;
	expiry = lutna_queue_expiry(q);
	if (!timer_pending(&q->timer) || time_before(expiry, q->timer.expires))
		mod_timer(&q->timer, expiry);
}

void lutna_queue_timer(struct timer_list *timer)
{
	struct lutna_queue *q = from_timer(q, timer, timer);
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	if (q->state == LUTNA_QUEUE_ACTIVE && !q->closed && q->completed != q->published) {
		if (time_after_eq(jiffies, lutna_queue_expiry(q)))
			queue_work(q->ctx->ldev->wq, &q->work);
		else
			mod_timer(&q->timer, lutna_queue_expiry(q));
	}
	spin_unlock_irqrestore(&q->lock, flags);
}

static void lutna_queue_wake(struct lutna_queue *q)
{
	/* Whoever goes to sleep there looks again under the lock that is held. */
	if (waitqueue_active(&q->done_wait)) {
		if (q->owned)
			lutna_owned_wake(q);
		else
			wake_up(&q->done_wait);
	}
	/* As above. */
	if (waitqueue_active(&q->room_wait))
		wake_up(&q->room_wait);
	if (q->watch)
		lutna_event_ended(q);
}

void lutna_queue_end(struct lutna_queue *q, enum lutna_queue_state state,
		     int oldest, int others)
{
	lutna_owned_expect(q);
	if (oldest && !q->failed && q->completed != q->published) {
		struct lutna_slot *slot = lutna_queue_slot(q, q->completed + 1);

		slot->result = (struct lutna_job_result) { .error = oldest };
		q->completed++;
		q->ended = q->completed;
		q->failed = q->completed;
		trace_lutna_fault(q, q->failed, &slot->result);
		lutna_slot_signal(slot, oldest);
	}
	if (q->completed != q->submitted)
		q->cancel_error = others;
	while (q->completed != q->submitted)
		lutna_slot_signal(lutna_queue_slot(q, ++q->completed), others);
	q->written = q->submitted;
	q->published = q->submitted;
	lutna_gates_drop(q);
	if (q->state != LUTNA_QUEUE_DEAD)
		q->state = state;
	lutna_owned_tell(q);
	lutna_queue_wake(q);
	wake_up(&q->turn_wait);
}

/* The job that failed keeps its result: its queue runs no job after it. */
static void lutna_queue_fail(struct lutna_queue *q, u64 seqno)
{
	trace_lutna_fault(q, seqno, &lutna_queue_slot(q, seqno)->result);
	q->failed = seqno;
	lutna_queue_end(q, LUTNA_QUEUE_FAULTED, 0, -ECANCELED);
	if (!q->closed)
		queue_work(q->ctx->ldev->wq, &q->work);
}

static void lutna_result_fill(struct lutna_job_result *result,
			      const struct lutna_completion *rec)
{
	result->fault = le16_to_cpu(rec->status);
	result->access = rec->access;
	result->command = le32_to_cpu(rec->command);
	result->fault_addr = le64_to_cpu(rec->fault_addr);
	result->cycles = le64_to_cpu(rec->cycles);
	result->energy = le64_to_cpu(rec->energy);
	result->start_ns = le64_to_cpu(rec->start_ns);
	result->duration_ns = le32_to_cpu(rec->duration_ns);
}

/* A job that had begun by then went on, and shows it. */
static void lutna_slot_cancelled(struct lutna_slot *slot)
{
	slot->cancelled = false;
	if (!slot->result.fault && !slot->result.command)
		slot->result.error = -ECANCELED;
}

void lutna_queue_complete(struct lutna_queue *q, const struct lutna_completion *rec)
{
	struct lutna_job_result *result;
	struct lutna_slot *slot;
	u64 seqno;

	spin_lock(&q->lock);
	seqno = q->owned ? lutna_owned_seqno(q, rec) : le64_to_cpu(rec->seqno);
	if (q->completed == q->published || seqno != q->completed + 1) {
		dev_err_ratelimited(lutna_dev(q->ctx->ldev),
				    "queue %u: completion of job %llu after %llu of %llu\n",
				    q->id, seqno, q->completed, q->published);
		goto out;
	}
	slot = lutna_queue_slot(q, seqno);
	result = &slot->result;
	lutna_result_fill(result, rec);
	result->error = 0;
	if (result->fault)
		result->error = q->stopping ? -ETIME : -EIO;
	if (slot->cancelled)
		lutna_slot_cancelled(slot);
	q->completed = seqno;
	q->ended = seqno;
	trace_lutna_done(q, seqno, result);
	lutna_slot_signal(slot, result->error);

	if (result->fault) {
		lutna_queue_fail(q, seqno);
		goto out;
	}
	if (q->completed != q->published)
		lutna_queue_arm(q);
	lutna_queue_wake(q);
out:
	spin_unlock(&q->lock);
}

bool lutna_queue_result(struct lutna_queue *q, u64 seqno, struct lutna_job_result *result)
{
	if (seqno > q->ended)
		*result = (struct lutna_job_result) { .error = q->cancel_error };
	else if (seqno + q->depth > q->ended)
		*result = lutna_queue_slot(q, seqno)->result;
	else
		*result = (struct lutna_job_result) { };
	return seqno + q->depth > q->ended;
}
