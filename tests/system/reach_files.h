/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_TEST_REACH_FILES_H
#define WEIR_TEST_REACH_FILES_H

/* Ways by a connection that somebody else has made. */

#include <sys/pidfd.h>

#include "reach.h"

/* As standard input. */
static int inherited(const char *unused)
{
	(void)unused;
	return say(STDIN_FILENO) < 0 ? errno : 0;
}

/* In a message: standard input is a unix socket on which it comes. */
static int received(const char *unused)
{
	char byte, control[CMSG_SPACE(sizeof(int))];
	struct iovec vector = { &byte, 1 };
	struct msghdr message = { .msg_iov = &vector,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header;
	int fd;

	(void)unused;
	if (recvmsg(STDIN_FILENO, &message, 0) < 0)
		return errno;
	header = CMSG_FIRSTHDR(&message);
	/* The kernel takes out what may not be received. */
	if (!header || header->cmsg_type != SCM_RIGHTS)
		return EPERM;
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return finish(fd, (int)say(fd));
}

/* Out of another process: "PID:FD". */
static int taken(const char *variable)
{
	const char *from = getenv(variable), *colon = from ? strchr(from, ':') : NULL;
	int pidfd, fd;

	if (!colon)
		return ENOENT;
	pidfd = pidfd_open(atoi(from), 0);
	if (pidfd < 0)
		return errno;
	fd = pidfd_getfd(pidfd, atoi(colon + 1), 0);
	if (fd < 0)
		return finish(pidfd, -1);
	close(pidfd);
	return finish(fd, (int)say(fd));
}

#endif /* WEIR_TEST_REACH_FILES_H */
