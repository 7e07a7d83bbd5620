// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: the device's address space of a context
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lutna_test.h"

#define PAGE	4096UL
#define RW	(LUTNA_MAP_READ | LUTNA_MAP_WRITE)
#define FIXED	(RW | LUTNA_MAP_FIXED)

/* What it takes to let the device do something */
struct engine {
	int fd;
	__u32 queue;
	struct test_buffer list;
};

FIXTURE(vm)
{
	int fd;
	struct lutna_info info;
	__u32 bo;
	struct engine engine;
};

/* After a fault, which its queue does not survive */
static int engine_restart(struct engine *e)
{
	return queue_create(e->fd, LUTNA_PRIORITY_NORMAL, 16, 0, &e->queue);
}

FIXTURE_SETUP(vm)
{
	self->fd = node_open(0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, get_info(self->fd, &self->info));
	ASSERT_EQ(0, bo_create(self->fd, 16 * PAGE, &self->bo, NULL));
	self->engine.fd = self->fd;
	ASSERT_EQ(0, engine_restart(&self->engine));
	ASSERT_EQ(0, buffer_open(self->fd, PAGE, &self->engine.list));
}

FIXTURE_TEARDOWN(vm)
{
	close(self->fd);
}

/* The device writes @value; 0 or a fault */
static int device_fill(struct engine *e, __u64 addr, __u64 bytes, __u8 value)
{
	struct lutna_job_result result;
	int ret;

	put_fill(&e->list, 0, addr, bytes, value);
	ret = run_list(e->fd, e->queue, e->list.addr, 1, &result);
	return ret == -EIO ? (int)result.fault : ret;
}

static int device_copy(struct engine *e, __u64 to, __u64 from, __u16 bytes)
{
	struct lutna_job_result result;
	int ret;

	put_copy(&e->list, 0, to, from, bytes);
	ret = run_list(e->fd, e->queue, e->list.addr, 1, &result);
	return ret == -EIO ? (int)result.fault : ret;
}

TEST_F(vm, refused)
{
	const __u64 start = self->info.va_start, end = self->info.va_end;
	const struct {
		__u32 flags;
		__u64 offset, bytes, addr;
		int error;
	} rows[] = {
		{ 0, 0, PAGE, 0, EINVAL },
		{ LUTNA_MAP_FIXED, 0, PAGE, start + (1 << 30), EINVAL },
		{ RW, 0, 0, 0, EINVAL },
		{ RW, 0, 1, 0, EINVAL },
		{ RW, 0, PAGE + 1, 0, EINVAL },
		{ RW, 1, PAGE, 0, EINVAL },
		{ RW, 0, PAGE, start, EINVAL },
		{ RW, 0, 17 * PAGE, 0, EOVERFLOW },
		{ RW, 16 * PAGE, PAGE, 0, EOVERFLOW },
		{ RW, 15 * PAGE, 2 * PAGE, 0, EOVERFLOW },
		{ RW, -PAGE, PAGE, 0, EOVERFLOW },
		{ RW, -PAGE, 2 * PAGE, 0, EOVERFLOW },
		{ RW, PAGE, -PAGE, 0, EOVERFLOW },
		{ FIXED, 0, PAGE, 0, EINVAL },
		{ FIXED, 0, PAGE, start - PAGE, EINVAL },
		{ FIXED, 0, PAGE, (1 << 30) + 1, EINVAL },
		{ FIXED, 0, PAGE, end, EOVERFLOW },
		{ FIXED, 0, 2 * PAGE, end - PAGE, EOVERFLOW },
		{ FIXED, 0, PAGE, -PAGE, EOVERFLOW },
		{ FIXED, 0, 2 * PAGE, -PAGE, EOVERFLOW },
	};
	__u64 addr;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct lutna_vm_map arg = {
			.flags = rows[i].flags,
			.handle = self->bo,
			.offset = rows[i].offset,
			.bytes = rows[i].bytes,
			.addr = rows[i].addr,
		};

		EXPECT_EQ(-rows[i].error,
			  call(self->fd, LUTNA_IOCTL_VM_MAP, &arg, sizeof(arg)))
			TH_LOG("row %zu", i);
	}
	/* None of them has taken an address. */
	ASSERT_EQ(0, vm_map(self->fd, self->bo, RW, 0, PAGE, &addr));
	EXPECT_EQ(self->engine.list.addr + PAGE, addr);
}

