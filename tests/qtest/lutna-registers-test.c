// SPDX-License-Identifier: GPL-2.0-only
/* Identity, capabilities, registers and what they refuse. */
#include "rig.h"
#include "hw/pci/pci_regs.h"
#include "qemu/bitops.h"
#include "qapi/qmp/qdict.h"

static void test_identity(void)
{
	struct rig *rig = rig_start("");
	uint64_t val;

	g_assert_cmphex(qpci_config_readw(rig->dev, PCI_VENDOR_ID), ==,
			LUTNA_PCI_VENDOR_ID);
	g_assert_cmphex(qpci_config_readw(rig->dev, PCI_DEVICE_ID), ==,
			LUTNA_PCI_DEVICE_ID);
	g_assert_cmphex(qpci_config_readw(rig->dev, PCI_CLASS_DEVICE), ==,
			LUTNA_PCI_CLASS);
	g_assert_cmphex(qpci_config_readb(rig->dev, PCI_REVISION_ID), ==,
			LUTNA_PCI_REVISION);

	g_assert_cmphex(rig_get(rig, LUTNA_REG_ID), ==, LUTNA_ID);
	g_assert_cmphex(rig_get(rig, LUTNA_REG_VERSION), ==, LUTNA_VERSION);
	val = rig_get64(rig, LUTNA_REG_CAPS);
	g_assert_cmpuint(val & LUTNA_CAPS_CONTEXTS, ==, 64);
	g_assert_cmpuint((val & LUTNA_CAPS_QUEUES) >> 16, ==, 128);
	g_assert_cmpuint((val & LUTNA_CAPS_VECTORS) >> 32, ==, 16);
	g_assert_cmpuint((val & LUTNA_CAPS_RING_LOG2) >> 48, ==, 12);
	g_assert_cmpuint((val & LUTNA_CAPS_VA_BITS) >> 56, ==, LUTNA_VA_BITS);
	val = rig_get64(rig, LUTNA_REG_LIMITS);
	g_assert_cmpuint(val & LUTNA_LIMITS_COMMANDS, ==, 65536);
	g_assert_cmpuint((val & LUTNA_LIMITS_TENSOR_LOG2) >> 32, ==, 26);
	g_assert_cmpuint((val & LUTNA_LIMITS_ISA_VERSION) >> 40, ==,
			 LUTNA_ISA_VERSION);
	g_assert_cmpuint(rig_get(rig, LUTNA_REG_UNITS), ==, 4096);
	g_assert_cmpuint(rig_get(rig, LUTNA_REG_CLOCK_KHZ), ==, 500000);
	g_assert_cmphex(rig_get64(rig, LUTNA_REG_FEATURES), ==,
			LUTNA_FEATURE_COMPRESSED | LUTNA_FEATURE_APPROX |
			LUTNA_FEATURE_HUGE_PAGES | LUTNA_FEATURE_SEQ_WRITE |
			LUTNA_FEATURE_PROFILE | LUTNA_FEATURE_OWNED_QUEUES);
	g_assert_cmpuint(rig_get(rig, LUTNA_REG_ERROR), ==, LUTNA_ERROR_NONE);
	rig_stop(rig);
}

static void test_properties(void)
{
	struct rig *rig = rig_start(",contexts=256,queues=512,vectors=256,threads=3,"
				    "units=7,clock-khz=1000,max-tensor=1M,"
				    "max-commands=5");
	uint64_t val = rig_get64(rig, LUTNA_REG_CAPS);

	g_assert_cmpuint(val & LUTNA_CAPS_CONTEXTS, ==, 256);
	g_assert_cmpuint((val & LUTNA_CAPS_QUEUES) >> 16, ==, 512);
	g_assert_cmpuint((val & LUTNA_CAPS_VECTORS) >> 32, ==, 256);
	g_assert_cmpuint(qpci_msix_table_size(rig->dev), ==, 256);
	val = rig_get64(rig, LUTNA_REG_LIMITS);
	g_assert_cmpuint(val & LUTNA_LIMITS_COMMANDS, ==, 5);
	g_assert_cmpuint((val & LUTNA_LIMITS_TENSOR_LOG2) >> 32, ==, 20);
	g_assert_cmpuint(rig_get(rig, LUTNA_REG_UNITS), ==, 7);
	g_assert_cmpuint(rig_get(rig, LUTNA_REG_CLOCK_KHZ), ==, 1000);

	/* The last of each */
	rig_ctx_enable(rig, 255);
	rig_cq_enable(rig, 255, 4, false);
	rig_queue_start(rig, 511, 255, 1, 3, 255);
	g_assert_cmpuint(rig_run(rig, 511, 0, 0).status, ==, 0);
	rig_stop(rig);
}

