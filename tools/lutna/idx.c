// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "command.h"
#include "idx.h"

#define TYPE_U8		0x08
#define STEP_BYTES	((size_t)1 << 20)
#define BYTES_MAX	((size_t)1 << 40)

struct reader {
	gzFile file;
	const char *path;
};

static int file_error(const struct reader *reader)
{
	int code, err = errno;
	const char *text = gzerror(reader->file, &code);

	if (code == Z_ERRNO)
		return complain("%s: %s", reader->path, strerror(err)), -EIO;
	return complain("%s: %s", reader->path, text), -EIO;
}

/* Bytes read, fewer at the end; negative after a message. */
static long read_bytes(const struct reader *reader, void *to, size_t bytes)
{
	size_t have = 0;

	while (have < bytes) {
		int got = gzread(reader->file, (char *)to + have,
				 (unsigned int)(bytes - have));

		if (got < 0)
			return file_error(reader);
		if (!got)
			break;
		have += (size_t)got;
	}
	return (long)have;
}

static int read_header(const struct reader *reader, size_t *count,
		       struct idx *idx)
{
	uint8_t header[4], size[4];
	unsigned int i;
	long got;

	got = read_bytes(reader, header, sizeof(header));
	if (got < 0)
		return (int)got;
	if (got < 4 || header[0] || header[1] || header[2] != TYPE_U8 ||
	    header[3] < 1 || header[3] > IDX_RANK + 1) {
		complain("%s: not an IDX file of bytes", reader->path);
		return -EINVAL;
	}
	idx->rank = header[3] - 1u;
	idx->item_bytes = 1;
	for (i = 0; i < header[3]; i++) {
		uint32_t value;

		got = read_bytes(reader, size, sizeof(size));
		if (got < 0)
			return (int)got;
		value = (uint32_t)size[0] << 24 | (uint32_t)size[1] << 16 |
			(uint32_t)size[2] << 8 | size[3];
		if (got < 4 || !value) {
			complain("%s: its header is cut short or has a size of 0",
				 reader->path);
			return -EINVAL;
		}
		if (!i) {
			*count = value;
			continue;
		}
		idx->dims[i - 1] = value;
		if (__builtin_mul_overflow(idx->item_bytes, value,
					   &idx->item_bytes) ||
		    idx->item_bytes > BYTES_MAX) {
			complain("%s: its items are too large", reader->path);
			return -EINVAL;
		}
	}
	return 0;
}

static int read_items(const struct reader *reader, struct idx *idx)
{
	size_t bytes, have = 0, room = 0;

	if (__builtin_mul_overflow(idx->count, idx->item_bytes, &bytes) ||
	    bytes > BYTES_MAX) {
		complain("%s: too large", reader->path);
		return -EINVAL;
	}
	while (have < bytes) {
		size_t step = bytes - have < STEP_BYTES ? bytes - have : STEP_BYTES;
		uint8_t *grown;
		long got;

		if (room < have + step) {
			room = room * 2 < bytes ? room * 2 : bytes;
			if (room < have + step)
				room = have + step;
			grown = realloc(idx->data, room);
			if (!grown) {
				complain("%s: out of memory", reader->path);
				return -ENOMEM;
			}
			idx->data = grown;
		}
		got = read_bytes(reader, idx->data + have, step);
		if (got < 0)
			return (int)got;
		have += (size_t)got;
		if ((size_t)got < step) {
			complain("%s: cut short: it holds %zu of %zu items",
				 reader->path, have / idx->item_bytes, idx->count);
			return -EINVAL;
		}
	}
	return 0;
}

int idx_read(const char *path, size_t most, struct idx *out)
{
	struct reader reader = { .path = path };
	struct idx idx = { .data = NULL };
	int err;

	errno = 0;
	reader.file = gzopen(path, "rbe");
	if (!reader.file) {
		err = errno ? errno : ENOMEM;
		complain("%s: %s", path, strerror(err));
		return -err;
	}
	err = read_header(&reader, &idx.count, &idx);
	if (!err) {
		if (most && most < idx.count)
			idx.count = most;
		err = read_items(&reader, &idx);
	}
	gzclose(reader.file);
	if (err) {
		free(idx.data);
		return err;
	}
	*out = idx;
	return 0;
}

void idx_free(struct idx *idx)
{
	free(idx->data);
	idx->data = NULL;
}
