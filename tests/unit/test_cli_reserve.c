/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cli/lots.h"
#include "cli/reserved.h"
#include "cli/role_rows.h"
#include "cli/volume_list.h"

#define GI (UINT64_C(1) << 30)

static const struct weir_label_info team[] = { { "team", "a" } };
static const struct weir_level eng_root = { .role = "eng", .principal = "root" };
static const struct weir_level eng_ann = {
	.role = "eng", .principal = "ann", .labels = team, .n_labels = 1
};
static const struct weir_level ads[] = {
	{ .role = "eng", .principal = "root" },
	{ .role = "eng/ads", .principal = "root" },
};

static struct weir_resource_info resources[] = {
	{ .kind = WEIR_RESOURCE_CPUS, .amount = 8000 },
	{ .kind = WEIR_RESOURCE_MEM, .amount = 16 * GI },
	{ .kind = WEIR_RESOURCE_CPUS, .amount = 2000, .n_levels = 1, .levels = &eng_root },
	{ .kind = WEIR_RESOURCE_MEM, .amount = 4 * GI, .n_levels = 1, .levels = &eng_root },
	{ .kind = WEIR_RESOURCE_CPUS, .amount = 1000, .n_levels = 1, .levels = &eng_ann },
	{ .kind = WEIR_RESOURCE_DISK,
	  .amount = 5 * GI,
	  .n_levels = 1,
	  .levels = &eng_ann,
	  .disk = "PATH:/a" },
	{ .kind = WEIR_RESOURCE_CPUS, .amount = 500, .n_levels = 2, .levels = ads },
	{ .kind = WEIR_RESOURCE_DISK, .amount = 2 * GI, .n_levels = 2, .levels = ads, .disk = "" },
	{ .kind = WEIR_RESOURCE_DISK,
	  .amount = GI,
	  .n_levels = 2,
	  .levels = ads,
	  .disk = "",
	  .volume_id = "data",
	  .volume_principal = "root" },
};

static const struct weir_resource_list books = { .n = ARRAY_SIZE(resources), .list = resources };

/* ---- Whose it is ---- */

static void the_stack_is_the_one_that_has_enough(void **state)
{
	static const struct {
		struct weir_holder holder;
		struct weir_wanted wanted;
		const struct weir_level *levels;
	} table[] = {
		{ { .role = "eng" }, { .mcpu = 2000 }, &eng_root },
		{ { .role = "eng", .principal = "ann" }, { .mcpu = 1000 }, &eng_ann },
		{ { .role = "eng", .labels = team, .n_labels = 1 }, { .mcpu = 1 }, &eng_ann },
		{ { .role = "eng" }, { .disk_bytes = GI, .on = "PATH:/a" }, &eng_ann },
		{ { .role = "eng/ads" }, { .volumes = { 1, { "data" } } }, ads },
		/* The nearest above, or the next if that has not enough. */
		{ { .role = "eng/ads/x", .above = true }, { .mcpu = 500 }, ads },
		{ { .role = "eng/ads/x", .above = true }, { .mcpu = 1500 }, &eng_root },
	};

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct weir_error err = {};
		struct weir_held held = {};

		assert_int_equal(
			weir_find_held(&books, &table[i].holder, &table[i].wanted, &held, &err), 0);
		assert_ptr_equal(held.levels, table[i].levels);
	}
}

static void who_has_not_enough_is_told_with_what_there_is(void **state)
{
	static const struct {
		struct weir_holder holder;
		struct weir_wanted wanted;
		int code;
		const char *text;
	} table[] = {
		{ { .role = "ops" }, { .mcpu = 1 }, -ENOENT, "nothing is reserved for 'ops'" },
		{ { .role = "eng", .above = true },
		  { .mcpu = 1 },
		  -ENOENT,
		  "nothing is reserved for a role above 'eng'" },
		{ { .role = "eng", .principal = "bob" },
		  { .mcpu = 1 },
		  -ENOENT,
		  "nothing is reserved for 'eng' by that principal and with those labels" },
		{ { .role = "eng" },
		  { .mcpu = 2000, .mem_bytes = 5 * GI },
		  -ENOENT,
		  "no reservation for 'eng' has cpus 2, mem 5Gi: there is eng (root) with cpus 2, "
		  "mem 4Gi; eng (ann, team=a) with cpus 1" },
		{ { .role = "eng/ads" },
		  { .disk_bytes = 3 * GI, .volumes = { 2, { "data", "more" } } },
		  -ENOENT,
		  "no reservation for 'eng/ads' has disk 3Gi, volume data, volume more: there is "
		  "eng (root) > eng/ads (root) with cpus 0.5, disk 2Gi, volume data" },
		{ { .role = "eng" },
		  { .mcpu = 1000 },
		  -ENOTUNIQ,
		  "--principal and --label tell apart who has it: eng (root); eng (ann, team=a)" },
	};

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct weir_error err = {};
		struct weir_held held = {};

		assert_int_equal(
			weir_find_held(&books, &table[i].holder, &table[i].wanted, &held, &err),
			table[i].code);
		assert_string_equal(err.text, table[i].text);
		assert_null(held.levels);
	}
}

