// SPDX-License-Identifier: MIT
/*
 * Queues: checks that do not depend on the back end.
 */
#include <errno.h>
#include <inttypes.h>

#include "backend.h"
#include "error.h"
#include "uapi/lutna_isa.h"

#define DEFAULT_DEPTH	64

static unsigned int default_depth(const struct lutna_device *dev)
{
	unsigned int depth = DEFAULT_DEPTH;

	while (depth > dev->info.max_depth)
		depth /= 2;
	return depth;
}

/* Chooses @depth if the caller does not. */
static int check_queue(const struct lutna_device *dev, int priority,
		       unsigned int *depth)
{
	if (priority < LUTNA_QUEUE_LOW || priority > LUTNA_QUEUE_REALTIME)
		return lutna_fail(-EINVAL, "queue: no such priority: %d",
				  priority);
	if (!*depth)
		*depth = default_depth(dev);
	if (*depth < 2 || *depth & (*depth - 1) || *depth > dev->info.max_depth)
		return lutna_fail(-EINVAL,
				  "queue: depth %u is not a power of two, 2..%u",
				  *depth, dev->info.max_depth);
	return 0;
}

int lutna_queue_new(struct lutna_queue **out, struct lutna_device *dev,
		    int priority, unsigned int depth, uint64_t timeout_ns)
{
	int err = check_queue(dev, priority, &depth);

	if (err)
		return err;
	return dev->ops->queue_new(out, dev, (unsigned int)priority, depth,
				   timeout_ns);
}

int lutna_queue_new_owned(struct lutna_queue **out, struct lutna_device *dev,
			  int priority, unsigned int depth,
			  uint64_t timeout_ns, uint64_t spin_ns)
{
	int err = check_queue(dev, priority, &depth);

	if (err)
		return err;
	return dev->ops->queue_new_owned(out, dev, (unsigned int)priority,
					 depth, timeout_ns, spin_ns);
}

void lutna_queue_free(struct lutna_queue *queue)
{
	if (queue)
		queue->dev->ops->queue_free(queue);
}

static int check_job(const struct lutna_device_info *info,
		     const struct lutna_job_desc *job)
{
	if (job->count > info->max_commands)
		return lutna_fail(-EINVAL,
				  "job: %u commands; the device takes %u",
				  job->count, info->max_commands);
	if (job->list % LUTNA_LIST_ALIGN || (job->list && !job->count))
		return lutna_fail(-EINVAL,
				  "job: bad address of the commands: 0x%llx",
				  (unsigned long long)job->list);
	if (job->profile % LUTNA_LIST_ALIGN || (job->profile && !job->count))
		return lutna_fail(-EINVAL,
				  "job: bad address of the profile: 0x%llx",
				  (unsigned long long)job->profile);
	if (job->unit >= LUTNA_UNIT_COUNT)
		return lutna_fail(-EINVAL, "job: no such unit: %u", job->unit);
	return 0;
}

int lutna_queue_submit(struct lutna_queue *queue,
		       const struct lutna_job_desc *job, uint64_t *seqno)
{
	int err;

	err = check_job(&queue->dev->info, job);
	if (err)
		return err;
	err = queue->dev->ops->submit(queue, job, seqno);
	if (err == -EBADFD)
		return lutna_fail(err,
				  "cannot submit the job: an earlier job of the queue has failed");
	return err;
}

int lutna_queue_wait(struct lutna_queue *queue, uint64_t seqno,
		     int64_t timeout_ns, struct lutna_result *result)
{
	struct lutna_result ended;
	int err;

	/* Who does not want to know can be told sooner. */
	err = queue->dev->ops->wait(queue, seqno, lutna_deadline(timeout_ns),
				    result ? &ended : NULL);
	/* What the system has to say of these two is about files and networks. */
	if (err == -ETIMEDOUT)
		return lutna_fail(err, "job %" PRIu64 ": has not ended yet",
				  seqno);
	if (err == -ENOENT)
		return lutna_fail(err, "job %" PRIu64 ": was not submitted",
				  seqno);
	if (!err && result)
		*result = ended;
	return err;
}
