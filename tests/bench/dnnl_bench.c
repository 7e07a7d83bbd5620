// SPDX-License-Identifier: GPL-2.0-only
/*
 * A compiled model on core, by way of liblutna's simulator, beside oneDNN's
 * int8 convolutions of the same shapes.  The two take turns, so that whatever
 * slows the machine meets both.
 *
 * It is no fair race, and says so: oneDNN has 8-bit weights, computes all of
 * them, and is not asked to pool; core has 9-bit weights, leaves out those that
 * are zero, and does all of the network, with its costs accounted.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <lutna/lutna.h>

#include "onednn.h"

#define ROUNDS		15
#define ROUND_SECONDS	0.15
#define THREADS_MOST	2
#define PIECES_MOST	1024
/* In one piece, for each thread; short, so that some are not interrupted */
#define CORE_BATCHES	1
#define ONEDNN_BATCHES	1

/**
 * struct side - one of the two, with so many threads
 * @speed: images a second, one each round
 */
struct side {
	double speed[ROUNDS];
};

struct bench {
	struct lutna_device *dev;
	struct lutna_model *model;
	struct onednn *onednn[THREADS_MOST + 1];
	size_t batch;
	void *images;
	void *outputs;
};

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct spread {
	double median;
	double low;
	double high;
};

/* Median and quartiles */
static struct spread spread_of(const double *values)
{
	double sorted[ROUNDS];

	memcpy(sorted, values, sizeof(sorted));
	qsort(sorted, ROUNDS, sizeof(*sorted), by_size);
	return (struct spread){
		.median = sorted[ROUNDS / 2],
		.low = sorted[ROUNDS / 4],
		.high = sorted[ROUNDS - 1 - ROUNDS / 4],
	};
}

static int fail(void)
{
	fprintf(stderr, "dnnl_bench: %s\n", lutna_last_error());
	return -1;
}

/**
 * struct round_clock - a round of short pieces of work
 * @start: of the round
 * @last: end of the last piece
 * @piece: seconds that each took
 * @count: how many
 */
struct round_clock {
	double start;
	double last;
	double piece[PIECES_MOST];
	int count;
};

static void clock_start(struct round_clock *clock)
{
	clock->start = now();
	clock->last = clock->start;
	clock->count = 0;
}

/* Notes a piece; false when the round has been long enough. */
static bool clock_piece(struct round_clock *clock)
{
	double end = now();

	clock->piece[clock->count++] = end - clock->last;
	clock->last = end;
	return end - clock->start < ROUND_SECONDS && clock->count < PIECES_MOST;
}

/*
 * By a piece that only one in ten was quicker than: on a busy machine most were
 * interrupted, on a quiet one they are all the same.
 */
static double clock_speed(struct round_clock *clock, size_t images)
{
	qsort(clock->piece, (size_t)clock->count, sizeof(double), by_size);
	return (double)images / clock->piece[clock->count / 10];
}

static int run_core(struct bench *bench, struct lutna_session *session,
		    int threads, double *speed)
{
	size_t count = bench->batch * (size_t)threads * CORE_BATCHES;
	struct round_clock clock;

	clock_start(&clock);
	do {
		if (lutna_session_run(session, bench->images, count,
				      bench->outputs, NULL, NULL))
			return fail();
	} while (clock_piece(&clock));
	*speed = clock_speed(&clock, count);
	return 0;
}

static int run_onednn(struct bench *bench, int threads, double *speed)
{
	struct round_clock clock;
	int i;

	clock_start(&clock);
	do {
		for (i = 0; i < ONEDNN_BATCHES; i++)
			if (onednn_run(bench->onednn[threads]))
				return -1;
	} while (clock_piece(&clock));
	*speed = clock_speed(&clock, bench->batch * ONEDNN_BATCHES);
	return 0;
}

/* A queue of the simulator is a thread of its own. */
static int compare(struct bench *bench, int threads, struct side *core,
		   struct side *onednn)
{
	struct lutna_session_options options = LUTNA_SESSION_OPTIONS_INIT;
	struct lutna_session *session;
	double warm_up;
	int round, err;

	options.slots = 2 * (unsigned int)threads;
	options.queues = (unsigned int)threads;
	if (lutna_session_new(&session, bench->dev, bench->model, &options))
		return fail();
	err = run_core(bench, session, threads, &warm_up);
	if (!err)
		err = run_onednn(bench, threads, &warm_up);
	for (round = 0; !err && round < ROUNDS; round++) {
		err = run_core(bench, session, threads, &core->speed[round]);
		if (!err)
			err = run_onednn(bench, threads, &onednn->speed[round]);
	}
	lutna_session_free(session);
	return err;
}

