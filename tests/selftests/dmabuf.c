// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: buffers that go to other drivers, and those that come
 *
 * The peers are DRM drivers, reached through libdrm as a program would: vgem,
 * which is memory and nothing else, and virtio-gpu, which is the VM's screen.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-heap.h>
#include <linux/udmabuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <unistd.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "kselftest_harness.h"
#include "exporter/lutna_exporter.h"
#include "lutna_test.h"

#define PAGE	4096UL
#define RW	(PROT_READ | PROT_WRITE)
#define BYTES	(HUGE_BYTES + 4 * PAGE)
#define ALL	(LUTNA_MAP_READ | LUTNA_MAP_WRITE)

/**
 * struct place - a context with all that it takes to run a job
 * @lists: room for command lists, and a page after the first for answers
 * @slot: where its device is
 * @queue: queue
 * @fd: the file
 */
struct place {
	struct test_buffer lists;
	struct test_slot slot;
	__u32 queue;
	int fd;
};

static int place_open(struct place *p, int index)
{
	int ret;

	p->fd = node_open(index);
	if (p->fd < 0)
		return p->fd;
	ret = slot_of(p->fd, &p->slot);
	if (!ret)
		ret = buffer_open(p->fd, 4 * PAGE, &p->lists);
	if (!ret)
		ret = queue_create(p->fd, LUTNA_PRIORITY_NORMAL, 4, 0, &p->queue);
	return ret;
}

static void place_close(struct place *p)
{
	if (p->fd < 0)
		return;
	munmap(p->lists.mem, p->lists.bytes);
	close(p->fd);
	p->fd = -1;
}

static int device_fill(struct place *p, __u64 addr, __u64 bytes, __u8 value)
{
	put_fill(&p->lists, 0, addr, bytes, value);
	return run_list(p->fd, p->queue, p->lists.addr, 1, NULL);
}

/* What the device finds at @addr: its value if all of the page is that, or -EBADMSG */
static int device_sees(struct place *p, __u64 addr)
{
	const __u8 *page = p->lists.mem + PAGE;
	int ret;

	put_copy(&p->lists, 0, p->lists.addr + PAGE, addr, PAGE);
	ret = run_list(p->fd, p->queue, p->lists.addr, 1, NULL);
	if (ret)
		return ret;
	return all_bytes(page, PAGE, page[0]) ? page[0] : -EBADMSG;
}

static void *map_fd(int fd, __u64 bytes, int prot)
{
	return mmap(NULL, bytes, prot, MAP_SHARED, fd, 0);
}

/* Whether two descriptors are the same dma-buf */
static bool same(int a, int b)
{
	struct stat sa, sb;

	return !fstat(a, &sa) && !fstat(b, &sb) && sa.st_ino == sb.st_ino;
}

/*
 * A buffer of somebody else's, @fd, that the process sees at @mem: the device
 * writes and the process sees it, the process writes and the device sees it.
 */
static int both_ways(struct place *p, int fd, unsigned char *mem, __u64 bytes)
{
	struct lutna_bo_info info;
	unsigned char *here;
	__u64 addr, offset, size;
	__u32 handle;
	int ret;

	ret = bo_import(p->fd, fd, 0, &handle, &size, &offset);
	if (ret)
		return ret;
	if (size < bytes || bo_info(p->fd, handle, &info))
		return -EBADMSG;
	if (info.kind != LUTNA_BO_KIND_IMPORT || info.bytes != size || info.bo_flags)
		return -EBADMSG;
	ret = vm_map(p->fd, handle, ALL, 0, size, &addr);
	if (ret)
		return ret;
	ret = device_fill(p, addr, size, 0x5a);
	if (ret)
		return ret;
	if (!all_bytes(mem, bytes, 0x5a))
		return -EILSEQ;
	memset(mem + bytes - PAGE, 0x2b, PAGE);
	if (device_sees(p, addr + bytes - PAGE) != 0x2b || device_sees(p, addr) != 0x5a)
		return -EILSEQ;

	/* The same once more, mapped by way of our file */
	ret = bo_mmap(p->fd, bytes, offset, (void **)&here);
	if (ret)
		return ret;
	if (!all_bytes(here, bytes - PAGE, 0x5a))
		return -EILSEQ;
	here[0] = 0x77;
	if (mem[0] != 0x77)
		return -EILSEQ;
	munmap(here, bytes);
	ret = bo_free(p->fd, handle);
	return ret ?: vm_unmap(p->fd, addr, size);
}

