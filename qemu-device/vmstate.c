/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LUT-NA device: migration.
 *
 * The VM is stopped when it is saved, so the gate is closed and every worker
 * that has a job in hand stands at it or will: none changes a queue or a ring.
 * The queue's own copy of the job is what is saved: the job goes on at the
 * command that was interrupted, which has read at most, or at its completion,
 * which is written again.
 */
#include "lutna.h"
#include "hw/pci/msix.h"
#include "migration/vmstate.h"
#include "qemu/error-report.h"

static int lutna_pre_save(void *opaque)
{
    LutnaState *s = opaque;

    QEMU_LOCK_GUARD(&s->lock);
    for (unsigned int i = 0; i < s->nr_threads; i++) {
        if (s->workers[i].busy && qatomic_read(&s->workers[i].wrote)) {
            error_report("lutna: %s: queue %u is in the middle of writing a "
                         "command's output: let it run on and try again",
                         s->name, s->workers[i].queue->id);
            return -EBUSY;
        }
    }
    return 0;
}

static bool lutna_job_valid(const LutnaJob *job)
{
    return !job->active ||
           (job->unit < LUTNA_UNIT_COUNT && job->index <= job->count &&
            (job->done || job->index < job->count));
}

static bool lutna_queue_valid(LutnaState *s, const LutnaQueue *q)
{
    unsigned int log2 = lutna_cfg_log2(q->cfg);

    if (q->state > LUTNA_Q_FAULTED || q->pending > LUTNA_Q_CMD_RESET ||
        (q->pending != 0) != (q->state == LUTNA_Q_STOPPING)) {
        return false;
    }
    if (q->state == LUTNA_Q_DISABLED) {
        return !q->job.active && !q->job.done && !q->head && !q->tail &&
               !q->bad_bell && !q->armed;
    }
    return lutna_cfg_ctx(q->cfg) < s->nr_contexts &&
           lutna_cfg_cq(q->cfg) < s->nr_vectors &&
           log2 >= 1 && log2 <= LUTNA_RING_LOG2_MAX &&
           QEMU_IS_ALIGNED(q->seq_addr, 8) &&
           q->tail - q->head <= 1U << log2 &&
           (q->job.active || !q->job.done) &&
           (!q->job.active || q->tail != q->head) && lutna_job_valid(&q->job);
}

static bool lutna_cq_valid(const LutnaCq *cq)
{
    unsigned int log2 = cq->cfg & LUTNA_CQ_CFG_LOG2;

    return !(cq->cfg & LUTNA_CQ_CFG_ENABLE) ||
           (log2 >= LUTNA_CQ_LOG2_MIN && log2 <= LUTNA_CQ_LOG2_MAX &&
            QEMU_IS_ALIGNED(cq->base, sizeof(struct lutna_completion)) &&
            cq->tail - cq->head <= 1U << log2);
}

static int lutna_post_load(void *opaque, int version)
{
    LutnaState *s = opaque;

    QEMU_LOCK_GUARD(&s->lock);
    for (unsigned int v = 0; v < s->nr_vectors; v++) {
        if (!lutna_cq_valid(&s->cqs[v])) {
            error_report("lutna: %s: bad completion ring %u", s->name, v);
            return -EINVAL;
        }
    }
    for (unsigned int i = 0; i < s->nr_queues; i++) {
        if (!lutna_queue_valid(s, &s->queues[i])) {
            error_report("lutna: %s: bad queue %u", s->name, i);
            return -EINVAL;
        }
    }
    for (unsigned int i = 0; i < s->nr_queues; i++) {
        LutnaQueue *q = &s->queues[i];

        q->job.id = ++s->next_job;
        if (q->pending) {
            lutna_queue_settle(s, q);
        } else {
            lutna_queue_kick(s, q);
        }
    }
    s->power = lutna_in_d0(s) &&
               (pci_get_word(PCI_DEVICE(s)->config + PCI_COMMAND) &
                PCI_COMMAND_MASTER);
    lutna_gate_update(s);
    return 0;
}

