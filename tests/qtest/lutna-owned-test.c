// SPDX-License-Identifier: GPL-2.0-only
/* Queues that a process rings for: doorbells, wrong tails, LUTNA_Q_ARM. */
#include "rig.h"

#define LIST	0x10000ULL

#define ENTRY(...)	((struct lutna_job_entry) { __VA_ARGS__ })

/*
 * Contexts 0 and 1; queue 0 is owned by a process in context 0, queue 1 by one
 * in 1, queue 2 of context 0 is the driver's.  All have 16 entries, on ring 0.
 */
static struct rig *start(void)
{
	struct rig *rig = rig_start("");
	unsigned int q;

	rig_ctx_enable(rig, 0);
	rig_ctx_enable(rig, 1);
	rig_nops(rig, 0, LIST, 3);
	for (q = 0; q < 3; q++) {
		rig_queue_setup(rig, q, q == 1, 4, 0, 0);
		if (q < 2)
			rig_queue_own(rig, q);
		rig_queue_cmd(rig, q, LUTNA_Q_CMD_START);
		g_assert_cmpuint(rig_queue_state(rig, q), ==, LUTNA_Q_RUNNING);
	}
	return rig;
}

static void ring(struct rig *rig, uint64_t off, uint32_t tail)
{
	qpci_io_writel(rig->dev, rig->bells, off, tail);
}

static uint32_t tail_of(struct rig *rig, unsigned int q)
{
	return rig_get(rig, LUTNA_REG_QUEUE(q) + LUTNA_Q_TAIL);
}

static void test_run(void)
{
	struct rig *rig = start();
	struct lutna_completion c;
	unsigned int i;

	for (i = 1; i <= 100; i++) {
		c = rig_run(rig, 0, LIST, i % 4);
		g_assert_cmphex(c.status, ==, 0);
		g_assert_cmpuint(c.head, ==, i);
		g_assert_cmpuint(c.command, ==, i % 4);
		g_assert_cmpuint(qtest_readq(rig->qts, rig->queue[0].seq), ==,
				 c.seqno);
		rig_run(rig, 1, 0, 0);
		rig_run(rig, 2, 0, 0);
	}
	g_assert_cmpuint(rig_get64(rig, LUTNA_REG_COUNT_DOORBELLS), ==, 300);
	g_assert_cmpuint(rig_get(rig, LUTNA_REG_ERROR), ==, 0);
	rig_stop(rig);
}

/* An owned queue is none of the driver's: an error, as ever in the first half. */
static void test_first_half(void)
{
	struct rig *rig = start();
	struct lutna_completion c;

	ring(rig, LUTNA_DOORBELL(0, 0), 1);
	c = rig_cq_take(rig, 0);
	rig_cq_release(rig, 0);
	g_assert_cmpuint(c.type, ==, LUTNA_RECORD_EVENT);
	g_assert_cmpuint(c.status, ==, LUTNA_ERROR_DOORBELL);
	g_assert_cmphex(c.fault_addr, ==, LUTNA_DOORBELL(0, 0));
	g_assert_cmpuint(tail_of(rig, 0), ==, 0);
	rig_run(rig, 0, 0, 0);
	rig_stop(rig);
}

/* Neither of these changes anything, or is told to anybody. */
static void test_ignored(void)
{
	struct rig *rig = start();
	const uint64_t mine = LUTNA_DOORBELL_USER(0, 0);
	unsigned int q;

	/* the driver's queue, another context's, none, one that is disabled */
	ring(rig, LUTNA_DOORBELL_USER(0, 2), 1);
	ring(rig, LUTNA_DOORBELL_USER(0, 1), 1);
	ring(rig, LUTNA_DOORBELL_USER(1, 0), 1);
	ring(rig, LUTNA_DOORBELL_USER(63, 0), 1);
	ring(rig, LUTNA_DOORBELL_USER(255, 0), 1);
	ring(rig, LUTNA_DOORBELL_USER(0, 3), 1);
	ring(rig, LUTNA_DOORBELL_USER(0, 127), 1);
	ring(rig, LUTNA_DOORBELL_USER(0, 128), 1);
	ring(rig, LUTNA_DOORBELL_USER(0, 511), 1);
	/* wrong tails too */
	ring(rig, LUTNA_DOORBELL_USER(0, 1), 100);
	ring(rig, LUTNA_DOORBELL_USER(0, 2), 100);
	/* sizes and places */
	qpci_io_writeb(rig->dev, rig->bells, mine, 1);
	qpci_io_writew(rig->dev, rig->bells, mine, 1);
	qpci_io_writeq(rig->dev, rig->bells, mine, 1);
	ring(rig, mine + 4, 1);
	ring(rig, mine + 2, 1);
	ring(rig, LUTNA_DOORBELLS_SIZE - 4, 1);
	rig_cq_none(rig, 0);
	for (q = 0; q < 4; q++)
		g_assert_cmpuint(tail_of(rig, q), ==, 0);
	g_assert_cmpuint(rig_get(rig, LUTNA_REG_ERROR), ==, 0);
	g_assert_cmpuint(rig_get64(rig, LUTNA_REG_COUNT_DOORBELLS), ==, 0);
	/* Reading means nothing. */
	g_assert_cmphex(qpci_io_readl(rig->dev, rig->bells, mine), ==, 0);
	for (q = 0; q < 3; q++)
		rig_run(rig, q, 0, 0);
	/* A page full of nonsense */
	for (q = 0; q < LUTNA_DOORBELL_PAGE; q += 4)
		ring(rig, LUTNA_DOORBELL_USER(1, 0) + q, rig_rand());
	g_assert_cmphex(rig_cq_take(rig, 0).queue, ==, 1);
	rig_cq_release(rig, 0);
	g_assert_cmpuint(rig_queue_state(rig, 1), ==, LUTNA_Q_FAULTED);
	rig_cq_none(rig, 0);
	rig_run(rig, 0, 0, 0);
	rig_run(rig, 2, 0, 0);
	g_assert_cmpuint(rig_get(rig, LUTNA_REG_ERROR), ==, 0);
	rig_stop(rig);
}

