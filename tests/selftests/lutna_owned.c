// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: a queue that the process owns
 */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "lutna_owned.h"

#define PAGE	4096U
/* Tens of seconds, without asking anybody for the time */
#define LOOKS	(1ULL << 32)

int owned_create(int fd, __u32 priority, __u32 depth, __u64 timeout_ns,
		 struct lutna_queue_create *args)
{
	*args = (struct lutna_queue_create) {
		.flags = LUTNA_QUEUE_OWNED,
		.priority = priority,
		.depth = depth,
		.timeout_ns = timeout_ns,
	};
	return call(fd, LUTNA_IOCTL_QUEUE_CREATE, args, sizeof(*args));
}

int owned_open(int fd, __u32 priority, __u32 depth, __u64 timeout_ns,
	       struct test_owned *q)
{
	void *ring, *page;
	int ret;

	memset(q, 0, sizeof(*q));
	ret = owned_create(fd, priority, depth, timeout_ns, &q->args);
	if (ret)
		return ret;
	ret = bo_mmap(fd, q->args.ring_bytes, q->args.ring_offset, &ring);
	if (ret)
		return ret;
	q->entries = ring;
	q->progress = ring + q->args.progress;
	ret = bo_mmap(fd, PAGE, q->args.doorbell_offset, &page);
	if (ret)
		return ret;
	q->page = page;
	q->bell = page + q->args.doorbell;
	return 0;
}

void owned_unmap(struct test_owned *q)
{
	munmap(q->entries, q->args.ring_bytes);
	munmap(q->page, PAGE);
}

int owned_close(int fd, struct test_owned *q)
{
	int ret = queue_destroy(fd, q->args.handle);

	owned_unmap(q);
	return ret ?: bo_free(fd, q->args.ring);
}

void owned_put(struct test_owned *q, __u64 list, __u32 count)
{
	__u64 seqno = ++q->written;

	q->entries[(seqno - 1) % q->args.depth] = (struct lutna_job_entry) {
		.list = htole64(list),
		.count = htole32(count),
		.unit = LUTNA_UNIT_LUTNA,
		.seqno = htole64(seqno),
	};
}

void owned_store(__u32 *at, __u32 value)
{
	__atomic_store_n(at, htole32(value), __ATOMIC_RELEASE);
}

void owned_ring(struct test_owned *q)
{
	__sync_synchronize();
	owned_store(q->bell, q->written);
}

__u32 owned_state(const struct test_owned *q)
{
	return le32toh(__atomic_load_n(&q->progress->state, __ATOMIC_ACQUIRE));
}

__u64 owned_done(const struct test_owned *q)
{
	return le64toh(__atomic_load_n(&q->progress->seqno, __ATOMIC_ACQUIRE));
}

int owned_spin(const struct test_owned *q, __u64 seqno)
{
	__u64 looks;

	for (looks = 0; looks < LOOKS; looks++) {
		if (owned_done(q) >= seqno)
			return 0;
		if (owned_state(q) != LUTNA_QUEUE_ACTIVE)
			return owned_done(q) >= seqno ? 0 : -EIO;
	}
	return -ETIMEDOUT;
}

int owned_submit(struct test_owned *q, __u64 list, __u32 count)
{
	int ret = 0;

	if (q->written >= q->args.depth)
		ret = owned_spin(q, q->written + 1 - q->args.depth);
	if (!ret) {
		owned_put(q, list, count);
		owned_ring(q);
	}
	return ret;
}
