// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA driver: queues that processes own
 *
 * The process writes jobs and rings, the device runs them and writes how far it
 * is, and the kernel learns of it when it wants to: from the completion ring, on
 * behalf of somebody who waits, or when that is half full.  What a process can
 * write is trusted for nothing: jobs are counted by what the device says of its
 * head.
 *
 * How many jobs were rung for only the device knows.  So as long as the queue
 * runs @completed, @ended, @submitted, @published are the same, and any job that the ring
 * has room for may be waited for; when it ends all of these do.
 */
#include <linux/jiffies.h>
#include <linux/slab.h>

#include "bo.h"
#include "hw.h"
#include "owned.h"

/* Each look of the timer costs two accesses to registers. */
#define LUTNA_OWNED_LOOK	msecs_to_jiffies(10)

bool lutna_owned_supported(const struct lutna_device *ldev)
{
	const u64 need = LUTNA_FEATURE_OWNED_QUEUES | LUTNA_FEATURE_SEQ_WRITE;

	return (ldev->facts.features & need) == need && PAGE_SIZE == LUTNA_DOORBELL_PAGE;
}

static int lutna_owned_memory(struct lutna_context *ctx, unsigned long nr_pages,
			      struct lutna_bo **out)
{
	struct lutna_memory *mem;
	int ret;

	mem = lutna_memory_new(nr_pages);
	if (!mem)
		return -ENOMEM;
	ret = lutna_memory_fill(mem, ctx->ldev->dma32, false);
	if (!ret)
		ret = lutna_bo_new(ctx, mem, false, out);
	lutna_memory_put(mem);
	return ret;
}

/* Where the kernel sees page @index of the memory. */
static void *lutna_owned_page(struct lutna_owned *owned, unsigned long index)
{
	return page_address(lutna_memory_page(owned->bo->memory, index));
}

int lutna_owned_new(struct lutna_queue *q)
{
	unsigned long ring_pages = PFN_UP(q->depth * sizeof(struct lutna_job_entry));
	struct lutna_owned *owned;
	int ret;

	owned = kzalloc(sizeof(*owned), GFP_KERNEL_ACCOUNT);
	if (!owned)
		return -ENOMEM;
	/* The ring comes first: a power of two, so one piece if there is one. */
	ret = lutna_owned_memory(q->ctx, ring_pages + 1, &owned->bo);
	if (ret) {
		kfree(owned);
		return ret;
	}
	owned->progress_at = (u64)ring_pages << PAGE_SHIFT;
	owned->progress = lutna_owned_page(owned, ring_pages);
	q->owned = owned;
	timer_setup(&q->timer, lutna_owned_timer, 0);
	return 0;
}

void lutna_owned_free(struct lutna_queue *q)
{
	if (!q->owned)
		return;
	lutna_bo_put(q->owned->bo);
	kfree(q->owned);
	q->owned = NULL;
}

int lutna_owned_ring(struct lutna_queue *q)
{
	struct lutna_owned *owned = q->owned;

	if (lutna_bo_run(owned->bo, 0, &q->ring_dma) < owned->progress_at)
		return -ENOMEM;
	lutna_bo_run(owned->bo, owned->progress_at, &q->seq_dma);
	q->seq_dma += offsetof(struct lutna_progress, seqno);
	q->ring = lutna_owned_page(owned, 0);
	return 0;
}

static unsigned long lutna_owned_next_look(const struct lutna_queue *q)
{
	return jiffies + max(q->timeout, LUTNA_OWNED_LOOK);
}

void lutna_owned_begin(struct lutna_queue *q)
{
	mod_timer(&q->timer, lutna_owned_next_look(q));
}

int lutna_owned_publish(struct lutna_queue *q, struct lutna_call *call)
{
	struct lutna_queue_create *arg = call->arg;
	struct lutna_bo *bo = q->owned->bo;

	arg->ring_bytes = lutna_bo_bytes(bo);
	arg->progress = q->owned->progress_at;
	arg->doorbell_offset = lutna_doorbell_offset(q->ctx);
	arg->doorbell = LUTNA_DOORBELL_USER(0, q->id) % LUTNA_DOORBELL_PAGE;
	kref_get(&bo->ref);
	return lutna_bo_publish(call, bo, &arg->ring, &arg->ring_offset);
}

