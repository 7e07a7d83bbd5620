// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: the device goes away, in every way, while it is used
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

/* A way to take the device away, and one to get it back */
FIXTURE_VARIANT(gone)
{
	int (*take)(const struct test_slot *slot);
	int (*give)(const struct test_slot *slot);
};

FIXTURE(gone)
{
	struct test_slot slot;
	int fd;
	bool taken;
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
}

/* Other tests want the device where it was; its number is free with the file. */
FIXTURE_TEARDOWN(gone)
{
	close(self->fd);
	if (self->taken)
		EXPECT_EQ(0, variant->give(&self->slot));
	EXPECT_EQ(0, node_appear(0, true));
}

TEST_F_TIMEOUT(gone, file_stays_harmless, 60)
{
	struct lutna_queue_info queue_now;
	struct lutna_job_result result;
	struct lutna_info info;
	struct lutna_bo_info bo;
	struct test_buffer buf;
	__u32 queue, handle;
	__u64 addr;

	ASSERT_EQ(0, buffer_open(self->fd, HUGE_BYTES, &buf));
	ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_NORMAL, 8, 0, &queue));
	ASSERT_EQ(0, run_list(self->fd, queue, 0, 0, NULL));
	memset(buf.mem, 1, PAGE);

	ASSERT_EQ(0, variant->take(&self->slot));
	self->taken = true;
	ASSERT_EQ(0, node_appear(0, false));

	EXPECT_EQ(-ENODEV, get_info(self->fd, &info));
	EXPECT_EQ(-ENODEV, bo_create(self->fd, PAGE, &handle, NULL));
	EXPECT_EQ(-ENODEV, bo_info(self->fd, buf.handle, &bo));
	EXPECT_EQ(-ENODEV, vm_map(self->fd, buf.handle, LUTNA_MAP_READ, 0, PAGE, &addr));
	EXPECT_EQ(-ENODEV, vm_unmap(self->fd, buf.addr, buf.bytes));
	EXPECT_EQ(-ENODEV, bo_free(self->fd, buf.handle));
	EXPECT_EQ(-ENODEV, queue_create(self->fd, LUTNA_PRIORITY_NORMAL, 8, 0, &handle));
	EXPECT_EQ(-ENODEV, submit_list(self->fd, queue, 0, 0, NULL));
	EXPECT_EQ(-ENODEV, queue_destroy(self->fd, queue));
	EXPECT_EQ(-ENOTTY, call(self->fd, _IO(LUTNA_IOC_TYPE, 200), &info, sizeof(info)));

	/* What was done is still known. */
	ASSERT_EQ(0, wait_for(self->fd, queue, 1, 0, &result));
	EXPECT_EQ(0, result.error);
	ASSERT_EQ(0, queue_info(self->fd, queue, &queue_now));
	EXPECT_EQ(LUTNA_QUEUE_DEAD, queue_now.state);
	EXPECT_EQ(1, queue_now.completed);
	EXPECT_EQ(0, queue_now.failed);

	/* Memory too, what was touched before and what was not */
	EXPECT_TRUE(all_bytes(buf.mem, PAGE, 1));
	EXPECT_TRUE(all_bytes(buf.mem + PAGE, HUGE_BYTES - PAGE, 0));
	memset(buf.mem, 2, HUGE_BYTES);
	EXPECT_EQ(0, munmap(buf.mem, HUGE_BYTES));
}

static void *sleep_for_room(void *arg)
{
	struct lutna_job job = { .unit = LUTNA_UNIT_LUTNA };
	struct test_sleeper *s = arg;

	s->ret = submit_jobs(s->fd, s->queue, 0, &job, 1, NULL, NULL);
	return NULL;
}

TEST_F_TIMEOUT(gone, waiters_wake, 60)
{
	struct test_sleeper job[3], room;
	struct test_work work;
	pthread_t threads[4];
	__u32 queue;
	int i;

	ASSERT_EQ(0, work_open_one(self->fd, &work));
	ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_NORMAL, 2, NEVER, &queue));
	ASSERT_EQ(0, submit_list(self->fd, queue, work.list, work.count, NULL));
	ASSERT_EQ(0, submit_list(self->fd, queue, 0, 0, NULL));
	for (i = 0; i < 3; i++) {
		job[i] = (struct test_sleeper) { self->fd, queue, 1 + i % 2, NEVER, -1 };
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, sleep_for_job, &job[i]));
	}
	room = (struct test_sleeper) { self->fd, queue, 0, NEVER, -1 };
	ASSERT_EQ(0, pthread_create(&threads[3], NULL, sleep_for_room, &room));
	usleep(100000);

	ASSERT_EQ(0, variant->take(&self->slot));
	self->taken = true;
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_join(threads[i], NULL));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(0, job[i].ret);
		EXPECT_EQ(-ENODEV, job[i].result.error);
	}
	EXPECT_EQ(-ENODEV, room.ret);
	ASSERT_EQ(0, munmap(work.small.mem, work.small.bytes));
}

