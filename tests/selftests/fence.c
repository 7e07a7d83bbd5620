// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: fences that jobs signal and fences that jobs wait for
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sync_file.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lutna_fence.h"

#define PAGE	4096UL
#define NORMAL	LUTNA_PRIORITY_NORMAL
#define SHORT	(50 * MS)
#define NOWHERE	0x800000000ULL

#define NO_VGEM	"there is no vgem, whose fences a test can signal"

/* Two queues of one context, and memory in it */
FIXTURE(fence)
{
	int fd;
	__u32 a, b;
	struct test_buffer list;
	struct test_buffer data;
};

FIXTURE_SETUP(fence)
{
	self->fd = node_open(0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_create(self->fd, NORMAL, 8, 0, &self->a));
	ASSERT_EQ(0, queue_create(self->fd, NORMAL, 8, 0, &self->b));
	ASSERT_EQ(0, buffer_open(self->fd, PAGE, &self->list));
	ASSERT_EQ(0, buffer_open(self->fd, PAGE, &self->data));
}

FIXTURE_TEARDOWN(fence)
{
	close(self->fd);
}

/* One job after @in, its fence in @out */
static int submit_one(int fd, __u32 queue, const struct lutna_job *job, const int *in,
		      int *out, __u64 *seqno)
{
	struct fenced s = {
		.fd = fd,
		.queue = queue,
		.jobs = job,
		.count = 1,
		.in = in,
		.nr_in = in ? 1 : 0,
		.out = out,
	};
	int ret = submit_fenced(&s);

	if (!ret && seqno)
		*seqno = s.seqno;
	return ret;
}

static struct lutna_job list_job(__u64 list, __u32 count)
{
	return (struct lutna_job) {
		.list = list,
		.count = count,
		.unit = LUTNA_UNIT_LUTNA,
	};
}

/* A job that fails */
static const struct lutna_job spoiler = {
	.list = NOWHERE,
	.count = 1,
	.unit = LUTNA_UNIT_LUTNA,
};

TEST_F(fence, is_told_of)
{
	struct lutna_info info;

	ASSERT_EQ(0, get_info(self->fd, &info));
	EXPECT_TRUE(info.driver_features & LUTNA_DRIVER_FEATURE_FENCES);
}

TEST_F(fence, out)
{
	struct sync_fence_info part;
	struct sync_file_info info = {
		.num_fences = 1,
		.sync_fence_info = (uintptr_t)&part,
	};
	__u64 seqno;
	int out;

	ASSERT_EQ(0, submit_one(self->fd, self->a, NULL, NULL, &out, &seqno));
	EXPECT_EQ(1, seqno);
	EXPECT_EQ(FD_CLOEXEC, fcntl(out, F_GETFD));
	ASSERT_EQ(0, fence_wait(out, PATIENCE));
	EXPECT_EQ(0, wait_for(self->fd, self->a, seqno, 0, NULL));
	ASSERT_EQ(0, ioctl(out, SYNC_IOC_FILE_INFO, &info));
	EXPECT_EQ(1, info.status);
	EXPECT_EQ(1, info.num_fences);
	EXPECT_STREQ("lutna", part.driver_name);
	EXPECT_EQ(0, strncmp("lutna0 context ", part.obj_name, 15));
	EXPECT_EQ(1, part.status);
	EXPECT_NE(0, part.timestamp_ns);
	EXPECT_EQ(0, close(out));
}

TEST_F(fence, out_is_of_the_last_job)
{
	struct lutna_job jobs[100];
	struct fenced s = {
		.fd = self->fd,
		.queue = self->a,
		.jobs = jobs,
		.count = 100,
	};
	int out, i;

	for (i = 0; i < 100; i++)
		jobs[i] = list_job(0, 0);
	s.out = &out;
	ASSERT_EQ(0, submit_fenced(&s));
	EXPECT_EQ(100, s.taken);
	ASSERT_EQ(0, fence_wait(out, PATIENCE));
	EXPECT_EQ(0, wait_for(self->fd, self->a, 100, 0, NULL));
}

