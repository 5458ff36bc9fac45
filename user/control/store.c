/* SPDX-License-Identifier: Apache-2.0 */
#include "control/store.h"

#include <errno.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "control/lock.h"
#include "control/store_books.h"
#include "control/store_file.h"
#include "control/store_record.h"
#include "model/container.h"

#define SCHEMA_VERSION 9
#define MAX_SQL_BYTES  (64u << 10)

enum statement {
	STATEMENT_PUT,
	STATEMENT_DELETE,
	STATEMENT_ALL,
	STATEMENT_PUT_TEXT,
	STATEMENT_GET_TEXT,
	STATEMENT_COUNT_,
};

/* The others name every column, and are generated. */
static const char *const plain_sql[STATEMENT_COUNT_] = {
	[STATEMENT_DELETE] = "DELETE FROM containers WHERE id = ?",
	[STATEMENT_PUT_TEXT] = "INSERT OR REPLACE INTO texts (name, value) VALUES (?, ?)",
	[STATEMENT_GET_TEXT] = "SELECT value FROM texts WHERE name = ?",
};

struct weir_store {
	int lock_fd;
	struct weir_store_file file;
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

static int open_file(struct weir_store *store, const char *path, struct weir_error *err)
{
	scoped(weir_buffer_done) struct weir_buffer sql = WEIR_BUFFER_INIT(MAX_SQL_BYTES);
	static const char *const steps[SCHEMA_VERSION - 1] = {
		"ALTER TABLE containers ADD COLUMN exempt INTEGER NOT NULL DEFAULT 0",
		"ALTER TABLE containers ADD COLUMN is_executor INTEGER NOT NULL DEFAULT 0;"
		"ALTER TABLE containers ADD COLUMN shares_cgroups INTEGER NOT NULL DEFAULT 0",
		"ALTER TABLE containers ADD COLUMN autoremove INTEGER NOT NULL DEFAULT 0;"
		"ALTER TABLE containers ADD COLUMN paused INTEGER NOT NULL DEFAULT 0",
		"ALTER TABLE containers ADD COLUMN adopted INTEGER NOT NULL DEFAULT 0;"
		"ALTER TABLE containers ADD COLUMN enforced INTEGER NOT NULL DEFAULT 0;"
		"ALTER TABLE containers ADD COLUMN place TEXT;"
		"ALTER TABLE containers ADD COLUMN kept TEXT;"
		"ALTER TABLE containers ADD COLUMN cgroup2_id INTEGER NOT NULL DEFAULT 0",
		/* -2: WEIR_ABSENT, as SQLite has it. */
		"ALTER TABLE containers ADD COLUMN ask_swap_limit_bytes INTEGER NOT NULL DEFAULT "
		"-2;"
		"ALTER TABLE containers ADD COLUMN ask_cpu_burst_mcpu INTEGER NOT NULL DEFAULT -2;"
		"ALTER TABLE containers ADD COLUMN swap_limit_bytes INTEGER NOT NULL DEFAULT 0;"
		"ALTER TABLE containers ADD COLUMN cpu_burst_mcpu INTEGER NOT NULL DEFAULT 0;"
		"ALTER TABLE containers ADD COLUMN delegated INTEGER NOT NULL DEFAULT 0",
		/* -1: WEIR_INFINITE. */
		"ALTER TABLE containers ADD COLUMN ask_pids_limit INTEGER NOT NULL DEFAULT -2;"
		"ALTER TABLE containers ADD COLUMN pids_limit INTEGER NOT NULL DEFAULT -1;"
		"ALTER TABLE containers ADD COLUMN supplementary_groups BLOB;"
		"ALTER TABLE containers ADD COLUMN rlimits BLOB;"
		"ALTER TABLE containers ADD COLUMN capabilities TEXT;"
		"ALTER TABLE containers ADD COLUMN new_privileges INTEGER NOT NULL DEFAULT 0;"
		"ALTER TABLE containers ADD COLUMN cpus_set TEXT",
		"ALTER TABLE containers ADD COLUMN policy INTEGER NOT NULL DEFAULT 0;"
		"ALTER TABLE containers ADD COLUMN net_degraded INTEGER NOT NULL DEFAULT 0;"
		"ALTER TABLE containers ADD COLUMN net_allows INTEGER NOT NULL DEFAULT 0;"
		"ALTER TABLE containers ADD COLUMN net_set INTEGER NOT NULL DEFAULT 0;"
		"ALTER TABLE containers ADD COLUMN net_rules BLOB;"
		"ALTER TABLE containers ADD COLUMN net_sockets BLOB",
		"ALTER TABLE containers ADD COLUMN mounts BLOB;" WEIR_STORE_BOOKS_SQL,
	};
	struct weir_store_schema schema = { .version = SCHEMA_VERSION, .steps = steps };
	scoped(freep) char *text = NULL;

	weir_buffer_add_text(&sql, "CREATE TABLE texts (name TEXT NOT NULL PRIMARY KEY, "
				   "value TEXT NOT NULL) STRICT;");
	weir_record_create_sql(&sql);
	weir_buffer_add_text(&sql, "; " WEIR_STORE_BOOKS_SQL);
	text = weir_buffer_take_text(&sql);
	if (!text)
		return weir_fail_memory(err);
	schema.sql = text;
	return weir_store_file_open(&store->file, path, &schema, err);
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
	return weir_store_file_prepare(&store->file, text, &store->statements[which], err);
}

static int prepare_all(struct weir_store *store, struct weir_error *err)
{
	for (size_t i = 0; i < STATEMENT_COUNT_; i++) {
		if (plain_sql[i] && weir_store_file_prepare(&store->file, plain_sql[i],
							    &store->statements[i], err) < 0)
			return err->code;
	}
	if (prepare_generated(store, weir_record_put_sql, STATEMENT_PUT, err) < 0 ||
	    prepare_generated(store, weir_record_select_sql, STATEMENT_ALL, err) < 0)
		return err->code;
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

	store = calloc(1, sizeof(*store));
	if (!store)
		return weir_fail_memory(err);
	store->lock_fd = -1;

	/* Passable, since the logs of containers lie below; each file says who may read it. */
	if (weir_mkdir_p(dir, 0711, err) < 0 || weir_store_lock(dir, &store->lock_fd, err) < 0 ||
	    join_path(dir, DATABASE_NAME, path, err) < 0 || open_file(store, path, err) < 0 ||
	    prepare_all(store, err) < 0)
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
	weir_store_file_close(&store->file);
	close_fd(store->lock_fd);
	free(store);
	return NULL;
}

uint64_t weir_store_volumes(const char *dir)
{
	struct weir_error ignored = {};
	char path[PATH_MAX];
	uint64_t n = 0;

	if (join_path(dir, DATABASE_NAME, path, &ignored) == 0)
		(void)weir_store_file_peek(path, "SELECT count(*) FROM volumes", &n, &ignored);
	return n;
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

	return r == SQLITE_DONE ? 0 : weir_store_file_fail(&store->file, r, err);
}

static int bind_texts(struct weir_store *store, sqlite3_stmt *statement, const char *first,
		      const char *second, struct weir_error *err)
{
	int r = sqlite3_bind_text(statement, 1, first, -1, SQLITE_STATIC);

	if (r == SQLITE_OK && second)
		r = sqlite3_bind_text(statement, 2, second, -1, SQLITE_STATIC);
	return r == SQLITE_OK ? 0 : weir_store_file_fail(&store->file, r, err);
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
		return weir_fail(err, -ENOENT, "%s has no '%s'", store->file.path, name);
	if (r != SQLITE_ROW)
		return weir_store_file_fail(&store->file, r, err);

	text = (const char *)sqlite3_column_text(statement, 0);
	length = (size_t)sqlite3_column_bytes(statement, 0);
	if (!text)
		return weir_fail_memory(err);
	if (length >= size)
		return weir_fail(err, -EFBIG, "%s: '%s' has %zu bytes, expected fewer than %zu",
				 store->file.path, name, length, size);
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
		return weir_store_file_fail(&store->file, r, err);

	*ret_bad = bad;
	return 0;
}

struct weir_store_file *weir_store_file_of(struct weir_store *store)
{
	return &store->file;
}
