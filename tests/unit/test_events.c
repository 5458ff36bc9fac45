/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "control/events.h"

#define SOON_US	  100000
#define LONG_MS	  30000 /* longer than any test takes */
#define N_THREADS 4UL
#define N_EACH	  5000

struct fixture {
	sd_event *event;
	struct weir_events *events;
	FILE *log; /* what stderr is meanwhile */
	int stderr_fd;
	unsigned int told;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct weir_error err = {};

	f->log = tmpfile();
	f->stderr_fd = dup(STDERR_FILENO);
	if (!f->log || dup2(fileno(f->log), STDERR_FILENO) < 0 || sd_event_new(&f->event) < 0 ||
	    weir_events_new(f->event, &f->events, &err) < 0)
		return -1;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	weir_log_set_level(WEIR_LOG_INFO);
	weir_events_free(f->events);
	sd_event_unref(f->event);
	dup2(f->stderr_fd, STDERR_FILENO);
	close(f->stderr_fd);
	fclose(f->log);
	free(f);
	return 0;
}

static void emit_kind(struct fixture *f, enum weir_event_kind kind, const char *id)
{
	struct weir_event event;

	weir_event_init(&event, kind, id, "asked");
	weir_event_add(&event, "used_bytes", 4096);
	weir_event_say(&event, "for a test");
	weir_events_emit(f->events, &event);
}

static void emit(struct fixture *f, const char *id)
{
	emit_kind(f, WEIR_EVENT_UPDATED, id);
}

/* Until nothing has happened for a while. */
static void turn(struct fixture *f)
{
	while (sd_event_run(f->event, SOON_US) > 0)
		;
}

static void on_told(void *data)
{
	unsigned int *told = data;

	++*told;
}

static int wait_for(struct fixture *f, uint64_t since, const char *id, uint64_t ms)
{
	struct weir_error err = {};

	return weir_events_wait(f->events, since, id, ms, on_told, &f->told, &err);
}

/* What a reader sees: numbers that only grow, of one container or of all. */
struct seen {
	const char *id;
	uint64_t n, first, last;
};

static void on_event(const struct weir_event *event, void *data)
{
	struct seen *seen = data;

	assert_true(event->seq > seen->last);
	assert_true(event->at_us > 1700000000000000);
	if (seen->id)
		assert_string_equal(event->id, seen->id);
	if (!seen->n++)
		seen->first = event->seq;
	seen->last = event->seq;
}

static void what_is_emitted_is_read_by_number(void **state)
{
	struct fixture *f = *state;
	struct seen all = {}, later = {}, one = { .id = "b" };
	uint64_t lost = 7;

	assert_int_equal(weir_events_read(f->events, 0, NULL, on_event, &all, &lost), 0);
	assert_int_equal(lost, 0);
	emit(f, "a");
	emit(f, "b");
	emit(f, "a");
	assert_int_equal(weir_events_read(f->events, 0, NULL, on_event, &all, &lost), 3);
	assert_int_equal(all.n, 3);
	assert_int_equal(weir_events_read(f->events, 2, NULL, on_event, &later, &lost), 3);
	assert_int_equal(later.n, 1);
	assert_int_equal(weir_events_read(f->events, 0, "b", on_event, &one, &lost), 3);
	assert_int_equal(one.n, 1);
	assert_int_equal(one.first, 2);
	assert_int_equal(lost, 0);
	assert_true(weir_events_epoch_us(f->events) > 1700000000000000);
}

static void a_reader_that_is_late_is_told_how_many_it_missed(void **state)
{
	struct fixture *f = *state;
	struct seen all = {}, one = { .id = "a" };
	uint64_t lost = 0;

	emit(f, "a");
	for (int i = 0; i < WEIR_EVENTS_KEPT + 9; i++)
		emit(f, "b");
	assert_int_equal(weir_events_read(f->events, 3, NULL, on_event, &all, &lost),
			 WEIR_EVENTS_KEPT + 10);
	assert_int_equal(all.n, WEIR_EVENTS_KEPT);
	assert_int_equal(lost, 7);
	weir_events_read(f->events, 0, "a", on_event, &one, &lost);
	assert_int_equal(one.n, 0);
	assert_int_equal(lost, 10);
}

