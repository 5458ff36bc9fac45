/* SPDX-License-Identifier: Apache-2.0 */
#include "control/store_books.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/fault.h"
#include "control/store.h"

#define VERSION	       "books_version"
#define MAX_DISKS_TEXT (64u << 10)

static void statement_done(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
}

/* ---- One sentence: its values in order, then run ---- */

struct sentence {
	struct weir_store_file *file;
	sqlite3_stmt *statement;
	int n; /* values so far */
	int r; /* of SQLite */
};

static void sentence_done(struct sentence *sentence)
{
	sqlite3_finalize(sentence->statement);
}

static int begin(struct weir_store *store, const char *sql, struct sentence *ret,
		 struct weir_error *err)
{
	*ret = (struct sentence){ .file = weir_store_file_of(store), .r = SQLITE_OK };
	return weir_store_file_prepare(ret->file, sql, &ret->statement, err);
}

static void add_text(struct sentence *sentence, const char *text)
{
	if (sentence->r == SQLITE_OK)
		sentence->r = sqlite3_bind_text(sentence->statement, ++sentence->n, text, -1,
						SQLITE_TRANSIENT);
}

static void add_u64(struct sentence *sentence, uint64_t value)
{
	if (sentence->r == SQLITE_OK)
		sentence->r = sqlite3_bind_int64(sentence->statement, ++sentence->n,
						 (sqlite3_int64)value);
}

static int run(struct sentence *sentence, struct weir_error *err)
{
	if (sentence->r == SQLITE_OK)
		sentence->r = sqlite3_step(sentence->statement);
	return sentence->r == SQLITE_DONE ? 0
					  : weir_store_file_fail(sentence->file, sentence->r, err);
}

static int fault(const char *name, struct weir_error *err)
{
	int r = weir_fault(name);

	return r < 0 ? weir_fail(err, r, "%s: %s", name, strerror(-r)) : 0;
}

/* ---- Writing ------------------------------------------------------------------------ */

/* By their names: which is which of the configuration may change. */
static char *disks_text(const struct weir_books *books, const struct weir_holding *holding)
{
	struct weir_buffer text = WEIR_BUFFER_INIT(MAX_DISKS_TEXT);

	for (size_t i = 0; i < weir_books_disks(books); i++) {
		if (holding->disk_bytes[i])
			weir_buffer_printf(&text, "%s=%llu\n", weir_books_disk(books, i)->name,
					   (unsigned long long)holding->disk_bytes[i]);
	}
	return weir_buffer_take_text(&text);
}

static int put_holding(struct weir_store *store, const struct weir_books *books,
		       const struct weir_holding *holding, struct weir_error *err)
{
	scoped(sentence_done) struct sentence sentence = {};
	scoped(freep) char *disks = disks_text(books, holding);

	if (!disks)
		return weir_fail_memory(err);
	if (weir_holding_is_empty(holding)) {
		if (begin(store, "DELETE FROM holdings WHERE stack = ?", &sentence, err) < 0)
			return err->code;
		add_text(&sentence, holding->stack->key);
		return run(&sentence, err);
	}
	if (begin(store,
		  "INSERT OR REPLACE INTO holdings (stack, mcpu, mem_bytes, disks) "
		  "VALUES (?, ?, ?, ?)",
		  &sentence, err) < 0)
		return err->code;
	add_text(&sentence, holding->stack->key);
	add_u64(&sentence, holding->mcpu);
	add_u64(&sentence, holding->mem_bytes);
	add_text(&sentence, disks);
	return run(&sentence, err);
}

static int put_volume(struct weir_store *store, const struct weir_books *books,
		      const struct weir_volume *volume, uint64_t destroyed_us, uint64_t removed_us,
		      struct weir_error *err)
{
	scoped(sentence_done) struct sentence sentence = {};

