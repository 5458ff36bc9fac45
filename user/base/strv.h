/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_STRV_H
#define WEIR_STRV_H

/*
 * Vectors of strings, NULL-terminated. copy: NULL counts as empty, and is returned for want of
 * memory only; free: NULL is fine, returns NULL.
 */

#include "base/cleanup.h"

char **weir_strv_copy(char *const *strv);
char **weir_strv_free(char **strv);
WEIR_DEFINE_CLEANUP(char *, weir_strv_free);

#endif /* WEIR_STRV_H */
