/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "model/plan.h"

#define MIB (1ULL << 20)
#define INF WEIR_INFINITE
#define NO  WEIR_ABSENT

/* Plan, check it against @expected ("a = 1; b = 2"), carry it out. Returns what is pending. */
static uint64_t plan_held(const struct weir_figures *want, struct weir_applied *have,
			  uint64_t current, uint64_t hold, const char *expected)
{
	struct weir_plan plan = {};
	uint64_t pending = 7;
	scoped(weir_buffer_done) struct weir_buffer list = WEIR_BUFFER_INIT(1000);
	scoped(freep) char *text = NULL;
	char one[64];

	weir_plan_static(want, have, current, hold, &plan, &pending);
	assert_true(plan.n <= WEIR_PLAN_MAX);
	for (size_t i = 0; i < plan.n; i++) {
		weir_buffer_add_text(&list, i ? "; " : "");
		weir_buffer_add_text(&list, weir_action_text(&plan.actions[i], one, sizeof(one)));
		weir_applied_note(have, &plan.actions[i]);
		/* The kernel's rule, at each step. */
		assert_true(have->cpu_max_mcpu == NO || have->cpu_burst_mcpu == NO ||
			    have->cpu_burst_mcpu <= have->cpu_max_mcpu);
	}
	text = weir_buffer_take_text(&list);
	if (expected)
		assert_string_equal(text, expected);
	return pending;
}

static uint64_t plan_and_apply(const struct weir_figures *want, struct weir_applied *have,
			       uint64_t current, const char *expected)
{
	return plan_held(want, have, current, INF, expected);
}

/* A group in which request 0.5 and limit 2, and these memory figures, are in force. */
static struct weir_applied in_force(uint64_t low, uint64_t high, uint64_t max)
{
	return (struct weir_applied){
		.cpu_weight_mcpu = 500,
		.cpu_max_mcpu = 2000,
		.mem_low_bytes = low,
		.mem_high_bytes = high,
		.mem_max_bytes = max,
		.oom_group = 1,
		.pids_max = INF,
	};
}

static struct weir_figures figures(uint64_t mem_request, uint64_t mem_limit)
{
	return (struct weir_figures){ 500, 2000, mem_request, mem_limit, 0, 0, INF };
}

static void a_group_of_which_nothing_is_known_gets_every_knob(void **state)
{
	struct weir_figures want = figures(64 * MIB, 256 * MIB);
	struct weir_applied have = WEIR_APPLIED_NOTHING;

	(void)state;

	assert_int_equal(plan_and_apply(&want, &have, 0,
					"cpu.weight = 0.5; cpu.max.burst = 0; cpu.max = 2; "
					"memory.oom.group = 1; pids.max = max; memory.low = 64Mi; "
					"memory.max = 256Mi; "
					"memory.high = max; memory.swap.max = 0"),
			 NO);
	plan_and_apply(&want, &have, 0, "");
}

static void an_infinite_limit_is_written_too(void **state)
{
	struct weir_figures want = { 0, INF, 0, INF, 0, 0, INF };
	struct weir_applied have = WEIR_APPLIED_NOTHING;

	(void)state;

	/* A stale quota of an earlier life must not stay. */
	have.mem_high_bytes = INF;
	plan_and_apply(&want, &have, 0,
		       "cpu.weight = 0; cpu.max.burst = 0; cpu.max = max; memory.oom.group = 1; "
		       "pids.max = max; memory.max = max; memory.low = 0; memory.swap.max = 0");
}

static void a_quota_is_written_only_when_the_limit_changes(void **state)
{
	struct weir_figures want = figures(64 * MIB, 256 * MIB);
	struct weir_applied have = in_force(64 * MIB, INF, 256 * MIB);

	(void)state;

	want.cpu_request_mcpu = 700;
	plan_and_apply(&want, &have, 0, "cpu.weight = 0.7");
	want.cpu_limit_mcpu = INF;
	plan_and_apply(&want, &have, 0, "cpu.max = max");
	want.mem_request_bytes = 128 * MIB;
	plan_and_apply(&want, &have, 0, "memory.low = 128Mi");
}

