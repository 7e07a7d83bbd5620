// SPDX-License-Identifier: GPL-2.0-only
/*
 * What lutna show puts on a screen, without one: the layout of frames, drawing
 * by the device (the simulator) into memory, text, probabilities.
 */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lutna/command.h"
#include "lutna/show.h"

static int tests, failures;

static void ok(bool good, const char *name)
{
	tests++;
	failures += !good;
	printf("%s %d - %s\n", good ? "ok" : "not ok", tests, name);
}

static void need(bool good, const char *what)
{
	if (good)
		return;
	printf("Bail out! %s: %s\n", what, lutna_last_error());
	exit(1);
}

int complain(const char *format, ...)
{
	va_list args;

	fputs("# ", stdout);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	return STATUS_FAILURE;
}

static struct canvas_rect text_rect(struct show_text at, unsigned int cells)
{
	return (struct canvas_rect){
		at.x, at.y, cells * (FONT_WIDTH + 1) * at.scale,
		FONT_HEIGHT * at.scale,
	};
}

static bool overlap(struct canvas_rect a, struct canvas_rect b)
{
	return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h &&
	       b.y < a.y + a.h;
}

/* All areas of a frame; the percentage has seven characters */
static unsigned int areas(const struct show_layout *l, struct canvas_rect *out)
{
	unsigned int n = 0, i;

	out[n] = l->picture;
	out[n].w *= l->scale;
	out[n++].h *= l->scale;
	out[n++] = text_rect(l->title, 1);
	out[n] = text_rect(l->label, 1);
	out[n++].w = l->label_room;
	out[n++] = text_rect(l->truth, 1);
	for (i = 0; i < l->bars; i++) {
		out[n++] = l->tracks[i];
		out[n++] = text_rect(l->names[i], SHOW_NAME);
		out[n++] = text_rect(l->percents[i], 7);
	}
	return n;
}

static bool sound(const struct show_layout *l, unsigned int w, unsigned int h)
{
	struct canvas_rect all[4 + 3 * SHOW_BARS];
	unsigned int n = areas(l, all), i, j;

	for (i = 0; i < n; i++) {
		if (!all[i].w || !all[i].h || all[i].x + all[i].w > w ||
		    all[i].y + all[i].h > h)
			return false;
		for (j = 0; j < i; j++)
			if (overlap(all[i], all[j]))
				return false;
	}
	return true;
}

static void test_layout(void)
{
	static const unsigned int sides[] = { 1, 28, 32, 100, 256 };
	unsigned int w, h, bars, i, fits = 0, bad = 0;
	struct show_layout l;

	for (w = 1; w <= 4096; w = w * 5 / 4 + 1)
		for (h = 1; h <= 4096; h = h * 5 / 4 + 1)
			for (i = 0; i < 25; i++)
				for (bars = 1; bars <= SHOW_BARS; bars++) {
					if (show_layout(w, h, sides[i % 5],
							sides[i / 5], bars, &l))
						continue;
					fits++;
					bad += !sound(&l, w, h);
				}
	printf("# %u layouts\n", fits);
	ok(fits > 1000 && !bad, "in frames of any size nothing overlaps or sticks out");
	ok(!show_layout(1280, 800, 28, 28, 10, &l) && l.scale == 21,
	   "a picture is as large as its half of the frame allows");
	ok(!show_layout(640, 480, 28, 28, 10, &l), "a VGA screen is enough");
	ok(show_layout(320, 200, 256, 256, 10, &l) == -ERANGE &&
	   show_layout(10, 10, 1, 1, 1, &l) == -ERANGE,
	   "a frame that is too small");
}

#define FRAME_W	50
#define FRAME_H	40
#define PITCH	(4 * FRAME_W + 24)
#define GUARD	0xa5

struct rig {
	struct lutna_device *dev;
	struct lutna_buffer *memory;
	struct lutna_buffer *pixels;
	struct canvas *canvas;
	uint8_t *frame;
	uint8_t *image;
};

