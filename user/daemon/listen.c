/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "control/lock.h"

#define LOCK_SUFFIX ".lock"

int weir_listen_check_path(const char *path, struct weir_error *err)
{
	const size_t max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
	size_t length = strlen(path);

	if (path[0] != '/')
		return weir_fail(err, -EINVAL, "'%s' is no socket path: expected an absolute one",
				 path);
	if (length > max)
		return weir_fail(err, -ENAMETOOLONG,
				 "socket path '%s' has %zu bytes: expected at most %zu", path,
				 length, max);
	return 0;
}

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memcpy(address.sun_path, path, strlen(path) + 1);
	return address;
}

static int new_socket(struct weir_error *err)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd >= 0 ? fd : weir_fail(err, -errno, "unix socket: %s", strerror(errno));
}

/* Only a refused connection says that nobody is behind the file any more. */
static int remove_stale(const char *path, struct weir_error *err)
{
	const struct sockaddr_un address = address_of(path);
	scoped(closep) int fd = -1;
	struct stat st;

	if (lstat(path, &st) < 0) {
		if (errno == ENOENT)
			return 0;
		return weir_fail(err, -errno, "stat %s: %s", path, strerror(errno));
	}
	if (!S_ISSOCK(st.st_mode))
		return weir_fail(err, -EEXIST,
				 "%s exists and is no socket; remove it or choose another path",
				 path);

	fd = new_socket(err);
	if (fd < 0)
		return fd;
	/* EAGAIN: its queue is full, so somebody listens. */
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 || errno == EAGAIN)
		return weir_fail(err, -EBUSY, "another daemon serves %s", path);
	if (errno != ECONNREFUSED)
		return weir_fail(err, -errno, "see whether anybody serves %s: %s", path,
				 strerror(errno));
	if (unlink(path) < 0 && errno != ENOENT)
		return weir_fail(err, -errno, "remove the stale socket %s: %s", path,
				 strerror(errno));
	return 0;
}

/*
 * Owner and mode come between bind() and listen(): until then connections are refused, and the
 * umask keeps the file private from its first moment.
 */
static int bind_and_listen(int fd, const char *path, gid_t gid, struct weir_error *err)
{
	const struct sockaddr_un address = address_of(path);
	mode_t mask;
	int r;

	mask = umask(0177);
	r = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (r < 0)
		return weir_fail(err, -errno, "bind %s: %s", path, strerror(errno));

	if (gid != (gid_t)-1 && (lchown(path, (uid_t)-1, gid) < 0 || chmod(path, 0660) < 0))
		r = weir_fail(err, -errno, "give %s to group %u: %s", path, (unsigned int)gid,
			      strerror(errno));
	else if (listen(fd, SOMAXCONN) < 0)
		r = weir_fail(err, -errno, "listen on %s: %s", path, strerror(errno));
	if (r < 0)
		unlink(path);
	return r;
}

/* Two daemons that start at once would each remove the other's socket as stale. */
static int lock_path(const char *path, int *ret_fd, struct weir_error *err)
{
	char lock[sizeof(((struct sockaddr_un *)NULL)->sun_path) + sizeof(LOCK_SUFFIX)];
	char what[sizeof(lock) + 16];

	snprintf(lock, sizeof(lock), "%s" LOCK_SUFFIX, path);
	snprintf(what, sizeof(what), "socket '%s'", path);
	return weir_lock_take(lock, what, ret_fd, err);
}

static void unlock_path(const char *path, int *fd)
{
	char lock[sizeof(((struct sockaddr_un *)NULL)->sun_path) + sizeof(LOCK_SUFFIX)];

	snprintf(lock, sizeof(lock), "%s" LOCK_SUFFIX, path);
	*fd = weir_lock_drop(lock, *fd);
}

static int make_directory_of(const char *path, struct weir_error *err)
{
	char copy[sizeof(((struct sockaddr_un *)NULL)->sun_path)];

	memcpy(copy, path, strlen(path) + 1);
	return weir_mkdir_p(dirname(copy), 0755, err);
}

int weir_listen_open(const char *path, gid_t gid, struct weir_listener *ret, struct weir_error *err)
{
	scoped(closep) int fd = -1;
	scoped(freep) char *copy = NULL;
	int lock_fd = -1;

	if (weir_listen_check_path(path, err) < 0)
		return err->code;
	copy = strdup(path);
	if (!copy)
		return weir_fail_memory(err);
	fd = new_socket(err);
	if (fd < 0 || make_directory_of(path, err) < 0 || lock_path(path, &lock_fd, err) < 0)
		return err->code;

	if (remove_stale(path, err) < 0 || bind_and_listen(fd, path, gid, err) < 0) {
		unlock_path(path, &lock_fd);
		return err->code;
	}

	ret->fd = take_fd(fd);
	ret->path = take_ptr(copy);
	ret->lock_fd = lock_fd;
	return 0;
}

/* Not ours to serve, but ours to close: nothing of the manager's may leak into containers. */
static int fail_inherited(int n, struct weir_error *err, const char *what)
{
	for (int i = 0; i < n; i++)
		close(SD_LISTEN_FDS_START + i);
	return weir_fail(err, -EINVAL,
			 "socket activation: %s; expected exactly one listening unix stream socket",
			 what);
}

int weir_listen_inherit(struct weir_listener *ret, struct weir_error *err)
{
	const int fd = SD_LISTEN_FDS_START;
	char what[64];
	int n;

	n = sd_listen_fds(1);
	if (n == 0)
		return 0;
	if (n < 0) {
		snprintf(what, sizeof(what), "LISTEN_FDS can't be used (%s)", strerror(-n));
		return fail_inherited(0, err, what);
	}
	if (n > 1) {
		snprintf(what, sizeof(what), "%d descriptors were passed", n);
		return fail_inherited(n, err, what);
	}
	if (sd_is_socket_unix(fd, SOCK_STREAM, 1, NULL, 0) <= 0)
		return fail_inherited(n, err, "the descriptor is something else");
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return weir_fail(err, -errno, "make the passed socket non-blocking: %s",
				 strerror(errno));

	*ret = (struct weir_listener)WEIR_LISTENER_INIT;
	ret->fd = fd;
	return 1;
}

void weir_listen_close(struct weir_listener *listener)
{
	if (listener->path) {
		unlink(listener->path);
		unlock_path(listener->path, &listener->lock_fd);
	}
	listener->fd = close_fd(listener->fd);
	free(take_ptr(listener->path));
}
