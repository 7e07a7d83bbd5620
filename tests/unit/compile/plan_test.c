// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory planner: random programs, in which nothing that is still needed
 * may be overwritten.
 */
#include <stdlib.h>
#include <string.h>

#include "compile/plan.h"
#include "tap.h"

#define PROGRAMS	300
#define COMMANDS_MOST	60

static uint64_t state = 12345;

static uint32_t random_below(uint32_t limit)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 32) % limit;
}

static int new_tensor(struct program *program, enum place place)
{
	uint32_t c = 1 + random_below(20), h = 1 + random_below(9);
	int storage = program_storage(program, place, LUTNA_TYPE_U8,
				      (uint64_t)c * h);
	int tensor = program_tensor(program, "t", storage, c, h, 1);

	if (storage < 0 || tensor < 0)
		abort();
	return tensor;
}

/* Each command reads one or two of the tensors before it, old ones too. */
static void build(struct program *program, unsigned int commands)
{
	unsigned int i;

	new_tensor(program, PLACE_INPUT);
	for (i = 0; i < commands; i++) {
		int out = new_tensor(program, i + 1 == commands ?
				     PLACE_OUTPUT : PLACE_WORKSPACE);
		bool two = random_below(3) == 0;
		struct command *command =
			program_command(program, two ? LUTNA_OP_ELTWISE :
					LUTNA_OP_TABLE, "c", "Op");
		uint32_t far = random_below(4) ? 3 : (uint32_t)out;
		uint32_t reach = far < (uint32_t)out ? far : (uint32_t)out;

		if (!command)
			abort();
		command->a.tensor = out - 1 - (int)random_below(reach);
		if (two)
			command->b.tensor = out - 1 - (int)random_below(reach);
		command->out = out;
	}
}

/* Some storages become parts of others, as concatenations make them. */
static void merge(struct program *program)
{
	size_t i;

	for (i = 2; i + 1 < program->n_storages; i++) {
		struct storage *child = &program->storages[i];
		size_t parent = i + 1 + random_below(3);

		if (random_below(5) || parent >= program->n_storages ||
		    program->storages[parent].place != PLACE_WORKSPACE)
			continue;
		child->parent = (int)parent;
		child->parent_at = program->storages[parent].elements;
		program->storages[parent].elements += child->elements;
	}
}

static bool overlap(const struct program *program, const struct storage *a,
		    const struct storage *b)
{
	return a->offset < b->offset + plan_bytes(program, b) &&
	       b->offset < a->offset + plan_bytes(program, a);
}

static bool in_use_at_once(const struct storage *a, const struct storage *b)
{
	return a->first <= b->last && b->first <= a->last;
}

/* First and last use, found again in the simplest way */
static void check_lifetimes(struct program *program, bool *good)
{
	size_t i;

	for (i = 0; i < program->n_commands; i++) {
		const struct command *command = &program->commands[i];
		const int tensors[] = { command->a.tensor, command->b.tensor,
					command->out };
		unsigned int k;

		for (k = 0; k < 3; k++) {
			const struct storage *storage;
			uint64_t at = 0;

			if (tensors[k] < 0)
				continue;
			storage = &program->storages[program_root(program,
				program->tensors[tensors[k]].storage, &at)];
			if (storage->place == PLACE_WORKSPACE &&
			    (i < storage->first || i > storage->last))
				*good = false;
		}
	}
}

static bool check(struct program *program, uint64_t *all)
{
	bool good = true;
	size_t i, k;

	check_lifetimes(program, &good);
	*all = 0;
	for (i = 0; i < program->n_storages; i++) {
		const struct storage *a = &program->storages[i];

		if (a->place != PLACE_WORKSPACE || a->parent >= 0 ||
		    a->first == SIZE_MAX)
			continue;
		*all += plan_bytes(program, a);
		if (a->offset % PLAN_ALIGN ||
		    a->offset + plan_bytes(program, a) > program->workspace_bytes)
			good = false;
		for (k = 0; k < i; k++) {
			const struct storage *b = &program->storages[k];

			if (b->place == PLACE_WORKSPACE && b->parent < 0 &&
			    b->first != SIZE_MAX && in_use_at_once(a, b) &&
			    overlap(program, a, b))
				good = false;
		}
	}
	return good;
}

int main(void)
{
	unsigned int i, bad = 0, shared = 0, failed = 0;

	for (i = 0; i < PROGRAMS; i++) {
		struct arena arena = ARENA_INIT;
		struct diag diag = { .file = "program" };
		struct program program = {
			.arena = &arena, .diag = &diag,
			.batch = 1 + random_below(70),
		};
		uint64_t all;

		build(&program, 1 + random_below(COMMANDS_MOST));
		if (i % 2)
			merge(&program);
		if (plan_memory(&program))
			failed++;
		else if (!check(&program, &all))
			bad++;
		else if (program.workspace_bytes < all)
			shared++;
		arena_free(&arena);
	}
	ok(!failed, "%d random programs are planned", PROGRAMS);
	ok(!bad, "nothing that is needed is overwritten");
	if (bad)
		printf("# in %u programs it is\n", bad);
	ok(shared > PROGRAMS / 2, "memory is shared in %u of them", shared);
	return tap_done();
}
