// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "cost_rows.h"
#include "options.h"
#include "qemu-device/core/cost/netlist.h"
#include "verilog.h"

/**
 * struct cost_settings - the command line
 * @filter: which units
 * @act_bits: as given, or NULL
 * @weight_bits: the same
 * @activations: file, or NULL
 * @module: name in Verilog, or NULL
 * @verilog: write the unit
 * @testbench: write what tests it
 * @json: print JSON
 */
struct cost_settings {
	struct cost_filter filter;
	const char *act_bits;
	const char *weight_bits;
	const char *activations;
	const char *module;
	bool verilog;
	bool testbench;
	bool json;
};

static int parse(struct cost_settings *s, int argc, char **argv, int *first)
{
	struct cost_filter *f = &s->filter;
	const struct option_spec options[] = {
		{ .name = "unit", .letter = 'u', .kind = OPTION_CHOICE,
		  .value = &f->unit, .choices = "lut|dnc|lutna|array|wallace|dadda",
		  .help = "this unit only" },
		{ .name = "act-bits", .letter = 'a', .kind = OPTION_STRING,
		  .value = &s->act_bits, .argument = "A[-B]",
		  .help = "bits of an activation, 2-8" },
		{ .name = "weight-bits", .letter = 'w', .kind = OPTION_STRING,
		  .value = &s->weight_bits, .argument = "A[-B]",
		  .help = "bits of a weight, 3-9" },
		{ .name = "digits", .letter = 'd', .kind = OPTION_CHOICE,
		  .value = &f->digits, .choices = "1|2|4",
		  .help = "bits of a digit" },
		{ .name = "approx", .kind = OPTION_CHOICE, .value = &f->approx,
		  .choices = "exact|drop1|drop2|drop3|w1|w2|w3",
		  .help = "what low digits of 2 bits give: nothing, or the weight" },
		{ .name = "read", .kind = OPTION_CHOICE, .value = &f->read,
		  .choices = "low|high|rows",
		  .help = "of lut: the activation bit at the leaves, or as a memory" },
		{ .name = "join", .kind = OPTION_CHOICE, .value = &f->join,
		  .choices = "chain|tree", .help = "how digits are added up" },
		{ .name = "tables", .kind = OPTION_CHOICE, .value = &f->tables,
		  .choices = "shared|private",
		  .help = "one table for all digits, or one each" },
		{ .name = "unsigned", .kind = OPTION_FLAG,
		  .value = &f->is_unsigned, .help = "unsigned weights" },
		{ .name = "all", .kind = OPTION_FLAG, .value = &f->all,
		  .help = "all widths, two's complement and unsigned" },
		{ .name = "activations", .kind = OPTION_STRING,
		  .value = &s->activations, .argument = "FILE",
		  .help = "measure energy on these as well: bytes, or an IDX file" },
		{ .name = "verilog", .kind = OPTION_FLAG, .value = &s->verilog,
		  .help = "write one unit as Verilog" },
		{ .name = "testbench", .kind = OPTION_FLAG, .value = &s->testbench,
		  .help = "write the unit's test bench" },
		{ .name = "module", .kind = OPTION_STRING, .value = &s->module,
		  .argument = "NAME", .help = "what Verilog is to call it" },
	};
	const struct option_usage usage = {
		.command = "cost",
		.arguments = "[UNIT]",
		.summary = "Says what arithmetic units are made of and what an operation toggles: UNIT, or\n"
			   "all of them, at the widths of the publications unless others are asked for.\n"
			   "With --json, all widths.",
		.options = options,
		.count = sizeof(options) / sizeof(options[0]),
		.most = 1,
	};

	return options_parse(&usage, argc, argv, &s->json, first);
}

/* "5" or "3-5" */
static int parse_range(const char *option, const char *text, unsigned int low,
		       unsigned int high, struct cost_range *out)
{
	unsigned int from, to;
	int end = 0;

	if (strspn(text, "0123456789-") == strlen(text) && strlen(text) < 8) {
		if (sscanf(text, "%u%n", &from, &end) == 1 && !text[end])
			to = from;
		else if (sscanf(text, "%u-%u%n", &from, &to, &end) != 2 ||
			 text[end])
			from = 0;
		if (from >= low && from <= to && to <= high) {
			*out = (struct cost_range){ from, to };
			return STATUS_OK;
		}
	}
	complain("--%s: '%s' is not a width from %u to %u, or a range of them such as %u-%u",
		 option, text, low, high, low, high);
	return STATUS_USAGE;
}

static int parse_unit(const char *name, int *unit)
{
	unsigned int i;

	for (i = 0; i < LUTNA_UNIT_COUNT; i++) {
		if (strcmp(lutna_unit_name(i), name))
			continue;
		if (*unit != COST_ANY && *unit != (int)i) {
			complain("cost: %s or %s, not both", name,
				 lutna_unit_name((unsigned int)*unit));
			return STATUS_USAGE;
		}
		*unit = (int)i;
		return STATUS_OK;
	}
	complain("cost: '%s' is no unit: lut, dnc, lutna, array, wallace, dadda",
		 name);
	return STATUS_USAGE;
}

