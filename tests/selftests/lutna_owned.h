/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * LUT-NA selftests: a queue that the process owns, by loads and stores
 */
#ifndef LUTNA_OWNED_H
#define LUTNA_OWNED_H

#include "lutna_test.h"

/**
 * struct test_owned - such a queue, mapped here
 * @args: what the driver said of it
 * @entries: its ring
 * @progress: how far it is
 * @page: page of doorbells
 * @bell: its own doorbell there
 * @written: jobs in the ring so far
 */
struct test_owned {
	struct lutna_queue_create args;
	struct lutna_job_entry *entries;
	struct lutna_progress *progress;
	__u32 *page;
	__u32 *bell;
	__u64 written;
};

/** owned_create() - the bare ioctl */
int owned_create(int fd, __u32 priority, __u32 depth, __u64 timeout_ns,
		 struct lutna_queue_create *args);
/** owned_open() - create it and map ring and doorbell */
int owned_open(int fd, __u32 priority, __u32 depth, __u64 timeout_ns,
	       struct test_owned *q);
/** owned_unmap() - ring and doorbell; the queue is left alone */
void owned_unmap(struct test_owned *q);
/** owned_close() - and destroy it */
int owned_close(int fd, struct test_owned *q);

/*
 * What follows makes no system call.
 */

/** owned_put() - write a job without ringing; the entry must be free */
void owned_put(struct test_owned *q, __u64 list, __u32 count);
void owned_ring(struct test_owned *q);
/** owned_store() - any value to any doorbell of the page, or beside one */
void owned_store(__u32 *at, __u32 value);
/** owned_state() - enum lutna_queue_state */
__u32 owned_state(const struct test_owned *q);
/** owned_done() - seqno of the last job that ended well */
__u64 owned_done(const struct test_owned *q);
/**
 * owned_spin() - until a job has ended well
 *
 * Return: 0; -EIO if the queue has stopped, -ETIMEDOUT after very many looks.
 */
int owned_spin(const struct test_owned *q, __u64 seqno);
/** owned_submit() - wait for room, write, ring; as owned_spin() */
int owned_submit(struct test_owned *q, __u64 list, __u32 count);

#endif /* LUTNA_OWNED_H */
