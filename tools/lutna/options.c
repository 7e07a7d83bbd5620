// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "options.h"

/* Beyond any character, so that no letter stands for these by accident */
#define VALUE_HELP	0x100
#define VALUE_JSON	0x101
#define VALUE_FIRST	0x200

static void print_option(const char *name, char letter, const char *argument,
			 const char *help)
{
	char left[64];

	snprintf(left, sizeof(left), "%c%c%s --%s%s%s", letter ? '-' : ' ',
		 letter ? letter : ' ', letter ? "," : " ", name,
		 argument ? " " : "", argument ? argument : "");
	printf("  %-28s %s\n", left, help);
}

static void print_help(const struct option_usage *usage)
{
	size_t i;

	printf("Usage: lutna %s [OPTION...]%s%s\n\n%s\n\nOptions:\n",
	       usage->command, usage->arguments[0] ? " " : "",
	       usage->arguments, usage->summary);
	for (i = 0; i < usage->count; i++) {
		const struct option_spec *spec = &usage->options[i];

		print_option(spec->name, spec->letter,
			     spec->kind == OPTION_CHOICE ? spec->choices :
			     spec->kind == OPTION_FLAG ? NULL : spec->argument,
			     spec->help);
	}
	print_option("json", 0, NULL, "print JSON");
	print_option("help", 'h', NULL, "print this");
	fputs("\nExit status: 0 success, 1 failure, 2 wrong usage.\n", stdout);
}

static int wrong(const struct option_usage *usage)
{
	fprintf(stderr, "Try 'lutna %s --help'.\n", usage->command);
	return STATUS_USAGE;
}

static bool parse_number(const struct option_spec *spec, const char *text)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(text, &end, 0);
	/* strtoul() takes a sign and a number that wraps. */
	if (errno || end == text || *end || strchr(text, '-') ||
	    value < spec->low || value > spec->high)
		return false;
	*(unsigned long *)spec->value = value;
	return true;
}

static bool parse_choice(const struct option_spec *spec, const char *text)
{
	const char *at = spec->choices;
	int index;

	for (index = 0; ; index++) {
		size_t length = strcspn(at, "|");

		if (strlen(text) == length && !memcmp(text, at, length)) {
			*(int *)spec->value = index;
			return true;
		}
		if (!at[length])
			return false;
		at += length + 1;
	}
}

static int take(const struct option_usage *usage,
		const struct option_spec *spec, const char *text)
{
	switch (spec->kind) {
	case OPTION_FLAG:
		*(bool *)spec->value = true;
		return OPTIONS_GO_ON;
	case OPTION_STRING:
		*(const char **)spec->value = text;
		return OPTIONS_GO_ON;
	case OPTION_NUMBER:
		if (parse_number(spec, text))
			return OPTIONS_GO_ON;
		complain("--%s: '%s' is not a whole number from %lu to %lu",
			 spec->name, text, spec->low, spec->high);
		return wrong(usage);
	case OPTION_CHOICE:
		if (parse_choice(spec, text))
			return OPTIONS_GO_ON;
		complain("--%s: '%s' is none of %s", spec->name, text,
			 spec->choices);
		return wrong(usage);
	}
	return wrong(usage);
}

/* The tables that getopt_long() wants */
static void build(const struct option_usage *usage, struct option *longs,
		  char *shorts)
{
	size_t i;

	*shorts++ = 'h';
	for (i = 0; i < usage->count; i++) {
		const struct option_spec *spec = &usage->options[i];
		bool takes = spec->kind != OPTION_FLAG;

		longs[i] = (struct option){
			.name = spec->name,
			.has_arg = takes ? required_argument : no_argument,
			.val = VALUE_FIRST + (int)i,
		};
		if (!spec->letter)
			continue;
		*shorts++ = spec->letter;
		if (takes)
			*shorts++ = ':';
	}
	*shorts = '\0';
	longs[i++] = (struct option){ .name = "help", .val = VALUE_HELP };
	longs[i++] = (struct option){ .name = "json", .val = VALUE_JSON };
	longs[i] = (struct option){ .name = NULL };
}

static const struct option_spec *by_value(const struct option_usage *usage,
					  int value)
{
	size_t i;

	if (value >= VALUE_FIRST)
		return &usage->options[value - VALUE_FIRST];
	for (i = 0; i < usage->count; i++)
		if (usage->options[i].letter == value)
			return &usage->options[i];
	return NULL;
}

int options_parse(const struct option_usage *usage, int argc, char **argv,
		  bool *json, int *first)
{
	struct option longs[OPTIONS_MOST + 3];
	char shorts[2 * OPTIONS_MOST + 2];
	int value, status;

	build(usage, longs, shorts);
	while ((value = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct option_spec *spec;

		if (value == VALUE_HELP || value == 'h') {
			print_help(usage);
			return STATUS_OK;
		}
		if (value == VALUE_JSON) {
			*json = true;
			continue;
		}
		spec = value == '?' ? NULL : by_value(usage, value);
		if (!spec)
			return wrong(usage);
		status = take(usage, spec, optarg);
		if (status != OPTIONS_GO_ON)
			return status;
	}
	if (argc - optind < usage->least || argc - optind > usage->most) {
		complain("%s: %s arguments", usage->command,
			 argc - optind < usage->least ? "too few" : "too many");
		return wrong(usage);
	}
	*first = optind;
	return OPTIONS_GO_ON;
}
