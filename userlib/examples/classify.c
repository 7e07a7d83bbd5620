// SPDX-License-Identifier: MIT
/*
 * Classifies one image.
 *
 *	cc classify.c $(pkg-config --cflags --libs lutna)
 *	./a.out MODEL.lutna IMAGE [DEVICE]
 *
 * IMAGE has the bytes of the model's input as they are: for a picture of one
 * channel the grey values, row by row.
 */
#include <stdio.h>
#include <stdlib.h>

#include <lutna/lutna.h>

static int fail(const char *text)
{
	fprintf(stderr, "classify: %s\n", text);
	return 1;
}

static int32_t score(const void *scores, int type, size_t i)
{
	return type == LUTNA_ELEMENT_S32 ? ((const int32_t *)scores)[i] :
					   ((const uint8_t *)scores)[i];
}

static int classify(struct lutna_device *dev, struct lutna_model *model,
		    FILE *file)
{
	struct lutna_session_options options = LUTNA_SESSION_OPTIONS_INIT;
	unsigned int classes = lutna_model_class_count(model), best = 0, i;
	struct lutna_tensor_info in, out;
	struct lutna_session *session;
	void *image, *scores;
	int err = 1;

	if (lutna_model_input(model, 0, &in) ||
	    lutna_model_output(model, 0, &out))
		return fail(lutna_last_error());
	if (!classes ||
	    out.bytes != classes * (out.type == LUTNA_ELEMENT_S32 ? 4u : 1u))
		return fail("the model is no classifier");

	image = malloc(in.bytes);
	scores = malloc(out.bytes);
	options.slots = 1;
	if (!image || !scores || fread(image, 1, in.bytes, file) != in.bytes) {
		fail("cannot read the image");
	} else if (lutna_session_new(&session, dev, model, &options)) {
		fail(lutna_last_error());
	} else {
		err = lutna_session_run(session, image, 1, scores, NULL, NULL);
		lutna_session_free(session);
		if (err)
			fail(lutna_last_error());
	}
	for (i = 1; !err && i < classes; i++) {
		if (score(scores, out.type, i) > score(scores, out.type, best))
			best = i;
	}
	if (!err)
		puts(lutna_model_class(model, best));
	free(image);
	free(scores);
	return err ? 1 : 0;
}

int main(int argc, char **argv)
{
	struct lutna_device *dev;
	struct lutna_model *model;
	FILE *file;
	int ret;

	if (argc < 3 || argc > 4)
		return fail("usage: classify MODEL.lutna IMAGE [DEVICE]");
	file = fopen(argv[2], "rb");
	if (!file)
		return fail("cannot open the image");
	if (lutna_model_load(&model, argv[1]))
		return fail(lutna_last_error());
	if (lutna_device_open(&dev, argc > 3 ? argv[3] : NULL))
		return fail(lutna_last_error());
	ret = classify(dev, model, file);
	lutna_device_close(dev);
	lutna_model_free(model);
	fclose(file);
	return ret;
}
