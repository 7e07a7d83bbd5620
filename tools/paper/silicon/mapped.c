// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mapped.h"

#define BUCKETS		8192
#define NAME_MAX_LEN	256

struct mapped {
	struct mapped_cell *cells;
	struct mapped_net *net[BUCKETS];
	struct mapped_cell *by_name[BUCKETS];
	struct mapped_cell **tail;
};

struct reader {
	FILE *file;
	const char *path;
	const struct liberty *lib;
	double output_load;
	struct mapped *m;
};

static unsigned int hash(const char *name)
{
	unsigned int h = 2166136261u;

	while (*name)
		h = (h ^ (unsigned char)*name++) * 16777619u;
	return h % BUCKETS;
}

static int complain(const struct reader *r, const char *what, const char *name)
{
	fprintf(stderr, "%s: %s%s\n", r->path, what, name);
	return -EINVAL;
}

struct mapped_net *mapped_net(const struct mapped *m, const char *name)
{
	struct mapped_net *net;

	for (net = m->net[hash(name)]; net; net = net->next)
		if (!strcmp(net->name, name))
			break;
	return net;
}

static bool is_product(const char *name)
{
	return !strncmp(name, "p[", 2);
}

static struct mapped_net *get_net(struct reader *r, const char *name)
{
	struct mapped_net *net = mapped_net(r->m, name);
	unsigned int h = hash(name);

	if (net)
		return net;
	net = calloc(1, sizeof(*net));
	if (!net)
		return NULL;
	net->name = strdup(name);
	if (is_product(name))
		net->load = r->output_load;
	net->next = r->m->net[h];
	r->m->net[h] = net;
	return net;
}

/*
 * Up to one of @ends, without blanks and the backslash of an escaped name.
 * Returns the character that ended it, or EOF.
 */
static int word(struct reader *r, const char *ends, char out[NAME_MAX_LEN])
{
	size_t used = 0;
	int c;

	while ((c = getc(r->file)) != EOF && !strchr(ends, c))
		if (!isspace(c) && c != '\\' && used + 1 < NAME_MAX_LEN)
			out[used++] = c;
	out[used] = '\0';
	return c;
}

static int skip_blanks(struct reader *r)
{
	int c;

	while (isspace(c = getc(r->file)))
		;
	return c;
}

static int skip_past(struct reader *r, const char *end)
{
	size_t matched = 0;
	int c;

	while (end[matched] && (c = getc(r->file)) != EOF)
		matched = c == end[matched] ? matched + 1 : c == end[0];
	return end[matched] ? -EINVAL : 0;
}

/* An input that is a product's bit at once still carries the output's load. */
static int read_assign(struct reader *r)
{
	char left[NAME_MAX_LEN], right[NAME_MAX_LEN];
	struct mapped_net *net;

	if (word(r, "=", left) == EOF || word(r, ";", right) == EOF)
		return complain(r, "ends within an assignment", "");
	if (!is_product(left) || strpbrk(left, ":{") || strpbrk(right, ":{'"))
		return 0;
	net = get_net(r, right);
	if (!net)
		return -ENOMEM;
	net->load += r->output_load;
	return 0;
}

static int read_pin(struct reader *r, struct mapped_cell *cell)
{
	char name[NAME_MAX_LEN], net[NAME_MAX_LEN];
	struct mapped_pin *pin;

	if (word(r, "(", name) == EOF || word(r, ")", net) == EOF)
		return complain(r, "ends within a cell", "");
	if (cell->pins == MAPPED_PINS_MAX)
		return complain(r, "too many pins: ", cell->name);
	pin = &cell->pin[cell->pins++];
	pin->pin = liberty_pin(cell->cell, name);
	pin->name = strdup(name);
	if (!pin->pin || !pin->name)
		return complain(r, "no such pin in the library: ", name);
	if (!*net || strchr(net, '\''))
		return 0;
	pin->net = get_net(r, net);
	if (!pin->net)
		return -ENOMEM;
	if (liberty_is_output(pin->pin))
		pin->net->driven = true;
	else
		pin->net->load += liberty_capacitance(pin->pin);
	return 0;
}

static int read_cell(struct reader *r, const char *type)
{
	char name[NAME_MAX_LEN], *copy;
	struct mapped_cell *cell;
	unsigned int h;
	int c, err;

	if (word(r, "(", name) == EOF)
		return complain(r, "ends within a cell", "");
	copy = strdup(name);
	cell = calloc(1, sizeof(*cell));
	if (!cell || !copy) {
		free(copy);
		free(cell);
		return -ENOMEM;
	}
	cell->name = copy;
	*r->m->tail = cell;
	r->m->tail = &cell->next;
	cell->cell = liberty_cell(r->lib, type);
	if (!cell->cell)
		return complain(r, "not a cell of the library: ", type);
	h = hash(name);
	cell->same_hash = r->m->by_name[h];
	r->m->by_name[h] = cell;
	for (;;) {
		c = skip_blanks(r);
		if (c == ')')
			return word(r, ";", name) == EOF ? -EINVAL : 0;
		if (c == ',')
			continue;
		if (c != '.')
			return complain(r, "not a pin, in cell ", cell->name);
		err = read_pin(r, cell);
		if (err)
			return err;
	}
}

