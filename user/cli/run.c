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
#include "cli/command.h"
#include "cli/foreground.h"
#include "cli/net.h"
#include "cli/notes.h"
#include "cli/text.h"
#include "weir/weir.h"

#define NAME_SIZE	32
#define NAME_ATTEMPTS	8
#define END_PATIENCE_MS 5000

struct options {
	const char *name, *role, *in, *cpus_set;
	struct weir_net_chosen net;
	struct weir_amounts amounts;
	struct weir_command_options command;
	struct weir_text_list labels, volumes;
	bool detach, keep, autoremove, delegate, exempt, executor, shared;
};

static const struct weir_option options[] = {
	{ "name", 'n', "ID", weir_option_text, offsetof(struct options, name),
	  "what to call it (a made-up name)" },
	WEIR_AMOUNT_OPTIONS(struct options),
	WEIR_COMMAND_OPTIONS(struct options, command),
	{ "role", 0, "ROLE", weir_option_text, offsetof(struct options, role),
	  "whom it is booked on (*)" },
	{ "cpus-set", 0, "LIST", weir_option_text, offsetof(struct options, cpus_set),
	  "the CPUs it may use: 0-3,6 (all)" },
	{ "label", 0, "KEY=VALUE", weir_option_list, offsetof(struct options, labels),
	  "say this of it, for whoever asks; framework_id is whose it is; may be repeated" },
	{ "volume", 'v', "[ROLE/]NAME:/DIR", weir_option_list, offsetof(struct options, volumes),
	  "have a volume of its role there; may be repeated" },
	WEIR_NET_POLICY(struct options),
	WEIR_NET_OPTIONS(struct options, "net-degraded"),
	{ "detach", 'd', NULL, NULL, offsetof(struct options, detach),
	  "print the id and return; see 'weir logs' for its output" },
	{ "keep", 0, NULL, NULL, offsetof(struct options, keep),
	  "keep the record of a foreground command after its end" },
	{ "rm", 0, NULL, NULL, offsetof(struct options, autoremove),
	  "forget a detached command once it has ended, as one in the foreground" },
	{ "delegate", 0, NULL, NULL, offsetof(struct options, delegate),
	  "its user may make cgroups in the container's own" },
	{ "executor", 0, NULL, NULL, offsetof(struct options, executor),
	  "it may have tasks, and is held to the sum of its and their amounts" },
	{ "in", 0, "EXECUTOR", weir_option_text, offsetof(struct options, in),
	  "as a task of this executor, with a cgroup of its own" },
	{ "shared", 0, NULL, NULL, offsetof(struct options, shared),
	  "with --in: in the executor's cgroup, without limits of its own" },
	{ "exempt", 0, NULL, NULL, offsetof(struct options, exempt),
	  "it never gives way, nor gives memory back; its limits stay" },
	WEIR_OPTIONS_END,
};

static const struct options defaults = { .amounts = WEIR_AMOUNTS_ABSENT };

/* What libweir is told, with what had to be made for it. */
struct launch {
	struct weir_launch_options options;
	char name[NAME_SIZE];
	char *id; /* what it is called in full */
	struct weir_command command;
	struct weir_net_words net;
};

static void launch_done(struct launch *launch)
{
	weir_command_done(&launch->command);
	weir_net_words_done(&launch->net);
	free(launch->id);
}

static bool prepare(struct launch *launch, const struct options *chosen, char **command)
{
	if (!weir_net_words_load(&chosen->net, &launch->net))
		return false;
	launch->options = (struct weir_launch_options){
		.role = chosen->role,
		.cpus_set = chosen->cpus_set,
		.net = launch->net.options,
		.amounts = chosen->amounts,
		.keep = chosen->keep,
		.exempt = chosen->exempt,
		.autoremove = chosen->autoremove,
		.delegate = chosen->delegate,
		.executor = chosen->executor,
		.share_cgroups = chosen->shared,
		.labels = weir_command_texts(&chosen->labels),
		.volumes = weir_command_texts(&chosen->volumes),
	};
	return weir_command_prepare(&launch->command, &chosen->command, command, &launch->options);
}

static void make_up(char name[NAME_SIZE])
{
	uint32_t bits;

	/* Of this size it never falls short, says getrandom(2). */
	if (getrandom(&bits, sizeof(bits), 0) != (ssize_t)sizeof(bits))
		bits = (uint32_t)getpid();
	snprintf(name, NAME_SIZE, "run-%06x", (unsigned int)(bits & 0xffffff));
}

/* "ID", or "EXECUTOR/TASK" with --in. */
static bool make_name(struct launch *launch, const struct options *chosen)
{
	make_up(launch->name);
	free(launch->id);
	if (asprintf(&launch->id, "%s%s%s", chosen->in ? chosen->in : "", chosen->in ? "/" : "",
		     chosen->name ? chosen->name : launch->name) < 0) {
		launch->id = NULL;
		weir_say("out of memory");
		return false;
	}
	launch->options.id = launch->id;
	return true;
}

/* 0 and *@ret_code: the daemon has executed it, or could not for the command's own sake. */
static int run_detached(struct weir_client *client, const struct launch *launch, int *ret_code)
{
	struct weir_answer_notes notes = {};
	int exec_errno = 0;
	int r = weir_client_launch(client, &launch->options, &notes, &exec_errno);

	if (r == -ENOEXEC) {
		weir_say("%s", weir_client_error(client));
		*ret_code = weir_code_of_exec(exec_errno);
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

static int start(struct weir_client *client, const struct weir_launch_options *to,
		 struct weir_foreground *foreground, pid_t *ret_pid, int *ret_exec_errno)
{
	struct weir_answer_notes notes = {};
	int r = weir_client_run(client, to, weir_foreground_restore, foreground, &notes, ret_pid,
				ret_exec_errno);

	if (r == 0)
		weir_say_notes(&notes);
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
	if (chosen->shared && !chosen->in) {
		weir_say("--shared: expected with --in EXECUTOR");
		return WEIR_EXIT_RUN_FAILED;
	}
	if (chosen->name && strchr(chosen->name, '/')) {
		weir_say("the container id has '/': expected --in EXECUTOR --name TASK");
		return WEIR_EXIT_RUN_FAILED;
	}
	if (chosen->keep && chosen->autoremove) {
		weir_say("--rm and --keep: expected one of them");
		return WEIR_EXIT_RUN_FAILED;
	}
	if (!client || !prepare(&launch, chosen, operands))
		return WEIR_EXIT_RUN_FAILED;
	do {
		if (!make_name(&launch, chosen))
			return WEIR_EXIT_RUN_FAILED;
		r = chosen->detach
			    ? run_detached(client, &launch, &code)
			    : weir_command_run(client, &launch.options, start, conclude, &code);
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
