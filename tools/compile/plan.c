// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "plan.h"

/* Strides have 32 bits. */
#define STORAGE_BYTES_MAX	UINT32_MAX
#define SEGMENT_BYTES_MAX	(UINT64_C(1) << 38)

/* A hole between storages in use; those after the last one are no hole. */
struct hole {
	uint64_t at;
	uint64_t bytes;
};

struct heap {
	struct hole *holes;	/* by address, none touches another */
	size_t count;
	size_t capacity;
	uint64_t end;		/* of what is in use */
	uint64_t peak;
};

static uint64_t round_up(uint64_t bytes)
{
	return (bytes + PLAN_ALIGN - 1) / PLAN_ALIGN * PLAN_ALIGN;
}

uint64_t plan_bytes(const struct program *program,
		    const struct storage *storage)
{
	uint64_t bytes = storage->elements *
			 (storage->type == LUTNA_TYPE_S32 ? 4 : 1);

	return storage->place == PLACE_CONSTANT ? bytes : bytes * program->batch;
}

static int check_size(const struct program *program,
		      const struct storage *storage)
{
	/* Elements are below 2^48 and a batch below 2^16: no overflow yet. */
	if (storage->elements > STORAGE_BYTES_MAX ||
	    plan_bytes(program, storage) > STORAGE_BYTES_MAX)
		return diag_file(program->diag, -EOPNOTSUPP,
				 "a tensor of %" PRIu64
				 " elements an image is too large for a batch of %" PRIu32,
				 storage->elements, program->batch);
	return 0;
}

static void remove_hole(struct heap *heap, size_t i)
{
	heap->count--;
	memmove(&heap->holes[i], &heap->holes[i + 1],
		(heap->count - i) * sizeof(*heap->holes));
}

/* The smallest hole that is large enough, or the end. */
static uint64_t heap_take(struct heap *heap, uint64_t bytes)
{
	size_t best = heap->count, i;
	uint64_t at;

	for (i = 0; i < heap->count; i++)
		if (heap->holes[i].bytes >= bytes &&
		    (best == heap->count ||
		     heap->holes[i].bytes < heap->holes[best].bytes))
			best = i;
	if (best == heap->count) {
		at = heap->end;
		heap->end += bytes;
		if (heap->end > heap->peak)
			heap->peak = heap->end;
		return at;
	}
	at = heap->holes[best].at;
	heap->holes[best].at += bytes;
	heap->holes[best].bytes -= bytes;
	if (!heap->holes[best].bytes)
		remove_hole(heap, best);
	return at;
}

