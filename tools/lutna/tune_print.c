// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "print.h"
#include "tune.h"

typedef struct json_object json;

static double percent(uint64_t correct, size_t of)
{
	return 100.0 * (double)correct / (double)of;
}

static int baselines(const struct tune_model *model,
		     struct tune_cost out[LUTNA_UNIT_COUNT])
{
	unsigned int unit;
	int err;

	for (unit = 0; unit < LUTNA_UNIT_COUNT; unit++) {
		err = tune_baseline(model, unit, &out[unit]);
		if (err)
			return complain("cost of unit %s: %s", unit_names[unit],
					strerror(-err));
	}
	return STATUS_OK;
}

static int by_energy(const void *a, const void *b)
{
	const struct tune_point *x = *(const struct tune_point *const *)a;
	const struct tune_point *y = *(const struct tune_point *const *)b;

	if (x->cost.energy != y->cost.energy)
		return x->cost.energy < y->cost.energy ? -1 : 1;
	return x->score.doubt < y->score.doubt ? -1 :
	       x->score.doubt > y->score.doubt;
}

/* Points that it should lose, by what 8b x 9b believes of the search images */
static double points_in_doubt(const struct tune *tune,
			      const struct tune_point *point)
{
	return 100 * point->score.doubt / (double)tune->search;
}

/* Points that no other beats in both, from the least energy; NULL: no memory */
static const struct tune_point **pareto(const struct tune_result *result,
					size_t *count)
{
	const struct tune_points *seen = &result->seen;
	const struct tune_point **all = calloc(seen->count + 1, sizeof(*all));
	size_t i, n = 0;

	if (!all) {
		complain("out of memory");
		return NULL;
	}
	for (i = 0; i < seen->count; i++)
		all[i] = &seen->list[i];
	qsort(all, seen->count, sizeof(*all), by_energy);
	for (i = 0; i < seen->count; i++)
		if (!n || all[i]->score.doubt < all[n - 1]->score.doubt)
			all[n++] = all[i];
	*count = n;
	return all;
}

static void print_layers(const struct tune_report *report)
{
	const struct tune_model *model = &report->tune->model;
	const struct tune_config *config = &report->result->best.config;
	size_t i;

	printf("  %-24s %3s %6s %-11s %10s %12s %11s %7s\n", "layer", "act",
	       "weight", "products", "not zero", "MACs", "energy", "of 8x9");
	for (i = 0; i < model->count; i++) {
		const struct tune_choice *choice = &config->layers[i];
		const struct precision approx = tune_approx(choice->approx);
		const struct tune_layer *layer = &model->layers[i];
		struct tune_cost cost = { 0 }, base = { 0 };
		char text[PRECISION_APPROX_TEXT];

		tune_layer_cost(model, config, i, &cost);
		tune_layer_cost(model, &report->result->base.config, i, &base);
		printf("  %-24s %3u %6u %-11s %10" PRIu64 " %12" PRIu64
		       " %11.4g %7.3f\n", layer->name,
		       tune_act_bits(model, config, i), choice->weight,
		       precision_approx_text(&approx, text),
		       layer->nonzero[choice->weight], layer->macs[choice->weight],
		       cost.energy, base.energy > 0 ? cost.energy / base.energy : 0);
	}
}

static void print_units(const char *what, const char *unit,
			const struct tune_cost *costs, double best, bool area)
{
	unsigned int i;

	printf("%-14s", what);
	for (i = 0; i < LUTNA_UNIT_COUNT; i++)
		printf(" %10.4g", area ? costs[i].area : costs[i].energy);
	printf(" %10.4g  %s\n  of tuned    ", best, unit);
	for (i = 0; i < LUTNA_UNIT_COUNT; i++)
		printf(" %10.2f",
		       (area ? costs[i].area : costs[i].energy) / best);
	printf(" %10.2f  times\n", 1.0);
}

static void print_accuracy(const struct tune_report *report)
{
	const struct tune_point *base = &report->result->base;
	const struct tune_point *best = &report->result->best;
	const struct tune *tune = report->tune;
	size_t judges = tune->count - tune->search;

	printf("search         %.2f %% right at 8b x 9b, %.2f %% tuned, of %zu images; %.2f points lost in the eyes of 8b x 9b\n",
	       percent(base->score.correct, tune->search),
	       percent(best->score.correct, tune->search), tune->search,
	       points_in_doubt(tune, best));
	printf("validation     %.2f %% right at 8b x 9b, %.2f %% tuned, of %zu others; %.2f points lost, at most %.2f with %g %% confidence\n",
	       percent(base->verdict.score.correct, judges),
	       percent(best->verdict.score.correct, judges), judges,
	       best->verdict.lost, best->verdict.bound, report->goal->confidence);
}

int tune_print_text(const struct tune_report *report)
{
	const struct tune_result *result = report->result;
	const struct tune_point *best = &result->best;
	struct tune_cost costs[LUTNA_UNIT_COUNT];
	unsigned int i;

	if (baselines(&report->tune->model, costs))
		return STATUS_FAILURE;
	print_layers(report);
	print_accuracy(report);
	printf("8b x 9b       ");
	for (i = 0; i < LUTNA_UNIT_COUNT; i++)
		printf(" %10s", unit_names[i]);
	printf(" %10s\n", "tuned");
	print_units("energy", "toggle units an image", costs, best->cost.energy,
		    false);
	print_units("area", "transistors, a unit for each weight that is not zero",
		    costs, best->cost.area, true);
	printf("looked at      %zu scores, %zu of them new, in %.1f s\n",
	       report->tune->state.count, report->tune->seen, report->seconds);
	return STATUS_OK;
}

