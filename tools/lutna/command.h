/* SPDX-License-Identifier: GPL-2.0-only */
/* The sub-commands of lutna and what they have in common. */
#ifndef LUTNA_TOOL_COMMAND_H
#define LUTNA_TOOL_COMMAND_H

/* Exit statuses, which the man pages promise */
enum {
	STATUS_OK	= 0,
	STATUS_FAILURE	= 1,
	STATUS_USAGE	= 2,
};

/* Each takes its own name as argv[0] and returns an exit status. */
int cmd_bench(int argc, char **argv);
int cmd_compile(int argc, char **argv);
int cmd_cost(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_tune(int argc, char **argv);

/**
 * complain() - say on stderr, in one line, what went wrong
 * @format: as printf(), without the line end
 *
 * Return: STATUS_FAILURE, for a command to pass on
 */
int complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
