// SPDX-License-Identifier: GPL-2.0-only
/* Page tables, TLB, faults of addresses, and what DMA may reach. */
#include "load.h"
#include "qemu/bitops.h"

#define LIST	0x10000ULL
#define DATA	0x40000000ULL	/* another table at every level */

/*
 * The command that touches the least memory: it writes 8 bytes.  Reads are
 * tried by putting the list itself at the address.
 */
static uint64_t timestamp_list(struct rig *rig, unsigned int ctx, uint64_t addr)
{
	struct lutna_cmd_timestamp cmd;
	uint64_t bus = rig_alloc(rig, LUTNA_CMD_SIZE);

	rig_cmd(&cmd, LUTNA_OP_TIMESTAMP, 0);
	cmd.addr = addr;
	rig_write(rig, bus, &cmd, sizeof(cmd));
	rig_map(rig, ctx, LIST, bus, RIG_PAGE, RIG_R);
	rig_invalidate(rig, ctx, LIST, 1);
	return bus;
}

static struct rig *start_context(void)
{
	struct rig *rig = rig_start("");

	rig_ctx_enable(rig, 0);
	rig_queue_start(rig, 0, 0, 4, 0, 0);
	return rig;
}

static void expect_fault(struct rig *rig, struct lutna_completion c,
			 uint16_t status, uint8_t access, uint64_t addr)
{
	uint64_t reg = LUTNA_REG_QUEUE(0);

	g_assert_cmphex(c.status, ==, status);
	g_assert_cmpuint(c.access, ==, access);
	g_assert_cmphex(c.fault_addr, ==, addr);
	g_assert_cmpuint(c.command, ==, 0);
	g_assert_cmpuint(rig_queue_state(rig, 0), ==, LUTNA_Q_FAULTED);
	g_assert_cmphex(rig_get(rig, reg + LUTNA_Q_FAULT), ==,
			status | access << 16);
	g_assert_cmphex(rig_get64(rig, reg + LUTNA_Q_FAULT_ADDR), ==, addr);
	g_assert_cmpuint(rig_get(rig, reg + LUTNA_Q_FAULT_CMD), ==, 0);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_START);
	g_assert_cmphex(rig_get(rig, reg + LUTNA_Q_FAULT), ==, 0);
}

static void expect_write_fault(struct rig *rig, uint64_t addr, uint16_t status)
{
	timestamp_list(rig, 0, addr);
	expect_fault(rig, rig_run(rig, 0, LIST, 1), status, LUTNA_ACCESS_WRITE,
		     addr);
}

static void expect_write_ok(struct rig *rig, uint64_t addr)
{
	timestamp_list(rig, 0, addr);
	g_assert_cmphex(rig_run(rig, 0, LIST, 1).status, ==, LUTNA_FAULT_NONE);
}

static void test_unmapped(void)
{
	struct rig *rig = start_context();

	expect_fault(rig, rig_run(rig, 0, LIST, 1), LUTNA_FAULT_TRANSLATION,
		     LUTNA_ACCESS_READ, LIST);
	/* no root entry, no level 1 entry, no level 0 entry */
	expect_write_fault(rig, DATA, LUTNA_FAULT_TRANSLATION);
	rig_pte(rig, 0, DATA, 1);
	expect_write_fault(rig, DATA, LUTNA_FAULT_TRANSLATION);
	rig_pte(rig, 0, DATA, 0);
	expect_write_fault(rig, DATA, LUTNA_FAULT_TRANSLATION);
	rig_map(rig, 0, DATA, rig_alloc(rig, RIG_PAGE), RIG_PAGE, RIG_RW);
	expect_write_ok(rig, DATA);
	expect_write_ok(rig, DATA + RIG_PAGE - 8);
	expect_write_fault(rig, DATA + RIG_PAGE, LUTNA_FAULT_TRANSLATION);
	expect_write_fault(rig, DATA - 8, LUTNA_FAULT_TRANSLATION);
	rig_stop(rig);
}