static void test_bad_properties(void)
{
	static const struct {
		const char *name;
		uint64_t val;
	} bad[] = {
		{ "contexts", 0 }, { "contexts", 257 }, { "queues", 0 },
		{ "queues", 513 }, { "vectors", 0 }, { "vectors", 257 },
		{ "threads", 0 }, { "threads", 65 }, { "units", 0 },
		{ "clock-khz", 0 }, { "max-tensor", 0 },
		{ "max-tensor", 3 << 20 }, { "max-tensor", 4ULL << 30 },
		{ "max-commands", 0 }, { "max-commands", UINT32_MAX },
		{ "spin-ns", UINT32_MAX },
	};
	QTestState *qts = rig_qemu("-device pcie-root-port,id=rp,chassis=1,slot=1");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		QDict *args = qdict_new();
		QDict *rsp;

		qdict_put_str(args, "driver", "lutna");
		qdict_put_str(args, "bus", "rp");
		qdict_put_str(args, "id", "bad");
		qdict_put_int(args, bad[i].name, bad[i].val);
		rsp = qtest_qmp(qts, "{'execute': 'device_add', 'arguments': %p}",
				args);
		g_assert_true(qdict_haskey(rsp, "error"));
		g_assert_nonnull(strstr(qdict_get_str(qdict_get_qdict(rsp, "error"),
						      "desc"), bad[i].name));
		qobject_unref(rsp);
	}
	/* Nothing of them is left in the way of a good one. */
	qtest_qmp_device_add(qts, "lutna", "bad", "{'bus': 'rp'}");
	qtest_quit(qts);
}

static void test_capabilities(void)
{
	struct rig *rig = rig_start("");
	uint8_t pos;

	pos = qpci_find_capability(rig->dev, PCI_CAP_ID_PM, 0);
	g_assert_cmphex(pos, !=, 0);
	g_assert_cmphex(qpci_config_readw(rig->dev, pos + PCI_PM_CTRL) &
			PCI_PM_CTRL_NO_SOFT_RESET, !=, 0);
	pos = qpci_find_capability(rig->dev, PCI_CAP_ID_EXP, 0);
	g_assert_cmphex(pos, !=, 0);
	g_assert_cmphex(qpci_config_readl(rig->dev, pos + PCI_EXP_DEVCAP) &
			PCI_EXP_DEVCAP_FLR, !=, 0);
	pos = qpci_find_capability(rig->dev, PCI_CAP_ID_MSIX, 0);
	g_assert_cmphex(pos, !=, 0);
	g_assert_cmpuint(qpci_msix_table_size(rig->dev), ==, 16);
	rig_stop(rig);
}