TEST_F(fence, out_after_the_file_is_closed)
{
	int out;

	ASSERT_EQ(0, submit_one(self->fd, self->a, NULL, NULL, &out, NULL));
	ASSERT_EQ(0, wait_for(self->fd, self->a, 1, PATIENCE, NULL));
	close(self->fd);
	self->fd = -1;
	EXPECT_EQ(1, fence_status(out));
}

TEST_F(fence, in_that_is_signalled)
{
	int out, both;

	ASSERT_EQ(0, submit_one(self->fd, self->a, NULL, NULL, &out, NULL));
	ASSERT_EQ(0, fence_wait(out, PATIENCE));
	ASSERT_EQ(0, submit_one(self->fd, self->b, NULL, &out, &both, NULL));
	EXPECT_EQ(0, fence_wait(both, PATIENCE));
	EXPECT_EQ(1, fence_status(both));
}

/* The driver keeps what it needs of a fence whose file is closed. */
TEST_F(fence, in_that_is_closed)
{
	struct lutna_job_result result;
	__u64 seqno;
	int out, i;

	for (i = 0; i < 100; i++) {
		ASSERT_EQ(0, submit_one(self->fd, self->a, NULL, NULL, &out, NULL));
		ASSERT_EQ(0, submit_one(self->fd, self->b, NULL, &out, NULL, &seqno));
		ASSERT_EQ(0, close(out));
	}
	ASSERT_EQ(0, wait_for(self->fd, self->b, seqno, PATIENCE, &result));
	EXPECT_EQ(0, result.error);
}

TEST_F(fence, of_its_own_queue)
{
	int out[2], i;

	ASSERT_EQ(0, submit_one(self->fd, self->a, NULL, NULL, &out[0], NULL));
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, submit_one(self->fd, self->a, NULL, &out[0], &out[1], NULL));
		close(out[0]);
		out[0] = out[1];
	}
	EXPECT_EQ(0, fence_wait(out[0], PATIENCE));
	EXPECT_EQ(1, fence_status(out[0]));
}

/* Copies to and fro, a byte further each time: an order that is not kept shows. */
TEST_F_TIMEOUT(fence, chain_between_two_queues, 60)
{
	__u8 *data = self->data.mem;
	int fence = -1, next, i;

	for (i = 0; i < 2; i++)
		put_copy(&self->list, i, self->data.addr + (i ^ 1) * 1024,
			 self->data.addr + i * 1024 + (i ? 1 : 0), 1000);
	for (i = 0; i < 1024; i++)
		data[i] = i;
	for (i = 0; i < 1000; i++) {
		struct lutna_job job =
			list_job(self->list.addr + i % 2 * LUTNA_CMD_SIZE, 1);

		ASSERT_EQ(0, submit_one(self->fd, i % 2 ? self->b : self->a, &job,
					i ? &fence : NULL, &next, NULL));
		if (i)
			close(fence);
		fence = next;
	}
	ASSERT_EQ(0, fence_wait(fence, PATIENCE));
	EXPECT_EQ(1, fence_status(fence));
	/* 500 rounds have moved what was there along by 500 bytes. */
	for (i = 0; i < 500; i++)
		ASSERT_EQ((__u8)(i + 500), data[i])
			TH_LOG("byte %d", i);
}

TEST_F(fence, merged)
{
	struct sync_fence_info parts[2];
	struct sync_file_info info = {
		.num_fences = 2,
		.sync_fence_info = (uintptr_t)parts,
	};
	int out[2], both, last;

	ASSERT_EQ(0, submit_one(self->fd, self->a, NULL, NULL, &out[0], NULL));
	ASSERT_EQ(0, submit_one(self->fd, self->b, NULL, NULL, &out[1], NULL));
	both = fence_merge(out[0], out[1]);
	ASSERT_LE(0, both);
	ASSERT_EQ(0, submit_one(self->fd, self->a, NULL, &both, &last, NULL));
	ASSERT_EQ(0, fence_wait(last, PATIENCE));
	EXPECT_EQ(1, fence_status(last));
	EXPECT_EQ(1, fence_status(both));
	ASSERT_EQ(0, ioctl(both, SYNC_IOC_FILE_INFO, &info));
	EXPECT_STREQ("both", info.name);
}

