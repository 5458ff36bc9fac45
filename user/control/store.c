/* SPDX-License-Identifier: Apache-2.0 */
#include "control/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "control/lock.h"
#include "control/store_record.h"
#include "model/container.h"

#define APPLICATION_ID 0x77656972 /* "weir" */
#define SCHEMA_VERSION 1
#define MAX_SQL_BYTES  (64u << 10)

enum statement {
	STATEMENT_PUT,
	STATEMENT_DELETE,
	STATEMENT_ALL,
	STATEMENT_PUT_TEXT,
	STATEMENT_GET_TEXT,
	STATEMENT_COUNT_,
};

struct weir_store {
	int lock_fd;
	char *path; /* of the database, for texts */
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENT_COUNT_];
};

static const char *const file_names[] = { "weir.db", "weir.db-wal", "weir.db-shm",
					  "weir.db-journal" };

#define DATABASE_NAME file_names[0]
#define LOCK_NAME     "lock"

static int join_path(const char *dir, const char *name, char path[static PATH_MAX],
		     struct weir_error *err)
{
	int n = snprintf(path, PATH_MAX, "%s/%s", dir, name);

	if (n < 0 || n >= PATH_MAX)
		return weir_fail(err, -ENAMETOOLONG, "state directory '%s': the name is too long",
				 dir);
	return 0;
}

/*
 * The codes this header promises; all else is -EIO. A full disk too: -ENOSPC would be
 * read as "the node is full".
 */
static int fail_sqlite(const struct weir_store *store, int code, struct weir_error *err)
{
	switch (code & 0xff) {
	case SQLITE_NOMEM:
		return weir_fail_memory(err);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return weir_fail(err, -EUCLEAN,
				 "%s is damaged or no database of weir's (%s); move it away to "
				 "start afresh",
				 store->path, sqlite3_errstr(code));
	default:
		return weir_fail(err, -EIO, "%s: %s", store->path,
				 store->db ? sqlite3_errmsg(store->db) : sqlite3_errstr(code));
	}
}

static int execute(struct weir_store *store, const char *sql, struct weir_error *err)
{
	int r = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

	return r == SQLITE_OK ? 0 : fail_sqlite(store, r, err);
}

static int prepare(struct weir_store *store, const char *sql, sqlite3_stmt **ret,
		   struct weir_error *err)
{
	int r = sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL);

	return r == SQLITE_OK ? 0 : fail_sqlite(store, r, err);
}

static void statement_done(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
}

/* The one number that "PRAGMA …" or a count yields. */
static int query_number(struct weir_store *store, const char *sql, int64_t *ret,
			struct weir_error *err)
{
	scoped(statement_done) sqlite3_stmt *statement = NULL;
	int r;

	r = prepare(store, sql, &statement, err);
	if (r < 0)
		return r;
	r = sqlite3_step(statement);
	if (r != SQLITE_ROW)
		return fail_sqlite(store, r, err);
	*ret = sqlite3_column_int64(statement, 0);
	return 0;
}

/* Every page, before anything is written: a damaged file must not be made worse. */
static int check_pages(struct weir_store *store, struct weir_error *err)
{
	scoped(statement_done) sqlite3_stmt *statement = NULL;
	const char *verdict;
	int r;

	r = prepare(store, "PRAGMA quick_check(1)", &statement, err);
	if (r < 0)
		return r;
	r = sqlite3_step(statement);
	if (r != SQLITE_ROW)
		return fail_sqlite(store, r, err);
	verdict = (const char *)sqlite3_column_text(statement, 0);
	if (!verdict || strcmp(verdict, "ok") != 0)
		return fail_sqlite(store, SQLITE_CORRUPT, err);
	return 0;
}

/* *@ret_empty: there is nothing in it yet. */
static int check_schema(struct weir_store *store, bool *ret_empty, struct weir_error *err)
{
	int64_t application_id = 0, version = 0, n_tables = 0;

	if (query_number(store, "PRAGMA application_id", &application_id, err) < 0 ||
	    query_number(store, "PRAGMA user_version", &version, err) < 0 ||
	    query_number(store, "SELECT count(*) FROM sqlite_schema", &n_tables, err) < 0)
		return err->code;

	*ret_empty = application_id == 0 && version == 0 && n_tables == 0;
	if (*ret_empty)
		return 0;
	if (application_id != APPLICATION_ID || version < 1)
		return weir_fail(err, -EUCLEAN,
				 "%s is no database of weir's; move it away to start afresh",
				 store->path);
	if (version > SCHEMA_VERSION)
		return weir_fail(err, -ENOTSUP,
				 "%s was written by a newer weir (schema %lld, this one knows %d)",
				 store->path, (long long)version, SCHEMA_VERSION);
	return 0;
}

