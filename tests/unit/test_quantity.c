/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/quantity.h"

#define Ki (1ULL << 10)
#define Mi (1ULL << 20)
#define Gi (1ULL << 30)
#define Ti (1ULL << 40)

/* One text, and the amount or the complaint (whole) that comes of it. */
struct parse_case {
	const char *text;
	int code;
	uint64_t amount;
	const char *complaint;
};

static void check(weir_parse_fn *parse, const struct parse_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct weir_error err = {};
		uint64_t amount = 7;

		assert_int_equal(parse(cases[i].text, &amount, &err), cases[i].code);
		assert_int_equal(err.code, cases[i].code);
		assert_int_equal(amount, cases[i].code ? 7 : cases[i].amount);
		if (cases[i].complaint)
			assert_string_equal(err.text, cases[i].complaint);
	}
}

static void cpu_is_cores_millicores_or_percent(void **state)
{
	static const struct parse_case cases[] = {
		{ "2", 0, 2000, NULL },
		{ "0", 0, 0, NULL },
		{ "1.5", 0, 1500, NULL },
		{ "0.001", 0, 1, NULL },
		{ "0.3", 0, 300, NULL },
		{ ".5", 0, 500, NULL },
		{ "1.500000000000000000000000", 0, 1500, NULL },
		{ "250m", 0, 250, NULL },
		{ "1500m", 0, 1500, NULL },
		{ "150%", 0, 1500, NULL },
		{ "12.5%", 0, 125, NULL },
		{ "0.1%", 0, 1, NULL },
		{ "max", 0, WEIR_INFINITE, NULL },
		{ "1000000", 0, WEIR_MAX_MCPU, NULL },
		{ "007", 0, 7000, NULL },
	};

	(void)state;
	check(weir_parse_cpu, cases, ARRAY_SIZE(cases));
}

#define CPU_SUFFIX ", expected m or %"

static void what_is_no_cpu_is_refused_with_the_reason(void **state)
{
#define NO_CPU " is not an amount of CPU, such as 0.5, 500m, 150% or max"
	static const struct parse_case cases[] = {
		{ "", -EINVAL, 0, "''" NO_CPU },
		{ "-1", -EINVAL, 0, "'-1'" NO_CPU },
		{ "+1", -EINVAL, 0, "'+1'" NO_CPU },
		{ " 1", -EINVAL, 0, "' 1'" NO_CPU },
		{ ".", -EINVAL, 0, "'.'" NO_CPU },
		{ "1.", -EINVAL, 0, "'1.'" NO_CPU },
		{ "m", -EINVAL, 0, "'m'" NO_CPU },
		{ "nan", -EINVAL, 0, "'nan'" NO_CPU },
		{ "inf", -EINVAL, 0, "'inf'" NO_CPU },
		{ "3Gi", -EINVAL, 0, "'3Gi' has an unknown suffix 'Gi'" CPU_SUFFIX },
		{ "1 ", -EINVAL, 0, "'1 ' has an unknown suffix ' '" CPU_SUFFIX },
		{ "1e3", -EINVAL, 0, "'1e3' has an unknown suffix 'e3'" CPU_SUFFIX },
		{ "1.2.3", -EINVAL, 0, "'1.2.3' has an unknown suffix '.3'" CPU_SUFFIX },
		{ "1,5", -EINVAL, 0, "'1,5' has an unknown suffix ',5'" CPU_SUFFIX },
		{ "1max", -EINVAL, 0, "'1max' has an unknown suffix 'max'" CPU_SUFFIX },
		{ "0x10", -EINVAL, 0, "'0x10' has an unknown suffix 'x10'" CPU_SUFFIX },
		{ "0.0005", -EINVAL, 0, "'0.0005' is not a whole number of millicores" },
		{ "0.5m", -EINVAL, 0, "'0.5m' is not a whole number of millicores" },
		{ "0.05%", -EINVAL, 0, "'0.05%' is not a whole number of millicores" },
		{ "0.00000000000000000000000000001", -EINVAL, 0, NULL },
		{ "1000000.001", -ERANGE, 0, "'1000000.001' is more than 1000000 CPUs" },
		{ "18446744073709551615", -ERANGE, 0, NULL },
		{ "18446744073709551616m", -ERANGE, 0, NULL },
		{ "99999999999999999999999999999999999999999", -ERANGE, 0, NULL },
		{ "1111111111111111111111111111111111111111111111111111111111111111", -EINVAL, 0,
		  "a text of 64 bytes" NO_CPU },
	};

	(void)state;
	check(weir_parse_cpu, cases, ARRAY_SIZE(cases));
}

