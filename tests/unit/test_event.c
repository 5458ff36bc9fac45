/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "model/event.h"

#define CAPACITY 7UL
#define ROUNDS	 20000
#define READERS	 5

static struct weir_event_ring *make_ring(size_t capacity)
{
	struct weir_event_ring *ring = NULL;
	struct weir_error err = {};

	assert_int_equal(weir_event_ring_new(capacity, &ring, &err), 0);
	return ring;
}

static uint64_t push(struct weir_event_ring *ring, const char *id, uint64_t at_us)
{
	struct weir_event event;

	weir_event_init(&event, WEIR_EVENT_UPDATED, id, "asked");
	return weir_event_ring_push(ring, &event, at_us);
}

static void every_kind_has_a_name_of_its_own(void **state)
{
	(void)state;

	for (int kind = 0; kind < WEIR_EVENT_COUNT_; kind++) {
		assert_non_null(weir_event_name((enum weir_event_kind)kind));
		for (int other = 0; other < kind; other++)
			assert_string_not_equal(weir_event_name((enum weir_event_kind)kind),
						weir_event_name((enum weir_event_kind)other));
	}
}

static void an_event_has_what_was_said_of_it(void **state)
{
	scoped(weir_event_ring_freep) struct weir_event_ring *ring = make_ring(CAPACITY);
	const struct weir_event *kept;
	struct weir_event event;

	(void)state;

	weir_event_init(&event, WEIR_EVENT_PENDING, "web", "in-use");
	weir_event_add(&event, "limit_bytes", 4096);
	weir_event_add(&event, "used_bytes", WEIR_INFINITE);
	weir_event_say(&event, "%d of %s", 3, "four");
	assert_int_equal(weir_event_ring_push(ring, &event, 42), 1);
	weir_event_say(&event, "the ring has a copy");

	kept = weir_event_ring_next(ring, 0, NULL, NULL);
	assert_int_equal(kept->seq, 1);
	assert_int_equal(kept->at_us, 42);
	assert_int_equal(kept->kind, WEIR_EVENT_PENDING);
	assert_string_equal(kept->id, "web");
	assert_string_equal(kept->cause, "in-use");
	assert_string_equal(kept->text, "3 of four");
	assert_int_equal(kept->n_figures, 2);
	assert_string_equal(kept->figures[0].name, "limit_bytes");
	assert_int_equal(kept->figures[0].value, 4096);
	assert_true(kept->figures[1].value == WEIR_INFINITE);
}

static void what_is_too_long_is_cut(void **state)
{
	char id[2 * WEIR_NAME_MAX], text[2 * WEIR_EVENT_TEXT];
	struct weir_event event;

	(void)state;

	memset(id, 'i', sizeof(id));
	memset(text, 't', sizeof(text));
	id[sizeof(id) - 1] = text[sizeof(text) - 1] = '\0';
	weir_event_init(&event, WEIR_EVENT_ENDED, id, "self");
	weir_event_say(&event, "%s", text);
	assert_int_equal(strlen(event.id), WEIR_NAME_MAX);
	assert_int_equal(strlen(event.text), WEIR_EVENT_TEXT - 1);
}

static void an_empty_ring_has_nothing_and_lost_nothing(void **state)
{
	scoped(weir_event_ring_freep) struct weir_event_ring *ring = make_ring(CAPACITY);
	uint64_t lost = 5;

	(void)state;

	assert_int_equal(weir_event_ring_last(ring), 0);
	assert_null(weir_event_ring_next(ring, 0, NULL, &lost));
	assert_null(weir_event_ring_next(ring, UINT64_MAX, NULL, &lost));
	assert_int_equal(lost, 5);
}

static void a_number_that_was_not_given_yet_has_nothing_above_it(void **state)
{
	scoped(weir_event_ring_freep) struct weir_event_ring *ring = make_ring(CAPACITY);
	uint64_t lost = 0;

	(void)state;

	for (size_t i = 0; i < 3 * CAPACITY; i++)
		push(ring, "a", 0);
	assert_null(weir_event_ring_next(ring, 3 * CAPACITY, NULL, &lost));
	assert_null(weir_event_ring_next(ring, 3 * CAPACITY + 1, NULL, &lost));
	assert_null(weir_event_ring_next(ring, UINT64_MAX, NULL, &lost));
	assert_int_equal(lost, 0);
}

