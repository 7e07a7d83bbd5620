// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <lutna/lutna.h>

#include "command.h"

static const struct sub_command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
} commands[] = {
	{ "info", cmd_info, "show the devices that there are" },
	{ "compile", cmd_compile, "make a container out of an ONNX model" },
	{ "run", cmd_run, "run a compiled model on images" },
	{ "show", cmd_show, "show classified images on a screen" },
	{ "tune", cmd_tune, "give each layer its own bits under an accuracy budget" },
	{ "bench", cmd_bench, "measure what an empty job costs" },
	{ "cost", cmd_cost, "say what arithmetic units are made of and toggle" },
};

int complain(const char *format, ...)
{
	va_list args;

	/* What was said before comes first, wherever both go. */
	fflush(stdout);
	fputs("lutna: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return STATUS_FAILURE;
}

static void usage(FILE *to)
{
	size_t i;

	fputs("Usage: lutna COMMAND [OPTION...] [ARGUMENT...]\n\nCommands:\n", to);
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(to, "  %-10s %s\n", commands[i].name, commands[i].summary);
	fputs("\n'lutna COMMAND --help' says more, and so does 'man lutna-COMMAND'.\n"
	      "Exit status: 0 success, 1 failure, 2 wrong usage.\n", to);
}

/* Output that could not be written is a failure, however late it shows. */
static int finish(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	fprintf(stderr, "lutna: standard output: %s\n", strerror(errno));
	return status ? status : STATUS_FAILURE;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	size_t i;

	setlocale(LC_CTYPE, "");
	if (!strcmp(name, "--help") || !strcmp(name, "-h") ||
	    !strcmp(name, "help")) {
		usage(stdout);
		return finish(STATUS_OK);
	}
	if (!strcmp(name, "--version")) {
		printf("lutna %s\n", lutna_version());
		return finish(STATUS_OK);
	}
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, name))
			return finish(commands[i].run(argc - 1, argv + 1));
	if (name[0])
		complain("no command '%s'", name);
	usage(stderr);
	return STATUS_USAGE;
}
