/* SPDX-License-Identifier: GPL-2.0-only */
/* A netlist of library cells, as yosys writes it, with slews from OpenSTA. */
#ifndef SILICON_MAPPED_H
#define SILICON_MAPPED_H

#include <stdint.h>
#include <stddef.h>

#include "liberty.h"

#define MAPPED_PINS_MAX	8

/**
 * struct mapped_net - a wire of one bit
 * @name: as a simulator calls it, "x[3]" a bit of a port
 * @load: pins and output load on it, pF
 * @driven: by a cell; otherwise it is an input or tied
 * @rises: times it went from 0 to 1
 * @falls: times it went from 1 to 0
 * @next: in the same bucket
 */
struct mapped_net {
	char *name;
	double load;
	bool driven;
	uint64_t rises;
	uint64_t falls;
	struct mapped_net *next;
};

/**
 * struct mapped_pin - a pin of a cell
 * @pin: of the library
 * @name: of the pin
 * @net: what it is connected to; NULL: a constant, or nothing
 * @slew: of a rising and a falling edge there, ns
 */
struct mapped_pin {
	const struct liberty_pin *pin;
	char *name;
	struct mapped_net *net;
	double slew[2];
};

struct mapped_cell {
	const struct liberty_cell *cell;
	char *name;
	unsigned int pins;
	struct mapped_pin pin[MAPPED_PINS_MAX];
	struct mapped_cell *next;
	struct mapped_cell *same_hash;
};

struct mapped;

/**
 * mapped_read() - read a netlist
 * @out: set on success; free with mapped_free()
 * @path: of structural Verilog of one module
 * @lib: has all its cells
 * @output_load: on each bit of port p, pF
 *
 * Says on stderr what is wrong. Return: 0 or -errno.
 */
int mapped_read(struct mapped **out, const char *path,
		const struct liberty *lib, double output_load);

/**
 * mapped_slews() - read lines "instance pin rise fall", slews in ns
 *
 * Says on stderr what is wrong. Return: 0 or -errno.
 */
int mapped_slews(struct mapped *m, const char *path);

/** mapped_free() - @m may be NULL */
void mapped_free(struct mapped *m);

/** mapped_cells() - the first of all cells; they are linked by next */
struct mapped_cell *mapped_cells(const struct mapped *m);

/** mapped_net() - a net by name; NULL if no pin is on it */
struct mapped_net *mapped_net(const struct mapped *m, const char *name);

/** mapped_each_net() - @call every net with @arg */
void mapped_each_net(const struct mapped *m,
		     void (*call)(struct mapped_net *net, void *arg), void *arg);

#endif /* SILICON_MAPPED_H */
