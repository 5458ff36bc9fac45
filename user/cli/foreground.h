/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLI_FOREGROUND_H
#define WEIR_CLI_FOREGROUND_H

/*
 * Being the parent of a command that shares our terminal, session and process group.
 *
 * What the terminal sends reaches the command by itself, so we ignore it; what is sent to us
 * alone (SIGTERM, SIGHUP) is passed on; when the command stops we stop too, so that the shell
 * takes over. The terminal itself is never touched.
 */

#include <signal.h>
#include <sys/types.h>

#define WEIR_FOREGROUND_SIGNALS 6

struct weir_foreground {
	sigset_t mask, watched;
	struct sigaction actions[WEIR_FOREGROUND_SIGNALS];
};

/* Before the fork, so that no signal falls into a gap. */
void weir_foreground_begin(struct weir_foreground *foreground);
/* In the child, and when all is over: everything as it was. Takes a struct weir_foreground *. */
void weir_foreground_restore(void *data);

/* Until @pid, a child, has ended: its status as from wait(2). */
int weir_foreground_wait(const struct weir_foreground *foreground, pid_t pid);

#endif /* WEIR_CLI_FOREGROUND_H */
