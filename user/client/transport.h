/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_TRANSPORT_H
#define WEIR_TRANSPORT_H

/*
 * One kept connection to the daemon's unix socket, and HTTP/1.1 calls on it.
 *
 * Blocking, with a deadline per call. Knows nothing of JSON or of what is called.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/un.h>

struct weir_reply;
struct weir_error;

#define WEIR_TRANSPORT_MAX_BODY (256u << 20) /* bytes of an answer */
#define WEIR_SOCKET_PATH_MAX	(sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

struct weir_transport {
	char path[WEIR_SOCKET_PATH_MAX + 1];
	int fd; /* -1: not connected */
};

/* -ENAMETOOLONG: a unix socket has no room for @path. Connects at the first call. */
int weir_transport_init(struct weir_transport *transport, const char *path);
void weir_transport_done(struct weir_transport *transport);

struct weir_post {
	const char *body; /* JSON */
	size_t size;
	bool repeatable; /* changes nothing: may be sent again when a kept connection turns out dead */
	int timeout_ms; /* -1: for ever */
};

/*
 * POST to /api/v1 and read the whole answer into @reply (initialised by the caller).
 *
 * -ECONNREFUSED: nobody listens; -EPERM: we may not connect; -ETIMEDOUT; -ECONNRESET: it was cut;
 * -EIO: it is no HTTP. The connection is closed after any failure.
 */
int weir_transport_post(struct weir_transport *transport, const struct weir_post *post,
			struct weir_reply *reply, struct weir_error *err);

/*
 * For an answer that goes on and on: only connect, if need be, and send; then read what there is into @reply, again and
 * again. _read(): 1: something came, perhaps the end; 0: nothing within @timeout_ms (-1: for ever); -EIO: cut, or no
 * HTTP.
 */
int weir_transport_begin(struct weir_transport *transport, const struct weir_post *post,
			 struct weir_error *err);
int weir_transport_read(struct weir_transport *transport, struct weir_reply *reply, int timeout_ms,
			struct weir_error *err);

#endif /* WEIR_TRANSPORT_H */
