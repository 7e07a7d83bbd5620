// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: being told that something has happened in a queue
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lutna_test.h"

#define PAGE	4096UL
#define QUEUES	4
#define NEVER	(600 * SECOND)
#define LONG_MS	20000	/* for something that will happen */

FIXTURE(event)
{
	int fd;
	__u32 queue[QUEUES];
};

FIXTURE_SETUP(event)
{
	int i;

	self->fd = node_open(0);
	ASSERT_LE(0, self->fd);
	for (i = 0; i < QUEUES; i++)
		ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_NORMAL, 64, NEVER,
					  &self->queue[i]));
}

FIXTURE_TEARDOWN(event)
{
	close(self->fd);
}

/* How many queues it gives, or a negative errno */
static int reap(int fd, struct lutna_ended *ended, __u32 room)
{
	struct lutna_reap arg = {
		.ended = (uintptr_t)ended,
		.ended_size = sizeof(*ended),
		.count = room,
	};
	int ret = call(fd, LUTNA_IOCTL_REAP, &arg, sizeof(arg));

	return ret ?: (int)arg.count;
}

static int queue_event(int fd, __u32 queue, int eventfd)
{
	struct lutna_queue_event arg = { .queue = queue, .fd = eventfd };

	return call(fd, LUTNA_IOCTL_QUEUE_EVENT, &arg, sizeof(arg));
}

/* What poll() says after @ms at most */
static int look(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, ms) < 0 ? -errno : p.revents;
}

/* Submits an empty job to @queue and waits for its end. */
static int one_job(int fd, __u32 queue)
{
	return run_list(fd, queue, 0, 0, NULL);
}

TEST_F(event, poll_and_reap)
{
	struct lutna_ended ended[QUEUES + 1];
	int i;

	EXPECT_EQ(0, look(self->fd, 0));
	EXPECT_EQ(0, reap(self->fd, ended, 1));
	ASSERT_EQ(0, submit_list(self->fd, self->queue[2], 0, 0, NULL));
	EXPECT_EQ(POLLIN, look(self->fd, LONG_MS));
	/* For as long as nobody reaps */
	EXPECT_EQ(POLLIN, look(self->fd, 0));
	ASSERT_EQ(1, reap(self->fd, ended, 2));
	EXPECT_EQ(self->queue[2], ended[0].queue);
	EXPECT_EQ(LUTNA_QUEUE_ACTIVE, ended[0].state);
	EXPECT_EQ(1, ended[0].completed);
	EXPECT_EQ(0, look(self->fd, 0));

	/* A queue once, whatever happens in it; in the order in which it began */
	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, one_job(self->fd, self->queue[1]));
	for (i = 0; i < QUEUES; i++)
		ASSERT_EQ(0, one_job(self->fd, self->queue[i]));
	ASSERT_EQ(1, reap(self->fd, ended, 1));
	EXPECT_EQ(self->queue[1], ended[0].queue);
	EXPECT_EQ(11, ended[0].completed);
	EXPECT_EQ(POLLIN, look(self->fd, 0));
	ASSERT_EQ(QUEUES - 1, reap(self->fd, ended, QUEUES + 1));
	EXPECT_EQ(self->queue[0], ended[0].queue);
	EXPECT_EQ(self->queue[2], ended[1].queue);
	EXPECT_EQ(2, ended[1].completed);
	EXPECT_EQ(0, reap(self->fd, ended, QUEUES));
	EXPECT_EQ(0, look(self->fd, 0));
}

TEST_F(event, reap_refused)
{
	struct lutna_ended ended[2], *edge;
	const struct {
		__u32 ended_size, count;
		__u64 ended;
		int error;
	} rows[] = {
		{ sizeof(*ended), 0, (uintptr_t)ended, EINVAL },
		{ sizeof(*ended) - 1, 1, (uintptr_t)ended, EINVAL },
		{ 0, 1, (uintptr_t)ended, EINVAL },
		{ PAGE + 1, 1, (uintptr_t)ended, E2BIG },
		{ sizeof(*ended), 1, 0, EFAULT },
		{ sizeof(*ended), 2, 1ULL << 63, EFAULT },
		{ sizeof(*ended), 2, UINT64_MAX - 8, EOVERFLOW },
	};
	size_t i;

	ASSERT_EQ(0, one_job(self->fd, self->queue[0]));
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct lutna_reap arg = {
			.ended_size = rows[i].ended_size,
			.count = rows[i].count,
			.ended = rows[i].ended,
		};

		EXPECT_EQ(-rows[i].error, call(self->fd, LUTNA_IOCTL_REAP, &arg, sizeof(arg)))
			TH_LOG("row %zu", i);
	}
	/* An answer that has no place is not lost; no part of it. */
	edge = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, edge);
	ASSERT_EQ(0, munmap((char *)edge + PAGE, PAGE));
	edge = (void *)((char *)edge + PAGE) - sizeof(*edge);
	ASSERT_EQ(0, one_job(self->fd, self->queue[1]));
	EXPECT_EQ(-EFAULT, reap(self->fd, edge, 2));
	EXPECT_EQ(POLLIN, look(self->fd, 0));
	EXPECT_EQ(2, reap(self->fd, ended, 2));
}

