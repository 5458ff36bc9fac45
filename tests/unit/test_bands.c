/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "model/bands.h"

#define INF	 WEIR_INFINITE
#define MS	 1000000ULL
#define TICK_NS	 (4 * MS)
#define N_CPUS	 2
#define MAX	 8
#define SECOND	 (1000 * MS / TICK_NS) /* in ticks */
#define ROUNDING 1000 /* ns that a tick's arithmetic may lose, generously */

/*
 * A node without noise: what is in the normal class shares the CPUs by request, what is left goes
 * to the idle class in equal parts, and nobody uses more than one CPU a thread.
 */
struct node {
	struct weir_bands bands;
	uint64_t now_ns;
	unsigned int n_cpus;
	size_t n;
	struct weir_band_member members[MAX];
	unsigned int threads[MAX];
	uint64_t used_ns[MAX], changes[MAX]; /* so far */
};

static void node_init(struct node *node)
{
	*node = (struct node){ .bands = { .params = WEIR_BAND_PARAMS_DEFAULT },
			       .now_ns = 1000 * MS,
			       .n_cpus = N_CPUS };
	weir_bands_glance(&node->bands, 0, N_CPUS, node->now_ns);
	weir_bands_tick(&node->bands, node->now_ns);
}

static size_t node_add(struct node *node, uint64_t request, uint64_t limit, unsigned int threads)
{
	size_t i = node->n++;

	assert_true(i < MAX);
	weir_band_join(&node->bands, request, limit, 0, WEIR_BAND_GUARANTEED, &node->members[i]);
	node->threads[i] = threads;
	return i;
}

/* Hand out @left among those of @band by weight, none more than its threads can use. */
static uint64_t share(const struct node *node, enum weir_band band, uint64_t left,
		      uint64_t got[MAX])
{
	bool open[MAX] = {};
	bool again = true;

	for (size_t i = 0; i < node->n; i++)
		open[i] = node->members[i].band == band && node->threads[i] > 0;
	while (again && left > node->n) {
		uint64_t weights = 0, given = 0;

		again = false;
		for (size_t i = 0; i < node->n; i++)
			weights += open[i] ? (band ? 1 : node->members[i].request_mcpu + 1) : 0;
		for (size_t i = 0; i < node->n && weights > 0; i++) {
			uint64_t weight = band ? 1 : node->members[i].request_mcpu + 1;
			uint64_t part = left * weight / weights;
			uint64_t room = node->threads[i] * TICK_NS - got[i];

			if (!open[i])
				continue;
			open[i] = part < room;
			again = true;
			part = part < room ? part : room;
			got[i] += part;
			given += part;
		}
		left -= given;
	}
	return left;
}

static void node_tick(struct node *node)
{
	uint64_t got[MAX] = {}, idle;

	idle = share(node, WEIR_BAND_GUARANTEED, node->n_cpus * TICK_NS, got);
	idle = share(node, WEIR_BAND_BURST, idle, got);
	idle = idle > node->n ? idle : 0;
	node->now_ns += TICK_NS;
	for (size_t i = 0; i < node->n; i++)
		node->used_ns[i] += got[i];
	if (weir_bands_glance(&node->bands, idle, node->n_cpus, node->now_ns))
		return;
	for (size_t i = 0; i < node->n; i++) {
		const struct weir_band_sample sample = {
			.cpu_ns = node->used_ns[i],
			.waiting = got[i] == 0 && node->threads[i] > 0 &&
				   weir_band_must_ask(&node->bands, &node->members[i]),
		};

		weir_band_sample(&node->bands, &node->members[i], &sample, node->now_ns);
	}
	weir_bands_tick(&node->bands, node->now_ns);
	for (size_t i = 0; i < node->n; i++) {
		enum weir_band band = weir_band_wanted(&node->bands, &node->members[i]);

		node->changes[i] += band != node->members[i].band;
		weir_band_note(&node->bands, &node->members[i], band);
	}
}

static void node_run(struct node *node, uint64_t ms)
{
	for (uint64_t i = 0; i < ms * MS / TICK_NS; i++)
		node_tick(node);
}

#define BAND(i) ((int)node.members[i].band)

static void a_burster_alone_keeps_its_band(void **state)
{
	struct node node;
	size_t burster;

	(void)state;
	node_init(&node);
	burster = node_add(&node, 300, INF, 1);
	node_run(&node, 3000);
	assert_true(node.members[burster].over);
	assert_int_equal(BAND(burster), WEIR_BAND_GUARANTEED);
	assert_int_equal(node.changes[burster], 0);
	assert_in_range(node.members[burster].used_mcpu, 990, 1000);
	assert_string_equal(weir_band_cause(&node.bands, WEIR_BAND_GUARANTEED), "disarmed");
}