/* The first DRM device of a driver, or -ENODEV */
static int drm_open(const char *driver)
{
	char path[64];
	int i;

	snprintf(path, sizeof(path), "modprobe -q %s", driver);
	if (system(path))
		return -ENODEV;
	for (i = 0; i < 16; i++) {
		drmVersion *version;
		bool found;
		int fd;

		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		version = drmGetVersion(fd);
		found = version && !strcmp(version->name, driver);
		drmFreeVersion(version);
		if (found)
			return fd;
		close(fd);
	}
	return -ENODEV;
}

/* A DRM device's own buffer, mapped here, as a dma-buf */
struct drm_buffer {
	uint32_t handle;
	uint64_t bytes;
	unsigned char *mem;
	int fd;
};

static int drm_buffer_open(int drm, struct drm_buffer *buf)
{
	uint32_t pitch;
	uint64_t offset;

	if (drmModeCreateDumbBuffer(drm, 1024, 512, 32, 0, &buf->handle, &pitch, &buf->bytes))
		return -errno;
	if (drmModeMapDumbBuffer(drm, buf->handle, &offset))
		return -errno;
	buf->mem = mmap(NULL, buf->bytes, RW, MAP_SHARED, drm, offset);
	if (buf->mem == MAP_FAILED)
		return -errno;
	if (drmPrimeHandleToFD(drm, buf->handle, DRM_CLOEXEC | DRM_RDWR, &buf->fd))
		return -errno;
	return 0;
}

static void drm_buffer_close(int drm, struct drm_buffer *buf)
{
	close(buf->fd);
	munmap(buf->mem, buf->bytes);
	drmModeDestroyDumbBuffer(drm, buf->handle);
}

FIXTURE(dmabuf)
{
	struct place p;
};

FIXTURE_SETUP(dmabuf)
{
	ASSERT_EQ(0, node_appear(0, true));
	ASSERT_EQ(0, place_open(&self->p, 0));
}

FIXTURE_TEARDOWN(dmabuf)
{
	place_close(&self->p);
}

TEST_F(dmabuf, export)
{
	unsigned char *mem, *through;
	__u64 offset;
	__u32 handle;
	int fd, again, readonly;

	ASSERT_EQ(0, bo_create(self->p.fd, BYTES, &handle, &offset));
	ASSERT_EQ(0, bo_mmap(self->p.fd, BYTES, offset, (void **)&mem));
	memset(mem, 0x11, BYTES);
	ASSERT_EQ(0, bo_export(self->p.fd, handle, LUTNA_EXPORT_WRITE, &fd));
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	EXPECT_EQ(O_RDWR, fcntl(fd, F_GETFL) & O_ACCMODE);
	EXPECT_EQ(BYTES, lseek(fd, 0, SEEK_END));
	through = map_fd(fd, BYTES, RW);
	ASSERT_NE(MAP_FAILED, through);
	EXPECT_TRUE(all_bytes(through, BYTES, 0x11));
	memset(through, 0x12, BYTES);
	EXPECT_TRUE(all_bytes(mem, BYTES, 0x12));
	EXPECT_EQ(MAP_FAILED, map_fd(fd, BYTES + PAGE, RW));
	EXPECT_EQ(MAP_FAILED, map_fd(fd, PAGE, PROT_READ | PROT_EXEC));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0));

	/* The same dma-buf, for the same right */
	ASSERT_EQ(0, bo_export(self->p.fd, handle, LUTNA_EXPORT_WRITE, &again));
	EXPECT_NE(fd, again);
	EXPECT_TRUE(same(fd, again));
	ASSERT_EQ(0, bo_export(self->p.fd, handle, 0, &readonly));
	EXPECT_FALSE(same(fd, readonly));
	EXPECT_EQ(O_RDONLY, fcntl(readonly, F_GETFL) & O_ACCMODE);
	EXPECT_EQ(MAP_FAILED, map_fd(readonly, PAGE, RW));
	EXPECT_EQ(EACCES, errno);
	munmap(through, BYTES);
	through = map_fd(readonly, BYTES, PROT_READ);
	ASSERT_NE(MAP_FAILED, through);
	EXPECT_TRUE(all_bytes(through, BYTES, 0x12));
	EXPECT_EQ(-1, mprotect(through, PAGE, RW));
}

