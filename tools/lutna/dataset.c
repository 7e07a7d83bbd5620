// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
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

/* The next word, without remarks; false at the end */
static bool next_word(FILE *f, char *word, size_t room)
{
	size_t n = 0;
	int c;

	while ((c = getc(f)) != EOF) {
		if (c == '#')
			while ((c = getc(f)) != EOF && c != '\n')
				;
		if (c == EOF || isspace(c)) {
			if (n)
				break;
			continue;
		}
		if (n + 1 < room)
			word[n++] = (char)c;
	}
	word[n] = '\0';
	return n > 0;
}

/* Indices of @count items; *picked is to be freed in any case */
static int read_indices(const char *path, FILE *f, size_t count, size_t **picked,
			size_t *n)
{
	bool *seen = calloc(count ? count : 1, sizeof(*seen));
	char word[24], *end;
	int status = STATUS_OK;

	*n = 0;
	*picked = calloc(count ? count : 1, sizeof(**picked));
	if (!seen || !*picked)
		status = complain("%s: out of memory", path);
	while (!status && next_word(f, word, sizeof(word))) {
		unsigned long long index;

		errno = 0;
		index = strtoull(word, &end, 10);
		if (!isdigit((unsigned char)word[0]) || *end || errno || index >= count)
			status = complain("%s: '%s' is no index of one of %zu images",
					  path, word, count);
		else if (seen[index])
			status = complain("%s: %llu is there twice", path, index);
		else
			(*picked)[(*n)++] = index;
		if (!status)
			seen[index] = true;
	}
	if (!status && ferror(f))
		status = complain("%s: %s", path, strerror(errno));
	if (!status && !*n)
		status = complain("%s: names no image", path);
	free(seen);
	return status;
}

static uint8_t *take(const struct idx *from, const size_t *picked, size_t n)
{
	uint8_t *data = calloc(n, from->item_bytes);
	size_t i;

	for (i = 0; data && i < n; i++)
		memcpy(data + i * from->item_bytes,
		       from->data + picked[i] * from->item_bytes,
		       from->item_bytes);
	return data;
}

static void become(struct idx *idx, uint8_t *data, size_t n)
{
	free(idx->data);
	idx->data = data;
	idx->count = n;
}

int dataset_subset(const char *path, struct idx *images, struct idx *labels)
{
	uint8_t *some_images = NULL, *some_labels = NULL;
	FILE *f = fopen(path, "re");
	size_t *picked, n;
	int status;

	if (!f)
		return complain("%s: %s", path, strerror(errno));
	status = read_indices(path, f, images->count, &picked, &n);
	fclose(f);
	if (!status) {
		some_images = take(images, picked, n);
		some_labels = take(labels, picked, n);
		if (!some_images || !some_labels)
			status = complain("%s: out of memory", path);
	}
	free(picked);
	if (status) {
		free(some_images);
		free(some_labels);
		return status;
	}
	become(images, some_images, n);
	become(labels, some_labels, n);
	return STATUS_OK;
}

int dataset_missing(const char *path)
{
	if (!access(path, F_OK) || errno != ENOENT)
		return STATUS_OK;
	return complain("%s: %s; Debian's package dataset-fashion-mnist has Fashion-MNIST in /usr/share/datasets",
			path, strerror(errno));
}
