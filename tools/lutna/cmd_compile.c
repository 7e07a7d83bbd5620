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

static int compile(const struct settings *s, const char *source,
		   const char *target)
{
	const struct compile_options options = {
		.batch = (uint32_t)s->batch,
		.weights = (enum weights_form)s->weights,
		.name = s->name,
		.dump = s->dump ? stderr : NULL,
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
	char *target = NULL;
	int first, status;

	status = parse(&s, argc, argv, &first);
	if (status != OPTIONS_GO_ON)
		return status;
	if (!s.output) {
		target = default_output(argv[first]);
		if (!target)
			return complain("out of memory");
	}
	status = compile(&s, argv[first], s.output ? s.output : target);
	free(target);
	return status;
}
