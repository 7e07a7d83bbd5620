/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * LUT-NA driver: commands of io_uring
 */
#ifndef LUTNA_URING_H
#define LUTNA_URING_H

#include "lutna_drv.h"

struct io_uring_cmd;

/**
 * struct lutna_ticket - a submission whose end somebody wants to know
 * @nonblock: all at once and without sleeping for room, or -EAGAIN
 * @q: out: queue, with a reference for the caller
 * @seqno: out: sequence number of the last job taken
 */
struct lutna_ticket {
	bool nonblock;
	struct lutna_queue *q;
	u64 seqno;
};

/* file.c */
/** lutna_call_submit() - LUTNA_IOCTL_SUBMIT, without the ioctl */
int lutna_call_submit(struct lutna_context *ctx, void __user *user,
		      struct lutna_ticket *ticket);

/* uring.c */
int lutna_file_uring_cmd(struct io_uring_cmd *cmd, unsigned int issue_flags);

/** lutna_uring_ended() - jobs have ended; the queue's lock is held */
void lutna_uring_ended(struct lutna_queue *q);

#endif /* LUTNA_URING_H */
