/* SPDX-License-Identifier: GPL-2.0-only */
/* How many bits each quantised value of a graph is made with. */
#ifndef LUTNA_COMPILE_WIDTHS_H
#define LUTNA_COMPILE_WIDTHS_H

#include "lower.h"

/**
 * widths_find() - carry what layers want of their inputs back to where those
 *	are quantised
 * @lowering: @graph and @precision set; @wants is filled in
 *
 * A value that several layers read has the most that any of them wants.  What
 * only moves numbers (max pooling, reshapes, concatenation, …) hands the wish
 * on; sums, products, means and functions have none of their own and take what
 * comes.  An output of the model keeps its 8 bits.
 *
 * Return: 0 or -ENOMEM after a message
 */
int widths_find(struct lowering *lowering);

/**
 * widths_grid() - the grid of a value with fewer bits than the model gave it
 * @scale: of the model
 * @zero_point: of the model
 * @bits: 2..8
 *
 * A step is worth 2^(8 - bits) of the model's, so codes are the model's without
 * their low bits; the zero point is rounded, halves up.
 */
struct grid widths_grid(float scale, int zero_point, unsigned int bits);

#endif
