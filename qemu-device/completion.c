/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LUT-NA device: completion rings and interrupts.
 *
 * A record's place is taken, written and counted under the ring's write_lock,
 * so a consumer that stops at a record that is not there yet gets an interrupt
 * no earlier than for that record.
 *
 * It is written and counted under LutnaState.lock: a guest that polls may ring
 * a doorbell for the entry that has become free, or give the record back, in
 * the instant in which it sees the record.  What is saved never has one without
 * the other, either.
 *
 * Interrupts are pending in the device's state until somebody who holds the
 * BQL raises them.  A reset thus takes back what was not raised, and a VM that
 * stops raises what is left before it is saved.  Workers take the BQL for it
 * themselves: leaving it to the main loop would cost the wake-up of a thread,
 * several times the rest of an empty job.
 */
#include "lutna.h"
#include "hw/pci/msix.h"

QEMU_BUILD_BUG_ON(sizeof(struct lutna_completion) != 64);

static uint32_t lutna_cq_size(LutnaCq *cq)
{
    return 1U << (cq->cfg & LUTNA_CQ_CFG_LOG2);
}

bool lutna_cq_has_room(LutnaState *s, unsigned int v)
{
    LutnaCq *cq = &s->cqs[v];

    return (cq->cfg & LUTNA_CQ_CFG_ENABLE) &&
           cq->tail - cq->head < lutna_cq_size(cq);
}

/* Called with lock and write_lock held; fills in the phase. */
static uint64_t lutna_cq_place(LutnaCq *cq, struct lutna_completion *record)
{
    uint32_t size = lutna_cq_size(cq);

    record->phase = cpu_to_le32(cq->tail & size ? 0 : 1);
    return cq->base + (uint64_t)(cq->tail & (size - 1)) * sizeof(*record);
}

/* Called with lock held. */
static void lutna_cq_raise(LutnaState *s, unsigned int v)
{
    if (s->cqs[v].cfg & LUTNA_CQ_CFG_IRQ) {
        set_bit(v, s->irq_pending);
    }
}

/*
 * A ring that fills up raises its vector whatever the jobs' entries say: it may
 * be shared with queues whose jobs do.  Called with lock held.
 */
static void lutna_cq_advance(LutnaState *s, unsigned int v, bool irq)
{
    LutnaCq *cq = &s->cqs[v];

    cq->tail++;
    if (irq || cq->tail - cq->head > lutna_cq_size(cq) / 2) {
        lutna_cq_raise(s, v);
    }
}

/* Called with lock held.  Return: whether to raise the vector for it, once */
static bool lutna_queue_arm_due(LutnaQueue *q)
{
    if (!q->armed || (int32_t)(q->head - q->arm) < 0) {
        return false;
    }
    q->armed = false;
    return true;
}

void lutna_queue_arm(LutnaState *s, LutnaQueue *q, uint32_t count)
{
    if (q->state == LUTNA_Q_DISABLED) {
        return;
    }
    q->armed = true;
    q->arm = count;
    if (lutna_queue_arm_due(q)) {
        lutna_cq_raise(s, lutna_cfg_cq(q->cfg));
    }
}

/* Called with lock held. */
static void lutna_cq_broken(LutnaState *s, uint64_t bus)
{
    LUTNA_REFUSE(refuse_record, "completion record cannot be written at 0x%"
                 PRIx64, s->name, bus);
    s->fatal = true;
    lutna_error(s, LUTNA_ERROR_COMPLETION, bus);
}

static uint32_t lutna_saturate32(int64_t ns)
{
    return MIN(MAX(ns, 0), UINT32_MAX);
}

static void lutna_fill_record(LutnaWorker *w, struct lutna_completion *record)
{
    const LutnaJob *job = &w->job;

    *record = (struct lutna_completion) {
        .seqno = cpu_to_le64(job->seqno),
        .queue = cpu_to_le16(w->queue->id),
        .context = cpu_to_le16(lutna_cfg_ctx(w->cfg)),
        .status = cpu_to_le16(job->status),
        .type = LUTNA_RECORD_JOB,
        .access = job->access,
        .command = cpu_to_le32(job->index),
        .head = cpu_to_le32(w->head + 1),
        .fault_addr = cpu_to_le64(job->fault_addr),
        .cycles = cpu_to_le64(job->cycles),
        .energy = cpu_to_le64(job->energy),
        .start_ns = cpu_to_le64(job->start_ns),
        .duration_ns = cpu_to_le32(lutna_saturate32(job->end_ns -
                                                    job->start_ns)),
    };
}

/*
 * The guest sees FAULTED no later than the record.  Called with lock held.
 */
