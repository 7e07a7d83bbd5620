// SPDX-License-Identifier: MIT
/*
 * The address space of a simulated device: a sorted array of mappings.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "export.h"
#include "sim_memory.h"
#include "uapi/lutna_isa.h"

int sim_memory_init(struct sim_memory *mem, uint64_t start, uint64_t end)
{
	pthread_rwlockattr_t attr;
	int err;

	memset(mem, 0, sizeof(*mem));
	mem->start = start;
	mem->end = end;
	pthread_rwlockattr_init(&attr);
	/* Workers that always read must not keep an unmap waiting. */
	pthread_rwlockattr_setkind_np(&attr,
			PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	err = pthread_rwlock_init(&mem->lock, &attr);
	pthread_rwlockattr_destroy(&attr);
	return -err;
}

void sim_memory_destroy(struct sim_memory *mem)
{
	pthread_rwlock_destroy(&mem->lock);
	free(mem->map);
}

/* Index of the first mapping that ends beyond @addr */
static size_t find(const struct sim_memory *mem, uint64_t addr)
{
	size_t low = 0, high = mem->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct sim_mapping *map = &mem->map[mid];

		if (map->addr + map->bytes <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static uint64_t end_of_previous(const struct sim_memory *mem, size_t index)
{
	if (!index)
		return mem->start;
	return mem->map[index - 1].addr + mem->map[index - 1].bytes;
}

/* Index that a new mapping of @bytes takes, and its address */
static int find_gap(const struct sim_memory *mem, uint64_t bytes,
		    size_t *index, uint64_t *addr)
{
	size_t i;

	for (i = mem->packed; i <= mem->count; i++) {
		uint64_t from = end_of_previous(mem, i);
		uint64_t to = i < mem->count ? mem->map[i].addr : mem->end;

		if (bytes <= to - from) {
			*index = i;
			*addr = from;
			return 0;
		}
	}
	return -ENOSPC;
}

static int make_room(struct sim_memory *mem)
{
	struct sim_mapping *grown;
	size_t room;

	if (mem->count < mem->room)
		return 0;
	room = mem->room ? 2 * mem->room : 16;
	grown = reallocarray(mem->map, room, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	mem->map = grown;
	mem->room = room;
	return 0;
}

static void update_packed(struct sim_memory *mem)
{
	while (mem->packed < mem->count &&
	       mem->map[mem->packed].addr == end_of_previous(mem, mem->packed))
		mem->packed++;
}

int sim_memory_map(struct sim_memory *mem, void *data, uint64_t bytes,
		   unsigned int access, uint64_t *addr)
{
	struct sim_mapping *map;
	size_t index;
	int err;

	pthread_rwlock_wrlock(&mem->lock);
	err = make_room(mem);
	if (!err)
		err = find_gap(mem, bytes, &index, addr);
	if (!err) {
		map = &mem->map[index];
		memmove(map + 1, map, (mem->count - index) * sizeof(*map));
		map->addr = *addr;
		map->bytes = bytes;
		map->data = data;
		map->access = access;
		mem->count++;
		update_packed(mem);
	}
	pthread_rwlock_unlock(&mem->lock);
	return err;
}

void sim_memory_unmap(struct sim_memory *mem, uint64_t addr)
{
	struct sim_mapping *map;
	size_t index;

	pthread_rwlock_wrlock(&mem->lock);
	index = find(mem, addr);
	map = &mem->map[index];
	memmove(map, map + 1, (mem->count - index - 1) * sizeof(*map));
	mem->count--;
	if (mem->packed > index)
		mem->packed = index;
	pthread_rwlock_unlock(&mem->lock);
}

/*
 * Copies a range that may span several mappings, as pages would.  Under the
 * lock, so that nobody takes the memory away meanwhile.
 */
static int copy(struct sim_memory *mem, uint64_t addr, void *to,
		const void *from, size_t len, bool write, uint64_t *fault_addr)
{
	unsigned int access = write ? LUTNA_BUFFER_DEVICE_WRITE :
				      LUTNA_BUFFER_DEVICE_READ;
	int fault = LUTNA_FAULT_NONE;
	size_t index, done = 0;

	pthread_rwlock_rdlock(&mem->lock);
	for (index = find(mem, addr); done < len; index++) {
		const struct sim_mapping *map = &mem->map[index];
		uint64_t at = addr + done, part;

		if (index == mem->count || map->addr > at) {
			fault = LUTNA_FAULT_TRANSLATION;
			break;
		}
		if (!(map->access & access)) {
			fault = LUTNA_FAULT_PERMISSION;
			break;
		}
		part = map->bytes - (at - map->addr);
		if (part > len - done)
			part = len - done;
		if (write)
			memcpy(map->data + (at - map->addr),
			       (const char *)from + done, part);
		else
			memcpy((char *)to + done,
			       map->data + (at - map->addr), part);
		done += part;
	}
	pthread_rwlock_unlock(&mem->lock);
	if (fault)
		*fault_addr = addr + done;
	return fault;
}

int sim_memory_read(void *opaque, uint64_t addr, void *dst, size_t len,
		    uint64_t *fault_addr)
{
	return copy(opaque, addr, dst, NULL, len, false, fault_addr);
}

int sim_memory_write(void *opaque, uint64_t addr, const void *src, size_t len,
		     uint64_t *fault_addr)
{
	return copy(opaque, addr, NULL, src, len, true, fault_addr);
}
