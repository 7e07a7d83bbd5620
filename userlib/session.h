/* SPDX-License-Identifier: MIT */
/*
 * A session, inside the library.
 */
#ifndef LUTNA_SESSION_H
#define LUTNA_SESSION_H

#include "export.h"
#include "model.h"
#include "uapi/lutna_isa.h"

/**
 * struct session_slot - one batch in flight
 * @queue: one of the session's, perhaps shared with other slots
 * @commands: relocated to @segments
 * @segments: by lutna.Segment; NULL if the model's is empty; the constants are
 *	the session's, and the inputs perhaps the caller's
 * @input_offset: where the inputs are in their segment's buffer
 * @profile: one record a layer; NULL without profile
 * @seqno: of the run under way
 * @running: started and not yet finished
 * @has_profile: @profile holds records of a run
 */
struct session_slot {
	struct lutna_queue *queue;
	struct lutna_buffer *commands;
	struct lutna_buffer *segments[LUTNA_SEGMENTS];
	size_t input_offset;
	struct lutna_buffer *profile;
	uint64_t seqno;
	bool running;
	bool has_profile;
};

/**
 * struct lutna_session - a model on a device
 * @dev: device, must outlive the session
 * @model: must outlive the session
 * @options: the caller's with defaults filled in
 * @queues: @options.queues of them
 * @constants: shared by all slots; NULL if there are none
 * @slots: @options.slots of them
 * @stats: of all runs that ended well
 * @totals: by layer; NULL without profile
 */
struct lutna_session {
	struct lutna_device *dev;
	const struct lutna_model *model;
	struct lutna_session_options options;
	struct lutna_queue **queues;
	struct lutna_buffer *constants;
	struct session_slot *slots;
	struct lutna_session_stats stats;
	struct lutna_profile *totals;
};

#endif /* LUTNA_SESSION_H */
