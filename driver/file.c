// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA driver: the device file
 *
 * What is the same for all ioctls is done here: the caller's structure is
 * copied once, its size is checked, and @flags, of which most know none.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "event.h"
#include "lutna_drv.h"
#include "owned.h"
#include "uring.h"

static int lutna_ioctl_get_info(struct lutna_call *call)
{
	struct lutna_device *ldev = call->ctx->ldev;
	const struct lutna_facts *facts = &ldev->facts;
	struct lutna_info *info = call->arg;
	bool huge = facts->features & LUTNA_FEATURE_HUGE_PAGES;

	down_read(&ldev->hw_sem);
	if (ldev->dead) {
		up_read(&ldev->hw_sem);
		return -ENODEV;
	}
	info->pci_domain = pci_domain_nr(ldev->pdev->bus);
	info->pci_bus = ldev->pdev->bus->number;
	info->pci_devfn = ldev->pdev->devfn;
	up_read(&ldev->hw_sem);

	info->device_id = facts->device_id;
	info->device_version = facts->version;
	info->device_features = facts->features;
	info->driver_features = LUTNA_DRIVER_FEATURE_BASE |
				LUTNA_DRIVER_FEATURE_USER_MEMORY |
				LUTNA_DRIVER_FEATURE_DMABUF |
				LUTNA_DRIVER_FEATURE_FENCES |
				LUTNA_DRIVER_FEATURE_EVENTS;
	if (lutna_owned_supported(ldev))
		info->driver_features |= LUTNA_DRIVER_FEATURE_OWNED_QUEUE;
	if (IS_ENABLED(CONFIG_IO_URING))
		info->driver_features |= LUTNA_DRIVER_FEATURE_URING;
	info->isa_version = facts->isa_version;
	info->units = facts->units;
	info->clock_khz = facts->clock_khz;
	info->max_commands = facts->max_commands;
	info->max_tensor_bytes = facts->max_tensor_bytes;
	info->va_start = LUTNA_VA_START;
	info->va_end = LUTNA_VA_END;
	info->page_size = LUTNA_PAGE_SIZE;
	info->huge_page_size = huge ? LUTNA_HUGE_SIZE : 0;
	info->max_queues = min_t(u32, facts->nr_queues, LUTNA_CONTEXT_QUEUES);
	info->max_depth = facts->max_depth;
	info->reserved = 0;
	return lutna_reply(call);
}

/**
 * struct lutna_ioctl - what stands for one ioctl
 * @cmd: its number
 * @first: size of the structure in its first version
 * @known: size of the structure as this kernel knows it
 * @flags: flags that it knows
 * @call: does it
 */
struct lutna_ioctl {
	unsigned int cmd;
	u32 first;
	u32 known;
	u32 flags;
	int (*call)(struct lutna_call *call);
};

#define LUTNA_IOCTL(name, fn, type, last, known_flags)			\
	[LUTNA_CMD_##name] = {						\
		.cmd = LUTNA_IOCTL_##name,				\
		.first = offsetofend(struct type, last),		\
		.known = sizeof(struct type) +				\
			 BUILD_BUG_ON_ZERO(sizeof(struct type) >	\
					   sizeof(union lutna_arg)),	\
		.flags = (known_flags),					\
		.call = lutna_ioctl_##fn,				\
	}

union lutna_arg {
	struct {
		u32 size;
		u32 flags;
	};
	struct lutna_info info;
	struct lutna_bo_create bo_create;
	struct lutna_bo_info bo_info;
	struct lutna_bo_free bo_free;
	struct lutna_vm_map vm_map;
	struct lutna_vm_unmap vm_unmap;
	struct lutna_queue_create queue_create;
	struct lutna_queue_destroy queue_destroy;
	struct lutna_queue_info queue_info;
	struct lutna_submit submit;
	struct lutna_wait wait;
	struct lutna_wait_many wait_many;
	struct lutna_queue_cancel queue_cancel;
	struct lutna_queue_event queue_event;
	struct lutna_reap reap;
	struct lutna_bo_user bo_user;
	struct lutna_bo_export bo_export;
	struct lutna_bo_import bo_import;
};

