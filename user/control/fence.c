/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of the network containers may reach: put into force before their first process.
 *
 * Fail direction: closed. Without its programs whoever asks for a policy is refused; one of them missing
 * is found before each launch behind it.
 */
#include "control/controller_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/error.h"
#include "base/log.h"
#include "model/policy.h"
#include "weir/metrics.h"

static void on_address(const struct weir_address *address, bool there, void *data)
{
	struct weir_controller *controller = data;
	struct weir_error err = {};

	if (!there)
		weir_fence_remove_address(controller->fence, address);
	else if (weir_fence_add_address(controller->fence, address, &err) < 0)
		weir_err("the agent may be reached by an address of this node: %s", err.text);
}

static int on_addresses(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct weir_controller *controller = data;
	struct weir_error err = {};

	(void)source;
	(void)fd;
	(void)events;
	if (weir_addresses_read(controller->addresses, &err) < 0)
		weir_err("%s: an address that is new may lead to the agent", err.text);
	return 0;
}

static int on_denials(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct weir_controller *controller = data;

	(void)source;
	(void)fd;
	(void)events;
	weir_fence_read(controller->fence);
	return 0;
}

static int open_fence(struct weir_controller *controller, bool maps_are_new, struct weir_error *err)
{
	const struct weir_fence_options options = { .bpf = controller->bpf,
						    .cgroup2 = controller->groups.h.list[0].mount,
						    .cgroup_prefix = controller->groups.prefix,
						    .at_most = controller->tunables.fence_at_most,
						    .maps_are_new = maps_are_new };
	int r;

	if (weir_fence_open(&options, &controller->fence, err) < 0 ||
	    weir_addresses_open(on_address, controller, &controller->addresses, err) < 0 ||
	    weir_fence_on_denied(controller->fence, weir_tell_denied, controller, err) < 0)
		return err->code;
	r = sd_event_add_io(controller->event, &controller->addresses_source,
			    weir_addresses_fd(controller->addresses), EPOLLIN, on_addresses,
			    controller);
	if (r >= 0)
		r = sd_event_add_io(controller->event, &controller->denials_source,
				    weir_fence_fd(controller->fence), EPOLLIN, on_denials,
				    controller);
	return r < 0 ? weir_fail(err, r, "watch the fence: %s", strerror(-r)) : 0;
}

void weir_controller_tune_fence(struct weir_controller *controller)
{
	const struct weir_ports *ports = &controller->tunables.agent_ports;
	struct weir_error err = {};

	if (!controller->fence)
		return;
	weir_fence_set_ports(controller->fence, ports->list, ports->n);
	if (weir_sockets_open(controller, &err) < 0)
		weir_err("nobody reaches the agent by its socket: %s", err.text);
}

void weir_controller_open_fence(struct weir_controller *controller, bool maps_are_new)
{
	struct weir_error err = {};

	if (open_fence(controller, maps_are_new, &err) == 0) {
		weir_controller_tune_fence(controller);
		weir_bpf_node(controller->bpf)->fence_tier = weir_fence_tier(controller->fence);
		weir_info("the fence stands: tier %s",
			  weir_metrics_tier_name(weir_fence_tier(controller->fence)));
		return;
	}
	weir_controller_close_fence(controller);
	weir_bpf_node(controller->bpf)->fence_tier = WEIR_TIER_NONE;
	weir_warn("there is no fence, and every policy but 'open' is refused: %s", err.text);
}

void weir_controller_close_fence(struct weir_controller *controller)
{
	weir_sockets_close(controller);
	controller->denials_source = sd_event_source_disable_unref(controller->denials_source);
	controller->addresses_source = sd_event_source_disable_unref(controller->addresses_source);
	controller->addresses = weir_addresses_close(controller->addresses);
	controller->fence = weir_fence_close(controller->fence);
}

/* A task is in its executor's groups, and held by what holds there. */
int weir_controller_fence(struct weir_controller *controller, struct weir_container *container,
			  struct weir_bpf_identity *identity, struct weir_error *err)
{
	struct weir_live *live = container->live;
	scoped(closep) int fd = -1;
	unsigned int level;
	uint64_t id;

	identity->fence = 0;
	if (container->net.policy == WEIR_POLICY_OPEN || container->parent)
		return 0;
	identity->fence = weir_net_word(&container->net);
	if (!controller->fence)
		return weir_net_check(&container->net, WEIR_TIER_NONE, err);
	fd = weir_cgroup_open(&controller->groups, container->group, err);
	if (fd < 0 || weir_fence_level(controller->fence, fd, &level, &id, err) < 0)
		return err->code;
	weir_fence_expect(controller->fence, identity->fence);
	if (live->fence_level < 0) {
		if (weir_fence_enter(controller->fence, level, err) < 0)
			return err->code;
		live->fence_level = (int)level;
	}
	if (weir_net_check(&container->net, weir_fence_tier(controller->fence), err) < 0 ||
	    weir_fence_verify(controller->fence, err) < 0 ||
	    weir_rules_enter(controller, &container->net, err) < 0)
		return err->code;
	identity->fence = weir_net_word(&container->net);
	return 0;
}

enum weir_families weir_controller_families(const struct weir_controller *controller,
					    const struct weir_container *container)
{
	const struct weir_net *net = &(container->parent ? container->parent : container)->net;

	if (net->policy == WEIR_POLICY_OPEN || !controller->fence ||
	    weir_fence_tier(controller->fence) >= WEIR_TIER_2)
		return WEIR_FAMILIES_ALL;
	return net->policy == WEIR_POLICY_AGENT_SOCKET_ONLY ? WEIR_FAMILIES_UNIX
							    : WEIR_FAMILIES_HARMLESS;
}

void weir_controller_unfence(struct weir_controller *controller, struct weir_container *container)
{
	struct weir_live *live = container->live;

	weir_rules_drop(controller, &container->net);
	if (live->fence_level < 0)
		return;
	weir_fence_leave(controller->fence, (unsigned int)live->fence_level);
	live->fence_level = -1;
}

static void exchange(struct weir_controller *controller, struct weir_net *a, struct weir_net *b)
{
	struct weir_net kept = *a;

	weir_controller_change(controller);
	*a = *b;
	*b = kept;
	pthread_rwlock_unlock(&controller->lock);
}

int weir_controller_set_policy(struct weir_controller *controller, const char *id,
			       const struct weir_net *net, struct weir_error *err)
{
	scoped(weir_net_done) struct weir_net other = {};
	struct weir_bpf_identity identity;
	struct weir_container *container;
	int r;

	if (weir_controller_find_running(controller, id, &container, err) < 0)
		return err->code;
	if (container->parent)
		return weir_fail(err, -EINVAL,
				 "container '%s' is a task, and may reach what its executor may: "
				 "expected '%s'",
				 id, container->parent->id);
	if (weir_net_copy(&other, net, err) < 0)
		return err->code;
	exchange(controller, &container->net, &other);
	r = weir_controller_fence(controller, container, &identity, err);
	/* One word for another: whoever asks meanwhile gets the one or the other. */
	if (r == 0)
		r = weir_bpf_fence(controller->bpf, container->slot, identity.fence, err);
	if (r < 0)
		exchange(controller, &container->net, &other);
	/* What is not in force: after a failure what was to be. */
	weir_rules_drop(controller, &other);
	if (container->net.policy == WEIR_POLICY_OPEN)
		weir_controller_unfence(controller, container);
	if (r < 0)
		return weir_fail_in(err, "container '%s'", id);
	weir_controller_save(controller, container);
	weir_tell_policy(controller, container, other.policy);
	return 0;
}
