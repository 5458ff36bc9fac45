/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_SERVER_H
#define WEIR_SERVER_H

/*
 * libmicrohttpd on threads of our own, each with a server of its own on the same listener.
 *
 * Not on its threads: their loop drains epoll in lists of 128 events, and when a list was full
 * it waits for the next one with its whole timeout. If 128 clients, or twice as many, speak at
 * once and then wait for their answers, nobody gets one until the idle timeout has passed. Here
 * the waiting is done outside, and the library is only asked for what is there already.
 */

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#define WEIR_MAX_SERVERS 16

struct weir_error;

struct weir_server {
	struct MHD_Daemon *daemon;
	pthread_t thread;
	atomic_bool stops;
	int wake_fd;
};

struct weir_servers {
	unsigned int n;
	struct weir_server list[WEIR_MAX_SERVERS];
};

/*
 * @listen_fd is borrowed; each server has a copy. @options are for each of them, ended by
 * MHD_OPTION_END. On failure none runs.
 */
int weir_servers_start(struct weir_servers *servers, unsigned int n, int listen_fd,
		       MHD_AccessHandlerCallback on_request, void *data,
		       struct MHD_OptionItem *options, struct weir_error *err);

/* The one whose thread this is, as in a callback of libmicrohttpd; NULL on other threads. */
const struct weir_server *weir_server_self(void);

/* After MHD_resume_connection(), on any thread: have the server look for it. */
void weir_server_wake(const struct weir_server *server);

/* Ends all connections. None may be suspended. Servers that never started are fine. */
void weir_servers_stop(struct weir_servers *servers);

#endif /* WEIR_SERVER_H */
