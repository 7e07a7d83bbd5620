// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench_latency.h"
#include "bench_memory.h"
#include "command.h"
#include "options.h"
#include "print.h"
#include "progress.h"

/* NVMe Get Features, Number of Queues: QEMU's controller only looks it up. */
#define NVME_GET_FEATURES	0x0a
#define NVME_FEATURE_QUEUES	0x07

/* Kinds take turns in blocks, so that whatever slows the machine meets all. */
#define BLOCK_SAMPLES	100
#define WARM_UP_BLOCKS	3

/* 64 MiB take milliseconds. */
#define SAMPLES_A_MEMORY_ROUND	100

struct settings {
	const char *device;
	const char *nvme;
	unsigned long samples;
	unsigned long inflight;
	bool json;
};

/**
 * struct bench - what is measured
 * @dev: device
 * @queue: of it
 * @owned: a queue that this process owns; NULL where there is no such thing
 * @nvme: file descriptor of the controller, or -1
 */
struct bench {
	struct lutna_device *dev;
	struct lutna_queue *queue;
	struct lutna_queue *owned;
	int nvme;
};

static int checked_job(struct lutna_queue *queue)
{
	const struct lutna_job_desc job = { .count = 0 };
	struct lutna_result result;
	uint64_t seqno;

	if (lutna_queue_submit(queue, &job, &seqno) ||
	    lutna_queue_wait(queue, seqno, -1, &result))
		return complain("%s", lutna_last_error());
	if (result.error)
		return complain("an empty job failed: %s", strerror(-result.error));
	return STATUS_OK;
}

static int empty_job(struct bench *bench)
{
	return checked_job(bench->queue);
}

/* No system call in between: who busy-waits does not ask what the job cost. */
static int owned_job(struct bench *bench)
{
	const struct lutna_job_desc job = { .count = 0 };
	uint64_t seqno;

	if (lutna_queue_submit(bench->owned, &job, &seqno) ||
	    lutna_queue_wait(bench->owned, seqno, -1, NULL))
		return complain("%s", lutna_last_error());
	return STATUS_OK;
}

static int nvme_command(struct bench *bench)
{
	struct nvme_admin_cmd cmd = {
		.opcode = NVME_GET_FEATURES,
		.cdw10 = NVME_FEATURE_QUEUES,
	};
	int err = ioctl(bench->nvme, NVME_IOCTL_ADMIN_CMD, &cmd);

	if (err < 0)
		return complain("NVMe command: %s", strerror(errno));
	if (err)
		return complain("NVMe command: status 0x%x", (unsigned int)err);
	return STATUS_OK;
}

static int parent(struct bench *bench)
{
	return syscall(SYS_getppid) < 0 ? complain("getppid: %s", strerror(errno)) :
					  STATUS_OK;
}

/**
 * struct kind - something that is timed
 * @name: of it
 * @once: does it
 * @ns: what each time took
 * @count: how often
 * @latency: set to what came out
 */
struct kind {
	const char *name;
	int (*once)(struct bench *bench);
	struct latency *latency;
	uint64_t *ns;
	size_t count;
};

static int run_block(struct bench *bench, struct kind *kind, bool keep)
{
	size_t i;

	for (i = 0; i < BLOCK_SAMPLES; i++) {
		uint64_t start = now_ns();
		int status = kind->once(bench);

		if (status)
			return status;
		if (keep)
			kind->ns[kind->count++] = now_ns() - start;
	}
	return STATUS_OK;
}

static int measure_latency(struct bench *bench, unsigned long samples,
			   struct bench_report *report)
{
	struct kind kinds[4] = {
		{ .name = "empty job: submit, wait", .once = empty_job,
		  .latency = &report->empty },
		{ .name = "getppid", .once = parent, .latency = &report->syscall },
	};
	size_t blocks = (samples + BLOCK_SAMPLES - 1) / BLOCK_SAMPLES, block;
	size_t n = 2, i;
	int status = STATUS_OK;

	if (bench->owned)
		kinds[n++] = (struct kind){
			.name = "empty job: own queue", .once = owned_job,
			.latency = &report->owned,
		};
	if (bench->nvme >= 0)
		kinds[n++] = (struct kind){
			.name = "NVMe admin: Get Features", .once = nvme_command,
			.latency = &report->nvme,
		};
	for (i = 0; i < n; i++) {
		kinds[i].ns = calloc(blocks * BLOCK_SAMPLES, sizeof(uint64_t));
		if (!kinds[i].ns)
			status = complain("out of memory");
	}
	for (block = 0; !status && block < WARM_UP_BLOCKS + blocks; block++)
		for (i = 0; !status && i < n; i++)
			status = run_block(bench, &kinds[i],
					   block >= WARM_UP_BLOCKS);
	for (i = 0; i < n; i++) {
		if (!status)
			*kinds[i].latency = latency_of(kinds[i].name, kinds[i].ns,
						       kinds[i].count);
		free(kinds[i].ns);
	}
	return status;
}

