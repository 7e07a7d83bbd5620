// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: every ioctl against every way to call it wrong
 *
 * A variant gives for each ioctl what its structure looks like; good() makes a
 * call that works.  Each test spoils one thing of it and expects one errno, and
 * that nothing was written.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "lutna_test.h"

#define PAGE	4096U

/* A structure of any ioctl, and more */
union any {
	struct {
		__u32 size;
		__u32 flags;
	};
	struct lutna_bo_create bo_create;
	struct lutna_vm_map vm_map;
	struct lutna_vm_unmap vm_unmap;
	struct lutna_queue_create queue_create;
	struct lutna_submit submit;
	struct lutna_wait wait;
	struct lutna_wait_many wait_many;
	struct lutna_queue_cancel queue_cancel;
	struct lutna_queue_event queue_event;
	struct lutna_reap reap;
	struct lutna_bo_user bo_user;
	struct lutna_bo_import bo_import;
	unsigned char bytes[2 * PAGE];
};

/**
 * struct shape - what a structure looks like
 * @name: of the ioctl
 * @cmd: number of it
 * @size: size of the structure
 * @first: size in its first version, 0 if it has not grown since
 * @use: flags that it is called with
 * @flags: that it knows
 * @reserved: offset of its reserved member, 0 if it has none
 * @reserved_size: bytes of that
 * @handle: offset of a handle, 0 if it has none
 * @queue: the handle is a queue's, not a buffer's
 * @answers: writes more than the size
 */
struct shape {
	const char *name;
	unsigned long cmd;
	__u32 size;
	__u32 first;
	__u32 use;
	__u32 flags;
	size_t reserved;
	size_t reserved_size;
	size_t handle;
	bool queue;
	bool answers;
};

#define RESERVED(type)						\
	.reserved = offsetof(struct type, reserved),		\
	.reserved_size = sizeof(((struct type *)0)->reserved)

