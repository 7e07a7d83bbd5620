// SPDX-License-Identifier: GPL-2.0-only
#include "rig.h"
#include "qemu/bitops.h"
#include "hw/pci/pci_regs.h"

#define RIG_RAM_FIRST	(16ULL << 20)
#define RIG_RAM_END	(240ULL << 20)
#define RIG_PATIENCE_US	(60 * G_USEC_PER_SEC)

/* No guest runs, but the machine insists on firmware. */
static char *rig_firmware(void)
{
	static const char zero[64 * 1024];
	g_autoptr(GError) err = NULL;
	char *path;
	int fd;

	fd = g_file_open_tmp("lutna-firmware-XXXXXX", &path, &err);
	g_assert_no_error(err);
	g_assert_cmpint(write(fd, zero, sizeof(zero)), ==, sizeof(zero));
	close(fd);
	return path;
}

QTestState *rig_qemu(const char *args)
{
	g_autofree char *firmware = rig_firmware();
	QTestState *qts;

	qts = qtest_initf("-M q35 -m 256 -nodefaults -bios %s %s", firmware, args);
	unlink(firmware);
	return qts;
}

void rig_forget(struct rig *rig)
{
	memset(rig->root, 0, sizeof(rig->root));
	memset(rig->cq, 0, sizeof(rig->cq));
	memset(rig->queue, 0, sizeof(rig->queue));
}

void rig_bring_up(struct rig *rig)
{
	rig_forget(rig);
	rig_put(rig, LUTNA_REG_CTRL, LUTNA_CTRL_ENABLE);
	rig_cq_enable(rig, 0, 8, true);
}

struct rig *rig_open(QTestState *qts, unsigned int devfn)
{
	struct rig *rig = g_new0(struct rig, 1);

	rig->qts = qts;
	rig->bus = qpci_new_pc(qts, NULL);
	rig->next = RIG_RAM_FIRST;
	rig->seqno = 1;
	rig_probe(rig, devfn);
	return rig;
}

struct rig *rig_beside(struct rig *other, unsigned int devfn)
{
	struct rig *rig = g_new0(struct rig, 1);

	rig->qts = other->qts;
	rig->bus = qpci_new_pc(rig->qts, NULL);
	rig->bus->mmio_alloc_ptr = other->bus->mmio_alloc_ptr;
	rig->next = RIG_RAM_FIRST + (RIG_RAM_END - RIG_RAM_FIRST) / 2;
	rig->seqno = 1;
	rig_probe(rig, devfn);
	return rig;
}

void rig_leave(struct rig *rig)
{
	g_free(rig->dev);
	qpci_free_pc(rig->bus);
	g_free(rig);
}

void rig_probe(struct rig *rig, unsigned int devfn)
{
	rig->dev = qpci_device_find(rig->bus, devfn);
	g_assert_nonnull(rig->dev);
	rig->regs = qpci_iomap(rig->dev, LUTNA_BAR_REGS, NULL);
	rig->bells = qpci_iomap(rig->dev, LUTNA_BAR_DOORBELLS, NULL);
	qpci_device_enable(rig->dev);
	qpci_msix_enable(rig->dev);
	rig_bring_up(rig);
}

void rig_move(struct rig *rig, QTestState *qts)
{
	QPCIDevice *dev;

	qpci_free_pc(rig->bus);
	rig->bus = qpci_new_pc(qts, NULL);
	rig->qts = qts;
	dev = qpci_device_find(rig->bus, rig->dev->devfn);
	g_assert_nonnull(dev);
	rig->dev->bus = rig->bus;
	g_free(dev);
}

struct rig *rig_start_args(const char *props, const char *args)
{
	g_autofree char *all = NULL;

	all = g_strdup_printf("-device lutna,id=lutna0,addr=%u%s %s", RIG_SLOT,
			      props, args);
	return rig_open(rig_qemu(all), QPCI_DEVFN(RIG_SLOT, 0));
}

