// SPDX-License-Identifier: GPL-2.0-only
/* Resets of all kinds, power, unplug, migration, a VM that stops: under load. */
#include "load.h"
#include "qemu/bitops.h"
#include "hw/pci/pci_regs.h"
#include "qapi/qmp/qdict.h"

#define LIST	0x10000ULL

/* The device is as new, and works. */
static void expect_fresh(struct rig *rig)
{
	unsigned int q;

	g_assert_cmphex(rig_get(rig, LUTNA_REG_CTRL), ==, 0);
	g_assert_cmphex(rig_get(rig, LUTNA_REG_STATUS), ==, 0);
	g_assert_cmphex(rig_get(rig, LUTNA_REG_ERROR), ==, 0);
	g_assert_cmpuint(rig_get64(rig, LUTNA_REG_COUNT_JOBS), ==, 0);
	g_assert_cmpuint(rig_get64(rig, LUTNA_REG_COUNT_DOORBELLS), ==, 0);
	for (q = 0; q < 128; q++) {
		g_assert_cmphex(rig_get(rig, LUTNA_REG_QUEUE(q) + LUTNA_Q_STATUS),
				==, LUTNA_Q_DISABLED);
		g_assert_cmphex(rig_get(rig, LUTNA_REG_QUEUE(q) + LUTNA_Q_CFG),
				==, 0);
		g_assert_cmphex(rig_get(rig, LUTNA_REG_QUEUE(q) + LUTNA_Q_TAIL),
				==, 0);
		g_assert_cmphex(rig_get64(rig, LUTNA_REG_QUEUE(q) +
					  LUTNA_Q_RING_BASE), ==, 0);
	}
	g_assert_cmphex(rig_get(rig, LUTNA_REG_CTX(0) + LUTNA_CTX_STATUS), ==, 0);
	g_assert_cmphex(rig_get64(rig, LUTNA_REG_CTX(0) + LUTNA_CTX_PT_ROOT), ==,
			0);
	g_assert_cmphex(rig_get(rig, LUTNA_REG_CQ(0) + LUTNA_CQ_CFG), ==, 0);
	g_assert_cmphex(rig_get(rig, LUTNA_REG_CQ(0) + LUTNA_CQ_TAIL), ==, 0);

	rig_bring_up(rig);
	rig_ctx_enable(rig, 0);
	rig_queue_start(rig, 0, 0, 4, 0, 0);
	rig_nops(rig, 0, LIST, 20);
	g_assert_cmpuint(rig_run(rig, 0, LIST, 20).head, ==, 1);
}

static void test_device_reset(void)
{
	struct rig *rig = rig_start("");
	unsigned int round;
	uint64_t bus;

	for (round = 0; round < 20; round++) {
		rig->next = 16 << 20;
		bus = load_start(rig);
		g_usleep(rig_rand_range(0, 5000));
		rig_put(rig, LUTNA_REG_CTRL, LUTNA_CTRL_RESET);
		rig_wait(rig, LUTNA_REG_STATUS, LUTNA_STATUS_RESET_BUSY, 0);
		load_expect_still(rig, bus);
		expect_fresh(rig);
		rig_reset(rig);
	}
	rig_stop(rig);
}

/* A command that never ends does not hold a reset up. */
static void test_device_reset_hang(void)
{
	struct rig *rig = rig_start("");

	rig_hang(rig, true);
	load_start(rig);
	g_usleep(5000);
	rig_put(rig, LUTNA_REG_CTRL, LUTNA_CTRL_RESET);
	rig_wait(rig, LUTNA_REG_STATUS, LUTNA_STATUS_RESET_BUSY, 0);
	rig_hang(rig, false);
	expect_fresh(rig);
	rig_stop(rig);
}

