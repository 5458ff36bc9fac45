/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_SQUEEZE_H
#define WEIR_SQUEEZE_H

/*
 * The squeeze: while the node is short of memory, what containers use beyond their requests is
 * taken back, from the largest excess first, by the softest means that works:
 *
 *	reclaim      ask the kernel to free some of it      memory.reclaim
 *	  │ brings nothing
 *	hold         let it grow no further, then press     memory.high, never under the request
 *	  │ and the node comes below its minimum
 *	kill         the one with the largest excess
 *
 *	available ── ok ─── low ─── min ── 0
 *	             │       │       └ what can't be had softly is had by a kill
 *	             │       └ short: from here on memory is taken back
 *	             └ until so much is available again; then, after a while, what holds is let go
 *
 * A container within its request is never touched, nor one that is exempt. A level is judged by
 * what is available, not by stalls: those who are held stall, too, and would call for more.
 *
 * Pure: time is an argument, samples come from whoever has them, and what is wanted is returned as
 * data. One thread at a time.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/abi.h"

struct weir_squeeze_params {
	uint64_t min_bytes, low_bytes, ok_bytes; /* of memory available on the node; rising */
	uint64_t step_bytes; /* taken from one container in a tick, or given back to it */
	uint64_t calm_ns; /* above ok for so long before anything is given back, */
	uint64_t relax_ns; /* and between two steps of that */
	uint64_t settle_ns; /* from a kill to the next: the memory of the dead comes back late */
	unsigned int patience; /* steps that bring nothing before the next means is tried */
};

/* The three levels, in thousandths of the node's memory: rising, at most 1000. */
struct weir_squeeze_marks {
	uint32_t min, low, ok;
};

/* For a node of @node_bytes: its marks, and steps of 1/256. */
void weir_squeeze_params_for(uint64_t node_bytes, const struct weir_squeeze_marks *marks,
			     struct weir_squeeze_params *ret);

enum weir_squeeze_means {
	WEIR_SQUEEZE_NONE,
	WEIR_SQUEEZE_RECLAIM,
	WEIR_SQUEEZE_HOLD,
	WEIR_SQUEEZE_KILL,
};

const char *weir_squeeze_means_name(enum weir_squeeze_means means); /* "none", "reclaim" … */

/* One container. Set the first part before each tick; the rest is the squeeze's, zeroed at first. */
struct weir_squeeze_member {
	uint64_t request_bytes;
	uint64_t used_bytes;
	bool exempt; /* asked to be left alone, or has ended */

	enum weir_squeeze_means means; /* the strongest in use on it */
	uint64_t high_bytes; /* its memory.high as wanted last; 0: none was */
	uint64_t asked_bytes; /* it was to come down to this since the last tick; 0: not asked */
	uint64_t before_bytes; /* and had this then */
	uint64_t relaxed_ns; /* when it was last given something back */
	unsigned int fruitless; /* steps in a row that brought less than half of what was asked */
};

/* Bounded: what is beyond waits for the next tick. */
#define WEIR_SQUEEZE_MAX_ACTIONS 16

struct weir_squeeze_action {
	enum weir_squeeze_means means; /* NONE: it is let go, high is WEIR_INFINITE */
	size_t member; /* which, in the order they were given */
	uint64_t
		bytes; /* RECLAIM: usage to come down to. HOLD, NONE: memory.high. KILL: the excess */
};

struct weir_squeeze_plan {
	size_t n;
	struct weir_squeeze_action actions[WEIR_SQUEEZE_MAX_ACTIONS];
};

/* The node. Zeroed but for the parameters, it is one that was never short. */
struct weir_squeeze {
	struct weir_squeeze_params params;
	bool is_short;
	uint64_t calm_since_ns; /* 0: it is short now */
	uint64_t killed_ns; /* 0: never */
};

/*
 * A tick: what to do now that @available_bytes are left (MemAvailable). @now_ns only ever rises,
 * and is not 0. What it says has been taken note of in @members as if done: a failure shows at
 * the next tick as memory that did not come back.
 */
void weir_squeeze_tick(struct weir_squeeze *squeeze, uint64_t available_bytes, uint64_t now_ns,
		       struct weir_squeeze_member *members, size_t n_members,
		       struct weir_squeeze_plan *ret);

/* Is anything held, or the node short? If not, seldom is often enough. */
bool weir_squeeze_at_work(const struct weir_squeeze *squeeze,
			  const struct weir_squeeze_member *members, size_t n_members);

/* What @member uses beyond its request; 0 for one that is exempt. */
uint64_t weir_squeeze_excess(const struct weir_squeeze_member *member);

#endif /* WEIR_SQUEEZE_H */
