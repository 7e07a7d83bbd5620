/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lutna tune: bits of each layer under an accuracy budget.
 *
 *	cmd_tune.c	options, data, files
 *	tune_model.c	what layers there are and what they cost
 *	tune_eval.c	accuracy of a choice, on simulators, in threads
 *	tune_state.c	what is known about choices, in memory and in a file
 *	tune_search.c	which choices are looked at
 *	tune_validate.c	which of them is taken, by other images
 *	bound.c		how much is lost at most
 *	tune_print.c	the result
 */
#ifndef LUTNA_TOOL_TUNE_H
#define LUTNA_TOOL_TUNE_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compile/compile.h"
#include "idx.h"
#include "progress.h"
#include "uapi/lutna_isa.h"

#define TUNE_ACT	8	/* where a search begins */
#define TUNE_WEIGHT	9
#define TUNE_APPROX	3	/* exact and what may stand in its place */

/* Index of a width in an array */
#define TUNE_WIDTHS	10

/**
 * struct tune_choice - what one layer computes with
 * @act: bits of its input
 * @weight: bits of its weights
 * @approx: index for tune_approx()
 */
struct tune_choice {
	uint8_t act;
	uint8_t weight;
	uint8_t approx;
};

/* Of a whole model: one a layer; tune_config_free() */
struct tune_config {
	struct tune_choice *layers;
};

/**
 * struct tune_layer - a layer with arithmetic
 * @name: of its node; nodes of one name are one layer
 * @weights: in all
 * @nonzero: weights that are not zero, by weight bits
 * @macs: multiplications of one image, by weight bits: a layer whose weights are
 *	stored dense multiplies by zeros, too
 * @group: layers of one group read the same numbers and have one width
 * @shares: one a layer: what that one wants this one gets
 */
struct tune_layer {
	char *name;
	uint64_t weights;
	uint64_t nonzero[TUNE_WIDTHS];
	uint64_t macs[TUNE_WIDTHS];
	unsigned int group;
	bool *shares;
};

/**
 * struct tune_model - what is tuned
 * @path: ONNX file
 * @onnx: its bytes
 * @bytes: how many
 * @hash: of them
 * @layers: in the order of execution
 * @count: of layers
 * @groups: of layers
 */
struct tune_model {
	const char *path;
	uint8_t *onnx;
	size_t bytes;
	uint64_t hash;
	struct tune_layer *layers;
	size_t count;
	unsigned int groups;
};

/**
 * struct tune_cost - what a choice costs
 * @energy: toggle units an image, LUTNA_STIMULUS_RELU
 * @area: transistors of units for all weights that are not zero
 */
struct tune_cost {
	double energy;
	double area;
};

/**
 * struct tune_score - what a choice does on some of the images
 * @correct: images that it gets right
 * @lost: images that 8b x 9b gets right and it does not
 * @doubt: sum of the shares of images that it should lose: where it says another
 *	class, by how much less likely 8b x 9b takes that one to be.  An estimate
 *	of what is lost that needs no labels, and varies much less than a count.
 * @divergence: sum of the Kullback-Leibler divergences from 8b x 9b, in nats
 *
 * @doubt and @divergence are 0 on images that only validate.
 */
struct tune_score {
	uint64_t correct;
	uint64_t lost;
	double doubt;
	double divergence;
};

/*
 * Images [0, quick) and [quick, search) lead the search, [search, count) say
 * what of its result holds.
 */
enum tune_part { TUNE_QUICK, TUNE_REST, TUNE_VALIDATION, TUNE_PARTS };

/**
 * struct tune_answers - what 8b x 9b says
 * @right: one an image: whether it is right
 * @log_p: logarithm of the probability of each class, images that search
 * @classes: how many
 * @correct: images that are right, by part
 */
struct tune_answers {
	uint8_t *right;
	float *log_p;
	size_t classes;
	uint64_t correct[TUNE_PARTS];
};

