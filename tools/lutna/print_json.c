// SPDX-License-Identifier: GPL-2.0-only
/*
 * One JSON value a command, on one line for each level.  Times are in
 * nanoseconds unless their name says else; sizes in bytes.
 */
#include <json-c/json.h>
#include <stdio.h>

#include "print.h"

typedef struct json_object json;

static void add_text(json *to, const char *key, const char *value)
{
	json_object_object_add(to, key, json_object_new_string(value));
}

static void add_number(json *to, const char *key, uint64_t value)
{
	json_object_object_add(to, key, json_object_new_uint64(value));
}

static void add_signed(json *to, const char *key, int64_t value)
{
	json_object_object_add(to, key, json_object_new_int64(value));
}

static void add_real(json *to, const char *key, double value)
{
	json_object_object_add(to, key, json_object_new_double(value));
}

static void add_bool(json *to, const char *key, bool value)
{
	json_object_object_add(to, key, json_object_new_boolean(value));
}

static json *add_object(json *to, const char *key)
{
	json *object = json_object_new_object();

	json_object_object_add(to, key, object);
	return object;
}

static json *add_array(json *to, const char *key)
{
	json *array = json_object_new_array();

	json_object_object_add(to, key, array);
	return array;
}

static void print_and_free(json *value)
{
	puts(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PRETTY));
	json_object_put(value);
}

static void add_device(json *to, const struct lutna_device_info *info)
{
	add_text(to, "name", info->name);
	add_text(to, "location", info->location);
	add_bool(to, "simulator", info->is_simulator);
	add_number(to, "version_major", info->version >> 16);
	add_number(to, "version_minor", info->version & 0xffff);
	add_number(to, "isa_version", info->isa_version);
	add_number(to, "features", info->features);
	add_number(to, "driver_features", info->driver_features);
	add_number(to, "units", info->units);
	add_number(to, "clock_khz", info->clock_khz);
	add_number(to, "max_commands", info->max_commands);
	add_number(to, "max_tensor_bytes", info->max_tensor_bytes);
	add_number(to, "max_queues", info->max_queues);
	add_number(to, "max_depth", info->max_depth);
	add_number(to, "va_start", info->va_start);
	add_number(to, "va_end", info->va_end);
}

static void json_devices(const struct device_report *devices, size_t count)
{
	json *root = json_object_new_object();
	json *list = add_array(root, "devices");
	size_t i;

	for (i = 0; i < count; i++) {
		json *device = json_object_new_object();

		if (devices[i].problem[0]) {
			add_text(device, "name", devices[i].name);
			add_text(device, "problem", devices[i].problem);
		} else {
			add_device(device, &devices[i].info);
		}
		json_object_array_add(list, device);
	}
	print_and_free(root);
}

static void add_tensor(json *list, const struct lutna_tensor_info *info)
{
	json *tensor = json_object_new_object();
	json *dims;
	unsigned int i;

	add_text(tensor, "name", info->name);
	add_text(tensor, "type",
		 info->type == LUTNA_ELEMENT_S32 ? "int32" : "uint8");
	dims = add_array(tensor, "dims");
	for (i = 0; i < info->rank; i++)
		json_object_array_add(dims, json_object_new_uint64(info->dims[i]));
	add_real(tensor, "scale", (double)info->scale);
	add_signed(tensor, "zero_point", info->zero_point);
	json_object_array_add(list, tensor);
}

static void add_model(json *to, const struct lutna_model *model)
{
	struct model_totals totals = model_totals(model);
	struct lutna_tensor_info tensor;
	json *list;
	unsigned int i;

	add_text(to, "name", lutna_model_name(model));
	add_number(to, "batch", lutna_model_batch(model));
	list = add_array(to, "inputs");
	for (i = 0; i < lutna_model_input_count(model); i++)
		if (!lutna_model_input(model, i, &tensor))
			add_tensor(list, &tensor);
	list = add_array(to, "outputs");
	for (i = 0; i < lutna_model_output_count(model); i++)
		if (!lutna_model_output(model, i, &tensor))
			add_tensor(list, &tensor);
	add_number(to, "macs_per_image", totals.macs / lutna_model_batch(model));
	add_number(to, "weights", totals.weights);
	add_number(to, "weights_not_zero", totals.nonzero);
}

static void json_compiled(const struct compile_output *output)
{
	const struct compile_report *report = &output->report;
	json *root = json_object_new_object(), *layers;
	struct lutna_layer_info info;
	unsigned int i;

	add_text(root, "source", output->source);
	add_text(root, "target", output->target);
	add_model(add_object(root, "model"), output->model);
	layers = add_array(root, "layers");
	for (i = 0; i < lutna_model_layer_count(output->model); i++) {
		json *layer;

		if (lutna_model_layer(output->model, i, &info))
			continue;
		layer = json_object_new_object();
		add_text(layer, "name", info.name);
		add_text(layer, "operator", info.op);
		add_number(layer, "macs_per_image",
			   info.macs / lutna_model_batch(output->model));
		add_number(layer, "weights", info.weights);
		add_number(layer, "weights_not_zero", info.nonzero);
		json_object_array_add(layers, layer);
	}
	add_number(root, "nodes", report->nodes);
	add_number(root, "commands", report->commands);
	add_number(root, "file_bytes", report->file_bytes);
	add_number(root, "constant_bytes", report->constant_bytes);
	add_number(root, "workspace_bytes", report->workspace_bytes);
	add_number(root, "workspace_unshared_bytes", report->workspace_unshared);
	print_and_free(root);
}

/* The whole report is one value, which is printed at the end. */
static void json_run_begin(const struct lutna_device_info *device,
			   const struct lutna_model *model, size_t count)
{
}