/* First hole behind an address */
static size_t hole_behind(const struct heap *heap, uint64_t at)
{
	size_t low = 0, high = heap->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (heap->holes[middle].at < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void heap_give(struct heap *heap, uint64_t at, uint64_t bytes)
{
	size_t i = hole_behind(heap, at);

	if (i && heap->holes[i - 1].at + heap->holes[i - 1].bytes == at) {
		i--;
		at = heap->holes[i].at;
		bytes += heap->holes[i].bytes;
		remove_hole(heap, i);
	}
	if (i < heap->count && at + bytes == heap->holes[i].at) {
		bytes += heap->holes[i].bytes;
		remove_hole(heap, i);
	}
	if (at + bytes == heap->end) {
		heap->end = at;
		return;
	}
	memmove(&heap->holes[i + 1], &heap->holes[i],
		(heap->count - i) * sizeof(*heap->holes));
	heap->holes[i].at = at;
	heap->holes[i].bytes = bytes;
	heap->count++;
}

static void use(struct program *program, int tensor, size_t command)
{
	uint64_t at = 0;
	int root = program_root(program, program->tensors[tensor].storage, &at);
	struct storage *storage = &program->storages[root];

	if (storage->first > command)
		storage->first = command;
	storage->last = command;
}

static void find_lifetimes(struct program *program)
{
	size_t i;

	for (i = 0; i < program->n_storages; i++) {
		program->storages[i].first = SIZE_MAX;
		program->storages[i].last = 0;
	}
	for (i = 0; i < program->n_commands; i++) {
		const struct command *command = &program->commands[i];

		use(program, command->a.tensor, i);
		if (command->b.tensor >= 0)
			use(program, command->b.tensor, i);
		use(program, command->out, i);
	}
}

static bool in_workspace(const struct storage *storage)
{
	return storage->place == PLACE_WORKSPACE && storage->parent < 0 &&
	       storage->first != SIZE_MAX;
}

/*
 * Chains of storages that begin, and that end, with each command: heads are
 * indices plus one, so that zeroed memory means none.
 */
struct events {
	size_t *begin;
	size_t *end;
	size_t *next_begin;
	size_t *next_end;
};

static int find_events(const struct program *program, struct events *events)
{
	struct arena *arena = program->arena;
	size_t n = program->n_storages, i;

	events->begin = arena_alloc(arena, program->n_commands, sizeof(size_t));
	events->end = arena_alloc(arena, program->n_commands, sizeof(size_t));
	events->next_begin = arena_alloc(arena, n, sizeof(size_t));
	events->next_end = arena_alloc(arena, n, sizeof(size_t));
	if (!events->begin || !events->end || !events->next_begin ||
	    !events->next_end)
		return diag_no_memory(program->diag);
	for (i = 0; i < n; i++) {
		const struct storage *storage = &program->storages[i];

		if (!in_workspace(storage))
			continue;
		events->next_begin[i] = events->begin[storage->first];
		events->begin[storage->first] = i + 1;
		events->next_end[i] = events->end[storage->last];
		events->end[storage->last] = i + 1;
	}
	return 0;
}

static int plan_workspace(struct program *program)
{
	struct heap heap = { .count = 0 };
	struct events events;
	size_t i, k;
	int err;

	find_lifetimes(program);
	err = find_events(program, &events);
	if (err)
		return err;
	/* One hole more than there are storages cannot come to be. */
	heap.holes = arena_alloc(program->arena, program->n_storages + 1,
				 sizeof(*heap.holes));
	if (!heap.holes)
		return diag_no_memory(program->diag);
	for (i = 0; i < program->n_commands; i++) {
		for (k = events.begin[i]; k; k = events.next_begin[k - 1]) {
			struct storage *storage = &program->storages[k - 1];

			storage->offset = heap_take(&heap,
				round_up(plan_bytes(program, storage)));
		}
		for (k = events.end[i]; k; k = events.next_end[k - 1]) {
			struct storage *storage = &program->storages[k - 1];

			heap_give(&heap, storage->offset,
				  round_up(plan_bytes(program, storage)));
		}
	}
	program->workspace_bytes = heap.peak;
	return 0;
}

/* Inputs and outputs lie one behind the other. */
static uint64_t plan_row(struct program *program, enum place place)
{
	uint64_t end = 0;
	size_t i;

	for (i = 0; i < program->n_storages; i++) {
		struct storage *storage = &program->storages[i];

		if (storage->place != place || storage->parent >= 0)
			continue;
		storage->offset = end;
		end += round_up(plan_bytes(program, storage));
	}
	return end;
}

int plan_memory(struct program *program)
{
	size_t i;
	int err;

	for (i = 0; i < program->n_storages; i++) {
		err = check_size(program, &program->storages[i]);
		if (err)
			return err;
	}
	err = plan_workspace(program);
	if (err)
		return err;
	program->input_bytes = plan_row(program, PLACE_INPUT);
	program->output_bytes = plan_row(program, PLACE_OUTPUT);
	if (program->workspace_bytes > SEGMENT_BYTES_MAX ||
	    program->input_bytes > SEGMENT_BYTES_MAX ||
	    program->output_bytes > SEGMENT_BYTES_MAX)
		return diag_file(program->diag, -EOPNOTSUPP,
				 "the model needs too much memory for a batch of %" PRIu32,
				 program->batch);
	return 0;
}
