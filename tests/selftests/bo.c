// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: buffers, and their memory in processes
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lutna_test.h"

#define PAGE	4096UL

FIXTURE(bo)
{
	int fd;
};

FIXTURE_SETUP(bo)
{
	self->fd = node_open(0);
	ASSERT_LE(0, self->fd);
}

FIXTURE_TEARDOWN(bo)
{
	close(self->fd);
}

static int mmap_errno(int fd, __u64 bytes, int prot, int flags, __u64 offset)
{
	void *mem = mmap(NULL, bytes, prot, flags, fd, offset);

	if (mem == MAP_FAILED)
		return errno;
	munmap(mem, bytes);
	return 0;
}

TEST_F(bo, sizes)
{
	static const struct {
		__u64 wanted, given;
		int error;
	} rows[] = {
		{ 1, PAGE },
		{ PAGE, PAGE },
		{ PAGE + 1, 2 * PAGE },
		{ HUGE_BYTES, HUGE_BYTES },
		{ 3 * HUGE_BYTES + 5 * PAGE - 1, 3 * HUGE_BYTES + 5 * PAGE },
		{ 0, 0, EINVAL },
		{ UINT64_MAX, 0, EOVERFLOW },
		{ UINT64_MAX - PAGE + 2, 0, EOVERFLOW },
		{ 1ULL << 63, 0, ENOMEM },
		{ 1ULL << 40, 0, ENOMEM },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct lutna_bo_create arg = { .bytes = rows[i].wanted };
		struct lutna_bo_info info;

		ASSERT_EQ(-rows[i].error,
			  call(self->fd, LUTNA_IOCTL_BO_CREATE, &arg, sizeof(arg)));
		if (rows[i].error)
			continue;
		EXPECT_EQ(rows[i].given, arg.bytes);
		EXPECT_NE(0, arg.handle);
		EXPECT_EQ(0, bo_info(self->fd, arg.handle, &info));
		EXPECT_EQ(rows[i].given, info.bytes);
		EXPECT_EQ(arg.mmap_offset, info.mmap_offset);
		EXPECT_EQ(0, info.mappings);
		EXPECT_EQ(0, bo_free(self->fd, arg.handle));
	}
}

TEST_F(bo, zeroed_and_whole)
{
	const __u64 words = (HUGE_BYTES + 3 * PAGE) / sizeof(__u64);
	__u64 i, offset, *mem;
	__u32 handle;
	int round;

	/* The second round is likely to get the pages that the first has soiled. */
	for (round = 0; round < 2; round++) {
		ASSERT_EQ(0, bo_create(self->fd, words * 8, &handle, &offset));
		ASSERT_EQ(0, bo_mmap(self->fd, words * 8, offset, (void **)&mem));
		for (i = 0; i < words; i++)
			ASSERT_EQ(0, mem[i]);
		for (i = 0; i < words; i++)
			mem[i] = ~i;
		for (i = 0; i < words; i++)
			ASSERT_EQ(~i, mem[i]);
		ASSERT_EQ(0, munmap(mem, words * 8));
		ASSERT_EQ(0, bo_free(self->fd, handle));
	}
}

TEST_F_TIMEOUT(bo, more_than_there_is, 120)
{
	__u32 handles[64];
	int i, n, ret = 0;

	/* Memory of the machine is the limit, and no error but that one. */
	for (n = 0; n < 64 && !ret; n++) {
		ret = bo_create(self->fd, 1ULL << 30, &handles[n], NULL);
		if (ret)
			break;
	}
	EXPECT_EQ(-ENOMEM, ret);
	for (i = 0; i < n; i++)
		EXPECT_EQ(0, bo_free(self->fd, handles[i]));
	EXPECT_EQ(0, bo_create(self->fd, 64 << 20, &handles[0], NULL));
}

TEST_F_TIMEOUT(bo, what_is_freed_can_be_had_again, 120)
{
	const __u64 bytes = 128 << 20;
	__u64 done = 0;
	struct sysinfo info;
	__u32 handle;

	ASSERT_EQ(0, sysinfo(&info));
	while (done < (__u64)info.totalram * info.mem_unit) {
		ASSERT_EQ(0, bo_create(self->fd, bytes, &handle, NULL));
		ASSERT_EQ(0, bo_free(self->fd, handle));
		done += bytes;
	}
}

TEST_F(bo, mmap_of_a_part)
{
	__u64 offset, *whole, *part;
	__u32 handle;
	unsigned int i;

	ASSERT_EQ(0, bo_create(self->fd, 8 * PAGE, &handle, &offset));
	ASSERT_EQ(0, bo_mmap(self->fd, 8 * PAGE, offset, (void **)&whole));
	for (i = 0; i < 8 * PAGE / 8; i++)
		whole[i] = i;
	ASSERT_EQ(0, bo_mmap(self->fd, 2 * PAGE, offset + 5 * PAGE, (void **)&part));
	for (i = 0; i < 2 * PAGE / 8; i++)
		ASSERT_EQ(5 * PAGE / 8 + i, part[i]);
	part[0] = 4711;
	EXPECT_EQ(4711, whole[5 * PAGE / 8]);
}

