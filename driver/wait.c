// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA driver: waiting for jobs, one or many
 *
 * Whoever waits stands in done_wait of the queue, with the number of his job,
 * and is woken when that has ended and not before.
 */
#include <linux/hrtimer.h>
#include <linux/overflow.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "owned.h"

/**
 * struct lutna_sleep - a thread that waits for jobs
 * @task: the thread
 * @left: how many jobs have to end yet; it may go below 0
 */
struct lutna_sleep {
	struct task_struct *task;
	atomic_t left;
};

/**
 * struct lutna_waiter - one job that a thread waits for
 * @entry: in done_wait of the queue, or in no list
 * @q: queue, with a reference
 * @seqno: the job
 * @sleep: the thread
 */
struct lutna_waiter {
	struct wait_queue_entry entry;
	struct lutna_queue *q;
	u64 seqno;
	struct lutna_sleep *sleep;
};

/* Called with the queue's lock held: wakes those only whose job has ended. */
static int lutna_waiter_wake(struct wait_queue_entry *entry, unsigned int mode,
			     int flags, void *key)
{
	struct lutna_waiter *waiter = container_of(entry, struct lutna_waiter, entry);

	if (waiter->q->completed < waiter->seqno) {
		lutna_owned_want(waiter->q, waiter->seqno);
		return 0;
	}
	list_del_init(&entry->entry);
	if (atomic_dec_return(&waiter->sleep->left) <= 0)
		wake_up_process(waiter->sleep->task);
	return 1;
}

/* Return: 1 if it waits, 0 if the job has ended already, or -ENOENT. */
static int lutna_waiter_add(struct lutna_waiter *waiter)
{
	struct lutna_queue *q = waiter->q;

	if (!waiter->seqno || waiter->seqno > lutna_queue_newest(q))
		return -ENOENT;
	if (q->completed >= waiter->seqno) {
		atomic_dec(&waiter->sleep->left);
		return 0;
	}
	add_wait_queue(&q->done_wait, &waiter->entry);
	lutna_owned_arm(q, waiter->seqno);
	return 1;
}

/* Return: whether the job has ended. */
static bool lutna_waiter_remove(struct lutna_waiter *waiter)
{
	/* Whoever wakes does it with the queue's lock: he is done with it. */
	if (!list_empty(&waiter->entry.entry))
		remove_wait_queue(&waiter->q->done_wait, &waiter->entry);
	return waiter->q->completed >= waiter->seqno;
}

static void lutna_waiter_init(struct lutna_waiter *waiter, struct lutna_sleep *sleep)
{
	init_waitqueue_func_entry(&waiter->entry, lutna_waiter_wake);
	INIT_LIST_HEAD(&waiter->entry.entry);
	waiter->sleep = sleep;
}

/* Return: 0, -ETIMEDOUT or -ERESTARTSYS. */
static int lutna_sleep(struct lutna_sleep *sleep, ktime_t deadline)
{
	int ret = 0;

	if (deadline <= ktime_get())
		return -ETIMEDOUT;
	for (;;) {
		set_current_state(TASK_INTERRUPTIBLE);
		if (atomic_read(&sleep->left) <= 0)
			break;
		if (signal_pending(current)) {
			ret = -ERESTARTSYS;
			break;
		}
		if (!schedule_hrtimeout_range(&deadline, current->timer_slack_ns,
					      HRTIMER_MODE_ABS)) {
			ret = -ETIMEDOUT;
			break;
		}
	}
	__set_current_state(TASK_RUNNING);
	return ret;
}

/* Waits for arg->seqno, and says how it ended. */
static int lutna_queue_wait(struct lutna_queue *q, struct lutna_wait *arg)
{
	struct lutna_sleep sleep = { .task = current, .left = ATOMIC_INIT(1) };
	struct lutna_waiter waiter = { .q = q, .seqno = arg->seqno };
	int ret;

	lutna_waiter_init(&waiter, &sleep);
	lutna_owned_drain(q);
	spin_lock_irq(&q->lock);
	ret = lutna_waiter_add(&waiter);
	if (ret > 0) {
		spin_unlock_irq(&q->lock);
		ret = lutna_sleep(&sleep, arg->deadline_ns);
		spin_lock_irq(&q->lock);
		/* The last look counts. */
		if (lutna_waiter_remove(&waiter))
			ret = 0;
	}
	if (!ret)
		arg->known = lutna_queue_result(q, arg->seqno, &arg->result);
	spin_unlock_irq(&q->lock);
	return ret;
}

/*
 * Sets arg->seqno to the newest job.  A restart after a signal must not wait
 * for later ones, so before there is a reason to sleep the caller's structure
 * gets the number too: he then comes back with it.
 */
static int lutna_wait_newest(struct lutna_call *call, struct lutna_queue *q)
{
	struct lutna_wait __user *user = call->user;
	struct lutna_wait *arg = call->arg;
	u64 rung = lutna_owned_rung(q);
	bool ended;

	spin_lock_irq(&q->lock);
	arg->seqno = max(q->submitted, rung);
	ended = q->completed >= arg->seqno;
	spin_unlock_irq(&q->lock);
	if (!ended && put_user(arg->seqno, &user->seqno))
		return -EFAULT;
	return 0;
}