/* Nor is it said of anybody that it gives way for what it has not used. */
static void what_it_used_is_known_in_its_first_window(void **state)
{
	struct node node;
	size_t burster;

	(void)state;
	node_init(&node);
	node_add(&node, 1000, INF, 1);
	burster = node_add(&node, 100, INF, 2);
	while (node.members[burster].band == WEIR_BAND_GUARANTEED)
		node_tick(&node);
	assert_true(node.now_ns < 1100 * MS);
	assert_true(weir_band_used_mcpu(&node.members[burster]) > 100);
}

/* Whoever is new is within its request for a moment; from then on nothing is written. */
static void among_bursters_weights_rule(void **state)
{
	struct node node;
	uint64_t before[4];

	(void)state;
	node_init(&node);
	for (size_t i = 0; i < 4; i++)
		node_add(&node, 100 * (i + 1), INF, 2);
	node_run(&node, 3000);
	memcpy(before, node.changes, sizeof(before));
	node_run(&node, 60000);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(BAND(i), WEIR_BAND_GUARANTEED);
		assert_int_equal(node.changes[i], before[i]);
	}
}

static void bursters_give_way_to_a_service_and_come_back(void **state)
{
	struct node node;
	size_t service, burster, none, capped;
	uint64_t before;

	(void)state;
	node_init(&node);
	service = node_add(&node, 1000, INF, 0);
	burster = node_add(&node, 200, INF, 4);
	none = node_add(&node, 0, INF, 4);
	capped = node_add(&node, 100, 100, 0);
	node_run(&node, 1500);
	assert_int_equal(BAND(burster), WEIR_BAND_GUARANTEED);

	/* Half a CPU of one: within its request. */
	for (int i = 0; i < 300; i++) {
		node.threads[service] = i % 2;
		node_tick(&node);
		if (i >= 60)
			assert_int_equal(BAND(none), WEIR_BAND_BURST);
		assert_int_equal(BAND(service), WEIR_BAND_GUARANTEED);
		assert_int_equal(BAND(capped), WEIR_BAND_GUARANTEED);
	}
	assert_true(node.changes[burster] >= 1);
	assert_string_equal(weir_band_cause(&node.bands, WEIR_BAND_BURST), "over-request");
	assert_string_equal(weir_band_cause(&node.bands, WEIR_BAND_GUARANTEED), "within-request");

	/* It sleeps: a second later everybody is back, and stays. */
	node.threads[service] = 0;
	node_run(&node, 1500);
	assert_int_equal(BAND(burster), WEIR_BAND_GUARANTEED);
	assert_int_equal(BAND(none), WEIR_BAND_GUARANTEED);
	before = node.changes[burster] + node.changes[none];
	node_run(&node, 5000);
	assert_int_equal(node.changes[burster] + node.changes[none], before);
}

/* Room for everybody: nobody gives way. */
static void where_there_is_room_nobody_gives_way(void **state)
{
	struct node node;

	(void)state;
	node_init(&node);
	node.n_cpus = 3;
	node_add(&node, 500, INF, 1);
	node_add(&node, 100, INF, 0);
	for (int i = 0; i < 1000; i++) {
		node.threads[1] = i % 4 == 0;
		node_tick(&node);
	}
	assert_int_equal(node.changes[0] + node.changes[1], 0);
}

static void what_has_no_request_gives_way_within_a_tick(void **state)
{
	struct node node;

	(void)state;
	node_init(&node);
	node_add(&node, 1900, INF, 2);
	node_add(&node, 0, INF, 2);
	node_tick(&node);
	assert_true(node.bands.armed);
	assert_int_equal(BAND(1), WEIR_BAND_BURST);
	assert_int_equal(BAND(0), WEIR_BAND_GUARANTEED);
}

static void changes_of_the_node_are_bounded(void **state)
{
	struct weir_bands bands = { .params = WEIR_BAND_PARAMS_DEFAULT };
	struct weir_band_member guaranteed, all[300];
	unsigned int demoted = 0;
	uint64_t now = 5000 * MS;

	(void)state;
	bands.params.max_changes = 50;
	weir_band_join(&bands, 2000, INF, 0, WEIR_BAND_GUARANTEED, &guaranteed);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		weir_band_join(&bands, 0, INF, 0, WEIR_BAND_GUARANTEED, &all[i]);
	weir_bands_glance(&bands, 0, N_CPUS, now);
	weir_bands_tick(&bands, now);
	for (uint64_t ms = 0; ms < 2000; ms += 4) {
		now += TICK_NS;
		weir_band_sample(&bands, &guaranteed, &(struct weir_band_sample){ .waiting = true },
				 now);
		for (size_t i = 0; i < ARRAY_SIZE(all); i++)
			weir_band_sample(&bands, &all[i],
					 &(struct weir_band_sample){ .waiting = true }, now);
		weir_bands_glance(&bands, 0, N_CPUS, now);
		weir_bands_tick(&bands, now);
		for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
			enum weir_band band = weir_band_wanted(&bands, &all[i]);

			demoted += band != all[i].band;
			weir_band_note(&bands, &all[i], band);
		}
	}
	assert_in_range(demoted, 145, 150); /* a second's worth at the start, and two seconds */

	/* Back to normal goes at once, whatever was spent. */
	bands.guaranteed_ns = 0;
	weir_bands_tick(&bands, now + TICK_NS);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		assert_int_equal(weir_band_wanted(&bands, &all[i]), WEIR_BAND_GUARANTEED);
}

