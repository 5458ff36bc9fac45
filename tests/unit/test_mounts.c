/* SPDX-License-Identifier: Apache-2.0 */
#include "books_fixture.h"

#include "base/cleanup.h"
#include "model/mounts.h"

/* "eng" and "eng/ads" have disk, and "eng" a volume "data" on it. */
static int make_volume(void **state)
{
	if (make_books(state) < 0)
		return -1;
	assert_int_equal(reserve_disk("eng", NULL, 10 * GIB), 0);
	assert_int_equal(reserve_disk("eng/ads", NULL, 10 * GIB), 0);
	assert_int_equal(on_volume(WEIR_OPERATION_CREATE, "eng", NULL, "data", GIB, 0), 0);
	return 0;
}

static size_t users(const char *role)
{
	return weir_books_find_volume(books, role, "data")->users;
}

static int admit(const char *role, char **text, struct weir_error *err)
{
	char *mounts[] = { *text, NULL };
	int r = weir_mounts_admit(books, role, mounts, err);

	*text = mounts[0];
	return r;
}

static void a_text_has_a_volume_and_a_directory(void **state)
{
	static const struct {
		const char *text, *role, *name, *dir;
	} cases[] = {
		{ "data:/d", "", "data", "/d" },
		{ "eng/data:/d:/e", "eng", "data", "/d:/e" },
		{ "eng/ads/da:ta:/x", "eng/ads", "da:ta", "/x" },
	};
	static const char *const wrong[] = { "",       "data",	  "data:",    "data:d",
					     ":/d",    "eng/:/d", "/data:/d", "eng/ads/:/d",
					     "data:/", "data://" };

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct weir_error err = {};
		struct weir_mount mount;

		assert_int_equal(weir_mount_parse(cases[i].text, &mount, &err), 0);
		assert_string_equal(mount.role, cases[i].role);
		assert_string_equal(mount.name, cases[i].name);
		assert_string_equal(mount.dir, cases[i].dir);
	}
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct weir_error err = {};
		struct weir_mount mount;

		assert_int_equal(weir_mount_parse(wrong[i], &mount, &err), -EINVAL);
		assert_non_null(strstr(err.text, wrong[i]));
	}
}

static void a_nearer_one_that_comes_later_is_another(void **state)
{
	scoped(freep) char *text = strdup("data:/d"), *later = strdup("data:/d");
	struct weir_error err = {};

	(void)state;

	assert_int_equal(admit("eng/ads", &text, &err), 0);
	assert_string_equal(text, "eng data:/d");
	weir_mounts_count(books, "eng/ads", (char *[]){ text, NULL }, false);
	assert_int_equal(users("eng"), 1);

	assert_int_equal(on_volume(WEIR_OPERATION_CREATE, "eng/ads", NULL, "data", GIB, 0), 0);
	assert_int_equal(admit("eng/ads", &later, &err), 0);
	assert_string_equal(later, "eng/ads data:/d");
	weir_mounts_count(books, "eng/ads", (char *[]){ later, NULL }, false);
	weir_mounts_count(books, "eng/ads", (char *[]){ text, NULL }, true);
	assert_int_equal(users("eng"), 0);
	assert_int_equal(users("eng/ads"), 1);
}

static void what_is_not_there_or_in_use_is_refused(void **state)
{
	static const struct {
		const char *role, *text, *named;
		int code;
	} cases[] = {
		{ "eng/ads", "other:/d", "nor have the roles above it", -ENOENT },
		{ "ops", "data:/d", "has no volume 'data'", -ENOENT },
		{ "ops", "eng/data:/d", "is not 'ops' nor above it", -ENOENT },
		{ "eng", "eng/ads/data:/d", "is not 'eng' nor above it", -ENOENT },
		{ "eng/ads", "ads/data:/d", "role 'ads' has no volume", -ENOENT },
	};
	scoped(freep) char *text = strdup("eng/data:/d");
	char *has[] = { (char[]){ "eng data:/d" }, NULL };
	struct weir_error err = {};

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		scoped(freep) char *refused = strdup(cases[i].text);

		assert_int_equal(admit(cases[i].role, &refused, &err), cases[i].code);
		assert_non_null(strstr(err.text, cases[i].named));
		assert_string_equal(refused, cases[i].text);
	}
	weir_mounts_count(books, "eng", has, false);
	assert_int_equal(admit("eng/ads", &text, &err), -EBUSY);
	assert_non_null(strstr(err.text, "volume 'data' of role 'eng' is in use"));
}

static void a_role_with_a_colon_is_told_from_its_volume(void **state)
{
	scoped(freep) char *text = strdup("vol:/m");
	struct weir_mount mount = {};
	struct weir_error err = {};

	(void)state;

	assert_int_equal(reserve_disk("a:/b", NULL, GIB), 0);
	assert_int_equal(on_volume(WEIR_OPERATION_CREATE, "a:/b", NULL, "vol", GIB, 0), 0);
	assert_int_equal(admit("a:/b", &text, &err), 0);
	assert_int_equal(weir_mount_read(text, &mount, &err), 0);
	assert_string_equal(mount.role, "a:/b");
	assert_string_equal(mount.name, "vol");
	assert_string_equal(mount.dir, "/m");
	assert_ptr_equal(weir_mount_find(books, "a:/b", &mount),
			 weir_books_find_volume(books, "a:/b", "vol"));
}

static void one_is_had_once(void **state)
{
	char *mounts[] = { strdup("data:/a"), strdup("eng/data:/b"), NULL };
	struct weir_error err = {};

	(void)state;

	assert_int_equal(weir_mounts_admit(books, "eng/ads", mounts, &err), -EINVAL);
	assert_string_equal(err.text, "volume 'data' comes twice");
	free(mounts[0]);
	free(mounts[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_has_a_volume_and_a_directory),
		cmocka_unit_test_setup_teardown(a_nearer_one_that_comes_later_is_another,
						make_volume, free_books),
		cmocka_unit_test_setup_teardown(a_role_with_a_colon_is_told_from_its_volume,
						make_volume, free_books),
		cmocka_unit_test_setup_teardown(one_is_had_once, make_volume, free_books),
		cmocka_unit_test_setup_teardown(what_is_not_there_or_in_use_is_refused, make_volume,
						free_books),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