struct rig *rig_start(const char *props)
{
	return rig_start_args(props, "");
}

void rig_stop(struct rig *rig)
{
	qtest_quit(rig->qts);
	rig_leave(rig);
}

uint32_t rig_get(struct rig *rig, uint64_t reg)
{
	return qpci_io_readl(rig->dev, rig->regs, reg);
}

uint64_t rig_get64(struct rig *rig, uint64_t reg)
{
	return qpci_io_readq(rig->dev, rig->regs, reg);
}

void rig_put(struct rig *rig, uint64_t reg, uint32_t val)
{
	qpci_io_writel(rig->dev, rig->regs, reg, val);
}

void rig_put64(struct rig *rig, uint64_t reg, uint64_t val)
{
	qpci_io_writeq(rig->dev, rig->regs, reg, val);
}

/* Between looks at the device; false once patience has run out. */
static bool rig_pause(int64_t *start)
{
	if (!*start)
		*start = g_get_monotonic_time();
	if (g_get_monotonic_time() - *start > RIG_PATIENCE_US)
		return false;
	g_usleep(200);
	return true;
}

void rig_wait(struct rig *rig, uint64_t reg, uint32_t mask, uint32_t val)
{
	int64_t start = 0;
	uint32_t got;

	while (((got = rig_get(rig, reg)) & mask) != val) {
		if (!rig_pause(&start))
			g_error("register 0x%" PRIx64 " stays 0x%x: not 0x%x under 0x%x",
				reg, got, val, mask);
	}
}

void rig_reset(struct rig *rig)
{
	rig_put(rig, LUTNA_REG_CTRL, LUTNA_CTRL_RESET);
	rig_wait(rig, LUTNA_REG_STATUS, LUTNA_STATUS_RESET_BUSY, 0);
	rig_bring_up(rig);
}

void rig_expect_error(struct rig *rig, uint32_t code, uint64_t info)
{
	g_assert_cmpuint(rig_get(rig, LUTNA_REG_ERROR), ==, code);
	g_assert_cmphex(rig_get64(rig, LUTNA_REG_ERROR_INFO), ==, info);
	rig_reset(rig);
}

void rig_hang(struct rig *rig, bool on)
{
	qtest_qom_set_bool(rig->qts, RIG_QOM_PATH, "x-hang", on);
}

static GRand *rig_source(void)
{
	static GRand *source;
	const char *seed = g_getenv("LUTNA_SEED");

	if (!source)
		source = g_rand_new_with_seed(seed ? atoi(seed) : 1);
	return source;
}

uint32_t rig_rand(void)
{
	return g_rand_int(rig_source());
}

int rig_rand_range(int first, int end)
{
	return g_rand_int_range(rig_source(), first, end);
}

uint64_t rig_alloc_aligned(struct rig *rig, uint64_t size, uint64_t align)
{
	uint64_t addr = ROUND_UP(rig->next, align);

	g_assert_cmphex(addr + size, <=, RIG_RAM_END);
	rig->next = addr + ROUND_UP(size, RIG_PAGE);
	qtest_memset(rig->qts, addr, 0, size);
	return addr;
}

uint64_t rig_alloc(struct rig *rig, uint64_t size)
{
	return rig_alloc_aligned(rig, size, RIG_PAGE);
}

void rig_write(struct rig *rig, uint64_t addr, const void *buf, size_t len)
{
	qtest_bufwrite(rig->qts, addr, buf, len);
}

void rig_read(struct rig *rig, uint64_t addr, void *buf, size_t len)
{
	qtest_bufread(rig->qts, addr, buf, len);
}

void rig_ctx_enable(struct rig *rig, unsigned int ctx)
{
	rig->root[ctx] = rig_alloc(rig, RIG_PAGE);
	rig_put64(rig, LUTNA_REG_CTX(ctx) + LUTNA_CTX_PT_ROOT,
		  rig->root[ctx] + rig->shift);
	rig_put(rig, LUTNA_REG_CTX(ctx) + LUTNA_CTX_CTRL,
		LUTNA_CTX_CTRL_ENABLE);
	g_assert_cmpuint(rig_get(rig, LUTNA_REG_CTX(ctx) + LUTNA_CTX_STATUS), ==,
			 LUTNA_CTX_STATUS_ENABLED);
}