/* From figures in force (low, high, max) and usage to others: what is written, what waits. */
static const struct {
	uint64_t low, high, max, current, request, limit;
	const char *plan;
	uint64_t pending;
} memory_cases[] = {
	/* Raising: max before low. */
	{ 64, INF, 128, 100, 256, 512, "memory.max = 512Mi; memory.low = 256Mi", NO },
	{ 64, INF, 128, 100, 64, INF, "memory.max = max", NO },
	/* Lowering while usage fits: low before max. */
	{ 256, INF, 512, 100, 64, 128, "memory.low = 64Mi; memory.max = 128Mi", NO },
	{ 64, INF, INF, 128, 64, 128, "memory.max = 128Mi; memory.swap.max = 0", NO },
	/* The limit falls, the request rises. */
	{ 64, INF, 512, 100, 128, 256, "memory.low = 128Mi; memory.max = 256Mi", NO },
	/* Usage does not fit: squeeze, and wait. */
	{ 256, INF, 512, 129, 64, 128, "memory.low = 64Mi; memory.high = 128Mi", 128 },
	{ 64, INF, INF, 500, 64, 128, "memory.high = 128Mi", 128 },
	{ 64, 128, 512, 200, 64, 128, "", 128 },
	/* Another limit while one waits. */
	{ 64, 128, 512, 200, 64, 192, "memory.high = 192Mi", 192 },
	{ 64, 128, 512, 200, 64, 256, "memory.max = 256Mi; memory.high = max", NO },
	{ 64, 128, 512, 200, 64, 512, "memory.high = max", NO },
	{ 64, 128, 512, 200, 64, 600, "memory.max = 600Mi; memory.high = max", NO },
	/* In force, though usage is above it for a moment: nothing waits, nothing is written. */
	{ 64, INF, 128, 129, 64, 128, "", NO },
	{ 64, INF, 128, 300, 64, 200, "memory.max = 200Mi", NO },
};

static uint64_t mib(uint64_t amount)
{
	return amount == INF || amount == NO ? amount : amount * MIB;
}

static void a_memory_limit_never_falls_below_what_is_in_use(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(memory_cases); i++) {
		struct weir_applied have =
			in_force(mib(memory_cases[i].low), mib(memory_cases[i].high),
				 mib(memory_cases[i].max));
		struct weir_figures want =
			figures(mib(memory_cases[i].request), mib(memory_cases[i].limit));

		assert_int_equal(plan_and_apply(&want, &have, mib(memory_cases[i].current),
						memory_cases[i].plan),
				 mib(memory_cases[i].pending));
	}
}

static void a_limit_of_before_a_restart_is_not_lowered_blindly(void **state)
{
	struct weir_figures want = figures(64 * MIB, 128 * MIB);
	struct weir_applied have = in_force(64 * MIB, NO, NO);

	(void)state;

	assert_int_equal(plan_and_apply(&want, &have, 200 * MIB, "memory.high = 128Mi"), 128 * MIB);
	assert_int_equal(plan_and_apply(&want, &have, 200 * MIB, ""), 128 * MIB);
}

static void a_pending_limit_comes_into_force_when_usage_has_fallen(void **state)
{
	struct weir_figures want = figures(64 * MIB, 128 * MIB);
	struct weir_applied have = in_force(64 * MIB, INF, 512 * MIB);

	(void)state;

	assert_int_equal(plan_and_apply(&want, &have, 300 * MIB, "memory.high = 128Mi"), 128 * MIB);
	assert_int_equal(plan_and_apply(&want, &have, 129 * MIB, ""), 128 * MIB);
	assert_int_equal(
		plan_and_apply(&want, &have, 128 * MIB, "memory.max = 128Mi; memory.high = max"),
		NO);
	assert_int_equal(plan_and_apply(&want, &have, 128 * MIB, ""), NO);
}