static const struct lutna_ioctl lutna_ioctls[] = {
	LUTNA_IOCTL(GET_INFO, get_info, lutna_info, reserved, 0),
	LUTNA_IOCTL(BO_CREATE, bo_create, lutna_bo_create, mmap_offset, LUTNA_BO_WC),
	LUTNA_IOCTL(BO_INFO, bo_info, lutna_bo_info, mmap_offset, 0),
	LUTNA_IOCTL(BO_FREE, bo_free, lutna_bo_free, reserved, 0),
	LUTNA_IOCTL(VM_MAP, vm_map, lutna_vm_map, addr,
		    LUTNA_MAP_READ | LUTNA_MAP_WRITE | LUTNA_MAP_FIXED),
	LUTNA_IOCTL(VM_UNMAP, vm_unmap, lutna_vm_unmap, bytes, 0),
	LUTNA_IOCTL(QUEUE_CREATE, queue_create, lutna_queue_create, reserved,
		    LUTNA_QUEUE_OWNED),
	LUTNA_IOCTL(QUEUE_DESTROY, queue_destroy, lutna_queue_destroy, reserved, 0),
	LUTNA_IOCTL(QUEUE_INFO, queue_info, lutna_queue_info, failure, 0),
	LUTNA_IOCTL(SUBMIT, submit, lutna_submit, seqno,
		    LUTNA_SUBMIT_NONBLOCK | LUTNA_SUBMIT_OUT_FENCE),
	LUTNA_IOCTL(WAIT, wait, lutna_wait, result, LUTNA_WAIT_LAST),
	LUTNA_IOCTL(WAIT_MANY, wait_many, lutna_wait_many, reserved, LUTNA_WAIT_ALL),
	LUTNA_IOCTL(QUEUE_CANCEL, queue_cancel, lutna_queue_cancel, last, 0),
	LUTNA_IOCTL(QUEUE_EVENT, queue_event, lutna_queue_event, fd, 0),
	LUTNA_IOCTL(REAP, reap, lutna_reap, count, 0),
	LUTNA_IOCTL(BO_USER, bo_user, lutna_bo_user, limit, LUTNA_BO_READONLY),
	LUTNA_IOCTL(BO_EXPORT, bo_export, lutna_bo_export, fd, LUTNA_EXPORT_WRITE),
	LUTNA_IOCTL(BO_IMPORT, bo_import, lutna_bo_import, mmap_offset, LUTNA_BO_READONLY),
};

int lutna_reply(struct lutna_call *call)
{
	u32 size = min(call->size, call->known);

	return copy_to_user(call->user, call->arg, size) ? -EFAULT : 0;
}

static int lutna_call_ioctl(struct lutna_call *call, const struct lutna_ioctl *ioctl)
{
	union lutna_arg arg;
	int ret;

	if (get_user(call->size, (u32 __user *)call->user))
		return -EFAULT;
	if (call->size < ioctl->first)
		return -EINVAL;
	if (call->size > PAGE_SIZE)
		return -E2BIG;
	ret = copy_struct_from_user(&arg, ioctl->known, call->user, call->size);
	if (ret)
		return ret;
	/* Whatever another thread has made of it meanwhile. */
	arg.size = call->size;
	if (arg.flags & ~ioctl->flags)
		return -EOPNOTSUPP;

	call->known = ioctl->known;
	call->arg = &arg;
	return ioctl->call(call);
}

int lutna_call_submit(struct lutna_context *ctx, void __user *user,
		      struct lutna_ticket *ticket)
{
	struct lutna_call call = { .ctx = ctx, .user = user, .ticket = ticket };

	return lutna_call_ioctl(&call, &lutna_ioctls[LUTNA_CMD_SUBMIT]);
}

