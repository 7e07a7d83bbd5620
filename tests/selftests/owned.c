// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: queues that processes own
 */
#include <endian.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lutna_owned.h"

#define PAGE	4096U
#define DEPTH	8U
#define NORMAL	LUTNA_PRIORITY_NORMAL
#define NEVER	(600 * SECOND)

FIXTURE(owned)
{
	int fd;
	struct test_owned q;
	struct test_buffer buf;
};

FIXTURE_SETUP(owned)
{
	struct lutna_info info;

	self->fd = node_open(0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, get_info(self->fd, &info));
	ASSERT_TRUE(info.device_features & LUTNA_FEATURE_OWNED_QUEUES);
	ASSERT_TRUE(info.driver_features & LUTNA_DRIVER_FEATURE_OWNED_QUEUE);
	ASSERT_EQ(0, owned_open(self->fd, NORMAL, DEPTH, NEVER, &self->q));
	ASSERT_EQ(0, buffer_open(self->fd, 16 * PAGE, &self->buf));
}

FIXTURE_TEARDOWN(owned)
{
	owned_unmap(&self->q);
	munmap(self->buf.mem, self->buf.bytes);
	close(self->fd);
}

TEST_F(owned, layout)
{
	const struct lutna_queue_create *a = &self->q.args;
	struct lutna_queue_create plain = { .priority = NORMAL, .depth = 2 };
	struct lutna_bo_info bo;

	EXPECT_NE(0, a->ring);
	EXPECT_LE(DEPTH * sizeof(struct lutna_job_entry), a->progress);
	EXPECT_EQ(0, a->progress % PAGE);
	EXPECT_EQ(a->progress + PAGE, a->ring_bytes);
	EXPECT_EQ(0, a->doorbell_offset % PAGE);
	EXPECT_GT(PAGE, a->doorbell);
	ASSERT_EQ(0, bo_info(self->fd, a->ring, &bo));
	EXPECT_EQ(a->ring_bytes, bo.bytes);
	EXPECT_EQ(a->ring_offset, bo.mmap_offset);
	EXPECT_TRUE(all_bytes(self->q.entries, a->ring_bytes, 0));
	/* Others have none of it. */
	plain.ring_offset = 1;
	ASSERT_EQ(0, call(self->fd, LUTNA_IOCTL_QUEUE_CREATE, &plain, sizeof(plain)));
	EXPECT_TRUE(all_bytes(&plain.ring, sizeof(plain) -
			      offsetof(struct lutna_queue_create, ring), 0));
}

/* In strict mode any system call but read, write and exit kills. */
static void only_stores(struct test_owned *q)
{
	int i, ret = 0;

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
		_exit(100);
	for (i = 0; i < 1000 && !ret; i++)
		ret = owned_submit(q, 0, 0);
	if (!ret)
		ret = owned_spin(q, q->written);
	syscall(SYS_exit, ret ? 101 : 0);
}

TEST_F_TIMEOUT(owned, no_system_call, 60)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		only_stores(&self->q);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(1000, owned_done(&self->q));
}

/* What a job reads is what the one before has written, for many rings full. */
TEST_F_TIMEOUT(owned, order, 60)
{
	struct test_buffer *buf = &self->buf;
	const unsigned char *mem = buf->mem;
	__u64 data = buf->addr + 8 * PAGE;
	unsigned int i, at;

	/* 0 and 2 set a byte, 1 and 3 copy it to different places */
	put_copy(buf, 1, data + PAGE, data, 100);
	put_copy(buf, 3, data + 2 * PAGE, data, 100);
	for (i = 0; i < 500; i++) {
		put_fill(buf, 0, data, 100, i);
		put_fill(buf, 2, data, 100, i + 77);
		for (at = 0; at < 4; at++)
			ASSERT_EQ(0, owned_submit(&self->q,
						  buf->addr + at * LUTNA_CMD_SIZE, 1));
		ASSERT_EQ(0, owned_spin(&self->q, self->q.written));
		ASSERT_EQ((unsigned char)i, mem[9 * PAGE + 99]);
		ASSERT_EQ((unsigned char)(i + 77), mem[10 * PAGE]);
	}
	EXPECT_EQ(2000, owned_done(&self->q));
}

