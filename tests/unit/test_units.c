/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <math.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "model/container.h"

#define MIB (1ULL << 20)

static const struct {
	double value;
	bool infinite_ok;
	int code;
	uint64_t mcpu;
	const char *complaint;
} cpu_cases[] = {
	{ 0.5, false, 0, 500, NULL },
	{ 0, false, 0, 0, NULL },
	{ -0.0, false, 0, 0, NULL },
	{ 0.001, false, 0, 1, NULL },
	{ 0.29, false, 0, 290, NULL }, /* 0.29 * 1000 is 289.99999999999994 */
	{ 1.001, false, 0, 1001, NULL },
	{ 0.0004, false, 0, 0, NULL },
	{ 0.0006, false, 0, 1, NULL },
	{ 1e6, false, 0, WEIR_MAX_MCPU, NULL },
	{ INFINITY, true, 0, WEIR_INFINITE, NULL },
	{ INFINITY, false, -EINVAL, 0, "cpus is infinite, which only a limit may be" },
	{ -INFINITY, true, -EINVAL, 0, "cpus is negative: -inf" },
	{ -INFINITY, false, -EINVAL, 0, "cpus is negative: -inf" },
	{ NAN, true, -EINVAL, 0, "cpus is not a number" },
	{ -NAN, false, -EINVAL, 0, "cpus is not a number" },
	{ -0.001, false, -EINVAL, 0, "cpus is negative: -0.001" },
	{ 1000000.001, false, -ERANGE, 0, NULL },
	{ 2e6, true, -ERANGE, 0, "cpus is too large: 2e+06, at most 1e+06" },
	{ 1e300, true, -ERANGE, 0, "cpus is too large: 1e+300, at most 1e+06" },
};

static void cpus_become_millicores(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cpu_cases); i++) {
		struct weir_error err = {};
		uint64_t mcpu = 7;
		int code = cpu_cases[i].code;

		assert_int_equal(weir_scalar_to_mcpu(cpu_cases[i].value, cpu_cases[i].infinite_ok,
						     "cpus", &mcpu, &err),
				 code);
		assert_int_equal(mcpu, code ? 7 : cpu_cases[i].mcpu);
		if (cpu_cases[i].complaint)
			assert_string_equal(err.text, cpu_cases[i].complaint);
	}
}

static const struct {
	double mib;
	bool infinite_ok;
	int code;
	uint64_t bytes;
	const char *complaint;
} mem_cases[] = {
	{ 256, false, 0, 256 * MIB, NULL },
	{ 0.5, false, 0, MIB / 2, NULL },
	{ 0.125, false, 0, MIB / 8, NULL },
	{ 0.001, false, 0, 1049, NULL }, /* 1048.576 */
	{ 0.3, false, 0, 314573, NULL }, /* 314572.8 */
	{ 1024.001, false, 0, 1024 * MIB + 1049, NULL },
	{ 100000000 / 1048576.0, false, 0, 100000000, NULL }, /* "100M" */
	{ 1 / 1048576.0, false, 0, 1, NULL },
	{ 1099511627776.0, false, 0, WEIR_MAX_BYTES, NULL },
	{ INFINITY, true, 0, WEIR_INFINITE, NULL },
	{ INFINITY, false, -EINVAL, 0, "limits.mem is infinite, which only a limit may be" },
	{ NAN, true, -EINVAL, 0, "limits.mem is not a number" },
	{ -1, true, -EINVAL, 0, "limits.mem is negative: -1" },
	{ 1099511627777.0, true, -ERANGE, 0, NULL },
};

static void mebibytes_become_bytes(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(mem_cases); i++) {
		struct weir_error err = {};
		uint64_t bytes = 7;
		int code = mem_cases[i].code;

		assert_int_equal(weir_scalar_to_bytes(mem_cases[i].mib, mem_cases[i].infinite_ok,
						      "limits.mem", &bytes, &err),
				 code);
		assert_int_equal(bytes, code ? 7 : mem_cases[i].bytes);
		if (mem_cases[i].complaint)
			assert_string_equal(err.text, mem_cases[i].complaint);
	}
}

static void every_thousandth_is_itself(void **state)
{
	struct weir_error err = {};
	uint64_t mcpu;

	(void)state;

	for (uint64_t i = 0; i <= 100000; i++) {
		assert_int_equal(weir_scalar_to_mcpu((double)i / 1000, false, "cpus", &mcpu, &err),
				 0);
		assert_int_equal(mcpu, i);
	}
}

static void a_tenth_and_two_tenths_are_three_tenths(void **state)
{
	struct weir_error err = {};
	uint64_t a, b, sum;

	(void)state;

	assert_int_equal(weir_scalar_to_mcpu(0.1, false, "cpus", &a, &err), 0);
	assert_int_equal(weir_scalar_to_mcpu(0.2, false, "cpus", &b, &err), 0);
	assert_int_equal(weir_scalar_to_mcpu(0.3, false, "cpus", &sum, &err), 0);
	assert_int_equal(a + b, sum);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpus_become_millicores),
		cmocka_unit_test(mebibytes_become_bytes),
		cmocka_unit_test(every_thousandth_is_itself),
		cmocka_unit_test(a_tenth_and_two_tenths_are_three_tenths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
