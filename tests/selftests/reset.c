// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: a driver that is too impatient
 *
 * The device always does as it is told, in a while.  With a patience of a
 * millisecond the driver often takes it for hung, resets it at everybody's
 * expense, and may give it up.  What must hold then is asked here.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lutna_owned.h"

#define PAGE		4096UL
#define PATIENCE_FILE	"/sys/module/lutna/parameters/answer_ms"
#define ROUNDS		12

static int set_patience(const char *ms)
{
	int fd = open(PATIENCE_FILE, O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, ms, strlen(ms)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* Someone who does nothing wrong */
struct bystander {
	int fd;
	__u32 queue;
	struct test_buffer buf;
};

static int bystander_open(struct bystander *b)
{
	int ret;

	b->fd = node_open(0);
	if (b->fd < 0)
		return b->fd;
	ret = queue_create(b->fd, LUTNA_PRIORITY_HIGH, 8, 0, &b->queue);
	return ret ?: buffer_open(b->fd, 2 * PAGE, &b->buf);
}

static void bystander_close(struct bystander *b)
{
	munmap(b->buf.mem, b->buf.bytes);
	close(b->fd);
}

static int bystander_work(struct bystander *b, __u8 value)
{
	int ret;

	put_fill(&b->buf, 0, b->buf.addr + PAGE, PAGE, value);
	ret = run_list(b->fd, b->queue, b->buf.addr, 1, NULL);
	if (!ret && !all_bytes(b->buf.mem + PAGE, PAGE, value))
		ret = -EPROTO;
	return ret;
}

/* The context must have survived, with its buffers and mappings. */
static int bystander_recover(struct bystander *b)
{
	struct lutna_queue_info info;
	int ret;

	ret = bystander_work(b, 1);
	if (ret != -EBADFD && ret != -EIO && ret != -ECANCELED)
		return ret;
	ret = queue_info(b->fd, b->queue, &info);
	if (ret)
		return ret;
	if (info.state != LUTNA_QUEUE_FAULTED || info.completed != info.submitted)
		return -EPROTO;
	ret = queue_destroy(b->fd, b->queue);
	if (!ret)
		ret = queue_create(b->fd, LUTNA_PRIORITY_HIGH, 8, 0, &b->queue);
	return ret ?: bystander_work(b, 2);
}

FIXTURE(impatient)
{
	struct test_slot slot;
	struct bystander other;
};

FIXTURE_SETUP(impatient)
{
	ASSERT_EQ(0, bystander_open(&self->other));
	ASSERT_EQ(0, slot_of(self->other.fd, &self->slot));
}

FIXTURE_TEARDOWN(impatient)
{
	EXPECT_EQ(0, set_patience("5000"));
	bystander_close(&self->other);
	/* Whatever has become of it */
	EXPECT_EQ(0, slot_unbind(&self->slot));
	EXPECT_EQ(0, slot_bind(&self->slot));
	ASSERT_EQ(0, node_appear(0, true));
	ASSERT_EQ(0, bystander_open(&self->other));
	EXPECT_EQ(0, bystander_work(&self->other, 3));
	bystander_close(&self->other);
}

/*
 * A job that takes too long, with others behind it; then the end of its queue
 * or of its file.  -ENODEV if the device was given up.
 */
static int provoke(int round)
{
	struct lutna_job_result result;
	struct test_work work;
	__u32 queue, i;
	int fd = node_open(0), ret;

	if (fd < 0)
		return fd;
	ret = work_open_one(fd, &work);
	if (!ret)
		ret = queue_create(fd, LUTNA_PRIORITY_NORMAL, 4,
				   round % 3 ? 600 * SECOND : 50 * MS, &queue);
	if (!ret)
		ret = submit_list(fd, queue, work.list, work.count, NULL);
	if (!ret)
		ret = submit_list(fd, queue, 0, 0, NULL);
	usleep(30000);
	if (!ret && round % 3 == 1)
		ret = queue_destroy(fd, queue);
	for (i = 1; i <= 2 && !ret && round % 3 == 0; i++) {
		ret = wait_for(fd, queue, i, PATIENCE, &result);
		if (!ret && result.error != -ETIME && result.error != -EIO &&
		    result.error != -ECANCELED && result.error != -ENODEV)
			ret = -EPROTO;
	}
	munmap(work.small.mem, work.small.bytes);
	close(fd);
	return ret;
}

TEST_F_TIMEOUT(impatient, jobs_end_and_contexts_live, 120)
{
	int i, ret;

	for (i = 0; i < ROUNDS; i++) {
		ASSERT_EQ(0, set_patience("1"));
		ret = provoke(i);
		ASSERT_TRUE(!ret || ret == -ENODEV || ret == -EBADFD)
			TH_LOG("round %d: %d", i, ret);
		ASSERT_EQ(0, set_patience("5000"));
		ret = bystander_recover(&self->other);
		if (ret != -ENODEV) {
			ASSERT_EQ(0, ret);
			continue;
		}
		/* Given up: that is for good, until somebody binds it anew. */
		EXPECT_EQ(-ENODEV, node_open(0));
		bystander_close(&self->other);
		ASSERT_EQ(0, slot_unbind(&self->slot));
		ASSERT_EQ(0, slot_bind(&self->slot));
		ASSERT_EQ(0, node_appear(0, true));
		ASSERT_EQ(0, bystander_open(&self->other));
	}
}

/* As load, until a reset ends its queue: what is done then is told for good. */
static int owner_survives(void)
{
	struct lutna_job_result result;
	struct test_owned q;
	int fd = node_open(0), ret;
	__u64 done;

	if (fd < 0)
		return fd;
	ret = owned_open(fd, LUTNA_PRIORITY_NORMAL, 8, 0, &q);
	if (ret) {
		close(fd);
		return ret;
	}
	while (!ret && q.written < 100000)
		ret = owned_submit(&q, 0, 0);
	done = owned_done(&q);
	/* Of the two after the last that ended well one at least was canceled. */
	if (ret == -EIO)
		ret = wait_for(fd, q.args.handle, done + 2, PATIENCE, &result);
	if (!ret && q.written < 100000 && result.error != -ECANCELED &&
	    result.error != -ENODEV)
		ret = -EPROTO;
	owned_ring(&q);
	owned_close(fd, &q);
	close(fd);
	return ret;
}

TEST_F_TIMEOUT(impatient, owners_live, 120)
{
	int i, ret, status;

	for (i = 0; i < ROUNDS / 2; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(-owner_survives());
		ASSERT_EQ(0, set_patience("1"));
		ret = provoke(i);
		ASSERT_TRUE(!ret || ret == -ENODEV || ret == -EBADFD)
			TH_LOG("round %d: %d", i, ret);
		ASSERT_EQ(0, set_patience("5000"));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_TRUE(WIFEXITED(status));
		EXPECT_TRUE(!WEXITSTATUS(status) || WEXITSTATUS(status) == ENODEV)
			TH_LOG("round %d: status %#x", i, status);
		ret = bystander_recover(&self->other);
		if (ret != -ENODEV) {
			ASSERT_EQ(0, ret);
			continue;
		}
		bystander_close(&self->other);
		ASSERT_EQ(0, slot_unbind(&self->slot));
		ASSERT_EQ(0, slot_bind(&self->slot));
		ASSERT_EQ(0, node_appear(0, true));
		ASSERT_EQ(0, bystander_open(&self->other));
	}
}

TEST_HARNESS_MAIN