static void test_beyond(void)
{
	static const uint64_t addr[] = {
		1ULL << LUTNA_VA_BITS, UINT64_MAX & ~63ULL, 1ULL << 63,
	};
	struct rig *rig = start_context();
	unsigned int i;

	/* Folded back to 39 bits they would be mapped. */
	rig_map(rig, 0, 0, rig_alloc(rig, RIG_PAGE), RIG_PAGE, RIG_RW);
	rig_map(rig, 0, (1ULL << LUTNA_VA_BITS) - RIG_PAGE,
		rig_alloc(rig, RIG_PAGE), RIG_PAGE, RIG_RW);
	for (i = 0; i < ARRAY_SIZE(addr); i++) {
		expect_fault(rig, rig_run(rig, 0, addr[i], 1),
			     LUTNA_FAULT_TRANSLATION, LUTNA_ACCESS_READ, addr[i]);
		expect_write_fault(rig, addr[i], LUTNA_FAULT_TRANSLATION);
	}
	expect_write_ok(rig, (1ULL << LUTNA_VA_BITS) - 8);
	/* A list that runs out of the address space faults there. */
	expect_fault(rig, rig_run(rig, 0, (1ULL << LUTNA_VA_BITS) - 64, 1),
		     LUTNA_FAULT_TRANSLATION, LUTNA_ACCESS_READ,
		     1ULL << LUTNA_VA_BITS);
	rig_stop(rig);
}

static void test_permission(void)
{
	struct rig *rig = start_context();
	uint64_t bus = rig_alloc(rig, RIG_PAGE);

	rig_map(rig, 0, DATA, bus, RIG_PAGE, RIG_R);
	expect_write_fault(rig, DATA, LUTNA_FAULT_PERMISSION);
	/* Granting a right needs no invalidation … */
	rig_map(rig, 0, DATA, bus, RIG_PAGE, RIG_RW);
	expect_write_ok(rig, DATA);
	/* … and a list needs the right to read. */
	rig_map(rig, 0, DATA, bus, RIG_PAGE, RIG_W);
	rig_invalidate(rig, 0, DATA, 1);
	expect_fault(rig, rig_run(rig, 0, DATA, 1), LUTNA_FAULT_PERMISSION,
		     LUTNA_ACCESS_READ, DATA);
	rig_map(rig, 0, DATA, bus, RIG_PAGE, 0);
	rig_invalidate(rig, 0, DATA, 1);
	expect_write_fault(rig, DATA, LUTNA_FAULT_PERMISSION);
	rig_stop(rig);
}

static void test_format(void)
{
	struct rig *rig = start_context();
	uint64_t bus = rig_alloc_aligned(rig, RIG_HUGE, RIG_HUGE);
	uint64_t leaf = LUTNA_PTE_VALID | LUTNA_PTE_LEAF | RIG_RW;
	uint64_t good[LUTNA_PT_LEVELS];
	int level, bit;

	rig_map(rig, 0, DATA, bus, RIG_PAGE, RIG_RW);
	for (level = 0; level < LUTNA_PT_LEVELS; level++)
		good[level] = qtest_readq(rig->qts, rig_pte(rig, 0, DATA, level));

	for (level = LUTNA_PT_LEVELS - 1; level >= 0; level--) {
		uint64_t entry = rig_pte(rig, 0, DATA, level);

		for (bit = 0; bit < 64; bit++) {
			if (!(LUTNA_PTE_RESERVED & (1ULL << bit)))
				continue;
			qtest_writeq(rig->qts, entry, good[level] | 1ULL << bit);
			expect_write_fault(rig, DATA, LUTNA_FAULT_PT_FORMAT);
		}
		/* What is not valid may say anything. */
		qtest_writeq(rig->qts, entry, ~LUTNA_PTE_VALID);
		expect_write_fault(rig, DATA, LUTNA_FAULT_TRANSLATION);
		qtest_writeq(rig->qts, entry, good[level]);
	}
	expect_write_ok(rig, DATA);
	rig_invalidate(rig, 0, 0, LUTNA_CTX_INV_ALL);

	/* a leaf where none may be, a pointer where none may be */
	rig_pte_write(rig, 0, DATA, 2, leaf);
	expect_write_fault(rig, DATA, LUTNA_FAULT_PT_FORMAT);
	rig_pte_write(rig, 0, DATA, 2, good[2] | RIG_R);
	expect_write_fault(rig, DATA, LUTNA_FAULT_PT_FORMAT);
	rig_pte_write(rig, 0, DATA, 2, good[2]);
	rig_pte_write(rig, 0, DATA, 1, good[1] | RIG_W);
	expect_write_fault(rig, DATA, LUTNA_FAULT_PT_FORMAT);
	/* a huge page that is not aligned */
	rig_pte_write(rig, 0, DATA, 1, (bus + RIG_PAGE) | leaf);
	expect_write_fault(rig, DATA, LUTNA_FAULT_PT_FORMAT);
	rig_pte_write(rig, 0, DATA, 1, good[1]);
	rig_pte_write(rig, 0, DATA, 0, bus | LUTNA_PTE_VALID);
	expect_write_fault(rig, DATA, LUTNA_FAULT_PT_FORMAT);
	rig_pte_write(rig, 0, DATA, 0, good[0]);
	expect_write_ok(rig, DATA);
	rig_stop(rig);
}

