/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operands that energy is stated for.  Integer arithmetic only, so that
 * every machine generates the same ones.
 */
#ifndef LUTNA_CORE_COST_STIMULUS_H
#define LUTNA_CORE_COST_STIMULUS_H

#include <stddef.h>
#include <stdint.h>

#include "../cost.h"

/**
 * lutna_stimulus_activation() - activation @index of a sequence
 * @stimulus: which sequence
 * @act_bits: 2..8; the same sequence at a different resolution
 * @index: place in the sequence
 */
uint8_t lutna_stimulus_activation(enum lutna_stimulus stimulus,
				  unsigned int act_bits, uint32_t index);

/**
 * lutna_stimulus_weight() - weight @index of the one sequence of weights
 * @weight_bits: 2..9
 * @is_signed: Gaussian, a quarter of the largest weight wide; else uniform
 * @index: place in the sequence
 */
int16_t lutna_stimulus_weight(unsigned int weight_bits, bool is_signed,
			      uint32_t index);

#endif /* LUTNA_CORE_COST_STIMULUS_H */
