// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA driver: completion rings and their interrupts
 *
 * A completion costs no access to a register: new records are found by their
 * phase, and the device is told of those consumed only after a quarter of the
 * ring.  What the driver has not told is never more than that, so the device
 * has room as soon as the ring was drained; and it is drained whenever the
 * device has put something in and wants an interrupt, which every job does.
 *
 * The device's word is not trusted further than needed: a record that names a
 * queue that does not complete here, or another job than its next, is dropped.
 */
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/slab.h>

#include "hw.h"

#define LUTNA_CQ_LOG2		10
#define LUTNA_CQ_RECORDS	BIT(LUTNA_CQ_LOG2)
#define LUTNA_CQ_BYTES		(LUTNA_CQ_RECORDS * sizeof(struct lutna_completion))

static void lutna_cq_event(struct lutna_cq *cq, const struct lutna_completion *rec)
{
	struct lutna_device *ldev = cq->ldev;

	dev_err_ratelimited(lutna_dev(ldev), "device error %u, about %#llx\n",
			    le16_to_cpu(rec->status), le64_to_cpu(rec->fault_addr));
	queue_work(ldev->wq, &ldev->reset_work);
}

static void lutna_cq_record(struct lutna_cq *cq, const struct lutna_completion *rec)
{
	struct lutna_queue *q = NULL;
	u16 id = le16_to_cpu(rec->queue);

	if (rec->type == LUTNA_RECORD_EVENT) {
		lutna_cq_event(cq, rec);
		return;
	}
	if (rec->type == LUTNA_RECORD_JOB && id < cq->ldev->facts.nr_queues)
		q = cq->queues[id];
	if (q)
		lutna_queue_complete(q, rec);
	else
		dev_err_ratelimited(lutna_dev(cq->ldev),
				    "completion of type %u for queue %u, which is not in use\n",
				    rec->type, id);
}

/* The next record if it is new; the phase is 1 on the first pass. */
static struct lutna_completion *lutna_cq_next(struct lutna_cq *cq)
{
	struct lutna_completion *rec = &cq->ring[cq->head & (LUTNA_CQ_RECORDS - 1)];
	u32 phase = ~(cq->head >> LUTNA_CQ_LOG2) & 1;

	if ((le32_to_cpu(READ_ONCE(rec->phase)) & 1) != phase)
		return NULL;
	dma_rmb();
	return rec;
}

static void lutna_cq_consume(struct lutna_cq *cq)
{
	struct lutna_completion *rec;

	while ((rec = lutna_cq_next(cq))) {
		lutna_cq_record(cq, rec);
		cq->head++;
		if (cq->head - cq->told >= LUTNA_CQ_RECORDS / 4) {
			cq->told = cq->head;
			lutna_hw_write32(cq->ldev, LUTNA_REG_CQ(cq->index) + LUTNA_CQ_HEAD,
					 cq->told);
		}
	}
}

void lutna_cq_drain(struct lutna_cq *cq)
{
	unsigned long flags;

	spin_lock_irqsave(&cq->lock, flags);
	lutna_cq_consume(cq);
	spin_unlock_irqrestore(&cq->lock, flags);
}

static irqreturn_t lutna_cq_interrupt(int irq, void *data)
{
	struct lutna_cq *cq = data;

	spin_lock(&cq->lock);
	lutna_cq_consume(cq);
	spin_unlock(&cq->lock);
	/* Not shared; that somebody else has drained it already is no error. */
	return IRQ_HANDLED;
}

void lutna_cq_add(struct lutna_queue *q)
{
	spin_lock_irq(&q->cq->lock);
	q->cq->queues[q->id] = q;
	spin_unlock_irq(&q->cq->lock);
}

void lutna_cq_remove(struct lutna_queue *q)
{
	spin_lock_irq(&q->cq->lock);
	q->cq->queues[q->id] = NULL;
	spin_unlock_irq(&q->cq->lock);
}

