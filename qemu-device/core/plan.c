// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From weights as they stand in guest memory to the order in which the kernels
 * want them.  A plan is built once where it fits, else part by part for each
 * block of lanes: then a part has so many weights that building it is little
 * beside using it.
 */
#include "conv.h"

/* Room for two tiles of the largest kind, in pairs */
#define MAX_PAIRS	(2 * LUTNA_BLOCK_CHANNELS * LUTNA_BLOCK_ROWS / 2)
#define MAX_DENSE	(MAX_PAIRS * sizeof(struct lutna_pair) / sizeof(int16_t))

int lutna_plan_init(struct lutna_plan *p, struct lutna_run *run,
		    const struct lutna_conv *c, const struct lutna_weights *w,
		    size_t lane_pitch)
{
	p->w = w;
	p->conv = c;
	p->lane_pitch = lane_pitch;
	p->row = lutna_run_scratch(run, LUTNA_SCRATCH_ROWS, LUTNA_PLAN_TILES *
				   LUTNA_BLOCK_ROWS * sizeof(*p->row));
	p->index = lutna_run_scratch(run, LUTNA_SCRATCH_INDEX, LUTNA_PLAN_TILES *
				     (LUTNA_BLOCK_CHANNELS + 1) *
				     sizeof(*p->index));
	p->pair = lutna_run_scratch(run, LUTNA_SCRATCH_PLAN,
				    MAX_PAIRS * sizeof(*p->pair));
	p->dense = (int16_t *)p->pair;
	return p->row && p->index && p->pair ? 0 : LUTNA_FAULT_INTERNAL;
}

/*
 * Move on to the next entry that is a weight, @k being the position behind the
 * last one.
 */
static inline int settle(struct lutna_cursor *cur, uint32_t k,
			 const struct lutna_weights *w, struct lutna_run *run)
{
	for (; cur->at < cur->end; cur->at++) {
		uint32_t skip;
		int rc;

		if (lutna_weights_entry(w, cur->at, &skip)) {
			cur->k = k + skip;
			return 0;
		}
		k += skip + 1;
		rc = lutna_run_tick(run, 2);
		if (rc)
			return rc;
	}
	return 0;
}

int lutna_plan_begin(struct lutna_plan *p, struct lutna_run *run,
		     uint32_t first, uint32_t channels)
{
	int rc = 0;

	p->first = first;
	p->channels = channels;
	p->fresh = true;
	p->k = 0;
	if (p->w->format != LUTNA_WEIGHT_COMPRESSED)
		return 0;
	for (uint32_t i = 0; i < channels && !rc; i++) {
		struct lutna_cursor *cur = &p->cursor[i];

		cur->at = lutna_weights_row(p->w, first + i);
		cur->end = lutna_weights_row(p->w, first + i + 1);
		rc = settle(cur, 0, p->w, run);
	}
	return rc;
}

/* The lowest position that has a weight left; false if there is none */
static bool next_position(struct lutna_plan *p)
{
	bool any = false;

	for (uint32_t i = 0; i < p->channels; i++) {
		const struct lutna_cursor *cur = &p->cursor[i];

		if (cur->at < cur->end && (!any || cur->k < p->k)) {
			p->k = cur->k;
			any = true;
		}
	}
	return any;
}

/*
 * Marks in p->map which of the positions from p->k on meet a weight.  Returns
 * how many pairs that makes.
 */
static int mark(struct lutna_plan *p, struct lutna_run *run, uint32_t *pairs)
{
	*pairs = 0;
	memset(p->map, 0, sizeof(p->map));
	for (uint32_t i = 0; i < p->channels; i++) {
		struct lutna_cursor cur = p->cursor[i];
		uint32_t n = 0;

		while (cur.at < cur.end && cur.k - p->k < LUTNA_BLOCK_ROWS) {
			int rc;

			p->map[cur.k - p->k] = 1;
			cur.at++;
			n++;
			rc = settle(&cur, cur.k + 1, p->w, run);
			if (rc)
				return rc;
		}
		*pairs += (n + 1) / 2;
	}
	return lutna_run_tick(run, LUTNA_BLOCK_ROWS + 4 * *pairs);
}

