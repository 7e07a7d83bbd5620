// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA driver: commands of io_uring
 *
 * A command waits in the slot of its job, with nothing allocated: what has to be
 * known of it fits into the bytes that io_uring leaves to the driver.  At the
 * job's end the result is put there, and the ring's own task completes it.
 *
 * A command holds the file, so the context outlives it; the queue it holds by a
 * reference.  io_uring may want to cancel it at any moment until it is told
 * that it is done: lutna_context.uring_lock is what makes @q safe to look at.
 */
#include "compat.h"
#include "event.h"
#include "uring.h"

/*
 * In io_uring_cmd.flags, where the highest 8 bits are the kernel's own: SUBMIT
 * comes a second time, from a thread that may sleep.
 */
#define LUTNA_URING_AGAIN	BIT(24)

/**
 * struct lutna_uring - a command that waits for a job
 * @entry: in the slot of the job; unhashed: not there yet, or not any more
 * @error: how the job ended; once it is not there any more
 * @q: queue, with a reference; NULL once it was given back
 * @seqno: the job
 * @submit: before there is one, with LUTNA_URING_AGAIN: lutna_uring_submit.submit
 */
struct lutna_uring {
	union {
		struct hlist_node entry;
		int error;
	};
	struct lutna_queue *q;
	union {
		u64 seqno;
		u64 submit;
	};
};

static struct lutna_uring *lutna_uring(struct io_uring_cmd *cmd)
{
	BUILD_BUG_ON(sizeof(struct lutna_uring) > sizeof(cmd->pdu));
	/* So that what tells whether it is hashed survives. */
	BUILD_BUG_ON(offsetofend(struct lutna_uring, error) >
		     offsetof(struct lutna_uring, entry.pprev));
	return (void *)cmd->pdu;
}

static struct io_uring_cmd *lutna_uring_cmd(struct lutna_uring *uring)
{
	return container_of((void *)uring, struct io_uring_cmd, pdu);
}

/* The queue's lock is held. */
static int lutna_uring_result(const struct lutna_uring *uring)
{
	struct lutna_job_result result;

	lutna_queue_result(uring->q, uring->seqno, &result);
	return result.error;
}

/* It waits for nothing now. */
static void lutna_uring_done(struct io_uring_cmd *cmd, int error, unsigned int issue_flags)
{
	struct lutna_uring *uring = lutna_uring(cmd);
	struct lutna_context *ctx = uring->q->ctx;
	struct lutna_queue *q = uring->q;

	spin_lock(&ctx->uring_lock);
	uring->q = NULL;
	spin_unlock(&ctx->uring_lock);
	lutna_queue_put(q);
	io_uring_cmd_done(cmd, error, uring->seqno, issue_flags);
}

static void lutna_uring_task(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	lutna_uring_done(cmd, lutna_uring(cmd)->error, issue_flags);
}

static void lutna_uring_leave(struct lutna_uring *uring)
{
	struct lutna_queue *q = uring->q;

	hlist_del_init(&uring->entry);
	if (!--q->uring_count)
		q->watch &= ~LUTNA_WATCH_URING;
}

void lutna_uring_ended(struct lutna_queue *q)
{
	while (q->uring_told < q->completed && q->uring_count) {
		struct lutna_slot *slot = lutna_queue_slot(q, ++q->uring_told);
		struct lutna_uring *uring;
		struct hlist_node *next;

		hlist_for_each_entry_safe(uring, next, &slot->uring, entry) {
			int error = lutna_uring_result(uring);

			lutna_uring_leave(uring);
			uring->error = error;
			io_uring_cmd_complete_in_task(lutna_uring_cmd(uring),
						      lutna_uring_task);
		}
	}
}

/* Return: false if the job has ended already; then @error says how. */
static bool lutna_uring_enter(struct lutna_uring *uring, int *error)
{
	struct lutna_queue *q = uring->q;
	bool waits;

	spin_lock_irq(&q->lock);
	waits = uring->seqno > q->completed;
	if (waits) {
		hlist_add_head(&uring->entry, &lutna_queue_slot(q, uring->seqno)->uring);
		if (!q->uring_count++) {
			q->watch |= LUTNA_WATCH_URING;
			q->uring_told = q->completed;
		}
	} else {
		*error = lutna_uring_result(uring);
	}
	spin_unlock_irq(&q->lock);
	return waits;
}

