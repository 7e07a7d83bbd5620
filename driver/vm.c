// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA driver: address space of a context
 *
 * Mappings stand in a maple tree by page number, which also finds free ranges.
 * A mapping is taken away in this order: its entries in the page tables, what
 * the TLB knows of it, the range of addresses, the reference to the buffer.
 */
#include <linux/overflow.h>
#include <linux/slab.h>

#include "hw.h"

/**
 * struct lutna_mapping - a mapping
 * @first: number of its first page
 * @last: number of its last page
 * @bo: buffer, holds a reference
 * @hidden: about to come or to go: nobody else may have it, nor its addresses
 * @next: list of mappings to be freed
 */
struct lutna_mapping {
	unsigned long first;
	unsigned long last;
	struct lutna_bo *bo;
	bool hidden;
	struct lutna_mapping *next;
};

static u64 lutna_mapping_addr(const struct lutna_mapping *map)
{
	return (u64)map->first << LUTNA_PAGE_SHIFT;
}

static u64 lutna_mapping_bytes(const struct lutna_mapping *map)
{
	return (u64)(map->last - map->first + 1) << LUTNA_PAGE_SHIFT;
}

void lutna_vm_enable(struct lutna_context *ctx)
{
	u32 reg = LUTNA_REG_CTX(ctx->id);

	lutna_hw_write64(ctx->ldev, reg + LUTNA_CTX_PT_ROOT, lutna_table_dma(ctx->vm.root));
	lutna_hw_write32(ctx->ldev, reg + LUTNA_CTX_CTRL, LUTNA_CTX_CTRL_ENABLE);
}

/* Returns when no access with old translations is under way. */
static int lutna_vm_settle(struct lutna_context *ctx)
{
	return lutna_hw_poll(ctx->ldev, LUTNA_REG_CTX(ctx->id) + LUTNA_CTX_STATUS,
			     LUTNA_CTX_STATUS_BUSY, 0);
}

static int lutna_vm_invalidate(struct lutna_context *ctx, u64 addr, u64 bytes)
{
	u32 reg = LUTNA_REG_CTX(ctx->id);

	lutna_hw_write64(ctx->ldev, reg + LUTNA_CTX_INV_ADDR, addr);
	lutna_hw_write32(ctx->ldev, reg + LUTNA_CTX_INV_PAGES, bytes >> LUTNA_PAGE_SHIFT);
	return lutna_vm_settle(ctx);
}

static int lutna_vm_disable(struct lutna_context *ctx)
{
	lutna_hw_write32(ctx->ldev, LUTNA_REG_CTX(ctx->id) + LUTNA_CTX_CTRL, 0);
	return lutna_vm_settle(ctx);
}

int lutna_vm_open(struct lutna_context *ctx)
{
	ctx->vm.root = lutna_table_new(ctx->ldev);
	if (!ctx->vm.root)
		return -ENOMEM;
	ctx->vm.enabled = true;
	lutna_vm_enable(ctx);
	return 0;
}

/* The device has no way to these tables any more. */
static void lutna_vm_free_empty(struct lutna_context *ctx)
{
	lutna_table_free(ctx->ldev, ctx->vm.empty);
	ctx->vm.empty = NULL;
}

void lutna_vm_detach(struct lutna_context *ctx)
{
	struct lutna_vm *vm = &ctx->vm;

	if (!vm->root)
		return;
	lutna_table_clear(vm->root, 0, LUTNA_VA_END, &vm->empty);
	lutna_vm_free_empty(ctx);
	lutna_table_free(ctx->ldev, vm->root);
	vm->root = NULL;
}

static void lutna_mapping_free(struct lutna_mapping *map)
{
	lutna_bo_count_mapping(map->bo, -1);
	lutna_bo_put(map->bo);
	kfree(map);
}

static void lutna_vm_free_mappings(struct lutna_vm *vm)
{
	MA_STATE(mas, &vm->mappings, 0, 0);
	struct lutna_mapping *map, *list = NULL;

	mutex_lock(&vm->lock);
	mas_for_each(&mas, map, ULONG_MAX) {
		map->next = list;
		list = map;
	}
	__mt_destroy(&vm->mappings);
	mutex_unlock(&vm->lock);

	while ((map = list)) {
		list = map->next;
		lutna_mapping_free(map);
		cond_resched();
	}
}

