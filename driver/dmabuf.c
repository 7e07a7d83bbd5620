// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA driver: buffers for others
 *
 * A dma-buf is a memory: it does not hold the context, nor the device, and
 * serves its importers after both are gone.  Its pages stay where they are, so
 * pinning is nothing, and nobody is ever told that they move.  They are coherent
 * with what devices do; when to look is for the fences to say.
 */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/file.h>
#include <linux/iosys-map.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "bo.h"

static int lutna_dmabuf_pin(struct dma_buf_attachment *attach)
{
	return 0;
}

static void lutna_dmabuf_unpin(struct dma_buf_attachment *attach)
{
}

/* Pieces, cut to what the importer can have in one. */
static int lutna_dmabuf_fill(struct lutna_memory *mem, struct sg_table *sgt,
			     unsigned long limit)
{
	struct scatterlist *sg;
	unsigned int entries = 0;
	unsigned long i, done;
	int ret;

	for (i = 0; i < mem->nr_pieces; i++)
		entries += DIV_ROUND_UP(mem->pieces[i].nr, limit);
	ret = sg_alloc_table(sgt, entries, GFP_KERNEL);
	if (ret)
		return ret;
	sg = sgt->sgl;
	for (i = 0; i < mem->nr_pieces; i++) {
		struct lutna_piece *piece = &mem->pieces[i];

		for (done = 0; done < piece->nr; done += limit) {
			unsigned long nr = min(piece->nr - done, limit);

			sg_set_page(sg, piece->page + done, nr << PAGE_SHIFT, 0);
			sg = sg_next(sg);
		}
	}
	return 0;
}

static struct sg_table *lutna_dmabuf_map(struct dma_buf_attachment *attach,
					 enum dma_data_direction direction)
{
	struct lutna_memory *mem = attach->dmabuf->priv;
	unsigned long limit = max(dma_get_max_seg_size(attach->dev) >> PAGE_SHIFT, 1U);
	struct sg_table *sgt;
	int ret;

	sgt = kzalloc(sizeof(*sgt), GFP_KERNEL);
	if (!sgt)
		return ERR_PTR(-ENOMEM);
	ret = lutna_dmabuf_fill(mem, sgt, limit);
	if (ret)
		goto err_free;
	ret = dma_map_sgtable(attach->dev, sgt, direction, 0);
	if (ret)
		goto err_table;
	return sgt;

err_table:
	sg_free_table(sgt);
err_free:
	kfree(sgt);
	return ERR_PTR(ret);
}

static void lutna_dmabuf_unmap(struct dma_buf_attachment *attach, struct sg_table *sgt,
			       enum dma_data_direction direction)
{
	dma_unmap_sgtable(attach->dev, sgt, direction, 0);
	sg_free_table(sgt);
	kfree(sgt);
}

static int lutna_dmabuf_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	return lutna_memory_mmap(dmabuf->priv, vma);
}

static int lutna_dmabuf_vmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	struct lutna_memory *mem = dmabuf->priv;
	pgprot_t prot = PAGE_KERNEL;
	struct page **pages;
	unsigned long i, j, n = 0;
	void *addr;

	pages = kvmalloc_array(mem->nr_pages, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return -ENOMEM;
	for (i = 0; i < mem->nr_pieces; i++)
		for (j = 0; j < mem->pieces[i].nr; j++)
			pages[n++] = mem->pieces[i].page + j;
	if (mem->wc)
		prot = pgprot_writecombine(prot);
	addr = vmap(pages, mem->nr_pages, VM_MAP, prot);
	kvfree(pages);
	if (!addr)
		return -ENOMEM;
	iosys_map_set_vaddr(map, addr);
	return 0;
}

static void lutna_dmabuf_vunmap(struct dma_buf *dmabuf, struct iosys_map *map)
{
	vunmap(map->vaddr);
}

