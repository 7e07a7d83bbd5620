// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: jobs that take too long
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lutna_test.h"

#define LIMIT	(100 * MS)
#define NEVER	(600 * SECOND)
#define NORMAL	LUTNA_PRIORITY_NORMAL

FIXTURE(timeout)
{
	int fd;
	__u32 queue;
	struct test_work work;
};

FIXTURE_VARIANT(timeout)
{
	int (*work_open)(int fd, struct test_work *work);
};

FIXTURE_VARIANT_ADD(timeout, many_commands)
{
	.work_open = work_open_many,
};

FIXTURE_VARIANT_ADD(timeout, one_command)
{
	.work_open = work_open_one,
};

FIXTURE_SETUP(timeout)
{
	self->fd = node_open(0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, variant->work_open(self->fd, &self->work));
	ASSERT_EQ(0, queue_create(self->fd, NORMAL, 8, LIMIT, &self->queue));
}

FIXTURE_TEARDOWN(timeout)
{
	close(self->fd);
}

TEST_F_TIMEOUT(timeout, of_the_queue, 60)
{
	const struct test_work *work = &self->work;
	struct lutna_job_result result;
	struct lutna_queue_info info;
	__u64 last;

	ASSERT_EQ(0, submit_list(self->fd, self->queue, 0, 0, NULL));
	ASSERT_EQ(0, submit_list(self->fd, self->queue, work->list, work->count, NULL));
	ASSERT_EQ(0, submit_list(self->fd, self->queue, 0, 0, &last));
	ASSERT_EQ(0, wait_for(self->fd, self->queue, last, PATIENCE, &result));
	EXPECT_EQ(-ECANCELED, result.error);
	ASSERT_EQ(0, wait_for(self->fd, self->queue, last - 1, 0, &result));
	EXPECT_EQ(-ETIME, result.error);
	EXPECT_EQ(LUTNA_FAULT_ABORTED, result.fault);
	EXPECT_GT(work->count, result.command);
	ASSERT_EQ(0, wait_for(self->fd, self->queue, last - 2, 0, &result));
	EXPECT_EQ(0, result.error);

	EXPECT_EQ(-EBADFD, submit_list(self->fd, self->queue, 0, 0, NULL));
	ASSERT_EQ(0, queue_info(self->fd, self->queue, &info));
	EXPECT_EQ(LUTNA_QUEUE_FAULTED, info.state);
	EXPECT_EQ(last - 1, info.failed);
	EXPECT_EQ(-ETIME, info.failure.error);
}

TEST_F_TIMEOUT(timeout, of_the_job, 60)
{
	struct lutna_job job = {
		.list = self->work.list,
		.count = self->work.count,
		.unit = LUTNA_UNIT_LUTNA,
		.timeout_ns = LIMIT,
	};
	struct lutna_job_result result;
	__u32 queue;

	ASSERT_EQ(0, queue_create(self->fd, NORMAL, 8, NEVER, &queue));
	ASSERT_EQ(0, submit_jobs(self->fd, queue, 0, &job, 1, NULL, NULL));
	ASSERT_EQ(0, wait_for(self->fd, queue, 1, PATIENCE, &result));
	EXPECT_EQ(-ETIME, result.error);
}

/* The second job's limit is the shorter one. */
TEST_F_TIMEOUT(timeout, begins_with_the_job, 60)
{
	struct lutna_job jobs[2] = {
		{ .unit = LUTNA_UNIT_LUTNA, .timeout_ns = NEVER },
		{ .unit = LUTNA_UNIT_LUTNA, .timeout_ns = LIMIT },
	};
	struct lutna_job_result result;
	__u32 queue;

	jobs[1].list = self->work.list;
	jobs[1].count = self->work.count;
	ASSERT_EQ(0, queue_create(self->fd, NORMAL, 8, NEVER, &queue));
	ASSERT_EQ(0, submit_jobs(self->fd, queue, 0, jobs, 2, NULL, NULL));
	ASSERT_EQ(0, wait_for(self->fd, queue, 2, PATIENCE, &result));
	EXPECT_EQ(-ETIME, result.error);
	ASSERT_EQ(0, wait_for(self->fd, queue, 1, 0, &result));
	EXPECT_EQ(0, result.error);
}

TEST_F_TIMEOUT(timeout, hurts_nobody_else, 60)
{
	int other = node_open(0), i;
	struct test_work theirs;
	__u32 queue, busy, quick;

	ASSERT_LE(0, other);
	ASSERT_EQ(0, variant->work_open(other, &theirs));
	ASSERT_EQ(0, queue_create(other, NORMAL, 8, NEVER, &busy));
	ASSERT_EQ(0, queue_create(other, LUTNA_PRIORITY_HIGH, 8, NEVER, &quick));
	ASSERT_EQ(0, submit_list(other, busy, theirs.list, theirs.count, NULL));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(-ETIME, run_list(self->fd, self->queue, self->work.list,
					   self->work.count, NULL));
		/* A new queue of the same context is as good as new. */
		ASSERT_EQ(0, queue_destroy(self->fd, self->queue));
		ASSERT_EQ(0, queue_create(self->fd, NORMAL, 8, LIMIT, &self->queue));
		ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_HIGH, 8, 0, &queue));
		ASSERT_EQ(0, run_list(self->fd, queue, 0, 0, NULL));
		ASSERT_EQ(0, queue_destroy(self->fd, queue));
	}
	EXPECT_EQ(-ETIMEDOUT, wait_for(other, busy, 1, 0, NULL));
	EXPECT_EQ(0, run_list(other, quick, 0, 0, NULL));
	close(other);
}

TEST_F_TIMEOUT(timeout, several_at_once, 60)
{
	__u32 queues[6];
	int i;

	for (i = 0; i < 6; i++) {
		ASSERT_EQ(0, queue_create(self->fd, NORMAL, 8, LIMIT, &queues[i]));
		ASSERT_EQ(0, submit_list(self->fd, queues[i], self->work.list,
					 self->work.count, NULL));
	}
	for (i = 0; i < 6; i++) {
		struct lutna_job_result result;

		ASSERT_EQ(0, wait_for(self->fd, queues[i], 1, PATIENCE, &result));
		EXPECT_EQ(-ETIME, result.error);
	}
}

TEST_HARNESS_MAIN
