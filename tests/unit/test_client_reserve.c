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
#include "client/decode.h"
#include "weir/reserve.h"

static const char books[] =
	"{\"type\":\"GET_RESERVATIONS\",\"get_reservations\":{\"version\":8,\"novelty\":[1],"
	"\"resources\":["
	"{\"name\":\"cpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":0.333}},"
	"{\"name\":\"mem\",\"type\":\"SCALAR\",\"scalar\":{\"value\":1024},\"reservations\":["
	"{\"type\":\"STATIC\",\"role\":\"eng\"},"
	"{\"type\":\"DYNAMIC\",\"role\":\"eng/ads\",\"principal\":\"ann\","
	"\"labels\":{\"labels\":[{\"key\":\"team\",\"value\":\"a\"},{\"key\":\"bare\"}]}}]},"
	"{\"name\":\"ports\",\"type\":\"RANGES\",\"ranges\":{}},"
	"{\"name\":\"disk\",\"type\":\"SCALAR\",\"scalar\":{\"value\":0.5},\"reservations\":["
	"{\"role\":\"eng\"}],\"disk\":{\"persistence\":{\"id\":\"data\",\"principal\":\"root\"},"
	"\"volume\":{\"container_path\":\"d\",\"mode\":\"RW\"},"
	"\"source\":{\"type\":\"MOUNT\",\"mount\":{\"root\":\"/a\"}}}},"
	"{\"name\":\"disk\",\"scalar\":{\"value\":9007199254740991.0E-6}}],"
	"\"roles\":[{\"name\":\"eng\",\"reserved_mcpu\":2000,\"reserved_bytes\":1073741824,"
	"\"demand_mcpu\":500},{\"name\":\"*\",\"demand_bytes\":7}],"
	"\"volumes\":[{\"id\":\"old\",\"destroyed_us\":5,\"removed_us\":6},"
	"{\"id\":\"data\",\"role\":\"eng/ads\",\"path\":\"/v/1025\",\"disk\":\"MOUNT:/a\","
	"\"bytes\":1073741824,\"users\":1}]}}";

static void resources_come_with_their_stacks_and_disks(void **state)
{
	struct weir_resource_list list = {};
	const struct weir_resource_info *mem, *volume;
	struct weir_error err = {};

	(void)state;

	assert_int_equal(weir_decode_resources(books, strlen(books), &list, &err), 0);
	assert_int_equal(list.version, 8);
	assert_int_equal(list.n, 4); /* what we have no name for is passed over */
	assert_int_equal(list.list[0].kind, WEIR_RESOURCE_CPUS);
	assert_int_equal(list.list[0].amount, 333);
	assert_int_equal(list.list[0].n_levels, 0);

	mem = &list.list[1];
	assert_int_equal(mem->amount, 1 << 30);
	assert_int_equal(mem->n_levels, 2);
	assert_true(mem->levels[0].is_static);
	assert_null(mem->levels[0].principal);
	assert_string_equal(mem->levels[1].role, "eng/ads");
	assert_string_equal(mem->levels[1].principal, "ann");
	assert_int_equal(mem->levels[1].n_labels, 2);
	assert_string_equal(mem->levels[1].labels[0].value, "a");
	assert_string_equal(mem->levels[1].labels[1].value, "");

	volume = &list.list[2];
	assert_int_equal(volume->kind, WEIR_RESOURCE_DISK);
	assert_int_equal(volume->amount, 512 << 10);
	assert_false(volume->levels[0].is_static);
	assert_string_equal(volume->disk, "MOUNT:/a");
	assert_string_equal(volume->volume_id, "data");
	assert_string_equal(volume->volume_principal, "root");
	assert_string_equal(volume->container_path, "d");
	assert_string_equal(list.list[3].disk, "");
	assert_null(list.list[3].volume_id);
	weir_resource_list_free(&list);
	assert_int_equal(list.n, 0);
}

