/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A driver for tests: brings the device up in a machine without a guest and
 * plays the guest's part by reading and writing its memory.
 */
#ifndef LUTNA_RIG_H
#define LUTNA_RIG_H

#include "qemu/osdep.h"
#include "libqtest.h"
#include "libqos/pci.h"
#include "libqos/pci-pc.h"

#include "hw/misc/lutna/uapi/lutna.h"
#include "hw/misc/lutna/uapi/lutna_isa.h"
#include "hw/misc/lutna/lutna_regs.h"

#define RIG_PAGE	4096ULL
#define RIG_HUGE	(2ULL << 20)

/* Rights of rig_map() */
#define RIG_R		LUTNA_PTE_READ
#define RIG_W		LUTNA_PTE_WRITE
#define RIG_RW		(RIG_R | RIG_W)

struct rig_cq {
	uint64_t base;
	uint32_t log2;
	uint32_t head;
};

struct rig_queue {
	uint64_t ring;
	uint64_t seq;
	uint32_t ctx;
	uint32_t log2;
	uint32_t tail;
	bool owned;
};

/**
 * struct rig - a machine with the device on slot RIG_SLOT of bus 0
 * @next: bump allocator of guest memory
 * @seqno: of the next job
 * @shift: bus address of a byte of memory less its own (an IOMMU's doing)
 * @root: page-table roots by context
 */
struct rig {
	QTestState *qts;
	QPCIBus *bus;
	QPCIDevice *dev;
	QPCIBar regs;
	QPCIBar bells;
	uint64_t next;
	uint64_t seqno;
	uint64_t shift;
	uint64_t root[LUTNA_MAX_CONTEXTS];
	struct rig_cq cq[LUTNA_MAX_VECTORS];
	struct rig_queue queue[LUTNA_MAX_QUEUES];
};

#define RIG_SLOT	4
#define RIG_QOM_PATH	"/machine/peripheral/lutna0"

/**
 * rig_qemu() - start QEMU without the device
 * @args: further arguments, or ""
 */
QTestState *rig_qemu(const char *args);

/** rig_start() - machine and device, reset and enabled, ring 0 enabled
 * @props: further properties of the device (",threads=1"), or ""
 */
struct rig *rig_start(const char *props);
/** rig_start_args() - the same with arguments for QEMU */
struct rig *rig_start_args(const char *props, const char *args);
/** rig_open() - for a QEMU that runs; @devfn as libqos counts it */
struct rig *rig_open(QTestState *qts, unsigned int devfn);
/** rig_beside() - another device in the machine of @other; ends by rig_leave() */
struct rig *rig_beside(struct rig *other, unsigned int devfn);
void rig_leave(struct rig *rig);
/** rig_probe() - map, enable and bring up a device that has just appeared */
void rig_probe(struct rig *rig, unsigned int devfn);
/** rig_move() - the machine goes on in @qts; the old one is the caller's */
void rig_move(struct rig *rig, QTestState *qts);
void rig_stop(struct rig *rig);
/** rig_bring_up() - enable the device and ring 0, as after a reset */
void rig_bring_up(struct rig *rig);
/** rig_forget() - the device was reset: forget contexts, rings and queues */
void rig_forget(struct rig *rig);

uint32_t rig_get(struct rig *rig, uint64_t reg);
uint64_t rig_get64(struct rig *rig, uint64_t reg);
void rig_put(struct rig *rig, uint64_t reg, uint32_t val);
void rig_put64(struct rig *rig, uint64_t reg, uint64_t val);
/** rig_wait() - until (register & @mask) == @val; fails the test in the end */
void rig_wait(struct rig *rig, uint64_t reg, uint32_t mask, uint32_t val);
/** rig_reset() - by LUTNA_CTRL_RESET, then bring up again */
void rig_reset(struct rig *rig);
/** rig_expect_error() - error and info latched, then reset the device */
void rig_expect_error(struct rig *rig, uint32_t code, uint64_t info);
void rig_hang(struct rig *rig, bool on);

