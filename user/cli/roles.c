/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/role_rows.h"
#include "cli/text.h"

struct options {
	bool tree, json;
};

static const struct weir_option options[] = {
	{ "tree", 0, NULL, NULL, offsetof(struct options, tree),
	  "roles below those that they are part of" },
	{ "json", 0, NULL, NULL, offsetof(struct options, json),
	  "print an object for each, in millicores and bytes" },
	WEIR_OPTIONS_END,
};

static int run(const struct weir_globals *globals, const void *data, int n_operands,
	       char **operands)
{
	scoped(weir_disconnectp) struct weir_client *client = weir_connect(globals);
	scoped(weir_role_list_free) struct weir_role_list roles = {};
	scoped(weir_resource_list_free) struct weir_resource_list books = {};
	scoped(weir_role_rows_done) struct weir_role_rows rows = {};
	const struct options *chosen = data;
	const bool tree = chosen->tree && !chosen->json;
	int r;

	(void)n_operands;
	(void)operands;
	if (!client)
		return WEIR_EXIT_FAILED;
	r = weir_client_roles(client, &roles);
	if (r == 0)
		r = weir_client_resources(client, &books);
	if (r < 0)
		return weir_failed(client, r);
	r = weir_role_rows_make(&roles, &books, tree, &rows);
	if (r == 0 && chosen->json)
		weir_role_rows_json(&rows, stdout);
	else if (r == 0)
		r = weir_role_rows_print(&rows, tree, weir_is_utf8(), stdout);
	if (r < 0)
		weir_say("out of memory");
	return r < 0 ? WEIR_EXIT_FAILED : WEIR_EXIT_OK;
}

const struct weir_verb weir_verb_roles = {
	.name = "roles",
	.operands = "",
	.summary = "list what is reserved for whom, and how much of it is used",
	.details = "USED is what of the reservation the containers of the role use, and those of\n"
		   "roles below it. '*' has what is unreserved.",
	.options = options,
	.options_size = sizeof(struct options),
	.run = run,
};
