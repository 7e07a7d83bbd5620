/* SPDX-License-Identifier: GPL-2.0-only */
/* Making a program do the same with less. */
#ifndef LUTNA_COMPILE_FUSE_H
#define LUTNA_COMPILE_FUSE_H

#include "program.h"

/**
 * fuse() - take out commands that others can do on the way
 * @program: changed; dead commands are gone afterwards
 *
 * Padding in front of convolutions becomes theirs, clamps become those of the
 * command before, and what a concatenation would copy is written to its place
 * at once.
 *
 * Return: 0 or -ENOMEM after a message
 */
int fuse(struct program *program);

#endif
