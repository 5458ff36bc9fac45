/* SPDX-License-Identifier: Apache-2.0 */
/* What verbs that ask the daemon begin and end with. */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "cli/cli.h"
#include "cli/text.h"
#include "weir/weir.h"

struct weir_client *weir_connect(const struct weir_globals *globals)
{
	struct weir_client *client;
	int r = weir_client_new(globals->socket, &client);

	if (r == 0)
		return client;
	if (r == -ENAMETOOLONG)
		weir_say("the socket's path is too long: a unix socket's has at most 107 bytes");
	else
		weir_say("%s", strerror(-r));
	return NULL;
}

void weir_disconnectp(struct weir_client **client)
{
	weir_client_free(*client);
}

int weir_exit_of_errno(int r)
{
	switch (r) {
	case 0:
		return WEIR_EXIT_OK;
	case -ENOENT:
		return WEIR_EXIT_NO_CONTAINER;
	case -EINVAL:
	case -EPERM:
	case -ENOSPC:
		return WEIR_EXIT_REFUSED;
	case -ECONNREFUSED:
		return WEIR_EXIT_NO_DAEMON;
	default:
		return WEIR_EXIT_FAILED;
	}
}

int weir_failed(const struct weir_client *client, int r)
{
	weir_say("%s", weir_client_error(client));
	return weir_exit_of_errno(r);
}

int weir_code_of_status(int status)
{
	return WIFSIGNALED(status) ? WEIR_EXIT_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}
