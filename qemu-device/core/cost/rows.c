// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The traditional table as a memory has it: a row for each activation, a
 * decoder that opens one, and bit lines that all rows hang on.
 */
#include "build.h"

#define ROWS_MOST	256
#define HALF_MOST	16	/* lines of half a decoder */

/* @line: set to 2^@bits nodes, of which the one that @x says is 1. */
static void decode(struct lutna_netlist *nl, const uint32_t *x,
		   const uint32_t *not_x, unsigned int bits, uint32_t *line)
{
	uint32_t low[HALF_MOST], high[HALF_MOST];
	unsigned int half = bits / 2, i;

	if (bits == 1) {
		line[0] = not_x[0];
		line[1] = x[0];
		return;
	}
	decode(nl, x, not_x, half, low);
	decode(nl, x + half, not_x + half, bits - half, high);
	for (i = 0; i < 1u << bits; i++)
		line[i] = lutna_build_and(nl, low[i & ((1u << half) - 1)],
					  high[i >> half]);
}

void lutna_build_rows(struct lutna_netlist *nl)
{
	const struct lutna_unit_spec *s = &nl->spec;
	unsigned int rows = 1u << s->act_bits, b, i;
	uint32_t not_x[8], word[ROWS_MOST], first = LUTNA_NODE_ZERO;

	for (i = 0; i < s->act_bits; i++)
		not_x[i] = lutna_build_inv(nl, nl->x[i]);
	/* The last gates of it, so that their nodes follow one another. */
	decode(nl, nl->x, not_x, s->act_bits, word);
	for (b = 0; b < s->act_bits + s->weight_bits; b++) {
		for (i = 0; i < rows; i++) {
			uint32_t cell = lutna_build_cell(nl, i, b);

			if (!i)
				first = cell;
		}
		nl->product[b] = lutna_build_line(nl, b, first, word[0], rows);
	}
}