/* Entries of tomorrow: what the kernel does not know of them it leaves. */
TEST_F(event, reap_into_larger_entries)
{
	struct {
		struct lutna_ended known;
		__u64 more;
	} large[QUEUES];
	struct lutna_reap arg = {
		.ended = (uintptr_t)large,
		.ended_size = sizeof(large[0]),
		.count = UINT32_MAX,
	};
	int i;

	memset(large, 0x55, sizeof(large));
	ASSERT_EQ(0, one_job(self->fd, self->queue[3]));
	ASSERT_EQ(0, one_job(self->fd, self->queue[0]));
	ASSERT_EQ(0, call(self->fd, LUTNA_IOCTL_REAP, &arg, sizeof(arg)));
	EXPECT_EQ(2, arg.count);
	EXPECT_EQ(self->queue[3], large[0].known.queue);
	EXPECT_EQ(self->queue[0], large[1].known.queue);
	EXPECT_EQ(1, large[1].known.completed);
	for (i = 0; i < QUEUES; i++)
		EXPECT_EQ(0x5555555555555555, large[i].more);
	EXPECT_TRUE(all_bytes(&large[2], sizeof(large[2]), 0x55));
}

/* An edge at each job after a complete reap, and none for what is known. */
TEST_F(event, epoll_edge)
{
	struct epoll_event in = { .events = EPOLLIN | EPOLLET }, out;
	struct lutna_ended ended[QUEUES];
	int i, ep = epoll_create1(0);

	ASSERT_LE(0, ep);
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->fd, &in));
	EXPECT_EQ(0, epoll_wait(ep, &out, 1, 0));
	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, submit_list(self->fd, self->queue[i % QUEUES], 0, 0, NULL));
		ASSERT_EQ(1, epoll_wait(ep, &out, 1, LONG_MS));
		ASSERT_EQ(EPOLLIN, out.events);
		/* Before it is reaped another of the same queue is no news. */
		ASSERT_EQ(0, one_job(self->fd, self->queue[i % QUEUES]));
		ASSERT_EQ(0, epoll_wait(ep, &out, 1, 0));
		ASSERT_EQ(1, reap(self->fd, ended, QUEUES));
	}
	/* Another queue is news. */
	ASSERT_EQ(0, one_job(self->fd, self->queue[0]));
	ASSERT_EQ(1, epoll_wait(ep, &out, 1, LONG_MS));
	ASSERT_EQ(0, one_job(self->fd, self->queue[1]));
	ASSERT_EQ(1, epoll_wait(ep, &out, 1, LONG_MS));
	/* What could not be told of counts as news. */
	EXPECT_EQ(-EFAULT, reap(self->fd, NULL, QUEUES));
	EXPECT_EQ(1, epoll_wait(ep, &out, 1, 0));
	close(ep);
}

TEST_F(event, epoll_level)
{
	struct epoll_event in = { .events = EPOLLIN }, out;
	struct lutna_ended ended[QUEUES];
	int ep = epoll_create1(0);

	ASSERT_LE(0, ep);
	ASSERT_EQ(0, one_job(self->fd, self->queue[0]));
	ASSERT_EQ(0, one_job(self->fd, self->queue[1]));
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->fd, &in));
	EXPECT_EQ(1, epoll_wait(ep, &out, 1, 0));
	EXPECT_EQ(1, reap(self->fd, ended, 1));
	EXPECT_EQ(1, epoll_wait(ep, &out, 1, 0));
	EXPECT_EQ(1, reap(self->fd, ended, 1));
	EXPECT_EQ(0, epoll_wait(ep, &out, 1, 0));
	close(ep);
}

/* A queue that is destroyed is nothing to be told of, before or after. */
TEST_F(event, destroyed_queue)
{
	struct lutna_ended ended[QUEUES];

	ASSERT_EQ(0, one_job(self->fd, self->queue[0]));
	ASSERT_EQ(0, one_job(self->fd, self->queue[1]));
	ASSERT_EQ(0, queue_destroy(self->fd, self->queue[0]));
	ASSERT_EQ(1, reap(self->fd, ended, QUEUES));
	EXPECT_EQ(self->queue[1], ended[0].queue);
	ASSERT_EQ(0, submit_list(self->fd, self->queue[1], 0, 0, NULL));
	ASSERT_EQ(0, queue_destroy(self->fd, self->queue[1]));
	EXPECT_EQ(0, look(self->fd, 0));
	EXPECT_EQ(0, reap(self->fd, ended, QUEUES));
}

