/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LUT-NA: a neural accelerator that looks products up in tables.
 *
 * This file is the PCI Express function around it: capabilities, properties,
 * reset, power and life time.  README.md is the hardware manual.
 *
 *   -device lutna[,contexts=64][,queues=128][,vectors=16][,threads=2]
 *                [,units=4096][,clock-khz=500000][,max-tensor=64M]
 *                [,max-commands=65536][,spin-ns=100000]
 *
 * The property x-hang can be set while the VM runs: the next command of every
 * queue then never ends, until its queue is stopped or x-hang is cleared.
 */
#include "lutna.h"
#include "hw/pci/msix.h"
#include "hw/pci/pcie.h"
#include "hw/pci/pcie_regs.h"
#include "migration/vmstate.h"
#include "qapi/error.h"
#include "qemu/module.h"
#include "qemu/units.h"

#define LUTNA_EXP_OFFSET    0x80
#define LUTNA_AER_OFFSET    0x100

#define LUTNA_TENSOR_MIN    (4 * KiB)
#define LUTNA_TENSOR_MAX    (1 * GiB)
#define LUTNA_COMMANDS_MAX  (1U << 24)
#define LUTNA_UNITS_MAX     (1U << 24)
#define LUTNA_SPIN_NS_MAX   1000000

void lutna_error(LutnaState *s, uint32_t code, uint64_t info)
{
    if (s->error == LUTNA_ERROR_NONE) {
        s->error = code;
        s->error_info = info;
    }
    if (s->nr_events < LUTNA_EVENTS &&
        (s->cqs[0].cfg & LUTNA_CQ_CFG_ENABLE) && !s->fatal) {
        s->events[(s->events_first + s->nr_events) % LUTNA_EVENTS] =
            (LutnaEvent) { .code = code, .info = info };
        qatomic_set(&s->nr_events, s->nr_events + 1);
        lutna_wake_workers(s);
    }
}

bool lutna_in_d0(LutnaState *s)
{
    PCIDevice *pdev = PCI_DEVICE(s);

    return !(pci_get_word(pdev->config + s->pm_cap + PCI_PM_CTRL) &
             PCI_PM_CTRL_STATE_MASK);
}

bool lutna_reset_busy(LutnaState *s)
{
    for (unsigned int i = 0; i < s->nr_threads; i++) {
        if (s->workers[i].cancel) {
            return true;
        }
    }
    return false;
}

void lutna_reset_state(LutnaState *s)
{
    for (unsigned int i = 0; i < s->nr_threads; i++) {
        if (s->workers[i].busy) {
            qatomic_set(&s->workers[i].cancel, true);
        }
    }
    for (unsigned int i = 0; i < s->nr_queues; i++) {
        s->queues[i].worker = NULL;
        lutna_queue_clear(s, &s->queues[i], true);
    }
    for (unsigned int v = 0; v < s->nr_vectors; v++) {
        s->cqs[v].base = 0;
        s->cqs[v].cfg = 0;
        s->cqs[v].head = 0;
        s->cqs[v].tail = 0;
    }
    for (unsigned int c = 0; c < s->nr_contexts; c++) {
        lutna_ctx_set_enabled(&s->ctxs[c], false);
        s->ctxs[c].pt_root = 0;
        s->ctxs[c].inv_addr = 0;
    }
    s->enabled = false;
    s->fatal = false;
    s->error = LUTNA_ERROR_NONE;
    s->error_info = 0;
    s->counts = (LutnaCounts) { 0 };
    qatomic_set(&s->nr_events, 0);
    bitmap_zero(s->irq_pending, LUTNA_MAX_VECTORS);
    qemu_cond_broadcast(&s->wake);
}

static void lutna_reset_enter(Object *obj, ResetType type)
{
    LutnaState *s = LUTNA(obj);

    trace_lutna_reset(s->name, "bus");
    qemu_mutex_lock(&s->lock);
    lutna_reset_state(s);
    /* The command register will be cleared; the next write to it tells. */
    s->power = false;
    lutna_gate_update(s);
    qemu_mutex_unlock(&s->lock);
}

static void lutna_reset_hold(Object *obj LUTNA_RESET_TYPE_ARG)
{
    LutnaState *s = LUTNA(obj);
    PCIDevice *pdev = PCI_DEVICE(s);

    /*
     * Workers may go on to compute for a moment, but what they have is
     * cancelled: after this none of them touches memory for it.
     */
    lutna_dma_sync(s);
    pci_set_word(pdev->config + s->pm_cap + PCI_PM_CTRL,
                 PCI_PM_CTRL_NO_SOFT_RESET);
    pcie_cap_deverr_reset(pdev);
}

