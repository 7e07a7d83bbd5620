// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "input.h"

json *input_read(const char *dir, const char *name)
{
	char path[4096];
	json *value;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path))
		errx(1, "%s/%s: the name is too long", dir, name);
	if (access(path, F_OK))
		return NULL;
	value = json_object_from_file(path);
	if (!value)
		errx(1, "%s", json_util_get_last_err());
	return value;
}

static json *find(json *from, const char *path)
{
	char key[64];

	while (from && *path) {
		size_t length = strcspn(path, ".");

		if (length >= sizeof(key))
			return NULL;
		memcpy(key, path, length);
		key[length] = 0;
		if (!json_object_object_get_ex(from, key, &from))
			return NULL;
		path += length + (path[length] == '.');
	}
	return from;
}

json *input_get(json *from, const char *path)
{
	json *value = find(from, path);

	if (!value)
		errx(1, "a result has no '%s'", path);
	return value;
}

bool input_has(json *from, const char *path)
{
	return find(from, path) != NULL;
}

double input_number(json *from, const char *path)
{
	return json_object_get_double(input_get(from, path));
}

const char *input_text(json *from, const char *path)
{
	return json_object_get_string(input_get(from, path));
}