TEST_F(dmabuf, memory_outlives_buffer_and_file)
{
	unsigned char *mem;
	__u64 addr, bytes;
	__u32 handle;
	int fd;

	ASSERT_EQ(0, bo_create(self->p.fd, BYTES, &handle, NULL));
	ASSERT_EQ(0, vm_map(self->p.fd, handle, ALL, 0, BYTES, &addr));
	ASSERT_EQ(0, device_fill(&self->p, addr, BYTES, 0x21));
	ASSERT_EQ(0, bo_export(self->p.fd, handle, LUTNA_EXPORT_WRITE, &fd));
	place_close(&self->p);
	mem = map_fd(fd, BYTES, RW);
	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_TRUE(all_bytes(mem, BYTES, 0x21));

	/* And another context's device works in it. */
	ASSERT_EQ(0, place_open(&self->p, 0));
	ASSERT_EQ(0, bo_import(self->p.fd, fd, 0, &handle, &bytes, NULL));
	EXPECT_EQ(BYTES, bytes);
	close(fd);
	ASSERT_EQ(0, vm_map(self->p.fd, handle, ALL, 0, BYTES, &addr));
	EXPECT_EQ(0x21, device_sees(&self->p, addr + BYTES - PAGE));
	EXPECT_EQ(0, device_fill(&self->p, addr, BYTES, 0x22));
	EXPECT_TRUE(all_bytes(mem, BYTES, 0x22));
	munmap(mem, BYTES);
}

TEST_F(dmabuf, import_of_its_own)
{
	struct lutna_bo_info info;
	__u64 first, second, offset;
	__u32 handle, twin;
	unsigned char *mem;
	int fd, again;

	ASSERT_EQ(0, bo_create(self->p.fd, BYTES, &handle, NULL));
	ASSERT_EQ(0, bo_export(self->p.fd, handle, LUTNA_EXPORT_WRITE, &fd));
	ASSERT_EQ(0, bo_import(self->p.fd, fd, 0, &twin, NULL, &offset));
	EXPECT_NE(handle, twin);
	ASSERT_EQ(0, bo_info(self->p.fd, twin, &info));
	EXPECT_EQ(LUTNA_BO_KIND_KERNEL, info.kind);
	ASSERT_EQ(0, bo_export(self->p.fd, twin, LUTNA_EXPORT_WRITE, &again));
	EXPECT_TRUE(same(fd, again));

	ASSERT_EQ(0, vm_map(self->p.fd, handle, ALL, 0, BYTES, &first));
	ASSERT_EQ(0, vm_map(self->p.fd, twin, LUTNA_MAP_READ, 0, BYTES, &second));
	ASSERT_EQ(0, device_fill(&self->p, first, BYTES, 0x31));
	ASSERT_EQ(0, vm_unmap(self->p.fd, first, BYTES));
	ASSERT_EQ(0, bo_free(self->p.fd, handle));
	EXPECT_EQ(0x31, device_sees(&self->p, second + HUGE_BYTES));
	ASSERT_EQ(0, bo_mmap(self->p.fd, BYTES, offset, (void **)&mem));
	EXPECT_TRUE(all_bytes(mem, BYTES, 0x31));
	munmap(mem, BYTES);
	close(fd);
	close(again);
}

TEST_F(dmabuf, rights)
{
	struct lutna_bo_info info;
	__u64 offset, addr;
	__u32 handle, twin;
	void *mem;
	int fd, out, other = node_open(0);

	ASSERT_LE(0, other);
	ASSERT_EQ(0, bo_create(self->p.fd, PAGE, &handle, NULL));
	ASSERT_EQ(0, bo_export(self->p.fd, handle, 0, &fd));
	/* What may not be written through does not become more by the device. */
	EXPECT_EQ(-EACCES, bo_import(other, fd, 0, &twin, NULL, NULL));
	ASSERT_EQ(0, bo_import(other, fd, LUTNA_BO_READONLY, &twin, NULL, &offset));
	ASSERT_EQ(0, bo_info(other, twin, &info));
	EXPECT_EQ(LUTNA_BO_READONLY, info.bo_flags);
	EXPECT_EQ(-EACCES, vm_map(other, twin, ALL, 0, PAGE, &addr));
	EXPECT_EQ(0, vm_map(other, twin, LUTNA_MAP_READ, 0, PAGE, &addr));
	EXPECT_EQ(-EACCES, bo_mmap(other, PAGE, offset, &mem));
	mem = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, other, offset);
	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_EQ(-1, mprotect(mem, PAGE, RW));
	munmap(mem, PAGE);
	EXPECT_EQ(-EACCES, bo_export(other, twin, LUTNA_EXPORT_WRITE, &out));
	ASSERT_EQ(0, bo_export(other, twin, 0, &out));
	EXPECT_TRUE(same(fd, out));
	close(out);
	close(fd);

	/* One that may, taken for reading only */
	ASSERT_EQ(0, bo_export(self->p.fd, handle, LUTNA_EXPORT_WRITE, &fd));
	ASSERT_EQ(0, bo_import(other, fd, LUTNA_BO_READONLY, &twin, NULL, NULL));
	EXPECT_EQ(-EACCES, vm_map(other, twin, LUTNA_MAP_WRITE, 0, PAGE, &addr));
	EXPECT_EQ(-EACCES, bo_export(other, twin, LUTNA_EXPORT_WRITE, &out));
	close(fd);
	close(other);
}

