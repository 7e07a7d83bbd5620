/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * LUT-NA driver: what differs between the kernels that it builds on.  The code
 * elsewhere is written for the newest of them.  Kbuild looks for each feature
 * by its name, since distributions bring some of them to older kernels.
 */
#ifndef LUTNA_COMPAT_H
#define LUTNA_COMPAT_H

#include <linux/eventfd.h>
#include <linux/io_uring.h>
#ifdef LUTNA_HAVE_IO_URING_CMD_H
#include <linux/io_uring/cmd.h>
#endif
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

/* What stands in the SQE's cmd; the process can still write to it. */
static inline const void *lutna_uring_payload(const struct io_uring_cmd *cmd)
{
#ifdef LUTNA_HAVE_IO_URING_SQE_CMD
	return io_uring_sqe_cmd(cmd->sqe);
#else
	return cmd->cmd;
#endif
}

/* Since 6.7 a command is told when its ring or its thread goes away. */
#ifndef LUTNA_HAVE_IO_URING_CANCEL
#define IO_URING_F_CANCEL	0
static inline void io_uring_cmd_mark_cancelable(struct io_uring_cmd *cmd,
						unsigned int issue_flags)
{
}
#endif

#endif /* LUTNA_COMPAT_H */
