/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "control/events_log.h"

static void the_journal_gets_fields(void **state)
{
	static const char *const fields[] = {
		"MESSAGE=container 'web': squeezed (kill): 5 over",
		"PRIORITY=4",
		"WEIR_CONTAINER=web",
		"WEIR_EVENT=squeezed",
		"WEIR_CAUSE=kill",
		"WEIR_EXCESS_BYTES=4096",
		"WEIR_MEM_LIMIT_BYTES=Infinity",
	};
	struct weir_event_record record;
	struct weir_event event;

	(void)state;

	weir_event_init(&event, WEIR_EVENT_SQUEEZED, "web", "kill");
	weir_event_add(&event, "excess_bytes", 4096);
	weir_event_add(&event, "mem_limit_bytes", WEIR_INFINITE);
	weir_event_say(&event, "%d over", 5);
	weir_event_to_record(&event, &record);
	assert_int_equal(record.n, ARRAY_SIZE(fields));
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		assert_int_equal(record.list[i].iov_len, strlen(fields[i]));
		assert_memory_equal(record.list[i].iov_base, fields[i], strlen(fields[i]));
	}
}

static void what_is_about_all_names_none(void **state)
{
	static const char *const fields[] = {
		"MESSAGE=all containers: contested (parent): set back",
		"PRIORITY=6",
		"WEIR_EVENT=contested",
		"WEIR_CAUSE=parent",
	};
	struct weir_event_record record;
	struct weir_event event;

	(void)state;

	weir_event_init(&event, WEIR_EVENT_CONTESTED, "", "parent");
	weir_event_say(&event, "set back");
	weir_event_to_record(&event, &record);
	assert_int_equal(record.n, ARRAY_SIZE(fields));
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		assert_int_equal(record.list[i].iov_len, strlen(fields[i]));
		assert_memory_equal(record.list[i].iov_base, fields[i], strlen(fields[i]));
	}
}

static void an_event_as_long_as_may_be_fits(void **state)
{
	char id[WEIR_ID_MAX + 1], text[WEIR_EVENT_TEXT];
	struct weir_event_record record;
	struct weir_event event;
	const struct iovec *message = &record.list[0];

	(void)state;

	memset(id, 'i', sizeof(id));
	memset(text, 't', sizeof(text));
	id[sizeof(id) - 1] = text[sizeof(text) - 1] = '\0';
	weir_event_init(&event, WEIR_EVENT_RELEASED, id, "node-pressure");
	for (int i = 0; i < WEIR_EVENT_MAX_FIGURES; i++)
		weir_event_add(&event, "excess_bytes", UINT64_MAX - 2);
	weir_event_say(&event, "%s", text);
	weir_event_to_record(&event, &record);
	assert_int_equal(record.n, WEIR_EVENT_FIELDS);
	assert_memory_equal((char *)message->iov_base + message->iov_len - strlen(text), text,
			    strlen(text));
}

static void the_journal_is_known_by_its_file(void **state)
{
	scoped(fclosep) FILE *file = tmpfile();
	char stream[64], longer[80];
	struct stat st;

	(void)state;

	assert_int_equal(fstat(fileno(file), &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)st.st_ino);
	snprintf(longer, sizeof(longer), "%s0", stream);
	assert_true(weir_events_to_journal(fileno(file), stream));
	assert_false(weir_events_to_journal(fileno(file), longer));
	assert_false(weir_events_to_journal(fileno(file), NULL));
	assert_false(weir_events_to_journal(fileno(file), ""));
	assert_false(weir_events_to_journal(fileno(file), "8"));
	assert_false(weir_events_to_journal(-1, stream));
}

static void demotions_are_for_who_looks_closely(void **state)
{
	static const struct {
		enum weir_event_kind kind;
		const char *cause;
		enum weir_log_level level;
	} cases[] = {
		{ WEIR_EVENT_LAUNCHED, "detached", WEIR_LOG_INFO },
		{ WEIR_EVENT_DEMOTED, "over-request", WEIR_LOG_DEBUG },
		{ WEIR_EVENT_PROMOTED, "kill", WEIR_LOG_DEBUG },
		{ WEIR_EVENT_SQUEEZED, "hold", WEIR_LOG_INFO },
		{ WEIR_EVENT_SQUEEZED, "kill", WEIR_LOG_WARNING },
		{ WEIR_EVENT_ENDED, "killed", WEIR_LOG_INFO },
	};

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct weir_event event;

		weir_event_init(&event, cases[i].kind, "a", cases[i].cause);
		assert_int_equal(weir_event_level(&event), cases[i].level);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_journal_gets_fields),
		cmocka_unit_test(what_is_about_all_names_none),
		cmocka_unit_test(an_event_as_long_as_may_be_fits),
		cmocka_unit_test(the_journal_is_known_by_its_file),
		cmocka_unit_test(demotions_are_for_who_looks_closely),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
