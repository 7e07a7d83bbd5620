// SPDX-License-Identifier: MIT
/*
 * Sessions: making a model ready on a device.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "backend.h"
#include "error.h"
#include "session.h"

#define DEFAULT_SLOTS	2
#define MAX_SLOTS	1024

#define READ_ONLY	LUTNA_BUFFER_DEVICE_READ
#define WRITE_ONLY	LUTNA_BUFFER_DEVICE_WRITE
#define READ_WRITE	(READ_ONLY | WRITE_ONLY)

static const unsigned int segment_access[LUTNA_SEGMENTS] = {
	[LUTNA__SEGMENT__SEGMENT_CONSTANTS]	= READ_ONLY,
	[LUTNA__SEGMENT__SEGMENT_WORKSPACE]	= READ_WRITE,
	[LUTNA__SEGMENT__SEGMENT_INPUT]		= READ_ONLY,
	[LUTNA__SEGMENT__SEGMENT_OUTPUT]	= READ_WRITE,
};

/* A caller built for another version may have a shorter or longer structure. */
static int copy_options(struct lutna_session_options *to,
			const struct lutna_session_options *from)
{
	const struct lutna_session_options defaults =
		LUTNA_SESSION_OPTIONS_INIT;
	const unsigned char *tail = (const unsigned char *)from;
	size_t i;

	*to = defaults;
	if (!from)
		return 0;
	if (from->size < sizeof(from->size))
		return lutna_fail(-EINVAL, "session: size of options is %zu",
				  from->size);
	for (i = sizeof(*to); i < from->size; i++) {
		if (tail[i])
			return lutna_fail(-E2BIG,
					  "session: options that liblutna %s does not know",
					  lutna_version());
	}
	memcpy(to, from, from->size < sizeof(*to) ? from->size : sizeof(*to));
	to->size = sizeof(*to);
	return 0;
}

static int check_options(struct lutna_session_options *options,
			 unsigned int max_queues)
{
	if (!options->slots)
		options->slots = DEFAULT_SLOTS;
	if (options->slots > MAX_SLOTS)
		return lutna_fail(-EINVAL, "session: %u slots; at most %d",
				  options->slots, MAX_SLOTS);
	if (!options->queues)
		options->queues = options->slots < max_queues ?
				  options->slots : max_queues;
	if (options->queues > options->slots)
		return lutna_fail(-EINVAL,
				  "session: %u queues for %u slots",
				  options->queues, options->slots);
	if (options->unit >= LUTNA_UNIT_COUNT)
		return lutna_fail(-EINVAL, "session: no such unit: %u",
				  options->unit);
	return 0;
}

/* Each slot's part must lie inside the caller's buffer. */
static int check_input(const struct lutna_session *session)
{
	const struct lutna_session_options *options = &session->options;
	size_t bytes = lutna_model_input_bytes(session->model);
	size_t end;

	if (!options->input)
		return 0;
	if (options->input->dev != session->dev)
		return lutna_fail(-EINVAL,
				  "session: inputs in a buffer of another device");
	if (options->input_offset % LUTNA_LIST_ALIGN)
		return lutna_fail(-EINVAL,
				  "session: inputs at %zu: not a multiple of %d",
				  options->input_offset, LUTNA_LIST_ALIGN);
	if (__builtin_mul_overflow(bytes, (size_t)options->slots, &end) ||
	    __builtin_add_overflow(end, options->input_offset, &end) ||
	    end > lutna_buffer_size(options->input))
		return lutna_fail(-EOVERFLOW,
				  "session: inputs of %u slots, %zu bytes each, from %zu of a buffer of %zu",
				  options->slots, bytes, options->input_offset,
				  lutna_buffer_size(options->input));
	return 0;
}

static int check_device(const struct lutna_device_info *info,
			const struct lutna_model *model)
{
	const Lutna__Model *msg = model->msg;

	if (info->isa_version != msg->isa_version)
		return lutna_fail(-EOPNOTSUPP,
				  "%s: commands of version %u; %s takes version %u",
				  msg->name, msg->isa_version, info->name,
				  info->isa_version);
	if (model->commands > info->max_commands)
		return lutna_fail(-EOPNOTSUPP,
				  "%s: %u commands; %s takes %u", msg->name,
				  model->commands, info->name,
				  info->max_commands);
	return 0;
}