	if (begin(store,
		  "INSERT OR REPLACE INTO volumes (key, id, stack, disk, bytes, principal, "
		  "container_path, destroyed_us, removed_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		  &sentence, err) < 0)
		return err->code;
	add_u64(&sentence, volume->key);
	add_text(&sentence, volume->info.id);
	add_text(&sentence, volume->stack->key);
	add_text(&sentence, weir_books_disk(books, volume->disk)->name);
	add_u64(&sentence, volume->bytes);
	add_text(&sentence, volume->info.principal);
	add_text(&sentence, volume->info.container_path);
	add_u64(&sentence, destroyed_us);
	add_u64(&sentence, removed_us);
	return run(&sentence, err);
}

static int put_operation(struct weir_store *store, const struct weir_operation_record *operation,
			 struct weir_error *err)
{
	scoped(sentence_done) struct sentence put = {}, drop = {};

	if (begin(store,
		  "INSERT OR REPLACE INTO operations (seq, id, kind, failed, principal, text, "
		  "at_us) VALUES (?, ?, ?, ?, ?, ?, ?)",
		  &put, err) < 0 ||
	    begin(store, "DELETE FROM operations WHERE seq <= ?", &drop, err) < 0)
		return err->code;
	add_u64(&put, operation->seq);
	add_text(&put, operation->id);
	add_text(&put, weir_operation_name(operation->kind));
	add_u64(&put, operation->failed);
	add_text(&put, operation->principal);
	add_text(&put, operation->text);
	add_u64(&put, operation->at_us);
	if (run(&put, err) < 0)
		return err->code;
	if (operation->seq <= WEIR_OPERATIONS_KEPT)
		return 0;
	add_u64(&drop, operation->seq - WEIR_OPERATIONS_KEPT);
	return run(&drop, err);
}

static int put_change(struct weir_store *store, const struct weir_books *books,
		      const struct weir_change *change, uint64_t at_us, uint64_t removed_us,
		      struct weir_error *err)
{
	char version[24];

	for (size_t i = 0; i < weir_change_holdings(change); i++) {
		struct weir_holding holding = weir_change_holding(change, i);

		if (fault("store.holding", err) < 0 || put_holding(store, books, &holding, err) < 0)
			return err->code;
	}
	for (size_t i = 0; i < weir_change_volumes(change); i++) {
		enum weir_volume_fate fate;
		struct weir_volume volume = weir_change_volume(change, i, &fate);
		bool ends = fate == WEIR_VOLUME_ENDS;

		if (fault("store.volume", err) < 0 ||
		    put_volume(store, books, &volume, ends ? at_us : 0, ends ? removed_us : 0,
			       err) < 0)
			return err->code;
	}
	snprintf(version, sizeof(version), "%llu",
		 (unsigned long long)weir_books_version(books) + 1);
	return weir_store_put_text(store, VERSION, version, err);
}

int weir_store_begin(struct weir_store *store, struct weir_error *err)
{
	return fault("store.begin", err) < 0
		       ? err->code
		       : weir_store_file_begin(weir_store_file_of(store), err);
}

void weir_store_abandon(struct weir_store *store)
{
	weir_store_file_abandon(weir_store_file_of(store));
}

int weir_store_operate(struct weir_store *store, const struct weir_books *books,
		       const struct weir_change *change,
		       const struct weir_operation_record *operation, uint64_t removed_us,
		       struct weir_error *err)
{
	struct weir_store_file *file = weir_store_file_of(store);
	int r;

	if (!weir_store_file_has_begun(file) && weir_store_begin(store, err) < 0)
		return err->code;
	r = change ? put_change(store, books, change, operation->at_us, removed_us, err) : 0;
	if (r == 0)
		r = fault("store.operation", err);
	if (r == 0)
		r = put_operation(store, operation, err);
	if (r == 0)
		r = fault("store.commit", err);
	if (r == 0)
		r = weir_store_file_commit(file, err);
	if (r < 0)
		weir_store_file_abandon(file);
	return r;
}

int weir_store_forget_volume(struct weir_store *store, uint64_t key, struct weir_error *err)
{
	scoped(sentence_done) struct sentence sentence = {};

	if (begin(store, "DELETE FROM volumes WHERE key = ?", &sentence, err) < 0)
		return err->code;
	add_u64(&sentence, key);
	return run(&sentence, err);
}

/* ---- Reading ---------------------------------------------------------------------------- */

struct load {
	struct weir_store *store;
	const struct weir_books *books;
	const struct weir_store_books_fns *fns;
	void *data;
};

static const char *text_at(sqlite3_stmt *statement, int column)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);

	return text ? text : "";
}

static int find_disk(const struct weir_books *books, const char *name, unsigned int *ret,
		     struct weir_error *err)
{
	for (unsigned int i = 0; i < weir_books_disks(books); i++) {
		if (strcmp(weir_books_disk(books, i)->name, name) == 0) {
			*ret = i;
			return 0;
		}
	}
	return weir_fail(err, -ENODEV,
			 "something is reserved on the disk '%s', which is not in the "
			 "configuration any more",
			 name);
}

static int read_disks(const struct load *load, const char *text, struct weir_holding *holding,
		      struct weir_error *err)
{
	scoped(freep) char *copy = strdup(text);
	char *rest = copy, *line;

	if (!copy)
		return weir_fail_memory(err);
	while ((line = strsep(&rest, "\n")) && *line) {
		char *sign = strrchr(line, '=');
		unsigned int disk = 0;

		if (!sign)
			return weir_fail(err, -EBADMSG, "a reservation of disk can't be read");
		*sign = '\0';
		if (find_disk(load->books, line, &disk, err) < 0)
			return err->code;
		holding->disk_bytes[disk] = strtoull(sign + 1, NULL, 10);
	}
	return 0;
}

