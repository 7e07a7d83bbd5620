// SPDX-License-Identifier: GPL-2.0-only
/*
 * report DIR SOURCES [NETWORK...]: what the steps of make paper left in DIR becomes DIR/report.md
 * with its plots, and tables on standard output.
 */
#include <err.h>
#include <stdarg.h>

#include "report.h"

void report_text(struct report *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(r->md, format, args);
	va_end(args);
}

void report_title(struct report *r, int level, const char *title)
{
	fprintf(r->md, "%.*s %s\n\n", level, "####", title);
	printf("\n%s\n\n", title);
}

void report_table(struct report *r, struct table *t)
{
	table_write(t, r->md);
	table_write(t, stdout);
	table_free(t);
}

void report_claim(struct report *r, struct claim claim)
{
	if (r->claim_count == REPORT_CLAIMS)
		errx(1, "more claims than the report has room for");
	r->claims[r->claim_count++] = claim;
}

const char *report_path(const struct report *r, const char *name)
{
	static char path[4096];

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", r->dir, name) >= sizeof(path))
		errx(1, "%s/%s: the name is too long", r->dir, name);
	return path;
}

static void verdicts(struct report *r)
{
	FILE *const both[] = { r->md, stdout, NULL };
	size_t i;

	report_title(r, 2, "Verdicts");
	report_text(r, "Reproduced means: within %.0f %%, as near as a count of transistors can be "
		    "to an area of silicon; of a range, that all of ours lies inside. Nothing was scaled to "
		    "agree.\n\n",
		    100 * CLAIM_NEAR);
	claims_write(r->claims, r->claim_count, both);
	for (i = 0; i < r->claim_count; i++)
		if (r->claims[i].why[0])
			report_text(r, "%zu. %s\n", i + 1, r->claims[i].why);
}

int main(int argc, char **argv)
{
	struct report r = { 0 };
	char from[4096];

	if (argc < 3) {
		fprintf(stderr, "Usage: report DIR SOURCES [NETWORK...]\n");
		return 2;
	}
	r.dir = argv[1];
	r.sources = argv[2];
	r.networks = argv + 3;
	r.units = input_read(r.dir, "units.json");
	if (!r.units)
		errx(1, "%s/units.json: not there; tools/paper/run makes it", r.dir);
	r.md = fopen(report_path(&r, "report.md.part"), "w");
	if (!r.md)
		err(1, "%s", report_path(&r, "report.md.part"));

	report_text(&r, "# LUT-NA's claims, measured\n\n"
		    "Written by `make paper`; every figure comes from a run of this platform, published "
		    "ones excepted, which are named so.\n\n");
	report_units(&r);
	report_networks(&r);
	report_precision(&r);
	report_silicon(&r);
	verdicts(&r);

	if (fflush(r.md) || ferror(r.md) || fclose(r.md))
		err(1, "%s", report_path(&r, "report.md.part"));
	snprintf(from, sizeof(from), "%s", report_path(&r, "report.md.part"));
	if (rename(from, report_path(&r, "report.md")))
		err(1, "%s", from);
	return 0;
}