/**
 * struct tune_record - the score of a choice on a part of the images
 * @key: tune_key() of the choice
 * @part: enum tune_part
 * @score: score
 */
struct tune_record {
	char *key;
	int part;
	struct tune_score score;
};

/**
 * struct tune_state - all that is known
 * @root: tree of tsearch()
 * @records: the same in order of arrival
 * @count: how many
 * @room: for how many
 * @fd: file that each is appended to; -1: none
 */
struct tune_state {
	void *root;
	struct tune_record **records;
	size_t count;
	size_t room;
	int fd;
};

/**
 * struct tune - a search
 * @model: what is tuned
 * @images: @count of them
 * @labels: as many
 * @count: images that are held out
 * @search: of them, those that lead the search; fewer than @count
 * @quick: of them, those that are looked at first
 * @threads: that look at choices
 * @seen: choices that were looked at in this run
 * @answers: of 8b x 9b
 * @state: what is known
 * @lock: over @state and @seen, while threads work
 * @stopped: the user wants it to stop
 * @progress: line on standard error
 */
struct tune {
	struct tune_model model;
	const uint8_t *images;
	const uint8_t *labels;
	size_t item_bytes;
	size_t count;
	size_t search;
	size_t quick;
	unsigned int threads;
	size_t seen;
	struct tune_answers answers;
	struct tune_state state;
	pthread_mutex_t lock;
	struct progress progress;
};

/**
 * struct tune_goal - what is wanted
 * @budget: points that may be lost
 * @reference: against this accuracy, in percent; below 0: that of 8b x 9b
 * @confidence: in percent, that no more is lost
 * @exact: no approximations
 */
struct tune_goal {
	double budget;
	double reference;
	double confidence;
	bool exact;
};

/**
 * struct tune_verdict - what the validation images say of a choice
 * @known: whether they were asked
 * @accepted: the budget holds
 * @score: on them
 * @lost: points that it loses there
 * @bound: points that it loses at most, with the confidence that was wanted
 */
struct tune_verdict {
	bool known;
	bool accepted;
	struct tune_score score;
	double lost;
	double bound;
};

/* A choice that was looked at on all images of the search */
struct tune_point {
	struct tune_config config;
	struct tune_cost cost;
	struct tune_score score;
	struct tune_verdict verdict;
};

/* Grows at its end */
struct tune_points {
	struct tune_point *list;
	size_t count;
	size_t room;
};

/**
 * struct tune_result - what a search has found
 * @base: 8b x 9b, exact
 * @best: least energy that was accepted
 * @seen: all that were looked at on all images of the search
 * @trail: those that it went by, each of less energy than the one before;
 *	the first is @base
 */
struct tune_result {
	struct tune_point base;
	struct tune_point best;
	struct tune_points seen;
	struct tune_points trail;
};

/* Set by SIGINT and SIGTERM; everything comes back with -ECANCELED then. */
extern volatile sig_atomic_t tune_stopped;

/* tune_model.c */

/* 0, or an exit status after a message; tune_model_free() in any case */
int tune_model_read(struct tune_model *model, const char *path,
		    unsigned int threads);
void tune_model_free(struct tune_model *model);
uint64_t tune_hash(uint64_t hash, const void *data, size_t bytes);
/* NULL: no memory */
struct tune_choice *tune_config_new(const struct tune_model *model);
int tune_config_copy(const struct tune_model *model, struct tune_config *to,
		     const struct tune_config *from);
void tune_config_free(struct tune_config *config);
/* Names a choice; free() */
char *tune_key(const struct tune_model *model, const struct tune_config *config);
/* Approximations in the order of their energy; the first is exact. */
struct precision tune_approx(unsigned int index);
/* What the compiler is to be given; precision_free().  0 or -ENOMEM */
int tune_precision(const struct tune_model *model,
		   const struct tune_config *config,
		   struct precision_table *out);
/* Bits that the layer has in the end, whatever it wants itself */
unsigned int tune_act_bits(const struct tune_model *model,
			   const struct tune_config *config, size_t layer);
