/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tools/vm's two ends say to each other over one virtio-serial port.
 *
 * Every message is a header of two little-endian u32 (type, payload length)
 * and the payload. One port instead of one for each stream, so that the exit
 * status can never overtake the output that came before it.
 */
#ifndef LUTNA_VM_FRAME_H
#define LUTNA_VM_FRAME_H

#include <stddef.h>
#include <stdint.h>

/* Name of the port; the guest looks for it in /sys/class/virtio-ports. */
#define VM_PORT_NAME	"lutna.vm"

/* Largest payload: one environment string or argument, as execve limits it. */
#define VM_FRAME_MAX	(128u * 1024 + 64)
/* Output is cut to what the guest's port driver sends in one go. */
#define VM_CHUNK	(32u * 1024 - 8)

enum vm_frame_type {
	/* guest to host */
	VM_READY = 1,	/* root is mounted, waiting for the configuration */
	VM_STDOUT,
	VM_STDERR,
	VM_DMESG,	/* a piece of the guest's kernel log */
	VM_FAIL,	/* text: the guest cannot do what it was asked to */
	VM_EXIT,	/* u32: exit status of the command, the last frame */
	/* host to guest */
	VM_CONF,	/* one "key=value" string, without a terminator */
	VM_GO,		/* configuration complete, run the command */
	VM_STDIN,	/* empty payload: end of file */
	VM_WINSIZE,	/* u16 rows, u16 columns */
	VM_SIGNAL,	/* u32: signal for the command's process group */
};

struct vm_frame_hdr {
	uint32_t type;
	uint32_t len;
};

struct vm_rx {
	uint8_t *buf;
	size_t have;	/* bytes in buf */
	size_t used;	/* of these, handed out already */
};

/**
 * vm_rx_fill - take what one read() of a descriptor gives
 * @rx: receive state, zeroed before the first call
 * @fd: descriptor to read
 *
 * Return: bytes read, 0 at end of file, -errno (-EAGAIN and -EINTR included).
 */
int vm_rx_fill(struct vm_rx *rx, int fd);

/**
 * vm_rx_next - next complete message of what was received
 * @rx: receive state
 * @hdr: set to the header
 * @payload: set to the payload, valid until the next vm_rx_fill()
 *
 * Return: 1 when a message was found, 0 when more bytes are needed, -EPROTO
 * when the peer speaks something else.
 */
int vm_rx_next(struct vm_rx *rx, struct vm_frame_hdr *hdr, uint8_t **payload);

/**
 * vm_write_all - write() until everything is out
 * @fd: descriptor in blocking mode
 * @data: bytes
 * @len: how many
 *
 * Return: 0 or -errno; -EINTR is handled here.
 */
int vm_write_all(int fd, const void *data, size_t len);

/**
 * vm_send - send one message on a blocking descriptor
 * @fd: descriptor
 * @type: &enum vm_frame_type
 * @data: payload, may be NULL when @len is 0
 * @len: its length, at most VM_FRAME_MAX
 *
 * Return: 0 or -errno.
 */
int vm_send(int fd, uint32_t type, const void *data, size_t len);

#endif
