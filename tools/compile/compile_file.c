// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compile.h"

static int system_error(struct diag *diag, const char *doing)
{
	return diag_file(diag, -errno, "%s: %s", doing, strerror(errno));
}

/* Grows as bytes come, so that what is no regular file can be read too. */
static int read_all(int fd, struct diag *diag, uint8_t **out, size_t *out_size)
{
	size_t room = 65536, size = 0;
	uint8_t *data = malloc(room), *grown;

	while (data) {
		ssize_t got = read(fd, data + size, room - size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			free(data);
			return system_error(diag, "cannot be read");
		}
		if (!got) {
			*out = data;
			*out_size = size;
			return 0;
		}
		size += (size_t)got;
		if (size > COMPILE_FILE_MAX) {
			free(data);
			return diag_file(diag, -EFBIG, "larger than 2 GiB");
		}
		if (size < room)
			continue;
		room *= 2;
		grown = realloc(data, room);
		if (!grown)
			break;
		data = grown;
	}
	free(data);
	return diag_no_memory(diag);
}

int compile_read(const char *path, struct diag *diag, uint8_t **data,
		 size_t *size)
{
	int fd, err;

	diag->file = path;
	diag->text[0] = '\0';
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return system_error(diag, "cannot be opened");
	err = read_all(fd, diag, data, size);
	close(fd);
	return err;
}

static int write_all(int fd, const uint8_t *data, size_t size)
{
	while (size) {
		ssize_t put = write(fd, data, size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		data += put;
		size -= (size_t)put;
	}
	return 0;
}

/* The umask as it is for everybody; mkstemp() would make the file private. */
static mode_t file_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

/*
 * Written beside its place and then renamed, so that nobody ever sees a part
 * of it.
 */
static int replace_file(const char *path, const uint8_t *data, size_t size,
			struct diag *diag)
{
	size_t length = strlen(path);
	char *temporary = malloc(length + sizeof(".XXXXXX"));
	int fd, err;

	if (!temporary)
		return diag_no_memory(diag);
	memcpy(temporary, path, length);
	memcpy(temporary + length, ".XXXXXX", sizeof(".XXXXXX"));
	diag->file = path;
	fd = mkstemp(temporary);
	if (fd < 0) {
		err = system_error(diag, "cannot be written");
		goto out_free;
	}
	err = write_all(fd, data, size);
	if (!err && fchmod(fd, file_mode()))
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	if (!err && rename(temporary, path))
		err = -errno;
	if (err) {
		unlink(temporary);
		diag_file(diag, err, "cannot be written: %s", strerror(-err));
	}
out_free:
	free(temporary);
	return err;
}

/* "dir/net.onnx" is called "net". */
static char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name = strdup(slash ? slash + 1 : path);
	char *dot = name ? strrchr(name, '.') : NULL;

	if (dot && dot != name && !strcmp(dot, ".onnx"))
		*dot = '\0';
	return name;
}

int compile_file(const char *path, const char *out_path,
		 const struct compile_options *options, struct diag *diag,
		 struct compile_report *report)
{
	struct compile_options own = *options;
	uint8_t *data = NULL, *container;
	size_t size = 0, container_size;
	char *name = NULL;
	int err;

	err = compile_read(path, diag, &data, &size);
	if (err)
		return err;
	if (!own.name) {
		name = name_of(path);
		own.name = name;
	}
	err = compile_memory(data, size, &own, diag, &container,
			     &container_size, report);
	free(data);
	free(name);
	if (err)
		return err;
	err = replace_file(out_path, container, container_size, diag);
	free(container);
	return err;
}
