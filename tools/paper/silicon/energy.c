// SPDX-License-Identifier: GPL-2.0-only
/*
 * energy LIBRARY NETLIST SLEWS OUTPUT_PIN OPERATIONS < DUMP
 *
 * Area and leakage of a mapped netlist, and the energy of an operation from how
 * often each net moved in a simulation.  Prints one line:
 *
 *	cells  area_um2  leakage_nw  toggles  switching_pj  internal_pj  inputs_pj
 *
 * toggles and energies are for one operation.  A bit of the product is loaded
 * with the pin OUTPUT_PIN, CELL/PIN.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "activity.h"
#include "mapped.h"

struct sums {
	double volt;
	double area;
	double leakage;
	double switching;
	double internal;
	double inputs;
	unsigned long long toggles;
	unsigned int cells;
};

static uint64_t toggles(const struct mapped_net *net)
{
	return net ? net->rises + net->falls : 0;
}

static void add_net(struct mapped_net *net, void *arg)
{
	struct sums *sums = arg;
	double energy = 0.5 * net->load * sums->volt * sums->volt * toggles(net);

	sums->toggles += toggles(net);
	if (net->driven)
		sums->switching += energy;
	else
		sums->inputs += energy;
}

/*
 * The dump does not say which input moved an output: each has its share by how
 * often it moved itself.
 */
static double internal(const struct mapped_cell *cell,
		       const struct mapped_pin *out)
{
	double energy = 0, weight, weights = 0, slew;
	const struct mapped_pin *in;
	unsigned int i;

	for (i = 0; i < cell->pins; i++) {
		in = &cell->pin[i];
		if (liberty_is_output(in->pin))
			continue;
		weight = toggles(in->net);
		slew = (in->slew[0] + in->slew[1]) / 2;
		weights += weight;
		energy += weight * out->net->rises *
			  liberty_energy(out->pin, in->name, true, slew,
					 out->net->load);
		energy += weight * out->net->falls *
			  liberty_energy(out->pin, in->name, false, slew,
					 out->net->load);
	}
	return weights ? energy / weights : 0;
}

static void add_cell(struct sums *sums, const struct mapped_cell *cell)
{
	unsigned int i;

	sums->cells++;
	sums->area += liberty_area(cell->cell);
	sums->leakage += liberty_leakage(cell->cell);
	for (i = 0; i < cell->pins; i++)
		if (liberty_is_output(cell->pin[i].pin) && cell->pin[i].net)
			sums->internal += internal(cell, &cell->pin[i]);
}

static double pin_load(const struct liberty *lib, char *name)
{
	const struct liberty_cell *cell;
	const struct liberty_pin *pin;
	char *slash = strchr(name, '/');

	if (!slash)
		return -1;
	*slash = '\0';
	cell = liberty_cell(lib, name);
	pin = cell ? liberty_pin(cell, slash + 1) : NULL;
	return pin ? liberty_capacitance(pin) : -1;
}

static int run(const struct liberty *lib, struct mapped *m, const char *slews,
	       double operations)
{
	struct sums sums = { .volt = liberty_voltage(lib) };
	const struct mapped_cell *cell;

	if (mapped_slews(m, slews) || activity_count(stdin, m))
		return 1;
	for (cell = mapped_cells(m); cell; cell = cell->next)
		add_cell(&sums, cell);
	mapped_each_net(m, add_net, &sums);
	printf("%u\t%.1f\t%.3f\t%.3f\t%.5f\t%.5f\t%.5f\n", sums.cells, sums.area,
	       sums.leakage, sums.toggles / operations,
	       sums.switching / operations, sums.internal / operations,
	       sums.inputs / operations);
	return 0;
}

int main(int argc, char **argv)
{
	struct liberty *lib = NULL;
	struct mapped *m = NULL;
	double load, operations;
	int status = 1;

	operations = argc == 6 ? strtod(argv[5], NULL) : 0;
	if (operations < 1) {
		fputs("usage: energy LIBRARY NETLIST SLEWS OUTPUT_PIN OPERATIONS < DUMP\n",
		      stderr);
		return 2;
	}
	if (liberty_read(&lib, argv[1]))
		return 1;
	load = pin_load(lib, argv[4]);
	if (load < 0)
		fputs("no such pin in the library\n", stderr);
	else if (!mapped_read(&m, argv[2], lib, load))
		status = run(lib, m, argv[3], operations);
	mapped_free(m);
	liberty_free(lib);
	return status;
}
