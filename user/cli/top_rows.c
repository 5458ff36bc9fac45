/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/top_rows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

const char *weir_top_sort_name(enum weir_top_sort sort)
{
	static const char *const names[WEIR_TOP_SORTS_] = {
		[WEIR_TOP_BY_ID] = "id",
		[WEIR_TOP_BY_CPU] = "CPU",
		[WEIR_TOP_BY_BEYOND] = "CPU beyond",
		[WEIR_TOP_BY_WAIT] = "wait",
		[WEIR_TOP_BY_MEM] = "memory",
	};

	return names[sort];
}

/* ---- Order ---- */

static uint64_t key_of(const struct weir_top_row *row, enum weir_top_sort sort)
{
	uint64_t request = row->slot->cpu_request_mcpu;

	switch (sort) {
	case WEIR_TOP_BY_CPU:
		return row->load.cpu_mcpu;
	case WEIR_TOP_BY_BEYOND:
		return row->load.cpu_mcpu > request ? row->load.cpu_mcpu - request : 0;
	case WEIR_TOP_BY_WAIT:
		return row->load.wait_percent;
	case WEIR_TOP_BY_MEM:
		return row->slot->mem_current_bytes;
	default:
		return 0;
	}
}

static int compare_siblings(const struct weir_top_row *a, const struct weir_top_row *b,
			    const struct weir_top_look *look)
{
	uint64_t of_a = key_of(a, look->sort), of_b = key_of(b, look->sort);
	int r = of_a != of_b ? (of_a < of_b ? 1 : -1) : strcmp(a->name, b->name);

	return look->reverse ? -r : r;
}

static int compare(const void *one, const void *other, void *data)
{
	const struct weir_top_row *a = *(const struct weir_top_row *const *)one;
	const struct weir_top_row *b = *(const struct weir_top_row *const *)other;
	const struct weir_top_row *top_a = a->above ? a->above : a;
	const struct weir_top_row *top_b = b->above ? b->above : b;

	if (top_a != top_b)
		return compare_siblings(top_a, top_b, data);
	/* Whatever the order is: an executor before its tasks. */
	if (a == top_a || b == top_b)
		return (b == top_b) - (a == top_a);
	return compare_siblings(a, b, data);
}

/* ---- Choice ---- */

static int compare_name(const void *name, const void *row)
{
	return strcmp(name, ((const struct weir_top_row *)row)->name);
}

/* Whom a task stands below. NULL: it is none, or its executor is not shown. */
static const struct weir_top_row *find_above(const struct weir_top_rows *rows,
					     const struct weir_top_row *row,
					     const struct weir_top_look *look)
{
	const char *slash = strchr(row->name, '/');
	const struct weir_top_row *above;
	char executor[WEIR_NAME_MAX + 1];

	if (!slash || !look->tree)
		return NULL;
	snprintf(executor, sizeof(executor), "%.*s", (int)(slash - row->name), row->name);
	above = bsearch(executor, rows->all, rows->n, sizeof(*rows->all), compare_name);
	return above && strstr(above->name, look->filter) ? above : NULL;
}

int weir_top_rows_take(const struct weir_sample *before, const struct weir_sample *now,
		       const struct weir_top_look *look, struct weir_top_rows *ret)
{
	struct weir_top_rows rows = {
		.all = calloc(now->n + 1, sizeof(*rows.all)),
		.shown = calloc(now->n + 1, sizeof(*rows.shown)),
	};

	if (!rows.all || !rows.shown) {
		weir_top_rows_done(&rows);
		return -ENOMEM;
	}
	for (size_t i = 0; i < now->n; i++) {
		const struct weir_sampled *one = &now->list[i];
		struct weir_top_row *row = &rows.all[rows.n];

		if (one->slot.state != WEIR_SLOT_RUNNING && one->slot.state != WEIR_SLOT_LAUNCHING)
			continue;
		row->slot = &one->slot;
		row->name = one->name;
		row->load = weir_load_of(weir_sample_find(before, one->name), one,
					 now->taken_ns - before->taken_ns);
		rows.n++;
		rows.n_beyond += row->load.cpu_mcpu > one->slot.cpu_request_mcpu;
		if (one->slot.parent)
			continue;
		rows.used_mcpu += row->load.cpu_mcpu;
		rows.used_bytes += one->slot.mem_current_bytes;
	}
	for (size_t i = 0; i < rows.n; i++) {
		if (!strstr(rows.all[i].name, look->filter))
			continue;
		rows.all[i].above = find_above(&rows, &rows.all[i], look);
		rows.shown[rows.n_shown++] = &rows.all[i];
	}
	qsort_r(rows.shown, rows.n_shown, sizeof(*rows.shown), compare, (void *)(uintptr_t)look);
	*ret = rows;
	return 0;
}

void weir_top_rows_done(struct weir_top_rows *rows)
{
	free(rows->all);
	free(rows->shown);
	*rows = (struct weir_top_rows){};
}