static void flr(struct rig *rig)
{
	uint8_t pos = qpci_find_capability(rig->dev, PCI_CAP_ID_EXP, 0);
	uint16_t ctl = qpci_config_readw(rig->dev, pos + PCI_EXP_DEVCTL);

	qpci_config_writew(rig->dev, pos + PCI_EXP_DEVCTL,
			   ctl | PCI_EXP_DEVCTL_BCR_FLR);
	g_assert_cmphex(qpci_config_readw(rig->dev, PCI_COMMAND) &
			PCI_COMMAND_MASTER, ==, 0);
}

static void restore_config(struct rig *rig)
{
	qpci_config_writel(rig->dev, PCI_BASE_ADDRESS_0, rig->regs.addr);
	qpci_config_writel(rig->dev, PCI_BASE_ADDRESS_2, rig->bells.addr);
	qpci_config_writel(rig->dev, PCI_BASE_ADDRESS_4,
			   rig->dev->msix_table_bar.addr);
	qpci_device_enable(rig->dev);
}

static void test_flr(void)
{
	struct rig *rig = rig_start("");
	unsigned int round;
	uint64_t bus;

	for (round = 0; round < 10; round++) {
		rig->next = 16 << 20;
		bus = load_start(rig);
		g_usleep(rig_rand_range(0, 5000));
		flr(rig);
		/* through at once, as far as memory is concerned */
		load_expect_still(rig, bus);
		restore_config(rig);
		rig_wait(rig, LUTNA_REG_STATUS, LUTNA_STATUS_RESET_BUSY, 0);
		expect_fresh(rig);
		rig_reset(rig);
	}
	rig_stop(rig);
}

static void test_system_reset(void)
{
	struct rig *rig = rig_start("");

	load_start(rig);
	qtest_qmp_assert_success(rig->qts, "{'execute': 'system_reset'}");
	qtest_qmp_eventwait(rig->qts, "RESET");
	restore_config(rig);
	rig_wait(rig, LUTNA_REG_STATUS, LUTNA_STATUS_RESET_BUSY, 0);
	expect_fresh(rig);
	rig_stop(rig);
}

static void set_power(struct rig *rig, uint16_t state)
{
	uint8_t pos = qpci_find_capability(rig->dev, PCI_CAP_ID_PM, 0);

	qpci_config_writew(rig->dev, pos + PCI_PM_CTRL, state);
}

static void test_d3hot(void)
{
	struct rig *rig = rig_start("");
	unsigned int i;
	uint64_t bus;

	bus = load_start(rig);
	rig_cq_take(rig, 0);
	set_power(rig, 3);
	load_expect_still(rig, bus);
	g_assert_cmphex(rig_get(rig, LUTNA_REG_ID), ==, UINT32_MAX);
	rig_put(rig, LUTNA_REG_CTRL, LUTNA_CTRL_RESET);
	qpci_io_writel(rig->dev, rig->bells, LUTNA_DOORBELL(0, 100), 1);
	set_power(rig, 0);
	g_assert_cmpuint(rig_get(rig, LUTNA_REG_ERROR), ==, LUTNA_ERROR_NONE);
	g_assert_cmphex(rig_get(rig, LUTNA_REG_ID), ==, LUTNA_ID);
	g_assert_cmphex(rig_get(rig, LUTNA_REG_STATUS), ==, LUTNA_STATUS_ENABLED);
	for (i = 1; i < LOAD_JOBS; i++)
		g_assert_cmphex(rig_cq_take(rig, 0).status, ==, 0);
	rig_stop(rig);
}

static void test_bus_master(void)
{
	struct rig *rig = rig_start("");
	uint16_t cmd = qpci_config_readw(rig->dev, PCI_COMMAND);
	unsigned int i;
	uint64_t bus;

	bus = load_start(rig);
	rig_cq_take(rig, 0);
	for (i = 0; i < 100; i++) {
		qpci_config_writew(rig->dev, PCI_COMMAND,
				   cmd & ~PCI_COMMAND_MASTER);
		if (i == 50)
			load_expect_still(rig, bus);
		qpci_config_writew(rig->dev, PCI_COMMAND, cmd);
	}
	/* No access was lost: none of the jobs failed. */
	for (i = 1; i < LOAD_JOBS; i++)
		g_assert_cmphex(rig_cq_take(rig, 0).status, ==, 0);
	rig_stop(rig);
}

