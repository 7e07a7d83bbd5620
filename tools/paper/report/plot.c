// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <math.h>
#include <stdio.h>

#include "plot.h"

#define WIDTH	720.0
#define HEIGHT	400.0
#define LEFT	72.0
#define RIGHT	(WIDTH - 150.0)
#define TOP	44.0
#define BOTTOM	(HEIGHT - 56.0)

/* Distinct to most eyes that see few colours (Okabe and Ito). */
static const char *const colours[8] = {
	"#0072b2", "#d55e00", "#009e73", "#cc79a7",
	"#e69f00", "#56b4e9", "#555555", "#b8a900",
};

struct axis {
	double from;
	double to;
	double step;
	bool log;
};

static double place(const struct axis *a, double value, double from, double to)
{
	double low = a->log ? log10(a->from) : a->from;
	double high = a->log ? log10(a->to) : a->to;
	double at = a->log ? log10(value) : value;

	return from + (at - low) / (high - low) * (to - from);
}

static double place_x(const struct axis *a, double x)
{
	return place(a, x, LEFT, RIGHT);
}

static double place_y(const struct axis *a, double y)
{
	return place(a, y, BOTTOM, TOP);
}

/* Steps of 1, 2 or 5 times a power of ten, about six of them */
static double round_step(double range)
{
	double raw = range / 6;
	double unit = pow(10, floor(log10(raw)));

	if (raw / unit > 5)
		return 10 * unit;
	return raw / unit > 2 ? 5 * unit : raw / unit > 1 ? 2 * unit : unit;
}

static struct axis make_axis(double low, double high, bool is_log, bool zero)
{
	struct axis a = { .from = low, .to = high, .log = is_log };

	if (is_log) {
		a.from = pow(10, floor(log10(low)));
		a.to = pow(10, ceil(log10(high)));
		if (a.from == a.to)
			a.to *= 10;
		a.step = 10;
		return a;
	}
	if (zero && low > 0)
		a.from = 0;
	if (a.from == a.to)
		a.to = a.from + 1;
	a.step = round_step(a.to - a.from);
	a.from = floor(a.from / a.step) * a.step;
	a.to = ceil(a.to / a.step) * a.step;
	return a;
}

static void span(const struct plot *p, bool of_x, double *low, double *high)
{
	size_t i, j;

	*low = INFINITY;
	*high = -INFINITY;
	for (i = 0; i < p->count; i++) {
		const double *v = of_x ? p->lines[i].x : p->lines[i].y;

		for (j = 0; j < p->lines[i].count; j++) {
			*low = fmin(*low, v[j]);
			*high = fmax(*high, v[j]);
		}
	}
}

/* Text in XML */
static void put_text(FILE *f, const char *text)
{
	for (; *text; text++) {
		if (*text == '&')
			fputs("&amp;", f);
		else if (*text == '<')
			fputs("&lt;", f);
		else
			fputc(*text, f);
	}
}

