/* SPDX-License-Identifier: Apache-2.0 */
#include "control/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"

#define APPLICATION_ID 0x77656972 /* "weir" */

/* A full disk is -EIO too: -ENOSPC would be read as "the node is full". */
int weir_store_file_fail(const struct weir_store_file *file, int code, struct weir_error *err)
{
	switch (code & 0xff) {
	case SQLITE_NOMEM:
		return weir_fail_memory(err);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return weir_fail(err, -EUCLEAN,
				 "%s is damaged or no database of weir's (%s); move it away to "
				 "start afresh",
				 file->path, sqlite3_errstr(code));
	default:
		return weir_fail(err, -EIO, "%s: %s", file->path,
				 file->db ? sqlite3_errmsg(file->db) : sqlite3_errstr(code));
	}
}

int weir_store_file_execute(struct weir_store_file *file, const char *sql, struct weir_error *err)
{
	int r = sqlite3_exec(file->db, sql, NULL, NULL, NULL);

	return r == SQLITE_OK ? 0 : weir_store_file_fail(file, r, err);
}

int weir_store_file_prepare(struct weir_store_file *file, const char *sql, sqlite3_stmt **ret,
			    struct weir_error *err)
{
	int r = sqlite3_prepare_v3(file->db, sql, -1, SQLITE_PREPARE_PERSISTENT, ret, NULL);

	return r == SQLITE_OK ? 0 : weir_store_file_fail(file, r, err);
}

static void statement_done(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
}

/* The one number that "PRAGMA …" or a count yields. */
static int query_number(struct weir_store_file *file, const char *sql, int64_t *ret,
			struct weir_error *err)
{
	scoped(statement_done) sqlite3_stmt *statement = NULL;
	int r;

	r = weir_store_file_prepare(file, sql, &statement, err);
	if (r < 0)
		return r;
	r = sqlite3_step(statement);
	if (r != SQLITE_ROW)
		return weir_store_file_fail(file, r, err);
	*ret = sqlite3_column_int64(statement, 0);
	return 0;
}

/* Every page, before anything is written: a damaged file must not be made worse. */
static int check_pages(struct weir_store_file *file, struct weir_error *err)
{
	scoped(statement_done) sqlite3_stmt *statement = NULL;
	const char *verdict;
	int r;

	r = weir_store_file_prepare(file, "PRAGMA quick_check(1)", &statement, err);
	if (r < 0)
		return r;
	r = sqlite3_step(statement);
	if (r != SQLITE_ROW)
		return weir_store_file_fail(file, r, err);
	verdict = (const char *)sqlite3_column_text(statement, 0);
	if (!verdict || strcmp(verdict, "ok") != 0)
		return weir_store_file_fail(file, SQLITE_CORRUPT, err);
	return 0;
}

/* *@ret: the version of what is there; 0: nothing is yet. */
static int check_schema(struct weir_store_file *file, int version, int *ret, struct weir_error *err)
{
	int64_t application_id = 0, found = 0, n_tables = 0;

	*ret = 0;
	if (query_number(file, "PRAGMA application_id", &application_id, err) < 0 ||
	    query_number(file, "PRAGMA user_version", &found, err) < 0 ||
	    query_number(file, "SELECT count(*) FROM sqlite_schema", &n_tables, err) < 0)
		return err->code;

	if (application_id == 0 && found == 0 && n_tables == 0)
		return 0;
	if (application_id != APPLICATION_ID || found < 1)
		return weir_fail(err, -EUCLEAN,
				 "%s is no database of weir's; move it away to start afresh",
				 file->path);
	if (found > version)
		return weir_fail(err, -ENOTSUP,
				 "%s was written by a newer weir (schema %lld, this one knows %d)",
				 file->path, (long long)found, version);
	*ret = (int)found;
	return 0;
}

/* The change and its number at once: a crash leaves one version or the other. */
static int apply_schema(struct weir_store_file *file, const char *change, int version,
			struct weir_error *err)
{
	scoped(freep) char *sql = NULL;