/* A job that fails, and those that counted on it */
TEST_F(fence, in_with_an_error)
{
	struct lutna_job_result result;
	struct lutna_queue_info info;
	struct lutna_job jobs[2];
	int failed, out, i;
	struct fenced s = {
		.fd = self->fd,
		.queue = self->b,
		.jobs = jobs,
		.count = 2,
		.in = &failed,
		.nr_in = 1,
		.out = &out,
	};

	put_fill(&self->list, 0, self->data.addr, PAGE, 1);
	for (i = 0; i < 2; i++)
		jobs[i] = list_job(self->list.addr, 1);
	ASSERT_EQ(0, submit_one(self->fd, self->a, &spoiler, NULL, &failed, NULL));
	ASSERT_EQ(0, fence_wait(failed, PATIENCE));
	EXPECT_EQ(-EIO, fence_status(failed));

	ASSERT_EQ(0, submit_fenced(&s));
	ASSERT_EQ(0, fence_wait(out, PATIENCE));
	EXPECT_EQ(-ECANCELED, fence_status(out));
	for (i = 1; i <= 2; i++) {
		ASSERT_EQ(0, wait_for(self->fd, self->b, i, 0, &result));
		EXPECT_EQ(-ECANCELED, result.error);
		EXPECT_EQ(0, result.command);
	}
	EXPECT_TRUE(all_bytes(self->data.mem, PAGE, 0));

	/* The queue goes on, and its slots are as good as new. */
	ASSERT_EQ(0, queue_info(self->fd, self->b, &info));
	EXPECT_EQ(LUTNA_QUEUE_ACTIVE, info.state);
	EXPECT_EQ(0, info.failed);
	for (i = 0; i < 20; i++)
		EXPECT_EQ(0, run_list(self->fd, self->b, self->list.addr, 1, NULL));
	EXPECT_TRUE(all_bytes(self->data.mem, PAGE, 1));
}

/* The same, with a gate that is closed when the jobs come */
TEST_F(fence, error_runs_through_a_chain)
{
	int fence, next, i;
	__u32 queues[5];

	for (i = 0; i < 5; i++)
		ASSERT_EQ(0, queue_create(self->fd, NORMAL, 2, 0, &queues[i]));
	ASSERT_EQ(0, submit_one(self->fd, self->a, &spoiler, NULL, &fence, NULL));
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, submit_one(self->fd, queues[i % 5], NULL, &fence, &next, NULL));
		close(fence);
		fence = next;
	}
	ASSERT_EQ(0, fence_wait(fence, PATIENCE));
	EXPECT_EQ(-ECANCELED, fence_status(fence));
	for (i = 0; i < 5; i++)
		EXPECT_EQ(0, run_list(self->fd, queues[i], 0, 0, NULL));
}

