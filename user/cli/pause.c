/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "cli/cli.h"
#include "weir/weir.h"

static int pause_one(struct weir_client *client, const char *id, const void *data)
{
	int r = weir_client_pause(client, id);

	(void)data;
	return r < 0 ? weir_failed(client, r) : WEIR_EXIT_OK;
}

static int resume_one(struct weir_client *client, const char *id, const void *data)
{
	int r = weir_client_resume(client, id);

	(void)data;
	return r < 0 ? weir_failed(client, r) : WEIR_EXIT_OK;
}

static int run_pause(const struct weir_globals *globals, const void *data, int n_operands,
		     char **operands)
{
	scoped(weir_disconnectp) struct weir_client *client = weir_connect(globals);

	return client ? weir_each(client, n_operands, operands, pause_one, data) : WEIR_EXIT_FAILED;
}

static int run_resume(const struct weir_globals *globals, const void *data, int n_operands,
		      char **operands)
{
	scoped(weir_disconnectp) struct weir_client *client = weir_connect(globals);

	return client ? weir_each(client, n_operands, operands, resume_one, data)
		      : WEIR_EXIT_FAILED;
}

const struct weir_verb weir_verb_pause = {
	.name = "pause",
	.operands = "ID...",
	.summary = "stop containers where they are, until they are resumed",
	.details = "They keep their memory and what they were promised. A signal but KILL waits.",
	.min_operands = 1,
	.max_operands = -1,
	.run = run_pause,
};

const struct weir_verb weir_verb_resume = {
	.name = "resume",
	.operands = "ID...",
	.summary = "let containers go on that were paused",
	.min_operands = 1,
	.max_operands = -1,
	.run = run_resume,
};
