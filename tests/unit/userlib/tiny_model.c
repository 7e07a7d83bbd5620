// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "container.h"
#include "tiny_model.h"

#define BIAS0		(-100)
#define BIAS1		40

/* The constants: table, channel records, weights */
#define AT_TABLE	0
#define AT_CHANNELS	256
#define AT_WEIGHTS	(AT_CHANNELS + TINY_OUT * sizeof(struct lutna_channel))
#define CONSTANTS	(AT_WEIGHTS + TINY_OUT * TINY_IN)

static const int8_t weights[TINY_OUT][TINY_IN] = {
	{ 1, 2, -1, 0 },
	{ -3, 1, 1, 1 },
};

static void *xzalloc(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		abort();
	return p;
}

static char *text(const char *s)
{
	char *copy = strdup(s);

	if (!copy)
		abort();
	return copy;
}

static void fill_tensor(struct lutna_tensor *t, uint64_t addr,
			unsigned int channels)
{
	t->addr = htole64(addr);
	t->n = htole16(TINY_BATCH);
	t->c = htole16(channels);
	t->h = htole16(1);
	t->w = htole16(1);
	t->stride_n = htole32(channels);
	t->stride_c = htole32(1);
	t->stride_h = htole32(1);
	t->stride_w = htole32(1);
	t->type = LUTNA_TYPE_U8;
}

static void fill_commands(uint8_t *bytes)
{
	struct lutna_cmd_table *flip = (void *)bytes;
	struct lutna_cmd_conv *fc = (void *)(bytes + LUTNA_CMD_SIZE);
	struct lutna_cmd_nop *nap = (void *)(bytes + 2 * LUTNA_CMD_SIZE);

	flip->hdr.opcode = htole16(LUTNA_OP_TABLE);
	flip->hdr.version = LUTNA_ISA_VERSION;
	flip->hdr.tag = htole32(70);
	fill_tensor(&flip->in, 0, TINY_IN);
	fill_tensor(&flip->out, 0, TINY_IN);
	flip->table = htole64(AT_TABLE);

	fc->hdr.opcode = htole16(LUTNA_OP_CONV);
	fc->hdr.version = LUTNA_ISA_VERSION;
	fc->hdr.tag = htole32(71);
	fill_tensor(&fc->in, 0, TINY_IN);
	fill_tensor(&fc->out, 0, TINY_OUT);
	fc->weights = htole64(AT_WEIGHTS);
	fc->weights_size = htole32(sizeof(weights));
	fc->weight_format = LUTNA_WEIGHT_S8;
	fc->act_bits = 8;
	fc->weight_bits = 8;
	fc->out_max = 255;
	fc->kernel_h = 1;
	fc->kernel_w = 1;
	fc->stride_h = 1;
	fc->stride_w = 1;
	fc->dilation_h = 1;
	fc->dilation_w = 1;
	fc->groups = htole16(1);
	fc->channels = htole64(AT_CHANNELS);

	nap->hdr.opcode = htole16(LUTNA_OP_NOP);
	nap->hdr.version = LUTNA_ISA_VERSION;
	nap->hdr.tag = htole32(72);
}

static void fill_constants(uint8_t *bytes)
{
	static const int32_t bias[TINY_OUT] = { BIAS0, BIAS1 };
	struct lutna_channel channel;
	unsigned int i;

	for (i = 0; i < 256; i++)
		bytes[AT_TABLE + i] = (uint8_t)(255 - i);
	for (i = 0; i < TINY_OUT; i++) {
		memset(&channel, 0, sizeof(channel));
		channel.bias = htole32((uint32_t)bias[i]);
		/* A multiplier and a shift that do nothing */
		channel.mult = htole32(2);
		channel.shift = 1;
		memcpy(bytes + AT_CHANNELS + i * sizeof(channel), &channel,
		       sizeof(channel));
	}
	memcpy(bytes + AT_WEIGHTS, weights, sizeof(weights));
}

static Lutna__Tensor *new_tensor(const char *name, uint32_t channels)
{
	Lutna__Tensor *t = xzalloc(sizeof(*t));

	lutna__tensor__init(t);
	t->name = text(name);
	t->type = LUTNA__ELEMENT_TYPE__ELEMENT_U8;
	t->n_dims = 3;
	t->dims = xzalloc(3 * sizeof(*t->dims));
	t->dims[0] = channels;
	t->dims[1] = 1;
	t->dims[2] = 1;
	t->scale = 0.5f;
	return t;
}

static void add_layers(Lutna__Model *msg)
{
	static const char *const names[TINY_LAYERS] = { "flip", "fc", "nap" };
	static const char *const ops[TINY_LAYERS] = { "Neg", "Gemm", "Identity" };
	unsigned int i;

	msg->n_layers = TINY_LAYERS;
	msg->layers = xzalloc(TINY_LAYERS * sizeof(*msg->layers));
	for (i = 0; i < TINY_LAYERS; i++) {
		Lutna__Layer *layer = xzalloc(sizeof(*layer));

		lutna__layer__init(layer);
		layer->name = text(names[i]);
		layer->op = text(ops[i]);
		msg->layers[i] = layer;
	}
	msg->layers[1]->macs = TINY_BATCH * TINY_IN * TINY_OUT;
	msg->layers[1]->weights = TINY_IN * TINY_OUT;
	msg->layers[1]->nonzero = TINY_IN * TINY_OUT - 1;
}