int lutna_ioctl_wait(struct lutna_call *call)
{
	struct lutna_wait *arg = call->arg;
	struct lutna_queue *q;
	bool never_any = false;
	int ret = 0;

	q = lutna_queue_get(call->ctx, arg->queue);
	if (!q)
		return -ENOENT;
	if ((arg->flags & LUTNA_WAIT_LAST) && !arg->seqno) {
		ret = lutna_wait_newest(call, q);
		never_any = !arg->seqno;
	}
	if (never_any) {
		arg->known = 0;
		arg->result = (struct lutna_job_result) { };
	} else if (!ret) {
		ret = lutna_queue_wait(q, arg);
	}
	lutna_queue_put(q);
	return ret ?: lutna_reply(call);
}

/**
 * struct lutna_many - a wait for many jobs
 * @sleep: the thread
 * @count: how many @waiters are initialised
 * @waiters: the jobs
 */
struct lutna_many {
	struct lutna_sleep sleep;
	u32 count;
	struct lutna_waiter waiters[];
};

static int lutna_many_check(const struct lutna_wait_many *arg)
{
	u64 end;

	if (arg->reserved || !arg->count || arg->count > LUTNA_WAIT_ITEMS ||
	    arg->item_size < sizeof(struct lutna_wait_item))
		return -EINVAL;
	if (arg->item_size > PAGE_SIZE)
		return -E2BIG;
	if (check_add_overflow(arg->items, (u64)arg->count * arg->item_size, &end))
		return -EOVERFLOW;
	return 0;
}

static struct lutna_wait_item __user *lutna_many_item(const struct lutna_wait_many *arg,
						      u32 index)
{
	return u64_to_user_ptr(arg->items + (u64)index * arg->item_size);
}

/* Return: 0, or -errno and what is in @many is to be let go as after success. */
static int lutna_many_begin(struct lutna_context *ctx, struct lutna_many *many,
			    const struct lutna_wait_many *arg)
{
	int ret = 0;

	while (many->count < arg->count && ret >= 0) {
		struct lutna_waiter *waiter = &many->waiters[many->count];
		struct lutna_wait_item item;

		ret = copy_struct_from_user(&item, sizeof(item),
					    lutna_many_item(arg, many->count),
					    arg->item_size);
		if (ret)
			break;
		waiter->q = lutna_queue_get(ctx, item.queue);
		if (!waiter->q)
			return -ENOENT;
		waiter->seqno = item.seqno;
		lutna_waiter_init(waiter, &many->sleep);
		many->count++;
		lutna_owned_drain(waiter->q);
		spin_lock_irq(&waiter->q->lock);
		ret = lutna_waiter_add(waiter);
		spin_unlock_irq(&waiter->q->lock);
	}
	return min(ret, 0);
}

/* Lets go of all.  Return: a bit for each whose job has ended. */
static u64 lutna_many_end(struct lutna_many *many)
{
	u64 ended = 0;
	u32 i;

	for (i = 0; i < many->count; i++) {
		struct lutna_waiter *waiter = &many->waiters[i];

		spin_lock_irq(&waiter->q->lock);
		if (lutna_waiter_remove(waiter))
			ended |= BIT_ULL(i);
		spin_unlock_irq(&waiter->q->lock);
		lutna_queue_put(waiter->q);
	}
	return ended;
}

static int lutna_many_answer(const struct lutna_wait_many *arg, u64 ended)
{
	u32 i;

	for (i = 0; i < arg->count; i++)
		if (put_user((u32)(ended >> i & 1), &lutna_many_item(arg, i)->ended))
			return -EFAULT;
	return 0;
}

int lutna_ioctl_wait_many(struct lutna_call *call)
{
	struct lutna_wait_many *arg = call->arg;
	bool all = arg->flags & LUTNA_WAIT_ALL;
	struct lutna_many *many;
	u64 ended;
	int ret;

	BUILD_BUG_ON(LUTNA_WAIT_ITEMS > BITS_PER_LONG_LONG);
	ret = lutna_many_check(arg);
	if (ret)
		return ret;
	many = kmalloc(struct_size(many, waiters, arg->count), GFP_KERNEL_ACCOUNT);
	if (!many)
		return -ENOMEM;
	many->sleep.task = current;
	atomic_set(&many->sleep.left, all ? arg->count : 1);
	many->count = 0;

	ret = lutna_many_begin(call->ctx, many, arg);
	if (!ret && atomic_read(&many->sleep.left) > 0)
		ret = lutna_sleep(&many->sleep, arg->deadline_ns);
	ended = lutna_many_end(many);
	kfree(many);

	if (ret && ret != -ETIMEDOUT && ret != -ERESTARTSYS)
		return ret;
	/* The last look counts. */
	if (all ? hweight64(ended) == arg->count : !!ended)
		ret = 0;
	if (ret == -ERESTARTSYS)
		return ret;
	if (lutna_many_answer(arg, ended))
		return -EFAULT;
	if (ret)
		return ret;
	arg->first = __ffs64(ended);
	return lutna_reply(call);
}
