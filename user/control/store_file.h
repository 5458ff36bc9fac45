/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_STORE_FILE_H
#define WEIR_STORE_FILE_H

/*
 * The file below the store: an SQLite database of weir's, whole, of a schema we know, and
 * opened by nobody else. Knows SQLite's manners and codes, and nothing of what is kept.
 */

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

struct weir_error;

struct weir_store_file {
	char *path; /* for texts */
	sqlite3 *db;
};

struct weir_store_schema {
	int version; /* from 1 on */
	const char *sql; /* what makes its tables */
	const char *const *steps; /* [n - 1]: what makes version n into n + 1 */
};

/*
 * Open the database at @path, or make it, with the tables of @schema. To be closed even if this
 * failed. -EUCLEAN: it is damaged or not ours; -ENOTSUP: a newer schema; -EIO.
 */
int weir_store_file_open(struct weir_store_file *file, const char *path,
			 const struct weir_store_schema *schema, struct weir_error *err);
/* After all statements are finalised. One that never was opened, all zero, is fine. */
void weir_store_file_close(struct weir_store_file *file);

/* *@ret: to be finalised by the caller. */
int weir_store_file_prepare(struct weir_store_file *file, const char *sql, sqlite3_stmt **ret,
			    struct weir_error *err);

/* The one number that @sql yields of a database that nobody has open. -ENOENT: there is none; -EUCLEAN, -EIO. */
int weir_store_file_peek(const char *path, const char *sql, uint64_t *ret, struct weir_error *err);

/* Of a sentence, or several, that yield nothing. */
int weir_store_file_execute(struct weir_store_file *file, const char *sql, struct weir_error *err);

/*
 * A transaction that is on disk when it has been committed, which others are some time after. One at a time.
 * Abandon is fine without one, and needed where a commit failed.
 */
int weir_store_file_begin(struct weir_store_file *file, struct weir_error *err);
bool weir_store_file_has_begun(const struct weir_store_file *file);
int weir_store_file_commit(struct weir_store_file *file, struct weir_error *err);
void weir_store_file_abandon(struct weir_store_file *file);

/* @code, SQLite's, as ours: -ENOMEM, -EUCLEAN (damaged), else -EIO. */
int weir_store_file_fail(const struct weir_store_file *file, int code, struct weir_error *err);

#endif /* WEIR_STORE_FILE_H */
