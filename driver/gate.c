// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA driver: fences that jobs wait for
 *
 * Jobs that wait are in the ring like any other; only the doorbell is held back.
 * A gate stands before the first job of a submission that has fences to wait
 * for, and the device is told of no job behind the first gate that is closed.
 * The fence that is the last to be signalled opens it.
 *
 * A fence calls back with locks of its driver held, or of this driver, maybe in
 * a hard interrupt.  So all that is done there is to count, and to raise the
 * queue's irq_work, which may take the queue's lock.  A gate lets go of its
 * fences in a work item: the release function of other drivers' fences may not
 * be made for an interrupt.
 *
 * That a job waits for itself by way of fences is impossible: a fence is known
 * to nobody before its job has been submitted, with all that it waits for.
 */
#include <linux/file.h>
#include <linux/irq_work.h>
#include <linux/slab.h>
#include <linux/sync_file.h>
#include <linux/uaccess.h>

#include "fence.h"

/**
 * struct lutna_gate_fence - a fence that a gate waits for
 * @cb: called when it is signalled
 * @fence: the fence
 * @gate: the gate
 */
struct lutna_gate_fence {
	struct dma_fence_cb cb;
	struct dma_fence *fence;
	struct lutna_gate *gate;
};

/**
 * struct lutna_gate - a place in a queue that the device may not pass
 * @link: in the queue's gates, in their order; or among those that are to be freed
 * @q: queue
 * @first: sequence number of the first job behind it
 * @last: of the last that belongs to it; 0 as long as there may be more of them
 * @closed: fences that are not signalled, and 1 until the gate has its place
 * @failed: a fence was signalled with an error
 * @nr: number of @fences
 * @fences: what it waits for
 */
struct lutna_gate {
	struct list_head link;
	struct lutna_queue *q;
	u64 first;
	u64 last;
	atomic_t closed;
	bool failed;
	unsigned int nr;
	struct lutna_gate_fence fences[];
};

static void lutna_gate_signalled(struct dma_fence *fence, struct dma_fence_cb *cb)
{
	struct lutna_gate *gate = container_of(cb, struct lutna_gate_fence, cb)->gate;

	if (fence->error)
		WRITE_ONCE(gate->failed, true);
	/* Before and after: whoever sees it open sees @failed. */
	if (atomic_dec_and_test(&gate->closed))
		irq_work_queue(&gate->q->gate_irq);
}

void lutna_gate_free(struct lutna_gate *gate)
{
	unsigned int i;

	if (!gate)
		return;
	for (i = 0; i < gate->nr; i++) {
		struct lutna_gate_fence *gf = &gate->fences[i];

		dma_fence_remove_callback(gf->fence, &gf->cb);
		dma_fence_put(gf->fence);
	}
	kfree(gate);
}

static int lutna_fence_of(s32 fd, struct dma_fence **out)
{
	struct dma_fence *fence = sync_file_get_fence(fd);
	struct file *file;

	if (fence) {
		*out = fence;
		return 0;
	}
	file = fget(fd);
	if (!file)
		return -EBADF;
	fput(file);
	return -EINVAL;
}

/* Takes the reference. */
static void lutna_gate_add(struct lutna_gate *gate, struct dma_fence *fence)
{
	struct lutna_gate_fence *gf = &gate->fences[gate->nr];

	gf->gate = gate;
	gf->fence = fence;
	atomic_inc(&gate->closed);
	if (!dma_fence_add_callback(fence, &gf->cb, lutna_gate_signalled)) {
		gate->nr++;
		return;
	}
	atomic_dec(&gate->closed);
	if (dma_fence_get_status(fence) < 0)
		gate->failed = true;
	dma_fence_put(fence);
}

int lutna_gate_new(struct lutna_queue *q, const s32 __user *user, u32 count,
		   struct lutna_gate **out, bool *failed)
{
	struct dma_fence *fence;
	struct lutna_gate *gate;
	int ret = 0;
	u32 i;
	s32 fd;

