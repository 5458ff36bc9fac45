/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLI_TOP_ROWS_H
#define WEIR_CLI_TOP_ROWS_H

/* Which containers `weir top` shows, and in which order. Pure. */

#include <stdbool.h>

#include "metrics/sample.h"

enum weir_top_sort {
	WEIR_TOP_BY_ID,
	WEIR_TOP_BY_CPU,
	WEIR_TOP_BY_BEYOND, /* what it uses beyond its CPU request */
	WEIR_TOP_BY_WAIT,
	WEIR_TOP_BY_MEM,
	WEIR_TOP_SORTS_,
};

const char *weir_top_sort_name(enum weir_top_sort sort); /* "id", "CPU" … */

#define WEIR_TOP_FILTER 64

/* How it is looked at. All zero: all of them, one after the other, in order of id. */
struct weir_top_look {
	enum weir_top_sort sort; /* but by id the largest come first */
	bool reverse;
	bool tree; /* tasks below their executors */
	char filter[WEIR_TOP_FILTER]; /* only those whose name has this in it; "": all */
};

struct weir_top_row {
	const struct weir_slot *slot;
	const char *name;
	struct weir_load load; /* what it did between the samples */
	const struct weir_top_row *above; /* its executor, if it stands below that; else NULL */
};

struct weir_top_rows {
	/* Those that have not ended, in order of id. */
	struct weir_top_row *all;
	size_t n;
	/* Of these, what is to be shown, in that order. */
	const struct weir_top_row **shown;
	size_t n_shown;
	/* Of all: what a task uses is its executor's. */
	size_t n_beyond;
	uint64_t used_mcpu, used_bytes;
};

/* Both samples have to stay as long as @ret. -ENOMEM. */
int weir_top_rows_take(const struct weir_sample *before, const struct weir_sample *now,
		       const struct weir_top_look *look, struct weir_top_rows *ret);
/* All zero is fine. */
void weir_top_rows_done(struct weir_top_rows *rows);

#endif /* WEIR_CLI_TOP_ROWS_H */
