/* SPDX-License-Identifier: Apache-2.0 */
/* What the planner keeps, and leaves out: over a restart, over other figures, and while CPUs are idle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/bands.h"

#define INF	WEIR_INFINITE
#define MS	1000000ULL
#define TICK_NS (4 * MS)
#define N_CPUS	2

static void a_restart_goes_on_with_what_was_saved(void **state)
{
	struct weir_bands bands = { .params = WEIR_BAND_PARAMS_DEFAULT };
	struct weir_band_member member;

	(void)state;
	weir_band_join(&bands, 600, INF, 7, WEIR_BAND_GUARANTEED, &member);
	weir_band_adopt(&bands, &member, 5 * MS);
	assert_int_equal(member.bucket_ns, 5 * MS);
	assert_false(member.over);
	weir_band_adopt(&bands, &member, 0);
	assert_true(member.over);
	weir_band_adopt(&bands, &member, 1000 * MS);
	assert_int_equal(member.bucket_ns, 120 * MS);
	assert_false(member.over);

	weir_band_join(&bands, 600, INF, 7, WEIR_BAND_BURST, &member);
	weir_band_adopt(&bands, &member, 13 * MS);
	assert_int_equal(member.bucket_ns, 13 * MS);
	assert_true(member.over);
	weir_band_adopt(&bands, &member, 20 * MS);
	assert_false(member.over);
}

static void other_figures_leave_what_was_saved(void **state)
{
	struct weir_bands bands = { .params = WEIR_BAND_PARAMS_DEFAULT };
	struct weir_band_member member;

	(void)state;
	weir_band_join(&bands, 1000, INF, 0, WEIR_BAND_GUARANTEED, &member);
	assert_int_equal(member.bucket_ns, 200 * MS);
	weir_band_change(&bands, &member, 100, INF);
	assert_int_equal(member.bucket_ns, 20 * MS);
	weir_band_change(&bands, &member, 0, INF);
	assert_true(member.over);
	/* Nothing saved, so a request that comes anew has to wait for it. */
	weir_band_change(&bands, &member, 500, INF);
	assert_true(member.over);
	weir_band_change(&bands, &member, 500, 500);
	assert_false(member.over);
}

static void where_a_cpu_was_idle_nobody_is_asked(void **state)
{
	struct weir_bands bands = { .params = WEIR_BAND_PARAMS_DEFAULT };
	uint64_t now = 5000 * MS, idle = TICK_NS;

	(void)state;
	weir_bands_glance(&bands, 0, N_CPUS, now);
	weir_bands_tick(&bands, now);
	now += TICK_NS;
	weir_bands_glance(&bands, idle, N_CPUS, now);
	assert_true(weir_bands_has_room(&bands));

	/* From a full tick on it is asked, until there was room for as long as it lingers. */
	now += TICK_NS;
	weir_bands_glance(&bands, 0, N_CPUS, now);
	for (uint64_t ms = 0; ms < 1000; ms += 4) {
		assert_false(weir_bands_has_room(&bands));
		now += TICK_NS;
		weir_bands_glance(&bands, idle, N_CPUS, now);
		weir_bands_tick(&bands, now);
	}
	assert_true(weir_bands_has_room(&bands));
}

/* Too short to fill a tick, often enough to be in the way. */
static void who_is_delayed_arms_the_node(void **state)
{
	struct weir_bands bands = { .params = WEIR_BAND_PARAMS_DEFAULT };
	struct weir_band_sample sample = {};
	struct weir_band_member service, burster;
	uint64_t now = 5000 * MS;

	(void)state;
	weir_band_join(&bands, 1000, INF, 0, WEIR_BAND_GUARANTEED, &service);
	weir_band_join(&bands, 0, INF, 0, WEIR_BAND_GUARANTEED, &burster);
	weir_bands_glance(&bands, 0, N_CPUS, now);
	weir_bands_tick(&bands, now);
	for (int i = 0; i < 600; i++) {
		now += TICK_NS;
		sample.cpu_ns += TICK_NS / 2;
		sample.delayed = i == 100;
		weir_band_sample(&bands, &service, &sample, now);
		/* That a burster waits for others is what it is there for. */
		sample.delayed = true;
		weir_band_sample(&bands, &burster, &sample, now);
		weir_bands_glance(&bands, TICK_NS, N_CPUS, now);
		weir_bands_tick(&bands, now);
		assert_int_equal(weir_band_wanted(&bands, &burster),
				 i >= 100 && i < 350 ? WEIR_BAND_BURST : WEIR_BAND_GUARANTEED);
	}
}

