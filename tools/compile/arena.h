/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that a compilation takes piece by piece and gives back as a whole, so
 * that no path out of a pass has anything to free.
 */
#ifndef LUTNA_COMPILE_ARENA_H
#define LUTNA_COMPILE_ARENA_H

#include <stddef.h>

struct arena_chunk;

/**
 * struct arena - where the pieces are
 * @chunks: memory that was taken
 * @used: bytes that were asked for
 * @limit: more than this is refused as if there were no memory; 0: no limit
 */
struct arena {
	struct arena_chunk *chunks;
	size_t used;
	size_t limit;
};

#define ARENA_INIT { .chunks = NULL }

/**
 * arena_alloc() - zeroed memory that lives until arena_free()
 * @arena: where from
 * @count: elements; 0 gives a valid pointer to nothing
 * @size: bytes of one
 *
 * Return: memory aligned for any type, or NULL (no memory, or a product beyond
 * what fits a size_t)
 */
void *arena_alloc(struct arena *arena, size_t count, size_t size);

/**
 * arena_printf() - a string that lives until arena_free()
 * @arena: where from
 * @format: as printf()
 *
 * Return: the string, or NULL (no memory)
 */
char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * arena_grow() - make room for one more element of an array
 * @arena: where from
 * @array: the array's pointer, moved when it grows
 * @count: elements in use
 * @capacity: elements that there is room for
 * @size: bytes of one
 *
 * The capacity doubles, so that the copies stay in proportion to the elements.
 *
 * Return: 0 or -ENOMEM
 */
int arena_grow(struct arena *arena, void **array, size_t count,
	       size_t *capacity, size_t size);

/* Gives back everything; the arena is empty and can be used again. */
void arena_free(struct arena *arena);

#endif
