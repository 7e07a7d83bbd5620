// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "dataset.h"
#include "options.h"
#include "reference.h"
#include "tune.h"

#define HELD_OUT	5000
#define SEARCH_SHARE	5	/* of those */
#define FIRST		150
#define CONFIDENCE	95
#define CONFIDENCE_MOST	99.9999

struct settings {
	const char *budget;
	const char *reference;
	const char *images;
	const char *labels;
	const char *subset;
	const char *output;
	const char *state;
	const char *confidence;
	unsigned long held_out;
	unsigned long search;
	unsigned long first;
	unsigned long threads;
	int progress;
	bool exact;
	bool json;
};

static int parse(struct settings *s, int argc, char **argv, int *first)
{
	const struct option_spec options[] = {
		{ .name = "budget", .letter = 'b', .kind = OPTION_STRING,
		  .value = &s->budget, .argument = "POINTS",
		  .help = "accuracy that may be lost (default 1.0)" },
		{ .name = "confidence", .letter = 'c', .kind = OPTION_STRING,
		  .value = &s->confidence, .argument = "PERCENT",
		  .help = "that no more is lost, from 50 on (default 95)" },
		{ .name = "reference", .kind = OPTION_STRING,
		  .value = &s->reference, .argument = "PERCENT",
		  .help = "against this accuracy (default: that of 8b x 9b)" },
		{ .name = "images", .letter = 'i', .kind = OPTION_STRING,
		  .value = &s->images, .argument = "FILE",
		  .help = "of a training set, IDX (default: Fashion-MNIST's)" },
		{ .name = "labels", .letter = 'l', .kind = OPTION_STRING,
		  .value = &s->labels, .argument = "FILE",
		  .help = "true classes, IDX (default: IMAGES' companion)" },
		{ .name = "subset", .kind = OPTION_STRING, .value = &s->subset,
		  .argument = "FILE",
		  .help = "only the images whose indices are there, in that order" },
		{ .name = "held-out", .kind = OPTION_NUMBER,
		  .value = &s->held_out, .argument = "N", .low = 1, .high = 1ul << 24,
		  .help = "the last N images are used (default 5000)" },
		{ .name = "search", .kind = OPTION_NUMBER, .value = &s->search,
		  .argument = "N", .low = 1, .high = 1ul << 24,
		  .help = "the first N of them search, the others judge (default: a fifth)" },
		{ .name = "first", .kind = OPTION_NUMBER, .value = &s->first,
		  .argument = "N", .low = 1, .high = 1ul << 24,
		  .help = "N of those that search weigh single steps (default 150)" },
		{ .name = "exact", .kind = OPTION_FLAG, .value = &s->exact,
		  .help = "bits only, no approximate products" },
		{ .name = "output", .letter = 'o', .kind = OPTION_STRING,
		  .value = &s->output, .argument = "FILE",
		  .help = "precision file for 'lutna compile --precision'" },
		{ .name = "state", .kind = OPTION_STRING, .value = &s->state,
		  .argument = "FILE",
		  .help = "what is found out is kept there, and used again" },
		{ .name = "threads", .letter = 't', .kind = OPTION_NUMBER,
		  .value = &s->threads, .argument = "N", .low = 1, .high = 64,
		  .help = "simulators at once (default: processors)" },
		{ .name = "progress", .kind = OPTION_CHOICE, .value = &s->progress,
		  .choices = "auto|always|never",
		  .help = "a line on standard error" },
	};
	const struct option_usage usage = {
		.command = "tune",
		.arguments = "MODEL.onnx",
		.summary = "Gives each layer bits of activations and of weights and an approximation, so\n"
			   "that an inference takes least energy on LUT-NA and, as far as images can tell that\n"
			   "the search has not seen, no more accuracy is lost than the budget. The last images\n"
			   "of a training set are used; leave test sets alone.",
		.options = options,
		.count = sizeof(options) / sizeof(options[0]),
		.least = 1,
		.most = 1,
	};

	return options_parse(&usage, argc, argv, &s->json, first);
}

static int read_real(const char *option, const char *text, double low, double *out)
{
	char *end;
	double value = strtod(text, &end);

	if (end != text && !*end && value >= low && value <= 100) {
		*out = value;
		return STATUS_OK;
	}
	complain("--%s: '%s' is not a number from %g to 100", option, text, low);
	return STATUS_USAGE;
}

static int read_goal(const struct settings *s, struct tune_goal *goal)
{
	int status = STATUS_OK;

	*goal = (struct tune_goal){
		.budget = 1, .reference = -1, .confidence = CONFIDENCE,
		.exact = s->exact,
	};
	if (s->budget)
		status = read_real("budget", s->budget, 0, &goal->budget);
	if (!status && s->reference)
		status = read_real("reference", s->reference, 0, &goal->reference);
	if (!status && s->confidence)
		status = read_real("confidence", s->confidence, 50,
				   &goal->confidence);
	if (!status && goal->confidence > CONFIDENCE_MOST) {
		complain("--confidence: no number of images gives %s percent",
			 s->confidence);
		status = STATUS_USAGE;
	}
	return status;
}

static int read_labels(const struct settings *s, const char *images,
		       size_t count, struct idx *labels)
{
	char *found = s->labels ? NULL : dataset_labels(images);
	const char *path = s->labels ? s->labels : found;
	int status = STATUS_OK;

	if (!path)
		return complain("%s: no labels beside it; --labels names them",
				images);
	if (dataset_missing(path) || idx_read(path, 0, labels))
		status = STATUS_FAILURE;
	else if (labels->item_bytes != 1 || labels->count != count)
		status = complain("%s: not a byte for each of %zu images", path,
				  count);
	free(found);
	return status;
}

