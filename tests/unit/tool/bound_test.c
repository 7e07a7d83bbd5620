// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much is lost at most: against the definition, with the likelihood maximised
 * by brute force; against figures found apart; and by how often it is wrong.
 */
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tools/lutna/bound.h"

static int tests, failed;

static void __attribute__((format(printf, 2, 3)))
ok(bool good, const char *format, ...)
{
	va_list args;

	failed += !good;
	printf("%sok %d - ", good ? "" : "not ", ++tests);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

static void test_quantile(void)
{
	static const double table[][2] = {
		{ 50, 0 }, { 90, 1.281552 }, { 95, 1.644854 }, { 97.5, 1.959964 },
		{ 99, 2.326348 }, { 99.9, 3.090232 },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		ok(fabs(bound_quantile(table[i][0]) - table[i][1]) < 1e-6,
		   "%g %% is %g deviations", table[i][0], table[i][1]);
}

/*
 * The likeliest share of gained images if @loss is lost on balance, to 1e-7, by
 * trying: the likelihood has one top.
 */
static double likeliest(double n, double lost, double gained, double loss)
{
	double low = fmax(0, -loss), high = (1 - loss) / 2;
	int i;

	for (i = 0; i < 200; i++) {
		double at[2], value[2];
		int k;

		at[0] = low + (high - low) / 3;
		at[1] = high - (high - low) / 3;
		for (k = 0; k < 2; k++)
			value[k] = (lost ? lost * log(at[k] + loss) : 0) +
				   (gained ? gained * log(at[k]) : 0) +
				   (n - lost - gained) * log(1 - 2 * at[k] - loss);
		if (value[0] < value[1])
			low = at[0];
		else
			high = at[1];
	}
	return low;
}

/* At the bound the score test stands just at its quantile. */
static void test_definition(void)
{
	static const uint64_t counts[][3] = {
		{ 4000, 120, 90 }, { 4000, 40, 0 }, { 2500, 30, 60 },
		{ 100, 5, 3 }, { 1000, 0, 0 }, { 44, 1, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		double n = (double)counts[i][0], lost = (double)counts[i][1];
		double gained = (double)counts[i][2], z = bound_quantile(95);
		double bound = bound_loss(counts[i][0], counts[i][1],
					  counts[i][2], z);
		double share = likeliest(n, lost, gained, bound);
		double off = (n * bound - lost + gained) /
			     sqrt(n * (2 * share + bound * (1 - bound)));

		ok(fabs(off - z) < 1e-3 && bound > (lost - gained) / n,
		   "%g images, %g lost, %g gained: at most %.3f points, %.4f deviations",
		   n, lost, gained, 100 * bound, off);
	}
}

static void test_figures(void)
{
	double z = bound_quantile(95);

	ok(fabs(bound_loss(44, 1, 0, z) - 0.095662) < 5e-6, "one of 44 lost");
	ok(fabs(bound_loss(44, 0, 1, z) - 0.036517) < 5e-6, "one of 44 gained");
	ok(fabs(bound_share(100, 7, bound_quantile(97.5)) - 0.1375) < 5e-5,
	   "Wilson's upper limit of 7 in 100");
	ok(bound_loss(0, 0, 0, z) >= 1 && bound_share(0, 0, z) >= 1,
	   "no image says nothing");
	ok(bound_loss(100, 3, 1, 0) == 0.02 && bound_share(100, 7, 0) == 0.07,
	   "50 %% is the estimate itself");
}

static uint64_t random_state = 88172645463325252u;

static double draw(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (double)(random_state >> 11) / (double)(1ull << 53);
}

#define REPEATS	4000

/* How often a change that just breaks the budget of a point is accepted */
static void test_errors(uint64_t images, double discord, double confidence)
{
	double z = bound_quantile(confidence), wrong;
	double lost_share = (discord + 0.01) / 2;
	int accepted = 0, i;
	uint64_t k;

	for (i = 0; i < REPEATS; i++) {
		uint64_t lost = 0, gained = 0;

		for (k = 0; k < images; k++) {
			double at = draw();

			lost += at < lost_share;
			gained += at >= lost_share && at < discord;
		}
		accepted += bound_loss(images, lost, gained, z) <= 0.01;
	}
	wrong = 100.0 * accepted / REPEATS;
	ok(wrong <= (100 - confidence) * 1.3 && wrong >= (100 - confidence) * 0.5,
	   "%llu images, %g %% of answers change: %g %% confidence errs in %.2f %%",
	   (unsigned long long)images, 100 * discord, confidence, wrong);
}

int main(void)
{
	test_quantile();
	test_definition();
	test_figures();
	test_errors(2000, 0.05, 95);
	test_errors(2000, 0.02, 90);
	test_errors(500, 0.05, 95);
	printf("1..%d\n", tests);
	return failed != 0;
}
