/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * LUT-NA: the ioctls of /dev/lutnaN
 */
#ifndef _UAPI_LUTNA_H
#define _UAPI_LUTNA_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: General rules
 *
 * An open file of /dev/lutnaN is a context: a device address space of its own,
 * with buffers, mappings and queues that belong to it alone and that end with
 * it.  Handles are private to the file and never 0.
 *
 * Every ioctl takes one structure that begins with its size in bytes and its
 * flags.  A structure shorter than the ioctl's first version is refused; one
 * longer than the kernel knows is accepted when all that it does not know is
 * zero.  What a newer kernel would write beyond the size given is left out.
 * Members named reserved must be zero.  All of these are shown by the errno:
 *
 * - ENOTTY: no such ioctl
 * - E2BIG: the structure goes on, with something other than zero, beyond what
 *   this kernel knows
 * - EOPNOTSUPP: a flag or a value of a known field that this kernel or this
 *   device does not know
 * - EINVAL: the structure is too short, a reserved member is not zero, or a
 *   value is outside what its field allows
 * - ENOENT: a handle, or a device address, that does not exist
 * - EOVERFLOW: offset and length, or address and length, go beyond the end
 * - EFAULT: memory of the caller cannot be accessed
 * - ENOMEM, ENOSPC: no memory; no free queue, context or device address
 * - ENODEV: the device is gone; the file is good for nothing but close
 * - EBADFD: the queue has stopped after a fault
 * - EBADF, EMFILE: a file descriptor of the caller that is not open; none free
 *
 * On any error nothing has changed and nothing but the size is written, unless
 * the ioctl says otherwise.
 */

#define LUTNA_IOC_TYPE	0xb7

enum {
	LUTNA_CMD_GET_INFO	= 0x00,
	LUTNA_CMD_BO_CREATE	= 0x01,
	LUTNA_CMD_BO_INFO	= 0x02,
	LUTNA_CMD_BO_FREE	= 0x03,
	LUTNA_CMD_VM_MAP	= 0x04,
	LUTNA_CMD_VM_UNMAP	= 0x05,
	LUTNA_CMD_QUEUE_CREATE	= 0x06,
	LUTNA_CMD_QUEUE_DESTROY	= 0x07,
	LUTNA_CMD_QUEUE_INFO	= 0x08,
	LUTNA_CMD_SUBMIT	= 0x09,
	LUTNA_CMD_WAIT		= 0x0a,
	LUTNA_CMD_BO_USER	= 0x0b,
	LUTNA_CMD_BO_EXPORT	= 0x0c,
	LUTNA_CMD_BO_IMPORT	= 0x0d,
	LUTNA_CMD_WAIT_MANY	= 0x0e,
	LUTNA_CMD_QUEUE_CANCEL	= 0x0f,
	LUTNA_CMD_QUEUE_EVENT	= 0x10,
	LUTNA_CMD_REAP		= 0x11,
};

/* What the device can do, in @device_features of struct lutna_info */
#define LUTNA_FEATURE_COMPRESSED	(1ULL << 0)	/* compressed weights */
#define LUTNA_FEATURE_APPROX		(1ULL << 1)	/* approximate products */
#define LUTNA_FEATURE_HUGE_PAGES	(1ULL << 2)	/* 2 MiB pages */
#define LUTNA_FEATURE_SEQ_WRITE		(1ULL << 3)	/* writes sequence numbers */
#define LUTNA_FEATURE_PROFILE		(1ULL << 4)	/* profile records */
#define LUTNA_FEATURE_OWNED_QUEUES	(1ULL << 5)	/* doorbells for processes */

/* What the driver can do, in @driver_features of struct lutna_info */
#define LUTNA_DRIVER_FEATURE_BASE	(1ULL << 0)
#define LUTNA_DRIVER_FEATURE_USER_MEMORY (1ULL << 1)	/* BO_USER */
#define LUTNA_DRIVER_FEATURE_DMABUF	(1ULL << 2)	/* BO_EXPORT, BO_IMPORT */
#define LUTNA_DRIVER_FEATURE_FENCES	(1ULL << 3)	/* fences in SUBMIT */
#define LUTNA_DRIVER_FEATURE_EVENTS	(1ULL << 4)	/* cancel, poll, many waits */
#define LUTNA_DRIVER_FEATURE_OWNED_QUEUE (1ULL << 5)	/* LUTNA_QUEUE_OWNED */
#define LUTNA_DRIVER_FEATURE_URING	(1ULL << 6)	/* commands of io_uring */

