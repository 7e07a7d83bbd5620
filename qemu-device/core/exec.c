// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Decode, execute, account.
 */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>

#include "conv.h"
#include "cost.h"
#include "exec.h"
#include "exec_internal.h"
#include "ops.h"

/* A limit below this would forbid the accesses of the device itself. */
#define MIN_TENSOR	4096
#define MAX_TENSOR	(1ULL << 32)
/* A run of guest memory is not asked for in pieces larger than this. */
#define MAX_READ	(1U << 20)
/* Buffers larger than this are not kept from one command to the next. */
#define KEEP_SCRATCH	(4U << 20)

#define ACT_BITS	(8 - 2 + 1)
#define WEIGHT_BITS	(9 - 2 + 1)
#define APPROX		(LUTNA_APPROX_W + 1)
#define APPROX_DIGITS	4

struct unit_costs {
	struct lutna_unit_cost unit[LUTNA_UNIT_COUNT];
};

struct lutna_exec {
	struct lutna_exec_params params;
	const struct lutna_kernels *kernels;
	struct lutna_scratch_buf scratch[LUTNA_SCRATCH_COUNT];
	/* Kept here, because lutna_unit_cost() takes a lock */
	struct unit_costs *costs[ACT_BITS][WEIGHT_BITS][APPROX][APPROX_DIGITS];
};

int lutna_exec_new(struct lutna_exec **out,
		   const struct lutna_exec_params *params)
{
	struct lutna_exec *exec;

	if (!params->units || params->max_tensor < MIN_TENSOR ||
	    params->max_tensor > MAX_TENSOR ||
	    params->max_tensor > SIZE_MAX / 16 ||
	    params->impl > LUTNA_IMPL_LITERAL)
		return -EINVAL;
	exec = calloc(1, sizeof(*exec));
	if (!exec)
		return -ENOMEM;
	exec->params = *params;
	if (params->impl == LUTNA_IMPL_FAST)
		exec->kernels = lutna_kernels_best();
	else
		exec->kernels = &lutna_kernels_portable;
	*out = exec;
	return 0;
}

void lutna_exec_free(struct lutna_exec *exec)
{
	struct unit_costs **cost;

	if (!exec)
		return;
	lutna_run_scratch_trim(exec->scratch, 0);
	cost = &exec->costs[0][0][0][0];
	for (size_t i = 0; i < sizeof(exec->costs) / sizeof(*cost); i++)
		free(cost[i]);
	free(exec);
}

void lutna_exec_set_kernels(struct lutna_exec *exec,
			    const struct lutna_kernels *kernels)
{
	exec->kernels = kernels;
}

const char *lutna_exec_simd(void)
{
	return lutna_kernels_best()->name;
}

/* Costs of every unit at a convolution's precision; NULL without memory */
static const struct unit_costs *unit_costs(struct lutna_exec *exec,
					   const struct lutna_conv *c)
{
	struct unit_costs **slot = &exec->costs[c->act_bits - 2]
		[c->weight_bits - 2][c->approx][c->approx_digits];
	struct unit_costs *costs;

	if (*slot)
		return *slot;
	costs = calloc(1, sizeof(*costs));
	if (!costs)
		return NULL;
	for (int u = 0; u < LUTNA_UNIT_COUNT; u++) {
		bool digits = u == LUTNA_UNIT_DNC || u == LUTNA_UNIT_LUTNA;
		struct lutna_unit_spec spec = {
			.unit = u,
			.act_bits = c->act_bits,
			.weight_bits = c->weight_bits,
			.approx = digits ? c->approx : LUTNA_APPROX_EXACT,
			.approx_digits = digits ? c->approx_digits : 0,
			.is_signed = true,
		};

		if (lutna_unit_cost(&spec, &costs->unit[u])) {
			free(costs);
			return NULL;
		}
	}
	*slot = costs;
	return costs;
}

static void set_costs(struct lutna_profile *profile,
		      const struct unit_costs *costs)
{
	for (int u = 0; u < LUTNA_UNIT_COUNT; u++) {
		profile->energy[u] = htole64(lutna_unit_energy(
			&costs->unit[u], LUTNA_STIMULUS_RELU,
			le64toh(profile->macs)));
		profile->area[u] = htole32(costs->unit[u].transistors);
	}
}

static int run_conv(struct lutna_exec *exec, struct lutna_run *run,
		    const struct lutna_conv *c, uint64_t *stored)
{
	const struct lutna_requant *channels;
	struct lutna_weights w;
	int rc;

	rc = lutna_channels_load(run, c, &channels);
	if (!rc)
		rc = lutna_weights_load(run, c, &w);
	if (rc)
		return rc;
	*stored = w.stored;
	if (exec->params.impl == LUTNA_IMPL_LITERAL)
		return lutna_conv_literal(run, c, &w, channels);
	return lutna_conv_fast(run, c, &w, channels, exec->kernels);
}

static int run_command(struct lutna_exec *exec, struct lutna_run *run,
		       const struct lutna_command *cmd, uint64_t *stored)
{
	switch (cmd->opcode) {
	case LUTNA_OP_CONV:
		return run_conv(exec, run, &cmd->conv, stored);
	case LUTNA_OP_POOL:
		return lutna_op_pool(run, &cmd->pool);
	case LUTNA_OP_ELTWISE:
		return lutna_op_eltwise(run, &cmd->eltwise);
	case LUTNA_OP_TABLE:
		return lutna_op_table(run, &cmd->table);
	case LUTNA_OP_COPY:
		return lutna_op_copy(run, &cmd->copy);
	case LUTNA_OP_FILL:
		return lutna_op_fill(run, &cmd->fill);
	case LUTNA_OP_TIMESTAMP:
		return lutna_op_timestamp(run, cmd->timestamp);
	default:
		return 0;
	}
}

int lutna_exec_command(struct lutna_exec *exec, const struct lutna_memory *mem,
		       const void *cmd, struct lutna_profile *profile,
		       struct lutna_fault_info *fault)
{
	struct lutna_run run = {
		.mem = mem,
		.fault = fault,
		.scratch = exec->scratch,
		.max_read = exec->params.max_tensor < MAX_READ ?
			    exec->params.max_tensor : MAX_READ,
	};
	const struct unit_costs *costs = NULL;
	struct lutna_command command;
	uint64_t stored = 0;
	int rc;

	rc = lutna_decode(cmd, exec->params.max_tensor, &command, fault);
	if (rc)
		return rc;
	if (command.opcode == LUTNA_OP_CONV) {
		/* Before any output is written, because it can fail */
		costs = unit_costs(exec, &command.conv);
		if (!costs)
			return lutna_refuse(fault, LUTNA_FAULT_INTERNAL, 0);
	}

	rc = run_command(exec, &run, &command, &stored);
	if (command.opcode != LUTNA_OP_NOP)
		lutna_run_scratch_trim(exec->scratch, KEEP_SCRATCH);
	if (rc)
		return rc;
	lutna_account(&command, exec->params.units, stored, profile);
	if (costs)
		set_costs(profile, costs);
	return 0;
}
