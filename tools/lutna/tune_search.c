// SPDX-License-Identifier: GPL-2.0-only
/*
 * First each parameter (bits of an input, bits of weights, approximation) is
 * turned down alone, to see how much the loss grows.  That gives an order of
 * moves, those first that save most energy for the loss that they were seen to
 * cause.  How far along this path accuracy allows is found by intervals.  Half
 * the budget is spent so; then the next step of each parameter is measured anew
 * where the search stands, for the second half.  What is left of the budget is
 * spent on single moves: one that fails is not tried again.  Approximate products
 * come last, since fewer bits of an input save more than looking at fewer of its
 * digits: they are for layers whose input others want to be wide.
 *
 * All decisions depend on scores alone, never on time or on threads.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "tune_search.h"

/* Two at a time, whatever the number of threads */
#define TRIALS		2
/* A choice is given up after the first images if it is this much worse. */
#define MARGIN_POINTS	1.0
/* Pieces of work a parameter, for who waits */
#define PIECES_LATER	2
#define PIECES_STAGE	16

struct trial {
	struct tune_config config;
	struct tune_cost cost;
	struct tune_job jobs[2];
	size_t moves;
	bool hopeful;
	bool passed;
};

int tune_no_memory(void)
{
	complain("out of memory");
	return -ENOMEM;
}

void tune_show(const struct search *s)
{
	const struct progress *progress = &s->tune->progress;
	double seconds = (double)(now_ns() - s->start_ns) / 1e9;
	size_t left = s->expected > s->done ? s->expected - s->done : 1;

	if (!progress->shown)
		return;
	fprintf(stderr, "\r%s: %zu scores, energy %.3f of 8b x 9b, about %.0f s left\033[K",
		progress->what, s->tune->state.count,
		s->result->base.cost.energy > 0 ?
		s->cost.energy / s->result->base.cost.energy : 1,
		s->done ? seconds / (double)s->done * (double)left : 0);
	fflush(stderr);
}

static int add_point(struct search *s, const struct tune_config *config,
		     const struct tune_cost *cost, const struct tune_score *score)
{
	struct tune_result *r = s->result;
	struct tune_point *grown;

	if (r->count == r->room) {
		size_t room = r->room ? 2 * r->room : 32;

		grown = realloc(r->points, room * sizeof(*grown));
		if (!grown)
			return tune_no_memory();
		r->points = grown;
		r->room = room;
	}
	r->points[r->count] = (struct tune_point){ .cost = *cost, .score = *score };
	if (tune_config_copy(&s->tune->model, &r->points[r->count].config, config))
		return tune_no_memory();
	r->count++;
	return 0;
}

/* @now with some moves carried out */
static int set_trial(struct search *s, struct trial *trial,
		     const struct move *moves, size_t count)
{
	const struct tune_model *model = &s->tune->model;
	size_t i;

	if (tune_config_copy(model, &trial->config, &s->now))
		return tune_no_memory();
	for (i = 0; i < count; i++)
		tune_turn(s, &trial->config, &s->parameters[moves[i].parameter],
			  moves[i].step);
	trial->moves = count;
	for (i = 0; i < 2; i++)
		trial->jobs[i] = (struct tune_job){
			.config = &trial->config,
			.part = i ? TUNE_REST : TUNE_QUICK,
		};
	if (!tune_cost(model, &trial->config, &trial->cost))
		return 0;
	return tune_no_memory();
}

static int judge(struct search *s, struct trial *trial)
{
	const struct tune_score score = {
		.correct = trial->jobs[0].score.correct +
			   trial->jobs[1].score.correct,
		.loss = trial->jobs[0].score.loss + trial->jobs[1].score.loss,
	};

	trial->passed = score.correct >= s->need;
	return add_point(s, &trial->config, &trial->cost, &score);
}

