// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: jobs by way of io_uring
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lutna_test.h"

#define PAGE	4096UL
#define ENTRIES	64U
#define DEPTH	16U
#define NEVER	(600 * SECOND)

/* The machine's kernel ends commands of rings that go away. */
static bool kernel_cancels(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname name;

	if (uname(&name) || sscanf(name.release, "%u.%u", &major, &minor) != 2)
		return false;
	return major > 6 || (major == 6 && minor >= 7);
}

static struct io_uring_sqe *command_sqe(struct io_uring *ring, int fd, __u32 op, __u64 data)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);

	if (!sqe)
		return NULL;
	io_uring_prep_rw(IORING_OP_URING_CMD, sqe, fd, NULL, 0, 0);
	sqe->cmd_op = op;
	sqe->user_data = data;
	return sqe;
}

static struct io_uring_sqe *put_submit(struct io_uring *ring, int fd,
				       struct lutna_submit *submit, __u64 data)
{
	struct lutna_uring_submit cmd = { .submit = (uintptr_t)submit };
	struct io_uring_sqe *sqe = command_sqe(ring, fd, LUTNA_URING_SUBMIT, data);

	if (sqe)
		memcpy(sqe->cmd, &cmd, sizeof(cmd));
	return sqe;
}

static struct io_uring_sqe *put_wait(struct io_uring *ring, int fd, __u32 queue,
				     __u64 seqno, __u64 data)
{
	struct lutna_uring_wait cmd = { .seqno = seqno, .queue = queue };
	struct io_uring_sqe *sqe = command_sqe(ring, fd, LUTNA_URING_WAIT, data);

	if (sqe)
		memcpy(sqe->cmd, &cmd, sizeof(cmd));
	return sqe;
}

/* What the next completion says, or -ETIMEDOUT; @data may be NULL */
static int result(struct io_uring *ring, __s64 ns, __u64 *data)
{
	struct __kernel_timespec t = { .tv_sec = ns / SECOND, .tv_nsec = ns % SECOND };
	struct io_uring_cqe *cqe;
	int ret;

	ret = io_uring_wait_cqe_timeout(ring, &cqe, &t);
	if (ret)
		return ret == -ETIME ? -ETIMEDOUT : ret;
	if (data)
		*data = cqe->user_data;
	ret = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return ret;
}

/* Files that hold the module; other programs do not run now. */
static int files_open(void)
{
	FILE *f = fopen("/sys/module/lutna/refcnt", "r");
	int count = -1;

	if (!f)
		return -ENOENT;
	if (fscanf(f, "%d", &count) != 1)
		count = -EPROTO;
	fclose(f);
	return count;
}

static int all_files_closed(void)
{
	__s64 end = now_ns() + PATIENCE;

	while (files_open()) {
		if (now_ns() > end)
			return -ETIMEDOUT;
		usleep(10000);
	}
	return 0;
}

static struct lutna_submit submission(__u32 queue, const struct lutna_job *jobs, __u32 count)
{
	return (struct lutna_submit) {
		.size = sizeof(struct lutna_submit),
		.queue = queue,
		.job_size = sizeof(*jobs),
		.jobs = (uintptr_t)jobs,
		.job_count = count,
	};
}

FIXTURE(ring)
{
	int fd;
	__u32 queue;
	struct io_uring ring;
	struct lutna_job empty;
};

FIXTURE_VARIANT(ring)
{
	unsigned int setup;
	unsigned int sqe_flags;
};

FIXTURE_VARIANT_ADD(ring, plain)
{
};

FIXTURE_VARIANT_ADD(ring, sqpoll)
{
	.setup = IORING_SETUP_SQPOLL,
};

FIXTURE_VARIANT_ADD(ring, deferred)
{
	.setup = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
};

FIXTURE_VARIANT_ADD(ring, by_worker)
{
	.sqe_flags = IOSQE_ASYNC,
};

