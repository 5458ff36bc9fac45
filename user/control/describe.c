/* SPDX-License-Identifier: Apache-2.0 */
/* From what was asked for to a container that can be admitted, or to why it can't. */
#include "control/controller_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/privileges.h"
#include "base/text.h"
#include "model/family.h"

static bool copy_list(char ***to, const char *const *from)
{
	*to = from ? weir_strv_copy((char *const *)from) : NULL;
	return !from || *to;
}

static bool copy_texts(struct weir_container *container, const struct weir_launch *launch)
{
	free(container->role);
	return weir_text_copy(launch->role ? launch->role : "*", &container->role) &&
	       copy_list(&container->argv, (const char *const *)launch->argv) &&
	       copy_list(&container->env, (const char *const *)launch->env) &&
	       weir_text_copy(launch->user, &container->user) &&
	       copy_list(&container->supplementary_groups, launch->supplementary_groups) &&
	       copy_list(&container->rlimits, launch->rlimits) &&
	       copy_list(&container->mounts, launch->mounts) &&
	       weir_text_copy(launch->capabilities, &container->capabilities) &&
	       weir_text_copy(launch->cpus_set, &container->cpus_set) &&
	       weir_text_copy(launch->workdir, &container->workdir);
}

static bool copy_labels(struct weir_container *container, const struct weir_launch *launch)
{
	if (launch->n_labels == 0)
		return true;
	container->labels = calloc(launch->n_labels, sizeof(*container->labels));
	if (!container->labels)
		return false;
	for (size_t i = 0; i < launch->n_labels; i++) {
		container->n_labels = i + 1;
		if (!weir_text_copy(launch->labels[i].key, &container->labels[i].key) ||
		    !weir_text_copy(launch->labels[i].value, &container->labels[i].value))
			return false;
	}
	return true;
}

/* Of an executor, once there is an agent that it may talk to: that alone. */
static enum weir_policy default_policy(const struct weir_controller *controller, bool is_executor)
{
	struct weir_socket agent;

	if (is_executor && controller->fence &&
	    controller->tunables.default_net == WEIR_POLICY_OPEN &&
	    weir_fence_socket(controller->fence, WEIR_AGENT_NAME, &agent) == 0 && agent.path[0])
		return WEIR_POLICY_AGENT_SOCKET_ONLY;
	return controller->tunables.default_net;
}

static int choose_net(const struct weir_controller *controller, const struct weir_launch *launch,
		      struct weir_container *container, struct weir_error *err)
{
	if (weir_name_task(launch->id))
		return 0;
	if (launch->net)
		return weir_net_copy(&container->net, launch->net, err);
	container->net.policy = default_policy(controller, launch->is_executor);
	return 0;
}

int weir_controller_describe(const struct weir_controller *controller,
			     const struct weir_launch *launch, struct weir_container **ret,
			     struct weir_notes *notes, struct weir_error *err)
{
	scoped(weir_container_freep) struct weir_container *container = NULL;
	struct weir_privileges checked;

	if (weir_name_check(launch->id, err) < 0 ||
	    (launch->role && weir_role_check(launch->role, err) < 0))
		return err->code;
	if (!launch->argv || !launch->argv[0])
		return weir_fail(err, -EINVAL, "container '%s': no command", launch->id);
	if (launch->net && weir_name_task(launch->id))
		return weir_fail(err, -EINVAL,
				 "container '%s': what a task may reach is what its executor may: "
				 "expected no policy",
				 launch->id);
	if (launch->n_labels > WEIR_MAX_LABELS)
		return weir_fail(err, -EINVAL, "container '%s': %zu labels, at most %d", launch->id,
				 launch->n_labels, WEIR_MAX_LABELS);
	if (weir_privileges_parse(launch->rlimits, launch->capabilities, launch->new_privileges,
				  &checked, err) < 0)
		return weir_fail_in(err, "container '%s'", launch->id);
	container = weir_container_new(launch->id);
	if (!container)
		return weir_fail_memory(err);
	container->ask = launch->ask;
	container->cpu_default = controller->tunables.default_cpu_limit;
	container->foreground = launch->foreground;
	container->keep = launch->keep;
	container->exempt = launch->exempt;
	container->autoremove = launch->autoremove;
	container->delegated = launch->delegate;
	container->is_executor = launch->is_executor;
	container->shares_cgroups = launch->shares_cgroups;
	container->new_privileges = launch->new_privileges;
	container->created_us = weir_now_us(CLOCK_REALTIME);
	if (choose_net(controller, launch, container, err) < 0)
		return err->code;
	if (!copy_texts(container, launch) || !copy_labels(container, launch))
		return weir_fail_memory(err);
	if (weir_container_locate(container, err) < 0)
		return err->code;
	if (weir_family_check(controller, container, err) < 0 ||
	    weir_figures_resolve(&container->ask, container->cpu_default, &container->figures,
				 notes, err) < 0)
		return weir_fail_in(err, "container '%s'", launch->id);
	*ret = take_ptr(container);
	return 0;
}