/**
 * struct lutna_info - ioctl(LUTNA_IOCTL_GET_INFO)
 * @size: sizeof(struct lutna_info)
 * @flags: must be zero
 * @device_id: out: LUTNA_REG_ID of the manual
 * @device_version: out: major << 16 | minor
 * @device_features: out: LUTNA_FEATURE_*
 * @driver_features: out: LUTNA_DRIVER_FEATURE_*
 * @isa_version: out: version of the command lists that the device takes
 * @units: out: arithmetic units
 * @clock_khz: out: modelled clock
 * @max_commands: out: commands in one list
 * @max_tensor_bytes: out: bytes of one tensor
 * @va_start: out: first device address that can be mapped
 * @va_end: out: one beyond the last
 * @page_size: out: alignment of mappings
 * @huge_page_size: out: mappings aligned to it cost the device less, 0 if none
 * @max_queues: out: queues that one context may have
 * @max_depth: out: jobs that one queue may hold
 * @pci_domain: out: where the device is
 * @pci_bus: out: where the device is
 * @pci_devfn: out: where the device is
 * @reserved: out: zero
 */
struct lutna_info {
	__u32 size;
	__u32 flags;
	__u32 device_id;
	__u32 device_version;
	__aligned_u64 device_features;
	__aligned_u64 driver_features;
	__u32 isa_version;
	__u32 units;
	__u32 clock_khz;
	__u32 max_commands;
	__aligned_u64 max_tensor_bytes;
	__aligned_u64 va_start;
	__aligned_u64 va_end;
	__u32 page_size;
	__u32 huge_page_size;
	__u32 max_queues;
	__u32 max_depth;
	__u32 pci_domain;
	__u16 pci_bus;
	__u16 pci_devfn;
	__aligned_u64 reserved;
};

#define LUTNA_IOCTL_GET_INFO	_IO(LUTNA_IOC_TYPE, LUTNA_CMD_GET_INFO)

#define LUTNA_BO_WC		(1U << 0)	/* write-combined, not cached */
#define LUTNA_BO_READONLY	(1U << 1)	/* the device may not write */

/**
 * struct lutna_bo_create - ioctl(LUTNA_IOCTL_BO_CREATE)
 * @size: sizeof(struct lutna_bo_create)
 * @flags: 0 or LUTNA_BO_WC
 * @bytes: wanted size, not 0; out: size rounded up to whole pages
 * @handle: out: the buffer
 * @reserved: must be zero
 * @mmap_offset: out: offset for mmap() of the device file, MAP_SHARED
 *
 * Memory of the kernel, zeroed, coherent with the device and cached by the
 * processor.  With LUTNA_BO_WC it is not cached: writes in order and in whole
 * are fast, and leave the caches to others; reads are slow.
 *
 * EOPNOTSUPP: also LUTNA_BO_WC on a machine that has no such memory.
 */
struct lutna_bo_create {
	__u32 size;
	__u32 flags;
	__aligned_u64 bytes;
	__u32 handle;
	__u32 reserved;
	__aligned_u64 mmap_offset;
};

#define LUTNA_IOCTL_BO_CREATE	_IO(LUTNA_IOC_TYPE, LUTNA_CMD_BO_CREATE)

enum lutna_bo_kind {
	LUTNA_BO_KIND_KERNEL	= 0,	/* of LUTNA_IOCTL_BO_CREATE, of any context */
	LUTNA_BO_KIND_USER	= 1,	/* of LUTNA_IOCTL_BO_USER */
	LUTNA_BO_KIND_IMPORT	= 2,	/* of another driver */
};

/**
 * struct lutna_bo_info - ioctl(LUTNA_IOCTL_BO_INFO)
 * @size: sizeof(struct lutna_bo_info)
 * @flags: must be zero
 * @handle: the buffer
 * @mappings: out: device mappings that it has now
 * @bytes: out: its size
 * @mmap_offset: out: offset for mmap() of the device file; 0: cannot be mapped
 * @kind: out: enum lutna_bo_kind
 * @bo_flags: out: LUTNA_BO_*
 * @pieces: out: in how many pieces, each contiguous on the bus, it is
 */
struct lutna_bo_info {
	__u32 size;
	__u32 flags;
	__u32 handle;
	__u32 mappings;
	__aligned_u64 bytes;
	__aligned_u64 mmap_offset;
	__u32 kind;
	__u32 bo_flags;
	__aligned_u64 pieces;
};

#define LUTNA_IOCTL_BO_INFO	_IO(LUTNA_IOC_TYPE, LUTNA_CMD_BO_INFO)

/**
 * struct lutna_bo_free - ioctl(LUTNA_IOCTL_BO_FREE)
 * @size: sizeof(struct lutna_bo_free)
 * @flags: must be zero
 * @handle: the buffer
 * @reserved: must be zero
 *
 * Ends the handle.  The memory lives on for as long as it is mapped, by the
 * device or by a process.
 */