FIXTURE_VARIANT_ADD(ring, fixed_file)
{
	.sqe_flags = IOSQE_FIXED_FILE,
};

FIXTURE_SETUP(ring)
{
	self->fd = node_open(0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_NORMAL, DEPTH, NEVER, &self->queue));
	ASSERT_EQ(0, io_uring_queue_init(ENTRIES, &self->ring, variant->setup));
	self->empty = (struct lutna_job) { .unit = LUTNA_UNIT_LUTNA };
	if (variant->sqe_flags & IOSQE_FIXED_FILE)
		ASSERT_EQ(0, io_uring_register_files(&self->ring, &self->fd, 1));
}

FIXTURE_TEARDOWN(ring)
{
	io_uring_queue_exit(&self->ring);
	close(self->fd);
}

/* What an SQE names the file by */
#define FILE_OF(self, variant) \
	((variant)->sqe_flags & IOSQE_FIXED_FILE ? 0 : (self)->fd)

TEST_F_TIMEOUT(ring, thousands_of_jobs, 120)
{
	enum { JOBS = 4000, IN_FLIGHT = 32 };
	struct lutna_submit submits[IN_FLIGHT] = { };
	unsigned int begun = 0, ended = 0;
	static bool seen[JOBS + 1];
	__u64 data;

	while (ended < JOBS) {
		while (begun < JOBS && begun - ended < IN_FLIGHT) {
			struct lutna_submit *submit;
			struct io_uring_sqe *sqe;
			unsigned int i;

			/* One that is free: where workers submit the order is theirs. */
			for (i = 0; submits[i].size; i++)
				;
			submit = &submits[i];
			*submit = submission(self->queue, &self->empty, 1);
			sqe = put_submit(&self->ring, FILE_OF(self, variant), submit, i);
			ASSERT_NE(NULL, sqe);
			sqe->flags |= variant->sqe_flags;
			begun++;
		}
		ASSERT_LE(0, io_uring_submit(&self->ring));
		ASSERT_EQ(0, result(&self->ring, PATIENCE, &data));
		ASSERT_GT(IN_FLIGHT, data);
		/* Each has a number of its own, and it is there. */
		ASSERT_EQ(1, submits[data].job_count);
		ASSERT_LT(0, submits[data].seqno);
		ASSERT_GE(JOBS, submits[data].seqno);
		ASSERT_FALSE(seen[submits[data].seqno]);
		seen[submits[data].seqno] = true;
		submits[data].size = 0;
		ended++;
	}
	EXPECT_EQ(-ETIMEDOUT, result(&self->ring, 1, NULL));
}

/* A batch larger than the ring of the queue: a worker waits for room. */
TEST_F_TIMEOUT(ring, more_than_fit, 60)
{
	struct lutna_job jobs[5 * DEPTH] = { };
	struct lutna_submit submit = submission(self->queue, jobs, 5 * DEPTH);
	struct io_uring_sqe *sqe;

	sqe = put_submit(&self->ring, FILE_OF(self, variant), &submit, 1);
	ASSERT_NE(NULL, sqe);
	sqe->flags |= variant->sqe_flags;
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_EQ(0, result(&self->ring, PATIENCE, NULL));
	EXPECT_EQ(5 * DEPTH, submit.job_count);
	EXPECT_EQ(5 * DEPTH, submit.seqno);
}

TEST_F_TIMEOUT(ring, wait, 60)
{
	struct io_uring_sqe *sqe;
	__u64 seqno, data;
	int i;

	for (i = 0; i < 10; i++)
		ASSERT_EQ(0, submit_list(self->fd, self->queue, 0, 0, &seqno));
	/* Some that may wait, some that have ended long ago, the same twice */
	for (i = 0; i < 20; i++) {
		sqe = put_wait(&self->ring, FILE_OF(self, variant), self->queue, 1 + i / 2, i);
		ASSERT_NE(NULL, sqe);
		sqe->flags |= variant->sqe_flags;
	}
	ASSERT_LE(0, io_uring_submit(&self->ring));
	for (i = 0; i < 20; i++)
		EXPECT_EQ(0, result(&self->ring, PATIENCE, &data));
}

