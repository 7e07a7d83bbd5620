// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "dataset.h"

char *dataset_labels(const char *images)
{
	const char *slash = strrchr(images, '/');
	const char *name = slash ? slash + 1 : images;
	const char *at = strstr(name, "images-idx3");
	char *path;

	if (!at)
		return NULL;
	path = strdup(images);
	if (!path)
		return NULL;
	memcpy(path + (at - images), "labels-idx1", strlen("labels-idx1"));
	if (!access(path, R_OK))
		return path;
	free(path);
	return NULL;
}

int dataset_missing(const char *path)
{
	if (!access(path, F_OK) || errno != ENOENT)
		return STATUS_OK;
	return complain("%s: %s; Debian's package dataset-fashion-mnist has Fashion-MNIST in /usr/share/datasets",
			path, strerror(errno));
}
