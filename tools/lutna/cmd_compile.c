// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "compile/compile.h"
#include "options.h"
#include "print.h"

struct settings {
	const char *output;
	const char *name;
	const char *until;
	const char *precision;
	const char *approx;
	unsigned long act_bits;
	unsigned long weight_bits;
	unsigned long batch;
	int weights;
	bool dump;
	bool json;
};

static int parse(struct settings *s, int argc, char **argv, int *first)
{
	const struct option_spec options[] = {
		{ .name = "output", .letter = 'o', .kind = OPTION_STRING,
		  .value = &s->output, .argument = "FILE",
		  .help = "the container (default: MODEL with .lutna for .onnx)" },
		{ .name = "batch", .letter = 'b', .kind = OPTION_NUMBER,
		  .value = &s->batch, .argument = "N", .low = 1, .high = 65535,
		  .help = "images that one run takes (default: the model's, or 50)" },
		{ .name = "weights", .kind = OPTION_CHOICE, .value = &s->weights,
		  .choices = "auto|dense|compressed",
		  .help = "their form; auto is the smaller one of each layer" },
		{ .name = "name", .kind = OPTION_STRING, .value = &s->name,
		  .argument = "NAME", .help = "name of the model" },
		{ .name = "until", .kind = OPTION_STRING, .value = &s->until,
		  .argument = "TENSOR",
		  .help = "end there: what a layer puts out is the output" },
		{ .name = "precision", .kind = OPTION_STRING,
		  .value = &s->precision, .argument = "FILE",
		  .help = "bits and approximation of each layer, as 'lutna tune' writes it" },
		{ .name = "act-bits", .kind = OPTION_NUMBER,
		  .value = &s->act_bits, .argument = "N",
		  .low = PRECISION_ACT_MIN, .high = PRECISION_ACT_MAX,
		  .help = "bits of every layer's input (default 8)" },
		{ .name = "weight-bits", .kind = OPTION_NUMBER,
		  .value = &s->weight_bits, .argument = "N",
		  .low = PRECISION_WEIGHT_MIN, .high = PRECISION_WEIGHT_MAX,
		  .help = "bits of all weights (default: the model's)" },
		{ .name = "approx", .kind = OPTION_STRING, .value = &s->approx,
		  .argument = "MODE",
		  .help = "exact, or drop1 to drop3 or w1 to w3, with +bias or without" },
		{ .name = "dump", .kind = OPTION_FLAG, .value = &s->dump,
		  .help = "list the commands on standard error" },
	};
	const struct option_usage usage = {
		.command = "compile",
		.arguments = "MODEL.onnx",
		.summary = "Makes a container for the device out of a quantised ONNX model. The container\n"
			   "is replaced as a whole, or left alone when the model is refused.",
		.options = options,
		.count = sizeof(options) / sizeof(options[0]),
		.least = 1,
		.most = 1,
	};

	return options_parse(&usage, argc, argv, &s->json, first);
}

static char *default_output(const char *source)
{
	size_t length = strlen(source);
	char *output = malloc(length + sizeof(".lutna"));

	if (!output)
		return NULL;
	if (length > 5 && !strcmp(source + length - 5, ".onnx"))
		length -= 5;
	memcpy(output, source, length);
	memcpy(output + length, ".lutna", sizeof(".lutna"));
	return output;
}

/* A table from the options; *given is unset if the model is to decide. */
static int choose_precision(const struct settings *s,
			    struct precision_table *table, bool *given)
{
	bool uniform = s->act_bits || s->weight_bits || s->approx;
	unsigned int act_bits = s->act_bits ? (unsigned int)s->act_bits :
					      PRECISION_ACT_MAX;
	struct diag diag;

	*given = s->precision || uniform;
	if (s->precision && uniform) {
		complain("compile: --precision excludes --act-bits, --weight-bits and --approx");
		return STATUS_USAGE;
	}
	if (s->precision && precision_read(s->precision, &diag, table))
		return complain("%s", diag.text);
	if (s->approx && precision_approx(s->approx, &table->rest)) {
		complain("--approx: '%s' is none of exact, drop1 to drop3, w1 to w3, with +bias or without",
			 s->approx);
		return STATUS_USAGE;
	}
	if (table->rest.approx_digits > precision_digits_most(act_bits)) {
		complain("--approx %s: activations of %u bits have too few digits",
			 s->approx, act_bits);
		return STATUS_USAGE;
	}
	if (uniform) {
		table->rest.act_bits = (uint8_t)act_bits;
		table->rest.weight_bits = (uint8_t)s->weight_bits;
	}
	return STATUS_OK;
}

static int compile(const struct settings *s, const char *source,
		   const char *target, const struct precision_table *precision)
{
	const struct compile_options options = {
		.batch = (uint32_t)s->batch,
		.weights = (enum weights_form)s->weights,
		.name = s->name,
		.until = s->until,
		.dump = s->dump ? stderr : NULL,
		.precision = precision,
	};
	struct compile_output output = { .source = source, .target = target };
	struct lutna_model *model;
	struct diag diag = { .file = source };

	if (compile_file(source, target, &options, &diag, &output.report))
		return complain("%s", diag.text);
	if (lutna_model_load(&model, target))
		return complain("%s", lutna_last_error());
	output.model = model;
	printer_for(s->json)->compiled(&output);
	lutna_model_free(model);
	return STATUS_OK;
}

int cmd_compile(int argc, char **argv)
{
	struct settings s = { .weights = WEIGHTS_AUTO };
	struct precision_table precision = { .count = 0 };
	char *target = NULL;
	int first, status;
	bool precise;

	status = parse(&s, argc, argv, &first);
	if (status != OPTIONS_GO_ON)
		return status;
	status = choose_precision(&s, &precision, &precise);
	if (status)
		return status;
	if (!s.output) {
		target = default_output(argv[first]);
		if (!target) {
			status = complain("out of memory");
			goto out_precision;
		}
	}
	status = compile(&s, argv[first], s.output ? s.output : target,
			 precise ? &precision : NULL);
	free(target);
out_precision:
	precision_free(&precision);
	return status;
}
