// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which kernels this processor can run.
 */
#include <stdbool.h>

#include "kernel.h"

struct choice {
	const struct lutna_kernels *kernels;
	bool (*usable)(void);
};

static bool always(void)
{
	return true;
}

#ifdef __x86_64__
static bool has_avx512(void)
{
	return __builtin_cpu_supports("avx512f") &&
	       __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512vnni");
}

static bool has_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}
#endif

static const struct choice choices[] = {
#ifdef __x86_64__
	{ &lutna_kernels_avx512, has_avx512 },
	{ &lutna_kernels_avx2, has_avx2 },
#endif
	{ &lutna_kernels_portable, always },
};

const struct lutna_kernels *lutna_kernels_list(unsigned int i)
{
	for (size_t j = 0; j < sizeof(choices) / sizeof(choices[0]); j++)
		if (choices[j].usable() && !i--)
			return choices[j].kernels;
	return NULL;
}

const struct lutna_kernels *lutna_kernels_best(void)
{
	return lutna_kernels_list(0);
}