struct lutna_bo_free {
	__u32 size;
	__u32 flags;
	__u32 handle;
	__u32 reserved;
};

#define LUTNA_IOCTL_BO_FREE	_IO(LUTNA_IOC_TYPE, LUTNA_CMD_BO_FREE)

#define LUTNA_MAP_READ		(1U << 0)	/* the device may read */
#define LUTNA_MAP_WRITE		(1U << 1)	/* the device may write */
#define LUTNA_MAP_FIXED		(1U << 2)	/* at @addr, or not at all */

/**
 * struct lutna_vm_map - ioctl(LUTNA_IOCTL_VM_MAP)
 * @size: sizeof(struct lutna_vm_map)
 * @flags: LUTNA_MAP_*; at least one of READ and WRITE
 * @handle: the buffer
 * @reserved: must be zero
 * @offset: first byte of it, page aligned
 * @bytes: page aligned, not 0
 * @addr: device address, page aligned with LUTNA_MAP_FIXED, else 0; out: the
 *	address
 *
 * EEXIST: something is mapped there already (LUTNA_MAP_FIXED).
 * ENOSPC: no free range is large enough.
 * EACCES: LUTNA_MAP_WRITE of a buffer with LUTNA_BO_READONLY.
 * ESTALE: the buffer came through a dma-buf and its exporter has taken the
 * memory back.
 */
struct lutna_vm_map {
	__u32 size;
	__u32 flags;
	__u32 handle;
	__u32 reserved;
	__aligned_u64 offset;
	__aligned_u64 bytes;
	__aligned_u64 addr;
};

#define LUTNA_IOCTL_VM_MAP	_IO(LUTNA_IOC_TYPE, LUTNA_CMD_VM_MAP)

/**
 * struct lutna_vm_unmap - ioctl(LUTNA_IOCTL_VM_UNMAP)
 * @size: sizeof(struct lutna_vm_unmap)
 * @flags: must be zero
 * @addr: as LUTNA_IOCTL_VM_MAP gave it
 * @bytes: as given to LUTNA_IOCTL_VM_MAP; mappings end whole
 *
 * On return the device has no way to the memory any more.  A job that still
 * uses the address faults.
 */
struct lutna_vm_unmap {
	__u32 size;
	__u32 flags;
	__aligned_u64 addr;
	__aligned_u64 bytes;
};

#define LUTNA_IOCTL_VM_UNMAP	_IO(LUTNA_IOC_TYPE, LUTNA_CMD_VM_UNMAP)

enum lutna_priority {
	LUTNA_PRIORITY_LOW	= 0,
	LUTNA_PRIORITY_NORMAL	= 1,
	LUTNA_PRIORITY_HIGH	= 2,	/* CAP_SYS_NICE, else EACCES */
	LUTNA_PRIORITY_REALTIME	= 3,	/* CAP_SYS_NICE, else EACCES */
};

#define LUTNA_QUEUE_OWNED	(1U << 0)	/* the process writes the ring itself */

/**
 * struct lutna_queue_create - ioctl(LUTNA_IOCTL_QUEUE_CREATE)
 * @size: sizeof(struct lutna_queue_create)
 * @flags: LUTNA_QUEUE_*
 * @priority: enum lutna_priority
 * @depth: jobs that it holds at once, a power of two, 2..max_depth
 * @timeout_ns: a job that runs for longer is stopped and the queue with it;
 *	0: the driver's default
 * @handle: out: the queue
 * @reserved: must be zero
 * @ring: out: buffer that holds @depth struct lutna_job_entry and, in a page
 *	of its own, a struct lutna_progress
 * @progress: out: offset of the latter in the buffer
 * @ring_bytes: out: size of the buffer
 * @ring_offset: out: offset for mmap() of the buffer
 * @doorbell_offset: out: offset for mmap() of the page that has the doorbell,
 *	MAP_SHARED, one page
 * @doorbell: out: offset of the doorbell, a __le32, in its page
 * @reserved2: must be zero
 *
 * What follows @reserved is for LUTNA_QUEUE_OWNED, and zero without it.
 *
 * Such a queue takes its jobs from the process, which writes job n (counted
 * from 1) to entry (n - 1) % @depth of the ring, with n as its seqno, and then,
 * after a write barrier, n to the doorbell, as one 32-bit store.  It has to
 * leave an entry alone until the job that stands there has ended.  Entries
 * need no LUTNA_JOB_IRQ.  A tail that goes back or beyond the ring stops the
 * queue with LUTNA_FAULT_DOORBELL, as a job does that fails.
 *
 * LUTNA_IOCTL_SUBMIT and LUTNA_IOCTL_QUEUE_CANCEL with it are EOPNOTSUPP.
 * LUTNA_IOCTL_WAIT takes any job up to @depth after the last that has ended,
 * whether it was rung for or not.  poll() and eventfds tell of a job once
 * somebody waits for it, or many have ended; LUTNA_JOB_IRQ makes them tell at
 * once.  The driver looks at the queue once in its time limit (at least 10 ms),
 * so that a job is stopped after one to two times the limit.  When the queue
 * fails, is destroyed or loses its device, jobs that have not ended are canceled
 * and the doorbell does nothing; the mappings stay, and do no harm.
 *
 * EOPNOTSUPP: not with this device, or on this platform.
 * ENOMEM: also if the ring is not to be had in one piece.
 */
