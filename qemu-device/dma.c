/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LUT-NA device: access to guest memory.
 *
 * Workers reach RAM and nothing else.  An access that would end in a device
 * model is refused: it would need the BQL, whose holder may be waiting for
 * this very worker, and could come back to this device's own registers.
 *
 * Without an IOMMU the memory is found under RCU alone, by the lookup that
 * address_space_cache_init() does; that keeps a reference to the region, so
 * memory that is unplugged stays until the copy has ended.
 *
 * With an IOMMU the translation needs the BQL, although the models have locks
 * of their own: one that refuses an address reports it by an interrupt, which
 * asserts that the BQL is held.  address_space_cache_init() does not
 * translate, it only shows that there is an IOMMU, so a topology that changes
 * at the same time cannot lead into it by surprise.
 *
 * Either way what was written is marked dirty and translated code in it is
 * thrown away, in lutna_dma_unmap().
 */
#include "lutna.h"

/* How long a VM stop waits for commands that have begun to write */
#define LUTNA_DRAIN_MS 500

static bool lutna_gate_admits(LutnaWorker *w)
{
    LutnaGate gate = qatomic_read(&w->s->gate);

    return gate == LUTNA_GATE_OPEN ||
           (gate == LUTNA_GATE_FINISH && qatomic_read(&w->wrote));
}

bool lutna_gate_pass(LutnaWorker *w)
{
    LutnaState *s = w->s;

    while (!w->cancel && !lutna_gate_admits(w)) {
        qemu_cond_wait(&s->wake, &s->lock);
    }
    return !w->cancel;
}

int lutna_dma_begin(LutnaWorker *w)
{
    for (;;) {
        bool cancel;

        if (w->need_bql) {
            bql_lock();
        }
        qemu_mutex_lock(&w->dma_lock);
        cancel = qatomic_read(&w->cancel);
        if (!cancel && lutna_gate_admits(w)) {
            return 0;
        }
        lutna_dma_end(w);
        if (cancel) {
            return LUTNA_FAULT_ABORTED;
        }
        qemu_mutex_lock(&w->s->lock);
        lutna_gate_pass(w);
        qemu_mutex_unlock(&w->s->lock);
    }
}

void lutna_dma_end(LutnaWorker *w)
{
    qemu_mutex_unlock(&w->dma_lock);
    if (w->need_bql) {
        bql_unlock();
    }
}

static int lutna_dma_map_translated(AddressSpace *as, uint64_t bus, size_t len,
                                    LutnaDmaMap *map)
{
    MemoryRegion *mr;
    hwaddr xlat;
    hwaddr l = len;

    RCU_READ_LOCK_GUARD();
    mr = address_space_translate(as, bus, &xlat, &l, map->write,
                                 MEMTXATTRS_UNSPECIFIED);
    if (!lutna_access_is_direct(mr, map->write, MEMTXATTRS_UNSPECIFIED) ||
        l == 0) {
        return LUTNA_FAULT_DMA;
    }
    memory_region_ref(mr);
    map->ptr = (uint8_t *)memory_region_get_ram_ptr(mr) + xlat;
    map->len = MIN(l, len);
    map->translated = true;
    return 0;
}

int lutna_dma_map(LutnaWorker *w, uint64_t bus, size_t len, bool write,
                  LutnaDmaMap *map)
{
    AddressSpace *as = pci_get_address_space(PCI_DEVICE(w->s));
    bool iommu;
    int64_t l;

    map->write = write;
    if (w->need_bql) {
        return lutna_dma_map_translated(as, bus, len, map);
    }

    WITH_RCU_READ_LOCK_GUARD() {
        l = address_space_cache_init(&map->cache, as, bus, len, write);
    }
    if (l > 0 && map->cache.ptr) {
        map->ptr = map->cache.ptr;
        map->len = MIN(l, len);
        map->translated = false;
        return 0;
    }
    iommu = memory_region_get_iommu(map->cache.mrs.mr);
    address_space_cache_destroy(&map->cache);
    return iommu ? -EAGAIN : LUTNA_FAULT_DMA;
}

void lutna_dma_unmap(LutnaWorker *w, LutnaDmaMap *map)
{
    if (map->translated) {
        address_space_unmap(pci_get_address_space(PCI_DEVICE(w->s)), map->ptr,
                            map->len, map->write, map->len);
        return;
    }
    if (map->write) {
        address_space_cache_invalidate(&map->cache, 0, map->len);
    }
    address_space_cache_destroy(&map->cache);
}

