// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "activity.h"
#include "mapped.h"

/* Codes that a simulator hands out one after another stay far below this. */
#define CODES_MAX	(1u << 22)
#define LINE_LEN	65536
#define NAME_LEN	256

/**
 * struct variable - what a code of the dump stands for
 * @width: bits; 0: nothing
 * @net: of each bit, the highest first as in the dump; NULL: not one of ours
 * @value: of each bit
 */
struct variable {
	unsigned int width;
	struct mapped_net **net;
	char *value;
};

struct dump {
	FILE *file;
	struct mapped *m;
	struct variable *variable;
	unsigned int room;
	unsigned int counted;
	bool on;
	char line[LINE_LEN];
};

static unsigned int decode(const char *code)
{
	unsigned int n = 0, scale = 1;

	for (; *code > ' ' && *code <= '~' && scale < CODES_MAX; code++) {
		n += (*code - '!' + 1) * scale;
		scale *= 94;
	}
	return n;
}

static struct variable *variable_at(struct dump *d, unsigned int code)
{
	unsigned int room = d->room ? d->room : 1024;
	struct variable *grown;

	if (code >= CODES_MAX)
		return NULL;
	while (room <= code)
		room *= 2;
	if (room > d->room) {
		grown = realloc(d->variable, room * sizeof(*grown));
		if (!grown)
			return NULL;
		memset(grown + d->room, 0, (room - d->room) * sizeof(*grown));
		d->variable = grown;
		d->room = room;
	}
	return &d->variable[code];
}

/* Two names may share a code: a port and the net that drives it. */
static int name_variable(struct dump *d, struct variable *v, const char *name,
			 unsigned int width)
{
	char bit[NAME_LEN + 16];
	struct mapped_net *net;
	unsigned int i;

	if (!v->width) {
		v->net = calloc(width, sizeof(*v->net));
		v->value = malloc(width);
		if (!v->net || !v->value)
			return -ENOMEM;
		memset(v->value, 'x', width);
		v->width = width;
	}
	if (v->width != width)
		return -EINVAL;
	for (i = 0; i < width; i++) {
		if (width > 1)
			snprintf(bit, sizeof(bit), "%s[%u]", name, width - 1 - i);
		net = mapped_net(d->m, width > 1 ? bit : name);
		if (net)
			v->net[i] = net;
	}
	return 0;
}

static int read_variable(struct dump *d)
{
	char code[16], name[NAME_LEN];
	struct variable *v;
	unsigned int width;

	if (sscanf(d->line, "$var %*s %u %15s %255s", &width, code, name) != 3 ||
	    !width || width > LINE_LEN - 32)
		return -EINVAL;
	if (!strcmp(name, "counted")) {
		d->counted = decode(code);
		return 0;
	}
	v = variable_at(d, decode(code));
	if (!v)
		return -ENOMEM;
	return name_variable(d, v, name[0] == '\\' ? name + 1 : name, width);
}

static void change_bit(struct dump *d, struct variable *v, unsigned int i,
		       char to)
{
	char from = v->value[i];

	if (from == to)
		return;
	v->value[i] = to;
	if (!d->on || !v->net[i])
		return;
	if (from == '0' && to == '1')
		v->net[i]->rises++;
	else if (from == '1' && to == '0')
		v->net[i]->falls++;
}

static void change(struct dump *d, const char *bits, size_t given,
		   unsigned int code)
{
	struct variable *v;
	unsigned int i;
	char fill;

	if (code == d->counted) {
		d->on = bits[given - 1] == '1';
		return;
	}
	if (code >= d->room)
		return;
	v = &d->variable[code];
	if (!v->width || given > v->width)
		return;
	/* Leading zeros are left out, and so are repeated x. */
	fill = bits[0] == '1' ? '0' : bits[0];
	for (i = 0; i < v->width - given; i++)
		change_bit(d, v, i, fill);
	for (; i < v->width; i++)
		change_bit(d, v, i, bits[i - (v->width - given)]);
}

static int read_line(struct dump *d)
{
	char *line = d->line, *blank;

	switch (line[0]) {
	case '0':
	case '1':
	case 'x':
	case 'z':
		change(d, line, 1, decode(line + 1));
		return 0;
	case 'b':
		blank = strchr(line, ' ');
		if (!blank || blank == line + 1)
			return -EINVAL;
		change(d, line + 1, blank - line - 1, decode(blank + 1));
		return 0;
	case '$':
		return strncmp(line, "$var ", 5) ? 0 : read_variable(d);
	}
	return 0;
}

int activity_count(FILE *dump, struct mapped *m)
{
	struct dump *d = calloc(1, sizeof(*d));
	unsigned int i;
	int err = 0;

	if (!d)
		return -ENOMEM;
	d->file = dump;
	d->m = m;
	while (!err && fgets(d->line, sizeof(d->line), dump))
		err = read_line(d);
	if (!err && !d->counted)
		err = -EINVAL;
	if (err)
		fputs("the simulator's dump cannot be read\n", stderr);
	for (i = 0; i < d->room; i++) {
		free(d->variable[i].net);
		free(d->variable[i].value);
	}
	free(d->variable);
	free(d);
	return err;
}
