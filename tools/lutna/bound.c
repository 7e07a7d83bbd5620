// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>

#include "bound.h"

/* Bisections: each gives a bit, and there are no more in a double. */
#define HALVES	64

double bound_quantile(double confidence)
{
	double low = 0, high = 40;
	int i;

	if (confidence <= 50)
		return 0;
	for (i = 0; i < HALVES; i++) {
		double z = (low + high) / 2;

		if (100 * (1 - erfc(z / sqrt(2)) / 2) < confidence)
			low = z;
		else
			high = z;
	}
	return high;
}

/* How far the estimate lies below a loss, in deviations if that were the true one */
static double deviations(double n, double lost, double gained, double loss)
{
	double a = 2 * n;
	double b = -lost - gained + (2 * n - lost + gained) * loss;
	double c = -gained * loss * (1 - loss);
	/* The likeliest share of gained images if so much is lost on balance */
	double share = (sqrt(fmax(0, b * b - 4 * a * c)) - b) / (2 * a);
	double variance = n * (2 * share + loss * (1 - loss));

	return variance > 0 ? (n * loss - (lost - gained)) / sqrt(variance) : 0;
}

double bound_loss(uint64_t images, uint64_t lost, uint64_t gained, double z)
{
	double n = (double)images, low, high = 1;
	int i;

	if (!images)
		return 1;
	low = ((double)lost - (double)gained) / n;
	if (z <= 0)
		return low;
	for (i = 0; i < HALVES; i++) {
		double loss = (low + high) / 2;

		if (deviations(n, (double)lost, (double)gained, loss) < z)
			low = loss;
		else
			high = loss;
	}
	return high;
}

double bound_share(uint64_t images, uint64_t count, double z)
{
	double n = (double)images, share;

	if (!images)
		return 1;
	share = (double)count / n;
	return (share + z * z / (2 * n) +
		z * sqrt(share * (1 - share) / n + z * z / (4 * n * n))) /
	       (1 + z * z / n);
}
