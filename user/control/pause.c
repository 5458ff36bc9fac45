/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pausing: nothing of a container runs until it is resumed. The kernel's freezer does it, which is
 * cgroup2's wherever the controllers are. What it holds it keeps: memory, requests, sockets.
 */
#include "control/controller_internal.h"

#include <errno.h>

#include "base/error.h"

/* To freeze takes as long as its threads are in the kernel, as a rule some microseconds. */
#define FREEZE_LOOKS   20
#define FREEZE_LOOK_US 500

static void wait_until_frozen(const struct weir_controller *controller, const char *group)
{
	struct weir_error ignored;

	for (int i = 0; i < FREEZE_LOOKS; i++) {
		if (weir_cgroup_frozen(&controller->groups, group, &ignored) != 0)
			return;
		usleep(FREEZE_LOOK_US);
	}
}

int weir_controller_check_thawed(const struct weir_controller *controller,
				 const struct weir_container *container, struct weir_error *err)
{
	char self[WEIR_GROUP_NAME];
	const struct weir_seat seat = weir_family_seat(container, self);
	struct weir_error ignored;

	return weir_cgroup_frozen(&controller->groups, seat.cgroup2, &ignored) == 1
		       ? weir_fail(err, -EINVAL,
				   "it is paused, or frozen by somebody: what is started in it "
				   "would not begin")
		       : 0;
}

int weir_controller_pause(struct weir_controller *controller, const char *id, bool on,
			  struct weir_error *err)
{
	struct weir_container *container;
	int r;

	r = weir_controller_find_running(controller, id, &container, err);
	if (r < 0)
		return r;
	if (container->paused == on)
		return 0;
	if (weir_cgroup_freeze(&controller->groups, container->group, on, err) < 0)
		return weir_fail_in(err, "container '%s'", id);
	if (on)
		wait_until_frozen(controller, container->group);
	weir_controller_change(controller);
	container->paused = on;
	pthread_rwlock_unlock(&controller->lock);
	weir_controller_save(controller, container);
	weir_tell_paused(controller, container);
	return 0;
}
