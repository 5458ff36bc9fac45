/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unix sockets that containers may be allowed to reach, the agent's first of all. One that is known by its path
 * is found when it comes, and again when a daemon that was started anew binds another one there; one
 * that is registered by whoever has it open is known from then on.
 *
 * A path is looked at when something happens in its directory, and once a second, should that have been
 * missed; a socket is made before it listens, so a look that found none is tried again for a while.
 * Until it is found nobody reaches it.
 */
#include "control/controller_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/error.h"
#include "base/log.h"
#include "kern/process.h"
#include "model/policy.h"

#define RETRY_US 5000
#define RETRIES	 200
#define WATCHED	 (IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM | IN_ONLYDIR)

/* One that is looked for at its path. */
struct weir_sought {
	struct weir_controller *controller;
	char name[sizeof(struct weir_socket_name)];
	struct weir_socket socket;
	bool known; /* as it was found last: */
	ino_t ino;
	dev_t dev;
	unsigned int retries; /* that are left */
	sd_event_source *watch_source, *retry_source;
	struct weir_sought *next;
};

/* Is it the one that was found last? */
static bool is_known(const struct weir_sought *sought, const struct stat *st)
{
	return sought->known && sought->ino == st->st_ino && sought->dev == st->st_dev;
}

/* It is the one, or it is none. */
static void note(struct weir_sought *sought, bool known)
{
	struct weir_fence *fence = sought->controller->fence;
	struct weir_error err = {};

	if (weir_fence_tier(fence) == WEIR_TIER_1 &&
	    weir_fence_leave_path(fence, &sought->socket, known, &err) < 0)
		weir_warn("socket '%s': %s", sought->name, err.text);
	sought->known = known;
}

static void look(struct weir_sought *sought)
{
	struct weir_error err = {};
	struct stat st;
	int r;

	if (stat(sought->socket.path, &st) == 0 && is_known(sought, &st)) {
		sought->retries = 0;
		return;
	}
	note(sought, false);
	r = weir_fence_tag(sought->controller->fence, &sought->socket, &err);
	if (r < 0)
		weir_warn("socket '%s': %s", sought->name, err.text);
	/* One that is exchanged meanwhile is looked at again, since its directory says so. */
	if (r != 1 || stat(sought->socket.path, &st) < 0)
		return;
	sought->ino = st.st_ino;
	sought->dev = st.st_dev;
	note(sought, true);
	weir_info("socket '%s' at '%s' is known, and can be reached by whom it is left",
		  sought->name, sought->socket.path);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *data);

static void look_again_soon(struct weir_sought *sought)
{
	int r = 0;

	if (sought->known || sought->retries == 0)
		return;
	sought->retries--;
	if (!sought->retry_source)
		r = sd_event_add_time_relative(sought->controller->event, &sought->retry_source,
					       CLOCK_MONOTONIC, RETRY_US, 1, on_retry, sought);
	else
		r = sd_event_source_set_time_relative(sought->retry_source, RETRY_US);
	if (r >= 0)
		r = sd_event_source_set_enabled(sought->retry_source, SD_EVENT_ONESHOT);
	if (r < 0)
		weir_warn("socket '%s' is looked for once a second only: %s", sought->name,
			  strerror(-r));
}

static int on_retry(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source;
	(void)usec;
	look(data);
	look_again_soon(data);
	return 0;
}

static int on_directory(sd_event_source *source, const struct inotify_event *event, void *data)
{
	struct weir_sought *sought = data;
	const char *name = strrchr(sought->socket.path, '/');

	(void)source;
	/* What was dropped may have been about it. */
	if (event->len > 0 && name && strcmp(event->name, name + 1) != 0)
		return 0;
	sought->retries = RETRIES;
	look(sought);
	look_again_soon(sought);
	return 0;
}

static void watch(struct weir_sought *sought)
{
	char directory[sizeof(sought->socket.path)];
	char *slash;

	snprintf(directory, sizeof(directory), "%s", sought->socket.path);
	slash = strrchr(directory, '/');
	if (!slash)
		return;
	slash[slash == directory] = '\0';
	/* A directory that is not there yet is looked into by the tick. */
	sd_event_add_inotify(sought->controller->event, &sought->watch_source, directory, WATCHED,
			     on_directory, sought);
}

