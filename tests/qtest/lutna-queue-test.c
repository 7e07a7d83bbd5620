// SPDX-License-Identifier: GPL-2.0-only
/* Rings, doorbells, states, scheduling, completions and interrupts. */
#include "rig.h"
#include "qemu/bitops.h"

#define LIST	0x10000ULL

/* One context, and @queues queues of 16 entries on ring 0 */
static struct rig *start_queues(const char *props, unsigned int queues)
{
	struct rig *rig = rig_start(props);
	unsigned int q;

	rig_ctx_enable(rig, 0);
	for (q = 0; q < queues; q++)
		rig_queue_start(rig, q, 0, 4, 0, 0);
	return rig;
}

static void test_empty(void)
{
	struct rig *rig = start_queues("", 1);
	struct lutna_completion c;
	unsigned int i;

	/* several times around the ring */
	for (i = 1; i <= 100; i++) {
		c = rig_run(rig, 0, 0x123, 0);
		g_assert_cmphex(c.status, ==, LUTNA_FAULT_NONE);
		g_assert_cmpuint(c.head, ==, i);
		g_assert_cmpuint(c.command, ==, 0);
		g_assert_cmpuint(c.cycles, ==, 0);
		g_assert_cmpuint(qtest_readq(rig->qts, rig->queue[0].seq), ==,
				 c.seqno);
	}
	g_assert_cmpuint(rig_get(rig, LUTNA_REG_QUEUE(0) + LUTNA_Q_HEAD), ==, 100);
	g_assert_cmpuint(rig_get(rig, LUTNA_REG_QUEUE(0) + LUTNA_Q_TAIL), ==, 100);
	g_assert_cmpuint(rig_get64(rig, LUTNA_REG_COUNT_JOBS), ==, 100);
	g_assert_cmpuint(rig_get64(rig, LUTNA_REG_COUNT_DOORBELLS), ==, 100);
	g_assert_cmpuint(rig_get64(rig, LUTNA_REG_COUNT_FAULTS), ==, 0);
	rig_queue_wait(rig, 0, LUTNA_Q_RUNNING);
	rig_stop(rig);
}

/* A ring that is filled at once; the smallest ring */
static void test_ring(void)
{
	struct rig *rig = start_queues("", 1);
	struct lutna_completion c;
	unsigned int round, i;

	rig_queue_start(rig, 1, 0, 1, 0, 0);
	for (round = 0; round < 5; round++) {
		for (i = 0; i < 16; i++)
			rig_entry(rig, 0, (struct lutna_job_entry) { .count = 0 });
		rig_bell(rig, 0);
		for (i = 0; i < 16; i++) {
			c = rig_cq_take(rig, 0);
			g_assert_cmpuint(c.seqno, ==, round * 18 + i + 1);
		}
		rig_entry(rig, 1, (struct lutna_job_entry) { .count = 0 });
		rig_entry(rig, 1, (struct lutna_job_entry) { .count = 0 });
		rig_bell(rig, 1);
		rig_cq_take(rig, 0);
		rig_cq_take(rig, 0);
		rig_cq_release(rig, 0);
	}
	rig_stop(rig);
}

static void test_nops(void)
{
	static const uint32_t counts[] = { 1, 15, 16, 17, 100, 1000 };
	struct rig *rig = start_queues("", 1);
	struct lutna_completion c;
	uint64_t total = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		rig_nops(rig, 0, LIST + i * 0x1000000, counts[i]);
		c = rig_run(rig, 0, LIST + i * 0x1000000, counts[i]);
		g_assert_cmphex(c.status, ==, LUTNA_FAULT_NONE);
		g_assert_cmpuint(c.command, ==, counts[i]);
		total += counts[i];
		g_assert_cmpuint(rig_get64(rig, LUTNA_REG_COUNT_COMMANDS), ==,
				 total);
	}
	rig_stop(rig);
}

