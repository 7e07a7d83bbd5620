// SPDX-License-Identifier: MIT
/*
 * The back end that speaks to the driver.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backend.h"
#include "error.h"
#include "kernel_owned.h"
#include "uapi/lutna.h"

struct kernel_device {
	struct lutna_device dev;
	int fd;
};

struct kernel_buffer {
	struct lutna_buffer buf;
	uint32_t handle;
};

/* @owned: NULL of a queue that takes its jobs by ioctl */
struct kernel_queue {
	struct lutna_queue queue;
	uint32_t handle;
	struct owned_queue *owned;
};

static int kernel_fd(struct lutna_device *dev)
{
	return ((struct kernel_device *)dev)->fd;
}

/* A signal is no reason to give up: waits have deadlines of their own. */
static int do_ioctl(int fd, unsigned long request, void *arg)
{
	int ret;

	do {
		ret = ioctl(fd, request, arg);
	} while (ret < 0 && errno == EINTR);
	return ret < 0 ? -errno : 0;
}

static void kernel_close(struct lutna_device *dev)
{
	struct kernel_device *kdev = (struct kernel_device *)dev;

	close(kdev->fd);
	free(kdev);
}

static void bo_free(int fd, uint32_t handle)
{
	struct lutna_bo_free args = {
		.size = sizeof(args),
		.handle = handle,
	};

	do_ioctl(fd, LUTNA_IOCTL_BO_FREE, &args);
}

static void vm_unmap(int fd, uint64_t addr, uint64_t bytes)
{
	struct lutna_vm_unmap args = {
		.size = sizeof(args),
		.addr = addr,
		.bytes = bytes,
	};

	do_ioctl(fd, LUTNA_IOCTL_VM_UNMAP, &args);
}

/* Maps all of a buffer, whose other members are there, into the device. */
static int map_into_device(struct kernel_buffer *kbuf, unsigned int access)
{
	struct lutna_vm_map map = {
		.size = sizeof(map),
		.handle = kbuf->handle,
		.bytes = kbuf->buf.mapped,
	};
	int err;

	if (access & LUTNA_BUFFER_DEVICE_READ)
		map.flags |= LUTNA_MAP_READ;
	if (access & LUTNA_BUFFER_DEVICE_WRITE)
		map.flags |= LUTNA_MAP_WRITE;
	err = do_ioctl(kernel_fd(kbuf->buf.dev), LUTNA_IOCTL_VM_MAP, &map);
	if (err)
		return lutna_fail_errno(err,
					"buffer: cannot map it into the device");
	kbuf->buf.address = map.addr;
	return 0;
}

/* What is left of a buffer that the device has no way to. */
static void buffer_give_back(const struct kernel_buffer *kbuf)
{
	if (kbuf->buf.data && !kbuf->buf.borrowed)
		munmap(kbuf->buf.data, kbuf->buf.mapped);
	bo_free(kernel_fd(kbuf->buf.dev), kbuf->handle);
}

/* Takes over @given, all of whose members but the address are there. */
static int buffer_finish(struct lutna_buffer **out,
			 const struct kernel_buffer *given, unsigned int access)
{
	struct kernel_buffer *kbuf = malloc(sizeof(*kbuf));
	int err;

	if (!kbuf) {
		err = lutna_fail_errno(-ENOMEM, "buffer");
		goto err_give_back;
	}
	*kbuf = *given;
	err = map_into_device(kbuf, access);
	if (err)
		goto err_free;
	*out = &kbuf->buf;
	return 0;

err_free:
	free(kbuf);
err_give_back:
	buffer_give_back(given);
	return err;
}

static int kernel_buffer_new(struct lutna_buffer **out,
			     struct lutna_device *dev, size_t bytes,
			     unsigned int access)
{
	struct lutna_bo_create create = {
		.size = sizeof(create),
		.bytes = bytes,
	};
	int fd = kernel_fd(dev);
	void *data;
	int err;

	err = do_ioctl(fd, LUTNA_IOCTL_BO_CREATE, &create);
	if (err)
		return lutna_fail_errno(err, "buffer: cannot allocate %zu bytes",
					bytes);
	if (create.bytes < bytes || create.bytes > SIZE_MAX) {
		err = lutna_fail(-EPROTO, "buffer: bad size from the driver");
		goto err_bo_free;
	}
	data = mmap(NULL, create.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		    (off_t)create.mmap_offset);
	if (data == MAP_FAILED) {
		err = lutna_fail_errno(-errno,
				       "buffer: cannot map it into the process");
		goto err_bo_free;
	}
	return buffer_finish(out, &(struct kernel_buffer){
		.buf = {
			.dev = dev, .data = data, .size = bytes,
			.mapped = create.bytes,
		},
		.handle = create.handle,
	}, access);

err_bo_free:
	bo_free(fd, create.handle);
	return err;
}

