// SPDX-License-Identifier: GPL-2.0-only
/* Every netlist multiplies: all activations by all weights, at every width. */
#include "core/cost/netlist.h"
#include "tap.h"

#define PAIRS	256	/* activations at once: all of the widest */

struct tally {
	unsigned long long pairs;
	unsigned long long wrong;
	char first[120];
};

static void check_weight(const struct lutna_unit_spec *s,
			 struct lutna_netsim *sim, int weight,
			 unsigned int mask, unsigned int pattern,
			 struct tally *tally)
{
	unsigned int x, count = 1u << s->act_bits;
	uint8_t act[PAIRS];
	int16_t w[PAIRS];
	int32_t got[PAIRS], want;

	for (x = 0; x < count; x++) {
		act[x] = x;
		w[x] = weight;
	}
	lutna_netsim_products(sim, act, w, got, count);
	for (x = 0; x < count; x++) {
		want = weight * (int32_t)((x & ~mask) + pattern);
		tally->pairs++;
		if (got[x] == want)
			continue;
		if (!tally->wrong++)
			snprintf(tally->first, sizeof(tally->first),
				 "%u bits x %u bits: %u * %d gave %d, want %d",
				 s->act_bits, s->weight_bits, x, weight, got[x],
				 want);
	}
}

static void check_unit(const struct lutna_unit_spec *s, struct tally *tally)
{
	/* The manual: m = 4^k - 1; dropped x & ~m, W (x & ~m) + m / 3. */
	unsigned int m = (1u << (2 * s->approx_digits)) - 1;
	unsigned int pattern = s->approx == LUTNA_APPROX_W ? m / 3 : 0;
	struct lutna_netlist *nl;
	struct lutna_netsim *sim;
	int weight, low, high;

	if (lutna_netlist_build(&nl, s)) {
		tally->wrong++;
		return;
	}
	if (lutna_netsim_new(&sim, nl)) {
		tally->wrong++;
		goto out;
	}
	low = s->is_signed ? -(1 << (s->weight_bits - 1)) : 0;
	high = low + (1 << s->weight_bits);
	for (weight = low; weight < high; weight++)
		check_weight(s, sim, weight, m, pattern, tally);
	lutna_netsim_free(sim);
out:
	lutna_netlist_free(nl);
}

/* All widths for which the approximation exists. */
static void check_widths(struct lutna_unit_spec s, const char *what)
{
	struct tally tally = { .pairs = 0 };

	for (s.act_bits = 2; s.act_bits <= 8; s.act_bits++) {
		if (s.approx_digits >= (s.act_bits + 1) / 2)
			continue;
		for (s.weight_bits = 2; s.weight_bits <= 9; s.weight_bits++)
			check_unit(&s, &tally);
	}
	tap_result(!tally.wrong && tally.pairs, "%s%s: %llu products",
		   what, s.is_signed ? ", two's complement" : "", tally.pairs);
	if (tally.wrong)
		printf("# %llu wrong; first: %s\n", tally.wrong, tally.first);
}

static void check_digits(struct lutna_unit_spec s)
{
	static const char *const how[] = { "exact", "dropped", "W" };
	char what[80];

	for (s.digit_bits = 1; s.digit_bits <= 4; s.digit_bits *= 2) {
		for (s.approx = 0; s.approx < 3; s.approx++) {
			unsigned int first = s.approx ? 1 : 0;
			unsigned int last = s.approx ? 3 : 0, k;

			for (k = first; k <= last; k++) {
				s.approx_digits = k;
				snprintf(what, sizeof(what),
					 "%s, digits of %u%s%s, low %u %s",
					 lutna_unit_name(s.unit), s.digit_bits,
					 s.join ? ", tree" : "",
					 s.tables ? ", private tables" : "",
					 k, how[s.approx]);
				check_widths(s, what);
			}
		}
	}
}

/* One word of 64 operations may mix weights, and a count may end anywhere. */
static void check_mixed(void)
{
	static const uint8_t unit[] = { LUTNA_UNIT_LUTNA, LUTNA_UNIT_DADDA };
	uint8_t x[150];
	int16_t w[150];
	int32_t got[151];
	unsigned int u, i, wrong = 0;

	for (i = 0; i < 150; i++) {
		x[i] = 37 * i;
		w[i] = (int)(91 * i % 512) - 256;
	}
	for (u = 0; u < 2; u++) {
		struct lutna_unit_spec s = {
			.unit = unit[u], .act_bits = 8, .weight_bits = 9,
			.is_signed = true,
		};
		struct lutna_netlist *nl;
		struct lutna_netsim *sim;

		if (lutna_netlist_build(&nl, &s))
			return;
		if (!lutna_netsim_new(&sim, nl)) {
			got[150] = 12345;
			lutna_netsim_products(sim, x, w, got, 150);
			for (i = 0; i < 150; i++)
				wrong += got[i] != x[i] * w[i];
			wrong += got[150] != 12345;
			lutna_netsim_free(sim);
		}
		lutna_netlist_free(nl);
	}
	tap_equal(wrong, 0, "another weight at every operation");
}

/* A unit sees the low bits of its operands, whatever stands above them. */
static void check_high_bits(void)
{
	struct lutna_unit_spec s = {
		.unit = LUTNA_UNIT_LUTNA, .act_bits = 3, .weight_bits = 4,
		.is_signed = true,
	};
	uint8_t x[2] = { 0xfd, 5 };
	int16_t w[2] = { 0x7f9, -7 };
	struct lutna_netlist *nl;
	struct lutna_netsim *sim;
	int32_t got[2] = { 0, 0 };

	if (!lutna_netlist_build(&nl, &s)) {
		if (!lutna_netsim_new(&sim, nl)) {
			lutna_netsim_products(sim, x, w, got, 2);
			lutna_netsim_free(sim);
		}
		lutna_netlist_free(nl);
	}
	tap_result(got[0] == -35 && got[1] == -35, "bits beyond the widths");
}

int main(void)
{
	struct lutna_unit_spec s = { .unit = 0 };
	unsigned int is_signed;

	for (is_signed = 0; is_signed < 2; is_signed++) {
		for (s.unit = 0; s.unit < LUTNA_UNIT_COUNT; s.unit++) {
			s.is_signed = is_signed;
			if (s.unit == LUTNA_UNIT_DNC ||
			    s.unit == LUTNA_UNIT_LUTNA)
				check_digits(s);
			else
				check_widths(s, lutna_unit_name(s.unit));
		}
	}
	for (is_signed = 0; is_signed < 2; is_signed++) {
		s = (struct lutna_unit_spec){ .unit = LUTNA_UNIT_LUTNA,
					      .is_signed = is_signed,
					      .join = LUTNA_JOIN_TREE };
		check_digits(s);
		s.tables = LUTNA_TABLES_PRIVATE;
		check_digits(s);
	}
	s = (struct lutna_unit_spec){ .unit = LUTNA_UNIT_LUT, .is_signed = true,
				      .lut_order = LUTNA_LUT_ORDER_HIGH };
	check_widths(s, "lut, highest bit at the leaves");
	s.lut_read = LUTNA_LUT_READ_ROWS;
	check_widths(s, "lut, read in rows");
	s.is_signed = false;
	check_widths(s, "lut, read in rows");
	check_mixed();
	check_high_bits();
	return tap_done();
}