static void who_waits_is_told_once_when_there_is_something(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(wait_for(f, 0, NULL, LONG_MS), 0);
	turn(f);
	assert_int_equal(f->told, 0);
	emit(f, "a");
	emit(f, "a");
	turn(f);
	assert_int_equal(f->told, 1);
	emit(f, "a");
	turn(f);
	assert_int_equal(f->told, 1);
}

static void who_waits_for_one_container_does_not_hear_of_others(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(wait_for(f, 0, "a", LONG_MS), 0);
	emit(f, "b");
	emit(f, "ab");
	turn(f);
	assert_int_equal(f->told, 0);
	emit(f, "a");
	turn(f);
	assert_int_equal(f->told, 1);
}

static void what_is_there_is_told_at_once(void **state)
{
	struct fixture *f = *state;

	emit(f, "a");
	emit(f, "b");
	assert_int_equal(wait_for(f, 0, NULL, LONG_MS), 0);
	assert_int_equal(f->told, 1);
	assert_int_equal(wait_for(f, 1, "a", LONG_MS), 0);
	assert_int_equal(f->told, 1);
	assert_int_equal(wait_for(f, 1, "b", LONG_MS), 0);
	assert_int_equal(f->told, 2);
	assert_int_equal(wait_for(f, 2, NULL, 0), 0);
	assert_int_equal(f->told, 3);
}

static void a_number_of_an_earlier_daemon_is_nothing_to_wait_on(void **state)
{
	struct fixture *f = *state;
	struct seen none = {};
	uint64_t lost;

	emit(f, "a");
	assert_true(weir_events_ready(f->events, 2, NULL));
	assert_false(weir_events_ready(f->events, 1, NULL));
	assert_int_equal(wait_for(f, 2, NULL, LONG_MS), 0);
	assert_int_equal(f->told, 1);
	assert_int_equal(weir_events_read(f->events, 2, NULL, on_event, &none, &lost), 1);
	assert_int_equal(none.n, 0);
	assert_int_equal(lost, 0);
}

static void patience_ends(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(wait_for(f, 0, NULL, 20), 0);
	turn(f);
	assert_int_equal(f->told, 1);
	emit(f, "a");
	turn(f);
	assert_int_equal(f->told, 1);
}

static void who_went_away_is_not_told(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(wait_for(f, 0, NULL, 20), 0);
	weir_events_unwait(f->events, on_told, &f->told);
	weir_events_unwait(f->events, on_told, &f->told);
	emit(f, "a");
	turn(f);
	assert_int_equal(f->told, 0);
}

static void one_too_many_is_refused_and_the_others_are_told(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < WEIR_EVENTS_WAITERS; i++)
		assert_int_equal(wait_for(f, 0, NULL, LONG_MS), 0);
	assert_int_equal(wait_for(f, 0, NULL, LONG_MS), -EDQUOT);
	emit(f, "a");
	turn(f);
	assert_int_equal(f->told, WEIR_EVENTS_WAITERS);
	assert_int_equal(wait_for(f, 1, NULL, LONG_MS), 0);
}

/* Who is told waits again, as clients do. */
struct chain {
	struct fixture *f;
	uint64_t since;
	unsigned int told;
};

static void on_chain(void *data)
{
	struct chain *chain = data;
	struct seen seen = {};
	struct weir_error err = {};
	uint64_t lost;

	chain->since =
		weir_events_read(chain->f->events, chain->since, NULL, on_event, &seen, &lost);
	if (++chain->told < 3)
		weir_events_wait(chain->f->events, chain->since, NULL, LONG_MS, on_chain, chain,
				 &err);
}

