// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA driver: memory of buffers
 *
 * Pages of the kernel come in pieces as large as is easily had: 2 MiB pieces
 * give the device one TLB entry each.  They are accounted to the memory cgroup
 * of the process that asks for them.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/set_memory.h>
#include <linux/slab.h>

#include "compat.h"
#include "lutna_drv.h"
#include "memory.h"

/* Pieces of what the device can map at once; more helps nobody. */
#define LUTNA_PIECE_ORDER	(LUTNA_HUGE_SHIFT - PAGE_SHIFT)

/* Pages of memory that is being made, of all devices, not yet allocated */
static atomic_long_t lutna_promised;

/*
 * The kernel's own mapping is changed too: two mappings of a page that differ
 * in this are undefined behaviour of the processor.
 */
#ifdef CONFIG_X86
static int lutna_pages_wc(struct page *page, unsigned long nr)
{
	return set_memory_wc((unsigned long)page_address(page), nr);
}

static int lutna_pages_wb(struct page *page, unsigned long nr)
{
	return set_memory_wb((unsigned long)page_address(page), nr);
}
#else
static int lutna_pages_wc(struct page *page, unsigned long nr)
{
	return -EOPNOTSUPP;
}

static int lutna_pages_wb(struct page *page, unsigned long nr)
{
	return 0;
}
#endif

struct lutna_memory *lutna_memory_new(unsigned long nr_pages)
{
	struct lutna_memory *mem;

	mem = kzalloc(sizeof(*mem), GFP_KERNEL_ACCOUNT);
	if (!mem)
		return NULL;
	kref_init(&mem->ref);
	mem->nr_pages = nr_pages;
	dma_resv_init(&mem->resv);
	return mem;
}

static void lutna_memory_free_pages(struct lutna_memory *mem)
{
	unsigned long i;

	for (i = 0; i < mem->nr_pieces; i++) {
		struct lutna_piece *piece = &mem->pieces[i];

		/* What could not be made ordinary again is of no use to others. */
		if (mem->wc && WARN_ON_ONCE(lutna_pages_wb(piece->page, piece->nr)))
			continue;
		__free_pages(piece->page, ilog2(piece->nr));
		cond_resched();
	}
}

static void lutna_memory_release(struct kref *ref)
{
	struct lutna_memory *mem = container_of(ref, struct lutna_memory, ref);

	if (mem->mm)
		lutna_memory_unpin(mem);
	else
		lutna_memory_free_pages(mem);
	dma_resv_fini(&mem->resv);
	kvfree(mem->pieces);
	kfree(mem);
}

void lutna_memory_put(struct lutna_memory *mem)
{
	kref_put(&mem->ref, lutna_memory_release);
}

