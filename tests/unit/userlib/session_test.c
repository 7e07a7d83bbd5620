// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions on the simulator: answers, order, padding, failures, totals.
 */
#include <endian.h>
#include <errno.h>

#include "backend.h"
#include "tap.h"
#include "tiny_model.h"

static struct lutna_model *load(Lutna__Model *msg)
{
	struct lutna_model *model;
	size_t bytes;
	void *file = tiny_model_pack(msg, &bytes);

	need(!lutna_model_load_memory(&model, file, bytes));
	free(file);
	tiny_model_free(msg);
	return model;
}

static struct lutna_device *open_sim(const char *name)
{
	struct lutna_device *dev;

	need(!lutna_device_open(&dev, name));
	return dev;
}

struct seen {
	size_t calls;
	size_t done;
	bool in_order;
};

static void progress(void *opaque, size_t done, size_t count)
{
	struct seen *seen = opaque;

	if (done <= seen->done || done > count)
		seen->in_order = false;
	seen->done = done;
	seen->calls++;
}

/* Images that differ, of which the answers differ in both scores */
static void fill_images(uint8_t *images, size_t count)
{
	size_t i;

	for (i = 0; i < count * TINY_IN; i++)
		images[i] = (uint8_t)(200 + i * 37 % 56);
}

static void test_counts(const char *name, unsigned int slots,
			unsigned int queues, size_t count)
{
	struct lutna_session_options options = LUTNA_SESSION_OPTIONS_INIT;
	struct lutna_device *dev = open_sim(name);
	struct lutna_model *model = load(tiny_model_new());
	struct seen seen = { .in_order = true };
	struct lutna_session_stats stats;
	struct lutna_session *session;
	size_t i, runs = (count + TINY_BATCH - 1) / TINY_BATCH;
	uint8_t *images = malloc(count * TINY_IN + 1);
	uint8_t *outputs = malloc(count * TINY_OUT + 1);
	bool right = true;

	fill_images(images, count);
	outputs[count * TINY_OUT] = 0xa5;
	options.slots = slots;
	options.queues = queues;
	need(!lutna_session_new(&session, dev, model, &options));
	ok(!lutna_session_run(session, images, count, outputs, progress, &seen),
	   "%s, %u slots, %u queues, %zu images", name, slots, queues, count);
	for (i = 0; i < count; i++) {
		uint8_t answer[TINY_OUT];

		tiny_model_answer(images + i * TINY_IN, answer);
		if (memcmp(answer, outputs + i * TINY_OUT, TINY_OUT))
			right = false;
	}
	ok(right, "every answer is the one computed by hand, in order");
	ok(outputs[count * TINY_OUT] == 0xa5, "nothing beyond the last answer");
	ok(seen.in_order && seen.calls == runs && seen.done == count,
	   "progress after each batch");
	ok(!lutna_session_stats(session, &stats) && stats.runs == runs &&
	   (!runs || (stats.cycles && stats.energy)), "totals");
	lutna_session_free(session);
	lutna_model_free(model);
	lutna_device_close(dev);
	free(images);
	free(outputs);
}

static void test_hand(void)
{
	/* 255 - x is 55, 155, 5, 250: 55 + 310 - 5 - 100 = 260, clamped;
	 * -165 + 155 + 5 + 250 + 40 = 285, clamped */
	static const uint8_t one[TINY_IN] = { 200, 100, 250, 5 };
	/* 10, 20, 30, 40: 10 + 40 - 30 - 100 < 0; -30 + 90 + 40 = 100 */
	static const uint8_t two[TINY_IN] = { 245, 235, 225, 215 };
	/* 0, 100, 0, 3: 200 - 100 = 100; 103 + 40 = 143 */
	static const uint8_t three[TINY_IN] = { 255, 155, 255, 252 };
	static const uint8_t answers[3][TINY_OUT] = {
		{ 255, 255 }, { 0, 100 }, { 100, 143 },
	};
	static const uint8_t zeros[2 * TINY_IN];
	uint8_t images[3][TINY_IN], outputs[3][TINY_OUT];
	struct lutna_device *dev = open_sim("sim");
	struct lutna_model *model = load(tiny_model_new());
	struct lutna_session *session;

	memcpy(images[0], one, TINY_IN);
	memcpy(images[1], two, TINY_IN);
	memcpy(images[2], three, TINY_IN);
	need(!lutna_session_new(&session, dev, model, NULL));
	ok(lutna_session_slots(session) == 2, "two slots by default");
	ok(!lutna_session_run(session, images, 3, outputs, NULL, NULL) &&
	   !memcmp(outputs, answers, sizeof(answers)),
	   "three images computed on paper");

	/* All the same twice, but for the images that are missing */
	need(!lutna_session_run(session, images, 3, outputs, NULL, NULL));
	need(!lutna_session_run(session, images, 1, outputs, NULL, NULL));
	ok(!memcmp(lutna_session_input(session, 0, 0), images, TINY_IN) &&
	   !memcmp((char *)lutna_session_input(session, 0, 0) + TINY_IN,
		   zeros, 2 * TINY_IN), "the last batch is filled with zeros");
	lutna_session_free(session);
	lutna_model_free(model);
	lutna_device_close(dev);
}