static void lutna_power_update(LutnaState *s)
{
    PCIDevice *pdev = PCI_DEVICE(s);
    bool master = pci_get_word(pdev->config + PCI_COMMAND) & PCI_COMMAND_MASTER;

    QEMU_LOCK_GUARD(&s->lock);
    s->power = master && lutna_in_d0(s);
    lutna_gate_update(s);
}

static void lutna_config_write(PCIDevice *pdev, uint32_t addr, uint32_t val,
                               int len)
{
    LutnaState *s = LUTNA(pdev);

    /*
     * Bus mastering must not vanish under an access, which would be taken for
     * a fault: hold the workers still while the registers change.
     */
    lutna_gate_close(s);
    pci_default_write_config(pdev, addr, val, len);
    pcie_aer_write_config(pdev, addr, val, len);
    pcie_cap_flr_write_config(pdev, addr, val, len);
    lutna_power_update(s);
}

static void lutna_vm_state_change(void *opaque, bool running, RunState state)
{
    LutnaState *s = opaque;

    qemu_mutex_lock(&s->lock);
    s->vm_running = running;
    if (running) {
        lutna_gate_update(s);
    }
    qemu_mutex_unlock(&s->lock);
    if (!running) {
        lutna_gate_drain(s);
        lutna_irq_flush(s);
    }
}

static bool lutna_check_range(const char *name, uint64_t val, uint64_t min,
                              uint64_t max, Error **errp)
{
    if (val < min || val > max) {
        error_setg(errp, "lutna: %s=%" PRIu64 " is not between %" PRIu64
                   " and %" PRIu64, name, val, min, max);
        return false;
    }
    return true;
}

static bool lutna_check_properties(LutnaState *s, Error **errp)
{
    if (!lutna_check_range("contexts", s->nr_contexts, 1, LUTNA_MAX_CONTEXTS,
                           errp) ||
        !lutna_check_range("queues", s->nr_queues, 1, LUTNA_MAX_QUEUES, errp) ||
        !lutna_check_range("vectors", s->nr_vectors, 1, LUTNA_MAX_VECTORS,
                           errp) ||
        !lutna_check_range("threads", s->nr_threads, 1, LUTNA_MAX_THREADS,
                           errp) ||
        !lutna_check_range("units", s->units, 1, LUTNA_UNITS_MAX, errp) ||
        !lutna_check_range("clock-khz", s->clock_khz, 1, UINT32_MAX, errp) ||
        !lutna_check_range("max-tensor", s->max_tensor, LUTNA_TENSOR_MIN,
                           LUTNA_TENSOR_MAX, errp) ||
        !lutna_check_range("max-commands", s->max_commands, 1,
                           LUTNA_COMMANDS_MAX, errp) ||
        !lutna_check_range("spin-ns", s->spin_ns, 0, LUTNA_SPIN_NS_MAX, errp)) {
        return false;
    }
    if (!is_power_of_2(s->max_tensor)) {
        error_setg(errp, "lutna: max-tensor=%" PRIu64 " is not a power of two",
                   s->max_tensor);
        return false;
    }
    return true;
}

static bool lutna_init_pci(LutnaState *s, Error **errp)
{
    PCIDevice *pdev = PCI_DEVICE(s);
    uint32_t table_size = s->nr_vectors * PCI_MSIX_ENTRY_SIZE;
    uint32_t pba_offset = MAX(4 * KiB, pow2ceil(table_size));
    int pos;

    pos = pci_add_capability(pdev, PCI_CAP_ID_PM, 0, PCI_PM_SIZEOF, errp);
    if (pos < 0) {
        return false;
    }
    s->pm_cap = pos;
    pci_set_word(pdev->config + pos + PCI_PM_PMC, 3);
    pci_set_word(pdev->config + pos + PCI_PM_CTRL, PCI_PM_CTRL_NO_SOFT_RESET);
    pci_set_word(pdev->wmask + pos + PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK);

    memory_region_init_io(&s->regs, OBJECT(s), &lutna_regs_ops, s,
                          "lutna-registers", LUTNA_REGS_SIZE);
    pci_register_bar(pdev, LUTNA_BAR_REGS, PCI_BASE_ADDRESS_MEM_TYPE_64,
                     &s->regs);
    memory_region_init_io(&s->doorbells, OBJECT(s), &lutna_doorbell_ops, s,
                          "lutna-doorbells",
                          LUTNA_DOORBELLS_SIZE);
    pci_register_bar(pdev, LUTNA_BAR_DOORBELLS,
                     PCI_BASE_ADDRESS_MEM_TYPE_64 |
                     PCI_BASE_ADDRESS_MEM_PREFETCH, &s->doorbells);
    memory_region_init(&s->msix, OBJECT(s), "lutna-msix", pba_offset * 2);
    pci_register_bar(pdev, LUTNA_BAR_MSIX, PCI_BASE_ADDRESS_MEM_TYPE_64,
                     &s->msix);

    if (pcie_endpoint_cap_init(pdev, LUTNA_EXP_OFFSET) < 0) {
        error_setg(errp, "lutna: cannot add the PCI Express capability");
        return false;
    }
    pcie_cap_flr_init(pdev);
    pcie_cap_deverr_init(pdev);
    if (pcie_aer_init(pdev, PCI_ERR_VER, LUTNA_AER_OFFSET, PCI_ERR_SIZEOF,
                      errp) < 0) {
        pcie_cap_exit(pdev);
        return false;
    }
    if (msix_init(pdev, s->nr_vectors, &s->msix, LUTNA_BAR_MSIX, 0, &s->msix,
                  LUTNA_BAR_MSIX, pba_offset, 0, errp)) {
        pcie_aer_exit(pdev);
        pcie_cap_exit(pdev);
        return false;
    }
    for (unsigned int v = 0; v < s->nr_vectors; v++) {
        msix_vector_use(pdev, v);
    }
    return true;
}

