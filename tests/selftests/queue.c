// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: queues and contexts
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lutna_test.h"

#define NORMAL	LUTNA_PRIORITY_NORMAL
#define MAX	1024

FIXTURE(queue)
{
	int fd;
	struct lutna_info info;
};

FIXTURE_SETUP(queue)
{
	self->fd = node_open(0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, get_info(self->fd, &self->info));
}

FIXTURE_TEARDOWN(queue)
{
	close(self->fd);
}

TEST_F(queue, create_refused)
{
	const __u32 most = self->info.max_depth;
	const struct {
		__u32 priority, depth;
		int error;
	} rows[] = {
		{ NORMAL, 2, 0 },
		{ NORMAL, most, 0 },
		{ LUTNA_PRIORITY_REALTIME, 2, 0 },
		{ LUTNA_PRIORITY_REALTIME + 1, 2, EOPNOTSUPP },
		{ UINT32_MAX, 2, EOPNOTSUPP },
		{ NORMAL, 0, EINVAL },
		{ NORMAL, 1, EINVAL },
		{ NORMAL, 3, EINVAL },
		{ NORMAL, most - 1, EINVAL },
		{ NORMAL, 2 * most, EINVAL },
		{ NORMAL, 1U << 31, EINVAL },
		{ NORMAL, UINT32_MAX, EINVAL },
	};
	__u32 handle;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		EXPECT_EQ(-rows[i].error, queue_create(self->fd, rows[i].priority,
						       rows[i].depth, 0, &handle))
			TH_LOG("row %zu", i);
}

TEST_F(queue, high_priority_takes_a_privilege)
{
	__u32 handle;

	ASSERT_EQ(0, without_privilege());
	EXPECT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_LOW, 2, 0, &handle));
	EXPECT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_NORMAL, 2, 0, &handle));
	EXPECT_EQ(-EACCES, queue_create(self->fd, LUTNA_PRIORITY_HIGH, 2, 0, &handle));
	EXPECT_EQ(-EACCES, queue_create(self->fd, LUTNA_PRIORITY_REALTIME, 2, 0, &handle));
}

TEST_F(queue, tells_of_itself)
{
	struct lutna_queue_info info;
	__u32 handle, dflt;

	ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_LOW, 8, 5 * SECOND, &handle));
	ASSERT_EQ(0, queue_info(self->fd, handle, &info));
	EXPECT_EQ(LUTNA_QUEUE_ACTIVE, info.state);
	EXPECT_EQ(LUTNA_PRIORITY_LOW, info.priority);
	EXPECT_EQ(8, info.depth);
	EXPECT_EQ(5 * SECOND, info.timeout_ns);
	EXPECT_EQ(0, info.submitted);
	EXPECT_EQ(0, info.completed);
	EXPECT_EQ(0, info.failed);

	ASSERT_EQ(0, run_list(self->fd, handle, 0, 0, NULL));
	ASSERT_EQ(0, run_list(self->fd, handle, 0, 0, NULL));
	ASSERT_EQ(0, queue_info(self->fd, handle, &info));
	EXPECT_EQ(2, info.submitted);
	EXPECT_EQ(2, info.completed);

	ASSERT_EQ(0, queue_create(self->fd, NORMAL, 8, 0, &dflt));
	ASSERT_EQ(0, queue_info(self->fd, dflt, &info));
	EXPECT_LT(0, info.timeout_ns);
}

TEST_F(queue, as_many_as_promised)
{
	__u32 handles[MAX], i, n = 0;
	int ret;

	ASSERT_LT(self->info.max_queues, MAX);
	while (!(ret = queue_create(self->fd, NORMAL, 2, 0, &handles[n])))
		n++;
	EXPECT_EQ(-ENOSPC, ret);
	EXPECT_EQ(self->info.max_queues, n);
	for (i = 0; i < n; i++)
		EXPECT_EQ(0, run_list(self->fd, handles[i], 0, 0, NULL));
	ASSERT_EQ(0, queue_destroy(self->fd, handles[n / 2]));
	ASSERT_EQ(0, queue_create(self->fd, NORMAL, 2, 0, &handles[0]));
	EXPECT_EQ(0, run_list(self->fd, handles[0], 0, 0, NULL));
}

