/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LUT-NA device: the threads that execute command lists.
 *
 * A worker takes a queue, runs one command of its job on a copy of the job's
 * state, brings the state back and lets the scheduler choose again.  What it
 * needs to be started over is in the queue at every moment, so a worker may be
 * told to drop what it has in hand at any time.
 */
#include "lutna.h"
#include "qapi/error.h"
#include "qemu/rcu.h"
#include "core/memory.h"

QEMU_BUILD_BUG_ON(sizeof(struct lutna_job_entry) != 64);

/* An idle time this many spins long may be short because of a wake-up. */
#define LUTNA_SPIN_NEAR 4

static LutnaCtx *lutna_worker_ctx(LutnaWorker *w)
{
    return &w->s->ctxs[lutna_cfg_ctx(w->cfg)];
}

static int lutna_mem_read(void *opaque, uint64_t addr, void *dst, size_t len,
                          uint64_t *fault_addr)
{
    LutnaWorker *w = opaque;

    return lutna_mmu_read(w, lutna_worker_ctx(w), addr, dst, len, fault_addr);
}

static int lutna_mem_write(void *opaque, uint64_t addr, const void *src,
                           size_t len, uint64_t *fault_addr)
{
    LutnaWorker *w = opaque;

    return lutna_mmu_write(w, lutna_worker_ctx(w), addr, src, len, fault_addr);
}

static bool lutna_mem_aborted(void *opaque)
{
    LutnaWorker *w = opaque;

    return qatomic_read(&w->abort) || qatomic_read(&w->cancel);
}

static uint64_t lutna_mem_now_ns(void *opaque)
{
    LutnaWorker *w = opaque;

    return lutna_time(w->s);
}

static void lutna_job_fail(LutnaWorker *w, uint16_t status, uint8_t access,
                           uint64_t addr)
{
    w->job.done = true;
    w->job.status = status;
    w->job.access = access;
    w->job.fault_addr = addr;
    w->job.end_ns = lutna_time(w->s);
}

/* Return: offset of the field that is refused, with *status set, or -1 */
static int lutna_check_entry(LutnaState *s, const struct lutna_job_entry *entry,
                             uint16_t *status)
{
    uint32_t count = le32_to_cpu(entry->count);
    uint16_t flags = le16_to_cpu(entry->flags);
    uint64_t profile = le64_to_cpu(entry->profile);

    *status = LUTNA_FAULT_BAD_ENTRY;
    if (flags & ~LUTNA_JOB_FLAGS) {
        return offsetof(struct lutna_job_entry, flags);
    }
    if (entry->unit >= LUTNA_UNIT_COUNT) {
        return offsetof(struct lutna_job_entry, unit);
    }
    if (entry->reserved0) {
        return offsetof(struct lutna_job_entry, reserved0);
    }
    if (!buffer_is_zero(entry->reserved, sizeof(entry->reserved))) {
        return offsetof(struct lutna_job_entry, reserved);
    }
    if (count && le64_to_cpu(entry->list) % LUTNA_LIST_ALIGN) {
        return offsetof(struct lutna_job_entry, list);
    }
    if (flags & LUTNA_JOB_PROFILE ? profile % LUTNA_LIST_ALIGN : profile) {
        return offsetof(struct lutna_job_entry, profile);
    }
    if (count > s->max_commands) {
        *status = LUTNA_FAULT_TOO_LARGE;
        return offsetof(struct lutna_job_entry, count);
    }
    return -1;
}

static void lutna_fetch_entry(LutnaWorker *w)
{
    LutnaState *s = w->s;
    struct lutna_job_entry entry;
    uint32_t slot = w->head & ((1U << lutna_cfg_log2(w->cfg)) - 1);
    uint64_t bus = w->ring_base + (uint64_t)slot * sizeof(entry);
    uint16_t status;
    int ret, offset;

    w->job = (LutnaJob) { .active = true, .id = w->job.id };
    w->job.start_ns = lutna_time(s);
    if (w->bad_bell) {
        lutna_job_fail(w, LUTNA_FAULT_DOORBELL, LUTNA_ACCESS_NONE, w->bad_tail);
        return;
    }
    ret = lutna_bus_read(w, bus, &entry, sizeof(entry));
    if (ret) {
        lutna_job_fail(w, ret, LUTNA_ACCESS_READ, bus);
        return;
    }

    w->job.list = le64_to_cpu(entry.list);
    w->job.count = le32_to_cpu(entry.count);
    w->job.flags = le16_to_cpu(entry.flags);
    w->job.unit = entry.unit;
    w->job.seqno = le64_to_cpu(entry.seqno);
    w->job.profile = le64_to_cpu(entry.profile);
    trace_lutna_job(s->name, w->queue->id, w->job.seqno, w->job.list,
                    w->job.count);

    offset = lutna_check_entry(s, &entry, &status);
    if (offset >= 0) {
        lutna_job_fail(w, status, LUTNA_ACCESS_NONE, offset);
    } else if (!qatomic_read(&lutna_worker_ctx(w)->enabled)) {
        lutna_job_fail(w, LUTNA_FAULT_TRANSLATION, LUTNA_ACCESS_READ,
                       w->job.list);
    }
}