static void test_halves(void)
{
	static const uint64_t regs[] = {
		LUTNA_REG_CTX(3) + LUTNA_CTX_PT_ROOT,
		LUTNA_REG_CTX(3) + LUTNA_CTX_INV_ADDR,
		LUTNA_REG_CQ(3) + LUTNA_CQ_BASE,
		LUTNA_REG_QUEUE(3) + LUTNA_Q_RING_BASE,
		LUTNA_REG_QUEUE(3) + LUTNA_Q_SEQ_ADDR,
	};
	struct rig *rig = rig_start("");
	uint64_t caps = rig_get64(rig, LUTNA_REG_CAPS);
	unsigned int i;

	g_assert_cmphex(rig_get(rig, LUTNA_REG_CAPS), ==, (uint32_t)caps);
	g_assert_cmphex(rig_get(rig, LUTNA_REG_CAPS + 4), ==, caps >> 32);

	for (i = 0; i < ARRAY_SIZE(regs); i++) {
		rig_put64(rig, regs[i], 0x1122334455667788);
		g_assert_cmphex(rig_get64(rig, regs[i]), ==, 0x1122334455667788);
		rig_put(rig, regs[i] + 4, 0xaabbccdd);
		g_assert_cmphex(rig_get64(rig, regs[i]), ==, 0xaabbccdd55667788);
		rig_put(rig, regs[i], 0x01020304);
		g_assert_cmphex(rig_get(rig, regs[i]), ==, 0x01020304);
		g_assert_cmphex(rig_get(rig, regs[i] + 4), ==, 0xaabbccdd);
	}
	g_assert_cmpuint(rig_get(rig, LUTNA_REG_ERROR), ==, LUTNA_ERROR_NONE);
	rig_stop(rig);
}

/* What is not a register reads as zero, is not written and is latched. */
static void test_no_register(void)
{
	static const uint64_t offsets[] = {
		0x034, 0x048, 0x1fc, 0x258, 0x3ffc,
		LUTNA_REG_CTX(0) + 0x1c, LUTNA_REG_CTX(0) + 0x20,
		LUTNA_REG_CTX(64), LUTNA_REG_CTX(255), LUTNA_REG_CQ(0) + 0x14,
		LUTNA_REG_CQ(16), LUTNA_REG_QUEUE(0) + 0x38,
		LUTNA_REG_QUEUE(128), LUTNA_REGS_SIZE - 4,
	};
	struct rig *rig = rig_start("");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		g_assert_cmphex(rig_get(rig, offsets[i]), ==, 0);
		rig_expect_error(rig, LUTNA_ERROR_REGISTER, offsets[i]);
		rig_put(rig, offsets[i], UINT32_MAX);
		rig_expect_error(rig, LUTNA_ERROR_REGISTER, offsets[i]);
	}
	rig_stop(rig);
}

static void test_sizes(void)
{
	struct rig *rig = rig_start("");
	uint64_t root = LUTNA_REG_CTX(0) + LUTNA_CTX_PT_ROOT;

	g_assert_cmphex(qpci_io_readb(rig->dev, rig->regs, LUTNA_REG_ID), ==, 0);
	rig_expect_error(rig, LUTNA_ERROR_REGISTER, LUTNA_REG_ID);
	g_assert_cmphex(qpci_io_readw(rig->dev, rig->regs, LUTNA_REG_ID), ==, 0);
	rig_expect_error(rig, LUTNA_ERROR_REGISTER, LUTNA_REG_ID);
	g_assert_cmphex(rig_get64(rig, LUTNA_REG_ID), ==, 0);
	rig_expect_error(rig, LUTNA_ERROR_REGISTER, LUTNA_REG_ID);
	g_assert_cmphex(rig_get(rig, LUTNA_REG_CAPS + 2), ==, 0);
	rig_expect_error(rig, LUTNA_ERROR_REGISTER, LUTNA_REG_CAPS + 2);
	g_assert_cmphex(rig_get64(rig, LUTNA_REG_CAPS + 4), ==, 0);
	rig_expect_error(rig, LUTNA_ERROR_REGISTER, LUTNA_REG_CAPS + 4);

	qpci_io_writeb(rig->dev, rig->regs, root, 0xff);
	rig_expect_error(rig, LUTNA_ERROR_REGISTER, root);
	qpci_io_writew(rig->dev, rig->regs, root + 2, 0xffff);
	rig_expect_error(rig, LUTNA_ERROR_REGISTER, root + 2);
	rig_put64(rig, LUTNA_REG_CTX(0) + LUTNA_CTX_CTRL, 1);
	g_assert_cmphex(rig_get(rig, LUTNA_REG_CTX(0) + LUTNA_CTX_CTRL), ==, 0);
	rig_expect_error(rig, LUTNA_ERROR_REGISTER,
			 LUTNA_REG_CTX(0) + LUTNA_CTX_CTRL);
	g_assert_cmphex(rig_get64(rig, root), ==, 0);
	rig_stop(rig);
}

