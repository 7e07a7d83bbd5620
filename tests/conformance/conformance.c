// SPDX-License-Identifier: GPL-2.0-only
/*
 * ONNX's own test data: every model is compiled or refused with one line, and
 * each operator that the compiler takes is computed as ONNX says.
 */
#include <glob.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <lutna/lutna.h>

#include "compile/compile.h"
#include "tap.h"
#include "variant.h"

/**
 * struct outcome - what became of a variant
 * @compiled: it was taken
 * @right: and gave what it should
 * @why: refusal, or what was wrong
 */
struct outcome {
	bool compiled;
	bool right;
	char why[DIAG_TEXT];
};

static bool is_one_line(const struct diag *diag)
{
	const char *at;

	for (at = diag->text; *at; at++)
		if (*at < 0x20 || *at > 0x7e)
			return false;
	return diag->text[0] && !strstr(diag->text, "please report");
}

static int compile_bytes(const uint8_t *data, size_t size, const char *name,
			 struct diag *diag, uint8_t **out, size_t *out_size)
{
	const struct compile_options options = { .batch = 0 };

	diag->file = name;
	return compile_memory(data, size, &options, diag, out, out_size, NULL);
}

static uint8_t to_code(double number, const struct lutna_tensor_info *info)
{
	double code = nearbyint(number / (double)info->scale) + info->zero_point;

	return (uint8_t)fmin(fmax(code, 0), 255);
}

/* Real numbers become bytes as the model's input says. */
static bool fill(struct lutna_session *session, const struct lutna_model *model,
		 const struct node_test *test, const struct variant *variant)
{
	size_t i, k, count;

	for (i = 0; i < variant->n_data; i++) {
		const Onnx__TensorProto *tensor = test->inputs[variant->data[i]];
		uint8_t *to = lutna_session_input(session, 0, (unsigned int)i);
		struct lutna_tensor_info info;
		double *numbers = tensor_numbers(tensor, &count);
		bool real = tensor->data_type == FLOAT;

		if (!numbers || !to ||
		    lutna_model_input(model, (unsigned int)i, &info) ||
		    info.bytes * lutna_model_batch(model) != count) {
			free(numbers);
			return false;
		}
		for (k = 0; k < count; k++)
			to[k] = real ? to_code(numbers[k], &info) :
				       (uint8_t)(int)numbers[k];
		free(numbers);
	}
	return true;
}

/* The output is an integer type of the test's, or real numbers on a grid. */
static double to_number(const struct node_test *test,
			const struct lutna_tensor_info *info, const void *data,
			size_t i)
{
	double code = info->type == LUTNA_ELEMENT_S32 ?
		      ((const int32_t *)data)[i] : ((const uint8_t *)data)[i];

	switch (test->output->data_type) {
	case FLOAT:
		return (double)info->scale * (code - info->zero_point);
	case INT8:
		return code - 128;
	default:
		return code;
	}
}

static void compare(const struct lutna_model *model, const void *data,
		    const struct node_test *test, const struct variant *variant,
		    struct outcome *outcome)
{
	struct lutna_tensor_info info;
	size_t i, count;

	if (lutna_model_output(model, 0, &info))
		return;
	count = info.bytes / (info.type == LUTNA_ELEMENT_S32 ? 4 : 1) *
		lutna_model_batch(model);
	if (count != variant->count) {
		snprintf(outcome->why, sizeof(outcome->why),
			 "%zu numbers instead of %zu", count, variant->count);
		return;
	}
	for (i = 0; i < count; i++) {
		double got = to_number(test, &info, data, i);

		if (fabs(got - variant->wanted[i]) <= variant->error)
			continue;
		snprintf(outcome->why, sizeof(outcome->why),
			 "element %zu is %g, not %g (%g off at most)", i, got,
			 variant->wanted[i], variant->error);
		return;
	}
	outcome->right = true;
}

static void run(const struct lutna_model *model, struct lutna_device *dev,
		const struct node_test *test, const struct variant *variant,
		struct outcome *outcome)
{
	struct lutna_session_options options = LUTNA_SESSION_OPTIONS_INIT;
	struct lutna_session *session;

	options.slots = 1;
	if (lutna_session_new(&session, dev, model, &options)) {
		snprintf(outcome->why, sizeof(outcome->why), "%s",
			 lutna_last_error());
		return;
	}
	if (!fill(session, model, test, variant))
		snprintf(outcome->why, sizeof(outcome->why),
			 "inputs of another size");
	else if (lutna_session_start(session, 0) ||
		 lutna_session_finish(session, 0, -1, NULL))
		snprintf(outcome->why, sizeof(outcome->why), "%s",
			 lutna_last_error());
	else
		compare(model, lutna_session_output(session, 0, 0), test, variant,
			outcome);
	lutna_session_free(session);
}

