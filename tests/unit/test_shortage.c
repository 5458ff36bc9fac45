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
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "kern/shortage.h"

static char dir[] = "/tmp/weir-test-shortage-XXXXXX";
static char meminfo[sizeof(dir) + 16];

static int make_a_directory(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	snprintf(meminfo, sizeof(meminfo), "%s/meminfo", dir);
	return 0;
}

static int remove_the_directory(void **state)
{
	(void)state;
	unlink(meminfo);
	return rmdir(dir);
}

static void put(const char *text)
{
	FILE *file = fopen(meminfo, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* What it says of meminfo with @text: bytes, or a negative error. */
static int64_t available_of(const char *text, struct weir_error *err)
{
	struct weir_shortage shortage = WEIR_SHORTAGE_INIT;
	uint64_t bytes = 0;
	int r;

	put(text);
	assert_int_equal(weir_shortage_open(dir, &shortage, err), 0);
	assert_int_equal(shortage.trigger_fd, -1);
	r = weir_shortage_available(&shortage, &bytes, err);
	weir_shortage_close(&shortage);
	return r < 0 ? r : (int64_t)bytes;
}

static void test_of_text(void **state)
{
	struct weir_error err = {};

	(void)state;
	assert_int_equal(available_of("MemTotal:       1000 kB\nMemFree:         200 kB\n"
				      "MemAvailable:    300 kB\nBuffers:           1 kB\n",
				      &err),
			 300 * 1024);
	assert_int_equal(available_of("MemTotal: 1000 kB\nMemFree: 200 kB\n", &err), -EIO);
	assert_non_null(strstr(err.text, "MemAvailable"));
	assert_int_equal(available_of("MemTotal: 1000 kB\nMemAvailable: none\n", &err), -EIO);
	assert_int_equal(available_of("", &err), -EIO);
}

/* A look at what has changed is a look at the file as it is now. */
static void test_again(void **state)
{
	struct weir_shortage shortage = WEIR_SHORTAGE_INIT;
	struct weir_error err = {};
	uint64_t bytes = 0;

	(void)state;
	put("MemTotal: 9 kB\nMemAvailable: 5 kB\n");
	assert_int_equal(weir_shortage_open(dir, &shortage, &err), 0);
	assert_int_equal(weir_shortage_available(&shortage, &bytes, &err), 0);
	put("MemTotal: 9 kB\nMemAvailable: 4 kB\n");
	assert_int_equal(weir_shortage_available(&shortage, &bytes, &err), 0);
	assert_int_equal(bytes, 4 * 1024);
	weir_shortage_close(&shortage);
	assert_int_equal(shortage.meminfo_fd, -1);
}

static void test_of_this_machine(void **state)
{
	struct weir_shortage shortage = WEIR_SHORTAGE_INIT;
	struct weir_error err = {};
	uint64_t bytes = 0;

	(void)state;
	assert_int_equal(weir_shortage_open("/proc", &shortage, &err), 0);
	assert_int_equal(weir_shortage_available(&shortage, &bytes, &err), 0);
	assert_true(bytes > 0);
	weir_shortage_close(&shortage);
}

static void test_no_procfs(void **state)
{
	struct weir_shortage shortage = WEIR_SHORTAGE_INIT;
	struct weir_error err = {};

	(void)state;
	assert_int_equal(weir_shortage_open("/nonexistent", &shortage, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent/meminfo"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_text),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_of_this_machine),
		cmocka_unit_test(test_no_procfs),
	};

	return cmocka_run_group_tests(tests, make_a_directory, remove_the_directory);
}
