// SPDX-License-Identifier: GPL-2.0-only
#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "command.h"
#include "print.h"
#include "progress.h"
#include "reference.h"
#include "run.h"
#include "variant.h"

/* Of the units that the device accounts for by itself */
#define DEVICE_DIGIT_BITS	2

/**
 * struct run - one run
 * @settings: choices
 * @input: what goes in
 * @model: what runs
 * @dev: where
 * @info: of @dev
 * @session: the model on @dev
 * @outputs: what came out
 * @output_bytes: of all images
 * @layers: sums of the device's records
 * @predicted: classes; NULL if the output is not one number a class
 */
struct run {
	const struct run_settings *settings;
	const struct run_input *input;
	const struct lutna_model *model;
	struct lutna_device *dev;
	struct lutna_device_info info;
	struct lutna_session *session;
	void *outputs;
	size_t output_bytes;
	struct lutna_profile *layers;
	uint32_t *predicted;
};

static const struct printer *printer(const struct run *run)
{
	return printer_for(run->settings->json);
}

static int predict(struct run *run)
{
	const struct lutna_tensor_info *out = &run->input->out;
	size_t image;

	if (!answer_classes(out))
		return STATUS_OK;
	run->predicted = calloc(run->input->images.count,
				sizeof(*run->predicted));
	if (!run->predicted)
		return complain("out of memory");
	for (image = 0; image < run->input->images.count; image++)
		run->predicted[image] = answer_best(out, run->outputs, image);
	return STATUS_OK;
}

static void put_caption(const struct run *run, const char *what,
			uint32_t class, char *caption, size_t size)
{
	char number[16];

	snprintf(caption, size, "%s %s", what, answer_name(run->model, class, number));
}

static void set_captions(const struct run *run, size_t image,
			 struct picture *picture)
{
	const uint8_t *labels = run->input->labels.data;
	size_t size = sizeof(picture->captions[0]);

	picture->good = true;
	if (labels)
		put_caption(run, "true:", labels[image], picture->captions[0], size);
	if (!run->predicted)
		return;
	put_caption(run, "said:", run->predicted[image], picture->captions[1], size);
	picture->good = !labels || run->predicted[image] == labels[image];
}

static int show_pictures(const struct run *run)
{
	const struct run_settings *settings = run->settings;
	const struct idx *images = &run->input->images;
	size_t count = settings->show < images->count ? settings->show :
							images->count;
	struct picture_style style = picture_style(settings->color,
						   (unsigned int)settings->columns);
	struct picture *pictures;
	size_t i;

	/* Other shapes are no picture. */
	if (!count || images->rank != 2 || images->dims[0] > 256 ||
	    images->dims[1] > 256)
		return STATUS_OK;
	pictures = calloc(count, sizeof(*pictures));
	if (!pictures)
		return complain("out of memory");
	for (i = 0; i < count; i++) {
		pictures[i].pixels = images->data + i * images->item_bytes;
		pictures[i].height = images->dims[0];
		pictures[i].width = images->dims[1];
		set_captions(run, i, &pictures[i]);
	}
	printer(run)->run_pictures(pictures, count, &style);
	free(pictures);
	return STATUS_OK;
}

static void to_host(struct lutna_profile *p)
{
	int i;

	p->end_ns = le64toh(p->end_ns);
	p->cycles_load = le64toh(p->cycles_load);
	p->cycles_compute = le64toh(p->cycles_compute);
	p->cycles_stall = le64toh(p->cycles_stall);
	p->macs = le64toh(p->macs);
	p->macs_skipped = le64toh(p->macs_skipped);
	p->lookups = le64toh(p->lookups);
	p->table_loads = le64toh(p->table_loads);
	p->bytes_read = le64toh(p->bytes_read);
	p->bytes_written = le64toh(p->bytes_written);
	for (i = 0; i < LUTNA_UNIT_COUNT; i++)
		p->energy[i] = le64toh(p->energy[i]);
	for (i = 0; i < LUTNA_UNIT_COUNT; i++)
		p->area[i] = le32toh(p->area[i]);
}

static void add_up(struct lutna_profile *sum, const struct lutna_profile *p)
{
	int i;

	sum->end_ns += p->end_ns;
	sum->cycles_load += p->cycles_load;
	sum->cycles_compute += p->cycles_compute;
	sum->cycles_stall += p->cycles_stall;
	sum->macs += p->macs;
	sum->macs_skipped += p->macs_skipped;
	sum->lookups += p->lookups;
	sum->table_loads += p->table_loads;
	sum->bytes_read += p->bytes_read;
	sum->bytes_written += p->bytes_written;
	for (i = 0; i < LUTNA_UNIT_COUNT; i++)
		sum->energy[i] += p->energy[i];
}

static int collect(struct run *run, struct run_report *report)
{
	unsigned int layers = lutna_model_layer_count(run->model), i;

	run->layers = calloc(layers, sizeof(*run->layers));
	if (!run->layers)
		return complain("out of memory");
	for (i = 0; i < layers; i++) {
		if (lutna_session_layer_total(run->session, i, &run->layers[i]))
			return complain("%s", lutna_last_error());
		to_host(&run->layers[i]);
		if (run->settings->digits &&
		    variant_digits(&run->layers[i],
				   (unsigned int)run->settings->digits))
			return STATUS_FAILURE;
		add_up(&report->totals, &run->layers[i]);
	}
	if (lutna_session_stats(run->session, &report->stats))
		return complain("%s", lutna_last_error());
	report->computed = report->stats.runs * lutna_model_batch(run->model);
	report->layers = run->layers;
	return STATUS_OK;
}

