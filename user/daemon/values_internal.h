/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_VALUES_INTERNAL_H
#define WEIR_VALUES_INTERNAL_H

/* What the files behind values.h share. */

#include <stdbool.h>

/* "." and ".." would let one place have two names, and locks go by the name. */
bool weir_value_has_dots(const char *path);

/* Digits alone, at most @max. -EINVAL. */
int weir_value_number(const char *value, unsigned long max, unsigned long *ret);

#endif /* WEIR_VALUES_INTERNAL_H */