/* The list ends on mapped memory; what lies behind is none of its business. */
static void test_list_end(void)
{
	struct rig *rig = start_queues("", 1);
	struct lutna_completion c;
	uint64_t bus = rig_nops(rig, 0, LIST, 16);

	c = rig_run(rig, 0, LIST + 0x300, 13);
	g_assert_cmphex(c.status, ==, LUTNA_FAULT_NONE);
	/* One more: 13 are executed, then it faults. */
	c = rig_run(rig, 0, LIST + 0x300, 14);
	g_assert_cmphex(c.status, ==, LUTNA_FAULT_TRANSLATION);
	g_assert_cmpuint(c.command, ==, 13);
	g_assert_cmphex(c.fault_addr, ==, LIST + RIG_PAGE);
	/* the same for a command that is half there */
	rig_map(rig, 0, LIST, bus, RIG_PAGE, RIG_R);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_START);
	rig_write(rig, bus + RIG_PAGE - 0x40, "\0\0\1", 3);
	c = rig_run(rig, 0, LIST + RIG_PAGE - 0x40, 1);
	g_assert_cmphex(c.status, ==, LUTNA_FAULT_TRANSLATION);
	g_assert_cmphex(c.fault_addr, ==, LIST + RIG_PAGE);
	rig_stop(rig);
}

static void expect_entry(struct rig *rig, struct lutna_job_entry entry,
			 uint16_t status, uint64_t offset)
{
	struct lutna_completion c;
	uint64_t seqno;

	seqno = rig_entry(rig, 0, entry);
	rig_bell(rig, 0);
	c = rig_cq_take(rig, 0);
	rig_cq_release(rig, 0);
	g_assert_cmphex(c.status, ==, status);
	g_assert_cmphex(c.fault_addr, ==, offset);
	g_assert_cmpuint(c.seqno, ==, seqno);
	g_assert_cmpuint(c.access, ==, LUTNA_ACCESS_NONE);
	g_assert_cmpuint(rig_queue_state(rig, 0), ==, LUTNA_Q_FAULTED);
	/* A failed job's sequence number is not published. */
	g_assert_cmpuint(qtest_readq(rig->qts, rig->queue[0].seq), <, seqno);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_START);
	rig_run(rig, 0, 0, 0);
}

#define ENTRY(...)	((struct lutna_job_entry) { __VA_ARGS__ })
#define OFFSET(field)	offsetof(struct lutna_job_entry, field)

static void test_entries(void)
{
	struct rig *rig = start_queues(",max-commands=100", 1);
	int bit;

	for (bit = 2; bit < 16; bit++)
		expect_entry(rig, ENTRY(.flags = 1U << bit),
			     LUTNA_FAULT_BAD_ENTRY, OFFSET(flags));
	expect_entry(rig, ENTRY(.unit = LUTNA_UNIT_COUNT),
		     LUTNA_FAULT_BAD_ENTRY, OFFSET(unit));
	expect_entry(rig, ENTRY(.unit = 255), LUTNA_FAULT_BAD_ENTRY,
		     OFFSET(unit));
	expect_entry(rig, ENTRY(.reserved0 = 1), LUTNA_FAULT_BAD_ENTRY,
		     OFFSET(reserved0));
	expect_entry(rig, ENTRY(.reserved = { [3] = 1ULL << 63 }),
		     LUTNA_FAULT_BAD_ENTRY, OFFSET(reserved));
	expect_entry(rig, ENTRY(.list = LIST + 32, .count = 1),
		     LUTNA_FAULT_BAD_ENTRY, OFFSET(list));
	expect_entry(rig, ENTRY(.profile = 64), LUTNA_FAULT_BAD_ENTRY,
		     OFFSET(profile));
	expect_entry(rig, ENTRY(.profile = 32, .flags = LUTNA_JOB_PROFILE),
		     LUTNA_FAULT_BAD_ENTRY, OFFSET(profile));
	expect_entry(rig, ENTRY(.list = LIST, .count = 101),
		     LUTNA_FAULT_TOO_LARGE, OFFSET(count));
	expect_entry(rig, ENTRY(.list = LIST, .count = UINT32_MAX),
		     LUTNA_FAULT_TOO_LARGE, OFFSET(count));
	rig_nops(rig, 0, LIST, 100);
	g_assert_cmphex(rig_run(rig, 0, LIST, 100).status, ==, 0);
	rig_stop(rig);
}

