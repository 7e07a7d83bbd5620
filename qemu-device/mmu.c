/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LUT-NA device: page tables, TLB and access to device virtual memory.
 *
 * One access goes through three steps that an invalidation must be able to
 * tell apart: look up, use, done.  The worker notes the context's epoch in
 * users[] under the same lock under which it looks into the TLB.  An
 * invalidation empties the TLB and moves the epoch on under that lock, so a
 * worker that looked up before it stands in users[] with an older epoch until
 * its copy has ended, and one that looks up after it finds nothing old.  A
 * table walk drops the lock; what it finds is kept only if the epoch is still
 * the same.
 */
#include "lutna.h"

static bool lutna_pte_allows(uint64_t pte, bool write)
{
    return pte & (write ? LUTNA_PTE_WRITE : LUTNA_PTE_READ);
}

static const LutnaTlbEntry *lutna_tlb_find(const LutnaTlb *tlb, uint64_t addr,
                                           unsigned int *shift)
{
    uint64_t page = addr >> LUTNA_PAGE_SHIFT;
    const LutnaTlbEntry *set = tlb->small[page % LUTNA_TLB_SETS];

    *shift = LUTNA_PAGE_SHIFT;
    for (int i = 0; i < LUTNA_TLB_WAYS; i++) {
        if (set[i].pte && set[i].page == page) {
            return &set[i];
        }
    }

    page = addr >> LUTNA_HUGE_SHIFT;
    set = tlb->huge[page % LUTNA_TLB_HUGE_SETS];
    *shift = LUTNA_HUGE_SHIFT;
    for (int i = 0; i < LUTNA_TLB_WAYS; i++) {
        if (set[i].pte && set[i].page == page) {
            return &set[i];
        }
    }
    return NULL;
}

static void lutna_tlb_put(LutnaTlbEntry *set, uint8_t *victim, uint64_t page,
                          uint64_t pte)
{
    int way = -1;

    for (int i = 0; i < LUTNA_TLB_WAYS; i++) {
        if (set[i].pte && set[i].page == page) {
            way = i;
            break;
        }
        if (!set[i].pte && way < 0) {
            way = i;
        }
    }
    if (way < 0) {
        way = *victim;
        *victim = (way + 1) % LUTNA_TLB_WAYS;
    }
    set[way] = (LutnaTlbEntry) { .page = page, .pte = pte };
}

static void lutna_tlb_insert(LutnaTlb *tlb, uint64_t addr, unsigned int shift,
                             uint64_t pte)
{
    uint64_t page = addr >> shift;
    unsigned int set;

    if (shift == LUTNA_PAGE_SHIFT) {
        set = page % LUTNA_TLB_SETS;
        lutna_tlb_put(tlb->small[set], &tlb->small_victim[set], page, pte);
    } else {
        set = page % LUTNA_TLB_HUGE_SETS;
        lutna_tlb_put(tlb->huge[set], &tlb->huge_victim[set], page, pte);
    }
}

static int lutna_read_pte(LutnaWorker *w, uint64_t bus, uint64_t *pte)
{
    LutnaDmaMap map;
    int ret;

    ret = lutna_dma_map(w, bus, sizeof(*pte), false, &map);
    if (ret) {
        return ret;
    }
    if (map.len == sizeof(*pte)) {
        *pte = le64_to_cpu(qatomic_read((uint64_t *)map.ptr));
    } else {
        ret = LUTNA_FAULT_DMA;
    }
    lutna_dma_unmap(w, &map);
    return ret;
}

static int lutna_check_pte(uint64_t pte, int level)
{
    uint64_t rights = LUTNA_PTE_READ | LUTNA_PTE_WRITE;

    if (!(pte & LUTNA_PTE_VALID)) {
        return LUTNA_FAULT_TRANSLATION;
    }
    if (pte & LUTNA_PTE_RESERVED) {
        return LUTNA_FAULT_PT_FORMAT;
    }
    if (!(pte & LUTNA_PTE_LEAF)) {
        return level == 0 || (pte & rights) ? LUTNA_FAULT_PT_FORMAT : 0;
    }
    if (level > 1 ||
        (level == 1 && extract64(pte, LUTNA_PAGE_SHIFT, LUTNA_PT_BITS))) {
        return LUTNA_FAULT_PT_FORMAT;
    }
    return 0;
}

