/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of many containers at once: their frameworks, their roles, and the node that they are on. */
#include <stdlib.h>
#include <string.h>

#include "api/answer_internal.h"
#include "api/state.h"
#include "base/buffer.h"
#include "model/family.h"
#include "weir/v1/state.pb-c.h"

/* A container by what it is counted with. */
struct entry {
	const char *framework, *role;
	const struct weir_container *container;
};

static int by_framework(const void *a, const void *b)
{
	const struct entry *one = a, *other = b;
	int r = strcmp(one->framework, other->framework);

	return r ? r : strcmp(one->role, other->role);
}

static int by_role(const void *a, const void *b)
{
	const struct entry *one = a, *other = b;
	int r = strcmp(one->role, other->role);

	return r ? r : strcmp(one->framework, other->framework);
}

/* All that are shown, in that order; the caller frees them. NULL: there are none, or no memory, which the answer knows. */
static struct entry *sort(struct weir_walk *walk, int (*compare)(const void *, const void *),
			  size_t *ret_n)
{
	const struct weir_state_view *state = walk->state;
	struct entry *entries;

	*ret_n = 0;
	if (!state->n)
		return NULL;
	entries = calloc(state->n, sizeof(*entries));
	if (!entries) {
		weir_out_fail(walk->out);
		return NULL;
	}
	for (size_t i = 0; i < state->n; i++) {
		const struct weir_container *c = state->all[i];

		if (weir_walk_shows(walk, c))
			entries[(*ret_n)++] =
				(struct entry){ weir_framework_of(c), weir_role_of(c), c };
	}
	qsort(entries, *ret_n, sizeof(*entries), compare);
	return entries;
}

/* Of consecutive entries. */
struct sum {
	uint64_t mcpu,
		bytes; /* that are promised to each itself: a task may have another role than its executor */
	bool active; /* does any of them run? */
};

static struct sum sum_of(const struct entry *entries, size_t n)
{
	struct sum sum = {};

	for (size_t i = 0; i < n; i++) {
		const struct weir_container *c = entries[i].container;

		if (c->state == WEIR_STATE_EXITED)
			continue;
		sum.active = true;
		sum.mcpu += c->own.cpu_request_mcpu;
		sum.bytes += c->own.mem_request_bytes;
	}
	return sum;
}

/* ---- Frameworks ---------------------------------------------------------------- */

static size_t same_framework(const struct entry *entries, size_t n)
{
	size_t i = 1;

	while (i < n && strcmp(entries[i].framework, entries[0].framework) == 0)
		i++;
	return i;
}

static void add_framework(struct weir_walk *walk, uint32_t number, const struct entry *entries,
			  size_t n, const struct sum *sum)
{
	struct weir_out *out = walk->out;

	weir_out_open(out, number, NULL);
	weir_out_open(out, 1, "framework_info");
	weir_out_string(out, 1, "user", weir_user_of(entries[0].container));
	weir_out_string(out, 2, "name", entries[0].framework);
	weir_answer_value(walk->out, 3, "id", entries[0].framework);
	weir_out_list(out, "roles");
	for (size_t i = 0; i < n; i++) {
		if (!i || strcmp(entries[i].role, entries[i - 1].role) != 0)
			weir_out_string(out, 12, NULL, entries[i].role);
	}
	weir_out_list_end(out);
	weir_out_close(out);
	if (out->dialect == WEIR_DIALECT_MASTER) {
		weir_out_bool(out, 2, "active", sum->active);
		weir_out_bool(out, 3, "connected", sum->active);
		weir_out_bool(out, 11, "recovered", false);
		weir_walk_resources(walk, 9, "allocated_resources", sum->mcpu, sum->bytes, 0, NULL);
	}
	weir_out_close(out);
}

static void add_frameworks(struct weir_walk *walk, uint32_t number, const char *name, bool active,
			   const struct entry *entries, size_t n)
{
	weir_out_list(walk->out, name);
	for (size_t i = 0, group; i < n; i += group) {
		struct sum sum;

		group = same_framework(entries + i, n - i);
		sum = sum_of(entries + i, group);
		if (sum.active == active)
			add_framework(walk, number, entries + i, group, &sum);
	}
	weir_out_list_end(walk->out);
}

void weir_walk_frameworks(struct weir_walk *walk)
{
	size_t n;
	struct entry *entries = sort(walk, by_framework, &n);

	add_frameworks(walk, 1, "frameworks", true, entries, n);
	add_frameworks(walk, 2, "completed_frameworks", false, entries, n);
	free(entries);
}

/* ---- Roles --------------------------------------------------------------------- */

static size_t same_role(const struct entry *entries, size_t n)
{
	size_t i = 1;

	while (i < n && strcmp(entries[i].role, entries[0].role) == 0)
		i++;
	return i;
}

static void add_role(struct weir_walk *walk, const struct entry *entries, size_t n)
{
	const struct sum sum = sum_of(entries, n);
	struct weir_out *out = walk->out;

	weir_out_open(out, 1, NULL);
	weir_out_string(out, 1, "name", entries[0].role);
	weir_out_fixed(out, 2, "weight", 1, 0);
	weir_out_list(out, "frameworks");
	for (size_t i = 0, group; i < n; i += group) {
		group = same_framework(entries + i, n - i);
		if (sum_of(entries + i, group).active)
			weir_answer_value(walk->out, 3, NULL, entries[i].framework);
	}
	weir_out_list_end(out);
	weir_walk_resources(walk, 4, "resources", sum.mcpu, sum.bytes, 0, entries[0].role);
	weir_out_close(out);
}

