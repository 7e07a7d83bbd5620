// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA driver: submission of jobs
 *
 * Jobs go straight from the caller's memory into the ring, a few at a time by
 * way of the stack, and the device is told of them once, at the end or before
 * the caller has to wait for room.  The jobs of one call stand together: who
 * has more of them than fit into one step takes the turn, and others wait.
 *
 * Jobs cannot be taken back: all that can fail because of fences is done before
 * the first is taken.
 */
#include <linux/overflow.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "fence.h"
#include "hw.h"
#include "owned.h"
#include "trace.h"
#include "uring.h"

/* Jobs on the stack at once: more than most callers have. */
#define LUTNA_SUBMIT_STEP	16

/* What the ABI says of the addresses of lists and profiles. */
#define LUTNA_JOB_ALIGN		64

#define LUTNA_JOB_KNOWN		LUTNA_JOB_F_PROFILE

/**
 * struct lutna_push - a submission under way
 * @q: queue
 * @flags: LUTNA_SUBMIT_*
 * @whole: jobs that there must be room for from the start, or 0
 * @turn: has the queue's turn
 * @first: sequence number that its first job has, or would have
 * @taken: jobs that were taken, when it is over
 * @gate: the fences to wait for, as long as the queue does not have it; or NULL
 * @failed: one of them was signalled with an error
 * @out: the fence to signal
 */
struct lutna_push {
	struct lutna_queue *q;
	u32 flags;
	u32 whole;
	bool turn;
	u64 first;
	u64 taken;
	struct lutna_gate *gate;
	bool failed;
	struct lutna_out out;
};

static int lutna_job_check(struct lutna_device *ldev, const struct lutna_job *job)
{
	bool profile = job->flags & LUTNA_JOB_F_PROFILE;

	if (job->flags & ~LUTNA_JOB_KNOWN)
		return -EOPNOTSUPP;
	if (profile && !(ldev->facts.features & LUTNA_FEATURE_PROFILE))
		return -EOPNOTSUPP;
	if (job->unit > U8_MAX)
		return -EOPNOTSUPP;
	if (job->reserved || job->count > ldev->facts.max_commands)
		return -EINVAL;
	if (!IS_ALIGNED(job->list, LUTNA_JOB_ALIGN) || (!job->count && job->list))
		return -EINVAL;
	if (!IS_ALIGNED(job->profile, LUTNA_JOB_ALIGN) || (!profile && job->profile))
		return -EINVAL;
	return 0;
}

/*
 * Copies up to @nr jobs and checks them.  Returns how many are good; if that is
 * less than @nr, @error says what is wrong with the next.
 */
static unsigned int lutna_jobs_copy(struct lutna_device *ldev, struct lutna_job *jobs,
				    const void __user *user, u32 size, unsigned int nr,
				    int *error)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		*error = copy_struct_from_user(&jobs[i], sizeof(jobs[i]),
					       user + (size_t)i * size, size);
		if (!*error)
			*error = lutna_job_check(ldev, &jobs[i]);
		if (*error)
			break;
	}
	return i;
}

int lutna_queue_error(const struct lutna_queue *q)
{
	if (q->state == LUTNA_QUEUE_DEAD)
		return -ENODEV;
	if (q->closed)
		return -ENOENT;
	if (q->state == LUTNA_QUEUE_FAULTED)
		return -EBADFD;
	return 0;
}

static bool lutna_queue_full(const struct lutna_queue *q)
{
	return q->written - q->completed == q->depth;
}

void lutna_queue_ring(struct lutna_queue *q)
{
	u64 before = q->published;
	u64 last = list_empty(&q->gates) ? q->submitted : lutna_gates_pass(q);

	if (last == before)
		return;
	q->published = last;
	/* After the entries: writel() has the barrier. */
	writel((u32)last, q->doorbell);
	if (before == q->completed)
		lutna_queue_arm(q);
	trace_lutna_submit(q, before + 1, last);
}

/* What was written is taken. */
static void lutna_queue_publish(struct lutna_queue *q)
{
	q->submitted = q->written;
	lutna_queue_ring(q);
}

