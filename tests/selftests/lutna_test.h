/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * LUT-NA selftests: the ioctls as functions, and the few command lists that the
 * tests of a driver need
 *
 * Every function that calls the kernel returns 0 or a negative errno.
 */
#ifndef LUTNA_TEST_H
#define LUTNA_TEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../uapi/lutna.h"
#include "../../uapi/lutna_isa.h"

#define LUTNA_TEST_NODE		"/dev/lutna0"

#define MS			1000000LL
#define SECOND			(1000 * MS)
/* For what must come, under emulation on a busy machine. */
#define PATIENCE		(20 * SECOND)

#define HUGE_BYTES		(2UL << 20)

/**
 * struct test_buffer - a buffer that is mapped here and at the device
 * @handle: buffer
 * @bytes: size
 * @addr: device address
 * @mem: memory here
 */
struct test_buffer {
	__u32 handle;
	__u64 bytes;
	__u64 addr;
	void *mem;
};

/** node_path() - "/dev/lutnaN"; valid until the next call */
const char *node_path(int index);
/** node_open() - open it; the file, or a negative errno */
int node_open(int index);
/** node_count() - how many devices have a file */
int node_count(void);
/** node_appear() - wait until the file of device @index is there, or is not */
int node_appear(int index, bool there);

/** call() - any ioctl; sets @arg's size to @size first */
int call(int fd, unsigned long cmd, void *arg, __u32 size);

int get_info(int fd, struct lutna_info *info);
int bo_create(int fd, __u64 bytes, __u32 *handle, __u64 *offset);
int bo_info(int fd, __u32 handle, struct lutna_bo_info *info);
int bo_free(int fd, __u32 handle);
/** bo_user() - of memory here; @limits may be NULL, else it is the answer */
int bo_user(int fd, void *mem, __u64 bytes, __u32 flags, __u32 *handle,
	    struct lutna_bo_user *limits);
int bo_export(int fd, __u32 handle, __u32 flags, int *dmabuf);
int bo_import(int fd, int dmabuf, __u32 flags, __u32 *handle, __u64 *bytes,
	      __u64 *offset);
/** bo_mmap() - map a whole buffer here */
int bo_mmap(int fd, __u64 bytes, __u64 offset, void **mem);
/** vm_map() - @addr: wanted with LUTNA_MAP_FIXED, and always what was given */
int vm_map(int fd, __u32 handle, __u32 flags, __u64 offset, __u64 bytes,
	   __u64 *addr);
int vm_unmap(int fd, __u64 addr, __u64 bytes);
int queue_create(int fd, __u32 priority, __u32 depth, __u64 timeout_ns,
		 __u32 *handle);
int queue_destroy(int fd, __u32 handle);
int queue_info(int fd, __u32 handle, struct lutna_queue_info *info);

/** submit_jobs() - @taken and @seqno may be NULL */
int submit_jobs(int fd, __u32 queue, __u32 flags, const struct lutna_job *jobs,
		__u32 count, __u32 *taken, __u64 *seqno);
/** submit_list() - one job of @count commands at @list; 0 is an empty job */
int submit_list(int fd, __u32 queue, __u64 list, __u32 count, __u64 *seqno);
/** wait_for() - wait for as long as @ns from now; @result may be NULL */
int wait_for(int fd, __u32 queue, __u64 seqno, __s64 ns,
	     struct lutna_job_result *result);
/** wait_until() - the bare ioctl */
int wait_until(int fd, struct lutna_wait *wait);
/** run_list() - submit one job and wait; 0 or how it ended, or a negative errno */
int run_list(int fd, __u32 queue, __u64 list, __u32 count,
	     struct lutna_job_result *result);

/** now_ns() - CLOCK_MONOTONIC */
__s64 now_ns(void);

/** buffer_open() - create, map here, map at the device with all rights */
int buffer_open(int fd, __u64 bytes, struct test_buffer *buf);
/** buffer_close() - undo all of it */
int buffer_close(int fd, struct test_buffer *buf);

