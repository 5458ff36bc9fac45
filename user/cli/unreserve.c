/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/reserved.h"
#include "cli/text.h"

struct options {
	struct weir_reserved_options reserved;
};

static const struct weir_option options[] = {
	WEIR_RESERVED_ROLE(struct options, "for whom it is reserved"),
	WEIR_RESERVED_AMOUNTS(struct options),
	WEIR_RESERVED_WHOSE(struct options, "a label that it has; may be repeated"),
	WEIR_RESERVED_OPERATE(struct options),
	WEIR_OPTIONS_END,
};

static int unreserve(struct weir_client *client, const struct weir_reserved_options *chosen)
{
	scoped(weir_resource_list_free) struct weir_resource_list books = {};
	scoped(weir_labels_done) struct weir_labels labels = {};
	struct weir_lot from, to;
	struct weir_held held = {};
	int r;

	if (!weir_labels_load(&chosen->labels, &labels))
		return WEIR_EXIT_USAGE;

	const struct weir_holder holder = { .role = chosen->role,
					    .principal = chosen->principal,
					    .labels = labels.list,
					    .n_labels = labels.n };
	r = weir_ask_held(client, &holder, &chosen->wanted, &books, &held);
	if (r != WEIR_EXIT_OK)
		return r;
	weir_lot_fill(&from, &chosen->wanted, &held, &books);
	weir_lot_copy(&to, &from, &(struct weir_held){ held.levels, held.n_levels - 1 });
	r = weir_client_unreserve(client, from.list, from.n, &chosen->operate, NULL);
	return weir_tell_change(client, r, &chosen->operate, &from, &to);
}

static int run(const struct weir_globals *globals, const void *data, int n_operands,
	       char **operands)
{
	scoped(weir_disconnectp) struct weir_client *client = NULL;
	const struct weir_reserved_options *chosen = &((const struct options *)data)->reserved;

	(void)n_operands;
	(void)operands;
	if (!chosen->role || weir_wants_nothing(&chosen->wanted)) {
		weir_say("%s; see 'weir help unreserve'",
			 chosen->role ? "nothing to give back: give --cpu, --mem or --disk"
				      : "say for whom it is reserved: --role");
		return WEIR_EXIT_USAGE;
	}
	client = weir_connect(globals);
	return client ? unreserve(client, chosen) : WEIR_EXIT_FAILED;
}

const struct weir_verb weir_verb_unreserve = {
	.name = "unreserve",
	.operands = "",
	.summary = "give back what is reserved for a role",
	.details =
		"To the role above, if it was reserved with --refine; else it is unreserved again.",
	.options = options,
	.options_size = sizeof(struct options),
	.run = run,
};
