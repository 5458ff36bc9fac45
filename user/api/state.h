/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_STATE_H
#define WEIR_STATE_H

/*
 * What containers are to Mesos' calls about state. One that may have tasks is an executor of the framework that
 * its label `framework_id` names; its tasks are tasks; any other is a task without an executor. What has ended
 * is completed: the newest of it, and none that is old.
 */

#include "api/out.h"
#include "control/controller.h"

#define WEIR_COMPLETED_MAX   1000
#define WEIR_COMPLETED_MAX_S (7ull * 24 * 3600)

/* An answer about state on its way. */
struct weir_walk {
	struct weir_out *out;
	const struct weir_state_view *state;
	uint64_t completed_from_us; /* what ended before is not shown */
};

/* MiB, in millionths: as exact as six decimals are. */
uint64_t weir_mib_millionths(uint64_t bytes);

static inline const char *weir_role_of(const struct weir_container *container)
{
	return container->role ? container->role : "*";
}

static inline const char *weir_user_of(const struct weir_container *container)
{
	return container->user ? container->user : "root";
}

/* Is it to be shown, as completed or not? */
bool weir_walk_shows(const struct weir_walk *walk, const struct weir_container *container);

/* Amounts as a list of resources; of @role, if it is not NULL. */
void weir_walk_resources(struct weir_walk *walk, uint32_t number, const char *name, uint64_t mcpu,
			 uint64_t bytes, uint64_t disk_bytes, const char *role);

/* What is shown is @state's. */
void weir_walk_begin(struct weir_walk *walk, const struct weir_state_view *state);
/* A Task; and the last that is known of it, as Mesos' TaskStatus. */
void weir_walk_task(struct weir_walk *walk, uint32_t number, const char *name,
		    const struct weir_container *c);
void weir_walk_status(struct weir_walk *walk, uint32_t number, const char *name,
		      const struct weir_container *c);

/* All of GET_STATE, and its parts: each the fields of a message that is open. */
void weir_walk_state(struct weir_walk *walk);
void weir_walk_tasks(struct weir_walk *walk);
void weir_walk_executors(struct weir_walk *walk);
/* state_frameworks.c */
void weir_walk_frameworks(struct weir_walk *walk);
void weir_walk_agents(struct weir_walk *walk);
void weir_walk_agent_info(struct weir_walk *walk);
void weir_walk_roles(struct weir_walk *walk);
/* state_reservations.c */
/* All that there is, as resources, by who holds it. */
void weir_walk_holdings(struct weir_walk *walk, uint32_t number, const char *name);
void weir_walk_reservations(struct weir_walk *walk);
void weir_walk_operations(struct weir_walk *walk);

#endif /* WEIR_STATE_H */
