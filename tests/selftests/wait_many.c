// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: waiting for one of many jobs, for all of them, and for the
 * newest
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lutna_test.h"

#define PAGE	4096UL
#define QUEUES	4
#define NEVER	(600 * SECOND)

/*
 * Queue 0 has a job that lasts for minutes, on one of the device's engines, and
 * behind it an empty one; the other queues are idle.
 */
FIXTURE(many)
{
	int fd;
	__u32 queue[QUEUES];
	struct test_work work;
	struct lutna_wait_item items[LUTNA_WAIT_ITEMS];
};

FIXTURE_SETUP(many)
{
	int i;

	self->fd = node_open(0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, work_open_one(self->fd, &self->work));
	for (i = 0; i < QUEUES; i++) {
		ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_NORMAL, 8, NEVER,
					  &self->queue[i]));
		self->items[i] = (struct lutna_wait_item) { self->queue[i], 7, 1 };
	}
	ASSERT_EQ(0, submit_list(self->fd, self->queue[0], self->work.list, self->work.count,
				 NULL));
	ASSERT_EQ(0, submit_list(self->fd, self->queue[0], 0, 0, NULL));
}

FIXTURE_TEARDOWN(many)
{
	close(self->fd);
}

/* @first may be NULL */
static int wait_many(int fd, __u32 flags, struct lutna_wait_item *items, __u32 count,
		     __s64 deadline, __u32 *first)
{
	struct lutna_wait_many arg = {
		.flags = flags,
		.items = (uintptr_t)items,
		.item_size = sizeof(*items),
		.count = count,
		.deadline_ns = deadline,
	};
	int ret = call(fd, LUTNA_IOCTL_WAIT_MANY, &arg, sizeof(arg));

	if (!ret && first)
		*first = arg.first;
	return ret;
}

TEST_F(many, any)
{
	struct lutna_wait_item *items = self->items;
	__u32 first;

	ASSERT_EQ(0, submit_list(self->fd, self->queue[1], 0, 0, NULL));
	ASSERT_EQ(0, wait_many(self->fd, 0, items, 2, now_ns() + PATIENCE, &first));
	EXPECT_EQ(1, first);
	EXPECT_EQ(0, items[0].ended);
	EXPECT_EQ(1, items[1].ended);
	/* Only looking finds it too, wherever it stands. */
	ASSERT_EQ(0, wait_many(self->fd, 0, items + 1, 1, 0, &first));
	EXPECT_EQ(0, first);
	EXPECT_EQ(-ETIMEDOUT, wait_many(self->fd, 0, items, 1, 0, NULL));
}

TEST_F(many, all)
{
	struct lutna_wait_item *items = self->items;
	__u32 first = 9;
	int i;

	for (i = 1; i < QUEUES; i++)
		ASSERT_EQ(0, submit_list(self->fd, self->queue[i], 0, 0, NULL));
	ASSERT_EQ(0, wait_many(self->fd, LUTNA_WAIT_ALL, items + 1, QUEUES - 1,
			       now_ns() + PATIENCE, &first));
	EXPECT_EQ(0, first);
	for (i = 1; i < QUEUES; i++)
		EXPECT_EQ(1, items[i].ended);

	/* One that does not end keeps all, and the others are known. */
	EXPECT_EQ(-ETIMEDOUT, wait_many(self->fd, LUTNA_WAIT_ALL, items, QUEUES,
					now_ns() + 50 * MS, NULL));
	EXPECT_EQ(0, items[0].ended);
	EXPECT_EQ(1, items[1].ended);
	EXPECT_EQ(1, items[QUEUES - 1].ended);
}

