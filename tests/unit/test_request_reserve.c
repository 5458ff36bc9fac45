/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/user.h"
#include "client/decode.h"
#include "client/request.h"
#include "weir/reserve.h"

static const struct weir_label_info team[] = { { "team", "a" } };
static const struct weir_level eng_ads[] = {
	{ .role = "eng", .is_static = true },
	{ .role = "eng/ads", .principal = "ann", .labels = team, .n_labels = 1 },
};

#define ENG_ADS                                                                                    \
	"\"reservations\":[{\"type\":\"STATIC\",\"role\":\"eng\"},{\"type\":\"DYNAMIC\",\"role\":" \
	"\"eng/ads\",\"principal\":\"ann\",\"labels\":{\"labels\":[{\"key\":\"team\",\"value\":"   \
	"\"a\"}]}}]"

static void a_reservation_names_source_target_and_conditions(void **state)
{
	const struct weir_resource_info source = { .amount = 500 };
	const struct weir_resource_info target[] = {
		{ .amount = 500, .n_levels = 2, .levels = eng_ads },
		{ .kind = WEIR_RESOURCE_MEM, .amount = 256 << 20 },
		{ .kind = WEIR_RESOURCE_DISK, .amount = 512 << 10, .disk = "PATH:/a" },
	};
	const struct weir_operate_options options = { .dry_run = true,
						      .has_version = true,
						      .version = 7 };
	const struct weir_request_list lists[] = { { "source", &source, 1 },
						   { "resources", target, 3 } };
	scoped(freep) char *text = NULL;
	scoped(freep) char *bare = NULL;
	struct weir_error err = {};

	(void)state;

	assert_int_equal(weir_request_operate("RESERVE_RESOURCES", "reserve_resources", lists, 2,
					      &options, &text, &err),
			 0);
	assert_string_equal(
		text,
		"{\"type\":\"RESERVE_RESOURCES\",\"reserve_resources\":{"
		"\"source\":[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":0.5}}],"
		"\"resources\":[{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":0.5}"
		"," ENG_ADS "},"
		"{\"name\":\"mem\",\"type\":\"SCALAR\",\"scalar\":{\"value\":256.0}},"
		"{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":{\"value\":0.5},"
		"\"disk\":{\"source\":{\"type\":\"PATH\",\"path\":{\"root\":\"/a\"}}}}],"
		"\"weir\":{\"dry_run\":true,\"version\":7}}}");

	/* Version 0 is one, too, and what was not said is not there. */
	assert_int_equal(
		weir_request_operate("UNRESERVE_RESOURCES", "unreserve_resources",
				     &(struct weir_request_list){ "resources", &source, 1 }, 1,
				     &(struct weir_operate_options){ .has_version = true }, &bare,
				     &err),
		0);
	assert_string_equal(bare, "{\"type\":\"UNRESERVE_RESOURCES\",\"unreserve_resources\":{"
				  "\"resources\":[{\"name\":\"cpus\",\"type\":\"SCALAR\","
				  "\"scalar\":{\"value\":0.5}}],\"weir\":{\"version\":0}}}");
}

static const struct weir_resource_info volume = {
	.kind = WEIR_RESOURCE_DISK,
	.amount = 1 << 30,
	.n_levels = 2,
	.levels = eng_ads,
	.disk = "MOUNT:/a",
	.volume_id = "data",
	.volume_principal = "root",
	.container_path = "d",
};

#define DISK	 "{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":{\"value\":"
#define ON_MOUNT "\"source\":{\"type\":\"MOUNT\",\"mount\":{\"root\":\"/a\"}}"
#define THE_VOLUME                                                                           \
	DISK "1024.0}," ENG_ADS ",\"disk\":{\"persistence\":{\"id\":\"data\",\"principal\":" \
	     "\"root\"},\"volume\":{\"container_path\":\"d\",\"mode\":\"RW\"}," ON_MOUNT "}}"

static void volumes_are_told_as_they_are(void **state)
{
	const struct weir_request_list list = { "volumes", &volume, 1 };
	scoped(freep) char *create = NULL;
	scoped(freep) char *grow = NULL;
	scoped(freep) char *shrink = NULL;
	struct weir_error err = {};

	(void)state;

	assert_int_equal(weir_request_operate("CREATE_VOLUMES", "create_volumes", &list, 1, NULL,
					      &create, &err),
			 0);
	assert_string_equal(
		create,
		"{\"type\":\"CREATE_VOLUMES\",\"create_volumes\":{\"volumes\":[" THE_VOLUME "]}}");

	/* What is added is plain disk, of the same stack and place. */
	assert_int_equal(weir_request_grow(&volume, 3 << 20, NULL, &grow, &err), 0);
	assert_string_equal(grow,
			    "{\"type\":\"GROW_VOLUME\",\"grow_volume\":{\"volume\":" THE_VOLUME
			    ",\"addition\":" DISK "3.0}," ENG_ADS ",\"disk\":{" ON_MOUNT "}}}}");
	assert_int_equal(weir_request_shrink(&volume, 512 << 10, NULL, &shrink, &err), 0);
	assert_string_equal(shrink,
			    "{\"type\":\"SHRINK_VOLUME\",\"shrink_volume\":{\"volume\":" THE_VOLUME
			    ",\"subtract\":{\"value\":0.5}}}");
}

