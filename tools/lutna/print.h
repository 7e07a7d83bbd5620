/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What sub-commands have to say, apart from how it looks.  Each output format
 * is one table of functions in a file of its own.
 */
#ifndef LUTNA_TOOL_PRINT_H
#define LUTNA_TOOL_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lutna/lutna.h>

#include "compile/compile.h"
#include "picture.h"
#include "uapi/lutna_isa.h"

/**
 * struct device_report - one device of lutna info
 * @name: as the user names it
 * @info: valid if @problem is empty
 * @problem: why it could not be asked
 */
struct device_report {
	char name[64];
	struct lutna_device_info info;
	char problem[256];
};

/**
 * struct compile_output - lutna compile
 * @source: file
 * @target: file
 * @model: what was made
 * @report: how it went
 */
struct compile_output {
	const char *source;
	const char *target;
	const struct lutna_model *model;
	struct compile_report report;
};

enum verdict {
	VERDICT_NONE,	/* nobody asked */
	VERDICT_EQUAL,
	VERDICT_DIFFERS,
};

/**
 * struct run_report - lutna run
 * @device: where
 * @model: what
 * @count: images
 * @seconds: of the host, from the first submission to the last result
 * @labelled: @correct is valid
 * @correct: images whose greatest output is their label's
 * @predicted: class of each image; NULL if the model does not classify
 * @labels: true classes; NULL without
 * @stats: of the session
 * @computed: images that the device worked on, those that fill up the last
 *	batch included: what @stats and @layers are to be divided by
 * @layers: sums of the device's records, one a layer
 * @totals: sum of @layers
 * @unit: enum lutna_unit that the jobs were accounted for
 * @digit_bits: of a digit of that unit; 0: it has none
 * @approx: of all layers, in place of what was compiled; NULL: as compiled
 * @profile: @layers are to be shown
 * @verdict: outputs against the reference
 * @reference: what the reference was
 * @different: outputs that differ
 * @first_image: where the first of them is
 * @first_output: which of the image's outputs
 * @got: what it is
 * @wanted: what it should be
 */
struct run_report {
	const struct lutna_device_info *device;
	const struct lutna_model *model;
	size_t count;
	double seconds;
	bool labelled;
	size_t correct;
	const uint32_t *predicted;
	const uint8_t *labels;
	struct lutna_session_stats stats;
	uint64_t computed;
	const struct lutna_profile *layers;
	struct lutna_profile totals;
	unsigned int unit;
	unsigned int digit_bits;
	const char *approx;
	bool profile;
	enum verdict verdict;
	const char *reference;
	size_t different;
	size_t first_image;
	size_t first_output;
	int64_t got;
	int64_t wanted;
};

/* Nanoseconds of something done many times */
struct latency {
	const char *name;
	size_t samples;
	double median;
	double p99;
	double least;
};

/**
 * struct bench_report - lutna bench
 * @device: where
 * @empty: an empty job, submitted and waited for
 * @owned: the same by a queue that the process owns; no samples if there is
 *	no such thing
 * @nvme: an NVMe admin command; no samples if there is no such device
 * @nvme_device: its name, or NULL
 * @syscall: getppid
 * @inflight: jobs kept in the queue at once
 * @jobs_per_second: with so many
 * @owned_per_second: the same by a queue that the process owns, 0 without
 * @nvme_per_second: NVMe commands, one at a time, 0 without
 * @touched: 64 MiB of memory of the process: mmap(), touched, munmap()
 * @mapped: a buffer of 64 MiB, mapped for process and device, and freed
 * @mapped_touched: the same, touched by the process as well
 */
struct bench_report {
	const struct lutna_device_info *device;
	struct latency empty;
	struct latency owned;
	struct latency nvme;
	const char *nvme_device;
	struct latency syscall;
	unsigned int inflight;
	double jobs_per_second;
	double owned_per_second;
	double nvme_per_second;
	struct latency touched;
	struct latency mapped;
	struct latency mapped_touched;
};

/**
 * struct printer - an output format
 * @devices: lutna info
 * @compiled: lutna compile
 * @run_begin: lutna run, before it starts
 * @run_pictures: some of the images; @captions one each
 * @run_end: the result
 * @bench: lutna bench
 */
struct printer {
	void (*devices)(const struct device_report *devices, size_t count);
	void (*compiled)(const struct compile_output *output);
	void (*run_begin)(const struct lutna_device_info *device,
			  const struct lutna_model *model, size_t count);
	void (*run_pictures)(const struct picture *pictures, size_t count,
			     const struct picture_style *style);
	void (*run_end)(const struct run_report *report);
	void (*bench)(const struct bench_report *report);
};

extern const struct printer print_text;
extern const struct printer print_json;

static inline const struct printer *printer_for(bool json)
{
	return json ? &print_json : &print_text;
}

/* "lut", "dnc", "lutna", "array", "wallace", "dadda" */
extern const char *const unit_names[LUTNA_UNIT_COUNT];

/* Sums over a model's layers */
struct model_totals {
	uint64_t macs;
	uint64_t weights;
	uint64_t nonzero;
};
struct model_totals model_totals(const struct lutna_model *model);

#endif