TEST_F(vm, first_fit)
{
	__u64 a, b, c, d;

	EXPECT_EQ(self->info.va_start, self->engine.list.addr);
	ASSERT_EQ(0, vm_map(self->fd, self->bo, RW, 0, 2 * PAGE, &a));
	ASSERT_EQ(0, vm_map(self->fd, self->bo, RW, 0, 3 * PAGE, &b));
	EXPECT_EQ(self->engine.list.addr + PAGE, a);
	EXPECT_EQ(a + 2 * PAGE, b);
	/* A hole is used by what fits into it. */
	ASSERT_EQ(0, vm_unmap(self->fd, a, 2 * PAGE));
	ASSERT_EQ(0, vm_map(self->fd, self->bo, RW, 0, 3 * PAGE, &c));
	EXPECT_EQ(b + 3 * PAGE, c);
	ASSERT_EQ(0, vm_map(self->fd, self->bo, RW, 0, 2 * PAGE, &d));
	EXPECT_EQ(a, d);
}

TEST_F(vm, overlap)
{
	const __u64 base = 1ULL << 30;
	static const struct {
		__s64 first, pages;
		int error;
	} rows[] = {
		{ 0, 4, EEXIST },
		{ 1, 2, EEXIST },
		{ -1, 2, EEXIST },
		{ 3, 2, EEXIST },
		{ -1, 6, EEXIST },
		{ -2, 2, 0 },
		{ 4, 1, 0 },
	};
	__u64 addr = base;
	size_t i;

	ASSERT_EQ(0, vm_map(self->fd, self->bo, FIXED, 0, 4 * PAGE, &addr));
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		addr = base + rows[i].first * PAGE;
		EXPECT_EQ(-rows[i].error, vm_map(self->fd, self->bo, FIXED, 0,
						 rows[i].pages * PAGE, &addr))
			TH_LOG("row %zu", i);
	}
}

TEST_F(vm, unmap_refused)
{
	__u64 addr;

	ASSERT_EQ(0, vm_map(self->fd, self->bo, RW, 0, 4 * PAGE, &addr));
	EXPECT_EQ(-EINVAL, vm_unmap(self->fd, addr, 0));
	EXPECT_EQ(-EINVAL, vm_unmap(self->fd, addr, 3 * PAGE));
	EXPECT_EQ(-EINVAL, vm_unmap(self->fd, addr, 5 * PAGE));
	EXPECT_EQ(-EINVAL, vm_unmap(self->fd, addr, 1));
	EXPECT_EQ(-EINVAL, vm_unmap(self->fd, addr + 1, 4 * PAGE));
	EXPECT_EQ(-ENOENT, vm_unmap(self->fd, addr + PAGE, 3 * PAGE));
	EXPECT_EQ(-ENOENT, vm_unmap(self->fd, 0, PAGE));
	EXPECT_EQ(-ENOENT, vm_unmap(self->fd, 1 << 30, PAGE));
	EXPECT_EQ(-EOVERFLOW, vm_unmap(self->fd, -PAGE, PAGE));
	EXPECT_EQ(-EOVERFLOW, vm_unmap(self->fd, -PAGE, 2 * PAGE));
	EXPECT_EQ(-EOVERFLOW, vm_unmap(self->fd, self->info.va_end, PAGE));
	EXPECT_EQ(0, vm_unmap(self->fd, addr, 4 * PAGE));
	EXPECT_EQ(-ENOENT, vm_unmap(self->fd, addr, 4 * PAGE));
}

TEST_F(vm, device_writes_where_it_should)
{
	struct test_buffer buf;
	__u64 part;
	char *mem;

	ASSERT_EQ(0, buffer_open(self->fd, 8 * PAGE, &buf));
	mem = buf.mem;
	ASSERT_EQ(0, device_fill(&self->engine, buf.addr + PAGE - 3, 7, 0xab));
	EXPECT_TRUE(all_bytes(mem, PAGE - 3, 0));
	EXPECT_TRUE(all_bytes(mem + PAGE - 3, 7, 0xab));
	EXPECT_TRUE(all_bytes(mem + PAGE + 4, 7 * PAGE - 4, 0));

	/* A second mapping, of a part */
	ASSERT_EQ(0, vm_map(self->fd, buf.handle, RW, 5 * PAGE, PAGE, &part));
	ASSERT_EQ(0, device_fill(&self->engine, part, PAGE, 0xcd));
	EXPECT_TRUE(all_bytes(mem + 5 * PAGE, PAGE, 0xcd));
	EXPECT_TRUE(all_bytes(mem + 6 * PAGE, 2 * PAGE, 0));
	EXPECT_TRUE(all_bytes(mem + 2 * PAGE, 3 * PAGE, 0));

	ASSERT_EQ(0, device_copy(&self->engine, buf.addr, part, 100));
	EXPECT_TRUE(all_bytes(mem, 100, 0xcd));
}

