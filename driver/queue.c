// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA driver: queues, from creation to destruction
 */
#include <linux/capability.h>
#include <linux/dma-fence.h>
#include <linux/dma-mapping.h>
#include <linux/eventfd.h>
#include <linux/log2.h>
#include <linux/slab.h>

#include "event.h"
#include "fence.h"
#include "hw.h"
#include "owned.h"

struct lutna_queue *lutna_queue_get(struct lutna_context *ctx, u32 handle)
{
	struct lutna_queue *q;

	xa_lock(&ctx->queues);
	q = xa_load(&ctx->queues, handle);
	if (q)
		kref_get(&q->ref);
	xa_unlock(&ctx->queues);
	return q;
}

static void lutna_queue_release(struct kref *ref)
{
	struct lutna_queue *q = container_of(ref, struct lutna_queue, ref);

	if (q->eventfd)
		eventfd_ctx_put(q->eventfd);
	lutna_gates_sync(q);
	lutna_owned_free(q);
	kvfree(q->slots);
	kfree(q);
}

void lutna_queue_put(struct lutna_queue *q)
{
	kref_put(&q->ref, lutna_queue_release);
}

static size_t lutna_ring_bytes(const struct lutna_queue *q)
{
	return q->depth * sizeof(*q->ring);
}

void lutna_queue_detach(struct lutna_queue *q)
{
	struct lutna_job_entry *ring;

	spin_lock_irq(&q->lock);
	ring = q->ring;
	q->ring = NULL;
	spin_unlock_irq(&q->lock);
	if (!ring)
		return;
	lutna_cq_remove(q);
	/* Of a process's queue it is a buffer's memory. */
	if (!q->owned)
		dma_free_coherent(lutna_dev(q->ctx->ldev), lutna_ring_bytes(q), ring,
				  q->ring_dma);
}

/* The device starts to look at the ring; hw_sem is held. */
static int lutna_queue_start(struct lutna_queue *q)
{
	struct lutna_device *ldev = q->ctx->ldev;
	u32 reg = LUTNA_REG_QUEUE(q->id);
	u32 owned = q->owned ? LUTNA_Q_CFG_OWNED : 0;
	u32 state;

	lutna_hw_write64(ldev, reg + LUTNA_Q_RING_BASE, q->ring_dma);
	lutna_hw_write64(ldev, reg + LUTNA_Q_SEQ_ADDR, q->seq_dma);
	lutna_hw_write32(ldev, reg + LUTNA_Q_CFG,
			 FIELD_PREP(LUTNA_Q_CFG_CTX, q->ctx->id) |
			 FIELD_PREP(LUTNA_Q_CFG_LOG2, ilog2(q->depth)) |
			 FIELD_PREP(LUTNA_Q_CFG_PRIORITY, q->priority) |
			 FIELD_PREP(LUTNA_Q_CFG_CQ, q->cq->index) | owned);
	lutna_hw_write32(ldev, reg + LUTNA_Q_CTRL, LUTNA_Q_CMD_START);

	state = FIELD_GET(LUTNA_Q_STATUS_STATE,
			  lutna_hw_read32(ldev, reg + LUTNA_Q_STATUS));
	if (state == LUTNA_Q_RUNNING)
		return 0;
	dev_err_ratelimited(lutna_dev(ldev), "queue %u does not start: state %u\n",
			    q->id, state);
	return -EIO;
}

/* Memory for the ring; hw_sem is held and the device is not dead. */
static int lutna_queue_find_ring(struct lutna_queue *q)
{
	if (q->owned)
		return lutna_owned_ring(q);
	q->ring = dma_alloc_coherent(lutna_dev(q->ctx->ldev), lutna_ring_bytes(q),
				     &q->ring_dma, GFP_KERNEL_ACCOUNT);
	return q->ring ? 0 : -ENOMEM;
}

/* What a queue needs at the device; hw_sem is held. */
static int lutna_queue_open(struct lutna_queue *q)
{
	struct lutna_device *ldev = q->ctx->ldev;
	int ret;

	if (ldev->dead)
		return -ENODEV;
	ret = ida_alloc_max(&ldev->queue_ids, ldev->facts.nr_queues - 1, GFP_KERNEL);
	if (ret < 0)
		return ret;
	q->id = ret;
	q->cq = lutna_cq_choose(ldev);
	q->doorbell = ldev->doorbells + LUTNA_DOORBELL(q->ctx->id, q->id);
	ret = lutna_queue_find_ring(q);
	if (ret)
		goto err_id;
	lutna_cq_add(q);
	ret = lutna_queue_start(q);
	if (ret)
		goto err_ring;
	if (q->owned)
		lutna_owned_begin(q);
	return 0;

err_ring:
	lutna_queue_detach(q);
err_id:
	ida_free(&ldev->queue_ids, q->id);
	return ret;
}

