/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unix sockets that containers may be allowed to reach: their names, kept beside the programs, and their tags.
 *
 * A name has a number for as long as there is the map: what was tagged with it by one daemon is known
 * to the next.
 */
#include "kern/fence_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <bpf/bpf.h>

#include "base/error.h"
#include "weir/metrics.h"

/* false: nothing can be called that. */
static bool name_key(const char *name, struct weir_socket_name *ret)
{
	size_t size = strlen(name);

	*ret = (struct weir_socket_name){};
	if (size == 0 || size >= sizeof(ret->bytes))
		return false;
	memcpy(ret->bytes, name, size);
	return true;
}

int weir_fence_socket(const struct weir_fence *fence, const char *name, struct weir_socket *ret)
{
	struct weir_socket_name key;

	if (!name_key(name, &key))
		return -ENOENT;
	return bpf_map_lookup_elem(fence->map_fds[WEIR_FENCE_SOCKETS], &key, ret) < 0 ? -errno : 0;
}

void weir_fence_foreach_socket(const struct weir_fence *fence, weir_socket_fn *fn, void *data)
{
	struct weir_socket_name key, next;
	struct weir_socket socket;
	int fd = fence->map_fds[WEIR_FENCE_SOCKETS];

	for (int r = bpf_map_get_next_key(fd, NULL, &next); r == 0;
	     r = bpf_map_get_next_key(fd, &key, &next)) {
		if (bpf_map_lookup_elem(fd, &next, &socket) == 0)
			fn(next.bytes, &socket, data);
		key = next;
	}
}

static void take_number(const char *name, const struct weir_socket *socket, void *data)
{
	uint64_t *free = data;

	(void)name;
	if (socket->number < 64)
		*free &= ~(1ULL << socket->number);
}

/* Of 1 to 63; 0: there is none left. */
static uint32_t free_number(const struct weir_fence *fence)
{
	uint64_t free = ~1ULL;

	weir_fence_foreach_socket(fence, take_number, &free);
	return free ? (uint32_t)__builtin_ctzll(free) : 0;
}

static void path_key(const struct weir_socket *socket, struct weir_socket_name *ret)
{
	*ret = (struct weir_socket_name){};
	memcpy(ret->bytes, socket->path, sizeof(ret->bytes));
}

int weir_fence_leave_path(struct weir_fence *fence, const struct weir_socket *socket, bool on,
			  struct weir_error *err)
{
	int fd = fence->map_fds[WEIR_FENCE_PATHS];
	struct weir_socket_name key;

	path_key(socket, &key);
	if (!on)
		bpf_map_delete_elem(fd, &key);
	else if (bpf_map_update_elem(fd, &key, &socket->number, BPF_ANY) < 0)
		return weir_fail(err, -errno, "enter the path '%s': %s", socket->path,
				 strerror(errno));
	return 0;
}

int weir_fence_name_socket(struct weir_fence *fence, const char *name, struct weir_socket *socket,
			   struct weir_error *err)
{
	struct weir_socket_name key;
	struct weir_socket before = {};
	struct weir_error ignored = {};

	if (!name_key(name, &key))
		return weir_fail(err, -EINVAL, "a socket's name has 1 to %zu bytes",
				 sizeof(key.bytes) - 1);
	if (weir_fence_socket(fence, name, &before) < 0)
		before.number = free_number(fence);
	if (!before.number)
		return weir_fail(err, -ENOSPC,
				 "%d sockets have names already, which is as many as can have",
				 WEIR_SOCKETS_MAX - 1);
	socket->number = before.number;
	if (bpf_map_update_elem(fence->map_fds[WEIR_FENCE_SOCKETS], &key, socket, BPF_ANY) < 0)
		return weir_fail(err, -errno, "enter the socket '%s': %s", name, strerror(errno));
	return weir_fence_leave_path(fence, &before, false, &ignored);
}

int weir_fence_tag(struct weir_fence *fence, const struct weir_socket *socket,
		   struct weir_error *err)
{
	struct weir_fence_node *settings = fence->settings;
	struct stat st;
	int n;

	if (fence->tier < WEIR_TIER_1)
		return weir_fail(err, -EOPNOTSUPP, "the fence knows no unix sockets here (tier %s)",
				 weir_metrics_tier_name(fence->tier));
	if (stat(socket->path, &st) < 0)
		return errno == ENOENT
			       ? 0
			       : weir_fail(err, -errno, "'%s': %s", socket->path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return weir_fail(err, -EINVAL, "'%s' is no socket", socket->path);
	settings->wanted_ino = st.st_ino;
	settings->wanted_dev = weir_fence_kernel_dev(st.st_dev);
	settings->wanted_uid = socket->uid;
	settings->wanted_cgroup = socket->cgroup;
	settings->wanted_level = socket->cgroup_level;
	settings->wanted_socket = socket->number;
	n = weir_bpf_run_iterator(fence->bpf, WEIR_FENCE_TAG_PIN, err);
	settings->wanted_socket = 0;
	settings->wanted_ino = 0;
	return n < 0 ? n : n > 0;
}

int weir_fence_check_fd(int fd, struct weir_error *err)
{
	int domain = 0, listens = 0;
	socklen_t len = sizeof(domain);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0 || domain != AF_UNIX)
		return weir_fail(err, -EINVAL, "it is no unix socket");
	len = sizeof(listens);
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0 || !listens)
		return weir_fail(err, -EINVAL, "it does not listen");
	return 0;
}

int weir_fence_tag_fd(struct weir_fence *fence, int fd, uint32_t number, struct weir_error *err)
{
	const struct weir_tag tag = { .socket = number };

	if (fence->tier < WEIR_TIER_1)
		return 0;
	if (bpf_map_update_elem(fence->map_fds[WEIR_FENCE_AGENTS], &fd, &tag, BPF_ANY) < 0)
		return weir_fail(err, -errno, "tag the socket: %s", strerror(errno));
	return 0;
}

/* ---- Sets of rules ---- */

int weir_fence_put_rule(struct weir_fence *fence, const struct weir_rules_key *key,
			const struct weir_rules *rules, struct weir_error *err)
{
	if (bpf_map_update_elem(fence->map_fds[WEIR_FENCE_RULES], key, rules, BPF_ANY) < 0)
		return weir_fail(err, -errno, "enter a rule: %s", strerror(errno));
	return 0;
}

void weir_fence_drop_rule(struct weir_fence *fence, const struct weir_rules_key *key)
{
	bpf_map_delete_elem(fence->map_fds[WEIR_FENCE_RULES], key);
}

int weir_fence_put_peer(struct weir_fence *fence, const struct weir_peer_key *key,
			struct weir_error *err)
{
	const uint32_t there = 1;

	if (bpf_map_update_elem(fence->map_fds[WEIR_FENCE_PEERS], key, &there, BPF_ANY) < 0)
		return weir_fail(err, -errno, "enter a socket: %s", strerror(errno));
	return 0;
}

void weir_fence_drop_peer(struct weir_fence *fence, const struct weir_peer_key *key)
{
	bpf_map_delete_elem(fence->map_fds[WEIR_FENCE_PEERS], key);
}
