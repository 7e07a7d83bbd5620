/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Weights and channel records of a convolution, read and checked.
 */
#ifndef LUTNA_CORE_WEIGHTS_H
#define LUTNA_CORE_WEIGHTS_H

#include <endian.h>
#include <string.h>

#include "decode.h"
#include "run.h"

/**
 * struct lutna_requant - a checked struct lutna_channel
 * @bias: modulo 2^32
 * @mult: 0..2^31-1
 * @shift: 1..62
 */
struct lutna_requant {
	uint32_t bias;
	uint32_t mult;
	uint8_t shift;
};

/**
 * struct lutna_weights - checked weights, as they stand in guest memory
 * @raw: first byte; compressed: the row indices
 * @entries: compressed: first entry
 * @stored: weights that are executed; the others of a compressed form are zero
 * @format: enum lutna_weight_format
 *
 * Lives in LUTNA_SCRATCH_WEIGHTS.
 */
struct lutna_weights {
	const uint8_t *raw;
	const uint8_t *entries;
	uint64_t stored;
	uint8_t format;
};

/**
 * struct lutna_cursor - a place in one output channel's compressed weights
 * @at: next entry
 * @end: end of the channel's entries
 * @k: position of the weight in entry @at, if there is one
 */
struct lutna_cursor {
	uint32_t at;
	uint32_t end;
	uint32_t k;
};

/** lutna_weights_load() - read and check weights; sets @out on success */
int lutna_weights_load(struct lutna_run *run, const struct lutna_conv *c,
		       struct lutna_weights *out);

/**
 * lutna_channels_load() - read and check channel records
 * @run: command
 * @c: convolution
 * @out: set to one record for each output channel, in LUTNA_SCRATCH_CHANNELS
 */
int lutna_channels_load(struct lutna_run *run, const struct lutna_conv *c,
			const struct lutna_requant **out);

/** lutna_weights_row() - where output channel @oc's entries begin */
static inline uint32_t lutna_weights_row(const struct lutna_weights *w,
					 uint32_t oc)
{
	uint32_t row;

	memcpy(&row, w->raw + 4 * (size_t)oc, sizeof(row));
	return le32toh(row);
}

/** lutna_weights_dense() - dense weight number @i, counted from the first */
static inline int lutna_weights_dense(const struct lutna_weights *w, size_t i)
{
	uint16_t v;

	if (w->format == LUTNA_WEIGHT_S8)
		return (int8_t)w->raw[i];
	memcpy(&v, w->raw + 2 * i, sizeof(v));
	return (int16_t)le16toh(v);
}

/**
 * lutna_weights_entry() - one compressed entry, taken apart
 * @w: weights
 * @i: entry
 * @skip: set to the zero weights in front of it
 *
 * Return: its weight.
 */
static inline int lutna_weights_entry(const struct lutna_weights *w, uint32_t i,
				      uint32_t *skip)
{
	const int sign = 1 << (LUTNA_ENTRY_WEIGHT_BITS - 1);
	uint16_t e;

	memcpy(&e, w->entries + 2 * (size_t)i, sizeof(e));
	e = le16toh(e);
	*skip = e >> LUTNA_ENTRY_SKIP_SHIFT;
	return ((e & LUTNA_ENTRY_WEIGHT_MASK) ^ sign) - sign;
}

#endif /* LUTNA_CORE_WEIGHTS_H */
