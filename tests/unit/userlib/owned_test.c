// SPDX-License-Identifier: GPL-2.0-only
/*
 * Queues that the process owns, with a driver that checks every member and a
 * device that is played here.
 */
#include <endian.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "mock_driver.h"
#include "tap.h"
#include "uapi/lutna_isa.h"

#define DEPTH	4
#define PAGE	4096
#define MS	1000000

/**
 * struct fake - what the device sees of the queue
 * @mem: ring, progress, doorbell
 * @bytes: of it
 */
struct fake {
	uint8_t *mem;
	size_t bytes;
};

static struct lutna_device *dev;
static struct lutna_queue *queue;
static struct fake fake;

static void open_all(uint64_t spin_ns)
{
	need(!mock_reset());
	need(!lutna_device_open(&dev, mock.path));
	need(!lutna_queue_new_owned(&queue, dev, LUTNA_QUEUE_HIGH, DEPTH, 12345,
				    spin_ns));
	fake.bytes = mock.owned.ring_bytes + PAGE;
	fake.mem = mmap(NULL, fake.bytes, PROT_READ | PROT_WRITE, MAP_SHARED,
			mock.fd, (off_t)mock.owned.ring_offset);
	need(fake.mem != MAP_FAILED);
}

static void close_all(void)
{
	munmap(fake.mem, fake.bytes);
	lutna_queue_free(queue);
	lutna_device_close(dev);
	ok(!mock.complaints && !mock.buffers && !mock.queues && !mock_mapped(),
	   "nothing is left, nothing was wrong");
}

static struct lutna_job_entry *entry(unsigned int index)
{
	return (struct lutna_job_entry *)fake.mem + index;
}

static uint32_t bell(void)
{
	uint32_t *at = (uint32_t *)(fake.mem + mock.owned.ring_bytes +
				    mock.owned.doorbell);

	return le32toh(__atomic_load_n(at, __ATOMIC_ACQUIRE));
}

static struct lutna_progress *progress(void)
{
	return (struct lutna_progress *)(fake.mem + mock.owned.progress);
}

static void finish(uint64_t seqno)
{
	__atomic_store_n(&progress()->seqno, htole64(seqno), __ATOMIC_RELEASE);
}

static void stop(uint32_t state)
{
	__atomic_store_n(&progress()->state, htole32(state), __ATOMIC_RELEASE);
}

static int submit_empty(uint64_t *seqno)
{
	const struct lutna_job_desc job = { .count = 0, .unit = LUTNA_UNIT_LUTNA };

	return lutna_queue_submit(queue, &job, seqno);
}

static unsigned int ioctls(void)
{
	unsigned int i, sum = 0;

	for (i = 0; i < MOCK_COMMANDS; i++)
		sum += mock.calls[i];
	return sum;
}

static void test_create(void)
{
	struct lutna_queue *none = NULL;

	open_all(0);
	ok(mock.queue.flags == LUTNA_QUEUE_OWNED && mock.queue.depth == DEPTH &&
	   mock.queue.priority == LUTNA_PRIORITY_HIGH &&
	   mock.queue.timeout_ns == 12345, "every member of the queue");
	ok(lutna_queue_new_owned(&none, dev, 4, 0, 0, 0) == -EINVAL &&
	   lutna_queue_new_owned(&none, dev, 1, 3, 0, 0) == -EINVAL && !none,
	   "refused");
	mock_fail(LUTNA_CMD_QUEUE_CREATE, EOPNOTSUPP, 1);
	ok(lutna_queue_new_owned(&none, dev, 1, 4, 0, 0) == -EOPNOTSUPP && !none,
	   "a device without");
	mock_fail(LUTNA_CMD_QUEUE_CREATE, E2BIG, 1);
	ok(lutna_queue_new_owned(&none, dev, 1, 4, 0, 0) == -EOPNOTSUPP && !none,
	   "a driver of before");
	mock.bad_offset = true;
	ok(lutna_queue_new_owned(&none, dev, 1, 4, 0, 0) == -EINVAL && !none,
	   "a doorbell that cannot be mapped");
	mock.bad_offset = false;
	mock.bad_bytes = true;
	ok(lutna_queue_new_owned(&none, dev, 1, 4, 0, 0) == -EPROTO && !none,
	   "a doorbell outside its page");
	mock.bad_bytes = false;
	close_all();
}