static void the_oldest_make_room_and_count_as_lost(void **state)
{
	scoped(weir_event_ring_freep) struct weir_event_ring *ring = make_ring(CAPACITY);
	uint64_t lost = 0;

	(void)state;

	for (size_t i = 0; i < CAPACITY; i++)
		push(ring, "a", 0);
	assert_int_equal(weir_event_ring_next(ring, 0, NULL, &lost)->seq, 1);
	assert_int_equal(lost, 0);
	push(ring, "a", 0);
	assert_int_equal(weir_event_ring_next(ring, 0, NULL, &lost)->seq, 2);
	assert_int_equal(lost, 1);
	assert_int_equal(weir_event_ring_next(ring, 1, NULL, &lost)->seq, 2);
	assert_int_equal(lost, 1);
}

static void one_container_is_told_apart_from_those_of_like_names(void **state)
{
	scoped(weir_event_ring_freep) struct weir_event_ring *ring = make_ring(CAPACITY);

	(void)state;

	push(ring, "a", 0);
	push(ring, "ab", 0);
	push(ring, "b", 0);
	assert_int_equal(weir_event_ring_next(ring, 0, "ab", NULL)->seq, 2);
	assert_null(weir_event_ring_next(ring, 2, "ab", NULL));
	assert_null(weir_event_ring_next(ring, 0, "abc", NULL));
	assert_null(weir_event_ring_next(ring, 0, "", NULL));
}

/* ---- Random histories ---- */

struct reader {
	const char *id; /* NULL: reads all */
	uint64_t since, got, lost;
};

static const char *id_of(uint64_t seq)
{
	static const char *const ids[] = { "a", "b", "ab" };

	/* Any function of the number will do; this one has runs and gaps. */
	return ids[(seq * seq + seq / 3) % ARRAY_SIZE(ids)];
}

static bool is_for(const struct reader *reader, uint64_t seq)
{
	return !reader->id || strcmp(reader->id, id_of(seq)) == 0;
}

/* As weir_events_read() does it, checking each number against the definition. */
static void read_all(const struct weir_event_ring *ring, struct reader *reader)
{
	uint64_t last = weir_event_ring_last(ring), lost = 0;
	uint64_t oldest = last > CAPACITY ? last - CAPACITY + 1 : 1;
	uint64_t expected = reader->since + 1 < oldest ? oldest - reader->since - 1 : 0;
	uint64_t seq = reader->since + 1 > oldest ? reader->since + 1 : oldest;
	const struct weir_event *event;

	while ((event = weir_event_ring_next(ring, reader->since, reader->id, &lost))) {
		while (!is_for(reader, seq))
			seq++;
		assert_int_equal(event->seq, seq++);
		assert_string_equal(event->id, id_of(event->seq));
		assert_int_equal(event->at_us, event->seq * 10);
		reader->since = event->seq;
		reader->got++;
	}
	while (seq <= last)
		assert_false(is_for(reader, seq++));
	reader->since = last;
	assert_int_equal(lost, expected);
	reader->lost += lost;
}

static void readers_miss_only_what_they_are_told_of(void **state)
{
	scoped(weir_event_ring_freep) struct weir_event_ring *ring = make_ring(CAPACITY);
	struct reader readers[READERS] = {
		{}, {}, { .id = "a" }, { .id = "ab" }, { .id = "none" }
	};

	(void)state;

	srandom(11);
	for (int round = 0; round < ROUNDS; round++) {
		struct reader *reader = &readers[(size_t)random() % READERS];

		/* Bursts that fit, and now and then one that does not. */
		for (size_t n = (size_t)random() % (random() % 8 ? 4 : 3 * CAPACITY); n > 0; n--) {
			uint64_t seq = weir_event_ring_last(ring) + 1;

			assert_int_equal(push(ring, id_of(seq), seq * 10), seq);
		}
		read_all(ring, reader);
		if (!reader->id)
			assert_int_equal(reader->got + reader->lost, weir_event_ring_last(ring));
	}
	assert_true(readers[0].lost > 0 && readers[0].got > 0);
	assert_true(readers[2].got > 0 && readers[3].got > 0);
	assert_int_equal(readers[4].got, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_has_a_name_of_its_own),
		cmocka_unit_test(an_event_has_what_was_said_of_it),
		cmocka_unit_test(what_is_too_long_is_cut),
		cmocka_unit_test(an_empty_ring_has_nothing_and_lost_nothing),
		cmocka_unit_test(a_number_that_was_not_given_yet_has_nothing_above_it),
		cmocka_unit_test(the_oldest_make_room_and_count_as_lost),
		cmocka_unit_test(one_container_is_told_apart_from_those_of_like_names),
		cmocka_unit_test(readers_miss_only_what_they_are_told_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
