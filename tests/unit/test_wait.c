/* SPDX-License-Identifier: Apache-2.0 */
#include "api_fixture.h"

/* The controller's view is the loop's, so it is asked through the loop: a call that has to travel there. */
static size_t count_waiters(int fd)
{
	struct reply reply = call(fd, REMOVE("nobody"));

	free(reply.body);
	return __atomic_load_n(&fake.n_waiters, __ATOMIC_SEQ_CST) +
	       __atomic_load_n(&fake.n_events_waiters, __ATOMIC_SEQ_CST);
}

static void await_waiters(int fd, size_t n)
{
	for (int i = 0; count_waiters(fd) != n; i++) {
		if (i == 5000)
			fail_msg("%zu wait, not %zu", count_waiters(fd), n);
		usleep(1000);
	}
}

static void waiting_lasts_until_the_end(void **state)
{
	int fd = dial(), other = dial();
	char byte;

	(void)state;

	assert_call(fd, LAUNCH("a"), 200, LAUNCHED("a"));
	assert_true(post_bytes(other, WAIT("a"), strlen(WAIT("a"))));
	await_waiters(fd, 1);
	assert_int_equal(recv(other, &byte, 1, MSG_DONTWAIT), -1);
	assert_call(fd, KILL("a"), 200, "");
	assert_reply(read_reply(other), 200, KILLED);
	assert_call(other, HEALTH, 200, HEALTHY);
	close(fd);
	close(other);
}

static void a_waiter_that_hangs_up_is_forgotten(void **state)
{
	int fd = dial();

	(void)state;

	assert_call(fd, LAUNCH("a"), 200, LAUNCHED("a"));
	for (int round = 0; round < 20; round++) {
		int others[FAKE_MAX_WAITERS];

		for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
			others[i] = dial();
			assert_true(post_bytes(others[i], WAIT("a"), strlen(WAIT("a"))));
		}
		if (round & 1)
			await_waiters(fd, ARRAY_SIZE(others));
		for (size_t i = 0; i < ARRAY_SIZE(others); i++)
			close(others[i]);
		await_waiters(fd, 0);
	}
	assert_call(fd, KILL("a"), 200, "");
	close(fd);
}

static void a_waiter_that_only_stops_sending_still_hears_the_end(void **state)
{
	int fd = dial(), other = dial();

	(void)state;

	assert_call(fd, LAUNCH("a"), 200, LAUNCHED("a"));
	assert_true(post_bytes(other, WAIT("a"), strlen(WAIT("a"))));
	await_waiters(fd, 1);
	assert_int_equal(shutdown(other, SHUT_WR), 0);
	assert_int_equal(count_waiters(fd), 1);
	assert_call(fd, KILL("a"), 200, "");
	assert_reply(read_reply(other), 200, KILLED);
	close(fd);
	close(other);
}

static void one_waiter_too_many_is_told_so(void **state)
{
	int fd = dial(), others[FAKE_MAX_WAITERS];

	(void)state;

	assert_call(fd, LAUNCH("a"), 200, LAUNCHED("a"));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		others[i] = dial();
		assert_true(post_bytes(others[i], WAIT("a"), strlen(WAIT("a"))));
	}
	await_waiters(fd, ARRAY_SIZE(others));
	assert_call(fd, WAIT("a"), 503, "too many wait");
	assert_call(fd, KILL("a"), 200, "");
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		assert_reply(read_reply(others[i]), 200, KILLED);
		close(others[i]);
	}
	close(fd);
}

static void at_the_end_of_the_daemon_waiters_are_answered(void **state)
{
	int fd = dial(), other = dial();

	(void)state;

	assert_call(fd, LAUNCH("a"), 200, LAUNCHED("a"));
	assert_true(post_bytes(other, WAIT("a"), strlen(WAIT("a"))));
	await_waiters(fd, 1);
	stop_server();
	assert_int_equal(fake.n_waiters, 0);
	assert_reply(read_reply(other), 503, "weir-daemon is ending");
	assert_int_equal(read_reply(fd).status, 0);
	close(fd);
	close(other);
}

