// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: submission and waiting
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
#define DEPTH	16U

FIXTURE(job)
{
	int fd;
	__u32 queue;
	struct test_buffer list;
};

FIXTURE_SETUP(job)
{
	unsigned int i;

	self->fd = node_open(0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_NORMAL, DEPTH, 0, &self->queue));
	ASSERT_EQ(0, buffer_open(self->fd, 16 * PAGE, &self->list));
	for (i = 0; i < 16; i++)
		put_nop(&self->list, i);
}

FIXTURE_TEARDOWN(job)
{
	close(self->fd);
}

/* @count jobs, of which job i has i % 16 commands */
static void make_jobs(__u64 list, struct lutna_job *jobs, unsigned int count)
{
	unsigned int i;

	memset(jobs, 0, count * sizeof(*jobs));
	for (i = 0; i < count; i++) {
		jobs[i].unit = LUTNA_UNIT_LUTNA;
		jobs[i].count = i % 16;
		jobs[i].list = jobs[i].count ? list : 0;
	}
}

TEST_F(job, empty)
{
	struct lutna_job_result result;
	__u64 seqno;
	int i;

	for (i = 1; i <= 100; i++) {
		ASSERT_EQ(0, submit_list(self->fd, self->queue, 0, 0, &seqno));
		ASSERT_EQ(i, seqno);
		memset(&result, 0xff, sizeof(result));
		ASSERT_EQ(0, wait_for(self->fd, self->queue, seqno, PATIENCE, &result));
		ASSERT_EQ(0, result.error);
		ASSERT_EQ(0, result.fault);
		ASSERT_EQ(0, result.command);
	}
}

TEST_F(job, result)
{
	struct lutna_job_result first, second;

	ASSERT_EQ(0, run_list(self->fd, self->queue, self->list.addr, 10, &first));
	EXPECT_EQ(10, first.command);
	EXPECT_EQ(LUTNA_FAULT_NONE, first.fault);
	EXPECT_EQ(0, first.access);
	EXPECT_EQ(0, first.fault_addr);
	ASSERT_EQ(0, run_list(self->fd, self->queue, self->list.addr, 3, &second));
	EXPECT_EQ(3, second.command);
	EXPECT_LE(first.start_ns + first.duration_ns, second.start_ns);
}

TEST_F(job, more_than_fit)
{
	struct lutna_job jobs[100];
	__u32 taken;
	__u64 seqno, i;

	make_jobs(self->list.addr, jobs, 100);
	ASSERT_EQ(0, submit_jobs(self->fd, self->queue, 0, jobs, 100, &taken, &seqno));
	EXPECT_EQ(100, taken);
	EXPECT_EQ(100, seqno);
	ASSERT_EQ(0, wait_for(self->fd, self->queue, 100, PATIENCE, NULL));

	/* As many results as the queue is deep are known. */
	for (i = 1; i <= 100; i++) {
		struct lutna_wait wait = { .queue = self->queue, .seqno = i };

		ASSERT_EQ(0, wait_until(self->fd, &wait));
		EXPECT_EQ(0, wait.result.error);
		EXPECT_EQ(i > 100 - DEPTH, wait.known);
		EXPECT_EQ(wait.known ? (i - 1) % 16 : 0, wait.result.command);
	}
}

/*
 * The smallest ring has to take a job in the instant in which another ends: a
 * device that refused it would leave the job where it is, and the wait to
 * its end.
 */
TEST_F(job, smallest_ring_kept_full)
{
	struct lutna_job jobs[100];
	__u32 queue, taken;
	__u64 seqno = 0;
	unsigned int i;

	ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_NORMAL, 2, 0, &queue));
	memset(jobs, 0, sizeof(jobs));
	for (i = 0; i < 200; i++) {
		ASSERT_EQ(0, submit_jobs(self->fd, queue, 0, jobs, 100, &taken, &seqno));
		ASSERT_EQ(100, taken);
		ASSERT_EQ((i + 1) * 100, seqno);
	}
	EXPECT_EQ(0, wait_for(self->fd, queue, seqno, PATIENCE, NULL));
}