static int lutna_bus_rw(LutnaWorker *w, uint64_t bus, void *buf, size_t len,
                        bool write)
{
    while (len) {
        LutnaDmaMap map;
        int ret;

        ret = lutna_dma_begin(w);
        if (ret) {
            return ret;
        }
        ret = lutna_dma_map(w, bus, MIN(len, LUTNA_DMA_PIECE), write, &map);
        if (!ret) {
            if (write) {
                memcpy(map.ptr, buf, map.len);
            } else {
                memcpy(buf, map.ptr, map.len);
            }
            lutna_dma_unmap(w, &map);
        }
        lutna_dma_end(w);
        if (ret == -EAGAIN) {
            w->need_bql = true;
            continue;
        }
        if (ret) {
            return ret;
        }
        bus += map.len;
        buf += map.len;
        len -= map.len;
    }
    return 0;
}

int lutna_bus_read(LutnaWorker *w, uint64_t bus, void *buf, size_t len)
{
    return lutna_bus_rw(w, bus, buf, len, false);
}

int lutna_bus_write(LutnaWorker *w, uint64_t bus, const void *buf, size_t len)
{
    return lutna_bus_rw(w, bus, (void *)buf, len, true);
}

int lutna_dma_map_whole(LutnaWorker *w, uint64_t bus, size_t len,
                        LutnaDmaMap *map)
{
    int ret = lutna_dma_map(w, bus, len, true, map);

    if (!ret && map->len < len) {
        map->write = false;     /* nothing was */
        lutna_dma_unmap(w, map);
        ret = LUTNA_FAULT_DMA;
    }
    return ret;
}

void lutna_dma_publish(LutnaDmaMap *map, const void *words)
{
    size_t last = map->len - 8;

    memcpy(map->ptr, words, last);
    qatomic_store_release((uint64_t *)(map->ptr + last),
                          *(const uint64_t *)((const uint8_t *)words + last));
}

void lutna_dma_sync(LutnaState *s)
{
    for (unsigned int i = 0; i < s->nr_threads; i++) {
        qemu_mutex_lock(&s->workers[i].dma_lock);
        qemu_mutex_unlock(&s->workers[i].dma_lock);
    }
}

static void lutna_gate_set(LutnaState *s, LutnaGate gate)
{
    if (s->gate != gate) {
        qatomic_set(&s->gate, gate);
        qemu_cond_broadcast(&s->wake);
        trace_lutna_gate(s->name, gate);
    }
}

void lutna_gate_update(LutnaState *s)
{
    bool open = s->vm_running && s->power && !s->exiting;

    lutna_gate_set(s, open ? LUTNA_GATE_OPEN : LUTNA_GATE_CLOSED);
    if (open) {
        lutna_wake_workers(s);
    }
}

void lutna_gate_close(LutnaState *s)
{
    qemu_mutex_lock(&s->lock);
    lutna_gate_set(s, LUTNA_GATE_CLOSED);
    qemu_mutex_unlock(&s->lock);
    lutna_dma_sync(s);
}

static bool lutna_mid_write(LutnaState *s)
{
    for (unsigned int i = 0; i < s->nr_threads; i++) {
        if (s->workers[i].busy && qatomic_read(&s->workers[i].wrote)) {
            return true;
        }
    }
    return false;
}

void lutna_gate_drain(LutnaState *s)
{
    int64_t deadline = qemu_clock_get_ms(QEMU_CLOCK_REALTIME) + LUTNA_DRAIN_MS;

    qemu_mutex_lock(&s->lock);
    if (s->gate == LUTNA_GATE_OPEN) {
        lutna_gate_set(s, LUTNA_GATE_FINISH);
        qemu_mutex_unlock(&s->lock);
        /* From here on no command begins to write, so wrote only falls. */
        lutna_dma_sync(s);
        qemu_mutex_lock(&s->lock);
        while (lutna_mid_write(s)) {
            int64_t left = deadline - qemu_clock_get_ms(QEMU_CLOCK_REALTIME);

            if (left <= 0) {
                break;
            }
            qemu_cond_timedwait(&s->drained, &s->lock, left);
        }
    }
    qemu_mutex_unlock(&s->lock);
    lutna_gate_close(s);
}