static void who_is_not_named_is_the_caller(void **state)
{
	const struct weir_level level = { .role = "eng" };
	const struct weir_resource_info mine = { .kind = WEIR_RESOURCE_DISK,
						 .amount = 1 << 20,
						 .n_levels = 1,
						 .levels = &level,
						 .volume_id = "v" };
	const struct weir_request_list list = { "volumes", &mine, 1 };
	scoped(freep) char *wanted = NULL;
	scoped(freep) char *caller = NULL;
	scoped(freep) char *text = NULL;
	struct weir_error err = {};

	(void)state;

	assert_int_equal(weir_user_name(geteuid(), &caller, &err), 0);
	assert_int_equal(weir_request_operate("CREATE_VOLUMES", "create_volumes", &list, 1, NULL,
					      &text, &err),
			 0);
	assert_true(asprintf(&wanted,
			     "{\"type\":\"CREATE_VOLUMES\",\"create_volumes\":{\"volumes\":[" DISK
			     "1.0},\"reservations\":[{\"type\":\"DYNAMIC\",\"role\":\"eng\","
			     "\"principal\":\"%s\"}],\"disk\":{\"persistence\":{\"id\":\"v\","
			     "\"principal\":\"%s\"}}}]}}",
			     caller, caller) > 0);
	assert_string_equal(text, wanted);
}

static void what_is_told_is_told_back_the_same(void **state)
{
	scoped(freep) char *body = NULL;
	scoped(freep) char *text = NULL;
	const struct weir_request_list list = { "resources", &volume, 1 };
	struct weir_resource_list back = {};
	struct weir_error err = {};

	(void)state;

	for (uint64_t mcpu = 1; mcpu < 100000; mcpu += 7) {
		const struct weir_resource_info cpus = { .amount = mcpu };
		const struct weir_request_list one = { "resources", &cpus, 1 };
		scoped(freep) char *request = NULL;

		assert_int_equal(weir_request_operate("X", "get_reservations", &one, 1, NULL,
						      &request, &err),
				 0);
		assert_int_equal(weir_decode_resources(request, strlen(request), &back, &err), 0);
		assert_int_equal(back.list[0].amount, mcpu);
		weir_resource_list_free(&back);
	}
	assert_int_equal(weir_request_operate("X", "get_reservations", &list, 1, NULL, &text, &err),
			 0);
	assert_int_equal(weir_decode_resources(text, strlen(text), &back, &err), 0);
	assert_int_equal(
		weir_request_operate("X", "get_reservations",
				     &(struct weir_request_list){ "resources", back.list, back.n },
				     1, NULL, &body, &err),
		0);
	assert_string_equal(body, text);
	weir_resource_list_free(&back);
}

static const struct {
	struct weir_resource_info resource;
	const char *error;
} unsound[] = {
	{ { .n_levels = 1, .levels = &(struct weir_level){} }, "a reservation without a role" },
	{ { .n_levels = 1, .levels = &(struct weir_level){ .role = "\xe9" } },
	  "the role is not UTF-8 text" },
	{ { .amount = UINT64_MAX }, "18446744073709551615 is no amount of a resource" },
	{ { .volume_id = "a" }, "a volume or a disk has to be of disk" },
	{ { .kind = WEIR_RESOURCE_DISK, .disk = "RAW:/a" },
	  "'RAW:/a' is no disk: expected PATH:/a or MOUNT:/a" },
};

static void what_is_unsound_is_not_sent(void **state)
{
	const struct weir_operate_options options = { .has_version = true, .version = UINT64_MAX };
	const struct weir_resource_info disk = { .kind = WEIR_RESOURCE_DISK };
	struct weir_error err = {};
	char *text = NULL;

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(unsound); i++) {
		const struct weir_request_list list = { "resources", &unsound[i].resource, 1 };

		assert_int_equal(weir_request_operate("X", "x", &list, 1, NULL, &text, &err),
				 -EINVAL);
		assert_string_equal(err.text, unsound[i].error);
	}
	assert_int_equal(weir_request_grow(&disk, 1, NULL, &text, &err), -EINVAL);
	assert_string_equal(err.text, "what is to change its size is no volume");
	assert_int_equal(weir_request_operate("X", "x", NULL, 0, &options, &text, &err), -EINVAL);
	assert_string_equal(err.text, "18446744073709551615 is no version of the books");
	assert_null(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reservation_names_source_target_and_conditions),
		cmocka_unit_test(volumes_are_told_as_they_are),
		cmocka_unit_test(who_is_not_named_is_the_caller),
		cmocka_unit_test(what_is_told_is_told_back_the_same),
		cmocka_unit_test(what_is_unsound_is_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
