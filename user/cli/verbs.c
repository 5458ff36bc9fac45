/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "cli/cli.h"
#include "cli/text.h"

/* In the order of help. */
static const struct weir_verb *const verbs[] = {
	&weir_verb_run,		&weir_verb_exec,    &weir_verb_adopt,	&weir_verb_release,
	&weir_verb_ps,		&weir_verb_inspect, &weir_verb_update,	&weir_verb_stats,
	&weir_verb_top,		&weir_verb_pause,   &weir_verb_resume,	&weir_verb_kill,
	&weir_verb_stop,	&weir_verb_wait,    &weir_verb_logs,	&weir_verb_events,
	&weir_verb_why,		&weir_verb_policy,  &weir_verb_agent,	&weir_verb_reserve,
	&weir_verb_unreserve,	&weir_verb_volume,  &weir_verb_roles,	&weir_verb_api,
	&weir_verb_rm,		&weir_verb_doctor,  &weir_verb_metrics, &weir_verb_reload,
	&weir_verb_reset_knobs, &weir_verb_purge,   &weir_verb_version, &weir_verb_help,
};

const struct weir_option weir_global_options[] = {
	{ "socket", 0, "PATH", weir_option_text, offsetof(struct weir_globals, socket),
	  "the daemon's control socket ($WEIR_SOCKET, else /run/weir/weir.sock)" },
	{ "pin-dir", 0, "DIR", weir_option_text, offsetof(struct weir_globals, pin_dir),
	  "where the maps are pinned ($WEIR_PIN_DIR, else /sys/fs/bpf/weir)" },
	{ "help", 'h', NULL, NULL, offsetof(struct weir_globals, help), "show this help" },
	WEIR_OPTIONS_END,
};

const struct weir_option weir_leading_options[] = {
	{ "version", 0, NULL, NULL, 0, "print this program's version" },
	WEIR_OPTIONS_END,
};

const struct weir_verb *weir_verb_at(size_t i)
{
	return i < ARRAY_SIZE(verbs) ? verbs[i] : NULL;
}

const struct weir_verb *weir_verb_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i]->name, name) == 0)
			return verbs[i];
	return NULL;
}

static int usage_exit(const struct weir_verb *verb)
{
	return verb && verb->usage_exit ? verb->usage_exit : WEIR_EXIT_USAGE;
}

static int fail_usage(const struct weir_verb *verb, const char *why)
{
	weir_say("%s; see 'weir help %s'", why, verb->name);
	return usage_exit(verb);
}

/* @argv[0] is the verb's name. */
static int run_verb(const struct weir_verb *verb, struct weir_globals *globals, int argc,
		    char **argv)
{
	scoped(freep) void *options = calloc(1, verb->options_size + 1);
	struct weir_error err = {};
	int n;

	if (!options) {
		weir_say("out of memory");
		return WEIR_EXIT_FAILED;
	}
	if (verb->defaults)
		memcpy(options, verb->defaults, verb->options_size);

	const struct weir_option_set sets[] = {
		{ verb->options, options },
		{ weir_global_options, globals },
	};
	n = weir_options_parse(sets, ARRAY_SIZE(sets), verb->takes_command, argc, argv, &err);
	if (n < 0)
		return fail_usage(verb, err.text);
	if (globals->help) {
		weir_help_verb(verb);
		return WEIR_EXIT_OK;
	}
	if (n < verb->min_operands)
		return fail_usage(verb, verb->takes_command ? "there is no command"
							    : "there is no container named");
	if (verb->max_operands >= 0 && n > verb->max_operands)
		return fail_usage(verb, "there are too many operands");
	return verb->run(globals, options, n, argv);
}

/* A result that did not reach its reader is a failure, whatever the verb thinks. */
static int flush_output(int code)
{
	if ((fflush(stdout) != 0 || ferror(stdout)) && code == WEIR_EXIT_OK) {
		weir_say("write to stdout failed");
		return WEIR_EXIT_FAILED;
	}
	return code;
}

/* Empty counts as unset. */
static const char *variable(const char *name)
{
	const char *value = getenv(name);

	return value && *value ? value : NULL;
}

/* No verb, so it is an option that says what is wanted. */
static int run_without_verb(int argc, bool help, bool version)
{
	if (help) {
		weir_help_overview(stdout);
		return flush_output(WEIR_EXIT_OK);
	}
	if (version) {
		printf("weir " WEIR_VERSION "\n");
		return flush_output(WEIR_EXIT_OK);
	}
	if (argc > 1)
		weir_say("there is no verb; see 'weir help'");
	else
		weir_help_overview(stderr);
	return WEIR_EXIT_USAGE;
}

int weir_cli(int argc, char **argv)
{
	struct weir_globals globals = {
		.socket = variable("WEIR_SOCKET"),
		.pin_dir = variable("WEIR_PIN_DIR"),
	};
	bool version = false;
	const struct weir_option_set sets[] = {
		{ weir_leading_options, &version },
		{ weir_global_options, &globals },
	};
	const struct weir_verb *verb;
	struct weir_error err = {};
	int n;

	n = weir_options_parse(sets, ARRAY_SIZE(sets), true, argc, argv, &err);
	if (n < 0) {
		weir_say("%s; see 'weir help'", err.text);
		return WEIR_EXIT_USAGE;
	}
	if (n == 0 || version)
		return run_without_verb(argc, globals.help, version);
	verb = weir_verb_find(argv[0]);
	if (!verb) {
		weir_say("there is no verb '%s'; see 'weir help'", argv[0]);
		return WEIR_EXIT_USAGE;
	}
	return flush_output(run_verb(verb, &globals, n, argv));
}
