/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_TIER_H
#define WEIR_TIER_H

/*
 * Tiers of the fence: which one a kernel gives, and what is said of it.
 *
 * Pure: is told what the hooks did, and tries none (probe_fence.c does). So what is said on any
 * kernel can be tested on every other.
 */

#include "weir/abi.h"

struct weir_probe;

/* Hooks of which a tier needs all or none. */
enum weir_hooks {
	WEIR_HOOKS_INET, /* of cgroups */
	WEIR_HOOKS_UNIX, /* of cgroups; from 6.7 on */
	WEIR_HOOKS_LSM,
	WEIR_HOOKS_GUARD, /* those of the LSM that see weir's own maps, programs, links, and pins */
	WEIR_HOOKS_COUNT_,
};

#define WEIR_HOOKS_WHY 112 /* two of them have room in what a probe found */

/* What does not work: "lsm/bpf does not load: Operation not permitted"; "": all of them do. */
struct weir_hooks_tried {
	char why[WEIR_HOOKS_COUNT_][WEIR_HOOKS_WHY];
};

/* The highest tier, up to @at_most, whose hooks work. WEIR_HOOKS_UNIX are no part of tiers 2 and 3. */
enum weir_tier weir_tier_of(const struct weir_hooks_tried *tried, enum weir_tier at_most);

/*
 * The tier, and what the next one wants, or that no more than @at_most is to be in force; fills all of @probe
 * but its name.
 */
void weir_tier_tell(const struct weir_hooks_tried *tried, enum weir_tier at_most,
		    struct weir_probe *probe);

#endif /* WEIR_TIER_H */
