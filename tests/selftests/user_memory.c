// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: buffers of a process's own memory
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lutna_test.h"

#define PAGE	4096UL
#define RW	(PROT_READ | PROT_WRITE)
/* Where in the buffer of command lists there is room for something else */
#define ANSWER	(8 * PAGE)

FIXTURE(user)
{
	struct test_buffer lists;
	__u32 queue;
	int fd;
};

FIXTURE_SETUP(user)
{
	self->fd = node_open(0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, buffer_open(self->fd, 16 * PAGE, &self->lists));
	ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_NORMAL, 4, 0, &self->queue));
}

FIXTURE_TEARDOWN(user)
{
	munmap(self->lists.mem, self->lists.bytes);
	close(self->fd);
}

static void *anonymous(__u64 bytes)
{
	return mmap(NULL, bytes, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* Make a buffer of memory here and map all of it. */
static int user_open(int fd, void *mem, __u64 bytes, struct test_buffer *buf)
{
	int ret;

	*buf = (struct test_buffer) { .bytes = bytes, .mem = mem };
	ret = bo_user(fd, mem, bytes, 0, &buf->handle, NULL);
	return ret ?: vm_map(fd, buf->handle, LUTNA_MAP_READ | LUTNA_MAP_WRITE, 0, bytes,
			     &buf->addr);
}

static int device_fill(int fd, __u32 queue, struct test_buffer *lists, __u64 addr,
		       __u64 bytes, __u8 value, struct lutna_job_result *result)
{
	put_fill(lists, 0, addr, bytes, value);
	return run_list(fd, queue, lists->addr, 1, result);
}

/* "VmLck:" and the like of /proc/PID/status, in bytes */
static long long status_bytes(pid_t pid, const char *key)
{
	char path[64], line[256];
	long long kib = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "r");
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, key, strlen(key)))
			kib = atoll(line + strlen(key));
	fclose(file);
	return kib * 1024;
}

TEST_F(user, device_works_in_it)
{
	const __u64 bytes = HUGE_BYTES + 3 * PAGE;
	struct test_buffer buf;
	struct lutna_bo_info info;
	unsigned char *mem = anonymous(bytes);

	ASSERT_NE(MAP_FAILED, mem);
	memset(mem, 1, PAGE);
	ASSERT_EQ(0, user_open(self->fd, mem, bytes, &buf));
	ASSERT_EQ(0, bo_info(self->fd, buf.handle, &info));
	EXPECT_EQ(LUTNA_BO_KIND_USER, info.kind);
	EXPECT_EQ(0, info.bo_flags);
	EXPECT_EQ(bytes, info.bytes);
	EXPECT_EQ(0, info.mmap_offset);
	EXPECT_EQ(0, device_fill(self->fd, self->queue, &self->lists, buf.addr + PAGE,
				 bytes - 2 * PAGE, 0x5a, NULL));
	EXPECT_TRUE(all_bytes(mem, PAGE, 1));
	EXPECT_TRUE(all_bytes(mem + PAGE, bytes - 2 * PAGE, 0x5a));
	EXPECT_TRUE(all_bytes(mem + bytes - PAGE, PAGE, 0));

	/* And reads what the process writes now */
	memset(mem, 0x77, PAGE);
	put_copy(&self->lists, 0, buf.addr + bytes - PAGE, buf.addr, PAGE);
	EXPECT_EQ(0, run_list(self->fd, self->queue, self->lists.addr, 1, NULL));
	EXPECT_TRUE(all_bytes(mem + bytes - PAGE, PAGE, 0x77));
}

