/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/reserve.h"

#include <string.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/text.h"

#define OFFSET(field) offsetof(struct weir_reserve_options, field)

static const struct weir_option options[] = {
	WEIR_RESERVED_ROLE(struct weir_reserve_options, "for whom"),
	{ "refine", 0, NULL, NULL, OFFSET(refine),
	  "out of what is reserved for the nearest role above, not of what is unreserved" },
	WEIR_RESERVED_AMOUNTS(struct weir_reserve_options),
	{ "from", 0, "ROLE", weir_option_text, OFFSET(from), "of move: whose it is" },
	{ "to", 0, "ROLE", weir_option_text, OFFSET(to), "of move: whose it is to be" },
	{ "volume", 0, "NAME", weir_option_list, OFFSET(reserved.wanted.volumes),
	  "of move: this volume, too; may be repeated" },
	WEIR_RESERVED_WHOSE(struct weir_reserve_options,
			    "a label of it; of move: one that it has; may be repeated"),
	WEIR_RESERVED_OPERATE(struct weir_reserve_options),
	WEIR_OPTIONS_END,
};

int weir_reserve_as(struct weir_client *client, const struct weir_lot *from,
		    const struct weir_held *base, const struct weir_level *last,
		    const struct weir_operate_options *operate)
{
	scoped(freep) struct weir_level *levels = weir_levels_with(base, last);
	struct weir_lot to;
	int r;

	if (!levels) {
		weir_say("out of memory");
		return WEIR_EXIT_FAILED;
	}
	weir_lot_copy(&to, from, &(struct weir_held){ levels, base->n_levels + 1 });
	/* What is nobody's needs no source. */
	r = weir_client_reserve(client, from->list, from->list[0].n_levels ? from->n : 0, to.list,
				to.n, operate, NULL);
	return weir_tell_change(client, r, operate, from, &to);
}

static int reserve(struct weir_client *client, const struct weir_reserve_options *chosen)
{
	scoped(weir_resource_list_free) struct weir_resource_list books = {};
	scoped(weir_labels_done) struct weir_labels labels = {};
	scoped(freep) char *caller = weir_own_name();
	const struct weir_reserved_options *reserved = &chosen->reserved;
	const struct weir_holder holder = { .role = reserved->role,
					    .above = true,
					    .principal = reserved->principal };
	struct weir_held base = {};
	struct weir_lot from;

	if (!caller)
		return WEIR_EXIT_FAILED;
	if (!weir_labels_load(&reserved->labels, &labels))
		return WEIR_EXIT_USAGE;
	if (chosen->refine) {
		int code = weir_ask_held(client, &holder, &reserved->wanted, &books, &base);

		if (code != WEIR_EXIT_OK)
			return code;
	}

	const struct weir_level last = { .role = reserved->role,
					 .principal = caller,
					 .labels = labels.list,
					 .n_labels = labels.n };
	weir_lot_fill(&from, &reserved->wanted, &base, &books);
	return weir_reserve_as(client, &from, &base, &last, &reserved->operate);
}

/* NULL: it is as it should be. */
static const char *what_is_wrong(const struct weir_reserve_options *chosen, bool move)
{
	const struct weir_reserved_options *reserved = &chosen->reserved;

	if (move && (!chosen->from || !chosen->to))
		return "say --from whom and --to whom it moves";
	if (move && (reserved->role || chosen->refine))
		return "'move' has --from and --to, not --role and --refine";
	if (!move && (chosen->from || chosen->to || reserved->wanted.volumes.n))
		return "--from, --to and --volume are of 'move'";
	if (!move && !reserved->role)
		return "say for whom: --role";
	if (!move && reserved->principal && !chosen->refine)
		return "--principal is of --refine and of 'move'";
	if (weir_wants_nothing(&reserved->wanted))
		return move ? "nothing to move: give --cpu, --mem, --disk or --volume"
			    : "nothing to reserve: give --cpu, --mem or --disk";
	return NULL;
}

static int run(const struct weir_globals *globals, const void *data, int n_operands,
	       char **operands)
{
	scoped(weir_disconnectp) struct weir_client *client = NULL;
	const struct weir_reserve_options *chosen = data;
	bool move = n_operands == 1 && strcmp(operands[0], "move") == 0;
	const char *wrong = n_operands == 1 && !move ? "the only operand there is is 'move'"
						     : what_is_wrong(chosen, move);

	if (wrong) {
		weir_say("%s; see 'weir help reserve'", wrong);
		return WEIR_EXIT_USAGE;
	}
	client = weir_connect(globals);
	if (!client)
		return WEIR_EXIT_FAILED;
	return move ? weir_reserve_move(client, chosen) : reserve(client, chosen);
}

const struct weir_verb weir_verb_reserve = {
	.name = "reserve",
	.operands = "[move]",
	.summary = "set a part of the node aside for a role, or move it to another",
	.details =
		"  weir reserve --role eng --cpu 4 --mem 8Gi --disk 20Gi\n"
		"  weir reserve --refine --role eng/ads --cpu 2\n"
		"  weir reserve move --from eng/ads --to eng/web --cpu 1 --volume data\n\n"
		"What is reserved for a role is for its containers, and for those of roles below\n"
		"it. With --refine it stays part of what the role above has, and goes back there.\n"
		"What moves keeps its labels.",
	.options = options,
	.options_size = sizeof(struct weir_reserve_options),
	.max_operands = 1,
	.run = run,
};