static void ring_refused(struct rig *rig, uint64_t off, unsigned int size,
			 uint32_t val)
{
	uint32_t tail = rig_get(rig, LUTNA_REG_QUEUE(0) + LUTNA_Q_TAIL);
	struct lutna_completion c;

	if (size == 1)
		qpci_io_writeb(rig->dev, rig->bells, off, val);
	else if (size == 2)
		qpci_io_writew(rig->dev, rig->bells, off, val);
	else if (size == 4)
		qpci_io_writel(rig->dev, rig->bells, off, val);
	else
		qpci_io_writeq(rig->dev, rig->bells, off, val);
	c = rig_cq_take(rig, 0);
	rig_cq_release(rig, 0);
	g_assert_cmpuint(c.type, ==, LUTNA_RECORD_EVENT);
	g_assert_cmpuint(c.status, ==, LUTNA_ERROR_DOORBELL);
	g_assert_cmphex(c.fault_addr, ==, off);
	g_assert_cmpuint(rig_get(rig, LUTNA_REG_QUEUE(0) + LUTNA_Q_TAIL), ==, tail);
}

static void test_doorbells(void)
{
	struct rig *rig = start_queues("", 1);
	const uint64_t bell = LUTNA_DOORBELL(0, 0);

	rig_run(rig, 0, 0, 0);
	/* another context's page, another queue, none at all */
	rig_ctx_enable(rig, 1);
	ring_refused(rig, LUTNA_DOORBELL(1, 0), 4, 2);
	ring_refused(rig, LUTNA_DOORBELL(63, 0), 4, 2);
	ring_refused(rig, LUTNA_DOORBELL(0, 1), 4, 1);
	ring_refused(rig, LUTNA_DOORBELL(0, 128), 4, 1);
	ring_refused(rig, LUTNA_DOORBELL(0, 511), 4, 1);
	/* sizes and places */
	ring_refused(rig, bell, 1, 2);
	ring_refused(rig, bell, 2, 2);
	ring_refused(rig, bell, 8, 2);
	ring_refused(rig, bell + 4, 4, 2);
	ring_refused(rig, bell + 2, 4, 2);
	/* tails: beyond the ring, back */
	ring_refused(rig, bell, 4, 18);
	ring_refused(rig, bell, 4, 0);
	ring_refused(rig, bell, 4, UINT32_MAX);
	g_assert_cmpuint(rig_get(rig, LUTNA_REG_ERROR), ==, LUTNA_ERROR_DOORBELL);
	g_assert_cmphex(rig_get64(rig, LUTNA_REG_ERROR_INFO), ==,
			LUTNA_DOORBELL(1, 0));

	/* Reading one is no error and does nothing. */
	g_assert_cmphex(qpci_io_readl(rig->dev, rig->bells, bell), ==, 0);
	g_assert_cmphex(qpci_io_readq(rig->dev, rig->bells, bell + 3), ==, 0);
	rig_cq_none(rig, 0);
	/* The same tail again is no job. */
	rig_bell(rig, 0);
	rig_cq_none(rig, 0);
	rig_run(rig, 0, 0, 0);
	rig_stop(rig);
}

/* A queue that stands still takes the tail and runs it after START. */
static void test_doorbell_states(void)
{
	struct rig *rig = start_queues("", 1);

	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_STOP);
	g_assert_cmpuint(rig_queue_state(rig, 0), ==, LUTNA_Q_STOPPED);
	rig_submit(rig, 0, 0, 0);
	rig_submit(rig, 0, 0, 0);
	rig_cq_none(rig, 0);
	/* What was given cannot be taken back. */
	ring_refused(rig, LUTNA_DOORBELL(0, 0), 4, 1);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_START);
	g_assert_cmphex(rig_cq_take(rig, 0).status, ==, 0);
	g_assert_cmphex(rig_cq_take(rig, 0).status, ==, 0);
	/* faulted */
	rig_submit(rig, 0, LIST, 1);
	g_assert_cmphex(rig_cq_take(rig, 0).status, ==, LUTNA_FAULT_TRANSLATION);
	rig_submit(rig, 0, 0, 0);
	rig_cq_none(rig, 0);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_START);
	g_assert_cmphex(rig_cq_take(rig, 0).status, ==, 0);
	rig_cq_release(rig, 0);
	/* disabled */
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_RESET);
	g_assert_cmpuint(rig_queue_state(rig, 0), ==, LUTNA_Q_DISABLED);
	ring_refused(rig, LUTNA_DOORBELL(0, 0), 4, 1);
	rig_stop(rig);
}

