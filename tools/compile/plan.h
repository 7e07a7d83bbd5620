/* SPDX-License-Identifier: GPL-2.0-only */
/* Where everything lies in memory. */
#ifndef LUTNA_COMPILE_PLAN_H
#define LUTNA_COMPILE_PLAN_H

#include "program.h"

/* Every storage starts at a multiple of this. */
#define PLAN_ALIGN	64

/**
 * plan_memory() - give every storage but constants an offset in its segment
 * @program: its storages' @offset and the segments' sizes are set
 *
 * Storages of the workspace share bytes if no command needs both.
 *
 * Return: 0; -EOPNOTSUPP (beyond what a command can address) or -ENOMEM after a
 * message
 */
int plan_memory(struct program *program);

/* Bytes of a whole storage; constants hold one image, all others a batch. */
uint64_t plan_bytes(const struct program *program,
		    const struct storage *storage);

#endif
