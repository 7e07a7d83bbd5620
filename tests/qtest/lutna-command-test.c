// SPDX-License-Identifier: GPL-2.0-only
/* Commands through the whole device: known answers, and nonsense. */
#include "rig.h"
#include "qemu/bitops.h"

#define LIST		0x10000ULL
#define DATA		0x40000000ULL
#define DATA_SIZE	(64 * RIG_PAGE)

struct bench {
	struct rig *rig;
	uint64_t list;
	uint64_t data;
};

/* A queue, a list of one page and some memory to compute in */
static struct bench start_bench(const char *props)
{
	struct bench b = { .rig = rig_start(props) };

	rig_ctx_enable(b.rig, 0);
	rig_queue_start(b.rig, 0, 0, 4, 0, 0);
	b.list = rig_alloc(b.rig, RIG_PAGE);
	b.data = rig_alloc(b.rig, DATA_SIZE);
	rig_map(b.rig, 0, LIST, b.list, RIG_PAGE, RIG_R);
	rig_map(b.rig, 0, DATA, b.data, DATA_SIZE, RIG_RW);
	return b;
}

static struct lutna_completion run_one(struct bench *b, const void *cmd)
{
	rig_write(b->rig, b->list, cmd, LUTNA_CMD_SIZE);
	return rig_run(b->rig, 0, LIST, 1);
}

static struct lutna_tensor nchw(uint64_t off, uint16_t c, uint16_t h, uint16_t w)
{
	return (struct lutna_tensor) {
		.addr = DATA + off, .n = 1, .c = c, .h = h, .w = w,
		.stride_n = c * h * w, .stride_c = h * w, .stride_h = w,
		.stride_w = 1, .type = LUTNA_TYPE_U8,
	};
}

/*
 * Worked by hand: a 3x3 image, one 2x2 kernel {1, -2, 3, 0}, bias 10, times
 * 1/2, zero point 1.  The window at (0, 0) sees 1 2 / 4 5: 1 - 4 + 12 = 9, 9 +
 * 10 = 19, 9.5 rounds up to 10, and 1 makes 11.
 */
static void put_conv(struct bench *b, struct lutna_cmd_conv *cmd)
{
	static const uint8_t image[9] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	static const int8_t weights[4] = { 1, -2, 3, 0 };
	const struct lutna_channel channel = {
		.bias = 10, .mult = 1, .shift = 1,
	};

	rig_cmd(cmd, LUTNA_OP_CONV, 77);
	cmd->in = nchw(0, 1, 3, 3);
	cmd->out = nchw(0x1000, 1, 2, 2);
	cmd->out.zero_point = 1;
	cmd->weights = DATA + 0x2000;
	cmd->weights_size = sizeof(weights);
	cmd->weight_format = LUTNA_WEIGHT_S8;
	cmd->act_bits = 8;
	cmd->weight_bits = 8;
	cmd->out_max = 255;
	cmd->kernel_h = 2;
	cmd->kernel_w = 2;
	cmd->stride_h = 1;
	cmd->stride_w = 1;
	cmd->dilation_h = 1;
	cmd->dilation_w = 1;
	cmd->groups = 1;
	cmd->channels = DATA + 0x3000;
	rig_write(b->rig, b->data, image, sizeof(image));
	rig_write(b->rig, b->data + 0x2000, weights, sizeof(weights));
	rig_write(b->rig, b->data + 0x3000, &channel, sizeof(channel));
}

static void test_conv(void)
{
	static const uint8_t answer[4] = { 11, 12, 14, 15 };
	struct bench b = start_bench("");
	struct lutna_cmd_conv cmd;
	struct lutna_completion c;
	uint8_t out[4];

	put_conv(&b, &cmd);
	c = run_one(&b, &cmd);
	g_assert_cmphex(c.status, ==, LUTNA_FAULT_NONE);
	g_assert_cmpuint(c.cycles, >, 0);
	g_assert_cmpuint(c.energy, >, 0);
	rig_read(b.rig, b.data + 0x1000, out, sizeof(out));
	g_assert_cmpmem(out, sizeof(out), answer, sizeof(answer));
	g_assert_cmpuint(rig_get64(b.rig, LUTNA_REG_COUNT_MACS), ==, 4 * 4);
	g_assert_cmpuint(rig_get64(b.rig, LUTNA_REG_COUNT_CYCLES), ==, c.cycles);
	rig_stop(b.rig);
}