struct lutna_queue_create {
	__u32 size;
	__u32 flags;
	__u32 priority;
	__u32 depth;
	__aligned_u64 timeout_ns;
	__u32 handle;
	__u32 reserved;
	__u32 ring;
	__u32 progress;
	__aligned_u64 ring_bytes;
	__aligned_u64 ring_offset;
	__aligned_u64 doorbell_offset;
	__u32 doorbell;
	__u32 reserved2;
};

/**
 * struct lutna_job_entry - one job, in a queue's ring
 * @list: device virtual address of the command list, LUTNA_LIST_ALIGN aligned
 *	(ignored when @count is 0)
 * @count: commands in it; 0 is an empty job, which completes in its turn.  The
 *	device copies an entry once, when the job begins: until then @count may
 *	be set to 0, by one store, and the job will be an empty one.
 * @flags: LUTNA_JOB_*
 * @unit: enum lutna_unit that the completion's energy is for
 * @reserved0: must be zero
 * @seqno: copied to the completion and, if the job ends well, to where the
 *	queue says
 * @profile: device virtual address of @count profile records, 64-byte aligned
 *	(with LUTNA_JOB_PROFILE, else 0)
 * @reserved: must be zero
 */
struct lutna_job_entry {
	__le64 list;
	__le32 count;
	__le16 flags;
	__u8 unit;
	__u8 reserved0;
	__le64 seqno;
	__le64 profile;
	__le64 reserved[4];
};

#define LUTNA_JOB_IRQ		(1U << 0)	/* interrupt when it ends */
#define LUTNA_JOB_PROFILE	(1U << 1)	/* write @profile */
#define LUTNA_JOB_FLAGS		0x0003U

/**
 * struct lutna_progress - what a queue that a process owns tells it
 * @seqno: written by the device: seqno of the entry of the last job that ended
 *	well
 * @state: written by the driver: enum lutna_queue_state; once it is not ACTIVE,
 *	no job ends any more, and LUTNA_IOCTL_WAIT tells how they ended
 * @reserved: zero
 *
 * The process may write to it too, which fools nobody but the process.
 */
struct lutna_progress {
	__le64 seqno;
	__le32 state;
	__le32 reserved;
};

#define LUTNA_IOCTL_QUEUE_CREATE	_IO(LUTNA_IOC_TYPE, LUTNA_CMD_QUEUE_CREATE)

/**
 * struct lutna_queue_destroy - ioctl(LUTNA_IOCTL_QUEUE_DESTROY)
 * @size: sizeof(struct lutna_queue_destroy)
 * @flags: must be zero
 * @handle: the queue
 * @reserved: must be zero
 *
 * Stops it at once; jobs that are not done end with ECANCELED.  Waiters wake.
 */
struct lutna_queue_destroy {
	__u32 size;
	__u32 flags;
	__u32 handle;
	__u32 reserved;
};

#define LUTNA_IOCTL_QUEUE_DESTROY	_IO(LUTNA_IOC_TYPE, LUTNA_CMD_QUEUE_DESTROY)

/**
 * struct lutna_job_result - how a job ended
 * @error: 0, or a negative errno: -EIO after a fault, -ETIME after the time
 *	limit, -ECANCELED when the queue ended, an earlier job of it failed, it
 *	was cancelled, or a fence that it waited for was signalled with an error,
 *	-ENODEV when the device went away
 * @fault: enum lutna_fault of lutna_isa.h
 * @access: 0, or 1 for a read, 2 for a write that the fault is about
 * @command: commands executed, which is the index of the one that failed
 * @fault_addr: device address that the fault is about
 * @cycles: modelled cycles
 * @energy: toggle units on the unit that the job named
 * @start_ns: device time at which it began
 * @duration_ns: device time that it took
 */
