/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LUT-NA device: completion rings and interrupts.
 *
 * A record's place is taken, written and counted under the ring's write_lock,
 * so a consumer that stops at a record that is not there yet gets an interrupt
 * no earlier than for that record.
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
static void lutna_cq_advance(LutnaState *s, unsigned int v, bool irq)
{
    LutnaCq *cq = &s->cqs[v];

    cq->tail++;
    if (irq && (cq->cfg & LUTNA_CQ_CFG_IRQ)) {
        set_bit(v, s->irq_pending);
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
    lutna_cq_advance(s, v, failed || (job->flags & LUTNA_JOB_IRQ));
    s->counts.jobs++;
    if (failed) {
        s->counts.faults++;
    }
    q->head++;
    q->job.active = false;
    q->job.done = false;
}

void lutna_complete(LutnaWorker *w)
{
    LutnaState *s = w->s;
    LutnaQueue *q = w->queue;
    unsigned int v = lutna_cfg_cq(w->cfg);
    LutnaCq *cq = &s->cqs[v];
    struct lutna_completion record;
    uint64_t seqno = cpu_to_le64(w->job.seqno);
    uint64_t bus;
    int ret, seq_ret = 0;

    lutna_fill_record(w, &record);

    qemu_mutex_lock(&cq->write_lock);
    qemu_mutex_lock(&s->lock);
    if (!lutna_gate_pass(w) || q->pending == LUTNA_Q_CMD_RESET) {
        goto release;
    }
    if (w->job.status != LUTNA_FAULT_NONE && !q->job.reported) {
        lutna_queue_fail(s, q, &w->job);
        q->job.reported = true;
    }
    if (!lutna_cq_has_room(s, v)) {
        trace_lutna_cq_full(s->name, v, q->id);
        goto release;
    }
    bus = lutna_cq_place(cq, &record);
    qemu_mutex_unlock(&s->lock);

    ret = lutna_bus_publish(w, bus, (uint64_t *)&record, sizeof(record) / 8);
    if (!ret && w->seq_addr && w->job.status == LUTNA_FAULT_NONE) {
        seq_ret = lutna_bus_publish(w, w->seq_addr, &seqno, 1);
    }

    qemu_mutex_lock(&s->lock);
    if (!lutna_gate_pass(w)) {
        goto release;
    }
    if (ret) {
        lutna_cq_broken(s, bus);
        goto release;
    }
    if (seq_ret) {
        LUTNA_REFUSE(refuse_seq, "sequence number cannot be written at 0x%"
                     PRIx64, s->name, w->seq_addr);
        lutna_error(s, LUTNA_ERROR_COMPLETION, w->seq_addr);
    }
    lutna_job_end(w, v);
release:
    lutna_worker_release(w);
    qemu_mutex_unlock(&s->lock);
    qemu_mutex_unlock(&cq->write_lock);
    lutna_irq_deliver(s);
}

void lutna_send_event(LutnaWorker *w, const LutnaEvent *event)
{
    LutnaState *s = w->s;
    LutnaCq *cq = &s->cqs[0];
    struct lutna_completion record = {
        .type = LUTNA_RECORD_EVENT,
        .status = cpu_to_le16(event->code),
        .fault_addr = cpu_to_le64(event->info),
        .start_ns = cpu_to_le64(lutna_time(s)),
    };
    uint64_t bus;
    int ret;

    qemu_mutex_lock(&cq->write_lock);
    qemu_mutex_lock(&s->lock);
    if (!lutna_gate_pass(w) || s->fatal || !lutna_cq_has_room(s, 0)) {
        goto release;
    }
    bus = lutna_cq_place(cq, &record);
    qemu_mutex_unlock(&s->lock);

    ret = lutna_bus_publish(w, bus, (uint64_t *)&record, sizeof(record) / 8);

    qemu_mutex_lock(&s->lock);
    if (!lutna_gate_pass(w)) {
        goto release;
    }
    if (ret) {
        lutna_cq_broken(s, bus);
        goto release;
    }
    lutna_cq_advance(s, 0, true);
release:
    lutna_worker_release(w);
    qemu_mutex_unlock(&s->lock);
    qemu_mutex_unlock(&cq->write_lock);
    lutna_irq_deliver(s);
}

void lutna_irq_flush(LutnaState *s)
{
    DECLARE_BITMAP(raise, LUTNA_MAX_VECTORS);
    unsigned long v;

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
