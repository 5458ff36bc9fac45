/* SPDX-License-Identifier: Apache-2.0 */
#include "kern/tier.h"

#include <stdbool.h>
#include <stdio.h>

#include "kern/probe.h"
#include "weir/metrics.h"

#define BOOT_WITH_LSM "boot with lsm=…,bpf, on a kernel built with CONFIG_BPF_LSM=y"

/* What a tier can't do, and what to do about it; NULL: nothing that weir wants. */
static const struct {
	const char *cost, *remedy;
} tiers[] = {
	[WEIR_TIER_NONE] = { "containers can't be fenced at all",
			     "run a kernel >= 6.1 built with CONFIG_CGROUP_BPF=y, and mount "
			     "cgroup2" },
	[WEIR_TIER_0] = { "unix sockets can't be told apart: agent-socket-only is refused unless "
			  "degraded is accepted",
			  BOOT_WITH_LSM "; a kernel >= 6.7 gives T1 without" },
	[WEIR_TIER_1] = { "unix sockets are told apart by path only, which is advisory against "
			  "an executor with a mount namespace of its own",
			  BOOT_WITH_LSM " that refuses no lsm/ program" },
	[WEIR_TIER_2] = {},
	[WEIR_TIER_3] = {},
};

static bool work(const struct weir_hooks_tried *tried, enum weir_hooks hooks)
{
	return !tried->why[hooks][0];
}

enum weir_tier weir_tier_of(const struct weir_hooks_tried *tried, enum weir_tier at_most)
{
	if (at_most == WEIR_TIER_NONE || !work(tried, WEIR_HOOKS_INET))
		return WEIR_TIER_NONE;
	if (at_most >= WEIR_TIER_2 && work(tried, WEIR_HOOKS_LSM))
		return at_most == WEIR_TIER_3 && work(tried, WEIR_HOOKS_GUARD) ? WEIR_TIER_3
									       : WEIR_TIER_2;
	return at_most >= WEIR_TIER_1 && work(tried, WEIR_HOOKS_UNIX) ? WEIR_TIER_1 : WEIR_TIER_0;
}

static void tell_override(enum weir_tier tier, enum weir_tier offered, struct weir_probe *probe)
{
	snprintf(probe->found, sizeof(probe->found), "%s, as weir.conf has it; the kernel gives %s",
		 weir_metrics_tier_name(tier), weir_metrics_tier_name(offered));
	probe->state = WEIR_PROBE_DEGRADED;
	probe->cost = tiers[tier].cost ? tiers[tier].cost : "weir's own programs are not guarded";
	probe->remedy = "leave tier in [fence] of weir.conf at auto";
}

void weir_tier_tell(const struct weir_hooks_tried *tried, enum weir_tier at_most,
		    struct weir_probe *probe)
{
	enum weir_tier tier = weir_tier_of(tried, WEIR_TIER_3);
	const size_t size = sizeof(probe->found);

	if (weir_tier_of(tried, at_most) < tier) {
		tell_override(weir_tier_of(tried, at_most), tier, probe);
		return;
	}
	switch (tier) {
	case WEIR_TIER_NONE:
		snprintf(probe->found, size, "no tier: %s", tried->why[WEIR_HOOKS_INET]);
		break;
	case WEIR_TIER_0: /* two ways lead up from here */
		snprintf(probe->found, size, "T0: %s; %s", tried->why[WEIR_HOOKS_UNIX],
			 tried->why[WEIR_HOOKS_LSM]);
		break;
	case WEIR_TIER_1:
		snprintf(probe->found, size, "T1: %s", tried->why[WEIR_HOOKS_LSM]);
		break;
	case WEIR_TIER_2:
		snprintf(probe->found, size, "T2: %s", tried->why[WEIR_HOOKS_GUARD]);
		break;
	case WEIR_TIER_3:
		snprintf(probe->found, size, "T3: all that it wants loads and attaches");
		break;
	}
	probe->state = tiers[tier].cost ? WEIR_PROBE_DEGRADED : WEIR_PROBE_OK;
	probe->cost = tiers[tier].cost;
	probe->remedy = tiers[tier].remedy;
}
