// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA driver: buffers of other drivers
 *
 * Every import is a dynamic one, which any exporter serves: one that may move
 * the memory says so before it does, and then the device has no way to it any
 * more and the buffer is good for nothing.  One that may not, or a kernel that
 * does not know how, pins it.
 *
 * Memory that came from this driver needs none of this: it is taken as it is.
 */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/file.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "bo.h"

/**
 * struct lutna_import - what ties a buffer to its exporter
 * @bo: buffer
 * @link: in the device's list of imports
 * @dmabuf: holds a reference
 * @attach: NULL after unbind; protected by import_sem
 * @sgt: NULL when the exporter took the memory back; protected by the dma-buf's
 *	dma_resv
 */
struct lutna_import {
	struct lutna_bo *bo;
	struct list_head link;
	struct dma_buf *dmabuf;
	struct dma_buf_attachment *attach;
	struct sg_table *sgt;
};

struct dma_buf *lutna_import_dmabuf(struct lutna_import *import)
{
	return import->dmabuf;
}

static void lutna_import_unmap(struct lutna_import *import)
{
	if (import->sgt)
		dma_buf_unmap_attachment(import->attach, import->sgt,
					 lutna_bo_direction(import->bo));
	import->sgt = NULL;
}

/* The exporter holds the dma_resv. */
static void lutna_move_notify(struct dma_buf_attachment *attach)
{
	struct lutna_import *import = attach->importer_priv;

	if (!import->sgt)
		return;
	lutna_vm_revoke(import->bo->ctx, import->bo);
	lutna_import_unmap(import);
}

static const struct dma_buf_attach_ops lutna_attach_ops = {
	.move_notify = lutna_move_notify,
};

/* Adds a piece, as part of the last run where it goes on from it. */
static int lutna_import_add(struct lutna_bo *bo, unsigned long *page, u64 *next,
			    dma_addr_t dma, u64 bytes)
{
	if (!bytes)
		return 0;
	if (!IS_ALIGNED(dma | bytes, PAGE_SIZE))
		return -EINVAL;
	if (!lutna_bo_shareable(bo->ctx, dma))
		return -ENOMEM;
	if (!bo->nr_runs || dma != *next)
		bo->runs[bo->nr_runs++] = (struct lutna_run) { .dma = dma, .first = *page };
	*next = dma + bytes;
	*page += bytes >> PAGE_SHIFT;
	return 0;
}

static int lutna_import_runs(struct lutna_bo *bo, struct sg_table *sgt)
{
	struct scatterlist *sg;
	unsigned long page = 0;
	u64 next = 0;
	int i, ret;

	bo->runs = kvcalloc(max(sgt->nents, 1U), sizeof(*bo->runs), GFP_KERNEL_ACCOUNT);
	if (!bo->runs)
		return -ENOMEM;
	for_each_sgtable_dma_sg(sgt, sg, i) {
		ret = lutna_import_add(bo, &page, &next, sg_dma_address(sg), sg_dma_len(sg));
		if (ret)
			return ret;
		cond_resched();
	}
	return page < bo->nr_pages ? -EINVAL : 0;
}

static int lutna_import_map(struct lutna_import *import)
{
	struct lutna_bo *bo = import->bo;
	struct sg_table *sgt;
	int ret;

	ret = dma_resv_lock_interruptible(import->dmabuf->resv, NULL);
	if (ret)
		return ret;
	sgt = dma_buf_map_attachment(import->attach, lutna_bo_direction(bo));
	if (IS_ERR(sgt)) {
		ret = PTR_ERR(sgt);
		goto out_unlock;
	}
	import->sgt = sgt;
	ret = lutna_import_runs(bo, sgt);
	if (ret) {
		lutna_import_unmap(import);
		goto out_unlock;
	}
	lutna_bo_find_skew(bo);
	bo->nr_mapped = bo->nr_runs;
out_unlock:
	dma_resv_unlock(import->dmabuf->resv);
	return ret;
}

/* import_sem is held. */
static void lutna_import_detach(struct lutna_import *import)
{
	dma_resv_lock(import->dmabuf->resv, NULL);
	lutna_import_unmap(import);
	dma_resv_unlock(import->dmabuf->resv);
	dma_buf_detach(import->dmabuf, import->attach);
	import->attach = NULL;
}

