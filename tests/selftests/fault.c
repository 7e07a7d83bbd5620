// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: jobs that fail, and who is hurt by that
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lutna_test.h"

#define PAGE		4096UL
#define NOWHERE		0x800000000ULL

FIXTURE(fault)
{
	int fd;
	__u32 queue;
	__u32 other_queue;
	struct test_buffer list;
	struct test_buffer data;
};

FIXTURE_SETUP(fault)
{
	self->fd = node_open(0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_NORMAL, 8, 0, &self->queue));
	ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_NORMAL, 8, 0, &self->other_queue));
	ASSERT_EQ(0, buffer_open(self->fd, 4 * PAGE, &self->list));
	ASSERT_EQ(0, buffer_open(self->fd, PAGE, &self->data));
}

FIXTURE_TEARDOWN(fault)
{
	close(self->fd);
}

TEST_F(fault, list_not_mapped)
{
	struct lutna_job_result result;

	EXPECT_EQ(-EIO, run_list(self->fd, self->queue, NOWHERE, 1, &result));
	EXPECT_EQ(LUTNA_FAULT_TRANSLATION, result.fault);
	EXPECT_EQ(1, result.access);
	EXPECT_EQ(NOWHERE, result.fault_addr);
	EXPECT_EQ(0, result.command);
}

TEST_F(fault, list_beyond_the_address_space)
{
	struct lutna_job_result result;

	EXPECT_EQ(-EIO, run_list(self->fd, self->queue, 1ULL << 63, 1, &result));
	EXPECT_EQ(LUTNA_FAULT_TRANSLATION, result.fault);
	EXPECT_EQ(1ULL << 63, result.fault_addr);
}

TEST_F(fault, list_ends_in_the_middle)
{
	const unsigned int fit = 4 * PAGE / LUTNA_CMD_SIZE;
	struct lutna_job_result result;
	unsigned int i;

	/* Nothing is to follow the list. */
	ASSERT_EQ(0, vm_unmap(self->fd, self->data.addr, self->data.bytes));
	for (i = 0; i < fit; i++)
		put_nop(&self->list, i);
	EXPECT_EQ(-EIO, run_list(self->fd, self->queue, self->list.addr, fit + 1, &result));
	EXPECT_EQ(LUTNA_FAULT_TRANSLATION, result.fault);
	EXPECT_EQ(self->list.addr + 4 * PAGE, result.fault_addr);
	EXPECT_EQ(fit, result.command);
}

TEST_F(fault, bad_opcode_after_good_commands)
{
	const char *mem = self->data.mem;
	struct lutna_job_result result;

	put_fill(&self->list, 0, self->data.addr, 10, 1);
	put_fill(&self->list, 1, self->data.addr + 10, 10, 2);
	command(&self->list, 2, 0x7777);
	put_fill(&self->list, 3, self->data.addr + 20, 10, 3);
	EXPECT_EQ(-EIO, run_list(self->fd, self->queue, self->list.addr, 4, &result));
	EXPECT_EQ(LUTNA_FAULT_BAD_OPCODE, result.fault);
	EXPECT_EQ(2, result.command);
	EXPECT_EQ(1, mem[9]);
	EXPECT_EQ(2, mem[10]);
	EXPECT_EQ(0, mem[20]);
}

TEST_F(fault, write_to_nowhere)
{
	struct lutna_job_result result;

	put_fill(&self->list, 0, NOWHERE, 1, 1);
	EXPECT_EQ(-EIO, run_list(self->fd, self->queue, self->list.addr, 1, &result));
	EXPECT_EQ(LUTNA_FAULT_TRANSLATION, result.fault);
	EXPECT_EQ(2, result.access);
	EXPECT_EQ(NOWHERE, result.fault_addr);
}

TEST_F(fault, unit_that_does_not_exist)
{
	struct lutna_job job = { .unit = 255 };
	struct lutna_job_result result;
	__u64 seqno;

	ASSERT_EQ(0, submit_jobs(self->fd, self->queue, 0, &job, 1, NULL, &seqno));
	ASSERT_EQ(0, wait_for(self->fd, self->queue, seqno, PATIENCE, &result));
	EXPECT_EQ(-EIO, result.error);
	EXPECT_EQ(LUTNA_FAULT_BAD_ENTRY, result.fault);
}

