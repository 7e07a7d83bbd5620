/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * LUT-NA driver: what its files share
 *
 * Life times
 *
 *   A device lives until it is unbound and the last file of it is closed.  A
 *   context is an open file.  A buffer lives while it has a handle or a mapping
 *   in its context, which outlives it.  Its memory lives while a buffer, a
 *   mapping in a process or a dma-buf has it, and knows of none of them; it may
 *   outlive the file, the context and the device.  A queue lives while it has a
 *   handle or an ioctl uses it.
 *
 *   What the DMA API gave (buffers' bus addresses, page tables, rings) must be
 *   back before the driver is unbound.  Only remove() takes that away from
 *   others, with hw_sem held for writing, and leaves NULL or false behind.  What
 *   exporters of dma-bufs gave goes back right after that, with import_sem held
 *   for writing: exporters want their dma_resv locked, and with that locked may
 *   come to us for hw_sem.
 *
 * Lock order
 *
 *   mmap_lock				(a process's; never fault below here)
 *     lutna_device.import_sem		sleeps; read: attach to exporters and let
 *					go of them, write: unbind
 *       dma_resv of a buffer		sleeps; exporters hold it when they call
 *					us, so nothing above is taken in it
 *	   lutna_device.hw_sem		sleeps; read: control path, write: reset
 *					and unbind
 *	     lutna_vm.lock		sleeps; address space and page tables
 *	     lutna_context.bo_lock	sleeps; list of buffers
 *	       lutna_cq.lock		hard interrupt; consuming completions
 *	       lutna_context.uring_lock	spins; commands of io_uring
 *		 lutna_queue.lock	hard interrupt; jobs and state of a queue
 *		   lutna_context.event_lock hard interrupt; queues to be reaped
 *		   a fence of ours	hard interrupt; what others do when it is
 *					signalled runs here
 *
 *   SUBMIT and WAIT take lutna_queue.lock only: a queue whose state is ACTIVE
 *   has a ring and a device that answers.  Who wants to take either away first
 *   changes the state.
 *
 *   The last lutna_bo_put() takes import_sem, a dma_resv, hw_sem and, where the
 *   memory is a process's, the mmap_lock of that: never call it with any of
 *   them.  lutna_memory_put() by a process's mapping is under the mmap_lock; such
 *   memory is the kernel's, and takes nothing.
 *   lutna_queue_put() may put a buffer of the kernel's memory.
 *
 *   Fences of others are touched with no lock held, and what they call takes
 *   none (see gate.c).
 */
#ifndef LUTNA_DRV_H
#define LUTNA_DRV_H

#include <linux/atomic.h>
#include <linux/bitfield.h>
#include <linux/idr.h>
#include <linux/irq_work.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/maple_tree.h>
#include <linux/miscdevice.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/rwsem.h>
#include <linux/spinlock.h>
#include <linux/timer.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include "../qemu-device/lutna_regs.h"
#include "../uapi/lutna.h"

#define LUTNA_NAME		"lutna"

#define LUTNA_PAGE_SIZE		BIT_ULL(LUTNA_PAGE_SHIFT)
#define LUTNA_HUGE_SIZE		BIT_ULL(LUTNA_HUGE_SHIFT)

/* Address 0 and what programs reach from it by accident is never mapped. */
#define LUTNA_VA_START		BIT_ULL(20)
#define LUTNA_VA_END		BIT_ULL(LUTNA_VA_BITS)

/* So that one process does not take all the queues of the device. */
#define LUTNA_CONTEXT_QUEUES	32
#define LUTNA_DEPTH_MAX		1024

struct dma_fence;
struct dma_resv;
struct eventfd_ctx;
struct lutna_bo;
struct lutna_owned;
struct lutna_queue;
struct lutna_table;
struct lutna_ticket;

/**
 * struct lutna_facts - what the device says of itself
 * @device_id: LUTNA_REG_ID
 * @version: LUTNA_REG_VERSION
 * @features: LUTNA_REG_FEATURES
 * @nr_contexts: contexts
 * @nr_queues: queues
 * @nr_vectors: completion rings
 * @max_depth: job entries in one ring that the driver hands out
 * @max_commands: commands in one list
 * @max_tensor_bytes: bytes of one tensor
 * @isa_version: version of command lists
 * @units: arithmetic units
 * @clock_khz: modelled clock
 */
struct lutna_facts {
	u32 device_id;
	u32 version;
	u64 features;
	u32 nr_contexts;
	u32 nr_queues;
	u32 nr_vectors;
	u32 max_depth;
	u32 max_commands;
	u64 max_tensor_bytes;
	u32 isa_version;
	u32 units;
	u32 clock_khz;
};

/**
 * struct lutna_cq - a completion ring and its interrupt
 * @ldev: device
 * @index: number of the ring and of its MSI-X vector
 * @irq: Linux's number of the interrupt
 * @cpu: processor that the interrupt should go to
 * @lock: protects all below
 * @ring: LUTNA_CQ_RECORDS records
 * @dma: bus address of @ring
 * @head: records consumed, free-running
 * @told: what the device knows of @head
 * @queues: queues that complete here, by their number at the device
 */
struct lutna_cq {
	struct lutna_device *ldev;
	unsigned int index;
	int irq;
	unsigned int cpu;

	spinlock_t lock ____cacheline_aligned_in_smp;
	struct lutna_completion *ring;
	dma_addr_t dma;
	u32 head;
	u32 told;
	struct lutna_queue **queues;
};

/**
 * struct lutna_device - one device
 * @ref: unbinding and each open file hold one
 * @pdev: not to be touched after remove()
 * @regs: BAR of the registers
 * @doorbells: BAR of the doorbells
 * @index: N of /dev/lutnaN
 * @name: "lutnaN"
 * @misc: /dev/lutnaN
 * @facts: what it says of itself
 * @dma32: its bus addresses must be below 4 GiB
 * @hw_sem: see lock order
 * @dead: it does not answer, or was unbound; written with @hw_sem for writing
 * @resets: how often it was reset since probe; written as @dead
 * @import_sem: see lock order
 * @imports_lock: protects @imports; nothing is taken in it
 * @imports: buffers of other drivers
 * @contexts: struct lutna_context by number at the device
 * @queue_ids: numbers of queues at the device
 * @cqs: completion rings
 * @nr_cqs: how many
 * @wq: recovery of queues and of the device
 * @reset_work: reset after the device said that only this helps
 */
struct lutna_device {
	struct kref ref;
	struct pci_dev *pdev;
	void __iomem *regs;
	void __iomem *doorbells;
	int index;
	char name[16];
	struct miscdevice misc;
	struct lutna_facts facts;
	bool dma32;

	struct rw_semaphore hw_sem;
	bool dead;
	unsigned int resets;

	struct rw_semaphore import_sem;
	struct mutex imports_lock;	/* @imports */
	struct list_head imports;

	struct xarray contexts;
	struct ida queue_ids;
	struct lutna_cq *cqs;
	unsigned int nr_cqs;
	struct workqueue_struct *wq;
	struct work_struct reset_work;
};

/**
 * struct lutna_vm - address space of a context
 * @lock: protects all below
 * @mappings: struct lutna_mapping by page number
 * @root: page table; NULL after unbind
 * @empty: tables to be freed once the TLB is clean
 * @enabled: a device that was reset must learn of it; protected by hw_sem
 */
struct lutna_vm {
	struct mutex lock;	/* all below but @enabled */
	struct maple_tree mappings;
	struct lutna_table *root;
	struct lutna_table *empty;
	bool enabled;
};

/**
 * struct lutna_context - an open file
 * @ldev: device, holds a reference
 * @id: number of the context at the device
 * @vm: address space
 * @bos: handles of buffers
 * @next_bo: where to look for a free handle
 * @queues: handles of queues
 * @next_queue: where to look for a free handle
 * @nr_queues: how many it has
 * @bo_lock: protects @bo_list
 * @bo_list: all buffers, with a handle or not
 * @event_lock: protects @ended
 * @ended: queues that REAP has not given since something happened in them
 * @poll_wait: waits for @ended not to be empty, or the device to be gone
 * @mapping: what processes have mapped of the file
 * @idle_page: what they get for doorbells without a device; 0: nobody may ask
 * @uring_lock: protects what commands of io_uring know of their queue
 */
struct lutna_context {
	struct lutna_device *ldev;
	u32 id;
	struct lutna_vm vm;
	struct xarray bos;
	u32 next_bo;
	struct xarray queues;
	u32 next_queue;
	atomic_t nr_queues;
	struct mutex bo_lock;	/* @bo_list */
	struct list_head bo_list;
	spinlock_t event_lock;	/* @ended */
	struct list_head ended;
	wait_queue_head_t poll_wait;
	struct address_space *mapping;
	unsigned long idle_page;
	spinlock_t uring_lock;	/* lutna_uring.q */
};

/**
 * struct lutna_slot - what is known of the job in one place of a ring
 * @result: how the last job in this place ended
 * @timeout: time limit of the job that stands there now, in jiffies
 * @cancelled: that job was told not to execute
 * @uring: commands of io_uring that wait for that job
 * @fence: signalled when that job ends, or NULL
 */
struct lutna_slot {
	struct lutna_job_result result;
	unsigned long timeout;
	bool cancelled;
	struct hlist_head uring;
	struct dma_fence *fence;
};

/**
 * struct lutna_queue - a queue
 * @ref: its handle and ioctls hold one
 * @ctx: context; alive as long as anyone can reach the queue
 * @cq: where its jobs complete
 * @id: number at the device
 * @handle: number in the context
 * @priority: enum lutna_priority
 * @depth: entries of @ring, a power of two
 * @timeout_ns: time limit of its jobs, as asked for
 * @timeout: the same in jiffies
 * @doorbell: its doorbell
 * @ring_dma: bus address of @ring
 * @seq_dma: bus address that the device writes sequence numbers to, or 0
 * @owned: what it has more when a process owns it, else NULL; see owned.c for
 *	what is different then of what follows
 * @slots: @depth of them
 * @fence_context: number of its fences' timeline
 *
 * @lock: protects all below
 * @state: enum lutna_queue_state
 * @closed: destroyed, or being destroyed: takes no more jobs, starts no work
 * @stopping: the device was told to stop it because of the time limit
 * @ring: entries; NULL after unbind
 * @written: sequence number of the last entry in @ring
 * @submitted: sequence number of the last job that was taken
 * @published: of the last that the device was told of; gates may hold it back
 * @completed: sequence number of the last job that has ended
 * @ended: of the last that the device has ended; those up to @completed ended
 *	with @cancel_error
 * @cancel_error: negative errno
 * @failed: sequence number of the job that stopped the queue, or 0
 * @turn: somebody is between the first and the last entry of a submission
 * @turn_void: a fence that this submission waited for has failed: its jobs from
 *	here on are empty ones
 * @turn_wait: waits for @turn to be free
 * @room_wait: who has the turn waits for room
 * @done_wait: waits for jobs to end
 * @watch: LUTNA_WATCH_*; 0: nobody has to be told that a job has ended
 * @ended_entry: in the context's list @ended; lutna_context.event_lock
 * @eventfd: with LUTNA_WATCH_EVENTFD
 * @uring_count: commands of io_uring that wait for jobs; LUTNA_WATCH_URING if any
 * @uring_told: up to which job such commands have been told of the end
 * @oldest_since: jiffies when the oldest job became the oldest
 * @timer: looks at the oldest job now and then
 * @work: stops or resets the queue at the device
 * @gates: places that the device may not pass yet, in their order; see gate.c
 * @gates_open: gates that it has passed, to be freed
 * @gate_irq: a gate has been opened
 * @gate_work: frees gates
 */
struct lutna_queue {
	struct kref ref;
	struct lutna_context *ctx;
	struct lutna_cq *cq;
	u32 id;
	u32 handle;
	u32 priority;
	u32 depth;
	u64 timeout_ns;
	unsigned long timeout;
	void __iomem *doorbell;
	dma_addr_t ring_dma;
	dma_addr_t seq_dma;
	struct lutna_owned *owned;
	struct lutna_slot *slots;
	u64 fence_context;

	spinlock_t lock ____cacheline_aligned_in_smp;
	u32 state;
	bool closed;
	bool stopping;
	bool turn;
	bool turn_void;
	struct lutna_job_entry *ring;
	u64 written;
	u64 submitted;
	u64 published;
	u64 completed;
	u64 ended;
	int cancel_error;
	u64 failed;
	wait_queue_head_t turn_wait;
	wait_queue_head_t room_wait;
	wait_queue_head_t done_wait;
	u32 watch;
	struct list_head ended_entry;
	struct eventfd_ctx *eventfd;
	u32 uring_count;
	u64 uring_told;
	unsigned long oldest_since;
	struct timer_list timer;
	struct work_struct work;
	struct list_head gates;
	struct list_head gates_open;
	struct irq_work gate_irq;
	struct work_struct gate_work;
};

/**
 * struct lutna_call - one ioctl under way
 * @ctx: the file
 * @user: the caller's structure
 * @size: its size as the caller sees it
 * @known: its size as the kernel sees it
 * @arg: the kernel's copy, all that it knows of it
 * @ticket: for SUBMIT by io_uring, else NULL
 */
struct lutna_call {
	struct lutna_context *ctx;
	void __user *user;
	u32 size;
	u32 known;
	void *arg;
	struct lutna_ticket *ticket;
};

/* drv.c */
/** lutna_answer_us() - how long the device may take to do as it is told */
u64 lutna_answer_us(void);
/** lutna_default_timeout_ms() - time limit of jobs that have none */
u64 lutna_default_timeout_ms(void);
/** lutna_device_put() - drop a reference; the last frees */
void lutna_device_put(struct lutna_device *ldev);

static inline struct device *lutna_dev(struct lutna_device *ldev)
{
	return &ldev->pdev->dev;
}

/* file.c */
extern const struct file_operations lutna_file_ops;

/**
 * lutna_reply() - give the caller what an ioctl found out
 * @call: the call; @call->arg is copied back as far as the caller knows it
 *
 * Never with hw_sem held.  Return: 0 or -EFAULT.
 */
int lutna_reply(struct lutna_call *call);

/* bo.c; user.c, dmabuf.c and import.c for three of them */
int lutna_ioctl_bo_create(struct lutna_call *call);
int lutna_ioctl_bo_user(struct lutna_call *call);
int lutna_ioctl_bo_export(struct lutna_call *call);
int lutna_ioctl_bo_import(struct lutna_call *call);
int lutna_ioctl_bo_info(struct lutna_call *call);
int lutna_ioctl_bo_free(struct lutna_call *call);
int lutna_bo_mmap(struct file *file, struct vm_area_struct *vma);

/**
 * lutna_bo_get() - find a buffer by its handle
 * @ctx: context
 * @handle: its handle
 *
 * Return: the buffer with a reference for the caller, or NULL.
 */
struct lutna_bo *lutna_bo_get(struct lutna_context *ctx, u32 handle);
/** lutna_bo_put() - drop a reference; see lock order */
void lutna_bo_put(struct lutna_bo *bo);
/** lutna_bo_bytes() - size of the buffer, whole pages */
u64 lutna_bo_bytes(struct lutna_bo *bo);
/** lutna_bo_count_mapping() - one device mapping more, or less */
void lutna_bo_count_mapping(struct lutna_bo *bo, int more);

/**
 * lutna_bo_run() - where a part of a buffer lies on the bus
 * @bo: buffer; hw_sem is held and the device is not dead
 * @offset: first byte, inside the buffer
 * @dma: set to its bus address
 *
 * Return: bytes from there on that are contiguous on the bus.
 */
u64 lutna_bo_run(struct lutna_bo *bo, u64 offset, dma_addr_t *dma);

/** lutna_bo_skew() - 2 MiB pages are possible at addresses congruent to offset + this */
u64 lutna_bo_skew(struct lutna_bo *bo);

/**
 * lutna_bo_check_map() - whether a buffer can be mapped into a context
 * @bo: buffer; lutna_vm.lock is held
 * @flags: LUTNA_MAP_*
 *
 * Return: 0; -EACCES if the device may not write to it; -ESTALE if its exporter
 * has taken its memory back.
 */
int lutna_bo_check_map(struct lutna_bo *bo, u32 flags);
/** lutna_bo_revoke() - its exporter takes its memory back; lutna_vm.lock */
void lutna_bo_revoke(struct lutna_bo *bo);

/**
 * lutna_bo_resv() - where fences of those who use a buffer are
 * @bo: buffer
 *
 * Return: the dma_resv of its memory, the same for all buffers and dma-bufs that
 * are of that.  The buffer's reference keeps it.
 */
struct dma_resv *lutna_bo_resv(struct lutna_bo *bo);

/** lutna_bo_close_all() - free the handles of a file that is closed */
void lutna_bo_close_all(struct lutna_context *ctx);
/** lutna_bo_detach_all() - unmap from DMA; hw_sem held for writing */
void lutna_bo_detach_all(struct lutna_context *ctx);
/** lutna_import_detach_all() - give exporters back what is theirs; device dead */
void lutna_import_detach_all(struct lutna_device *ldev);

/* vm.c */
int lutna_ioctl_vm_map(struct lutna_call *call);
int lutna_ioctl_vm_unmap(struct lutna_call *call);

/**
 * lutna_vm_open() - give a new context an empty address space
 * @ctx: context, with its number; hw_sem is held and the device is not dead
 *
 * Return: 0 or -errno.
 */
int lutna_vm_open(struct lutna_context *ctx);
/** lutna_vm_close() - take it away from the device and free it */
void lutna_vm_close(struct lutna_context *ctx);
/** lutna_vm_enable() - tell the device of it; hw_sem held */
void lutna_vm_enable(struct lutna_context *ctx);
/** lutna_vm_detach() - free page tables; hw_sem held for writing */
void lutna_vm_detach(struct lutna_context *ctx);

/**
 * lutna_vm_revoke() - take a buffer out of the device's reach for good
 * @ctx: context
 * @bo: buffer of it; mappings stay, and the device faults there
 *
 * Takes hw_sem and lutna_vm.lock.
 */
void lutna_vm_revoke(struct lutna_context *ctx, struct lutna_bo *bo);

/* table.c: page tables; lutna_vm.lock or exclusive access */

/** lutna_table_new() - an empty root, or NULL */
struct lutna_table *lutna_table_new(struct lutna_device *ldev);
/** lutna_table_dma() - its bus address */
dma_addr_t lutna_table_dma(const struct lutna_table *table);

/**
 * lutna_table_map() - make bus addresses reachable
 * @ldev: device
 * @root: page table
 * @addr: device address, nothing is mapped there
 * @dma: bus address
 * @bytes: whole pages
 * @rights: LUTNA_PTE_READ and LUTNA_PTE_WRITE
 *
 * Return: 0, or -ENOMEM when only a part was mapped.
 */
int lutna_table_map(struct lutna_device *ldev, struct lutna_table *root,
		    u64 addr, dma_addr_t dma, u64 bytes, u64 rights);

/**
 * lutna_table_clear() - make addresses unreachable
 * @root: page table
 * @addr: first address
 * @bytes: whole pages
 * @empty: list that tables are added to which nothing points to any more.  The
 *	device may still read them until its TLB was invalidated; then
 *	lutna_table_free() them.
 */
void lutna_table_clear(struct lutna_table *root, u64 addr, u64 bytes,
		       struct lutna_table **empty);
/** lutna_table_free() - free a list of tables, NULL is an empty one */
void lutna_table_free(struct lutna_device *ldev, struct lutna_table *list);

/* queue.c */
int lutna_ioctl_queue_create(struct lutna_call *call);
int lutna_ioctl_queue_destroy(struct lutna_call *call);
int lutna_ioctl_queue_info(struct lutna_call *call);

/** lutna_queue_get() - as lutna_bo_get() */
struct lutna_queue *lutna_queue_get(struct lutna_context *ctx, u32 handle);
/** lutna_queue_put() - drop a reference; may take hw_sem and bo_lock */
void lutna_queue_put(struct lutna_queue *q);
/** lutna_queue_close_all() - destroy the queues of a file that is closed */
void lutna_queue_close_all(struct lutna_context *ctx);
/** lutna_queue_detach() - the device is gone for good; hw_sem for writing */
void lutna_queue_detach(struct lutna_queue *q);

static inline struct lutna_slot *lutna_queue_slot(struct lutna_queue *q, u64 seqno)
{
	return &q->slots[(seqno - 1) & (q->depth - 1)];
}

/* submit.c, wait.c, cancel.c */
int lutna_ioctl_submit(struct lutna_call *call);
int lutna_ioctl_wait(struct lutna_call *call);
int lutna_ioctl_wait_many(struct lutna_call *call);
int lutna_ioctl_queue_cancel(struct lutna_call *call);

/** lutna_queue_error() - why a queue takes no jobs, or 0; its lock is held */
int lutna_queue_error(const struct lutna_queue *q);
/** lutna_queue_ring() - tell the device of what may run; locked and active */
void lutna_queue_ring(struct lutna_queue *q);
/** lutna_queue_void() - a job the device was not told of does nothing; locked */
void lutna_queue_void(struct lutna_queue *q, u64 seqno);

/* job.c: all with the queue's lock held, but the timer function */

/** lutna_timeout() - nanoseconds to jiffies, never too short */
unsigned long lutna_timeout(u64 ns);
/** lutna_queue_expiry() - jiffies when the time of the oldest job is over */
unsigned long lutna_queue_expiry(struct lutna_queue *q);
/** lutna_queue_arm() - there is a new oldest job: its time begins now */
void lutna_queue_arm(struct lutna_queue *q);
/** lutna_queue_timer() - timer function of a queue */
void lutna_queue_timer(struct timer_list *timer);

/**
 * lutna_queue_complete() - take a completion record
 * @q: queue, not locked; the lock of its completion ring is held
 * @rec: the record, in the device's byte order
 */
void lutna_queue_complete(struct lutna_queue *q,
			  const struct lutna_completion *rec);

/**
 * lutna_queue_end() - end all jobs of a queue, for good
 * @q: queue; the device does not work on it any more
 * @state: what it is from now on
 * @oldest: negative errno for the oldest job, which is what stopped the queue;
 *	0 if no job is to blame
 * @others: negative errno for the others
 *
 * Does nothing to jobs that have ended, and keeps the first failure.
 */
void lutna_queue_end(struct lutna_queue *q, enum lutna_queue_state state,
		     int oldest, int others);

/**
 * lutna_queue_result() - how a job ended that has ended
 * @q: queue
 * @seqno: the job
 * @result: set; zeroes if nothing is known but that it ended well
 *
 * Return: whether more is known.
 */
bool lutna_queue_result(struct lutna_queue *q, u64 seqno,
			struct lutna_job_result *result);

/* cq.c */
int lutna_cq_open_all(struct lutna_device *ldev);
void lutna_cq_close_all(struct lutna_device *ldev);
/** lutna_cq_enable_all() - from record 0 on; nobody consumes meanwhile */
void lutna_cq_enable_all(struct lutna_device *ldev);
/** lutna_cq_choose() - the ring for a queue that is created here and now */
struct lutna_cq *lutna_cq_choose(struct lutna_device *ldev);
/** lutna_cq_drain() - consume what is there */
void lutna_cq_drain(struct lutna_cq *cq);
/** lutna_cq_add() - @q completes at its ring from now on */
void lutna_cq_add(struct lutna_queue *q);
/** lutna_cq_remove() - the device sends no more completions of @q */
void lutna_cq_remove(struct lutna_queue *q);

/* reset.c */

/** lutna_hw_reset() - device reset, without setting it up again; hw_sem */
int lutna_hw_reset(struct lutna_device *ldev);
/** lutna_hw_start() - set up all that the device has forgotten; hw_sem */
void lutna_hw_start(struct lutna_device *ldev);

/**
 * lutna_device_reset() - reset the device, and end all jobs with an error
 * @ldev: device; hw_sem is not held
 * @resets: @ldev->resets when the caller saw that it is needed: if somebody
 *	did it since, nothing is done
 *
 * If this does not help the device is dead from now on and cannot access
 * memory any more.
 */
void lutna_device_reset(struct lutna_device *ldev, unsigned int resets);
/** lutna_reset_work() - the same from a work item */
void lutna_reset_work(struct work_struct *work);
/**
 * lutna_queue_command() - tell a queue of the device what to do
 * @q: queue; hw_sem is held and the device is not dead
 * @cmd: STOP, PAUSE or RESET
 *
 * Return: 0 once that is done; -errno if only a device reset helps.
 */
int lutna_queue_command(struct lutna_queue *q, enum lutna_q_cmd cmd);
/** lutna_queue_recover() - work function of a queue */
void lutna_queue_recover(struct work_struct *work);
/** lutna_device_detach() - remove()'s part that others must not see half done */
void lutna_device_detach(struct lutna_device *ldev);

#endif /* LUTNA_DRV_H */