static const struct shape shapes[] = {
	[LUTNA_CMD_GET_INFO] = {
		.name = "get_info",
		.cmd = LUTNA_IOCTL_GET_INFO,
		.size = sizeof(struct lutna_info),
		.answers = true,
	},
	[LUTNA_CMD_BO_CREATE] = {
		.name = "bo_create",
		.cmd = LUTNA_IOCTL_BO_CREATE,
		.size = sizeof(struct lutna_bo_create),
		.flags = LUTNA_BO_WC,
		RESERVED(lutna_bo_create),
		.answers = true,
	},
	[LUTNA_CMD_BO_INFO] = {
		.name = "bo_info",
		.cmd = LUTNA_IOCTL_BO_INFO,
		.size = sizeof(struct lutna_bo_info),
		.first = offsetof(struct lutna_bo_info, kind),
		.handle = offsetof(struct lutna_bo_info, handle),
		.answers = true,
	},
	[LUTNA_CMD_BO_FREE] = {
		.name = "bo_free",
		.cmd = LUTNA_IOCTL_BO_FREE,
		.size = sizeof(struct lutna_bo_free),
		RESERVED(lutna_bo_free),
		.handle = offsetof(struct lutna_bo_free, handle),
	},
	[LUTNA_CMD_VM_MAP] = {
		.name = "vm_map",
		.cmd = LUTNA_IOCTL_VM_MAP,
		.size = sizeof(struct lutna_vm_map),
		.flags = LUTNA_MAP_READ | LUTNA_MAP_WRITE | LUTNA_MAP_FIXED,
		RESERVED(lutna_vm_map),
		.handle = offsetof(struct lutna_vm_map, handle),
		.answers = true,
	},
	[LUTNA_CMD_VM_UNMAP] = {
		.name = "vm_unmap",
		.cmd = LUTNA_IOCTL_VM_UNMAP,
		.size = sizeof(struct lutna_vm_unmap),
	},
	[LUTNA_CMD_QUEUE_CREATE] = {
		.name = "queue_create",
		.cmd = LUTNA_IOCTL_QUEUE_CREATE,
		.size = sizeof(struct lutna_queue_create),
		.first = offsetof(struct lutna_queue_create, ring),
		.flags = LUTNA_QUEUE_OWNED,
		RESERVED(lutna_queue_create),
		.answers = true,
	},
	[LUTNA_CMD_QUEUE_DESTROY] = {
		.name = "queue_destroy",
		.cmd = LUTNA_IOCTL_QUEUE_DESTROY,
		.size = sizeof(struct lutna_queue_destroy),
		RESERVED(lutna_queue_destroy),
		.handle = offsetof(struct lutna_queue_destroy, handle),
		.queue = true,
	},
	[LUTNA_CMD_QUEUE_INFO] = {
		.name = "queue_info",
		.cmd = LUTNA_IOCTL_QUEUE_INFO,
		.size = sizeof(struct lutna_queue_info),
		.handle = offsetof(struct lutna_queue_info, handle),
		.queue = true,
		.answers = true,
	},
	[LUTNA_CMD_SUBMIT] = {
		.name = "submit",
		.cmd = LUTNA_IOCTL_SUBMIT,
		.size = sizeof(struct lutna_submit),
		.first = offsetof(struct lutna_submit, in_fences),
		.flags = LUTNA_SUBMIT_NONBLOCK | LUTNA_SUBMIT_OUT_FENCE,
		RESERVED(lutna_submit),
		.handle = offsetof(struct lutna_submit, queue),
		.queue = true,
		.answers = true,
	},
	[LUTNA_CMD_WAIT] = {
		.name = "wait",
		.cmd = LUTNA_IOCTL_WAIT,
		.size = sizeof(struct lutna_wait),
		.flags = LUTNA_WAIT_LAST,
		.handle = offsetof(struct lutna_wait, queue),
		.queue = true,
		.answers = true,
	},
	[LUTNA_CMD_WAIT_MANY] = {
		.name = "wait_many",
		.cmd = LUTNA_IOCTL_WAIT_MANY,
		.size = sizeof(struct lutna_wait_many),
		.flags = LUTNA_WAIT_ALL,
		RESERVED(lutna_wait_many),
		.answers = true,
	},
	[LUTNA_CMD_QUEUE_CANCEL] = {
		.name = "queue_cancel",
		.cmd = LUTNA_IOCTL_QUEUE_CANCEL,
		.size = sizeof(struct lutna_queue_cancel),
		.handle = offsetof(struct lutna_queue_cancel, queue),
		.queue = true,
		.answers = true,
	},
	[LUTNA_CMD_BO_USER] = {
		.name = "bo_user",
		.cmd = LUTNA_IOCTL_BO_USER,
		.size = sizeof(struct lutna_bo_user),
		.flags = LUTNA_BO_READONLY,
		RESERVED(lutna_bo_user),
		.answers = true,
	},
	[LUTNA_CMD_BO_EXPORT] = {
		.name = "bo_export",
		.cmd = LUTNA_IOCTL_BO_EXPORT,
		.size = sizeof(struct lutna_bo_export),
		.flags = LUTNA_EXPORT_WRITE,
		.handle = offsetof(struct lutna_bo_export, handle),
		.answers = true,
	},
	[LUTNA_CMD_BO_IMPORT] = {
		.name = "bo_import",
		.cmd = LUTNA_IOCTL_BO_IMPORT,
		.size = sizeof(struct lutna_bo_import),
		.flags = LUTNA_BO_READONLY,
		.answers = true,
	},
	[LUTNA_CMD_QUEUE_EVENT] = {
		.name = "queue_event",
		.cmd = LUTNA_IOCTL_QUEUE_EVENT,
		.size = sizeof(struct lutna_queue_event),
		.handle = offsetof(struct lutna_queue_event, queue),
		.queue = true,
	},
	[LUTNA_CMD_REAP] = {
		.name = "reap",
		.cmd = LUTNA_IOCTL_REAP,
		.size = sizeof(struct lutna_reap),
		.answers = true,
	},
};

/**
 * struct place - a context in which every ioctl has something to work on
 * @fd: the file
 * @bo: a buffer, of which the first page is mapped
 * @queue: a queue, with one job that was submitted
 * @addr: device address of the mapping
 * @job: a job to submit
 * @item: the job that was submitted, to wait for
 * @ended: room for what REAP gives
 * @dmabuf: @bo as a dma-buf
 */
struct place {
	int fd;
	__u32 bo;
	__u32 queue;
	__u64 addr;
	struct lutna_job job;
	struct lutna_wait_item item;
	struct lutna_ended ended;
	int dmabuf;
};

/* Memory to make a buffer of */
static _Alignas(PAGE) unsigned char own[PAGE];