/* Takes over the reference of @q. */
static int lutna_uring_begin(struct io_uring_cmd *cmd, struct lutna_queue *q, u64 seqno,
			     unsigned int issue_flags)
{
	struct lutna_uring *uring = lutna_uring(cmd);
	int error;

	INIT_HLIST_NODE(&uring->entry);
	uring->q = q;
	uring->seqno = seqno;
	/* Before it can end: a command that has ended must not be marked. */
	io_uring_cmd_mark_cancelable(cmd, issue_flags);
	if (!lutna_uring_enter(uring, &error))
		lutna_uring_done(cmd, error, issue_flags);
	return -EIOCBQUEUED;
}

static int lutna_uring_submit(struct lutna_context *ctx, struct io_uring_cmd *cmd,
			      unsigned int issue_flags)
{
	const struct lutna_uring_submit *arg = lutna_uring_payload(cmd);
	struct lutna_uring *uring = lutna_uring(cmd);
	struct lutna_ticket ticket = {
		.nonblock = issue_flags & IO_URING_F_NONBLOCK,
	};
	u64 submit;
	int ret;

	/*
	 * By the second time the process may have used the SQE for something
	 * else, and not every kernel has made a copy of it for us.
	 */
	if (cmd->flags & LUTNA_URING_AGAIN) {
		submit = uring->submit;
	} else {
		submit = READ_ONCE(arg->submit);
		if (READ_ONCE(arg->reserved))
			return -EINVAL;
	}
	ret = lutna_call_submit(ctx, u64_to_user_ptr(submit), &ticket);
	if (ret == -EAGAIN) {
		uring->submit = submit;
		cmd->flags |= LUTNA_URING_AGAIN;
		return ret;
	}
	/* Only a thread of io_uring's waits here, and a signal to it is its end. */
	if (ret == -ERESTARTSYS)
		return -EINTR;
	if (ret)
		return ret;
	return lutna_uring_begin(cmd, ticket.q, ticket.seqno, issue_flags);
}

static int lutna_uring_wait(struct lutna_context *ctx, struct io_uring_cmd *cmd,
			    unsigned int issue_flags)
{
	const struct lutna_uring_wait *arg = lutna_uring_payload(cmd);
	u64 seqno = READ_ONCE(arg->seqno);
	struct lutna_queue *q;
	int ret = 0;

	if (READ_ONCE(arg->flags))
		return -EOPNOTSUPP;
	q = lutna_queue_get(ctx, READ_ONCE(arg->queue));
	if (!q)
		return -ENOENT;
	spin_lock_irq(&q->lock);
	/* Of jobs that it was not told of the driver knows too late. */
	if (q->owned)
		ret = -EOPNOTSUPP;
	else if (!seqno || seqno > q->submitted)
		ret = -ENOENT;
	spin_unlock_irq(&q->lock);
	if (ret) {
		lutna_queue_put(q);
		return ret;
	}
	return lutna_uring_begin(cmd, q, seqno, issue_flags);
}

/*
 * If it does not wait yet io_uring will ask again; if it does not wait any more
 * it is about to be completed.
 */
static void lutna_uring_cancel(struct lutna_context *ctx, struct io_uring_cmd *cmd,
			       unsigned int issue_flags)
{
	struct lutna_uring *uring = lutna_uring(cmd);
	bool waits = false;

	spin_lock(&ctx->uring_lock);
	if (uring->q) {
		spin_lock_irq(&uring->q->lock);
		waits = !hlist_unhashed(&uring->entry);
		if (waits)
			lutna_uring_leave(uring);
		spin_unlock_irq(&uring->q->lock);
	}
	spin_unlock(&ctx->uring_lock);
	if (waits)
		lutna_uring_done(cmd, -ECANCELED, issue_flags);
}

int lutna_file_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags)
{
	struct lutna_context *ctx = cmd->file->private_data;

	if (issue_flags & IO_URING_F_CANCEL) {
		lutna_uring_cancel(ctx, cmd, issue_flags);
		return 0;
	}
	switch (cmd->cmd_op) {
	case LUTNA_URING_SUBMIT:
		return lutna_uring_submit(ctx, cmd, issue_flags);
	case LUTNA_URING_WAIT:
		return lutna_uring_wait(ctx, cmd, issue_flags);
	default:
		return -ENOTTY;
	}
}
