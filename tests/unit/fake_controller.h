/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_FAKE_CONTROLLER_H
#define WEIR_FAKE_CONTROLLER_H

/*
 * A controller without a kernel: it keeps ids, remembers what it was last told, and fails on
 * demand by the name of the container ("full", "broken"). Defines all of control/controller.h,
 * so that a test which includes it links without control/. Include it in one file.
 *
 * KILL_CONTAINER ends a container at once: that is how tests make things happen. Launches and
 * ends are events; who waits for one waits for any.
 */

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "control/controller.h"
#include "model/event.h"

#ifndef FAKE_MAX_CONTAINERS
#define FAKE_MAX_CONTAINERS 1024
#endif
#define FAKE_MAX_WAITERS 4
#define FAKE_EVENTS	 3 /* kept */
#define FAKE_EPOCH_US	 1764000000000000

struct fake_waiter {
	weir_end_fn *fn;
	void *data;
	char id[WEIR_ID_MAX + 1];
};

struct fake_events_waiter {
	weir_events_fn *fn;
	void *data;
};

struct weir_controller {
	pthread_rwlock_t lock;
	struct weir_container *containers[FAKE_MAX_CONTAINERS];
	size_t n;
	struct fake_waiter waiters[FAKE_MAX_WAITERS];
	size_t n_waiters;
	struct weir_event_ring *events;
	struct fake_events_waiter events_waiters[FAKE_MAX_WAITERS];
	size_t n_events_waiters;

	struct weir_peer last_peer;
	struct weir_ask last_ask;
	int last_pid;

	/* fake_views.h */
	_Atomic uint64_t changes;
	atomic_int reads_begun; /* of the whole state */
	atomic_bool holds_reads; /* they don't go on while it is set */
};

static struct weir_controller fake = { .lock = PTHREAD_RWLOCK_INITIALIZER };

static struct weir_container **fake_find(const char *id)
{
	for (size_t i = 0; i < fake.n; i++) {
		if (strcmp(fake.containers[i]->id, id) == 0)
			return &fake.containers[i];
	}
	return NULL;
}

static int fake_unknown(const char *id, struct weir_error *err)
{
	return weir_fail(err, -ENOENT, "container '%s': there is none", id);
}

#include "fake_tune.h"

static void fake_end(const struct weir_container *container)
{
	const struct weir_end end = {
		.status_known = container->status_known,
		.status = container->status,
		.reason = container->reason,
		.message = "it ended",
	};

	for (size_t i = fake.n_waiters; i-- > 0;) {
		struct fake_waiter waiter = fake.waiters[i];

		if (strcmp(waiter.id, container->id) != 0)
			continue;
		fake.waiters[i] = fake.waiters[--fake.n_waiters];
		waiter.fn(&end, waiter.data);
	}
}

static void fake_event(enum weir_event_kind kind, const char *id, const char *cause)
{
	struct fake_events_waiter waiters[FAKE_MAX_WAITERS];
	size_t n = fake.n_events_waiters;
	struct weir_event event;

	weir_event_init(&event, kind, id, cause);
	weir_event_add(&event, "cpu_limit_mcpu", WEIR_INFINITE);
	weir_event_add(&event, "cpu_ns", 7);
	weir_event_say(&event, "it \"%s\"", weir_event_name(kind));
	pthread_rwlock_wrlock(&fake.lock);
	if (fake.events ||
	    weir_event_ring_new(FAKE_EVENTS, &fake.events, &(struct weir_error){}) == 0)
		weir_event_ring_push(fake.events, &event, FAKE_EPOCH_US + 1);
	pthread_rwlock_unlock(&fake.lock);
	/* Who is told may wait again. */
	memcpy(waiters, fake.events_waiters, sizeof(waiters));
	fake.n_events_waiters = 0;
	for (size_t i = n; i-- > 0;)
		waiters[i].fn(waiters[i].data);
}

static void fake_reset(void)
{
	fake.events = weir_event_ring_free(fake.events);
	fake.n_events_waiters = 0;
	for (size_t i = 0; i < fake.n; i++)
		weir_container_free(fake.containers[i]);
	fake.n = 0;
	fake.n_waiters = 0;
}