/* Thousands of completions that nobody consumes hold nobody up. */
TEST_F_TIMEOUT(owned, others_go_on, 60)
{
	struct lutna_queue_info info;
	__u32 queue;
	int i, more;

	ASSERT_EQ(0, queue_create(self->fd, NORMAL, 8, 0, &queue));
	for (i = 0; i < 3; i++) {
		for (more = 0; more < 1500; more++)
			ASSERT_EQ(0, owned_submit(&self->q, 0, 0));
		EXPECT_EQ(0, run_list(self->fd, queue, 0, 0, NULL));
	}
	ASSERT_EQ(0, wait_for(self->fd, self->q.args.handle, 4500, PATIENCE, NULL));
	ASSERT_EQ(0, queue_info(self->fd, self->q.args.handle, &info));
	EXPECT_EQ(LUTNA_QUEUE_ACTIVE, info.state);
	EXPECT_EQ(4500, info.completed);
	EXPECT_EQ(4500, info.submitted);
	EXPECT_EQ(DEPTH, info.depth);
}

/* Of device 0, all vectors on all processors */
static long count_irqs(void)
{
	FILE *f = fopen("/proc/interrupts", "r");
	char line[1024];
	long sum = 0;

	while (f && fgets(line, sizeof(line), f)) {
		char *at = strchr(line, ':'), *end;

		if (!strstr(line, "lutna0") || !at)
			continue;
		for (at++; ; at = end) {
			long n = strtol(at, &end, 10);

			if (end == at)
				break;
			sum += n;
		}
	}
	if (f)
		fclose(f);
	return sum;
}

/* One who sleeps costs one interrupt; who does not costs two in a ring. */
TEST_F_TIMEOUT(owned, interrupts_coalesce, 60)
{
	const unsigned int sleeps = 20, jobs = 100;
	long before = count_irqs();
	unsigned int i, n;

	for (i = 0; i < sleeps; i++) {
		for (n = 0; n < jobs; n++)
			ASSERT_EQ(0, owned_submit(&self->q, 0, 0));
		ASSERT_EQ(0, wait_for(self->fd, self->q.args.handle, self->q.written,
				      PATIENCE, NULL));
	}
	EXPECT_GE(before + sleeps + sleeps * jobs / 100, count_irqs());
}

TEST_F_TIMEOUT(owned, several_at_one_ring, 60)
{
	unsigned int i, n;

	for (i = 0; i < 200; i++) {
		for (n = 0; n <= i % DEPTH; n++)
			owned_put(&self->q, 0, 0);
		owned_ring(&self->q);
		/* The same again means nothing. */
		owned_ring(&self->q);
		ASSERT_EQ(0, owned_spin(&self->q, self->q.written));
	}
}

TEST_F_TIMEOUT(owned, wait, 60)
{
	struct lutna_job_result result;
	__u32 handle = self->q.args.handle;
	int i;

	EXPECT_EQ(-ENOENT, wait_for(self->fd, handle, 0, 0, NULL));
	EXPECT_EQ(-ENOENT, wait_for(self->fd, handle, DEPTH + 1, 0, NULL));
	/* Not rung for, but there is room for it */
	EXPECT_EQ(-ETIMEDOUT, wait_for(self->fd, handle, 1, 0, NULL));
	EXPECT_EQ(-ETIMEDOUT, wait_for(self->fd, handle, DEPTH, 20 * MS, NULL));
	put_fill(&self->buf, 0, self->buf.addr + PAGE, PAGE, 9);
	for (i = 1; i < 300; i++) {
		ASSERT_EQ(0, owned_submit(&self->q, self->buf.addr, 1));
		if (i % 3)
			continue;
		ASSERT_EQ(0, wait_for(self->fd, handle, i, PATIENCE, &result));
		EXPECT_EQ(0, result.error);
		EXPECT_EQ(1, result.command);
		EXPECT_NE(0, result.cycles);
	}
	EXPECT_EQ(-EOPNOTSUPP, submit_list(self->fd, handle, 0, 0, NULL));
}

