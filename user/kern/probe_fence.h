/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_PROBE_FENCE_H
#define WEIR_PROBE_FENCE_H

/* The probe that asks which tier of the fence (tier.h) this kernel gives. */

struct weir_probe;

/*
 * Load and attach a program that allows everything to each hook that a tier needs, and take it
 * away at once. Those of cgroups are attached to an empty group of their own,
 * "<@cgroup_prefix>probe-<pid>" below @cgroup2, and see nobody. Fills all of @probe but its name.
 *
 * @cgroup2: where it is mounted; "": nowhere.
 */
void weir_probe_fence(const char *cgroup2, const char *cgroup_prefix, struct weir_probe *probe);

#endif /* WEIR_PROBE_FENCE_H */
