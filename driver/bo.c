// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA driver: buffers
 *
 * A buffer has a handle in its context and is on the bus of its device, for as
 * long as it lives: its memory is mapped for DMA once, piece by piece.
 */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "bo.h"
#include "compat.h"

/*
 * The offset for mmap() is the handle, above any offset in a buffer: no buffer
 * is larger than the address space of a context.
 */
#define LUTNA_BO_OFFSET_SHIFT	LUTNA_VA_BITS
#define LUTNA_BO_HANDLES	XA_LIMIT(1, (1U << (62 - LUTNA_BO_OFFSET_SHIFT)) - 1)

/* Pieces mapped for DMA before a device reset gets its turn */
#define LUTNA_BO_MAP_BATCH	256

u64 lutna_bo_bytes(struct lutna_bo *bo)
{
	return (u64)bo->nr_pages << PAGE_SHIFT;
}

u64 lutna_bo_skew(struct lutna_bo *bo)
{
	return bo->skew;
}

void lutna_bo_count_mapping(struct lutna_bo *bo, int more)
{
	atomic_add(more, &bo->mappings);
}

struct dma_resv *lutna_bo_resv(struct lutna_bo *bo)
{
	return bo->memory ? &bo->memory->resv : lutna_import_dmabuf(bo->import)->resv;
}

int lutna_bo_check_map(struct lutna_bo *bo, u32 flags)
{
	if (bo->nr_mapped != bo->nr_runs)
		return -ESTALE;
	return bo->readonly && (flags & LUTNA_MAP_WRITE) ? -EACCES : 0;
}

void lutna_bo_revoke(struct lutna_bo *bo)
{
	bo->nr_mapped = 0;
}

/* User memory is where the process has it. */
static u64 lutna_bo_offset(const struct lutna_bo *bo, u32 handle)
{
	return bo->kind == LUTNA_BO_KIND_USER ? 0 : (u64)handle << LUTNA_BO_OFFSET_SHIFT;
}

/* One beyond the last page of a run. */
static unsigned long lutna_run_end(const struct lutna_bo *bo, unsigned long i)
{
	return i + 1 < bo->nr_runs ? bo->runs[i + 1].first : bo->nr_pages;
}

u64 lutna_bo_run(struct lutna_bo *bo, u64 offset, dma_addr_t *dma)
{
	unsigned long low = 0, high = bo->nr_runs;
	unsigned long index = offset >> PAGE_SHIFT;

	while (high - low > 1) {
		unsigned long mid = low + (high - low) / 2;

		if (bo->runs[mid].first <= index)
			low = mid;
		else
			high = mid;
	}
	*dma = bo->runs[low].dma + offset - ((u64)bo->runs[low].first << PAGE_SHIFT);
	return ((u64)lutna_run_end(bo, low) << PAGE_SHIFT) - offset;
}

void lutna_bo_find_skew(struct lutna_bo *bo)
{
	unsigned long i;

	for (i = 0; i < bo->nr_runs; i++) {
		u64 offset = (u64)bo->runs[i].first << PAGE_SHIFT;

		if (((u64)lutna_run_end(bo, i) << PAGE_SHIFT) - offset < LUTNA_HUGE_SIZE)
			continue;
		bo->skew = (bo->runs[i].dma - offset) & (LUTNA_HUGE_SIZE - 1);
		return;
	}
}

static void lutna_bo_unmap_dma(struct lutna_bo *bo)
{
	struct device *dev = lutna_dev(bo->ctx->ldev);
	unsigned long i;

	for (i = 0; i < bo->nr_mapped; i++)
		dma_unmap_page(dev, bo->runs[i].dma, bo->memory->pieces[i].nr << PAGE_SHIFT,
			       lutna_bo_direction(bo));
	bo->nr_mapped = 0;
}

static void lutna_bo_drop_dmabufs(struct lutna_bo *bo)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bo->dmabuf); i++)
		if (bo->dmabuf[i])
			dma_buf_put(bo->dmabuf[i]);
}