static void test_slots(void)
{
	struct lutna_session_options options = LUTNA_SESSION_OPTIONS_INIT;
	struct lutna_device *dev = open_sim("sim");
	struct lutna_model *model = load(tiny_model_new());
	const struct lutna_profile *records;
	struct lutna_session *session;
	struct lutna_profile total;
	struct lutna_result result;
	uint8_t answer[TINY_OUT], image[TINY_IN] = { 255, 155, 255, 252 };
	unsigned int stale = 0;
	uint64_t macs;
	int i;

	options.slots = 3;
	options.queues = 2;
	options.profile = true;
	need(!lutna_session_new(&session, dev, model, &options));
	ok(!lutna_session_profile(session, 0), "no profile before a run");
	ok(lutna_session_finish(session, 0, 0, NULL) == -EINVAL,
	   "finish of what was not started");
	memcpy(lutna_session_input(session, 2, 0), image, sizeof(image));
	need(!lutna_session_start(session, 2));
	ok(lutna_session_start(session, 2) == -EBUSY, "start of a running slot");
	ok(lutna_session_run(session, image, 1, answer, NULL, NULL) == -EBUSY,
	   "run while a slot is running");
	ok(!lutna_session_finish(session, 2, -1, &result) && !result.error &&
	   result.command == TINY_LAYERS && result.cycles && result.energy,
	   "finish");
	tiny_model_answer(image, answer);
	ok(!memcmp(lutna_session_output(session, 2, 0), answer, TINY_OUT),
	   "output");
	records = lutna_session_profile(session, 2);
	ok(records && le32toh(records[1].index) == 1 &&
	   le32toh(records[1].tag) == 71 &&
	   le16toh(records[1].opcode) == LUTNA_OP_CONV &&
	   le64toh(records[1].macs) == TINY_BATCH * TINY_IN * TINY_OUT &&
	   le64toh(records[1].end_ns) >= le64toh(records[1].start_ns) &&
	   le32toh(records[2].tag) == 72, "profile");
	ok(!lutna_session_profile(session, 0), "no profile of another slot");
	macs = le64toh(records[1].macs);

	for (i = 0; i < 4; i++) {
		need(!lutna_session_start(session, 0));
		stale += !!lutna_session_profile(session, 0);
		need(!lutna_session_finish(session, 0, -1, NULL));
	}
	ok(!stale && lutna_session_profile(session, 0),
	   "no profile of a run under way");
	ok(!lutna_session_layer_total(session, 1, &total) &&
	   le64toh(total.macs) == 5 * macs && le32toh(total.tag) == 71,
	   "total of a layer");
	ok(lutna_session_layer_total(session, TINY_LAYERS, &total) == -ENOENT,
	   "total of no layer");
	ok(!lutna_session_input(session, 3, 0) &&
	   !lutna_session_input(session, 0, 1) &&
	   !lutna_session_output(session, 3, 0) &&
	   !lutna_session_output(session, 0, 1) &&
	   lutna_session_start(session, 3) == -ENOENT &&
	   lutna_session_finish(session, 3, 0, NULL) == -ENOENT &&
	   !lutna_session_profile(session, 3), "no fourth slot");

	/* Freed while it runs: nothing is left behind (the sanitizers watch) */
	need(!lutna_session_start(session, 0));
	need(!lutna_session_start(session, 1));
	lutna_session_free(session);
	lutna_session_free(NULL);
	lutna_model_free(model);
	lutna_device_close(dev);
}

/*
 * Runs, of so many, that told what was wrong with the command, however early
 * its job failed: before the next batch was submitted, or after.
 */
static int told(struct lutna_device *dev, const struct lutna_model *model,
		const struct lutna_session_options *options, int runs)
{
	uint8_t images[9 * TINY_IN] = { 0 }, outputs[9 * TINY_OUT];
	struct lutna_session *session;
	int i, count = 0;

	for (i = 0; i < runs; i++) {
		need(!lutna_session_new(&session, dev, model, options));
		count += lutna_session_run(session, images, 9, outputs, NULL,
					   NULL) == -EIO &&
			 strstr(lutna_last_error(),
				"tiny: layer 'fc' (command 1): bad field");
		lutna_session_free(session);
	}
	return count;
}

