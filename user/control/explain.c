/* SPDX-License-Identifier: Apache-2.0 */
/* Why a container is as it is, put together from the maps and from what was done to it. */
#include "control/controller_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "weir/metrics.h"

/* "": it is somebody else's by now. */
static void name_of_slot(struct weir_controller *controller, const struct weir_bpf_culprit *culprit,
			 char ret[WEIR_NAME_MAX + 1])
{
	const struct weir_slot *slot = weir_bpf_slot(controller->bpf, culprit->slot), *parent;

	*ret = '\0';
	if (!slot || slot->generation != culprit->generation)
		return;
	parent = weir_bpf_slot(controller->bpf, slot->parent);
	if (parent)
		snprintf(ret, WEIR_NAME_MAX + 1, "%.*s/%.*s", WEIR_ID_MAX, parent->id, WEIR_ID_MAX,
			 slot->id);
	else
		snprintf(ret, WEIR_NAME_MAX + 1, "%.*s", WEIR_ID_MAX, slot->id);
}

static void name_culprits(struct weir_controller *controller,
			  const struct weir_container *container, struct weir_explanation *ret)
{
	struct weir_bpf_culprit culprits[WEIR_MAX_CULPRITS];
	size_t n = weir_bpf_blame(controller->bpf, container->slot, container->generation, culprits,
				  WEIR_MAX_CULPRITS);

	ret->n_culprits = n;
	for (size_t i = 0; i < n; i++) {
		name_of_slot(controller, &culprits[i], ret->culprits[i].id);
		ret->culprits[i].ns = culprits[i].ns;
		ret->culprits[i].waits = culprits[i].waits;
	}
}

int weir_controller_explain(struct weir_controller *controller, const char *id,
			    struct weir_explanation *ret, struct weir_error *err)
{
	struct weir_container *container = weir_ledger_find(controller->ledger, id);
	uint64_t ago_us, now_us = weir_now_us(CLOCK_MONOTONIC);
	const struct weir_slot *slot;
	const struct weir_live *live;

	if (!container)
		return weir_fail(err, -ENOENT, "no container '%s'", id);
	live = container->live;
	slot = weir_bpf_slot(controller->bpf, container->slot);
	if (container->state == WEIR_STATE_EXITED || !live || !slot ||
	    slot->generation != container->generation)
		return weir_fail(err, -ENOENT, "container '%s' has ended: its events tell why", id);

	*ret = (struct weir_explanation){
		.container = container,
		.band = (enum weir_band)slot->band,
		.band_changes = slot->band_changes,
		.cpu_saved_ns = slot->band_saved_ns,
		.wait_ns = slot->wait_ns,
		.wait_self_ns = slot->wait_self_ns,
		.wait_neighbour_ns = slot->wait_neighbour_ns,
		.wait_limit_ns = slot->wait_limit_ns,
		.wait_system_ns = slot->wait_system_ns,
		.wait_short_ns = weir_metrics_wait_short_ns(slot),
		.wait_unknown_ns = slot->wait_unknown_ns,
		.inflicted_ns = slot->inflicted_ns,
		.squeeze = live->squeeze.means,
		.high_bytes = controller->tunables.dry_run ? 0 : live->squeeze.high_bytes,
	};
	if (slot->band_since_ns) {
		ago_us = now_us - slot->band_since_ns / 1000;
		ret->band_since_us = weir_now_us(CLOCK_REALTIME) - ago_us;
	}
	name_culprits(controller, container, ret);
	return 0;
}
