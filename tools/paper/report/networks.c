// SPDX-License-Identifier: GPL-2.0-only
/* Part 2: the pruned networks, from the counters of their jobs. */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"
#include "plot.h"
#include "report.h"
#include "unit.h"

static const char *const units[] = { "lut", "dnc", "lutna", "array", "wallace", "dadda" };

#define UNITS	(sizeof(units) / sizeof(units[0]))
#define OWN	2

json *network_input(struct report *r, const char *name, const char *step)
{
	char file[256];

	snprintf(file, sizeof(file), "%s.%s.json", name, step);
	return input_read(r->dir, file);
}

/* A layer's object in what lutna compile or lutna run said */
static json *layer_named(json *layers, const char *name)
{
	size_t i;

	for (i = 0; i < json_object_array_length(layers); i++) {
		json *layer = json_object_array_get_idx(layers, i);

		if (!strcmp(input_text(layer, "name"), name))
			return layer;
	}
	return NULL;
}

double network_area(json *compiled, json *run, const char *unit)
{
	json *layers = input_get(run, "layers_per_image");
	double sum = 0;
	size_t i;

	for (i = 0; i < json_object_array_length(layers); i++) {
		json *layer = json_object_array_get_idx(layers, i);
		json *weights = layer_named(input_get(compiled, "layers"),
					    input_text(layer, "name"));
		json *area;

		if (!json_object_object_get_ex(layer, "area", &area))
			continue;
		if (!weights)
			errx(1, "layer %s was run, but not compiled", input_text(layer, "name"));
		sum += input_number(weights, "weights_not_zero") * input_number(area, unit);
	}
	return sum;
}

double network_energy(json *run, const char *unit)
{
	char path[64];

	snprintf(path, sizeof(path), "per_image.energy.%s", unit);
	return input_number(run, path);
}

/* The accuracy of a step, or that it was not run */
static void accuracy_cell(struct table *t, json *run)
{
	if (run)
		table_cell(t, "%.2f %%", 100 * input_number(run, "accuracy"));
	else
		table_cell(t, "not run");
}

static void accuracy_row(struct report *r, struct table *t, const char *name)
{
	json *compiled = network_input(r, name, "compile");
	json *card = network_input(r, name, "card");
	json *exact = network_input(r, name, "exact");

	if (!compiled)
		errx(1, "%s/%s.compile.json: not there", r->dir, name);
	table_cell(t, "%s", name);
	table_cell(t, "%.0f", input_number(compiled, "model.weights"));
	table_cell(t, "%.2f %%", 100 - 100 * input_number(compiled, "model.weights_not_zero") /
		   input_number(compiled, "model.weights"));
	table_cell(t, "%.0f", input_number(compiled, "model.macs_per_image"));
	if (exact)
		table_cell(t, "%.0f (%.1f %%)", input_number(exact, "per_image.macs"),
			   100 * input_number(exact, "per_image.macs") /
			   input_number(compiled, "model.macs_per_image"));
	else
		table_cell(t, "not run");
	table_cell(t, "%s", card ? input_text(card, "dense") : "?");
	table_cell(t, "%s", card ? input_text(card, "pruned") : "?");
	accuracy_cell(t, exact);
	accuracy_cell(t, network_input(r, name, "w1"));
	accuracy_cell(t, network_input(r, name, "drop1"));
}

static void accuracies(struct report *r, char *const *names)
{
	static const char *const heads[] = {
		"network", "weights", "zero", "MACs", "MACs left", "float, dense", "float, pruned",
		"8b x 9b, device", "A-LUT-NA, low digit W", "low digit dropped", NULL };
	struct table *t = table_new(heads);

	for (; *names; names++)
		accuracy_row(r, t, *names);
	report_title(r, 3, "Accuracy on all 10,000 test images of Fashion-MNIST");
	report_table(r, t);
}

static struct table *unit_heads(const char *first)
{
	const char *heads[UNITS + 2] = { first };
	size_t u;

	for (u = 0; u < UNITS; u++)
		heads[u + 1] = units[u];
	heads[UNITS + 1] = NULL;
	return table_new(heads);
}

