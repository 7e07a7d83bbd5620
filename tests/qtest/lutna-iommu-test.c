// SPDX-License-Identifier: GPL-2.0-only
/*
 * Behind an IOMMU (Intel's): every address of rings, tables and pages is
 * translated, and what is not mapped cannot be touched.
 */
#include "rig.h"
#include "qemu/bitops.h"

#define LIST		0x10000ULL
#define DATA		0x40000000ULL

#define VTD		0xfed90000ULL
#define VTD_GCMD	0x18
#define VTD_GSTS	0x1c
#define VTD_RTADDR	0x20
#define VTD_CCMD	0x28
#define VTD_FSTS	0x34
#define VTD_FECTL	0x38
#define VTD_FEDATA	0x3c
#define VTD_FEADDR	0x40
#define VTD_IOTLB	0xf8
#define VTD_FRCD	0x220
#define VTD_TE		(1U << 31)
#define VTD_SRTP	(1U << 30)

#define VTD_R		1ULL
#define VTD_W		2ULL
#define VTD_RW		(VTD_R | VTD_W)
#define VTD_HUGE	(1ULL << 7)

/* The bus sees memory at another place than it has. */
#define SHIFT		(1ULL << 32)

struct vtd {
	struct rig *rig;
	uint64_t root;		/* of the second level, 3 levels */
};

static uint64_t vtd_entry(struct vtd *v, uint64_t iova, int level)
{
	QTestState *qts = v->rig->qts;
	uint64_t table = v->root;
	int at;

	for (at = 2; ; at--) {
		uint64_t entry = table + 8 * extract64(iova, 12 + 9 * at, 9);
		uint64_t pte;

		if (at == level)
			return entry;
		pte = qtest_readq(qts, entry);
		if (!pte) {
			pte = rig_alloc(v->rig, RIG_PAGE) | VTD_RW;
			qtest_writeq(qts, entry, pte);
		}
		table = pte & ~0xfffULL;
	}
}

static void vtd_flush(struct vtd *v)
{
	qtest_writeq(v->rig->qts, VTD + VTD_CCMD, 1ULL << 63 | 1ULL << 61);
	qtest_writeq(v->rig->qts, VTD + VTD_IOTLB, 1ULL << 63 | 1ULL << 60);
}

static void vtd_map(struct vtd *v, uint64_t iova, uint64_t pa, uint64_t rights)
{
	qtest_writeq(v->rig->qts, vtd_entry(v, iova, 0), pa | rights);
	vtd_flush(v);
}

/* All memory at SHIFT by 2 MiB pages; then translation on. */
static void vtd_enable(struct vtd *v)
{
	QTestState *qts = v->rig->qts;
	uint64_t root = rig_alloc(v->rig, RIG_PAGE);
	uint64_t context = rig_alloc(v->rig, RIG_PAGE);
	uint64_t pa;

	v->root = rig_alloc(v->rig, RIG_PAGE);
	for (pa = 0; pa < 256 << 20; pa += RIG_HUGE)
		qtest_writeq(qts, vtd_entry(v, SHIFT + pa, 1),
			     pa | VTD_RW | VTD_HUGE);
	qtest_writeq(qts, root, context | 1);
	qtest_writeq(qts, context + 16 * v->rig->dev->devfn, v->root | 1);
	/* 39 bits, domain 1 */
	qtest_writeq(qts, context + 16 * v->rig->dev->devfn + 8, 1 | 1 << 8);
	qtest_writeq(qts, VTD + VTD_RTADDR, root);
	qtest_writel(qts, VTD + VTD_GCMD, VTD_SRTP);
	vtd_flush(v);
	qtest_writel(qts, VTD + VTD_GCMD, VTD_TE);
	g_assert_cmphex(qtest_readl(qts, VTD + VTD_GSTS) & VTD_TE, ==, VTD_TE);
}

static void map(struct vtd *v, uint64_t va, uint64_t bus)
{
	rig_map(v->rig, 0, va, bus, RIG_PAGE, RIG_RW);
	rig_invalidate(v->rig, 0, va, 1);
}

/*
 * A device whose rings and tables are all named by shifted addresses, with
 * one page mapped for data and a list that writes to it.
 */
static struct vtd start_translated(uint64_t *data)
{
	struct vtd v = { .rig = rig_start_args("", "-device intel-iommu,"
					       "intremap=off") };
	struct lutna_cmd_timestamp cmd;
	struct rig *rig = v.rig;
	uint64_t list;

	rig_put(rig, LUTNA_REG_CTRL, LUTNA_CTRL_RESET);
	rig_wait(rig, LUTNA_REG_STATUS, LUTNA_STATUS_RESET_BUSY, 0);
	rig_forget(rig);
	vtd_enable(&v);

	rig->shift = SHIFT;
	rig_bring_up(rig);
	rig_ctx_enable(rig, 0);
	rig_queue_start(rig, 0, 0, 4, 0, 0);

