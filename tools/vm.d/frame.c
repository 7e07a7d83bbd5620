// SPDX-License-Identifier: GPL-2.0-only
#include "frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RX_SIZE	(VM_FRAME_MAX + sizeof(struct vm_frame_hdr))

int vm_rx_fill(struct vm_rx *rx, int fd)
{
	ssize_t n;

	if (!rx->buf) {
		rx->buf = malloc(RX_SIZE);
		if (!rx->buf)
			return -ENOMEM;
	}
	if (rx->used) {
		rx->have -= rx->used;
		memmove(rx->buf, rx->buf + rx->used, rx->have);
		rx->used = 0;
	}
	n = read(fd, rx->buf + rx->have, RX_SIZE - rx->have);
	if (n < 0)
		return -errno;
	rx->have += n;
	return n;
}

int vm_rx_next(struct vm_rx *rx, struct vm_frame_hdr *hdr, uint8_t **payload)
{
	size_t left = rx->have - rx->used;

	if (left < sizeof(*hdr))
		return 0;
	memcpy(hdr, rx->buf + rx->used, sizeof(*hdr));
	if (hdr->len > VM_FRAME_MAX || !hdr->type || hdr->type > VM_SIGNAL)
		return -EPROTO;
	if (left < sizeof(*hdr) + hdr->len)
		return 0;
	*payload = rx->buf + rx->used + sizeof(*hdr);
	rx->used += sizeof(*hdr) + hdr->len;
	return 1;
}

int vm_write_all(int fd, const void *data, size_t len)
{
	const uint8_t *p = data;
	ssize_t n;

	while (len) {
		n = write(fd, p, len);
		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		p += n;
		len -= n;
	}
	return 0;
}

int vm_send(int fd, uint32_t type, const void *data, size_t len)
{
	struct vm_frame_hdr hdr = { .type = type, .len = len };
	uint8_t small[VM_CHUNK + sizeof(hdr)];
	int rc;

	if (len > VM_FRAME_MAX)
		return -E2BIG;
	if (len <= VM_CHUNK) {
		memcpy(small, &hdr, sizeof(hdr));
		if (len)
			memcpy(small + sizeof(hdr), data, len);
		return vm_write_all(fd, small, sizeof(hdr) + len);
	}
	rc = vm_write_all(fd, &hdr, sizeof(hdr));
	if (rc)
		return rc;
	return vm_write_all(fd, data, len);
}