static int place_open(struct place *p)
{
	int ret;

	p->job = (struct lutna_job) { .unit = LUTNA_UNIT_LUTNA };
	p->fd = node_open(0);
	if (p->fd < 0)
		return p->fd;
	ret = bo_create(p->fd, 4 * PAGE, &p->bo, NULL);
	if (!ret)
		ret = vm_map(p->fd, p->bo, LUTNA_MAP_READ, 0, PAGE, &p->addr);
	if (!ret)
		ret = queue_create(p->fd, LUTNA_PRIORITY_NORMAL, 16, 0, &p->queue);
	if (!ret)
		ret = submit_jobs(p->fd, p->queue, 0, &p->job, 1, NULL, NULL);
	p->item = (struct lutna_wait_item) { .queue = p->queue, .seqno = 1 };
	if (!ret)
		ret = bo_export(p->fd, p->bo, LUTNA_EXPORT_WRITE, &p->dmabuf);
	return ret;
}

static void place_close(struct place *p)
{
	close(p->dmabuf);
	close(p->fd);
}

static void set_handle(union any *arg, const struct shape *shape, __u32 handle)
{
	if (shape->handle)
		memcpy(arg->bytes + shape->handle, &handle, sizeof(handle));
}

/* Arguments with which the ioctl works, once */
static void good(union any *arg, const struct place *p, const struct shape *shape)
{
	memset(arg, 0, sizeof(*arg));
	arg->size = shape->size;
	arg->flags = shape->use;
	set_handle(arg, shape, shape->queue ? p->queue : p->bo);
	switch (shape->cmd) {
	case LUTNA_IOCTL_BO_CREATE:
		arg->bo_create.bytes = PAGE;
		break;
	case LUTNA_IOCTL_VM_MAP:
		arg->vm_map.flags = LUTNA_MAP_READ;
		arg->vm_map.bytes = PAGE;
		break;
	case LUTNA_IOCTL_VM_UNMAP:
		arg->vm_unmap.addr = p->addr;
		arg->vm_unmap.bytes = PAGE;
		break;
	case LUTNA_IOCTL_QUEUE_CREATE:
		arg->queue_create.priority = LUTNA_PRIORITY_NORMAL;
		arg->queue_create.depth = 2;
		break;
	case LUTNA_IOCTL_SUBMIT:
		arg->submit.job_size = sizeof(p->job);
		arg->submit.jobs = (uintptr_t)&p->job;
		arg->submit.job_count = 1;
		break;
	case LUTNA_IOCTL_WAIT:
		arg->wait.seqno = 1;
		arg->wait.deadline_ns = now_ns() + PATIENCE;
		break;
	case LUTNA_IOCTL_WAIT_MANY:
		arg->wait_many.items = (uintptr_t)&p->item;
		arg->wait_many.item_size = sizeof(p->item);
		arg->wait_many.count = 1;
		arg->wait_many.deadline_ns = now_ns() + PATIENCE;
		break;
	case LUTNA_IOCTL_QUEUE_CANCEL:
		arg->queue_cancel.first = 1;
		arg->queue_cancel.last = UINT64_MAX;
		break;
	case LUTNA_IOCTL_BO_USER:
		arg->bo_user.addr = (uintptr_t)own;
		arg->bo_user.bytes = PAGE;
		break;
	case LUTNA_IOCTL_BO_IMPORT:
		arg->bo_import.fd = p->dmabuf;
		break;
	case LUTNA_IOCTL_QUEUE_EVENT:
		arg->queue_event.fd = -1;
		break;
	case LUTNA_IOCTL_REAP:
		arg->reap.ended = (uintptr_t)&p->ended;
		arg->reap.ended_size = sizeof(p->ended);
		arg->reap.count = 1;
		break;
	}
}

static int try(const struct place *p, const struct shape *shape, void *arg)
{
	return ioctl(p->fd, shape->cmd, arg) ? -errno : 0;
}

/* As try() for a call that must fail: -EPROTO if it has written something. */
static int refused(const struct place *p, const struct shape *shape, union any *arg)
{
	static union any before;
	int ret;

	before = *arg;
	ret = try(p, shape, arg);
	return memcmp(&before, arg, sizeof(before)) ? -EPROTO : ret;
}

FIXTURE(ioctl)
{
	struct place place;
	union any arg;
	unsigned char *edge;
};

FIXTURE_VARIANT(ioctl)
{
	const struct shape *shape;
};

FIXTURE_VARIANT_ADD(ioctl, get_info)
{
	.shape = &shapes[LUTNA_CMD_GET_INFO],
};

FIXTURE_VARIANT_ADD(ioctl, bo_create)
{
	.shape = &shapes[LUTNA_CMD_BO_CREATE],
};

