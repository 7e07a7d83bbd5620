/* SPDX-License-Identifier: GPL-2.0-only */
/* Plots as SVG: lines over a figure, bars over names. */
#ifndef LUTNA_PAPER_PLOT_H
#define LUTNA_PAPER_PLOT_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct plot_line - a line, or the bars of one colour
 * @name: in the legend
 * @count: points
 * @x: of each point; not read for bars
 * @y: of each point
 */
struct plot_line {
	const char *name;
	size_t count;
	const double *x;
	const double *y;
};

/**
 * struct plot - what is drawn
 * @title: above it
 * @x_name: below the axis
 * @y_name: beside the axis
 * @log_y: the y axis is logarithmic; all y must be positive then
 * @groups: names below groups of bars, as many as each line has points; NULL
 *	for lines
 * @lines: the lines
 * @count: how many, at most 8
 */
struct plot {
	const char *title;
	const char *x_name;
	const char *y_name;
	bool log_y;
	const char *const *groups;
	const struct plot_line *lines;
	size_t count;
};

/**
 * plot_write() - draw it
 * @plot: at least one line with one point
 * @path: SVG file, replaced
 *
 * The program ends, and says why, if that fails.
 */
void plot_write(const struct plot *plot, const char *path);

#endif