TEST_F(fence, refused)
{
	int good, pipes[2], one = 1, i;
	int fds[LUTNA_SUBMIT_FENCES_MAX + 1];
	struct lutna_queue_info info;

	ASSERT_EQ(0, submit_one(self->fd, self->a, NULL, NULL, &good, NULL));
	ASSERT_EQ(0, pipe(pipes));
	for (i = 0; i <= LUTNA_SUBMIT_FENCES_MAX; i++)
		fds[i] = good;
	{
		const int closed[] = { good, 1000 }, negative[] = { -1 };
		const int none[] = { good, pipes[0] }, device[] = { self->fd };
		const struct {
			const int *in;
			__u32 nr_in;
			__u32 flags;
			int out;
			int error;
		} rows[] = {
			{ fds, LUTNA_SUBMIT_FENCES_MAX, 0, 0, 0 },
			{ fds, LUTNA_SUBMIT_FENCES_MAX + 1, 0, 0, EINVAL },
			{ fds, UINT32_MAX, 0, 0, EINVAL },
			{ closed, 2, LUTNA_SUBMIT_OUT_FENCE, 0, EBADF },
			{ negative, 1, 0, 0, EBADF },
			{ none, 2, LUTNA_SUBMIT_OUT_FENCE, 0, EINVAL },
			{ device, 1, 0, 0, EINVAL },
			{ &one, 0, 0, 0, EINVAL },
			{ NULL, 1, LUTNA_SUBMIT_OUT_FENCE, 0, EFAULT },
			{ (int *)-8L, 1, 0, 0, EFAULT },
			{ NULL, 0, 0, 1, EINVAL },
			{ NULL, 0, 0, -1, EINVAL },
			{ NULL, 0, 0, 0, 0 },
		};
		struct lutna_job job = list_job(0, 0);
		int files = files_open();

		for (i = 0; i < (int)ARRAY_SIZE(rows); i++) {
			struct lutna_submit arg = {
				.flags = rows[i].flags,
				.queue = self->b,
				.job_size = sizeof(job),
				.jobs = (uintptr_t)&job,
				.job_count = 1,
				.in_fences = (uintptr_t)rows[i].in,
				.in_fence_count = rows[i].nr_in,
				.out_fence = rows[i].out,
			};

			EXPECT_EQ(-rows[i].error,
				  call(self->fd, LUTNA_IOCTL_SUBMIT, &arg, sizeof(arg)))
				TH_LOG("row %d", i);
		}
		EXPECT_EQ(files, files_open());
	}
	ASSERT_EQ(0, queue_info(self->fd, self->b, &info));
	EXPECT_EQ(2, info.submitted);
}

/* A caller of before, and one who wants what he has no room for */
TEST_F(fence, first_version)
{
	struct lutna_job job = list_job(0, 0);
	struct lutna_submit arg = {
		.queue = self->a,
		.job_size = sizeof(job),
		.jobs = (uintptr_t)&job,
		.job_count = 1,
		.in_fence_count = 1000,
		.out_fence = 77,
	};
	__u32 first = offsetof(struct lutna_submit, in_fences);

	EXPECT_EQ(0, call(self->fd, LUTNA_IOCTL_SUBMIT, &arg, first));
	arg.flags = LUTNA_SUBMIT_OUT_FENCE;
	EXPECT_EQ(-EINVAL, call(self->fd, LUTNA_IOCTL_SUBMIT, &arg, first));
	arg.in_fence_count = 0;
	EXPECT_EQ(-EINVAL, call(self->fd, LUTNA_IOCTL_SUBMIT, &arg,
				offsetof(struct lutna_submit, out_fence)));
	EXPECT_EQ(77, arg.out_fence);
}

/* No descriptor is free: no job is taken. */
TEST_F(fence, no_file_descriptor)
{
	struct rlimit limit, less;
	struct lutna_queue_info info;
	int out;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &limit));
	less = limit;
	out = dup(self->fd);
	close(out);
	less.rlim_cur = out;
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &less));
	EXPECT_EQ(-EMFILE, submit_one(self->fd, self->a, NULL, NULL, &out, NULL));
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &limit));
	ASSERT_EQ(0, queue_info(self->fd, self->a, &info));
	EXPECT_EQ(0, info.submitted);
	EXPECT_EQ(0, submit_one(self->fd, self->a, NULL, NULL, &out, NULL));
}

/* Jobs of which the first is bad, or for which there is no room */
TEST_F(fence, nothing_taken)
{
	struct lutna_job bad = { .unit = 1000 }, many[20] = { };
	struct test_work work;
	int out = 77, files, i;
	struct fenced s = {
		.fd = self->fd,
		.queue = self->a,
		.flags = LUTNA_SUBMIT_NONBLOCK,
		.jobs = many,
		.count = 20,
		.out = &out,
	};

	for (i = 0; i < 20; i++)
		many[i].unit = LUTNA_UNIT_LUTNA;
	files = files_open();
	EXPECT_EQ(-EOPNOTSUPP, submit_one(self->fd, self->a, &bad, NULL, &out, NULL));
	EXPECT_EQ(77, out);
	EXPECT_EQ(files, files_open());

	ASSERT_EQ(0, work_open_one(self->fd, &work));
	ASSERT_EQ(0, submit_list(self->fd, self->a, work.list, work.count, NULL));
	ASSERT_EQ(0, submit_fenced(&s));
	EXPECT_EQ(7, s.taken);
	EXPECT_EQ(0, fence_status(out));
	EXPECT_EQ(files + 1, files_open());
	EXPECT_EQ(-EAGAIN, submit_fenced(&s));
	EXPECT_EQ(files + 1, files_open());
	ASSERT_EQ(0, queue_destroy(self->fd, self->a));
	EXPECT_EQ(-ECANCELED, fence_status(out));
}

