/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/text.h"
#include "weir/weir.h"

struct options {
	bool json;
};

static const struct weir_option options[] = {
	{ "json", 0, NULL, NULL, offsetof(struct options, json), "which it prints anyway" },
	WEIR_OPTIONS_END,
};

static int run(const struct weir_globals *globals, const void *data, int n_operands,
	       char **operands)
{
	scoped(weir_disconnectp) struct weir_client *client = NULL;
	scoped(freep) char *id = NULL;
	scoped(freep) char *json = NULL;
	int code = weir_connect_for(globals, operands[0], &client, &id), r;

	(void)data;
	(void)n_operands;
	if (code != WEIR_EXIT_OK)
		return code;
	r = weir_client_record(client, id, &json);
	if (r < 0)
		return weir_failed(client, r);
	weir_put_json(stdout, json);
	return WEIR_EXIT_OK;
}

const struct weir_verb weir_verb_inspect = {
	.name = "inspect",
	.operands = "ID",
	.summary = "show all that is known of a container, as JSON",
	.options = options,
	.options_size = sizeof(struct options),
	.min_operands = 1,
	.max_operands = 1,
	.run = run,
};
