// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <string.h>

#include "unit.h"

/* A property that the unit does not have fits whatever is asked for. */
static bool fits(json *unit, const char *property, const char *want, const char *usual)
{
	json *value;

	if (!json_object_object_get_ex(unit, property, &value) || !value)
		return true;
	return !strcmp(json_object_get_string(value), want ? want : usual);
}

static bool is_the_one(json *unit, const struct unit_key *key)
{
	int digits = (int)input_number(unit, "digit_bits");

	return !strcmp(input_text(unit, "unit"), key->unit) &&
	       input_number(unit, "act_bits") == key->act_bits &&
	       input_number(unit, "weight_bits") == key->weight_bits &&
	       (!digits || digits == (key->digit_bits ? key->digit_bits : 2)) &&
	       json_object_get_boolean(input_get(unit, "signed")) == !key->is_unsigned &&
	       fits(unit, "approx", key->approx, "exact") &&
	       fits(unit, "read", key->read, "low") &&
	       fits(unit, "join", key->join, "chain") &&
	       fits(unit, "tables", key->tables, "shared");
}

json *unit_find(json *units, struct unit_key key)
{
	size_t i, count = json_object_array_length(units);

	for (i = 0; i < count; i++) {
		json *unit = json_object_array_get_idx(units, i);

		if (is_the_one(unit, &key))
			return unit;
	}
	return NULL;
}

double unit_figure(json *units, struct unit_key key, const char *figure)
{
	json *unit = unit_find(units, key);

	if (!unit)
		errx(1, "lutna cost has no unit %s of %d x %d bits", key.unit, key.act_bits,
		     key.weight_bits);
	return input_number(unit, figure);
}