/* The profile adds up to what the completion and the counters say. */
static void test_conv_profile(void)
{
	struct bench b = start_bench("");
	struct lutna_cmd_conv cmd;
	struct lutna_completion c;
	struct lutna_profile p;
	int unit;

	put_conv(&b, &cmd);
	rig_write(b.rig, b.list, &cmd, sizeof(cmd));
	for (unit = 0; unit < LUTNA_UNIT_COUNT; unit++) {
		rig_entry(b.rig, 0, (struct lutna_job_entry) {
			.list = LIST, .count = 1, .flags = LUTNA_JOB_PROFILE,
			.unit = unit, .profile = DATA + 0x4000,
		});
		rig_bell(b.rig, 0);
		c = rig_cq_take(b.rig, 0);
		g_assert_cmphex(c.status, ==, LUTNA_FAULT_NONE);
		rig_read(b.rig, b.data + 0x4000, &p, sizeof(p));
		g_assert_cmpuint(p.tag, ==, 77);
		g_assert_cmpuint(p.opcode, ==, LUTNA_OP_CONV);
		g_assert_cmpuint(p.act_bits, ==, 8);
		g_assert_cmpuint(p.macs, ==, 16);
		g_assert_cmpuint(c.cycles, ==, p.cycles_load +
				 p.cycles_compute + p.cycles_stall);
		g_assert_cmpuint(c.energy, ==, p.energy[unit]);
	}
	rig_stop(b.rig);
}

static void test_fill_copy(void)
{
	struct bench b = start_bench("");
	struct lutna_cmd_fill fill;
	struct lutna_cmd_copy copy;
	struct lutna_completion c;
	uint8_t list[2 * LUTNA_CMD_SIZE], out[256];
	unsigned int i;

	rig_cmd(&fill, LUTNA_OP_FILL, 0);
	fill.out = nchw(0, 1, 10, 10);
	fill.value = 0x5a;
	rig_cmd(&copy, LUTNA_OP_COPY, 0);
	copy.in = nchw(0, 1, 10, 10);
	copy.out = nchw(0x1000, 1, 12, 14);
	copy.pad_top = 1;
	copy.pad_left = 2;
	copy.repeat_h = 1;
	copy.repeat_w = 1;
	copy.pad_value = 0xc3;
	memcpy(list, &fill, sizeof(fill));
	memcpy(list + sizeof(fill), &copy, sizeof(copy));
	rig_write(b.rig, b.list, list, sizeof(list));
	c = rig_run(b.rig, 0, LIST, 2);
	g_assert_cmphex(c.status, ==, LUTNA_FAULT_NONE);
	rig_read(b.rig, b.data + 0x1000, out, sizeof(out));
	for (i = 0; i < 12 * 14; i++) {
		bool inside = i / 14 >= 1 && i / 14 < 11 && i % 14 >= 2 &&
			      i % 14 < 12;

		g_assert_cmphex(out[i], ==, inside ? 0x5a : 0xc3);
	}
	g_assert_cmphex(out[12 * 14], ==, 0);
	rig_stop(b.rig);
}

static void test_timestamp(void)
{
	struct bench b = start_bench("");
	struct lutna_cmd_timestamp cmd;
	uint64_t time;

	time = qtest_clock_step(b.rig->qts, 123456);
	rig_cmd(&cmd, LUTNA_OP_TIMESTAMP, 0);
	cmd.addr = DATA;
	g_assert_cmphex(run_one(&b, &cmd).status, ==, LUTNA_FAULT_NONE);
	g_assert_cmpuint(qtest_readq(b.rig->qts, b.data), ==, time);
	g_assert_cmpuint(rig_get64(b.rig, LUTNA_REG_TIME), ==, time);
	rig_stop(b.rig);
}

static void expect_refused(struct bench *b, const void *cmd, uint16_t status,
			   uint64_t offset)
{
	struct lutna_completion c = run_one(b, cmd);

	g_assert_cmphex(c.status, ==, status);
	g_assert_cmpuint(c.access, ==, LUTNA_ACCESS_NONE);
	g_assert_cmpuint(c.fault_addr, ==, offset);
	rig_queue_cmd(b->rig, 0, LUTNA_Q_CMD_START);
}

