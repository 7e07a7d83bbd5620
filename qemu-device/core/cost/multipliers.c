// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Units that multiply: a carry-save array, Wallace and Dadda trees, each ending
 * in a ripple row.
 *
 * A two's-complement weight counts its top bit negative (Baugh-Wooley): its
 * partial products are inverted and ones are added in the columns
 * weight_bits - 1 and act_bits + weight_bits - 1, modulo the product's width.
 */
#include <string.h>

#include "build.h"

/* Bits of one weight 2^k: a partial product a row, and a one. */
struct column {
	uint32_t bit[12];
	unsigned int height;
};

struct columns {
	struct column col[LUTNA_PRODUCT_BITS_MAX];
	unsigned int width;
};

static void put(struct columns *c, unsigned int k, uint32_t node)
{
	if (k < c->width)
		c->col[k].bit[c->col[k].height++] = node;
}

static void add_up(struct lutna_netlist *nl, const uint32_t *bit,
		   unsigned int count, struct columns *next, unsigned int k)
{
	struct lutna_sum sum = lutna_build_add(nl, bit, count);

	put(next, k, sum.sum);
	put(next, k + 1, sum.carry);
}

static uint32_t partial_product(struct lutna_netlist *nl,
				const uint32_t *weight, unsigned int i,
				unsigned int j)
{
	if (nl->spec.is_signed && j == nl->spec.weight_bits - 1u)
		return lutna_build_nand(nl, nl->x[i], weight[j]);
	return lutna_build_and(nl, nl->x[i], weight[j]);
}

/* The last row: at most two bits a column, and a carry. */
static void ripple(struct lutna_netlist *nl, const struct columns *c,
		   unsigned int first)
{
	uint32_t in[3], carry = LUTNA_NODE_ZERO;
	unsigned int k, count;
	struct lutna_sum sum;

	for (k = first; k < c->width; k++) {
		count = c->col[k].height;
		memcpy(in, c->col[k].bit, count * sizeof(*in));
		if (carry != LUTNA_NODE_ZERO)
			in[count++] = carry;
		carry = LUTNA_NODE_ZERO;
		if (count < 2) {
			nl->product[k] = count ? in[0] : LUTNA_NODE_ZERO;
			continue;
		}
		sum = lutna_build_add(nl, in, count);
		nl->product[k] = sum.sum;
		carry = sum.carry;
	}
}

/* Row after row of partial products is added to a sum and a carry word. */
static void build_array(struct lutna_netlist *nl, const uint32_t *weight)
{
	const struct lutna_unit_spec *s = &nl->spec;
	struct columns acc = { .width = s->act_bits + s->weight_bits };
	unsigned int i, j, k;

	for (j = 0; j < s->weight_bits; j++)
		put(&acc, j, partial_product(nl, weight, 0, j));
	if (s->is_signed)
		put(&acc, s->weight_bits - 1, LUTNA_NODE_ONE);

	for (i = 1; i < s->act_bits; i++) {
		struct columns next = { .width = acc.width };

		for (j = 0; j < s->weight_bits; j++)
			put(&acc, i + j, partial_product(nl, weight, i, j));
		for (k = 0; k < acc.width; k++) {
			struct column *col = &acc.col[k];

			if (col->height > 1)
				add_up(nl, col->bit, col->height, &next, k);
			else if (col->height)
				put(&next, k, col->bit[0]);
		}
		acc = next;
	}
	if (s->is_signed)
		put(&acc, acc.width - 1, LUTNA_NODE_ONE);
	ripple(nl, &acc, 0);
}

static void all_partial_products(struct lutna_netlist *nl,
				 const uint32_t *weight, struct columns *c)
{
	const struct lutna_unit_spec *s = &nl->spec;
	unsigned int i, j;

	if (s->is_signed) {
		put(c, s->weight_bits - 1, LUTNA_NODE_ONE);
		put(c, c->width - 1, LUTNA_NODE_ONE);
	}
	for (i = 0; i < s->act_bits; i++)
		for (j = 0; j < s->weight_bits; j++)
			put(c, i + j, partial_product(nl, weight, i, j));
}

static unsigned int tallest(const struct columns *c)
{
	unsigned int k, height = 0;

	for (k = 0; k < c->width; k++)
		if (c->col[k].height > height)
			height = c->col[k].height;
	return height;
}

/* As much as possible in every column at every stage. */
static void build_wallace(struct lutna_netlist *nl, const uint32_t *weight)
{
	struct columns c = {
		.width = nl->spec.act_bits + nl->spec.weight_bits,
	};
	unsigned int k, i, count;

	all_partial_products(nl, weight, &c);
	while (tallest(&c) > 2) {
		struct columns next = { .width = c.width };

		for (k = 0; k < c.width; k++) {
			struct column *col = &c.col[k];

			for (i = 0; i < col->height; i += count) {
				count = col->height - i;
				if (count > 3)
					count = 3;
				if (count > 1)
					add_up(nl, &col->bit[i], count, &next,
					       k);
				else
					put(&next, k, col->bit[i]);
			}
		}
		c = next;
	}
	ripple(nl, &c, 0);
}

/* A half adder would spend a whole cell on a one; let it wait for a third bit. */
static void defer_one(struct column *col, unsigned int first)
{
	uint32_t *last = &col->bit[col->height - 1];

	if (col->bit[first] == LUTNA_NODE_ONE) {
		col->bit[first] = *last;
		*last = LUTNA_NODE_ONE;
	}
}

/* No more than brings every column down to the next height of 2, 3, 4, 6, 9. */
static void build_dadda(struct lutna_netlist *nl, const uint32_t *weight)
{
	struct columns c = {
		.width = nl->spec.act_bits + nl->spec.weight_bits,
	};
	static const unsigned int heights[] = { 9, 6, 4, 3, 2 };
	unsigned int stage, k, i, count, left;

	all_partial_products(nl, weight, &c);
	for (stage = 0; stage < 5; stage++) {
		struct columns next = { .width = c.width };

		if (tallest(&c) <= heights[stage])
			continue;
		for (k = 0; k < c.width; k++) {
			struct column *col = &c.col[k];

			/* next.col[k] holds the carries that came in. */
			i = 0;
			left = col->height + next.col[k].height;
			while (left > heights[stage]) {
				count = left - heights[stage] > 1 ? 3 : 2;
				if (count == 2)
					defer_one(col, i);
				add_up(nl, &col->bit[i], count, &next, k);
				i += count;
				left -= count - 1;
			}
			for (; i < col->height; i++)
				put(&next, k, col->bit[i]);
		}
		c = next;
	}
	ripple(nl, &c, 0);
}

void lutna_build_multiplier(struct lutna_netlist *nl)
{
	uint32_t weight[9];
	unsigned int j;

	for (j = 0; j < nl->spec.weight_bits; j++)
		weight[j] = lutna_build_cell(nl, 1, j);
	switch (nl->spec.unit) {
	case LUTNA_UNIT_ARRAY:
		build_array(nl, weight);
		break;
	case LUTNA_UNIT_WALLACE:
		build_wallace(nl, weight);
		break;
	default:
		build_dadda(nl, weight);
	}
}
