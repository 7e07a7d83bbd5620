// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Units that look products up: the traditional table, divide and conquer with
 * a whole table, and LUT-NA, which stores odd multiples of the weight only.
 */
#include <string.h>

#include "build.h"

#define MULTIPLES	16	/* of a digit of at most 4 bits */
#define WORD_BITS	13	/* 15 times a 9-bit weight */

/* A number on wires.  Unsigned: no bits is zero.  Signed: the last is the sign. */
struct word {
	uint32_t bit[LUTNA_PRODUCT_BITS_MAX];
	unsigned int width;
};

struct digits {
	struct lutna_netlist *nl;
	/* Cells that exist already, for all digits or for this one. */
	uint32_t cell[MULTIPLES][WORD_BITS];
};

static unsigned int log2_ceil(unsigned int n)
{
	unsigned int bits = 0;

	while ((1u << bits) < n)
		bits++;
	return bits;
}

/* Bits that multiple x weight needs, for every weight. */
static unsigned int product_width(const struct lutna_unit_spec *spec,
				  unsigned int multiple)
{
	if (spec->is_signed)
		return spec->weight_bits + log2_ceil(multiple);
	return log2_ceil(multiple * ((1u << spec->weight_bits) - 1) + 1);
}

/* @leaf: 2^levels nodes, overwritten.  The lowest select drives the leaves. */
static uint32_t mux_tree(struct lutna_netlist *nl, uint32_t *leaf,
			 const uint32_t *select, unsigned int levels)
{
	unsigned int level, i;

	for (level = 0; level < levels; level++)
		for (i = 0; i < 1u << (levels - level - 1); i++)
			leaf[i] = lutna_build_mux(nl, leaf[2 * i],
						  leaf[2 * i + 1],
						  select[level]);
	return leaf[0];
}

static unsigned int reverse_bits(unsigned int n, unsigned int bits)
{
	unsigned int i, out = 0;

	for (i = 0; i < bits; i++)
		out |= (n >> i & 1) << (bits - 1 - i);
	return out;
}

void lutna_build_lut(struct lutna_netlist *nl)
{
	const struct lutna_unit_spec *s = &nl->spec;
	bool reverse = s->lut_order == LUTNA_LUT_ORDER_HIGH;
	unsigned int a = s->act_bits, b, i;
	uint32_t select[8], leaf[256];

	for (i = 0; i < a; i++)
		select[i] = nl->x[reverse ? a - 1 - i : i];
	for (b = 0; b < a + s->weight_bits; b++) {
		for (i = 0; i < 1u << a; i++)
			leaf[reverse ? reverse_bits(i, a) : i] =
				lutna_build_cell(nl, i, b);
		nl->product[b] = mux_tree(nl, leaf, select, a);
	}
}

static uint32_t cell(struct digits *d, unsigned int multiple, unsigned int bit)
{
	uint32_t *node = &d->cell[multiple][bit];

	if (!*node)
		*node = lutna_build_cell(d->nl, multiple, bit);
	return *node;
}

/*
 * A bit of a stored multiple.  The whole table has a cell for each.  LUT-NA
 * wires an even multiple to half of it, every lowest bit of an odd one to the
 * weight's, bits beyond the width of a multiple to its sign, and what is
 * always zero to one cell.
 */
static uint32_t stored_bit(struct digits *d, unsigned int multiple,
			   unsigned int bit)
{
	const struct lutna_unit_spec *s = &d->nl->spec;
	unsigned int width;

	if (s->unit == LUTNA_UNIT_DNC)
		return cell(d, multiple, bit);

	while (multiple && !(multiple & 1)) {
		if (!bit)
			return cell(d, 0, 0);
		multiple /= 2;
		bit--;
	}
	if (!multiple)
		return cell(d, 0, 0);
	if (!bit)
		return cell(d, 1, 0);
	width = s->weight_bits + log2_ceil(multiple);
	if (bit < width)
		return cell(d, multiple, bit);
	return s->is_signed ? cell(d, multiple, width - 1) : cell(d, 0, 0);
}

/*
 * struct digit - a digit of the activation
 * @shift: place of its lowest bit
 * @bits: width
 * @fixed: low bits that are approximated
 * @value: what stands in their place
 */
struct digit {
	unsigned int shift;
	unsigned int bits;
	unsigned int fixed;
	unsigned int value;
};

/* Products of a digit with the weight; @out has no bits when it is always 0. */
static void look_up(struct digits *d, const struct digit *digit,
		    struct word *out)
{
	const struct lutna_unit_spec *s = &d->nl->spec;
	unsigned int levels = digit->bits - digit->fixed;
	uint32_t leaf[MULTIPLES];
	unsigned int b, i;

	if (levels)
		out->width = s->weight_bits + digit->bits;
	else if (digit->value)
		out->width = product_width(s, digit->value);
	else
		out->width = 0;

	for (b = 0; b < out->width; b++) {
		for (i = 0; i < 1u << levels; i++)
			leaf[i] = stored_bit(d, (i << digit->fixed) +
					     digit->value, b);
		out->bit[b] = mux_tree(d->nl, leaf,
				       &d->nl->x[digit->shift + digit->fixed],
				       levels);
	}
}