static void test_refused(void)
{
	struct bench b = start_bench("");
	struct lutna_cmd_nop cmd;
	unsigned int i;

	rig_cmd(&cmd, 8, 0);
	expect_refused(&b, &cmd, LUTNA_FAULT_BAD_OPCODE, 0);
	rig_cmd(&cmd, 0xffff, 0);
	expect_refused(&b, &cmd, LUTNA_FAULT_BAD_OPCODE, 0);
	rig_cmd(&cmd, LUTNA_OP_NOP, 0);
	cmd.hdr.version = LUTNA_ISA_VERSION + 1;
	expect_refused(&b, &cmd, LUTNA_FAULT_BAD_VERSION,
		       offsetof(struct lutna_cmd_hdr, version));
	rig_cmd(&cmd, LUTNA_OP_NOP, 0);
	cmd.hdr.flags = 1;
	expect_refused(&b, &cmd, LUTNA_FAULT_BAD_FIELD,
		       offsetof(struct lutna_cmd_hdr, flags));
	rig_cmd(&cmd, LUTNA_OP_NOP, 0);
	cmd.hdr.reserved = 1ULL << 63;
	expect_refused(&b, &cmd, LUTNA_FAULT_BAD_FIELD,
		       offsetof(struct lutna_cmd_hdr, reserved));
	for (i = 0; i < sizeof(cmd.reserved); i++) {
		struct lutna_completion c;

		rig_cmd(&cmd, LUTNA_OP_NOP, 0);
		cmd.reserved[i] = 0x80;
		c = run_one(&b, &cmd);
		g_assert_cmphex(c.status, ==, LUTNA_FAULT_BAD_FIELD);
		rig_queue_cmd(b.rig, 0, LUTNA_Q_CMD_START);
	}
	rig_stop(b.rig);
}

/*
 * The faults of a conv's memory, in the middle of a list: those before it are
 * done, those behind it are not.
 */
static void test_fault_in_list(void)
{
	struct bench b = start_bench("");
	struct lutna_cmd_timestamp stamp;
	struct lutna_cmd_conv conv;
	struct lutna_completion c;

	qtest_clock_step(b.rig->qts, 1000);
	put_conv(&b, &conv);
	conv.weights = DATA + DATA_SIZE;
	rig_cmd(&stamp, LUTNA_OP_TIMESTAMP, 0);
	stamp.addr = DATA + 0x8000;
	rig_write(b.rig, b.list, &stamp, sizeof(stamp));
	rig_write(b.rig, b.list + LUTNA_CMD_SIZE, &conv, sizeof(conv));
	stamp.addr = DATA + 0x9000;
	rig_write(b.rig, b.list + 2 * LUTNA_CMD_SIZE, &stamp, sizeof(stamp));
	c = rig_run(b.rig, 0, LIST, 3);
	g_assert_cmphex(c.status, ==, LUTNA_FAULT_TRANSLATION);
	g_assert_cmpuint(c.access, ==, LUTNA_ACCESS_READ);
	g_assert_cmphex(c.fault_addr, ==, DATA + DATA_SIZE);
	g_assert_cmpuint(c.command, ==, 1);
	g_assert_cmphex(qtest_readq(b.rig->qts, b.data + 0x8000), !=, 0);
	g_assert_cmphex(qtest_readq(b.rig->qts, b.data + 0x9000), ==, 0);
	rig_stop(b.rig);
}

/*
 * A command that takes minutes ends at once when its queue is stopped: 4 x 255
 * x 255 weights for each of 16 channels at 1746 x 1746 positions.  One row is
 * all of the input, and one page all of the output's memory.
 */
static void put_long_conv(struct bench *b)
{
	const size_t size = 16 * 4 * 255 * 255;
	const uint64_t page = rig_alloc_aligned(b->rig, RIG_HUGE, RIG_HUGE);
	const uint64_t weights = rig_alloc(b->rig, size);
	const struct lutna_channel channel = { .mult = 1, .shift = 1 };
	struct lutna_cmd_conv cmd;
	uint64_t off;
	int i;

	put_conv(b, &cmd);
	cmd.in = nchw(0, 4, 2000, 2000);
	cmd.in.stride_c = 0;
	cmd.in.stride_h = 0;
	cmd.out = nchw(0x10000000, 16, 1746, 1746);
	cmd.kernel_h = 255;
	cmd.kernel_w = 255;
	cmd.weights = DATA + 0x3000000;
	cmd.weights_size = size;
	for (i = 0; i < 16; i++)
		rig_write(b->rig, b->data + 0x3000 + i * sizeof(channel),
			  &channel, sizeof(channel));
	rig_map(b->rig, 0, cmd.weights, weights, ROUND_UP(size, RIG_PAGE), RIG_R);
	qtest_memset(b->rig->qts, weights, 3, size);
	for (off = 0; off < 16 * 1746 * 1746; off += RIG_HUGE)
		rig_pte_write(b->rig, 0, cmd.out.addr + off, 1, page | RIG_RW |
			      LUTNA_PTE_LEAF | LUTNA_PTE_VALID);
	rig_write(b->rig, b->list, &cmd, sizeof(cmd));
}

