/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LUT-NA device: states of the queues and which of them is served next.
 *
 * Everything here runs with LutnaState.lock held.  A queue is in one of three
 * places: on the list of its priority (ready), with a worker, or nowhere
 * because it has nothing to do or waits for room in its completion ring.
 * Workers put it back at the end of its list after every command, which makes
 * the service round-robin and lets a higher priority in.
 */
#include "lutna.h"

static bool lutna_queue_can_run(LutnaState *s, LutnaQueue *q)
{
    if (s->fatal || q->worker) {
        return false;
    }
    if (q->job.done) {
        return lutna_cq_has_room(s, lutna_cfg_cq(q->cfg));
    }
    if (q->job.active) {
        return true;
    }
    return s->enabled && q->state == LUTNA_Q_RUNNING &&
           (q->head != q->tail || q->bad_bell);
}

static void lutna_queue_set_waits_cq(LutnaState *s, LutnaQueue *q, bool waits)
{
    if (q->waits_cq != waits) {
        q->waits_cq = waits;
        s->cqs[lutna_cfg_cq(q->cfg)].waiters += waits ? 1 : -1;
    }
}

void lutna_wake_workers(LutnaState *s)
{
    unsigned int work = s->nr_ready + (s->nr_events ? 1 : 0);

    /* One that spins looks again under the lock before it sleeps. */
    if (s->nr_asleep && s->gate == LUTNA_GATE_OPEN &&
        work > (s->spinning ? 1 : 0)) {
        if (work == 1) {
            qemu_cond_signal(&s->work);
        } else {
            qemu_cond_broadcast(&s->work);
        }
    }
}

void lutna_queue_kick(LutnaState *s, LutnaQueue *q)
{
    if (q->ready) {
        return;
    }
    if (!lutna_queue_can_run(s, q)) {
        lutna_queue_set_waits_cq(s, q, q->job.done && !q->worker);
        return;
    }
    lutna_queue_set_waits_cq(s, q, false);
    QTAILQ_INSERT_TAIL(&s->ready[lutna_cfg_priority(q->cfg)], q, next);
    q->ready = true;
    qatomic_set(&s->nr_ready, s->nr_ready + 1);
    lutna_wake_workers(s);
}

void lutna_queues_kick(LutnaState *s)
{
    for (unsigned int i = 0; i < s->nr_queues; i++) {
        lutna_queue_kick(s, &s->queues[i]);
    }
}

void lutna_queues_kick_cq(LutnaState *s, unsigned int cq)
{
    for (unsigned int i = 0; i < s->nr_queues && s->cqs[cq].waiters; i++) {
        LutnaQueue *q = &s->queues[i];

        if (q->waits_cq && lutna_cfg_cq(q->cfg) == cq) {
            lutna_queue_kick(s, q);
        }
    }
}

static void lutna_queue_unready(LutnaState *s, LutnaQueue *q)
{
    if (q->ready) {
        QTAILQ_REMOVE(&s->ready[lutna_cfg_priority(q->cfg)], q, next);
        q->ready = false;
        qatomic_set(&s->nr_ready, s->nr_ready - 1);
    }
}

LutnaQueue *lutna_queue_next(LutnaState *s)
{
    for (int priority = LUTNA_PRIORITIES - 1; priority >= 0; priority--) {
        LutnaQueue *q;

        while ((q = QTAILQ_FIRST(&s->ready[priority]))) {
            lutna_queue_unready(s, q);
            /* Device or ring may have been disabled since it was put here. */
            if (lutna_queue_can_run(s, q)) {
                return q;
            }
            lutna_queue_kick(s, q);
        }
    }
    return NULL;
}

static void lutna_queue_set_state(LutnaState *s, LutnaQueue *q, uint8_t state)
{
    if (q->state != state) {
        trace_lutna_queue_state(s->name, q->id, q->state, state);
        q->state = state;
    }
}

void lutna_queue_clear(LutnaState *s, LutnaQueue *q, bool config)
{
    lutna_queue_unready(s, q);
    lutna_queue_set_waits_cq(s, q, false);
    lutna_queue_set_state(s, q, LUTNA_Q_DISABLED);
    q->pending = 0;
    q->head = 0;
    q->tail = 0;
    q->fault = 0;
    q->fault_cmd = 0;
    q->fault_addr = 0;
    q->bad_bell = false;
    q->armed = false;
    q->job = (LutnaJob) { 0 };
    if (config) {
        q->cfg = 0;
        q->ring_base = 0;
        q->seq_addr = 0;
    }
}

