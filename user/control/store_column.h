/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_STORE_COLUMN_H
#define WEIR_STORE_COLUMN_H

/*
 * One field of a container as a value in SQL, both ways.
 *
 * What is read back is not trusted: it comes from a file.
 */

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

struct weir_container;

/* Bytes of a list: twice what a request can carry. */
#define WEIR_COLUMN_MAX_LIST_BYTES (2u << 20)

enum weir_column_kind {
	WEIR_COLUMN_TEXT, /* char * */
	WEIR_COLUMN_MESSAGE, /* char[WEIR_MESSAGE_TEXT] */
	WEIR_COLUMN_U64,
	WEIR_COLUMN_U32,
	WEIR_COLUMN_I32,
	WEIR_COLUMN_BOOL,
	WEIR_COLUMN_STATE, /* by name, so that the order of the enum is free to change */
	WEIR_COLUMN_REASON,
	WEIR_COLUMN_CPU_DEFAULT,
	WEIR_COLUMN_STRINGS, /* char **; an empty list is not NULL */
	WEIR_COLUMN_LABELS,
};

struct weir_column {
	enum weir_column_kind kind;
	const char *name;
	size_t offset; /* of the field in struct weir_container */
	bool required; /* never NULL */
};

const char *weir_column_sql_type(enum weir_column_kind kind);

/*
 * The field as parameter @index of @statement, from 1 on. Strings are borrowed until it is
 * reset. Returns a code of SQLite's; SQLITE_TOOBIG: a list is too long.
 */
int weir_column_bind(sqlite3_stmt *statement, int index, const struct weir_column *column,
		     const struct weir_container *container);

/* Column @index, from 0 on, of the current row into its field. -EBADMSG: it can't be; -ENOMEM. */
int weir_column_read(sqlite3_stmt *statement, int index, const struct weir_column *column,
		     struct weir_container *container);

#endif /* WEIR_STORE_COLUMN_H */
