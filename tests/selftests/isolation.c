// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: two processes that use the same addresses, or one another's,
 * and do not get at one another's memory
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lutna_test.h"

#define PAGE	4096UL
#define PAGES	8
#define ROUNDS	100
#define MINE	0x200000000ULL
#define THEIRS	0x400000000ULL

/**
 * struct side - one of the two processes
 * @list: room for a command list
 * @data: its memory, also mapped at the address that side_open() was given
 */
struct side {
	int fd;
	__u32 queue;
	struct test_buffer list;
	struct test_buffer data;
};

static int side_open(struct side *s, __u64 addr)
{
	int ret;

	s->fd = node_open(0);
	if (s->fd < 0)
		return s->fd;
	ret = queue_create(s->fd, LUTNA_PRIORITY_NORMAL, 8, 0, &s->queue);
	if (!ret)
		ret = buffer_open(s->fd, PAGE, &s->list);
	if (!ret)
		ret = buffer_open(s->fd, PAGES * PAGE, &s->data);
	if (!ret)
		ret = vm_map(s->fd, s->data.handle,
			     LUTNA_MAP_READ | LUTNA_MAP_WRITE | LUTNA_MAP_FIXED, 0,
			     PAGES * PAGE, &addr);
	return ret;
}

/* Runs the list that is to fail at @addr, and replaces the queue by a new one. */
static int must_fault(struct side *s, __u64 addr, __u32 access)
{
	struct lutna_job_result result;
	int ret;

	ret = run_list(s->fd, s->queue, s->list.addr, 1, &result);
	if (ret != -EIO || result.fault != LUTNA_FAULT_TRANSLATION ||
	    result.fault_addr != addr || result.access != access)
		return -EPROTO;
	ret = queue_destroy(s->fd, s->queue);
	return ret ?: queue_create(s->fd, LUTNA_PRIORITY_NORMAL, 8, 0, &s->queue);
}

/* Tries to write and to read every page of the other process. */
static int attack(void)
{
	struct side s;
	__u64 at;
	int ret;

	ret = side_open(&s, THEIRS);
	for (at = MINE; at < MINE + PAGES * PAGE && !ret; at += PAGE) {
		put_fill(&s.list, 0, at, PAGE, 0x66);
		ret = must_fault(&s, at, 2);
		if (ret)
			break;
		put_copy(&s.list, 0, THEIRS, at, PAGE);
		ret = must_fault(&s, at, 1);
		if (!ret && !all_bytes(s.data.mem, PAGES * PAGE, 0))
			ret = -EPROTO;
	}
	return ret;
}

static int in_child(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(-fn());
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return -ECHILD;
	return -WEXITSTATUS(status);
}

TEST(one_names_the_address_of_the_other)
{
	struct side s;

	ASSERT_EQ(0, side_open(&s, MINE));
	memset(s.data.mem, 0x42, PAGES * PAGE);
	EXPECT_EQ(0, in_child(attack));
	EXPECT_TRUE(all_bytes(s.data.mem, PAGES * PAGE, 0x42));

	/* What cannot be reached from there can be reached from here. */
	put_fill(&s.list, 0, MINE, PAGES * PAGE, 0x43);
	EXPECT_EQ(0, run_list(s.fd, s.queue, s.list.addr, 1, NULL));
	EXPECT_TRUE(all_bytes(s.data.mem, PAGES * PAGE, 0x43));
}

/* Fills its own memory at an address that the other uses too, and looks. */
static int work_at_one_address(__u8 value)
{
	struct side s;
	int ret, i;

	ret = side_open(&s, MINE);
	if (ret)
		return ret;
	for (i = 0; i < ROUNDS && !ret; i++) {
		memset(s.data.mem, 0, PAGES * PAGE);
		put_fill(&s.list, 0, MINE, PAGES * PAGE, value);
		ret = run_list(s.fd, s.queue, s.list.addr, 1, NULL);
		if (!ret && !all_bytes(s.data.mem, PAGES * PAGE, value))
			ret = -EPROTO;
	}
	return ret;
}

static int work_with_55(void)
{
	return work_at_one_address(0x55);
}

TEST(both_use_the_same_address)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(-in_child(work_with_55));
	EXPECT_EQ(0, work_at_one_address(0xaa));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* Maps, uses and unmaps, so that the device forgets translations all the time. */
static int map_and_unmap(void)
{
	const __u64 bytes = PAGES * PAGE;
	struct side s;
	__u64 addr = MINE;
	int ret, i;

	ret = side_open(&s, THEIRS);
	for (i = 0; i < ROUNDS && !ret; i++) {
		ret = vm_map(s.fd, s.data.handle, LUTNA_MAP_WRITE | LUTNA_MAP_FIXED, 0, bytes,
			     &addr);
		if (ret)
			break;
		put_fill(&s.list, 0, MINE, bytes, i);
		ret = run_list(s.fd, s.queue, s.list.addr, 1, NULL);
		if (!ret)
			ret = vm_unmap(s.fd, MINE, bytes);
		if (!ret && !all_bytes(s.data.mem, bytes, i))
			ret = -EPROTO;
	}
	return ret;
}

TEST(one_unmaps_what_the_other_uses)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(-map_and_unmap());
	EXPECT_EQ(0, work_at_one_address(0xaa));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* Memory of one that ended comes to the other without what was in it. */
TEST(nothing_is_left_behind)
{
	struct side s;
	int i;

	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, side_open(&s, MINE));
		ASSERT_TRUE(all_bytes(s.data.mem, PAGES * PAGE, 0));
		put_fill(&s.list, 0, MINE, PAGES * PAGE, 0x99);
		ASSERT_EQ(0, run_list(s.fd, s.queue, s.list.addr, 1, NULL));
		ASSERT_TRUE(all_bytes(s.data.mem, PAGES * PAGE, 0x99));
		ASSERT_EQ(0, munmap(s.data.mem, s.data.bytes));
		ASSERT_EQ(0, munmap(s.list.mem, s.list.bytes));
		ASSERT_EQ(0, close(s.fd));
	}
}

TEST_HARNESS_MAIN
