/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model as the device sees it: commands that read and write tensors of
 * bytes.  Passes (fuse.h) change it, plan.h gives its memory addresses, and
 * emit.h writes it out.
 *
 * Where in memory an image's numbers lie is not decided here: a tensor names
 * elements of a storage, counted within one image, and the storage's place
 * decides how the images of a batch are interleaved.
 */
#ifndef LUTNA_COMPILE_PROGRAM_H
#define LUTNA_COMPILE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "diag.h"
#include "precision.h"
#include "uapi/lutna_isa.h"
#include "weights.h"
#include "window.h"

/* Bounds what duplicated results can add up to. */
#define PROGRAM_COMMANDS	65536
/* Greatest size in one dimension of a tensor of the device */
#define PROGRAM_DIM_MAX		65535

/**
 * enum place - segment of the container that a storage is in
 * @PLACE_WORKSPACE: images innermost ([channel][row][column][image]), which
 *	gives the device's lanes neighbouring bytes
 * @PLACE_INPUT: what the caller fills: [image][channel][row][column]
 * @PLACE_OUTPUT: what the caller reads: the same
 * @PLACE_CONSTANT: one image for all: [channel][row][column]
 */
enum place {
	PLACE_WORKSPACE,
	PLACE_INPUT,
	PLACE_OUTPUT,
	PLACE_CONSTANT,
};

/**
 * struct storage - a piece of memory
 * @place: where
 * @type: enum lutna_type of its elements
 * @elements: of one image
 * @data: what is in it (PLACE_CONSTANT), else NULL
 * @parent: storage that this one has become a part of; -1: none
 * @parent_at: element of @parent that is its first
 * @offset: set by plan.h: bytes into its segment
 * @first: set by plan.h: command that writes it first
 * @last: set by plan.h: command that uses it last
 */
struct storage {
	enum place place;
	int type;
	uint64_t elements;
	const uint8_t *data;
	int parent;
	uint64_t parent_at;
	uint64_t offset;
	size_t first;
	size_t last;
};

/**
 * struct tensor - elements of a storage
 * @name: of the value in the model
 * @storage: which
 * @at: first element
 * @c: channels
 * @h: rows
 * @w: columns
 * @step_c: elements from one channel to the next
 * @step_h: elements from one row to the next
 * @step_w: elements from one column to the next
 * @scale: real = @scale * (value - @zero_point)
 * @zero_point: see @scale; 0 for 32-bit elements
 * @bits: no code needs more
 * @shift: low bits of the model's codes that these do without
 * @raw: the caller's integers, whose scale nobody has named yet
 */
struct tensor {
	const char *name;
	int storage;
	uint64_t at;
	uint32_t c;
	uint32_t h;
	uint32_t w;
	uint64_t step_c;
	uint64_t step_h;
	uint64_t step_w;
	float scale;
	int zero_point;
	uint8_t bits;
	uint8_t shift;
	bool raw;
};

/* A tensor as one reader takes its numbers */
struct operand {
	int tensor;
	float scale;
	int zero_point;
};

/* How a real factor becomes integers: mult / 2^shift */
struct requant {
	uint32_t mult;
	uint8_t shift;
};

struct conv_params {
	const struct weights *weights;
	const int32_t *bias;		/* zero point of the input folded in */
	const struct requant *requant;	/* one an output channel */
	struct window window;
	uint32_t groups;
	struct precision precision;	/* approximation only */
};

struct pool_params {
	enum lutna_pool_mode mode;
	struct window window;
	struct requant requant;		/* average only */
};

struct eltwise_params {
	enum lutna_eltwise_mode mode;
	uint32_t mult_a;
	uint32_t mult_b;
	uint8_t shift;
};

struct copy_params {
	uint32_t repeat[WINDOW_DIMS];
	uint32_t pad[WINDOW_DIMS];
	uint8_t pad_value;
};

/**
 * struct command - one command of the device
 * @opcode: enum lutna_opcode: CONV, POOL, ELTWISE, TABLE or COPY
 * @name: of the node that it came from
 * @op: operator of that node
 * @dead: nobody needs it any more
 * @a: first input
 * @b: second input (ELTWISE)
 * @out: tensor that it writes
 * @out_min: lower clamp (not TABLE and COPY)
 * @out_max: upper clamp
 * @conv: CONV
 * @pool: POOL
 * @eltwise: ELTWISE
 * @copy: COPY
 * @table: TABLE: 256 bytes
 */
struct command {
	enum lutna_opcode opcode;
	const char *name;
	const char *op;
	bool dead;
	struct operand a;
	struct operand b;
	int out;
	uint8_t out_min;
	uint8_t out_max;
	union {
		struct conv_params conv;
		struct pool_params pool;
		struct eltwise_params eltwise;
		struct copy_params copy;
		const uint8_t *table;
	};
};

/* An input or output of the model; @dims without the batch */
struct port {
	const char *name;
	int tensor;
	unsigned int rank;
	uint32_t dims[8];
};

struct program {
	struct arena *arena;
	struct diag *diag;
	uint32_t batch;
	struct storage *storages;
	struct tensor *tensors;
	struct command *commands;
	struct port *inputs;
	struct port *outputs;
	size_t n_storages;
	size_t n_tensors;
	size_t n_commands;
	size_t n_inputs;
	size_t n_outputs;
	size_t storage_capacity;
	size_t tensor_capacity;
	size_t command_capacity;
	uint64_t workspace_bytes;	/* these three set by plan.h */
	uint64_t input_bytes;
	uint64_t output_bytes;
};

/**
 * program_storage() - add memory for one image of @elements elements
 *
 * Return: its index, or -ENOMEM after a message
 */
int program_storage(struct program *program, enum place place, int type,
		    uint64_t elements);

/**
 * program_tensor() - add a tensor that is all of a storage, in order
 * @program: program
 * @name: of the value
 * @storage: its storage; -1 makes a new one in the workspace, of bytes
 * @c: channels
 * @h: rows
 * @w: columns
 *
 * Pointers into @program->tensors are stale afterwards.
 *
 * Return: its index, or -ENOMEM after a message
 */
int program_tensor(struct program *program, const char *name, int storage,
		   uint32_t c, uint32_t h, uint32_t w);

/* A copy of a tensor that a caller then changes; index or -ENOMEM. */
int program_clone(struct program *program, int tensor);

/**
 * program_command() - add a command at the end
 *
 * Return: the command, zeroed but for @opcode, @name and @op, valid until the
 * next is added; NULL after a message (no memory, too many)
 */
struct command *program_command(struct program *program,
				enum lutna_opcode opcode,
				const char *name, const char *op);

/* The storage that memory is in after all merges; *at is raised on the way. */
int program_root(struct program *program, int storage, uint64_t *at);

/* Whether the elements follow one another without gaps, channels outermost. */
bool tensor_is_linear(const struct tensor *tensor);

/* Elements of one image */
uint64_t tensor_elements(const struct tensor *tensor);

#endif