static void report(json_object *list, int threads, const struct side *core,
		   const struct side *onednn)
{
	json_object *entry = json_object_new_object();
	double ratios[ROUNDS];
	struct spread a = spread_of(core->speed), b = spread_of(onednn->speed), r;
	int i;

	for (i = 0; i < ROUNDS; i++)
		ratios[i] = core->speed[i] / onednn->speed[i];
	r = spread_of(ratios);
	json_object_object_add(entry, "threads", json_object_new_int(threads));
	json_object_object_add(entry, "core_images_per_second",
			       json_object_new_double(a.median));
	json_object_object_add(entry, "onednn_images_per_second",
			       json_object_new_double(b.median));
	json_object_object_add(entry, "ratio", json_object_new_double(r.median));
	json_object_object_add(entry, "ratio_low", json_object_new_double(r.low));
	json_object_object_add(entry, "ratio_high", json_object_new_double(r.high));
	json_object_array_add(list, entry);
}

static void print_text(const struct bench *bench, json_object *list)
{
	size_t i;

	printf("%s, batches of %zu: core (9-bit weights, only those not zero, whole network)\n"
	       "beside oneDNN %s (8-bit weights, all of them, convolutions alone); %d rounds in turns\n",
	       lutna_model_name(bench->model), bench->batch, onednn_version(),
	       ROUNDS);
	for (i = 0; i < json_object_array_length(list); i++) {
		json_object *entry = json_object_array_get_idx(list, i);
		const char *const keys[] = {
			"threads", "core_images_per_second",
			"onednn_images_per_second", "ratio", "ratio_low",
			"ratio_high",
		};
		double v[6];
		int k;

		for (k = 0; k < 6; k++)
			v[k] = json_object_get_double(json_object_object_get(entry,
									      keys[k]));
		printf("  %.0f thread%s core %9.0f images/s   oneDNN %9.0f images/s   ratio %.2f (quartiles %.2f to %.2f)\n",
		       v[0], v[0] > 1 ? "s:" : ": ", v[1], v[2], v[3], v[4], v[5]);
	}
}

/* With the load from before, since the benchmark itself makes one. */
static void warn_if_busy(double load)
{
	if (load > 0.5 * (double)sysconf(_SC_NPROCESSORS_ONLN))
		fprintf(stderr,
			"dnnl_bench: the machine was busy (load %.1f): speeds are too low, ratios uncertain\n",
			load);
}

static int compare_all(struct bench *bench, int json)
{
	json_object *list = json_object_new_array();
	struct side core, onednn;
	int threads, err = 0;
	double load = -1;

	getloadavg(&load, 1);
	for (threads = 1; !err && threads <= THREADS_MOST; threads++) {
		err = compare(bench, threads, &core, &onednn);
		if (!err)
			report(list, threads, &core, &onednn);
	}
	if (!err)
		warn_if_busy(load);
	if (!err && json)
		puts(json_object_to_json_string_ext(list, JSON_C_TO_STRING_PRETTY));
	else if (!err)
		print_text(bench, list);
	json_object_put(list);
	return err;
}

static int prepare(struct bench *bench, const char *path)
{
	struct lutna_tensor_info in, out;
	struct conv_shape *shapes;
	size_t count, most, i;
	int threads;

	if (lutna_model_load(&bench->model, path) ||
	    lutna_device_open(&bench->dev, "sim") ||
	    lutna_model_input(bench->model, 0, &in) ||
	    lutna_model_output(bench->model, 0, &out))
		return fail();
	if (layers_read(path, &shapes, &count))
		return -1;
	for (threads = 1; threads <= THREADS_MOST; threads++)
		bench->onednn[threads] = onednn_new(shapes, count, threads);
	free(shapes);
	for (threads = 1; threads <= THREADS_MOST; threads++)
		if (!bench->onednn[threads])
			return -1;
	bench->batch = lutna_model_batch(bench->model);
	most = bench->batch * THREADS_MOST * CORE_BATCHES;
	bench->images = malloc(most * in.bytes);
	bench->outputs = malloc(most * out.bytes);
	if (!bench->images || !bench->outputs)
		return -1;
	for (i = 0; i < most * in.bytes; i++)
		((unsigned char *)bench->images)[i] = (unsigned char)(i * 7);
	return 0;
}

int main(int argc, char **argv)
{
	int json = argc == 3 && !strcmp(argv[1], "--json");
	struct bench bench = { .dev = NULL };
	int threads, err;

	if (argc != 2 + json) {
		fputs("Usage: dnnl_bench [--json] MODEL.lutna\n", stderr);
		return 2;
	}
	err = prepare(&bench, argv[1 + json]);
	if (!err)
		err = compare_all(&bench, json);
	for (threads = 1; threads <= THREADS_MOST; threads++)
		if (bench.onednn[threads])
			onednn_free(bench.onednn[threads]);
	free(bench.images);
	free(bench.outputs);
	lutna_device_close(bench.dev);
	lutna_model_free(bench.model);
	return err ? 1 : 0;
}
