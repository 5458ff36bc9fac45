/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cli/cli.h"
#include "cli/json_out.h"
#include "cli/table.h"
#include "cli/text.h"
#include "weir/weir.h"

/* What @text looks like on a terminal. */
static char *escaped(const char *text)
{
	scoped(weir_buffer_done) struct weir_buffer buffer = WEIR_BUFFER_INIT(4096);

	weir_escape(&buffer, text, strlen(text));
	return weir_buffer_take_text(&buffer);
}

static void nothing_from_elsewhere_moves_the_cursor(void **state)
{
	static const struct {
		const char *text, *shown;
	} table[] = {
		{ "plain text", "plain text" },
		{ "\x1b[31mred", "\\x1b[31mred" },
		{ "a\nb\tc", "a\\x0ab\\x09c" },
		{ "\x7f", "\\x7f" },
		{ "caf\xc3\xa9", "caf\xc3\xa9" },
		{ "caf\xe9", "caf\\xe9" },
		{ "\xc2\x9b", "\\xc2\\x9b" }, /* CSI in one character */
		/* From right to left, and back. */
		{ "a\xe2\x80\xae!\xe2\x80\xac", "a\\xe2\\x80\\xae!\\xe2\\x80\\xac" },
	};

	(void)state;

	assert_non_null(setlocale(LC_ALL, "C.UTF-8"));
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		scoped(freep) char *shown = escaped(table[i].text);

		assert_string_equal(shown, table[i].shown);
	}
}

static void in_the_c_locale_only_ascii_is_shown(void **state)
{
	scoped(freep) char *shown = NULL;

	(void)state;

	assert_non_null(setlocale(LC_ALL, "C"));
	shown = escaped("caf\xc3\xa9");
	assert_string_equal(shown, "caf\\xc3\\xa9");
}

static void json_from_the_daemon_is_tamed_without_changing_it(void **state)
{
	char text[64] = "";
	scoped(fclosep) FILE *file = fmemopen(text, sizeof(text), "w");

	(void)state;

	weir_put_json(file, "{\"a\": \"\x7f\xc2\x9b\xc3\xa9\"}");
	fflush(file);
	assert_string_equal(text, "{\"a\": \"\\u007f\\u009b\xc3\xa9\"}\n");
}

static void figures_are_cut_to_their_column(void **state)
{
	static const struct {
		uint64_t value;
		const char *cpu, *memory;
	} table[] = {
		{ 0, "0", "0" },
		{ 5, "0.01", "0.0Ki" },
		{ 500, "0.5", "0.5Ki" },
		{ 1250, "1.25", "1.2Ki" },
		{ 99994, "99.99", "98Ki" },
		{ 99995, "100", "98Ki" },
		{ 128000, "128", "125Ki" },
		{ 256 << 20, "268435", "256Mi" },
		{ 1023 << 20, "1072693", "1.0Gi" },
		{ 1536 << 20, "1610613", "1.5Gi" },
		{ WEIR_INFINITE, "max", "max" },
		{ WEIR_ABSENT, "-", "-" },
	};
	char buf[WEIR_FIGURE], band[WEIR_BAND];

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		assert_string_equal(weir_short_cpu(table[i].value, buf), table[i].cpu);
		assert_string_equal(weir_short_memory(table[i].value, buf), table[i].memory);
	}
	assert_string_equal(weir_short_band(500, 2000, weir_short_cpu, band), "0.5:2");
	assert_string_equal(weir_short_band(0, WEIR_INFINITE, weir_short_cpu, band), "-:max");
}

static void times_are_told_in_a_fitting_unit(void **state)
{
	char buf[WEIR_FIGURE];

	(void)state;

	assert_string_equal(weir_short_age(119, buf), "119s");
	assert_string_equal(weir_short_age(120, buf), "2m");
	assert_string_equal(weir_short_age(7200, buf), "2h");
	assert_string_equal(weir_short_age(172800, buf), "2d");
	assert_string_equal(weir_short_time(250000000, buf), "0.25s");
	assert_string_equal(weir_short_time(WEIR_ABSENT, buf), "-");
}