void lutna_cq_enable_all(struct lutna_device *ldev)
{
	unsigned int i;

	for (i = 0; i < ldev->nr_cqs; i++) {
		struct lutna_cq *cq = &ldev->cqs[i];
		u32 reg = LUTNA_REG_CQ(i);

		memset(cq->ring, 0, LUTNA_CQ_BYTES);
		cq->head = 0;
		cq->told = 0;
		lutna_hw_write64(ldev, reg + LUTNA_CQ_BASE, cq->dma);
		lutna_hw_write32(ldev, reg + LUTNA_CQ_HEAD, 0);
		lutna_hw_write32(ldev, reg + LUTNA_CQ_CFG,
				 FIELD_PREP(LUTNA_CQ_CFG_LOG2, LUTNA_CQ_LOG2) |
				 LUTNA_CQ_CFG_IRQ | LUTNA_CQ_CFG_ENABLE);
	}
}

struct lutna_cq *lutna_cq_choose(struct lutna_device *ldev)
{
	unsigned int cpu = raw_smp_processor_id();
	unsigned int i;

	for (i = 0; i < ldev->nr_cqs; i++)
		if (ldev->cqs[i].cpu == cpu)
			return &ldev->cqs[i];
	return &ldev->cqs[cpu % ldev->nr_cqs];
}

static int lutna_cq_open(struct lutna_device *ldev, unsigned int index)
{
	struct lutna_cq *cq = &ldev->cqs[index];
	int ret = -ENOMEM;

	cq->ldev = ldev;
	cq->index = index;
	cq->irq = pci_irq_vector(ldev->pdev, index);
	cq->cpu = cpumask_local_spread(index, dev_to_node(lutna_dev(ldev)));
	spin_lock_init(&cq->lock);
	cq->queues = kcalloc(ldev->facts.nr_queues, sizeof(*cq->queues), GFP_KERNEL);
	if (!cq->queues)
		return ret;
	cq->ring = dma_alloc_coherent(lutna_dev(ldev), LUTNA_CQ_BYTES, &cq->dma, GFP_KERNEL);
	if (!cq->ring)
		goto err_queues;
	ret = request_irq(cq->irq, lutna_cq_interrupt, 0, ldev->name, cq);
	if (ret)
		goto err_ring;
	/* A wish: the processor may go, and the administrator may know better. */
	irq_set_affinity_and_hint(cq->irq, cpumask_of(cq->cpu));
	return 0;

err_ring:
	dma_free_coherent(lutna_dev(ldev), LUTNA_CQ_BYTES, cq->ring, cq->dma);
err_queues:
	kfree(cq->queues);
	return ret;
}

static void lutna_cq_close(struct lutna_cq *cq)
{
	struct lutna_device *ldev = cq->ldev;

	irq_update_affinity_hint(cq->irq, NULL);
	free_irq(cq->irq, cq);
	dma_free_coherent(lutna_dev(ldev), LUTNA_CQ_BYTES, cq->ring, cq->dma);
	kfree(cq->queues);
}

int lutna_cq_open_all(struct lutna_device *ldev)
{
	unsigned int i;
	int ret;

	ldev->cqs = kcalloc(ldev->nr_cqs, sizeof(*ldev->cqs), GFP_KERNEL);
	if (!ldev->cqs)
		return dev_err_probe(lutna_dev(ldev), -ENOMEM,
				     "no memory for %u completion rings\n", ldev->nr_cqs);
	for (i = 0; i < ldev->nr_cqs; i++) {
		ret = lutna_cq_open(ldev, i);
		if (ret) {
			dev_err_probe(lutna_dev(ldev), ret,
				      "cannot set up completion ring %u\n", i);
			goto err_close;
		}
	}
	return 0;

err_close:
	while (i--)
		lutna_cq_close(&ldev->cqs[i]);
	kfree(ldev->cqs);
	return ret;
}

void lutna_cq_close_all(struct lutna_device *ldev)
{
	unsigned int i;

	for (i = 0; i < ldev->nr_cqs; i++)
		lutna_cq_close(&ldev->cqs[i]);
	kfree(ldev->cqs);
	ldev->cqs = NULL;
}