static void test_access(void)
{
	static const uint64_t read_only[] = {
		LUTNA_REG_ID, LUTNA_REG_VERSION, LUTNA_REG_FEATURES,
		LUTNA_REG_CAPS + 4, LUTNA_REG_LIMITS, LUTNA_REG_UNITS,
		LUTNA_REG_CLOCK_KHZ, LUTNA_REG_STATUS, LUTNA_REG_ERROR,
		LUTNA_REG_ERROR_INFO, LUTNA_REG_TIME, LUTNA_REG_COUNT_JOBS,
		LUTNA_REG_CTX(1) + LUTNA_CTX_STATUS,
		LUTNA_REG_CQ(1) + LUTNA_CQ_TAIL,
		LUTNA_REG_QUEUE(1) + LUTNA_Q_STATUS,
		LUTNA_REG_QUEUE(1) + LUTNA_Q_HEAD,
		LUTNA_REG_QUEUE(1) + LUTNA_Q_TAIL,
		LUTNA_REG_QUEUE(1) + LUTNA_Q_FAULT,
		LUTNA_REG_QUEUE(1) + LUTNA_Q_FAULT_ADDR,
		LUTNA_REG_QUEUE(1) + LUTNA_Q_FAULT_CMD,
	};
	static const uint64_t write_only[] = {
		LUTNA_REG_CTX(1) + LUTNA_CTX_INV_PAGES,
		LUTNA_REG_QUEUE(1) + LUTNA_Q_CTRL,
	};
	struct rig *rig = rig_start("");
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(read_only); i++) {
		uint32_t before = rig_get(rig, read_only[i]);

		rig_put(rig, read_only[i], ~before);
		if (read_only[i] != LUTNA_REG_ERROR &&
		    read_only[i] != LUTNA_REG_ERROR_INFO)
			g_assert_cmphex(rig_get(rig, read_only[i]), ==, before);
		rig_expect_error(rig, LUTNA_ERROR_REGISTER, read_only[i]);
	}
	for (i = 0; i < ARRAY_SIZE(write_only); i++) {
		g_assert_cmphex(rig_get(rig, write_only[i]), ==, 0);
		rig_expect_error(rig, LUTNA_ERROR_REGISTER, write_only[i]);
	}
	rig_stop(rig);
}

static void expect_refused(struct rig *rig, uint64_t reg, uint32_t val)
{
	uint32_t before = rig_get(rig, reg);

	rig_put(rig, reg, val);
	g_assert_cmphex(rig_get(rig, reg), ==, before);
	rig_expect_error(rig, LUTNA_ERROR_CONFIG, reg);
}

