/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/head.h"
#include "base/cleanup.h"

#define MAX_BODY 100
#define JSON	 "application/json"

static const struct {
	struct weir_head head;
	unsigned int status;
} cases[] = {
	{ { WEIR_LEVEL_READ, true, "POST", "/api/v1", JSON, MAX_BODY }, 0 },
	{ { WEIR_LEVEL_MUTATE, true, "POST", "/api/v1", JSON, 0 }, 0 },
	{ { WEIR_LEVEL_READ, true, "POST", "/api/v1", JSON, MAX_BODY + 1 }, 413 },
	{ { WEIR_LEVEL_READ, true, "POST", "/api/v1", "application/x-protobuf", 0 }, 0 },
	{ { WEIR_LEVEL_READ, true, "POST", "/master/api/v1", JSON, 0 }, 0 },
	{ { WEIR_LEVEL_READ, true, "POST", "/api/v1", "text/plain", MAX_BODY + 1 }, 415 },
	{ { WEIR_LEVEL_READ, true, "POST", "/api/v1", NULL, 0 }, 400 },
	{ { WEIR_LEVEL_READ, true, "GET", "/api/v1", NULL, 0 }, 405 },
	{ { WEIR_LEVEL_READ, true, "PUT", "/api/v1", JSON, 0 }, 405 },
	{ { WEIR_LEVEL_READ, false, "GET", "/api/v1", NULL, 0 }, 503 },
	{ { WEIR_LEVEL_READ, false, "GET", "/api/v2", NULL, 0 }, 404 },
	{ { WEIR_LEVEL_READ, true, "POST", "/api/v1/", JSON, 0 }, 404 },
	{ { WEIR_LEVEL_READ, true, "POST", "", JSON, 0 }, 404 },
	{ { WEIR_LEVEL_NONE, false, "GET", "/api/v2", NULL, 0 }, 403 },
	{ { WEIR_LEVEL_NONE, true, "GET", "/healthz", NULL, 0 }, 403 },
	{ { WEIR_LEVEL_READ, true, "GET", "/healthz", NULL, 0 }, 200 },
	{ { WEIR_LEVEL_READ, true, "HEAD", "/healthz", NULL, 0 }, 200 },
	{ { WEIR_LEVEL_READ, true, "POST", "/healthz", JSON, 0 }, 405 },
	{ { WEIR_LEVEL_READ, false, "GET", "/healthz", NULL, 0 }, 503 },
	{ { WEIR_LEVEL_READ, true, "PUT", "/metrics", JSON, 0 }, 405 },
	{ { WEIR_LEVEL_READ, false, "GET", "/metrics", NULL, 0 }, 503 },
	{ { WEIR_LEVEL_NONE, true, "GET", "/metrics", NULL, 0 }, 403 },
};

static void the_first_reason_to_refuse_in_the_documented_order_wins(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct weir_verdict verdict = weir_head_judge(&cases[i].head, MAX_BODY);

		assert_int_equal(verdict.status, cases[i].status);
		if (verdict.status)
			assert_non_null(verdict.text);
		else
			assert_int_equal(verdict.media, weir_media_of(cases[i].head.content_type));
		if (verdict.status == 405)
			assert_non_null(verdict.allow);
		else
			assert_null(verdict.allow);
	}
}

static void a_scrape_is_no_call(void **state)
{
	const struct weir_head head = { WEIR_LEVEL_READ, true, "GET", "/metrics", NULL, 0 };
	struct weir_verdict verdict = weir_head_judge(&head, MAX_BODY);

	(void)state;

	assert_int_equal(verdict.status, 0);
	assert_int_equal(verdict.media, WEIR_MEDIA_OPEN_METRICS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_reason_to_refuse_in_the_documented_order_wins),
		cmocka_unit_test(a_scrape_is_no_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
