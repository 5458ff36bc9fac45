/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_STORE_BOOKS_H
#define WEIR_STORE_BOOKS_H

/*
 * Reservations, volumes and operations in the store. What changes them is one transaction, which is on disk (synchronous
 * FULL) when it has succeeded: all of it or nothing.
 */

#include <stddef.h>
#include <stdint.h>

#include "control/store_file.h"
#include "model/books.h"
#include "model/operation.h"

struct weir_buffer;
struct weir_error;
struct weir_store;

#define WEIR_OPERATION_ID_TEXT 40
#define WEIR_OPERATIONS_KEPT   1000

/* One that was done, or could not be. */
struct weir_operation_record {
	uint64_t seq; /* from 1 on */
	char id[WEIR_OPERATION_ID_TEXT]; /* a UUID */
	enum weir_operation_kind kind;
	bool failed;
	char *principal;
	char *text; /* what it was, or why it failed */
	uint64_t at_us; /* CLOCK_REALTIME */
};

/* A volume that was destroyed, and is kept for a while. */
struct weir_doomed_volume {
	uint64_t key, bytes;
	char *id, *disk;
	uint64_t destroyed_us, removed_us; /* when it was, and when it is to be removed */
};

/* What is written of containers from here on is part of the operation that is to come. */
int weir_store_begin(struct weir_store *store, struct weir_error *err);
/* It does not come, and what was written since the beginning, if there was one, was not. */
void weir_store_abandon(struct weir_store *store);
/* Write a change down, before it is made; @change NULL: an operation that failed, or changed nothing. @removed_us: of volumes that end. */
int weir_store_operate(struct weir_store *store, const struct weir_books *books,
		       const struct weir_change *change,
		       const struct weir_operation_record *operation, uint64_t removed_us,
		       struct weir_error *err);
/* The directory of a destroyed volume is gone. */
int weir_store_forget_volume(struct weir_store *store, uint64_t key, struct weir_error *err);

/* What was kept. What is handed over is borrowed for the call. */
struct weir_store_books_fns {
	int (*holding)(const struct weir_holding *holding, void *data, struct weir_error *err);
	int (*volume)(const struct weir_volume *volume, void *data, struct weir_error *err);
	int (*doomed)(const struct weir_doomed_volume *volume, void *data, struct weir_error *err);
	int (*operation)(const struct weir_operation_record *operation, void *data,
			 struct weir_error *err);
};
/* -EBADMSG: a record that can't be read; -ENODEV: of a disk that is not there any more. */
int weir_store_load_books(struct weir_store *store, const struct weir_books *books,
			  const struct weir_store_books_fns *fns, void *data, uint64_t *ret_version,
			  struct weir_error *err);

/* ---- For store.c ---- */

#define WEIR_STORE_BOOKS_SQL                                                                \
	"CREATE TABLE holdings (stack TEXT NOT NULL PRIMARY KEY, mcpu INTEGER NOT NULL, "   \
	"mem_bytes INTEGER NOT NULL, disks TEXT NOT NULL) STRICT;"                          \
	"CREATE TABLE volumes (key INTEGER NOT NULL PRIMARY KEY, id TEXT NOT NULL, "        \
	"stack TEXT NOT NULL, disk TEXT NOT NULL, bytes INTEGER NOT NULL, principal TEXT, " \
	"container_path TEXT, destroyed_us INTEGER NOT NULL, removed_us INTEGER NOT NULL) " \
	"STRICT;"                                                                           \
	"CREATE TABLE operations (seq INTEGER NOT NULL PRIMARY KEY, id TEXT NOT NULL, "     \
	"kind TEXT NOT NULL, failed INTEGER NOT NULL, principal TEXT NOT NULL, "            \
	"text TEXT NOT NULL, at_us INTEGER NOT NULL) STRICT"

struct weir_store_file *weir_store_file_of(struct weir_store *store);

#endif /* WEIR_STORE_BOOKS_H */
