/* SPDX-License-Identifier: MIT */
/*
 * What a back end gives the library: the driver's (kernel.c) or the simulator's
 * (sim.c).  A back end embeds these structures at the start of its own.
 */
#ifndef LUTNA_BACKEND_H
#define LUTNA_BACKEND_H

#include <stdint.h>
#include "export.h"

struct lutna_device_ops;

/**
 * struct lutna_device - what all back ends have
 * @ops: the back end
 * @page_size: alignment and granularity of mappings, a power of two
 * @info: filled by the back end before open returns
 */
struct lutna_device {
	const struct lutna_device_ops *ops;
	size_t page_size;
	struct lutna_device_info info;
};

/**
 * struct lutna_buffer - what all back ends have
 * @dev: device
 * @data: where the process sees it; NULL if it does not
 * @borrowed: @data is the caller's and stays
 * @size: as asked for
 * @mapped: @size rounded up to whole pages
 * @address: where the device sees it
 */
struct lutna_buffer {
	struct lutna_device *dev;
	void *data;
	bool borrowed;
	size_t size;
	size_t mapped;
	uint64_t address;
};

/** struct lutna_queue - what all back ends have */
struct lutna_queue {
	struct lutna_device *dev;
};

/**
 * struct lutna_device_ops - a back end
 * @close: frees @dev
 * @fd: file descriptor or -1
 * @buffer_new: fills the structure that it allocates
 * @buffer_from_memory: whole pages of the caller's memory, as @buffer_new
 * @buffer_export: sets @fd to a dma-buf
 * @buffer_import: of a dma-buf, as @buffer_new
 * @buffer_free: the device has no way to the memory any more on return
 * @queue_new: @depth is a power of two within the device's limits
 * @queue_new_owned: the same without a system call a job; a wait looks for
 *	@spin_ns before it sleeps
 * @queue_free: stops it at once
 * @submit: waits for room; returns -EBADFD after a fault, -ENODEV
 * @wait: until an absolute time of CLOCK_MONOTONIC; -ETIMEDOUT, -ENOENT;
 *	@result may be NULL
 *
 * Arguments were checked by the caller.  All return 0 or a negative errno and
 * have then set the error text.
 */
struct lutna_device_ops {
	void (*close)(struct lutna_device *dev);
	int (*fd)(struct lutna_device *dev);
	int (*buffer_new)(struct lutna_buffer **out, struct lutna_device *dev,
			  size_t bytes, unsigned int access);
	int (*buffer_from_memory)(struct lutna_buffer **out,
				  struct lutna_device *dev, void *memory,
				  size_t bytes, unsigned int access);
	int (*buffer_export)(struct lutna_buffer *buf, bool write, int *fd);
	int (*buffer_import)(struct lutna_buffer **out, struct lutna_device *dev,
			     int fd, unsigned int access);
	void (*buffer_free)(struct lutna_buffer *buf);
	int (*queue_new)(struct lutna_queue **out, struct lutna_device *dev,
			 unsigned int priority, unsigned int depth,
			 uint64_t timeout_ns);
	int (*queue_new_owned)(struct lutna_queue **out,
			       struct lutna_device *dev, unsigned int priority,
			       unsigned int depth, uint64_t timeout_ns,
			       uint64_t spin_ns);
	void (*queue_free)(struct lutna_queue *queue);
	int (*submit)(struct lutna_queue *queue,
		      const struct lutna_job_desc *job, uint64_t *seqno);
	int (*wait)(struct lutna_queue *queue, uint64_t seqno,
		    int64_t deadline_ns, struct lutna_result *result);
};

/** lutna_kernel_open() - open the driver's device file at @path */
int lutna_kernel_open(struct lutna_device **out, const char *path);

/** lutna_sim_open() - a new simulated device; @literal: reference arithmetic */
int lutna_sim_open(struct lutna_device **out, bool literal);

/** lutna_now_ns() - CLOCK_MONOTONIC */
int64_t lutna_now_ns(void);

/**
 * lutna_deadline() - absolute CLOCK_MONOTONIC time of a relative one
 * @timeout_ns: negative: never; 0: a time in the past
 */
int64_t lutna_deadline(int64_t timeout_ns);

#endif /* LUTNA_BACKEND_H */