/* Room for one piece more, doubling, so that n pieces cost O(n) copies. */
static int lutna_memory_make_room(struct lutna_memory *mem)
{
	unsigned long room = max(2 * mem->room, 16UL);
	struct lutna_piece *pieces;

	if (mem->nr_pieces < mem->room)
		return 0;
	pieces = kvmalloc_array(room, sizeof(*pieces), GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
	if (!pieces)
		return -ENOMEM;
	if (mem->nr_pieces)
		memcpy(pieces, mem->pieces, mem->nr_pieces * sizeof(*pieces));
	kvfree(mem->pieces);
	mem->pieces = pieces;
	mem->room = room;
	return 0;
}

int lutna_memory_add(struct lutna_memory *mem, struct page *page,
		     unsigned long first, unsigned long nr)
{
	int ret = lutna_memory_make_room(mem);

	if (ret)
		return ret;
	mem->pieces[mem->nr_pieces++] = (struct lutna_piece) {
		.page = page,
		.first = first,
		.nr = nr,
	};
	return 0;
}

static struct page *lutna_alloc_piece(unsigned int order, bool dma32)
{
	gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_ZERO | __GFP_NOWARN;

	/* So that nothing has to be bounced, which shared memory cannot be. */
	if (dma32)
		gfp |= GFP_DMA32;
	if (order)
		gfp |= __GFP_COMP | __GFP_NORETRY;
	else
		gfp |= __GFP_RETRY_MAYFAIL;
	return alloc_pages(gfp, order);
}

static int lutna_memory_add_piece(struct lutna_memory *mem, unsigned long first,
				  unsigned int order, bool dma32)
{
	struct page *page;
	int ret;

	page = lutna_alloc_piece(order, dma32);
	if (!page)
		return -ENOMEM;
	if (mem->wc) {
		ret = lutna_pages_wc(page, 1UL << order);
		if (ret)
			goto err_free;
	}
	ret = lutna_memory_add(mem, page, first, 1UL << order);
	if (ret)
		goto err_wb;
	return 0;

err_wb:
	if (mem->wc && WARN_ON_ONCE(lutna_pages_wb(page, 1UL << order)))
		return ret;
err_free:
	__free_pages(page, order);
	return ret;
}

/*
 * Memory of buffers is nobody's that the OOM killer could find: it would kill
 * others first.  So a buffer is refused before it comes to that.  What others
 * have been promised and not yet taken counts as gone.  What a process may have
 * at all is for its memory cgroup to say.
 */
static int lutna_memory_promise(unsigned long nr_pages)
{
	long available = si_mem_available() - (long)(totalram_pages() / 16);

	if (nr_pages > totalram_pages())
		return -ENOMEM;
	if (atomic_long_add_return(nr_pages, &lutna_promised) <= available)
		return 0;
	atomic_long_sub(nr_pages, &lutna_promised);
	return -ENOMEM;
}

int lutna_memory_fill(struct lutna_memory *mem, bool dma32, bool wc)
{
	unsigned int order = LUTNA_PIECE_ORDER;
	unsigned long first = 0;
	int ret;

	mem->wc = wc;
	ret = lutna_memory_promise(mem->nr_pages);
	if (ret)
		return ret;
	while (first < mem->nr_pages) {
		order = min_t(unsigned int, order, ilog2(mem->nr_pages - first));
		ret = lutna_memory_add_piece(mem, first, order, dma32);
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
	atomic_long_sub(mem->nr_pages - first, &lutna_promised);
	return ret;
}

struct page *lutna_memory_page(struct lutna_memory *mem, unsigned long index)
{
	unsigned long low = 0, high = mem->nr_pieces;

	while (high - low > 1) {
		unsigned long mid = low + (high - low) / 2;

		if (mem->pieces[mid].first <= index)
			low = mid;
		else
			high = mid;
	}
	return mem->pieces[low].page + (index - mem->pieces[low].first);
}

/* Pages from the beginning of the memory on; see lutna_memory_mmap(). */
static unsigned long lutna_vma_index(unsigned long pgoff)
{
	return pgoff & ((1UL << (LUTNA_VA_BITS - PAGE_SHIFT)) - 1);
}

static void lutna_vma_open(struct vm_area_struct *vma)
{
	lutna_memory_get(vma->vm_private_data);
}

static void lutna_vma_close(struct vm_area_struct *vma)
{
	lutna_memory_put(vma->vm_private_data);
}

/*
 * Memory is there in any case, so a fault maps as much as one page table of the
 * process holds.  The pages do not change while they are mapped, nor do they
 * need the device: a process may go on to use them without it.
 */
static vm_fault_t lutna_vma_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct lutna_memory *mem = vma->vm_private_data;
	unsigned long start = max(vmf->address & PMD_MASK, vma->vm_start);
	unsigned long end = min((vmf->address & PMD_MASK) + PMD_SIZE, vma->vm_end);
	unsigned long index = lutna_vma_index(vmf->pgoff);
	unsigned long addr;
	vm_fault_t ret;

	ret = vmf_insert_page(vma, vmf->address & PAGE_MASK, lutna_memory_page(mem, index));
	if (ret != VM_FAULT_NOPAGE)
		return ret;
	index -= ((vmf->address & PAGE_MASK) - start) >> PAGE_SHIFT;
	/* A page that is there already is no error; one that fails faults later. */
	for (addr = start; addr < end && ret == VM_FAULT_NOPAGE; addr += PAGE_SIZE)
		ret = vmf_insert_page(vma, addr, lutna_memory_page(mem, index++));
	return VM_FAULT_NOPAGE;
}

static const struct vm_operations_struct lutna_vma_ops = {
	.open	= lutna_vma_open,
	.close	= lutna_vma_close,
	.fault	= lutna_vma_fault,
};

int lutna_memory_mmap(struct lutna_memory *mem, struct vm_area_struct *vma)
{
	unsigned long first = lutna_vma_index(vma->vm_pgoff);

	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EPERM;
	if (first > mem->nr_pages || vma_pages(vma) > mem->nr_pages - first)
		return -EINVAL;
	vm_flags_mod(vma, VM_MIXEDMAP | VM_DONTEXPAND | VM_DONTDUMP, VM_MAYEXEC);
	if (mem->wc)
		vma->vm_page_prot = pgprot_writecombine(vma->vm_page_prot);
	vma->vm_ops = &lutna_vma_ops;
	vma->vm_private_data = lutna_memory_get(mem);
	return 0;
}
