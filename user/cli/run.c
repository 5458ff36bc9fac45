/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "cli/amounts.h"
#include "cli/cli.h"
#include "cli/foreground.h"
#include "cli/notes.h"
#include "cli/text.h"
#include "weir/weir.h"

#define NAME_SIZE	32
#define NAME_ATTEMPTS	8
#define END_PATIENCE_MS 5000

struct options {
	const char *name, *user, *workdir, *role;
	struct weir_amounts amounts;
	struct weir_text_list env;
	bool detach, keep, exempt;
};

static const struct weir_option options[] = {
	{ "name", 'n', "ID", weir_option_text, offsetof(struct options, name),
	  "what to call it (a made-up name)" },
	WEIR_AMOUNT_OPTIONS(struct options),
	{ "user", 'u', "USER[:GROUP]", weir_option_text, offsetof(struct options, user),
	  "run as this user" },
	{ "workdir", 'w', "DIR", weir_option_text, offsetof(struct options, workdir),
	  "run in this directory" },
	{ "env", 'e', "KEY[=VALUE]", weir_option_list, offsetof(struct options, env),
	  "set a variable, or pass on the caller's; may be repeated" },
	{ "role", 0, "ROLE", weir_option_text, offsetof(struct options, role),
	  "whom it is booked on (*)" },
	{ "detach", 'd', NULL, NULL, offsetof(struct options, detach),
	  "print the id and return; see 'weir logs' for its output" },
	{ "keep", 0, NULL, NULL, offsetof(struct options, keep),
	  "keep the record of a foreground command after its end" },
	{ "exempt", 0, NULL, NULL, offsetof(struct options, exempt),
	  "it never gives way, nor gives memory back; its limits stay" },
	WEIR_OPTIONS_END,
};

static const struct options defaults = { .amounts = WEIR_AMOUNTS_ABSENT };

/* What libweir is told, with what had to be made for it. */
struct launch {
	struct weir_launch_options options;
	char name[NAME_SIZE];
	char *workdir;
	char *env[WEIR_TEXT_LIST_MAX + 1];
	size_t n_env;
};

static void launch_done(struct launch *launch)
{
	free(launch->workdir);
	for (size_t i = 0; i < launch->n_env; i++)
		free(launch->env[i]);
}

/* "KEY" alone stands for the caller's own; what the caller has not is left out. */
static bool add_env(struct launch *launch, const char *text)
{
	const char *value = strchr(text, '=') ? "" : getenv(text);
	char *variable;

	if (!value)
		return true;
	if (asprintf(&variable, "%s%s%s", text, strchr(text, '=') ? "" : "=", value) < 0)
		return false;
	launch->env[launch->n_env++] = variable;
	return true;
}

static bool prepare(struct launch *launch, const struct options *chosen, char **command)
{
	/* A detached command starts in the daemon, which has another idea of "here". */
	if (chosen->workdir) {
		launch->workdir = realpath(chosen->workdir, NULL);
		if (!launch->workdir) {
			weir_say("--workdir: '%s': %s", chosen->workdir, strerror(errno));
			return false;
		}
	}
	for (size_t i = 0; i < chosen->env.n; i++) {
		const char *text = chosen->env.text[i];

		if (*text == '\0' || *text == '=') {
			weir_say("--env: '%s' has no name: expected KEY=VALUE or KEY", text);
			return false;
		}
		if (!add_env(launch, text)) {
			weir_say("out of memory");
			return false;
		}
	}

	launch->options = (struct weir_launch_options){
		.id = chosen->name ? chosen->name : launch->name,
		.role = chosen->role,
		.amounts = chosen->amounts,
		.argv = (const char *const *)command,
		.env = launch->n_env ? (const char *const *)launch->env : NULL,
		.user = chosen->user,
		.workdir = launch->workdir,
		.keep = chosen->keep,
		.exempt = chosen->exempt,
	};
	return true;
}

