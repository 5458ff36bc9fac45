/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a foreground command runs as, and with which environment: looked up before the fork. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "client/child.h"

#define ENTRY_SIZE 16384 /* of a line of passwd or group */
#define MAX_GROUPS 65536 /* the kernel's NGROUPS_MAX */

/* A number, with nothing around it. (uid_t)-1 means "no change" to the kernel and is none. */
static bool parse_id(const char *text, unsigned int *ret)
{
	unsigned long value;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoul(text, &end, 10);
	if (errno || *end || value >= UINT32_MAX)
		return false;
	*ret = (unsigned int)value;
	return true;
}

static int find_group(const char *name, gid_t *ret, struct weir_error *err)
{
	scoped(freep) char *buf = malloc(ENTRY_SIZE);
	struct group group, *found = NULL;

	if (!buf)
		return weir_fail_memory(err);
	if (parse_id(name, ret))
		return 0;
	if (getgrnam_r(name, &group, buf, ENTRY_SIZE, &found) != 0 || !found)
		return weir_fail(err, -EINVAL, "no such group '%s'", name);
	*ret = group.gr_gid;
	return 0;
}

static int find_groups(struct weir_child *child, const char *user, struct weir_error *err)
{
	int n = 32;

	for (;;) {
		gid_t *groups = reallocarray(child->groups, (size_t)n, sizeof(*groups));

		if (!groups)
			return weir_fail_memory(err);
		child->groups = groups;
		child->n_groups = n;
		if (getgrouplist(user, child->gid, child->groups, &child->n_groups) >= 0)
			return 0;
		if (n >= MAX_GROUPS)
			return weir_fail(err, -EINVAL, "user '%s' is in too many groups", user);
		n *= 2;
	}
}

static int set_home(struct weir_child *child, const struct passwd *entry, struct weir_error *err)
{
	if (asprintf(&child->home, "HOME=%s", entry->pw_dir) < 0)
		child->home = NULL;
	if (asprintf(&child->user, "USER=%s", entry->pw_name) < 0)
		child->user = NULL;
	if (asprintf(&child->logname, "LOGNAME=%s", entry->pw_name) < 0)
		child->logname = NULL;
	return child->home && child->user && child->logname ? 0 : weir_fail_memory(err);
}

/* A uid without an entry has no group of its own, so one has to be said. */
static int use_bare_uid(struct weir_child *child, const char *user, const char *group,
			struct weir_error *err)
{
	if (!parse_id(user, &child->uid))
		return weir_fail(err, -EINVAL, "no such user '%s'", user);
	if (!group)
		return weir_fail(err, -EINVAL, "user '%s' has no entry: say '%s:GROUP'", user,
				 user);
	child->groups = malloc(sizeof(*child->groups));
	if (!child->groups)
		return weir_fail_memory(err);
	child->groups[0] = child->gid;
	child->n_groups = 1;
	return 0;
}

/* "name", "uid", "name:group", as for a detached command. */
int weir_child_prepare_user(struct weir_child *child, struct weir_error *err)
{
	scoped(freep) char *user = NULL;
	scoped(freep) char *buf = malloc(ENTRY_SIZE);
	struct passwd entry, *found = NULL;
	unsigned int uid;
	char *group;
	int r;

	if (!child->options->user)
		return 0;
	user = strdup(child->options->user);
	if (!user || !buf)
		return weir_fail_memory(err);
	group = strchr(user, ':');
	if (group)
		*group++ = '\0';

	child->change_user = true;
	if (group) {
		r = find_group(group, &child->gid, err);
		if (r < 0)
			return r;
	}
	if (parse_id(user, &uid))
		r = getpwuid_r(uid, &entry, buf, ENTRY_SIZE, &found);
	else
		r = getpwnam_r(user, &entry, buf, ENTRY_SIZE, &found);
	if (r != 0 || !found)
		return use_bare_uid(child, user, group, err);

	child->uid = entry.pw_uid;
	if (!group)
		child->gid = entry.pw_gid;
	r = find_groups(child, entry.pw_name, err);
	return r < 0 ? r : set_home(child, &entry, err);
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
int weir_child_prepare_env(struct weir_child *child, struct weir_error *err)
{
	const char *const own[] = { child->home, child->user, child->logname };
	const char *const *asked = child->options->env;
	const char *const *inherited = (const char *const *)environ;
	size_t n_asked = count(asked);

	child->env = calloc(n_asked + ARRAY_SIZE(own) + count(inherited) + 1, sizeof(*child->env));
	if (!child->env)
		return weir_fail_memory(err);

	while (n_asked > 0) /* of two that the options name, the later one holds */
		add_variable(child->env, asked[--n_asked]);
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (own[i])
			add_variable(child->env, own[i]);
	for (; inherited && *inherited; inherited++)
		add_variable(child->env, *inherited);
	return 0;
}
