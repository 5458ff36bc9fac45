/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_STORE_RECORD_H
#define WEIR_STORE_RECORD_H

/*
 * A container as a row: which field is which column, and how it is written down.
 *
 * One table (store_record.c) yields the schema, the statements, and both directions.
 * Amounts are unsigned, SQLite's integers are signed: the bits are kept, so WEIR_INFINITE
 * reads as -1 and WEIR_ABSENT as -2 in the sqlite3 shell. Lists of strings are blobs.
 */

#include <sqlite3.h>

struct weir_buffer;
struct weir_container;
struct weir_error;

/* SQL: "CREATE TABLE containers (…)", "INSERT OR REPLACE …", "SELECT … ORDER BY id". */
void weir_record_create_sql(struct weir_buffer *sql);
void weir_record_put_sql(struct weir_buffer *sql);
void weir_record_select_sql(struct weir_buffer *sql);

/*
 * All parameters of the statement for weir_record_put_sql(). The strings of @container are
 * borrowed until it is reset. -EFBIG: a list is too long; -ENOMEM.
 */
int weir_record_bind(sqlite3_stmt *statement, const struct weir_container *container,
		     struct weir_error *err);

/* The current row of weir_record_select_sql(). -EBADMSG: not a container's; -ENOMEM. */
int weir_record_read(sqlite3_stmt *statement, struct weir_container **ret, struct weir_error *err);

#endif /* WEIR_STORE_RECORD_H */