TEST_F_TIMEOUT(ring, queue_destroyed, 60)
{
	struct io_uring_sqe *sqe;
	struct test_work work;
	int i;

	ASSERT_EQ(0, work_open_one(self->fd, &work));
	ASSERT_EQ(0, submit_list(self->fd, self->queue, work.list, work.count, NULL));
	ASSERT_EQ(0, submit_list(self->fd, self->queue, 0, 0, NULL));
	for (i = 0; i < 10; i++) {
		sqe = put_wait(&self->ring, FILE_OF(self, variant), self->queue, 1 + i % 2, i);
		ASSERT_NE(NULL, sqe);
		sqe->flags |= variant->sqe_flags;
	}
	ASSERT_LE(0, io_uring_submit(&self->ring));
	EXPECT_EQ(-ETIMEDOUT, result(&self->ring, 100 * MS, NULL));
	ASSERT_EQ(0, queue_destroy(self->fd, self->queue));
	for (i = 0; i < 10; i++)
		EXPECT_EQ(-ECANCELED, result(&self->ring, PATIENCE, NULL));
}

TEST_F_TIMEOUT(ring, unbind, 60)
{
	struct lutna_job jobs[DEPTH] = { };
	struct lutna_submit fits, waits;
	struct io_uring_sqe *sqe;
	struct test_work work;
	struct test_slot slot;
	int i;

	ASSERT_EQ(0, slot_of(self->fd, &slot));
	ASSERT_EQ(0, work_open_one(self->fd, &work));
	ASSERT_EQ(0, submit_list(self->fd, self->queue, work.list, work.count, NULL));
	fits = submission(self->queue, jobs, 3);
	waits = submission(self->queue, jobs, DEPTH);
	put_submit(&self->ring, FILE_OF(self, variant), &fits, 0)->flags |= variant->sqe_flags;
	ASSERT_LE(0, io_uring_submit(&self->ring));
	EXPECT_EQ(-ETIMEDOUT, result(&self->ring, 100 * MS, NULL));
	/* In the hands of a worker, which waits for room */
	put_submit(&self->ring, FILE_OF(self, variant), &waits, 1)->flags |= variant->sqe_flags;
	sqe = put_wait(&self->ring, FILE_OF(self, variant), self->queue, 1, 2);
	ASSERT_NE(NULL, sqe);
	sqe->flags |= variant->sqe_flags;
	ASSERT_LE(0, io_uring_submit(&self->ring));
	EXPECT_EQ(-ETIMEDOUT, result(&self->ring, 100 * MS, NULL));
	ASSERT_EQ(0, slot_unbind(&slot));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(-ENODEV, result(&self->ring, PATIENCE, NULL));

	munmap(work.small.mem, work.small.bytes);
	io_uring_queue_exit(&self->ring);
	close(self->fd);
	/* A ring ends when it likes, and the device's number is free after that. */
	EXPECT_EQ(0, all_files_closed());
	ASSERT_EQ(0, slot_bind(&slot));
	ASSERT_EQ(0, node_appear(0, true));
	/* For the teardown */
	self->fd = node_open(0);
	ASSERT_EQ(0, io_uring_queue_init(1, &self->ring, 0));
}

FIXTURE(one)
{
	int fd;
	__u32 queue;
	struct io_uring ring;
	struct test_buffer buf;
	struct lutna_job job;
	struct lutna_submit submit;
};