static struct rig rig_new(void)
{
	struct rig r;
	struct canvas_frame frame = {
		.width = FRAME_W, .height = FRAME_H, .pitch = PITCH,
	};

	need(!lutna_device_open(&r.dev, "sim"), "device");
	need(!lutna_buffer_new(&r.memory, r.dev, PITCH * (FRAME_H + 2),
			       LUTNA_BUFFER_DEVICE_WRITE), "frame");
	need(!lutna_buffer_new(&r.pixels, r.dev, 4096,
			       LUTNA_BUFFER_DEVICE_READ), "image");
	/* A row of guards before the frame and one behind it */
	frame.address = lutna_buffer_address(r.memory) + PITCH;
	need(!canvas_new(&r.canvas, r.dev, &frame), "canvas");
	memset(lutna_buffer_data(r.memory), GUARD, PITCH * (FRAME_H + 2));
	r.frame = (uint8_t *)lutna_buffer_data(r.memory) + PITCH;
	r.image = lutna_buffer_data(r.pixels);
	return r;
}

static void rig_free(struct rig *r)
{
	canvas_free(r->canvas);
	lutna_buffer_free(r->pixels);
	lutna_buffer_free(r->memory);
	lutna_device_close(r->dev);
}

static uint32_t pixel(const struct rig *r, unsigned int x, unsigned int y)
{
	const uint8_t *at = r->frame + y * PITCH + 4 * x;

	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16;
}

/* Pixels of another colour than @color in a rectangle, or than GUARD outside */
static unsigned int strays(const struct rig *r, struct canvas_rect rect,
			   uint32_t color)
{
	unsigned int x, y, n = 0;
	const uint8_t *all = r->frame - PITCH;

	for (y = 0; y < FRAME_H + 2; y++)
		for (x = 4 * FRAME_W; x < PITCH; x++)
			n += all[y * PITCH + x] != GUARD;
	for (x = 0; x < PITCH; x++)
		n += all[x] != GUARD || all[(FRAME_H + 1) * PITCH + x] != GUARD;
	for (y = 0; y < FRAME_H; y++)
		for (x = 0; x < FRAME_W; x++) {
			bool in = x >= rect.x && x < rect.x + rect.w &&
				  y >= rect.y && y < rect.y + rect.h;

			n += pixel(r, x, y) != (in ? color : 0xa5a5a5u);
		}
	return n;
}

static void test_fill(void)
{
	struct rig r = rig_new();
	struct canvas_rect rect = { 3, 5, 7, 11 };
	int err = 0;
	unsigned int i;

	ok(!canvas_fill(r.canvas, rect, 0x123456) && !canvas_draw(r.canvas) &&
	   !strays(&r, rect, 0x123456), "a rectangle and nothing else");
	ok(!canvas_draw(r.canvas), "nothing to draw");
	rig_free(&r);

	r = rig_new();
	rect = (struct canvas_rect){ 45, 38, 4000000000u, 4000000000u };
	ok(!canvas_fill(r.canvas, rect, 0xff0000) &&
	   !canvas_fill(r.canvas, (struct canvas_rect){ FRAME_W, 0, 9, 9 }, 1) &&
	   !canvas_fill(r.canvas, (struct canvas_rect){ 0, FRAME_H, 9, 9 }, 1) &&
	   !canvas_fill(r.canvas, (struct canvas_rect){ 0, 0, 0, 9 }, 1) &&
	   !canvas_fill(r.canvas, (struct canvas_rect){ 0, 0, 9, 0 }, 1) &&
	   !canvas_draw(r.canvas) &&
	   !strays(&r, (struct canvas_rect){ 45, 38, 5, 2 }, 0xff0000),
	   "what is outside of the frame is left out");
	rect = (struct canvas_rect){ 0, 0, 1, 1 };
	for (i = 0; i < 1000 && !err; i++)
		err = canvas_fill(r.canvas, rect, i);
	ok(err == -ENOSPC && !canvas_draw(r.canvas) && pixel(&r, 0, 0) == i - 2,
	   "too much for one drawing, in order");
	ok(!canvas_fill(r.canvas, rect, 77) && !canvas_draw(r.canvas) &&
	   pixel(&r, 0, 0) == 77, "and room again");
	rig_free(&r);
}

