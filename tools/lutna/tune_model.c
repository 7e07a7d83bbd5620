// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "qemu-device/core/cost.h"
#include "tune.h"

uint64_t tune_hash(uint64_t hash, const void *data, size_t bytes)
{
	const uint8_t *at = data;

	/* FNV-1a: to notice another file, not to withstand an attack */
	if (!hash)
		hash = 0xcbf29ce484222325;
	while (bytes--)
		hash = (hash ^ *at++) * 0x100000001b3;
	return hash;
}

struct precision tune_approx(unsigned int index)
{
	static const struct precision all[TUNE_APPROX] = {
		{ .approx = LUTNA_APPROX_EXACT },
		{ .approx = LUTNA_APPROX_W, .approx_digits = 1, .fold_bias = true },
		{ .approx = LUTNA_APPROX_DROP, .approx_digits = 1, .fold_bias = true },
	};

	return all[index];
}

struct tune_choice *tune_config_new(const struct tune_model *model)
{
	struct tune_choice *layers = calloc(model->count, sizeof(*layers));
	size_t i;

	for (i = 0; layers && i < model->count; i++)
		layers[i] = (struct tune_choice){
			.act = TUNE_ACT, .weight = TUNE_WEIGHT,
		};
	return layers;
}

int tune_config_copy(const struct tune_model *model, struct tune_config *to,
		     const struct tune_config *from)
{
	struct tune_choice *layers = tune_config_new(model);

	if (!layers)
		return -ENOMEM;
	memcpy(layers, from->layers, model->count * sizeof(*layers));
	to->layers = layers;
	return 0;
}

void tune_config_free(struct tune_config *config)
{
	free(config->layers);
	config->layers = NULL;
}

char *tune_key(const struct tune_model *model, const struct tune_config *config)
{
	char *key = malloc(3 * model->count + 1), *at = key;
	size_t i;

	if (!key)
		return NULL;
	for (i = 0; i < model->count; i++) {
		*at++ = (char)('0' + config->layers[i].act);
		*at++ = (char)('0' + config->layers[i].weight);
		*at++ = (char)('0' + config->layers[i].approx);
	}
	*at = '\0';
	return key;
}

int tune_precision(const struct tune_model *model,
		   const struct tune_config *config,
		   struct precision_table *out)
{
	struct precision_table table = { .count = 0 };
	size_t i;

	for (i = 0; i < model->count; i++) {
		const struct tune_choice *choice = &config->layers[i];
		struct precision precision = tune_approx(choice->approx);

		precision.act_bits = choice->act;
		precision.weight_bits = choice->weight;
		if (precision_add(&table, model->layers[i].name, &precision)) {
			precision_free(&table);
			return -ENOMEM;
		}
	}
	precision_sort(&table);
	*out = table;
	return 0;
}

/* Layers as the compiler makes them of a choice; NULL: as the model says */
static int compile_layers(const struct tune_model *model,
			  const struct tune_config *config,
			  struct compile_layers *out)
{
	struct precision_table table = { .count = 0 };
	struct compile_options options = { .layers = out };
	struct diag diag = { .file = model->path };
	size_t size;
	uint8_t *container;
	int err;

	if (config) {
		err = tune_precision(model, config, &table);
		if (err)
			return complain("out of memory");
		options.precision = &table;
	}
	err = compile_memory(model->onnx, model->bytes, &options, &diag,
			     &container, &size, NULL);
	precision_free(&table);
	if (err)
		return complain("%s", diag.text);
	free(container);
	return STATUS_OK;
}

static long find_layer(const struct tune_model *model, const char *name)
{
	size_t i;

	/* Layers are few beside the work that each of them means. */
	for (i = 0; i < model->count; i++)
		if (!strcmp(model->layers[i].name, name))
			return (long)i;
	return -1;
}

static int list_layers(struct tune_model *model)
{
	struct compile_layers all;
	size_t i;
	int status;

	status = compile_layers(model, NULL, &all);
	if (status)
		return status;
	if (!all.count)
		status = complain("%s: no layer has arithmetic", model->path);
	model->layers = calloc(all.count + 1, sizeof(*model->layers));
	for (i = 0; !status && i < all.count; i++) {
		struct tune_layer *layer = &model->layers[model->count];

		if (!model->layers)
			status = complain("out of memory");
		if (status || find_layer(model, all.layers[i].name) >= 0)
			continue;
		layer->name = strdup(all.layers[i].name);
		if (!layer->name)
			status = complain("out of memory");
		else
			model->count++;
	}
	for (i = 0; !status && i < model->count; i++) {
		model->layers[i].shares = calloc(model->count, sizeof(bool));
		if (!model->layers[i].shares)
			status = complain("out of memory");
	}
	compile_layers_free(&all);
	return status;
}

/*
 * Piece 0 to 7: weights of 2 to 9 bits, which differ in what becomes zero.
 * Piece 8 + i: only layer i wants 8 bits; who gets them too reads what it reads.
 */
#define WEIGHT_PIECES	8

static int measure_weights(struct tune_model *model, unsigned int bits,
			   const struct compile_layers *all)
{
	size_t i;

	for (i = 0; i < all->count; i++) {
		const struct compile_layer *from = &all->layers[i];
		struct tune_layer *layer =
			&model->layers[find_layer(model, from->name)];

		layer->nonzero[bits] += from->nonzero;
		layer->macs[bits] += from->multiplied * from->positions;
		if (bits == TUNE_WEIGHT)
			layer->weights += from->weights;
	}
	return 0;
}

