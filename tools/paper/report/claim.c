// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <stddef.h>

#include "claim.h"
#include "report.h"
#include "table.h"

static struct claim new_claim(const char *what, const char *source, const char *why)
{
	struct claim c = { .what = what, .source = source, .deviation = NAN };

	snprintf(c.why, sizeof(c.why), "%s", why);
	return c;
}

struct claim claim_ratio(const char *what, const char *source, double published, double ours,
			 const char *why)
{
	struct claim c = new_claim(what, source, why);

	snprintf(c.published, sizeof(c.published), "%.2f", published);
	snprintf(c.ours, sizeof(c.ours), "%.2f", ours);
	c.deviation = ours / published - 1;
	c.verdict = fabs(c.deviation) <= CLAIM_NEAR ? CLAIM_REPRODUCED : CLAIM_NOT_REPRODUCED;
	return c;
}

struct claim claim_range(const char *what, const char *source, double low, double high,
			 double our_low, double our_high, const char *why)
{
	struct claim c = new_claim(what, source, why);

	snprintf(c.published, sizeof(c.published), "%.2f to %.2f", low, high);
	snprintf(c.ours, sizeof(c.ours), "%.2f to %.2f", our_low, our_high);
	/* How far the end that is farther outside is; 0 where all of ours is inside */
	c.deviation = fmax(0, our_high / high - 1);
	if (our_low < low && 1 - our_low / low > c.deviation)
		c.deviation = our_low / low - 1;
	c.verdict = fabs(c.deviation) <= CLAIM_NEAR ? CLAIM_REPRODUCED : CLAIM_NOT_REPRODUCED;
	return c;
}

struct claim claim_open(struct claim claim, const char *why)
{
	claim.verdict = CLAIM_UNDECIDABLE;
	snprintf(claim.why, sizeof(claim.why), "%s", why);
	return claim;
}

static void verdict_cell(struct table *t, const struct claim *c)
{
	switch (c->verdict) {
	case CLAIM_REPRODUCED:
		if (isnan(c->deviation))
			table_cell(t, "reproduced");
		else
			table_cell(t, "reproduced within %.1f %%", 100 * fabs(c->deviation));
		break;
	case CLAIM_NOT_REPRODUCED:
		if (isnan(c->deviation))
			table_cell(t, "not reproduced");
		else
			table_cell(t, "not reproduced (%+.0f %%)", 100 * c->deviation);
		break;
	case CLAIM_UNDECIDABLE:
		table_cell(t, "not decidable");
		break;
	case CLAIM_NOT_RUN:
		table_cell(t, "not run");
		break;
	}
}

void claims_write(const struct claim *claims, size_t count, FILE *const *to)
{
	static const char *const heads[] = { "claim", "published", "here", "verdict", NULL };
	struct table *t = table_new(heads);
	size_t i;

	for (i = 0; i < count; i++) {
		table_cell(t, "%zu. %s (%s)", i + 1, claims[i].what, claims[i].source);
		table_cell(t, "%s", claims[i].published);
		table_cell(t, "%s", claims[i].ours);
		verdict_cell(t, &claims[i]);
	}
	for (; *to; to++)
		table_write(t, *to);
	table_free(t);
}