/* Roles of containers, which come in the order that the books' come in: from @at on they are still to be met. */
struct known_roles {
	struct weir_walk *walk;
	const struct entry *entries;
	size_t n, at;
};

/* Does anybody run in it? Asked once of each, in order. */
static bool is_run_in(struct known_roles *known, const char *role)
{
	bool runs = false;
	int order = -1;

	for (; known->at < known->n; known->at++) {
		order = strcmp(known->entries[known->at].role, role);
		if (order > 0)
			break;
		runs |= order == 0 &&
			known->entries[known->at].container->state != WEIR_STATE_EXITED;
	}
	return runs;
}

/* One that nobody runs in, but something is reserved for. */
static void add_reserved(const struct weir_role_view *role, void *data)
{
	struct known_roles *known = data;
	struct weir_out *out = known->walk->out;

	if (is_run_in(known, role->name) ||
	    (!role->reserved_mcpu && !role->reserved_bytes && !role->reserved_disk_bytes))
		return;
	weir_out_open(out, 1, NULL);
	weir_out_string(out, 1, "name", role->name);
	weir_out_fixed(out, 2, "weight", 1, 0);
	weir_walk_resources(known->walk, 4, "resources", role->reserved_mcpu, role->reserved_bytes,
			    role->reserved_disk_bytes, role->name);
	weir_out_close(out);
}

void weir_walk_roles(struct weir_walk *walk)
{
	size_t n;
	struct entry *entries = sort(walk, by_role, &n);
	struct known_roles known = { walk, entries, n, 0 };

	weir_out_list(walk->out, "roles");
	for (size_t i = 0, group; i < n; i += group) {
		group = same_role(entries + i, n - i);
		if (sum_of(entries + i, group).active)
			add_role(walk, entries + i, group);
	}
	if (walk->state->books)
		weir_books_each_role(walk->state->books, add_reserved, &known);
	weir_out_list_end(walk->out);
	free(entries);
}

/* ---- The node ------------------------------------------------------------------ */

static void add_total(struct weir_walk *walk, uint32_t number, const char *name)
{
	const struct weir_capacity *capacity = &walk->state->node.capacity;

	if (walk->state->books)
		return weir_walk_holdings(walk, number, name);
	weir_walk_resources(walk, number, name, capacity->total_mcpu - capacity->reserve_mcpu,
			    capacity->total_bytes - capacity->reserve_bytes, 0, NULL);
}

void weir_walk_agent_info(struct weir_walk *walk)
{
	weir_out_string(walk->out, 1, "hostname", walk->state->node.hostname);
	add_total(walk, 3, "resources");
	weir_answer_value(walk->out, 6, "id", walk->state->node.agent_id);
}

static void add_capabilities(struct weir_out *out, uint32_t number)
{
	static const struct {
		uint32_t value;
		const char *name;
	} capabilities[] = {
		{ WEIR__V1__AGENT_INFO__CAPABILITY__TYPE__MULTI_ROLE, "MULTI_ROLE" },
		{ WEIR__V1__AGENT_INFO__CAPABILITY__TYPE__HIERARCHICAL_ROLE, "HIERARCHICAL_ROLE" },
		{ WEIR__V1__AGENT_INFO__CAPABILITY__TYPE__RESERVATION_REFINEMENT,
		  "RESERVATION_REFINEMENT" },
		{ WEIR__V1__AGENT_INFO__CAPABILITY__TYPE__RESIZE_VOLUME, "RESIZE_VOLUME" },
		{ WEIR__V1__AGENT_INFO__CAPABILITY__TYPE__TASK_RESOURCE_LIMITS,
		  "TASK_RESOURCE_LIMITS" },
	};

	weir_out_list(out, "capabilities");
	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++) {
		weir_out_open(out, number, NULL);
		weir_out_enum(out, 1, "type", capabilities[i].value, capabilities[i].name);
		weir_out_close(out);
	}
	weir_out_list_end(out);
}

void weir_walk_agents(struct weir_walk *walk)
{
	const struct weir_node_view *node = &walk->state->node;
	struct weir_out *out = walk->out;

	weir_out_list(out, "agents");
	weir_out_open(out, 1, NULL);
	weir_out_open(out, 1, "agent_info");
	weir_walk_agent_info(walk);
	weir_out_close(out);
	weir_out_bool(out, 2, "active", true);
	weir_out_string(out, 3, "version", WEIR_VERSION);
	weir_out_open(out, 5, "registered_time");
	weir_out_u64(out, 1, "nanoseconds", node->started_us * 1000);
	weir_out_close(out);
	add_total(walk, 7, "total_resources");
	weir_walk_resources(walk, 8, "allocated_resources", node->requested_mcpu,
			    node->requested_bytes, 0, NULL);
	add_capabilities(out, 10);
	weir_out_close(out);
	weir_out_list_end(out);
}
