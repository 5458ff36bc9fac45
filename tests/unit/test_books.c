/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "model/books.h"
#include "model/operation.h"

#define GIB   (1ull << 30)
#define CPUS  8000
#define MEM   (16 * GIB)
#define DISK  (100 * GIB)
#define MOUNT (50 * GIB)
#define ROOT  "root"

static struct weir_books *books;

static int make_books(void **state)
{
	static char root[] = "", mount[] = "MOUNT:/srv/a";
	const struct weir_disk disks[] = { { root, DISK, false }, { mount, MOUNT, true } };
	struct weir_error err = {};

	(void)state;
	return weir_books_new(CPUS, MEM, disks, 2, true, &books, &err);
}

static int free_books(void **state)
{
	(void)state;
	books = weir_books_free(books);
	return 0;
}

/* "" is unreserved, "eng eng/ads" two levels; "eng=label" has a label, "eng@who" a principal that is not root. */
static struct weir_stack *stack_of(const char *text)
{
	struct weir_reservation levels[WEIR_STACK_MAX] = {};
	struct weir_label labels[WEIR_STACK_MAX];
	char copy[256], *rest = copy, *word, key[] = "k", root[] = ROOT;
	struct weir_stack *stack = NULL;
	struct weir_error err = {};
	size_t n = 0;

