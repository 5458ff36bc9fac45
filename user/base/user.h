/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_USER_H
#define WEIR_USER_H

/*
 * Who a command runs as, looked up before its process is there: the name service takes locks, and
 * a child of one with threads may take none.
 */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct weir_error;

struct weir_user {
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* supplementary ones, @gid among them */
	size_t n_groups;
	char *name, *home; /* as its entry has them; NULL: it has none */
};

#define WEIR_USER_INIT { .uid = UINT32_MAX, .gid = UINT32_MAX } /* the kernel's "none" */

/*
 * "name", "uid", "name:group", "uid:gid". -EINVAL: there is no such user or group; a bare uid
 * has to be in the passwd database, because its group is not known otherwise.
 */
int weir_user_lookup(const char *spec, struct weir_user *ret, struct weir_error *err);
/*
 * Have it be in these groups, too: names or gids, NULL-terminated; NULL: none. They are added to those of
 * the calling process where @user is WEIR_USER_INIT, which is nobody else. -EINVAL: there is no such
 * group, which the text names.
 */
int weir_user_join(struct weir_user *user, const char *const *groups, struct weir_error *err);
/* What a uid is called: its name, or the number if it has none. *@ret is to be freed. */
int weir_user_name(uid_t uid, char **ret, struct weir_error *err);
void weir_user_done(struct weir_user *user);

/*
 * Become it, in a child that is about to execute: async-signal-safe. By bare system calls, as glibc's
 * wrappers ask all threads that it knows of, which after a raw clone3() are another process'.
 * 0, or -1 with errno.
 */
int weir_user_become(const struct weir_user *user);

#endif /* WEIR_USER_H */