/* @head: after it; a job that fails takes an entry, also one never written. */
static void expect_doorbell_fault(struct rig *rig, uint32_t tail, uint32_t head)
{
	const uint64_t reg = LUTNA_REG_QUEUE(0);
	struct lutna_completion c = rig_cq_take(rig, 0);

	rig_cq_release(rig, 0);
	g_assert_cmpuint(c.type, ==, LUTNA_RECORD_JOB);
	g_assert_cmpuint(c.queue, ==, 0);
	g_assert_cmphex(c.status, ==, LUTNA_FAULT_DOORBELL);
	g_assert_cmphex(c.fault_addr, ==, tail);
	g_assert_cmpuint(c.head, ==, head);
	g_assert_cmpuint(c.command, ==, 0);
	g_assert_cmpuint(c.seqno, ==, 0);
	rig_queue_wait(rig, 0, LUTNA_Q_FAULTED);
	g_assert_cmphex(rig_get(rig, reg + LUTNA_Q_FAULT), ==, LUTNA_FAULT_DOORBELL);
	g_assert_cmphex(rig_get64(rig, reg + LUTNA_Q_FAULT_ADDR), ==, tail);
	g_assert_cmpuint(rig_get(rig, reg + LUTNA_Q_HEAD), ==, head);
	g_assert_cmpuint(rig_get(rig, LUTNA_REG_ERROR), ==, 0);
}

static void test_wrong_tail(void)
{
	static const uint32_t wrong[] = { 17, 100, 1U << 31, UINT32_MAX };
	struct rig *rig = start();
	const uint64_t bell = LUTNA_DOORBELL_USER(0, 0);
	unsigned int i;
	uint32_t head = 0;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		ring(rig, bell, head + wrong[i]);
		expect_doorbell_fault(rig, head + wrong[i], head + 1);
		head++;
		/* Faulted: nothing is taken. */
		ring(rig, bell, head + 1);
		ring(rig, bell, head + wrong[i]);
		rig_cq_none(rig, 0);
		g_assert_cmpuint(tail_of(rig, 0), ==, head);
		rig_queue_cmd(rig, 0, LUTNA_Q_CMD_START);
		rig->queue[0].tail = head;
		rig_run(rig, 0, 0, 0);
		head++;
	}
	/* Nobody else has noticed. */
	rig_run(rig, 1, 0, 0);
	rig_run(rig, 2, 0, 0);
	rig_stop(rig);
}

/* After the job in flight, instead of the one behind it; a second one is late. */
static void test_wrong_tail_in_flight(void)
{
	struct rig *rig = start();
	unsigned int more;

	for (more = 0; more < 2; more++) {
		uint32_t head = rig->queue[0].tail;

		rig_hang(rig, true);
		rig_submit(rig, 0, LIST, 3);
		rig_wait(rig, LUTNA_REG_QUEUE(0) + LUTNA_Q_STATUS,
			 LUTNA_Q_STATUS_BUSY, LUTNA_Q_STATUS_BUSY);
		if (more)
			rig_submit(rig, 0, LIST, 3);
		ring(rig, LUTNA_DOORBELL_USER(0, 0), head);
		ring(rig, LUTNA_DOORBELL_USER(0, 0), head + 12345);
		/* nor is a good one taken any more */
		ring(rig, LUTNA_DOORBELL_USER(0, 0), head + 5);
		rig_cq_none(rig, 0);
		g_assert_cmpuint(tail_of(rig, 0), ==, head + 1 + more);
		rig_hang(rig, false);
		g_assert_cmphex(rig_cq_take(rig, 0).status, ==, 0);
		expect_doorbell_fault(rig, head, head + 2);
		rig_queue_cmd(rig, 0, LUTNA_Q_CMD_START);
		rig->queue[0].tail = head + 2;
		rig_run(rig, 0, LIST, 3);
	}
	rig_stop(rig);
}

