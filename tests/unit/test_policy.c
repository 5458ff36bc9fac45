/* SPDX-License-Identifier: Apache-2.0 */
/* Policies by name, what each needs of a machine, and the word that the kernel is given. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "model/policy.h"
#include "weir/metrics.h"

static void names_go_both_ways(void **state)
{
	struct weir_error err = {};

	(void)state;

	for (uint32_t i = WEIR_POLICY_OPEN; i <= WEIR_POLICY_CUSTOM; i++) {
		enum weir_policy policy = WEIR_POLICY_OPEN;

		assert_int_equal(weir_policy_from_name(weir_metrics_policy_name(i), &policy, &err),
				 0);
		assert_int_equal(policy, i);
	}
}

static void an_unknown_policy_is_refused_with_those_there_are(void **state)
{
	static const char *const names[] = { "", "Open", "open ", "deny-agent", "unknown" };
	enum weir_policy policy = WEIR_POLICY_OPEN;
	struct weir_error err = {};

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(weir_policy_from_name(names[i], &policy, &err), -EINVAL);
		assert_non_null(strstr(
			err.text, "expected open, deny-agent-tcp, agent-socket-only or custom"));
	}
}

static const struct {
	enum weir_policy policy;
	enum weir_tier tier;
	bool degraded;
	int r;
} needs[] = {
	{ WEIR_POLICY_OPEN, WEIR_TIER_NONE, false, 0 },
	{ WEIR_POLICY_DENY_AGENT_TCP, WEIR_TIER_NONE, false, -EOPNOTSUPP },
	{ WEIR_POLICY_DENY_AGENT_TCP, WEIR_TIER_NONE, true, -EOPNOTSUPP },
	{ WEIR_POLICY_DENY_AGENT_TCP, WEIR_TIER_0, false, 0 },
	{ WEIR_POLICY_AGENT_SOCKET_ONLY, WEIR_TIER_NONE, true, -EOPNOTSUPP },
	{ WEIR_POLICY_AGENT_SOCKET_ONLY, WEIR_TIER_0, false, -EOPNOTSUPP },
	{ WEIR_POLICY_AGENT_SOCKET_ONLY, WEIR_TIER_0, true, 0 },
	{ WEIR_POLICY_AGENT_SOCKET_ONLY, WEIR_TIER_1, false, 0 },
	{ WEIR_POLICY_AGENT_SOCKET_ONLY, WEIR_TIER_3, false, 0 },
	{ WEIR_POLICY_CUSTOM, WEIR_TIER_0, false, -EOPNOTSUPP },
	{ WEIR_POLICY_CUSTOM, WEIR_TIER_1, false, 0 },
};

static void what_a_machine_cant_keep_is_refused(void **state)
{
	struct weir_error err = {};

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		const struct weir_net net = { .policy = needs[i].policy,
					      .degraded = needs[i].degraded };

		assert_int_equal(weir_net_check(&net, needs[i].tier, &err), needs[i].r);
		if (needs[i].r < 0)
			assert_non_null(strstr(err.text, weir_metrics_policy_name(net.policy)));
	}
}

static void the_word_of_no_policy_is_no_fence(void **state)
{
	const struct weir_net open = {}, only = { .policy = WEIR_POLICY_AGENT_SOCKET_ONLY };
	const struct weir_net custom = { .policy = WEIR_POLICY_CUSTOM,
					 .allows = true,
					 .set = 65535 };

	(void)state;

	assert_int_equal(weir_net_word(&open), 0);
	assert_int_equal(WEIR_FENCE_POLICY(weir_net_word(&only)), WEIR_POLICY_AGENT_SOCKET_ONLY);
	assert_int_equal(WEIR_FENCE_SET(weir_net_word(&custom)), 65535);
	assert_int_equal(WEIR_FENCE_POLICY(weir_net_word(&custom)), WEIR_POLICY_CUSTOM);
	assert_true(weir_net_word(&custom) & WEIR_FENCE_ALLOWS);
}

static void parts_that_do_not_go_together_are_refused(void **state)
{
	char *rules[] = { (char *)"allow any", NULL },
	     *sockets[] = { (char *)"a", (char *)"b", NULL };
	const struct weir_net wrong[] = {
		{ .policy = WEIR_POLICY_OPEN, .rules = rules },
		{ .policy = WEIR_POLICY_AGENT_SOCKET_ONLY, .rules = rules },
		{ .policy = WEIR_POLICY_AGENT_SOCKET_ONLY, .sockets = sockets },
		{ .policy = WEIR_POLICY_DENY_AGENT_TCP, .sockets = sockets },
		{ .policy = WEIR_POLICY_DENY_AGENT_TCP, .allows = true },
		{ .policy = WEIR_POLICY_CUSTOM, .rules = sockets },
	};
	const struct weir_net right = { .policy = WEIR_POLICY_CUSTOM,
					.rules = rules,
					.sockets = sockets };
	struct weir_net copy;
	struct weir_error err = {};

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_equal(weir_net_validate(&wrong[i], &err), -EINVAL);
	assert_int_equal(weir_net_validate(&right, &err), 0);
	assert_int_equal(weir_net_copy(&copy, &right, &err), 0);
	assert_string_equal(copy.sockets[1], "b");
	assert_string_equal(weir_net_agent(&copy), "a");
	weir_net_done(&copy);
	assert_string_equal(weir_net_agent(&copy), WEIR_AGENT_NAME);
}

static void what_programs_note_has_a_name(void **state)
{
	(void)state;

	for (uint32_t i = 0; i < WEIR_DENIAL_COUNT_; i++)
		assert_string_not_equal(weir_metrics_denial_name(i), "unknown");
	for (uint32_t i = 0; i < WEIR_HOOK_COUNT_; i++)
		assert_string_not_equal(weir_hook_name(i), "unknown");
	assert_string_equal(weir_metrics_denial_name(WEIR_DENIAL_COUNT_), "unknown");
	assert_string_equal(weir_hook_name(WEIR_HOOK_COUNT_), "unknown");
	assert_string_equal(weir_metrics_tier_name(77), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_go_both_ways),
		cmocka_unit_test(an_unknown_policy_is_refused_with_those_there_are),
		cmocka_unit_test(what_a_machine_cant_keep_is_refused),
		cmocka_unit_test(the_word_of_no_policy_is_no_fence),
		cmocka_unit_test(parts_that_do_not_go_together_are_refused),
		cmocka_unit_test(what_programs_note_has_a_name),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
