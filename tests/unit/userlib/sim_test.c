// SPDX-License-Identifier: GPL-2.0-only
/*
 * Jobs on the simulator: order, faults, limits, isolation.
 */
#include <errno.h>
#include <pthread.h>

#include "job.h"
#include "sim.h"

static void test_info(void)
{
	struct lutna_device *dev = open_sim("sim");
	struct lutna_device_info info;

	ok(!lutna_device_info(dev, &info) && !strcmp(info.name, "sim") &&
	   info.is_simulator && info.isa_version == LUTNA_ISA_VERSION &&
	   info.units && info.location[0] && info.va_start &&
	   !(info.max_depth & (info.max_depth - 1)), "info");
	ok(lutna_device_fd(dev) == -1, "no file descriptor");
	lutna_device_close(dev);
	dev = open_sim("sim-literal");
	ok(!lutna_device_info(dev, &info) && info.is_simulator &&
	   !strcmp(info.name, "sim-literal") &&
	   ((struct sim_device *)dev)->params.impl == LUTNA_IMPL_LITERAL,
	   "info of the reference");
	lutna_device_close(dev);
}

static void test_buffers(void)
{
	struct lutna_device *dev = open_sim("sim");
	struct lutna_buffer *a = new_buffer(dev, 5000, RO);
	struct lutna_buffer *b = new_buffer(dev, 1, RW);
	struct lutna_buffer *c = new_buffer(dev, 1, RW);
	struct lutna_buffer *none = NULL;
	unsigned char *data = lutna_buffer_data(a);
	uint64_t addr = lutna_buffer_address(b);
	size_t i, sum = 0;

	for (i = 0; i < 5000; i++)
		sum += data[i];
	ok(!sum && lutna_buffer_size(a) == 5000 &&
	   lutna_buffer_address(a) % 4096 == 0, "zeroed and page aligned");
	lutna_buffer_free(b);
	b = new_buffer(dev, 4096, RO);
	ok(lutna_buffer_address(b) == addr, "an address is used again");
	ok(lutna_buffer_new(&none, dev, 0, RW) == -EINVAL &&
	   lutna_buffer_new(&none, dev, 1, 0) == -EINVAL &&
	   lutna_buffer_new(&none, dev, 1, 8) == -EINVAL &&
	   lutna_buffer_new(&none, dev, SIZE_MAX, RW) == -ENOSPC && !none,
	   "bad arguments");
	lutna_buffer_free(a);
	lutna_buffer_free(b);
	lutna_buffer_free(c);
	lutna_device_close(dev);
}

static void test_foreign_memory(void)
{
	static _Alignas(4096) unsigned char memory[8192];
	struct lutna_device *dev = open_sim("sim");
	struct lutna_buffer *list = new_buffer(dev, LUTNA_CMD_SIZE, RO);
	struct lutna_queue *queue = new_queue(dev, 4);
	struct lutna_buffer *buf = NULL, *none = NULL;
	struct lutna_result result;
	uint64_t addr;
	unsigned int i;
	int fd = -1;

	for (i = 0; i < 256; i++)
		memory[256 + i] = (unsigned char)(i + 1);
	need(!lutna_buffer_from_memory(&buf, dev, memory, 8192, RW));
	addr = lutna_buffer_address(buf);
	put_table(lutna_buffer_data(list), addr, addr, 1, addr + 256);
	memory[0] = 41;
	result = wait_for(queue, submit(queue, lutna_buffer_address(list), 1));
	ok(!result.error && memory[0] == 42 &&
	   lutna_buffer_data(buf) == memory, "works in the caller's memory");
	ok(lutna_buffer_export(buf, true, &fd) == -EINVAL &&
	   lutna_buffer_export(list, true, &fd) == -EOPNOTSUPP &&
	   strstr(lutna_last_error(), "simulator") &&
	   lutna_buffer_import(&none, dev, 0, RO) == -EOPNOTSUPP &&
	   strstr(lutna_last_error(), "simulator") && !none && fd == -1,
	   "no dma-bufs");
	ok(lutna_buffer_from_memory(&none, dev, memory + 8, 4096, RW) == -EINVAL &&
	   !none, "memory that is not whole pages");
	lutna_buffer_free(buf);
	memory[0] = 1;
	result = wait_for(queue, submit(queue, lutna_buffer_address(list), 1));
	ok(result.error == -EIO && memory[0] == 1, "freed, it is the caller's");
	lutna_queue_free(queue);
	lutna_buffer_free(list);
	lutna_device_close(dev);
}

