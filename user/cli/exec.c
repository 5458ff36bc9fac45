/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/foreground.h"
#include "cli/text.h"
#include "weir/weir.h"

struct options {
	struct weir_command_options command;
};

static const struct weir_option options[] = {
	WEIR_COMMAND_OPTIONS(struct options, command),
	WEIR_OPTIONS_END,
};

static int start(struct weir_client *client, const struct weir_launch_options *to,
		 struct weir_foreground *foreground, pid_t *ret_pid, int *ret_exec_errno)
{
	return weir_client_exec(client, to, weir_foreground_restore, foreground, ret_pid,
				ret_exec_errno);
}

static int run(const struct weir_globals *globals, const void *data, int n_operands,
	       char **operands)
{
	scoped(weir_disconnectp) struct weir_client *client = NULL;
	scoped(weir_command_done) struct weir_command command = {};
	struct weir_launch_options to = { .amounts = WEIR_AMOUNTS_ABSENT };
	const struct options *chosen = data;
	scoped(freep) char *id = NULL;
	int code = WEIR_EXIT_OK, first = strcmp(operands[1], "--") == 0 ? 2 : 1;

	if (first == n_operands) {
		weir_say("no command given; see 'weir help exec'");
		return WEIR_EXIT_RUN_FAILED;
	}
	if (!weir_command_prepare(&command, &chosen->command, operands + first, &to) ||
	    weir_connect_for(globals, operands[0], &client, &id) != WEIR_EXIT_OK)
		return WEIR_EXIT_RUN_FAILED;
	to.id = id;
	if (weir_command_run(client, &to, start, NULL, &code) < 0) {
		weir_failed(client, 0);
		return WEIR_EXIT_RUN_FAILED;
	}
	return code;
}

const struct weir_verb weir_verb_exec = {
	.name = "exec",
	.operands = "ID [--] COMMAND [ARGUMENT...]",
	.summary = "run a command in a container that runs",
	.details =
		"It is a child of this program, with its terminal, environment and directory, but "
		"is\n"
		"limited and metered with the container, and ends with it at the latest. Exit "
		"codes "
		"are\n"
		"those of 'weir run'.",
	.options = options,
	.options_size = sizeof(struct options),
	.min_operands = 2,
	.max_operands = -1,
	.takes_command = true,
	.usage_exit = WEIR_EXIT_RUN_FAILED,
	.run = run,
};
