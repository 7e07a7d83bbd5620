// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: jobs that are cancelled before they begin
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lutna_test.h"

#define PAGE	4096UL
#define NEVER	(600 * SECOND)
#define DEPTH	64U
/* More than the device has engines */
#define BLOCKERS	4

FIXTURE(cancel)
{
	int fd;
	__u32 blockers[BLOCKERS];
	__u32 queue;
	struct test_work work;
	struct test_buffer buf;
};

FIXTURE_SETUP(cancel)
{
	self->fd = node_open(0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, work_open_one(self->fd, &self->work));
	ASSERT_EQ(0, buffer_open(self->fd, 32 * PAGE, &self->buf));
	ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_LOW, DEPTH, NEVER, &self->queue));
}

FIXTURE_TEARDOWN(cancel)
{
	close(self->fd);
}

/*
 * Queues with jobs that last for minutes keep those of lower priority from
 * beginning: there all jobs are still to be cancelled.
 */
static int block(int fd, const struct test_work *work, __u32 *blockers)
{
	int i, ret = 0;

	for (i = 0; i < BLOCKERS && !ret; i++) {
		ret = queue_create(fd, LUTNA_PRIORITY_NORMAL, 4, NEVER, &blockers[i]);
		if (!ret)
			ret = submit_list(fd, blockers[i], work->list, work->count, NULL);
	}
	/* Each engine has begun with one of them, and finds nothing better. */
	usleep(100000);
	return ret;
}

static int unblock(int fd, const __u32 *blockers)
{
	int i, ret = 0;

	for (i = 0; i < BLOCKERS && !ret; i++)
		ret = queue_destroy(fd, blockers[i]);
	return ret;
}

static int cancel(int fd, __u32 queue, __u64 first, __u64 last, __u32 *cancelled)
{
	struct lutna_queue_cancel arg = {
		.queue = queue,
		.first = first,
		.last = last,
	};
	int ret = call(fd, LUTNA_IOCTL_QUEUE_CANCEL, &arg, sizeof(arg));

	if (!ret && cancelled)
		*cancelled = arg.cancelled;
	return ret;
}

/* One job that sets byte @index of the second half of @buf */
static int submit_mark(int fd, __u32 queue, struct test_buffer *buf, unsigned int index)
{
	put_fill(buf, index, buf->addr + 16 * PAGE + index, 1, 1);
	return submit_list(fd, queue, buf->addr + index * LUTNA_CMD_SIZE, 1, NULL);
}

static __u8 mark(const struct test_buffer *buf, unsigned int index)
{
	return ((const __u8 *)buf->mem)[16 * PAGE + index];
}

TEST_F_TIMEOUT(cancel, some_of_many, 60)
{
	struct lutna_job_result result;
	__u32 count;
	int i;

	ASSERT_EQ(0, block(self->fd, &self->work, self->blockers));
	for (i = 0; i < 20; i++)
		ASSERT_EQ(0, submit_mark(self->fd, self->queue, &self->buf, i));
	ASSERT_EQ(0, cancel(self->fd, self->queue, 5, 8, &count));
	EXPECT_EQ(4, count);
	ASSERT_EQ(0, cancel(self->fd, self->queue, 7, 10, &count));
	EXPECT_EQ(2, count);
	ASSERT_EQ(0, cancel(self->fd, self->queue, 19, UINT64_MAX, &count));
	EXPECT_EQ(2, count);
	ASSERT_EQ(0, cancel(self->fd, self->queue, 21, 30, &count));
	EXPECT_EQ(0, count);

	/* Each in its turn: not before those that come before it. */
	EXPECT_EQ(-ETIMEDOUT, wait_for(self->fd, self->queue, 5, 20 * MS, NULL));
	ASSERT_EQ(0, unblock(self->fd, self->blockers));
	for (i = 0; i < 20; i++) {
		bool gone = (i >= 4 && i < 10) || i >= 18;

		ASSERT_EQ(0, wait_for(self->fd, self->queue, i + 1, PATIENCE, &result));
		EXPECT_EQ(gone ? -ECANCELED : 0, result.error);
		EXPECT_EQ(gone ? 0 : 1, result.command);
		EXPECT_EQ(0, result.fault);
		EXPECT_EQ(!gone, mark(&self->buf, i));
	}
	/* The queue goes on, and the places that they had are as good as others. */
	for (i = 20; i < 20 + 2 * (int)DEPTH; i++)
		ASSERT_EQ(0, submit_mark(self->fd, self->queue, &self->buf, i));
	ASSERT_EQ(0, wait_for(self->fd, self->queue, i, PATIENCE, &result));
	EXPECT_EQ(0, result.error);
	for (i = 20; i < 20 + 2 * (int)DEPTH; i++)
		EXPECT_EQ(1, mark(&self->buf, i));
}

