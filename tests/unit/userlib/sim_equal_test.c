// SPDX-License-Identifier: GPL-2.0-only
/*
 * The simulator and its reference arithmetic give the same bytes, faults and
 * figures, through the same calls.
 */
#include <errno.h>

#include "job.h"

#define CASES	60
#define DATA	65536u		/* weights, channels, input, output */
#define AT_W	0u
#define AT_CH	16384u
#define AT_IN	32768u
#define AT_OUT	49152u

/* One device with the same memory as the other's */
struct side {
	struct lutna_device *dev;
	struct lutna_buffer *list;
	struct lutna_buffer *data;
	struct lutna_buffer *profile;
	struct lutna_result result;
};

static void open_side(struct side *side, const char *name)
{
	side->dev = open_sim(name);
	side->list = new_buffer(side->dev, LUTNA_CMD_SIZE, RO);
	side->data = new_buffer(side->dev, DATA, RW);
	side->profile = new_buffer(side->dev, sizeof(struct lutna_profile),
				   RW);
}

static void close_side(struct side *side)
{
	lutna_buffer_free(side->list);
	lutna_buffer_free(side->data);
	lutna_buffer_free(side->profile);
	lutna_device_close(side->dev);
}

static unsigned int pick(unsigned int from, unsigned int to)
{
	return from + (unsigned int)rand() % (to - from + 1);
}

static struct lutna_tensor nchw(uint64_t addr, unsigned int n, unsigned int c,
				unsigned int h, unsigned int w)
{
	struct lutna_tensor t = row(addr, w);

	t.n = htole16(n);
	t.c = htole16(c);
	t.h = htole16(h);
	t.stride_h = htole32(w);
	t.stride_c = htole32(w * h);
	t.stride_n = htole32(w * h * c);
	t.zero_point = (uint8_t)pick(0, 255);
	return t;
}

static void random_conv(struct lutna_cmd_conv *cmd, uint64_t data)
{
	unsigned int n = pick(1, 3), groups = pick(1, 2), ic = pick(1, 6);
	unsigned int oc = pick(1, 9), h = pick(3, 9), w = pick(3, 9);
	unsigned int kh = pick(1, 3), kw = pick(1, 3);
	unsigned int digits, wide;

	memset(cmd, 0, sizeof(*cmd));
	cmd->hdr = hdr(LUTNA_OP_CONV);
	cmd->in = nchw(data + AT_IN, n, ic * groups, h, w);
	cmd->out = nchw(data + AT_OUT, n, oc * groups, h - kh + 1, w - kw + 1);
	cmd->act_bits = (uint8_t)pick(2, 8);
	cmd->weight_bits = (uint8_t)pick(2, 9);
	wide = cmd->weight_bits == 9 || pick(0, 1);
	cmd->weight_format = wide ? LUTNA_WEIGHT_S16 : LUTNA_WEIGHT_S8;
	cmd->weights = htole64(data + AT_W);
	cmd->weights_size = htole32((1 + wide) * oc * groups * ic * kh * kw);
	digits = (cmd->act_bits + 1u) / 2;
	if (digits > 1 && pick(0, 1)) {
		cmd->approx = (uint8_t)pick(LUTNA_APPROX_DROP, LUTNA_APPROX_W);
		cmd->approx_digits = (uint8_t)pick(1, digits - 1);
	}
	cmd->out_max = 255;
	cmd->kernel_h = (uint8_t)kh;
	cmd->kernel_w = (uint8_t)kw;
	cmd->stride_h = 1;
	cmd->stride_w = 1;
	cmd->dilation_h = 1;
	cmd->dilation_w = 1;
	cmd->groups = htole16(groups);
	cmd->channels = htole64(data + AT_CH);
}