static uint32_t bo_flags(unsigned int access)
{
	return access & LUTNA_BUFFER_DEVICE_WRITE ? 0 : LUTNA_BO_READONLY;
}

/* Why the driver does not give a buffer of memory, or of a dma-buf. */
static int no_sharing(int err, const char *what)
{
	if (err == -ENOTTY)
		return lutna_fail(-EOPNOTSUPP,
				  "buffer: this driver cannot %s", what);
	return lutna_fail_errno(err, "buffer: cannot %s", what);
}

static int no_user(int err, size_t bytes, const struct lutna_bo_user *user)
{
	if (err == -EPERM)
		return lutna_fail(err,
				  "buffer: cannot lock %zu bytes: the process may lock %llu (ulimit -l), and has locked %llu",
				  bytes, (unsigned long long)user->limit,
				  (unsigned long long)user->locked);
	return no_sharing(err, "use memory of the process");
}

static int kernel_buffer_from_memory(struct lutna_buffer **out,
				     struct lutna_device *dev, void *memory,
				     size_t bytes, unsigned int access)
{
	struct lutna_bo_user user = {
		.size = sizeof(user),
		.flags = bo_flags(access),
		.addr = (uintptr_t)memory,
		.bytes = bytes,
	};
	int err;

	err = do_ioctl(kernel_fd(dev), LUTNA_IOCTL_BO_USER, &user);
	if (err)
		return no_user(err, bytes, &user);
	return buffer_finish(out, &(struct kernel_buffer){
		.buf = {
			.dev = dev, .data = memory, .borrowed = true,
			.size = bytes, .mapped = bytes,
		},
		.handle = user.handle,
	}, access);
}

static int kernel_buffer_export(struct lutna_buffer *buf, bool write, int *fd)
{
	struct lutna_bo_export args = {
		.size = sizeof(args),
		.flags = write ? LUTNA_EXPORT_WRITE : 0,
		.handle = ((struct kernel_buffer *)buf)->handle,
	};
	int err;

	err = do_ioctl(kernel_fd(buf->dev), LUTNA_IOCTL_BO_EXPORT, &args);
	if (err)
		return no_sharing(err, "export it");
	*fd = args.fd;
	return 0;
}

/* What processes may do is for the dma-buf to say; if nothing, data is NULL. */
static void *map_import(int fd, int dmabuf, const struct lutna_bo_import *args)
{
	int mode = fcntl(dmabuf, F_GETFL);
	int prot = PROT_READ;
	void *data;

	if (mode >= 0 && (mode & O_ACCMODE) != O_RDONLY)
		prot |= PROT_WRITE;
	data = mmap(NULL, args->bytes, prot, MAP_SHARED, fd,
		    (off_t)args->mmap_offset);
	return data == MAP_FAILED ? NULL : data;
}

static int kernel_buffer_import(struct lutna_buffer **out,
				struct lutna_device *dev, int dmabuf,
				unsigned int access)
{
	struct lutna_bo_import args = {
		.size = sizeof(args),
		.flags = bo_flags(access),
		.fd = dmabuf,
	};
	int fd = kernel_fd(dev);
	int err;

	err = do_ioctl(fd, LUTNA_IOCTL_BO_IMPORT, &args);
	if (err)
		return no_sharing(err, "import it");
	if (!args.bytes || args.bytes > SIZE_MAX) {
		bo_free(fd, args.handle);
		return lutna_fail(-EPROTO, "buffer: bad size from the driver");
	}
	return buffer_finish(out, &(struct kernel_buffer){
		.buf = {
			.dev = dev, .data = map_import(fd, dmabuf, &args),
			.size = args.bytes, .mapped = args.bytes,
		},
		.handle = args.handle,
	}, access);
}

static void kernel_buffer_free(struct lutna_buffer *buf)
{
	struct kernel_buffer *kbuf = (struct kernel_buffer *)buf;

	vm_unmap(kernel_fd(buf->dev), buf->address, buf->mapped);
	buffer_give_back(kbuf);
	free(kbuf);
}

static void queue_destroy(int fd, uint32_t handle)
{
	struct lutna_queue_destroy args = {
		.size = sizeof(args),
		.handle = handle,
	};

	do_ioctl(fd, LUTNA_IOCTL_QUEUE_DESTROY, &args);
}

/* Sets no error text. */
static int queue_create(struct kernel_queue **out, struct lutna_device *dev,
			struct lutna_queue_create *args)
{
	struct kernel_queue *kqueue = calloc(1, sizeof(*kqueue));
	int err;

