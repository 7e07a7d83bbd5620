/* SPDX-License-Identifier: GPL-2.0-only */
/* A listing of a program, for those who want to see what became of a model. */
#ifndef LUTNA_COMPILE_DUMP_H
#define LUTNA_COMPILE_DUMP_H

#include <stdio.h>

#include "program.h"

/**
 * dump_program() - one line a command
 * @to: where to
 * @program: with its memory planned
 *
 * A tensor is shown as NAME[channels x rows x columns]@SEGMENT+offset.
 */
void dump_program(FILE *to, struct program *program);

#endif
