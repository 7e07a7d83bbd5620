/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Execution of single commands of a command list (lutna_isa.h).
 */
#ifndef LUTNA_CORE_EXEC_H
#define LUTNA_CORE_EXEC_H

#include "uapi/lutna_isa.h"
#include "memory.h"

struct lutna_exec;

/**
 * enum lutna_impl - which implementation of the same function
 * @LUTNA_IMPL_FAST: SIMD where the processor has it
 * @LUTNA_IMPL_PORTABLE: the fast path's plain C, for any processor
 * @LUTNA_IMPL_LITERAL: digits looked up in the stored words W and 3W, one by
 *	one; the reference that the others must equal bit for bit
 */
enum lutna_impl {
	LUTNA_IMPL_FAST,
	LUTNA_IMPL_PORTABLE,
	LUTNA_IMPL_LITERAL,
};

/**
 * struct lutna_exec_params - what a device is made of
 * @units: arithmetic units that hold a weight each, >= 1
 * @max_tensor: limit of a tensor's elements times their size, bytes; 4 KiB to
 *	4 GiB
 * @impl: implementation
 */
struct lutna_exec_params {
	uint32_t units;
	uint64_t max_tensor;
	enum lutna_impl impl;
};

/**
 * lutna_exec_new() - an executor with its own scratch memory
 * @out: set on success; free with lutna_exec_free()
 * @params: copied
 *
 * One executor serves one thread at a time.  Scratch memory grows up to what
 * the tensor limit allows, is reused and is bounded.
 *
 * Return: 0 or -ENOMEM, -EINVAL.
 */
int lutna_exec_new(struct lutna_exec **out,
		   const struct lutna_exec_params *params);

/** lutna_exec_free() - @exec may be NULL */
void lutna_exec_free(struct lutna_exec *exec);

/**
 * lutna_exec_command() - decode, check and execute one command
 * @exec: executor
 * @mem: memory of the context
 * @cmd: LUTNA_CMD_SIZE bytes, already the caller's own copy
 * @profile: set on success: everything but @index, @start_ns, @end_ns.
 *	Little-endian, as it goes to the guest.
 * @fault: set on failure
 *
 * All of the input is read before any output is written, so that tensors may
 * be updated in place.
 *
 * Return: 0 or the enum lutna_fault that is in @fault too.
 */
int lutna_exec_command(struct lutna_exec *exec, const struct lutna_memory *mem,
		       const void *cmd, struct lutna_profile *profile,
		       struct lutna_fault_info *fault);

/**
 * lutna_exec_simd() - name of the instruction set that LUTNA_IMPL_FAST uses on
 * this processor ("avx512", "avx2", "portable", …)
 */
const char *lutna_exec_simd(void);

#endif /* LUTNA_CORE_EXEC_H */
