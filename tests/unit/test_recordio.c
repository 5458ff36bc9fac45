/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "client/recordio.h"

static int find(const char *data, size_t size, const char **ret, size_t *ret_size)
{
	struct weir_error err = {};
	size_t taken = 0;
	int r = weir_recordio_find(data, size, ret, ret_size, &taken, &err);

	if (r > 0)
		assert_ptr_equal(*ret + *ret_size, data + taken);
	else if (r < 0)
		assert_true(*err.text);
	return r;
}

static void a_record_is_found_when_it_is_whole(void **state)
{
	static const char data[] = "11\n{\"type\":1}\n0\n";
	const char *record;
	size_t size;

	(void)state;

	for (size_t n = 0; n < 14; n++)
		assert_int_equal(find(data, n, &record, &size), 0);
	assert_int_equal(find(data, sizeof(data) - 1, &record, &size), 1);
	assert_ptr_equal(record, data + 3);
	assert_int_equal(size, 11);
}

static void an_empty_one_is_one(void **state)
{
	const char *record;
	size_t size;

	(void)state;

	assert_int_equal(find("0\n5\n", 4, &record, &size), 1);
	assert_int_equal(size, 0);
}

static void what_is_none_is_refused_at_once(void **state)
{
	static const char *const bad[] = { "x",	    "\n",     "-1\n",	    " 1\nx",
					   "1 \nx", "1\r\nx", "99999999999" };
	const char *record;
	size_t size;

	(void)state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(find(bad[i], strlen(bad[i]), &record, &size), -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_is_found_when_it_is_whole),
		cmocka_unit_test(an_empty_one_is_one),
		cmocka_unit_test(what_is_none_is_refused_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
