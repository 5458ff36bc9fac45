/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_PROBE_INTERNAL_H
#define WEIR_PROBE_INTERNAL_H

/* What the files behind probe.h share; for them alone. */

#include "kern/discover.h"
#include "kern/probe.h"

struct weir_probed {
	const char *pin_dir, *cgroup_prefix, *cgroup_parent;
	struct weir_discovery mounts;
	unsigned int release; /* as weir_probe_release() makes it; 0: not known */
	enum weir_tier fence_at_most;
};

static inline unsigned int weir_probe_release(unsigned int major, unsigned int minor)
{
	return major * 1000 + minor;
}

static inline const struct weir_place *weir_probe_place(const struct weir_probed *machine,
							enum weir_subsys subsys)
{
	return &machine->mounts.controllers[subsys];
}

/* Fills @found; cost and remedy of a state that is not OK are in the table of probe.c. */
typedef enum weir_probe_state weir_check_fn(const struct weir_probed *machine, char *found,
					    size_t size);

/* probe_knob.c: those that ask whether groups have a knob. */
weir_check_fn weir_probe_kill, weir_probe_idle, weir_probe_burst, weir_probe_freezer,
	weir_probe_peak, weir_probe_reclaim, weir_probe_swap;

#endif /* WEIR_PROBE_INTERNAL_H */