static void test_fault_skips(void)
{
	struct rig *rig = start_queues("", 1);
	struct lutna_completion c;

	/* Three at once; the second faults, the third waits for START. */
	rig_entry(rig, 0, ENTRY(.count = 0));
	rig_entry(rig, 0, ENTRY(.list = LIST, .count = 7));
	rig_entry(rig, 0, ENTRY(.count = 0));
	rig_bell(rig, 0);
	g_assert_cmphex(rig_cq_take(rig, 0).status, ==, 0);
	c = rig_cq_take(rig, 0);
	g_assert_cmphex(c.status, ==, LUTNA_FAULT_TRANSLATION);
	g_assert_cmpuint(c.head, ==, 2);
	rig_cq_none(rig, 0);
	g_assert_cmpuint(rig_get64(rig, LUTNA_REG_COUNT_FAULTS), ==, 1);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_START);
	c = rig_cq_take(rig, 0);
	g_assert_cmphex(c.status, ==, 0);
	g_assert_cmpuint(c.head, ==, 3);
	rig_stop(rig);
}

static void hang_job(struct rig *rig, unsigned int q)
{
	rig_hang(rig, true);
	rig_submit(rig, q, LIST, 3);
	rig_wait(rig, LUTNA_REG_QUEUE(q) + LUTNA_Q_STATUS,
		 LUTNA_Q_STATUS_BUSY, LUTNA_Q_STATUS_BUSY);
}

static void test_stop(void)
{
	struct rig *rig = start_queues("", 1);
	struct lutna_completion c;

	rig_nops(rig, 0, LIST, 3);
	hang_job(rig, 0);
	rig_submit(rig, 0, 0, 0);
	rig_cq_none(rig, 0);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_STOP);
	rig_queue_wait(rig, 0, LUTNA_Q_STOPPED);
	c = rig_cq_take(rig, 0);
	g_assert_cmphex(c.status, ==, LUTNA_FAULT_ABORTED);
	g_assert_cmpuint(c.head, ==, 1);
	g_assert_cmpuint(c.command, ==, 0);
	rig_cq_none(rig, 0);
	/* STOP and PAUSE again change nothing, and are no error. */
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_STOP);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_PAUSE);
	g_assert_cmpuint(rig_queue_state(rig, 0), ==, LUTNA_Q_STOPPED);
	rig_hang(rig, false);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_START);
	c = rig_cq_take(rig, 0);
	g_assert_cmphex(c.status, ==, 0);
	g_assert_cmpuint(c.head, ==, 2);
	g_assert_cmphex(rig_run(rig, 0, LIST, 3).status, ==, 0);
	g_assert_cmpuint(rig_get(rig, LUTNA_REG_ERROR), ==, 0);
	rig_stop(rig);
}

static void test_pause(void)
{
	struct rig *rig = start_queues("", 1);
	struct lutna_completion c;

	rig_nops(rig, 0, LIST, 3);
	hang_job(rig, 0);
	rig_submit(rig, 0, 0, 0);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_PAUSE);
	g_assert_cmpuint(rig_queue_state(rig, 0), ==, LUTNA_Q_STOPPING);
	rig_cq_none(rig, 0);
	/* START has to wait for STOPPING to end. */
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_START);
	g_assert_cmpuint(rig_queue_state(rig, 0), ==, LUTNA_Q_STOPPING);
	g_assert_cmpuint(rig_cq_take(rig, 0).type, ==, LUTNA_RECORD_EVENT);
	rig_hang(rig, false);
	rig_queue_wait(rig, 0, LUTNA_Q_STOPPED);
	c = rig_cq_take(rig, 0);
	g_assert_cmphex(c.status, ==, 0);
	g_assert_cmpuint(c.command, ==, 3);
	rig_cq_none(rig, 0);

	/* STOP makes a PAUSE hurry. */
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_START);
	rig_cq_take(rig, 0);
	hang_job(rig, 0);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_PAUSE);
	rig_cq_none(rig, 0);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_STOP);
	rig_queue_wait(rig, 0, LUTNA_Q_STOPPED);
	g_assert_cmphex(rig_cq_take(rig, 0).status, ==, LUTNA_FAULT_ABORTED);
	rig_stop(rig);
}

