// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "liberty.h"

#define WORD_MAX	4096
#define DEPTH_MAX	16
#define TABLE_SIDE	16

/*
 * struct group - a statement: `name : value;`, `name (value);` or
 *	`name (value) { ... }`
 */
struct group {
	char *name;
	char *value;
	struct group *child;
	struct group *next;
};

struct liberty {
	struct group *top;
};

struct liberty_cell;
struct liberty_pin;

/* Cells and pins are groups; these types keep their users from mixing them. */
static const struct group *cell_group(const struct liberty_cell *cell)
{
	return (const struct group *)cell;
}

static const struct group *pin_group(const struct liberty_pin *pin)
{
	return (const struct group *)pin;
}

struct reader {
	FILE *file;
	const char *path;
	unsigned int line;
};

static int next_char(struct reader *r)
{
	int c = getc(r->file);

	if (c == '\n')
		r->line++;
	return c;
}

static void put_back(struct reader *r, int c)
{
	if (c == '\n')
		r->line--;
	if (c != EOF)
		ungetc(c, r->file);
}

/* Blanks, continued lines and comments. */
static int skip(struct reader *r)
{
	int c, d;

	for (;;) {
		c = next_char(r);
		if (c == '/') {
			d = next_char(r);
			if (d != '*') {
				put_back(r, d);
				return c;
			}
			for (d = 0; (c = next_char(r)) != EOF; d = c)
				if (d == '*' && c == '/')
					break;
		} else if (c != '\\' && !isspace(c)) {
			return c;
		}
	}
}

/* Everything up to one of @ends, without quotes and what skip() skips. */
static int read_until(struct reader *r, const char *ends, char **out, int *end)
{
	char word[WORD_MAX];
	bool quoted = false;
	size_t used = 0;
	int c;

	for (c = skip(r); c != EOF; c = next_char(r)) {
		if (c == '"')
			quoted = !quoted;
		else if (!quoted && strchr(ends, c))
			break;
		else if (c == '\\' || c == '\n')
			continue;
		else if (used + 1 < sizeof(word))
			word[used++] = c;
		else
			return -E2BIG;
	}
	if (c == EOF)
		return -EINVAL;
	while (used && isspace((unsigned char)word[used - 1]))
		used--;
	word[used] = '\0';
	*out = strdup(word);
	*end = c;
	return *out ? 0 : -ENOMEM;
}

static void free_groups(struct group *g)
{
	struct group *next;

	for (; g; g = next) {
		next = g->next;
		free_groups(g->child);
		free(g->name);
		free(g->value);
		free(g);
	}
}

static int read_groups(struct reader *r, struct group **out,
		       unsigned int depth);

static int read_group(struct reader *r, struct group *g, unsigned int depth)
{
	int err, end;

	err = read_until(r, ":(;}", &g->name, &end);
	if (err)
		return err;
	if (end == ':')
		return read_until(r, ";\n", &g->value, &end);
	if (end != '(')
		return -EINVAL;
	err = read_until(r, ")", &g->value, &end);
	if (err)
		return err;
	end = skip(r);
	if (end == '{')
		return read_groups(r, &g->child, depth + 1);
	if (end != ';')
		put_back(r, end);
	return 0;
}

/* Up to the brace that closes the group around them, or the end of the file. */
static int read_groups(struct reader *r, struct group **out, unsigned int depth)
{
	struct group *g, **tail = out;
	int c, err;

	if (depth > DEPTH_MAX)
		return -EINVAL;
	for (;;) {
		c = skip(r);
		if (c == ';')
			continue;
		if (c == '}' || c == EOF)
			return (c == EOF) == !depth ? 0 : -EINVAL;
		put_back(r, c);
		g = calloc(1, sizeof(*g));
		if (!g)
			return -ENOMEM;
		*tail = g;
		tail = &g->next;
		err = read_group(r, g, depth);
		if (err)
			return err;
	}
}

/* A child by name, and by value unless that is NULL. */
static const struct group *find(const struct group *g, const char *name,
				const char *value)
{
	const struct group *child;

	for (child = g ? g->child : NULL; child; child = child->next)
		if (!strcmp(child->name, name) &&
		    (!value || (child->value && !strcmp(child->value, value))))
			return child;
	return NULL;
}

static const char *text(const struct group *g, const char *name)
{
	const struct group *found = find(g, name, NULL);

	return found && found->value ? found->value : "";
}

static double number(const struct group *g, const char *name)
{
	return strtod(text(g, name), NULL);
}

