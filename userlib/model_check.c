// SPDX-License-Identifier: MIT
/*
 * Verification of a model, which is as hostile as the file that it comes from.
 */
#include <errno.h>
#include <math.h>

#include "container.h"
#include "error.h"
#include "model.h"
#include "uapi/lutna_isa.h"

/* Far beyond what any device has, and small enough to add up. */
#define MAX_SEGMENT	((uint64_t)1 << 39)
#define MAX_BATCH	65535
#define MAX_RANK	8

#define refuse(where, fmt, ...) \
	lutna_fail(-EINVAL, "%s: " fmt, where, ##__VA_ARGS__)

static unsigned int element_bytes(const Lutna__Tensor *tensor)
{
	return tensor->type == LUTNA__ELEMENT_TYPE__ELEMENT_S32 ? 4 : 1;
}

size_t lutna_tensor_bytes(const Lutna__Tensor *tensor)
{
	size_t bytes = element_bytes(tensor);
	size_t i;

	for (i = 0; i < tensor->n_dims; i++)
		bytes *= tensor->dims[i];
	return bytes;
}

/* A tensor of the caller's: @kind is "input" or "output" */
static int check_tensor(const Lutna__Tensor *tensor, const char *kind,
			size_t index, uint32_t batch, uint64_t segment_bytes,
			const char *where)
{
	uint64_t end;
	size_t i;

	if (!lutna_text_ok(tensor->name))
		return refuse(where, "%s %zu: name is not printable UTF-8",
			      kind, index);
	if (tensor->type != LUTNA__ELEMENT_TYPE__ELEMENT_U8 &&
	    tensor->type != LUTNA__ELEMENT_TYPE__ELEMENT_S32)
		return refuse(where, "%s '%s': no such element type: %d", kind,
			      tensor->name, (int)tensor->type);
	if (tensor->n_dims > MAX_RANK)
		return refuse(where, "%s '%s': %zu dimensions; at most %d",
			      kind, tensor->name, tensor->n_dims, MAX_RANK);
	end = (uint64_t)element_bytes(tensor) * batch;
	for (i = 0; i < tensor->n_dims; i++) {
		if (!tensor->dims[i])
			return refuse(where, "%s '%s': dimension %zu is 0",
				      kind, tensor->name, i);
		if (__builtin_mul_overflow(end, tensor->dims[i], &end))
			return refuse(where, "%s '%s': too large", kind,
				      tensor->name);
	}
	if (tensor->offset % element_bytes(tensor))
		return refuse(where, "%s '%s': offset is not aligned", kind,
			      tensor->name);
	if (__builtin_add_overflow(end, tensor->offset, &end) ||
	    end > segment_bytes)
		return refuse(where, "%s '%s': goes beyond its segment", kind,
			      tensor->name);
	if (!isfinite(tensor->scale) || tensor->scale <= 0)
		return refuse(where, "%s '%s': scale is not a positive number",
			      kind, tensor->name);
	if (tensor->type == LUTNA__ELEMENT_TYPE__ELEMENT_U8 ?
	    tensor->zero_point < 0 || tensor->zero_point > 255 :
	    tensor->zero_point != 0)
		return refuse(where, "%s '%s': zero point %d is out of range",
			      kind, tensor->name, (int)tensor->zero_point);
	return 0;
}

static int check_tensors(const struct lutna_model *model, const char *where)
{
	const Lutna__Model *msg = model->msg;
	size_t i;
	int err;

	if (!msg->n_inputs || !msg->n_outputs)
		return refuse(where, "model has no %s",
			      msg->n_inputs ? "output" : "input");
	for (i = 0; i < msg->n_inputs; i++) {
		err = check_tensor(msg->inputs[i], "input", i, msg->batch,
				   msg->input_bytes, where);
		if (err)
			return err;
	}
	for (i = 0; i < msg->n_outputs; i++) {
		err = check_tensor(msg->outputs[i], "output", i, msg->batch,
				   msg->output_bytes, where);
		if (err)
			return err;
	}
	return 0;
}

static int check_layers(const Lutna__Model *msg, const char *where)
{
	size_t i;

	if (msg->n_layers != msg->commands.len / LUTNA_CMD_SIZE)
		return refuse(where, "%zu layers for %zu commands",
			      msg->n_layers,
			      msg->commands.len / LUTNA_CMD_SIZE);
	for (i = 0; i < msg->n_layers; i++) {
		const Lutna__Layer *layer = msg->layers[i];

		if (!lutna_text_ok(layer->name) || !lutna_text_ok(layer->op))
			return refuse(where,
				      "layer %zu: name or operator is not printable UTF-8",
				      i);
		if (layer->nonzero > layer->weights)
			return refuse(where,
				      "layer '%s': more weights that are not zero than weights",
				      layer->name);
	}
	return 0;
}

static int check_texts(const Lutna__Model *msg, const char *where)
{
	size_t i;

	if (!lutna_text_ok(msg->name) || !lutna_text_ok(msg->producer))
		return refuse(where,
			      "name or producer is not printable UTF-8");
	for (i = 0; i < msg->n_classes; i++) {
		if (!lutna_text_ok(msg->classes[i]))
			return refuse(where,
				      "class %zu: name is not printable UTF-8",
				      i);
	}
	for (i = 0; i < msg->n_metadata; i++) {
		if (!lutna_text_ok(msg->metadata[i]->key) ||
		    !lutna_text_ok(msg->metadata[i]->value))
			return refuse(where,
				      "metadata %zu: not printable UTF-8", i);
	}
	return 0;
}

static int check_sizes(const Lutna__Model *msg, const char *where)
{
	if (msg->format != LUTNA_CONTAINER_FORMAT)
		return refuse(where, "container format %u; this is liblutna for format %d",
			      msg->format, LUTNA_CONTAINER_FORMAT);
	if (msg->isa_version != LUTNA_ISA_VERSION)
		return refuse(where,
			      "commands of version %u; this is liblutna for version %d",
			      msg->isa_version, LUTNA_ISA_VERSION);
	if (!msg->batch || msg->batch > MAX_BATCH)
		return refuse(where, "batch of %u is out of range", msg->batch);
	if (!msg->commands.len || msg->commands.len % LUTNA_CMD_SIZE)
		return refuse(where,
			      "%zu bytes of commands are not a whole number of commands",
			      msg->commands.len);
	if (msg->workspace_bytes > MAX_SEGMENT ||
	    msg->input_bytes > MAX_SEGMENT || msg->output_bytes > MAX_SEGMENT)
		return refuse(where, "a segment is too large");
	return 0;
}

int lutna_model_check(struct lutna_model *model, const char *where)
{
	const Lutna__Model *msg = model->msg;
	int err;

	err = check_sizes(msg, where);
	if (err)
		return err;
	err = check_texts(msg, where);
	if (err)
		return err;
	err = check_layers(msg, where);
	if (err)
		return err;

	model->segment_bytes[LUTNA__SEGMENT__SEGMENT_CONSTANTS] =
		msg->constants.len;
	model->segment_bytes[LUTNA__SEGMENT__SEGMENT_WORKSPACE] =
		msg->workspace_bytes;
	model->segment_bytes[LUTNA__SEGMENT__SEGMENT_INPUT] = msg->input_bytes;
	model->segment_bytes[LUTNA__SEGMENT__SEGMENT_OUTPUT] =
		msg->output_bytes;
	/* Fits: a container is at most 1 GiB. */
	model->commands = (uint32_t)(msg->commands.len / LUTNA_CMD_SIZE);

	err = check_tensors(model, where);
	if (err)
		return err;
	return lutna_model_check_commands(model, where);
}