static void make_name(char name[NAME_SIZE])
{
	uint32_t bits;

	/* Of this size it never falls short, says getrandom(2). */
	if (getrandom(&bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
		bits = (uint32_t)getpid();
	snprintf(name, NAME_SIZE, "run-%06x", (unsigned int)(bits & 0xffffff));
}

static int code_of_exec(int error)
{
	return error == ENOENT || error == ENOTDIR ? WEIR_EXIT_NOT_FOUND : WEIR_EXIT_CANNOT_EXECUTE;
}

/* 0 and *@ret_code: the daemon has executed it, or could not for the command's own sake. */
static int run_detached(struct weir_client *client, const struct launch *launch, int *ret_code)
{
	struct weir_answer_notes notes = {};
	int exec_errno = 0;
	int r = weir_client_launch(client, &launch->options, &notes, &exec_errno);

	if (r == -ENOEXEC) {
		weir_say("%s", weir_client_error(client));
		*ret_code = code_of_exec(exec_errno);
		return 0;
	}
	if (r < 0)
		return r;
	weir_say_notes(&notes);
	puts(launch->options.id);
	return 0;
}

/* What the exit code alone does not tell, and away with the record. */
static void conclude(struct weir_client *client, const struct weir_launch_options *launch)
{
	struct weir_wait_result result;
	int r = weir_client_wait(client, launch->id, END_PATIENCE_MS, &result);

	if (r == 0 &&
	    (strcmp(result.reason, "limit") == 0 || strcmp(result.reason, "node-pressure") == 0))
		weir_say("container '%s': %s", launch->id, result.message);

	/* Should this fail, the daemon does it once we are gone. */
	if (!launch->keep)
		weir_client_remove(client, launch->id);
}

/* 0 and *@ret_code: it was executed. */
static int run_foreground(struct weir_client *client, const struct launch *launch, int *ret_code)
{
	const struct weir_launch_options *to = &launch->options;
	struct weir_answer_notes notes = {};
	struct weir_foreground foreground;
	int exec_errno = 0, r, status;
	pid_t pid;

	weir_foreground_begin(&foreground);
	r = weir_client_run(client, to, weir_foreground_restore, &foreground, &notes, &pid,
			    &exec_errno);
	if (r == 0) {
		weir_say_notes(&notes);
		status = weir_foreground_wait(&foreground, pid);
		conclude(client, to);
		*ret_code = weir_code_of_status(status);
	} else if (r == -ENOEXEC) {
		weir_say("%s", weir_client_error(client));
		*ret_code = code_of_exec(exec_errno);
		r = 0;
	}
	weir_foreground_restore(&foreground);
	return r;
}

static int run(const struct weir_globals *globals, const void *data, int n_operands,
	       char **operands)
{
	scoped(weir_disconnectp) struct weir_client *client = weir_connect(globals);
	scoped(launch_done) struct launch launch = {};
	const struct options *chosen = data;
	int attempts = chosen->name ? 1 : NAME_ATTEMPTS, code = WEIR_EXIT_OK, r;

	(void)n_operands;
	if (!client || !prepare(&launch, chosen, operands))
		return WEIR_EXIT_RUN_FAILED;
	do {
		make_name(launch.name);
		r = chosen->detach ? run_detached(client, &launch, &code)
				   : run_foreground(client, &launch, &code);
	} while (r == -EEXIST && --attempts > 0);
	if (r < 0) {
		weir_failed(client, r);
		return WEIR_EXIT_RUN_FAILED;
	}
	return code;
}

const struct weir_verb weir_verb_run = {
	.name = "run",
	.operands = "[--] COMMAND [ARGUMENT...]",
	.summary = "run a command in a container",
	.details = "In the foreground it is a child of this program, with its terminal, "
		   "environment and\n"
		   "directory. Exits with the command's code, 128 and the signal's number if one "
		   "killed\n"
		   "it, 125 if weir failed, 126 if it can't be executed, 127 if there is no such "
		   "command.",
	.options = options,
	.defaults = &defaults,
	.options_size = sizeof(struct options),
	.min_operands = 1,
	.max_operands = -1,
	.takes_command = true,
	.usage_exit = WEIR_EXIT_RUN_FAILED,
	.run = run,
};