/* What has ended is not cancelled, and what is cancelled is soon forgotten. */
TEST_F(cancel, too_late)
{
	__u32 count = 9;

	ASSERT_EQ(0, submit_mark(self->fd, self->queue, &self->buf, 0));
	ASSERT_EQ(0, wait_for(self->fd, self->queue, 1, PATIENCE, NULL));
	ASSERT_EQ(0, cancel(self->fd, self->queue, 1, 1, &count));
	EXPECT_EQ(0, count);
	ASSERT_EQ(0, cancel(self->fd, self->queue, 1, UINT64_MAX, &count));
	EXPECT_EQ(0, count);
	EXPECT_EQ(1, mark(&self->buf, 0));
}

TEST_F(cancel, one_that_has_begun)
{
	struct lutna_queue_info info;
	struct test_work slow;
	__u32 count;

	ASSERT_EQ(0, queue_destroy(self->fd, self->queue));
	ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_LOW, DEPTH, 300 * MS, &self->queue));
	slow = self->work;
	ASSERT_EQ(0, submit_list(self->fd, self->queue, slow.list, slow.count, NULL));
	ASSERT_EQ(0, submit_mark(self->fd, self->queue, &self->buf, 0));
	usleep(100000);
	ASSERT_EQ(0, cancel(self->fd, self->queue, 1, 1, &count));
	EXPECT_EQ(1, count);
	/* It goes on until its time is over, and that is what it ends with. */
	ASSERT_EQ(0, wait_for(self->fd, self->queue, 2, PATIENCE, NULL));
	ASSERT_EQ(0, queue_info(self->fd, self->queue, &info));
	EXPECT_EQ(LUTNA_QUEUE_FAULTED, info.state);
	EXPECT_EQ(1, info.failed);
	EXPECT_EQ(-ETIME, info.failure.error);
	EXPECT_EQ(-EBADFD, cancel(self->fd, self->queue, 1, 1, NULL));
}

TEST_F(cancel, refused)
{
	EXPECT_EQ(-EINVAL, cancel(self->fd, self->queue, 0, 0, NULL));
	EXPECT_EQ(-EINVAL, cancel(self->fd, self->queue, 0, 5, NULL));
	EXPECT_EQ(-EINVAL, cancel(self->fd, self->queue, 2, 1, NULL));
	EXPECT_EQ(-ENOENT, cancel(self->fd, 4711, 1, 1, NULL));
	EXPECT_EQ(0, cancel(self->fd, self->queue, 1, 1, NULL));
}

/* A cancelled job that is profiled writes nothing, and is no fault. */
TEST_F_TIMEOUT(cancel, profiled, 60)
{
	struct lutna_job job = {
		.list = self->buf.addr,
		.profile = self->buf.addr + 8 * PAGE,
		.count = 1,
		.flags = LUTNA_JOB_F_PROFILE,
		.unit = LUTNA_UNIT_LUTNA,
	};
	struct lutna_job_result result;

	put_nop(&self->buf, 0);
	ASSERT_EQ(0, block(self->fd, &self->work, self->blockers));
	ASSERT_EQ(0, submit_jobs(self->fd, self->queue, 0, &job, 1, NULL, NULL));
	ASSERT_EQ(0, cancel(self->fd, self->queue, 1, 1, NULL));
	ASSERT_EQ(0, unblock(self->fd, self->blockers));
	ASSERT_EQ(0, wait_for(self->fd, self->queue, 1, PATIENCE, &result));
	EXPECT_EQ(-ECANCELED, result.error);
	EXPECT_TRUE(all_bytes(self->buf.mem + 8 * PAGE, PAGE, 0));
}

