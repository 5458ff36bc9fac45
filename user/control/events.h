/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_EVENTS_H
#define WEIR_EVENTS_H

/*
 * The daemon's events: kept for readers, told to those who wait, and logged.
 *
 *	event loop ─┐                    ┌─> ring ──> weir_events_read(), any thread
 *	pacer ──────┴─> weir_events_emit ┼─> log, or journal with fields
 *	                                 └─> eventfd ──> event loop ──> those who wait
 *
 * Emitting never blocks for long and never fails: the pacer does it at real-time priority, so
 * the lock lends its holder that priority, and the log is written by the event loop.
 */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "base/cleanup.h"
#include "model/event.h"

struct weir_error;
struct weir_events;

#define WEIR_EVENTS_KEPT    2048 /* the newest so many */
#define WEIR_EVENTS_WAITERS 64 /* more than that: -EDQUOT */

int weir_events_new(sd_event *event, struct weir_events **ret, struct weir_error *err);
/* Those who wait are told first. NULL is fine. Returns NULL. */
struct weir_events *weir_events_free(struct weir_events *events);
WEIR_DEFINE_CLEANUP(struct weir_events, weir_events_free);

/* On any thread. The event is copied and gets its number and time. */
void weir_events_emit(struct weir_events *events, const struct weir_event *event);

/*
 * Call @fn for each event that is kept, with a number above @since, of container @id (NULL: of
 * any), in order, on any thread; @fn is called without the lock, so others may emit meanwhile.
 * Returns the number to go on from; *@lost: how many above @since are kept no more. A @since
 * that was never given is of an earlier daemon: there is nothing above it, and less is returned.
 */
typedef void weir_event_fn(const struct weir_event *event, void *data);
uint64_t weir_events_read(struct weir_events *events, uint64_t since, const char *id,
			  weir_event_fn *fn, void *data, uint64_t *lost);

/* Does it pay to read: is there an event above @since of @id, or was @since never given? */
bool weir_events_ready(struct weir_events *events, uint64_t since, const char *id);

/* How many above @since are kept no more. */
uint64_t weir_events_lost(struct weir_events *events, uint64_t since);

/* When numbering began, CLOCK_REALTIME. Numbers from before that say nothing here. */
uint64_t weir_events_epoch_us(const struct weir_events *events);

/*
 * Have @fn called once, on the loop's thread: when it pays to read, after @wait_ms, or when the
 * events are freed, whichever is first; before this returns if it pays already. On the loop's
 * thread. -EDQUOT: too many wait.
 */
typedef void weir_events_fn(void *data);
int weir_events_wait(struct weir_events *events, uint64_t since, const char *id, uint64_t wait_ms,
		     weir_events_fn *fn, void *data, struct weir_error *err);
/* The waiter went away. */
void weir_events_unwait(struct weir_events *events, weir_events_fn *fn, void *data);

#endif /* WEIR_EVENTS_H */