static int measure(void *opaque, size_t piece)
{
	struct tune_model *model = opaque;
	struct tune_config config = { .layers = tune_config_new(model) };
	struct compile_layers all;
	size_t i;
	int status;

	if (!config.layers)
		return complain("out of memory");
	for (i = 0; i < model->count; i++) {
		if (piece < WEIGHT_PIECES)
			config.layers[i].weight = (uint8_t)(piece + 2);
		else
			config.layers[i].act = i == piece - WEIGHT_PIECES ?
					       TUNE_ACT : PRECISION_ACT_MIN;
	}
	status = compile_layers(model, &config, &all);
	tune_config_free(&config);
	if (status)
		return status;
	if (piece < WEIGHT_PIECES)
		measure_weights(model, (unsigned int)piece + 2, &all);
	for (i = 0; piece >= WEIGHT_PIECES && i < all.count; i++)
		if (all.layers[i].precision.act_bits == TUNE_ACT)
			model->layers[find_layer(model, all.layers[i].name)]
				.shares[piece - WEIGHT_PIECES] = true;
	compile_layers_free(&all);
	return 0;
}

/* Layers that share both ways can only change together. */
static void find_groups(struct tune_model *model)
{
	size_t i, k;

	for (i = 0; i < model->count; i++) {
		for (k = 0; k < i; k++)
			if (model->layers[i].shares[k] && model->layers[k].shares[i])
				break;
		model->layers[i].group = k < i ? model->layers[k].group :
						 model->groups++;
	}
}

static int read_onnx(struct tune_model *model)
{
	struct diag diag;

	if (compile_read(model->path, &diag, &model->onnx, &model->bytes))
		return complain("%s", diag.text);
	model->hash = tune_hash(0, model->onnx, model->bytes);
	return STATUS_OK;
}

int tune_model_read(struct tune_model *model, const char *path,
		    unsigned int threads)
{
	int status;

	model->path = path;
	status = read_onnx(model);
	if (!status)
		status = list_layers(model);
	if (!status)
		status = tune_parallel(threads, WEIGHT_PIECES + model->count,
				       measure, model);
	if (!status)
		find_groups(model);
	return status;
}

void tune_model_free(struct tune_model *model)
{
	size_t i;

	for (i = 0; i < model->count; i++) {
		free(model->layers[i].name);
		free(model->layers[i].shares);
	}
	free(model->layers);
	free(model->onnx);
}

unsigned int tune_act_bits(const struct tune_model *model,
			   const struct tune_config *config, size_t layer)
{
	unsigned int bits = config->layers[layer].act;
	size_t i;

	for (i = 0; i < model->count; i++)
		if (model->layers[layer].shares[i] &&
		    config->layers[i].act > bits)
			bits = config->layers[i].act;
	return bits;
}

static int unit_cost(const struct tune_model *model, size_t layer,
		     const struct lutna_unit_spec *spec, struct tune_cost *out)
{
	const struct tune_layer *l = &model->layers[layer];
	struct lutna_unit_cost cost;
	int err;

	err = lutna_unit_cost(spec, &cost);
	if (err)
		return err;
	out->energy = (double)lutna_unit_energy(&cost, LUTNA_STIMULUS_RELU,
						l->macs[spec->weight_bits]);
	out->area = (double)cost.transistors * (double)l->nonzero[spec->weight_bits];
	return 0;
}

int tune_layer_cost(const struct tune_model *model,
		    const struct tune_config *config, size_t layer,
		    struct tune_cost *out)
{
	const struct tune_choice *choice = &config->layers[layer];
	const struct precision approx = tune_approx(choice->approx);
	const struct lutna_unit_spec spec = {
		.unit = LUTNA_UNIT_LUTNA,
		.act_bits = (uint8_t)tune_act_bits(model, config, layer),
		.weight_bits = choice->weight,
		.approx = approx.approx,
		.approx_digits = approx.approx_digits,
		.is_signed = true,
	};

	return unit_cost(model, layer, &spec, out);
}

static void add_cost(struct tune_cost *sum, const struct tune_cost *cost)
{
	sum->energy += cost->energy;
	sum->area += cost->area;
}

int tune_cost(const struct tune_model *model, const struct tune_config *config,
	      struct tune_cost *out)
{
	struct tune_cost sum = { .energy = 0 }, cost;
	size_t i;
	int err;

	for (i = 0; i < model->count; i++) {
		err = tune_layer_cost(model, config, i, &cost);
		if (err)
			return err;
		add_cost(&sum, &cost);
	}
	*out = sum;
	return 0;
}

int tune_baseline(const struct tune_model *model, unsigned int unit,
		  struct tune_cost *out)
{
	const struct lutna_unit_spec spec = {
		.unit = (uint8_t)unit,
		.act_bits = TUNE_ACT, .weight_bits = TUNE_WEIGHT,
		.is_signed = true,
	};
	struct tune_cost sum = { .energy = 0 }, cost;
	size_t i;
	int err;

	for (i = 0; i < model->count; i++) {
		err = unit_cost(model, i, &spec, &cost);
		if (err)
			return err;
		add_cost(&sum, &cost);
	}
	*out = sum;
	return 0;
}