void lutna_vm_close(struct lutna_context *ctx)
{
	struct lutna_device *ldev = ctx->ldev;
	struct lutna_vm *vm = &ctx->vm;
	unsigned int resets;
	int ret = 0;

	down_read(&ldev->hw_sem);
	vm->enabled = false;
	resets = ldev->resets;
	if (!ldev->dead)
		ret = lutna_vm_disable(ctx);
	up_read(&ldev->hw_sem);
	if (ret)
		lutna_device_reset(ldev, resets);

	down_read(&ldev->hw_sem);
	lutna_vm_detach(ctx);
	/* Now the number may be somebody else's. */
	xa_erase(&ldev->contexts, ctx->id);
	up_read(&ldev->hw_sem);

	lutna_vm_free_mappings(vm);
}

/* First free range; the first page is chosen so that 2 MiB leaves are possible. */
static int lutna_vm_find(struct lutna_context *ctx, unsigned long nr, u64 congruent,
			 unsigned long *first)
{
	MA_STATE(mas, &ctx->vm.mappings, 0, 0);
	const unsigned long low = LUTNA_VA_START >> LUTNA_PAGE_SHIFT;
	const unsigned long high = (LUTNA_VA_END >> LUTNA_PAGE_SHIFT) - 1;
	const unsigned long huge = LUTNA_HUGE_SIZE >> LUTNA_PAGE_SHIFT;

	if (nr >= huge && !mas_empty_area(&mas, low, high, nr + huge - 1)) {
		unsigned long skew = (congruent >> LUTNA_PAGE_SHIFT) - mas.index;

		*first = mas.index + (skew & (huge - 1));
		return 0;
	}
	mas_reset(&mas);
	if (mas_empty_area(&mas, low, high, nr))
		return -ENOSPC;
	*first = mas.index;
	return 0;
}

/* Chooses the pages of @map, or checks those of a fixed address, and takes them. */
static int lutna_vm_place(struct lutna_context *ctx, struct lutna_mapping *map,
			  const struct lutna_vm_map *arg)
{
	MA_STATE(mas, &ctx->vm.mappings, 0, 0);
	unsigned long nr = arg->bytes >> LUTNA_PAGE_SHIFT;
	int ret;

	if (arg->flags & LUTNA_MAP_FIXED) {
		map->first = arg->addr >> LUTNA_PAGE_SHIFT;
		mas_set(&mas, map->first);
		if (mas_find(&mas, map->first + nr - 1))
			return -EEXIST;
	} else {
		ret = lutna_vm_find(ctx, nr, arg->offset + lutna_bo_skew(map->bo),
				    &map->first);
		if (ret)
			return ret;
	}
	map->last = map->first + nr - 1;
	mas_set_range(&mas, map->first, map->last);
	return mas_store_gfp(&mas, map, GFP_KERNEL_ACCOUNT);
}

static int lutna_vm_install(struct lutna_context *ctx, struct lutna_mapping *map,
			    u64 offset, u32 flags)
{
	u64 addr = lutna_mapping_addr(map);
	u64 left = lutna_mapping_bytes(map);
	u64 rights = 0;

	if (flags & LUTNA_MAP_READ)
		rights |= LUTNA_PTE_READ;
	if (flags & LUTNA_MAP_WRITE)
		rights |= LUTNA_PTE_WRITE;

	while (left) {
		dma_addr_t dma;
		u64 run = min(lutna_bo_run(map->bo, offset, &dma), left);
		int ret;

		ret = lutna_table_map(ctx->ldev, ctx->vm.root, addr, dma, run, rights);
		if (ret)
			return ret;
		offset += run;
		addr += run;
		left -= run;
		cond_resched();
	}
	return 0;
}

/*
 * The device has nothing left of the mapping.  Nor of those whose invalidation
 * was still under way: it reports them all together.
 */