static struct weir_sought *drop(struct weir_sought *sought)
{
	sd_event_source_disable_unref(sought->watch_source);
	sd_event_source_disable_unref(sought->retry_source);
	free(sought);
	return NULL;
}

/* Look for it from now on, and no more for one of the same name. */
static void seek(const char *name, const struct weir_socket *socket, void *data)
{
	struct weir_controller *controller = data;
	struct weir_sought **at = &controller->sought, *sought;

	while (*at && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	if (*at) {
		sought = *at;
		*at = sought->next;
		drop(sought);
	}
	/* By its name alone nobody is known, so where names are all there is each is looked after. */
	if (!socket->path[0] || (socket->by_path == WEIR_SOCKET_BY_FD &&
				 weir_fence_tier(controller->fence) != WEIR_TIER_1))
		return;
	sought = calloc(1, sizeof(*sought));
	if (!sought) {
		weir_err("no memory to look for socket '%s': nobody reaches it", name);
		return;
	}
	sought->controller = controller;
	sought->socket = *socket;
	snprintf(sought->name, sizeof(sought->name), "%s", name);
	sought->next = controller->sought;
	controller->sought = sought;
}

static int find_group(struct weir_controller *controller, const char *path,
		      struct weir_socket *socket, struct weir_error *err)
{
	char directory[PATH_MAX];
	scoped(closep) int fd = -1;
	uint64_t id;

	snprintf(directory, sizeof(directory), "%s%s", controller->groups.h.list[0].mount, path);
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return weir_fail(err, -errno, "open '%s': %s", directory, strerror(errno));
	if (weir_fence_level(controller->fence, fd, &socket->cgroup_level, &id, err) < 0)
		return err->code;
	socket->cgroup = id;
	return 0;
}

/* As the configuration has it; without one there, as somebody has registered it, or not yet. */
static int name_agent(struct weir_controller *controller, struct weir_error *err)
{
	const struct weir_tunables *tunables = &controller->tunables;
	struct weir_socket before = {}, wanted = { .uid = tunables->agent_uid };
	bool is_there = weir_fence_socket(controller->fence, WEIR_AGENT_NAME, &before) == 0;

	if (!tunables->agent_socket[0] && is_there && before.by_path != WEIR_SOCKET_CONFIGURED)
		return 0;
	if (tunables->agent_socket[0]) {
		wanted.by_path = WEIR_SOCKET_CONFIGURED;
		snprintf(wanted.path, sizeof(wanted.path), "%s", tunables->agent_socket);
	}
	if (tunables->agent_cgroup[0] &&
	    find_group(controller, tunables->agent_cgroup, &wanted, err) < 0)
		return weir_fail_in(err, "agent_cgroup '%s'", tunables->agent_cgroup);
	return weir_fence_name_socket(controller->fence, WEIR_AGENT_NAME, &wanted, err);
}

int weir_sockets_open(struct weir_controller *controller, struct weir_error *err)
{
	weir_sockets_close(controller);
	if (name_agent(controller, err) < 0)
		return err->code;
	weir_fence_foreach_socket(controller->fence, seek, controller);
	weir_sockets_tick(controller);
	return 0;
}

void weir_sockets_tick(struct weir_controller *controller)
{
	if (!controller->fence || weir_fence_tier(controller->fence) < WEIR_TIER_1)
		return;
	for (struct weir_sought *at = controller->sought; at; at = at->next) {
		if (!at->watch_source)
			watch(at);
		look(at);
	}
}

void weir_sockets_close(struct weir_controller *controller)
{
	while (controller->sought) {
		struct weir_sought *sought = controller->sought;

		controller->sought = sought->next;
		drop(sought);
	}
}

void weir_controller_agent_path(const struct weir_controller *controller,
				const struct weir_container *container,
				char path[sizeof(struct weir_socket_name)])
{
	const struct weir_container *holder = container->parent ? container->parent : container;
	bool only = holder->net.policy == WEIR_POLICY_AGENT_SOCKET_ONLY;
	const char *name = only ? weir_net_agent(&holder->net) : WEIR_AGENT_NAME;
	struct weir_socket socket;

	path[0] = '\0';
	if (!controller->fence || (!only && !holder->is_executor))
		return;
	/* It may be said by its path, and have another name. */
	if (weir_fence_socket(controller->fence, name, &socket) == 0)
		memcpy(path, socket.path, sizeof(socket.path));
	else if (name[0] == '/')
		snprintf(path, sizeof(struct weir_socket_name), "%s", name);
}

struct search {
	const char *path, *name; /* of another name than this */
	char found[sizeof(struct weir_socket_name) + 1];
	struct weir_socket socket;
};

static void match(const char *name, const struct weir_socket *socket, void *data)
{
	struct search *search = data;

	if (strcmp(socket->path, search->path) != 0 ||
	    (search->name && strcmp(name, search->name) == 0))
		return;
	snprintf(search->found, sizeof(search->found), "%s", name);
	search->socket = *socket;
}

int weir_socket_at(struct weir_controller *controller, const char *path, struct weir_socket *ret)
{
	struct search search = { .path = path };

	weir_fence_foreach_socket(controller->fence, match, &search);
	if (!search.found[0])
		return -ENOENT;
	*ret = search.socket;
	return 0;
}

/* A socket has one tag, a path one number: under a second name it would be lost to those who know the first. */
static int check_other_names(struct weir_controller *controller, const char *name, const char *path,
			     struct weir_error *err)
{
	struct search search = { .path = path, .name = name };

	if (path[0])
		weir_fence_foreach_socket(controller->fence, match, &search);
	return search.found[0] ? weir_fail(err, -EEXIST, "'%s' is registered already, as '%s'",
					   path, search.found)
			       : 0;
}

static int check_fence(const struct weir_controller *controller, struct weir_error *err)
{
	return controller->fence
		       ? 0
		       : weir_fail(err, -EOPNOTSUPP,
				   "there is no fence on this machine (weir doctor says why)");
}

int weir_controller_name_path(struct weir_controller *controller, const char *name,
			      const char *path, uid_t uid, struct weir_error *err)
{
	struct weir_socket socket = { .uid = uid, .by_path = WEIR_SOCKET_BY_PATH };

	if (check_fence(controller, err) < 0)
		return err->code;
	if (path[0] != '/' || strlen(path) >= sizeof(socket.path) || strstr(path, "/../"))
		return weir_fail(
			err, -EINVAL,
			"'%.128s': expected a path from the root on, without '..', of at most %zu "
			"bytes",
			path, sizeof(socket.path) - 1);
	snprintf(socket.path, sizeof(socket.path), "%s", path);
	if (check_other_names(controller, name, path, err) < 0 ||
	    weir_fence_name_socket(controller->fence, name, &socket, err) < 0)
		return err->code;
	seek(name, &socket, controller);
	weir_sockets_tick(controller);
	return 0;
}

/* Where whoever has it open has bound it; an abstract one, or none, is not known by a path. */
static void path_of(int fd, struct weir_socket *socket)
{
	struct sockaddr_un at = {};
	socklen_t len = sizeof(at);

	if (getsockname(fd, (struct sockaddr *)&at, &len) == 0 && at.sun_path[0] == '/')
		memcpy(socket->path, at.sun_path, strnlen(at.sun_path, sizeof(socket->path) - 1));
}

int weir_controller_name_fd(struct weir_controller *controller, const char *name, int fd,
			    const struct weir_peer *peer, struct weir_error *err)
{
	struct weir_socket socket = { .uid = peer->uid };
	scoped(closep) int own_fd = -1;

	if (check_fence(controller, err) < 0)
		return err->code;
	own_fd = weir_process_fd(peer->pid, fd, err);
	if (own_fd < 0)
		return own_fd;
	path_of(own_fd, &socket);
	if (weir_fence_check_fd(own_fd, err) < 0 ||
	    check_other_names(controller, name, socket.path, err) < 0 ||
	    weir_fence_name_socket(controller->fence, name, &socket, err) < 0 ||
	    weir_fence_tag_fd(controller->fence, own_fd, socket.number, err) < 0)
		return weir_fail_in(err, "fd %d", fd);
	seek(name, &socket, controller);
	weir_sockets_tick(controller);
	weir_info("socket '%s' is registered, and can be reached by whom it is left", name);
	return 0;
}
