// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

#define CHUNK_BYTES	65536
#define LARGE_BYTES	(CHUNK_BYTES / 4)

struct arena_chunk {
	struct arena_chunk *next;
	size_t used;
	size_t size;
	max_align_t data[];
};

static size_t align_up(size_t bytes)
{
	const size_t align = sizeof(max_align_t);

	return (bytes + align - 1) / align * align;
}

/*
 * A large request gets a chunk of its own, behind the one that small requests
 * are served from.
 */
static struct arena_chunk *add_chunk(struct arena *arena, size_t bytes)
{
	bool large = bytes > LARGE_BYTES;
	size_t size = large ? bytes : CHUNK_BYTES;
	struct arena_chunk *chunk = calloc(1, sizeof(*chunk) + size);

	if (!chunk)
		return NULL;
	chunk->size = size;
	if (large && arena->chunks) {
		chunk->next = arena->chunks->next;
		arena->chunks->next = chunk;
	} else {
		chunk->next = arena->chunks;
		arena->chunks = chunk;
	}
	return chunk;
}

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
	struct arena_chunk *chunk = arena->chunks;
	size_t bytes;
	void *p;

	if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
		return NULL;
	bytes = align_up(bytes ? bytes : 1);
	if (arena->limit && bytes > arena->limit - arena->used)
		return NULL;
	if (bytes > LARGE_BYTES || !chunk || chunk->size - chunk->used < bytes)
		chunk = add_chunk(arena, bytes);
	if (!chunk)
		return NULL;
	p = (char *)chunk->data + chunk->used;
	chunk->used += bytes;
	arena->used += bytes;
	return p;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	char *text;
	int length;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0)
		return NULL;
	text = arena_alloc(arena, (size_t)length + 1, 1);
	if (!text)
		return NULL;
	va_start(args, format);
	vsnprintf(text, (size_t)length + 1, format, args);
	va_end(args);
	return text;
}

int arena_grow(struct arena *arena, void **array, size_t count,
	       size_t *capacity, size_t size)
{
	size_t more;
	void *p;

	if (count < *capacity)
		return 0;
	more = *capacity ? *capacity * 2 : 16;
	p = arena_alloc(arena, more, size);
	if (!p)
		return -ENOMEM;
	if (count)
		memcpy(p, *array, count * size);
	*array = p;
	*capacity = more;
	return 0;
}

void arena_free(struct arena *arena)
{
	struct arena_chunk *chunk = arena->chunks;

	while (chunk) {
		struct arena_chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
	arena->chunks = NULL;
	arena->used = 0;
}
