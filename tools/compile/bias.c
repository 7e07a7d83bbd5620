// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <math.h>

#include "bias.h"

/*
 * A bias is as a rule an integer whose scale is the product of the other two,
 * rounded to a float.  It is taken as it is then: going by the real number
 * would bring the rounding of the scale into large ones.
 */
#define SAME_SCALE	1e-5

static int check_quant(const struct graph *graph, const struct node *node,
		       const struct quant *quant)
{
	const struct constant *values = quant->values;
	const struct constant *zero = quant->zero_point;
	uint64_t i;

	if (!values->i || values->index || !quant->scale->f ||
	    quant->scale->index || (zero && (!zero->i || zero->index)))
		return diag_node(graph->diag, node,
				 "a quantised bias needs dense integers, float scales and integer zero points");
	if ((quant->scale->elements != 1 &&
	     quant->scale->elements != values->elements) ||
	    (zero && zero->elements != 1 && zero->elements != values->elements))
		return diag_node(graph->diag, node,
				 "the scales of the bias do not fit it");
	for (i = 0; i < quant->scale->elements; i++)
		if (!(quant->scale->f[i] > 0) || !isfinite(quant->scale->f[i]))
			return diag_node(graph->diag, node,
					 "scale %" PRIu64 " of the bias is not a positive number",
					 i);
	return 0;
}

/* Steps of @step each that number @i is worth. */
static double quant_steps(const struct quant *quant, uint64_t i, double step)
{
	const struct constant *zero = quant->zero_point;
	double scale = quant->scale->f[quant->scale->elements > 1 ? i : 0];
	double value = quant->values->i[i];

	if (zero)
		value -= zero->i[zero->elements > 1 ? i : 0];
	if (fabs(scale / step - 1) < SAME_SCALE)
		return value;
	return value * scale / step;
}

int bias_add(const struct graph *graph, const struct node *node,
	     const struct value *value, double unit, double factor,
	     const struct weights *weights, int64_t *bias)
{
	const struct constant *numbers =
		value->quant ? value->quant->values : value->constant;
	uint32_t row;
	int err;

	if (!numbers || (!value->quant && (!numbers->f || numbers->index)))
		return diag_node(graph->diag, node,
				 "the bias must be constant: floats, or dequantised integers");
	if (numbers->elements != 1 && numbers->elements != weights->rows)
		return diag_node(graph->diag, node,
				 "a bias of %" PRIu64 " numbers for %" PRIu32
				 " output channels", numbers->elements,
				 weights->rows);
	if (value->quant) {
		err = check_quant(graph, node, value->quant);
		if (err)
			return err;
	}
	for (row = 0; row < weights->rows; row++) {
		uint64_t i = numbers->elements > 1 ? row : 0;
		double step = unit * (double)weights->scale[row];
		double steps = value->quant ?
			       quant_steps(value->quant, i, step) :
			       (double)numbers->f[i] / step;

		steps *= factor;
		if (!(fabs(steps) < 2147483648.0))
			return diag_node(graph->diag, node,
					 "the bias of output channel %" PRIu32
					 " is beyond the 32 bits of the accumulator",
					 row);
		bias[row] += llrint(steps);
	}
	return 0;
}
