// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA driver: buffers
 *
 * A buffer is a list of pieces, each contiguous in memory and on the bus, as
 * large as is easily had: 2 MiB pieces give the device one TLB entry each.
 * Pieces are mapped for DMA once, for as long as the buffer lives.  Its memory
 * is accounted to the memory cgroup of the process that created it.
 */
#include <linux/dma-mapping.h>
#include <linux/file.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "compat.h"
#include "lutna_drv.h"

/* Pieces of what the device can map at once; more helps nobody. */
#define LUTNA_BO_ORDER		(LUTNA_HUGE_SHIFT - PAGE_SHIFT)

/*
 * The offset for mmap() is the handle, above any offset in a buffer: no buffer
 * is larger than the address space of a context.
 */
#define LUTNA_BO_OFFSET_SHIFT	LUTNA_VA_BITS
#define LUTNA_BO_HANDLES	XA_LIMIT(1, (1U << (62 - LUTNA_BO_OFFSET_SHIFT)) - 1)

/**
 * struct lutna_piece - memory that is contiguous here and on the bus
 * @page: first page, a compound page of @order
 * @dma: bus address
 * @first: page of the buffer that it begins with
 * @order: log2 of its pages
 */
struct lutna_piece {
	struct page *page;
	dma_addr_t dma;
	unsigned long first;
	unsigned int order;
};

/**
 * struct lutna_bo - a buffer
 * @ref: handle, mappings of the device, mappings of processes
 * @ctx: context
 * @link: in its bo_list
 * @nr_pages: size
 * @pieces: memory
 * @nr_pieces: how many
 * @room: how many @pieces has room for
 * @mapped: @pieces are mapped for DMA; false after unbind, see hw_sem
 * @mappings: mappings of the device
 */
struct lutna_bo {
	struct kref ref;
	struct lutna_context *ctx;
	struct list_head link;
	unsigned long nr_pages;
	struct lutna_piece *pieces;
	unsigned long nr_pieces;
	unsigned long room;
	bool mapped;
	atomic_t mappings;
};

/* Pages of buffers that are being made, of all devices, not yet allocated */
static atomic_long_t lutna_promised;

u64 lutna_bo_bytes(struct lutna_bo *bo)
{
	return (u64)bo->nr_pages << PAGE_SHIFT;
}

void lutna_bo_count_mapping(struct lutna_bo *bo, int more)
{
	atomic_add(more, &bo->mappings);
}

static u64 lutna_bo_mmap_offset(u32 handle)
{
	return (u64)handle << LUTNA_BO_OFFSET_SHIFT;
}

static size_t lutna_piece_bytes(const struct lutna_piece *piece)
{
	return PAGE_SIZE << piece->order;
}

/* The piece that page @index of the buffer belongs to. */
static struct lutna_piece *lutna_bo_piece(struct lutna_bo *bo, unsigned long index)
{
	unsigned long low = 0, high = bo->nr_pieces;

	while (high - low > 1) {
		unsigned long mid = low + (high - low) / 2;

		if (bo->pieces[mid].first <= index)
			low = mid;
		else
			high = mid;
	}
	return &bo->pieces[low];
}

static struct page *lutna_bo_page(struct lutna_bo *bo, unsigned long index)
{
	struct lutna_piece *piece = lutna_bo_piece(bo, index);

	return piece->page + (index - piece->first);
}

u64 lutna_bo_run(struct lutna_bo *bo, u64 offset, dma_addr_t *dma)
{
	struct lutna_piece *piece = lutna_bo_piece(bo, offset >> PAGE_SHIFT);
	u64 inside = offset - ((u64)piece->first << PAGE_SHIFT);

	*dma = piece->dma + inside;
	return lutna_piece_bytes(piece) - inside;
}

static void lutna_bo_unmap_dma(struct lutna_bo *bo)
{
	struct device *dev = lutna_dev(bo->ctx->ldev);
	unsigned long i;

	for (i = 0; i < bo->nr_pieces; i++)
		dma_unmap_page(dev, bo->pieces[i].dma,
			       lutna_piece_bytes(&bo->pieces[i]), DMA_BIDIRECTIONAL);
	bo->mapped = false;
}

static void lutna_bo_free_pages(struct lutna_bo *bo)
{
	unsigned long i;

	for (i = 0; i < bo->nr_pieces; i++) {
		__free_pages(bo->pieces[i].page, bo->pieces[i].order);
		cond_resched();
	}
	kvfree(bo->pieces);
}

