// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <lutna/lutna.h>

#include "command.h"
#include "tune.h"

/* Images between two looks at whether to go on */
#define STRIDE		250
#define CLASSES_MAX	256
#define THREADS_MOST	64

volatile sig_atomic_t tune_stopped;

struct pool {
	size_t count;
	int (*work)(void *opaque, size_t index);
	void *opaque;
	atomic_size_t next;
	atomic_int failed;
};

static void *drain(void *opaque)
{
	struct pool *pool = opaque;
	size_t index;
	int err, none = 0;

	while (!pool->failed && (index = pool->next++) < pool->count) {
		err = pool->work(pool->opaque, index);
		if (err)
			atomic_compare_exchange_strong(&pool->failed, &none, err);
	}
	return NULL;
}

int tune_parallel(unsigned int threads, size_t count,
		  int (*work)(void *opaque, size_t index), void *opaque)
{
	struct pool pool = { .count = count, .work = work, .opaque = opaque };
	pthread_t others[THREADS_MOST];
	unsigned int started = 0;

	/* Fewer than that are no failure: this thread works, too. */
	while (started + 1 < threads && started < THREADS_MOST &&
	       started + 1 < count &&
	       !pthread_create(&others[started], NULL, drain, &pool))
		started++;
	drain(&pool);
	while (started)
		pthread_join(others[--started], NULL);
	return pool.failed;
}

/* A model on a simulator of its own, one thread's */
struct machine {
	struct lutna_model *model;
	struct lutna_device *dev;
	struct lutna_session *session;
	struct lutna_tensor_info out;
	size_t classes;
	void *outputs;
};

static int build(const struct tune *tune, const struct tune_config *config,
		 struct lutna_model **out)
{
	struct precision_table table;
	const struct compile_options options = { .precision = &table };
	struct diag diag = { .file = tune->model.path };
	uint8_t *container;
	size_t size;
	int err;

	err = tune_precision(&tune->model, config, &table);
	if (err) {
		complain("out of memory");
		return err;
	}
	err = compile_memory(tune->model.onnx, tune->model.bytes, &options, &diag,
			     &container, &size, NULL);
	precision_free(&table);
	if (err) {
		complain("%s", diag.text);
		return err;
	}
	err = lutna_model_load_memory(out, container, size);
	free(container);
	if (err)
		complain("%s", lutna_last_error());
	return err;
}

static int check_ports(const struct tune *tune, struct machine *m)
{
	struct lutna_tensor_info in;

	if (lutna_model_input_count(m->model) != 1 ||
	    lutna_model_output_count(m->model) != 1 ||
	    lutna_model_input(m->model, 0, &in) ||
	    lutna_model_output(m->model, 0, &m->out)) {
		complain("%s: only models of one input and one output can be tuned",
			 tune->model.path);
		return -EINVAL;
	}
	m->classes = m->out.bytes / (m->out.type == LUTNA_ELEMENT_S32 ? 4 : 1);
	if (in.type != LUTNA_ELEMENT_U8 || in.bytes != tune->item_bytes) {
		complain("%s: takes %zu bytes an image, but images have %zu",
			 tune->model.path, in.bytes, tune->item_bytes);
		return -EINVAL;
	}
	if (m->classes < 2 || m->classes > CLASSES_MAX) {
		complain("%s: its output is not one number a class",
			 tune->model.path);
		return -EINVAL;
	}
	return 0;
}

static int start(const struct tune *tune, const struct tune_config *config,
		 struct machine *m)
{
	struct lutna_session_options options = LUTNA_SESSION_OPTIONS_INIT;
	int err;

	err = build(tune, config, &m->model);
	if (!err)
		err = check_ports(tune, m);
	if (err)
		return err;
	m->outputs = malloc(STRIDE * m->out.bytes);
	if (!m->outputs) {
		complain("out of memory");
		return -ENOMEM;
	}
	options.slots = 1;
	err = lutna_device_open(&m->dev, "sim");
	if (!err)
		err = lutna_session_new(&m->session, m->dev, m->model, &options);
	if (err)
		complain("%s", lutna_last_error());
	return err;
}

