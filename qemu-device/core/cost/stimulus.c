// SPDX-License-Identifier: GPL-2.0-or-later
#include "stimulus.h"

/* Draw @index of a splitmix64 generator seeded with @seed. */
static uint64_t draw(uint64_t seed, uint64_t index)
{
	uint64_t z = seed + (index + 1) * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

enum { SEED_UNIFORM = 1, SEED_RELU, SEED_RELU_ZERO, SEED_WEIGHT };

/* About normal, mean 0, standard deviation 2^17: the sum of 12 uniform ones. */
#define NORMAL_SHIFT	17

static int32_t draw_normal(uint64_t seed, uint64_t index)
{
	int32_t sum = 0;
	unsigned int i, j;
	uint64_t bits;

	for (i = 0; i < 3; i++) {
		bits = draw(seed, 3 * index + i);
		for (j = 0; j < 4; j++)
			sum += bits >> (16 * j) & 0xffff;
	}
	return 2 * sum - 12 * 0xffff;
}

/* @normal times 2^@shift and rounded, as an absolute value; @shift may be < 0 */
static uint32_t scale_normal(int32_t normal, int shift)
{
	uint32_t magnitude = normal < 0 ? -normal : normal;
	unsigned int down = NORMAL_SHIFT - shift;

	return (magnitude + (UINT32_C(1) << (down - 1))) >> down;
}

uint8_t lutna_stimulus_activation(enum lutna_stimulus stimulus,
				  unsigned int act_bits, uint32_t index)
{
	uint32_t max = (UINT32_C(1) << act_bits) - 1, x;

	if (stimulus == LUTNA_STIMULUS_UNIFORM)
		return draw(SEED_UNIFORM, index) >> (64 - act_bits);
	if (draw(SEED_RELU_ZERO, index) >> 63)
		return 0;
	x = scale_normal(draw_normal(SEED_RELU, index), (int)act_bits - 2);
	return x < max ? x : max;
}

int16_t lutna_stimulus_weight(unsigned int weight_bits, bool is_signed,
			      uint32_t index)
{
	int32_t top = INT32_C(1) << (weight_bits - 1), w, normal;

	if (!is_signed)
		return draw(SEED_WEIGHT, index) >> (64 - weight_bits);
	normal = draw_normal(SEED_WEIGHT, index);
	w = scale_normal(normal, (int)weight_bits - 3);
	if (normal < 0)
		return -(w < top ? w : top);
	return w < top ? w : top - 1;
}