	gate = kzalloc(struct_size(gate, fences, count), GFP_KERNEL_ACCOUNT);
	if (!gate)
		return -ENOMEM;
	gate->q = q;
	atomic_set(&gate->closed, 1);
	for (i = 0; i < count && !ret; i++) {
		ret = get_user(fd, &user[i]) ?: lutna_fence_of(fd, &fence);
		if (!ret)
			lutna_gate_add(gate, fence);
	}
	if (!ret)
		*failed = gate->failed;
	if (ret || !gate->nr) {
		lutna_gate_free(gate);
		gate = NULL;
	}
	*out = gate;
	return ret;
}

struct lutna_gate *lutna_gate_place(struct lutna_queue *q, struct lutna_gate *gate,
				    u64 first, bool *failed)
{
	gate->first = first;
	if (atomic_dec_and_test(&gate->closed)) {
		*failed = gate->failed;
		return gate;
	}
	list_add_tail(&gate->link, &q->gates);
	return NULL;
}

struct lutna_gate *lutna_gate_settle(struct lutna_queue *q, u64 first)
{
	struct lutna_gate *gate = list_last_entry(&q->gates, struct lutna_gate, link);

	if (gate->first != first)
		return NULL;
	if (q->submitted >= first) {
		gate->last = q->submitted;
		return NULL;
	}
	list_del(&gate->link);
	return gate;
}

/* The jobs behind it shall not run: make them empty, those to come as well. */
static void lutna_gate_void(struct lutna_gate *gate)
{
	struct lutna_queue *q = gate->q;
	u64 last = gate->last ?: q->written;
	u64 seqno;

	for (seqno = gate->first; seqno <= last; seqno++)
		lutna_queue_void(q, seqno);
	if (!gate->last)
		q->turn_void = true;
}

u64 lutna_gates_pass(struct lutna_queue *q)
{
	struct lutna_gate *gate, *next;

	list_for_each_entry_safe(gate, next, &q->gates, link) {
		if (atomic_read_acquire(&gate->closed))
			return gate->first - 1;
		if (gate->failed)
			lutna_gate_void(gate);
		list_move_tail(&gate->link, &q->gates_open);
		queue_work(q->ctx->ldev->wq, &q->gate_work);
	}
	return q->submitted;
}

static void lutna_gate_irq(struct irq_work *work)
{
	struct lutna_queue *q = container_of(work, struct lutna_queue, gate_irq);
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	if (!lutna_queue_error(q))
		lutna_queue_ring(q);
	spin_unlock_irqrestore(&q->lock, flags);
}

static void lutna_gates_free(struct lutna_queue *q)
{
	struct lutna_gate *gate, *next;
	LIST_HEAD(gates);

	spin_lock_irq(&q->lock);
	list_splice_init(&q->gates_open, &gates);
	if (lutna_queue_error(q))
		list_splice_init(&q->gates, &gates);
	spin_unlock_irq(&q->lock);
	list_for_each_entry_safe(gate, next, &gates, link)
		lutna_gate_free(gate);
}

static void lutna_gate_work(struct work_struct *work)
{
	lutna_gates_free(container_of(work, struct lutna_queue, gate_work));
}

void lutna_gates_init(struct lutna_queue *q)
{
	INIT_LIST_HEAD(&q->gates);
	INIT_LIST_HEAD(&q->gates_open);
	init_irq_work(&q->gate_irq, lutna_gate_irq);
	INIT_WORK(&q->gate_work, lutna_gate_work);
}

void lutna_gates_drop(struct lutna_queue *q)
{
	if (!list_empty(&q->gates))
		queue_work(q->ctx->ldev->wq, &q->gate_work);
}

void lutna_gates_end(struct lutna_queue *q)
{
	cancel_work_sync(&q->gate_work);
	lutna_gates_free(q);
}

void lutna_gates_sync(struct lutna_queue *q)
{
	irq_work_sync(&q->gate_irq);
}
