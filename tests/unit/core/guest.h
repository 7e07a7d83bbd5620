/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest's memory that can fail, and tensors in it.
 */
#ifndef CORE_TEST_GUEST_H
#define CORE_TEST_GUEST_H

#include "core/exec.h"
#include "rng.h"

#define GUEST_BASE	0x4000000000ULL
#define NOWHERE		UINT64_MAX

/**
 * struct guest - memory from GUEST_BASE on, and what core did to it
 * @mem: its bytes
 * @size: how many; an access beyond is a LUTNA_FAULT_TRANSLATION
 * @used: taken by guest_alloc()
 * @bad_read: address that cannot be read, or NOWHERE
 * @bad_write: address that cannot be written, or NOWHERE
 * @reads: calls of the read callback
 * @writes: calls of the write callback
 * @read_after_write: reads that came after a write
 * @read_bytes: bytes that were asked for
 * @longest: length of the longest access
 * @abort_at: the call of the abort callback that says yes; 0 never
 * @asked: calls of the abort callback
 * @now: answer to now_ns
 * @watch: look at the process's memory at every access
 * @peak: the most that was seen, in bytes
 */
struct guest {
	uint8_t *mem;
	size_t size;
	size_t used;
	uint64_t bad_read;
	uint64_t bad_write;
	unsigned long reads;
	unsigned long writes;
	unsigned long read_after_write;
	uint64_t read_bytes;
	size_t longest;
	unsigned long abort_at;
	unsigned long asked;
	uint64_t now;
	bool watch;
	size_t peak;
};

/** memory_used() - bytes that the process has allocated */
size_t memory_used(void);

/** guest_new() - @size bytes of random content; exits without memory */
struct guest *guest_new(size_t size, struct rng *r);
void guest_free(struct guest *g);

/** guest_memory() - as core sees it */
struct lutna_memory guest_memory(struct guest *g);

/** guest_reset() - forget what was counted and what is to fail, and @used */
void guest_reset(struct guest *g);

/** guest_alloc() - @size bytes at a multiple of @align; returns the address */
uint64_t guest_alloc(struct guest *g, size_t size, size_t align);

/** guest_at() - a guest's address in @g->mem */
void *guest_at(struct guest *g, uint64_t addr);

/**
 * struct shape - a tensor as a test thinks of it
 * @dim: n, c, h, w
 * @stride: bytes
 * @addr: of the first element
 * @elem: bytes of an element
 */
struct shape {
	uint32_t dim[4];
	uint32_t stride[4];
	uint64_t addr;
	uint8_t elem;
};

enum layout {
	LAYOUT_NCHW,
	LAYOUT_NHWC,
	LAYOUT_CHWN,
	LAYOUT_RANDOM_OUTPUT,	/* any order, any gaps */
	LAYOUT_RANDOM_INPUT,	/* that, and strides of 0 and overlaps */
};

/** shape_place() - choose strides for @s->dim and @s->elem, and allocate */
void shape_place(struct shape *s, struct guest *g, enum layout layout,
		 struct rng *r);

/** shape_tensor() - the tensor of a command */
struct lutna_tensor shape_tensor(const struct shape *s, uint8_t zero_point);

/** shape_addr() - address of an element */
static inline uint64_t shape_addr(const struct shape *s, uint32_t n, uint32_t c,
				  uint32_t h, uint32_t w)
{
	return s->addr + (uint64_t)n * s->stride[0] + (uint64_t)c * s->stride[1] +
	       (uint64_t)h * s->stride[2] + (uint64_t)w * s->stride[3];
}

/** shape_count() - elements */
static inline uint64_t shape_count(const struct shape *s)
{
	return (uint64_t)s->dim[0] * s->dim[1] * s->dim[2] * s->dim[3];
}

#endif /* CORE_TEST_GUEST_H */
