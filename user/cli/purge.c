/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"
#include "cli/daemon_exec.h"

struct options {
	const char *cgroup_prefix, *cgroup_parent, *state_dir, *run_dir, *config;
	bool force;
};

#define PASSED(name, value, field, help) \
	{ name, 0, value, weir_option_text, offsetof(struct options, field), help }

static const struct weir_option options[] = {
	PASSED("cgroup-prefix", "PREFIX", cgroup_prefix, "of the daemon's cgroups"),
	PASSED("cgroup-parent", "NAME", cgroup_parent, "the directory they lie in"),
	PASSED("state-dir", "DIR", state_dir, "where it keeps records and logs"),
	PASSED("run-dir", "DIR", run_dir, "where it keeps what a boot forgets"),
	PASSED("config", "FILE", config, "which says all of these"),
	{ "force", 'f', NULL, NULL, offsetof(struct options, force), "kill what runs, too" },
	WEIR_OPTIONS_END,
};

static int run(const struct weir_globals *globals, const void *data, int n_operands,
	       char **operands)
{
	const struct options *chosen = data;
	struct weir_daemon_argv argv = {};

	(void)n_operands;
	(void)operands;
	weir_daemon_argv_add(&argv, "--purge");
	if (chosen->force)
		weir_daemon_argv_add(&argv, "--force");
	weir_daemon_argv_option(&argv, "--pin-dir", globals->pin_dir);
	weir_daemon_argv_option(&argv, "--socket", globals->socket);
	weir_daemon_argv_option(&argv, "--cgroup-prefix", chosen->cgroup_prefix);
	weir_daemon_argv_option(&argv, "--cgroup-parent", chosen->cgroup_parent);
	weir_daemon_argv_option(&argv, "--state-dir", chosen->state_dir);
	weir_daemon_argv_option(&argv, "--run-dir", chosen->run_dir);
	weir_daemon_argv_option(&argv, "--config", chosen->config);
	return weir_daemon_exec(&argv);
}

const struct weir_verb weir_verb_purge = {
	.name = "purge",
	.operands = "",
	.summary = "remove what a daemon that is gone has left: maps, links, cgroups, records",
	.options = options,
	.options_size = sizeof(struct options),
	.run = run,
};