uint64_t rig_pte(struct rig *rig, unsigned int ctx, uint64_t va, int level)
{
	uint64_t table = rig->root[ctx];
	uint64_t entry, pte;
	int at;

	for (at = LUTNA_PT_LEVELS - 1; ; at--) {
		entry = table + 8 * extract64(va, LUTNA_PAGE_SHIFT +
					      at * LUTNA_PT_BITS, LUTNA_PT_BITS);
		if (at == level)
			return entry;
		pte = qtest_readq(rig->qts, entry);
		if (!(pte & LUTNA_PTE_VALID)) {
			pte = (rig_alloc(rig, RIG_PAGE) + rig->shift) |
			      LUTNA_PTE_VALID;
			qtest_writeq(rig->qts, entry, pte);
		}
		table = (pte & LUTNA_PTE_ADDR) - rig->shift;
	}
}

void rig_pte_write(struct rig *rig, unsigned int ctx, uint64_t va, int level,
		   uint64_t pte)
{
	qtest_writeq(rig->qts, rig_pte(rig, ctx, va, level), pte);
}

void rig_map(struct rig *rig, unsigned int ctx, uint64_t va, uint64_t bus,
	     uint64_t size, uint64_t rights)
{
	uint64_t off;

	for (off = 0; off < size; off += RIG_PAGE)
		rig_pte_write(rig, ctx, va + off, 0,
			      (bus + off) | rights | LUTNA_PTE_LEAF |
			      LUTNA_PTE_VALID);
}

void rig_invalidate(struct rig *rig, unsigned int ctx, uint64_t va,
		    uint32_t pages)
{
	rig_put64(rig, LUTNA_REG_CTX(ctx) + LUTNA_CTX_INV_ADDR, va);
	rig_put(rig, LUTNA_REG_CTX(ctx) + LUTNA_CTX_INV_PAGES, pages);
	rig_wait(rig, LUTNA_REG_CTX(ctx) + LUTNA_CTX_STATUS,
		 LUTNA_CTX_STATUS_BUSY, 0);
}

void rig_cq_enable(struct rig *rig, unsigned int v, unsigned int log2,
		   bool irq)
{
	struct rig_cq *cq = &rig->cq[v];

	cq->base = rig_alloc(rig, sizeof(struct lutna_completion) << log2);
	cq->log2 = log2;
	cq->head = 0;
	rig_put64(rig, LUTNA_REG_CQ(v) + LUTNA_CQ_BASE, cq->base + rig->shift);
	rig_put(rig, LUTNA_REG_CQ(v) + LUTNA_CQ_HEAD, 0);
	rig_put(rig, LUTNA_REG_CQ(v) + LUTNA_CQ_CFG,
		LUTNA_CQ_CFG_ENABLE | (irq ? LUTNA_CQ_CFG_IRQ : 0) | log2);
}

bool rig_cq_peek(struct rig *rig, unsigned int v,
		 struct lutna_completion *record)
{
	struct rig_cq *cq = &rig->cq[v];
	uint32_t size = 1U << cq->log2;

	rig_read(rig, cq->base + (cq->head & (size - 1)) * sizeof(*record),
		 record, sizeof(*record));
	return (record->phase & 1) == !(cq->head & size);
}

struct lutna_completion rig_cq_take(struct rig *rig, unsigned int v)
{
	struct lutna_completion record;
	int64_t start = 0;

	while (!rig_cq_peek(rig, v, &record)) {
		if (!rig_pause(&start))
			g_error("no record %u in ring %u", rig->cq[v].head, v);
	}
	/* Its phase came last, so now the rest is there. */
	g_assert_true(rig_cq_peek(rig, v, &record));
	rig->cq[v].head++;
	return record;
}

