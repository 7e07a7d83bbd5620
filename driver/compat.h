/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * LUT-NA driver: what differs between the kernels that it builds on.  The code
 * elsewhere is written for the newest of them.  Kbuild looks for each feature
 * by its name, since distributions bring some of them to older kernels.
 */
#ifndef LUTNA_COMPAT_H
#define LUTNA_COMPAT_H

#include <linux/eventfd.h>
#include <linux/mm.h>

/* Since 6.3 */
#ifndef LUTNA_HAVE_VM_FLAGS_MOD
static inline void vm_flags_mod(struct vm_area_struct *vma, vm_flags_t set,
				vm_flags_t clear)
{
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
}
#endif

/* Since 6.8 it always adds 1. */
#ifndef LUTNA_HAVE_EVENTFD_SIGNAL_ONCE
#define eventfd_signal(ctx)	eventfd_signal(ctx, 1)
#endif

#endif /* LUTNA_COMPAT_H */