static void lutna_vm_forget(struct lutna_context *ctx, struct lutna_mapping *map)
{
	MA_STATE(mas, &ctx->vm.mappings, map->first, map->first);

	lutna_vm_free_empty(ctx);
	mas_erase(&mas);
}

/*
 * Takes a hidden mapping away and frees it.  If the device does not confirm
 * that its TLB is clean, the memory can be given back only after a reset, which
 * needs hw_sem; the mapping keeps its addresses until then.
 */
static void lutna_vm_remove(struct lutna_context *ctx, struct lutna_mapping *map)
{
	struct lutna_device *ldev = ctx->ldev;
	struct lutna_vm *vm = &ctx->vm;
	u64 addr = lutna_mapping_addr(map);
	u64 bytes = lutna_mapping_bytes(map);
	unsigned int resets;
	int ret = 0;

	down_read(&ldev->hw_sem);
	mutex_lock(&vm->lock);
	resets = ldev->resets;
	if (vm->root)
		lutna_table_clear(vm->root, addr, bytes, &vm->empty);
	if (!ldev->dead)
		ret = lutna_vm_invalidate(ctx, addr, bytes);
	if (!ret)
		lutna_vm_forget(ctx, map);
	mutex_unlock(&vm->lock);
	up_read(&ldev->hw_sem);

	if (ret) {
		lutna_device_reset(ldev, resets);
		down_read(&ldev->hw_sem);
		mutex_lock(&vm->lock);
		lutna_vm_forget(ctx, map);
		mutex_unlock(&vm->lock);
		up_read(&ldev->hw_sem);
	}
	lutna_mapping_free(map);
}

/*
 * Clears what is mapped of a buffer.  The TLB is cleaned once for all of it: a
 * mapping more costs the device nothing.
 */
static int lutna_vm_clear_bo(struct lutna_context *ctx, struct lutna_bo *bo)
{
	MA_STATE(mas, &ctx->vm.mappings, 0, 0);
	struct lutna_vm *vm = &ctx->vm;
	unsigned long first = ULONG_MAX, last = 0;
	struct lutna_mapping *map;

	mas_for_each(&mas, map, ULONG_MAX) {
		if (map->bo != bo)
			continue;
		first = min(first, map->first);
		last = max(last, map->last);
		if (vm->root)
			lutna_table_clear(vm->root, lutna_mapping_addr(map),
					  lutna_mapping_bytes(map), &vm->empty);
	}
	if (first > last || ctx->ldev->dead)
		return 0;
	return lutna_vm_invalidate(ctx, (u64)first << LUTNA_PAGE_SHIFT,
				   (u64)(last - first + 1) << LUTNA_PAGE_SHIFT);
}

void lutna_vm_revoke(struct lutna_context *ctx, struct lutna_bo *bo)
{
	struct lutna_device *ldev = ctx->ldev;
	struct lutna_vm *vm = &ctx->vm;
	unsigned int resets;
	int ret;

	down_read(&ldev->hw_sem);
	mutex_lock(&vm->lock);
	resets = ldev->resets;
	lutna_bo_revoke(bo);
	ret = lutna_vm_clear_bo(ctx, bo);
	if (!ret)
		lutna_vm_free_empty(ctx);
	mutex_unlock(&vm->lock);
	up_read(&ldev->hw_sem);
	/* The next one to unmap something frees the tables. */
	if (ret)
		lutna_device_reset(ldev, resets);
}

/* On success the mapping is there, hidden. */
static int lutna_vm_insert(struct lutna_context *ctx, struct lutna_mapping *map,
			   const struct lutna_vm_map *arg)
{
	struct lutna_device *ldev = ctx->ldev;
	struct lutna_vm *vm = &ctx->vm;
	bool placed = false;
	int ret = -ENODEV;

	down_read(&ldev->hw_sem);
	mutex_lock(&vm->lock);
	if (!ldev->dead)
		ret = lutna_bo_check_map(map->bo, arg->flags);
	if (!ret) {
		ret = lutna_vm_place(ctx, map, arg);
		placed = !ret;
	}
	if (!ret)
		ret = lutna_vm_install(ctx, map, arg->offset, arg->flags);
	mutex_unlock(&vm->lock);
	up_read(&ldev->hw_sem);

	if (ret && placed)
		lutna_vm_remove(ctx, map);
	else if (ret)
		lutna_mapping_free(map);
	return ret;
}

