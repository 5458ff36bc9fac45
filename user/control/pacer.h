/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_PACER_H
#define WEIR_PACER_H

/*
 * The pacer: moves containers between the bands, on a thread of its own.
 *
 * It looks at the slots and run queues each 4 ms while a quarter of the CPU time or more is in use, else
 * ten times a second, and never while there is no container. What to do is the planner's to say
 * (model/bands.h); cpu.idle and, behind it, the weight are all that it writes. It runs at
 * real-time priority where it may, so as not to queue behind those it is to move.
 *
 * With a parent above them all, that one goes first into the idle class and last out of it.
 *
 * Fails open: a group that can't be written is left as it is and said once; when the daemon is
 * gone each keeps its band, and so at least what the idle class gets.
 */

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "model/bands.h"

struct weir_bpf;
struct weir_cgroup_knobs;
struct weir_container;
struct weir_error;
struct weir_events;
struct weir_groups;
struct weir_pacer;

struct weir_pacer_options {
	const struct weir_groups *groups; /* as long as the pacer lives, like @bpf */
	struct weir_bpf *bpf;
	struct weir_events *events; /* is told of each move */
	unsigned int n_cpus; /* that are online */
	struct weir_pacer_rules {
		bool enabled; /* false: everybody is in the normal class, and nothing is written */
		bool dry_run; /* tell what would be done, and do not do it */
		bool turns; /* in the idle class, shorter ones than the kernel's tick: kern/turns.h */
		struct weir_band_params params;
	} rules;
};

int weir_pacer_new(const struct weir_pacer_options *options, struct weir_pacer **ret,
		   struct weir_error *err);
/* Begin to move them. After a restart: once all that were there before have been added. */
int weir_pacer_start(struct weir_pacer *pacer, struct weir_error *err);
/* Ends the thread and puts everybody back into the normal class. NULL is fine. Returns NULL. */
struct weir_pacer *weir_pacer_free(struct weir_pacer *pacer);
WEIR_DEFINE_CLEANUP(struct weir_pacer, weir_pacer_free);

/* From here on @container, which has a slot and groups, is paced. After a restart it may be in the idle class. */
int weir_pacer_add(struct weir_pacer *pacer, const struct weir_container *container,
		   struct weir_error *err);
/* Its figures are others now. Who is not paced is ignored, here and below. */
void weir_pacer_change(struct weir_pacer *pacer, const struct weir_container *container);
void weir_pacer_remove(struct weir_pacer *pacer, const struct weir_container *container);

/* Off, or from a dry run to a real one or back: everybody begins in the normal class. */
void weir_pacer_tune(struct weir_pacer *pacer, const struct weir_pacer_rules *rules);

/*
 * Read the knobs of @container, paced or not, while nobody moves it. If somebody else has changed the
 * class or, in the normal one, the weight of one that is paced, it is set right, and what was found
 * is in *@ret and *@ret_idle. -ENOENT: its group is gone.
 */
enum weir_pacer_found {
	WEIR_PACER_UNPACED, /* its class and weight are not written here */
	WEIR_PACER_NOTHING,
	WEIR_PACER_CLASS,
	WEIR_PACER_WEIGHT,
};
int weir_pacer_check(struct weir_pacer *pacer, const struct weir_container *container,
		     struct weir_cgroup_knobs *ret, bool *ret_idle, struct weir_error *err);

/* Write the weight; of one that is in the idle class, when it comes out of it. */
int weir_pacer_set_weight(struct weir_pacer *pacer, const struct weir_container *container,
			  uint64_t mcpu, struct weir_error *err);

#endif /* WEIR_PACER_H */
