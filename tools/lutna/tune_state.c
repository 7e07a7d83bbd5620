// SPDX-License-Identifier: GPL-2.0-only
/*
 * The state file: a line that says what it is about, then one line for each
 * thing that was found out, appended as it becomes known.  The search itself
 * leaves no trace: done again with the same answers it takes the same way.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <search.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "tune.h"

#define HEAD_BYTES	256
#define VERSION		"lutna-tune 2 "

static int by_key(const void *a, const void *b)
{
	const struct tune_record *x = a, *y = b;

	return x->part != y->part ? x->part - y->part : strcmp(x->key, y->key);
}

const struct tune_record *tune_state_find(const struct tune_state *state,
					  const char *key, int part)
{
	const struct tune_record wanted = { .key = (char *)key, .part = part };
	void *found = tfind(&wanted, &state->root, by_key);

	return found ? *(struct tune_record **)found : NULL;
}

static int remember(struct tune_state *state, char *key, int part,
		    const struct tune_score *score)
{
	struct tune_record *record = malloc(sizeof(*record)), **grown;

	if (!record)
		return -ENOMEM;
	if (state->count == state->room) {
		size_t room = state->room ? 2 * state->room : 64;

		grown = realloc(state->records, room * sizeof(*grown));
		if (!grown)
			goto err_free;
		state->records = grown;
		state->room = room;
	}
	*record = (struct tune_record){
		.key = key, .part = part, .score = *score,
	};
	if (!tsearch(record, &state->root, by_key))
		goto err_free;
	state->records[state->count++] = record;
	return 0;

err_free:
	free(record);
	return -ENOMEM;
}

static int append(int fd, const char *line, size_t length)
{
	while (length) {
		ssize_t put = write(fd, line, length);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		line += put;
		length -= (size_t)put;
	}
	return 0;
}

int tune_state_add(struct tune_state *state, char *key, int part,
		   const struct tune_score *score)
{
	char *line;
	int length, err;

	err = remember(state, key, part, score);
	if (err) {
		free(key);
		return err;
	}
	if (state->fd < 0)
		return 0;
	/* Exactly, in hexadecimal. */
	length = asprintf(&line, "%d %" PRIu64 " %" PRIu64 " %a %a %s\n", part,
			  score->correct, score->lost, score->doubt,
			  score->divergence, key);
	if (length < 0)
		return -ENOMEM;
	err = append(state->fd, line, (size_t)length);
	free(line);
	return err;
}

/* What the records are about */
static void head_line(const struct tune *tune, char line[HEAD_BYTES])
{
	uint64_t data = tune_hash(0, tune->images,
				  tune->count * tune->item_bytes);

	data = tune_hash(data, tune->labels, tune->count);
	snprintf(line, HEAD_BYTES,
		 VERSION "model %016" PRIx64 " data %016" PRIx64
		 " images %zu search %zu first %zu layers %zu\n",
		 tune->model.hash, data, tune->count, tune->search, tune->quick,
		 tune->model.count);
}

static bool key_fits(const struct tune *tune, const char *key)
{
	size_t i;

	if (strlen(key) != 3 * tune->model.count)
		return false;
	for (i = 0; key[i]; i++)
		if (key[i] < '0' || key[i] > '9')
			return false;
	return true;
}

static int take_record(struct tune *tune, const char *line)
{
	struct tune_score score;
	char *key = NULL;
	int part, used = 0, err;

	if (sscanf(line, "%d %" SCNu64 " %" SCNu64 " %la %la %n", &part,
		   &score.correct, &score.lost, &score.doubt, &score.divergence,
		   &used) != 5 || !used || part < 0 || part >= TUNE_PARTS ||
	    score.correct > tune->count ||
	    score.lost > tune->count - score.correct ||
	    !key_fits(tune, line + used))
		return -EINVAL;
	if (tune_state_find(&tune->state, line + used, part))
		return 0;
	key = strdup(line + used);
	if (!key)
		return -ENOMEM;
	err = remember(&tune->state, key, part, &score);
	if (err)
		free(key);
	return err;
}

static int compare_heads(const char *path, const char *have, const char *want)
{
	static const char *const fields[] = {
		"model", "data", "images", "search", "first",
	};
	static const char *const reasons[] = {
		"of another model", "of other images or labels",
		"of another number of images",
		"of another number of images that search",
		"of another number of first images",
	};
	size_t i;

	if (strncmp(have, "lutna-tune ", strlen("lutna-tune ")))
		return complain("%s: not a state file of lutna tune", path);
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]) &&
	     !strncmp(have, VERSION, strlen(VERSION)); i++) {
		const char *a = strstr(have, fields[i]), *b = strstr(want, fields[i]);
		size_t length = strlen(fields[i]) + 1;

		if (!a || !b || strcspn(a + length, " ") != strcspn(b + length, " ") ||
		    strncmp(a, b, length + strcspn(a + length, " ")))
			return complain("%s: is %s; remove it, or name another file",
					path, reasons[i]);
	}
	return complain("%s: is of another version; remove it, or name another file",
			path);
}

/*
 * Returns how much of the file is whole, or a negative number after a message.
 * A last line without an end is what a power cut leaves.
 */
static off_t read_lines(struct tune *tune, const char *path, FILE *file)
{
	char head[HEAD_BYTES], *line = NULL;
	off_t whole = 0;
	size_t room = 0, number = 0;
	ssize_t got;
	int err = 0;

	head_line(tune, head);
	while (!err && (got = getline(&line, &room, file)) > 0) {
		if (line[got - 1] != '\n')
			break;
		if (!number++) {
			if (strcmp(line, head))
				err = -compare_heads(path, line, head);
		} else {
			line[got - 1] = '\0';
			err = take_record(tune, line);
			if (err == -EINVAL)
				complain("%s: line %zu is damaged", path, number);
			else if (err)
				complain("out of memory");
		}
		whole += got;
	}
	if (!err && ferror(file)) {
		complain("%s: %s", path, strerror(errno));
		err = -1;
	}
	free(line);
	return err ? -1 : whole;
}

int tune_state_open(struct tune *tune, const char *path)
{
	char head[HEAD_BYTES];
	struct stat st;
	off_t whole;
	FILE *file;
	int fd, err = 0;

	tune->state.fd = -1;
	if (!path)
		return STATUS_OK;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND | O_NONBLOCK, 0666);
	if (fd < 0 || fstat(fd, &st))
		err = errno;
	else if (!S_ISREG(st.st_mode))
		err = EINVAL;
	file = err ? NULL : fdopen(dup(fd), "re");
	if (!err && !file)
		err = errno;
	if (err) {
		if (fd >= 0)
			close(fd);
		return complain("%s: %s", path, strerror(err));
	}
	whole = read_lines(tune, path, file);
	fclose(file);
	if (whole < 0)
		goto err_close;
	if (ftruncate(fd, whole))
		err = -errno;
	if (!err && !whole) {
		head_line(tune, head);
		err = append(fd, head, strlen(head));
	}
	if (err) {
		complain("%s: %s", path, strerror(-err));
		goto err_close;
	}
	tune->state.fd = fd;
	return STATUS_OK;

err_close:
	close(fd);
	return STATUS_FAILURE;
}

static void forget(void *node)
{
	(void)node;
}

void tune_state_close(struct tune_state *state)
{
	size_t i;

	if (state->fd >= 0)
		close(state->fd);
	tdestroy(state->root, forget);
	for (i = 0; i < state->count; i++) {
		free(state->records[i]->key);
		free(state->records[i]);
	}
	free(state->records);
}