/* As above, with a fence that the test signals when it likes */
FIXTURE(gate)
{
	int fd;
	__u32 a, b;
	struct test_buffer list;
	struct test_buffer data;
	struct foreign foreign;
	int none;
};

FIXTURE_SETUP(gate)
{
	self->none = foreign_open(&self->foreign);
	if (self->none) {
		/* The harness skips in tests, not in their setup. */
		ASSERT_EQ(-ENODEV, self->none);
		return;
	}
	self->fd = node_open(0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_create(self->fd, NORMAL, 8, 0, &self->a));
	ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_HIGH, 8, 0, &self->b));
	ASSERT_EQ(0, buffer_open(self->fd, PAGE, &self->list));
	ASSERT_EQ(0, buffer_open(self->fd, PAGE, &self->data));
}

FIXTURE_TEARDOWN(gate)
{
	if (self->none)
		return;
	close(self->fd);
	foreign_close(&self->foreign);
}

TEST_F(gate, holds_and_opens)
{
	struct lutna_queue_info info;
	struct lutna_job job;
	int out;

	if (self->none)
		SKIP(return, NO_VGEM);
	put_fill(&self->list, 0, self->data.addr, PAGE, 1);
	job = list_job(self->list.addr, 1);
	ASSERT_EQ(0, submit_one(self->fd, self->a, &job, &self->foreign.sync, &out, NULL));
	ASSERT_EQ(0, queue_info(self->fd, self->a, &info));
	EXPECT_EQ(1, info.submitted);
	EXPECT_EQ(0, info.completed);
	EXPECT_EQ(-ETIMEDOUT, wait_for(self->fd, self->a, 1, SHORT, NULL));
	EXPECT_EQ(0, fence_status(out));
	EXPECT_TRUE(all_bytes(self->data.mem, PAGE, 0));
	/* Other queues go on. */
	EXPECT_EQ(0, run_list(self->fd, self->b, 0, 0, NULL));

	ASSERT_EQ(0, foreign_signal(&self->foreign));
	ASSERT_EQ(0, fence_wait(out, PATIENCE));
	EXPECT_EQ(1, fence_status(out));
	EXPECT_TRUE(all_bytes(self->data.mem, PAGE, 1));
}

/* A more urgent queue has what it needs when it begins, and not before. */
TEST_F(gate, orders_two_queues)
{
	struct lutna_job fill, copy;
	int out, last;

	if (self->none)
		SKIP(return, NO_VGEM);
	put_fill(&self->list, 0, self->data.addr, 100, 1);
	put_copy(&self->list, 1, self->data.addr + 100, self->data.addr, 100);
	fill = list_job(self->list.addr, 1);
	copy = list_job(self->list.addr + LUTNA_CMD_SIZE, 1);
	ASSERT_EQ(0, submit_one(self->fd, self->a, &fill, &self->foreign.sync, &out, NULL));
	ASSERT_EQ(0, submit_one(self->fd, self->b, &copy, &out, &last, NULL));
	EXPECT_EQ(-ETIMEDOUT, fence_wait(last, SHORT));
	ASSERT_EQ(0, foreign_signal(&self->foreign));
	ASSERT_EQ(0, fence_wait(last, PATIENCE));
	EXPECT_TRUE(all_bytes(self->data.mem, 200, 1));
}