/* No access to memory while the VM stands still. */
static void test_vm_stop(void)
{
	struct rig *rig = rig_start("");
	unsigned int i;
	uint64_t bus;

	bus = load_start(rig);
	rig_cq_take(rig, 0);
	for (i = 0; i < 10; i++) {
		qtest_qmp_assert_success(rig->qts, "{'execute': 'stop'}");
		load_expect_still(rig, bus);
		qtest_qmp_assert_success(rig->qts, "{'execute': 'cont'}");
	}
	for (i = 1; i < LOAD_JOBS; i++)
		g_assert_cmphex(rig_cq_take(rig, 0).status, ==, 0);
	rig_stop(rig);
}

/* A reset in a VM that stands still reaches workers that wait for it to go on. */
static void test_reset_stopped(void)
{
	struct rig *rig = rig_start("");

	load_start(rig);
	rig_cq_take(rig, 0);
	qtest_qmp_assert_success(rig->qts, "{'execute': 'stop'}");
	rig_put(rig, LUTNA_REG_CTRL, LUTNA_CTRL_RESET);
	rig_wait(rig, LUTNA_REG_STATUS, LUTNA_STATUS_RESET_BUSY, 0);
	qtest_qmp_assert_success(rig->qts, "{'execute': 'cont'}");
	expect_fresh(rig);
	rig_stop(rig);
}

#define PORT_SLOT	5
#define PLUG_ARGS	"-global ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off " \
			"-device pcie-root-port,id=rp,chassis=1,slot=1,addr=5"
#define PLUG_DEVFN	(1 << 8 | QPCI_DEVFN(0, 0))

static QPCIDevice *open_port(QPCIBus *bus)
{
	QPCIDevice *port = qpci_device_find(bus, QPCI_DEVFN(PORT_SLOT, 0));

	g_assert_nonnull(port);
	g_assert_cmpint(qpci_secondary_buses_init(bus), ==, 1);
	qpci_config_writel(port, PCI_MEMORY_BASE, 0xefff0000 | 0xe0000000 >> 16);
	qpci_device_enable(port);
	return port;
}

/* What a guest's hot-plug driver does */
static void set_slot(QPCIDevice *port, uint16_t ctl)
{
	uint8_t pos = qpci_find_capability(port, PCI_CAP_ID_EXP, 0);

	qpci_config_writew(port, pos + PCI_EXP_SLTCTL, ctl);
}

static void plug(QTestState *qts, QPCIDevice *port)
{
	qtest_qmp_device_add(qts, "lutna", "lutna0", "{'bus': 'rp'}");
	set_slot(port, PCI_EXP_SLTCTL_PWR_ON | PCI_EXP_SLTCTL_PWR_IND_ON);
}

static void unplug(QTestState *qts, QPCIDevice *port)
{
	qtest_qmp_device_del_send(qts, "lutna0");
	set_slot(port, PCI_EXP_SLTCTL_PWR_OFF | PCI_EXP_SLTCTL_PWR_IND_OFF);
	qtest_qmp_eventwait(qts, "DEVICE_DELETED");
}

static struct rig *start_plugged(QPCIDevice **port)
{
	QTestState *qts = rig_qemu(PLUG_ARGS);
	QPCIBus *bus = qpci_new_pc(qts, NULL);
	struct rig *rig;

	*port = open_port(bus);
	plug(qts, *port);
	rig = rig_open(qts, PLUG_DEVFN);
	(*port)->bus = rig->bus;
	qpci_free_pc(bus);
	return rig;
}

