// SPDX-License-Identifier: GPL-2.0-only
#include "print.h"

const char *const unit_names[LUTNA_UNIT_COUNT] = {
	[LUTNA_UNIT_LUT]	= "lut",
	[LUTNA_UNIT_DNC]	= "dnc",
	[LUTNA_UNIT_LUTNA]	= "lutna",
	[LUTNA_UNIT_ARRAY]	= "array",
	[LUTNA_UNIT_WALLACE]	= "wallace",
	[LUTNA_UNIT_DADDA]	= "dadda",
};

struct model_totals model_totals(const struct lutna_model *model)
{
	struct model_totals totals = { .macs = 0 };
	struct lutna_layer_info layer;
	unsigned int i;

	for (i = 0; i < lutna_model_layer_count(model); i++) {
		if (lutna_model_layer(model, i, &layer))
			continue;
		totals.macs += layer.macs;
		totals.weights += layer.weights;
		totals.nonzero += layer.nonzero;
	}
	return totals;
}
