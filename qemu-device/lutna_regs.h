/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LUT-NA registers, page-table entries and completion records: what the device
 * and the driver agree on.  README.md beside this file is the manual.  Job
 * entries, which processes write too, are in uapi/lutna.h.
 *
 * Everything is little-endian.  Registers are 4 or 8 bytes wide; an 8-byte
 * register may be accessed whole or as two naturally aligned halves.
 */
#ifndef LUTNA_REGS_H
#define LUTNA_REGS_H

#include <linux/types.h>

/* PCI identity */
#define LUTNA_PCI_VENDOR_ID		0x1234
#define LUTNA_PCI_DEVICE_ID		0x4c4e
#define LUTNA_PCI_CLASS			0x1200	/* processing accelerator */
#define LUTNA_PCI_REVISION		0x01

/* Base address registers (64-bit memory, each takes two) */
#define LUTNA_BAR_REGS			0
#define LUTNA_BAR_DOORBELLS		2
#define LUTNA_BAR_MSIX			4

#define LUTNA_REGS_SIZE			0x20000

/* Architectural limits; the device at hand reports its own in LUTNA_REG_CAPS */
#define LUTNA_MAX_CONTEXTS		256
#define LUTNA_MAX_QUEUES		512
#define LUTNA_MAX_VECTORS		256

/*
 * General registers, from 0
 */
#define LUTNA_REG_ID			0x000	/* RO u32 */
#define LUTNA_ID			0x414e544c	/* "LTNA" */
#define LUTNA_REG_VERSION		0x004	/* RO u32: major 31:16, minor 15:0 */
#define LUTNA_VERSION			0x00010000
#define LUTNA_REG_FEATURES		0x008	/* RO u64: LUTNA_FEATURE_* of uapi/lutna.h */
#define LUTNA_REG_CAPS			0x010	/* RO u64 */
#define LUTNA_CAPS_CONTEXTS		0x000000000000ffffULL
#define LUTNA_CAPS_QUEUES		0x00000000ffff0000ULL
#define LUTNA_CAPS_VECTORS		0x0000ffff00000000ULL
#define LUTNA_CAPS_RING_LOG2		0x00ff000000000000ULL	/* most entries */
#define LUTNA_CAPS_VA_BITS		0xff00000000000000ULL
#define LUTNA_REG_LIMITS		0x018	/* RO u64 */
#define LUTNA_LIMITS_COMMANDS		0x00000000ffffffffULL	/* in one list */
#define LUTNA_LIMITS_TENSOR_LOG2	0x000000ff00000000ULL	/* bytes */
#define LUTNA_LIMITS_ISA_VERSION	0x0000ff0000000000ULL
#define LUTNA_REG_UNITS			0x020	/* RO u32: arithmetic units */
#define LUTNA_REG_CLOCK_KHZ		0x024	/* RO u32: modelled clock */
#define LUTNA_REG_CTRL			0x028	/* RW u32 */
#define LUTNA_CTRL_ENABLE		(1U << 0)
#define LUTNA_CTRL_RESET		(1U << 1)	/* clears itself */
#define LUTNA_REG_STATUS		0x02c	/* RO u32 */
#define LUTNA_STATUS_ENABLED		(1U << 0)
#define LUTNA_STATUS_RESET_BUSY		(1U << 1)
#define LUTNA_STATUS_FATAL		(1U << 2)	/* only a reset helps */
#define LUTNA_REG_ERROR			0x030	/* RO u32: enum lutna_error, first since reset */
#define LUTNA_REG_ERROR_INFO		0x038	/* RO u64 */
#define LUTNA_REG_TIME			0x040	/* RO u64: ns since power on */

/* Counters since device reset, RO u64 each */
#define LUTNA_REG_COUNT_DOORBELLS	0x200
#define LUTNA_REG_COUNT_JOBS		0x208
#define LUTNA_REG_COUNT_COMMANDS	0x210
#define LUTNA_REG_COUNT_FAULTS		0x218
#define LUTNA_REG_COUNT_INTERRUPTS	0x220
#define LUTNA_REG_COUNT_TLB_HITS	0x228
#define LUTNA_REG_COUNT_TLB_MISSES	0x230
#define LUTNA_REG_COUNT_CYCLES		0x238	/* load + compute + stall */
#define LUTNA_REG_COUNT_MACS		0x240
#define LUTNA_REG_COUNT_BYTES_READ	0x248
#define LUTNA_REG_COUNT_BYTES_WRITTEN	0x250