static void test_values(void)
{
	struct rig *rig = rig_start("");
	const uint64_t ctx = LUTNA_REG_CTX(1);
	const uint64_t cq = LUTNA_REG_CQ(1);
	const uint64_t queue = LUTNA_REG_QUEUE(1);

	expect_refused(rig, LUTNA_REG_CTRL, LUTNA_CTRL_ENABLE | 4);
	expect_refused(rig, ctx + LUTNA_CTX_CTRL, 2);
	rig_put(rig, ctx + LUTNA_CTX_PT_ROOT, 0x1234);
	expect_refused(rig, ctx + LUTNA_CTX_CTRL, LUTNA_CTX_CTRL_ENABLE);
	rig_put(rig, ctx + LUTNA_CTX_PT_ROOT + 4, 1U << 31);
	expect_refused(rig, ctx + LUTNA_CTX_CTRL, LUTNA_CTX_CTRL_ENABLE);
	rig_ctx_enable(rig, 1);
	expect_refused(rig, ctx + LUTNA_CTX_PT_ROOT, 0x2000);
	rig_ctx_enable(rig, 1);
	expect_refused(rig, ctx + LUTNA_CTX_PT_ROOT + 4, 1);

	expect_refused(rig, cq + LUTNA_CQ_CFG, LUTNA_CQ_CFG_ENABLE | 3);
	expect_refused(rig, cq + LUTNA_CQ_CFG, LUTNA_CQ_CFG_ENABLE | 17);
	expect_refused(rig, cq + LUTNA_CQ_CFG, LUTNA_CQ_CFG_ENABLE | 4 | 1 << 9);
	rig_put(rig, cq + LUTNA_CQ_BASE, 32);
	expect_refused(rig, cq + LUTNA_CQ_CFG, LUTNA_CQ_CFG_ENABLE | 4);
	rig_cq_enable(rig, 1, 4, false);
	expect_refused(rig, cq + LUTNA_CQ_BASE, 0x1000);
	rig_cq_enable(rig, 1, 4, false);
	expect_refused(rig, cq + LUTNA_CQ_CFG, LUTNA_CQ_CFG_ENABLE | 5);
	rig_cq_enable(rig, 1, 4, false);
	expect_refused(rig, cq + LUTNA_CQ_HEAD, 1);

	rig_ctx_enable(rig, 1);
	rig_queue_start(rig, 1, 1, 4, 0, 0);
	expect_refused(rig, queue + LUTNA_Q_CFG, 1);
	rig_ctx_enable(rig, 1);
	rig_queue_start(rig, 1, 1, 4, 0, 0);
	expect_refused(rig, queue + LUTNA_Q_RING_BASE, 0x1000);
	rig_ctx_enable(rig, 1);
	rig_queue_start(rig, 1, 1, 4, 0, 0);
	expect_refused(rig, queue + LUTNA_Q_SEQ_ADDR, 0x1000);
	rig_stop(rig);
}

/* Enabling and changing the interrupt bit are not the same. */
static void test_cq_config(void)
{
	struct rig *rig = rig_start("");
	uint64_t cfg = LUTNA_REG_CQ(0) + LUTNA_CQ_CFG;

	rig_ctx_enable(rig, 0);
	rig_queue_start(rig, 0, 0, 4, 0, 0);
	rig_run(rig, 0, 0, 0);
	rig_put(rig, cfg, LUTNA_CQ_CFG_ENABLE | 8);
	g_assert_cmphex(rig_get(rig, cfg), ==, LUTNA_CQ_CFG_ENABLE | 8);
	g_assert_cmpuint(rig_get(rig, LUTNA_REG_CQ(0) + LUTNA_CQ_TAIL), ==, 1);
	rig_run(rig, 0, 0, 0);
	rig_put(rig, cfg, 0);
	rig_cq_enable(rig, 0, 4, false);
	g_assert_cmpuint(rig_get(rig, LUTNA_REG_CQ(0) + LUTNA_CQ_TAIL), ==, 0);
	g_assert_cmpuint(rig_get(rig, LUTNA_REG_CQ(0) + LUTNA_CQ_HEAD), ==, 0);
	rig_run(rig, 0, 0, 0);
	rig_stop(rig);
}

static void expect_no_start(struct rig *rig, uint64_t reg, uint32_t val)
{
	rig_ctx_enable(rig, 1);
	rig_queue_setup(rig, 1, 1, 4, 0, 0);
	rig_put(rig, LUTNA_REG_QUEUE(1) + reg, val);
	rig_queue_cmd(rig, 1, LUTNA_Q_CMD_START);
	g_assert_cmpuint(rig_queue_state(rig, 1), ==, LUTNA_Q_DISABLED);
	rig_expect_error(rig, LUTNA_ERROR_CONFIG,
			 LUTNA_REG_QUEUE(1) + LUTNA_Q_CTRL);
}

