// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Kernels for any processor.  Inner loops have constant lengths, so that a
 * compiler vectorises them at -O2 for whatever it compiles for.
 */
#include "kernel.h"
#include "pack.h"

#define STRIP	LUTNA_LANE_UNIT

static inline void strip(uint32_t *restrict acc, const int16_t *restrict a,
			 const int16_t *restrict b, int wa, int wb)
{
	for (int i = 0; i < STRIP; i++)
		acc[i] += (uint32_t)(a[i] * wa + b[i] * wb);
}

static void pack(const struct lutna_lanes *g, const struct lutna_segment *seg,
		 size_t segs, const uint8_t *in, uint32_t k, int16_t *row)
{
	lutna_pack_row(g, seg, segs, in, k, row);
}

static void sparse(uint32_t *acc, const int16_t *block,
		   const struct lutna_pair *pair, size_t n, size_t lanes,
		   bool add)
{
	if (!add)
		memset(acc, 0, lanes * sizeof(*acc));
	for (size_t l = 0; l < lanes; l += STRIP)
		for (size_t i = 0; i < n; i++)
			strip(acc + l, block + pair[i].row[0] + l,
			      block + pair[i].row[1] + l, pair[i].w[0],
			      pair[i].w[1]);
}

static void dense(uint32_t *acc, size_t acc_pitch, const int16_t *block,
		  size_t pitch, const int16_t *w, size_t w_pitch, size_t rows,
		  size_t channels, size_t lanes, bool add)
{
	for (size_t c = 0; c < channels; c++, acc += acc_pitch, w += w_pitch) {
		if (!add)
			memset(acc, 0, lanes * sizeof(*acc));
		for (size_t l = 0; l < lanes; l += STRIP)
			for (size_t k = 0; k < rows; k += 2)
				strip(acc + l, block + k * pitch + l,
				      block + (k + 1) * pitch + l, w[k],
				      w[k + 1]);
	}
}

static void requant(uint8_t *dst, const uint32_t *acc, size_t n,
		    const struct lutna_requant *channel,
		    const struct lutna_clamp *clamp)
{
	for (size_t i = 0; i < n; i++)
		dst[i] = lutna_requant_one(acc[i], channel, clamp);
}

const struct lutna_kernels lutna_kernels_portable = {
	.name = "portable",
	.pack = pack,
	.sparse = sparse,
	.dense = dense,
	.requant = requant,
};