static void judge(const struct run *run, struct run_report *report)
{
	const struct idx *labels = &run->input->labels;
	size_t i;

	if (!run->predicted || !labels->data)
		return;
	report->labelled = true;
	for (i = 0; i < report->count; i++)
		report->correct += run->predicted[i] == labels->data[i];
}

static int execute(struct run *run, struct run_report *report)
{
	const struct idx *images = &run->input->images;
	struct progress progress;
	uint64_t start;
	int err;

	progress_start(&progress, lutna_model_name(run->model),
		       run->settings->progress);
	start = now_ns();
	err = lutna_session_run(run->session, images->data, images->count,
				run->outputs, progress_step, &progress);
	report->seconds = (double)(now_ns() - start) / 1e9;
	progress_end(&progress);
	return err ? complain("%s", lutna_last_error()) : STATUS_OK;
}

/* Both ways to know the outputs: computed meanwhile, or saved before. */
static int execute_and_compare(struct run *run, struct run_report *report)
{
	const struct run_settings *settings = run->settings;
	struct reference reference = {
		.model_path = settings->model_path,
		.images = run->input->images.data,
		.count = run->input->images.count,
		.bytes = run->output_bytes,
	};
	void *expected = NULL;
	int status, other = STATUS_OK;

	if (settings->expect)
		other = expectation_read(settings->expect, run->output_bytes,
					 &expected);
	else if (settings->verify)
		other = reference_start(&reference);
	if (other)
		return other;
	status = execute(run, report);
	if (settings->verify) {
		other = reference_finish(&reference);
		expected = reference.outputs;
	}
	if (!status)
		status = other;
	if (!status && expected)
		reference_compare(report, &run->input->out, run->outputs,
				  expected, settings->expect ? settings->expect :
				  REFERENCE_NAME);
	free(expected);
	return status;
}

static int finish(struct run *run, struct run_report *report)
{
	int status;

	status = collect(run, report);
	if (!status)
		status = predict(run);
	if (status)
		return status;
	judge(run, report);
	report->predicted = run->predicted;
	report->labels = run->input->labels.data;
	status = show_pictures(run);
	if (status)
		return status;
	if (run->settings->digits && !run->settings->json)
		printf("digits         of %lu bits; energy and area of dnc and lutna are computed by this program,\n"
		       "               from the device's count of multiplications\n",
		       run->settings->digits);
	printer(run)->run_end(report);
	if (report->verdict == VERDICT_DIFFERS)
		status = complain("%zu outputs differ from the reference",
				  report->different);
	if (run->settings->save && !status)
		status = expectation_write(run->settings->save, run->outputs,
					   run->output_bytes);
	return status;
}

static int open_session(struct run *run)
{
	struct lutna_session_options options = LUTNA_SESSION_OPTIONS_INIT;

	if (lutna_device_open(&run->dev, run->settings->device))
		return complain("%s%s", lutna_last_error(),
				run->settings->device ? "" :
				"; '--device sim' runs without one");
	if (lutna_device_info(run->dev, &run->info))
		return complain("%s", lutna_last_error());
	options.slots = (unsigned int)run->settings->slots;
	options.unit = (unsigned int)run->settings->unit;
	options.profile = true;
	if (lutna_session_new(&run->session, run->dev, run->model, &options))
		return complain("%s", lutna_last_error());
	return STATUS_OK;
}

/* Settings name those alone that are not the device's. */
static unsigned int digit_bits(const struct run_settings *settings)
{
	if (settings->unit != LUTNA_UNIT_DNC && settings->unit != LUTNA_UNIT_LUTNA)
		return 0;
	return settings->digits ? (unsigned int)settings->digits : DEVICE_DIGIT_BITS;
}

int run_model(const struct run_settings *settings,
	      const struct lutna_model *model, const struct run_input *input)
{
	struct run run = {
		.settings = settings, .input = input, .model = model,
	};
	struct run_report report = {
		.device = &run.info, .model = model,
		.count = input->images.count,
		.unit = (unsigned int)settings->unit,
		.digit_bits = digit_bits(settings),
		.approx = settings->approx,
		.profile = settings->profile,
	};
	int status;

	status = open_session(&run);
	if (status)
		goto out_close;
	run.output_bytes = input->images.count * input->out.bytes;
	run.outputs = malloc(run.output_bytes);
	if (!run.outputs) {
		status = complain("out of memory");
		goto out_close;
	}
	printer(&run)->run_begin(&run.info, model, input->images.count);
	status = execute_and_compare(&run, &report);
	if (!status)
		status = finish(&run, &report);
	free(run.predicted);
	free(run.layers);
	free(run.outputs);
out_close:
	lutna_session_free(run.session);
	lutna_device_close(run.dev);
	return status;
}