/* import_sem is held and the device is not dead: it stays bound meanwhile. */
static int lutna_import_attach(struct lutna_device *ldev, struct lutna_import *import)
{
	struct dma_buf_attachment *attach;
	int ret;

	attach = dma_buf_dynamic_attach(import->dmabuf, lutna_dev(ldev), &lutna_attach_ops,
					import);
	if (IS_ERR(attach))
		return PTR_ERR(attach);
	import->attach = attach;
	ret = lutna_import_map(import);
	if (ret) {
		lutna_import_detach(import);
		return ret;
	}
	mutex_lock(&ldev->imports_lock);
	list_add(&import->link, &ldev->imports);
	mutex_unlock(&ldev->imports_lock);
	return 0;
}

int lutna_import_open(struct lutna_bo *bo, struct dma_buf *dmabuf)
{
	struct lutna_device *ldev = bo->ctx->ldev;
	struct lutna_import *import;
	int ret = -ENODEV;

	import = kzalloc(sizeof(*import), GFP_KERNEL_ACCOUNT);
	if (!import)
		return -ENOMEM;
	import->bo = bo;
	import->dmabuf = dmabuf;

	down_read(&ldev->import_sem);
	if (!READ_ONCE(ldev->dead))
		ret = lutna_import_attach(ldev, import);
	up_read(&ldev->import_sem);
	if (ret) {
		kfree(import);
		return ret;
	}
	bo->import = import;
	return 0;
}

void lutna_import_close(struct lutna_bo *bo)
{
	struct lutna_device *ldev = bo->ctx->ldev;
	struct lutna_import *import = bo->import;

	down_read(&ldev->import_sem);
	if (import->attach)
		lutna_import_detach(import);
	mutex_lock(&ldev->imports_lock);
	list_del(&import->link);
	mutex_unlock(&ldev->imports_lock);
	up_read(&ldev->import_sem);
	dma_buf_put(import->dmabuf);
	kfree(import);
}

void lutna_import_detach_all(struct lutna_device *ldev)
{
	struct lutna_import *import;

	down_write(&ldev->import_sem);
	list_for_each_entry(import, &ldev->imports, link)
		lutna_import_detach(import);
	up_write(&ldev->import_sem);
}

/* On success the buffer has the caller's reference of @dmabuf. */
static int lutna_bo_foreign(struct lutna_context *ctx, struct dma_buf *dmabuf,
			    bool readonly, struct lutna_bo **out)
{
	struct lutna_bo *bo;
	int ret;

	bo = lutna_bo_alloc(ctx, dmabuf->size >> PAGE_SHIFT);
	if (!bo)
		return -ENOMEM;
	bo->kind = LUTNA_BO_KIND_IMPORT;
	bo->readonly = readonly;
	ret = lutna_import_open(bo, dmabuf);
	if (ret) {
		lutna_bo_put(bo);
		return ret;
	}
	*out = bo;
	return 0;
}

static int lutna_bo_import(struct lutna_context *ctx, struct dma_buf *dmabuf,
			   bool readonly, struct lutna_bo **out)
{
	struct lutna_memory *mem = lutna_dmabuf_memory(dmabuf);
	bool write = dmabuf->file->f_mode & FMODE_WRITE;
	int ret;

	if (!readonly && !write)
		return -EACCES;
	if (!dmabuf->size || !IS_ALIGNED(dmabuf->size, PAGE_SIZE))
		return -EINVAL;
	if (dmabuf->size > LUTNA_VA_END)
		return -ENOMEM;
	if (mem)
		ret = lutna_bo_new(ctx, mem, readonly, out);
	else
		ret = lutna_bo_foreign(ctx, dmabuf, readonly, out);
	if (ret)
		return ret;
	if (mem)
		(*out)->dmabuf[write] = dmabuf;
	(*out)->sealed = !write;
	return 0;
}

int lutna_ioctl_bo_import(struct lutna_call *call)
{
	struct lutna_bo_import *arg = call->arg;
	struct dma_buf *dmabuf;
	struct lutna_bo *bo;
	int ret;

	if (READ_ONCE(call->ctx->ldev->dead))
		return -ENODEV;
	dmabuf = dma_buf_get(arg->fd);
	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	ret = lutna_bo_import(call->ctx, dmabuf, arg->flags & LUTNA_BO_READONLY, &bo);
	if (ret) {
		dma_buf_put(dmabuf);
		return ret;
	}
	arg->bytes = lutna_bo_bytes(bo);
	return lutna_bo_publish(call, bo, &arg->handle, &arg->mmap_offset);
}
