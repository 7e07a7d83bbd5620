// SPDX-License-Identifier: GPL-2.0-only
/* Activations of real networks, for lutna cost. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "command.h"
#include "cost_rows.h"

#define READ_MOST	((size_t)64 << 20)
#define READ_STEP	((size_t)1 << 20)
#define PIECES		(LUTNA_MEASURE_MAX / LUTNA_MEASURE_MIN)

/* What zlib has to complain about; it calls a lost end a lack of buffers. */
static int read_error(const char *path, gzFile file)
{
	const char *text;
	int code, err = errno;

	text = gzerror(file, &code);
	if (code == Z_OK || code == Z_STREAM_END)
		return 0;
	if (code == Z_ERRNO)
		text = strerror(err);
	else if (code == Z_BUF_ERROR)
		text = "cut short";
	complain("%s: %s", path, text);
	return -EIO;
}

/* Whatever the file holds, up to READ_MOST. */
static int read_some(const char *path, uint8_t **data, size_t *bytes)
{
	uint8_t *have = NULL, *grown;
	size_t count = 0, room = 0;
	gzFile file;
	int got, err = 0;

	errno = 0;
	file = gzopen(path, "rbe");
	if (!file) {
		err = errno ? errno : ENOMEM;
		complain("%s: %s", path, strerror(err));
		return -err;
	}
	do {
		if (room - count < READ_STEP) {
			room = room ? 2 * room : READ_STEP;
			grown = realloc(have, room);
			if (!grown) {
				complain("%s: out of memory", path);
				err = -ENOMEM;
				break;
			}
			have = grown;
		}
		got = gzread(file, have + count, (unsigned int)READ_STEP);
		if (got <= 0) {
			err = read_error(path, file);
			break;
		}
		count += (size_t)got;
	} while (count < READ_MOST);
	gzclose(file);
	if (err) {
		free(have);
		return err;
	}
	*data = have;
	*bytes = count;
	return 0;
}

/* Bytes of an IDX file's header; 0 of another file. */
static size_t header_bytes(const uint8_t *data, size_t bytes)
{
	size_t length;

	if (bytes < 4 || data[0] || data[1] || data[2] != 8 || !data[3])
		return 0;
	length = 4 + 4 * (size_t)data[3];
	return length <= bytes ? length : 0;
}

/* Pieces keep the order in which activations follow one another. */
static void take_pieces(const uint8_t *data, size_t count,
			struct cost_activations *out)
{
	size_t span = count - LUTNA_MEASURE_MIN, i;

	if (count <= LUTNA_MEASURE_MAX) {
		memcpy(out->data, data, count);
		out->count = count;
		return;
	}
	for (i = 0; i < PIECES; i++)
		memcpy(out->data + i * LUTNA_MEASURE_MIN,
		       data + span * i / (PIECES - 1), LUTNA_MEASURE_MIN);
	out->count = LUTNA_MEASURE_MAX;
}

int cost_activations_read(const char *path, struct cost_activations *out)
{
	size_t bytes = 0, skip;
	uint8_t *data = NULL;
	int err;

	err = read_some(path, &data, &bytes);
	if (err)
		return err;
	skip = header_bytes(data, bytes);
	if (bytes - skip < LUTNA_MEASURE_MIN) {
		complain("%s: %zu activations are too few, %u are needed", path,
			 bytes - skip, LUTNA_MEASURE_MIN);
		err = -EINVAL;
	} else {
		take_pieces(data + skip, bytes - skip, out);
	}
	free(data);
	return err;
}
