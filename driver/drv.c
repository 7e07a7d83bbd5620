// SPDX-License-Identifier: GPL-2.0-only
/*
 * LUT-NA driver: module, probe and remove
 */
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/sched.h>

#include "fence.h"
#include "hw.h"

static unsigned int timeout_ms = 10000;
module_param(timeout_ms, uint, 0644);
MODULE_PARM_DESC(timeout_ms, "time limit of jobs whose queue has none, in ms");

static unsigned int answer_ms = 5000;
module_param(answer_ms, uint, 0644);
MODULE_PARM_DESC(answer_ms, "how long the device may take to do as it is told, in ms");

static DEFINE_IDA(lutna_indices);

u64 lutna_answer_us(void)
{
	return (u64)clamp(READ_ONCE(answer_ms), 1U, 60000U) * USEC_PER_MSEC;
}

u64 lutna_default_timeout_ms(void)
{
	return max(READ_ONCE(timeout_ms), 1U);
}

static void lutna_device_release(struct kref *ref)
{
	struct lutna_device *ldev = container_of(ref, struct lutna_device, ref);

	destroy_workqueue(ldev->wq);
	ida_destroy(&ldev->queue_ids);
	xa_destroy(&ldev->contexts);
	ida_free(&lutna_indices, ldev->index);
	kfree(ldev);
}

void lutna_device_put(struct lutna_device *ldev)
{
	kref_put(&ldev->ref, lutna_device_release);
}

static struct lutna_device *lutna_device_new(struct pci_dev *pdev)
{
	struct lutna_device *ldev;

	ldev = kzalloc(sizeof(*ldev), GFP_KERNEL);
	if (!ldev)
		return NULL;
	kref_init(&ldev->ref);
	ldev->pdev = pdev;
	init_rwsem(&ldev->hw_sem);
	init_rwsem(&ldev->import_sem);
	mutex_init(&ldev->imports_lock);
	INIT_LIST_HEAD(&ldev->imports);
	xa_init_flags(&ldev->contexts, XA_FLAGS_ALLOC);
	ida_init(&ldev->queue_ids);
	INIT_WORK(&ldev->reset_work, lutna_reset_work);

	ldev->index = ida_alloc(&lutna_indices, GFP_KERNEL);
	if (ldev->index < 0)
		goto err_free;
	snprintf(ldev->name, sizeof(ldev->name), LUTNA_NAME "%d", ldev->index);

	/* Others wait for fences, maybe for memory; that may take recovery. */
	ldev->wq = alloc_workqueue("%s", WQ_UNBOUND | WQ_MEM_RECLAIM, 0, ldev->name);
	if (!ldev->wq)
		goto err_index;
	return ldev;

err_index:
	ida_free(&lutna_indices, ldev->index);
err_free:
	kfree(ldev);
	return NULL;
}

static int lutna_map_bars(struct lutna_device *ldev)
{
	const int bars = BIT(LUTNA_BAR_REGS) | BIT(LUTNA_BAR_DOORBELLS);
	struct pci_dev *pdev = ldev->pdev;
	int ret;

	if (pci_resource_len(pdev, LUTNA_BAR_REGS) < LUTNA_REGS_SIZE)
		return dev_err_probe(&pdev->dev, -ENODEV,
				     "BAR %d (registers) is too small or was given no address\n",
				     LUTNA_BAR_REGS);

	ret = pcim_iomap_regions(pdev, bars, LUTNA_NAME);
	if (ret)
		return dev_err_probe(&pdev->dev, ret,
				     "cannot map the BARs of registers and doorbells\n");
	ldev->regs = pcim_iomap_table(pdev)[LUTNA_BAR_REGS];
	ldev->doorbells = pcim_iomap_table(pdev)[LUTNA_BAR_DOORBELLS];
	return 0;
}