static struct lutna_queue *lutna_queue_alloc(struct lutna_context *ctx,
					     const struct lutna_queue_create *arg)
{
	struct lutna_queue *q;

	q = kzalloc(sizeof(*q), GFP_KERNEL_ACCOUNT);
	if (!q)
		return NULL;
	q->slots = kvcalloc(arg->depth, sizeof(*q->slots), GFP_KERNEL_ACCOUNT);
	if (!q->slots) {
		kfree(q);
		return NULL;
	}
	kref_init(&q->ref);
	q->ctx = ctx;
	q->priority = arg->priority;
	q->depth = arg->depth;
	q->timeout_ns = arg->timeout_ns;
	if (!q->timeout_ns)
		q->timeout_ns = lutna_default_timeout_ms() * NSEC_PER_MSEC;
	q->timeout = lutna_timeout(q->timeout_ns);
	spin_lock_init(&q->lock);
	q->state = LUTNA_QUEUE_ACTIVE;
	init_waitqueue_head(&q->turn_wait);
	init_waitqueue_head(&q->room_wait);
	init_waitqueue_head(&q->done_wait);
	q->watch = LUTNA_WATCH_REAP;
	INIT_LIST_HEAD(&q->ended_entry);
	timer_setup(&q->timer, lutna_queue_timer, 0);
	INIT_WORK(&q->work, lutna_queue_recover);
	q->fence_context = dma_fence_context_alloc(1);
	lutna_gates_init(q);
	return q;
}

static int lutna_queue_new(struct lutna_context *ctx, const struct lutna_queue_create *arg,
			   struct lutna_queue **out)
{
	struct lutna_queue *q;
	int ret;

	if (!atomic_add_unless(&ctx->nr_queues, 1, LUTNA_CONTEXT_QUEUES))
		return -ENOSPC;
	ret = -ENOMEM;
	q = lutna_queue_alloc(ctx, arg);
	if (!q)
		goto err_count;
	if (arg->flags & LUTNA_QUEUE_OWNED) {
		ret = lutna_owned_new(q);
		if (ret)
			goto err_put;
	}
	down_read(&ctx->ldev->hw_sem);
	ret = lutna_queue_open(q);
	up_read(&ctx->ldev->hw_sem);
	if (ret)
		goto err_put;
	*out = q;
	return 0;

err_put:
	lutna_queue_put(q);
err_count:
	atomic_dec(&ctx->nr_queues);
	return ret;
}

/* Told to stop and to forget, the device answers at once, or never. */
static void lutna_queue_stop_for_good(struct lutna_queue *q)
{
	struct lutna_device *ldev = q->ctx->ldev;
	unsigned int resets;
	int ret = 0;

	down_read(&ldev->hw_sem);
	resets = ldev->resets;
	if (!ldev->dead)
		ret = lutna_queue_command(q, LUTNA_Q_CMD_RESET);
	up_read(&ldev->hw_sem);
	if (ret)
		lutna_device_reset(ldev, resets);
}

/*
 * The handle is gone.  Jobs end only after the device has let go of them, since
 * whoever waits may use their memory for something else.
 */
static void lutna_queue_destroy(struct lutna_queue *q)
{
	struct lutna_context *ctx = q->ctx;
	struct lutna_device *ldev = ctx->ldev;

	spin_lock_irq(&q->lock);
	q->closed = true;
	wake_up(&q->turn_wait);
	wake_up(&q->room_wait);
	spin_unlock_irq(&q->lock);
	timer_shutdown_sync(&q->timer);
	cancel_work_sync(&q->work);
	lutna_queue_stop_for_good(q);

	down_read(&ldev->hw_sem);
	if (q->ring)
		lutna_cq_drain(q->cq);
	spin_lock_irq(&q->lock);
	lutna_queue_end(q, LUTNA_QUEUE_FAULTED, 0, -ECANCELED);
	lutna_event_forget(q);
	spin_unlock_irq(&q->lock);
	lutna_queue_detach(q);
	ida_free(&ldev->queue_ids, q->id);
	up_read(&ldev->hw_sem);
	lutna_gates_end(q);

	atomic_dec(&ctx->nr_queues);
	lutna_queue_put(q);
}

