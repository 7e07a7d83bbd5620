/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Convolutions for tests: chosen, laid out in a guest's memory, and worked out
 * by plain multiplication.
 */
#ifndef CORE_TEST_CONV_CASE_H
#define CORE_TEST_CONV_CASE_H

#include "guest.h"

/* How large the numbers of a case are */
enum values {
	VALUES_RANDOM,
	VALUES_EXTREME,		/* only the ends of each range */
};

/**
 * struct conv_case - a convolution
 *
 * The first part is what conv_choose() sets and a test may change before
 * conv_build(); the second is what conv_build() makes of it.  @zeros is the
 * share of zero weights, in 1/256.
 */
struct conv_case {
	uint32_t n, c, h, w, oc;
	uint32_t oh, ow;
	uint8_t kh, kw, sh, sw, dh, dw, pt, pl;
	uint16_t groups;
	uint8_t format, act_bits, weight_bits, approx, approx_digits;
	uint8_t pad_value, zero_point, out_min, out_max;
	bool s32;
	uint32_t zeros;
	enum values values;
	enum layout in_layout, out_layout;

	struct shape in, out;
	struct lutna_cmd_conv cmd;
	uint32_t k;
	uint64_t stored;
	int16_t *weight;		/* [oc][k] */
	struct lutna_channel *channel;
};

/** conv_choose() - a random convolution of at most about @macs products */
void conv_choose(struct conv_case *cc, uint32_t macs, struct rng *r);

/** conv_bits() - other precisions, with an approximation that fits them */
void conv_bits(struct conv_case *cc, unsigned int act_bits,
	       unsigned int weight_bits, unsigned int format,
	       unsigned int approx, unsigned int approx_digits);

/** conv_out_size() - output rows or columns for a padding that is allowed */
uint32_t conv_out_size(uint32_t in, unsigned int kernel, unsigned int stride,
		       unsigned int dilation, unsigned int pad_before,
		       unsigned int pad_behind);

/** conv_build() - put it into @g, which is reset; conv_free() undoes it */
void conv_build(struct conv_case *cc, struct guest *g, struct rng *r);
void conv_free(struct conv_case *cc);

/** conv_oracle() - write the output into @mem, an image of the guest's memory */
void conv_oracle(const struct conv_case *cc, const struct guest *g,
		 uint8_t *mem);

/** conv_describe() - in a line, for messages; a static buffer */
const char *conv_describe(const struct conv_case *cc);

#endif /* CORE_TEST_CONV_CASE_H */