static void stop(struct machine *m)
{
	lutna_session_free(m->session);
	lutna_device_close(m->dev);
	lutna_model_free(m->model);
	free(m->outputs);
}

static double number(const struct machine *m, size_t image, size_t index)
{
	const uint8_t *at = (const uint8_t *)m->outputs + image * m->out.bytes;
	int32_t value;

	if (m->out.type != LUTNA_ELEMENT_S32)
		return at[index];
	memcpy(&value, at + 4 * index, 4);
	return value;
}

/* The class that it says: the first of equal ones, as lutna run does */
static size_t answer(const struct machine *m, size_t image)
{
	size_t best = 0, i;

	for (i = 1; i < m->classes; i++)
		if (number(m, image, i) > number(m, image, best))
			best = i;
	return best;
}

/* Logarithms of the probabilities of all classes */
static void softmax(const struct machine *m, size_t image, size_t best,
		    double out[CLASSES_MAX])
{
	double scale = (double)m->out.scale, sum = 0;
	size_t i;

	for (i = 0; i < m->classes; i++) {
		out[i] = scale * (number(m, image, i) - number(m, image, best));
		sum += exp(out[i]);
	}
	for (i = 0; i < m->classes; i++)
		out[i] -= log(sum);
}

/* @image: in the outputs; @index: of all */
typedef void (*look_fn)(struct tune *tune, const struct machine *m, size_t image,
			size_t index, struct tune_score *score);

static void note(struct tune *tune, const struct machine *m, size_t image,
		 size_t index, struct tune_score *score)
{
	size_t best = answer(m, image), i;
	double log_p[CLASSES_MAX];

	(void)score;
	tune->answers.right[index] = best == tune->labels[index];
	if (index >= tune->search)
		return;
	softmax(m, image, best, log_p);
	for (i = 0; i < m->classes; i++)
		tune->answers.log_p[index * m->classes + i] = (float)log_p[i];
}

static void judge(struct tune *tune, const struct machine *m, size_t image,
		  size_t index, struct tune_score *score)
{
	size_t best = answer(m, image), i;
	double log_q[CLASSES_MAX];
	const float *log_p;
	float most;

	score->correct += best == tune->labels[index];
	score->lost += best != tune->labels[index] && tune->answers.right[index];
	if (index >= tune->search)
		return;
	log_p = tune->answers.log_p + index * m->classes;
	softmax(m, image, best, log_q);
	most = log_p[0];
	for (i = 0; i < m->classes; i++) {
		most = fmaxf(most, log_p[i]);
		score->divergence += exp((double)log_p[i]) *
				     ((double)log_p[i] - log_q[i]);
	}
	score->doubt += exp((double)most) - exp((double)log_p[best]);
}

void tune_part_range(const struct tune *tune, int part, size_t *first,
		     size_t *end)
{
	const size_t ends[TUNE_PARTS] = { tune->quick, tune->search, tune->count };

	*first = part ? ends[part - 1] : 0;
	*end = ends[part];
}

static int look(struct tune *tune, struct machine *m, size_t at, size_t end,
		look_fn fn, struct tune_score *score)
{
	size_t i;

	while (at < end) {
		size_t count = end - at < STRIDE ? end - at : STRIDE;

		if (tune_stopped)
			return -ECANCELED;
		if (lutna_session_run(m->session,
				      tune->images + at * tune->item_bytes, count,
				      m->outputs, NULL, NULL)) {
			complain("%s", lutna_last_error());
			return -EIO;
		}
		for (i = 0; i < count; i++)
			fn(tune, m, i, at + i, score);
		at += count;
	}
	return 0;
}

