/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes and rights; and any history, over which nothing is made or lost. */
#include "books_fixture.h"

/* ---- Volumes ---------------------------------------------------------------------------------- */

static void volumes_come_move_and_go(void **state)
{
	(void)state;
	assert_int_equal(reserve_disk("eng", NULL, 10 * GIB), 0);
	assert_int_equal(on_volume(WEIR_OPERATION_CREATE, "eng", NULL, "data", 11 * GIB, 0),
			 -ENOSPC);
	assert_int_equal(on_volume(WEIR_OPERATION_CREATE, "eng", NULL, "data", 4 * GIB, 0), 0);
	assert_int_equal(on_volume(WEIR_OPERATION_CREATE, "eng", NULL, "data", 1 * GIB, 0),
			 -EEXIST);
	assert_int_equal(on_volume(WEIR_OPERATION_GROW, "eng", NULL, "data", 4 * GIB, 0), -EINVAL);
	assert_int_equal(on_volume(WEIR_OPERATION_GROW, "eng", NULL, "data", 4 * GIB, GIB), 0);
	assert_int_equal(on_volume(WEIR_OPERATION_SHRINK, "eng", NULL, "data", 5 * GIB, 5 * GIB),
			 -EINVAL);
	assert_int_equal(on_volume(WEIR_OPERATION_SHRINK, "eng", NULL, "data", 5 * GIB, 3 * GIB),
			 0);
	assert_int_equal(move_volume("eng", "ops", "data", 2 * GIB), 0);
	assert_null(weir_books_find_volume(books, "eng", "data"));
	assert_non_null(weir_books_find_volume(books, "ops", "data"));
	assert_int_equal(on_volume(WEIR_OPERATION_CREATE, "eng", NULL, "data", 1 * GIB, 0), 0);
	assert_int_equal(move_volume("eng", "ops", "data", GIB), -EEXIST);
	weir_books_find_volume(books, "ops", "data")->users = 1;
	assert_int_equal(move_volume("ops", "qa", "data", 2 * GIB), -EBUSY);
	assert_int_equal(on_volume(WEIR_OPERATION_DESTROY, "ops", NULL, "data", 2 * GIB, 0),
			 -EBUSY);
	assert_int_equal(on_volume(WEIR_OPERATION_GROW, "ops", NULL, "data", 2 * GIB, GIB),
			 -ENOSPC);
	weir_books_find_volume(books, "ops", "data")->users = 0;
	assert_int_equal(on_volume(WEIR_OPERATION_DESTROY, "ops", NULL, "data", 2 * GIB, 0), 0);
	assert_int_equal(weir_books_volumes(books), 1);
}

static void some_disks_go_whole(void **state)
{
	(void)state;
	assert_int_equal(reserve_disk("eng", "MOUNT:/srv/a", GIB), -EINVAL);
	assert_int_equal(reserve_disk("eng", "MOUNT:/srv/b", GIB), -ENODEV);
	assert_int_equal(reserve_disk("eng", "MOUNT:/srv/a", MOUNT), 0);
	assert_int_equal(on_volume(WEIR_OPERATION_CREATE, "eng", "MOUNT:/srv/a", "a", MOUNT, 0), 0);
	assert_int_equal(on_volume(WEIR_OPERATION_SHRINK, "eng", "MOUNT:/srv/a", "a", MOUNT, GIB),
			 -EINVAL);
}

/* ---- Rights ------------------------------------------------------------------------------------ */

static int note_right(enum weir_right right, const char *role, void *data, struct weir_error *err)
{
	char *text = data;

	(void)err;
	sprintf(text + strlen(text), "%s %s;", weir_right_name(right), role);
	return 0;
}