static void test_no_start(void)
{
	struct rig *rig = rig_start("");
	const uint32_t good = 1 | 4 << 16;

	/* a context that is not enabled, that is not there */
	expect_no_start(rig, LUTNA_Q_CFG, good & ~1U);
	expect_no_start(rig, LUTNA_Q_CFG, good | 64);
	expect_no_start(rig, LUTNA_Q_CFG, good | LUTNA_Q_CFG_CTX);
	/* a ring that is too small, too large */
	expect_no_start(rig, LUTNA_Q_CFG, 1);
	expect_no_start(rig, LUTNA_Q_CFG, 1 | 13 << 16);
	/* a completion ring that is not enabled, that is not there */
	expect_no_start(rig, LUTNA_Q_CFG, good | 1 << 24);
	expect_no_start(rig, LUTNA_Q_CFG, good | 16 << 24);
	/* addresses that are not aligned */
	expect_no_start(rig, LUTNA_Q_RING_BASE, 0x20);
	expect_no_start(rig, LUTNA_Q_SEQ_ADDR, 4);
	/* commands that do not exist */
	rig_queue_cmd(rig, 1, 0);
	rig_expect_error(rig, LUTNA_ERROR_CONFIG,
			 LUTNA_REG_QUEUE(1) + LUTNA_Q_CTRL);
	rig_queue_cmd(rig, 1, 5);
	rig_expect_error(rig, LUTNA_ERROR_CONFIG,
			 LUTNA_REG_QUEUE(1) + LUTNA_Q_CTRL);
	rig_stop(rig);
}

/* Every error sends an event; the register keeps the first. */
static void test_events(void)
{
	struct rig *rig = rig_start("");
	struct lutna_completion c;

	rig_get(rig, 0x100);
	rig_get(rig, 0x104);
	c = rig_cq_take(rig, 0);
	g_assert_cmpuint(c.type, ==, LUTNA_RECORD_EVENT);
	g_assert_cmpuint(c.status, ==, LUTNA_ERROR_REGISTER);
	g_assert_cmphex(c.fault_addr, ==, 0x100);
	c = rig_cq_take(rig, 0);
	g_assert_cmphex(c.fault_addr, ==, 0x104);
	g_assert_cmphex(rig_get64(rig, LUTNA_REG_ERROR_INFO), ==, 0x100);
	rig_stop(rig);
}

/* A ring full of events loses further ones, and nothing else. */
static void test_event_flood(void)
{
	struct rig *rig = rig_start("");
	int i;

	rig_put(rig, LUTNA_REG_CQ(0) + LUTNA_CQ_CFG, 0);
	rig_cq_enable(rig, 0, 4, true);
	rig_ctx_enable(rig, 0);
	rig_queue_start(rig, 0, 0, 4, 0, 0);
	for (i = 0; i < 100; i++)
		rig_get(rig, 0x100);
	for (i = 0; i < 16; i++)
		g_assert_cmpuint(rig_cq_take(rig, 0).type, ==, LUTNA_RECORD_EVENT);
	rig_submit(rig, 0, 0, 0);
	rig_cq_release(rig, 0);
	/* Some may have been under way when there was room again. */
	for (i = 0; rig_cq_take(rig, 0).type == LUTNA_RECORD_EVENT; i++)
		g_assert_cmpint(i, <, 84);
	rig_stop(rig);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	qtest_add_func("lutna/registers/identity", test_identity);
	qtest_add_func("lutna/registers/properties", test_properties);
	qtest_add_func("lutna/registers/bad-properties", test_bad_properties);
	qtest_add_func("lutna/registers/capabilities", test_capabilities);
	qtest_add_func("lutna/registers/halves", test_halves);
	qtest_add_func("lutna/registers/no-register", test_no_register);
	qtest_add_func("lutna/registers/sizes", test_sizes);
	qtest_add_func("lutna/registers/access", test_access);
	qtest_add_func("lutna/registers/values", test_values);
	qtest_add_func("lutna/registers/cq-config", test_cq_config);
	qtest_add_func("lutna/registers/no-start", test_no_start);
	qtest_add_func("lutna/registers/events", test_events);
	qtest_add_func("lutna/registers/event-flood", test_event_flood);
	return g_test_run();
}
