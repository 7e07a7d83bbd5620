// SPDX-License-Identifier: GPL-2.0-only
/*
 * Weights and channel records that are wrong in one place.
 */
#include <endian.h>
#include <stddef.h>
#include <string.h>

#include "machine.h"

#define K		300
#define CHANNELS	3
#define AT(field)	offsetof(struct lutna_cmd_conv, field)

static struct machine machines[2];
static struct rng rng;

/*
 * A fully connected layer of K @inputs, or more, with entries that a test
 * writes itself; dense, all weights but @one are 1.
 */
struct layer {
	struct lutna_cmd_conv cmd;
	uint32_t inputs;
	int16_t one;
	uint32_t row[CHANNELS + 1];
	uint16_t entry[64];
	struct lutna_channel channel[CHANNELS];
};

static uint16_t entry(unsigned int skip, int w)
{
	return skip << 9 | (w & 0x1ff);
}

/* Channel 0: 5 at 0 and -7 at 299; channel 1: none; channel 2: 9 at 128 */
static struct layer valid(void)
{
	struct layer l = {
		.inputs = K,
		.row = { 0, 4, 4, 6 },
		.entry = {
			entry(0, 5), entry(127, 0), entry(127, 0),
			entry(42, -7), entry(127, 0), entry(0, 9),
		},
		.cmd = {
			.hdr = header(LUTNA_OP_CONV),
			.weight_format = LUTNA_WEIGHT_COMPRESSED,
			.act_bits = 8, .weight_bits = 9, .out_max = 255,
			.kernel_h = 1, .kernel_w = 1, .stride_h = 1,
			.stride_w = 1, .dilation_h = 1, .dilation_w = 1,
			.groups = htole16(1),
			.weights_size = htole32(4 * (CHANNELS + 1) + 2 * 6),
		},
	};

	for (int i = 0; i < CHANNELS; i++)
		l.channel[i].shift = 1;
	return l;
}

static void put_entries(const struct layer *l, uint8_t *to)
{
	for (int i = 0; i <= CHANNELS; i++) {
		uint32_t row = htole32(l->row[i]);

		memcpy(to + 4 * i, &row, 4);
	}
	for (int i = 0; i < 64; i++) {
		uint16_t e = htole16(l->entry[i]);

		memcpy(to + 4 * (CHANNELS + 1) + 2 * i, &e, 2);
	}
}

static void put_dense(const struct layer *l, uint8_t *to)
{
	size_t size = l->cmd.weight_format == LUTNA_WEIGHT_S16 ? 2 : 1;

	for (size_t i = 0; i < CHANNELS * K; i++) {
		uint16_t w = htole16(i == CHANNELS * K - 2 ? l->one : 1);

		memcpy(to + i * size, &w, size);
	}
}

static uint64_t put(struct machine *m, const void *from, size_t size)
{
	uint64_t addr = guest_alloc(m->g, size, LUTNA_LIST_ALIGN);

	memcpy(guest_at(m->g, addr), from, size);
	return addr;
}

static void place(struct machine *m, struct layer *l)
{
	struct shape in = { .dim = { 1, K, 1, 1 }, .elem = 1 };
	struct shape out = { .dim = { 1, CHANNELS, 1, 1 }, .elem = 4 };
	uint8_t weights[2 * CHANNELS * K] = { 0 };

	guest_reset(m->g);
	shape_place(&in, m->g, LAYOUT_NCHW, &rng);
	shape_place(&out, m->g, LAYOUT_NCHW, &rng);
	for (int i = 0; i < K; i++)
		*(uint8_t *)guest_at(m->g, in.addr + i) = i % 100 + 1;
	l->cmd.in = shape_tensor(&in, 0);
	if (l->inputs > K) {
		/* One input again and again */
		l->cmd.in.c = htole16(l->inputs);
		l->cmd.in.stride_c = 0;
	}
	l->cmd.out = shape_tensor(&out, 0);
	l->cmd.out_max = 0;
	l->cmd.channels = htole64(put(m, l->channel, sizeof(l->channel)));
	if (l->cmd.weight_format == LUTNA_WEIGHT_COMPRESSED)
		put_entries(l, weights);
	else
		put_dense(l, weights);
	l->cmd.weights = htole64(put(m, weights, sizeof(weights)));
}

static void accepted(struct layer l, const char *what)
{
	for (int i = 0; i < 2; i++) {
		place(&machines[i], &l);
		check(!machine_run(&machines[i], &l.cmd), "%s: %#x at %llu", what,
		      machines[i].fault.code,
		      (unsigned long long)machines[i].fault.addr);
	}
}

