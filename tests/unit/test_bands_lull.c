/* SPDX-License-Identifier: Apache-2.0 */
/* What the planner keeps, and leaves out, when nothing happens: over a restart, and while CPUs are idle. */
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

static void where_a_cpu_was_idle_nobody_is_asked(void **state)
{
	struct weir_bands bands = { .params = WEIR_BAND_PARAMS_DEFAULT };
	uint64_t now = 5000 * MS, idle = TICK_NS;

	(void)state;
	weir_bands_tick(&bands, 0, N_CPUS, now);
	assert_true(weir_bands_has_room(&bands, idle, N_CPUS, now + TICK_NS));
	assert_false(weir_bands_has_room(&bands, 0, N_CPUS, now + TICK_NS));

	/* From a full tick on it is asked, until there was room for as long as it lingers. */
	now += TICK_NS;
	weir_bands_tick(&bands, 0, N_CPUS, now);
	for (uint64_t ms = 0; ms < 1000; ms += 4) {
		assert_false(weir_bands_has_room(&bands, idle, N_CPUS, now + TICK_NS));
		now += TICK_NS;
		weir_bands_tick(&bands, idle, N_CPUS, now);
	}
	assert_true(weir_bands_has_room(&bands, idle, N_CPUS, now + TICK_NS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_restart_goes_on_with_what_was_saved),
		cmocka_unit_test(where_a_cpu_was_idle_nobody_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