/* Codes of LUTNA_REG_ERROR and of event records */
enum lutna_error {
	LUTNA_ERROR_NONE	= 0,
	LUTNA_ERROR_REGISTER	= 1,	/* bad access; info: offset */
	LUTNA_ERROR_CONFIG	= 2,	/* bad value; info: offset */
	LUTNA_ERROR_DOORBELL	= 3,	/* foreign, missing or wrong; info: offset */
	LUTNA_ERROR_COMPLETION	= 4,	/* record could not be written; info: address */
};

/*
 * Contexts, one block of LUTNA_CTX_STRIDE bytes each
 */
#define LUTNA_REG_CTX(c)		(0x4000 + (c) * LUTNA_CTX_STRIDE)
#define LUTNA_CTX_STRIDE		0x40
#define LUTNA_CTX_PT_ROOT		0x00	/* RW u64: bus address, while disabled */
#define LUTNA_CTX_CTRL			0x08	/* RW u32 */
#define LUTNA_CTX_CTRL_ENABLE		(1U << 0)
#define LUTNA_CTX_STATUS		0x0c	/* RO u32 */
#define LUTNA_CTX_STATUS_ENABLED	(1U << 0)
#define LUTNA_CTX_STATUS_BUSY		(1U << 1)	/* old translations in use */
#define LUTNA_CTX_INV_ADDR		0x10	/* RW u64: first address */
#define LUTNA_CTX_INV_PAGES		0x18	/* WO u32: 4 KiB pages; starts it */
#define LUTNA_CTX_INV_ALL		0xffffffffU

/*
 * Completion rings, one block each; ring v raises MSI-X vector v
 */
#define LUTNA_REG_CQ(v)			(0x8000 + (v) * LUTNA_CQ_STRIDE)
#define LUTNA_CQ_STRIDE			0x20
#define LUTNA_CQ_BASE			0x00	/* RW u64: bus address, 64-byte aligned */
#define LUTNA_CQ_CFG			0x08	/* RW u32 */
#define LUTNA_CQ_CFG_LOG2		0x0000001fU	/* records, 4..16 */
#define LUTNA_CQ_CFG_IRQ		(1U << 8)
#define LUTNA_CQ_CFG_ENABLE		(1U << 31)
#define LUTNA_CQ_HEAD			0x0c	/* RW u32: records consumed, free-running */
#define LUTNA_CQ_TAIL			0x10	/* RO u32: records written, free-running */

/*
 * Queues, one block each
 */
#define LUTNA_REG_QUEUE(q)		(0x10000 + (q) * LUTNA_Q_STRIDE)
#define LUTNA_Q_STRIDE			0x40
#define LUTNA_Q_RING_BASE		0x00	/* RW u64: bus address, 64-byte aligned */
#define LUTNA_Q_SEQ_ADDR		0x08	/* RW u64: bus address of a u64, or 0 */
#define LUTNA_Q_CFG			0x10	/* RW u32 */
#define LUTNA_Q_CFG_CTX			0x0000ffffU
#define LUTNA_Q_CFG_LOG2		0x001f0000U	/* entries, 1..RING_LOG2 */
#define LUTNA_Q_CFG_PRIORITY		0x00600000U	/* 3 is served first */
#define LUTNA_Q_CFG_OWNED		0x00800000U	/* a process rings for it */
#define LUTNA_Q_CFG_CQ			0xff000000U
#define LUTNA_Q_CTRL			0x14	/* WO u32: enum lutna_q_cmd */
#define LUTNA_Q_STATUS			0x18	/* RO u32 */
#define LUTNA_Q_STATUS_STATE		0x0000000fU	/* enum lutna_q_state */
#define LUTNA_Q_STATUS_BUSY		(1U << 8)	/* a job is in flight */
#define LUTNA_Q_HEAD			0x1c	/* RO u32: jobs completed, free-running */
#define LUTNA_Q_TAIL			0x20	/* RO u32: last doorbell, free-running */
#define LUTNA_Q_FAULT			0x24	/* RO u32: of the job that stopped it */
#define LUTNA_Q_FAULT_CODE		0x0000ffffU	/* enum lutna_fault */
#define LUTNA_Q_FAULT_ACCESS		0x00ff0000U	/* enum lutna_access */
#define LUTNA_Q_FAULT_ADDR		0x28	/* RO u64: device virtual address */
#define LUTNA_Q_FAULT_CMD		0x30	/* RO u32: index in the list */
#define LUTNA_Q_ARM			0x34	/* WO u32: vector when HEAD gets there */