static uint32_t color_of(uint8_t value, enum canvas_palette palette)
{
	int red = 3 * value, green = 3 * value - 255, blue = 3 * value - 510;

	if (palette == CANVAS_GREY)
		return value * 0x010101u;
	red = red > 255 ? 255 : red;
	green = green < 0 ? 0 : green > 255 ? 255 : green;
	blue = blue < 0 ? 0 : blue;
	return (uint32_t)red << 16 | (uint32_t)green << 8 | (uint32_t)blue;
}

static void test_picture(enum canvas_palette palette, unsigned int scale,
			 const char *name)
{
	struct rig r = rig_new();
	const struct canvas_rect at = { 2, 3, 8, 6 };
	unsigned int x, y, wrong = 0;

	for (x = 0; x < at.w * at.h; x++)
		r.image[x] = (uint8_t)(x * 85 + x / 3);
	need(!canvas_picture(r.canvas, at, scale,
			     lutna_buffer_address(r.pixels), palette), name);
	need(!canvas_draw(r.canvas), name);
	for (y = 0; y < at.h * scale; y++)
		for (x = 0; x < at.w * scale; x++) {
			uint32_t is = pixel(&r, at.x + x, at.y + y);
			uint8_t value = r.image[y / scale * at.w + x / scale];

			wrong += is != color_of(value, palette);
			memset(r.frame + (at.y + y) * PITCH + 4 * (at.x + x),
			       GUARD, 4);
		}
	ok(!wrong && !strays(&r, (struct canvas_rect){ 0, 0, 0, 0 }, 0), name);
	rig_free(&r);
}

static void test_refusals(void)
{
	struct rig r = rig_new();
	uint64_t at = lutna_buffer_address(r.pixels);

	ok(canvas_picture(r.canvas, (struct canvas_rect){ 0, 0, 8, 6 }, 7, at,
			  CANVAS_GREY) == -ERANGE &&
	   canvas_picture(r.canvas, (struct canvas_rect){ 3, 0, 8, 6 }, 6, at,
			  CANVAS_GREY) == -ERANGE &&
	   canvas_picture(r.canvas, (struct canvas_rect){ 0, 5, 8, 6 }, 6, at,
			  CANVAS_GREY) == -ERANGE &&
	   canvas_picture(r.canvas, (struct canvas_rect){ ~0u, 0, 8, 6 }, 1, at,
			  CANVAS_GREY) == -ERANGE &&
	   canvas_picture(r.canvas, (struct canvas_rect){ 0, 0, 8, 6 }, 0, at,
			  CANVAS_GREY) == -ERANGE &&
	   canvas_picture(r.canvas, (struct canvas_rect){ 0, 0, 0, 6 }, 1, at,
			  CANVAS_GREY) == -ERANGE,
	   "a picture that does not fit");
	ok(canvas_picture(r.canvas, (struct canvas_rect){ 0, 0, 65536, 65536 },
			  1, at, CANVAS_GREY) == -E2BIG,
	   "a picture that is too large");
	ok(!canvas_draw(r.canvas) &&
	   !strays(&r, (struct canvas_rect){ 0, 0, 0, 0 }, 0),
	   "nothing of them was drawn");
	/* No such address: the device refuses, and says so */
	ok(!canvas_picture(r.canvas, (struct canvas_rect){ 0, 0, 8, 6 }, 1,
			   1ull << 38, CANVAS_GREY) &&
	   canvas_draw(r.canvas) == STATUS_FAILURE, "pixels that are nowhere");
	rig_free(&r);
}

