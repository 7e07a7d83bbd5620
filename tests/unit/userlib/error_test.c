// SPDX-License-Identifier: GPL-2.0-only
/*
 * Words: the last error of each thread, faults, results.
 */
#include <errno.h>
#include <pthread.h>

#include "error.h"
#include "tap.h"
#include "uapi/lutna_isa.h"

static void *other_thread(void *opaque)
{
	struct lutna_device *dev;
	bool *good = opaque;

	*good = !lutna_last_error()[0];
	lutna_device_open(&dev, "other");
	*good = *good && strstr(lutna_last_error(), "other");
	return NULL;
}

static void test_threads(void)
{
	struct lutna_device *dev;
	pthread_t thread;
	bool good = false;

	ok(!strcmp(lutna_last_error(), ""), "no error at first");
	ok(lutna_device_open(&dev, "mine") == -ENOENT &&
	   strstr(lutna_last_error(), "mine"), "an error names its object");
	need(!pthread_create(&thread, NULL, other_thread, &good));
	pthread_join(thread, NULL);
	ok(good && strstr(lutna_last_error(), "mine"),
	   "each thread has its own");
}

static void test_line(void)
{
	char text[2 * LUTNA_ERROR_SIZE];

	ok(lutna_fail(-EIO, "a\nb\x1b[%d", 7) == -EIO &&
	   !strcmp(lutna_last_error(), "a?b?[7"),
	   "control characters do not leave the line");
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	lutna_fail_errno(-EIO, "%s", text);
	ok(strlen(lutna_last_error()) == LUTNA_ERROR_SIZE - 1,
	   "a long line is cut");
	lutna_fail(-EIO, "one");
	lutna_fail(-EIO, "%s and two", lutna_last_error());
	ok(!strcmp(lutna_last_error(), "one and two"),
	   "an error made from an error");
	lutna_fail_errno(-ENOENT, "x");
	ok(!strcmp(lutna_last_error(), "x: No such file or directory"),
	   "an error from the system");
}

static void test_faults(void)
{
	static const unsigned int codes[] = {
		LUTNA_FAULT_NONE, LUTNA_FAULT_ABORTED,
		LUTNA_FAULT_TRANSLATION, LUTNA_FAULT_PERMISSION,
		LUTNA_FAULT_PT_FORMAT, LUTNA_FAULT_DMA, LUTNA_FAULT_BAD_ENTRY,
		LUTNA_FAULT_BAD_OPCODE, LUTNA_FAULT_BAD_VERSION,
		LUTNA_FAULT_BAD_FIELD, LUTNA_FAULT_BAD_SHAPE,
		LUTNA_FAULT_BAD_ALIGN, LUTNA_FAULT_BAD_WEIGHTS,
		LUTNA_FAULT_TOO_LARGE, LUTNA_FAULT_DOORBELL,
		LUTNA_FAULT_INTERNAL,
	};
	size_t count = sizeof(codes) / sizeof(codes[0]), i, j;
	unsigned int named = 0, code, same = 0;

	for (code = 0; code < 0x10000; code++)
		named += !!strcmp(lutna_fault_name(code), "unknown fault");
	ok(named == count, "%zu faults have names", count);
	for (i = 0; i < count; i++) {
		for (j = 0; j < i; j++)
			same += !strcmp(lutna_fault_name(codes[i]),
					lutna_fault_name(codes[j]));
	}
	ok(!same, "all of which differ");
	ok(lutna_fault_name(UINT32_MAX), "never NULL");
}

static bool says(struct lutna_result result, const char *text)
{
	char buf[256];
	int len = lutna_result_string(&result, buf, sizeof(buf));

	if (strcmp(buf, text))
		printf("# %s\n", buf);
	return !strcmp(buf, text) && len == (int)strlen(text);
}

static void test_results(void)
{
	struct lutna_result r = {
		.command = 4, .cycles = 10, .energy = 20, .duration_ns = 5500,
	};
	char small[8];

	ok(says(r, "done: 4 commands, 10 cycles, 20 toggles, 5 us"), "done");
	r.error = -EIO;
	r.fault = LUTNA_FAULT_TRANSLATION;
	r.access = 1;
	r.fault_addr = 0x5000;
	ok(says(r, "command 4: translation fault at 0x5000 on read"), "read");
	r.access = 2;
	r.fault = LUTNA_FAULT_PERMISSION;
	ok(says(r, "command 4: permission fault at 0x5000 on write"), "write");
	r.access = 0;
	r.fault = LUTNA_FAULT_BAD_FIELD;
	r.fault_addr = 24;
	ok(says(r, "command 4: bad field at byte 24 of the command"), "field");
	r.fault = LUTNA_FAULT_INTERNAL;
	ok(says(r, "command 4: internal device error"), "internal");
	r.error = -ETIME;
	r.fault = LUTNA_FAULT_ABORTED;
	ok(says(r, "command 4: time limit exceeded"), "time");
	r.error = -ECANCELED;
	ok(says(r, "canceled"), "canceled");
	r.error = -ENODEV;
	ok(says(r, "the device is gone"), "gone");
	r.error = -EPERM;
	ok(says(r, "command 4: Operation not permitted"), "anything else");
	r.error = -ENODEV;
	ok(lutna_result_string(&r, small, sizeof(small)) == 18 &&
	   !strcmp(small, "the dev"), "a small buffer");
	ok(lutna_result_string(&r, NULL, 0) == 18, "no buffer");
}

int main(void)
{
	test_threads();
	test_line();
	test_faults();
	test_results();
	return tap_done();
}
