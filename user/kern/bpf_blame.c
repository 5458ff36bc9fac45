/* SPDX-License-Identifier: Apache-2.0 */
/* Who made whom wait, out of the table that the meter keeps. */
#include "kern/bpf_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/cleanup.h"

/* Keep @ret[0..*n) the heaviest so far, in order. */
static void keep_heaviest(const struct weir_bpf_culprit *one, struct weir_bpf_culprit *ret,
			  size_t *n, size_t max)
{
	size_t at = *n;

	while (at > 0 && ret[at - 1].ns < one->ns)
		at--;
	if (at == max)
		return;
	if (*n < max)
		(*n)++;
	memmove(&ret[at + 1], &ret[at], (*n - at - 1) * sizeof(*ret));
	ret[at] = *one;
}

/* The table is read whole: it is keyed by pairs, and in batches that takes little. */
size_t weir_bpf_blame(const struct weir_bpf *bpf, uint32_t victim, uint32_t generation,
		      struct weir_bpf_culprit *ret, size_t n)
{
	scoped(freep) struct weir_pair *keys = calloc(WEIR_MAX_PAIRS, sizeof(*keys));
	scoped(freep) struct weir_blame *values = calloc(WEIR_MAX_PAIRS, sizeof(*values));
	uint32_t position = 0, count = WEIR_MAX_PAIRS;
	size_t found = 0;

	/* It says -ENOENT when that was all there is, and how many that were. */
	if (!keys || !values ||
	    (bpf_map_lookup_batch(bpf->map_fds[WEIR_MAP_BLAME], NULL, &position, keys, values,
				  &count, NULL) < 0 &&
	     errno != ENOENT))
		return 0;
	for (uint32_t i = 0; i < count; i++) {
		const struct weir_bpf_culprit one = {
			.slot = keys[i].culprit,
			.generation = values[i].culprit_generation,
			.ns = values[i].ns,
			.waits = values[i].waits,
			.last_ns = values[i].last_ns,
		};

		if (keys[i].victim == victim && values[i].victim_generation == generation)
			keep_heaviest(&one, ret, &found, n);
	}
	return found;
}