/* Waits for the oldest job before it submits the next, once enough are on. */
static int measure_rate(struct lutna_queue *queue, unsigned long samples,
			unsigned long inflight, double *rate)
{
	const struct lutna_job_desc job = { .count = 0 };
	uint64_t first = 0, seqno = 0, start = now_ns();
	unsigned long i;

	for (i = 0; i < samples + inflight; i++) {
		/* Jobs of a queue are numbered one after the other. */
		if (i >= inflight &&
		    lutna_queue_wait(queue, first + i - inflight, -1, NULL))
			return complain("%s", lutna_last_error());
		if (i >= samples)
			continue;
		if (lutna_queue_submit(queue, &job, &seqno))
			return complain("%s", lutna_last_error());
		if (!i)
			first = seqno;
	}
	*rate = (double)samples * 1e9 / (double)(now_ns() - start);
	return STATUS_OK;
}

/* The pass-through takes one at a time. */
static int measure_nvme_rate(struct bench *bench, unsigned long samples,
			     double *rate)
{
	uint64_t start = now_ns();
	int status = STATUS_OK;
	unsigned long i;

	for (i = 0; i < samples && !status; i++)
		status = nvme_command(bench);
	if (!status)
		*rate = (double)samples * 1e9 / (double)(now_ns() - start);
	return status;
}

static int measure_rates(struct bench *bench, const struct settings *s,
			 struct bench_report *report)
{
	int status;

	report->inflight = (unsigned int)s->inflight;
	status = measure_rate(bench->queue, s->samples, s->inflight,
			      &report->jobs_per_second);
	if (!status && bench->owned)
		status = measure_rate(bench->owned, s->samples, s->inflight,
				      &report->owned_per_second);
	if (!status && bench->nvme >= 0)
		status = measure_nvme_rate(bench, s->samples,
					   &report->nvme_per_second);
	return status;
}

static int open_all(const struct settings *s, struct bench *bench)
{
	unsigned int depth = 2;
	int err;

	if (lutna_device_open(&bench->dev, s->device))
		return complain("%s%s", lutna_last_error(),
				s->device ? "" : "; '--device sim' measures the simulator");
	while (depth < s->inflight)
		depth *= 2;
	if (lutna_queue_new(&bench->queue, bench->dev, LUTNA_QUEUE_NORMAL, depth,
			    0))
		return complain("%s", lutna_last_error());
	/* Devices and drivers of before have none. */
	err = lutna_queue_new_owned(&bench->owned, bench->dev,
				    LUTNA_QUEUE_NORMAL, depth, 0, UINT64_MAX);
	if (err && err != -EOPNOTSUPP)
		return complain("%s", lutna_last_error());
	if (!s->nvme)
		return STATUS_OK;
	bench->nvme = open(s->nvme, O_RDWR | O_CLOEXEC);
	if (bench->nvme < 0)
		return complain("%s: %s", s->nvme, strerror(errno));
	return STATUS_OK;
}

static int bench_all(const struct settings *s)
{
	struct bench bench = { .nvme = -1 };
	struct bench_report report = { .nvme_device = s->nvme };
	struct lutna_device_info info;
	int status;

	status = open_all(s, &bench);
	if (!status && lutna_device_info(bench.dev, &info))
		status = complain("%s", lutna_last_error());
	report.device = &info;
	if (!status)
		status = measure_latency(&bench, s->samples, &report);
	if (!status && s->inflight)
		status = measure_rates(&bench, s, &report);
	/* Not every wait has asked how its job ended; none runs after one that failed. */
	if (!status)
		status = checked_job(bench.queue);
	if (!status && bench.owned)
		status = checked_job(bench.owned);
	if (!status)
		status = bench_memory(bench.dev, 1 + s->samples / SAMPLES_A_MEMORY_ROUND,
				      &report);
	if (!status)
		printer_for(s->json)->bench(&report);
	if (bench.nvme >= 0)
		close(bench.nvme);
	lutna_queue_free(bench.owned);
	lutna_queue_free(bench.queue);
	lutna_device_close(bench.dev);
	return status;
}

int cmd_bench(int argc, char **argv)
{
	struct settings s = { .samples = 10000, .inflight = 64 };
	const struct option_spec options[] = {
		{ .name = "device", .letter = 'd', .kind = OPTION_STRING,
		  .value = &s.device, .argument = "NAME",
		  .help = "lutna0, a path or sim (default: the first device)" },
		{ .name = "count", .letter = 'n', .kind = OPTION_NUMBER,
		  .value = &s.samples, .argument = "N", .low = 1, .high = 10000000,
		  .help = "how often (default 10000, in blocks of 100)" },
		{ .name = "nvme", .kind = OPTION_STRING, .value = &s.nvme,
		  .argument = "FILE",
		  .help = "an NVMe controller to compare with, as /dev/nvme0" },
		{ .name = "inflight", .kind = OPTION_NUMBER, .value = &s.inflight,
		  .argument = "N", .low = 0, .high = 4096,
		  .help = "jobs at once, for their rate (default 64; 0: none)" },
	};
	const struct option_usage usage = {
		.command = "bench",
		.arguments = "",
		.summary = "Measures what it takes to submit an empty job and to wait for it, with getppid\n"
			   "and, if asked for, an NVMe admin command (Get Features) in turns with it.",
		.options = options,
		.count = sizeof(options) / sizeof(options[0]),
	};
	int first, status;

	status = options_parse(&usage, argc, argv, &s.json, &first);
	if (status != OPTIONS_GO_ON)
		return status;
	return bench_all(&s);
}