TEST_F(job, several_sizes_of_submission)
{
	struct lutna_job jobs[DEPTH * 3];
	__u32 count, taken;
	__u64 seqno, total = 0;

	make_jobs(self->list.addr, jobs, DEPTH * 3);
	for (count = 1; count <= DEPTH * 3; count++) {
		ASSERT_EQ(0, submit_jobs(self->fd, self->queue, 0, jobs, count, &taken, &seqno));
		ASSERT_EQ(count, taken);
		total += count;
		ASSERT_EQ(total, seqno);
	}
	EXPECT_EQ(0, wait_for(self->fd, self->queue, total, PATIENCE, NULL));
}

TEST_F(job, wait_refused)
{
	EXPECT_EQ(-ENOENT, wait_for(self->fd, self->queue, 0, PATIENCE, NULL));
	EXPECT_EQ(-ENOENT, wait_for(self->fd, self->queue, 1, PATIENCE, NULL));
	ASSERT_EQ(0, run_list(self->fd, self->queue, 0, 0, NULL));
	EXPECT_EQ(0, wait_for(self->fd, self->queue, 1, PATIENCE, NULL));
	EXPECT_EQ(-ENOENT, wait_for(self->fd, self->queue, 2, PATIENCE, NULL));
	EXPECT_EQ(-ENOENT, wait_for(self->fd, self->queue, UINT64_MAX, PATIENCE, NULL));
}

TEST_F(job, refused)
{
	struct lutna_info info;
	const struct {
		struct lutna_job job;
		int error;
	} rows[] = {
		{ { .flags = 2 }, EOPNOTSUPP },
		{ { .flags = 1U << 31 }, EOPNOTSUPP },
		{ { .unit = 256 }, EOPNOTSUPP },
		{ { .reserved = 1 }, EINVAL },
		{ { .list = PAGE }, EINVAL },
		{ { .list = PAGE + 1, .count = 1 }, EINVAL },
		{ { .list = PAGE + 32, .count = 1 }, EINVAL },
		{ { .profile = PAGE }, EINVAL },
		{ { .list = PAGE, .count = 1, .profile = PAGE + 8,
		    .flags = LUTNA_JOB_F_PROFILE }, EINVAL },
		{ { .list = PAGE, .count = UINT32_MAX }, EINVAL },
	};
	struct lutna_job jobs[3];
	__u32 taken;
	__u64 seqno, before = 0;
	size_t i;

	ASSERT_EQ(0, get_info(self->fd, &info));
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_EQ(-rows[i].error, submit_jobs(self->fd, self->queue, 0, &rows[i].job, 1,
						      NULL, NULL))
			TH_LOG("row %zu", i);
		/* Those before it are taken, those after it not. */
		make_jobs(self->list.addr, jobs, 3);
		jobs[1] = rows[i].job;
		ASSERT_EQ(0, submit_jobs(self->fd, self->queue, 0, jobs, 3, &taken, &seqno));
		EXPECT_EQ(1, taken);
		EXPECT_EQ(++before, seqno);
	}
	make_jobs(self->list.addr, jobs, 1);
	jobs[0].count = info.max_commands + 1;
	jobs[0].list = self->list.addr;
	EXPECT_EQ(-EINVAL, submit_jobs(self->fd, self->queue, 0, jobs, 1, NULL, NULL));
}

