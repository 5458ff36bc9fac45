/* SPDX-License-Identifier: Apache-2.0 */
#include "model/event.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

struct weir_event_ring {
	size_t capacity;
	uint64_t last; /* number of the newest; 0: none */
	struct weir_event events[]; /* number n lies at (n - 1) % capacity */
};

const char *weir_event_name(enum weir_event_kind kind)
{
	static const char *const names[WEIR_EVENT_COUNT_] = {
		[WEIR_EVENT_LAUNCHED] = "launched",   [WEIR_EVENT_UPDATED] = "updated",
		[WEIR_EVENT_PENDING] = "pending",     [WEIR_EVENT_SETTLED] = "settled",
		[WEIR_EVENT_DEMOTED] = "demoted",     [WEIR_EVENT_PROMOTED] = "promoted",
		[WEIR_EVENT_SQUEEZED] = "squeezed",   [WEIR_EVENT_RELEASED] = "released",
		[WEIR_EVENT_PAUSED] = "paused",	      [WEIR_EVENT_RESUMED] = "resumed",
		[WEIR_EVENT_CONTESTED] = "contested", [WEIR_EVENT_ENDED] = "ended",
		[WEIR_EVENT_DENIED] = "denied",	      [WEIR_EVENT_OPERATED] = "operated",
	};

	assert(kind < WEIR_EVENT_COUNT_);
	return names[kind];
}

void weir_event_init(struct weir_event *event, enum weir_event_kind kind, const char *id,
		     const char *cause)
{
	*event = (struct weir_event){ .kind = kind, .cause = cause };
	snprintf(event->id, sizeof(event->id), "%s", id);
}

void weir_event_add(struct weir_event *event, const char *name, uint64_t value)
{
	assert(event->n_figures < WEIR_EVENT_MAX_FIGURES);
	event->figures[event->n_figures++] = (struct weir_event_figure){ name, value };
}

void weir_event_say(struct weir_event *event, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(event->text, sizeof(event->text), fmt, args);
	va_end(args);
}

int weir_event_ring_new(size_t capacity, struct weir_event_ring **ret, struct weir_error *err)
{
	struct weir_event_ring *ring;

	assert(capacity > 0);
	ring = calloc(1, sizeof(*ring) + capacity * sizeof(ring->events[0]));
	if (!ring)
		return weir_fail_memory(err);
	ring->capacity = capacity;
	*ret = ring;
	return 0;
}

struct weir_event_ring *weir_event_ring_free(struct weir_event_ring *ring)
{
	free(ring);
	return NULL;
}

uint64_t weir_event_ring_push(struct weir_event_ring *ring, const struct weir_event *event,
			      uint64_t at_us)
{
	struct weir_event *place = &ring->events[ring->last % ring->capacity];

	*place = *event;
	place->seq = ++ring->last;
	place->at_us = at_us;
	return ring->last;
}

uint64_t weir_event_ring_last(const struct weir_event_ring *ring)
{
	return ring->last;
}

const struct weir_event *weir_event_ring_next(const struct weir_event_ring *ring, uint64_t since,
					      const char *id, uint64_t *lost)
{
	uint64_t dropped = ring->last > ring->capacity ? ring->last - ring->capacity : 0;

	if (since < dropped) {
		if (lost)
			*lost += dropped - since;
		since = dropped;
	}
	for (; since < ring->last; since++) {
		const struct weir_event *event = &ring->events[since % ring->capacity];

		if (!id || strcmp(event->id, id) == 0)
			return event;
	}
	return NULL;
}
