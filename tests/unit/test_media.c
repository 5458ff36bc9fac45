/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "api/media.h"
#include "base/cleanup.h"

#define NONE	 WEIR_MEDIA_NONE
#define JSON	 WEIR_MEDIA_JSON
#define PROTOBUF WEIR_MEDIA_PROTOBUF

static const struct {
	const char *type;
	enum weir_media media;
} content_cases[] = {
	{ "application/json", JSON },
	{ " Application/JSON", JSON },
	{ "application/json; charset=utf-8", JSON },
	{ "application/json;charset=utf-8", JSON },
	{ "application/jsonp", NONE },
	{ "application/jso", NONE },
	{ "application/x-protobuf", PROTOBUF },
	{ "application/X-Protobuf; messageType=\"mesos.v1.agent.Call\"", PROTOBUF },
	{ "application/protobuf", NONE },
	{ "application/x-protobuf2", NONE },
	{ "text/plain", NONE },
	{ "*/*", NONE },
	{ "", NONE },
};

static void a_content_type_is_one_of_two_whatever_its_parameters(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(content_cases); i++)
		assert_int_equal(weir_media_of(content_cases[i].type), content_cases[i].media);
}

static const struct {
	const char *accept;
	enum weir_media media;
} accept_cases[] = {
	{ "", JSON },
	{ "*/*", JSON },
	{ "application/*", JSON },
	{ "application/json", JSON },
	{ "APPLICATION/Json", JSON },
	{ "text/html", NONE },
	{ "application/x-protobuf", PROTOBUF },
	{ "text/html, application/json", JSON },
	{ "text/html, application/x-protobuf", PROTOBUF },
	{ "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", JSON },
	{ "application/json;q=0.1", JSON },
	{ "application/json;q=0.001", JSON },
	{ "application/json;q=1.000", JSON },
	{ "application/json;q=0", NONE },
	{ "application/json; q=0.000", NONE },
	{ "application/json;Q=0., text/html", NONE },
	{ "application/json;q=0, */*", PROTOBUF }, /* the closer range counts */
	{ "*/*, application/json;q=0", PROTOBUF },
	{ "*/*;q=0, application/json", JSON },
	{ "application/json;level=1;q=0", NONE },
	{ "text/html;q=0, application/json", JSON },
	{ "text/*", NONE },
	{ ",,", JSON },
	{ ";;;", NONE },
	{ "application/json;q=", JSON },
	/* Both: what is wanted more, and of equals JSON. */
	{ "application/x-protobuf, application/json", JSON },
	{ "application/x-protobuf, application/json;q=0.999", PROTOBUF },
	{ "application/x-protobuf;q=0.31, application/json;q=0.3", PROTOBUF },
	{ "application/x-protobuf;q=0.3, application/json;q=0.31", JSON },
	{ "application/x-protobuf, */*;q=0.1", PROTOBUF },
	{ "application/x-protobuf;q=0.5, */*", JSON },
};

static void an_accept_is_judged_by_its_closest_ranges(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(accept_cases); i++) {
		struct weir_accept accept = {};

		weir_accept_add(&accept, accept_cases[i].accept);
		if (weir_accept_choose(&accept) != accept_cases[i].media)
			fail_msg("Accept: %s", accept_cases[i].accept);
	}
}

static void accept_headers_add_up(void **state)
{
	struct weir_accept accept = {};

	(void)state;

	assert_int_equal(weir_accept_choose(&accept), JSON);
	weir_accept_add(&accept, "text/html");
	assert_int_equal(weir_accept_choose(&accept), NONE);
	weir_accept_add(&accept, "application/x-protobuf");
	assert_int_equal(weir_accept_choose(&accept), PROTOBUF);
	weir_accept_add(&accept, "application/json");
	assert_int_equal(weir_accept_choose(&accept), JSON);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_content_type_is_one_of_two_whatever_its_parameters),
		cmocka_unit_test(an_accept_is_judged_by_its_closest_ranges),
		cmocka_unit_test(accept_headers_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
