// SPDX-License-Identifier: MIT
/*
 * Is a string fit to be shown to a person?
 */
#include <stdint.h>

#include "model.h"

/* Bytes of the UTF-8 sequence at @s and its character; 0 if it is not one. */
static int decode(const unsigned char *s, uint32_t *out)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t c;
	int len, i;

	if (s[0] < 0x80) {
		*out = s[0];
		return 1;
	}
	if ((s[0] & 0xe0) == 0xc0)
		len = 2;
	else if ((s[0] & 0xf0) == 0xe0)
		len = 3;
	else if ((s[0] & 0xf8) == 0xf0)
		len = 4;
	else
		return 0;
	c = s[0] & (0xff >> (len + 1));
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*out = c;
	return len;
}

int lutna_text_ok(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	uint32_t c;
	int len;

	while (*s) {
		len = decode(s, &c);
		if (!len || c < 0x20 || (c >= 0x7f && c <= 0x9f))
			return 0;
		s += len;
	}
	return 1;
}