static bool has_units(const struct group *top)
{
	const char *load = text(top, "capacitive_load_unit");

	return !strcmp(text(top, "time_unit"), "1ns") &&
	       !strcmp(text(top, "voltage_unit"), "1V") &&
	       strtod(load, NULL) == 1 && strstr(load, "pf") &&
	       !strcmp(text(top, "leakage_power_unit"), "1nW");
}

int liberty_read(struct liberty **out, const char *path)
{
	struct reader r = { .path = path, .line = 1 };
	struct liberty *lib;
	int err;

	r.file = fopen(path, "r");
	if (!r.file) {
		err = -errno;
		fprintf(stderr, "%s: %s\n", path, strerror(-err));
		return err;
	}
	lib = calloc(1, sizeof(*lib));
	err = lib ? read_groups(&r, &lib->top, 0) : -ENOMEM;
	fclose(r.file);
	if (err) {
		fprintf(stderr, "%s:%u: cannot be read as a Liberty file\n",
			path, r.line);
	} else if (!lib->top || strcmp(lib->top->name, "library") ||
		   !has_units(lib->top)) {
		fprintf(stderr, "%s: not a library in ns, pF, V and nW\n", path);
		err = -EINVAL;
	}
	if (err)
		liberty_free(lib);
	else
		*out = lib;
	return err;
}

void liberty_free(struct liberty *lib)
{
	if (!lib)
		return;
	free_groups(lib->top);
	free(lib);
}

double liberty_voltage(const struct liberty *lib)
{
	return number(lib->top, "nom_voltage");
}

const struct liberty_cell *liberty_cell(const struct liberty *lib,
					const char *name)
{
	return (const struct liberty_cell *)find(lib->top, "cell", name);
}

double liberty_area(const struct liberty_cell *cell)
{
	return number(cell_group(cell), "area");
}

double liberty_leakage(const struct liberty_cell *cell)
{
	return number(cell_group(cell), "cell_leakage_power");
}

const struct liberty_pin *liberty_pin(const struct liberty_cell *cell,
				      const char *name)
{
	return (const struct liberty_pin *)find(cell_group(cell), "pin", name);
}

bool liberty_is_output(const struct liberty_pin *pin)
{
	return !strcmp(text(pin_group(pin), "direction"), "output");
}

double liberty_capacitance(const struct liberty_pin *pin)
{
	return number(pin_group(pin), "capacitance");
}

/* Numbers between commas and blanks; returns how many. */
static unsigned int numbers(const char *list, double *out, unsigned int max)
{
	unsigned int n = 0;
	char *end;

	while (n < max) {
		list += strspn(list, ", \t");
		out[n] = strtod(list, &end);
		if (end == list)
			break;
		list = end;
		n++;
	}
	return n;
}

/* Where @x lies: the interval's lower end, and how far into it. */
static unsigned int place(const double *index, unsigned int n, double x,
			  double *part)
{
	unsigned int i = 0;

	if (n < 2) {
		*part = 0;
		return 0;
	}
	while (i + 2 < n && x >= index[i + 1])
		i++;
	*part = (x - index[i]) / (index[i + 1] - index[i]);
	return i;
}

/* OSU's tables: index_1 is the load, index_2 the slew. */
static double look_up(const struct group *table, double load, double slew)
{
	double rows[TABLE_SIDE], columns[TABLE_SIDE], part_r, part_c;
	double value[TABLE_SIDE * TABLE_SIDE];
	unsigned int nr, nc, r, c, r1, c1;

	nr = numbers(text(table, "index_1"), rows, TABLE_SIDE);
	nc = numbers(text(table, "index_2"), columns, TABLE_SIDE);
	if (!nr || !nc ||
	    numbers(text(table, "values"), value, nr * nc) != nr * nc)
		return 0;
	r = place(rows, nr, load, &part_r);
	c = place(columns, nc, slew, &part_c);
	r1 = nr > 1 ? r + 1 : r;
	c1 = nc > 1 ? c + 1 : c;
	return (1 - part_r) * ((1 - part_c) * value[r * nc + c] +
			       part_c * value[r * nc + c1]) +
	       part_r * ((1 - part_c) * value[r1 * nc + c] +
			 part_c * value[r1 * nc + c1]);
}

double liberty_energy(const struct liberty_pin *output, const char *input,
		      bool rises, double slew, double load)
{
	const struct group *power = pin_group(output)->child, *table;

	for (; power; power = power->next) {
		if (strcmp(power->name, "internal_power") ||
		    strcmp(text(power, "related_pin"), input))
			continue;
		for (table = power->child; table; table = table->next)
			if (!strcmp(table->name,
				    rises ? "rise_power" : "fall_power"))
				return look_up(table, load, slew);
	}
	return 0;
}
