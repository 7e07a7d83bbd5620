// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <math.h>

#include "program.h"
#include "requant.h"

#define SHIFT_MAX	62

int requant_factor(double factor, struct requant *out)
{
	int exponent, shift;
	double mult;

	if (!(factor > 0) || !isfinite(factor))
		return -ERANGE;
	frexp(factor, &exponent);
	shift = 31 - exponent;
	if (shift > SHIFT_MAX)
		shift = SHIFT_MAX;
	mult = floor(ldexp(factor, shift) + 0.5);
	if (mult == 2147483648.0) {
		mult /= 2;
		shift--;
	}
	if (shift < 1)
		return -ERANGE;
	out->mult = (uint32_t)mult;
	out->shift = (uint8_t)shift;
	return 0;
}

uint8_t requant_code(double real, float scale, int zero_point)
{
	/* What ONNX's QuantizeLinear computes, in its precision. */
	float code = nearbyintf((float)real / scale) + (float)zero_point;

	if (!(code > 0))	/* not a number too */
		return 0;
	return code > 255 ? 255 : (uint8_t)code;
}
