/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_SPAWN_INTERNAL_H
#define WEIR_SPAWN_INTERNAL_H

/* What the two halves of weir_spawn() share: spawn.c prepares, spawn_child.c is the child. */

#include "base/confine.h"
#include "base/privileges.h"
#include "base/user.h"
#include "kern/process.h"

/* All that the child needs, ready to use. */
struct launch {
	const struct weir_spawn *spawn;
	struct weir_user user;
	struct weir_privileges privileges;
	struct weir_confine confine;
	char *candidates; /* paths to try, NUL-terminated one after the other, "" at the end */
	char oom_score_adj[16];
	int stdio[3]; /* all above 2, so that dup2() to one never hits another */
	int report_fd;
};

/* In this order: scheduling before the v1 groups, everything that needs root before the user. */
enum step {
	STEP_SCHEDULING,
	STEP_OOM_SCORE,
	STEP_JOIN,
	STEP_BINDS,
	STEP_CANARY,
	STEP_SESSION,
	STEP_SIGNALS,
	STEP_FD_LIMIT,
	STEP_LIMITS,
	STEP_FDS,
	STEP_CONFINE,
	STEP_BOUND,
	STEP_FILTER,
	STEP_USER,
	STEP_KEEP,
	STEP_WORKDIR,
	STEP_EXEC,
};

struct report {
	enum step step;
	int error; /* errno */
};

/* The child, from clone3() to exec(). @data is a struct launch; failures go to its report_fd. */
_Noreturn void run_child(const void *data);

/* What @step was to do, for a sentence that ends with an errno's text. */
const char *step_name(enum step step);

#endif /* WEIR_SPAWN_INTERNAL_H */
