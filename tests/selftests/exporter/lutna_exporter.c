// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: a driver that takes memory back which it has exported
 *
 * Of those at hand in a virtual machine none does.
 */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/dma-resv.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "lutna_exporter.h"

#define EXPORTER_MAX_PAGES	4096

/**
 * struct exporter_buffer - memory of a dma-buf
 * @mem: of vmalloc_user()
 * @nr_pages: size
 * @mapped: importers that have it mapped; protected by the dma_resv
 */
struct exporter_buffer {
	void *mem;
	unsigned int nr_pages;
	int mapped;
};

static int exporter_pin(struct dma_buf_attachment *attach)
{
	return 0;
}

static void exporter_unpin(struct dma_buf_attachment *attach)
{
}

static struct sg_table *exporter_map(struct dma_buf_attachment *attach,
				     enum dma_data_direction direction)
{
	struct exporter_buffer *buf = attach->dmabuf->priv;
	struct scatterlist *sg;
	struct sg_table *sgt;
	int i, ret;

	sgt = kzalloc(sizeof(*sgt), GFP_KERNEL);
	if (!sgt)
		return ERR_PTR(-ENOMEM);
	ret = sg_alloc_table(sgt, buf->nr_pages, GFP_KERNEL);
	if (ret)
		goto err_free;
	for_each_sgtable_sg(sgt, sg, i)
		sg_set_page(sg, vmalloc_to_page(buf->mem + i * PAGE_SIZE), PAGE_SIZE, 0);
	ret = dma_map_sgtable(attach->dev, sgt, direction, 0);
	if (ret)
		goto err_table;
	buf->mapped++;
	return sgt;

err_table:
	sg_free_table(sgt);
err_free:
	kfree(sgt);
	return ERR_PTR(ret);
}

static void exporter_unmap(struct dma_buf_attachment *attach, struct sg_table *sgt,
			   enum dma_data_direction direction)
{
	struct exporter_buffer *buf = attach->dmabuf->priv;

	buf->mapped--;
	dma_unmap_sgtable(attach->dev, sgt, direction, 0);
	sg_free_table(sgt);
	kfree(sgt);
}

static int exporter_mmap(struct dma_buf *dmabuf, struct vm_area_struct *vma)
{
	struct exporter_buffer *buf = dmabuf->priv;

	return remap_vmalloc_range(vma, buf->mem, vma->vm_pgoff);
}

static void exporter_release(struct dma_buf *dmabuf)
{
	struct exporter_buffer *buf = dmabuf->priv;

	vfree(buf->mem);
	kfree(buf);
}

static const struct dma_buf_ops exporter_ops = {
	.pin		= exporter_pin,
	.unpin		= exporter_unpin,
	.map_dma_buf	= exporter_map,
	.unmap_dma_buf	= exporter_unmap,
	.mmap		= exporter_mmap,
	.release	= exporter_release,
};

static int exporter_new(unsigned long nr_pages)
{
	DEFINE_DMA_BUF_EXPORT_INFO(info);
	struct exporter_buffer *buf;
	struct dma_buf *dmabuf;
	int ret = -ENOMEM;

	if (!nr_pages || nr_pages > EXPORTER_MAX_PAGES)
		return -EINVAL;
	buf = kzalloc(sizeof(*buf), GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	buf->nr_pages = nr_pages;
	buf->mem = vmalloc_user(nr_pages << PAGE_SHIFT);
	if (!buf->mem)
		goto err_free;
	info.ops = &exporter_ops;
	info.size = nr_pages << PAGE_SHIFT;
	info.flags = O_RDWR;
	info.priv = buf;
	dmabuf = dma_buf_export(&info);
	if (IS_ERR(dmabuf)) {
		ret = PTR_ERR(dmabuf);
		goto err_mem;
	}
	ret = dma_buf_fd(dmabuf, O_CLOEXEC);
	if (ret < 0)
		dma_buf_put(dmabuf);
	return ret;

err_mem:
	vfree(buf->mem);
err_free:
	kfree(buf);
	return ret;
}

static int exporter_mapped(int fd, bool move)
{
	struct dma_buf *dmabuf = dma_buf_get(fd);
	struct exporter_buffer *buf;
	int ret = -EINVAL;

	if (IS_ERR(dmabuf))
		return PTR_ERR(dmabuf);
	if (dmabuf->ops == &exporter_ops) {
		buf = dmabuf->priv;
		dma_resv_lock(dmabuf->resv, NULL);
		if (move)
			dma_buf_move_notify(dmabuf);
		ret = buf->mapped;
		dma_resv_unlock(dmabuf->resv);
	}
	dma_buf_put(dmabuf);
	return ret;
}

static long exporter_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case LUTNA_EXPORTER_NEW:
		return exporter_new(arg);
	case LUTNA_EXPORTER_MAPPED:
		return exporter_mapped(arg, false);
	case LUTNA_EXPORTER_MOVE:
		return exporter_mapped(arg, true);
	}
	return -ENOTTY;
}

static const struct file_operations exporter_fops = {
	.owner		= THIS_MODULE,
	.unlocked_ioctl	= exporter_ioctl,
};

static struct miscdevice exporter_misc = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "lutna_exporter",
	.fops	= &exporter_fops,
};
module_misc_device(exporter_misc);

MODULE_DESCRIPTION("LUT-NA selftests: an exporter of memory that moves");
MODULE_LICENSE("GPL");
MODULE_INFO(import_ns, "DMA_BUF");
