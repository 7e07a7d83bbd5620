/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A driver behind a replaced ioctl(): strict about every member it is given.
 * Link with -Wl,--wrap=ioctl.
 */
#ifndef USERLIB_TEST_MOCK_DRIVER_H
#define USERLIB_TEST_MOCK_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "uapi/lutna.h"

#define MOCK_COMMANDS	(LUTNA_CMD_WAIT + 1)
#define MOCK_ANY	(-1)

/**
 * struct mock - the driver's state and the test's wishes
 * @path: what to open
 * @fd: of the memory behind @path
 * @info: answer to GET_INFO
 * @fail_cmd: LUTNA_CMD_* to fail, or MOCK_ANY
 * @fail_skip: calls of it that work before
 * @fail_errno: with this errno, 0: none
 * @fail_times: so often; then it works
 * @calls: of each ioctl
 * @complaints: members that were not as they must be; each is printed
 * @buffers: alive
 * @mappings: alive
 * @queues: alive
 * @bad_bytes: BO_CREATE answers with too small a size
 * @bad_offset: BO_CREATE answers with an offset that cannot be mapped
 * @took: jobs that SUBMIT says it took
 * @create: last argument of the ioctl of that name, as it was given
 * @map: the same
 * @unmap: the same
 * @queue: the same
 * @submit: the same
 * @job: its job
 * @wait: the same
 * @known: answer to WAIT
 * @result: answer to WAIT
 */
struct mock {
	char path[64];
	int fd;
	struct lutna_info info;
	int fail_cmd;
	int fail_skip;
	int fail_errno;
	int fail_times;
	unsigned int calls[MOCK_COMMANDS];
	unsigned int complaints;
	int buffers;
	int mappings;
	int queues;
	bool bad_bytes;
	bool bad_offset;
	uint32_t took;
	struct lutna_bo_create create;
	struct lutna_vm_map map;
	struct lutna_vm_unmap unmap;
	struct lutna_queue_create queue;
	struct lutna_submit submit;
	struct lutna_job job;
	struct lutna_wait wait;
	uint32_t known;
	struct lutna_job_result result;
};

extern struct mock mock;

/* A new driver; 0 or -1 */
int mock_reset(void);

/* Lets the next @times calls of LUTNA_CMD_@cmd fail, after @fail_skip */
void mock_fail(int cmd, int err, int times);

/* Mappings of its memory in this process */
unsigned int mock_mapped(void);

/* Device address and offset in the memory of the newest buffer */
uint64_t mock_addr(void);
int64_t mock_offset(void);

#endif /* USERLIB_TEST_MOCK_DRIVER_H */
