/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Transposition of a matrix of bytes.
 */
#ifndef LUTNA_CORE_TRANSPOSE_H
#define LUTNA_CORE_TRANSPOSE_H

#include <stddef.h>
#include <stdint.h>

/**
 * lutna_transpose() - dst[c * dst_pitch + r] = src[r * src_pitch + c]
 * @dst: @cols rows of @rows bytes
 * @dst_pitch: bytes from one row of @dst to the next
 * @src: @rows rows of @cols bytes, not overlapping @dst
 * @src_pitch: bytes from one row of @src to the next
 * @rows: of @src
 * @cols: of @src
 */
void lutna_transpose(uint8_t *dst, size_t dst_pitch, const uint8_t *src,
		     size_t src_pitch, size_t rows, size_t cols);

#endif /* LUTNA_CORE_TRANSPOSE_H */
