/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_EVENT_H
#define WEIR_EVENT_H

/*
 * Events: what happened to a container, why, and the figures that made it so.
 *
 *	emitter ──> weir_event ──> ring (the newest so many) ──> readers, by sequence number
 *
 * A reader says the last number it has seen and gets what came later; from a gap it learns how
 * many it missed. Pure: times are given, nobody is woken (control/events.h does that).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "weir/abi.h"

struct weir_error;

enum weir_event_kind {
	WEIR_EVENT_LAUNCHED, /* its command is executed */
	WEIR_EVENT_UPDATED, /* other figures are in force */
	WEIR_EVENT_PENDING, /* a memory limit waits for usage to fall */
	WEIR_EVENT_SETTLED, /* it waits no more */
	WEIR_EVENT_DEMOTED, /* into the idle class */
	WEIR_EVENT_PROMOTED, /* back into the normal one */
	WEIR_EVENT_SQUEEZED, /* memory is taken back from it; with the cause "kill" by ending it */
	WEIR_EVENT_RELEASED, /* nothing holds its memory any more */
	WEIR_EVENT_PAUSED, /* none of it runs */
	WEIR_EVENT_RESUMED, /* and it does again */
	WEIR_EVENT_CONTESTED, /* somebody else has written a knob of it */
	WEIR_EVENT_DENIED, /* by the fence: not each is told, but each is counted */
	WEIR_EVENT_OPERATED, /* reservations or volumes have changed */
	WEIR_EVENT_ENDED, /* exactly one of a container, the last */
	WEIR_EVENT_COUNT_,
};

const char *weir_event_name(enum weir_event_kind kind); /* "launched" … */

#define WEIR_EVENT_TEXT	       256
#define WEIR_EVENT_MAX_FIGURES 8

/* The unit is in the name: cpu_request_mcpu, excess_bytes, waited_ns. */
struct weir_event_figure {
	const char *name; /* static */
	uint64_t value; /* WEIR_INFINITE stands for "no limit" */
};

#define WEIR_EVENT_FRAMEWORK 128 /* bytes of an id; a longer one is cut */

struct weir_event {
	uint64_t seq; /* from 1 on, no number left out; the ring's to give */
	uint64_t at_us; /* CLOCK_REALTIME */
	enum weir_event_kind kind;
	const char *cause; /* static, one word: "over-request", "node-pressure", "limit" … */
	char id[WEIR_NAME_MAX + 1];
	char text[WEIR_EVENT_TEXT]; /* a sentence for people */
	/* Of a launch and of an end: of whom it is told, which may have gone when it is asked for. */
	char framework[WEIR_EVENT_FRAMEWORK + 1];
	bool is_executor;
	pid_t pid;
	size_t n_figures;
	struct weir_event_figure figures[WEIR_EVENT_MAX_FIGURES];
};

/* An event of container @id ("": of all of them) without text and figures. @cause is static. */
void weir_event_init(struct weir_event *event, enum weir_event_kind kind, const char *id,
		     const char *cause);
/* @name is static. There is room for WEIR_EVENT_MAX_FIGURES: more is a bug. */
void weir_event_add(struct weir_event *event, const char *name, uint64_t value);
void weir_event_say(struct weir_event *event, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

struct weir_event_ring;

int weir_event_ring_new(size_t capacity, struct weir_event_ring **ret, struct weir_error *err);
/* NULL is fine. Returns NULL. */
struct weir_event_ring *weir_event_ring_free(struct weir_event_ring *ring);
WEIR_DEFINE_CLEANUP(struct weir_event_ring, weir_event_ring_free);

/* Copied; the oldest makes room. Returns its number. */
uint64_t weir_event_ring_push(struct weir_event_ring *ring, const struct weir_event *event,
			      uint64_t at_us);

/* The number of the newest; 0: there was none. */
uint64_t weir_event_ring_last(const struct weir_event_ring *ring);

/*
 * The oldest kept with a number above @since, of container @id (NULL: of any); NULL: there is
 * none. Valid until the next push. *@lost grows by those above @since that were dropped before
 * anybody could ask for them, of whatever container; it may be NULL.
 */
const struct weir_event *weir_event_ring_next(const struct weir_event_ring *ring, uint64_t since,
					      const char *id, uint64_t *lost);

#endif /* WEIR_EVENT_H */
