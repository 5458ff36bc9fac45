/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_AUTH_H
#define WEIR_AUTH_H

/*
 * Who is at the other end of a connection, and what they may do.
 *
 * The kernel's word alone counts: the credentials that the peer had when it connected.
 */

#include <stddef.h>
#include <sys/types.h>

#include "control/controller.h"

struct weir_error;

enum weir_level {
	WEIR_LEVEL_NONE,
	WEIR_LEVEL_READ,
	WEIR_LEVEL_MUTATE, /* and read */
};

/* Members of which groups may do what; (gid_t)-1: of none. Root may always do everything. */
struct weir_auth {
	gid_t admin_gid, reader_gid;
};

struct weir_caller {
	struct weir_peer peer;
	enum weir_level level;
};

/* What @uid, a member of the @n @groups, may do. */
enum weir_level weir_auth_level(const struct weir_auth *auth, uid_t uid, const gid_t *groups,
				size_t n);

/* The peer of the connected unix socket @fd. */
int weir_auth_caller(const struct weir_auth *auth, int fd, struct weir_caller *ret,
		     struct weir_error *err);

#endif /* WEIR_AUTH_H */
