// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>

#include "print.h"
#include "uapi/lutna.h"

static double share(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

static void print_device(const struct lutna_device_info *info)
{
	printf("%s: %s at %s, version %u.%u, %u units at %.3f MHz\n",
	       info->name,
	       info->is_simulator ? "simulator in the process" :
				    "LUT-NA device",
	       info->location, info->version >> 16, info->version & 0xffff,
	       info->units, info->clock_khz / 1e3);
}

static void print_features(uint64_t features)
{
	static const struct {
		uint64_t bit;
		const char *name;
	} names[] = {
		{ LUTNA_FEATURE_COMPRESSED, "compressed weights" },
		{ LUTNA_FEATURE_APPROX, "approximate products" },
		{ LUTNA_FEATURE_HUGE_PAGES, "2 MiB pages" },
		{ LUTNA_FEATURE_SEQ_WRITE, "sequence numbers" },
		{ LUTNA_FEATURE_PROFILE, "profile" },
	};
	const char *separator = "";
	size_t i;

	printf("  features          ");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!(features & names[i].bit))
			continue;
		printf("%s%s", separator, names[i].name);
		features &= ~names[i].bit;
		separator = ", ";
	}
	if (features)
		printf("%sothers (0x%" PRIx64 ")", separator, features);
	printf("\n");
}

static void text_devices(const struct device_report *devices, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		const struct lutna_device_info *info = &devices[i].info;

		if (devices[i].problem[0]) {
			printf("%s: cannot be used: %s\n", devices[i].name,
			       devices[i].problem);
			continue;
		}
		print_device(info);
		printf("  command lists     version %u, at most %u commands\n",
		       info->isa_version, info->max_commands);
		printf("  queues            %u of %u jobs\n", info->max_queues,
		       info->max_depth);
		printf("  tensors           at most %" PRIu64 " bytes\n",
		       info->max_tensor_bytes);
		printf("  device addresses  0x%" PRIx64 " to 0x%" PRIx64 "\n",
		       info->va_start, info->va_end);
		print_features(info->features);
	}
}

static void print_tensor(const char *what, const struct lutna_tensor_info *info)
{
	unsigned int i;

	printf("  %-6s %s [", what, info->name);
	for (i = 0; i < info->rank; i++)
		printf("%s%u", i ? "x" : "", info->dims[i]);
	printf("] %s, scale %g, zero point %d\n",
	       info->type == LUTNA_ELEMENT_S32 ? "int32" : "uint8",
	       (double)info->scale, info->zero_point);
}

static void print_model(const struct lutna_model *model)
{
	struct model_totals totals = model_totals(model);
	struct lutna_tensor_info tensor;
	unsigned int i;

	printf("%s: %u commands, batch of %u\n", lutna_model_name(model),
	       lutna_model_layer_count(model), lutna_model_batch(model));
	for (i = 0; i < lutna_model_input_count(model); i++)
		if (!lutna_model_input(model, i, &tensor))
			print_tensor("input", &tensor);
	for (i = 0; i < lutna_model_output_count(model); i++)
		if (!lutna_model_output(model, i, &tensor))
			print_tensor("output", &tensor);
	printf("  weights %" PRIu64 " of %" PRIu64 " are not zero (%.1f %%)\n",
	       totals.nonzero, totals.weights,
	       100 * share((double)totals.nonzero, (double)totals.weights));
}

static void text_compiled(const struct compile_output *output)
{
	const struct compile_report *report = &output->report;
	struct lutna_layer_info layer;
	unsigned int i;

	print_model(output->model);
	printf("\n  %-24s %-18s %14s %10s %10s\n", "layer", "operator",
	       "MACs an image", "weights", "not zero");
	for (i = 0; i < lutna_model_layer_count(output->model); i++) {
		if (lutna_model_layer(output->model, i, &layer))
			continue;
		printf("  %-24s %-18s %14" PRIu64 " %10" PRIu64 " %10" PRIu64 "\n",
		       layer.name, layer.op,
		       layer.macs / lutna_model_batch(output->model),
		       layer.weights, layer.nonzero);
	}
	printf("\n%s: %zu bytes, of which %" PRIu64
	       " constants; needs %" PRIu64 " bytes to work in (%" PRIu64
	       " if nothing were shared)\n", output->target, report->file_bytes,
	       report->constant_bytes, report->workspace_bytes,
	       report->workspace_unshared);
}