/* 200 jobs that add one to the same byte or double it */
static void test_order(void)
{
	struct lutna_device *dev = open_sim("sim");
	struct lutna_buffer *list = new_buffer(dev, 2 * LUTNA_CMD_SIZE, RO);
	struct lutna_buffer *data = new_buffer(dev, 4096, RW);
	unsigned char *bytes = lutna_buffer_data(data), expect = 0;
	char *cmd = lutna_buffer_data(list);
	struct lutna_queue *queue = new_queue(dev, 4);
	uint64_t at = lutna_buffer_address(list), seqno = 0;
	uint64_t addr = lutna_buffer_address(data);
	struct lutna_result result;
	unsigned int i, wrong = 0;

	for (i = 0; i < 256; i++) {
		bytes[256 + i] = (unsigned char)(i + 1);
		bytes[512 + i] = (unsigned char)(2 * i);
	}
	put_table(cmd, addr, addr, 1, addr + 256);
	put_table(cmd + LUTNA_CMD_SIZE, addr, addr, 1, addr + 512);
	for (i = 1; i <= 200; i++) {
		/* No multiple of the depth: each job differs from the one whose
		 * place it takes. */
		bool twice = i % 5 == 0;

		seqno = submit(queue, at + twice * LUTNA_CMD_SIZE, 1);
		wrong += seqno != i;
		expect = (unsigned char)(twice ? 2 * expect : expect + 1);
	}
	ok(!wrong, "jobs are numbered from 1");
	result = wait_for(queue, seqno);
	ok(!result.error && result.command == 1 && bytes[0] == expect,
	   "each job saw what the one before had done");
	ok(!lutna_queue_wait(queue, 1, -1, &result) && !result.error &&
	   !result.command, "a job of long ago ended well");
	ok(!lutna_queue_wait(queue, 200, 0, NULL), "only look");
	ok(lutna_queue_wait(queue, 0, -1, NULL) == -ENOENT &&
	   lutna_queue_wait(queue, 201, -1, NULL) == -ENOENT &&
	   !strcmp(lutna_last_error(), "job 201: was not submitted"),
	   "a job that was not submitted");
	result = wait_for(queue, submit(queue, 0, 0));
	ok(!result.error && !result.command && !result.cycles &&
	   !result.energy, "an empty job");
	lutna_queue_free(queue);
	lutna_buffer_free(list);
	lutna_buffer_free(data);
	lutna_device_close(dev);
}

