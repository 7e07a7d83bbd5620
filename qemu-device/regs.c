/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LUT-NA device: BAR 0, registers.
 *
 * Handlers change state under LutnaState.lock and hand all work to workers:
 * none waits for a command, and none touches guest memory.
 */
#include "lutna.h"

/* What stands at an offset */
typedef enum LutnaBlock {
    LUTNA_BLOCK_NONE,
    LUTNA_BLOCK_GENERAL,
    LUTNA_BLOCK_CTX,
    LUTNA_BLOCK_CQ,
    LUTNA_BLOCK_QUEUE,
} LutnaBlock;

/* Why a write is not carried out */
typedef enum LutnaWrite {
    LUTNA_WRITE_OK,
    LUTNA_WRITE_NO_REGISTER,
    LUTNA_WRITE_BAD_VALUE,
} LutnaWrite;

static LutnaBlock lutna_decode(LutnaState *s, hwaddr addr, unsigned int *index,
                               hwaddr *offset)
{
    hwaddr ctx = addr - LUTNA_REG_CTX(0);
    hwaddr cq = addr - LUTNA_REG_CQ(0);
    hwaddr queue = addr - LUTNA_REG_QUEUE(0);

    if (addr < LUTNA_REG_CTX(0)) {
        *index = 0;
        *offset = addr;
        return LUTNA_BLOCK_GENERAL;
    }
    if (ctx / LUTNA_CTX_STRIDE < s->nr_contexts) {
        *index = ctx / LUTNA_CTX_STRIDE;
        *offset = ctx % LUTNA_CTX_STRIDE;
        return LUTNA_BLOCK_CTX;
    }
    if (addr >= LUTNA_REG_CQ(0) && cq / LUTNA_CQ_STRIDE < s->nr_vectors) {
        *index = cq / LUTNA_CQ_STRIDE;
        *offset = cq % LUTNA_CQ_STRIDE;
        return LUTNA_BLOCK_CQ;
    }
    if (addr >= LUTNA_REG_QUEUE(0) && queue / LUTNA_Q_STRIDE < s->nr_queues) {
        *index = queue / LUTNA_Q_STRIDE;
        *offset = queue % LUTNA_Q_STRIDE;
        return LUTNA_BLOCK_QUEUE;
    }
    return LUTNA_BLOCK_NONE;
}

static uint64_t lutna_reg_caps(LutnaState *s)
{
    return (uint64_t)s->nr_contexts << ctz64(LUTNA_CAPS_CONTEXTS) |
           (uint64_t)s->nr_queues << ctz64(LUTNA_CAPS_QUEUES) |
           (uint64_t)s->nr_vectors << ctz64(LUTNA_CAPS_VECTORS) |
           (uint64_t)LUTNA_RING_LOG2_MAX << ctz64(LUTNA_CAPS_RING_LOG2) |
           (uint64_t)LUTNA_VA_BITS << ctz64(LUTNA_CAPS_VA_BITS);
}

static uint64_t lutna_reg_limits(LutnaState *s)
{
    return (uint64_t)s->max_commands << ctz64(LUTNA_LIMITS_COMMANDS) |
           (uint64_t)ctz64(s->max_tensor) << ctz64(LUTNA_LIMITS_TENSOR_LOG2) |
           (uint64_t)LUTNA_ISA_VERSION << ctz64(LUTNA_LIMITS_ISA_VERSION);
}

static uint32_t lutna_reg_status(LutnaState *s)
{
    return (s->enabled ? LUTNA_STATUS_ENABLED : 0) |
           (lutna_reset_busy(s) ? LUTNA_STATUS_RESET_BUSY : 0) |
           (s->fatal ? LUTNA_STATUS_FATAL : 0);
}