TEST_F(dmabuf, refused)
{
	__u32 handle;
	int fd;

	EXPECT_EQ(-EBADF, bo_import(self->p.fd, -1, 0, &handle, NULL, NULL));
	EXPECT_EQ(-EBADF, bo_import(self->p.fd, 1000, 0, &handle, NULL, NULL));
	EXPECT_EQ(-EINVAL, bo_import(self->p.fd, self->p.fd, 0, &handle, NULL, NULL));
	fd = memfd_create("lutna", MFD_CLOEXEC);
	ASSERT_LE(0, fd);
	EXPECT_EQ(-EINVAL, bo_import(self->p.fd, fd, 0, &handle, NULL, NULL));
	close(fd);
}

static __u64 read_word(const char *path, __u64 index)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	__u64 word = 0;

	if (fd < 0 || pread(fd, &word, sizeof(word), index * sizeof(word)) != sizeof(word))
		word = 0;
	close(fd);
	return word;
}

/* Number of the page at @mem, which is there */
static __u64 page_number(const void *mem)
{
	return read_word("/proc/self/pagemap", (uintptr_t)mem / PAGE) & ((1ULL << 55) - 1);
}

/* On x86 the kernel keeps in this flag of a page that it is write-combined. */
static bool is_wc(__u64 page)
{
	const __u64 arch_1 = 1ULL << 38;

	return read_word("/proc/kpageflags", page) & arch_1;
}

TEST_F(dmabuf, write_combined)
{
	struct lutna_bo_create arg = { .flags = LUTNA_BO_WC, .bytes = BYTES };
	struct lutna_bo_info info;
	unsigned char *mem;
	__u64 addr, page;
	int fd;

	/* Memory of the other kind shows that the flag tells something. */
	put_nop(&self->p.lists, 0);
	page = page_number(self->p.lists.mem);
	ASSERT_NE(0, page);
	EXPECT_FALSE(is_wc(page));
	ASSERT_EQ(0, call(self->p.fd, LUTNA_IOCTL_BO_CREATE, &arg, sizeof(arg)));
	ASSERT_EQ(0, bo_info(self->p.fd, arg.handle, &info));
	EXPECT_EQ(LUTNA_BO_WC, info.bo_flags);
	ASSERT_EQ(0, bo_mmap(self->p.fd, BYTES, arg.mmap_offset, (void **)&mem));
	EXPECT_TRUE(all_bytes(mem, BYTES, 0));
	ASSERT_EQ(0, vm_map(self->p.fd, arg.handle, ALL, 0, BYTES, &addr));
	memset(mem, 0x41, BYTES);
	EXPECT_EQ(0x41, device_sees(&self->p, addr + BYTES - PAGE));
	EXPECT_EQ(0, device_fill(&self->p, addr, BYTES, 0x42));
	EXPECT_TRUE(all_bytes(mem, BYTES, 0x42));
	munmap(mem, BYTES);
	ASSERT_EQ(0, bo_export(self->p.fd, arg.handle, LUTNA_EXPORT_WRITE, &fd));
	mem = map_fd(fd, BYTES, RW);
	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_TRUE(all_bytes(mem, BYTES, 0x42));

	page = page_number(mem);
	EXPECT_TRUE(is_wc(page));
	EXPECT_TRUE(is_wc(page_number(mem + BYTES - PAGE)));
	munmap(mem, BYTES);
	close(fd);
	place_close(&self->p);
	EXPECT_FALSE(is_wc(page));
}

/* As much as the machine has, in turn: what was not given back is missing. */
TEST_F_TIMEOUT(dmabuf, all_memory_comes_back, 180)
{
	const __u64 bytes = 128 << 20;
	struct sysinfo info;
	__u64 done = 0;
	int fd;

	ASSERT_EQ(0, sysinfo(&info));
	while (done < (__u64)info.totalram * info.mem_unit) {
		struct lutna_bo_create arg = { .bytes = bytes };
		__u32 twin;

		arg.flags = done % (2 * bytes) ? LUTNA_BO_WC : 0;
		ASSERT_EQ(0, call(self->p.fd, LUTNA_IOCTL_BO_CREATE, &arg, sizeof(arg)));
		ASSERT_EQ(0, bo_export(self->p.fd, arg.handle, LUTNA_EXPORT_WRITE, &fd));
		ASSERT_EQ(0, bo_import(self->p.fd, fd, 0, &twin, NULL, NULL));
		ASSERT_EQ(0, bo_free(self->p.fd, arg.handle));
		ASSERT_EQ(0, close(fd));
		ASSERT_EQ(0, bo_free(self->p.fd, twin));
		done += bytes;
	}
}

