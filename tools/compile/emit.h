/* SPDX-License-Identifier: GPL-2.0-only */
/* A program as the bytes that a device and a container take. */
#ifndef LUTNA_COMPILE_EMIT_H
#define LUTNA_COMPILE_EMIT_H

#include "program.h"

/* An address field of a command, to be raised by its segment's address */
struct relocation {
	uint32_t offset;
	enum place place;
};

/**
 * struct layer - what a command is, for profiles
 * @name: of the node
 * @op: of the node
 * @macs: of one run
 * @weights: in all
 * @nonzero: that are not zero
 * @multiplied: that the device multiplies with: zeros are left out where they are
 *	stored compressed
 * @positions: outputs of one image that each weight takes part in
 * @precision: what it computes with; @weights is 0 if it has no arithmetic
 */
struct layer {
	const char *name;
	const char *op;
	uint64_t macs;
	uint64_t weights;
	uint64_t nonzero;
	uint64_t multiplied;
	uint64_t positions;
	struct precision precision;
};

/**
 * struct image - the result
 * @commands: LUTNA_CMD_SIZE each; in the arena
 * @n_commands: how many
 * @layers: one a command; in the arena
 * @relocations: in the arena
 * @n_relocations: how many
 * @constants: weights, channel records, tables; of malloc()
 * @constant_bytes: size
 * @constant_room: size of the allocation
 */
struct image {
	uint8_t *commands;
	size_t n_commands;
	struct layer *layers;
	struct relocation *relocations;
	size_t n_relocations;
	uint8_t *constants;
	size_t constant_bytes;
	size_t constant_room;
};

/**
 * emit() - write commands, constants and relocations
 * @program: with its memory planned
 * @form: of the weights
 * @image: zeroed; filled in.  image_free() follows in any case.
 *
 * Return: 0, -EOPNOTSUPP (too much) or -ENOMEM after a message
 */
int emit(struct program *program, enum weights_form form, struct image *image);

void image_free(struct image *image);

#endif