static void a_table_is_as_wide_as_its_cells(void **state)
{
	static const char *const headers[] = { "ID", ">CPU", "COMMAND", NULL };
	scoped(weir_table_done) struct weir_table table;
	char text[256] = "";
	scoped(fclosep) FILE *file = fmemopen(text, sizeof(text), "w");

	(void)state;

	weir_table_init(&table, headers);
	weir_table_add(&table, "web");
	weir_table_addf(&table, "%d", 7);
	weir_table_add(&table, "sleep\t1");
	weir_table_add(&table, "database");
	weir_table_add(&table, "12345");
	weir_table_add(&table, "");
	assert_int_equal(weir_table_print(&table, file), 0);
	fflush(file);
	assert_string_equal(text, "ID          CPU  COMMAND\n"
				  "web           7  sleep\\x091\n"
				  "database  12345  \n");
}

static void a_table_without_an_end_has_one_head(void **state)
{
	static const char *const headers[] = { ">N", "ID", "WHAT", NULL };
	scoped(weir_table_done) struct weir_table table;
	char text[256] = "";
	scoped(fclosep) FILE *file = fmemopen(text, sizeof(text), "w");

	(void)state;

	weir_table_init(&table, headers);
	assert_int_equal(weir_table_flow(&table, file), 0);
	for (int i = 9; i <= 11; i++) {
		weir_table_addf(&table, "%d", i);
		weir_table_add(&table, i == 10 ? "database" : "web");
		weir_table_add(&table, "up");
		if (i != 9)
			assert_int_equal(weir_table_flow(&table, file), 0);
	}
	assert_int_equal(weir_table_flow(&table, file), 0);
	fflush(file);
	assert_string_equal(text, " N  ID        WHAT\n"
				  " 9  web       up\n"
				  "10  database  up\n"
				  "11  web       up\n");
}

static void json_is_ascii_whatever_the_text_holds(void **state)
{
	static const char text[] = "\"\\\n\xc3\xa9\xf0\x9f\x98\x80\xff\xed\xa0\x80";
	char out[256] = "";
	scoped(fclosep) FILE *file = fmemopen(out, sizeof(out), "w");
	struct weir_json_out json = { .file = file };

	(void)state;

	weir_json_out_open(&json, NULL, '{');
	weir_json_out_text(&json, "t", text, sizeof(text));
	weir_json_out_u64(&json, "i", WEIR_INFINITE);
	weir_json_out_u64(&json, "n", WEIR_ABSENT);
	weir_json_out_open(&json, "l", '[');
	weir_json_out_u64(&json, NULL, 1);
	weir_json_out_i64(&json, NULL, -1);
	weir_json_out_close(&json, ']');
	weir_json_out_bool(&json, "b", true);
	weir_json_out_close(&json, '}');
	fflush(file);
	assert_string_equal(out,
			    "{\"t\":\"\\\"\\\\\\u000a\\u00e9\\ud83d\\ude00\\ufffd\\ufffd\\ufffd"
			    "\\ufffd\",\"i\":\"Infinity\",\"n\":null,\"l\":[1,-1],\"b\":true}");
}

static void refusals_and_ends_have_their_exit_codes(void **state)
{
	static const struct {
		int r, code;
	} table[] = {
		{ 0, 0 },	{ -EIO, 1 },   { -EAGAIN, 1 }, { -ENOENT, 3 },
		{ -EINVAL, 4 }, { -EPERM, 4 }, { -ENOSPC, 4 }, { -ECONNREFUSED, 5 },
	};

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		assert_int_equal(weir_exit_of_errno(table[i].r), table[i].code);
	assert_int_equal(weir_code_of_status(7 << 8), 7);
	assert_int_equal(weir_code_of_status(SIGKILL), 137);
}

struct sample_options {
	const char *name;
	struct weir_amounts amounts;
	struct weir_text_list env;
	int signal;
	uint64_t number;
	bool detach, quiet;
};

#define OFFSET(field) offsetof(struct sample_options, field)

static const struct weir_option sample_table[] = {
	{ "name", 'n', "ID", weir_option_text, OFFSET(name), "" },
	{ "cpu", 0, "REQ[:LIMIT]", weir_option_cpu, OFFSET(amounts), "" },
	{ "memory", 'm', "N", weir_option_memory_both, OFFSET(amounts), "" },
	{ "env", 'e', "K=V", weir_option_list, OFFSET(env), "" },
	{ "signal", 's', "SIGNAL", weir_option_signal, OFFSET(signal), "" },
	{ "number", 0, "N", weir_option_number, OFFSET(number), "" },
	{ "detach", 'd', NULL, NULL, OFFSET(detach), "" },
	{ "quiet", 'q', NULL, NULL, OFFSET(quiet), "" },
	WEIR_OPTIONS_END,
};

