// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the API says of units.  A line of input is a unit: unit digit_bits approx
 * approx_digits signed act_bits weight_bits lut_order join tables lut_read, in
 * numbers.  A line of output is its figures, in the order of the JSON.
 */
#include <inttypes.h>
#include <stdio.h>

#include "qemu-device/core/cost.h"

static void print_means(const uint64_t *sum, uint64_t operations)
{
	unsigned int i;

	for (i = 0; i < LUTNA_STIMULUS_COUNT; i++)
		printf(" %.17g", (double)sum[i] / (double)operations);
}

int main(void)
{
	struct lutna_unit_spec s = { .unit = 0 };
	struct lutna_unit_cost c;
	unsigned int v[11], i;

	for (;;) {
		for (i = 0; i < 11; i++)
			if (scanf("%u", &v[i]) != 1)
				return !feof(stdin) || i;
		s = (struct lutna_unit_spec){
			.unit = v[0], .digit_bits = v[1], .approx = v[2],
			.approx_digits = v[3], .is_signed = v[4],
			.act_bits = v[5], .weight_bits = v[6],
			.lut_order = v[7], .join = v[8], .tables = v[9],
			.lut_read = v[10],
		};
		if (lutna_unit_cost(&s, &c)) {
			puts("refused");
			continue;
		}
		printf("%u %u %u %u %u %u %u", c.sram, c.mux, c.gates,
		       c.half_adders, c.full_adders, c.transistors, c.depth);
		print_means(c.toggles, c.operations);
		print_means(c.settled, c.operations);
		print_means(c.toggles_changing, c.operations);
		putchar('\n');
	}
}
