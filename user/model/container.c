/* SPDX-License-Identifier: Apache-2.0 */
/* What a container is: its figures, its names, its record. See container.h. */

#include "model/container.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/quantity.h"
#include "base/text.h"
#include "model/family.h"

typedef const char *format_fn(uint64_t amount, char buf[WEIR_QUANTITY_TEXT]);

/* One of the two resources, for what is the same in both. */
struct resource {
	const char *name; /* as Mesos and the command line call it */
	uint64_t floor;
	format_fn *format;
};

static const struct resource cpus = { "cpus", WEIR_CPU_FLOOR_MCPU, weir_format_cpu };
static const struct resource mem = { "mem", WEIR_MEM_FLOOR_BYTES, weir_format_memory_exact };

static uint64_t raise_to_floor(const struct resource *res, const char *figure, uint64_t amount,
			       struct weir_notes *notes)
{
	char asked[WEIR_QUANTITY_TEXT], floor[WEIR_QUANTITY_TEXT];

	/* What is absent or infinite is above every floor, by its value. */
	if (amount >= res->floor)
		return amount;

	assert(notes->n < WEIR_MAX_NOTES);
	snprintf(notes->text[notes->n++], WEIR_NOTE_TEXT, "%s %s %s raised to the floor of %s",
		 res->name, figure, res->format(amount, asked), res->format(res->floor, floor));
	return res->floor;
}

/* Floors come first (Mesos clamps too: 32 MiB, a quota of 1 ms), so 8Mi:16Mi becomes 32Mi:32Mi. */
static int resolve(const struct resource *res, uint64_t *request, uint64_t *limit,
		   struct weir_notes *notes, struct weir_error *err)
{
	char request_text[WEIR_QUANTITY_TEXT], limit_text[WEIR_QUANTITY_TEXT];

	assert(*request != WEIR_INFINITE);

	/* As it was asked for: nobody knows a figure again that was raised. */
	res->format(*limit, limit_text);
	*request = raise_to_floor(res, "request", *request, notes);
	*limit = raise_to_floor(res, "limit", *limit, notes);
	if (*limit == WEIR_ABSENT)
		return 0;

	if (*request == WEIR_ABSENT)
		return weir_fail(err, -EINVAL, "%s limit %s has no request to go with it",
				 res->name, limit_text);
	if (*limit < *request)
		return weir_fail(err, -EINVAL, "%s limit %s is below the request %s", res->name,
				 limit_text, res->format(*request, request_text));
	return 0;
}

static uint64_t or_else(uint64_t amount, uint64_t fallback)
{
	return amount == WEIR_ABSENT ? fallback : amount;
}

static int check_pids(uint64_t limit, struct weir_error *err)
{
	return limit ? 0
		     : weir_fail(err, -EINVAL,
				 "pids limit 0 leaves no room for its first process: expected 1 "
				 "or more");
}

static int check_burst(uint64_t burst_mcpu, uint64_t limit_mcpu, struct weir_error *err)
{
	char burst[WEIR_QUANTITY_TEXT], limit[WEIR_QUANTITY_TEXT];

	weir_format_cpu(burst_mcpu, burst);
	if (burst_mcpu == 0)
		return 0;
	if (limit_mcpu == WEIR_INFINITE)
		return weir_fail(err, -EINVAL, "cpus burst %s has no limit to go beyond", burst);
	if (burst_mcpu > limit_mcpu)
		return weir_fail(err, -EINVAL, "cpus burst %s is above the limit %s", burst,
				 weir_format_cpu(limit_mcpu, limit));
	return 0;
}

int weir_figures_resolve(const struct weir_ask *ask, enum weir_default_cpu_limit cpu_default,
			 struct weir_figures *ret, struct weir_notes *notes, struct weir_error *err)
{
	struct weir_ask got = *ask;
	struct weir_notes raised = { .n = 0 };
	uint64_t cpu_limit = WEIR_INFINITE;
	int r;

	r = resolve(&cpus, &got.cpu_request_mcpu, &got.cpu_limit_mcpu, &raised, err);
	if (r < 0)
		return r;
	r = resolve(&mem, &got.mem_request_bytes, &got.mem_limit_bytes, &raised, err);
	if (r < 0)
		return r;

