/* SPDX-License-Identifier: Apache-2.0 */
/* Long reads: what is asked for by many at once is written once, and nobody gets what is older than they know of. */
#include "api_fixture.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include "api/readers.h"

#define N_CLIENTS 50
#define STATE	  "{\"type\":\"GET_STATE\"}"
#define TASKS	  "{\"type\":\"GET_TASKS\"}"

static void wait_for_reads(int n)
{
	for (int i = 0; i < 20000 && fake.reads_begun < n; i++)
		usleep(1000);
	assert_int_equal(fake.reads_begun, n);
}

/* A request that is answered when reads go on. The server has read it when this returns. */
static int ask(const char *body)
{
	int fd = dial(), unread = 1;

	assert_true(post_bytes(fd, body, strlen(body)));
	for (int i = 0; i < 20000 && unread; i++) {
		assert_int_equal(ioctl(fd, SIOCOUTQ, &unread), 0);
		usleep(1000);
	}
	assert_int_equal(unread, 0);
	return fd;
}

/* And between reading and taking in there is nothing that waits. */
static void settle(void)
{
	usleep(100000);
}

static void take(int fd, struct reply *ret)
{
	*ret = read_reply(fd);
	assert_int_equal(ret->status, 200);
	close(fd);
}

static void many_who_ask_at_once_get_one_body(void **state)
{
	int fds[N_CLIENTS];
	struct reply first, reply;

	(void)state;

	fake.reads_begun = 0;
	fake.holds_reads = true;
	fds[0] = ask(STATE);
	wait_for_reads(1);
	for (int i = 1; i < N_CLIENTS; i++)
		fds[i] = ask(STATE);
	settle();
	fake.holds_reads = false;
	take(fds[0], &first);
	for (int i = 1; i < N_CLIENTS; i++) {
		take(fds[i], &reply);
		assert_string_equal(reply.body, first.body);
		free(reply.body);
	}
	free(first.body);
	assert_int_equal(fake.reads_begun, 1);
}

static void another_question_has_an_answer_of_its_own(void **state)
{
	struct reply one, other;
	int fds[2];

	(void)state;

	fake.reads_begun = 0;
	fake.holds_reads = true;
	fds[0] = ask(STATE);
	fds[1] = ask(TASKS);
	wait_for_reads(2); /* at once, on two threads */
	fake.holds_reads = false;
	take(fds[0], &one);
	take(fds[1], &other);
	assert_non_null(strstr(one.body, "get_state"));
	assert_non_null(strstr(other.body, "\"type\":\"GET_TASKS\""));
	free(one.body);
	free(other.body);
}

static void who_knows_of_a_change_does_not_get_what_was_begun_before(void **state)
{
	struct reply reply;
	int fds[3];

	(void)state;

	fake.reads_begun = 0;
	fake.holds_reads = true;
	fds[0] = ask(STATE);
	wait_for_reads(1);
	fake.changes++;
	fds[1] = ask(STATE);
	wait_for_reads(2);
	fds[2] = ask(STATE); /* that one will do */
	settle();
	fake.holds_reads = false;
	for (int i = 0; i < 3; i++) {
		take(fds[i], &reply);
		free(reply.body);
	}
	assert_int_equal(fake.reads_begun, 2);
}

/* The kernel notes who connects, so that it is enough to be somebody else for that long. */
static void another_principal_has_a_body_of_its_own(void **state)
{
	struct reply reply;
	int fds[2];

	(void)state;

	if (geteuid() != 0)
		skip();
	fake.reads_begun = 0;
	fake.holds_reads = true;
	fds[0] = ask(STATE);
	wait_for_reads(1);
	assert_int_equal(seteuid(65534), 0);
	fds[1] = ask(STATE);
	assert_int_equal(seteuid(0), 0);
	wait_for_reads(2);
	fake.holds_reads = false;
	for (int i = 0; i < 2; i++) {
		take(fds[i], &reply);
		free(reply.body);
	}
}

/* Each asks for something else. */
static int ask_for_role(int number)
{
	char body[128];

	snprintf(body, sizeof(body),
		 "{\"type\":\"GET_CONTAINERS\",\"get_containers\":{\"weir\":{\"role\":\"r%d\"}}}",
		 number);
	return ask(body);
}

static void more_than_can_wait_are_refused(void **state)
{
	static int fds[WEIR_READERS_MAX];
	struct reply reply;
	int busy[2], fd;

	(void)state;

	fake.reads_begun = 0;
	fake.holds_reads = true;
	busy[0] = ask(STATE);
	busy[1] = ask(TASKS);
	wait_for_reads(2);
	for (int i = 0; i < WEIR_READERS_MAX; i++)
		fds[i] = ask_for_role(i);
	settle();
	fd = ask_for_role(WEIR_READERS_MAX);
	reply = read_reply(fd);
	assert_int_equal(reply.status, 503);
	free(reply.body);
	close(fd);
	fake.holds_reads = false;
	for (int i = 0; i < WEIR_READERS_MAX + 2; i++) {
		take(i < 2 ? busy[i] : fds[i - 2], &reply);
		free(reply.body);
	}
}

static void what_waits_is_answered_when_the_daemon_ends(void **state)
{
	struct reply reply;
	int fd, late;

	(void)state;

	fake.reads_begun = 0;
	fake.holds_reads = true;
	fd = ask(STATE);
	late = ask(TASKS);
	wait_for_reads(2);
	eventfd_write(server.stop_fd, 1);
	usleep(50000);
	fake.holds_reads = false;
	assert_int_equal(pthread_join(server.thread, NULL), 0);
	server.event = sd_event_unref(server.event);
	reply = read_reply(fd);
	assert_int_equal(reply.status, 200);
	free(reply.body);
	reply = read_reply(late);
	assert_int_equal(reply.status, 200);
	free(reply.body);
	close(fd);
	close(late);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(many_who_ask_at_once_get_one_body, setup, teardown),
		cmocka_unit_test_setup_teardown(another_question_has_an_answer_of_its_own, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			who_knows_of_a_change_does_not_get_what_was_begun_before, setup, teardown),
		cmocka_unit_test_setup_teardown(another_principal_has_a_body_of_its_own, setup,
						teardown),
		cmocka_unit_test_setup_teardown(more_than_can_wait_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(what_waits_is_answered_when_the_daemon_ends, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