static void lutna_dmabuf_release(struct dma_buf *dmabuf)
{
	lutna_memory_put(dmabuf->priv);
}

static const struct dma_buf_ops lutna_dmabuf_ops = {
	.pin		= lutna_dmabuf_pin,
	.unpin		= lutna_dmabuf_unpin,
	.map_dma_buf	= lutna_dmabuf_map,
	.unmap_dma_buf	= lutna_dmabuf_unmap,
	.mmap		= lutna_dmabuf_mmap,
	.vmap		= lutna_dmabuf_vmap,
	.vunmap		= lutna_dmabuf_vunmap,
	.release	= lutna_dmabuf_release,
};

struct lutna_memory *lutna_dmabuf_memory(struct dma_buf *dmabuf)
{
	return dmabuf->ops == &lutna_dmabuf_ops ? dmabuf->priv : NULL;
}

static struct dma_buf *lutna_dmabuf_new(struct lutna_memory *mem, bool write)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct dma_buf *dmabuf;

	info.ops = &lutna_dmabuf_ops;
	info.size = mem->nr_pages << PAGE_SHIFT;
	info.flags = O_CLOEXEC | (write ? O_RDWR : O_RDONLY);
	info.resv = &mem->resv;
	info.priv = lutna_memory_get(mem);
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf))
		lutna_memory_put(mem);
	return dmabuf;
}

/* The buffer's dma-buf, made at the first time that it is wanted. */
static int lutna_bo_dmabuf(struct lutna_bo *bo, bool write, struct dma_buf **out)
{
	struct dma_buf *dmabuf;
	int ret = 0;

	mutex_lock(&bo->export_lock);
	dmabuf = bo->dmabuf[write];
	if (!dmabuf) {
		dmabuf = lutna_dmabuf_new(bo->memory, write);
		if (IS_ERR(dmabuf))
			ret = PTR_ERR(dmabuf);
		else
			bo->dmabuf[write] = dmabuf;
	}
	if (!ret)
		get_dma_buf(dmabuf);
	mutex_unlock(&bo->export_lock);
	*out = dmabuf;
	return ret;
}

static int lutna_bo_export(struct lutna_bo *bo, bool write, struct dma_buf **out)
{
	if (bo->kind == LUTNA_BO_KIND_USER)
		return -EINVAL;
	if (bo->import) {
		*out = lutna_import_dmabuf(bo->import);
		if (write && !((*out)->file->f_mode & FMODE_WRITE))
			return -EACCES;
		get_dma_buf(*out);
		return 0;
	}
	if (write && bo->readonly)
		return -EACCES;
	return lutna_bo_dmabuf(bo, write, out);
}

static int lutna_export_fd(struct lutna_call *call, struct dma_buf *dmabuf)
{
	struct lutna_bo_export *arg = call->arg;
	int fd, ret;

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	arg->fd = fd;
	ret = lutna_reply(call);
	if (ret) {
		put_unused_fd(fd);
		return ret;
	}
	get_dma_buf(dmabuf);
	fd_install(fd, dmabuf->file);
	return 0;
}

int lutna_ioctl_bo_export(struct lutna_call *call)
{
	struct lutna_bo_export *arg = call->arg;
	struct dma_buf *dmabuf;
	struct lutna_bo *bo;
	int ret;

	if (READ_ONCE(call->ctx->ldev->dead))
		return -ENODEV;
	bo = lutna_bo_get(call->ctx, arg->handle);
	if (!bo)
		return -ENOENT;
	ret = lutna_bo_export(bo, arg->flags & LUTNA_EXPORT_WRITE, &dmabuf);
	if (!ret) {
		ret = lutna_export_fd(call, dmabuf);
		dma_buf_put(dmabuf);
	}
	lutna_bo_put(bo);
	return ret;
}

/*
 * By name and not by macro, whose argument is a string only since 6.13: this is
 * what it comes to on all kernels.
 */
MODULE_INFO(import_ns, "DMA_BUF");
