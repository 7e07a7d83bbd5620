// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: the device goes away under processes that store to it
 */
#include <endian.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lutna_owned.h"

#define PAGE	4096U
#define DEPTH	8U
#define NEVER	(600 * SECOND)

FIXTURE(gone)
{
	struct test_slot slot;
	int fd;
	bool taken;
	struct test_owned q;
};

FIXTURE_VARIANT(gone)
{
	int (*take)(const struct test_slot *slot);
	int (*give)(const struct test_slot *slot);
};

FIXTURE_VARIANT_ADD(gone, unbind)
{
	.take = slot_unbind,
	.give = slot_bind,
};

FIXTURE_VARIANT_ADD(gone, remove)
{
	.take = slot_remove,
	.give = slot_rescan,
};

FIXTURE_SETUP(gone)
{
	self->taken = false;
	ASSERT_EQ(0, node_appear(0, true));
	self->fd = node_open(0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, slot_of(self->fd, &self->slot));
	ASSERT_EQ(0, owned_open(self->fd, LUTNA_PRIORITY_NORMAL, DEPTH, NEVER, &self->q));
}

FIXTURE_TEARDOWN(gone)
{
	owned_unmap(&self->q);
	close(self->fd);
	if (self->taken)
		EXPECT_EQ(0, variant->give(&self->slot));
	EXPECT_EQ(0, node_appear(0, true));
}

