/* SPDX-License-Identifier: Apache-2.0 */
#include "api/decode.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/decode_net.h"
#include "api/decode_process.h"
#include "api/message.h"
#include "api/tree.h"
#include "base/error.h"
#include "model/family.h"

struct weir_call_memory {
	json_t *tree;
	struct weir_arena arena;
};

/* ---- What values mean ------------------------------------------------------- */

struct conversion {
	const char *call; /* the name of the parameters, for error texts */
	const struct weir_parameters *from;
	struct weir_arena *arena;
	struct weir_call *to;
};

/* One amount, of cpus or mem, into the part of @ask that it stands for. */
static int convert_amount(const char *resource, const struct weir_scalar *amount, bool is_limit,
			  const char *what, struct weir_ask *ask, struct weir_error *err)
{
	bool is_cpus = strcmp(resource, "cpus") == 0;
	uint64_t *slot;

	if (is_cpus)
		slot = is_limit ? &ask->cpu_limit_mcpu : &ask->cpu_request_mcpu;
	else
		slot = is_limit ? &ask->mem_limit_bytes : &ask->mem_request_bytes;
	if (*slot != WEIR_ABSENT)
		return weir_fail(err, -EINVAL, "%s: %s was given before", what, resource);

	if (is_cpus)
		return weir_scalar_to_mcpu(amount->value, is_limit, what, slot, err);
	return weir_scalar_to_bytes(amount->value, is_limit, what, slot, err);
}

static int convert_resource(const struct conversion *c, size_t i, struct weir_ask *ask,
			    struct weir_error *err)
{
	const struct weir_resource *resource =
		(const struct weir_resource *)c->from->resources.list + i;
	char what[WEIR_PATH_TEXT];

	if (strcmp(resource->name, "cpus") != 0 && strcmp(resource->name, "mem") != 0)
		return weir_fail(err, -EINVAL,
				 "%s.resources[%zu].name: expected cpus or mem, got '%.64s'",
				 c->call, i, resource->name);
	if (resource->type && strcmp(resource->type, "SCALAR") != 0)
		return weir_fail(err, -EINVAL,
				 "%s.resources[%zu].type: expected SCALAR, got '%.64s'", c->call, i,
				 resource->type);
	if (resource->role && strcmp(resource->role, "*") != 0)
		return weir_fail(err, -EINVAL, "%s.resources[%zu].role: expected '*', got '%.64s'",
				 c->call, i, resource->role);

	snprintf(what, sizeof(what), "%s.resources[%zu].scalar.value", c->call, i);
	return convert_amount(resource->name, &resource->amount, false, what, ask, err);
}

static int convert_ask(const struct conversion *c, struct weir_ask *ret, struct weir_error *err)
{
	const struct weir_launch_extra *extra = &c->from->extra;
	const struct weir_limits *limits = &c->from->limits;
	struct weir_ask ask = WEIR_ASK_NOTHING;
	char what[WEIR_PATH_TEXT];

	for (size_t i = 0; i < c->from->resources.n; i++) {
		if (convert_resource(c, i, &ask, err) < 0)
			return err->code;
	}

	snprintf(what, sizeof(what), "%s.limits.cpus.value", c->call);
	if (limits->cpus.present &&
	    convert_amount("cpus", &limits->cpus, true, what, &ask, err) < 0)
		return err->code;
	snprintf(what, sizeof(what), "%s.limits.mem.value", c->call);
	if (limits->mem.present && convert_amount("mem", &limits->mem, true, what, &ask, err) < 0)
		return err->code;

	snprintf(what, sizeof(what), "%s.weir.swap.value", c->call);
	if (extra->swap.present &&
	    weir_scalar_to_bytes(extra->swap.value, true, what, &ask.swap_limit_bytes, err) < 0)
		return err->code;
	snprintf(what, sizeof(what), "%s.weir.cpu_burst.value", c->call);
	if (extra->cpu_burst.present &&
	    weir_scalar_to_mcpu(extra->cpu_burst.value, false, what, &ask.cpu_burst_mcpu, err) < 0)
		return err->code;

	snprintf(what, sizeof(what), "%s.weir.pids.value", c->call);
	if (extra->pids.present &&
	    weir_scalar_to_count(extra->pids.value, what, &ask.pids_limit, err) < 0)
		return err->code;

	*ret = ask;
	return 0;
}

/* Mesos' rule: `shell` gives the value to the shell; else it is the program, under the arguments as they are. */
static int convert_command(const struct conversion *c, struct weir_launch *launch,
			   struct weir_error *err)
{
	const struct weir_command *command = &c->from->command;
	const char **argv;

	launch->user = command->user;
	if (!command->shell) {
		launch->program = command->value;
		if (command->arguments.n) {
			launch->argv = (char *const *)command->arguments.list;
			return 0;
		}
	}

