// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: every way in which jobs end, seen through their fences
 *
 * A fence that stays unsignalled hangs whoever waits for it, and one that calls
 * back into a queue that is gone crashes the machine.
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lutna_fence.h"

#define NORMAL	LUTNA_PRIORITY_NORMAL
#define NEVER	(600 * SECOND)
#define NOWHERE	0x800000000ULL
#define JOBS	6

#define NO_VGEM	"there is no vgem, whose fences a test can signal"

FIXTURE(end)
{
	int fd;
	__u32 queue;
	struct test_slot slot;
	struct test_work work;
	bool taken;
	int fences[JOBS];
};

FIXTURE_SETUP(end)
{
	self->taken = false;
	ASSERT_EQ(0, node_appear(0, true));
	self->fd = node_open(0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, slot_of(self->fd, &self->slot));
	ASSERT_EQ(0, work_open_many(self->fd, &self->work));
}

FIXTURE_TEARDOWN(end)
{
	munmap(self->work.small.mem, self->work.small.bytes);
	close(self->fd);
	if (self->taken)
		EXPECT_EQ(0, slot_bind(&self->slot));
	EXPECT_EQ(0, node_appear(0, true));
}

/* Empty jobs, the third of which is @job, each with a fence */
static int submit_six(int fd, __u32 queue, const struct lutna_job *job, int *fences)
{
	int i, ret = 0;

	for (i = 0; i < JOBS && !ret; i++) {
		struct fenced s = {
			.fd = fd,
			.queue = queue,
			.jobs = i == 2 ? job : NULL,
			.count = 1,
			.out = &fences[i],
		};

		ret = submit_fenced(&s);
	}
	return ret;
}

/* What became of them: all is well before the third, @third, then @others */
static bool all_ended(const int *fences, int third, int others)
{
	int i;

	for (i = 0; i < JOBS; i++) {
		int want = i < 2 ? 1 : i == 2 ? third : others;

		if (fence_wait(fences[i], PATIENCE) || fence_status(fences[i]) != want) {
			fprintf(stderr, "# fence %d says %d\n", i, fence_status(fences[i]));
			return false;
		}
	}
	return true;
}

static struct lutna_job work_job(const struct test_work *work)
{
	return (struct lutna_job) {
		.list = work->list,
		.count = work->count,
		.unit = LUTNA_UNIT_LUTNA,
	};
}

TEST_F(end, by_a_fault)
{
	struct lutna_job job = { .list = NOWHERE, .count = 1, .unit = LUTNA_UNIT_LUTNA };

	ASSERT_EQ(0, queue_create(self->fd, NORMAL, 8, 0, &self->queue));
	/* All of them before the first has ended, or it fails before they are there. */
	ASSERT_EQ(0, submit_list(self->fd, self->queue, self->work.list, 100, NULL));
	ASSERT_EQ(0, submit_six(self->fd, self->queue, &job, self->fences));
	EXPECT_TRUE(all_ended(self->fences, -EIO, -ECANCELED));
}

TEST_F_TIMEOUT(end, by_the_time_limit, 60)
{
	struct lutna_job job = work_job(&self->work);

	ASSERT_EQ(0, queue_create(self->fd, NORMAL, 8, 200 * MS, &self->queue));
	ASSERT_EQ(0, submit_six(self->fd, self->queue, &job, self->fences));
	EXPECT_TRUE(all_ended(self->fences, -ETIME, -ECANCELED));
}

TEST_F(end, by_being_cancelled)
{
	struct lutna_job job = work_job(&self->work);
	struct lutna_queue_cancel arg = { .first = 4, .last = 6 };

	ASSERT_EQ(0, queue_create(self->fd, NORMAL, 8, NEVER, &self->queue));
	ASSERT_EQ(0, submit_six(self->fd, self->queue, &job, self->fences));
	arg.queue = self->queue;
	ASSERT_EQ(0, call(self->fd, LUTNA_IOCTL_QUEUE_CANCEL, &arg, sizeof(arg)));
	EXPECT_EQ(3, arg.cancelled);
	/* In their turn, which is not yet */
	EXPECT_EQ(-ETIMEDOUT, fence_wait(self->fences[3], 20 * MS));
	EXPECT_EQ(0, fence_status(self->fences[3]));
	ASSERT_EQ(0, queue_destroy(self->fd, self->queue));
	EXPECT_EQ(-ECANCELED, fence_status(self->fences[3]));
}