static void test_profile(void)
{
	struct lutna_device *dev = open_sim("sim");
	struct lutna_buffer *list = new_buffer(dev, 4096, RO);
	struct lutna_buffer *data = new_buffer(dev, 4096, RW);
	struct lutna_buffer *records = new_buffer(dev, 4096, WO);
	struct lutna_profile *record = lutna_buffer_data(records);
	char *cmd = lutna_buffer_data(list);
	struct lutna_queue *queue = new_queue(dev, 2);
	struct lutna_job_desc job = {
		.list = lutna_buffer_address(list),
		.count = 3,
		.unit = LUTNA_UNIT_LUT,
		.profile = lutna_buffer_address(records),
	};
	struct lutna_result result;
	uint64_t seqno, cycles = 0, stamp;
	unsigned int i, wrong = 0;

	put_nop(cmd);
	((struct lutna_cmd_hdr *)cmd)->tag = htole32(4711);
	put_fill(cmd + 256, lutna_buffer_address(data), 1000, 3);
	put_timestamp(cmd + 512, lutna_buffer_address(data) + 1024);
	need(!lutna_queue_submit(queue, &job, &seqno));
	result = wait_for(queue, seqno);
	ok(!result.error && result.command == 3, "job");
	for (i = 0; i < 3; i++) {
		cycles += le64toh(record[i].cycles_load) +
			  le64toh(record[i].cycles_compute) +
			  le64toh(record[i].cycles_stall);
		wrong += le32toh(record[i].index) != i ||
			 le64toh(record[i].start_ns) < result.start_ns ||
			 le64toh(record[i].end_ns) <
			 le64toh(record[i].start_ns) ||
			 le64toh(record[i].end_ns) >
			 result.start_ns + result.duration_ns;
	}
	ok(!wrong && le32toh(record[0].tag) == 4711 &&
	   le16toh(record[1].opcode) == LUTNA_OP_FILL &&
	   le64toh(record[1].bytes_written) == 1000, "a record a command");
	ok(cycles == result.cycles && cycles, "cycles are their sum");
	memcpy(&stamp, (char *)lutna_buffer_data(data) + 1024, 8);
	ok(le64toh(stamp) >= le64toh(record[2].start_ns) &&
	   le64toh(stamp) <= le64toh(record[2].end_ns), "time stamp");

	/* Records into memory that the device may not write */
	job.profile = lutna_buffer_address(list);
	need(!lutna_queue_submit(queue, &job, &seqno));
	result = wait_for(queue, seqno);
	ok(result.error == -EIO && result.fault == LUTNA_FAULT_PERMISSION &&
	   result.access == 2 && !result.command && !result.cycles &&
	   result.fault_addr == job.profile, "profile that cannot be written");
	lutna_queue_free(queue);
	lutna_buffer_free(list);
	lutna_buffer_free(data);
	lutna_buffer_free(records);
	lutna_device_close(dev);
}

static bool failed(struct lutna_result result, unsigned int fault,
		   unsigned int access, uint32_t command, uint64_t addr)
{
	char text[128];

	lutna_result_string(&result, text, sizeof(text));
	printf("# %s\n", text);
	return result.error == -EIO && result.fault == fault &&
	       result.access == access && result.command == command &&
	       result.fault_addr == addr;
}

static void test_faults(void)
{
	struct lutna_device *dev = open_sim("sim");
	struct lutna_buffer *list = new_buffer(dev, 4096, RO);
	struct lutna_buffer *write_only = new_buffer(dev, 4096, WO);
	struct lutna_buffer *last = new_buffer(dev, 4096, RW);
	uint64_t at = lutna_buffer_address(list);
	uint64_t wo = lutna_buffer_address(write_only);
	uint64_t rw = lutna_buffer_address(last);
	char *cmd = lutna_buffer_data(list);
	unsigned int i;

	for (i = 0; i < 16; i++)
		put_nop(cmd + i * 256);
	ok(failed(run(dev, rw + 4096, 1), LUTNA_FAULT_TRANSLATION, 1, 0,
		  rw + 4096), "list that is not mapped");
	ok(failed(run(dev, 0xffffffffffffff00, 2), LUTNA_FAULT_TRANSLATION, 1,
		  0, 0xffffffffffffff00), "list at the end of all addresses");
	ok(failed(run(dev, at, 17), LUTNA_FAULT_PERMISSION, 1, 16, wo),
	   "list that goes on in another buffer");
	put_fill(cmd + 256, at, 8, 1);
	ok(failed(run(dev, at, 2), LUTNA_FAULT_PERMISSION, 2, 1, at),
	   "write to what may be read");
	put_fill(cmd + 256, rw + 4000, 97, 1);
	ok(failed(run(dev, at, 2), LUTNA_FAULT_TRANSLATION, 2, 1, rw + 4096),
	   "write that goes beyond the last page");
	put_table(cmd + 256, rw, rw, 8, wo);
	ok(failed(run(dev, at, 2), LUTNA_FAULT_PERMISSION, 1, 1, wo),
	   "read of what may be written");
	put_fill(cmd + 256, 0, 8, 1);
	ok(failed(run(dev, at, 2), LUTNA_FAULT_TRANSLATION, 2, 1, 0),
	   "address 0");
	put_nop(cmd + 256);
	((struct lutna_cmd_hdr *)(cmd + 256))->opcode = htole16(0x7fff);
	ok(failed(run(dev, at, 2), LUTNA_FAULT_BAD_OPCODE, 0, 1, 0), "opcode");
	put_nop(cmd + 256);
	cmd[256 + 255] = 1;
	ok(failed(run(dev, at, 2), LUTNA_FAULT_BAD_FIELD, 0, 1, 16),
	   "reserved byte");
	lutna_buffer_free(last);
	put_fill(cmd, rw, 8, 1);
	ok(failed(run(dev, at, 1), LUTNA_FAULT_TRANSLATION, 2, 0, rw),
	   "a buffer that was freed");
	lutna_buffer_free(list);
	lutna_buffer_free(write_only);
	lutna_device_close(dev);
}

