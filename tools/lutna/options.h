/* SPDX-License-Identifier: GPL-2.0-only */
/* Options of a sub-command: one table both parses them and explains them. */
#ifndef LUTNA_TOOL_OPTIONS_H
#define LUTNA_TOOL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum option_kind {
	OPTION_FLAG,	/* bool */
	OPTION_STRING,	/* const char * */
	OPTION_NUMBER,	/* unsigned long, @low to @high */
	OPTION_CHOICE,	/* int: index in @choices, words separated by '|' */
};

/**
 * struct option_spec - one option
 * @name: long name, without dashes
 * @letter: short name, or 0
 * @kind: type of @value
 * @value: set when the option is given
 * @help: one line
 * @argument: how the help calls its value
 * @choices: OPTION_CHOICE, "auto|always|never"
 * @low: OPTION_NUMBER
 * @high: OPTION_NUMBER
 */
struct option_spec {
	const char *name;
	char letter;
	enum option_kind kind;
	void *value;
	const char *help;
	const char *argument;
	const char *choices;
	unsigned long low;
	unsigned long high;
};

/**
 * struct option_usage - a sub-command
 * @command: its name
 * @arguments: as the usage line shows them
 * @summary: a sentence or two
 * @options: its options; --help and --json are added
 * @count: how many
 * @least: arguments that it needs
 * @most: arguments that it takes
 */
struct option_usage {
	const char *command;
	const char *arguments;
	const char *summary;
	const struct option_spec *options;
	size_t count;
	int least;
	int most;
};

#define OPTIONS_MOST	32
#define OPTIONS_GO_ON	(-1)

/**
 * options_parse() - read a sub-command's line
 * @usage: what there is
 * @argc: as main()
 * @argv: as main(); rearranged so that arguments follow the options
 * @json: set when --json is given
 * @first: set to the index of the first argument
 *
 * Return: OPTIONS_GO_ON, or an exit status after a message or the help
 */
int options_parse(const struct option_usage *usage, int argc, char **argv,
		  bool *json, int *first);

#endif
