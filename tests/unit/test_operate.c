/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations that are broken off at every point that there is, by kill -9 and by a disk that is full, broken or read-only:
 * after each the next start finds it wholly done or wholly undone. $WEIR_TEST_FAULTS says how many.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/log.h"
#include "control/controller_internal.h"
#include "control/operate.h"
#include "control/operations.h"
#include "model/mounts.h"

#define GIB	(1ull << 30)
#define DEFAULT 300
#define DONE	0
#define REFUSED 1

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/weir-test-operate.XXXXXX");
	weir_log_set_level(WEIR_LOG_ERR);
	return mkdtemp(dir) ? 0 : -1;
}

static int drop(const char *path, const struct stat *found, int type, struct FTW *ftw)
{
	(void)found;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int drop_dir(void **state)
{
	(void)state;
	return nftw(dir, drop, 16, FTW_DEPTH | FTW_PHYS);
}

/* ---- All of a controller that operations need, over the directory ---- */

static struct weir_controller *open_world(void)
{
	const struct weir_controller_options options = { .state_dir = dir };
	struct weir_controller *world = calloc(1, sizeof(*world));
	struct weir_capacity capacity = { .total_mcpu = 8000, .total_bytes = 16 * GIB };
	struct weir_error err = {};

	assert_non_null(world);
	pthread_rwlock_init(&world->lock, NULL);
	world->operations = calloc(1, sizeof(*world->operations));
	assert_non_null(world->operations);
	if (sd_event_new(&world->event) < 0 ||
	    weir_events_new(world->event, &world->events, &err) < 0 ||
	    weir_store_open(dir, &world->store, &err) < 0 ||
	    weir_disks_find(dir, 100 * GIB, "", &world->operations->disks, &err) < 0)
		fail_msg("%s", err.text);
	capacity.disks = world->operations->disks.list;
	capacity.n_disks = world->operations->disks.n;
	if (weir_ledger_new(&capacity, 10, &world->ledger, &err) < 0 ||
	    weir_operations_open(world, &options, &err) < 0)
		fail_msg("%s", err.text);
	world->operations->grace_us = 3600ull * 1000000;
	return world;
}

static void close_world(struct weir_controller *world)
{
	weir_operations_close(world);
	weir_ledger_free(world->ledger);
	weir_store_close(world->store);
	weir_events_free(world->events);
	sd_event_unref(world->event);
	pthread_rwlock_destroy(&world->lock);
	free(world);
}

/* All that is to survive, but for what an operation is called. */
static char *tell(const struct weir_controller *world)
{
	struct weir_buffer text = WEIR_BUFFER_INIT(1u << 20);
	const struct weir_books *books = weir_ledger_books(world->ledger);

	weir_buffer_printf(&text, "version %llu\n", (unsigned long long)weir_books_version(books));
	for (size_t i = 0; i < weir_books_holdings(books); i++) {
		struct weir_holding holding = weir_books_holding(books, i);

		weir_buffer_printf(&text, "%s: %llu %llu %llu\n", holding.stack->key,
				   (unsigned long long)holding.mcpu,
				   (unsigned long long)holding.mem_bytes,
				   (unsigned long long)holding.disk_bytes[0]);
	}
	for (size_t i = 0; i < weir_books_volumes(books); i++) {
		const struct weir_volume *volume = weir_books_volume(books, i);

		weir_buffer_printf(&text, "%s of %s: %llu of %llu\n", volume->info.id,
				   volume->stack->key, (unsigned long long)volume->bytes,
				   (unsigned long long)volume->key);
	}
	return weir_buffer_take_text(&text);
}

/* ---- What can be done ---- */

static struct weir_stack *stack_of(const char *role)
{
	char name[64], principal[] = "root";
	struct weir_reservation level = { .role = name, .principal = principal };
	struct weir_stack *stack = NULL;
	struct weir_error err = {};

	snprintf(name, sizeof(name), "%s", role);
	assert_int_equal(weir_stack_new(&level, *role ? 1 : 0, &stack, &err), 0);
	return stack;
}

static void add(struct weir_parcels *to, enum weir_kind kind, uint64_t amount, const char *role,
		const char *volume)
{
	char id[16], principal[] = "root", disk[] = "";
	struct weir_volume_info info = { .id = id, .principal = principal };
	struct weir_parcel parcel = { .kind = kind, .amount = amount, .stack = stack_of(role) };
	struct weir_error err = {};

	snprintf(id, sizeof(id), "%s", volume ? volume : "");
	parcel.disk = kind == WEIR_KIND_DISK ? disk : NULL;
	parcel.volume = volume ? &info : NULL;
	assert_int_equal(weir_parcels_add(to, &parcel, &err), 0);
	weir_stack_unref(parcel.stack);
}

static size_t any(size_t n)
{
	return (size_t)random() % n;
}

/* As large as it is, if there is one. */
static uint64_t size_of(const struct weir_controller *world, const char *role, const char *id)
{
	const struct weir_volume *volume =
		weir_books_find_volume(weir_ledger_books(world->ledger), role, id);

	return volume ? volume->bytes : 2 * GIB;
}

static void make_up(const struct weir_controller *world, struct weir_operation *operation)
{
	static const char *const roles[] = { "a", "b", "c" }, *const ids[] = { "v", "w" };
	const char *role = roles[any(3)], *other = roles[any(3)], *id = ids[any(2)];
	uint64_t size = size_of(world, role, id);

	*operation = (struct weir_operation){ .kind = (enum weir_operation_kind)any(7) };
	switch (operation->kind) {
	case WEIR_OPERATION_RESERVE:
	case WEIR_OPERATION_UNRESERVE:
		add(&operation->resources, WEIR_KIND_CPUS, 1 + any(1000), role, NULL);
		add(&operation->resources, WEIR_KIND_DISK, 4 * GIB, role, NULL);
		break;
	case WEIR_OPERATION_GROW:
		add(&operation->addition, WEIR_KIND_DISK, GIB, role, NULL);
		add(&operation->resources, WEIR_KIND_DISK, size, role, id);
		break;
	case WEIR_OPERATION_COUNT_: /* a move */
		operation->kind = WEIR_OPERATION_RESERVE;
		add(&operation->source, WEIR_KIND_DISK, size, role, id);
		add(&operation->resources, WEIR_KIND_DISK, size, other, id);
		break;
	default:
		operation->subtract_bytes = GIB;
		add(&operation->resources, WEIR_KIND_DISK, size, role, id);
		break;
	}
}

/* Would it be done? Then it is, in memory alone. */
static bool foresee(struct weir_controller *world, const struct weir_operation *operation)
{
	struct weir_books *books = weir_ledger_books(world->ledger);
	struct weir_parcels from = {}, to = {};
	struct weir_change *change = NULL;
	struct weir_error err = {};
	bool good;

	good = weir_operation_check(operation, "root", &err) == 0 &&
	       !weir_operation_changes_nothing(operation) &&
	       weir_operation_convert(operation, &from, &to, &err) == 0 &&
	       weir_books_prepare(books, &from, &to, operation->kind == WEIR_OPERATION_GROW,
				  &change, &err) == 0;
	if (good)
		weir_books_commit(books, change);
	weir_parcels_done(&from);
	weir_parcels_done(&to);
	return good;
}

/* Something that would be done, and what is told before and after it. */
static void choose(struct weir_operation *operation, char **before, char **after)
{
	struct weir_controller *world = open_world();

	*before = tell(world);
	for (make_up(world, operation); !foresee(world, operation); make_up(world, operation))
		weir_operation_done(operation);
	*after = tell(world);
	close_world(world);
}

/* In a process of its own, with the fault: what became of it. */
static int operate(const struct weir_operation *operation, const char *fault)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		const struct weir_operate_ask ask = { .operation = operation };
		const struct weir_peer peer = { .uid = 0 };
		struct weir_operate_result result = {};
		struct weir_error err = {};
		struct weir_controller *world;
		int r;

		world = open_world();
		setenv("WEIR_FAULT", fault, 1);
		r = weir_controller_operate(world, &ask, &peer, &result, &err);
		_exit(r == 0 ? DONE : REFUSED);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* ---- Directories: of each volume one, of nothing none, and what was in them is in them ---- */

static void check_directories(const struct weir_controller *world)
{
	const struct weir_books *books = weir_ledger_books(world->ledger);

	for (size_t i = 0; i < weir_books_volumes(books); i++) {
		const struct weir_volume *volume = weir_books_volume(books, i);
		struct weir_error err = {};
		char path[PATH_MAX], file[PATH_MAX + 8], text[32] = "";
		FILE *stream;

		assert_int_equal(
			weir_operations_path(world->operations, "", volume->key, path, &err), 0);
		assert_int_equal(access(path, F_OK), 0);
		snprintf(file, sizeof(file), "%s/key", path);
		stream = fopen(file, "re");
		if (stream) {
			assert_non_null(fgets(text, sizeof(text), stream));
			assert_int_equal(strtoull(text, NULL, 10), volume->key);
		} else {
			stream = fopen(file, "we");
			assert_non_null(stream);
			fprintf(stream, "%llu", (unsigned long long)volume->key);
		}
		fclose(stream);
	}
}

static size_t count_directories(void)
{
	char path[PATH_MAX];
	struct stat found;

	snprintf(path, sizeof(path), "%s/volumes", dir);
	return stat(path, &found) < 0 ? 0 : found.st_nlink - 2;
}

static void whatever_breaks_it_off_it_is_done_or_undone(void **state)
{
	static const char *const points[] = {
		"volume.make",	   "volume.sync",  "store.begin",     "store.holding",
		"store.holding@2", "store.volume", "store.operation", "store.commit",
		"operate.stored",  "operate.done", "nowhere"
	};
	static const char *const ways[] = { "KILL", "KILL", "ENOSPC", "EIO", "EROFS" };
	const char *wanted = getenv("WEIR_TEST_FAULTS");
	size_t times = wanted ? strtoul(wanted, NULL, 10) : DEFAULT, done = 0, undone = 0,
	       killed = 0;

	(void)state;
	srandom(1);
	while (done + undone < times) {
		struct weir_operation operation;
		char fault[64], *before, *after, *now;
		struct weir_controller *world;
		int how;

		choose(&operation, &before, &after);
		snprintf(fault, sizeof(fault), "%s=%s", points[any(ARRAY_SIZE(points))],
			 ways[any(ARRAY_SIZE(ways))]);
		how = operate(&operation, fault);
		world = open_world();
		now = tell(world);
		if (strcmp(now, strcmp(now, before) == 0 ? before : after) != 0 ||
		    (how == DONE && strcmp(now, after) != 0) ||
		    (how == REFUSED && strcmp(now, before) != 0) || how < -9)
			fail_msg("%s: %d:\n%s\nwas\n%s\nwould be\n%s", fault, how, now, before,
				 after);
		assert_int_equal(count_directories(),
				 weir_books_volumes(weir_ledger_books(world->ledger)) +
					 world->operations->n_doomed);
		check_directories(world);
		done += strcmp(now, after) == 0;
		undone += strcmp(now, after) != 0;
		killed += how < 0;
		close_world(world);
		weir_operation_done(&operation);
		free(before);
		free(after);
		free(now);
	}
	print_message("# %zu done, %zu undone, %zu of them killed\n", done, undone, killed);
	assert_true(done > times / 10 && undone > times / 10 && killed > times / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(whatever_breaks_it_off_it_is_done_or_undone,
						make_dir, drop_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