static void who_is_told_may_wait_again(void **state)
{
	struct fixture *f = *state;
	struct chain one = { .f = f }, other = { .f = f };

	emit(f, "a");
	on_chain(&one);
	on_chain(&other);
	assert_int_equal(one.told, 1);
	emit(f, "a");
	turn(f);
	assert_int_equal(one.told, 2);
	emit(f, "a");
	turn(f);
	assert_int_equal(one.told, 3);
	assert_int_equal(other.told, 3);
	assert_int_equal(one.since, 3);
}

static void *emit_many(void *data)
{
	for (int i = 0; i < N_EACH; i++)
		emit_kind(data, WEIR_EVENT_DEMOTED, "a");
	return NULL;
}

static void threads_that_emit_and_read_miss_nothing_unsaid(void **state)
{
	struct fixture *f = *state;
	pthread_t threads[N_THREADS];
	struct seen seen = {};
	uint64_t since = 0, lost = 0, missed;

	for (size_t i = 0; i < N_THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, emit_many, f), 0);
	while (since < N_THREADS * N_EACH) {
		since = weir_events_read(f->events, since, NULL, on_event, &seen, &missed);
		lost += missed;
		assert_int_equal(seen.n + lost, since);
	}
	for (size_t i = 0; i < N_THREADS; i++)
		pthread_join(threads[i], NULL);
	turn(f);
}

/* ---- The log ---- */

static unsigned int lines_with(struct fixture *f, const char *text)
{
	char line[512];
	unsigned int n = 0;

	assert_int_equal(fseek(f->log, 0, SEEK_SET), 0);
	while (fgets(line, sizeof(line), f->log))
		n += strstr(line, text) != NULL;
	return n;
}

static void each_is_a_line_in_the_log(void **state)
{
	struct fixture *f = *state;

	emit(f, "a");
	emit_kind(f, WEIR_EVENT_DEMOTED, "b");
	turn(f);
	assert_int_equal(lines_with(f, "<6>"), 1);
	assert_int_equal(lines_with(f, "container 'a': updated (asked): for a test\n"), 1);
	weir_log_set_level(WEIR_LOG_DEBUG);
	emit_kind(f, WEIR_EVENT_PROMOTED, "b");
	turn(f);
	assert_int_equal(lines_with(f, "<7>"), 1);
	assert_int_equal(lines_with(f, "container 'b': promoted (asked): for a test\n"), 1);
}

static void a_burst_is_logged_as_far_as_it_is_kept(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < WEIR_EVENTS_KEPT + 5; i++)
		emit(f, "a");
	assert_true(sd_event_run(f->event, SOON_US) > 0);
	/* In one turn only so many, so that the loop gets to other things. */
	assert_in_range(lines_with(f, "updated"), 1, 100);
	turn(f);
	assert_int_equal(lines_with(f, "updated"), WEIR_EVENTS_KEPT);
	assert_int_equal(lines_with(f, "5 events came too fast to be logged"), 1);
}

static void at_the_end_all_is_told_and_logged(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(wait_for(f, 0, NULL, LONG_MS), 0);
	assert_int_equal(wait_for(f, 0, "a", LONG_MS), 0);
	for (int i = 0; i < 200; i++)
		emit(f, "a");
	f->events = weir_events_free(f->events);
	assert_int_equal(f->told, 2);
	assert_int_equal(lines_with(f, "updated"), 200);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_emitted_is_read_by_number),
		TEST(a_reader_that_is_late_is_told_how_many_it_missed),
		TEST(who_waits_is_told_once_when_there_is_something),
		TEST(who_waits_for_one_container_does_not_hear_of_others),
		TEST(what_is_there_is_told_at_once),
		TEST(a_number_of_an_earlier_daemon_is_nothing_to_wait_on),
		TEST(patience_ends),
		TEST(who_went_away_is_not_told),
		TEST(one_too_many_is_refused_and_the_others_are_told),
		TEST(at_the_end_all_is_told_and_logged),
		TEST(who_is_told_may_wait_again),
		TEST(threads_that_emit_and_read_miss_nothing_unsaid),
		TEST(each_is_a_line_in_the_log),
		TEST(a_burst_is_logged_as_far_as_it_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
