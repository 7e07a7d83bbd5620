/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests and benchmarks of core only.
 */
#ifndef LUTNA_CORE_EXEC_INTERNAL_H
#define LUTNA_CORE_EXEC_INTERNAL_H

#include "exec.h"
#include "kernel.h"

/** lutna_exec_set_kernels() - use @kernels where LUTNA_IMPL_FAST would choose */
void lutna_exec_set_kernels(struct lutna_exec *exec,
			    const struct lutna_kernels *kernels);

#endif /* LUTNA_CORE_EXEC_INTERNAL_H */