static int lutna_walk(LutnaWorker *w, uint64_t root, uint64_t addr,
                      uint64_t *pte, unsigned int *shift)
{
    uint64_t table = root & LUTNA_PTE_ADDR;

    for (int level = LUTNA_PT_LEVELS - 1; ; level--) {
        int ret;

        *shift = LUTNA_PAGE_SHIFT + level * LUTNA_PT_BITS;
        ret = lutna_read_pte(w, table + 8 * extract64(addr, *shift,
                                                      LUTNA_PT_BITS), pte);
        if (!ret) {
            ret = lutna_check_pte(*pte, level);
        }
        if (ret || (*pte & LUTNA_PTE_LEAF)) {
            return ret;
        }
        table = *pte & LUTNA_PTE_ADDR;
    }
}

/* Called with ctx->lock held; drops it while it walks the tables. */
static int lutna_translate(LutnaWorker *w, LutnaCtx *ctx, uint64_t addr,
                           bool write, uint64_t *bus, uint64_t *left)
{
    const LutnaTlbEntry *entry;
    unsigned int shift;
    uint64_t pte, root, epoch;
    int ret;

    if (!ctx->enabled || addr >> LUTNA_VA_BITS) {
        return LUTNA_FAULT_TRANSLATION;
    }

    entry = lutna_tlb_find(&ctx->tlb, addr, &shift);
    /*
     * A right that is missing may have been granted since: that needs no
     * invalidation, so only the table can say no.
     */
    if (entry && lutna_pte_allows(entry->pte, write)) {
        pte = entry->pte;
        w->counts.tlb_hits++;
    } else {
        w->counts.tlb_misses++;
        root = ctx->pt_root;
        epoch = ctx->epoch;
        qemu_mutex_unlock(&ctx->lock);
        ret = lutna_walk(w, root, addr, &pte, &shift);
        qemu_mutex_lock(&ctx->lock);
        if (ret) {
            return ret;
        }
        if (epoch == ctx->epoch) {
            lutna_tlb_insert(&ctx->tlb, addr, shift, pte);
        }
        if (!lutna_pte_allows(pte, write)) {
            return LUTNA_FAULT_PERMISSION;
        }
    }

    *left = (1ULL << shift) - extract64(addr, 0, shift);
    *bus = (pte & LUTNA_PTE_ADDR) + extract64(addr, 0, shift);
    return 0;
}

/*
 * Translate as much from addr on as lies in one piece on the bus.  Called with
 * ctx->lock held.
 */
static int lutna_translate_run(LutnaWorker *w, LutnaCtx *ctx, uint64_t addr,
                               uint64_t len, bool write, uint64_t *bus,
                               uint64_t *run)
{
    uint64_t next, left;
    int ret;

    ret = lutna_translate(w, ctx, addr, write, bus, run);
    if (ret) {
        return ret;
    }
    while (*run < len &&
           !lutna_translate(w, ctx, addr + *run, write, &next, &left) &&
           next == *bus + *run) {
        *run += left;
    }
    *run = MIN(*run, len);
    return 0;
}

static int lutna_mmu_piece(LutnaWorker *w, LutnaCtx *ctx, uint64_t addr,
                           void *buf, size_t len, bool write, size_t *done)
{
    LutnaDmaMap map;
    uint64_t bus, run;
    int ret;

    qemu_mutex_lock(&ctx->lock);
    ctx->users[w->id] = ctx->epoch;
    ret = lutna_translate_run(w, ctx, addr, MIN(len, LUTNA_DMA_PIECE), write,
                              &bus, &run);
    qemu_mutex_unlock(&ctx->lock);

    if (!ret) {
        ret = lutna_dma_map(w, bus, run, write, &map);
    }
    if (!ret) {
        if (write) {
            memcpy(map.ptr, buf, map.len);
        } else {
            memcpy(buf, map.ptr, map.len);
        }
        *done = map.len;
        lutna_dma_unmap(w, &map);
    }

    qemu_mutex_lock(&ctx->lock);
    ctx->users[w->id] = 0;
    qemu_mutex_unlock(&ctx->lock);
    return ret;
}

