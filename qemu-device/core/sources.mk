# SPDX-License-Identifier: GPL-2.0-or-later
#
# What core is made of, for makefiles (meson.build lists the same).  Paths are
# below this folder.  Needs -std=gnu11 and -I of the repository's root; no file
# needs flags of its own: those for one instruction set say so by attribute.

core_sources := conv.c cycles.c decode.c decode_tensor.c eltwise.c exec.c \
	kernel.c kernel_avx2.c kernel_avx512.c kernel_portable.c literal.c \
	move.c pack.c plan.c pool.c pool_wide.c run.c tensor.c transpose.c \
	weights.c \
	cost/cost.c cost/count.c cost/gate.c cost/multipliers.c cost/netlist.c \
	cost/rows.c cost/simulate.c cost/stimulus.c cost/tables.c
core_libs := -pthread
