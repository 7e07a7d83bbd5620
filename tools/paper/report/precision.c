// SPDX-License-Identifier: GPL-2.0-only
/* Part 3: bits of each layer, what they save, and what they cost. */
#include <err.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"
#include "plot.h"
#include "report.h"
#include "unit.h"

#define NETWORKS	8	/* lines of a plot */

/* What mixed precision gives a network against units that stay at 8b x 9b */
struct gain {
	const char *name;
	double area_lut;
	double area_mac;
	double energy_lut;
	double energy_mac;
	double energy_mac_changing;
	double lost;		/* points of the test set */
};

static bool gain_read(struct report *r, const char *name, struct gain *g)
{
	json *compiled = network_input(r, name, "compile");
	json *mixed_compiled = network_input(r, name, "mixed.compile");
	json *exact = network_input(r, name, "exact");
	json *mixed = network_input(r, name, "mixed");
	double area, energy;

	if (!compiled || !mixed_compiled || !exact || !mixed)
		return false;
	area = network_area(mixed_compiled, mixed, "lutna");
	energy = network_energy(mixed, "lutna");
	*g = (struct gain){
		.name = name,
		.area_lut = network_area(compiled, exact, "lut") / area,
		.area_mac = network_area(compiled, exact, "array") / area,
		.energy_lut = network_energy(exact, "lut") / energy,
		.energy_mac = network_energy(exact, "array") / energy,
		.lost = 100 * (input_number(exact, "accuracy") - input_number(mixed, "accuracy")),
	};
	g->energy_mac_changing = g->energy_mac *
		unit_figure(r->units, UNIT_8X9(.unit = "array"), "energy_changing.relu") /
		unit_figure(r->units, UNIT_8X9(.unit = "array"), "energy.relu");
	return true;
}

static void layers_table(struct report *r, const char *name, json *tune)
{
	static const char *const heads[] = { "layer", "activation bits", "weight bits", "products",
					     "weights not zero", "MACs", "energy", NULL };
	json *layers = input_get(tune, "tuned.layers");
	struct table *t = table_new(heads);
	char title[128];
	size_t i;

	for (i = 0; i < json_object_array_length(layers); i++) {
		json *layer = json_object_array_get_idx(layers, i);

		table_cell(t, "%s", input_text(layer, "name"));
		table_cell(t, "%.0f", input_number(layer, "act_bits"));
		table_cell(t, "%.0f", input_number(layer, "weight_bits"));
		table_cell(t, "%s", input_text(layer, "approx"));
		table_cell(t, "%.0f", input_number(layer, "weights_not_zero"));
		table_cell(t, "%.0f", input_number(layer, "macs_per_image"));
		table_cell(t, "%.3g", input_number(layer, "energy"));
	}
	snprintf(title, sizeof(title), "%s: bits of each layer, budget %.1f points", name,
		 input_number(tune, "budget_points"));
	report_title(r, 3, title);
	report_table(r, t);
}

/* What was lost of the images that led the search, of those that judged, of the test set */
static void accuracy_table(struct report *r, const struct gain *gains, size_t count)
{
	static const char *const heads[] = {
		"network", "search, should be lost", "validation, 8b x 9b", "mixed", "lost",
		"at most", "test, 8b x 9b", "mixed", "lost", NULL };
	struct table *t = table_new(heads);
	size_t i;

	for (i = 0; i < count; i++) {
		const char *name = gains[i].name;
		json *tune = network_input(r, name, "tune");

		table_cell(t, "%s", name);
		table_cell(t, "%.2f", input_number(tune, "tuned.points_in_doubt"));
		table_cell(t, "%.2f %%", 100 * input_number(tune, "base.validation.accuracy"));
		table_cell(t, "%.2f %%", 100 * input_number(tune, "tuned.validation.accuracy"));
		table_cell(t, "%.2f", input_number(tune, "tuned.validation.points_lost"));
		table_cell(t, "%.2f", input_number(tune, "tuned.validation.points_lost_most"));
		table_cell(t, "%.2f %%",
			   100 * input_number(network_input(r, name, "exact"), "accuracy"));
		table_cell(t, "%.2f %%",
			   100 * input_number(network_input(r, name, "mixed"), "accuracy"));
		table_cell(t, "%.2f", gains[i].lost);
	}
	report_title(r, 3, "Accuracy that mixed precision costs, in points");
	report_table(r, t);
}

static size_t gains_table(struct report *r, struct gain gains[NETWORKS])
{
	static const char *const heads[] = {
		"network", "area, LUT / mixed", "area, MAC / mixed", "energy, LUT / mixed",
		"energy, MAC / mixed", "the same, weight changing", NULL };
	struct table *t = table_new(heads);
	char *const *names;
	size_t count = 0;

	for (names = r->networks; *names && count < NETWORKS; names++) {
		struct gain *g = &gains[count];

		if (!network_input(r, *names, "tune") || !gain_read(r, *names, g))
			continue;
		count++;
		table_cell(t, "%s", *names);
		table_cell(t, "%.2f", g->area_lut);
		table_cell(t, "%.2f", g->area_mac);
		table_cell(t, "%.2f", g->energy_lut);
		table_cell(t, "%.2f", g->energy_mac);
		table_cell(t, "%.2f", g->energy_mac_changing);
	}
	report_title(r, 3, "Mixed precision against units that stay at 8b x 9b");
	report_table(r, t);
	return count;
}