static int create_schema(struct weir_store *store, struct weir_error *err)
{
	scoped(weir_buffer_done) struct weir_buffer sql = WEIR_BUFFER_INIT(MAX_SQL_BYTES);
	scoped(freep) char *text = NULL;

	weir_buffer_printf(&sql, "BEGIN; PRAGMA application_id = %d; PRAGMA user_version = %d;",
			   APPLICATION_ID, SCHEMA_VERSION);
	weir_buffer_add_text(&sql, "CREATE TABLE texts (name TEXT NOT NULL PRIMARY KEY, "
				   "value TEXT NOT NULL) STRICT;");
	weir_record_create_sql(&sql);
	weir_buffer_add_text(&sql, "; COMMIT");
	text = weir_buffer_take_text(&sql);
	if (!text)
		return weir_fail_memory(err);
	return execute(store, text, err);
}

/*
 * Nobody else may open it, so that a stranger's transaction can't make the daemon wait. The
 * mode has to be set before WAL is: it then needs no shared memory file either.
 */
static int set_up(struct weir_store *store, struct weir_error *err)
{
	bool empty = false;

	if (execute(store, "PRAGMA locking_mode = EXCLUSIVE", err) < 0 ||
	    check_schema(store, &empty, err) < 0 || check_pages(store, err) < 0 ||
	    execute(store, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL", err) < 0)
		return err->code;
	return empty ? create_schema(store, err) : 0;
}

static int prepare_generated(struct weir_store *store, void (*generate)(struct weir_buffer *sql),
			     enum statement which, struct weir_error *err)
{
	scoped(weir_buffer_done) struct weir_buffer sql = WEIR_BUFFER_INIT(MAX_SQL_BYTES);
	scoped(freep) char *text = NULL;

	generate(&sql);
	text = weir_buffer_take_text(&sql);
	if (!text)
		return weir_fail_memory(err);
	return prepare(store, text, &store->statements[which], err);
}

static int prepare_all(struct weir_store *store, struct weir_error *err)
{
	sqlite3_stmt **s = store->statements;

	if (prepare_generated(store, weir_record_put_sql, STATEMENT_PUT, err) < 0 ||
	    prepare_generated(store, weir_record_select_sql, STATEMENT_ALL, err) < 0 ||
	    prepare(store, "DELETE FROM containers WHERE id = ?", &s[STATEMENT_DELETE], err) < 0 ||
	    prepare(store, "INSERT OR REPLACE INTO texts (name, value) VALUES (?, ?)",
		    &s[STATEMENT_PUT_TEXT], err) < 0 ||
	    prepare(store, "SELECT value FROM texts WHERE name = ?", &s[STATEMENT_GET_TEXT], err) <
		    0)
		return err->code;
	return 0;
}

/* The environment of a command may hold secrets, so the file is root's alone from its first byte. */
static int create_private(const char *path, struct weir_error *err)
{
	scoped(closep) int fd = -1;

	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return weir_fail(err, -errno, "open %s: %s", path, strerror(errno));
	return 0;
}

int weir_store_lock(const char *dir, int *ret_fd, struct weir_error *err)
{
	char path[PATH_MAX], what[PATH_MAX + 32];
	int r;

	r = join_path(dir, LOCK_NAME, path, err);
	if (r < 0)
		return r;
	snprintf(what, sizeof(what), "state directory '%s'", dir);
	return weir_lock_take(path, what, ret_fd, err);
}

int weir_store_open(const char *dir, struct weir_store **ret, struct weir_error *err)
{
	scoped(weir_store_closep) struct weir_store *store = NULL;
	char path[PATH_MAX];
	int r;

	store = calloc(1, sizeof(*store));
	if (!store)
		return weir_fail_memory(err);
	store->lock_fd = -1;

	/* Passable, since the logs of containers lie below; each file says who may read it. */
	if (weir_mkdir_p(dir, 0711, err) < 0 || weir_store_lock(dir, &store->lock_fd, err) < 0 ||
	    join_path(dir, DATABASE_NAME, path, err) < 0 || create_private(path, err) < 0)
		return err->code;
	store->path = strdup(path);
	if (!store->path)
		return weir_fail_memory(err);

	r = sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (r != SQLITE_OK)
		return fail_sqlite(store, r, err);
	sqlite3_extended_result_codes(store->db, 1);
	if (set_up(store, err) < 0 || prepare_all(store, err) < 0)
		return err->code;

	*ret = take_ptr(store);
	return 0;
}

struct weir_store *weir_store_close(struct weir_store *store)
{
	if (!store)
		return NULL;
	for (size_t i = 0; i < STATEMENT_COUNT_; i++)
		sqlite3_finalize(store->statements[i]);
	sqlite3_close(store->db);
	close_fd(store->lock_fd);
	free(store->path);
	free(store);
	return NULL;
}

int weir_store_purge(const char *dir, int *lock_fd, struct weir_error *err)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(file_names); i++) {
		if (join_path(dir, file_names[i], path, err) < 0)
			return err->code;
		if (unlink(path) < 0 && errno != ENOENT)
			return weir_fail(err, -errno, "remove %s: %s", path, strerror(errno));
	}
	if (join_path(dir, LOCK_NAME, path, err) < 0)
		return err->code;
	*lock_fd = weir_lock_drop(path, *lock_fd);
	return 0;
}