static void text_run_begin(const struct lutna_device_info *device,
			   const struct lutna_model *model, size_t count)
{
	print_device(device);
	print_model(model);
	fflush(stdout);
}

static void text_run_pictures(const struct picture *pictures, size_t count,
			      const struct picture_style *style)
{
	putchar('\n');
	picture_draw(pictures, count, style);
	putchar('\n');
}

static void print_energy(const struct run_report *report)
{
	const struct lutna_profile *totals = &report->totals;
	double images = (double)report->computed;
	double own = (double)totals->energy[LUTNA_UNIT_LUTNA];
	int i;

	printf("energy        ");
	for (i = 0; i < LUTNA_UNIT_COUNT; i++)
		printf(" %10s", unit_names[i]);
	printf("\n  an image    ");
	for (i = 0; i < LUTNA_UNIT_COUNT; i++)
		printf(" %10.4g", (double)totals->energy[i] / images);
	printf("  toggle units\n  of lutna's  ");
	for (i = 0; i < LUTNA_UNIT_COUNT; i++)
		printf(" %10.2f", share((double)totals->energy[i], own));
	printf("  times\n");
}

static void print_layers(const struct run_report *report)
{
	double images = (double)report->computed;
	struct lutna_layer_info info;
	unsigned int i;

	printf("\n  an image:\n  %-20s %-14s %12s %12s %10s %10s %10s %11s %9s\n",
	       "layer", "operator", "MACs", "skipped", "load", "compute",
	       "stall", "energy", "us");
	for (i = 0; i < lutna_model_layer_count(report->model); i++) {
		const struct lutna_profile *p = &report->layers[i];

		if (lutna_model_layer(report->model, i, &info))
			continue;
		printf("  %-20s %-14s %12.0f %12.0f %10.0f %10.0f %10.0f %11.4g %9.2f\n",
		       info.name, info.op, (double)p->macs / images,
		       (double)p->macs_skipped / images,
		       (double)p->cycles_load / images,
		       (double)p->cycles_compute / images,
		       (double)p->cycles_stall / images,
		       (double)p->energy[report->unit] / images,
		       (double)p->end_ns / images / 1e3);
	}
}

/* What @report says of a layer's arithmetic on a unit */
typedef double layer_figure(const struct run_report *report,
			    const struct lutna_profile *layer, int unit);

static double layer_energy(const struct run_report *report,
			   const struct lutna_profile *layer, int unit)
{
	return (double)layer->energy[unit] / (double)report->computed;
}

static double layer_area(const struct run_report *report,
			 const struct lutna_profile *layer, int unit)
{
	return layer->area[unit];
}

/* Layers without arithmetic have none of either, and are left out. */
static void print_units(const struct run_report *report, const char *title,
			layer_figure *figure)
{
	struct lutna_layer_info info;
	unsigned int i;
	int u;

	printf("\n  %s:\n  %-20s %4s", title, "layer", "bits");
	for (u = 0; u < LUTNA_UNIT_COUNT; u++)
		printf(" %10s", unit_names[u]);
	putchar('\n');
	for (i = 0; i < lutna_model_layer_count(report->model); i++) {
		const struct lutna_profile *p = &report->layers[i];

		if (!p->act_bits || lutna_model_layer(report->model, i, &info))
			continue;
		printf("  %-20s %2ux%u", info.name, p->act_bits, p->weight_bits);
		for (u = 0; u < LUTNA_UNIT_COUNT; u++)
			printf(" %10.5g", figure(report, p, u));
		putchar('\n');
	}
}