struct lutna_job_result {
	__s32 error;
	__u32 fault;
	__u32 access;
	__u32 command;
	__aligned_u64 fault_addr;
	__aligned_u64 cycles;
	__aligned_u64 energy;
	__aligned_u64 start_ns;
	__aligned_u64 duration_ns;
};

enum lutna_queue_state {
	LUTNA_QUEUE_ACTIVE	= 0,
	LUTNA_QUEUE_FAULTED	= 1,	/* takes no more jobs */
	LUTNA_QUEUE_DEAD	= 2,	/* the device is gone */
};

/**
 * struct lutna_queue_info - ioctl(LUTNA_IOCTL_QUEUE_INFO)
 * @size: sizeof(struct lutna_queue_info)
 * @flags: must be zero
 * @handle: the queue
 * @state: out: enum lutna_queue_state
 * @priority: out: enum lutna_priority
 * @depth: out: jobs that it holds
 * @timeout_ns: out: time limit of its jobs
 * @submitted: out: sequence number of the newest job; of a LUTNA_QUEUE_OWNED
 *	queue, @completed
 * @completed: out: sequence number of the last job that ended
 * @failed: out: sequence number of the job that stopped the queue, or 0
 * @failure: out: how that job ended
 *
 * Works after the device is gone too.
 */
struct lutna_queue_info {
	__u32 size;
	__u32 flags;
	__u32 handle;
	__u32 state;
	__u32 priority;
	__u32 depth;
	__aligned_u64 timeout_ns;
	__aligned_u64 submitted;
	__aligned_u64 completed;
	__aligned_u64 failed;
	struct lutna_job_result failure;
};

#define LUTNA_IOCTL_QUEUE_INFO	_IO(LUTNA_IOC_TYPE, LUTNA_CMD_QUEUE_INFO)

#define LUTNA_JOB_F_PROFILE	(1U << 0)	/* write a record a command to @profile */

/**
 * struct lutna_job - one job of LUTNA_IOCTL_SUBMIT
 * @list: device address of the command list, 64-byte aligned; 0 if @count is 0
 * @profile: device address of @count profile records, 64-byte aligned; 0
 *	without LUTNA_JOB_F_PROFILE
 * @timeout_ns: time limit of this job; 0: the queue's
 * @count: commands; 0 is an empty job, which ends in its turn
 * @flags: LUTNA_JOB_F_*
 * @unit: enum lutna_unit of lutna_isa.h that the result's energy is for
 * @reserved: must be zero
 */
struct lutna_job {
	__aligned_u64 list;
	__aligned_u64 profile;
	__aligned_u64 timeout_ns;
	__u32 count;
	__u32 flags;
	__u32 unit;
	__u32 reserved;
};

#define LUTNA_SUBMIT_NONBLOCK	(1U << 0)	/* EAGAIN instead of waiting for room */
#define LUTNA_SUBMIT_OUT_FENCE	(1U << 1)	/* give a fence in @out_fence */

#define LUTNA_SUBMIT_FENCES_MAX	64		/* fences to wait for, of one call */

/**
 * struct lutna_submit - ioctl(LUTNA_IOCTL_SUBMIT)
 * @size: sizeof(struct lutna_submit)
 * @flags: LUTNA_SUBMIT_*
 * @queue: where to
 * @job_size: sizeof(struct lutna_job), the distance between jobs
 * @jobs: pointer to the jobs
 * @job_count: how many, at least 1; out: how many were taken
 * @reserved: must be zero
 * @seqno: out: sequence number of the last job taken.  The first job of a
 *	queue is 1; they end in their order.
 * @in_fences: pointer to @in_fence_count file descriptors (__s32), each a
 *	sync_file of any driver; 0 without
 * @in_fence_count: how many, up to LUTNA_SUBMIT_FENCES_MAX
 * @out_fence: out with LUTNA_SUBMIT_OUT_FENCE: a sync_file, close-on-exec;
 *	must be zero without
 *
 * If some jobs were taken before an error or a signal, the ioctl succeeds with
 * their number in @job_count.
 *
 * No job of the call begins before every fence of @in_fences is signalled.
 * Waiting takes no thread and costs the caller nothing: the jobs are taken, and
 * hold their places; later jobs of the queue stand behind them, other queues
 * go on.  A time limit begins when the fences are signalled.  If one of them is
 * signalled with an error the jobs of the call end in their turn with
 * -ECANCELED, without having begun, and the queue goes on.
 *
 * The fence that is given is signalled when the last job taken has ended, with
 * its error, whatever has become of queue, file or device by then.
 *
 * EBADF: a file descriptor of @in_fences is not open.
 * EINVAL: one of them is no sync_file; there are too many; or the structure is
 * too short for the fence that LUTNA_SUBMIT_OUT_FENCE asks for.
 * EMFILE: the caller may have no more file descriptors.
 */
