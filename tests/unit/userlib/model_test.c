// SPDX-License-Identifier: GPL-2.0-only
/*
 * The loader: what a good container holds, and each way to be a bad one.
 */
#include <endian.h>
#include <errno.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "container.h"
#include "tap.h"
#include "tiny_model.h"

static struct lutna_model *load_message(Lutna__Model *msg, int *err)
{
	struct lutna_model *model = NULL;
	size_t bytes;
	void *file = tiny_model_pack(msg, &bytes);

	*err = lutna_model_load_memory(&model, file, bytes);
	free(file);
	return model;
}

static void test_good(void)
{
	Lutna__Model *msg = tiny_model_new();
	struct lutna_tensor_info tensor;
	struct lutna_layer_info layer;
	struct lutna_model *model;
	int err;

	model = load_message(msg, &err);
	need(!err && model);
	ok(!strcmp(lutna_model_name(model), "tiny"), "name");
	ok(lutna_model_batch(model) == TINY_BATCH, "batch");
	ok(lutna_model_input_count(model) == 1 &&
	   lutna_model_output_count(model) == 1, "tensor counts");
	ok(!lutna_model_input(model, 0, &tensor) &&
	   !strcmp(tensor.name, "image") && tensor.rank == 3 &&
	   tensor.dims[0] == TINY_IN && tensor.dims[2] == 1 &&
	   tensor.bytes == TINY_IN && tensor.type == LUTNA_ELEMENT_U8 &&
	   tensor.scale == 0.5f && !tensor.zero_point, "input");
	ok(!lutna_model_output(model, 0, &tensor) &&
	   tensor.bytes == TINY_OUT && !strcmp(tensor.name, "scores"),
	   "output");
	ok(lutna_model_input(model, 1, &tensor) == -ENOENT &&
	   lutna_model_output(model, 1, &tensor) == -ENOENT,
	   "no second input or output");
	ok(lutna_model_layer_count(model) == TINY_LAYERS, "layer count");
	ok(!lutna_model_layer(model, 1, &layer) && !strcmp(layer.name, "fc") &&
	   !strcmp(layer.op, "Gemm") && layer.weights == 8 &&
	   layer.nonzero == 7 && layer.macs == 24, "layer");
	ok(lutna_model_layer(model, TINY_LAYERS, &layer) == -ENOENT,
	   "no layer beyond the last");
	ok(lutna_model_class_count(model) == 2 &&
	   !strcmp(lutna_model_class(model, 1), "caf\xc3\xa9") &&
	   !lutna_model_class(model, 2), "classes");
	ok(!strcmp(lutna_model_metadata(model, "accuracy"), "0.5") &&
	   !lutna_model_metadata(model, "nothing"), "metadata");
	lutna_model_free(model);
	lutna_model_free(NULL);

	/* A 32-bit output, whose image is four times as large */
	msg->outputs[0]->type = LUTNA__ELEMENT_TYPE__ELEMENT_S32;
	msg->output_bytes *= 4;
	model = load_message(msg, &err);
	need(!err);
	ok(!lutna_model_output(model, 0, &tensor) &&
	   tensor.bytes == 4 * TINY_OUT && tensor.type == LUTNA_ELEMENT_S32,
	   "32-bit output");
	lutna_model_free(model);
	tiny_model_free(msg);
}

