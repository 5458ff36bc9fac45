/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/wire.h"
#include "base/buffer.h"
#include "base/cleanup.h"

/* The examples of protobuf's own description of the format, and the ends of ranges. */
static const struct {
	uint32_t number;
	uint64_t value;
	const char *bytes;
	size_t size;
} varints[] = {
	{ 1, 150, "\x08\x96\x01", 3 },
	{ 1, 0, "\x08\x00", 2 },
	{ 15, 127, "\x78\x7f", 2 },
	{ 16, 128, "\x80\x01\x80\x01", 4 },
	{ 1000, 1, "\xc0\x3e\x01", 3 },
	{ 1, UINT64_MAX, "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 },
	{ WEIR_WIRE_MAX_NUMBER, 1, "\xf8\xff\xff\xff\x0f\x01", 6 },
};

static struct weir_wire wire_of(const struct weir_buffer *buffer)
{
	const unsigned char *bytes = (const unsigned char *)buffer->data;

	return (struct weir_wire){ bytes, bytes + buffer->size };
}

static void varints_are_written_as_described_and_read_back(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(varints); i++) {
		struct weir_buffer buffer = WEIR_BUFFER_INIT(100);
		struct weir_wire_item item;
		struct weir_wire wire;

		weir_wire_varint(&buffer, varints[i].number, varints[i].value);
		assert_int_equal(buffer.size, varints[i].size);
		assert_memory_equal(buffer.data, varints[i].bytes, varints[i].size);

		wire = wire_of(&buffer);
		assert_int_equal(weir_wire_next(&wire, &item), 1);
		assert_int_equal(item.number, varints[i].number);
		assert_int_equal(item.type, WEIR_WIRE_VARINT);
		assert_true(item.value == varints[i].value);
		assert_int_equal(weir_wire_next(&wire, &item), 0);
		weir_buffer_done(&buffer);
	}
}

static void doubles_are_eight_bytes_little_end_first(void **state)
{
	static const double values[] = { 0, 1, -0.5, 1e300, (double)INFINITY };

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct weir_buffer buffer = WEIR_BUFFER_INIT(100);
		struct weir_wire_item item;
		struct weir_wire wire;
		double got;

		weir_wire_double(&buffer, 2, values[i]);
		assert_int_equal(buffer.size, 9);
		assert_int_equal(buffer.data[0], 2 << 3 | 1);
		wire = wire_of(&buffer);
		assert_int_equal(weir_wire_next(&wire, &item), 1);
		memcpy(&got, &item.value, sizeof(got));
		assert_true(got == values[i]);
		weir_buffer_done(&buffer);
	}
}

/* Lengths on both sides of where the length of a length changes. */
static void a_message_has_its_length_however_long_it_is(void **state)
{
	static const size_t sizes[] = { 0, 1, 125, 126, 127, 128, 16381, 16383, 16384, 2097152 };

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct weir_buffer buffer = WEIR_BUFFER_INIT(4u << 20);
		struct weir_wire_item item, inner;
		struct weir_wire wire;
		size_t mark;
		char *text;

		text = malloc(sizes[i] + 1);
		memset(text, 'x', sizes[i]);
		text[sizes[i]] = '\0';
		mark = weir_wire_open(&buffer, 3);
		weir_wire_text(&buffer, 1, text);
		weir_wire_close(&buffer, mark);
		weir_wire_varint(&buffer, 4, 7);

		wire = wire_of(&buffer);
		assert_int_equal(weir_wire_next(&wire, &item), 1);
		assert_int_equal(item.number, 3);
		assert_int_equal(weir_wire_next(&item.bytes, &inner), 1);
		assert_int_equal(inner.bytes.end - inner.bytes.at, sizes[i]);
		assert_memory_equal(inner.bytes.at, text, sizes[i]);
		assert_int_equal(weir_wire_next(&item.bytes, &inner), 0);
		assert_int_equal(weir_wire_next(&wire, &item), 1);
		assert_int_equal(item.value, 7);
		free(text);
		weir_buffer_done(&buffer);
	}
}