static void lutna_queue_fail(LutnaState *s, LutnaQueue *q, const LutnaJob *job)
{
    if (job->status == LUTNA_FAULT_ABORTED && q->pending) {
        return;
    }
    trace_lutna_fault(s->name, q->id, job->status, job->index,
                      job->fault_addr);
    qemu_log_mask(LOG_GUEST_ERROR, "lutna: %s: queue %u: fault 0x%x, command %u"
                  ", address 0x%" PRIx64 "\n", s->name, q->id, job->status,
                  job->index, job->fault_addr);
    q->fault = job->status |
               (uint32_t)job->access << ctz32(LUTNA_Q_FAULT_ACCESS);
    q->fault_cmd = job->index;
    q->fault_addr = job->fault_addr;
    q->state = LUTNA_Q_FAULTED;
    q->pending = 0;
}

/* Called with lock held, once the record is there. */
static void lutna_job_end(LutnaWorker *w, unsigned int v)
{
    LutnaState *s = w->s;
    LutnaQueue *q = w->queue;
    const LutnaJob *job = &w->job;
    bool failed = job->status != LUTNA_FAULT_NONE;

    trace_lutna_complete(s->name, q->id, job->seqno, job->status);
    q->head++;
    lutna_cq_advance(s, v, lutna_queue_arm_due(q) || failed ||
                           (job->flags & LUTNA_JOB_IRQ));
    s->counts.jobs++;
    if (failed) {
        s->counts.faults++;
    }
    if (job->status == LUTNA_FAULT_DOORBELL) {
        q->bad_bell = false;
    }
    q->job.active = false;
    q->job.done = false;
}

/*
 * What a worker has to tell: of its queue's job, or of an event.  A sequence
 * number that cannot be written is no reason to withhold the record.
 */
typedef struct LutnaNotice {
    struct lutna_completion record;
    unsigned int cq;
    uint64_t bus;           /* of the record's place */
    uint64_t seq_addr;      /* 0: there is none to be written */
    int seq_ret;
    LutnaDmaMap map;
    LutnaDmaMap seq_map;
} LutnaNotice;

/* Called with lock held.  Return: whether the record has a place. */
static bool lutna_notice_place(LutnaWorker *w, LutnaNotice *n)
{
    if (!lutna_cq_has_room(w->s, n->cq)) {
        return false;
    }
    n->bus = lutna_cq_place(&w->s->cqs[n->cq], &n->record);
    return true;
}

static int lutna_notice_map(LutnaWorker *w, LutnaNotice *n)
{
    int ret;

    ret = lutna_dma_map_whole(w, n->bus, sizeof(n->record), &n->map);
    if (ret || !n->seq_addr) {
        return ret;
    }
    n->seq_ret = lutna_dma_map_whole(w, n->seq_addr, 8, &n->seq_map);
    if (n->seq_ret != -EAGAIN) {
        return 0;
    }
    n->map.write = false;       /* nothing was */
    lutna_dma_unmap(w, &n->map);
    return -EAGAIN;
}

static void lutna_notice_unmap(LutnaWorker *w, LutnaNotice *n)
{
    if (n->seq_addr && !n->seq_ret) {
        lutna_dma_unmap(w, &n->seq_map);
    }
    lutna_dma_unmap(w, &n->map);
}

/* Nothing is written if the ring was set up anew since its place was taken. */
static void lutna_notice_commit(LutnaWorker *w, LutnaNotice *n)
{
    LutnaState *s = w->s;
    LutnaQueue *q = w->queue;
    uint64_t bus = n->bus;

    QEMU_LOCK_GUARD(&s->lock);
    if (w->cancel || (q && q->pending == LUTNA_Q_CMD_RESET) ||
        !lutna_notice_place(w, n) || n->bus != bus) {
        return;
    }
    lutna_dma_publish(&n->map, &n->record);
    if (n->seq_addr && !n->seq_ret) {
        lutna_dma_publish(&n->seq_map, &n->record.seqno);
    }
    if (q) {
        lutna_job_end(w, n->cq);
    } else {
        lutna_cq_advance(s, n->cq, true);
    }
}

/* Return: 0, LUTNA_FAULT_DMA or LUTNA_FAULT_ABORTED */
static int lutna_notice_write(LutnaWorker *w, LutnaNotice *n)
{
    int ret;

    do {
        ret = lutna_dma_begin(w);
        if (ret) {
            return ret;
        }
        ret = lutna_notice_map(w, n);
        if (!ret) {
            lutna_notice_commit(w, n);
            lutna_notice_unmap(w, n);
        }
        lutna_dma_end(w);
        w->need_bql |= ret == -EAGAIN;
    } while (ret == -EAGAIN);
    return ret;
}

