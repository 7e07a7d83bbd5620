// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

struct table {
	size_t columns;
	size_t cells;		/* heads included */
	char **text;
};

static void add(struct table *t, char *text)
{
	char **more = realloc(t->text, (t->cells + 1) * sizeof(*more));

	if (!more || !text)
		err(1, "a table");
	t->text = more;
	t->text[t->cells++] = text;
}

struct table *table_new(const char *const *heads)
{
	struct table *t = calloc(1, sizeof(*t));
	size_t i;

	if (!t)
		err(1, "a table");
	for (i = 0; heads[i]; i++)
		add(t, strdup(heads[i]));
	t->columns = i;
	return t;
}

void table_cell(struct table *t, const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	add(t, text);
}

size_t table_rows(const struct table *t)
{
	return t->cells / t->columns - 1;
}

/* Characters, not bytes: what continues one in UTF-8 takes no place. */
static size_t width(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static size_t column_width(const struct table *t, size_t column)
{
	size_t widest = 3, i;

	for (i = column; i < t->cells; i += t->columns)
		if (width(t->text[i]) > widest)
			widest = width(t->text[i]);
	return widest;
}

/* Figures stand to the right, words to the left. */
static int is_figure(const struct table *t, size_t column)
{
	size_t i;

	for (i = column + t->columns; i < t->cells; i += t->columns)
		if (t->text[i][strspn(t->text[i], "0123456789-+.%() e")])
			return 0;
	return column != 0 && t->cells > t->columns;
}

static void write_cell(const char *text, size_t wide, int right, FILE *to)
{
	int pad = (int)(wide - width(text));

	fprintf(to, "| %*s%s%*s ", right ? pad : 0, "", text, right ? 0 : pad, "");
}

static void write_rule(const struct table *t, FILE *to)
{
	size_t c, i;

	for (c = 0; c < t->columns; c++) {
		size_t wide = column_width(t, c);

		fputs("| ", to);
		for (i = 0; i + 1 < wide; i++)
			fputc('-', to);
		fputs(is_figure(t, c) ? ": " : "- ", to);
	}
	fputs("|\n", to);
}

void table_write(const struct table *t, FILE *to)
{
	size_t i, c = 0;

	for (i = 0; i < t->cells; i++) {
		write_cell(t->text[i], column_width(t, c), is_figure(t, c), to);
		if (++c < t->columns)
			continue;
		fputs("|\n", to);
		if (i < t->columns)
			write_rule(t, to);
		c = 0;
	}
	fputc('\n', to);
}

void table_free(struct table *t)
{
	size_t i;

	for (i = 0; i < t->cells; i++)
		free(t->text[i]);
	free(t->text);
	free(t);
}