/* The same job, and jobs of one queue, may stand there many times. */
TEST_F(many, of_one_queue)
{
	struct lutna_wait_item *items = self->items;
	struct lutna_job jobs[8] = { };
	__u32 first;
	int i;

	ASSERT_EQ(0, submit_jobs(self->fd, self->queue[1], 0, jobs, 8, NULL, NULL));
	for (i = 0; i < LUTNA_WAIT_ITEMS; i++)
		items[i] = (struct lutna_wait_item) { self->queue[1], 0, 1 + i % 8 };
	ASSERT_EQ(0, wait_many(self->fd, LUTNA_WAIT_ALL, items, LUTNA_WAIT_ITEMS,
			       now_ns() + PATIENCE, &first));
	for (i = 0; i < LUTNA_WAIT_ITEMS; i++)
		EXPECT_EQ(1, items[i].ended);
	items[0] = (struct lutna_wait_item) { self->queue[0], 0, 2 };
	ASSERT_EQ(0, wait_many(self->fd, 0, items, LUTNA_WAIT_ITEMS, now_ns() + PATIENCE,
			       &first));
	EXPECT_EQ(1, first);
}

TEST_F(many, refused)
{
	struct lutna_wait_item *items = self->items;
	const struct {
		__u32 item_size, count;
		__u64 items;
		int error;
	} rows[] = {
		{ sizeof(*items), 0, (uintptr_t)items, EINVAL },
		{ sizeof(*items), LUTNA_WAIT_ITEMS + 1, (uintptr_t)items, EINVAL },
		{ sizeof(*items), UINT32_MAX, (uintptr_t)items, EINVAL },
		{ sizeof(*items) - 1, 1, (uintptr_t)items, EINVAL },
		{ 0, 1, (uintptr_t)items, EINVAL },
		{ PAGE + 1, 1, (uintptr_t)items, E2BIG },
		{ sizeof(*items), 1, 0, EFAULT },
		{ sizeof(*items), 1, 1ULL << 63, EFAULT },
		{ sizeof(*items), 2, UINT64_MAX - 20, EOVERFLOW },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct lutna_wait_many arg = {
			.item_size = rows[i].item_size,
			.count = rows[i].count,
			.items = rows[i].items,
		};

		EXPECT_EQ(-rows[i].error,
			  call(self->fd, LUTNA_IOCTL_WAIT_MANY, &arg, sizeof(arg)))
			TH_LOG("row %zu", i);
	}
	/* Queue 1 has no job yet. */
	EXPECT_EQ(-ENOENT, wait_many(self->fd, 0, items, 2, 0, NULL));
	items[1] = (struct lutna_wait_item) { 4711, 0, 1 };
	EXPECT_EQ(-ENOENT, wait_many(self->fd, 0, items, 2, 0, NULL));
	items[1] = (struct lutna_wait_item) { self->queue[0], 0, 0 };
	EXPECT_EQ(-ENOENT, wait_many(self->fd, 0, items, 2, 0, NULL));
	items[1].seqno = 3;
	EXPECT_EQ(-ENOENT, wait_many(self->fd, 0, items, 2, 0, NULL));
	items[1].seqno = 2;
	EXPECT_EQ(-ETIMEDOUT, wait_many(self->fd, 0, items, 2, 0, NULL));
}

/* Items of tomorrow, larger than the kernel's, and in memory of all kinds */
TEST_F(many, memory_of_items)
{
	struct {
		struct lutna_wait_item item;
		__u64 more;
	} large[2] = {
		{ { self->queue[0], 7, 1 }, 0 },
		{ { self->queue[0], 7, 2 }, 0 },
	};
	struct lutna_wait_many arg = {
		.items = (uintptr_t)large,
		.item_size = sizeof(large[0]),
		.count = 2,
	};
	struct lutna_wait_item *items;
	char *edge;

	EXPECT_EQ(-ETIMEDOUT, call(self->fd, LUTNA_IOCTL_WAIT_MANY, &arg, sizeof(arg)));
	EXPECT_EQ(0, large[0].item.ended);
	EXPECT_EQ(0, large[1].item.ended);
	large[1].more = 1;
	EXPECT_EQ(-E2BIG, call(self->fd, LUTNA_IOCTL_WAIT_MANY, &arg, sizeof(arg)));

	edge = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, edge);
	ASSERT_EQ(0, munmap(edge + PAGE, PAGE));
	items = (void *)(edge + PAGE) - sizeof(*items);
	*items = self->items[0];
	EXPECT_EQ(-ETIMEDOUT, wait_many(self->fd, 0, items, 1, 0, NULL));
	EXPECT_EQ(0, items->ended);
	EXPECT_EQ(-EFAULT, wait_many(self->fd, 0, items, 2, 0, NULL));
	/* The answer has no place. */
	ASSERT_EQ(0, mprotect(edge, PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, wait_many(self->fd, 0, items, 1, 0, NULL));
}

