/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random numbers that come again: LUTNA_SEED=N in the environment repeats a
 * run, and every program prints the seed it used.
 */
#ifndef CORE_TEST_RNG_H
#define CORE_TEST_RNG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct rng {
	uint64_t state;
};

/* splitmix64 */
static inline uint64_t rng_next(struct rng *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/** rng_below() - 0..@n - 1 */
static inline uint32_t rng_below(struct rng *r, uint32_t n)
{
	return (uint32_t)((rng_next(r) >> 32) * n >> 32);
}

/** rng_range() - @low..@high */
static inline int rng_range(struct rng *r, int low, int high)
{
	return low + (int)rng_below(r, high - low + 1);
}

/** rng_one_in() - true once in @n times */
static inline bool rng_one_in(struct rng *r, uint32_t n)
{
	return !rng_below(r, n);
}

/** rng_init() - from LUTNA_SEED, else @seed; prints it */
static inline struct rng rng_init(uint64_t seed)
{
	const char *env = getenv("LUTNA_SEED");
	struct rng r = { env ? strtoull(env, NULL, 0) : seed };

	printf("# LUTNA_SEED=%llu\n", (unsigned long long)r.state);
	return r;
}

#endif /* CORE_TEST_RNG_H */
