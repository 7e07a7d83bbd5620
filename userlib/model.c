// SPDX-License-Identifier: MIT
/*
 * Models: reading a container, and what is in it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container.h"
#include "error.h"
#include "model.h"
#include "uapi/lutna_isa.h"

/*
 * An empty sub-message takes two bytes of a file and a hundred of memory.  A
 * model that is meant seriously needs less than this; one that wants more is
 * out to eat memory.
 */
#define UNPACK_FACTOR	8
#define UNPACK_EXTRA	((size_t)16 << 20)

struct budget {
	size_t left;
	bool exceeded;
};

static void *budget_alloc(void *opaque, size_t size)
{
	struct budget *budget = opaque;

	if (size > budget->left) {
		budget->exceeded = true;
		return NULL;
	}
	budget->left -= size;
	return malloc(size);
}

static void budget_free(void *opaque, void *ptr)
{
	(void)opaque;
	free(ptr);
}

static int unpack(Lutna__Model **out, const uint8_t *message, size_t length,
		  const char *where)
{
	struct budget budget = { .left = length * UNPACK_FACTOR + UNPACK_EXTRA };
	ProtobufCAllocator allocator = {
		.alloc = budget_alloc,
		.free = budget_free,
		.allocator_data = &budget,
	};
	Lutna__Model *msg;

	msg = lutna__model__unpack(&allocator, length, message);
	if (!msg)
		return lutna_fail(-EINVAL, budget.exceeded ?
				  "%s: container has too many parts for its size" :
				  "%s: container holds no valid lutna.Model message",
				  where);
	*out = msg;
	return 0;
}

static int load(struct lutna_model **out, const void *data, size_t bytes,
		const char *where)
{
	const uint8_t *message;
	struct lutna_model *model;
	const char *reason;
	size_t length;
	int err;

	err = lutna_container_decode(data, bytes, &message, &length, &reason);
	if (err)
		return lutna_fail(err, "%s: %s", where, reason);
	model = calloc(1, sizeof(*model));
	if (!model)
		return lutna_fail_errno(-ENOMEM, "%s", where);
	err = unpack(&model->msg, message, length, where);
	if (err)
		goto err_free;
	err = lutna_model_check(model, where);
	if (err)
		goto err_message;
	*out = model;
	return 0;

err_message:
	lutna__model__free_unpacked(model->msg, NULL);
err_free:
	free(model);
	return err;
}

int lutna_model_load_memory(struct lutna_model **out, const void *data,
			    size_t bytes)
{
	return load(out, data, bytes, "model");
}

