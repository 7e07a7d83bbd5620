/* SPDX-License-Identifier: GPL-2.0-only */
/* Limits of what a count of images says about all images. */
#ifndef LUTNA_TOOL_BOUND_H
#define LUTNA_TOOL_BOUND_H

#include <stdint.h>

/**
 * bound_quantile() - how many standard deviations a confidence is, one-sided
 * @confidence: in percent, 50 to below 100
 */
double bound_quantile(double confidence);

/**
 * bound_loss() - how much accuracy a change loses at most, by paired images
 * @images: that both were shown
 * @lost: right before, wrong after
 * @gained: wrong before, right after
 * @z: bound_quantile() of the wanted confidence
 *
 * Upper limit of the share of all images that is lost on balance.  The score
 * test for paired proportions (Tango, Statistics in Medicine 17, 1998), inverted:
 * unlike the estimate plus deviations it says little about few images, even
 * when none of them is lost.
 */
double bound_loss(uint64_t images, uint64_t lost, uint64_t gained, double z);

/**
 * bound_share() - how large a share is at most
 * @images: looked at
 * @count: of them have it
 * @z: bound_quantile() of the wanted confidence
 *
 * Upper limit by the score test (Wilson).
 */
double bound_share(uint64_t images, uint64_t count, double z);

#endif
