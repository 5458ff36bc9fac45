/* SPDX-License-Identifier: Apache-2.0 */
#include "client/request.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "client/member.h"
#include "client/request_internal.h"
#include "weir/weir.h"

/*
 * Builders below return a new reference or NULL, and jansson's "_new" setters take NULL for a
 * failure, so a whole body is built first and judged once, in weir_request_finish().
 */

int weir_request_finish(const json_t *body, bool built, char **ret, struct weir_error *err)
{
	char *text = built ? json_dumps(body, JSON_COMPACT) : NULL;

	if (!text)
		return weir_fail_memory(err);
	*ret = text;
	return 0;
}

static bool is_utf8(const char *text)
{
	json_t *json = json_string(text);

	json_decref(json);
	return json != NULL;
}

int weir_request_check_utf8(const char *what, const char *text, struct weir_error *err)
{
	if (!text || is_utf8(text))
		return 0;
	return weir_fail(err, -EINVAL, "%s is not UTF-8 text", what);
}

static int check_all_utf8(const char *what, const char *const *list, struct weir_error *err)
{
	for (size_t i = 0; list && list[i]; i++)
		if (!is_utf8(list[i]))
			return weir_fail(err, -EINVAL, "%s %zu is not UTF-8 text", what, i + 1);
	return 0;
}