/* All of lutna_get_*(): width of the register at @offset, 0 if there is none */
static unsigned int lutna_get_general(LutnaState *s, hwaddr offset,
                                      uint64_t *val)
{
    switch (offset) {
    case LUTNA_REG_ID:
        *val = LUTNA_ID;
        return 4;
    case LUTNA_REG_VERSION:
        *val = LUTNA_VERSION;
        return 4;
    case LUTNA_REG_FEATURES:
        *val = LUTNA_FEATURE_COMPRESSED | LUTNA_FEATURE_APPROX |
               LUTNA_FEATURE_HUGE_PAGES | LUTNA_FEATURE_SEQ_WRITE |
               LUTNA_FEATURE_PROFILE | LUTNA_FEATURE_OWNED_QUEUES;
        return 8;
    case LUTNA_REG_CAPS:
        *val = lutna_reg_caps(s);
        return 8;
    case LUTNA_REG_LIMITS:
        *val = lutna_reg_limits(s);
        return 8;
    case LUTNA_REG_UNITS:
        *val = s->units;
        return 4;
    case LUTNA_REG_CLOCK_KHZ:
        *val = s->clock_khz;
        return 4;
    case LUTNA_REG_CTRL:
        *val = s->enabled ? LUTNA_CTRL_ENABLE : 0;
        return 4;
    case LUTNA_REG_STATUS:
        *val = lutna_reg_status(s);
        return 4;
    case LUTNA_REG_ERROR:
        *val = s->error;
        return 4;
    case LUTNA_REG_ERROR_INFO:
        *val = s->error_info;
        return 8;
    case LUTNA_REG_TIME:
        *val = lutna_time(s);
        return 8;
    case LUTNA_REG_COUNT_DOORBELLS:
        *val = s->counts.doorbells;
        return 8;
    case LUTNA_REG_COUNT_JOBS:
        *val = s->counts.jobs;
        return 8;
    case LUTNA_REG_COUNT_COMMANDS:
        *val = s->counts.commands;
        return 8;
    case LUTNA_REG_COUNT_FAULTS:
        *val = s->counts.faults;
        return 8;
    case LUTNA_REG_COUNT_INTERRUPTS:
        *val = s->counts.interrupts;
        return 8;
    case LUTNA_REG_COUNT_TLB_HITS:
        *val = s->counts.tlb_hits;
        return 8;
    case LUTNA_REG_COUNT_TLB_MISSES:
        *val = s->counts.tlb_misses;
        return 8;
    case LUTNA_REG_COUNT_CYCLES:
        *val = s->counts.cycles;
        return 8;
    case LUTNA_REG_COUNT_MACS:
        *val = s->counts.macs;
        return 8;
    case LUTNA_REG_COUNT_BYTES_READ:
        *val = s->counts.bytes_read;
        return 8;
    case LUTNA_REG_COUNT_BYTES_WRITTEN:
        *val = s->counts.bytes_written;
        return 8;
    default:
        return 0;
    }
}

static unsigned int lutna_get_ctx(LutnaState *s, unsigned int c, hwaddr offset,
                                  uint64_t *val)
{
    LutnaCtx *ctx = &s->ctxs[c];

    switch (offset) {
    case LUTNA_CTX_PT_ROOT:
        *val = ctx->pt_root;
        return 8;
    case LUTNA_CTX_CTRL:
        *val = ctx->enabled ? LUTNA_CTX_CTRL_ENABLE : 0;
        return 4;
    case LUTNA_CTX_STATUS:
        *val = (ctx->enabled ? LUTNA_CTX_STATUS_ENABLED : 0) |
               (lutna_ctx_busy(s, ctx) ? LUTNA_CTX_STATUS_BUSY : 0);
        return 4;
    case LUTNA_CTX_INV_ADDR:
        *val = ctx->inv_addr;
        return 8;
    default:
        return 0;
    }
}

static unsigned int lutna_get_cq(LutnaState *s, unsigned int v, hwaddr offset,
                                 uint64_t *val)
{
    LutnaCq *cq = &s->cqs[v];

    switch (offset) {
    case LUTNA_CQ_BASE:
        *val = cq->base;
        return 8;
    case LUTNA_CQ_CFG:
        *val = cq->cfg;
        return 4;
    case LUTNA_CQ_HEAD:
        *val = cq->head;
        return 4;
    case LUTNA_CQ_TAIL:
        *val = cq->tail;
        return 4;
    default:
        return 0;
    }
}

