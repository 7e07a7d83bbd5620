/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lutna tune: bits of each layer under an accuracy budget.
 *
 *	cmd_tune.c	options, data, files
 *	tune_model.c	what layers there are and what they cost
 *	tune_eval.c	accuracy of a choice, on simulators, in threads
 *	tune_state.c	what is known about choices, in memory and in a file
 *	tune_search.c	which choices are looked at
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
 * @macs: multiplications of one image with those, by weight bits
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

/* What the model does on some of the images */
struct tune_score {
	uint64_t correct;
	double loss;		/* sum of cross-entropies, in nats */
};

/* Images [0, quick) and [quick, count) are looked at apart. */
enum tune_part { TUNE_QUICK, TUNE_REST };

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
 * @quick: of them, those that are looked at first
 * @threads: that look at choices
 * @seen: choices that were looked at in this run
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
	size_t quick;
	unsigned int threads;
	size_t seen;
	struct tune_state state;
	pthread_mutex_t lock;
	struct progress progress;
};

/**
 * struct tune_goal - what is wanted
 * @budget: points that may be lost
 * @reference: against this accuracy, in percent; below 0: that of 8b x 9b
 * @exact: no approximations
 */
struct tune_goal {
	double budget;
	double reference;
	bool exact;
};

/* A choice that was looked at on all images */
struct tune_point {
	struct tune_config config;
	struct tune_cost cost;
	struct tune_score score;
};

/**
 * struct tune_result - what a search has found
 * @base: 8b x 9b, exact
 * @best: least energy within the budget
 * @need: images that have to be right
 * @points: all that were looked at on all images
 * @count: how many
 * @room: for how many
 */
struct tune_result {
	struct tune_point base;
	struct tune_point best;
	uint64_t need;
	struct tune_point *points;
	size_t count;
	size_t room;
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
 * tune_evaluate() - find out, or remember, what choices are worth
 * @tune: search
 * @jobs: what
 * @count: how many
 *
 * Return: 0, -ECANCELED when stopped, or another negative errno after a message
 */
int tune_evaluate(struct tune *tune, struct tune_job *jobs, size_t count);

/* tune_search.c */

/* As tune_evaluate(); tune_result_free() in any case.  -ERANGE: not to be met */
int tune_search(struct tune *tune, const struct tune_goal *goal,
		struct tune_result *result);
void tune_result_free(struct tune_result *result);

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
