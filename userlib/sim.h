/* SPDX-License-Identifier: MIT */
/*
 * The simulator: a device in the process, made of qemu-device/core.
 */
#ifndef LUTNA_SIM_H
#define LUTNA_SIM_H

#include "backend.h"
#include "sim_memory.h"
#include "qemu-device/core/exec.h"

/**
 * struct sim_device - one simulated device, which is one context
 * @dev: what all back ends have
 * @params: of the executors of its queues
 * @memory: its address space
 * @start_ns: CLOCK_MONOTONIC time that is device time 0
 * @queues: how many it has now
 */
struct sim_device {
	struct lutna_device dev;
	struct lutna_exec_params params;
	struct sim_memory memory;
	int64_t start_ns;
	_Atomic unsigned int queues;
};

/** sim_time_ns() - device time */
uint64_t sim_time_ns(const struct sim_device *sim);

/* sim_queue.c; see struct lutna_device_ops */
int sim_queue_new(struct lutna_queue **out, struct lutna_device *dev,
		  unsigned int priority, unsigned int depth,
		  uint64_t timeout_ns);
int sim_queue_new_owned(struct lutna_queue **out, struct lutna_device *dev,
			unsigned int priority, unsigned int depth,
			uint64_t timeout_ns, uint64_t spin_ns);
void sim_queue_free(struct lutna_queue *queue);
int sim_submit(struct lutna_queue *queue, const struct lutna_job_desc *job,
	       uint64_t *seqno);
int sim_wait(struct lutna_queue *queue, uint64_t seqno, int64_t deadline_ns,
	     struct lutna_result *result);

#endif /* LUTNA_SIM_H */