static int read_statement(struct reader *r, int first)
{
	char type[NAME_MAX_LEN], rest[NAME_MAX_LEN];

	ungetc(first, r->file);
	if (word(r, " \t\n;", type) == EOF)
		return strcmp(type, "endmodule") ?
		       complain(r, "ends early", "") : 0;
	if (!strcmp(type, "assign"))
		return read_assign(r);
	if (!strcmp(type, "endmodule"))
		return 0;
	if (!strcmp(type, "module") || !strcmp(type, "wire") ||
	    !strcmp(type, "input") || !strcmp(type, "output"))
		return word(r, ";", rest) == EOF ?
		       complain(r, "ends within a declaration", "") : 0;
	return read_cell(r, type);
}

static int read_module(struct reader *r)
{
	int c, err;

	while ((c = skip_blanks(r)) != EOF) {
		if (c == '/')
			err = skip_past(r, "*/");
		else if (c == '(')
			err = skip_past(r, "*)");
		else
			err = read_statement(r, c);
		if (err)
			return err;
	}
	return 0;
}

int mapped_read(struct mapped **out, const char *path,
		const struct liberty *lib, double output_load)
{
	struct reader r = {
		.path = path, .lib = lib, .output_load = output_load,
	};
	int err;

	r.file = fopen(path, "r");
	if (!r.file) {
		err = -errno;
		fprintf(stderr, "%s: %s\n", path, strerror(-err));
		return err;
	}
	r.m = calloc(1, sizeof(*r.m));
	if (!r.m) {
		fclose(r.file);
		return -ENOMEM;
	}
	r.m->tail = &r.m->cells;
	err = read_module(&r);
	fclose(r.file);
	if (err)
		mapped_free(r.m);
	else
		*out = r.m;
	return err;
}

static struct mapped_pin *find_pin(const struct mapped *m, const char *cell,
				   const char *pin)
{
	struct mapped_cell *c;
	unsigned int i;

	for (c = m->by_name[hash(cell)]; c; c = c->same_hash)
		if (!strcmp(c->name, cell))
			break;
	for (i = 0; c && i < c->pins; i++)
		if (!strcmp(c->pin[i].name, pin))
			return &c->pin[i];
	return NULL;
}

int mapped_slews(struct mapped *m, const char *path)
{
	char cell[NAME_MAX_LEN], name[NAME_MAX_LEN];
	struct mapped_pin *pin;
	double rise, fall;
	FILE *file;
	int err = 0;

	file = fopen(path, "r");
	if (!file) {
		err = -errno;
		fprintf(stderr, "%s: %s\n", path, strerror(-err));
		return err;
	}
	while (!err && fscanf(file, "%255s %255s %lf %lf", cell, name, &rise,
			      &fall) == 4) {
		pin = find_pin(m, cell, name);
		if (pin) {
			/* -inf where nothing ever arrives */
			pin->slew[0] = rise > 0 ? rise : 0;
			pin->slew[1] = fall > 0 ? fall : 0;
		} else {
			fprintf(stderr, "%s: no pin %s %s\n", path, cell, name);
			err = -EINVAL;
		}
	}
	if (!err && !feof(file)) {
		fprintf(stderr, "%s: not a table of slews\n", path);
		err = -EINVAL;
	}
	fclose(file);
	return err;
}

void mapped_free(struct mapped *m)
{
	struct mapped_cell *cell;
	struct mapped_net *net;
	unsigned int i;

	if (!m)
		return;
	while ((cell = m->cells)) {
		m->cells = cell->next;
		for (i = 0; i < cell->pins; i++)
			free(cell->pin[i].name);
		free(cell->name);
		free(cell);
	}
	for (i = 0; i < BUCKETS; i++)
		while ((net = m->net[i])) {
			m->net[i] = net->next;
			free(net->name);
			free(net);
		}
	free(m);
}

struct mapped_cell *mapped_cells(const struct mapped *m)
{
	return m->cells;
}

void mapped_each_net(const struct mapped *m,
		     void (*call)(struct mapped_net *net, void *arg), void *arg)
{
	struct mapped_net *net;
	unsigned int i;

	for (i = 0; i < BUCKETS; i++)
		for (net = m->net[i]; net; net = net->next)
			call(net, arg);
}
