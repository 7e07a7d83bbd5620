/* SPDX-License-Identifier: GPL-2.0-only */
/* Putting a compiled model into a container (userlib/model.proto). */
#ifndef LUTNA_COMPILE_CONTAINER_H
#define LUTNA_COMPILE_CONTAINER_H

#include "emit.h"
#include "graph.h"

/**
 * container_pack() - the bytes of a .lutna file
 * @graph: for metadata and classes
 * @program: with its memory planned
 * @image: emitted from it
 * @name: of the model
 * @precise: the user gave widths: metadata says those in place of the model's
 * @out: set on success; free()
 * @size: set on success
 *
 * Return: 0, -EOPNOTSUPP (more than a container may have) or -ENOMEM after a
 * message
 */
int container_pack(const struct graph *graph, struct program *program,
		   const struct image *image, const char *name,
		   bool precise, uint8_t **out, size_t *size);

#endif