/* Those of one thread, without a trace in the state */
static int answer_piece(void *opaque, size_t piece)
{
	struct tune *tune = opaque;
	struct tune_config config = { .layers = tune_config_new(&tune->model) };
	struct tune_score none = { .correct = 0 };
	struct machine m = { .model = NULL };
	size_t pieces = tune->threads;
	int err = -ENOMEM;

	if (!config.layers)
		complain("out of memory");
	else
		err = tune_stopped ? -ECANCELED : start(tune, &config, &m);
	if (!err)
		err = look(tune, &m, tune->count * piece / pieces,
			   tune->count * (piece + 1) / pieces, note, &none);
	stop(&m);
	tune_config_free(&config);
	return err;
}

/* By one thread, so that what is wrong is said once */
static int check_classes(struct tune *tune)
{
	struct tune_config config = { .layers = tune_config_new(&tune->model) };
	struct machine m = { .model = NULL };
	int err = -ENOMEM;
	size_t i;

	if (config.layers)
		err = start(tune, &config, &m);
	else
		complain("out of memory");
	tune->answers.classes = m.classes;
	for (i = 0; !err && i < tune->count; i++)
		if (tune->labels[i] >= m.classes) {
			complain("label %u, but %s has %zu classes",
				 tune->labels[i], tune->model.path, m.classes);
			err = -EINVAL;
		}
	stop(&m);
	tune_config_free(&config);
	return err;
}

int tune_answers_read(struct tune *tune)
{
	struct tune_answers *a = &tune->answers;
	size_t first, end, i;
	int part, err;

	err = check_classes(tune);
	if (err)
		return err;
	a->right = calloc(tune->count, sizeof(*a->right));
	a->log_p = calloc(tune->search * a->classes + 1, sizeof(*a->log_p));
	if (!a->right || !a->log_p) {
		complain("out of memory");
		return -ENOMEM;
	}
	err = tune_parallel(tune->threads, tune->threads, answer_piece, tune);
	for (part = 0; !err && part < TUNE_PARTS; part++) {
		tune_part_range(tune, part, &first, &end);
		for (i = first; i < end; i++)
			a->correct[part] += a->right[i];
	}
	return err;
}

void tune_answers_free(struct tune_answers *answers)
{
	free(answers->right);
	free(answers->log_p);
}

struct batch {
	struct tune *tune;
	struct tune_job *jobs;
};

static int look_up(struct tune *tune, struct tune_job *job, const char *key)
{
	const struct tune_record *record;

	pthread_mutex_lock(&tune->lock);
	record = tune_state_find(&tune->state, key, job->part);
	if (record)
		job->score = record->score;
	pthread_mutex_unlock(&tune->lock);
	return record != NULL;
}

static int keep(struct tune *tune, const struct tune_job *job, char *key)
{
	int err = 0;

	pthread_mutex_lock(&tune->lock);
	/* Two jobs of a batch may have been the same. */
	if (tune_state_find(&tune->state, key, job->part))
		free(key);
	else
		err = tune_state_add(&tune->state, key, job->part, &job->score);
	tune->seen++;
	pthread_mutex_unlock(&tune->lock);
	if (err)
		complain("the state cannot be kept: %s", strerror(-err));
	return err;
}

static int do_job(void *opaque, size_t index)
{
	struct batch *batch = opaque;
	struct tune *tune = batch->tune;
	struct tune_job *job = &batch->jobs[index];
	struct tune_score score = { .correct = 0 };
	struct machine m = { .model = NULL };
	size_t first, end;
	char *key = tune_key(&tune->model, job->config);
	int err;

	if (!key) {
		complain("out of memory");
		return -ENOMEM;
	}
	if (look_up(tune, job, key)) {
		free(key);
		return 0;
	}
	err = tune_stopped ? -ECANCELED : start(tune, job->config, &m);
	tune_part_range(tune, job->part, &first, &end);
	if (!err)
		err = look(tune, &m, first, end, judge, &score);
	stop(&m);
	if (err) {
		free(key);
		return err;
	}
	job->score = score;
	return keep(tune, job, key);
}

int tune_evaluate(struct tune *tune, struct tune_job *jobs, size_t count)
{
	struct batch batch = { .tune = tune, .jobs = jobs };

	return tune_parallel(tune->threads, count, do_job, &batch);
}