/* Each wakes for its own job, whoever was there first and asks for what. */
TEST_F_TIMEOUT(owned, many_sleepers, 60)
{
	static const __u64 order[DEPTH] = { 8, 3, 5, 1, 7, 2, 6, 4 };
	struct test_sleeper s[DEPTH];
	pthread_t threads[DEPTH];
	unsigned int round, i;

	for (round = 0; round < 5; round++) {
		for (i = 0; i < DEPTH; i++) {
			s[i] = (struct test_sleeper) {
				self->fd, self->q.args.handle, round * DEPTH + order[i],
				PATIENCE, -1
			};
			ASSERT_EQ(0, pthread_create(&threads[i], NULL, sleep_for_job, &s[i]));
		}
		usleep(20000);
		for (i = 0; i < DEPTH; i++) {
			ASSERT_EQ(0, owned_submit(&self->q, 0, 0));
			if (round % 2)
				usleep(3000);
		}
		for (i = 0; i < DEPTH; i++) {
			ASSERT_EQ(0, pthread_join(threads[i], NULL));
			EXPECT_EQ(0, s[i].ret);
			EXPECT_EQ(0, s[i].result.error);
		}
	}
}

/* All that were written, and all that might have been, are told how it ended. */
static void expect_failed(struct __test_metadata *_metadata, int fd,
			  const struct test_owned *q, __u64 failed, __u32 fault)
{
	struct lutna_job_result result;
	struct lutna_queue_info info;
	__u64 seqno;

	ASSERT_EQ(0, wait_for(fd, q->args.handle, failed, PATIENCE, &result));
	EXPECT_EQ(-EIO, result.error);
	EXPECT_EQ(fault, result.fault);
	EXPECT_EQ(-EIO, owned_spin(q, failed));
	EXPECT_EQ(LUTNA_QUEUE_FAULTED, owned_state(q));
	EXPECT_EQ(failed - 1, owned_done(q));
	for (seqno = failed + 1; seqno <= failed + q->args.depth; seqno++) {
		ASSERT_EQ(0, wait_for(fd, q->args.handle, seqno, 0, &result));
		EXPECT_EQ(-ECANCELED, result.error);
	}
	EXPECT_EQ(-ENOENT, wait_for(fd, q->args.handle, seqno, 0, &result));
	if (failed > 1) {
		ASSERT_EQ(0, wait_for(fd, q->args.handle, failed - 1, 0, &result));
		EXPECT_EQ(0, result.error);
	}
	ASSERT_EQ(0, queue_info(fd, q->args.handle, &info));
	EXPECT_EQ(LUTNA_QUEUE_FAULTED, info.state);
	EXPECT_EQ(failed, info.failed);
	EXPECT_EQ(failed, info.completed);
	EXPECT_EQ(fault, info.failure.fault);
}

/* The context is as good as new. */
static void expect_usable(struct __test_metadata *_metadata, int fd)
{
	struct test_owned q;

	ASSERT_EQ(0, owned_open(fd, NORMAL, DEPTH, 0, &q));
	ASSERT_EQ(0, owned_submit(&q, 0, 0));
	EXPECT_EQ(0, owned_spin(&q, 1));
	EXPECT_EQ(0, owned_close(fd, &q));
}

TEST_F_TIMEOUT(owned, fault, 60)
{
	struct lutna_job_result result;

	ASSERT_EQ(0, owned_submit(&self->q, 0, 0));
	owned_put(&self->q, 0x7000000000, 1);
	owned_put(&self->q, 0, 0);
	owned_ring(&self->q);
	expect_failed(_metadata, self->fd, &self->q, 2, LUTNA_FAULT_TRANSLATION);
	ASSERT_EQ(0, wait_for(self->fd, self->q.args.handle, 2, 0, &result));
	EXPECT_EQ(0x7000000000, result.fault_addr);
	EXPECT_EQ(1, result.access);
	owned_ring(&self->q);
	owned_put(&self->q, 0, 0);
	owned_ring(&self->q);
	expect_usable(_metadata, self->fd);
}

