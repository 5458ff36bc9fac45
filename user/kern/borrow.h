/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_BORROW_H
#define WEIR_BORROW_H

/*
 * clone3() as vfork() does it: the child borrows the caller's memory instead of copying it, and
 * the calling thread waits until the child executes or exits. To copy the daemon's, and to throw
 * the copy away in exec(), takes about a third of a launch.
 */

#include <linux/sched.h>
#include <sys/types.h>

typedef void weir_child_fn(const void *data);

/*
 * Call @fn, which must not return, in the child on a stack of some 30 KiB. It may use nothing but
 * async-signal-safe calls, must leave @data as it is, and must not become another user: who may
 * trace that one could read the caller's memory.
 * Returns the child's pid or -errno. -ENOSYS: not on this architecture, or under a sanitizer;
 * nothing was tried.
 */
pid_t weir_clone_borrowing(struct clone_args *args, weir_child_fn *fn, const void *data);

#endif /* WEIR_BORROW_H */