struct lutna_submit {
	__u32 size;
	__u32 flags;
	__u32 queue;
	__u32 job_size;
	__aligned_u64 jobs;
	__u32 job_count;
	__u32 reserved;
	__aligned_u64 seqno;
	__aligned_u64 in_fences;
	__u32 in_fence_count;
	__s32 out_fence;
};

#define LUTNA_IOCTL_SUBMIT	_IO(LUTNA_IOC_TYPE, LUTNA_CMD_SUBMIT)

#define LUTNA_WAIT_LAST		(1U << 0)	/* WAIT: the newest job */
#define LUTNA_WAIT_ALL		(1U << 1)	/* WAIT_MANY: all, not any */

/**
 * struct lutna_wait - ioctl(LUTNA_IOCTL_WAIT)
 * @size: sizeof(struct lutna_wait)
 * @flags: LUTNA_WAIT_LAST or 0
 * @queue: the queue
 * @known: out: 1 if @result is this job's; 0 if it ended so long ago (more than
 *	the queue's depth) that nothing more is known: well, or cancelled by
 *	LUTNA_IOCTL_QUEUE_CANCEL
 * @seqno: the job, submitted already (else ENOENT).  With LUTNA_WAIT_LAST 0
 *	stands for the newest job at the time of the call; out: its number, or
 *	still 0, with 0 in @known, if there never was a job.
 * @deadline_ns: absolute CLOCK_MONOTONIC time; in the past: only look
 * @result: out: how the job ended
 *
 * 0 once the job has ended, well or not; ETIMEDOUT at the deadline.  A signal
 * restarts it without a longer wait.
 *
 * With LUTNA_WAIT_LAST @seqno is written before the call sleeps, so also if
 * it fails with ETIMEDOUT or EINTR: whoever calls again with the same
 * structure, as the kernel does after a signal, waits for the same job.
 */
struct lutna_wait {
	__u32 size;
	__u32 flags;
	__u32 queue;
	__u32 known;
	__aligned_u64 seqno;
	__aligned_s64 deadline_ns;
	struct lutna_job_result result;
};

#define LUTNA_IOCTL_WAIT	_IO(LUTNA_IOC_TYPE, LUTNA_CMD_WAIT)

/**
 * struct lutna_bo_user - ioctl(LUTNA_IOCTL_BO_USER)
 * @size: sizeof(struct lutna_bo_user)
 * @flags: 0 or LUTNA_BO_READONLY
 * @addr: memory of the caller, page aligned
 * @bytes: page aligned, not 0
 * @handle: out: the buffer
 * @reserved: must be zero
 * @locked: out: bytes that the process has locked, with those of this buffer
 * @limit: out: bytes that it may lock (RLIMIT_MEMLOCK); all ones: no limit
 *
 * A buffer of the caller's own memory, which is locked for as long as the buffer
 * lives.  Buffer and process share the pages that are there now: what is mapped
 * to their place later is not the device's.  They count against RLIMIT_MEMLOCK
 * together with what mlock() locks, unless the process has CAP_IPC_LOCK.  The
 * buffer itself cannot be mapped by processes, nor exported.
 *
 * EPERM: the process may not lock that much; @locked and @limit are written, and
 * a @handle of 0.
 * EFAULT: also memory that cannot be pinned: not there; not writable, without
 * LUTNA_BO_READONLY; registers of a device; or of a file system that must know
 * of each write.
 */
struct lutna_bo_user {
	__u32 size;
	__u32 flags;
	__aligned_u64 addr;
	__aligned_u64 bytes;
	__u32 handle;
	__u32 reserved;
	__aligned_u64 locked;
	__aligned_u64 limit;
};

#define LUTNA_IOCTL_BO_USER	_IO(LUTNA_IOC_TYPE, LUTNA_CMD_BO_USER)

#define LUTNA_EXPORT_WRITE	(1U << 0)	/* open for reading and writing */

/**
 * struct lutna_bo_export - ioctl(LUTNA_IOCTL_BO_EXPORT)
 * @size: sizeof(struct lutna_bo_export)
 * @flags: 0 or LUTNA_EXPORT_WRITE
 * @handle: the buffer
 * @fd: out: a dma-buf, closed on exec
 *
 * The dma-buf is the memory: it serves those who have it after the buffer, the
 * file and the device are gone.  The same buffer gives the same dma-buf again,
 * one for each of the flags.  One that came from another driver is given as it
 * came.  Without LUTNA_EXPORT_WRITE processes cannot write through it; what other
 * drivers make of it is for them to say.
 *
 * EINVAL: also a buffer of LUTNA_IOCTL_BO_USER.
 * EACCES: LUTNA_EXPORT_WRITE of a buffer with LUTNA_BO_READONLY, or that came
 * through a dma-buf that is not open for writing.
 */
