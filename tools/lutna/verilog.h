/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Arithmetic units as structural Verilog-2001, for any simulator or synthesiser.
 */
#ifndef LUTNA_VERILOG_H
#define LUTNA_VERILOG_H

#include <stdio.h>

struct lutna_netlist;
struct lutna_unit_spec;

/* Longest name of a module, with the NUL. */
#define VERILOG_NAME_MAX	64

/**
 * verilog_name() - the name of a unit's module when nobody asks for another
 * @spec: the unit, as lutna_netlist_spec() gives it
 * @name: set to an identifier such as lutna_8x9s_d2_drop1
 */
void verilog_name(const struct lutna_unit_spec *spec,
		  char name[VERILOG_NAME_MAX]);

/**
 * verilog_write() - write a unit
 * @out: a file that stands alone: the cells first, then one module with an
 *	instance for every gate.  Storage is not in it: its outputs are port
 *	"s", so that no synthesiser can take them for constants.
 * @nl: the unit
 * @module: name of the module, NULL for verilog_name()
 *
 * What each bit of "s" is to hold stands in the comment at the top, a line
 * "// storage N: bit B of MW" for each, where W is the weight, sign-extended
 * without end if it is two's complement.
 *
 * Return: 0, -EINVAL if @module is no identifier, -EOPNOTSUPP if @nl has a gate
 * that is no logic, -ENOMEM, -EIO if @out has failed.
 */
int verilog_write(FILE *out, const struct lutna_netlist *nl,
		  const char *module);

/**
 * verilog_testbench() - write a test bench of a unit
 * @out: module "@module_tb"
 * @nl: the unit
 * @module: name of the unit's module, NULL for verilog_name()
 *
 * It knows of the unit what each bit of "s" holds and computes products by
 * multiplication.  It prints "PASS n", or up to ten mismatches and
 * "FAIL k of n".  n is every product where there are at most 8192, else a
 * sequence that has every weight and is always the same.  Plusargs:
 *
 * operands=FILE	multiply what FILE has instead, a line "x w" in
 *			hexadecimal for each
 * vcd=FILE		dump all nets of the unit, and "counted", which is 1
 *			while nothing but the activation has moved
 * changing		"counted" is 1 when the weight moves as well
 *
 * Return: as verilog_write().
 */
int verilog_testbench(FILE *out, const struct lutna_netlist *nl,
		      const char *module);

#endif /* LUTNA_VERILOG_H */