/** command() - where command @index of a list in @buf stands, cleared */
void *command(struct test_buffer *buf, unsigned int index, __u16 opcode);
/** put_nop() */
void put_nop(struct test_buffer *buf, unsigned int index);
/** put_fill() - write @bytes (up to 2^32) of @value at device address @addr */
void put_fill(struct test_buffer *buf, unsigned int index, __u64 addr, __u64 bytes,
	      __u8 value);
/** put_copy() - copy @bytes (up to 65535) */
void put_copy(struct test_buffer *buf, unsigned int index, __u64 to, __u64 from,
	      __u16 bytes);

/**
 * struct test_work - work that takes the device minutes, in few megabytes
 * @small: what all of it reads and writes
 * @list: device address of its command list
 * @count: commands
 */
struct test_work {
	struct test_buffer small;
	__u64 list;
	__u32 count;
};

/**
 * work_open_many() - many commands of some milliseconds each
 *
 * One piece of memory stands behind many device addresses, so that commands are
 * large by the device's measure only.
 */
int work_open_many(int fd, struct test_work *work);
/** work_open_one() - one command, a convolution */
int work_open_one(int fd, struct test_work *work);

/**
 * struct test_sleeper - a thread that waits for a job, by sleep_for_job()
 * @fd: device file
 * @queue: queue
 * @seqno: the job
 * @ns: how long
 * @ret: what wait_for() said
 * @result: how the job ended
 */
struct test_sleeper {
	int fd;
	__u32 queue;
	__u64 seqno;
	__s64 ns;
	int ret;
	struct lutna_job_result result;
};

/** sleep_for_job() - of a thread, whose argument is a struct test_sleeper */
void *sleep_for_job(void *arg);

/** signals_count() - let a signal be counted and do nothing else; @flags: SA_* */
int signals_count(int sig, int flags);
/** alarm_again_and_again() - count SIGALRM, one every 20 ms, until the test ends */
int alarm_again_and_again(int flags);
/** signals_seen() - how many were counted */
int signals_seen(void);

#define TEST_LOADERS	3

/**
 * struct test_loaders - processes that work until they are told to stop
 * @pids: the processes
 * @stop: tells them
 */
struct test_loaders {
	int pids[TEST_LOADERS];
	int *stop;
};

/** loaders_start() - @load returns 0, or what went wrong, once *@stop is set */
int loaders_start(struct test_loaders *l, int (*load)(const int *stop));
/** loaders_end() - exit statuses of all of them or-ed together: 0 if all went well */
int loaders_end(struct test_loaders *l);

/** without_privilege() - give up CAP_SYS_NICE for good */
int without_privilege(void);

/**
 * struct test_slot - where a device is in the machine
 * @name: its address on the PCI bus, as sysfs names it
 */
struct test_slot {
	char name[16];
};

/** slot_of() - of an open file */
int slot_of(int fd, struct test_slot *slot);
/** slot_unbind(), slot_bind() - take the driver away, give it back */
int slot_unbind(const struct test_slot *slot);
int slot_bind(const struct test_slot *slot);
/** slot_remove(), slot_rescan() - pull the device out; look for devices, @slot's among them */
int slot_remove(const struct test_slot *slot);
int slot_rescan(const struct test_slot *slot);
/** module_unload(), module_load() - of the driver */
int module_unload(void);
/** module_unload_soon() - files that are about to be closed may hold it a moment */
int module_unload_soon(void);
int module_load(void);
/** exporter_load(), exporter_unload() - of exporter/, which makes /dev/lutna_exporter */
int exporter_load(void);
int exporter_unload(void);

/** all_bytes() - are @bytes at @mem all @value? */
bool all_bytes(const void *mem, __u64 bytes, __u8 value);

#endif /* LUTNA_TEST_H */