static void test_failure(void)
{
	struct lutna_session_options options = LUTNA_SESSION_OPTIONS_INIT;
	Lutna__Model *msg = tiny_model_new();
	struct lutna_cmd_conv *fc = tiny_model_command(msg, 1);
	struct lutna_device *dev = open_sim("sim");
	uint8_t images[9 * TINY_IN] = { 0 }, outputs[9 * TINY_OUT];
	struct lutna_session_stats stats;
	struct lutna_session *session;
	struct lutna_model *model;
	struct lutna_result result;

	fc->hdr.flags = 1;
	model = load(msg);
	options.slots = 3;
	options.queues = 1;
	need(!lutna_session_new(&session, dev, model, &options));
	ok(lutna_session_run(session, images, 9, outputs, NULL, NULL) == -EIO,
	   "a bad command fails the run");
	ok(strstr(lutna_last_error(), "tiny: layer 'fc' (command 1): bad field"),
	   "the error names layer, command and fault");
	ok(lutna_session_start(session, 0) == -EBADFD &&
	   lutna_session_start(session, 1) == -EBADFD &&
	   lutna_session_start(session, 2) == -EBADFD,
	   "its queue takes no more, and no slot is left running");
	ok(!lutna_session_stats(session, &stats) && !stats.runs,
	   "failed runs do not count");
	lutna_session_free(session);

	ok(told(dev, model, &options, 300) == 300, "every such run tells why");

	options.queues = 3;
	need(!lutna_session_new(&session, dev, model, &options));
	need(!lutna_session_start(session, 1));
	memset(&result, 0, sizeof(result));
	ok(lutna_session_finish(session, 1, -1, &result) == -EIO &&
	   result.error == -EIO && result.fault == LUTNA_FAULT_BAD_FIELD &&
	   result.command == 1, "the result says how it failed");
	ok(!lutna_session_start(session, 0) &&
	   lutna_session_finish(session, 0, -1, NULL) == -EIO,
	   "another slot's queue is not concerned");
	lutna_session_free(session);

	options.timeout_ns = 1;
	need(!lutna_session_new(&session, dev, model, &options));
	ok(lutna_session_run(session, images, 9, outputs, NULL, NULL) == -ETIME &&
	   !strcmp(lutna_last_error(),
		   "tiny: layer 'flip' (command 0): time limit exceeded"),
	   "time limit");
	lutna_session_free(session);
	lutna_model_free(model);
	lutna_device_close(dev);
}

static void test_options(void)
{
	struct {
		struct lutna_session_options known;
		char tail[16];
	} longer = { .known = LUTNA_SESSION_OPTIONS_INIT };
	struct lutna_session_options options = LUTNA_SESSION_OPTIONS_INIT;
	struct lutna_device *dev = open_sim("sim");
	struct lutna_model *model = load(tiny_model_new());
	struct lutna_session *session = NULL;

	options.slots = 2;
	options.queues = 3;
	ok(lutna_session_new(&session, dev, model, &options) == -EINVAL &&
	   strstr(lutna_last_error(), "3 queues for 2 slots"),
	   "more queues than slots");
	options.queues = 0;
	options.unit = LUTNA_UNIT_COUNT;
	ok(lutna_session_new(&session, dev, model, &options) == -EINVAL,
	   "no such unit");
	options.unit = 2;
	options.priority = 4;
	ok(lutna_session_new(&session, dev, model, &options) == -EINVAL,
	   "no such priority");
	options.priority = 1;
	options.slots = 1 << 20;
	ok(lutna_session_new(&session, dev, model, &options) == -EINVAL,
	   "a million slots");
	options.slots = 65;
	options.queues = 65;
	ok(lutna_session_new(&session, dev, model, &options) == -ENOSPC,
	   "more queues than the device has");
	options.queues = 0;
	ok(!lutna_session_new(&session, dev, model, &options) &&
	   lutna_session_slots(session) == 65,
	   "more slots than the device has queues");
	lutna_session_free(session);
	session = NULL;
	options.size = 4;
	ok(lutna_session_new(&session, dev, model, &options) == -EINVAL,
	   "options without a size");

	longer.known.size = sizeof(longer);
	longer.known.slots = 1;
	ok(!lutna_session_new(&session, dev, model, &longer.known),
	   "longer options, with zeros");
	lutna_session_free(session);
	session = NULL;
	longer.tail[15] = 1;
	ok(lutna_session_new(&session, dev, model, &longer.known) == -E2BIG,
	   "longer options that ask for something unknown");
	ok(!session, "nothing was set");
	options.size = offsetof(struct lutna_session_options, queues);
	options.slots = 5;
	ok(!lutna_session_new(&session, dev, model, &options) &&
	   lutna_session_slots(session) == 5, "shorter options");
	lutna_session_free(session);
	lutna_model_free(model);
	lutna_device_close(dev);
}