TEST_F(gate, jobs_before_it_run)
{
	__u64 seqno;

	if (self->none)
		SKIP(return, NO_VGEM);
	ASSERT_EQ(0, submit_list(self->fd, self->a, 0, 0, NULL));
	ASSERT_EQ(0, submit_one(self->fd, self->a, NULL, &self->foreign.sync, NULL, NULL));
	ASSERT_EQ(0, submit_list(self->fd, self->a, 0, 0, &seqno));
	EXPECT_EQ(0, wait_for(self->fd, self->a, 1, PATIENCE, NULL));
	/* And jobs behind do not. */
	EXPECT_EQ(-ETIMEDOUT, wait_for(self->fd, self->a, seqno, SHORT, NULL));
	ASSERT_EQ(0, foreign_signal(&self->foreign));
	EXPECT_EQ(0, wait_for(self->fd, self->a, seqno, PATIENCE, NULL));
}

/* Gates that open in another order than they stand */
TEST_F(gate, many_in_one_queue)
{
	struct foreign others[6];
	__u64 seqno;
	int i;

	if (self->none)
		SKIP(return, NO_VGEM);
	ASSERT_EQ(0, submit_one(self->fd, self->a, NULL, &self->foreign.sync, NULL, NULL));
	for (i = 0; i < 6; i++) {
		ASSERT_EQ(0, foreign_open(&others[i]));
		ASSERT_EQ(0, submit_one(self->fd, self->a, NULL, &others[i].sync, NULL,
					&seqno));
	}
	for (i = 5; i >= 2; i--)
		ASSERT_EQ(0, foreign_signal(&others[i]));
	EXPECT_EQ(-ETIMEDOUT, wait_for(self->fd, self->a, 1, SHORT, NULL));
	ASSERT_EQ(0, foreign_signal(&self->foreign));
	EXPECT_EQ(0, wait_for(self->fd, self->a, 1, PATIENCE, NULL));
	EXPECT_EQ(-ETIMEDOUT, wait_for(self->fd, self->a, 2, SHORT, NULL));
	ASSERT_EQ(0, foreign_signal(&others[0]));
	ASSERT_EQ(0, foreign_signal(&others[1]));
	EXPECT_EQ(0, wait_for(self->fd, self->a, seqno, PATIENCE, NULL));
	for (i = 0; i < 6; i++)
		foreign_close(&others[i]);
}

TEST_F(gate, of_many_fences)
{
	const int order[] = { 3, 0, 7, 1, 6, 2, 5, 4 };
	struct foreign others[8];
	int in[LUTNA_SUBMIT_FENCES_MAX], out, i;
	struct fenced s = {
		.fd = self->fd,
		.queue = self->a,
		.in = in,
		.nr_in = LUTNA_SUBMIT_FENCES_MAX,
		.out = &out,
	};

	if (self->none)
		SKIP(return, NO_VGEM);
	for (i = 0; i < 8; i++)
		ASSERT_EQ(0, foreign_open(&others[i]));
	/* Each of them many times */
	for (i = 0; i < LUTNA_SUBMIT_FENCES_MAX; i++)
		in[i] = others[i % 8].sync;
	ASSERT_EQ(0, submit_fenced(&s));
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(-ETIMEDOUT, fence_wait(out, 10 * MS));
		ASSERT_EQ(0, foreign_signal(&others[order[i]]));
	}
	EXPECT_EQ(0, fence_wait(out, PATIENCE));
	for (i = 0; i < 8; i++)
		foreign_close(&others[i]);
}

TEST_F(gate, merged_with_ours)
{
	int out, both, last;

	if (self->none)
		SKIP(return, NO_VGEM);
	ASSERT_EQ(0, submit_one(self->fd, self->b, NULL, NULL, &out, NULL));
	both = fence_merge(self->foreign.sync, out);
	ASSERT_LE(0, both);
	ASSERT_EQ(0, submit_one(self->fd, self->a, NULL, &both, &last, NULL));
	ASSERT_EQ(0, fence_wait(out, PATIENCE));
	EXPECT_EQ(-ETIMEDOUT, fence_wait(last, SHORT));
	ASSERT_EQ(0, foreign_signal(&self->foreign));
	EXPECT_EQ(0, fence_wait(last, PATIENCE));
}

