/* SPDX-License-Identifier: GPL-2.0-only */
/* Figures of a network, out of what lutna compile and lutna run said. */
#ifndef LUTNA_PAPER_NETWORK_H
#define LUTNA_PAPER_NETWORK_H

#include "report.h"

/** network_input() - NAME.STEP.json; NULL if the step was not run */
json *network_input(struct report *r, const char *name, const char *step);

/**
 * network_area() - transistors of a unit for every weight that is not zero
 * @compiled: what lutna compile said
 * @run: what lutna run --profile said
 * @unit: name
 */
double network_area(json *compiled, json *run, const char *unit);

/** network_energy() - toggle units of an inference, as the jobs counted them */
double network_energy(json *run, const char *unit);

#endif