static long lutna_file_ioctl(struct file *file, unsigned int cmd, unsigned long user)
{
	struct lutna_call call = {
		.ctx = file->private_data,
		.user = (void __user *)user,
	};
	const struct lutna_ioctl *ioctl;

	if (_IOC_NR(cmd) >= ARRAY_SIZE(lutna_ioctls))
		return -ENOTTY;
	ioctl = &lutna_ioctls[_IOC_NR(cmd)];
	if (cmd != ioctl->cmd)
		return -ENOTTY;
	return lutna_call_ioctl(&call, ioctl);
}

static struct lutna_context *lutna_context_new(struct lutna_device *ldev)
{
	struct lutna_context *ctx;

	ctx = kzalloc(sizeof(*ctx), GFP_KERNEL_ACCOUNT);
	if (!ctx)
		return NULL;
	ctx->ldev = ldev;
	mutex_init(&ctx->vm.lock);
	mt_init_flags(&ctx->vm.mappings, MT_FLAGS_ALLOC_RANGE | MT_FLAGS_LOCK_EXTERN);
	mt_set_external_lock(&ctx->vm.mappings, &ctx->vm.lock);
	xa_init_flags(&ctx->bos, XA_FLAGS_ALLOC1);
	xa_init_flags(&ctx->queues, XA_FLAGS_ALLOC1);
	mutex_init(&ctx->bo_lock);
	INIT_LIST_HEAD(&ctx->bo_list);
	spin_lock_init(&ctx->event_lock);
	INIT_LIST_HEAD(&ctx->ended);
	init_waitqueue_head(&ctx->poll_wait);
	spin_lock_init(&ctx->uring_lock);
	return ctx;
}

/* Number and address space at the device; hw_sem is held. */
static int lutna_context_start(struct lutna_context *ctx)
{
	struct lutna_device *ldev = ctx->ldev;
	int ret;

	if (ldev->dead)
		return -ENODEV;
	ret = xa_alloc(&ldev->contexts, &ctx->id, ctx,
		       XA_LIMIT(0, ldev->facts.nr_contexts - 1), GFP_KERNEL);
	if (ret)
		return ret == -EBUSY ? -ENOSPC : ret;
	ret = lutna_vm_open(ctx);
	if (ret)
		xa_erase(&ldev->contexts, ctx->id);
	return ret;
}

static int lutna_file_open(struct inode *inode, struct file *file)
{
	struct lutna_device *ldev =
		container_of(file->private_data, struct lutna_device, misc);
	struct lutna_context *ctx;
	int ret;

	ctx = lutna_context_new(ldev);
	if (!ctx)
		return -ENOMEM;
	ctx->mapping = file->f_mapping;

	down_read(&ldev->hw_sem);
	ret = lutna_context_start(ctx);
	up_read(&ldev->hw_sem);
	if (ret) {
		kfree(ctx);
		return ret;
	}
	kref_get(&ldev->ref);
	file->private_data = ctx;
	return 0;
}

/*
 * No ioctl of the file is under way and no process has a mapping of it: both
 * hold the file.
 */
static int lutna_file_release(struct inode *inode, struct file *file)
{
	struct lutna_context *ctx = file->private_data;
	struct lutna_device *ldev = ctx->ldev;

	lutna_queue_close_all(ctx);
	lutna_vm_close(ctx);
	lutna_bo_close_all(ctx);
	lutna_doorbell_free(ctx);
	kfree(ctx);
	lutna_device_put(ldev);
	return 0;
}

static int lutna_file_mmap(struct file *file, struct vm_area_struct *vma)
{
	if (lutna_doorbell_is(vma->vm_pgoff))
		return lutna_doorbell_mmap(file, vma);
	return lutna_bo_mmap(file, vma);
}

const struct file_operations lutna_file_ops = {
	.owner		= THIS_MODULE,
	.open		= lutna_file_open,
	.release	= lutna_file_release,
	.unlocked_ioctl	= lutna_file_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
	.mmap		= lutna_file_mmap,
	.poll		= lutna_file_poll,
	.uring_cmd	= lutna_file_uring_cmd,
	.llseek		= noop_llseek,
};
