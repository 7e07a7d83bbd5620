// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA driver: recovery, from one queue to the whole device
 *
 * A fault stops its queue; the device needs no more than a reset of that queue.
 * A job whose time is over is stopped by the device.  Only a device that does
 * not do as it is told is reset as a whole, at the expense of everybody's jobs.
 * If that does not help either it is taken off the bus and is dead.
 */
#include "event.h"
#include "hw.h"
#include "owned.h"

int lutna_hw_reset(struct lutna_device *ldev)
{
	lutna_hw_write32(ldev, LUTNA_REG_CTRL, LUTNA_CTRL_RESET);
	return lutna_hw_poll(ldev, LUTNA_REG_STATUS, LUTNA_STATUS_RESET_BUSY, 0);
}

void lutna_hw_start(struct lutna_device *ldev)
{
	struct lutna_context *ctx;
	unsigned long id;

	lutna_cq_enable_all(ldev);
	xa_for_each(&ldev->contexts, id, ctx)
		if (ctx->vm.enabled)
			lutna_vm_enable(ctx);
	lutna_hw_write32(ldev, LUTNA_REG_CTRL, LUTNA_CTRL_ENABLE);
}

typedef void (*lutna_context_fn)(struct lutna_context *ctx);

/* hw_sem is held for writing. */
static void lutna_all_contexts(struct lutna_device *ldev, lutna_context_fn fn)
{
	struct lutna_context *ctx;
	unsigned long id;

	xa_for_each(&ldev->contexts, id, ctx)
		fn(ctx);
}

typedef void (*lutna_queue_fn)(struct lutna_queue *q);

/* All queues that the device works for; hw_sem is held for writing. */
static void lutna_all_queues(struct lutna_device *ldev, lutna_queue_fn fn)
{
	unsigned int i, id;

	for (i = 0; i < ldev->nr_cqs; i++)
		for (id = 0; id < ldev->facts.nr_queues; id++)
			if (ldev->cqs[i].queues[id])
				fn(ldev->cqs[i].queues[id]);
}

/*
 * No doorbells from now on; what is pending does not end before the reset.
 * Whoever comes meanwhile is told what he would be told after it.
 */
static void lutna_queue_freeze(struct lutna_queue *q)
{
	spin_lock_irq(&q->lock);
	if (q->ctx->ldev->dead)
		q->state = LUTNA_QUEUE_DEAD;
	else if (q->state == LUTNA_QUEUE_ACTIVE)
		q->state = LUTNA_QUEUE_FAULTED;
	spin_unlock_irq(&q->lock);
}

static void lutna_queue_reset_done(struct lutna_queue *q)
{
	spin_lock_irq(&q->lock);
	lutna_queue_end(q, LUTNA_QUEUE_FAULTED, q->stopping ? -ETIME : -EIO, -ECANCELED);
	spin_unlock_irq(&q->lock);
}

static void lutna_queue_die(struct lutna_queue *q)
{
	spin_lock_irq(&q->lock);
	lutna_queue_end(q, LUTNA_QUEUE_DEAD, 0, -ENODEV);
	spin_unlock_irq(&q->lock);
}

static void lutna_mask_interrupts(struct lutna_device *ldev, bool mask)
{
	unsigned int i;

	for (i = 0; i < ldev->nr_cqs; i++) {
		if (mask)
			disable_irq(ldev->cqs[i].irq);
		else
			enable_irq(ldev->cqs[i].irq);
	}
}

/* hw_sem is held for writing and the interrupts are off. */
static void lutna_device_reset_locked(struct lutna_device *ldev)
{
	unsigned int i;
	int ret;

	lutna_all_queues(ldev, lutna_queue_freeze);
	/* Processes ring no doorbells until hw_sem is free again. */
	lutna_all_contexts(ldev, lutna_doorbell_zap);
	ret = lutna_hw_reset(ldev);
	if (ret) {
		dev_err(lutna_dev(ldev), "does not come out of reset (%d): given up\n", ret);
		pci_clear_master(ldev->pdev);
		ldev->dead = true;
	}
	/* What had ended before still counts. */
	for (i = 0; i < ldev->nr_cqs; i++)
		lutna_cq_drain(&ldev->cqs[i]);
	if (ldev->dead) {
		lutna_all_queues(ldev, lutna_queue_die);
		lutna_all_contexts(ldev, lutna_event_gone);
		return;
	}
	lutna_all_queues(ldev, lutna_queue_reset_done);
	lutna_hw_start(ldev);
	ldev->resets++;
}

void lutna_device_reset(struct lutna_device *ldev, unsigned int resets)
{
	down_write(&ldev->hw_sem);
	if (!ldev->dead && ldev->resets == resets) {
		dev_err(lutna_dev(ldev), "does not answer: device reset\n");
		lutna_mask_interrupts(ldev, true);
		lutna_device_reset_locked(ldev);
		lutna_mask_interrupts(ldev, false);
	}
	up_write(&ldev->hw_sem);
}

