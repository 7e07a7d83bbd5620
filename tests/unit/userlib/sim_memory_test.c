// SPDX-License-Identifier: GPL-2.0-only
/*
 * The simulator's address space against a slow model of pages.
 */
#include <errno.h>

#include "sim_memory.h"
#include "tap.h"
#include "uapi/lutna_isa.h"

#define PAGE	4096u
#define PAGES	64
#define START	0x10000u

/* By page: which mapping and what it allows; 0: none */
static unsigned char owner[PAGES];
static unsigned int rights[PAGES];
static unsigned char backing[PAGES][PAGES * PAGE];

static unsigned int first_fit(unsigned int pages)
{
	unsigned int at, n;

	for (at = 0; at + pages <= PAGES; at++) {
		for (n = 0; n < pages && !owner[at + n]; n++)
			;
		if (n == pages)
			return at;
	}
	return PAGES;
}

static int slow_access(uint64_t addr, size_t len, unsigned int access,
		       uint64_t *fault)
{
	size_t i;

	for (i = 0; i < len; i++) {
		uint64_t page = (addr + i - START) / PAGE;

		*fault = addr + i;
		if (addr + i < START || page >= PAGES || !owner[page])
			return LUTNA_FAULT_TRANSLATION;
		if (!(rights[page] & access))
			return LUTNA_FAULT_PERMISSION;
	}
	return LUTNA_FAULT_NONE;
}

static bool compare_access(struct sim_memory *mem, unsigned int access)
{
	static unsigned char buf[4 * PAGE];
	uint64_t addr = START - PAGE +
			(uint64_t)(rand() % ((PAGES + 2) * PAGE));
	size_t len = (size_t)(rand() % (int)sizeof(buf));
	uint64_t fault = 0, want = 0;
	int code, expect;

	expect = slow_access(addr, len, access, &want);
	if (access == LUTNA_BUFFER_DEVICE_READ)
		code = sim_memory_read(mem, addr, buf, len, &fault);
	else
		code = sim_memory_write(mem, addr, buf, len, &fault);
	return code == expect && (!code || fault == want);
}

static bool map_some(struct sim_memory *mem)
{
	unsigned int pages = 1 + (unsigned int)rand() % 6;
	unsigned int access = 1 + (unsigned int)rand() % 3;
	unsigned int at = first_fit(pages), n;
	uint64_t addr = 0;
	int err;

	err = sim_memory_map(mem, backing[at % PAGES],
			     (uint64_t)pages * PAGE, access, &addr);
	if (at == PAGES)
		return err == -ENOSPC;
	for (n = 0; n < pages; n++) {
		owner[at + n] = (unsigned char)(at + 1);
		rights[at + n] = access;
	}
	return !err && addr == START + (uint64_t)at * PAGE;
}

static void unmap_some(struct sim_memory *mem)
{
	unsigned int page = (unsigned int)rand() % PAGES, n;
	unsigned char who = owner[page];

	if (!who)
		return;
	for (n = 0; n < PAGES; n++) {
		if (owner[n] == who)
			owner[n] = 0;
	}
	sim_memory_unmap(mem, START + (who - 1u) * (uint64_t)PAGE);
}

static void test_random(void)
{
	unsigned int step, wrong_map = 0, wrong_read = 0, wrong_write = 0;
	struct sim_memory mem;

	need(!sim_memory_init(&mem, START, START + PAGES * PAGE));
	srand(1);
	for (step = 0; step < 20000; step++) {
		if (rand() % 2)
			wrong_map += !map_some(&mem);
		else
			unmap_some(&mem);
		wrong_read += !compare_access(&mem, LUTNA_BUFFER_DEVICE_READ);
		wrong_write += !compare_access(&mem, LUTNA_BUFFER_DEVICE_WRITE);
	}
	ok(!wrong_map, "addresses are the first that fit");
	ok(!wrong_read, "reads fault as pages would");
	ok(!wrong_write, "writes fault as pages would");
	sim_memory_destroy(&mem);
}

static void test_content(void)
{
	static unsigned char one[PAGE], two[PAGE], buf[2 * PAGE];
	uint64_t a, b, fault = 0;
	struct sim_memory mem;
	size_t i;

	need(!sim_memory_init(&mem, START, START + PAGES * PAGE));
	need(!sim_memory_map(&mem, one, PAGE, 3, &a));
	need(!sim_memory_map(&mem, two, PAGE, 3, &b));
	for (i = 0; i < sizeof(buf); i++)
		buf[i] = (unsigned char)(i * 7 + i / PAGE);
	ok(b == a + PAGE &&
	   !sim_memory_write(&mem, a + 100, buf, PAGE, &fault) &&
	   !memcmp(one + 100, buf, PAGE - 100) &&
	   !memcmp(two, buf + PAGE - 100, 100),
	   "a write across two mappings");
	memset(buf, 0, sizeof(buf));
	ok(!sim_memory_read(&mem, a, buf, 2 * PAGE, &fault) &&
	   !memcmp(buf, one, PAGE) && !memcmp(buf + PAGE, two, PAGE),
	   "a read across two mappings");
	ok(sim_memory_read(&mem, UINT64_MAX - 3, buf, 8, &fault) ==
	   LUTNA_FAULT_TRANSLATION && fault == UINT64_MAX - 3,
	   "a range beyond the last address");
	ok(!sim_memory_read(&mem, 0, buf, 0, &fault), "nothing at all");
	memset(one, 1, PAGE);
	ok(sim_memory_write(&mem, b + PAGE - 1, "ab", 2, &fault) ==
	   LUTNA_FAULT_TRANSLATION && fault == b + PAGE && two[PAGE - 1] == 'a',
	   "what comes before a fault is written");
	sim_memory_destroy(&mem);
}

int main(void)
{
	test_random();
	test_content();
	return tap_done();
}
