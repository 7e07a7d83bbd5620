// SPDX-License-Identifier: MIT
/*
 * Sessions: running a model, and what the runs cost.
 */
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "session.h"

static struct session_slot *get_slot(struct lutna_session *session,
				     unsigned int slot)
{
	if (slot >= session->options.slots) {
		lutna_fail(-ENOENT, "session: no slot %u", slot);
		return NULL;
	}
	return &session->slots[slot];
}

int lutna_session_start(struct lutna_session *session, unsigned int index)
{
	struct session_slot *slot = get_slot(session, index);
	struct lutna_job_desc job = {
		.count = session->model->commands,
		.unit = session->options.unit,
	};
	int err;

	if (!slot)
		return -ENOENT;
	if (slot->running)
		return lutna_fail(-EBUSY, "session: slot %u is running",
				  index);
	job.list = lutna_buffer_address(slot->commands);
	if (slot->profile)
		job.profile = lutna_buffer_address(slot->profile);
	err = lutna_queue_submit(slot->queue, &job, &slot->seqno);
	if (err)
		return err;
	slot->running = true;
	slot->has_profile = false;
	return 0;
}

static void add(__le64 *sum, uint64_t value)
{
	*sum = htole64(le64toh(*sum) + value);
}

static void add_record(struct lutna_profile *total,
		       const struct lutna_profile *record)
{
	unsigned int i;

	total->index = record->index;
	total->tag = record->tag;
	total->opcode = record->opcode;
	total->act_bits = record->act_bits;
	total->weight_bits = record->weight_bits;
	total->approx = record->approx;
	total->approx_digits = record->approx_digits;
	add(&total->end_ns,
	    le64toh(record->end_ns) - le64toh(record->start_ns));
	add(&total->cycles_load, le64toh(record->cycles_load));
	add(&total->cycles_compute, le64toh(record->cycles_compute));
	add(&total->cycles_stall, le64toh(record->cycles_stall));
	add(&total->macs, le64toh(record->macs));
	add(&total->macs_skipped, le64toh(record->macs_skipped));
	add(&total->lookups, le64toh(record->lookups));
	add(&total->table_loads, le64toh(record->table_loads));
	add(&total->bytes_read, le64toh(record->bytes_read));
	add(&total->bytes_written, le64toh(record->bytes_written));
	for (i = 0; i < sizeof(total->energy) / sizeof(total->energy[0]); i++)
		add(&total->energy[i], le64toh(record->energy[i]));
	memcpy(total->area, record->area, sizeof(total->area));
}

static void account(struct lutna_session *session, struct session_slot *slot,
		    const struct lutna_result *result)
{
	const struct lutna_profile *records;
	uint32_t i;

	session->stats.runs++;
	session->stats.cycles += result->cycles;
	session->stats.energy += result->energy;
	session->stats.device_ns += result->duration_ns;
	if (!slot->profile)
		return;
	records = lutna_buffer_data(slot->profile);
	for (i = 0; i < session->model->commands; i++)
		add_record(&session->totals[i], &records[i]);
	slot->has_profile = true;
}

/* "vgg11: layer 'conv3' (command 4): translation fault at 0x5000 on read" */
static int job_failed(const struct lutna_session *session,
		      const struct lutna_result *result)
{
	const Lutna__Model *msg = session->model->msg;
	char text[256], command[32];
	const char *reason = text;

	lutna_result_string(result, text, sizeof(text));
	if ((result->error != -EIO && result->error != -ETIME) ||
	    result->command >= session->model->commands)
		return lutna_fail(result->error, "%s: %s", msg->name, text);

	snprintf(command, sizeof(command), "command %u: ", result->command);
	if (!strncmp(text, command, strlen(command)))
		reason += strlen(command);
	return lutna_fail(result->error, "%s: layer '%s' (command %u): %s",
			  msg->name,
			  msg->layers[result->command]->name, result->command,
			  reason);
}

int lutna_session_finish(struct lutna_session *session, unsigned int index,
			 int64_t timeout_ns, struct lutna_result *result)
{
	struct session_slot *slot = get_slot(session, index);
	struct lutna_result ended;
	int err;

	if (!slot)
		return -ENOENT;
	if (!slot->running)
		return lutna_fail(-EINVAL, "session: slot %u is not running",
				  index);
	err = lutna_queue_wait(slot->queue, slot->seqno, timeout_ns, &ended);
	if (err == -ENODEV)
		slot->running = false;
	if (err)
		return err;
	slot->running = false;
	if (result)
		*result = ended;
	if (ended.error)
		return job_failed(session, &ended);
	account(session, slot, &ended);
	return 0;
}

/**
 * struct run - one lutna_session_run()
 * @session: session
 * @images: input
 * @outputs: output
 * @count: images
 * @batch: images of one slot
 * @in_bytes: of an image
 * @out_bytes: of an image's output
 * @started: images in slots that were started
 * @done: images whose output is in @outputs
 */