	if (!kqueue)
		return -ENOMEM;
	args->size = sizeof(*args);
	err = do_ioctl(kernel_fd(dev), LUTNA_IOCTL_QUEUE_CREATE, args);
	if (err) {
		free(kqueue);
		return err;
	}
	kqueue->queue.dev = dev;
	kqueue->handle = args->handle;
	*out = kqueue;
	return 0;
}

static int kernel_queue_new(struct lutna_queue **out, struct lutna_device *dev,
			    unsigned int priority, unsigned int depth,
			    uint64_t timeout_ns)
{
	struct lutna_queue_create args = {
		.priority = priority,
		.depth = depth,
		.timeout_ns = timeout_ns,
	};
	struct kernel_queue *kqueue;
	int err;

	err = queue_create(&kqueue, dev, &args);
	if (err)
		return lutna_fail_errno(err, "queue: cannot create it");
	*out = &kqueue->queue;
	return 0;
}

/* Drivers of before know neither the flag nor what the structure grew. */
static int no_owned_queue(int err)
{
	if (err == -EOPNOTSUPP || err == -E2BIG)
		return lutna_fail(-EOPNOTSUPP,
				  "queue: this device or its driver gives none to processes");
	return lutna_fail_errno(err, "queue: cannot create it");
}

static int kernel_queue_new_owned(struct lutna_queue **out,
				  struct lutna_device *dev,
				  unsigned int priority, unsigned int depth,
				  uint64_t timeout_ns, uint64_t spin_ns)
{
	struct lutna_queue_create args = {
		.flags = LUTNA_QUEUE_OWNED,
		.priority = priority,
		.depth = depth,
		.timeout_ns = timeout_ns,
	};
	struct kernel_queue *kqueue;
	int fd = kernel_fd(dev);
	int err;

	err = queue_create(&kqueue, dev, &args);
	if (err)
		return no_owned_queue(err);
	err = owned_queue_open(&kqueue->owned, fd, &args, spin_ns);
	if (err)
		goto err_destroy;
	*out = &kqueue->queue;
	return 0;

err_destroy:
	queue_destroy(fd, args.handle);
	bo_free(fd, args.ring);
	free(kqueue);
	return err;
}

static void kernel_queue_free(struct lutna_queue *queue)
{
	struct kernel_queue *kqueue = (struct kernel_queue *)queue;
	int fd = kernel_fd(queue->dev);

	queue_destroy(fd, kqueue->handle);
	if (kqueue->owned) {
		bo_free(fd, owned_queue_buffer(kqueue->owned));
		owned_queue_close(kqueue->owned);
	}
	free(kqueue);
}

static int wait_ioctl(struct lutna_queue *queue, struct lutna_wait *args)
{
	args->size = sizeof(*args);
	args->queue = ((struct kernel_queue *)queue)->handle;
	return do_ioctl(kernel_fd(queue->dev), LUTNA_IOCTL_WAIT, args);
}

/* Waits for room as long as there is somebody who might make it. */
static int submit_owned(struct lutna_queue *queue,
			const struct lutna_job_desc *desc, uint64_t *seqno)
{
	struct owned_queue *owned = ((struct kernel_queue *)queue)->owned;
	struct lutna_wait args = { .deadline_ns = INT64_MAX };
	uint64_t number;
	int err;

	if (desc->timeout_ns)
		return lutna_fail(-EOPNOTSUPP,
				  "cannot submit the job: time limits are for the whole queue if a process owns it");
	while ((err = owned_queue_put(owned, desc, &number)) == -EAGAIN) {
		if (owned_queue_spin(owned, number, INT64_MAX))
			continue;
		args.seqno = number;
		err = wait_ioctl(queue, &args);
		if (err)
			break;
	}
	if (err)
		return lutna_fail_errno(err, "cannot submit the job");
	*seqno = number;
	return 0;
}

static int kernel_submit(struct lutna_queue *queue,
			 const struct lutna_job_desc *desc, uint64_t *seqno)
{
	struct lutna_job job = {
		.list = desc->list,
		.profile = desc->profile,
		.timeout_ns = desc->timeout_ns,
		.count = desc->count,
		.flags = desc->profile ? LUTNA_JOB_F_PROFILE : 0,
		.unit = desc->unit,
	};
	struct lutna_submit args = {
		.size = sizeof(args),
		.queue = ((struct kernel_queue *)queue)->handle,
		.job_size = sizeof(job),
		.jobs = (uintptr_t)&job,
		.job_count = 1,
	};
	int err;

	if (((struct kernel_queue *)queue)->owned)
		return submit_owned(queue, desc, seqno);
	err = do_ioctl(kernel_fd(queue->dev), LUTNA_IOCTL_SUBMIT, &args);
	if (err)
		return lutna_fail_errno(err, "cannot submit the job");
	if (args.job_count != 1)
		return lutna_fail(-EPROTO,
				  "cannot submit the job: the driver took %u of 1",
				  args.job_count);
	*seqno = args.seqno;
	return 0;
}