static void test_queue_reset(void)
{
	struct rig *rig = start_queues("", 1);
	uint64_t reg = LUTNA_REG_QUEUE(0);

	rig_nops(rig, 0, LIST, 3);
	hang_job(rig, 0);
	rig_submit(rig, 0, 0, 0);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_RESET);
	rig_queue_wait(rig, 0, LUTNA_Q_DISABLED);
	rig_cq_none(rig, 0);
	g_assert_cmpuint(rig_get(rig, reg + LUTNA_Q_HEAD), ==, 0);
	g_assert_cmpuint(rig_get(rig, reg + LUTNA_Q_TAIL), ==, 0);
	rig_hang(rig, false);
	rig_queue_start(rig, 0, 0, 4, 0, 0);
	g_assert_cmpuint(rig_run(rig, 0, LIST, 3).head, ==, 1);

	/* during PAUSE, and of a queue that has faulted */
	hang_job(rig, 0);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_PAUSE);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_RESET);
	rig_queue_wait(rig, 0, LUTNA_Q_DISABLED);
	rig_hang(rig, false);
	rig_queue_start(rig, 0, 0, 4, 0, 0);
	g_assert_cmphex(rig_run(rig, 0, 0xdead000, 3).status, ==,
			LUTNA_FAULT_TRANSLATION);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_RESET);
	g_assert_cmphex(rig_get(rig, reg + LUTNA_Q_STATUS), ==, LUTNA_Q_DISABLED);
	g_assert_cmphex(rig_get(rig, reg + LUTNA_Q_FAULT), ==, 0);
	g_assert_cmphex(rig_get64(rig, reg + LUTNA_Q_FAULT_ADDR), ==, 0);
	rig_stop(rig);
}

static void expect_order(struct rig *rig, const uint16_t *queues,
			 unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct lutna_completion c = rig_cq_take(rig, 0);

		g_assert_cmpuint(c.queue, ==, queues[i]);
		g_assert_cmphex(c.status, ==, 0);
	}
	rig_cq_release(rig, 0);
}

/*
 * While the only worker hangs in the first command of the lowest, all others
 * are rung, the higher the later.  Then the order is the device's own choice.
 */
static void test_priorities(void)
{
	static const uint16_t order[] = { 3, 2, 1, 0 };
	struct rig *rig = rig_start(",threads=1");
	unsigned int q;

	rig_ctx_enable(rig, 0);
	for (q = 0; q < 4; q++)
		rig_queue_start(rig, q, 0, 4, q, 0);
	rig_nops(rig, 0, LIST, 3);
	hang_job(rig, 0);
	for (q = 1; q < 4; q++)
		rig_submit(rig, q, LIST, 3);
	rig_hang(rig, false);
	expect_order(rig, order, ARRAY_SIZE(order));
	rig_stop(rig);
}

static void test_round_robin(void)
{
	static const uint16_t order[] = { 1, 2, 3, 1, 2, 3, 1, 2, 3, 0 };
	struct rig *rig = rig_start(",threads=1");
	unsigned int q, i;

	rig_ctx_enable(rig, 0);
	for (q = 0; q < 4; q++)
		rig_queue_start(rig, q, 0, 4, q ? 2 : 1, 0);
	rig_nops(rig, 0, LIST, 3);
	hang_job(rig, 0);
	for (q = 1; q < 4; q++) {
		for (i = 0; i < 3; i++)
			rig_entry(rig, q, ENTRY(.list = LIST, .count = 3));
		rig_bell(rig, q);
	}
	rig_hang(rig, false);
	expect_order(rig, order, ARRAY_SIZE(order));
	rig_stop(rig);
}

/* As many queues at once as there are workers, each on one only */
static void test_parallel(void)
{
	struct rig *rig = start_queues(",threads=3", 4);
	unsigned int q, busy = 0;

	rig_nops(rig, 0, LIST, 3);
	rig_hang(rig, true);
	for (q = 0; q < 4; q++) {
		rig_entry(rig, q, ENTRY(.list = LIST, .count = 3));
		rig_entry(rig, q, ENTRY(.list = LIST, .count = 3));
		rig_bell(rig, q);
	}
	rig_cq_none(rig, 0);
	for (q = 0; q < 4; q++)
		busy += !!(rig_get(rig, LUTNA_REG_QUEUE(q) + LUTNA_Q_STATUS) &
			   LUTNA_Q_STATUS_BUSY);
	g_assert_cmpuint(busy, ==, 3);
	rig_hang(rig, false);
	for (q = 0; q < 8; q++)
		g_assert_cmphex(rig_cq_take(rig, 0).status, ==, 0);
	rig_stop(rig);
}

