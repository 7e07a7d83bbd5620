// SPDX-License-Identifier: GPL-2.0-only
/* The operands of the energy model are what its description says. */
#include <stdlib.h>

#include "core/cost/stimulus.h"
#include "tap.h"

#define DRAWS	16384

/* Five standard errors wide on both sides. */
static bool near(long long got, long long want, long long error)
{
	return llabs(got - want) <= 5 * error;
}

static void check_uniform(void)
{
	unsigned int count[256] = { 0 }, i, wrong = 0;
	long long sum = 0;

	for (i = 0; i < DRAWS; i++) {
		uint8_t x = lutna_stimulus_activation(LUTNA_STIMULUS_UNIFORM,
						      8, i);

		count[x]++;
		sum += x;
	}
	/* Standard deviation 73.9 a draw, 128 times that of the sum. */
	tap_result(near(sum, 127.5 * DRAWS, 74 * 128), "uniform: mean %.2f",
		   (double)sum / DRAWS);
	/* 64 of each are expected, 8 the standard deviation. */
	for (i = 0; i < 256; i++)
		wrong += !near(count[i], 64, 8);
	tap_equal(wrong, 0, "uniform: every activation as often");
}

static void check_relu(void)
{
	unsigned int zero = 0, beyond = 0, i;
	uint8_t x;

	for (i = 0; i < DRAWS; i++) {
		x = lutna_stimulus_activation(LUTNA_STIMULUS_RELU, 8, i);
		zero += !x;
		beyond += x > 64;
	}
	/* Of the others 0.6 % round to 0; 31.7 % are beyond 1 sigma = 64. */
	tap_result(near(zero, DRAWS / 2 + 51, 64), "relu: %u of %u zero", zero,
		   DRAWS);
	tap_result(near(beyond, DRAWS / 2 * 0.314, 48),
		   "relu: %u beyond one sigma", beyond);
}

/* Fewer bits show the same sequence less sharply. */
static void check_resolution(void)
{
	unsigned int a, i, wrong = 0;

	for (a = 2; a < 8; a++) {
		for (i = 0; i < 1000; i++) {
			int full, x;

			full = lutna_stimulus_activation(LUTNA_STIMULUS_UNIFORM,
							 8, i);
			x = lutna_stimulus_activation(LUTNA_STIMULUS_UNIFORM,
						      a, i);
			wrong += x != full >> (8 - a);
			full = lutna_stimulus_activation(LUTNA_STIMULUS_RELU,
							 8, i);
			x = lutna_stimulus_activation(LUTNA_STIMULUS_RELU, a,
						      i);
			wrong += abs((x << (8 - a)) - full) >
				 (1 << (8 - a));
		}
	}
	tap_equal(wrong, 0, "one sequence at every resolution");
}

static void check_weights(void)
{
	int w, bits, low, high;
	unsigned int i, wrong = 0, within = 0;
	long long sum = 0;

	for (bits = 2; bits <= 9; bits++) {
		low = high = 0;
		for (i = 0; i < DRAWS; i++) {
			w = lutna_stimulus_weight(bits, true, i);
			low = w < low ? w : low;
			high = w > high ? w : high;
			w = lutna_stimulus_weight(bits, false, i);
			wrong += w < 0 || w >= 1 << bits;
		}
		wrong += low < -(1 << (bits - 1)) || high >= 1 << (bits - 1);
		/* Three sigma are three quarters of the range. */
		wrong += bits > 3 && (low > -(3 << (bits - 3)) ||
				      high < (3 << (bits - 3)));
	}
	tap_equal(wrong, 0, "weights fit their bits and use them");
	for (i = 0; i < DRAWS; i++) {
		w = lutna_stimulus_weight(9, true, i);
		sum += w;
		within += abs(w) <= 64;
	}
	tap_result(near(sum, 0, 64 * 128), "signed weights: mean %.2f",
		   (double)sum / DRAWS);
	tap_result(near(within, DRAWS * 0.686, 59),
		   "signed weights: %u within one sigma", within);
}

int main(void)
{
	check_uniform();
	check_relu();
	check_resolution();
	check_weights();
	return tap_done();
}
