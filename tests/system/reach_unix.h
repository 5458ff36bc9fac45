/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_TEST_REACH_UNIX_H
#define WEIR_TEST_REACH_UNIX_H

/* Ways by unix sockets: of others, of the agent, of one's own. */

#include "reach.h"

/* ---- What has to work under any policy ---- */

static int pair(int type)
{
	int fds[2], r;
	char byte = 0;

	if (socketpair(AF_UNIX, type, 0, fds) < 0)
		return errno;
	r = write(fds[0], "x", 1) == 1 && read(fds[1], &byte, 1) == 1 && byte == 'x' ? 0 : -1;
	r = finish(fds[0], r);
	close(fds[1]);
	return r;
}

static int pair_stream(const char *unused)
{
	(void)unused;
	return pair(SOCK_STREAM);
}

static int pair_dgram(const char *unused)
{
	(void)unused;
	return pair(SOCK_DGRAM);
}

/* ---- Unix sockets ---- */

/* Of somebody: at the path in this variable of the environment, abstract if it begins with '@'. */
static socklen_t unix_at(const char *variable, struct sockaddr_un *ret)
{
	const char *path = getenv(variable);

	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (!path)
		return 0;
	snprintf(ret->sun_path, sizeof(ret->sun_path), "%s", path);
	if (path[0] == '@')
		ret->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
}

static int by_unix(int type, const char *variable)
{
	struct sockaddr_un to;
	socklen_t size = unix_at(variable, &to);

	return size ? by_connect(AF_UNIX, type, 0, &to, size) : ENOENT;
}

static int unix_stream(const char *variable)
{
	return by_unix(SOCK_STREAM, variable);
}

static int unix_seqpacket(const char *variable)
{
	return by_unix(SOCK_SEQPACKET, variable);
}

static int unix_dgram_connect(const char *variable)
{
	return by_unix(SOCK_DGRAM, variable);
}

static int unix_dgram_sendto(const char *variable)
{
	struct sockaddr_un to;
	socklen_t size = unix_at(variable, &to);

	return size ? by_sendto(AF_UNIX, 0, &to, size) : ENOENT;
}

/* From where it lies, by its name alone. */
static int unix_relative(const char *variable)
{
	const char *path = getenv(variable), *slash = path ? strrchr(path, '/') : NULL;
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	char directory[108];

	if (!slash)
		return ENOENT;
	snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path), path);
	if (chdir(directory) < 0)
		return errno;
	snprintf(to.sun_path, sizeof(to.sun_path), ".%s", slash);
	return by_connect(AF_UNIX, SOCK_STREAM, 0, &to, sizeof(to));
}

/* One's own, with a name: a server and its client. */
static int unix_own(int type)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	socklen_t size = sizeof(at);
	int server = socket(AF_UNIX, type, 0), r;

	/* The kernel makes a name up. */
	if (server < 0 || bind(server, (struct sockaddr *)&at, sizeof(sa_family_t)) < 0 ||
	    getsockname(server, (struct sockaddr *)&at, &size) < 0 ||
	    (type != SOCK_DGRAM && listen(server, 1) < 0))
		return finish(server, -1);
	r = by_connect(AF_UNIX, type, 0, &at, size);
	close(server);
	return r;
}

static int unix_own_stream(const char *unused)
{
	(void)unused;
	return unix_own(SOCK_STREAM);
}

static int unix_own_dgram(const char *unused)
{
	(void)unused;
	return unix_own(SOCK_DGRAM);
}

/* And at a path. */
static int unix_own_path(const char *variable)
{
	struct sockaddr_un at;
	socklen_t size = unix_at(variable, &at);
	int server = socket(AF_UNIX, SOCK_STREAM, 0), r;

	if (!size)
		return ENOENT;
	unlink(at.sun_path);
	if (server < 0 || bind(server, (struct sockaddr *)&at, size) < 0 || listen(server, 1) < 0)
		return finish(server, -1);
	r = by_connect(AF_UNIX, SOCK_STREAM, 0, &at, size);
	close(server);
	unlink(at.sun_path);
	return r;
}

#endif /* WEIR_TEST_REACH_UNIX_H */
