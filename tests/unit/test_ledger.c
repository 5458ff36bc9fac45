/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "model/ledger.h"

#define MIB (1ULL << 20)
#define GIB (1ULL << 30)

/* Two CPUs and 4 GiB, of which 0.1 and 512 MiB are the system's. */
static struct weir_ledger *new_ledger(size_t max_containers)
{
	static const struct weir_capacity capacity = {
		.total_mcpu = 2000,
		.reserve_mcpu = 100,
		.total_bytes = 4 * GIB,
		.reserve_bytes = 512 * MIB,
	};
	struct weir_ledger *ledger = NULL;
	struct weir_error err = {};

	assert_int_equal(weir_ledger_new(&capacity, max_containers, &ledger, &err), 0);
	return ledger;
}

static struct weir_figures requests(uint64_t mcpu, uint64_t bytes)
{
	return (struct weir_figures){
		.cpu_request_mcpu = mcpu,
		.cpu_limit_mcpu = WEIR_INFINITE,
		.mem_request_bytes = bytes,
		.mem_limit_bytes = WEIR_INFINITE,
	};
}

static struct weir_container *new_container(const char *id, uint64_t mcpu, uint64_t bytes)
{
	struct weir_container *container = weir_container_new(id);

	assert_non_null(container);
	container->figures = requests(mcpu, bytes);
	return container;
}

static struct weir_container *admit(struct weir_ledger *ledger, const char *id, uint64_t mcpu,
				    uint64_t bytes)
{
	struct weir_container *container = new_container(id, mcpu, bytes);
	struct weir_error err = {};

	assert_int_equal(weir_ledger_admit(ledger, container, &err), 0);
	return container;
}

/* Admission of such a container fails with @code and, whole, @complaint. */
static void assert_refused(struct weir_ledger *ledger, const char *id, uint64_t mcpu,
			   uint64_t bytes, int code, const char *complaint)
{
	scoped(weir_container_freep) struct weir_container *container =
		new_container(id, mcpu, bytes);
	struct weir_error err = {};

	assert_int_equal(weir_ledger_admit(ledger, container, &err), code);
	assert_string_equal(err.text, complaint);
}

static void assert_requested(const struct weir_ledger *ledger, uint64_t mcpu, uint64_t bytes)
{
	uint64_t got_mcpu, got_bytes;

	weir_ledger_requested(ledger, &got_mcpu, &got_bytes);
	assert_int_equal(got_mcpu, mcpu);
	assert_int_equal(got_bytes, bytes);
}

static void a_reserve_above_the_total_is_refused(void **state)
{
	struct weir_capacity capacity = { .total_mcpu = 2000, .reserve_mcpu = 3000 };
	struct weir_ledger *ledger = NULL;
	struct weir_error err = {};

	(void)state;

	assert_int_equal(weir_ledger_new(&capacity, 10, &ledger, &err), -EINVAL);
	assert_string_equal(err.text, "the reserve of 3 cpus exceeds the node's 2");

	capacity = (struct weir_capacity){ .total_bytes = GIB, .reserve_bytes = 2 * GIB };
	assert_int_equal(weir_ledger_new(&capacity, 10, &ledger, &err), -EINVAL);
	assert_string_equal(err.text, "the reserve of 2Gi mem exceeds the node's 1Gi");
	assert_null(ledger);
	assert_null(weir_ledger_free(NULL));
}

static void containers_are_kept_in_order_of_id(void **state)
{
	scoped(weir_ledger_freep) struct weir_ledger *ledger = new_ledger(100);
	struct weir_container *const *all;
	size_t n;

	(void)state;

	/* 7 and 50 have no common divisor: each id once, in a jumble. */
	for (int i = 0; i < 50; i++) {
		char id[32];

		snprintf(id, sizeof(id), "c%02d", i * 7 % 50);
		admit(ledger, id, 1, MIB);
	}
	all = weir_ledger_all(ledger, &n);
	assert_int_equal(n, 50);
	for (size_t i = 0; i < n; i++) {
		char id[32];

		snprintf(id, sizeof(id), "c%02zu", i);
		assert_string_equal(all[i]->id, id);
		assert_ptr_equal(weir_ledger_find(ledger, id), all[i]);
	}
	assert_null(weir_ledger_find(ledger, "c"));
	assert_null(weir_ledger_find(ledger, "c255"));
	assert_null(weir_ledger_find(ledger, "zzz"));
	assert_requested(ledger, 50, 50 * MIB);
}

static void an_id_is_taken_until_its_record_is_removed(void **state)
{
	scoped(weir_ledger_freep) struct weir_ledger *ledger = new_ledger(10);
	struct weir_container *web = admit(ledger, "web", 500, GIB);

	(void)state;

	assert_refused(ledger, "web", 1, MIB, -EEXIST,
		       "container 'web': the id is taken (launching)");
	weir_ledger_release(ledger, web);
	assert_refused(ledger, "web", 1, MIB, -EEXIST, "container 'web': the id is taken (exited)");
	weir_ledger_remove(ledger, web);
	weir_container_free(web);
	admit(ledger, "web", 1, MIB);
}

