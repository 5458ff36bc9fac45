/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "weir/weir.h"

struct options {
	int signal;
};

static const struct weir_option options[] = {
	{ "signal", 's', "SIGNAL", weir_option_signal, offsetof(struct options, signal),
	  "TERM, SIGTERM or 15, say (KILL)" },
	WEIR_OPTIONS_END,
};

static const struct options defaults = { .signal = SIGKILL };

static int kill_one(struct weir_client *client, const char *id, const void *data)
{
	const struct options *chosen = data;
	int r = weir_client_kill(client, id, chosen->signal);

	return r < 0 ? weir_failed(client, r) : WEIR_EXIT_OK;
}

static int run(const struct weir_globals *globals, const void *data, int n_operands,
	       char **operands)
{
	scoped(weir_disconnectp) struct weir_client *client = weir_connect(globals);

	return client ? weir_each(client, n_operands, operands, kill_one, data) : WEIR_EXIT_FAILED;
}

const struct weir_verb weir_verb_kill = {
	.name = "kill",
	.operands = "ID...",
	.summary = "kill containers, or send them a signal",
	.details = "KILL goes to everything inside, any other signal to the first process.",
	.options = options,
	.defaults = &defaults,
	.options_size = sizeof(struct options),
	.min_operands = 1,
	.max_operands = -1,
	.run = run,
};
