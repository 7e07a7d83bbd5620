// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA driver: buffers of a process's own memory
 *
 * The pages are pinned for as long as the buffer lives, whatever the process
 * does to its mapping of them, and count against its limit on locked memory.
 * They stay accounted to its mm, which need not be the mm of whoever closes the
 * file: that may have gone to another process, and outlive this one.
 */
#include <linux/capability.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "bo.h"

/* Pages pinned at once: a page of pointers to them */
#define LUTNA_PIN_BATCH		(PAGE_SIZE / sizeof(struct page *))

void lutna_memory_unpin(struct lutna_memory *mem)
{
	unsigned long i;

	for (i = 0; i < mem->nr_pieces; i++) {
		unpin_user_page_range_dirty_lock(mem->pieces[i].page,
						 mem->pieces[i].nr, mem->dirty);
		cond_resched();
	}
	account_locked_vm(mem->mm, mem->nr_pages, false);
	mmdrop(mem->mm);
}

/*
 * A page that is pinned for reading only may be one that the process shares and
 * leaves behind at its next write; 6.1 does not prevent it.  So even then it is
 * asked for as if for writing, as long as the process may write there.
 */
static int lutna_pin_batch(unsigned long addr, int nr, bool write, struct page **pages)
{
	int ret = pin_user_pages_fast(addr, nr, FOLL_LONGTERM | FOLL_WRITE, pages);

	if (ret <= 0 && !write)
		ret = pin_user_pages_fast(addr, nr, FOLL_LONGTERM, pages);
	return ret ?: -EFAULT;
}

/* Adds pinned pages, as part of the last piece where they go on from it. */
static int lutna_add_pinned(struct lutna_memory *mem, unsigned long first,
			    struct page **pages, unsigned long nr)
{
	struct lutna_piece *last = NULL;
	unsigned long i;
	int ret;

	if (mem->nr_pieces)
		last = &mem->pieces[mem->nr_pieces - 1];
	for (i = 0; i < nr; i++) {
		if (last && page_to_pfn(pages[i]) == page_to_pfn(last->page) + last->nr) {
			last->nr++;
			continue;
		}
		ret = lutna_memory_add(mem, pages[i], first + i, 1);
		if (ret) {
			unpin_user_pages(pages + i, nr - i);
			return ret;
		}
		last = &mem->pieces[mem->nr_pieces - 1];
	}
	return 0;
}

static int lutna_pin_all(struct lutna_memory *mem, unsigned long addr, bool write,
			 struct page **pages)
{
	unsigned long first = 0;

	while (first < mem->nr_pages) {
		unsigned long nr = min(mem->nr_pages - first, LUTNA_PIN_BATCH);
		int ret;

		ret = lutna_pin_batch(addr + (first << PAGE_SHIFT), nr, write, pages);
		if (ret < 0)
			return ret;
		nr = ret;
		ret = lutna_add_pinned(mem, first, pages, nr);
		if (ret)
			return ret;
		first += nr;
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

int lutna_memory_pin(struct lutna_memory *mem, unsigned long addr, bool write)
{
	struct page **pages;
	int ret;

	ret = account_locked_vm(current->mm, mem->nr_pages, true);
	if (ret)
		return ret == -ENOMEM ? -EPERM : ret;
	mmgrab(current->mm);
	mem->mm = current->mm;
	mem->dirty = write;

	pages = kmalloc_array(LUTNA_PIN_BATCH, sizeof(*pages), GFP_KERNEL);
	if (!pages)
		return -ENOMEM;
	ret = lutna_pin_all(mem, addr, write, pages);
	kfree(pages);
	return ret;
}

/* What the process may lock, and what it has locked. */
static void lutna_tell_limit(struct lutna_bo_user *arg)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK);

	if (limit == RLIM_INFINITY || capable(CAP_IPC_LOCK))
		arg->limit = U64_MAX;
	else
		arg->limit = limit;
	arg->locked = (u64)READ_ONCE(current->mm->locked_vm) << PAGE_SHIFT;
}

static int lutna_bo_user_check(const struct lutna_bo_user *arg)
{
	u64 end;

	if (arg->reserved || !arg->bytes ||
	    !IS_ALIGNED(arg->addr | arg->bytes, PAGE_SIZE))
		return -EINVAL;
	if (check_add_overflow(arg->addr, arg->bytes, &end))
		return -EOVERFLOW;
	if (end > ULONG_MAX)
		return -EFAULT;
	return arg->bytes > LUTNA_VA_END ? -ENOMEM : 0;
}

int lutna_ioctl_bo_user(struct lutna_call *call)
{
	struct lutna_bo_user *arg = call->arg;
	bool readonly = arg->flags & LUTNA_BO_READONLY;
	struct lutna_memory *mem;
	struct lutna_bo *bo;
	int ret;

	ret = lutna_bo_user_check(arg);
	if (ret)
		return ret;
	if (READ_ONCE(call->ctx->ldev->dead))
		return -ENODEV;
	mem = lutna_memory_new(arg->bytes >> PAGE_SHIFT);
	if (!mem)
		return -ENOMEM;
	ret = lutna_memory_pin(mem, arg->addr, !readonly);
	if (!ret)
		ret = lutna_bo_new(call->ctx, mem, readonly, &bo);
	lutna_memory_put(mem);

	arg->handle = 0;
	lutna_tell_limit(arg);
	if (ret == -EPERM)
		return lutna_reply(call) ?: ret;
	if (ret)
		return ret;
	return lutna_bo_publish(call, bo, &arg->handle, NULL);
}