static void test_cq_full(void)
{
	struct rig *rig = rig_start("");
	unsigned int i;

	rig_cq_enable(rig, 1, 4, true);
	rig_ctx_enable(rig, 0);
	rig_queue_start(rig, 0, 0, 5, 0, 1);
	rig_queue_start(rig, 1, 0, 5, 0, 0);
	for (i = 0; i < 20; i++)
		rig_entry(rig, 0, ENTRY(.count = 0));
	rig_bell(rig, 0);
	for (i = 1; i <= 16; i++)
		g_assert_cmpuint(rig_cq_take(rig, 1).head, ==, i);
	rig_cq_none(rig, 1);
	/* The job has ended, its completion waits. */
	g_assert_cmphex(rig_get(rig, LUTNA_REG_QUEUE(0) + LUTNA_Q_STATUS), ==,
			LUTNA_Q_RUNNING | LUTNA_Q_STATUS_BUSY);
	g_assert_cmpuint(rig_get(rig, LUTNA_REG_QUEUE(0) + LUTNA_Q_HEAD), ==, 16);
	/* Others go on. */
	rig_run(rig, 1, 0, 0);
	/* Room for one, then for the rest */
	rig_put(rig, LUTNA_REG_CQ(1) + LUTNA_CQ_HEAD, 1);
	g_assert_cmpuint(rig_cq_take(rig, 1).head, ==, 17);
	rig_cq_none(rig, 1);
	rig_cq_release(rig, 1);
	for (i = 18; i <= 20; i++)
		g_assert_cmpuint(rig_cq_take(rig, 1).head, ==, i);
	rig_cq_none(rig, 1);
	rig_queue_wait(rig, 0, LUTNA_Q_RUNNING);
	rig_stop(rig);
}

/* States change while a completion waits for room. */
static void test_cq_full_states(void)
{
	struct rig *rig = rig_start("");
	struct lutna_completion c;
	unsigned int i;

	rig_cq_enable(rig, 1, 4, true);
	rig_ctx_enable(rig, 0);
	rig_queue_start(rig, 0, 0, 5, 0, 1);
	for (i = 0; i < 16; i++)
		rig_entry(rig, 0, ENTRY(.count = 0));
	rig_entry(rig, 0, ENTRY(.count = 1, .list = 0xdead000));
	rig_entry(rig, 0, ENTRY(.count = 0));
	rig_bell(rig, 0);
	rig_wait(rig, LUTNA_REG_QUEUE(0) + LUTNA_Q_STATUS, UINT32_MAX,
		 LUTNA_Q_FAULTED | LUTNA_Q_STATUS_BUSY);
	g_assert_cmphex(rig_get(rig, LUTNA_REG_QUEUE(0) + LUTNA_Q_FAULT) &
			LUTNA_Q_FAULT_CODE, ==, LUTNA_FAULT_TRANSLATION);
	/* Started over before its record was there: it must not fault twice. */
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_START);
	for (i = 1; i <= 16; i++)
		rig_cq_take(rig, 1);
	rig_cq_release(rig, 1);
	c = rig_cq_take(rig, 1);
	g_assert_cmphex(c.status, ==, LUTNA_FAULT_TRANSLATION);
	g_assert_cmpuint(c.head, ==, 17);
	c = rig_cq_take(rig, 1);
	g_assert_cmphex(c.status, ==, 0);
	g_assert_cmpuint(c.head, ==, 18);
	rig_queue_wait(rig, 0, LUTNA_Q_RUNNING);

	/* A queue that waits for room can be reset. */
	for (i = 0; i < 20; i++)
		rig_entry(rig, 0, ENTRY(.count = 0));
	rig_bell(rig, 0);
	for (i = 0; i < 14; i++)
		rig_cq_take(rig, 1);
	rig_wait(rig, LUTNA_REG_QUEUE(0) + LUTNA_Q_STATUS, UINT32_MAX,
		 LUTNA_Q_RUNNING | LUTNA_Q_STATUS_BUSY);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_RESET);
	rig_queue_wait(rig, 0, LUTNA_Q_DISABLED);
	rig_cq_release(rig, 1);
	rig_cq_none(rig, 1);
	rig_stop(rig);
}