TEST_F(user, refused)
{
	unsigned char *mem = anonymous(4 * PAGE), *text;
	struct lutna_bo_user arg;
	__u32 handle;
	int file;

	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_EQ(-EINVAL, bo_user(self->fd, mem + 1, PAGE, 0, &handle, NULL));
	EXPECT_EQ(-EINVAL, bo_user(self->fd, mem, PAGE + 1, 0, &handle, NULL));
	EXPECT_EQ(-EINVAL, bo_user(self->fd, mem, 0, 0, &handle, NULL));
	EXPECT_EQ(-EFAULT, bo_user(self->fd, NULL, PAGE, 0, &handle, NULL));
	EXPECT_EQ(-EFAULT, bo_user(self->fd, (void *)(1UL << 63), PAGE, 0, &handle, NULL));
	EXPECT_EQ(-ENOMEM, bo_user(self->fd, mem, 1ULL << 62, 0, &handle, NULL));
	EXPECT_EQ(-EOVERFLOW, bo_user(self->fd, mem, -PAGE, 0, &handle, NULL));

	/* A hole in the middle: nothing of it stays pinned. */
	ASSERT_EQ(0, munmap(mem + 2 * PAGE, PAGE));
	EXPECT_EQ(-EFAULT, bo_user(self->fd, mem, 4 * PAGE, 0, &handle, &arg));
	EXPECT_EQ(0, status_bytes(getpid(), "VmLck:"));

	/* Not writable: only for reading */
	ASSERT_EQ(0, mprotect(mem, PAGE, PROT_READ));
	EXPECT_EQ(-EFAULT, bo_user(self->fd, mem, PAGE, 0, &handle, NULL));
	EXPECT_EQ(0, bo_user(self->fd, mem, PAGE, LUTNA_BO_READONLY, &handle, NULL));

	/* A file that the process may only read */
	file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	text = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file, 0);
	ASSERT_NE(MAP_FAILED, text);
	EXPECT_EQ(-EFAULT, bo_user(self->fd, text, PAGE, 0, &handle, NULL));
	EXPECT_EQ(0, bo_user(self->fd, text, PAGE, LUTNA_BO_READONLY, &handle, NULL));
	close(file);
}

/* Where the kernel has put @name into this process, or NULL */
static void *find_mapping(const char *name)
{
	FILE *file = fopen("/proc/self/maps", "r");
	void *found = NULL;
	char line[256];

	if (!file)
		return NULL;
	while (!found && fgets(line, sizeof(line), file))
		if (strstr(line, name))
			found = (void *)strtoul(line, NULL, 16);
	fclose(file);
	return found;
}

/* As registers of devices are: mapped by number, not as pages that can be pinned */
TEST_F(user, no_pages_refused)
{
	void *mem = find_mapping("[vvar]");
	__u32 handle;

	ASSERT_NE(NULL, mem);
	EXPECT_EQ(-EFAULT, bo_user(self->fd, mem, PAGE, 0, &handle, NULL));
	EXPECT_EQ(-EFAULT, bo_user(self->fd, mem, PAGE, LUTNA_BO_READONLY, &handle, NULL));
}

TEST_F(user, no_mmap_and_no_export)
{
	void *mem = anonymous(PAGE);
	__u32 handle, other;
	__u64 offset;
	int dmabuf;

	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(0, bo_create(self->fd, PAGE, &other, &offset));
	ASSERT_EQ(0, bo_user(self->fd, mem, PAGE, 0, &handle, NULL));
	/* Handles follow each other, and offsets follow them. */
	ASSERT_EQ(other + 1, handle);
	EXPECT_EQ(-EINVAL, bo_mmap(self->fd, PAGE, offset / other * handle, &mem));
	EXPECT_EQ(-EINVAL, bo_export(self->fd, handle, 0, &dmabuf));
}

TEST_F(user, readonly)
{
	const __u32 rw = LUTNA_MAP_READ | LUTNA_MAP_WRITE;
	struct lutna_job_result result;
	struct lutna_bo_info info;
	unsigned char *mem = anonymous(PAGE);
	__u32 handle;
	__u64 addr;

	ASSERT_NE(MAP_FAILED, mem);
	memset(mem, 0x11, PAGE);
	ASSERT_EQ(0, bo_user(self->fd, mem, PAGE, LUTNA_BO_READONLY, &handle, NULL));
	ASSERT_EQ(0, bo_info(self->fd, handle, &info));
	EXPECT_EQ(LUTNA_BO_READONLY, info.bo_flags);
	EXPECT_EQ(-EACCES, vm_map(self->fd, handle, LUTNA_MAP_WRITE, 0, PAGE, &addr));
	EXPECT_EQ(-EACCES, vm_map(self->fd, handle, rw, 0, PAGE, &addr));
	ASSERT_EQ(0, vm_map(self->fd, handle, LUTNA_MAP_READ, 0, PAGE, &addr));

	put_copy(&self->lists, 0, self->lists.addr + ANSWER, addr, 1024);
	EXPECT_EQ(0, run_list(self->fd, self->queue, self->lists.addr, 1, NULL));
	EXPECT_TRUE(all_bytes(self->lists.mem + ANSWER, 1024, 0x11));

	EXPECT_EQ(-EIO, device_fill(self->fd, self->queue, &self->lists, addr, PAGE, 0xff,
				    &result));
	EXPECT_EQ(addr, result.fault_addr);
	EXPECT_EQ(2, result.access);
	EXPECT_TRUE(all_bytes(mem, PAGE, 0x11));
}

