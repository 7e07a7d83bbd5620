// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "cost_rows.h"
#include "qemu-device/core/cost/netlist.h"

#define THREADS_MOST	16
/* Values of a dimension at most */
#define VALUES_MOST	8

const char *const cost_read_names[COST_READ_COUNT] = {
	[COST_READ_LOW] = "low",
	[COST_READ_HIGH] = "high",
	[COST_READ_ROWS] = "rows",
};

const char *const cost_join_names[LUTNA_JOIN_COUNT] = {
	[LUTNA_JOIN_CHAIN] = "chain",
	[LUTNA_JOIN_TREE] = "tree",
};

const char *const cost_table_names[LUTNA_TABLES_COUNT] = {
	[LUTNA_TABLES_SHARED] = "shared",
	[LUTNA_TABLES_PRIVATE] = "private",
};

bool cost_has_digits(unsigned int unit)
{
	return unit == LUTNA_UNIT_DNC || unit == LUTNA_UNIT_LUTNA;
}

enum cost_read cost_read_of(const struct lutna_unit_spec *spec)
{
	if (spec->lut_read == LUTNA_LUT_READ_ROWS)
		return COST_READ_ROWS;
	return spec->lut_order == LUTNA_LUT_ORDER_HIGH ? COST_READ_HIGH :
							 COST_READ_LOW;
}

const char *cost_approx_name(const struct lutna_unit_spec *spec)
{
	static const char *const names[][4] = {
		[LUTNA_APPROX_EXACT] = { "exact" },
		[LUTNA_APPROX_DROP] = { NULL, "drop1", "drop2", "drop3" },
		[LUTNA_APPROX_W] = { NULL, "w1", "w2", "w3" },
	};

	return names[spec->approx][spec->approx_digits];
}

/* What makes one unit differ from another of its kind and width */
enum dimension {
	DIMENSION_READ,
	DIMENSION_DIGITS,
	DIMENSION_APPROX,
	DIMENSION_JOIN,
	DIMENSION_TABLES,
	DIMENSION_COUNT,
};

/* The usual value first */
static const struct {
	unsigned int count;
	signed char value[VALUES_MOST];
} dimensions[DIMENSION_COUNT] = {
	[DIMENSION_READ] = { COST_READ_COUNT,
			     { COST_READ_LOW, COST_READ_HIGH, COST_READ_ROWS } },
	[DIMENSION_DIGITS] = { 3, { 1, 0, 2 } },
	[DIMENSION_APPROX] = { 7, { 0, 1, 2, 3, 4, 5, 6 } },
	[DIMENSION_JOIN] = { LUTNA_JOIN_COUNT,
			     { LUTNA_JOIN_CHAIN, LUTNA_JOIN_TREE } },
	[DIMENSION_TABLES] = { LUTNA_TABLES_COUNT,
			       { LUTNA_TABLES_SHARED, LUTNA_TABLES_PRIVATE } },
};

static bool applies(unsigned int unit, enum dimension d)
{
	return d == DIMENSION_READ ? unit == LUTNA_UNIT_LUT :
				     cost_has_digits(unit);
}

static void set_dimension(struct lutna_unit_spec *spec, enum dimension d,
			  int value)
{
	static const uint8_t approx[] = {
		LUTNA_APPROX_EXACT,
		LUTNA_APPROX_DROP, LUTNA_APPROX_DROP, LUTNA_APPROX_DROP,
		LUTNA_APPROX_W, LUTNA_APPROX_W, LUTNA_APPROX_W,
	};

	switch (d) {
	case DIMENSION_READ:
		spec->lut_order = value == COST_READ_HIGH ?
				  LUTNA_LUT_ORDER_HIGH : LUTNA_LUT_ORDER_LOW;
		spec->lut_read = value == COST_READ_ROWS ?
				 LUTNA_LUT_READ_ROWS : LUTNA_LUT_READ_TREE;
		break;
	case DIMENSION_DIGITS:
		spec->digit_bits = (uint8_t)(1 << value);
		break;
	case DIMENSION_APPROX:
		spec->approx = approx[value];
		spec->approx_digits = (uint8_t)(value ? (value - 1) % 3 + 1 : 0);
		break;
	case DIMENSION_JOIN:
		spec->join = (uint8_t)value;
		break;
	case DIMENSION_TABLES:
		spec->tables = (uint8_t)value;
		break;
	case DIMENSION_COUNT:
		break;
	}
}

/**
 * struct list - rows being listed
 * @report: the rows so far
 * @room: allocated
 * @wanted: what the filter asks for, by dimension
 * @base: row that ratios of these widths are to
 */
struct list {
	struct cost_report *report;
	size_t room;
	int wanted[DIMENSION_COUNT];
	size_t base;
};