static void test_abort(void)
{
	struct bench b = start_bench("");
	struct lutna_completion c;
	int i;

	put_long_conv(&b);
	for (i = 0; i < 10; i++) {
		rig_submit(b.rig, 0, LIST, 1);
		g_usleep(rig_rand_range(0, 1000000));
		rig_queue_cmd(b.rig, 0, i % 2 ? LUTNA_Q_CMD_STOP
					      : LUTNA_Q_CMD_RESET);
		rig_queue_wait(b.rig, 0, i % 2 ? LUTNA_Q_STOPPED
					       : LUTNA_Q_DISABLED);
		if (i % 2) {
			c = rig_cq_take(b.rig, 0);
			g_assert_cmphex(c.status, ==, LUTNA_FAULT_ABORTED);
			rig_queue_cmd(b.rig, 0, LUTNA_Q_CMD_START);
		} else {
			rig_queue_start(b.rig, 0, 0, 4, 0, 0);
		}
	}
	rig_cq_none(b.rig, 0);
	rig_submit(b.rig, 0, LIST, 1);
	rig_reset(b.rig);
	rig_stop(b.rig);
}

/* Addresses that lead somewhere now and then, so that nonsense gets deep. */
static uint64_t rand_addr(void)
{
	switch (rig_rand_range(0, 4)) {
	case 0:
		return DATA + rig_rand_range(0, DATA_SIZE);
	case 1:
		return DATA + DATA_SIZE - rig_rand_range(0, 300);
	case 2:
		return (1ULL << LUTNA_VA_BITS) - rig_rand_range(0, 300);
	default:
		return (uint64_t)rig_rand() << 32 | rig_rand();
	}
}

static void rand_bytes(uint8_t *p, size_t len)
{
	while (len--)
		*p++ = rig_rand();
}

static void rand_tensor(struct lutna_tensor *t)
{
	t->addr = rand_addr();
	t->n = rig_rand_range(0, 3);
	t->c = rig_rand_range(0, 20);
	t->h = rig_rand_range(0, 20);
	t->w = rig_rand_range(0, 20);
	t->stride_w = rig_rand_range(0, 3);
	t->stride_h = rig_rand_range(0, 60);
	t->stride_c = rig_rand_range(0, 1000);
	t->stride_n = rig_rand_range(0, 10000);
	t->type = rig_rand_range(0, 2);
	t->zero_point = t->type ? 0 : rig_rand();
	memset(t->reserved, 0, sizeof(t->reserved));
}

/* @good: what half of them are, but for a few bits */
static void rand_command(uint8_t *cmd, const void *good)
{
	uint16_t op = rig_rand_range(0, 9);
	unsigned int i, n;

	if (rig_rand_range(0, 2)) {
		memcpy(cmd, good, LUTNA_CMD_SIZE);
		for (n = rig_rand_range(0, 3); n; n--)
			cmd[rig_rand_range(0, 136)] ^=
				1U << rig_rand_range(0, 8);
		return;
	}
	if (rig_rand_range(0, 8) == 0) {
		rand_bytes(cmd, LUTNA_CMD_SIZE);
		return;
	}
	rig_cmd(cmd, op, rig_rand());
	if (op == LUTNA_OP_NOP)
		return;
	if (op == LUTNA_OP_TIMESTAMP) {
		((struct lutna_cmd_timestamp *)cmd)->addr = rand_addr() & ~7ULL;
		return;
	}
	/* Tensors stand where those of any command do. */
	for (i = 0; i < (op == LUTNA_OP_ELTWISE ? 3 :
			 op == LUTNA_OP_FILL ? 1 : 2); i++)
		rand_tensor((struct lutna_tensor *)(cmd + 16 + i *
						    sizeof(struct lutna_tensor)));
	/* A few small numbers in the rest of it */
	n = rig_rand_range(0, 40);
	for (i = 0; i < n; i++)
		cmd[16 + 2 * sizeof(struct lutna_tensor) +
		    rig_rand_range(0, 60)] = rig_rand_range(0, 9);
	if (op == LUTNA_OP_CONV || op == LUTNA_OP_TABLE)
		((struct lutna_cmd_conv *)cmd)->weights = rand_addr();
	if (op == LUTNA_OP_CONV)
		((struct lutna_cmd_conv *)cmd)->channels = rand_addr() & ~63ULL;
}