TEST_F(fault, stops_its_queue)
{
	struct lutna_job_result result;
	struct lutna_queue_info info;
	struct lutna_job jobs[6] = { };
	__u64 seqno;
	int i;

	for (i = 0; i < 6; i++)
		jobs[i].unit = LUTNA_UNIT_LUTNA;
	jobs[2].list = NOWHERE;
	jobs[2].count = 1;
	ASSERT_EQ(0, submit_jobs(self->fd, self->queue, 0, jobs, 6, NULL, &seqno));
	ASSERT_EQ(6, seqno);
	ASSERT_EQ(0, wait_for(self->fd, self->queue, 6, PATIENCE, NULL));

	for (i = 1; i <= 6; i++) {
		ASSERT_EQ(0, wait_for(self->fd, self->queue, i, 0, &result));
		EXPECT_EQ(i < 3 ? 0 : i == 3 ? -EIO : -ECANCELED, result.error);
	}
	EXPECT_EQ(-EBADFD, submit_list(self->fd, self->queue, 0, 0, NULL));

	ASSERT_EQ(0, queue_info(self->fd, self->queue, &info));
	EXPECT_EQ(LUTNA_QUEUE_FAULTED, info.state);
	EXPECT_EQ(6, info.submitted);
	EXPECT_EQ(6, info.completed);
	EXPECT_EQ(3, info.failed);
	EXPECT_EQ(-EIO, info.failure.error);
	EXPECT_EQ(LUTNA_FAULT_TRANSLATION, info.failure.fault);
	EXPECT_EQ(NOWHERE, info.failure.fault_addr);
}

TEST_F(fault, hurts_nobody_else)
{
	int other = node_open(0);
	__u32 queue, i;

	ASSERT_LE(0, other);
	ASSERT_EQ(0, queue_create(other, LUTNA_PRIORITY_NORMAL, 8, 0, &queue));
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(-EIO, run_list(self->fd, self->queue, NOWHERE, 1, NULL));
		ASSERT_EQ(0, run_list(self->fd, self->other_queue, 0, 0, NULL));
		ASSERT_EQ(0, run_list(other, queue, 0, 0, NULL));
		/* Nor is the context spoilt. */
		ASSERT_EQ(0, queue_destroy(self->fd, self->queue));
		ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_NORMAL, 8, 0, &self->queue));
		ASSERT_EQ(0, run_list(self->fd, self->queue, 0, 0, NULL));
	}
	close(other);
}

/* A fault just when the queue is torn down */
TEST_F(fault, not_waited_for)
{
	int i;

	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, submit_list(self->fd, self->queue, NOWHERE, 1, NULL));
		ASSERT_EQ(0, queue_destroy(self->fd, self->queue));
		ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_NORMAL, 8, 0, &self->queue));
	}
	EXPECT_EQ(0, run_list(self->fd, self->queue, 0, 0, NULL));
}

TEST_F_TIMEOUT(fault, memory_taken_away_from_a_running_job, 60)
{
	struct lutna_job_result result;
	struct test_work work;
	__u32 queue;

	ASSERT_EQ(0, work_open_many(self->fd, &work));
	ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_NORMAL, 8, 600 * SECOND, &queue));
	ASSERT_EQ(0, submit_list(self->fd, queue, work.list, work.count, NULL));
	usleep(50000);
	ASSERT_EQ(0, vm_unmap(self->fd, work.list, HUGE_BYTES));
	ASSERT_EQ(0, wait_for(self->fd, queue, 1, PATIENCE, &result));
	EXPECT_EQ(-EIO, result.error);
	EXPECT_EQ(LUTNA_FAULT_TRANSLATION, result.fault);
	EXPECT_EQ(work.list + result.command * LUTNA_CMD_SIZE, result.fault_addr);
}

TEST_HARNESS_MAIN