static int read_holding(const struct load *load, sqlite3_stmt *row, struct weir_error *err)
{
	scoped(weir_stack_unrefp) struct weir_stack *stack = NULL;
	struct weir_holding holding = {
		.mcpu = (uint64_t)sqlite3_column_int64(row, 1),
		.mem_bytes = (uint64_t)sqlite3_column_int64(row, 2),
	};

	if (weir_stack_parse(text_at(row, 0), &stack, err) < 0)
		return err->code;
	holding.stack = stack;
	if (read_disks(load, text_at(row, 3), &holding, err) < 0)
		return err->code;
	return load->fns->holding(&holding, load->data, err);
}

static int read_volume(const struct load *load, sqlite3_stmt *row, struct weir_error *err)
{
	scoped(weir_stack_unrefp) struct weir_stack *stack = NULL;
	const char *principal = (const char *)sqlite3_column_text(row, 5);
	const char *path = (const char *)sqlite3_column_text(row, 6);
	struct weir_volume volume = {
		.key = (uint64_t)sqlite3_column_int64(row, 0),
		.info = { (char *)(uintptr_t)text_at(row, 1), (char *)(uintptr_t)principal,
			  (char *)(uintptr_t)path },
		.bytes = (uint64_t)sqlite3_column_int64(row, 4),
	};
	const struct weir_doomed_volume doomed = {
		.key = volume.key,
		.bytes = volume.bytes,
		.id = volume.info.id,
		.disk = (char *)(uintptr_t)text_at(row, 3),
		.destroyed_us = (uint64_t)sqlite3_column_int64(row, 7),
		.removed_us = (uint64_t)sqlite3_column_int64(row, 8),
	};

	if (doomed.destroyed_us)
		return load->fns->doomed(&doomed, load->data, err);
	if (weir_stack_parse(text_at(row, 2), &stack, err) < 0 ||
	    find_disk(load->books, doomed.disk, &volume.disk, err) < 0)
		return err->code;
	volume.stack = stack;
	return load->fns->volume(&volume, load->data, err);
}

static int read_operation(const struct load *load, sqlite3_stmt *row, struct weir_error *err)
{
	struct weir_operation_record record = {
		.seq = (uint64_t)sqlite3_column_int64(row, 0),
		.failed = sqlite3_column_int(row, 3),
		.principal = (char *)(uintptr_t)text_at(row, 4),
		.text = (char *)(uintptr_t)text_at(row, 5),
		.at_us = (uint64_t)sqlite3_column_int64(row, 6),
	};

	snprintf(record.id, sizeof(record.id), "%s", text_at(row, 1));
	if (weir_operation_from_name(text_at(row, 2), &record.kind) < 0)
		return weir_fail(err, -EBADMSG, "operation %s can't be read", record.id);
	return load->fns->operation(&record, load->data, err);
}

static int read_all(const struct load *load, const char *sql,
		    int (*read)(const struct load *load, sqlite3_stmt *row, struct weir_error *err),
		    struct weir_error *err)
{
	struct weir_store_file *file = weir_store_file_of(load->store);
	scoped(statement_done) sqlite3_stmt *statement = NULL;
	int r;

	if (weir_store_file_prepare(file, sql, &statement, err) < 0)
		return err->code;
	while ((r = sqlite3_step(statement)) == SQLITE_ROW) {
		if (read(load, statement, err) < 0)
			return err->code;
	}
	return r == SQLITE_DONE ? 0 : weir_store_file_fail(file, r, err);
}

int weir_store_load_books(struct weir_store *store, const struct weir_books *books,
			  const struct weir_store_books_fns *fns, void *data, uint64_t *ret_version,
			  struct weir_error *err)
{
	const struct load load = { store, books, fns, data };
	struct weir_error none = {};
	char version[24] = "0";

	if (weir_store_get_text(store, VERSION, version, sizeof(version), &none) < 0 &&
	    none.code != -ENOENT)
		return weir_fail(err, none.code, "%s", none.text);
	*ret_version = strtoull(version, NULL, 10);
	if (read_all(&load, "SELECT stack, mcpu, mem_bytes, disks FROM holdings", read_holding,
		     err) < 0 ||
	    read_all(&load,
		     "SELECT key, id, stack, disk, bytes, principal, container_path, "
		     "destroyed_us, removed_us FROM volumes",
		     read_volume, err) < 0)
		return err->code;
	return read_all(&load,
			"SELECT seq, id, kind, failed, principal, text, at_us FROM operations "
			"ORDER BY seq",
			read_operation, err);
}
