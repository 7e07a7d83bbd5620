// SPDX-License-Identifier: GPL-2.0-only
/*
 * First each parameter (bits of an input, bits of weights, approximation) is
 * turned down alone, to see how far the outputs move from those of 8b x 9b.  That
 * gives an order of moves, those first that save most energy for what they were
 * seen to do.  How far along this path a quarter of the budget leads is found by
 * intervals; then the next step of each parameter is measured anew from there,
 * for the next quarter, and so on.  What is left of the budget in the end is
 * spent on single moves, of which not many may fail: whoever tries often enough
 * finds moves that do no harm on these images alone.  For the same reason the
 * search goes by what 8b x 9b believes of the answers, a mean over all classes,
 * and not by how many of few images happen to be right.
 *
 * On the way it leaves a trail, of which other images take what they accept.
 *
 * Approximate products come after half of the budget: fewer bits of an input save
 * more than looking at fewer of its digits, which is for layers whose input
 * others want to be wide.
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
/* Parts that the budget is spent in */
#define STAGES		4
/* Single moves that may fail, for each kind */
#define PATIENCE	8
/* Energy between two points of the trail, as a share: first and later stages */
#define TRAIL_FIRST	0.85
#define TRAIL_LATER	0.94
/* Pieces of work of a stage, beside those of each parameter, for who waits */
#define PIECES_STAGE	16

