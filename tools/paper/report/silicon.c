// SPDX-License-Identifier: GPL-2.0-only
/* Part 4: the units' netlists on a real standard-cell library. */
#include <err.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plot.h"
#include "report.h"

#define UNITS_MOST	64
#define COLUMNS_MOST	24

/* silicon.tsv: a head, then a unit a line; "-" is a figure that there is not */
struct sheet {
	char *head[COLUMNS_MOST];
	char *cell[UNITS_MOST][COLUMNS_MOST];
	size_t columns;
	size_t units;
};

static size_t split(char *line, char *out[COLUMNS_MOST])
{
	size_t n = 0;
	char *save = NULL, *word;

	for (word = strtok_r(line, "\t\n", &save); word && n < COLUMNS_MOST;
	     word = strtok_r(NULL, "\t\n", &save)) {
		out[n] = strdup(word);
		if (!out[n++])
			err(1, "silicon.tsv");
	}
	return n;
}

static bool sheet_read(struct report *r, struct sheet *s)
{
	FILE *f = fopen(report_path(r, "silicon.tsv"), "r");
	char *line = NULL;
	size_t room = 0;

	*s = (struct sheet){ 0 };
	if (!f) {
		if (errno == ENOENT)
			return false;
		err(1, "silicon.tsv");
	}
	while (getline(&line, &room, f) > 0) {
		if (line[0] == '#')
			continue;
		if (!s->columns) {
			s->columns = split(line, s->head);
			continue;
		}
		if (s->units == UNITS_MOST)
			errx(1, "silicon.tsv: more units than there is room for");
		if (split(line, s->cell[s->units++]) != s->columns)
			errx(1, "silicon.tsv: line of unit %zu: not %zu columns", s->units,
			     s->columns);
	}
	free(line);
	fclose(f);
	return s->units > 0;
}

static void sheet_free(struct sheet *s)
{
	size_t u, c;

	for (c = 0; c < s->columns; c++) {
		free(s->head[c]);
		for (u = 0; u < s->units; u++)
			free(s->cell[u][c]);
	}
}

/* NAN if there is no such unit, or no figure */
static double figure(const struct sheet *s, const char *unit, const char *column)
{
	size_t u, c;
	char *end;

	for (c = 0; c < s->columns && strcmp(s->head[c], column); c++)
		;
	if (c == s->columns)
		errx(1, "silicon.tsv has no column %s", column);
	for (u = 0; u < s->units && strcmp(s->cell[u][0], unit); u++)
		;
	if (u == s->units)
		return NAN;
	errno = 0;
	return strtod(s->cell[u][c], &end) + (end == s->cell[u][c] ? NAN : 0);
}

static void number_cell(struct table *t, const char *format_digits, double value)
{
	if (isnan(value))
		table_cell(t, "-");
	else if (format_digits[0] == '0')
		table_cell(t, "%.0f", value);
	else if (format_digits[0] == '2')
		table_cell(t, "%.2f", value);
	else
		table_cell(t, "%.3f", value);
}

static void width_table(struct report *r, const struct sheet *s, const char *width,
			const char *title)
{
	static const char *const heads[] = {
		"unit", "cells", "area, um2", "with 6T storage", "x LUT-NA", "with latches",
		"x LUT-NA", "delay, ns", "energy, uniform, pJ", "x LUT-NA", "energy, relu, pJ",
		"x LUT-NA", "uniform, weight changing", NULL };
	struct table *t = table_new(heads);
	char base[64], mark[16];
	size_t u;

	snprintf(base, sizeof(base), "lutna_%s_d2", width);
	snprintf(mark, sizeof(mark), "_%s", width);
	for (u = 0; u < s->units; u++) {
		const char *unit = s->cell[u][0];

		if (!strstr(unit, mark))
			continue;
		table_cell(t, "%s", unit);
		number_cell(t, "0", figure(s, unit, "cells"));
		number_cell(t, "0", figure(s, unit, "area_um2"));
		number_cell(t, "0", figure(s, unit, "area_6t_um2"));
		number_cell(t, "2", figure(s, unit, "area_6t_um2") / figure(s, base, "area_6t_um2"));
		number_cell(t, "0", figure(s, unit, "area_latch_um2"));
		number_cell(t, "2", figure(s, unit, "area_latch_um2") /
			    figure(s, base, "area_latch_um2"));
		number_cell(t, "2", figure(s, unit, "delay_ns"));
		number_cell(t, "3", figure(s, unit, "energy_uniform_pj"));
		number_cell(t, "2", figure(s, unit, "energy_uniform_pj") /
			    figure(s, base, "energy_uniform_pj"));
		number_cell(t, "3", figure(s, unit, "energy_relu_pj"));
		number_cell(t, "2", figure(s, unit, "energy_relu_pj") /
			    figure(s, base, "energy_relu_pj"));
		number_cell(t, "3", figure(s, unit, "changing_uniform_pj"));
	}
	report_title(r, 3, title);
	report_table(r, t);
}