static void test_stopped_queue(void)
{
	struct lutna_device *dev = open_sim("sim");
	struct lutna_buffer *list = new_buffer(dev, 4096, RO);
	struct lutna_queue *queue = new_queue(dev, 32);
	struct lutna_queue *other = new_queue(dev, 2);
	uint64_t at = lutna_buffer_address(list), seqno = 0, first, bad;
	char *cmd = lutna_buffer_data(list);
	struct lutna_job_desc job = { .list = at, .count = 1 };
	unsigned int cancelled = 0, refused = 0, i;
	struct lutna_result result;

	put_nop(cmd);
	put_fill(cmd + 256, 0, 1, 1);
	first = submit(queue, at, 1);
	bad = submit(queue, at + 256, 1);
	/* The queue may stop before all of these are in. */
	for (i = 0; i < 20; i++) {
		int err = lutna_queue_submit(queue, &job, &seqno);

		refused += err == -EBADFD;
		need(!err || err == -EBADFD);
	}
	result = wait_for(queue, first);
	ok(!result.error, "the job before the fault");
	result = wait_for(queue, bad);
	ok(result.error == -EIO, "the fault");
	for (i = 1; i <= 20 - refused; i++) {
		result = wait_for(queue, bad + i);
		cancelled += result.error == -ECANCELED && !result.command &&
			     !result.fault;
	}
	ok(cancelled + refused == 20, "every job after it is canceled");
	ok(lutna_queue_submit(queue, &job, &seqno) == -EBADFD &&
	   strstr(lutna_last_error(), "earlier job"), "and no more are taken");
	ok(!wait_for(other, submit(other, at, 1)).error,
	   "another queue goes on");
	lutna_queue_free(queue);
	lutna_queue_free(other);
	lutna_buffer_free(list);
	lutna_device_close(dev);
}

#define BIG	1024u

/* A convolution that takes the reference many seconds */
static void put_slow(void *at, uint64_t data)
{
	struct lutna_cmd_conv cmd = {
		.hdr = hdr(LUTNA_OP_CONV),
		.in = row(data, 1),
		.out = row(data, 1),
		.weights = htole64(data),
		.weights_size = htole32(BIG * BIG),
		.weight_format = LUTNA_WEIGHT_S8,
		.act_bits = 8,
		.weight_bits = 8,
		.out_max = 255,
		.kernel_h = 1,
		.kernel_w = 1,
		.stride_h = 1,
		.stride_w = 1,
		.dilation_h = 1,
		.dilation_w = 1,
		.groups = htole16(1),
		.channels = htole64(data + BIG * BIG),
	};

	cmd.in.c = htole16(BIG);
	cmd.in.stride_c = htole32(1);
	cmd.in.w = htole16(BIG);
	cmd.in.stride_w = htole32(BIG);
	cmd.out = cmd.in;
	memcpy(at, &cmd, sizeof(cmd));
}

struct slow {
	struct lutna_device *dev;
	struct lutna_buffer *list;
	struct lutna_buffer *data;
	uint64_t at;
};

static void open_slow(struct slow *slow)
{
	struct lutna_channel channel = { .mult = htole32(2), .shift = 1 };
	unsigned char *bytes;
	unsigned int i;

	slow->dev = open_sim("sim-literal");
	slow->list = new_buffer(slow->dev, 4096, RO);
	slow->data = new_buffer(slow->dev,
				BIG * BIG + BIG * sizeof(channel), RW);
	slow->at = lutna_buffer_address(slow->list);
	bytes = lutna_buffer_data(slow->data);
	for (i = 0; i < BIG * BIG; i++)
		bytes[i] = (unsigned char)(i * 7 + 1);
	for (i = 0; i < BIG; i++)
		memcpy(bytes + BIG * BIG + i * sizeof(channel), &channel,
		       sizeof(channel));
	put_nop(lutna_buffer_data(slow->list));
	put_slow((char *)lutna_buffer_data(slow->list) + 256,
		 lutna_buffer_address(slow->data));
}

