/* SPDX-License-Identifier: GPL-2.0-only */
/* What a person is told when the VM did not end as it should. */
#ifndef LUTNA_VM_REPORT_H
#define LUTNA_VM_REPORT_H

#include <stdbool.h>

struct report_files {
	const char *console;	/* what the guest's kernel wrote */
	const char *kept_as;	/* where a person finds it when all is over */
	const char *qemu_log;	/* what QEMU itself wrote */
};

/**
 * report_die - the launcher itself cannot go on
 * @fmt: one line that says why
 */
void report_die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/**
 * report_failure - one line of reason, then QEMU's words and the console's tail
 * @f: where to find them
 * @fmt: the reason
 */
void report_failure(const struct report_files *f, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * report_qemu_end - QEMU ended before the command did
 * @f: where to find its words and the console's
 * @status: as wait() gives it
 * @ready: the guest had come up
 */
void report_qemu_end(const struct report_files *f, int status, bool ready);

/**
 * report_console - the console's tail alone
 * @f: where to find it
 */
void report_console(const struct report_files *f);

#endif