/*
 * The last of a training set.  The network may have been trained on them, which
 * makes it look sturdier than it is, unless a subset says which it has not seen.
 */
static int read_data(const struct settings *s, struct idx *images,
		     struct idx *labels, struct tune *tune)
{
	const char *path = s->images ? s->images : DATASET_TRAIN;
	size_t skip;
	int status;

	if (dataset_missing(path) || idx_read(path, 0, images))
		return STATUS_FAILURE;
	status = read_labels(s, path, images->count, labels);
	if (status)
		return status;
	if (!images->count || !images->item_bytes)
		return complain("%s: holds no images", path);
	if (s->subset && dataset_subset(s->subset, images, labels))
		return STATUS_FAILURE;
	tune->count = s->held_out < images->count ? s->held_out : images->count;
	if (tune->count < 2)
		return complain("%s: one image cannot both search and judge", path);
	tune->search = s->search ? s->search :
		       (tune->count + SEARCH_SHARE - 1) / SEARCH_SHARE;
	if (tune->search >= tune->count)
		return complain("--search %zu: leaves none of %zu images to judge",
				tune->search, tune->count);
	tune->quick = s->first < tune->search ? s->first : tune->search;
	tune->item_bytes = images->item_bytes;
	skip = images->count - tune->count;
	tune->images = images->data + skip * images->item_bytes;
	tune->labels = labels->data + skip;
	return STATUS_OK;
}

static void on_signal(int number)
{
	(void)number;
	tune_stopped = 1;
}

/* The second one ends the program as ever. */
static void catch_signals(void)
{
	struct sigaction action = {
		.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND,
	};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static int write_precision(const struct tune *tune, const struct tune_goal *goal,
			   const struct tune_result *result, const char *path)
{
	char approx[PRECISION_APPROX_TEXT], *text = NULL;
	size_t bytes = 0, i;
	FILE *file = open_memstream(&text, &bytes);
	int status;

	if (!file)
		return complain("out of memory");
	fprintf(file, "# lutna tune: budget %g points; on %zu images that did not search %.2f lost, at most %.2f with %g %% confidence\n"
		"# layer, activation bits, weight bits, products\n", goal->budget,
		tune->count - tune->search, result->best.verdict.lost,
		result->best.verdict.bound, goal->confidence);
	for (i = 0; i < tune->model.count; i++) {
		const struct tune_choice *choice = &result->best.config.layers[i];
		const struct precision precision = tune_approx(choice->approx);

		fprintf(file, "%s %u %u %s\n", tune->model.layers[i].name,
			choice->act, choice->weight,
			precision_approx_text(&precision, approx));
	}
	if (fclose(file)) {
		free(text);
		return complain("out of memory");
	}
	status = expectation_write(path, text, bytes);
	free(text);
	return status;
}

static int explain(const struct settings *s, const struct tune *tune,
		   const struct tune_goal *goal,
		   const struct tune_result *result, int err)
{
	const struct tune_verdict *base = &result->base.verdict;

	if (err == -ERANGE)
		return complain("the budget cannot be met: 8b x 9b loses %.2f points against %.2f %% on %zu held-out images, with %g %% confidence no more than %.2f, which could be met",
				base->lost, goal->reference,
				tune->count - tune->search, goal->confidence,
				base->bound);
	if (err == -ECANCELED && s->state)
		return complain("stopped; the same command goes on from %s",
				s->state);
	if (err == -ECANCELED)
		return complain("stopped; with --state it could go on from here");
	return STATUS_FAILURE;
}

static int search(const struct settings *s, const struct tune_goal *goal,
		  struct tune *tune)
{
	struct tune_result result = { .seen.count = 0 };
	struct tune_report report = {
		.tune = tune, .goal = goal, .result = &result,
	};
	uint64_t start = now_ns();
	int err, status;

	progress_start(&tune->progress, "tune", s->progress);
	err = tune_search(tune, goal, &result);
	if (!err)
		err = tune_validate(tune, goal, &result);
	progress_end(&tune->progress);
	report.seconds = (double)(now_ns() - start) / 1e9;
	if (err)
		status = explain(s, tune, goal, &result, err);
	else if (s->output)
		status = write_precision(tune, goal, &result, s->output);
	else
		status = STATUS_OK;
	if (!status)
		status = s->json ? tune_print_json(&report) :
				   tune_print_text(&report);
	tune_result_free(&result);
	return status;
}

int cmd_tune(int argc, char **argv)
{
	struct settings s = { .held_out = HELD_OUT, .first = FIRST };
	struct tune tune = { .lock = PTHREAD_MUTEX_INITIALIZER, .state.fd = -1 };
	struct idx images = { .count = 0 }, labels = { .count = 0 };
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	struct tune_goal goal;
	int first, status;

	status = parse(&s, argc, argv, &first);
	if (status != OPTIONS_GO_ON)
		return status;
	status = read_goal(&s, &goal);
	if (status)
		return status;
	tune.threads = s.threads ? (unsigned int)s.threads :
		       processors > 64 ? 64 : processors > 1 ?
		       (unsigned int)processors : 1;
	status = read_data(&s, &images, &labels, &tune);
	if (!status)
		status = tune_model_read(&tune.model, argv[first], tune.threads);
	if (!status)
		status = tune_state_open(&tune, s.state);
	if (!status) {
		catch_signals();
		status = search(&s, &goal, &tune);
	}
	tune_state_close(&tune.state);
	tune_answers_free(&tune.answers);
	tune_model_free(&tune.model);
	idx_free(&labels);
	idx_free(&images);
	return status;
}