static void put_copy(struct rig *rig, uint64_t from, uint64_t to, uint16_t rows,
		     uint16_t bytes)
{
	struct lutna_tensor t = {
		.n = 1, .c = 1, .h = rows, .w = bytes,
		.stride_h = bytes, .stride_w = 1,
		.type = LUTNA_TYPE_U8,
	};
	uint64_t bus = rig_alloc(rig, LUTNA_CMD_SIZE);
	struct lutna_cmd_copy cmd;

	rig_cmd(&cmd, LUTNA_OP_COPY, 0);
	cmd.in = t;
	cmd.in.addr = from;
	cmd.out = t;
	cmd.out.addr = to;
	cmd.repeat_h = 1;
	cmd.repeat_w = 1;
	rig_write(rig, bus, &cmd, sizeof(cmd));
	rig_map(rig, 0, LIST, bus, RIG_PAGE, RIG_R);
	rig_invalidate(rig, 0, LIST, 1);
}

/* Pages that lie in reverse order, and a huge page */
static void test_scattered(void)
{
	struct rig *rig = start_context();
	const unsigned int pages = 40;
	const size_t size = pages * RIG_PAGE;
	uint64_t from = rig_alloc(rig, size);
	uint64_t to = rig_alloc_aligned(rig, RIG_HUGE, RIG_HUGE);
	g_autofree uint8_t *in = g_malloc(size);
	g_autofree uint8_t *out = g_malloc(size);
	unsigned int i;

	for (i = 0; i < size; i++)
		in[i] = rig_rand();
	for (i = 0; i < pages; i++) {
		rig_map(rig, 0, DATA + i * RIG_PAGE,
			from + (pages - 1 - i) * RIG_PAGE, RIG_PAGE, RIG_R);
		rig_write(rig, from + (pages - 1 - i) * RIG_PAGE,
			  in + i * RIG_PAGE, RIG_PAGE);
	}
	rig_pte_write(rig, 0, 0x200000, 1, to | RIG_RW | LUTNA_PTE_LEAF |
		      LUTNA_PTE_VALID);
	put_copy(rig, DATA + 5, 0x200000 + 123, pages - 1, RIG_PAGE);
	g_assert_cmphex(rig_run(rig, 0, LIST, 1).status, ==, 0);
	rig_read(rig, to + 123, out, (pages - 1) * RIG_PAGE);
	g_assert_cmpmem(out, (pages - 1) * RIG_PAGE, in + 5,
			(pages - 1) * RIG_PAGE);
	/* nothing beside it was touched */
	rig_read(rig, to, out, 123);
	for (i = 0; i < 123; i++)
		g_assert_cmpuint(out[i], ==, 0);

	/* a hole in the middle is named by its first byte */
	rig_pte_write(rig, 0, DATA + 7 * RIG_PAGE, 0, 0);
	rig_invalidate(rig, 0, DATA + 7 * RIG_PAGE, 1);
	expect_fault(rig, rig_run(rig, 0, LIST, 1), LUTNA_FAULT_TRANSLATION,
		     LUTNA_ACCESS_READ, DATA + 7 * RIG_PAGE);
	rig_stop(rig);
}