struct run {
	struct lutna_session *session;
	const char *images;
	char *outputs;
	size_t count;
	size_t batch;
	size_t in_bytes;
	size_t out_bytes;
	size_t started;
	size_t done;
};

static size_t batch_size(const struct run *run, size_t from)
{
	size_t left = run->count - from;

	return left < run->batch ? left : run->batch;
}

/* Slots take turns, so the batch at an image has its slot. */
static unsigned int slot_of(const struct run *run, size_t image)
{
	return (unsigned int)(image / run->batch %
			      run->session->options.slots);
}

static int start_batch(struct run *run)
{
	unsigned int slot = slot_of(run, run->started);
	size_t n = batch_size(run, run->started);
	char *input = lutna_session_input(run->session, slot, 0);
	int err;

	memcpy(input, run->images + run->started * run->in_bytes,
	       n * run->in_bytes);
	memset(input + n * run->in_bytes, 0, (run->batch - n) * run->in_bytes);
	err = lutna_session_start(run->session, slot);
	if (!err)
		run->started += n;
	return err;
}

static int finish_batch(struct run *run)
{
	unsigned int slot = slot_of(run, run->done);
	size_t n = batch_size(run, run->done);
	int err;

	err = lutna_session_finish(run->session, slot, -1, NULL);
	if (err)
		return err;
	memcpy(run->outputs + run->done * run->out_bytes,
	       lutna_session_output(run->session, slot, 0),
	       n * run->out_bytes);
	run->done += n;
	return 0;
}

/* After an error nothing may go on using the slots. */
static void drain(struct lutna_session *session)
{
	char reason[LUTNA_ERROR_SIZE];
	unsigned int i;

	lutna_error_save(reason);
	for (i = 0; i < session->options.slots; i++) {
		if (session->slots[i].running)
			lutna_session_finish(session, i, -1, NULL);
	}
	lutna_error_restore(reason);
}

/*
 * A queue takes no job once one of it has failed: why is known to that one,
 * which an earlier batch is still to be told of.
 */
static int first_failure(struct run *run, int err)
{
	while (run->done < run->started) {
		int earlier = finish_batch(run);

		if (earlier)
			return earlier;
	}
	return err;
}

static int check_run(struct lutna_session *session)
{
	const Lutna__Model *msg = session->model->msg;
	unsigned int i;

	if (msg->n_inputs != 1 || msg->n_outputs != 1)
		return lutna_fail(-EINVAL,
				  "%s: has %zu inputs and %zu outputs, not one of each",
				  msg->name, msg->n_inputs, msg->n_outputs);
	if (!lutna_session_input(session, 0, 0))
		return -EOPNOTSUPP;
	for (i = 0; i < session->options.slots; i++) {
		if (session->slots[i].running)
			return lutna_fail(-EBUSY, "session: slot %u is running",
					  i);
	}
	return 0;
}

int lutna_session_run(struct lutna_session *session, const void *images,
		      size_t count, void *outputs,
		      void (*progress)(void *opaque, size_t done, size_t count),
		      void *opaque)
{
	const Lutna__Model *msg = session->model->msg;
	struct run run = {
		.session = session,
		.images = images,
		.outputs = outputs,
		.count = count,
		.batch = msg->batch,
	};
	size_t in_flight = 0;
	int err;

	err = check_run(session);
	if (err)
		return err;
	run.in_bytes = lutna_tensor_bytes(msg->inputs[0]);
	run.out_bytes = lutna_tensor_bytes(msg->outputs[0]);
	while (!err && run.done < count) {
		if (run.started < count &&
		    in_flight < session->options.slots) {
			err = start_batch(&run);
			if (err == -EBADFD)
				err = first_failure(&run, err);
			in_flight++;
			continue;
		}
		err = finish_batch(&run);
		in_flight--;
		if (!err && progress)
			progress(opaque, run.done, count);
	}
	if (err)
		drain(session);
	return err;
}

int lutna_session_stats(struct lutna_session *session,
			struct lutna_session_stats *out)
{
	*out = session->stats;
	return 0;
}

const struct lutna_profile *lutna_session_profile(struct lutna_session *session,
						  unsigned int index)
{
	struct session_slot *slot = get_slot(session, index);

	if (!slot || !slot->has_profile)
		return NULL;
	return lutna_buffer_data(slot->profile);
}

int lutna_session_layer_total(struct lutna_session *session,
			      unsigned int layer, struct lutna_profile *out)
{
	if (!session->totals)
		return lutna_fail(-EINVAL, "session: has no profile");
	if (layer >= session->model->commands)
		return lutna_fail(-ENOENT, "%s: no layer %u",
				  session->model->msg->name, layer);
	*out = session->totals[layer];
	return 0;
}
