/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_LISTEN_H
#define WEIR_LISTEN_H

/*
 * The control socket as a file: made with its owner and mode before anybody can connect, or
 * handed over by the service manager.
 */

#include <stdbool.h>
#include <sys/types.h>

#include "base/cleanup.h"

struct weir_error;

struct weir_listener {
	int fd; /* non-blocking, listening */
	char *path; /* NULL: the service manager's, which also removes it */
	int lock_fd; /* of PATH.lock, while we serve */
};

#define WEIR_LISTENER_INIT { .fd = -1, .lock_fd = -1 }

/* -EINVAL: no absolute path; -ENAMETOOLONG: more than the 107 bytes an address holds. */
int weir_listen_check_path(const char *path, struct weir_error *err);

/*
 * Listen on @path: mode 0660 and group @gid, or 0600 with (gid_t)-1. A stale socket is replaced.
 * -EBUSY: another daemon serves there; -EEXIST: there is something that is no socket.
 */
int weir_listen_open(const char *path, gid_t gid, struct weir_listener *ret,
		     struct weir_error *err);

/*
 * The socket that the service manager passed, if this process was started that way.
 * 1: *@ret is it; 0: it was not; -EINVAL: not exactly one listening unix stream socket.
 */
int weir_listen_inherit(struct weir_listener *ret, struct weir_error *err);

/* Removes the socket, if it was ours to make. */
void weir_listen_close(struct weir_listener *listener);

#endif /* WEIR_LISTEN_H */
