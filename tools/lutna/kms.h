/* SPDX-License-Identifier: GPL-2.0-only */
/* The screen of a graphics card, by the kernel's mode setting. */
#ifndef LUTNA_TOOL_KMS_H
#define LUTNA_TOOL_KMS_H

#include <stddef.h>
#include <stdint.h>

struct kms;

/**
 * struct kms_frame - memory that a screen shows
 * @width: pixels of a row
 * @height: rows
 * @pitch: bytes from one row to the next
 * @bytes: from the first pixel to the last
 * @card: the card, "/dev/dri/card0"
 * @output: the connector, "Virtual-1"
 *
 * A pixel is a little-endian 32-bit number, 0x00RRGGBB.
 */
struct kms_frame {
	unsigned int width;
	unsigned int height;
	uint32_t pitch;
	size_t bytes;
	char card[32];
	char output[32];
};

/**
 * kms_open() - find a screen
 * @out: set on success; kms_close()
 * @card: path; NULL: the first card with a screen
 *
 * Return: exit status, after a message that says what to do
 */
int kms_open(struct kms **out, const char *card);

/**
 * kms_create() - make a frame as large as the screen, not shown yet
 * @kms: screen; once
 * @spare: bytes beyond the frame, in the same memory, that nobody sees
 * @frame: set on success
 * @fd: set to a dma-buf of all of the memory, frame and spare, for the caller
 *	to close
 *
 * Return: exit status, after a message
 */
int kms_create(struct kms *kms, size_t spare, struct kms_frame *frame, int *fd);

/** kms_pixels() - the frame's memory as the processor sees it */
void *kms_pixels(struct kms *kms);

/**
 * kms_present() - have the screen show what the frame holds now
 *
 * The first time the screen is taken, until kms_close().
 *
 * Return: exit status, after a message
 */
int kms_present(struct kms *kms);

void kms_close(struct kms *kms);

#endif