static const VMStateDescription vmstate_lutna_ctx = {
    .name = "lutna/context",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64(pt_root, LutnaCtx),
        VMSTATE_UINT64(inv_addr, LutnaCtx),
        VMSTATE_BOOL(enabled, LutnaCtx),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription vmstate_lutna_cq = {
    .name = "lutna/completion-ring",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64(base, LutnaCq),
        VMSTATE_UINT32(cfg, LutnaCq),
        VMSTATE_UINT32(head, LutnaCq),
        VMSTATE_UINT32(tail, LutnaCq),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription vmstate_lutna_job = {
    .name = "lutna/job",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_BOOL(active, LutnaJob),
        VMSTATE_BOOL(done, LutnaJob),
        VMSTATE_BOOL(reported, LutnaJob),
        VMSTATE_UINT64(list, LutnaJob),
        VMSTATE_UINT32(count, LutnaJob),
        VMSTATE_UINT16(flags, LutnaJob),
        VMSTATE_UINT8(unit, LutnaJob),
        VMSTATE_UINT64(seqno, LutnaJob),
        VMSTATE_UINT64(profile, LutnaJob),
        VMSTATE_UINT32(index, LutnaJob),
        VMSTATE_UINT64(cycles, LutnaJob),
        VMSTATE_UINT64(energy, LutnaJob),
        VMSTATE_UINT64(start_ns, LutnaJob),
        VMSTATE_UINT64(end_ns, LutnaJob),
        VMSTATE_UINT16(status, LutnaJob),
        VMSTATE_UINT8(access, LutnaJob),
        VMSTATE_UINT64(fault_addr, LutnaJob),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription vmstate_lutna_queue = {
    .name = "lutna/queue",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT8(state, LutnaQueue),
        VMSTATE_UINT8(pending, LutnaQueue),
        VMSTATE_UINT32(cfg, LutnaQueue),
        VMSTATE_UINT64(ring_base, LutnaQueue),
        VMSTATE_UINT64(seq_addr, LutnaQueue),
        VMSTATE_UINT32(head, LutnaQueue),
        VMSTATE_UINT32(tail, LutnaQueue),
        VMSTATE_UINT32(fault, LutnaQueue),
        VMSTATE_UINT32(fault_cmd, LutnaQueue),
        VMSTATE_UINT64(fault_addr, LutnaQueue),
        VMSTATE_BOOL(bad_bell, LutnaQueue),
        VMSTATE_UINT32(bad_tail, LutnaQueue),
        VMSTATE_BOOL(armed, LutnaQueue),
        VMSTATE_UINT32(arm, LutnaQueue),
        VMSTATE_STRUCT(job, LutnaQueue, 1, vmstate_lutna_job, LutnaJob),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription vmstate_lutna_counts = {
    .name = "lutna/counts",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT64(doorbells, LutnaCounts),
        VMSTATE_UINT64(jobs, LutnaCounts),
        VMSTATE_UINT64(commands, LutnaCounts),
        VMSTATE_UINT64(faults, LutnaCounts),
        VMSTATE_UINT64(interrupts, LutnaCounts),
        VMSTATE_UINT64(tlb_hits, LutnaCounts),
        VMSTATE_UINT64(tlb_misses, LutnaCounts),
        VMSTATE_UINT64(cycles, LutnaCounts),
        VMSTATE_UINT64(macs, LutnaCounts),
        VMSTATE_UINT64(bytes_read, LutnaCounts),
        VMSTATE_UINT64(bytes_written, LutnaCounts),
        VMSTATE_END_OF_LIST()
    }
};

const VMStateDescription vmstate_lutna = {
    .name = "lutna",
    .version_id = 2,
    .minimum_version_id = 2,
    .pre_save = lutna_pre_save,
    .post_load = lutna_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_PCI_DEVICE(parent_obj, LutnaState),
        VMSTATE_MSIX(parent_obj, LutnaState),
        VMSTATE_UINT32_EQUAL(nr_contexts, LutnaState, "contexts differ"),
        VMSTATE_UINT32_EQUAL(nr_queues, LutnaState, "queues differ"),
        VMSTATE_UINT32_EQUAL(nr_vectors, LutnaState, "vectors differ"),
        VMSTATE_UINT32_EQUAL(units, LutnaState, "units differ"),
        VMSTATE_UINT32_EQUAL(clock_khz, LutnaState, "clock-khz differs"),
        VMSTATE_UINT64_EQUAL(max_tensor, LutnaState, "max-tensor differs"),
        VMSTATE_UINT32_EQUAL(max_commands, LutnaState, "max-commands differs"),
        VMSTATE_BOOL(enabled, LutnaState),
        VMSTATE_BOOL(fatal, LutnaState),
        VMSTATE_UINT32(error, LutnaState),
        VMSTATE_UINT64(error_info, LutnaState),
        VMSTATE_INT64(time_base, LutnaState),
        VMSTATE_STRUCT(counts, LutnaState, 1, vmstate_lutna_counts,
                       LutnaCounts),
        VMSTATE_STRUCT_VARRAY_POINTER_UINT32(ctxs, LutnaState, nr_contexts,
                                             vmstate_lutna_ctx, LutnaCtx),
        VMSTATE_STRUCT_VARRAY_POINTER_UINT32(cqs, LutnaState, nr_vectors,
                                             vmstate_lutna_cq, LutnaCq),
        VMSTATE_STRUCT_VARRAY_POINTER_UINT32(queues, LutnaState, nr_queues,
                                             vmstate_lutna_queue, LutnaQueue),
        VMSTATE_END_OF_LIST()
    }
};