/*
 * Lists of nonsense: each job gets one completion, and the device goes on.
 * The seed is fixed; LUTNA_SEED=N tries others.
 */
static void test_nonsense(void)
{
	struct bench b = start_bench(",max-tensor=1M");
	struct lutna_cmd_conv conv;
	uint8_t list[16 * LUTNA_CMD_SIZE];
	unsigned int round, i, done = 0;

	put_conv(&b, &conv);
	for (round = 0; round < 2000; round++) {
		struct lutna_completion c;
		unsigned int count = rig_rand_range(1, 17);

		for (i = 0; i < count; i++)
			rand_command(list + i * LUTNA_CMD_SIZE, &conv);
		rig_write(b.rig, b.list, list, count * LUTNA_CMD_SIZE);
		c = rig_run(b.rig, 0, LIST, count);
		g_assert_cmpuint(c.head, ==, round + 1);
		if (c.status) {
			g_assert_cmphex(c.status, !=, LUTNA_FAULT_ABORTED);
			g_assert_cmphex(c.status, !=, LUTNA_FAULT_INTERNAL);
			g_assert_cmpuint(c.command, <, count);
			rig_queue_cmd(b.rig, 0, LUTNA_Q_CMD_START);
		} else {
			g_assert_cmpuint(c.command, ==, count);
		}
		done += c.command;
	}
	/* Some of it made sense, or the test tests little. */
	g_assert_cmpuint(done, >, 500);
	g_assert_cmpuint(rig_get64(b.rig, LUTNA_REG_COUNT_COMMANDS), ==, done);
	rig_stop(b.rig);
}

/* The same for job entries and registers */
static void test_nonsense_registers(void)
{
	struct rig *rig = rig_start("");
	unsigned int i;

	for (i = 0; i < 20000; i++) {
		uint64_t off = rig_rand_range(0, LUTNA_REGS_SIZE / 4) * 4;
		uint64_t val = (uint64_t)rig_rand() << 32 |
			       rig_rand();

		if (rig_rand_range(0, 4) == 0)
			off = LUTNA_REG_QUEUE(rig_rand_range(0, 4)) +
			      off % LUTNA_Q_STRIDE;
		switch (rig_rand_range(0, 5)) {
		case 0:
			rig_put64(rig, off, val);
			break;
		case 1:
			rig_put(rig, off, rig_rand_range(0, 8));
			break;
		case 2:
			rig_get64(rig, off);
			break;
		case 3:
			qpci_io_writel(rig->dev, rig->bells,
				       LUTNA_DOORBELL(rig_rand_range(0, 64),
						      rig_rand_range(0, 4)),
				       rig_rand_range(0, 8));
			break;
		default:
			rig_put(rig, off, val);
		}
	}
	rig_reset(rig);
	rig_ctx_enable(rig, 0);
	rig_queue_start(rig, 0, 0, 4, 0, 0);
	rig_nops(rig, 0, LIST, 10);
	g_assert_cmphex(rig_run(rig, 0, LIST, 10).status, ==, 0);
	rig_stop(rig);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	qtest_add_func("lutna/command/conv", test_conv);
	qtest_add_func("lutna/command/conv-profile", test_conv_profile);
	qtest_add_func("lutna/command/fill-copy", test_fill_copy);
	qtest_add_func("lutna/command/timestamp", test_timestamp);
	qtest_add_func("lutna/command/refused", test_refused);
	qtest_add_func("lutna/command/fault-in-list", test_fault_in_list);
	qtest_add_func("lutna/command/abort", test_abort);
	qtest_add_func("lutna/command/nonsense", test_nonsense);
	qtest_add_func("lutna/command/nonsense-registers",
		       test_nonsense_registers);
	return g_test_run();
}