int weir_controller_new(sd_event *event, const struct weir_controller_options *options,
			struct weir_controller **ret, struct weir_error *err)
{
	(void)event;
	(void)options;
	(void)err;

	*ret = &fake;
	return 0;
}

struct weir_controller *weir_controller_free(struct weir_controller *controller)
{
	(void)controller;

	fake_reset();
	return NULL;
}

int weir_controller_launch(struct weir_controller *controller, const struct weir_launch *launch,
			   struct weir_notes *notes, struct weir_join_paths *join,
			   struct weir_error *err)
{
	struct weir_container *container;

	if (strcmp(launch->id, "full") == 0)
		return weir_fail(err, -ENOSPC, "cpus: 9 wanted, 1 is free");
	if (strcmp(launch->id, "broken") == 0)
		return weir_fail(err, -EIO, "container 'broken': the kernel would not have it");
	if (fake_find(launch->id))
		return weir_fail(err, -EEXIST, "container '%s' is there already", launch->id);
	if (controller->n == FAKE_MAX_CONTAINERS)
		return weir_fail(err, -EDQUOT, "too many records");

	container = weir_container_new(launch->id);
	if (!container)
		return weir_fail_memory(err);
	container->argv = weir_strv_copy(launch->argv);
	container->user = launch->user ? strdup(launch->user) : NULL;
	container->state = WEIR_STATE_RUNNING;
	container->pid = 4711;
	container->pending_mem_limit_bytes = WEIR_ABSENT;
	container->figures = (struct weir_figures){ 500, WEIR_INFINITE, 64 << 20, 128 << 20, 0,
						    0,	 WEIR_INFINITE };
	controller->last_peer = launch->peer;
	controller->last_ask = launch->ask;
	if (launch->ask.cpu_request_mcpu == 1)
		strcpy(notes->text[notes->n++], "cpus request raised");
	join->n = 1;
	join->list[0].version = 2;
	strcpy(join->list[0].path, "/sys/fs/cgroup/weir.a");

	pthread_rwlock_wrlock(&controller->lock);
	controller->containers[controller->n++] = container;
	pthread_rwlock_unlock(&controller->lock);
	fake_event(WEIR_EVENT_LAUNCHED, launch->id, "detached");
	return 0;
}

int weir_controller_start(struct weir_controller *controller, const char *id, pid_t pid,
			  const struct weir_peer *peer, struct weir_error *err)
{
	if (!fake_find(id))
		return fake_unknown(id, err);
	if (pid == 1)
		return weir_fail(err, -EPERM, "process 1 is no child of %d", peer->pid);
	if (pid == controller->last_pid)
		return weir_fail(err, -EALREADY, "container '%s' was started", id);
	controller->last_pid = pid;
	return 0;
}

int weir_controller_update(struct weir_controller *controller, const char *id,
			   const struct weir_ask *change, struct weir_notes *notes,
			   bool *ret_pending, struct weir_error *err)
{
	(void)notes;

	if (!fake_find(id))
		return fake_unknown(id, err);
	if (change->cpu_limit_mcpu == 1)
		return weir_fail(err, -EINVAL, "cpus: limit 0.001 is below request 0.5");
	controller->last_ask = *change;
	*ret_pending = change->mem_limit_bytes == 1 << 20;
	return 0;
}

int weir_controller_kill(struct weir_controller *controller, const char *id, int signal,
			 struct weir_error *err)
{
	struct weir_container **slot = fake_find(id);
	struct weir_container *container;

	if (!slot || (*slot)->state == WEIR_STATE_EXITED)
		return fake_unknown(id, err);
	if (signal > 64)
		return weir_fail(err, -EINVAL, "%d is no signal", signal);

	container = *slot;
	pthread_rwlock_wrlock(&controller->lock);
	container->state = WEIR_STATE_EXITED;
	container->status_known = true;
	container->status = signal == 15 ? 0 : signal;
	container->reason = signal == 15  ? WEIR_REASON_SELF
			    : signal == 6 ? WEIR_REASON_LIMIT
					  : WEIR_REASON_KILLED;
	pthread_rwlock_unlock(&controller->lock);
	fake_event(WEIR_EVENT_ENDED, container->id, weir_reason_name(container->reason));
	fake_end(container);
	return 0;
}