	argv = weir_arena_alloc(c->arena, 4 * sizeof(*argv));
	if (!argv)
		return weir_fail_memory(err);
	launch->argv = (char *const *)argv;
	if (command->shell) {
		*argv++ = "/bin/sh";
		*argv++ = "-c";
	}
	*argv = command->value;
	return 0;
}

static int convert_launch(const struct conversion *c, struct weir_error *err)
{
	const struct weir_launch_extra *extra = &c->from->extra;
	struct weir_launch *launch = &c->to->launch;

	launch->id = c->to->id;
	launch->is_executor = extra->executor;
	/* As in Mesos a task shares unless it is said not to; for others there is nothing to share. */
	launch->shares_cgroups =
		c->from->container.share_cgroups == WEIR_CHOICE_YES ||
		(c->from->id.parent && c->from->container.share_cgroups == WEIR_CHOICE_OPEN);
	launch->role = extra->role;
	launch->workdir = extra->workdir;
	launch->foreground = extra->foreground;
	launch->keep = extra->keep;
	launch->exempt = extra->exempt;
	launch->autoremove = extra->autoremove;
	launch->delegate = extra->delegate;
	launch->new_privileges = extra->new_privileges;
	launch->supplementary_groups = extra->supplementary_groups.list;
	launch->cpus_set = extra->cpus_set;
	launch->labels = extra->labels.list;
	launch->n_labels = extra->labels.n;

	if (convert_ask(c, &launch->ask, err) < 0 || convert_command(c, launch, err) < 0 ||
	    weir_decode_process(c->from, c->call, c->arena, launch, err) < 0 ||
	    weir_decode_net(&extra->net, c->call, c->arena, &launch->net, err) < 0)
		return err->code;
	return 0;
}

static int convert_update(const struct conversion *c, struct weir_error *err)
{
	return convert_ask(c, &c->to->change, err);
}

static int convert_adopt(const struct conversion *c, struct weir_error *err)
{
	struct weir_adoption *adoption = &c->to->adoption;

	adoption->id = c->to->id;
	adoption->role = c->from->role;
	adoption->pid = c->from->pid;
	adoption->path = c->from->cgroup;
	adoption->enforce = c->from->enforce;
	if (weir_decode_net(&c->from->extra.net, c->call, c->arena, &adoption->net, err) < 0)
		return err->code;
	return convert_ask(c, &adoption->ask, err);
}

static int convert_policy(const struct conversion *c, struct weir_error *err)
{
	return weir_decode_net(&c->from->extra.net, c->call, c->arena, &c->to->net, err);
}

static int convert_socket(const struct conversion *c, struct weir_error *err)
{
	return weir_decode_socket(c->from, c->call, &c->to->socket, err);
}

/* ---- Calls ------------------------------------------------------------------- */

static const struct call_kind {
	const char *name;
	const char *parameters; /* NULL: it has none */
	const struct weir_message *message;
	bool optional; /* the parameters may be absent */
	int (*convert)(const struct conversion *c, struct weir_error *err);
} kinds[] = {
	[WEIR_CALL_GET_HEALTH] = { .name = "GET_HEALTH" },
	[WEIR_CALL_GET_VERSION] = { .name = "GET_VERSION" },
	[WEIR_CALL_LAUNCH_CONTAINER] = { "LAUNCH_CONTAINER", "launch_container",
					 &weir_launch_message, .convert = convert_launch },
	[WEIR_CALL_START_CONTAINER] = { "START_CONTAINER", "start_container",
					.message = &weir_start_message },
	[WEIR_CALL_UPDATE_CONTAINER] = { "UPDATE_CONTAINER", "update_container",
					 &weir_update_message, .convert = convert_update },
	[WEIR_CALL_GET_CONTAINERS] = { "GET_CONTAINERS", "get_containers", &weir_get_message,
				       .optional = true },
	[WEIR_CALL_WAIT_CONTAINER] = { "WAIT_CONTAINER", "wait_container",
				       .message = &weir_named_message },
	[WEIR_CALL_KILL_CONTAINER] = { "KILL_CONTAINER", "kill_container",
				       .message = &weir_kill_message },
	[WEIR_CALL_REMOVE_CONTAINER] = { "REMOVE_CONTAINER", "remove_container",
					 .message = &weir_named_message },
	[WEIR_CALL_GET_EVENTS] = { "GET_EVENTS", "get_events", &weir_events_message,
				   .optional = true },
	[WEIR_CALL_EXPLAIN_CONTAINER] = { "EXPLAIN_CONTAINER", "explain_container",
					  .message = &weir_named_message },
	[WEIR_CALL_PAUSE_CONTAINER] = { "PAUSE_CONTAINER", "pause_container",
					.message = &weir_named_message },
	[WEIR_CALL_RESUME_CONTAINER] = { "RESUME_CONTAINER", "resume_container",
					 .message = &weir_named_message },
	[WEIR_CALL_JOIN_CONTAINER] = { "JOIN_CONTAINER", "join_container",
				       .message = &weir_join_message },
	[WEIR_CALL_ADOPT_CONTAINER] = { "ADOPT_CONTAINER", "adopt_container", &weir_adopt_message,
					.convert = convert_adopt },
	[WEIR_CALL_RELEASE_CONTAINER] = { "RELEASE_CONTAINER", "release_container",
					  .message = &weir_named_message },
	[WEIR_CALL_REGISTER_AGENT_SOCKET] = { "REGISTER_AGENT_SOCKET", "register_agent_socket",
					      &weir_register_message, .convert = convert_socket },
	[WEIR_CALL_SET_POLICY] = { "SET_POLICY", "set_policy", &weir_policy_message,
				   .convert = convert_policy },
	[WEIR_CALL_RELOAD] = { .name = "RELOAD" },
	[WEIR_CALL_RESET_KNOBS] = { .name = "RESET_KNOBS" },
};