/* As the format says it, not as the library computes it */
static uint32_t slow_crc(const uint8_t *data, size_t bytes)
{
	uint32_t crc = 0xffffffff;
	size_t i;
	int bit;

	for (i = 0; i < bytes; i++) {
		crc ^= data[i];
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static void test_frame(void)
{
	Lutna__Model *msg = tiny_model_new();
	size_t bytes;
	uint8_t *file = tiny_model_pack(msg, &bytes);
	uint32_t crc = slow_crc(file + 12, bytes - 12);

	ok(!memcmp(file, "LUTNA\r\n\x1a", 8), "magic");
	ok(file[8] == (crc & 0xff) && file[9] == (crc >> 8 & 0xff) &&
	   file[10] == (crc >> 16 & 0xff) && file[11] == crc >> 24, "CRC");
	free(file);
	tiny_model_free(msg);
}

static void replace(char **to, const char *text)
{
	free(*to);
	*to = strdup(text);
}

/* One way to spoil a model each; the name says how. */
#define DAMAGE(name) static void name(Lutna__Model *msg)

DAMAGE(format) { msg->format = 2; }
DAMAGE(isa_version) { msg->isa_version = 2; }
DAMAGE(no_batch) { msg->batch = 0; }
DAMAGE(large_batch) { msg->batch = 65536; }
DAMAGE(no_commands) { msg->commands.len = 0; }
DAMAGE(odd_commands) { msg->commands.len -= 1; }
DAMAGE(fewer_commands) { msg->commands.len -= LUTNA_CMD_SIZE; }
DAMAGE(large_workspace) { msg->workspace_bytes = UINT64_MAX; }
DAMAGE(large_input) { msg->input_bytes = 1ULL << 62; }
DAMAGE(bad_name) { replace(&msg->name, "a\x1b[2J"); }
DAMAGE(bad_producer) { replace(&msg->producer, "\xff"); }
DAMAGE(bad_class) { replace(&msg->classes[1], "two\nlines"); }
DAMAGE(overlong_class) { replace(&msg->classes[0], "\xc0\xaf"); }
DAMAGE(surrogate_class) { replace(&msg->classes[0], "\xed\xa0\x80"); }
DAMAGE(c1_class) { replace(&msg->classes[0], "\xc2\x9b"); }
DAMAGE(cut_class) { replace(&msg->classes[0], "\xe2\x82"); }
DAMAGE(bad_metadata) { replace(&msg->metadata[0]->value, "\x07"); }
DAMAGE(bad_layer) { replace(&msg->layers[0]->name, "\x7f"); }
DAMAGE(bad_op) { replace(&msg->layers[2]->op, "\xf5\x80\x80\x80"); }
DAMAGE(bad_tensor) { replace(&msg->inputs[0]->name, "\r"); }
DAMAGE(nonzero) { msg->layers[1]->nonzero = 9; }
DAMAGE(element) { msg->inputs[0]->type = (Lutna__ElementType)2; }
DAMAGE(negative_element) { msg->outputs[0]->type = (Lutna__ElementType)-1; }
DAMAGE(zero_dim) { msg->inputs[0]->dims[1] = 0; }
DAMAGE(one_too_many) { msg->inputs[0]->dims[0] = TINY_IN + 1; }
DAMAGE(small_input) { msg->input_bytes--; }
DAMAGE(small_output) { msg->output_bytes--; }
DAMAGE(offset) { msg->outputs[0]->offset = 1; }
DAMAGE(far_offset) { msg->outputs[0]->offset = UINT64_MAX; }
DAMAGE(scale) { msg->inputs[0]->scale = 0; }
DAMAGE(scale_nan) { msg->inputs[0]->scale = NAN; }
DAMAGE(zero_point) { msg->inputs[0]->zero_point = 256; }
DAMAGE(negative_zero_point) { msg->inputs[0]->zero_point = -1; }
DAMAGE(reloc_beyond) { msg->relocations[0]->offset = TINY_LAYERS * 256; }
DAMAGE(reloc_far) { msg->relocations[0]->offset = UINT32_MAX; }
DAMAGE(reloc_odd) { msg->relocations[0]->offset += 1; }
DAMAGE(reloc_field) { msg->relocations[0]->offset += 8; }
DAMAGE(reloc_nop) { msg->relocations[0]->offset = 2 * 256 + 16; }
DAMAGE(reloc_twice) { msg->relocations[1]->offset = msg->relocations[0]->offset; }
DAMAGE(reloc_segment) { msg->relocations[0]->segment = (Lutna__Segment)4; }
DAMAGE(reloc_negative) { msg->relocations[0]->segment = (Lutna__Segment)-1; }
DAMAGE(write_input)
{ msg->relocations[1]->segment = LUTNA__SEGMENT__SEGMENT_INPUT; }
DAMAGE(write_constants)
{ msg->relocations[4]->segment = LUTNA__SEGMENT__SEGMENT_CONSTANTS; }
DAMAGE(small_workspace) { msg->workspace_bytes--; }
DAMAGE(small_constants) { msg->constants.len--; }

DAMAGE(many_dims)
{
	Lutna__Tensor *t = msg->inputs[0];
	size_t i;

	t->n_dims = 9;
	t->dims = realloc(t->dims, t->n_dims * sizeof(*t->dims));
	for (i = 1; i < t->n_dims; i++)
		t->dims[i] = 1;
}

/* 2^32 - 1 in each of eight: a product that wraps many times */
DAMAGE(huge_dims)
{
	Lutna__Tensor *t = msg->inputs[0];
	size_t i;

	t->n_dims = 8;
	t->dims = realloc(t->dims, t->n_dims * sizeof(*t->dims));
	for (i = 0; i < t->n_dims; i++)
		t->dims[i] = UINT32_MAX;
}

/* A product of 2^64, which wraps to 0 */
DAMAGE(wrapping_dims)
{
	Lutna__Tensor *t = msg->inputs[0];

	msg->batch = 1;
	t->dims[0] = 1 << 19;
	t->dims[1] = 1 << 19;
	t->dims[2] = 1 << 26;
}

DAMAGE(unaligned_s32)
{
	msg->outputs[0]->type = LUTNA__ELEMENT_TYPE__ELEMENT_S32;
	msg->outputs[0]->offset = 2;
	msg->output_bytes = 64;
}

DAMAGE(s32_zero_point)
{
	msg->outputs[0]->type = LUTNA__ELEMENT_TYPE__ELEMENT_S32;
	msg->outputs[0]->zero_point = 1;
	msg->output_bytes *= 4;
}

DAMAGE(no_inputs)
{
	lutna__tensor__free_unpacked(msg->inputs[0], NULL);
	msg->n_inputs = 0;
}

DAMAGE(no_outputs)
{
	lutna__tensor__free_unpacked(msg->outputs[0], NULL);
	msg->n_outputs = 0;
}

DAMAGE(no_relocation)
{
	lutna__relocation__free_unpacked(
		msg->relocations[--msg->n_relocations], NULL);
}

DAMAGE(opcode)
{
	struct lutna_cmd_hdr *hdr = tiny_model_command(msg, 0);

	hdr->opcode = htole16(8);
}

DAMAGE(address)
{
	struct lutna_cmd_table *flip = tiny_model_command(msg, 0);

	flip->in.addr = htole64(1);
}

DAMAGE(wrapping_address)
{
	struct lutna_cmd_table *flip = tiny_model_command(msg, 0);

	flip->in.addr = htole64(UINT64_MAX - 3);
}

DAMAGE(stride)
{
	struct lutna_cmd_conv *fc = tiny_model_command(msg, 1);

	fc->in.stride_n = htole32(UINT32_MAX);
}

DAMAGE(weights_size)
{
	struct lutna_cmd_conv *fc = tiny_model_command(msg, 1);

	fc->weights_size = htole32(UINT32_MAX);
}

DAMAGE(channels)
{
	struct lutna_cmd_conv *fc = tiny_model_command(msg, 1);

	fc->out.c = htole16(4);
	fc->out.n = htole16(1);
}

static const struct {
	const char *name;
	void (*apply)(Lutna__Model *msg);
	const char *text;
} damages[] = {
	{ "format", format, "format 2" },
	{ "isa_version", isa_version, "commands of version 2" },
	{ "no batch", no_batch, "batch of 0" },
	{ "large batch", large_batch, "batch of 65536" },
	{ "no commands", no_commands, "whole number of commands" },
	{ "odd commands", odd_commands, "767 bytes of commands" },
	{ "fewer commands than layers", fewer_commands, "3 layers for 2" },
	{ "large workspace", large_workspace, "segment is too large" },
	{ "large input", large_input, "segment is too large" },
	{ "escape sequence in the name", bad_name, "printable" },
	{ "bad UTF-8 in the producer", bad_producer, "printable" },
	{ "line end in a class", bad_class, "class 1: name is not printable" },
	{ "overlong UTF-8", overlong_class, "class 0: name is not printable" },
	{ "surrogate", surrogate_class, "class 0: name is not printable" },
	{ "C1 control", c1_class, "class 0: name is not printable" },
	{ "cut off UTF-8", cut_class, "class 0: name is not printable" },
	{ "bell in metadata", bad_metadata, "metadata 0" },
	{ "delete in a layer", bad_layer, "layer 0" },
	{ "UTF-8 beyond Unicode", bad_op, "layer 2" },
	{ "control in a tensor", bad_tensor, "input 0" },
	{ "more nonzero than weights", nonzero, "layer 'fc'" },
	{ "element type", element, "'image': no such element type: 2" },
	{ "negative element type", negative_element, "element type: -1" },
	{ "dimension of 0", zero_dim, "dimension 1 is 0" },
	{ "too many dimensions", many_dims, "9 dimensions" },
	{ "huge dimensions", huge_dims, "'image': too large" },
	{ "wrapping dimensions", wrapping_dims, "'image': too large" },
	{ "dimension one too large", one_too_many, "beyond its segment" },
	{ "input segment too small", small_input, "'image': goes beyond" },
	{ "output segment too small", small_output, "'scores': goes beyond" },
	{ "tensor offset", offset, "'scores': goes beyond" },
	{ "wrapping tensor offset", far_offset, "'scores': goes beyond" },
	{ "unaligned 32-bit tensor", unaligned_s32, "not aligned" },
	{ "scale 0", scale, "scale" },
	{ "scale not a number", scale_nan, "scale" },
	{ "zero point", zero_point, "zero point 256" },
	{ "negative zero point", negative_zero_point, "zero point -1" },
	{ "zero point of 32 bits", s32_zero_point, "zero point 1" },
	{ "no inputs", no_inputs, "no input" },
	{ "no outputs", no_outputs, "no output" },
	{ "relocation beyond the commands", reloc_beyond, "relocation 0: beyond" },
	{ "relocation far beyond", reloc_far, "relocation 0: beyond" },
	{ "relocation not aligned", reloc_odd, "not an address" },
	{ "relocation of another field", reloc_field, "not an address" },
	{ "relocation of a command without", reloc_nop, "'nap' (command 2)" },
	{ "relocation twice", reloc_twice, "relocated twice" },
	{ "segment", reloc_segment, "no such segment: 4" },
	{ "negative segment", reloc_negative, "no such segment: -1" },
	{ "missing relocation", no_relocation, "'fc' (command 1): address is not relocated" },
	{ "write to the input", write_input, "'flip' (command 0): writes" },
	{ "write to the constants", write_constants, "'fc' (command 1): writes" },
	{ "workspace too small", small_workspace, "beyond its segment" },
	{ "constants too small", small_constants, "beyond its segment" },
	{ "opcode", opcode, "'flip' (command 0): unknown opcode" },
	{ "address", address, "beyond its segment" },
	{ "wrapping address", wrapping_address, "beyond its segment" },
	{ "stride", stride, "beyond its segment" },
	{ "weights size", weights_size, "beyond its segment" },
	{ "channel records", channels, "beyond its segment" },
};

static void test_damages(void)
{
	struct lutna_model *model;
	size_t i;
	int err;

	for (i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		Lutna__Model *msg = tiny_model_new();

		damages[i].apply(msg);
		model = load_message(msg, &err);
		ok(err == -EINVAL && !model &&
		   strstr(lutna_last_error(), damages[i].text) &&
		   !strncmp(lutna_last_error(), "model: ", 7),
		   "refused: %s", damages[i].name);
		lutna_model_free(model);
		tiny_model_free(msg);
	}
}

/* Looks at all that a model says; the sanitizers watch. */
static void walk(const struct lutna_model *model)
{
	struct lutna_tensor_info tensor;
	struct lutna_layer_info layer;
	unsigned int i;

	for (i = 0; i < lutna_model_input_count(model); i++)
		need(!lutna_model_input(model, i, &tensor));
	for (i = 0; i < lutna_model_output_count(model); i++)
		need(!lutna_model_output(model, i, &tensor));
	for (i = 0; i < lutna_model_layer_count(model); i++)
		need(!lutna_model_layer(model, i, &layer));
	for (i = 0; i < lutna_model_class_count(model); i++)
		need(lutna_model_class(model, i));
}

static void test_truncated(void)
{
	Lutna__Model *msg = tiny_model_new();
	struct lutna_model *model;
	unsigned int loaded = 0, reframed = 0;
	size_t bytes, n;
	char *file = tiny_model_pack(msg, &bytes);
	char *part;

	for (n = 0; n < bytes; n++) {
		/* Memory of its own, so that a byte too many is seen */
		part = malloc(n ? n : 1);
		memcpy(part, file, n);
		if (!lutna_model_load_memory(&model, part, n)) {
			lutna_model_free(model);
			loaded++;
		}
		/* And with a CRC that fits: cut off inside the message */
		if (n > LUTNA_CONTAINER_HEADER) {
			lutna_container_encode((uint8_t *)part,
					       part + LUTNA_CONTAINER_HEADER,
					       n - LUTNA_CONTAINER_HEADER);
			if (!lutna_model_load_memory(&model, part, n)) {
				/* Names of classes and metadata are last. */
				walk(model);
				lutna_model_free(model);
				reframed++;
			}
		}
		free(part);
	}
	ok(!loaded, "cut off anywhere, a container is refused");
	ok(reframed < 4, "cut off between fields only the end may be missing");
	free(file);
	tiny_model_free(msg);
}

static void test_flipped(void)
{
	struct lutna_session_options options = LUTNA_SESSION_OPTIONS_INIT;
	Lutna__Model *msg = tiny_model_new();
	unsigned int loaded = 0, reframed = 0;
	struct lutna_session *session;
	struct lutna_device *sim;
	struct lutna_model *model;
	size_t bytes, bit;
	uint8_t *file = tiny_model_pack(msg, &bytes);

	need(!lutna_device_open(&sim, "sim"));
	options.slots = 1;
	for (bit = 0; bit < 8 * bytes; bit++) {
		uint8_t crc[LUTNA_CONTAINER_HEADER];

		file[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (!lutna_model_load_memory(&model, file, bytes)) {
			lutna_model_free(model);
			loaded++;
		}
		if (bit / 8 < LUTNA_CONTAINER_HEADER)
			goto next;
		memcpy(crc, file, sizeof(crc));
		lutna_container_encode(file, file + LUTNA_CONTAINER_HEADER,
				       bytes - LUTNA_CONTAINER_HEADER);
		if (!lutna_model_load_memory(&model, file, bytes)) {
			walk(model);
			/* Whatever was loaded must be safe to make ready. */
			if (!(reframed++ % 16) &&
			    !lutna_session_new(&session, sim, model, &options))
				lutna_session_free(session);
			lutna_model_free(model);
		}
		memcpy(file, crc, sizeof(crc));
next:
		file[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	ok(!loaded, "with any bit flipped a container is refused");
	ok(reframed, "with the CRC made to fit, %u of %zu flips load",
	   reframed, 8 * bytes);
	need(!lutna_model_load_memory(&model, file, bytes));
	lutna_model_free(model);
	lutna_device_close(sim);
	free(file);
	tiny_model_free(msg);
}

static int load_bytes(const void *message, size_t length)
{
	struct lutna_model *model;
	uint8_t *file = malloc(LUTNA_CONTAINER_HEADER + length);
	int err;

	memcpy(file + LUTNA_CONTAINER_HEADER, message, length);
	lutna_container_encode(file, message, length);
	err = lutna_model_load_memory(&model, file,
				      LUTNA_CONTAINER_HEADER + length);
	if (!err)
		lutna_model_free(model);
	free(file);
	return err;
}

static void test_oversized(void)
{
	/* commands (field 9) and constants (field 10) of 2^40 bytes */
	static const uint8_t large[] = { 0x4a, 0x80, 0x80, 0x80, 0x80, 0x80,
					 0x20, 0x00 };
	static const uint8_t larger[] = { 0x52, 0xff, 0xff, 0xff, 0xff, 0xff,
					  0xff, 0xff, 0xff, 0xff, 0x01 };
	static const uint8_t zeros[64];
	size_t count = 1 << 20, i;
	uint8_t *layers = malloc(2 * count);

	ok(load_bytes(large, sizeof(large)) == -EINVAL,
	   "refused: 2^40 bytes of commands in 8");
	ok(load_bytes(larger, sizeof(larger)) == -EINVAL,
	   "refused: 2^64 - 1 bytes of constants in 11");
	ok(load_bytes(zeros, sizeof(zeros)) == -EINVAL, "refused: all zero");
	/* A million layers of two bytes: 80 times that in memory */
	for (i = 0; i < count; i++) {
		layers[2 * i] = 0x42;
		layers[2 * i + 1] = 0;
	}
	ok(load_bytes(layers, 2 * count) == -EINVAL &&
	   strstr(lutna_last_error(), "too many parts"),
	   "refused: more memory than the file is worth");
	free(layers);
}

static void write_file(const char *path, const void *data, size_t bytes)
{
	FILE *f = fopen(path, "w");

	need(f && fwrite(data, 1, bytes, f) == bytes && !fclose(f));
}

static void test_files(void)
{
	char dir[] = "/tmp/lutna-model-XXXXXX";
	Lutna__Model *msg = tiny_model_new();
	struct lutna_model *model = NULL;
	size_t bytes;
	void *file = tiny_model_pack(msg, &bytes);

	need(mkdtemp(dir) && !chdir(dir));
	ok(lutna_model_load(&model, "none.lutna") == -ENOENT &&
	   !strncmp(lutna_last_error(), "none.lutna: ", 12),
	   "no such file, and the error names it");
	ok(lutna_model_load(&model, ".") == -EINVAL &&
	   strstr(lutna_last_error(), "not a regular file"), "a directory");
	need(!mkfifo("fifo", 0600));
	ok(lutna_model_load(&model, "fifo") == -EINVAL,
	   "a FIFO without a writer is not waited for");
	write_file("m", "", 0);
	ok(lutna_model_load(&model, "m") == -EINVAL &&
	   !strcmp(lutna_last_error(), "m: not a LUT-NA container"),
	   "an empty file");
	write_file("m", "\x7f" "ELF", 4);
	ok(lutna_model_load(&model, "m") == -EINVAL &&
	   strstr(lutna_last_error(), "not a LUT-NA container"),
	   "a file of another kind");
	write_file("m", file, LUTNA_CONTAINER_HEADER);
	ok(lutna_model_load(&model, "m") == -EINVAL &&
	   strstr(lutna_last_error(), "cut off"), "only a header");
	need(!truncate("m", (off_t)3 << 30));
	ok(lutna_model_load(&model, "m") == -EFBIG, "a sparse file of 3 GiB");
	ok(!model, "nothing was set");
	write_file("m", file, bytes);
	ok(!lutna_model_load(&model, "m"), "a good file");
	lutna_model_free(model);
	need(!unlink("m") && !unlink("fifo") && !chdir("/") && !rmdir(dir));
	free(file);
	tiny_model_free(msg);
}

int main(void)
{
	test_good();
	test_frame();
	test_damages();
	test_truncated();
	test_flipped();
	test_oversized();
	test_files();
	return tap_done();
}
