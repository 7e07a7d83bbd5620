// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>

#include "dump.h"

static const char *const places[] = {
	[PLACE_WORKSPACE]	= "workspace",
	[PLACE_INPUT]		= "input",
	[PLACE_OUTPUT]		= "output",
	[PLACE_CONSTANT]	= "constants",
};

static void dump_tensor(FILE *to, struct program *program, int index)
{
	const struct tensor *tensor = &program->tensors[index];
	char name[DIAG_NAME];
	uint64_t at = tensor->at;
	int root = program_root(program, tensor->storage, &at);
	const struct storage *storage = &program->storages[root];
	uint64_t unit = storage->type == LUTNA_TYPE_S32 ? 4 : 1;

	if (storage->place == PLACE_WORKSPACE)
		unit *= program->batch;
	fprintf(to, " %s[%" PRIu32 "x%" PRIu32 "x%" PRIu32 "]@%s+%" PRIu64,
		diag_clean(name, tensor->name), tensor->c, tensor->h, tensor->w,
		places[storage->place], storage->offset + at * unit);
}

static void dump_window(FILE *to, const struct window *window)
{
	fprintf(to, " kernel %" PRId64 "x%" PRId64 " stride %" PRId64 "x%" PRId64
		" dilation %" PRId64 "x%" PRId64 " pad %" PRId64 "x%" PRId64,
		window->kernel[0], window->kernel[1], window->stride[0],
		window->stride[1], window->dilation[0], window->dilation[1],
		window->pad[0], window->pad[1]);
}

static void dump_details(FILE *to, const struct command *command,
			 unsigned int act_bits)
{
	static const char *const pools[] = { "max", "avg", "avg_pad" };
	static const char *const formats[] = { "s8", "s16", "compressed" };
	char approx[PRECISION_APPROX_TEXT];

	switch (command->opcode) {
	case LUTNA_OP_CONV:
		dump_window(to, &command->conv.window);
		fprintf(to, " groups %" PRIu32 " weights %s %" PRIu64 " of %" PRIu64
			" bits %u act %u %s", command->conv.groups,
			formats[command->conv.weights->format],
			weights_nonzero(command->conv.weights),
			(uint64_t)command->conv.weights->rows *
			command->conv.weights->columns,
			command->conv.weights->bits, act_bits,
			precision_approx_text(&command->conv.precision, approx));
		break;
	case LUTNA_OP_POOL:
		fprintf(to, " %s", pools[command->pool.mode]);
		dump_window(to, &command->pool.window);
		break;
	case LUTNA_OP_ELTWISE:
		fprintf(to, " %s", command->eltwise.mode == LUTNA_ELTWISE_ADD ?
			"add" : "mul");
		break;
	case LUTNA_OP_COPY:
		fprintf(to, " repeat %" PRIu32 "x%" PRIu32 " pad %" PRIu32 "x%" PRIu32,
			command->copy.repeat[0], command->copy.repeat[1],
			command->copy.pad[0], command->copy.pad[1]);
		break;
	default:
		break;
	}
}

void dump_program(FILE *to, struct program *program)
{
	static const char *const names[] = {
		[LUTNA_OP_CONV]		= "conv",
		[LUTNA_OP_POOL]		= "pool",
		[LUTNA_OP_ELTWISE]	= "eltwise",
		[LUTNA_OP_TABLE]	= "table",
		[LUTNA_OP_COPY]		= "copy",
	};
	char name[DIAG_NAME];
	size_t i;

	for (i = 0; i < program->n_commands; i++) {
		const struct command *command = &program->commands[i];

		fprintf(to, "%4zu %-8s %s:", i, names[command->opcode],
			diag_clean(name, command->name));
		dump_tensor(to, program, command->a.tensor);
		if (command->b.tensor >= 0)
			dump_tensor(to, program, command->b.tensor);
		fputs(" ->", to);
		dump_tensor(to, program, command->out);
		dump_details(to, command,
			     program->tensors[command->a.tensor].bits);
		fputc('\n', to);
	}
}