static void a_volume_is_found_by_role_and_name(void **state)
{
	struct weir_resource_info volume = {};
	struct weir_error err = {};

	(void)state;

	assert_int_equal(weir_find_volume(&books, "eng/ads", "data", &volume, &err), 0);
	assert_int_equal(volume.amount, GI);
	assert_int_equal(weir_find_volume(&books, "eng", "data", &volume, &err), -ENOENT);
	assert_string_equal(err.text, "role 'eng' has no volume 'data'");
}

static void labels_are_split_at_the_first_equals_sign(void **state)
{
	const struct weir_text_list given = { 2, { "team=a=b", "empty=" } }, odd = { 1, { "x" } };
	scoped(weir_labels_done) struct weir_labels labels = {};
	scoped(weir_labels_done) struct weir_labels none = {};

	(void)state;

	assert_true(weir_labels_load(&given, &labels));
	assert_int_equal(labels.n, 2);
	assert_string_equal(labels.list[0].key, "team");
	assert_string_equal(labels.list[0].value, "a=b");
	assert_string_equal(labels.list[1].value, "");
	assert_false(weir_labels_load(&odd, &none));
}

static void amounts_of_nothing_are_refused(void **state)
{
	struct weir_error err = {};
	uint64_t amount = 7;

	(void)state;

	assert_int_equal(weir_option_reserved_cpu("0", &amount, &err), -EINVAL);
	assert_string_equal(err.text, "'0' can't be reserved: expected an amount above 0");
	assert_int_equal(weir_option_reserved_bytes("max", &amount, &err), -EINVAL);
	assert_int_equal(amount, 7);
	assert_int_equal(weir_option_reserved_bytes("4Gi", &amount, &err), 0);
	assert_int_equal(amount, 4 * GI);
}

/* ---- Before and after ---- */

static char *change_of(const struct weir_lot *from, const struct weir_lot *to)
{
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	assert_int_equal(weir_print_change(&books, from, to, file), 0);
	assert_int_equal(fclose(file), 0);
	return text;
}

static void a_move_is_shown_side_by_side(void **state)
{
	const struct weir_wanted wanted = { .mcpu = 500,
					    .disk_bytes = 2 * GI,
					    .volumes = { 1, { "data" } } };
	const struct weir_level web = { .role = "eng/web", .principal = "root" };
	const struct weir_held base = { ads, 1 }, held = { ads, 2 };
	scoped(freep) struct weir_level *levels = weir_levels_with(&base, &web);
	scoped(freep) char *text = NULL;
	struct weir_lot from, to;

	(void)state;

	weir_lot_fill(&from, &wanted, &held, &books);
	weir_lot_copy(&to, &from, &(struct weir_held){ levels, 2 });
	text = change_of(&from, &to);
	assert_string_equal(text, "WHOSE                        WHAT         BEFORE  AFTER\n"
				  "eng (root) > eng/ads (root)  cpus            0.5      -\n"
				  "eng (root) > eng/ads (root)  disk            2Gi      -\n"
				  "eng (root) > eng/ads (root)  volume data     1Gi      -\n"
				  "eng (root) > eng/web (root)  cpus              -    0.5\n"
				  "eng (root) > eng/web (root)  disk              -    2Gi\n"
				  "eng (root) > eng/web (root)  volume data       -    1Gi\n");
}

static void what_stays_is_not_shown(void **state)
{
	const struct weir_wanted wanted = { .mcpu = 3000 };
	const struct weir_held nobody = {}, eng = { &eng_root, 1 };
	scoped(freep) char *text = NULL;
	scoped(freep) char *same = NULL;
	struct weir_lot from, to;

	(void)state;

	weir_lot_fill(&from, &wanted, &nobody, &books);
	weir_lot_copy(&to, &from, &eng);
	text = change_of(&from, &to);
	assert_string_equal(text, "WHOSE       WHAT  BEFORE  AFTER\n"
				  "unreserved  cpus       8      5\n"
				  "eng (root)  cpus       2      5\n");
	same = change_of(&from, &from);
	assert_string_equal(same, "WHOSE  WHAT  BEFORE  AFTER\n");
}

/* ---- Roles ---- */

static struct weir_role_info role_list[] = {
	{ "*", 8000, 16 * GI, 9000, GI }, { "eng", 3000, 4 * GI, 1000, 0 },
	{ "eng-x", 100, 0, 0, 0 },	  { "eng/ads", 500, 0, 250, 0 },
	{ "ops/a/b", 0, GI, 0, GI },	  { "ops/c", 0, GI, 0, 0 },
};

static const struct weir_role_list roles = { .n = ARRAY_SIZE(role_list), .list = role_list };

