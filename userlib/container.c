// SPDX-License-Identifier: MIT
/*
 * The frame of a .lutna file: magic, CRC-32, message.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <zlib.h>

#include "container.h"

/* Line ends and a control character show a transfer that changed them. */
static const uint8_t magic[8] = { 'L', 'U', 'T', 'N', 'A', '\r', '\n', 0x1a };

static uint32_t checksum(const void *message, size_t length)
{
	return (uint32_t)crc32_z(crc32_z(0, NULL, 0), message, length);
}

void lutna_container_encode(uint8_t header[LUTNA_CONTAINER_HEADER],
			    const void *message, size_t length)
{
	uint32_t crc = htole32(checksum(message, length));

	memcpy(header, magic, sizeof(magic));
	memcpy(header + sizeof(magic), &crc, sizeof(crc));
}

int lutna_container_decode(const void *data, size_t bytes,
			   const uint8_t **message, size_t *length,
			   const char **reason)
{
	const uint8_t *file = data;
	uint32_t crc;

	if (bytes < sizeof(magic) || memcmp(file, magic, sizeof(magic))) {
		*reason = "not a LUT-NA container";
		return -EINVAL;
	}
	if (bytes <= LUTNA_CONTAINER_HEADER) {
		*reason = "container is cut off";
		return -EINVAL;
	}
	if (bytes > LUTNA_CONTAINER_MAX) {
		*reason = "container is larger than 1 GiB";
		return -EFBIG;
	}
	memcpy(&crc, file + sizeof(magic), sizeof(crc));
	if (le32toh(crc) != checksum(file + LUTNA_CONTAINER_HEADER,
				     bytes - LUTNA_CONTAINER_HEADER)) {
		*reason = "container is damaged or cut off (CRC does not match)";
		return -EINVAL;
	}
	*message = file + LUTNA_CONTAINER_HEADER;
	*length = bytes - LUTNA_CONTAINER_HEADER;
	return 0;
}
