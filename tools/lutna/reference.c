// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lutna/lutna.h>

#include "command.h"
#include "print.h"
#include "reference.h"

static int compute(struct reference *reference, struct lutna_device *dev,
		   const struct lutna_model *model)
{
	struct lutna_session_options options = LUTNA_SESSION_OPTIONS_INIT;
	struct lutna_session *session;
	int err;

	options.slots = 1;
	err = lutna_session_new(&session, dev, model, &options);
	if (err)
		return err;
	err = lutna_session_run(session, reference->images, reference->count,
				reference->outputs, NULL, NULL);
	lutna_session_free(session);
	return err;
}

static int compute_all(struct reference *reference)
{
	struct lutna_model *model;
	struct lutna_device *dev;
	int err;

	err = lutna_model_load(&model, reference->model_path);
	if (err)
		return err;
	err = lutna_device_open(&dev, "sim-literal");
	if (!err) {
		err = compute(reference, dev, model);
		lutna_device_close(dev);
	}
	lutna_model_free(model);
	return err;
}

static void *work(void *opaque)
{
	struct reference *reference = opaque;

	/* What went wrong is known to this thread alone. */
	if (compute_all(reference))
		snprintf(reference->problem, sizeof(reference->problem), "%s",
			 lutna_last_error());
	return NULL;
}

int reference_start(struct reference *reference)
{
	int err;

	reference->problem[0] = '\0';
	reference->outputs = malloc(reference->bytes);
	if (!reference->outputs)
		return complain("out of memory");
	err = pthread_create(&reference->thread, NULL, work, reference);
	if (!err)
		return 0;
	free(reference->outputs);
	reference->outputs = NULL;
	return complain("no thread for the reference: %s", strerror(err));
}

int reference_finish(struct reference *reference)
{
	pthread_join(reference->thread, NULL);
	if (reference->problem[0])
		return complain("reference: %s", reference->problem);
	return 0;
}

int expectation_read(const char *path, size_t bytes, void **out)
{
	FILE *file = fopen(path, "rbe");
	char *data = NULL;
	size_t got;

	if (!file)
		return complain("%s: %s", path, strerror(errno));
	/* One byte more, so that a file that is too long shows. */
	data = malloc(bytes + 1);
	if (!data) {
		fclose(file);
		return complain("out of memory");
	}
	got = fread(data, 1, bytes + 1, file);
	if (ferror(file)) {
		complain("%s: %s", path, strerror(errno));
	} else if (got != bytes) {
		complain("%s: does not hold outputs of this model for these images (%zu bytes are needed)",
			 path, bytes);
	} else {
		fclose(file);
		*out = data;
		return 0;
	}
	fclose(file);
	free(data);
	return STATUS_FAILURE;
}

int expectation_write(const char *path, const void *data, size_t bytes)
{
	size_t length = strlen(path);
	char *temporary = malloc(length + sizeof(".XXXXXX"));
	FILE *file = NULL;
	int fd, err = 0;

	if (!temporary)
		return complain("out of memory");
	memcpy(temporary, path, length);
	memcpy(temporary + length, ".XXXXXX", sizeof(".XXXXXX"));
	fd = mkstemp(temporary);
	if (fd >= 0)
		file = fdopen(fd, "wb");
	if (!file) {
		err = errno;
	} else {
		if (fwrite(data, 1, bytes, file) != bytes)
			err = errno;
		if (fclose(file) && !err)
			err = errno;
		if (!err && rename(temporary, path))
			err = errno;
	}
	if (err && fd >= 0)
		unlink(temporary);
	free(temporary);
	return err ? complain("%s: %s", path, strerror(err)) : 0;
}

static int64_t element(const void *data, int type, size_t index)
{
	int32_t value;

	if (type != LUTNA_ELEMENT_S32)
		return ((const uint8_t *)data)[index];
	memcpy(&value, (const char *)data + index * sizeof(value), sizeof(value));
	return value;
}

void reference_compare(struct run_report *report,
		       const struct lutna_tensor_info *output,
		       const void *got, const void *wanted, const char *name)
{
	size_t size = output->type == LUTNA_ELEMENT_S32 ? 4 : 1;
	size_t each = output->bytes / size, i;

	report->reference = name;
	report->different = 0;
	report->verdict = VERDICT_EQUAL;
	for (i = 0; i < each * report->count; i++) {
		int64_t a = element(got, output->type, i);
		int64_t b = element(wanted, output->type, i);

		if (a == b)
			continue;
		if (!report->different) {
			report->first_image = i / each;
			report->first_output = i % each;
			report->got = a;
			report->wanted = b;
		}
		report->different++;
		report->verdict = VERDICT_DIFFERS;
	}
}
