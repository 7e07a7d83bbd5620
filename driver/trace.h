/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * LUT-NA driver: trace events
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM lutna

#if !defined(LUTNA_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define LUTNA_TRACE_H

#include <linux/tracepoint.h>

#include "lutna_drv.h"

TRACE_EVENT(lutna_submit,
	    TP_PROTO(const struct lutna_queue *q, u64 first, u64 last),
	    TP_ARGS(q, first, last),
	    TP_STRUCT__entry(__field(int, device)
			     __field(u32, context)
			     __field(u32, queue)
			     __field(u64, first)
			     __field(u64, last)),
	    TP_fast_assign(__entry->device = q->ctx->ldev->index;
			   __entry->context = q->ctx->id;
			   __entry->queue = q->id;
			   __entry->first = first;
			   __entry->last = last;),
	    TP_printk("lutna%d context %u queue %u jobs %llu..%llu",
		      __entry->device, __entry->context, __entry->queue,
		      __entry->first, __entry->last)
);

TRACE_EVENT(lutna_done,
	    TP_PROTO(const struct lutna_queue *q, u64 seqno,
		     const struct lutna_job_result *result),
	    TP_ARGS(q, seqno, result),
	    TP_STRUCT__entry(__field(int, device)
			     __field(u32, context)
			     __field(u32, queue)
			     __field(int, error)
			     __field(u64, seqno)
			     __field(u64, cycles)
			     __field(u64, duration_ns)),
	    TP_fast_assign(__entry->device = q->ctx->ldev->index;
			   __entry->context = q->ctx->id;
			   __entry->queue = q->id;
			   __entry->error = result->error;
			   __entry->seqno = seqno;
			   __entry->cycles = result->cycles;
			   __entry->duration_ns = result->duration_ns;),
	    TP_printk("lutna%d context %u queue %u job %llu error %d cycles %llu ns %llu",
		      __entry->device, __entry->context, __entry->queue, __entry->seqno,
		      __entry->error, __entry->cycles, __entry->duration_ns)
);

TRACE_EVENT(lutna_fault,
	    TP_PROTO(const struct lutna_queue *q, u64 seqno,
		     const struct lutna_job_result *result),
	    TP_ARGS(q, seqno, result),
	    TP_STRUCT__entry(__field(int, device)
			     __field(u32, context)
			     __field(u32, queue)
			     __field(u32, fault)
			     __field(u32, access)
			     __field(u32, command)
			     __field(u64, seqno)
			     __field(u64, addr)),
	    TP_fast_assign(__entry->device = q->ctx->ldev->index;
			   __entry->context = q->ctx->id;
			   __entry->queue = q->id;
			   __entry->fault = result->fault;
			   __entry->access = result->access;
			   __entry->command = result->command;
			   __entry->seqno = seqno;
			   __entry->addr = result->fault_addr;),
	    TP_printk("lutna%d context %u queue %u job %llu command %u fault %#x access %u address %#llx",
		      __entry->device, __entry->context, __entry->queue, __entry->seqno,
		      __entry->command, __entry->fault, __entry->access, __entry->addr)
);

#endif /* LUTNA_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
