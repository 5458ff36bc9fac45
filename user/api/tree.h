/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_TREE_H
#define WEIR_TREE_H

/*
 * Request bytes -> a tree of JSON, whose memory has a ceiling.
 *
 * A megabyte of "{}" becomes eighty of empty hash tables. A tree may take sixteen.
 */

#include <jansson.h>
#include <stddef.h>

struct weir_error;

/*
 * *@ret is owned: json_decref(). -EINVAL: it is no JSON object or array, has a duplicate key,
 * a number that no double or 64-bit integer holds, or bytes that are not UTF-8; -E2BIG: it
 * would take more memory than a tree may.
 */
int weir_tree_load(const char *body, size_t size, json_t **ret, struct weir_error *err);

#endif /* WEIR_TREE_H */
