/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_SQUEEZER_H
#define WEIR_SQUEEZER_H

/*
 * The squeezer: while the node is short of memory, takes back what containers use beyond their
 * requests. Whose, and by which means, is the planner's to say (model/squeeze.h).
 *
 *	PSI trigger, or each second ──> MemAvailable ──enough──> back to sleep
 *	                                     │ short, or somebody is held: ten times a second
 *	                                     ▼
 *	          what each one uses ──> planner ──> memory.reclaim, memory.high (the worker's),
 *	                                             cgroup.kill
 *
 * On the event loop's thread. Fails open: what can't be read or written is said once, and the
 * kernel's own killer has its order from oom_score_adj.
 */

#include "base/cleanup.h"

struct weir_controller;
struct weir_error;
struct weir_squeezer;

int weir_squeezer_new(struct weir_controller *controller, struct weir_squeezer **ret,
		      struct weir_error *err);
/* What is held stays held: the next daemon lets it go. NULL is fine. Returns NULL. */
struct weir_squeezer *weir_squeezer_free(struct weir_squeezer *squeezer);
WEIR_DEFINE_CLEANUP(struct weir_squeezer, weir_squeezer_free);

#endif /* WEIR_SQUEEZER_H */
