/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_STORE_LIST_H
#define WEIR_STORE_LIST_H

/*
 * Lists of strings as bytes: each string with the NUL at its end, one after the other.
 *
 * A label is two strings: its key, then "=value", or "" where it has no value.
 * What is read back is not trusted: it comes from a file.
 */

#include <stddef.h>

struct weir_buffer;
struct weir_label;

void weir_list_add_strings(struct weir_buffer *list, char *const *strings);
void weir_list_add_labels(struct weir_buffer *list, const struct weir_label *labels,
			  size_t n_labels);

/* *@ret: NULL-terminated, owned by the caller (weir_strv_free). -EBADMSG: not such a list; -ENOMEM. */
int weir_list_read_strings(const char *data, size_t size, char ***ret);

/* *@ret: owned by the caller, its strings too. -EBADMSG: not such a list, or too long; -ENOMEM. */
int weir_list_read_labels(const char *data, size_t size, struct weir_label **ret, size_t *ret_n);

#endif /* WEIR_STORE_LIST_H */