void rig_cq_release(struct rig *rig, unsigned int v)
{
	rig_wait(rig, LUTNA_REG_CQ(v) + LUTNA_CQ_TAIL, UINT32_MAX,
		 rig->cq[v].head);
	rig_put(rig, LUTNA_REG_CQ(v) + LUTNA_CQ_HEAD, rig->cq[v].head);
}

void rig_cq_none(struct rig *rig, unsigned int v)
{
	struct lutna_completion record;

	/* What is under way without any reason has had its chance by then. */
	g_usleep(20000);
	g_assert_false(rig_cq_peek(rig, v, &record));
	g_assert_cmpuint(rig_get(rig, LUTNA_REG_CQ(v) + LUTNA_CQ_TAIL), ==,
			 rig->cq[v].head);
}

void rig_queue_setup(struct rig *rig, unsigned int q, unsigned int ctx,
		     unsigned int log2, unsigned int priority, unsigned int cq)
{
	struct rig_queue *queue = &rig->queue[q];
	uint64_t reg = LUTNA_REG_QUEUE(q);

	queue->ring = rig_alloc(rig, sizeof(struct lutna_job_entry) << log2);
	queue->seq = rig_alloc(rig, 8);
	queue->ctx = ctx;
	queue->log2 = log2;
	queue->tail = 0;
	queue->owned = false;
	rig_put64(rig, reg + LUTNA_Q_RING_BASE, queue->ring + rig->shift);
	rig_put64(rig, reg + LUTNA_Q_SEQ_ADDR, queue->seq + rig->shift);
	rig_put(rig, reg + LUTNA_Q_CFG,
		ctx | log2 << ctz32(LUTNA_Q_CFG_LOG2) |
		priority << ctz32(LUTNA_Q_CFG_PRIORITY) |
		cq << ctz32(LUTNA_Q_CFG_CQ));
}

void rig_queue_own(struct rig *rig, unsigned int q)
{
	uint64_t reg = LUTNA_REG_QUEUE(q) + LUTNA_Q_CFG;

	rig->queue[q].owned = true;
	rig_put(rig, reg, rig_get(rig, reg) | LUTNA_Q_CFG_OWNED);
}

void rig_queue_cmd(struct rig *rig, unsigned int q, uint32_t cmd)
{
	rig_put(rig, LUTNA_REG_QUEUE(q) + LUTNA_Q_CTRL, cmd);
}

void rig_queue_start(struct rig *rig, unsigned int q, unsigned int ctx,
		     unsigned int log2, unsigned int priority, unsigned int cq)
{
	rig_queue_setup(rig, q, ctx, log2, priority, cq);
	rig_queue_cmd(rig, q, LUTNA_Q_CMD_START);
	g_assert_cmpuint(rig_queue_state(rig, q), ==, LUTNA_Q_RUNNING);
}

uint32_t rig_queue_state(struct rig *rig, unsigned int q)
{
	return rig_get(rig, LUTNA_REG_QUEUE(q) + LUTNA_Q_STATUS) &
	       LUTNA_Q_STATUS_STATE;
}

void rig_queue_wait(struct rig *rig, unsigned int q, uint32_t state)
{
	rig_wait(rig, LUTNA_REG_QUEUE(q) + LUTNA_Q_STATUS,
		 LUTNA_Q_STATUS_STATE | LUTNA_Q_STATUS_BUSY, state);
}

uint64_t rig_entry(struct rig *rig, unsigned int q,
		   struct lutna_job_entry entry)
{
	struct rig_queue *queue = &rig->queue[q];
	uint32_t slot = queue->tail & ((1U << queue->log2) - 1);

	entry.seqno = rig->seqno++;
	rig_write(rig, queue->ring + slot * sizeof(entry), &entry,
		  sizeof(entry));
	queue->tail++;
	return entry.seqno;
}