	if (asprintf(&sql,
		     "BEGIN; PRAGMA application_id = %d; PRAGMA user_version = %d; %s; COMMIT",
		     APPLICATION_ID, version, change) < 0) {
		sql = NULL; /* it may be anything now */
		return weir_fail_memory(err);
	}
	return weir_store_file_execute(file, sql, err);
}

static int bring_up_to_date(struct weir_store_file *file, const struct weir_store_schema *schema,
			    int found, struct weir_error *err)
{
	if (found == 0)
		return apply_schema(file, schema->sql, schema->version, err);
	for (int version = found; version < schema->version; version++)
		if (apply_schema(file, schema->steps[version - 1], version + 1, err) < 0)
			return err->code;
	return 0;
}

/*
 * Nobody else may open it, so that a stranger's transaction can't make the daemon wait. The
 * mode has to be set before WAL is: it then needs no shared memory file either.
 */
static int set_up(struct weir_store_file *file, const struct weir_store_schema *schema,
		  struct weir_error *err)
{
	int found = 0;

	if (weir_store_file_execute(file, "PRAGMA locking_mode = EXCLUSIVE", err) < 0 ||
	    check_schema(file, schema->version, &found, err) < 0 || check_pages(file, err) < 0 ||
	    weir_store_file_execute(file, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL",
				    err) < 0)
		return err->code;
	return bring_up_to_date(file, schema, found, err);
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

int weir_store_file_open(struct weir_store_file *file, const char *path,
			 const struct weir_store_schema *schema, struct weir_error *err)
{
	int r;

	*file = (struct weir_store_file){ .path = strdup(path) };
	if (!file->path)
		return weir_fail_memory(err);
	if (create_private(path, err) < 0)
		return err->code;

	r = sqlite3_open_v2(path, &file->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (r != SQLITE_OK)
		return weir_store_file_fail(file, r, err);
	sqlite3_extended_result_codes(file->db, 1);
	return set_up(file, schema, err);
}

void weir_store_file_close(struct weir_store_file *file)
{
	sqlite3_close(file->db);
	free(file->path);
	*file = (struct weir_store_file){};
}

int weir_store_file_begin(struct weir_store_file *file, struct weir_error *err)
{
	return weir_store_file_execute(file, "PRAGMA synchronous = FULL; BEGIN IMMEDIATE", err);
}

bool weir_store_file_has_begun(const struct weir_store_file *file)
{
	return !sqlite3_get_autocommit(file->db);
}

static void be_quick_again(struct weir_store_file *file)
{
	struct weir_error ignored = {};

	weir_store_file_execute(file, "PRAGMA synchronous = NORMAL", &ignored);
}

int weir_store_file_commit(struct weir_store_file *file, struct weir_error *err)
{
	int r = weir_store_file_execute(file, "COMMIT", err);

	if (r == 0)
		be_quick_again(file);
	return r;
}

void weir_store_file_abandon(struct weir_store_file *file)
{
	struct weir_error ignored = {};

	if (weir_store_file_has_begun(file))
		weir_store_file_execute(file, "ROLLBACK", &ignored);
	be_quick_again(file);
}

int weir_store_file_peek(const char *path, const char *sql, uint64_t *ret, struct weir_error *err)
{
	struct weir_store_file file = { .path = (char *)(uintptr_t)path };
	int64_t number = 0;
	int r;

	if (access(path, F_OK) < 0)
		return weir_fail(err, -errno, "%s: %s", path, strerror(errno));
	r = sqlite3_open_v2(path, &file.db, SQLITE_OPEN_READWRITE, NULL);
	r = r == SQLITE_OK ? query_number(&file, sql, &number, err)
			   : weir_store_file_fail(&file, r, err);
	sqlite3_close(file.db);
	if (r == 0)
		*ret = (uint64_t)number;
	return r;
}
