// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Weights are read whole, once, before they are looked at: the guest may
 * write to its copy meanwhile.
 */
#include <assert.h>
#include <stddef.h>

#include "weights.h"

#define CHECK_CHUNK	65536

static_assert(sizeof(struct lutna_channel) == 16, "layout of a channel");

static int bad_weights(struct lutna_run *run)
{
	return lutna_refuse(run->fault, LUTNA_FAULT_BAD_WEIGHTS,
			    offsetof(struct lutna_cmd_conv, weights));
}

/* Does not stop at the first bad one, so that it can be vectorised. */
static int check_dense(struct lutna_run *run, const struct lutna_conv *c,
		       const struct lutna_weights *w)
{
	int min = -(1 << (c->weight_bits - 1)), max = -min - 1;

	for (size_t i = 0; i < w->stored; i += CHECK_CHUNK) {
		size_t end = w->stored - i < CHECK_CHUNK ? w->stored
							 : i + CHECK_CHUNK;
		bool bad = false;
		int rc;

		for (size_t j = i; j < end; j++) {
			int v = lutna_weights_dense(w, j);

			bad |= v < min || v > max;
		}
		if (bad)
			return bad_weights(run);
		rc = lutna_run_tick(run, end - i);
		if (rc)
			return rc;
	}
	return 0;
}

/* Entries of one output channel; *@stored grows by those that are weights. */
static int check_entries(struct lutna_run *run, const struct lutna_conv *c,
			 const struct lutna_weights *w, uint32_t from,
			 uint32_t to, uint64_t *stored)
{
	int min = -(1 << (c->weight_bits - 1)), max = -min - 1;
	uint64_t k = 0;

	while (from < to) {
		uint32_t end = to - from < CHECK_CHUNK ? to
						       : from + CHECK_CHUNK;
		int rc = lutna_run_tick(run, 2 * (end - from));

		if (rc)
			return rc;
		for (; from < end; from++) {
			uint32_t skip;
			int v = lutna_weights_entry(w, from, &skip);

			k += skip + 1;
			if (k > c->k || v < min || v > max ||
			    (!v && skip != LUTNA_SKIP_MAX))
				return bad_weights(run);
			*stored += v != 0;
		}
	}
	return 0;
}

static int check_compressed(struct lutna_run *run, const struct lutna_conv *c,
			    struct lutna_weights *w)
{
	uint32_t channels = c->out.dim[LUTNA_DIM_C];
	uint32_t index = 4 * (channels + 1);
	uint32_t entries = (c->weights_size - index) / 2;
	uint32_t row = lutna_weights_row(w, 0);

	w->entries = w->raw + index;
	w->stored = 0;
	if (row)
		return bad_weights(run);
	if (lutna_weights_row(w, channels) != entries)
		return lutna_refuse(run->fault, LUTNA_FAULT_BAD_WEIGHTS,
				    offsetof(struct lutna_cmd_conv,
					     weights_size));
	for (uint32_t oc = 0; oc < channels; oc++) {
		uint32_t next = lutna_weights_row(w, oc + 1);
		int rc;

		if (next < row || next > entries)
			return bad_weights(run);
		rc = check_entries(run, c, w, row, next, &w->stored);
		if (rc)
			return rc;
		row = next;
	}
	return 0;
}

int lutna_weights_load(struct lutna_run *run, const struct lutna_conv *c,
		       struct lutna_weights *out)
{
	struct lutna_weights w = { .format = c->weight_format };
	uint8_t *raw;
	int rc;

	raw = lutna_run_scratch(run, LUTNA_SCRATCH_WEIGHTS, c->weights_size);
	if (!raw)
		return LUTNA_FAULT_INTERNAL;
	rc = lutna_run_read(run, c->weights, raw, c->weights_size);
	if (rc)
		return rc;

	w.raw = raw;
	w.stored = (uint64_t)c->k * c->out.dim[LUTNA_DIM_C];
	if (c->weight_format == LUTNA_WEIGHT_COMPRESSED)
		rc = check_compressed(run, c, &w);
	else
		rc = check_dense(run, c, &w);
	if (!rc)
		*out = w;
	return rc;
}

static int check_channel(struct lutna_run *run, struct lutna_requant *to,
			 const struct lutna_channel *from)
{
	bool bad = false;

	to->bias = le32toh(from->bias);
	to->mult = le32toh(from->mult);
	to->shift = from->shift;
	for (size_t i = 0; i < sizeof(from->reserved); i++)
		bad |= from->reserved[i];
	if (bad || to->mult > INT32_MAX || to->shift < 1 || to->shift > 62)
		return lutna_refuse(run->fault, LUTNA_FAULT_BAD_FIELD,
				    offsetof(struct lutna_cmd_conv, channels));
	return 0;
}

int lutna_channels_load(struct lutna_run *run, const struct lutna_conv *c,
			const struct lutna_requant **out)
{
	uint32_t n = c->out.dim[LUTNA_DIM_C];
	struct lutna_requant *checked;
	struct lutna_channel *raw;
	int rc;

	checked = lutna_run_scratch(run, LUTNA_SCRATCH_CHANNELS,
				    n * (sizeof(*checked) + sizeof(*raw)));
	if (!checked)
		return LUTNA_FAULT_INTERNAL;
	raw = (struct lutna_channel *)(checked + n);
	rc = lutna_run_read(run, c->channels, raw, n * sizeof(*raw));
	for (uint32_t i = 0; i < n && !rc; i++)
		rc = check_channel(run, &checked[i], &raw[i]);
	if (!rc)
		*out = checked;
	return rc;
}
