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

struct sum {
	size_t n;
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
	if (probe->state > sum->worst)
		sum->worst = probe->state;
	if (strcmp(probe->name, "bpffs") == 0)
		sum->bpffs = probe->state;
}

static void whatever_is_wrong_has_a_cost_and_a_remedy(void **state)
{
	const struct weir_probe_options options = { .pin_dir = "/proc/self/no/such" };
	struct sum sum = {};
	enum weir_probe_state verdict;

	(void)state;

	verdict = weir_probe_run(&options, add, &sum);
	assert_int_equal(verdict, sum.worst);
	assert_true(sum.n > 0);
	assert_int_equal(sum.bpffs, WEIR_PROBE_MISSING);
	assert_int_equal(sum.worst, WEIR_PROBE_MISSING);
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
		cmocka_unit_test(the_machine_is_known),
	};

	return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