static void test_unplug(void)
{
	QPCIDevice *port;
	struct rig *rig = start_plugged(&port);
	unsigned int round;
	uint64_t bus;

	for (round = 0; round < 10; round++) {
		if (round % 2)
			rig_hang(rig, true);
		rig->next = 16 << 20;
		bus = load_start(rig);
		g_usleep(rig_rand_range(0, 5000));
		unplug(rig->qts, port);
		load_expect_still(rig, bus);
		g_free(rig->dev);
		plug(rig->qts, port);
		rig_probe(rig, PLUG_DEVFN);
	}
	rig_ctx_enable(rig, 0);
	rig_queue_start(rig, 0, 0, 4, 0, 0);
	rig_nops(rig, 0, LIST, 20);
	rig_run(rig, 0, LIST, 20);
	g_free(port);
	rig_stop(rig);
}

/* Workers that wait for the VM to go on are let go, too. */
static void test_unplug_stopped(void)
{
	QPCIDevice *port;
	struct rig *rig = start_plugged(&port);

	load_start(rig);
	rig_cq_take(rig, 0);
	qtest_qmp_assert_success(rig->qts, "{'execute': 'stop'}");
	unplug(rig->qts, port);
	qtest_qmp_assert_success(rig->qts, "{'execute': 'cont'}");
	g_free(port);
	rig_stop(rig);
}

static void wait_migration(QTestState *qts)
{
	for (;;) {
		QDict *rsp = qtest_qmp(qts, "{'execute': 'query-migrate'}");
		QDict *ret = qdict_get_qdict(rsp, "return");
		const char *status = qdict_get_try_str(ret, "status");
		bool done = status && !strcmp(status, "completed");

		g_assert_false(status && !strcmp(status, "failed"));
		qobject_unref(rsp);
		if (done)
			return;
		g_usleep(10000);
	}
}

static QTestState *start_incoming(const char *props, const char *file)
{
	g_autofree char *uri = g_strdup_printf("exec:cat %s", file);
	g_autofree char *args = NULL;
	QTestState *qts;

	args = g_strdup_printf("-device lutna,id=lutna0,addr=%u%s -incoming defer",
			       RIG_SLOT, props);
	qts = rig_qemu(args);
	qtest_qmp_assert_success(qts, "{'execute': 'migrate-incoming',"
				 "'arguments': {'uri': %s}}", uri);
	return qts;
}

static char *migrate_to_file(struct rig *rig)
{
	g_autofree char *uri = NULL;
	char *file;
	int fd = g_file_open_tmp("lutna-migration-XXXXXX", &file, NULL);

	uri = g_strdup_printf("exec:cat > %s", file);
	g_assert_cmpint(fd, >=, 0);
	close(fd);
	qtest_qmp_assert_success(rig->qts, "{'execute': 'migrate',"
				 "'arguments': {'uri': %s}}", uri);
	wait_migration(rig->qts);
	return file;
}

/*
 * Queue 0 hangs in the middle of a list with jobs behind it, 1 has faulted, 2
 * is stopped with a job, 3 waits for room in ring 1.  4 and 5 are a process's: 4
 * is armed for the second of its two jobs, 5 was told a wrong tail while stopped.
 */
