// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA driver: the page of doorbells that a process can map
 *
 * A process stores to it without asking, at any time, and must not be hurt by
 * what happens to the device.  So the page is put in place by a fault, and taken
 * away from all processes before a reset and for good when the device goes.
 * Who then touches it waits for the end of the reset, or gets a page of memory
 * which nobody looks at.
 */
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "compat.h"
#include "owned.h"

/* Above any offset of a buffer, see bo.c */
#define LUTNA_DOORBELL_OFFSET	BIT_ULL(62)

u64 lutna_doorbell_offset(const struct lutna_context *ctx)
{
	return LUTNA_DOORBELL_OFFSET + (u64)ctx->id * PAGE_SIZE;
}

bool lutna_doorbell_is(unsigned long pgoff)
{
	return (u64)pgoff >= LUTNA_DOORBELL_OFFSET >> PAGE_SHIFT;
}

void lutna_doorbell_zap(struct lutna_context *ctx)
{
	unmap_mapping_range(ctx->mapping, lutna_doorbell_offset(ctx), PAGE_SIZE, 1);
}

void lutna_doorbell_free(struct lutna_context *ctx)
{
	free_page(ctx->idle_page);
}

static vm_fault_t lutna_doorbell_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct lutna_context *ctx = vma->vm_private_data;
	struct lutna_device *ldev = ctx->ldev;
	resource_size_t bus;
	vm_fault_t ret;

	down_read(&ldev->hw_sem);
	if (ldev->dead) {
		/* It outlives the mapping, which holds the file. */
		ret = vmf_insert_pfn_prot(vma, vmf->address,
					  PHYS_PFN(virt_to_phys((void *)ctx->idle_page)),
					  vm_get_page_prot(vma->vm_flags));
	} else {
		bus = pci_resource_start(ldev->pdev, LUTNA_BAR_DOORBELLS) +
		      LUTNA_DOORBELL_USER(ctx->id, 0);
		ret = vmf_insert_pfn(vma, vmf->address, PHYS_PFN(bus));
	}
	up_read(&ldev->hw_sem);
	return ret;
}

static const struct vm_operations_struct lutna_doorbell_ops = {
	.fault	= lutna_doorbell_fault,
};

static int lutna_doorbell_idle_page(struct lutna_context *ctx)
{
	unsigned long page;

	if (READ_ONCE(ctx->idle_page))
		return 0;
	page = get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!page)
		return -ENOMEM;
	if (cmpxchg(&ctx->idle_page, 0, page))
		free_page(page);
	return 0;
}

int lutna_doorbell_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct lutna_context *ctx = file->private_data;
	int ret;

	if (!(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (vma->vm_flags & VM_EXEC)
		return -EPERM;
	if (READ_ONCE(ctx->ldev->dead))
		return -ENODEV;
	if (!lutna_owned_supported(ctx->ldev) ||
	    vma->vm_pgoff != lutna_doorbell_offset(ctx) >> PAGE_SHIFT)
		return -ENOENT;
	if (vma_pages(vma) != 1)
		return -EINVAL;
	ret = lutna_doorbell_idle_page(ctx);
	if (ret)
		return ret;
	vm_flags_mod(vma, VM_PFNMAP | VM_IO | VM_DONTEXPAND | VM_DONTDUMP, VM_MAYEXEC);
	vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	vma->vm_ops = &lutna_doorbell_ops;
	vma->vm_private_data = ctx;
	return 0;
}
