// SPDX-License-Identifier: MIT
/*
 * Buffers: checks that do not depend on the back end.
 */
#include <errno.h>

#include "backend.h"
#include "error.h"

#define ACCESS_ALL	(LUTNA_BUFFER_DEVICE_READ | LUTNA_BUFFER_DEVICE_WRITE)

int lutna_buffer_new(struct lutna_buffer **out, struct lutna_device *dev,
		     size_t bytes, unsigned int access)
{
	if (!bytes)
		return lutna_fail(-EINVAL, "buffer: 0 bytes");
	if (!access || access & ~ACCESS_ALL)
		return lutna_fail(-EINVAL, "buffer: no such access: 0x%x",
				  access);
	if (bytes > dev->info.va_end - dev->info.va_start)
		return lutna_fail(-ENOSPC,
				  "buffer: %zu bytes: more than the device can address",
				  bytes);
	return dev->ops->buffer_new(out, dev, bytes, access);
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
