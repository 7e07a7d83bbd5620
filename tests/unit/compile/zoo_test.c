// SPDX-License-Identifier: GPL-2.0-only
/*
 * The zoo's models: their first logits must be those that the training side
 * computed with integers of its own.  One is looked at in every form.
 */
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <lutna/lutna.h>

#include "compile/compile.h"
#include "tap.h"

#define IMAGES		32
#define CLASSES		10
#define IMAGE_BYTES	(28 * 28)
#define IDX_HEADER	16
#define DATASET		"/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz"

/* Lines of numbers after lines that begin with '#' */
static bool read_expected(const char *path, int32_t *logits)
{
	FILE *file = fopen(path, "re");
	char line[1024];
	int count = 0;

	while (file && fgets(line, sizeof(line), file)) {
		char *at = line, *end;

		if (line[0] == '#')
			continue;
		for (;;) {
			long value = strtol(at, &end, 10);

			if (end == at)
				break;
			if (count == IMAGES * CLASSES)
				goto out;
			logits[count++] = (int32_t)value;
			at = end;
		}
	}
out:
	if (file)
		fclose(file);
	return count == IMAGES * CLASSES;
}

static bool read_images(const char *path, uint8_t *images)
{
	gzFile file = gzopen(path, "rb");
	uint8_t header[IDX_HEADER];
	bool good;

	if (!file)
		return false;
	good = gzread(file, header, sizeof(header)) == sizeof(header) &&
	       gzread(file, images, IMAGES * IMAGE_BYTES) == IMAGES * IMAGE_BYTES;
	gzclose(file);
	return good;
}

static void run(const struct lutna_model *model, const char *where,
		const uint8_t *images, const int32_t *expected, const char *name)
{
	static int32_t logits[IMAGES * CLASSES];
	struct lutna_session *session = NULL;
	struct lutna_device *dev = NULL;
	bool good;

	memset(logits, 0xff, sizeof(logits));
	good = !lutna_device_open(&dev, where) &&
	       !lutna_session_new(&session, dev, model, NULL) &&
	       !lutna_session_run(session, images, IMAGES, logits, NULL, NULL);
	if (!ok(good && !memcmp(logits, expected, sizeof(logits)),
		"%d images, %s, %s", IMAGES, name, where))
		printf("# %s\n", good ? "other logits" : lutna_last_error());
	lutna_session_free(session);
	lutna_device_close(dev);
}

static void check(const char *onnx, enum weights_form form, uint32_t batch,
		  const uint8_t *images, const int32_t *expected, const char *name)
{
	const struct compile_options options = { .batch = batch, .weights = form };
	char path[] = "/tmp/zoo-test-XXXXXX";
	struct lutna_model *model = NULL;
	struct compile_report report;
	struct diag diag;
	int fd = mkstemp(path);

	if (fd < 0)
		abort();
	if (!ok(!compile_file(onnx, path, &options, &diag, &report) &&
		!lutna_model_load(&model, path), "compiles, %s", name)) {
		printf("# %s\n", diag.text);
		goto out;
	}
	ok(report.workspace_bytes < report.workspace_unshared,
	   "%s: activations share memory", name);
	ok(lutna_model_class_count(model) == CLASSES, "%s: its classes have names",
	   name);
	run(model, "sim", images, expected, name);
	if (!strcmp(name, "auto"))
		run(model, "sim-literal", images, expected, name);
	lutna_model_free(model);
out:
	remove(path);
}

/* By name, so that one that goes missing shows. */
static const char *const networks[] = {
	"googlenet", "resnet18", "resnet34", "vgg11", "vgg19",
};

#define NETWORKS	(sizeof(networks) / sizeof(networks[0]))

static void file_of(const char *network, const char *end, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, ZOO "/%s-fmnist.%s", network, end);
}

static void check_all(const uint8_t *images)
{
	static int32_t expected[IMAGES * CLASSES];
	char path[PATH_MAX], onnx[PATH_MAX];
	glob_t all;
	size_t i;

	ok(!glob(ZOO "/*.onnx", 0, NULL, &all) && all.gl_pathc == NETWORKS,
	   "the zoo has %zu networks", NETWORKS);
	globfree(&all);
	for (i = 0; i < NETWORKS; i++) {
		file_of(networks[i], "expect", path);
		file_of(networks[i], "onnx", onnx);
		if (ok(read_expected(path, expected),
		       "%s: the expected logits can be read", networks[i]))
			check(onnx, WEIGHTS_AUTO, 0, images, expected, networks[i]);
	}
}

static void check_forms(const uint8_t *images)
{
	static int32_t expected[IMAGES * CLASSES];
	char path[PATH_MAX], onnx[PATH_MAX];

	file_of("vgg11", "expect", path);
	file_of("vgg11", "onnx", onnx);
	if (!read_expected(path, expected))
		return;
	check(onnx, WEIGHTS_AUTO, 0, images, expected, "auto");
	check(onnx, WEIGHTS_DENSE, 7, images, expected, "dense, batches of 7");
	check(onnx, WEIGHTS_COMPRESSED, 1, images, expected,
	      "compressed, batches of 1");
}

int main(void)
{
	static uint8_t images[IMAGES * IMAGE_BYTES];

	if (!read_images(DATASET, images)) {
		skip("%s is not there", DATASET);
		return tap_done();
	}
	check_all(images);
	check_forms(images);
	return tap_done();
}
