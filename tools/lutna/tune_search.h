/* SPDX-License-Identifier: GPL-2.0-only */
/* lutna tune: the search, between its files alone. */
#ifndef LUTNA_TOOL_TUNE_SEARCH_H
#define LUTNA_TOOL_TUNE_SEARCH_H

#include "tune.h"

/* Values of a parameter, from the one where a search begins */
#define STEPS_MOST	8

/* How often each parameter is turned down alone */
#define TUNE_WAVES	4

enum kind { KIND_ACT, KIND_WEIGHT, KIND_APPROX, KINDS };

/**
 * struct parameter - something that can be turned down
 * @kind: bits of an input, bits of weights, approximation
 * @index: group of layers (KIND_ACT), or layer
 * @step: where it is
 * @limit: first step that it may not be at
 * @loss: growth of the divergence from step 0, in nats an image, by step
 */
struct parameter {
	enum kind kind;
	size_t index;
	unsigned int step;
	unsigned int limit;
	double loss[STEPS_MOST];
};

struct move {
	size_t parameter;
	unsigned int step;
	double score;
};

/**
 * struct search - a search under way
 * @tune: what it is about
 * @goal: what is wanted
 * @result: grows
 * @parameters: all of them
 * @count: how many
 * @open: how many of them may be turned down now: bits, which stand first, or
 *	approximations too
 * @now: choice that is good enough
 * @cost: of @now
 * @allowed: points that may be lost in this stage, by tune_doubt()
 * @trail_share: energy of a point of the trail, as a share of that before
 * @done: pieces of work
 * @expected: pieces of work in all, as far as one can tell
 * @start_ns: when it began
 */
struct search {
	struct tune *tune;
	const struct tune_goal *goal;
	struct tune_result *result;
	struct parameter *parameters;
	size_t count;
	size_t open;
	struct tune_config now;
	struct tune_cost cost;
	double allowed;
	double trail_share;
	size_t done;
	size_t expected;
	uint64_t start_ns;
};

/* Points that should be lost on the images of a part */
static inline double tune_doubt(const struct tune_score *score, size_t images)
{
	return images ? 100 * score->doubt / (double)images : 0;
}

/* All of these return 0 or a negative errno after a message. */

int tune_no_memory(void);
/* Redraws the line */
void tune_show(const struct search *search);

/* tune_parameters.c */

int tune_parameters_new(struct search *search);
/* Puts a parameter of a choice to a step; whether each layer has digits left */
bool tune_turn(const struct search *search, struct tune_config *config,
	       const struct parameter *parameter, unsigned int step);
/* How the loss grows when each is turned down alone, from 8b x 9b */
int tune_measure_alone(struct search *search);
/* The same for the next step of each, from where the search is now */
int tune_measure_next(struct search *search);
/* The same for approximations of one digit, which become open */
int tune_measure_products(struct search *search);
/**
 * tune_best_move() - most energy saved for the loss
 * @search: search
 * @parameter: which
 * @from: choice, with the parameters at their steps
 * @energy: of @from
 * @move: set if there is one
 */
bool tune_best_move(const struct search *search, size_t parameter,
		    const struct tune_config *from, double energy,
		    struct move *move);
/**
 * tune_path() - moves one after the other, the best first
 * @search: search; its parameters' steps are as they were afterwards
 * @out: set on success; free()
 * @count: set on success
 */
int tune_path(struct search *search, struct move **out, size_t *count);

#endif