struct curve {
	double *x;
	double *y;
};

static struct plot_line pareto_line(const char *name, json *tune, struct curve *curve)
{
	json *points = input_get(tune, "pareto");
	double base = input_number(tune, "base.energy");
	size_t count = json_object_array_length(points), i;

	curve->x = calloc(count + 1, sizeof(double));
	curve->y = calloc(count + 1, sizeof(double));
	if (!curve->x || !curve->y)
		err(1, "a curve");
	for (i = 0; i < count; i++) {
		json *point = json_object_array_get_idx(points, i);

		curve->x[i] = input_number(point, "energy") / base;
		curve->y[i] = input_number(point, "points_in_doubt");
	}
	return (struct plot_line){ name, count, curve->x, curve->y };
}

static void pareto_plot(struct report *r)
{
	struct plot_line lines[NETWORKS];
	struct curve curves[NETWORKS];
	struct plot plot = {
		.title = "What less energy costs, on held-out images that led the search",
		.x_name = "energy of an inference on LUT-NA, 8b x 9b exact = 1",
		.y_name = "points of accuracy that should be lost", .lines = lines,
	};
	char *const *names;
	size_t i;

	for (names = r->networks; *names && plot.count < NETWORKS; names++) {
		json *tune = network_input(r, *names, "tune");

		if (!tune)
			continue;
		lines[plot.count] = pareto_line(*names, tune, &curves[plot.count]);
		plot.count++;
	}
	if (plot.count) {
		plot_write(&plot, report_path(r, "pareto.svg"));
		report_text(r, "![Pareto](pareto.svg)\n\n");
	}
	for (i = 0; i < plot.count; i++) {
		free(curves[i].x);
		free(curves[i].y);
	}
}

/* The least and the greatest of a figure over all networks */
static void range(const struct gain *gains, size_t count, size_t offset, double *low, double *high)
{
	size_t i;

	*low = INFINITY;
	*high = -INFINITY;
	for (i = 0; i < count; i++) {
		double value = *(const double *)((const char *)&gains[i] + offset);

		*low = fmin(*low, value);
		*high = fmax(*high, value);
	}
}

static void range_claim(struct report *r, const struct gain *gains, size_t count,
			const char *what, double low, double high, size_t offset, const char *why)
{
	double our_low, our_high;

	range(gains, count, offset, &our_low, &our_high);
	report_claim(r, claim_range(what, LUTNA, low, high, our_low, our_high, why));
}

static void claims(struct report *r, const struct gain *gains, size_t count)
{
	double low, high;
	struct claim c;

	range_claim(r, gains, count, "mixed precision, area, LUT / LUT-NA", 32.22, 50.95,
		    offsetof(struct gain, area_lut),
		    "Baseline fixed at 8b x 9b, as the published ratios imply. More than published may come of "
		    "the data set: fewer bits are enough for Fashion-MNIST than for CIFAR-10.");
	range_claim(r, gains, count, "mixed precision, area, MAC / LUT-NA", 1.35, 2.14,
		    offsetof(struct gain, area_mac), "Array multiplier of 8b x 9b.");
	range(gains, count, offsetof(struct gain, energy_lut), &low, &high);
	c = claim_range("mixed precision, energy, LUT / LUT-NA", LUTNA, 3.68, 6.25, low, high, "");
	report_claim(r, claim_open(c, "As with the same unit at 8b x 9b: the read style of the table of "
		"256 words decides it."));
	range_claim(r, gains, count, "mixed precision, energy, MAC / LUT-NA", 1.99, 3.38,
		    offsetof(struct gain, energy_mac_changing),
		    "Array multiplier whose weight changes at every operation; with its weight held see the "
		    "table of part 3.");
	range(gains, count, offsetof(struct gain, lost), &low, &high);
	c = claim_range("mixed precision, accuracy lost, points", LUTNA, 0, 1, low, high,
			"On the 10,000 test images, which neither led the search nor judged it.");
	snprintf(c.published, sizeof(c.published), "about 1");
	c.verdict = high <= 1 ? CLAIM_REPRODUCED : CLAIM_NOT_REPRODUCED;
	c.deviation = NAN;
	report_claim(r, c);
}

void report_precision(struct report *r)
{
	struct gain gains[NETWORKS];
	char *const *names;
	size_t count;

	report_title(r, 2, "3. Mixed precision");
	report_text(r, "`lutna tune` gives each layer bits of activations and of weights, and an "
		    "approximation, so that an inference takes least energy on LUT-NA within the budget. Of "
		    "5,000 images that no network was trained on some lead the search, by what the exact "
		    "network believes should be lost; the others, which the search has not seen, accept what "
		    "with 95 %% confidence loses no more than the budget. The test set is looked at once, at the "
		    "end, on the device, whose counters the ratios come from.\n\n");
	for (names = r->networks; *names; names++) {
		json *tune = network_input(r, *names, "tune");

		if (tune)
			layers_table(r, *names, tune);
	}
	count = gains_table(r, gains);
	if (count)
		accuracy_table(r, gains, count);
	pareto_plot(r);
	if (count)
		claims(r, gains, count);
}