static void refused(struct layer l, int code, size_t at, const char *what)
{
	for (int i = 0; i < 2; i++) {
		place(&machines[i], &l);
		machine_refused(&machines[i], &l.cmd, code, 0, at, what);
		check(!machines[i].g->writes, "%s: a write", what);
	}
}

static void bad_weights(struct layer l, const char *what)
{
	refused(l, LUTNA_FAULT_BAD_WEIGHTS, AT(weights), what);
}

static void resize(struct layer *l, uint32_t entries)
{
	l->cmd.weights_size = htole32(4 * (CHANNELS + 1) + 2 * entries);
}

/* What the entries mean, worked out by hand: x(k) = k mod 100 + 1 */
static void test_meaning(void)
{
	struct layer l = valid();

	for (int i = 0; i < 2; i++) {
		struct machine *m = &machines[i];
		uint32_t sum[CHANNELS];

		place(m, &l);
		check(!machine_run(m, &l.cmd), "fault %#x", m->fault.code);
		memcpy(sum, guest_at(m->g, le64toh(l.cmd.out.addr)), sizeof(sum));
		check(le32toh(sum[0]) == 5 * 1 - 7u * 100, "channel 0");
		check(sum[1] == 0, "channel 1");
		check(le32toh(sum[2]) == 9 * 29, "channel 2");
		check(le64toh(m->profile.table_loads) == 3 &&
		      le64toh(m->profile.macs) == 3 &&
		      le64toh(m->profile.macs_skipped) == 3 * K - 3,
		      "what is counted");
	}
	point("what entries mean");
}

static void test_rows(void)
{
	struct layer l = valid();

	l.row[0] = 1;
	bad_weights(l, "row 0 is not 0");
	l = valid();
	l.row[2] = 3;	/* with which channel 2 is still right */
	bad_weights(l, "rows decrease");
	l = valid();
	l.row[1] = 7;
	bad_weights(l, "a row beyond the entries");
	l.row[1] = UINT32_MAX;
	bad_weights(l, "a row far beyond the entries");
	/* So many positions that what lies behind the entries may look right */
	l = valid();
	l.inputs = 65535;
	l.row[1] = INT32_MAX;
	bad_weights(l, "a row that ends where no memory is");
	l = valid();
	l.row[2] = 0x80000000;
	bad_weights(l, "a row of 2^31");
	l = valid();
	l.row[CHANNELS] = 5;
	refused(l, LUTNA_FAULT_BAD_WEIGHTS, AT(weights_size), "too few");
	l.row[CHANNELS] = 7;
	refused(l, LUTNA_FAULT_BAD_WEIGHTS, AT(weights_size), "too many");
	l.row[CHANNELS] = 0x80000006;
	refused(l, LUTNA_FAULT_BAD_WEIGHTS, AT(weights_size),
		"a size that is right modulo 2^32");
	l = valid();
	resize(&l, 7);
	refused(l, LUTNA_FAULT_BAD_WEIGHTS, AT(weights_size), "a size too large");
	l = valid();
	resize(&l, 0);
	refused(l, LUTNA_FAULT_BAD_WEIGHTS, AT(weights_size), "no entries");
	memset(l.row, 0, sizeof(l.row));
	accepted(l, "no weights at all");
	point("row indices");
}

static void test_entries(void)
{
	struct layer l = valid();

	l.entry[3] = entry(43, -7);
	bad_weights(l, "a position of 300");
	l.entry[3] = entry(127, -7);
	bad_weights(l, "a position of 384");
	l = valid();
	l.entry[1] = entry(126, 0);
	bad_weights(l, "a zero that skips 126");
	l.entry[1] = entry(0, 0);
	bad_weights(l, "a zero that skips nothing");
	l = valid();
	l.entry[5] = entry(127, 0);
	accepted(l, "zeros to the end of a channel");
	l.entry[4] = entry(127, 1);
	l.entry[5] = entry(127, 1);
	accepted(l, "weights at 127 and 255");
	/* Position 299 as a zero, then 300 as one */
	l = valid();
	l.row[1] = 3;
	l.row[2] = 3;
	l.row[3] = 6;
	l.entry[3] = entry(127, 0);
	l.entry[4] = entry(127, 0);
	l.entry[5] = entry(127, 0);
	bad_weights(l, "zeros beyond the end of a channel");
	l.entry[5] = entry(43, 1);
	accepted(l, "the last position");
	l.entry[5] = entry(44, 1);
	bad_weights(l, "the one behind it");
	point("entries");
}

