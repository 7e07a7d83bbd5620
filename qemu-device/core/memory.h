/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How core reaches device virtual memory: the QEMU device gives it the MMU, the
 * simulator a table of host buffers.
 */
#ifndef LUTNA_CORE_MEMORY_H
#define LUTNA_CORE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct lutna_fault_info - where a command went wrong
 * @code: enum lutna_fault
 * @access: 0 none, 1 read, 2 write (enum lutna_access of lutna_regs.h)
 * @addr: device virtual address of a translation or bus fault, else the byte
 *	offset in the command of the field that was refused
 */
struct lutna_fault_info {
	uint16_t code;
	uint8_t access;
	uint64_t addr;
};

/**
 * struct lutna_memory - one context's memory, as one command sees it
 * @read: copies @len bytes from @addr; returns 0, or an enum lutna_fault with
 *	*@fault_addr set to the first address that could not be read
 * @write: the same the other way; a prefix may have been written on a fault
 * @aborted: true once the queue has been told to stop; core asks between
 *	pieces of work (well under a millisecond apart) and gives up with
 *	LUTNA_FAULT_ABORTED.  May be NULL.
 * @now_ns: device time for LUTNA_OP_TIMESTAMP.  May be NULL (then 0).
 * @opaque: given to all of them
 *
 * Length is at most the tensor limit; any range of addresses may be asked for.
 */
struct lutna_memory {
	int (*read)(void *opaque, uint64_t addr, void *dst, size_t len,
		    uint64_t *fault_addr);
	int (*write)(void *opaque, uint64_t addr, const void *src, size_t len,
		     uint64_t *fault_addr);
	bool (*aborted)(void *opaque);
	uint64_t (*now_ns)(void *opaque);
	void *opaque;
};

#endif /* LUTNA_CORE_MEMORY_H */