TEST_F_TIMEOUT(owned, bad_entry, 60)
{
	owned_put(&self->q, 0, 0);
	self->q.entries[0].flags = htole16(0x8000);
	owned_ring(&self->q);
	expect_failed(_metadata, self->fd, &self->q, 1, LUTNA_FAULT_BAD_ENTRY);
	expect_usable(_metadata, self->fd);
}

TEST_F_TIMEOUT(owned, wrong_tail, 60)
{
	static const __u32 wrong[] = { DEPTH + 2, 0, 1000, 0x80000000, 0xffffffff };
	struct lutna_job_result result;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct test_owned q;

		ASSERT_EQ(0, owned_open(self->fd, NORMAL, DEPTH, 0, &q));
		ASSERT_EQ(0, owned_submit(&q, 0, 0));
		ASSERT_EQ(0, owned_spin(&q, 1));
		owned_store(q.bell, wrong[i]);
		expect_failed(_metadata, self->fd, &q, 2, LUTNA_FAULT_DOORBELL);
		ASSERT_EQ(0, wait_for(self->fd, q.args.handle, 2, 0, &result));
		EXPECT_EQ(wrong[i], result.fault_addr);
		owned_store(q.bell, 2);
		EXPECT_EQ(0, owned_close(self->fd, &q));
	}
	ASSERT_EQ(0, owned_submit(&self->q, 0, 0));
	EXPECT_EQ(0, owned_spin(&self->q, 1));
}

/* Sequence numbers are the process's own: who lies there fools himself. */
TEST_F_TIMEOUT(owned, lies_in_entries, 60)
{
	struct lutna_job_result result;
	int i;

	for (i = 1; i <= 20; i++) {
		owned_put(&self->q, 0, 0);
		self->q.entries[(i - 1) % DEPTH].seqno = htole64(12345678901ULL * i);
		owned_ring(&self->q);
		ASSERT_EQ(0, wait_for(self->fd, self->q.args.handle, i, PATIENCE, &result));
		EXPECT_EQ(0, result.error);
	}
	EXPECT_EQ(12345678901ULL * 20, owned_done(&self->q));
}

TEST_F_TIMEOUT(owned, destroyed, 60)
{
	struct test_owned other;
	int i;

	ASSERT_EQ(0, owned_open(self->fd, NORMAL, 2, 0, &other));
	ASSERT_EQ(0, owned_submit(&self->q, 0, 0));
	ASSERT_EQ(0, queue_destroy(self->fd, self->q.args.handle));
	EXPECT_NE(LUTNA_QUEUE_ACTIVE, owned_state(&self->q));
	EXPECT_EQ(-ENOENT, wait_for(self->fd, self->q.args.handle, 1, 0, NULL));
	for (i = 0; i < 100; i++) {
		owned_put(&self->q, 0x7000000000, 1);
		owned_ring(&self->q);
		ASSERT_EQ(0, owned_submit(&other, 0, 0));
		ASSERT_EQ(0, owned_spin(&other, i + 1));
	}
	/* The memory is still there; so it is without its handle. */
	ASSERT_EQ(0, bo_free(self->fd, self->q.args.ring));
	memset(self->q.entries, 0x55, self->q.args.ring_bytes);
	EXPECT_EQ(0, owned_close(self->fd, &other));
}

/* The ring's memory stays with the queue, whatever becomes of its handle. */
TEST_F_TIMEOUT(owned, ring_without_handle, 60)
{
	ASSERT_EQ(0, bo_free(self->fd, self->q.args.ring));
	ASSERT_EQ(0, munmap(self->q.entries, self->q.args.ring_bytes));
	self->q.entries = NULL;
	owned_store(self->q.bell, DEPTH);
	/* Zeroed entries are empty jobs. */
	EXPECT_EQ(0, wait_for(self->fd, self->q.args.handle, DEPTH, PATIENCE, NULL));
}

