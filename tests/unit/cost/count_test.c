// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts and depths against figures that owe nothing to the netlist builder:
 * published ones, closed formulas, and for the trees a model that knows only
 * how many bits stand in each column.
 */
#include <string.h>

#include "core/cost/netlist.h"
#include "tap.h"

struct expected {
	unsigned int cells, mux, gates, ha, fa;
};

static bool count(const struct lutna_unit_spec *s,
		  struct lutna_netlist_counts *out)
{
	struct lutna_netlist *nl;
	int ret;

	if (lutna_netlist_build(&nl, s))
		return false;
	ret = lutna_netlist_count(nl, out);
	lutna_netlist_free(nl);
	return !ret;
}

static unsigned int transistors(const struct expected *e, unsigned int nands,
				unsigned int inverters)
{
	return 6 * e->cells + 6 * e->mux + 6 * (e->gates - nands - inverters) +
	       4 * nands + 2 * inverters + 14 * e->ha + 28 * e->fa;
}

static bool matches(const struct lutna_unit_spec *s, const struct expected *e)
{
	unsigned int nands = s->unit >= LUTNA_UNIT_ARRAY && s->is_signed ?
			     s->act_bits : 0;
	unsigned int inverters = s->lut_read ? s->act_bits : 0;
	unsigned int lines = s->lut_read ? s->act_bits + s->weight_bits : 0;
	struct lutna_netlist_counts c = { .depth = 0 };
	struct expected got;

	if (!count(s, &c))
		return false;
	got = (struct expected){
		.cells = c.gate[LUTNA_GATE_CELL], .mux = c.gate[LUTNA_GATE_MUX],
		.gates = c.gate[LUTNA_GATE_AND] + c.gate[LUTNA_GATE_NAND] +
			 c.gate[LUTNA_GATE_INV],
		.ha = c.gate[LUTNA_GATE_HA] + c.gate[LUTNA_GATE_HA1],
		.fa = c.gate[LUTNA_GATE_FA],
	};
	if (!memcmp(&got, e, sizeof(got)) && c.gate[LUTNA_GATE_NAND] == nands &&
	    c.gate[LUTNA_GATE_INV] == inverters &&
	    c.gate[LUTNA_GATE_LINE] == lines &&
	    c.transistors == transistors(e, nands, inverters))
		return true;
	printf("# %s %ux%u digit %u: %u cells %u mux %u gates %u HA %u FA %u T\n",
	       lutna_unit_name(s->unit), s->act_bits, s->weight_bits,
	       s->digit_bits, got.cells, got.mux, got.gates, got.ha, got.fa,
	       c.transistors);
	printf("# want: %u cells %u mux %u gates %u HA %u FA %u T\n", e->cells,
	       e->mux, e->gates, e->ha, e->fa,
	       transistors(e, nands, inverters));
	return false;
}

/* Rows of known figures: 4b x 4b unsigned, 8b x 9b two's complement. */
static const struct known {
	const char *name;
	struct lutna_unit_spec spec;
	struct expected want;
	unsigned int transistors, depth;
} known[] = {
#define SMALL(u, ...)	{ .unit = LUTNA_UNIT_##u, .act_bits = 4, \
			  .weight_bits = 4, __VA_ARGS__ }
#define LARGE(u, ...)	{ .unit = LUTNA_UNIT_##u, .act_bits = 8, \
			  .weight_bits = 9, .is_signed = true, __VA_ARGS__ }
