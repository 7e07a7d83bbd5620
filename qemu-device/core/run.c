// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest memory and scratch memory of a command.
 */
#include <stdlib.h>

#include "decode.h"
#include "run.h"

#define ALIGN	64

/* enum lutna_access of lutna_regs.h, which core does not include */
enum { ACCESS_READ = 1, ACCESS_WRITE = 2 };

static int memory_fault(struct lutna_run *run, int code, int access,
			uint64_t addr)
{
	run->fault->code = code;
	run->fault->access = access;
	run->fault->addr = addr;
	return code;
}

int lutna_run_read(struct lutna_run *run, uint64_t addr, void *dst, size_t len)
{
	uint8_t *p = dst;

	while (len) {
		size_t n = len < run->max_read ? len : run->max_read;
		uint64_t bad = addr;
		int rc = run->mem->read(run->mem->opaque, addr, p, n, &bad);

		if (rc)
			return memory_fault(run, rc, ACCESS_READ, bad);
		rc = lutna_run_tick(run, n / 8);
		if (rc)
			return rc;
		addr += n;
		p += n;
		len -= n;
	}
	return 0;
}

int lutna_run_write(struct lutna_run *run, uint64_t addr, const void *src,
		    size_t len)
{
	const uint8_t *p = src;

	while (len) {
		size_t n = len < run->max_read ? len : run->max_read;
		uint64_t bad = addr;
		int rc = run->mem->write(run->mem->opaque, addr, p, n, &bad);

		if (rc)
			return memory_fault(run, rc, ACCESS_WRITE, bad);
		rc = lutna_run_tick(run, n / 8);
		if (rc)
			return rc;
		addr += n;
		p += n;
		len -= n;
	}
	return 0;
}

void *lutna_run_scratch(struct lutna_run *run, enum lutna_scratch which,
			size_t size)
{
	struct lutna_scratch_buf *buf = &run->scratch[which];
	size_t total = (size + LUTNA_SCRATCH_SLACK + ALIGN - 1) & ~(ALIGN - 1UL);

	if (buf->size >= size && buf->mem)
		return buf->mem;

	free(buf->mem);
	buf->size = 0;
	buf->mem = total > size ? aligned_alloc(ALIGN, total) : NULL;
	if (!buf->mem) {
		lutna_refuse(run->fault, LUTNA_FAULT_INTERNAL, 0);
		return NULL;
	}
	buf->size = total - LUTNA_SCRATCH_SLACK;
	return buf->mem;
}

void lutna_run_scratch_trim(struct lutna_scratch_buf *scratch, size_t keep)
{
	for (int i = 0; i < LUTNA_SCRATCH_COUNT; i++) {
		if (scratch[i].size <= keep)
			continue;
		free(scratch[i].mem);
		scratch[i].mem = NULL;
		scratch[i].size = 0;
	}
}

int lutna_run_aborted(struct lutna_run *run)
{
	run->work = 0;
	if (!run->mem->aborted || !run->mem->aborted(run->mem->opaque))
		return 0;
	return lutna_refuse(run->fault, LUTNA_FAULT_ABORTED, 0);
}
