/* SPDX-License-Identifier: Apache-2.0 */
#include "api/server.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/thread.h"

static _Thread_local const struct weir_server *self;

const struct weir_server *weir_server_self(void)
{
	return self;
}

void weir_server_wake(const struct weir_server *server)
{
	eventfd_write(server->wake_fd, 1);
}

static unsigned int n_connections(struct MHD_Daemon *daemon)
{
	return MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections;
}

/* One pass over what is there. True: there is something for another one. */
static bool run(struct MHD_Daemon *daemon)
{
	unsigned int before = n_connections(daemon);

	MHD_run(daemon);
	/* A full server listens again from the beginning of the pass after the one with room. */
	return n_connections(daemon) < before;
}

/* How long to wait for more: until the first connection has been idle for too long. */
static int timeout_ms(struct MHD_Daemon *daemon)
{
	MHD_UNSIGNED_LONG_LONG ms;

	if (MHD_get_timeout(daemon, &ms) != MHD_YES)
		return -1;
	return ms < INT_MAX ? (int)ms : INT_MAX;
}

static void *serve(void *data)
{
	const struct weir_server *server = data;
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	struct pollfd fds[] = {
		{ .fd = info->epoll_fd, .events = POLLIN },
		{ .fd = server->wake_fd, .events = POLLIN },
	};
	eventfd_t wakes;
	bool more = true;

	self = server;
	while (!server->stops) {
		poll(fds, ARRAY_SIZE(fds), more ? 0 : timeout_ms(server->daemon));
		if (fds[1].revents & POLLIN)
			eventfd_read(server->wake_fd, &wakes);
		more = run(server->daemon);
	}
	return NULL;
}

static int start_thread(struct weir_server *server, struct weir_error *err)
{
	server->stops = false;
	server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (server->wake_fd < 0)
		return weir_fail(err, -errno, "eventfd: %s", strerror(errno));
	if (weir_thread_start("weir-http", serve, server, &server->thread, err) < 0) {
		server->wake_fd = close_fd(server->wake_fd);
		return err->code;
	}
	return 0;
}

static int start_one(struct weir_server *server, int listen_fd,
		     MHD_AccessHandlerCallback on_request, void *data,
		     struct MHD_OptionItem *options, struct weir_error *err)
{
	/* A start that fails closes the socket or not, depending on where: so it gets a copy. */
	int fd = fcntl(listen_fd, F_DUPFD_CLOEXEC, 3);

	if (fd < 0)
		return weir_fail(err, -errno, "dup the listener: %s", strerror(errno));
	server->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME |
						  MHD_USE_ERROR_LOG | MHD_USE_TURBO,
					  0, NULL, NULL, on_request, data, MHD_OPTION_ARRAY,
					  options, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_END);
	if (!server->daemon)
		return weir_fail(err, -EIO, "the HTTP server does not start on this socket");
	if (start_thread(server, err) < 0) {
		MHD_stop_daemon(server->daemon);
		return err->code;
	}
	return 0;
}

int weir_servers_start(struct weir_servers *servers, unsigned int n, int listen_fd,
		       MHD_AccessHandlerCallback on_request, void *data,
		       struct MHD_OptionItem *options, struct weir_error *err)
{
	assert(n <= WEIR_MAX_SERVERS);

	for (servers->n = 0; servers->n < n; servers->n++) {
		if (start_one(&servers->list[servers->n], listen_fd, on_request, data, options,
			      err) < 0) {
			weir_servers_stop(servers);
			return err->code;
		}
	}
	return 0;
}

void weir_servers_stop(struct weir_servers *servers)
{
	for (unsigned int i = 0; i < servers->n; i++) {
		struct weir_server *server = &servers->list[i];

		server->stops = true;
		weir_server_wake(server);
		pthread_join(server->thread, NULL);
		MHD_stop_daemon(server->daemon);
		server->wake_fd = close_fd(server->wake_fd);
	}
	servers->n = 0;
}
