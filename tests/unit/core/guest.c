// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <malloc.h>
#include <string.h>

#include "check.h"
#include "guest.h"

/* Bytes of [addr, addr + len) in front of the first that cannot be reached */
static size_t reachable(const struct guest *g, uint64_t addr, size_t len,
			uint64_t bad)
{
	if (addr < GUEST_BASE || addr - GUEST_BASE >= g->size)
		return 0;
	if (len > g->size - (addr - GUEST_BASE))
		len = g->size - (addr - GUEST_BASE);
	if (bad >= addr && bad - addr < len)
		len = bad - addr;
	return len;
}

size_t memory_used(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static void watch(struct guest *g)
{
	size_t used = g->watch ? memory_used() : 0;

	if (used > g->peak)
		g->peak = used;
}

static int guest_read(void *opaque, uint64_t addr, void *dst, size_t len,
		      uint64_t *fault_addr)
{
	struct guest *g = opaque;
	size_t n = reachable(g, addr, len, g->bad_read);

	watch(g);
	g->reads++;
	g->read_bytes += len;
	g->read_after_write += g->writes != 0;
	if (len > g->longest)
		g->longest = len;
	if (n)
		memcpy(dst, g->mem + (addr - GUEST_BASE), n);
	if (n == len)
		return 0;
	*fault_addr = addr + n;
	return LUTNA_FAULT_TRANSLATION;
}

static int guest_write(void *opaque, uint64_t addr, const void *src, size_t len,
		       uint64_t *fault_addr)
{
	struct guest *g = opaque;
	size_t n = reachable(g, addr, len, g->bad_write);

	watch(g);
	g->writes++;
	if (len > g->longest)
		g->longest = len;
	if (n)
		memcpy(g->mem + (addr - GUEST_BASE), src, n);
	if (n == len)
		return 0;
	*fault_addr = addr + n;
	return LUTNA_FAULT_PERMISSION;
}

static bool guest_aborted(void *opaque)
{
	struct guest *g = opaque;

	return ++g->asked == g->abort_at;
}

static uint64_t guest_now(void *opaque)
{
	struct guest *g = opaque;

	return g->now;
}

struct guest *guest_new(size_t size, struct rng *r)
{
	struct guest *g = calloc(1, sizeof(*g));

	if (g)
		g->mem = malloc(size);
	if (!g || !g->mem)
		bail("no memory");
	g->size = size;
	for (size_t i = 0; i < size; i++)
		g->mem[i] = rng_next(r);
	guest_reset(g);
	return g;
}

void guest_free(struct guest *g)
{
	free(g->mem);
	free(g);
}

struct lutna_memory guest_memory(struct guest *g)
{
	return (struct lutna_memory) {
		.read = guest_read,
		.write = guest_write,
		.aborted = guest_aborted,
		.now_ns = guest_now,
		.opaque = g,
	};
}

void guest_reset(struct guest *g)
{
	struct guest fresh = {
		.mem = g->mem, .size = g->size,
		.bad_read = NOWHERE, .bad_write = NOWHERE,
	};

	*g = fresh;
}

uint64_t guest_alloc(struct guest *g, size_t size, size_t align)
{
	size_t at = (g->used + align - 1) / align * align;

	if (at > g->size || size > g->size - at)
		bail("the guest of %zu bytes is too small for %zu more",
		     g->size, size);
	g->used = at + size;
	return GUEST_BASE + at;
}

void *guest_at(struct guest *g, uint64_t addr)
{
	return g->mem + (addr - GUEST_BASE);
}

static void shuffle(int *order, struct rng *r)
{
	for (int i = 3; i > 0; i--) {
		int j = rng_below(r, i + 1), t = order[i];

		order[i] = order[j];
		order[j] = t;
	}
}

static void random_strides(struct shape *s, const int *order, bool input,
			   struct rng *r)
{
	uint64_t step = s->elem;

	for (int i = 0; i < 4; i++) {
		int d = order[i];

		if (rng_one_in(r, 4))
			step += s->elem * rng_below(r, rng_one_in(r, 4) ? 200 : 5);
		s->stride[d] = step;
		if (input && rng_one_in(r, 8))
			s->stride[d] = 0;
		else if (input && rng_one_in(r, 8))
			s->stride[d] = s->elem * rng_below(r, 8);
		else
			step *= s->dim[d];
		/* Ignored, so it may be anything. */
		if (s->dim[d] == 1 && rng_one_in(r, 2))
			s->stride[d] = rng_next(r);
	}
}

static size_t extent_of(const struct shape *s)
{
	size_t extent = s->elem;

	for (int i = 0; i < 4; i++)
		if (s->dim[i] > 1)
			extent += (size_t)(s->dim[i] - 1) * s->stride[i];
	return extent;
}

void shape_place(struct shape *s, struct guest *g, enum layout layout,
		 struct rng *r)
{
	/* Dimensions from the smallest stride on */
	static const int orders[][4] = {
		[LAYOUT_NCHW] = { 3, 2, 1, 0 },
		[LAYOUT_NHWC] = { 1, 3, 2, 0 },
		[LAYOUT_CHWN] = { 0, 3, 2, 1 },
	};
	size_t most = 16384 + 3 * shape_count(s) * s->elem;
	int order[4] = { 0, 1, 2, 3 };
	uint32_t step = s->elem;

	if (layout >= LAYOUT_RANDOM_OUTPUT) {
		do {
			shuffle(order, r);
			random_strides(s, order, layout == LAYOUT_RANDOM_INPUT,
				       r);
		} while (extent_of(s) > most);
	} else {
		for (int i = 0; i < 4; i++) {
			s->stride[orders[layout][i]] = step;
			step *= s->dim[orders[layout][i]];
		}
	}
	/* A random offset, but for the alignment of an element */
	s->addr = guest_alloc(g, extent_of(s) + 64, s->elem);
	s->addr += s->elem * rng_below(r, 16);
}

struct lutna_tensor shape_tensor(const struct shape *s, uint8_t zero_point)
{
	return (struct lutna_tensor) {
		.addr = htole64(s->addr),
		.n = htole16(s->dim[0]),
		.c = htole16(s->dim[1]),
		.h = htole16(s->dim[2]),
		.w = htole16(s->dim[3]),
		.stride_n = htole32(s->stride[0]),
		.stride_c = htole32(s->stride[1]),
		.stride_h = htole32(s->stride[2]),
		.stride_w = htole32(s->stride[3]),
		.type = s->elem == 4 ? LUTNA_TYPE_S32 : LUTNA_TYPE_U8,
		.zero_point = s->elem == 4 ? 0 : zero_point,
	};
}