/* A stopped queue keeps what it is told; one that is reset forgets it. */
static void test_states(void)
{
	struct rig *rig = start();

	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_STOP);
	rig_submit(rig, 0, 0, 0);
	rig_cq_none(rig, 0);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_START);
	g_assert_cmphex(rig_cq_take(rig, 0).status, ==, 0);
	rig_cq_release(rig, 0);

	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_PAUSE);
	ring(rig, LUTNA_DOORBELL_USER(0, 0), 77);
	rig_cq_none(rig, 0);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_START);
	expect_doorbell_fault(rig, 77, 2);

	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_START);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_STOP);
	ring(rig, LUTNA_DOORBELL_USER(0, 0), 77);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_RESET);
	ring(rig, LUTNA_DOORBELL_USER(0, 0), 1);
	g_assert_cmpuint(tail_of(rig, 0), ==, 0);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_START);
	rig_cq_none(rig, 0);
	rig->queue[0].tail = 0;
	rig_run(rig, 0, 0, 0);

	/* A device that was reset knows no queues. */
	rig_put(rig, LUTNA_REG_CTRL, LUTNA_CTRL_RESET);
	ring(rig, LUTNA_DOORBELL_USER(0, 0), 2);
	rig_wait(rig, LUTNA_REG_STATUS, LUTNA_STATUS_RESET_BUSY, 0);
	ring(rig, LUTNA_DOORBELL_USER(0, 0), 2);
	rig_bring_up(rig);
	rig_cq_none(rig, 0);
	g_assert_cmpuint(rig_get(rig, LUTNA_REG_ERROR), ==, 0);
	rig_stop(rig);
}

static void submit_silent(struct rig *rig, unsigned int q, unsigned int jobs)
{
	unsigned int i;

	for (i = 0; i < jobs; i++)
		rig_entry(rig, q, ENTRY(.count = 0));
	rig_bell(rig, q);
	for (i = 0; i < jobs; i++)
		rig_cq_take(rig, 0);
	rig_cq_release(rig, 0);
}

static void arm(struct rig *rig, uint32_t count)
{
	rig_put(rig, LUTNA_REG_QUEUE(0) + LUTNA_Q_ARM, count);
}

static void test_arm(void)
{
	struct rig *rig = start();
	uint64_t addr = rig_alloc(rig, RIG_PAGE);

	rig_msix_set(rig, 0, addr, 0x1234, false);
	submit_silent(rig, 0, 3);
	rig_expect_no_irq(rig, addr);
	/* reached already, just so and long ago; each once */
	arm(rig, 3);
	rig_expect_irq(rig, addr, 0x1234);
	arm(rig, 1);
	rig_expect_irq(rig, addr, 0x1234);
	submit_silent(rig, 0, 1);
	rig_expect_no_irq(rig, addr);
	/* reached later, and not again */
	arm(rig, 6);
	submit_silent(rig, 0, 1);
	rig_expect_no_irq(rig, addr);
	submit_silent(rig, 0, 1);
	rig_expect_irq(rig, addr, 0x1234);
	submit_silent(rig, 0, 2);
	rig_expect_no_irq(rig, addr);
	/* another queue's jobs do not count; the last word does */
	arm(rig, 9);
	arm(rig, 10);
	submit_silent(rig, 1, 4);
	submit_silent(rig, 0, 1);
	rig_expect_no_irq(rig, addr);
	submit_silent(rig, 0, 1);
	rig_expect_irq(rig, addr, 0x1234);
	/* far away in both directions */
	arm(rig, 10 + INT32_MAX);
	submit_silent(rig, 0, 1);
	rig_expect_no_irq(rig, addr);
	arm(rig, 11 - INT32_MAX);
	rig_expect_irq(rig, addr, 0x1234);
	arm(rig, 11U + (1U << 31));
	submit_silent(rig, 0, 1);
	rig_expect_no_irq(rig, addr);
	/* reset disarms; what is disabled is not armed */
	arm(rig, 13);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_RESET);
	arm(rig, 1);
	arm(rig, 0);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_START);
	rig->queue[0].tail = 0;
	submit_silent(rig, 0, 13);
	rig_expect_no_irq(rig, addr);
	/* a ring that raises none */
	rig_put(rig, LUTNA_REG_CQ(0) + LUTNA_CQ_CFG, LUTNA_CQ_CFG_ENABLE | 8);
	arm(rig, 1);
	rig_expect_no_irq(rig, addr);
	g_assert_cmpuint(rig_get(rig, LUTNA_REG_ERROR), ==, 0);
	rig_stop(rig);
}