/* More entries than positions: the last one of a full channel and one more */
static void test_full(void)
{
	struct layer l = valid();

	l.row[1] = l.row[2] = 0;
	l.row[3] = 64;
	resize(&l, 64);
	for (int i = 0; i < 64; i++)
		l.entry[i] = entry(0, 1);
	l.entry[63] = entry(127, 1);
	accepted(l, "positions 0 to 62 and 190");
	l.entry[62] = entry(127, 1);
	l.entry[63] = entry(109, 1);
	accepted(l, "position 299");
	l.entry[63] = entry(110, 1);
	bad_weights(l, "position 300");
	point("a channel that runs over");
}

/* @w as one weight among others that are small */
static void try_value(unsigned int format, int bits, int w)
{
	int max = (1 << (bits - 1)) - 1;
	bool fits = w >= -max - 1 && w <= max;
	struct layer l = valid();

	l.cmd.weight_format = format;
	l.cmd.weight_bits = bits;
	l.entry[0] = l.entry[5] = entry(0, 1);
	l.entry[3] = entry(42, w);
	l.one = w;
	if (format != LUTNA_WEIGHT_COMPRESSED)
		l.cmd.weights_size = htole32(CHANNELS * K <<
					     (format == LUTNA_WEIGHT_S16));
	if (fits)
		accepted(l, "a weight that fits");
	else
		bad_weights(l, "a weight that does not fit");
}

static void test_values(void)
{
	for (int bits = 2; bits <= 9; bits++) {
		int max = (1 << (bits - 1)) - 1, min = -max - 1;

		if (bits < 9) {
			try_value(LUTNA_WEIGHT_S8, bits, max);
			try_value(LUTNA_WEIGHT_S8, bits, min);
		}
		/* Those with which the storage can say more than the bits */
		if (bits < 8) {
			try_value(LUTNA_WEIGHT_S8, bits, max + 1);
			try_value(LUTNA_WEIGHT_S8, bits, min - 1);
			try_value(LUTNA_WEIGHT_S8, bits, 127);
			try_value(LUTNA_WEIGHT_S8, bits, -128);
		}
		try_value(LUTNA_WEIGHT_S16, bits, max);
		try_value(LUTNA_WEIGHT_S16, bits, min);
		try_value(LUTNA_WEIGHT_S16, bits, max + 1);
		try_value(LUTNA_WEIGHT_S16, bits, min - 1);
		try_value(LUTNA_WEIGHT_S16, bits, 32767);
		try_value(LUTNA_WEIGHT_S16, bits, -32768);
		try_value(LUTNA_WEIGHT_COMPRESSED, bits, max);
		try_value(LUTNA_WEIGHT_COMPRESSED, bits, min);
		if (bits < 9) {
			try_value(LUTNA_WEIGHT_COMPRESSED, bits, max + 1);
			try_value(LUTNA_WEIGHT_COMPRESSED, bits, min - 1);
		}
		point("the largest and smallest weight of %d bits", bits);
	}
}

static void test_channels(void)
{
	struct layer l = valid();

	l.channel[1].mult = htole32(0x7fffffff);
	l.channel[1].shift = 62;
	l.channel[1].bias = UINT32_MAX;
	accepted(l, "the largest of all");
	for (int c = 0; c < CHANNELS; c++) {
		l = valid();
		l.channel[c].mult = htole32(0x80000000);
		refused(l, LUTNA_FAULT_BAD_FIELD, AT(channels), "mult 2^31");
		l = valid();
		l.channel[c].shift = 0;
		refused(l, LUTNA_FAULT_BAD_FIELD, AT(channels), "shift 0");
		l.channel[c].shift = 63;
		refused(l, LUTNA_FAULT_BAD_FIELD, AT(channels), "shift 63");
		for (int i = 0; i < 7; i++) {
			l = valid();
			l.channel[c].reserved[i] = 1 << i;
			refused(l, LUTNA_FAULT_BAD_FIELD, AT(channels),
				"reserved");
		}
	}
	point("channel records");
}

int main(void)
{
	rng = rng_init(6);
	machine_init(&machines[0], 1u << 20, LUTNA_IMPL_FAST, &rng);
	machine_init(&machines[1], 1u << 20, LUTNA_IMPL_LITERAL, &rng);
	test_meaning();
	test_rows();
	test_entries();
	test_full();
	test_values();
	test_channels();
	machine_fini(&machines[0]);
	machine_fini(&machines[1]);
	return check_done();
}
