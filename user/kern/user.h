/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_USER_H
#define WEIR_USER_H

/* Who a command runs as, looked up before the child exists: the name service takes locks. */

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct weir_error;

struct weir_user {
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* supplementary ones, @gid among them */
	size_t n_groups;
};

#define WEIR_USER_INIT { .uid = UINT32_MAX, .gid = UINT32_MAX } /* the kernel's "none" */

/*
 * "name", "uid", "name:group", "uid:gid". -EINVAL: there is no such user or group; a bare uid
 * has to be in the passwd database, because its group is not known otherwise.
 */
int weir_user_lookup(const char *spec, struct weir_user *ret, struct weir_error *err);
void weir_user_done(struct weir_user *user);

#endif /* WEIR_USER_H */
