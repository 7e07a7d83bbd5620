/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between a strided tensor of guest memory and a dense copy of the core's own.
 */
#ifndef LUTNA_CORE_TENSOR_H
#define LUTNA_CORE_TENSOR_H

#include "decode.h"
#include "run.h"

/**
 * lutna_tensor_gather() - read a tensor
 * @run: command
 * @v: checked
 * @host: where element (0, 0, 0, 0) goes; @v->count elements
 * @stride: of the copy, in elements, which must make it dense
 *
 * Elements keep their byte order.  Bytes between elements may be read too, but
 * never decide about a fault.
 *
 * Return: 0 or the fault that is in @run->fault too.
 */
int lutna_tensor_gather(struct lutna_run *run, const struct lutna_view *v,
			void *host, const size_t stride[LUTNA_DIMS]);

/** lutna_tensor_scatter() - write a tensor; only elements are written */
int lutna_tensor_scatter(struct lutna_run *run, const struct lutna_view *v,
			 const void *host, const size_t stride[LUTNA_DIMS]);

/**
 * lutna_tensor_dense() - strides of a dense copy
 * @v: shape
 * @order: dimensions, the one with the largest stride first
 * @stride: set, in elements
 */
void lutna_tensor_dense(const struct lutna_view *v,
			const uint8_t order[LUTNA_DIMS],
			size_t stride[LUTNA_DIMS]);

/**
 * lutna_tensor_order() - dimensions by their stride in guest memory
 * @v: tensor
 * @order: set, the largest stride first
 */
void lutna_tensor_order(const struct lutna_view *v, uint8_t order[LUTNA_DIMS]);

#endif /* LUTNA_CORE_TENSOR_H */
