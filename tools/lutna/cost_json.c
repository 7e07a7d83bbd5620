// SPDX-License-Identifier: GPL-2.0-only
/* The schema is in lutna-cost(1). */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>

#include "cost_rows.h"

typedef struct json_object json;

static void add_text(json *to, const char *key, const char *value)
{
	json_object_object_add(to, key, value ? json_object_new_string(value) :
						NULL);
}

static void add_number(json *to, const char *key, uint64_t value)
{
	json_object_object_add(to, key, json_object_new_uint64(value));
}

static void add_mean(json *to, const char *key, uint64_t sum, uint64_t count)
{
	json_object_object_add(to, key,
			       json_object_new_double((double)sum /
						      (double)count));
}

/* Means an operation, by stimulus; @file is that of a file, if there is one. */
static void add_energy(json *to, const char *key, const struct cost_row *row,
		       const uint64_t sum[LUTNA_STIMULUS_COUNT],
		       const uint64_t *file)
{
	json *energy = json_object_new_object();
	uint64_t operations = row->cost.operations;

	add_mean(energy, "uniform", sum[LUTNA_STIMULUS_UNIFORM], operations);
	add_mean(energy, "relu", sum[LUTNA_STIMULUS_RELU], operations);
	if (file)
		add_mean(energy, "file", *file, row->file.operations);
	json_object_object_add(to, key, energy);
}

static json *unit_object(const struct cost_row *row, bool has_file)
{
	const struct lutna_unit_spec *s = &row->spec;
	const struct lutna_unit_cost *c = &row->cost;
	bool digits = cost_has_digits(s->unit);
	json *o = json_object_new_object();

	add_text(o, "unit", lutna_unit_name(s->unit));
	add_number(o, "digit_bits", digits ? s->digit_bits : 0);
	add_text(o, "approx", cost_approx_name(s));
	json_object_object_add(o, "signed",
			       json_object_new_boolean(s->is_signed));
	add_number(o, "act_bits", s->act_bits);
	add_number(o, "weight_bits", s->weight_bits);
	add_text(o, "read", s->unit == LUTNA_UNIT_LUT ?
		 cost_read_names[cost_read_of(s)] : NULL);
	add_text(o, "join", digits ? cost_join_names[s->join] : NULL);
	add_text(o, "tables", digits ? cost_table_names[s->tables] : NULL);
	add_number(o, "sram", c->sram);
	add_number(o, "mux", c->mux);
	add_number(o, "gates", c->gates);
	add_number(o, "half_adders", c->half_adders);
	add_number(o, "full_adders", c->full_adders);
	add_number(o, "transistors", c->transistors);
	add_number(o, "depth", c->depth);
	add_energy(o, "energy", row, c->toggles,
		   has_file ? &row->file.toggles : NULL);
	add_energy(o, "energy_settled", row, c->settled,
		   has_file ? &row->file.settled : NULL);
	add_energy(o, "energy_changing", row, c->toggles_changing,
		   has_file ? &row->file.toggles_changing : NULL);
	return o;
}

int cost_print_json(const struct cost_report *report)
{
	json *list = json_object_new_array();
	const char *text;
	size_t i;

	for (i = 0; i < report->count; i++)
		if (report->rows[i].shown)
			json_object_array_add(list,
					      unit_object(&report->rows[i],
							  report->has_file));
	text = json_object_to_json_string_ext(list, JSON_C_TO_STRING_PRETTY);
	if (text)
		puts(text);
	json_object_put(list);
	return text ? 0 : -ENOMEM;
}
