/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/mailbox.h"
#include "base/error.h"

#define N_LETTERS 1000

struct letter {
	struct weir_mail mail;
	int number;
};

struct world {
	sd_event *event;
	struct weir_mailbox *mailbox;
	struct letter letters[N_LETTERS];
	int n_delivered;
};

static void on_mail(struct weir_mail *mail, void *data)
{
	struct world *world = data;

	assert_int_equal(((struct letter *)mail)->number, world->n_delivered);
	world->n_delivered++;
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct weir_error err = {};

	if (!world || sd_event_new(&world->event) < 0)
		return -1;
	for (int i = 0; i < N_LETTERS; i++)
		world->letters[i].number = i;
	*state = world;
	return weir_mailbox_new(world->event, N_LETTERS, on_mail, world, &world->mailbox, &err);
}

static int teardown(void **state)
{
	struct world *world = *state;

	weir_mailbox_free(world->mailbox);
	sd_event_unref(world->event);
	free(world);
	return 0;
}

static void *post_all(void *data)
{
	struct world *world = data;

	for (int i = 0; i < N_LETTERS; i++)
		assert_int_equal(weir_mailbox_post(world->mailbox, &world->letters[i].mail), 0);
	return NULL;
}

static void letters_of_another_thread_arrive_in_order(void **state)
{
	struct world *world = *state;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, post_all, world), 0);
	while (world->n_delivered < N_LETTERS)
		assert_true(sd_event_run(world->event, UINT64_MAX) >= 0);
	pthread_join(thread, NULL);
	assert_int_equal(sd_event_run(world->event, 0), 0);
}

static void one_turn_of_the_loop_delivers_one_letter(void **state)
{
	struct world *world = *state;

	for (int i = 0; i < 3; i++)
		weir_mailbox_post(world->mailbox, &world->letters[i].mail);
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(sd_event_run(world->event, 0), 1);
		assert_int_equal(world->n_delivered, i);
	}
	assert_int_equal(sd_event_run(world->event, 0), 0);
}

static void a_full_box_takes_nothing(void **state)
{
	struct world *world = *state;
	struct letter more = {};

	post_all(world);
	assert_int_equal(weir_mailbox_post(world->mailbox, &more.mail), -ENOBUFS);
	assert_int_equal(sd_event_run(world->event, 0), 1);
	assert_int_equal(weir_mailbox_post(world->mailbox, &more.mail), 0);
}

static void a_closed_box_gives_back_what_it_holds(void **state)
{
	struct world *world = *state;
	struct weir_mail *mail;

	weir_mailbox_post(world->mailbox, &world->letters[0].mail);
	weir_mailbox_post(world->mailbox, &world->letters[1].mail);
	mail = weir_mailbox_close(world->mailbox);
	assert_ptr_equal(mail, &world->letters[0].mail);
	assert_ptr_equal(mail->next, &world->letters[1].mail);
	assert_null(mail->next->next);
	assert_int_equal(weir_mailbox_post(world->mailbox, &world->letters[2].mail), -ESHUTDOWN);
	assert_int_equal(sd_event_run(world->event, 0), 1); /* woken for nothing */
	assert_int_equal(world->n_delivered, 0);
	assert_null(weir_mailbox_close(world->mailbox));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(letters_of_another_thread_arrive_in_order),
		TEST(one_turn_of_the_loop_delivers_one_letter),
		TEST(a_full_box_takes_nothing),
		TEST(a_closed_box_gives_back_what_it_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