#define ROWS		.lut_read = LUTNA_LUT_READ_ROWS
#define DROP(k)		.approx = LUTNA_APPROX_DROP, .approx_digits = (k)
#define PRIVATE		.tables = LUTNA_TABLES_PRIVATE
#define TREE		.join = LUTNA_JOIN_TREE
#define LOW_W(k)	.approx = LUTNA_APPROX_W, .approx_digits = (k)
	{ "4x4 lut", SMALL(LUT,), { 128, 120, 0, 0, 0 }, 1488, 4 },
	{ "4x4 lut, rows", SMALL(LUT, ROWS), { 128, 0, 28, 0, 0 }, 920, 4 },
	{ "4x4 dnc", SMALL(DNC,), { 24, 36, 0, 3, 3 }, 486, 8 },
	{ "4x4 lutna", SMALL(LUTNA,), { 10, 36, 0, 3, 3 }, 402, 8 },
	{ "4x4 lutna digit 1", SMALL(LUTNA, .digit_bits = 1),
	  { 5, 20, 0, 6, 9 }, 486, 12 },
	{ "4x4 lutna dropped", SMALL(LUTNA, DROP(1)),
	  { 10, 18, 0, 0, 0 }, 168, 2 },
	{ "4x4 lutna low W", SMALL(LUTNA, LOW_W(1)),
	  { 10, 18, 0, 5, 1 }, 266, 0 },
	{ "4x4 dnc, private tables", SMALL(DNC, PRIVATE),
	  { 48, 36, 0, 3, 3 }, 630, 8 },
	{ "4x4 lutna, private tables", SMALL(LUTNA, PRIVATE),
	  { 20, 36, 0, 3, 3 }, 462, 8 },
	{ "4x4 lutna, two digits in a tree", SMALL(LUTNA, TREE),
	  { 10, 36, 0, 3, 3 }, 402, 8 },
	{ "4x4 array", SMALL(ARRAY,), { 4, 0, 16, 4, 8 }, 400, 10 },
	{ "4x4 wallace", SMALL(WALLACE,), { 4, 0, 16, 8, 7 }, 428, 10 },
	{ "4x4 dadda", SMALL(DADDA,), { 4, 0, 16, 4, 8 }, 400, 9 },
	{ "8x9 lut", LARGE(LUT,), { 4352, 4335, 0, 0, 0 }, 52122, 8 },
	{ "8x9 lut, rows", LARGE(LUT, ROWS),
	  { 4352, 0, 312, 0, 0 }, 27952, 5 },
	{ "8x9 dnc", LARGE(DNC,), { 44, 132, 0, 3, 30 }, 1938, 22 },
	{ "8x9 lutna digit 1", LARGE(LUTNA, .digit_bits = 1),
	  { 10, 80, 0, 7, 63 }, 2402, 30 },
	{ "8x9 lutna", LARGE(LUTNA,), { 20, 132, 0, 3, 30 }, 1794, 22 },
	{ "8x9 lutna digit 4", LARGE(LUTNA, .digit_bits = 4),
	  { 90, 390, 0, 1, 12 }, 3230, 18 },
	{ "8x9 lutna low W", LARGE(LUTNA, LOW_W(1)),
	  { 20, 99, 0, 3, 30 }, 1596, 0 },
	{ "8x9 lutna dropped", LARGE(LUTNA, DROP(1)),
	  { 20, 99, 0, 2, 20 }, 1302, 18 },
	{ "8x9 lutna two dropped", LARGE(LUTNA, DROP(2)),
	  { 20, 66, 0, 1, 10 }, 810, 0 },
	{ "8x9 lutna, private tables", LARGE(LUTNA, PRIVATE),
	  { 80, 132, 0, 3, 30 }, 2154, 22 },
	{ "8x9 lutna in a tree", LARGE(LUTNA, TREE),
	  { 20, 132, 0, 3, 32 }, 1850, 20 },
	{ "8x9 array", LARGE(ARRAY,), { 9, 0, 72, 10, 55 }, 2150, 23 },
	{ "8x9 wallace", LARGE(WALLACE,), { 9, 0, 72, 28, 53 }, 2346, 21 },
	{ "8x9 dadda", LARGE(DADDA,), { 9, 0, 72, 10, 55 }, 2150, 19 },
};