static void lutna_read_facts(struct lutna_device *ldev)
{
	struct lutna_facts *facts = &ldev->facts;
	u64 caps = lutna_hw_read64(ldev, LUTNA_REG_CAPS);
	u64 limits = lutna_hw_read64(ldev, LUTNA_REG_LIMITS);

	facts->device_id = lutna_hw_read32(ldev, LUTNA_REG_ID);
	facts->version = lutna_hw_read32(ldev, LUTNA_REG_VERSION);
	facts->features = lutna_hw_read64(ldev, LUTNA_REG_FEATURES);
	facts->nr_contexts = FIELD_GET(LUTNA_CAPS_CONTEXTS, caps);
	facts->nr_queues = FIELD_GET(LUTNA_CAPS_QUEUES, caps);
	facts->nr_vectors = FIELD_GET(LUTNA_CAPS_VECTORS, caps);
	facts->max_depth = 1U << min_t(u32, FIELD_GET(LUTNA_CAPS_RING_LOG2, caps),
				       ilog2(LUTNA_DEPTH_MAX));
	facts->max_commands = FIELD_GET(LUTNA_LIMITS_COMMANDS, limits);
	facts->max_tensor_bytes =
		1ULL << min_t(u32, FIELD_GET(LUTNA_LIMITS_TENSOR_LOG2, limits), 63);
	facts->isa_version = FIELD_GET(LUTNA_LIMITS_ISA_VERSION, limits);
	facts->units = lutna_hw_read32(ldev, LUTNA_REG_UNITS);
	facts->clock_khz = lutna_hw_read32(ldev, LUTNA_REG_CLOCK_KHZ);
}

static bool lutna_within(u32 value, u32 low, u32 high)
{
	return value >= low && value <= high;
}

static int lutna_check_facts(struct lutna_device *ldev)
{
	const struct lutna_facts *facts = &ldev->facts;
	struct device *dev = lutna_dev(ldev);
	u64 caps;

	if (lutna_hw_read32(ldev, LUTNA_REG_ID) != LUTNA_ID)
		return dev_err_probe(dev, -ENODEV, "identity register says %#x, not %#x\n",
				     lutna_hw_read32(ldev, LUTNA_REG_ID), LUTNA_ID);

	lutna_read_facts(ldev);
	if (!lutna_within(facts->nr_contexts, 1, LUTNA_MAX_CONTEXTS) ||
	    !lutna_within(facts->nr_queues, 1, LUTNA_MAX_QUEUES) ||
	    !lutna_within(facts->nr_vectors, 1, LUTNA_MAX_VECTORS) ||
	    facts->max_depth < 2)
		return dev_err_probe(dev, -ENODEV,
				     "capabilities make no sense: %u contexts, %u queues of %u, %u vectors\n",
				     facts->nr_contexts, facts->nr_queues,
				     facts->max_depth, facts->nr_vectors);

	caps = lutna_hw_read64(ldev, LUTNA_REG_CAPS);
	if (FIELD_GET(LUTNA_CAPS_VA_BITS, caps) != LUTNA_VA_BITS)
		return dev_err_probe(dev, -ENODEV, "%llu address bits, not %d\n",
				     FIELD_GET(LUTNA_CAPS_VA_BITS, caps), LUTNA_VA_BITS);

	if (pci_resource_len(ldev->pdev, LUTNA_BAR_DOORBELLS) / LUTNA_DOORBELL_PAGE <
	    facts->nr_contexts)
		return dev_err_probe(dev, -ENODEV,
				     "BAR %d is too small for the doorbells of %u contexts\n",
				     LUTNA_BAR_DOORBELLS, facts->nr_contexts);
	if ((facts->features & LUTNA_FEATURE_OWNED_QUEUES) &&
	    pci_resource_len(ldev->pdev, LUTNA_BAR_DOORBELLS) < LUTNA_DOORBELLS_SIZE)
		return dev_err_probe(dev, -ENODEV,
				     "BAR %d is too small for the doorbells of processes\n",
				     LUTNA_BAR_DOORBELLS);
	return 0;
}

static int lutna_setup_dma(struct lutna_device *ldev)
{
	struct device *dev = lutna_dev(ldev);
	int ret;

	ret = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(64));
	if (ret) {
		ret = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(32));
		ldev->dma32 = true;
	}
	if (ret)
		return dev_err_probe(dev, ret, "the platform offers no DMA addresses\n");
	/* So that exporters leave in one piece what is in one. */
	dma_set_max_seg_size(dev, UINT_MAX);
	return 0;
}

static int lutna_alloc_vectors(struct lutna_device *ldev)
{
	unsigned int want = min(num_online_cpus(), ldev->facts.nr_vectors);
	int ret;

	ret = pci_alloc_irq_vectors(ldev->pdev, 1, want, PCI_IRQ_MSIX);
	if (ret < 0)
		return dev_err_probe(lutna_dev(ldev), ret, "no MSI-X vectors\n");
	ldev->nr_cqs = ret;
	return 0;
}