static void lutna_bo_release(struct kref *ref)
{
	struct lutna_bo *bo = container_of(ref, struct lutna_bo, ref);
	struct lutna_context *ctx = bo->ctx;

	down_read(&ctx->ldev->hw_sem);
	if (bo->memory && bo->nr_mapped)
		lutna_bo_unmap_dma(bo);
	mutex_lock(&ctx->bo_lock);
	list_del(&bo->link);
	mutex_unlock(&ctx->bo_lock);
	up_read(&ctx->ldev->hw_sem);

	if (bo->import)
		lutna_import_close(bo);
	lutna_bo_drop_dmabufs(bo);
	if (bo->memory)
		lutna_memory_put(bo->memory);
	kvfree(bo->runs);
	kfree(bo);
}

void lutna_bo_put(struct lutna_bo *bo)
{
	kref_put(&bo->ref, lutna_bo_release);
}

struct lutna_bo *lutna_bo_get(struct lutna_context *ctx, u32 handle)
{
	struct lutna_bo *bo;

	xa_lock(&ctx->bos);
	bo = xa_load(&ctx->bos, handle);
	if (bo)
		kref_get(&bo->ref);
	xa_unlock(&ctx->bos);
	return bo;
}

/*
 * Behind an IOMMU that translates, 6.1 says of all memory that it needs to be
 * synchronised.  Whole pages are never bounced there.
 */
static bool lutna_translated(struct device *dev)
{
	struct iommu_domain *domain = iommu_get_domain_for_dev(dev);

	return domain && domain->type != IOMMU_DOMAIN_IDENTITY;
}

bool lutna_bo_shareable(struct lutna_context *ctx, dma_addr_t dma)
{
	struct device *dev = lutna_dev(ctx->ldev);

	if (!dma_need_sync(dev, dma) || lutna_translated(dev))
		return true;
	dev_err_ratelimited(dev, "memory cannot be shared: the platform is not coherent\n");
	return false;
}

static int lutna_bo_map_piece(struct lutna_bo *bo, const struct lutna_piece *piece)
{
	struct device *dev = lutna_dev(bo->ctx->ldev);
	size_t bytes = piece->nr << PAGE_SHIFT;
	dma_addr_t dma;

	dma = dma_map_page(dev, piece->page, 0, bytes, lutna_bo_direction(bo));
	if (dma_mapping_error(dev, dma))
		return -ENOMEM;
	/* Device and processes share the memory all the time: no bouncing. */
	if (!lutna_bo_shareable(bo->ctx, dma)) {
		dma_unmap_page(dev, dma, bytes, lutna_bo_direction(bo));
		return -ENOMEM;
	}
	bo->runs[bo->nr_mapped++] = (struct lutna_run) { .dma = dma, .first = piece->first };
	return 0;
}

/* Under hw_sem some pieces at a time: remove() takes away what is there. */
static int lutna_bo_map_batch(struct lutna_bo *bo)
{
	struct lutna_device *ldev = bo->ctx->ldev;
	unsigned int left = LUTNA_BO_MAP_BATCH;
	int ret = 0;

	down_read(&ldev->hw_sem);
	while (!ret && left-- && bo->nr_mapped < bo->nr_runs) {
		if (ldev->dead)
			ret = -ENODEV;
		else
			ret = lutna_bo_map_piece(bo, &bo->memory->pieces[bo->nr_mapped]);
	}
	up_read(&ldev->hw_sem);
	return ret;
}

static int lutna_bo_map_dma(struct lutna_bo *bo)
{
	int ret = 0;

	bo->runs = kvcalloc(bo->memory->nr_pieces, sizeof(*bo->runs), GFP_KERNEL_ACCOUNT);
	if (!bo->runs)
		return -ENOMEM;
	bo->nr_runs = bo->memory->nr_pieces;
	while (!ret && READ_ONCE(bo->nr_mapped) < bo->nr_runs) {
		ret = lutna_bo_map_batch(bo);
		cond_resched();
		if (!ret && fatal_signal_pending(current))
			ret = -EINTR;
	}
	return ret;
}

