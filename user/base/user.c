/* SPDX-License-Identifier: Apache-2.0 */
#include "base/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/text.h"

/* Entries have no fixed bound: a group lists its members. Room grows up to this. */
#define MAX_ENTRY (1 << 20)

#define MAX_GROUPS 65536 /* the kernel's NGROUPS_MAX */

/* "123" -> 123. The kernel keeps 2^32 - 1 for "none". */
static bool parse_id(const char *text, uint32_t *ret)
{
	unsigned long long value;
	char *end;

	if (!*text || text[strspn(text, "0123456789")] || strlen(text) > 10)
		return false;
	value = strtoull(text, &end, 10);
	if (value >= UINT32_MAX)
		return false;
	*ret = (uint32_t)value;
	return true;
}

/* 1 and the entry, which lies in *@room; 0: there is none. */
static int find_passwd(const char *name, struct passwd *ret, char **room, struct weir_error *err)
{
	struct passwd *found = NULL;
	uint32_t uid;
	int r = ERANGE;

	for (size_t size = 1024; r == ERANGE && size <= MAX_ENTRY; size *= 4) {
		free(*room);
		*room = malloc(size);
		if (!*room)
			return weir_fail_memory(err);
		r = parse_id(name, &uid) ? getpwuid_r(uid, ret, *room, size, &found)
					 : getpwnam_r(name, ret, *room, size, &found);
	}
	if (found)
		return 1;
	/* The ways in which name services say "no such entry". */
	if (r == 0 || r == ENOENT || r == ESRCH || r == EBADF || r == EPERM)
		return 0;
	return weir_fail(err, -EIO, "look up user '%s': %s", name, strerror(r));
}

static int find_gid(const char *name, gid_t *ret, struct weir_error *err)
{
	scoped(freep) char *room = NULL;
	struct group entry, *found = NULL;
	int r = ERANGE;

	if (parse_id(name, ret))
		return 0;
	for (size_t size = 1024; r == ERANGE && size <= MAX_ENTRY; size *= 4) {
		free(room);
		room = malloc(size);
		if (!room)
			return weir_fail_memory(err);
		r = getgrnam_r(name, &entry, room, size, &found);
	}
	if (!found)
		return weir_fail(err, -EINVAL, "there is no group '%s'", name);
	*ret = entry.gr_gid;
	return 0;
}

static int find_groups(const char *name, struct weir_user *user, struct weir_error *err)
{
	int n = 64;

	for (;;) {
		int room = n;

		user->groups = calloc((size_t)room, sizeof(*user->groups));
		if (!user->groups)
			return weir_fail_memory(err);
		if (getgrouplist(name, user->gid, user->groups, &n) >= 0)
			break;
		free(user->groups);
		user->groups = NULL;
		if (n <= room || n > MAX_GROUPS)
			return weir_fail(err, -EIO, "user '%s' is in too many groups", name);
	}
	user->n_groups = (size_t)n;
	return 0;
}

int weir_user_lookup(const char *spec, struct weir_user *ret, struct weir_error *err)
{
	scoped(weir_user_done) struct weir_user user = WEIR_USER_INIT;
	scoped(freep) char *name = strdup(spec), *room = NULL;
	struct passwd entry = {};
	char *group;
	int r, known;

	if (!name)
		return weir_fail_memory(err);
	group = strchr(name, ':');
	if (group)
		*group++ = '\0';

	known = find_passwd(name, &entry, &room, err);
	if (known < 0)
		return known;
	if (known) {
		user.uid = entry.pw_uid;
		user.gid = entry.pw_gid;
	} else if (!parse_id(name, &user.uid)) {
		return weir_fail(err, -EINVAL, "there is no user '%s'", name);
	} else if (!group) {
		return weir_fail(err, -EINVAL,
				 "user %s has no entry that tells its group: say '%s:GROUP'", name,
				 name);
	}

	if (group) {
		r = find_gid(group, &user.gid, err);
		if (r < 0)
			return r;
	}
	/* A uid without a name is listed nowhere: getgrouplist() gives its gid alone. */
	r = find_groups(known ? entry.pw_name : name, &user, err);
	if (r < 0)
		return r;
	if (known && (!weir_text_copy(entry.pw_name, &user.name) ||
		      !weir_text_copy(entry.pw_dir, &user.home)))
		return weir_fail_memory(err);

	*ret = user;
	user = (struct weir_user)WEIR_USER_INIT;
	return 0;
}

/* Those of the caller. */
static int take_own_groups(struct weir_user *user, struct weir_error *err)
{
	for (int room = 64; room <= MAX_GROUPS; room *= 2) {
		int n;

		user->groups = calloc((size_t)room, sizeof(*user->groups));
		if (!user->groups)
			return weir_fail_memory(err);
		n = getgroups(room, user->groups);
		if (n >= 0) {
			user->n_groups = (size_t)n;
			return 0;
		}
		free(user->groups);
		user->groups = NULL;
	}
	return weir_fail(err, -EIO, "list the groups of this process: %s", strerror(errno));
}

int weir_user_join(struct weir_user *user, const char *const *groups, struct weir_error *err)
{
	gid_t *longer;
	size_t n = 0;

	while (groups && groups[n])
		n++;
	if (n == 0)
		return 0;
	if (!user->groups && take_own_groups(user, err) < 0)
		return err->code;
	if (user->n_groups + n > MAX_GROUPS)
		return weir_fail(err, -EINVAL, "%zu groups, at most %d", user->n_groups + n,
				 MAX_GROUPS);
	longer = reallocarray(user->groups, user->n_groups + n, sizeof(*longer));
	if (!longer)
		return weir_fail_memory(err);
	user->groups = longer;
	for (size_t i = 0; i < n; i++) {
		if (find_gid(groups[i], &user->groups[user->n_groups], err) < 0)
			return err->code;
		user->n_groups++;
	}
	return 0;
}

int weir_user_name(uid_t uid, char **ret, struct weir_error *err)
{
	scoped(freep) char *room = NULL;
	struct passwd entry = {};
	char number[sizeof("4294967295")];
	char *name;
	int known;

	snprintf(number, sizeof(number), "%u", uid);
	known = find_passwd(number, &entry, &room, err);
	if (known < 0)
		return known;
	name = strdup(known && entry.pw_name ? entry.pw_name : number);
	if (!name)
		return weir_fail_memory(err);
	*ret = name;
	return 0;
}

void weir_user_done(struct weir_user *user)
{
	free(user->groups);
	free(user->name);
	free(user->home);
	*user = (struct weir_user)WEIR_USER_INIT;
}

/* The kernel takes what is "none" for "as it is". */
int weir_user_become(const struct weir_user *user)
{
	if (user->groups && syscall(SYS_setgroups, user->n_groups, user->groups) < 0)
		return -1;
	if (syscall(SYS_setresgid, user->gid, user->gid, user->gid) < 0)
		return -1;
	return (int)syscall(SYS_setresuid, user->uid, user->uid, user->uid);
}
