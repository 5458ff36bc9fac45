/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/end.h"
#include "cli/text.h"
#include "weir/weir.h"

#define WHY_TEXT 512

struct options {
	bool force;
};

static const struct weir_option options[] = {
	{ "force", 'f', NULL, NULL, offsetof(struct options, force), "kill those that run first" },
	WEIR_OPTIONS_END,
};

static bool is_gone(struct weir_client *client, const char *id)
{
	scoped(weir_container_list_free) struct weir_container_list list = {};

	return weir_client_containers(client, id, &list) == -ENOENT;
}

static int forget(struct weir_client *client, const char *id)
{
	int r = weir_client_remove(client, id);
	char why[WHY_TEXT];

	if (r == 0)
		return WEIR_EXIT_OK;
	snprintf(why, sizeof(why), "%s", weir_client_error(client));

	/* A foreground record goes with its caller: gone meanwhile is as wanted. */
	if (is_gone(client, id))
		return WEIR_EXIT_OK;
	weir_say("%s", why);
	return weir_exit_of_errno(r);
}

/* REMOVE_CONTAINER has one status for "unknown" and "runs", so the record is looked up first. */
static int remove_one(struct weir_client *client, const char *id, const void *data)
{
	scoped(weir_container_list_free) struct weir_container_list list = {};
	const struct options *chosen = data;
	const char *state;
	int r;

	r = weir_client_containers(client, id, &list);
	if (r < 0)
		return weir_failed(client, r);
	state = list.list[0].state;
	if (strcmp(state, "exited") != 0) {
		if (list.list[0].adopted) {
			weir_say("container '%s' was adopted, and is there: release it", id);
			return WEIR_EXIT_REFUSED;
		}
		if (!chosen->force) {
			weir_say("container '%s' is %s: stop it first, or say --force", id, state);
			return WEIR_EXIT_REFUSED;
		}
		r = weir_end_by_force(client, id);
		if (r != WEIR_EXIT_OK)
			return r;
	}
	return forget(client, id);
}

static int run(const struct weir_globals *globals, const void *data, int n_operands,
	       char **operands)
{
	scoped(weir_disconnectp) struct weir_client *client = weir_connect(globals);

	return client ? weir_each(client, n_operands, operands, remove_one, data)
		      : WEIR_EXIT_FAILED;
}

const struct weir_verb weir_verb_rm = {
	.name = "rm",
	.operands = "ID...",
	.summary = "forget containers that have ended, with their output",
	.options = options,
	.options_size = sizeof(struct options),
	.min_operands = 1,
	.max_operands = -1,
	.run = run,
};
