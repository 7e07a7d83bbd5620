// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "precision.h"
#include "uapi/lutna_isa.h"

/* A line for each of the most nodes that a model may have, and long names */
#define LINE_MOST	4096
#define LAYERS_MOST	65536

int precision_approx(const char *text, struct precision *out)
{
	static const struct {
		const char *name;
		uint8_t approx;
	} kinds[] = {
		{ "drop", LUTNA_APPROX_DROP },
		{ "w", LUTNA_APPROX_W },
	};
	size_t i;

	if (!strcmp(text, "exact")) {
		out->approx = LUTNA_APPROX_EXACT;
		out->approx_digits = 0;
		out->fold_bias = false;
		return 0;
	}
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t length = strlen(kinds[i].name);
		const char *rest = text + length + 1;

		if (strncmp(text, kinds[i].name, length) ||
		    text[length] < '1' || text[length] > '3')
			continue;
		if (rest[0] && strcmp(rest, "+bias"))
			return -EINVAL;
		out->approx = kinds[i].approx;
		out->approx_digits = (uint8_t)(text[length] - '0');
		out->fold_bias = rest[0] != '\0';
		return 0;
	}
	return -EINVAL;
}

const char *precision_approx_text(const struct precision *precision,
				  char buf[PRECISION_APPROX_TEXT])
{
	if (precision->approx == LUTNA_APPROX_EXACT)
		snprintf(buf, PRECISION_APPROX_TEXT, "exact");
	else
		snprintf(buf, PRECISION_APPROX_TEXT, "%s%d%s",
			 precision->approx == LUTNA_APPROX_DROP ? "drop" : "w",
			 precision->approx_digits % 10,
			 precision->fold_bias ? "+bias" : "");
	return buf;
}

int precision_add(struct precision_table *table, const char *name,
		  const struct precision *precision)
{
	struct precision_layer *grown;
	char *copy;

	/* Doubled at powers of two. */
	if (!(table->count & (table->count - 1))) {
		grown = realloc(table->layers, (table->count ? 2 * table->count : 1) *
				sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		table->layers = grown;
	}
	copy = strdup(name);
	if (!copy)
		return -ENOMEM;
	table->layers[table->count++] = (struct precision_layer){
		.name = copy, .precision = *precision,
	};
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct precision_layer *x = a, *y = b;

	return strcmp(x->name, y->name);
}

const char *precision_sort(struct precision_table *table)
{
	size_t i;

	if (table->count)
		qsort(table->layers, table->count, sizeof(*table->layers), by_name);
	for (i = 1; i < table->count; i++)
		if (!by_name(&table->layers[i - 1], &table->layers[i]))
			return table->layers[i].name;
	return NULL;
}

long precision_find(const struct precision_table *table, const char *name)
{
	const struct precision_layer key = { .name = (char *)name }, *found;

	if (!table->count)
		return -1;
	found = bsearch(&key, table->layers, table->count, sizeof(key), by_name);
	return found ? found - table->layers : -1;
}

void precision_free(struct precision_table *table)
{
	size_t i;

	for (i = 0; i < table->count; i++)
		free(table->layers[i].name);
	free(table->layers);
	*table = (struct precision_table){ .count = 0 };
}

/* The last word of a line, which is taken off; NULL if there is none */
static char *take_word(char *line)
{
	size_t end = strlen(line);

	while (end && strchr(" \t\r\n", line[end - 1]))
		end--;
	line[end] = '\0';
	while (end && !strchr(" \t", line[end - 1]))
		end--;
	return line[end] ? line + end : NULL;
}

static int take_number(char *line, unsigned int low, unsigned int high,
		       uint8_t *out)
{
	char *word = take_word(line);

	if (!word || word[1] || word[0] < '0' + (int)low ||
	    word[0] > '0' + (int)high)
		return -EINVAL;
	*out = (uint8_t)(word[0] - '0');
	word[0] = '\0';
	return 0;
}

static int bad_line(struct diag *diag, unsigned int number, const char *what)
{
	return diag_file(diag, -EINVAL, "line %u: %s", number, what);
}

/* From the right, since a name may hold anything. */
static int read_line(char *line, unsigned int number, struct diag *diag,
		     struct precision_table *table, bool *has_rest)
{
	struct precision precision = { .act_bits = 0 };
	char *word = take_word(line);
	size_t spaces;

	if (!word || line[0] == '#')
		return 0;
	if (precision_approx(word, &precision))
		return bad_line(diag, number,
				"the last word must be exact, drop1 to drop3 or w1 to w3, with +bias or without");
	word[0] = '\0';
	if (take_number(line, PRECISION_WEIGHT_MIN, PRECISION_WEIGHT_MAX,
			&precision.weight_bits) ||
	    take_number(line, PRECISION_ACT_MIN, PRECISION_ACT_MAX,
			&precision.act_bits))
		return bad_line(diag, number,
				"in front of it must be activation bits (2 to 8) and weight bits (2 to 9)");
	if (precision.approx_digits > precision_digits_most(precision.act_bits))
		return bad_line(diag, number,
				"activations of so few bits have no digits to approximate so many of");
	spaces = strspn(line, " \t");
	if (!take_word(line))
		return bad_line(diag, number, "it names no layer");
	line += spaces;
	if (!strcmp(line, "*")) {
		if (*has_rest)
			return bad_line(diag, number, "'*' is there twice");
		*has_rest = true;
		table->rest = precision;
		return 0;
	}
	if (table->count == LAYERS_MOST)
		return bad_line(diag, number, "more layers than a model may have");
	if (precision_add(table, line, &precision))
		return diag_no_memory(diag);
	return 0;
}

static int read_lines(FILE *file, struct diag *diag,
		      struct precision_table *table)
{
	char line[LINE_MOST], name[DIAG_NAME];
	bool has_rest = false;
	unsigned int number = 0;
	const char *twice;
	int err;

	while (fgets(line, sizeof(line), file)) {
		number++;
		if (strlen(line) == sizeof(line) - 1)
			return bad_line(diag, number, "too long");
		err = read_line(line, number, diag, table, &has_rest);
		if (err)
			return err;
	}
	if (ferror(file))
		return diag_file(diag, -errno, "cannot be read: %s",
				 strerror(errno));
	twice = precision_sort(table);
	if (twice)
		return diag_file(diag, -EINVAL, "layer '%s' is there twice",
				 diag_clean(name, twice));
	return 0;
}

int precision_read(const char *path, struct diag *diag,
		   struct precision_table *out)
{
	struct precision_table table = { .count = 0 };
	FILE *file;
	int err;

	diag->file = path;
	diag->text[0] = '\0';
	file = fopen(path, "re");
	if (!file)
		return diag_file(diag, -errno, "cannot be opened: %s",
				 strerror(errno));
	err = read_lines(file, diag, &table);
	fclose(file);
	if (err) {
		precision_free(&table);
		return err;
	}
	*out = table;
	return 0;
}