static int lutna_push_begin(struct lutna_push *push)
{
	struct lutna_queue *q = push->q;
	int ret;

	if (q->turn && (push->flags & LUTNA_SUBMIT_NONBLOCK))
		return lutna_queue_error(q) ?: -EAGAIN;
	ret = wait_event_interruptible_lock_irq(q->turn_wait,
						!q->turn || lutna_queue_error(q), q->lock);
	if (!ret)
		ret = lutna_queue_error(q);
	if (ret)
		return ret;
	if (push->whole > q->depth - (q->written - q->completed))
		return -EAGAIN;
	q->turn = true;
	push->turn = true;
	push->first = q->submitted + 1;
	if (push->gate)
		push->gate = lutna_gate_place(q, push->gate, push->first, &push->failed);
	q->turn_void = push->failed;
	return 0;
}

static void lutna_push_end(struct lutna_push *push)
{
	struct lutna_queue *q = push->q;

	if (!lutna_queue_error(q))
		lutna_queue_publish(q);
	push->taken = q->submitted + 1 - push->first;
	if (!push->gate && !list_empty(&q->gates))
		push->gate = lutna_gate_settle(q, push->first);
	if (push->taken && push->out.fence)
		lutna_fence_attach(q, q->submitted, push->out.fence);
	push->turn = false;
	q->turn = false;
	/* Whoever goes to sleep there looks again under the lock that is held. */
	if (waitqueue_active(&q->turn_wait))
		wake_up(&q->turn_wait);
}

static int lutna_push_wait_room(struct lutna_push *push)
{
	struct lutna_queue *q = push->q;
	int ret;

	if (!lutna_queue_full(q))
		return 0;
	lutna_queue_publish(q);
	if (push->flags & LUTNA_SUBMIT_NONBLOCK)
		return -EAGAIN;
	ret = wait_event_interruptible_lock_irq(q->room_wait,
						!lutna_queue_full(q) || lutna_queue_error(q),
						q->lock);
	return ret ?: lutna_queue_error(q);
}

void lutna_queue_void(struct lutna_queue *q, u64 seqno)
{
	q->ring[(seqno - 1) & (q->depth - 1)] = (struct lutna_job_entry) {
		.flags = cpu_to_le16(LUTNA_JOB_IRQ),
		.seqno = cpu_to_le64(seqno),
	};
	lutna_queue_slot(q, seqno)->cancelled = true;
}

static void lutna_queue_write(struct lutna_queue *q, const struct lutna_job *job)
{
	u64 seqno = q->written + 1;
	u64 index = (seqno - 1) & (q->depth - 1);
	struct lutna_job_entry *entry = &q->ring[index];
	u16 flags = LUTNA_JOB_IRQ;

	if (job->flags & LUTNA_JOB_F_PROFILE)
		flags |= LUTNA_JOB_PROFILE;
	entry->list = cpu_to_le64(job->list);
	entry->count = cpu_to_le32(job->count);
	entry->flags = cpu_to_le16(flags);
	entry->unit = job->unit;
	entry->seqno = cpu_to_le64(seqno);
	entry->profile = cpu_to_le64(job->profile);
	q->slots[index].timeout = job->timeout_ns ? lutna_timeout(job->timeout_ns) : q->timeout;
	q->written = seqno;
	if (q->turn_void)
		lutna_queue_void(q, seqno);
}

/* @more: the caller will come back, with more jobs or with none. */
static int lutna_push_jobs(struct lutna_push *push, const struct lutna_job *jobs,
			   unsigned int nr, bool more)
{
	struct lutna_queue *q = push->q;
	unsigned int i;
	int ret;

	spin_lock_irq(&q->lock);
	ret = push->turn ? lutna_queue_error(q) : lutna_push_begin(push);
	for (i = 0; i < nr && !ret; i++) {
		ret = lutna_push_wait_room(push);
		if (!ret)
			lutna_queue_write(q, &jobs[i]);
	}
	if (push->turn && (ret || !more))
		lutna_push_end(push);
	spin_unlock_irq(&q->lock);
	return ret;
}

