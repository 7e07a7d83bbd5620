// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: several devices in one machine
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lutna_test.h"

#define PAGE	4096UL

struct device {
	int fd;
	__u32 queue;
	struct test_slot slot;
	struct test_buffer buf;
};

FIXTURE(multi)
{
	struct device dev[2];
	bool alone;	/* skip: the harness does so in tests, not in their setup */
};

FIXTURE_SETUP(multi)
{
	int i;

	self->dev[0].fd = -1;
	self->dev[1].fd = -1;
	self->alone = node_count() < 2;
	if (self->alone)
		return;
	for (i = 0; i < 2; i++) {
		struct device *d = &self->dev[i];

		d->fd = node_open(i);
		ASSERT_LE(0, d->fd);
		ASSERT_EQ(0, slot_of(d->fd, &d->slot));
		ASSERT_EQ(0, queue_create(d->fd, LUTNA_PRIORITY_NORMAL, 8, 600 * SECOND,
					  &d->queue));
		ASSERT_EQ(0, buffer_open(d->fd, 2 * PAGE, &d->buf));
	}
}

FIXTURE_TEARDOWN(multi)
{
	close(self->dev[0].fd);
	close(self->dev[1].fd);
}

/* The device writes @value into its buffer. */
static int fill(struct device *d, __u8 value)
{
	put_fill(&d->buf, 0, d->buf.addr + PAGE, PAGE, value);
	return run_list(d->fd, d->queue, d->buf.addr, 1, NULL);
}

TEST_F(multi, each_is_one_of_its_own)
{
	if (self->alone)
		SKIP(return, "there is one device only");
	EXPECT_NE(0, strcmp(self->dev[0].slot.name, self->dev[1].slot.name));
}

TEST_F(multi, each_has_its_own_memory)
{
	int i;

	if (self->alone)
		SKIP(return, "there is one device only");
	/* The same numbers mean other things. */
	EXPECT_EQ(self->dev[0].buf.addr, self->dev[1].buf.addr);
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, fill(&self->dev[0], i));
		ASSERT_EQ(0, fill(&self->dev[1], ~i));
		EXPECT_TRUE(all_bytes(self->dev[0].buf.mem + PAGE, PAGE, i));
		EXPECT_TRUE(all_bytes(self->dev[1].buf.mem + PAGE, PAGE, ~i));
	}
}

TEST_F(multi, handles_are_private)
{
	__u32 handle;

	if (self->alone)
		SKIP(return, "there is one device only");
	ASSERT_EQ(0, bo_create(self->dev[0].fd, PAGE, &handle, NULL));
	EXPECT_EQ(-ENOENT, bo_free(self->dev[1].fd, handle));
}

TEST_F_TIMEOUT(multi, one_goes_the_other_works_on, 60)
{
	struct test_work work;
	struct lutna_job_result result;
	struct device *gone = &self->dev[1], *stays = &self->dev[0];

	if (self->alone)
		SKIP(return, "there is one device only");
	ASSERT_EQ(0, work_open_one(gone->fd, &work));
	ASSERT_EQ(0, submit_list(gone->fd, gone->queue, work.list, work.count, NULL));
	ASSERT_EQ(0, slot_unbind(&gone->slot));
	EXPECT_EQ(0, fill(stays, 7));
	EXPECT_EQ(0, wait_for(gone->fd, gone->queue, 1, 0, &result));
	EXPECT_EQ(-ENODEV, result.error);
	munmap(work.small.mem, work.small.bytes);
	munmap(gone->buf.mem, gone->buf.bytes);
	close(gone->fd);
	EXPECT_EQ(0, slot_bind(&gone->slot));
	ASSERT_EQ(0, node_appear(1, true));
	gone->fd = node_open(1);
	ASSERT_LE(0, gone->fd);
	ASSERT_EQ(0, queue_create(gone->fd, LUTNA_PRIORITY_NORMAL, 8, 0, &gone->queue));
	EXPECT_EQ(0, run_list(gone->fd, gone->queue, 0, 0, NULL));
}

TEST_HARNESS_MAIN
