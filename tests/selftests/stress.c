// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: several processes that do everything in random order, and
 * one that does not know what it does
 *
 * The order is random but always the same.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lutna_test.h"

#define PAGE		4096UL
#define PROCESSES	4
#define STEPS		400
#define BUFFERS		8
#define QUEUES		4
#define NOWHERE		0x800000000ULL

static unsigned int random_below(__u64 *seed, unsigned int n)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (*seed >> 33) % n;
}

/**
 * struct life - one process
 * @bufs: buffers; those with a handle are there
 * @queues: queues, 0 if not there
 */
struct life {
	int fd;
	__u64 seed;
	struct test_buffer list;
	struct test_buffer bufs[BUFFERS];
	__u32 queues[QUEUES];
};

static int buffer_step(struct life *l, struct test_buffer *buf)
{
	static const __u64 sizes[] = { PAGE, 5 * PAGE, 60 * PAGE, HUGE_BYTES };
	int ret;

	if (!buf->handle)
		return buffer_open(l->fd, sizes[random_below(&l->seed, ARRAY_SIZE(sizes))], buf);
	ret = buffer_close(l->fd, buf);
	buf->handle = 0;
	return ret;
}

static int queue_step(struct life *l, __u32 *queue)
{
	int ret;

	if (!*queue)
		return queue_create(l->fd, random_below(&l->seed, 4),
				    2U << random_below(&l->seed, 4), 0, queue);
	ret = queue_destroy(l->fd, *queue);
	*queue = 0;
	return ret;
}

/* A job whose work is looked at, or one that fails */
static int job_step(struct life *l, struct test_buffer *buf, __u32 *queue)
{
	__u8 value = random_below(&l->seed, 256);
	struct lutna_job_result result;
	__u64 first, bytes;
	int ret;

	if (!buf->handle || !*queue)
		return 0;
	if (!random_below(&l->seed, 10)) {
		ret = run_list(l->fd, *queue, NOWHERE, 1, &result);
		if (ret != -EIO || result.fault_addr != NOWHERE)
			return -EPROTO;
		return queue_step(l, queue);
	}
	first = random_below(&l->seed, buf->bytes / PAGE) * PAGE;
	bytes = (random_below(&l->seed, (buf->bytes - first) / PAGE) + 1) * PAGE;
	put_fill(&l->list, 0, buf->addr + first, bytes, value);
	ret = run_list(l->fd, *queue, l->list.addr, 1, &result);
	if (!ret && !all_bytes(buf->mem + first, bytes, value))
		ret = -EPROTO;
	return ret;
}

/* Empty jobs, more than fit, and somebody else's problem */
static int flood_step(struct life *l, __u32 *queue)
{
	struct lutna_job jobs[40] = { };
	unsigned int i, count = 1 + random_below(&l->seed, 40);
	__u64 seqno;
	int ret;

	if (!*queue)
		return 0;
	for (i = 0; i < count; i++)
		jobs[i].unit = LUTNA_UNIT_LUTNA;
	ret = submit_jobs(l->fd, *queue, 0, jobs, count, NULL, &seqno);
	if (!ret && random_below(&l->seed, 2))
		ret = wait_for(l->fd, *queue, seqno, PATIENCE, NULL);
	return ret;
}

static int live(unsigned int who)
{
	struct life l = { .seed = who };
	int ret, i;

	l.fd = node_open(0);
	if (l.fd < 0)
		return l.fd;
	ret = buffer_open(l.fd, PAGE, &l.list);
	for (i = 0; i < STEPS && !ret; i++) {
		struct test_buffer *buf = &l.bufs[random_below(&l.seed, BUFFERS)];
		__u32 *queue = &l.queues[random_below(&l.seed, QUEUES)];

		switch (random_below(&l.seed, 8)) {
		case 0:
			ret = buffer_step(&l, buf);
			break;
		case 1:
			ret = queue_step(&l, queue);
			break;
		case 2:
			ret = flood_step(&l, queue);
			break;
		default:
			ret = job_step(&l, buf, queue);
			break;
		}
	}
	return ret;
}

FIXTURE(stress)
{
	int fd;
	__u32 queue;
};

FIXTURE_SETUP(stress)
{
	self->fd = node_open(0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_NORMAL, 16, 0, &self->queue));
}