/* While the device is disabled doorbells are taken, but no job starts. */
static void test_disabled(void)
{
	struct rig *rig = start_queues("", 1);

	rig_nops(rig, 0, LIST, 3);
	hang_job(rig, 0);
	rig_put(rig, LUTNA_REG_CTRL, 0);
	g_assert_cmphex(rig_get(rig, LUTNA_REG_STATUS), ==, 0);
	rig_hang(rig, false);
	/* The one in flight goes on. */
	g_assert_cmphex(rig_cq_take(rig, 0).status, ==, 0);
	rig_submit(rig, 0, 0, 0);
	rig_cq_none(rig, 0);
	rig_put(rig, LUTNA_REG_CTRL, LUTNA_CTRL_ENABLE);
	g_assert_cmphex(rig_cq_take(rig, 0).status, ==, 0);
	rig_stop(rig);
}

static void submit_silent(struct rig *rig, uint64_t list, uint32_t count)
{
	rig_entry(rig, 0, ENTRY(.list = list, .count = count));
	rig_bell(rig, 0);
	rig_cq_take(rig, 0);
	rig_cq_release(rig, 0);
}

static void test_interrupts(void)
{
	struct rig *rig = start_queues("", 1);
	uint64_t addr = rig_alloc(rig, RIG_PAGE);

	rig_msix_set(rig, 0, addr, 0x1234, false);
	rig_run(rig, 0, 0, 0);
	rig_expect_irq(rig, addr, 0x1234);
	g_assert_cmpuint(rig_get64(rig, LUTNA_REG_COUNT_INTERRUPTS), ==, 1);
	/* a job that does not want one; one that fails gets it anyway */
	submit_silent(rig, 0, 0);
	rig_expect_no_irq(rig, addr);
	submit_silent(rig, 0xdead000, 1);
	rig_expect_irq(rig, addr, 0x1234);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_START);
	/* an event */
	rig_get(rig, 0x100);
	rig_expect_irq(rig, addr, 0x1234);
	rig_cq_take(rig, 0);
	/* masked: pending, and raised when the mask goes */
	rig_msix_set(rig, 0, addr, 0x5678, true);
	rig_run(rig, 0, 0, 0);
	rig_expect_no_irq(rig, addr);
	g_assert_true(qpci_msix_pending(rig->dev, 0));
	rig_msix_set(rig, 0, addr, 0x5678, false);
	rig_expect_irq(rig, addr, 0x5678);
	g_assert_false(qpci_msix_pending(rig->dev, 0));
	/* a ring without IRQ */
	rig_put(rig, LUTNA_REG_CQ(0) + LUTNA_CQ_CFG, LUTNA_CQ_CFG_ENABLE | 8);
	rig_run(rig, 0, 0, 0);
	rig_expect_no_irq(rig, addr);
	rig_stop(rig);
}

static void test_vectors(void)
{
	struct rig *rig = rig_start("");
	uint64_t addr = rig_alloc(rig, RIG_PAGE);
	unsigned int v, i;

	rig_ctx_enable(rig, 0);
	for (v = 1; v < 16; v++) {
		rig_cq_enable(rig, v, 4, true);
		rig_queue_start(rig, v, 0, 4, v % 4, v);
		rig_msix_set(rig, v, addr + 4 * v, 0x100 + v, false);
	}
	for (v = 1; v < 16; v++) {
		rig_run(rig, v, 0, 0);
		rig_expect_irq(rig, addr + 4 * v, 0x100 + v);
		for (i = 0; i < 16; i++)
			g_assert_cmphex(qtest_readl(rig->qts, addr + 4 * i), ==, 0);
	}
	rig_stop(rig);
}

