// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: fences, ours and others'
 *
 * The kernel's own fence for tests, sw_sync, is not in distributions' kernels.
 * vgem has one that a process signals, attached to a buffer, and from there it
 * can be had as a sync_file.
 */
#include <dirent.h>
#include <drm.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/sync_file.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lutna_fence.h"

/* vgem's ABI, for which distributions have no header */
#define VGEM_FENCE_WRITE	0x1

struct vgem_fence_attach {
	__u32 handle;
	__u32 flags;
	__u32 out_fence;
	__u32 pad;
};

struct vgem_fence_signal {
	__u32 fence;
	__u32 flags;
};

#define VGEM_FENCE_ATTACH	DRM_IOWR(DRM_COMMAND_BASE + 1, struct vgem_fence_attach)
#define VGEM_FENCE_SIGNAL	DRM_IOW(DRM_COMMAND_BASE + 2, struct vgem_fence_signal)

int submit_fenced(struct fenced *s)
{
	struct lutna_job empty = { .unit = LUTNA_UNIT_LUTNA };
	struct lutna_submit arg = {
		.flags = s->flags | (s->out ? LUTNA_SUBMIT_OUT_FENCE : 0),
		.queue = s->queue,
		.job_size = sizeof(empty),
		.jobs = (uintptr_t)(s->jobs ?: &empty),
		.job_count = s->jobs ? s->count : 1,
		.in_fences = (uintptr_t)s->in,
		.in_fence_count = s->nr_in,
	};
	int ret = call(s->fd, LUTNA_IOCTL_SUBMIT, &arg, sizeof(arg));

	if (ret)
		return ret;
	s->seqno = arg.seqno;
	s->taken = arg.job_count;
	if (s->out)
		*s->out = arg.out_fence;
	return 0;
}

int fence_status(int fence)
{
	struct sync_file_info info = { };

	return ioctl(fence, SYNC_IOC_FILE_INFO, &info) ? -errno : info.status;
}

int fence_wait(int fence, __s64 ns)
{
	struct pollfd fd = { .fd = fence, .events = POLLIN };
	int ret = poll(&fd, 1, ns / MS);

	if (ret < 0)
		return -errno;
	return ret ? 0 : -ETIMEDOUT;
}

int fence_merge(int a, int b)
{
	struct sync_merge_data arg = { .name = "both", .fd2 = b };

	return ioctl(a, SYNC_IOC_MERGE, &arg) ? -errno : arg.fence;
}

static int load_vgem(void)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		execlp("modprobe", "modprobe", "-q", "vgem", NULL);
		_exit(127);
	}
	return waitpid(pid, &status, 0) == pid && !status ? 0 : -ENODEV;
}

static bool is_vgem(int fd)
{
	char name[16] = "";
	struct drm_version version = { .name = name, .name_len = sizeof(name) - 1 };

	return !ioctl(fd, DRM_IOCTL_VERSION, &version) && !strcmp(name, "vgem");
}

static int find_vgem(void)
{
	char path[32];
	int i, fd;

	for (i = 0; i < 16; i++) {
		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd >= 0 && is_vgem(fd))
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -ENODEV;
}

int vgem_open(void)
{
	int fd = find_vgem();

	if (fd < 0 && !load_vgem())
		fd = find_vgem();
	return fd;
}

static int foreign_attach(struct foreign *f)
{
	struct drm_mode_create_dumb bo = { .width = 32, .height = 32, .bpp = 32 };
	struct drm_prime_handle prime = { .flags = DRM_CLOEXEC };
	struct vgem_fence_attach attach = { .flags = VGEM_FENCE_WRITE };
	struct dma_buf_export_sync_file sync = { .flags = DMA_BUF_SYNC_RW };

	if (ioctl(f->vgem, DRM_IOCTL_MODE_CREATE_DUMB, &bo))
		return -errno;
	f->bo = bo.handle;
	prime.handle = bo.handle;
	if (ioctl(f->vgem, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime))
		return -errno;
	f->dmabuf = prime.fd;
	attach.handle = bo.handle;
	if (ioctl(f->vgem, VGEM_FENCE_ATTACH, &attach))
		return -errno;
	f->fence = attach.out_fence;
	if (ioctl(f->dmabuf, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &sync))
		return -errno;
	f->sync = sync.fd;
	return 0;
}

int foreign_open(struct foreign *f)
{
	int ret;

	*f = (struct foreign) { .dmabuf = -1, .sync = -1 };
	f->vgem = vgem_open();
	if (f->vgem < 0)
		return f->vgem;
	ret = foreign_attach(f);
	if (ret)
		foreign_close(f);
	return ret;
}

int foreign_signal(struct foreign *f)
{
	struct vgem_fence_signal arg = { .fence = f->fence };

	return ioctl(f->vgem, VGEM_FENCE_SIGNAL, &arg) ? -errno : 0;
}

void foreign_close(struct foreign *f)
{
	if (f->sync >= 0)
		close(f->sync);
	if (f->dmabuf >= 0)
		close(f->dmabuf);
	if (f->vgem >= 0)
		close(f->vgem);
}

int files_open(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	if (!dir)
		return -errno;
	while (readdir(dir))
		n++;
	closedir(dir);
	/* Not ".", "..", and the directory itself */
	return n - 3;
}