static void check_known(void)
{
	struct lutna_netlist_counts c;
	unsigned int i;

	for (i = 0; i < sizeof(known) / sizeof(*known); i++) {
		const struct known *k = &known[i];

		tap_result(matches(&k->spec, &k->want), "%s", k->name);
		c = (struct lutna_netlist_counts){ .depth = 0 };
		count(&k->spec, &c);
		tap_equal(c.transistors, k->transistors, "%s: transistors",
			  k->name);
		if (k->depth)
			tap_equal(c.depth, k->depth, "%s: depth", k->name);
	}
}

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Cells of a table that a digit of @t bits reads. */
static unsigned int table_cells(const struct lutna_unit_spec *s, unsigned int t)
{
	/* Odd multiples share their lowest bit; one cell holds zero. */
	static const unsigned int per_weight[] = { 0, 1, 2, 4, 8 };
	static const unsigned int beside[] = { 0, 1, 2, 6, 18 };

	if (s->unit == LUTNA_UNIT_DNC)
		return (1u << t) * (s->weight_bits + t);
	return per_weight[t] * s->weight_bits + beside[t];
}

/*
 * Adding what @bits bits of the activation select to what those below select:
 * below that, sums of the digits on either side, on the left of as many as are a
 * power of 2.
 */
static void add_tree(const struct lutna_unit_spec *s, unsigned int digits,
		     unsigned int bits, struct expected *e)
{
	unsigned int left = 1, w = s->weight_bits, high;

	if (digits < 2)
		return;
	while (2 * left < digits)
		left *= 2;
	high = bits - left * s->digit_bits;
	add_tree(s, left, bits - high, e);
	add_tree(s, digits - left, high, e);
	e->fa += s->is_signed ? w - 1 + high : w - 1;
	e->ha += s->is_signed ? 1 : high + 1;
}

static struct expected tables_formula(const struct lutna_unit_spec *s)
{
	unsigned int a = s->act_bits, w = s->weight_bits, d = s->digit_bits;
	unsigned int at, t;
	struct expected e = { .cells = table_cells(s, least(a, d)) };

	for (at = 0; at < a; at += t) {
		t = least(d, a - at);
		e.mux += ((1u << t) - 1) * (w + t);
		if (!at)
			continue;
		if (s->tables == LUTNA_TABLES_PRIVATE)
			e.cells += table_cells(s, t);
		if (s->join == LUTNA_JOIN_TREE)
			continue;
		e.fa += s->is_signed ? w - 1 + t : w - 1;
		e.ha += s->is_signed ? 1 : t + 1;
	}
	if (s->join == LUTNA_JOIN_TREE)
		add_tree(s, (a + d - 1) / d, a, &e);
	return e;
}

static struct expected lut_formula(const struct lutna_unit_spec *s)
{
	unsigned int bits = s->act_bits + s->weight_bits;

	return (struct expected){
		.cells = (1u << s->act_bits) * bits,
		.mux = ((1u << s->act_bits) - 1) * bits,
	};
}

/* An AND for each row, and those of the decoders of both halves. */
static struct expected rows_formula(const struct lutna_unit_spec *s)
{
	static const unsigned int decoder[] = {
		[2] = 4, [3] = 8 + 4, [4] = 16 + 4 + 4, [5] = 32 + 4 + 12,
		[6] = 64 + 12 + 12, [7] = 128 + 12 + 24, [8] = 256 + 24 + 24,
	};

	return (struct expected){
		.cells = (1u << s->act_bits) * (s->act_bits + s->weight_bits),
		.gates = decoder[s->act_bits] + s->act_bits,
	};
}

/* Square and unsigned: n (n - 2) full and n half adders. */
static struct expected array_formula(const struct lutna_unit_spec *s)
{
	unsigned int a = s->act_bits, w = s->weight_bits;

	return (struct expected){
		.cells = w, .gates = a * w,
		.ha = s->is_signed ? w + 1 : w,
		.fa = (a - 2) * (w - 1) + w - 2,
	};
}