/* Two devices on the same memory */
TEST_F(dmabuf, two_devices)
{
	struct place second;
	__u64 here, there;
	__u32 handle, twin;
	int fd;

	if (node_count() < 2)
		SKIP(return, "there is one device only (tools/vm --devices 2)");
	ASSERT_EQ(0, place_open(&second, 1));
	ASSERT_EQ(0, bo_create(self->p.fd, BYTES, &handle, NULL));
	ASSERT_EQ(0, bo_export(self->p.fd, handle, LUTNA_EXPORT_WRITE, &fd));
	ASSERT_EQ(0, bo_import(second.fd, fd, 0, &twin, NULL, NULL));
	close(fd);
	ASSERT_EQ(0, vm_map(self->p.fd, handle, ALL, 0, BYTES, &here));
	ASSERT_EQ(0, vm_map(second.fd, twin, ALL, 0, BYTES, &there));
	EXPECT_EQ(0, device_fill(&self->p, here, BYTES, 0x51));
	EXPECT_EQ(0x51, device_sees(&second, there + BYTES - PAGE));
	EXPECT_EQ(0, device_fill(&second, there, BYTES, 0x52));
	EXPECT_EQ(0x52, device_sees(&self->p, here));
	/* The first is gone; the second works on. */
	ASSERT_EQ(0, slot_unbind(&self->p.slot));
	EXPECT_EQ(0, device_fill(&second, there, BYTES, 0x53));
	EXPECT_EQ(0x53, device_sees(&second, there + BYTES - PAGE));
	place_close(&second);
	place_close(&self->p);
	EXPECT_EQ(0, slot_bind(&self->p.slot));
	EXPECT_EQ(0, node_appear(0, true));
}

/* With a driver that takes its memory back */
FIXTURE(moved)
{
	struct place p;
	int exporter;
	int fd;
	unsigned char *mem;
	__u32 handle;
	__u64 addr;
};

FIXTURE_SETUP(moved)
{
	ASSERT_EQ(0, node_appear(0, true));
	ASSERT_EQ(0, place_open(&self->p, 0));
	ASSERT_EQ(0, exporter_load());
	self->exporter = open("/dev/lutna_exporter", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->exporter);
	self->fd = ioctl(self->exporter, LUTNA_EXPORTER_NEW, BYTES / PAGE);
	ASSERT_LE(0, self->fd);
	self->mem = map_fd(self->fd, BYTES, RW);
	ASSERT_NE(MAP_FAILED, self->mem);
	ASSERT_EQ(0, bo_import(self->p.fd, self->fd, 0, &self->handle, NULL, NULL));
	ASSERT_EQ(0, vm_map(self->p.fd, self->handle, ALL, 0, BYTES, &self->addr));
}

FIXTURE_TEARDOWN(moved)
{
	place_close(&self->p);
	munmap(self->mem, BYTES);
	close(self->fd);
	close(self->exporter);
	EXPECT_EQ(0, exporter_unload());
}

TEST_F(moved, before)
{
	EXPECT_EQ(0, both_ways(&self->p, self->fd, self->mem, BYTES));
}

TEST_F(moved, out_of_reach)
{
	struct lutna_job_result result;
	__u64 second, other;
	__u32 ours;

	ASSERT_EQ(0, vm_map(self->p.fd, self->handle, LUTNA_MAP_READ, PAGE, PAGE, &second));
	ASSERT_EQ(0, device_fill(&self->p, self->addr, BYTES, 0x91));
	EXPECT_EQ(0, ioctl(self->exporter, LUTNA_EXPORTER_MOVE, self->fd));

	EXPECT_EQ(-ESTALE, vm_map(self->p.fd, self->handle, ALL, 0, PAGE, &other));
	put_fill(&self->p.lists, 0, self->addr + PAGE, PAGE, 0x92);
	EXPECT_EQ(-EIO, run_list(self->p.fd, self->p.queue, self->p.lists.addr, 1, &result));
	EXPECT_EQ(LUTNA_FAULT_TRANSLATION, result.fault);
	EXPECT_EQ(self->addr + PAGE, result.fault_addr);
	EXPECT_TRUE(all_bytes(self->mem, BYTES, 0x91));

	/* The addresses are taken until they are unmapped, and then free. */
	other = second;
	ASSERT_EQ(0, bo_create(self->p.fd, PAGE, &ours, NULL));
	EXPECT_EQ(-EEXIST, vm_map(self->p.fd, ours,
				  LUTNA_MAP_READ | LUTNA_MAP_FIXED, 0, PAGE, &other));
	EXPECT_EQ(0, vm_unmap(self->p.fd, second, PAGE));
	EXPECT_EQ(0, vm_map(self->p.fd, ours,
			    LUTNA_MAP_READ | LUTNA_MAP_FIXED, 0, PAGE, &other));
	EXPECT_EQ(0, vm_unmap(self->p.fd, self->addr, BYTES));
	EXPECT_EQ(0, bo_free(self->p.fd, self->handle));
	/* A second import is a new one. */
	EXPECT_EQ(0, bo_import(self->p.fd, self->fd, 0, &self->handle, NULL, NULL));
	EXPECT_EQ(0, vm_map(self->p.fd, self->handle, ALL, 0, BYTES, &self->addr));
}