static int new_queues(struct lutna_session *session)
{
	const struct lutna_session_options *options = &session->options;
	unsigned int depth = 2;
	unsigned int i;
	int err;

	/* A start must never wait for room. */
	while (depth < 1 + (options->slots - 1) / options->queues)
		depth *= 2;
	for (i = 0; i < options->queues; i++) {
		err = lutna_queue_new(&session->queues[i], session->dev,
				      options->priority, depth,
				      options->timeout_ns);
		if (err)
			return err;
	}
	return 0;
}

static int new_constants(struct lutna_session *session)
{
	const ProtobufCBinaryData *constants = &session->model->msg->constants;
	int err;

	if (!constants->len)
		return 0;
	err = lutna_buffer_new(&session->constants, session->dev,
			       constants->len, READ_ONLY);
	if (err)
		return err;
	memcpy(lutna_buffer_data(session->constants), constants->data,
	       constants->len);
	return 0;
}

static int new_segments(struct lutna_session *session,
			struct session_slot *slot)
{
	const struct lutna_session_options *options = &session->options;
	unsigned int i;
	int err;

	for (i = 0; i < LUTNA_SEGMENTS; i++) {
		uint64_t bytes = session->model->segment_bytes[i];

		if (i == LUTNA__SEGMENT__SEGMENT_CONSTANTS) {
			slot->segments[i] = session->constants;
			continue;
		}
		if (i == LUTNA__SEGMENT__SEGMENT_INPUT && options->input) {
			slot->segments[i] = options->input;
			slot->input_offset = options->input_offset +
				(size_t)(slot - session->slots) *
				lutna_model_input_bytes(session->model);
			continue;
		}
		if (!bytes)
			continue;
		err = lutna_buffer_new(&slot->segments[i], session->dev, bytes,
				       segment_access[i]);
		if (err)
			return err;
	}
	return 0;
}

static size_t segment_offset(const struct session_slot *slot,
			     unsigned int segment)
{
	return segment == LUTNA__SEGMENT__SEGMENT_INPUT ? slot->input_offset : 0;
}

/* The model's check has shown that fields and segments exist. */
static int relocate(const struct lutna_session *session,
		    struct session_slot *slot)
{
	const Lutna__Model *msg = session->model->msg;
	unsigned char *commands = lutna_buffer_data(slot->commands);
	uint64_t value;
	size_t i;

	memcpy(commands, msg->commands.data, msg->commands.len);
	for (i = 0; i < msg->n_relocations; i++) {
		const Lutna__Relocation *reloc = msg->relocations[i];
		const struct lutna_buffer *segment =
			slot->segments[reloc->segment];

		memcpy(&value, commands + reloc->offset, sizeof(value));
		if (__builtin_add_overflow(le64toh(value),
					   lutna_buffer_address(segment) +
					   segment_offset(slot, reloc->segment),
					   &value))
			return lutna_fail(-EOVERFLOW,
					  "%s: relocation %zu overflows",
					  msg->name, i);
		value = htole64(value);
		memcpy(commands + reloc->offset, &value, sizeof(value));
	}
	return 0;
}

static int new_slot(struct lutna_session *session, unsigned int index)
{
	struct session_slot *slot = &session->slots[index];
	uint32_t commands = session->model->commands;
	int err;

	slot->queue = session->queues[index % session->options.queues];
	err = new_segments(session, slot);
	if (err)
		return err;
	err = lutna_buffer_new(&slot->commands, session->dev,
			       (size_t)commands * LUTNA_CMD_SIZE, READ_ONLY);
	if (err)
		return err;
	if (session->options.profile) {
		err = lutna_buffer_new(&slot->profile, session->dev,
				       commands * sizeof(struct lutna_profile),
				       WRITE_ONLY);
		if (err)
			return err;
	}
	return relocate(session, slot);
}

