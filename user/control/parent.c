/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of the group that all containers lie below, where there is one.
 *
 * The kernel protects no group beyond what those that it lies in have: with a parent that has none,
 * the requests of containers are void. So it has the sum of them, before a container has its own and
 * until it is gone.
 */
#include "control/controller_internal.h"

#include <stdio.h>

#include "base/error.h"
#include "base/log.h"
#include "base/quantity.h"

static void protect(struct weir_controller *controller, uint64_t bytes)
{
	struct weir_error err = {};

	if (weir_cgroup_set_parent_low(&controller->groups, bytes, &err) == 0)
		controller->parent_low_bytes = bytes;
	else
		weir_warn("the parent of all containers: %s: their memory is not protected, "
			  "retrying",
			  err.text);
}

void weir_parent_settle(struct weir_controller *controller)
{
	uint64_t bytes;

	if (!controller->groups.h.parent)
		return;
	bytes = weir_ledger_placed_bytes(controller->ledger);
	if (bytes != controller->parent_low_bytes)
		protect(controller, bytes);
}

void weir_parent_look(struct weir_controller *controller)
{
	uint64_t was = controller->parent_low_bytes, is;
	char a[WEIR_QUANTITY_TEXT], b[WEIR_QUANTITY_TEXT];
	struct weir_error err = {};
	struct weir_event event;

	weir_parent_settle(controller);
	if (was == WEIR_ABSENT || was != controller->parent_low_bytes ||
	    weir_cgroup_parent_low(&controller->groups, &is, &err) < 0 || is == WEIR_ABSENT ||
	    is / WEIR_MEM_GRAIN == was / WEIR_MEM_GRAIN)
		return;
	weir_event_init(&event, WEIR_EVENT_CONTESTED, "", "protection");
	weir_event_say(
		&event, "somebody else has set the protected memory of '%s' to %s: set back to %s",
		controller->groups.h.parent, weir_format_memory(is, a), weir_format_memory(was, b));
	weir_event_add(&event, "mem_low_bytes", is);
	weir_events_emit(controller->events, &event);
	protect(controller, was);
}