struct lutna_bo_export {
	__u32 size;
	__u32 flags;
	__u32 handle;
	__s32 fd;
};

#define LUTNA_IOCTL_BO_EXPORT	_IO(LUTNA_IOC_TYPE, LUTNA_CMD_BO_EXPORT)

/**
 * struct lutna_bo_import - ioctl(LUTNA_IOCTL_BO_IMPORT)
 * @size: sizeof(struct lutna_bo_import)
 * @flags: 0 or LUTNA_BO_READONLY
 * @fd: a dma-buf of any driver
 * @handle: out: a new buffer of its memory
 * @bytes: out: its size
 * @mmap_offset: out: offset for mmap() of the device file
 *
 * mmap() is done by the driver whose memory it is.  If that takes the memory
 * back, jobs that use it fault and the buffer cannot be mapped any more.
 *
 * EBADF: @fd is no open file.
 * EINVAL: also a file that is no dma-buf, or memory that is not whole pages.
 * EACCES: no LUTNA_BO_READONLY and @fd is not open for writing.
 * Other errors may come from the driver whose memory it is.
 */
struct lutna_bo_import {
	__u32 size;
	__u32 flags;
	__s32 fd;
	__u32 handle;
	__aligned_u64 bytes;
	__aligned_u64 mmap_offset;
};

#define LUTNA_IOCTL_BO_IMPORT	_IO(LUTNA_IOC_TYPE, LUTNA_CMD_BO_IMPORT)

/**
 * struct lutna_wait_item - a job that LUTNA_IOCTL_WAIT_MANY waits for
 * @queue: the queue
 * @ended: out: 1 if the job has ended, else 0
 * @seqno: the job, submitted already (else ENOENT)
 */
struct lutna_wait_item {
	__u32 queue;
	__u32 ended;
	__aligned_u64 seqno;
};

#define LUTNA_WAIT_ITEMS	64	/* most in one call */

/**
 * struct lutna_wait_many - ioctl(LUTNA_IOCTL_WAIT_MANY)
 * @size: sizeof(struct lutna_wait_many)
 * @flags: LUTNA_WAIT_ALL: until all have ended; 0: until one has
 * @items: pointer to the items
 * @item_size: sizeof(struct lutna_wait_item), the distance between items
 * @count: how many, 1..LUTNA_WAIT_ITEMS
 * @deadline_ns: absolute CLOCK_MONOTONIC time; in the past: only look
 * @first: out: index of the first item whose job has ended
 * @reserved: must be zero
 *
 * 0 once one or all have ended, well or not; ETIMEDOUT at the deadline, with
 * the items' @ended written then too.  A signal restarts it without a longer
 * wait.  How a job ended is LUTNA_IOCTL_WAIT's to say.
 */
struct lutna_wait_many {
	__u32 size;
	__u32 flags;
	__aligned_u64 items;
	__u32 item_size;
	__u32 count;
	__aligned_s64 deadline_ns;
	__u32 first;
	__u32 reserved;
};

#define LUTNA_IOCTL_WAIT_MANY	_IO(LUTNA_IOC_TYPE, LUTNA_CMD_WAIT_MANY)

/**
 * struct lutna_queue_cancel - ioctl(LUTNA_IOCTL_QUEUE_CANCEL)
 * @size: sizeof(struct lutna_queue_cancel)
 * @flags: must be zero
 * @queue: the queue
 * @cancelled: out: how many jobs it stands for now
 * @first: sequence number of the first job to cancel, not 0
 * @last: sequence number of the last; those that were not submitted yet, or
 *	have ended, are left out
 *
 * Jobs that have not begun will not execute: each ends in its turn with
 * ECANCELED, and the queue goes on.  One that the device has begun is not
 * stopped, and ends as if it had not been cancelled, though it counts in
 * @cancelled: how each ended is in its result.  Jobs that were cancelled before
 * do not count again.
 *
 * EBADFD, ENODEV: all jobs of the queue have ended.
 */
struct lutna_queue_cancel {
	__u32 size;
	__u32 flags;
	__u32 queue;
	__u32 cancelled;
	__aligned_u64 first;
	__aligned_u64 last;
};

#define LUTNA_IOCTL_QUEUE_CANCEL _IO(LUTNA_IOC_TYPE, LUTNA_CMD_QUEUE_CANCEL)

