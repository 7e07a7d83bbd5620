// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench_latency.h"
#include "bench_memory.h"
#include "command.h"
#include "progress.h"

#define MEMORY_BYTES	(64UL << 20)
#define RIGHTS		(LUTNA_BUFFER_DEVICE_READ | LUTNA_BUFFER_DEVICE_WRITE)

static void touch(void *mem)
{
	volatile uint8_t *byte = mem;
	size_t page = (size_t)sysconf(_SC_PAGESIZE), i;

	for (i = 0; i < MEMORY_BYTES; i += page)
		byte[i] = 1;
}

static void *map_memory(void)
{
	void *mem = mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (mem == MAP_FAILED) {
		complain("cannot map %lu bytes: %s", MEMORY_BYTES, strerror(errno));
		return NULL;
	}
	return mem;
}

/* What the kernel alone takes for it: the measure of the others. */
static int memory_touched(struct lutna_device *dev)
{
	void *mem = map_memory();

	(void)dev;
	if (!mem)
		return STATUS_FAILURE;
	touch(mem);
	munmap(mem, MEMORY_BYTES);
	return STATUS_OK;
}

static int buffer_mapped(struct lutna_device *dev)
{
	struct lutna_buffer *buf;

	if (lutna_buffer_new(&buf, dev, MEMORY_BYTES, RIGHTS))
		return complain("%s", lutna_last_error());
	lutna_buffer_free(buf);
	return STATUS_OK;
}

static int buffer_touched(struct lutna_device *dev)
{
	struct lutna_buffer *buf;

	if (lutna_buffer_new(&buf, dev, MEMORY_BYTES, RIGHTS))
		return complain("%s", lutna_last_error());
	touch(lutna_buffer_data(buf));
	lutna_buffer_free(buf);
	return STATUS_OK;
}

int bench_memory(struct lutna_device *dev, unsigned long rounds,
		 struct bench_report *report)
{
	struct {
		const char *name;
		int (*once)(struct lutna_device *dev);
		struct latency *latency;
	} ways[] = {
		{ "64 MiB: mmap, touch, munmap", memory_touched, &report->touched },
		{ "64 MiB: buffer, free", buffer_mapped, &report->mapped },
		{ "64 MiB: buffer, touch, free", buffer_touched, &report->mapped_touched },
	};
	const size_t count = sizeof(ways) / sizeof(ways[0]);
	uint64_t *ns = calloc(count * rounds, sizeof(*ns));
	int status = STATUS_OK;
	unsigned long round;
	size_t i;

	if (!ns)
		return complain("out of memory");
	/* The first round does not count. */
	for (round = 0; round <= rounds && !status; round++) {
		for (i = 0; i < count && !status; i++) {
			uint64_t start = now_ns();

			status = ways[i].once(dev);
			if (round)
				ns[i * rounds + round - 1] = now_ns() - start;
		}
	}
	for (i = 0; i < count && !status; i++)
		*ways[i].latency = latency_of(ways[i].name, ns + i * rounds, rounds);
	free(ns);
	return status;
}