static void prepare_migration(struct rig *rig)
{
	unsigned int q, i;

	rig_ctx_enable(rig, 7);
	rig_nops(rig, 7, LIST, 40);
	rig_cq_enable(rig, 1, 4, false);
	for (q = 0; q < 4; q++)
		rig_queue_start(rig, q, 7, 5, q, q == 3 ? 1 : 0);
	g_assert_cmphex(rig_run(rig, 1, 0xdead000, 1).status, ==,
			LUTNA_FAULT_TRANSLATION);
	rig_submit(rig, 1, LIST, 1);
	rig_queue_cmd(rig, 2, LUTNA_Q_CMD_STOP);
	rig_submit(rig, 2, LIST, 2);
	for (i = 0; i < 18; i++)
		rig_entry(rig, 3, (struct lutna_job_entry) { .count = 0 });
	rig_bell(rig, 3);
	for (i = 0; i < 16; i++)
		rig_cq_take(rig, 1);
	rig_cq_enable(rig, 2, 4, true);
	for (q = 4; q < 6; q++) {
		rig_queue_setup(rig, q, 7, 5, 0, 2);
		rig_queue_own(rig, q);
		rig_queue_cmd(rig, q, LUTNA_Q_CMD_START);
		rig_queue_cmd(rig, q, LUTNA_Q_CMD_STOP);
	}
	rig_entry(rig, 4, (struct lutna_job_entry) { .count = 0 });
	rig_entry(rig, 4, (struct lutna_job_entry) { .count = 0 });
	rig_bell(rig, 4);
	rig_put(rig, LUTNA_REG_QUEUE(4) + LUTNA_Q_ARM, 2);
	rig->queue[5].tail = 33;
	rig_bell(rig, 5);
	rig_hang(rig, true);
	rig_submit(rig, 0, LIST, 40);
	rig_submit(rig, 0, LIST, 3);
	rig_wait(rig, LUTNA_REG_QUEUE(0) + LUTNA_Q_STATUS,
		 LUTNA_Q_STATUS_BUSY, LUTNA_Q_STATUS_BUSY);
}

static void expect_owned_migrated(struct rig *rig)
{
	uint64_t addr = rig_alloc(rig, RIG_PAGE);
	struct lutna_completion c;

	rig_msix_set(rig, 2, addr, 0x1234, false);
	rig_queue_cmd(rig, 4, LUTNA_Q_CMD_START);
	g_assert_cmpuint(rig_cq_take(rig, 2).head, ==, 1);
	g_assert_cmpuint(rig_cq_take(rig, 2).head, ==, 2);
	rig_expect_irq(rig, addr, 0x1234);
	rig_queue_cmd(rig, 5, LUTNA_Q_CMD_START);
	c = rig_cq_take(rig, 2);
	g_assert_cmphex(c.status, ==, LUTNA_FAULT_DOORBELL);
	g_assert_cmphex(c.fault_addr, ==, 33);
	rig_expect_irq(rig, addr, 0x1234);
	g_assert_cmpuint(rig_queue_state(rig, 5), ==, LUTNA_Q_FAULTED);
}

static void expect_migrated(struct rig *rig)
{
	struct lutna_completion c;
	unsigned int i;

	g_assert_cmphex(rig_get(rig, LUTNA_REG_QUEUE(1) + LUTNA_Q_FAULT), ==,
			LUTNA_FAULT_TRANSLATION | LUTNA_ACCESS_READ << 16);
	g_assert_cmphex(rig_get64(rig, LUTNA_REG_QUEUE(1) + LUTNA_Q_FAULT_ADDR),
			==, 0xdead000);
	for (i = 1; i <= 2; i++) {
		c = rig_cq_take(rig, 0);
		g_assert_cmphex(c.status, ==, 0);
		g_assert_cmpuint(c.queue, ==, 0);
		g_assert_cmpuint(c.head, ==, i);
		g_assert_cmpuint(c.command, ==, i == 1 ? 40 : 3);
	}
	rig_cq_none(rig, 0);
	for (i = 1; i <= 2; i++) {
		rig_queue_cmd(rig, i, LUTNA_Q_CMD_START);
		c = rig_cq_take(rig, 0);
		g_assert_cmphex(c.status, ==, 0);
		g_assert_cmpuint(c.queue, ==, i);
	}
	rig_cq_none(rig, 1);
	rig_cq_release(rig, 1);
	rig_cq_take(rig, 1);
	g_assert_cmpuint(rig_cq_take(rig, 1).head, ==, 18);
	expect_owned_migrated(rig);
	g_assert_cmpuint(rig_get(rig, LUTNA_REG_ERROR), ==, 0);
	g_assert_cmpuint(rig_run(rig, 3, LIST, 5).command, ==, 5);
}

static void test_migrate(void)
{
	struct rig *rig = rig_start("");
	g_autofree char *file = NULL;
	QTestState *to;

	prepare_migration(rig);
	file = migrate_to_file(rig);
	to = start_incoming("", file);
	wait_migration(to);
	unlink(file);
	qtest_quit(rig->qts);
	rig_move(rig, to);
	expect_migrated(rig);
	rig_stop(rig);
}