static void try_variant(const struct node_test *test,
			const struct variant *variant, struct outcome *outcome)
{
	uint8_t *onnx, *container = NULL;
	size_t onnx_size, size;
	struct lutna_model *model = NULL;
	struct lutna_device *dev = NULL;
	struct diag diag;

	memset(outcome, 0, sizeof(*outcome));
	onnx = onnx_model_pack(&variant->model, &onnx_size);
	if (compile_bytes(onnx, onnx_size, test->name, &diag, &container, &size)) {
		snprintf(outcome->why, sizeof(outcome->why), "%s",
			 is_one_line(&diag) ? diag.text : "NOT ONE LINE");
		free(onnx);
		return;
	}
	outcome->compiled = true;
	if (lutna_model_load_memory(&model, container, size) ||
	    lutna_device_open(&dev, "sim"))
		snprintf(outcome->why, sizeof(outcome->why), "%s",
			 lutna_last_error());
	else
		run(model, dev, test, variant, outcome);
	lutna_device_close(dev);
	lutna_model_free(model);
	free(container);
	free(onnx);
}

/**
 * struct totals - over all tests
 * @seen: models
 * @taken: compiled as they are
 * @refused: as they are, with one line
 * @unclean: refused in another way
 * @made_over: variants that were taken
 * @variant_refused: variants that were not
 */
struct totals {
	unsigned int seen;
	unsigned int taken;
	unsigned int refused;
	unsigned int unclean;
	unsigned int made_over;
	unsigned int variant_refused;
};

static void as_it_is(const struct node_test *test, struct totals *totals)
{
	uint8_t *out;
	size_t size;
	struct diag diag;

	totals->seen++;
	if (!compile_bytes(test->file, test->size, test->name, &diag, &out, &size)) {
		totals->taken++;
		printf("# taken as it is: %s\n", test->name);
		free(out);
	} else if (is_one_line(&diag)) {
		totals->refused++;
	} else {
		totals->unclean++;
		printf("# no proper line: %s\n", test->name);
	}
}

/* Tests that must be taken, one a line; the others must not. */
static bool is_listed(const char *list, const char *name)
{
	size_t length = strlen(name);
	const char *at = list;

	while ((at = strstr(at, name))) {
		if ((at == list || at[-1] == '\n') && at[length] == '\n')
			return true;
		at += length;
	}
	return false;
}

static void made_over(const struct node_test *test, const char *list,
		      struct totals *totals)
{
	struct outcome outcome;
	struct variant variant;

	if (!variant_make(test, &variant))
		return;
	try_variant(test, &variant, &outcome);
	if (outcome.compiled)
		totals->made_over++;
	else
		totals->variant_refused++;
	if (!ok(is_listed(list, test->name) ? outcome.right :
		!outcome.compiled && strcmp(outcome.why, "NOT ONE LINE"),
		"%s: %s", test->name, is_listed(list, test->name) ?
		"computed as ONNX says" : "refused"))
		printf("# %s\n", outcome.compiled && outcome.right ?
		       "is taken and right: add it to the list" : outcome.why);
	else if (outcome.compiled)
		printf("# within %.2g of numbers up to %.3g\n", variant.error,
		       variant.most);
	else
		printf("# %s\n", outcome.why);
	variant_free(&variant);
}

static char *read_list(const char *path)
{
	FILE *file = fopen(path, "re");
	char *list = calloc(1, 65536);

	if (!file || !list)
		exit(1);
	list[fread(list, 1, 65535, file)] = '\0';
	fclose(file);
	return list;
}

static void run_all(const char *data, const char *list, struct totals *totals)
{
	char pattern[512];
	glob_t found;
	size_t i;

	snprintf(pattern, sizeof(pattern), "%s/*/*", data);
	if (glob(pattern, 0, NULL, &found))
		return;
	for (i = 0; i < found.gl_pathc; i++) {
		struct node_test test;

		if (node_test_read(&test, found.gl_pathv[i])) {
			as_it_is(&test, totals);
			if (strstr(found.gl_pathv[i], "/node/") &&
			    node_test_unpack(&test, found.gl_pathv[i]))
				made_over(&test, list, totals);
		}
		node_test_free(&test);
	}
	globfree(&found);
}

/* A name that no directory has tells of a list that is out of date. */
static void check_list(const char *data, const char *list)
{
	char path[1024], name[256];
	unsigned int missing = 0;
	int length;

	while (sscanf(list, "%255s%n", name, &length) == 1) {
		FILE *file;

		snprintf(path, sizeof(path), "%s/node/%s/model.onnx", data, name);
		file = name[0] == '#' ? NULL : fopen(path, "re");
		if (file)
			fclose(file);
		else if (name[0] != '#')
			missing++;
		list += length;
		if (name[0] == '#')
			list += strcspn(list, "\n");
	}
	ok(!missing, "every test of the list is there");
}

int main(int argc, char **argv)
{
	struct totals totals = { 0 };
	char *list;

	if (argc != 3) {
		fputs("Usage: conformance DATA LIST\n", stderr);
		return 2;
	}
	list = read_list(argv[2]);
	run_all(argv[1], list, &totals);
	if (!totals.seen) {
		skip("ONNX's test data is not at %s", argv[1]);
		free(list);
		return tap_done();
	}
	check_list(argv[1], list);
	ok(!totals.unclean, "%u models as they are: %u taken, %u refused with one line",
	   totals.seen, totals.taken, totals.refused);
	printf("# made over for the device: %u computed as ONNX says, %u refused\n",
	       totals.made_over, totals.variant_refused);
	free(list);
	return tap_done();
}