/* The exporter has its memory back as soon as the driver is gone. */
TEST_F(moved, unbind)
{
	EXPECT_EQ(1, ioctl(self->exporter, LUTNA_EXPORTER_MAPPED, self->fd));
	ASSERT_EQ(0, slot_unbind(&self->p.slot));
	EXPECT_EQ(0, ioctl(self->exporter, LUTNA_EXPORTER_MAPPED, self->fd));
	EXPECT_EQ(0, ioctl(self->exporter, LUTNA_EXPORTER_MOVE, self->fd));
	place_close(&self->p);
	EXPECT_EQ(0, slot_bind(&self->p.slot));
	EXPECT_EQ(0, node_appear(0, true));
}

TEST_F(moved, closed)
{
	ASSERT_EQ(0, bo_free(self->p.fd, self->handle));
	EXPECT_EQ(1, ioctl(self->exporter, LUTNA_EXPORTER_MAPPED, self->fd));
	ASSERT_EQ(0, vm_unmap(self->p.fd, self->addr, BYTES));
	EXPECT_EQ(0, ioctl(self->exporter, LUTNA_EXPORTER_MAPPED, self->fd));
	ASSERT_EQ(0, bo_import(self->p.fd, self->fd, 0, &self->handle, NULL, NULL));
	place_close(&self->p);
	EXPECT_EQ(0, ioctl(self->exporter, LUTNA_EXPORTER_MAPPED, self->fd));
}

TEST_F(moved, while_the_device_works)
{
	struct lutna_job_result result;
	__u64 seqno;
	int i;

	for (i = 0; i < 16; i++)
		put_fill(&self->p.lists, i, self->addr, BYTES, 0xa1);
	ASSERT_EQ(0, submit_list(self->p.fd, self->p.queue, self->p.lists.addr, 16, &seqno));
	usleep(1000);
	EXPECT_EQ(0, ioctl(self->exporter, LUTNA_EXPORTER_MOVE, self->fd));
	/* From now on it is somebody else's. */
	memset(self->mem, 0xa2, BYTES);
	ASSERT_EQ(0, wait_for(self->p.fd, self->p.queue, seqno, PATIENCE, &result));
	EXPECT_TRUE(all_bytes(self->mem, BYTES, 0xa2));
}

/* With the DRM driver that is the peer */
FIXTURE(peer)
{
	struct place p;
	int drm;
};

FIXTURE_VARIANT(peer)
{
	const char *driver;
};

FIXTURE_VARIANT_ADD(peer, vgem)
{
	.driver = "vgem",
};

FIXTURE_VARIANT_ADD(peer, virtio_gpu)
{
	.driver = "virtio_gpu",
};

FIXTURE_SETUP(peer)
{
	ASSERT_EQ(0, node_appear(0, true));
	ASSERT_EQ(0, place_open(&self->p, 0));
	self->drm = drm_open(variant->driver);
}

FIXTURE_TEARDOWN(peer)
{
	place_close(&self->p);
	if (self->drm >= 0)
		close(self->drm);
}

TEST_F(peer, theirs_to_us)
{
	struct drm_buffer buf;

	if (self->drm < 0)
		SKIP(return, "this machine has no %s", variant->driver);
	ASSERT_EQ(0, drm_buffer_open(self->drm, &buf));
	EXPECT_EQ(0, both_ways(&self->p, buf.fd, buf.mem, buf.bytes));
	drm_buffer_close(self->drm, &buf);
}

