// SPDX-License-Identifier: GPL-2.0-only
/*
 * Broken files: each is refused with one line that names file, place and
 * reason.  The program is built with sanitizers, which watch for the rest.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compile/compile.h"
#include "onnx_model.h"
#include "refusal.h"
#include "tap.h"

#define FILE_NAME	"some.onnx"
#define MUTATIONS	6000
#define CUTS		150

static const struct compile_options five = { .batch = 5 };

/* Compiles and forgets; the diag is what is of interest. */
static int compile_bytes(const uint8_t *data, size_t size, struct diag *diag)
{
	/* Of its own size, so that any byte beyond the end is noticed. */
	uint8_t *own = malloc(size ? size : 1), *out;
	size_t out_size;
	int err;

	if (!own)
		abort();
	memcpy(own, data, size);
	diag->file = FILE_NAME;
	err = compile_memory(own, size, &five, diag, &out, &out_size, NULL);
	free(own);
	if (!err)
		free(out);
	return err;
}

static bool is_one_line(const struct diag *diag)
{
	const char *at;

	if (strncmp(diag->text, FILE_NAME ": ", strlen(FILE_NAME) + 2))
		return false;
	for (at = diag->text; *at; at++)
		if (*at < 0x20 || *at > 0x7e)
			return false;
	return strlen(diag->text) > strlen(FILE_NAME) + 4 &&
	       !strstr(diag->text, "please report");
}

static void test_baseline(void)
{
	struct onnx_model model;
	struct diag diag;
	uint8_t *data;
	size_t size;
	int err;

	onnx_tiny(&model);
	data = onnx_model_pack(&model, &size);
	err = compile_bytes(data, size, &diag);
	if (!ok(!err, "the model that is going to be spoilt is a good one"))
		printf("# %s\n", diag.text);
	free(data);
	onnx_model_free(&model);
}

static void test_refusals(void)
{
	size_t i;

	for (i = 0; i < refusal_count; i++) {
		const struct refusal *refusal = &refusals[i];
		struct onnx_model model;
		struct diag diag;
		uint8_t *data;
		size_t size;
		bool good;
		int err;

		onnx_tiny(&model);
		refusal->spoil(&model);
		data = onnx_model_pack(&model, &size);
		err = compile_bytes(data, size, &diag);
		good = err && is_one_line(&diag) &&
		       (!refusal->says[0] || strstr(diag.text, refusal->says[0])) &&
		       (!refusal->says[1] || strstr(diag.text, refusal->says[1]));
		ok(good, "%s", refusal->name);
		printf("# %s\n", err ? diag.text : "was compiled");
		free(data);
		onnx_model_free(&model);
	}
}

/*
 * A message that ends between two fields is a whole one: cut before the
 * metadata, which comes last, the model is a good model without metadata.
 */
static void test_cuts(void)
{
	size_t size, cut, good = 0, bad_text = 0;
	struct onnx_model model;
	struct diag diag;
	uint8_t *data;

	onnx_tiny(&model);
	data = onnx_model_pack(&model, &size);
	for (cut = 0; cut < size; cut++) {
		if (!compile_bytes(data, cut, &diag))
			good++;
		else if (!is_one_line(&diag))
			bad_text++;
	}
	ok(good == 1 && !bad_text, "cut short at each of %zu bytes", size);
	if (good != 1 || bad_text)
		printf("# %zu compiled, %zu without a proper line\n", good, bad_text);
	free(data);
	onnx_model_free(&model);
}

static uint8_t *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rbe");
	struct stat st;
	uint8_t *data;

	if (!file || fstat(fileno(file), &st))
		return NULL;
	*size = (size_t)st.st_size;
	data = malloc(*size);
	if (data && fread(data, 1, *size, file) != *size) {
		free(data);
		data = NULL;
	}
	fclose(file);
	return data;
}