/* Memory that nobody has touched is one page of zeroes for all; not any more. */
TEST_F(user, readonly_sees_later_writes)
{
	unsigned char *mem = anonymous(PAGE);
	__u32 handle;
	__u64 addr;

	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(0, bo_user(self->fd, mem, PAGE, LUTNA_BO_READONLY, &handle, NULL));
	ASSERT_EQ(0, vm_map(self->fd, handle, LUTNA_MAP_READ, 0, PAGE, &addr));
	memset(mem, 0x22, PAGE);
	put_copy(&self->lists, 0, self->lists.addr + ANSWER, addr, 1024);
	EXPECT_EQ(0, run_list(self->fd, self->queue, self->lists.addr, 1, NULL));
	EXPECT_TRUE(all_bytes(self->lists.mem + ANSWER, 1024, 0x22));
}

/* Behind an IOMMU it says where memory is, and what is large there. */
static bool translated(int fd)
{
	struct test_slot slot;
	char path[64];

	if (slot_of(fd, &slot))
		return false;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", slot.name);
	return !access(path, F_OK);
}

TEST_F(user, huge_pages)
{
	const __u64 bytes = 4 * HUGE_BYTES;
	unsigned char *area = anonymous(bytes + HUGE_BYTES), *mem;
	struct lutna_bo_info info;
	struct test_buffer buf;

	ASSERT_NE(MAP_FAILED, area);
	mem = (void *)(((uintptr_t)area + HUGE_BYTES - 1) & -HUGE_BYTES);
	ASSERT_EQ(0, madvise(mem, bytes, MADV_HUGEPAGE));
	memset(mem, 1, bytes);
	if (status_bytes(getpid(), "VmRSS:") < (long long)bytes)
		SKIP(return, "no memory");
	/* Begins in the middle of a huge page: three of them are whole. */
	ASSERT_EQ(0, user_open(self->fd, mem + 5 * PAGE, bytes - 5 * PAGE, &buf));
	ASSERT_EQ(0, bo_info(self->fd, buf.handle, &info));
	EXPECT_GE(4, info.pieces);
	/* So that these are huge pages of the device too, if it sees them as they are */
	if (!translated(self->fd))
		EXPECT_EQ(5 * PAGE, buf.addr % HUGE_BYTES);
	EXPECT_EQ(0, device_fill(self->fd, self->queue, &self->lists, buf.addr,
				 bytes - 5 * PAGE, 0x33, NULL));
	EXPECT_TRUE(all_bytes(mem, 5 * PAGE, 1));
	EXPECT_TRUE(all_bytes(mem + 5 * PAGE, bytes - 5 * PAGE, 0x33));
}

static int write_number(const char *path, int number)
{
	FILE *file = fopen(path, "w");

	if (!file)
		return -errno;
	fprintf(file, "%d\n", number);
	return fclose(file) ? -errno : 0;
}