	if (cpu_default == WEIR_DEFAULT_CPU_LIMIT_REQUEST)
		cpu_limit = or_else(got.cpu_request_mcpu, WEIR_INFINITE);
	cpu_limit = or_else(got.cpu_limit_mcpu, cpu_limit);
	r = check_burst(or_else(got.cpu_burst_mcpu, 0), cpu_limit, err);
	if (r == 0)
		r = check_pids(got.pids_limit, err);
	if (r < 0)
		return r;

	*ret = (struct weir_figures){
		.cpu_request_mcpu = or_else(got.cpu_request_mcpu, 0),
		.cpu_limit_mcpu = cpu_limit,
		.mem_request_bytes = or_else(got.mem_request_bytes, 0),
		.mem_limit_bytes =
			or_else(got.mem_limit_bytes, or_else(got.mem_request_bytes, WEIR_INFINITE)),
		.swap_limit_bytes = or_else(got.swap_limit_bytes, 0),
		.cpu_burst_mcpu = or_else(got.cpu_burst_mcpu, 0),
		.pids_limit = or_else(got.pids_limit, WEIR_INFINITE),
	};
	*notes = raised;
	return 0;
}

void weir_ask_merge(struct weir_ask *ask, const struct weir_ask *change)
{
	ask->cpu_request_mcpu = or_else(change->cpu_request_mcpu, ask->cpu_request_mcpu);
	ask->cpu_limit_mcpu = or_else(change->cpu_limit_mcpu, ask->cpu_limit_mcpu);
	ask->mem_request_bytes = or_else(change->mem_request_bytes, ask->mem_request_bytes);
	ask->mem_limit_bytes = or_else(change->mem_limit_bytes, ask->mem_limit_bytes);
	ask->swap_limit_bytes = or_else(change->swap_limit_bytes, ask->swap_limit_bytes);
	ask->cpu_burst_mcpu = or_else(change->cpu_burst_mcpu, ask->cpu_burst_mcpu);
	ask->pids_limit = or_else(change->pids_limit, ask->pids_limit);
}

/* By hand: isalnum() would ask the locale. */
static bool is_id_byte(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.' || c == '-';
}

/* The texts never quote what was refused: it may be a megabyte, or move a terminal's cursor. */
static int check_role_component(const char *part, size_t len, struct weir_error *err)
{
	if (len == 0)
		return weir_fail(err, -EINVAL, "the role has an empty part: expected a/b");
	if (*part == '-')
		return weir_fail(err, -EINVAL, "a part of the role begins with '-'");
	if ((len == 1 && (*part == '.' || *part == '*')) || (len == 2 && !memcmp(part, "..", 2)))
		return weir_fail(err, -EINVAL, "a part of the role is '%.*s'", (int)len, part);
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)part[i];

		if (c <= 0x20 || c == 0x7f)
			return weir_fail(err, -EINVAL,
					 "the role has byte 0x%02x: expected no blanks and no "
					 "control bytes",
					 c);
	}
	return 0;
}

int weir_role_check(const char *role, struct weir_error *err)
{
	size_t len = strlen(role);

	if (strcmp(role, "*") == 0)
		return 0;
	if (len > WEIR_ROLE_MAX)
		return weir_fail(err, -EINVAL, "the role has %zu bytes, at most %d", len,
				 WEIR_ROLE_MAX);
	for (;;) {
		size_t part = strcspn(role, "/");

		if (check_role_component(role, part, err) < 0)
			return err->code;
		if (!role[part])
			return 0;
		role += part + 1;
	}
}

int weir_id_check(const char *id, struct weir_error *err)
{
	size_t len = strlen(id);

	if (len == 0)
		return weir_fail(err, -EINVAL, "the container id is empty");
	if (len > WEIR_ID_MAX)
		return weir_fail(err, -EINVAL, "the container id has %zu bytes, at most %d", len,
				 WEIR_ID_MAX);

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)id[i];
		char shown[sizeof("0xff")];

		if (is_id_byte(c))
			continue;
		snprintf(shown, sizeof(shown), c > 0x20 && c < 0x7f ? "'%c'" : "0x%02x", c);
		return weir_fail(err, -EINVAL,
				 "the container id has %s at byte %zu, expected A-Z a-z 0-9 _ . -",
				 shown, i + 1);
	}

	if (weir_text_is_dots(id))
		return weir_fail(err, -EINVAL, "the container id '%s' is the name of a directory",
				 id);
	return 0;
}

