/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Commands and jobs for the library's tests.
 */
#ifndef USERLIB_TEST_JOB_H
#define USERLIB_TEST_JOB_H

#include <endian.h>

#include "tap.h"
#include "uapi/lutna_isa.h"

#define RW	(LUTNA_BUFFER_DEVICE_READ | LUTNA_BUFFER_DEVICE_WRITE)
#define RO	LUTNA_BUFFER_DEVICE_READ
#define WO	LUTNA_BUFFER_DEVICE_WRITE

/* A row of @count bytes */
static inline struct lutna_tensor row(uint64_t addr, unsigned int count)
{
	return (struct lutna_tensor) {
		.addr = htole64(addr),
		.n = htole16(1),
		.c = htole16(1),
		.h = htole16(1),
		.w = htole16(count),
		.stride_w = htole32(1),
		.type = LUTNA_TYPE_U8,
	};
}

static inline struct lutna_cmd_hdr hdr(unsigned int opcode)
{
	return (struct lutna_cmd_hdr) {
		.opcode = htole16(opcode),
		.version = LUTNA_ISA_VERSION,
	};
}

static inline void put_nop(void *at)
{
	struct lutna_cmd_nop cmd = { .hdr = hdr(LUTNA_OP_NOP) };

	memcpy(at, &cmd, sizeof(cmd));
}

static inline void put_timestamp(void *at, uint64_t addr)
{
	struct lutna_cmd_timestamp cmd = {
		.hdr = hdr(LUTNA_OP_TIMESTAMP),
		.addr = htole64(addr),
	};

	memcpy(at, &cmd, sizeof(cmd));
}

static inline void put_fill(void *at, uint64_t addr, unsigned int count,
			    uint8_t value)
{
	struct lutna_cmd_fill cmd = {
		.hdr = hdr(LUTNA_OP_FILL),
		.out = row(addr, count),
		.value = htole32(value),
	};

	memcpy(at, &cmd, sizeof(cmd));
}

static inline void put_table(void *at, uint64_t in, uint64_t out,
			     unsigned int count, uint64_t table)
{
	struct lutna_cmd_table cmd = {
		.hdr = hdr(LUTNA_OP_TABLE),
		.in = row(in, count),
		.out = row(out, count),
		.table = htole64(table),
	};

	memcpy(at, &cmd, sizeof(cmd));
}

static inline struct lutna_device *open_sim(const char *name)
{
	struct lutna_device *dev;

	need(!lutna_device_open(&dev, name));
	return dev;
}

static inline struct lutna_buffer *new_buffer(struct lutna_device *dev,
					      size_t bytes, unsigned int access)
{
	struct lutna_buffer *buf;

	need(!lutna_buffer_new(&buf, dev, bytes, access));
	return buf;
}

static inline struct lutna_queue *new_queue(struct lutna_device *dev,
					    unsigned int depth)
{
	struct lutna_queue *queue;

	need(!lutna_queue_new(&queue, dev, LUTNA_QUEUE_NORMAL, depth, 0));
	return queue;
}

static inline uint64_t submit(struct lutna_queue *queue, uint64_t list,
			      uint32_t count)
{
	struct lutna_job_desc job = {
		.list = list,
		.count = count,
		.unit = LUTNA_UNIT_LUTNA,
	};
	uint64_t seqno;

	need(!lutna_queue_submit(queue, &job, &seqno));
	return seqno;
}

static inline struct lutna_result wait_for(struct lutna_queue *queue,
					   uint64_t seqno)
{
	struct lutna_result result;

	need(!lutna_queue_wait(queue, seqno, -1, &result));
	return result;
}

/* A job of its own on a queue of its own, which a fault does not survive */
static inline struct lutna_result run(struct lutna_device *dev, uint64_t list,
				      uint32_t count)
{
	struct lutna_queue *queue = new_queue(dev, 2);
	struct lutna_result result;

	result = wait_for(queue, submit(queue, list, count));
	lutna_queue_free(queue);
	return result;
}

#endif /* USERLIB_TEST_JOB_H */