static double over(const struct sheet *s, const char *unit, const char *base, const char *column)
{
	return figure(s, unit, column) / figure(s, base, column);
}

static void ratio_claim(struct report *r, const char *what, const char *source, double published,
			double ours, const char *why)
{
	if (!isnan(ours))
		report_claim(r, claim_ratio(what, source, published, ours, why));
}

static void claims(struct report *r, const struct sheet *s)
{
	ratio_claim(r, "cells of 0.18 um: area, LUT / LUT-NA, 8b x 9b", LUTNA, 29.54,
		    over(s, "lut_8x9s", "lutna_8x9s_d2", "area_6t_um2"),
		    "Synthesised, with a 6T cell for each bit of storage; the tool builds multiplexers as "
		    "it likes, and neither routing nor the height of an SRAM row is in it.");
	ratio_claim(r, "cells of 0.18 um: area, MAC / LUT-NA, 8b x 9b", LUTNA, 1.23,
		    over(s, "array_8x9s", "lutna_8x9s_d2", "area_6t_um2"),
		    "The library has full adders as cells, and multiplexers that are large beside them.");
	ratio_claim(r, "cells of 0.18 um: energy, MAC / LUT-NA, 8b x 9b", LUTNA, 1.80,
		    figure(s, "array_8x9s", "changing_uniform_pj") /
		    figure(s, "lutna_8x9s_d2", "energy_uniform_pj"),
		    "Uniform activations; the array gets another weight at every operation.");
	ratio_claim(r, "cells of 0.18 um: area, LUT / optimised D&C, 4b x 4b", LUNA, 3.70,
		    over(s, "lut_4x4", "lutna_4x4_d2", "area_6t_um2"), "");
	ratio_claim(r, "cells of 0.18 um: energy, LUT / optimised D&C, 4b x 4b", LUNA, 2.38,
		    over(s, "lut_4x4", "lutna_4x4_d2", "energy_uniform_pj"), "");
	ratio_claim(r, "cells of 0.18 um: speed, LUT / optimised D&C, 4b x 4b", LUNA, 1.36,
		    over(s, "lut_4x4", "lutna_4x4_d2", "delay_ns"),
		    "Delay of the critical path with the cells' real drive and load; below 1 means that the "
		    "flat table is the faster one.");
}

static void area_bars(struct report *r, const struct sheet *s)
{
	static const char *const units[] = { "dnc_8x9s_d2", "lutna_8x9s_d2", "array_8x9s",
					     "wallace_8x9s", "dadda_8x9s", "yosys_8x9s" };
	static const char *const shown[] = { "D&C", "LUT-NA", "array", "Wallace", "Dadda", "yosys" };
	double gates[6], with[6];
	struct plot_line lines[] = {
		{ "logic", 6, NULL, gates }, { "with 6T storage", 6, NULL, with },
	};
	struct plot plot = {
		.title = "Area of an 8b x 9b unit in 0.18 um cells", .x_name = "unit",
		.y_name = "um2", .groups = shown, .lines = lines, .count = 2,
	};
	size_t i;

	for (i = 0; i < 6; i++) {
		gates[i] = figure(s, units[i], "area_um2");
		with[i] = figure(s, units[i], "area_6t_um2");
		if (isnan(gates[i]) || isnan(with[i]))
			return;
	}
	plot_write(&plot, report_path(r, "silicon-area.svg"));
	report_text(r, "![area](silicon-area.svg)\n\n");
}

void report_silicon(struct report *r)
{
	struct sheet s;

	report_title(r, 2, "4. Silicon check");
	if (!sheet_read(r, &s)) {
		report_text(r, "Not run.\n\n");
		return;
	}
	report_text(r, "Each unit's netlist as Verilog (`lutna cost --verilog`), checked by iverilog, mapped by "
		    "yosys onto the OSU 0.18 um standard cells, checked again, timed by OpenSTA, its energy "
		    "from simulated switching. Storage is counted apart: `tools/paper/silicon/README.md` says "
		    "which area a bit was given and where that comes from. `yosys` is a multiplier of that "
		    "tool's own choosing.\n\n");
	width_table(r, &s, "8x9s", "8b x 9b, two's complement, in 0.18 um cells");
	width_table(r, &s, "4x4", "4b x 4b, unsigned, in 0.18 um cells");
	area_bars(r, &s);
	claims(r, &s);
	sheet_free(&s);
}
