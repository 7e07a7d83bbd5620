// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: fences on their way through another driver's syncobj
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xf86drm.h>

#include "kselftest_harness.h"
#include "lutna_fence.h"

#define SHORT	(50 * MS)

/* A device of DRM's that has syncobjs, or -ENODEV */
static int syncobj_device(void)
{
	char path[32];
	uint64_t has;
	int i, fd;

	for (i = 0; i < 16; i++) {
		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd >= 0 && !drmGetCap(fd, DRM_CAP_SYNCOBJ, &has) && has)
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -ENODEV;
}

/* A job that waits for a fence of vgem's, and its fence */
FIXTURE(syncobj)
{
	int fd;
	__u32 a, b;
	struct foreign foreign;
	int drm;
	int out;
	const char *none;
};

FIXTURE_SETUP(syncobj)
{
	struct fenced s;
	int ret;

	self->none = NULL;
	ret = foreign_open(&self->foreign);
	self->drm = ret ? ret : syncobj_device();
	if (ret == -ENODEV)
		self->none = "there is no vgem, whose fences a test can signal";
	else if (self->drm < 0)
		self->none = "no DRM device here has syncobjs (virtio-gpu has from 6.6 on)";
	if (self->none)
		return;
	ASSERT_EQ(0, ret);
	self->fd = node_open(0);
	ASSERT_LE(0, self->fd);
	ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_NORMAL, 4, 0, &self->a));
	ASSERT_EQ(0, queue_create(self->fd, LUTNA_PRIORITY_NORMAL, 4, 0, &self->b));
	s = (struct fenced) {
		.fd = self->fd,
		.queue = self->a,
		.in = &self->foreign.sync,
		.nr_in = 1,
		.out = &self->out,
	};
	ASSERT_EQ(0, submit_fenced(&s));
}

FIXTURE_TEARDOWN(syncobj)
{
	if (self->none)
		return;
	close(self->fd);
	close(self->drm);
	foreign_close(&self->foreign);
}

static int syncobj_wait(int drm, uint32_t handle, __s64 ns)
{
	return drmSyncobjWait(drm, &handle, 1, now_ns() + ns, 0, NULL);
}

TEST_F(syncobj, there_and_back)
{
	struct fenced s = { .fd = self->fd, .queue = self->b, .nr_in = 1 };
	uint32_t handle;
	int back, last;

	if (self->none)
		SKIP(return, self->none);
	ASSERT_EQ(0, drmSyncobjCreate(self->drm, 0, &handle));
	ASSERT_EQ(0, drmSyncobjImportSyncFile(self->drm, handle, self->out));
	EXPECT_EQ(-ETIME, syncobj_wait(self->drm, handle, SHORT));
	ASSERT_EQ(0, drmSyncobjExportSyncFile(self->drm, handle, &back));
	s.in = &back;
	s.out = &last;
	ASSERT_EQ(0, submit_fenced(&s));
	EXPECT_EQ(-ETIMEDOUT, fence_wait(last, SHORT));

	ASSERT_EQ(0, foreign_signal(&self->foreign));
	EXPECT_EQ(0, syncobj_wait(self->drm, handle, PATIENCE));
	EXPECT_EQ(0, fence_wait(last, PATIENCE));
	EXPECT_EQ(1, fence_status(last));
	EXPECT_EQ(0, drmSyncobjDestroy(self->drm, handle));
}

/* The syncobj is all that is left of us. */
TEST_F(syncobj, outlives_the_file)
{
	uint32_t handle;
	int back;

	if (self->none)
		SKIP(return, self->none);
	ASSERT_EQ(0, drmSyncobjCreate(self->drm, 0, &handle));
	ASSERT_EQ(0, drmSyncobjImportSyncFile(self->drm, handle, self->out));
	ASSERT_EQ(0, close(self->out));
	ASSERT_EQ(0, close(self->fd));
	self->fd = -1;
	EXPECT_EQ(0, syncobj_wait(self->drm, handle, PATIENCE));
	ASSERT_EQ(0, drmSyncobjExportSyncFile(self->drm, handle, &back));
	EXPECT_EQ(-ECANCELED, fence_status(back));
	EXPECT_EQ(-EAGAIN, module_unload());
	EXPECT_EQ(0, drmSyncobjDestroy(self->drm, handle));
}

/* A syncobj that is signalled from the start makes nobody wait. */
TEST_F(syncobj, signalled)
{
	struct fenced s = { .fd = self->fd, .queue = self->b, .nr_in = 1 };
	uint32_t handle;
	int in, out;

	if (self->none)
		SKIP(return, self->none);
	ASSERT_EQ(0, drmSyncobjCreate(self->drm, DRM_SYNCOBJ_CREATE_SIGNALED, &handle));
	ASSERT_EQ(0, drmSyncobjExportSyncFile(self->drm, handle, &in));
	s.in = &in;
	s.out = &out;
	ASSERT_EQ(0, submit_fenced(&s));
	EXPECT_EQ(0, fence_wait(out, PATIENCE));
	EXPECT_EQ(1, fence_status(out));
}

TEST_HARNESS_MAIN