static void check_formula(struct lutna_unit_spec s,
			  struct expected (*formula)(const struct
						     lutna_unit_spec *))
{
	unsigned int good = 0, is_signed;

	for (is_signed = 0; is_signed < 2; is_signed++) {
		s.is_signed = is_signed;
		for (s.act_bits = 2; s.act_bits <= 8; s.act_bits++) {
			for (s.weight_bits = 2; s.weight_bits <= 9;
			     s.weight_bits++) {
				struct expected e = formula(&s);

				good += matches(&s, &e);
			}
		}
	}
	tap_equal(good, 2 * 7 * 8, "%s%s, digits of %u%s%s: formula at every width",
		  lutna_unit_name(s.unit), s.lut_read ? " in rows" : "",
		  s.digit_bits,
		  s.join == LUTNA_JOIN_TREE ? ", tree" : "",
		  s.tables == LUTNA_TABLES_PRIVATE ? ", private tables" : "");
}

/* Bits in each column, and the adders that were needed to get there. */
struct model {
	unsigned int height[18];
	unsigned int columns;
	unsigned int triples, pairs;
};

static unsigned int model_tallest(const struct model *m)
{
	unsigned int k, h = 0;

	for (k = 0; k < m->columns; k++)
		if (m->height[k] > h)
			h = m->height[k];
	return h;
}

static void model_start(struct model *m, const struct lutna_unit_spec *s)
{
	unsigned int i, j;

	*m = (struct model){ .columns = s->act_bits + s->weight_bits };
	for (i = 0; i < s->act_bits; i++)
		for (j = 0; j < s->weight_bits; j++)
			m->height[i + j]++;
	if (s->is_signed) {
		m->height[s->weight_bits - 1]++;
		m->height[m->columns - 1]++;
	}
}

static void model_wallace(struct model *m)
{
	while (model_tallest(m) > 2) {
		unsigned int next[18] = { 0 }, k;

		for (k = 0; k < m->columns; k++) {
			unsigned int t = m->height[k] / 3;
			unsigned int left = m->height[k] % 3;

			m->triples += t;
			m->pairs += left == 2;
			next[k] += t + (left ? 1 : 0);
			if (k + 1 < m->columns)
				next[k + 1] += t + (left == 2);
		}
		memcpy(m->height, next, sizeof(next));
	}
}

static void model_dadda(struct model *m)
{
	static const unsigned int target[] = { 9, 6, 4, 3, 2 };
	unsigned int i, k, t, p;

	for (i = 0; i < 5; i++) {
		for (k = 0; k < m->columns; k++) {
			unsigned int over = m->height[k] > target[i] ?
					    m->height[k] - target[i] : 0;

			t = over / 2;
			p = over % 2;
			m->triples += t;
			m->pairs += p;
			m->height[k] -= 2 * t + p;
			if (k + 1 < m->columns)
				m->height[k + 1] += t + p;
		}
	}
}

static void model_ripple(struct model *m)
{
	unsigned int k, carry = 0, n;

	for (k = 0; k < m->columns; k++) {
		n = m->height[k] + carry;
		m->triples += n == 3;
		m->pairs += n == 2;
		carry = n > 1;
	}
}

/* Dadda's tree finds a full adder for the one in column weight_bits - 1. */
static bool ones_placed(const struct lutna_unit_spec *s, unsigned int ha1)
{
	if (!s->is_signed)
		return !ha1;
	if (s->unit == LUTNA_UNIT_DADDA && s->weight_bits > 2)
		return ha1 == 1;
	return ha1 <= 2;
}

static void check_tree(struct lutna_unit_spec s, void (*tree)(struct model *))
{
	struct lutna_netlist_counts c = { .depth = 0 };
	struct model m;
	unsigned int is_signed, good = 0;

	for (is_signed = 0; is_signed < 2; is_signed++) {
		s.is_signed = is_signed;
		for (s.act_bits = 2; s.act_bits <= 8; s.act_bits++) {
			for (s.weight_bits = 2; s.weight_bits <= 9;
			     s.weight_bits++) {
				model_start(&m, &s);
				tree(&m);
				model_ripple(&m);
				count(&s, &c);
				good += c.gate[LUTNA_GATE_HA] == m.pairs &&
					c.gate[LUTNA_GATE_FA] +
					c.gate[LUTNA_GATE_HA1] == m.triples &&
					ones_placed(&s, c.gate[LUTNA_GATE_HA1]);
			}
		}
	}
	tap_equal(good, 2 * 7 * 8, "%s: as the columns demand at every width",
		  lutna_unit_name(s.unit));
}