/* Reads until the end or @size; the file may have shrunk since. */
static int read_all(int fd, void *data, size_t size, size_t *got)
{
	size_t done = 0;
	ssize_t n;

	while (done < size) {
		n = read(fd, (char *)data + done, size - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (!n)
			break;
		done += (size_t)n;
	}
	*got = done;
	return 0;
}

static int read_file(void **out, size_t *bytes, const char *path)
{
	struct stat st;
	void *data;
	int err = 0;
	int fd;

	/* O_NONBLOCK: a FIFO is refused, not waited for. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return lutna_fail_errno(-errno, "%s", path);
	if (fstat(fd, &st) < 0) {
		err = lutna_fail_errno(-errno, "%s", path);
		goto out_close;
	}
	if (!S_ISREG(st.st_mode)) {
		err = lutna_fail(-EINVAL, "%s: not a regular file", path);
		goto out_close;
	}
	if ((uint64_t)st.st_size > LUTNA_CONTAINER_MAX) {
		err = lutna_fail(-EFBIG, "%s: container is larger than 1 GiB",
				 path);
		goto out_close;
	}
	data = malloc(st.st_size ? (size_t)st.st_size : 1);
	if (!data) {
		err = lutna_fail_errno(-ENOMEM, "%s", path);
		goto out_close;
	}
	err = read_all(fd, data, (size_t)st.st_size, bytes);
	if (err) {
		free(data);
		lutna_fail_errno(err, "%s", path);
		goto out_close;
	}
	*out = data;
out_close:
	close(fd);
	return err;
}

int lutna_model_load(struct lutna_model **out, const char *path)
{
	size_t bytes = 0;
	void *data = NULL;
	int err;

	err = read_file(&data, &bytes, path);
	if (err)
		return err;
	err = load(out, data, bytes, path);
	free(data);
	return err;
}

void lutna_model_free(struct lutna_model *model)
{
	if (!model)
		return;
	lutna__model__free_unpacked(model->msg, NULL);
	free(model);
}

const char *lutna_model_name(const struct lutna_model *model)
{
	return model->msg->name;
}

unsigned int lutna_model_batch(const struct lutna_model *model)
{
	return model->msg->batch;
}

unsigned int lutna_model_input_count(const struct lutna_model *model)
{
	return (unsigned int)model->msg->n_inputs;
}

/* Segments are bounded by the check, so that this cannot overflow. */
size_t lutna_model_input_bytes(const struct lutna_model *model)
{
	return (model->msg->input_bytes + LUTNA_LIST_ALIGN - 1) &
	       ~(size_t)(LUTNA_LIST_ALIGN - 1);
}

unsigned int lutna_model_output_count(const struct lutna_model *model)
{
	return (unsigned int)model->msg->n_outputs;
}

static void describe(const Lutna__Tensor *tensor, struct lutna_tensor_info *out)
{
	memset(out, 0, sizeof(*out));
	out->name = tensor->name;
	out->type = tensor->type == LUTNA__ELEMENT_TYPE__ELEMENT_U8 ?
		    LUTNA_ELEMENT_U8 : LUTNA_ELEMENT_S32;
	out->rank = (unsigned int)tensor->n_dims;
	out->dims = tensor->dims;
	out->bytes = lutna_tensor_bytes(tensor);
	out->scale = tensor->scale;
	out->zero_point = tensor->zero_point;
}

int lutna_model_input(const struct lutna_model *model, unsigned int index,
		      struct lutna_tensor_info *out)
{
	if (index >= model->msg->n_inputs)
		return lutna_fail(-ENOENT, "%s: no input %u", model->msg->name,
				  index);
	describe(model->msg->inputs[index], out);
	return 0;
}

int lutna_model_output(const struct lutna_model *model, unsigned int index,
		       struct lutna_tensor_info *out)
{
	if (index >= model->msg->n_outputs)
		return lutna_fail(-ENOENT, "%s: no output %u",
				  model->msg->name, index);
	describe(model->msg->outputs[index], out);
	return 0;
}

unsigned int lutna_model_layer_count(const struct lutna_model *model)
{
	return model->commands;
}

int lutna_model_layer(const struct lutna_model *model, unsigned int index,
		      struct lutna_layer_info *out)
{
	const Lutna__Layer *layer;

	if (index >= model->commands)
		return lutna_fail(-ENOENT, "%s: no layer %u", model->msg->name,
				  index);
	layer = model->msg->layers[index];
	out->name = layer->name;
	out->op = layer->op;
	out->macs = layer->macs;
	out->weights = layer->weights;
	out->nonzero = layer->nonzero;
	return 0;
}

unsigned int lutna_model_class_count(const struct lutna_model *model)
{
	return (unsigned int)model->msg->n_classes;
}

const char *lutna_model_class(const struct lutna_model *model,
			      unsigned int index)
{
	return index < model->msg->n_classes ? model->msg->classes[index] : NULL;
}

const char *lutna_model_metadata(const struct lutna_model *model,
				 const char *key)
{
	const Lutna__Model *msg = model->msg;
	size_t i;

	for (i = 0; i < msg->n_metadata; i++) {
		if (!strcmp(msg->metadata[i]->key, key))
			return msg->metadata[i]->value;
	}
	return NULL;
}