static int lutna_submit_jobs(struct lutna_push *push, const struct lutna_submit *arg)
{
	const void __user *user = u64_to_user_ptr(arg->jobs);
	struct lutna_job jobs[LUTNA_SUBMIT_STEP];
	u32 left = arg->job_count;
	int ret;

	do {
		unsigned int nr = min_t(u32, left, LUTNA_SUBMIT_STEP);
		unsigned int good;
		int bad;

		good = lutna_jobs_copy(push->q->ctx->ldev, jobs, user, arg->job_size, nr, &bad);
		if (bad && !good && !push->turn)
			return bad;
		left -= good;
		user += (size_t)good * arg->job_size;
		ret = lutna_push_jobs(push, jobs, good, left && !bad) ?: bad;
	} while (left && !ret);
	return ret;
}

/* All that the caller wants of fences. */
static int lutna_push_fences(struct lutna_push *push, const struct lutna_submit *arg)
{
	int ret = 0;

	if (arg->in_fence_count)
		ret = lutna_gate_new(push->q, u64_to_user_ptr(arg->in_fences),
				     arg->in_fence_count, &push->gate, &push->failed);
	if (!ret && (arg->flags & LUTNA_SUBMIT_OUT_FENCE))
		ret = lutna_out_open(&push->out, push->q);
	return ret;
}

static int lutna_submit_check_fences(const struct lutna_call *call)
{
	const struct lutna_submit *arg = call->arg;
	bool out = arg->flags & LUTNA_SUBMIT_OUT_FENCE;

	if (arg->in_fence_count > LUTNA_SUBMIT_FENCES_MAX ||
	    (!arg->in_fence_count && arg->in_fences))
		return -EINVAL;
	if (out && call->size < offsetofend(struct lutna_submit, out_fence))
		return -EINVAL;
	return !out && arg->out_fence ? -EINVAL : 0;
}

static int lutna_submit_check(const struct lutna_call *call)
{
	const struct lutna_submit *arg = call->arg;
	u64 end;

	if (arg->reserved || !arg->job_count || arg->job_size < sizeof(struct lutna_job))
		return -EINVAL;
	if (arg->job_size > PAGE_SIZE)
		return -E2BIG;
	if (check_add_overflow(arg->jobs, (u64)arg->job_count * arg->job_size, &end))
		return -EOVERFLOW;
	return lutna_submit_check_fences(call);
}

static int lutna_submit_answer(struct lutna_call *call, struct lutna_push *push)
{
	struct lutna_submit *arg = call->arg;
	int ret;

	arg->job_count = push->taken;
	arg->seqno = push->first + push->taken - 1;
	if (push->out.fence)
		arg->out_fence = push->out.fd;
	ret = lutna_reply(call);
	if (!ret)
		lutna_out_install(&push->out);
	return ret;
}

int lutna_ioctl_submit(struct lutna_call *call)
{
	struct lutna_submit *arg = call->arg;
	struct lutna_push push = { .flags = arg->flags };
	int ret;

	ret = lutna_submit_check(call);
	if (ret)
		return ret;
	/* Can the answer be given?  See by giving the caller his own words. */
	ret = lutna_reply(call);
	if (ret)
		return ret;
	push.q = lutna_queue_get(call->ctx, arg->queue);
	if (!push.q)
		return -ENOENT;
	if (call->ticket && call->ticket->nonblock) {
		push.flags |= LUTNA_SUBMIT_NONBLOCK;
		push.whole = arg->job_count;
	}
	/* Two hands in one ring would be one too many. */
	ret = push.q->owned ? -EOPNOTSUPP : lutna_push_fences(&push, arg);
	if (!ret)
		ret = lutna_submit_jobs(&push, arg);
	if (push.taken)
		ret = lutna_submit_answer(call, &push);
	lutna_out_close(&push.out);
	lutna_gate_free(push.gate);
	if (!ret && call->ticket) {
		call->ticket->q = push.q;
		call->ticket->seqno = arg->seqno;
	} else {
		lutna_queue_put(push.q);
	}
	return ret;
}
