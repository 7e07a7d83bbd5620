/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LUT-NA device: BAR 2, a page of doorbells for each context.
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

static bool lutna_doorbell_ok(LutnaState *s, hwaddr addr, uint32_t tail,
                              unsigned size)
{
    unsigned int ctx = addr / LUTNA_DOORBELL_PAGE;
    unsigned int id = addr % LUTNA_DOORBELL_PAGE / 8;
    LutnaQueue *q;

    if (size != 4 || addr % 8 || id >= s->nr_queues) {
        return false;
    }
    q = &s->queues[id];
    return q->state != LUTNA_Q_DISABLED && lutna_cfg_ctx(q->cfg) == ctx &&
           lutna_tail_ok(q, tail);
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
    if (!lutna_doorbell_ok(s, addr, val, size)) {
        LUTNA_REFUSE(refuse_doorbell, "doorbell at 0x%" PRIx64
                     ": value 0x%" PRIx64 ", size %u", s->name, addr, val,
                     size);
        lutna_error(s, LUTNA_ERROR_DOORBELL, addr);
        return;
    }
    s->counts.doorbells++;
    s->queues[addr % LUTNA_DOORBELL_PAGE / 8].tail = val;
    lutna_queue_kick(s, &s->queues[addr % LUTNA_DOORBELL_PAGE / 8]);
}

const MemoryRegionOps lutna_doorbell_ops = {
    .read = lutna_doorbell_read,
    .write = lutna_doorbell_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    /* All sizes come here, so that the refusal is this device's own. */
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};
