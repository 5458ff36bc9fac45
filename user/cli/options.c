/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/quantity.h"
#include "weir/weir.h"

struct found {
	const struct weir_option *option;
	void *field;
};

static bool is_called(const struct weir_option *option, const char *name, size_t size)
{
	return strncmp(option->name, name, size) == 0 && option->name[size] == '\0';
}

/* By @letter, or when that is 0 by the @size bytes of @name. */
static bool find(const struct weir_option_set *sets, size_t n_sets, const char *name, size_t size,
		 char letter, struct found *ret)
{
	for (size_t i = 0; i < n_sets; i++) {
		const struct weir_option *option = sets[i].options;

		for (; option && option->name; option++) {
			if (letter ? option->letter != letter : !is_called(option, name, size))
				continue;
			*ret = (struct found){ option, (char *)sets[i].target + option->offset };
			return true;
		}
	}
	return false;
}

/* @value: NULL when none was given with it. */
static int apply(const struct found *found, const char *value, struct weir_error *err)
{
	const struct weir_option *option = found->option;

	if (!option->parse) {
		*(bool *)found->field = true;
		return 0;
	}
	if (option->parse(value, found->field, err) < 0)
		return weir_fail_in(err, "--%s", option->name);
	return 0;
}

/* "--name", "--name=value"; @next is the argument behind it, taken if there is a need. */
static int take_long(const struct weir_option_set *sets, size_t n_sets, const char *argument,
		     const char *next, struct weir_error *err)
{
	const char *name = argument + 2, *equals = strchrnul(name, '=');
	const char *value = *equals ? equals + 1 : next;
	struct found found;
	int r;

	if (!find(sets, n_sets, name, (size_t)(equals - name), 0, &found))
		return weir_fail(err, -EINVAL, "there is no option '%.*s'",
				 (int)(equals - argument), argument);
	if (!found.option->parse && *equals)
		return weir_fail(err, -EINVAL, "option '--%s' takes no value", found.option->name);
	if (found.option->parse && !value)
		return weir_fail(err, -EINVAL, "option '--%s' needs a value: %s",
				 found.option->name, found.option->value);
	r = apply(&found, value, err);
	return r < 0 ? r : found.option->parse && !*equals;
}

/* "-x", "-xyz", "-xVALUE". */
static int take_short(const struct weir_option_set *sets, size_t n_sets, const char *argument,
		      const char *next, struct weir_error *err)
{
	for (const char *letter = argument + 1; *letter; letter++) {
		const char *value = letter[1] ? letter + 1 : next;
		struct found found;
		int r;

		if (!find(sets, n_sets, "", 0, *letter, &found))
			return weir_fail(err, -EINVAL, "there is no option '-%c'", *letter);
		if (found.option->parse && !value)
			return weir_fail(err, -EINVAL, "option '-%c' needs a value: %s", *letter,
					 found.option->value);
		r = apply(&found, value, err);
		if (r < 0)
			return r;
		if (found.option->parse)
			return !letter[1];
	}
	return 0;
}

int weir_options_parse(const struct weir_option_set *sets, size_t n_sets, bool stop_at_operand,
		       int argc, char **argv, struct weir_error *err)
{
	bool ended = false;
	int n = 0;

	for (int i = 1; i < argc; i++) {
		char *argument = argv[i];
		int r;

		if (ended || argument[0] != '-' || argument[1] == '\0') {
			argv[n++] = argument;
			ended |= stop_at_operand;
			continue;
		}
		if (strcmp(argument, "--") == 0) {
			ended = true;
			continue;
		}
		r = argument[1] == '-' ? take_long(sets, n_sets, argument, argv[i + 1], err)
				       : take_short(sets, n_sets, argument, argv[i + 1], err);
		if (r < 0)
			return r;
		i += r; /* the value that was taken */
	}
	argv[n] = NULL;
	return n;
}

int weir_option_text(const char *text, void *field, struct weir_error *err)
{
	if (!*text)
		return weir_fail(err, -EINVAL, "the value is empty");
	*(const char **)field = text;
	return 0;
}