static int build(struct lutna_session *session)
{
	const struct lutna_session_options *options = &session->options;
	unsigned int i;
	int err;

	session->queues = calloc(options->queues, sizeof(*session->queues));
	session->slots = calloc(options->slots, sizeof(*session->slots));
	if (!session->queues || !session->slots)
		return lutna_fail_errno(-ENOMEM, "session");
	if (options->profile) {
		session->totals = calloc(session->model->commands,
					 sizeof(*session->totals));
		if (!session->totals)
			return lutna_fail_errno(-ENOMEM, "session");
	}
	err = new_queues(session);
	if (err)
		return err;
	err = new_constants(session);
	if (err)
		return err;
	for (i = 0; i < options->slots; i++) {
		err = new_slot(session, i);
		if (err)
			return err;
	}
	return 0;
}

int lutna_session_new(struct lutna_session **out, struct lutna_device *dev,
		      const struct lutna_model *model,
		      const struct lutna_session_options *options)
{
	char reason[LUTNA_ERROR_SIZE];
	struct lutna_session *session;
	int err;

	session = calloc(1, sizeof(*session));
	if (!session)
		return lutna_fail_errno(-ENOMEM, "session");
	session->dev = dev;
	session->model = model;
	err = copy_options(&session->options, options);
	if (!err)
		err = check_options(&session->options,
				    dev->info.max_queues);
	if (!err)
		err = check_device(&dev->info, model);
	if (!err)
		err = check_input(session);
	if (!err)
		err = build(session);
	if (err) {
		lutna_error_save(reason);
		lutna_session_free(session);
		lutna_error_restore(reason);
		return err;
	}
	*out = session;
	return 0;
}

static void free_slot(const struct lutna_session *session,
		      struct session_slot *slot)
{
	unsigned int i;

	for (i = 0; i < LUTNA_SEGMENTS; i++) {
		if (slot->segments[i] != session->constants &&
		    slot->segments[i] != session->options.input)
			lutna_buffer_free(slot->segments[i]);
	}
	lutna_buffer_free(slot->commands);
	lutna_buffer_free(slot->profile);
}

/* Queues first: they end what still uses the buffers. */
void lutna_session_free(struct lutna_session *session)
{
	unsigned int i;

	if (!session)
		return;
	for (i = 0; session->queues && i < session->options.queues; i++)
		lutna_queue_free(session->queues[i]);
	for (i = 0; session->slots && i < session->options.slots; i++)
		free_slot(session, &session->slots[i]);
	lutna_buffer_free(session->constants);
	free(session->totals);
	free(session->slots);
	free(session->queues);
	free(session);
}

unsigned int lutna_session_slots(const struct lutna_session *session)
{
	return session->options.slots;
}

static void *tensor_data(struct session_slot *slot, unsigned int segment,
			 const Lutna__Tensor *tensor)
{
	char *data = lutna_buffer_data(slot->segments[segment]);

	/* Of an imported buffer, perhaps */
	if (!data) {
		lutna_fail(-EOPNOTSUPP, "session: the process cannot map its input");
		return NULL;
	}
	return data + segment_offset(slot, segment) + tensor->offset;
}

void *lutna_session_input(struct lutna_session *session, unsigned int slot,
			  unsigned int index)
{
	const Lutna__Model *msg = session->model->msg;

	if (slot >= session->options.slots || index >= msg->n_inputs) {
		lutna_fail(-ENOENT, "session: no input %u of slot %u", index,
			   slot);
		return NULL;
	}
	return tensor_data(&session->slots[slot], LUTNA__SEGMENT__SEGMENT_INPUT,
			   msg->inputs[index]);
}

const void *lutna_session_output(struct lutna_session *session,
				 unsigned int slot, unsigned int index)
{
	const Lutna__Model *msg = session->model->msg;

	if (slot >= session->options.slots || index >= msg->n_outputs) {
		lutna_fail(-ENOENT, "session: no output %u of slot %u", index,
			   slot);
		return NULL;
	}
	return tensor_data(&session->slots[slot],
			   LUTNA__SEGMENT__SEGMENT_OUTPUT,
			   msg->outputs[index]);
}
