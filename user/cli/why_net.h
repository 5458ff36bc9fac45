/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLI_WHY_NET_H
#define WEIR_CLI_WHY_NET_H

/* Of `weir why`: what a container may reach, and what was denied to it. An exit code. */

#include <stdbool.h>

struct weir_client;
struct weir_globals;

int weir_why_net(const struct weir_globals *globals, struct weir_client *client, const char *id,
		 bool json);

/* The last of its events, a line each; of this kind, unless it is NULL. */
int weir_print_lately(struct weir_client *client, const char *id, const char *kind);

#endif /* WEIR_CLI_WHY_NET_H */
