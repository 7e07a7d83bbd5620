/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LUT-NA device: BAR 2, two pages of doorbells for each context.
 *
 * The driver rings in the first half, and what is wrong there is an error of
 * the device.  Processes ring in the second half, for queues that they own:
 * nothing that is wrong there concerns anybody but the queue's owner.
 */
#include "lutna.h"

static uint64_t lutna_doorbell_read(void *opaque, hwaddr addr, unsigned size)
{
    /* The BAR is prefetchable: reading means nothing and is no error. */
    return 0;
}

/*
 * A tail that goes back would leave the head in front of it, which reads as
 * almost 2^32 jobs.
 */
static bool lutna_tail_ok(LutnaQueue *q, uint32_t tail)
{
    uint32_t jobs = tail - q->head;

    return jobs <= 1U << lutna_cfg_log2(q->cfg) && jobs >= q->tail - q->head;
}

/* The queue that the doorbell at @addr is of, or NULL */
static LutnaQueue *lutna_doorbell_queue(LutnaState *s, hwaddr addr,
                                        unsigned size)
{
    unsigned int page = addr / LUTNA_DOORBELL_PAGE;
    unsigned int id = addr % LUTNA_DOORBELL_PAGE / 8;
    bool owned = page >= LUTNA_MAX_CONTEXTS;
    LutnaQueue *q;

    if (size != 4 || addr % 8 || id >= s->nr_queues) {
        return NULL;
    }
    q = &s->queues[id];
    if (q->state == LUTNA_Q_DISABLED ||
        !(q->cfg & LUTNA_Q_CFG_OWNED) != !owned ||
        lutna_cfg_ctx(q->cfg) != page % LUTNA_MAX_CONTEXTS) {
        return NULL;
    }
    return q;
}

static void lutna_doorbell_ring(LutnaState *s, LutnaQueue *q, uint32_t tail)
{
    s->counts.doorbells++;
    q->tail = tail;
    lutna_queue_kick(s, q);
}

static void lutna_doorbell_driver(LutnaState *s, hwaddr addr, uint64_t val,
                                  unsigned size)
{
    LutnaQueue *q = lutna_doorbell_queue(s, addr, size);

    if (q && lutna_tail_ok(q, val)) {
        lutna_doorbell_ring(s, q, val);
        return;
    }
    LUTNA_REFUSE(refuse_doorbell, "doorbell at 0x%" PRIx64 ": value 0x%" PRIx64
                 ", size %u", s->name, addr, val, size);
    lutna_error(s, LUTNA_ERROR_DOORBELL, addr);
}

static void lutna_doorbell_process(LutnaState *s, hwaddr addr, uint64_t val,
                                   unsigned size)
{
    LutnaQueue *q = lutna_doorbell_queue(s, addr, size);

    if (!q || q->state == LUTNA_Q_FAULTED || q->bad_bell) {
        LUTNA_REFUSE(ignore_doorbell, "process's doorbell at 0x%" PRIx64
                     ": value 0x%" PRIx64 ", size %u: ignored", s->name, addr,
                     val, size);
        return;
    }
    if (lutna_tail_ok(q, val)) {
        lutna_doorbell_ring(s, q, val);
        return;
    }
    LUTNA_REFUSE(refuse_tail, "queue %u: tail %" PRIu32 " at head %" PRIu32
                 " tail %" PRIu32, s->name, q->id, (uint32_t)val, q->head,
                 q->tail);
    q->bad_bell = true;
    q->bad_tail = val;
    lutna_queue_kick(s, q);
}

static void lutna_doorbell_write(void *opaque, hwaddr addr, uint64_t val,
                                 unsigned size)
{
    LutnaState *s = opaque;

    trace_lutna_doorbell(s->name, addr, val);
    if (!lutna_in_d0(s)) {
        return;
    }
    QEMU_LOCK_GUARD(&s->lock);
    if (lutna_reset_busy(s)) {
        return;
    }
    if (addr < LUTNA_DOORBELL_USER(0, 0)) {
        lutna_doorbell_driver(s, addr, val, size);
    } else {
        lutna_doorbell_process(s, addr, val, size);
    }
}

const MemoryRegionOps lutna_doorbell_ops = {
    .read = lutna_doorbell_read,
    .write = lutna_doorbell_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    /* All sizes come here, so that the refusal is this device's own. */
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};
