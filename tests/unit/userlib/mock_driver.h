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

#define MOCK_COMMANDS	(LUTNA_CMD_BO_IMPORT + 1)
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
 * @bad_bytes: BO_CREATE answers with too small a size, QUEUE_CREATE with a
 *	doorbell outside its page
 * @bad_offset: BO_CREATE, BO_IMPORT and QUEUE_CREATE answer with an offset that
 *	cannot be mapped
 * @limit: what BO_USER says that may be locked
 * @locked: what it says is locked
 * @took: jobs that SUBMIT says it took
 * @create: last argument of the ioctl of that name, as it was given
 * @user: the same
 * @export: the same
 * @import: the same
 * @map: the same
 * @unmap: the same
 * @queue: the same
 * @owned: answer to QUEUE_CREATE of a queue that a process owns
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
	uint64_t limit;
	uint64_t locked;
	uint32_t took;
	struct lutna_bo_create create;
	struct lutna_bo_user user;
	struct lutna_bo_export export;
	struct lutna_bo_import import;
	struct lutna_vm_map map;
	struct lutna_vm_unmap unmap;
	struct lutna_queue_create queue;
	struct lutna_queue_create owned;
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

/* What a dma-buf of mock_dmabuf() is large */
#define MOCK_DMABUF_BYTES	12288u

/* Stands for a dma-buf; to be closed, or -1 */
int mock_dmabuf(int flags);

/* Device address and offset in the memory of the newest buffer */
uint64_t mock_addr(void);
int64_t mock_offset(void);

#endif /* USERLIB_TEST_MOCK_DRIVER_H */
