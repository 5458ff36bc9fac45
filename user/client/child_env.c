/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a foreground command runs as, and with which environment: looked up before the fork. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "client/child.h"

static char *variable(const char *name, const char *value)
{
	char *text;

	return asprintf(&text, "%s=%s", name, value) < 0 ? NULL : text;
}

/* As whom it runs, which gives it other variables, too. */
int weir_child_prepare_user(struct weir_child *child, struct weir_error *err)
{
	const struct weir_launch_options *options = child->options;

	if (options->user && weir_user_lookup(options->user, &child->user, err) < 0)
		return err->code;
	if (weir_user_join(&child->user, options->supplementary_groups, err) < 0)
		return err->code;
	if (!child->user.name)
		return 0;
	child->own[0] = variable("HOME", child->user.home);
	child->own[1] = variable("USER", child->user.name);
	child->own[2] = variable("LOGNAME", child->user.name);
	return child->own[0] && child->own[1] && child->own[2] ? 0 : weir_fail_memory(err);
}

/* The first to name a variable wins. */
static void add_variable(char **env, const char *variable)
{
	size_t name_size = strcspn(variable, "=");

	for (; *env; env++)
		if (strncmp(*env, variable, name_size) == 0 && (*env)[name_size] == '=')
			return;
	env[0] = (char *)(uintptr_t)variable;
	env[1] = NULL;
}

static size_t count(const char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

/* What the options say, then what the user brings, then what the caller has. */
int weir_child_prepare_env(struct weir_child *child, const char *agent_socket,
			   struct weir_error *err)
{
	const char *const *asked = child->options->env;
	const char *const *inherited = (const char *const *)environ;
	size_t n_asked = count(asked);

	if (agent_socket) {
		child->own[3] = variable("WEIR_AGENT_SOCKET", agent_socket);
		child->own[4] = variable("MESOS_DOMAIN_SOCKET", agent_socket);
		if (!child->own[3] || !child->own[4])
			return weir_fail_memory(err);
	}
	child->env = calloc(n_asked + ARRAY_SIZE(child->own) + count(inherited) + 1,
			    sizeof(*child->env));
	if (!child->env)
		return weir_fail_memory(err);

	while (n_asked > 0) /* of two that the options name, the later one holds */
		add_variable(child->env, asked[--n_asked]);
	for (size_t i = 0; i < ARRAY_SIZE(child->own); i++)
		if (child->own[i])
			add_variable(child->env, child->own[i]);
	for (; inherited && *inherited; inherited++)
		add_variable(child->env, *inherited);
	return 0;
}