TEST_F(vm, rights)
{
	__u64 reads, writes;

	ASSERT_EQ(0, vm_map(self->fd, self->bo, LUTNA_MAP_READ, 0, PAGE, &reads));
	ASSERT_EQ(0, vm_map(self->fd, self->bo, LUTNA_MAP_WRITE, PAGE, PAGE, &writes));
	EXPECT_EQ(0, device_copy(&self->engine, writes, reads, 64));
	EXPECT_EQ(LUTNA_FAULT_PERMISSION, device_fill(&self->engine, reads, 1, 1));
	ASSERT_EQ(0, engine_restart(&self->engine));
	EXPECT_EQ(LUTNA_FAULT_PERMISSION, device_copy(&self->engine, writes + 64, writes, 1));
}

TEST_F(vm, neighbours_are_not_reachable)
{
	__u64 addr = 1ULL << 30;
	static const __s64 off[] = { -1, PAGE };
	size_t i;

	ASSERT_EQ(0, vm_map(self->fd, self->bo, FIXED, PAGE, PAGE, &addr));
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(LUTNA_FAULT_TRANSLATION, device_fill(&self->engine, addr + off[i], 1, 1));
		ASSERT_EQ(0, engine_restart(&self->engine));
	}
	EXPECT_EQ(0, device_fill(&self->engine, addr, PAGE, 1));
}

TEST_F(vm, unmapped_is_gone)
{
	__u64 addr;

	ASSERT_EQ(0, vm_map(self->fd, self->bo, RW, 0, PAGE, &addr));
	ASSERT_EQ(0, device_fill(&self->engine, addr, PAGE, 1));
	ASSERT_EQ(0, vm_unmap(self->fd, addr, PAGE));
	EXPECT_EQ(LUTNA_FAULT_TRANSLATION, device_fill(&self->engine, addr, PAGE, 1));
}

/* What the TLB knows must go with the mapping. */
TEST_F(vm, same_address_other_memory)
{
	struct test_buffer buf[2];
	__u64 addr = 1ULL << 31;
	int i;

	ASSERT_EQ(0, buffer_open(self->fd, PAGE, &buf[0]));
	ASSERT_EQ(0, buffer_open(self->fd, PAGE, &buf[1]));
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, vm_map(self->fd, buf[i & 1].handle, FIXED, 0, PAGE, &addr));
		ASSERT_EQ(0, device_fill(&self->engine, addr, PAGE, i + 1));
		ASSERT_EQ(0, vm_unmap(self->fd, addr, PAGE));
		EXPECT_TRUE(all_bytes(buf[i & 1].mem, PAGE, i + 1));
		EXPECT_TRUE(all_bytes(buf[~i & 1].mem, PAGE, i));
	}
}

TEST_F(vm, same_address_other_page_size)
{
	struct test_buffer large, small;
	__u64 addr = 1ULL << 31;
	int i;

	ASSERT_EQ(0, buffer_open(self->fd, 2 * HUGE_BYTES, &large));
	ASSERT_EQ(0, buffer_open(self->fd, PAGE, &small));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, vm_map(self->fd, large.handle, FIXED, 0, HUGE_BYTES, &addr));
		ASSERT_EQ(0, device_fill(&self->engine, addr + PAGE, PAGE, i + 1));
		ASSERT_EQ(0, vm_unmap(self->fd, addr, HUGE_BYTES));
		ASSERT_EQ(0, vm_map(self->fd, small.handle, FIXED, 0, PAGE, &addr));
		ASSERT_EQ(0, device_fill(&self->engine, addr, PAGE, ~i));
		ASSERT_EQ(0, vm_unmap(self->fd, addr, PAGE));
		EXPECT_TRUE(all_bytes(large.mem + PAGE, PAGE, i + 1));
		EXPECT_TRUE(all_bytes(large.mem, PAGE, 0));
		EXPECT_TRUE(all_bytes(small.mem, PAGE, ~i));
	}
}