/* A figure on each unit, and what it is of LUT-NA's */
static void unit_cells(struct table *t, const double figure[UNITS])
{
	size_t u;

	for (u = 0; u < UNITS; u++)
		table_cell(t, "%.3g (%.2f)", figure[u], figure[u] / figure[OWN]);
}

/* The units' energy on what the layers really put out */
static void activations_table(struct report *r, char *const *names)
{
	struct table *t = unit_heads("activations of");
	double figure[UNITS];
	size_t u;

	for (; *names; names++) {
		json *costs = network_input(r, *names, "activations");

		if (!costs)
			continue;
		for (u = 0; u < UNITS; u++)
			figure[u] = unit_figure(costs, UNIT_8X9(.unit = units[u]),
						"energy.file");
		table_cell(t, "%s", *names);
		unit_cells(t, figure);
	}
	report_title(r, 3, "Energy of an 8b x 9b operation on the activations of the networks, weights held");
	report_table(r, t);
	report_text(r, "Outputs of all convolutions for 50 test images. The device accounts with the `relu` "
		    "stimulus of part 1.\n\n");
}

static void energy_table(struct report *r, char *const *names)
{
	struct table *t = unit_heads("network");
	double figure[UNITS];
	size_t u;

	for (; *names; names++) {
		json *exact = network_input(r, *names, "exact");

		if (!exact)
			continue;
		for (u = 0; u < UNITS; u++)
			figure[u] = network_energy(exact, units[u]);
		table_cell(t, "%s", *names);
		unit_cells(t, figure);
	}
	report_title(r, 3, "Energy of an inference in toggle units, and as a multiple of LUT-NA's");
	report_table(r, t);
}

static void area_table(struct report *r, char *const *names)
{
	struct table *t = unit_heads("network");
	double figure[UNITS];
	size_t u;

	for (; *names; names++) {
		json *exact = network_input(r, *names, "exact");

		if (!exact)
			continue;
		for (u = 0; u < UNITS; u++)
			figure[u] = network_area(network_input(r, *names, "compile"), exact,
						 units[u]);
		table_cell(t, "%s", *names);
		unit_cells(t, figure);
	}
	report_title(r, 3, "Transistors of a unit for every weight that is not zero");
	report_table(r, t);
}

struct cifar {
	double weights;
	double macs;
	double left;
};

/* The full-width topology with the sparsity that its layers were measured to have */
static bool cifar_read(struct report *r, const char *net, json *compiled, struct cifar *out)
{
	char path[300], name[64];
	uint64_t weights, macs;
	FILE *f;

	*out = (struct cifar){ 0 };
	snprintf(path, sizeof(path), "%s/cifar/%s.tsv", r->sources, net);
	f = fopen(path, "r");
	if (!f)
		return false;
	/* Licence and heads of the columns */
	if (fscanf(f, "%*[^\n]\n%*[^\n]") != 0)
		errx(1, "%s: no head", path);
	while (fscanf(f, "%63s%" SCNu64 "%" SCNu64, name, &weights, &macs) == 3) {
		json *layer = layer_named(input_get(compiled, "layers"), name);

		if (!layer)
			errx(1, "%s: the trained network has no layer %s", path, name);
		out->weights += (double)weights;
		out->macs += (double)macs;
		out->left += (double)macs * input_number(layer, "weights_not_zero") /
			     input_number(layer, "weights");
	}
	if (ferror(f))
		err(1, "%s", path);
	fclose(f);
	return true;
}

static void cifar_row(struct report *r, struct table *t, const char *net, const struct cifar *c)
{
	double figure[UNITS];
	size_t u;

	for (u = 0; u < UNITS; u++)
		figure[u] = c->left * unit_figure(r->units, UNIT_8X9(.unit = units[u]),
						  "energy.relu");
	table_cell(t, "%s: %.4g M MACs, %.4g M left", net, c->macs / 1e6, c->left / 1e6);
	unit_cells(t, figure);
}

