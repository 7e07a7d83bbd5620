// SPDX-License-Identifier: GPL-2.0-only
/*
 * operands STIMULUS ACT_BITS WEIGHT_BITS SIGNED WEIGHTS STEPS
 *
 * Prints the operands that energy is stated for, in core's order (weight j
 * meets activations j * (STEPS + 1) and the STEPS that follow), a line "x w" in
 * hexadecimal for each, as a test bench of the unit reads them.  With STEPS 0
 * every operation has another weight.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu-device/core/cost/stimulus.h"

int main(int argc, char **argv)
{
	unsigned int act, weight, is_signed, weights, steps, j, i;
	enum lutna_stimulus stimulus = LUTNA_STIMULUS_UNIFORM;
	int w;

	if (argc != 7)
		return 2;
	if (!strcmp(argv[1], "relu"))
		stimulus = LUTNA_STIMULUS_RELU;
	act = atoi(argv[2]);
	weight = atoi(argv[3]);
	is_signed = atoi(argv[4]);
	weights = atoi(argv[5]);
	steps = atoi(argv[6]);
	for (j = 0; j < weights; j++) {
		w = lutna_stimulus_weight(weight, is_signed, j);
		for (i = 0; i <= steps; i++)
			printf("%x %x\n",
			       lutna_stimulus_activation(stimulus, act,
							 j * (steps + 1) + i),
			       w & ((1 << weight) - 1));
	}
	return 0;
}