static unsigned int lutna_get_queue(LutnaState *s, unsigned int id,
                                    hwaddr offset, uint64_t *val)
{
    LutnaQueue *q = &s->queues[id];

    switch (offset) {
    case LUTNA_Q_RING_BASE:
        *val = q->ring_base;
        return 8;
    case LUTNA_Q_SEQ_ADDR:
        *val = q->seq_addr;
        return 8;
    case LUTNA_Q_CFG:
        *val = q->cfg;
        return 4;
    case LUTNA_Q_STATUS:
        *val = lutna_queue_status(q);
        return 4;
    case LUTNA_Q_HEAD:
        *val = q->head;
        return 4;
    case LUTNA_Q_TAIL:
        *val = q->tail;
        return 4;
    case LUTNA_Q_FAULT:
        *val = q->fault;
        return 4;
    case LUTNA_Q_FAULT_ADDR:
        *val = q->fault_addr;
        return 8;
    case LUTNA_Q_FAULT_CMD:
        *val = q->fault_cmd;
        return 4;
    default:
        return 0;
    }
}

static unsigned int lutna_get(LutnaState *s, hwaddr addr, uint64_t *val)
{
    unsigned int index;
    hwaddr offset;

    switch (lutna_decode(s, addr, &index, &offset)) {
    case LUTNA_BLOCK_GENERAL:
        return lutna_get_general(s, offset, val);
    case LUTNA_BLOCK_CTX:
        return lutna_get_ctx(s, index, offset, val);
    case LUTNA_BLOCK_CQ:
        return lutna_get_cq(s, index, offset, val);
    case LUTNA_BLOCK_QUEUE:
        return lutna_get_queue(s, index, offset, val);
    default:
        return 0;
    }
}

static bool lutna_get_sized(LutnaState *s, hwaddr addr, unsigned int size,
                            uint64_t *val)
{
    unsigned int width;

    if ((size != 4 && size != 8) || addr % size) {
        return false;
    }
    width = lutna_get(s, addr, val);
    if (width >= size) {
        *val = size == 4 ? (uint32_t)*val : *val;
        return true;
    }
    if (width == 0 && size == 4 && addr % 8 == 4 &&
        lutna_get(s, addr - 4, val) == 8) {
        *val >>= 32;
        return true;
    }
    return false;
}

static uint64_t lutna_regs_read(void *opaque, hwaddr addr, unsigned size)
{
    LutnaState *s = opaque;
    uint64_t val;

    if (!lutna_in_d0(s)) {
        return UINT64_MAX;
    }
    QEMU_LOCK_GUARD(&s->lock);
    if (!lutna_get_sized(s, addr, size, &val)) {
        LUTNA_REFUSE(refuse_read, "read at 0x%" PRIx64 ", size %u", s->name,
                     addr, size);
        lutna_error(s, LUTNA_ERROR_REGISTER, addr);
        val = 0;
    }
    trace_lutna_read(s->name, addr, size, val);
    return val;
}

/* The 8-byte register that can be written at @addr, or NULL */
static uint64_t *lutna_reg64(LutnaState *s, hwaddr addr, bool *may_write)
{
    unsigned int i;
    hwaddr offset;

    *may_write = true;
    switch (lutna_decode(s, addr, &i, &offset)) {
    case LUTNA_BLOCK_CTX:
        switch (offset) {
        case LUTNA_CTX_PT_ROOT:
            *may_write = !s->ctxs[i].enabled;
            return &s->ctxs[i].pt_root;
        case LUTNA_CTX_INV_ADDR:
            return &s->ctxs[i].inv_addr;
        }
        return NULL;
    case LUTNA_BLOCK_CQ:
        *may_write = !(s->cqs[i].cfg & LUTNA_CQ_CFG_ENABLE);
        return offset == LUTNA_CQ_BASE ? &s->cqs[i].base : NULL;
    case LUTNA_BLOCK_QUEUE:
        *may_write = s->queues[i].state == LUTNA_Q_DISABLED;
        switch (offset) {
        case LUTNA_Q_RING_BASE:
            return &s->queues[i].ring_base;
        case LUTNA_Q_SEQ_ADDR:
            return &s->queues[i].seq_addr;
        }
        return NULL;
    default:
        return NULL;
    }
}