/* Most of those that fail do so on the first images already. */
static int look_at(struct search *s, struct trial *trials, size_t count)
{
	double lost = tune_points(s->result->base.score.correct, s->tune->count) -
		      tune_points(s->need, s->tune->count);
	double least = tune_points(s->quick.correct, s->tune->quick) - lost -
		       MARGIN_POINTS;
	struct tune_job jobs[TRIALS];
	size_t n = 0, i;
	int err;

	for (i = 0; i < count; i++)
		jobs[i] = trials[i].jobs[0];
	err = tune_evaluate(s->tune, jobs, count);
	for (i = 0; !err && i < count; i++) {
		trials[i].jobs[0].score = jobs[i].score;
		trials[i].hopeful = tune_points(jobs[i].score.correct,
						s->tune->quick) >= least;
	}
	for (i = 0; !err && i < count; i++)
		if (trials[i].hopeful)
			jobs[n++] = trials[i].jobs[1];
	if (!err)
		err = tune_evaluate(s->tune, jobs, n);
	for (i = 0, n = 0; !err && i < count; i++) {
		if (!trials[i].hopeful)
			continue;
		trials[i].jobs[1].score = jobs[n++].score;
		err = judge(s, &trials[i]);
	}
	s->done += count;
	tune_show(s);
	return err;
}

static void accept(struct search *s, const struct trial *trial,
		   const struct move *moves)
{
	size_t i;

	for (i = 0; i < trial->moves; i++)
		s->parameters[moves[i].parameter].step = moves[i].step;
	memcpy(s->now.layers, trial->config.layers,
	       s->tune->model.count * sizeof(*s->now.layers));
	s->cost = trial->cost;
}

static void free_trials(struct trial *trials)
{
	size_t i;

	for (i = 0; i < TRIALS; i++)
		tune_config_free(&trials[i].config);
}

/*
 * How many moves of a path are allowed: at least *low, fewer than *high.
 * Looks at a third and at two thirds of what lies between.
 */
static int narrow(struct search *s, const struct move *path, size_t *low,
		  size_t *high)
{
	struct trial trials[TRIALS] = { 0 };
	size_t between = *high - *low - 1, at[TRIALS], count, i;
	int err = 0;

	at[0] = *low + 1 + between / 3;
	at[1] = *low + 1 + 2 * between / 3;
	if (at[1] >= *high)
		at[1] = *high - 1;
	count = at[1] > at[0] ? 2 : 1;
	for (i = 0; !err && i < count; i++)
		err = set_trial(s, &trials[i], path, at[i]);
	if (!err)
		err = look_at(s, trials, count);
	if (!err) {
		if (count == 2 && trials[1].passed) {
			*low = at[1];
		} else if (trials[0].passed) {
			*low = at[0];
			*high = count == 2 ? at[1] : *high;
		} else {
			*high = at[0];
		}
	}
	free_trials(trials);
	return err;
}

static int walk(struct search *s)
{
	struct trial trial = { .moves = 0 };
	size_t count, low = 0, high;
	struct move *path;
	int err;

	err = tune_path(s, &path, &count);
	if (err)
		return err;
	high = count + 1;
	while (!err && high - low > 1)
		err = narrow(s, path, &low, &high);
	if (!err)
		err = set_trial(s, &trial, path, low);
	if (!err)
		accept(s, &trial, path);
	tune_config_free(&trial.config);
	free(path);
	return err;
}

static int by_score(const void *a, const void *b)
{
	const struct move *x = a, *y = b;

	if (x->score != y->score)
		return x->score < y->score ? 1 : -1;
	return x->parameter < y->parameter ? -1 : x->parameter > y->parameter;
}

/* The two moves that promise most, each by itself */
static int try_singly(struct search *s, struct move *moves, size_t *open)
{
	struct trial trials[TRIALS] = { 0 };
	size_t count, i;
	int err = 0;

	*open = 0;
	for (i = 0; i < s->open; i++)
		*open += tune_best_move(s, i, &s->now, s->cost.energy,
					&moves[*open]);
	qsort(moves, *open, sizeof(*moves), by_score);
	count = *open < TRIALS ? *open : TRIALS;
	s->expected = s->done + *open;
	for (i = 0; !err && i < count; i++)
		err = set_trial(s, &trials[i], &moves[i], 1);
	if (!err && count)
		err = look_at(s, trials, count);
	for (i = 0; !err && i < count; i++)
		if (!trials[i].passed)
			s->parameters[moves[i].parameter].limit = moves[i].step;
	for (i = 0; !err && i < count; i++)
		if (trials[i].passed) {
			accept(s, &trials[i], &moves[i]);
			break;
		}
	free_trials(trials);
	return err;
}

