// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA driver: fences that jobs signal
 *
 * The last job of a submission carries the fence in its slot, and whatever ends
 * the job signals it: completion, failure, destruction, reset, unbind.  There is
 * no job that does not end, so there is no fence that is not signalled.
 *
 * Whoever has the fence may keep it for as long as he likes, after queue, file
 * and device are gone: it points to none of them, has names and a lock of its
 * own, and holds the module.
 */
#include <linux/file.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/sync_file.h>

#include "fence.h"

/**
 * struct lutna_fence - a fence
 * @base: what others see
 * @lock: protects @base
 * @timeline: name of its queue
 */
struct lutna_fence {
	struct dma_fence base;
	spinlock_t lock;	/* of @base */
	char timeline[48];
};

static const char *lutna_fence_driver_name(struct dma_fence *base)
{
	return LUTNA_NAME;
}

static const char *lutna_fence_timeline_name(struct dma_fence *base)
{
	return container_of(base, struct lutna_fence, base)->timeline;
}

/* Of what runs after module_put() lutna_fence_exit() takes care. */
static void lutna_fence_release(struct dma_fence *base)
{
	module_put(THIS_MODULE);
	dma_fence_free(base);
}

static const struct dma_fence_ops lutna_fence_ops = {
	.get_driver_name	= lutna_fence_driver_name,
	.get_timeline_name	= lutna_fence_timeline_name,
	.release		= lutna_fence_release,
};

/*
 * The last reference may have been dropped in any context, and that may still
 * be on its way out of lutna_fence_release(), even preempted there.
 */
void lutna_fence_exit(void)
{
	synchronize_rcu_tasks();
}

static struct dma_fence *lutna_fence_new(const struct lutna_queue *q)
{
	const struct lutna_context *ctx = q->ctx;
	struct lutna_fence *fence;

	fence = kzalloc(sizeof(*fence), GFP_KERNEL_ACCOUNT);
	if (!fence)
		return NULL;
	/* The caller's file holds it already. */
	__module_get(THIS_MODULE);
	spin_lock_init(&fence->lock);
	scnprintf(fence->timeline, sizeof(fence->timeline), "%s context %u queue %u",
		  ctx->ldev->name, ctx->id, q->id);
	/* Its number is known when its job is. */
	dma_fence_init(&fence->base, &lutna_fence_ops, &fence->lock, q->fence_context, 0);
	return &fence->base;
}

int lutna_out_open(struct lutna_out *out, const struct lutna_queue *q)
{
	struct dma_fence *fence;
	struct sync_file *file;
	int fd;

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	fence = lutna_fence_new(q);
	if (!fence)
		goto err_fd;
	file = sync_file_create(fence);
	if (!file)
		goto err_fence;
	*out = (struct lutna_out) { .fence = fence, .file = file, .fd = fd };
	return 0;

err_fence:
	dma_fence_put(fence);
err_fd:
	put_unused_fd(fd);
	return -ENOMEM;
}

void lutna_out_install(struct lutna_out *out)
{
	if (!out->fence)
		return;
	fd_install(out->fd, out->file->file);
	out->fd = -1;
}

void lutna_out_close(struct lutna_out *out)
{
	if (!out->fence)
		return;
	if (out->fd >= 0) {
		put_unused_fd(out->fd);
		fput(out->file->file);
	}
	dma_fence_put(out->fence);
}

void lutna_fence_signal(struct lutna_slot *slot, int error)
{
	struct dma_fence *fence = slot->fence;

	slot->fence = NULL;
	if (error)
		dma_fence_set_error(fence, error);
	dma_fence_signal(fence);
	dma_fence_put(fence);
}

void lutna_fence_attach(struct lutna_queue *q, u64 seqno, struct dma_fence *fence)
{
	struct lutna_slot *slot = lutna_queue_slot(q, seqno);
	struct lutna_job_result result = { };

	/* Nobody else has seen it yet. */
	fence->seqno = seqno;
	slot->fence = dma_fence_get(fence);
	if (q->completed < seqno)
		return;
	lutna_queue_result(q, seqno, &result);
	lutna_slot_signal(slot, result.error);
}