TEST_F(queue, all_of_the_device)
{
	int fds[MAX], i, n = 0, ret = 0;
	__u32 handle;

	/* Contexts full of queues, until the device has no more of them */
	while (n < MAX && !ret) {
		fds[n] = node_open(0);
		ASSERT_LE(0, fds[n]);
		for (i = 0; i < (int)self->info.max_queues && !ret; i++)
			ret = queue_create(fds[n], NORMAL, 2, 0, &handle);
		n++;
	}
	EXPECT_EQ(-ENOSPC, ret);
	for (i = 0; i < n; i++)
		close(fds[i]);
	EXPECT_EQ(0, queue_create(self->fd, NORMAL, 2, 0, &handle));
	EXPECT_EQ(0, run_list(self->fd, handle, 0, 0, NULL));
}

TEST_F(queue, all_contexts_of_the_device)
{
	struct rlimit files = { 2 * MAX, 2 * MAX };
	int fds[MAX], i, n;
	__u32 handle;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &files));
	for (n = 0; n < MAX; n++) {
		fds[n] = node_open(0);
		if (fds[n] < 0)
			break;
	}
	ASSERT_LT(0, n);
	EXPECT_EQ(-ENOSPC, fds[n]);
	/* The last is as good as the first. */
	ASSERT_EQ(0, queue_create(fds[n - 1], NORMAL, 2, 0, &handle));
	EXPECT_EQ(0, run_list(fds[n - 1], handle, 0, 0, NULL));
	for (i = 0; i < n; i++)
		close(fds[i]);
	fds[0] = node_open(0);
	EXPECT_LE(0, fds[0]);
}

/* Numbers at the device are used again: nothing of before may show. */
TEST_F(queue, again_and_again)
{
	__u32 handle;
	__u64 seqno;
	int i;

	for (i = 0; i < 200; i++) {
		ASSERT_EQ(0, queue_create(self->fd, NORMAL, 4, 0, &handle));
		ASSERT_EQ(0, submit_list(self->fd, handle, 0, 0, &seqno));
		ASSERT_EQ(1, seqno);
		if (i & 1)
			ASSERT_EQ(0, wait_for(self->fd, handle, seqno, PATIENCE, NULL));
		ASSERT_EQ(0, queue_destroy(self->fd, handle));
	}
}

TEST_F_TIMEOUT(queue, destroyed_while_it_works, 60)
{
	struct test_sleeper sleepers[4];
	struct test_work work;
	pthread_t threads[4];
	__u32 handle, other;
	__u64 seqno;
	int i;

	ASSERT_EQ(0, work_open_one(self->fd, &work));
	ASSERT_EQ(0, queue_create(self->fd, NORMAL, 4, 600 * SECOND, &handle));
	ASSERT_EQ(0, queue_create(self->fd, NORMAL, 4, 600 * SECOND, &other));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, submit_list(self->fd, handle, work.list, work.count, &seqno));
		sleepers[i] = (struct test_sleeper) { self->fd, handle, seqno, PATIENCE, -1 };
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, sleep_for_job, &sleepers[i]));
	}
	usleep(100000);
	ASSERT_EQ(0, queue_destroy(self->fd, handle));
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		/* Who was too late to sleep has found no such queue. */
		if (sleepers[i].ret != -ENOENT) {
			EXPECT_EQ(0, sleepers[i].ret);
			EXPECT_EQ(-ECANCELED, sleepers[i].result.error);
		}
	}
	EXPECT_EQ(-ENOENT, wait_for(self->fd, handle, 1, 0, NULL));
	EXPECT_EQ(-ENOENT, submit_list(self->fd, handle, 0, 0, NULL));
	EXPECT_EQ(0, run_list(self->fd, other, 0, 0, NULL));
}

