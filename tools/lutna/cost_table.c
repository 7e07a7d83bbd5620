// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>

#include "cost_rows.h"

/* Columns fit a terminal of 100, those of a file's stimulus too. */
#define NAME_WIDTH	24
#define UNITS_WIDTH	8
#define RATIO_WIDTH	7
#define PUBLISHED_WIDTH	10

/* Three stimuli at most: those of the model and a file. */
#define STIMULI_MOST	(LUTNA_STIMULUS_COUNT + 1)

static const char *const stimulus_names[STIMULI_MOST] = {
	[LUTNA_STIMULUS_UNIFORM] = "unif.",
	[LUTNA_STIMULUS_RELU] = "relu",
	[LUTNA_STIMULUS_COUNT] = "file",
};

static void name_unit(char *name, size_t size, const struct lutna_unit_spec *s)
{
	const char *unit = lutna_unit_name(s->unit);

	if (!cost_has_digits(s->unit)) {
		static const char *const how[COST_READ_COUNT] = {
			[COST_READ_LOW] = "",
			[COST_READ_HIGH] = ", top bit at leaves",
			[COST_READ_ROWS] = ", row-decoded",
		};

		snprintf(name, size, "%s%s", unit, how[cost_read_of(s)]);
		return;
	}
	snprintf(name, size, "%s d=%u%s%s%s%s", unit, s->digit_bits,
		 s->approx ? " " : "", s->approx ? cost_approx_name(s) : "",
		 s->join == LUTNA_JOIN_TREE ? " tree" : "",
		 s->tables == LUTNA_TABLES_PRIVATE ? " private" : "");
}

/* Ratios to LUT-NA that were published, "" for none. */
struct published {
	const char *area;
	const char *energy;
};

static struct published published(const struct lutna_unit_spec *s)
{
	bool small = s->act_bits == 4 && s->weight_bits == 4 && !s->is_signed;
	bool large = s->act_bits == 8 && s->weight_bits == 9 && s->is_signed;

	if (small && s->unit == LUTNA_UNIT_LUT)
		return (struct published){ "3.7", "2.38" };
	if (large && s->unit == LUTNA_UNIT_LUT)
		return (struct published){ "29.54", "3.34" };
	if (large && s->unit >= LUTNA_UNIT_ARRAY)
		return (struct published){ "1.23", "1.80" };
	return (struct published){ "", "" };
}

/* The last column, after @blank that stay empty; no blanks at the end. */
static void end_line(unsigned int blank, const char *last)
{
	if (*last)
		printf("%*s", (int)blank + PUBLISHED_WIDTH, last);
	putchar('\n');
}

static void print_counts(const struct cost_row *row,
			 const struct cost_row *base)
{
	const struct lutna_unit_cost *c = &row->cost;
	char name[64];

	name_unit(name, sizeof(name), &row->spec);
	printf("%-*s%6u%6u%6u%5u%5u%8u%7u%9.2f", NAME_WIDTH, name, c->sram,
	       c->mux, c->gates, c->half_adders, c->full_adders, c->transistors,
	       c->depth, (double)c->transistors / base->cost.transistors);
	end_line(0, published(&row->spec).area);
}

struct means {
	double held[STIMULI_MOST];
	double changing[STIMULI_MOST];
};

static double mean(uint64_t sum, uint64_t count)
{
	return count ? (double)sum / (double)count : 0;
}

static struct means means_of(const struct cost_row *row)
{
	const struct lutna_unit_cost *c = &row->cost;
	const struct lutna_unit_measure *m = &row->file;
	struct means means;
	unsigned int i;

	for (i = 0; i < LUTNA_STIMULUS_COUNT; i++) {
		means.held[i] = mean(c->toggles[i], c->operations);
		means.changing[i] = mean(c->toggles_changing[i], c->operations);
	}
	means.held[i] = mean(m->toggles, m->operations);
	means.changing[i] = mean(m->toggles_changing, m->operations);
	return means;
}

static void print_energy(const struct cost_row *row,
			 const struct cost_row *base, unsigned int stimuli)
{
	struct means own = means_of(row), to = means_of(base);
	bool changing = row->spec.unit >= LUTNA_UNIT_ARRAY;
	char name[64];
	unsigned int i;

	name_unit(name, sizeof(name), &row->spec);
	printf("%-*s", NAME_WIDTH, name);
	for (i = 0; i < stimuli; i++)
		printf("%*.1f", UNITS_WIDTH, own.held[i]);
	for (i = 0; i < stimuli; i++)
		printf("%*.2f", RATIO_WIDTH, own.held[i] / to.held[i]);
	for (i = 0; changing && i < stimuli; i++)
		printf("%*.2f", RATIO_WIDTH, own.changing[i] / to.held[i]);
	end_line(changing ? 0 : stimuli * RATIO_WIDTH,
		 published(&row->spec).energy);
}

static void print_energy_heading(unsigned int stimuli)
{
	unsigned int i;

	printf("\n%-*s%*s%*s%*s\n", NAME_WIDTH, "",
	       (int)stimuli * UNITS_WIDTH, "units, held",
	       (int)stimuli * RATIO_WIDTH, "to lutna",
	       (int)stimuli * RATIO_WIDTH, "changing");
	printf("%-*s", NAME_WIDTH, "energy an operation");
	for (i = 0; i < stimuli; i++)
		printf("%*s", UNITS_WIDTH, stimulus_names[i]);
	for (i = 0; i < 2 * stimuli; i++)
		printf("%*s", RATIO_WIDTH, stimulus_names[i % stimuli]);
	end_line(0, "published");
}

/* Rows from @first on that have one base. */
static size_t print_widths(const struct cost_report *report, size_t first)
{
	const struct cost_row *rows = report->rows, *base = &rows[first];
	unsigned int stimuli = LUTNA_STIMULUS_COUNT + report->has_file;
	size_t end = first, i;

	while (end < report->count && rows[end].base == first)
		end++;
	printf("%s%ub x %ub, %s\n\n", first ? "\n" : "", base->spec.act_bits,
	       base->spec.weight_bits,
	       base->spec.is_signed ? "two's complement" : "unsigned");
	printf("%-*s%6s%6s%6s%5s%5s%8s%7s%9s", NAME_WIDTH, "area", "sram",
	       "mux", "gates", "HA", "FA", "trans.", "depth", "to lutna");
	end_line(0, "published");
	for (i = first; i < end; i++)
		if (rows[i].shown)
			print_counts(&rows[i], base);
	print_energy_heading(stimuli);
	for (i = first; i < end; i++)
		if (rows[i].shown)
			print_energy(&rows[i], base, stimuli);
	return end;
}

void cost_print_table(const struct cost_report *report)
{
	size_t i = 0;

	while (i < report->count)
		i = print_widths(report, i);
	puts("\n"
	     "lutna: 2-bit digits, exact, chain join, shared table. HA, FA: half and full adders.\n"
	     "d: bits of a digit. dropN, wN: the N low digits of 2 bits give 0, or the weight.\n"
	     "Energy in toggle units, activations uniform; relu: half of them zero; file: those of\n"
	     "the file. held: the weight stands still; changing: another weight at every\n"
	     "operation of a multiplier, against lutna held.\n"
	     "published: ratios of silicon, of LUNA-CiM (IEEE TC 74(4), 65 nm) at 4b x 4b and of\n"
	     "LUT-NA (arXiv 2406.05282, \"up to\") at 8b x 9b, where the multiplier is a \"Wallace\n"
	     "tree / array\"; ours are of transistors and toggle units. Nothing is scaled to agree.");
}
