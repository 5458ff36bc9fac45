/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_KEEP_H
#define WEIR_KEEP_H

/*
 * On cgroup v2: that nobody takes the controllers of containers away.
 *
 * systemd does once none of its units asks for one, at a daemon-reload or when somebody logs out, and
 * what was set by it is gone then, daemon or no daemon. The kernel refuses that (EBUSY, which systemd
 * takes for an answer) while a child of the group hands the controller on to its own children. So an
 * empty group that does lies beside the containers, one for all daemons there. It begins with what no
 * prefix begins with, so it is nobody's container.
 */

struct weir_error;
struct weir_groups;

#define WEIR_KEEPER "@weir"

/*
 * See to it. 0: all is as it should be, or there are no controllers to keep; 1: they had been taken, and
 * what was set by them is lost.
 */
int weir_groups_keep(const struct weir_groups *groups, struct weir_error *err);

/* Nothing has to be kept any more. Other daemons make it again. */
void weir_groups_unkeep(const struct weir_groups *groups);

#endif /* WEIR_KEEP_H */