/* Pairs of one channel at the tile's positions */
static int emit(struct lutna_plan *p, struct lutna_run *run,
		struct lutna_cursor *cur)
{
	struct lutna_pair *pair = p->pair + p->used;
	int half = 0;

	while (cur->at < cur->end && cur->k - p->k < LUTNA_BLOCK_ROWS) {
		uint32_t skip, row = p->map[cur->k - p->k] * p->lane_pitch;
		int w = lutna_weights_entry(p->w, cur->at++, &skip), rc;

		pair->row[half] = row;
		pair->w[half] = w;
		if (!half) {
			pair->row[1] = row;
			pair->w[1] = 0;
		} else {
			pair++;
		}
		half ^= 1;
		rc = settle(cur, cur->k + 1, p->w, run);
		if (rc)
			return rc;
	}
	p->used = pair + half - p->pair;
	return 0;
}

static int sparse_tile(struct lutna_plan *p, struct lutna_run *run,
		       uint32_t pairs)
{
	struct lutna_tile *t = &p->tile[p->tiles++];
	int rc = 0;

	t->row = p->rows;
	t->index = p->indices;
	for (uint32_t i = 0; i < LUTNA_BLOCK_ROWS; i++) {
		if (!p->map[i])
			continue;
		p->map[i] = p->rows - t->row;
		p->row[p->rows++] = p->k + i;
	}
	t->rows = p->rows - t->row;

	for (uint32_t i = 0; i < p->channels && !rc; i++) {
		p->index[p->indices++] = p->used;
		rc = emit(p, run, &p->cursor[i]);
	}
	p->index[p->indices++] = p->used;
	return rc ? rc : lutna_run_tick(run, 4 * pairs);
}

static int sparse_part(struct lutna_plan *p, struct lutna_run *run)
{
	while (next_position(p)) {
		uint32_t pairs;
		int rc;

		if (p->tiles == LUTNA_PLAN_TILES)
			return 0;
		rc = mark(p, run, &pairs);
		if (rc || p->used + pairs > MAX_PAIRS)
			return rc;
		rc = sparse_tile(p, run, pairs);
		if (rc)
			return rc;
	}
	p->k = p->conv->k;
	return 0;
}

static int dense_part(struct lutna_plan *p, struct lutna_run *run)
{
	while (p->k < p->conv->k && p->tiles < LUTNA_PLAN_TILES) {
		struct lutna_tile *t = &p->tile[p->tiles];
		uint32_t rows = p->conv->k - p->k;
		int rc;

		if (rows > LUTNA_BLOCK_ROWS)
			rows = LUTNA_BLOCK_ROWS;
		t->pitch = (rows + 1) & ~1U;
		if (p->used + p->channels * t->pitch > MAX_DENSE)
			return 0;
		t->row = p->rows;
		t->rows = rows;
		t->dense = p->used;
		for (uint32_t i = 0; i < rows; i++)
			p->row[p->rows++] = p->k + i;
		for (uint32_t c = 0; c < p->channels; c++) {
			size_t from = (size_t)(p->first + c) * p->conv->k + p->k;
			int16_t *to = p->dense + p->used;

			for (uint32_t i = 0; i < rows; i++)
				to[i] = lutna_weights_dense(p->w, from + i);
			/* Whatever stands in the row behind counts nothing. */
			if (rows & 1)
				to[rows] = 0;
			p->used += t->pitch;
		}
		p->tiles++;
		p->k += rows;
		rc = lutna_run_tick(run, p->channels * rows);
		if (rc)
			return rc;
	}
	return 0;
}

int lutna_plan_next(struct lutna_plan *p, struct lutna_run *run, bool *more)
{
	int rc;

	p->tiles = p->rows = p->indices = p->used = 0;
	if (p->w->format == LUTNA_WEIGHT_COMPRESSED)
		rc = sparse_part(p, run);
	else
		rc = dense_part(p, run);
	if (rc)
		return rc;
	p->whole = p->fresh && p->k == p->conv->k;
	p->fresh = false;
	*more = p->tiles != 0;
	return 0;
}