TEST_F_TIMEOUT(end, by_destruction, 60)
{
	struct lutna_job job = work_job(&self->work);

	ASSERT_EQ(0, queue_create(self->fd, NORMAL, 8, NEVER, &self->queue));
	ASSERT_EQ(0, submit_six(self->fd, self->queue, &job, self->fences));
	ASSERT_EQ(0, wait_for(self->fd, self->queue, 2, PATIENCE, NULL));
	ASSERT_EQ(0, queue_destroy(self->fd, self->queue));
	for (int i = 0; i < JOBS; i++)
		EXPECT_NE(0, fence_status(self->fences[i]));
	EXPECT_LE(-ECANCELED, fence_status(self->fences[2]));
	EXPECT_EQ(-ECANCELED, fence_status(self->fences[JOBS - 1]));
}

TEST_F_TIMEOUT(end, by_closing_the_file, 60)
{
	struct lutna_job job = work_job(&self->work);

	ASSERT_EQ(0, queue_create(self->fd, NORMAL, 8, NEVER, &self->queue));
	ASSERT_EQ(0, submit_six(self->fd, self->queue, &job, self->fences));
	ASSERT_EQ(0, wait_for(self->fd, self->queue, 2, PATIENCE, NULL));
	/* A mapping holds the file as well. */
	ASSERT_EQ(0, munmap(self->work.small.mem, self->work.small.bytes));
	ASSERT_EQ(0, close(self->fd));
	self->fd = -1;
	EXPECT_EQ(1, fence_status(self->fences[1]));
	EXPECT_EQ(-ECANCELED, fence_status(self->fences[JOBS - 1]));
}

TEST_F_TIMEOUT(end, by_unbinding, 60)
{
	struct lutna_job job = work_job(&self->work);

	ASSERT_EQ(0, queue_create(self->fd, NORMAL, 8, NEVER, &self->queue));
	ASSERT_EQ(0, submit_six(self->fd, self->queue, &job, self->fences));
	ASSERT_EQ(0, wait_for(self->fd, self->queue, 2, PATIENCE, NULL));
	ASSERT_EQ(0, slot_unbind(&self->slot));
	self->taken = true;
	EXPECT_TRUE(all_ended(self->fences, -ENODEV, -ENODEV));
}

/* Jobs that wait, and what they wait for never comes in time. */
FIXTURE(closed)
{
	int fd;
	__u32 queue;
	struct test_slot slot;
	bool taken;
	struct foreign foreign;
	bool signalled;
	int none;
	int out;
};

FIXTURE_SETUP(closed)
{
	struct fenced s;

	self->taken = false;
	self->signalled = false;
	self->none = foreign_open(&self->foreign);
	if (self->none) {
		ASSERT_EQ(-ENODEV, self->none);
		return;
	}
	ASSERT_EQ(0, node_appear(0, true));
	self->fd = node_open(0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, slot_of(self->fd, &self->slot));
	ASSERT_EQ(0, queue_create(self->fd, NORMAL, 4, NEVER, &self->queue));
	s = (struct fenced) {
		.fd = self->fd,
		.queue = self->queue,
		.in = &self->foreign.sync,
		.nr_in = 1,
		.out = &self->out,
	};
	ASSERT_EQ(0, submit_fenced(&s));
}

FIXTURE_TEARDOWN(closed)
{
	if (self->none)
		return;
	/* Nobody is there any more to be called back. */
	if (!self->signalled)
		EXPECT_EQ(0, foreign_signal(&self->foreign));
	foreign_close(&self->foreign);
	close(self->fd);
	if (self->taken)
		EXPECT_EQ(0, slot_bind(&self->slot));
	EXPECT_EQ(0, node_appear(0, true));
}