static int lutna_queue_check(const struct lutna_device *ldev,
			     const struct lutna_queue_create *arg)
{
	if (arg->priority > LUTNA_PRIORITY_REALTIME)
		return -EOPNOTSUPP;
	if ((arg->flags & LUTNA_QUEUE_OWNED) && !lutna_owned_supported(ldev))
		return -EOPNOTSUPP;
	/* Who does not know where the ring is has no use for it. */
	if ((arg->flags & LUTNA_QUEUE_OWNED) && arg->size < sizeof(*arg))
		return -EINVAL;
	if (arg->reserved || arg->reserved2)
		return -EINVAL;
	if (arg->depth < 2 || arg->depth > ldev->facts.max_depth || !is_power_of_2(arg->depth))
		return -EINVAL;
	if (arg->priority >= LUTNA_PRIORITY_HIGH && !capable(CAP_SYS_NICE))
		return -EACCES;
	return 0;
}

/* Most have none that a process could see. */
static void lutna_queue_no_ring(struct lutna_queue_create *arg)
{
	arg->ring = 0;
	arg->progress = 0;
	arg->ring_bytes = 0;
	arg->ring_offset = 0;
	arg->doorbell_offset = 0;
	arg->doorbell = 0;
}

int lutna_ioctl_queue_create(struct lutna_call *call)
{
	struct lutna_context *ctx = call->ctx;
	struct lutna_queue_create *arg = call->arg;
	struct lutna_queue *q;
	int ret;

	ret = lutna_queue_check(ctx->ldev, arg);
	if (ret)
		return ret;
	ret = lutna_queue_new(ctx, arg, &q);
	if (ret)
		return ret;
	/* A reservation: nobody finds the queue before the caller knows of it. */
	ret = xa_alloc_cyclic(&ctx->queues, &arg->handle, NULL, xa_limit_31b,
			      &ctx->next_queue, GFP_KERNEL_ACCOUNT);
	if (ret < 0)
		goto err_queue;
	lutna_queue_no_ring(arg);
	ret = q->owned ? lutna_owned_publish(q, call) : lutna_reply(call);
	if (ret)
		goto err_handle;
	q->handle = arg->handle;
	xa_store(&ctx->queues, arg->handle, q, GFP_KERNEL);
	return 0;

err_handle:
	xa_erase(&ctx->queues, arg->handle);
err_queue:
	lutna_queue_destroy(q);
	return ret;
}

int lutna_ioctl_queue_destroy(struct lutna_call *call)
{
	struct xarray *queues = &call->ctx->queues;
	struct lutna_queue_destroy *arg = call->arg;
	struct lutna_queue *q;

	if (arg->reserved)
		return -EINVAL;
	if (READ_ONCE(call->ctx->ldev->dead))
		return -ENODEV;
	/* A reservation of an ioctl that creates a queue just now must stay. */
	xa_lock(queues);
	q = xa_load(queues, arg->handle);
	if (q)
		__xa_erase(queues, arg->handle);
	xa_unlock(queues);
	if (!q)
		return -ENOENT;
	lutna_queue_destroy(q);
	return 0;
}

int lutna_ioctl_queue_info(struct lutna_call *call)
{
	struct lutna_queue_info *arg = call->arg;
	struct lutna_queue *q;

	q = lutna_queue_get(call->ctx, arg->handle);
	if (!q)
		return -ENOENT;
	arg->priority = q->priority;
	arg->depth = q->depth;
	arg->timeout_ns = q->timeout_ns;
	arg->failure = (struct lutna_job_result) { };
	spin_lock_irq(&q->lock);
	arg->state = q->state;
	arg->submitted = q->owned ? q->ended : q->submitted;
	arg->completed = lutna_queue_ended(q);
	arg->failed = q->failed;
	if (q->failed)
		arg->failure = lutna_queue_slot(q, q->failed)->result;
	spin_unlock_irq(&q->lock);
	lutna_queue_put(q);
	return lutna_reply(call);
}

void lutna_queue_close_all(struct lutna_context *ctx)
{
	struct lutna_queue *q;
	unsigned long handle;

	xa_for_each(&ctx->queues, handle, q) {
		xa_erase(&ctx->queues, handle);
		lutna_queue_destroy(q);
	}
	xa_destroy(&ctx->queues);
}
