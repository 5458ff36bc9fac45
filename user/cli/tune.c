/* SPDX-License-Identifier: Apache-2.0 */
/* `weir reload` and `weir reset-knobs`: one call each, and silence if it went well. */
#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/text.h"
#include "weir/weir.h"

static const struct weir_option options[] = { WEIR_OPTIONS_END };

static int order(const struct weir_globals *globals, int (*call)(struct weir_client *client))
{
	scoped(weir_disconnectp) struct weir_client *client = weir_connect(globals);
	int r;

	if (!client)
		return WEIR_EXIT_FAILED;
	r = call(client);
	return r < 0 ? weir_failed(client, r) : WEIR_EXIT_OK;
}

static int reload(const struct weir_globals *globals, const void *data, int n_operands,
		  char **operands)
{
	(void)data;
	(void)n_operands;
	(void)operands;
	return order(globals, weir_client_reload);
}

static int reset_knobs(const struct weir_globals *globals, const void *data, int n_operands,
		       char **operands)
{
	(void)data;
	(void)n_operands;
	(void)operands;
	return order(globals, weir_client_reset_knobs);
}

const struct weir_verb weir_verb_reload = {
	.name = "reload",
	.operands = "",
	.summary = "have the daemon read its configuration again",
	.options = options,
	.run = reload,
};

const struct weir_verb weir_verb_reset_knobs = {
	.name = "reset-knobs",
	.operands = "",
	.summary = "put every knob back to its static value, and stop bands and squeeze",
	.options = options,
	.run = reset_knobs,
};
