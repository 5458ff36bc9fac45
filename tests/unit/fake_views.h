/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_FAKE_VIEWS_H
#define WEIR_FAKE_VIEWS_H

/* The part of the fake controller that is for readers. fake_controller.h includes it. */

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "control/operate.h"
#include "control/operations.h"
#include "metrics/sample.h"

int weir_controller_read_containers(struct weir_controller *controller, const char *id,
				    weir_view_fn *fn, void *data, struct weir_error *err)
{
	int r = id ? -ENOENT : 0;

	pthread_rwlock_rdlock(&controller->lock);
	for (size_t i = 0; i < controller->n; i++) {
		const struct weir_view view = {
			.container = controller->containers[i],
			.user_ns = 1250000000,
			.system_ns = UINT64_MAX,
			.throttled_ns = 120000000,
			.mem_current_bytes = 1048576,
			.stdout_path = "/var/lib/weir/logs/a.stdout",
		};

		if (id && strcmp(id, view.container->id) != 0)
			continue;
		r = fn(&view, data);
		if (r < 0 || id)
			break;
	}
	pthread_rwlock_unlock(&controller->lock);
	return r == -ENOENT ? fake_unknown(id, err) : r;
}

void weir_controller_read_node(struct weir_controller *controller, struct weir_node_view *ret)
{
	pthread_rwlock_rdlock(&controller->lock);
	*ret = (struct weir_node_view){
		.n_containers = controller->n,
		.cpus = 2,
		.mem_bytes = 8ULL << 30,
	};
	pthread_rwlock_unlock(&controller->lock);
}

int weir_controller_operate(struct weir_controller *controller, const struct weir_operate_ask *ask,
			    const struct weir_peer *peer, struct weir_operate_result *ret,
			    struct weir_error *err)
{
	const struct weir_operation *operation = ask->operation;

	controller->last_peer = *peer;
	/* What it came to is told by what was asked for. */
	snprintf(ret->id, sizeof(ret->id), "%s-%zu-%zu", weir_operation_name(operation->kind),
		 operation->source.n, operation->resources.n);
	ret->version = ask->has_version ? ask->version : 1;
	ret->dry_run = ask->dry_run;
	if (operation->resources.n && operation->resources.list[0].amount == 0)
		return weir_fail(err, -ENOSPC, "nothing is held");
	return 0;
}

int weir_operations_path(const struct weir_operations *operations, const char *disk, uint64_t key,
			 char path[static PATH_MAX], struct weir_error *err)
{
	(void)operations;
	(void)err;

	snprintf(path, PATH_MAX, "%s/%llu", disk, (unsigned long long)key);
	return 0;
}

int weir_controller_sample(struct weir_controller *controller, struct weir_sample *ret,
			   struct weir_error *err)
{
	pthread_rwlock_rdlock(&controller->lock);
	ret->list = calloc(controller->n + 1, sizeof(*ret->list));
	for (; ret->list && ret->n < controller->n; ret->n++) {
		const struct weir_container *container = controller->containers[ret->n];
		struct weir_sampled *one = &ret->list[ret->n];

		snprintf(one->name, sizeof(one->name), "%s", container->id);
		one->slot.state = WEIR_SLOT_RUNNING;
		one->slot.cpu_ns = 1250000000;
		one->slot.mem_current_bytes = 1048576;
	}
	pthread_rwlock_unlock(&controller->lock);
	return ret->list ? 0 : weir_fail_memory(err);
}

uint64_t weir_controller_changes(const struct weir_controller *controller)
{
	return controller->changes + controller->n;
}

uint64_t weir_controller_lost_events(struct weir_controller *controller, uint64_t since)
{
	uint64_t lost = 0;

	pthread_rwlock_rdlock(&controller->lock);
	if (controller->events)
		weir_event_ring_next(controller->events, since, NULL, &lost);
	pthread_rwlock_unlock(&controller->lock);
	return lost;
}

void weir_controller_read_state(struct weir_controller *controller, weir_state_fn *fn, void *data)
{
	struct weir_state_view state = { .node = { .hostname = "node", .agent_id = "agent" } };

	controller->reads_begun++;
	while (controller->holds_reads)
		usleep(100);
	pthread_rwlock_rdlock(&controller->lock);
	state.all = controller->containers;
	state.n = controller->n;
	fn(&state, data);
	pthread_rwlock_unlock(&controller->lock);
}

#endif /* WEIR_FAKE_VIEWS_H */