/* Called with lock held. */
static void lutna_notice_check(LutnaWorker *w, const LutnaNotice *n, int ret)
{
    LutnaState *s = w->s;

    if (ret) {
        lutna_cq_broken(s, n->bus);
    } else if (n->seq_ret) {
        LUTNA_REFUSE(refuse_seq, "sequence number cannot be written at 0x%"
                     PRIx64, s->name, n->seq_addr);
        lutna_error(s, LUTNA_ERROR_COMPLETION, n->seq_addr);
    }
}

/* Called with lock held.  Return: whether there is something to be told. */
static bool lutna_job_notice(LutnaWorker *w, LutnaNotice *n)
{
    LutnaState *s = w->s;
    LutnaQueue *q = w->queue;

    if (!lutna_gate_pass(w) || q->pending == LUTNA_Q_CMD_RESET) {
        return false;
    }
    if (w->job.status != LUTNA_FAULT_NONE && !q->job.reported) {
        lutna_queue_fail(s, q, &w->job);
        q->job.reported = true;
    }
    if (!lutna_notice_place(w, n)) {
        trace_lutna_cq_full(s->name, n->cq, q->id);
        return false;
    }
    return true;
}

static void lutna_notify(LutnaWorker *w, LutnaNotice *n,
                         bool (*wanted)(LutnaWorker *w, LutnaNotice *n))
{
    LutnaState *s = w->s;
    LutnaCq *cq = &s->cqs[n->cq];

    qemu_mutex_lock(&cq->write_lock);
    qemu_mutex_lock(&s->lock);
    if (wanted(w, n)) {
        int ret;

        qemu_mutex_unlock(&s->lock);
        ret = lutna_notice_write(w, n);
        qemu_mutex_lock(&s->lock);
        if (lutna_gate_pass(w)) {
            lutna_notice_check(w, n, ret);
        }
    }
    lutna_worker_release(w);
    qemu_mutex_unlock(&s->lock);
    qemu_mutex_unlock(&cq->write_lock);
    lutna_irq_deliver(s);
}

void lutna_complete(LutnaWorker *w)
{
    LutnaNotice n = { .cq = lutna_cfg_cq(w->cfg) };

    lutna_fill_record(w, &n.record);
    if (w->job.status == LUTNA_FAULT_NONE) {
        n.seq_addr = w->seq_addr;
    }
    lutna_notify(w, &n, lutna_job_notice);
}

/* Called with lock held.  Return: whether there is something to be told. */
static bool lutna_event_notice(LutnaWorker *w, LutnaNotice *n)
{
    return lutna_gate_pass(w) && !w->s->fatal && lutna_notice_place(w, n);
}

void lutna_send_event(LutnaWorker *w, const LutnaEvent *event)
{
    LutnaNotice n = {
        .record = {
            .type = LUTNA_RECORD_EVENT,
            .status = cpu_to_le16(event->code),
            .fault_addr = cpu_to_le64(event->info),
            .start_ns = cpu_to_le64(lutna_time(w->s)),
        },
    };

    lutna_notify(w, &n, lutna_event_notice);
}

void lutna_irq_flush(LutnaState *s)
{
    DECLARE_BITMAP(raise, LUTNA_MAX_VECTORS);
    unsigned long v;

    /*
     * A message may be addressed to the device itself, and make a register's
     * handler come here again: that one stays pending until the next time.
     */
    if (s->irq_flushing) {
        return;
    }
    s->irq_flushing = true;
    qemu_mutex_lock(&s->lock);
    bitmap_copy(raise, s->irq_pending, LUTNA_MAX_VECTORS);
    bitmap_zero(s->irq_pending, LUTNA_MAX_VECTORS);
    s->counts.interrupts += bitmap_count_one(raise, s->nr_vectors);
    qemu_mutex_unlock(&s->lock);

    for (v = find_first_bit(raise, s->nr_vectors); v < s->nr_vectors;
         v = find_next_bit(raise, s->nr_vectors, v + 1)) {
        trace_lutna_irq(s->name, v);
        msix_notify(PCI_DEVICE(s), v);
    }
    s->irq_flushing = false;
}

void lutna_irq_deliver(LutnaState *s)
{
    bool pending;

    qemu_mutex_lock(&s->lock);
    pending = !bitmap_empty(s->irq_pending, LUTNA_MAX_VECTORS);
    qemu_mutex_unlock(&s->lock);
    if (pending) {
        bql_lock();
        lutna_irq_flush(s);
        bql_unlock();
    }
}