FIXTURE_SETUP(one)
{
	self->fd = node_open(0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_NORMAL, DEPTH, NEVER, &self->queue));
	ASSERT_EQ(0, buffer_open(self->fd, 4 * PAGE, &self->buf));
	ASSERT_EQ(0, io_uring_queue_init(ENTRIES, &self->ring, 0));
	self->job = (struct lutna_job) {
		.list = self->buf.addr,
		.count = 1,
		.unit = LUTNA_UNIT_LUTNA,
	};
	put_nop(&self->buf, 0);
	self->submit = submission(self->queue, &self->job, 1);
}

FIXTURE_TEARDOWN(one)
{
	io_uring_queue_exit(&self->ring);
	close(self->fd);
}

/* One SUBMIT through the ring */
static int run_submit(struct io_uring *ring, int fd, struct lutna_submit *submit)
{
	if (!put_submit(ring, fd, submit, 0) || io_uring_submit(ring) != 1)
		return -EPROTO;
	return result(ring, PATIENCE, NULL);
}

static int run_wait(struct io_uring *ring, int fd, __u32 queue, __u64 seqno)
{
	if (!put_wait(ring, fd, queue, seqno, 0) || io_uring_submit(ring) != 1)
		return -EPROTO;
	return result(ring, PATIENCE, NULL);
}

TEST_F(one, refused)
{
	struct lutna_submit bad = self->submit;
	struct io_uring_sqe *sqe;
	struct lutna_job job;
	int i;

	/* As the ioctl refuses it */
	bad.size = offsetof(struct lutna_submit, seqno);
	EXPECT_EQ(-EINVAL, run_submit(&self->ring, self->fd, &bad));
	bad = self->submit;
	bad.flags = 1U << 31;
	EXPECT_EQ(-EOPNOTSUPP, run_submit(&self->ring, self->fd, &bad));
	bad = self->submit;
	bad.reserved = 1;
	EXPECT_EQ(-EINVAL, run_submit(&self->ring, self->fd, &bad));
	bad = self->submit;
	bad.queue = 4711;
	EXPECT_EQ(-ENOENT, run_submit(&self->ring, self->fd, &bad));
	bad = self->submit;
	bad.jobs = 0;
	EXPECT_EQ(-EFAULT, run_submit(&self->ring, self->fd, &bad));
	EXPECT_EQ(-EFAULT, run_submit(&self->ring, self->fd, NULL));
	EXPECT_EQ(-EFAULT, run_submit(&self->ring, self->fd, (void *)-8L));
	job = self->job;
	job.flags = 1U << 31;
	bad = submission(self->queue, &job, 1);
	EXPECT_EQ(-EOPNOTSUPP, run_submit(&self->ring, self->fd, &bad));

	EXPECT_EQ(-ENOENT, run_wait(&self->ring, self->fd, 4711, 1));
	EXPECT_EQ(-ENOENT, run_wait(&self->ring, self->fd, self->queue, 0));
	EXPECT_EQ(-ENOENT, run_wait(&self->ring, self->fd, self->queue, 1));
	EXPECT_EQ(-ENOENT, run_wait(&self->ring, self->fd, self->queue, UINT64_MAX));

	for (i = 0; i < 4; i++) {
		const __u32 ops[] = { 0, ~0U, LUTNA_IOCTL_GET_INFO, LUTNA_IOCTL_BO_CREATE };

		ASSERT_NE(NULL, command_sqe(&self->ring, self->fd, ops[i], i));
		ASSERT_EQ(1, io_uring_submit(&self->ring));
		EXPECT_EQ(-ENOTTY, result(&self->ring, PATIENCE, NULL));
	}
	sqe = put_submit(&self->ring, self->fd, &self->submit, 0);
	sqe->cmd[offsetof(struct lutna_uring_submit, reserved) + 7] = 1;
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_EQ(-EINVAL, result(&self->ring, PATIENCE, NULL));
	sqe = put_wait(&self->ring, self->fd, self->queue, 1, 0);
	sqe->cmd[offsetof(struct lutna_uring_wait, flags)] = 1;
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_EQ(-EOPNOTSUPP, result(&self->ring, PATIENCE, NULL));

	/* Nothing of that has gone anywhere. */
	EXPECT_EQ(0, run_submit(&self->ring, self->fd, &self->submit));
	EXPECT_EQ(1, self->submit.seqno);
	EXPECT_EQ(0, run_wait(&self->ring, self->fd, self->queue, 1));
}

