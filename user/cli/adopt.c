/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "cli/amounts.h"
#include "cli/cli.h"
#include "cli/net.h"
#include "cli/notes.h"
#include "cli/text.h"
#include "weir/weir.h"

struct options {
	uint64_t pid; /* 0: not given */
	const char *cgroup, *name, *role;
	struct weir_net_chosen net;
	struct weir_amounts amounts;
	bool enforce;
};

static const struct weir_option options[] = {
	{ "pid", 'p', "PID", weir_option_number, offsetof(struct options, pid),
	  "the cgroup that this process is in" },
	{ "cgroup", 0, "PATH", weir_option_text, offsetof(struct options, cgroup),
	  "the cgroup of this path, below cgroup2's root or as it is mounted" },
	{ "name", 'n', "ID", weir_option_text, offsetof(struct options, name), "what to call it" },
	WEIR_AMOUNT_OPTIONS(struct options),
	{ "role", 0, "ROLE", weir_option_text, offsetof(struct options, role),
	  "whom it is booked on (*)" },
	{ "enforce", 0, NULL, NULL, offsetof(struct options, enforce),
	  "hold it to its amounts; else it is only metered" },
	WEIR_NET_POLICY(struct options),
	WEIR_NET_OPTIONS(struct options, "net-degraded"),
	WEIR_OPTIONS_END,
};

static const struct options defaults = { .amounts = WEIR_AMOUNTS_ABSENT };

static int run_adopt(const struct weir_globals *globals, const void *data, int n_operands,
		     char **operands)
{
	scoped(weir_disconnectp) struct weir_client *client = NULL;
	const struct options *chosen = data;
	scoped(weir_net_words_done) struct weir_net_words net = {};
	struct weir_adopt_options adopt = {
		.id = chosen->name,
		.role = chosen->role,
		.pid = (pid_t)chosen->pid,
		.cgroup = chosen->cgroup,
		.amounts = chosen->amounts,
		.enforce = chosen->enforce,
	};
	struct weir_answer_notes notes = {};
	int r;

	(void)n_operands;
	(void)operands;
	if (!chosen->name || (chosen->pid == 0) == (chosen->cgroup == NULL) ||
	    chosen->pid > INT_MAX) {
		weir_say("expected --name, and --pid or --cgroup; see 'weir help adopt'");
		return WEIR_EXIT_USAGE;
	}
	if (!weir_net_words_load(&chosen->net, &net))
		return WEIR_EXIT_USAGE;
	adopt.net = net.options;
	client = weir_connect(globals);
	if (!client)
		return WEIR_EXIT_FAILED;
	r = weir_client_adopt(client, &adopt, &notes);
	if (r < 0)
		return weir_failed(client, r);
	weir_say_notes(&notes);
	return WEIR_EXIT_OK;
}

static int release_one(struct weir_client *client, const char *id, const void *data)
{
	int r = weir_client_release(client, id);

	(void)data;
	return r < 0 ? weir_failed(client, r) : WEIR_EXIT_OK;
}

static int run_release(const struct weir_globals *globals, const void *data, int n_operands,
		       char **operands)
{
	scoped(weir_disconnectp) struct weir_client *client = weir_connect(globals);

	return client ? weir_each(client, n_operands, operands, release_one, data)
		      : WEIR_EXIT_FAILED;
}

const struct weir_verb weir_verb_adopt = {
	.name = "adopt",
	.operands = "",
	.summary = "look after a cgroup that somebody else made",
	.details = "It is metered as a container. Nothing is written there without --enforce, and\n"
		   "'weir release' puts back what was written.",
	.options = options,
	.defaults = &defaults,
	.options_size = sizeof(struct options),
	.run = run_adopt,
};

const struct weir_verb weir_verb_release = {
	.name = "release",
	.operands = "ID...",
	.summary = "let go of what was adopted, as it was before",
	.min_operands = 1,
	.max_operands = -1,
	.run = run_release,
};