/*
 * Commands are read ahead, as many as a fault behind them permits: those
 * before it are to be executed.
 */
static const void *lutna_fetch_command(LutnaWorker *w)
{
    LutnaJob *job = &w->job;
    LutnaFetch *f = &w->fetch[w->queue->id % LUTNA_FETCH_SLOTS];
    uint64_t addr = job->list + (uint64_t)job->index * LUTNA_CMD_SIZE;
    uint32_t count = MIN(LUTNA_FETCH, job->count - job->index);
    uint64_t fault_addr;
    int ret;

    if (f->id == job->id && job->index - f->first < f->count) {
        return f->cmds[job->index - f->first];
    }

    f->count = 0;
    ret = lutna_mmu_read(w, lutna_worker_ctx(w), addr, f->cmds,
                         count * LUTNA_CMD_SIZE, &fault_addr);
    if (ret && ret != LUTNA_FAULT_ABORTED) {
        count = 1;
        ret = lutna_mmu_read(w, lutna_worker_ctx(w), addr, f->cmds,
                             LUTNA_CMD_SIZE, &fault_addr);
    }
    if (ret) {
        lutna_job_fail(w, ret, LUTNA_ACCESS_READ, fault_addr);
        return NULL;
    }
    f->id = job->id;
    f->first = job->index;
    f->count = count;
    return f->cmds[0];
}

static void lutna_wait_hang(LutnaWorker *w)
{
    LutnaState *s = w->s;

    if (!qatomic_read(&s->hang)) {
        return;
    }
    qemu_mutex_lock(&s->lock);
    while (s->hang && !w->abort && !w->cancel) {
        qemu_cond_wait(&s->wake, &s->lock);
    }
    qemu_mutex_unlock(&s->lock);
}

static bool lutna_write_profile(LutnaWorker *w, struct lutna_profile *profile)
{
    LutnaJob *job = &w->job;
    uint64_t addr = job->profile + (uint64_t)job->index * sizeof(*profile);
    uint64_t fault_addr;
    int ret;

    ret = lutna_mmu_write(w, lutna_worker_ctx(w), addr, profile,
                          sizeof(*profile), &fault_addr);
    if (ret) {
        lutna_job_fail(w, ret, LUTNA_ACCESS_WRITE, fault_addr);
    }
    return ret == 0;
}

static void lutna_count_command(LutnaWorker *w,
                                const struct lutna_profile *profile)
{
    uint64_t cycles = le64_to_cpu(profile->cycles_load) +
                      le64_to_cpu(profile->cycles_compute) +
                      le64_to_cpu(profile->cycles_stall);

    w->job.cycles += cycles;
    w->job.energy += le64_to_cpu(profile->energy[w->job.unit]);
    w->counts.commands++;
    w->counts.cycles += cycles;
    w->counts.macs += le64_to_cpu(profile->macs);
    w->counts.bytes_read += le64_to_cpu(profile->bytes_read);
    w->counts.bytes_written += le64_to_cpu(profile->bytes_written);
}