static LutnaWrite lutna_put_ctrl(LutnaState *s, uint32_t val)
{
    if (val & ~(LUTNA_CTRL_ENABLE | LUTNA_CTRL_RESET)) {
        return LUTNA_WRITE_BAD_VALUE;
    }
    if (val & LUTNA_CTRL_RESET) {
        trace_lutna_reset(s->name, "register");
        lutna_reset_state(s);
        return LUTNA_WRITE_OK;
    }
    s->enabled = val & LUTNA_CTRL_ENABLE;
    lutna_queues_kick(s);
    return LUTNA_WRITE_OK;
}

static LutnaWrite lutna_put_ctx(LutnaState *s, unsigned int c, hwaddr offset,
                                uint32_t val)
{
    LutnaCtx *ctx = &s->ctxs[c];

    switch (offset) {
    case LUTNA_CTX_CTRL:
        if ((val & ~LUTNA_CTX_CTRL_ENABLE) ||
            (val && (ctx->pt_root & ~LUTNA_PTE_ADDR))) {
            return LUTNA_WRITE_BAD_VALUE;
        }
        trace_lutna_ctx(s->name, c, val, ctx->pt_root);
        lutna_ctx_set_enabled(ctx, val);
        return LUTNA_WRITE_OK;
    case LUTNA_CTX_INV_PAGES:
        trace_lutna_invalidate(s->name, c, ctx->inv_addr, val);
        lutna_ctx_invalidate(ctx, ctx->inv_addr, val);
        return LUTNA_WRITE_OK;
    default:
        return LUTNA_WRITE_NO_REGISTER;
    }
}

static LutnaWrite lutna_put_cq_cfg(LutnaState *s, unsigned int v, uint32_t val)
{
    const uint32_t known = LUTNA_CQ_CFG_LOG2 | LUTNA_CQ_CFG_IRQ |
                           LUTNA_CQ_CFG_ENABLE;
    LutnaCq *cq = &s->cqs[v];
    unsigned int log2 = val & LUTNA_CQ_CFG_LOG2;
    bool enable = val & LUTNA_CQ_CFG_ENABLE;
    bool enabled = cq->cfg & LUTNA_CQ_CFG_ENABLE;

    if (val & ~known) {
        return LUTNA_WRITE_BAD_VALUE;
    }
    if (enable &&
        (log2 < LUTNA_CQ_LOG2_MIN || log2 > LUTNA_CQ_LOG2_MAX ||
         !QEMU_IS_ALIGNED(cq->base, sizeof(struct lutna_completion)))) {
        return LUTNA_WRITE_BAD_VALUE;
    }
    if (enable && enabled && log2 != (cq->cfg & LUTNA_CQ_CFG_LOG2)) {
        return LUTNA_WRITE_BAD_VALUE;
    }
    trace_lutna_cq(s->name, v, val, cq->base);
    cq->cfg = val;
    if (enable && !enabled) {
        cq->head = 0;
        cq->tail = 0;
    }
    lutna_queues_kick_cq(s, v);
    return LUTNA_WRITE_OK;
}

static LutnaWrite lutna_put_cq(LutnaState *s, unsigned int v, hwaddr offset,
                               uint32_t val)
{
    LutnaCq *cq = &s->cqs[v];

    switch (offset) {
    case LUTNA_CQ_CFG:
        return lutna_put_cq_cfg(s, v, val);
    case LUTNA_CQ_HEAD:
        /* Records that are not there cannot have been consumed. */
        if (cq->cfg & LUTNA_CQ_CFG_ENABLE ? val - cq->head > cq->tail - cq->head
                                          : val != 0) {
            return LUTNA_WRITE_BAD_VALUE;
        }
        cq->head = val;
        lutna_queues_kick_cq(s, v);
        return LUTNA_WRITE_OK;
    default:
        return LUTNA_WRITE_NO_REGISTER;
    }
}