/**
 * DOC: Events
 *
 * poll() of a context gives POLLIN while there is a queue of which jobs have
 * ended, or which has failed, since LUTNA_IOCTL_REAP gave it last; and POLLERR
 * and POLLHUP once the device is gone.  Edge-triggered: there is an edge
 * whenever a queue joins those that REAP would give, so whoever is woken calls
 * REAP until it gives fewer than he asked for.
 */

/**
 * struct lutna_ended - what LUTNA_IOCTL_REAP says of a queue
 * @queue: the queue
 * @state: enum lutna_queue_state
 * @completed: sequence number of the last job that ended
 */
struct lutna_ended {
	__u32 queue;
	__u32 state;
	__aligned_u64 completed;
};

/**
 * struct lutna_reap - ioctl(LUTNA_IOCTL_REAP)
 * @size: sizeof(struct lutna_reap)
 * @flags: must be zero
 * @ended: pointer to room for what is found
 * @ended_size: sizeof(struct lutna_ended), the distance between entries; what
 *	the kernel does not know of them is left as it is
 * @count: entries that there is room for, at least 1; out: how many were found
 *
 * Gives each queue of the context once in which something has happened since it
 * was last given.  Does not wait: 0 in @count if nothing has happened.  Of
 * several threads that call it, one is given a queue.  Works after the device is
 * gone too.
 */
struct lutna_reap {
	__u32 size;
	__u32 flags;
	__aligned_u64 ended;
	__u32 ended_size;
	__u32 count;
};

#define LUTNA_IOCTL_REAP	_IO(LUTNA_IOC_TYPE, LUTNA_CMD_REAP)

/**
 * struct lutna_queue_event - ioctl(LUTNA_IOCTL_QUEUE_EVENT)
 * @size: sizeof(struct lutna_queue_event)
 * @flags: must be zero
 * @queue: the queue
 * @fd: an eventfd, instead of the one that was there; -1: none
 *
 * From now on it is written to, at least once between the end of a job and the
 * next look at the queue's progress; it does not count jobs.  It is written to
 * as well when the queue fails or the device goes away.
 *
 * EBADF: no such file.  EINVAL: not an eventfd.
 */
struct lutna_queue_event {
	__u32 size;
	__u32 flags;
	__u32 queue;
	__s32 fd;
};

#define LUTNA_IOCTL_QUEUE_EVENT	_IO(LUTNA_IOC_TYPE, LUTNA_CMD_QUEUE_EVENT)

/**
 * DOC: Commands of io_uring
 *
 * IORING_OP_URING_CMD on the file of a context, with one of these in the SQE's
 * cmd_op and its structure in the SQE's cmd.  The completion comes when the job
 * has ended; its res is 0, or the job's error, or says why there is no job.  In
 * a ring with IORING_SETUP_CQE32 big_cqe[0] is the job's sequence number.
 *
 * Neither blocks io_uring_enter().  Where a ring or its thread goes away Linux
 * ends a command that waits, with ECANCELED, from 6.7 on; before that the ring
 * lives on until the job has ended, by its time limit at the latest.  The job is
 * not cancelled by that: LUTNA_IOCTL_QUEUE_CANCEL does it, and the command then
 * ends with the job.
 */
#define LUTNA_URING_SUBMIT	_IO(LUTNA_IOC_TYPE, LUTNA_CMD_SUBMIT)
#define LUTNA_URING_WAIT	_IO(LUTNA_IOC_TYPE, LUTNA_CMD_WAIT)

/**
 * struct lutna_uring_submit - the cmd of LUTNA_URING_SUBMIT
 * @submit: pointer to a struct lutna_submit, as for LUTNA_IOCTL_SUBMIT
 * @reserved: must be zero
 *
 * The completion is about the last job taken.  Unless there is room for all jobs
 * at once Linux lets a thread of its own submit them, and wait for room; with
 * LUTNA_SUBMIT_NONBLOCK it does not wait, and res is EAGAIN if none was taken.
 * So @submit and the jobs must stay as they are until the completion, and what
 * the ioctl would have written to @submit is there by then.
 */
struct lutna_uring_submit {
	__aligned_u64 submit;
	__aligned_u64 reserved;
};

/**
 * struct lutna_uring_wait - the cmd of LUTNA_URING_WAIT
 * @seqno: the job, submitted already (else ENOENT)
 * @queue: the queue
 * @flags: must be zero
 *
 * EOPNOTSUPP: a queue that the process owns.
 */
struct lutna_uring_wait {
	__aligned_u64 seqno;
	__u32 queue;
	__u32 flags;
};

#endif /* _UAPI_LUTNA_H */
