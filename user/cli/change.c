/* SPDX-License-Identifier: Apache-2.0 */
/* What a change of reservations comes to, before and after side by side. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/quantity.h"
#include "cli/lots.h"
#include "cli/table.h"

#define MAX_TEXT (1 << 16)

/* Something of one stack, and how much of it: volumes and disks are things of their own. */
struct thing {
	const struct weir_resource_info *as;
	uint64_t before, taken, given;
};

struct things {
	size_t n;
	struct thing list[2 * WEIR_LOT_MAX];
};

static const char *or_none(const char *text)
{
	return text ? text : "";
}

static bool same_thing(const struct weir_resource_info *a, const struct weir_resource_info *b)
{
	return a->kind == b->kind && strcmp(or_none(a->disk), or_none(b->disk)) == 0 &&
	       strcmp(or_none(a->volume_id), or_none(b->volume_id)) == 0 && weir_same_stack(a, b);
}

static struct thing *find(struct things *things, const struct weir_resource_info *as)
{
	for (size_t i = 0; i < things->n; i++)
		if (same_thing(things->list[i].as, as))
			return &things->list[i];
	return NULL;
}

static struct thing *find_or_add(struct things *things, const struct weir_resource_info *as)
{
	struct thing *thing = find(things, as);

	if (thing)
		return thing;
	things->list[things->n] = (struct thing){ .as = as };
	return &things->list[things->n++];
}

static void count(struct things *things, const struct weir_resource_list *books,
		  const struct weir_lot *from, const struct weir_lot *to)
{
	for (size_t i = 0; i < from->n; i++)
		find_or_add(things, &from->list[i])->taken += from->list[i].amount;
	for (size_t i = 0; i < to->n; i++)
		find_or_add(things, &to->list[i])->given += to->list[i].amount;
	for (size_t i = 0; i < books->n; i++) {
		struct thing *thing = find(things, &books->list[i]);

		if (thing)
			thing->before += books->list[i].amount;
	}
}

static void add_whose(struct weir_table *table, const struct weir_resource_info *as)
{
	scoped(weir_buffer_done) struct weir_buffer text = WEIR_BUFFER_INIT(MAX_TEXT);
	scoped(freep) char *whose = NULL;

	weir_add_stack(&text, &(struct weir_held){ as->levels, as->n_levels });
	whose = weir_buffer_take_text(&text);
	weir_table_addf(table, "%s", whose ? whose : "?");
}

static void add_what(struct weir_table *table, const struct weir_resource_info *as)
{
	static const char *const names[] = {
		[WEIR_RESOURCE_CPUS] = "cpus",
		[WEIR_RESOURCE_MEM] = "mem",
		[WEIR_RESOURCE_DISK] = "disk",
	};
	const char *disk = or_none(as->disk);

	if (as->volume_id)
		weir_table_addf(table, "volume %s%s%s", as->volume_id, *disk ? " on " : "", disk);
	else
		weir_table_addf(table, "%s%s%s", names[as->kind], *disk ? " on " : "", disk);
}

static void add_amount(struct weir_table *table, enum weir_resource_kind kind, uint64_t amount)
{
	char figure[WEIR_QUANTITY_TEXT];

	if (amount == 0)
		weir_table_add(table, "-");
	else if (kind == WEIR_RESOURCE_CPUS)
		weir_table_add(table, weir_format_cpu(amount, figure));
	else
		weir_table_add(table, weir_format_memory_exact(amount, figure));
}

int weir_print_change(const struct weir_resource_list *books, const struct weir_lot *from,
		      const struct weir_lot *to, FILE *file)
{
	static const char *const headers[] = { "WHOSE", "WHAT", ">BEFORE", ">AFTER", NULL };
	scoped(weir_table_done) struct weir_table table;
	struct things things = {};

	weir_table_init(&table, headers);
	count(&things, books, from, to);
	for (size_t i = 0; i < things.n; i++) {
		const struct thing *thing = &things.list[i];
		uint64_t most = thing->before + thing->given;

		if (thing->taken == thing->given)
			continue;
		add_whose(&table, thing->as);
		add_what(&table, thing->as);
		add_amount(&table, thing->as->kind, thing->before);
		/* The books may have changed since they were asked for. */
		add_amount(&table, thing->as->kind, most > thing->taken ? most - thing->taken : 0);
	}
	return weir_table_print(&table, file);
}