static int check(struct cost_settings *s, const char *unit)
{
	int status = STATUS_OK;

	if (s->act_bits)
		status = parse_range("act-bits", s->act_bits, COST_ACT_BITS_MIN,
				     COST_ACT_BITS_MAX, &s->filter.act_bits);
	if (!status && s->weight_bits)
		status = parse_range("weight-bits", s->weight_bits,
				     COST_WEIGHT_BITS_MIN, COST_WEIGHT_BITS_MAX,
				     &s->filter.weight_bits);
	if (!status && unit)
		status = parse_unit(unit, &s->filter.unit);
	if (status)
		return status;
	if ((s->verilog || s->testbench) &&
	    (s->json || s->filter.all || s->activations)) {
		complain("cost: Verilog is of one unit and goes without --json, --all and --activations");
		return STATUS_USAGE;
	}
	if ((s->verilog || s->testbench) && s->filter.read == COST_READ_ROWS) {
		complain("cost: no Verilog of a row-decoded table: bit lines are no gates");
		return STATUS_USAGE;
	}
	if (s->module && !s->verilog && !s->testbench) {
		complain("cost: --module goes with --verilog or --testbench");
		return STATUS_USAGE;
	}
	return STATUS_OK;
}

/* For Verilog: what is not asked for is as usual. */
static void choose_usual(struct cost_filter *f)
{
	if (f->digits == COST_ANY && f->unit != COST_ANY &&
	    cost_has_digits((unsigned int)f->unit))
		f->digits = 1;
	if (f->approx == COST_ANY)
		f->approx = 0;
	if (f->read == COST_ANY && f->unit == LUTNA_UNIT_LUT)
		f->read = COST_READ_LOW;
	if (f->join == COST_ANY && f->digits != COST_ANY)
		f->join = LUTNA_JOIN_CHAIN;
	if (f->tables == COST_ANY && f->digits != COST_ANY)
		f->tables = LUTNA_TABLES_SHARED;
	if (!f->act_bits.low && !f->weight_bits.low) {
		f->act_bits = (struct cost_range){ 8, 8 };
		f->weight_bits = (struct cost_range){ 9, 9 };
	}
}

static int write_unit(const struct cost_settings *s,
		      const struct lutna_unit_spec *spec)
{
	struct lutna_netlist *nl;
	int err;

	err = lutna_netlist_build(&nl, spec);
	if (err)
		return complain("cost: %s", strerror(-err));
	if (s->verilog)
		err = verilog_write(stdout, nl, s->module);
	if (!err && s->testbench)
		err = verilog_testbench(stdout, nl, s->module);
	lutna_netlist_free(nl);
	/* What went wrong with standard output is said at the end. */
	if (err && err != -EIO)
		return complain("cost: %s", err == -EINVAL && s->module ?
				"--module: not an identifier of Verilog" :
				strerror(-err));
	return STATUS_OK;
}

static int write_verilog(struct cost_settings *s)
{
	const struct lutna_unit_spec *spec = NULL;
	struct cost_report report;
	size_t i, count = 0;
	int status;

	choose_usual(&s->filter);
	if (cost_rows_list(&s->filter, &report))
		return complain("out of memory");
	for (i = 0; i < report.count; i++) {
		if (!report.rows[i].shown)
			continue;
		spec = &report.rows[i].spec;
		count++;
	}
	if (count == 1) {
		status = write_unit(s, spec);
	} else {
		complain("cost: Verilog is of one unit, but %zu fit these options: give UNIT, --act-bits A, --weight-bits B",
			 count);
		status = STATUS_USAGE;
	}
	free(report.rows);
	return status;
}

static int show(struct cost_settings *s)
{
	struct cost_activations activations;
	struct cost_report report;
	int err;

	if (s->activations &&
	    cost_activations_read(s->activations, &activations))
		return STATUS_FAILURE;
	if (s->json && !s->filter.act_bits.low && !s->filter.weight_bits.low)
		s->filter.all = true;
	if (cost_rows_list(&s->filter, &report))
		return complain("out of memory");
	if (!report.count) {
		complain("cost: no unit fits all of these options");
		free(report.rows);
		return STATUS_USAGE;
	}
	err = cost_rows_compute(&report, s->activations ? &activations : NULL);
	if (!err && s->json)
		err = cost_print_json(&report);
	else if (!err)
		cost_print_table(&report);
	free(report.rows);
	return err ? complain("cost: %s", strerror(-err)) : STATUS_OK;
}

int cmd_cost(int argc, char **argv)
{
	struct cost_settings s = {
		.filter = {
			.unit = COST_ANY, .digits = COST_ANY, .approx = COST_ANY,
			.read = COST_ANY, .join = COST_ANY, .tables = COST_ANY,
		},
	};
	int first, status;

	status = parse(&s, argc, argv, &first);
	if (status != OPTIONS_GO_ON)
		return status;
	status = check(&s, first < argc ? argv[first] : NULL);
	if (status)
		return status;
	if (s.verilog || s.testbench)
		return write_verilog(&s);
	return show(&s);
}