static void memory_is_bytes_or_powers_of_1024_or_1000(void **state)
{
	static const struct parse_case cases[] = {
		{ "1048576", 0, Mi, NULL },
		{ "0", 0, 0, NULL },
		{ "512Mi", 0, 512 * Mi, NULL },
		{ "1Gi", 0, Gi, NULL },
		{ "1.5Gi", 0, 1536 * Mi, NULL },
		{ "1.5G", 0, 1500000000, NULL },
		{ "4Ki", 0, 4096, NULL },
		{ "2Ti", 0, 2 * Ti, NULL },
		{ "64k", 0, 64000, NULL },
		{ "64K", 0, 64000, NULL },
		{ "1M", 0, 1000000, NULL },
		{ "3T", 0, 3000000000000, NULL },
		{ "max", 0, WEIR_INFINITE, NULL },
		{ "1048576Ti", 0, WEIR_MAX_BYTES, NULL },
		/* Nineteen decimals, and still a whole number of bytes. */
		{ "0.0000019073486328125Ti", 0, 2 * Mi, NULL },
	};

	(void)state;
	check(weir_parse_memory, cases, ARRAY_SIZE(cases));
}

static void what_is_no_memory_is_refused_with_the_reason(void **state)
{
#define NO_MEMORY " is not an amount of memory, such as 512Mi, 1.5G, 1048576 or max"
#define EXPECTED  ", expected Ki, Mi, Gi, Ti, k, M, G or T"
	static const struct parse_case cases[] = {
		{ "500m", -EINVAL, 0,
		  "'500m' has the suffix 'm', which means milli; write '500Mi'" },
		{ "1.5m", -EINVAL, 0,
		  "'1.5m' has the suffix 'm', which means milli; write '1.5Mi'" },
		{ "", -EINVAL, 0, "''" NO_MEMORY },
		{ "m", -EINVAL, 0, "'m'" NO_MEMORY },
		{ "-1Mi", -EINVAL, 0, "'-1Mi'" NO_MEMORY },
		{ "1..5m", -EINVAL, 0, "'1..5m'" NO_MEMORY },
		{ "3GiB", -EINVAL, 0, "'3GiB' has an unknown suffix 'GiB'" EXPECTED },
		{ "50%", -EINVAL, 0, "'50%' has an unknown suffix '%'" EXPECTED },
		{ "1.5", -EINVAL, 0, "'1.5' is not a whole number of bytes" },
		{ "0.3Mi", -EINVAL, 0, "'0.3Mi' is not a whole number of bytes" },
		{ "1048577Ti", -ERANGE, 0, "'1048577Ti' is more than 1048576Ti" },
		{ "18446744073709551615", -ERANGE, 0, NULL },
		{ "18446744073709551615Ti", -ERANGE, 0, NULL },
	};

	(void)state;
	check(weir_parse_memory, cases, ARRAY_SIZE(cases));
}

static void a_duration_is_in_milliseconds(void **state)
{
	static const struct parse_case cases[] = {
		{ "10s", 0, 10000, NULL },
		{ "500ms", 0, 500, NULL },
		{ "2min", 0, 120000, NULL },
		{ "1h", 0, 3600000, NULL },
		{ "3", 0, 3000, NULL },
		{ "0.25", 0, 250, NULL },
		{ "", -EINVAL, 0, "'' is not a duration, such as 10s, 500ms, 2min or 1h" },
		{ "max", -EINVAL, 0, "'max' is not a duration, such as 10s, 500ms, 2min or 1h" },
		{ "1d", -EINVAL, 0, "'1d' has an unknown suffix 'd', expected ms, s, min or h" },
		{ "0.5ms", -EINVAL, 0, "'0.5ms' is not a whole number of milliseconds" },
		{ "18446744073709ms", 0, 18446744073709, NULL },
		{ "18446744073710ms", -ERANGE, 0, "'18446744073710ms' is more than 584 years" },
	};

	(void)state;
	check(weir_parse_duration, cases, ARRAY_SIZE(cases));
}

static const struct {
	const char *text;
	int code;
	uint64_t request, limit;
	const char *complaint;
} band_cases[] = {
	{ "0.5", 0, 500, WEIR_ABSENT, NULL },
	{ "0.5:2", 0, 500, 2000, NULL },
	{ "0.5:", 0, 500, WEIR_ABSENT, NULL },
	{ ":2", 0, WEIR_ABSENT, 2000, NULL },
	{ "1:max", 0, 1000, WEIR_INFINITE, NULL },
	{ ":max", 0, WEIR_ABSENT, WEIR_INFINITE, NULL },
	{ "2:1", 0, 2000, 1000, NULL }, /* that the limit is lower is admission's business */
	{ "", -EINVAL, 0, 0,
	  "'' has neither a request nor a limit, expected REQUEST, REQUEST:LIMIT or :LIMIT" },
	{ ":", -EINVAL, 0, 0,
	  "':' has neither a request nor a limit, expected REQUEST, REQUEST:LIMIT or :LIMIT" },
	{ "max", -EINVAL, 0, 0, "'max' may be a limit, not a request" },
	{ "max:max", -EINVAL, 0, 0, "'max' may be a limit, not a request" },
	{ "x:1", -EINVAL, 0, 0, "'x' is not an amount of CPU, such as 0.5, 500m, 150% or max" },
	{ "1:2:3", -EINVAL, 0, 0, "'2:3' has an unknown suffix ':3'" CPU_SUFFIX },
	{ "1:9999999", -ERANGE, 0, 0, "'9999999' is more than 1000000 CPUs" },
	{ "1111111111111111111111111111111111111111111111111111111111111111:1", -EINVAL, 0, 0,
	  "a request of 64 bytes is too long" },
};