/* How the job ended is what the completion says. */
TEST_F(one, failures)
{
	struct lutna_queue_cancel cancel = { .first = 1, .last = UINT64_MAX };
	__u32 other, blockers[4];
	struct test_work work;
	int i;

	/* Stopped by its time limit; for those that come later too */
	ASSERT_EQ(0, work_open_one(self->fd, &work));
	ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_NORMAL, DEPTH, SECOND, &other));
	ASSERT_EQ(0, submit_list(self->fd, other, work.list, work.count, NULL));
	for (i = 0; i < 3; i++)
		put_wait(&self->ring, self->fd, other, 1, i);
	ASSERT_EQ(3, io_uring_submit(&self->ring));
	for (i = 0; i < 3; i++)
		EXPECT_EQ(-ETIME, result(&self->ring, PATIENCE, NULL));
	EXPECT_EQ(-ETIME, run_wait(&self->ring, self->fd, other, 1));
	self->submit.queue = other;
	EXPECT_EQ(-EBADFD, run_submit(&self->ring, self->fd, &self->submit));

	/* Cancelled while more urgent queues have the device's engines */
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_HIGH, 4, NEVER,
					  &blockers[i]));
		ASSERT_EQ(0, submit_list(self->fd, blockers[i], work.list, work.count, NULL));
	}
	usleep(100000);
	self->submit.queue = self->queue;
	ASSERT_NE(NULL, put_submit(&self->ring, self->fd, &self->submit, 0));
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	cancel.queue = self->queue;
	ASSERT_EQ(0, call(self->fd, LUTNA_IOCTL_QUEUE_CANCEL, &cancel, sizeof(cancel)));
	EXPECT_EQ(1, cancel.cancelled);
	EXPECT_EQ(-ETIMEDOUT, result(&self->ring, 50 * MS, NULL));
	for (i = 0; i < 4; i++)
		ASSERT_EQ(0, queue_destroy(self->fd, blockers[i]));
	EXPECT_EQ(-ECANCELED, result(&self->ring, PATIENCE, NULL));
}

TEST_F(one, fault)
{
	command(&self->buf, 0, 0x7777);
	EXPECT_EQ(-EIO, run_submit(&self->ring, self->fd, &self->submit));
	EXPECT_EQ(-EIO, run_wait(&self->ring, self->fd, self->queue, 1));
	EXPECT_EQ(-EBADFD, run_submit(&self->ring, self->fd, &self->submit));
}

TEST_F(one, nonblock)
{
	struct lutna_job jobs[DEPTH] = { };
	struct lutna_submit rest;
	struct test_work work;

	ASSERT_EQ(0, work_open_one(self->fd, &work));
	ASSERT_EQ(0, submit_list(self->fd, self->queue, work.list, work.count, NULL));
	rest = submission(self->queue, jobs, DEPTH - 1);
	ASSERT_NE(NULL, put_submit(&self->ring, self->fd, &rest, 7));
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_EQ(-ETIMEDOUT, result(&self->ring, 50 * MS, NULL));
	EXPECT_EQ(DEPTH, rest.seqno);
	self->submit.flags = LUTNA_SUBMIT_NONBLOCK;
	EXPECT_EQ(-EAGAIN, run_submit(&self->ring, self->fd, &self->submit));
	ASSERT_EQ(0, queue_destroy(self->fd, self->queue));
	EXPECT_EQ(-ECANCELED, result(&self->ring, PATIENCE, NULL));
}