/* From a device that answers to one that would run jobs. */
static int lutna_bring_up(struct lutna_device *ldev)
{
	int ret;

	/* Whatever it did for whoever had it before ends before it may do DMA. */
	ret = lutna_hw_reset(ldev);
	if (ret)
		return dev_err_probe(lutna_dev(ldev), ret,
				     "the device does not come out of reset\n");
	ret = lutna_alloc_vectors(ldev);
	if (ret)
		return ret;
	ret = lutna_cq_open_all(ldev);
	if (ret) {
		pci_free_irq_vectors(ldev->pdev);
		return ret;
	}
	pci_set_master(ldev->pdev);
	lutna_hw_start(ldev);
	return 0;
}

static void lutna_take_down(struct lutna_device *ldev)
{
	lutna_cq_close_all(ldev);
	pci_free_irq_vectors(ldev->pdev);
	pci_clear_master(ldev->pdev);
}

static int lutna_register(struct lutna_device *ldev)
{
	int ret;

	ldev->misc.minor = MISC_DYNAMIC_MINOR;
	ldev->misc.name = ldev->name;
	ldev->misc.fops = &lutna_file_ops;
	ldev->misc.parent = lutna_dev(ldev);
	ret = misc_register(&ldev->misc);
	if (ret)
		return dev_err_probe(lutna_dev(ldev), ret, "cannot make /dev/%s\n",
				     ldev->name);
	return 0;
}

static int lutna_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct lutna_device *ldev;
	int ret;

	ldev = lutna_device_new(pdev);
	if (!ldev)
		return dev_err_probe(&pdev->dev, -ENOMEM, "no memory for the device\n");

	ret = pcim_enable_device(pdev);
	if (ret) {
		dev_err_probe(&pdev->dev, ret, "cannot enable the device\n");
		goto err_put;
	}
	ret = lutna_map_bars(ldev);
	if (ret)
		goto err_put;
	ret = lutna_check_facts(ldev);
	if (ret)
		goto err_put;
	ret = lutna_setup_dma(ldev);
	if (ret)
		goto err_put;
	ret = lutna_bring_up(ldev);
	if (ret)
		goto err_put;

	pci_set_drvdata(pdev, ldev);
	ret = lutna_register(ldev);
	if (ret)
		goto err_down;

	dev_info(&pdev->dev, "%s: %u units at %u kHz, %u contexts, %u queues, %u interrupts\n",
		 ldev->name, ldev->facts.units, ldev->facts.clock_khz,
		 ldev->facts.nr_contexts, ldev->facts.nr_queues, ldev->nr_cqs);
	return 0;

err_down:
	lutna_hw_reset(ldev);
	lutna_take_down(ldev);
err_put:
	lutna_device_put(ldev);
	return ret;
}

static void lutna_remove(struct pci_dev *pdev)
{
	struct lutna_device *ldev = pci_get_drvdata(pdev);

	/* Nobody is inside open() after this, and nobody can come again. */
	misc_deregister(&ldev->misc);
	lutna_device_detach(ldev);
	lutna_import_detach_all(ldev);
	cancel_work_sync(&ldev->reset_work);
	lutna_take_down(ldev);
	lutna_device_put(ldev);
}

static const struct pci_device_id lutna_ids[] = {
	{ PCI_DEVICE(LUTNA_PCI_VENDOR_ID, LUTNA_PCI_DEVICE_ID) },
	{ }
};
MODULE_DEVICE_TABLE(pci, lutna_ids);

static struct pci_driver lutna_driver = {
	.name		= LUTNA_NAME,
	.id_table	= lutna_ids,
	.probe		= lutna_probe,
	.remove		= lutna_remove,
};

static int __init lutna_init(void)
{
	return pci_register_driver(&lutna_driver);
}
module_init(lutna_init);

static void __exit lutna_exit(void)
{
	pci_unregister_driver(&lutna_driver);
	lutna_fence_exit();
}
module_exit(lutna_exit);

MODULE_DESCRIPTION("LUT-NA neural accelerator");
MODULE_LICENSE("GPL");