TEST_F(job, submission_refused)
{
	struct lutna_job job[2] = { { .unit = LUTNA_UNIT_LUTNA }, { } };
	const struct {
		__u32 job_size, job_count;
		__u64 jobs;
		int error;
	} rows[] = {
		{ sizeof(job[0]), 0, (uintptr_t)job, EINVAL },
		{ 0, 1, (uintptr_t)job, EINVAL },
		{ sizeof(job[0]) - 1, 1, (uintptr_t)job, EINVAL },
		{ UINT32_MAX, 1, (uintptr_t)job, E2BIG },
		{ sizeof(job[0]), 1, 0, EFAULT },
		{ sizeof(job[0]), 1, 1ULL << 63, EFAULT },
		{ sizeof(job[0]), 1, UINT64_MAX - 8, EOVERFLOW },
		{ sizeof(job[0]), UINT32_MAX, UINT64_MAX - (1ULL << 32), EOVERFLOW },
		{ sizeof(job[0]), 1, (uintptr_t)job, 0 },
		{ sizeof(job), 1, (uintptr_t)job, 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct lutna_submit arg = {
			.queue = self->queue,
			.job_size = rows[i].job_size,
			.jobs = rows[i].jobs,
			.job_count = rows[i].job_count,
		};

		EXPECT_EQ(-rows[i].error,
			  call(self->fd, LUTNA_IOCTL_SUBMIT, &arg, sizeof(arg)))
			TH_LOG("row %zu", i);
	}
	/* A job of tomorrow that wants something which today's kernel cannot do */
	((__u8 *)job)[sizeof(job) - 1] = 1;
	{
		struct lutna_submit arg = {
			.queue = self->queue,
			.job_size = sizeof(job),
			.jobs = (uintptr_t)job,
			.job_count = 1,
		};

		EXPECT_EQ(-E2BIG, call(self->fd, LUTNA_IOCTL_SUBMIT, &arg, sizeof(arg)));
	}
}

/* Jobs up to the end of memory are taken, also in the middle of a long call. */
TEST_F(job, array_over_the_edge)
{
	const unsigned int counts[] = { 1, 5, 16, 17, 40 };
	struct lutna_job *jobs;
	__u64 seqno, total = 0;
	__u32 taken;
	char *edge;
	size_t i;

	edge = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, edge);
	ASSERT_EQ(0, munmap(edge + PAGE, PAGE));
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		jobs = (void *)(edge + PAGE) - counts[i] * sizeof(*jobs);
		make_jobs(self->list.addr, jobs, counts[i]);
		ASSERT_EQ(0, submit_jobs(self->fd, self->queue, 0, jobs, counts[i] + 3, &taken,
					 &seqno));
		EXPECT_EQ(counts[i], taken);
		total += counts[i];
		EXPECT_EQ(total, seqno);
	}
	EXPECT_EQ(0, wait_for(self->fd, self->queue, total, PATIENCE, NULL));
}

FIXTURE(busy)
{
	int fd;
	__u32 queue;
	struct test_work work;
};

/* A queue with one long job in it, and room for three */
FIXTURE_SETUP(busy)
{
	self->fd = node_open(0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, work_open_one(self->fd, &self->work));
	ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_NORMAL, 4, 600 * SECOND,
				  &self->queue));
	ASSERT_EQ(0, submit_list(self->fd, self->queue, self->work.list, self->work.count, NULL));
}

FIXTURE_TEARDOWN(busy)
{
	close(self->fd);
}

TEST_F(busy, nonblock)
{
	struct lutna_job jobs[10] = { };
	__u32 taken;
	__u64 seqno;
	int i;

	for (i = 0; i < 10; i++)
		jobs[i].unit = LUTNA_UNIT_LUTNA;
	ASSERT_EQ(0, submit_jobs(self->fd, self->queue, LUTNA_SUBMIT_NONBLOCK, jobs, 10, &taken,
				 &seqno));
	EXPECT_EQ(3, taken);
	EXPECT_EQ(4, seqno);
	EXPECT_EQ(-EAGAIN, submit_jobs(self->fd, self->queue, LUTNA_SUBMIT_NONBLOCK, jobs, 1,
				       NULL, NULL));
}

TEST_F(busy, deadline)
{
	struct lutna_wait wait = { .queue = self->queue, .seqno = 1 };

	EXPECT_EQ(-ETIMEDOUT, wait_until(self->fd, &wait));
	wait.deadline_ns = INT64_MIN;
	EXPECT_EQ(-ETIMEDOUT, wait_until(self->fd, &wait));
	wait.deadline_ns = now_ns() + 50 * MS;
	EXPECT_EQ(-ETIMEDOUT, wait_until(self->fd, &wait));
	EXPECT_LE(wait.deadline_ns, now_ns());
}