static void *fill_queue(void *arg)
{
	struct test_sleeper *s = arg;
	struct lutna_job jobs[64] = { };
	__u32 taken = 0;
	int i;

	for (i = 0; i < 64; i++)
		jobs[i].unit = LUTNA_UNIT_LUTNA;
	s->ret = submit_jobs(s->fd, s->queue, 0, jobs, 64, &taken, NULL);
	s->seqno = taken;
	return NULL;
}

TEST_F_TIMEOUT(queue, destroyed_while_someone_waits_for_room, 60)
{
	struct test_work work;
	struct test_sleeper first, second;
	pthread_t a, b;
	__u32 handle;

	ASSERT_EQ(0, work_open_one(self->fd, &work));
	ASSERT_EQ(0, queue_create(self->fd, NORMAL, 4, 600 * SECOND, &handle));
	ASSERT_EQ(0, submit_list(self->fd, handle, work.list, work.count, NULL));
	first = (struct test_sleeper) { self->fd, handle, 0, PATIENCE, -1 };
	second = first;
	ASSERT_EQ(0, pthread_create(&a, NULL, fill_queue, &first));
	ASSERT_EQ(0, pthread_create(&b, NULL, fill_queue, &second));
	usleep(100000);
	ASSERT_EQ(0, queue_destroy(self->fd, handle));
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	/* One of them has got the three places that were left. */
	EXPECT_EQ(3, first.seqno + second.seqno);
	EXPECT_EQ(-ENOENT, first.ret + second.ret);
}

TEST_F_TIMEOUT(queue, file_closed_while_it_works, 60)
{
	struct test_work work;
	__u32 handle;
	int fd = node_open(0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, work_open_one(fd, &work));
	ASSERT_EQ(0, queue_create(fd, NORMAL, 4, 600 * SECOND, &handle));
	ASSERT_EQ(0, submit_list(fd, handle, work.list, work.count, NULL));
	ASSERT_EQ(0, munmap(work.small.mem, work.small.bytes));
	usleep(50000);
	ASSERT_EQ(0, close(fd));
	ASSERT_EQ(0, queue_create(self->fd, NORMAL, 4, 0, &handle));
	EXPECT_EQ(0, run_list(self->fd, handle, 0, 0, NULL));
}

TEST_F_TIMEOUT(queue, process_killed_while_it_works, 60)
{
	__u32 handle;
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		struct test_work work;
		int fd = node_open(0);

		if (fd < 0 || work_open_one(fd, &work) ||
		    queue_create(fd, NORMAL, 4, 600 * SECOND, &handle) ||
		    submit_list(fd, handle, work.list, work.count, NULL))
			_exit(1);
		wait_for(fd, handle, 1, 600 * SECOND, NULL);
		_exit(2);
	}
	usleep(300000);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	ASSERT_EQ(0, queue_create(self->fd, NORMAL, 4, 0, &handle));
	EXPECT_EQ(0, run_list(self->fd, handle, 0, 0, NULL));
}

TEST_F_TIMEOUT(queue, higher_priority_goes_first, 60)
{
	struct lutna_job_result low, high[8];
	struct test_work work;
	__u32 queues[8], last;
	int i, before = 0;

	ASSERT_EQ(0, work_open_many(self->fd, &work));
	/* More of them than the device has engines, and one who can wait */
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_HIGH, 4, 600 * SECOND,
					  &queues[i]));
		ASSERT_EQ(0, submit_list(self->fd, queues[i], work.list, 40, NULL));
	}
	ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_LOW, 4, 600 * SECOND, &last));
	ASSERT_EQ(0, submit_list(self->fd, last, work.list, 1, NULL));

	ASSERT_EQ(0, wait_for(self->fd, last, 1, PATIENCE, &low));
	EXPECT_EQ(0, low.error);
	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, wait_for(self->fd, queues[i], 1, PATIENCE, &high[i]));
		EXPECT_EQ(0, high[i].error);
		before += high[i].start_ns + high[i].duration_ns <= low.start_ns;
	}
	/* By the device's clock: all but those that its engines still had in hand */
	EXPECT_LE(4, before);
}

TEST_HARNESS_MAIN
