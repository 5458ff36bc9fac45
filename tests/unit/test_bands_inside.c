/* SPDX-License-Identifier: Apache-2.0 */
/* The bands of containers that lie below one group: when that comes back with all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "model/bands.h"

#define INF	WEIR_INFINITE
#define MS	1000000ULL
#define TICK_NS (4 * MS)
#define N_CPUS	2

/* One that gives way beside one that keeps its own, in a parent that is in the idle class, too. */
struct inside {
	struct weir_bands bands;
	struct weir_band_member service, burster;
	uint64_t now_ns, burster_ns;
};

static void inside_tick(struct inside *inside, bool service_waits)
{
	struct weir_band_sample service = {
		.waiting = service_waits && weir_band_must_ask(&inside->bands, &inside->service),
		.cpu_ns = inside->service.cpu_ns + (service_waits ? 0 : TICK_NS / 4),
	};

	inside->now_ns += TICK_NS;
	inside->burster_ns += TICK_NS;
	weir_band_sample(&inside->bands, &inside->service, &service, inside->now_ns);
	weir_band_sample(&inside->bands, &inside->burster,
			 &(struct weir_band_sample){ .cpu_ns = inside->burster_ns },
			 inside->now_ns);
	weir_bands_glance(&inside->bands, 0, N_CPUS, inside->now_ns);
	weir_bands_tick(&inside->bands, inside->now_ns);
}

static void inside_init(struct inside *inside, enum weir_band parent)
{
	*inside =
		(struct inside){ .bands = { .params = WEIR_BAND_PARAMS_DEFAULT, .parent = parent },
				 .now_ns = 1000 * MS };
	weir_bands_glance(&inside->bands, 0, N_CPUS, inside->now_ns);
	weir_bands_tick(&inside->bands, inside->now_ns);
	weir_band_join(&inside->bands, 500, INF, 0, WEIR_BAND_GUARANTEED, &inside->service);
	weir_band_join(&inside->bands, 0, INF, 0, WEIR_BAND_BURST, &inside->burster);
	for (int i = 0; i < 20; i++)
		inside_tick(inside, false);
	assert_int_equal(weir_band_wanted(&inside->bands, &inside->burster), WEIR_BAND_BURST);
}

static void all_come_back_when_one_inside_is_short(void **state)
{
	struct inside inside;

	(void)state;
	inside_init(&inside, WEIR_BAND_BURST);
	/* To have just come is not to starve, nor is to get a little. */
	for (int i = 0; i < 20; i++) {
		inside_tick(&inside, i % 2 == 0);
		assert_int_equal(weir_band_wanted(&inside.bands, &inside.burster), WEIR_BAND_BURST);
	}
	inside_tick(&inside, true);
	inside_tick(&inside, true);
	assert_int_equal(weir_band_wanted(&inside.bands, &inside.burster), WEIR_BAND_GUARANTEED);
	assert_string_equal(weir_band_cause(&inside.bands, WEIR_BAND_GUARANTEED), "short-inside");

	/* For a window. */
	inside.bands.parent = WEIR_BAND_GUARANTEED;
	for (int i = 0; i < 24; i++) {
		inside_tick(&inside, false);
		assert_int_equal(weir_band_wanted(&inside.bands, &inside.burster),
				 WEIR_BAND_GUARANTEED);
	}
	inside_tick(&inside, false);
	assert_int_equal(weir_band_wanted(&inside.bands, &inside.burster), WEIR_BAND_BURST);
}

static void who_has_saved_little_is_not_short(void **state)
{
	struct inside inside;

	(void)state;
	inside_init(&inside, WEIR_BAND_BURST);
	inside.service.bucket_ns = 60 * MS;
	inside_tick(&inside, true);
	inside_tick(&inside, true);
	assert_int_equal(weir_band_wanted(&inside.bands, &inside.burster), WEIR_BAND_BURST);
}

static void at_the_top_nobody_waits_for_a_parent(void **state)
{
	struct inside inside;

	(void)state;
	inside_init(&inside, WEIR_BAND_GUARANTEED);
	assert_false(weir_band_must_ask(&inside.bands, &inside.service));
	for (int i = 0; i < 20; i++)
		inside_tick(&inside, true);
	assert_int_equal(weir_band_wanted(&inside.bands, &inside.burster), WEIR_BAND_BURST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_come_back_when_one_inside_is_short),
		cmocka_unit_test(who_has_saved_little_is_not_short),
		cmocka_unit_test(at_the_top_nobody_waits_for_a_parent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
