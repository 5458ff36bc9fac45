/* SPDX-License-Identifier: Apache-2.0 */
/* The store, on real files in a directory of its own. */

#include "store_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void a_record_is_replaced_and_deleted_by_id(void **state)
{
	scoped(collection_done) struct collection all = {};
	struct fixture *f = *state;
	struct weir_error err = {};

	put_minimal(f->store, "zeta", "one");
	put_minimal(f->store, "web", "two");
	put_minimal(f->store, "alpha", "three");
	put_minimal(f->store, "web", "four");
	assert_int_equal(weir_store_delete(f->store, "alpha", &err), 0);
	assert_int_equal(weir_store_delete(f->store, "never-there", &err), 0);

	assert_int_equal(read_all(f->store, &all), 0);
	assert_int_equal(all.n, 2);
	assert_string_equal(all.list[0]->id, "web");
	assert_string_equal(all.list[0]->argv[0], "four");
	assert_string_equal(all.list[1]->id, "zeta");
}

static void texts_are_kept_by_name(void **state)
{
	struct fixture *f = *state;
	struct weir_error err = {};
	char text[8] = "before";

	assert_int_equal(weir_store_get_text(f->store, "boot_id", text, sizeof(text), &err),
			 -ENOENT);
	assert_string_equal(text, "before");
	assert_int_equal(weir_store_put_text(f->store, "boot_id", "one", &err), 0);
	assert_int_equal(weir_store_put_text(f->store, "boot_id", "two-two", &err), 0);
	f->store = weir_store_close(f->store);
	assert_int_equal(weir_store_open(f->dir, &f->store, &err), 0);
	assert_int_equal(weir_store_get_text(f->store, "boot_id", text, sizeof(text), &err), 0);
	assert_string_equal(text, "two-two");
	assert_int_equal(weir_store_get_text(f->store, "boot_id", text, 7, &err), -EFBIG);
}

static int refuse(struct weir_container *container, void *data, struct weir_error *err)
{
	unsigned int *calls = data;

	(*calls)++;
	weir_container_free(container);
	return weir_fail(err, -ECANCELED, "enough");
}

static void a_walk_can_be_stopped_and_walked_again(void **state)
{
	scoped(collection_done) struct collection all = {};
	struct fixture *f = *state;
	struct weir_error err = {};
	unsigned int bad = 99, calls = 0;

	put_minimal(f->store, "a", "true");
	put_minimal(f->store, "b", "true");
	assert_int_equal(weir_store_foreach(f->store, refuse, &calls, &bad, &err), -ECANCELED);
	assert_string_equal(err.text, "enough");
	assert_int_equal(calls, 1);
	assert_int_equal(bad, 99); /* untouched on failure */
	assert_int_equal(read_all(f->store, &all), 0);
	assert_int_equal(all.n, 2);
}

static void write_database(const struct fixture *f, const void *data, size_t size, off_t at)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/weir.db", f->dir);
	fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, data, size, at), (ssize_t)size);
	close(fd);
}

static void a_damaged_file_is_refused(void **state)
{
	struct fixture *f = *state;
	struct weir_error err = {};
	char garbage[8192];

	put_minimal(f->store, "web", "true");
	f->store = weir_store_close(f->store);
	memset(garbage, 0xa5, sizeof(garbage));
	write_database(f, garbage, 4096, 4096); /* the second page */
	assert_int_equal(weir_store_open(f->dir, &f->store, &err), -EUCLEAN);
	assert_non_null(strstr(err.text, "/weir.db is damaged"));
	assert_null(f->store);

	write_database(f, garbage, sizeof(garbage), 0);
	assert_int_equal(weir_store_open(f->dir, &f->store, &err), -EUCLEAN);
}

static void a_database_of_somebody_else_is_refused_unchanged(void **state)
{
	struct fixture *f = *state;
	struct weir_error err = {};

	tamper(f, "PRAGMA application_id = 1");
	assert_int_equal(weir_store_open(f->dir, &f->store, &err), -EUCLEAN);
	assert_non_null(strstr(err.text, "no database of weir's"));
}

