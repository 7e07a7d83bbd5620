// SPDX-License-Identifier: MIT
/*
 * How a job ended, in words.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "export.h"
#include "uapi/lutna_isa.h"

const char *lutna_fault_name(unsigned int fault)
{
	switch (fault) {
	case LUTNA_FAULT_NONE:
		return "no fault";
	case LUTNA_FAULT_ABORTED:
		return "aborted";
	case LUTNA_FAULT_TRANSLATION:
		return "translation fault";
	case LUTNA_FAULT_PERMISSION:
		return "permission fault";
	case LUTNA_FAULT_PT_FORMAT:
		return "bad page table";
	case LUTNA_FAULT_DMA:
		return "bus error";
	case LUTNA_FAULT_BAD_ENTRY:
		return "bad job entry";
	case LUTNA_FAULT_BAD_OPCODE:
		return "bad opcode";
	case LUTNA_FAULT_BAD_VERSION:
		return "bad version";
	case LUTNA_FAULT_BAD_FIELD:
		return "bad field";
	case LUTNA_FAULT_BAD_SHAPE:
		return "bad shape";
	case LUTNA_FAULT_BAD_ALIGN:
		return "bad alignment";
	case LUTNA_FAULT_BAD_WEIGHTS:
		return "bad weights";
	case LUTNA_FAULT_TOO_LARGE:
		return "too large";
	case LUTNA_FAULT_DOORBELL:
		return "bad doorbell";
	case LUTNA_FAULT_INTERNAL:
		return "internal device error";
	default:
		return "unknown fault";
	}
}

/* " at 0x1000 on read", " at byte 24 of the command" or nothing */
static void fault_place(const struct lutna_result *result, char *buf,
			size_t size)
{
	switch (result->fault) {
	case LUTNA_FAULT_TRANSLATION:
	case LUTNA_FAULT_PERMISSION:
	case LUTNA_FAULT_PT_FORMAT:
	case LUTNA_FAULT_DMA:
		snprintf(buf, size, " at 0x%" PRIx64 "%s", result->fault_addr,
			 result->access == 1 ? " on read" :
			 result->access == 2 ? " on write" : "");
		break;
	case LUTNA_FAULT_BAD_OPCODE ... LUTNA_FAULT_TOO_LARGE:
		if (result->fault_addr < LUTNA_CMD_SIZE) {
			snprintf(buf, size, " at byte %" PRIu64 " of the command",
				 result->fault_addr);
			break;
		}
		/* fall through */
	default:
		buf[0] = '\0';
	}
}

int lutna_result_string(const struct lutna_result *result, char *buf,
			size_t size)
{
	char place[64], reason[128];

	switch (result->error) {
	case 0:
		return snprintf(buf, size,
				"done: %" PRIu32 " commands, %" PRIu64
				" cycles, %" PRIu64 " toggles, %" PRIu64 " us",
				result->command, result->cycles, result->energy,
				result->duration_ns / 1000);
	case -ETIME:
		return snprintf(buf, size,
				"command %" PRIu32 ": time limit exceeded",
				result->command);
	case -ECANCELED:
		return snprintf(buf, size, "canceled");
	case -ENODEV:
		return snprintf(buf, size, "the device is gone");
	case -EIO:
		fault_place(result, place, sizeof(place));
		return snprintf(buf, size, "command %" PRIu32 ": %s%s",
				result->command,
				lutna_fault_name(result->fault), place);
	default:
		return snprintf(buf, size, "command %" PRIu32 ": %s",
				result->command,
				strerror_r(-result->error, reason,
					   sizeof(reason)));
	}
}
