// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>

#include "program.h"

int program_storage(struct program *program, enum place place, int type,
		    uint64_t elements)
{
	struct storage *storage;

	if (arena_grow(program->arena, (void **)&program->storages,
		       program->n_storages, &program->storage_capacity,
		       sizeof(*storage)))
		return diag_no_memory(program->diag);
	storage = &program->storages[program->n_storages];
	*storage = (struct storage){
		.place = place, .type = type, .elements = elements, .parent = -1,
	};
	return (int)program->n_storages++;
}

int program_tensor(struct program *program, const char *name, int storage,
		   uint32_t c, uint32_t h, uint32_t w)
{
	struct tensor *tensor;

	if (storage < 0)
		storage = program_storage(program, PLACE_WORKSPACE,
					  LUTNA_TYPE_U8, (uint64_t)c * h * w);
	if (storage < 0)
		return storage;
	if (arena_grow(program->arena, (void **)&program->tensors,
		       program->n_tensors, &program->tensor_capacity,
		       sizeof(*tensor)))
		return diag_no_memory(program->diag);
	tensor = &program->tensors[program->n_tensors];
	*tensor = (struct tensor){
		.name = name, .storage = storage, .c = c, .h = h, .w = w,
		.step_c = (uint64_t)h * w, .step_h = w, .step_w = 1,
		.scale = 1, .bits = 8,
	};
	return (int)program->n_tensors++;
}

int program_clone(struct program *program, int index)
{
	if (arena_grow(program->arena, (void **)&program->tensors,
		       program->n_tensors, &program->tensor_capacity,
		       sizeof(*program->tensors)))
		return diag_no_memory(program->diag);
	program->tensors[program->n_tensors] = program->tensors[index];
	return (int)program->n_tensors++;
}

struct command *program_command(struct program *program,
				enum lutna_opcode opcode,
				const char *name, const char *op)
{
	struct command *command;

	if (program->n_commands == PROGRAM_COMMANDS) {
		diag_file(program->diag, -EOPNOTSUPP,
			  "more than %d commands would be needed",
			  PROGRAM_COMMANDS);
		return NULL;
	}
	if (arena_grow(program->arena, (void **)&program->commands,
		       program->n_commands, &program->command_capacity,
		       sizeof(*command))) {
		diag_no_memory(program->diag);
		return NULL;
	}
	command = &program->commands[program->n_commands++];
	*command = (struct command){
		.opcode = opcode, .name = name, .op = op,
		.a.tensor = -1, .b.tensor = -1, .out = -1,
	};
	return command;
}

int program_root(struct program *program, int storage, uint64_t *at)
{
	struct storage *all = program->storages;
	uint64_t total = 0;
	int root = storage;

	while (all[root].parent >= 0) {
		total += all[root].parent_at;
		root = all[root].parent;
	}
	*at += total;
	/* Shorten the way, since merges can build long ones. */
	while (all[storage].parent >= 0) {
		int next = all[storage].parent;
		uint64_t step = all[storage].parent_at;

		all[storage].parent = root;
		all[storage].parent_at = total;
		total -= step;
		storage = next;
	}
	return root;
}

uint64_t tensor_elements(const struct tensor *tensor)
{
	return (uint64_t)tensor->c * tensor->h * tensor->w;
}

bool tensor_is_linear(const struct tensor *tensor)
{
	return (tensor->w == 1 || tensor->step_w == 1) &&
	       (tensor->h == 1 || tensor->step_h == tensor->w) &&
	       (tensor->c == 1 ||
		tensor->step_c == (uint64_t)tensor->h * tensor->w);
}
