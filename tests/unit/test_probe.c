/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <string.h>
#include <sys/sysinfo.h>

#include "base/error.h"
#include "kern/node.h"
#include "kern/probe.h"
#include "kern/tier.h"

struct sum {
	size_t n, fence;
	enum weir_probe_state worst, bpffs;
};

static void add(const struct weir_probe *probe, void *data)
{
	struct sum *sum = data;
	bool ok = probe->state == WEIR_PROBE_OK;

	sum->n++;
	assert_true(probe->name[0] && probe->found[0]);
	assert_true(ok == !probe->cost && ok == !probe->remedy);
	assert_true(weir_probe_state_name(probe->state)[0]);
	if (strcmp(probe->name, "fence tier") == 0) {
		sum->fence++;
		assert_true(probe->state != WEIR_PROBE_MISSING); /* weir does without */
	}
	if (probe->state > sum->worst)
		sum->worst = probe->state;
	if (strcmp(probe->name, "bpffs") == 0)
		sum->bpffs = probe->state;
}

static void whatever_is_wrong_has_a_cost_and_a_remedy(void **state)
{
	const struct weir_probe_options options = {
		.pin_dir = "/proc/self/no/such",
		.cgroup_prefix = "weirtest-unit.",
	};
	struct sum sum = {};
	enum weir_probe_state verdict;

	(void)state;

	verdict = weir_probe_run(&options, add, &sum);
	assert_int_equal(verdict, sum.worst);
	assert_true(sum.n > 0);
	assert_int_equal(sum.fence, 1);
	assert_int_equal(sum.bpffs, WEIR_PROBE_MISSING);
	assert_int_equal(sum.worst, WEIR_PROBE_MISSING);
}

#define INET_FAILS  "cgroup/connect4 does not load: Invalid argument"
#define UNIX_FAILS  "cgroup/connect_unix does not load: Invalid argument"
#define LSM_FAILS   "lsm/socket_connect does not load: Operation not permitted"
#define LSM_SLEEPS  "lsm/socket_connect attaches, but is never called"
#define GUARD_FAILS "lsm/bpf_map does not attach: Device or resource busy"

static const struct {
	struct weir_hooks_tried tried; /* inet, unix, lsm, guard */
	enum weir_tier tier;
	const char *found, *cost, *remedy; /* NULL: it is ok; else part of it */
} tier_cases[] = {
	{ { { "", "", "", "" } },
	  WEIR_TIER_3,
	  "T3: all that it wants loads and attaches",
	  NULL,
	  NULL },
	/* 6.1 has no connect_unix: what the LSM does is more than that */
	{ { { "", UNIX_FAILS, "", "" } },
	  WEIR_TIER_3,
	  "T3: all that it wants loads and attaches",
	  NULL,
	  NULL },
	{ { { "", "", "", GUARD_FAILS } }, WEIR_TIER_2, "T2: " GUARD_FAILS, NULL, NULL },
	{ { { "", UNIX_FAILS, "", GUARD_FAILS } }, WEIR_TIER_2, "T2: " GUARD_FAILS, NULL, NULL },
	{ { { "", "", LSM_FAILS, "" } },
	  WEIR_TIER_1,
	  "T1: " LSM_FAILS,
	  "by path only",
	  "lsm=…,bpf" },
	{ { { "", "", LSM_FAILS, GUARD_FAILS } },
	  WEIR_TIER_1,
	  "T1: " LSM_FAILS,
	  "mount namespace",
	  "lsm=…,bpf" },
	{ { { "", UNIX_FAILS, LSM_SLEEPS, "" } },
	  WEIR_TIER_0,
	  "T0: " UNIX_FAILS "; " LSM_SLEEPS,
	  "agent-socket-only is refused unless degraded is accepted",
	  "a kernel >= 6.7" },
	/* without the hooks of cgroups the others are no tier: INET goes by them on all */
	{ { { INET_FAILS, "", "", "" } },
	  WEIR_TIER_NONE,
	  "no tier: " INET_FAILS,
	  "can't be fenced at all",
	  "CONFIG_CGROUP_BPF=y" },
	{ { { INET_FAILS, UNIX_FAILS, LSM_FAILS, GUARD_FAILS } },
	  WEIR_TIER_NONE,
	  "no tier: " INET_FAILS,
	  "can't be fenced at all",
	  "CONFIG_CGROUP_BPF=y" },
};

