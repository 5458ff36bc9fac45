/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_PROBE_FENCE_H
#define WEIR_PROBE_FENCE_H

/* The probe that asks which tier of the fence (tier.h) this kernel gives. */

#include "weir/abi.h"

struct weir_probe;

/*
 * Load and attach a program that allows everything to each hook that a tier needs, and take it
 * away at once. Those of cgroups are attached to an empty group of their own,
 * "<@cgroup_prefix>probe-<pid>" below @cgroup2, and see nobody. Fills all of @probe but its name.
 *
 * @cgroup2: where it is mounted; "": nowhere. @at_most: that is to be in force.
 */
void weir_probe_fence(const char *cgroup2, const char *cgroup_prefix, enum weir_tier at_most,
		      struct weir_probe *probe);

/* What that comes to, for whoever builds on it, and wants no more than that. */
enum weir_tier weir_probe_tier(const char *cgroup2, const char *cgroup_prefix,
			       enum weir_tier at_most);

#endif /* WEIR_PROBE_FENCE_H */