/* Of one layer, and of all; 0, or a negative errno */
int tune_layer_cost(const struct tune_model *model,
		    const struct tune_config *config, size_t layer,
		    struct tune_cost *out);
int tune_cost(const struct tune_model *model, const struct tune_config *config,
	      struct tune_cost *out);
/* 8b x 9b on a unit (enum lutna_unit) */
int tune_baseline(const struct tune_model *model, unsigned int unit,
		  struct tune_cost *out);

/**
 * tune_parallel() - do pieces of work in threads
 * @threads: how many
 * @count: pieces
 * @work: called with @opaque and the index of a piece; not 0 ends it all
 *
 * Return: 0, or what the first piece that failed gave
 */
int tune_parallel(unsigned int threads, size_t count,
		  int (*work)(void *opaque, size_t index), void *opaque);

/* tune_state.c */

/**
 * tune_state_open() - read what an earlier run has found out
 * @tune: model, images and sizes set
 * @path: file, which need not be there; NULL: none
 *
 * Return: 0, or an exit status after a message (made for something else)
 */
int tune_state_open(struct tune *tune, const char *path);
void tune_state_close(struct tune_state *state);
/* NULL if it is not known */
const struct tune_record *tune_state_find(const struct tune_state *state,
					  const char *key, int part);
/* Takes @key over; 0 or a negative errno */
int tune_state_add(struct tune_state *state, char *key, int part,
		   const struct tune_score *score);

/* tune_eval.c */

/* One thing to find out; @score is set. */
struct tune_job {
	const struct tune_config *config;
	int part;
	struct tune_score score;
};

/**
 * tune_answers_read() - find out what 8b x 9b says
 * @tune: search; its answers are set, tune_answers_free() in any case
 *
 * Return: as tune_evaluate()
 */
int tune_answers_read(struct tune *tune);
void tune_answers_free(struct tune_answers *answers);
/* Images [*first, *end) */
void tune_part_range(const struct tune *tune, int part, size_t *first,
		     size_t *end);

/**
 * tune_evaluate() - find out, or remember, what choices are worth
 * @tune: search
 * @jobs: what
 * @count: how many
 *
 * Return: 0, -ECANCELED when stopped, or another negative errno after a message
 */
int tune_evaluate(struct tune *tune, struct tune_job *jobs, size_t count);

/* tune_search.c */

/**
 * tune_search() - leave a trail of choices that take less and less energy
 * @tune: what it is about; its answers are read
 * @goal: what is wanted
 * @result: base, seen and trail are set; tune_result_free() in any case
 *
 * Return: as tune_evaluate(); -ERANGE: not even 8b x 9b meets the budget, of
 * which @result->base has the verdict
 */
int tune_search(struct tune *tune, const struct tune_goal *goal,
		struct tune_result *result);
void tune_result_free(struct tune_result *result);

/* tune_validate.c */

/**
 * tune_verdict() - whether the budget holds
 * @tune: search
 * @goal: what is wanted
 * @score: of a choice, on the validation images
 */
struct tune_verdict tune_verdict(const struct tune *tune,
				 const struct tune_goal *goal,
				 const struct tune_score *score);
/* Of 8b x 9b */
struct tune_verdict tune_verdict_base(const struct tune *tune,
				      const struct tune_goal *goal);
/**
 * tune_validate() - go along the trail as far as validation images accept it
 * @tune: search
 * @goal: what is wanted
 * @result: with a trail, whose verdicts and whose best are set
 *
 * Return: as tune_evaluate()
 */
int tune_validate(struct tune *tune, const struct tune_goal *goal,
		  struct tune_result *result);

/* tune_print.c */

struct tune_report {
	const struct tune *tune;
	const struct tune_goal *goal;
	const struct tune_result *result;
	double seconds;
};

/* 0, or an exit status after a message */
int tune_print_text(const struct tune_report *report);
int tune_print_json(const struct tune_report *report);

#endif