/** rig_rand() - the same numbers every time; LUTNA_SEED=N gives others */
uint32_t rig_rand(void);
/** rig_rand_range() - @first up to but not including @end */
int rig_rand_range(int first, int end);

/** rig_alloc() - zeroed guest memory, page aligned */
uint64_t rig_alloc(struct rig *rig, uint64_t size);
uint64_t rig_alloc_aligned(struct rig *rig, uint64_t size, uint64_t align);
void rig_write(struct rig *rig, uint64_t addr, const void *buf, size_t len);
void rig_read(struct rig *rig, uint64_t addr, void *buf, size_t len);

void rig_ctx_enable(struct rig *rig, unsigned int ctx);
/** rig_map() - 4 KiB pages */
void rig_map(struct rig *rig, unsigned int ctx, uint64_t va, uint64_t bus,
	     uint64_t size, uint64_t rights);
/** rig_pte() - where the entry of @va stands at @level, made if need be */
uint64_t rig_pte(struct rig *rig, unsigned int ctx, uint64_t va, int level);
void rig_pte_write(struct rig *rig, unsigned int ctx, uint64_t va, int level,
		   uint64_t pte);
/** rig_invalidate() - and wait until it is through */
void rig_invalidate(struct rig *rig, unsigned int ctx, uint64_t va,
		    uint32_t pages);

void rig_cq_enable(struct rig *rig, unsigned int v, unsigned int log2,
		   bool irq);
/** rig_cq_peek() - is there a record at our head? */
bool rig_cq_peek(struct rig *rig, unsigned int v,
		 struct lutna_completion *record);
/** rig_cq_take() - wait for the next record and consume it */
struct lutna_completion rig_cq_take(struct rig *rig, unsigned int v);
/** rig_cq_release() - tell the device what was consumed */
void rig_cq_release(struct rig *rig, unsigned int v);
/** rig_cq_none() - assert that no record came, after the device went quiet */
void rig_cq_none(struct rig *rig, unsigned int v);

/** rig_queue_setup() - configure without start */
void rig_queue_setup(struct rig *rig, unsigned int q, unsigned int ctx,
		     unsigned int log2, unsigned int priority, unsigned int cq);
/** rig_queue_own() - after setup, before start: a process rings for it */
void rig_queue_own(struct rig *rig, unsigned int q);
void rig_queue_cmd(struct rig *rig, unsigned int q, uint32_t cmd);
void rig_queue_start(struct rig *rig, unsigned int q, unsigned int ctx,
		     unsigned int log2, unsigned int priority, unsigned int cq);
uint32_t rig_queue_state(struct rig *rig, unsigned int q);
void rig_queue_wait(struct rig *rig, unsigned int q, uint32_t state);

/** rig_entry() - put @entry into the ring without ringing the bell */
uint64_t rig_entry(struct rig *rig, unsigned int q,
		   struct lutna_job_entry entry);
void rig_bell(struct rig *rig, unsigned int q);
/** rig_submit() - entry and bell; return: sequence number */
uint64_t rig_submit(struct rig *rig, unsigned int q, uint64_t list,
		    uint32_t count);
/** rig_run() - submit a list, wait, release; return: its record */
struct lutna_completion rig_run(struct rig *rig, unsigned int q, uint64_t list,
				uint32_t count);

/** rig_msix_set() - what vector @v writes where */
void rig_msix_set(struct rig *rig, unsigned int v, uint64_t addr,
		  uint32_t data, bool masked);
/** rig_expect_irq() - wait until @data is at @addr, and clear it */
void rig_expect_irq(struct rig *rig, uint64_t addr, uint32_t data);
void rig_expect_no_irq(struct rig *rig, uint64_t addr);

/** rig_cmd() - a zeroed command with its header filled in */
void rig_cmd(void *cmd, uint16_t opcode, uint32_t tag);
/** rig_nops() - a list of @count NOPs, mapped at @va; return: bus address */
uint64_t rig_nops(struct rig *rig, unsigned int ctx, uint64_t va,
		  uint32_t count);

#endif /* LUTNA_RIG_H */
