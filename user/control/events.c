/* SPDX-License-Identifier: Apache-2.0 */
#include "control/events.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "control/events_log.h"

#define LOG_BATCH	 64 /* in one turn of the loop, which has other things to do */
#define WAIT_ACCURACY_US 10000

struct waiter {
	struct weir_events *events;
	struct waiter *next;
	weir_events_fn *fn;
	void *data;
	sd_event_source *timer;
	uint64_t since;
	bool of_one, ready;
	char id[WEIR_NAME_MAX + 1];
};

struct weir_events {
	sd_event *event; /* borrowed */
	sd_event_source *source;
	int fd; /* an eventfd: something has happened */
	uint64_t epoch_us;

	pthread_mutex_t lock; /* guards the ring alone; the rest is the loop's */
	struct weir_event_ring *ring;

	struct waiter *waiters; /* newest first */
	size_t n_waiters;
	uint64_t logged; /* up to this number */
	bool to_journal;
};

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static void look_again(struct weir_events *events)
{
	eventfd_write(events->fd, 1); /* fails only when nobody has looked 2^64 times */
}

void weir_events_emit(struct weir_events *events, const struct weir_event *event)
{
	pthread_mutex_lock(&events->lock);
	weir_event_ring_push(events->ring, event, now_us());
	pthread_mutex_unlock(&events->lock);
	look_again(events);
}

/* ---- Reading ---- */

/* A copy of the next one, so that nobody is kept waiting while it is looked at. */
static bool take_next(struct weir_events *events, uint64_t since, const char *id,
		      struct weir_event *ret, uint64_t *lost, uint64_t *ret_last)
{
	const struct weir_event *event;

	pthread_mutex_lock(&events->lock);
	event = weir_event_ring_next(events->ring, since, id, lost);
	if (event)
		*ret = *event;
	*ret_last = weir_event_ring_last(events->ring);
	pthread_mutex_unlock(&events->lock);
	return event;
}

uint64_t weir_events_read(struct weir_events *events, uint64_t since, const char *id,
			  weir_event_fn *fn, void *data, uint64_t *lost)
{
	struct weir_event event;
	uint64_t last;

	*lost = 0;
	/* As many as may be kept: who is overtaken while it reads comes to an end, too. */
	for (size_t n = 0; n < WEIR_EVENTS_KEPT; n++) {
		if (!take_next(events, since, id, &event, lost, &last))
			return last;
		fn(&event, data);
		since = event.seq;
	}
	return since;
}

bool weir_events_ready(struct weir_events *events, uint64_t since, const char *id)
{
	bool ready;

	pthread_mutex_lock(&events->lock);
	ready = since > weir_event_ring_last(events->ring) ||
		weir_event_ring_next(events->ring, since, id, NULL);
	pthread_mutex_unlock(&events->lock);
	return ready;
}

uint64_t weir_events_lost(struct weir_events *events, uint64_t since)
{
	uint64_t lost = 0;

	pthread_mutex_lock(&events->lock);
	weir_event_ring_next(events->ring, since, NULL, &lost);
	pthread_mutex_unlock(&events->lock);
	return lost;
}

uint64_t weir_events_epoch_us(const struct weir_events *events)
{
	return events->epoch_us;
}

/* ---- Waiting ---- */

/* It is gone before it is told, and so may wait again. */
static void tell(struct waiter *waiter)
{
	struct weir_events *events = waiter->events;
	weir_events_fn *fn = waiter->fn;
	void *data = waiter->data;

	weir_events_unwait(events, fn, data);
	fn(data);
}

static int on_time(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source;
	(void)usec;
	tell(data);
	return 0;
}

static bool is_ready(struct weir_events *events, struct waiter *waiter)
{
	const char *id = waiter->of_one ? waiter->id : NULL;
	uint64_t last;
	bool ready;

	pthread_mutex_lock(&events->lock);
	last = weir_event_ring_last(events->ring);
	ready = weir_event_ring_next(events->ring, waiter->since, id, NULL);
	pthread_mutex_unlock(&events->lock);
	waiter->since = last; /* what is no news to it need not be looked at twice */
	return ready;
}

static void tell_ready(struct weir_events *events)
{
	struct waiter *waiter;

	for (waiter = events->waiters; waiter; waiter = waiter->next)
		waiter->ready = is_ready(events, waiter);
	/* Whoever is told may wait again, or have others wait no more: so from the start each time. */
	do {
		for (waiter = events->waiters; waiter && !waiter->ready; waiter = waiter->next)
			;
		if (waiter)
			tell(waiter);
	} while (waiter);
}