void rig_bell(struct rig *rig, unsigned int q)
{
	const struct rig_queue *queue = &rig->queue[q];

	qpci_io_writel(rig->dev, rig->bells,
		       queue->owned ? LUTNA_DOORBELL_USER(queue->ctx, q)
				    : LUTNA_DOORBELL(queue->ctx, q),
		       queue->tail);
}

uint64_t rig_submit(struct rig *rig, unsigned int q, uint64_t list,
		    uint32_t count)
{
	uint64_t seqno;

	seqno = rig_entry(rig, q, (struct lutna_job_entry) {
		.list = list,
		.count = count,
		.flags = LUTNA_JOB_IRQ,
		.unit = LUTNA_UNIT_LUTNA,
	});
	rig_bell(rig, q);
	return seqno;
}

struct lutna_completion rig_run(struct rig *rig, unsigned int q, uint64_t list,
				uint32_t count)
{
	uint64_t seqno = rig_submit(rig, q, list, count);
	uint32_t cfg = rig_get(rig, LUTNA_REG_QUEUE(q) + LUTNA_Q_CFG);
	unsigned int v = cfg >> ctz32(LUTNA_Q_CFG_CQ);
	struct lutna_completion record = rig_cq_take(rig, v);

	g_assert_cmpuint(record.type, ==, LUTNA_RECORD_JOB);
	g_assert_cmpuint(record.seqno, ==, seqno);
	g_assert_cmpuint(record.queue, ==, q);
	g_assert_cmpuint(record.context, ==, rig->queue[q].ctx);
	rig_cq_release(rig, v);
	return record;
}

void rig_msix_set(struct rig *rig, unsigned int v, uint64_t addr,
		  uint32_t data, bool masked)
{
	QPCIBar bar = rig->dev->msix_table_bar;
	uint64_t entry = rig->dev->msix_table_off + v * PCI_MSIX_ENTRY_SIZE;

	qpci_io_writel(rig->dev, bar, entry + PCI_MSIX_ENTRY_LOWER_ADDR, addr);
	qpci_io_writel(rig->dev, bar, entry + PCI_MSIX_ENTRY_UPPER_ADDR,
		       addr >> 32);
	qpci_io_writel(rig->dev, bar, entry + PCI_MSIX_ENTRY_DATA, data);
	qpci_io_writel(rig->dev, bar, entry + PCI_MSIX_ENTRY_VECTOR_CTRL,
		       masked ? PCI_MSIX_ENTRY_CTRL_MASKBIT : 0);
}

void rig_expect_irq(struct rig *rig, uint64_t addr, uint32_t data)
{
	int64_t end = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;

	while (qtest_readl(rig->qts, addr) != data)
		g_assert_cmpint(g_get_monotonic_time(), <, end);
	qtest_writel(rig->qts, addr, 0);
}

void rig_expect_no_irq(struct rig *rig, uint64_t addr)
{
	g_usleep(20000);
	g_assert_cmphex(qtest_readl(rig->qts, addr), ==, 0);
}

void rig_cmd(void *cmd, uint16_t opcode, uint32_t tag)
{
	struct lutna_cmd_hdr *hdr = cmd;

	memset(cmd, 0, LUTNA_CMD_SIZE);
	hdr->opcode = opcode;
	hdr->version = LUTNA_ISA_VERSION;
	hdr->tag = tag;
}

uint64_t rig_nops(struct rig *rig, unsigned int ctx, uint64_t va,
		  uint32_t count)
{
	g_autofree uint8_t *list = g_malloc(count * LUTNA_CMD_SIZE);
	uint64_t bus = rig_alloc(rig, count * LUTNA_CMD_SIZE);
	uint32_t i;

	for (i = 0; i < count; i++)
		rig_cmd(list + i * LUTNA_CMD_SIZE, LUTNA_OP_NOP, i);
	rig_write(rig, bus, list, count * LUTNA_CMD_SIZE);
	rig_map(rig, ctx, va, bus + rig->shift, count * LUTNA_CMD_SIZE, RIG_R);
	return bus;
}
