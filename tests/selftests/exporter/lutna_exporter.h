/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * LUT-NA selftests: what /dev/lutna_exporter does
 */
#ifndef LUTNA_EXPORTER_H
#define LUTNA_EXPORTER_H

#include <linux/ioctl.h>

/* A dma-buf of so many pages, zeroed: the descriptor */
#define LUTNA_EXPORTER_NEW	_IO('x', 0)
/* How many importers have a dma-buf mapped */
#define LUTNA_EXPORTER_MAPPED	_IO('x', 1)
/* Take the memory of a dma-buf back: how many still have it mapped then */
#define LUTNA_EXPORTER_MOVE	_IO('x', 2)

#endif /* LUTNA_EXPORTER_H */
