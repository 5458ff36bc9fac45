/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/end.h"

#include <errno.h>
#include <signal.h>

#include "cli/cli.h"
#include "weir/weir.h"

#define KILL_PATIENCE_MS 30000 /* the kernel may have memory to write out first */

int weir_end_by_force(struct weir_client *client, const char *id)
{
	struct weir_wait_result result;
	int r;

	r = weir_client_kill(client, id, SIGKILL);
	if (r == 0)
		r = weir_client_wait(client, id, KILL_PATIENCE_MS, &result);
	return r < 0 && r != -ENOENT ? weir_failed(client, r) : WEIR_EXIT_OK;
}