static void add_relocations(Lutna__Model *msg)
{
	static const struct {
		uint32_t offset;
		Lutna__Segment segment;
	} relocs[TINY_RELOCS] = {
		{ offsetof(struct lutna_cmd_table, in),
		  LUTNA__SEGMENT__SEGMENT_INPUT },
		{ offsetof(struct lutna_cmd_table, out),
		  LUTNA__SEGMENT__SEGMENT_WORKSPACE },
		{ offsetof(struct lutna_cmd_table, table),
		  LUTNA__SEGMENT__SEGMENT_CONSTANTS },
		{ LUTNA_CMD_SIZE + offsetof(struct lutna_cmd_conv, in),
		  LUTNA__SEGMENT__SEGMENT_WORKSPACE },
		{ LUTNA_CMD_SIZE + offsetof(struct lutna_cmd_conv, out),
		  LUTNA__SEGMENT__SEGMENT_OUTPUT },
		{ LUTNA_CMD_SIZE + offsetof(struct lutna_cmd_conv, weights),
		  LUTNA__SEGMENT__SEGMENT_CONSTANTS },
		{ LUTNA_CMD_SIZE + offsetof(struct lutna_cmd_conv, channels),
		  LUTNA__SEGMENT__SEGMENT_CONSTANTS },
	};
	unsigned int i;

	msg->n_relocations = TINY_RELOCS;
	msg->relocations = xzalloc(TINY_RELOCS * sizeof(*msg->relocations));
	for (i = 0; i < TINY_RELOCS; i++) {
		Lutna__Relocation *reloc = xzalloc(sizeof(*reloc));

		lutna__relocation__init(reloc);
		reloc->offset = relocs[i].offset;
		reloc->segment = relocs[i].segment;
		msg->relocations[i] = reloc;
	}
}

static void add_texts(Lutna__Model *msg)
{
	Lutna__Model__MetadataEntry *entry = xzalloc(sizeof(*entry));

	msg->name = text("tiny");
	msg->producer = text("tiny_model.c");
	msg->n_classes = TINY_OUT;
	msg->classes = xzalloc(TINY_OUT * sizeof(*msg->classes));
	msg->classes[0] = text("cat");
	msg->classes[1] = text("caf\xc3\xa9");

	lutna__model__metadata_entry__init(entry);
	entry->key = text("accuracy");
	entry->value = text("0.5");
	msg->n_metadata = 1;
	msg->metadata = xzalloc(sizeof(*msg->metadata));
	msg->metadata[0] = entry;
}

Lutna__Model *tiny_model_new(void)
{
	Lutna__Model *msg = xzalloc(sizeof(*msg));

	lutna__model__init(msg);
	msg->format = LUTNA_CONTAINER_FORMAT;
	msg->isa_version = LUTNA_ISA_VERSION;
	msg->batch = TINY_BATCH;
	msg->n_inputs = 1;
	msg->inputs = xzalloc(sizeof(*msg->inputs));
	msg->inputs[0] = new_tensor("image", TINY_IN);
	msg->n_outputs = 1;
	msg->outputs = xzalloc(sizeof(*msg->outputs));
	msg->outputs[0] = new_tensor("scores", TINY_OUT);
	msg->commands.len = TINY_LAYERS * LUTNA_CMD_SIZE;
	msg->commands.data = xzalloc(msg->commands.len);
	fill_commands(msg->commands.data);
	msg->constants.len = CONSTANTS;
	msg->constants.data = xzalloc(CONSTANTS);
	fill_constants(msg->constants.data);
	msg->workspace_bytes = TINY_BATCH * TINY_IN;
	msg->input_bytes = TINY_BATCH * TINY_IN;
	msg->output_bytes = TINY_BATCH * TINY_OUT;
	add_layers(msg);
	add_relocations(msg);
	add_texts(msg);
	return msg;
}

void tiny_model_free(Lutna__Model *msg)
{
	lutna__model__free_unpacked(msg, NULL);
}

void *tiny_model_command(Lutna__Model *msg, unsigned int index)
{
	return msg->commands.data + index * LUTNA_CMD_SIZE;
}

void *tiny_model_pack(const Lutna__Model *msg, size_t *bytes)
{
	size_t length = lutna__model__get_packed_size(msg);
	uint8_t *file = xzalloc(LUTNA_CONTAINER_HEADER + length);

	lutna__model__pack(msg, file + LUTNA_CONTAINER_HEADER);
	lutna_container_encode(file, file + LUTNA_CONTAINER_HEADER, length);
	*bytes = LUTNA_CONTAINER_HEADER + length;
	return file;
}

void tiny_model_answer(const uint8_t in[TINY_IN], uint8_t out[TINY_OUT])
{
	int x0 = 255 - in[0], x1 = 255 - in[1];
	int x2 = 255 - in[2], x3 = 255 - in[3];
	int y0 = x0 + 2 * x1 - x2 + BIAS0;
	int y1 = -3 * x0 + x1 + x2 + x3 + BIAS1;

	out[0] = (uint8_t)(y0 < 0 ? 0 : y0 > 255 ? 255 : y0);
	out[1] = (uint8_t)(y1 < 0 ? 0 : y1 > 255 ? 255 : y1);
}
