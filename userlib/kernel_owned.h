/* SPDX-License-Identifier: MIT */
/*
 * Queues that the process owns: jobs go into a ring that it has mapped.
 */
#ifndef LUTNA_KERNEL_OWNED_H
#define LUTNA_KERNEL_OWNED_H

#include <stdbool.h>
#include <stdint.h>

#include "backend.h"
#include "uapi/lutna.h"

struct owned_queue;

/**
 * owned_queue_open() - map what the driver has given
 * @out: set on success
 * @fd: device file
 * @args: answer of LUTNA_IOCTL_QUEUE_CREATE
 * @spin_ns: see lutna_queue_new_owned()
 *
 * Return: 0 or a negative errno; sets the error text.
 */
int owned_queue_open(struct owned_queue **out, int fd,
		     const struct lutna_queue_create *args, uint64_t spin_ns);
/** owned_queue_close() - unmap it; the queue was destroyed before */
void owned_queue_close(struct owned_queue *q);

/** owned_queue_buffer() - handle of the buffer with its ring */
uint32_t owned_queue_buffer(const struct owned_queue *q);

/**
 * owned_queue_put() - write a job and ring, if there is room
 * @q: queue
 * @job: checked by the caller
 * @seqno: set to the job's number; without room, to that of the job that has
 *	to end before
 *
 * Return: 0; -EAGAIN without room; -EBADFD, -ENODEV if the queue takes no more
 * jobs.  Sets no error text.
 */
int owned_queue_put(struct owned_queue *q, const struct lutna_job_desc *job,
		    uint64_t *seqno);

/**
 * owned_queue_spin() - look whether a job has ended well
 * @q: queue
 * @seqno: the job
 * @deadline_ns: not beyond this time of CLOCK_MONOTONIC, nor for more than the
 *	queue's @spin_ns
 *
 * Return: true if it has; false if it has not, or if only the driver knows.
 */
bool owned_queue_spin(const struct owned_queue *q, uint64_t seqno,
		      int64_t deadline_ns);

/** owned_queue_knows() - was job @seqno submitted? */
bool owned_queue_knows(struct owned_queue *q, uint64_t seqno);

#endif
