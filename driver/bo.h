/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * LUT-NA driver: buffers, for those that make them
 *
 * A buffer is what a context has of a memory: its handle, and where the memory
 * lies on the bus for the device of the context.
 */
#ifndef LUTNA_BO_H
#define LUTNA_BO_H

#include <linux/dma-direction.h>

#include "lutna_drv.h"
#include "memory.h"

struct dma_buf;
struct lutna_import;

/**
 * struct lutna_run - a part of a buffer that is contiguous on the bus
 * @dma: bus address
 * @first: page of the buffer that it begins with
 */
struct lutna_run {
	dma_addr_t dma;
	unsigned long first;
};

/**
 * struct lutna_bo - a buffer
 * @ref: handle, mappings of the device, ioctls
 * @ctx: context
 * @link: in its bo_list
 * @kind: enum lutna_bo_kind
 * @readonly: the device may not write
 * @sealed: nor may processes; it came through a dma-buf that is not for writing
 * @nr_pages: size
 * @memory: its pages; NULL if they are another driver's
 * @import: where they come from then
 * @runs: where they are on the bus, for the device of @ctx
 * @nr_runs: how many
 * @skew: device addresses of 2 MiB pages are congruent to offset + @skew
 * @nr_mapped: how many of @runs are there: all, once it is made; none after
 *	unbind (hw_sem), or when the exporter took them back (lutna_vm.lock)
 * @mappings: mappings of the device
 * @export_lock: protects @dmabuf
 * @dmabuf: it as a dma-buf, that may be written through or not; or NULL
 */
struct lutna_bo {
	struct kref ref;
	struct lutna_context *ctx;
	struct list_head link;
	u32 kind;
	bool readonly;
	bool sealed;
	unsigned long nr_pages;
	struct lutna_memory *memory;
	struct lutna_import *import;
	struct lutna_run *runs;
	unsigned long nr_runs;
	unsigned long nr_mapped;
	u64 skew;
	atomic_t mappings;
	struct mutex export_lock;	/* @dmabuf */
	struct dma_buf *dmabuf[2];
};

static inline enum dma_data_direction lutna_bo_direction(const struct lutna_bo *bo)
{
	return bo->readonly ? DMA_TO_DEVICE : DMA_BIDIRECTIONAL;
}

/**
 * lutna_bo_alloc() - a buffer without memory
 * @ctx: context
 * @nr_pages: its size
 *
 * Return: the buffer with a reference for the caller, or NULL.
 */
struct lutna_bo *lutna_bo_alloc(struct lutna_context *ctx, unsigned long nr_pages);

/**
 * lutna_bo_new() - a buffer of a memory
 * @ctx: context
 * @mem: all of it; the buffer takes a reference of its own
 * @readonly: the device may not write
 * @out: set to the buffer, with a reference for the caller
 *
 * Return: 0 or -errno.
 */
int lutna_bo_new(struct lutna_context *ctx, struct lutna_memory *mem, bool readonly,
		 struct lutna_bo **out);

/**
 * lutna_bo_publish() - give a buffer a handle, and the caller his answer
 * @call: the ioctl that made it
 * @bo: buffer; the caller's reference becomes the handle's, or is dropped
 * @handle: where in @call->arg the handle goes
 * @offset: where in @call->arg the offset for mmap() goes, or NULL
 *
 * Return: 0, or -errno and nothing is left of the buffer.
 */
int lutna_bo_publish(struct lutna_call *call, struct lutna_bo *bo, u32 *handle,
		     u64 *offset);
/** lutna_bo_find_skew() - set @skew, when all of @runs are there */
void lutna_bo_find_skew(struct lutna_bo *bo);
/** lutna_bo_shareable() - whether it can be had on the bus without bouncing */
bool lutna_bo_shareable(struct lutna_context *ctx, dma_addr_t dma);

/* dmabuf.c */

/**
 * lutna_dmabuf_memory() - what stands behind a dma-buf
 * @dmabuf: anybody's
 *
 * Return: its memory, for which @dmabuf holds a reference; or NULL if it is not
 * this driver's.
 */
struct lutna_memory *lutna_dmabuf_memory(struct dma_buf *dmabuf);

/* import.c */

/**
 * lutna_import_open() - find the memory of another driver
 * @bo: new buffer; its @import and @runs are set
 * @dmabuf: the memory; on success the buffer has the caller's reference
 *
 * Return: 0 or -errno.
 */
int lutna_import_open(struct lutna_bo *bo, struct dma_buf *dmabuf);
/** lutna_import_close() - let go of it; nothing of the device maps it any more */
void lutna_import_close(struct lutna_bo *bo);
/** lutna_import_dmabuf() - the dma-buf that it is */
struct dma_buf *lutna_import_dmabuf(struct lutna_import *import);

#endif /* LUTNA_BO_H */