int weir_events_wait(struct weir_events *events, uint64_t since, const char *id, uint64_t wait_ms,
		     weir_events_fn *fn, void *data, struct weir_error *err)
{
	scoped(freep) struct waiter *waiter = NULL;
	int r;

	if (wait_ms == 0 || weir_events_ready(events, since, id)) {
		fn(data);
		return 0;
	}
	if (events->n_waiters >= WEIR_EVENTS_WAITERS)
		return weir_fail(err, -EDQUOT, "%zu wait for events already, which is the most",
				 events->n_waiters);
	waiter = calloc(1, sizeof(*waiter));
	if (!waiter)
		return weir_fail_memory(err);
	waiter->events = events;
	waiter->fn = fn;
	waiter->data = data;
	waiter->since = since;
	waiter->of_one = id;
	if (id)
		strncpy(waiter->id, id, sizeof(waiter->id) - 1);
	r = sd_event_add_time_relative(events->event, &waiter->timer, CLOCK_MONOTONIC,
				       wait_ms * 1000, WAIT_ACCURACY_US, on_time, waiter);
	if (r < 0)
		return weir_fail(err, r, "wait for %" PRIu64 " ms: %s", wait_ms, strerror(-r));
	waiter->next = events->waiters;
	events->waiters = take_ptr(waiter);
	events->n_waiters++;
	return 0;
}

void weir_events_unwait(struct weir_events *events, weir_events_fn *fn, void *data)
{
	for (struct waiter **at = &events->waiters; *at; at = &(*at)->next) {
		struct waiter *waiter = *at;

		if (waiter->fn != fn || waiter->data != data)
			continue;
		*at = waiter->next;
		events->n_waiters--;
		sd_event_source_disable_unref(waiter->timer);
		free(waiter);
		return;
	}
}

/* ---- Logging ---- */

/* At most @max. Is there more? */
static bool log_some(struct weir_events *events, size_t max)
{
	struct weir_event event;
	uint64_t lost = 0, last = 0;

	for (size_t n = 0; n < max; n++) {
		if (!take_next(events, events->logged, NULL, &event, &lost, &last))
			return false;
		if (lost)
			weir_warn("%" PRIu64 " events came too fast to be logged", lost);
		lost = 0;
		events->logged = event.seq;
		weir_event_log(&event, events->to_journal);
	}
	return events->logged < last;
}

static int on_readable(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	struct weir_events *events = data;
	eventfd_t ignored;

	(void)source;
	(void)revents;

	eventfd_read(fd, &ignored);
	if (log_some(events, LOG_BATCH))
		look_again(events);
	tell_ready(events);
	return 0;
}

/* ---- Its life ---- */

/* Whoever holds the lock must not be kept from running by those that the pacer is to demote. */
static int init_lock(struct weir_events *events, struct weir_error *err)
{
	pthread_mutexattr_t attr;
	int r;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	r = pthread_mutex_init(&events->lock, &attr);
	pthread_mutexattr_destroy(&attr);
	return r ? weir_fail(err, -r, "make a lock: %s", strerror(r)) : 0;
}

int weir_events_new(sd_event *event, struct weir_events **ret, struct weir_error *err)
{
	scoped(weir_events_freep) struct weir_events *events = NULL;
	int r;

	events = calloc(1, sizeof(*events));
	if (!events)
		return weir_fail_memory(err);
	events->event = event;
	events->epoch_us = now_us();
	events->to_journal = weir_events_to_journal(STDERR_FILENO, getenv("JOURNAL_STREAM"));
	events->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (events->fd < 0)
		return weir_fail(err, -errno, "eventfd: %s", strerror(errno));
	if (init_lock(events, err) < 0 ||
	    weir_event_ring_new(WEIR_EVENTS_KEPT, &events->ring, err) < 0)
		return err->code;
	r = sd_event_add_io(event, &events->source, events->fd, EPOLLIN, on_readable, events);
	if (r < 0)
		return weir_fail(err, r, "watch for events: %s", strerror(-r));
	*ret = take_ptr(events);
	return 0;
}

struct weir_events *weir_events_free(struct weir_events *events)
{
	if (!events)
		return NULL;
	while (events->waiters)
		tell(events->waiters);
	if (events->ring)
		log_some(events, WEIR_EVENTS_KEPT);
	sd_event_source_disable_unref(events->source);
	close_fd(events->fd);
	weir_event_ring_free(events->ring);
	pthread_mutex_destroy(&events->lock);
	free(events);
	return NULL;
}
