/* SPDX-License-Identifier: MIT */
/*
 * The frame of a .lutna file around its message (model.proto).  Shared with the
 * compiler, which links liblutna.a.
 */
#ifndef LUTNA_CONTAINER_H
#define LUTNA_CONTAINER_H

#include <stddef.h>
#include <stdint.h>

#define LUTNA_CONTAINER_FORMAT	1

/* Magic and CRC */
#define LUTNA_CONTAINER_HEADER	12
/* Largest container that is taken; one that is larger is refused unread. */
#define LUTNA_CONTAINER_MAX	((size_t)1 << 30)

/**
 * lutna_container_encode() - what stands before a message in the file
 * @header: out: the first bytes of the file
 * @message: serialised lutna.Model
 * @length: its size; the file is LUTNA_CONTAINER_HEADER longer
 */
void lutna_container_encode(uint8_t header[LUTNA_CONTAINER_HEADER],
			    const void *message, size_t length);

/**
 * lutna_container_decode() - find and check the message in a file
 * @data: the file
 * @bytes: its size
 * @message: set on success, points into @data
 * @length: set on success
 * @reason: set on failure, a constant: "not a LUT-NA container", …
 *
 * Return: 0 or -EINVAL, -EFBIG.
 */
int lutna_container_decode(const void *data, size_t bytes,
			   const uint8_t **message, size_t *length,
			   const char **reason);

#endif /* LUTNA_CONTAINER_H */
