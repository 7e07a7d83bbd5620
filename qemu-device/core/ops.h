/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Commands other than convolution, and what commands cost.
 */
#ifndef LUTNA_CORE_OPS_H
#define LUTNA_CORE_OPS_H

#include "decode.h"
#include "run.h"

/* Each executes one checked command; 0 or the fault in @run->fault too. */
int lutna_op_pool(struct lutna_run *run, const struct lutna_pool *p);
int lutna_op_eltwise(struct lutna_run *run, const struct lutna_eltwise *e);
int lutna_op_table(struct lutna_run *run, const struct lutna_table *t);
int lutna_op_copy(struct lutna_run *run, const struct lutna_copy *c);
int lutna_op_fill(struct lutna_run *run, const struct lutna_fill *f);
int lutna_op_timestamp(struct lutna_run *run, uint64_t addr);

/**
 * lutna_pool_wide() - pooling whose windows overlap a lot
 * @run: command
 * @p: pooling
 *
 * Takes time in proportion to the tensors, whatever the size of the window.
 */
int lutna_pool_wide(struct lutna_run *run, const struct lutna_pool *p);

/**
 * lutna_pool_average() - from a window's sum to its output
 * @p: pooling
 * @sum: of the inputs inside
 * @inside: how many
 */
uint8_t lutna_pool_average(const struct lutna_pool *p, uint64_t sum,
			   uint64_t inside);

/**
 * lutna_account() - modelled cost of a command
 * @cmd: command
 * @units: of the device
 * @stored: weights that were executed (LUTNA_OP_CONV)
 * @profile: all but @index, @start_ns, @end_ns and @energy are set
 */
void lutna_account(const struct lutna_command *cmd, uint32_t units,
		   uint64_t stored, struct lutna_profile *profile);

#endif /* LUTNA_CORE_OPS_H */