static void records_have_a_ceiling(void **state)
{
	scoped(weir_ledger_freep) struct weir_ledger *ledger = new_ledger(2);

	(void)state;

	weir_ledger_release(ledger, admit(ledger, "a", 1, MIB));
	admit(ledger, "b", 1, MIB);
	assert_refused(ledger, "c", 1, MIB, -EDQUOT,
		       "container 'c': 2 containers are on record, which is the most; "
		       "remove some that have exited");
}

static void the_last_bit_of_room_can_be_had(void **state)
{
	scoped(weir_ledger_freep) struct weir_ledger *ledger = new_ledger(10);

	(void)state;

	admit(ledger, "a", 1000, GIB);
	admit(ledger, "b", 900, 4 * GIB - 512 * MIB - GIB);
	admit(ledger, "c", 0, 0);
	assert_refused(ledger, "d", 1, 0, -ENOSPC,
		       "container 'd': wants 0.001 cpus, 0 free of 2 (0.1 reserved); "
		       "held by: a 1, b 0.9");
}

static void a_full_node_says_what_is_wanted_and_free_and_who_holds_the_rest(void **state)
{
	scoped(weir_ledger_freep) struct weir_ledger *ledger = new_ledger(10);

	(void)state;

	assert_refused(ledger, "x", 2000, 0, -ENOSPC,
		       "container 'x': wants 2 cpus, 1.9 free of 2 (0.1 reserved)");

	admit(ledger, "b", 500, 0);
	admit(ledger, "a", 1000, GIB);
	assert_refused(ledger, "x", 1500, 0, -ENOSPC,
		       "container 'x': wants 1.5 cpus, 0.4 free of 2 (0.1 reserved); "
		       "held by: a 1, b 0.5");
	assert_refused(ledger, "x", 400, 3 * GIB, -ENOSPC,
		       "container 'x': wants 3Gi mem, 2560Mi free of 4Gi (512Mi reserved); "
		       "held by: a 1Gi");
	assert_refused(ledger, "x", 401, 3 * GIB, -ENOSPC,
		       "container 'x': wants 0.401 cpus, 0.4 free of 2 (0.1 reserved); "
		       "held by: a 1, b 0.5; "
		       "wants 3Gi mem, 2560Mi free of 4Gi (512Mi reserved); held by: a 1Gi");
	assert_requested(ledger, 1500, GIB);
}

static void the_five_largest_holders_are_named(void **state)
{
	static const uint64_t mcpu[] = { 100, 300, 50, 300, 200, 400, 10, 150 };
	scoped(weir_ledger_freep) struct weir_ledger *ledger = new_ledger(20);
	char id[] = "a";

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(mcpu); i++, id[0]++)
		admit(ledger, id, mcpu[i], 0);
	/* Neither of these holds any. */
	admit(ledger, "none", 0, GIB);
	weir_ledger_release(ledger, admit(ledger, "gone", 390, 0));

	assert_refused(ledger, "x", 1000, 0, -ENOSPC,
		       "container 'x': wants 1 cpus, 0.39 free of 2 (0.1 reserved); "
		       "held by: f 0.4, b 0.3, d 0.3, e 0.2, h 0.15 and 3 more");
}

static void a_change_counts_its_own_request_as_free(void **state)
{
	scoped(weir_ledger_freep) struct weir_ledger *ledger = new_ledger(10);
	struct weir_container *a = admit(ledger, "a", 1000, GIB);
	struct weir_figures figures = requests(1400, GIB);
	struct weir_error err = {};

	(void)state;

	admit(ledger, "b", 500, 0);
	assert_int_equal(weir_ledger_check_change(ledger, a, &figures, &err), 0);
	assert_requested(ledger, 1500, GIB); /* nothing is changed by asking */
	weir_ledger_change(ledger, a, &figures);
	assert_requested(ledger, 1900, GIB);

	figures = requests(1401, GIB);
	assert_int_equal(weir_ledger_check_change(ledger, a, &figures, &err), -ENOSPC);
	assert_string_equal(err.text,
			    "container 'a': wants 1.401 cpus, 1.4 free of 2 (0.1 reserved); "
			    "held by: b 0.5");

	figures = requests(200, 2 * GIB);
	assert_int_equal(weir_ledger_check_change(ledger, a, &figures, &err), 0);
	weir_ledger_change(ledger, a, &figures);
	assert_requested(ledger, 700, 2 * GIB);
	assert_int_equal(a->figures.mem_request_bytes, 2 * GIB);
}

