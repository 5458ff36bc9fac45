/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLI_TABLE_H
#define WEIR_CLI_TABLE_H

/*
 * Columns that are as wide as what is in them. Cells are escaped.
 *
 * Cells are added row by row; a failed allocation is remembered and told by _print() and _flow().
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define WEIR_TABLE_MAX_COLUMNS 16

struct weir_table {
	const char *const *headers; /* NULL-terminated; a '>' in front: aligned to the right */
	size_t n_columns, n_cells, capacity;
	char **cells;
	size_t widths[WEIR_TABLE_MAX_COLUMNS]; /* of what was printed so far */
	bool failed;
};

/* @headers is borrowed. */
void weir_table_init(struct weir_table *table, const char *const *headers);
void weir_table_done(struct weir_table *table);

void weir_table_add(struct weir_table *table, const char *text);
void weir_table_addf(struct weir_table *table, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* -ENOMEM: some cell could not be kept, nothing was printed. */
int weir_table_print(struct weir_table *table, FILE *file);
/*
 * The same for a table without an end: the rows so far are printed and dropped, the first ones
 * below the headers. Columns only grow. Nothing, while there are no rows.
 */
int weir_table_flow(struct weir_table *table, FILE *file);

#endif /* WEIR_CLI_TABLE_H */
