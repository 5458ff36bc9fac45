/* SPDX-License-Identifier: Apache-2.0 */
#include "api/decode_process.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/message.h"
#include "base/error.h"
#include "control/controller.h"

#define RLIMIT_TEXT   96 /* of one, both numbers and all */
#define RLIMIT_PREFIX "RLMT_"

/* Mesos' rule: without numbers it is unlimited, and one alone says nothing. */
static int convert_rlimit(const struct weir_rlimit_info *from, const char *what, char *text,
			  struct weir_error *err)
{
	const char *name = from->type + strlen(RLIMIT_PREFIX);

	if (strncmp(from->type, RLIMIT_PREFIX, strlen(RLIMIT_PREFIX)) != 0 ||
	    strlen(from->type) > RLIMIT_TEXT / 3)
		return weir_fail(err, -EINVAL, "%s.type: expected RLMT_NOFILE, say, got '%.64s'",
				 what, from->type);
	if ((from->soft == UINT64_MAX) != (from->hard == UINT64_MAX))
		return weir_fail(err, -EINVAL, "%s: expected soft and hard, or none of them", what);
	if (from->soft == UINT64_MAX)
		snprintf(text, RLIMIT_TEXT, "%s=unlimited", name);
	else
		snprintf(text, RLIMIT_TEXT, "%s=%" PRIu64 ":%" PRIu64, name, from->soft,
			 from->hard);
	return 0;
}

/* Both ways of saying it, one after the other: one that comes twice is told from its text. */
static int convert_rlimits(const struct weir_parameters *from, const char *call,
			   struct weir_arena *arena, struct weir_launch *launch,
			   struct weir_error *err)
{
	const struct weir_rlimit_info *infos = from->container.rlimits.list;
	const struct weir_strings *texts = &from->extra.rlimits;
	size_t n = from->container.rlimits.n;
	char what[WEIR_PATH_TEXT];
	const char **list;

	if (n + texts->n == 0)
		return 0;
	list = weir_arena_alloc(arena, (n + texts->n + 1) * sizeof(*list));
	if (!list)
		return weir_fail_memory(err);
	for (size_t i = 0; i < n; i++) {
		char *text = weir_arena_alloc(arena, RLIMIT_TEXT);

		if (!text)
			return weir_fail_memory(err);
		snprintf(what, sizeof(what), "%s.container.rlimit_info.rlimits[%zu]", call, i);
		if (convert_rlimit(&infos[i], what, text, err) < 0)
			return err->code;
		list[i] = text;
	}
	for (size_t i = 0; i < texts->n; i++)
		list[n + i] = texts->list[i];
	launch->rlimits = list;
	return 0;
}

static int convert_capabilities(const struct weir_parameters *parameters, const char *call,
				struct weir_arena *arena, struct weir_launch *launch,
				struct weir_error *err)
{
	const struct weir_strings *from = &parameters->container.capabilities;
	size_t size = sizeof("none");
	char *text, *at;

	launch->capabilities = parameters->extra.capabilities;
	if (!from->list)
		return 0;
	if (launch->capabilities)
		return weir_fail(err, -EINVAL,
				 "%s.weir.capabilities: they were given as "
				 "container.linux_info.effective_capabilities",
				 call);
	for (size_t i = 0; i < from->n; i++)
		size += strlen(from->list[i]) + 1;
	text = weir_arena_alloc(arena, size);
	if (!text)
		return weir_fail_memory(err);
	at = stpcpy(text, from->n ? "" : "none");
	for (size_t i = 0; i < from->n; i++)
		at += sprintf(at, "%s%s", i > 0 ? "," : "", from->list[i]);
	launch->capabilities = text;
	return 0;
}

static int convert_variable(const struct weir_parameters *from, size_t i, const char *call,
			    struct weir_arena *arena, char **ret, struct weir_error *err)
{
	const struct weir_variable *variable =
		(const struct weir_variable *)from->command.variables.list + i;
	size_t name_size = strlen(variable->name), value_size = strlen(variable->value);
	char *text;

	if (!name_size || strchr(variable->name, '='))
		return weir_fail(
			err, -EINVAL,
			"%s.command.environment.variables[%zu].name: '%.64s' can't name a variable",
			call, i, variable->name);
	if (variable->type && strcmp(variable->type, "VALUE") != 0)
		return weir_fail(
			err, -EINVAL,
			"%s.command.environment.variables[%zu].type: expected VALUE, got '%.64s'",
			call, i, variable->type);

	text = weir_arena_alloc(arena, name_size + 1 + value_size + 1);
	if (!text)
		return weir_fail_memory(err);
	memcpy(text, variable->name, name_size);
	text[name_size] = '=';
	memcpy(text + name_size + 1, variable->value, value_size);
	*ret = text;
	return 0;
}

static int convert_environment(const struct weir_parameters *from, const char *call,
			       struct weir_arena *arena, struct weir_launch *launch,
			       struct weir_error *err)
{
	size_t n = from->command.variables.n;
	char **env;

	if (!n)
		return 0;
	env = weir_arena_alloc(arena, (n + 1) * sizeof(*env));
	if (!env)
		return weir_fail_memory(err);
	for (size_t i = 0; i < n; i++) {
		if (convert_variable(from, i, call, arena, &env[i], err) < 0)
			return err->code;
	}
	launch->env = env;
	return 0;
}

int weir_decode_process(const struct weir_parameters *from, const char *call,
			struct weir_arena *arena, struct weir_launch *launch,
			struct weir_error *err)
{
	if (convert_rlimits(from, call, arena, launch, err) < 0 ||
	    convert_environment(from, call, arena, launch, err) < 0)
		return err->code;
	return convert_capabilities(from, call, arena, launch, err);
}