static void what_is_no_utf8_is_replaced(void **state)
{
	static const char shown[] = "\x0a\x0b"
				    "a\xef\xbf\xbd"
				    "b\xef\xbf\xbd\xc3\xbc"
				    "c";
	struct weir_buffer buffer = WEIR_BUFFER_INIT(100);

	(void)state;

	weir_wire_text(&buffer, 1,
		       "a\xff"
		       "b\xc3\xc3\xbc"
		       "c");
	assert_int_equal(buffer.size, sizeof(shown) - 1);
	assert_memory_equal(buffer.data, shown, buffer.size);
	weir_buffer_done(&buffer);
}

static void a_full_buffer_fails_once_and_for_all(void **state)
{
	(void)state;

	for (size_t max = 0; max < 180; max++) {
		struct weir_buffer buffer = WEIR_BUFFER_INIT(max);
		size_t mark = weir_wire_open(&buffer, 1);

		for (int i = 0; i < 10; i++)
			weir_wire_text(&buffer, 2, "0123456789abcdef");
		weir_wire_close(&buffer, mark);
		assert_int_equal(buffer.failed, -EFBIG);
		assert_true(buffer.size <= max);
		weir_buffer_done(&buffer);
	}
}

static const struct {
	const char *what, *bytes;
	size_t size;
} broken[] = {
	{ "a tag cut off", "\x80", 1 },
	{ "number 0", "\x00\x00", 2 },
	{ "a number above all", "\x80\x80\x80\x80\x10\x00", 6 },
	{ "a varint cut off", "\x08\x80", 2 },
	{ "no varint", "\x08", 1 },
	{ "a varint of 65 bits", "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11 },
	{ "a varint of eleven bytes", "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12 },
	{ "seven bytes of eight",
	  "\x09"
	  "1234567",
	  8 },
	{ "three bytes of four",
	  "\x0d"
	  "123",
	  4 },
	{ "a length beyond the end", "\x0a\x02x", 3 },
	{ "a length beyond all", "\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 },
	{ "a group", "\x0b\x0c", 2 },
	{ "the end of one", "\x0c", 1 },
	{ "type 6", "\x0e\x00", 2 },
	{ "type 7", "\x0f\x00", 2 },
};

static void what_is_no_protobuf_is_refused(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		const unsigned char *bytes = (const unsigned char *)broken[i].bytes;
		struct weir_wire wire = { bytes, bytes + broken[i].size };
		struct weir_wire_item item;

		if (weir_wire_next(&wire, &item) != -EINVAL)
			fail_msg("%s", broken[i].what);
	}
}

static void packed_numbers_come_one_by_one(void **state)
{
	static const unsigned char bytes[] = { 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05 };
	static const uint64_t numbers[] = { 3, 270, 86942 };
	struct weir_wire wire = { bytes, bytes + sizeof(bytes) }, cut = { bytes, bytes + 2 };
	uint64_t got;

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		assert_int_equal(weir_wire_next_packed(&wire, &got), 1);
		assert_int_equal(got, numbers[i]);
	}
	assert_int_equal(weir_wire_next_packed(&wire, &got), 0);
	assert_int_equal(weir_wire_next_packed(&cut, &got), 1);
	assert_int_equal(weir_wire_next_packed(&cut, &got), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(varints_are_written_as_described_and_read_back),
		cmocka_unit_test(doubles_are_eight_bytes_little_end_first),
		cmocka_unit_test(a_message_has_its_length_however_long_it_is),
		cmocka_unit_test(what_is_no_utf8_is_replaced),
		cmocka_unit_test(a_full_buffer_fails_once_and_for_all),
		cmocka_unit_test(what_is_no_protobuf_is_refused),
		cmocka_unit_test(packed_numbers_come_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
