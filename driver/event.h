/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * LUT-NA driver: telling others that something has happened in a queue
 */
#ifndef LUTNA_EVENT_H
#define LUTNA_EVENT_H

#include <linux/bits.h>
#include <linux/poll.h>

#include "lutna_drv.h"

/* lutna_queue.watch */
#define LUTNA_WATCH_REAP	BIT(0)	/* the context does not know of it yet */
#define LUTNA_WATCH_EVENTFD	BIT(1)
#define LUTNA_WATCH_URING	BIT(2)

int lutna_ioctl_queue_event(struct lutna_call *call);
int lutna_ioctl_reap(struct lutna_call *call);
__poll_t lutna_file_poll(struct file *file, struct poll_table_struct *table);

/** lutna_event_ended() - jobs have ended, or the queue; its lock is held */
void lutna_event_ended(struct lutna_queue *q);
/** lutna_event_forget() - nobody is told of a closed queue; its lock is held */
void lutna_event_forget(struct lutna_queue *q);
/** lutna_event_gone() - the device is dead; wakes who polls the context */
void lutna_event_gone(struct lutna_context *ctx);

#endif /* LUTNA_EVENT_H */