static int find_kind(const json_t *tree, enum weir_call_type *ret, struct weir_error *err)
{
	const json_t *type = json_object_get(tree, "type");
	const char *name = json_string_value(type);

	if (!json_is_object(tree))
		return weir_fail(err, -EINVAL, "the body is an array, expected an object");
	if (!type)
		return weir_fail(err, -EINVAL, "Expecting 'type' to be present");
	if (!name)
		return weir_fail(err, -EINVAL, "type: expected a string");

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(kinds[i].name, name) == 0) {
			*ret = (enum weir_call_type)i;
			return 0;
		}
	}
	return weir_fail(err, -ENOSYS, "type: '%.64s' is not a call that is answered here", name);
}

/* "ID", or "EXECUTOR/TASK". *@ret: NULL where there is none. */
static int convert_id(const struct weir_named *id, const char *parameters, struct weir_arena *arena,
		      const char **ret, struct weir_error *err)
{
	size_t size;
	char *name;

	*ret = id->value;
	if (!id->value)
		return 0;
	if (weir_id_check(id->value, err) < 0)
		return weir_fail_in(err, "%s.container_id.value", parameters);
	if (!id->parent)
		return 0;
	if (weir_id_check(id->parent, err) < 0)
		return weir_fail_in(err, "%s.container_id.parent.value", parameters);
	size = strlen(id->parent) + strlen(id->value) + sizeof("/");
	name = weir_arena_alloc(arena, size);
	if (!name)
		return weir_fail_memory(err);
	snprintf(name, size, "%s/%s", id->parent, id->value);
	*ret = name;
	if (weir_name_check(name, err) < 0)
		return weir_fail_in(err, "%s.container_id", parameters);
	return 0;
}

static int decode_parameters(const struct call_kind *kind, const json_t *tree,
			     struct weir_arena *arena, struct weir_call *call,
			     struct weir_error *err)
{
	const struct weir_at at = { .name = kind->parameters };
	struct weir_parameters parameters = { .socket.fd = UINT64_MAX };
	const struct conversion c = { kind->parameters, &parameters, arena, call };
	const json_t *json = json_object_get(tree, kind->parameters);

	if (!json && kind->optional)
		return 0;
	if (!json)
		return weir_fail(err, -EINVAL, "Expecting '%s' to be present", kind->parameters);

	if (weir_message_decode(kind->message, json, &at, arena, &parameters, err) < 0 ||
	    convert_id(&parameters.id, kind->parameters, arena, &call->id, err) < 0)
		return err->code;
	call->pid = parameters.pid;
	call->signal = parameters.signal ? parameters.signal : SIGKILL;
	call->show_standalone = parameters.show_standalone;
	call->show_nested = parameters.show_nested;
	call->since = parameters.since;
	call->epoch_us = parameters.epoch_us;
	call->wait_ms = parameters.wait_ms;
	return kind->convert ? kind->convert(&c, err) : 0;
}

static struct weir_call_memory *memory_free(struct weir_call_memory *memory)
{
	json_decref(memory->tree);
	weir_arena_done(&memory->arena);
	free(memory);
	return NULL;
}
WEIR_DEFINE_CLEANUP(struct weir_call_memory, memory_free);

int weir_call_decode(const char *body, size_t size, struct weir_call *ret, struct weir_error *err)
{
	scoped(memory_freep) struct weir_call_memory *memory = NULL;
	struct weir_call call = {};

	memory = calloc(1, sizeof(*memory));
	if (!memory)
		return weir_fail_memory(err);
	if (weir_tree_load(body, size, &memory->tree, err) < 0)
		return err->code;
	if (find_kind(memory->tree, &call.type, err) < 0)
		return err->code;
	if (kinds[call.type].parameters &&
	    decode_parameters(&kinds[call.type], memory->tree, &memory->arena, &call, err) < 0)
		return err->code;

	call.memory = take_ptr(memory);
	*ret = call;
	return 0;
}

void weir_call_done(struct weir_call *call)
{
	if (call->memory)
		call->memory = memory_free(call->memory);
}