static int lutna_vm_check_map(const struct lutna_vm_map *arg)
{
	u64 end;

	if (arg->reserved || !(arg->flags & (LUTNA_MAP_READ | LUTNA_MAP_WRITE)))
		return -EINVAL;
	if (!arg->bytes || !IS_ALIGNED(arg->bytes | arg->offset, LUTNA_PAGE_SIZE))
		return -EINVAL;
	if (!(arg->flags & LUTNA_MAP_FIXED))
		return arg->addr ? -EINVAL : 0;
	if (!IS_ALIGNED(arg->addr, LUTNA_PAGE_SIZE) || arg->addr < LUTNA_VA_START)
		return -EINVAL;
	if (check_add_overflow(arg->addr, arg->bytes, &end) || end > LUTNA_VA_END)
		return -EOVERFLOW;
	return 0;
}

int lutna_ioctl_vm_map(struct lutna_call *call)
{
	struct lutna_context *ctx = call->ctx;
	struct lutna_vm_map *arg = call->arg;
	struct lutna_mapping *map;
	struct lutna_bo *bo;
	u64 end;
	int ret;

	ret = lutna_vm_check_map(arg);
	if (ret)
		return ret;
	bo = lutna_bo_get(ctx, arg->handle);
	if (!bo)
		return -ENOENT;
	if (check_add_overflow(arg->offset, arg->bytes, &end) || end > lutna_bo_bytes(bo)) {
		lutna_bo_put(bo);
		return -EOVERFLOW;
	}
	map = kzalloc(sizeof(*map), GFP_KERNEL_ACCOUNT);
	if (!map) {
		lutna_bo_put(bo);
		return -ENOMEM;
	}
	map->bo = bo;
	map->hidden = true;
	lutna_bo_count_mapping(bo, 1);

	ret = lutna_vm_insert(ctx, map, arg);
	if (ret)
		return ret;
	arg->addr = lutna_mapping_addr(map);
	ret = lutna_reply(call);
	if (ret) {
		lutna_vm_remove(ctx, map);
		return ret;
	}
	mutex_lock(&ctx->vm.lock);
	map->hidden = false;
	mutex_unlock(&ctx->vm.lock);
	return 0;
}

/* Finds the mapping that is meant and hides it from others. */
static int lutna_vm_take(struct lutna_context *ctx, const struct lutna_vm_unmap *arg,
			 struct lutna_mapping **out)
{
	MA_STATE(mas, &ctx->vm.mappings, arg->addr >> LUTNA_PAGE_SHIFT,
		 arg->addr >> LUTNA_PAGE_SHIFT);
	struct lutna_vm *vm = &ctx->vm;
	struct lutna_mapping *map;
	int ret = 0;

	mutex_lock(&vm->lock);
	map = mas_walk(&mas);
	if (!map || map->hidden || lutna_mapping_addr(map) != arg->addr)
		ret = -ENOENT;
	else if (lutna_mapping_bytes(map) != arg->bytes)
		ret = -EINVAL;
	else
		map->hidden = true;
	mutex_unlock(&vm->lock);
	if (!ret)
		*out = map;
	return ret;
}

int lutna_ioctl_vm_unmap(struct lutna_call *call)
{
	struct lutna_vm_unmap *arg = call->arg;
	struct lutna_mapping *map;
	u64 end;
	int ret;

	if (!arg->bytes || !IS_ALIGNED(arg->bytes | arg->addr, LUTNA_PAGE_SIZE))
		return -EINVAL;
	if (check_add_overflow(arg->addr, arg->bytes, &end) || end > LUTNA_VA_END)
		return -EOVERFLOW;
	if (READ_ONCE(call->ctx->ldev->dead))
		return -ENODEV;
	ret = lutna_vm_take(call->ctx, arg, &map);
	if (ret)
		return ret;
	lutna_vm_remove(call->ctx, map);
	return 0;
}
