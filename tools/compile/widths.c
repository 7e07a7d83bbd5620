// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <string.h>

#include "widths.h"

enum kind {
	KIND_OTHER,
	KIND_LAYER,	/* arithmetic: wants bits of its first input */
	KIND_QUANTIZE,
	KIND_DEQUANTIZE,
	KIND_MOVES,	/* its result is on the grid of its first input */
	KIND_CONCAT,
};

static enum kind kind_of(const struct node *node)
{
	static const struct {
		const char *op;
		enum kind kind;
	} kinds[] = {
		{ "Conv", KIND_LAYER },
		{ "QLinearConv", KIND_LAYER },
		{ "ConvInteger", KIND_LAYER },
		{ "Gemm", KIND_LAYER },
		{ "MatMul", KIND_LAYER },
		{ "QLinearMatMul", KIND_LAYER },
		{ "MatMulInteger", KIND_LAYER },
		{ "QuantizeLinear", KIND_QUANTIZE },
		{ "DequantizeLinear", KIND_DEQUANTIZE },
		{ "MaxPool", KIND_MOVES },
		{ "GlobalMaxPool", KIND_MOVES },
		{ "Relu", KIND_MOVES },
		{ "Clip", KIND_MOVES },
		{ "Identity", KIND_MOVES },
		{ "Dropout", KIND_MOVES },
		{ "Flatten", KIND_MOVES },
		{ "Reshape", KIND_MOVES },
		{ "Squeeze", KIND_MOVES },
		{ "Unsqueeze", KIND_MOVES },
		{ "Pad", KIND_MOVES },
		{ "Resize", KIND_MOVES },
		{ "Concat", KIND_CONCAT },
	};
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].op, node->op))
			return kinds[i].kind;
	return KIND_OTHER;
}

/* Scale that a node names, or 0 */
static float scale_input(const struct graph *graph, const struct node *node)
{
	const struct value *value = node_in(graph, node, 1);
	const struct constant *scale = value ? value->constant : NULL;

	return scale && scale->f && !scale->index && scale->elements == 1 ?
	       scale->f[0] : 0;
}

/* Scale of the grid that a result is on; 0: none, or none that is known */
static float result_scale(const struct graph *graph, const struct node *node,
			  const float *scales)
{
	unsigned int i;
	float scale;

	switch (kind_of(node)) {
	case KIND_DEQUANTIZE:
		return scale_input(graph, node);
	case KIND_MOVES:
		return node->in[0] < 0 ? 0 : scales[node->in[0]];
	case KIND_CONCAT:
		scale = node->in[0] < 0 ? 0 : scales[node->in[0]];
		for (i = 1; i < node->n_in; i++)
			if (node->in[i] < 0 || scales[node->in[i]] != scale)
				return 0;
		return scale;
	default:
		return 0;
	}
}

static void raise_want(struct lowering *lowering, int value, unsigned int bits)
{
	if (value >= 0 && lowering->wants[value] < bits)
		lowering->wants[value] = (uint8_t)bits;
}

static void hand_back(struct lowering *lowering, const struct node *node,
		      const float *scales)
{
	unsigned int want = node->n_out && node->out[0] >= 0 ?
			    lowering->wants[node->out[0]] : 0;
	struct precision precision;
	unsigned int i;
	float from;

	if (!node->n_in)
		return;
	switch (kind_of(node)) {
	case KIND_LAYER:
		precision = lower_precision(lowering, node);
		raise_want(lowering, node->in[0],
			   precision.act_bits ? precision.act_bits :
						PRECISION_ACT_MAX);
		break;
	case KIND_QUANTIZE:
		/* Onto another grid: rounded once, not twice. */
		from = node->in[0] < 0 ? 0 : scales[node->in[0]];
		if (from > 0 && from != scale_input(lowering->graph, node))
			want = PRECISION_ACT_MAX;
		raise_want(lowering, node->in[0], want);
		break;
	case KIND_DEQUANTIZE:
	case KIND_MOVES:
		raise_want(lowering, node->in[0], want);
		break;
	case KIND_CONCAT:
		for (i = 0; i < node->n_in; i++)
			raise_want(lowering, node->in[i], want);
		break;
	case KIND_OTHER:
		break;
	}
}

int widths_find(struct lowering *lowering)
{
	const struct graph *graph = lowering->graph;
	float *scales = arena_alloc(graph->arena, graph->n_values,
				    sizeof(*scales));
	size_t i;

	lowering->wants = arena_alloc(graph->arena, graph->n_values,
				      sizeof(*lowering->wants));
	if (!scales || !lowering->wants)
		return diag_no_memory(graph->diag);
	for (i = 0; i < graph->n_order; i++) {
		const struct node *node = &graph->nodes[graph->order[i]];

		if (node->n_in && node->n_out && node->out[0] >= 0)
			scales[node->out[0]] = result_scale(graph, node, scales);
	}
	for (i = 0; i < graph->n_outputs; i++)
		raise_want(lowering, graph->outputs[i], PRECISION_ACT_MAX);
	for (i = graph->n_order; i-- > 0; )
		hand_back(lowering, &graph->nodes[graph->order[i]], scales);
	return 0;
}

struct grid widths_grid(float scale, int zero_point, unsigned int bits)
{
	unsigned int shift = PRECISION_ACT_MAX - bits;
	int most = (1 << bits) - 1;
	int zero = (zero_point + ((1 << shift) >> 1)) >> shift;

	return (struct grid){
		.scale = ldexpf(scale, (int)shift),
		.zero_point = zero < most ? zero : most,
		.bits = (uint8_t)bits,
		.shift = (uint8_t)shift,
	};
}
