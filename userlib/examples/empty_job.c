// SPDX-License-Identifier: MIT
/*
 * The least that a device can be asked to do: a job without commands.
 *
 *	cc empty_job.c $(pkg-config --cflags --libs lutna)
 *	./a.out [DEVICE]		"sim" needs no device
 */
#include <inttypes.h>
#include <stdio.h>

#include <lutna/lutna.h>

static int run(struct lutna_queue *queue)
{
	struct lutna_job_desc job = { .count = 0 };
	struct lutna_result result;
	uint64_t seqno;
	char text[256];
	int err;

	err = lutna_queue_submit(queue, &job, &seqno);
	if (!err)
		err = lutna_queue_wait(queue, seqno, -1, &result);
	if (err)
		return err;
	lutna_result_string(&result, text, sizeof(text));
	printf("job %" PRIu64 ": %s\n", seqno, text);
	return result.error;
}

int main(int argc, char **argv)
{
	struct lutna_device_info info;
	struct lutna_device *dev;
	struct lutna_queue *queue;
	int err;

	err = lutna_device_open(&dev, argc > 1 ? argv[1] : NULL);
	if (err)
		goto out;
	lutna_device_info(dev, &info);
	printf("%s (%s): %u units\n", info.name, info.location, info.units);
	err = lutna_queue_new(&queue, dev, LUTNA_QUEUE_NORMAL, 0, 0);
	if (err)
		goto out_close;
	err = run(queue);
	lutna_queue_free(queue);
out_close:
	lutna_device_close(dev);
out:
	if (err)
		fprintf(stderr, "empty_job: %s\n", lutna_last_error());
	return err ? 1 : 0;
}