static void test_profile(void)
{
	struct rig *rig = start_queues("", 1);
	uint64_t bus = rig_alloc(rig, RIG_PAGE);
	const uint64_t va = 0x40000000;
	struct lutna_profile p;
	struct lutna_completion c;
	unsigned int i;

	rig_nops(rig, 0, LIST, 40);
	rig_map(rig, 0, va, bus, RIG_PAGE, RIG_W);
	rig_entry(rig, 0, ENTRY(.list = LIST, .count = 20, .profile = va,
				.flags = LUTNA_JOB_PROFILE));
	rig_bell(rig, 0);
	c = rig_cq_take(rig, 0);
	g_assert_cmphex(c.status, ==, 0);
	for (i = 0; i < 20; i++) {
		rig_read(rig, bus + i * sizeof(p), &p, sizeof(p));
		g_assert_cmpuint(p.index, ==, i);
		g_assert_cmpuint(p.tag, ==, i);
		g_assert_cmpuint(p.opcode, ==, LUTNA_OP_NOP);
	}
	/* The 22nd would stand on the next page. */
	rig_entry(rig, 0, ENTRY(.list = LIST, .count = 40, .profile = va,
				.flags = LUTNA_JOB_PROFILE));
	rig_bell(rig, 0);
	c = rig_cq_take(rig, 0);
	g_assert_cmphex(c.status, ==, LUTNA_FAULT_TRANSLATION);
	g_assert_cmpuint(c.access, ==, LUTNA_ACCESS_WRITE);
	g_assert_cmphex(c.fault_addr, ==, va + RIG_PAGE);
	g_assert_cmpuint(c.command, ==, RIG_PAGE / sizeof(p));
	rig_stop(rig);
}

/* Many queues and workers; every job ends once and in its queue's order. */
static void test_crowd(void)
{
	struct rig *rig = rig_start(",threads=4,queues=512");
	uint32_t head[64] = { 0 };
	unsigned int q, i, total = 0;

	rig_put(rig, LUTNA_REG_CQ(0) + LUTNA_CQ_CFG, 0);
	rig_cq_enable(rig, 0, 12, true);
	for (q = 0; q < 64; q++) {
		rig_ctx_enable(rig, q);
		rig_nops(rig, q, LIST, 20);
		rig_queue_start(rig, q, q, 4, q % 4, 0);
		for (i = 0; i < 16; i++) {
			rig_entry(rig, q, ENTRY(.list = LIST, .count = i % 20));
			total++;
		}
	}
	for (q = 0; q < 64; q++)
		rig_bell(rig, q);
	while (total--) {
		struct lutna_completion c = rig_cq_take(rig, 0);

		g_assert_cmphex(c.status, ==, 0);
		g_assert_cmpuint(c.head, ==, ++head[c.queue]);
		g_assert_cmpuint(c.command, ==, (c.head - 1) % 20);
	}
	rig_cq_none(rig, 0);
	rig_stop(rig);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	qtest_add_func("lutna/queue/empty", test_empty);
	qtest_add_func("lutna/queue/ring", test_ring);
	qtest_add_func("lutna/queue/nops", test_nops);
	qtest_add_func("lutna/queue/list-end", test_list_end);
	qtest_add_func("lutna/queue/entries", test_entries);
	qtest_add_func("lutna/queue/doorbells", test_doorbells);
	qtest_add_func("lutna/queue/doorbell-states", test_doorbell_states);
	qtest_add_func("lutna/queue/fault-skips", test_fault_skips);
	qtest_add_func("lutna/queue/stop", test_stop);
	qtest_add_func("lutna/queue/pause", test_pause);
	qtest_add_func("lutna/queue/reset", test_queue_reset);
	qtest_add_func("lutna/queue/priorities", test_priorities);
	qtest_add_func("lutna/queue/round-robin", test_round_robin);
	qtest_add_func("lutna/queue/parallel", test_parallel);
	qtest_add_func("lutna/queue/cq-full", test_cq_full);
	qtest_add_func("lutna/queue/cq-full-states", test_cq_full_states);
	qtest_add_func("lutna/queue/disabled", test_disabled);
	qtest_add_func("lutna/queue/interrupts", test_interrupts);
	qtest_add_func("lutna/queue/vectors", test_vectors);
	qtest_add_func("lutna/queue/profile", test_profile);
	qtest_add_func("lutna/queue/crowd", test_crowd);
	return g_test_run();
}