/* Inputs in the caller's memory, behind something else that lies there */
static void test_input(void)
{
	struct lutna_session_options options = LUTNA_SESSION_OPTIONS_INIT;
	struct lutna_device *dev = open_sim("sim"), *other = open_sim("sim");
	struct lutna_model *model = load(tiny_model_new());
	const size_t part = lutna_model_input_bytes(model);
	uint8_t image[TINY_IN] = { 255, 155, 255, 252 }, answer[TINY_OUT];
	struct lutna_session *session = NULL;
	struct lutna_buffer *buf, *foreign;
	uint8_t *at;

	ok(part == 64, "a slot's inputs, in whole 64 bytes");
	need(!lutna_buffer_new(&buf, dev, 4096 + 2 * part,
			       LUTNA_BUFFER_DEVICE_READ));
	need(!lutna_buffer_new(&foreign, other, 8192, LUTNA_BUFFER_DEVICE_READ));
	options.slots = 2;
	options.input = buf;
	options.input_offset = 4096;
	need(!lutna_session_new(&session, dev, model, &options));
	at = lutna_buffer_data(buf);
	ok(lutna_session_input(session, 0, 0) == at + 4096 &&
	   lutna_session_input(session, 1, 0) == at + 4096 + part,
	   "inputs are where the caller wants them");
	memcpy(at + 4096 + part, image, sizeof(image));
	need(!lutna_session_start(session, 1) &&
	     !lutna_session_finish(session, 1, -1, NULL));
	tiny_model_answer(image, answer);
	ok(!memcmp(lutna_session_output(session, 1, 0), answer, TINY_OUT),
	   "the device reads them there");
	lutna_session_free(session);
	memset(at, 0x5a, lutna_buffer_size(buf));
	ok(at[0] == 0x5a, "the buffer outlives the session");

	/* As an imported buffer may be, whose driver lets nobody map it */
	need(!lutna_session_new(&session, dev, model, &options));
	buf->data = NULL;
	ok(!lutna_session_input(session, 0, 0) &&
	   lutna_session_run(session, image, 1, answer, NULL, NULL) == -EOPNOTSUPP,
	   "inputs that the process cannot reach");
	buf->data = at;
	lutna_session_free(session);

	session = NULL;
	options.input_offset = 4096 + 64;
	ok(lutna_session_new(&session, dev, model, &options) == -EOVERFLOW,
	   "inputs beyond the end");
	options.input_offset = SIZE_MAX - 63;
	ok(lutna_session_new(&session, dev, model, &options) == -EOVERFLOW,
	   "inputs beyond all memory");
	options.input_offset = 32;
	ok(lutna_session_new(&session, dev, model, &options) == -EINVAL,
	   "inputs at an odd place");
	options.input_offset = 0;
	options.input = foreign;
	ok(lutna_session_new(&session, dev, model, &options) == -EINVAL &&
	   !session, "inputs at another device");
	lutna_buffer_free(foreign);
	lutna_buffer_free(buf);
	lutna_model_free(model);
	lutna_device_close(other);
	lutna_device_close(dev);
}

static void test_two_inputs(void)
{
	Lutna__Model *msg = tiny_model_new();
	struct lutna_device *dev = open_sim("sim");
	struct lutna_session *session;
	struct lutna_model *model;
	Lutna__Tensor *twin;
	uint8_t buf[8];

	/* The same tensor under another name */
	twin = malloc(sizeof(*twin));
	*twin = *msg->inputs[0];
	twin->name = strdup("mask");
	twin->dims = malloc(3 * sizeof(*twin->dims));
	memcpy(twin->dims, msg->inputs[0]->dims, 3 * sizeof(*twin->dims));
	msg->inputs = realloc(msg->inputs, 2 * sizeof(*msg->inputs));
	msg->inputs[msg->n_inputs++] = twin;
	model = load(msg);
	need(!lutna_session_new(&session, dev, model, NULL));
	ok(lutna_session_run(session, buf, 1, buf, NULL, NULL) == -EINVAL &&
	   strstr(lutna_last_error(), "2 inputs"),
	   "run is for models of one input");
	lutna_session_free(session);
	lutna_model_free(model);
	lutna_device_close(dev);
}

int main(void)
{
	static const size_t counts[] = { 0, 1, 2, 3, 4, 6, 7, 100 };
	size_t i;

	test_hand();
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		test_counts("sim", 1, 1, counts[i]);
		test_counts("sim", 4, 2, counts[i]);
		test_counts("sim", 3, 3, counts[i]);
		test_counts("sim-literal", 2, 2, counts[i]);
	}
	test_slots();
	test_failure();
	test_options();
	test_input();
	test_two_inputs();
	return tap_done();
}