TEST_F(owned, mmap)
{
	__u64 at = self->q.args.doorbell_offset;
	int fd = self->fd, other = node_open(0);

	ASSERT_LE(0, other);
#define MMAP(len, prot, flags, fd, at)					\
	(mmap(NULL, len, prot, flags, fd, at) == MAP_FAILED ? errno : 0)
	EXPECT_EQ(EINVAL, MMAP(PAGE, PROT_WRITE, MAP_PRIVATE, fd, at));
	EXPECT_EQ(EPERM, MMAP(PAGE, PROT_WRITE | PROT_EXEC, MAP_SHARED, fd, at));
	EXPECT_EQ(EINVAL, MMAP(2 * PAGE, PROT_WRITE, MAP_SHARED, fd, at));
	EXPECT_EQ(ENOENT, MMAP(PAGE, PROT_WRITE, MAP_SHARED, fd, at + PAGE));
	/* Another context's page, and one of the driver's */
	EXPECT_EQ(ENOENT, MMAP(PAGE, PROT_WRITE, MAP_SHARED, other, at));
	EXPECT_EQ(ENOENT, MMAP(PAGE, PROT_WRITE, MAP_SHARED, fd, at + (256 << 12)));
	EXPECT_EQ(0, MMAP(PAGE, PROT_WRITE, MAP_SHARED, fd, at));
	EXPECT_EQ(-1, mprotect(self->q.page, PAGE, PROT_EXEC));
	/* Reading it means nothing. */
	EXPECT_EQ(0, __atomic_load_n(self->q.bell, __ATOMIC_RELAXED));
	close(other);
}

TEST_F_TIMEOUT(owned, fork, 60)
{
	pid_t pid;
	int status;

	ASSERT_EQ(0, owned_submit(&self->q, 0, 0));
	pid = fork();
	if (!pid) {
		int ret = owned_spin(&self->q, 1) ?: owned_submit(&self->q, 0, 0);

		_exit(ret ? 1 : 0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	EXPECT_EQ(0, owned_spin(&self->q, 2));
	self->q.written++;
	ASSERT_EQ(0, owned_submit(&self->q, 0, 0));
	EXPECT_EQ(0, owned_spin(&self->q, 3));
}

/* Rubbish in all that it can write, until it is killed */
static void vandal(void)
{
	unsigned int seed = getpid();
	int fd = node_open(0);

	while (fd >= 0) {
		struct test_owned q;
		int i, ret;

		ret = owned_open(fd, NORMAL, 16, 0, &q);
		if (ret)
			_exit(1);
		for (i = 0; i < 3000; i++) {
			__u32 *ring = (__u32 *)q.entries;

			ring[rand_r(&seed) % (q.args.ring_bytes / 4)] =
				rand_r(&seed) % 4 ? rand_r(&seed) % 20 : rand_r(&seed);
			if (i % 2)
				owned_store(&q.page[rand_r(&seed) % (PAGE / 4)],
					    rand_r(&seed) % 20);
			else
				owned_store(q.bell, i < 100 ? i : rand_r(&seed) % 40);
		}
		owned_close(fd, &q);
	}
	_exit(1);
}

TEST_F_TIMEOUT(owned, beside_vandals, 60)
{
	struct test_buffer *buf = &self->buf;
	pid_t pids[2];
	int i, status;

	for (i = 0; i < 2; i++) {
		pids[i] = fork();
		if (!pids[i])
			vandal();
	}
	for (i = 0; i < 300; i++) {
		put_fill(buf, 0, buf->addr + PAGE, PAGE, i);
		ASSERT_EQ(0, owned_submit(&self->q, buf->addr, 1));
		ASSERT_EQ(0, owned_spin(&self->q, i + 1));
		ASSERT_TRUE(all_bytes(buf->mem + PAGE, PAGE, i));
		usleep(1000);
	}
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, kill(pids[i], SIGKILL));
		ASSERT_EQ(pids[i], waitpid(pids[i], &status, 0));
		/* Until now it was at it. */
		EXPECT_TRUE(WIFSIGNALED(status));
	}
	EXPECT_EQ(300, owned_done(&self->q));
}

