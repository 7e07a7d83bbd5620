/* SPDX-License-Identifier: GPL-2.0-only */
/* IDX files, the format of MNIST and its kin, compressed or not. */
#ifndef LUTNA_TOOL_IDX_H
#define LUTNA_TOOL_IDX_H

#include <stddef.h>
#include <stdint.h>

#define IDX_RANK	8

/**
 * struct idx - items of bytes
 * @count: items that were read
 * @rank: dimensions of one item
 * @dims: their sizes
 * @item_bytes: of one item
 * @data: @count * @item_bytes bytes
 */
struct idx {
	size_t count;
	unsigned int rank;
	uint32_t dims[IDX_RANK];
	size_t item_bytes;
	uint8_t *data;
};

/**
 * idx_read() - read the first items of a file
 * @path: file, plain or gzip
 * @most: how many at most; 0: all
 * @out: set on success; idx_free()
 *
 * Memory grows with what the file holds, not with what it says.
 *
 * Return: 0 or a negative errno after a message on stderr
 */
int idx_read(const char *path, size_t most, struct idx *out);

void idx_free(struct idx *idx);

#endif