void lutna_reset_work(struct work_struct *work)
{
	struct lutna_device *ldev = container_of(work, struct lutna_device, reset_work);
	unsigned int resets;
	bool fatal;

	down_read(&ldev->hw_sem);
	resets = ldev->resets;
	fatal = !ldev->dead &&
		(lutna_hw_read32(ldev, LUTNA_REG_STATUS) & LUTNA_STATUS_FATAL);
	up_read(&ldev->hw_sem);
	if (fatal)
		lutna_device_reset(ldev, resets);
}

/* Whether a queue has done what it was told, or nobody is there to do it. */
static bool lutna_queue_settled(u32 status)
{
	u32 state = FIELD_GET(LUTNA_Q_STATUS_STATE, status);

	if (status == LUTNA_HW_NOBODY)
		return true;
	return !(status & LUTNA_Q_STATUS_BUSY) && state != LUTNA_Q_RUNNING &&
	       state != LUTNA_Q_STOPPING;
}

int lutna_queue_command(struct lutna_queue *q, enum lutna_q_cmd cmd)
{
	struct lutna_device *ldev = q->ctx->ldev;
	u32 reg = LUTNA_REG_QUEUE(q->id);
	u32 status;
	int ret;

	lutna_hw_write32(ldev, reg + LUTNA_Q_CTRL, cmd);
	ret = read_poll_timeout(lutna_hw_read32, status, lutna_queue_settled(status),
				LUTNA_HW_POLL_US, lutna_answer_us(), false,
				ldev, reg + LUTNA_Q_STATUS);
	return status == LUTNA_HW_NOBODY ? -ENODEV : ret;
}

/* Returns the job whose time is over, and marks the queue as being stopped. */
static u64 lutna_queue_late(struct lutna_queue *q)
{
	u64 late = 0;

	if (q->owned)
		return lutna_owned_late(q);
	spin_lock_irq(&q->lock);
	if (q->state == LUTNA_QUEUE_ACTIVE && q->completed != q->published &&
	    time_after_eq(jiffies, lutna_queue_expiry(q))) {
		late = q->completed + 1;
		q->stopping = true;
	}
	spin_unlock_irq(&q->lock);
	return late;
}

/*
 * The device aborts what is in flight, which says so by its completion.  The
 * job that is late may never have begun, if more urgent queues took the device
 * all the time, or it may have ended at the last moment: then the queue goes on
 * as if nothing had been.
 */
static int lutna_queue_stop(struct lutna_queue *q, u64 late)
{
	struct lutna_device *ldev = q->ctx->ldev;
	bool go_on;
	int ret;

	ret = lutna_queue_command(q, LUTNA_Q_CMD_STOP);
	if (ret)
		return ret;
	lutna_cq_drain(q->cq);

	spin_lock_irq(&q->lock);
	if (q->completed < late)
		lutna_queue_end(q, LUTNA_QUEUE_FAULTED, -ETIME, -ECANCELED);
	q->stopping = false;
	go_on = q->state == LUTNA_QUEUE_ACTIVE;
	spin_unlock_irq(&q->lock);
	if (go_on)
		lutna_hw_write32(ldev, LUTNA_REG_QUEUE(q->id) + LUTNA_Q_CTRL,
				 LUTNA_Q_CMD_START);
	return 0;
}

static int lutna_queue_recover_locked(struct lutna_queue *q)
{
	u64 late = lutna_queue_late(q);
	int ret;

	if (late) {
		ret = lutna_queue_stop(q, late);
		if (ret)
			return ret;
	}
	/* Takes no jobs any more: nothing changes behind this look. */
	if (READ_ONCE(q->state) == LUTNA_QUEUE_FAULTED)
		return lutna_queue_command(q, LUTNA_Q_CMD_RESET);
	return 0;
}

void lutna_queue_recover(struct work_struct *work)
{
	struct lutna_queue *q = container_of(work, struct lutna_queue, work);
	struct lutna_device *ldev = q->ctx->ldev;
	unsigned int resets;
	int ret = 0;

	down_read(&ldev->hw_sem);
	resets = ldev->resets;
	if (!ldev->dead)
		ret = lutna_queue_recover_locked(q);
	up_read(&ldev->hw_sem);
	if (ret)
		lutna_device_reset(ldev, resets);
}

void lutna_device_detach(struct lutna_device *ldev)
{
	bool was_dead;
	unsigned int i;

	down_write(&ldev->hw_sem);
	lutna_mask_interrupts(ldev, true);
	was_dead = ldev->dead;
	ldev->dead = true;
	lutna_all_queues(ldev, lutna_queue_freeze);
	/* Processes ring no doorbells until hw_sem is free again. */
	lutna_all_contexts(ldev, lutna_doorbell_zap);
	/* It may be pulled out; then it does no DMA anyway. */
	if (!was_dead)
		lutna_hw_reset(ldev);
	pci_clear_master(ldev->pdev);
	for (i = 0; i < ldev->nr_cqs; i++)
		lutna_cq_drain(&ldev->cqs[i]);
	lutna_all_queues(ldev, lutna_queue_die);
	lutna_all_queues(ldev, lutna_queue_detach);
	lutna_all_contexts(ldev, lutna_event_gone);
	lutna_all_contexts(ldev, lutna_vm_detach);
	lutna_all_contexts(ldev, lutna_bo_detach_all);
	lutna_mask_interrupts(ldev, false);
	up_write(&ldev->hw_sem);
}