static void a_band_has_a_request_a_limit_or_both(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(band_cases); i++) {
		struct weir_error err = {};
		uint64_t request = 7, limit = 7;
		int code = band_cases[i].code;

		assert_int_equal(
			weir_parse_band(band_cases[i].text, weir_parse_cpu, &request, &limit, &err),
			code);
		assert_int_equal(request, code ? 7 : band_cases[i].request);
		assert_int_equal(limit, code ? 7 : band_cases[i].limit);
		if (band_cases[i].complaint)
			assert_string_equal(err.text, band_cases[i].complaint);
	}
}

static void a_band_takes_memory_as_well(void **state)
{
	struct weir_error err = {};
	uint64_t request, limit;

	(void)state;

	assert_int_equal(weir_parse_band("256Mi:1Gi", weir_parse_memory, &request, &limit, &err),
			 0);
	assert_int_equal(request, 256 * Mi);
	assert_int_equal(limit, Gi);
}

struct format_case {
	uint64_t amount;
	const char *text;
};

static void cpu_is_shown_without_trailing_zeros(void **state)
{
	static const struct format_case cases[] = {
		{ 0, "0" },	      { 1, "0.001" },
		{ 10, "0.01" },	      { 500, "0.5" },
		{ 1234, "1.234" },    { 2000, "2" },
		{ 100000, "100" },    { WEIR_INFINITE, "max" },
		{ WEIR_ABSENT, "-" }, { WEIR_ABSENT - 1, "18446744073709551.613" },
	};
	char buf[WEIR_QUANTITY_TEXT];

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(weir_format_cpu(cases[i].amount, buf), cases[i].text);
}

static void memory_is_shown_in_the_largest_unit(void **state)
{
	static const struct format_case cases[] = {
		{ 0, "0" },
		{ 1023, "1023" },
		{ 1024, "1Ki" },
		{ 1025, "1.0Ki" },
		{ 256 * Mi, "256Mi" },
		{ 1536 * Mi, "1.5Gi" },
		{ 1503238553, "1.4Gi" },
		{ Mi - 1, "1.0Mi" },
		{ Gi, "1Gi" },
		{ 2048 * Ti, "2048Ti" },
		{ WEIR_INFINITE, "max" },
		{ WEIR_ABSENT, "-" },
		{ WEIR_ABSENT - 1, "16777216.0Ti" },
	};
	char buf[WEIR_QUANTITY_TEXT];

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(weir_format_memory(cases[i].amount, buf), cases[i].text);
}

static void exact_memory_is_in_the_largest_unit_that_divides_it(void **state)
{
	static const struct format_case cases[] = {
		{ 0, "0" },
		{ 1025, "1025" },
		{ 1025 * Ki, "1025Ki" },
		{ 1536 * Mi, "1536Mi" },
		{ 1503238553, "1503238553" },
		{ WEIR_MAX_BYTES, "1048576Ti" },
		{ WEIR_INFINITE, "max" },
		{ WEIR_ABSENT, "-" },
	};
	char buf[WEIR_QUANTITY_TEXT];

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(weir_format_memory_exact(cases[i].amount, buf), cases[i].text);
}

static void exact_texts_are_read_back_as_what_they_were(void **state)
{
	uint64_t amount = 1, back;
	struct weir_error err = {};
	char buf[WEIR_QUANTITY_TEXT];

	(void)state;

	/* Every magnitude, round figures and odd ones. */
	for (int i = 0; i < 2000; i++) {
		amount = (amount * 6364136223846793005ULL + 1442695040888963407ULL);

		uint64_t bytes = (amount >> (4 + i % 60)) << (i % 7 * 5) & (WEIR_MAX_BYTES - 1);
		uint64_t mcpu = amount % (WEIR_MAX_MCPU >> i % 30);

		assert_int_equal(
			weir_parse_memory(weir_format_memory_exact(bytes, buf), &back, &err), 0);
		assert_int_equal(back, bytes);
		assert_int_equal(weir_parse_cpu(weir_format_cpu(mcpu, buf), &back, &err), 0);
		assert_int_equal(back, mcpu);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cpu_is_cores_millicores_or_percent),
		cmocka_unit_test(what_is_no_cpu_is_refused_with_the_reason),
		cmocka_unit_test(memory_is_bytes_or_powers_of_1024_or_1000),
		cmocka_unit_test(what_is_no_memory_is_refused_with_the_reason),
		cmocka_unit_test(a_duration_is_in_milliseconds),
		cmocka_unit_test(a_band_has_a_request_a_limit_or_both),
		cmocka_unit_test(a_band_takes_memory_as_well),
		cmocka_unit_test(cpu_is_shown_without_trailing_zeros),
		cmocka_unit_test(memory_is_shown_in_the_largest_unit),
		cmocka_unit_test(exact_memory_is_in_the_largest_unit_that_divides_it),
		cmocka_unit_test(exact_texts_are_read_back_as_what_they_were),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