/* Also a doorbell that was never touched before, and one that a child has. */
TEST_F_TIMEOUT(gone, mappings_stay_harmless, 60)
{
	struct lutna_queue_create args;
	struct lutna_job_result result;
	struct test_owned fresh;
	void *page;
	int status;
	pid_t pid;

	ASSERT_EQ(0, owned_open(self->fd, LUTNA_PRIORITY_NORMAL, DEPTH, NEVER, &fresh));
	ASSERT_EQ(0, owned_submit(&self->q, 0, 0));
	ASSERT_EQ(0, owned_spin(&self->q, 1));
	ASSERT_EQ(0, variant->take(&self->slot));
	self->taken = true;

	EXPECT_EQ(LUTNA_QUEUE_DEAD, owned_state(&self->q));
	EXPECT_EQ(LUTNA_QUEUE_DEAD, owned_state(&fresh));
	owned_put(&self->q, 0, 0);
	owned_ring(&self->q);
	EXPECT_EQ(-EIO, owned_spin(&self->q, 2));
	owned_ring(&fresh);
	pid = fork();
	if (!pid) {
		owned_ring(&self->q);
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	ASSERT_EQ(0, wait_for(self->fd, self->q.args.handle, 1, 0, &result));
	EXPECT_EQ(0, result.error);
	ASSERT_EQ(0, wait_for(self->fd, self->q.args.handle, 2, 0, &result));
	EXPECT_EQ(-ENODEV, result.error);
	EXPECT_EQ(-ENODEV, owned_create(self->fd, LUTNA_PRIORITY_NORMAL, 2, 0, &args));
	page = mmap(NULL, PAGE, PROT_WRITE, MAP_SHARED, self->fd,
		    self->q.args.doorbell_offset);
	EXPECT_EQ(MAP_FAILED, page);
	EXPECT_EQ(ENODEV, errno);
	owned_unmap(&fresh);
}

/* What an old file stores to does not reach the device in its new life. */
TEST_F_TIMEOUT(gone, old_doorbell_and_new_life, 60)
{
	struct test_owned q;
	int fresh, i = node_count();

	ASSERT_EQ(0, owned_submit(&self->q, 0, 0));
	ASSERT_EQ(0, owned_spin(&self->q, 1));
	ASSERT_EQ(0, variant->take(&self->slot));
	ASSERT_EQ(0, variant->give(&self->slot));
	ASSERT_EQ(0, node_appear(i, true));
	fresh = node_open(i);
	ASSERT_LE(0, fresh);
	ASSERT_EQ(0, owned_open(fresh, LUTNA_PRIORITY_NORMAL, DEPTH, 0, &q));
	/* The same context and queue of the device as before */
	ASSERT_EQ(self->q.args.doorbell_offset, q.args.doorbell_offset);
	ASSERT_EQ(self->q.args.doorbell, q.args.doorbell);
	for (i = 0; i < 100; i++)
		owned_store(self->q.bell, i * 3);
	ASSERT_EQ(0, owned_submit(&q, 0, 0));
	EXPECT_EQ(0, owned_spin(&q, 1));
	owned_unmap(&q);
	close(fresh);
	close(self->fd);
	self->fd = -1;
	owned_unmap(&self->q);
	ASSERT_EQ(0, variant->take(&self->slot));
	self->taken = true;
}

/* Submits until its queue stops, over and over, with whatever device there is. */
static int load(const int *stop)
{
	int round = 0, ret = 0;

	while (!__atomic_load_n(stop, __ATOMIC_SEQ_CST) && !ret) {
		struct test_owned q;
		int fd = node_open(round++ % 4);

		if (fd < 0) {
			usleep(1000);
			continue;
		}
		ret = owned_open(fd, LUTNA_PRIORITY_NORMAL, DEPTH, 0, &q);
		if (ret) {
			if (q.entries)
				munmap(q.entries, q.args.ring_bytes);
			close(fd);
			ret = ret == -ENODEV ? 0 : ret;
			continue;
		}
		while (!__atomic_load_n(stop, __ATOMIC_SEQ_CST) && !ret)
			ret = owned_submit(&q, 0, 0);
		/* It has stopped: more of the same does nothing. */
		if (ret == -EIO) {
			ret = owned_state(&q) == LUTNA_QUEUE_DEAD ? 0 : -EPROTO;
			owned_ring(&q);
		}
		owned_unmap(&q);
		close(fd);
	}
	return ret;
}

TEST_F_TIMEOUT(gone, again_and_again_under_load, 120)
{
	struct test_loaders loaders;
	int i;

	close(self->fd);
	self->fd = -1;
	owned_unmap(&self->q);
	ASSERT_EQ(0, loaders_start(&loaders, load));
	for (i = 0; i < 8; i++) {
		usleep(100000 + 37000 * i);
		EXPECT_EQ(0, variant->take(&self->slot));
		usleep(20000 * (i % 3));
		EXPECT_EQ(0, variant->give(&self->slot));
	}
	EXPECT_EQ(0, loaders_end(&loaders));
	EXPECT_EQ(0, variant->take(&self->slot));
	self->taken = true;
}

TEST_F_TIMEOUT(gone, sleepers_wake, 60)
{
	struct test_sleeper s = { self->fd, self->q.args.handle, 2, NEVER, -1 };
	pthread_t thread;

	ASSERT_EQ(0, owned_submit(&self->q, 0, 0));
	ASSERT_EQ(0, pthread_create(&thread, NULL, sleep_for_job, &s));
	usleep(50000);
	ASSERT_EQ(0, variant->take(&self->slot));
	self->taken = true;
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_EQ(0, s.ret);
	EXPECT_EQ(-ENODEV, s.result.error);
}

static void expect_held(struct __test_metadata *_metadata, bool bell)
{
	struct test_owned q;
	int fd = node_open(0);

	ASSERT_LE(0, fd);
	ASSERT_EQ(0, owned_open(fd, LUTNA_PRIORITY_NORMAL, DEPTH, NEVER, &q));
	if (bell)
		munmap(q.entries, q.args.ring_bytes);
	else
		munmap(q.page, PAGE);
	close(fd);
	EXPECT_EQ(-EAGAIN, module_unload());
	if (bell)
		munmap(q.page, PAGE);
	else
		munmap(q.entries, q.args.ring_bytes);
}

TEST(module_held_by_a_doorbell)
{
	expect_held(_metadata, true);
}

TEST(module_held_by_a_ring)
{
	expect_held(_metadata, false);
}

TEST_HARNESS_MAIN
