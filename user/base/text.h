/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_TEXT_H
#define WEIR_TEXT_H

/* Strings that may not be there, which is NULL, and is not the same as empty. */

#include <stdbool.h>

/* Both the same, or neither there. */
bool weir_text_same(const char *a, const char *b);
/* *@ret is to be freed; no text yields none. false: no memory. */
bool weir_text_copy(const char *text, char **ret);
/* "." or "..": what every directory has, and nothing can be called. @name is there. */
bool weir_text_is_dots(const char *name);

#endif /* WEIR_TEXT_H */
