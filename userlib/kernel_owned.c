// SPDX-License-Identifier: MIT
/*
 * Queues that the process owns.
 *
 * A job is 64 bytes in a ring and a store to the doorbell; that it has ended
 * well stands in memory, where the device writes it.  The kernel is asked only
 * by who wants to sleep, or to know more.
 */
#include <endian.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "error.h"
#include "kernel_owned.h"

/* Between two looks at the clock, which costs as much as some of them. */
#define LOOKS	64

/**
 * struct owned_queue - one
 * @lock: protects @written and the order of what is written
 * @entries: the ring
 * @progress: what the device and the driver tell
 * @bytes: of both
 * @page: with the doorbell
 * @bell: the doorbell
 * @buffer: handle of the memory of @entries
 * @depth: entries, a power of two
 * @spin_ns: how long a wait looks before it sleeps
 * @written: number of the last job
 */
struct owned_queue {
	pthread_mutex_t lock;
	struct lutna_job_entry *entries;
	struct lutna_progress *progress;
	size_t bytes;
	void *page;
	uint32_t *bell;
	uint32_t buffer;
	uint32_t depth;
	uint64_t spin_ns;
	uint64_t written;
};

static size_t page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/* The driver's word is taken, but not where it leads beyond what is mapped. */
static bool sensible(const struct lutna_queue_create *args)
{
	uint64_t ring = args->depth * sizeof(struct lutna_job_entry);

	return args->ring_bytes <= SIZE_MAX && ring <= args->progress &&
	       args->progress % sizeof(uint64_t) == 0 &&
	       args->ring_bytes >= sizeof(struct lutna_progress) &&
	       args->progress <= args->ring_bytes - sizeof(struct lutna_progress) &&
	       args->doorbell % sizeof(uint32_t) == 0 &&
	       args->doorbell <= page_bytes() - sizeof(uint32_t);
}

int owned_queue_open(struct owned_queue **out, int fd,
		     const struct lutna_queue_create *args, uint64_t spin_ns)
{
	struct owned_queue *q;
	void *ring;
	int err;

	if (!sensible(args))
		return lutna_fail(-EPROTO, "queue: the driver's answer makes no sense");
	q = calloc(1, sizeof(*q));
	if (!q)
		return lutna_fail_errno(-ENOMEM, "queue");
	q->bytes = args->ring_bytes;
	q->buffer = args->ring;
	q->depth = args->depth;
	q->spin_ns = spin_ns;
	ring = mmap(NULL, q->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    (off_t)args->ring_offset);
	if (ring == MAP_FAILED) {
		err = lutna_fail_errno(-errno, "queue: cannot map the ring");
		goto err_free;
	}
	q->page = mmap(NULL, page_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED,
		       fd, (off_t)args->doorbell_offset);
	if (q->page == MAP_FAILED) {
		err = lutna_fail_errno(-errno, "queue: cannot map the doorbell");
		goto err_ring;
	}
	q->entries = ring;
	q->progress = (void *)((char *)ring + args->progress);
	q->bell = (void *)((char *)q->page + args->doorbell);
	pthread_mutex_init(&q->lock, NULL);
	*out = q;
	return 0;

err_ring:
	munmap(ring, q->bytes);
err_free:
	free(q);
	return err;
}

void owned_queue_close(struct owned_queue *q)
{
	pthread_mutex_destroy(&q->lock);
	munmap(q->page, page_bytes());
	munmap(q->entries, q->bytes);
	free(q);
}

uint32_t owned_queue_buffer(const struct owned_queue *q)
{
	return q->buffer;
}

static uint64_t done(const struct owned_queue *q)
{
	return le64toh(__atomic_load_n(&q->progress->seqno, __ATOMIC_ACQUIRE));
}

static int stopped(const struct owned_queue *q)
{
	switch (le32toh(__atomic_load_n(&q->progress->state, __ATOMIC_ACQUIRE))) {
	case LUTNA_QUEUE_ACTIVE:
		return 0;
	case LUTNA_QUEUE_DEAD:
		return -ENODEV;
	default:
		return -EBADFD;
	}
}

static void write_entry(struct owned_queue *q, const struct lutna_job_desc *job)
{
	uint64_t seqno = q->written + 1;

	q->entries[(seqno - 1) & (q->depth - 1)] = (struct lutna_job_entry){
		.list = htole64(job->list),
		.count = htole32(job->count),
		.flags = htole16(job->profile ? LUTNA_JOB_PROFILE : 0),
		.unit = (uint8_t)job->unit,
		.seqno = htole64(seqno),
		.profile = htole64(job->profile),
	};
	q->written = seqno;
	/* The entry before the doorbell, which is not ordinary memory. */
	__sync_synchronize();
	__atomic_store_n(q->bell, htole32((uint32_t)seqno), __ATOMIC_RELEASE);
}

int owned_queue_put(struct owned_queue *q, const struct lutna_job_desc *job,
		    uint64_t *seqno)
{
	int err;

	pthread_mutex_lock(&q->lock);
	err = stopped(q);
	if (!err && q->written - done(q) >= q->depth) {
		*seqno = q->written + 1 - q->depth;
		err = -EAGAIN;
	} else if (!err) {
		write_entry(q, job);
		*seqno = q->written;
	}
	pthread_mutex_unlock(&q->lock);
	return err;
}

bool owned_queue_spin(const struct owned_queue *q, uint64_t seqno,
		      int64_t deadline_ns)
{
	int64_t start = 0, now;
	unsigned int i;

	for (;;) {
		for (i = 0; i < LOOKS; i++) {
			if (done(q) >= seqno)
				return true;
			if (stopped(q))
				return done(q) >= seqno;
			/* Whoever only looks does not want to wait. */
			if (!deadline_ns)
				return false;
		}
		now = lutna_now_ns();
		if (!start)
			start = now;
		if (now >= deadline_ns || (uint64_t)(now - start) >= q->spin_ns)
			return false;
	}
}

bool owned_queue_knows(struct owned_queue *q, uint64_t seqno)
{
	bool known;

	pthread_mutex_lock(&q->lock);
	known = seqno && seqno <= q->written;
	pthread_mutex_unlock(&q->lock);
	return known;
}