static void lutna_run_command(LutnaWorker *w)
{
    LutnaState *s = w->s;
    LutnaJob *job = &w->job;
    struct lutna_fault_info fault = { 0 };
    struct lutna_profile profile;
    const void *cmd;
    uint64_t start;
    int ret;

    cmd = lutna_fetch_command(w);
    if (!cmd) {
        return;
    }
    start = lutna_time(s);
    if (job->index == 0) {
        job->start_ns = start;
    }
    lutna_wait_hang(w);
    if (lutna_mem_aborted(w)) {
        lutna_job_fail(w, LUTNA_FAULT_ABORTED, LUTNA_ACCESS_NONE, 0);
        return;
    }

    ret = lutna_exec_command(w->exec, &w->mem, cmd, &profile, &fault);
    if (ret) {
        lutna_job_fail(w, ret, fault.access, fault.addr);
        return;
    }
    profile.index = cpu_to_le32(job->index);
    profile.start_ns = cpu_to_le64(start);
    profile.end_ns = cpu_to_le64(lutna_time(s));
    if ((job->flags & LUTNA_JOB_PROFILE) && !lutna_write_profile(w, &profile)) {
        return;
    }
    lutna_count_command(w, &profile);
    trace_lutna_command(s->name, w->queue->id, job->index,
                        le16_to_cpu(profile.opcode));
    job->index++;
}

static void lutna_step(LutnaWorker *w)
{
    if (!w->job.active) {
        lutna_fetch_entry(w);
    }
    if (!w->job.done && w->job.index < w->job.count) {
        lutna_run_command(w);
    }
    if (!w->job.done && w->job.index == w->job.count) {
        w->job.done = true;
        w->job.end_ns = lutna_time(w->s);
    }
}

/* Called with lock held. */
static void lutna_take(LutnaWorker *w, LutnaQueue *q)
{
    w->queue = q;
    w->cfg = q->cfg;
    w->ring_base = q->ring_base;
    w->seq_addr = q->seq_addr;
    w->head = q->head;
    w->job = q->job;
    w->bad_bell = false;
    if (!w->job.active) {
        w->job.id = ++w->s->next_job;
        w->bad_bell = q->bad_bell;
        w->bad_tail = q->bad_tail;
        /* A job that fails takes an entry, also if there is none. */
        if (w->bad_bell && q->tail == q->head) {
            q->tail++;
        }
    }
    w->need_bql = false;
    w->busy = true;
    q->worker = w;
}

/* Called with lock held. */
static void lutna_fold_counts(LutnaWorker *w)
{
    LutnaCounts *to = &w->s->counts;

    to->commands += w->counts.commands;
    to->tlb_hits += w->counts.tlb_hits;
    to->tlb_misses += w->counts.tlb_misses;
    to->cycles += w->counts.cycles;
    to->macs += w->counts.macs;
    to->bytes_read += w->counts.bytes_read;
    to->bytes_written += w->counts.bytes_written;
    w->counts = (LutnaCounts) { 0 };
}

/*
 * Bring the job's state back to the queue.  Return: whether its completion is
 * to be written; if not, the worker has let go of it.  Called with lock held.
 */
static bool lutna_put_back(LutnaWorker *w)
{
    LutnaState *s = w->s;
    LutnaQueue *q = w->queue;

    if (!lutna_gate_pass(w)) {
        w->counts = (LutnaCounts) { 0 };
        lutna_worker_release(w);
        return false;
    }
    lutna_fold_counts(w);
    if (q->pending == LUTNA_Q_CMD_RESET) {
        lutna_worker_release(w);
        return false;
    }
    qatomic_set(&w->wrote, false);
    if (s->gate != LUTNA_GATE_OPEN) {
        qemu_cond_broadcast(&s->drained);
    }
    if (w->abort && !w->job.done) {
        lutna_job_fail(w, LUTNA_FAULT_ABORTED, LUTNA_ACCESS_NONE, 0);
    }
    q->job = w->job;
    if (!w->job.done) {
        lutna_worker_release(w);
    }
    return w->job.done;
}

void lutna_worker_release(LutnaWorker *w)
{
    LutnaState *s = w->s;
    LutnaQueue *q = w->queue;
    bool cancel = w->cancel;

    w->queue = NULL;
    w->busy = false;
    qatomic_set(&w->cancel, false);
    qatomic_set(&w->abort, false);
    qatomic_set(&w->wrote, false);
    if (s->gate != LUTNA_GATE_OPEN) {
        qemu_cond_broadcast(&s->drained);
    }
    /* A queue that was reset no longer knows this worker. */
    if (q && !cancel) {
        q->worker = NULL;
        lutna_queue_settle(s, q);
    }
}

static bool lutna_has_work(LutnaState *s)
{
    return qatomic_read(&s->exiting) || qatomic_read(&s->nr_ready) ||
           qatomic_read(&s->nr_events);
}

