/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

static char dir[] = "/tmp/weir-test-file-XXXXXX";
static int dir_fd = -1;

static int make_a_directory(void **state)
{
	(void)state;

	if (!mkdtemp(dir))
		return -1;
	dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return dir_fd < 0 ? -1 : 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int remove_the_directory(void **state)
{
	(void)state;

	dir_fd = close_fd(dir_fd);
	return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* A file with @size bytes of @text. */
static void put(const char *name, const char *text, size_t size)
{
	scoped(closep) int fd =
		openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), size);
}

static void a_file_is_read_whole_less_one_newline(void **state)
{
	static const struct {
		const char *text, *read;
	} cases[] = {
		{ "12\n", "12" }, { "a\nb\n", "a\nb" }, { "a\n\n", "a\n" },
		{ "", "" },	  { "\n", "" },		{ "1234567", "1234567" },
	};
	struct weir_error err = {};
	char buf[8];

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		put("f", cases[i].text, strlen(cases[i].text));
		assert_int_equal(weir_file_read(dir_fd, "f", buf, sizeof(buf), &err),
				 strlen(cases[i].read));
		assert_string_equal(buf, cases[i].read);
	}
}

static void a_file_that_does_not_fit_is_refused(void **state)
{
	struct weir_error err = {};
	char buf[8];

	(void)state;

	put("f", "12345678", 8);
	assert_int_equal(weir_file_read(dir_fd, "f", buf, sizeof(buf), &err), -EFBIG);
	assert_string_equal(err.text, "f holds more than 7 bytes");
}

static void what_cannot_be_read_is_named(void **state)
{
	struct weir_error err = {};
	char buf[8];

	(void)state;

	assert_int_equal(weir_file_read(dir_fd, "none", buf, sizeof(buf), &err), -ENOENT);
	assert_string_equal(err.text, "open none: No such file or directory");
	assert_int_equal(weir_file_read(AT_FDCWD, dir, buf, sizeof(buf), &err), -EISDIR);
	assert_non_null(strstr(err.text, ": Is a directory"));
}

static const struct {
	const char *text;
	int code;
	uint64_t value;
} u64_cases[] = {
	{ "0\n", 0, 0 },
	{ "42", 0, 42 },
	{ "max\n", 0, UINT64_MAX },
	{ "18446744073709551615\n", 0, UINT64_MAX },
	{ "18446744073709551616\n", -EINVAL, 0 },
	{ "99999999999999999999\n", -EINVAL, 0 },
	{ "111111111111111111111\n", -EINVAL, 0 }, /* more digits than are read */
	{ "-1\n", -EINVAL, 0 },
	{ "", -EINVAL, 0 },
	{ "\n", -EINVAL, 0 },
	{ "1 2\n", -EINVAL, 0 },
	{ "1\n2\n", -EINVAL, 0 },
	{ "0x10\n", -EINVAL, 0 },
	{ "maximum\n", -EINVAL, 0 },
};

static void a_number_is_decimal_or_max_and_alone(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(u64_cases); i++) {
		struct weir_error err = {};
		uint64_t value = 0;

		put("n", u64_cases[i].text, strlen(u64_cases[i].text));
		assert_int_equal(weir_file_read_u64(dir_fd, "n", &value, &err), u64_cases[i].code);
		assert_int_equal(err.code, u64_cases[i].code);
		assert_int_equal(value, u64_cases[i].value);
	}
}

static void a_number_with_a_nul_in_it_is_none(void **state)
{
	struct weir_error err = {};
	uint64_t value = 7;

	(void)state;

	put("n", "1\0002", 3);
	assert_int_equal(weir_file_read_u64(dir_fd, "n", &value, &err), -EINVAL);
	assert_string_equal(err.text, "n holds '1', expected a number or 'max'");
	assert_int_equal(value, 7);
	assert_int_equal(weir_file_read_u64(dir_fd, "none", &value, &err), -ENOENT);
}

static void a_value_is_written_to_a_file_that_is_there(void **state)
{
	struct weir_error err = {};
	char buf[16];

	(void)state;

	put("w", "", 0);
	assert_int_equal(weir_file_write(dir_fd, "w", "256", &err), 0);
	weir_file_read(dir_fd, "w", buf, sizeof(buf), &err);
	assert_string_equal(buf, "256");

	assert_int_equal(weir_file_write(dir_fd, "none", "256", &err), -ENOENT);
	assert_string_equal(err.text, "open none: No such file or directory");
	assert_int_equal(weir_file_write(AT_FDCWD, "/dev/full", "256", &err), -ENOSPC);
	assert_string_equal(err.text, "write '256' to /dev/full: No space left on device");
}