static void label(FILE *f, double x, double y, const char *anchor, const char *text)
{
	fprintf(f, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
	put_text(f, text);
	fputs("</text>\n", f);
}

static void frame(FILE *f, const struct plot *p)
{
	fprintf(f, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" "
		"font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
		"<g font-size=\"15\" font-weight=\"bold\">\n", WIDTH, HEIGHT);
	label(f, LEFT, TOP - 18, "start", p->title);
	fputs("</g>\n", f);
	label(f, (LEFT + RIGHT) / 2, HEIGHT - 12, "middle", p->x_name);
	fprintf(f, "<g transform=\"rotate(-90 16 %.1f)\">", (TOP + BOTTOM) / 2);
	label(f, 16, (TOP + BOTTOM) / 2, "middle", p->y_name);
	fputs("</g>\n", f);
}

static void grid_y(FILE *f, const struct axis *a)
{
	double v;

	for (v = a->from; v <= a->to * (1 + 1e-9);
	     v = a->log ? v * a->step : v + a->step) {
		char text[32];

		fprintf(f, "<path d=\"M%.1f %.1fH%.1f\" stroke=\"#ddd\"/>\n", LEFT,
			place_y(a, v), RIGHT);
		snprintf(text, sizeof(text), "%.6g", fabs(v) < a->step * 1e-9 ? 0 : v);
		label(f, LEFT - 6, place_y(a, v) + 4, "end", text);
	}
	fprintf(f, "<path d=\"M%.1f %.1fH%.1f\" stroke=\"#222\"/>\n", LEFT, BOTTOM, RIGHT);
}

static void grid_x(FILE *f, const struct axis *a)
{
	double v;

	for (v = a->from; v <= a->to + a->step / 2; v += a->step) {
		char text[32];

		snprintf(text, sizeof(text), "%.6g", v);
		label(f, place_x(a, v), BOTTOM + 18, "middle", text);
	}
}

static void legend(FILE *f, const struct plot *p)
{
	size_t i;

	for (i = 0; i < p->count; i++) {
		double y = TOP + 8 + 20 * (double)i;

		fprintf(f, "<rect x=\"%.1f\" y=\"%.1f\" width=\"12\" height=\"12\" fill=\"%s\"/>\n",
			RIGHT + 14, y - 10, colours[i]);
		label(f, RIGHT + 32, y, "start", p->lines[i].name);
	}
}

static void draw_lines(FILE *f, const struct plot *p, const struct axis *y)
{
	struct axis x;
	double low, high;
	size_t i, j;

	span(p, true, &low, &high);
	x = make_axis(low, high, false, false);
	grid_x(f, &x);
	for (i = 0; i < p->count; i++) {
		const struct plot_line *line = &p->lines[i];

		fprintf(f, "<path fill=\"none\" stroke-width=\"2\" stroke=\"%s\" d=\"", colours[i]);
		for (j = 0; j < line->count; j++)
			fprintf(f, "%c%.1f %.1f", j ? 'L' : 'M', place_x(&x, line->x[j]),
				place_y(y, line->y[j]));
		fputs("\"/>\n", f);
		for (j = 0; j < line->count; j++)
			fprintf(f, "<circle r=\"3\" fill=\"%s\" cx=\"%.1f\" cy=\"%.1f\">"
				"<title>%.6g, %.6g</title></circle>\n", colours[i],
				place_x(&x, line->x[j]), place_y(y, line->y[j]), line->x[j],
				line->y[j]);
	}
}

static void draw_bars(FILE *f, const struct plot *p, const struct axis *y)
{
	size_t groups = p->lines[0].count, i, j;
	double group = (RIGHT - LEFT) / (double)groups;
	double bar = 0.8 * group / (double)p->count;

	for (j = 0; j < groups; j++) {
		double left = LEFT + group * ((double)j + 0.1);

		label(f, left + 0.4 * group, BOTTOM + 18, "middle", p->groups[j]);
		for (i = 0; i < p->count; i++) {
			double top = place_y(y, p->lines[i].y[j]);

			fprintf(f, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
				"fill=\"%s\"><title>%.6g</title></rect>\n",
				left + bar * (double)i, top, bar * 0.92, BOTTOM - top, colours[i],
				p->lines[i].y[j]);
		}
	}
}

void plot_write(const struct plot *plot, const char *path)
{
	FILE *f = fopen(path, "w");
	struct axis y;
	double low, high;

	if (!f)
		err(1, "%s", path);
	span(plot, false, &low, &high);
	y = make_axis(low, high, plot->log_y, plot->groups != NULL);
	frame(f, plot);
	grid_y(f, &y);
	if (plot->groups)
		draw_bars(f, plot, &y);
	else
		draw_lines(f, plot, &y);
	legend(f, plot);
	fputs("</svg>\n", f);
	if (fflush(f) || ferror(f))
		err(1, "%s", path);
	fclose(f);
}
