// SPDX-License-Identifier: GPL-2.0-only
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "command.h"
#include "options.h"
#include "print.h"

#define DEVICE_PATTERN	"/dev/lutna[0-9]*"

static void ask(const char *name, struct device_report *report)
{
	struct lutna_device *dev;

	snprintf(report->name, sizeof(report->name), "%s", name);
	if (lutna_device_open(&dev, name)) {
		snprintf(report->problem, sizeof(report->problem), "%s",
			 lutna_last_error());
		return;
	}
	if (lutna_device_info(dev, &report->info))
		snprintf(report->problem, sizeof(report->problem), "%s",
			 lutna_last_error());
	lutna_device_close(dev);
}

static int show(char *const *names, size_t count, bool json)
{
	struct device_report *reports = calloc(count, sizeof(*reports));
	int status = STATUS_OK;
	size_t i;

	if (!reports)
		return complain("out of memory");
	for (i = 0; i < count; i++) {
		ask(names[i], &reports[i]);
		if (reports[i].problem[0])
			status = STATUS_FAILURE;
	}
	printer_for(json)->devices(reports, count);
	free(reports);
	return status;
}

static int show_all(bool json)
{
	glob_t found;
	int status;

	switch (glob(DEVICE_PATTERN, 0, NULL, &found)) {
	case 0:
		break;
	case GLOB_NOMATCH:
		if (json)
			print_json.devices(NULL, 0);
		return complain("no device: load the driver (modprobe lutna) where there is one, or try 'lutna info sim'");
	default:
		return complain("/dev cannot be searched");
	}
	status = show(found.gl_pathv, found.gl_pathc, json);
	globfree(&found);
	return status;
}

int cmd_info(int argc, char **argv)
{
	const struct option_usage usage = {
		.command = "info",
		.arguments = "[DEVICE...]",
		.summary = "Shows devices and their limits: those named (lutna0, a path, sim), or all\n"
			   "that the driver has found. Status 1 if there is none or one cannot be used.",
		.most = OPTIONS_MOST,
	};
	bool json = false;
	int first, status;

	status = options_parse(&usage, argc, argv, &json, &first);
	if (status != OPTIONS_GO_ON)
		return status;
	if (first == argc)
		return show_all(json);
	return show(argv + first, (size_t)(argc - first), json);
}