TEST_F(busy, signal_does_not_prolong_a_wait)
{
	struct lutna_wait wait = { .queue = self->queue, .seqno = 1 };

	ASSERT_EQ(0, alarm_again_and_again(SA_RESTART));
	wait.deadline_ns = now_ns() + 200 * MS;
	EXPECT_EQ(-ETIMEDOUT, wait_until(self->fd, &wait));
	EXPECT_LE(wait.deadline_ns, now_ns());
	EXPECT_LT(0, signals_seen());
}

TEST_F(busy, signal_interrupts)
{
	struct lutna_job jobs[10] = { };
	__u32 taken;
	__u64 seqno;
	int i;

	for (i = 0; i < 10; i++)
		jobs[i].unit = LUTNA_UNIT_LUTNA;
	ASSERT_EQ(0, alarm_again_and_again(0));
	EXPECT_EQ(-EINTR, wait_for(self->fd, self->queue, 1, PATIENCE, NULL));
	/* What was taken before the signal counts. */
	ASSERT_EQ(0, submit_jobs(self->fd, self->queue, 0, jobs, 10, &taken, &seqno));
	EXPECT_EQ(3, taken);
	EXPECT_EQ(4, seqno);
	EXPECT_EQ(-EINTR, submit_jobs(self->fd, self->queue, 0, jobs, 10, NULL, NULL));
}

#define THREADS	4
#define ROUNDS	50
#define BATCH	20

struct submitter {
	int fd;
	__u32 queue;
	__u64 last[ROUNDS];
	int ret;
};

static void *submit_batches(void *arg)
{
	struct submitter *s = arg;
	struct lutna_job jobs[BATCH] = { };
	__u32 taken;
	int i;

	for (i = 0; i < BATCH; i++)
		jobs[i].unit = LUTNA_UNIT_LUTNA;
	for (i = 0; i < ROUNDS && !s->ret; i++) {
		s->ret = submit_jobs(s->fd, s->queue, 0, jobs, BATCH, &taken, &s->last[i]);
		if (!s->ret && taken != BATCH)
			s->ret = -EPROTO;
		if (!s->ret)
			s->ret = wait_for(s->fd, s->queue, s->last[i], PATIENCE, NULL);
	}
	return NULL;
}

/* The jobs of one call stand together, also when they do not fit at once. */
TEST_F_TIMEOUT(job, threads_do_not_mix, 60)
{
	static bool seen[THREADS * ROUNDS * BATCH + 1];
	struct submitter all[THREADS] = { };
	pthread_t threads[THREADS];
	int i, round, k;

	for (i = 0; i < THREADS; i++) {
		all[i].fd = self->fd;
		all[i].queue = self->queue;
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, submit_batches, &all[i]));
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < THREADS; i++) {
		ASSERT_EQ(0, all[i].ret);
		for (round = 0; round < ROUNDS; round++) {
			ASSERT_LE(BATCH, all[i].last[round]);
			ASSERT_GE(THREADS * ROUNDS * BATCH, all[i].last[round]);
			for (k = 0; k < BATCH; k++) {
				ASSERT_FALSE(seen[all[i].last[round] - k]);
				seen[all[i].last[round] - k] = true;
			}
		}
	}
}

TEST_F(job, profile)
{
	struct test_buffer profile;
	struct lutna_profile *records;
	struct lutna_job job = {
		.list = self->list.addr,
		.count = 10,
		.flags = LUTNA_JOB_F_PROFILE,
		.unit = LUTNA_UNIT_LUTNA,
	};
	__u64 seqno;
	unsigned int i;

	ASSERT_EQ(0, buffer_open(self->fd, PAGE, &profile));
	records = profile.mem;
	job.profile = profile.addr;
	ASSERT_EQ(0, submit_jobs(self->fd, self->queue, 0, &job, 1, NULL, &seqno));
	ASSERT_EQ(0, wait_for(self->fd, self->queue, seqno, PATIENCE, NULL));
	for (i = 0; i < 10; i++) {
		EXPECT_EQ(i, records[i].index);
		EXPECT_EQ(i, records[i].tag);
		EXPECT_NE(0, records[i].end_ns);
	}
	EXPECT_EQ(0, records[10].end_ns);
}

TEST_HARNESS_MAIN