enum lutna_q_cmd {
	LUTNA_Q_CMD_START	= 1,	/* DISABLED, STOPPED or FAULTED -> RUNNING */
	LUTNA_Q_CMD_STOP	= 2,	/* abort the job in flight, then STOPPED */
	LUTNA_Q_CMD_PAUSE	= 3,	/* finish the job in flight, then STOPPED */
	LUTNA_Q_CMD_RESET	= 4,	/* abort, forget the ring, DISABLED */
};

enum lutna_q_state {
	LUTNA_Q_DISABLED	= 0,	/* head and tail are 0; may be configured */
	LUTNA_Q_RUNNING		= 1,
	LUTNA_Q_STOPPING	= 2,	/* STOP, PAUSE or RESET not yet through */
	LUTNA_Q_STOPPED		= 3,
	LUTNA_Q_FAULTED		= 4,	/* the fault registers say why */
};

enum lutna_access {
	LUTNA_ACCESS_NONE	= 0,
	LUTNA_ACCESS_READ	= 1,
	LUTNA_ACCESS_WRITE	= 2,
};

/*
 * Doorbells: two pages a context, the driver's in the first half of the BAR and
 * one for processes in the second.  The u32 at 8 * queue in a page of the
 * queue's own context takes the new tail (free-running: jobs ever written).
 * Queues that are OWNED are rung for in the second half, others in the first.
 */
#define LUTNA_DOORBELL_PAGE		0x1000
#define LUTNA_DOORBELL(ctx, queue)	((ctx) * LUTNA_DOORBELL_PAGE + (queue) * 8)
#define LUTNA_DOORBELL_USER(ctx, queue)	\
	LUTNA_DOORBELL(LUTNA_MAX_CONTEXTS + (ctx), queue)
#define LUTNA_DOORBELLS_SIZE		(2 * LUTNA_MAX_CONTEXTS * LUTNA_DOORBELL_PAGE)

/*
 * Page tables: three levels of 512 entries, 9 bits of address each above a
 * 4 KiB page.  A leaf stands at level 0, or at level 1 for 2 MiB.
 */
#define LUTNA_VA_BITS			39
#define LUTNA_PAGE_SHIFT		12
#define LUTNA_HUGE_SHIFT		21
#define LUTNA_PT_LEVELS			3
#define LUTNA_PT_BITS			9
#define LUTNA_PTE_VALID			(1ULL << 0)
#define LUTNA_PTE_READ			(1ULL << 1)	/* leaf only */
#define LUTNA_PTE_WRITE			(1ULL << 2)	/* leaf only */
#define LUTNA_PTE_LEAF			(1ULL << 3)
#define LUTNA_PTE_ADDR			0x000ffffffffff000ULL
#define LUTNA_PTE_RESERVED		0xfff0000000000ff0ULL

enum lutna_record_type {
	LUTNA_RECORD_JOB	= 0,	/* a job ended */
	LUTNA_RECORD_EVENT	= 1,	/* @status is an enum lutna_error, @fault_addr its info */
};

/**
 * struct lutna_completion - one record of a completion ring
 * @seqno: of the job entry
 * @queue: whose job it was
 * @context: whose queue it is
 * @status: enum lutna_fault; LUTNA_FAULT_NONE is success
 * @type: enum lutna_record_type
 * @access: enum lutna_access of a translation or bus fault
 * @command: commands executed, which is the index of the one that failed
 * @head: LUTNA_Q_HEAD after this job: entries before it may be reused
 * @fault_addr: device virtual address of a translation or bus fault
 * @cycles: modelled cycles of the job
 * @energy: toggle units of the job on the entry's unit
 * @start_ns: device time when the job's first command began
 * @duration_ns: device time from then to the end, saturated
 * @phase: bit 0: 1 on the first pass through the ring, then toggles; written
 *	last, so a record whose phase is right is whole
 */
struct lutna_completion {
	__le64 seqno;
	__le16 queue;
	__le16 context;
	__le16 status;
	__u8 type;
	__u8 access;
	__le32 command;
	__le32 head;
	__le64 fault_addr;
	__le64 cycles;
	__le64 energy;
	__le64 start_ns;
	__le32 duration_ns;
	__le32 phase;
};

#endif /* LUTNA_REGS_H */
