/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/json_out.h"
#include "cli/maps.h"
#include "cli/slot_json.h"
#include "cli/table.h"
#include "cli/text.h"
#include "metrics/sample.h"

struct options {
	bool json;
};

static const struct weir_option options[] = {
	{ "json", 0, NULL, NULL, offsetof(struct options, json),
	  "print a list with every counter, in nanoseconds and bytes" },
	WEIR_OPTIONS_END,
};

static void add_row(struct weir_table *table, const struct weir_sampled *one)
{
	const struct weir_slot *slot = &one->slot;
	char figure[WEIR_FIGURE];

	weir_table_add(table, one->name);
	weir_table_add(table, weir_slot_state_word(slot));
	weir_table_add(table, weir_short_time(slot->cpu_ns, figure));
	weir_table_add(table, weir_short_time(slot->cpu_beyond_ns, figure));
	weir_table_add(table, weir_short_time(slot->wait_ns, figure));
	weir_table_addf(table, "%" PRIu64 "/%" PRIu64, slot->nr_throttled, slot->nr_periods);
	weir_table_add(table, weir_short_memory(slot->mem_current_bytes, figure));
	weir_table_add(table, weir_short_memory(slot->mem_beyond_bytes, figure));
	weir_table_add(table, weir_short_memory(slot->mem_peak_bytes, figure));
	weir_table_addf(table, "%" PRIu64, slot->oom_kills);
}

static int print_table(const struct weir_sampled *const *list, size_t n)
{
	static const char *const headers[] = { "ID",	"STATE",      ">CPU", ">BEYOND",
					       ">WAIT", ">THROTTLED", ">MEM", ">BEYOND",
					       ">PEAK", ">OOM",	      NULL };
	scoped(weir_table_done) struct weir_table table;

	weir_table_init(&table, headers);
	for (size_t i = 0; i < n; i++)
		add_row(&table, list[i]);
	if (weir_table_print(&table, stdout) < 0) {
		weir_say("out of memory");
		return WEIR_EXIT_FAILED;
	}
	return WEIR_EXIT_OK;
}

static int print_json(const struct weir_sampled *const *list, size_t n)
{
	struct weir_json_out json = { .file = stdout };

	weir_json_out_open(&json, NULL, '[');
	for (size_t i = 0; i < n; i++)
		weir_slot_json(&json, list[i]);
	weir_json_out_close(&json, ']');
	putchar('\n');
	return WEIR_EXIT_OK;
}

/* The one of that name, else the only one that begins so. NULL, after having said why. */
static const struct weir_sampled *find(const struct weir_sample *sample, const char *given)
{
	const struct weir_sampled *found = weir_sample_find(sample, given);

	for (size_t i = 0; !found && i < sample->n; i++) {
		if (!weir_id_begins(sample->list[i].name, given))
			continue;
		found = &sample->list[i];
		for (size_t k = i + 1; k < sample->n; k++) {
			if (!weir_id_begins(sample->list[k].name, given))
				continue;
			weir_say("'%s' may be '%s', '%s' or another: say more of it", given,
				 found->name, sample->list[k].name);
			return NULL;
		}
	}
	if (!found)
		weir_say("no container '%s'", given);
	return found;
}

/* All, or those named; what is named and unknown is told. */
static int choose(const struct weir_sample *sample, int n_operands, char **operands,
		  const struct weir_sampled **ret, size_t *ret_n)
{
	int code = WEIR_EXIT_OK;
	size_t n = 0;

	for (size_t i = 0; n_operands == 0 && i < sample->n; i++)
		ret[n++] = &sample->list[i];
	for (int i = 0; i < n_operands; i++) {
		const struct weir_sampled *one = find(sample, operands[i]);

		if (one)
			ret[n++] = one;
		else
			code = WEIR_EXIT_NO_CONTAINER;
	}
	*ret_n = n;
	return code;
}

static int run(const struct weir_globals *globals, const void *data, int n_operands,
	       char **operands)
{
	scoped(weir_metrics_close) struct weir_metrics metrics = {};
	scoped(weir_sample_done) struct weir_sample sample = {};
	scoped(freep) const struct weir_sampled **list = NULL;
	const struct options *chosen = data;
	size_t n;
	int code, r;

	code = weir_open_maps(globals, &metrics);
	if (code != WEIR_EXIT_OK)
		return code;
	if (weir_sample_take(&metrics, &sample) == 0)
		list = calloc(sample.n + (size_t)n_operands + 1, sizeof(*list));
	if (!list) {
		weir_say("out of memory");
		return WEIR_EXIT_FAILED;
	}
	code = choose(&sample, n_operands, operands, list, &n);
	r = chosen->json ? print_json(list, n) : print_table(list, n);
	return code != WEIR_EXIT_OK ? code : r;
}

const struct weir_verb weir_verb_stats = {
	.name = "stats",
	.operands = "[ID...]",
	.summary = "print what containers have used so far, from the maps",
	.details = "CPU is the time used, the first BEYOND how much of it lay above the request, "
		   "WAIT the\n"
		   "time spent runnable without a CPU, THROTTLED the quota periods that ran out, "
		   "of all.\n"
		   "MEM, the second BEYOND and PEAK are memory in use, above the request, and at "
		   "most.\n"
		   "Needs no daemon.",
	.options = options,
	.options_size = sizeof(struct options),
	.max_operands = -1,
	.run = run,
};