static void test_invalidate(void)
{
	struct rig *rig = start_context();
	uint64_t a = rig_alloc(rig, RIG_PAGE);
	uint64_t b = rig_alloc(rig, RIG_PAGE);
	uint64_t hits;

	/* The time is 0 in this machine until it is moved. */
	qtest_clock_set(rig->qts, 1000000);
	rig_map(rig, 0, DATA, a, RIG_PAGE, RIG_RW);
	expect_write_ok(rig, DATA);
	g_assert_cmphex(qtest_readq(rig->qts, a), !=, 0);
	hits = rig_get64(rig, LUTNA_REG_COUNT_TLB_HITS);
	expect_write_ok(rig, DATA);
	g_assert_cmpuint(rig_get64(rig, LUTNA_REG_COUNT_TLB_HITS), >, hits);

	rig_map(rig, 0, DATA, b, RIG_PAGE, RIG_RW);
	/* one page before and one behind do not help */
	rig_invalidate(rig, 0, DATA - RIG_PAGE, 1);
	rig_invalidate(rig, 0, DATA + RIG_PAGE, 1);
	qtest_writeq(rig->qts, a, 0);
	expect_write_ok(rig, DATA);
	g_assert_cmphex(qtest_readq(rig->qts, a), !=, 0);
	g_assert_cmphex(qtest_readq(rig->qts, b), ==, 0);

	qtest_writeq(rig->qts, a, 0);
	rig_invalidate(rig, 0, DATA + 0x123, 1);
	expect_write_ok(rig, DATA);
	g_assert_cmphex(qtest_readq(rig->qts, a), ==, 0);
	g_assert_cmphex(qtest_readq(rig->qts, b), !=, 0);

	rig_pte_write(rig, 0, DATA, 0, 0);
	rig_invalidate(rig, 0, DATA - 10 * RIG_PAGE, 11);
	expect_write_fault(rig, DATA, LUTNA_FAULT_TRANSLATION);
	rig_map(rig, 0, DATA, a, RIG_PAGE, RIG_RW);
	expect_write_ok(rig, DATA);
	rig_pte_write(rig, 0, DATA, 0, 0);
	rig_invalidate(rig, 0, 0, LUTNA_CTX_INV_ALL);
	expect_write_fault(rig, DATA, LUTNA_FAULT_TRANSLATION);
	rig_stop(rig);
}

static void test_invalidate_huge(void)
{
	struct rig *rig = start_context();
	uint64_t a = rig_alloc_aligned(rig, RIG_HUGE, RIG_HUGE);
	uint64_t leaf = RIG_RW | LUTNA_PTE_LEAF | LUTNA_PTE_VALID;

	rig_pte_write(rig, 0, DATA, 1, a | leaf);
	expect_write_ok(rig, DATA + RIG_HUGE - 8);
	rig_pte_write(rig, 0, DATA, 1, 0);
	/* any 4 KiB of it */
	rig_invalidate(rig, 0, DATA + 77 * RIG_PAGE, 1);
	expect_write_fault(rig, DATA + RIG_HUGE - 8, LUTNA_FAULT_TRANSLATION);
	rig_stop(rig);
}

static void swap_buffers(uint64_t *a, uint64_t *b)
{
	uint64_t c = *a;

	*a = *b;
	*b = c;
}

/*
 * A driver takes pages away while jobs write to them, and uses them for
 * something else as soon as the invalidation is through.
 */
static void test_invalidate_load(void)
{
	struct rig *rig = rig_start("");
	uint64_t old = load_start(rig);
	uint64_t new = rig_alloc(rig, LOAD_BYTES);
	uint64_t table = rig_pte(rig, LOAD_CTX, LOAD_VA, 0);
	uint64_t ptes[LOAD_BYTES / RIG_PAGE];
	g_autofree uint8_t *data = g_malloc(LOAD_BYTES);
	unsigned int round, i;

	for (round = 1; round <= 100; round++) {
		for (i = 0; i < ARRAY_SIZE(ptes); i++)
			ptes[i] = (new + i * RIG_PAGE) | RIG_RW |
				  LUTNA_PTE_LEAF | LUTNA_PTE_VALID;
		rig_write(rig, table, ptes, sizeof(ptes));
		rig_invalidate(rig, LOAD_CTX, LOAD_VA, LOAD_BYTES / RIG_PAGE);
		qtest_memset(rig->qts, old, round, LOAD_BYTES);
		g_usleep(1000);
		rig_read(rig, old, data, LOAD_BYTES);
		for (i = 0; i < LOAD_BYTES; i++)
			g_assert_cmphex(data[i], ==, round);
		swap_buffers(&old, &new);
	}
	rig_stop(rig);
}

