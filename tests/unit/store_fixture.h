/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_TEST_STORE_FIXTURE_H
#define WEIR_TEST_STORE_FIXTURE_H

/* A store in a directory of its own, and what tests of it do again and again. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "control/store.h"
#include "model/container.h"

struct fixture {
	char dir[32];
	struct weir_store *store;
};

static inline int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct weir_error err = {};

	strcpy(f->dir, "/tmp/weir-store.XXXXXX");
	if (!mkdtemp(f->dir) || weir_store_open(f->dir, &f->store, &err) < 0)
		return -1;
	*state = f;
	return 0;
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int tear_down(void **state)
{
	struct fixture *f = *state;

	f->store = weir_store_close(f->store);
	nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

/* Speak SQL to the closed database, as an accident or an older weir would. */
static inline void tamper(struct fixture *f, const char *sql)
{
	char path[64];
	sqlite3 *db = NULL;

	f->store = weir_store_close(f->store);
	snprintf(path, sizeof(path), "%s/weir.db", f->dir);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static inline char **strings(const char *a, const char *b)
{
	char *list[] = { (char *)(uintptr_t)a, (char *)(uintptr_t)b, NULL };

	return weir_strv_copy(list);
}

static inline void put_minimal(struct weir_store *store, const char *id, const char *command)
{
	struct weir_container *container = weir_container_new(id);
	struct weir_error err = {};

	if (!container->role)
		container->role = strdup("*");
	container->argv = strings(command, NULL);
	assert_int_equal(weir_store_put(store, container, &err), 0);
	weir_container_free(container);
}

/* What foreach yielded, in its order. */
struct collection {
	struct weir_container *list[8];
	size_t n;
};

static inline int collect(struct weir_container *container, void *data, struct weir_error *err)
{
	struct collection *all = data;

	(void)err;
	assert_true(all->n < 8);
	all->list[all->n++] = container;
	return 0;
}

static inline void collection_done(struct collection *all)
{
	while (all->n > 0)
		weir_container_free(all->list[--all->n]);
}

static inline unsigned int read_all(struct weir_store *store, struct collection *ret)
{
	struct weir_error err = {};
	unsigned int bad = 99;

	assert_int_equal(weir_store_foreach(store, collect, ret, &bad, &err), 0);
	return bad;
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif /* WEIR_TEST_STORE_FIXTURE_H */