static int kernel_wait(struct lutna_queue *queue, uint64_t seqno,
		       int64_t deadline_ns, struct lutna_result *result)
{
	struct owned_queue *owned = ((struct kernel_queue *)queue)->owned;
	struct lutna_wait args = { .seqno = seqno, .deadline_ns = deadline_ns };
	const struct lutna_job_result *ended = &args.result;
	int err;

	if (owned) {
		if (!owned_queue_knows(owned, seqno))
			return -ENOENT;
		if (owned_queue_spin(owned, seqno, deadline_ns) && !result)
			return 0;
	}
	err = wait_ioctl(queue, &args);
	if (err)
		return lutna_fail_errno(err, "job %llu",
					(unsigned long long)seqno);

	if (!result)
		return 0;
	memset(result, 0, sizeof(*result));
	if (!args.known)
		return 0;
	result->error = ended->error;
	result->fault = ended->fault;
	result->access = ended->access;
	result->command = ended->command;
	result->fault_addr = ended->fault_addr;
	result->cycles = ended->cycles;
	result->energy = ended->energy;
	result->start_ns = ended->start_ns;
	result->duration_ns = ended->duration_ns;
	return 0;
}

static const struct lutna_device_ops kernel_ops = {
	.close = kernel_close,
	.fd = kernel_fd,
	.buffer_new = kernel_buffer_new,
	.buffer_from_memory = kernel_buffer_from_memory,
	.buffer_export = kernel_buffer_export,
	.buffer_import = kernel_buffer_import,
	.buffer_free = kernel_buffer_free,
	.queue_new = kernel_queue_new,
	.queue_new_owned = kernel_queue_new_owned,
	.queue_free = kernel_queue_free,
	.submit = kernel_submit,
	.wait = kernel_wait,
};

static int get_info(int fd, const char *path, struct lutna_info *info)
{
	int err;

	memset(info, 0, sizeof(*info));
	info->size = sizeof(*info);
	err = do_ioctl(fd, LUTNA_IOCTL_GET_INFO, info);
	if (err == -ENOTTY || err == -EINVAL || err == -EOPNOTSUPP)
		return lutna_fail(-EPROTO, "%s: not a LUT-NA device", path);
	if (err)
		return lutna_fail_errno(err, "%s", path);
	if (!(info->driver_features & LUTNA_DRIVER_FEATURE_BASE) ||
	    !info->page_size || info->page_size & (info->page_size - 1) ||
	    info->va_start >= info->va_end || info->max_depth < 2)
		return lutna_fail(-EPROTO,
				  "%s: the driver is not one that liblutna %s understands",
				  path, lutna_version());
	return 0;
}

static void fill_info(struct lutna_device_info *out, const char *path,
		      const struct lutna_info *info)
{
	const char *slash = strrchr(path, '/');

	snprintf(out->name, sizeof(out->name), "%s", slash ? slash + 1 : path);
	snprintf(out->location, sizeof(out->location), "%04x:%02x:%02x.%x",
		 info->pci_domain, info->pci_bus, info->pci_devfn >> 3,
		 info->pci_devfn & 7);
	out->version = info->device_version;
	out->isa_version = info->isa_version;
	out->features = info->device_features;
	out->driver_features = info->driver_features;
	out->units = info->units;
	out->clock_khz = info->clock_khz;
	out->max_commands = info->max_commands;
	out->max_tensor_bytes = info->max_tensor_bytes;
	out->va_start = info->va_start;
	out->va_end = info->va_end;
	out->max_queues = info->max_queues;
	out->max_depth = info->max_depth;
	out->is_simulator = false;
}

int lutna_kernel_open(struct lutna_device **out, const char *path)
{
	struct kernel_device *kdev;
	struct lutna_info info;
	int err;

	kdev = calloc(1, sizeof(*kdev));
	if (!kdev)
		return lutna_fail_errno(-ENOMEM, "%s", path);
	kdev->fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (kdev->fd < 0) {
		err = lutna_fail_errno(-errno, "%s", path);
		goto err_free;
	}
	err = get_info(kdev->fd, path, &info);
	if (err)
		goto err_close;

	kdev->dev.ops = &kernel_ops;
	kdev->dev.page_size = info.page_size;
	fill_info(&kdev->dev.info, path, &info);
	*out = &kdev->dev;
	return 0;

err_close:
	close(kdev->fd);
err_free:
	free(kdev);
	return err;
}
