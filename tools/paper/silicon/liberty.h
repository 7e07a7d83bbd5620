/* SPDX-License-Identifier: GPL-2.0-only */
/* What power analysis needs of a Liberty file: pins, capacitances, energies. */
#ifndef SILICON_LIBERTY_H
#define SILICON_LIBERTY_H

#include <stdbool.h>

struct liberty;
struct liberty_cell;
struct liberty_pin;

/**
 * liberty_read() - read a library
 * @out: set on success; free with liberty_free()
 * @path: of a file whose units are ns, pF and V, so that energies are in pJ
 *
 * Says on stderr what is wrong. Return: 0 or -errno.
 */
int liberty_read(struct liberty **out, const char *path);

/** liberty_free() - @lib may be NULL */
void liberty_free(struct liberty *lib);

/** liberty_voltage() - of the supply, V */
double liberty_voltage(const struct liberty *lib);

/** liberty_cell() - by name; NULL if there is none */
const struct liberty_cell *liberty_cell(const struct liberty *lib,
					const char *name);

/** liberty_area() - um2 */
double liberty_area(const struct liberty_cell *cell);

/** liberty_leakage() - in the library's unit, nW */
double liberty_leakage(const struct liberty_cell *cell);

/** liberty_pin() - by name; NULL if there is none */
const struct liberty_pin *liberty_pin(const struct liberty_cell *cell,
				      const char *name);

bool liberty_is_output(const struct liberty_pin *pin);

/** liberty_capacitance() - of an input, pF */
double liberty_capacitance(const struct liberty_pin *pin);

/**
 * liberty_energy() - what the cell itself takes while an output moves
 * @output: the pin that moves
 * @input: name of the pin that made it move
 * @rises: which way it moves
 * @slew: of the input, ns
 * @load: on the output, pF
 *
 * Interpolates in the library's table, beyond its ends by a straight line.
 *
 * Return: pJ; 0 where the library has no table.
 */
double liberty_energy(const struct liberty_pin *output, const char *input,
		      bool rises, double slew, double load);

#endif /* SILICON_LIBERTY_H */