/* A message that is written to the register that raises it */
static void test_arm_itself(void)
{
	struct rig *rig = start();
	uint64_t reg = rig->regs.addr + LUTNA_REG_QUEUE(0) + LUTNA_Q_ARM;

	rig_msix_set(rig, 0, reg, 0, false);
	arm(rig, 0);
	rig_msix_set(rig, 0, rig_alloc(rig, RIG_PAGE), 1, false);
	rig_run(rig, 0, 0, 0);
	g_assert_cmpuint(rig_get(rig, LUTNA_REG_ERROR), ==, 0);
	rig_stop(rig);
}

static void test_half_full(void)
{
	struct rig *rig = start();
	uint64_t addr = rig_alloc(rig, RIG_PAGE);
	unsigned int i;

	rig_cq_enable(rig, 1, 4, true);
	rig_msix_set(rig, 1, addr, 0x77, false);
	rig_queue_setup(rig, 5, 0, 5, 0, 1);
	rig_queue_own(rig, 5);
	rig_queue_cmd(rig, 5, LUTNA_Q_CMD_START);
	/* Half of the ring is free after eight, no longer after nine. */
	for (i = 0; i < 8; i++)
		rig_entry(rig, 5, ENTRY(.count = 0));
	rig_bell(rig, 5);
	for (i = 0; i < 8; i++)
		rig_cq_take(rig, 1);
	rig_expect_no_irq(rig, addr);
	rig_entry(rig, 5, ENTRY(.count = 0));
	rig_bell(rig, 5);
	rig_expect_irq(rig, addr, 0x77);
	rig_cq_take(rig, 1);
	rig_cq_release(rig, 1);
	rig_expect_no_irq(rig, addr);
	/* The driver's queues as well */
	rig_queue_start(rig, 6, 0, 5, 0, 1);
	for (i = 0; i < 9; i++)
		rig_entry(rig, 6, ENTRY(.count = 0));
	rig_bell(rig, 6);
	rig_expect_irq(rig, addr, 0x77);
	rig_stop(rig);
}

/* One process does what it likes to ring and doorbells; others work. */
static void test_nonsense(void)
{
	struct rig *rig = start();
	unsigned int i, faults = 0;

	for (i = 0; i < 5000; i++) {
		struct lutna_completion c;
		uint32_t head;

		ring(rig, LUTNA_DOORBELL_USER(1, rig_rand_range(0, 4)),
		     rig_rand_range(0, 3) ? rig_rand_range(0, 20) : rig_rand());
		qtest_writel(rig->qts, rig->queue[1].ring +
			     rig_rand_range(0, 256) * 4, rig_rand_range(0, 4));
		if (i % 50)
			continue;
		head = rig->queue[0].tail;
		rig_submit(rig, 0, LIST, 3);
		do {
			c = rig_cq_take(rig, 0);
			rig_put(rig, LUTNA_REG_CQ(0) + LUTNA_CQ_HEAD,
				rig->cq[0].head);
			g_assert_cmpuint(c.type, ==, LUTNA_RECORD_JOB);
		} while (c.queue != 0);
		g_assert_cmphex(c.status, ==, 0);
		g_assert_cmpuint(c.head, ==, head + 1);
		if (rig_queue_state(rig, 1) == LUTNA_Q_FAULTED) {
			faults++;
			rig_queue_cmd(rig, 1, LUTNA_Q_CMD_RESET);
			rig_queue_wait(rig, 1, LUTNA_Q_DISABLED);
			rig_queue_cmd(rig, 1, LUTNA_Q_CMD_START);
		}
	}
	g_assert_cmpuint(faults, >, 0);
	g_assert_cmpuint(rig_get(rig, LUTNA_REG_ERROR), ==, 0);
	rig_stop(rig);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	qtest_add_func("lutna/owned/run", test_run);
	qtest_add_func("lutna/owned/first-half", test_first_half);
	qtest_add_func("lutna/owned/ignored", test_ignored);
	qtest_add_func("lutna/owned/wrong-tail", test_wrong_tail);
	qtest_add_func("lutna/owned/wrong-tail-in-flight",
		       test_wrong_tail_in_flight);
	qtest_add_func("lutna/owned/states", test_states);
	qtest_add_func("lutna/owned/arm", test_arm);
	qtest_add_func("lutna/owned/arm-itself", test_arm_itself);
	qtest_add_func("lutna/owned/half-full", test_half_full);
	qtest_add_func("lutna/owned/nonsense", test_nonsense);
	return g_test_run();
}