static void test_zoo_cuts(void)
{
	size_t size, i, good = 0, bad_text = 0;
	uint8_t *data = read_file(ZOO "/vgg11-fmnist.onnx", &size);
	struct diag diag;

	if (!data) {
		ok(false, "the zoo's model can be read");
		return;
	}
	for (i = 0; i < CUTS; i++) {
		if (!compile_bytes(data, size / CUTS * i + i, &diag))
			good++;
		else if (!is_one_line(&diag))
			bad_text++;
	}
	ok(!good && !bad_text, "the zoo's model cut short at %d places", CUTS);
	free(data);
}

static uint64_t random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Most break the file, some only the model, a few nothing at all. */
static void test_mutations(void)
{
	uint64_t state = 0x9e3779b97f4a7c15;
	size_t size, bad_text = 0, refused = 0;
	struct onnx_model model;
	struct diag diag;
	uint8_t *data;
	int i, k;

	onnx_tiny(&model);
	data = onnx_model_pack(&model, &size);
	for (i = 0; i < MUTATIONS; i++) {
		uint8_t *copy = malloc(size);

		if (!copy)
			abort();
		memcpy(copy, data, size);
		for (k = 0; k <= i % 4; k++)
			copy[random_next(&state) % size] ^=
				(uint8_t)(1 << random_next(&state) % 8);
		if (compile_bytes(copy, size, &diag)) {
			refused++;
			if (!is_one_line(&diag)) {
				bad_text++;
				printf("# %s\n", diag.text);
			}
		}
		free(copy);
	}
	ok(!bad_text && refused, "%d mutations, %zu of them refused", MUTATIONS,
	   refused);
	free(data);
	onnx_model_free(&model);
}

static uint8_t *put_length(uint8_t *end, size_t length)
{
	uint8_t bytes[10];
	int n = 0;

	do {
		bytes[n++] = (uint8_t)(length & 0x7f) | (length > 0x7f ? 0x80 : 0);
		length >>= 7;
	} while (length);
	memcpy(end - n, bytes, (size_t)n);
	return end - n;
}

/* A graph in an attribute of a node of a graph, and so on, written backwards */
static void test_nesting(void)
{
	enum { LEVELS = 100000, ROOM = LEVELS * 24 };
	uint8_t *buffer = malloc(ROOM), *end = buffer + ROOM, *at = end;
	struct diag diag;
	int i;

	if (!buffer)
		abort();
	for (i = 0; i < LEVELS; i++) {
		static const uint8_t keys[] = {
			6 << 3 | 2,	/* AttributeProto.g */
			5 << 3 | 2,	/* NodeProto.attribute */
			1 << 3 | 2,	/* GraphProto.node */
		};
		int k;

		for (k = 0; k < 3; k++) {
			at = put_length(at, (size_t)(end - at));
			*--at = keys[k];
		}
	}
	at = put_length(at, (size_t)(end - at));
	*--at = 7 << 3 | 2;	/* ModelProto.graph */
	ok(compile_bytes(at, (size_t)(end - at), &diag) && is_one_line(&diag) &&
	   strstr(diag.text, "nested"), "%d graphs in one another", LEVELS);
	free(buffer);
}

/* Parts of two bytes, each of which the parser would make a structure of */
static void test_many_parts(void)
{
	enum { PARTS = 6 << 20 };
	uint8_t *buffer = malloc(2 * PARTS + 16), *at;
	uint8_t *end = buffer + 2 * PARTS + 16;
	struct diag diag;
	int i;

	if (!buffer)
		abort();
	at = end;
	for (i = 0; i < PARTS; i++) {
		*--at = 0;
		*--at = 1 << 3 | 2;	/* GraphProto.node */
	}
	at = put_length(at, (size_t)(end - at));
	*--at = 7 << 3 | 2;		/* ModelProto.graph */
	ok(compile_bytes(at, (size_t)(end - at), &diag) && is_one_line(&diag) &&
	   strstr(diag.text, "too many parts"), "%d empty nodes", PARTS);
	free(buffer);
}

