/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inner loops of a convolution.
 *
 * Activations come packed in a block: one row of lanes for each weight position
 * that is needed, a lane being one place (n, oy, ox) of the output.  Every
 * implementation computes the same bits.
 */
#ifndef LUTNA_CORE_KERNEL_H
#define LUTNA_CORE_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#include "weights.h"

struct lutna_lanes;
struct lutna_segment;

/* Lanes are a multiple of this; all lanes are computed, used or not. */
#define LUTNA_LANE_UNIT		32

/**
 * struct lutna_pair - two weights and where their activations are
 * @row: offset in the block of a weight's row, in activations
 * @w: weights; an odd one out has a zero beside it, with a valid row
 */
struct lutna_pair {
	uint32_t row[2];
	int16_t w[2];
};

/**
 * struct lutna_clamp - the part of requantisation that channels share
 * @zero_point: of the output
 * @min: lower clamp
 * @max: upper clamp
 */
struct lutna_clamp {
	uint8_t zero_point;
	uint8_t min;
	uint8_t max;
};

/**
 * struct lutna_kernels - one implementation
 * @name: of its instruction set
 * @pack: a row of a block, see lutna_pack_row() in pack.h
 * @sparse: sets acc[lane], or with @add adds to it, the sum over @n pairs of
 *	w[0] * row[0][lane] + w[1] * row[1][lane], modulo 2^32, for @lanes lanes
 * @dense: the same for @channels output channels whose weights are
 *	w[channel * w_pitch + row] for @rows rows, an even number, of @pitch
 *	activations each; channel c has acc[c * acc_pitch + lane]
 * @requant: dst[i] = requantised acc[i] + bias for @n accumulators
 *
 * Blocks and accumulators are aligned to 64 bytes, and so are their pitches.
 * Activations are 0..255, weights -256..255.
 */
struct lutna_kernels {
	const char *name;
	void (*pack)(const struct lutna_lanes *g,
		     const struct lutna_segment *seg, size_t segs,
		     const uint8_t *in, uint32_t k, int16_t *row);
	void (*sparse)(uint32_t *acc, const int16_t *block,
		       const struct lutna_pair *pair, size_t n, size_t lanes,
		       bool add);
	void (*dense)(uint32_t *acc, size_t acc_pitch, const int16_t *block,
		      size_t pitch, const int16_t *w, size_t w_pitch,
		      size_t rows, size_t channels, size_t lanes, bool add);
	void (*requant)(uint8_t *dst, const uint32_t *acc, size_t n,
			const struct lutna_requant *channel,
			const struct lutna_clamp *clamp);
};

extern const struct lutna_kernels lutna_kernels_portable;
#ifdef __x86_64__
extern const struct lutna_kernels lutna_kernels_avx2;
extern const struct lutna_kernels lutna_kernels_avx512;
#endif

/** lutna_kernels_best() - the fastest that this processor has */
const struct lutna_kernels *lutna_kernels_best(void);

/**
 * lutna_kernels_list() - what this processor can run
 * @i: from 0
 *
 * Return: kernels number @i, fastest first; NULL behind the last one.
 */
const struct lutna_kernels *lutna_kernels_list(unsigned int i);

/**
 * lutna_requant_one() - requantise one accumulator, as lutna_isa.h says
 * @acc: accumulator without bias
 * @channel: bias, multiplier and shift
 * @clamp: the rest
 */
static inline uint8_t lutna_requant_one(uint32_t acc,
					const struct lutna_requant *channel,
					const struct lutna_clamp *clamp)
{
	/* |product| + rounding is below 2^62 + 2^61. */
	int64_t v = (int64_t)(int32_t)(acc + channel->bias) * channel->mult +
		    (1LL << (channel->shift - 1));

	v = (v >> channel->shift) + clamp->zero_point;
	if (v < clamp->min)
		return clamp->min;
	if (v > clamp->max)
		return clamp->max;
	return v;
}

#endif /* LUTNA_CORE_KERNEL_H */