/* Whatever the others have done, the device works. */
FIXTURE_TEARDOWN(stress)
{
	EXPECT_EQ(0, run_list(self->fd, self->queue, 0, 0, NULL));
	close(self->fd);
}

TEST_F_TIMEOUT(stress, processes, 240)
{
	pid_t pids[PROCESSES];
	int i, status;

	for (i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		if (!pids[i])
			_exit(-live(i));
	}
	for (i = 0; i < PROCESSES; i++) {
		ASSERT_EQ(pids[i], waitpid(pids[i], &status, 0));
		EXPECT_EQ(0, status);
	}
}

/* A number that has a chance to mean something */
static __u64 any_number(__u64 *seed)
{
	static const __u64 numbers[] = {
		0, 1, 2, 3, 4, 16, 48, 64, 4095, 4096, 8192, 1 << 20, (1 << 20) + 4096, 1 << 21,
		0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 1ULL << 39, 1ULL << 63, ~0ULL,
		-4096ULL,
	};

	if (random_below(seed, 8))
		return numbers[random_below(seed, ARRAY_SIZE(numbers))];
	return (__u64)random_below(seed, 1 << 30) << random_below(seed, 34);
}

/* What the first word, the size, has to be for the ioctl to look further */
static __u32 good_size(unsigned int nr)
{
	static const __u32 sizes[] = {
		sizeof(struct lutna_info), sizeof(struct lutna_bo_create),
		sizeof(struct lutna_bo_info), sizeof(struct lutna_bo_free),
		sizeof(struct lutna_vm_map), sizeof(struct lutna_vm_unmap),
		sizeof(struct lutna_queue_create), sizeof(struct lutna_queue_destroy),
		sizeof(struct lutna_queue_info), sizeof(struct lutna_submit),
		sizeof(struct lutna_wait),
	};

	return nr < ARRAY_SIZE(sizes) ? sizes[nr] : 64;
}

static void fill_with_anything(__u64 *seed, void *arg, size_t bytes)
{
	__u32 *words = arg;
	size_t i;

	for (i = 0; i < bytes / sizeof(*words); i++) {
		__u64 number = random_below(seed, 2) ? 0 : any_number(seed);

		/* Aligned pairs are often one number. */
		words[i] = number;
		if (i % 2 == 0 && i + 1 < bytes / sizeof(*words))
			words[++i] = number >> 32;
	}
}

union nonsense {
	__u64 words[32];
	__u32 size;
	struct lutna_submit submit;
	struct lutna_wait wait;
};

static int talk_nonsense(unsigned int who)
{
	struct lutna_job jobs[4];
	union nonsense arg;
	__u64 seed = who;
	int fd = node_open(0), i;

	if (fd < 0)
		return fd;
	for (i = 0; i < 20000; i++) {
		unsigned int nr = random_below(&seed, LUTNA_CMD_WAIT + 2);

		fill_with_anything(&seed, &arg, sizeof(arg));
		fill_with_anything(&seed, jobs, sizeof(jobs));
		if (random_below(&seed, 8))
			arg.size = good_size(nr);
		if (nr == LUTNA_CMD_SUBMIT && random_below(&seed, 4)) {
			arg.submit.queue = 1 + random_below(&seed, 4);
			arg.submit.job_size = sizeof(jobs[0]);
			arg.submit.jobs = (uintptr_t)jobs;
			arg.submit.job_count = 1 + random_below(&seed, 4);
			arg.submit.reserved = 0;
		}
		/* Nobody is to wait for the end of time. */
		if (nr == LUTNA_CMD_WAIT)
			arg.wait.deadline_ns = 0;
		if (nr == LUTNA_CMD_SUBMIT)
			arg.submit.flags |= LUTNA_SUBMIT_NONBLOCK;
		ioctl(fd, _IO(LUTNA_IOC_TYPE, nr), &arg);
	}
	close(fd);
	return 0;
}

TEST_F_TIMEOUT(stress, nonsense, 120)
{
	pid_t pids[2];
	int i, status;

	for (i = 0; i < 2; i++) {
		pids[i] = fork();
		if (!pids[i])
			_exit(-talk_nonsense(i));
	}
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(pids[i], waitpid(pids[i], &status, 0));
		EXPECT_EQ(0, status);
	}
}

TEST_HARNESS_MAIN