TEST_F(closed, destroyed)
{
	if (self->none)
		SKIP(return, NO_VGEM);
	ASSERT_EQ(0, queue_destroy(self->fd, self->queue));
	EXPECT_EQ(-ECANCELED, fence_status(self->out));
}

TEST_F(closed, file_closed)
{
	if (self->none)
		SKIP(return, NO_VGEM);
	ASSERT_EQ(0, close(self->fd));
	self->fd = -1;
	EXPECT_EQ(-ECANCELED, fence_status(self->out));
}

TEST_F(closed, unbound)
{
	if (self->none)
		SKIP(return, NO_VGEM);
	ASSERT_EQ(0, slot_unbind(&self->slot));
	self->taken = true;
	EXPECT_EQ(-ENODEV, fence_status(self->out));
}

/* A job in front of the gate fails. */
TEST_F(closed, queue_failed)
{
	struct fenced s = { .fd = self->fd, .in = &self->foreign.sync, .nr_in = 1 };
	int out;

	if (self->none)
		SKIP(return, NO_VGEM);
	ASSERT_EQ(0, queue_create(self->fd, NORMAL, 4, 200 * MS, &s.queue));
	/* Not before the gated one is there */
	{
		struct test_work work;

		ASSERT_EQ(0, work_open_many(self->fd, &work));
		ASSERT_EQ(0, submit_list(self->fd, s.queue, work.list, work.count, NULL));
		s.out = &out;
		ASSERT_EQ(0, submit_fenced(&s));
		ASSERT_EQ(0, fence_wait(out, PATIENCE));
		EXPECT_EQ(-ECANCELED, fence_status(out));
		munmap(work.small.mem, work.small.bytes);
	}
}

/* Cancelled while it waits, it waits on, and then it does nothing. */
TEST_F(closed, cancelled)
{
	struct lutna_queue_cancel arg = { .queue = self->queue, .first = 1, .last = 1 };

	if (self->none)
		SKIP(return, NO_VGEM);
	ASSERT_EQ(0, call(self->fd, LUTNA_IOCTL_QUEUE_CANCEL, &arg, sizeof(arg)));
	EXPECT_EQ(1, arg.cancelled);
	EXPECT_EQ(-ETIMEDOUT, fence_wait(self->out, 20 * MS));
	ASSERT_EQ(0, foreign_signal(&self->foreign));
	self->signalled = true;
	ASSERT_EQ(0, fence_wait(self->out, PATIENCE));
	EXPECT_EQ(-ECANCELED, fence_status(self->out));
	EXPECT_EQ(0, run_list(self->fd, self->queue, 0, 0, NULL));
}

/* Nobody blames a job that the device was never told of. */
TEST_F(closed, is_not_to_blame)
{
	struct lutna_queue_info info;

	if (self->none)
		SKIP(return, NO_VGEM);
	ASSERT_EQ(0, slot_unbind(&self->slot));
	self->taken = true;
	ASSERT_EQ(0, queue_info(self->fd, self->queue, &info));
	EXPECT_EQ(1, info.completed);
	EXPECT_EQ(0, info.failed);
}

struct waiter {
	struct fenced s;
	int ret;
};

static void *submit_more(void *arg)
{
	struct waiter *w = arg;

	w->ret = submit_fenced(&w->s);
	return NULL;
}

/* Somebody waits for room behind the gate. */
TEST_F(closed, with_a_submission_under_way)
{
	struct lutna_job jobs[20] = { };
	struct waiter waiter;
	pthread_t thread;
	int i, out;

	if (self->none)
		SKIP(return, NO_VGEM);
	for (i = 0; i < 20; i++)
		jobs[i].unit = LUTNA_UNIT_LUTNA;
	waiter.s = (struct fenced) {
		.fd = self->fd,
		.queue = self->queue,
		.jobs = jobs,
		.count = 20,
		.in = &self->foreign.sync,
		.nr_in = 1,
		.out = &out,
	};
	ASSERT_EQ(0, pthread_create(&thread, NULL, submit_more, &waiter));
	while (wait_for(self->fd, self->queue, 4, 0, NULL) == -ENOENT)
		usleep(1000);
	ASSERT_EQ(0, queue_destroy(self->fd, self->queue));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	/* What was taken has a fence, and that is signalled. */
	ASSERT_EQ(0, waiter.ret);
	EXPECT_EQ(3, waiter.s.taken);
	EXPECT_EQ(-ECANCELED, fence_status(out));
	EXPECT_EQ(-ECANCELED, fence_status(self->out));
}

