/* SPDX-License-Identifier: Apache-2.0 */
#include "api/convert.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api/decode.h"
#include "api/decode_net.h"
#include "api/decode_process.h"
#include "api/message.h"
#include "base/error.h"
#include "model/family.h"

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

static int convert_resource(const struct weir_conversion *c, size_t i, struct weir_ask *ask,
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

static int convert_ask(const struct weir_conversion *c, struct weir_ask *ret,
		       struct weir_error *err)
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
static int convert_command(const struct weir_conversion *c, struct weir_launch *launch,
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

int weir_convert_launch(const struct weir_conversion *c, struct weir_error *err)
{
	const struct weir_launch_extra *extra = &c->from->extra;
	const char *type = c->from->container.type;
	struct weir_launch *launch = &c->to->launch;

	if (type && strcmp(type, "MESOS") != 0)
		return weir_fail(err, -EINVAL, "%s.container.type: expected MESOS, got '%.64s'",
				 c->call, type);
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
	launch->mounts = extra->volumes.list;
	launch->cpus_set = extra->cpus_set;
	launch->labels = extra->labels.list;
	launch->n_labels = extra->labels.n;

	if (convert_ask(c, &launch->ask, err) < 0 || convert_command(c, launch, err) < 0 ||
	    weir_decode_process(c->from, c->call, c->arena, launch, err) < 0 ||
	    weir_decode_net(&extra->net, c->call, c->arena, &launch->net, err) < 0)
		return err->code;
	return 0;
}

int weir_convert_update(const struct weir_conversion *c, struct weir_error *err)
{
	return convert_ask(c, &c->to->change, err);
}

int weir_convert_adopt(const struct weir_conversion *c, struct weir_error *err)
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

int weir_convert_policy(const struct weir_conversion *c, struct weir_error *err)
{
	return weir_decode_net(&c->from->extra.net, c->call, c->arena, &c->to->net, err);
}

int weir_convert_socket(const struct weir_conversion *c, struct weir_error *err)
{
	return weir_decode_socket(c->from, c->call, &c->to->socket, err);
}

int weir_convert_id(const struct weir_named *id, const char *parameters, struct weir_arena *arena,
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
