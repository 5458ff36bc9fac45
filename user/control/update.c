/* SPDX-License-Identifier: Apache-2.0 */
/* Changing the figures of a container while it runs. */
#include "control/controller_internal.h"

#include <errno.h>

#include "base/error.h"
#include "base/log.h"
#include "model/family.h"

static void put_in_force(struct weir_controller *controller, struct weir_container *container,
			 const struct weir_ask *ask, const struct weir_figures *figures)
{
	weir_controller_change(controller);
	container->ask = *ask;
	weir_ledger_change(controller->ledger, container, figures);
	pthread_rwlock_unlock(&controller->lock);
	weir_controller_publish(controller, container);
	if (container->parent)
		weir_controller_publish(controller, container->parent);
	weir_controller_publish_node(controller);
}

/* @before: what its executor had. */
static int apply(struct weir_controller *controller, struct weir_container *container,
		 const struct weir_figures *before, struct weir_error *err)
{
	struct weir_container *executor = container->parent;
	struct weir_figures widest;

	if (!executor)
		return weir_controller_apply(controller, container, err);
	widest = weir_figures_widest(before, &executor->figures);
	if (weir_controller_widen(controller, executor, &widest, err) < 0 ||
	    weir_controller_apply(controller, container, err) < 0)
		return err->code;
	return weir_controller_actuate(controller, executor, err);
}

static int find(const struct weir_controller *controller, const char *id,
		struct weir_container **ret, struct weir_error *err)
{
	*ret = weir_ledger_find(controller->ledger, id);
	if (!*ret)
		return weir_fail(err, -ENOENT, "no container '%s'", id);
	if ((*ret)->state == WEIR_STATE_EXITED)
		return weir_fail(err, -ENOENT, "container '%s' has ended", id);
	return 0;
}

int weir_controller_ask_anew(struct weir_controller *controller, const char *id,
			     const struct weir_ask *anew, struct weir_notes *notes,
			     bool *ret_pending, struct weir_error *err)
{
	struct weir_figures figures, old_figures, had, executor_had = {};
	const struct weir_ask ask = *anew;
	struct weir_container *container;
	struct weir_error second = {};
	struct weir_ask old_ask;

	notes->n = 0;
	if (find(controller, id, &container, err) < 0)
		return err->code;

	old_ask = container->ask;
	old_figures = container->own;
	had = container->figures;
	if (container->parent)
		executor_had = container->parent->figures;
	if (container->shares_cgroups && weir_ask_limits(&ask))
		return weir_fail(
			err, -EINVAL,
			"container '%s' shares its executor's cgroup (share_cgroups), so it "
			"has no limits of its own",
			id);
	if (weir_figures_resolve(&ask, container->cpu_default, &figures, notes, err) < 0)
		return weir_fail_in(err, "container '%s'", id);
	if (weir_ledger_check_change(controller->ledger, container, &figures, err) < 0)
		return err->code;

	put_in_force(controller, container, &ask, &figures);
	if (apply(controller, container, &executor_had, err) < 0) {
		/* The kernel would not have it: back to what it had, as far as it goes. */
		put_in_force(controller, container, &old_ask, &old_figures);
		if (weir_controller_actuate(controller, container, &second) < 0)
			weir_err("container '%s': %s", id, second.text);
		weir_family_settle(controller, container->parent);
		return weir_fail_in(err, "container '%s'", id);
	}
	weir_controller_save(controller, container);
	weir_tell_updated(controller, container, &had);
	weir_tell_pending(controller, container);
	*ret_pending = container->pending_mem_limit_bytes != WEIR_ABSENT;
	return 0;
}

int weir_controller_update(struct weir_controller *controller, const char *id,
			   const struct weir_ask *change, struct weir_notes *notes,
			   bool *ret_pending, struct weir_error *err)
{
	struct weir_container *container;
	struct weir_ask ask;

	notes->n = 0;
	if (find(controller, id, &container, err) < 0)
		return err->code;
	ask = container->ask;
	weir_ask_merge(&ask, change);
	return weir_controller_ask_anew(controller, id, &ask, notes, ret_pending, err);
}
