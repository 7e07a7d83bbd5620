/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * LUT-NA driver: access to registers.  Callers hold lutna_device.hw_sem and
 * have seen that the device is not dead, unless they say why not.
 */
#ifndef LUTNA_HW_H
#define LUTNA_HW_H

#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/iopoll.h>

#include "lutna_drv.h"

/* What a read gives when nobody answers; no register has this value. */
#define LUTNA_HW_NOBODY		0xffffffffU

/* Between two looks at a register that is about to change. */
#define LUTNA_HW_POLL_US	20

static inline u32 lutna_hw_read32(struct lutna_device *ldev, u32 reg)
{
	return readl(ldev->regs + reg);
}

static inline u64 lutna_hw_read64(struct lutna_device *ldev, u32 reg)
{
	return readq(ldev->regs + reg);
}

static inline void lutna_hw_write32(struct lutna_device *ldev, u32 reg, u32 val)
{
	writel(val, ldev->regs + reg);
}

static inline void lutna_hw_write64(struct lutna_device *ldev, u32 reg, u64 val)
{
	writeq(val, ldev->regs + reg);
}

/**
 * lutna_hw_poll() - wait until bits of a register have a value
 * @ldev: device
 * @reg: 32-bit register
 * @mask: the bits
 * @want: their value
 *
 * Sleeps.  Return: 0, -ETIMEDOUT after the time that the module parameter
 * answer_ms gives, -ENODEV if the device has left the bus.
 */
static inline int lutna_hw_poll(struct lutna_device *ldev, u32 reg, u32 mask,
				u32 want)
{
	u32 val;
	int ret;

	ret = read_poll_timeout(readl, val,
				val == LUTNA_HW_NOBODY || (val & mask) == want,
				LUTNA_HW_POLL_US, lutna_answer_us(), false,
				ldev->regs + reg);
	return val == LUTNA_HW_NOBODY ? -ENODEV : ret;
}

#endif /* LUTNA_HW_H */