/* A device may come back while files of its former life are open. */
TEST_F_TIMEOUT(gone, new_life_beside_the_old, 60)
{
	struct test_work work;
	int fresh, i;
	__u32 queue;

	ASSERT_EQ(0, work_open_one(self->fd, &work));
	ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_NORMAL, 2, NEVER, &queue));
	ASSERT_EQ(0, submit_list(self->fd, queue, work.list, work.count, NULL));
	i = node_count();
	ASSERT_EQ(0, variant->take(&self->slot));
	ASSERT_EQ(0, variant->give(&self->slot));
	/* Its number is taken until the last file is closed. */
	ASSERT_EQ(0, node_appear(i, true));
	ASSERT_EQ(0, node_appear(0, false));
	fresh = node_open(i);
	ASSERT_LE(0, fresh);
	EXPECT_EQ(-ENODEV, submit_list(self->fd, queue, 0, 0, NULL));
	ASSERT_EQ(0, queue_create(fresh, LUTNA_PRIORITY_NORMAL, 2, 0, &queue));
	EXPECT_EQ(0, run_list(fresh, queue, 0, 0, NULL));
	ASSERT_EQ(0, munmap(work.small.mem, work.small.bytes));
	ASSERT_EQ(0, close(fresh));
	ASSERT_EQ(0, close(self->fd));
	/* Back to the number that it had */
	ASSERT_EQ(0, variant->take(&self->slot));
	self->taken = true;
}

/* One file's life, until an error: buffers, mappings, queues, jobs of all kinds. */
static int use_device(int fd, unsigned int round)
{
	struct test_buffer buf = { };
	__u32 queue;
	__u64 seqno;
	int ret, i;

	ret = buffer_open(fd, (round % 3 ? 3 * PAGE : HUGE_BYTES), &buf);
	if (!ret)
		ret = queue_create(fd, LUTNA_PRIORITY_NORMAL, 4, 0, &queue);
	for (i = 0; i < 20 && !ret; i++) {
		/* Lists of jobs that may be pending stay as they are. */
		put_fill(&buf, i % 8, buf.addr + PAGE, PAGE, i);
		ret = submit_list(fd, queue, buf.addr + i % 8 * LUTNA_CMD_SIZE, 1, &seqno);
		if (!ret && i % 3)
			ret = wait_for(fd, queue, seqno, PATIENCE, NULL);
	}
	if (!ret && round % 2)
		return buffer_close(fd, &buf);
	if (buf.mem && buf.mem != MAP_FAILED)
		munmap(buf.mem, buf.bytes);
	return ret;
}

/*
 * Uses whichever device there is, until told to stop.  Errors other than that
 * the device is gone end it.
 */
static int load(const int *stop)
{
	unsigned int round = 0;
	int ret = 0;

	while (!__atomic_load_n(stop, __ATOMIC_SEQ_CST) && (!ret || ret == -ENODEV)) {
		int fd = node_open(round++ % 4);

		if (fd == -ENOENT || fd == -ENODEV || fd == -ENXIO) {
			usleep(1000);
			continue;
		}
		ret = fd < 0 ? fd : use_device(fd, round);
		close(fd);
	}
	return ret == -ENODEV ? 0 : ret;
}

TEST_F_TIMEOUT(gone, again_and_again_under_load, 120)
{
	struct test_loaders loaders;
	int i;

	close(self->fd);
	self->fd = -1;
	ASSERT_EQ(0, loaders_start(&loaders, load));
	for (i = 0; i < 8; i++) {
		usleep(100000 + 37000 * i);
		EXPECT_EQ(0, variant->take(&self->slot));
		usleep(20000 * (i % 3));
		EXPECT_EQ(0, variant->give(&self->slot));
	}
	EXPECT_EQ(0, loaders_end(&loaders));
	/* Back to its number, which an old file may have kept from it */
	EXPECT_EQ(0, variant->take(&self->slot));
	self->taken = true;
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

TEST_F(module, held_by_a_file)
{
	__u32 queue;

	EXPECT_EQ(-EAGAIN, module_unload());
	ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_NORMAL, 2, 0, &queue));
	EXPECT_EQ(0, run_list(self->fd, queue, 0, 0, NULL));
	close(self->fd);
}

TEST_F(module, held_by_a_file_without_device)
{
	ASSERT_EQ(0, slot_unbind(&self->slot));
	EXPECT_EQ(-EAGAIN, module_unload());
	close(self->fd);
	EXPECT_EQ(0, slot_bind(&self->slot));
}

TEST_F(module, held_by_a_mapping)
{
	struct test_buffer buf;

	ASSERT_EQ(0, buffer_open(self->fd, PAGE, &buf));
	close(self->fd);
	EXPECT_EQ(-EAGAIN, module_unload());
	ASSERT_EQ(0, munmap(buf.mem, buf.bytes));
}

TEST_F_TIMEOUT(module, unloaded_and_loaded, 60)
{
	struct test_work work;
	__u32 queue;
	int i;

	close(self->fd);
	for (i = 0; i < 5; i++) {
		int fd = node_open(0);

		ASSERT_LE(0, fd);
		ASSERT_EQ(0, work_open_one(fd, &work));
		ASSERT_EQ(0, queue_create(fd, LUTNA_PRIORITY_NORMAL, 2, NEVER, &queue));
		ASSERT_EQ(0, submit_list(fd, queue, work.list, work.count, NULL));
		ASSERT_EQ(0, munmap(work.small.mem, work.small.bytes));
		close(fd);
		ASSERT_EQ(0, module_unload_soon());
		ASSERT_EQ(0, module_load());
		ASSERT_EQ(0, node_appear(0, true));
	}
}

TEST_F_TIMEOUT(module, unloaded_under_load, 120)
{
	struct test_loaders loaders;
	int i;

	close(self->fd);
	ASSERT_EQ(0, loaders_start(&loaders, load));
	for (i = 0; i < 4; i++) {
		usleep(200000);
		/* Whoever uses the device loses it, and lets go of the module. */
		EXPECT_EQ(0, slot_unbind(&self->slot));
		EXPECT_EQ(0, module_unload_soon());
		EXPECT_EQ(0, module_load());
	}
	EXPECT_EQ(0, loaders_end(&loaders));
}

TEST_HARNESS_MAIN
