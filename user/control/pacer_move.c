/* SPDX-License-Identifier: Apache-2.0 */
/* What the pacer does: it writes cpu.idle and, behind it, the weight, and has turns taken. */
#include "control/pacer_internal.h"

#include <errno.h>

#include "base/error.h"
#include "base/log.h"
#include "control/controller_internal.h"
#include "kern/cgroup.h"
#include "kern/turns.h"
#include "weir/metrics.h"

static int write_band(struct weir_pacer *pacer, const struct paced *paced, enum weir_band band,
		      struct weir_error *err)
{
	const struct weir_groups *groups = pacer->options.groups;
	const char *id = paced->container->group;

	if (weir_cgroup_set_cpu_idle(groups, id, band == WEIR_BAND_BURST, err) < 0)
		return err->code;
	/* Coming out of the idle class set it to the kernel's default. */
	return band == WEIR_BAND_BURST
		       ? 0
		       : weir_cgroup_set_cpu_weight(groups, id, paced->weight_mcpu, err);
}

void weir_pacer_shift(struct weir_pacer *pacer, struct paced *paced, enum weir_band band,
		      const char *cause, bool dry)
{
	struct weir_error err = {};

	if (paced->lost || paced->member.band == band)
		return;
	if (!dry && write_band(pacer, paced, band, &err) < 0) {
		paced->lost = true;
		if (err.code != -ENOENT) /* which says that it has just ended */
			weir_warn("container '%s': left in its band: %s", paced->container->id,
				  err.text);
		return;
	}
	weir_band_note(&pacer->bands, &paced->member, band);
	if (!dry && paced->slot && paced->slot->generation == paced->generation) {
		paced->slot->band = band;
		paced->slot->band_since_ns = weir_metrics_now_ns();
		paced->slot->band_changes++;
	}
	weir_tell_band(pacer->options.events, paced->container->id, &paced->member, cause, dry);
}

void weir_pacer_shift_parent(struct weir_pacer *pacer, enum weir_band band, bool dry)
{
	struct weir_error err = {};

	if (!pacer->options.groups->h.parent || pacer->parent_lost || pacer->bands.parent == band)
		return;
	if (!dry &&
	    weir_cgroup_set_parent_idle(pacer->options.groups, band == WEIR_BAND_BURST, &err) < 0) {
		pacer->parent_lost = true;
		weir_warn("the parent of all containers is left in its band, weights rule: %s",
			  err.text);
		return;
	}
	pacer->bands.parent = band;
}

void weir_pacer_guard_parent(struct weir_pacer *pacer)
{
	const struct weir_groups *groups = pacer->options.groups;
	struct weir_error err = {};
	struct weir_event event;

	if (!groups->h.parent || pacer->parent_lost || pacer->options.rules.dry_run ||
	    pacer->bands.parent != WEIR_BAND_BURST || weir_cgroup_parent_idle(groups, &err) != 0)
		return;
	weir_event_init(&event, WEIR_EVENT_CONTESTED, "", "parent");
	weir_event_say(&event,
		       "somebody else has taken '%s' out of the idle class, in which some of its "
		       "containers are: set back",
		       groups->h.parent);
	weir_events_emit(pacer->options.events, &event);
	if (weir_cgroup_set_parent_idle(groups, true, &err) < 0)
		weir_warn("the parent of all containers: %s, retrying", err.text);
}

int weir_pacer_set_right(struct weir_pacer *pacer, struct paced *paced,
			 const struct weir_cgroup_knobs *is, bool *ret_idle, struct weir_error *err)
{
	const struct weir_groups *groups = pacer->options.groups;
	/* In a dry run nobody was moved. */
	enum weir_band band =
		pacer->options.rules.dry_run ? WEIR_BAND_GUARANTEED : paced->member.band;
	bool wanted = band == WEIR_BAND_BURST;
	int idle = weir_cgroup_cpu_idle(groups, paced->container->group, err);

	if (idle < 0) /* a kernel that has no such class, or the controller is away */
		return idle == -ENOENT ? WEIR_PACER_NOTHING : idle;
	*ret_idle = idle;
	if (idle != wanted)
		return write_band(pacer, paced, band, err) < 0 ? err->code : WEIR_PACER_CLASS;
	if (idle || is->cpu_weight == weir_cgroup_weight(groups, paced->weight_mcpu))
		return WEIR_PACER_NOTHING;
	return write_band(pacer, paced, band, err) < 0 ? err->code : WEIR_PACER_WEIGHT;
}

bool weir_pacer_may_be(const struct weir_pacer *pacer, enum weir_band band)
{
	return band != WEIR_BAND_BURST || !pacer->options.groups->h.parent ||
	       pacer->bands.parent == WEIR_BAND_BURST;
}

void weir_pacer_move(struct weir_pacer *pacer, struct paced *paced, enum weir_band band,
		     const char *cause)
{
	weir_pacer_shift(pacer, paced, band, cause, pacer->options.rules.dry_run);
}

void weir_pacer_settle(struct weir_pacer *pacer)
{
	const struct weir_pacer_rules *rules = &pacer->options.rules;

	pacer->bursting = false;
	for (size_t i = 0; i < pacer->n && !pacer->bursting; i++)
		pacer->bursting = pacer->all[i].member.band == WEIR_BAND_BURST;
	if (!pacer->bursting)
		weir_pacer_shift_parent(pacer, WEIR_BAND_GUARANTEED, rules->dry_run);
	weir_turns_set(pacer->turns, pacer->bursting && rules->turns && !rules->dry_run);
}

void weir_pacer_bring_all_back(struct weir_pacer *pacer)
{
	for (size_t i = 0; i < pacer->n; i++)
		weir_pacer_move(pacer, &pacer->all[i], WEIR_BAND_GUARANTEED, "stopped");
	weir_pacer_settle(pacer);
}