	list = rig_alloc(rig, RIG_PAGE);
	*data = rig_alloc(rig, RIG_PAGE);
	rig_cmd(&cmd, LUTNA_OP_TIMESTAMP, 0);
	cmd.addr = DATA;
	rig_write(rig, list, &cmd, sizeof(cmd));
	map(&v, LIST, list + SHIFT);
	map(&v, DATA, *data + SHIFT);
	qtest_clock_step(rig->qts, 1000);
	return v;
}

static void test_translated(void)
{
	uint64_t data;
	struct vtd v = start_translated(&data);
	struct rig *rig = v.rig;
	struct lutna_completion c;
	int i;

	for (i = 0; i < 40; i++) {
		c = rig_run(rig, 0, LIST, 1);
		g_assert_cmphex(c.status, ==, LUTNA_FAULT_NONE);
		g_assert_cmpuint(qtest_readq(rig->qts, rig->queue[0].seq), ==,
				 c.seqno);
	}
	g_assert_cmpuint(qtest_readq(rig->qts, data), ==,
			 rig_get64(rig, LUTNA_REG_TIME));
	/* Memory's own addresses lead nowhere now. */
	map(&v, DATA, data);
	c = rig_run(rig, 0, LIST, 1);
	g_assert_cmphex(c.status, ==, LUTNA_FAULT_DMA);
	g_assert_cmpuint(c.access, ==, LUTNA_ACCESS_WRITE);
	g_assert_cmphex(c.fault_addr, ==, DATA);
	rig_stop(rig);
}

static void test_rights(void)
{
	const uint64_t iova = 2 * SHIFT + 0x5000;
	uint64_t data, other;
	struct vtd v = start_translated(&data);
	struct rig *rig = v.rig;

	other = rig_alloc(rig, RIG_PAGE);
	map(&v, DATA, iova);
	vtd_map(&v, iova, other, VTD_RW);
	g_assert_cmphex(rig_run(rig, 0, LIST, 1).status, ==, 0);
	g_assert_cmphex(qtest_readq(rig->qts, other), !=, 0);
	g_assert_cmphex(qtest_readq(rig->qts, data), ==, 0);

	vtd_map(&v, iova, other, VTD_R);
	g_assert_cmphex(rig_run(rig, 0, LIST, 1).status, ==, LUTNA_FAULT_DMA);
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_START);
	vtd_map(&v, iova, data, VTD_RW);
	g_assert_cmphex(rig_run(rig, 0, LIST, 1).status, ==, 0);
	g_assert_cmphex(qtest_readq(rig->qts, data), !=, 0);
	vtd_map(&v, iova, 0, 0);
	g_assert_cmphex(rig_run(rig, 0, LIST, 1).status, ==, LUTNA_FAULT_DMA);
	/* to another device's registers */
	rig_queue_cmd(rig, 0, LUTNA_Q_CMD_START);
	vtd_map(&v, iova, rig->regs.addr, VTD_RW);
	g_assert_cmphex(rig_run(rig, 0, LIST, 1).status, ==, LUTNA_FAULT_DMA);
	rig_stop(rig);
}

/* A refusal that is reported by an interrupt of the IOMMU's */
static void test_fault_interrupt(void)
{
	uint64_t data;
	struct vtd v = start_translated(&data);
	struct rig *rig = v.rig;

	qtest_writel(rig->qts, VTD + VTD_FEDATA, 0x41);
	qtest_writel(rig->qts, VTD + VTD_FEADDR, 0xfee00000);
	qtest_writel(rig->qts, VTD + VTD_FECTL, 0);
	map(&v, DATA, 5 * SHIFT);
	g_assert_cmphex(rig_run(rig, 0, LIST, 1).status, ==, LUTNA_FAULT_DMA);
	g_assert_cmphex(qtest_readl(rig->qts, VTD + VTD_FSTS) & 2, ==, 2);
	g_assert_cmphex(qtest_readq(rig->qts, VTD + VTD_FRCD), ==, 5 * SHIFT);
	rig_stop(rig);
}

/* Resets come while workers wait for the lock that translation needs. */
static void test_reset(void)
{
	uint64_t data;
	struct vtd v = start_translated(&data);
	struct rig *rig = v.rig;
	int i;

	for (i = 0; i < 16; i++)
		rig_entry(rig, 0, (struct lutna_job_entry) {
			.list = LIST, .count = 1 });
	rig_bell(rig, 0);
	rig_put(rig, LUTNA_REG_CTRL, LUTNA_CTRL_RESET);
	rig_wait(rig, LUTNA_REG_STATUS, LUTNA_STATUS_RESET_BUSY, 0);
	qtest_qmp_assert_success(rig->qts, "{'execute': 'stop'}");
	qtest_qmp_assert_success(rig->qts, "{'execute': 'cont'}");
	g_assert_cmphex(rig_get(rig, LUTNA_REG_STATUS), ==, 0);
	rig_stop(rig);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	qtest_add_func("lutna/iommu/translated", test_translated);
	qtest_add_func("lutna/iommu/rights", test_rights);
	qtest_add_func("lutna/iommu/fault-interrupt", test_fault_interrupt);
	qtest_add_func("lutna/iommu/reset", test_reset);
	return g_test_run();
}
