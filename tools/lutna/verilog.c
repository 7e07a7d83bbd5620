// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "qemu-device/core/cost/netlist.h"
#include "verilog.h"

#define NODE_NAME_MAX	24

/* Products that a test bench goes through one by one; beyond, it samples. */
#define EXHAUSTIVE_BITS	13

/* Activations that meet each weight of a sample, besides the two ends. */
#define SAMPLES		6

/**
 * struct cell - how a gate is written
 * @in: names of its inputs
 * @out: names of its outputs
 * @body: its behaviour; NULL: there is none
 */
struct cell {
	const char *in[LUTNA_GATE_MAX_IN];
	const char *out[LUTNA_GATE_MAX_OUT];
	const char *body;
};

static const struct cell cells[LUTNA_GATE_KIND_COUNT] = {
	[LUTNA_GATE_MUX] = {
		{ "a", "b", "s" }, { "y" },
		"assign y = s ? b : a;",
	},
	[LUTNA_GATE_AND] = {
		{ "a", "b" }, { "y" },
		"assign y = a & b;",
	},
	[LUTNA_GATE_NAND] = {
		{ "a", "b" }, { "y" },
		"assign y = ~(a & b);",
	},
	[LUTNA_GATE_INV] = {
		{ "a" }, { "y" },
		"assign y = ~a;",
	},
	[LUTNA_GATE_HA] = {
		{ "a", "b" }, { "s", "co" },
		"assign s = a ^ b;\n\tassign co = a & b;",
	},
	[LUTNA_GATE_HA1] = {
		{ "a", "b" }, { "s", "co" },
		"assign s = ~(a ^ b);\n\tassign co = a | b;",
	},
	[LUTNA_GATE_FA] = {
		{ "a", "b", "ci" }, { "s", "co" },
		"assign s = a ^ b ^ ci;\n"
		"\tassign co = (a & b) | (ci & (a | b));",
	},
};

static const char *const approx_names[] = {
	[LUTNA_APPROX_EXACT] = "exact",
	[LUTNA_APPROX_DROP] = "drop",
	[LUTNA_APPROX_W] = "w",
};

static bool has_digits(const struct lutna_unit_spec *spec)
{
	return spec->unit == LUTNA_UNIT_DNC || spec->unit == LUTNA_UNIT_LUTNA;
}

