// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mock_driver.h"

#define PAGE		4096u
#define HANDLES		64
#define FIRST_BUFFER	41
#define FIRST_QUEUE	1001
/* Apart, so that a mix-up is seen */
#define OFFSET(i)	((3 + (uint64_t)(i) * 16) * PAGE)
#define ADDR(i)		(0x200000 + (uint64_t)(i) * 0x100000)

struct mock mock;

/* By handle; numbers are not used again. */
static struct {
	bool alive;
	uint64_t bytes;
	bool mapped;
} buffers[HANDLES];
static bool queues[HANDLES];
static unsigned int buffer_count, queue_count;

/* Says what it did not like. */
#define expect(cond) \
	do { \
		if (!(cond)) { \
			printf("# mock: %s: not %s\n", __func__, #cond); \
			mock.complaints++; \
		} \
	} while (0)

int mock_reset(void)
{
	if (mock.fd > 0)
		close(mock.fd);
	memset(&mock, 0, sizeof(mock));
	memset(buffers, 0, sizeof(buffers));
	memset(queues, 0, sizeof(queues));
	buffer_count = 0;
	queue_count = 0;
	mock.fd = memfd_create("lutna", MFD_CLOEXEC);
	if (mock.fd < 0)
		return -1;
	snprintf(mock.path, sizeof(mock.path), "/proc/self/fd/%d", mock.fd);
	mock.took = 1;
	mock.known = 1;
	mock.info = (struct lutna_info) {
		.device_id = 0x414e544c,
		.device_version = 0x10002,
		.device_features = 0x1f,
		.driver_features = LUTNA_DRIVER_FEATURE_BASE | 1ull << 63,
		.isa_version = 1,
		.units = 77,
		.clock_khz = 500001,
		.max_commands = 100,
		.max_tensor_bytes = 1ull << 33,
		.va_start = 0x10000,
		.va_end = 1ull << 39,
		.page_size = PAGE,
		.huge_page_size = 2 << 20,
		.max_queues = 16,
		.max_depth = 32,
		.pci_domain = 0x12345,
		.pci_bus = 0xab,
		.pci_devfn = 0x1f << 3 | 5,
	};
	return 0;
}

void mock_fail(int cmd, int err, int times)
{
	mock.fail_cmd = cmd;
	mock.fail_errno = err;
	mock.fail_times = times;
}

static int get_info(struct lutna_info *args)
{
	struct lutna_info zero = { .size = sizeof(*args) };

	expect(!memcmp(args, &zero, sizeof(zero)));
	*args = mock.info;
	args->size = sizeof(*args);
	return 0;
}

static bool is_buffer(uint32_t handle)
{
	return handle >= FIRST_BUFFER && handle < FIRST_BUFFER + HANDLES &&
	       buffers[handle - FIRST_BUFFER].alive;
}

static bool is_queue(uint32_t handle)
{
	return handle >= FIRST_QUEUE && handle < FIRST_QUEUE + HANDLES &&
	       queues[handle - FIRST_QUEUE];
}

uint64_t mock_addr(void)
{
	return ADDR(buffer_count - 1);
}

int64_t mock_offset(void)
{
	return (int64_t)OFFSET(buffer_count - 1);
}

unsigned int mock_mapped(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	unsigned int count = 0;
	char line[512];

	while (f && fgets(line, sizeof(line), f))
		count += !!strstr(line, "/memfd:lutna");
	if (f)
		fclose(f);
	return count;
}

static int bo_create(struct lutna_bo_create *args)
{
	unsigned int index = buffer_count++;

	mock.create = *args;
	expect(args->size == sizeof(*args));
	expect(!args->flags && !args->handle && !args->reserved &&
	       !args->mmap_offset);
	expect(args->bytes && index < HANDLES);
	args->bytes = (args->bytes + PAGE - 1) & ~(uint64_t)(PAGE - 1);
	args->handle = FIRST_BUFFER + index;
	args->mmap_offset = OFFSET(index);
	expect(!ftruncate(mock.fd, (off_t)(OFFSET(index) + args->bytes)));
	buffers[index].alive = true;
	buffers[index].bytes = args->bytes;
	mock.buffers++;
	if (mock.bad_bytes)
		args->bytes = PAGE;
	if (mock.bad_offset)
		args->mmap_offset++;
	return 0;
}

static unsigned int buffer_add(uint64_t bytes)
{
	unsigned int index = buffer_count++;

	expect(index < HANDLES);
	buffers[index].alive = true;
	buffers[index].bytes = bytes;
	mock.buffers++;
	return index;
}

static int bo_user(struct lutna_bo_user *args)
{
	mock.user = *args;
	expect(args->size == sizeof(*args));
	expect(!(args->flags & ~LUTNA_BO_READONLY));
	expect(!args->handle && !args->reserved && !args->locked && !args->limit);
	expect(args->bytes && !((args->addr | args->bytes) % PAGE));
	args->handle = FIRST_BUFFER + buffer_add(args->bytes);
	return 0;
}

static int bo_export(struct lutna_bo_export *args)
{
	mock.export = *args;
	expect(args->size == sizeof(*args));
	expect(!(args->flags & ~LUTNA_EXPORT_WRITE));
	expect(is_buffer(args->handle) && !args->fd);
	args->fd = mock_dmabuf(args->flags & LUTNA_EXPORT_WRITE ? O_RDWR : O_RDONLY);
	return 0;
}

int mock_dmabuf(int flags)
{
	return open(mock.path, flags | O_CLOEXEC);
}

static int bo_import(struct lutna_bo_import *args)
{
	unsigned int index;

	mock.import = *args;
	expect(args->size == sizeof(*args));
	expect(!(args->flags & ~LUTNA_BO_READONLY));
	expect(!args->handle && !args->bytes && !args->mmap_offset);
	index = buffer_add(MOCK_DMABUF_BYTES);
	args->handle = FIRST_BUFFER + index;
	args->bytes = mock.bad_bytes ? 0 : MOCK_DMABUF_BYTES;
	args->mmap_offset = OFFSET(index) + mock.bad_offset;
	expect(!ftruncate(mock.fd, (off_t)(OFFSET(index) + MOCK_DMABUF_BYTES)));
	return 0;
}

static int bo_free(struct lutna_bo_free *args)
{
	expect(args->size == sizeof(*args));
	expect(!args->flags && !args->reserved);
	expect(is_buffer(args->handle));
	if (is_buffer(args->handle))
		buffers[args->handle - FIRST_BUFFER].alive = false;
	mock.buffers--;
	return 0;
}

static int vm_map(struct lutna_vm_map *args)
{
	mock.map = *args;
	expect(args->size == sizeof(*args));
	expect(args->flags &&
	       !(args->flags & ~(LUTNA_MAP_READ | LUTNA_MAP_WRITE)));
	expect(!args->reserved && !args->offset && !args->addr);
	expect(is_buffer(args->handle));
	if (is_buffer(args->handle)) {
		unsigned int index = args->handle - FIRST_BUFFER;

		expect(args->bytes == buffers[index].bytes);
		expect(!buffers[index].mapped);
		buffers[index].mapped = true;
		args->addr = ADDR(index);
	}
	mock.mappings++;
	return 0;
}

static int vm_unmap(struct lutna_vm_unmap *args)
{
	unsigned int index = (unsigned int)((args->addr - ADDR(0)) / 0x100000);

	mock.unmap = *args;
	expect(args->size == sizeof(*args));
	expect(!args->flags);
	expect(index < buffer_count && args->addr == ADDR(index));
	expect(args->bytes == buffers[index % HANDLES].bytes);
	expect(buffers[index % HANDLES].mapped);
	buffers[index % HANDLES].mapped = false;
	mock.mappings--;
	return 0;
}

/* The page after the ring's buffer stands for the doorbells. */
static void queue_own(struct lutna_queue_create *args)
{
	uint64_t ring = (args->depth * sizeof(struct lutna_job_entry) + PAGE - 1) &
			~(uint64_t)(PAGE - 1);
	unsigned int index = buffer_add(ring + PAGE);

	args->ring = FIRST_BUFFER + index;
	args->ring_bytes = ring + PAGE;
	args->progress = (uint32_t)ring;
	args->ring_offset = OFFSET(index);
	args->doorbell_offset = OFFSET(index) + ring + PAGE + mock.bad_offset;
	args->doorbell = mock.bad_bytes ? PAGE : 40;
	expect(!ftruncate(mock.fd, (off_t)(OFFSET(index) + ring + 2 * PAGE)));
	mock.owned = *args;
}

static int queue_create(struct lutna_queue_create *args)
{
	mock.queue = *args;
	expect(args->size == sizeof(*args));
	expect(!args->handle && !args->reserved && !args->ring &&
	       !args->progress && !args->ring_bytes && !args->ring_offset &&
	       !args->doorbell_offset && !args->doorbell && !args->reserved2);
	expect(!(args->flags & ~LUTNA_QUEUE_OWNED));
	expect(queue_count < HANDLES);
	queues[queue_count] = true;
	args->handle = FIRST_QUEUE + queue_count++;
	mock.queues++;
	if (args->flags & LUTNA_QUEUE_OWNED)
		queue_own(args);
	return 0;
}

static int queue_destroy(struct lutna_queue_destroy *args)
{
	expect(args->size == sizeof(*args));
	expect(!args->flags && !args->reserved);
	expect(is_queue(args->handle));
	if (is_queue(args->handle))
		queues[args->handle - FIRST_QUEUE] = false;
	mock.queues--;
	return 0;
}

static int submit(struct lutna_submit *args)
{
	mock.submit = *args;
	expect(args->size == sizeof(*args));
	expect(!args->flags && !args->reserved && !args->seqno);
	expect(is_queue(args->queue));
	expect(args->job_size == sizeof(struct lutna_job));
	expect(args->job_count == 1);
	memcpy(&mock.job, (void *)(uintptr_t)args->jobs, sizeof(mock.job));
	expect(!mock.job.reserved);
	expect(!(mock.job.flags & ~LUTNA_JOB_F_PROFILE));
	expect(!mock.job.profile == !(mock.job.flags & LUTNA_JOB_F_PROFILE));
	args->job_count = mock.took;
	args->seqno = 1000;
	return 0;
}

static int wait_job(struct lutna_wait *args)
{
	struct lutna_job_result zero = { 0 };

	mock.wait = *args;
	expect(args->size == sizeof(*args));
	expect(!args->flags && !args->known);
	expect(is_queue(args->queue));
	expect(args->deadline_ns >= 0);
	expect(!memcmp(&args->result, &zero, sizeof(zero)));
	args->known = mock.known;
	args->result = mock.result;
	return 0;
}

static int dispatch(unsigned long request, void *arg)
{
	switch (request) {
	case LUTNA_IOCTL_GET_INFO:
		return get_info(arg);
	case LUTNA_IOCTL_BO_CREATE:
		return bo_create(arg);
	case LUTNA_IOCTL_BO_USER:
		return bo_user(arg);
	case LUTNA_IOCTL_BO_EXPORT:
		return bo_export(arg);
	case LUTNA_IOCTL_BO_IMPORT:
		return bo_import(arg);
	case LUTNA_IOCTL_BO_FREE:
		return bo_free(arg);
	case LUTNA_IOCTL_VM_MAP:
		return vm_map(arg);
	case LUTNA_IOCTL_VM_UNMAP:
		return vm_unmap(arg);
	case LUTNA_IOCTL_QUEUE_CREATE:
		return queue_create(arg);
	case LUTNA_IOCTL_QUEUE_DESTROY:
		return queue_destroy(arg);
	case LUTNA_IOCTL_SUBMIT:
		return submit(arg);
	case LUTNA_IOCTL_WAIT:
		return wait_job(arg);
	default:
		printf("# mock: unknown ioctl 0x%lx\n", request);
		mock.complaints++;
		errno = ENOTTY;
		return -1;
	}
}

/* Is @fd another opening of what mock.path names? */
static bool is_ours(int fd)
{
	struct stat a, b;

	return fd != mock.fd && !fstat(fd, &a) && !fstat(mock.fd, &b) &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int __wrap_ioctl(int fd, unsigned long request, ...);

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	unsigned int cmd = _IOC_NR(request);
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	expect(is_ours(fd));
	if (cmd < MOCK_COMMANDS)
		mock.calls[cmd]++;
	if (mock.fail_times &&
	    (mock.fail_cmd == MOCK_ANY || mock.fail_cmd == (int)cmd) &&
	    !(mock.fail_skip && mock.fail_skip--)) {
		mock.fail_times--;
		if (request == LUTNA_IOCTL_BO_USER) {
			((struct lutna_bo_user *)arg)->limit = mock.limit;
			((struct lutna_bo_user *)arg)->locked = mock.locked;
		}
		errno = mock.fail_errno;
		return -1;
	}
	return dispatch(request, arg);
}