static void close_slow(struct slow *slow)
{
	lutna_buffer_free(slow->list);
	lutna_buffer_free(slow->data);
	lutna_device_close(slow->dev);
}

static void test_time_limit(void)
{
	struct lutna_queue *queue;
	struct lutna_result result;
	struct slow slow;
	struct lutna_job_desc job = { .count = 2, .timeout_ns = 1 };
	uint64_t seqno;

	open_slow(&slow);
	job.list = slow.at;
	queue = new_queue(slow.dev, 2);
	need(!lutna_queue_submit(queue, &job, &seqno));
	result = wait_for(queue, seqno);
	ok(result.error == -ETIME && !result.command &&
	   result.fault == LUTNA_FAULT_ABORTED, "a limit that had passed");
	ok(lutna_queue_submit(queue, &job, &seqno) == -EBADFD,
	   "its queue takes no more");
	lutna_queue_free(queue);

	queue = new_queue(slow.dev, 2);
	job.timeout_ns = 20 * 1000 * 1000;
	need(!lutna_queue_submit(queue, &job, &seqno));
	result = wait_for(queue, seqno);
	ok(result.error == -ETIME && result.command == 1,
	   "a limit inside a command");
	lutna_queue_free(queue);

	need(!lutna_queue_new(&queue, slow.dev, 1, 2, 20 * 1000 * 1000));
	job.timeout_ns = 0;
	need(!lutna_queue_submit(queue, &job, &seqno));
	result = wait_for(queue, seqno);
	ok(result.error == -ETIME && result.command == 1,
	   "the limit of the queue");
	lutna_queue_free(queue);

	/* Nothing but the end of the queue ends this one. */
	queue = new_queue(slow.dev, 2);
	job.timeout_ns = UINT64_MAX;
	need(!lutna_queue_submit(queue, &job, &seqno));
	ok(lutna_queue_wait(queue, seqno, 0, &result) == -ETIMEDOUT,
	   "look at a job that runs");
	ok(lutna_queue_wait(queue, seqno, 1000000, &result) == -ETIMEDOUT &&
	   !strcmp(lutna_last_error(), "job 1: has not ended yet"),
	   "wait for a job that runs");
	lutna_queue_free(queue);
	ok(true, "a queue is freed under a job that runs");
	close_slow(&slow);
}

static void test_isolation(void)
{
	struct lutna_device *one = open_sim("sim"), *two = open_sim("sim");
	struct lutna_buffer *list1 = new_buffer(one, 4096, RO);
	struct lutna_buffer *list2 = new_buffer(two, 4096, RO);
	struct lutna_buffer *secret = new_buffer(two, 64, RW);
	struct lutna_buffer *mine = new_buffer(one, 64, RW);
	struct lutna_buffer *secret2 = new_buffer(two, 64, RW);
	unsigned char *data = lutna_buffer_data(secret);
	struct lutna_result result;

	ok(lutna_buffer_address(mine) == lutna_buffer_address(secret),
	   "two devices give the same addresses");
	put_fill(lutna_buffer_data(list1), lutna_buffer_address(secret), 64, 9);
	result = run(one, lutna_buffer_address(list1), 1);
	ok(!result.error && !data[0] &&
	   ((unsigned char *)lutna_buffer_data(mine))[0] == 9,
	   "which mean different memory");
	put_fill(lutna_buffer_data(list1), lutna_buffer_address(secret2), 64,
		 9);
	ok(failed(run(one, lutna_buffer_address(list1), 1),
		  LUTNA_FAULT_TRANSLATION, 2, 0,
		  lutna_buffer_address(secret2)),
	   "what one has not mapped it cannot touch");
	put_fill(lutna_buffer_data(list2), lutna_buffer_address(secret2), 64,
		 9);
	ok(!run(two, lutna_buffer_address(list2), 1).error,
	   "a fault of one is nothing to the other");
	lutna_buffer_free(list1);
	lutna_buffer_free(list2);
	lutna_buffer_free(secret);
	lutna_buffer_free(secret2);
	lutna_buffer_free(mine);
	lutna_device_close(one);
	lutna_device_close(two);
}