static int add_row(struct list *list, const struct lutna_unit_spec *spec,
		   bool shown)
{
	struct cost_report *report = list->report;
	struct cost_row *grown;

	if (report->count == list->room) {
		list->room = list->room ? 2 * list->room : 64;
		grown = realloc(report->rows, list->room * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		report->rows = grown;
	}
	report->rows[report->count++] = (struct cost_row){
		.spec = *spec, .base = list->base, .shown = shown,
	};
	return 0;
}

/*
 * Add @spec with every choice in dimensions from @d on.  Of those that nobody
 * asked about, LUT-NA and the table may differ from the usual in one; D&C, which
 * is there to compare with, in none.  @others: in how many more it may.
 */
static int add_variants(struct list *list, const struct lutna_unit_spec *spec,
			unsigned int d, unsigned int others)
{
	struct lutna_unit_spec s = *spec;
	unsigned int i;
	int err = 0;

	if (d == DIMENSION_COUNT)
		return lutna_spec_check(spec, &s) ? 0 : add_row(list, &s, true);
	if (!applies(spec->unit, d)) {
		/* Asked for the usual, it is that; else it is not meant. */
		if (list->wanted[d] != COST_ANY &&
		    (d != DIMENSION_APPROX || list->wanted[d]))
			return 0;
		return add_variants(list, spec, d + 1, others);
	}
	for (i = 0; i < dimensions[d].count && !err; i++) {
		int value = dimensions[d].value[i];
		bool other = i && list->wanted[d] == COST_ANY;

		if (list->wanted[d] != COST_ANY && list->wanted[d] != value)
			continue;
		if (other && !others)
			break;
		set_dimension(&s, d, value);
		err = add_variants(list, &s, d + 1, others - other);
	}
	return err;
}

static int add_widths(struct list *list, const struct cost_filter *filter,
		      unsigned int act_bits, unsigned int weight_bits,
		      bool is_signed)
{
	struct lutna_unit_spec spec = {
		.act_bits = (uint8_t)act_bits, .weight_bits = (uint8_t)weight_bits,
		.digit_bits = 2, .is_signed = is_signed,
	};
	size_t first = list->report->count + 1;
	unsigned int unit;
	int err;

	list->base = list->report->count;
	spec.unit = LUTNA_UNIT_LUTNA;
	err = add_row(list, &spec, false);
	for (unit = 0; unit < LUTNA_UNIT_COUNT && !err; unit++) {
		if (filter->unit != COST_ANY && filter->unit != (int)unit)
			continue;
		spec.unit = (uint8_t)unit;
		err = add_variants(list, &spec, 0,
				   unit == LUTNA_UNIT_DNC ? 0 : 1);
	}
	/* Nothing to compare with the base. */
	if (!err && list->report->count == first)
		list->report->count--;
	return err;
}

static bool within(const struct cost_range *range, unsigned int width)
{
	return !range->low || (width >= range->low && width <= range->high);
}

static int add_sweep(struct list *list, const struct cost_filter *filter,
		     bool is_signed)
{
	unsigned int a, w;
	int err = 0;

	for (a = COST_ACT_BITS_MIN; a <= COST_ACT_BITS_MAX; a++) {
		for (w = COST_WEIGHT_BITS_MIN; w <= COST_WEIGHT_BITS_MAX; w++) {
			if (!within(&filter->act_bits, a) ||
			    !within(&filter->weight_bits, w))
				continue;
			err = add_widths(list, filter, a, w, is_signed);
			if (err)
				return err;
		}
	}
	return 0;
}

int cost_rows_list(const struct cost_filter *filter, struct cost_report *report)
{
	struct cost_report listed = { .rows = NULL };
	struct list list = {
		.report = &listed,
		.wanted = {
			[DIMENSION_READ] = filter->read,
			[DIMENSION_DIGITS] = filter->digits,
			[DIMENSION_APPROX] = filter->approx,
			[DIMENSION_JOIN] = filter->join,
			[DIMENSION_TABLES] = filter->tables,
		},
	};
	bool is_signed = !filter->is_unsigned;
	int err;

	if (filter->all || filter->act_bits.low || filter->weight_bits.low) {
		err = add_sweep(&list, filter, is_signed);
		if (!err && filter->all && is_signed)
			err = add_sweep(&list, filter, false);
	} else {
		/* What is published. */
		err = add_widths(&list, filter, 8, 9, is_signed);
		if (!err)
			err = add_widths(&list, filter, 4, 4, false);
	}
	if (err) {
		free(listed.rows);
		return err;
	}
	*report = listed;
	return 0;
}

/**
 * struct sweep - what threads share
 * @report: each row is one thread's
 * @activations: of a file, or NULL
 * @next: row that nobody has taken yet
 * @err: of a thread that failed, or 0
 */
struct sweep {
	struct cost_report *report;
	const struct cost_activations *activations;
	atomic_size_t next;
	atomic_int err;
};

/* A file's activations have 8 bits, of which a narrower unit gets the top. */
static int measure_file(struct cost_row *row,
			const struct cost_activations *activations)
{
	unsigned int shift = 8u - row->spec.act_bits;
	uint8_t narrow[LUTNA_MEASURE_MAX];
	size_t i;

	for (i = 0; i < activations->count; i++)
		narrow[i] = activations->data[i] >> shift;
	return lutna_unit_measure(&row->spec, narrow, activations->count,
				  &row->file);
}

static void *work(void *arg)
{
	struct sweep *sweep = arg;
	struct cost_report *report = sweep->report;
	int err = 0;
	size_t i;

	while (!err && !atomic_load(&sweep->err)) {
		i = atomic_fetch_add(&sweep->next, 1);
		if (i >= report->count)
			break;
		err = lutna_unit_cost(&report->rows[i].spec,
				      &report->rows[i].cost);
		if (!err && sweep->activations)
			err = measure_file(&report->rows[i],
					   sweep->activations);
	}
	if (err)
		atomic_store(&sweep->err, err);
	return NULL;
}

int cost_rows_compute(struct cost_report *report,
		      const struct cost_activations *activations)
{
	struct sweep sweep = {
		.report = report, .activations = activations,
	};
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t threads[THREADS_MOST];
	unsigned int started = 0;

	/* This thread works as well, so one that cannot be had is no failure. */
	while (started < THREADS_MOST && (long)started + 1 < processors &&
	       started + 1 < report->count)
		if (pthread_create(&threads[started++], NULL, work, &sweep)) {
			started--;
			break;
		}
	work(&sweep);
	while (started)
		pthread_join(threads[--started], NULL);
	report->has_file = activations != NULL;
	return atomic_load(&sweep.err);
}