	snprintf(copy, sizeof(copy), "%s", text);
	while ((word = strsep(&rest, " ")) && *word) {
		char *label = strchr(word, '='), *principal = strchr(word, '@');

		if (label) {
			*label = '\0';
			labels[n] = (struct weir_label){ key, label + 1 };
			levels[n].labels = &labels[n];
			levels[n].n_labels = 1;
		}
		if (principal)
			*principal = '\0';
		levels[n].principal = principal ? principal + 1 : root;
		levels[n].is_static = *word == '!';
		levels[n++].role = word + (*word == '!');
	}
	if (weir_stack_new(levels, n, &stack, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	return stack;
}

static void add(struct weir_parcels *to, enum weir_kind kind, uint64_t amount, const char *stack,
		const char *disk, const char *volume)
{
	char id[64] = "", principal[] = ROOT, name[64] = "";
	struct weir_volume_info info = { .id = id, .principal = principal };
	struct weir_parcel parcel = { .kind = kind, .amount = amount, .stack = stack_of(stack) };
	struct weir_error err = {};

	if (kind == WEIR_KIND_DISK) {
		snprintf(name, sizeof(name), "%s", disk ? disk : "");
		parcel.disk = name;
	}
	if (volume) {
		snprintf(id, sizeof(id), "%s", volume);
		parcel.volume = &info;
	}
	assert_int_equal(weir_parcels_add(to, &parcel, &err), 0);
	weir_stack_unref(parcel.stack);
}

/* Check, convert, prepare, commit. Ends @operation. */
static int operate(struct weir_operation *operation, struct weir_error *err)
{
	struct weir_parcels from = {}, to = {};
	struct weir_change *change = NULL;
	int r = weir_operation_check(operation, ROOT, err);

	if (r == 0)
		r = weir_operation_convert(operation, &from, &to, err);
	if (r == 0)
		r = weir_books_prepare(books, &from, &to, operation->kind == WEIR_OPERATION_GROW,
				       &change, err);
	if (r == 0)
		weir_books_commit(books, change);
	weir_parcels_done(&from);
	weir_parcels_done(&to);
	weir_operation_done(operation);
	return r;
}

/* RESERVE of cpus; @source NULL: without. */
static int reserve(const char *source, const char *target, uint64_t mcpu)
{
	struct weir_operation operation = { .kind = WEIR_OPERATION_RESERVE };
	struct weir_error err = {};

	add(&operation.resources, WEIR_KIND_CPUS, mcpu, target, NULL, NULL);
	if (source)
		add(&operation.source, WEIR_KIND_CPUS, mcpu, source, NULL, NULL);
	return operate(&operation, &err);
}

static int unreserve(const char *stack, uint64_t mcpu)
{
	struct weir_operation operation = { .kind = WEIR_OPERATION_UNRESERVE };
	struct weir_error err = {};

	add(&operation.resources, WEIR_KIND_CPUS, mcpu, stack, NULL, NULL);
	return operate(&operation, &err);
}

static int on_volume(enum weir_operation_kind kind, const char *stack, const char *disk,
		     const char *id, uint64_t bytes, uint64_t by)
{
	struct weir_operation operation = { .kind = kind, .subtract_bytes = by };
	struct weir_error err = {};

	add(&operation.resources, WEIR_KIND_DISK, bytes, stack, disk, id);
	if (kind == WEIR_OPERATION_GROW)
		add(&operation.addition, WEIR_KIND_DISK, by, stack, disk, NULL);
	return operate(&operation, &err);
}

static int reserve_disk(const char *stack, const char *disk, uint64_t bytes)
{
	struct weir_operation operation = { .kind = WEIR_OPERATION_RESERVE };
	struct weir_error err = {};

	add(&operation.resources, WEIR_KIND_DISK, bytes, stack, disk, NULL);
	return operate(&operation, &err);
}

static int move_volume(const char *source, const char *target, const char *id, uint64_t bytes)
{
	struct weir_operation operation = { .kind = WEIR_OPERATION_RESERVE };
	struct weir_error err = {};

	add(&operation.source, WEIR_KIND_DISK, bytes, source, NULL, id);
	add(&operation.resources, WEIR_KIND_DISK, bytes, target, NULL, id);
	return operate(&operation, &err);
}

static uint64_t held(const char *text)
{
	struct weir_stack *stack = stack_of(text);
	uint64_t mcpu = 0;

	for (size_t i = 0; i < weir_books_holdings(books); i++) {
		struct weir_holding holding = weir_books_holding(books, i);

		if (weir_stack_equal(holding.stack, stack))
			mcpu = holding.mcpu;
	}
	weir_stack_unref(stack);
	return mcpu;
}

/* ---- Stacks ------------------------------------------------------------------------- */

static void a_key_is_read_back_as_the_same_stack(void **state)
{
	static const char *const texts[] = { "", "eng", "eng eng/ads",
					     "!eng eng/ads=x eng/ads/b@who" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct weir_stack *stack = stack_of(texts[i]), *again = NULL;
		struct weir_error err = {};

		assert_int_equal(weir_stack_parse(stack->key, &again, &err), 0);
		assert_string_equal(stack->key, again->key);
		assert_int_equal(weir_stack_common(stack, again), stack->n);
		for (size_t n = 0; n < strlen(stack->key); n++) {
			char *cut = strndup(stack->key, n);
			struct weir_stack *part = NULL;

			if (weir_stack_parse(cut, &part, &err) == 0)
				assert_true(part->n < stack->n);
			weir_stack_unref(part);
			free(cut);
		}
		weir_stack_unref(stack);
		weir_stack_unref(again);
	}
}

static void the_order_of_labels_says_nothing(void **state)
{
	char a[] = "a", b[] = "b", x[] = "x", role[] = "eng";
	struct weir_label one[] = { { a, x }, { b, x } }, other[] = { { b, x }, { a, x } };
	struct weir_reservation level = { .role = role, .labels = one, .n_labels = 2 };
	struct weir_stack *first = NULL, *second = NULL;
	struct weir_error err = {};

	(void)state;
	assert_int_equal(weir_stack_new(&level, 1, &first, &err), 0);
	level.labels = other;
	assert_int_equal(weir_stack_new(&level, 1, &second, &err), 0);
	assert_true(weir_stack_equal(first, second));
	weir_stack_unref(first);
	weir_stack_unref(second);
}

static void only_strict_subroles_refine(void **state)
{
	static const char *const bad[][2] = { { "eng", "eng" },
					      { "eng/ads", "eng" },
					      { "eng", "engine" },
					      { "eng", "ops" },
					      { "*", "eng" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct weir_reservation levels[2] = { { .role = strdup(bad[i][0]) },
						      { .role = strdup(bad[i][1]) } };
		struct weir_stack *stack = NULL;
		struct weir_error err = {};

		assert_int_equal(weir_stack_new(levels, 2, &stack, &err), -EINVAL);
		free(levels[0].role);
		free(levels[1].role);
	}
}

/* ---- Conversions ----------------------------------------------------------------------- */

static void a_source_is_replaced_in_one_step(void **state)
{
	(void)state;
	assert_int_equal(reserve("role role/bar", "role role/foo", 1000), -ENOSPC);
	assert_int_equal(reserve("", "role role/foo", 1000), 0);
	assert_int_equal(reserve("role role/bar", "role role/foo", 1000), -ENOSPC);
	assert_int_equal(held("role role/foo"), 1000);
	assert_int_equal(reserve("role role/foo", "role role/bar", 1000), 0);
	assert_int_equal(held("role role/foo"), 0);
	assert_int_equal(held("role role/bar"), 1000);
	assert_int_equal(held(""), CPUS - 1000);
	assert_int_equal(reserve("role role/bar", "role role/bar", 1000), 0);
	assert_int_equal(held("role role/bar"), 1000);
}

static void without_a_source_it_goes_level_by_level(void **state)
{
	(void)state;
	assert_int_equal(reserve(NULL, "eng eng/ads", 1000), -ENOSPC);
	assert_int_equal(reserve(NULL, "eng", 3000), 0);
	assert_int_equal(reserve(NULL, "eng eng/ads", 1000), 0);
	assert_int_equal(held("eng"), 2000);
	assert_int_equal(unreserve("eng eng/ads", 400), 0);
	assert_int_equal(held("eng"), 2400);
	assert_int_equal(unreserve("eng", 2400), 0);
	assert_int_equal(unreserve("eng", 1), -ENOSPC);
	assert_int_equal(held(""), CPUS - 600);
}

static void labels_and_principals_are_kept_apart(void **state)
{
	(void)state;
	assert_int_equal(reserve("", "eng=a", 1000), 0);
	assert_int_equal(reserve("", "eng=b", 1000), 0);
	assert_int_equal(unreserve("eng=a", 1001), -ENOSPC);
	assert_int_equal(unreserve("eng", 1), -ENOSPC);
	assert_int_equal(reserve("", "eng@who", 1000), -EINVAL);
	assert_int_equal(held("eng=a"), 1000);
}

static void bad_replacements_are_refused(void **state)
{
	struct weir_operation mixed = { .kind = WEIR_OPERATION_RESERVE };
	struct weir_operation uneven = { .kind = WEIR_OPERATION_RESERVE };
	struct weir_operation empty = { .kind = WEIR_OPERATION_RESERVE };
	struct weir_error err = {};

	(void)state;
	add(&mixed.source, WEIR_KIND_CPUS, 1000, "", NULL, NULL);
	add(&mixed.resources, WEIR_KIND_CPUS, 500, "eng", NULL, NULL);
	add(&mixed.resources, WEIR_KIND_CPUS, 500, "ops", NULL, NULL);
	assert_int_equal(operate(&mixed, &err), -EINVAL);
	assert_non_null(strstr(err.text, "Mixed reservations are not supported"));
	add(&uneven.source, WEIR_KIND_CPUS, 1000, "", NULL, NULL);
	add(&uneven.resources, WEIR_KIND_CPUS, 999, "eng", NULL, NULL);
	assert_int_equal(operate(&uneven, &err), -EINVAL);
	assert_non_null(strstr(err.text, "identical resource quantities"));
	add(&empty.source, WEIR_KIND_CPUS, 1000, "", NULL, NULL);
	assert_int_equal(operate(&empty, &err), -EINVAL);
	assert_non_null(strstr(err.text, "Resource cannot be empty"));
	assert_int_equal(reserve("eng", "", 1000), -EINVAL);
}

static void what_is_static_stays(void **state)
{
	struct weir_holding kept = { .stack = stack_of("!eng"), .mcpu = 2000 };
	struct weir_error err = {};

	(void)state;
	assert_int_equal(weir_books_restore_holding(books, &kept, &err), 0);
	weir_stack_unref(kept.stack);
	assert_int_equal(reserve("!eng", "ops", 1000), -EINVAL);
	assert_int_equal(reserve("", "!eng eng/ads", 1000), -EINVAL);
	assert_int_equal(unreserve("!eng", 1000), -EINVAL);
	assert_int_equal(reserve(NULL, "!eng eng/ads", 1000), 0);
	assert_int_equal(reserve("!eng eng/ads", "!eng eng/search", 1000), 0);
	assert_int_equal(held("!eng"), 1000);
	assert_int_equal(unreserve("!eng eng/search", 1000), 0);
	assert_int_equal(held("!eng"), 2000);
}

/* ---- Demand --------------------------------------------------------------------------------- */

static void need(const char *role, uint64_t mcpu, bool less)
{
	struct weir_error err = {};

	assert_int_equal(weir_books_demand(books, role, mcpu, 0, less, &err), 0);
}

static uint64_t room(const char *role)
{
	int64_t mcpu, bytes;

	weir_books_room(books, role, &mcpu, &bytes);
	return mcpu > 0 ? (uint64_t)mcpu : 0;
}

static void containers_spend_their_roles_first(void **state)
{
	(void)state;
	assert_int_equal(reserve("", "eng", 3000), 0);
	assert_int_equal(reserve("eng", "eng eng/ads", 1000), 0);
	assert_int_equal(room("eng/ads"), CPUS);
	assert_int_equal(room("eng"), CPUS - 1000);
	assert_int_equal(room("*"), CPUS - 3000);
	need("eng/ads", 1500, false);
	assert_int_equal(room("eng"), CPUS - 1000 - 500);
	assert_int_equal(room("*"), CPUS - 3000);
	need("eng/ads", 2000, false);
	assert_int_equal(room("*"), CPUS - 3000 - 500);
	need("eng/ads", 3500, true);
	assert_int_equal(room("*"), CPUS - 3000);
}

static void what_bears_demand_stays(void **state)
{
	(void)state;
	assert_int_equal(reserve("", "eng", 3000), 0);
	need("eng", 2000, false);
	assert_int_equal(unreserve("eng", 1001), -EBUSY);
	assert_int_equal(unreserve("eng", 1000), 0);
	assert_int_equal(reserve("eng", "ops", 1), -EBUSY);
	assert_int_equal(reserve("eng", "eng=label", 2000), 0); /* it is the role's still */
	need("*", 6000, false);
	assert_int_equal(reserve("", "ops", 1), -EBUSY);
	need("*", 1000, true);
	need("ops", 1000, false);
	assert_int_equal(reserve("", "ops", 1000), 0); /* its own use of what is unreserved */
	assert_int_equal(room("*"), 0);
	assert_int_equal(reserve("", "ops", 1), -EBUSY);
}

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_books, free_books)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_key_is_read_back_as_the_same_stack),
		TEST(the_order_of_labels_says_nothing),
		TEST(only_strict_subroles_refine),
		TEST(a_source_is_replaced_in_one_step),
		TEST(without_a_source_it_goes_level_by_level),
		TEST(labels_and_principals_are_kept_apart),
		TEST(bad_replacements_are_refused),
		TEST(what_is_static_stays),
		TEST(containers_spend_their_roles_first),
		TEST(what_bears_demand_stays),
		TEST(volumes_come_move_and_go),
		TEST(some_disks_go_whole),
		TEST(rights_are_asked_for_level_by_level),
		TEST(over_any_history_the_books_balance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