static void test_submit(void)
{
	const struct lutna_job_desc job = {
		.list = 0x123440, .count = 7, .unit = LUTNA_UNIT_WALLACE,
		.profile = 0x5600,
	};
	struct lutna_job_desc late = job;
	unsigned int before;
	uint64_t seqno = 0;

	open_all(UINT64_MAX);
	before = ioctls();
	need(!lutna_queue_submit(queue, &job, &seqno));
	ok(seqno == 1 && bell() == 1, "the doorbell says 1");
	ok(le64toh(entry(0)->list) == job.list && le32toh(entry(0)->count) == 7 &&
	   entry(0)->unit == LUTNA_UNIT_WALLACE && le64toh(entry(0)->seqno) == 1 &&
	   le64toh(entry(0)->profile) == job.profile &&
	   le16toh(entry(0)->flags) == LUTNA_JOB_PROFILE, "every member of the entry");
	finish(1);
	ok(!lutna_queue_wait(queue, 1, -1, NULL), "it has ended");
	need(!submit_empty(&seqno));
	ok(seqno == 2 && bell() == 2 && !entry(1)->list && !entry(1)->flags,
	   "an empty one");
	ok(ioctls() == before, "no system call in between");
	ok(lutna_queue_wait(queue, 3, -1, NULL) == -ENOENT &&
	   lutna_queue_wait(queue, 0, -1, NULL) == -ENOENT, "not submitted");
	late.timeout_ns = 1;
	ok(lutna_queue_submit(queue, &late, &seqno) == -EOPNOTSUPP && bell() == 2,
	   "no time limit of its own");
	close_all();
}

static void *finish_later(void *arg)
{
	usleep(20000);
	finish(*(uint64_t *)arg);
	return NULL;
}

static void test_room(void)
{
	uint64_t seqno = 0, one = 1;
	pthread_t thread;
	unsigned int i;

	open_all(UINT64_MAX);
	for (i = 0; i < DEPTH; i++)
		need(!submit_empty(&seqno));
	ok(seqno == DEPTH && bell() == DEPTH, "as many as fit");
	need(!pthread_create(&thread, NULL, finish_later, &one));
	ok(!submit_empty(&seqno) && seqno == DEPTH + 1, "one more waits for room");
	pthread_join(thread, NULL);
	ok(le64toh(entry(0)->seqno) == DEPTH + 1, "it stands in the first entry");
	close_all();
}

static void test_wait(void)
{
	struct lutna_result result;
	uint64_t seqno;

	open_all(0);
	need(!submit_empty(&seqno));
	need(!submit_empty(&seqno));
	mock_fail(LUTNA_CMD_WAIT, ETIMEDOUT, 1);
	ok(lutna_queue_wait(queue, 1, MS, NULL) == -ETIMEDOUT &&
	   mock.calls[LUTNA_CMD_WAIT] == 1, "who may not spin sleeps");
	finish(2);
	ok(!lutna_queue_wait(queue, 2, 0, NULL) &&
	   mock.calls[LUTNA_CMD_WAIT] == 1, "what has ended is seen at once");
	mock.known = 1;
	mock.result = (struct lutna_job_result){ .cycles = 99 };
	ok(!lutna_queue_wait(queue, 2, -1, &result) && result.cycles == 99 &&
	   mock.wait.seqno == 2, "the driver knows what it cost");
	close_all();
}

static void test_failure(void)
{
	struct lutna_result result;
	uint64_t seqno;

	open_all(UINT64_MAX);
	need(!submit_empty(&seqno));
	stop(LUTNA_QUEUE_FAULTED);
	mock.known = 1;
	mock.result = (struct lutna_job_result){ .error = -EIO, .fault = 0x30 };
	ok(!lutna_queue_wait(queue, 1, -1, &result) && result.error == -EIO &&
	   result.fault == 0x30, "whoever spins is told of a failure");
	ok(submit_empty(&seqno) == -EBADFD && bell() == 1, "no more jobs");
	stop(LUTNA_QUEUE_DEAD);
	ok(submit_empty(&seqno) == -ENODEV && bell() == 1, "the device is gone");
	close_all();
}

int main(void)
{
	test_create();
	test_submit();
	test_room();
	test_wait();
	test_failure();
	return tap_done();
}