#define POLL                                                                                       \
	"{\"type\":\"GET_EVENTS\",\"get_events\":{\"container_id\":{\"value\":\"a\"},\"since\":1," \
	"\"wait_ms\":60000}}"

static void waiting_for_events_lasts_until_there_are_some(void **state)
{
	int fd = dial(), other = dial();
	struct reply reply;
	char byte;

	(void)state;

	assert_call(fd, LAUNCH("a"), 200, LAUNCHED("a"));
	assert_true(post_bytes(other, POLL, strlen(POLL)));
	await_waiters(fd, 1);
	assert_int_equal(recv(other, &byte, 1, MSG_DONTWAIT), -1);
	assert_call(fd, KILL("a"), 200, "");
	reply = read_reply(other);
	assert_int_equal(reply.status, 200);
	assert_non_null(
		strstr(reply.body, "\"kind\":\"ended\",\"container_id\":{\"value\":\"a\"}"));
	assert_null(strstr(reply.body, "launched"));
	free(reply.body);
	assert_call(other, HEALTH, 200, HEALTHY);
	close(fd);
	close(other);
}

static void who_waits_for_events_and_hangs_up_is_forgotten(void **state)
{
	int fd = dial(), others[FAKE_MAX_WAITERS];

	(void)state;

	for (int round = 0; round < 5; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
			others[i] = dial();
			assert_true(post_bytes(others[i], POLL, strlen(POLL)));
		}
		await_waiters(fd, ARRAY_SIZE(others));
		assert_call(fd, POLL, 503, "too many wait");
		for (size_t i = 0; i < ARRAY_SIZE(others); i++)
			close(others[i]);
		await_waiters(fd, 0);
	}
	close(fd);
}

static void at_the_end_of_the_daemon_who_waits_for_events_is_answered(void **state)
{
	int fd = dial(), other = dial();

	(void)state;

	assert_true(post_bytes(other, POLL, strlen(POLL)));
	await_waiters(fd, 1);
	stop_server();
	assert_int_equal(fake.n_events_waiters, 0);
	assert_reply(read_reply(other), 503, "weir-daemon is ending");
	close(fd);
	close(other);
}

static void *hammer(void *data)
{
	static const char *const bodies[] = { HEALTH, LAUNCH("h"), POLL, WAIT("h"), KILL("h") };
	size_t *n = data;

	for (*n = 0;; ++*n) {
		int fd = dial();
		const char *body = bodies[*n % ARRAY_SIZE(bodies)];
		struct reply reply = {};

		if (post_bytes(fd, body, strlen(body)) && *n % 3)
			reply = read_reply(fd);
		close(fd);
		free(reply.body);
		if (__atomic_load_n(&server.stop_fd, __ATOMIC_SEQ_CST) < 0)
			return NULL;
	}
}

static void clients_that_come_and_go_do_not_keep_the_daemon_from_ending(void **state)
{
	int stop_fd = server.stop_fd;
	pthread_t threads[4];
	size_t counts[4];

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hammer, &counts[i]), 0);
	usleep(300000);
	/* First the clients: nobody could connect any more. */
	__atomic_store_n(&server.stop_fd, -1, __ATOMIC_SEQ_CST);
	eventfd_write(stop_fd, 1);
	pthread_join(server.thread, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	server.stop_fd = stop_fd;
	server.event = sd_event_unref(server.event);
	assert_int_equal(fake.n_waiters + fake.n_events_waiters, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(waiting_lasts_until_the_end),
		TEST(a_waiter_that_hangs_up_is_forgotten),
		TEST(a_waiter_that_only_stops_sending_still_hears_the_end),
		TEST(one_waiter_too_many_is_told_so),
		TEST(at_the_end_of_the_daemon_waiters_are_answered),
		TEST(waiting_for_events_lasts_until_there_are_some),
		TEST(who_waits_for_events_and_hangs_up_is_forgotten),
		TEST(at_the_end_of_the_daemon_who_waits_for_events_is_answered),
		TEST(clients_that_come_and_go_do_not_keep_the_daemon_from_ending),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