TEST_F(user, hugetlb_and_memfd)
{
	static const char pool[] = "/proc/sys/vm/nr_hugepages";
	struct test_buffer buf;
	unsigned char *mem;
	int file;

	ASSERT_EQ(0, write_number(pool, 2));
	mem = mmap(NULL, 2 * HUGE_BYTES, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(0, user_open(self->fd, mem, 2 * HUGE_BYTES, &buf));
	EXPECT_EQ(0, device_fill(self->fd, self->queue, &self->lists, buf.addr,
				 2 * HUGE_BYTES, 0x44, NULL));
	EXPECT_TRUE(all_bytes(mem, 2 * HUGE_BYTES, 0x44));
	munmap(mem, 2 * HUGE_BYTES);
	ASSERT_EQ(0, vm_unmap(self->fd, buf.addr, buf.bytes));
	ASSERT_EQ(0, bo_free(self->fd, buf.handle));
	ASSERT_EQ(0, write_number(pool, 0));

	file = memfd_create("lutna", MFD_CLOEXEC);
	ASSERT_LE(0, file);
	ASSERT_EQ(0, ftruncate(file, 4 * PAGE));
	mem = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, file, 0);
	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(0, user_open(self->fd, mem, 4 * PAGE, &buf));
	EXPECT_EQ(0, device_fill(self->fd, self->queue, &self->lists, buf.addr, 4 * PAGE,
				 0x55, NULL));
	/* Who reads the file sees it. */
	munmap(mem, 4 * PAGE);
	mem = mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED, file, 0);
	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_TRUE(all_bytes(mem, 4 * PAGE, 0x55));
	close(file);
}

