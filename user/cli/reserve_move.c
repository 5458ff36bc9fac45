/* SPDX-License-Identifier: Apache-2.0 */
/* `weir reserve move`: from one role to another, in one step. */
#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/reserve.h"
#include "cli/text.h"

/* What of @held the new level can stand on: what it had below, as far as that is of roles above @to. */
static struct weir_held base_of(const struct weir_held *held, const char *to)
{
	struct weir_held base = { held->levels, held->n_levels - 1 };

	while (base.n_levels > 0 && !weir_role_lies_below(to, base.levels[base.n_levels - 1].role))
		base.n_levels--;
	return base;
}

int weir_reserve_move(struct weir_client *client, const struct weir_reserve_options *chosen)
{
	scoped(weir_resource_list_free) struct weir_resource_list books = {};
	scoped(weir_labels_done) struct weir_labels labels = {};
	scoped(freep) char *caller = weir_own_name();
	const struct weir_reserved_options *reserved = &chosen->reserved;
	struct weir_held held = {}, base;
	struct weir_level last;
	struct weir_lot from;
	int code;

	if (!caller)
		return WEIR_EXIT_FAILED;
	if (!weir_labels_load(&reserved->labels, &labels))
		return WEIR_EXIT_USAGE;

	const struct weir_holder holder = { .role = chosen->from,
					    .principal = reserved->principal,
					    .labels = labels.list,
					    .n_labels = labels.n };
	code = weir_ask_held(client, &holder, &reserved->wanted, &books, &held);
	if (code != WEIR_EXIT_OK)
		return code;

	base = base_of(&held, chosen->to);
	last = held.levels[held.n_levels - 1];
	last.role = chosen->to;
	last.principal = caller;
	last.is_static = false;
	weir_lot_fill(&from, &reserved->wanted, &held, &books);
	return weir_reserve_as(client, &from, &base, &last, &reserved->operate);
}