FIXTURE_VARIANT_ADD(ioctl, bo_info)
{
	.shape = &shapes[LUTNA_CMD_BO_INFO],
};

FIXTURE_VARIANT_ADD(ioctl, bo_free)
{
	.shape = &shapes[LUTNA_CMD_BO_FREE],
};

FIXTURE_VARIANT_ADD(ioctl, vm_map)
{
	.shape = &shapes[LUTNA_CMD_VM_MAP],
};

FIXTURE_VARIANT_ADD(ioctl, vm_unmap)
{
	.shape = &shapes[LUTNA_CMD_VM_UNMAP],
};

/* Who wants this must be there for the whole answer. */
static const struct shape owned_shape = {
	.name = "queue_create, owned",
	.cmd = LUTNA_IOCTL_QUEUE_CREATE,
	.size = sizeof(struct lutna_queue_create),
	.use = LUTNA_QUEUE_OWNED,
	.flags = LUTNA_QUEUE_OWNED,
	.reserved = offsetof(struct lutna_queue_create, reserved2),
	.reserved_size = sizeof(__u32),
	.answers = true,
};

FIXTURE_VARIANT_ADD(ioctl, queue_create_owned)
{
	.shape = &owned_shape,
};

FIXTURE_VARIANT_ADD(ioctl, queue_create)
{
	.shape = &shapes[LUTNA_CMD_QUEUE_CREATE],
};

FIXTURE_VARIANT_ADD(ioctl, queue_destroy)
{
	.shape = &shapes[LUTNA_CMD_QUEUE_DESTROY],
};

FIXTURE_VARIANT_ADD(ioctl, queue_info)
{
	.shape = &shapes[LUTNA_CMD_QUEUE_INFO],
};

FIXTURE_VARIANT_ADD(ioctl, submit)
{
	.shape = &shapes[LUTNA_CMD_SUBMIT],
};

FIXTURE_VARIANT_ADD(ioctl, wait)
{
	.shape = &shapes[LUTNA_CMD_WAIT],
};

FIXTURE_VARIANT_ADD(ioctl, wait_many)
{
	.shape = &shapes[LUTNA_CMD_WAIT_MANY],
};

FIXTURE_VARIANT_ADD(ioctl, queue_cancel)
{
	.shape = &shapes[LUTNA_CMD_QUEUE_CANCEL],
};

FIXTURE_VARIANT_ADD(ioctl, bo_user)
{
	.shape = &shapes[LUTNA_CMD_BO_USER],
};

FIXTURE_VARIANT_ADD(ioctl, bo_export)
{
	.shape = &shapes[LUTNA_CMD_BO_EXPORT],
};

FIXTURE_VARIANT_ADD(ioctl, bo_import)
{
	.shape = &shapes[LUTNA_CMD_BO_IMPORT],
};

FIXTURE_VARIANT_ADD(ioctl, queue_event)
{
	.shape = &shapes[LUTNA_CMD_QUEUE_EVENT],
};

FIXTURE_VARIANT_ADD(ioctl, reap)
{
	.shape = &shapes[LUTNA_CMD_REAP],
};

FIXTURE_SETUP(ioctl)
{
	ASSERT_EQ(0, place_open(&self->place));
	good(&self->arg, &self->place, variant->shape);

	/* Two pages of which only the first is there */
	self->edge = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, self->edge);
	ASSERT_EQ(0, munmap(self->edge + PAGE, PAGE));
}

FIXTURE_TEARDOWN(ioctl)
{
	place_close(&self->place);
}

TEST_F(ioctl, works)
{
	EXPECT_EQ(0, try(&self->place, variant->shape, &self->arg));
	EXPECT_EQ(variant->shape->size, self->arg.size);
}

TEST_F(ioctl, too_short)
{
	__u32 size, first = variant->shape->first ?: variant->shape->size;

	for (size = 0; size < first; size++) {
		self->arg.size = size;
		EXPECT_EQ(-EINVAL, refused(&self->place, variant->shape, &self->arg));
	}
}