static void what_has_exited_no_longer_counts(void **state)
{
	scoped(weir_ledger_freep) struct weir_ledger *ledger = new_ledger(10);
	struct weir_container *a = admit(ledger, "a", 1900, GIB);
	struct weir_figures figures = requests(5000, GIB);
	struct weir_error err = {};

	(void)state;

	weir_ledger_release(ledger, a);
	assert_int_equal(a->state, WEIR_STATE_EXITED);
	assert_requested(ledger, 0, 0);
	weir_ledger_release(ledger, a);
	assert_requested(ledger, 0, 0);

	assert_int_equal(weir_ledger_check_change(ledger, a, &figures, &err), 0);
	weir_ledger_change(ledger, a, &figures);
	assert_requested(ledger, 0, 0);

	admit(ledger, "b", 1900, GIB);
	weir_ledger_remove(ledger, a);
	weir_container_free(a);
	assert_requested(ledger, 1900, GIB);
}

static void what_runs_already_is_adopted_even_on_a_full_node(void **state)
{
	scoped(weir_ledger_freep) struct weir_ledger *ledger = new_ledger(1);
	struct weir_container *a = new_container("a", 3000, 5 * GIB);
	scoped(weir_container_freep) struct weir_container *again = new_container("a", 1, 1);
	struct weir_container *gone = new_container("gone", 3000, 5 * GIB);
	struct weir_figures figures = requests(2900, 5 * GIB);
	struct weir_error err = {};

	(void)state;

	gone->state = WEIR_STATE_EXITED;
	assert_int_equal(weir_ledger_adopt(ledger, a, &err), 0);
	assert_int_equal(weir_ledger_adopt(ledger, gone, &err), 0);
	assert_int_equal(weir_ledger_adopt(ledger, again, &err), -EEXIST);
	assert_requested(ledger, 3000, 5 * GIB);

	/* It may shrink, though it still does not fit, but not grow. */
	assert_int_equal(weir_ledger_check_change(ledger, a, &figures, &err), 0);
	figures = requests(3001, 5 * GIB);
	assert_int_equal(weir_ledger_check_change(ledger, a, &figures, &err), -ENOSPC);
	assert_string_equal(err.text,
			    "container 'a': wants 3.001 cpus, 1.9 free of 2 (0.1 reserved)");
}

static void an_overfull_node_has_no_room_rather_than_less(void **state)
{
	scoped(weir_ledger_freep) struct weir_ledger *ledger = new_ledger(10);
	struct weir_error err = {};

	(void)state;

	assert_int_equal(weir_ledger_adopt(ledger, new_container("a", 3000, 0), &err), 0);
	assert_refused(ledger, "b", 1, MIB, -ENOSPC,
		       "container 'b': wants 0.001 cpus, 0 free of 2 (0.1 reserved); "
		       "held by: a 3");
	admit(ledger, "c", 0, MIB);
}

static void a_thousand_comings_and_goings_leave_no_crumbs(void **state)
{
	scoped(weir_ledger_freep) struct weir_ledger *ledger = new_ledger(10);
	struct weir_error err = {};
	uint64_t tenth, fifth, sum, tenth_mib;

	(void)state;

	assert_int_equal(weir_scalar_to_mcpu(0.1, false, "cpus", &tenth, &err), 0);
	assert_int_equal(weir_scalar_to_mcpu(0.2, false, "cpus", &fifth, &err), 0);
	assert_int_equal(weir_scalar_to_mcpu(0.3, false, "cpus", &sum, &err), 0);
	assert_int_equal(weir_scalar_to_bytes(32.1, false, "mem", &tenth_mib, &err), 0);

	for (int i = 0; i < 1000; i++) {
		struct weir_container *a = admit(ledger, "a", tenth, tenth_mib);
		struct weir_container *b = admit(ledger, "b", fifth, tenth_mib);

		assert_requested(ledger, sum, 2 * tenth_mib);
		/* Exited first, or straight out: both give back what was taken. */
		if (i % 2)
			weir_ledger_release(ledger, a);
		weir_ledger_remove(ledger, a);
		weir_container_free(a);
		weir_ledger_remove(ledger, b);
		weir_container_free(b);
		assert_requested(ledger, 0, 0);
	}
	assert_int_equal(weir_ledger_capacity(ledger)->total_mcpu, 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reserve_above_the_total_is_refused),
		cmocka_unit_test(containers_are_kept_in_order_of_id),
		cmocka_unit_test(an_id_is_taken_until_its_record_is_removed),
		cmocka_unit_test(records_have_a_ceiling),
		cmocka_unit_test(the_last_bit_of_room_can_be_had),
		cmocka_unit_test(a_full_node_says_what_is_wanted_and_free_and_who_holds_the_rest),
		cmocka_unit_test(the_five_largest_holders_are_named),
		cmocka_unit_test(a_change_counts_its_own_request_as_free),
		cmocka_unit_test(what_has_exited_no_longer_counts),
		cmocka_unit_test(what_runs_already_is_adopted_even_on_a_full_node),
		cmocka_unit_test(an_overfull_node_has_no_room_rather_than_less),
		cmocka_unit_test(a_thousand_comings_and_goings_leave_no_crumbs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
