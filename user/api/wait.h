/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_WAIT_H
#define WEIR_WAIT_H

/*
 * Requests that wait: for the end of a container, or for events.
 *
 * A request under suspension is not watched by the HTTP server, so a client that hangs up would
 * go unnoticed until what it waits for: its socket is watched here meanwhile. How many may
 * wait is the controller's to say. All on the event loop's thread.
 */

#include <systemd/sd-event.h>

struct weir_call;
struct weir_controller;
struct weir_error;
struct weir_http_request;
struct weir_waiter;

struct weir_waiters {
	sd_event *event; /* borrowed */
	struct weir_waiter *first;
};

/*
 * The suspended @request is answered when the container that @call names has ended, or there are
 * events for it, perhaps before this returns. On failure it is still to be answered. -ENOENT,
 * -EDQUOT: as weir_controller_wait(), weir_controller_wait_events().
 */
int weir_waiters_add(struct weir_waiters *waiters, struct weir_controller *controller,
		     struct weir_http_request *request, const struct weir_call *call,
		     struct weir_error *err);

/* Nobody waits any longer: all are answered with 503. Before the controller goes. */
void weir_waiters_done(struct weir_waiters *waiters);

#endif /* WEIR_WAIT_H */