/* What one context maps another does not see. */
static void test_isolation(void)
{
	struct rig *rig = start_context();
	uint64_t a = rig_alloc(rig, RIG_PAGE);
	uint64_t b = rig_alloc(rig, RIG_PAGE);
	struct lutna_completion c;

	rig_ctx_enable(rig, 1);
	rig_queue_start(rig, 1, 1, 4, 0, 0);
	qtest_clock_set(rig->qts, 1000000);
	rig_map(rig, 0, DATA, a, RIG_PAGE, RIG_RW);
	expect_write_ok(rig, DATA);

	timestamp_list(rig, 1, DATA);
	c = rig_run(rig, 1, LIST, 1);
	g_assert_cmphex(c.status, ==, LUTNA_FAULT_TRANSLATION);
	g_assert_cmpuint(c.context, ==, 1);
	g_assert_cmpuint(rig_queue_state(rig, 0), ==, LUTNA_Q_RUNNING);

	/* the same address, other memory */
	rig_map(rig, 1, DATA, b, RIG_PAGE, RIG_RW);
	rig_queue_cmd(rig, 1, LUTNA_Q_CMD_START);
	qtest_writeq(rig->qts, a, 0);
	g_assert_cmphex(rig_run(rig, 1, LIST, 1).status, ==, 0);
	g_assert_cmphex(qtest_readq(rig->qts, a), ==, 0);
	g_assert_cmphex(qtest_readq(rig->qts, b), !=, 0);

	/* invalidating one leaves the other alone */
	rig_pte_write(rig, 0, DATA, 0, 0);
	rig_invalidate(rig, 0, DATA, 1);
	g_assert_cmphex(rig_run(rig, 1, LIST, 1).status, ==, 0);
	expect_write_fault(rig, DATA, LUTNA_FAULT_TRANSLATION);
	rig_stop(rig);
}

static void test_disable(void)
{
	struct rig *rig = start_context();
	uint64_t ctrl = LUTNA_REG_CTX(0) + LUTNA_CTX_CTRL;
	uint64_t status = LUTNA_REG_CTX(0) + LUTNA_CTX_STATUS;

	rig_map(rig, 0, DATA, rig_alloc(rig, RIG_PAGE), RIG_PAGE, RIG_RW);
	expect_write_ok(rig, DATA);
	rig_put(rig, ctrl, 0);
	rig_wait(rig, status, LUTNA_CTX_STATUS_BUSY | LUTNA_CTX_STATUS_ENABLED, 0);
	g_assert_cmphex(rig_run(rig, 0, LIST, 1).status, ==,
			LUTNA_FAULT_TRANSLATION);
	/* and the queue cannot be started over while its context is gone */
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_START);
	g_assert_cmpuint(rig_queue_state(rig, 0), ==, LUTNA_Q_FAULTED);
	rig_put(rig, ctrl, LUTNA_CTX_CTRL_ENABLE);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_START);
	/* the refused start sent an event */
	g_assert_cmpuint(rig_cq_take(rig, 0).type, ==, LUTNA_RECORD_EVENT);
	rig_cq_release(rig, 0);
	expect_write_ok(rig, DATA);
	rig_stop(rig);
}

/* RAM and nothing else, for data, tables, rings */
static void test_not_ram(void)
{
	struct rig *rig = start_context();
	const uint64_t not_ram[] = {
		rig->regs.addr,			/* its own registers */
		rig->bells.addr,
		0xfec00000,			/* another device's */
		0x3000000000ULL,		/* nothing */
		LUTNA_PTE_ADDR,			/* the last page there is */
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(not_ram); i++) {
		rig_map(rig, 0, DATA, not_ram[i], RIG_PAGE, RIG_RW);
		rig_invalidate(rig, 0, DATA, 1);
		expect_write_fault(rig, DATA, LUTNA_FAULT_DMA);
		expect_fault(rig, rig_run(rig, 0, DATA, 1), LUTNA_FAULT_DMA,
			     LUTNA_ACCESS_READ, DATA);
	}
	/* firmware may be read, not written */
	rig_map(rig, 0, DATA, 0xffff0000, RIG_PAGE, RIG_RW);
	rig_invalidate(rig, 0, DATA, 1);
	expect_write_fault(rig, DATA, LUTNA_FAULT_DMA);

	/* tables */
	rig_invalidate(rig, 0, DATA, 1);
	rig_pte_write(rig, 0, DATA, 1, rig->regs.addr | LUTNA_PTE_VALID);
	expect_write_fault(rig, DATA, LUTNA_FAULT_DMA);

	/* a root, then a ring */
	rig_ctx_enable(rig, 1);
	rig_put(rig, LUTNA_REG_CTX(1) + LUTNA_CTX_CTRL, 0);
	rig_put64(rig, LUTNA_REG_CTX(1) + LUTNA_CTX_PT_ROOT, rig->regs.addr);
	rig_put(rig, LUTNA_REG_CTX(1) + LUTNA_CTX_CTRL, 1);
	rig_queue_start(rig, 1, 1, 4, 0, 0);
	g_assert_cmphex(rig_run(rig, 1, LIST, 1).status, ==, LUTNA_FAULT_DMA);
	rig_stop(rig);
}

