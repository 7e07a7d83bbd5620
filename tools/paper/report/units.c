// SPDX-License-Identifier: GPL-2.0-only
/* Part 1: the arithmetic units. */
#include <err.h>
#include <math.h>
#include <string.h>

#include "plot.h"
#include "report.h"
#include "unit.h"

/* The units of the tables, in their order */
static const struct row {
	const char *name;
	const char *unit;
	int digit_bits;
	const char *approx;
	const char *read;
	const char *join;
	const char *tables;
} rows[] = {
	{ "traditional LUT", "lut", 0, NULL, NULL, NULL, NULL },
	{ "traditional, top bit at the leaves", "lut", 0, NULL, "high", NULL, NULL },
	{ "traditional, rows decoded", "lut", 0, NULL, "rows", NULL, NULL },
	{ "D&C", "dnc", 0, NULL, NULL, NULL, NULL },
	{ "LUT-NA", "lutna", 0, NULL, NULL, NULL, NULL },
	{ "LUT-NA, digit 1", "lutna", 1, NULL, NULL, NULL, NULL },
	{ "LUT-NA, digit 4", "lutna", 4, NULL, NULL, NULL, NULL },
	{ "LUT-NA, joined as a tree", "lutna", 0, NULL, NULL, "tree", NULL },
	{ "LUT-NA, a table for each digit", "lutna", 0, NULL, NULL, NULL, "private" },
	{ "A-LUT-NA, low digit gives W", "lutna", 0, "w1", NULL, NULL, NULL },
	{ "A-LUT-NA, low digit dropped", "lutna", 0, "drop1", NULL, NULL, NULL },
	{ "array", "array", 0, NULL, NULL, NULL, NULL },
	{ "Wallace", "wallace", 0, NULL, NULL, NULL, NULL },
	{ "Dadda", "dadda", 0, NULL, NULL, NULL, NULL },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static struct unit_key row_key(const struct row *row, int act_bits, int weight_bits,
			       bool is_unsigned)
{
	return (struct unit_key){
		.unit = row->unit, .digit_bits = row->digit_bits, .approx = row->approx,
		.read = row->read, .join = row->join, .tables = row->tables,
		.is_unsigned = is_unsigned, .act_bits = act_bits, .weight_bits = weight_bits,
	};
}

static void unit_table(struct report *r, int act_bits, int weight_bits, bool is_unsigned)
{
	static const char *const heads[] = {
		"unit", "cells", "mux", "HA", "FA", "transistors", "x LUT-NA", "depth",
		"energy, uniform", "x LUT-NA", "energy, relu", "x LUT-NA", NULL };
	json *base = unit_find(r->units, row_key(&rows[4], act_bits, weight_bits, is_unsigned));
	struct table *t = table_new(heads);
	size_t i;

	for (i = 0; i < ROWS; i++) {
		json *u = unit_find(r->units,
				    row_key(&rows[i], act_bits, weight_bits, is_unsigned));

		if (!u)
			continue;
		table_cell(t, "%s", rows[i].name);
		table_cell(t, "%.0f", input_number(u, "sram"));
		table_cell(t, "%.0f", input_number(u, "mux"));
		table_cell(t, "%.0f", input_number(u, "half_adders"));
		table_cell(t, "%.0f", input_number(u, "full_adders"));
		table_cell(t, "%.0f", input_number(u, "transistors"));
		table_cell(t, "%.2f", input_number(u, "transistors") /
			   input_number(base, "transistors"));
		table_cell(t, "%.0f", input_number(u, "depth"));
		table_cell(t, "%.1f", input_number(u, "energy.uniform"));
		table_cell(t, "%.2f", input_number(u, "energy.uniform") /
			   input_number(base, "energy.uniform"));
		table_cell(t, "%.1f", input_number(u, "energy.relu"));
		table_cell(t, "%.2f", input_number(u, "energy.relu") /
			   input_number(base, "energy.relu"));
	}
	report_table(r, t);
}

/* @of over @to, a figure, for every pair of widths */
static void grid(struct report *r, const char *of, const char *to, const char *figure)
{
	static const char *const heads[] = { "a \\ w", "3", "4", "5", "6", "7", "8", "9", NULL };
	struct table *t = table_new(heads);
	int a, w;

	for (a = 2; a <= 8; a++) {
		table_cell(t, "%d", a);
		for (w = 3; w <= 9; w++) {
			struct unit_key one = { .unit = of, .act_bits = a, .weight_bits = w };
			struct unit_key other = { .unit = to, .act_bits = a, .weight_bits = w };

			table_cell(t, "%.2f", unit_figure(r->units, one, figure) /
				   unit_figure(r->units, other, figure));
		}
	}
	report_table(r, t);
}

static void area_plot(struct report *r)
{
	static const char *const names[] = { "lut", "dnc", "array", "wallace", "dadda" };
	static const char *const shown[] = { "traditional", "D&C", "array", "Wallace", "Dadda" };
	double x[7], y[5][7];
	struct plot_line lines[5];
	struct plot plot = {
		.title = "Transistors, as a multiple of LUT-NA's; weights of 9 bits",
		.x_name = "activation bits", .y_name = "times LUT-NA", .log_y = true,
		.lines = lines, .count = 5,
	};
	int i, a;

	for (i = 0; i < 5; i++) {
		for (a = 2; a <= 8; a++) {
			struct unit_key one = { .unit = names[i], .act_bits = a, .weight_bits = 9 };
			struct unit_key own = { .unit = "lutna", .act_bits = a, .weight_bits = 9 };

			x[a - 2] = a;
			y[i][a - 2] = unit_figure(r->units, one, "transistors") /
				      unit_figure(r->units, own, "transistors");
		}
		lines[i] = (struct plot_line){ shown[i], 7, x, y[i] };
	}
	plot_write(&plot, report_path(r, "units-area.svg"));
}

static void energy_plot(struct report *r)
{
	static const char *const shown[] = { "D&C", "LUT-NA", "array", "Wallace", "Dadda" };
	static const char *const names[] = { "dnc", "lutna", "array", "wallace", "dadda" };
	static const char *const figures[] = { "energy.uniform", "energy.relu",
					       "energy_changing.uniform" };
	static const char *const legend[] = { "uniform", "relu", "uniform, changing" };
	double y[3][5];
	struct plot_line lines[3];
	struct plot plot = {
		.title = "Energy of one 8b x 9b operation",
		.x_name = "unit (the traditional table is far above: see the table)",
		.y_name = "toggle units", .groups = shown, .lines = lines, .count = 3,
	};
	int i, f;

	for (f = 0; f < 3; f++) {
		for (i = 0; i < 5; i++)
			y[f][i] = unit_figure(r->units, UNIT_8X9(.unit = names[i]), figures[f]);
		lines[f] = (struct plot_line){ legend[f], 5, NULL, y[f] };
	}
	plot_write(&plot, report_path(r, "units-energy.svg"));
}

static double ratio(struct report *r, struct unit_key one, struct unit_key other,
		    const char *figure, const char *base)
{
	return unit_figure(r->units, one, figure) / unit_figure(r->units, other, base);
}

/* A traditional 8b x 9b table that is read so, over LUT-NA */
static double table_energy(struct report *r, const char *read, const char *figure)
{
	return ratio(r, UNIT_8X9(.unit = "lut", .read = read), UNIT_8X9(.unit = "lutna"), figure,
		     figure);
}

static void area_claims(struct report *r)
{
	struct unit_key own = UNIT_8X9(.unit = "lutna");

	report_claim(r, claim_ratio("area, traditional LUT / LUT-NA, 8b x 9b", LUTNA, 29.54,
		ratio(r, UNIT_8X9(.unit = "lut"), own, "transistors", "transistors"),
		"Transistors of one two's-complement unit without an accumulator; with one the ratio "
		"cannot be near 29."));
	report_claim(r, claim_ratio("area, MAC / LUT-NA, 8b x 9b", LUTNA, 1.23,
		ratio(r, UNIT_8X9(.unit = "array"), own, "transistors", "transistors"),
		"The array multiplier, and Dadda's tree with the same count; Wallace's has more half "
		"adders."));
	report_claim(r, claim_ratio("area, traditional LUT / optimised D&C, 4b x 4b", LUNA, 3.70,
		ratio(r, UNIT_4X4(.unit = "lut"), UNIT_4X4(.unit = "lutna"), "transistors",
		      "transistors"), "Unsigned, as there."));
}

static void energy_claims(struct report *r)
{
	struct unit_key own = UNIT_8X9(.unit = "lutna");
	struct claim c;

	c = claim_ratio("energy, traditional LUT / LUT-NA, 8b x 9b", LUTNA, 3.34,
		ratio(r, UNIT_8X9(.unit = "lut"), own, "energy.uniform", "energy.uniform"), "");
	snprintf(c.ours, sizeof(c.ours), "%.1f, %.1f or %.1f uniform; %.1f, %.1f or %.1f relu",
		 table_energy(r, NULL, "energy.uniform"), table_energy(r, "high", "energy.uniform"),
		 table_energy(r, "rows", "energy.uniform"), table_energy(r, NULL, "energy.relu"),
		 table_energy(r, "high", "energy.relu"), table_energy(r, "rows", "energy.relu"));
	report_claim(r, claim_open(c, "Read by multiplexers with the lowest or with the top bit at "
		"the leaves, or row by row as a memory: the published ratio lies between. Neither read style nor "
		"stimulus is published."));

	c = claim_ratio("energy, MAC / LUT-NA, 8b x 9b", LUTNA, 1.80,
		ratio(r, UNIT_8X9(.unit = "array"), own, "energy_changing.uniform",
		      "energy.uniform"),
		"An array multiplier that gets another weight at every operation, uniform activations. "
		"With its weight held, as the device holds it, the advantage is the second figure: most of "
		"the claim is what a stationary weight saves, which a stationary multiplier saves too.");
	snprintf(c.ours, sizeof(c.ours), "%.2f, weight changing; %.2f, weight held",
		 ratio(r, UNIT_8X9(.unit = "array"), own, "energy_changing.uniform",
		       "energy.uniform"),
		 ratio(r, UNIT_8X9(.unit = "array"), own, "energy.uniform", "energy.uniform"));
	report_claim(r, c);

	report_claim(r, claim_ratio("energy, traditional LUT / optimised D&C, 4b x 4b", LUNA, 2.38,
		ratio(r, UNIT_4X4(.unit = "lut", .read = "high"), UNIT_4X4(.unit = "lutna"),
		      "energy.uniform", "energy.uniform"),
		"Uniform activations, multiplexer tree with the top bit at the leaves; with the lowest bit "
		"there it is a little more."));
}

static void speed_claim(struct report *r)
{
	double flat = unit_figure(r->units, UNIT_4X4(.unit = "lut"), "depth");
	double own = unit_figure(r->units, UNIT_4X4(.unit = "lutna"), "depth");
	struct claim c = claim_ratio("speed, optimised D&C against traditional LUT, 4b x 4b", LUNA,
				     1.36, flat / own, "");

	snprintf(c.published, sizeof(c.published), "36 %% faster");
	snprintf(c.ours, sizeof(c.ours), "%.0f against %.0f gate delays", own, flat);
	report_claim(r, claim_open(c, "Depth knows no fan-out, and by depth alone the flat table is the "
		"faster one. Driving the selects of 120 multiplexers decides it, which the silicon part "
		"looks at."));
}

static void count_claim(struct report *r)
{
	json *u = unit_find(r->units, UNIT_4X4(.unit = "lutna"));
	struct claim c = { .what = "components of the optimised 4b x 4b unit", .source = LUNA,
			   .deviation = NAN };
	bool same = input_number(u, "sram") == 10 && input_number(u, "mux") == 36 &&
		    input_number(u, "half_adders") == 3 && input_number(u, "full_adders") == 3;

	snprintf(c.published, sizeof(c.published), "10 cells, 36 mux, 3 HA, 3 FA");
	snprintf(c.ours, sizeof(c.ours), "%.0f cells, %.0f mux, %.0f HA, %.0f FA",
		 input_number(u, "sram"), input_number(u, "mux"), input_number(u, "half_adders"),
		 input_number(u, "full_adders"));
	c.verdict = same ? CLAIM_REPRODUCED : CLAIM_NOT_REPRODUCED;
	report_claim(r, c);
}

void report_units(struct report *r)
{
	if (!unit_find(r->units, UNIT_8X9(.unit = "lutna")) ||
	    !unit_find(r->units, UNIT_4X4(.unit = "lutna")))
		errx(1, "units.json has not all widths: lutna cost --all --json makes it");
	report_title(r, 2, "1. Units");
	report_text(r, "Every unit is a netlist of one small gate library, simulated and checked against "
		    "integer multiplication; counts come from walking it, energy from simulating it: one "
		    "toggle unit for each transistor terminal on a node that changes, glitches included, "
		    "weights held. `lutna cost --all` prints every width, `units.json` has them all; "
		    "`qemu-device/core/cost/README.md` says how.\n\n");
	report_title(r, 3, "8b x 9b, two's complement");
	unit_table(r, 8, 9, false);
	report_title(r, 3, "4b x 4b, unsigned");
	unit_table(r, 4, 4, true);
	report_title(r, 3, "Transistors, traditional LUT / LUT-NA, by activation bits a and weight bits w");
	grid(r, "lut", "lutna", "transistors");
	report_title(r, 3, "Transistors, array multiplier / LUT-NA");
	grid(r, "array", "lutna", "transistors");
	report_title(r, 3, "Energy (relu, weight held), array multiplier / LUT-NA");
	grid(r, "array", "lutna", "energy.relu");
	area_plot(r);
	energy_plot(r);
	report_text(r, "![area](units-area.svg)\n\n![energy](units-energy.svg)\n\n");
	area_claims(r);
	energy_claims(r);
	speed_claim(r);
	count_claim(r);
}