void verilog_name(const struct lutna_unit_spec *spec,
		  char name[VERILOG_NAME_MAX])
{
	char digits[16] = "", approx[16] = "";

	if (has_digits(spec))
		snprintf(digits, sizeof(digits), "_d%u", spec->digit_bits);
	if (spec->approx != LUTNA_APPROX_EXACT)
		snprintf(approx, sizeof(approx), "_%s%u",
			 approx_names[spec->approx], spec->approx_digits);
	snprintf(name, VERILOG_NAME_MAX, "%s_%ux%u%s%s%s%s%s%s",
		 lutna_unit_name(spec->unit), spec->act_bits, spec->weight_bits,
		 spec->is_signed ? "s" : "", digits, approx,
		 spec->join == LUTNA_JOIN_TREE ? "_tree" : "",
		 spec->tables == LUTNA_TABLES_PRIVATE ? "_private" : "",
		 spec->lut_order == LUTNA_LUT_ORDER_HIGH ? "_high" : "");
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* Of Verilog-2001 */
static const char keywords[] =
	" always and assign automatic begin buf bufif0 bufif1 case casex casez cell"
	" cmos config deassign default defparam design disable edge else end endcase"
	" endconfig endfunction endgenerate endmodule endprimitive endspecify"
	" endtable endtask event for force forever fork function generate genvar"
	" highz0 highz1 if ifnone incdir include initial inout input instance"
	" integer join large liblist library localparam macromodule medium module"
	" nand negedge nmos nor noshowcancelled not notif0 notif1 or output"
	" parameter pmos posedge primitive pull0 pull1 pulldown pullup"
	" pulsestyle_ondetect pulsestyle_onevent rcmos real realtime reg release"
	" repeat rnmos rpmos rtran rtranif0 rtranif1 scalared showcancelled signed"
	" small specify specparam strong0 strong1 supply0 supply1 table task time"
	" tran tranif0 tranif1 tri tri0 tri1 triand trior trireg unsigned use"
	" vectored wait wand weak0 weak1 while wire wor xnor xor ";

static bool is_keyword(const char *name)
{
	char word[VERILOG_NAME_MAX + 2];

	snprintf(word, sizeof(word), " %s ", name);
	return strstr(keywords, word);
}

static int choose_name(const struct lutna_netlist *nl, const char *module,
		       char name[VERILOG_NAME_MAX])
{
	const char *c;

	if (!module) {
		verilog_name(lutna_netlist_spec(nl), name);
		return 0;
	}
	if (!is_letter(*module) || strlen(module) >= VERILOG_NAME_MAX)
		return -EINVAL;
	/* The cells are called like this. */
	if (!strncmp(module, "lutna_gate_", strlen("lutna_gate_")))
		return -EINVAL;
	for (c = module; *c; c++)
		if (!is_letter(*c) && !(*c >= '0' && *c <= '9'))
			return -EINVAL;
	if (is_keyword(module))
		return -EINVAL;
	strcpy(name, module);
	return 0;
}

/* Two units in one simulation bring their cells twice; hence the guard. */
static void write_cells(FILE *out)
{
	unsigned int kind, i;

	fputs("`ifndef LUTNA_GATES\n`define LUTNA_GATES\n\n", out);
	for (kind = 0; kind < LUTNA_GATE_KIND_COUNT; kind++) {
		const struct lutna_gate_info *info = lutna_gate_info(kind);
		const struct cell *cell = &cells[kind];

		/* A cell is a port, and a pair of bit lines is no gate. */
		if (!cell->body)
			continue;
		fprintf(out, "module lutna_gate_%s(", info->name);
		for (i = 0; i < info->inputs; i++)
			fprintf(out, "input %s, ", cell->in[i]);
		for (i = 0; i < info->outputs; i++)
			fprintf(out, "%soutput %s", i ? ", " : "", cell->out[i]);
		fprintf(out, ");\n\t%s\nendmodule\n\n", cell->body);
	}
	fputs("`endif\n\n", out);
}

static void write_header(FILE *out, const struct lutna_netlist *nl,
			 const struct lutna_netlist_counts *counts)
{
	const struct lutna_unit_spec *s = lutna_netlist_spec(nl);
	const struct lutna_gate *gate;
	unsigned int kind;
	size_t n, i, bit = 0;

	fprintf(out, "// unit: %s\n", lutna_unit_name(s->unit));
	fprintf(out, "// activation: x, %u bits, unsigned\n", s->act_bits);
	fprintf(out, "// weight: W, %u bits, %s\n", s->weight_bits,
		s->is_signed ? "two's complement" : "unsigned");
	if (has_digits(s))
		fprintf(out, "// digits: %u bits each, %s, joined by a %s\n",
			s->digit_bits, s->tables == LUTNA_TABLES_PRIVATE ?
			"a table for each" : "one table for all",
			s->join == LUTNA_JOIN_TREE ? "tree" : "chain");
	if (s->approx != LUTNA_APPROX_EXACT)
		fprintf(out, "// approximate: %s, %u low digits of 2 bits\n",
			approx_names[s->approx], s->approx_digits);
	if (s->unit == LUTNA_UNIT_LUT)
		fprintf(out, "// at the leaves: the %s activation bit\n",
			s->lut_order == LUTNA_LUT_ORDER_HIGH ? "highest" :
			"lowest");
	fputs("// gates:", out);
	for (kind = 0; kind < LUTNA_GATE_KIND_COUNT; kind++)
		if (cells[kind].body)
			fprintf(out, " %u %s", counts->gate[kind],
				lutna_gate_info(kind)->name);
	fprintf(out, "\n// transistors, with storage: %u\n",
		counts->transistors);
	fprintf(out, "// depth: %u gate delays\n", counts->depth);
	fprintf(out, "// storage cells, not in this file: %u\n",
		counts->gate[LUTNA_GATE_CELL]);
	gate = lutna_netlist_gates(nl, &n);
	for (i = 0; i < n; i++)
		if (gate[i].kind == LUTNA_GATE_CELL)
			fprintf(out, "// storage %zu: bit %u of %uW\n", bit++,
				gate[i].bit, gate[i].multiple);
	fputc('\n', out);
}

typedef char node_name[NODE_NAME_MAX];

static void name_port(node_name *name, const struct lutna_port *port)
{
	uint32_t i;

	for (i = 0; i < port->width; i++)
		snprintf(name[port->node[i]], NODE_NAME_MAX, "%s[%u]",
			 port->name, i);
}

/* Instances are numbered by kind: fa_3 drives the wires fa_3_s and fa_3_co. */
static node_name *name_nodes(const struct lutna_netlist *nl)
{
	const struct lutna_port x = lutna_netlist_port(nl, LUTNA_PORT_ACTIVATION);
	const struct lutna_port s = lutna_netlist_port(nl, LUTNA_PORT_STORAGE);
	unsigned int used[LUTNA_GATE_KIND_COUNT] = { 0 }, o;
	const struct lutna_gate *gate;
	node_name *name;
	size_t n, i;

	name = calloc(lutna_netlist_nodes(nl), sizeof(*name));
	if (!name)
		return NULL;
	strcpy(name[LUTNA_NODE_ZERO], "1'b0");
	strcpy(name[LUTNA_NODE_ONE], "1'b1");
	name_port(name, &x);
	name_port(name, &s);
	gate = lutna_netlist_gates(nl, &n);
	for (i = 0; i < n; i++) {
		const struct lutna_gate_info *info = lutna_gate_info(gate[i].kind);

		if (gate[i].kind == LUTNA_GATE_CELL)
			continue;
		for (o = 0; o < info->outputs; o++)
			snprintf(name[gate[i].out[o]], NODE_NAME_MAX, "%s_%u_%s",
				 info->name, used[gate[i].kind],
				 cells[gate[i].kind].out[o]);
		used[gate[i].kind]++;
	}
	return name;
}

static void write_gates(FILE *out, const struct lutna_netlist *nl,
			node_name *name)
{
	unsigned int used[LUTNA_GATE_KIND_COUNT] = { 0 }, pin;
	const struct lutna_gate *gate;
	size_t n, i;

	gate = lutna_netlist_gates(nl, &n);
	for (i = 0; i < n; i++) {
		const struct lutna_gate_info *info = lutna_gate_info(gate[i].kind);
		const struct cell *cell = &cells[gate[i].kind];

		if (gate[i].kind == LUTNA_GATE_CELL)
			continue;
		for (pin = 0; pin < info->outputs; pin++)
			fprintf(out, "\twire %s;\n", name[gate[i].out[pin]]);
		fprintf(out, "\tlutna_gate_%s %s_%u(", info->name, info->name,
			used[gate[i].kind]++);
		for (pin = 0; pin < info->inputs; pin++)
			fprintf(out, ".%s(%s), ", cell->in[pin],
				name[gate[i].in[pin]]);
		for (pin = 0; pin < info->outputs; pin++)
			fprintf(out, "%s.%s(%s)", pin ? ", " : "",
				cell->out[pin], name[gate[i].out[pin]]);
		fputs(");\n", out);
	}
}

static bool can_write(const struct lutna_netlist *nl)
{
	const struct lutna_gate *gate;
	size_t n, i;

	gate = lutna_netlist_gates(nl, &n);
	for (i = 0; i < n; i++)
		if (gate[i].kind != LUTNA_GATE_CELL && !cells[gate[i].kind].body)
			return false;
	return true;
}

int verilog_write(FILE *out, const struct lutna_netlist *nl, const char *module)
{
	const struct lutna_port x = lutna_netlist_port(nl, LUTNA_PORT_ACTIVATION);
	const struct lutna_port s = lutna_netlist_port(nl, LUTNA_PORT_STORAGE);
	const struct lutna_port p = lutna_netlist_port(nl, LUTNA_PORT_PRODUCT);
	struct lutna_netlist_counts counts;
	char top[VERILOG_NAME_MAX];
	node_name *name;
	uint32_t i;
	int err;

	if (!can_write(nl))
		return -EOPNOTSUPP;
	err = choose_name(nl, module, top);
	if (err)
		return err;
	err = lutna_netlist_count(nl, &counts);
	if (err)
		return err;
	name = name_nodes(nl);
	if (!name)
		return -ENOMEM;

	write_header(out, nl, &counts);
	write_cells(out);
	fprintf(out, "module %s(\n\tinput [%u:0] %s,\n", top, x.width - 1, x.name);
	if (s.width)
		fprintf(out, "\tinput [%u:0] %s,\n", s.width - 1, s.name);
	fprintf(out, "\toutput [%u:0] %s\n);\n", p.width - 1, p.name);
	write_gates(out, nl, name);
	for (i = 0; i < p.width; i++)
		fprintf(out, "\tassign %s[%u] = %s;\n", p.name, i,
			name[p.node[i]]);
	fputs("endmodule\n", out);
	free(name);
	return ferror(out) ? -EIO : 0;
}

/*
 * The stored words, from the weight by multiplication, and the bits in cells.
 * All at once: a simulator would take thousands of steps otherwise, in each of
 * which it passes all of s on.
 */
static void write_storage(FILE *out, const struct lutna_netlist *nl,
			  unsigned int bits)
{
	const struct lutna_unit_spec *spec = lutna_netlist_spec(nl);
	bool stored[1 << 8] = { false };
	const struct lutna_gate *gate;
	size_t n, i, bit = 0;

	gate = lutna_netlist_gates(nl, &n);
	for (i = 0; i < n; i++)
		if (gate[i].kind == LUTNA_GATE_CELL)
			stored[gate[i].multiple] = true;
	stored[1] = true;
	for (i = 0; i < 1 << 8; i++)
		if (stored[i])
			fprintf(out, "\treg [%u:0] m%zu;\n", bits - 1, i);
	fputs("\n\ttask store;\n\tbegin\n", out);
	if (spec->is_signed)
		fprintf(out, "\t\tm1 = {{%u{w[%u]}}, w};\n", spec->act_bits,
			spec->weight_bits - 1);
	else
		fprintf(out, "\t\tm1 = {%u'd0, w};\n", spec->act_bits);
	for (i = 0; i < 1 << 8; i++)
		if (stored[i] && i != 1)
			fprintf(out, "\t\tm%zu = %u'd%zu * m1;\n", i, bits, i);
	for (i = n; i-- > 0;)
		if (gate[i].kind == LUTNA_GATE_CELL)
			fprintf(out, "%sm%u[%u]", bit++ ? ",\n\t\t\t" :
				"\t\ts = {\n\t\t\t", gate[i].multiple,
				gate[i].bit);
	if (bit)
		fputs("\n\t\t};\n", out);
	fputs("\tend\n\tendtask\n\n", out);
}

static const char bench_tasks[] =
	"\tinteger count = 0, wrong = 0, file, fields;\n"
	"\treg counted = 0, changing;\n"
	"\treg [8 * 1024 - 1:0] path;\n"
	"\n"
	"\ttask multiply(input integer activation, input integer weight);\n"
	"\tbegin\n"
	"\t\tcounted = count > 0 && (changing || weight == now);\n"
	"\t\tnow = weight;\n"
	"\t\t#1;\n"
	"\t\tw = weight;\n"
	"\t\tstore;\n"
	"\t\tx = activation;\n"
	"\t\t#PERIOD;\n"
	"\t\tcount = count + 1;\n"
	"\t\tif (p !== expected) begin\n"
	"\t\t\twrong = wrong + 1;\n"
	"\t\t\tif (wrong <= 10)\n"
	"\t\t\t\t$display(\"x %h w %h: %h, not %h\", x, w, p, expected);\n"
	"\t\tend\n"
	"\tend\n"
	"\tendtask\n"
	"\n"
	"\ttask multiply_file;\n"
	"\tbegin\n"
	"\t\tfile = $fopen(path, \"r\");\n"
	"\t\tif (!file) begin\n"
	"\t\t\t$display(\"FAIL: cannot open %0s\", path);\n"
	"\t\t\t$finish;\n"
	"\t\tend else begin\n"
	"\t\t\tfields = $fscanf(file, \"%h %h\", in_x, in_w);\n"
	"\t\t\twhile (fields == 2) begin\n"
	"\t\t\t\tmultiply(in_x, in_w);\n"
	"\t\t\t\tfields = $fscanf(file, \"%h %h\", in_x, in_w);\n"
	"\t\t\tend\n"
	"\t\t\t$fclose(file);\n"
	"\t\tend\n"
	"\tend\n"
	"\tendtask\n"
	"\n";

static void write_sequence(FILE *out, const struct lutna_unit_spec *spec)
{
	unsigned int act = 1u << spec->act_bits, weights = 1u << spec->weight_bits;

	fputs("\ttask multiply_sequence;\n\tbegin\n", out);
	fprintf(out, "\t\tfor (i = 0; i < %u; i = i + 1)", weights);
	if (spec->act_bits + spec->weight_bits <= EXHAUSTIVE_BITS) {
		fprintf(out, "\n\t\t\tfor (j = 0; j < %u; j = j + 1)\n"
			"\t\t\t\tmultiply(j, i);\n", act);
	} else {
		fprintf(out, " begin\n"
			"\t\t\tmultiply(0, i);\n"
			"\t\t\tmultiply(%u, i);\n"
			"\t\t\tfor (j = 0; j < %u; j = j + 1) begin\n"
			"\t\t\t\trandom = random ^ (random << 13);\n"
			"\t\t\t\trandom = random ^ (random >> 17);\n"
			"\t\t\t\trandom = random ^ (random << 5);\n"
			"\t\t\t\tmultiply(random[31:%u], i);\n"
			"\t\t\tend\n"
			"\t\tend\n", act - 1, SAMPLES, 32 - spec->act_bits);
	}
	fputs("\tend\n\tendtask\n\n", out);
}

static void write_run(FILE *out)
{
	fputs("\tinitial begin\n"
	      "\t\tchanging = $test$plusargs(\"changing\");\n"
	      "\t\tif ($value$plusargs(\"vcd=%s\", path)) begin\n"
	      "\t\t\t$dumpfile(path);\n"
	      "\t\t\t$dumpvars(1, unit);\n"
	      "\t\t\t$dumpvars(0, counted);\n"
	      "\t\tend\n"
	      "\t\tif ($value$plusargs(\"operands=%s\", path))\n"
	      "\t\t\tmultiply_file;\n"
	      "\t\telse\n"
	      "\t\t\tmultiply_sequence;\n"
	      "\t\tif (count > 0 && wrong == 0)\n"
	      "\t\t\t$display(\"PASS %0d\", count);\n"
	      "\t\telse\n"
	      "\t\t\t$display(\"FAIL %0d of %0d\", wrong, count);\n"
	      "\t\t$finish;\n"
	      "\tend\n"
	      "endmodule\n", out);
}

int verilog_testbench(FILE *out, const struct lutna_netlist *nl,
		      const char *module)
{
	const struct lutna_unit_spec *spec = lutna_netlist_spec(nl);
	const struct lutna_port s = lutna_netlist_port(nl, LUTNA_PORT_STORAGE);
	unsigned int bits = spec->act_bits + spec->weight_bits;
	unsigned int mask = (1u << (2 * spec->approx_digits)) - 1;
	unsigned int value = spec->approx == LUTNA_APPROX_W ? mask / 3 : 0;
	unsigned int keep = ((1u << spec->act_bits) - 1) & ~mask;
	char top[VERILOG_NAME_MAX];
	int err;

	err = choose_name(nl, module, top);
	if (err)
		return err;

	/* Slower than any unit is, mapped and with its delays. */
	fprintf(out, "`timescale 1ns / 1ps\n\n"
		"module %s_tb;\n"
		"\tparameter PERIOD = 200;\n\n"
		"\treg [%u:0] x;\n"
		"\treg [%u:0] w;\n", top, spec->act_bits - 1,
		spec->weight_bits - 1);
	if (s.width)
		fprintf(out, "\treg [%u:0] s;\n", s.width - 1);
	fprintf(out, "\twire [%u:0] p;\n\n", bits - 1);
	write_storage(out, nl, bits);
	fprintf(out, "\twire [%u:0] taken = {%u'd0, x} & %u'd%u | %u'd%u;\n",
		bits - 1, spec->weight_bits, bits, keep, bits, value);
	fprintf(out, "\twire [%u:0] expected = taken * m1;\n\n", bits - 1);
	fprintf(out, "\t%s unit(.x(x), %s.p(p));\n\n", top,
		s.width ? ".s(s), " : "");
	fputs("\tinteger i, j, now, in_x, in_w;\n"
	      "\treg [31:0] random = 32'h2545f491;\n", out);
	fputs(bench_tasks, out);
	write_sequence(out, spec);
	write_run(out);
	return ferror(out) ? -EIO : 0;
}