/* Weights of as many bits as the command says, and bytes for the rest */
static void random_data(uint8_t *data, const struct lutna_cmd_conv *cmd)
{
	int half = 1 << (cmd->weight_bits - 1);
	struct lutna_channel channel;
	unsigned int i;

	for (i = 0; i < DATA; i++)
		data[i] = (uint8_t)rand();
	for (i = 0; i < 4096; i++) {
		int weight = (int)pick(0, 2 * (unsigned int)half - 1) - half;
		uint16_t wide = htole16((uint16_t)(int16_t)weight);

		if (cmd->weight_format == LUTNA_WEIGHT_S16)
			memcpy(data + AT_W + 2 * i, &wide, 2);
		else
			data[AT_W + i] = (uint8_t)weight;
	}
	for (i = 0; i < 32; i++) {
		memset(&channel, 0, sizeof(channel));
		channel.bias = htole32((uint32_t)rand());
		channel.mult = htole32((uint32_t)rand() & INT32_MAX);
		channel.shift = (uint8_t)pick(1, 62);
		memcpy(data + AT_CH + i * sizeof(channel), &channel,
		       sizeof(channel));
	}
}

static void run_side(struct side *side, const struct lutna_cmd_conv *cmd,
		     const uint8_t *data)
{
	struct lutna_queue *queue = new_queue(side->dev, 2);
	struct lutna_job_desc job = {
		.list = lutna_buffer_address(side->list),
		.count = 1,
		.unit = LUTNA_UNIT_LUTNA,
		.profile = lutna_buffer_address(side->profile),
	};
	uint64_t seqno;

	memcpy(lutna_buffer_data(side->list), cmd, sizeof(*cmd));
	memcpy(lutna_buffer_data(side->data), data, DATA);
	memset(lutna_buffer_data(side->profile), 0,
	       sizeof(struct lutna_profile));
	need(!lutna_queue_submit(queue, &job, &seqno));
	side->result = wait_for(queue, seqno);
	lutna_queue_free(queue);
}

static bool same_figures(struct side *a, struct side *b)
{
	struct lutna_profile pa, pb;

	memcpy(&pa, lutna_buffer_data(a->profile), sizeof(pa));
	memcpy(&pb, lutna_buffer_data(b->profile), sizeof(pb));
	pa.start_ns = 0;
	pa.end_ns = 0;
	pb.start_ns = 0;
	pb.end_ns = 0;
	return !memcmp(&pa, &pb, sizeof(pa)) &&
	       a->result.cycles == b->result.cycles &&
	       a->result.energy == b->result.energy &&
	       a->result.energy == le64toh(pa.energy[LUTNA_UNIT_LUTNA]);
}

static bool same_failure(const struct lutna_result *a,
			 const struct lutna_result *b)
{
	return a->error == b->error && a->fault == b->fault &&
	       a->access == b->access && a->command == b->command &&
	       a->fault_addr == b->fault_addr;
}

int main(void)
{
	unsigned int i, errors = 0, bytes = 0, figures = 0, faults = 0;
	struct side fast, literal;
	struct lutna_cmd_conv cmd;
	static uint8_t data[DATA];

	srand(3);
	open_side(&fast, "sim");
	open_side(&literal, "sim-literal");
	need(lutna_buffer_address(fast.data) ==
	     lutna_buffer_address(literal.data));
	for (i = 0; i < CASES; i++) {
		random_conv(&cmd, lutna_buffer_address(fast.data));
		random_data(data, &cmd);
		run_side(&fast, &cmd, data);
		run_side(&literal, &cmd, data);
		errors += fast.result.error || literal.result.error;
		bytes += !!memcmp(lutna_buffer_data(fast.data),
				  lutna_buffer_data(literal.data), DATA);
		figures += !same_figures(&fast, &literal);
	}
	ok(!errors, "%d convolutions are done by both", CASES);
	ok(!bytes, "with the same bytes");
	ok(!figures, "and the same figures");

	/* Any field changed: both do the same or refuse the same. */
	for (i = 0; i < 4 * CASES; i++) {
		uint8_t *byte;

		random_conv(&cmd, lutna_buffer_address(fast.data));
		random_data(data, &cmd);
		byte = (uint8_t *)&cmd + pick(0, sizeof(cmd) - 1);
		*byte ^= (uint8_t)pick(1, 255);
		run_side(&fast, &cmd, data);
		run_side(&literal, &cmd, data);
		faults += !!fast.result.error;
		bytes += !fast.result.error &&
			 memcmp(lutna_buffer_data(fast.data),
				lutna_buffer_data(literal.data), DATA);
		errors += !same_failure(&fast.result, &literal.result);
	}
	ok(faults && !errors && !bytes,
	   "%d spoilt ones too; %u of them are refused", 4 * CASES, faults);
	close_side(&fast);
	close_side(&literal);
	return tap_done();
}