/* For the record: what can't be told exactly is told with '?' in place of each odd byte. */
static json_t *text_for_show(const char *text)
{
	scoped(freep) char *copy = NULL;
	json_t *json = json_string(text);

	if (json)
		return json;
	copy = strdup(text);
	if (!copy)
		return NULL;
	for (char *c = copy; *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	return json_string(copy);
}

json_t *weir_request_id(const char *id)
{
	const char *slash = strchr(id, '/');

	if (!slash)
		return json_pack("{s:s}", "value", id);
	return json_pack("{s:s, s:{s:s%}}", "value", slash + 1, "parent", "value", id,
			 (size_t)(slash - id));
}

static json_t *amount_value(uint64_t amount, double unit)
{
	if (amount == WEIR_INFINITE)
		return json_pack("{s:s}", "value", "Infinity");
	return json_pack("{s:f}", "value", (double)amount / unit);
}

json_t *weir_request_scalar(const char *name, uint64_t amount, double unit)
{
	return json_pack("{s:s, s:s, s:o}", "name", name, "type", "SCALAR", "scalar",
			 amount_value(amount, unit));
}

/* What Mesos has no place for stands under "weir", which may be there already. */
static bool add_extra(json_t *call, const struct weir_amounts *amounts)
{
	json_t *weir = json_object_get(call, "weir");
	bool ok = true;

	if (!weir && json_object_set_new(call, "weir", json_object()) < 0)
		return false;
	weir = json_object_get(call, "weir");
	if (amounts->swap_limit_bytes != WEIR_ABSENT)
		ok &= !json_object_set_new(
			weir, "swap", amount_value(amounts->swap_limit_bytes, WEIR_BYTES_PER_MIB));
	if (amounts->cpu_burst_mcpu != WEIR_ABSENT)
		ok &= !json_object_set_new(
			weir, "cpu_burst",
			amount_value(amounts->cpu_burst_mcpu, WEIR_MCPU_PER_CPU));
	if (amounts->pids_limit != WEIR_ABSENT && amounts->pids_limit != 0)
		ok &= !json_object_set_new(weir, "pids", amount_value(amounts->pids_limit, 1.0));
	return ok;
}

/* Requests go into "resources", limits into "limits"; what was not said into neither. */
static bool add_amounts(json_t *call, const struct weir_amounts *amounts)
{
	json_t *resources = json_array(), *limits = json_object();
	bool ok = true;

	if (amounts->cpu_request_mcpu != WEIR_ABSENT)
		ok &= !json_array_append_new(
			resources,
			weir_request_scalar("cpus", amounts->cpu_request_mcpu, WEIR_MCPU_PER_CPU));
	if (amounts->mem_request_bytes != WEIR_ABSENT)
		ok &= !json_array_append_new(
			resources,
			weir_request_scalar("mem", amounts->mem_request_bytes, WEIR_BYTES_PER_MIB));
	if (amounts->cpu_limit_mcpu != WEIR_ABSENT)
		ok &= !json_object_set_new(
			limits, "cpus", amount_value(amounts->cpu_limit_mcpu, WEIR_MCPU_PER_CPU));
	if (amounts->mem_limit_bytes != WEIR_ABSENT)
		ok &= !json_object_set_new(
			limits, "mem", amount_value(amounts->mem_limit_bytes, WEIR_BYTES_PER_MIB));
	ok &= !json_object_set_new(call, "resources", resources);
	ok &= !json_object_set_new(call, "limits", limits);
	return ok && add_extra(call, amounts);
}

/* "A=B" becomes {NAME: "A", "value": "B"}. NULL: no memory, or no UTF-8. */
static json_t *pairs(const char *const *list, const char *name)
{
	json_t *json = json_array();

	for (size_t i = 0; list && list[i]; i++) {
		const char *equals = strchrnul(list[i], '=');
		size_t size = (size_t)(equals - list[i]);

		if (json_array_append_new(json, json_pack("{s:s%, s:s}", name, list[i], size,
							  "value", *equals ? equals + 1 : "")) <
		    0) {
			json_decref(json);
			return NULL;
		}
	}
	return json;
}

static json_t *command(const struct weir_launch_options *options, bool foreground)
{
	json_t *arguments = json_array(), *json;
	bool ok = arguments != NULL;

	for (size_t i = 0; options->argv[i]; i++)
		ok &= !json_array_append_new(arguments, text_for_show(options->argv[i]));
	json = json_pack("{s:b, s:o, s:o}", "shell", 0, "value", text_for_show(options->argv[0]),
			 "arguments", arguments);
	if (options->user)
		ok &= !json_object_set_new(json, "user", json_string(options->user));

	/* A foreground command has its caller's environment, which is nobody else's business. */
	if (options->env && !foreground)
		ok &= !json_object_set_new(
			json, "environment",
			json_pack("{s:o}", "variables", pairs(options->env, "name")));
	if (!ok) {
		json_decref(json);
		return NULL;
	}
	return json;
}

bool weir_request_add_list(json_t *to, const char *name, const char *const *list)
{
	json_t *json = list ? json_array() : NULL;
	bool ok = true;

	for (size_t i = 0; list && list[i]; i++)
		ok &= !json_array_append_new(json, json_string(list[i]));
	return !list || (!json_object_set_new(to, name, json) && ok);
}

static json_t *extension(const struct weir_launch_options *options, bool foreground)
{
	json_t *json = json_pack(
		"{s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:s*, s:s*, s:s*, s:s*}", "foreground",
		foreground, "keep", options->keep, "exempt", options->exempt, "executor",
		options->executor, "autoremove", options->autoremove, "delegate", options->delegate,
		"allow_new_privileges", options->new_privileges, "working_directory",
		options->workdir, "role", options->role, "capabilities", options->capabilities,
		"cpus_set", options->cpus_set);

	if (weir_request_add_net(json, &options->net) &&
	    weir_request_add_list(json, "rlimits", options->rlimits) &&
	    weir_request_add_list(json, "volumes", options->volumes) &&
	    (!options->labels ||
	     !json_object_set_new(json, "labels", pairs(options->labels, "key"))) &&
	    weir_request_add_list(json, "supplementary_groups", options->supplementary_groups))
		return json;
	json_decref(json);
	return NULL;
}

/* Mesos' ContainerInfo, which says whether a task has cgroups of its own. */
static json_t *container_info(const struct weir_launch_options *options)
{
	return json_pack("{s:{s:b}}", "linux_info", "share_cgroups", options->share_cgroups);
}

static int check_labels(const char *const *labels, struct weir_error *err)
{
	for (size_t i = 0; labels && labels[i]; i++)
		if (*labels[i] == '=' || !strchr(labels[i], '='))
			return weir_fail(err, -EINVAL, "label '%.64s': expected KEY=VALUE",
					 labels[i]);
	return check_all_utf8("label", labels, err);
}

static int check_launch(const struct weir_launch_options *options, bool foreground,
			struct weir_error *err)
{
	const struct {
		const char *what, *text;
	} texts[] = {
		{ "the container's id", options->id },
		{ "the role", options->role },
		{ "the user", options->user },
		{ "the working directory", options->workdir },
		{ "the list of capabilities", options->capabilities },
		{ "the list of CPUs", options->cpus_set },
		{ "the policy", options->net.policy },
	};
	int r = 0;

	if (!options->argv || !options->argv[0])
		return weir_fail(err, -EINVAL, "there is no command to launch");
	if (!options->id)
		return weir_fail(err, -EINVAL, "the container has no id");
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(texts); i++)
		r = weir_request_check_utf8(texts[i].what, texts[i].text, err);
	if (r == 0)
		r = check_all_utf8("group", options->supplementary_groups, err);
	if (r == 0)
		r = check_all_utf8("resource limit", options->rlimits, err);
	if (r == 0)
		r = check_all_utf8("volume", options->volumes, err);
	if (r == 0)
		r = check_labels(options->labels, err);
	if (r == 0 && !foreground)
		r = check_all_utf8("argument", options->argv, err);
	if (r == 0 && !foreground)
		r = check_all_utf8("environment variable", options->env, err);
	return r;
}