struct lutna_bo *lutna_bo_alloc(struct lutna_context *ctx, unsigned long nr_pages)
{
	struct lutna_bo *bo;

	bo = kzalloc(sizeof(*bo), GFP_KERNEL_ACCOUNT);
	if (!bo)
		return NULL;
	kref_init(&bo->ref);
	mutex_init(&bo->export_lock);
	bo->ctx = ctx;
	bo->nr_pages = nr_pages;
	mutex_lock(&ctx->bo_lock);
	list_add(&bo->link, &ctx->bo_list);
	mutex_unlock(&ctx->bo_lock);
	return bo;
}

int lutna_bo_new(struct lutna_context *ctx, struct lutna_memory *mem, bool readonly,
		 struct lutna_bo **out)
{
	struct lutna_bo *bo;
	int ret;

	bo = lutna_bo_alloc(ctx, mem->nr_pages);
	if (!bo)
		return -ENOMEM;
	bo->kind = mem->mm ? LUTNA_BO_KIND_USER : LUTNA_BO_KIND_KERNEL;
	bo->readonly = readonly;
	bo->memory = lutna_memory_get(mem);
	ret = lutna_bo_map_dma(bo);
	if (ret) {
		lutna_bo_put(bo);
		return ret;
	}
	lutna_bo_find_skew(bo);
	*out = bo;
	return 0;
}

int lutna_bo_publish(struct lutna_call *call, struct lutna_bo *bo, u32 *handle,
		     u64 *offset)
{
	struct lutna_context *ctx = call->ctx;
	int ret;

	/* A reservation: nobody finds the buffer before the caller knows of it. */
	ret = xa_alloc_cyclic(&ctx->bos, handle, NULL, LUTNA_BO_HANDLES,
			      &ctx->next_bo, GFP_KERNEL_ACCOUNT);
	if (ret < 0) {
		ret = ret == -EBUSY ? -ENOSPC : ret;
		goto err_put;
	}
	if (offset)
		*offset = lutna_bo_offset(bo, *handle);
	ret = lutna_reply(call);
	if (ret)
		goto err_handle;
	xa_store(&ctx->bos, *handle, bo, GFP_KERNEL);
	return 0;

err_handle:
	xa_erase(&ctx->bos, *handle);
err_put:
	lutna_bo_put(bo);
	return ret;
}

int lutna_ioctl_bo_create(struct lutna_call *call)
{
	struct lutna_context *ctx = call->ctx;
	struct lutna_bo_create *arg = call->arg;
	struct lutna_memory *mem;
	struct lutna_bo *bo;
	int ret;

	if (arg->reserved || !arg->bytes)
		return -EINVAL;
	if (arg->bytes > U64_MAX - PAGE_SIZE)
		return -EOVERFLOW;
	arg->bytes = PAGE_ALIGN(arg->bytes);
	if (arg->bytes > LUTNA_VA_END)
		return -ENOMEM;
	if (READ_ONCE(ctx->ldev->dead))
		return -ENODEV;

	mem = lutna_memory_new(arg->bytes >> PAGE_SHIFT);
	if (!mem)
		return -ENOMEM;
	ret = lutna_memory_fill(mem, ctx->ldev->dma32, arg->flags & LUTNA_BO_WC);
	if (!ret)
		ret = lutna_bo_new(ctx, mem, false, &bo);
	lutna_memory_put(mem);
	if (ret)
		return ret;
	return lutna_bo_publish(call, bo, &arg->handle, &arg->mmap_offset);
}