static void directories_are_made_on_the_way_with_their_mode(void **state)
{
	struct weir_error err = {};
	char path[PATH_MAX];
	struct stat st;
	mode_t mask = umask(077);

	(void)state;

	snprintf(path, sizeof(path), "%s//a/b/./c/", dir);
	assert_int_equal(weir_mkdir_p(path, 0751, &err), 0);
	umask(mask);
	assert_int_equal(fstatat(dir_fd, "a", &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0751);
	assert_int_equal(fstatat(dir_fd, "a/b/c", &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0751);

	/* Again: nothing to make, and what is there keeps its mode. */
	assert_int_equal(weir_mkdir_p(path, 0700, &err), 0);
	assert_int_equal(fstatat(dir_fd, "a/b/c", &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0751);
	assert_int_equal(weir_mkdir_p("/", 0700, &err), 0);
	assert_int_equal(weir_mkdir_p(".", 0700, &err), 0);
}

static void a_directory_that_cannot_be_made_is_named(void **state)
{
	struct weir_error err = {};
	char path[PATH_MAX], expected[PATH_MAX + 64], name[NAME_MAX + 2];

	(void)state;

	assert_int_equal(weir_mkdir_p("", 0700, &err), -ENOENT);

	put("file", "", 0);
	snprintf(path, sizeof(path), "%s/file/sub", dir);
	snprintf(expected, sizeof(expected), "open directory '%s/file': Not a directory", dir);
	assert_int_equal(weir_mkdir_p(path, 0700, &err), -ENOTDIR);
	assert_string_equal(err.text, expected);

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(weir_mkdir_p(name, 0700, &err), -ENAMETOOLONG);

	assert_int_equal(weir_mkdir_p("/proc/weir-test/sub", 0700, &err), -ENOENT);
	assert_string_equal(err.text,
			    "make directory '/proc/weir-test': No such file or directory");
}

static const struct {
	const char *key;
	int code;
	uint64_t value;
} key_cases[] = {
	{ "usage_usec", 0, 17 },   { "nr", 0, 4 },	     { "nr_periods", 0, 3 },
	{ "last", 0, UINT64_MAX }, { "usage", -ENOENT, 7 },  { "periods", -ENOENT, 7 },
	{ "bad", -EINVAL, 7 },	   { "empty", -EINVAL, 7 },  { "huge", -EINVAL, 7 },
	{ "alone", -ENOENT, 7 },   { "spaced", -EINVAL, 7 },
};

static void a_key_is_found_whole_and_at_the_start_of_its_line(void **state)
{
	static const char text[] = "usage_usec 17\nnr_periods 3\nnr 4\nbad x\nempty \nalone\n"
				   "huge 18446744073709551616\nspaced  1\n"
				   "last 18446744073709551615";

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(key_cases); i++) {
		uint64_t value = 7;

		assert_int_equal(weir_keyed_u64(text, key_cases[i].key, &value), key_cases[i].code);
		assert_int_equal(value, key_cases[i].value);
	}
}

static void the_file_system_of_a_path_is_told(void **state)
{
	(void)state;

	assert_int_equal(weir_is_on_fs("/proc/self", PROC_SUPER_MAGIC), 1);
	assert_int_equal(weir_is_on_fs("/proc/self", BPF_FS_MAGIC), 0);
	assert_int_equal(weir_is_on_fs("/proc/none", PROC_SUPER_MAGIC), -ENOENT);
}

static void a_directory_is_read_but_not_what_points_to_one(void **state)
{
	scoped(closedirp) DIR *list = NULL;
	const struct dirent *entry;
	size_t names = 0;

	(void)state;

	assert_int_equal(mkdirat(dir_fd, "listed", 0700), 0);
	assert_int_equal(mkdirat(dir_fd, "listed/one", 0700), 0);
	assert_int_equal(symlinkat("listed", dir_fd, "pointer"), 0);

	assert_null(weir_opendir_at(dir_fd, "none"));
	assert_int_equal(errno, ENOENT);
	assert_null(weir_opendir_at(dir_fd, "pointer"));
	assert_int_equal(errno, ENOTDIR);
	list = weir_opendir_at(dir_fd, "listed");
	assert_non_null(list);
	while ((entry = readdir(list)))
		names += !weir_text_is_dots(entry->d_name);
	assert_int_equal(names, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_read_whole_less_one_newline),
		cmocka_unit_test(a_file_that_does_not_fit_is_refused),
		cmocka_unit_test(what_cannot_be_read_is_named),
		cmocka_unit_test(a_number_is_decimal_or_max_and_alone),
		cmocka_unit_test(a_number_with_a_nul_in_it_is_none),
		cmocka_unit_test(a_value_is_written_to_a_file_that_is_there),
		cmocka_unit_test(directories_are_made_on_the_way_with_their_mode),
		cmocka_unit_test(a_directory_that_cannot_be_made_is_named),
		cmocka_unit_test(a_key_is_found_whole_and_at_the_start_of_its_line),
		cmocka_unit_test(the_file_system_of_a_path_is_told),
		cmocka_unit_test(a_directory_is_read_but_not_what_points_to_one),
	};

	return cmocka_run_group_tests(tests, make_a_directory, remove_the_directory);
}
