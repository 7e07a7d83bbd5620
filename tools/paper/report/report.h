/* SPDX-License-Identifier: GPL-2.0-only */
/* The report: its parts, and what they share. */
#ifndef LUTNA_PAPER_REPORT_H
#define LUTNA_PAPER_REPORT_H

#include <stdio.h>

#include "claim.h"
#include "input.h"
#include "table.h"

#define LUNA	"LUNA-CiM, IEEE TC 74(4), 65 nm"
#define LUTNA	"LUT-NA, arXiv 2406.05282"

#define REPORT_CLAIMS	32

/**
 * struct report - the report under way
 * @dir: results of the steps, and the report's own files
 * @sources: where this tool's data are
 * @networks: names, ended by NULL
 * @md: report.md
 * @units: what lutna cost said
 * @claims: verdicts, which the parts add
 * @claim_count: how many
 */
struct report {
	const char *dir;
	const char *sources;
	char *const *networks;
	FILE *md;
	json *units;
	struct claim claims[REPORT_CLAIMS];
	size_t claim_count;
};

/** report_text() - to report.md alone */
void report_text(struct report *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** report_title() - of a part or a table, to report.md and standard output */
void report_title(struct report *r, int level, const char *title);

/** report_table() - to both; the table is freed */
void report_table(struct report *r, struct table *t);

/** report_claim() - add a claim to the verdicts */
void report_claim(struct report *r, struct claim claim);

/** report_path() - of a file of the report; valid until the next call */
const char *report_path(const struct report *r, const char *name);

/* The parts, each of which reads its own results */
void report_units(struct report *r);
void report_networks(struct report *r);
void report_precision(struct report *r);
void report_silicon(struct report *r);

#endif