static void lutna_bo_release(struct kref *ref)
{
	struct lutna_bo *bo = container_of(ref, struct lutna_bo, ref);
	struct lutna_context *ctx = bo->ctx;

	down_read(&ctx->ldev->hw_sem);
	if (bo->mapped)
		lutna_bo_unmap_dma(bo);
	mutex_lock(&ctx->bo_lock);
	list_del(&bo->link);
	mutex_unlock(&ctx->bo_lock);
	up_read(&ctx->ldev->hw_sem);

	lutna_bo_free_pages(bo);
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

/* Room for one piece more, doubling, so that n pieces cost O(n) copies. */
static int lutna_bo_make_room(struct lutna_bo *bo)
{
	unsigned long room = max(2 * bo->room, 16UL);
	struct lutna_piece *pieces;

	if (bo->nr_pieces < bo->room)
		return 0;
	pieces = kvmalloc_array(room, sizeof(*pieces), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!pieces)
		return -ENOMEM;
	if (bo->nr_pieces)
		memcpy(pieces, bo->pieces, bo->nr_pieces * sizeof(*pieces));
	kvfree(bo->pieces);
	bo->pieces = pieces;
	bo->room = room;
	return 0;
}

static struct page *lutna_alloc_piece(struct lutna_device *ldev, unsigned int order)
{
	gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN;

	/* So that nothing has to be bounced, which shared memory cannot be. */
	if (ldev->dma32)
		gfp |= GFP_DMA32;
	if (order)
		gfp |= __GFP_COMP | __GFP_NORETRY;
	else
		gfp |= __GFP_RETRY_MAYFAIL;
	return alloc_pages(gfp, order);
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

/* Called with hw_sem held, so that remove() sees all pieces or none. */
static int lutna_bo_map_piece(struct lutna_bo *bo, struct page *page,
			      unsigned long first, unsigned int order)
{
	struct device *dev = lutna_dev(bo->ctx->ldev);
	size_t bytes = PAGE_SIZE << order;
	dma_addr_t dma;
	int ret;

	if (bo->ctx->ldev->dead)
		return -ENODEV;
	ret = lutna_bo_make_room(bo);
	if (ret)
		return ret;
	dma = dma_map_page(dev, page, 0, bytes, DMA_BIDIRECTIONAL);
	if (dma_mapping_error(dev, dma))
		return -ENOMEM;
	/* Device and processes share the memory all the time: no bouncing. */
	if (dma_need_sync(dev, dma) && !lutna_translated(dev)) {
		dev_err_ratelimited(dev, "memory cannot be shared: the platform is not coherent\n");
		dma_unmap_page(dev, dma, bytes, DMA_BIDIRECTIONAL);
		return -ENOMEM;
	}
	bo->pieces[bo->nr_pieces++] = (struct lutna_piece) {
		.page = page,
		.dma = dma,
		.first = first,
		.order = order,
	};
	return 0;
}

static int lutna_bo_add_piece(struct lutna_bo *bo, unsigned long first,
			      unsigned int order)
{
	struct lutna_device *ldev = bo->ctx->ldev;
	struct page *page;
	int ret;

	page = lutna_alloc_piece(ldev, order);
	if (!page)
		return -ENOMEM;
	down_read(&ldev->hw_sem);
	ret = lutna_bo_map_piece(bo, page, first, order);
	up_read(&ldev->hw_sem);
	if (ret)
		__free_pages(page, order);
	return ret;
}

/*
 * Memory of buffers is nobody's that the OOM killer could find: it would kill
 * others first.  So a buffer is refused before it comes to that.  What others
 * have been promised and not yet taken counts as gone.  What a process may have
 * at all is for its memory cgroup to say.
 */
static int lutna_bo_promise(unsigned long nr_pages)
{
	long available = si_mem_available() - (long)(totalram_pages() / 16);

	if (nr_pages > totalram_pages())
		return -ENOMEM;
	if (atomic_long_add_return(nr_pages, &lutna_promised) <= available)
		return 0;
	atomic_long_sub(nr_pages, &lutna_promised);
	return -ENOMEM;
}

static int lutna_bo_fill(struct lutna_bo *bo)
{
	unsigned int order = LUTNA_BO_ORDER;
	unsigned long first = 0;
	int ret;

	ret = lutna_bo_promise(bo->nr_pages);
	if (ret)
		return ret;
	while (first < bo->nr_pages) {
		order = min_t(unsigned int, order, ilog2(bo->nr_pages - first));
		ret = lutna_bo_add_piece(bo, first, order);
		if (ret == -ENOMEM && order) {
			/* Memory is in small pieces: do not ask for large ones again. */
			order--;
			continue;
		}
		if (ret)
			break;
		first += 1UL << order;
		atomic_long_sub(1L << order, &lutna_promised);
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		cond_resched();
	}
	atomic_long_sub(bo->nr_pages - first, &lutna_promised);
	return ret;
}

/* On success the caller has the only reference. */
static int lutna_bo_new(struct lutna_context *ctx, unsigned long nr_pages,
			struct lutna_bo **out)
{
	struct lutna_bo *bo;
	int ret;

	bo = kzalloc(sizeof(*bo), GFP_KERNEL_ACCOUNT);
	if (!bo)
		return -ENOMEM;
	kref_init(&bo->ref);
	bo->ctx = ctx;
	bo->nr_pages = nr_pages;

	mutex_lock(&ctx->bo_lock);
	bo->mapped = true;
	list_add(&bo->link, &ctx->bo_list);
	mutex_unlock(&ctx->bo_lock);
	ret = lutna_bo_fill(bo);
	if (ret) {
		lutna_bo_put(bo);
		return ret;
	}
	*out = bo;
	return 0;
}

int lutna_ioctl_bo_create(struct lutna_call *call)
{
	struct lutna_context *ctx = call->ctx;
	struct lutna_bo_create *arg = call->arg;
	struct lutna_bo *bo;
	int ret;

	if (arg->reserved || !arg->bytes)
		return -EINVAL;
	if (arg->bytes > U64_MAX - PAGE_SIZE)
		return -EOVERFLOW;
	arg->bytes = PAGE_ALIGN(arg->bytes);
	if (arg->bytes > LUTNA_VA_END)
		return -ENOMEM;

	ret = lutna_bo_new(ctx, arg->bytes >> PAGE_SHIFT, &bo);
	if (ret)
		return ret;
	/* A reservation: nobody finds the buffer before the caller knows of it. */
	ret = xa_alloc_cyclic(&ctx->bos, &arg->handle, NULL, LUTNA_BO_HANDLES,
			      &ctx->next_bo, GFP_KERNEL_ACCOUNT);
	if (ret < 0) {
		ret = ret == -EBUSY ? -ENOSPC : ret;
		goto err_put;
	}
	arg->mmap_offset = lutna_bo_mmap_offset(arg->handle);
	ret = lutna_reply(call);
	if (ret)
		goto err_handle;
	xa_store(&ctx->bos, arg->handle, bo, GFP_KERNEL);
	return 0;

err_handle:
	xa_erase(&ctx->bos, arg->handle);
err_put:
	lutna_bo_put(bo);
	return ret;
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
	arg->mmap_offset = lutna_bo_mmap_offset(arg->handle);
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
		if (bo->mapped)
			lutna_bo_unmap_dma(bo);
	mutex_unlock(&ctx->bo_lock);
}

static void lutna_vma_open(struct vm_area_struct *vma)
{
	struct lutna_bo *bo = vma->vm_private_data;

	kref_get(&bo->ref);
}

static void lutna_vma_close(struct vm_area_struct *vma)
{
	lutna_bo_put(vma->vm_private_data);
}

/*
 * Memory is there in any case, so a fault maps as much as one page table of the
 * process holds.  The pages of a buffer do not change while it is mapped, nor
 * do they need the device: a process may go on to use them without it.
 */
static vm_fault_t lutna_vma_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct lutna_bo *bo = vma->vm_private_data;
	unsigned long offset_mask = (1UL << (LUTNA_BO_OFFSET_SHIFT - PAGE_SHIFT)) - 1;
	unsigned long start = max(vmf->address & PMD_MASK, vma->vm_start);
	unsigned long end = min((vmf->address & PMD_MASK) + PMD_SIZE, vma->vm_end);
	unsigned long index = vmf->pgoff & offset_mask;
	unsigned long addr;
	vm_fault_t ret;

	ret = vmf_insert_page(vma, vmf->address & PAGE_MASK, lutna_bo_page(bo, index));
	if (ret != VM_FAULT_NOPAGE)
		return ret;
	index -= ((vmf->address & PAGE_MASK) - start) >> PAGE_SHIFT;
	/* A page that is there already is no error; one that fails faults later. */
	for (addr = start; addr < end && ret == VM_FAULT_NOPAGE; addr += PAGE_SIZE)
		ret = vmf_insert_page(vma, addr, lutna_bo_page(bo, index++));
	return VM_FAULT_NOPAGE;
}

static const struct vm_operations_struct lutna_vma_ops = {
	.open	= lutna_vma_open,
	.close	= lutna_vma_close,
	.fault	= lutna_vma_fault,
};

int lutna_bo_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct lutna_context *ctx = file->private_data;
	unsigned int shift = LUTNA_BO_OFFSET_SHIFT - PAGE_SHIFT;
	unsigned long first = vma->vm_pgoff & ((1UL << shift) - 1);
	struct lutna_bo *bo;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EPERM;
	if (READ_ONCE(ctx->ldev->dead))
		return -ENODEV;
	if (vma->vm_pgoff >> shift > U32_MAX)
		return -ENOENT;
	bo = lutna_bo_get(ctx, vma->vm_pgoff >> shift);
	if (!bo)
		return -ENOENT;
	if (first > bo->nr_pages || vma_pages(vma) > bo->nr_pages - first) {
		lutna_bo_put(bo);
		return -EINVAL;
	}
	vm_flags_mod(vma, VM_MIXEDMAP | VM_DONTEXPAND | VM_DONTDUMP, VM_MAYEXEC);
	vma->vm_ops = &lutna_vma_ops;
	vma->vm_private_data = bo;
	return 0;
}
