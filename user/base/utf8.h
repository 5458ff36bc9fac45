/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_UTF8_H
#define WEIR_UTF8_H

/* UTF-8, strictly: no overlong forms, no surrogates, nothing above U+10FFFF. */

#include <stddef.h>

#define WEIR_UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD: for what is none */

/* Bytes of the sequence at @s, which is NUL-terminated and not at its end. 0: it is none. */
size_t weir_utf8_length(const unsigned char *s);

/* How much of the NUL-terminated @text is UTF-8, from its beginning, in bytes. */
size_t weir_utf8_span(const char *text);

#endif /* WEIR_UTF8_H */