int weir_controller_remove(struct weir_controller *controller, const char *id,
			   struct weir_error *err)
{
	struct weir_container **slot = fake_find(id);

	if (!slot)
		return fake_unknown(id, err);
	if ((*slot)->state != WEIR_STATE_EXITED)
		return weir_fail(err, -EBUSY, "container '%s' runs", id);

	pthread_rwlock_wrlock(&controller->lock);
	weir_container_free(*slot);
	*slot = controller->containers[--controller->n];
	pthread_rwlock_unlock(&controller->lock);
	return 0;
}

int weir_controller_wait(struct weir_controller *controller, const char *id, weir_end_fn *fn,
			 void *data, struct weir_error *err)
{
	struct weir_container **slot = fake_find(id);
	struct fake_waiter waiter = { fn, data, "" };

	if (!slot)
		return fake_unknown(id, err);
	if (controller->n_waiters == FAKE_MAX_WAITERS)
		return weir_fail(err, -EDQUOT, "too many wait");

	strcpy(waiter.id, id);
	controller->waiters[controller->n_waiters++] = waiter;
	if ((*slot)->state == WEIR_STATE_EXITED)
		fake_end(*slot);
	return 0;
}

void weir_controller_unwait(struct weir_controller *controller, weir_end_fn *fn, void *data)
{
	for (size_t i = 0; i < controller->n_waiters; i++) {
		if (controller->waiters[i].fn == fn && controller->waiters[i].data == data) {
			controller->waiters[i] = controller->waiters[--controller->n_waiters];
			return;
		}
	}
	abort(); /* each waiter is taken back once, and only while it waits */
}

#include "fake_views.h"

uint64_t weir_controller_read_events(struct weir_controller *controller, uint64_t since,
				     const char *id, weir_event_fn *fn, void *data, uint64_t *lost)
{
	const struct weir_event *event;
	uint64_t last = 0;

	*lost = 0;
	pthread_rwlock_rdlock(&controller->lock);
	while (controller->events &&
	       (event = weir_event_ring_next(controller->events, since, id, lost))) {
		fn(event, data);
		since = event->seq;
	}
	if (controller->events)
		last = weir_event_ring_last(controller->events);
	pthread_rwlock_unlock(&controller->lock);
	return last;
}

uint64_t weir_controller_events_epoch_us(const struct weir_controller *controller)
{
	(void)controller;

	return FAKE_EPOCH_US;
}

bool weir_controller_has_events(struct weir_controller *controller, uint64_t since, const char *id)
{
	bool has;

	pthread_rwlock_rdlock(&controller->lock);
	has = controller->events && weir_event_ring_next(controller->events, since, id, NULL);
	pthread_rwlock_unlock(&controller->lock);
	return has;
}

int weir_controller_wait_events(struct weir_controller *controller, uint64_t since, const char *id,
				uint64_t wait_ms, weir_events_fn *fn, void *data,
				struct weir_error *err)
{
	(void)since;
	(void)id;

	if (controller->n_events_waiters == FAKE_MAX_WAITERS)
		return weir_fail(err, -EDQUOT, "too many wait");
	controller->events_waiters[controller->n_events_waiters++] =
		(struct fake_events_waiter){ fn, data };
	if (wait_ms == 1) { /* it is over at once, and nothing was there */
		controller->n_events_waiters--;
		fn(data);
	}
	return 0;
}

void weir_controller_unwait_events(struct weir_controller *controller, weir_events_fn *fn,
				   void *data)
{
	for (size_t i = 0; i < controller->n_events_waiters; i++) {
		struct fake_events_waiter *waiter = &controller->events_waiters[i];

		if (waiter->fn == fn && waiter->data == data) {
			*waiter = controller->events_waiters[--controller->n_events_waiters];
			return;
		}
	}
	abort();
}

#include "fake_places.h"

#endif /* WEIR_FAKE_CONTROLLER_H */