/* The cost that others see is the count. */
static void check_cost(void)
{
	struct lutna_unit_spec s = LARGE(ARRAY,);
	struct lutna_unit_cost cost = { .sram = 0 };
	unsigned int i, wrong = 0;

	for (i = 0; i < sizeof(known) / sizeof(*known); i++) {
		const struct known *k = &known[i];

		wrong += lutna_unit_cost(&k->spec, &cost) ||
			 cost.sram != k->want.cells ||
			 cost.mux != k->want.mux ||
			 cost.gates != k->want.gates ||
			 cost.half_adders != k->want.ha ||
			 cost.full_adders != k->want.fa ||
			 cost.transistors != k->transistors ||
			 (k->depth && cost.depth != k->depth);
	}
	tap_equal(wrong, 0, "lutna_unit_cost() reports the counts");

	s.approx = LUTNA_APPROX_DROP;
	s.approx_digits = 1;
	tap_result(!lutna_unit_cost(&s, &cost) && cost.transistors == 2150,
		   "a multiplier stays exact when a command approximates");
}

static unsigned int area(struct lutna_unit_spec s)
{
	struct lutna_netlist_counts c = { .transistors = 0 };

	count(&s, &c);
	return c.transistors;
}

static void show_ratio(const char *what, unsigned int a, unsigned int b,
		       const char *published)
{
	printf("# area %s: %u / %u = %.2f, published %s\n", what, a, b,
	       (double)a / b, published);
}

static void show_ratios(void)
{
	struct lutna_unit_spec lut4 = SMALL(LUT,), own4 = SMALL(LUTNA,);
	struct lutna_unit_spec lut = LARGE(LUT,), own = LARGE(LUTNA,);
	struct lutna_unit_spec array = LARGE(ARRAY,), tree = LARGE(WALLACE,);
	struct lutna_unit_spec joined = LARGE(LUTNA, TREE);
	struct lutna_unit_spec private = LARGE(LUTNA, PRIVATE);

	show_ratio("4x4 lut / lutna", area(lut4), area(own4), "3.7");
	show_ratio("8x9 lut / lutna", area(lut), area(own), "29.54");
	show_ratio("8x9 array / lutna", area(array), area(own), "1.23");
	show_ratio("8x9 wallace / lutna", area(tree), area(own), "1.23");
	show_ratio("8x9 lut / lutna, tree", area(lut), area(joined), "29.54");
	show_ratio("8x9 lut / lutna, private tables", area(lut), area(private),
		   "29.54");
}

int main(void)
{
	struct lutna_unit_spec s = { .unit = LUTNA_UNIT_LUT, .digit_bits = 2 };

	unsigned int variant;

	check_known();
	check_formula(s, lut_formula);
	s.lut_read = LUTNA_LUT_READ_ROWS;
	check_formula(s, rows_formula);
	s.lut_read = LUTNA_LUT_READ_TREE;
	for (variant = 0; variant < 4; variant++) {
		s.join = variant & 1;
		s.tables = variant >> 1;
		for (s.digit_bits = 1; s.digit_bits <= 4; s.digit_bits *= 2) {
			s.unit = LUTNA_UNIT_DNC;
			check_formula(s, tables_formula);
			s.unit = LUTNA_UNIT_LUTNA;
			check_formula(s, tables_formula);
		}
	}
	s = (struct lutna_unit_spec){ .unit = LUTNA_UNIT_ARRAY };
	check_formula(s, array_formula);
	s.unit = LUTNA_UNIT_WALLACE;
	check_tree(s, model_wallace);
	s.unit = LUTNA_UNIT_DADDA;
	check_tree(s, model_dadda);
	check_cost();
	show_ratios();
	return tap_done();
}
