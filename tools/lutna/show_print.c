// SPDX-License-Identifier: GPL-2.0-only
/*
 * What lutna show says.  In JSON it is one value a line, so that a reader need
 * not wait for the end.
 */
#include <json-c/json.h>
#include <stdio.h>

#include "show.h"

typedef struct json_object json;

static void add(json *to, const char *key, json *value)
{
	json_object_object_add(to, key, value);
}

static json *text(const char *value)
{
	return json_object_new_string(value);
}

static json *number(uint64_t value)
{
	return json_object_new_uint64(value);
}

static json *rectangle(unsigned int x, unsigned int y, unsigned int w,
		       unsigned int h)
{
	json *rect = json_object_new_object();

	add(rect, "x", number(x));
	add(rect, "y", number(y));
	add(rect, "width", number(w));
	add(rect, "height", number(h));
	return rect;
}

static void print_and_free(json *value)
{
	puts(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
	json_object_put(value);
}

static void place_json(const struct show_place *place)
{
	const struct show_layout *l = &place->layout;
	json *root = json_object_new_object(), *screen = json_object_new_object();

	add(root, "device", text(place->device.name));
	add(root, "model", text(lutna_model_name(place->model)));
	add(screen, "card", text(place->frame.card));
	add(screen, "output", text(place->frame.output));
	add(screen, "width", number(place->frame.width));
	add(screen, "height", number(place->frame.height));
	add(root, "screen", screen);
	add(root, "picture", rectangle(l->picture.x, l->picture.y,
				       l->picture.w * l->scale,
				       l->picture.h * l->scale));
	add(root, "scale", number(l->scale));
	add(root, "label", rectangle(l->label.x, l->label.y, l->label_room,
				     l->label.scale * FONT_HEIGHT));
	print_and_free(root);
}

static void answer_json(const struct show_place *place,
			const struct show_answer *answer)
{
	json *root = json_object_new_object(), *bars = json_object_new_array();
	unsigned int i;

	add(root, "image", number(answer->image));
	add(root, "predicted", text(answer->said_name));
	if (answer->truth_name)
		add(root, "label", text(answer->truth_name));
	add(root, "right", json_object_new_boolean(answer->right));
	for (i = 0; i < answer->bars; i++) {
		const struct canvas_rect *track = &place->layout.tracks[i];
		json *bar = json_object_new_object();

		add(bar, "class", text(answer->names[i]));
		add(bar, "probability",
		    json_object_new_double(answer->probabilities[i]));
		add(bar, "track", rectangle(track->x, track->y, track->w,
					    track->h));
		json_object_array_add(bars, bar);
	}
	add(root, "bars", bars);
	print_and_free(root);
}

void show_print_place(const struct show_place *place)
{
	if (place->json)
		place_json(place);
	else
		printf("%s: %s on %s, %s, %ux%u\n", place->device.name,
		       lutna_model_name(place->model), place->frame.card,
		       place->frame.output, place->frame.width,
		       place->frame.height);
	fflush(stdout);
}

void show_print_answer(const struct show_place *place,
		       const struct show_answer *answer)
{
	unsigned int i;

	if (place->json) {
		answer_json(place, answer);
		fflush(stdout);
		return;
	}
	printf("image %zu: ", answer->image);
	for (i = 0; i < answer->bars; i++)
		if (answer->classes[i] == answer->said)
			printf("%s, %.1f %%", answer->said_name,
			       100 * answer->probabilities[i]);
	if (answer->truth_name && answer->right)
		fputs("; right", stdout);
	else if (answer->truth_name)
		printf("; it is: %s", answer->truth_name);
	putchar('\n');
	fflush(stdout);
}