static void test_arguments(void)
{
	struct lutna_device *dev = open_sim("sim");
	struct lutna_queue *queues[256], *queue = NULL;
	struct lutna_device_info info;
	struct lutna_job_desc job = { 0 };
	uint64_t seqno = 77;
	unsigned int i;

	need(!lutna_device_info(dev, &info) && info.max_queues <= 256);
	ok(lutna_queue_new(&queue, dev, 1, 3, 0) == -EINVAL &&
	   lutna_queue_new(&queue, dev, 1, 1, 0) == -EINVAL &&
	   lutna_queue_new(&queue, dev, 1, 2 * info.max_depth, 0) == -EINVAL &&
	   lutna_queue_new(&queue, dev, 4, 0, 0) == -EINVAL, "queue");
	for (i = 0; i < info.max_queues; i++)
		queues[i] = new_queue(dev, 0);
	ok(lutna_queue_new(&queue, dev, 1, 0, 0) == -ENOSPC && !queue,
	   "one queue too many");
	lutna_queue_free(queues[1]);
	queues[1] = new_queue(dev, 0);
	job.count = 1;
	job.list = 0x10020;
	ok(lutna_queue_submit(queues[0], &job, &seqno) == -EINVAL, "list");
	job.list = 0x10000;
	job.profile = 0x10020;
	ok(lutna_queue_submit(queues[0], &job, &seqno) == -EINVAL, "profile");
	job.profile = 0;
	job.unit = LUTNA_UNIT_COUNT;
	ok(lutna_queue_submit(queues[0], &job, &seqno) == -EINVAL, "unit");
	job.unit = 0;
	job.count = info.max_commands + 1;
	ok(lutna_queue_submit(queues[0], &job, &seqno) == -EINVAL &&
	   seqno == 77, "too many commands");
	for (i = 0; i < info.max_queues; i++)
		lutna_queue_free(queues[i]);
	lutna_device_close(dev);
}

struct thread {
	struct lutna_device *dev;
	pthread_t id;
	unsigned int wrong;
};

/* Buffers come and go while the other threads' jobs run. */
static void *work(void *opaque)
{
	struct thread *thread = opaque;
	struct lutna_queue *queue = new_queue(thread->dev, 2);
	unsigned int i;

	for (i = 0; i < 200; i++) {
		unsigned int n = 1 + i * 331 % 9000;
		struct lutna_buffer *list = new_buffer(thread->dev, 256, RO);
		struct lutna_buffer *data = new_buffer(thread->dev, n, RW);
		unsigned char *bytes = lutna_buffer_data(data);

		put_fill(lutna_buffer_data(list), lutna_buffer_address(data),
			 n, (uint8_t)i);
		if (wait_for(queue, submit(queue, lutna_buffer_address(list),
					   1)).error ||
		    bytes[0] != (uint8_t)i || bytes[n - 1] != (uint8_t)i)
			thread->wrong++;
		lutna_buffer_free(list);
		lutna_buffer_free(data);
	}
	lutna_queue_free(queue);
	return NULL;
}

static void test_threads(void)
{
	struct lutna_device *dev = open_sim("sim");
	struct thread threads[4];
	unsigned int i, wrong = 0;

	for (i = 0; i < 4; i++) {
		threads[i] = (struct thread) { .dev = dev };
		need(!pthread_create(&threads[i].id, NULL, work, &threads[i]));
	}
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i].id, NULL);
		wrong += threads[i].wrong;
	}
	ok(!wrong, "four threads with a queue each");
	lutna_device_close(dev);
}

int main(void)
{
	test_info();
	test_buffers();
	test_foreign_memory();
	test_order();
	test_profile();
	test_faults();
	test_stopped_queue();
	test_time_limit();
	test_isolation();
	test_arguments();
	test_threads();
	return tap_done();
}
