// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lutna/lutna.h>
#include <onnx/onnx.pb-c.h>

#include "container.h"
#include "onnx_load.h"
#include "userlib/container.h"
#include "userlib/model.h"

#define CLASSES_MAX	65536

static const Lutna__Segment segments[] = {
	[PLACE_WORKSPACE]	= LUTNA__SEGMENT__SEGMENT_WORKSPACE,
	[PLACE_INPUT]		= LUTNA__SEGMENT__SEGMENT_INPUT,
	[PLACE_OUTPUT]		= LUTNA__SEGMENT__SEGMENT_OUTPUT,
	[PLACE_CONSTANT]	= LUTNA__SEGMENT__SEGMENT_CONSTANTS,
};

/* A string that a reader of containers takes; NULL: no memory */
static char *printable(struct arena *arena, const char *name)
{
	char clean[DIAG_NAME];

	if (lutna_text_ok(name))
		return (char *)name;
	return arena_printf(arena, "%s", diag_clean(clean, name));
}

/* Arrays of pointers to messages that lie in an array themselves */
static void *message_array(struct arena *arena, size_t count, size_t size,
			   void ***pointers)
{
	char *messages = arena_alloc(arena, count, size);
	size_t i;

	*pointers = arena_alloc(arena, count, sizeof(**pointers));
	if (!messages || !*pointers)
		return NULL;
	for (i = 0; i < count; i++)
		(*pointers)[i] = messages + i * size;
	return messages;
}

static Lutna__Tensor **pack_ports(struct program *program,
				  const struct port *ports, size_t count)
{
	struct arena *arena = program->arena;
	Lutna__Tensor *messages;
	void **list;
	size_t i;

	messages = message_array(arena, count, sizeof(*messages), &list);
	if (!messages)
		return NULL;
	for (i = 0; i < count; i++) {
		const struct tensor *tensor = &program->tensors[ports[i].tensor];
		Lutna__Tensor *message = &messages[i];
		uint64_t at = 0;
		int root = program_root(program, tensor->storage, &at);
		const struct storage *storage = &program->storages[root];

		lutna__tensor__init(message);
		message->name = printable(arena, ports[i].name);
		if (!message->name)
			return NULL;
		message->type = storage->type == LUTNA_TYPE_S32 ?
				LUTNA__ELEMENT_TYPE__ELEMENT_S32 :
				LUTNA__ELEMENT_TYPE__ELEMENT_U8;
		message->n_dims = ports[i].rank;
		message->dims = (uint32_t *)ports[i].dims;
		message->offset = storage->offset;
		message->scale = tensor->scale;
		message->zero_point = tensor->zero_point;
	}
	return (Lutna__Tensor **)list;
}

static int pack_layers(struct program *program, const struct image *image,
		       Lutna__Model *model)
{
	Lutna__Layer *messages;
	void **list;
	size_t i;

	messages = message_array(program->arena, image->n_commands,
				 sizeof(*messages), &list);
	if (!messages)
		return -ENOMEM;
	for (i = 0; i < image->n_commands; i++) {
		lutna__layer__init(&messages[i]);
		messages[i].name = printable(program->arena, image->layers[i].name);
		messages[i].op = printable(program->arena, image->layers[i].op);
		if (!messages[i].name || !messages[i].op)
			return -ENOMEM;
		messages[i].macs = image->layers[i].macs;
		messages[i].weights = image->layers[i].weights;
		messages[i].nonzero = image->layers[i].nonzero;
	}
	model->n_layers = image->n_commands;
	model->layers = (Lutna__Layer **)list;
	return 0;
}

static int pack_relocations(struct program *program, const struct image *image,
			    Lutna__Model *model)
{
	Lutna__Relocation *messages;
	void **list;
	size_t i;

	messages = message_array(program->arena, image->n_relocations,
				 sizeof(*messages), &list);
	if (!messages)
		return -ENOMEM;
	for (i = 0; i < image->n_relocations; i++) {
		lutna__relocation__init(&messages[i]);
		messages[i].offset = image->relocations[i].offset;
		messages[i].segment = segments[image->relocations[i].place];
	}
	model->n_relocations = image->n_relocations;
	model->relocations = (Lutna__Relocation **)list;
	return 0;
}

/* "a,b,c" */
static int pack_classes(const struct graph *graph, Lutna__Model *model)
{
	const char *all = onnx_metadata(graph, "lutna.classes");
	size_t count = 1, i;
	char *copy;

	if (!all || !all[0] || !lutna_text_ok(all))
		return 0;
	for (i = 0; all[i]; i++)
		count += all[i] == ',';
	if (count > CLASSES_MAX)
		return 0;
	copy = arena_printf(graph->arena, "%s", all);
	model->classes = arena_alloc(graph->arena, count, sizeof(char *));
	if (!copy || !model->classes)
		return -ENOMEM;
	while (copy)
		model->classes[model->n_classes++] = strsep(&copy, ",");
	return 0;
}