/* Room is taken by jobs that wait as by any other. */
TEST_F(gate, nonblock)
{
	struct lutna_job jobs[10];
	struct fenced s = {
		.fd = self->fd,
		.queue = self->a,
		.flags = LUTNA_SUBMIT_NONBLOCK,
		.jobs = jobs,
		.count = 10,
		.in = &self->foreign.sync,
		.nr_in = 1,
	};
	int i;

	if (self->none)
		SKIP(return, NO_VGEM);
	for (i = 0; i < 10; i++)
		jobs[i] = list_job(0, 0);
	ASSERT_EQ(0, submit_fenced(&s));
	EXPECT_EQ(8, s.taken);
	EXPECT_EQ(-EAGAIN, submit_fenced(&s));
	ASSERT_EQ(0, foreign_signal(&self->foreign));
	ASSERT_EQ(0, wait_for(self->fd, self->a, 8, PATIENCE, NULL));
	ASSERT_EQ(0, submit_fenced(&s));
	EXPECT_EQ(16, s.seqno);
	EXPECT_EQ(0, wait_for(self->fd, self->a, 16, PATIENCE, NULL));
}

static void *submit_in_background(void *arg)
{
	struct fenced *s = arg;

	return (void *)(long)submit_fenced(s);
}

/* Somebody is in the middle of a submission when the gate before it opens. */
TEST_F(gate, more_jobs_than_room)
{
	struct lutna_job jobs[30];
	struct fenced s = {
		.fd = self->fd,
		.queue = self->a,
		.jobs = jobs,
		.count = 30,
		.in = &self->foreign.sync,
		.nr_in = 1,
	};
	pthread_t thread;
	void *ret;
	int i, out;

	if (self->none)
		SKIP(return, NO_VGEM);
	s.out = &out;
	for (i = 0; i < 30; i++)
		jobs[i] = list_job(0, 0);
	ASSERT_EQ(0, pthread_create(&thread, NULL, submit_in_background, &s));
	while (wait_for(self->fd, self->a, 8, 0, NULL) == -ENOENT)
		usleep(1000);
	EXPECT_EQ(-ETIMEDOUT, wait_for(self->fd, self->a, 1, SHORT, NULL));
	ASSERT_EQ(0, foreign_signal(&self->foreign));
	ASSERT_EQ(0, pthread_join(thread, &ret));
	EXPECT_EQ(NULL, ret);
	EXPECT_EQ(30, s.taken);
	ASSERT_EQ(0, fence_wait(out, PATIENCE));
	EXPECT_EQ(1, fence_status(out));
}

/* The same when the gate opens with an error: no job of it runs. */
TEST_F(gate, fails_in_the_middle)
{
	struct lutna_job jobs[30];
	struct lutna_job_result result;
	struct fenced s = {
		.fd = self->fd,
		.queue = self->b,
		.jobs = jobs,
		.count = 30,
		.nr_in = 1,
	};
	int i, bad, out;
	pthread_t thread;
	void *ret;

	if (self->none)
		SKIP(return, NO_VGEM);
	put_fill(&self->list, 0, self->data.addr, PAGE, 1);
	for (i = 0; i < 30; i++)
		jobs[i] = list_job(self->list.addr, 1);
	ASSERT_EQ(0, submit_one(self->fd, self->a, &spoiler, &self->foreign.sync, &bad, NULL));
	s.in = &bad;
	s.out = &out;
	ASSERT_EQ(0, pthread_create(&thread, NULL, submit_in_background, &s));
	while (wait_for(self->fd, self->b, 8, 0, NULL) == -ENOENT)
		usleep(1000);
	ASSERT_EQ(0, foreign_signal(&self->foreign));
	ASSERT_EQ(0, pthread_join(thread, &ret));
	EXPECT_EQ(NULL, ret);
	ASSERT_EQ(30, s.taken);
	ASSERT_EQ(0, fence_wait(out, PATIENCE));
	EXPECT_EQ(-ECANCELED, fence_status(out));
	for (i = 23; i <= 30; i++) {
		ASSERT_EQ(0, wait_for(self->fd, self->b, i, 0, &result));
		EXPECT_EQ(-ECANCELED, result.error);
	}
	EXPECT_TRUE(all_bytes(self->data.mem, PAGE, 0));
	EXPECT_EQ(0, run_list(self->fd, self->b, self->list.addr, 1, NULL));
	EXPECT_TRUE(all_bytes(self->data.mem, PAGE, 1));
}

