/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LUT-NA device, internal declarations.  README.md is the hardware manual.
 *
 * Threads
 *   vCPUs and the main loop hold the big QEMU lock (BQL) when they enter:
 *   register and doorbell handlers, configuration writes, reset, migration,
 *   unplug.  None of these waits for a command to end.
 *   Workers run commands.  They hold no lock while they compute.
 *
 * Locks, outermost first
 *   LutnaCq.write_lock   workers only: keeps records of a ring in order
 *   BQL
 *   LutnaState.lock      all of the state but what is said below; short
 *   LutnaWorker.dma_lock held by its worker while it touches guest memory
 *   LutnaCtx.lock        page-table root, TLB, users of old translations
 *
 * A holder of the BQL may wait for a dma_lock: whoever holds one waits for
 * nothing but LutnaCtx.lock and copies at most LUTNA_DMA_PIECE bytes.  So a
 * worker takes the BQL only while it holds neither dma_lock nor
 * LutnaState.lock, and asks again, once it has it, whether it may go on
 * (lutna_dma_begin()).  Reset and VM stop thus get all DMA to an end without
 * letting go of the BQL: they first close the gate or cancel the job, then
 * pass through each dma_lock (lutna_dma_sync()).
 *
 * Life time
 *   Each worker holds a reference to the device and drops it last of all.
 *   Unplug therefore joins no thread; the memory goes with the last worker.
 */
#ifndef LUTNA_H
#define LUTNA_H

#include "qemu/osdep.h"
#include "qemu/bitmap.h"
#include "qemu/bswap.h"
#include "qemu/cutils.h"
#include "qemu/log.h"
#include "qemu/queue.h"
#include "qemu/thread.h"
#include "qemu/timer.h"
#include "qom/object.h"
#include "compat.h"

#include "uapi/lutna.h"
#include "uapi/lutna_isa.h"
#include "core/exec.h"
#include "lutna_regs.h"
#include "trace.h"

#define TYPE_LUTNA "lutna"
OBJECT_DECLARE_SIMPLE_TYPE(LutnaState, LUTNA)

#define LUTNA_MAX_THREADS       64
#define LUTNA_RING_LOG2_MAX     12
#define LUTNA_CQ_LOG2_MIN       4
#define LUTNA_CQ_LOG2_MAX       16
#define LUTNA_PRIORITIES        4
#define LUTNA_EVENTS            16
#define LUTNA_DMA_PIECE         (64 * 1024)
#define LUTNA_FETCH             16      /* commands read ahead at once */
#define LUTNA_FETCH_SLOTS       8       /* lists read ahead per worker */

#define LUTNA_TLB_WAYS          4
#define LUTNA_TLB_SETS          64
#define LUTNA_TLB_HUGE_SETS     16

/* One for every refusal: the trace event has the same arguments as the log. */
#define LUTNA_REFUSE(event, fmt, ...)                                   \
    do {                                                                \
        trace_lutna_##event(__VA_ARGS__);                               \
        qemu_log_mask(LOG_GUEST_ERROR, "lutna: %s: " fmt "\n",          \
                      __VA_ARGS__);                                     \
    } while (0)

typedef struct LutnaWorker LutnaWorker;

typedef struct LutnaTlbEntry {
    uint64_t page;      /* address >> shift of its size */
    uint64_t pte;       /* 0: empty */
} LutnaTlbEntry;

typedef struct LutnaTlb {
    LutnaTlbEntry small[LUTNA_TLB_SETS][LUTNA_TLB_WAYS];
    LutnaTlbEntry huge[LUTNA_TLB_HUGE_SETS][LUTNA_TLB_WAYS];
    uint8_t small_victim[LUTNA_TLB_SETS];
    uint8_t huge_victim[LUTNA_TLB_HUGE_SETS];
} LutnaTlb;

typedef struct LutnaCtx {
    QemuMutex lock;
    uint64_t pt_root;
    uint64_t inv_addr;
    bool enabled;
    /*
     * epoch counts invalidations.  users[w] is the epoch in which the access
     * that worker w has under way looked up its translations, 0 if there is
     * none; an older one than epoch makes the context BUSY.
     */
    uint64_t epoch;
    uint64_t *users;
    LutnaTlb tlb;
} LutnaCtx;

typedef struct LutnaCq {
    QemuMutex write_lock;
    uint64_t base;
    uint32_t cfg;
    uint32_t head;
    uint32_t tail;
    uint32_t waiters;   /* queues that wait for room */
} LutnaCq;

/*
 * The job in flight.  It belongs to the queue between commands and is a copy
 * in the worker during one, so that a reset never pulls it from under a
 * worker's feet.
 */
