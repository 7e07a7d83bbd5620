// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "fuse.h"

/**
 * struct uses - who reads and writes each storage
 * @first: for each storage and one more: where its readers start in @reader
 * @reader: indices of commands; one that reads it twice is there twice
 * @writers: how many commands write each storage
 * @writer: the last of them
 */
struct uses {
	size_t *first;
	size_t *reader;
	size_t *writers;
	size_t *writer;
};

static int storage_of(const struct program *program, int tensor)
{
	return program->tensors[tensor].storage;
}

static void count_uses(const struct program *program, struct uses *uses)
{
	size_t i;

	for (i = 0; i < program->n_commands; i++) {
		const struct command *command = &program->commands[i];
		int out = storage_of(program, command->out);

		uses->first[storage_of(program, command->a.tensor) + 1]++;
		if (command->b.tensor >= 0)
			uses->first[storage_of(program, command->b.tensor) + 1]++;
		uses->writers[out]++;
		uses->writer[out] = i;
	}
	for (i = 0; i < program->n_storages; i++)
		uses->first[i + 1] += uses->first[i];
}

static int find_uses(const struct program *program, struct uses *uses)
{
	size_t n = program->n_storages, i;
	size_t *next = arena_alloc(program->arena, n, sizeof(*next));

	uses->first = arena_alloc(program->arena, n + 1, sizeof(*uses->first));
	uses->writers = arena_alloc(program->arena, n, sizeof(*uses->writers));
	uses->writer = arena_alloc(program->arena, n, sizeof(*uses->writer));
	if (!next || !uses->first || !uses->writers || !uses->writer)
		return diag_no_memory(program->diag);
	count_uses(program, uses);
	uses->reader = arena_alloc(program->arena, uses->first[n],
				   sizeof(*uses->reader));
	if (!uses->reader)
		return diag_no_memory(program->diag);
	for (i = 0; i < n; i++)
		next[i] = uses->first[i];
	for (i = 0; i < program->n_commands; i++) {
		const struct command *command = &program->commands[i];

		uses->reader[next[storage_of(program, command->a.tensor)]++] = i;
		if (command->b.tensor >= 0)
			uses->reader[next[storage_of(program,
						     command->b.tensor)]++] = i;
	}
	return 0;
}

static size_t readers(const struct uses *uses, int storage)
{
	return uses->first[storage + 1] - uses->first[storage];
}

static bool is_whole(const struct program *program, const struct tensor *tensor)
{
	return !tensor->at && tensor_is_linear(tensor) &&
	       tensor_elements(tensor) ==
	       program->storages[tensor->storage].elements;
}

static bool same_shape(const struct tensor *a, const struct tensor *b)
{
	return a->c == b->c && a->h == b->h && a->w == b->w;
}

static bool repeats(const struct command *copy)
{
	return copy->copy.repeat[WINDOW_H] != 1 || copy->copy.repeat[WINDOW_W] != 1;
}

/* The convolution's window over what the padding was made from. */
static bool padded_window(const struct program *program,
			  const struct command *copy,
			  const struct command *conv, struct window *out)
{
	const struct tensor *from = &program->tensors[copy->a.tensor];
	const int64_t size[] = { from->h, from->w };
	struct window window = conv->conv.window;
	int dim;

	for (dim = 0; dim < WINDOW_DIMS; dim++) {
		window.pad[dim] += copy->copy.pad[dim];
		window.in[dim] = size[dim];
		if (window.pad[dim] > 255 || window_pad_end(&window, dim) > 255)
			return false;
	}
	*out = window;
	return true;
}

static bool can_take_padding(const struct program *program,
			     const struct uses *uses, const struct command *copy)
{
	const struct tensor *padded = &program->tensors[copy->out];
	int storage = padded->storage;
	struct window window;
	size_t i;

	if (program->storages[storage].place != PLACE_WORKSPACE ||
	    uses->writers[storage] != 1 || !is_whole(program, padded))
		return false;
	for (i = uses->first[storage]; i < uses->first[storage + 1]; i++) {
		const struct command *conv = &program->commands[uses->reader[i]];

		if (conv->opcode != LUTNA_OP_CONV ||
		    conv->a.zero_point != copy->copy.pad_value ||
		    !same_shape(&program->tensors[conv->a.tensor], padded) ||
		    !padded_window(program, copy, conv, &window))
			return false;
	}
	return readers(uses, storage) > 0;
}