TEST_F(event, failed_queue)
{
	struct lutna_ended ended[QUEUES];
	struct test_buffer buf;

	ASSERT_EQ(0, buffer_open(self->fd, PAGE, &buf));
	command(&buf, 0, 0x7777);
	ASSERT_EQ(0, submit_list(self->fd, self->queue[0], buf.addr, 1, NULL));
	ASSERT_EQ(POLLIN, look(self->fd, LONG_MS));
	ASSERT_EQ(1, reap(self->fd, ended, QUEUES));
	EXPECT_EQ(LUTNA_QUEUE_FAULTED, ended[0].state);
	EXPECT_EQ(1, ended[0].completed);
}

#define THREADS	4
#define ROUNDS	300

struct loop {
	int fd;
	__u32 queue;		/* to submit to */
	__u32 *queues;
	__u64 *seen;		/* of each queue, by all threads */
	int ret;
};

/* Threads are given news in order, and come here in any. */
static void saw(__u64 *seen, __u64 completed)
{
	__u64 before = __atomic_load_n(seen, __ATOMIC_SEQ_CST);

	while (before < completed &&
	       !__atomic_compare_exchange_n(seen, &before, completed, false, __ATOMIC_SEQ_CST,
					    __ATOMIC_SEQ_CST))
		;
}

static bool all_seen(const __u64 *seen)
{
	int i;

	for (i = 0; i < QUEUES; i++)
		if (__atomic_load_n(&seen[i], __ATOMIC_SEQ_CST) < ROUNDS)
			return false;
	return true;
}

static void *submit_rounds(void *arg)
{
	struct loop *l = arg;
	int i;

	for (i = 0; i < ROUNDS && !l->ret; i++)
		l->ret = submit_list(l->fd, l->queue, 0, 0, NULL);
	return NULL;
}

/* An event loop as programs have it; a short wait ends it, not the test. */
static void *event_loop(void *arg)
{
	struct loop *l = arg;
	__s64 end = now_ns() + 2 * PATIENCE;

	while (!all_seen(l->seen) && !l->ret) {
		struct lutna_ended ended;
		int i;

		if (now_ns() > end)
			l->ret = -ETIMEDOUT;
		if (look(l->fd, 100) != POLLIN)
			continue;
		while (!l->ret && (l->ret = reap(l->fd, &ended, 1)) > 0) {
			l->ret = -ENOENT;
			for (i = 0; i < QUEUES; i++) {
				if (l->queues[i] != ended.queue)
					continue;
				l->ret = 0;
				saw(&l->seen[i], ended.completed);
			}
		}
	}
	return NULL;
}

/* Threads that share the loop miss nothing: the last job of each queue is seen. */
TEST_F_TIMEOUT(event, threads, 60)
{
	struct loop loops[THREADS], work[QUEUES];
	pthread_t loopers[THREADS], workers[QUEUES];
	__u64 seen[QUEUES] = { };
	int i;

	for (i = 0; i < THREADS; i++) {
		loops[i] = (struct loop) { self->fd, 0, self->queue, seen };
		ASSERT_EQ(0, pthread_create(&loopers[i], NULL, event_loop, &loops[i]));
	}
	for (i = 0; i < QUEUES; i++) {
		work[i] = (struct loop) { self->fd, self->queue[i] };
		ASSERT_EQ(0, pthread_create(&workers[i], NULL, submit_rounds, &work[i]));
	}
	for (i = 0; i < QUEUES; i++) {
		ASSERT_EQ(0, pthread_join(workers[i], NULL));
		EXPECT_EQ(0, work[i].ret);
	}
	for (i = 0; i < THREADS; i++) {
		ASSERT_EQ(0, pthread_join(loopers[i], NULL));
		EXPECT_EQ(0, loops[i].ret);
	}
}