/* @acc += @term, a ripple chain of @width bits; @acc not wider than that. */
static void join(struct lutna_netlist *nl, struct word *acc,
		 const struct word *term, unsigned int width)
{
	const struct word before = *acc, *word[2] = { &before, term };
	uint32_t in[3], carry = LUTNA_NODE_ZERO;
	unsigned int i, j, count;
	struct lutna_sum sum;

	for (i = 0; i < width; i++) {
		count = 0;
		for (j = 0; j < 2; j++) {
			if (i < word[j]->width)
				in[count++] = word[j]->bit[i];
			else if (nl->spec.is_signed)
				in[count++] = word[j]->bit[word[j]->width - 1];
		}
		if (carry != LUTNA_NODE_ZERO)
			in[count++] = carry;
		carry = LUTNA_NODE_ZERO;
		if (count < 2) {
			acc->bit[i] = count ? in[0] : LUTNA_NODE_ZERO;
			continue;
		}
		sum = lutna_build_add(nl, in, count);
		acc->bit[i] = sum.sum;
		carry = sum.carry;
	}
	acc->width = width;
}

/* approx_digits counts digits of 2 bits, whatever the unit's digits are. */
static struct digit digit_at(const struct lutna_unit_spec *s,
			     unsigned int shift)
{
	unsigned int fixed = 2u * s->approx_digits, left = s->act_bits - shift;
	unsigned int pattern = s->approx == LUTNA_APPROX_W ?
			       ((1u << fixed) - 1) / 3 : 0;
	struct digit digit = { .shift = shift };

	digit.bits = left < s->digit_bits ? left : s->digit_bits;
	fixed = fixed > shift ? fixed - shift : 0;
	digit.fixed = fixed < digit.bits ? fixed : digit.bits;
	digit.value = (pattern >> shift) & ((1u << digit.bits) - 1);
	return digit;
}

/*
 * struct part - sum of the products of neighbouring digits
 * @sum: without the @shift lowest bits of the product, which are 0
 * @shift: place of its lowest bit
 * @largest: what its digits stand for at most, in units of 2^@shift
 */
struct part {
	struct word sum;
	unsigned int shift;
	unsigned int largest;
};

static uint32_t extension(const struct lutna_netlist *nl,
			  const struct word *word)
{
	return nl->spec.is_signed && word->width ? word->bit[word->width - 1] :
						   LUTNA_NODE_ZERO;
}

/* @low += @high, of higher digits.  The bits of @low below those pass. */
static void combine(struct lutna_netlist *nl, struct part *low,
		    const struct part *high)
{
	const unsigned int gap = high->shift - low->shift;
	const uint32_t fill = extension(nl, &low->sum);
	const struct word before = low->sum;
	struct word rest = { .width = 0 };
	unsigned int i, width;

	for (i = gap; i < before.width; i++)
		rest.bit[rest.width++] = before.bit[i];
	/* A number in two's complement has a sign at least. */
	if (!rest.width && nl->spec.is_signed)
		rest.bit[rest.width++] = fill;

	low->largest += high->largest << gap;
	width = product_width(&nl->spec, low->largest) - gap;
	if (width < high->sum.width)
		width = high->sum.width;
	join(nl, &rest, &high->sum, width);

	for (i = before.width; i < gap; i++)
		low->sum.bit[i] = fill;
	for (i = 0; i < rest.width; i++)
		low->sum.bit[gap + i] = rest.bit[i];
	low->sum.width = gap + rest.width;
}

/* Leaves the sum of all in the first. */
static void join_chain(struct lutna_netlist *nl, struct part *part,
		       unsigned int count)
{
	unsigned int i;

	for (i = 1; i < count; i++)
		combine(nl, &part[0], &part[i]);
}

static void join_tree(struct lutna_netlist *nl, struct part *part,
		      unsigned int count)
{
	unsigned int step, i;

	for (step = 1; step < count; step *= 2)
		for (i = 0; i + step < count; i += 2 * step)
			combine(nl, &part[i], &part[i + step]);
}

/* The products of all digits that are not dropped, lowest first. */
static unsigned int look_up_digits(struct lutna_netlist *nl, struct part *part)
{
	const struct lutna_unit_spec *s = &nl->spec;
	struct digits d = { .nl = nl };
	unsigned int shift, count = 0;
	struct digit digit;

	for (shift = 0; shift < s->act_bits; shift += digit.bits) {
		struct part *p = &part[count];

		digit = digit_at(s, shift);
		if (s->tables == LUTNA_TABLES_PRIVATE)
			memset(d.cell, 0, sizeof(d.cell));
		look_up(&d, &digit, &p->sum);
		if (!p->sum.width)
			continue;
		p->shift = shift;
		p->largest = (((1u << digit.bits) - 1) >> digit.fixed
			      << digit.fixed) + digit.value;
		count++;
	}
	return count;
}

void lutna_build_digits(struct lutna_netlist *nl)
{
	const struct lutna_unit_spec *s = &nl->spec;
	unsigned int count, i;
	struct part part[8];
	uint32_t fill;

	count = look_up_digits(nl, part);
	if (s->join == LUTNA_JOIN_TREE)
		join_tree(nl, part, count);
	else
		join_chain(nl, part, count);

	fill = extension(nl, &part->sum);
	for (i = part->shift; i < s->act_bits + s->weight_bits; i++)
		nl->product[i] = i - part->shift < part->sum.width ?
				 part->sum.bit[i - part->shift] : fill;
}