/* Reads, jobs and writes one after the other: a file goes through the device. */
TEST_F(one, linked_with_reads)
{
	const __u64 in = self->buf.addr + PAGE, out = self->buf.addr + 2 * PAGE;
	int files[2] = { memfd_create("in", 0), memfd_create("out", 0) };
	struct io_uring_sqe *sqe;
	__u64 data, word = 0, want = 0x0123456789abcdef;
	int i;

	ASSERT_EQ(sizeof(want), pwrite(files[0], &want, sizeof(want), 0));
	put_copy(&self->buf, 0, out, in, sizeof(want));
	sqe = io_uring_get_sqe(&self->ring);
	io_uring_prep_read(sqe, files[0], self->buf.mem + PAGE, sizeof(want), 0);
	sqe->flags |= IOSQE_IO_LINK;
	sqe->user_data = 0;
	put_submit(&self->ring, self->fd, &self->submit, 1)->flags |= IOSQE_IO_LINK;
	sqe = io_uring_get_sqe(&self->ring);
	io_uring_prep_write(sqe, files[1], self->buf.mem + 2 * PAGE, sizeof(want), 0);
	sqe->user_data = 2;
	ASSERT_EQ(3, io_uring_submit(&self->ring));
	for (i = 0; i < 3; i++) {
		int ret = result(&self->ring, PATIENCE, &data);

		EXPECT_EQ(i, data);
		EXPECT_EQ(i == 1 ? 0 : (int)sizeof(want), ret);
	}
	ASSERT_EQ(sizeof(word), pread(files[1], &word, sizeof(word), 0));
	EXPECT_EQ(want, word);

	/* A job that fails breaks the chain. */
	command(&self->buf, 0, 0x7777);
	put_submit(&self->ring, self->fd, &self->submit, 1)->flags |= IOSQE_IO_LINK;
	sqe = io_uring_get_sqe(&self->ring);
	io_uring_prep_write(sqe, files[1], &data, sizeof(data), 0);
	ASSERT_EQ(2, io_uring_submit(&self->ring));
	EXPECT_EQ(-EIO, result(&self->ring, PATIENCE, NULL));
	EXPECT_EQ(-ECANCELED, result(&self->ring, PATIENCE, NULL));
	ASSERT_EQ(sizeof(word), pread(files[1], &word, sizeof(word), 0));
	EXPECT_EQ(want, word);
	close(files[0]);
	close(files[1]);
}

/* The ring can wait for the context as it does for any file. */
TEST_F(one, poll_of_the_context)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&self->ring);

	io_uring_prep_poll_add(sqe, self->fd, POLLIN);
	ASSERT_EQ(1, io_uring_submit(&self->ring));
	EXPECT_EQ(-ETIMEDOUT, result(&self->ring, 50 * MS, NULL));
	ASSERT_EQ(0, submit_list(self->fd, self->queue, 0, 0, NULL));
	EXPECT_EQ(POLLIN, result(&self->ring, PATIENCE, NULL));
}

TEST_F(one, number_in_large_completions)
{
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	__u64 i;

	ASSERT_EQ(0, io_uring_queue_init(4, &ring, IORING_SETUP_CQE32));
	for (i = 1; i <= 3; i++) {
		ASSERT_NE(NULL, put_submit(&ring, self->fd, &self->submit, i));
		ASSERT_EQ(1, io_uring_submit_and_wait(&ring, 1));
		ASSERT_EQ(0, io_uring_peek_cqe(&ring, &cqe));
		EXPECT_EQ(0, cqe->res);
		EXPECT_EQ(i, cqe->big_cqe[0]);
		io_uring_cqe_seen(&ring, cqe);
	}
	io_uring_queue_exit(&ring);
}