static void print_verdict(const struct run_report *report)
{
	if (report->verdict == VERDICT_EQUAL)
		printf("verified       every output byte equals that of %s\n",
		       report->reference);
	if (report->verdict == VERDICT_DIFFERS)
		printf("NOT verified   %zu outputs differ from %s; the first is output %zu of image %zu: %"
		       PRId64 " instead of %" PRId64 "\n",
		       report->different, report->reference,
		       report->first_output, report->first_image, report->got,
		       report->wanted);
}

static void text_run_end(const struct run_report *report)
{
	const struct lutna_profile *totals = &report->totals;
	double images = (double)report->computed;
	double cycles = (double)report->stats.cycles / images;

	if (report->labelled)
		printf("accuracy       %.2f %% (%zu of %zu)\n",
		       100 * share((double)report->correct, (double)report->count),
		       report->correct, report->count);
	printf("speed          %.1f images/s (%zu in %.2f s)\n",
	       share((double)report->count, report->seconds), report->count,
	       report->seconds);
	printf("modelled       %.0f cycles an image, %.3f ms at %.3f MHz\n",
	       cycles, share(cycles, report->device->clock_khz),
	       report->device->clock_khz / 1e3);
	printf("MACs           %.0f an image, %.0f more not done for their weight is zero\n",
	       (double)totals->macs / images,
	       (double)totals->macs_skipped / images);
	print_energy(report);
	if (report->profile) {
		print_layers(report);
		print_units(report, "energy an image, in toggle units", layer_energy);
		print_units(report, "area of one unit, in transistors", layer_area);
	}
	print_verdict(report);
}

static void print_latency(const struct latency *latency)
{
	printf("  %-28s median %9.2f us   99th percentile %9.2f us   (%zu)\n",
	       latency->name, latency->median / 1e3, latency->p99 / 1e3,
	       latency->samples);
}

static void text_ratio(const char *name, const struct latency *ours,
		       const struct latency *theirs)
{
	printf("  %-28s median %9.2f      99th percentile %9.2f\n", name,
	       share(ours->median, theirs->median), share(ours->p99, theirs->p99));
}

static void text_rate(const char *name, double rate, double nvme)
{
	printf("  %-28s %.0f /s", name, rate);
	if (nvme > 0)
		printf(", %.1f times NVMe's %.0f", rate / nvme, nvme);
	putchar('\n');
}

static void text_rates(const struct bench_report *report)
{
	char name[64];

	snprintf(name, sizeof(name), "%u in flight", report->inflight);
	text_rate(name, report->jobs_per_second, report->nvme_per_second);
	snprintf(name, sizeof(name), "%u in flight, own queue", report->inflight);
	if (report->owned_per_second > 0)
		text_rate(name, report->owned_per_second, report->nvme_per_second);
}

static void text_bench(const struct bench_report *report)
{
	print_device(report->device);
	print_latency(&report->empty);
	if (report->owned.samples)
		print_latency(&report->owned);
	if (report->nvme.samples)
		print_latency(&report->nvme);
	print_latency(&report->syscall);
	if (report->nvme.samples)
		text_ratio("empty job / NVMe command", &report->empty, &report->nvme);
	if (report->nvme.samples && report->owned.samples)
		text_ratio("own queue / NVMe command", &report->owned, &report->nvme);
	if (report->inflight)
		text_rates(report);
	print_latency(&report->touched);
	print_latency(&report->mapped);
	print_latency(&report->mapped_touched);
	printf("  buffer / mmap, 64 MiB        median %9.2f      touched %9.2f\n",
	       share(report->mapped.median, report->touched.median),
	       share(report->mapped_touched.median, report->touched.median));
}

const struct printer print_text = {
	.devices = text_devices,
	.compiled = text_compiled,
	.run_begin = text_run_begin,
	.run_pictures = text_run_pictures,
	.run_end = text_run_end,
	.bench = text_bench,
};
