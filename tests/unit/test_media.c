/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "api/media.h"
#include "base/cleanup.h"

static const struct {
	const char *type;
	bool is_json;
} content_cases[] = {
	{ "application/json", true },
	{ " Application/JSON", true },
	{ "application/json; charset=utf-8", true },
	{ "application/json;charset=utf-8", true },
	{ "application/jsonp", false },
	{ "application/jso", false },
	{ "application/x-protobuf", false },
	{ "text/plain", false },
	{ "*/*", false },
	{ "", false },
};

static void a_content_type_is_json_whatever_its_parameters(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(content_cases); i++)
		assert_int_equal(weir_media_is_json(content_cases[i].type),
				 content_cases[i].is_json);
}

static const struct {
	const char *accept;
	bool json;
} accept_cases[] = {
	{ "", true },
	{ "*/*", true },
	{ "application/*", true },
	{ "application/json", true },
	{ "APPLICATION/Json", true },
	{ "text/html", false },
	{ "application/x-protobuf", false },
	{ "text/html, application/json", true },
	{ "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true },
	{ "application/json;q=0.1", true },
	{ "application/json;q=0.001", true },
	{ "application/json;q=1.000", true },
	{ "application/json;q=0", false },
	{ "application/json; q=0.000", false },
	{ "application/json;Q=0., text/html", false },
	{ "application/json;q=0, */*", false }, /* the closer range counts */
	{ "*/*, application/json;q=0", false },
	{ "*/*;q=0, application/json", true },
	{ "application/json;level=1;q=0", false },
	{ "text/html;q=0, application/json", true },
	{ "text/*", false },
	{ ",,", true },
	{ ";;;", false },
	{ "application/json;q=", true },
};

static void an_accept_is_judged_by_its_closest_range(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(accept_cases); i++) {
		struct weir_accept accept = {};

		weir_accept_add(&accept, accept_cases[i].accept);
		if (weir_accept_is_json(&accept) != accept_cases[i].json)
			fail_msg("Accept: %s", accept_cases[i].accept);
	}
}

static void accept_headers_add_up(void **state)
{
	struct weir_accept accept = {};

	(void)state;

	assert_true(weir_accept_is_json(&accept));
	weir_accept_add(&accept, "text/html");
	assert_false(weir_accept_is_json(&accept));
	weir_accept_add(&accept, "application/json");
	assert_true(weir_accept_is_json(&accept));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_content_type_is_json_whatever_its_parameters),
		cmocka_unit_test(an_accept_is_judged_by_its_closest_range),
		cmocka_unit_test(accept_headers_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