/* What the layers compute with: "conv1 8 9 exact; fc 6 5 drop1+bias" */
static char *precision_text(struct arena *arena, const struct image *image)
{
	char approx[PRECISION_APPROX_TEXT];
	size_t room = 1, used = 0, i;
	char *text;

	for (i = 0; i < image->n_commands; i++)
		room += strlen(image->layers[i].name) + sizeof(approx) + 16;
	text = arena_alloc(arena, room, 1);
	for (i = 0; text && i < image->n_commands; i++) {
		const struct layer *layer = &image->layers[i];
		const struct precision *precision = &layer->precision;

		if (!layer->weights)
			continue;
		used += (size_t)snprintf(text + used, room - used, "%s%s %u %u %s",
					 used ? "; " : "", layer->name,
					 precision->act_bits,
					 precision->weight_bits,
					 precision_approx_text(precision, approx));
	}
	return text;
}

/* Keys of the model that do not hold where the user gave widths */
static bool is_width(const char *key)
{
	return !strcmp(key, "lutna.act_bits") ||
	       !strcmp(key, "lutna.weight_bits") ||
	       !strcmp(key, "lutna.precision");
}

static int pack_metadata(const struct graph *graph, const struct image *image,
			 bool precise, Lutna__Model *model)
{
	const Onnx__ModelProto *proto = graph->proto;
	Lutna__Model__MetadataEntry *messages;
	char *text = NULL;
	void **list;
	size_t i;

	messages = message_array(graph->arena, proto->n_metadata_props + 1,
				 sizeof(*messages), &list);
	if (precise)
		text = precision_text(graph->arena, image);
	if (!messages || (precise && !text))
		return -ENOMEM;
	for (i = 0; i < proto->n_metadata_props; i++) {
		const Onnx__StringStringEntryProto *entry =
			proto->metadata_props[i];
		Lutna__Model__MetadataEntry *message =
			&messages[model->n_metadata];

		if (!entry->key || !entry->value || !lutna_text_ok(entry->key) ||
		    !lutna_text_ok(entry->value) ||
		    (precise && is_width(entry->key)))
			continue;
		lutna__model__metadata_entry__init(message);
		message->key = entry->key;
		message->value = entry->value;
		model->n_metadata++;
	}
	if (text && lutna_text_ok(text)) {
		lutna__model__metadata_entry__init(&messages[model->n_metadata]);
		messages[model->n_metadata].key = "lutna.precision";
		messages[model->n_metadata++].value = text;
	}
	model->metadata = (Lutna__Model__MetadataEntry **)list;
	return 0;
}

static int fill(const struct graph *graph, struct program *program,
		const struct image *image, bool precise, Lutna__Model *model)
{
	int err;

	model->inputs = pack_ports(program, program->inputs, program->n_inputs);
	model->outputs = pack_ports(program, program->outputs,
				    program->n_outputs);
	if (!model->inputs || !model->outputs)
		return -ENOMEM;
	model->n_inputs = program->n_inputs;
	model->n_outputs = program->n_outputs;
	err = pack_layers(program, image, model);
	if (!err)
		err = pack_relocations(program, image, model);
	if (!err)
		err = pack_classes(graph, model);
	if (!err)
		err = pack_metadata(graph, image, precise, model);
	return err;
}

int container_pack(const struct graph *graph, struct program *program,
		   const struct image *image, const char *name,
		   bool precise, uint8_t **out, size_t *size)
{
	Lutna__Model model = LUTNA__MODEL__INIT;
	uint8_t *file;
	size_t length;

	model.format = LUTNA_CONTAINER_FORMAT;
	model.isa_version = LUTNA_ISA_VERSION;
	model.name = printable(graph->arena, name);
	model.producer = arena_printf(graph->arena, "lutna compile %s",
				      lutna_version());
	if (!model.name || !model.producer ||
	    fill(graph, program, image, precise, &model))
		return diag_no_memory(graph->diag);
	model.batch = program->batch;
	model.commands.data = image->commands;
	model.commands.len = image->n_commands * LUTNA_CMD_SIZE;
	model.constants.data = image->constants;
	model.constants.len = image->constant_bytes;
	model.workspace_bytes = program->workspace_bytes;
	model.input_bytes = program->input_bytes;
	model.output_bytes = program->output_bytes;

	length = lutna__model__get_packed_size(&model);
	if (length > LUTNA_CONTAINER_MAX - LUTNA_CONTAINER_HEADER)
		return diag_file(graph->diag, -EOPNOTSUPP,
				 "the compiled model is larger than a container may be");
	file = malloc(LUTNA_CONTAINER_HEADER + length);
	if (!file)
		return diag_no_memory(graph->diag);
	lutna__model__pack(&model, file + LUTNA_CONTAINER_HEADER);
	lutna_container_encode(file, file + LUTNA_CONTAINER_HEADER, length);
	*out = file;
	*size = LUTNA_CONTAINER_HEADER + length;
	return 0;
}