static char *roles_as(bool tree, bool utf8)
{
	scoped(weir_role_rows_done) struct weir_role_rows rows = {};
	char *text = NULL;
	size_t size;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	assert_int_equal(weir_role_rows_make(&roles, &books, tree, &rows), 0);
	assert_int_equal(weir_role_rows_print(&rows, tree, utf8, file), 0);
	assert_int_equal(fclose(file), 0);
	return text;
}

static void roles_are_told_with_what_is_used_of_them(void **state)
{
	scoped(freep) char *text = NULL;

	(void)state;

	assert_non_null(setlocale(LC_ALL, "C"));
	text = roles_as(false, false);
	assert_string_equal(text, "ROLE     CPU  USED   MEM  USED  DISK  VOLUMES\n"
				  "*          8     8  16Gi   1Gi     0        0\n"
				  "eng        3     1   4Gi     0   5Gi        0\n"
				  "eng/ads  0.5  0.25     0     0   3Gi        1\n"
				  "eng-x    0.1     0     0     0     0        0\n"
				  "ops/a/b    0     0   1Gi   1Gi     0        0\n"
				  "ops/c      0     0   1Gi     0     0        0\n");
}

static void a_tree_has_rows_for_what_is_between(void **state)
{
	scoped(freep) char *ascii = NULL;
	scoped(freep) char *utf8 = NULL;

	(void)state;

	assert_non_null(setlocale(LC_ALL, "C"));
	ascii = roles_as(true, false);
	assert_string_equal(ascii, "ROLE     CPU  USED   MEM  USED  DISK  VOLUMES\n"
				   "*          8     8  16Gi   1Gi     0        0\n"
				   "eng        3     1   4Gi     0   5Gi        0\n"
				   "`- ads   0.5  0.25     0     0   3Gi        1\n"
				   "eng-x    0.1     0     0     0     0        0\n"
				   "ops        -     -     -     -     -        -\n"
				   "|- a       -     -     -     -     -        -\n"
				   "|  `- b    0     0   1Gi   1Gi     0        0\n"
				   "`- c       0     0   1Gi     0     0        0\n");
	assert_non_null(setlocale(LC_ALL, "C.UTF-8"));
	utf8 = roles_as(true, true);
	assert_non_null(strstr(utf8, "\n├─ a  "));
	assert_non_null(strstr(utf8, "\n│  └─ b  "));
	assert_non_null(strstr(utf8, "\n└─ c  "));
}

static void roles_as_json_have_exact_figures(void **state)
{
	scoped(weir_role_rows_done) struct weir_role_rows rows = {};
	char text[2048] = "";
	scoped(fclosep) FILE *file = fmemopen(text, sizeof(text), "w");

	(void)state;

	assert_int_equal(weir_role_rows_make(&roles, &books, false, &rows), 0);
	weir_role_rows_json(&rows, file);
	fflush(file);
	assert_non_null(strstr(text,
			       "{\"role\":\"eng/ads\",\"reserved_mcpu\":500,\"used_mcpu\":250,"
			       "\"reserved_bytes\":0,\"used_bytes\":0,"
			       "\"disk_bytes\":3221225472,\"volumes\":1}"));
}

static void volumes_are_listed_with_what_becomes_of_them(void **state)
{
	struct weir_volume_place places[] = {
		{ "data", "eng/ads", "/v/1", "", GI, 2, 0, 0 },
		{ "old", "", "/v/2", "PATH:/a", GI, 0, 1, 7200000000 },
	};
	const struct weir_volume_list list = { .n = 2, .list = places };
	char text[1024] = "";
	scoped(fclosep) FILE *file = fmemopen(text, sizeof(text), "w");

	(void)state;

	assert_int_equal(weir_volume_list_print(&list, NULL, 0, file), 0);
	fflush(file);
	assert_string_equal(text,
			    "NAME  ROLE     DISK     SIZE  USERS  STATE                  PATH\n"
			    "data  eng/ads  root      1Gi      2  there                  /v/1\n"
			    "old   -        PATH:/a   1Gi      0  destroyed, goes in 2h  /v/2\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_stack_is_the_one_that_has_enough),
		cmocka_unit_test(who_has_not_enough_is_told_with_what_there_is),
		cmocka_unit_test(a_volume_is_found_by_role_and_name),
		cmocka_unit_test(labels_are_split_at_the_first_equals_sign),
		cmocka_unit_test(amounts_of_nothing_are_refused),
		cmocka_unit_test(a_move_is_shown_side_by_side),
		cmocka_unit_test(what_stays_is_not_shown),
		cmocka_unit_test(roles_are_told_with_what_is_used_of_them),
		cmocka_unit_test(a_tree_has_rows_for_what_is_between),
		cmocka_unit_test(roles_as_json_have_exact_figures),
		cmocka_unit_test(volumes_are_listed_with_what_becomes_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