TEST_F(user, unmapped_while_the_device_works)
{
	const __u64 bytes = 4 * HUGE_BYTES;
	unsigned char *mem = anonymous(bytes);
	unsigned char *fresh;
	struct test_buffer buf;
	__u64 seqno;
	int i;

	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(0, user_open(self->fd, mem, bytes, &buf));
	for (i = 0; i < 8; i++)
		put_fill(&self->lists, i, buf.addr, bytes, 0xee);
	ASSERT_EQ(0, submit_list(self->fd, self->queue, self->lists.addr, 8, &seqno));
	ASSERT_EQ(0, munmap(mem, bytes));
	/* What comes to its place, and what is freed meanwhile, is not the device's. */
	fresh = mmap(mem, bytes, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	ASSERT_EQ(mem, fresh);
	memset(fresh, 0x66, bytes);
	EXPECT_EQ(0, wait_for(self->fd, self->queue, seqno, PATIENCE, NULL));
	EXPECT_TRUE(all_bytes(fresh, bytes, 0x66));
	EXPECT_EQ(0, vm_unmap(self->fd, buf.addr, buf.bytes));
	EXPECT_EQ(0, bo_free(self->fd, buf.handle));
}

/* The memory is the parent's; a child gets a copy of it and no part of this. */
TEST_F(user, fork)
{
	unsigned char *mem = anonymous(PAGE);
	struct test_buffer buf;
	int status, go[2];
	char byte;
	pid_t pid;

	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(0, pipe(go));
	memset(mem, 1, PAGE);
	ASSERT_EQ(0, user_open(self->fd, mem, PAGE, &buf));
	EXPECT_EQ(PAGE, status_bytes(getpid(), "VmLck:"));
	pid = fork();
	if (!pid) {
		bool same = read(go[0], &byte, 1) == 1 && all_bytes(mem, PAGE, 1) &&
			    !status_bytes(getpid(), "VmLck:");

		_exit(!same);
	}
	/* If this page were the child's from now on, the device's were lost to us. */
	mem[0] = 1;
	EXPECT_EQ(0, device_fill(self->fd, self->queue, &self->lists, buf.addr, PAGE, 2, NULL));
	EXPECT_TRUE(all_bytes(mem, PAGE, 2));
	ASSERT_EQ(1, write(go[1], "x", 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

static int drop_ipc_lock(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return -errno;
	data[0].effective &= ~(1U << CAP_IPC_LOCK);
	return syscall(SYS_capset, &head, data) ? -errno : 0;
}

TEST_F(user, limit)
{
	const __u64 limit = 16 * PAGE;
	struct rlimit rlim = { limit, limit };
	unsigned char *mem = anonymous(64 * PAGE);
	struct lutna_bo_user arg;
	__u32 first, second;

	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(0, setrlimit(RLIMIT_MEMLOCK, &rlim));
	/* With the privilege there is none. */
	ASSERT_EQ(0, bo_user(self->fd, mem, 64 * PAGE, 0, &first, &arg));
	EXPECT_EQ(UINT64_MAX, arg.limit);
	EXPECT_EQ(64 * PAGE, arg.locked);
	ASSERT_EQ(0, bo_free(self->fd, first));
	ASSERT_EQ(0, drop_ipc_lock());

	EXPECT_EQ(-EPERM, bo_user(self->fd, mem, limit + PAGE, 0, &first, &arg));
	EXPECT_EQ(0, arg.handle);
	EXPECT_EQ(limit, arg.limit);
	EXPECT_EQ(0, arg.locked);
	ASSERT_EQ(0, bo_user(self->fd, mem, limit - PAGE, 0, &first, &arg));
	EXPECT_EQ(limit - PAGE, arg.locked);
	EXPECT_EQ(limit - PAGE, status_bytes(getpid(), "VmLck:"));
	/* It is one limit for this and for mlock(). */
	EXPECT_EQ(-1, mlock(mem + limit, 2 * PAGE));
	EXPECT_EQ(-EPERM, bo_user(self->fd, mem + limit, 2 * PAGE, 0, &second, &arg));
	EXPECT_EQ(limit - PAGE, arg.locked);
	ASSERT_EQ(0, bo_user(self->fd, mem + limit, PAGE, 0, &second, NULL));
	ASSERT_EQ(0, bo_free(self->fd, first));
	EXPECT_EQ(PAGE, status_bytes(getpid(), "VmLck:"));
	ASSERT_EQ(0, bo_free(self->fd, second));
	EXPECT_EQ(0, status_bytes(getpid(), "VmLck:"));
}

static int send_fd(int sock, int fd)
{
	char byte = 0, space[CMSG_SPACE(sizeof(int))] = { };
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = space,
		.msg_controllen = sizeof(space),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	return sendmsg(sock, &msg, 0) == 1 ? 0 : -errno;
}

static int receive_fd(int sock)
{
	char byte, space[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = space,
		.msg_controllen = sizeof(space),
	};
	struct cmsghdr *cmsg;
	int fd = -1;

	if (recvmsg(sock, &msg, 0) != 1)
		return -errno;
	cmsg = CMSG_FIRSTHDR(&msg);
	if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS)
		return -EPROTO;
	memcpy(&fd, CMSG_DATA(cmsg), sizeof(int));
	return fd;
}

/* A process gives its file away and ends: the memory stays, for the device. */
TEST_F(user, file_outlives_process)
{
	struct test_buffer lists;
	__u32 queue;
	__u64 addr;
	int pair[2], status, fd;
	pid_t pid;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	pid = fork();
	if (!pid) {
		unsigned char *mem = anonymous(HUGE_BYTES);
		struct test_buffer buf;
		int ret;

		fd = node_open(0);
		memset(mem, 0x42, HUGE_BYTES);
		ret = user_open(fd, mem, HUGE_BYTES, &buf) ?: send_fd(pair[1], fd);
		if (!ret && write(pair[1], &buf.addr, sizeof(buf.addr)) != sizeof(buf.addr))
			ret = -EPIPE;
		_exit(ret != 0);
	}
	fd = receive_fd(pair[0]);
	ASSERT_LE(0, fd);
	ASSERT_EQ(sizeof(addr), read(pair[0], &addr, sizeof(addr)));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);

	ASSERT_EQ(0, buffer_open(fd, 16 * PAGE, &lists));
	ASSERT_EQ(0, queue_create(fd, LUTNA_PRIORITY_NORMAL, 2, 0, &queue));
	put_copy(&lists, 0, lists.addr + ANSWER, addr + HUGE_BYTES - 1024, 1024);
	EXPECT_EQ(0, run_list(fd, queue, lists.addr, 1, NULL));
	EXPECT_TRUE(all_bytes(lists.mem + ANSWER, 1024, 0x42));
	EXPECT_EQ(0, device_fill(fd, queue, &lists, addr, HUGE_BYTES, 0x43, NULL));
	munmap(lists.mem, lists.bytes);
	close(fd);
	/* Nothing of it is accounted to who closed it. */
	EXPECT_EQ(0, status_bytes(getpid(), "VmLck:"));
}

/* Another process makes a buffer of its memory in our file, and frees it here. */
TEST_F(user, accounted_to_its_owner)
{
	struct message {
		__u32 handle;
		int ret;
	} msg;
	int down[2], up[2], status;
	char byte;
	pid_t pid;

	ASSERT_EQ(0, pipe(down));
	ASSERT_EQ(0, pipe(up));
	pid = fork();
	if (!pid) {
		void *mem = anonymous(8 * PAGE);

		msg.ret = bo_user(self->fd, mem, 8 * PAGE, 0, &msg.handle, NULL);
		if (write(up[1], &msg, sizeof(msg)) != sizeof(msg))
			_exit(1);
		_exit(read(down[0], &byte, 1) != 1);
	}
	ASSERT_EQ(sizeof(msg), read(up[0], &msg, sizeof(msg)));
	ASSERT_EQ(0, msg.ret);
	EXPECT_EQ(8 * PAGE, status_bytes(pid, "VmLck:"));
	EXPECT_EQ(0, status_bytes(getpid(), "VmLck:"));
	EXPECT_EQ(0, bo_free(self->fd, msg.handle));
	EXPECT_EQ(0, status_bytes(pid, "VmLck:"));
	ASSERT_EQ(1, write(down[1], "x", 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
}

/* "nr_foll_pin_acquired" less "nr_foll_pin_released" of the whole system */
static long long pinned_pages(void)
{
	FILE *refresh = fopen("/proc/sys/vm/stat_refresh", "r");
	FILE *file = fopen("/proc/vmstat", "r");
	long long value, acquired = -1, released = -1;
	char name[64];

	if (!file || !refresh)
		return -ENOENT;
	/* Counts of each processor are added to the whole. */
	fgetc(refresh);
	rewind(file);
	while (fscanf(file, "%63s %lld", name, &value) == 2) {
		if (!strcmp(name, "nr_foll_pin_acquired"))
			acquired = value;
		if (!strcmp(name, "nr_foll_pin_released"))
			released = value;
	}
	fclose(file);
	fclose(refresh);
	return acquired < 0 || released < 0 ? -ENOENT : acquired - released;
}

TEST_F(user, all_pins_end)
{
	unsigned char *mem = anonymous(HUGE_BYTES);
	long long before = pinned_pages();
	struct test_buffer buf[8];
	int i, fd;

	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_LE(0, before);
	fd = node_open(0);
	ASSERT_LE(0, fd);
	for (i = 0; i < 8; i++)
		ASSERT_EQ(0, user_open(fd, mem, HUGE_BYTES, &buf[i]));
	EXPECT_LE(before + 8 * 512, pinned_pages());
	EXPECT_EQ(0, bo_free(fd, buf[0].handle));
	EXPECT_EQ(0, vm_unmap(fd, buf[1].addr, buf[1].bytes));
	close(fd);
	EXPECT_EQ(before, pinned_pages());
}

TEST_F(user, device_goes)
{
	unsigned char *mem = anonymous(HUGE_BYTES);
	struct test_buffer buf;
	struct test_slot slot;
	__u64 seqno;
	int i;

	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(0, slot_of(self->fd, &slot));
	ASSERT_EQ(0, user_open(self->fd, mem, HUGE_BYTES, &buf));
	for (i = 0; i < 32; i++)
		put_fill(&self->lists, i, buf.addr, HUGE_BYTES, 0xdd);
	ASSERT_EQ(0, submit_list(self->fd, self->queue, self->lists.addr, 32, &seqno));
	ASSERT_EQ(0, slot_unbind(&slot));
	/* The memory is the process's again, and stays so. */
	memset(mem, 0x12, HUGE_BYTES);
	usleep(50000);
	EXPECT_TRUE(all_bytes(mem, HUGE_BYTES, 0x12));
	EXPECT_EQ(-ENODEV, bo_user(self->fd, mem, PAGE, 0, &buf.handle, NULL));
	munmap(self->lists.mem, self->lists.bytes);
	close(self->fd);
	EXPECT_EQ(0, status_bytes(getpid(), "VmLck:"));
	EXPECT_EQ(0, slot_bind(&slot));
	EXPECT_EQ(0, node_appear(0, true));
}

TEST_HARNESS_MAIN
