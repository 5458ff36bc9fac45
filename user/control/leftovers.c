/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups that outlived their containers.
 *
 * Somebody who is killed still needs the CPU to die, and without a request there is next to
 * nothing of it on a busy node; nor does the loop stand still until then. What could not be
 * removed is tried again at each tick.
 */
#include "control/controller_internal.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "model/family.h"

struct weir_leftover {
	struct weir_leftover *next;
	bool said; /* what is in the way, once */
	char group[WEIR_GROUP_NAME];
};

bool weir_controller_clear_groups(struct weir_controller *controller, const char *group)
{
	const struct weir_groups *groups = &controller->groups;
	struct weir_error err = {};

	if (weir_cgroup_kill(groups, group, &err) < 0 && err.code != -ENOENT)
		weir_warn("cgroup '%s%s': %s", groups->prefix, group, err.text);
	for (int attempt = 0; attempt < 100; attempt++) {
		if (weir_cgroup_remove(groups, group, &err) != -EBUSY)
			return true;
		usleep(1000); /* killed processes take a moment to leave */
	}
	return false;
}

void weir_leftovers_add(struct weir_controller *controller, const char *group)
{
	struct weir_leftover *leftover;

	for (leftover = controller->leftovers; leftover; leftover = leftover->next) {
		if (strcmp(leftover->group, group) == 0)
			return;
	}
	leftover = calloc(1, sizeof(*leftover));
	if (!leftover) {
		weir_warn("cgroup '%s%s' is left until the next start: out of memory",
			  controller->groups.prefix, group);
		return;
	}
	memcpy(leftover->group, group, strnlen(group, sizeof(leftover->group) - 1));
	leftover->next = controller->leftovers;
	controller->leftovers = leftover;
}

/* Is there nothing more to do about it? */
static bool clear(struct weir_controller *controller, struct weir_leftover *leftover)
{
	char buf[WEIR_NAME_MAX + 1];
	const struct weir_container *container =
		weir_ledger_find(controller->ledger, weir_name_of_group(leftover->group, buf));
	const struct weir_groups *groups = &controller->groups;
	struct weir_error err = {};
	int r;

	/* The next of its name has found it empty, and has it now. */
	if (container && container->state != WEIR_STATE_EXITED)
		return true;
	if (weir_cgroup_remove(groups, leftover->group, &err) == 0)
		return true;
	r = weir_cgroup_kill(groups, leftover->group, &err);
	if (r == 0 || r == -ENOENT)
		return false;
	if (!leftover->said)
		weir_warn("cgroup '%s%s': %s, retrying", groups->prefix, leftover->group, err.text);
	leftover->said = true;
	return false;
}

void weir_leftovers_clear(struct weir_controller *controller)
{
	for (struct weir_leftover **at = &controller->leftovers; *at;) {
		struct weir_leftover *leftover = *at;

		if (!clear(controller, leftover)) {
			at = &leftover->next;
			continue;
		}
		*at = leftover->next;
		free(leftover);
	}
}

void weir_leftovers_free(struct weir_controller *controller)
{
	while (controller->leftovers) {
		struct weir_leftover *leftover = controller->leftovers;

		controller->leftovers = leftover->next;
		free(leftover);
	}
}