static int singly(struct search *s)
{
	struct move *moves = calloc(s->count, sizeof(*moves));
	size_t open = 1;
	int err = moves ? 0 : tune_no_memory();

	while (!err && open)
		err = try_singly(s, moves, &open);
	free(moves);
	return err;
}

/* Where the search begins, and how much it may lose from there */
static int begin(struct search *s)
{
	struct tune_point *base = &s->result->base;
	struct tune_job jobs[2];
	size_t count = s->tune->count;
	double from;
	int err;

	base->config.layers = tune_config_new(&s->tune->model);
	if (!base->config.layers ||
	    tune_config_copy(&s->tune->model, &s->now, &base->config) ||
	    tune_cost(&s->tune->model, &base->config, &base->cost))
		return tune_no_memory();
	jobs[0] = (struct tune_job){ .config = &base->config, .part = TUNE_QUICK };
	jobs[1] = (struct tune_job){ .config = &base->config, .part = TUNE_REST };
	err = tune_evaluate(s->tune, jobs, 2);
	if (err)
		return err;
	s->cost = base->cost;
	s->quick = jobs[0].score;
	base->score.correct = jobs[0].score.correct + jobs[1].score.correct;
	base->score.loss = jobs[0].score.loss + jobs[1].score.loss;
	from = s->goal->reference >= 0 ? s->goal->reference :
					 tune_points(base->score.correct, count);
	/* A little less, since a sum of points is no exact number of images. */
	s->result->need = (uint64_t)fmax(0, ceil((from - s->goal->budget) *
						 (double)count / 100 - 1e-6));
	return add_point(s, &base->config, &base->cost, &base->score);
}

static int finish(struct search *s)
{
	struct tune_result *r = s->result;
	const struct tune_point *best = NULL;
	size_t i;

	for (i = 0; i < r->count; i++)
		if (r->points[i].score.correct >= r->need &&
		    (!best || r->points[i].cost.energy < best->cost.energy))
			best = &r->points[i];
	if (!best)
		return -ERANGE;
	r->best = *best;
	r->best.config.layers = NULL;
	if (tune_config_copy(&s->tune->model, &r->best.config, &best->config))
		return tune_no_memory();
	return 0;
}

static int stages(struct search *s)
{
	uint64_t base = s->result->base.score.correct, need = s->result->need;
	int err;

	s->start_ns = now_ns();
	s->expected = (TUNE_WAVES + PIECES_LATER) * s->open + 2 * PIECES_STAGE;
	err = tune_measure_alone(s);
	s->need = need + (base - need) / 2;
	if (!err)
		err = walk(s);
	if (!err)
		err = tune_measure_next(s);
	s->need = need;
	if (!err)
		err = walk(s);
	if (!err)
		err = singly(s);
	if (!err && !s->goal->exact)
		err = tune_measure_products(s);
	if (!err && !s->goal->exact)
		err = singly(s);
	return err;
}

int tune_search(struct tune *tune, const struct tune_goal *goal,
		struct tune_result *result)
{
	struct search s = { .tune = tune, .goal = goal, .result = result };
	int err;

	err = tune_parameters_new(&s);
	if (!err)
		err = begin(&s);
	/* Fewer bits do not make it better. */
	if (!err && result->base.score.correct < result->need)
		err = -ERANGE;
	if (!err)
		err = stages(&s);
	if (!err)
		err = finish(&s);
	tune_config_free(&s.now);
	free(s.parameters);
	return err;
}

void tune_result_free(struct tune_result *result)
{
	size_t i;

	for (i = 0; i < result->count; i++)
		tune_config_free(&result->points[i].config);
	free(result->points);
	tune_config_free(&result->base.config);
	tune_config_free(&result->best.config);
}