static void test_ring_not_ram(void)
{
	struct rig *rig = rig_start("");
	uint64_t ring = 0x3000000000ULL;
	struct lutna_completion c;

	rig_ctx_enable(rig, 0);
	rig_queue_setup(rig, 0, 0, 4, 0, 0);
	rig_put64(rig, LUTNA_REG_QUEUE(0) + LUTNA_Q_RING_BASE, ring);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_START);
	rig->queue[0].tail = 2;
	rig_bell(rig, 0);
	c = rig_cq_take(rig, 0);
	g_assert_cmphex(c.status, ==, LUTNA_FAULT_DMA);
	g_assert_cmphex(c.fault_addr, ==, ring);
	g_assert_cmpuint(c.head, ==, 1);
	rig_cq_none(rig, 0);

	/* A sequence number that cannot be written is an error, no more. */
	rig_reset(rig);
	rig_ctx_enable(rig, 0);
	rig_queue_setup(rig, 0, 0, 4, 0, 0);
	rig_put64(rig, LUTNA_REG_QUEUE(0) + LUTNA_Q_SEQ_ADDR, ring);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_START);
	rig_submit(rig, 0, 0, 0);
	g_assert_cmphex(rig_cq_take(rig, 0).status, ==, 0);
	g_assert_cmpuint(rig_cq_take(rig, 0).type, ==, LUTNA_RECORD_EVENT);
	rig_expect_error(rig, LUTNA_ERROR_COMPLETION, ring);

	/* A completion that cannot be written is fatal. */
	rig_put(rig, LUTNA_REG_CQ(1) + LUTNA_CQ_BASE + 4, ring >> 32);
	rig_put(rig, LUTNA_REG_CQ(1) + LUTNA_CQ_CFG, LUTNA_CQ_CFG_ENABLE | 4);
	rig_ctx_enable(rig, 0);
	rig_queue_start(rig, 0, 0, 4, 0, 1);
	rig_submit(rig, 0, 0, 0);
	rig_wait(rig, LUTNA_REG_STATUS, LUTNA_STATUS_FATAL, LUTNA_STATUS_FATAL);
	rig_expect_error(rig, LUTNA_ERROR_COMPLETION, ring);
	g_assert_cmphex(rig_get(rig, LUTNA_REG_STATUS), ==, LUTNA_STATUS_ENABLED);
	rig_stop(rig);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	qtest_add_func("lutna/mmu/unmapped", test_unmapped);
	qtest_add_func("lutna/mmu/beyond", test_beyond);
	qtest_add_func("lutna/mmu/permission", test_permission);
	qtest_add_func("lutna/mmu/format", test_format);
	qtest_add_func("lutna/mmu/scattered", test_scattered);
	qtest_add_func("lutna/mmu/invalidate", test_invalidate);
	qtest_add_func("lutna/mmu/invalidate-huge", test_invalidate_huge);
	qtest_add_func("lutna/mmu/invalidate-load", test_invalidate_load);
	qtest_add_func("lutna/mmu/isolation", test_isolation);
	qtest_add_func("lutna/mmu/disable", test_disable);
	qtest_add_func("lutna/mmu/not-ram", test_not_ram);
	qtest_add_func("lutna/mmu/ring-not-ram", test_ring_not_ram);
	return g_test_run();
}