/* @n ticks with so much idle time in each. */
static void idle_ticks(struct weir_bands *bands, uint64_t *now, unsigned int n, uint64_t idle)
{
	while (n-- > 0) {
		*now += TICK_NS;
		weir_bands_glance(bands, idle, N_CPUS, *now);
		weir_bands_tick(bands, *now);
	}
}

/* A node that is used by a quarter is looked at as often as a full one: it may be full in between. */
static void a_node_in_use_is_not_calm(void **state)
{
	struct weir_bands bands = { .params = WEIR_BAND_PARAMS_DEFAULT };
	uint64_t now = 5000 * MS, all = N_CPUS * TICK_NS;

	(void)state;
	weir_bands_glance(&bands, 0, N_CPUS, now);
	weir_bands_tick(&bands, now);
	idle_ticks(&bands, &now, 50, all * 7 / 8);
	assert_true(weir_bands_calm(&bands));
	/* What takes a tick now and then is no use of a quarter. */
	for (int i = 0; i < 20; i++) {
		idle_ticks(&bands, &now, 1, all / 4);
		idle_ticks(&bands, &now, 25, all);
		assert_true(weir_bands_calm(&bands));
	}
	idle_ticks(&bands, &now, 50, all / 2);
	assert_false(weir_bands_calm(&bands));
	idle_ticks(&bands, &now, 300, all);
	assert_true(weir_bands_calm(&bands));
}

/* Glances for @ms, one each @step ms, @idle eighths of the time idle; returns how many called for a look. */
static unsigned int looks(struct weir_bands *bands, uint64_t *now, uint64_t ms, uint64_t step,
			  uint64_t idle)
{
	unsigned int n = 0;

	for (uint64_t at = 0; at < ms; at += step) {
		*now += step * MS;
		if (weir_bands_glance(bands, N_CPUS * step * MS / 8 * idle, N_CPUS, *now))
			continue;
		weir_bands_tick(bands, *now);
		n++;
	}
	return n;
}

static void while_all_have_room_sleepers_are_let_be(void **state)
{
	struct weir_bands bands = { .params = WEIR_BAND_PARAMS_DEFAULT };
	uint64_t now = 5000 * MS;

	(void)state;
	/* The first only looks. After it: once a second. */
	assert_false(weir_bands_glance(&bands, 0, N_CPUS, now));
	weir_bands_tick(&bands, now);
	assert_int_equal(looks(&bands, &now, 10000, 100, 8), 10);
	/* In use: once in a window. Full, for however short: at each glance, for as long as it lingers. */
	assert_int_equal(looks(&bands, &now, 2000, 4, 5), 20);
	assert_in_range(looks(&bands, &now, 10000, 100, 8), 18, 20);
	assert_int_equal(looks(&bands, &now, 4, 4, 0), 1);
	assert_int_equal(looks(&bands, &now, 960, 4, 5), 240);
	assert_in_range(looks(&bands, &now, 10000, 100, 8), 18, 20);
}