void lutna_owned_drain(struct lutna_queue *q)
{
	struct lutna_device *ldev = q->ctx->ldev;

	if (!q->owned)
		return;
	down_read(&ldev->hw_sem);
	if (!ldev->dead)
		lutna_cq_drain(q->cq);
	up_read(&ldev->hw_sem);
}

u64 lutna_owned_rung(struct lutna_queue *q)
{
	struct lutna_device *ldev = q->ctx->ldev;
	u32 tail = 0;
	s32 more = 0;
	u64 rung;

	if (!q->owned)
		return 0;
	lutna_owned_drain(q);
	down_read(&ldev->hw_sem);
	spin_lock_irq(&q->lock);
	if (!ldev->dead && q->state == LUTNA_QUEUE_ACTIVE) {
		tail = lutna_hw_read32(ldev, LUTNA_REG_QUEUE(q->id) + LUTNA_Q_TAIL);
		more = tail - (u32)q->completed;
	}
	rung = more > 0 ? q->completed + more : 0;
	spin_unlock_irq(&q->lock);
	up_read(&ldev->hw_sem);
	return rung;
}

/*
 * Nobody tells when a job begins, so its time is counted in looks: it is late
 * if it was there at the last one already.
 */
void lutna_owned_timer(struct timer_list *timer)
{
	struct lutna_queue *q = from_timer(q, timer, timer);
	struct lutna_device *ldev = q->ctx->ldev;
	struct lutna_owned *owned = q->owned;
	u32 reg = LUTNA_REG_QUEUE(q->id);
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	/* An active queue has a device that answers: see lock order. */
	if (q->state == LUTNA_QUEUE_ACTIVE && !q->closed) {
		u32 head = lutna_hw_read32(ldev, reg + LUTNA_Q_HEAD);
		bool pending = head != lutna_hw_read32(ldev, reg + LUTNA_Q_TAIL);

		if (pending && owned->pending && head == owned->looked) {
			owned->suspect = true;
			queue_work(ldev->wq, &q->work);
		}
		owned->looked = head;
		owned->pending = pending;
		mod_timer(&q->timer, lutna_owned_next_look(q));
	}
	spin_unlock_irqrestore(&q->lock, flags);
}

u64 lutna_owned_late(struct lutna_queue *q)
{
	struct lutna_owned *owned = q->owned;
	u64 late = 0;

	lutna_cq_drain(q->cq);
	spin_lock_irq(&q->lock);
	if (q->state == LUTNA_QUEUE_ACTIVE && owned->suspect &&
	    (u32)q->completed == owned->looked) {
		late = q->completed + 1;
		q->stopping = true;
	}
	owned->suspect = false;
	spin_unlock_irq(&q->lock);
	return late;
}

u64 lutna_owned_seqno(struct lutna_queue *q, const struct lutna_completion *rec)
{
	u64 seqno = q->completed + 1;

	if (q->completed != q->ended || le32_to_cpu(rec->head) != (u32)seqno)
		return 0;
	q->submitted = seqno;
	q->published = seqno;
	q->written = seqno;
	return seqno;
}

void lutna_owned_expect(struct lutna_queue *q)
{
	if (q->owned && q->completed == q->ended) {
		q->submitted = q->completed + q->depth;
		q->published = q->submitted;
	}
}

void lutna_owned_tell(struct lutna_queue *q)
{
	if (q->owned)
		WRITE_ONCE(q->owned->progress->state, cpu_to_le32(q->state));
}

/* Unless the device was asked for an interrupt that comes no later already. */
void lutna_owned_arm(struct lutna_queue *q, u64 seqno)
{
	struct lutna_owned *owned = q->owned;

	if (!owned || q->state != LUTNA_QUEUE_ACTIVE)
		return;
	if (owned->armed > q->completed && owned->armed <= seqno)
		return;
	owned->armed = seqno;
	lutna_hw_write32(q->ctx->ldev, LUTNA_REG_QUEUE(q->id) + LUTNA_Q_ARM, seqno);
}

/*
 * The device interrupts for the one who waits for least.  Nobody else is to be
 * woken before that; then it is the turn of whoever waits for least of the rest.
 */
void lutna_owned_wake(struct lutna_queue *q)
{
	struct lutna_owned *owned = q->owned;

	if (q->state == LUTNA_QUEUE_ACTIVE && q->completed < owned->armed)
		return;
	owned->want = U64_MAX;
	wake_up(&q->done_wait);
	if (owned->want != U64_MAX)
		lutna_owned_arm(q, owned->want);
}
