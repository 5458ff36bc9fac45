/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"
#include "cli/daemon_exec.h"

struct options {
	bool json;
};

static const struct weir_option options[] = {
	{ "json", 0, NULL, NULL, offsetof(struct options, json), "print one object" },
	WEIR_OPTIONS_END,
};

static int run(const struct weir_globals *globals, const void *data, int n_operands,
	       char **operands)
{
	const struct options *chosen = data;
	struct weir_daemon_argv argv = {};

	(void)n_operands;
	(void)operands;
	weir_daemon_argv_add(&argv, "--doctor");
	if (chosen->json)
		weir_daemon_argv_add(&argv, "--json");
	weir_daemon_argv_option(&argv, "--pin-dir", globals->pin_dir);
	weir_daemon_argv_option(&argv, "--socket", globals->socket);
	return weir_daemon_exec(&argv);
}

const struct weir_verb weir_verb_doctor = {
	.name = "doctor",
	.operands = "",
	.summary = "tell what this machine has, lacks, and what that means",
	.details = "Probes by really loading and attaching, so it wants to be root.",
	.options = options,
	.options_size = sizeof(struct options),
	.run = run,
};
