/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * LUT-NA driver: memory of buffers
 *
 * A memory is pages and nothing else: it knows neither a context nor a device.
 * Buffers of any contexts and devices, mappings of processes and dma-bufs hold
 * it, and it ends with the last of them.
 */
#ifndef LUTNA_MEMORY_H
#define LUTNA_MEMORY_H

#include <linux/dma-resv.h>
#include <linux/kref.h>
#include <linux/mm_types.h>

/**
 * struct lutna_piece - pages that are contiguous
 * @page: the first
 * @first: page of the memory that it is
 * @nr: how many; a compound page of them if they are the kernel's
 */
struct lutna_piece {
	struct page *page;
	unsigned long first;
	unsigned long nr;
};

/**
 * struct lutna_memory - pages
 * @ref: buffers, mappings of processes, dma-bufs
 * @wc: write-combined, for the kernel too
 * @nr_pages: how many
 * @pieces: in their order; all there from the start and until the end
 * @nr_pieces: how many
 * @room: how many @pieces has room for
 * @resv: fences of those who use it
 * @mm: whose pages they are, pinned and accounted there; NULL: the kernel's
 * @dirty: the device may have written to pages of @mm
 */
struct lutna_memory {
	struct kref ref;
	bool wc;
	unsigned long nr_pages;
	struct lutna_piece *pieces;
	unsigned long nr_pieces;
	unsigned long room;
	struct dma_resv resv;
	struct mm_struct *mm;
	bool dirty;
};

/**
 * lutna_memory_new() - memory without pages
 * @nr_pages: how many it will have
 *
 * Return: the memory with a reference for the caller, or NULL.
 */
struct lutna_memory *lutna_memory_new(unsigned long nr_pages);

/**
 * lutna_memory_fill() - give new memory zeroed pages of the kernel
 * @mem: memory
 * @dma32: below 4 GiB
 * @wc: write-combined
 *
 * Return: 0; -EOPNOTSUPP if this machine knows no write-combining; or -errno.
 * After an error @mem is good for nothing but lutna_memory_put().
 */
int lutna_memory_fill(struct lutna_memory *mem, bool dma32, bool wc);

/**
 * lutna_memory_pin() - give new memory pages of the caller's process
 * @mem: memory
 * @addr: where they are, page aligned
 * @write: the device may write to them
 *
 * Return: 0; -EPERM if the process may not lock that much; or -errno.
 * As lutna_memory_fill() after an error.
 */
int lutna_memory_pin(struct lutna_memory *mem, unsigned long addr, bool write);
/** lutna_memory_unpin() - what lutna_memory_put() does to those */
void lutna_memory_unpin(struct lutna_memory *mem);

/**
 * lutna_memory_add() - one piece more
 * @mem: memory
 * @page: first page
 * @first: page of the memory that it is; follows those that are there
 * @nr: how many
 *
 * Return: 0 or -ENOMEM.
 */
int lutna_memory_add(struct lutna_memory *mem, struct page *page,
		     unsigned long first, unsigned long nr);

static inline struct lutna_memory *lutna_memory_get(struct lutna_memory *mem)
{
	kref_get(&mem->ref);
	return mem;
}

/** lutna_memory_page() - page @index of it */
struct page *lutna_memory_page(struct lutna_memory *mem, unsigned long index);
/** lutna_memory_put() - drop a reference */
void lutna_memory_put(struct lutna_memory *mem);

/**
 * lutna_memory_mmap() - map memory of the kernel into a process
 * @mem: memory
 * @vma: shared, checked against the rights of whoever asks; the bits of its
 *	offset above LUTNA_VA_BITS are not the memory's
 *
 * Return: 0; -EINVAL if it is private or leaves the memory; -EPERM if it is
 * executable.
 */
int lutna_memory_mmap(struct lutna_memory *mem, struct vm_area_struct *vma);

#endif /* LUTNA_MEMORY_H */
