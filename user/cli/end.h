/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLI_END_H
#define WEIR_CLI_END_H

/* How containers are brought to their end, for stop and rm. */

struct weir_client;

/*
 * SIGKILL to everything inside, and wait until it has ended. One that ended meanwhile, or is
 * gone altogether, is as wanted. An exit code.
 */
int weir_end_by_force(struct weir_client *client, const char *id);

#endif /* WEIR_CLI_END_H */