static void json_run_pictures(const struct picture *pictures, size_t count,
			      const struct picture_style *style)
{
}

static void add_profile(json *to, const struct lutna_profile *profile,
			double images)
{
	json *energy;
	int i;

	add_real(to, "macs", (double)profile->macs / images);
	add_real(to, "macs_skipped", (double)profile->macs_skipped / images);
	add_real(to, "lookups", (double)profile->lookups / images);
	add_real(to, "table_loads", (double)profile->table_loads / images);
	add_real(to, "cycles_load", (double)profile->cycles_load / images);
	add_real(to, "cycles_compute", (double)profile->cycles_compute / images);
	add_real(to, "cycles_stall", (double)profile->cycles_stall / images);
	add_real(to, "bytes_read", (double)profile->bytes_read / images);
	add_real(to, "bytes_written", (double)profile->bytes_written / images);
	energy = add_object(to, "energy");
	for (i = 0; i < LUTNA_UNIT_COUNT; i++)
		add_real(energy, unit_names[i],
			 (double)profile->energy[i] / images);
}

static void add_precision(json *to, const struct lutna_profile *profile)
{
	json *area;
	int i;

	if (!profile->act_bits)
		return;
	add_number(to, "act_bits", profile->act_bits);
	add_number(to, "weight_bits", profile->weight_bits);
	area = add_object(to, "area");
	for (i = 0; i < LUTNA_UNIT_COUNT; i++)
		add_number(area, unit_names[i], profile->area[i]);
}

static void add_layers(json *to, const struct run_report *report)
{
	json *layers = add_array(to, "layers_per_image");
	struct lutna_layer_info info;
	unsigned int i;

	for (i = 0; i < lutna_model_layer_count(report->model); i++) {
		json *layer;

		if (lutna_model_layer(report->model, i, &info))
			continue;
		layer = json_object_new_object();
		add_text(layer, "name", info.name);
		add_text(layer, "operator", info.op);
		add_real(layer, "device_ns", (double)report->layers[i].end_ns /
			 (double)report->computed);
		add_precision(layer, &report->layers[i]);
		add_profile(layer, &report->layers[i], (double)report->computed);
		json_object_array_add(layers, layer);
	}
}

static void add_verdict(json *to, const struct run_report *report)
{
	json *verdict = add_object(to, "verification");

	add_text(verdict, "reference", report->reference);
	add_bool(verdict, "equal", report->verdict == VERDICT_EQUAL);
	add_number(verdict, "different_outputs", report->different);
	if (report->verdict == VERDICT_EQUAL)
		return;
	add_number(verdict, "first_image", report->first_image);
	add_number(verdict, "first_output", report->first_output);
	add_signed(verdict, "got", report->got);
	add_signed(verdict, "wanted", report->wanted);
}

static void json_run_end(const struct run_report *report)
{
	json *root = json_object_new_object();
	double images = (double)report->computed;
	double cycles = (double)report->stats.cycles / images;

	add_device(add_object(root, "device"), report->device);
	add_model(add_object(root, "model"), report->model);
	add_number(root, "images", report->count);
	add_real(root, "seconds", report->seconds);
	add_real(root, "images_per_second",
		 report->seconds > 0 ? (double)report->count / report->seconds : 0);
	if (report->labelled) {
		add_number(root, "correct", report->correct);
		add_real(root, "accuracy",
			 (double)report->correct / (double)report->count);
	}
	add_text(root, "unit", unit_names[report->unit]);
	if (report->digit_bits)
		add_number(root, "digits", report->digit_bits);
	add_text(root, "approx", report->approx ? report->approx : "as compiled");
	add_real(root, "cycles_per_image", cycles);
	if (report->device->clock_khz)
		add_real(root, "modelled_ns_per_image",
			 cycles * 1e6 / report->device->clock_khz);
	add_profile(add_object(root, "per_image"), &report->totals, images);
	if (report->profile)
		add_layers(root, report);
	if (report->verdict != VERDICT_NONE)
		add_verdict(root, report);
	print_and_free(root);
}

static void add_latency(json *to, const char *key,
			const struct latency *latency)
{
	json *object = add_object(to, key);

	add_text(object, "name", latency->name);
	add_number(object, "samples", latency->samples);
	add_real(object, "median_ns", latency->median);
	add_real(object, "p99_ns", latency->p99);
	add_real(object, "min_ns", latency->least);
}

static void json_bench(const struct bench_report *report)
{
	json *root = json_object_new_object();

	add_device(add_object(root, "device"), report->device);
	add_latency(root, "empty_job", &report->empty);
	if (report->owned.samples)
		add_latency(root, "owned_job", &report->owned);
	add_latency(root, "getppid", &report->syscall);
	if (report->nvme.samples) {
		add_latency(root, "nvme", &report->nvme);
		add_text(root, "nvme_device", report->nvme_device);
		add_real(root, "ratio_to_nvme",
			 report->empty.median / report->nvme.median);
	}
	if (report->inflight) {
		add_number(root, "inflight", report->inflight);
		add_real(root, "jobs_per_second", report->jobs_per_second);
		add_real(root, "owned_per_second", report->owned_per_second);
		add_real(root, "nvme_per_second", report->nvme_per_second);
	}
	add_latency(root, "memory_touched", &report->touched);
	add_latency(root, "memory_mapped", &report->mapped);
	add_latency(root, "memory_mapped_touched", &report->mapped_touched);
	add_real(root, "ratio_to_mmap", report->mapped.median / report->touched.median);
	print_and_free(root);
}

const struct printer print_json = {
	.devices = json_devices,
	.compiled = json_compiled,
	.run_begin = json_run_begin,
	.run_pictures = json_run_pictures,
	.run_end = json_run_end,
	.bench = json_bench,
};