typedef struct LutnaJob {
    uint64_t id;        /* tag of commands read ahead; unique in a process */
    bool active;
    bool done;          /* ended; its completion is to be written */
    bool reported;      /* failed, and the queue's registers say so */
    uint64_t list;
    uint32_t count;
    uint16_t flags;
    uint8_t unit;
    uint64_t seqno;
    uint64_t profile;
    uint32_t index;     /* commands executed */
    uint64_t cycles;
    uint64_t energy;
    uint64_t start_ns;
    uint64_t end_ns;
    uint16_t status;    /* enum lutna_fault */
    uint8_t access;
    uint64_t fault_addr;
} LutnaJob;

typedef struct LutnaQueue {
    uint16_t id;
    uint8_t state;      /* enum lutna_q_state */
    uint8_t pending;    /* enum lutna_q_cmd that STOPPING stands for, or 0 */
    uint32_t cfg;
    uint64_t ring_base;
    uint64_t seq_addr;
    uint32_t head;
    uint32_t tail;
    uint32_t fault;
    uint32_t fault_cmd;
    uint64_t fault_addr;
    bool bad_bell;      /* a process rang for a tail that cannot be ... */
    uint32_t bad_tail;  /* ... this one: the next job ends with it */
    bool armed;         /* LUTNA_Q_ARM: an interrupt when head gets to ... */
    uint32_t arm;       /* ... this one */
    LutnaJob job;
    LutnaWorker *worker;
    bool waits_cq;
    bool ready;         /* on its priority's list */
    QTAILQ_ENTRY(LutnaQueue) next;
} LutnaQueue;

typedef struct LutnaCounts {
    uint64_t doorbells;
    uint64_t jobs;
    uint64_t commands;
    uint64_t faults;
    uint64_t interrupts;
    uint64_t tlb_hits;
    uint64_t tlb_misses;
    uint64_t cycles;
    uint64_t macs;
    uint64_t bytes_read;
    uint64_t bytes_written;
} LutnaCounts;

typedef struct LutnaEvent {
    uint32_t code;      /* enum lutna_error */
    uint64_t info;
} LutnaEvent;

/* May workers touch guest memory and change what is saved? */
typedef enum LutnaGate {
    LUTNA_GATE_CLOSED,
    LUTNA_GATE_FINISH,  /* only a command that has begun to write */
    LUTNA_GATE_OPEN,
} LutnaGate;

/* Commands that were read ahead: [first, first + count) of job id */
typedef struct LutnaFetch {
    uint64_t id;
    uint32_t first;
    uint32_t count;
    uint8_t cmds[LUTNA_FETCH][LUTNA_CMD_SIZE];
} LutnaFetch;

struct LutnaWorker {
    LutnaState *s;
    unsigned int id;
    QemuThread thread;
    QemuMutex dma_lock;
    struct lutna_exec *exec;
    struct lutna_memory mem;

    /* Written under LutnaState.lock, read anywhere */
    bool busy;          /* has a job or an event in hand */
    bool cancel;        /* what it has in hand is void: reset, unplug */
    bool abort;         /* the job is to end: STOP or RESET of its queue */
    /* Written by the worker, read under LutnaState.lock */
    bool wrote;         /* the command cannot be started over */

    /* The worker's own, copied from the queue when it takes it */
    LutnaQueue *queue;
    LutnaJob job;
    uint64_t ring_base;
    uint64_t seq_addr;
    uint32_t cfg;
    uint32_t head;
    bool bad_bell;
    uint32_t bad_tail;
    bool need_bql;      /* an IOMMU stands before memory */
    LutnaCounts counts;
    LutnaFetch *fetch;  /* LUTNA_FETCH_SLOTS of them */
};

struct LutnaState {
    PCIDevice parent_obj;

    MemoryRegion regs;
    MemoryRegion doorbells;
    MemoryRegion msix;
    uint8_t pm_cap;
    VMChangeStateEntry *vm_state;
    char *name;

    /* Properties */
    uint32_t nr_contexts;
    uint32_t nr_queues;
    uint32_t nr_vectors;
    uint32_t nr_threads;
    uint32_t units;
    uint32_t clock_khz;
    uint64_t max_tensor;
    uint32_t max_commands;
    uint32_t spin_ns;

    QemuMutex lock;
    QemuCond work;      /* a queue is ready or an event is to be sent */
    QemuCond wake;      /* gate, abort, cancel or hang have changed */
    QemuCond drained;   /* a worker has ended a command */

    bool enabled;
    bool fatal;
    bool exiting;
    bool vm_running;
    bool power;         /* D0 and bus master */
    bool hang;
    LutnaGate gate;
    uint32_t error;
    uint64_t error_info;
    int64_t time_base;
    uint64_t next_job;
    LutnaCounts counts;
    LutnaEvent events[LUTNA_EVENTS];
    unsigned int events_first;
    unsigned int nr_events;
    DECLARE_BITMAP(irq_pending, LUTNA_MAX_VECTORS);
    bool irq_flushing;  /* protected by the BQL */