/* A ring that polls for completions has nothing to poll here. */
TEST_F(one, iopoll)
{
	struct io_uring ring;

	ASSERT_EQ(0, io_uring_queue_init(4, &ring, IORING_SETUP_IOPOLL));
	ASSERT_NE(NULL, put_submit(&ring, self->fd, &self->submit, 0));
	ASSERT_EQ(1, io_uring_submit(&ring));
	EXPECT_EQ(-EOPNOTSUPP, result(&ring, PATIENCE, NULL));
	io_uring_queue_exit(&ring);
}

/*
 * Leaves commands behind that wait for a job of @limit and for the room behind
 * it; nothing but the ring holds the file then.
 */
static int leave_behind(struct io_uring *ring, __s64 limit)
{
	static struct lutna_job jobs[DEPTH];
	static struct lutna_submit fits, waits;
	struct test_work work;
	__u32 queue;
	int ret, fd = node_open(0);

	if (fd < 0)
		return fd;
	ret = work_open_one(fd, &work);
	if (!ret)
		ret = queue_create(fd, LUTNA_PRIORITY_NORMAL, DEPTH, limit, &queue);
	if (!ret)
		ret = submit_list(fd, queue, work.list, work.count, NULL);
	if (ret)
		return ret;
	fits = submission(queue, jobs, 3);
	waits = submission(queue, jobs, DEPTH);
	put_submit(ring, fd, &fits, 1);
	put_wait(ring, fd, queue, 1, 2);
	put_submit(ring, fd, &waits, 3);
	ret = io_uring_submit(ring) == 3 ? 0 : -EPROTO;
	/* A thread of the kernel's may be the one to look up the file. */
	while (!ret && io_uring_sq_ready(ring))
		usleep(1000);
	munmap(work.small.mem, work.small.bytes);
	close(fd);
	usleep(100000);
	return ret;
}

/* What a job may take where only its end ends a command */
static __s64 patience_of_kernel(void)
{
	return kernel_cancels() ? NEVER : 2 * SECOND;
}

FIXTURE(left)
{
	struct io_uring ring;
};

FIXTURE_SETUP(left)
{
	ASSERT_EQ(0, all_files_closed());
	ASSERT_EQ(0, io_uring_queue_init(8, &self->ring, 0));
}

FIXTURE_TEARDOWN(left)
{
}

TEST_F(left, closed_file)
{
	int i;

	ASSERT_EQ(0, leave_behind(&self->ring, SECOND));
	EXPECT_EQ(1, files_open());
	/* Commands hold the file; they end with their jobs, or find no queue. */
	for (i = 0; i < 3; i++)
		EXPECT_GT(0, result(&self->ring, PATIENCE, NULL));
	EXPECT_EQ(0, all_files_closed());
	io_uring_queue_exit(&self->ring);
}

TEST_F_TIMEOUT(left, ring_goes_away, 60)
{
	if (!kernel_cancels())
		SKIP(return, "before Linux 6.7 a ring cannot end a command");
	ASSERT_EQ(0, leave_behind(&self->ring, NEVER));
	EXPECT_EQ(1, files_open());
	io_uring_queue_exit(&self->ring);
	EXPECT_EQ(0, all_files_closed());
}

TEST_F_TIMEOUT(left, process_is_killed, 60)
{
	int i, status;

	for (i = 0; i < 3; i++) {
		int fds[2];
		char c;
		pid_t pid;

		ASSERT_EQ(0, pipe(fds));
		pid = fork();
		if (!pid) {
			const unsigned int setup[] = { 0, IORING_SETUP_SQPOLL, 0 };
			struct io_uring ring;

			if (io_uring_queue_init(8, &ring, setup[i]) ||
			    leave_behind(&ring, patience_of_kernel()))
				_exit(1);
			if (write(fds[1], "", 1) != 1)
				_exit(3);
			pause();
			_exit(2);
		}
		close(fds[1]);
		ASSERT_EQ(1, read(fds[0], &c, 1));
		EXPECT_EQ(1, files_open());
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status));
		EXPECT_EQ(0, all_files_closed());
		close(fds[0]);
	}
}

TEST_HARNESS_MAIN