static void one_that_is_exempt_never_gives_way(void **state)
{
	struct node node;

	(void)state;
	node_init(&node);
	node_add(&node, 1500, INF, 1);
	node_add(&node, 0, INF, 2);
	node_add(&node, 0, INF, 2);
	node.members[1].exempt = true;
	for (int i = 0; i < 500; i++) {
		node_tick(&node);
		assert_int_equal(BAND(1), WEIR_BAND_GUARANTEED);
	}
	assert_int_equal(BAND(2), WEIR_BAND_BURST);
}

/*
 * The scheduler gives whole slices: one that uses its request exactly does not run for many ticks
 * and then in one go. It waits meanwhile, which is asked for, and so it stays within.
 */
static void a_slice_that_comes_late_is_within_the_request(void **state)
{
	struct weir_bands bands = { .params = WEIR_BAND_PARAMS_DEFAULT };
	struct weir_band_sample sample = {};
	struct weir_band_member member, none;
	uint64_t now = 1000 * MS;

	(void)state;
	weir_bands_glance(&bands, 0, N_CPUS, now);
	weir_bands_tick(&bands, now);
	weir_band_join(&bands, 250, INF, 0, WEIR_BAND_GUARANTEED, &member);
	assert_false(weir_band_must_ask(&bands, &member));
	weir_band_join(&bands, 0, INF, 0, WEIR_BAND_GUARANTEED, &none);
	assert_false(weir_band_must_ask(&bands, &none));

	for (int i = 1; i <= 1000; i++) {
		bool runs = i % 4 == 0;

		now += TICK_NS;
		sample.cpu_ns += runs ? TICK_NS : 0;
		sample.waiting = !runs && weir_band_must_ask(&bands, &member);
		weir_band_sample(&bands, &member, &sample, now);
		weir_bands_glance(&bands, 0, N_CPUS, now);
		weir_bands_tick(&bands, now);
		assert_false(member.over);
	}
	assert_in_range(member.used_mcpu, 230, 290);
}

/*
 * Random histories on a node whose requests fit: over any second in which it had enough threads
 * throughout, each gets its request less half a window and a tick; and bands change seldom.
 */
static void check_history(unsigned int seed)
{
	struct node node;
	uint64_t back[MAX][SECOND] = {}; /* what each had used, a second of ticks ago */
	uint64_t able_since[MAX] = {}, left = N_CPUS * 1000 - 100, ticks = 10 * SECOND;

	srandom(seed);
	node_init(&node);
	for (size_t i = 0, n = 2 + (size_t)random() % (MAX - 2); i < n; i++) {
		uint64_t request = (uint64_t)random() % 5 ? (uint64_t)random() % (left / 2) : 0;

		left -= request;
		node_add(&node, request, INF, (unsigned int)random() % 4);
	}
	for (uint64_t t = 0; t < ticks; t++) {
		node_tick(&node);
		for (size_t i = 0; i < node.n; i++) {
			uint64_t request = node.members[i].request_mcpu;
			uint64_t promised = request * (MS - 50000 - TICK_NS / 1000);
			uint64_t second_ago = back[i][t % SECOND];

			back[i][t % SECOND] = node.used_ns[i];
			if (node.threads[i] * 1000ULL < request)
				able_since[i] = t + 1;
			if (t >= able_since[i] + SECOND)
				assert_true(node.used_ns[i] - second_ago + SECOND * ROUNDING >=
					    promised);
			if (random() % 200 == 0)
				node.threads[i] = (unsigned int)random() % 4;
		}
	}
	/* Down and up again takes a third of a window to save, or an arming of the node. */
	for (size_t i = 0; i < node.n; i++)
		assert_true(node.changes[i] <= ticks / SECOND * 20);
}

static void the_promise_holds_over_random_histories(void **state)
{
	(void)state;
	for (unsigned int seed = 1; seed <= 300; seed++)
		check_history(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burster_alone_keeps_its_band),
		cmocka_unit_test(what_it_used_is_known_in_its_first_window),
		cmocka_unit_test(among_bursters_weights_rule),
		cmocka_unit_test(bursters_give_way_to_a_service_and_come_back),
		cmocka_unit_test(where_there_is_room_nobody_gives_way),
		cmocka_unit_test(what_has_no_request_gives_way_within_a_tick),
		cmocka_unit_test(changes_of_the_node_are_bounded),
		cmocka_unit_test(one_that_is_exempt_never_gives_way),
		cmocka_unit_test(a_slice_that_comes_late_is_within_the_request),
		cmocka_unit_test(the_promise_holds_over_random_histories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