void lutna_queue_settle(LutnaState *s, LutnaQueue *q)
{
    if (q->pending == LUTNA_Q_CMD_RESET) {
        lutna_queue_clear(s, q, false);
        return;
    }
    if (q->pending == LUTNA_Q_CMD_STOP && q->job.active && !q->job.done) {
        q->job.done = true;
        q->job.status = LUTNA_FAULT_ABORTED;
        q->job.access = LUTNA_ACCESS_NONE;
        q->job.fault_addr = 0;
        q->job.end_ns = lutna_time(s);
    }
    if (q->pending && !q->job.active) {
        q->pending = 0;
        lutna_queue_set_state(s, q, LUTNA_Q_STOPPED);
    }
    lutna_queue_kick(s, q);
}

static bool lutna_queue_config_ok(LutnaState *s, LutnaQueue *q)
{
    unsigned int ctx = lutna_cfg_ctx(q->cfg);
    unsigned int log2 = lutna_cfg_log2(q->cfg);
    unsigned int cq = lutna_cfg_cq(q->cfg);

    return ctx < s->nr_contexts && s->ctxs[ctx].enabled &&
           log2 >= 1 && log2 <= LUTNA_RING_LOG2_MAX &&
           cq < s->nr_vectors && (s->cqs[cq].cfg & LUTNA_CQ_CFG_ENABLE) &&
           QEMU_IS_ALIGNED(q->ring_base, 64) &&
           QEMU_IS_ALIGNED(q->seq_addr, 8);
}

static bool lutna_queue_start(LutnaState *s, LutnaQueue *q)
{
    if (q->state == LUTNA_Q_RUNNING || q->state == LUTNA_Q_STOPPING ||
        !lutna_queue_config_ok(s, q)) {
        return false;
    }
    q->fault = 0;
    q->fault_cmd = 0;
    q->fault_addr = 0;
    lutna_queue_set_state(s, q, LUTNA_Q_RUNNING);
    lutna_queue_kick(s, q);
    return true;
}

static void lutna_queue_abort(LutnaState *s, LutnaQueue *q)
{
    if (q->worker) {
        qatomic_set(&q->worker->abort, true);
        qemu_cond_broadcast(&s->wake);
    }
}

static void lutna_queue_stop(LutnaState *s, LutnaQueue *q, uint32_t cmd)
{
    if (q->state == LUTNA_Q_RUNNING) {
        lutna_queue_set_state(s, q, LUTNA_Q_STOPPING);
        q->pending = cmd;
    } else if (q->pending == LUTNA_Q_CMD_PAUSE && cmd == LUTNA_Q_CMD_STOP) {
        q->pending = cmd;
    } else {
        return;
    }
    if (q->pending == LUTNA_Q_CMD_STOP) {
        lutna_queue_abort(s, q);
    }
    if (!q->worker) {
        lutna_queue_settle(s, q);
    }
}

static void lutna_queue_reset(LutnaState *s, LutnaQueue *q)
{
    if (q->worker) {
        lutna_queue_set_state(s, q, LUTNA_Q_STOPPING);
        q->pending = LUTNA_Q_CMD_RESET;
        lutna_queue_abort(s, q);
    } else {
        lutna_queue_clear(s, q, false);
    }
}

bool lutna_queue_command(LutnaState *s, LutnaQueue *q, uint32_t cmd)
{
    trace_lutna_queue_command(s->name, q->id, cmd);
    switch (cmd) {
    case LUTNA_Q_CMD_START:
        return lutna_queue_start(s, q);
    case LUTNA_Q_CMD_STOP:
    case LUTNA_Q_CMD_PAUSE:
        lutna_queue_stop(s, q, cmd);
        return true;
    case LUTNA_Q_CMD_RESET:
        lutna_queue_reset(s, q);
        return true;
    default:
        return false;
    }
}

uint32_t lutna_queue_status(LutnaQueue *q)
{
    uint32_t status = q->state;

    if (q->worker || q->job.active) {
        status |= LUTNA_Q_STATUS_BUSY;
    }
    return status;
}
