/* SPDX-License-Identifier: Apache-2.0 */
#include "api/auth.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/error.h"

static bool is_member(gid_t gid, const gid_t *groups, size_t n)
{
	if (gid == (gid_t)-1)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (groups[i] == gid)
			return true;
	}
	return false;
}

enum weir_level weir_auth_level(const struct weir_auth *auth, uid_t uid, const gid_t *groups,
				size_t n)
{
	if (uid == 0 || is_member(auth->admin_gid, groups, n))
		return WEIR_LEVEL_MUTATE;
	if (is_member(auth->reader_gid, groups, n))
		return WEIR_LEVEL_READ;
	return WEIR_LEVEL_NONE;
}

/* The group of @fd's peer and its supplementary ones, in one list. */
static int peer_groups(int fd, gid_t gid, gid_t **ret, size_t *ret_n, struct weir_error *err)
{
	scoped(freep) gid_t *groups = NULL;
	socklen_t size = 0;

	/* Asked with no room, the kernel says how much it needs. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) < 0 && errno != ERANGE)
		return weir_fail(err, -errno, "peer's groups: %s", strerror(errno));

	groups = malloc(sizeof(gid_t) + size);
	if (!groups)
		return weir_fail_memory(err);
	if (size && getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups + 1, &size) < 0)
		return weir_fail(err, -errno, "peer's groups: %s", strerror(errno));

	groups[0] = gid;
	*ret = take_ptr(groups);
	*ret_n = 1 + size / sizeof(gid_t);
	return 0;
}

int weir_auth_caller(const struct weir_auth *auth, int fd, struct weir_caller *ret,
		     struct weir_error *err)
{
	scoped(freep) gid_t *groups = NULL;
	struct ucred cred;
	socklen_t size = sizeof(cred);
	size_t n = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
		return weir_fail(err, -errno, "peer's credentials: %s", strerror(errno));
	if (cred.uid != 0 && peer_groups(fd, cred.gid, &groups, &n, err) < 0)
		return err->code;

	*ret = (struct weir_caller){
		.peer = { .pid = cred.pid, .uid = cred.uid, .gid = cred.gid },
		.level = weir_auth_level(auth, cred.uid, groups, n),
	};
	return 0;
}
