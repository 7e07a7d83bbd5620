// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a search has found is good on the images that led it, since they led it
 * there.  Others, that it has not seen, say what holds: point after point of the
 * trail, from the safest on, until the first one of which they cannot say with
 * the wanted confidence that it keeps the budget.  The last one before that is
 * taken.
 *
 * The order is fixed before the first of these images is looked at, and nothing
 * is tried behind a refusal.  So each point needs no more than the confidence
 * that is wanted of all: a choice that breaks the budget is taken only if the
 * first one on the trail that breaks it was accepted.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "bound.h"
#include "command.h"
#include "tune.h"

/* Sums of points are no exact numbers of images. */
#define ROUNDING	1e-9
/* Looked at together, whatever the number of threads */
#define AHEAD		2

struct tune_verdict tune_verdict(const struct tune *tune,
				 const struct tune_goal *goal,
				 const struct tune_score *score)
{
	uint64_t images = tune->count - tune->search;
	uint64_t before = tune->answers.correct[TUNE_VALIDATION];
	uint64_t gained = score->correct - (before - score->lost);
	double z = bound_quantile(goal->confidence);
	struct tune_verdict verdict = { .known = true, .score = *score };

	if (goal->reference < 0) {
		verdict.lost = 100 * ((double)score->lost - (double)gained) /
			       (double)images;
		verdict.bound = 100 * bound_loss(images, score->lost, gained, z);
	} else {
		/* Known from elsewhere: there is nothing to pair images with. */
		verdict.lost = goal->reference - 100 * (double)score->correct /
						 (double)images;
		verdict.bound = goal->reference - 100 + 100 *
				bound_share(images, images - score->correct, z);
	}
	verdict.accepted = verdict.bound <= goal->budget + ROUNDING;
	return verdict;
}

/* Some at once: those behind a refusal are not heeded. */
static int ask(struct tune *tune, const struct tune_goal *goal,
	       struct tune_point *points, size_t count)
{
	struct tune_job jobs[AHEAD];
	size_t i;
	int err;

	for (i = 0; i < count; i++)
		jobs[i] = (struct tune_job){
			.config = &points[i].config, .part = TUNE_VALIDATION,
		};
	err = tune_evaluate(tune, jobs, count);
	for (i = 0; !err && i < count; i++)
		points[i].verdict = tune_verdict(tune, goal, &jobs[i].score);
	return err;
}

static void show(const struct tune *tune, size_t done, size_t count)
{
	if (!tune->progress.shown)
		return;
	fprintf(stderr, "\r%s: validation, %zu of at most %zu choices\033[K",
		tune->progress.what, done, count);
	fflush(stderr);
}

/* 8b x 9b is what it is compared with: against itself it loses nothing. */
struct tune_verdict tune_verdict_base(const struct tune *tune,
				      const struct tune_goal *goal)
{
	const struct tune_score score = {
		.correct = tune->answers.correct[TUNE_VALIDATION],
	};
	struct tune_verdict verdict = tune_verdict(tune, goal, &score);

	if (goal->reference < 0) {
		verdict.bound = 0;
		verdict.accepted = true;
	}
	return verdict;
}

/* Not asked, so that nobody takes it for accepted */
static void forget(struct tune_point *points, size_t count)
{
	while (count--)
		points++->verdict.known = false;
}

/* *taken: the last one that was accepted */
static int go_along(struct tune *tune, const struct tune_goal *goal,
		    struct tune_points *trail, size_t *taken)
{
	size_t i = 1, ahead, end;
	int err;

	*taken = 0;
	while (i < trail->count) {
		ahead = trail->count - i < AHEAD ? trail->count - i : AHEAD;
		show(tune, i, trail->count - 1);
		err = ask(tune, goal, &trail->list[i], ahead);
		if (err)
			return err;
		for (end = i + ahead; i < end; i++) {
			if (!trail->list[i].verdict.accepted) {
				forget(&trail->list[i + 1], end - i - 1);
				return 0;
			}
			*taken = i;
		}
	}
	return 0;
}

int tune_validate(struct tune *tune, const struct tune_goal *goal,
		  struct tune_result *result)
{
	struct tune_points *trail = &result->trail;
	size_t taken;
	int err;

	err = go_along(tune, goal, trail, &taken);
	if (err)
		return err;
	result->best = trail->list[taken];
	result->best.config.layers = NULL;
	err = tune_config_copy(&tune->model, &result->best.config,
			       &trail->list[taken].config);
	if (err)
		complain("out of memory");
	return err;
}
