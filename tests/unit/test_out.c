/* SPDX-License-Identifier: Apache-2.0 */
/* One description of an answer, as JSON and as protobuf: the two say the same. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "api/out.h"
#include "base/buffer.h"
#include "weir/abi.h"
#include "weir/v1/agent.pb-c.h"

/* A message that has one of everything, in the shape of GET_CONTAINERS. */
static void describe(struct weir_out *out)
{
	weir_out_open(out, 0, NULL);
	weir_out_enum(out, 1, "type", WEIR__V1__AGENT__RESPONSE__TYPE__GET_CONTAINERS,
		      "GET_CONTAINERS");
	weir_out_open(out, 10, "get_containers");
	weir_out_list(out, "containers");
	for (int i = 0; i < 2; i++) {
		weir_out_open(out, 1, NULL);
		weir_out_open(out, 4, "container_id");
		weir_out_string(out, 1, "value", i ? "b" : "a");
		weir_out_close(out);
		weir_out_open(out, 6, "resource_statistics");
		weir_out_fixed(out, 1, "timestamp", 1764000000123456, 6);
		weir_out_u64(out, 6, "mem_limit_bytes", UINT64_MAX);
		weir_out_close(out);
		weir_out_open(out, 1000, "weir");
		weir_out_list(out, "argv");
		weir_out_string(out, 6, NULL, "sleep");
		weir_out_string(out, 6, NULL, "60");
		weir_out_list_end(out);
		weir_out_bool(out, 14, "exempt", true);
		weir_out_amount(out, 27, "cpu_limit_mcpu", WEIR_INFINITE);
		weir_out_amount(out, 28, "mem_request_bytes", 7);
		weir_out_close(out);
		weir_out_close(out);
	}
	weir_out_list_end(out);
	weir_out_close(out);
	weir_out_close(out);
}

static void json_has_the_names(void **state)
{
	static const char one[] =
		"{\"container_id\":{\"value\":\"%c\"},\"resource_statistics\":{\"timestamp\":"
		"1764000000.123456,\"mem_limit_bytes\":18446744073709551615},\"weir\":{\"argv\":"
		"[\"sleep\",\"60\"],\"exempt\":true,\"cpu_limit_mcpu\":\"Infinity\","
		"\"mem_request_bytes\":7}}";
	struct weir_buffer got = WEIR_BUFFER_INIT(4096), wanted = WEIR_BUFFER_INIT(4096);
	struct weir_out out = WEIR_OUT_INIT(&got, WEIR_MEDIA_JSON, WEIR_DIALECT_AGENT);

	(void)state;

	describe(&out);
	weir_buffer_add_text(&wanted,
			     "{\"type\":\"GET_CONTAINERS\",\"get_containers\":{\"containers\":[");
	weir_buffer_printf(&wanted, one, 'a');
	weir_buffer_add_byte(&wanted, ',');
	weir_buffer_printf(&wanted, one, 'b');
	weir_buffer_add_text(&wanted, "]}}");
	assert_int_equal(got.size, wanted.size);
	assert_memory_equal(got.data, wanted.data, wanted.size);
	weir_buffer_done(&got);
	weir_buffer_done(&wanted);
}

/* Read back by protobuf-c, which knows nothing of how it was written. */
static void protobuf_has_the_numbers(void **state)
{
	struct weir_buffer got = WEIR_BUFFER_INIT(4096);
	struct weir_out out = WEIR_OUT_INIT(&got, WEIR_MEDIA_PROTOBUF, WEIR_DIALECT_AGENT);
	const Weir__V1__Agent__Response__GetContainers__Container *container;
	Weir__V1__Agent__Response *response;

	(void)state;

	describe(&out);
	response = weir__v1__agent__response__unpack(NULL, got.size, (const uint8_t *)got.data);
	assert_non_null(response);
	assert_int_equal(response->type, WEIR__V1__AGENT__RESPONSE__TYPE__GET_CONTAINERS);
	assert_int_equal(response->get_containers->n_containers, 2);
	container = response->get_containers->containers[1];
	assert_string_equal(container->container_id->value, "b");
	assert_true(container->resource_statistics->timestamp == 1764000000.123456);
	assert_true(container->resource_statistics->mem_limit_bytes == UINT64_MAX);
	assert_int_equal(container->weir->n_argv, 2);
	assert_string_equal(container->weir->argv[1], "60");
	assert_true(container->weir->has_exempt && container->weir->exempt);
	assert_true(isinf(container->weir->cpu_limit_mcpu));
	assert_true(container->weir->mem_request_bytes == 7);
	/* Written as protobuf-c would: what is longer than it has to be could be read, too. */
	assert_int_equal(weir__v1__agent__response__get_packed_size(response), got.size);
	weir__v1__agent__response__free_unpacked(response, NULL);
	weir_buffer_done(&got);
}

static void add_maps(struct weir_out *out)
{
	weir_out_open(out, 0, NULL);
	weir_out_map(out, "limits");
	weir_out_entry(out, 17, "cpus");
	weir_out_fixed(out, 1, "value", 1500, 3);
	weir_out_entry_end(out);
	weir_out_map_end(out);
	weir_out_map(out, "figures");
	weir_out_amount_entry(out, 7, "used_bytes", 5);
	weir_out_map_end(out);
	weir_out_close(out);
}

static void maps_have_keys(void **state)
{
	static const char json[] =
		"{\"limits\":{\"cpus\":{\"value\":1.5}},\"figures\":{\"used_bytes\":5}}";
	static const char wire[] = "\x8a\x01\x11\x0a\x04"
				   "cpus\x12\x09\x09\0\0\0\0\0\0\xf8\x3f"
				   "\x3a\x15\x0a\x0aused_bytes\x11\0\0\0\0\0\0\x14\x40";
	struct weir_buffer got = WEIR_BUFFER_INIT(4096);
	struct weir_out out = WEIR_OUT_INIT(&got, WEIR_MEDIA_JSON, WEIR_DIALECT_AGENT);

	(void)state;

	add_maps(&out);
	assert_int_equal(got.size, sizeof(json) - 1);
	assert_memory_equal(got.data, json, got.size);
	weir_buffer_reset(&got);
	out = (struct weir_out)WEIR_OUT_INIT(&got, WEIR_MEDIA_PROTOBUF, WEIR_DIALECT_AGENT);
	add_maps(&out);
	assert_int_equal(got.size, sizeof(wire) - 1);
	assert_memory_equal(got.data, wire, got.size);
	weir_buffer_done(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_has_the_names),
		cmocka_unit_test(protobuf_has_the_numbers),
		cmocka_unit_test(maps_have_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
