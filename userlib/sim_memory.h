/* SPDX-License-Identifier: MIT */
/*
 * The address space of a simulated device.
 */
#ifndef LUTNA_SIM_MEMORY_H
#define LUTNA_SIM_MEMORY_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct sim_mapping - memory of the process at a device address
 * @addr: first device address
 * @bytes: whole pages
 * @data: what it is
 * @access: LUTNA_BUFFER_DEVICE_*
 */
struct sim_mapping {
	uint64_t addr;
	uint64_t bytes;
	unsigned char *data;
	unsigned int access;
};

/**
 * struct sim_memory - an address space
 * @lock: read-held while a worker copies, so that memory may be given back once
 *	it is unmapped
 * @start: first address
 * @end: one beyond the last
 * @map: mappings by address
 * @count: how many
 * @room: how many @map has room for
 * @packed: mappings before this one leave no gap between @start and them
 */
struct sim_memory {
	pthread_rwlock_t lock;
	uint64_t start;
	uint64_t end;
	struct sim_mapping *map;
	size_t count;
	size_t room;
	size_t packed;
};

int sim_memory_init(struct sim_memory *mem, uint64_t start, uint64_t end);
void sim_memory_destroy(struct sim_memory *mem);

/**
 * sim_memory_map() - map at the first address where it fits
 * @mem: address space
 * @data: stays the caller's; must live until it is unmapped
 * @bytes: whole pages, not 0
 * @access: LUTNA_BUFFER_DEVICE_*
 * @addr: set on success
 *
 * Return: 0, -ENOMEM, -ENOSPC.
 */
int sim_memory_map(struct sim_memory *mem, void *data, uint64_t bytes,
		   unsigned int access, uint64_t *addr);

/** sim_memory_unmap() - @addr as sim_memory_map() gave it */
void sim_memory_unmap(struct sim_memory *mem, uint64_t addr);

/* As struct lutna_memory of core wants them; @opaque is struct sim_memory. */
int sim_memory_read(void *opaque, uint64_t addr, void *dst, size_t len,
		    uint64_t *fault_addr);
int sim_memory_write(void *opaque, uint64_t addr, const void *src, size_t len,
		     uint64_t *fault_addr);

#endif /* LUTNA_SIM_MEMORY_H */
