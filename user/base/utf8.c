/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

size_t weir_utf8_length(const unsigned char *s)
{
	size_t length = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	/* Overlong forms, surrogates and what lies above U+10FFFF show in the second byte. */
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	for (size_t i = 1; i < length; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	}
	return length;
}

size_t weir_utf8_span(const char *text)
{
	const unsigned char *first = (const unsigned char *)text, *s = first;

	while (*s) {
		size_t length = weir_utf8_length(s);

		if (!length)
			break;
		s += length;
	}
	return (size_t)(s - first);
}