TEST_F(event, eventfd)
{
	int i, fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int other = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	eventfd_t value;

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, queue_event(self->fd, self->queue[0], fd));
	ASSERT_EQ(0, queue_event(self->fd, self->queue[1], fd));
	EXPECT_EQ(-1, eventfd_read(fd, &value));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, submit_list(self->fd, self->queue[i % 2], 0, 0, NULL));
		ASSERT_EQ(POLLIN, look(fd, LONG_MS));
		ASSERT_EQ(0, eventfd_read(fd, &value));
		EXPECT_EQ(1, value);
	}
	/* Not of a queue without it */
	ASSERT_EQ(0, one_job(self->fd, self->queue[2]));
	EXPECT_EQ(-1, eventfd_read(fd, &value));
	/* Another in its place, and none */
	ASSERT_EQ(0, queue_event(self->fd, self->queue[0], other));
	ASSERT_EQ(0, one_job(self->fd, self->queue[0]));
	EXPECT_EQ(POLLIN, look(other, LONG_MS));
	EXPECT_EQ(-1, eventfd_read(fd, &value));
	ASSERT_EQ(0, eventfd_read(other, &value));
	ASSERT_EQ(0, queue_event(self->fd, self->queue[0], -1));
	ASSERT_EQ(0, queue_event(self->fd, self->queue[0], -1));
	ASSERT_EQ(0, one_job(self->fd, self->queue[0]));
	EXPECT_EQ(0, look(other, 20));

	/* The queue holds what it needs of it, and lets go. */
	ASSERT_EQ(0, queue_event(self->fd, self->queue[0], other));
	close(other);
	ASSERT_EQ(0, one_job(self->fd, self->queue[0]));
	ASSERT_EQ(0, queue_destroy(self->fd, self->queue[0]));
	close(fd);
}

TEST_F(event, eventfd_refused)
{
	int fds[2];

	EXPECT_EQ(-EBADF, queue_event(self->fd, self->queue[0], -2));
	EXPECT_EQ(-EBADF, queue_event(self->fd, self->queue[0], 4711));
	EXPECT_EQ(-EBADF, queue_event(self->fd, self->queue[0], INT32_MIN));
	EXPECT_EQ(-EINVAL, queue_event(self->fd, self->queue[0], self->fd));
	ASSERT_EQ(0, pipe(fds));
	EXPECT_EQ(-EINVAL, queue_event(self->fd, self->queue[0], fds[0]));
	EXPECT_EQ(-ENOENT, queue_event(self->fd, 4711, -1));
	close(fds[0]);
	close(fds[1]);
}

struct poller {
	int fd;
	int revents;
};

/* POLLERR and POLLHUP are given unasked. */
static void *poll_for_ever(void *arg)
{
	struct poller *p = arg;
	struct pollfd pfd = { .fd = p->fd };

	p->revents = poll(&pfd, 1, -1) < 0 ? -errno : pfd.revents;
	return NULL;
}

/* Also a context without queues is told. */
TEST_F_TIMEOUT(event, gone, 60)
{
	struct epoll_event in = { .events = EPOLLIN | EPOLLET }, out = { };
	int efd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct lutna_ended ended[QUEUES];
	struct poller pollers[2];
	struct test_work work;
	struct test_slot slot;
	pthread_t threads[2];
	eventfd_t value;
	int i, ep = epoll_create1(0);

	ASSERT_EQ(0, slot_of(self->fd, &slot));
	ASSERT_EQ(0, work_open_one(self->fd, &work));
	ASSERT_EQ(0, submit_list(self->fd, self->queue[1], work.list, work.count, NULL));
	ASSERT_EQ(0, queue_event(self->fd, self->queue[1], efd));
	ASSERT_EQ(0, epoll_ctl(ep, EPOLL_CTL_ADD, self->fd, &in));
	pollers[0] = (struct poller) { self->fd, 0 };
	pollers[1] = (struct poller) { node_open(0), 0 };
	ASSERT_LE(0, pollers[1].fd);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, poll_for_ever, &pollers[i]));
	usleep(100000);
	ASSERT_EQ(0, slot_unbind(&slot));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
		EXPECT_EQ(POLLERR | POLLHUP, pollers[i].revents);
	}
	EXPECT_EQ(POLLERR | POLLHUP, look(pollers[1].fd, 0));
	EXPECT_EQ(POLLIN | POLLERR | POLLHUP, look(self->fd, 0));
	EXPECT_EQ(1, epoll_wait(ep, &out, 1, LONG_MS));
	EXPECT_EQ(EPOLLIN | EPOLLERR | EPOLLHUP, out.events);
	EXPECT_EQ(0, eventfd_read(efd, &value));
	/* All queues have ended, and that is known of each. */
	EXPECT_EQ(QUEUES, reap(self->fd, ended, QUEUES));
	for (i = 0; i < QUEUES; i++) {
		EXPECT_EQ(LUTNA_QUEUE_DEAD, ended[i].state);
		EXPECT_EQ(ended[i].queue == self->queue[1], ended[i].completed);
	}
	EXPECT_EQ(-ENODEV, queue_event(self->fd, self->queue[1], efd));

	munmap(work.small.mem, work.small.bytes);
	close(pollers[1].fd);
	close(self->fd);
	self->fd = -1;
	/* The eventfd and the epoll instance outlive the file. */
	EXPECT_EQ(0, epoll_wait(ep, &out, 1, 0));
	close(efd);
	close(ep);
	EXPECT_EQ(0, slot_bind(&slot));
	EXPECT_EQ(0, node_appear(0, true));
}

TEST_HARNESS_MAIN
