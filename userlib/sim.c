// SPDX-License-Identifier: MIT
/*
 * The back end that needs no device: buffers and identity of the simulator.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "error.h"
#include "sim.h"
#include "uapi/lutna.h"

/* What the device in QEMU is by default, so that modelled figures agree. */
#define SIM_VERSION		0x00010000
#define SIM_UNITS		4096
#define SIM_CLOCK_KHZ		500000
#define SIM_MAX_TENSOR		(64ULL << 20)
#define SIM_MAX_COMMANDS	65536

/* What the driver gives a context, so that the same programs work. */
#define SIM_PAGE_SIZE		4096UL
#define SIM_VA_START		(1ULL << 20)
#define SIM_VA_END		(1ULL << 39)
#define SIM_MAX_QUEUES		32
#define SIM_MAX_DEPTH		1024

uint64_t sim_time_ns(const struct sim_device *sim)
{
	return (uint64_t)(lutna_now_ns() - sim->start_ns);
}

static void sim_close(struct lutna_device *dev)
{
	struct sim_device *sim = (struct sim_device *)dev;

	sim_memory_destroy(&sim->memory);
	free(sim);
}

static int sim_fd(struct lutna_device *dev)
{
	(void)dev;
	return -1;
}

static int sim_buffer_new(struct lutna_buffer **out, struct lutna_device *dev,
			  size_t bytes, unsigned int access)
{
	struct sim_device *sim = (struct sim_device *)dev;
	struct lutna_buffer *buf;
	size_t mapped;
	int err;

	/* No overflow: the caller has compared it with the address space. */
	mapped = (bytes + SIM_PAGE_SIZE - 1) & ~(SIM_PAGE_SIZE - 1);
	buf = calloc(1, sizeof(*buf));
	if (!buf)
		return lutna_fail_errno(-ENOMEM, "buffer");
	buf->data = mmap(NULL, mapped, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (buf->data == MAP_FAILED) {
		err = lutna_fail_errno(-errno,
				       "buffer: cannot allocate %zu bytes",
				       bytes);
		goto err_free;
	}
	err = sim_memory_map(&sim->memory, buf->data, mapped, access,
			     &buf->address);
	if (err) {
		lutna_fail_errno(err, "buffer: cannot map it into the device");
		goto err_munmap;
	}
	buf->dev = dev;
	buf->size = bytes;
	buf->mapped = mapped;
	*out = buf;
	return 0;

err_munmap:
	munmap(buf->data, mapped);
err_free:
	free(buf);
	return err;
}

static int sim_buffer_from_memory(struct lutna_buffer **out,
				  struct lutna_device *dev, void *memory,
				  size_t bytes, unsigned int access)
{
	struct sim_device *sim = (struct sim_device *)dev;
	struct lutna_buffer *buf;
	int err;

	buf = calloc(1, sizeof(*buf));
	if (!buf)
		return lutna_fail_errno(-ENOMEM, "buffer");
	err = sim_memory_map(&sim->memory, memory, bytes, access,
			     &buf->address);
	if (err) {
		free(buf);
		return lutna_fail_errno(err,
					"buffer: cannot map it into the device");
	}
	buf->dev = dev;
	buf->data = memory;
	buf->borrowed = true;
	buf->size = bytes;
	buf->mapped = bytes;
	*out = buf;
	return 0;
}

static int no_dmabuf(void)
{
	return lutna_fail(-EOPNOTSUPP,
			  "buffer: the simulator shares no memory with other drivers");
}

static int sim_buffer_export(struct lutna_buffer *buf, bool write, int *fd)
{
	(void)buf;
	(void)write;
	(void)fd;
	return no_dmabuf();
}

static int sim_buffer_import(struct lutna_buffer **out, struct lutna_device *dev,
			     int fd, unsigned int access)
{
	(void)out;
	(void)dev;
	(void)fd;
	(void)access;
	return no_dmabuf();
}

static void sim_buffer_free(struct lutna_buffer *buf)
{
	struct sim_device *sim = (struct sim_device *)buf->dev;

	sim_memory_unmap(&sim->memory, buf->address);
	if (!buf->borrowed)
		munmap(buf->data, buf->mapped);
	free(buf);
}

static const struct lutna_device_ops sim_ops = {
	.close = sim_close,
	.fd = sim_fd,
	.buffer_new = sim_buffer_new,
	.buffer_from_memory = sim_buffer_from_memory,
	.buffer_export = sim_buffer_export,
	.buffer_import = sim_buffer_import,
	.buffer_free = sim_buffer_free,
	.queue_new = sim_queue_new,
	.queue_new_owned = sim_queue_new_owned,
	.queue_free = sim_queue_free,
	.submit = sim_submit,
	.wait = sim_wait,
};

static void fill_info(struct lutna_device_info *info, bool literal)
{
	snprintf(info->name, sizeof(info->name), "%s",
		 literal ? "sim-literal" : "sim");
	snprintf(info->location, sizeof(info->location), "%s",
		 literal ? "literal" : lutna_exec_simd());
	info->version = SIM_VERSION;
	info->isa_version = LUTNA_ISA_VERSION;
	info->features = LUTNA_FEATURE_COMPRESSED | LUTNA_FEATURE_APPROX |
			 LUTNA_FEATURE_PROFILE;
	info->units = SIM_UNITS;
	info->clock_khz = SIM_CLOCK_KHZ;
	info->max_commands = SIM_MAX_COMMANDS;
	info->max_tensor_bytes = SIM_MAX_TENSOR;
	info->va_start = SIM_VA_START;
	info->va_end = SIM_VA_END;
	info->max_queues = SIM_MAX_QUEUES;
	info->max_depth = SIM_MAX_DEPTH;
	info->is_simulator = true;
}

int lutna_sim_open(struct lutna_device **out, bool literal)
{
	struct sim_device *sim;
	int err;

	sim = calloc(1, sizeof(*sim));
	if (!sim)
		return lutna_fail_errno(-ENOMEM, "simulator");
	err = sim_memory_init(&sim->memory, SIM_VA_START, SIM_VA_END);
	if (err) {
		free(sim);
		return lutna_fail_errno(err, "simulator");
	}
	sim->dev.ops = &sim_ops;
	sim->dev.page_size = SIM_PAGE_SIZE;
	sim->params.units = SIM_UNITS;
	sim->params.max_tensor = SIM_MAX_TENSOR;
	sim->params.impl = literal ? LUTNA_IMPL_LITERAL : LUTNA_IMPL_FAST;
	sim->start_ns = lutna_now_ns();
	atomic_init(&sim->queues, 0);
	fill_info(&sim->dev.info, literal);
	*out = &sim->dev;
	return 0;
}