struct signaller {
	struct foreign foreign;
	int go;
	__s64 delay_ns;
};

static void *signal_soon(void *arg)
{
	struct signaller *s = arg;
	__s64 then;

	while (!__atomic_load_n(&s->go, __ATOMIC_ACQUIRE))
		;
	then = now_ns() + s->delay_ns;
	while (now_ns() < then)
		;
	foreign_signal(&s->foreign);
	return NULL;
}

/* The signal comes just when the queue goes. */
TEST_F_TIMEOUT(closed, signalled_at_the_last_moment, 120)
{
	int i;

	if (self->none)
		SKIP(return, NO_VGEM);
	for (i = 0; i < 200; i++) {
		struct signaller s = { .delay_ns = i * 1000 };
		struct fenced f = { .fd = self->fd, .in = &s.foreign.sync, .nr_in = 1 };
		pthread_t thread;
		int out, status;

		f.out = &out;
		ASSERT_EQ(0, foreign_open(&s.foreign));
		ASSERT_EQ(0, queue_create(self->fd, NORMAL, 4, 0, &f.queue));
		ASSERT_EQ(0, submit_fenced(&f));
		ASSERT_EQ(0, pthread_create(&thread, NULL, signal_soon, &s));
		__atomic_store_n(&s.go, 1, __ATOMIC_RELEASE);
		ASSERT_EQ(0, queue_destroy(self->fd, f.queue));
		status = fence_status(out);
		EXPECT_TRUE(status == 1 || status == -ECANCELED);
		ASSERT_EQ(0, pthread_join(thread, NULL));
		close(out);
		foreign_close(&s.foreign);
	}
}

FIXTURE(module)
{
	struct test_slot slot;
	int fd;
};

FIXTURE_SETUP(module)
{
	ASSERT_EQ(0, node_appear(0, true));
	self->fd = node_open(0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, slot_of(self->fd, &self->slot));
}

FIXTURE_TEARDOWN(module)
{
	EXPECT_EQ(0, node_appear(0, true));
}

TEST_F_TIMEOUT(module, held_by_a_fence, 60)
{
	struct fenced s = { .fd = self->fd };
	int out, i;

	ASSERT_EQ(0, queue_create(self->fd, NORMAL, 4, 0, &s.queue));
	s.out = &out;
	ASSERT_EQ(0, submit_fenced(&s));
	ASSERT_EQ(0, fence_wait(out, PATIENCE));
	ASSERT_EQ(0, close(self->fd));
	/* The file is given back behind close()'s back. */
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(-EAGAIN, module_unload());
		usleep(10000);
	}
	ASSERT_EQ(0, slot_unbind(&self->slot));
	EXPECT_EQ(-EAGAIN, module_unload());
	EXPECT_EQ(1, fence_status(out));
	ASSERT_EQ(0, close(out));
	ASSERT_EQ(0, module_unload_soon());
	ASSERT_EQ(0, module_load());
}

TEST_F_TIMEOUT(module, every_fence_lets_go_of_it, 60)
{
	struct fenced s = { .fd = self->fd };
	int out, i;

	s.out = &out;
	for (i = 0; i < 300; i++) {
		if (i % 10 == 0)
			ASSERT_EQ(0, queue_create(self->fd, NORMAL, 16, 0, &s.queue));
		ASSERT_EQ(0, submit_fenced(&s));
		close(out);
		if (i % 10 == 9)
			ASSERT_EQ(0, queue_destroy(self->fd, s.queue));
	}
	ASSERT_EQ(0, close(self->fd));
	ASSERT_EQ(0, module_unload_soon());
	ASSERT_EQ(0, module_load());
}

TEST_HARNESS_MAIN