int weir_option_list(const char *text, void *field, struct weir_error *err)
{
	struct weir_text_list *list = field;

	if (list->n == WEIR_TEXT_LIST_MAX)
		return weir_fail(err, -EINVAL, "given more than %d times", WEIR_TEXT_LIST_MAX);
	list->text[list->n++] = text;
	return 0;
}

int weir_option_cpu(const char *text, void *field, struct weir_error *err)
{
	struct weir_amounts *amounts = field;

	return weir_parse_band(text, weir_parse_cpu, &amounts->cpu_request_mcpu,
			       &amounts->cpu_limit_mcpu, err);
}

int weir_option_memory(const char *text, void *field, struct weir_error *err)
{
	struct weir_amounts *amounts = field;

	return weir_parse_band(text, weir_parse_memory, &amounts->mem_request_bytes,
			       &amounts->mem_limit_bytes, err);
}

/* Docker's --cpus and --memory are limits; here what is a limit is promised as well. */
static int parse_both(const char *text, weir_parse_fn *parse, uint64_t *request, uint64_t *limit,
		      struct weir_error *err)
{
	uint64_t value;
	int r = parse(text, &value, err);

	if (r < 0)
		return r;
	if (value == WEIR_INFINITE)
		return weir_fail(err, -EINVAL, "'%s' can't be promised: expected a number", text);
	*request = *limit = value;
	return 0;
}

int weir_option_cpus(const char *text, void *field, struct weir_error *err)
{
	struct weir_amounts *amounts = field;

	return parse_both(text, weir_parse_cpu, &amounts->cpu_request_mcpu,
			  &amounts->cpu_limit_mcpu, err);
}

int weir_option_memory_both(const char *text, void *field, struct weir_error *err)
{
	struct weir_amounts *amounts = field;

	return parse_both(text, weir_parse_memory, &amounts->mem_request_bytes,
			  &amounts->mem_limit_bytes, err);
}

int weir_option_swap(const char *text, void *field, struct weir_error *err)
{
	struct weir_amounts *amounts = field;

	return weir_parse_memory(text, &amounts->swap_limit_bytes, err);
}

int weir_option_cpu_burst(const char *text, void *field, struct weir_error *err)
{
	struct weir_amounts *amounts = field;
	uint64_t mcpu = 0;

	if (weir_parse_cpu(text, &mcpu, err) < 0)
		return err->code;
	if (mcpu == WEIR_INFINITE)
		return weir_fail(err, -EINVAL, "'%s' is no burst: expected at most the limit",
				 text);
	amounts->cpu_burst_mcpu = mcpu;
	return 0;
}

int weir_option_duration(const char *text, void *field, struct weir_error *err)
{
	return weir_parse_duration(text, field, err);
}

/* "TERM", "SIGTERM", "15". */
int weir_option_signal(const char *text, void *field, struct weir_error *err)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
	char *end;
	long number = strtol(text, &end, 10);

	if (*text >= '0' && *text <= '9' && !*end && number > 0 && number <= SIGRTMAX) {
		*(int *)field = (int)number;
		return 0;
	}
	for (int i = 1; i < NSIG; i++) {
		const char *known = sigabbrev_np(i);

		if (known && strcasecmp(known, name) == 0) {
			*(int *)field = i;
			return 0;
		}
	}
	return weir_fail(err, -EINVAL, "'%s' is no signal: expected TERM, SIGTERM or 15, say",
			 text);
}

int weir_option_number(const char *text, void *field, struct weir_error *err)
{
	unsigned long long number;
	char *end;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || number > INT64_MAX)
		return weir_fail(err, -EINVAL, "'%s' is no number: expected 42, say", text);
	*(uint64_t *)field = number;
	return 0;
}

int weir_option_pids(const char *text, void *field, struct weir_error *err)
{
	struct weir_amounts *amounts = field;

	if (strcmp(text, "max") == 0) {
		amounts->pids_limit = WEIR_INFINITE;
		return 0;
	}
	if (weir_option_number(text, &amounts->pids_limit, err) < 0)
		return err->code;
	return amounts->pids_limit ? 0
				   : weir_fail(err, -EINVAL,
					       "a pids limit of 0 leaves no room for its first "
					       "process: expected 1 or more");
}
