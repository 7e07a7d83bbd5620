// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA driver: poll() of a context, and eventfds
 *
 * A queue in which something has happened joins its context's list, once, and
 * stays there until REAP gives it to somebody; what happens in it meanwhile
 * tells nobody anything new.  So where nobody ever polls each queue joins the
 * list at its first job and that is that.
 */
#include <linux/eventfd.h>
#include <linux/overflow.h>
#include <linux/uaccess.h>

#include "compat.h"
#include "event.h"
#include "owned.h"
#include "uring.h"

static void lutna_event_note(struct lutna_queue *q)
{
	struct lutna_context *ctx = q->ctx;

	if (q->closed)
		return;
	q->watch &= ~LUTNA_WATCH_REAP;
	spin_lock(&ctx->event_lock);
	list_add_tail(&q->ended_entry, &ctx->ended);
	/* Whoever goes to sleep there looks at the list, under the same lock. */
	if (waitqueue_active(&ctx->poll_wait))
		wake_up_poll(&ctx->poll_wait, EPOLLIN | EPOLLRDNORM);
	spin_unlock(&ctx->event_lock);
}

void lutna_event_ended(struct lutna_queue *q)
{
	if (q->watch & LUTNA_WATCH_REAP)
		lutna_event_note(q);
	if (q->watch & LUTNA_WATCH_EVENTFD)
		eventfd_signal(q->eventfd);
	if (q->watch & LUTNA_WATCH_URING)
		lutna_uring_ended(q);
}

void lutna_event_forget(struct lutna_queue *q)
{
	spin_lock(&q->ctx->event_lock);
	list_del_init(&q->ended_entry);
	spin_unlock(&q->ctx->event_lock);
}

void lutna_event_gone(struct lutna_context *ctx)
{
	wake_up_poll(&ctx->poll_wait, EPOLLERR | EPOLLHUP);
}

__poll_t lutna_file_poll(struct file *file, struct poll_table_struct *table)
{
	struct lutna_context *ctx = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &ctx->poll_wait, table);
	spin_lock_irq(&ctx->event_lock);
	if (!list_empty(&ctx->ended))
		mask |= EPOLLIN | EPOLLRDNORM;
	spin_unlock_irq(&ctx->event_lock);
	if (READ_ONCE(ctx->ldev->dead))
		mask |= EPOLLERR | EPOLLHUP;
	return mask;
}

/**
 * struct lutna_reaping - a REAP under way
 * @count: how many were found
 * @queues: the queues, with references
 * @ended: what is said of them
 */
struct lutna_reaping {
	u32 count;
	struct lutna_queue *queues[LUTNA_CONTEXT_QUEUES];
	struct lutna_ended ended[LUTNA_CONTEXT_QUEUES];
};

/* Those in the list now: what joins it meanwhile would be given a second time. */
static u32 lutna_reap_look(struct lutna_context *ctx, struct lutna_queue **queues, u32 room)
{
	struct lutna_queue *q;
	u32 count = 0;

	spin_lock_irq(&ctx->event_lock);
	list_for_each_entry(q, &ctx->ended, ended_entry) {
		if (count == room)
			break;
		kref_get(&q->ref);
		queues[count++] = q;
	}
	spin_unlock_irq(&ctx->event_lock);
	return count;
}

/* Return: false if somebody else was faster. */
static bool lutna_reap_queue(struct lutna_queue *q, struct lutna_ended *ended)
{
	bool mine;

	spin_lock_irq(&q->lock);
	mine = !(q->watch & LUTNA_WATCH_REAP) && !q->closed;
	if (mine) {
		lutna_event_forget(q);
		q->watch |= LUTNA_WATCH_REAP;
		ended->queue = q->handle;
		ended->state = q->state;
		ended->completed = lutna_queue_ended(q);
	}
	spin_unlock_irq(&q->lock);
	return mine;
}

static void lutna_reap_begin(struct lutna_context *ctx, struct lutna_reaping *reaping,
			     u32 room)
{
	u32 i, found;

	found = lutna_reap_look(ctx, reaping->queues, min_t(u32, room, LUTNA_CONTEXT_QUEUES));
	reaping->count = 0;
	for (i = 0; i < found; i++) {
		struct lutna_queue *q = reaping->queues[i];

		if (lutna_reap_queue(q, &reaping->ended[reaping->count]))
			reaping->queues[reaping->count++] = q;
		else
			lutna_queue_put(q);
	}
}

/* @failed: nobody was told of it, so it is as if it had happened now. */
static void lutna_reap_end(struct lutna_reaping *reaping, bool failed)
{
	u32 i;

	for (i = 0; i < reaping->count; i++) {
		struct lutna_queue *q = reaping->queues[i];

		if (failed) {
			spin_lock_irq(&q->lock);
			if (q->watch & LUTNA_WATCH_REAP)
				lutna_event_note(q);
			spin_unlock_irq(&q->lock);
		}
		lutna_queue_put(q);
	}
}

static int lutna_reap_answer(struct lutna_call *call, const struct lutna_reaping *reaping)
{
	struct lutna_reap *arg = call->arg;
	u32 i;

	for (i = 0; i < reaping->count; i++)
		if (copy_to_user(u64_to_user_ptr(arg->ended + (u64)i * arg->ended_size),
				 &reaping->ended[i], sizeof(reaping->ended[i])))
			return -EFAULT;
	arg->count = reaping->count;
	return lutna_reply(call);
}

int lutna_ioctl_reap(struct lutna_call *call)
{
	struct lutna_reap *arg = call->arg;
	struct lutna_reaping reaping;
	u64 end;
	int ret;

	if (!arg->count || arg->ended_size < sizeof(struct lutna_ended))
		return -EINVAL;
	if (arg->ended_size > PAGE_SIZE)
		return -E2BIG;
	if (check_add_overflow(arg->ended, (u64)arg->count * arg->ended_size, &end))
		return -EOVERFLOW;
	lutna_reap_begin(call->ctx, &reaping, arg->count);
	ret = lutna_reap_answer(call, &reaping);
	lutna_reap_end(&reaping, ret);
	return ret;
}

int lutna_ioctl_queue_event(struct lutna_call *call)
{
	struct lutna_queue_event *arg = call->arg;
	struct eventfd_ctx *eventfd = NULL;
	struct lutna_queue *q;
	int ret = 0;

	if (READ_ONCE(call->ctx->ldev->dead))
		return -ENODEV;
	q = lutna_queue_get(call->ctx, arg->queue);
	if (!q)
		return -ENOENT;
	if (arg->fd != -1) {
		eventfd = eventfd_ctx_fdget(arg->fd);
		ret = PTR_ERR_OR_ZERO(eventfd);
	}
	if (!ret) {
		spin_lock_irq(&q->lock);
		swap(q->eventfd, eventfd);
		if (q->eventfd)
			q->watch |= LUTNA_WATCH_EVENTFD;
		else
			q->watch &= ~LUTNA_WATCH_EVENTFD;
		spin_unlock_irq(&q->lock);
		if (eventfd)
			eventfd_ctx_put(eventfd);
	}
	lutna_queue_put(q);
	return ret;
}
