/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables that read well as Markdown and on a terminal. */
#ifndef LUTNA_PAPER_TABLE_H
#define LUTNA_PAPER_TABLE_H

#include <stdio.h>

struct table;

/**
 * table_new() - a table without rows
 * @heads: heads of the columns, ended by NULL
 *
 * Return: the table; table_free() it.  The program ends if memory does.
 */
struct table *table_new(const char *const *heads);

/** table_cell() - the next cell; a row ends with its last column */
void table_cell(struct table *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** table_rows() - rows that are whole */
size_t table_rows(const struct table *t);

/** table_write() - as Markdown whose columns stand under one another */
void table_write(const struct table *t, FILE *to);

void table_free(struct table *t);

#endif
