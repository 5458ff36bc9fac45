/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_PACER_INTERNAL_H
#define WEIR_PACER_INTERNAL_H

/* The pacer in two files: pacer.c looks and decides, pacer_move.c writes. All of it under the lock. */

#include <pthread.h>

#include "control/pacer.h"
#include "kern/bpf.h"
#include "model/bands.h"

#define NOBODY UINT32_MAX

struct paced {
	struct weir_band_member member;
	const struct weir_container *container; /* its id stays; the rest is the loop's */
	struct weir_slot *slot;
	uint32_t slot_index, generation;
	uint64_t weight_mcpu; /* to be written when it comes out of the idle class */
	uint64_t cpu_ns; /* of this look */
	uint32_t waiting;
	uint64_t neighbour_ns; /* of its waits, those that were for others, at the last look */
	uint64_t written_ns; /* what the slot has of its bucket */
	bool lost; /* its group can't be written: let be */
};

struct weir_pacer {
	struct weir_pacer_options options;
	pthread_t thread;
	bool started;

	pthread_mutex_t lock; /* all below, and the knobs cpu.idle and weight */
	pthread_cond_t wake; /* the first is there, or it is time to stop */
	bool stop, blind, parent_lost; /* lost: as of a container */
	struct weir_turns *turns; /* NULL: there are none */
	uint64_t guarded_ns; /* when the parent was last looked at */
	bool bursting; /* somebody is in the idle class, or was at the last look */
	struct weir_bands bands; /* its parent is the groups', if they have one */
	struct paced *all;
	size_t n, size;
	uint32_t by_slot[WEIR_MAX_CONTAINERS]; /* index into all; NOBODY */
	uint32_t asked[WEIR_MAX_CONTAINERS], answers[WEIR_MAX_CONTAINERS]; /* of one look */
	struct weir_bpf_glance glance; /* the last one */
};

/* Move one, unless it is there or can't be moved; @dry: only tell. @cause: a word for the event. */
void weir_pacer_shift(struct weir_pacer *pacer, struct paced *paced, enum weir_band band,
		      const char *cause, bool dry);
/* The same, as a dry run if that is what this pacer does. */
void weir_pacer_move(struct weir_pacer *pacer, struct paced *paced, enum weir_band band,
		     const char *cause);
/* The parent before those inside go into the idle class; nothing where there is none. */
void weir_pacer_shift_parent(struct weir_pacer *pacer, enum weir_band band, bool dry);
/* Nobody may be in the idle class in a parent that is not. */
bool weir_pacer_may_be(const struct weir_pacer *pacer, enum weir_band band);
/* After moves: the parent after the last of those inside, and turns while somebody is in the idle class. */
void weir_pacer_settle(struct weir_pacer *pacer);
void weir_pacer_bring_all_back(struct weir_pacer *pacer);
/* Whose group the parent is may write there, too, as systemd does at each daemon-reload. */
void weir_pacer_guard_parent(struct weir_pacer *pacer);
/* As weir_pacer_check(), of one that is paced; @is was read under the lock. */
int weir_pacer_set_right(struct weir_pacer *pacer, struct paced *paced,
			 const struct weir_cgroup_knobs *is, bool *ret_idle,
			 struct weir_error *err);

#endif /* WEIR_PACER_INTERNAL_H */