/* Ready for its next use, whatever happened; borrowed strings are let go. */
static void statement_rest(sqlite3_stmt **statement)
{
	sqlite3_reset(*statement);
	sqlite3_clear_bindings(*statement);
}

static int run(struct weir_store *store, sqlite3_stmt *statement, struct weir_error *err)
{
	int r = sqlite3_step(statement);

	return r == SQLITE_DONE ? 0 : fail_sqlite(store, r, err);
}

static int bind_texts(struct weir_store *store, sqlite3_stmt *statement, const char *first,
		      const char *second, struct weir_error *err)
{
	int r = sqlite3_bind_text(statement, 1, first, -1, SQLITE_STATIC);

	if (r == SQLITE_OK && second)
		r = sqlite3_bind_text(statement, 2, second, -1, SQLITE_STATIC);
	return r == SQLITE_OK ? 0 : fail_sqlite(store, r, err);
}

int weir_store_put_text(struct weir_store *store, const char *name, const char *value,
			struct weir_error *err)
{
	scoped(statement_rest) sqlite3_stmt *statement = store->statements[STATEMENT_PUT_TEXT];

	if (bind_texts(store, statement, name, value, err) < 0)
		return err->code;
	return run(store, statement, err);
}

int weir_store_get_text(struct weir_store *store, const char *name, char *buf, size_t size,
			struct weir_error *err)
{
	scoped(statement_rest) sqlite3_stmt *statement = store->statements[STATEMENT_GET_TEXT];
	const char *text;
	size_t length;
	int r;

	if (bind_texts(store, statement, name, NULL, err) < 0)
		return err->code;
	r = sqlite3_step(statement);
	if (r == SQLITE_DONE)
		return weir_fail(err, -ENOENT, "%s has no '%s'", store->path, name);
	if (r != SQLITE_ROW)
		return fail_sqlite(store, r, err);

	text = (const char *)sqlite3_column_text(statement, 0);
	length = (size_t)sqlite3_column_bytes(statement, 0);
	if (!text)
		return weir_fail_memory(err);
	if (length >= size)
		return weir_fail(err, -EFBIG, "%s: '%s' has %zu bytes, expected fewer than %zu",
				 store->path, name, length, size);
	memcpy(buf, text, length + 1);
	return 0;
}

int weir_store_put(struct weir_store *store, const struct weir_container *container,
		   struct weir_error *err)
{
	scoped(statement_rest) sqlite3_stmt *statement = store->statements[STATEMENT_PUT];

	if (weir_record_bind(statement, container, err) < 0 || run(store, statement, err) < 0)
		return weir_fail_in(err, "store container '%s'", container->id);
	return 0;
}

int weir_store_delete(struct weir_store *store, const char *id, struct weir_error *err)
{
	scoped(statement_rest) sqlite3_stmt *statement = store->statements[STATEMENT_DELETE];

	if (bind_texts(store, statement, id, NULL, err) < 0 || run(store, statement, err) < 0)
		return weir_fail_in(err, "forget container '%s'", id);
	return 0;
}

int weir_store_foreach(struct weir_store *store, weir_store_fn *fn, void *data,
		       unsigned int *ret_bad, struct weir_error *err)
{
	scoped(statement_rest) sqlite3_stmt *statement = store->statements[STATEMENT_ALL];
	unsigned int bad = 0;
	int r;

	while ((r = sqlite3_step(statement)) == SQLITE_ROW) {
		struct weir_container *container = NULL;
		struct weir_error ignored = {};

		r = weir_record_read(statement, &container, &ignored);
		if (r == -ENOMEM)
			return weir_fail_memory(err);
		if (r == -EBADMSG) {
			bad++;
			continue;
		}
		r = fn(container, data, err);
		if (r < 0)
			return r;
	}
	if (r != SQLITE_DONE)
		return fail_sqlite(store, r, err);

	*ret_bad = bad;
	return 0;
}