static void fold_padding(struct program *program, const struct uses *uses)
{
	size_t i, k;

	for (i = 0; i < program->n_commands; i++) {
		struct command *copy = &program->commands[i];
		int storage;

		if (copy->opcode != LUTNA_OP_COPY || repeats(copy) ||
		    !can_take_padding(program, uses, copy))
			continue;
		storage = storage_of(program, copy->out);
		for (k = uses->first[storage]; k < uses->first[storage + 1]; k++) {
			struct command *conv = &program->commands[uses->reader[k]];

			padded_window(program, copy, conv, &conv->conv.window);
			conv->a.tensor = copy->a.tensor;
		}
		copy->dead = true;
	}
}

static bool is_clamp(const uint8_t *table)
{
	int i;

	for (i = 0; i < 256; i++) {
		int clamped = i < table[0] ? table[0] :
			      i > table[255] ? table[255] : i;

		if (table[i] != clamped)
			return false;
	}
	return true;
}

static uint8_t clamp(uint8_t value, const uint8_t *table)
{
	return table[value];
}

/* A function that only clamps needs no table if a clamp went before it. */
static void fold_clamps(struct program *program, const struct uses *uses)
{
	size_t i;

	for (i = 0; i < program->n_commands; i++) {
		struct command *table = &program->commands[i], *before;
		const struct tensor *in;

		if (table->opcode != LUTNA_OP_TABLE || !is_clamp(table->table))
			continue;
		in = &program->tensors[table->a.tensor];
		if (program->storages[in->storage].place != PLACE_WORKSPACE ||
		    uses->writers[in->storage] != 1 ||
		    readers(uses, in->storage) != 1)
			continue;
		before = &program->commands[uses->writer[in->storage]];
		if (before->dead || before->opcode != LUTNA_OP_CONV ||
		    !same_shape(&program->tensors[before->out], in))
			continue;
		before->out_min = clamp(before->out_min, table->table);
		before->out_max = clamp(before->out_max, table->table);
		before->out = table->out;
		table->dead = true;
	}
}

/*
 * A copy into a slice: let what is copied lie there from the start.  Its other
 * readers find it there too.
 */
static void merge_copies(struct program *program, const struct uses *uses)
{
	size_t i;

	for (i = 0; i < program->n_commands; i++) {
		struct command *copy = &program->commands[i];
		const struct tensor *from, *to;
		struct storage *storage;
		uint64_t at = 0;
		int root;

		if (copy->opcode != LUTNA_OP_COPY || copy->dead ||
		    repeats(copy) || copy->copy.pad[WINDOW_H] ||
		    copy->copy.pad[WINDOW_W])
			continue;
		from = &program->tensors[copy->a.tensor];
		to = &program->tensors[copy->out];
		storage = &program->storages[from->storage];
		root = program_root(program, to->storage, &at);
		if (storage->parent >= 0 || storage->place != PLACE_WORKSPACE ||
		    root == from->storage || !same_shape(from, to) ||
		    !is_whole(program, from) || !tensor_is_linear(to))
			continue;
		/* The caller's order is not the one to compute in. */
		if (program->storages[root].place == PLACE_OUTPUT &&
		    readers(uses, from->storage) != 1)
			continue;
		storage->parent = to->storage;
		storage->parent_at = to->at;
		copy->dead = true;
	}
}

static void bury_dead(struct program *program)
{
	size_t i, n = 0;

	for (i = 0; i < program->n_commands; i++)
		if (!program->commands[i].dead)
			program->commands[n++] = program->commands[i];
	program->n_commands = n;
}

int fuse(struct program *program)
{
	struct uses uses;
	int err;

	err = find_uses(program, &uses);
	if (err)
		return err;
	fold_padding(program, &uses);
	bury_dead(program);
	err = find_uses(program, &uses);
	if (err)
		return err;
	fold_clamps(program, &uses);
	bury_dead(program);
	err = find_uses(program, &uses);
	if (err)
		return err;
	merge_copies(program, &uses);
	bury_dead(program);
	return 0;
}