/* The source may go on as well. */
static void test_migrate_back(void)
{
	struct rig *rig = rig_start("");
	g_autofree char *file = NULL;

	prepare_migration(rig);
	file = migrate_to_file(rig);
	unlink(file);
	qtest_qmp_assert_success(rig->qts, "{'execute': 'cont'}");
	rig_hang(rig, false);
	expect_migrated(rig);
	rig_stop(rig);
}

/* Saved while it works: each job ends exactly once, here or there. */
static void test_migrate_load(void)
{
	struct rig *rig = rig_start("");
	g_autofree char *file = NULL;
	QTestState *to;
	unsigned int i;

	load_start(rig);
	for (i = 0; i < 3; i++)
		g_assert_cmphex(rig_cq_take(rig, 0).status, ==, 0);
	/* Stopped first: migration takes longer than all of the jobs. */
	qtest_qmp_assert_success(rig->qts, "{'execute': 'stop'}");
	g_assert_cmpuint(rig_get64(rig, LUTNA_REG_COUNT_JOBS), <, LOAD_JOBS);
	file = migrate_to_file(rig);
	to = start_incoming(",threads=1", file);
	wait_migration(to);
	unlink(file);
	qtest_quit(rig->qts);
	rig_move(rig, to);
	qtest_qmp_assert_success(to, "{'execute': 'cont'}");
	for (; i < LOAD_JOBS; i++)
		g_assert_cmphex(rig_cq_take(rig, 0).status, ==, 0);
	rig_cq_none(rig, 0);
	/* No command twice either. */
	g_assert_cmpuint(rig_get64(rig, LUTNA_REG_COUNT_COMMANDS), ==,
			 LOAD_JOBS * 16);
	rig_stop(rig);
}

/* Two devices in a machine are two devices. */
static void test_two(void)
{
	QTestState *qts = rig_qemu("-device lutna,id=lutna0,addr=4 "
				   "-device lutna,id=lutna1,addr=6,threads=1");
	struct rig *a = rig_open(qts, QPCI_DEVFN(4, 0));
	struct rig *b = rig_beside(a, QPCI_DEVFN(6, 0));

	load_start(a);
	rig_ctx_enable(b, 0);
	rig_queue_start(b, 0, 0, 4, 0, 0);
	rig_nops(b, 0, LIST, 20);
	rig_run(b, 0, LIST, 20);
	rig_reset(a);
	rig_run(b, 0, LIST, 20);
	g_assert_cmpuint(rig_get64(b, LUTNA_REG_COUNT_JOBS), ==, 2);
	g_assert_cmpuint(rig_get64(a, LUTNA_REG_COUNT_JOBS), ==, 0);
	rig_leave(b);
	rig_stop(a);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	qtest_add_func("lutna/reset/device", test_device_reset);
	qtest_add_func("lutna/reset/device-hang", test_device_reset_hang);
	qtest_add_func("lutna/reset/flr", test_flr);
	qtest_add_func("lutna/reset/system", test_system_reset);
	qtest_add_func("lutna/reset/d3hot", test_d3hot);
	qtest_add_func("lutna/reset/bus-master", test_bus_master);
	qtest_add_func("lutna/reset/vm-stop", test_vm_stop);
	qtest_add_func("lutna/reset/stopped", test_reset_stopped);
	qtest_add_func("lutna/reset/unplug", test_unplug);
	qtest_add_func("lutna/reset/unplug-stopped", test_unplug_stopped);
	qtest_add_func("lutna/reset/migrate", test_migrate);
	qtest_add_func("lutna/reset/migrate-back", test_migrate_back);
	qtest_add_func("lutna/reset/migrate-load", test_migrate_load);
	qtest_add_func("lutna/reset/two", test_two);
	return g_test_run();
}
