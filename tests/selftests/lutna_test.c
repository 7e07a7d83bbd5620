// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: ioctls, buffers, files
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "lutna_test.h"

const char *node_path(int index)
{
	static char path[32];

	snprintf(path, sizeof(path), "/dev/lutna%d", index);
	return path;
}

int node_open(int index)
{
	int fd = open(node_path(index), O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int node_count(void)
{
	int n = 0;

	while (!access(node_path(n), F_OK))
		n++;
	return n;
}

int node_appear(int index, bool there)
{
	__s64 end = now_ns() + PATIENCE;

	while ((access(node_path(index), F_OK) == 0) != there) {
		if (now_ns() > end)
			return -ETIMEDOUT;
		usleep(10000);
	}
	return 0;
}

int call(int fd, unsigned long cmd, void *arg, __u32 size)
{
	*(__u32 *)arg = size;
	return ioctl(fd, cmd, arg) ? -errno : 0;
}

int get_info(int fd, struct lutna_info *info)
{
	memset(info, 0, sizeof(*info));
	return call(fd, LUTNA_IOCTL_GET_INFO, info, sizeof(*info));
}

int bo_create(int fd, __u64 bytes, __u32 *handle, __u64 *offset)
{
	struct lutna_bo_create arg = { .bytes = bytes };
	int ret = call(fd, LUTNA_IOCTL_BO_CREATE, &arg, sizeof(arg));

	if (ret)
		return ret;
	*handle = arg.handle;
	if (offset)
		*offset = arg.mmap_offset;
	return 0;
}

int bo_info(int fd, __u32 handle, struct lutna_bo_info *info)
{
	*info = (struct lutna_bo_info) { .handle = handle };
	return call(fd, LUTNA_IOCTL_BO_INFO, info, sizeof(*info));
}

int bo_free(int fd, __u32 handle)
{
	struct lutna_bo_free arg = { .handle = handle };

	return call(fd, LUTNA_IOCTL_BO_FREE, &arg, sizeof(arg));
}

int bo_user(int fd, void *mem, __u64 bytes, __u32 flags, __u32 *handle,
	    struct lutna_bo_user *limits)
{
	struct lutna_bo_user arg = {
		.flags = flags,
		.addr = (uintptr_t)mem,
		.bytes = bytes,
	};
	int ret = call(fd, LUTNA_IOCTL_BO_USER, &arg, sizeof(arg));

	if (limits)
		*limits = arg;
	if (!ret)
		*handle = arg.handle;
	return ret;
}

int bo_export(int fd, __u32 handle, __u32 flags, int *dmabuf)
{
	struct lutna_bo_export arg = { .flags = flags, .handle = handle };
	int ret = call(fd, LUTNA_IOCTL_BO_EXPORT, &arg, sizeof(arg));

	if (!ret)
		*dmabuf = arg.fd;
	return ret;
}

int bo_import(int fd, int dmabuf, __u32 flags, __u32 *handle, __u64 *bytes,
	      __u64 *offset)
{
	struct lutna_bo_import arg = { .flags = flags, .fd = dmabuf };
	int ret = call(fd, LUTNA_IOCTL_BO_IMPORT, &arg, sizeof(arg));

	if (ret)
		return ret;
	*handle = arg.handle;
	if (bytes)
		*bytes = arg.bytes;
	if (offset)
		*offset = arg.mmap_offset;
	return 0;
}

int bo_mmap(int fd, __u64 bytes, __u64 offset, void **mem)
{
	*mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
	return *mem == MAP_FAILED ? -errno : 0;
}

int vm_map(int fd, __u32 handle, __u32 flags, __u64 offset, __u64 bytes,
	   __u64 *addr)
{
	struct lutna_vm_map arg = {
		.flags = flags,
		.handle = handle,
		.offset = offset,
		.bytes = bytes,
		.addr = flags & LUTNA_MAP_FIXED ? *addr : 0,
	};
	int ret = call(fd, LUTNA_IOCTL_VM_MAP, &arg, sizeof(arg));

	if (!ret)
		*addr = arg.addr;
	return ret;
}

int vm_unmap(int fd, __u64 addr, __u64 bytes)
{
	struct lutna_vm_unmap arg = { .addr = addr, .bytes = bytes };

	return call(fd, LUTNA_IOCTL_VM_UNMAP, &arg, sizeof(arg));
}

int queue_create(int fd, __u32 priority, __u32 depth, __u64 timeout_ns,
		 __u32 *handle)
{
	struct lutna_queue_create arg = {
		.priority = priority,
		.depth = depth,
		.timeout_ns = timeout_ns,
	};
	int ret = call(fd, LUTNA_IOCTL_QUEUE_CREATE, &arg, sizeof(arg));

	if (!ret)
		*handle = arg.handle;
	return ret;
}

int queue_destroy(int fd, __u32 handle)
{
	struct lutna_queue_destroy arg = { .handle = handle };

	return call(fd, LUTNA_IOCTL_QUEUE_DESTROY, &arg, sizeof(arg));
}

int queue_info(int fd, __u32 handle, struct lutna_queue_info *info)
{
	memset(info, 0, sizeof(*info));
	info->handle = handle;
	return call(fd, LUTNA_IOCTL_QUEUE_INFO, info, sizeof(*info));
}

int submit_jobs(int fd, __u32 queue, __u32 flags, const struct lutna_job *jobs,
		__u32 count, __u32 *taken, __u64 *seqno)
{
	struct lutna_submit arg = {
		.flags = flags,
		.queue = queue,
		.job_size = sizeof(*jobs),
		.jobs = (uintptr_t)jobs,
		.job_count = count,
	};
	int ret = call(fd, LUTNA_IOCTL_SUBMIT, &arg, sizeof(arg));

	if (!ret && taken)
		*taken = arg.job_count;
	if (!ret && seqno)
		*seqno = arg.seqno;
	return ret;
}

int submit_list(int fd, __u32 queue, __u64 list, __u32 count, __u64 *seqno)
{
	struct lutna_job job = {
		.list = list,
		.count = count,
		.unit = LUTNA_UNIT_LUTNA,
	};

	return submit_jobs(fd, queue, 0, &job, 1, NULL, seqno);
}

int wait_until(int fd, struct lutna_wait *wait)
{
	return call(fd, LUTNA_IOCTL_WAIT, wait, sizeof(*wait));
}

int wait_for(int fd, __u32 queue, __u64 seqno, __s64 ns,
	     struct lutna_job_result *result)
{
	struct lutna_wait arg = {
		.queue = queue,
		.seqno = seqno,
		.deadline_ns = now_ns() + ns,
	};
	int ret = wait_until(fd, &arg);

	if (!ret && result)
		*result = arg.result;
	return ret;
}

int run_list(int fd, __u32 queue, __u64 list, __u32 count,
	     struct lutna_job_result *result)
{
	struct lutna_job_result local;
	__u64 seqno;
	int ret;

	ret = submit_list(fd, queue, list, count, &seqno);
	if (!ret)
		ret = wait_for(fd, queue, seqno, PATIENCE, result ?: &local);
	return ret ?: (result ?: &local)->error;
}

__s64 now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

int buffer_open(int fd, __u64 bytes, struct test_buffer *buf)
{
	__u64 offset;
	int ret;

	buf->bytes = bytes;
	ret = bo_create(fd, bytes, &buf->handle, &offset);
	if (!ret)
		ret = bo_mmap(fd, bytes, offset, &buf->mem);
	if (!ret)
		ret = vm_map(fd, buf->handle, LUTNA_MAP_READ | LUTNA_MAP_WRITE, 0, bytes,
			     &buf->addr);
	return ret;
}

int buffer_close(int fd, struct test_buffer *buf)
{
	int ret = vm_unmap(fd, buf->addr, buf->bytes);

	/* Even if the device is gone: a mapping left behind holds the module. */
	if (munmap(buf->mem, buf->bytes) && !ret)
		ret = -errno;
	return ret ?: bo_free(fd, buf->handle);
}

int without_privilege(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return -errno;
	data[0].effective &= ~(1U << CAP_SYS_NICE);
	data[0].permitted &= ~(1U << CAP_SYS_NICE);
	data[0].inheritable &= ~(1U << CAP_SYS_NICE);
	return syscall(SYS_capset, &head, data) ? -errno : 0;
}

bool all_bytes(const void *mem, __u64 bytes, __u8 value)
{
	const __u8 *p = mem;

	while (bytes && *p == value) {
		p++;
		bytes--;
	}
	return !bytes;
}