    LutnaCtx *ctxs;
    LutnaCq *cqs;
    LutnaQueue *queues;
    QTAILQ_HEAD(, LutnaQueue) ready[LUTNA_PRIORITIES];
    unsigned int nr_ready;
    unsigned int nr_asleep;
    bool spinning;
    uint32_t spin;      /* ns: what has paid off lately, up to spin_ns */
    LutnaWorker *workers;
};

static inline uint64_t lutna_time(LutnaState *s)
{
    return qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) - s->time_base;
}

static inline unsigned int lutna_cfg_ctx(uint32_t cfg)
{
    return cfg & LUTNA_Q_CFG_CTX;
}

static inline unsigned int lutna_cfg_log2(uint32_t cfg)
{
    return (cfg & LUTNA_Q_CFG_LOG2) >> ctz32(LUTNA_Q_CFG_LOG2);
}

static inline unsigned int lutna_cfg_priority(uint32_t cfg)
{
    return (cfg & LUTNA_Q_CFG_PRIORITY) >> ctz32(LUTNA_Q_CFG_PRIORITY);
}

static inline unsigned int lutna_cfg_cq(uint32_t cfg)
{
    return (cfg & LUTNA_Q_CFG_CQ) >> ctz32(LUTNA_Q_CFG_CQ);
}

/* lutna.c */

/**
 * lutna_error() - latch an error and send its event record
 * @s: device, its lock held
 * @code: enum lutna_error
 * @info: as the code says
 */
void lutna_error(LutnaState *s, uint32_t code, uint64_t info);

/**
 * lutna_reset_state() - all registers to their initial values
 * @s: device, its lock held
 *
 * What workers have in hand is cancelled; until they have let go of it
 * lutna_reset_busy() is true.  DMA may still be under way on return.
 */
void lutna_reset_state(LutnaState *s);

/** lutna_reset_busy() - does a worker still hold what a reset cancelled? */
bool lutna_reset_busy(LutnaState *s);

/** lutna_in_d0() - whether the function has power; BQL held */
bool lutna_in_d0(LutnaState *s);

/* regs.c, doorbell.c */
extern const MemoryRegionOps lutna_regs_ops;
extern const MemoryRegionOps lutna_doorbell_ops;

/* dma.c */

/**
 * struct LutnaDmaMap - host memory that stands behind a bus address
 * @ptr: the memory
 * @len: bytes of it, at most what was asked for and at least 1
 */
typedef struct LutnaDmaMap {
    uint8_t *ptr;
    size_t len;
    bool write;
    bool translated;
    MemoryRegionCache cache;
} LutnaDmaMap;

/**
 * lutna_dma_begin() - wait until the gate admits the worker, then keep it open
 * @w: worker, which holds no lock but LutnaCq.write_lock
 *
 * Return: 0, or LUTNA_FAULT_ABORTED if the worker was told to let go of what
 * it has in hand.  On 0, lutna_dma_end() must follow, after a short while.
 */
int lutna_dma_begin(LutnaWorker *w);
void lutna_dma_end(LutnaWorker *w);

/**
 * lutna_dma_map() - find the memory behind a bus address
 * @w: worker, between lutna_dma_begin() and lutna_dma_end()
 * @bus: bus address
 * @len: bytes wanted, not 0
 * @write: to write to it?
 * @map: set on success; lutna_dma_unmap() must follow
 *
 * Return: 0; LUTNA_FAULT_DMA if there is no RAM, or no right to it; -EAGAIN if
 * it takes the BQL to find out: end, set w->need_bql, and begin again.
 */
int lutna_dma_map(LutnaWorker *w, uint64_t bus, size_t len, bool write,
                  LutnaDmaMap *map);
void lutna_dma_unmap(LutnaWorker *w, LutnaDmaMap *map);

/** lutna_dma_map_whole() - as lutna_dma_map(), to write to all @len bytes */
int lutna_dma_map_whole(LutnaWorker *w, uint64_t bus, size_t len,
                        LutnaDmaMap *map);

/**
 * lutna_dma_publish() - fill a mapping so that its last 8 bytes come last
 * @map: from lutna_dma_map_whole(); a multiple of 8 bytes, aligned to them
 * @words: that many bytes, aligned too, in the guest's order
 */
void lutna_dma_publish(LutnaDmaMap *map, const void *words);

/**
 * lutna_bus_read(), lutna_bus_write() - copy from and to bus addresses
 *
 * Return: 0, LUTNA_FAULT_DMA or LUTNA_FAULT_ABORTED.
 */
int lutna_bus_read(LutnaWorker *w, uint64_t bus, void *buf, size_t len);
int lutna_bus_write(LutnaWorker *w, uint64_t bus, const void *buf, size_t len);