static void lutna_exit_pci(LutnaState *s)
{
    PCIDevice *pdev = PCI_DEVICE(s);

    msix_unuse_all_vectors(pdev);
    msix_uninit(pdev, &s->msix, &s->msix);
    pcie_aer_exit(pdev);
    pcie_cap_exit(pdev);
}

static void lutna_alloc(LutnaState *s)
{
    s->ctxs = g_new0(LutnaCtx, s->nr_contexts);
    for (unsigned int c = 0; c < s->nr_contexts; c++) {
        qemu_mutex_init(&s->ctxs[c].lock);
        s->ctxs[c].epoch = 1;
        s->ctxs[c].users = g_new0(uint64_t, s->nr_threads);
    }
    s->cqs = g_new0(LutnaCq, s->nr_vectors);
    for (unsigned int v = 0; v < s->nr_vectors; v++) {
        qemu_mutex_init(&s->cqs[v].write_lock);
    }
    s->queues = g_new0(LutnaQueue, s->nr_queues);
    for (unsigned int i = 0; i < s->nr_queues; i++) {
        s->queues[i].id = i;
    }
    for (int p = 0; p < LUTNA_PRIORITIES; p++) {
        QTAILQ_INIT(&s->ready[p]);
    }
    s->workers = g_new0(LutnaWorker, s->nr_threads);
    for (unsigned int i = 0; i < s->nr_threads; i++) {
        qemu_mutex_init(&s->workers[i].dma_lock);
        s->workers[i].fetch = g_new0(LutnaFetch, LUTNA_FETCH_SLOTS);
    }
}

static void lutna_free(LutnaState *s)
{
    if (!s->workers) {
        return;
    }
    for (unsigned int i = 0; i < s->nr_threads; i++) {
        lutna_exec_free(s->workers[i].exec);
        qemu_mutex_destroy(&s->workers[i].dma_lock);
        g_free(s->workers[i].fetch);
    }
    g_free(s->workers);
    g_free(s->queues);
    for (unsigned int v = 0; v < s->nr_vectors; v++) {
        qemu_mutex_destroy(&s->cqs[v].write_lock);
    }
    g_free(s->cqs);
    for (unsigned int c = 0; c < s->nr_contexts; c++) {
        qemu_mutex_destroy(&s->ctxs[c].lock);
        g_free(s->ctxs[c].users);
    }
    g_free(s->ctxs);
}

static void lutna_realize(PCIDevice *pdev, Error **errp)
{
    LutnaState *s = LUTNA(pdev);
    DeviceState *dev = DEVICE(pdev);

    if (!lutna_check_properties(s, errp)) {
        return;
    }
    if (!pci_bus_is_express(pci_get_bus(pdev))) {
        error_setg(errp, "lutna: needs a PCI Express slot");
        return;
    }

    s->name = dev->id ? g_strdup(dev->id)
                      : g_strdup_printf("%02x.%x", PCI_SLOT(pdev->devfn),
                                        PCI_FUNC(pdev->devfn));
    lutna_alloc(s);
    for (unsigned int i = 0; i < s->nr_threads; i++) {
        if (lutna_worker_init(s, i, errp)) {
            return;
        }
    }
    if (!lutna_init_pci(s, errp)) {
        return;
    }

    s->time_base = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
    s->spin = s->spin_ns;
    s->vm_running = runstate_is_running();
    s->vm_state = qemu_add_vm_change_state_handler(lutna_vm_state_change, s);
    for (unsigned int i = 0; i < s->nr_threads; i++) {
        g_autofree char *name = g_strdup_printf("lutna/%u", i);

        object_ref(OBJECT(s));
        qemu_thread_create(&s->workers[i].thread, name, lutna_worker_main,
                           &s->workers[i], QEMU_THREAD_DETACHED);
    }
}