static void cifar_table(struct report *r, char *const *names)
{
	struct table *t = unit_heads("topology");

	for (; *names; names++) {
		json *compiled = network_input(r, *names, "compile");
		struct cifar c;
		char net[64];

		snprintf(net, sizeof(net), "%.*s", (int)strcspn(*names, "-"), *names);
		if (cifar_read(r, net, compiled, &c))
			cifar_row(r, t, net, &c);
	}
	report_title(r, 3, "Full-width CIFAR-10 topologies (32x32x3) with the sparsity measured per layer: "
		     "energy of an inference");
	report_table(r, t);
	report_text(r, "Not trained at this width: the layer tables are those of the published networks, and "
		    "each layer keeps the share of weights that its quarter-width twin keeps.\n\n");
}

static void energy_bars(struct report *r, char *const *names)
{
	static const char *const shown[] = { "D&C, LUT-NA", "array", "Wallace", "Dadda" };
	static const int of[] = { 2, 3, 4, 5 };
	const char *groups[16];
	double y[4][16];
	struct plot_line lines[4];
	struct plot plot = {
		.title = "Energy of an inference at 8b x 9b", .x_name = "network",
		.y_name = "10^9 toggle units", .groups = groups, .lines = lines, .count = 4,
	};
	size_t n = 0, u;

	for (; *names && n < 16; names++) {
		json *exact = network_input(r, *names, "exact");

		if (!exact)
			continue;
		groups[n] = *names;
		for (u = 0; u < 4; u++)
			y[u][n] = network_energy(exact, units[of[u]]) / 1e9;
		n++;
	}
	if (!n)
		return;
	for (u = 0; u < 4; u++)
		lines[u] = (struct plot_line){ shown[u], n, NULL, y[u] };
	plot_write(&plot, report_path(r, "networks-energy.svg"));
	report_text(r, "![energy](networks-energy.svg)\n\n");
}

/* Exact units give what the host gave; pruning leaves so many MACs. */
static void claims(struct report *r, char *const *names)
{
	struct claim same = { .what = "no change of accuracy (all 8b x 9b outputs bit for bit)",
			      .source = LUTNA, .deviation = NAN };
	struct claim left = { .what = "pruning leaves few MACs (up to 98 % removed)",
			      .source = LUTNA, .deviation = NAN };
	double most = 0;
	int all = 0, equal = 0;

	for (; *names; names++) {
		json *compiled = network_input(r, *names, "compile");
		json *exact = network_input(r, *names, "exact");

		if (!exact)
			continue;
		all++;
		equal += input_has(exact, "verification.equal") &&
			 json_object_get_boolean(input_get(exact, "verification.equal"));
		most = fmax(most, 1 - input_number(exact, "per_image.macs") /
			    input_number(compiled, "model.macs_per_image"));
	}
	snprintf(same.published, sizeof(same.published), "exact");
	snprintf(same.ours, sizeof(same.ours), "%d of %d networks equal the host's integers", equal,
		 all);
	same.verdict = !all ? CLAIM_NOT_RUN : equal == all ? CLAIM_REPRODUCED : CLAIM_NOT_REPRODUCED;
	report_claim(r, same);
	snprintf(left.published, sizeof(left.published), "98 %%");
	snprintf(left.ours, sizeof(left.ours), "%.1f %% at most, on Fashion-MNIST at quarter width",
		 100 * most);
	left.verdict = all ? CLAIM_UNDECIDABLE : CLAIM_NOT_RUN;
	snprintf(left.why, sizeof(left.why), "Another data set and narrower networks; which model was "
		 "pruned how far is not published. The ratios between units do not depend on it.");
	report_claim(r, left);
}

void report_networks(struct report *r)
{
	report_title(r, 2, "2. Networks");
	report_text(r, "Quarter-width networks, trained on Fashion-MNIST and pruned by the lottery-ticket "
		    "procedure (`tools/zoo`), run on the virtual device through its driver. MACs, energy and "
		    "area come from the profile records that the device writes for each command; every unit "
		    "is accounted with its weight held.\n\n");
	accuracies(r, r->networks);
	activations_table(r, r->networks);
	energy_table(r, r->networks);
	area_table(r, r->networks);
	energy_bars(r, r->networks);
	cifar_table(r, r->networks);
	claims(r, r->networks);
}