static void an_older_schema_is_brought_up_to_date(void **state)
{
	scoped(collection_done) struct collection all = {};
	struct fixture *f = *state;
	struct weir_error err = {};

	put_minimal(f->store, "web", "one");
	tamper(f, "ALTER TABLE containers DROP COLUMN exempt;"
		  "ALTER TABLE containers DROP COLUMN is_executor;"
		  "ALTER TABLE containers DROP COLUMN shares_cgroups;"
		  "ALTER TABLE containers DROP COLUMN autoremove;"
		  "ALTER TABLE containers DROP COLUMN paused;"
		  "ALTER TABLE containers DROP COLUMN delegated;"
		  "ALTER TABLE containers DROP COLUMN adopted;"
		  "ALTER TABLE containers DROP COLUMN enforced;"
		  "ALTER TABLE containers DROP COLUMN place;"
		  "ALTER TABLE containers DROP COLUMN kept;"
		  "ALTER TABLE containers DROP COLUMN ask_swap_limit_bytes;"
		  "ALTER TABLE containers DROP COLUMN ask_cpu_burst_mcpu;"
		  "ALTER TABLE containers DROP COLUMN swap_limit_bytes;"
		  "ALTER TABLE containers DROP COLUMN cpu_burst_mcpu;"
		  "ALTER TABLE containers DROP COLUMN ask_pids_limit;"
		  "ALTER TABLE containers DROP COLUMN pids_limit;"
		  "ALTER TABLE containers DROP COLUMN supplementary_groups;"
		  "ALTER TABLE containers DROP COLUMN rlimits;"
		  "ALTER TABLE containers DROP COLUMN capabilities;"
		  "ALTER TABLE containers DROP COLUMN new_privileges;"
		  "ALTER TABLE containers DROP COLUMN cpus_set;"
		  "ALTER TABLE containers DROP COLUMN policy;"
		  "ALTER TABLE containers DROP COLUMN net_degraded;"
		  "ALTER TABLE containers DROP COLUMN net_allows;"
		  "ALTER TABLE containers DROP COLUMN net_set;"
		  "ALTER TABLE containers DROP COLUMN net_rules;"
		  "ALTER TABLE containers DROP COLUMN net_sockets;"
		  "ALTER TABLE containers DROP COLUMN mounts; DROP TABLE holdings; DROP TABLE "
		  "volumes; DROP TABLE operations;"
		  "ALTER TABLE containers DROP COLUMN cgroup2_id; PRAGMA user_version = 1");
	assert_int_equal(weir_store_open(f->dir, &f->store, &err), 0);
	assert_int_equal(read_all(f->store, &all), 0);
	assert_int_equal(all.n, 1);
	assert_string_equal(all.list[0]->argv[0], "one");
	assert_false(all.list[0]->exempt);
	assert_false(all.list[0]->is_executor);
	assert_false(all.list[0]->adopted);
	assert_true(all.list[0]->ask.swap_limit_bytes == WEIR_ABSENT);
	assert_true(all.list[0]->ask.pids_limit == WEIR_ABSENT);
	assert_true(all.list[0]->own.pids_limit == WEIR_INFINITE);
}

static void a_newer_schema_is_refused(void **state)
{
	struct fixture *f = *state;
	struct weir_error err = {};

	tamper(f, "PRAGMA user_version = 10");
	assert_int_equal(weir_store_open(f->dir, &f->store, &err), -ENOTSUP);
	assert_non_null(
		strstr(err.text, "was written by a newer weir (schema 10, this one knows 9)"));
}

static void a_second_daemon_is_refused_by_pid(void **state)
{
	struct fixture *f = *state;
	struct weir_store *second = NULL;
	struct weir_error err = {};
	char expected[128];

	assert_int_equal(weir_store_open(f->dir, &second, &err), -EBUSY);
	snprintf(expected, sizeof(expected),
		 "state directory '%s' is in use by another weir-daemon (pid %d)", f->dir,
		 (int)getpid());
	assert_string_equal(err.text, expected);
	assert_null(second);
}

/* A child that dies without a word: the lock has to go with it, and the records have to stay. */
static void a_killed_daemon_leaves_its_records_and_no_lock(void **state)
{
	scoped(collection_done) struct collection all = {};
	struct fixture *f = *state;
	struct weir_error err = {};
	pid_t pid;

	f->store = weir_store_close(f->store);
	pid = fork();
	if (pid == 0) {
		if (weir_store_open(f->dir, &f->store, &err) < 0)
			_exit(1);
		put_minimal(f->store, "web", "true");
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(weir_store_open(f->dir, &f->store, &err), 0);
	assert_int_equal(read_all(f->store, &all), 0);
	assert_int_equal(all.n, 1);
}

static void the_database_is_private(void **state)
{
	const char *const names[] = { "weir.db", "weir.db-wal", "lock" };
	struct fixture *f = *state;
	struct stat st;
	char path[64];

	put_minimal(f->store, "web", "true");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
}

static void purge_leaves_nothing_of_the_store(void **state)
{
	struct fixture *f = *state;
	struct weir_error err = {};
	int lock_fd = -1;

	put_minimal(f->store, "web", "true");
	assert_int_equal(weir_store_lock(f->dir, &lock_fd, &err), -EBUSY);
	f->store = weir_store_close(f->store);
	assert_int_equal(weir_store_lock(f->dir, &lock_fd, &err), 0);
	assert_int_equal(weir_store_purge(f->dir, &lock_fd, &err), 0);
	assert_int_equal(lock_fd, -1);
	assert_int_equal(rmdir(f->dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(a_record_is_replaced_and_deleted_by_id),
		STORE_TEST(texts_are_kept_by_name),
		STORE_TEST(a_walk_can_be_stopped_and_walked_again),
		STORE_TEST(a_damaged_file_is_refused),
		STORE_TEST(a_database_of_somebody_else_is_refused_unchanged),
		STORE_TEST(an_older_schema_is_brought_up_to_date),
		STORE_TEST(a_newer_schema_is_refused),
		STORE_TEST(a_second_daemon_is_refused_by_pid),
		STORE_TEST(a_killed_daemon_leaves_its_records_and_no_lock),
		STORE_TEST(the_database_is_private),
		STORE_TEST(purge_leaves_nothing_of_the_store),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