static void a_tier_is_told_with_what_the_next_one_wants(void **state)
{
	(void)state;

	for (size_t i = 0; i < sizeof(tier_cases) / sizeof(tier_cases[0]); i++) {
		struct weir_probe probe = { .name = "fence tier", .state = WEIR_PROBE_MISSING };

		assert_int_equal(weir_tier_of(&tier_cases[i].tried, WEIR_TIER_3),
				 tier_cases[i].tier);
		weir_tier_tell(&tier_cases[i].tried, WEIR_TIER_3, &probe);
		assert_string_equal(probe.found, tier_cases[i].found);
		if (!tier_cases[i].cost) {
			assert_int_equal(probe.state, WEIR_PROBE_OK);
			assert_null(probe.cost);
			assert_null(probe.remedy);
			continue;
		}
		assert_int_equal(probe.state, WEIR_PROBE_DEGRADED);
		assert_non_null(strstr(probe.cost, tier_cases[i].cost));
		assert_non_null(strstr(probe.remedy, tier_cases[i].remedy));
	}
}

static void a_tier_can_be_overridden_downwards(void **state)
{
	const struct weir_hooks_tried all = {}, no_unix = { { "", UNIX_FAILS, "", "" } };
	struct weir_probe probe = { .name = "fence tier" };

	(void)state;

	for (enum weir_tier tier = WEIR_TIER_NONE; tier <= WEIR_TIER_3; tier++)
		assert_int_equal(weir_tier_of(&all, tier), tier);
	/* What is above it is no substitute: it was not wanted. */
	assert_int_equal(weir_tier_of(&no_unix, WEIR_TIER_1), WEIR_TIER_0);
	assert_int_equal(weir_tier_of(&no_unix, WEIR_TIER_2), WEIR_TIER_2);
	weir_tier_tell(&all, WEIR_TIER_0, &probe);
	assert_string_equal(probe.found, "T0, as weir.conf has it; the kernel gives T3");
	assert_int_equal(probe.state, WEIR_PROBE_DEGRADED);
	assert_non_null(strstr(probe.cost, "agent-socket-only is refused"));
}

/* As long as they can be, both are told whole: a sentence without an end says nothing. */
static void two_reasons_have_room_beside_each_other(void **state)
{
	struct weir_hooks_tried tried = {};
	struct weir_probe probe = {};
	const size_t room = WEIR_HOOKS_WHY - 1;

	(void)state;

	memset(tried.why[WEIR_HOOKS_UNIX], 'u', room);
	memset(tried.why[WEIR_HOOKS_LSM], 'l', room);
	weir_tier_tell(&tried, WEIR_TIER_3, &probe);
	assert_int_equal(strlen(probe.found), strlen("T0: ; ") + 2 * room);
}

static void the_machine_is_known(void **state)
{
	struct weir_machine machine;
	struct weir_error err = {};

	(void)state;

	assert_int_equal(weir_machine_read(&machine, &err), 0);
	assert_true(machine.cpus >= 1 && machine.cpus <= (uint64_t)get_nprocs());
	assert_true(machine.mem_bytes > 0);
	assert_true(machine.boot_id[0] && machine.boot_id[1]);
	assert_int_equal(strlen(machine.boot_id_text), 36);
	assert_true(machine.kernel[0] && machine.hostname[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_is_wrong_has_a_cost_and_a_remedy),
		cmocka_unit_test(a_tier_is_told_with_what_the_next_one_wants),
		cmocka_unit_test(a_tier_can_be_overridden_downwards),
		cmocka_unit_test(two_reasons_have_room_beside_each_other),
		cmocka_unit_test(the_machine_is_known),
	};

	return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
