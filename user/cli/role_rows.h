/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLI_ROLE_ROWS_H
#define WEIR_CLI_ROLE_ROWS_H

/* Roles, what is reserved for them and what of it is used, as rows; printed flat or as a tree. */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "weir/reserve.h"

struct weir_role_row {
	const char *name; /* "*": what is unreserved */
	size_t size; /* of the name, of which this is the beginning */
	uint64_t reserved_mcpu, used_mcpu;
	uint64_t reserved_bytes, used_bytes;
	uint64_t disk_bytes, volumes; /* disk with and without volumes on it; how many of them */
	bool gap; /* it has nothing, and is there for those below it alone */
};

struct weir_role_rows {
	size_t n;
	struct weir_role_row
		*list; /* each role before those below it, in order of name otherwise */
};

/* @tree: with a row for each role above others. Names are borrowed. -ENOMEM. */
int weir_role_rows_make(const struct weir_role_list *roles, const struct weir_resource_list *books,
			bool tree, struct weir_role_rows *ret);
void weir_role_rows_done(struct weir_role_rows *rows);

/* -ENOMEM. @utf8: what the lines of a tree may be of. */
int weir_role_rows_print(const struct weir_role_rows *rows, bool tree, bool utf8, FILE *file);
void weir_role_rows_json(const struct weir_role_rows *rows, FILE *file);

#endif /* WEIR_CLI_ROLE_ROWS_H */