struct trial {
	struct tune_config config;
	struct tune_cost cost;
	struct tune_job jobs[2];
	struct tune_score score;
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

static int add_point(struct search *s, struct tune_points *to,
		     const struct tune_config *config,
		     const struct tune_cost *cost, const struct tune_score *score)
{
	struct tune_point *grown;

	if (to->count == to->room) {
		size_t room = to->room ? 2 * to->room : 32;

		grown = realloc(to->list, room * sizeof(*grown));
		if (!grown)
			return tune_no_memory();
		to->list = grown;
		to->room = room;
	}
	to->list[to->count] = (struct tune_point){ .cost = *cost, .score = *score };
	if (tune_config_copy(&s->tune->model, &to->list[to->count].config, config))
		return tune_no_memory();
	to->count++;
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
	const struct tune_score *first = &trial->jobs[0].score;
	const struct tune_score *rest = &trial->jobs[1].score;

	trial->score = (struct tune_score){
		.correct = first->correct + rest->correct,
		.lost = first->lost + rest->lost,
		.doubt = first->doubt + rest->doubt,
		.divergence = first->divergence + rest->divergence,
	};
	/* A little more, since sums are not exact. */
	trial->passed = tune_doubt(&trial->score, s->tune->search) <=
			s->allowed + 1e-9;
	return add_point(s, &s->result->seen, &trial->config, &trial->cost,
			 &trial->score);
}

/* Most of those that fail do so on the first images already. */
static int look_at(struct search *s, struct trial *trials, size_t count)
{
	struct tune_job jobs[TRIALS];
	size_t n = 0, i;
	int err;

	for (i = 0; i < count; i++)
		jobs[i] = trials[i].jobs[0];
	err = tune_evaluate(s->tune, jobs, count);
	for (i = 0; !err && i < count; i++) {
		trials[i].jobs[0].score = jobs[i].score;
		trials[i].hopeful = tune_doubt(&jobs[i].score, s->tune->quick) <=
				    s->allowed + MARGIN_POINTS;
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

/* Prefixes of a path, each of a share less energy than the one before, and all */
static int pick(struct search *s, const struct move *path, size_t count,
		struct trial *trials, size_t *picked)
{
	const struct tune_points *trail = &s->result->trail;
	double energy = trail->list[trail->count - 1].cost.energy;
	int err = 0;
	size_t i;

	for (i = 1; !err && i <= count; i++) {
		struct trial *trial = &trials[*picked];

		err = set_trial(s, trial, path, i);
		if (!err && (i == count ||
			     trial->cost.energy <= energy * s->trail_share)) {
			energy = trial->cost.energy;
			++*picked;
		} else {
			tune_config_free(&trial->config);
		}
	}
	return err;
}

static int leave_trail(struct search *s, const struct move *path, size_t count)
{
	struct trial *trials = calloc(count + 1, sizeof(*trials));
	struct tune_job *jobs = calloc(2 * count + 1, sizeof(*jobs));
	size_t n = 0, i;
	int err;

	err = trials && jobs ? pick(s, path, count, trials, &n) : tune_no_memory();
	for (i = 0; i < n; i++)
		memcpy(&jobs[2 * i], trials[i].jobs, sizeof(trials[i].jobs));
	if (!err)
		err = tune_evaluate(s->tune, jobs, 2 * n);
	for (i = 0; !err && i < n; i++) {
		struct trial *trial = &trials[i];

		memcpy(trial->jobs, &jobs[2 * i], sizeof(trial->jobs));
		err = judge(s, trial);
		if (!err)
			err = add_point(s, &s->result->trail, &trial->config,
					&trial->cost, &trial->score);
	}
	s->done += n;
	for (i = 0; i < n; i++)
		tune_config_free(&trials[i].config);
	free(jobs);
	free(trials);
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
		err = leave_trail(s, path, low);
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
static int try_singly(struct search *s, struct move *moves, size_t *open,
		      size_t *failed)
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
		if (!trials[i].passed) {
			s->parameters[moves[i].parameter].limit = moves[i].step;
			++*failed;
		}
	for (i = 0; !err && i < count; i++)
		if (trials[i].passed) {
			err = leave_trail(s, &moves[i], 1);
			accept(s, &trials[i], &moves[i]);
			break;
		}
	free_trials(trials);
	return err;
}

static int singly(struct search *s)
{
	struct move *moves = calloc(s->count, sizeof(*moves));
	size_t open = 1, failed = 0;
	int err = moves ? 0 : tune_no_memory();

	while (!err && open && failed < PATIENCE)
		err = try_singly(s, moves, &open, &failed);
	free(moves);
	return err;
}

/* Where the search begins */
static int begin(struct search *s)
{
	struct tune_point *base = &s->result->base;
	int err;

	base->config.layers = tune_config_new(&s->tune->model);
	if (!base->config.layers ||
	    tune_config_copy(&s->tune->model, &s->now, &base->config) ||
	    tune_cost(&s->tune->model, &base->config, &base->cost))
		return tune_no_memory();
	s->cost = base->cost;
	base->score.correct = s->tune->answers.correct[TUNE_QUICK] +
			      s->tune->answers.correct[TUNE_REST];
	base->verdict = tune_verdict_base(s->tune, s->goal);
	/* Fewer bits do not make it better. */
	if (!base->verdict.accepted)
		return -ERANGE;
	err = add_point(s, &s->result->seen, &base->config, &base->cost,
			&base->score);
	if (!err)
		err = add_point(s, &s->result->trail, &base->config, &base->cost,
				&base->score);
	if (!err)
		s->result->trail.list[0].verdict = base->verdict;
	return err;
}

/* Points that may be lost in all; below 0 if 8b x 9b is worse than wanted */
static double spare(const struct search *s)
{
	double right = 100.0 * (double)s->result->base.score.correct /
		       (double)s->tune->search;

	return s->goal->budget -
	       (s->goal->reference >= 0 ? s->goal->reference - right : 0);
}

static int stages(struct search *s)
{
	double all = fmax(0, spare(s));
	unsigned int stage;
	int err;

	s->start_ns = now_ns();
	s->expected = (TUNE_WAVES + STAGES - 1) * s->open + STAGES * PIECES_STAGE +
		      (s->count - s->open);
	err = tune_measure_alone(s);
	for (stage = 1; !err && stage <= STAGES; stage++) {
		s->allowed = all * stage / STAGES;
		s->trail_share = stage == 1 ? TRAIL_FIRST : TRAIL_LATER;
		if (stage > 1)
			err = tune_measure_next(s);
		if (!err && stage == STAGES / 2 + 1 && !s->goal->exact)
			err = tune_measure_products(s);
		if (!err)
			err = walk(s);
	}
	return err ? err : singly(s);
}

int tune_search(struct tune *tune, const struct tune_goal *goal,
		struct tune_result *result)
{
	struct search s = { .tune = tune, .goal = goal, .result = result };
	int err;

	err = tune_parameters_new(&s);
	if (!err)
		err = tune_answers_read(tune);
	if (!err)
		err = begin(&s);
	if (!err)
		err = stages(&s);
	tune_config_free(&s.now);
	free(s.parameters);
	return err;
}

static void free_points(struct tune_points *points)
{
	size_t i;

	for (i = 0; i < points->count; i++)
		tune_config_free(&points->list[i].config);
	free(points->list);
}

void tune_result_free(struct tune_result *result)
{
	free_points(&result->seen);
	free_points(&result->trail);
	tune_config_free(&result->base.config);
	tune_config_free(&result->best.config);
}