TEST_F(bo, mmap_refused)
{
	const int rw = PROT_READ | PROT_WRITE;
	__u64 offset, gone;
	__u32 handle, second;
	int other = node_open(0);

	ASSERT_LE(0, other);
	ASSERT_EQ(0, bo_create(self->fd, 4 * PAGE, &handle, &offset));

	EXPECT_EQ(0, mmap_errno(self->fd, 4 * PAGE, rw, MAP_SHARED, offset));
	EXPECT_EQ(0, mmap_errno(self->fd, 4 * PAGE, PROT_READ, MAP_SHARED, offset));
	EXPECT_EQ(EINVAL, mmap_errno(self->fd, 5 * PAGE, rw, MAP_SHARED, offset));
	EXPECT_EQ(EINVAL, mmap_errno(self->fd, PAGE, rw, MAP_SHARED, offset + 4 * PAGE));
	EXPECT_EQ(EINVAL, mmap_errno(self->fd, 4 * PAGE, rw, MAP_SHARED, offset + PAGE));
	EXPECT_EQ(EINVAL, mmap_errno(self->fd, PAGE, rw, MAP_PRIVATE, offset));
	EXPECT_EQ(EPERM, mmap_errno(self->fd, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, offset));
	EXPECT_EQ(ENOENT, mmap_errno(self->fd, PAGE, rw, MAP_SHARED, 0));
	EXPECT_EQ(ENOENT, mmap_errno(self->fd, PAGE, rw, MAP_SHARED, offset * 2));
	EXPECT_EQ(ENOENT, mmap_errno(self->fd, PAGE, rw, MAP_SHARED, 3ULL << 61));
	/* Another file's */
	EXPECT_EQ(ENOENT, mmap_errno(other, PAGE, rw, MAP_SHARED, offset));

	ASSERT_EQ(0, bo_create(self->fd, PAGE, &second, &gone));
	ASSERT_EQ(0, bo_free(self->fd, second));
	EXPECT_EQ(ENOENT, mmap_errno(self->fd, PAGE, rw, MAP_SHARED, gone));
	close(other);
}

TEST_F(bo, mapping_cannot_change_its_kind)
{
	__u64 offset;
	__u32 handle;
	char *mem;

	ASSERT_EQ(0, bo_create(self->fd, 4 * PAGE, &handle, &offset));
	ASSERT_EQ(0, bo_mmap(self->fd, 2 * PAGE, offset, (void **)&mem));
	mem[0] = 1;
	EXPECT_EQ(-1, mprotect(mem, PAGE, PROT_READ | PROT_EXEC));
	EXPECT_EQ(EACCES, errno);
	EXPECT_EQ(MAP_FAILED, mremap(mem, 2 * PAGE, 4 * PAGE, MREMAP_MAYMOVE));
	EXPECT_EQ(EFAULT, errno);
	/* Split, moved and thinned out it still is what it was. */
	ASSERT_EQ(0, munmap(mem, PAGE));
	mem[PAGE] = 2;
	ASSERT_EQ(0, madvise(mem + PAGE, PAGE, MADV_DONTNEED));
	EXPECT_EQ(2, mem[PAGE]);
	mem = mremap(mem + PAGE, PAGE, PAGE, MREMAP_MAYMOVE);
	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_EQ(2, mem[0]);
}

TEST_F(bo, memory_outlives_handle_and_file)
{
	__u64 offset, i, *mem;
	__u32 handle;

	ASSERT_EQ(0, bo_create(self->fd, HUGE_BYTES, &handle, &offset));
	ASSERT_EQ(0, bo_mmap(self->fd, HUGE_BYTES, offset, (void **)&mem));
	mem[0] = 1;
	ASSERT_EQ(0, bo_free(self->fd, handle));
	for (i = 0; i < HUGE_BYTES / 8; i++)
		mem[i] = i;
	ASSERT_EQ(0, close(self->fd));
	for (i = 0; i < HUGE_BYTES / 8; i++)
		ASSERT_EQ(i, mem[i]);
	ASSERT_EQ(0, munmap(mem, HUGE_BYTES));
}

TEST_F(bo, fork_shares)
{
	int *mem;
	__u64 offset;
	__u32 handle;
	int status;
	pid_t pid;

	ASSERT_EQ(0, bo_create(self->fd, PAGE, &handle, &offset));
	ASSERT_EQ(0, bo_mmap(self->fd, PAGE, offset, (void **)&mem));
	pid = fork();
	if (!pid) {
		mem[0] = 77;
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(77, __atomic_load_n(mem, __ATOMIC_SEQ_CST));
}

/* Other drivers, and debuggers, can get at the pages. */
TEST_F(bo, pages_can_be_pinned)
{
	__u64 offset, copy = 0, *mem;
	struct iovec here = { &copy, sizeof(copy) }, there;
	__u32 handle;

	ASSERT_EQ(0, bo_create(self->fd, HUGE_BYTES, &handle, &offset));
	ASSERT_EQ(0, bo_mmap(self->fd, HUGE_BYTES, offset, (void **)&mem));
	mem[1000] = 0x1122334455667788;
	there = (struct iovec) { &mem[1000], sizeof(copy) };
	ASSERT_EQ(sizeof(copy), process_vm_readv(getpid(), &here, 1, &there, 1, 0));
	EXPECT_EQ(mem[1000], copy);
}

TEST_F(bo, info_counts_mappings)
{
	struct lutna_bo_info info;
	__u64 first, second;
	__u32 handle;

	ASSERT_EQ(0, bo_create(self->fd, 4 * PAGE, &handle, NULL));
	ASSERT_EQ(0, vm_map(self->fd, handle, LUTNA_MAP_READ, 0, PAGE, &first));
	ASSERT_EQ(0, vm_map(self->fd, handle, LUTNA_MAP_WRITE, 0, 4 * PAGE, &second));
	ASSERT_EQ(0, bo_info(self->fd, handle, &info));
	EXPECT_EQ(2, info.mappings);
	ASSERT_EQ(0, vm_unmap(self->fd, first, PAGE));
	ASSERT_EQ(0, bo_info(self->fd, handle, &info));
	EXPECT_EQ(1, info.mappings);
}

TEST_HARNESS_MAIN
