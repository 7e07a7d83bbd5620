// SPDX-License-Identifier: GPL-2.0-only
/* What can be turned down, what it costs and what it saves. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "tune_search.h"

/* No value below one that loses this much alone, beside the budget, is tried. */
#define HOPELESS_POINTS	3.0
/* What no loss at all counts as: the same, in nats an image */
#define LOSS_FLOOR	5e-5
/* A bit less of a factor doubles its error, and the loss grows by the square. */
#define GROWTH		4
/* Between two drawings of the line */
#define PIECE		8

/**
 * struct ladder - values of a kind of parameter
 * @steps: how many
 * @values: by step
 * @tried: steps whose loss is measured one after the other; that of those
 *	between is taken to grow by a factor a step
 */
static const struct ladder {
	uint8_t steps;
	uint8_t values[STEPS_MOST];
	uint8_t tried[TUNE_WAVES];
} ladders[KINDS] = {
	[KIND_ACT]	= { 7, { 8, 7, 6, 5, 4, 3, 2 }, { 2, 4, 5, 6 } },
	[KIND_WEIGHT]	= { 8, { 9, 8, 7, 6, 5, 4, 3, 2 }, { 3, 5, 6, 7 } },
	[KIND_APPROX]	= { TUNE_APPROX, { 0, 1, 2 }, { 1, 2 } },
};

int tune_parameters_new(struct search *s)
{
	const struct tune_model *model = &s->tune->model;
	size_t i;

	s->count = model->groups + model->count * (s->goal->exact ? 1 : 2);
	s->open = model->groups + model->count;
	s->parameters = calloc(s->count, sizeof(*s->parameters));
	if (!s->parameters)
		return tune_no_memory();
	for (i = 0; i < s->count; i++) {
		struct parameter *p = &s->parameters[i];

		p->kind = i < model->groups ? KIND_ACT :
			  i < model->groups + model->count ? KIND_WEIGHT :
							     KIND_APPROX;
		p->index = p->kind == KIND_ACT ? i :
			   (i - model->groups) % model->count;
		p->limit = ladders[p->kind].steps;
	}
	return 0;
}

bool tune_turn(const struct search *s, struct tune_config *config,
	       const struct parameter *p, unsigned int step)
{
	const struct tune_model *model = &s->tune->model;
	uint8_t value = ladders[p->kind].values[step];
	bool good = true;
	size_t i;

	for (i = 0; i < model->count; i++) {
		struct tune_choice *choice = &config->layers[i];

		if (p->kind == KIND_ACT ? model->layers[i].group != p->index :
					  i != p->index)
			continue;
		if (p->kind == KIND_ACT)
			choice->act = value;
		else if (p->kind == KIND_WEIGHT)
			choice->weight = value;
		else
			choice->approx = value;
		good &= tune_approx(choice->approx).approx_digits <=
			precision_digits_most(choice->act);
	}
	return good;
}

/* A parameter at another step than the rest of a choice has it */
struct probe {
	struct tune_config config;
	size_t parameter;
	unsigned int step;
};

/**
 * struct probes - many of them
 * @list: probes
 * @jobs: one each
 * @count: how many
 */
struct probes {
	struct probe *list;
	struct tune_job *jobs;
	size_t count;
};

static int probes_new(struct probes *probes, size_t most)
{
	probes->list = calloc(most, sizeof(*probes->list));
	probes->jobs = calloc(most, sizeof(*probes->jobs));
	return probes->list && probes->jobs ? 0 : tune_no_memory();
}

static void probes_free(struct probes *probes)
{
	size_t i;

	for (i = 0; probes->list && i < probes->count; i++)
		tune_config_free(&probes->list[i].config);
	free(probes->list);
	free(probes->jobs);
}

/* One more, unless some layer would have no digit left to look up */
static int probe(const struct search *s, struct probes *probes,
		 const struct tune_config *from, size_t parameter,
		 unsigned int step)
{
	struct probe *one = &probes->list[probes->count];

	if (tune_config_copy(&s->tune->model, &one->config, from))
		return tune_no_memory();
	if (!tune_turn(s, &one->config, &s->parameters[parameter], step)) {
		tune_config_free(&one->config);
		return 0;
	}
	one->parameter = parameter;
	one->step = step;
	probes->jobs[probes->count++] = (struct tune_job){
		.config = &one->config, .part = TUNE_QUICK,
	};
	return 0;
}

static int look(struct search *s, struct probes *probes)
{
	size_t at, piece;
	int err = 0;

	for (at = 0; !err && at < probes->count; at += piece) {
		piece = probes->count - at < PIECE ? probes->count - at : PIECE;
		err = tune_evaluate(s->tune, probes->jobs + at, piece);
		s->done += piece;
		tune_show(s);
	}
	return err;
}

/* Steps between two that are known */
static void fill_in(struct parameter *p, unsigned int from, unsigned int to)
{
	double whole = pow(GROWTH, to - from) - 1;
	unsigned int i;

	for (i = from + 1; i < to; i++)
		p->loss[i] = p->loss[from] + (p->loss[to] - p->loss[from]) *
			     (pow(GROWTH, i - from) - 1) / whole;
}

static void learn_alone(struct search *s, const struct probe *probe,
			const struct tune_score *score, unsigned int before)
{
	struct parameter *p = &s->parameters[probe->parameter];
	double quick = (double)s->tune->quick;

	p->loss[probe->step] = fmax(0, score->divergence / quick);
	fill_in(p, before, probe->step);
	if (100 * score->doubt / quick > s->goal->budget + HOPELESS_POINTS)
		p->limit = probe->step + 1;
}