static LutnaWrite lutna_put_queue(LutnaState *s, unsigned int id, hwaddr offset,
                                  uint32_t val)
{
    const uint32_t known = LUTNA_Q_CFG_CTX | LUTNA_Q_CFG_LOG2 |
                           LUTNA_Q_CFG_PRIORITY | LUTNA_Q_CFG_OWNED |
                           LUTNA_Q_CFG_CQ;
    LutnaQueue *q = &s->queues[id];

    switch (offset) {
    case LUTNA_Q_CFG:
        if (q->state != LUTNA_Q_DISABLED || (val & ~known)) {
            return LUTNA_WRITE_BAD_VALUE;
        }
        q->cfg = val;
        return LUTNA_WRITE_OK;
    case LUTNA_Q_CTRL:
        return lutna_queue_command(s, q, val) ? LUTNA_WRITE_OK
                                              : LUTNA_WRITE_BAD_VALUE;
    case LUTNA_Q_ARM:
        trace_lutna_arm(s->name, id, val, q->head);
        lutna_queue_arm(s, q, val);
        return LUTNA_WRITE_OK;
    default:
        return LUTNA_WRITE_NO_REGISTER;
    }
}

static LutnaWrite lutna_put32(LutnaState *s, hwaddr addr, uint32_t val)
{
    unsigned int index;
    hwaddr offset;

    switch (lutna_decode(s, addr, &index, &offset)) {
    case LUTNA_BLOCK_GENERAL:
        return offset == LUTNA_REG_CTRL ? lutna_put_ctrl(s, val)
                                        : LUTNA_WRITE_NO_REGISTER;
    case LUTNA_BLOCK_CTX:
        return lutna_put_ctx(s, index, offset, val);
    case LUTNA_BLOCK_CQ:
        return lutna_put_cq(s, index, offset, val);
    case LUTNA_BLOCK_QUEUE:
        return lutna_put_queue(s, index, offset, val);
    default:
        return LUTNA_WRITE_NO_REGISTER;
    }
}

static LutnaWrite lutna_put_sized(LutnaState *s, hwaddr addr, uint64_t val,
                                  unsigned int size)
{
    unsigned int half = addr % 8 * 8;
    uint64_t *reg;
    bool may_write;

    if ((size != 4 && size != 8) || addr % size) {
        return LUTNA_WRITE_NO_REGISTER;
    }
    reg = lutna_reg64(s, QEMU_ALIGN_DOWN(addr, 8), &may_write);
    if (!reg) {
        return size == 4 ? lutna_put32(s, addr, val) : LUTNA_WRITE_NO_REGISTER;
    }
    if (!may_write) {
        return LUTNA_WRITE_BAD_VALUE;
    }
    *reg = size == 8 ? val : deposit64(*reg, half, 32, val);
    return LUTNA_WRITE_OK;
}

/* Called with lock held. */
static void lutna_write(LutnaState *s, hwaddr addr, uint64_t val, unsigned size)
{
    switch (lutna_put_sized(s, addr, val, size)) {
    case LUTNA_WRITE_OK:
        break;
    case LUTNA_WRITE_NO_REGISTER:
        LUTNA_REFUSE(refuse_write, "write at 0x%" PRIx64 ", size %u", s->name,
                     addr, size);
        lutna_error(s, LUTNA_ERROR_REGISTER, addr);
        break;
    case LUTNA_WRITE_BAD_VALUE:
        LUTNA_REFUSE(refuse_value, "register 0x%" PRIx64 ": value 0x%" PRIx64
                     " or not now", s->name, addr, val);
        lutna_error(s, LUTNA_ERROR_CONFIG, addr);
        break;
    }
}

static void lutna_regs_write(void *opaque, hwaddr addr, uint64_t val,
                             unsigned size)
{
    LutnaState *s = opaque;
    bool pending;

    trace_lutna_write(s->name, addr, size, val);
    if (!lutna_in_d0(s)) {
        return;
    }
    qemu_mutex_lock(&s->lock);
    if (!lutna_reset_busy(s)) {
        lutna_write(s, addr, val, size);
    }
    pending = !bitmap_empty(s->irq_pending, LUTNA_MAX_VECTORS);
    qemu_mutex_unlock(&s->lock);
    if (pending) {
        lutna_irq_flush(s);
    }
}

const MemoryRegionOps lutna_regs_ops = {
    .read = lutna_regs_read,
    .write = lutna_regs_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    /* All sizes come here, so that the refusal is this device's own. */
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};
