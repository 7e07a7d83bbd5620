/* SPDX-License-Identifier: GPL-2.0-only */
/* What was published, and what comes out here. */
#ifndef LUTNA_PAPER_CLAIM_H
#define LUTNA_PAPER_CLAIM_H

#include <stdbool.h>
#include <stdio.h>

/* As near as a count of transistors can be to an area of silicon */
#define CLAIM_NEAR	0.05

enum verdict {
	CLAIM_REPRODUCED,	/* within CLAIM_NEAR, or the range is met */
	CLAIM_NOT_REPRODUCED,
	CLAIM_UNDECIDABLE,	/* what is published leaves it open */
	CLAIM_NOT_RUN,		/* a result is missing */
};

/**
 * struct claim - one of them
 * @what: in words
 * @source: publication
 * @published: as printed there
 * @ours: as measured, with its conditions
 * @verdict: what follows
 * @deviation: of ours from the published figure, as a share; NAN without
 * @why: reason, or the condition that the figure depends on
 */
struct claim {
	const char *what;
	const char *source;
	char published[64];
	char ours[160];
	enum verdict verdict;
	double deviation;
	char why[400];
};

/**
 * claim_ratio() - a claim that is one ratio
 * @what: in words
 * @source: publication
 * @published: the ratio
 * @ours: that which comes out
 * @why: said in either case
 */
struct claim claim_ratio(const char *what, const char *source, double published,
			 double ours, const char *why);

/** claim_range() - a claim that is a range: met where all of ours lie inside */
struct claim claim_range(const char *what, const char *source, double low, double high,
			 double our_low, double our_high, const char *why);

/** claim_open() - make a claim undecidable, for a reason */
struct claim claim_open(struct claim claim, const char *why);

/** claims_write() - the table of verdicts */
void claims_write(const struct claim *claims, size_t count, FILE *const *to);

#endif
