/* SPDX-License-Identifier: GPL-2.0-only */
/* Changes of nets, from a simulator's dump (VCD). */
#ifndef SILICON_ACTIVITY_H
#define SILICON_ACTIVITY_H

#include <stdio.h>

struct mapped;

/**
 * activity_count() - add up how often each net rose and fell
 * @dump: a VCD; need not be a file that can be sought in
 * @m: the nets; what the dump has beyond them is passed over
 *
 * Counts while signal "counted" is 1, and only between 0 and 1.
 *
 * Says on stderr what is wrong. Return: 0 or -errno.
 */
int activity_count(FILE *dump, struct mapped *m);

#endif /* SILICON_ACTIVITY_H */