int tune_measure_alone(struct search *s)
{
	unsigned int wave;
	int err = 0;

	for (wave = 0; !err && wave < TUNE_WAVES; wave++) {
		struct probes probes = { .count = 0 };
		size_t i;

		err = probes_new(&probes, s->open);
		for (i = 0; !err && i < s->open; i++) {
			const struct parameter *p = &s->parameters[i];
			const struct ladder *ladder = &ladders[p->kind];

			if (ladder->tried[wave] < p->limit)
				err = probe(s, &probes, &s->result->base.config,
					    i, ladder->tried[wave]);
		}
		if (!err)
			err = look(s, &probes);
		for (i = 0; !err && i < probes.count; i++) {
			const struct probe *one = &probes.list[i];
			const struct ladder *ladder =
				&ladders[s->parameters[one->parameter].kind];

			learn_alone(s, one, &probes.jobs[i].score,
				    wave ? ladder->tried[wave - 1] : 0);
		}
		/* Those that have dropped out are not waited for. */
		s->expected -= s->open - probes.count;
		probes_free(&probes);
	}
	return err;
}

int tune_measure_next(struct search *s)
{
	struct tune_job here = { .config = &s->now, .part = TUNE_QUICK };
	struct probes probes = { .count = 0 };
	size_t i;
	int err;

	err = probes_new(&probes, s->open);
	if (!err)
		err = tune_evaluate(s->tune, &here, 1);
	for (i = 0; !err && i < s->open; i++)
		if (s->parameters[i].step + 1 < s->parameters[i].limit)
			err = probe(s, &probes, &s->now, i,
				    s->parameters[i].step + 1);
	if (!err)
		err = look(s, &probes);
	for (i = 0; !err && i < probes.count; i++) {
		struct parameter *p = &s->parameters[probes.list[i].parameter];
		double loss = fmax(0, (probes.jobs[i].score.divergence -
				       here.score.divergence) /
				      (double)s->tune->quick);
		double change = p->loss[p->step] + loss - p->loss[p->step + 1];
		unsigned int step;

		/* What lies beyond moves along. */
		for (step = p->step + 1; step < p->limit; step++)
			p->loss[step] += change;
	}
	probes_free(&probes);
	return err;
}

int tune_measure_products(struct search *s)
{
	struct tune_job here = { .config = &s->now, .part = TUNE_QUICK };
	struct probes probes = { .count = 0 };
	unsigned int step;
	size_t i;
	int err;

	err = probes_new(&probes, TUNE_APPROX * s->count);
	if (!err)
		err = tune_evaluate(s->tune, &here, 1);
	for (i = s->open; !err && i < s->count; i++)
		for (step = 1; !err && step < TUNE_APPROX; step++)
			err = probe(s, &probes, &s->now, i, step);
	if (!err)
		err = look(s, &probes);
	for (i = 0; !err && i < probes.count; i++)
		s->parameters[probes.list[i].parameter].loss[probes.list[i].step] =
			fmax(0, (probes.jobs[i].score.divergence -
				 here.score.divergence) /
				(double)s->tune->quick);
	s->open = s->count;
	probes_free(&probes);
	return err;
}

bool tune_best_move(const struct search *s, size_t index,
		    const struct tune_config *from, double energy,
		    struct move *out)
{
	const struct parameter *p = &s->parameters[index];
	struct tune_config config;
	bool found = false;
	unsigned int step;

	if (tune_config_copy(&s->tune->model, &config, from))
		return false;
	for (step = p->step + 1; step <= p->step + 2 && step < p->limit; step++) {
		struct tune_cost cost;
		double loss = fmax(0, p->loss[step] - p->loss[p->step]), score;

		if (!tune_turn(s, &config, p, step) ||
		    tune_cost(&s->tune->model, &config, &cost) ||
		    cost.energy >= energy)
			continue;
		score = (energy - cost.energy) / (loss + LOSS_FLOOR);
		if (found && score <= out->score)
			continue;
		*out = (struct move){
			.parameter = index, .step = step, .score = score,
		};
		found = true;
	}
	tune_config_free(&config);
	return found;
}

/* The best move of all from a choice */
static bool next_move(const struct search *s, const struct tune_config *config,
		      double energy, struct move *out)
{
	bool found = false;
	size_t i;

	for (i = 0; i < s->open; i++) {
		struct move move;

		if (!tune_best_move(s, i, config, energy, &move) ||
		    (found && move.score <= out->score))
			continue;
		*out = move;
		found = true;
	}
	return found;
}

int tune_path(struct search *s, struct move **out, size_t *count)
{
	struct move *path = calloc(s->count * STEPS_MOST, sizeof(*path)), move;
	unsigned int *steps = calloc(s->count, sizeof(*steps));
	struct tune_config config = { .layers = NULL };
	struct tune_cost cost = s->cost;
	size_t n = 0, i;
	int err = 0;

	if (!path || !steps || tune_config_copy(&s->tune->model, &config, &s->now))
		err = tune_no_memory();
	for (i = 0; steps && i < s->count; i++)
		steps[i] = s->parameters[i].step;
	while (!err && next_move(s, &config, cost.energy, &move)) {
		struct parameter *p = &s->parameters[move.parameter];

		p->step = move.step;
		tune_turn(s, &config, p, p->step);
		tune_cost(&s->tune->model, &config, &cost);
		path[n++] = move;
	}
	for (i = 0; steps && i < s->count; i++)
		s->parameters[i].step = steps[i];
	tune_config_free(&config);
	free(steps);
	if (err) {
		free(path);
		return err;
	}
	*out = path;
	*count = n;
	return 0;
}