/*
 * Waking a thread costs more than an empty job, so a worker that has just been
 * of use looks for more work for a while before it sleeps: one worker at a
 * time, and for no longer than has paid off lately.  Called with lock held.
 */
static void lutna_spin(LutnaState *s, uint32_t ns)
{
    int64_t end = get_clock() + ns;

    s->spinning = true;
    qemu_mutex_unlock(&s->lock);
    while (!lutna_has_work(s) && get_clock() < end) {
        cpu_relax();
    }
    qemu_mutex_lock(&s->lock);
    s->spinning = false;
}

/* What a spin of up to s->spin would have done for an idle time of @ns */
static void lutna_adapt_spin(LutnaState *s, int64_t ns)
{
    if (ns <= LUTNA_SPIN_NEAR * (int64_t)s->spin_ns) {
        s->spin = s->spin_ns;
    } else {
        s->spin /= 2;
    }
}

/* Called with lock held. */
static void lutna_idle(LutnaState *s, bool *was_useful)
{
    bool measure = *was_useful && s->spin_ns && !s->spinning &&
                   s->gate == LUTNA_GATE_OPEN;
    int64_t start = measure ? get_clock() : 0;

    *was_useful = false;
    if (measure && s->spin) {
        lutna_spin(s, s->spin);
    }
    /* The lock was let go of while spinning: look again. */
    if (!s->exiting &&
        (!lutna_has_work(s) || s->gate != LUTNA_GATE_OPEN)) {
        s->nr_asleep++;
        qemu_cond_wait(&s->work, &s->lock);
        s->nr_asleep--;
    }
    if (measure) {
        lutna_adapt_spin(s, get_clock() - start);
    }
}

static bool lutna_take_event(LutnaWorker *w, LutnaEvent *event)
{
    LutnaState *s = w->s;

    if (!s->nr_events) {
        return false;
    }
    *event = s->events[s->events_first];
    s->events_first = (s->events_first + 1) % LUTNA_EVENTS;
    qatomic_set(&s->nr_events, s->nr_events - 1);
    w->need_bql = false;
    w->busy = true;
    return true;
}

/* Called with lock held. */
static void lutna_serve(LutnaWorker *w, LutnaQueue *q)
{
    LutnaState *s = w->s;

    lutna_take(w, q);
    qemu_mutex_unlock(&s->lock);
    if (!w->job.done) {
        bool done;

        lutna_step(w);
        qemu_mutex_lock(&s->lock);
        done = lutna_put_back(w);
        if (!done) {
            return;
        }
        qemu_mutex_unlock(&s->lock);
    }
    lutna_complete(w);
    qemu_mutex_lock(&s->lock);
}

void *lutna_worker_main(void *opaque)
{
    LutnaWorker *w = opaque;
    LutnaState *s = w->s;
    bool was_useful = false;

    rcu_register_thread();
    qemu_mutex_lock(&s->lock);
    while (!s->exiting) {
        LutnaQueue *q = NULL;
        LutnaEvent event;

        if (s->gate == LUTNA_GATE_OPEN) {
            if (lutna_take_event(w, &event)) {
                qemu_mutex_unlock(&s->lock);
                lutna_send_event(w, &event);
                qemu_mutex_lock(&s->lock);
                continue;
            }
            q = lutna_queue_next(s);
        }
        if (q) {
            lutna_serve(w, q);
            was_useful = true;
        } else {
            lutna_idle(s, &was_useful);
        }
    }
    qemu_mutex_unlock(&s->lock);

    lutna_exec_free(w->exec);
    w->exec = NULL;
    bql_lock();
    object_unref(OBJECT(s));
    bql_unlock();
    rcu_unregister_thread();
    return NULL;
}

int lutna_worker_init(LutnaState *s, unsigned int id, Error **errp)
{
    LutnaWorker *w = &s->workers[id];
    struct lutna_exec_params params = {
        .units = s->units,
        .max_tensor = s->max_tensor,
        .impl = LUTNA_IMPL_FAST,
    };
    int ret;

    w->s = s;
    w->id = id;
    w->mem = (struct lutna_memory) {
        .read = lutna_mem_read,
        .write = lutna_mem_write,
        .aborted = lutna_mem_aborted,
        .now_ns = lutna_mem_now_ns,
        .opaque = w,
    };
    ret = lutna_exec_new(&w->exec, &params);
    if (ret) {
        error_setg_errno(errp, -ret, "cannot set up an execution engine");
        return ret;
    }
    return 0;
}