struct sleeper {
	int fd;
	__u32 flags;
	struct lutna_wait_item *items;
	__u32 count;
	__u32 first;
	int ret;
};

static void *sleep_for_many(void *arg)
{
	struct sleeper *s = arg;

	s->ret = wait_many(s->fd, s->flags, s->items, s->count, now_ns() + NEVER, &s->first);
	return NULL;
}

/* Threads that sleep are woken: by the first, and by the last. */
TEST_F_TIMEOUT(many, wakes, 60)
{
	struct lutna_wait_item items[2][QUEUES];
	struct sleeper any, all;
	pthread_t threads[2];
	int i;

	for (i = 1; i < QUEUES; i++)
		ASSERT_EQ(0, submit_list(self->fd, self->queue[i], self->work.list,
					 self->work.count, NULL));
	memcpy(items[0], self->items, sizeof(items[0]));
	memcpy(items[1], self->items, sizeof(items[1]));
	any = (struct sleeper) { self->fd, 0, items[0], QUEUES, 9, -1 };
	all = (struct sleeper) { self->fd, LUTNA_WAIT_ALL, items[1], QUEUES, 9, -1 };
	ASSERT_EQ(0, pthread_create(&threads[0], NULL, sleep_for_many, &any));
	ASSERT_EQ(0, pthread_create(&threads[1], NULL, sleep_for_many, &all));
	usleep(100000);
	ASSERT_EQ(0, queue_destroy(self->fd, self->queue[2]));
	ASSERT_EQ(0, pthread_join(threads[0], NULL));
	EXPECT_EQ(0, any.ret);
	EXPECT_EQ(2, any.first);
	for (i = 0; i < QUEUES; i++)
		EXPECT_EQ(i == 2, items[0][i].ended);

	for (i = 0; i < QUEUES; i++) {
		EXPECT_EQ(7, items[1][i].ended);
		if (i != 2)
			ASSERT_EQ(0, queue_destroy(self->fd, self->queue[i]));
	}
	ASSERT_EQ(0, pthread_join(threads[1], NULL));
	EXPECT_EQ(0, all.ret);
	EXPECT_EQ(0, all.first);
	for (i = 0; i < QUEUES; i++)
		EXPECT_EQ(1, items[1][i].ended);
}

TEST_F_TIMEOUT(many, wakes_at_unbind, 60)
{
	struct sleeper all = { self->fd, LUTNA_WAIT_ALL, self->items, 2, 9, -1 };
	struct test_slot slot;
	pthread_t thread;

	self->items[1] = (struct lutna_wait_item) { self->queue[0], 0, 2 };
	ASSERT_EQ(0, slot_of(self->fd, &slot));
	ASSERT_EQ(0, pthread_create(&thread, NULL, sleep_for_many, &all));
	usleep(100000);
	ASSERT_EQ(0, slot_unbind(&slot));
	EXPECT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, all.ret);
	EXPECT_EQ(1, self->items[0].ended);
	EXPECT_EQ(1, self->items[1].ended);
	/* What is known can still be asked for. */
	EXPECT_EQ(0, wait_many(self->fd, 0, self->items, 2, 0, NULL));
	munmap(self->work.small.mem, self->work.small.bytes);
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(0, slot_bind(&slot));
	EXPECT_EQ(0, node_appear(0, true));
}

