/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_STORE_H
#define WEIR_STORE_H

/*
 * What must outlive the daemon: containers, in SQLite (WAL) under the state directory.
 *
 * Containers are written with synchronous NORMAL: they survive a crash of the daemon, and a
 * crash of the machine ends them anyway. Knows how to keep things, not what they mean.
 */

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

struct weir_container;
struct weir_error;
struct weir_store;

/*
 * Open or make DIR/weir.db and lock it: -EBUSY: another daemon has this state directory (the
 * text names it). -EUCLEAN: the file is damaged or not ours. -ENOTSUP: a newer schema.
 */
int weir_store_open(const char *dir, struct weir_store **ret, struct weir_error *err);
/* Lets go of the lock too. NULL is fine. Always returns NULL. */
struct weir_store *weir_store_close(struct weir_store *store);
WEIR_DEFINE_CLEANUP(struct weir_store, weir_store_close);

/* The lock alone, until *@ret_fd is closed; @dir has to exist. -EBUSY. */
int weir_store_lock(const char *dir, int *ret_fd, struct weir_error *err);

/* How many volumes the database in @dir knows, on whatever disk; 0 also of one that can't be read. For who has the lock. */
uint64_t weir_store_volumes(const char *dir);

/* Remove the database and the lock file from @dir. *@lock_fd is weir_store_lock()'s, and let go. */
int weir_store_purge(const char *dir, int *lock_fd, struct weir_error *err);

/* A small text by name, such as "boot_id". get: -ENOENT when never put; @buf holds a NUL. */
int weir_store_put_text(struct weir_store *store, const char *name, const char *value,
			struct weir_error *err);
int weir_store_get_text(struct weir_store *store, const char *name, char *buf, size_t size,
			struct weir_error *err);

/* Insert or replace the record of @container, all of it (but `live`). */
int weir_store_put(struct weir_store *store, const struct weir_container *container,
		   struct weir_error *err);

/* Delete; a missing one is fine. */
int weir_store_delete(struct weir_store *store, const char *id, struct weir_error *err);

/*
 * All containers in order of id. @fn takes the container. It may return negative to stop; that
 * is returned. A record that can't be read is skipped and counted in *@ret_bad.
 * -EUCLEAN: the file is damaged.
 */
typedef int weir_store_fn(struct weir_container *container, void *data, struct weir_error *err);
int weir_store_foreach(struct weir_store *store, weir_store_fn *fn, void *data,
		       unsigned int *ret_bad, struct weir_error *err);

#endif /* WEIR_STORE_H */
