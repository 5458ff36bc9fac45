/* SPDX-License-Identifier: Apache-2.0 */
/* What weir_log() writes, read back through a pipe in the place of stderr. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

#define LINE_MAX_BYTES 8192

static int stderr_fd = -1, pipe_fd = -1;

static int put_a_pipe_for_stderr(void **state)
{
	int fds[2];

	(void)state;

	/* Non-blocking, so that "nothing was written" is an answer. */
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	pipe_fd = fds[0];
	stderr_fd = dup(STDERR_FILENO);
	dup2(fds[1], STDERR_FILENO);
	close(fds[1]);
	weir_log_set_level(WEIR_LOG_INFO);
	return 0;
}

static int put_stderr_back(void **state)
{
	(void)state;

	dup2(stderr_fd, STDERR_FILENO);
	stderr_fd = close_fd(stderr_fd);
	pipe_fd = close_fd(pipe_fd);
	return 0;
}

/* What was logged since, less "test_log: " and the line's end; the prefix stays in front. */
static const char *logged(void)
{
	static char text[LINE_MAX_BYTES];
	char name[] = "test_log: ", *at;
	ssize_t n = read(pipe_fd, text, sizeof(text) - 1);

	if (n <= 0)
		return "";
	assert_int_equal(text[n - 1], '\n');
	text[n - 1] = '\0';

	at = strstr(text, name);
	assert_non_null(at);
	memmove(at, at + strlen(name), strlen(at + strlen(name)) + 1);
	return text;
}

static void a_line_has_its_priority_in_front(void **state)
{
	(void)state;

	weir_err("container '%s': gone", "a");
	assert_string_equal(logged(), "<3>container 'a': gone");
	weir_warn("w");
	assert_string_equal(logged(), "<4>w");
	weir_info("i");
	assert_string_equal(logged(), "<6>i");
}

static void a_message_above_the_level_is_dropped(void **state)
{
	(void)state;

	weir_debug("not yet");
	assert_string_equal(logged(), "");

	weir_log_set_level(WEIR_LOG_DEBUG);
	assert_int_equal(weir_log_level(), WEIR_LOG_DEBUG);
	weir_debug("now");
	assert_string_equal(logged(), "<7>now");

	weir_log_set_level(WEIR_LOG_ERR);
	weir_warn("no more");
	assert_string_equal(logged(), "");
}

static const struct {
	const char *message, *line;
} escape_cases[] = {
	{ "a\n<0>b: forged", "<6>a\\x0a<0>b: forged" },
	{ "\x1b[2Jgone", "<6>\\x1b[2Jgone" },
	{ "tab\there", "<6>tab\\x09here" },
	{ "del\x7f", "<6>del\\x7f" },
	{ "gr\xc3\xb6\xc3\x9f"
	  "e \xe2\x86\x92 \xf0\x9f\x8c\x8a",
	  "<6>gr\xc3\xb6\xc3\x9f"
	  "e \xe2\x86\x92 \xf0\x9f\x8c\x8a" },
	/* C1 controls: 8-bit, and as UTF-8. */
	{ "\x9b"
	  "2J",
	  "<6>\\x9b2J" },
	{ "\xc2\x9b"
	  "2J",
	  "<6>\\xc2\\x9b2J" },
	/* Overlong, a surrogate, above U+10FFFF, cut short. */
	{ "\xc0\x8a", "<6>\\xc0\\x8a" },
	{ "\xe0\x80\x8a", "<6>\\xe0\\x80\\x8a" },
	{ "\xed\xa0\x80", "<6>\\xed\\xa0\\x80" },
	{ "\xf4\x90\x80\x80", "<6>\\xf4\\x90\\x80\\x80" },
	{ "\xe2\x86", "<6>\\xe2\\x86" },
	{ "\xf0\x9f\x8c", "<6>\\xf0\\x9f\\x8c" },
};

static void no_message_can_forge_a_line_or_move_a_cursor(void **state)
{
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(escape_cases); i++) {
		weir_info("%s", escape_cases[i].message);
		assert_string_equal(logged(), escape_cases[i].line);
	}
}

static void a_message_that_is_too_long_is_cut_to_one_line(void **state)
{
	char text[LINE_MAX_BYTES];

	(void)state;

	memset(text, '\n', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';

	weir_info("%s", text);
	assert_int_equal(strlen(logged()), strlen("<6>") + 1023 * strlen("\\x0a"));
	assert_string_equal(logged(), "");
}

static void logging_leaves_errno_alone(void **state)
{
	(void)state;

	errno = EXDEV;
	weir_info("something");
	assert_int_equal(errno, EXDEV);
	logged();
}

static void levels_have_names(void **state)
{
	static const struct {
		const char *name;
		enum weir_log_level level;
	} cases[] = {
		{ "err", WEIR_LOG_ERR },
		{ "warning", WEIR_LOG_WARNING },
		{ "info", WEIR_LOG_INFO },
		{ "debug", WEIR_LOG_DEBUG },
	};
	enum weir_log_level level = WEIR_LOG_INFO;

	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(weir_log_level_from_name(cases[i].name, &level), 0);
		assert_int_equal(level, cases[i].level);
	}
	assert_int_equal(weir_log_level_from_name("loud", &level), -EINVAL);
	assert_int_equal(level, WEIR_LOG_DEBUG); /* untouched on failure */
}

#define piped(test) cmocka_unit_test_setup_teardown(test, put_a_pipe_for_stderr, put_stderr_back)

int main(void)
{
	const struct CMUnitTest tests[] = {
		piped(a_line_has_its_priority_in_front),
		piped(a_message_above_the_level_is_dropped),
		piped(no_message_can_forge_a_line_or_move_a_cursor),
		piped(a_message_that_is_too_long_is_cut_to_one_line),
		piped(logging_leaves_errno_alone),
		cmocka_unit_test(levels_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