/*
 * Mesos 1.10, linux/memory isolator: 1000 - (1000 * soft limit) / total memory, set only when
 * the soft limit is below the hard one: a burster goes before everybody else on the machine.
 */
int weir_oom_score_adj(const struct weir_figures *figures, uint64_t node_bytes)
{
	if (figures->mem_request_bytes >= figures->mem_limit_bytes ||
	    figures->mem_request_bytes >= node_bytes)
		return 0;

	return 1000 - (int)((unsigned __int128)1000 * figures->mem_request_bytes / node_bytes);
}

static const char *const state_names[] = {
	[WEIR_STATE_LAUNCHING] = "launching",
	[WEIR_STATE_RUNNING] = "running",
	[WEIR_STATE_EXITED] = "exited",
};
static_assert(ARRAY_SIZE(state_names) == WEIR_STATE_COUNT_, "each state has a name");

static const char *const reason_names[] = {
	[WEIR_REASON_NONE] = "none",
	[WEIR_REASON_SELF] = "self",
	[WEIR_REASON_KILLED] = "killed",
	[WEIR_REASON_LIMIT] = "limit",
	[WEIR_REASON_NODE_PRESSURE] = "node-pressure",
	[WEIR_REASON_RELEASED] = "released",
	[WEIR_REASON_LOST] = "lost",
};
static_assert(ARRAY_SIZE(reason_names) == WEIR_REASON_COUNT_, "each reason has a name");

const char *weir_state_name(enum weir_state state)
{
	assert(state < WEIR_STATE_COUNT_);
	return state_names[state];
}

const char *weir_reason_name(enum weir_reason reason)
{
	assert(reason < WEIR_REASON_COUNT_);
	return reason_names[reason];
}

int weir_state_from_name(const char *name, enum weir_state *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(state_names); i++) {
		if (strcmp(state_names[i], name) == 0) {
			*ret = (enum weir_state)i;
			return 0;
		}
	}
	return -EINVAL;
}

int weir_reason_from_name(const char *name, enum weir_reason *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(reason_names); i++) {
		if (strcmp(reason_names[i], name) == 0) {
			*ret = (enum weir_reason)i;
			return 0;
		}
	}
	return -EINVAL;
}

struct weir_container *weir_container_new(const char *id)
{
	struct weir_container *container = malloc(sizeof(*container));

	if (!container)
		return NULL;

	*container = (struct weir_container){
		.id = strdup(id),
		.role = strdup("*"),
		.ask = WEIR_ASK_NOTHING,
		.figures = { .cpu_limit_mcpu = WEIR_INFINITE,
			     .mem_limit_bytes = WEIR_INFINITE,
			     .pids_limit = WEIR_INFINITE },
		.pending_mem_limit_bytes = WEIR_ABSENT,
	};
	if (!container->id || !container->role)
		return weir_container_free(container);

	return container;
}

bool weir_container_is_fenced(const struct weir_container *container)
{
	const struct weir_container *holder = container->parent ? container->parent : container;

	return holder->net.policy != WEIR_POLICY_OPEN;
}

int weir_container_locate(struct weir_container *container, struct weir_error *err)
{
	const char *task = container->shares_cgroups ? weir_name_task(container->id) : NULL;
	char executor[WEIR_NAME_MAX + 1], *group = NULL;

	if (!task)
		group = strdup(container->place ? container->place : container->id);
	else if (asprintf(&group, "%s/" WEIR_SELF_NAME "/" WEIR_SHARED_MARK "%s",
			  weir_name_executor(container->id, executor), task) < 0)
		group = NULL;
	if (!group)
		return weir_fail_memory(err);
	free(container->group);
	container->group = group;
	return 0;
}

struct weir_container *weir_container_free(struct weir_container *container)
{
	if (!container)
		return NULL;

	assert(!container->live);

	for (size_t i = 0; i < container->n_labels; i++) {
		free(container->labels[i].key);
		free(container->labels[i].value);
	}
	free(container->labels);
	weir_strv_free(container->env);
	weir_strv_free(container->argv);
	weir_strv_free(container->supplementary_groups);
	weir_strv_free(container->mounts);
	weir_strv_free(container->rlimits);
	weir_net_done(&container->net);
	free(container->capabilities);
	free(container->cpus_set);
	free(container->workdir);
	free(container->user);
	free(container->role);
	free(container->place);
	free(container->kept);
	free(container->group);
	free(container->id);
	free(container);
	return NULL;
}
