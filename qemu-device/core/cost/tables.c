// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Units that look products up: the traditional table, divide and conquer with
 * a whole table, and LUT-NA, which stores odd multiples of the weight only.
 */
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
	/* Cells that exist already; all digits read the same ones. */
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

/* Move the lowest bits of @acc, all its digit adds to, to the product. */
static void shift_out(struct lutna_netlist *nl, struct word *acc,
		      unsigned int shift, unsigned int count)
{
	unsigned int i, keep = nl->spec.is_signed && acc->width ? 1 : 0;
	uint32_t fill = keep ? acc->bit[acc->width - 1] : LUTNA_NODE_ZERO;
	unsigned int width = acc->width;

	for (i = 0; i < count; i++)
		nl->product[shift + i] = i < width ? acc->bit[i] : fill;
	acc->width = width > count + keep ? width - count : keep;
	for (i = 0; i < acc->width; i++)
		acc->bit[i] = i + count < width ? acc->bit[i + count] : fill;
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

void lutna_build_digits(struct lutna_netlist *nl)
{
	const struct lutna_unit_spec *s = &nl->spec;
	struct digits d = { .nl = nl };
	struct word acc = { .width = 0 }, term = { .width = 0 };
	unsigned int shift = 0, largest = 0, width;

	while (shift < s->act_bits) {
		struct digit digit = digit_at(s, shift);

		largest += ((((1u << digit.bits) - 1) >> digit.fixed
			     << digit.fixed) + digit.value) << shift;
		look_up(&d, &digit, &term);
		if (term.width && acc.width) {
			width = product_width(s, largest) - shift;
			if (width < term.width)
				width = term.width;
			join(nl, &acc, &term, width);
		} else if (term.width) {
			acc = term;
		}
		shift_out(nl, &acc, shift, digit.bits);
		shift += digit.bits;
	}
	shift_out(nl, &acc, shift, s->weight_bits);
}