/* Whoever was let be for a second used a second's worth of its request, and is within it. */
static void a_look_that_comes_late_is_fair(void **state)
{
	struct weir_bands bands = { .params = WEIR_BAND_PARAMS_DEFAULT };
	struct weir_band_sample service_is = {}, burster_is = {};
	struct weir_band_member service, burster;
	uint64_t now = 5000 * MS;

	(void)state;
	weir_band_join(&bands, 500, INF, 0, WEIR_BAND_GUARANTEED, &service);
	weir_band_join(&bands, 500, INF, 0, WEIR_BAND_GUARANTEED, &burster);
	weir_bands_glance(&bands, 0, N_CPUS, now);
	weir_bands_tick(&bands, now);
	for (int i = 0; i < 5; i++) {
		now += 1000 * MS;
		service_is.cpu_ns += 490 * MS;
		burster_is.cpu_ns += 800 * MS;
		weir_bands_glance(&bands, 700 * MS, N_CPUS, now);
		weir_band_sample(&bands, &service, &service_is, now);
		weir_band_sample(&bands, &burster, &burster_is, now);
		weir_bands_tick(&bands, now);
		assert_false(service.over);
		assert_true(burster.over);
	}
}

/* @cycle: works for @on of so many ticks, sleeps for the rest. Returns in how many of @n it was over. */
static unsigned int cycles(struct weir_bands *bands, struct weir_band_member *member, uint64_t *now,
			   unsigned int n, unsigned int on, unsigned int cycle)
{
	struct weir_band_sample sample = { .cpu_ns = member->cpu_ns };
	unsigned int over = 0;

	for (unsigned int i = 0; i < n; i++) {
		*now += TICK_NS;
		sample.cpu_ns += i % cycle < on ? TICK_NS : 0;
		weir_band_sample(bands, member, &sample, *now);
		weir_bands_glance(bands, 0, N_CPUS, *now);
		weir_bands_tick(bands, *now);
		over += member->over;
	}
	return over;
}

/* A CPU is faster than half of one: while it works it draws on what was saved while it slept. */
static void who_sleeps_for_most_of_the_time_is_within_its_request(void **state)
{
	struct weir_bands bands = { .params = WEIR_BAND_PARAMS_DEFAULT };
	struct weir_band_member service;
	uint64_t now = 5000 * MS;

	(void)state;
	weir_band_join(&bands, 500, INF, 0, WEIR_BAND_GUARANTEED, &service);
	weir_bands_glance(&bands, 0, N_CPUS, now);
	weir_bands_tick(&bands, now);
	assert_int_equal(cycles(&bands, &service, &now, 2500, 3, 25), 0);
	/* Once it works all the time it is over, and a while after that it is not any more. */
	assert_true(cycles(&bands, &service, &now, 250, 25, 25) > 150);
	cycles(&bands, &service, &now, 500, 3, 25);
	assert_int_equal(cycles(&bands, &service, &now, 2500, 3, 25), 0);
}

static void who_bursts_half_of_the_time_saves_nothing_by_sleeping(void **state)
{
	static const unsigned int periods[] = { 2, 10, 50, 100 }; /* ticks */
	struct weir_bands bands = { .params = WEIR_BAND_PARAMS_DEFAULT };
	struct weir_band_member burster;
	uint64_t now = 5000 * MS;

	(void)state;
	for (size_t i = 0; i < sizeof(periods) / sizeof(periods[0]); i++) {
		weir_band_join(&bands, 200, INF, 0, WEIR_BAND_GUARANTEED, &burster);
		weir_bands_glance(&bands, 0, N_CPUS, now);
		weir_bands_tick(&bands, now);
		cycles(&bands, &burster, &now, 1000, periods[i] / 2, periods[i]);
		assert_int_equal(cycles(&bands, &burster, &now, 2500, periods[i] / 2, periods[i]),
				 2500);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_restart_goes_on_with_what_was_saved),
		cmocka_unit_test(other_figures_leave_what_was_saved),
		cmocka_unit_test(where_a_cpu_was_idle_nobody_is_asked),
		cmocka_unit_test(who_is_delayed_arms_the_node),
		cmocka_unit_test(a_node_in_use_is_not_calm),
		cmocka_unit_test(while_all_have_room_sleepers_are_let_be),
		cmocka_unit_test(a_look_that_comes_late_is_fair),
		cmocka_unit_test(who_sleeps_for_most_of_the_time_is_within_its_request),
		cmocka_unit_test(who_bursts_half_of_the_time_saves_nothing_by_sleeping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
