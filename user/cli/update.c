/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cleanup.h"
#include "base/quantity.h"
#include "cli/amounts.h"
#include "cli/cli.h"
#include "cli/notes.h"
#include "cli/text.h"
#include "weir/weir.h"

struct options {
	struct weir_amounts amounts;
};

static const struct weir_option options[] = {
	WEIR_AMOUNT_OPTIONS(struct options),
	WEIR_OPTIONS_END,
};

static const struct options defaults = { .amounts = WEIR_AMOUNTS_ABSENT };

static bool says_nothing(const struct weir_amounts *amounts)
{
	return amounts->cpu_request_mcpu == WEIR_ABSENT && amounts->cpu_limit_mcpu == WEIR_ABSENT &&
	       amounts->mem_request_bytes == WEIR_ABSENT &&
	       amounts->mem_limit_bytes == WEIR_ABSENT &&
	       amounts->swap_limit_bytes == WEIR_ABSENT && amounts->cpu_burst_mcpu == WEIR_ABSENT &&
	       amounts->pids_limit == WEIR_ABSENT;
}

static int run(const struct weir_globals *globals, const void *data, int n_operands,
	       char **operands)
{
	scoped(weir_disconnectp) struct weir_client *client = NULL;
	scoped(freep) char *id = NULL;
	const struct options *chosen = data;
	struct weir_answer_notes notes = {};
	char limit[WEIR_QUANTITY_TEXT];
	bool pending;
	int code, r;

	(void)n_operands;
	if (says_nothing(&chosen->amounts)) {
		weir_say("nothing to change: give --cpu, --mem, --swap or --cpu-burst");
		return WEIR_EXIT_USAGE;
	}
	code = weir_connect_for(globals, operands[0], &client, &id);
	if (code != WEIR_EXIT_OK)
		return code;
	r = weir_client_update(client, id, &chosen->amounts, &notes, &pending);
	if (r < 0)
		return weir_failed(client, r);
	weir_say_notes(&notes);
	if (pending)
		weir_say("note: the memory limit of %s waits until usage has fallen below it",
			 weir_format_memory(chosen->amounts.mem_limit_bytes, limit));
	return WEIR_EXIT_OK;
}

const struct weir_verb weir_verb_update = {
	.name = "update",
	.operands = "ID",
	.summary = "change what a container is promised and may use, while it runs",
	.details =
		"What is not named stays as it is; --cpu :2 or --mem :1Gi names the limit alone.\n"
		"Nothing is killed by an update: a memory limit below what is in use waits, and\n"
		"the answer says so.",
	.options = options,
	.defaults = &defaults,
	.options_size = sizeof(struct options),
	.min_operands = 1,
	.max_operands = 1,
	.run = run,
};