int lutna_ioctl_bo_info(struct lutna_call *call)
{
	struct lutna_bo_info *arg = call->arg;
	struct lutna_bo *bo;

	if (READ_ONCE(call->ctx->ldev->dead))
		return -ENODEV;
	bo = lutna_bo_get(call->ctx, arg->handle);
	if (!bo)
		return -ENOENT;
	arg->mappings = atomic_read(&bo->mappings);
	arg->bytes = lutna_bo_bytes(bo);
	arg->mmap_offset = lutna_bo_offset(bo, arg->handle);
	arg->kind = bo->kind;
	arg->bo_flags = 0;
	if (bo->memory && bo->memory->wc)
		arg->bo_flags |= LUTNA_BO_WC;
	if (bo->readonly)
		arg->bo_flags |= LUTNA_BO_READONLY;
	arg->pieces = bo->nr_runs;
	lutna_bo_put(bo);
	return lutna_reply(call);
}

int lutna_ioctl_bo_free(struct lutna_call *call)
{
	struct lutna_bo_free *arg = call->arg;
	struct lutna_bo *bo;

	if (arg->reserved)
		return -EINVAL;
	if (READ_ONCE(call->ctx->ldev->dead))
		return -ENODEV;
	/* A reservation of an ioctl that creates a buffer just now must stay. */
	xa_lock(&call->ctx->bos);
	bo = xa_load(&call->ctx->bos, arg->handle);
	if (bo)
		__xa_erase(&call->ctx->bos, arg->handle);
	xa_unlock(&call->ctx->bos);
	if (!bo)
		return -ENOENT;
	lutna_bo_put(bo);
	return 0;
}

void lutna_bo_close_all(struct lutna_context *ctx)
{
	struct lutna_bo *bo;
	unsigned long handle;

	xa_for_each(&ctx->bos, handle, bo) {
		xa_erase(&ctx->bos, handle);
		lutna_bo_put(bo);
	}
	xa_destroy(&ctx->bos);
	WARN_ON(!list_empty(&ctx->bo_list));
}

void lutna_bo_detach_all(struct lutna_context *ctx)
{
	struct lutna_bo *bo;

	mutex_lock(&ctx->bo_lock);
	list_for_each_entry(bo, &ctx->bo_list, link)
		if (bo->memory)
			lutna_bo_unmap_dma(bo);
	mutex_unlock(&ctx->bo_lock);
}

/* Whether the process may write is for whoever gave it the dma-buf to say. */
static int lutna_bo_check_write(struct lutna_bo *bo, struct vm_area_struct *vma)
{
	if (!bo->sealed)
		return 0;
	if (vma->vm_flags & VM_WRITE)
		return -EACCES;
	vm_flags_mod(vma, 0, VM_MAYWRITE);
	return 0;
}

static int lutna_bo_mmap_bo(struct lutna_bo *bo, struct vm_area_struct *vma)
{
	unsigned long mask = (1UL << (LUTNA_BO_OFFSET_SHIFT - PAGE_SHIFT)) - 1;
	int ret;

	if (bo->kind == LUTNA_BO_KIND_USER || !(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EPERM;
	ret = lutna_bo_check_write(bo, vma);
	if (ret)
		return ret;
	if (bo->memory)
		return lutna_memory_mmap(bo->memory, vma);
	/* From here on it is the other driver's, and does not hold our file. */
	return dma_buf_mmap(lutna_import_dmabuf(bo->import), vma, vma->vm_pgoff & mask);
}

int lutna_bo_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct lutna_context *ctx = file->private_data;
	unsigned int shift = LUTNA_BO_OFFSET_SHIFT - PAGE_SHIFT;
	struct lutna_bo *bo;
	int ret;

	if (READ_ONCE(ctx->ldev->dead))
		return -ENODEV;
	if (vma->vm_pgoff >> shift > U32_MAX)
		return -ENOENT;
	bo = lutna_bo_get(ctx, vma->vm_pgoff >> shift);
	if (!bo)
		return -ENOENT;
	ret = lutna_bo_mmap_bo(bo, vma);
	lutna_bo_put(bo);
	return ret;
}