static void roles_and_volumes_come_in_order(void **state)
{
	struct weir_volume_list volumes = {};
	struct weir_role_list roles = {};
	struct weir_error err = {};

	(void)state;

	assert_int_equal(weir_decode_roles(books, strlen(books), &roles, &err), 0);
	assert_int_equal(roles.n, 2);
	assert_string_equal(roles.list[0].name, "*");
	assert_int_equal(roles.list[0].demand_bytes, 7);
	assert_int_equal(roles.list[1].reserved_mcpu, 2000);
	assert_int_equal(roles.list[1].reserved_bytes, 1 << 30);
	assert_int_equal(roles.list[1].demand_mcpu, 500);

	assert_int_equal(weir_decode_volumes(books, strlen(books), &volumes, &err), 0);
	assert_int_equal(volumes.n, 2);
	assert_string_equal(volumes.list[0].id, "data");
	assert_string_equal(volumes.list[0].role, "eng/ads");
	assert_string_equal(volumes.list[0].disk, "MOUNT:/a");
	assert_int_equal(volumes.list[0].users, 1);
	assert_string_equal(volumes.list[1].id, "old"); /* what was destroyed is last */
	assert_string_equal(volumes.list[1].role, "");
	assert_int_equal(volumes.list[1].removed_us, 6);
	weir_role_list_free(&roles);
	weir_volume_list_free(&volumes);
}

#define ONE(resource) "{\"get_reservations\":{\"resources\":[" resource "]}}"
#define CPUS(rest)    ONE("{\"name\":\"cpus\",\"scalar\":{\"value\":1}," rest "}")

static const struct {
	const char *text, *error;
} bad_books[] = {
	{ "{\"get_reservations\":{\"resources\":[{\"name\":\"cpus\"",
	  "the daemon's answer is not JSON: '}' expected near end of file at byte 48" },
	{ "{}", "the daemon's answer: 'get_reservations' is not there" },
	{ ONE("7"), "the daemon's answer: a resource without a name" },
	{ ONE("{\"name\":7}"), "the daemon's answer: 'name' is not text" },
	{ ONE("{\"name\":\"cpus\",\"scalar\":1}"),
	  "the daemon's answer: 'scalar' is not an object" },
	{ ONE("{\"name\":\"cpus\",\"scalar\":{\"value\":\"1\"}}"),
	  "the daemon's answer: 'value' is not a number" },
	{ ONE("{\"name\":\"cpus\",\"scalar\":{\"value\":-1}}"),
	  "the daemon's answer: 'value' is no amount" },
	{ ONE("{\"name\":\"mem\",\"scalar\":{\"value\":1e300}}"),
	  "the daemon's answer: 'value' is no amount" },
	{ CPUS("\"reservations\":{}"), "the daemon's answer: 'reservations' is not a list" },
	{ CPUS("\"reservations\":[{}]"), "the daemon's answer: a reservation without a role" },
	{ CPUS("\"reservations\":[{\"role\":\"a\"},{\"role\":1}]"),
	  "the daemon's answer: 'role' is not text" },
	{ CPUS("\"reservations\":[{\"role\":\"a\",\"labels\":{\"labels\":[{}]}}]"),
	  "the daemon's answer: a label without a key" },
	{ CPUS("\"disk\":[]"), "the daemon's answer: 'disk' is not an object" },
	{ CPUS("\"disk\":{\"persistence\":{}}"), "the daemon's answer: a volume without an id" },
	{ CPUS("\"disk\":{\"source\":{}}"), "the daemon's answer: 'source' has no type" },
	{ CPUS("\"disk\":{\"source\":{\"type\":\"PATH\",\"path\":1}}"),
	  "the daemon's answer: 'path' is not an object" },
	{ "{\"get_reservations\":{\"version\":-1}}",
	  "the daemon's answer: 'version' is not a whole number" },
};