/** lutna_dma_sync() - pass through every worker's DMA; BQL or nothing held */
void lutna_dma_sync(LutnaState *s);

/**
 * lutna_gate_update() - set the gate from VM state and power
 * @s: device, its lock held
 */
void lutna_gate_update(LutnaState *s);

/**
 * lutna_gate_pass() - wait until the gate admits the worker
 * @w: worker; the device's lock is held, and let go of meanwhile
 *
 * Workers pass before they change a queue or a ring, so that both stand still
 * while they are saved.
 *
 * Return: false if what the worker has in hand was cancelled.
 */
bool lutna_gate_pass(LutnaWorker *w);

/** lutna_gate_close() - no DMA from now on; BQL held, lock not held */
void lutna_gate_close(LutnaState *s);

/**
 * lutna_gate_drain() - as lutna_gate_close(), but gives a command that has
 * begun to write some time to end, so that the device can be saved
 */
void lutna_gate_drain(LutnaState *s);

/* mmu.c */

/**
 * lutna_mmu_read(), lutna_mmu_write() - access device virtual memory
 * @w: worker
 * @ctx: context
 * @addr: device virtual address
 * @buf: what to fill or to copy
 * @len: bytes
 * @fault_addr: set to the first address that failed
 *
 * Return: 0 or enum lutna_fault.
 */
int lutna_mmu_read(LutnaWorker *w, LutnaCtx *ctx, uint64_t addr, void *buf,
                   size_t len, uint64_t *fault_addr);
int lutna_mmu_write(LutnaWorker *w, LutnaCtx *ctx, uint64_t addr,
                    const void *buf, size_t len, uint64_t *fault_addr);

/** lutna_ctx_invalidate() - forget translations of @pages from @addr on */
void lutna_ctx_invalidate(LutnaCtx *ctx, uint64_t addr, uint64_t pages);
/** lutna_ctx_set_enabled() - and forget all translations when disabled */
void lutna_ctx_set_enabled(LutnaCtx *ctx, bool enabled);
/** lutna_ctx_busy() - is an access with forgotten translations under way? */
bool lutna_ctx_busy(LutnaState *s, LutnaCtx *ctx);

/* queue.c: all with the device's lock held */

/** lutna_queue_kick() - let workers have the queue if it can run */
void lutna_queue_kick(LutnaState *s, LutnaQueue *q);
/** lutna_queues_kick() - the same for all queues */
void lutna_queues_kick(LutnaState *s);
/** lutna_queues_kick_cq() - for all that wait for room in a ring */
void lutna_queues_kick_cq(LutnaState *s, unsigned int cq);
/** lutna_queue_next() - take the queue that is to be served, or NULL */
LutnaQueue *lutna_queue_next(LutnaState *s);
/** lutna_queue_command() - enum lutna_q_cmd; false if it is refused */
bool lutna_queue_command(LutnaState *s, LutnaQueue *q, uint32_t cmd);
/** lutna_queue_settle() - the worker has let go: end what was pending */
void lutna_queue_settle(LutnaState *s, LutnaQueue *q);
/** lutna_queue_clear() - to DISABLED, with its configuration cleared or kept */
void lutna_queue_clear(LutnaState *s, LutnaQueue *q, bool config);
uint32_t lutna_queue_status(LutnaQueue *q);
/** lutna_wake_workers() - after a queue became ready or an event came */
void lutna_wake_workers(LutnaState *s);

/* worker.c */
void *lutna_worker_main(void *opaque);
/** lutna_worker_release() - what @w had in hand is done with; lock held */
void lutna_worker_release(LutnaWorker *w);
int lutna_worker_init(LutnaState *s, unsigned int id, Error **errp);

/* completion.c */

/**
 * lutna_complete() - write the completion of the worker's job
 * @w: worker, no lock held
 *
 * On return the worker has let go of the queue, which may have to wait for
 * room in the ring.
 */
void lutna_complete(LutnaWorker *w);
/** lutna_send_event() - write an event record; no lock held */
void lutna_send_event(LutnaWorker *w, const LutnaEvent *event);
/**
 * lutna_queue_arm() - LUTNA_Q_ARM is written; device's lock held
 *
 * What is pending then is for lutna_irq_flush().
 */
void lutna_queue_arm(LutnaState *s, LutnaQueue *q, uint32_t count);
/** lutna_cq_has_room() - device's lock held */
bool lutna_cq_has_room(LutnaState *s, unsigned int cq);
/** lutna_irq_deliver() - raise what is pending; takes the BQL */
void lutna_irq_deliver(LutnaState *s);
/** lutna_irq_flush() - the same with the BQL held */
void lutna_irq_flush(LutnaState *s);

/* vmstate.c */
extern const VMStateDescription vmstate_lutna;

#endif /* LUTNA_H */