static void lutna_exit(PCIDevice *pdev)
{
    LutnaState *s = LUTNA(pdev);

    qemu_del_vm_change_state_handler(s->vm_state);
    qemu_mutex_lock(&s->lock);
    qatomic_set(&s->exiting, true);
    lutna_reset_state(s);
    lutna_gate_update(s);
    qemu_cond_broadcast(&s->work);
    qemu_mutex_unlock(&s->lock);
    lutna_dma_sync(s);
    lutna_exit_pci(s);
}

static bool lutna_get_hang(Object *obj, Error **errp)
{
    return LUTNA(obj)->hang;
}

static void lutna_set_hang(Object *obj, bool value, Error **errp)
{
    LutnaState *s = LUTNA(obj);

    QEMU_LOCK_GUARD(&s->lock);
    qatomic_set(&s->hang, value);
    qemu_cond_broadcast(&s->wake);
}

static void lutna_instance_init(Object *obj)
{
    LutnaState *s = LUTNA(obj);

    qemu_mutex_init(&s->lock);
    qemu_cond_init(&s->work);
    qemu_cond_init(&s->wake);
    qemu_cond_init(&s->drained);
    PCI_DEVICE(obj)->cap_present |= QEMU_PCI_CAP_EXPRESS;
}

static void lutna_instance_finalize(Object *obj)
{
    LutnaState *s = LUTNA(obj);

    lutna_free(s);
    g_free(s->name);
    qemu_cond_destroy(&s->drained);
    qemu_cond_destroy(&s->wake);
    qemu_cond_destroy(&s->work);
    qemu_mutex_destroy(&s->lock);
}

static LUTNA_PROPERTIES_CONST Property lutna_properties[] = {
    DEFINE_PROP_UINT32("contexts", LutnaState, nr_contexts, 64),
    DEFINE_PROP_UINT32("queues", LutnaState, nr_queues, 128),
    DEFINE_PROP_UINT32("vectors", LutnaState, nr_vectors, 16),
    DEFINE_PROP_UINT32("threads", LutnaState, nr_threads, 2),
    DEFINE_PROP_UINT32("units", LutnaState, units, 4096),
    DEFINE_PROP_UINT32("clock-khz", LutnaState, clock_khz, 500000),
    DEFINE_PROP_SIZE("max-tensor", LutnaState, max_tensor, 64 * MiB),
    DEFINE_PROP_UINT32("max-commands", LutnaState, max_commands, 65536),
    DEFINE_PROP_UINT32("spin-ns", LutnaState, spin_ns, 100000),
    LUTNA_PROPERTIES_END
};

static void lutna_class_init(ObjectClass *oc, LUTNA_CLASS_CONST void *data)
{
    DeviceClass *dc = DEVICE_CLASS(oc);
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(oc);
    ResettableClass *rc = RESETTABLE_CLASS(oc);

    pc->realize = lutna_realize;
    pc->exit = lutna_exit;
    pc->config_write = lutna_config_write;
    pc->vendor_id = LUTNA_PCI_VENDOR_ID;
    pc->device_id = LUTNA_PCI_DEVICE_ID;
    pc->revision = LUTNA_PCI_REVISION;
    pc->class_id = LUTNA_PCI_CLASS;
    rc->phases.enter = lutna_reset_enter;
    rc->phases.hold = lutna_reset_hold;
    dc->desc = "LUT-NA neural accelerator";
    dc->vmsd = &vmstate_lutna;
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
    device_class_set_props(dc, lutna_properties);
    object_class_property_add_bool(oc, "x-hang", lutna_get_hang,
                                   lutna_set_hang);
}

static const TypeInfo lutna_types[] = {
    {
        .name = TYPE_LUTNA,
        .parent = TYPE_PCI_DEVICE,
        .instance_size = sizeof(LutnaState),
        .instance_init = lutna_instance_init,
        .instance_finalize = lutna_instance_finalize,
        .class_init = lutna_class_init,
        .interfaces = (LUTNA_CLASS_CONST InterfaceInfo[]) {
            { INTERFACE_PCIE_DEVICE },
            { }
        },
    },
};

DEFINE_TYPES(lutna_types)