int weir_request_launch(const struct weir_launch_options *options, bool foreground, char **ret,
			struct weir_error *err)
{
	scoped(json_drop) json_t *body = NULL;
	json_t *call = json_object();
	bool ok = true;
	int r;

	r = check_launch(options, foreground, err);
	if (r < 0) {
		json_decref(call);
		return r;
	}

	body = json_pack("{s:s, s:o}", "type", "LAUNCH_CONTAINER", "launch_container", call);
	if (!body)
		return weir_fail_memory(err);
	ok &= !json_object_set_new(call, "container_id", weir_request_id(options->id));
	ok &= !json_object_set_new(call, "command", command(options, foreground));
	ok &= !json_object_set_new(call, "weir", extension(options, foreground));
	ok &= add_amounts(call, &options->amounts);
	if (strchr(options->id, '/'))
		ok &= !json_object_set_new(call, "container", container_info(options));
	return weir_request_finish(body, ok, ret, err);
}

/* An object in @of, which is made if it is not there. Borrowed; NULL: no memory. */
static json_t *member(json_t *of, const char *name)
{
	if (!json_object_get(of, name) && json_object_set_new(of, name, json_object()))
		return NULL;
	return json_object_get(of, name);
}

int weir_request_adopt(const struct weir_adopt_options *options, char **ret, struct weir_error *err)
{
	scoped(json_drop) json_t *body = NULL;
	json_t *call;
	bool ok;
	int r;

	if (!options->id)
		return weir_fail(err, -EINVAL, "the container has no id");
	r = weir_request_check_utf8("the container's id", options->id, err);
	if (r == 0)
		r = weir_request_check_utf8("the role", options->role, err);
	if (r == 0)
		r = weir_request_check_utf8("the cgroup", options->cgroup, err);
	if (r < 0)
		return r;
	call = json_pack("{s:o, s:b, s:s*, s:s*}", "container_id", weir_request_id(options->id),
			 "enforce", options->enforce, "role", options->role, "cgroup",
			 options->cgroup);
	body = json_pack("{s:s, s:o}", "type", "ADOPT_CONTAINER", "adopt_container", call);
	if (body && options->pid && json_object_set_new(call, "pid", json_integer(options->pid)))
		return weir_fail_memory(err);
	ok = body && add_amounts(call, &options->amounts) &&
	     weir_request_add_net(member(call, "weir"), &options->net);
	return weir_request_finish(body, ok, ret, err);
}

int weir_request_update(const char *id, const struct weir_amounts *change, char **ret,
			struct weir_error *err)
{
	scoped(json_drop) json_t *body = NULL;
	json_t *call;
	int r;

	r = weir_request_check_utf8("the container's id", id, err);
	if (r < 0)
		return r;
	call = json_pack("{s:o}", "container_id", weir_request_id(id));
	body = json_pack("{s:s, s:o}", "type", "UPDATE_CONTAINER", "update_container", call);
	return weir_request_finish(body, body && add_amounts(call, change), ret, err);
}