/* What is not held by the other driver any more is held by ours. */
TEST_F(peer, theirs_outlives_them)
{
	struct drm_buffer buf;
	unsigned char *mem;
	__u64 addr, offset;
	__u32 handle;

	if (self->drm < 0)
		SKIP(return, "this machine has no %s", variant->driver);
	ASSERT_EQ(0, drm_buffer_open(self->drm, &buf));
	memset(buf.mem, 0x61, buf.bytes);
	ASSERT_EQ(0, bo_import(self->p.fd, buf.fd, 0, &handle, NULL, &offset));
	ASSERT_EQ(0, vm_map(self->p.fd, handle, ALL, 0, buf.bytes, &addr));
	drm_buffer_close(self->drm, &buf);
	close(self->drm);
	self->drm = -1;
	EXPECT_EQ(0x61, device_sees(&self->p, addr + buf.bytes - PAGE));
	EXPECT_EQ(0, device_fill(&self->p, addr, buf.bytes, 0x62));
	ASSERT_EQ(0, bo_mmap(self->p.fd, buf.bytes, offset, (void **)&mem));
	EXPECT_TRUE(all_bytes(mem, buf.bytes, 0x62));
	munmap(mem, buf.bytes);
}

/* Exported again it is the dma-buf that it was, and their buffer that it was. */
TEST_F(peer, theirs_and_back)
{
	struct drm_buffer buf;
	__u32 handle, theirs;
	int fd;

	if (self->drm < 0)
		SKIP(return, "this machine has no %s", variant->driver);
	ASSERT_EQ(0, drm_buffer_open(self->drm, &buf));
	ASSERT_EQ(0, bo_import(self->p.fd, buf.fd, 0, &handle, NULL, NULL));
	ASSERT_EQ(0, bo_export(self->p.fd, handle, LUTNA_EXPORT_WRITE, &fd));
	EXPECT_TRUE(same(fd, buf.fd));
	ASSERT_EQ(0, drmPrimeFDToHandle(self->drm, fd, &theirs));
	EXPECT_EQ(buf.handle, theirs);
	close(fd);
	drm_buffer_close(self->drm, &buf);
}

TEST_F(peer, ours_to_them)
{
	unsigned char *mem;
	__u32 handle, theirs;
	__u64 addr;
	int fd, back, ret;

	if (self->drm < 0)
		SKIP(return, "this machine has no %s", variant->driver);
	ASSERT_EQ(0, bo_create(self->p.fd, BYTES, &handle, NULL));
	ASSERT_EQ(0, vm_map(self->p.fd, handle, ALL, 0, BYTES, &addr));
	ASSERT_EQ(0, bo_export(self->p.fd, handle, LUTNA_EXPORT_WRITE, &fd));
	ret = drmPrimeFDToHandle(self->drm, fd, &theirs) ? -errno : 0;
	if (ret == -ENODEV && !strcmp(variant->driver, "virtio_gpu"))
		SKIP(return, "this kernel's virtio_gpu takes nobody's buffers");
	ASSERT_EQ(0, ret);
	ASSERT_EQ(0, drmPrimeHandleToFD(self->drm, theirs, DRM_CLOEXEC | DRM_RDWR, &back));
	EXPECT_TRUE(same(fd, back));
	close(fd);
	mem = map_fd(back, BYTES, RW);
	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_EQ(0, device_fill(&self->p, addr, BYTES, 0x71));
	EXPECT_TRUE(all_bytes(mem, BYTES, 0x71));
	close(back);

	/* Our file is gone; they still hold the memory. */
	place_close(&self->p);
	ASSERT_EQ(0, drmPrimeHandleToFD(self->drm, theirs, DRM_CLOEXEC | DRM_RDWR, &back));
	EXPECT_TRUE(all_bytes(mem, BYTES, 0x71));
	munmap(mem, BYTES);
	EXPECT_EQ(0, drmIoctl(self->drm, DRM_IOCTL_GEM_CLOSE,
			      &(struct drm_gem_close) { .handle = theirs }));
	close(back);
}