static void odd_resources_are_refused_by_name(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(bad_books); i++) {
		const char *text = bad_books[i].text;
		struct weir_resource_list list = {};
		struct weir_error err = {};

		assert_int_equal(weir_decode_resources(text, strlen(text), &list, &err), -EIO);
		assert_string_equal(err.text, bad_books[i].error);
		assert_int_equal(list.n, 0);
	}
}

static void every_cut_is_refused(void **state)
{
	(void)state;

	for (size_t size = 0; size < strlen(books); size++) {
		struct weir_resource_list resources = {};
		struct weir_volume_list volumes = {};
		struct weir_role_list roles = {};
		struct weir_error err = {};

		assert_int_equal(weir_decode_resources(books, size, &resources, &err), -EIO);
		assert_int_equal(weir_decode_roles(books, size, &roles, &err), -EIO);
		assert_int_equal(weir_decode_volumes(books, size, &volumes, &err), -EIO);
	}
}

static void odd_roles_and_volumes_are_refused_by_name(void **state)
{
	static const char no_name[] = "{\"get_reservations\":{\"roles\":[{}]}}";
	static const char demand[] = "{\"get_reservations\":{\"roles\":[{\"name\":\"a\","
				     "\"demand_mcpu\":\"1\"}]}}";
	static const char no_id[] = "{\"get_reservations\":{\"volumes\":[{}]}}";
	static const char path[] = "{\"get_reservations\":{\"volumes\":[{\"id\":\"a\",\"path\":1}]"
				   "}}";
	struct weir_volume_list volumes = {};
	struct weir_role_list roles = {};
	struct weir_error err = {};

	(void)state;

	assert_int_equal(weir_decode_roles(no_name, strlen(no_name), &roles, &err), -EIO);
	assert_string_equal(err.text, "the daemon's answer: a role without a name");
	assert_int_equal(weir_decode_roles(demand, strlen(demand), &roles, &err), -EIO);
	assert_string_equal(err.text, "the daemon's answer: 'demand_mcpu' is not a whole number");
	assert_int_equal(weir_decode_volumes(no_id, strlen(no_id), &volumes, &err), -EIO);
	assert_string_equal(err.text, "the daemon's answer: a volume without an id");
	assert_int_equal(weir_decode_volumes(path, strlen(path), &volumes, &err), -EIO);
	assert_string_equal(err.text, "the daemon's answer: 'path' is not text");
	assert_int_equal(roles.n + volumes.n, 0);
}

static void an_operation_tells_its_id_and_version(void **state)
{
	static const char text[] = "{\"type\":\"GROW_VOLUME\",\"grow_volume\":{\"operation_id\":"
				   "\"o-1\",\"version\":9,\"dry_run\":false}}";
	static const char wrong[] = "{\"grow_volume\":{\"operation_id\":1}}";
	struct weir_operated operated = {};
	struct weir_error err = {};

	(void)state;

	assert_int_equal(weir_decode_operated(text, strlen(text), "grow_volume", &operated, &err),
			 0);
	assert_string_equal(operated.operation_id, "o-1");
	assert_int_equal(operated.version, 9);
	assert_int_equal(weir_decode_operated(text, strlen(text), "shrink_volume", &operated, &err),
			 -EIO);
	assert_string_equal(err.text, "the daemon's answer: 'shrink_volume' is not there");
	assert_int_equal(weir_decode_operated(wrong, strlen(wrong), "grow_volume", &operated, &err),
			 -EIO);
	assert_string_equal(err.text, "the daemon's answer: 'operation_id' is not text");
	assert_int_equal(operated.version, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(resources_come_with_their_stacks_and_disks),
		cmocka_unit_test(roles_and_volumes_come_in_order),
		cmocka_unit_test(odd_resources_are_refused_by_name),
		cmocka_unit_test(every_cut_is_refused),
		cmocka_unit_test(odd_roles_and_volumes_are_refused_by_name),
		cmocka_unit_test(an_operation_tells_its_id_and_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