/* The end of the queue while jobs of it are cancelled: they ended once. */
TEST_F_TIMEOUT(cancel, and_the_queue_ends, 60)
{
	struct lutna_queue_info info;
	struct test_slot slot;
	__u32 count;
	int i;

	ASSERT_EQ(0, slot_of(self->fd, &slot));
	ASSERT_EQ(0, block(self->fd, &self->work, self->blockers));
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, submit_mark(self->fd, self->queue, &self->buf, i));
	ASSERT_EQ(0, cancel(self->fd, self->queue, 1, UINT64_MAX, &count));
	EXPECT_EQ(10, count);
	ASSERT_EQ(0, slot_unbind(&slot));
	EXPECT_EQ(-ENODEV, cancel(self->fd, self->queue, 1, UINT64_MAX, NULL));
	ASSERT_EQ(0, queue_info(self->fd, self->queue, &info));
	EXPECT_EQ(LUTNA_QUEUE_DEAD, info.state);
	EXPECT_EQ(10, info.completed);
	for (i = 0; i < 10; i++)
		EXPECT_EQ(0, mark(&self->buf, i));
	munmap(self->work.small.mem, self->work.small.bytes);
	munmap(self->buf.mem, self->buf.bytes);
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(0, slot_bind(&slot));
	EXPECT_EQ(0, node_appear(0, true));
}

struct canceller {
	int fd;
	__u32 queue;
	__u64 *newest;
	bool stop;
	__u64 count;
	int ret;
};

static void *cancel_again_and_again(void *arg)
{
	struct canceller *c = arg;
	__u32 count;

	while (!__atomic_load_n(&c->stop, __ATOMIC_SEQ_CST) && !c->ret) {
		__u64 newest = __atomic_load_n(c->newest, __ATOMIC_SEQ_CST);

		c->ret = cancel(c->fd, c->queue, newest + 14, newest + 16, &count);
		if (!c->ret)
			c->count += count;
	}
	return NULL;
}

/*
 * At any moment, in the very instant too in which the device takes a job: each
 * is either done or not done, and says which.
 */
TEST_F_TIMEOUT(cancel, race_with_the_device, 100)
{
	enum { JOBS = 2000, BATCH = 16 };
	__u64 newest = 0, cancelled = 0;
	struct canceller c = { self->fd, self->queue, &newest };
	struct lutna_job_result result;
	pthread_t thread;
	int i, k;

	ASSERT_EQ(0, pthread_create(&thread, NULL, cancel_again_and_again, &c));
	for (i = 0; i < JOBS || (!cancelled && i < 50 * JOBS); i += BATCH) {
		struct lutna_job jobs[BATCH] = { };

		memset(self->buf.mem + 16 * PAGE, 0, BATCH);
		for (k = 0; k < BATCH; k++) {
			put_fill(&self->buf, k, self->buf.addr + 16 * PAGE + k, 1, 1);
			jobs[k].list = self->buf.addr + k * LUTNA_CMD_SIZE;
			jobs[k].count = 1;
			jobs[k].unit = LUTNA_UNIT_LUTNA;
		}
		ASSERT_EQ(0, submit_jobs(self->fd, self->queue, 0, jobs, BATCH, NULL, NULL));
		ASSERT_EQ(0, wait_for(self->fd, self->queue, i + BATCH, PATIENCE, NULL));
		for (k = 0; k < BATCH; k++) {
			ASSERT_EQ(0, wait_for(self->fd, self->queue, i + k + 1, 0, &result));
			if (result.error)
				ASSERT_EQ(-ECANCELED, result.error);
			ASSERT_EQ(!result.error, mark(&self->buf, k));
			ASSERT_EQ(!result.error, result.command);
			cancelled += !!result.error;
		}
		__atomic_store_n(&newest, i + BATCH, __ATOMIC_SEQ_CST);
	}
	__atomic_store_n(&c.stop, true, __ATOMIC_SEQ_CST);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, c.ret);
	EXPECT_LT(0, cancelled);
	EXPECT_LE(cancelled, c.count);
}

TEST_HARNESS_MAIN