TEST_F_TIMEOUT(peer, device_goes, 60)
{
	struct drm_buffer buf;
	unsigned char *mem;
	__u32 handle, ours, theirs;
	__u64 addr, seqno;
	int fd, i;

	if (self->drm < 0)
		SKIP(return, "this machine has no %s", variant->driver);
	ASSERT_EQ(0, bo_create(self->p.fd, BYTES, &ours, NULL));
	ASSERT_EQ(0, bo_export(self->p.fd, ours, LUTNA_EXPORT_WRITE, &fd));
	ASSERT_EQ(0, drm_buffer_open(self->drm, &buf));
	ASSERT_EQ(0, bo_import(self->p.fd, buf.fd, 0, &handle, NULL, NULL));
	ASSERT_EQ(0, vm_map(self->p.fd, handle, ALL, 0, buf.bytes, &addr));
	if (!strcmp(variant->driver, "vgem"))
		ASSERT_EQ(0, drmPrimeFDToHandle(self->drm, fd, &theirs));
	for (i = 0; i < 12; i++)
		put_fill(&self->p.lists, i, addr, buf.bytes, 0x81);
	ASSERT_EQ(0, submit_list(self->p.fd, self->p.queue, self->p.lists.addr, 12, &seqno));
	ASSERT_EQ(0, slot_unbind(&self->p.slot));

	EXPECT_EQ(-ENODEV, bo_import(self->p.fd, buf.fd, 0, &handle, NULL, NULL));
	EXPECT_EQ(-ENODEV, bo_export(self->p.fd, ours, 0, &i));
	/* Neither's memory is the device's any more; both are still good. */
	memset(buf.mem, 0x82, buf.bytes);
	mem = map_fd(fd, BYTES, RW);
	ASSERT_NE(MAP_FAILED, mem);
	memset(mem, 0x83, BYTES);
	usleep(50000);
	EXPECT_TRUE(all_bytes(buf.mem, buf.bytes, 0x82));
	EXPECT_TRUE(all_bytes(mem, BYTES, 0x83));
	drm_buffer_close(self->drm, &buf);
	place_close(&self->p);
	EXPECT_EQ(0, slot_bind(&self->p.slot));
	ASSERT_EQ(0, node_appear(0, true));

	/* Into the device's next life */
	ASSERT_EQ(0, place_open(&self->p, 0));
	ASSERT_EQ(0, bo_import(self->p.fd, fd, 0, &handle, NULL, NULL));
	ASSERT_EQ(0, vm_map(self->p.fd, handle, ALL, 0, BYTES, &addr));
	EXPECT_EQ(0x83, device_sees(&self->p, addr));
	munmap(mem, BYTES);
	close(fd);
}

/* The module's code is needed for as long as a dma-buf of it is there. */
TEST_F(dmabuf, holds_the_module)
{
	__u32 handle;
	char *mem;
	int fd;

	ASSERT_EQ(0, bo_create(self->p.fd, PAGE, &handle, NULL));
	ASSERT_EQ(0, bo_export(self->p.fd, handle, LUTNA_EXPORT_WRITE, &fd));
	place_close(&self->p);
	ASSERT_EQ(0, slot_unbind(&self->p.slot));
	EXPECT_EQ(-EAGAIN, module_unload());
	mem = map_fd(fd, PAGE, RW);
	ASSERT_NE(MAP_FAILED, mem);
	close(fd);
	EXPECT_EQ(-EAGAIN, module_unload());
	mem[0] = 1;
	munmap(mem, PAGE);
	EXPECT_EQ(0, module_unload());
	ASSERT_EQ(0, module_load());
	EXPECT_EQ(0, node_appear(0, true));
}

TEST_F(dmabuf, udmabuf)
{
	struct udmabuf_create create = { .flags = UDMABUF_FLAGS_CLOEXEC, .size = BYTES };
	int dev = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	unsigned char *mem;
	int fd;

	if (dev < 0)
		SKIP(return, "this kernel has no udmabuf");
	create.memfd = memfd_create("lutna", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ASSERT_LE(0, (int)create.memfd);
	ASSERT_EQ(0, ftruncate(create.memfd, BYTES));
	ASSERT_EQ(0, fcntl(create.memfd, F_ADD_SEALS, F_SEAL_SHRINK));
	fd = ioctl(dev, UDMABUF_CREATE, &create);
	ASSERT_LE(0, fd);
	mem = map_fd(create.memfd, BYTES, RW);
	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_EQ(0, both_ways(&self->p, fd, mem, BYTES));
	munmap(mem, BYTES);
	close(fd);
	close(create.memfd);
	close(dev);
}

TEST_F(dmabuf, system_heap)
{
	struct dma_heap_allocation_data data = {
		.len = BYTES,
		.fd_flags = O_RDWR | O_CLOEXEC,
	};
	int heap = open("/dev/dma_heap/system", O_RDONLY | O_CLOEXEC);
	unsigned char *mem;

	if (heap < 0)
		SKIP(return, "this kernel has no system heap");
	ASSERT_EQ(0, ioctl(heap, DMA_HEAP_IOCTL_ALLOC, &data));
	mem = map_fd(data.fd, BYTES, RW);
	ASSERT_NE(MAP_FAILED, mem);
	EXPECT_EQ(0, both_ways(&self->p, data.fd, mem, BYTES));
	munmap(mem, BYTES);
	close(data.fd);
	close(heap);
}

TEST_HARNESS_MAIN
