// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <lutna/lutna.h>

#include "compile.h"
#include "container.h"
#include "dump.h"
#include "emit.h"
#include "fuse.h"
#include "lower.h"
#include "onnx_load.h"
#include "plan.h"
#include "shape.h"

/*
 * What a compilation may take besides the parser: a file of a few bytes can
 * describe tensors, and use them often, that no machine could hold.
 */
#define MEMORY_FIXED	((size_t)1 << 30)
#define MEMORY_FACTOR	16

static uint64_t unshared_bytes(const struct program *program)
{
	uint64_t bytes = 0;
	size_t i;

	for (i = 0; i < program->n_storages; i++) {
		const struct storage *storage = &program->storages[i];

		if (storage->place == PLACE_WORKSPACE && storage->parent < 0 &&
		    storage->first != SIZE_MAX)
			bytes += plan_bytes(program, storage);
	}
	return bytes;
}

static int build_program(struct graph *graph, const void *data, size_t size,
			 const struct compile_options *options,
			 struct program *program)
{
	int err;

	err = onnx_load(graph, data, size);
	if (!err && options->until)
		err = graph_end_at(graph, options->until);
	if (!err)
		err = graph_order(graph);
	if (!err)
		err = shape_batch(graph, options->batch);
	if (!err)
		err = shape_infer(graph);
	if (err)
		return err;
	program->batch = graph->batch;
	err = lower_graph(graph, program, options->precision);
	if (!err)
		err = fuse(program);
	if (!err)
		err = plan_memory(program);
	return err;
}

/*
 * What was written is read back as any user would.  A mistake of the compiler's
 * must not become a file.
 */
static int check_container(struct diag *diag, const void *data, size_t size)
{
	struct lutna_model *model;

	if (lutna_model_load_memory(&model, data, size))
		return diag_file(diag, -EIO,
				 "the compiler made a container that is not valid, please report this: %s",
				 lutna_last_error());
	lutna_model_free(model);
	return 0;
}

void compile_layers_free(struct compile_layers *layers)
{
	size_t i;

	for (i = 0; i < layers->count; i++)
		free(layers->layers[i].name);
	free(layers->layers);
	*layers = (struct compile_layers){ .count = 0 };
}

static int copy_layers(struct diag *diag, const struct image *image,
		       struct compile_layers *out)
{
	struct compile_layers copy = { .count = 0 };
	size_t i;

	copy.layers = calloc(image->n_commands, sizeof(*copy.layers));
	if (!copy.layers)
		return diag_no_memory(diag);
	for (i = 0; i < image->n_commands; i++) {
		const struct layer *layer = &image->layers[i];
		char *name;

		if (!layer->weights)
			continue;
		name = strdup(layer->name);
		if (!name) {
			compile_layers_free(&copy);
			return diag_no_memory(diag);
		}
		copy.layers[copy.count++] = (struct compile_layer){
			.name = name,
			.precision = layer->precision,
			.weights = layer->weights,
			.nonzero = layer->nonzero,
			.multiplied = layer->multiplied,
			.positions = layer->positions,
		};
	}
	*out = copy;
	return 0;
}

static int compile_graph(struct graph *graph, const void *data, size_t size,
			 const struct compile_options *options,
			 uint8_t **out, size_t *out_size,
			 struct compile_report *report)
{
	struct program program = {
		.arena = graph->arena, .diag = graph->diag,
	};
	struct image image = { .n_commands = 0 };
	int err;

	err = build_program(graph, data, size, options, &program);
	if (!err)
		err = emit(&program, options->weights, &image);
	if (!err)
		err = container_pack(graph, &program, &image,
				     options->name ? options->name : graph->name,
				     options->precision != NULL, out, out_size);
	if (err)
		goto out_image;
	err = check_container(graph->diag, *out, *out_size);
	if (!err && options->layers)
		err = copy_layers(graph->diag, &image, options->layers);
	if (err) {
		free(*out);
		goto out_image;
	}
	if (options->dump)
		dump_program(options->dump, &program);
	if (report)
		*report = (struct compile_report){
			.nodes = graph->n_order,
			.commands = image.n_commands,
			.constant_bytes = image.constant_bytes,
			.workspace_bytes = program.workspace_bytes,
			.workspace_unshared = unshared_bytes(&program),
			.file_bytes = *out_size,
		};
out_image:
	image_free(&image);
	return err;
}

int compile_memory(const void *data, size_t size,
		   const struct compile_options *options, struct diag *diag,
		   uint8_t **out, size_t *out_size,
		   struct compile_report *report)
{
	struct arena arena = { .limit = MEMORY_FIXED + MEMORY_FACTOR * size };
	struct graph graph = { .arena = &arena, .diag = diag };
	int err;

	diag->text[0] = '\0';
	err = compile_graph(&graph, data, size, options, out, out_size, report);
	onnx_unload(&graph);
	arena_free(&arena);
	if (err && !diag->text[0])
		diag_file(diag, err, "%s", strerror(-err));
	return err;
}