static void draw_char(uint32_t *pixels, char c)
{
	const struct font_surface to = {
		pixels, FONT_WIDTH, FONT_HEIGHT, FONT_WIDTH * 4,
	};
	const char text[2] = { c };

	memset(pixels, 0, FONT_WIDTH * FONT_HEIGHT * 4);
	font_draw(&to, 0, 0, 1, 1, text);
}

static void test_font(void)
{
	static uint32_t glyphs[128][FONT_WIDTH * FONT_HEIGHT];
	const uint32_t blank[FONT_WIDTH * FONT_HEIGHT] = { 0 };
	uint32_t area[8 * 8];
	const struct font_surface small = { area + 9, 6, 6, 8 * 4 };
	char text[] = "na\xc3\xafve";
	unsigned int i, j, same = 0, outside = 0, inside = 0;

	for (i = 32; i < 127; i++) {
		draw_char(glyphs[i], (char)i);
		for (j = 32; j < i; j++)
			same += !memcmp(glyphs[i], glyphs[j], sizeof(glyphs[i]));
		same += i > 32 && !memcmp(glyphs[i], blank, sizeof(blank));
	}
	ok(!same, "no two characters of ASCII look alike, none but the space is blank");

	memset(area, 0, sizeof(area));
	font_draw(&small, 0, 0, 3, 7, "##");
	font_draw(&small, 4000000000u, 4000000000u, 1, 9, "#");
	font_draw(&small, 5, 5, 1, 7, "MMMM");
	for (i = 0; i < 64; i++) {
		bool in = i / 8 >= 1 && i / 8 <= 6 && i % 8 >= 1 && i % 8 <= 6;

		inside += in && area[i] == 7;
		outside += area[i] && (!in || area[i] != 7);
	}
	ok(inside && !outside, "what is outside of the surface is left out");
	ok(font_length(text) == 5 && font_text_width(text, 2) == 60,
	   "UTF-8 is measured in characters");
	font_cut(text, 3);
	ok(!strcmp(text, "na\xc3\xaf"), "and cut between them");
}

static void test_answer(void)
{
	const uint32_t dims[] = { 3 };
	struct lutna_tensor_info out = {
		.type = LUTNA_ELEMENT_S32, .rank = 1, .dims = dims, .bytes = 12,
		.scale = 0.5f, .zero_point = 0,
	};
	const int32_t values[] = { 1, 1, 1, 2, 4, 0, INT32_MIN, 0, INT32_MAX };
	const uint8_t bytes[] = { 200, 202, 198 };
	double p[3];

	ok(answer_best(&out, values, 0) == 0 && answer_best(&out, values, 1) == 1,
	   "the greatest, the first of equal ones");
	answer_probabilities(&out, values, 1, p);
	ok(fabs(p[0] + p[1] + p[2] - 1) < 1e-12 &&
	   fabs(p[1] / p[0] - exp(1)) < 1e-12 && fabs(p[0] / p[2] - exp(1)) < 1e-12,
	   "softmax of real values");
	answer_probabilities(&out, values, 2, p);
	ok(p[0] == 0 && p[1] == 0 && p[2] == 1, "values that are far apart");
	out.type = LUTNA_ELEMENT_U8;
	out.bytes = 3;
	out.zero_point = 128;
	answer_probabilities(&out, bytes, 0, p);
	ok(answer_best(&out, bytes, 0) == 1 && fabs(p[1] / p[0] - exp(1)) < 1e-12,
	   "outputs of bytes");
	out.bytes = 1;
	ok(!answer_classes(&out), "one output is no class");
	out.bytes = CLASSES_MAX + 1;
	ok(!answer_classes(&out), "nor are too many");
}

int main(void)
{
	puts("TAP version 13");
	test_layout();
	test_fill();
	test_picture(CANVAS_GREY, 1, "a picture in grey, as it is");
	test_picture(CANVAS_GREY, 6, "six times as large");
	test_picture(CANVAS_GLOW, 5, "in colours");
	test_refusals();
	test_font();
	test_answer();
	printf("1..%d\n", tests);
	return failures != 0;
}