TEST_F(gate, time_limit_begins_when_it_opens)
{
	struct lutna_job_result result;
	__u32 queue;

	if (self->none)
		SKIP(return, NO_VGEM);
	ASSERT_EQ(0, queue_create(self->fd, NORMAL, 8, 1 * SECOND, &queue));
	ASSERT_EQ(0, submit_one(self->fd, queue, NULL, &self->foreign.sync, NULL, NULL));
	EXPECT_EQ(-ETIMEDOUT, wait_for(self->fd, queue, 1, 1500 * MS, NULL));
	ASSERT_EQ(0, foreign_signal(&self->foreign));
	ASSERT_EQ(0, wait_for(self->fd, queue, 1, PATIENCE, &result));
	EXPECT_EQ(0, result.error);
}

/* And it does begin. */
TEST_F_TIMEOUT(gate, time_limit_after_it_opened, 60)
{
	struct test_work work;
	struct lutna_job job;
	__u32 queue;
	int out;

	if (self->none)
		SKIP(return, NO_VGEM);
	ASSERT_EQ(0, work_open_many(self->fd, &work));
	job = list_job(work.list, work.count);
	ASSERT_EQ(0, queue_create(self->fd, NORMAL, 8, 100 * MS, &queue));
	ASSERT_EQ(0, submit_one(self->fd, queue, &job, &self->foreign.sync, &out, NULL));
	EXPECT_EQ(-ETIMEDOUT, fence_wait(out, 200 * MS));
	ASSERT_EQ(0, foreign_signal(&self->foreign));
	ASSERT_EQ(0, fence_wait(out, PATIENCE));
	EXPECT_EQ(-ETIME, fence_status(out));
}

/* A child with a context of its own waits for the parent's job. */
TEST_F(gate, across_processes)
{
	int out, status;
	pid_t pid;

	if (self->none)
		SKIP(return, NO_VGEM);
	ASSERT_EQ(0, submit_one(self->fd, self->a, NULL, &self->foreign.sync, &out, NULL));
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		int fd = node_open(0), last, ret;
		__u32 queue;

		ret = fd < 0 ? fd : queue_create(fd, NORMAL, 2, 0, &queue);
		if (!ret)
			ret = submit_one(fd, queue, NULL, &out, &last, NULL);
		if (!ret && fence_wait(last, SHORT) != -ETIMEDOUT)
			ret = -EPROTO;
		if (!ret)
			ret = foreign_signal(&self->foreign);
		_exit(-(ret ?: fence_wait(last, PATIENCE)));
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(1, fence_status(out));
}

TEST_F(gate, across_devices)
{
	int other, out, last;
	__u32 queue;

	if (self->none)
		SKIP(return, NO_VGEM);
	if (node_count() < 2)
		SKIP(return, "there is one device only");
	other = node_open(1);
	ASSERT_LE(0, other);
	ASSERT_EQ(0, queue_create(other, NORMAL, 2, 0, &queue));
	ASSERT_EQ(0, submit_one(self->fd, self->a, NULL, &self->foreign.sync, &out, NULL));
	ASSERT_EQ(0, submit_one(other, queue, NULL, &out, &last, NULL));
	EXPECT_EQ(-ETIMEDOUT, fence_wait(last, SHORT));
	ASSERT_EQ(0, foreign_signal(&self->foreign));
	EXPECT_EQ(0, fence_wait(last, PATIENCE));
	close(other);
}

TEST_HARNESS_MAIN