static int lutna_mmu_rw(LutnaWorker *w, LutnaCtx *ctx, uint64_t addr, void *buf,
                        size_t len, bool write, uint64_t *fault_addr)
{
    while (len) {
        size_t done = 0;
        int ret;

        ret = qatomic_read(&w->abort) ? LUTNA_FAULT_ABORTED
                                      : lutna_dma_begin(w);
        if (!ret) {
            if (write) {
                qatomic_set(&w->wrote, true);
            }
            ret = lutna_mmu_piece(w, ctx, addr, buf, len, write, &done);
            lutna_dma_end(w);
        }
        if (ret == -EAGAIN) {
            w->need_bql = true;
            continue;
        }
        if (ret) {
            *fault_addr = addr;
            return ret;
        }
        addr += done;
        buf += done;
        len -= done;
    }
    return 0;
}

int lutna_mmu_read(LutnaWorker *w, LutnaCtx *ctx, uint64_t addr, void *buf,
                   size_t len, uint64_t *fault_addr)
{
    return lutna_mmu_rw(w, ctx, addr, buf, len, false, fault_addr);
}

int lutna_mmu_write(LutnaWorker *w, LutnaCtx *ctx, uint64_t addr,
                    const void *buf, size_t len, uint64_t *fault_addr)
{
    return lutna_mmu_rw(w, ctx, addr, (void *)buf, len, true, fault_addr);
}

static void lutna_tlb_drop(LutnaTlbEntry *entry, unsigned int shift,
                           uint64_t first, uint64_t end)
{
    unsigned int scale = shift - LUTNA_PAGE_SHIFT;

    if (entry->page << scale < end && (entry->page + 1) << scale > first) {
        entry->pte = 0;
    }
}

void lutna_ctx_invalidate(LutnaCtx *ctx, uint64_t addr, uint64_t pages)
{
    uint64_t first = addr >> LUTNA_PAGE_SHIFT;
    uint64_t end = first + pages;
    LutnaTlb *tlb = &ctx->tlb;

    if (pages == LUTNA_CTX_INV_ALL) {
        first = 0;
        end = UINT64_MAX;
    }
    qemu_mutex_lock(&ctx->lock);
    for (int way = 0; way < LUTNA_TLB_WAYS; way++) {
        for (int i = 0; i < LUTNA_TLB_SETS; i++) {
            lutna_tlb_drop(&tlb->small[i][way], LUTNA_PAGE_SHIFT, first, end);
        }
        for (int i = 0; i < LUTNA_TLB_HUGE_SETS; i++) {
            lutna_tlb_drop(&tlb->huge[i][way], LUTNA_HUGE_SHIFT, first, end);
        }
    }
    ctx->epoch++;
    qemu_mutex_unlock(&ctx->lock);
}

void lutna_ctx_set_enabled(LutnaCtx *ctx, bool enabled)
{
    qemu_mutex_lock(&ctx->lock);
    ctx->enabled = enabled;
    qemu_mutex_unlock(&ctx->lock);
    if (!enabled) {
        lutna_ctx_invalidate(ctx, 0, LUTNA_CTX_INV_ALL);
    }
}

bool lutna_ctx_busy(LutnaState *s, LutnaCtx *ctx)
{
    bool busy = false;

    qemu_mutex_lock(&ctx->lock);
    for (unsigned int i = 0; i < s->nr_threads; i++) {
        busy |= ctx->users[i] && ctx->users[i] < ctx->epoch;
    }
    qemu_mutex_unlock(&ctx->lock);
    return busy;
}