TEST_F(many, signals)
{
	__s64 deadline;

	ASSERT_EQ(0, alarm_again_and_again(SA_RESTART));
	deadline = now_ns() + 200 * MS;
	EXPECT_EQ(-ETIMEDOUT, wait_many(self->fd, 0, self->items, 1, deadline, NULL));
	EXPECT_LE(deadline, now_ns());
	EXPECT_LT(0, signals_seen());
	ASSERT_EQ(0, alarm_again_and_again(0));
	EXPECT_EQ(-EINTR, wait_many(self->fd, 0, self->items, 1, now_ns() + NEVER, NULL));
}

TEST_F(many, newest)
{
	struct lutna_wait wait = {
		.flags = LUTNA_WAIT_LAST,
		.queue = self->queue[1],
		.known = 7,
		.deadline_ns = now_ns() + PATIENCE,
	};

	/* There never was a job: nothing to wait for. */
	ASSERT_EQ(0, wait_until(self->fd, &wait));
	EXPECT_EQ(0, wait.seqno);
	EXPECT_EQ(0, wait.known);
	ASSERT_EQ(0, submit_list(self->fd, self->queue[1], 0, 0, NULL));
	ASSERT_EQ(0, submit_list(self->fd, self->queue[1], 0, 0, NULL));
	ASSERT_EQ(0, wait_until(self->fd, &wait));
	EXPECT_EQ(2, wait.seqno);
	EXPECT_EQ(1, wait.known);
	EXPECT_EQ(0, wait.result.error);

	/* The number that it found is there also if it fails, and is kept to. */
	wait.queue = self->queue[0];
	wait.seqno = 0;
	wait.deadline_ns = 0;
	EXPECT_EQ(-ETIMEDOUT, wait_until(self->fd, &wait));
	EXPECT_EQ(2, wait.seqno);
	ASSERT_EQ(0, submit_list(self->fd, self->queue[0], 0, 0, NULL));
	EXPECT_EQ(-ETIMEDOUT, wait_until(self->fd, &wait));
	EXPECT_EQ(2, wait.seqno);
}

struct drainer {
	int fd;
	struct lutna_wait wait;
	int ret;
};

static void *drain(void *arg)
{
	struct drainer *d = arg;

	d->ret = wait_until(d->fd, &d->wait);
	return NULL;
}

/* A signal does not make it wait for jobs that came later. */
TEST_F_TIMEOUT(many, newest_with_signals, 60)
{
	struct drainer d = {
		.fd = self->fd,
		.wait = {
			.flags = LUTNA_WAIT_LAST,
			.deadline_ns = now_ns() + NEVER,
		},
		.ret = -1,
	};
	pthread_t thread;
	int i;

	/* The handle has to outlive the job: the call may begin again at any time. */
	ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_NORMAL, 8, SECOND, &d.wait.queue));
	ASSERT_EQ(0, submit_list(self->fd, d.wait.queue, self->work.list, self->work.count,
				 NULL));
	ASSERT_EQ(0, submit_list(self->fd, d.wait.queue, 0, 0, NULL));
	ASSERT_EQ(0, signals_count(SIGUSR1, SA_RESTART));
	ASSERT_EQ(0, pthread_create(&thread, NULL, drain, &d));
	while (!__atomic_load_n(&d.wait.seqno, __ATOMIC_SEQ_CST))
		usleep(1000);
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, pthread_kill(thread, SIGUSR1));
		ASSERT_EQ(0, submit_list(self->fd, d.wait.queue, 0, 0, NULL));
		usleep(20000);
	}
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_LT(0, signals_seen());
	EXPECT_EQ(0, d.ret);
	EXPECT_EQ(2, d.wait.seqno);
	EXPECT_EQ(-ECANCELED, d.wait.result.error);
}

TEST_HARNESS_MAIN