TEST_F(vm, large_mappings_suit_large_pages)
{
	const __u64 huge = self->info.huge_page_size;
	struct test_buffer buf;
	__u64 addr;

	ASSERT_NE(0, huge);
	ASSERT_EQ(0, buffer_open(self->fd, 4 * huge, &buf));
	EXPECT_EQ(0, buf.addr % huge);
	ASSERT_EQ(0, vm_map(self->fd, buf.handle, RW, PAGE, 2 * huge, &addr));
	EXPECT_EQ(PAGE, addr % huge);
}

TEST_F(vm, every_byte_of_a_large_buffer)
{
	const __u64 bytes = 4 * HUGE_BYTES + 16 * PAGE;
	struct test_buffer buf;
	__u64 addr, i;

	ASSERT_EQ(0, buffer_open(self->fd, bytes, &buf));
	ASSERT_EQ(0, device_fill(&self->engine, buf.addr, bytes, 0x5a));
	EXPECT_TRUE(all_bytes(buf.mem, bytes, 0x5a));
	/* By an address that allows no large pages, and a part that begins in one */
	addr = (1ULL << 31) + PAGE;
	ASSERT_EQ(0, vm_map(self->fd, buf.handle, FIXED, HUGE_BYTES - PAGE, HUGE_BYTES, &addr));
	ASSERT_EQ(0, device_fill(&self->engine, addr, HUGE_BYTES, 0xa5));
	for (i = 0; i < bytes; i += PAGE) {
		bool inside = i >= HUGE_BYTES - PAGE && i < 2 * HUGE_BYTES - PAGE;

		ASSERT_TRUE(all_bytes(buf.mem + i, PAGE, inside ? 0xa5 : 0x5a));
	}
}

TEST_F(vm, both_ends)
{
	__u64 first = self->info.va_start, last = self->info.va_end - PAGE;

	ASSERT_EQ(0, vm_unmap(self->fd, self->engine.list.addr, PAGE));
	ASSERT_EQ(0, vm_map(self->fd, self->bo, FIXED, 0, PAGE, &first));
	ASSERT_EQ(0, vm_map(self->fd, self->bo, FIXED, 0, PAGE, &last));
	ASSERT_EQ(0, vm_map(self->fd, self->engine.list.handle, RW, 0, PAGE,
			    &self->engine.list.addr));
	EXPECT_EQ(0, device_fill(&self->engine, first, PAGE, 1));
	EXPECT_EQ(0, device_fill(&self->engine, last, PAGE, 1));
	EXPECT_EQ(LUTNA_FAULT_TRANSLATION, device_fill(&self->engine, last + PAGE - 1, 2, 1));
}

/* Every mapping in tables of its own: what they cost must come back. */
TEST_F(vm, far_apart_again_and_again)
{
	const __u64 step = 1ULL << 28;
	int round, i;

	for (round = 0; round < 3; round++) {
		for (i = 1; i < 1000; i++) {
			__u64 addr = i * step;

			ASSERT_EQ(0, vm_map(self->fd, self->bo, FIXED, 0, PAGE, &addr));
		}
		for (i = 1; i < 1000; i++)
			ASSERT_EQ(0, vm_unmap(self->fd, i * step, PAGE));
	}
}

TEST_F_TIMEOUT(vm, address_space_full, 120)
{
	const __u64 bytes = 256 << 20;
	__u64 addr, last = 0;
	__u32 handle;
	int ret, n = 0;

	ASSERT_EQ(0, bo_create(self->fd, bytes, &handle, NULL));
	while (!(ret = vm_map(self->fd, handle, LUTNA_MAP_READ, 0, bytes, &addr))) {
		last = addr;
		n++;
	}
	EXPECT_EQ(-ENOSPC, ret);
	/* All of it but what is below the first, and beside other mappings */
	EXPECT_EQ(self->info.va_end / bytes - 1, n);
	/* One goes, one fits. */
	ASSERT_EQ(0, vm_unmap(self->fd, last, bytes));
	EXPECT_EQ(0, vm_map(self->fd, handle, LUTNA_MAP_READ, 0, bytes, &addr));
	EXPECT_EQ(last, addr);
}

TEST_F(vm, buffer_outlives_its_handle_while_mapped)
{
	struct test_buffer buf;

	ASSERT_EQ(0, buffer_open(self->fd, PAGE, &buf));
	ASSERT_EQ(0, bo_free(self->fd, buf.handle));
	EXPECT_EQ(0, device_fill(&self->engine, buf.addr, PAGE, 9));
	EXPECT_TRUE(all_bytes(buf.mem, PAGE, 9));
	EXPECT_EQ(0, vm_unmap(self->fd, buf.addr, PAGE));
}

TEST_HARNESS_MAIN