static void a_burst_is_never_above_its_limit(void **state)
{
	struct weir_figures want = figures(64 * MIB, 256 * MIB);
	struct weir_applied have = in_force(64 * MIB, INF, 256 * MIB);

	(void)state;

	want.cpu_burst_mcpu = 1500;
	plan_and_apply(&want, &have, 0, "cpu.max.burst = 1.5");
	want.cpu_limit_mcpu = want.cpu_burst_mcpu = 1000;
	plan_and_apply(&want, &have, 0, "cpu.max.burst = 1; cpu.max = 1");
	want.cpu_limit_mcpu = want.cpu_burst_mcpu = 3000;
	plan_and_apply(&want, &have, 0, "cpu.max = 3; cpu.max.burst = 3");
	/* What is not known may be above the limit that is to be written. */
	have.cpu_burst_mcpu = NO;
	plan_and_apply(&want, &have, 0, "cpu.max.burst = 0; cpu.max.burst = 3");
	/* Without a limit there is nothing to go beyond. */
	want.cpu_limit_mcpu = INF;
	plan_and_apply(&want, &have, 0, "cpu.max.burst = 0; cpu.max = max");
}

static void swap_is_limited_beside_memory(void **state)
{
	struct weir_figures want = figures(64 * MIB, 256 * MIB);
	struct weir_applied have = WEIR_APPLIED_FRESH;

	(void)state;

	want.swap_limit_bytes = 32 * MIB;
	plan_and_apply(&want, &have, 0,
		       "cpu.weight = 0.5; cpu.max = 2; memory.oom.group = 1; memory.low = 64Mi; "
		       "memory.max = 256Mi; memory.swap.max = 32Mi");
	want.mem_limit_bytes = 512 * MIB;
	plan_and_apply(&want, &have, 0, "memory.max = 512Mi");
	want.mem_limit_bytes = INF;
	plan_and_apply(&want, &have, 0, "memory.max = max");
	want.mem_limit_bytes = 512 * MIB;
	plan_and_apply(&want, &have, 0, "memory.max = 512Mi; memory.swap.max = 32Mi");
	want.swap_limit_bytes = INF;
	plan_and_apply(&want, &have, 0, "memory.swap.max = max");
}

/* A deterministic walk: xorshift, so that a failure can be had again. */
static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static struct weir_figures random_figures(uint64_t *seed)
{
	static const uint64_t cpu_limits[] = { 1000, 2000, INF };
	static const uint64_t mem_limits[] = { 128 * MIB, 256 * MIB, 512 * MIB, INF };

	return (struct weir_figures){
		.cpu_burst_mcpu = next_random(seed) % 3 * 500,
		.pids_limit = next_random(seed) % 2 ? 100 : INF,
		.swap_limit_bytes = next_random(seed) % 2 * 64 * MIB,
		.cpu_request_mcpu = next_random(seed) % 3 * 500,
		.cpu_limit_mcpu = cpu_limits[next_random(seed) % ARRAY_SIZE(cpu_limits)],
		.mem_request_bytes = next_random(seed) % 5 * 32 * MIB,
		.mem_limit_bytes = mem_limits[next_random(seed) % ARRAY_SIZE(mem_limits)],
	};
}