/* What keeps a small file from asking for all the memory there is */
static void test_budget(void)
{
	struct arena arena = { .limit = 1000 };
	bool good;

	good = arena_alloc(&arena, 50, 10) && !arena_alloc(&arena, 60, 10) &&
	       arena_alloc(&arena, 40, 10) && !arena_alloc(&arena, SIZE_MAX, 2) &&
	       !arena_alloc(&arena, SIZE_MAX, 1);
	arena_free(&arena);
	ok(good && arena_alloc(&arena, 90, 10), "a compilation's memory is limited");
	arena_free(&arena);
}

static void test_not_models(void)
{
	static const char text[] = "This is no model at all.\n";
	uint8_t zeros[4096] = { 0 };
	struct diag diag;

	ok(compile_bytes((const uint8_t *)"", 0, &diag) && is_one_line(&diag),
	   "an empty file");
	ok(compile_bytes((const uint8_t *)text, sizeof(text), &diag) &&
	   is_one_line(&diag), "a text");
	ok(compile_bytes(zeros, sizeof(zeros), &diag) && is_one_line(&diag),
	   "zeros");
}

static void write_file(const char *path, const void *data, size_t size)
{
	FILE *file = fopen(path, "wbe");

	if (!file || fwrite(data, 1, size, file) != size || fclose(file))
		abort();
}

static int count_files(const char *path)
{
	DIR *dir = opendir(path);
	int count = 0;

	while (dir && readdir(dir))
		count++;
	closedir(dir);
	return count - 2;
}

static bool holds(const char *path, const char *text)
{
	size_t size = 0;
	uint8_t *data = read_file(path, &size);
	bool same = data && size == strlen(text) && !memcmp(data, text, size);

	free(data);
	return same;
}

/* What a failure leaves behind: what was there before, and nothing else. */
static void test_files(void)
{
	char dir[] = "/tmp/compile-test-XXXXXX";
	char good[64], bad[64], target[64], nowhere[96];
	struct onnx_model model;
	struct diag diag;
	uint8_t *data;
	size_t size;
	int err;

	if (!mkdtemp(dir))
		abort();
	snprintf(good, sizeof(good), "%s/good.onnx", dir);
	snprintf(bad, sizeof(bad), "%s/bad.onnx", dir);
	snprintf(target, sizeof(target), "%s/out.lutna", dir);
	snprintf(nowhere, sizeof(nowhere), "%s/no/out.lutna", dir);
	onnx_tiny(&model);
	data = onnx_model_pack(&model, &size);
	write_file(good, data, size);
	write_file(bad, data, size / 2);

	err = compile_file(bad, target, &five, &diag, NULL);
	ok(err && count_files(dir) == 2, "a broken model leaves no file");
	write_file(target, "precious", 8);
	err = compile_file(bad, target, &five, &diag, NULL);
	ok(err && count_files(dir) == 3 && holds(target, "precious"),
	   "a broken model leaves an older container alone");
	err = compile_file(good, nowhere, &five, &diag, NULL);
	ok(err && strstr(diag.text, nowhere), "a directory that is not there");
	err = compile_file(dir, target, &five, &diag, NULL);
	ok(err && strstr(diag.text, dir) && holds(target, "precious"),
	   "a directory in place of a model");
	err = compile_file("/nonexistent/model.onnx", target, &five, &diag, NULL);
	ok(err && strstr(diag.text, "/nonexistent/model.onnx"),
	   "a model that is not there");
	err = compile_file(good, target, &five, &diag, NULL);
	ok(!err && count_files(dir) == 3 && !holds(target, "precious"),
	   "a good model replaces it");

	unlink(good);
	unlink(bad);
	unlink(target);
	rmdir(dir);
	free(data);
	onnx_model_free(&model);
}

int main(void)
{
	test_baseline();
	test_refusals();
	test_not_models();
	test_nesting();
	test_many_parts();
	test_budget();
	test_cuts();
	test_zoo_cuts();
	test_mutations();
	test_files();
	return tap_done();
}