TEST_F(owned, priority)
{
	struct lutna_queue_create args;
	struct test_owned q;

	ASSERT_EQ(0, owned_open(self->fd, LUTNA_PRIORITY_REALTIME, 2, 0, &q));
	ASSERT_EQ(0, owned_submit(&q, 0, 0));
	EXPECT_EQ(0, owned_spin(&q, 1));
	EXPECT_EQ(0, owned_close(self->fd, &q));
	ASSERT_EQ(0, without_privilege());
	EXPECT_EQ(-EACCES, owned_create(self->fd, LUTNA_PRIORITY_HIGH, 2, 0, &args));
	ASSERT_EQ(0, owned_open(self->fd, NORMAL, 2, 0, &q));
	EXPECT_EQ(0, owned_close(self->fd, &q));
}

TEST_F(owned, largest)
{
	struct lutna_info info;
	struct test_owned q;
	unsigned int i;

	ASSERT_EQ(0, get_info(self->fd, &info));
	ASSERT_EQ(0, owned_open(self->fd, NORMAL, info.max_depth, 0, &q));
	for (i = 0; i < info.max_depth; i++)
		owned_put(&q, 0, 0);
	owned_ring(&q);
	EXPECT_EQ(0, owned_spin(&q, info.max_depth));
	EXPECT_EQ(0, owned_close(self->fd, &q));
}

/* Queues are given back with all they have, however they end. */
TEST_F_TIMEOUT(owned, again_and_again, 60)
{
	struct test_owned q;
	int i, ret = 0;

	for (i = 0; i < 200; i++) {
		int fd = node_open(0);

		ASSERT_LE(0, fd);
		ASSERT_EQ(0, owned_open(fd, NORMAL, 64, 0, &q));
		ASSERT_EQ(0, owned_submit(&q, 0, 0));
		if (i % 2)
			ret = owned_close(fd, &q);
		else
			owned_unmap(&q);
		ASSERT_EQ(0, ret);
		close(fd);
	}
}

TEST_F_TIMEOUT(owned, time_limit, 60)
{
	struct lutna_job_result result;
	struct test_work work;
	struct test_owned q;
	__s64 end;
	int i;

	ASSERT_EQ(0, work_open_many(self->fd, &work));
	ASSERT_EQ(0, owned_open(self->fd, NORMAL, DEPTH, 50 * MS, &q));
	/* Many short jobs in a row, and none at all, are no long one. */
	end = now_ns() + 300 * MS;
	for (i = 0; now_ns() < end; i++)
		ASSERT_EQ(0, owned_submit(&q, 0, 0));
	ASSERT_EQ(0, owned_spin(&q, i));
	usleep(200000);
	ASSERT_EQ(0, owned_submit(&q, 0, 0));
	ASSERT_EQ(0, owned_spin(&q, ++i));
	owned_put(&q, work.list, work.count);
	owned_put(&q, 0, 0);
	owned_ring(&q);
	ASSERT_EQ(0, wait_for(self->fd, q.args.handle, i + 1, PATIENCE, &result));
	EXPECT_EQ(-ETIME, result.error);
	ASSERT_EQ(0, wait_for(self->fd, q.args.handle, i + 2, 0, &result));
	EXPECT_EQ(-ECANCELED, result.error);
	EXPECT_EQ(LUTNA_QUEUE_FAULTED, owned_state(&q));
	EXPECT_EQ(0, owned_close(self->fd, &q));
	ASSERT_EQ(0, munmap(work.small.mem, work.small.bytes));
	expect_usable(_metadata, self->fd);
}

TEST_HARNESS_MAIN
