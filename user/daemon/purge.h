/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_PURGE_H
#define WEIR_PURGE_H

/* `weir-daemon --purge`: take away what weir keeps, which nothing else ever does. */

struct weir_error;
struct weir_options;

/*
 * Remove cgroups under the prefix, pins, database, logs, and a dead daemon's socket. Configuration
 * stays. With options->force, containers that run are killed first.
 *
 * -EBUSY: a daemon is running, or or options->force is not set and a container is, or there are
 * volumes, which stay with it, too; nothing has been removed then.
 */
int weir_purge(const struct weir_options *options, struct weir_error *err);

#endif /* WEIR_PURGE_H */