static void add_real(json *to, const char *key, double value)
{
	json_object_object_add(to, key, json_object_new_double(value));
}

static void add_number(json *to, const char *key, uint64_t value)
{
	json_object_object_add(to, key, json_object_new_uint64(value));
}

static void add_text(json *to, const char *key, const char *value)
{
	json_object_object_add(to, key, json_object_new_string(value));
}

static json *json_cost(const struct tune_cost *cost)
{
	json *object = json_object_new_object();

	add_real(object, "energy", cost->energy);
	add_real(object, "area", cost->area);
	return object;
}

static json *json_layers(const struct tune_model *model,
			 const struct tune_config *config)
{
	json *list = json_object_new_array();
	size_t i;

	for (i = 0; i < model->count; i++) {
		const struct tune_choice *choice = &config->layers[i];
		const struct precision approx = tune_approx(choice->approx);
		const struct tune_layer *layer = &model->layers[i];
		char text[PRECISION_APPROX_TEXT];
		struct tune_cost cost = { 0 };
		json *object;

		tune_layer_cost(model, config, i, &cost);
		object = json_cost(&cost);
		add_text(object, "name", layer->name);
		add_number(object, "act_bits", tune_act_bits(model, config, i));
		add_number(object, "weight_bits", choice->weight);
		add_text(object, "approx", precision_approx_text(&approx, text));
		add_number(object, "weights", layer->weights);
		add_number(object, "weights_not_zero",
			   layer->nonzero[choice->weight]);
		add_number(object, "macs_per_image", layer->macs[choice->weight]);
		json_object_array_add(list, object);
	}
	return list;
}

static json *json_verdict(const struct tune *tune,
			  const struct tune_verdict *verdict)
{
	json *object = json_object_new_object();

	add_number(object, "correct", verdict->score.correct);
	add_number(object, "correct_lost", verdict->score.lost);
	add_real(object, "accuracy", (double)verdict->score.correct /
		 (double)(tune->count - tune->search));
	add_real(object, "points_lost", verdict->lost);
	add_real(object, "points_lost_most", verdict->bound);
	json_object_object_add(object, "accepted",
			       json_object_new_boolean(verdict->accepted));
	return object;
}

static json *json_point(const struct tune_report *report,
			const struct tune_point *point)
{
	const struct tune *tune = report->tune;
	json *object = json_cost(&point->cost);

	add_number(object, "correct", point->score.correct);
	add_real(object, "accuracy", (double)point->score.correct /
		 (double)tune->search);
	add_real(object, "points_in_doubt", points_in_doubt(tune, point));
	add_real(object, "divergence",
		 point->score.divergence / (double)tune->search);
	if (point->verdict.known)
		json_object_object_add(object, "validation",
				       json_verdict(tune, &point->verdict));
	json_object_object_add(object, "layers",
			       json_layers(&report->tune->model, &point->config));
	return object;
}

static json *json_baselines(const struct tune_cost *costs,
			    const struct tune_cost *best)
{
	json *list = json_object_new_object();
	unsigned int i;

	for (i = 0; i < LUTNA_UNIT_COUNT; i++) {
		json *object = json_cost(&costs[i]);

		add_real(object, "energy_ratio", costs[i].energy / best->energy);
		add_real(object, "area_ratio", costs[i].area / best->area);
		json_object_object_add(list, unit_names[i], object);
	}
	return list;
}

int tune_print_json(const struct tune_report *report)
{
	const struct tune *tune = report->tune;
	const struct tune_result *result = report->result;
	struct tune_cost costs[LUTNA_UNIT_COUNT];
	const struct tune_point **front;
	json *root, *list;
	size_t count, i;
	char hash[24];

	if (baselines(&tune->model, costs))
		return STATUS_FAILURE;
	front = pareto(result, &count);
	if (!front)
		return STATUS_FAILURE;
	root = json_object_new_object();
	snprintf(hash, sizeof(hash), "%016" PRIx64, tune->model.hash);
	add_text(root, "model", tune->model.path);
	add_text(root, "model_hash", hash);
	add_number(root, "images", tune->count);
	add_number(root, "search_images", tune->search);
	add_number(root, "first_images", tune->quick);
	add_number(root, "validation_images", tune->count - tune->search);
	add_real(root, "budget_points", report->goal->budget);
	add_real(root, "confidence", report->goal->confidence);
	json_object_object_add(root, "base", json_point(report, &result->base));
	json_object_object_add(root, "tuned", json_point(report, &result->best));
	json_object_object_add(root, "units_8x9",
			       json_baselines(costs, &result->best.cost));
	list = json_object_new_array();
	for (i = 0; i < count; i++)
		json_object_array_add(list, json_point(report, front[i]));
	json_object_object_add(root, "pareto", list);
	list = json_object_new_array();
	for (i = 0; i < result->trail.count; i++)
		json_object_array_add(list, json_point(report,
						       &result->trail.list[i]));
	json_object_object_add(root, "trail", list);
	add_number(root, "scores", tune->state.count);
	add_number(root, "scores_new", tune->seen);
	add_real(root, "seconds", report->seconds);
	puts(json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY));
	json_object_put(root);
	free(front);
	return STATUS_OK;
}