/* Programs that know less of it: what they do not know is not written. */
TEST_F(ioctl, earlier_versions)
{
	__u32 size;

	if (!variant->shape->first)
		return;
	for (size = variant->shape->first; size < variant->shape->size; size++) {
		good(&self->arg, &self->place, variant->shape);
		self->arg.size = size;
		memset(self->arg.bytes + size, 0xa5, PAGE - size);
		EXPECT_EQ(0, try(&self->place, variant->shape, &self->arg));
		EXPECT_TRUE(all_bytes(self->arg.bytes + size, PAGE - size, 0xa5));
		/* A context may not have as many of them. */
		if (variant->shape->cmd == LUTNA_IOCTL_QUEUE_CREATE)
			EXPECT_EQ(0, queue_destroy(self->place.fd,
						   self->arg.queue_create.handle));
	}
}

TEST_F(ioctl, tail_not_zero)
{
	__u32 size;

	for (size = variant->shape->size + 1; size < variant->shape->size + 100; size++) {
		good(&self->arg, &self->place, variant->shape);
		self->arg.size = size;
		self->arg.bytes[size - 1] = 0x80;
		EXPECT_EQ(-E2BIG, refused(&self->place, variant->shape, &self->arg));
	}
}

TEST_F(ioctl, tail_zero)
{
	self->arg.size = variant->shape->size + 100;
	/* Beyond the end: not the kernel's business */
	self->arg.bytes[variant->shape->size + 100] = 1;
	EXPECT_EQ(0, try(&self->place, variant->shape, &self->arg));
	EXPECT_EQ(1, self->arg.bytes[variant->shape->size + 100]);
}

TEST_F(ioctl, absurdly_long)
{
	self->arg.size = PAGE;
	EXPECT_EQ(0, try(&self->place, variant->shape, &self->arg));
	good(&self->arg, &self->place, variant->shape);
	self->arg.size = PAGE + 1;
	EXPECT_EQ(-E2BIG, refused(&self->place, variant->shape, &self->arg));
	self->arg.size = UINT32_MAX;
	EXPECT_EQ(-E2BIG, refused(&self->place, variant->shape, &self->arg));
}

TEST_F(ioctl, unknown_flags)
{
	int bit;

	for (bit = 0; bit < 32; bit++) {
		if (variant->shape->flags & (1U << bit))
			continue;
		good(&self->arg, &self->place, variant->shape);
		self->arg.flags |= 1U << bit;
		EXPECT_EQ(-EOPNOTSUPP, refused(&self->place, variant->shape, &self->arg));
	}
}

TEST_F(ioctl, reserved_not_zero)
{
	size_t i;

	for (i = 0; i < variant->shape->reserved_size; i++) {
		good(&self->arg, &self->place, variant->shape);
		self->arg.bytes[variant->shape->reserved + i] = 1;
		EXPECT_EQ(-EINVAL, refused(&self->place, variant->shape, &self->arg));
	}
}

TEST_F(ioctl, null)
{
	EXPECT_EQ(-EFAULT, try(&self->place, variant->shape, NULL));
	EXPECT_EQ(-EFAULT, try(&self->place, variant->shape, (void *)-8L));
}

TEST_F(ioctl, up_to_the_edge)
{
	void *arg = self->edge + PAGE - variant->shape->size;

	memcpy(arg, &self->arg, variant->shape->size);
	EXPECT_EQ(0, try(&self->place, variant->shape, arg));
}

TEST_F(ioctl, over_the_edge)
{
	__u32 beyond;

	for (beyond = 1; beyond <= variant->shape->size; beyond++) {
		unsigned char *arg = self->edge + PAGE - variant->shape->size + beyond;

		memcpy(arg, &self->arg, variant->shape->size - beyond);
		EXPECT_EQ(-EFAULT, try(&self->place, variant->shape, arg));
		EXPECT_EQ(0, memcmp(arg, &self->arg, variant->shape->size - beyond));
	}
}

/* A zero tail that is not there */
TEST_F(ioctl, tail_over_the_edge)
{
	void *arg = self->edge + PAGE - variant->shape->size;

	self->arg.size = variant->shape->size + 8;
	memcpy(arg, &self->arg, variant->shape->size);
	EXPECT_EQ(-EFAULT, try(&self->place, variant->shape, arg));
}