static void rights_are_asked_for_level_by_level(void **state)
{
	static const struct {
		const char *source, *target, *rights;
	} cases[] = {
		{ "", "foo", "reserve foo;" },
		{ "", "foo foo/bar", "reserve foo;reserve foo/bar;" },
		{ "foo foo/bar", "baz baz/bar",
		  "unreserve foo/bar;unreserve foo;reserve baz;reserve baz/bar;" },
		{ "foo foo/bar", "foo foo/baz", "unreserve foo/bar;reserve foo/baz;" },
		{ "foo", "foo", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct weir_operation operation = { .kind = WEIR_OPERATION_RESERVE };
		struct weir_error err = {};
		char text[256] = "";

		add(&operation.source, WEIR_KIND_CPUS, 1, cases[i].source, NULL, NULL);
		add(&operation.resources, WEIR_KIND_CPUS, 1, cases[i].target, NULL, NULL);
		assert_int_equal(weir_operation_rights(&operation, note_right, text, &err), 0);
		assert_string_equal(text, cases[i].rights);
		weir_operation_done(&operation);
	}
}

/* ---- Whatever happens, nothing is made or lost ---------------------------------------------------- */

static const char *const stacks[] = { "",	    "eng",   "eng eng/ads", "eng eng/ads eng/ads/x",
				      "eng eng/db", "eng=a", "ops",	    "ops ops/night" };
static const char *const roles[] = { "*",      "eng", "eng/ads",  "eng/ads/x",
				     "eng/db", "ops", "ops/night" };

static uint64_t demand[ARRAY_SIZE(roles)];

/* Of what containers need: by the definition, all anew. */
static uint64_t rest_of(const char *role)
{
	uint64_t need_here = 0, reserved = 0;

	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		const char *slash = strrchr(roles[i], '/');

		if (strcmp(roles[i], role) == 0)
			need_here += demand[i];
		else if (strcmp(role, "*") == 0
				 ? !slash
				 : slash && strlen(role) == (size_t)(slash - roles[i]) &&
					   strncmp(roles[i], role, strlen(role)) == 0)
			need_here += rest_of(roles[i]);
	}
	for (size_t i = 1; i < ARRAY_SIZE(stacks); i++) {
		struct weir_stack *stack = stack_of(stacks[i]);

		if (strcmp(weir_stack_role(stack), role) == 0)
			reserved += held(stacks[i]);
		weir_stack_unref(stack);
	}
	return need_here > reserved ? need_here - reserved : 0;
}

static void the_books_balance(void)
{
	uint64_t mcpu = 0, disk = 0, unreserved = held("");

	for (size_t i = 0; i < weir_books_holdings(books); i++) {
		mcpu += weir_books_holding(books, i).mcpu;
		disk += weir_books_holding(books, i).disk_bytes[0];
	}
	for (size_t i = 0; i < weir_books_volumes(books); i++)
		disk += weir_books_volume(books, i)->bytes;
	assert_int_equal(mcpu, CPUS);
	assert_int_equal(disk, DISK);
	assert_true(rest_of("*") <= unreserved);
	assert_int_equal(room("*"), unreserved - rest_of("*"));
}

static size_t any(size_t n)
{
	return (size_t)random() % n;
}

static void step(void)
{
	const char *a = stacks[any(ARRAY_SIZE(stacks))], *b = stacks[any(ARRAY_SIZE(stacks))];
	static const char *const ids[] = { "v", "w" };
	const char *id = ids[any(2)];
	uint64_t mcpu = 1 + any(2000), gib = (1 + any(4)) * GIB;
	size_t role = any(ARRAY_SIZE(roles));

	switch (any(9)) {
	case 0:
		reserve(a, b, mcpu);
		break;
	case 1:
		reserve(NULL, b, mcpu);
		break;
	case 2:
		unreserve(a, mcpu);
		break;
	case 3:
		if (mcpu <= room(roles[role])) {
			need(roles[role], mcpu, false);
			demand[role] += mcpu;
		}
		break;
	case 4:
		mcpu = mcpu < demand[role] ? mcpu : demand[role];
		need(roles[role], mcpu, true);
		demand[role] -= mcpu;
		break;
	case 5:
		reserve_disk(b, NULL, gib);
		break;
	case 6:
		on_volume(WEIR_OPERATION_CREATE, a, NULL, id, gib, 0);
		break;
	case 7:
		move_volume(a, b, id, gib);
		break;
	default:
		on_volume(WEIR_OPERATION_DESTROY + (enum weir_operation_kind)any(3), a, NULL, id,
			  gib, GIB);
		break;
	}
}

static void over_any_history_the_books_balance(void **state)
{
	(void)state;
	for (unsigned int seed = 1; seed <= 20; seed++) {
		free_books(NULL);
		make_books(NULL);
		memset(demand, 0, sizeof(demand));
		srandom(seed);
		for (int i = 0; i < 500; i++) {
			step();
			the_books_balance();
		}
		assert_true(weir_books_version(books) > 50);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(volumes_come_move_and_go),
		TEST(some_disks_go_whole),
		TEST(rights_are_asked_for_level_by_level),
		TEST(over_any_history_the_books_balance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
