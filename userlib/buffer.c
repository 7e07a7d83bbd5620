// SPDX-License-Identifier: MIT
/*
 * Buffers: checks that do not depend on the back end.
 */
#include <errno.h>

#include "backend.h"
#include "error.h"

#define ACCESS_ALL	(LUTNA_BUFFER_DEVICE_READ | LUTNA_BUFFER_DEVICE_WRITE)

static int check_access(unsigned int access)
{
	if (!access || access & ~ACCESS_ALL)
		return lutna_fail(-EINVAL, "buffer: no such access: 0x%x",
				  access);
	return 0;
}

static int check(struct lutna_device *dev, size_t bytes, unsigned int access)
{
	if (!bytes)
		return lutna_fail(-EINVAL, "buffer: 0 bytes");
	if (bytes > dev->info.va_end - dev->info.va_start)
		return lutna_fail(-ENOSPC,
				  "buffer: %zu bytes: more than the device can address",
				  bytes);
	return check_access(access);
}

int lutna_buffer_new(struct lutna_buffer **out, struct lutna_device *dev,
		     size_t bytes, unsigned int access)
{
	int err = check(dev, bytes, access);

	return err ? err : dev->ops->buffer_new(out, dev, bytes, access);
}

int lutna_buffer_from_memory(struct lutna_buffer **out, struct lutna_device *dev,
			     void *memory, size_t bytes, unsigned int access)
{
	int err = check(dev, bytes, access);

	if (err)
		return err;
	if (((uintptr_t)memory | bytes) & (dev->page_size - 1))
		return lutna_fail(-EINVAL,
				  "buffer: memory that is not whole pages of %zu bytes",
				  dev->page_size);
	return dev->ops->buffer_from_memory(out, dev, memory, bytes, access);
}

int lutna_buffer_export(struct lutna_buffer *buf, bool write, int *fd)
{
	if (buf->borrowed)
		return lutna_fail(-EINVAL,
				  "buffer: memory of the process cannot be exported");
	return buf->dev->ops->buffer_export(buf, write, fd);
}

int lutna_buffer_import(struct lutna_buffer **out, struct lutna_device *dev,
			int fd, unsigned int access)
{
	int err = check_access(access);

	return err ? err : dev->ops->buffer_import(out, dev, fd, access);
}

void lutna_buffer_free(struct lutna_buffer *buf)
{
	if (buf)
		buf->dev->ops->buffer_free(buf);
}

void *lutna_buffer_data(struct lutna_buffer *buf)
{
	return buf->data;
}

size_t lutna_buffer_size(const struct lutna_buffer *buf)
{
	return buf->size;
}

uint64_t lutna_buffer_address(const struct lutna_buffer *buf)
{
	return buf->address;
}