/* Where the answer cannot be written nothing may have been done. */
TEST_F(ioctl, answer_not_writable)
{
	const struct place *p = &self->place;
	struct lutna_queue_info queue;
	struct lutna_bo_info bo;
	__u64 addr;

	memcpy(self->edge, &self->arg, variant->shape->size);
	ASSERT_EQ(0, mprotect(self->edge, PAGE, PROT_READ));
	EXPECT_EQ(variant->shape->answers ? -EFAULT : 0, try(p, variant->shape, self->edge));
	if (!variant->shape->answers)
		return;

	EXPECT_EQ(0, bo_info(p->fd, p->bo, &bo));
	EXPECT_EQ(1, bo.mappings);
	EXPECT_EQ(0, queue_info(p->fd, p->queue, &queue));
	EXPECT_EQ(1, queue.submitted);
	/* The next mapping takes the address that was not given out. */
	EXPECT_EQ(0, vm_map(p->fd, p->bo, LUTNA_MAP_READ, 0, PAGE, &addr));
	EXPECT_EQ(p->addr + PAGE, addr);
}

TEST_F(ioctl, number_of_another_form)
{
	unsigned long cmd = variant->shape->cmd;
	unsigned long forms[] = {
		cmd | ((unsigned long)_IOC_READ << _IOC_DIRSHIFT),
		cmd | variant->shape->size << _IOC_SIZESHIFT,
		cmd ^ 1 << _IOC_TYPESHIFT,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(forms); i++)
		EXPECT_EQ(-ENOTTY, call(self->place.fd, forms[i], &self->arg, self->arg.size));
}

/* -ENOENT for @handle, from all that take one of this kind */
static int nobody_knows(const struct place *p, bool queue, __u32 handle)
{
	static union any arg;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(shapes); i++) {
		int ret;

		if (!shapes[i].handle || shapes[i].queue != queue)
			continue;
		good(&arg, p, &shapes[i]);
		set_handle(&arg, &shapes[i], handle);
		ret = refused(p, &shapes[i], &arg);
		if (ret != -ENOENT) {
			fprintf(stderr, "# %s says %d\n", shapes[i].name, ret);
			return ret;
		}
	}
	return -ENOENT;
}

FIXTURE(handle)
{
	struct place place;
	struct place other;
};

FIXTURE_SETUP(handle)
{
	ASSERT_EQ(0, place_open(&self->place));
	ASSERT_EQ(0, place_open(&self->other));
}

FIXTURE_TEARDOWN(handle)
{
	place_close(&self->place);
	place_close(&self->other);
}

TEST_F(handle, never_given)
{
	static const __u32 handles[] = { 0, 1000, 0x7fffffff, 0x80000000, 0xffffffff };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(handles); i++) {
		EXPECT_EQ(-ENOENT, nobody_knows(&self->place, false, handles[i]));
		EXPECT_EQ(-ENOENT, nobody_knows(&self->place, true, handles[i]));
	}
}

TEST_F(handle, foreign)
{
	__u32 bo, queue;

	ASSERT_EQ(0, bo_create(self->other.fd, PAGE, &bo, NULL));
	ASSERT_EQ(0, queue_create(self->other.fd, LUTNA_PRIORITY_NORMAL, 2, 0, &queue));
	EXPECT_EQ(-ENOENT, nobody_knows(&self->place, false, bo));
	EXPECT_EQ(-ENOENT, nobody_knows(&self->place, true, queue));
}

TEST_F(handle, stale)
{
	__u32 bo, queue;

	ASSERT_EQ(0, bo_free(self->place.fd, self->place.bo));
	EXPECT_EQ(-ENOENT, nobody_knows(&self->place, false, self->place.bo));
	ASSERT_EQ(0, queue_destroy(self->place.fd, self->place.queue));
	EXPECT_EQ(-ENOENT, nobody_knows(&self->place, true, self->place.queue));

	/* Nor does the next one get its handle. */
	ASSERT_EQ(0, bo_create(self->place.fd, PAGE, &bo, NULL));
	EXPECT_NE(self->place.bo, bo);
	ASSERT_EQ(0, queue_create(self->place.fd, LUTNA_PRIORITY_NORMAL, 2, 0, &queue));
	EXPECT_NE(self->place.queue, queue);
}

TEST(unknown_number)
{
	union any arg = { .size = sizeof(arg) };
	int fd = node_open(0);
	unsigned int nr;

	ASSERT_LE(0, fd);
	for (nr = 0; nr < 256; nr++)
		if (nr >= ARRAY_SIZE(shapes) || !shapes[nr].name)
			EXPECT_EQ(-ENOTTY, call(fd, _IO(LUTNA_IOC_TYPE, nr), &arg, 64));
	EXPECT_EQ(-ENOTTY, call(fd, 0, &arg, 64));
	EXPECT_EQ(-ENOTTY, call(fd, ~0U, &arg, 64));
	close(fd);
}

TEST_HARNESS_MAIN