/* However it came here: done once is done, and with usage out of the way all is in force. */
static void every_walk_converges(void **state)
{
	struct weir_applied have = WEIR_APPLIED_NOTHING;
	uint64_t seed = 88172645463325252ULL;

	(void)state;

	for (int i = 0; i < 20000; i++) {
		struct weir_figures want = random_figures(&seed);
		uint64_t current = next_random(&seed) % 20 * 32 * MIB;
		uint64_t max_before = have.mem_max_bytes;
		uint64_t pending = plan_and_apply(&want, &have, current, NULL);

		/* No limit was lowered below what is in use. */
		if (have.mem_max_bytes < max_before)
			assert_true(have.mem_max_bytes >= current);
		/* Either the limit is in force and nothing squeezes, or it waits and is squeezed to. */
		if (pending == WEIR_ABSENT) {
			assert_int_equal(have.mem_max_bytes, want.mem_limit_bytes);
			assert_int_equal(have.mem_high_bytes, INF);
		} else {
			assert_int_equal(pending, want.mem_limit_bytes);
			assert_int_equal(have.mem_high_bytes, want.mem_limit_bytes);
		}
		assert_int_equal(plan_and_apply(&want, &have, current, ""), pending);

		if (i % 3 == 0) {
			assert_int_equal(plan_and_apply(&want, &have, 0, NULL), NO);
			assert_int_equal(have.mem_max_bytes, want.mem_limit_bytes);
		}
		assert_int_equal(have.cpu_weight_mcpu, want.cpu_request_mcpu);
		assert_int_equal(have.cpu_max_mcpu, want.cpu_limit_mcpu);
		assert_int_equal(have.cpu_burst_mcpu,
				 want.cpu_limit_mcpu == INF ? 0 : want.cpu_burst_mcpu);
		assert_int_equal(have.swap_max_bytes, want.swap_limit_bytes);
		assert_int_equal(have.pids_max, want.pids_limit);
		assert_int_equal(have.mem_low_bytes, want.mem_request_bytes);
	}
}

static void a_short_buffer_cuts_the_text(void **state)
{
	struct weir_action action = { WEIR_ACTION_SET_MEM_MAX, 256 * MIB };
	char buf[11];

	(void)state;

	assert_string_equal(weir_action_text(&action, buf, sizeof(buf)), "memory.max");
}

static void what_holds_it_is_its_high(void **state)
{
	struct weir_figures want = figures(64 * MIB, 512 * MIB);
	struct weir_applied have = in_force(64 * MIB, INF, 512 * MIB);

	(void)state;

	assert_int_equal(plan_held(&want, &have, 300 * MIB, 200 * MIB, "memory.high = 200Mi"), NO);
	assert_int_equal(plan_held(&want, &have, 300 * MIB, 200 * MIB, ""), NO);
	assert_int_equal(plan_held(&want, &have, 300 * MIB, 220 * MIB, "memory.high = 220Mi"), NO);
	assert_int_equal(plan_held(&want, &have, 300 * MIB, INF, "memory.high = max"), NO);
}

/* A limit on its way down and a shortage: the lower one counts, and the hold stays behind. */
static void a_hold_beside_a_pending_limit(void **state)
{
	struct weir_figures want = figures(64 * MIB, 256 * MIB);
	struct weir_applied have = in_force(64 * MIB, INF, 512 * MIB);

	(void)state;

	assert_int_equal(plan_held(&want, &have, 300 * MIB, 280 * MIB, "memory.high = 256Mi"),
			 256 * MIB);
	assert_int_equal(plan_held(&want, &have, 300 * MIB, 200 * MIB, "memory.high = 200Mi"),
			 256 * MIB);
	assert_int_equal(plan_held(&want, &have, 250 * MIB, 200 * MIB, "memory.max = 256Mi"), NO);
	assert_int_equal(plan_held(&want, &have, 250 * MIB, INF, "memory.high = max"), NO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_holds_it_is_its_high),
		cmocka_unit_test(a_hold_beside_a_pending_limit),
		cmocka_unit_test(a_group_of_which_nothing_is_known_gets_every_knob),
		cmocka_unit_test(an_infinite_limit_is_written_too),
		cmocka_unit_test(a_quota_is_written_only_when_the_limit_changes),
		cmocka_unit_test(a_memory_limit_never_falls_below_what_is_in_use),
		cmocka_unit_test(a_limit_of_before_a_restart_is_not_lowered_blindly),
		cmocka_unit_test(a_pending_limit_comes_into_force_when_usage_has_fallen),
		cmocka_unit_test(a_burst_is_never_above_its_limit),
		cmocka_unit_test(swap_is_limited_beside_memory),
		cmocka_unit_test(every_walk_converges),
		cmocka_unit_test(a_short_buffer_cuts_the_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
