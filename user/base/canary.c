/* SPDX-License-Identifier: Apache-2.0 */
#include "base/canary.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "weir/abi_fence.h"

int weir_canary(void)
{
	const struct sockaddr_in nobody = { .sin_family = AF_INET,
					    .sin_port = htons(WEIR_CANARY_PORT),
					    .sin_addr.s_addr = htonl(WEIR_CANARY_ADDRESS) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int error = fd < 0 ? errno : 0;

	/* Of UDP: nothing is sent, and without a fence it succeeds, or there is no route. */
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&nobody, sizeof(nobody)) < 0)
		error = errno;
	if (fd >= 0)
		close(fd);
	if (error == EPERM || error == EACCES)
		return 0;
	errno = fd < 0 ? error : ENOTCONN;
	return -1;
}
