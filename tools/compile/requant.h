/* SPDX-License-Identifier: GPL-2.0-only */
/* Real factors and numbers as the integers that the device computes with. */
#ifndef LUTNA_COMPILE_REQUANT_H
#define LUTNA_COMPILE_REQUANT_H

#include <stdint.h>

struct requant;

/**
 * requant_factor() - the closest mult / 2^shift to a real factor
 * @factor: greater than 0
 * @out: mult in [2^30, 2^31), shift 1..62; a factor too small for that takes
 *	shift 62 and a mult below 2^30, which may be 0
 *
 * Return: 0, or -ERANGE for a factor that is too large or not a number
 */
int requant_factor(double factor, struct requant *out);

/* The code that stands for a real number, to even at ties, clamped to 0..255. */
uint8_t requant_code(double real, float scale, int zero_point);

#endif