static int parse(struct sample_options *options, bool stop_at_operand, char **argv,
		 struct weir_error *err)
{
	const struct weir_option_set set = { sample_table, options };
	int argc = 0;

	while (argv[argc])
		argc++;
	*options = (struct sample_options){ .amounts = WEIR_AMOUNTS_ABSENT };
	return weir_options_parse(&set, 1, stop_at_operand, argc, argv, err);
}

static void options_stand_before_and_after_operands(void **state)
{
	char *argv[] = { (char *)"v",
			 (char *)"a",
			 (char *)"--name=x",
			 (char *)"-dq",
			 (char *)"b",
			 (char *)"-s",
			 (char *)"sigterm",
			 (char *)"-eA=1",
			 (char *)"--env",
			 (char *)"B",
			 (char *)"--number=9223372036854775807",
			 (char *)"--",
			 (char *)"-c",
			 NULL };
	struct sample_options options = {};
	struct weir_error err = {};

	(void)state;

	assert_int_equal(parse(&options, false, argv, &err), 3);
	assert_string_equal(argv[0], "a");
	assert_string_equal(argv[1], "b");
	assert_string_equal(argv[2], "-c");
	assert_null(argv[3]);
	assert_string_equal(options.name, "x");
	assert_true(options.detach && options.quiet);
	assert_int_equal(options.signal, SIGTERM);
	assert_true(options.number == INT64_MAX);
	assert_int_equal(options.env.n, 2);
	assert_string_equal(options.env.text[1], "B");
}

static void a_command_keeps_its_own_options(void **state)
{
	char *argv[] = { (char *)"run", (char *)"--cpu", (char *)"0.5:2",
			 (char *)"-m",	(char *)"64Mi",	 (char *)"ls",
			 (char *)"-d",	(char *)"--",	 NULL };
	struct sample_options options = {};
	struct weir_error err = {};

	(void)state;

	assert_int_equal(parse(&options, true, argv, &err), 3);
	assert_string_equal(argv[0], "ls");
	assert_string_equal(argv[1], "-d");
	assert_string_equal(argv[2], "--");
	assert_false(options.detach);
	assert_int_equal(options.amounts.cpu_request_mcpu, 500);
	assert_int_equal(options.amounts.cpu_limit_mcpu, 2000);
	assert_int_equal(options.amounts.mem_request_bytes, 64 << 20);
	assert_int_equal(options.amounts.mem_limit_bytes, 64 << 20);
}

static void bad_options_are_named(void **state)
{
	static const struct {
		const char *first, *second, *error;
	} table[] = {
		{ "--nam=x", NULL, "there is no option '--nam'" },
		{ "-z", NULL, "there is no option '-z'" },
		{ "--name", NULL, "option '--name' needs a value: ID" },
		{ "-n", NULL, "option '-n' needs a value: ID" },
		{ "--detach=1", NULL, "option '--detach' takes no value" },
		{ "--name", "", "--name: the value is empty" },
		{ "--memory", "max", "--memory: 'max' can't be promised: expected a number" },
		{ "--number", "9223372036854775808",
		  "--number: '9223372036854775808' is no number: expected 42, say" },
		{ "--number", "-1", "--number: '-1' is no number: expected 42, say" },
		{ "--number", "7x", "--number: '7x' is no number: expected 42, say" },
		{ "-s", "99", "--signal: '99' is no signal: expected TERM, SIGTERM or 15, say" },
	};

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char *argv[] = { (char *)"v", (char *)table[i].first, (char *)table[i].second,
				 NULL };
		struct sample_options options = {};
		struct weir_error err = {};

		assert_int_equal(parse(&options, false, argv, &err), -EINVAL);
		assert_string_equal(err.text, table[i].error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_from_elsewhere_moves_the_cursor),
		cmocka_unit_test(in_the_c_locale_only_ascii_is_shown),
		cmocka_unit_test(json_from_the_daemon_is_tamed_without_changing_it),
		cmocka_unit_test(figures_are_cut_to_their_column),
		cmocka_unit_test(times_are_told_in_a_fitting_unit),
		cmocka_unit_test(a_table_is_as_wide_as_its_cells),
		cmocka_unit_test(a_table_without_an_end_has_one_head),
		cmocka_unit_test(json_is_ascii_whatever_the_text_holds),
		cmocka_unit_test(refusals_and_ends_have_their_exit_codes),
		cmocka_unit_test(options_stand_before_and_after_operands),
		cmocka_unit_test(a_command_keeps_its_own_options),
		cmocka_unit_test(bad_options_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
