// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA selftests: command lists
 */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "lutna_test.h"

void *command(struct test_buffer *buf, unsigned int index, __u16 opcode)
{
	struct lutna_cmd_hdr *hdr = buf->mem + (size_t)index * LUTNA_CMD_SIZE;

	memset(hdr, 0, LUTNA_CMD_SIZE);
	hdr->opcode = htole16(opcode);
	hdr->version = LUTNA_ISA_VERSION;
	hdr->tag = htole32(index);
	return hdr;
}

void put_nop(struct test_buffer *buf, unsigned int index)
{
	command(buf, index, LUTNA_OP_NOP);
}

/* Elements side by side: channels innermost, then columns, rows, images. */
static struct lutna_tensor packed(__u64 addr, unsigned int n, unsigned int h,
				  unsigned int w, unsigned int c)
{
	return (struct lutna_tensor) {
		.addr = htole64(addr),
		.n = htole16(n),
		.c = htole16(c),
		.h = htole16(h),
		.w = htole16(w),
		.stride_n = htole32((__u32)h * w * c),
		.stride_c = htole32(1),
		.stride_h = htole32(w * c),
		.stride_w = htole32(c),
		.type = LUTNA_TYPE_U8,
	};
}

/* A row of bytes, as a square where it is too long for one dimension. */
static struct lutna_tensor row(__u64 addr, __u64 bytes)
{
	if (bytes < 65536)
		return packed(addr, 1, 1, 1, bytes);
	return packed(addr, 1, 1, bytes >> 12, 1 << 12);
}

void put_fill(struct test_buffer *buf, unsigned int index, __u64 addr, __u64 bytes,
	      __u8 value)
{
	struct lutna_cmd_fill *cmd = command(buf, index, LUTNA_OP_FILL);

	cmd->out = row(addr, bytes);
	cmd->value = htole32(value);
}

void put_copy(struct test_buffer *buf, unsigned int index, __u64 to, __u64 from,
	      __u16 bytes)
{
	struct lutna_cmd_copy *cmd = command(buf, index, LUTNA_OP_COPY);

	cmd->in = row(from, bytes);
	cmd->out = row(to, bytes);
	cmd->repeat_h = 1;
	cmd->repeat_w = 1;
}

/* @bytes of device addresses, all of which stand for the first 2 MiB of @buf. */
static int map_again_and_again(int fd, struct test_buffer *buf, __u64 addr, __u64 bytes)
{
	__u64 at;
	int ret = 0;

	for (at = addr; at < addr + bytes && !ret; at += HUGE_BYTES)
		ret = vm_map(fd, buf->handle,
			     LUTNA_MAP_READ | LUTNA_MAP_WRITE | LUTNA_MAP_FIXED, 0,
			     HUGE_BYTES, &at);
	return ret;
}

#define WORK_LIST	0x100000000ULL
#define WORK_OUT	0x200000000ULL

int work_open_many(int fd, struct test_work *work)
{
	const __u64 out_bytes = 16 << 20;
	const unsigned int repeats = 4;
	unsigned int i, per_buffer = HUGE_BYTES / LUTNA_CMD_SIZE;
	int ret;

	ret = buffer_open(fd, 2 * HUGE_BYTES, &work->small);
	if (ret)
		return ret;
	for (i = 0; i < per_buffer; i++)
		put_fill(&work->small, i, WORK_OUT, out_bytes, i);
	ret = map_again_and_again(fd, &work->small, WORK_LIST, repeats * HUGE_BYTES);
	for (i = 0; i < out_bytes / HUGE_BYTES && !ret; i++) {
		__u64 addr = WORK_OUT + i * HUGE_BYTES;

		ret = vm_map(fd, work->small.handle, LUTNA_MAP_WRITE | LUTNA_MAP_FIXED,
			     HUGE_BYTES, HUGE_BYTES, &addr);
	}
	work->list = WORK_LIST;
	work->count = repeats * per_buffer;
	return ret;
}

/*
 * 1024 x 1024 x 63 outputs, each of 32 x 31 x 31 products: some 10^12 in all.
 * The input repeats one byte, and the whole output is the same 2 MiB.
 */
int work_open_one(int fd, struct test_work *work)
{
	const unsigned int side = 1024, in_c = 32, out_c = 63, kernel = 31;
	const __u64 out_bytes = (__u64)side * side * out_c;
	struct lutna_channel *channel;
	struct lutna_cmd_conv *cmd;
	__u64 zeros;
	unsigned int i;
	int ret;

	ret = buffer_open(fd, 2 * HUGE_BYTES, &work->small);
	if (ret)
		return ret;
	ret = map_again_and_again(fd, &work->small, WORK_OUT,
				  (out_bytes + HUGE_BYTES - 1) / HUGE_BYTES * HUGE_BYTES);
	if (ret)
		return ret;

	/* Above the first 2 MiB, which are overwritten: list, records, zeroes */
	work->list = work->small.addr + HUGE_BYTES;
	cmd = command(&work->small, HUGE_BYTES / LUTNA_CMD_SIZE, LUTNA_OP_CONV);
	channel = work->small.mem + HUGE_BYTES + 4096;
	for (i = 0; i < out_c; i++)
		channel[i].shift = 1;
	zeros = work->list + 65536;

	cmd->in = packed(zeros, 1, side, side, in_c);
	cmd->in.stride_n = 0;
	cmd->in.stride_c = 0;
	cmd->in.stride_h = 0;
	cmd->in.stride_w = 0;
	cmd->out = packed(WORK_OUT, 1, side, side, out_c);
	cmd->weights = htole64(zeros);
	cmd->weights_size = htole32(out_c * in_c * kernel * kernel);
	cmd->weight_format = LUTNA_WEIGHT_S8;
	cmd->act_bits = 8;
	cmd->weight_bits = 8;
	cmd->out_max = 255;
	cmd->kernel_h = kernel;
	cmd->kernel_w = kernel;
	cmd->stride_h = 1;
	cmd->stride_w = 1;
	cmd->dilation_h = 1;
	cmd->dilation_w = 1;
	cmd->pad_top = kernel / 2;
	cmd->pad_left = kernel / 2;
	cmd->groups = htole16(1);
	cmd->channels = htole64(work->list + 4096);
	work->count = 1;
	return 0;
}
